// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/http/fake_reply.hpp"
#include "orcast/openrouter/message.hpp"

// Answers as OpenRouter gives them, for the fake transports of orcast/http/fake_transport.hpp: what
// a program needs to test its own use of models, without a network, a key or a sleep.
//
//   http::fake_transport net;                       // or the blocking or asynchronous one
//   net.reply(mock_reply("").tool("look_up_ship", R"({"ship":"Heron"})").streamed());
//   net.reply(mock_reply("At the east pier.").streamed());
//   net.reply(mock_reply("At the ").then_error(502, "The provider went away").streamed());
//   net.reply(mock_reply::error(429, "Slow down", 7));
//
// Which request meets which reply is the order of the requests; net.requests() has what was sent.

namespace orcast {
inline namespace v0 {

/// Equal scripts give equal bytes.
class mock_reply {
 public:
  explicit mock_reply(std::string text) : text_(std::move(text)) {}

  /// An error in OpenRouter's envelope, before anything of an answer. `retry_after_s` becomes the
  /// header Retry-After; -1: no such header.
  static ORCAST_DECL http::fake_reply error(int status, std::string_view message,
                                            int retry_after_s = -1);

  mock_reply& reasoning(std::string text) {
    reasoning_ = std::move(text);
    return *this;
  }
  /// The model asks for a tool; once for each call.
  mock_reply& tool(std::string name, json_text arguments) {
    tool_calls_.push_back({"call_" + std::to_string(tool_calls_.size() + 1),
                           std::move(name),
                           std::move(arguments),
                           {}});
    return *this;
  }
  mock_reply& model(std::string slug) {
    model_ = std::move(slug);
    return *this;
  }
  /// "stop", or "tool_calls" where there are some, unless you say otherwise.
  mock_reply& finish_reason(std::string why) {
    finish_reason_ = std::move(why);
    return *this;
  }
  /// `cost` is decimal text, in US dollars.
  mock_reply& usage(std::int64_t prompt_tokens, std::int64_t completion_tokens,
                    std::string cost = "0.0001") {
    prompt_tokens_ = prompt_tokens;
    completion_tokens_ = completion_tokens;
    cost_ = std::move(cost);
    return *this;
  }

  // Faults, each instead of the answer's proper end:

  /// The connection breaks after the text.
  mock_reply& then_cut() { return end_with(ending::cut); }
  /// The stream goes silent after the text; only a cancel ends it.
  mock_reply& then_silence() { return end_with(ending::silence); }
  /// The provider fails in mid-stream, or, in one piece, in the middle of its answer.
  mock_reply& then_error(int code, std::string message) {
    error_code_ = code;
    error_message_ = std::move(message);
    return end_with(ending::error);
  }

  /// Each word an event and a packet of its own, all at once.
  http::fake_reply streamed() const { return stream(false); }
  /// Each word in a poll of its own: with fake_transport one for each client::tick().
  http::fake_reply word_by_word() const { return stream(true); }
  /// The answer to a request that is not streamed.
  ORCAST_DECL http::fake_reply whole() const;

 private:
  enum class ending : unsigned char { proper, cut, silence, error };

  mock_reply& end_with(ending how) {
    ending_ = how;
    return *this;
  }
  ORCAST_DECL http::fake_reply stream(bool paced) const;
  ORCAST_DECL void end(http::fake_reply& reply, std::string_view rest) const;
  ORCAST_DECL std::string chunk(std::string_view delta, std::string_view finish) const;
  ORCAST_DECL std::string tool_calls_json() const;
  ORCAST_DECL std::string usage_json() const;
  ORCAST_DECL std::string error_json() const;
  ORCAST_DECL std::string_view why() const noexcept;

  std::string text_;
  std::string reasoning_;
  std::vector<tool_call> tool_calls_;
  std::string model_ = "openai/gpt-4o-mini";
  std::string finish_reason_;
  std::int64_t prompt_tokens_ = 10;
  std::int64_t completion_tokens_ = 5;
  std::string cost_ = "0.0001";
  ending ending_ = ending::proper;
  int error_code_ = 502;
  std::string error_message_;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/mock_reply.ipp"
#endif
