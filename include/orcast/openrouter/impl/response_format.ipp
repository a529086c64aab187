// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/response_format.hpp"
#include "orcast/openrouter/impl/json_write.hpp"

// Makes plain schemas strict.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Members whose value is an object of schemas by name.
inline bool holds_schemas_by_name(std::string_view key) noexcept {
  return key == "properties" || key == "$defs" || key == "definitions";
}
/// Members whose value is a schema, or an array of them.
inline bool holds_schemas(std::string_view key) noexcept {
  return key == "items" || key == "anyOf" || key == "allOf" || key == "oneOf" ||
         key == "prefixItems" || key == "not";
}

inline bool lists(json_view names, std::string_view name) noexcept {
  for (const json_view each : names) {
    if (each.is_string() && each.text() == name) return true;
  }
  return false;
}

inline bool may_be_null(json_view schema) noexcept {
  if (schema["type"].text() == "null" || lists(schema["type"], "null")) return true;
  for (const json_view each : schema["anyOf"]) {
    if (may_be_null(each)) return true;
  }
  return false;
}

inline void append_strict(std::string& out, json_view schema);

inline void append_strict_properties(std::string& out, json_view properties, json_view required) {
  object_writer whole(out);
  for (const json_view each : properties) {
    std::string& place = whole.key(each.key());
    const bool optional = !lists(required, each.key()) && each.is_object() && !may_be_null(each);
    if (optional) place += "{\"anyOf\":[";
    append_strict(place, each);
    if (optional) place += ",{\"type\":\"null\"}]}";
  }
  whole.close();
}

inline void append_strict(std::string& out, json_view schema) {
  if (!schema.is_object()) return append_json(out, schema);
  const json_view properties = schema["properties"];
  const bool object = schema["type"].text() == "object" || properties.is_object();
  object_writer whole(out);
  for (const json_view member : schema) {
    const std::string_view key = member.key();
    if (object && (key == "required" || key == "additionalProperties")) continue;
    std::string& place = whole.key(key);
    if (key == "properties" && member.is_object()) {
      append_strict_properties(place, member, schema["required"]);
    } else if (holds_schemas_by_name(key) && member.is_object()) {
      object_writer inner(place);
      for (const json_view each : member) append_strict(inner.key(each.key()), each);
      inner.close();
    } else if (holds_schemas(key) && member.is_array()) {
      char before = '[';
      if (member.empty()) place += before;
      for (const json_view each : member) {
        place += before;
        before = ',';
        append_strict(place, each);
      }
      place += ']';
    } else if (holds_schemas(key)) {
      append_strict(place, member);
    } else {
      append_json(place, member);
    }
  }
  if (object) {
    whole.key("required");
    char before = '[';
    if (properties.empty()) out += before;
    for (const json_view each : properties) {
      out += before;
      before = ',';
      append_repaired_string(out, each.key());
    }
    out += ']';
    whole.json("additionalProperties", "false");
  }
  whole.close();
}

}  // namespace detail

ORCAST_DECL result<json_text> strict_schema(std::string_view schema) {
  detail::json_reader reader(detail::json_manners::exact, 128);
  if (!reader.parse(schema)) return failure(errc::invalid_argument, "the schema is not JSON");
  if (!reader.root().is_object()) {
    return failure(errc::invalid_argument, "the schema is not an object");
  }
  json_text made;
  detail::append_strict(made, reader.root());
  return made;
}

}  // namespace v0
}  // namespace orcast
