// SPDX-License-Identifier: MIT

#include <string>
#include <utility>
#include <vector>

#include "orcast/openrouter/client.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

// What a tick costs, and who gets it.

namespace {

using orcast::call;
using orcast::client;
using orcast::http::fake_transport;
using test::hello;

/// A handler whose every call takes a millisecond, and that says whose turn it was.
struct slow_handler final : orcast::call_handler {
  slow_handler(test::still_clock& time, std::string& turns, char sign)
      : clock(time), log(turns), name(sign) {}
  void on_first_chunk() noexcept override { take(); }
  void on_first_token() noexcept override { take(); }
  void on_text(std::string_view) noexcept override { take(); }
  void on_done(orcast::result<void>, orcast::chat_reply&) noexcept override { take(); }
  void take() noexcept {
    clock.advance_ms(1);
    log += name;
  }

  test::still_clock& clock;
  std::string& log;
  char name;
};

TEST_CASE("a tick goes at most one handler call over its budget") {
  test::bench bench;
  fake_transport net;
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  std::string turns;
  slow_handler heard(bench.clock, turns, 'a');
  call talk = made.start(hello(), &heard);
  made.tick(1);
  CHECK(turns == "a");
  made.tick(1'500'000);
  CHECK(turns == "aaa");
  made.tick(0);
  CHECK(turns == "aaaa");
}

TEST_CASE("a budget of any size is one, and the largest is none") {
  test::bench bench;
  fake_transport net;
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  std::string turns;
  slow_handler heard(bench.clock, turns, 'a');
  call talk = made.start(hello(), &heard);
  made.tick(INT64_MAX);
  CHECK(turns == "aaaa");
}

TEST_CASE("calls take turns, also from tick to tick") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"Hi"}));
  client made = bench.client(net);
  std::string turns;
  std::vector<slow_handler> heard;
  for (char name : {'a', 'b', 'c'}) heard.emplace_back(bench.clock, turns, name);
  std::vector<call> calls;
  for (auto& each : heard) calls.push_back(made.start(hello(), &each));
  while (made.in_flight() != 0) made.tick(1);
  CHECK(turns == "abcabcabcabc");
}

TEST_CASE("pieces that arrived between two ticks come as one") {
  test::bench bench;
  fake_transport net;
  net.reply(test::stream({"a", "b", "c", "d"}));
  client made = bench.client(net);
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  made.tick(0);
  CHECK(heard.log == "chunk token +abcd done(ok):abcd");
}

TEST_CASE("a call without a handler costs a turn, not one for each piece") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"a", "b"}));
  client made = bench.client(net);
  call talk = made.start(hello());
  made.tick(1);
  CHECK(talk.text() == "ab");
}

TEST_CASE("what arrives while earlier pieces wait for their turn is not forgotten") {
  test::bench bench;
  fake_transport net;
  auto script = test::stream_head();
  script.data(test::chunk("a")).next_poll().data(test::chunk("b")).next_poll();
  script.data(test::ending());
  net.reply(script);
  client made = bench.client(net);
  std::string turns;
  slow_handler heard(bench.clock, turns, 'a');
  call talk = made.start(hello(), &heard);
  for (int i = 0; i < 20; ++i) made.tick(1);
  CHECK(talk.state() == orcast::call_state::done);
  CHECK(talk.text() == "ab");
}

/// Starts the next call in every on_done.
struct restarter final : orcast::call_handler {
  void on_done(orcast::result<void>, orcast::chat_reply&) noexcept override {
    ++ends;
    talk = made->start(hello(), this);
  }
  client* made = nullptr;
  call talk;
  int ends = 0;
};

TEST_CASE("a handler that always starts another call does not keep a tick from ending") {
  test::bench bench;
  fake_transport net;
  orcast::client_options options = bench.options();
  options.key_provider = [](void*) { return orcast::secret(); };
  client made = bench.client(net, std::move(options));
  restarter heard;
  heard.made = &made;
  heard.talk = made.start(hello(), &heard);
  made.tick(0);
  CHECK(heard.ends == 1);
  made.tick(0);
  CHECK(heard.ends == 2);
}

TEST_CASE("several hundred calls are in flight at a time") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"Hi", " there"}));
  orcast::client_options options = bench.options();
  options.max_calls = 500;
  client made = bench.client(net, std::move(options));
  std::vector<test::note_handler> heard(500);
  std::vector<call> calls;
  for (auto& each : heard) calls.push_back(made.start(hello(), &each));
  CHECK(made.in_flight() == 500);
  made.tick(0);
  CHECK(made.in_flight() == 0);
  for (auto& each : heard) CHECK(each.log == "chunk token +Hi there done(ok):Hi there");
}

}  // namespace
