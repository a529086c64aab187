// SPDX-License-Identifier: MIT
//
// A character: hears the player, asks a model through OpenRouter for an answer, uses tools when the
// model wants to, and speaks while the words arrive. Each turn is one trace: an AGENT span for the
// turn, under it a call to the model (its span is the client's own work) or several, and a TOOL
// span for each tool.

#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "game_loop/dialogue.hpp"
#include "game_loop/report.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/work.hpp"
#include "support/format.hpp"

namespace game_loop {

/// What all characters share, brought up to date in every frame.
struct scene {
  orcast::client& openrouter;
  orcast::recording tracing;
  std::string player;
  double now_s = 0;
  std::uint64_t frame = 0;
  std::vector<spoken_line> news;  ///< what happened in this frame, for the progress display
};

/// What is left of a turn when it is over.
struct turn_record {
  std::vector<spoken_line> lines;
  std::vector<call_line> calls;
};

class character final : private orcast::call_handler {
 public:
  character(const npc& self, scene& here) : self_(self), here_(here) {
    memory_.push_back(orcast::message::system(self.system));
  }

  /// A turn that will come; `into` outlives this object.
  void expect(const turn& what, turn_record& into) { turns_.push_back({&what, &into}); }

  /// Once per frame: a turn begins when it is due and the one before is over; a player who walks
  /// off does not wait for the rest.
  void update() {
    if (!talking_ && next_ < turns_.size() && turns_[next_].what->at_s <= here_.now_s) {
      hear(*turns_[next_].what, *turns_[next_].into);
      ++next_;
    }
    if (talking_ && leaves_at_s_ && here_.now_s >= *leaves_at_s_) talk_.cancel();
  }

  bool talking() const { return talking_; }
  bool finished() const { return !talking_ && next_ == turns_.size(); }
  const std::string& name() const { return self_.name; }
  /// What has been said so far in this turn.
  const std::string& words() const { return words_; }

 private:
  struct expected_turn {
    const turn* what;
    turn_record* into;
  };

  void hear(const turn& said, turn_record& into) {
    talking_ = true;
    kept_ = &into;
    questions_ = 0;
    leaves_at_s_.reset();
    if (said.leave_after_s) leaves_at_s_ = here_.now_s + *said.leave_after_s;

    trace_ = orcast::work::agent(here_.tracing, "npc turn " + self_.name,
                                 {{}, self_.session, here_.player});
    trace_.span().set(orcast::keys::agent_name, self_.name);
    trace_.input(said.say);

    kept_->lines.push_back({here_.now_s, "Player", said.say});
    here_.news.push_back({here_.now_s, "Player to " + self_.name, said.say});
    before_ = memory_.size();
    memory_.push_back(orcast::message::user(said.say));
    ask();
  }

  /// Returns at once; on_text() and on_done() are called in a later client::tick().
  void ask() {
    orcast::chat_request request;
    request.model = self_.model;
    request.messages = memory_;
    request.temperature = self_.temperature;
    if (self_.max_tokens) request.max_completion_tokens = *self_.max_tokens;
    for (const tool* each : self_.tools) {
      request.tools.push_back({each->name, each->description, each->parameters, {}});
    }
    // A model that never stops looking things up would never speak.
    if (!request.tools.empty() && ++questions_ > 3) request.tool_choice = "\"none\"";
    request.session_id = self_.session;
    request.user = here_.player;

    orcast::call_context context;
    context.parent = trace_.context();
    context.metadata =
        boost::json::serialize(boost::json::object{{"npc", self_.name}, {"frame", here_.frame}});
    words_.clear();
    talk_ = here_.openrouter.start(std::move(request), this, context);
  }

  void on_text(std::string_view piece) noexcept override {
    if (words_.empty()) speaks_at_s_ = here_.now_s;
    words_ += piece;
  }

