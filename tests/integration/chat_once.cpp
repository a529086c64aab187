// SPDX-License-Identifier: MIT

#include <csignal>
#include <string>
#include <vector>

#include "integration/chat_support.hpp"
#include "orcast/config.hpp"

// chat with a PROMPT, as scripts use it: standard output, standard error, exit status, what goes
// over the wire and what arrives at Arize.

namespace {

using boost::json::value;
using std::string;
using test::chat_bench;
using test::contains;
using test::count;
using test::finished;

value json_of(const finished& from) {
  INFO(from.out << from.err);
  REQUIRE(count(from.out, "\n") == 1);
  boost::json::error_code failed;
  const value parsed = boost::json::parse(from.out, failed);
  REQUIRE_FALSE(failed);
  return parsed;
}

string text_of(const value& object, const char* member) {
  return string(object.at(member).as_string().c_str());
}

}  // namespace

TEST_CASE("chat prints the answer and nothing else, streamed or not, on both transports") {
  for (const string transport : {"curl", "httplib"}) {
    for (const string stream : {"--stream", "--no-stream"}) {
      INFO(transport << " " << stream);
      chat_bench here;
      here.say("The tide is out, \xe4\xbd\xa0\xe5\xa5\xbd.");
      here.misbehave("split=1");
      const finished got =
          here.run({"--transport", transport, stream, "--model", "openai/gpt-4o", "Tide?"});
      CHECK(got.status == 0);
      CHECK(got.out == "The tide is out, \xe4\xbd\xa0\xe5\xa5\xbd.\n");
      CHECK(got.err.empty());
      const value body = here.sent();
      CHECK(body.at("model") == "openai/gpt-4o");
      CHECK(body.at("messages").at(0).at("content") == "Tide?");
      CHECK((body.as_object().if_contains("stream") != nullptr) == (stream == "--stream"));
    }
  }
}

TEST_CASE("chat streams by default, and its words are out before the answer is over") {
  chat_bench here;
  here.say("Half of it is here, and the rest never comes.");
  here.misbehave("stall=finish");
  test::process running(here.program, {"Well?"}, here.options);
  CHECK(running.wait_for("the rest never comes"));
  running.signal(SIGINT);
  CHECK(running.wait() == 1);
  CHECK(running.out == "Half of it is here, and the rest never comes.\n");
  CHECK(running.err == "chat: cancelled\n");
  CHECK(here.openrouter.wait_for_disconnects(1, std::chrono::seconds(10)));
}

TEST_CASE("chat can be interrupted while it waits for an answer in one piece") {
  chat_bench here;
  here.misbehave("stall=head");
  test::process running(here.program, {"--no-stream", "Well?"}, here.options);
  CHECK(here.openrouter.wait_for_requests(1, std::chrono::seconds(10)));
  running.signal(SIGINT);
  CHECK(running.wait() == 1);
  CHECK(running.err == "chat: cancelled\n");
  CHECK(here.openrouter.wait_for_disconnects(1, std::chrono::seconds(10)));
}

TEST_CASE("chat --json is one object with everything, the same streamed or not") {
  for (const string stream : {"--stream", "--no-stream"}) {
    chat_bench here;
    standins::scripted_reply reply;
    reply.text = "Berth \"four\".\n";
    reply.reasoning = "They ask for a ship.";
    here.openrouter.enqueue(reply);
    const finished got = here.run({"--json", stream, "Where is she?"});
    CHECK(got.status == 0);
    CHECK(got.err.empty());
    const value json = json_of(got);
    std::vector<string> names;
    for (const auto& member : json.as_object()) names.emplace_back(member.key());
    CHECK(names == std::vector<string>{"ok", "text", "reasoning", "tool_calls", "finish_reason",
                                       "model", "provider", "id", "usage", "attempts", "error"});
    CHECK(json.at("ok") == true);
    CHECK(text_of(json, "text") == reply.text);
    CHECK(text_of(json, "reasoning") == reply.reasoning);
    CHECK(json.at("tool_calls").as_array().empty());
    CHECK(json.at("finish_reason") == "stop");
    CHECK(json.at("model") == "openai/gpt-4o-mini");
    CHECK(json.at("provider") == "OpenAI");
    CHECK(contains(text_of(json, "id"), "gen-"));
    CHECK(json.at("usage").at("total_tokens").as_int64() > 0);
    CHECK(json.at("usage").at("cost").is_double());
    CHECK(json.at("attempts") == 1);
    CHECK(json.at("error").is_null());
  }
}

