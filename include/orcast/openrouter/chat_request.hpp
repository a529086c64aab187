// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/cache_control.hpp"
#include "orcast/openrouter/message.hpp"
#include "orcast/openrouter/plugin.hpp"
#include "orcast/openrouter/provider_preferences.hpp"
#include "orcast/openrouter/reasoning_options.hpp"
#include "orcast/openrouter/response_format.hpp"
#include "orcast/openrouter/stop_condition.hpp"
#include "orcast/openrouter/tool.hpp"
#include "orcast/openrouter/trace_fields.hpp"

// A request to POST /chat/completions. Set `model` and `messages`; what is not set is not sent, so
// that OpenRouter's and the model's own defaults hold. Members have OpenRouter's names.
//
// orcast looks at what it needs to write a body: that text is UTF-8, that JSON is JSON. Whether a
// value makes sense to a model is for OpenRouter to say, so that tomorrow's values work today.

namespace orcast {
inline namespace v0 {

/// How a model that speaks is to sound.
struct audio_output_options {
  std::string voice;
  std::string format;  ///< "wav", "mp3", "pcm16", ...
  json_text extra;     ///< an object with further members
};

/// OpenRouter's help for debugging, for streamed calls. Not for production.
struct debug_options {
  std::optional<bool> echo_upstream_body;  ///< the first chunks hold what the providers were sent
  json_text extra;                         ///< an object with further members
};

/// Without effect, deprecated: usage is always sent.
struct stream_options {
  std::optional<bool> include_usage;
  json_text extra;  ///< an object with further members
};

/// Most of the answer, known beforehand: a text that is to be changed here and there.
struct predicted_output {
  std::string content;
};

struct chat_request {
  std::string model;                ///< "author/name[:variant]"
  std::vector<std::string> models;  ///< to fall back to, in order
  /// Names no model on purpose: the default of the account answers.
  bool account_model = false;
  std::vector<message> messages;
  std::string prompt;   ///< plain text instead of messages
  bool stream = false;  ///< set by the client according to the function that is called

  // How the answer is drawn.
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<std::int64_t> top_k;
  std::optional<double> min_p;
  std::optional<double> top_a;
  std::optional<double> frequency_penalty;
  std::optional<double> presence_penalty;
  std::optional<double> repetition_penalty;
  std::optional<std::int64_t> max_completion_tokens;
  std::optional<std::int64_t> max_tokens;  ///< deprecated
  std::optional<std::int64_t> seed;
  std::vector<std::string> stop;  ///< up to 4
  std::vector<std::pair<std::string, double>> logit_bias;
  std::optional<bool> logprobs;
  std::optional<std::int64_t> top_logprobs;

  // What it is made with.
  std::vector<tool> tools;
  json_text tool_choice;  ///< see choose:: in tool.hpp
  std::optional<bool> parallel_tool_calls;
  std::vector<stop_condition> stop_server_tools_when;
  std::vector<plugin> plugins;
  json_text web_search_options;  ///< an object

  // What it looks like.
  orcast::response_format response_format;
  std::optional<bool> structured_outputs;
  reasoning_options reasoning;
  std::string reasoning_effort;  ///< the same as reasoning.effort
  std::string verbosity;         ///< "low", "medium", "high", ...
  std::vector<std::string> modalities;
  audio_output_options audio;
  json_text image_config;  ///< an object
  predicted_output prediction;

  // Who gives it.
  provider_preferences provider;
  std::string preset;
  std::string service_tier;
  std::string route;                   ///< deprecated
  std::optional<cache_control> cache;  ///< sent as `cache_control`
  std::string prompt_cache_key;        ///< groups requests that share a prefix
  prompt_cache_options cache_options;  ///< sent as `prompt_cache_options`
  orcast::stream_options stream_options;
  debug_options debug;

  // Who asked.
  std::string user;        ///< your end user, up to 128 characters
  std::string session_id;  ///< one conversation, up to 256 characters
  /// Up to 16 pairs of 64 and 512 characters.
  std::vector<std::pair<std::string, std::string>> metadata;
  trace_fields trace;

  /// An object whose members are added to the body; a member that is also set above is refused.
  json_text extra;

  // Not left to the compiler, which would write them anew into every file that makes a request.
  ORCAST_DECL chat_request();
  ORCAST_DECL chat_request(chat_request&&) noexcept;
  ORCAST_DECL chat_request(const chat_request&);
  ORCAST_DECL chat_request& operator=(chat_request&&) noexcept;
  ORCAST_DECL chat_request& operator=(const chat_request&);
  ORCAST_DECL ~chat_request();
};

/// Appends the request's body: one JSON object, members in a fixed order, so that equal requests
/// give equal bytes (prompt caches compare prefixes). Fails with invalid_argument, naming the
/// member ("messages[3].content is not UTF-8"), when a text is not UTF-8, a JSON member is not JSON
/// of the right kind, or a member is set twice; `out` is then what it was.
ORCAST_DECL result<void> append_json(const chat_request& request, std::string& out);

/// The same, with the members that OpenInference counts as invocation parameters: all but messages,
/// tools and functions, and but user, session_id and trace, which have attributes of their own on a
/// span. Never fails: what is not JSON is left out.
ORCAST_DECL void append_invocation_parameters(const chat_request& request, std::string& out);

/// Appends one tool as the request carries it. Never fails: what is not JSON is left out.
ORCAST_DECL void append_json(const tool& each, std::string& out);

/// Whether a client may send it: it names a model (or says that it does not) and holds messages or
/// a prompt, and all its text together is no more than `most_bytes`. Fails with invalid_argument or
/// too_large, saying what to set.
ORCAST_DECL result<void> validate_chat_request(const chat_request& request, std::size_t most_bytes);

/// Reads a body that somebody else wrote. Members without a place above, or of another shape than
/// append_json gives them, end up in `extra` (of the request, a message or one of its objects), so
/// that append_json makes an equal body of what was read. One thing is not kept: "stream":false,
/// which is what no `stream` means. Fails with malformed_response when it is not a JSON object.
ORCAST_DECL result<chat_request> parse_chat_request(std::string_view body);

/// Lays a JSON object over a request: each member of `body` replaces the whole member of that name,
/// whatever had set it, and is read as parse_chat_request reads it; the others stay. So "provider"
/// in `body` replaces all of request.provider, and null makes a member null. Fails as
/// parse_chat_request does; the request is then what it was.
ORCAST_DECL result<void> merge_chat_request(std::string_view body, chat_request& request);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/chat_request.ipp"
#endif