  void on_done(orcast::result<void> outcome, orcast::chat_reply& reply) noexcept override {
    kept_->calls.push_back(line_of(outcome, reply));
    if (!outcome) return break_off(outcome.error());

    words_ = reply.text();
    orcast::message said = orcast::message::assistant(words_);
    if (!reply.choices.empty()) said = std::move(reply.choices.front().reply);
    memory_.push_back(said);
    if (said.tool_calls.empty()) return answered();
    for (const orcast::tool_call& each : said.tool_calls) use_tool(each);
    ask();
  }

  void use_tool(const orcast::tool_call& asked) {
    orcast::work trace =
        orcast::work::tool(here_.tracing, asked, {trace_.context(), self_.session, here_.player});
    const auto known =
        std::find_if(self_.tools.begin(), self_.tools.end(),
                     [&asked](const tool* each) { return each->name == asked.name; });
    std::string result = R"({"error":"there is no such tool"})";
    if (known != self_.tools.end()) {
      result = (*known)->answer(asked.arguments);
    } else {
      trace.fail(orcast::failure(orcast::errc::not_found, "there is no such tool"));
    }
    trace.output(result, "application/json");
    note(asked.name + " " + asked.arguments + " -> " + result);
    memory_.push_back(orcast::message::tool(asked.id, std::move(result)));
  }

  void answered() {
    trace_.output(words_);
    if (words_.empty()) note("says nothing");
    say("");
    end();
  }

  /// A turn that came to nothing is forgotten, so that the next one does not stumble over it.
  void break_off(const orcast::failure& why) {
    memory_.resize(before_);
    if (!words_.empty()) trace_.output(words_);
    say("...");
    if (why.code == orcast::errc::cancelled) {
      trace_.cancel();
      note("the player walks off, and the call is cancelled");
    } else {
      trace_.fail(why);
      note("no answer: " + why.message);
    }
    end();
  }

  void end() {
    trace_.end();
    talking_ = false;
    words_.clear();
  }

  void say(std::string_view ending) {
    if (words_.empty()) return;
    kept_->lines.push_back({speaks_at_s_, self_.name, words_ + std::string(ending)});
    here_.news.push_back({here_.now_s, self_.name, words_ + std::string(ending)});
  }
  void note(const std::string& what) {
    kept_->lines.push_back({here_.now_s, self_.name, "[" + what + "]"});
    here_.news.push_back(kept_->lines.back());
  }

  call_line line_of(const orcast::result<void>& outcome, const orcast::chat_reply& reply) const {
    call_line line;
    line.npc = self_.name;
    line.model = reply.model.empty() ? self_.model : reply.model;
    line.provider = reply.provider;
    line.prompt_tokens = reply.usage.prompt_tokens;
    line.completion_tokens = reply.usage.completion_tokens;
    if (!reply.usage.cost.empty()) line.cost = std::strtod(reply.usage.cost.c_str(), nullptr);
    const double first_ms = talk_.time_to_first_token_ms();
    if (first_ms >= 0) line.first_token_ns = first_ms * 1e6;
    line.latency_ns = (std::max)(talk_.latency_ms(), 0.0) * 1e6;
    if (outcome) {
      line.status = "ok";
      if (!reply.tool_calls().empty()) line.status = "ok, asks for a tool";
      if (reply.finish_reason() == "length") line.status = "ok, cut at max_tokens";
    } else {
      const orcast::failure& why = outcome.error();
      if (why.http_status != 0) line.status = std::to_string(why.http_status) + " ";
      line.status += orcast::to_string(why.code);
    }
    return line;
  }

  const npc& self_;
  scene& here_;
  std::vector<orcast::message> memory_;
  std::size_t before_ = 0;  // how much of it is older than this turn
  std::vector<expected_turn> turns_;
  std::size_t next_ = 0;

  // Of the turn under way:
  bool talking_ = false;
  turn_record* kept_ = nullptr;
  int questions_ = 0;
  std::optional<double> leaves_at_s_;
  double speaks_at_s_ = 0;
  std::string words_;
  orcast::work trace_;
  orcast::call talk_;
};

}  // namespace game_loop
