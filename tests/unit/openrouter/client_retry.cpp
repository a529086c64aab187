// SPDX-License-Identifier: MIT

#include <string>
#include <utility>
#include <vector>

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

TEST_CASE("a service that asks to wait for a day is not waited for") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::refusal(429, "come back tomorrow", {{"Retry-After", "86400", false}}));
  client made = bench.client(net, exact(bench));
  const auto reply = made.chat(hello());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::rate_limited);
  CHECK(reply.error().retry_after_ms == 86'400'000);
  CHECK(net.requests().size() == 1);
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

TEST_CASE("an answer in one piece that is cut was paid for, and is not asked for again") {
  test::bench bench;
  fake_transport net;
  std::size_t expected = 1;
  fake_reply cut = fake_reply().head(200, {{"Content-Type", "application/json", false}});
  SECTION("within its text") { cut.data(R"({"id":"gen-1","choices":[)"); }
  SECTION("of which nothing was there but what keeps the connection alive") {
    cut.data("\n \n");
    expected = 3;
  }
  cut.fail(errc::disconnected, "cut");
  net.otherwise(cut);
  client_options options = exact(bench);
  options.retry.initial_ms = 0;
  client made = bench.client(net, std::move(options));
  const auto reply = made.chat(hello());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::disconnected);
  CHECK(net.requests().size() == expected);
}

TEST_CASE("what the service says of trying again counts for more than its status") {
  test::bench bench;
  fake_transport net;
  const auto attempts = [&](int status, const std::string& availability) {
    const std::size_t before = net.requests().size();
    net.otherwise(fake_reply::whole(status, R"({"error":{"code":)" + std::to_string(status) +
                                                R"(,"message":"none","availability":)" +
                                                availability + "}}"));
    client_options options = exact(bench);
    options.retry.initial_ms = 0;
    client made = bench.client(net, std::move(options));
    CHECK_FALSE(made.chat(hello()).ok());
    return net.requests().size() - before;
  };
  CHECK(attempts(503, R"({"code":"temporarily_unavailable","retryable":true})") == 3);
  CHECK(attempts(503, R"({"code":"constraint_filtered","retryable":false})") == 1);
  CHECK(attempts(429, R"({"code":"capacity_exhausted","retryable":false})") == 1);
  CHECK(attempts(404, R"({"code":"no_endpoints","retryable":true})") == 3);
  CHECK(attempts(404, R"({"code":"no_endpoints","retryable":false})") == 1);
  CHECK(attempts(200, R"({"code":"temporarily_unavailable","retryable":false})") == 1);
}

TEST_CASE("an error that came as a success is tried again as what it is") {
  test::bench bench;
  fake_transport net;
  net.reply(fake_reply::whole(200, R"({"error":{"code":502,"message":"provider down"}})"));
  net.reply(test::answer("Hi"));
  client_options options = exact(bench);
  options.retry.initial_ms = 0;
  client made = bench.client(net, std::move(options));
  CHECK(made.chat(hello()).ok());
  CHECK(net.requests().size() == 2);
}

TEST_CASE("the longest of our wait, Retry-After and availability.retry_after is waited") {
  test::bench bench;
  fake_transport net;
  net.reply(fake_reply::whole(
      503,
      R"({"error":{"code":503,"message":"x","availability":{"retryable":true,"retry_after":9}}})",
      {{"Retry-After", "7", false}}));
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net, exact(bench));
  call talk = made.start(hello());
  made.tick(0);
  bench.clock.advance_ms(8999);
  made.tick(0);
  CHECK(net.requests().size() == 1);
  bench.clock.advance_ms(1);
  made.tick(0);
  made.tick(0);
  CHECK(talk.text() == "Hi");
}

TEST_CASE("a request that was sent and not answered is not repeated where that is switched off") {
  test::bench bench;
  fake_transport net;
  const auto attempts = [&](fake_reply reply) {
    const std::size_t before = net.requests().size();
    net.otherwise(std::move(reply));
    client_options options = exact(bench);
    options.retry.initial_ms = 0;
    options.retry.on_no_answer = false;
    client made = bench.client(net, std::move(options));
    CHECK_FALSE(made.chat(hello()).ok());
    return net.requests().size() - before;
  };
  CHECK(attempts(fake_reply().fail(errc::timeout_first_byte, "silent")) == 1);
  CHECK(attempts(fake_reply().fail(errc::disconnected, "cut")) == 1);
  CHECK(attempts(test::refusal(504, "gateway")) == 1);
  CHECK(attempts(test::refusal(524, "edge")) == 1);
  CHECK(attempts(fake_reply().fail(errc::timeout_connect, "no way")) == 3);
  CHECK(attempts(test::refusal(503, "busy")) == 3);
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

/// Refuses, and keeps the limits that it was given.
struct noting_transport {
  void perform(const orcast::http::request& what, orcast::http::response_sink& sink,
               orcast::http::exchange_control&) {
    limits.push_back(what.limits);
    sink.done(orcast::failure(errc::connect, "refused"));
  }
  std::vector<orcast::http::timeouts> limits;
};

TEST_CASE("an attempt has the time-outs of its call, and of the whole what is left") {
  test::bench bench;
  noting_transport net;
  client_options options = bench.options();
  options.retry.initial_ms = 7;
  options.retry.jitter = 0;
  options.retry.max_attempts = 2;
  options.timeouts.idle_ms = 300;
  client made = bench.client(net, std::move(options));
  orcast::call_context context;
  context.timeouts.emplace().total_ms = 10'000;
  context.timeouts->connect_ms = 40;
  CHECK_FALSE(made.chat(hello(), context).ok());
  REQUIRE(net.limits.size() == 2);
  CHECK(net.limits[0].connect_ms == 40);
  CHECK(net.limits[0].total_ms == 10'000);
  CHECK(net.limits[1].total_ms == 10'000 - 7);
  CHECK_FALSE(made.chat(hello()).ok());
  CHECK(net.limits[2].idle_ms == 300);
  CHECK(net.limits[2].total_ms == 0);
}

}  // namespace
