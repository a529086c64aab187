// SPDX-License-Identifier: MIT
//
// What the attributes of a span say, put back into the shape that people think in: messages with
// parts and tool calls, time to first token, whether the call failed or was cancelled.
// OpenInference flattens these into keys such as
// llm.input_messages.0.message.tool_calls.1.tool_call.id.

#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "support/trace_file.hpp"

namespace examples {

struct message_part {
  std::string type;  ///< text, image, audio, reasoning, tool_use
  std::string text;  ///< or the link, for an image or audio
};

struct message_tool_call {
  std::string id, name, arguments;
};

struct message {
  std::string role, name, content, tool_call_id;
  std::vector<message_part> parts;
  std::vector<message_tool_call> tool_calls;
};

enum class span_outcome { fine, failed, cancelled };

inline span_outcome outcome_of(const trace_span& span) {
  if (span.status == trace_span::status_code::failed) return span_outcome::failed;
  return span.text("openrouter.cancelled") == "true" ? span_outcome::cancelled : span_outcome::fine;
}

inline std::string_view kind_of(const trace_span& span) {
  const std::string_view kind = span.text("openinference.span.kind");
  return kind.empty() ? std::string_view("SPAN") : kind;
}

/// A call that a model was asked for: what totals of calls, tokens and cost are made of.
inline bool is_model_call(const trace_span& span) {
  const std::string_view kind = kind_of(span);
  return kind == "LLM" || kind == "EMBEDDING" || kind == "RERANKER";
}

/// Nanoseconds from the start to the first content, if the span tells.
inline std::optional<double> first_token_ns(const trace_span& span) {
  for (const span_event& event : span.events) {
    if (event.name != "First Token Stream Event") continue;
    return static_cast<double>((std::max)(event.time_ns - span.start_ns, std::int64_t{0}));
  }
  for (const char* key :
       {"openrouter.time_to_first_token", "gen_ai.response.time_to_first_chunk"}) {
    if (const double* seconds = span.number(key)) return *seconds * 1e9;
  }
  return std::nullopt;
}

namespace detail {

/// Takes "12." or a final "12" off the front; nothing when there is no number.
inline std::optional<int> take_index(std::string_view& key) {
  int index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc() || index < 0) return std::nullopt;
  key.remove_prefix(static_cast<std::size_t>(end - key.data()));
  if (!key.empty() && key.front() == '.') key.remove_prefix(1);
  return index;
}

inline bool take_prefix(std::string_view& key, std::string_view prefix) {
  if (key.substr(0, prefix.size()) != prefix) return false;
  key.remove_prefix(prefix.size());
  return true;
}

/// Visits every attribute below `prefix` as (index, rest of the key, value).
template <class Visit>
void for_each_indexed(const attribute_map& attributes, std::string_view prefix, Visit visit) {
  for (auto at = attributes.lower_bound(prefix); at != attributes.end(); ++at) {
    std::string_view key = at->first;
    if (!take_prefix(key, prefix)) break;
    if (const std::optional<int> index = take_index(key)) visit(*index, key, at->second.text);
  }
}

template <class T>
std::vector<T> in_order(const std::map<int, T>& by_index) {
  std::vector<T> out;
  for (const auto& entry : by_index) out.push_back(entry.second);
  return out;
}

}  // namespace detail

/// `prefix` is "llm.input_messages." or "llm.output_messages.".
inline std::vector<message> messages_of(const trace_span& span, std::string_view prefix) {
  struct draft {
    message whole;
    std::map<int, message_part> parts;
    std::map<int, message_tool_call> calls;
  };
  std::map<int, draft> drafts;
  detail::for_each_indexed(span.attributes, prefix,
                           [&drafts](int index, std::string_view key, const std::string& value) {
                             draft& to = drafts[index];
                             if (key == "message.role") to.whole.role = value;
                             if (key == "message.name") to.whole.name = value;
                             if (key == "message.content") to.whole.content = value;
                             if (key == "message.tool_call_id") to.whole.tool_call_id = value;
                             if (detail::take_prefix(key, "message.contents.")) {
                               const std::optional<int> at = detail::take_index(key);
                               if (!at) return;
                               message_part& part = to.parts[*at];
                               if (key == "message_content.type") part.type = value;
                               if (key == "message_content.text" ||
                                   key == "message_content.image.image.url" ||
                                   key == "message_content.audio.audio.url") {
                                 part.text = value;
                               }
                             } else if (detail::take_prefix(key, "message.tool_calls.")) {
                               const std::optional<int> at = detail::take_index(key);
                               if (!at) return;
                               message_tool_call& call = to.calls[*at];
                               if (key == "tool_call.id") call.id = value;
                               if (key == "tool_call.function.name") call.name = value;
                               if (key == "tool_call.function.arguments") call.arguments = value;
                             }
                           });
  std::vector<message> out;
  for (auto& entry : drafts) {
    out.push_back(std::move(entry.second.whole));
    out.back().parts = detail::in_order(entry.second.parts);
    out.back().tool_calls = detail::in_order(entry.second.calls);
  }
  return out;
}

/// The JSON definitions of the tools that the model was offered.
inline std::vector<std::string> tools_of(const trace_span& span) {
  std::map<int, std::string> by_index;
  detail::for_each_indexed(span.attributes, "llm.tools.",
                           [&by_index](int index, std::string_view key, const std::string& value) {
                             if (key == "tool.json_schema") by_index[index] = value;
                           });
  return detail::in_order(by_index);
}

}  // namespace examples
