// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "orcast/openrouter/cache_control.hpp"
#include "orcast/openrouter/json_text.hpp"

// What a model may use besides words: functions of the host's, described by a JSON Schema, and
// tools that OpenRouter runs itself.

namespace orcast {
inline namespace v0 {

/// A function that the model may call.
struct tool {
  std::string name;
  std::string description;
  json_text parameters;  ///< a JSON Schema of type object; empty: no parameters
  /// Sent instead of all else: the whole tool as OpenRouter takes it.
  json_text json;
  /// Only providers that keep exactly to the schema. Set to true it may leave no provider at all.
  std::optional<bool> strict = std::nullopt;
  std::optional<cache_control> cache =
      std::nullopt;  ///< set: the prompt is to be cached up to this tool

  /// A tool that OpenRouter runs: "openrouter:web_search", "openrouter:datetime", ...; the
  /// parameters are an object, or nothing.
  static tool server(const std::string& type, const json_text& parameters = {}) {
    tool made;
    made.json = "{\"type\":\"" + type + '"';
    if (!parameters.empty()) made.json += ",\"parameters\":" + parameters;
    made.json += '}';
    return made;
  }
};

/// Values for chat_request::tool_choice.
namespace choose {

inline json_text none() { return "\"none\""; }
inline json_text automatic() { return "\"auto\""; }
inline json_text required() { return "\"required\""; }
/// That function and no other. A function's name is letters, digits, '_' and '-'.
inline json_text function(const std::string& name) {
  return R"({"type":"function","function":{"name":")" + name + "\"}}";
}
/// That tool of OpenRouter's.
inline json_text server_tool(const std::string& type) { return R"({"type":")" + type + "\"}"; }

}  // namespace choose

}  // namespace v0
}  // namespace orcast
