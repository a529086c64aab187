// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "bench.hpp"
#include "orcast/core/random.hpp"
#include "orcast/trace/key.hpp"

// The floor that spans are measured against: one ring of bytes with one producer, written by hand
// for exactly this record. It takes the same two readings of the clock, makes the same ids and
// copies the same text, and knows nothing of other threads that record, limits, sampling or
// eviction. Its capacity is the least that holds a burst, so that it stays as warm as it can.

namespace bench {

class byte_ring {
 public:
  /// What begins each record: 64 bytes.
  struct head {
    std::uint64_t size;
    std::uint64_t trace[2];
    std::uint64_t span;
    std::int64_t start_ns;
    std::int64_t end_ns;
    const char* name;
    std::uint64_t name_size;
  };
  static_assert(sizeof(head) == 64);

  /// A record under way.
  class writer {
   public:
    writer& set(const orcast::key_text& key, std::string_view text) noexcept {
      open(key, 1, text.size());
      constexpr std::size_t most = 2048;  // glibc's longer copies stumble over some alignments
      std::size_t from = 0;
      for (; text.size() - from > most; from += most) std::memcpy(at_ + from, &text[from], most);
      std::memcpy(at_ + from, text.data() + from, text.size() - from);
      at_ += (text.size() + 7) & ~std::size_t{7};
      return *this;
    }
    writer& set(const orcast::key_text& key, std::int64_t value) noexcept {
      open(key, 2, sizeof value);
      std::memcpy(at_, &value, sizeof value);
      at_ += sizeof value;
      return *this;
    }

   private:
    friend class byte_ring;
    explicit writer(char* at) noexcept : at_(at) {}

    void open(const orcast::key_text& key, std::uint64_t type, std::size_t size) noexcept {
      const std::uint64_t bits = size << 8 | type;
      const orcast::key_text* const pointer = &key;
      std::memcpy(at_, &bits, sizeof bits);
      std::memcpy(at_ + 8, &pointer, sizeof pointer);
      at_ += 16;
    }

    char* at_;
  };

  /// `capacity` is a power of two; no record is longer than `longest`.
  byte_ring(std::size_t capacity, std::size_t longest)
      : bytes_(new char[capacity + longest]()), capacity_(capacity), longest_(longest) {
    random_.seed(orcast::host{});
  }

  /// A record of what `fill(writer&)` sets. False when the ring is full.
  template <class Fill>
  bool record(std::string_view name, Fill fill) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail + longest_ - head_.load(std::memory_order_acquire) > capacity_) return false;
    char* const begin = bytes_.get() + (tail & (capacity_ - 1));
    head* const made = new (begin) head;
    made->trace[0] = random_.next();
    made->trace[1] = random_.next() | 1;
    made->span = random_.next() | 1;
    made->start_ns = now_ns();
    made->name = name.data();
    made->name_size = name.size();
    writer into(begin + sizeof(head));
    fill(into);
    made->end_ns = now_ns();
    made->size = static_cast<std::size_t>(into.at_ - begin);
    tail_.store(tail + made->size, std::memory_order_release);
    return true;
  }

  /// The consumer's side: how many records there were.
  std::size_t drain() noexcept {
    std::size_t count = 0;
    std::size_t at = head_.load(std::memory_order_relaxed);
    const std::size_t tail = tail_.load(std::memory_order_acquire);
    for (; at != tail; ++count) {
      std::uint64_t size = 0;
      std::memcpy(&size, bytes_.get() + (at & (capacity_ - 1)), sizeof size);
      at += size;
    }
    head_.store(at, std::memory_order_release);
    return count;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_;
  std::size_t longest_;
  orcast::random_state random_;
  alignas(64) std::atomic<std::size_t> tail_{0};
  alignas(64) std::atomic<std::size_t> head_{0};
};

}  // namespace bench
