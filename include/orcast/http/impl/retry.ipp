// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "orcast/http/response.hpp"
#include "orcast/http/retry.hpp"

// The bodies of orcast/http/retry.hpp, among them a reader for HTTP dates (RFC 9110, 5.6.7).

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// Reads a date from left to right; the first thing that does not fit makes it fail for good.
class date_reader {
 public:
  explicit date_reader(std::string_view text) noexcept : rest_(text) {}

  bool failed() const noexcept { return failed_; }
  bool at_end() const noexcept { return rest_.empty(); }

  ORCAST_SMALL void literal(std::string_view expected) noexcept {
    failed_ = failed_ || rest_.substr(0, expected.size()) != expected;
    if (!failed_) rest_.remove_prefix(expected.size());
  }

  /// Exactly `digits` digits. asctime pads a day with a space, hence `padded`.
  ORCAST_SMALL int number(std::size_t digits, bool padded = false) noexcept {
    int value = 0;
    failed_ = failed_ || rest_.size() < digits;
    for (std::size_t i = 0; i < digits && !failed_; ++i) {
      const char digit = padded && i == 0 && rest_[0] == ' ' ? '0' : rest_[i];
      failed_ = digit < '0' || digit > '9';
      value = value * 10 + (digit - '0');
    }
    if (!failed_) rest_.remove_prefix(digits);
    return failed_ ? 0 : value;
  }

  /// The position in `names` (three letters each) of the name that comes next.
  ORCAST_SMALL int name(std::string_view names) noexcept {
    for (std::size_t i = 0; i + 3 <= names.size() && !failed_; i += 3) {
      if (!same_name(rest_.substr(0, 3), names.substr(i, 3))) continue;
      rest_.remove_prefix(3);
      return static_cast<int>(i / 3);
    }
    failed_ = true;
    return 0;
  }

  void skip_letters() noexcept {
    while (!rest_.empty() && rest_.front() >= 'a' && rest_.front() <= 'z') rest_.remove_prefix(1);
  }

  bool next_is(char expected) const noexcept { return !rest_.empty() && rest_.front() == expected; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

/// Days from 1970-01-01 to a date of the Gregorian calendar.
constexpr std::int64_t days_since_1970(int year, int month, int day) noexcept {
  // Years begin in March, so that the day of the leap year is the last one.
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/// A date in one of the three forms as seconds since 1970; nothing when it is none.
///   Sun, 06 Nov 1994 08:49:37 GMT     Sunday, 06-Nov-94 08:49:37 GMT     Sun Nov  6 08:49:37 1994
ORCAST_SMALL inline std::optional<std::int64_t> parse_http_date(std::string_view text,
                                                                std::int64_t wall_now_s) noexcept {
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  date_reader in(text);
  in.name(days);
  in.skip_letters();
  const bool asctime = in.next_is(' ');
  int day = 0, month = 0, year = 0;
  bool short_year = false;
  if (asctime) {
    in.literal(" ");
    month = in.name(months);
    in.literal(" ");
    day = in.number(2, true);
  } else {
    in.literal(", ");
    day = in.number(2);
    short_year = in.next_is('-');
    const std::string_view between = short_year ? "-" : " ";
    in.literal(between);
    month = in.name(months);
    in.literal(between);
    year = in.number(short_year ? 2 : 4);
  }
  in.literal(" ");
  const int hour = in.number(2);
  in.literal(":");
  const int minute = in.number(2);
  in.literal(":");
  const int second = in.number(2);
  in.literal(" ");
  if (asctime) {
    year = in.number(4);
  } else {
    in.literal("GMT");
  }
  if (in.failed() || !in.at_end() || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;

  const auto seconds = [&](int full_year) {
    return days_since_1970(full_year, month + 1, day) * 86'400 + hour * 3600 + minute * 60 + second;
  };
  if (!short_year) return seconds(year);
  // Two digits that seem to lie more than 50 years ahead are of the century before.
  constexpr std::int64_t fifty_years_s = std::int64_t{50} * 31'556'952;
  const std::int64_t this_century = seconds(2000 + year);
  return this_century > wall_now_s + fifty_years_s ? seconds(1900 + year) : this_century;
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
  if (attempt >= policy.max_attempts || !retryable(policy, why)) return std::nullopt;
  const double most = static_cast<double>(policy.max_ms);
  double backoff = static_cast<double>(policy.initial_ms);
  for (int i = 1; i < attempt && backoff < most; ++i) backoff *= policy.factor;
  backoff = (std::min)(backoff, most);
  const double share = static_cast<double>(random) / 4294967296.0;
  backoff -= backoff * policy.jitter * share;
  const std::int64_t wait = (std::max)(
      (std::max)(static_cast<std::int64_t>(backoff), why.retry_after_ms), std::int64_t{0});
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
