// SPDX-License-Identifier: MIT
//
// A reply as OpenRouter streams it: comments while the model thinks, a chunk with the role,
// reasoning, text and fragments of tool calls, a chunk with the reasons, one with the usage,
// [DONE].

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "standins/json_text.hpp"
#include "standins/openrouter_errors.hpp"
#include "standins/openrouter_faults.hpp"
#include "standins/openrouter_reply.hpp"

namespace standins {

/// One write to the client.
struct stream_event {
  enum class kind { comment, delta, finish, usage, done, rest };
  kind is = kind::delta;
  std::string bytes;
};

/// Words, each with the space after it: about what providers send.
inline std::vector<std::string_view> pieces(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::size_t end = space == text.npos ? text.size() : space + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

class stream_writer {
 public:
  stream_writer(const completion& reply, const fault& wrong, const error_context& about)
      : reply_(reply), wrong_(wrong), about_(about) {}

  std::vector<stream_event> events() {
    using kind = stream_event::kind;
    const std::size_t comments = (std::max)(std::size_t{1}, wrong_.comments);
    for (std::size_t i = 0; i < comments; ++i) {
      add(kind::comment, ": OPENROUTER PROCESSING" + wrong_.line_end + wrong_.line_end);
    }
    if (wrong_.bom) out_.front().bytes.insert(0, "\xef\xbb\xbf");
    say(kind::delta, delta({{"role", "assistant"}, {"content", ""}}));
    add_reasoning();
    const std::vector<std::string_view> text = pieces(reply_.text);
    const bool fails = !wrong_.stream_error.empty();
    for (std::size_t i = 0; i < (fails ? text.size() / 2 : text.size()); ++i) {
      say(kind::delta, delta({{"role", "assistant"}, {"content", text[i]}}));
    }
    if (fails) {
      say(kind::finish, failure());
      return std::move(out_);
    }
    for (std::size_t i = 0; i < reply_.tool_calls.size(); ++i) add_tool_call(i);
    if (wrong_.malformed) {
      const std::string chunk = print(delta({{"content", "half"}}));
      say(kind::delta, chunk.substr(0, chunk.size() / 2));
    }
    json::object last = delta({{"role", "assistant"}, {"content", ""}});
    if (!wrong_.no_finish_reason) {
      json::object& choice = last["choices"].get_array().front().get_object();
      choice["finish_reason"] = reply_.finish_reason;
      choice["native_finish_reason"] = reply_.native_finish_reason;
    }
    say(kind::finish, last);
    if (!wrong_.no_usage) say(kind::usage, usage());
    say(kind::done, std::string("[DONE]"));
    if (wrong_.after_done) say(kind::rest, delta({{"content", "never read this"}}));
    return std::move(out_);
  }

 private:
  json::object chunk() const {
    return {{"id", reply_.id},           {"provider", reply_.provider},
            {"model", reply_.model},     {"object", "chat.completion.chunk"},
            {"created", reply_.created}, {"choices", json::array()}};
  }

  json::object delta(json::object what) const {
    json::object out = chunk();
    out["choices"].get_array().push_back(json::object{{"index", 0},
                                                      {"delta", std::move(what)},
                                                      {"finish_reason", nullptr},
                                                      {"native_finish_reason", nullptr},
                                                      {"logprobs", nullptr}});
    return out;
  }

  void add_reasoning() {
    if (reply_.reasoning.empty()) return;
    for (const std::string_view piece : pieces(reply_.reasoning)) {
      say_reasoning(piece, reasoning_detail(reply_, piece));
    }
    if (reply_.model.compare(0, 10, "anthropic/") == 0) {  // the signature comes alone, at the end
      json::object detail = reasoning_detail(reply_, "");
      detail.erase("text");
      detail["signature"] = "c3RhbmQtaW4=";
      say_reasoning("", std::move(detail));
    }
  }

  void say_reasoning(std::string_view text, json::object detail) {
    json::object what = {{"role", "assistant"}, {"content", ""}, {"reasoning", nullptr}};
    if (!text.empty()) what["reasoning"] = text;
    what["reasoning_details"] = json::array{std::move(detail)};
    say(stream_event::kind::delta, delta(std::move(what)));
  }

  void add_tool_call(std::size_t index) {
    const tool_call& call = reply_.tool_calls[index];
    json::object opening = {{"index", index}, {"id", call.id}, {"type", "function"}};
    json::object function = {{"name", call.name}, {"arguments", ""}};
    if (wrong_.no_tool_id) opening.erase("id");
    if (wrong_.no_tool_arguments) function.erase("arguments");
    opening["function"] = std::move(function);
    say_tool(std::move(opening));
    if (wrong_.no_tool_arguments) return;
    std::string_view rest = call.arguments;
    while (!rest.empty()) {
      // Never nothing: a character is four bytes at most.
      const std::size_t size = whole_characters(rest, 7);
      say_tool({{"index", index}, {"function", {{"arguments", rest.substr(0, size)}}}});
      rest.remove_prefix(size);
    }
  }

  void say_tool(json::object fragment) {
    if (wrong_.no_tool_index) fragment.erase("index");
    say(stream_event::kind::delta, delta({{"role", "assistant"},
                                          {"content", nullptr},
                                          {"tool_calls", json::array{std::move(fragment)}}}));
  }

  json::object failure() const {
    json::object out = delta({{"content", ""}});
    json::object& choice = out["choices"].get_array().front().get_object();
    choice["finish_reason"] = "error";
    choice["native_finish_reason"] = "error";
    json::object error = stream_error(wrong_.stream_error, about_);
    (wrong_.stream_error == "choice" ? choice : out)["error"] = std::move(error);
    return out;
  }

  json::object usage() const {
    json::object out = chunk();
    out["usage"] = reply_.usage;
    if (wrong_.null_usage) out["usage"] = nullptr;
    if (!reply_.metadata.empty()) out["openrouter_metadata"] = reply_.metadata;
    return out;
  }

  void say(stream_event::kind is, const json::object& data) { say(is, print(data)); }
  void say(stream_event::kind is, const std::string& data) {
    const std::string& end = wrong_.line_end;
    add(is, (wrong_.no_space ? "data:" : "data: ") + data + end + end);
  }
  void add(stream_event::kind is, std::string bytes) { out_.push_back({is, std::move(bytes)}); }

  const completion& reply_;
  const fault& wrong_;
  const error_context& about_;
  std::vector<stream_event> out_;
};

}  // namespace standins
