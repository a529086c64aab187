// SPDX-License-Identifier: MIT

#include "orcast/http/fake_transport.hpp"

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

using orcast::errc;
using orcast::failure;
using orcast::http::exchange_control;
using orcast::http::exchange_id;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using orcast::http::flow;
using orcast::http::request;
using orcast::http::response_head;
using orcast::http::tier;
using orcast::http::tier_of;

static_assert(tier_of<fake_transport> == tier::polled);
static_assert(tier_of<fake_async_transport> == tier::asynchronous);
static_assert(tier_of<fake_blocking_transport> == tier::blocking);

/// Writes down what it is told: "200|abc|ok".
class note_sink final : public orcast::http::response_sink {
 public:
  void head(const response_head& head) noexcept override {
    log += std::to_string(head.status) + "|";
    content_type = head.find("content-type");
  }
  flow data(std::string_view bytes) noexcept override {
    log += bytes;
    return answer;
  }
  void done(orcast::result<void> outcome) noexcept override {
    log += outcome.ok() ? "|ok" : "|" + std::string(to_string(outcome.error().code));
  }

  std::string log;
  std::string content_type;
  flow answer = flow::go;
};

request to(std::string url) {
  request what;
  what.url = std::move(url);
  return what;
}

TEST_CASE("a reply arrives in poll() and nowhere else, and the request is recorded") {
  fake_transport transport;
  transport.reply(fake_reply::whole(200, "{}", {{"Content-Type", "application/json", false}}));
  request what = to("https://example.test/v1/chat");
  what.headers.push_back({"Authorization", "Bearer x", true});
  what.body = {"{\"a\":", "1}"};
  note_sink sink;
  const exchange_id id = transport.start(what, sink);
  CHECK(id != 0);
  CHECK(sink.log.empty());
  CHECK(transport.in_flight() == 1);
  transport.poll(0);
  CHECK(sink.log == "200|{}|ok");
  CHECK(sink.content_type == "application/json");
  CHECK(transport.in_flight() == 0);

  REQUIRE(transport.requests().size() == 1);
  const orcast::http::recorded_request sent = transport.requests()[0];
  CHECK(sent.id == id);
  CHECK(sent.method == "POST");
  CHECK(sent.url == "https://example.test/v1/chat");
  CHECK(sent.find("authorization") == "Bearer x");
  CHECK(sent.find("cookie").empty());
  CHECK(sent.body == "{\"a\":1}");
  CHECK(transport.violations().empty());
}

TEST_CASE("requests take replies in order, then the one for all others, then fail") {
  fake_transport transport;
  const request what = to("https://example.test/");
  transport.reply(fake_reply::whole(201, "a"));
  transport.reply(fake_reply::whole(202, "b"));
  note_sink first, second, third, fourth;
  transport.start(what, first);
  transport.start(what, second);
  transport.start(what, third);
  transport.poll(0);
  CHECK(first.log == "201|a|ok");
  CHECK(second.log == "202|b|ok");
  CHECK(third.log == "|connect");
  transport.otherwise(fake_reply::whole(503, ""));
  transport.start(what, fourth);
  transport.poll(0);
  CHECK(fourth.log == "503||ok");
}

TEST_CASE("a hold waits for its release, one at a time") {
  fake_transport transport;
  transport.reply(fake_reply().head(200).hold().data("a").hold().pieces("bcd", 2));
  const request what = to("https://example.test/");
  note_sink sink;
  const exchange_id id = transport.start(what, sink);
  transport.poll(0);
  transport.poll(0);
  CHECK(sink.log == "200|");
  transport.release(id);
  CHECK(sink.log == "200|");
  transport.poll(0);
  CHECK(sink.log == "200|a");
  transport.release_all();
  transport.poll(0);
  CHECK(sink.log == "200|abcd|ok");
}

TEST_CASE("a reply can be spread over polls") {
  fake_transport transport;
  transport.reply(fake_reply().head(200).next_poll().data("a").next_poll().data("b"));
  const request what = to("https://example.test/");
  note_sink sink;
  transport.start(what, sink);
  transport.poll(0);
  CHECK(sink.log == "200|");
  transport.poll(0);
  CHECK(sink.log == "200|a");
  transport.poll(0);
  CHECK(sink.log == "200|ab|ok");
}

