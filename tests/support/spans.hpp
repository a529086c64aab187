// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "orcast/trace/span_reader.hpp"
#include "orcast/trace/make_tracer.hpp"

// Finished spans as plain values, for tests: read from the ring by the library's own reader, so
// that a test of the recording path needs no encoder.

namespace test {

struct plain_event {
  std::string name;
  std::int64_t wall_ns = 0;
  std::map<std::string, std::string> attributes;
};

struct plain_span {
  std::string name;
  orcast::span_context context;
  orcast::span_id parent;
  orcast::span_kind kind{};
  orcast::span_status status{};
  std::string status_message;
  std::int64_t start_wall_ns = 0;
  std::int64_t duration_ns = 0;
  std::uint32_t dropped_attributes = 0;
  std::map<std::string, std::string> attributes;  ///< the last value of each key, as text
  std::vector<std::string> order;                 ///< keys as they were written
  std::vector<std::string> cut;                   ///< keys whose value was shortened
  std::vector<plain_event> events;

  bool has(const std::string& key) const { return attributes.count(key) != 0; }
  std::string at(const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "(none)" : found->second;
  }
};

inline std::string key_of(const orcast::record_view& view) {
  if (view.raw->key == nullptr) return std::string(view.text_key);
  const orcast::key_text& key = *view.raw->key;
  std::string json(key.json, key.size);
  if (key.cut[1] != 0) json.insert(key.cut[1], std::to_string(view.raw->second));
  if (key.cut[0] != 0) json.insert(key.cut[0], std::to_string(view.raw->first));
  json.erase(0, orcast::key_text::before.size());
  json.erase(json.size() - orcast::key_text::after.size());
  return json;
}

inline std::string value_of(orcast::span_reader& reader, const orcast::record_view& view) {
  switch (view.type()) {
    case 2:
      return std::to_string(view.integer);
    case 3:
      return std::to_string(view.floating());
    case 4:
      return view.integer != 0 ? "true" : "false";
    default:
      break;
  }
  std::string text;
  for (auto piece = reader.next_piece(); !piece.empty(); piece = reader.next_piece()) text += piece;
  return text;
}

inline plain_span read_span(const orcast::detail::span_ring& ring,
                            orcast::detail::block_index first) {
  orcast::span_reader reader(ring, first);
  plain_span out;
  const auto& head = reader.head();
  out.context = head.context;
  out.parent = head.parent;
  out.kind = head.kind;
  out.status = head.status;
  out.start_wall_ns = head.start_wall_ns;
  out.duration_ns = head.duration_ns;
  out.dropped_attributes = head.dropped_attributes;
  orcast::record_view view;
  while (reader.next(view)) {
    if (view.type() == orcast::detail::record_name) {
      out.name = value_of(reader, view);
    } else if (view.type() == orcast::detail::record_status_message) {
      out.status_message = value_of(reader, view);
    } else if (view.type() == orcast::detail::record_event) {
      plain_event event;
      event.wall_ns = view.event.wall_ns;
      const auto content = view.event;
      if (content.named != 0 && reader.next(view)) event.name = value_of(reader, view);
      for (std::uint32_t i = 0; i < content.attributes && reader.next(view); ++i) {
        const std::string key = key_of(view);
        event.attributes[key] = value_of(reader, view);
      }
      out.events.push_back(event);
    } else if (view.type() == orcast::detail::record_array) {
      const std::string key = key_of(view);
      std::string list = "[";
      for (std::int64_t n = view.integer; n > 0 && reader.next(view); --n) {
        list += value_of(reader, view) + (n > 1 ? "," : "");
      }
      out.attributes[key] = list + "]";
      out.order.push_back(key);
    } else {
      const std::string key = key_of(view);
      if (view.has(orcast::detail::record::cut)) out.cut.push_back(key);
      out.attributes[key] = value_of(reader, view);
      out.order.push_back(key);
    }
  }
  return out;
}

/// Takes every finished span and gives its memory back, counted as exported.
inline std::vector<plain_span> drain(orcast::tracer& from) {
  std::vector<plain_span> out;
  for (auto block = from.take(); block != orcast::detail::no_block; block = from.take()) {
    out.push_back(read_span(from.ring(), block));
    from.give_back(block);
    from.exported(1);
  }
  return out;
}

/// A clock that moves only when told to, and its place in a host.
struct fake_clock {
  std::int64_t steady = 5'000'000'000;
  std::int64_t wall = 1'790'000'000'000'000'000;

  orcast::host host() {
    orcast::host made;
    made.self = this;
    made.steady_now = [](void* self) { return static_cast<fake_clock*>(self)->steady; };
    made.wall_now = [](void* self) { return static_cast<fake_clock*>(self)->wall; };
    return made;
  }
  void pass(std::int64_t ns) {
    steady += ns;
    wall += ns;
  }
};

inline std::unique_ptr<orcast::tracer> a_tracer(orcast::tracer_options options = {}) {
  auto made = orcast::make_tracer(options);
  if (!made) return nullptr;
  return std::move(made).value();
}

}  // namespace test
