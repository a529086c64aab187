// SPDX-License-Identifier: MIT

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/openrouter/client.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

// Cancelling, and ends in every order.

namespace {

using orcast::call;
using orcast::call_state;
using orcast::client;
using orcast::errc;
using orcast::http::any_transport;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using orcast::http::worker_options;
using test::hello;

/// Cancels its call when it first hears of it.
struct canceller final : test::note_handler {
  void on_first_chunk() noexcept override {
    note_handler::on_first_chunk();
    talk->cancel();
  }
  call* talk = nullptr;
};

/// A stream that stops after its first piece.
fake_reply halted() {
  fake_reply script = test::stream_head();
  script.data(test::chunk("Hel")).hold().data(test::chunk("lo")).data(test::ending());
  return script;
}

#if defined(__unix__)
TEST_CASE("a child of fork may let its copy of a client go, and its parent's calls go on") {
  test::bench bench;
  fake_blocking_transport net;
  net.otherwise(halted());
  client made = bench.client(net);
  call talk = made.start(hello());
  while (net.requests().empty()) std::this_thread::yield();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    { const call gone(std::move(talk)); }
    { const client gone(std::move(made)); }
    ::_exit(0);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  net.release_all();
  while (made.in_flight() != 0) {
    made.tick();
    std::this_thread::yield();
  }
  CHECK(talk.text() == "Hello");
}
#endif

TEST_CASE("a cancelled call ends at the next tick, in every phase") {
  test::bench bench;
  fake_transport net;
  test::note_handler heard;
  std::string expected;
  SECTION("before its first poll") {
    net.reply(fake_reply().never());
    client made = bench.client(net);
    call talk = made.start(hello(), &heard);
    talk.cancel();
    CHECK(heard.ends == 0);
    made.tick(0);
    expected = "done(cancelled):";
    CHECK(talk.state() == call_state::done);
    CHECK(talk.outcome().error().code == errc::cancelled);
    made.tick(0);
    CHECK(net.in_flight() == 0);
  }
  SECTION("before the answer") {
    net.reply(fake_reply().never());
    client made = bench.client(net);
    call talk = made.start(hello(), &heard);
    made.tick(0);
    talk.cancel();
    talk.cancel();
    made.tick(0);
    expected = "done(cancelled):";
    CHECK(net.in_flight() == 0);
  }
  SECTION("in the middle of a stream, which keeps what had arrived") {
    net.reply(halted());
    client made = bench.client(net);
    call talk = made.start(hello(), &heard);
    made.tick(0);
    talk.cancel();
    made.tick(0);
    expected = "chunk token +Hel done(cancelled):Hel";
    CHECK(talk.text() == "Hel");
    CHECK(net.in_flight() == 0);
  }
  SECTION("a call that was refused") {
    orcast::client_options options = bench.options();
    options.max_calls = 1;
    net.reply(fake_reply().never());
    client made = bench.client(net, std::move(options));
    call first = made.start(hello());
    {
      call talk = made.start(hello(), &heard);
      talk.cancel();
      made.tick(0);
    }
    expected = "done(cancelled):";
    CHECK(net.requests().size() == 1);
    first.cancel();
    made.tick(0);
    bench.spans();
    return;
  }
  CHECK(heard.log == expected);
  CHECK(bench.spans().size() == 1);
  CHECK(net.violations().empty());
}

TEST_CASE("a cancel counts also when the whole answer has arrived, but was not yet heard") {
  test::bench bench;
  fake_transport net;
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  canceller heard;
  call talk = made.start(hello(), &heard);
  heard.talk = &talk;
  made.tick(0);
  made.tick(0);
  CHECK(heard.log == "chunk done(cancelled):Hi");
  CHECK(talk.outcome().error().code == errc::cancelled);
}

TEST_CASE("cancelling what is done changes nothing") {
  test::bench bench;
  fake_transport net;
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  made.tick(0);
  talk.cancel();
  made.tick(0);
  CHECK(talk.outcome().ok());
  CHECK(heard.ends == 1);
  CHECK(talk.text() == "Hi");
}

TEST_CASE("a call on a blocking transport can be cancelled while it waits for a worker") {
  test::bench bench;
  fake_blocking_transport net;
  net.otherwise(fake_reply().never());
  client made = client::make(bench.options(), any_transport(net, worker_options{1, 8})).value();
  test::note_handler first, second;
  call one = made.start(hello(), &first);
  call two = made.start(hello(), &second);
  while (net.in_flight() == 0) std::this_thread::yield();
  two.cancel();
  made.tick(0);
  CHECK(second.log == "done(cancelled):");
  CHECK(net.requests().size() == 1);
  one.cancel();
  made.tick(0);
  CHECK(first.log == "done(cancelled):");
  while (net.in_flight() != 0) std::this_thread::yield();
  CHECK(bench.spans().size() == 2);
}

TEST_CASE("more calls than a blocking transport has workers wait for their turn") {
  test::bench bench;
  fake_blocking_transport net;
  net.otherwise(halted());
  client made = client::make(bench.options(), any_transport(net, worker_options{1, 1})).value();
  test::note_handler heard[4];
  std::vector<call> calls;
  for (auto& each : heard) calls.push_back(made.start(hello(), &each));
  CHECK(made.in_line() == 3);
  while (made.in_flight() != 0) {
    CHECK(net.in_flight() <= 1);
    net.release_all();
    made.tick();
    std::this_thread::yield();
  }
  for (auto& each : heard) CHECK(each.log.find("done(ok):Hello") != std::string::npos);
  CHECK(bench.spans().size() == 4);
}

TEST_CASE("a handler hears nothing after its call was destroyed") {
  test::bench bench;
  fake_transport net;
  net.reply(halted());
  client made = bench.client(net);
  {
    test::note_handler heard;
    {
      call talk = made.start(hello(), &heard);
      made.tick(0);
      CHECK(heard.log == "chunk token +Hel ");
    }
    made.tick(0);
    CHECK(heard.log == "chunk token +Hel ");
  }
  net.release_all();
  made.tick(0);
  CHECK(made.in_flight() == 0);
  CHECK(net.in_flight() == 0);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].at("openrouter.cancelled") == "true");
}

