// SPDX-License-Identifier: MIT
//
// Numbers as people read them: durations, US dollars, counts and times of day. The terminal report
// and the trace page share these, so that one call shows the same figures in both.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

namespace examples {

inline std::string format_fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

/// "0.42 ms", "412 ms", "1.23 s", "1 min 12 s".
inline std::string format_duration(double ns) {
  const double ms = ns / 1e6;
  if (ms < 10) return format_fixed(ms, ms < 1 ? 2 : 1) + " ms";
  if (ms < 999.5) return format_fixed(ms, 0) + " ms";
  if (ms < 59'995) return format_fixed(ms / 1e3, 2) + " s";
  const auto seconds = static_cast<std::int64_t>(ms / 1e3 + 0.5);
  return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

/// Three significant digits below a cent, since most calls cost far less: "$0.0000225", "$0.0312".
inline std::string format_cost(double dollars) {
  if (dollars == 0) return "$0";
  const double size = std::fabs(dollars);
  int decimals = 2;
  if (size < 10) decimals = 4;
  if (size < 0.01) decimals = static_cast<int>(std::ceil(-std::log10(size))) + 2;
  if (decimals > 15) decimals = 15;
  std::string text = format_fixed(dollars, decimals);
  const std::size_t point = text.find('.');
  while (text.back() == '0' && text.size() > point + 3) text.pop_back();
  return "$" + text;
}

/// "4,812"
inline std::string format_count(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t digits_from = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > digits_from + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

/// "2026-08-14 21:04:37 UTC" from nanoseconds since 1970.
inline std::string format_utc(std::int64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  const std::tm* const parts = std::gmtime(&seconds);
  if (parts == nullptr) return "?";
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", parts);
  return text;
}

}  // namespace examples
