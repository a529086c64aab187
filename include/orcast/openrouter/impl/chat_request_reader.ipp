// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/impl/message_fields.hpp"

// Reads a request that other code wrote. A member goes to its place in chat_request when that place
// would write it again as it was; whatever is shaped differently goes to `extra`, so that nothing
// is lost.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The members that found no place, as an object.
class extra_members {
 public:
  explicit extra_members(json_text& extra) : extra_(extra) {}

  void add(json_view member) {
    extra_ += extra_.empty() ? '{' : ',';
    append_repaired_string(extra_, member.key());
    extra_ += ':';
    append_json(extra_, member);
  }
  void close() {
    if (!extra_.empty()) extra_ += '}';
  }

 private:
  json_text& extra_;
};

inline bool take_texts(json_view values, std::vector<std::string>& place) {
  if (!values.is_array() || values.empty()) return false;
  for (const json_view each : values) {
    if (!each.is_string()) return false;
  }
  for (const json_view each : values) {
    place.emplace_back(each.text());
    repair_text(place.back());
  }
  return true;
}

inline bool take_number(json_view value, std::optional<double>& place) {
  if (!value.is_number()) return false;
  place = value.real();
  return true;
}

inline bool take_integer(json_view value, std::optional<std::int64_t>& place) {
  if (!value.is_integer()) return false;
  place = value.integer();
  return true;
}

inline bool take_object(json_view value, json_text& place) {
  if (!value.is_object()) return false;
  append_json(place, value);
  return true;
}

inline bool all_objects(json_view values) {
  if (!values.is_array() || values.empty()) return false;
  for (const json_view each : values) {
    if (!each.is_object()) return false;
  }
  return true;
}

/// Of an object whose members are compared with each other.
inline constexpr std::size_t most_members = 256;

/// A member that is there twice counts once: the first.
inline bool is_repeated(json_view whole, json_view member) {
  return whole[member.key()].key().data() != member.key().data();
}

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

inline bool take_tools(json_view values, std::vector<tool>& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) {
    tool made;
    const json_view function = each["function"];
    std::size_t placed = take_text(function["name"], made.name) ? 1 : 0;
    if (take_text(function["description"], made.description)) ++placed;
    if (take_object(function["parameters"], made.parameters)) ++placed;
    const bool plain = count(each) == 2 && each["type"].text() == "function" &&
                       !made.name.empty() && count(function) == placed;
    if (!plain) append_json(made.json, each);
    place.push_back(std::move(made));
  }
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
    if (key == "reasoning") placed = take_text(member, place.reasoning);
    if (key == "reasoning_details" && member.is_array()) {
      append_json(place.reasoning_details, member);
      placed = true;
    }
    if (!placed) extra.add(member);
  }
  extra.close();
}

inline bool take_messages(json_view values, std::vector<message>& place) {
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

inline bool take_trace(json_view value, trace_fields& place) {
  if (!value.is_object() || value.empty() || count(value) > most_members) return false;
  extra_members metadata(place.metadata);
  for (const json_view member : value) {
    const std::string_view key = member.key();
    if (is_repeated(value, member)) continue;
    bool placed = false;
    if (key == "trace_id") placed = take_text(member, place.trace_id);
    if (key == "trace_name") placed = take_text(member, place.trace_name);
    if (key == "span_name") placed = take_text(member, place.span_name);
    if (key == "generation_name") placed = take_text(member, place.generation_name);
    if (key == "parent_span_id") placed = take_text(member, place.parent_span_id);
    if (!placed) metadata.add(member);
  }
  metadata.close();
  return true;
}

inline bool take_member(json_view member, chat_request& place) {
  const std::string_view key = member.key();
  if (key == "model") return take_text(member, place.model);
  if (key == "models") return take_texts(member, place.models);
  if (key == "messages") return take_messages(member, place.messages);
  if (key == "stream") {
    place.stream = member.boolean();
    return member.is_bool();
  }
  if (key == "temperature") return take_number(member, place.temperature);
  if (key == "top_p") return take_number(member, place.top_p);
  if (key == "max_completion_tokens") return take_integer(member, place.max_completion_tokens);
  if (key == "seed") return take_integer(member, place.seed);
  if (key == "stop") return take_texts(member, place.stop);
  if (key == "tools") return take_tools(member, place.tools);
  if (key == "tool_choice") {
    if (!member.is_string() && !member.is_object()) return false;
    append_json(place.tool_choice, member);
    return true;
  }
  if (key == "response_format") return take_object(member, place.response_format);
  if (key == "reasoning") return take_object(member, place.reasoning);
  if (key == "provider") return take_object(member, place.provider);
  if (key == "user") return take_text(member, place.user);
  if (key == "session_id") return take_text(member, place.session_id);
  if (key == "trace") return take_trace(member, place.trace);
  return false;
}

}  // namespace detail

ORCAST_DECL result<chat_request> parse_chat_request(std::string_view body) {
  detail::json_reader reader(detail::json_manners::tolerant, 64);
  if (!reader.parse(body)) return failure(errc::malformed_response, "the request is not JSON");
  const detail::json_view root = reader.root();
  if (!root.is_object()) {
    return failure(errc::malformed_response, "the request is not a JSON object");
  }
  if (detail::count(root) > detail::most_members) {
    return failure(errc::malformed_response, "the request has too many members");
  }
  chat_request request;
  detail::extra_members extra(request.extra);
  for (const detail::json_view member : root) {
    if (detail::is_repeated(root, member)) continue;
    if (!detail::take_member(member, request)) extra.add(member);
  }
  extra.close();
  return request;
}

}  // namespace v0
}  // namespace orcast
