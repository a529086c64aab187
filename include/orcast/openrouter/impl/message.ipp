// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "orcast/openrouter/message.hpp"

// The bodies of orcast/openrouter/message.hpp.

namespace orcast {
inline namespace v0 {

ORCAST_DECL message::message() = default;
ORCAST_DECL message::message(message&&) noexcept = default;
ORCAST_DECL message::message(const message&) = default;
ORCAST_DECL message& message::operator=(message&&) noexcept = default;
ORCAST_DECL message& message::operator=(const message&) = default;
ORCAST_DECL message::~message() = default;

ORCAST_DECL message message::of(const char* role, std::string text) {
  message made;
  made.role = role;
  made.content = std::move(text);
  return made;
}
ORCAST_DECL message message::of(const char* role, std::vector<content_part> parts) {
  message made;
  made.role = role;
  made.parts = std::move(parts);
  return made;
}

ORCAST_DECL message message::system(std::string text) { return of("system", std::move(text)); }
ORCAST_DECL message message::user(std::string text) { return of("user", std::move(text)); }
ORCAST_DECL message message::user(std::vector<content_part> parts) {
  return of("user", std::move(parts));
}
ORCAST_DECL message message::assistant(std::string text) {
  return of("assistant", std::move(text));
}
ORCAST_DECL message message::tool(std::string call_id, std::string result) {
  message made = of("tool", std::move(result));
  made.tool_call_id = std::move(call_id);
  return made;
}

}  // namespace v0
}  // namespace orcast
