// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "orcast/config.hpp"

// A counter that does not wrap in practice, also where the hardware has no 64-bit atomics: there it
// is two words, and a reader that meets a carry half done reads again.

namespace orcast {
inline namespace v0 {

namespace detail {

class one_word_counter {
 public:
  /// Any thread. Release: pairs with the acquire in read(), so that whoever sees the count also
  /// sees what was counted.
  void add(std::uint32_t n) noexcept { value_.fetch_add(n, std::memory_order_release); }

  /// One writer at a time (the owner of a lane); cheaper than add(). Release as above.
  void add_owned(std::uint32_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_release);
  }

  std::uint64_t read() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class two_word_counter {
 public:
  void add(std::uint32_t n) noexcept {
    const std::uint32_t before = low_.fetch_add(n, std::memory_order_release);
    if (before + n < before) high_.fetch_add(1, std::memory_order_release);
  }

  void add_owned(std::uint32_t n) noexcept { add(n); }

  /// Acquire pairs with the releases above. Exact unless a carry is under way at this moment.
  std::uint64_t read() const noexcept {
    for (;;) {
      const std::uint32_t high = high_.load(std::memory_order_acquire);
      const std::uint32_t low = low_.load(std::memory_order_acquire);
      if (high_.load(std::memory_order_acquire) == high) {
        return std::uint64_t{high} << 32 | low;
      }
    }
  }

 private:
  std::atomic<std::uint32_t> low_{0};
  std::atomic<std::uint32_t> high_{0};
};

template <bool wide_atomics>
using counter_for = std::conditional_t<wide_atomics, one_word_counter, two_word_counter>;

}  // namespace detail

// Words of the machine decide, not is_always_lock_free: some 32-bit targets have 64-bit atomics
// through a library only.
using wide_counter = detail::counter_for<(sizeof(void*) >= 8)>;

}  // namespace v0
}  // namespace orcast
