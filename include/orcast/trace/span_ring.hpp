// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "orcast/core/host.hpp"
#include "orcast/core/random.hpp"
#include "orcast/trace/lane.hpp"

// Fixed memory for spans, cut into blocks, and the way a finished span takes from the thread that
// ended it to the one consumer, which goes round the blocks. Recording threads take no lock, make
// no system call and allocate nothing; each of their steps is bounded by the number of lanes, or
// where they evict by that of the blocks. docs/design.md has the protocol and what was measured;
// span and tracer are its only users.

namespace orcast {
inline namespace v0 {

/// What happens to new spans when the memory is used up.
enum class when_full : std::uint8_t { drop_newest, evict_oldest };

namespace detail {

class span_ring {
 public:
  struct shape {
    std::size_t memory_bytes;
    std::size_t block_bytes;  ///< a power of two
    std::uint32_t lanes;      ///< a power of two, at most 64
    when_full policy;
    bool wipe;
    std::size_t system_page_bytes = 0;  ///< 0: as the system says
  };

  span_ring() = default;
  span_ring(const span_ring&) = delete;
  span_ring& operator=(const span_ring&) = delete;
  ~span_ring() { release(); }

  /// Reserves, touches and divides the memory. False when the host has none.
  bool make(const shape& wanted, const orcast::host& from) noexcept;

  /// Any thread. A lane that is the caller's own until let_go(), if possible the one it used last;
  /// null when every lane was taken, twice over.
  lane* claim() noexcept {
    lane& last = lane_at(last_lane());
    return last.try_claim() ? &last : claim_another(2 * lane_count_);
  }
  /// The number of the lane that the calling thread used last.
  std::uint32_t last_lane() const noexcept { return lane_hint() & (lane_count_ - 1); }

  /// The claim holder of `mine` only. A block, or no_block when there is none left anywhere.
  block_index pop(lane& mine) noexcept {
    return mine.free != no_block || refill(mine) ? pop_first(mine) : no_block;
  }
  /// The same where the lane is known to have one.
  block_index pop_first(lane& mine) noexcept {
    const block_index index = mine.free;
    block_head& head = *at(index);
    mine.free = head.next;
    head.next = no_block;
    head.home = mine.index;
    return index;
  }
  /// The claim holder of `mine` only, where it has run dry. False when no block has come back to
  /// it.
  bool take_returned(lane& mine) noexcept {
    // Acquire: pairs with push_returned(), whose links we are about to follow.
    mine.free = mine.returned.exchange(no_block, std::memory_order_acquire);
    return mine.free != no_block;
  }

  /// Any thread: hands the finished span that begins with this block to the consumer. `when` is
  /// not 0, and counts up.
  void publish(block_index span, std::uint32_t when) noexcept {
    // Release: pairs with the acquire in take() and evict(), which thereby see the span's blocks.
    ended(span).store(when, std::memory_order_release);
  }

  /// Any thread: gives the blocks of a span back, from `first` through its last one.
  void give_back(block_index first) noexcept {
    wipe_blocks(first);
    const block_index last = head_of(first)->last;
    push_returned(lanes_[at(first)->home], first, last);
  }

  /// The consumer only: a finished span, or no_block when it has looked at every block in vain. It
  /// goes round: what has ended waits for one round at most.
  block_index take() noexcept {
    const std::uint64_t give_up = looks_ + block_count_;
    while (looks_ < give_up) {
      const block_index at = next_ended(next_);
      const bool found = at != block_count_;
      looks_ += at - next_ + found;
      next_ = found ? at + 1 : 0;
      // Acquire: pairs with publish(). Exchanged, because another thread may evict it.
      if (found && ended(at).exchange(0, std::memory_order_acquire) != 0) return at;
    }
    return no_block;
  }
  /// The consumer only: at how many blocks it has looked so far, and whether it has looked at each
  /// of them since. All that had ended then has been taken, or evicted.
  std::uint64_t looks() const noexcept { return looks_; }
  bool been_round(std::uint64_t since) const noexcept { return looks_ - since >= block_count_; }

  /// Asks for a cache line that is about to be written.
  static void prefetch(const void* line) noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(line, 1);
#else
    static_cast<void>(line);
#endif
  }
  /// That which pop() will look at next.
  void prefetch(block_index next) const noexcept {
    if (next != no_block) prefetch(at(next));
  }

  /// For who has claimed the lane of this number. They lie before the lanes, see make().
  random_state& random_of(std::uint32_t lane) const noexcept {
    char* const states = reinterpret_cast<char*>(lanes_) - page_bytes;
    return reinterpret_cast<random_state*>(states)[lane];
  }

  block_head* at(block_index index) const noexcept {
    return reinterpret_cast<block_head*>(blocks_ + std::size_t{index} * block_bytes_);
  }
  span_head* head_of(block_index first) const noexcept {
    return reinterpret_cast<span_head*>(reinterpret_cast<char*>(at(first)) + sizeof(block_head));
  }

  const orcast::host& host() const noexcept { return host_; }
  std::size_t block_bytes() const noexcept { return block_bytes_; }
  std::uint32_t block_count() const noexcept { return block_count_; }
  std::uint32_t lane_count() const noexcept { return lane_count_; }
  lane& lane_at(std::uint32_t number) const noexcept { return lanes_[number]; }
  wide_counter& evicted() noexcept { return evicted_; }
  const wide_counter& evicted() const noexcept { return evicted_; }

  /// Finished spans that nobody has taken.
  std::uint32_t finished() const noexcept;
  /// Blocks that belong to no span. Only while nothing is being recorded or drained (for tests).
  std::uint32_t free_blocks() const noexcept;

 private:
  // Internal per thread: which lane it used last. Trivially destructible, so that an unloaded
  // plugin leaves nothing behind; hidden, so that each plugin has its own.
  ORCAST_HIDDEN static std::uint32_t& lane_hint() noexcept {
    static thread_local std::uint32_t hint = 0;
    // At first: spread the threads by the address of their own copy.
    if (hint == 0)
      hint =
          static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&hint) >> 6) * 0x9e3779b1u >>
              16 |
          1u << 16;
    return hint;
  }

