// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string_view>

#include "orcast/config.hpp"

// Reads the process environment. Not while another thread changes it (setenv).

namespace orcast {
inline namespace v0 {

/// The variable's value; empty where it is not set. An empty variable counts as not set everywhere
/// in orcast, as OpenTelemetry's specification demands it.
inline std::string_view environment(const char* name) noexcept {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace v0
}  // namespace orcast
