// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "orcast/core/number.hpp"
#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/tool_arguments.hpp"

// Reads arguments with the parser that reads replies; a list of values, not a tree.

namespace orcast {
inline namespace v0 {

struct tool_arguments::reading {
  std::string source;
  detail::json_reader reader{detail::json_manners::tolerant};

  detail::json_view operator[](std::string_view name) const { return reader.root()[name]; }

  static bool whole(detail::json_view value) {
    return value.is_integer() || (value.is_number() && std::fabs(value.real()) < 9e15 &&
                                  std::trunc(value.real()) == value.real());
  }
};

ORCAST_DECL tool_arguments::tool_arguments(const tool_call& asked)
    : reading_(std::make_unique<reading>()) {
  // A tool without parameters is often called with nothing at all.
  const bool nothing = asked.arguments.find_first_not_of(" \t\r\n") == std::string::npos;
  reading_->source = nothing ? "{}" : asked.arguments;
  if (!reading_->reader.parse(reading_->source)) {
    problems_ = "the arguments are not valid JSON";
  } else if (!reading_->reader.root().is_object()) {
    problems_ = "the arguments are not a JSON object";
  }
}

ORCAST_DECL tool_arguments::~tool_arguments() = default;

ORCAST_DECL bool tool_arguments::has(std::string_view name) const {
  return !(*reading_)[name].is_null();
}

ORCAST_DECL void tool_arguments::wrong(std::string_view name, std::string_view words) {
  if (!reading_->reader.root().is_object()) return;  // there is a complaint about the whole
  if (!problems_.empty()) problems_ += "; ";
  problems_.append(1, '"').append(name).append("\" ").append(words);
}

ORCAST_DECL std::string tool_arguments::text(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (!value.is_string()) wrong(name, value.exists() ? "must be a string" : "is missing");
  std::string whole;
  detail::text_gate gate;
  if (value.is_string()) gate.push(value.text(), whole);
  gate.finish(whole);
  return whole;
}
ORCAST_DECL std::string tool_arguments::text(std::string_view name, std::string_view otherwise) {
  return has(name) ? text(name) : std::string(otherwise);
}

ORCAST_DECL std::int64_t tool_arguments::integer(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (reading::whole(value)) return value.integer();
  wrong(name, value.exists() ? "must be a whole number" : "is missing");
  return 0;
}
ORCAST_DECL std::int64_t tool_arguments::integer(std::string_view name, std::int64_t otherwise) {
  return has(name) ? integer(name) : otherwise;
}

ORCAST_DECL double tool_arguments::number(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (value.is_number() && detail::is_finite(value.real())) return value.real();
  wrong(name, value.exists() ? "must be a number" : "is missing");
  return 0;
}
ORCAST_DECL double tool_arguments::number(std::string_view name, double otherwise) {
  return has(name) ? number(name) : otherwise;
}

ORCAST_DECL bool tool_arguments::flag(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (!value.is_bool()) wrong(name, value.exists() ? "must be true or false" : "is missing");
  return value.boolean();
}
ORCAST_DECL bool tool_arguments::flag(std::string_view name, bool otherwise) {
  return has(name) ? flag(name) : otherwise;
}

ORCAST_DECL json_text tool_arguments::json(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (!value.exists()) wrong(name, "is missing");
  return detail::to_json(value);
}

}  // namespace v0
}  // namespace orcast
