// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "orcast/broadcast/settings.hpp"
#include "orcast/core/host.hpp"
#include "orcast/core/result.hpp"
#include "orcast/http/any_transport.hpp"

// Test Connection: sends one real span to a destination, by the very way that a broadcast sends,
// and explains what came of it.
//
//   const connection_report seen = test_connection(settings, std::move(transport));   // waits
//
//   connection_test test(settings, std::move(transport));                             // or
//   each frame:  if (test.poll()) show(test.report().explanation);

namespace orcast {
inline namespace v0 {

enum class connection_verdict : unsigned char {
  pending,       ///< no answer yet
  accepted,      ///< taken; `explanation` says why that is no proof, and how to look
  bad_settings,  ///< nothing was sent: a field is wrong
  refused,       ///< the key, the space, the project or the region; or the span, once it was read
  wrong_path,    ///< there is a service, but spans don't go there
  not_otlp,      ///< whatever answered is no OTLP endpoint: a web page, a login, a proxy
  busy,          ///< too many requests, or overloaded: try again
  failing,       ///< the service itself has trouble
  unreachable,   ///< no connection, or no answer in time
  tls,           ///< no trust: certificate, handshake, or nothing to check it against
};

constexpr std::string_view to_string(connection_verdict verdict) noexcept {
  constexpr std::string_view names[] = {"pending",     "accepted", "bad_settings", "refused",
                                        "wrong_path",  "not_otlp", "busy",         "failing",
                                        "unreachable", "tls"};
  return names[static_cast<std::size_t>(verdict)];
}

struct connection_report {
  connection_verdict verdict = connection_verdict::pending;
  int http_status = 0;      ///< 0 where no answer came
  std::string url;          ///< where the span was posted
  std::string trace_id;     ///< of the span, 32 hexadecimal digits: to look for it
  std::string answer;       ///< the service's own words, one line; empty where it had none
  std::string explanation;  ///< for people: what happened and what to do; one line, without keys

  bool passed() const noexcept { return verdict == connection_verdict::accepted; }
};

class connection_test {
 public:
  static constexpr std::string_view span_name = "orcast connection test";

  /// Sends nothing yet. `host` as for a broadcast.
  ORCAST_DECL connection_test(const broadcast_settings& settings, http::any_transport transport,
                              const orcast::host& host = {}, std::int64_t timeout_ms = 10'000);
  ORCAST_DECL connection_test(connection_test&&) noexcept;
  ORCAST_DECL connection_test& operator=(connection_test&&) noexcept;
  ORCAST_DECL ~connection_test();

  /// Once a frame, on one thread: goes on with it, without waiting. True when report() is complete.
  ORCAST_DECL bool poll();

  /// Waits for the answer. On the thread that polls.
  ORCAST_DECL const connection_report& wait();

  ORCAST_DECL const connection_report& report() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Tests and waits. Any thread, as far as the transport allows it.
ORCAST_DECL connection_report test_connection(const broadcast_settings& settings,
                                              http::any_transport transport,
                                              const orcast::host& host = {},
                                              std::int64_t timeout_ms = 10'000);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/broadcast/impl/connection_test.ipp"
#endif
