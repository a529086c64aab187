// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "orcast/openrouter/delta_listener.hpp"
#include "orcast/openrouter/message.hpp"

// What a program implements so that a model can use its tools; tool_loop.hpp does the rest.

namespace orcast {
inline namespace v0 {

/// What a tool has to say: a result, an error that the model reads, or "not yet".
class tool_answer {
 public:
  enum class kind : unsigned char { result, error, later };

  /// The result, as text or JSON.
  tool_answer(std::string text) : text_(std::move(text)) {}
  tool_answer(const char* text) : text_(text) {}

  /// It did not work; `words` tell the model why, so that it can try otherwise.
  static tool_answer error(std::string words) { return {kind::error, std::move(words)}; }
  /// Ask again in the next tick: a tool that takes several frames.
  static tool_answer later() { return {kind::later, {}}; }

  kind what() const noexcept { return what_; }
  const std::string& text() const noexcept { return text_; }

 private:
  tool_answer(kind what, std::string text) : what_(what), text_(std::move(text)) {}

  kind what_ = kind::result;
  std::string text_;
};

enum class tool_approval : unsigned char {
  allow,
  refuse,  ///< the model is told that it may not
  wait,    ///< somebody is being asked: ask again in the next tick
};

/// Runs a model's tools, and hears its words as any listener does. Called on the thread that runs
/// the loop; it does not destroy the loop.
class tool_handler : public delta_listener {
 public:
  /// Runs the tool `asked.name` (one that the request has) or goes on with it: after later() the
  /// same call is brought again. All calls of one reply are under way at the same time.
  virtual tool_answer run(const tool_call& asked) noexcept = 0;

  /// Before a tool is run.
  virtual tool_approval approve(const tool_call& asked) noexcept {
    static_cast<void>(asked);
    return tool_approval::allow;
  }

  /// Asked before each step and while tools or (with tool_loop) a call are under way: true ends it
  /// all as cancelled.
  virtual bool cancelled() noexcept { return false; }

 protected:
  ~tool_handler() = default;
};

}  // namespace v0
}  // namespace orcast
