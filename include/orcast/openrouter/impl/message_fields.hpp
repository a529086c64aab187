// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/message.hpp"

// What requests and replies have in common: the parts of a message, and the members that go beyond
// orcast's types, kept for who knows them.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Whole text of a string that may hold broken characters.
inline bool take_text(json_view value, std::string& place) {
  if (!value.is_string() || value.text().empty()) return false;
  place.assign(value.text());
  repair_text(place);
  return true;
}

inline std::size_t count(json_view values) {
  std::size_t members = 0;
  for (const json_view each : values) {
    static_cast<void>(each);
    ++members;
  }
  return members;
}

inline bool take_cache(json_view value, std::optional<cache_control>& place) {
  cache_control made;
  const std::size_t placed = take_text(value["ttl"], made.ttl) ? 2 : 1;
  if (value["type"].text() != "ephemeral" || count(value) != placed) return false;
  place = std::move(made);
  return true;
}

/// A part that is more than its text keeps its whole JSON.
inline content_part read_part(json_view value) {
  content_part part;
  take_text(value["type"], part.type);
  if (part.type == "text") {
    take_text(value["text"], part.text);
    const std::size_t placed = take_cache(value["cache_control"], part.cache) ? 3 : 2;
    if (value["text"].is_string() && count(value) == placed) return part;
    part.cache.reset();
  }
  append_json(part.json, value);
  return part;
}

/// Members that orcast has no place for: the last value of each, in the order of first appearance.
class loose_members {
 public:
  /// Null says nothing, and members beyond the first 64 are not kept. Returns the bytes that were
  /// added.
  std::size_t set(json_view member) {
    if (member.is_null()) return 0;
    for (entry& each : list_) {
      if (each.key != member.key()) continue;
      const std::size_t before = each.json.size();
      each.json.clear();
      append_json(each.json, member);
      return each.json.size() > before ? each.json.size() - before : 0;
    }
    if (list_.size() == 64) return 0;
    list_.push_back({std::string(member.key()), to_json(member)});
    repair_text(list_.back().key);
    return list_.back().key.size() + list_.back().json.size();
  }
  bool empty() const noexcept { return list_.empty(); }
  void clear() noexcept { list_.clear(); }
  void write(object_writer& whole) const {
    for (const entry& each : list_) whole.json(each.key, each.json);
  }
  json_text object() const {
    json_text made;
    if (list_.empty()) return made;
    object_writer whole(made);
    write(whole);
    whole.close();
    return made;
  }

 private:
  struct entry {
    std::string key;
    json_text json;
  };
  std::vector<entry> list_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