TEST_CASE("chat shows the tools that a model asks for") {
  test::folder files;
  test::write_text(files.file("tools.json"), R"({"tools":[{"type":"function","function":{
    "name":"look_up_ship","description":"Finds a ship","parameters":{"type":"object"}}}]})");
  chat_bench here;
  standins::scripted_reply reply;
  reply.tool_calls = {{"look_up_ship", R"({"ship":"Heron"})", "call_7"}};
  for (const string stream : {"--stream", "--no-stream"}) {
    here.openrouter.enqueue(reply);
    const value json =
        json_of(here.run({"--json", stream, "--request", files.file("tools.json"), "Heron?"}));
    CHECK(json.at("ok") == true);
    CHECK(json.at("finish_reason") == "tool_calls");
    REQUIRE(json.at("tool_calls").as_array().size() == 1);
    const value& call = json.at("tool_calls").at(0);
    CHECK(call.at("id") == "call_7");
    CHECK(call.at("type") == "function");
    CHECK(call.at("function").at("name") == "look_up_ship");
    CHECK(call.at("function").at("arguments") == R"({"ship":"Heron"})");
  }
  CHECK(here.sent().at("tools").at(0).at("function").at("name") == "look_up_ship");

  here.openrouter.enqueue(reply);
  const finished plain = here.run({"--request", files.file("tools.json"), "Heron?"});
  CHECK(plain.status == 0);
  CHECK(plain.out == "look_up_ship {\"ship\":\"Heron\"}\n");
}

TEST_CASE("what chat is told goes into the request, and options count over the request file") {
  test::folder files;
  const string file = files.file("request.json");
  test::write_text(file, R"({"model":"x-ai/grok","temperature":0.25,"stream":false,"user":"file",
    "future_field":{"a":[1,2]},"messages":[{"role":"user","content":"Before"},
    {"role":"assistant","content":"Yes?"}]})");
  chat_bench here;
  CHECK(here.run({"--request", file, "--user", "anna", "--session=harbour-1", "--system", "Brief.",
                  "--trace", R"({"trace_name":"night","npc":"Mira"})", "Now?"})
            .status == 0);
  value body = here.sent();
  CHECK(body.at("model") == "x-ai/grok");
  CHECK(body.at("temperature") == 0.25);
  CHECK(body.at("future_field") == boost::json::parse(R"({"a":[1,2]})"));
  CHECK(body.at("user") == "anna");
  CHECK(body.at("session_id") == "harbour-1");
  CHECK(body.at("trace") == boost::json::parse(R"({"trace_name":"night","npc":"Mira"})"));
  CHECK(body.as_object().if_contains("stream") == nullptr);
  REQUIRE(body.at("messages").as_array().size() == 4);
  CHECK(body.at("messages").at(0) == boost::json::parse(R"({"role":"system","content":"Brief."})"));
  CHECK(body.at("messages").at(2).at("content") == "Yes?");
  CHECK(body.at("messages").at(3) == boost::json::parse(R"({"role":"user","content":"Now?"})"));

  CHECK(here.run({"--stream", "--model", "openai/gpt-4o", "--request", file, "Now?"}).status == 0);
  body = here.sent();
  CHECK(body.at("model") == "openai/gpt-4o");
  CHECK(body.at("stream") == true);
}

