// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <new>

#include "orcast/core/fork.hpp"
#include "orcast/trace/span_ring.hpp"

// The bodies of span_ring: dividing the memory, and what happens when a lane has run dry.

namespace orcast {
inline namespace v0 {
namespace detail {

ORCAST_SMALL ORCAST_DECL bool span_ring::make(const shape& wanted,
                                              const orcast::host& from) noexcept {
  host_ = from;
  // An odd number of cache lines: the blocks' beginnings would otherwise meet in a few cache sets.
  block_bytes_ = static_cast<std::uint32_t>(wanted.block_bytes - 64);
  lane_count_ = wanted.lanes;
  policy_ = wanted.policy;
  wipe_ = wanted.wipe;
  memory_bytes_ = wanted.memory_bytes;
  first_page_bytes_ =
      wanted.system_page_bytes != 0 ? wanted.system_page_bytes : system_page_bytes();
  // Where the system's pages are too large for this memory, none of them can be marked.
  const bool marks = first_page_bytes_ <= memory_bytes_ / 8;
  if (!marks) first_page_bytes_ = page_bytes;
  memory_ = static_cast<char*>(host_.take(memory_bytes_, first_page_bytes_));
  if (memory_ == nullptr) return false;
  std::memset(memory_, 0, memory_bytes_);  // the first touch of a page costs microseconds: now

  // The first page: the random states, alone, because a child of fork() finds it zeroed.
  char* at_byte = memory_ + first_page_bytes_;
  if (marks) wipe_in_child(memory_, first_page_bytes_);

  lanes_ = reinterpret_cast<lane*>(at_byte);
  at_byte += lane_count_ * sizeof(lane);
  for (std::uint32_t i = 0; i < lane_count_; ++i) {
    (new (lanes_ + i) lane)->index = i;
    (new (&random_of(i)) random_state)->seed(host_);
  }
  const std::size_t left = memory_bytes_ - static_cast<std::size_t>(at_byte - memory_);
  constexpr std::size_t word = sizeof(std::atomic<std::uint32_t>);
  block_count_ = static_cast<std::uint32_t>((left - 64) / (block_bytes_ + word));
  blocks_ = at_byte + (block_count_ * word + 63) / 64 * 64;
  for (block_index i = block_count_; i-- > 0;) {
    lane& owner = lanes_[static_cast<std::uint64_t>(i) * lane_count_ / block_count_];
    block_head* head = new (at(i)) block_head;
    new (&ended(i)) std::atomic<std::uint32_t>(0);
    head->next = owner.free;
    owner.free = i;
  }
  return true;
}

ORCAST_COLD ORCAST_SMALL ORCAST_DECL lane* span_ring::claim_another(std::uint32_t tries) noexcept {
  for (std::uint32_t at = lane_hint() + 1; tries != 0; --tries, ++at) {
    lane& candidate = lanes_[at & (lane_count_ - 1)];
    if (!candidate.try_claim()) continue;
    lane_hint() = at;
    return &candidate;
  }
  return nullptr;
}

ORCAST_SMALL ORCAST_DECL bool span_ring::refill(lane& mine) noexcept {
  if (take_returned(mine)) return true;
  const auto own = static_cast<std::uint32_t>(&mine - lanes_);
  for (std::uint32_t i = 1; i < lane_count_; ++i) {
    lane& other = lanes_[(own + i) & (lane_count_ - 1)];
    if (other.returned.load(std::memory_order_relaxed) == no_block) continue;
    mine.free = other.returned.exchange(no_block, std::memory_order_acquire);
    if (mine.free != no_block) return true;
  }
  for (std::uint32_t i = 1; i < lane_count_; ++i) {
    lane& other = lanes_[(own + i) & (lane_count_ - 1)];
    if (!other.try_claim()) continue;  // never waits, so two refills can't block each other
    block_index last = other.free;
    for (int n = 1; n < 8 && last != no_block && at(last)->next != no_block; ++n) {
      last = at(last)->next;
    }
    if (last != no_block) {
      mine.free = other.free;
      other.free = at(last)->next;
      at(last)->next = no_block;
    }
    other.let_go();
    if (mine.free != no_block) return true;
  }
  return policy_ == when_full::evict_oldest && evict(mine);
}

/// Takes the memory of the span that ended first, within the resolution of the stamps; where
/// others, who look for the same ones, were faster again and again, that of any.
ORCAST_SMALL ORCAST_DECL bool span_ring::evict(lane& mine) noexcept {
  for (int tries = 0; tries < 2; ++tries) {
    while (mine.evict_next != mine.evict_end) {
      if (evict(mine, mine.oldest[mine.evict_next++])) return true;
    }
    find_oldest(mine);
  }
  for (block_index i = next_ended(0); i != block_count_; i = next_ended(i + 1)) {
    const std::uint32_t when = ended(i).load(std::memory_order_relaxed);
    if (when != 0 && evict(mine, {i, when})) return true;
  }
  return false;
}

ORCAST_SMALL ORCAST_DECL bool span_ring::evict(lane& mine, lane::finished span) noexcept {
  // Acquire: pairs with publish(). Fails where the consumer or another thread was faster. Where the
  // block ended another span at the same time, that one is as old.
  if (!ended(span.first)
           .compare_exchange_strong(span.when, 0, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
    return false;
  }
  evicted_.add(1);
  wipe_blocks(span.first);
  mine.free = span.first;
  return true;
}

/// Looks at all blocks, and so for several spans at once: what ends later is younger than they are.
ORCAST_SMALL ORCAST_DECL void span_ring::find_oldest(lane& mine) const noexcept {
  constexpr std::uint32_t most = sizeof mine.oldest / sizeof *mine.oldest;
  std::uint32_t count = 0;
  for (block_index i = next_ended(0); i != block_count_; i = next_ended(i + 1)) {
    const std::uint32_t when = ended(i).load(std::memory_order_relaxed);
    if (when == 0) continue;  // it was taken meanwhile
    const auto older_than = [when](const lane::finished& other) {
      return static_cast<std::int32_t>(when - other.when) < 0;
    };
    if (count == most && !older_than(mine.oldest[most - 1])) continue;
    std::uint32_t at = count < most ? count++ : most - 1;
    for (; at != 0 && older_than(mine.oldest[at - 1]); --at) mine.oldest[at] = mine.oldest[at - 1];
    mine.oldest[at] = {i, when};
  }
  mine.evict_next = 0;
  mine.evict_end = count;
}

ORCAST_SMALL ORCAST_DECL void span_ring::release() noexcept {
  if (memory_ == nullptr) return;
  if (wipe_) std::memset(blocks_, 0, block_count_ * block_bytes_);
  keep_in_child(memory_, first_page_bytes_);
  host_.give_back(memory_, memory_bytes_, first_page_bytes_);
  memory_ = nullptr;
}

ORCAST_SMALL ORCAST_DECL std::uint32_t span_ring::finished() const noexcept {
  std::uint32_t count = 0;
  for (block_index i = next_ended(0); i != block_count_; i = next_ended(i + 1)) ++count;
  return count;
}

ORCAST_SMALL ORCAST_DECL std::uint32_t span_ring::free_blocks() const noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < lane_count_; ++i) {
    for (block_index b = lanes_[i].free; b != no_block; b = at(b)->next) ++count;
    block_index b = lanes_[i].returned.load(std::memory_order_acquire);
    for (; b != no_block; b = at(b)->next) ++count;
  }
  return count;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
