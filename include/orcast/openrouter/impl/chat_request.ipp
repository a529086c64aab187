// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/impl/request_writer.hpp"

#include "orcast/openrouter/impl/chat_request_reader.ipp"

// Writes requests. Members come in a fixed order, that of request_members.hpp and of the functions
// here, each message's members likewise.

namespace orcast {
inline namespace v0 {

ORCAST_DECL chat_request::chat_request() = default;
ORCAST_DECL chat_request::chat_request(chat_request&&) noexcept = default;
ORCAST_DECL chat_request::chat_request(const chat_request&) = default;
ORCAST_DECL chat_request& chat_request::operator=(chat_request&&) noexcept = default;
ORCAST_DECL chat_request& chat_request::operator=(const chat_request&) = default;
ORCAST_DECL chat_request::~chat_request() = default;

namespace detail {

class request_writer : public object_members_writer {
 public:
  using object_members_writer::object_members_writer;

  void write_body(const chat_request& request) {
    wide_object_writer body(out_);
    text(body, "model", request.model);
    write(body, "models", request.models);
    if (!request.messages.empty()) write_messages(body.key("messages"), request.messages);
    text(body, "prompt", request.prompt);
    visit_parameters(request, member_writer<wide_object_writer>(*this, body));
    if (!request.tools.empty()) write_tools(body.key("tools"), request.tools);
    text(body, "user", request.user);
    text(body, "session_id", request.session_id);
    write(body, "trace", request.trace);
    merge(body, "extra", request.extra);
    body.close();
  }

  void write_invocation_parameters(const chat_request& request) {
    wide_object_writer body(out_);
    text(body, "model", request.model);
    write(body, "models", request.models);
    visit_parameters(request, member_writer<wide_object_writer>(*this, body));
    merge(body, "extra", request.extra, [](std::string_view name) {
      return name == "messages" || name == "tools" || name == "functions" || name == "user" ||
             name == "session_id" || name == "trace" || name == "prompt";
    });
    body.close();
  }

  void write_tool(const tool& each) {
    if (!each.json.empty()) return json_or_null(each.json);
    if (each.name.empty()) complain("name", " is empty");
    object_writer whole(out_);
    whole.text("type", "function");
    object_writer function(whole.key("function"));
    text(function, "name", each.name, true);
    text(function, "description", each.description);
    json(function, "parameters", each.parameters, json_shape::object);
    write(function, "strict", each.strict);
    function.close();
    write(whole, "cache_control", each.cache);
    whole.close();
  }

 private:
  void write_tools(std::string& out, const std::vector<tool>& tools) {
    char before = '[';
    for (std::size_t i = 0; i < tools.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("tools", i);
      write_tool(tools[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_messages(std::string& out, const std::vector<message>& messages) {
    char before = '[';
    for (std::size_t i = 0; i < messages.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("messages", i);
      write_message(messages[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_message(const message& each) {
    object_writer whole(out_);
    text(whole, "role", each.role);
    if (!each.parts.empty()) {
      write_parts(whole.key("content"), each.parts);
    } else if (!each.content.empty() || !each.omit_content) {
      if (each.content.empty() && !each.tool_calls.empty()) {
        whole.null("content");
      } else {
        text(whole, "content", each.content, true);
      }
    }
    text(whole, "name", each.name);
    if (!each.tool_calls.empty()) write_tool_calls(whole.key("tool_calls"), each.tool_calls);
    text(whole, "tool_call_id", each.tool_call_id);
    text(whole, "refusal", each.refusal);
    text(whole, "reasoning", each.reasoning);
    json(whole, "reasoning_details", each.reasoning_details, json_shape::array);
    json(whole, "images", each.images, json_shape::array);
    json(whole, "audio", each.audio, json_shape::object);
    json(whole, "annotations", each.annotations, json_shape::array);
    merge(whole, "extra", each.extra);
    whole.close();
  }

  void write_parts(std::string& out, const std::vector<content_part>& parts) {
    char before = '[';
    for (std::size_t i = 0; i < parts.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("content", i);
      write_part(parts[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_part(const content_part& part) {
    if (!part.json.empty() || part.type != "text") {
      json_or_null(part.json);
      if (part.cache && out_.back() == '}') append_cache(*part.cache);
      return;
    }
    object_writer whole(out_);
    whole.text("type", "text");
    text(whole, "text", part.text, true);
    write(whole, "cache_control", part.cache);
    whole.close();
  }

  /// Into the object that the output ends with.
  void append_cache(const cache_control& cache) {
    if (reader_.root()["cache_control"].exists()) return complain("cache_control", " is set twice");
    out_.pop_back();
    if (!reader_.root().empty()) out_ += ',';
    out_ += R"("cache_control":{"type":"ephemeral")";
    if (!cache.ttl.empty()) {
      out_ += ",\"ttl\":";
      put_text("cache_control.ttl", cache.ttl);
    }
    out_ += "}}";
  }

  void write_tool_calls(std::string& out, const std::vector<tool_call>& calls) {
    char before = '[';
    for (std::size_t i = 0; i < calls.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("tool_calls", i);
      write_tool_call(calls[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_tool_call(const tool_call& call) {
    if (!call.json.empty()) return json_or_null(call.json);
    object_writer whole(out_);
    text(whole, "id", call.id, true);
    whole.text("type", "function");
    object_writer function(whole.key("function"));
    text(function, "name", call.name, true);
    text(function, "arguments", call.arguments, true);
    function.close();
    whole.close();
  }
};

/// About how large the body will be: the text that grows without bound.
inline std::size_t size_of(const chat_request& request) noexcept {
  std::size_t size = request.prompt.size() + request.prediction.content.size() +
                     request.extra.size() + request.response_format.schema.size();
  for (const message& each : request.messages) {
    size += each.content.size() + each.reasoning.size() + each.reasoning_details.size() +
            each.images.size() + each.audio.size() + each.annotations.size() + each.extra.size();
    for (const content_part& part : each.parts) size += part.text.size() + part.json.size();
    for (const tool_call& call : each.tool_calls) size += call.arguments.size() + call.json.size();
  }
  for (const tool& each : request.tools) {
    size += each.description.size() + each.parameters.size() + each.json.size();
  }
  return size;
}

}  // namespace detail

ORCAST_DECL result<void> append_json(const chat_request& request, std::string& out) {
  detail::request_writer writer(out, true);
  writer.write_body(request);
  return writer.finish();
}

ORCAST_DECL void append_invocation_parameters(const chat_request& request, std::string& out) {
  detail::request_writer(out, false).write_invocation_parameters(request);
}

ORCAST_DECL void append_json(const tool& each, std::string& out) {
  detail::request_writer(out, false).write_tool(each);
}

ORCAST_DECL result<void> validate_chat_request(const chat_request& request,
                                               std::size_t most_bytes) {
  detail::json_reader extra(detail::json_manners::exact, 128);
  extra.parse(request.extra);
  if (request.model.empty() && request.models.empty() && request.preset.empty() &&
      !request.account_model && extra.root()["model"].is_null()) {
    return failure(errc::invalid_argument,
                   "the request names no model: set chat_request.model, or account_model to use "
                   "the default of the account");
  }
  if (request.messages.empty() && request.prompt.empty() && !extra.root()["messages"].exists()) {
    return failure(errc::invalid_argument, "the request is empty: set chat_request.messages");
  }
  const std::size_t size = detail::size_of(request);
  if (size > most_bytes) {
    return failure(errc::too_large, "the request holds " + std::to_string(size) + " bytes; " +
                                        std::to_string(most_bytes) +
                                        " are the most (client_options.max_request_bytes)");
  }
  return {};
}

}  // namespace v0
}  // namespace orcast
