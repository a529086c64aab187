// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>

#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/impl/json_attributes.ipp"
#include "orcast/otlp/json_put.hpp"
#include "orcast/otlp/json_text.hpp"

// The bodies of json_encoder, but for attributes and values. Fixed pieces are written after one
// look at the room that is left for all of them; text looks for itself. Once anything does not fit
// the whole span is taken back, so no function here leaves things tidy when it fails.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

ORCAST_SMALL inline void append_quoted(std::string& out, std::string_view text) noexcept {
  const std::size_t from = out.size();
  out.resize(from + 6 * text.size() + 2, '"');
  char* const end = write_escaped(text, &out[from] + 1, out.data() + out.size() - 1);
  *end = '"';
  out.resize(static_cast<std::size_t>(end + 1 - out.data()));
}

/// `{"key":"...","value":{"stringValue":"..."}}`; returns the size of what stands before the value.
ORCAST_SMALL inline std::size_t append_attribute(std::string& out,
                                                 const text_attribute& one) noexcept {
  out += "{\"key\":";
  append_quoted(out, one.key);
  out += ",\"value\":{";
  const std::size_t before = out.size();
  out += "\"stringValue\":";
  append_quoted(out, one.value);
  out += "}}";
  return before;
}

}  // namespace detail

ORCAST_SMALL ORCAST_DECL json_encoder::json_encoder(const encoder_options& options, char* memory,
                                                    std::size_t size) noexcept
    : batch_encoder(memory, size, tail.size()), int_as_number_(options.int_as_number) {
  head_ = R"({"resourceSpans":[{)";
  const char* before = R"("resource":{"attributes":[)";
  const char* behind = "";
  for (const text_attribute& each : options.resource) {
    if (!detail::counts(each, options.resource)) continue;
    head_ += before;
    detail::append_attribute(head_, each);
    before = ",";
    behind = "]},";
  }
  head_ += behind;
  head_ += R"("scopeSpans":[{"scope":{"name":)";
  detail::append_quoted(head_, options.scope_name);
  if (!options.scope_version.empty()) {
    head_ += R"(,"version":)";
    detail::append_quoted(head_, options.scope_version);
  }
  head_ += R"(},"spans":[)";

  for (const text_attribute& each : options.span_attributes) {
    if (!detail::usable_default(each)) continue;
    if (default_count_ == defaults_.size()) break;
    default_attribute& made = defaults_[default_count_++];
    made.key.size = static_cast<std::uint16_t>(detail::append_attribute(made.json, each));
    made.key.hash = key_text::hash_of(each.key);
    made.key.json = made.json.data();
    walk_.add_default(made.key);
  }
  begin();
}

ORCAST_SMALL ORCAST_DECL std::string_view json_encoder::finish() noexcept {
  detail::put(at_, tail);
  return {memory_, size()};
}

ORCAST_SMALL ORCAST_DECL request_pieces json_encoder::slice(std::size_t from,
                                                            std::size_t to) noexcept {
  if (memory_[from] == ',') ++from;
  return {{{memory_, head_.size()}, {memory_ + from, to - from}, tail}};
}

ORCAST_SMALL ORCAST_DECL export_answer json_encoder::read(std::string_view answer,
                                                          bool) const noexcept {
  return read_answer(answer);
}

ORCAST_DECL bool json_encoder::add(const orcast::detail::span_ring& ring,
                                   orcast::detail::block_index span) noexcept {
  span_reader reader(ring, span);
  char* const to = walk_.span(reader, [&] { return write_span(reader, at_); });
  if (to == nullptr) return false;
  at_ = to;
  ++count_;
  return true;
}

