// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include "orcast/config.hpp"

// Floating point whatever the host has done to it: its locale may write a decimal comma, which
// std::strtod() then expects, and -ffast-math lets a compiler take for granted that std::isfinite()
// is true.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Longer decimal texts than this are no numbers that anybody meant.
inline constexpr std::size_t longest_number = 64;

enum class double_kind : unsigned char { finite, infinite, not_a_number };

/// Told by the bits.
inline double_kind kind_of(double value) noexcept {
  static_assert(std::numeric_limits<double>::is_iec559);
  constexpr std::uint64_t exponent = std::uint64_t{0x7ff} << 52;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & exponent) != exponent) return double_kind::finite;
  return bits << 12 == 0 ? double_kind::infinite : double_kind::not_a_number;
}
inline bool is_finite(double value) noexcept { return kind_of(value) == double_kind::finite; }

inline bool is_negative(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits >> 63 != 0;
}

/// The nearest double to a decimal number, as a reader of JSON would make it: infinite when it is
/// too large. Nothing when the text is anything else, words for infinity among them.
ORCAST_SMALL inline std::optional<double> to_double(std::string_view number) noexcept {
  const char* const end = number.data() + number.size();
  double value = 0;
  const std::from_chars_result read = std::from_chars(number.data(), end, value);
  if (read.ec == std::errc::invalid_argument || read.ptr != end) return std::nullopt;
  if (read.ec != std::errc::result_out_of_range) {
    return is_finite(value) ? std::optional<double>(value) : std::nullopt;
  }
  const bool tiny = number.find('-', 1) != number.npos;  // a negative exponent
  value = tiny ? 0.0 : std::numeric_limits<double>::infinity();
  return number.front() == '-' ? -value : value;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
