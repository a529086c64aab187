// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include "orcast/config.hpp"

// Bytes as lower-case hexadecimal text and back.

namespace orcast {
inline namespace v0 {

/// Writes 2 * `size` characters to `out` and returns the end.
constexpr char* to_hex(const unsigned char* bytes, std::size_t size, char* out) noexcept {
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  return out;
}

/// Reads exactly 2 * `size` digits of either case; false (and `out` undefined) for anything else.
constexpr bool from_hex(std::string_view text, unsigned char* out, std::size_t size) noexcept {
  if (text.size() != 2 * size) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    out[i / 2] = static_cast<unsigned char>(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
  }
  return true;
}

}  // namespace v0
}  // namespace orcast
