// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include "orcast/openrouter/message.hpp"

// What goes with reading a reply: who hears it while it arrives, and how much of it there may be.

namespace orcast {
inline namespace v0 {

/// Hears the pieces of a streamed reply as they arrive; of a reply in one piece it hears nothing
/// (read reply()). Text is always whole code points, and only of choice 0; a stream without one is
/// heard at its end, the text of its first choice in one piece. Views are valid during the call.
/// Called on the thread that feeds the reader.
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
  std::size_t event_bytes = std::size_t{8} << 20;
  std::size_t line_bytes = std::size_t{8} << 20;  ///< a picture comes in one
  std::size_t events = 1'000'000;                 ///< and comments
  std::size_t tool_calls = 128;
  std::size_t tool_argument_bytes = std::size_t{1} << 20;
  std::size_t depth = 32;  ///< of arrays and objects within each other
};

}  // namespace v0
}  // namespace orcast
