// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/message.hpp"
#include "orcast/openrouter/routing_metadata.hpp"

// The answer to a chat completion, the same whether it came in one piece or as a stream. What is
// kept as JSON here (images, sources, probabilities) is read by
// orcast/openrouter/reply_details.hpp.

namespace orcast {
inline namespace v0 {

/// What was used and charged. A member that OpenRouter did not send, or sent as null, is empty.
/// Prices are the decimal text that it sent, in US dollars: "0.0000225".
struct token_usage {
  std::optional<std::int64_t> prompt_tokens;      ///< cached ones included
  std::optional<std::int64_t> completion_tokens;  ///< reasoning included
  std::optional<std::int64_t> total_tokens;
  std::optional<std::int64_t> cached_tokens;
  std::optional<std::int64_t> cache_write_tokens;
  std::optional<std::int64_t> prompt_audio_tokens;
  std::optional<std::int64_t> prompt_video_tokens;
  std::optional<std::int64_t> reasoning_tokens;
  std::optional<std::int64_t> completion_audio_tokens;
  std::optional<std::int64_t> completion_image_tokens;
  std::optional<std::int64_t> accepted_prediction_tokens;
  std::optional<std::int64_t> rejected_prediction_tokens;
  std::string cost;  ///< what the account was charged
  std::string upstream_cost;
  std::string upstream_prompt_cost;
  std::string upstream_completion_cost;
  std::optional<std::int64_t> tool_calls_requested;  ///< of tools that OpenRouter runs
  std::optional<std::int64_t> tool_calls_executed;
  std::optional<std::int64_t> web_search_requests;
  std::optional<bool> is_byok;  ///< paid with a key of one's own at the provider
  bool received = false;        ///< false: there was no usage object at all
};

/// One alternative answer. Almost always there is exactly one.
struct chat_choice {
  message reply;  ///< ready to be sent back
  /// "stop", "length", "tool_calls", "content_filter", "error" or what the provider made up;
  /// "other" when it gave none. Where there are tool calls and no word of the above, it is
  /// "tool_calls".
  std::string finish_reason;
  std::string native_finish_reason;
  json_text logprobs;  ///< an object
  json_text extra;     ///< an object with further members of the choice
};

struct chat_reply {
  std::string id;        ///< the generation's id, "gen-..."
  std::string model;     ///< the model that answered; it may differ from the one asked for
  std::string provider;  ///< who ran it, as OpenRouter names it
  std::string service_tier;
  std::string system_fingerprint;
  std::int64_t created = 0;  ///< seconds since 1970
  std::vector<chat_choice> choices;
  token_usage usage;
  routing_metadata routing;  ///< openrouter_metadata, when it was asked for
  json_text metadata;        ///< the same as it came
  json_text extra;           ///< an object with the top-level members that have no place above

  /// The response body; of a stream, the equal body that a blocking call would have brought.
  json_text raw;

  bool no_done = false;  ///< a stream that ended without [DONE], though with a finish reason
  bool missing_finish_reason = false;  ///< the answer is complete, but none said why it ended

  /// Of the first choice; empty when there is none. The views last as long as the reply.
  std::string_view text() const noexcept {
    return choices.empty() ? std::string_view() : choices.front().reply.content;
  }
  std::string_view finish_reason() const noexcept {
    return choices.empty() ? std::string_view() : choices.front().finish_reason;
  }

  struct tool_call_range {
    const tool_call* first = nullptr;
    const tool_call* last = nullptr;
    const tool_call* begin() const noexcept { return first; }
    const tool_call* end() const noexcept { return last; }
    bool empty() const noexcept { return first == last; }
    std::size_t size() const noexcept { return static_cast<std::size_t>(last - first); }
  };
  tool_call_range tool_calls() const noexcept {
    if (choices.empty()) return {};
    const std::vector<tool_call>& calls = choices.front().reply.tool_calls;
    return {calls.data(), calls.data() + calls.size()};
  }
};

}  // namespace v0
}  // namespace orcast
