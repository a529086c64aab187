// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "orcast/config.hpp"

// How long something may be waited for. Clocks count nanoseconds: INT64_MAX milliseconds, with
// which callers say "no limit", are more than those can hold, and a sum with the time of day all
// the more.

namespace orcast {
inline namespace v0 {
namespace detail {

/// More than any program waits.
ORCAST_HIDDEN inline constexpr std::int64_t longest_wait_ms = std::int64_t{366} * 24 * 3600 * 1000;

/// So many milliseconds, at most the above, as what can be added to a clock's time.
constexpr std::chrono::milliseconds wait_of(std::int64_t ms) noexcept {
  return std::chrono::milliseconds((std::clamp)(ms, std::int64_t{0}, longest_wait_ms));
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
