// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/tool_handler.hpp"

// Asks a model, runs the tools that it wants, tells it their results, and so on until it answers.
// In two forms that do the same: run_tools() waits, a tool_loop is driven from a frame:
//
//   tool_loop turn(client, std::move(request), handler);
//   each frame:  client.tick(); turn.tick();
//   if (turn.done()) say(turn.run().reply.text());
//
// In the trace a run is an AGENT span; under it each step is one too, with the call to the model
// and a TOOL span for each tool.

namespace orcast {
inline namespace v0 {

/// When a run ends without an answer. 0 means no limit, except for `steps`.
struct tool_options {
  /// Calls to the model. In the last one it may not use tools, so that it has to speak.
  int steps = 8;
  double cost = 0;           ///< US dollars, all steps together, as far as OpenRouter says
  std::int64_t tokens = 0;   ///< prompt and completion, all steps together
  std::int64_t time_ms = 0;  ///< run_tools() looks between steps only
  bool stream = true;        ///< the handler hears the words as they arrive
  call_context context;      ///< of the run's span; `name` is "run_tools" when empty
};

/// What a run has come to.
struct tool_run {
  /// Ok: the model has answered. Else the failure of the call that failed; or cancelled; or
  /// too_large or timeout_total for the limit that was reached, which is named.
  result<void> outcome;
  chat_reply reply;  ///< the last one; after a failure what arrived of it, which may be nothing
  /// The whole conversation, ready to be gone on with: the request's messages, each finished step,
  /// and the answer. A step that was not finished is not in it.
  std::vector<message> messages;
  int steps = 0;       ///< calls to the model
  int tool_calls = 0;  ///< tools that were run
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  double cost = 0;  ///< US dollars
};

/// Waits for the answer. Threads as with client::chat(). A handler that answers later() or wait is
/// asked again every ten milliseconds.
ORCAST_DECL tool_run run_tools(client& openrouter, chat_request request, tool_handler& handler,
                               const tool_options& options = {});

namespace detail {
class tool_steps;
}

/// The same, driven by tick(). The thread of the client, which outlives it, as the handler does;
/// destroying it cancels.
class tool_loop final : private call_handler {
 public:
  /// Starts the first call.
  ORCAST_DECL tool_loop(client& openrouter, chat_request request, tool_handler& handler,
                        const tool_options& options = {});
  ORCAST_DECL ~tool_loop();
  tool_loop(const tool_loop&) = delete;
  tool_loop& operator=(const tool_loop&) = delete;

  /// Once per frame, after client::tick(): asks each tool under way, and starts the next call when
  /// all have answered.
  ORCAST_DECL void tick();

  /// Ends it as cancelled, at the latest with the next tick().
  ORCAST_DECL void cancel() noexcept;

  ORCAST_DECL bool done() const noexcept;
  /// Complete when done(); the numbers are up to date before.
  ORCAST_DECL const tool_run& run() const noexcept;

 private:
  ORCAST_DECL void start();
  void on_first_chunk() noexcept override { handler_.on_first_chunk(); }
  void on_first_token() noexcept override { handler_.on_first_token(); }
  void on_text(std::string_view piece) noexcept override { handler_.on_text(piece); }
  void on_reasoning(std::string_view piece) noexcept override { handler_.on_reasoning(piece); }
  void on_tool_call(const tool_call& asked) noexcept override { handler_.on_tool_call(asked); }
  ORCAST_DECL void on_done(result<void> outcome, chat_reply& reply) noexcept override;

  client& openrouter_;
  tool_handler& handler_;
  std::unique_ptr<detail::tool_steps> steps_;
  call call_;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/tool_loop.ipp"
#endif
