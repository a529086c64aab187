// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/error_reader.hpp"
#include "orcast/openrouter/impl/reasoning_merge.hpp"
#include "orcast/openrouter/impl/reply_fields.hpp"
#include "orcast/openrouter/impl/tool_call_merge.hpp"

// Adds what arrives for one choice to a chat_choice: the deltas of a stream, or a message at once.

namespace orcast {
inline namespace v0 {
namespace detail {

class choice_merge {
 public:
  explicit choice_merge(std::int64_t index = 0) : index_(index) {}

  std::int64_t index() const noexcept { return index_; }

  /// `heard`: the listener hears of it.
  void add(json_view value, bool heard, chat_choice& choice, merge_state& state) {
    json_view logprobs;
    for (const json_view member : value) {
      const std::string_view key = member.key();
      if (state.whole ? is(key, "message") : is(key, "delta")) {
        add_members(member, heard ? state.heard() : nullptr, choice, state);
        if (state.too_large) return;
      } else if (is(key, "finish_reason")) {
        replace_text(choice.finish_reason, member);
      } else if (is(key, "native_finish_reason")) {
        replace_text(choice.native_finish_reason, member);
      } else if (is(key, "logprobs")) {
        logprobs = member;
      } else if (is(key, "error")) {
        if (is_error(member) && !state.error.exists()) state.error = member;
      } else if (!is(key, "index") && !is(key, "message") && !is(key, "delta")) {
        state.spend(beside_.set(member));
      }
    }
    if (!logprobs.is_object()) return;
    if (state.whole) {
      choice.logprobs = to_json(logprobs);
    } else {
      has_logprobs_ = true;
      add_elements(logprobs["content"], logprobs_, state);
      add_elements(logprobs["refusal"], refusal_logprobs_, state);
    }
  }

  /// No more will come.
  void finish(chat_choice& choice) {
    content_.finish(choice.reply.content);
    reasoning_.finish(choice.reply.reasoning);
    repair_text(choice.reply.refusal);
    tool_call_merge::repair(choice.reply.tool_calls);
    if (choice.reply.role.empty()) choice.reply.role = "assistant";
    details_.write(choice.reply.reasoning_details);
    if (!images_.empty()) write_list(images_, choice.reply.images);
    if (!annotations_.empty()) write_list(annotations_, choice.reply.annotations);
    if (has_audio_) write_audio(choice.reply.audio);
    if (has_logprobs_) write_logprobs(choice.logprobs);
    choice.reply.extra = more_.object();
    choice.extra = beside_.object();
  }

  /// After finish(), when the answer is complete. Returns what is wrong with it, or null.
  const char* settle(std::string_view generation_id, chat_choice& choice) {
    const char* problem = calls_.complete(generation_id, choice.reply.tool_calls);
    finished_ = !choice.finish_reason.empty();
    settle_finish_reason(choice);
    return problem;
  }
  /// Whether a finish reason had come when it was settled.
  bool finished() const noexcept { return finished_; }

  /// The choice as a blocking call's body has it.
  void write(const chat_choice& choice, std::string& out) const {
    object_writer whole(out);
    whole.number("index", index_);
    whole.json_if("logprobs", choice.logprobs);
    if (finished_) {
      whole.text("finish_reason", choice.finish_reason);
    } else {
      whole.null("finish_reason");
    }
    whole.text_if("native_finish_reason", choice.native_finish_reason);
    object_writer inner(whole.key("message"));
    inner.text("role", choice.reply.role);
    if (choice.reply.content.empty() && !choice.reply.tool_calls.empty()) {
      inner.null("content");
    } else {
      inner.text("content", choice.reply.content);
    }
    inner.text_if("refusal", choice.reply.refusal);
    inner.text_if("reasoning", choice.reply.reasoning);
    inner.json_if("reasoning_details", choice.reply.reasoning_details);
    if (!choice.reply.tool_calls.empty()) {
      write_tool_calls(choice.reply.tool_calls, inner.key("tool_calls"));
    }
    inner.json_if("images", choice.reply.images);
    inner.json_if("audio", choice.reply.audio);
    inner.json_if("annotations", choice.reply.annotations);
    more_.write(inner);
    inner.close();
    beside_.write(whole);
    whole.close();
  }

 private:
  void add_members(json_view said, delta_listener* listener, chat_choice& choice,
                   merge_state& state) {
    for (const json_view member : said) {
      if (state.too_large) return;
      add_member(member, listener, choice, state);
    }
  }

  void add_member(json_view member, delta_listener* listener, chat_choice& choice,
                  merge_state& state) {
    const std::string_view key = member.key();
    message& reply = choice.reply;
    if (is(key, "role")) {
      replace_text(reply.role, member);
    } else if (is(key, "content")) {
      add_content(member, listener, reply, state);
    } else if (is(key, "reasoning")) {
      add_reasoning(member.text(), listener, reply, state);
    } else if (is(key, "reasoning_details") && member.is_array()) {
      details_.add(member, state);
    } else if (is(key, "tool_calls") && member.is_array()) {
      add_tool_calls(member, reply.tool_calls, state);
    } else if (is(key, "refusal")) {
      choice.reply.refusal += member.text();
      state.spend(member.text().size());
    } else if (is(key, "images") && member.is_array()) {
      add_elements(member, images_, state);
    } else if (is(key, "annotations") && member.is_array()) {
      add_elements(member, annotations_, state);
    } else if (is(key, "audio") && member.is_object()) {
      if (state.whole) {
        choice.reply.audio = to_json(member);
      } else {
        add_audio(member, state);
      }
    } else {
      state.spend(more_.set(member));
    }
  }

  void add_content(json_view content, delta_listener* listener, message& reply,
                   merge_state& state) {
    if (content.is_string()) return add_text(content.text(), listener, reply, state);
    if (!content.is_array()) return;
    for (const json_view each : content) {
      if (!each.is_object()) continue;
      reply.parts.push_back(read_part(each));
      state.spend(reply.parts.back().json.size() + 64);
      if (reply.parts.back().type == "text") add_text(each["text"].text(), listener, reply, state);
    }
  }

  void add_text(std::string_view text, delta_listener* listener, message& reply,
                merge_state& state) {
    if (text.empty()) return;
    const std::size_t before = reply.content.size();
    content_.push(text, reply.content);
    state.spend(text.size());
    state.token();
    if (listener == nullptr || reply.content.size() == before) return;
    listener->on_text({reply.content.data() + before, reply.content.size() - before});
  }

  void add_reasoning(std::string_view text, delta_listener* listener, message& reply,
                     merge_state& state) {
    if (text.empty()) return;
    const std::size_t before = reply.reasoning.size();
    reasoning_.push(text, reply.reasoning);
    state.spend(text.size());
    state.token();
    if (listener == nullptr || reply.reasoning.size() == before) return;
    listener->on_reasoning({reply.reasoning.data() + before, reply.reasoning.size() - before});
  }

  void add_tool_calls(json_view fragments, std::vector<tool_call>& calls, merge_state& state) {
    for (const json_view each : fragments) {
      if (each.is_object()) calls_.add(each, state, calls);
      if (state.too_large) return;
    }
  }

  static void add_elements(json_view elements, json_text& out, merge_state& state) {
    if (!elements.is_array()) return;
    const std::size_t before = out.size();
    for (const json_view each : elements) {
      append_json(out, each);
      out += ',';
    }
    state.spend(out.size() - before);
  }

  void add_audio(json_view audio, merge_state& state) {
    has_audio_ = true;
    replace_text(audio_id_, audio["id"]);
    audio_data_ += audio["data"].text();
    audio_transcript_ += audio["transcript"].text();
    if (!audio["expires_at"].is_null()) audio_expires_at_ = to_json(audio["expires_at"]);
    state.spend(audio["data"].text().size() + audio["transcript"].text().size());
  }

  /// Elements, each with a comma after it, become an array.
  static void write_list(std::string_view elements, json_text& out) {
    out = "[";
    out += elements.substr(0, elements.empty() ? 0 : elements.size() - 1);
    out += ']';
  }

  void write_audio(json_text& out) const {
    out.clear();
    object_writer whole(out);
    if (!audio_id_.empty()) whole.text("id", audio_id_);
    append_repaired_string(whole.key("data"), audio_data_);
    whole.json_if("expires_at", audio_expires_at_);
    append_repaired_string(whole.key("transcript"), audio_transcript_);
    whole.close();
  }

  void write_logprobs(json_text& out) const {
    json_text list;
    out.clear();
    object_writer whole(out);
    write_list(logprobs_, list);
    whole.json("content", logprobs_.empty() ? std::string_view("null") : list);
    write_list(refusal_logprobs_, list);
    whole.json("refusal", refusal_logprobs_.empty() ? std::string_view("null") : list);
    whole.close();
  }

  /// Providers end answers that hold tool calls with reasons of all kinds, or none.
  void settle_finish_reason(chat_choice& choice) const {
    std::string& reason = choice.finish_reason;
    const bool known = reason == "stop" || reason == "length" || reason == "tool_calls" ||
                       reason == "content_filter" || reason == "error";
    const bool calls = !choice.reply.tool_calls.empty();
    if (reason == "function_call" || (calls && !known) ||
        (calls && reason == "stop" && details_.has("reasoning.encrypted"))) {
      reason = "tool_calls";
    } else if (reason.empty()) {
      reason = "other";
    }
  }

  std::int64_t index_;
  text_gate content_;
  text_gate reasoning_;
  tool_call_merge calls_;
  reasoning_merge details_;
  json_text images_;            // elements, each with a comma after it
  json_text annotations_;       // likewise
  json_text logprobs_;          // likewise
  json_text refusal_logprobs_;  // likewise
  std::string audio_id_;
  std::string audio_data_;
  std::string audio_transcript_;
  json_text audio_expires_at_;
  loose_members more_;    // of the message
  loose_members beside_;  // of the choice
  bool has_audio_ = false;
  bool has_logprobs_ = false;
  bool finished_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
