// SPDX-License-Identifier: MIT

#include "orcast/http/retry.hpp"

#include <limits>
#include <string>

#include "orcast/core/wait.hpp"
#include "support/catch.hpp"

namespace {

using orcast::errc;
using orcast::failure;
using orcast::http::decide;
using orcast::http::parse_retry_after;
using orcast::http::retry_policy;
using orcast::http::retryable;

constexpr std::uint32_t no_luck = 0;  // the longest wait
constexpr std::uint32_t all_luck = 0xFFFFFFFF;

failure with_status(int status) { return failure(errc::server, "refused", status); }
failure without_answer(errc code) { return failure(code, "no answer"); }

TEST_CASE("the default policy retries what can pass and nothing else") {
  const retry_policy policy;
  for (int status : {408, 429, 500, 501, 502, 503, 504, 520, 524, 529}) {
    CHECK(retryable(policy, with_status(status)));
  }
  for (int status : {400, 401, 402, 403, 404, 409, 413, 422, 451}) {
    CHECK_FALSE(retryable(policy, with_status(status)));
  }
  for (errc code : {errc::resolve, errc::connect, errc::timeout_connect, errc::disconnected,
                    errc::timeout_first_byte, errc::timeout_idle}) {
    CHECK(retryable(policy, without_answer(code)));
  }
  for (errc code : {errc::cancelled, errc::shut_down, errc::busy, errc::tls, errc::trust_store,
                    errc::timeout_total, errc::protocol, errc::too_large, errc::unsupported,
                    errc::malformed_response, errc::stream_truncated, errc::provider_error}) {
    CHECK_FALSE(retryable(policy, without_answer(code)));
  }
}

TEST_CASE("an error within a response of status 200 is judged by its code") {
  CHECK(retryable({}, failure(errc::rate_limited, "slow down", 200)));
  CHECK(retryable({}, failure(errc::overloaded, "busy", 200)));
  CHECK_FALSE(retryable({}, failure(errc::authentication, "no", 200)));
}

TEST_CASE("each class of failures has a switch of its own") {
  retry_policy none;
  none.on_408 = none.on_429 = none.on_unavailable = none.on_other_5xx = false;
  none.on_connect = none.on_no_answer = false;
  for (int status : {408, 429, 500, 502, 503, 504, 524, 529}) {
    CHECK_FALSE(retryable(none, with_status(status)));
  }
  CHECK_FALSE(retryable(none, without_answer(errc::connect)));
  CHECK_FALSE(retryable(none, without_answer(errc::disconnected)));

  retry_policy otlp = none;  // 429, 502, 503, 504 and what never arrived
  otlp.on_429 = otlp.on_unavailable = otlp.on_connect = otlp.on_no_answer = true;
  CHECK(retryable(otlp, with_status(503)));
  CHECK_FALSE(retryable(otlp, with_status(500)));
  CHECK_FALSE(retryable(otlp, with_status(408)));
  CHECK(retryable(otlp, without_answer(errc::disconnected)));
}

TEST_CASE("what the service calls retryable is, whatever its status") {
  failure gone = with_status(404);
  gone.retryable = true;
  CHECK(retryable({}, gone));
  gone.http_status = 409;
  CHECK(retryable({}, gone));
  retry_policy none;
  none.on_unavailable = false;
  CHECK_FALSE(retryable(none, gone));
}

TEST_CASE("what is not there yet is waited for on request only") {
  retry_policy patient;
  patient.on_404 = true;
  CHECK(retryable(patient, with_status(404)));
  CHECK_FALSE(retryable(patient, with_status(403)));
}

TEST_CASE("without repeating what was sent, a gateway's time-out is none to repeat either") {
  retry_policy careful;
  careful.on_no_answer = false;
  CHECK_FALSE(retryable(careful, with_status(504)));
  CHECK_FALSE(retryable(careful, with_status(524)));
  CHECK_FALSE(retryable(careful, without_answer(errc::timeout_idle)));
  CHECK(retryable(careful, with_status(503)));
}

TEST_CASE("the backoff grows by its factor up to its limit") {
  retry_policy policy;
  policy.max_attempts = 100;
  const failure why = with_status(503);
  CHECK(decide(policy, 1, why, 0, 0, no_luck) == 500);
  CHECK(decide(policy, 2, why, 0, 0, no_luck) == 1000);
  CHECK(decide(policy, 3, why, 0, 0, no_luck) == 2000);
  CHECK(decide(policy, 7, why, 0, 0, no_luck) == 32'000);
  CHECK(decide(policy, 8, why, 0, 0, no_luck) == 60'000);
  CHECK(decide(policy, 99, why, 0, 0, no_luck) == 60'000);
}

TEST_CASE("jitter shortens a wait by at most its share") {
  retry_policy policy;
  const failure why = with_status(503);
  CHECK(decide(policy, 1, why, 0, 0, 0x80000000) == 375);
  CHECK(decide(policy, 1, why, 0, 0, all_luck) == 250);
  policy.jitter = 1.0;
  CHECK(decide(policy, 1, why, 0, 0, all_luck) == 0);
  policy.jitter = 0.0;
  CHECK(decide(policy, 1, why, 0, 0, all_luck) == 500);
}

TEST_CASE("the attempts are counted with the first one") {
  const failure why = with_status(503);
  CHECK(decide({}, 2, why, 0, 0, no_luck).has_value());
  CHECK_FALSE(decide({}, 3, why, 0, 0, no_luck).has_value());
  retry_policy once;
  once.max_attempts = 1;
  CHECK_FALSE(decide(once, 1, why, 0, 0, no_luck).has_value());
  CHECK_FALSE(decide({}, 1, with_status(401), 0, 0, no_luck).has_value());
}

TEST_CASE("the service's hint lengthens a wait, also beyond the limit, and never shortens it") {
  failure why = with_status(429);
  why.retry_after_ms = 120'000;
  CHECK(decide({}, 1, why, 0, 0, no_luck) == 120'000);
  why.retry_after_ms = 10;
  CHECK(decide({}, 1, why, 0, 0, no_luck) == 500);
  why.retry_after_ms = 0;
  CHECK(decide({}, 1, why, 0, 0, no_luck) == 500);
}

TEST_CASE("the largest wait is one, and none that a clock can't hold") {
  retry_policy policy;
  policy.initial_ms = policy.max_ms = (std::numeric_limits<std::int64_t>::max)();
  CHECK(decide(policy, 1, with_status(429), 0, 0, no_luck) == orcast::detail::longest_wait_ms);
}

TEST_CASE("a service that asks for more than the policy waits is not asked again") {
  retry_policy policy;
  failure why = with_status(429);
  why.retry_after_ms = policy.most_asked_ms;
  CHECK(decide(policy, 1, why, 0, 0, no_luck) == policy.most_asked_ms);
  why.retry_after_ms += 1;
  CHECK_FALSE(decide(policy, 1, why, 0, 0, no_luck));
  policy.most_asked_ms = (std::numeric_limits<std::int64_t>::max)();
  CHECK(decide(policy, 1, why, 0, 0, no_luck) == 600'001);
}

TEST_CASE("a wait that reaches the deadline is refused") {
  failure why = with_status(503);
  CHECK(decide({}, 1, why, 1000, 1501, no_luck) == 500);
  CHECK_FALSE(decide({}, 1, why, 1000, 1500, no_luck).has_value());
  CHECK_FALSE(decide({}, 1, why, 2000, 1500, no_luck).has_value());
  why.retry_after_ms = 5000;
  CHECK_FALSE(decide({}, 1, why, 0, 4000, no_luck).has_value());
}

// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
constexpr std::int64_t that_sunday = 784111777;

TEST_CASE("delta seconds are read and capped at a day") {
  CHECK(parse_retry_after("0", 0) == 0);
  CHECK(parse_retry_after("120", 0) == 120'000);
  CHECK(parse_retry_after(" \t7 ", 0) == 7000);
  CHECK(parse_retry_after("86400", 0) == 86'400'000);
  CHECK(parse_retry_after("86401", 0) == 86'400'000);
  CHECK(parse_retry_after(std::string(400, '9'), 0) == 86'400'000);
}

TEST_CASE("what is neither seconds nor a date is refused") {
  for (const char* value : {"",
                            " ",
                            "-1",
                            "+5",
                            "1.5",
                            "12s",
                            "0x10",
                            "soon",
                            "Sun",
                            "Sun, 06 Nov 1994 08:49:37",
                            "Sun, 06 Nov 1994 08:49:37 CET",
                            "Sun, 06 Nov 1994 08:49:37 GMT+1",
                            "Sun, 06 Now 1994 08:49:37 GMT",
                            "Sun, 32 Nov 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 24:49:37 GMT",
                            "Sun, 06 Nov 1994 08:60:37 GMT",
                            "Sun, 06 Nov 1994 08:49:61 GMT",
                            "Sun, 6 Nov 1994 08:49:37 GMT",
                            "Sun Nov 06 08:49:37",
                            "Sunday, 06-Nov-1994 08:49:37 GMT",
                            "1994-11-06T08:49:37Z"}) {
    CHECK(parse_retry_after(value, that_sunday - 60) == -1);
  }
}

TEST_CASE("a date counts in its three forms") {
  for (const char* value : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                            "Sun Nov  6 08:49:37 1994", "sun, 06 nov 1994 08:49:37 GMT"}) {
    CHECK(parse_retry_after(value, that_sunday - 60) == 60'000);
    CHECK(parse_retry_after(value, that_sunday) == 0);
    CHECK(parse_retry_after(value, that_sunday + 1) == 0);
    CHECK(parse_retry_after(value, 0) == 86'400'000);
  }
}

TEST_CASE("dates are right across leap days and centuries") {
  CHECK(parse_retry_after("Thu, 29 Feb 2024 00:00:00 GMT", 1709164799) == 1000);
  CHECK(parse_retry_after("Fri, 01 Mar 2024 00:00:00 GMT", 1709251199) == 1000);
  CHECK(parse_retry_after("Thu, 01 Jan 1970 00:00:10 GMT", 0) == 10'000);
  CHECK(parse_retry_after("Tue, 19 Jan 2038 03:14:08 GMT", 2147483647) == 1000);
  CHECK(parse_retry_after("Mon, 01 Mar 2100 00:00:00 GMT", 4107542399) == 1000);
}

TEST_CASE("two digits of a year mean the century that lies within fifty years") {
  constexpr std::int64_t in_2026 = 1795478400;  // 2026-11-24
  CHECK(parse_retry_after("Tuesday, 24-Nov-26 00:00:30 GMT", in_2026) == 30'000);
  CHECK(parse_retry_after("Monday, 24-Nov-75 00:00:30 GMT", in_2026) == 86'400'000);  // 2075
  CHECK(parse_retry_after("Thursday, 24-Nov-77 00:00:30 GMT", in_2026) == 0);         // 1977
}

}  // namespace
