// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/message.hpp"

// A request to POST /chat/completions. Only `messages` is needed; what is not set is not sent, so
// that OpenRouter's and the model's own defaults hold.

namespace orcast {
inline namespace v0 {

/// A function that the model may call.
struct tool {
  std::string name;
  std::string description;
  json_text parameters;  ///< a JSON Schema of type object; empty: no parameters
  /// Sent instead of all the above: the whole tool as OpenRouter takes it, e.g.
  /// {"type":"openrouter:web_search"}, or a function with `strict` or `cache_control`.
  json_text json;
};

/// OpenRouter's `trace` object: how this call is to appear in a tracing system.
struct trace_fields {
  std::string trace_id;         ///< 32 hex digits, or any text, which is then hashed
  std::string trace_name;       ///< name of the root span
  std::string span_name;        ///< kept as metadata
  std::string generation_name;  ///< name of the call's own span
  std::string parent_span_id;   ///< 16 hex digits, used together with trace_id
  json_text metadata;           ///< an object with any further keys

  bool empty() const noexcept {
    return trace_id.empty() && trace_name.empty() && span_name.empty() && generation_name.empty() &&
           parent_span_id.empty() && metadata.empty();
  }
};

struct chat_request {
  std::string model;  ///< "author/name[:variant]"; empty: the account's default
  std::vector<message> messages;
  bool stream = false;  ///< set by the client according to the function that is called

  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<std::int64_t> max_completion_tokens;
  std::optional<std::int64_t> seed;
  std::vector<std::string> stop;

  std::vector<tool> tools;
  json_text tool_choice;  ///< "\"auto\"", "\"none\"", "\"required\"" or an object
  json_text response_format;
  json_text reasoning;
  json_text provider;
  std::vector<std::string> models;  ///< to fall back to, in order

  std::string user;        ///< your end user, up to 128 characters
  std::string session_id;  ///< one conversation, up to 256 characters
  trace_fields trace;

  /// An object whose members are added to the body; a member that is also set above is refused.
  json_text extra;
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

/// Reads a body that somebody else wrote. Members without a place above, or of another shape than
/// append_json gives them, end up in `extra` (of the request, a message or `trace`), so that
/// append_json makes an equal body of what was read. One thing is not kept: "stream":false, which
/// is what no `stream` means. Fails with malformed_response when it is not a JSON object.
ORCAST_DECL result<chat_request> parse_chat_request(std::string_view body);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/chat_request.ipp"
#endif
