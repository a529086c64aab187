// SPDX-License-Identifier: MIT

#include <string>
#include <utility>

#include "orcast/openrouter/client.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

namespace {

using orcast::call;
using orcast::call_state;
using orcast::client;
using orcast::client_options;
using orcast::errc;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using test::hello;

/// Waits of exactly 500 ms, then 1000 ms.
client_options exact(test::bench& bench) {
  client_options options = bench.options();
  options.retry.jitter = 0;
  return options;
}

fake_reply refused() { return fake_reply().fail(errc::connect, "connection refused"); }

TEST_CASE("a call that fails before its first delta is tried again when its wait is over") {
  test::bench bench;
  fake_transport net;
  net.reply(test::refusal(429, "slow down"));
  net.reply(refused());
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net, exact(bench));
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  made.tick(0);
  CHECK(net.requests().size() == 1);
  CHECK(talk.attempts() == 1);
  bench.clock.advance_ms(499);
  made.tick(0);
  CHECK(net.requests().size() == 1);
  CHECK(talk.state() == call_state::waiting);
  bench.clock.advance_ms(1);
  made.tick(0);
  CHECK(net.requests().size() == 2);
  made.tick(0);
  bench.clock.advance_ms(1000);
  made.tick(0);
  CHECK(net.requests().size() == 3);
  made.tick(0);
  CHECK(heard.log == "chunk token +Hi done(ok):Hi");
  CHECK(talk.latency_ms() == 1500);
  CHECK(talk.attempts() == 3);
  CHECK(net.requests()[2].body == net.requests()[0].body);
  CHECK(net.violations().empty());

  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].status == orcast::span_status::ok);
  std::size_t retries = 0;
  for (const auto& event : spans[0].events) retries += event.name == "retry" ? 1 : 0;
  CHECK(retries == 2);
}

TEST_CASE("a service's Retry-After is honoured") {
  test::bench bench;
  fake_transport net;
  net.reply(test::refusal(429, "slow down", {{"Retry-After", "7", false}}));
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net, exact(bench));
  call talk = made.start(hello());
  made.tick(0);
  bench.clock.advance_ms(6999);
  made.tick(0);
  CHECK(net.requests().size() == 1);
  bench.clock.advance_ms(1);
  made.tick(0);
  made.tick(0);
  CHECK(talk.outcome().ok());
  CHECK(talk.text() == "Hi");
}

TEST_CASE("the last attempt's failure is the call's") {
  test::bench bench;
  fake_transport net;
  net.otherwise(refused());
  client made = bench.client(net, exact(bench));
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  for (int i = 0; i < 10; ++i) {
    made.tick(0);
    bench.clock.advance_ms(60'000);
  }
  CHECK(net.requests().size() == 3);
  CHECK(heard.log == "done(connect):");
  CHECK(heard.why.message == "connection refused");
  CHECK(bench.spans().size() == 1);
}

TEST_CASE("what a retry can't mend is not tried again") {
  test::bench bench;
  fake_transport net;
  SECTION("a refused key") { net.reply(test::refusal(401, "no such key")); }
  SECTION("no money") { net.reply(test::refusal(402, "no credits")); }
  SECTION("a certificate") { net.reply(fake_reply().fail(errc::tls, "not trusted")); }
  SECTION("a stream that had begun to speak") {
    auto script = test::stream_head();
    script.data(test::chunk("Hel")).fail(errc::disconnected, "cut");
    net.reply(script);
  }
  SECTION("no attempts left") {
    client_options options = exact(bench);
    options.retry.max_attempts = 1;
    net.reply(refused());
    client made = bench.client(net, std::move(options));
    call talk = made.start(hello());
    made.tick(0);
    CHECK(talk.state() == call_state::done);
    CHECK(net.requests().size() == 1);
    return;
  }
  client made = bench.client(net, exact(bench));
  call talk = made.start(hello());
  made.tick(0);
  CHECK(talk.state() == call_state::done);
  CHECK_FALSE(talk.outcome().ok());
  CHECK(net.requests().size() == 1);
}

TEST_CASE(
    "an attempt whose stream began without a delta may be tried again, and is heard of once") {
  test::bench bench;
  fake_transport net;
  auto script = test::stream_head();
  script.data(
      "data: "
      "{\"id\":\"gen-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n");
  script.fail(errc::disconnected, "cut");
  net.reply(script);
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net, exact(bench));
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  made.tick(0);
  bench.clock.advance_ms(500);
  made.tick(0);
  made.tick(0);
  CHECK(heard.log == "chunk token +Hi done(ok):Hi");
}

TEST_CASE("a wait that reaches the call's deadline is not begun") {
  test::bench bench;
  fake_transport net;
  net.otherwise(refused());
  client_options options = exact(bench);
  options.timeouts.total_ms = 1'400;
  client made = bench.client(net, std::move(options));
  call talk = made.start(hello());
  made.tick(0);
  bench.clock.advance_ms(500);
  made.tick(0);
  made.tick(0);
  CHECK(talk.state() == call_state::done);
  CHECK(net.requests().size() == 2);
}

TEST_CASE("chat waits for its retries itself, on every tier") {
  test::bench bench;
  client_options options = bench.options();
  options.retry.initial_ms = 1;
  const auto talk = [&](auto& net) {
    net.reply(test::refusal(503, "overloaded"));
    net.reply(test::answer("Hi"));
    client made = bench.client(net, std::move(options));
    const auto reply = made.chat(hello());
    REQUIRE(reply.ok());
    CHECK(reply->text() == "Hi");
    CHECK(net.requests().size() == 2);
    CHECK(bench.spans().size() == 1);
  };
  SECTION("polled") {
    fake_transport net;
    talk(net);
  }
  SECTION("blocking") {
    fake_blocking_transport net;
    talk(net);
  }
  SECTION("asynchronous") {
    fake_async_transport net;
    const test::network_thread network(net);
    talk(net);
  }
}

TEST_CASE("a call that waits for its retry can be cancelled") {
  test::bench bench;
  fake_transport net;
  net.otherwise(refused());
  client made = bench.client(net, exact(bench));
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  made.tick(0);
  talk.cancel();
  CHECK(heard.ends == 0);
  made.tick(0);
  CHECK(heard.log == "done(cancelled):");
  bench.clock.advance_ms(60'000);
  made.tick(0);
  CHECK(net.requests().size() == 1);
  CHECK(heard.ends == 1);
  CHECK(bench.spans().size() == 1);
}

}  // namespace
