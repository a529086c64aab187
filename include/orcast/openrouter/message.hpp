// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "orcast/config.hpp"

// The messages of a conversation, as OpenRouter's chat completions take and give them. Plain data:
// fill in what you need, leave the rest empty. Where OpenRouter's shape is open-ended the member is
// JSON text, passed on as it is.

namespace orcast {
inline namespace v0 {

/// JSON text. Empty means "not set".
using json_text = std::string;

/// A call that a model asks for.
struct tool_call {
  std::string id;
  std::string name;
  json_text arguments;  ///< as the model wrote it: usually a JSON object, but nothing ensures that
  /// The whole call, when it came with more than the above (a provider's signature, for instance):
  /// it is sent back instead of them.
  json_text json;
};

/// One part of a message that is more than text.
struct content_part {
  /// OpenRouter's name of the part: "text", "image_url", "input_audio", "file", "video_url".
  std::string type;
  std::string text;  ///< of a "text" part
  /// The whole part as JSON, for every other type (and for a text part with cache_control).
  json_text json;

  static content_part plain(std::string text) {
    return content_part{"text", std::move(text), std::string()};
  }
  /// Any other part: its type, and the whole part as a JSON object.
  static content_part other(std::string type, json_text json) {
    return content_part{std::move(type), std::string(), std::move(json)};
  }
};

struct message {
  std::string role;     ///< "system", "developer", "user", "assistant" or "tool"
  std::string content;  ///< the text; with parts: the text in them, which is not sent
  std::vector<content_part> parts;
  std::string name;

  std::vector<tool_call> tool_calls;  ///< of an assistant message
  std::string tool_call_id;           ///< of a tool message: the call that it answers
  std::string reasoning;              ///< of an assistant message
  json_text reasoning_details;        ///< an array; send it back unchanged with the tools' results
  json_text extra;                    ///< an object with further members of this message
  /// No `content` at all is sent when it is empty, unless extra has one. By default it is "", and
  /// null beside tool calls: some providers refuse calls without it, others "".
  bool omit_content = false;

  static message system(std::string text) { return of("system", std::move(text)); }
  static message user(std::string text) { return of("user", std::move(text)); }
  static message assistant(std::string text) { return of("assistant", std::move(text)); }
  static message tool(std::string call_id, std::string result) {
    message made = of("tool", std::move(result));
    made.tool_call_id = std::move(call_id);
    return made;
  }

  static message of(const char* role, std::string text) {
    message made;
    made.role = role;
    made.content = std::move(text);
    return made;
  }
};

}  // namespace v0
}  // namespace orcast