TEST_CASE(
    "a request file that ends with a question needs no prompt, and no model where it routes") {
  test::folder files;
  const string file = files.file("request.json");
  test::write_text(file, R"({"models":["openai/gpt-4o","x-ai/grok"],
    "messages":[{"role":"user","content":"Anyone?"}]})");
  chat_bench here;
  here.say("Here.");
  const finished got = here.run({"--request", file});
  CHECK(got.status == 0);
  CHECK(got.out == "Here.\n");
  CHECK(here.sent().as_object().if_contains("model") == nullptr);
}

TEST_CASE("chat reads its prompt from standard input") {
  chat_bench here;
  here.say("Read.");
  const finished got = here.run({"-"}, "first line\nsecond line\n\n");
  CHECK(got.status == 0);
  CHECK(got.out == "Read.\n");
  CHECK(here.sent().at("messages").at(0).at("content") == "first line\nsecond line");
}

TEST_CASE("a call that fails is one line that says what happened and what to do") {
  struct failing {
    string fault, said, code;
    int status;
  };
  const failing all[] = {
      {"400", "Invalid request parameters", "invalid_request", 400},
      {"401", "check OPENROUTER_API_KEY", "authentication", 401},
      {"402", "add credits", "payment_required", 402},
      {"403", "moderation", "permission_denied", 403},
      {"404", "check --model", "not_found", 404},
      {"429+retry-after=7", "try again in 7 s", "rate_limited", 429},
      {"429-provider", "temporarily rate-limited upstream", "rate_limited", 429},
      {"500", "Internal Server Error", "server", 500},
      {"502", "HTTP 502", "provider_unavailable", 502},
      {"503", "No provider is available", "overloaded", 503},
      {"200", "The engine is on fire", "provider_unavailable", 200},
      {"malformed", "", "malformed_response", 200},
  };
  chat_bench here;
  for (const failing& each : all) {
    for (const string stream : {"--stream", "--no-stream"}) {
      here.misbehave(each.fault);
      const finished got = here.run({"--retries", "0", "--json", stream, "Well?"});
      INFO(each.fault << " " << stream << "\n" << got.out << got.err);
      CHECK(got.status == 1);
      CHECK(count(got.err, "\n") == 1);
      CHECK(got.err.compare(0, 6, "chat: ") == 0);
      CHECK(contains(got.err, each.said));
      const value json = json_of(got);
      CHECK(json.at("ok") == false);
      CHECK(json.at("attempts") == 1);
      CHECK(text_of(json.at("error"), "code") == each.code);
      CHECK(json.at("error").at("status") == each.status);
      CHECK_FALSE(text_of(json.at("error"), "message").empty());
    }
  }
}

TEST_CASE("a failure in mid-stream keeps what had arrived") {
  chat_bench here;
  for (const string fault :
       {"stream-error", "stream-error=string", "stream-error=raw", "stream-error=choice",
        "stream-error=availability", "cut=finish", "cut=finish+reset", "end=finish"}) {
    here.say("The first half of it, and the second half of it.");
    here.say("The first half of it, and the second half of it.");
    here.misbehave(fault);
    const finished plain = here.run({"Well?"});
    INFO(fault << "\n" << plain.out << plain.err);
    CHECK(plain.status == 1);
    CHECK(contains(plain.out, "The first half"));
    CHECK(plain.out.back() == '\n');
    CHECK(count(plain.err, "\n") == 1);

    here.misbehave(fault);
    const value json = json_of(here.run({"--json", "Well?"}));
    CHECK(json.at("ok") == false);
    CHECK(contains(text_of(json, "text"), "The first half"));
    CHECK(json.at("attempts") == 1);
  }
}

TEST_CASE("chat tries again as often as it is told, and says how often it did") {
  chat_bench here;
  here.misbehave("429+retry-after=0");
  here.misbehave("503+retry-after=0");
  value json = json_of(here.run({"--json", "--retries", "2", "Well?"}));
  CHECK(json.at("ok") == true);
  CHECK(json.at("attempts") == 3);
  CHECK(here.requests() == 3);

  here.misbehave("429+retry-after=0");
  here.misbehave("429+retry-after=0");
  const finished got = here.run({"--retries", "1", "Well?"});
  CHECK(got.status == 1);
  CHECK(contains(got.err, "2 attempts"));
  CHECK(here.requests() == 5);

  here.misbehave("401");
  json = json_of(here.run({"--json", "--retries", "5", "Well?"}));
  CHECK(json.at("attempts") == 1);
}

