// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "orcast/core/number.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/impl/message_fields.hpp"

// The plain members of a reply, as services really send them.

namespace orcast {
inline namespace v0 {
namespace detail {

template <class Word>
bool same_words(const char* a, const char* b, std::size_t size) noexcept {
  const auto same_at = [&](std::size_t at) {
    Word words[2];
    std::memcpy(&words[0], a + at, sizeof *words);
    std::memcpy(&words[1], b + at, sizeof *words);
    return words[0] == words[1];
  };
  for (std::size_t at = 0; at + sizeof(Word) < size; at += sizeof(Word)) {
    if (!same_at(at)) return false;
  }
  return same_at(size - sizeof(Word));
}

/// Equality without a call, for short texts that mostly are equal.
inline bool same_text(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (a.size() >= 8) return same_words<std::uint64_t>(a.data(), b.data(), a.size());
  if (a.size() >= 4) return same_words<std::uint32_t>(a.data(), b.data(), a.size());
  return a == b;
}

/// A string that says something replaces what was there; anything else leaves it. Each chunk of a
/// stream says again what the first said.
inline void replace_text(std::string& place, json_view value) {
  const std::string_view text = value.is_string() ? value.text() : std::string_view();
  if (text.empty() || same_text(text, place)) return;
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

/// A sum of counts; the largest, or the least, where none is that large: services may say anything.
constexpr std::int64_t add_counts(std::int64_t a, std::int64_t b) noexcept {
  if (b > 0 && a > INT64_MAX - b) return INT64_MAX;
  if (b < 0 && a < INT64_MIN - b) return INT64_MIN;
  return a + b;
}

/// A price is the text of its number, or a string that holds one: of no more than a double can
/// hold.
inline void read_price(json_view value, std::string& place) {
  const std::string_view text = value.text();
  std::optional<double> number;
  if (text.size() <= longest_number) number = to_double(text);
  place.assign(number && is_finite(*number) ? text : std::string_view());
}

inline void read_usage(json_view value, token_usage& usage) {
  const json_view prompt = value["prompt_tokens_details"];
  const json_view completion = value["completion_tokens_details"];
  const json_view costs = value["cost_details"];
  const json_view tools = value["server_tool_use_details"].is_object()
                              ? value["server_tool_use_details"]
                              : value["server_tool_use"];
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
  usage.tool_calls_requested = read_count(tools["tool_calls_requested"]);
  usage.tool_calls_executed = read_count(tools["tool_calls_executed"]);
  usage.web_search_requests = read_count(tools["web_search_requests"]);
  read_price(value["cost"], usage.cost);
  read_price(costs["upstream_inference_cost"], usage.upstream_cost);
  read_price(costs["upstream_inference_prompt_cost"], usage.upstream_prompt_cost);
  read_price(costs["upstream_inference_completions_cost"], usage.upstream_completion_cost);
  const json_view is_byok = value["is_byok"];
  usage.is_byok = is_byok.is_bool() ? std::optional<bool>(is_byok.boolean()) : std::nullopt;
}

/// Of endpoints, attempts and stages each: there are a few.
inline constexpr std::size_t most_routing_steps = 256;

inline void read_routing(json_view value, routing_metadata& routing) {
  routing = {};
  routing.received = true;
  take_text(value["requested"], routing.requested);
  take_text(value["strategy"], routing.strategy);
  take_text(value["region"], routing.region);
  take_text(value["summary"], routing.summary);
  routing.attempt = read_count(value["attempt"]);
  if (value["is_byok"].is_bool()) routing.is_byok = value["is_byok"].boolean();
  routing.endpoints_total = read_count(value["endpoints"]["total"]);
  for (const json_view each : value["endpoints"]["available"]) {
    if (routing.endpoints.size() == most_routing_steps) break;
    routing_endpoint& endpoint = routing.endpoints.emplace_back();
    take_text(each["provider"], endpoint.provider);
    take_text(each["model"], endpoint.model);
    endpoint.selected = each["selected"].boolean();
  }
  for (const json_view each : value["attempts"]) {
    if (routing.attempts.size() == most_routing_steps) break;
    routing_attempt& attempt = routing.attempts.emplace_back();
    take_text(each["provider"], attempt.provider);
    take_text(each["model"], attempt.model);
    attempt.status = read_count(each["status"]).value_or(0);
  }
  if (value["params"].is_object()) routing.params = to_json(value["params"]);
  for (const json_view each : value["pipeline"]) {
    if (routing.pipeline.size() == most_routing_steps) break;
    routing_stage& stage = routing.pipeline.emplace_back();
    take_text(each["type"], stage.type);
    take_text(each["name"], stage.name);
    take_text(each["guardrail_id"], stage.guardrail_id);
    take_text(each["guardrail_scope"], stage.guardrail_scope);
    take_text(each["summary"], stage.summary);
    if (each["data"].is_object()) stage.data = to_json(each["data"]);
    read_price(each["cost_usd"], stage.cost_usd);
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
