// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "orcast/core/wait.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/retry.hpp"

// The bodies of orcast/http/retry.hpp, among them a reader for HTTP dates (RFC 9110, 5.6.7).

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// What a date is made of, by the letters that stand for it in a form: a day (D: where it has one
/// digit, with a blank before it), a year (y: of two digits), hour, minute, second, and the names
/// of a month and of a day.
ORCAST_HIDDEN inline constexpr char date_letters[] = "dDyYhismw";
using date_parts = int[sizeof date_letters - 1];

/// Reads a date of that form; false when it is of another. What is no letter of the above stands
/// for itself, and letters may follow the name of a day.
ORCAST_SMALL inline bool read_date(std::string_view text, const char* form,
                                   date_parts& parts) noexcept {
  const auto takes = [&](char least, char most) {
    const bool is = !text.empty() && text.front() >= least && text.front() <= most;
    if (is) text.remove_prefix(1);
    return is;
  };
  for (; *form != 0; ++form) {
    const std::size_t letter = std::string_view(date_letters).find(*form);
    if (letter == std::string_view::npos) {
      if (!takes(*form, *form)) return false;
    } else if (*form == 'm' || *form == 'w') {
      const std::string_view known =
          *form == 'm' ? "JanFebMarAprMayJunJulAugSepOctNovDec" : "SunMonTueWedThuFriSat";
      std::size_t i = 0;
      while (i != known.size() && !same_name(text.substr(0, 3), {known.data() + i, 3})) i += 3;
      if (i == known.size()) return false;
      parts[letter] = static_cast<int>(i / 3);
      text.remove_prefix(3);
      while (*form == 'w' && takes('a', 'z')) {
      }
    } else {
      int left = *form == 'Y' ? 4 : 2;
      if (*form == 'D' && takes(' ', ' ')) left = 1;
      for (parts[letter] = 0; left != 0; --left) {
        const int digit = text.empty() ? 0 : text.front() - '0';
        if (!takes('0', '9')) return false;
        parts[letter] = parts[letter] * 10 + digit;
      }
    }
  }
  return text.empty();
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
ORCAST_SMALL constexpr std::int64_t days_since_1970(int year, int month, int day) noexcept {
  // Years begin in March, so that the day of the leap year is the last one.
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/// A date in one of the three forms as seconds since 1970; nothing when it is none.
///   Sun, 06 Nov 1994 08:49:37 GMT     Sunday, 06-Nov-94 08:49:37 GMT     Sun Nov  6 08:49:37 1994
ORCAST_SMALL inline std::optional<std::int64_t> parse_http_date(std::string_view text,
                                                                std::int64_t wall_now_s) noexcept {
  date_parts parts{};
  const bool short_year = read_date(text, "w, d-m-y h:i:s GMT", parts);
  if (!short_year && !read_date(text, "w, d m Y h:i:s GMT", parts) &&
      !read_date(text, "w m D h:i:s Y", parts)) {
    return std::nullopt;
  }
  const auto& [plain_day, padded_day, year_of_two, year_of_four, hour, minute, second, month,
               name] = parts;
  const int day = plain_day + padded_day;
  if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return std::nullopt;

  const std::int64_t time = hour * 3600 + minute * 60 + second;
  const int century = short_year ? 2000 : 0;
  std::int64_t date =
      days_since_1970(century + year_of_two + year_of_four, month + 1, day) * 86'400 + time;
  // Two digits that seem to lie more than 50 years ahead are of the century before.
  constexpr std::int64_t fifty_years_s = std::int64_t{50} * 31'556'952;
  if (short_year && date > wall_now_s + fifty_years_s) {
    date = days_since_1970(1900 + year_of_two, month + 1, day) * 86'400 + time;
  }
  return date;
}

}  // namespace detail

ORCAST_SMALL ORCAST_DECL bool retryable(const retry_policy& policy, const failure& why) noexcept {
  switch (why.http_status) {
    case 408:
      return policy.on_408;
    case 429:
      return policy.on_429;
    case 404:
      return policy.on_404 || (why.retryable && policy.on_unavailable);
    case 502:
    case 503:
    case 529:
      return policy.on_unavailable;
    case 504:
    case 524:
      return policy.on_unavailable && policy.on_no_answer;
    default:
      break;
  }
  if (why.http_status >= 500) return policy.on_other_5xx;
  if (why.http_status >= 400) return why.retryable && policy.on_unavailable;  // it says so itself
  switch (why.code) {
    case errc::rate_limited:
      return policy.on_429;
    case errc::request_timeout:
    case errc::provider_unavailable:
    case errc::overloaded:
      return policy.on_unavailable;
    case errc::server:
      return policy.on_other_5xx;
    case errc::resolve:
    case errc::connect:
    case errc::timeout_connect:
      return policy.on_connect;
    case errc::disconnected:
    case errc::timeout_first_byte:
    case errc::timeout_idle:
      return policy.on_no_answer;
    default:
      return false;
  }
}

ORCAST_SMALL ORCAST_DECL std::optional<std::int64_t> decide(const retry_policy& policy, int attempt,
                                                            const failure& why,
                                                            std::int64_t elapsed_ms,
                                                            std::int64_t deadline_ms,
                                                            std::uint32_t random) noexcept {
  if (!retryable(policy, why)) return std::nullopt;
  return wait_after(policy, attempt, why.retry_after_ms, elapsed_ms, deadline_ms, random);
}

ORCAST_SMALL ORCAST_DECL std::optional<std::int64_t> wait_after(const retry_policy& policy,
                                                                int attempt, std::int64_t asked_ms,
                                                                std::int64_t elapsed_ms,
                                                                std::int64_t deadline_ms,
                                                                std::uint32_t random) noexcept {
  if (attempt >= policy.max_attempts || asked_ms > policy.most_asked_ms) return std::nullopt;
  const double most =
      static_cast<double>((std::min)(policy.max_ms, orcast::detail::longest_wait_ms));
  double backoff = static_cast<double>(policy.initial_ms);
  for (int i = 1; i < attempt && backoff < most; ++i) backoff *= policy.factor;
  backoff = (std::min)(backoff, most);
  const double share = static_cast<double>(random) / 4294967296.0;
  backoff -= backoff * policy.jitter * share;
  const std::int64_t wait =
      (std::max)((std::max)(static_cast<std::int64_t>(backoff), asked_ms), std::int64_t{0});
  if (deadline_ms > 0 && wait >= deadline_ms - elapsed_ms) return std::nullopt;
  return wait;
}

ORCAST_SMALL ORCAST_DECL std::int64_t parse_retry_after(std::string_view value,
                                                        std::int64_t wall_now_s) noexcept {
  constexpr std::int64_t most_s = 86'400;
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  if (value.empty()) return -1;

  if (value.front() >= '0' && value.front() <= '9') {
    std::int64_t seconds = 0;
    for (char digit : value) {
      if (digit < '0' || digit > '9') return -1;
      seconds = (std::min)(seconds * 10 + (digit - '0'), most_s);
    }
    return seconds * 1000;
  }
  const std::optional<std::int64_t> date = detail::parse_http_date(value, wall_now_s);
  if (!date) return -1;
  return (std::min)((std::max)(*date - wall_now_s, std::int64_t{0}), most_s) * 1000;
}

}  // namespace http
}  // namespace v0
}  // namespace orcast