TEST_CASE("each time limit ends a call, and its line names the option") {
  struct limit {
    string fault, option, code;
  };
  const limit all[] = {{"stall=head", "--first-byte-timeout", "timeout_first_byte"},
                       {"stall=finish", "--idle-timeout", "timeout_idle"},
                       {"stall=finish", "--total-timeout", "timeout_total"}};
  for (const string transport : {"curl", "httplib"}) {
    for (const limit& each : all) {
      chat_bench here;
      here.misbehave(each.fault);
      const finished got = here.run(
          {"--transport", transport, "--retries", "0", each.option, "0.3", "--json", "Well?"});
      INFO(transport << " " << each.option << "\n" << got.out << got.err);
      CHECK(got.status == 1);
      CHECK(contains(got.err, each.option));
      CHECK(text_of(json_of(got).at("error"), "code") == each.code);
    }
  }
}

TEST_CASE("nobody there, and no key, are said in one line") {
  chat_bench here;
  finished got = here.run({"--base-url", "http://127.0.0.1:1/api/v1", "--retries", "0", "Well?"});
  CHECK(got.status == 1);
  CHECK(count(got.err, "\n") == 1);
  CHECK(contains(got.err, "check the network and --base-url"));

  here.options.environment.erase(here.options.environment.begin());
  got = here.run({"Well?"});
  CHECK(got.status == 1);
  CHECK(got.err == "chat: no API key (authentication); set OPENROUTER_API_KEY\n");
  CHECK(here.requests() == 0);
}

TEST_CASE("wrong usage is one line and exit status 2, and nothing is sent") {
  test::folder files;
  test::write_text(files.file("half.json"), "{\"temperature\":\n");
  test::write_text(files.file("list.json"), "[]");
  test::write_text(files.file("broken.json"), "{\n\"a\":1,\n\"b\":x}");
  test::write_text(files.file("twice.json"),
                   R"({"messages":[{"role":"user","content":"\ud800"}]})");
  chat_bench here;
  const std::vector<std::vector<string>> all = {
      {"--frob", "x"},
      {"--model"},
      {"--model", "--json", "x"},
      {"--model=", "x"},
      {"--json=yes", "x"},
      {"one", "two"},
      {""},
      {"--retries", "many", "x"},
      {"--retries", "-1", "x"},
      {"--idle-timeout", "soon", "x"},
      {"--idle-timeout", "-1", "x"},
      {"--total-timeout", "nan", "x"},
      {"--connect-timeout", "1e9", "x"},
      {"--transport", "pigeon", "x"},
      {"--trace", "{", "x"},
      {"--trace", "[]", "x"},
      {"--trace", "{} {}", "x"},
      {"--request", files.file("none.json"), "x"},
      {"--request", files.file(""), "x"},
      {"--request", files.file("half.json"), "x"},
      {"--request", files.file("list.json"), "x"},
      {"--request", files.file("broken.json"), "x"},
      {"--request", files.file("twice.json"), "x"},
      {"--system", "\xff", "x"},
      {"--base-url", "ftp://example.com", "x"},
      {"--base-url", "http://127.0.0.1:1/\r\nX: y", "x"},
      {"-"},
      {"--test-connection"},
  };
  for (const std::vector<string>& arguments : all) {
    const finished got = here.run(arguments);
    INFO(arguments.front() << " " << (arguments.size() > 1 ? arguments[1] : "") << "\n"
                           << got.out << got.err);
    CHECK(got.status == 2);
    CHECK(got.out.empty());
    CHECK(count(got.err, "\n") == 1);
    CHECK(got.err.compare(0, 6, "chat: ") == 0);
  }
  CHECK(contains(here.run({"--request", files.file("broken.json"), "x"}).err, "in line 3"));
  CHECK(here.requests() == 0);
}

