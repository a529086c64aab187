// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "orcast/openrouter/content_part.hpp"
#include "orcast/openrouter/json_text.hpp"

// The messages of a conversation, as OpenRouter's chat completions take and give them. Plain data:
// fill in what you need, leave the rest empty.

namespace orcast {
inline namespace v0 {

/// A call that a model asks for.
struct tool_call {
  std::string id;
  std::string name;
  json_text arguments;  ///< as the model wrote it: usually a JSON object, but nothing ensures that
  /// The whole call, when it came with more than the above (a provider's signature, for instance):
  /// it is sent back instead of them.
  json_text json;
};

/// One message. That of a reply can be sent back as it is: what a model needs to go on from it
/// (signed reasoning, images) is in it, unchanged.
struct message {
  std::string role;  ///< "system", "developer", "user", "assistant" or "tool"
  /// The text. With parts it is not sent; of a message that was read it is then the text in them.
  std::string content;
  std::vector<content_part> parts;
  std::string name;

  std::vector<tool_call> tool_calls;  ///< of an assistant message
  std::string tool_call_id;           ///< of a tool message: the call that it answers
  std::string reasoning;              ///< of an assistant message, as the following
  json_text reasoning_details;        ///< an array; send it back unchanged with the tools' results
  std::string refusal;                ///< why the model does not answer
  json_text images;                   ///< an array of the images that the model made
  json_text audio;                    ///< an object: the model's voice, and what it says
  json_text annotations;              ///< an array: sources, and documents that were read
  json_text extra;                    ///< an object with further members of this message
  /// No `content` at all is sent when it is empty, unless extra has one. By default it is "", and
  /// null beside tool calls: some providers refuse calls without it, others "".
  bool omit_content = false;

  static ORCAST_DECL message system(std::string text);
  static ORCAST_DECL message user(std::string text);
  static ORCAST_DECL message user(std::vector<content_part> parts);
  static ORCAST_DECL message assistant(std::string text);
  static ORCAST_DECL message tool(std::string call_id, std::string result);
  static ORCAST_DECL message of(const char* role, std::string text);
  static ORCAST_DECL message of(const char* role, std::vector<content_part> parts);

  // Not left to the compiler, which would write them anew into every file that makes a request.
  ORCAST_DECL message();
  ORCAST_DECL message(message&&) noexcept;
  ORCAST_DECL message(const message&);
  ORCAST_DECL message& operator=(message&&) noexcept;
  ORCAST_DECL message& operator=(const message&);
  ORCAST_DECL ~message();
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/message.ipp"
#endif
