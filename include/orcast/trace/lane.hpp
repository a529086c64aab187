// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "orcast/core/wide_counter.hpp"
#include "orcast/trace/record.hpp"

// A lane is the part of the span ring that one recording thread uses at a time while it begins a
// span: a list of free blocks, the offset of wall time, a counter. A thread claims a lane for a few
// nanoseconds with one exchange; whoever holds the claim owns the plain fields. Nobody waits for a
// claim: a thread that finds a lane taken goes on to the next one.

namespace orcast {
inline namespace v0 {
namespace detail {

struct lane {
  /// A span that has ended: its first block, and when.
  struct finished {
    block_index first;
    std::uint32_t when;
  };

  // Line 1: the claim and what its holder writes, one line on 64-bit targets.
  alignas(64) std::atomic<std::uint32_t> claimed{0};
  block_index free = no_block;  ///< last in, first out: the block that is warm in the cache
  std::uint32_t index = 0;      ///< its place among the lanes
  std::int64_t wall_minus_steady_ns = 0;
  std::int64_t wall_due_ns = (std::numeric_limits<std::int64_t>::min)();  ///< read it again then
  wide_counter started;
  wide_counter unsampled;

  // Line 2: blocks that come back; anyone pushes, the refilling thread takes all at once.
  alignas(64) std::atomic<block_index> returned{no_block};

  // Line 3, the claim holder's: what to evict next, the oldest first.
  alignas(64) std::uint32_t evict_next = 0;
  std::uint32_t evict_end = 0;
  finished oldest[7];

  bool try_claim() noexcept {
    // The load keeps a busy line shared; the acquire exchange pairs with let_go().
    return claimed.load(std::memory_order_relaxed) == 0 &&
           claimed.exchange(1, std::memory_order_acquire) == 0;
  }

  /// Release: the next holder sees the plain fields as they were left.
  void let_go() noexcept { claimed.store(0, std::memory_order_release); }
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
