// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "orcast/core/result.hpp"

// When to try again, and after how long. The client and the exporter ask with policies of their
// own. Nothing here reads a clock, draws a random number or waits: the caller brings all three.

namespace orcast {
inline namespace v0 {
namespace http {

/// The defaults suit calls of a language model; every duration is in milliseconds.
struct retry_policy {
  int max_attempts = 3;  ///< the first one counts
  std::int64_t initial_ms = 500;
  double factor = 2.0;
  std::int64_t max_ms = 60'000;  ///< of our own waits; a service may ask for more
  /// Of the waits that a service asks for. Who asks for more is not asked again: the failure says
  /// in retry_after_ms when it would be worth it.
  std::int64_t most_asked_ms = 600'000;
  double jitter = 0.5;  ///< the share of a wait that is random, 0 to 1; 1 is "full jitter"

  bool on_408 = true;  ///< the service gave up waiting for the request
  bool on_429 = true;  ///< rate limited
  /// 502, 503, 504, 524, 529, and whatever the service itself calls retryable.
  bool on_unavailable = true;
  bool on_other_5xx = true;  ///< 500 and the rest
  bool on_connect = true;    ///< no byte was sent: not resolved, refused, not connected in time
  /// Sent but not answered: cut or timed out. The work may have been done and billed all the same.
  /// False holds for 504 and 524 too, where a gateway gave up waiting.
  bool on_no_answer = true;
  bool on_404 = false;  ///< not there yet, for what appears in a while (a generation's facts)
};

/// Whether the policy tries again after this kind of failure: by HTTP status where there is one of
/// 400 or more, else by code. A service that says "don't" (in its body) is the caller's to heed.
bool retryable(const retry_policy& policy, const failure& why) noexcept;

/// The milliseconds to wait before the next attempt, or nothing: it is over.
/// `attempt` counts those made, from 1. `elapsed_ms` and `deadline_ms` count from the beginning of
/// the first; a deadline of 0 means none. `random` is any 32 random bits. The wait is our own
/// backoff or `asked_ms` (-1: the service asked for none), the longer one. A wait that reaches the
/// deadline, or that is asked for beyond most_asked_ms, is refused, not shortened: to come earlier
/// than asked would only be refused again.
std::optional<std::int64_t> wait_after(const retry_policy& policy, int attempt,
                                       std::int64_t asked_ms, std::int64_t elapsed_ms,
                                       std::int64_t deadline_ms, std::uint32_t random) noexcept;

/// The same after a failure: nothing also where it is not retryable().
std::optional<std::int64_t> decide(const retry_policy& policy, int attempt, const failure& why,
                                   std::int64_t elapsed_ms, std::int64_t deadline_ms,
                                   std::uint32_t random) noexcept;

/// The value of a Retry-After header (RFC 9110, 10.2.3) in milliseconds, at most a day: delta
/// seconds, or a date in any of its three forms against `wall_now_s` (seconds since 1970). A date
/// that has passed gives 0; what is neither gives -1.
std::int64_t parse_retry_after(std::string_view value, std::int64_t wall_now_s) noexcept;

}  // namespace http
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/http/impl/retry.ipp"
#endif
