// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/openrouter/impl/choice_merge.hpp"
#include "orcast/openrouter/impl/merge_state.hpp"

// Adds what arrives to a chat_reply: the chunks of a stream one after the other, or the body of a
// blocking call, which is treated as one big chunk. So both give the same reply for the same
// answer.

namespace orcast {
inline namespace v0 {
namespace detail {

class reply_merge {
 public:
  explicit reply_merge(const reply_limits& limits) : state_(limits) { spare_.reserve(most_spare); }

  void listen(delta_listener* listener) noexcept { state_.listener = listener; }

  /// `whole`: a body, not a chunk. False when a limit was passed.
  bool add(json_view root, bool whole, chat_reply& reply) {
    state_.whole = whole;
    state_.error = {};
    json_view error;
    for (const json_view member : root) {
      const std::string_view key = member.key();
      if (is(key, "id")) {
        replace_text(reply.id, member);
      } else if (is(key, "model")) {
        replace_text(reply.model, member);
      } else if (is(key, "provider")) {
        replace_text(reply.provider, member);
      } else if (is(key, "service_tier")) {
        replace_text(reply.service_tier, member);
      } else if (is(key, "system_fingerprint")) {
        replace_text(reply.system_fingerprint, member);
      } else if (is(key, "created")) {
        if (member.is_number()) reply.created = member.integer();
      } else if (is(key, "usage")) {
        if (member.is_object()) add_usage(member, reply);
      } else if (is(key, "openrouter_metadata")) {
        if (member.is_object()) {
          reply.metadata = to_json(member);
          read_routing(member, reply.routing);
        }
      } else if (is(key, "choices") && member.is_array()) {
        std::int64_t position = 0;
        for (const json_view each : member) add_choice(each, position++, reply);
      } else if (is(key, "error")) {
        if (is_error(member) && !error.exists()) error = member;
      } else if (!is(key, "object")) {
        state_.spend(more_.set(member));
      }
    }
    if (error.exists()) state_.error = error;
    return !state_.too_large;
  }

  /// The error in what was added last, if there is one: find_error() without another search.
  json_view error() const noexcept { return state_.error; }

  /// No more will come.
  void finish(chat_reply& reply) {
    for (std::size_t i = 0; i < reply.choices.size(); ++i) choices_[i].finish(reply.choices[i]);
    reply.extra = more_.object();
  }

  /// After finish(), when the answer is complete: a stream without a choice 0 has told nothing yet.
  void tell_first(const chat_reply& reply) const {
    delta_listener* const listener = state_.heard();
    if (listener == nullptr || reply.choices.empty() || choices_.front().index() == 0) return;
    const message& said = reply.choices.front().reply;
    if (!said.reasoning.empty()) listener->on_reasoning(said.reasoning);
    if (!said.content.empty()) listener->on_text(said.content);
  }

  /// After finish(), when the answer is complete. Returns what is wrong with it, or null.
  const char* settle(chat_reply& reply) {
    const char* problem = nullptr;
    reply.missing_finish_reason = reply.choices.empty();
    for (std::size_t i = 0; i < reply.choices.size(); ++i) {
      const char* found = choices_[i].settle(reply.id, reply.choices[i]);
      if (found != nullptr) problem = found;
      if (!choices_[i].finished()) reply.missing_finish_reason = true;
    }
    return problem;
  }

  /// The body that a blocking call would have brought.
  void write_body(const chat_reply& reply, std::string& out) const {
    out.clear();
    object_writer whole(out);
    whole.text("id", reply.id);
    whole.text_if("provider", reply.provider);
    whole.text("model", reply.model);
    whole.text("object", "chat.completion");
    whole.number("created", reply.created);
    whole.key("choices");
    char before = '[';
    if (reply.choices.empty()) out += before;
    for (std::size_t i = 0; i < reply.choices.size(); ++i) {
      out += before;
      before = ',';
      choices_[i].write(reply.choices[i], out);
    }
    out += ']';
    whole.text_if("service_tier", reply.service_tier);
    whole.text_if("system_fingerprint", reply.system_fingerprint);
    whole.json_if("usage", usage_);
    whole.json_if("openrouter_metadata", reply.metadata);
    more_.write(whole);
    whole.close();
  }

  /// Whether every choice has said why it ended.
  bool finished(const chat_reply& reply) const noexcept {
    for (const chat_choice& choice : reply.choices) {
      if (choice.finish_reason.empty()) return false;
    }
    return !reply.choices.empty();
  }
  bool received_content() const noexcept { return state_.received_content; }

  /// Empties the reply too, and keeps the memory of its choices.
  void reset(chat_reply& reply) noexcept {
    for (chat_choice& choice : reply.choices) {
      if (spare_.size() < most_spare) spare_.push_back(std::move(choice));
    }
    reply.choices.clear();
    for (std::string* text :
         {&reply.id, &reply.model, &reply.provider, &reply.service_tier, &reply.system_fingerprint,
          &reply.metadata, &reply.extra, &reply.raw}) {
      text->clear();
    }
    reply.created = 0;
    reply.usage = {};
    reply.routing = {};
    reply.no_done = false;
    reply.missing_finish_reason = false;
    choices_.clear();
    more_.clear();
    usage_.clear();
    state_.bytes = 0;
    state_.received_content = false;
    state_.too_large = false;
  }

 private:
  static constexpr std::size_t most_choices = 64;
  static constexpr std::size_t most_spare = 4;

  void add_usage(json_view value, chat_reply& reply) {
    read_usage(value, reply.usage);
    if (state_.whole) return;
    usage_.clear();
    append_json(usage_, value);
  }

  /// Choices are kept in the order of their indices.
  void add_choice(json_view value, std::int64_t position, chat_reply& reply) {
    if (!value.is_object()) return;
    const json_view numbered = value["index"];
    const std::int64_t said = numbered.is_number() ? numbered.integer() : position;
    const std::int64_t index = said < 0 ? position : said;
    std::size_t at = 0;
    while (at < choices_.size() && choices_[at].index() < index) ++at;
    if (at == choices_.size() || choices_[at].index() != index) {
      if (choices_.size() == most_choices) {
        state_.too_large = true;
        return;
      }
      const auto offset = static_cast<std::ptrdiff_t>(at);
      choices_.emplace(choices_.begin() + offset, index);
      insert_choice(reply.choices.begin() + offset, reply.choices);
    }
    choices_[at].add(value, index == 0, reply.choices[at], state_);
  }

  /// A new choice has the memory of an earlier one, where there is one.
  void insert_choice(std::vector<chat_choice>::iterator place, std::vector<chat_choice>& choices) {
    if (spare_.empty()) {
      choices.emplace(place);
      return;
    }
    chat_choice& choice = *choices.insert(place, std::move(spare_.back()));
    spare_.pop_back();
    message& reply = choice.reply;
    for (std::string* text :
         {&reply.role, &reply.content, &reply.name, &reply.tool_call_id, &reply.reasoning,
          &reply.reasoning_details, &reply.refusal, &reply.images, &reply.audio, &reply.annotations,
          &reply.extra, &choice.finish_reason, &choice.native_finish_reason, &choice.logprobs,
          &choice.extra}) {
      text->clear();
    }
    reply.parts.clear();
    reply.tool_calls.clear();
    reply.omit_content = false;
  }

  merge_state state_;
  std::vector<choice_merge> choices_;  // one for each of the reply's, in their order
  std::vector<chat_choice> spare_;
  loose_members more_;
  json_text usage_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
