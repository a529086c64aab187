// SPDX-License-Identifier: MIT
//
// What a call costs at the stand-in: tokens by the length of the text, prices by the model's
// family, and OpenRouter's `usage` object. The same request gives the same usage, streamed or not.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "standins/json_text.hpp"
#include "standins/scripted_reply.hpp"

namespace standins {

struct model_family {
  std::string_view slug;  ///< how the model's slug begins
  std::string_view provider;
  /// Prices in 1e-12 USD a token, which is USD a million tokens times 1e6.
  std::int64_t prompt, completion, cache_read;
  /// The provider's own words for "stop", "tool_calls" and "length".
  std::string_view stop, tool_calls, length;
};

/// The first entry that fits; the last fits every slug.
inline const model_family& family_of(std::string_view slug) {
  static constexpr model_family families[] = {
      {"openai/gpt-4o-mini", "OpenAI", 150000, 600000, 75000, "stop", "tool_calls", "length"},
      {"openai/", "OpenAI", 2500000, 10000000, 1250000, "stop", "tool_calls", "length"},
      {"anthropic/claude-haiku", "Anthropic", 1000000, 5000000, 100000, "end_turn", "tool_use",
       "max_tokens"},
      {"anthropic/", "Anthropic", 3000000, 15000000, 300000, "end_turn", "tool_use", "max_tokens"},
      {"google/gemini-2.5-flash", "Google AI Studio", 300000, 2500000, 30000, "STOP", "STOP",
       "MAX_TOKENS"},
      {"google/", "Google AI Studio", 1250000, 10000000, 125000, "STOP", "STOP", "MAX_TOKENS"},
      {"meta-llama/", "DeepInfra", 100000, 320000, 100000, "stop", "tool_calls", "length"},
      {"mistralai/", "Mistral", 100000, 300000, 10000, "stop", "tool_calls", "length"},
      {"deepseek/", "DeepSeek", 270000, 1100000, 70000, "stop", "tool_calls", "length"},
      {"x-ai/", "xAI", 3000000, 15000000, 750000, "stop", "tool_calls", "length"},
      {"qwen/", "Alibaba", 200000, 600000, 20000, "stop", "tool_calls", "length"},
      {"", "Together", 200000, 200000, 200000, "stop", "tool_calls", "length"},
  };
  const model_family* family = families;
  while (slug.substr(0, family->slug.size()) != family->slug) ++family;
  return *family;
}

inline bool is_free(std::string_view slug) {
  return slug.size() > 5 && slug.substr(slug.size() - 5) == ":free";
}

inline std::int64_t tokens_in(std::string_view text) {
  return (static_cast<std::int64_t>(text.size()) + 3) / 4;
}

/// Roles and punctuation cost something too: four tokens a message. A system prompt of 1024 tokens
/// or more counts as cached, in steps of 128, as if the game had asked before.
inline std::int64_t prompt_tokens(const json::value& request, std::int64_t& cached) {
  std::int64_t count = 0;
  for (const json::value& message : request.at("messages").get_array()) {
    std::int64_t own = 4;
    for (const char* part : {"content", "tool_calls"}) {
      const json::value* value = member(message, part);
      if (value == nullptr || value->is_null()) continue;
      own += tokens_in(value->is_string() ? std::string(view(value->get_string())) : print(*value));
    }
    if (text_member(message, "role") == "system" && own >= 1024) cached += own / 128 * 128;
    count += own;
  }
  if (const json::value* tools = member(request, "tools")) count += tokens_in(print(*tools));
  return count;
}

/// With BYOK the caller pays the provider and OpenRouter takes a fee of 5 %.
inline json::object usage_json(const token_counts& tokens, std::string_view model, bool byok) {
  const model_family& family = family_of(model);
  const std::int64_t rate = is_free(model) ? 0 : 1;
  const double prompt = static_cast<double>(
      rate * ((tokens.prompt - tokens.cached) * family.prompt + tokens.cached * family.cache_read));
  const double completion = static_cast<double>(rate * tokens.completion * family.completion);
  constexpr double dollar = 1e12;
  const double fee = static_cast<double>(static_cast<std::int64_t>(prompt + completion) / 20);
  json::object usage;
  usage["prompt_tokens"] = tokens.prompt;
  usage["completion_tokens"] = tokens.completion;
  usage["total_tokens"] = tokens.prompt + tokens.completion;
  usage["cost"] = (byok ? fee : prompt + completion) / dollar;
  usage["is_byok"] = byok;
  usage["prompt_tokens_details"] = {{"cached_tokens", tokens.cached},
                                    {"cache_write_tokens", tokens.cache_write},
                                    {"audio_tokens", 0},
                                    {"video_tokens", 0}};
  json::object& cost = usage["cost_details"].emplace_object();
  cost["upstream_inference_cost"] = nullptr;
  if (byok) cost["upstream_inference_cost"] = (prompt + completion) / dollar;
  cost["upstream_inference_prompt_cost"] = prompt / dollar;
  cost["upstream_inference_completions_cost"] = completion / dollar;
  usage["completion_tokens_details"] = {{"reasoning_tokens", tokens.reasoning},
                                        {"audio_tokens", 0}};
  return usage;
}

}  // namespace standins
