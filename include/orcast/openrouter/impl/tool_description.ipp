// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/tool_description.hpp"

// Writes the JSON Schema, parameter by parameter, into text.

namespace orcast {
inline namespace v0 {

ORCAST_DECL tool_description::tool_description(std::string_view name,
                                               std::string_view description) {
  made_.name = name;
  made_.description = description;
}

ORCAST_DECL void tool_description::begin(std::string_view name) {
  if (!properties_.empty()) properties_ += ',';
  detail::append_repaired_string(properties_, name);
  properties_ += ':';
  before_last_ = required_.size();
  if (!required_.empty()) required_ += ',';
  detail::append_repaired_string(required_, name);
}

ORCAST_DECL tool_description& tool_description::add(std::string_view name,
                                                    std::string_view description,
                                                    std::string_view type, std::string_view more) {
  begin(name);
  properties_.append(R"({"type":")").append(type).append("\"");
  if (!description.empty()) {
    properties_ += R"(,"description":)";
    detail::append_repaired_string(properties_, description);
  }
  properties_.append(more).append("}");
  return *this;
}

ORCAST_DECL tool_description& tool_description::text(std::string_view name,
                                                     std::string_view description) {
  return add(name, description, "string");
}
ORCAST_DECL tool_description& tool_description::integer(std::string_view name,
                                                        std::string_view description) {
  return add(name, description, "integer");
}
ORCAST_DECL tool_description& tool_description::number(std::string_view name,
                                                       std::string_view description) {
  return add(name, description, "number");
}
ORCAST_DECL tool_description& tool_description::flag(std::string_view name,
                                                     std::string_view description) {
  return add(name, description, "boolean");
}
ORCAST_DECL tool_description& tool_description::texts(std::string_view name,
                                                      std::string_view description) {
  return add(name, description, "array", R"(,"items":{"type":"string"})");
}

ORCAST_DECL tool_description& tool_description::choice(
    std::string_view name, std::string_view description,
    std::initializer_list<std::string_view> values) {
  std::string list;
  for (const std::string_view value : values) {
    list += list.empty() ? R"(,"enum":[)" : ",";
    detail::append_repaired_string(list, value);
  }
  if (!list.empty()) list += ']';
  return add(name, description, "string", list);
}

ORCAST_DECL tool_description& tool_description::schema(std::string_view name, json_text schema) {
  begin(name);
  properties_ += schema;
  return *this;
}

ORCAST_DECL tool_description& tool_description::optional() {
  required_.resize(before_last_);
  return *this;
}

ORCAST_DECL tool tool_description::done() const {
  tool made = made_;
  made.parameters = R"({"type":"object","properties":{)" + properties_ + "}";
  if (!required_.empty()) made.parameters += R"(,"required":[)" + required_ + "]";
  made.parameters += '}';
  return made;
}

}  // namespace v0
}  // namespace orcast
