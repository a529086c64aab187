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

ORCAST_DECL bool span_ring::make(const shape& wanted, const orcast::host& from) noexcept {
  host_ = from;
  // An odd number of cache lines: the blocks' beginnings would otherwise meet in a few cache sets.
  block_bytes_ = static_cast<std::uint32_t>(wanted.block_bytes - 64);
  lane_count_ = wanted.lanes;
  policy_ = wanted.policy;
  wipe_ = wanted.wipe;
  memory_bytes_ = wanted.memory_bytes;
  memory_ = static_cast<char*>(host_.take(memory_bytes_, page_bytes));
  if (memory_ == nullptr) return false;
  std::memset(memory_, 0, memory_bytes_);  // the first touch of a page costs microseconds: now

  // Page 0: the random states, alone, because a child of fork() finds it zeroed.
  char* at_byte = memory_ + page_bytes;
  wipe_in_child(memory_, page_bytes);

  lanes_ = reinterpret_cast<lane*>(at_byte);
  at_byte += lane_count_ * sizeof(lane);
  // Together the queues hold twice as many spans as there are blocks.
  std::uint32_t capacity = 8;
  while (std::size_t{capacity} * lane_count_ < 2 * (memory_bytes_ / block_bytes_)) capacity *= 2;
  for (std::uint32_t i = 0; i < lane_count_; ++i) {
    lane* made = new (lanes_ + i) lane;
    made->index = i;
    (new (&random_of(*made)) random_state)->seed(host_);
    made->capacity = capacity;
    made->slots = reinterpret_cast<lane::slot*>(at_byte);
    for (std::size_t s = 0; s < capacity; ++s) new (made->slots + s) lane::slot;
    at_byte += capacity * sizeof(lane::slot);
  }
  at_byte += (64 - static_cast<std::size_t>(at_byte - memory_) % 64) % 64;
  blocks_ = at_byte;
  const std::size_t left = memory_bytes_ - static_cast<std::size_t>(at_byte - memory_);
  block_count_ = static_cast<std::uint32_t>(left / block_bytes_);
  for (block_index i = block_count_; i-- > 0;) {
    lane& owner = lanes_[static_cast<std::uint64_t>(i) * lane_count_ / block_count_];
    block_head* head = new (at(i)) block_head;
    head->next = owner.free;
    owner.free = i;
  }
  return true;
}

ORCAST_COLD ORCAST_DECL lane* span_ring::claim_another(std::uint32_t tries) noexcept {
  for (std::uint32_t at = lane_hint() + 1; tries != 0; --tries, ++at) {
    lane& candidate = lanes_[at & (lane_count_ - 1)];
    if (!candidate.try_claim()) continue;
    lane_hint() = at;
    return &candidate;
  }
  return nullptr;
}

/// The lane that was used last is taken, or its queue is full.
ORCAST_COLD ORCAST_DECL bool span_ring::publish_elsewhere(block_index span,
                                                          std::uint32_t stamp) noexcept {
  for (std::uint32_t tries = 0; tries < lane_count_; ++tries) {
    lane* const mine = claim_another(2 * lane_count_);
    if (mine == nullptr) return false;
    const bool done = mine->publish(span, stamp);
    mine->let_go();
    if (done) return true;
  }
  return false;
}

ORCAST_COLD ORCAST_DECL bool span_ring::refill(lane& mine) noexcept {
  // Acquire: pairs with push_returned(), whose links we are about to follow.
  mine.free = mine.returned.exchange(no_block, std::memory_order_acquire);
  if (mine.free != no_block) return true;
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

/// Takes the span that was published first, within the resolution of the stamps.
ORCAST_DECL bool span_ring::evict(lane& mine) noexcept {
  for (std::uint32_t tries = 0; tries < lane_count_; ++tries) {
    lane* oldest = nullptr;
    std::uint32_t oldest_stamp = 0;
    for (std::uint32_t i = 0; i < lane_count_; ++i) {
      std::uint32_t stamp = 0;
      if (!lanes_[i].oldest_stamp(stamp)) continue;
      if (oldest == nullptr || static_cast<std::int32_t>(stamp - oldest_stamp) < 0) {
        oldest = lanes_ + i;
        oldest_stamp = stamp;
      }
    }
    if (oldest == nullptr) return false;
    const block_index span = oldest->evict();
    if (span == no_block) continue;
    evicted_.add(1);
    wipe_blocks(span);
    mine.free = span;
    return true;
  }
  return false;
}

ORCAST_DECL void span_ring::release() noexcept {
  if (memory_ == nullptr) return;
  if (wipe_) std::memset(blocks_, 0, block_count_ * block_bytes_);
  keep_in_child(memory_, page_bytes);
  host_.give_back(memory_, memory_bytes_, page_bytes);
  memory_ = nullptr;
}

ORCAST_DECL std::uint32_t span_ring::free_blocks() const noexcept {
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
