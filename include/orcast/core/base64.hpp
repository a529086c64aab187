// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/config.hpp"

// Bytes as base64 text and back (RFC 4648, section 4: with padding), as data URLs carry them.

namespace orcast {
inline namespace v0 {

/// How many characters `size` bytes become.
constexpr std::size_t base64_size(std::size_t size) noexcept { return (size + 2) / 3 * 4; }

/// Appends base64_size(bytes.size()) characters.
inline void append_base64(std::string& out, std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t before = out.size();
  out.resize(before + base64_size(bytes.size()), '=');
  char* to = &out[before];
  const auto byte = [&bytes](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::size_t i = 0;
  for (; bytes.size() - i >= 3; i += 3) {
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = digits[three >> 18];
    *to++ = digits[three >> 12 & 63];
    *to++ = digits[three >> 6 & 63];
    *to++ = digits[three & 63];
  }
  if (i == bytes.size()) return;
  const bool two_left = bytes.size() - i == 2;
  const std::uint32_t last = byte(i) << 16 | (two_left ? byte(i + 1) << 8 : 0);
  *to++ = digits[last >> 18];
  *to++ = digits[last >> 12 & 63];
  if (two_left) *to = digits[last >> 6 & 63];
}

/// Appends the bytes of `text`; false, and nothing appended, when it is not base64. Padding may be
/// missing, but nothing else is let through: no white space, no other alphabet.
inline bool append_base64_decoded(std::string& out, std::string_view text) {
  const auto value = [](char c) -> int {
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
  };
  if (text.size() % 4 == 0 && !text.empty() && text.back() == '=') {
    text.remove_suffix(text[text.size() - 2] == '=' ? 2 : 1);
  }
  if (text.size() % 4 == 1) return false;
  const std::size_t before = out.size();
  out.reserve(before + text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int digit = value(c);
    if (digit < 0) {
      out.resize(before);
      return false;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
    }
  }
  return true;
}

}  // namespace v0
}  // namespace orcast