TEST_CASE("a call may be replaced by another") {
  test::bench bench;
  fake_transport net;
  net.reply(halted());
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  test::note_handler heard;
  call talk = made.start(hello());
  talk = made.start(hello(), &heard);
  made.tick(0);
  CHECK(heard.log == "chunk token +Hi done(ok):Hi");
  CHECK(made.in_flight() == 0);
}

TEST_CASE("the client may go first: its calls end, and no handler is called") {
  test::bench bench;
  fake_transport net;
  net.otherwise(halted());
  std::optional<client> made(bench.client(net));
  test::note_handler heard;
  call fresh = made->start(hello(), &heard);
  call speaking = made->start(hello());
  made->tick(0);
  const std::string before = heard.log;
  made.reset();
  CHECK(heard.log == before);
  CHECK(net.in_flight() == 0);
  CHECK(fresh.state() == call_state::done);
  CHECK(fresh.outcome().error().code == errc::shut_down);
  CHECK(speaking.text() == "Hel");
  CHECK(speaking.reply()->text() == "Hel");
  fresh.cancel();
  CHECK(bench.spans().size() == 2);
  CHECK(net.violations().empty());
}

TEST_CASE("the client may go while a call waits for its retry") {
  test::bench bench;
  fake_transport net;
  net.otherwise(fake_reply().fail(errc::connect, "refused"));
  std::optional<client> made(bench.client(net));
  call talk = made->start(hello());
  made->tick(0);
  made.reset();
  CHECK(talk.outcome().error().code == errc::shut_down);
  CHECK(bench.spans().size() == 1);
}

TEST_CASE("the client may go while a cancelled exchange is still to end") {
  test::bench bench;
  fake_blocking_transport net;
  net.otherwise(halted());
  std::optional<client> made(bench.client(net));
  {
    call talk = made->start(hello());
    while (talk.text().empty()) made->tick();
  }
  made.reset();
  CHECK(net.in_flight() == 0);
  CHECK(bench.spans().size() == 1);
}

TEST_CASE("a client that is assigned to ends its calls as a destroyed one does") {
  test::bench bench;
  fake_transport net, other;
  net.reply(halted());
  other.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  call old = made.start(hello());
  made = bench.client(other);
  CHECK(old.outcome().error().code == errc::shut_down);
  call talk = made.start(hello());
  made.tick(0);
  CHECK(talk.text() == "Hi");
}

/// Does something to its surroundings when it first hears a piece of text.
struct meddler final : orcast::call_handler {
  void on_text(std::string_view) noexcept override {
    if (take_call != nullptr) *take_call = call();
    if (take_client != nullptr) take_client->reset();
    if (ticks != nullptr) {
      const std::string before = other->log;
      ticks->tick(0);
      nested = other->log != before;
    }
    ++pieces;
  }
  void on_done(orcast::result<void>, orcast::chat_reply&) noexcept override { ++ends; }

  call* take_call = nullptr;
  std::optional<client>* take_client = nullptr;
  client* ticks = nullptr;
  int pieces = 0;
  int ends = 0;
  const test::note_handler* other = nullptr;
  bool nested = false;  // the other was called from inside a call of this one
};

TEST_CASE("a handler may destroy its own call") {
  test::bench bench;
  fake_transport net;
  net.reply(test::stream({"Hi"}));
  client made = bench.client(net);
  meddler heard;
  call talk = made.start(hello(), &heard);
  heard.take_call = &talk;
  made.tick(0);
  made.tick(0);
  CHECK_FALSE(static_cast<bool>(talk));
  CHECK(heard.pieces == 1);
  CHECK(heard.ends == 0);
  CHECK(made.in_flight() == 0);
}

TEST_CASE("a handler may destroy the client") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"Hi", " there"}));
  std::optional<client> made(bench.client(net));
  meddler heard;
  test::note_handler other;
  call talk = made->start(hello(), &heard);
  call more = made->start(hello(), &other);
  heard.take_client = &made;
  made->tick(0);
  CHECK(heard.pieces == 1);
  CHECK(heard.ends == 0);
  CHECK(other.ends == 0);
  CHECK(talk.state() == call_state::done);
  CHECK(bench.spans().size() == 2);
}

TEST_CASE("a tick from inside a handler does nothing") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"Hi"}));
  client made = bench.client(net);
  meddler heard;
  test::note_handler other;
  heard.ticks = &made;
  heard.other = &other;
  call talk = made.start(hello(), &heard);
  call more = made.start(hello(), &other);
  made.tick(0);
  CHECK(heard.pieces == 1);
  CHECK(heard.ends == 1);
  CHECK(other.ends == 1);
  CHECK_FALSE(heard.nested);
  CHECK(net.violations().empty());
}

TEST_CASE("an asynchronous transport may end before, with and after the client") {
  test::bench bench;
  fake_async_transport net;
  net.otherwise(halted());
  const test::network_thread network(net);
  test::note_handler heard;
  for (int round = 0; round < 50; ++round) {
    client made = bench.client(net);
    call first = made.start(hello(), &heard);
    call second = made.start(hello());
    if (round % 2 == 0) made.tick();
    if (round % 3 == 0) first.cancel();
    if (round % 5 == 0) second = call();
  }
  CHECK(net.in_flight() == 0);
  CHECK(bench.spans().size() == 100);
}

}  // namespace
