// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include "orcast/config.hpp"

// Whether a tracer records: a switch of the program's, the consent of whoever plays, and whether
// some traces are left out by sampling. All are in one word, so that beginning a span asks once.
// What was recorded while there was consent is covered by it until it is withdrawn, and never
// again, also when consent is given anew: each span remembers the term in which it began.

namespace orcast {
inline namespace v0 {
namespace detail {

/// A time between two changes of consent.
using consent_term = std::uint32_t;

class recording_switch {
 public:
  recording_switch(bool consent, bool samples) noexcept
      : word_((consent ? 0 : none) | (samples ? sampling : 0)) {}

  /// Any thread; so are all others. The word for the next three.
  std::uint32_t read() const noexcept {
    // Relaxed, here and below: the word says all there is to know, nothing goes with it.
    return word_.load(std::memory_order_relaxed);
  }
  static bool records(std::uint32_t word) noexcept { return (word & (off | none)) == 0; }
  /// The same, and no trace is left out by sampling: nobody need ask what is.
  static bool records_all(std::uint32_t word) noexcept {
    return (word & (off | none | sampling)) == 0;
  }
  /// The term of a span that now begins.
  static consent_term term_of(std::uint32_t word) noexcept { return word & ~(off | sampling); }

  bool on() const noexcept { return records(read()); }
  consent_term term() const noexcept { return term_of(read()); }
  static bool is_consent(consent_term term) noexcept { return (term & none) == 0; }

  void enable(bool wanted) noexcept { put(off, !wanted); }
  void sample(bool wanted) noexcept { put(sampling, wanted); }

  /// False when that was so already.
  bool consent(bool given) noexcept {
    std::uint32_t word = read();
    do {
      if (is_consent(word) == given) return false;
    } while (!word_.compare_exchange_weak(word, word + none, std::memory_order_relaxed));
    return true;
  }

 private:
  static constexpr std::uint32_t off = 1;
  static constexpr std::uint32_t sampling = 2;
  static constexpr std::uint32_t none = 4;  // the lowest bit of the term, which counts changes

  void put(std::uint32_t bit, bool wanted) noexcept {
    if (wanted) {
      word_.fetch_or(bit, std::memory_order_relaxed);
    } else {
      word_.fetch_and(~bit, std::memory_order_relaxed);
    }
  }

  std::atomic<std::uint32_t> word_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
