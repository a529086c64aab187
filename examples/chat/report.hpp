// SPDX-License-Identifier: MIT
//
// What chat says about an answer: the JSON object of --json, and the one line about a failure.

#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/turn.hpp"

namespace chat {

namespace detail {

inline std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::value(boost::json::string_view(text)));
}

/// An object that leaves out what is not known.
class json_object {
 public:
  json_object& add(std::string_view name, const std::string& json) {
    text_ += text_.empty() ? "{" : ",";
    text_ += quoted(name) + ":" + json;
    return *this;
  }
  json_object& count(std::string_view name, const std::optional<std::int64_t>& value) {
    return value ? add(name, std::to_string(*value)) : *this;
  }
  /// A decimal number as it was sent.
  json_object& price(std::string_view name, const std::string& value) {
    return value.empty() ? *this : add(name, value);
  }
  json_object& object(std::string_view name, const json_object& value) {
    return value.text_.empty() ? *this : add(name, value.text());
  }
  std::string text() const { return text_ + (text_.empty() ? "{}" : "}"); }

 private:
  std::string text_;
};

/// Under OpenRouter's names; null when it sent none.
inline std::string usage_json(const orcast::token_usage& usage) {
  if (!usage.received) return "null";
  json_object out;
  out.count("prompt_tokens", usage.prompt_tokens)
      .count("completion_tokens", usage.completion_tokens)
      .count("total_tokens", usage.total_tokens)
      .price("cost", usage.cost);
  if (usage.is_byok) out.add("is_byok", *usage.is_byok ? "true" : "false");
  out.object("prompt_tokens_details", json_object()
                                          .count("cached_tokens", usage.cached_tokens)
                                          .count("cache_write_tokens", usage.cache_write_tokens)
                                          .count("audio_tokens", usage.prompt_audio_tokens)
                                          .count("video_tokens", usage.prompt_video_tokens));
  out.object("completion_tokens_details",
             json_object()
                 .count("reasoning_tokens", usage.reasoning_tokens)
                 .count("audio_tokens", usage.completion_audio_tokens)
                 .count("image_tokens", usage.completion_image_tokens));
  out.object("cost_details",
             json_object()
                 .price("upstream_inference_cost", usage.upstream_cost)
                 .price("upstream_inference_prompt_cost", usage.upstream_prompt_cost)
                 .price("upstream_inference_completions_cost", usage.upstream_completion_cost));
  return out.text();
}

/// As OpenRouter has them, so that they can be sent back.
inline std::string tool_calls_json(const orcast::chat_reply& reply) {
  std::string out = "[";
  for (const orcast::tool_call& each : reply.tool_calls()) {
    if (out.size() > 1) out += ',';
    const json_object function =
        json_object().add("name", quoted(each.name)).add("arguments", quoted(each.arguments));
    out += json_object()
               .add("id", quoted(each.id))
               .add("type", quoted("function"))
               .object("function", function)
               .text();
  }
  return out + "]";
}

}  // namespace detail

/// One line. `status` is the HTTP status, 0 where there was no answer.
inline std::string answer_json(const answer& from) {
  using detail::quoted;
  const orcast::chat_reply& reply = from.reply;
  const std::string_view reasoning = reply.choices.empty()
                                         ? std::string_view()
                                         : std::string_view(reply.choices[0].reply.reasoning);
  std::string error = "null";
  if (!from.outcome) {
    const orcast::failure& why = from.outcome.error();
    error = detail::json_object()
                .add("code", quoted(orcast::to_string(why.code)))
                .add("status", std::to_string(why.http_status))
                .add("message", quoted(why.message))
                .text();
  }
  return detail::json_object()
      .add("ok", from.outcome ? "true" : "false")
      .add("text", quoted(reply.text()))
      .add("reasoning", quoted(reasoning))
      .add("tool_calls", detail::tool_calls_json(reply))
      .add("finish_reason", quoted(reply.finish_reason()))
      .add("model", quoted(reply.model))
      .add("provider", quoted(reply.provider))
      .add("id", quoted(reply.id))
      .add("usage", detail::usage_json(reply.usage))
      .add("attempts", std::to_string(from.attempts))
      .add("error", error)
      .text();
}

/// What a person can do about it; empty when there is nothing.
inline std::string advice(const orcast::failure& why) {
  using orcast::errc;
  switch (why.code) {
    case errc::authentication:
      return why.http_status == 0 ? "set OPENROUTER_API_KEY" : "check OPENROUTER_API_KEY";
    case errc::payment_required:
      return "add credits to the account";
    case errc::permission_denied:
      return "rephrase, or ask another --model";
    case errc::not_found:
      return "check --model; https://openrouter.ai/models lists them";
    case errc::resolve:
    case errc::connect:
    case errc::tls:
      return "check the network and --base-url";
    case errc::trust_store:
      return "install the ca-certificates of this system";
    case errc::timeout_connect:
      return "check the network, or raise --connect-timeout";
    case errc::timeout_first_byte:
      return "try again, or raise --first-byte-timeout";
    case errc::timeout_idle:
      return "try again, or raise --idle-timeout";
    case errc::timeout_total:
      return "try again, or raise --total-timeout";
    case errc::rate_limited:
    case errc::overloaded:
      if (why.retry_after_ms >= 0) {
        return "try again in " + std::to_string((why.retry_after_ms + 999) / 1000) + " s";
      }
      return "try again later";
    case errc::disconnected:
    case errc::stream_truncated:
    case errc::request_timeout:
    case errc::server:
    case errc::provider_unavailable:
    case errc::provider_error:
      return "try again, or ask another --model";
    case errc::malformed_response:
    case errc::protocol:
      return "check --base-url: this is not how OpenRouter answers";
    case errc::invalid_argument:
      return "nothing was sent";
    case errc::invalid_request:
      return "check the request";
    default:
      return {};
  }
}

/// "Rate limit exceeded (rate_limited, HTTP 429, 3 attempts); try again in 1 s"
inline std::string failure_line(const orcast::failure& why, int attempts) {
  if (why.code == orcast::errc::cancelled) return "cancelled";
  std::string line = why.message;
  const bool no_key = why.code == orcast::errc::authentication && why.http_status == 0;
  if (no_key) line = "no API key";
  while (!line.empty() && (line.back() == '.' || line.back() == ' ')) line.pop_back();
  if (!line.empty()) line += " ";
  line.append("(").append(orcast::to_string(why.code));
  if (why.http_status >= 400) line += ", HTTP " + std::to_string(why.http_status);
  if (attempts > 1) line += ", " + std::to_string(attempts) + " attempts";
  line += ")";
  const std::string what_to_do = advice(why);
  return what_to_do.empty() ? line : line + "; " + what_to_do;
}

}  // namespace chat
