// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "orcast/core/random.hpp"
#include "orcast/core/wide_counter.hpp"
#include "orcast/trace/record.hpp"

// A lane is the part of the span ring that one recording thread uses at a time: a list of free
// blocks, a queue of finished spans, a random state. A thread claims a lane for a few nanoseconds
// with one exchange; whoever holds the claim owns the plain fields. Nobody waits for a claim: a
// thread that finds a lane taken goes on to the next one.
//
// The queue has one producer at a time (the claim holder) and any number of consumers: the drainer,
// and recording threads that evict the oldest span. `head` and `tail` only ever grow; a consumer
// owns an entry once it has moved `head` past it.

namespace orcast {
inline namespace v0 {
namespace detail {

struct lane {
  struct slot {
    std::atomic<block_index> block{no_block};
    std::atomic<std::uint32_t> stamp{0};  ///< when it was published; for finding the oldest
  };

  // Line 1: the claim and what its holder writes, one line on 64-bit targets.
  alignas(64) std::atomic<std::uint32_t> claimed{0};
  block_index free = no_block;  ///< last in, first out: the block that is warm in the cache
  std::atomic<std::size_t> tail{0};
  std::size_t known_head = 0;  ///< head has come at least that far
  slot* slots = nullptr;
  std::uint32_t capacity = 0;  ///< a power of two
  std::uint32_t index = 0;     ///< its place among the lanes
  std::int64_t wall_minus_steady_ns = 0;
  std::int64_t wall_due_ns = (std::numeric_limits<std::int64_t>::min)();  ///< read it again then
  wide_counter started;

  // Line 2: written by consumers, and once in a while.
  alignas(64) std::atomic<std::size_t> head{0};
  std::size_t known_tail = 0;  ///< the drainer's: tail has come at least that far
  wide_counter unsampled;      ///< the claim holder's

  // Line 3: blocks that come back; anyone pushes, the refilling thread takes all at once.
  alignas(64) std::atomic<block_index> returned{no_block};

  bool try_claim() noexcept {
    // The load keeps a busy line shared; the acquire exchange pairs with let_go().
    return claimed.load(std::memory_order_relaxed) == 0 &&
           claimed.exchange(1, std::memory_order_acquire) == 0;
  }

  /// Release: the next holder sees the plain fields as they were left.
  void let_go() noexcept { claimed.store(0, std::memory_order_release); }

  /// The claim holder only. False when the queue is full.
  bool publish(block_index span, std::uint32_t stamp) noexcept {
    const std::size_t at = tail.load(std::memory_order_relaxed);
    if (at - known_head >= capacity) {
      // Looked at only now, because consumers write it. Acquire pairs with the exchange in pass():
      // the slot has been read before we write it again.
      known_head = head.load(std::memory_order_acquire);
      if (at - known_head >= capacity) return false;
    }
    slot& entry = slots[at & (capacity - 1)];
    entry.block.store(span, std::memory_order_relaxed);
    entry.stamp.store(stamp, std::memory_order_relaxed);
    // Release: pairs with the acquire in drain() and evict(), which thereby see the span's blocks.
    tail.store(at + 1, std::memory_order_release);
    return true;
  }

  /// The drainer only. The oldest finished span of this lane, or no_block. It looks at tail, which
  /// the recording threads write, once for all that was published until then.
  block_index drain() noexcept {
    std::size_t at = head.load(std::memory_order_acquire);
    for (;;) {
      if (static_cast<std::ptrdiff_t>(known_tail - at) <= 0) {
        known_tail = tail.load(std::memory_order_acquire);
        if (known_tail == at) return no_block;
      }
      const block_index span = pass(at);
      if (span != no_block) return span;
    }
  }

  /// Any thread. The same for one that wants its memory.
  block_index evict() noexcept {
    std::size_t at = head.load(std::memory_order_acquire);
    while (at != tail.load(std::memory_order_acquire)) {
      const block_index span = pass(at);
      if (span != no_block) return span;
    }
    return no_block;
  }

  /// Any thread. True and the stamp of the oldest entry, or false when there is none. A hint only:
  /// the entry may be gone before the caller acts on it.
  bool oldest_stamp(std::uint32_t& stamp) const noexcept {
    const std::size_t at = head.load(std::memory_order_acquire);
    if (at == tail.load(std::memory_order_acquire)) return false;
    stamp = slots[at & (capacity - 1)].stamp.load(std::memory_order_relaxed);
    return true;
  }

 private:
  /// Takes the entry at `at`, which is known to be published; when another consumer was faster,
  /// no_block, and `at` is where head is now.
  block_index pass(std::size_t& at) noexcept {
    const block_index span = slots[at & (capacity - 1)].block.load(std::memory_order_relaxed);
    // Success: nobody else had moved head, so the slot still held the entry that was read. Release
    // lets publish() reuse the slot; acquire on failure gives a fresh view of head.
    const bool mine = head.compare_exchange_strong(at, at + 1, std::memory_order_acq_rel,
                                                   std::memory_order_acquire);
    return mine ? span : no_block;
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
