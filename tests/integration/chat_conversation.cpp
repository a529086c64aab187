// SPDX-License-Identifier: MIT

#include <string>
#include <vector>

#include "integration/chat_support.hpp"

// chat without a PROMPT: a conversation, through a pipe and at a terminal.

namespace {

using boost::json::value;
using std::string;
using test::chat_bench;
using test::contains;
using test::count;
using test::finished;

}  // namespace

TEST_CASE("each line is a turn that builds on those before it") {
  chat_bench here;
  here.say("I am Mira.");
  here.say("Still Mira.");
  const finished got = here.run({"--system", "You are Mira."}, "Who are you?\n\nAnd now?");
  CHECK(got.status == 0);
  CHECK(got.out == "I am Mira.\nStill Mira.\n");
  CHECK(got.err.empty());
  CHECK(here.sent().at("messages") == boost::json::parse(R"([
    {"role":"system","content":"You are Mira."},{"role":"user","content":"Who are you?"},
    {"role":"assistant","content":"I am Mira."},{"role":"user","content":"And now?"}])"));
}

TEST_CASE("a question without an answer is forgotten, and told by the exit status") {
  chat_bench here;
  here.misbehave("402");
  here.say("Here.");
  const finished got = here.run({}, "Lost?\nThere?\n");
  CHECK(got.status == 1);
  CHECK(got.out == "Here.\n");
  CHECK(count(got.err, "\n") == 1);
  CHECK(contains(got.err, "payment_required"));
  CHECK(here.sent().at("messages") ==
        boost::json::parse(R"([{"role":"user","content":"There?"}])"));
}

TEST_CASE("commands change the conversation and tell about it") {
  test::folder files;
  const string saved = files.file("saved.json");
  chat_bench here;
  here.say("One.");
  here.say("Two.");
  const finished got = here.run({},
                                "First?\n/model\n/model x-ai/grok\n/system Be brief.\nSecond?\n"
                                "/cost\n/save " +
                                    saved + "\n/save\n/nonsense\n/help\n/quit\nNever asked\n");
  CHECK(got.status == 0);
  CHECK(contains(got.out,
                 "One.\nmodel: openai/gpt-4o-mini\nmodel: x-ai/grok\n"
                 "system: Be brief.\nTwo.\n2 turns, "));
  CHECK(contains(got.out, "saved 5 messages to " + saved + "\n/model [M] "));
  CHECK(got.err ==
        "chat: /save needs the name of a file\n"
        "chat: there is no command /nonsense; /help lists them\n");
  CHECK(here.requests() == 2);
  CHECK(here.sent().at("model") == "x-ai/grok");
  CHECK(here.sent().at("messages").at(0).at("content") == "Be brief.");

  const value kept = boost::json::parse(test::read_text(saved));
  CHECK(kept.at("model") == "x-ai/grok");
  REQUIRE(kept.at("messages").as_array().size() == 5);
  CHECK(kept.at("messages").at(4) ==
        boost::json::parse(R"({"role":"assistant","content":"Two."})"));

  here.say("Three.");
  CHECK(here.run({"--request", saved}, "Third?\n").out == "Three.\n");
  CHECK(here.sent().at("messages").as_array().size() == 6);
}

TEST_CASE("a conversation that can't be saved goes on") {
  chat_bench here;
  here.say("Aye.");
  const finished got = here.run({}, "/save /no/such/folder/x\nWell?\n");
  CHECK(got.status == 0);
  CHECK(got.out == "Aye.\n");
  CHECK(contains(got.err, "/save /no/such/folder/x: can't be written: No such file"));
}

TEST_CASE("with --json a conversation is an object a line, and nothing else on standard output") {
  chat_bench here;
  here.say("One.");
  here.misbehave("");
  here.misbehave("429+retry-after=0");
  const finished got = here.run({"--json", "--retries", "0"}, "First?\n/cost\nSecond?\n");
  CHECK(got.status == 1);
  REQUIRE(count(got.out, "\n") == 2);
  const std::size_t end = got.out.find('\n');
  CHECK(boost::json::parse(got.out.substr(0, end)).at("text") == "One.");
  CHECK(boost::json::parse(got.out.substr(end + 1)).at("error").at("status") == 429);
  CHECK(contains(got.err, "1 turn, "));
}

TEST_CASE("the calls of a conversation share a session in the trace, which OpenRouter isn't told") {
  chat_bench here;
  here.broadcast();
  CHECK(here.run({}, "One\nTwo\n").status == 0);
  CHECK(here.sent().as_object().if_contains("session_id") == nullptr);
  const auto spans = here.arize.spans();
  REQUIRE(spans.size() == 2);
  const string session = spans[0].span.attributes.text("session.id");
  CHECK(contains(session, "chat-"));
  CHECK(spans[1].span.attributes.text("session.id") == session);
}

TEST_CASE("at a terminal Ctrl-C cancels the turn and not the program") {
  chat_bench here;
  here.broadcast();
  here.options.terminal = true;
  test::process running(here.program, {}, here.options);
  REQUIRE(running.wait_for("Ctrl-D ends\r\n> "));

  here.say("A long story that never ends");
  here.misbehave("stall=finish");
  running.write("Tell me\n");
  REQUIRE(running.wait_for("A long story that never ends"));
  running.write("\x03");
  REQUIRE(running.wait_for("chat: cancelled\r\n> "));
  CHECK(here.openrouter.wait_for_disconnects(1, std::chrono::seconds(10)));

  running.out.clear();
  running.write("half a line\x03");  // with nothing under way only the line is dropped
  REQUIRE(running.wait_for("\n> "));
  here.say("Still here.");
  running.write("Are you?\n");
  REQUIRE(running.wait_for("Still here.\r\n> "));
  CHECK(here.sent().at("messages") ==
        boost::json::parse(R"([{"role":"user","content":"Are you?"}])"));

  running.write("/quit\n");
  CHECK(running.wait() == 0);
  const auto spans = here.arize.spans();
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].span.attributes.find("openrouter.cancelled") != nullptr);
  CHECK(spans[1].span.status.code == 1);
}

TEST_CASE("at a terminal Ctrl-D ends, and what a model says can't repaint the screen") {
  chat_bench here;
  here.options.terminal = true;
  test::process running(here.program, {}, here.options);
  REQUIRE(running.wait_for("> "));
  here.say(
      "red \x1b[31malert\x07 \xc2\x9b"
      "2J over");
  running.write("Well?\n");
  REQUIRE(running.wait_for("red [31malert 2J over\r\n> "));
  running.write("\x04");
  CHECK(running.wait() == 0);
  CHECK_FALSE(contains(running.out, "\x1b"));
}

TEST_CASE("SIGTERM ends a conversation, and its calls have reached Arize") {
  chat_bench here;
  here.broadcast();
  here.say("Endless");
  here.misbehave("stall=finish");
  test::process running(here.program, {}, here.options);
  running.write("Tell me\n");
  REQUIRE(running.wait_for("Endless"));
  running.signal(SIGTERM);
  CHECK(running.wait() == 1);
  CHECK(running.err == "chat: cancelled\n");
  CHECK(here.arize.spans().size() == 1);
}
