// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/document.hpp"
#include "orcast/openrouter/feedback.hpp"
#include "orcast/openrouter/message.hpp"
#include "orcast/openrouter/recording.hpp"
#include "orcast/trace/content_recorder.hpp"
#include "orcast/trace/scope.hpp"
#include "orcast/trace/tracer.hpp"

// Spans by hand for what happens around the calls: an NPC's turn (AGENT), a tool that runs (TOOL),
// any step of a pipeline (CHAIN), and the further kinds of OpenInference. Calls and further work
// are put under one by its context():
//
//   work turn = work::agent(recording, "npc turn", {parent, session, user});
//   turn.input("Is the Meridian in?");
//   ... call_context{turn.context()} ...
//   turn.output("She is at the east pier.");      // ends with the object, or with end()
//
// Arize shows the input and output of the root as those of the trace. Privacy mode and masks hide
// them as they do for calls. One thread at a time.

namespace orcast {
inline namespace v0 {

struct work_options {
  span_context parent = {};  ///< invalid: the scope's, else this work is a root
  std::string_view session_id = {};
  std::string_view user = {};
  std::string_view metadata = {};  ///< a JSON object; its keys come before those of scopes
  const scope* in = nullptr;       ///< null: the scope that is bound to this thread
};

class work {
 public:
  work() = default;

  static ORCAST_DECL work agent(const recording& where, std::string_view name,
                                const work_options& options = {});
  static ORCAST_DECL work chain(const recording& where, std::string_view name,
                                const work_options& options = {});
  /// One run of a tool that a model called; its arguments are the input. `described`: as it was
  /// offered to the model.
  static ORCAST_DECL work tool(const recording& where, const tool_call& called,
                               const work_options& options = {},
                               const orcast::tool* described = nullptr);
  /// A search for documents; add what it finds with document().
  static ORCAST_DECL work retriever(const recording& where, std::string_view name,
                                    std::string_view query, const work_options& options = {});
  /// A search of one's own for the best of some documents; add them with candidate() and the ones
  /// chosen, in their order, with document(). top_k 0: all.
  static ORCAST_DECL work reranker(const recording& where, std::string_view model,
                                   std::string_view query, std::size_t top_k = 0,
                                   const work_options& options = {});
  /// Embeddings that are made without OpenRouter; add each with embedding().
  static ORCAST_DECL work embedding_model(const recording& where, std::string_view model,
                                          const work_options& options = {});
  /// A check that lets something through or stops it.
  static ORCAST_DECL work guardrail(const recording& where, std::string_view name,
                                    const work_options& options = {});
  /// A judgement; what it comes to is added by rate().
  static ORCAST_DECL work evaluator(const recording& where, std::string_view name,
                                    const work_options& options = {});
  /// A prompt that is put together: vendor, id and url say where it is kept.
  static ORCAST_DECL work prompt(const recording& where, std::string_view name,
                                 std::string_view vendor = {}, std::string_view id = {},
                                 std::string_view url = {}, const work_options& options = {});

  ORCAST_DECL work& input(std::string_view value, std::string_view mime_type = "text/plain");
  ORCAST_DECL work& output(std::string_view value, std::string_view mime_type = "text/plain");
  /// Of a retriever what it found, of a reranker what it chose.
  ORCAST_DECL work& document(const found_document& found);
  /// Of a reranker: what it chose from.
  ORCAST_DECL work& candidate(const found_document& given);
  /// The vector is recorded where recording.vectors asks for it.
  ORCAST_DECL work& embedding(std::string_view text, const float* vector = nullptr,
                              std::size_t size = 0);
  /// Adds a judgement; one that says nothing (see feedback::complete) is left out.
  ORCAST_DECL work& rate(const feedback& what, feedback_about about = feedback_about::span);
  /// Of a prompt: the template and what was put into it.
  ORCAST_DECL work& filled(std::string_view text, std::string_view variables,
                           std::string_view edition = {});

  /// It did not succeed: status ERROR and an exception event. Without a call, it ends as OK.
  ORCAST_DECL work& fail(const failure& why);
  /// Left before it was over: the status stays open.
  ORCAST_DECL work& cancel();

  const span_context& context() const noexcept { return span_.context(); }
  /// For attributes of the host's own.
  orcast::span& span() noexcept { return span_; }

  ORCAST_DECL void end() noexcept;
  ~work() { end(); }
  work(work&&) = default;
  work& operator=(work&& other) noexcept {
    if (this != &other) {
      end();
      span_ = std::move(other.span_);
      where_ = other.where_;
      for (std::size_t i = 0; i < sizeof next_ / sizeof *next_; ++i) next_[i] = other.next_[i];
      failed_ = other.failed_;
      reranks_ = other.reranks_;
    }
    return *this;
  }

 private:
  ORCAST_DECL work(const recording& where, std::string_view kind, std::string_view operation,
                   std::string_view name, const work_options& options);

  /// One call's worth: what it holds refers to this object.
  content_recorder recorder() noexcept { return content_recorder(span_, where_); }

  enum list : unsigned char { documents, candidates, embeddings, ratings };

  recording where_;
  orcast::span span_;
  std::size_t next_[ratings + 3] = {};  // the index that is free, of each list
  bool failed_ = false;
  bool reranks_ = false;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/work.ipp"
#endif
