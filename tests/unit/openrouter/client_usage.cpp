// SPDX-License-Identifier: MIT

// What a cancelled or cut call cost is asked for afterwards, and still gets into its span.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client_support.hpp"
#include "support/catch.hpp"

using namespace orcast;
using http::fake_reply;
using test::chunk;
using test::plain_span;

namespace {

fake_reply facts() {
  return fake_reply::whole(
      200,
      R"({"data":{"id":"gen-1","model":"openai/gpt-4o-mini","provider_name":"Azure",)"
      R"("total_cost":0.00042,"upstream_inference_cost":null,"is_byok":false,"tokens_prompt":9,)"
      R"("tokens_completion":8,"native_tokens_prompt":11,"native_tokens_completion":7,)"
      R"("native_tokens_reasoning":2,"native_tokens_cached":3,"native_finish_reason":"cancelled"}})",
      {{"Content-Type", "application/json", false}});
}

void expect_usage(const plain_span& seen) {
  CHECK(seen.at("llm.token_count.prompt") == "11");
  CHECK(seen.at("llm.token_count.completion") == "7");
  CHECK(seen.at("llm.token_count.total") == "18");
  CHECK(seen.at("llm.token_count.completion_details.reasoning") == "2");
  CHECK(seen.at("llm.token_count.prompt_details.cache_read") == "3");
  CHECK(seen.at("llm.cost.total") == "0.00042");
  CHECK(seen.at("openrouter.charged") == "0.00042");
  CHECK(seen.at("openrouter.provider") == "Azure");
  CHECK(seen.at("openrouter.native_finish_reason") == "cancelled");
  CHECK(seen.at("gen_ai.usage.output_tokens") == "7");
}

/// A client that looks usage up, over a polled network, and a call that has said "Hel".
struct talk_under_way {
  explicit talk_under_way(std::int64_t lookup_ms = 10'000) {
    client_options made = bench.options();
    made.usage_lookup_ms = lookup_ms;
    talker = std::make_unique<client>(bench.client(net, std::move(made)));
    net.reply(test::stream_head().data(chunk("Hel")).never());
    talk = talker->start(test::hello(), &hears);
    talker->tick(0);
    CHECK(talk.text() == "Hel");
    bench.clock.advance_ms(300);
  }
  ~talk_under_way() { CHECK(net.violations().empty()); }

  void cancel() {
    talk.cancel();
    talker->tick(0);
  }

  test::bench bench;
  http::fake_transport net;
  test::note_handler hears;
  std::unique_ptr<client> talker;
  call talk;
};

}  // namespace

TEST_CASE("by default a cancelled call asks for nothing more") {
  talk_under_way one(0);
  one.cancel();
  one.talker->tick(0);
  CHECK(one.net.requests().size() == 1);
  const auto spans = one.bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK_FALSE(spans[0].has("llm.token_count.total"));
}

