// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/host.hpp"
#include "orcast/core/number.hpp"
#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/impl/reply_fields.hpp"
#include "orcast/openrouter/tool_loop.hpp"
#include "orcast/openrouter/work.hpp"

// A run of tools without its calls to the model: both forms of tool_loop.hpp make these, and bring
// what has come of them. The state is what is under way: a step (open, for a call), tools, nothing.

namespace orcast {
inline namespace v0 {
namespace detail {

class tool_steps {
 public:
  tool_steps(const recording& record, chat_request request, tool_handler& handler,
             const tool_options& options)
      : request_(std::move(request)),
        handler_(handler),
        options_(options),
        record_(record),
        clock_(record.traces != nullptr ? record.traces->host() : orcast::host()),
        session_(!request_.session_id.empty() ? request_.session_id : options.context.session_id),
        user_(!request_.user.empty() ? request_.user : options.context.user),
        began_ns_(clock_.steady_ns()) {
    const std::string_view name = options_.context.name;
    agent_ = work::agent(record_, name.empty() ? "run_tools" : name,
                         {options_.context.parent, session_, user_});
    for (auto each = request_.messages.rbegin(); each != request_.messages.rend(); ++each) {
      if (each->role != "user") continue;
      agent_.input(each->content);
      break;
    }
  }

  bool over() const noexcept { return over_; }
  bool streams() const noexcept { return options_.stream; }
  const tool_run& run() const noexcept { return run_; }
  tool_run take() noexcept { return std::move(run_); }

  /// A step begins: what to ask, and with which context().
  const chat_request& begin_step() {
    ++run_.steps;
    if (run_.steps >= options_.steps && !request_.tools.empty()) {
      request_.tool_choice = choose::none();
    } else if (run_.steps == 2 && demands(request_.tool_choice)) {
      request_.tool_choice.clear();  // what demands a tool does so once, or there is no end
    }
    step_ = work::agent(record_, "step " + std::to_string(run_.steps),
                        {agent_.context(), session_, user_});
    return request_;
  }

  call_context context() const {
    call_context made = options_.context;
    made.name.clear();
    made.parent = step_.context().valid() ? step_.context() : options_.context.parent;
    return made;
  }

  /// What the step's call has come to.
  void take_reply(result<void> outcome, chat_reply&& reply) {
    run_.reply = std::move(reply);
    count(run_.reply.usage);
    if (!outcome) return stop(outcome.error());
    if (run_.reply.tool_calls().empty()) return answer();
    if (cancelled()) return;
    if (const std::string limit = limit_reached(); !limit.empty()) {
      return stop(failure(errc::too_large, "no answer within " + limit));
    }
    for (const tool_call& each : run_.reply.tool_calls()) under_way_.emplace_back(each);
  }

  bool tools_under_way() const noexcept { return !under_way_.empty(); }

  /// Asks each tool that has not answered; when all have, the step is over.
  void poll_tools() {
    bool all = true;
    for (tool_under_way& each : under_way_) {
      if (each.state != state::over) poll(each);
      if (cancelled()) return;
      all = all && each.state == state::over;
    }
    if (!all) return;
    request_.messages.push_back(std::move(run_.reply.choices.front().reply));
    for (tool_under_way& each : under_way_) {
      request_.messages.push_back(message::tool(each.asked.id, std::move(each.result)));
    }
    under_way_.clear();
    step_.end();
  }

  void cancel() noexcept { cancel_ = true; }
  /// Ends the run when it has been cancelled or is out of time; true when it is over.
  bool cancelled() {
    if (over_) return true;
    if (cancel_ || handler_.cancelled()) {
      stop(failure(errc::cancelled, "cancelled by the caller"));
    } else if (options_.time_ms > 0 &&
               (clock_.steady_ns() - began_ns_) / 1'000'000 >= options_.time_ms) {
      stop(failure(errc::timeout_total, "no answer within " + std::to_string(options_.time_ms) +
                                            " ms (tool_options.time_ms)"));
    }
    return over_;
  }

  void stop(const failure& why) {
    if (over_) return;
    run_.outcome = why;
    for (tool_under_way& each : under_way_) close(each.trace, why);
    close(step_, why);
    close(agent_, why);
    finish();
  }

 private:
  enum class state : unsigned char { asked, running, over };
  struct tool_under_way {
    explicit tool_under_way(const tool_call& call) : asked(call) {}
    tool_call asked;
    work trace;
    std::string result;
    tool_steps::state state = state::asked;
  };

  /// "required", or one tool by name.
  static bool demands(std::string_view choice) {
    json_reader reader(json_manners::exact);
    if (!reader.parse(choice)) return false;
    return reader.root().text() == "required" || reader.root()["type"].text() == "function";
  }

  static void close(work& trace, const failure& why) {
    why.code == errc::cancelled || why.code == errc::shut_down ? trace.cancel() : trace.fail(why);
    trace.end();
  }

  void poll(tool_under_way& each) {
    if (each.state == state::asked) {
      if (!known(each.asked.name)) {
        return refuse(each, errc::not_found,
                      "there is no tool of that name; there are: " + names());
      }
      const tool_approval approval = handler_.approve(each.asked);
      if (approval == tool_approval::wait) return;
      if (approval == tool_approval::refuse) {
        return refuse(each, errc::permission_denied, "the user does not allow this call");
      }
      begin(each);
      ++run_.tool_calls;
    }
    tool_answer said = handler_.run(each.asked);
    if (said.what() == tool_answer::kind::later) return;
    if (said.what() == tool_answer::kind::error) {
      return end(each, failure(errc::invalid_argument, said.text()));
    }
    text_gate gate;  // a result that is not UTF-8 could not be sent
    gate.push(said.text(), each.result);
    gate.finish(each.result);
    const bool json = !each.result.empty() && (each.result[0] == '{' || each.result[0] == '[');
    each.trace.output(each.result, json ? "application/json" : "text/plain");
    each.trace.end();
    each.state = state::over;
  }

  void begin(tool_under_way& each) {
    each.state = state::running;
    each.trace = work::tool(record_, each.asked, {step_.context(), session_, user_});
  }
  void refuse(tool_under_way& each, errc code, std::string words) {
    begin(each);
    end(each, failure(code, std::move(words)));
  }
  /// Ends a tool with an error, which the model reads.
  void end(tool_under_way& each, const failure& why) {
    object_writer error(each.result);
    append_repaired_string(error.key("error"), why.message);
    error.close();
    each.trace.output(each.result, "application/json");
    each.trace.fail(why);
    each.trace.end();
    each.state = state::over;
  }

  bool known(std::string_view name) const {
    for (const tool& each : request_.tools) {
      if (name_of(each) == name) return true;
    }
    return false;
  }
  std::string names() const {
    std::string all;
    for (const tool& each : request_.tools) {
      const std::string name = name_of(each);
      if (!name.empty()) all += (all.empty() ? "" : ", ") + name;
    }
    return all;
  }
  /// Empty for a tool that OpenRouter runs.
  static std::string name_of(const tool& each) {
    if (each.json.empty()) return each.name;
    json_reader reader(json_manners::exact);
    reader.parse(each.json);
    return std::string(reader.root()["function"]["name"].text());
  }

  void count(const token_usage& usage) {
    run_.prompt_tokens = add_counts(run_.prompt_tokens, usage.prompt_tokens.value_or(0));
    run_.completion_tokens =
        add_counts(run_.completion_tokens, usage.completion_tokens.value_or(0));
    run_.cost += to_double(usage.cost).value_or(0);
  }

  /// The first that is, in words; empty when none is.
  std::string limit_reached() const {
    if (run_.steps >= options_.steps) {
      return std::to_string(options_.steps) + " steps (tool_options.steps)";
    }
    if (options_.cost > 0 && run_.cost >= options_.cost) {
      std::string words = "$";
      append_number(words, options_.cost);
      return words + " (tool_options.cost)";
    }
    const std::int64_t used = add_counts(run_.prompt_tokens, run_.completion_tokens);
    if (options_.tokens > 0 && used >= options_.tokens) {
      return std::to_string(options_.tokens) + " tokens (tool_options.tokens)";
    }
    return {};
  }

  void answer() {
    if (!run_.reply.choices.empty()) {
      request_.messages.push_back(run_.reply.choices.front().reply);
    }
    agent_.output(run_.reply.text());
    step_.end();
    agent_.end();
    finish();
  }

  void finish() {
    under_way_.clear();
    run_.messages = std::move(request_.messages);
    over_ = true;
  }

  chat_request request_;  // with the messages of each finished step
  tool_handler& handler_;
  const tool_options options_;
  const recording record_;
  const orcast::host clock_;
  const std::string session_;
  const std::string user_;
  const std::int64_t began_ns_;
  tool_run run_;
  std::vector<tool_under_way> under_way_;
  work step_;
  work agent_;
  bool cancel_ = false;
  bool over_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
