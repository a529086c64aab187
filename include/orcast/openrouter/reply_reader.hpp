// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "orcast/core/host.hpp"
#include "orcast/core/result.hpp"
#include "orcast/http/response.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/delta_listener.hpp"

// Turns the bytes of a chat completion's response into a reply, incrementally: a JSON body, an
// event stream, or an error in any of the shapes that OpenRouter and the proxies before it use. The
// bytes are parsed once; whoever wants to see the pieces listens.

namespace orcast {
inline namespace v0 {

/// One exchange at a time; not thread safe. head(), data()..., then finish().
class reply_reader {
 public:
  ORCAST_DECL explicit reply_reader(const reply_limits& limits = {}, const host& clock = {});
  ORCAST_DECL ~reply_reader();
  ORCAST_DECL reply_reader(reply_reader&&) noexcept;
  ORCAST_DECL reply_reader& operator=(reply_reader&&) noexcept;

  /// Forgets everything but its memory and its listener, for the next exchange.
  ORCAST_DECL void reset() noexcept;

  /// About how many bytes of memory it keeps for that.
  ORCAST_DECL std::size_t held_bytes() const noexcept;

  /// The listener is borrowed; null for none.
  ORCAST_DECL void listen(delta_listener* listener) noexcept;

  ORCAST_DECL void head(const http::response_head& head) noexcept;

  /// False: nothing that could follow would matter (an error was found, a limit was passed, or the
  /// stream said [DONE]); the exchange may be stopped.
  ORCAST_DECL bool data(std::string_view bytes) noexcept;

  /// The end of the exchange, as the transport reports it. Ok: reply() is complete. A failure says
  /// what happened; reply() then holds what had arrived.
  ORCAST_DECL result<void> finish(result<void> outcome) noexcept;

  const chat_reply& reply() const noexcept { return reply_; }
  chat_reply& reply() noexcept { return reply_; }
  int http_status() const noexcept { return http_status_; }
  /// X-Generation-Id of the response head: known before the first byte of the body.
  const std::string& generation_id() const noexcept { return generation_id_; }
  const std::string& cache_status() const noexcept { return cache_status_; }
  bool streamed() const noexcept { return streamed_; }
  bool received_content() const noexcept { return received_content_; }

 private:
  struct parser;  // Boost.JSON and the stream's bookkeeping, out of sight
  chat_reply reply_;
  std::string generation_id_;
  std::string cache_status_;
  int http_status_ = 0;
  bool streamed_ = false;
  bool received_content_ = false;
  std::unique_ptr<parser> parser_;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/reply_reader.ipp"
#endif