TEST_CASE("a prompt that is not UTF-8 fails before anything is sent") {
  chat_bench here;
  const finished got = here.run({"--json", "caf\xe9"});
  CHECK(got.status == 1);
  CHECK(contains(got.err, "is not UTF-8"));
  CHECK(count(got.err, "\n") == 1);
  const value json = json_of(got);
  CHECK(json.at("error").at("code") == "invalid_argument");
  CHECK(json.at("attempts") == 0);
  CHECK(here.requests() == 0);
}

TEST_CASE("help and version need no key and no network") {
  chat_bench here;
  here.options.environment.clear();
  const finished help = here.run({"--help"});
  CHECK(help.status == 0);
  CHECK(help.err.empty());
  for (const char* option :
       {"--base-url", "--model", "--system", "--stream", "--no-stream", "--transport", "--request",
        "--retries", "--connect-timeout", "--first-byte-timeout", "--idle-timeout",
        "--total-timeout", "--session", "--user", "--trace", "--privacy", "--test-connection",
        "--json"}) {
    INFO(option);
    CHECK(contains(help.out, option));
  }
  CHECK(here.run({"--version"}).out == string("chat of orcast ") + orcast::version + "\n");
}

TEST_CASE("output that nobody takes ends the program with a line, not by a signal") {
  chat_bench here;
  SECTION("a full disk") {
    here.options.output = "/dev/full";
    const finished got = here.run({"Well?"});
    CHECK(got.status == 1);
    CHECK(got.err == "chat: standard output can't be written to: No space left on device\n");
  }
  SECTION("closed from the beginning: nothing is asked and paid for") {
    here.options.output = "-";
    const finished got = here.run({"Well?"});
    CHECK(got.status == 1);
    CHECK(count(got.err, "\n") == 1);
    CHECK(here.requests() == 0);
  }
  SECTION("a reader that goes: the call is cancelled") {
    here.say("One two three four five six seven eight nine ten.");
    here.misbehave("delay-chunks=400");
    test::process running(here.program, {"Count"}, here.options);
    CHECK(running.wait_for("One"));
    running.close_output();
    CHECK(running.wait() == 1);
    CHECK(running.err == "chat: standard output can't be written to: Broken pipe\n");
    CHECK(here.openrouter.wait_for_disconnects(1, std::chrono::seconds(10)));
  }
}

TEST_CASE("chat broadcasts each call, and waits until it is there") {
  for (const string transport : {"curl", "httplib"}) {
    chat_bench here;
    here.broadcast();
    here.say("At the east pier.");
    const finished got = here.run({"--transport", transport, "--session", "s-1", "--user", "anna",
                                   "--trace", R"({"generation_name":"ask the keeper"})", "Where?"});
    INFO(got.err);
    CHECK(got.status == 0);
    CHECK(got.err.empty());
    CHECK(here.arize.violations().empty());
    const auto spans = here.arize.spans();
    REQUIRE(spans.size() == 1);
    const standins::otlp::span& span = spans[0].span;
    CHECK(span.name == "ask the keeper");
    CHECK(span.status.code == 1);
    CHECK(span.attributes.text("openinference.span.kind") == "LLM");
    CHECK(span.attributes.text("session.id") == "s-1");
    CHECK(span.attributes.text("user.id") == "anna");
    CHECK(span.attributes.text("llm.model_name") == "openai/gpt-4o-mini");
    CHECK(span.attributes.text("llm.input_messages.0.message.content") == "Where?");
    CHECK(span.attributes.text("llm.output_messages.0.message.content") == "At the east pier.");
    CHECK(spans[0].resource.text("openinference.project.name") == "quay");
  }
}

