// SPDX-License-Identifier: MIT
//
// What the model is to say, where a host does not leave that to the rules.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace standins {

struct token_counts {
  std::int64_t prompt = 0;      ///< cached tokens included
  std::int64_t completion = 0;  ///< reasoning included
  std::int64_t reasoning = 0;
  std::int64_t cached = 0;
  std::int64_t cache_write = 0;
};

struct tool_call {
  std::string name;
  std::string arguments = "{}";  ///< JSON text
  std::string id;                ///< empty: one is made
};

/// An answer that the host wants. Empty members are filled as OpenRouter would.
struct scripted_reply {
  std::string when;  ///< only for a request whose last user message contains this; empty: for any
  std::string text;
  std::string reasoning;  ///< given even when the request did not ask for it
  std::vector<tool_call> tool_calls;
  std::string finish_reason, native_finish_reason;
  std::string model, provider;
  std::optional<token_counts> usage;
  bool byok = false;
  std::optional<std::chrono::milliseconds> first_token;  ///< instead of the server's pace
  std::optional<std::chrono::milliseconds> duration;     ///< of the whole answer
};

}  // namespace standins
