// SPDX-License-Identifier: MIT
//
// What the model says: scripted by the host or made by the rules (openrouter_rules.hpp), then
// completed with what OpenRouter adds to it: ids, provider, usage, reasons.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "standins/json_text.hpp"
#include "standins/openrouter_usage.hpp"
#include "standins/scripted_reply.hpp"
#include "standins/text.hpp"

namespace standins {

/// A reply with everything that goes on the wire.
struct completion {
  std::string id;
  std::int64_t created = 0;
  std::string requested_model, model, provider;
  std::string text, reasoning;
  std::vector<tool_call> tool_calls;
  std::string finish_reason, native_finish_reason;
  json::object usage;
  json::object metadata;  ///< openrouter_metadata; empty: not asked for
};

/// The text of a message whose content is a string or parts.
inline std::string message_text(const json::value& message) {
  const json::value* content = member(message, "content");
  if (content == nullptr || !content->is_array()) return text_member(message, "content");
  std::string out;
  for (const json::value& part : content->get_array()) {
    const std::string text = text_member(part, "text");
    if (!text.empty()) out += (out.empty() ? "" : " ") + text;
  }
  return out;
}

/// The last message of that role; null when there is none.
inline const json::value* last_message(const json::value& request, std::string_view role) {
  const json::array& messages = request.at("messages").get_array();
  for (std::size_t i = messages.size(); i-- > 0;) {
    if (text_member(messages[i], "role") == role) return &messages[i];
  }
  return nullptr;
}

inline std::string last_user_text(const json::value& request) {
  const json::value* message = last_message(request, "user");
  return message != nullptr ? message_text(*message) : "";
}

inline bool reasoning_wanted(const json::value& request) {
  if (is_true(request, "include_reasoning")) return true;
  const std::string effort = text_member(request, "reasoning_effort");
  if (!effort.empty()) return effort != "none";
  const json::value* reasoning = member(request, "reasoning");
  return reasoning != nullptr && reasoning->is_object() && !reasoning->get_object().empty() &&
         text_member(*reasoning, "effort") != "none" &&
         (member(*reasoning, "enabled") == nullptr || is_true(*reasoning, "enabled"));
}

inline bool reasoning_hidden(const json::value& request) {
  const json::value* reasoning = member(request, "reasoning");
  return reasoning != nullptr && is_true(*reasoning, "exclude");
}

/// The routing record that `X-OpenRouter-Metadata: enabled` asks for.
inline json::object routing_metadata(const completion& reply, bool byok) {
  const json::object endpoint = {
      {"provider", reply.provider}, {"model", reply.model}, {"selected", true}};
  return {{"requested", reply.requested_model},
          {"strategy", reply.requested_model == "openrouter/auto" ? "auto" : "direct"},
          {"region", "iad"},
          {"summary", "available=1, selected=" + reply.provider},
          {"attempt", 1},
          {"is_byok", byok},
          {"endpoints", {{"total", 1}, {"available", json::array{endpoint}}}},
          {"attempts",
           json::array{{{"provider", reply.provider}, {"model", reply.model}, {"status", 200}}}}};
}

/// `random` is what the id ends with: alphanumeric, new for each request.
inline completion complete(const json::value& request, const std::string& requested_model,
                           const scripted_reply& said, const std::string& random, std::int64_t now,
                           bool metadata) {
  completion out;
  out.id = "gen-" + std::to_string(now) + "-" + random;
  out.created = now;
  out.requested_model = requested_model;
  const bool routed = requested_model.compare(0, 11, "openrouter/") == 0;
  out.model = !said.model.empty() ? said.model : routed ? "openai/gpt-4o-mini" : requested_model;
  const model_family& family = family_of(out.model);
  out.provider = said.provider.empty() ? std::string(family.provider) : said.provider;
  out.text = said.text;
  out.reasoning = said.reasoning;
  out.tool_calls = said.tool_calls;
  for (std::size_t i = 0; i < out.tool_calls.size(); ++i) {
    std::string& id = out.tool_calls[i].id;
    if (id.empty()) id = "call_" + random + std::to_string(i);
  }
  out.finish_reason = out.tool_calls.empty() ? "stop" : "tool_calls";
  out.native_finish_reason = std::string(out.tool_calls.empty() ? family.stop : family.tool_calls);

  const json::value* limit = member(request, "max_completion_tokens");
  if (limit == nullptr || !limit->is_int64()) limit = member(request, "max_tokens");
  if (limit != nullptr && limit->is_int64() && out.tool_calls.empty() &&
      tokens_in(out.text) > limit->get_int64()) {
    const auto bytes = static_cast<std::size_t>(limit->get_int64()) * 4;
    out.text.resize(whole_characters(out.text, bytes));
    out.finish_reason = "length";
    out.native_finish_reason = std::string(family.length);
  }
  if (!said.finish_reason.empty()) out.finish_reason = said.finish_reason;
  if (!said.native_finish_reason.empty()) out.native_finish_reason = said.native_finish_reason;

  token_counts tokens;
  tokens.prompt = prompt_tokens(request, tokens.cached);
  tokens.reasoning = tokens_in(out.reasoning);
  tokens.completion = tokens_in(out.text) + tokens.reasoning;
  for (const tool_call& call : out.tool_calls)
    tokens.completion += tokens_in(call.name + call.arguments);
  out.usage = usage_json(said.usage.value_or(tokens), out.model, said.byok);
  if (reasoning_hidden(request)) out.reasoning.clear();
  if (metadata) out.metadata = routing_metadata(out, said.byok);
  return out;
}

/// One item of `reasoning_details`, in the format of the model's maker.
inline json::object reasoning_detail(const completion& reply, std::string_view text) {
  const bool anthropic = reply.model.compare(0, 10, "anthropic/") == 0;
  return {{"type", "reasoning.text"},
          {"text", text},
          {"format", anthropic ? "anthropic-claude-v1" : "unknown"},
          {"index", 0}};
}

/// The body of a reply that is not streamed.
inline json::object result_json(const completion& reply) {
  json::object message = {{"role", "assistant"}, {"content", reply.text}, {"refusal", nullptr}};
  if (reply.text.empty() && !reply.tool_calls.empty()) message["content"] = nullptr;
  message["reasoning"] = nullptr;
  if (!reply.reasoning.empty()) {
    json::object detail = reasoning_detail(reply, reply.reasoning);
    if (reply.model.compare(0, 10, "anthropic/") == 0) detail["signature"] = "c3RhbmQtaW4=";
    message["reasoning"] = reply.reasoning;
    message["reasoning_details"] = json::array{std::move(detail)};
  }
  if (!reply.tool_calls.empty()) {
    json::array& calls = message["tool_calls"].emplace_array();
    for (const tool_call& call : reply.tool_calls) {
      calls.push_back({{"index", calls.size()},
                       {"id", call.id},
                       {"type", "function"},
                       {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
  }
  json::object choice = {{"index", 0},
                         {"logprobs", nullptr},
                         {"finish_reason", reply.finish_reason},
                         {"native_finish_reason", reply.native_finish_reason},
                         {"message", std::move(message)}};
  json::object body = {{"id", reply.id},
                       {"provider", reply.provider},
                       {"model", reply.model},
                       {"object", "chat.completion"},
                       {"created", reply.created},
                       {"choices", json::array{std::move(choice)}},
                       {"system_fingerprint", nullptr},
                       {"usage", reply.usage}};
  if (!reply.metadata.empty()) body["openrouter_metadata"] = reply.metadata;
  return body;
}

}  // namespace standins
