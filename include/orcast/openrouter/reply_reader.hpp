// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/http/response.hpp"
#include "orcast/openrouter/chat_reply.hpp"

// Turns the bytes of a chat completion's response into a reply, incrementally: a JSON body, an
// event stream, or an error in any of the shapes that OpenRouter and the proxies before it use. The
// bytes are parsed once; whoever wants to see the pieces listens.

namespace orcast {
inline namespace v0 {

/// Hears the pieces of a streamed reply as they arrive; of a reply in one piece it hears nothing
/// (read reply()). Text is always whole code points, and only of the first choice. Views are valid
/// during the call. Called on the thread that feeds the reader.
class delta_listener {
 public:
  virtual void on_text(std::string_view piece) noexcept { static_cast<void>(piece); }
  virtual void on_reasoning(std::string_view piece) noexcept { static_cast<void>(piece); }
  /// A tool call is complete: once for each, when the answer is. Not called for an answer that
  /// fails.
  virtual void on_tool_call(const tool_call& call) noexcept { static_cast<void>(call); }
  /// Any chunk with a first content, reasoning or tool delta: once.
  virtual void on_first_token() noexcept {}
  /// The first chunk of the stream, whatever it holds: once.
  virtual void on_first_chunk() noexcept {}

 protected:
  ~delta_listener() = default;
};

/// What a response may cost at most; more is a failure with errc::too_large, or, for `depth`,
/// malformed_response.
struct reply_limits {
  std::size_t body_bytes = std::size_t{8}
                           << 20;  ///< of a JSON body, and of all that a stream adds up
  std::size_t event_bytes = std::size_t{4} << 20;
  std::size_t line_bytes = std::size_t{1} << 20;
  std::size_t events = 100'000;  ///< and comments
  std::size_t tool_calls = 128;
  std::size_t tool_argument_bytes = std::size_t{1} << 20;
  std::size_t depth = 32;  ///< of arrays and objects within each other
};

/// One exchange at a time; not thread safe. head(), data()..., then finish().
class reply_reader {
 public:
  ORCAST_DECL explicit reply_reader(const reply_limits& limits = {});
  ORCAST_DECL ~reply_reader();
  ORCAST_DECL reply_reader(reply_reader&&) noexcept;
  ORCAST_DECL reply_reader& operator=(reply_reader&&) noexcept;

  /// Forgets everything but its memory and its listener, for the next exchange.
  ORCAST_DECL void reset() noexcept;

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
