// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "orcast/config.hpp"

// Strings and numbers as JSON text, written into memory of the caller between `at` and `end`.
// Every writer returns the new `at`, or null when the text does not fit; it never writes past
// `end`, and what it wrote before it found out is of no use. Nothing allocates.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// The inside of a JSON string, without the quotes around it. Escapes what JSON demands and nothing
/// else; bytes that are not UTF-8 become U+FFFD. Text of several pieces may be written piece by
/// piece when each is cut between two code points.
char* write_escaped(std::string_view text, char* at, char* end) noexcept;

/// Decimal digits.
char* write_integer(std::int64_t value, char* at, char* end) noexcept;

/// The shortest decimal number that reads back as `value`; "NaN", "Infinity" and "-Infinity", in
/// quotes, for what JSON has no number for.
char* write_double(double value, char* at, char* end) noexcept;

/// Whether `text` is one JSON number and nothing else (RFC 8259, section 6).
ORCAST_SMALL constexpr bool is_json_number(std::string_view text) noexcept {
  std::size_t i = 0;
  const auto is = [&](char c) { return i < text.size() && text[i] == c; };
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i != from;
  };
  if (is('-')) ++i;
  if (is('0')) {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (is('.')) {
    ++i;
    if (!digits()) return false;
  }
  if (is('e') || is('E')) {
    ++i;
    if (is('+') || is('-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/json_text.ipp"
#endif