ORCAST_DECL char* json_encoder::write_span(span_reader& reader, char* at) noexcept {
  using detail::put;
  const orcast::detail::span_head& head = reader.head();
  if (!has_room(at, 512)) return nullptr;
  if (count_ != 0) *at++ = ',';
  at = put(at, R"({"traceId":")");
  at = detail::put_hex(at, head.context.trace.bytes.data(), head.context.trace.bytes.size());
  at = put(at, R"(","spanId":")");
  at = detail::put_hex(at, head.context.span.bytes.data(), head.context.span.bytes.size());
  if (head.parent.valid()) {
    at = put(at, R"(","parentSpanId":")");
    at = detail::put_hex(at, head.parent.bytes.data(), head.parent.bytes.size());
  }
  // The W3C flags, and whether the parent is known to be remote (bits 8 and 9).
  at = put(at, R"(","flags":)");
  at = put(at, std::int64_t{head.context.flags | (head.remote_parent ? 0x300 : 0x100)});
  at = put(at, R"(,"name":")");
  at = write_name(reader, at);
  if (at == nullptr || !has_room(at, 256)) return nullptr;
  at = put(at, R"(","kind":)");
  *at++ = static_cast<char>('0' + static_cast<int>(head.kind));
  at = put(at, R"(,"startTimeUnixNano":)");
  at = detail::put_time(at, head.start_wall_ns);
  at = put(at, R"(,"endTimeUnixNano":)");
  at = detail::put_time(at, head.start_wall_ns + head.duration_ns);
  at = write_attributes(reader, at);
  if (at == nullptr || !has_room(at, 2 * detail::piece)) return nullptr;
  if (head.dropped_attributes != 0) {
    at = put(at, R"(,"droppedAttributesCount":)");
    at = put(at, std::int64_t{head.dropped_attributes});
  }
  if (head.events != 0) {
    at = write_events(reader, at);
    if (at == nullptr || !has_room(at, 2 * detail::piece)) return nullptr;
  }
  if (head.dropped_events != 0) {
    at = put(at, R"(,"droppedEventsCount":)");
    at = put(at, std::int64_t{head.dropped_events});
  }
  if (head.status == span_status::ok) {
    at = put(at, R"(,"status":{"code":1})");
  } else if (head.status != span_status::unset) {
    at = write_error_status(reader, at);
    if (at == nullptr || !has_room(at, 1)) return nullptr;
  }
  return put(at, "}");
}

ORCAST_DECL char* json_encoder::write_name(span_reader& reader, char* at) noexcept {
  record_view r;
  if (walk_.find(reader, orcast::detail::record_name, r)) return write_text(reader, at);
  return detail::put(at, "unnamed");
}

ORCAST_SMALL ORCAST_DECL char* json_encoder::write_events(span_reader& reader, char* at) noexcept {
  at = detail::put(at, R"(,"events":[)");
  at = walk_.events(reader, at, [&](const auto& event, std::uint32_t number, char* to) {
    return write_event(reader, event, number, to);
  });
  if (at == nullptr) return nullptr;
  at[-1] = ']';
  return at;
}

/// With a comma behind it.
ORCAST_SMALL ORCAST_DECL char* json_encoder::write_event(span_reader& reader,
                                                         const orcast::detail::event_payload& event,
                                                         std::uint32_t number, char* at) noexcept {
  using detail::put;
  if (!has_room(at, 2 * detail::piece)) return nullptr;
  at = put(at, R"({"timeUnixNano":)");
  at = detail::put_time(at, event.wall_ns);
  at = put(at, R"(,"name":")");
  record_view next;
  if (event.named != 0 && reader.next(next) && next.text_size != 0) {
    at = write_text(reader, at);
    if (at == nullptr || !has_room(at, detail::piece)) return nullptr;
  } else {
    at = put(at, "unnamed");
  }
  at = put(at, "\"");
  char* const before = at;
  at = put(at, R"(,"attributes":[)");
  char* const first = at;
  at = walk_.event_attributes(
      reader, event.attributes, number, at,
      [&](const record_view& r, char* to) { return write_attribute(reader, r, to); });
  if (at == nullptr) return nullptr;
  if (at == first) {
    at = before;
  } else {
    at[-1] = ']';
  }
  return has_room(at, 2) ? put(at, "},") : nullptr;
}

ORCAST_SMALL ORCAST_DECL char* json_encoder::write_error_status(span_reader& reader,
                                                                char* at) noexcept {
  using detail::put;
  at = put(at, R"(,"status":{"code":2)");
  record_view r;
  if (walk_.find(reader, orcast::detail::record_status_message, r)) {
    at = write_text(reader, put(at, R"(,"message":")"));
    if (at == nullptr || !has_room(at, 2)) return nullptr;
    at = put(at, "\"");
  }
  return has_room(at, 1) ? put(at, "}") : nullptr;
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
