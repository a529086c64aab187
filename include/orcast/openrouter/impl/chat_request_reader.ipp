// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/impl/request_reader.hpp"

// Reads a request that other code wrote: messages, tools, and the request around them.

namespace orcast {
inline namespace v0 {
namespace detail {

inline bool take_parts(json_view values, message& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) {
    place.parts.push_back(read_part(each));
    place.content += place.parts.back().text;
  }
  return true;
}

inline bool take_tool_calls(json_view values, std::vector<tool_call>& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) {
    tool_call call;
    const json_view function = each["function"];
    take_text(each["id"], call.id);
    take_text(function["name"], call.name);
    take_text(function["arguments"], call.arguments);
    const bool plain = count(each) == 3 && each["id"].is_string() &&
                       each["type"].text() == "function" && count(function) == 2 &&
                       function["name"].is_string() && function["arguments"].is_string();
    if (!plain) append_json(call.json, each);
    place.push_back(std::move(call));
  }
  return true;
}

/// A tool with more than the usual members is kept whole; its name can be seen.
inline tool read_tool(json_view value) {
  tool made;
  const json_view function = value["function"];
  std::size_t inside = take_text(function["name"], made.name) ? 1 : 0;
  inside += take_text(function["description"], made.description) ? 1u : 0u;
  inside += take(function["parameters"], made.parameters, json_shape::object) ? 1u : 0u;
  inside += take(function["strict"], made.strict) ? 1u : 0u;
  const std::size_t placed = take(value["cache_control"], made.cache) ? 3 : 2;
  const bool plain = count(value) == placed && value["type"].text() == "function" &&
                     !made.name.empty() && count(function) == inside;
  if (!plain) append_json(made.json, value);
  return made;
}

inline bool take(json_view values, std::vector<tool>& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) place.push_back(read_tool(each));
  return true;
}

inline bool take_content(json_view value, message& place) {
  if (value.is_array()) return take_parts(value, place);
  if (take_text(value, place.content)) return true;
  // Empty in one of two ways. The one that would be written by itself needs no note.
  return place.tool_calls.empty() ? value.is_string() : value.kind() == json_kind::null;
}

inline void take_message(json_view value, message& place) {
  // Calls first: they decide what an empty content is written as.
  const bool calls = take_tool_calls(value["tool_calls"], place.tool_calls);
  place.omit_content = !value["content"].exists();
  extra_members extra(place.extra);
  for (const json_view member : value) {
    const std::string_view key = member.key();
    if (is_repeated(value, member)) continue;
    bool placed = false;
    if (key == "role") placed = take_text(member, place.role);
    if (key == "content" && !(placed = take_content(member, place))) place.omit_content = true;
    if (key == "name") placed = take_text(member, place.name);
    if (key == "tool_calls") placed = calls;
    if (key == "tool_call_id") placed = take_text(member, place.tool_call_id);
    if (key == "refusal") placed = take_text(member, place.refusal);
    if (key == "reasoning") placed = take_text(member, place.reasoning);
    if (key == "reasoning_details") {
      placed = take(member, place.reasoning_details, json_shape::array);
    }
    if (key == "images") placed = take(member, place.images, json_shape::array);
    if (key == "audio") placed = take(member, place.audio, json_shape::object);
    if (key == "annotations") placed = take(member, place.annotations, json_shape::array);
    if (!placed) extra.add(member);
  }
  extra.close();
}

inline bool take(json_view values, std::vector<message>& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) {
    if (count(each) > most_members) return false;
  }
  for (const json_view each : values) {
    place.emplace_back();
    take_message(each, place.back());
  }
  return true;
}

/// Everything that has a place of its own.
template <class See>
void visit_request(chat_request& request, See& see) {
  see("model", request.model);
  see("models", request.models);
  see("messages", request.messages);
  see("prompt", request.prompt);
  visit_parameters(request, see);
  see("tools", request.tools);
  see("user", request.user);
  see("session_id", request.session_id);
  see("trace", request.trace);
}

/// Empties the place of one member.
struct member_clearer {
  std::string_view key;
  template <class T>
  void operator()(const char* name, T& place, json_shape = {}) {
    if (key == name) place = T();
  }
};

inline result<void> merge_members(json_view root, chat_request& request) {
  json_reader own(json_manners::tolerant, 128);
  if (!request.extra.empty() && (!own.parse(request.extra) || !own.root().is_object())) {
    return failure(errc::invalid_argument, "extra is not a JSON object");
  }
  json_text kept;
  extra_members extra(kept);
  for (const json_view member : own.root()) {
    if (!root[member.key()].exists()) extra.add(member);
  }
  for (const json_view member : root) {
    if (is_repeated(root, member)) continue;
    member_clearer clearer{member.key()};
    visit_request(request, clearer);
    member_taker taker(member);
    visit_request(request, taker);
    if (!taker.placed) extra.add(member);
  }
  extra.close();
  request.extra = std::move(kept);
  return {};
}

}  // namespace detail

ORCAST_DECL result<void> merge_chat_request(std::string_view body, chat_request& request) {
  const auto refuse = [](const char* why) { return failure(errc::malformed_response, why); };
  detail::json_reader reader(detail::json_manners::tolerant, 64);
  if (!reader.parse(body)) return refuse("the request is not JSON");
  const detail::json_view root = reader.root();
  if (!root.is_object()) return refuse("the request is not a JSON object");
  if (detail::count(root) > detail::most_members) {
    return refuse("the request has too many members");
  }
  return detail::merge_members(root, request);
}

ORCAST_DECL result<chat_request> parse_chat_request(std::string_view body) {
  chat_request request;
  const result<void> read = merge_chat_request(body, request);
  if (!read) return read.error();
  request.account_model = request.model.empty() && request.models.empty() && request.preset.empty();
  return request;
}

}  // namespace v0
}  // namespace orcast
