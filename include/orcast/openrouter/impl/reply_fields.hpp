// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/impl/message_fields.hpp"

// The plain members of a reply, as services really send them.

namespace orcast {
inline namespace v0 {
namespace detail {

/// A string that says something replaces what was there; anything else leaves it.
inline void replace_text(std::string& place, json_view value) {
  const std::string_view text = value.is_string() ? value.text() : std::string_view();
  if (text.empty() || text == place) return;
  place.assign(text);
  repair_text(place);
}

/// Services send counts as numbers, as null and, seldom, as text.
inline std::optional<std::int64_t> read_count(json_view value) noexcept {
  if (value.is_number()) return value.integer();
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.text();
  std::int64_t number = 0;
  const std::from_chars_result read =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A price is the text of its number, or a string that holds one.
inline void read_price(json_view value, std::string& place) {
  const std::string_view text = value.text();
  if (text.empty() || text.size() > 64 ||
      text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
    place.clear();
  } else {
    place.assign(text);
  }
}

inline void read_usage(json_view value, token_usage& usage) {
  const json_view prompt = value["prompt_tokens_details"];
  const json_view completion = value["completion_tokens_details"];
  const json_view costs = value["cost_details"];
  usage.received = true;
  usage.prompt_tokens = read_count(value["prompt_tokens"]);
  usage.completion_tokens = read_count(value["completion_tokens"]);
  usage.total_tokens = read_count(value["total_tokens"]);
  usage.cached_tokens = read_count(prompt["cached_tokens"]);
  usage.cache_write_tokens = read_count(prompt["cache_write_tokens"]);
  usage.prompt_audio_tokens = read_count(prompt["audio_tokens"]);
  usage.prompt_video_tokens = read_count(prompt["video_tokens"]);
  usage.reasoning_tokens = read_count(completion["reasoning_tokens"]);
  usage.completion_audio_tokens = read_count(completion["audio_tokens"]);
  usage.completion_image_tokens = read_count(completion["image_tokens"]);
  usage.accepted_prediction_tokens = read_count(completion["accepted_prediction_tokens"]);
  usage.rejected_prediction_tokens = read_count(completion["rejected_prediction_tokens"]);
  read_price(value["cost"], usage.cost);
  read_price(costs["upstream_inference_cost"], usage.upstream_cost);
  read_price(costs["upstream_inference_prompt_cost"], usage.upstream_prompt_cost);
  read_price(costs["upstream_inference_completions_cost"], usage.upstream_completion_cost);
  const json_view is_byok = value["is_byok"];
  usage.is_byok = is_byok.is_bool() ? std::optional<bool>(is_byok.boolean()) : std::nullopt;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
