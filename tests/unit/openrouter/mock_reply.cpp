// SPDX-License-Identifier: MIT

#include <string>

#include "orcast/http/fake_transport.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/mock_reply.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

// What a program's own tests rely on: a mock reply reads like OpenRouter's.

namespace {

using orcast::call;
using orcast::call_state;
using orcast::chat_reply;
using orcast::client;
using orcast::errc;
using orcast::mock_reply;
using orcast::result;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_transport;
using test::hello;

TEST_CASE("a mock reply is the same streamed, word by word, and in one piece") {
  const mock_reply said = mock_reply("At \"four\", \xe4\xbd\xa0.\n")
                              .reasoning("They ask.")
                              .tool("look_up", R"({"ship":"Heron"})")
                              .tool("wait", "{}")
                              .model("x-ai/grok")
                              .usage(7, 11, "0.00025");
  test::bench bench;
  fake_blocking_transport net;
  client made = bench.client(net);
  for (const auto& form : {said.streamed(), said.word_by_word(), said.whole()}) {
    net.reply(form);
    const result<chat_reply> got = made.chat(hello());
    REQUIRE(got);
    CHECK(got->text() == "At \"four\", \xe4\xbd\xa0.\n");
    CHECK(got->choices[0].reply.reasoning == "They ask.");
    CHECK(got->finish_reason() == "tool_calls");
    CHECK(got->model == "x-ai/grok");
    CHECK(got->provider == "Mock");
    CHECK(got->id == "gen-mock");
    REQUIRE(got->tool_calls().size() == 2);
    CHECK(got->tool_calls().begin()[0].id == "call_1");
    CHECK(got->tool_calls().begin()[0].name == "look_up");
    CHECK(got->tool_calls().begin()[0].arguments == R"({"ship":"Heron"})");
    CHECK(got->tool_calls().begin()[1].id == "call_2");
    CHECK(got->usage.prompt_tokens == 7);
    CHECK(got->usage.completion_tokens == 11);
    CHECK(got->usage.cost == "0.00025");
    CHECK_FALSE(got->no_done);
  }
}

TEST_CASE("word by word, each tick brings a word") {
  test::bench bench;
  fake_transport net;
  client made = bench.client(net);
  net.reply(mock_reply("one two three").word_by_word());
  call talk = made.start(hello());
  for (const char* so_far : {"one ", "one two ", "one two three"}) {
    made.tick(0);
    CHECK(talk.text() == so_far);
    CHECK(talk.state() == call_state::streaming);
  }
  made.tick(0);
  CHECK(talk.state() == call_state::done);
  CHECK(talk.outcome());
}

TEST_CASE("the faults of a mock reply are those of the service") {
  test::bench bench;
  fake_transport net;
  orcast::client_options options = bench.options();
  options.retry.max_attempts = 1;
  client made = bench.client(net, std::move(options));
  const auto fails = [&](orcast::http::fake_reply reply) {
    net.reply(std::move(reply));
    call talk = made.start(hello());
    made.tick(0);
    made.tick(0);
    REQUIRE(talk.state() == call_state::done);
    REQUIRE_FALSE(talk.outcome());
    return std::string(to_string(talk.outcome().error().code)) + ":" +
           talk.outcome().error().message + ":" + std::string(talk.reply()->text());
  };
  CHECK(fails(mock_reply("half of").then_cut().streamed()) ==
        "disconnected:the connection was cut:half of");
  CHECK(fails(mock_reply("half of").then_cut().whole()) == "disconnected:the connection was cut:");
  CHECK(fails(mock_reply("half of").then_error(502, "went away").streamed()) ==
        "provider_unavailable:went away:half of");
  CHECK(fails(mock_reply("half of").then_error(502, "went away").whole()) ==
        "provider_unavailable:went away:half of");
  CHECK(fails(mock_reply::error(402, "no credits")) == "payment_required:no credits:");

  net.reply(mock_reply::error(429, "slow down", 7));
  call limited = made.start(hello());
  made.tick(0);
  CHECK(limited.outcome().error().retry_after_ms == 7000);

  net.reply(mock_reply("half of").then_silence().streamed());
  call silent = made.start(hello());
  made.tick(0);
  made.tick(0);
  CHECK(silent.text() == "half of");
  CHECK(silent.state() == call_state::streaming);
  silent.cancel();
  made.tick(0);
  CHECK(silent.outcome().error().code == errc::cancelled);
}

TEST_CASE("a mock reply may end for another reason, and hold nothing") {
  test::bench bench;
  fake_blocking_transport net;
  client made = bench.client(net);
  net.reply(mock_reply("cut").finish_reason("length").streamed());
  CHECK(made.chat(hello())->finish_reason() == "length");
  net.reply(mock_reply("").streamed());
  const result<chat_reply> empty = made.chat(hello());
  REQUIRE(empty);
  CHECK(empty->text().empty());
  CHECK(empty->finish_reason() == "stop");
}

}  // namespace
