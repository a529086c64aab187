// SPDX-License-Identifier: MIT
//
// Asks a model through OpenRouter: once, as scripts do, or in a conversation. With Arize's keys in
// the environment every call is traced. `chat --help` says the rest.
//
// This file is the program's course; turn.hpp has the call, conversation.hpp the conversation.

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/console.hpp"
#include "chat/conversation.hpp"
#include "chat/options.hpp"
#include "chat/report.hpp"
#include "chat/request.hpp"
#include "chat/services.hpp"
#include "chat/turn.hpp"

using namespace chat;

namespace {

int refuse(const std::string& why) {
  complain(why);
  return 2;
}

/// The PROMPT, read from standard input when it is "-".
orcast::result<std::string> prompt_of(const options& chosen) {
  if (*chosen.prompt != "-") return *chosen.prompt;
  orcast::result<std::string> text = read_all(stdin);
  if (!text) return detail::about("standard input", text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) {
    return orcast::failure(orcast::errc::invalid_argument, "the prompt on standard input is empty");
  }
  return text;
}

int ask_once(pattern asked, const options& chosen, orcast::client& openrouter,
             interrupts& signals) {
  output out(STDOUT_FILENO);
  const answer got = turn(openrouter, signals, chosen.json ? nullptr : &out)
                         .ask(std::move(asked.request), asked.stream, {});
  if (chosen.json) out.line(answer_json(got));
  if (out.failed()) {
    complain(out.trouble());
  } else if (!got.outcome) {
    complain(failure_line(got.outcome.error(), got.attempts));
  }
  return got.outcome && !out.failed() ? 0 : 1;
}

/// The exit status. Arize takes also what it will not show, so the words say where to look.
int test_connection(const options& chosen, arize_service& arize) {
  const orcast::connection_report seen = arize.test();
  const bool wrong = seen.verdict == orcast::connection_verdict::bad_settings;
  answer got;
  if (!seen.passed()) {
    got.outcome = orcast::failure(wrong ? orcast::errc::invalid_argument : orcast::errc::io,
                                  seen.explanation);
  }
  output out(STDOUT_FILENO);
  if (chosen.json && !chosen.prompt) out.line(answer_json(got));
  if (!seen.passed()) {
    complain("the connection test failed: " + seen.explanation);
    return wrong ? 2 : 1;
  }
  chosen.json || chosen.prompt ? complain(seen.explanation) : out.line(seen.explanation);
  return out.failed() ? 1 : 0;
}

int run(const options& chosen) {
  orcast::result<pattern> asked = make_pattern(chosen);
  if (!asked) return refuse(asked.error().message);
  if (chosen.prompt) {
    orcast::result<std::string> prompt = prompt_of(chosen);
    if (!prompt) return refuse(prompt.error().message);
    asked->request.messages.push_back(orcast::message::user(std::move(*prompt)));
  }

  arize_service arize(chosen);
  if (chosen.test_connection) {
    const int tested = test_connection(chosen, arize);
    if (tested != 0 || (!chosen.prompt && !asks(asked->request))) return tested;
  }
  int status = 2;
  {
    interrupts signals;
    orcast::result<orcast::client> openrouter = make_client(chosen, arize.recording());
    if (!openrouter) {
      complain(openrouter.error().message);
    } else if (chosen.prompt || asks(asked->request)) {
      status = ask_once(std::move(*asked), chosen, *openrouter, signals);
    } else {
      status = conversation(std::move(*asked), chosen, *openrouter, signals).hold();
    }
  }
  arize.finish();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const bool has_output = open_standard_files();
  const options chosen = parse_options({argv + (argc > 0), argv + argc});
  if (!chosen.mistake.empty()) return refuse(chosen.mistake);
  if (!has_output) {
    complain("standard output is closed, so there is nowhere to answer");
    return 1;
  }
  if (chosen.help || chosen.version) {
    output out(STDOUT_FILENO);
    out.write(chosen.help ? std::string(help_text)
                          : "chat of orcast " + std::string(orcast::version) + "\n");
    return out.failed() ? 1 : 0;
  }
  return run(chosen);
}
