// SPDX-License-Identifier: MIT

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orcast/http/fake_transport.hpp"
#include "orcast/openrouter/mock_reply.hpp"
#include "orcast/openrouter/tool_description.hpp"
#include "orcast/openrouter/tool_loop.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

// Runs of tools in both forms, with scripted models.

namespace {

using orcast::client;
using orcast::errc;
using orcast::mock_reply;
using orcast::run_tools;
using orcast::tool_answer;
using orcast::tool_approval;
using orcast::tool_call;
using orcast::tool_description;
using orcast::tool_loop;
using orcast::tool_options;
using orcast::tool_run;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_transport;

/// Answers from a table, "later" as often as it is told, and writes down what it hears.
struct harbour : orcast::tool_handler {
  virtual ~harbour() = default;
  tool_answer run(const tool_call& asked) noexcept override {
    log += asked.name + asked.arguments + " ";
    if (patience[asked.name]-- > 0) return tool_answer::later();
    const auto found = answers.find(asked.name);
    return found != answers.end() ? found->second : tool_answer::error("it is foggy");
  }
  tool_approval approve(const tool_call& asked) noexcept override {
    const auto found = approvals.find(asked.name);
    if (found == approvals.end() || found->second.empty()) return tool_approval::allow;
    const tool_approval next = found->second.back();
    found->second.pop_back();
    return next;
  }
  bool cancelled() noexcept override { return stopped; }
  void on_text(std::string_view piece) noexcept override {
    log += "+" + std::string(piece) + " ";
    words += piece;
  }

