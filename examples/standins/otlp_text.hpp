// SPDX-License-Identifier: MIT
//
// The checks that OTLP/JSON needs below the level of messages: the text is UTF-8, no object names a
// member twice (a JSON parser hides that), ids are hex, integers are decimal, bytes are base64.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace standins::otlp {

/// The offset of the first byte that is not UTF-8 (overlong forms and surrogates are not either).
inline std::optional<std::size_t> bad_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned first = byte(i);
    const unsigned length = first < 0x80                    ? 1
                            : first >= 0xc2 && first < 0xe0 ? 2
                            : first >= 0xe0 && first < 0xf0 ? 3
                            : first >= 0xf0 && first < 0xf5 ? 4
                                                            : 0;
    if (length == 0) return i;
    for (std::size_t n = 1; n < length; ++n) {
      if ((byte(i + n) & 0xc0) != 0x80) return i;
    }
    const unsigned second = byte(i + 1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
      return i;
    }
    i += length;
  }
  return std::nullopt;
}

/// The first member name that stands twice in one object. The text must be valid JSON.
inline std::optional<std::string> repeated_member(std::string_view text) {
  std::vector<std::set<std::string>> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') open.emplace_back();
    if (text[i] == '}') open.pop_back();
    if (text[i] != '"') continue;
    const std::size_t begin = ++i;
    while (text[i] != '"') i += text[i] == '\\' ? 2 : 1;
    const std::string name(text.substr(begin, i - begin));
    const std::size_t next = text.find_first_not_of(" \t\r\n", i + 1);
    if (next == text.npos || text[next] != ':') continue;
    if (!open.back().insert(name).second) return name;
  }
  return std::nullopt;
}

/// Why the text is no id of that many lower-case hex digits; empty when it is one.
inline std::string wrong_id(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return "has not " + std::to_string(digits) + " hex digits";
  if (text.find_first_not_of("0123456789abcdefABCDEF") != text.npos) return "is not hex";
  if (text.find_first_not_of("0123456789abcdef") != text.npos) return "is in upper case";
  if (text.find_first_not_of('0') == text.npos) return "is all zero";
  return "";
}

/// A decimal integer in its only spelling: no sign but '-', no leading zero, in range.
template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  using limits = std::numeric_limits<Integer>;
  const bool negative = limits::is_signed && !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 20 || (text[0] == '0' && (text.size() > 1 || negative))) {
    return std::nullopt;
  }
  const std::uint64_t most = static_cast<std::uint64_t>((limits::max)()) + (negative ? 1 : 0);
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (most - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return static_cast<Integer>(negative ? 0 - value : value);
}

/// Standard or URL-safe alphabet, with padding, as proto3 JSON accepts it.
inline std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  std::size_t count = 0, padding = 0;
  for (const char c : text) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t value = letters.find(c == '-' ? '+' : c == '_' ? '/' : c);
    if (c == '=') {
      ++padding;
    } else if (value == letters.npos || padding > 0) {
      return std::nullopt;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(c == '=' ? 0 : value);
    if (++count % 4 != 0) continue;
    for (const int shift : {16, 8, 0}) out += static_cast<char>(bits >> shift & 0xff);
  }
  if (padding > 2) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

}  // namespace standins::otlp
