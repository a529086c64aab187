// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <utility>

#include "orcast/http/control.hpp"
#include "orcast/openrouter/impl/tool_steps.hpp"
#include "orcast/openrouter/tool_loop.hpp"

// The two forms of a run: one waits for its calls, one hears of them. What a run does is in
// tool_steps.hpp.

namespace orcast {
inline namespace v0 {

ORCAST_DECL tool_run run_tools(client& openrouter, chat_request request, tool_handler& handler,
                               const tool_options& options) {
  detail::tool_steps steps(openrouter.record(), std::move(request), handler, options);
  http::exchange_control nobody;  // waits without <thread>
  while (!steps.cancelled()) {
    const chat_request& next = steps.begin_step();
    result<chat_reply> got = options.stream ? openrouter.chat_stream(next, handler, steps.context())
                                            : openrouter.chat(next, steps.context());
    if (got) {
      steps.take_reply({}, std::move(*got));
    } else {
      steps.take_reply(got.error(), {});
    }
    while (steps.tools_under_way()) {
      steps.poll_tools();
      if (!steps.tools_under_way()) break;
      static_cast<void>(nobody.wait_for_resume(std::chrono::milliseconds(10)));
    }
  }
  return steps.take();
}

ORCAST_DECL tool_loop::tool_loop(client& openrouter, chat_request request, tool_handler& handler,
                                 const tool_options& options)
    : openrouter_(openrouter),
      handler_(handler),
      steps_(std::make_unique<detail::tool_steps>(openrouter.record(), std::move(request), handler,
                                                  options)) {
  start();
}

ORCAST_DECL tool_loop::~tool_loop() {
  call_ = call();
  steps_->stop(failure(errc::cancelled, "cancelled by the caller"));
}

ORCAST_DECL void tool_loop::start() {
  const chat_request& next = steps_->begin_step();
  call_ = steps_->streams() ? openrouter_.start(next, this, steps_->context())
                            : openrouter_.start_whole(next, this, steps_->context());
}

ORCAST_DECL void tool_loop::on_done(result<void> outcome, chat_reply& reply) noexcept {
  steps_->take_reply(std::move(outcome), std::move(reply));
}

ORCAST_DECL void tool_loop::tick() {
  if (steps_->cancelled()) {
    call_ = call();
    return;
  }
  if (call_.state() != call_state::done) return;
  if (const result<void> outcome = call_.outcome(); !outcome) return steps_->stop(outcome.error());
  if (steps_->tools_under_way()) steps_->poll_tools();
  if (!steps_->over() && !steps_->tools_under_way()) start();
}

ORCAST_DECL void tool_loop::cancel() noexcept { steps_->cancel(); }
ORCAST_DECL bool tool_loop::done() const noexcept { return steps_->over(); }
ORCAST_DECL const tool_run& tool_loop::run() const noexcept { return steps_->run(); }

}  // namespace v0
}  // namespace orcast
