// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

// Decides at the head, before anything is recorded, whether a trace is kept. The decision depends
// on the trace id alone, or on the session alone where there is one, so that a session is kept or
// left out as a whole, on every device alike.

namespace orcast {
inline namespace v0 {

class ratio_sampler {
 public:
  /// `ratio` from 0 (nothing) to 1 (everything).
  constexpr explicit ratio_sampler(double ratio = 1.0) noexcept
      : limit_(ratio >= 1.0  ? ~std::uint64_t{0}
               : ratio > 0.0 ? static_cast<std::uint64_t>(ratio * 18446744073709551615.0)
                             : 0) {}

  constexpr bool everything() const noexcept { return limit_ == ~std::uint64_t{0}; }
  constexpr bool nothing() const noexcept { return limit_ == 0; }

  /// Whether a trace, or a session, with this number is kept: those below the ratio's share of all
  /// 64-bit numbers are.
  constexpr bool keeps(std::uint64_t number) const noexcept {
    return everything() || number < limit_;
  }

  /// The number of a trace: the last eight bytes of its id, as they lie in memory. They are random;
  /// an id that a caller chose is a digest. Every device decides alike: the bytes count as a number
  /// with the first one on top, whatever the processor's order.
  static std::uint64_t number_of(std::uint64_t trace_tail) noexcept {
    unsigned char bytes[sizeof trace_tail];
    std::memcpy(bytes, &trace_tail, sizeof bytes);
    const auto at = [&bytes](int i) { return std::uint64_t{bytes[i]} << (56 - 8 * i); };
    return at(0) | at(1) | at(2) | at(3) | at(4) | at(5) | at(6) | at(7);
  }
  /// The number of a session: FNV-1a over its bytes, then one round of mixing.
  static constexpr std::uint64_t number_of(std::string_view session) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (char c : session) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
  }

 private:
  std::uint64_t limit_;
};

}  // namespace v0
}  // namespace orcast
