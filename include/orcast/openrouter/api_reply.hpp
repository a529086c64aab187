// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/host.hpp"
#include "orcast/core/result.hpp"
#include "orcast/http/response.hpp"
#include "orcast/openrouter/delta_listener.hpp"

// The answer of an endpoint that is not a chat completion: its body as it came, and what its head
// says. A response that is not a success, or whose JSON is an error all the same, is a failure.

namespace orcast {
inline namespace v0 {

struct api_reply {
  int status = 0;
  std::string content_type;
  std::string generation_id;  ///< X-Generation-Id
  std::string cache_status;   ///< X-OpenRouter-Cache-Status: HIT, MISS or nothing
  std::string body;           ///< empty where a listener had it in pieces
};

/// Hears a successful response's body as it arrives. The view is valid during the call.
class byte_listener {
 public:
  virtual void on_data(std::string_view bytes) noexcept { static_cast<void>(bytes); }

 protected:
  ~byte_listener() = default;
};

/// Reads one exchange at a time; not thread safe. head(), data()..., then finish().
class api_reader {
 public:
  explicit api_reader(const reply_limits& limits = {}, const host& clock = {})
      : clock_(clock), limits_(limits) {}

  /// Where the body of a success goes instead of the reply; borrowed, null for nowhere else.
  void listen(byte_listener* listener) noexcept { listener_ = listener; }
  /// Forgets everything but its listener, for the next exchange.
  ORCAST_DECL void reset() noexcept;
  ORCAST_DECL void head(const http::response_head& head) noexcept;
  /// False: a limit was passed; the exchange may be stopped.
  ORCAST_DECL bool data(std::string_view bytes) noexcept;
  /// The end of the exchange, as the transport reports it. With a failure the reply's body holds
  /// what had arrived.
  ORCAST_DECL result<void> finish(result<void> outcome) noexcept;

  const api_reply& reply() const noexcept { return reply_; }
  api_reply& reply() noexcept { return reply_; }
  /// A success has begun: at least a byte of its body is here.
  bool received_content() const noexcept { return received_; }

 private:
  bool success() const noexcept { return reply_.status >= 200 && reply_.status < 300; }

  host clock_;
  reply_limits limits_;
  byte_listener* listener_ = nullptr;
  api_reply reply_;
  std::string error_body_;
  std::int64_t retry_after_ms_ = -1;
  bool received_ = false;
  bool too_large_ = false;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/api_reply.ipp"
#endif