TEST_CASE("an exchange fails where the script says so") {
  fake_transport transport;
  transport.reply(fake_reply().fail(errc::timeout_connect, "late"));
  transport.reply(fake_reply().head(200).data("a").fail(errc::disconnected, "cut"));
  transport.reply(fake_reply());
  const request what = to("https://example.test/");
  note_sink first, second, third;
  transport.start(what, first);
  transport.start(what, second);
  transport.start(what, third);
  transport.poll(0);
  CHECK(first.log == "|timeout_connect");
  CHECK(second.log == "200|a|disconnected");
  CHECK(third.log == "|protocol");
}

TEST_CASE("a cancel is answered by the next poll, also where no answer would come") {
  fake_transport transport;
  transport.reply(fake_reply().head(200).never());
  const request what = to("https://example.test/");
  note_sink sink;
  const exchange_id id = transport.start(what, sink);
  transport.poll(0);
  transport.release(id);
  transport.poll(0);
  CHECK(sink.log == "200|");
  transport.cancel(id);
  CHECK(sink.log == "200|");
  transport.poll(0);
  CHECK(sink.log == "200||cancelled");
  transport.cancel(id);
  transport.resume(id);
  transport.cancel(12345);
  transport.poll(0);
  CHECK(sink.log == "200||cancelled");
}

TEST_CASE("a sink that pauses gets nothing until it is resumed; one that stops is done") {
  fake_transport transport;
  transport.otherwise(fake_reply().head(200).pieces("abc", 1));
  const request what = to("https://example.test/");
  note_sink pausing, stopping;
  pausing.answer = flow::pause;
  stopping.answer = flow::stop;
  const exchange_id id = transport.start(what, pausing);
  transport.start(what, stopping);
  transport.poll(0);
  transport.poll(0);
  CHECK(pausing.log == "200|a");
  CHECK(stopping.log == "200|a|cancelled");
  transport.resume(id);
  transport.poll(0);
  CHECK(pausing.log == "200|ab");
  transport.cancel(id);
  transport.poll(0);
  CHECK(pausing.log == "200|ab|cancelled");
}

/// Is resumed while data() still runs, as it happens when the reader is another thread.
class overtaken_sink final : public orcast::http::response_sink {
 public:
  explicit overtaken_sink(fake_transport& transport) : transport_(transport) {}
  void head(const response_head&) noexcept override {}
  flow data(std::string_view bytes) noexcept override {
    log += bytes;
    transport_.resume(id);
    return flow::pause;
  }
  void done(orcast::result<void> outcome) noexcept override { log += outcome.ok() ? "|ok" : "|no"; }

  exchange_id id = 0;
  std::string log;

 private:
  fake_transport& transport_;
};

TEST_CASE("a resume that overtakes its pause is not lost") {
  fake_transport transport;
  transport.reply(fake_reply().head(200).pieces("abc", 1));
  const request what = to("https://example.test/");
  overtaken_sink sink(transport);
  sink.id = transport.start(what, sink);
  transport.poll(0);
  CHECK(sink.log == "abc|ok");
}

TEST_CASE("a body over the request's limit fails") {
  fake_transport transport;
  transport.reply(fake_reply().head(200).pieces("abcdef", 2));
  request what = to("https://example.test/");
  what.response.body_bytes = 5;
  note_sink sink;
  transport.start(what, sink);
  transport.poll(0);
  CHECK(sink.log == "200|abcd|too_large");
}

/// Starts the next exchange from inside done(), as a retry does.
class chain_sink final : public orcast::http::response_sink {
 public:
  chain_sink(fake_transport& transport, const request& what) : transport_(transport), what_(what) {}
  void head(const response_head&) noexcept override {}
  flow data(std::string_view) noexcept override { return flow::go; }
  void done(orcast::result<void>) noexcept override {
    transport_.poll(0);
    if (++rounds < 3) transport_.start(what_, *this);
  }