TEST_CASE("failed and cancelled calls are broadcast too") {
  chat_bench here;
  here.broadcast();
  here.misbehave("402");
  CHECK(here.run({"Where?"}).status == 1);
  REQUIRE(here.arize.spans().size() == 1);
  CHECK(here.arize.spans()[0].span.status.code == 2);

  here.misbehave("stall=finish");
  test::process running(here.program, {"Where?"}, here.options);
  CHECK(here.openrouter.wait_for_requests(2, std::chrono::seconds(10)));
  running.signal(SIGINT);
  CHECK(running.wait() == 1);
  REQUIRE(here.arize.spans().size() == 2);
  const standins::otlp::span cancelled = here.arize.spans()[1].span;
  CHECK(cancelled.status.code == 0);
  REQUIRE(cancelled.attributes.find("openrouter.cancelled") != nullptr);
  CHECK(here.arize.violations().empty());
}

TEST_CASE("in privacy mode no words leave for Arize") {
  chat_bench here;
  here.broadcast();
  here.say("The gold is under the third plank.");
  const finished got = here.run({"--privacy", "--system", "You keep a secret.", "Where is it?"});
  CHECK(got.out == "The gold is under the third plank.\n");
  REQUIRE(here.arize.bodies().size() == 1);
  for (const char* words : {"third plank", "keep a secret", "Where is it"}) {
    CHECK_FALSE(contains(here.arize.bodies()[0], words));
  }
  CHECK(here.arize.spans()[0].span.attributes.find("llm.token_count.prompt") != nullptr);
}

TEST_CASE("trouble with Arize is a line and leaves answer and exit status alone") {
  chat_bench here;
  string said;
  SECTION("a wrong key") {
    here.broadcast("ak-another");
    said = "unable to validate authorization";
  }
  SECTION("a space's name") {
    here.broadcast(chat_bench::arize_key, "harbour");
    said = "Space Key is not a Space ID";
  }
  SECTION("half of the settings") {
    here.options.environment.push_back(string("ARIZE_API_KEY=") + chat_bench::arize_key);
    said = "ARIZE_SPACE_ID is not set";
  }
  SECTION("spans that are not taken") {
    here.broadcast();
    here.arize.enqueue(standins::arize_fault::with_status(400));
    said = "400";
  }
  here.say("Aye.");
  const finished got = here.run({"Well?"});
  INFO(got.err);
  CHECK(got.status == 0);
  CHECK(got.out == "Aye.\n");
  CHECK(count(got.err, "\n") == 1);
  CHECK(got.err.compare(0, 34, "chat: no trace was sent to Arize: ") == 0);
  CHECK(contains(got.err, said));
}

TEST_CASE("chat --test-connection tells whether Arize takes a trace") {
  chat_bench here;
  SECTION("it does") {
    here.broadcast();
    const finished got = here.run({"--test-connection"});
    INFO(got.err);
    CHECK(got.status == 0);
    CHECK(contains(got.out, "project \"quay\""));
    CHECK(count(got.out, "\n") == 1);
    CHECK(got.err.empty());
    CHECK(here.arize.spans().size() == 1);
    CHECK(here.requests() == 0);
  }
  SECTION("it does not") {
    here.broadcast("ak-another");
    const finished got = here.run({"--test-connection"});
    CHECK(got.status == 1);
    CHECK(got.out.empty());
    CHECK(count(got.err, "\n") == 1);
    CHECK(contains(got.err, "the connection test failed: "));
  }
  SECTION("its settings are wrong") {
    here.broadcast(chat_bench::arize_key, "harbour");
    const finished got = here.run({"--test-connection", "--json"});
    CHECK(got.status == 2);
    CHECK(count(got.err, "\n") == 1);
    CHECK(contains(got.err, "Space Key is not a Space ID"));
    CHECK(json_of(got).at("ok") == false);
    CHECK(here.arize.requests().empty());
  }
  SECTION("with a prompt it is asked then") {
    here.broadcast();
    here.say("Aye.");
    const finished got = here.run({"--test-connection", "Well?"});
    CHECK(got.status == 0);
    CHECK(got.out == "Aye.\n");
    CHECK(here.arize.spans().size() == 2);
  }
}