  /// When the span that begins with this block ended; 0 unless it has, and nobody has taken it.
  /// These words lie together, so that the consumer finds what has ended in few cache lines: before
  /// the blocks, the first block's last.
  std::atomic<std::uint32_t>& ended(block_index first) const noexcept {
    auto* const words = reinterpret_cast<std::atomic<std::uint32_t>*>(blocks_);
    return words[-1 - static_cast<std::ptrdiff_t>(first)];
  }

  /// The first block from this one on that begins a finished span, or block_count(). It looks at
  /// eight together: there are many more blocks than finished spans.
  block_index next_ended(block_index from) const noexcept {
    for (; from < block_count_; ++from) {
      const std::atomic<std::uint32_t>* const first = &ended(from);
      // Relaxed: whoever takes the span acquires it.
      const auto when = [first](int i) { return first[-i].load(std::memory_order_relaxed); };
      if (when(0) != 0) break;
      if (block_count_ - from < 8) continue;
      if ((when(1) | when(2) | when(3) | when(4) | when(5) | when(6) | when(7)) == 0) from += 7;
    }
    return from;
  }

  lane* claim_another(std::uint32_t tries) noexcept;
  bool refill(lane& mine) noexcept;
  bool evict(lane& mine) noexcept;
  bool evict(lane& mine, lane::finished span) noexcept;
  void find_oldest(lane& mine) const noexcept;
  void release() noexcept;

  void push_returned(lane& to, block_index first, block_index last) noexcept {
    block_index top = to.returned.load(std::memory_order_relaxed);
    do at(last)->next = top;
    // Release: whoever takes the chain sees its links. Chains are taken whole, so no ABA.
    while (!to.returned.compare_exchange_weak(top, first, std::memory_order_release,
                                              std::memory_order_relaxed));
  }

  void wipe_blocks(block_index first) noexcept {
    if (!wipe_) return;
    for (block_index i = first; i != no_block; i = at(i)->next) {
      const std::size_t keep = i == first ? first_offset : sizeof(block_head);
      std::memset(reinterpret_cast<char*>(at(i)) + keep, 0, block_bytes_ - keep);
    }
  }

  // What every span reads comes first, up to the host's steady clock: with what a tracer has before
  // it one cache line on 64-bit targets.
  lane* lanes_ = nullptr;
  char* blocks_ = nullptr;
  std::uint32_t block_bytes_ = 0;
  std::uint32_t lane_count_ = 0;
  orcast::host host_;
  char* memory_ = nullptr;
  std::size_t memory_bytes_ = 0;
  std::size_t first_page_bytes_ = 0;
  std::uint32_t block_count_ = 0;
  when_full policy_ = when_full::drop_newest;
  bool wipe_ = false;
  // Written now and then.
  block_index next_ = 0;     // the consumer's: the block it looks at next
  std::uint64_t looks_ = 0;  // the consumer's
  wide_counter evicted_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/trace/impl/span_ring.ipp"
#endif