  std::map<std::string, tool_answer> answers;
  std::map<std::string, int> patience;
  std::map<std::string, std::vector<tool_approval>> approvals;  // the last one first
  bool stopped = false;
  std::string log;
  std::string words;
};

orcast::chat_request question() {
  orcast::chat_request request = test::hello();
  request.tools = {tool_description("ship", "Finds a ship").text("name", "").done(),
                   tool_description("tide", "When it turns").done()};
  return request;
}

mock_reply asks_ship() { return mock_reply("").tool("ship", R"({"name":"Heron"})"); }

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

/// The spans by name; one that began after another of its name has a dash behind it.
std::map<std::string, test::plain_span> by_name(std::vector<test::plain_span> spans) {
  std::stable_sort(spans.begin(), spans.end(), [](const auto& one, const auto& other) {
    return one.start_wall_ns < other.start_wall_ns;
  });
  std::map<std::string, test::plain_span> made;
  for (const test::plain_span& each : spans) {
    made[made.count(each.name) != 0 ? each.name + "'" : each.name] = each;
  }
  return made;
}

template <class Transport>
void plays_two_steps(Transport& net, client& made, test::bench& bench, bool stream) {
  const auto form = [stream](const mock_reply& said) {
    return stream ? said.streamed() : said.whole();
  };
  net.reply(form(asks_ship().tool("tide", "").usage(10, 5, "0.25")));
  net.reply(form(mock_reply("At four.").usage(20, 6, "0.5").model("openai/gpt-4o")));
  harbour here;
  here.answers = {{"ship", R"({"berth":4})"}, {"tide", "at noon"}};
  here.patience["ship"] = 1;
  tool_options options;
  options.stream = stream;
  options.context.session_id = "s-1";
  const tool_run got = run_tools(made, question(), here, options);
  REQUIRE(got.outcome);
  CHECK(got.reply.text() == "At four.");
  CHECK(got.steps == 2);
  CHECK(got.tool_calls == 2);
  CHECK(got.prompt_tokens == 30);
  CHECK(got.completion_tokens == 11);
  CHECK(got.cost == 0.75);
  const std::string tools = R"(ship{"name":"Heron"} tide{} ship{"name":"Heron"} )";
  CHECK(here.log.compare(0, tools.size(), tools) == 0);
  CHECK(here.words == (stream ? "At four." : ""));
  REQUIRE(got.messages.size() == 5);
  CHECK(got.messages[1].tool_calls.size() == 2);
  CHECK(got.messages[2].tool_call_id == "call_1");
  CHECK(got.messages[2].content == R"({"berth":4})");
  CHECK(got.messages[3].tool_call_id == "call_2");
  CHECK(got.messages[3].content == "at noon");
  CHECK(got.messages[4].content == "At four.");
  REQUIRE(net.requests().size() == 2);
  CHECK(contains(net.requests()[1].body,
                 R"({"role":"tool","content":"at noon","tool_call_id":"call_2"})"));
  CHECK(net.violations().empty());

  const auto spans = by_name(bench.spans());
  REQUIRE(spans.size() == 7);
  const test::plain_span& agent = spans.at("run_tools");
  CHECK(agent.at("openinference.span.kind") == "AGENT");
  CHECK(agent.at("input.value") == "Hello?");
  CHECK(agent.at("output.value") == "At four.");
  CHECK(agent.at("session.id") == "s-1");
  CHECK(agent.status == orcast::span_status::ok);
  CHECK_FALSE(agent.parent.valid());
  for (const char* name : {"step 1", "step 2"}) {
    CHECK(spans.at(name).at("openinference.span.kind") == "AGENT");
    CHECK(spans.at(name).parent == agent.context.span);
    CHECK(spans.at(name).status == orcast::span_status::ok);
  }
  const test::plain_span& ship = spans.at("ship");
  CHECK(ship.at("openinference.span.kind") == "TOOL");
  CHECK(ship.at("input.value") == R"({"name":"Heron"})");
  CHECK(ship.at("output.value") == R"({"berth":4})");
  CHECK(ship.at("output.mime_type") == "application/json");
  CHECK(ship.parent == spans.at("step 1").context.span);
  CHECK(spans.at("tide").at("output.mime_type") == "text/plain");
  CHECK(spans.at("chat openai/gpt-4o-mini").parent == spans.at("step 1").context.span);
  CHECK(spans.at("chat openai/gpt-4o-mini'").parent == spans.at("step 2").context.span);
}

TEST_CASE("a run answers a model's tools until it speaks, on every tier") {
  for (const bool stream : {true, false}) {
    test::bench bench;
    SECTION(stream ? "polled, streamed" : "polled") {
      fake_transport net;
      client made = bench.client(net);
      plays_two_steps(net, made, bench, stream);
    }
    SECTION(stream ? "blocking, streamed" : "blocking") {
      fake_blocking_transport net;
      client made = bench.client(net);
      plays_two_steps(net, made, bench, stream);
    }
    SECTION(stream ? "asynchronous, streamed" : "asynchronous") {
      fake_async_transport net;
      test::network_thread network(net);
      client made = bench.client(net);
      plays_two_steps(net, made, bench, stream);
    }
  }
}

/// A client and a loop on a polled transport.
struct frame_bench : test::bench {
  fake_transport net;
  harbour here;
  orcast::client openrouter;
  std::optional<tool_loop> loop;

