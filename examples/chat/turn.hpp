// SPDX-License-Identifier: MIT
//
// One question and its answer: starts the call, prints the words as they arrive, cancels when
// Ctrl-C comes or nobody reads any more, and returns what it has come to.

#pragma once

#include <string_view>
#include <utility>

#include "chat/console.hpp"
#include "orcast/openrouter/client.hpp"

namespace chat {

struct answer {
  orcast::result<void> outcome;
  orcast::chat_reply reply;  ///< with a failure, what had arrived
  int attempts = 0;
};

class turn final : private orcast::call_handler {
 public:
  /// `out` is null when nothing is to be printed.
  turn(orcast::client& openrouter, interrupts& signals, output* out)
      : openrouter_(openrouter), signals_(signals), out_(out) {}

  answer ask(orcast::chat_request request, bool stream, const orcast::call_context& context) {
    constexpr int pause_ms = 5;  // of a frame, so to say; an answer is as fast as its words
    orcast::call talk = stream ? openrouter_.start(std::move(request), this, context)
                               : openrouter_.start_whole(std::move(request), this, context);
    for (openrouter_.tick(0); talk.state() != orcast::call_state::done; openrouter_.tick(0)) {
      const bool interrupted = signals_.wait(pause_ms);
      if (interrupted || (out_ != nullptr && out_->failed())) talk.cancel();
    }
    answer_.attempts = talk.attempts();
    return std::move(answer_);
  }

 private:
  void on_text(std::string_view piece) noexcept override {
    printed_ = true;
    if (out_ != nullptr) out_->text(piece);
  }

  void on_done(orcast::result<void> outcome, orcast::chat_reply& reply) noexcept override {
    if (out_ != nullptr) {
      if (!printed_) out_->text(reply.text());
      out_->end_line();
      for (const orcast::tool_call& each : reply.tool_calls()) {
        out_->text(each.name + " " + each.arguments);
        out_->end_line();
      }
    }
    answer_.outcome = std::move(outcome);
    answer_.reply = std::move(reply);
  }

  orcast::client& openrouter_;
  interrupts& signals_;
  output* out_;
  answer answer_;
  bool printed_ = false;
};

}  // namespace chat
