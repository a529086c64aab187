// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "orcast/config.hpp"

// Which destinations get a trace, when each wants its own share of them. Decided at the head like
// all sampling, by the same number, so that who wants less gets a part of what the others get, and
// sessions stay whole everywhere. The answer is a mask that children inherit (span_context) and
// that the exporter looks at. While everybody wants everything it costs one load.

namespace orcast {
inline namespace v0 {

class destination_shares {
 public:
  static constexpr std::size_t most = 8;

  /// Any thread; for roots that begin later. A ratio of 0 is for a destination that gets nothing.
  void set(const double* ratios, std::size_t count) noexcept {
    std::uint8_t active = 0;
    bool uneven = false;
    for (std::size_t i = 0; i < most; ++i) {
      const bool exists = i < count;
      const double ratio = exists ? ratios[i] : 1.0;
      if (exists && ratio > 0) active = static_cast<std::uint8_t>(active | 1u << i);
      uneven = uneven || ratio < 1.0;
      // Relaxed, all of them: numbers by themselves. A root that begins meanwhile may see some old
      // and some new ones.
      limits_[i].store(ratio >= 1.0 ? everything : static_cast<std::uint32_t>(ratio * everything),
                       std::memory_order_relaxed);
    }
    active_.store(active, std::memory_order_relaxed);
    uneven_.store(uneven, std::memory_order_relaxed);
  }

  /// False: left_out() would be 0.
  bool uneven() const noexcept { return uneven_.load(std::memory_order_relaxed); }

  /// A bit for each destination that does not get the trace (or session) with this number.
  std::uint8_t left_out(std::uint64_t number) const noexcept {
    unsigned mask = 0;
    const auto top = static_cast<std::uint32_t>(number >> 32);
    for (std::size_t i = 0; i < most; ++i) {
      const std::uint32_t limit = limits_[i].load(std::memory_order_relaxed);
      if (limit != everything && top >= limit) mask |= 1u << i;
    }
    return static_cast<std::uint8_t>(mask);
  }

  /// Whether what is left out leaves nobody.
  bool nobody(std::uint8_t mask) const noexcept {
    const std::uint8_t active = active_.load(std::memory_order_relaxed);
    return active != 0 && (active & ~mask) == 0;
  }

 private:
  static constexpr std::uint32_t everything = 0xffffffff;

  std::array<std::atomic<std::uint32_t>, most> limits_{};
  std::atomic<std::uint8_t> active_{0};  // 0: nobody has said who there is
  std::atomic<bool> uneven_{false};
};

}  // namespace v0
}  // namespace orcast
