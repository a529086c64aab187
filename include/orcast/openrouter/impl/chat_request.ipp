// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/impl/chat_request_reader.ipp"

// Writes requests. Members come in the order in which chat_request declares them, each message's
// members likewise. What the caller gave as JSON is looked at (is it JSON, of the right kind?) and
// copied as it is; nothing is put into a tree.

namespace orcast {
inline namespace v0 {
namespace detail {

class request_writer {
 public:
  /// `strict`: the first member that cannot be sent as it is ends in a failure. Otherwise text is
  /// repaired and other members are left out.
  request_writer(std::string& out, bool strict) : out_(out), size_(out.size()), strict_(strict) {}

  void write_body(const chat_request& request) {
    object_writer body(out_);
    text(body, "model", request.model);
    texts(body, "models", request.models);
    if (!request.messages.empty()) {
      body.key("messages");
      char before = '[';
      for (std::size_t i = 0; i < request.messages.size(); ++i) {
        out_ += before;
        before = ',';
        path_.clear();
        enter("messages", i);
        write_message(request.messages[i]);
      }
      out_ += ']';
      path_.clear();
    }
    write_parameters(body, request);
    if (!request.tools.empty()) {
      body.key("tools");
      char before = '[';
      for (std::size_t i = 0; i < request.tools.size(); ++i) {
        out_ += before;
        before = ',';
        path_.clear();
        enter("tools", i);
        write_tool(request.tools[i]);
      }
      out_ += ']';
      path_.clear();
    }
    text(body, "user", request.user);
    text(body, "session_id", request.session_id);
    if (!request.trace.empty()) write_trace(body.key("trace"), request.trace);
    merge(body, request.extra);
    body.close();
  }

  void write_invocation_parameters(const chat_request& request) {
    object_writer body(out_);
    text(body, "model", request.model);
    texts(body, "models", request.models);
    write_parameters(body, request);
    merge(body, request.extra, [](std::string_view name) {
      return name == "messages" || name == "tools" || name == "functions" || name == "user" ||
             name == "session_id" || name == "trace";
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
    json(function, "parameters", each.parameters, object_only);
    function.close();
    whole.close();
  }

  result<void> finish() {
    if (problem_.empty() || !strict_) return {};
    out_.resize(size_);
    return failure(errc::invalid_argument, problem_);
  }

 private:
  enum kinds : unsigned { object_only = 1, array_only = 2, string_or_object = 4 };

  void write_parameters(object_writer& body, const chat_request& request) {
    if (request.stream) body.json("stream", "true");
    number(body, "temperature", request.temperature);
    number(body, "top_p", request.top_p);
    if (request.max_completion_tokens) {
      body.number("max_completion_tokens", *request.max_completion_tokens);
    }
    if (request.seed) body.number("seed", *request.seed);
    texts(body, "stop", request.stop);
    json(body, "tool_choice", request.tool_choice, string_or_object);
    json(body, "response_format", request.response_format, object_only);
    json(body, "reasoning", request.reasoning, object_only);
    json(body, "provider", request.provider, object_only);
  }

  void write_message(const message& each) {
    object_writer whole(out_);
    text(whole, "role", each.role);
    if (!each.parts.empty()) {
      write_parts(whole.key("content"), each);
    } else if (!each.content.empty() || !each.omit_content) {
      if (each.content.empty() && !each.tool_calls.empty()) {
        whole.null("content");
      } else {
        text(whole, "content", each.content, true);
      }
    }
    text(whole, "name", each.name);
    if (!each.tool_calls.empty()) write_tool_calls(whole.key("tool_calls"), each);
    text(whole, "tool_call_id", each.tool_call_id);
    text(whole, "reasoning", each.reasoning);
    json(whole, "reasoning_details", each.reasoning_details, array_only);
    merge(whole, each.extra);
    whole.close();
  }

  void write_parts(std::string& out, const message& each) {
    const std::size_t outer = path_.size();
    char before = '[';
    for (std::size_t i = 0; i < each.parts.size(); ++i) {
      const content_part& part = each.parts[i];
      out += before;
      before = ',';
      enter("content", i);
      if (!part.json.empty()) {
        json_or_null(part.json);
      } else if (part.type == "text") {
        object_writer whole(out);
        whole.text("type", "text");
        text(whole, "text", part.text, true);
        whole.close();
      } else {
        json_or_null("");
      }
      path_.resize(outer);
    }
    out += ']';
  }

  void write_tool_calls(std::string& out, const message& each) {
    const std::size_t outer = path_.size();
    char before = '[';
    for (std::size_t i = 0; i < each.tool_calls.size(); ++i) {
      const tool_call& call = each.tool_calls[i];
      out += before;
      before = ',';
      enter("tool_calls", i);
      if (!call.json.empty()) {
        json_or_null(call.json);
      } else {
        object_writer whole(out);
        text(whole, "id", call.id, true);
        whole.text("type", "function");
        object_writer function(whole.key("function"));
        text(function, "name", call.name, true);
        text(function, "arguments", call.arguments, true);
        function.close();
        whole.close();
      }
      path_.resize(outer);
    }
    out += ']';
  }

  void write_trace(std::string& out, const trace_fields& trace) {
    path_ = "trace.";
    object_writer whole(out);
    text(whole, "trace_id", trace.trace_id);
    text(whole, "trace_name", trace.trace_name);
    text(whole, "span_name", trace.span_name);
    text(whole, "generation_name", trace.generation_name);
    text(whole, "parent_span_id", trace.parent_span_id);
    merge(whole, trace.metadata, nullptr, "metadata");
    whole.close();
    path_.clear();
  }

  void enter(const char* list, std::size_t index) {
    path_ += list;
    path_ += '[';
    append_number(path_, static_cast<std::int64_t>(index));
    path_ += "].";
  }

  void complain(std::string_view member, std::string_view about) {
    if (!problem_.empty()) return;
    problem_ = path_;
    problem_ += member;
    if (member.empty() && !problem_.empty()) problem_.pop_back();  // the dot
    problem_ += about;
  }

  void text(object_writer& whole, std::string_view name, std::string_view value,
            bool always = false) {
    if (value.empty() && !always) return;
    if (!valid_utf8(value)) {
      complain(name, " is not UTF-8");
      return append_repaired_string(whole.key(name), value);
    }
    whole.text(name, value);
  }

  void texts(object_writer& whole, std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    whole.key(name);
    char before = '[';
    for (const std::string& value : values) {
      out_ += before;
      before = ',';
      if (!valid_utf8(value)) complain(name, " is not UTF-8");
      append_repaired_string(out_, value);
    }
    out_ += ']';
  }

  void number(object_writer& whole, std::string_view name, const std::optional<double>& value) {
    if (!value) return;
    if (!std::isfinite(*value)) return complain(name, " is not a finite number");
    append_number(whole.key(name), *value);
  }

  void json(object_writer& whole, std::string_view name, std::string_view value, kinds accepted) {
    if (value.empty()) return;
    if (!reader_.parse(value)) return complain(name, " is not JSON");
    const json_view root = reader_.root();
    if (accepted == object_only && !root.is_object()) return complain(name, " is not an object");
    if (accepted == array_only && !root.is_array()) return complain(name, " is not an array");
    if (accepted == string_or_object && !root.is_object() && !root.is_string()) {
      return complain(name, " is neither a string nor an object");
    }
    whole.json(name, value);
  }

  /// An element of an array, which is an object that the caller gave whole.
  void json_or_null(std::string_view value) {
    if (!reader_.parse(value)) {
      complain("", value.empty() ? " has a type but no json" : " is not JSON");
    } else if (!reader_.root().is_object()) {
      complain("", " is not an object");
    } else {
      out_ += value;
      return;
    }
    out_ += "null";
  }

  /// Adds the members of an object to the one under way.
  void merge(object_writer& whole, std::string_view members,
             bool (*leave_out)(std::string_view) = nullptr, std::string_view name = "extra") {
    if (members.empty()) return;
    if (!reader_.parse(members)) return complain(name, " is not JSON");
    const json_view root = reader_.root();
    if (!root.is_object()) return complain(name, " is not an object");
    for (const json_view member : root) {
      const std::string_view key = member.key();
      if (leave_out != nullptr && leave_out(key)) continue;
      if (whole.has(key) || root[key].key().data() != key.data()) {
        if (problem_.empty()) {
          complain(name, ".");
          problem_.append(key).append(" is set twice");
        }
        continue;
      }
      detail::append_json(whole.key(key), member);
    }
  }

  std::string& out_;
  std::size_t size_;
  bool strict_;
  std::string path_;     // of the object under way: "messages[3]."
  std::string problem_;  // the first
  json_reader reader_{json_manners::exact, 128};
};

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

}  // namespace v0
}  // namespace orcast
