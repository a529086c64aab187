// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "orcast/config.hpp"

// What became of the spans. Every span that was started and sampled reaches exactly one end.

namespace orcast {
inline namespace v0 {

enum class drop_reason : std::uint8_t {
  pool_full,  ///< no block was free when the span began, or all lanes were taken
  too_large,  ///< its encoding does not fit into a request
  evicted,    ///< an older span made room for a newer one
  rejected,   ///< the backend refused it for good
  expired,    ///< it could not be delivered in time
  filtered,   ///< a rule removed it after the fact
  shut_down,  ///< not sent when the exporter was shut down, or ended after that
  withdrawn,  ///< consent was withdrawn before it had been sent
};
inline constexpr std::size_t drop_reasons = 8;

constexpr std::string_view to_string(drop_reason reason) noexcept {
  constexpr std::string_view names[drop_reasons] = {"pool_full", "too_large", "evicted",
                                                    "rejected",  "expired",   "filtered",
                                                    "shut_down", "withdrawn"};
  return names[static_cast<std::size_t>(reason)];
}

/// A reading of the counters. Exact while nothing is being recorded or exported; otherwise off by
/// at most the spans that were started during the reading. What ends after the exporter's shutdown
/// is counted by its next call or its destructor; what ends when that has gone stays held.
struct trace_stats {
  std::uint64_t started = 0;
  std::uint64_t unsampled = 0;  ///< not in `started`
  std::uint64_t exported = 0;
  std::array<std::uint64_t, drop_reasons> dropped{};

  std::uint64_t dropped_in_all() const noexcept {
    std::uint64_t sum = 0;
    for (std::uint64_t n : dropped) sum += n;
    return sum;
  }
  std::uint64_t dropped_by(drop_reason reason) const noexcept {
    return dropped[static_cast<std::size_t>(reason)];
  }
  /// Open, ready, or in a batch that is under way.
  std::uint64_t held() const noexcept {
    const std::uint64_t ended = exported + dropped_in_all();
    return started > ended ? started - ended : 0;
  }
};

}  // namespace v0
}  // namespace orcast