TEST_CASE("a cancelled call's span waits for its tokens and its cost, its caller does not") {
  talk_under_way one;
  one.net.reply(test::refusal(404, "not yet"));
  one.net.reply(facts());
  one.cancel();
  CHECK(one.hears.ends == 1);
  CHECK(one.hears.why.code == errc::cancelled);
  CHECK(one.talk.state() == call_state::done);
  CHECK(one.talker->in_flight() == 0);
  CHECK(one.bench.spans().empty());

  one.talker->tick(0);  // "not yet"
  CHECK(one.net.requests().size() == 2);
  one.bench.clock.advance_ms(1'000);
  for (int i = 0; i < 3; ++i) one.talker->tick(0);
  REQUIRE(one.net.requests().size() == 3);
  CHECK(one.net.requests()[2].method == "GET");
  CHECK(one.net.requests()[2].url == "https://openrouter.ai/api/v1/generation?id=gen-1");
  const auto spans = one.bench.spans();
  REQUIRE(spans.size() == 1);
  expect_usage(spans[0]);
  CHECK(spans[0].status == span_status::unset);
  CHECK(spans[0].at("openrouter.cancelled") == "true");
  CHECK(spans[0].at("llm.output_messages.0.message.content") == "Hel");
  CHECK(spans[0].duration_ns == 300'000'000);  // the call's, without the asking
  CHECK(one.hears.ends == 1);
  CHECK(one.talk.reply()->usage.cost.empty());  // what it heard stays as it was
}

TEST_CASE("the look-up ends by its deadline, and with it the span") {
  talk_under_way one(2'000);
  one.net.otherwise(test::refusal(404, "not yet"));
  one.cancel();
  for (int i = 0; i < 20; ++i) {
    one.bench.clock.advance_ms(200);
    one.talker->tick(0);
  }
  CHECK(one.net.requests().size() > 2);
  CHECK(one.net.requests().size() < 6);
  const auto spans = one.bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK_FALSE(spans[0].has("llm.token_count.total"));
  CHECK(spans[0].duration_ns == 300'000'000);
}

TEST_CASE("a client that goes while it asks ends the span at once") {
  talk_under_way one;
  one.net.reply(fake_reply().never());
  one.cancel();
  one.talker->tick(0);
  CHECK(one.net.in_flight() == 1);
  CHECK(one.bench.spans().empty());
  SECTION("the handle lives on") {
    one.talker.reset();
    CHECK(one.bench.spans().size() == 1);
  }
  SECTION("the handle has gone before") {
    one.talk = call();
    one.talker.reset();
    CHECK(one.bench.spans().size() == 1);
  }
  CHECK(one.net.in_flight() == 0);
  CHECK(one.bench.tracer->stats().held() == 0);
}

TEST_CASE("a client that goes right after the cancel ends the span at once") {
  talk_under_way one;
  one.talk.cancel();
  one.talker.reset();
  CHECK(one.bench.spans().size() == 1);
  CHECK(one.net.requests().size() == 1);
}

TEST_CASE("a call whose handle goes is looked up all the same") {
  talk_under_way one;
  one.net.reply(facts());
  one.talk = call();
  for (int i = 0; i < 3; ++i) one.talker->tick(0);
  const auto spans = one.bench.spans();
  REQUIRE(spans.size() == 1);
  expect_usage(spans[0]);
}

TEST_CASE("a cut stream is looked up too, and who waits for it waits for that") {
  test::bench bench;
  http::fake_blocking_transport net;
  client_options made = bench.options();
  made.usage_lookup_ms = 10'000;
  client talker = bench.client(net, std::move(made));
  net.reply(test::stream_head().data(chunk("Hel")).fail(errc::disconnected, "cut"));
  net.reply(facts());
  struct : delta_listener {
  } nobody;
  const auto reply = talker.chat_stream(test::hello(), nobody);
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::disconnected);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  expect_usage(spans[0]);
  CHECK(spans[0].status == span_status::error);
}

TEST_CASE("nothing is asked where the cost is known, or nothing was begun") {
  test::bench bench;
  http::fake_transport net;
  client_options made = bench.options();
  made.usage_lookup_ms = 10'000;
  made.retry.max_attempts = 1;
  client talker = bench.client(net, std::move(made));
  const std::string priced =
      R"(data: {"id":"gen-1","choices":[],"usage":{"completion_tokens":2,"cost":0.1}})"
      "\n\n";
  net.reply(test::stream_head().data(chunk("Hel")).data(priced).fail(errc::disconnected, "cut"));
  net.reply(test::refusal(402, "no credit"));
  net.reply(fake_reply().fail(errc::connect, "refused"));
  for (int i = 0; i < 3; ++i) {
    call talk = talker.start(test::hello());
    for (int j = 0; j < 3; ++j) talker.tick(0);
    CHECK(talk.state() == call_state::done);
    CHECK(bench.spans().size() == 1);
  }
  CHECK(net.requests().size() == 3);
}

TEST_CASE("consent that is withdrawn while the client asks counts") {
  talk_under_way one;
  one.net.reply(facts());
  one.cancel();
  one.bench.tracer->consent(false);
  for (int i = 0; i < 3; ++i) one.talker->tick(0);
  CHECK(one.bench.spans().empty());
  CHECK(one.bench.tracer->stats().dropped_by(drop_reason::withdrawn) == 1);
  CHECK(one.bench.tracer->stats().held() == 0);
}

TEST_CASE("a network with a thread of its own brings it too, started and waited for") {
  test::bench bench;
  http::fake_async_transport net;
  client_options made = bench.options();
  made.usage_lookup_ms = 10'000;
  client talker = bench.client(net, std::move(made));
  net.reply(test::stream_head().data(chunk("Hel")).never());
  net.reply(facts());
  const test::network_thread thread(net);
  {
    call talk = talker.start(test::hello());
    while (talk.text().empty()) talker.tick();
    talk.cancel();
    std::vector<plain_span> spans;
    while (spans.empty()) {
      talker.tick();
      spans = bench.spans();
    }
    expect_usage(spans[0]);
  }
  net.reply(test::stream_head().data(chunk("Hel")).fail(errc::disconnected, "cut"));
  net.reply(facts());
  struct : delta_listener {
  } nobody;
  CHECK_FALSE(talker.chat_stream(test::hello(), nobody).ok());
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  expect_usage(spans[0]);
}
