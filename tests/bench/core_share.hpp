// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

// Whether the measured thread has its core to itself. On a virtual machine another guest may be at
// work on the core's second hardware thread: for as long as it is, this one gets through up to 1.7
// times fewer instructions, and neither the clock's frequency nor a counter of the system shows it.
// A loop of independent additions does: it takes its best time, or clearly more.

namespace bench {

class core_share {
 public:
  using clock = std::chrono::steady_clock;

  /// Whether the core was the calling thread's alone during the last 5 microseconds.
  bool whole() noexcept {
    const std::int64_t took = probe();
    if (took < best_ - tolerance(best_)) ++revisions_;
    best_ = (std::min)(best_, took);
    return took <= best_ + tolerance(best_);
  }
  /// Looks until it is; false when it was not before `until`.
  bool wait_until_whole(clock::time_point until) noexcept {
    while (!whole()) {
      if (clock::now() >= until) return false;
    }
    return true;
  }
  /// Learns what the loop takes at its best. Others may be at work for half a second on end.
  void learn(std::chrono::milliseconds enough) noexcept {
    const auto until = clock::now() + enough;
    while (clock::now() < until) static_cast<void>(whole());
  }
  /// How often it has turned out that all answers so far were too kind.
  int revisions() const noexcept { return revisions_; }

 private:
  static std::int64_t tolerance(std::int64_t best) noexcept { return best / 16; }

  /// In nanoseconds. One copy for all, because where code lies tells in what it takes.
  [[gnu::noinline]] static std::int64_t probe() noexcept {
    const auto begin = clock::now();
    std::uint64_t a = 1, b = 2, c = 3, d = 4, e = 5;
    for (int i = 0; i < 10'000; ++i) {
      a += 1, b ^= 2, c += 3, d ^= 4, e += 5;
      asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
    }
    return std::chrono::nanoseconds(clock::now() - begin).count();
  }

  std::int64_t best_ = 1'000'000'000;
  int revisions_ = 0;
};

}  // namespace bench
