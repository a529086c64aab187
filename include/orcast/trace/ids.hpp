// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "orcast/core/hex.hpp"
#include "orcast/core/sha256.hpp"

// Identifiers of traces and spans, and the context that a child inherits (W3C Trace Context).

namespace orcast {
inline namespace v0 {

namespace detail {

template <std::size_t Size>
struct hex_id {
  std::array<unsigned char, Size> bytes{};

  /// All zero means "none"; the standard calls it invalid.
  bool valid() const noexcept {
    // By words: every root asks this of its absent parent, and byte by byte it took longer than
    // both readings of the clock.
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < Size; i += sizeof any) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, sizeof word);
      any |= word;
    }
    return any != 0;
  }

  /// Lower-case digits, without a terminating zero.
  constexpr std::array<char, 2 * Size> hex() const noexcept {
    std::array<char, 2 * Size> text{};
    to_hex(bytes.data(), Size, text.data());
    return text;
  }

  friend constexpr bool operator==(const hex_id& x, const hex_id& y) noexcept {
    for (std::size_t i = 0; i < Size; ++i) {
      if (x.bytes[i] != y.bytes[i]) return false;
    }
    return true;
  }
  friend constexpr bool operator!=(const hex_id& x, const hex_id& y) noexcept { return !(x == y); }
};

}  // namespace detail

/// 16 bytes, written as 32 hexadecimal digits.
struct trace_id : detail::hex_id<16> {};

/// 8 bytes, written as 16 hexadecimal digits.
struct span_id : detail::hex_id<8> {};

/// What a span hands on to its children, in this process or another.
struct span_context {
  static constexpr std::uint8_t sampled_flag = 1;
  static constexpr std::uint8_t random_flag = 2;

  trace_id trace;
  span_id span;
  std::uint8_t flags = 0;     ///< W3C trace flags
  bool remote = false;        ///< it came from another process
  bool decided = false;       ///< flags hold a sampling decision that children follow
  std::uint8_t left_out = 0;  ///< a bit for each destination that does not get the trace

  bool valid() const noexcept { return trace.valid() && span.valid(); }
  constexpr bool sampled() const noexcept { return (flags & sampled_flag) != 0; }
};

/// A trace id from what a caller wrote: 32 hexadecimal digits that are not all zero pass as they
/// are (in lower case); any other text becomes the first half of its SHA-256, as OpenRouter does
/// it, so that equal texts meet in one trace. An empty text gives an invalid id.
inline trace_id trace_id_from(std::string_view text) noexcept {
  trace_id id;
  if (text.empty()) return id;
  if (from_hex(text, id.bytes.data(), id.bytes.size()) && id.valid()) return id;
  const auto digest = sha256(text);
  std::memcpy(id.bytes.data(), digest.data(), id.bytes.size());
  return id;
}

/// A span id from 16 hexadecimal digits; anything else gives an invalid id.
inline span_id span_id_from(std::string_view text) noexcept {
  span_id id;
  if (!from_hex(text, id.bytes.data(), id.bytes.size())) id = {};
  return id;
}

}  // namespace v0
}  // namespace orcast