  int rounds = 0;

 private:
  fake_transport& transport_;
  const request& what_;
};

TEST_CASE("a sink may start anew in done(), but not poll") {
  fake_transport transport;
  transport.otherwise(fake_reply::whole(200, ""));
  const request what = to("https://example.test/");
  chain_sink sink(transport, what);
  transport.start(what, sink);
  for (int i = 0; i < 5; ++i) transport.poll(0);
  CHECK(sink.rounds == 3);
  CHECK(transport.violations() == std::vector<std::string>(3, "poll() from inside poll()"));
}

TEST_CASE("breaches of the contract are noted") {
  fake_transport transport;
  transport.otherwise(fake_reply::whole(200, ""));
  std::string body = "before";
  request what = to("https://example.test/");
  what.body = {body};
  note_sink sink;

  transport.start(what, sink);
  body[0] = 'B';
  transport.poll(0);
  CHECK(transport.violations() == std::vector<std::string>{"a request that changed before done()"});

  transport.start(what, sink);
  transport.start(what, sink);
  CHECK(transport.violations().back() == "one sink for two exchanges at a time");
  transport.poll(0);

  const request nowhere;
  transport.start(nowhere, sink);
  CHECK(transport.violations().back() == "a request without a URL");
  transport.poll(0);
}

TEST_CASE("the asynchronous tier calls sinks where deliver() is called") {
  fake_async_transport transport;
  transport.reply(fake_reply().head(200).data("a").never());
  const request what = to("https://example.test/");
  note_sink sink;
  const exchange_id id = transport.start(what, sink);
  std::thread([&] { transport.deliver(); }).join();
  CHECK(sink.log == "200|a");
  transport.cancel(id);
  std::thread([&] { transport.deliver(); }).join();
  CHECK(sink.log == "200|a|cancelled");
}

TEST_CASE("the blocking tier returns when the script is through") {
  fake_blocking_transport transport;
  transport.reply(fake_reply().head(200).data("a").next_poll().data("b"));
  const request what = to("https://example.test/");
  note_sink sink;
  exchange_control control;
  transport.perform(what, sink, control);
  CHECK(sink.log == "200|ab|ok");
  CHECK(transport.requests().size() == 1);
  CHECK(transport.in_flight() == 0);
}

TEST_CASE("the blocking tier waits in a hold until it is released, or cancelled") {
  fake_blocking_transport transport;
  transport.reply(fake_reply().head(200).hold().data("a").never());
  const request what = to("https://example.test/");
  note_sink sink;
  exchange_control control;
  std::thread worker([&] { transport.perform(what, sink, control); });
  while (transport.in_flight() == 0) std::this_thread::yield();
  transport.release_all();
  control.cancel();
  worker.join();
  CHECK(
      (sink.log == "200|a|cancelled" || sink.log == "200||cancelled" || sink.log == "|cancelled"));

  note_sink late;
  transport.perform(what, late, control);  // cancelled already
  CHECK(late.log == "|cancelled");
}

/// Pauses after each piece, and has itself resumed from another thread.
class resumed_sink final : public orcast::http::response_sink {
 public:
  explicit resumed_sink(exchange_control& control) : control_(control) {}
  ~resumed_sink() {
    for (std::thread& helper : helpers_) helper.join();
  }
  void head(const response_head&) noexcept override {}
  flow data(std::string_view bytes) noexcept override {
    log += bytes;
    helpers_.emplace_back([this] { control_.resume(); });
    return flow::pause;
  }
  void done(orcast::result<void> outcome) noexcept override { log += outcome.ok() ? "|ok" : "|no"; }

  std::string log;

 private:
  exchange_control& control_;
  std::vector<std::thread> helpers_;
};

TEST_CASE("the blocking tier goes on after each resume") {
  fake_blocking_transport transport;
  transport.reply(fake_reply().head(200).pieces("abcdefgh", 1));
  const request what = to("https://example.test/");
  exchange_control control;
  resumed_sink sink(control);
  transport.perform(what, sink, control);
  CHECK(sink.log == "abcdefgh|ok");
}

}  // namespace
