// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "orcast/otlp/byte_block.hpp"
#include "orcast/trace/record.hpp"

// The small pieces that JSON text is put together from: digits, literals, keys. Each writes at
// `at`, where the caller has made sure of the room, and returns the new end. The position is passed
// on in a register: as a member it would go through memory after every piece, because a char* may
// point anywhere.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr std::uint64_t each_byte = 0x0101010101010101u;
inline constexpr std::uint64_t zeros = each_byte * '0';

/// The eight decimal digits of a number below 100,000,000 as the values of bytes, the first one
/// lowest. Divides the halves of four digits, then those of two, each by one multiplication.
inline std::uint64_t eight_digits(std::uint32_t value) noexcept {
  std::uint64_t digits = value / 10'000 | std::uint64_t{value % 10'000} << 32;
  const std::uint64_t hundreds = (digits * 10'486 >> 20) & 0x0000'007f'0000'007f;
  digits = hundreds | (digits - 100 * hundreds) << 16;
  const std::uint64_t tens = (digits * 103 >> 10) & 0x000f'000f'000f'000f;
  return tens | (digits - 10 * tens) << 8;
}

/// What put_integer() may write, blanks behind the digits included.
inline constexpr std::size_t integer_room = 28;

char* put_integer(char* at, std::int64_t value) noexcept;

/// Of eight digits and more. Out of line, because compilers would unroll what two functions that
/// call each other do, each time.
ORCAST_COLD ORCAST_SMALL inline char* put_long_integer(char* at, std::uint64_t value) noexcept {
  constexpr std::uint32_t eight = 100'000'000;
  at = put_integer(at, static_cast<std::int64_t>(value / eight));
  store(at, eight_digits(static_cast<std::uint32_t>(value % eight)) + zeros);
  return at + 8;
}

inline char* put_integer(char* at, std::uint64_t value) noexcept {
  if (value >= 100'000'000) return put_long_integer(at, value);
  const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(value));
  // The last digit is written also where it is 0.
  const unsigned skipped = lowest_bit(digits | std::uint64_t{1} << 56) / 8;
  store(at, (digits + zeros) >> 8 * skipped);
  return at + (8 - skipped);
}

ORCAST_COLD inline char* put_integer(char* at, std::int64_t value) noexcept {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *at++ = '-';
    magnitude = 0 - magnitude;
  }
  return put_integer(at, magnitude);
}

/// Hexadecimal digits, eight at a time; `size` is a multiple of 4.
ORCAST_COLD inline char* put_hex(char* at, const unsigned char* bytes, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; i += 4) {
    std::uint32_t four = 0;
    std::memcpy(&four, bytes + i, sizeof four);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    four = __builtin_bswap32(four);
#endif
    std::uint64_t digits = (four | std::uint64_t{four} << 16) & 0x0000'ffff'0000'ffff;
    digits = (digits | digits << 8) & 0x00ff'00ff'00ff'00ff;
    digits = (digits >> 4 | digits << 8) & each_byte * 0x0f;
    const std::uint64_t letters = ((digits + each_byte * 6) >> 4) & each_byte;
    store(at + 2 * i, digits + zeros + letters * ('a' - '0' - 10));
  }
  return at + 2 * size;
}

template <std::size_t N>
char* put(char* at, const char (&text)[N]) noexcept {
  std::memcpy(at, text, N - 1);
  return at + N - 1;
}

inline char* put(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

inline char* put(char* at, std::int64_t value) noexcept { return put_integer(at, value); }

inline char* put_time(char* at, std::int64_t wall_ns) noexcept {
  *at++ = '"';
  at = put(at, (std::max)(wall_ns, std::int64_t{0}));
  *at++ = '"';
  return at;
}

/// A constant key without indices: longer than 16 bytes, always, and mostly longer than 32.
inline char* put_constant_key(char* at, const key_text& key) noexcept {
  const std::size_t size = key.size;
  const char* const json = key.json;  // read once: `at` might point at it
  for (std::size_t i = 32; i + 32 < size; i += 16) std::memcpy(at + i, json + i, 16);
  const std::size_t half = size < 32 ? 16 : 32;
  std::memcpy(at, json, 16);
  std::memcpy(at + half - 16, json + half - 16, 16);
  std::memcpy(at + size - half, json + size - half, 16);
  std::memcpy(at + size - 16, json + size - 16, 16);
  return at + size;
}

/// A constant key is one copy, or pieces with the indices between them. Writes up to 256 bytes.
ORCAST_SMALL inline char* put_key(char* at, const orcast::detail::record& r) noexcept {
  const key_text& key = *r.key;
  if (key.cut[0] == 0) return put_constant_key(at, key);
  std::size_t from = 0;
  const std::uint16_t index[2] = {r.first, r.second};
  for (std::size_t i = 0; i < 2 && key.cut[i] != 0; ++i) {
    at = put(at, std::string_view(key.json + from, key.cut[i] - from));
    at = put(at, std::int64_t{index[i]});
    from = key.cut[i];
  }
  return put(at, std::string_view(key.json + from, key.size - from));
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
