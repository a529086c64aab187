// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/http/sse.hpp"
#include "orcast/openrouter/impl/json_write.hpp"

// Puts the stream of an endpoint that is no chat completion back together while it arrives: the
// body that a call in one piece would have brought, as far as a span shows it.

namespace orcast {
inline namespace v0 {
namespace detail {

class endpoint_reply {
 public:
  /// What comes after so many bytes is not looked at.
  explicit endpoint_reply(std::size_t most_bytes) : left_(most_bytes) {}
  endpoint_reply(const endpoint_reply&) = delete;
  endpoint_reply& operator=(const endpoint_reply&) = delete;

  void feed(std::string_view bytes) {
    if (bytes.size() > left_) {
      left_ = 0;  // smaller pieces that follow would not fit to what is there
      return;
    }
    left_ -= bytes.size();
    static_cast<void>(events_.feed(bytes, taker_));  // what is left of a broken stream is used
  }
  /// Nothing more comes.
  void end() { static_cast<void>(events_.flush_tail(taker_)); }

  /// Something of the answer is here: text, reasoning or a tool call.
  bool spoke() const noexcept { return spoke_; }
  /// Nothing that matters can follow.
  bool over() const noexcept { return done_ || !response_.empty() || !error_.empty(); }
  /// Whether the stream came to its end, well or not.
  bool complete() const noexcept { return over() || !stop_.empty(); }

  std::string json() const {
    if (!response_.empty()) return response_;  // OpenAI's last event holds all of it
    std::string made;
    object_writer whole(made);
    if (!id_.empty()) append_repaired_string(whole.key("id"), id_);
    if (!model_.empty()) append_repaired_string(whole.key("model"), model_);
    if (!provider_.empty()) append_repaired_string(whole.key("provider"), provider_);
    if (!blocks_.empty()) write_blocks(whole);
    if (!texts_.empty()) write_choices(whole);
    if (!pending_.empty()) {
      append_repaired_string(whole.key("output_text"), pending_);
    }
    if (!stop_.empty()) append_repaired_string(whole.key("stop_reason"), stop_);
    whole.json_if("usage", usage_);
    whole.json_if("error", error_);
    whole.close();
    return made;
  }

 private:
  struct take {
    endpoint_reply& into;
    bool operator()(const http::sse_event& event) const {
      into.done_ = into.done_ || event.data == "[DONE]" || event.type == "message_stop";
      if (into.reader_.parse(event.data)) into.take_event(into.reader_.root());
      return true;
    }
  };

  struct block {
    std::string json;  // as it began
    std::string type;
    std::string text;
    std::string signature;
  };

  void take_event(json_view event) {
    const std::string_view type = event["type"].text();
    const bool last =
        type == "response.completed" || type == "response.incomplete" || type == "response.failed";
    if (last) {
      response_ = to_json(event["response"]);
    } else if (type == "response.output_text.delta") {
      pending_.append(event["delta"].text());
    }
    if (is_delta_of_response(type)) heard(event["delta"].text());
    const json_view message = event["message"];
    const json_view source = message.is_object() ? message : event;
    replace(id_, source["id"]);
    replace(model_, source["model"]);
    replace(provider_, source["provider"]);
    merge_usage(source["usage"]);
    if (event["error"].is_object()) error_ = to_json(event["error"]);
    replace(stop_, event["delta"]["stop_reason"]);
    const auto index = static_cast<std::size_t>(event["index"].integer());
    if (type == "content_block_start" && index == blocks_.size() && index < 4096) {
      const json_view begun = event["content_block"];
      blocks_.push_back({to_json(begun),
                         std::string(begun["type"].text()),
                         std::string(begun["text"].text()),
                         {}});
      heard(begun["text"].text());
      if (is_tool(begun["type"].text())) heard(begun["name"].text());
    } else if (type == "content_block_delta" && index < blocks_.size()) {
      const json_view delta = event["delta"];
      for (const std::string_view name : {"text", "partial_json", "thinking"}) {
        blocks_[index].text.append(delta[name].text());
        heard(delta[name].text());
      }
      blocks_[index].signature.append(delta["signature"].text());
    }
    for (const json_view choice : event["choices"]) {
      const auto at = static_cast<std::size_t>(choice["index"].integer());
      if (at > texts_.size() || at >= 64) continue;
      if (at == texts_.size()) texts_.emplace_back();
      texts_[at].text.append(choice["text"].text());
      heard(choice["text"].text());
      replace(texts_[at].signature, choice["finish_reason"]);
    }
  }

  void heard(std::string_view words) noexcept { spoke_ = spoke_ || !words.empty(); }

  /// Of text, reasoning, its summary, a refusal or a function's arguments.
  static bool is_delta_of_response(std::string_view type) noexcept {
    constexpr std::string_view first = "response.";
    constexpr std::string_view last = ".delta";
    return type.size() > first.size() + last.size() && type.substr(0, first.size()) == first &&
           type.substr(type.size() - last.size()) == last;
  }
  static bool is_tool(std::string_view type) noexcept {
    return type == "tool_use" || type == "server_tool_use";
  }

  static void replace(std::string& place, json_view value) {
    if (value.is_string() && !value.text().empty()) place.assign(value.text());
  }

  /// Anthropic's stream says what went in at its beginning, and what came out at its end.
  void merge_usage(json_view usage) {
    if (!usage.is_object()) return;
    std::string merged;
    object_writer whole(merged);
    for (const json_view member : usage) append_json(whole.key(member.key()), member);
    json_reader before(json_manners::tolerant);
    if (before.parse(usage_)) {
      for (const json_view member : before.root()) {
        if (!usage[member.key()].exists()) append_json(whole.key(member.key()), member);
      }
    }
    whole.close();
    usage_.swap(merged);
  }

  void write_blocks(object_writer& whole) const {
    std::string& out = whole.key("content");
    char separator = '[';
    for (const block& each : blocks_) {
      out += separator;
      separator = ',';
      json_reader begun(json_manners::tolerant);
      object_writer made(out);
      const bool tool = is_tool(each.type);
      const std::string_view field = tool ? "input" : each.type == "thinking" ? "thinking" : "text";
      static_cast<void>(begun.parse(each.json));
      for (const json_view member : begun.root()) {
        const bool replaced = member.key() == field && !each.text.empty();
        const bool newer = member.key() == "signature" && !each.signature.empty();
        if (!replaced && !newer) append_json(made.key(member.key()), member);
      }
      json_reader arguments(json_manners::tolerant);
      if (tool && arguments.parse(each.text)) {
        append_json(made.key(field), arguments.root());
      } else if (!each.text.empty()) {
        append_repaired_string(made.key(field), each.text);
      }
      if (!each.signature.empty()) append_repaired_string(made.key("signature"), each.signature);
      made.close();
    }
    out += ']';
  }

  void write_choices(object_writer& whole) const {
    std::string& out = whole.key("choices");
    char separator = '[';
    for (const block& each : texts_) {
      out += separator;
      separator = ',';
      object_writer made(out);
      append_repaired_string(made.key("text"), each.text);
      if (!each.signature.empty()) {
        append_repaired_string(made.key("finish_reason"), each.signature);
      }
      made.close();
    }
    out += ']';
  }

  http::sse_parser events_;
  take taker_{*this};
  std::size_t left_;
  json_reader reader_{json_manners::tolerant, 128};
  std::string response_;
  std::string pending_;  // what a response that did not get to its end had said
  std::string id_;
  std::string model_;
  std::string provider_;
  std::string stop_;
  std::string usage_;
  std::string error_;
  bool done_ = false;
  bool spoke_ = false;
  std::vector<block> blocks_;
  std::vector<block> texts_;  // of /completions: text, and the finish reason as the signature
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