  frame_bench() : openrouter(client_of()) {
    here.answers = {{"ship", R"({"berth":4})"}, {"tide", "at noon"}};
  }
  orcast::client client_of() {
    orcast::client_options made = options();
    made.retry.max_attempts = 1;
    return client(net, std::move(made));
  }
  void begin(const tool_options& chosen = {}) {
    loop.emplace(openrouter, question(), here, chosen);
  }
  void frame() {
    openrouter.tick(0);
    loop->tick();
  }
  void play() {
    for (int i = 0; i < 50 && !loop->done(); ++i) frame();
    REQUIRE(loop->done());
  }
};

TEST_CASE("a loop is driven by ticks, and all tools of a reply are under way at once") {
  frame_bench game;
  game.net.reply(asks_ship().tool("tide", "{}").streamed());
  game.net.reply(mock_reply("At four.").word_by_word());
  game.here.patience = {{"ship", 2}, {"tide", 1}};
  game.begin();
  CHECK(game.net.requests().size() == 1);
  game.frame();
  CHECK(game.here.log == R"(ship{"name":"Heron"} tide{} )");
  game.frame();
  game.frame();
  CHECK(game.here.log ==
        R"(ship{"name":"Heron"} tide{} ship{"name":"Heron"} tide{} ship{"name":"Heron"} )");
  CHECK(game.net.requests().size() == 2);
  CHECK(game.loop->run().steps == 2);
  CHECK_FALSE(game.loop->done());
  game.here.log.clear();
  game.frame();
  CHECK(game.here.log == "+At  ");
  game.frame();
  CHECK_FALSE(game.loop->done());
  game.frame();
  CHECK(game.loop->done());
  CHECK(game.here.log == "+At  +four. ");
  CHECK(game.loop->run().outcome);
  CHECK(game.loop->run().reply.text() == "At four.");
  CHECK(game.spans().size() == 7);
  game.frame();  // changes nothing any more
  CHECK(game.net.requests().size() == 2);
}

TEST_CASE("a tool that fails tells the model why") {
  frame_bench game;
  game.here.answers.clear();
  game.net.reply(asks_ship().tool("sextant", "{}").streamed());
  game.net.reply(mock_reply("I can't see.").streamed());
  game.begin();
  game.play();
  REQUIRE(game.loop->run().outcome);
  CHECK(game.loop->run().messages[2].content == R"({"error":"it is foggy"})");
  CHECK(game.loop->run().messages[3].content ==
        R"({"error":"there is no tool of that name; there are: ship, tide"})");
  CHECK(game.loop->run().tool_calls == 1);
  const auto spans = by_name(game.spans());
  CHECK(spans.at("ship").status == orcast::span_status::error);
  CHECK(spans.at("ship").status_message == "invalid_argument: it is foggy");
  CHECK(spans.at("sextant").status_message ==
        "not_found: there is no tool of that name; there are: ship, tide");
  CHECK(spans.at("run_tools").status == orcast::span_status::ok);
}

TEST_CASE("tools that are given as JSON have names too, and OpenRouter's own are none of ours") {
  frame_bench game;
  game.here.answers.emplace("gale", "none");
  game.net.reply(mock_reply("").tool("gale", "{}").tool("openrouter:datetime", "{}").streamed());
  game.net.reply(mock_reply("Calm.").streamed());
  orcast::chat_request request = question();
  orcast::tool gale;
  gale.json = R"({"type":"function","function":{"name":"gale"},"x":1})";
  request.tools = {gale, orcast::tool::server("openrouter:datetime")};
  game.loop.emplace(game.openrouter, std::move(request), game.here);
  game.play();
  REQUIRE(game.loop->run().messages.size() == 5);
  CHECK(game.loop->run().messages[2].content == "none");
  CHECK(game.loop->run().messages[3].content ==
        R"({"error":"there is no tool of that name; there are: gale"})");
}

TEST_CASE("a result that is not UTF-8 is mended, so that it can be sent") {
  frame_bench game;
  game.here.answers.at("ship") = tool_answer("caf\xe9");
  game.net.reply(asks_ship().streamed());
  game.net.reply(mock_reply("Aye.").streamed());
  game.begin();
  game.play();
  CHECK(game.loop->run().outcome);
  CHECK(game.loop->run().messages[2].content == "caf\xef\xbf\xbd");
}

TEST_CASE("a tool is run only when it has been approved") {
  frame_bench game;
  game.net.reply(asks_ship().tool("tide", "{}").streamed());
  game.net.reply(mock_reply("Aye.").streamed());
  game.here.approvals = {{"ship", {tool_approval::allow, tool_approval::wait}},
                         {"tide", {tool_approval::refuse}}};
  game.begin();
  game.frame();
  CHECK(game.here.log.empty());
  game.play();
  CHECK(game.here.log == R"(ship{"name":"Heron"} +Aye. )");
  CHECK(game.loop->run().messages[3].content == R"({"error":"the user does not allow this call"})");
  const auto spans = by_name(game.spans());
  CHECK(spans.at("tide").status_message == "permission_denied: the user does not allow this call");
}

TEST_CASE("in its last step the model has to speak, and a demand for tools counts once") {
  frame_bench game;
  game.net.otherwise(asks_ship().streamed());
  orcast::chat_request request = question();
  request.tool_choice = "\"required\"";
  tool_options chosen;
  chosen.steps = 3;
  game.loop.emplace(game.openrouter, std::move(request), game.here, chosen);
  game.play();
  REQUIRE(game.net.requests().size() == 3);
  CHECK(contains(game.net.requests()[0].body, R"("tool_choice":"required")"));
  CHECK_FALSE(contains(game.net.requests()[1].body, "tool_choice"));
  CHECK(contains(game.net.requests()[2].body, R"("tool_choice":"none")"));
  const tool_run& got = game.loop->run();
  REQUIRE_FALSE(got.outcome);
  CHECK(got.outcome.error().code == errc::too_large);
  CHECK(got.outcome.error().message == "no answer within 3 steps (tool_options.steps)");
  CHECK(got.steps == 3);
  CHECK(got.tool_calls == 2);
  CHECK(got.messages.size() == 5);  // two whole steps, and nothing that begs for an answer
}

TEST_CASE("a run ends at its limit of cost, tokens or time, and says which") {
  frame_bench game;
  game.net.otherwise(asks_ship().usage(100, 10, "0.02").streamed());
  tool_options chosen;
  std::string said;
  int steps = 0;
  SECTION("cost") {
    chosen.cost = 0.05;
    said = "too_large: no answer within $0.05 (tool_options.cost)";
    steps = 3;
  }
  SECTION("tokens") {
    chosen.tokens = 220;
    said = "too_large: no answer within 220 tokens (tool_options.tokens)";
    steps = 2;
  }
  SECTION("time, while a tool is under way") {
    chosen.time_ms = 1000;
    game.here.patience["ship"] = 1000;
    said = "timeout_total: no answer within 1000 ms (tool_options.time_ms)";
    steps = 1;
  }
  game.begin(chosen);
  for (int i = 0; i < 20 && !game.loop->done(); ++i) {
    game.frame();
    if (i == 5) game.clock.advance_ms(999);
    if (i == 10) game.clock.advance_ms(1);
  }
  REQUIRE(game.loop->done());
  const tool_run& got = game.loop->run();
  REQUIRE_FALSE(got.outcome);
  CHECK(std::string(to_string(got.outcome.error().code)) + ": " + got.outcome.error().message ==
        said);
  CHECK(got.steps == steps);
  auto spans = by_name(game.spans());
  REQUIRE(spans.count("run_tools") == 1);
  CHECK(spans["run_tools"].status == orcast::span_status::error);
}

TEST_CASE("the largest limits are none, and counts of any size end nothing") {
  frame_bench game;
  const std::int64_t most = INT64_MAX;
  game.net.reply(asks_ship().usage(most, most, "0.02").streamed());
  game.net.reply(mock_reply("It lies here.").usage(most, 1, "0.02").streamed());
  game.here.answers = {{"ship", "berth 4"}};
  tool_options chosen;
  chosen.time_ms = most;
  game.begin(chosen);
  for (int i = 0; i < 20 && !game.loop->done(); ++i) game.frame();
  REQUIRE(game.loop->done());
  CHECK(game.loop->run().outcome.ok());
  CHECK(game.loop->run().prompt_tokens == most);
  CHECK(game.loop->run().completion_tokens == most);
}

TEST_CASE("time also ends a call that is under way") {
  frame_bench game;
  game.net.reply(mock_reply("never ends").then_silence().streamed());
  tool_options chosen;
  chosen.time_ms = 100;
  game.begin(chosen);
  game.frame();
  game.clock.advance_ms(100);
  game.play();
  game.openrouter.tick(0);
  CHECK(game.loop->run().outcome.error().code == errc::timeout_total);
  CHECK(game.net.in_flight() == 0);
}

TEST_CASE("a run is cancelled in every phase, by either hand") {
  for (int i = 0; i < 4; ++i) {
    const bool by_handler = i % 2 == 0;
    const bool with_tools = i / 2 == 0;
    INFO("by the handler: " << by_handler << ", while tools run: " << with_tools);
    frame_bench game;
    game.net.reply(with_tools ? asks_ship().streamed() : mock_reply("").then_silence().streamed());
    game.here.patience["ship"] = 1000;
    game.begin();
    game.frame();
    if (by_handler) {
      game.here.stopped = true;
    } else {
      game.loop->cancel();
    }
    game.loop->tick();
    game.openrouter.tick(0);
    game.openrouter.tick(0);
    REQUIRE(game.loop->done());
    CHECK(game.loop->run().outcome.error().code == errc::cancelled);
    CHECK(game.loop->run().messages.size() == 1);
    CHECK(game.net.in_flight() == 0);
    for (const test::plain_span& each : game.spans()) {
      INFO(each.name);
      const bool whole = each.name.compare(0, 5, "chat ") == 0 && each.has("output.value");
      CHECK((whole || each.at("openrouter.cancelled") == "true"));
    }
  }
}

TEST_CASE("a loop that is destroyed cancels its call and ends its spans") {
  frame_bench game;
  game.net.reply(mock_reply("half").then_silence().streamed());
  game.begin();
  game.frame();
  game.loop.reset();
  game.openrouter.tick(0);
  game.openrouter.tick(0);
  CHECK(game.net.in_flight() == 0);
  CHECK(game.spans().size() == 3);
}

TEST_CASE("a loop whose client has gone is over") {
  frame_bench game;
  game.net.reply(mock_reply("half").then_silence().streamed());
  game.begin();
  game.frame();
  game.openrouter = game.client_of();
  game.loop->tick();
  REQUIRE(game.loop->done());
  CHECK(game.loop->run().outcome.error().code == errc::shut_down);
}

TEST_CASE("a call that fails ends the run and keeps what was whole") {
  frame_bench game;
  game.net.reply(asks_ship().streamed());
  game.net.reply(mock_reply("At fo").then_error(502, "went away").streamed());
  game.begin();
  game.play();
  const tool_run& got = game.loop->run();
  REQUIRE_FALSE(got.outcome);
  CHECK(got.outcome.error().code == errc::provider_unavailable);
  CHECK(got.reply.text() == "At fo");
  CHECK(got.messages.size() == 3);
  CHECK(got.messages.back().role == "tool");
  const auto spans = by_name(game.spans());
  CHECK(spans.at("run_tools").status == orcast::span_status::error);
  CHECK(spans.at("step 2").status == orcast::span_status::error);
  CHECK(spans.at("step 1").status == orcast::span_status::ok);
}

TEST_CASE("waiting runs fail and are cancelled too") {
  test::bench bench;
  fake_blocking_transport net;
  client made = bench.client(net);
  harbour here;
  net.reply(mock_reply::error(402, "no credits"));
  tool_run got = run_tools(made, question(), here);
  REQUIRE_FALSE(got.outcome);
  CHECK(got.outcome.error().code == errc::payment_required);
  CHECK(got.messages.size() == 1);

  here.stopped = true;
  got = run_tools(made, question(), here);
  CHECK(got.outcome.error().code == errc::cancelled);
  CHECK(got.steps == 0);
  CHECK(net.requests().size() == 1);
}

TEST_CASE("in privacy mode a run's spans hold no words") {
  test::bench bench;
  fake_blocking_transport net;
  orcast::client_options options = bench.options();
  options.record.privacy = true;
  client made = bench.client(net, std::move(options));
  net.reply(asks_ship().streamed());
  net.reply(mock_reply("Under the plank.").streamed());
  harbour here;
  REQUIRE(run_tools(made, question(), here).outcome);
  for (const test::plain_span& each : bench.spans()) {
    INFO(each.name);
    CHECK_FALSE(each.has("input.value"));
    CHECK_FALSE(each.has("output.value"));
    CHECK_FALSE(contains(each.status_message, "foggy"));
  }
}

TEST_CASE("without a tracer a run works all the same") {
  fake_blocking_transport net;
  test::bench bench;
  orcast::client_options options = bench.options();
  options.record = {};
  client made = bench.client(net, std::move(options));
  net.reply(asks_ship().streamed());
  net.reply(mock_reply("Aye.").streamed());
  harbour here;
  CHECK(run_tools(made, question(), here).reply.text() == "Aye.");
}

}  // namespace
