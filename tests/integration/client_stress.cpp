// SPDX-License-Identifier: MIT

#include "orcast/openrouter/client.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

// Calls begun, cancelled and let go of by chance, while a network thread answers them: each call
// ends once, and each span.

namespace {

using orcast::call;
using orcast::client;
using orcast::errc;
using orcast::http::any_transport;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::worker_options;

struct counter final : orcast::call_handler {
  void on_text(std::string_view piece) noexcept override {
    text.append(piece);
    if (clock != nullptr) clock->advance_ms(1);  // so that budgets end
  }
  void on_done(orcast::result<void> outcome, orcast::chat_reply& reply) noexcept override {
    ++ends;
    const bool lost = outcome && text != reply.text();
    if (lost || alive == nullptr || !*alive) ++mistakes;
  }
  const bool* alive = nullptr;
  test::still_clock* clock = nullptr;
  std::string text;
  int ends = 0;
  int mistakes = 0;
};

class dice {
 public:
  /// 0 to `sides` - 1.
  std::uint32_t roll(std::uint32_t sides) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 33) % sides;
  }

 private:
  std::uint64_t state_ = 20261123;
};

/// An answer of one of the kinds that there are.
fake_reply some_reply(dice& chance) {
  fake_reply script = test::stream_head();
  switch (chance.roll(6)) {
    case 0:
      return test::refusal(429, "slow down");
    case 1:
      return fake_reply().fail(errc::connect, "refused");
    case 2:
      script.data(test::chunk("Hel")).next_poll().fail(errc::disconnected, "cut");
      break;
    case 3:
      script.data(test::chunk("Hel")).never();
      break;
    default:
      script.data(test::chunk("Hel")).next_poll().pieces(test::chunk("lo") + test::ending(), 7);
  }
  return script;
}

template <class Transport>
void churn(Transport& net, test::bench& bench, worker_options workers) {
  dice chance;
  std::size_t started = 0, ended = 0;
  for (int round = 0; round < 20; ++round) {
    orcast::client_options options = bench.options();
    options.retry.initial_ms = 0;
    std::optional<client> made(
        client::make(std::move(options), any_transport(net, workers)).value());
    bool alive = true;
    std::vector<std::unique_ptr<counter>> heard;
    std::vector<call> calls;
    for (int step = 0; step < 200; ++step) {
      if (chance.roll(3) == 0) {
        net.reply(some_reply(chance));
        heard.push_back(std::make_unique<counter>());
        heard.back()->alive = &alive;
        calls.push_back(made->start(test::hello(), heard.back().get()));
        ++started;
      }
      if (!calls.empty() && chance.roll(8) == 0) {
        call& one = calls[chance.roll(static_cast<std::uint32_t>(calls.size()))];
        if (chance.roll(2) == 0) {
          one.cancel();
        } else {
          one = call();
        }
      }
      made->tick(chance.roll(2) == 0 ? 1 : 0);
    }
    alive = false;
    if (chance.roll(2) == 0) calls.clear();
    made.reset();
    for (const auto& each : heard) {
      CHECK(each->ends <= 1);
      CHECK(each->mistakes == 0);
    }
    ended += bench.spans().size();
  }
  CHECK(started > 500);
  CHECK(ended == started);
  CHECK(net.in_flight() == 0);
  CHECK(net.violations().empty());
}

TEST_CASE("no piece of news is lost between the threads") {
  test::bench bench;
  fake_async_transport net;
  fake_reply script = test::stream_head();
  for (int i = 0; i < 20; ++i) script.data(test::chunk("x")).next_poll();
  script.data(test::ending());
  net.otherwise(script);
  const test::network_thread network(net);
  orcast::client_options options = bench.options();
  options.max_calls = 500;
  client made = bench.client(net, std::move(options));
  const bool alive = true;
  std::vector<counter> heard(500);
  std::vector<call> calls;
  for (counter& each : heard) {
    each.alive = &alive;
    each.clock = &bench.clock;
    calls.push_back(made.start(test::hello(), &each));
    made.tick(1);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (made.in_flight() != 0 && std::chrono::steady_clock::now() < until) {
    made.tick(1);
    bench.spans();
  }
  CHECK(made.in_flight() == 0);
  for (const counter& each : heard) CHECK(each.text == std::string(20, 'x'));
}

TEST_CASE("calls on an asynchronous transport end once, whatever happens to them") {
  test::bench bench;
  fake_async_transport net;
  net.otherwise(test::stream({"Hello"}));
  const test::network_thread network(net);
  churn(net, bench, {});
}

TEST_CASE("calls on a blocking transport end once, whatever happens to them") {
  test::bench bench;
  fake_blocking_transport net;
  net.otherwise(test::stream({"Hello"}));
  churn(net, bench, worker_options{3, 8});
}

}  // namespace
