// SPDX-License-Identifier: MIT

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "orcast/openrouter/client.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

// Handlers that hear on arrival, on the transport's thread, and not in tick().

namespace {

using orcast::call;
using orcast::call_context;
using orcast::client;
using orcast::errc;
using orcast::http::any_transport;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using test::hello;

/// Writes down what it hears, and on which thread.
struct arrival final : orcast::call_handler {
  void on_text(std::string_view piece) noexcept override {
    text.append(piece);
    elsewhere = elsewhere || std::this_thread::get_id() != home;
  }
  void on_done(orcast::result<void> outcome, orcast::chat_reply& reply) noexcept override {
    how = outcome ? "ok" : std::string(to_string(outcome.error().code));
    whole = std::string(reply.text());
    ++ends;
  }
  const std::thread::id home = std::this_thread::get_id();
  std::string text, how, whole;
  bool elsewhere = false;
  std::atomic<int> ends{0};
};

call_context at_once() {
  call_context context;
  context.on_arrival = true;
  return context;
}

TEST_CASE("on arrival a handler hears without a tick, on the transport's thread") {
  test::bench bench;
  arrival heard;
  const auto listen = [&](auto& net) {
    net.reply(test::stream({"Hel", "lo"}));
    client made = bench.client(net);
    call talk = made.start(hello(), &heard, at_once());
    while (heard.ends == 0) std::this_thread::yield();
    CHECK(heard.how == "ok");
    CHECK(heard.text == "Hello");
    CHECK(heard.whole == "Hello");
    CHECK(heard.elsewhere);
    made.tick(0);
    CHECK(heard.ends == 1);
    CHECK(talk.state() == orcast::call_state::done);
    CHECK(talk.text() == "Hello");
    CHECK(made.in_flight() == 0);
  };
  SECTION("asynchronous") {
    fake_async_transport net;
    const test::network_thread network(net);
    listen(net);
  }
  SECTION("blocking") {
    fake_blocking_transport net;
    listen(net);
  }
}

TEST_CASE("on arrival from a polled transport is within tick, before its deliveries") {
  test::bench bench;
  fake_transport net;
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  arrival heard;
  call talk = made.start(hello(), &heard, at_once());
  CHECK(heard.ends == 0);
  made.tick(1);
  CHECK(heard.ends == 1);
  CHECK(heard.text == "Hi");
  CHECK_FALSE(heard.elsewhere);
}

TEST_CASE("a cancelled call says so to its handler in the tick that ends it, once") {
  test::bench bench;
  fake_async_transport net;
  net.otherwise(fake_reply().never());
  const test::network_thread network(net);
  client made = bench.client(net);
  arrival heard;
  call talk = made.start(hello(), &heard, at_once());
  talk.cancel();
  made.tick(0);
  CHECK(heard.how == "cancelled");
  CHECK(heard.ends == 1);
}

TEST_CASE("a refused call with a handler on arrival is told in tick, not within start") {
  test::bench bench;
  fake_transport net;
  orcast::client_options options = bench.options();
  options.key_provider = [](void*) { return orcast::secret(); };
  client made = bench.client(net, std::move(options));
  arrival heard;
  call talk = made.start(hello(), &heard, at_once());
  CHECK(heard.ends == 0);
  made.tick(0);
  CHECK(heard.how == "authentication");
  CHECK(heard.ends == 1);
}

TEST_CASE("after its call or its client is gone, a handler on arrival is not called") {
  test::bench bench;
  fake_async_transport net;
  fake_reply endless = test::stream_head();
  for (int i = 0; i < 200; ++i) endless.data(test::chunk("x")).next_poll();
  endless.data(test::ending());
  net.otherwise(endless);
  const test::network_thread network(net);
  for (int round = 0; round < 60; ++round) {
    auto heard = std::make_unique<arrival>();
    std::optional<client> made(bench.client(net));
    call talk = made->start(hello(), heard.get(), at_once());
    for (int i = 0; i < round; ++i) std::this_thread::yield();
    if (round % 2 == 0) {
      talk = call();
    } else {
      made.reset();
    }
    heard.reset();  // a call from now on would be one of freed memory
    made.reset();
  }
  CHECK(net.in_flight() == 0);
  CHECK(bench.spans().size() == 60);
}

TEST_CASE("a retry of a call that is heard on arrival is sent by tick") {
  test::bench bench;
  fake_transport net;
  net.reply(fake_reply().fail(errc::connect, "refused"));
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  arrival heard;
  call talk = made.start(hello(), &heard, at_once());
  made.tick(0);
  CHECK(heard.ends == 0);
  bench.clock.advance_ms(1000);
  made.tick(0);
  made.tick(0);
  CHECK(heard.how == "ok");
  CHECK(heard.text == "Hi");
  CHECK(talk.attempts() == 2);
}

}  // namespace
