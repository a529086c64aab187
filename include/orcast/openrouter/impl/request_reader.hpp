// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/openrouter/impl/message_fields.hpp"
#include "orcast/openrouter/impl/request_members.hpp"

// Reads the members of a request that other code wrote, each by the type of its place. A member
// goes to its place when that place would write it again as it was; whatever is shaped differently
// goes to `extra`, so that nothing is lost.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The members that found no place, as an object.
class extra_members {
 public:
  explicit extra_members(json_text& extra) : extra_(extra) {}

  void add(json_view member) {
    extra_ += extra_.empty() ? '{' : ',';
    append_repaired_string(extra_, member.key());
    extra_ += ':';
    append_json(extra_, member);
  }
  void close() {
    if (!extra_.empty()) extra_ += '}';
  }

 private:
  json_text& extra_;
};

/// Of an object whose members are compared with each other.
inline constexpr std::size_t most_members = 256;

/// A member that is there twice counts once: the first.
inline bool is_repeated(json_view whole, json_view member) {
  return whole[member.key()].key().data() != member.key().data();
}

inline bool all_objects(json_view values) {
  if (!values.is_array() || values.empty()) return false;
  for (const json_view each : values) {
    if (!each.is_object()) return false;
  }
  return true;
}

// take(): the value goes to its place, or nowhere when the place would not write the same again.

inline bool take(json_view value, std::string& place) { return take_text(value, place); }

inline bool take(json_view value, bool& place) {
  place = value.boolean();
  return value.is_bool();
}

inline bool take(json_view value, std::optional<bool>& place) {
  if (!value.is_bool()) return false;
  place = value.boolean();
  return true;
}

inline bool take(json_view value, std::optional<std::int64_t>& place) {
  if (!value.is_integer()) return false;
  place = value.integer();
  return true;
}

inline bool take(json_view value, std::optional<double>& place) {
  if (!value.is_number()) return false;
  place = value.real();
  return true;
}

inline bool take(json_view value, json_text& place, json_shape shape) {
  const bool fits = (shape != json_shape::array && value.is_object()) ||
                    (shape == json_shape::array && value.is_array()) ||
                    (shape == json_shape::string_or_object && value.is_string());
  if (fits) append_json(place, value);
  return fits;
}

inline bool take(json_view values, std::vector<std::string>& place) {
  if (!values.is_array() || values.empty()) return false;
  for (const json_view each : values) {
    if (!each.is_string()) return false;
  }
  for (const json_view each : values) {
    place.emplace_back(each.text());
    repair_text(place.back());
  }
  return true;
}

inline bool take_value(json_view value, std::string& place) {
  place = value.text();
  repair_text(place);
  return value.is_string();
}
inline bool take_value(json_view value, double& place) {
  place = value.real();
  return value.is_number();
}

template <class Value>
bool take(json_view values, std::vector<std::pair<std::string, Value>>& place) {
  bool fits = values.is_object() && !values.empty() && count(values) <= most_members;
  for (const json_view each : values) {
    if (!fits || is_repeated(values, each)) continue;
    place.emplace_back(each.key(), Value());
    repair_text(place.back().first);
    fits = take_value(each, place.back().second);
  }
  if (!fits) place.clear();
  return fits;
}

inline bool take(json_view value, std::optional<cache_control>& place) {
  return take_cache(value, place);
}

inline bool take(json_view value, provider_sort& place) {
  if (value.is_string()) return take_text(value, place.by);
  if (count(value) != 2) return false;
  const bool fits =
      take_text(value["by"], place.by) && take_text(value["partition"], place.partition);
  if (!fits) place = {};
  return fits;
}

inline bool take(json_view value, speed_bound& place) {
  if (value.is_number()) return take(value, place.value);
  std::size_t placed = 0;
  placed += take(value["p50"], place.p50) ? 1u : 0u;
  placed += take(value["p75"], place.p75) ? 1u : 0u;
  placed += take(value["p90"], place.p90) ? 1u : 0u;
  placed += take(value["p99"], place.p99) ? 1u : 0u;
  const bool fits = value.is_object() && placed != 0 && placed == count(value);
  if (!fits) place = {};
  return fits;
}

inline bool take(json_view value, predicted_output& place) {
  return count(value) == 2 && value["type"].text() == "content" &&
         take_text(value["content"], place.content);
}

/// A format with more than its usual members is kept whole; its type and schema can be seen.
inline bool take(json_view value, response_format& place) {
  if (!value.is_object() || value.empty()) return false;
  const json_view inner = value["json_schema"];
  std::size_t placed = take_text(value["type"], place.type) ? 1 : 0;
  std::size_t inside = take_text(inner["name"], place.name) ? 1 : 0;
  const bool named = inside == 1;
  inside += take_text(inner["description"], place.description) ? 1u : 0u;
  inside += take(inner["strict"], place.strict) ? 1u : 0u;
  inside += take(inner["schema"], place.schema, json_shape::object) ? 1u : 0u;
  placed += take_text(value["grammar"], place.grammar) ? 1u : 0u;
  const bool schema = inner.is_object() && named;
  const bool plain = !place.type.empty() && inside == count(inner) && inner.is_object() == schema &&
                     (place.type == "json_schema") == schema &&
                     placed + (schema ? 1 : 0) == count(value);
  if (!plain) append_json(place.json, value);
  return true;
}

template <class Object, class = decltype(sizeof(members<Object>))>
bool take(json_view value, Object& place);

template <class Object, class = decltype(sizeof(members<Object>))>
bool take(json_view values, std::vector<Object>& place) {
  bool fits = all_objects(values);
  for (const json_view each : values) {
    if (!fits) break;
    place.emplace_back();
    fits = take(each, place.back());
  }
  if (!fits) place.clear();
  return fits;
}

/// Looks for the place of one member.
struct member_taker {
  json_view member;
  std::string_view key;
  bool placed = false;

  explicit member_taker(json_view each) : member(each), key(each.key()) {}

  template <class T>
  void operator()(const char* name, T& place) {
    if (key == name) placed = take(member, place);
  }
  void operator()(const char* name, json_text& place, json_shape shape) {
    if (key == name) placed = take(member, place, shape);
  }
  void operator()(others, const char*, json_text&) {}
};

/// Finds the place for the members without one.
struct rest_finder {
  json_text* place = nullptr;
  template <class T>
  void operator()(const char*, T&, json_shape = {}) {}
  void operator()(others, const char*, json_text& rest) { place = &rest; }
};

template <class Object, class>
bool take(json_view value, Object& place) {
  if (!value.is_object() || value.empty() || count(value) > most_members) return false;
  rest_finder rest;
  members<Object>::visit(place, rest);
  extra_members extra(*rest.place);
  for (const json_view member : value) {
    if (is_repeated(value, member)) continue;
    member_taker taker(member);
    members<Object>::visit(place, taker);
    if (!taker.placed) extra.add(member);
  }
  extra.close();
  return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
