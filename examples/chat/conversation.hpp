// SPDX-License-Identifier: MIT
//
// A conversation: line by line from standard input, with the history that each answer builds on. A
// question that was not answered is forgotten, so that the next one does not stumble over it.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "chat/console.hpp"
#include "chat/report.hpp"
#include "chat/request.hpp"
#include "chat/services.hpp"
#include "chat/turn.hpp"
#include "orcast/core/random.hpp"
#include "support/format.hpp"

namespace chat {

inline constexpr std::string_view commands =
    R"(/model [M]      show the model, or change it
/system [TEXT]  show the system prompt, or change it
/cost           tokens and dollars so far
/save FILE      write the conversation as JSON; --request FILE goes on with it
/help           this list
/quit           the end, as Ctrl-D is; Ctrl-C cancels the answer under way
)";

class conversation {
 public:
  conversation(pattern begin, const options& chosen, orcast::client& openrouter,
               interrupts& signals)
      : request_(std::move(begin.request)),
        stream_(begin.stream),
        json_(chosen.json),
        openrouter_(openrouter),
        signals_(signals),
        terminal_(isatty(STDIN_FILENO) != 0 && out_.terminal()) {
    // The turns of one conversation belong together, also in the trace.
    if (request_.session_id.empty()) context_.session_id = "chat-" + random_name();
  }

  /// Until /quit, the end of the input, or SIGTERM. The exit status.
  int hold() {
    if (terminal_ && !json_) {
      out_.line("chat with " + model() + "; /help lists the commands, Ctrl-D ends");
    }
    line_reader lines;
    for (std::string line; !over_ && !out_.failed() && !signals_.terminated();) {
      if (terminal_) out_.write("> ");
      const line_reader::got got = lines.next(signals_, line);
      if (got == line_reader::got::end) break;
      if (got == line_reader::got::interrupt) {
        if (terminal_ && !signals_.terminated()) out_.write("\n");
        if (!terminal_) return 1;
      } else if (!line.empty() && line[0] == '/') {
        obey(line);
      } else if (line.find_first_not_of(" \t") != std::string::npos) {
        ask(line);
      }
    }
    if (terminal_ && !over_) out_.write("\n");
    if (out_.failed()) complain(out_.trouble());
    const bool broken = out_.failed() || signals_.terminated();
    return broken || (!terminal_ && unanswered_) ? 1 : 0;
  }

 private:
  static std::string random_name() {
    constexpr char digits[] = "0123456789abcdef";
    unsigned char bytes[8];
    orcast::entropy(orcast::host(), bytes, sizeof bytes);
    std::string out;
    for (const unsigned char byte : bytes) (out += digits[byte >> 4]) += digits[byte & 15];
    return out;
  }

  std::string model() const {
    return request_.model.empty() ? "the models of the request file" : request_.model;
  }

  void ask(const std::string& line) {
    const std::size_t before = request_.messages.size();
    request_.messages.push_back(orcast::message::user(line));
    answer got =
        turn(openrouter_, signals_, json_ ? nullptr : &out_).ask(request_, stream_, context_);
    if (json_) out_.line(answer_json(got));
    count(got.reply.usage);
    const bool wants_tool = !got.reply.tool_calls().empty();
    if (got.outcome && !wants_tool && !got.reply.choices.empty()) {
      request_.messages.push_back(std::move(got.reply.choices[0].reply));
      return;
    }
    request_.messages.resize(before);
    unanswered_ = true;
    if (!got.outcome) {
      complain(failure_line(got.outcome.error(), got.attempts));
    } else if (wants_tool) {
      complain("the model asks for a tool, and there is nobody here to run it");
    }
  }

  void count(const orcast::token_usage& usage) {
    ++turns_;
    in_ += usage.prompt_tokens.value_or(0);
    out_tokens_ += usage.completion_tokens.value_or(0);
    if (!usage.cost.empty()) cost_ += std::strtod(usage.cost.c_str(), nullptr);
    if (!usage.received) ++unknown_;
  }

  void obey(const std::string& line) {
    const std::size_t space = line.find_first_of(" \t");
    const std::string command = line.substr(0, space);
    std::string rest = space == std::string::npos ? "" : line.substr(space);
    rest.erase(0, rest.find_first_not_of(" \t"));
    if (command == "/quit") {
      over_ = true;
    } else if (command == "/help") {
      say(commands);
    } else if (command == "/model") {
      if (!rest.empty()) request_.model = rest;
      say("model: " + model() + "\n");
    } else if (command == "/system") {
      if (!rest.empty()) detail::set_system(request_.messages, rest);
      const bool has = !request_.messages.empty() && request_.messages[0].role == "system";
      say("system: " + (has ? request_.messages[0].content : std::string("(none)")) + "\n");
    } else if (command == "/cost") {
      say(cost_line());
    } else if (command == "/save") {
      save(rest);
    } else {
      complain("there is no command " + command + "; /help lists them");
    }
  }

  std::string cost_line() const {
    std::string line = std::to_string(turns_) + (turns_ == 1 ? " turn, " : " turns, ") +
                       examples::format_count(in_) + " tokens in, " +
                       examples::format_count(out_tokens_) + " out, " +
                       examples::format_cost(cost_);
    if (unknown_ > 0) line += "; not known of " + std::to_string(unknown_);
    return line + "\n";
  }

  void save(const std::string& path) {
    if (path.empty()) return complain("/save needs the name of a file");
    std::string json;
    const orcast::result<void> written = orcast::append_json(request_, json);
    if (!written) return complain("/save: " + written.error().message);
    json += '\n';
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    const bool whole =
        file != nullptr && std::fwrite(json.data(), 1, json.size(), file) == json.size();
    const bool closed = file != nullptr && std::fclose(file) == 0;
    if (!whole || !closed) {
      return complain("/save " + path + ": can't be written: " + std::strerror(errno));
    }
    say("saved " + std::to_string(request_.messages.size()) + " messages to " + path + "\n");
  }

  /// What is not an answer goes to stderr where stdout is for JSON.
  void say(std::string_view text) {
    if (json_) {
      std::fputs(harmless(text, false).c_str(), stderr);
    } else {
      out_.text(text);
      out_.end_line();
    }
  }

  orcast::chat_request request_;  // with the history
  orcast::call_context context_;
  bool stream_;
  bool json_;
  orcast::client& openrouter_;
  interrupts& signals_;
  output out_{STDOUT_FILENO};
  bool terminal_;
  bool over_ = false;
  bool unanswered_ = false;
  int turns_ = 0;
  int unknown_ = 0;  // turns without usage
  std::int64_t in_ = 0;
  std::int64_t out_tokens_ = 0;
  double cost_ = 0;
};

}  // namespace chat
