// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "orcast/openrouter/observation.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"

// Spans by hand for what happens around the calls: an NPC's turn (AGENT), a tool that runs (TOOL),
// any step of a pipeline (CHAIN). Calls and further work are put under one by its context():
//
//   work turn = work::agent(recording, "npc turn", {parent, session, user});
//   turn.input("Is the Meridian in?");
//   ... call_context{turn.context()} ...
//   turn.output("She is at the east pier.");      // ends with the object, or with end()
//
// Privacy mode leaves out inputs and outputs, as it does for calls. One thread at a time.

namespace orcast {
inline namespace v0 {

struct work_options {
  span_context parent;  ///< invalid: this work is a root, and what Arize lists as the trace
  std::string_view session_id;
  std::string_view user;
};

class work {
 public:
  work() = default;

  static work agent(const recording& where, std::string_view name,
                    const work_options& options = {}) {
    return work(where, keys::kind_agent, name, options);
  }
  static work chain(const recording& where, std::string_view name,
                    const work_options& options = {}) {
    return work(where, keys::kind_chain, name, options);
  }
  /// One run of a tool that a model called; its arguments are the input.
  static work tool(const recording& where, const tool_call& called,
                   const work_options& options = {}) {
    work made(where, keys::kind_tool, called.name, options);
    made.span_.set(keys::tool_name, called.name);
    if (!called.id.empty()) made.span_.set(keys::tool_id, called.id);
    made.input(called.arguments, "application/json");
    return made;
  }

  work& input(std::string_view value, std::string_view mime_type = "text/plain") {
    if (!privacy_) span_.set(keys::input_value, value).set(keys::input_mime_type, mime_type);
    return *this;
  }
  work& output(std::string_view value, std::string_view mime_type = "text/plain") {
    if (!privacy_) span_.set(keys::output_value, value).set(keys::output_mime_type, mime_type);
    return *this;
  }

  /// It did not succeed: status ERROR and an exception event. Without a call, it ends as OK.
  work& fail(const failure& why) {
    failed_ = true;
    std::string type("orcast.");
    type.append(to_string(why.code));
    std::string words(to_string(why.code));
    if (!privacy_ && !why.message.empty()) words.append(": ").append(why.message);
    span_.status(span_status::error, words);
    span_.event("exception", {{keys::exception_type, type},
                              {keys::exception_message, words},
                              {keys::exception_escaped, false}});
    return *this;
  }

  /// Left before it was over: the status stays open.
  work& cancel() {
    failed_ = true;
    span_.set(keys::openrouter_cancelled, true);
    return *this;
  }

  const span_context& context() const noexcept { return span_.context(); }
  /// For attributes of the host's own.
  orcast::span& span() noexcept { return span_; }

  void end() noexcept {
    if (!failed_) span_.status(span_status::ok);
    span_.end();
  }
  ~work() { end(); }
  work(work&&) = default;
  work& operator=(work&& other) noexcept {
    if (this != &other) {
      end();
      span_ = std::move(other.span_);
      privacy_ = other.privacy_;
      failed_ = other.failed_;
    }
    return *this;
  }

 private:
  work(const recording& where, std::string_view kind, std::string_view name,
       const work_options& options)
      : privacy_(where.privacy) {
    if (where.traces == nullptr) return;
    span_options start;
    start.parent = options.parent;
    start.session = options.session_id;
    start.left_out = where.left_out;
    span_ = where.traces->start(name, start);
    span_.set(keys::openinference_span_kind, kind);
    if (!options.session_id.empty()) span_.set(keys::session_id, options.session_id);
    if (!options.user.empty()) span_.set(keys::user_id, options.user);
  }

  orcast::span span_;
  bool privacy_ = false;
  bool failed_ = false;
};

}  // namespace v0
}  // namespace orcast
