// SPDX-License-Identifier: MIT

#include "orcast/http/any_transport.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/http/fake_transport.hpp"
#include "orcast/http/worker_pool.hpp"
#include "support/catch.hpp"

namespace {

using orcast::errc;
using orcast::failure;
using orcast::http::any_transport;
using orcast::http::exchange_control;
using orcast::http::exchange_id;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using orcast::http::flow;
using orcast::http::request;
using orcast::http::response_head;
using orcast::http::response_sink;
using orcast::http::tier;
using orcast::http::worker_options;

static_assert(!std::is_copy_constructible_v<any_transport>);
static_assert(std::is_nothrow_move_constructible_v<any_transport>);

/// Writes down what it is told ("200|abc|ok"), and lets another thread wait for it.
class note_sink final : public response_sink {
 public:
  explicit note_sink(flow answer = flow::go) : answer_(answer) {}

  void head(const response_head& head) noexcept override {
    append(std::to_string(head.status) + "|");
  }
  flow data(std::string_view bytes) noexcept override {
    append(std::string(bytes));
    return answer_;
  }
  void done(orcast::result<void> outcome) noexcept override {
    std::lock_guard<std::mutex> lock(mutex_);
    log_ += outcome.ok() ? "|ok" : "|" + std::string(to_string(outcome.error().code));
    ++dones_;
    done_on_ = std::this_thread::get_id();
    changed_.notify_all();
  }

  std::string log() {
    std::lock_guard<std::mutex> lock(mutex_);
    return log_;
  }
  int dones() {
    std::lock_guard<std::mutex> lock(mutex_);
    return dones_;
  }
  std::thread::id done_on() {
    std::lock_guard<std::mutex> lock(mutex_);
    return done_on_;
  }
  void wait_for(std::string_view text) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return log_.find(text) != log_.npos; });
  }
  std::string wait_done() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return dones_ > 0; });
    return log_;
  }

 private:
  void append(const std::string& text) {
    std::lock_guard<std::mutex> lock(mutex_);
    log_ += text;
    changed_.notify_all();
  }

  const flow answer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string log_;
  int dones_ = 0;
  std::thread::id done_on_;
};

const request& somewhere() {
  static const request what = [] {
    request made;
    made.url = "https://example.test/";
    return made;
  }();
  return what;
}

/// The network of an asynchronous transport: a thread that delivers until it is stopped.
class network {
 public:
  explicit network(fake_async_transport& transport)
      : thread_([this, &transport] {
          while (!stop_.load(std::memory_order_relaxed)) {
            transport.deliver();
            std::this_thread::yield();
          }
        }) {}
  ~network() {
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// Asks for a pause after each piece, and to be resumed from another thread.
class resumed_sink final : public response_sink {
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

TEST_CASE("an object without a transport says so, also after a move") {
  any_transport none;
  CHECK_FALSE(none);
  CHECK(none.tier() == tier::none);
  CHECK(none.cancel_all(0));
  fake_transport fake;
  any_transport held(fake);
  CHECK(held);
  none = std::move(held);
  CHECK(none.tier() == tier::polled);
  CHECK_FALSE(held);  // NOLINT(bugprone-use-after-move)
}

// Polled transports.

TEST_CASE("a polled transport is driven by poll() alone") {
  fake_transport fake;
  any_transport transport(fake);
  CHECK(transport.tier() == tier::polled);
  fake.otherwise(fake_reply().head(200).pieces("ab", 1));
  note_sink sink, pausing(flow::pause), cancelled;
  transport.start(somewhere(), sink);
  const exchange_id paused = transport.start(somewhere(), pausing);
  transport.cancel(transport.start(somewhere(), cancelled));
  CHECK(sink.log().empty());
  transport.poll(0);
  CHECK(sink.log() == "200|ab|ok");
  CHECK(pausing.log() == "200|a");
  CHECK(cancelled.log() == "|cancelled");
  transport.resume(paused);
  transport.poll(0);
  CHECK(pausing.log() == "200|ab");
  transport.resume(paused);
  transport.poll(0);
  CHECK(pausing.log() == "200|ab|ok");
  transport.cancel(paused);
  transport.resume(12345);
  transport.poll(0);
  CHECK(pausing.dones() == 1);
  CHECK(fake.violations().empty());
}

TEST_CASE("perform() on a polled transport polls until the end") {
  fake_transport fake;
  any_transport transport(fake);
  fake.reply(fake_reply().head(200).next_poll().data("a").next_poll().data("b"));
  note_sink sink;
  exchange_control control;
  transport.perform(somewhere(), sink, control);
  CHECK(sink.log() == "200|ab|ok");

  fake.reply(fake_reply().head(200).pieces("abc", 1));
  resumed_sink pausing(control);
  transport.perform(somewhere(), pausing, control);
  CHECK(pausing.log == "abc|ok");

  fake.reply(fake_reply().head(200).never());
  note_sink endless;
  std::thread canceller([&] {
    endless.wait_for("200");
    control.cancel();
  });
  transport.perform(somewhere(), endless, control);
  canceller.join();
  CHECK(endless.log() == "200||cancelled");
  CHECK(fake.violations().empty());
}

TEST_CASE("the end of a polled one cancels what is in flight") {
  fake_transport fake;
  fake.otherwise(fake_reply().head(200).never());
  note_sink first, second;
  {
    any_transport transport(fake);
    transport.start(somewhere(), first);
    transport.poll(0);
    transport.start(somewhere(), second);
  }
  CHECK(first.log() == "200||cancelled");
  CHECK(second.log() == "|cancelled");
  CHECK(fake.in_flight() == 0);
}

// Asynchronous transports.

TEST_CASE("an asynchronous transport keeps its own threads") {
  fake_async_transport fake;
  fake.reply(fake_reply::whole(200, "a"));
  fake.reply(fake_reply().head(200).never());
  network threads(fake);
  any_transport transport(fake);
  CHECK(transport.tier() == tier::asynchronous);
  note_sink sink, endless;
  transport.start(somewhere(), sink);
  CHECK(sink.wait_done() == "200|a|ok");
  CHECK(sink.done_on() != std::this_thread::get_id());
  const exchange_id id = transport.start(somewhere(), endless);
  endless.wait_for("200");
  transport.cancel(id);
  CHECK(endless.wait_done() == "200||cancelled");
}

TEST_CASE("perform() on an asynchronous transport waits") {
  fake_async_transport fake;
  network threads(fake);
  any_transport transport(fake);
  fake.reply(fake_reply::whole(200, "a"));
  note_sink sink;
  exchange_control control;
  transport.perform(somewhere(), sink, control);
  CHECK(sink.log() == "200|a|ok");

  fake.reply(fake_reply().head(200).pieces("abcdef", 1));
  resumed_sink pausing(control);
  transport.perform(somewhere(), pausing, control);
  CHECK(pausing.log == "abcdef|ok");

  fake.reply(fake_reply().head(200).data("a").data("b"));
  note_sink stuck(flow::pause);
  std::thread canceller([&] {
    stuck.wait_for("a");
    control.cancel();
  });
  transport.perform(somewhere(), stuck, control);
  canceller.join();
  CHECK(stuck.dones() == 1);
  CHECK(stuck.log().substr(stuck.log().size() - 10) == "|cancelled");
}

TEST_CASE("the end of an asynchronous one waits for the last done()") {
  fake_async_transport fake;
  fake.otherwise(fake_reply().head(200).never());
  network threads(fake);
  std::vector<std::unique_ptr<note_sink>> sinks;
  {
    any_transport transport(fake);
    for (int i = 0; i < 50; ++i) {
      sinks.push_back(std::make_unique<note_sink>());
      transport.start(somewhere(), *sinks.back());
    }
  }
  for (const std::unique_ptr<note_sink>& sink : sinks) {
    CHECK(sink->dones() == 1);
    CHECK(sink->log().find("cancelled") != std::string::npos);
  }
}

TEST_CASE("cancel_all() gives up by its deadline") {
  fake_async_transport fake;  // and nobody who delivers
  fake.otherwise(fake_reply::whole(200, ""));
  any_transport transport(fake);
  note_sink sink;
  transport.start(somewhere(), sink);
  CHECK_FALSE(transport.cancel_all(0));
  CHECK_FALSE(transport.cancel_all(2));
  fake.deliver();
  CHECK(sink.log() == "|cancelled");
  CHECK(transport.cancel_all(0));
}

TEST_CASE("cancel_all() and poll() wait as long as it takes when given the longest time") {
  fake_async_transport fake;
  fake.otherwise(fake_reply().never());
  any_transport transport(fake);
  note_sink cancelled;
  transport.start(somewhere(), cancelled);
  std::atomic<bool> over{false};
  std::thread network_thread([&] {
    while (!over) {
      std::this_thread::yield();
      fake.deliver();
    }
  });
  CHECK(transport.cancel_all(INT64_MAX));
  CHECK(cancelled.log() == "|cancelled");
  fake.otherwise(fake_reply::whole(200, ""));
  note_sink ended;
  transport.start(somewhere(), ended);
  transport.poll(INT64_MAX);
  CHECK(ended.dones() == 1);
  over = true;
  network_thread.join();
}

TEST_CASE("poll() with a wait returns when an exchange has ended") {
  fake_async_transport fake;
  any_transport transport(fake);
  transport.poll(1'000'000);  // nothing is in flight, so it does not wait
  fake.reply(fake_reply::whole(200, ""));
  note_sink sink;
  transport.start(somewhere(), sink);
  transport.poll(1);
  CHECK(sink.dones() == 0);
  std::thread network_thread([&] { fake.deliver(); });
  transport.poll(1'000'000);
  network_thread.join();
  CHECK(sink.dones() == 1);
}

// Blocking transports.

TEST_CASE("perform() on a blocking transport stays on its thread") {
  fake_blocking_transport fake;
  fake.reply(fake_reply::whole(200, "a"));
  any_transport transport(fake);
  CHECK(transport.tier() == tier::blocking);
  note_sink sink;
  exchange_control control;
  transport.perform(somewhere(), sink, control);
  CHECK(sink.log() == "200|a|ok");
  CHECK(sink.done_on() == std::this_thread::get_id());
}

#if defined(ORCAST_NO_THREADS)

TEST_CASE("without threads start() on a blocking transport is refused by the next poll()") {
  fake_blocking_transport fake;
  any_transport transport(fake);
  note_sink sink, cancelled;
  transport.start(somewhere(), sink);
  const exchange_id id = transport.start(somewhere(), cancelled);
  CHECK(sink.log().empty());
  transport.cancel(id);
  transport.poll(0);
  CHECK(sink.log() == "|unsupported");
  CHECK(cancelled.log() == "|cancelled");
  CHECK(fake.requests().empty());
}

#else

TEST_CASE("start() on a blocking transport runs on a worker") {
  fake_blocking_transport fake;
  fake.otherwise(fake_reply().head(200).data("a"));
  any_transport transport(fake, {2, 100});
  std::vector<std::unique_ptr<note_sink>> sinks;
  for (int i = 0; i < 50; ++i) {
    sinks.push_back(std::make_unique<note_sink>());
    transport.start(somewhere(), *sinks.back());
  }
  for (const std::unique_ptr<note_sink>& sink : sinks) {
    CHECK(sink->wait_done() == "200|a|ok");
    CHECK(sink->done_on() != std::this_thread::get_id());
  }
}

TEST_CASE("a paused exchange of a blocking transport is resumed by its id") {
  fake_blocking_transport fake;
  fake.reply(fake_reply().head(200).pieces("ab", 1));
  any_transport transport(fake);
  note_sink sink(flow::pause);
  const exchange_id id = transport.start(somewhere(), sink);
  sink.wait_for("a");
  transport.resume(id);
  sink.wait_for("b");
  transport.resume(id);
  CHECK(sink.wait_done() == "200|ab|ok");
}

TEST_CASE("a full queue refuses with busy, from poll() or from the worker that gets free") {
  fake_blocking_transport fake;
  fake.otherwise(fake_reply().head(200).hold());
  any_transport transport(fake, {1, 1});
  note_sink running, queued, refused, refused_later;
  transport.start(somewhere(), running);
  running.wait_for("200");
  transport.start(somewhere(), queued);
  transport.start(somewhere(), refused);
  CHECK(refused.log().empty());
  transport.poll(0);
  CHECK(refused.log() == "|busy");
  CHECK(refused.done_on() == std::this_thread::get_id());

  transport.start(somewhere(), refused_later);
  CHECK(refused_later.log().empty());
  fake.release_all();
  CHECK(running.wait_done() == "200||ok");
  CHECK(refused_later.wait_done() == "|busy");
  CHECK(refused_later.done_on() == running.done_on());
  queued.wait_for("200");
  fake.release_all();
  CHECK(queued.wait_done() == "200||ok");
}

TEST_CASE("what waits for a worker is cancelled at once, and makes room") {
  fake_blocking_transport fake;
  fake.otherwise(fake_reply().head(200).hold());
  any_transport transport(fake, {1, 1});
  note_sink running, queued, refused, next;
  const exchange_id first = transport.start(somewhere(), running);
  running.wait_for("200");
  const exchange_id second = transport.start(somewhere(), queued);
  const exchange_id third = transport.start(somewhere(), refused);
  transport.cancel(third);
  CHECK(refused.log() == "|cancelled");
  transport.cancel(second);
  CHECK(queued.log() == "|cancelled");
  const exchange_id fourth = transport.start(somewhere(), next);
  CHECK(next.log().empty());
  transport.cancel(first);
  CHECK(running.wait_done() == "200||cancelled");
  next.wait_for("200");
  transport.cancel(fourth);
  CHECK(next.wait_done() == "200||cancelled");
  transport.cancel(first);
  CHECK(fake.requests().size() == 2);
}

TEST_CASE("the end of a blocking one cancels what runs and what waits") {
  auto fake = std::make_unique<fake_blocking_transport>();
  fake->otherwise(fake_reply().head(200).never());
  std::vector<std::unique_ptr<note_sink>> sinks;
  {
    any_transport transport = any_transport::own(std::move(fake), {2, 3});
    for (int i = 0; i < 10; ++i) {
      sinks.push_back(std::make_unique<note_sink>());
      transport.start(somewhere(), *sinks.back());
    }
    sinks[0]->wait_for("200");
  }
  for (const std::unique_ptr<note_sink>& sink : sinks) {
    CHECK(sink->dones() == 1);
    const std::string log = sink->log();  // the queue holds 3: some were refused before
    CHECK((log == "200||cancelled" || log == "|cancelled" || log == "|busy"));
  }
  CHECK(sinks[0]->log() == "200||cancelled");
}

/// Breaks its promises: no done(), or two.
struct careless_transport {
  int dones;
  void perform(const request&, response_sink& sink, exchange_control&) const {
    for (int i = 0; i < dones; ++i) sink.done({});
  }
};

TEST_CASE("a sink gets one done() even from a careless transport") {
  any_transport none = any_transport::own(careless_transport{0});
  any_transport two = any_transport::own(careless_transport{2});
  note_sink first, second;
  none.start(somewhere(), first);
  two.start(somewhere(), second);
  CHECK(first.wait_done() == "|protocol");
  CHECK(second.wait_done() == "|ok");
  CHECK(two.cancel_all(-1));
  CHECK(second.dones() == 1);
}

TEST_CASE("cancels race with ends, and each sink is still done once") {
  fake_blocking_transport fake;
  fake.otherwise(fake_reply().head(200).data("a"));
  any_transport transport(fake, {2, 8});
  for (int round = 0; round < 200; ++round) {
    note_sink sinks[4];
    exchange_id ids[4];
    for (int i = 0; i < 4; ++i) ids[i] = transport.start(somewhere(), sinks[i]);
    std::thread other([&] {
      for (exchange_id id : ids) transport.cancel(id);
    });
    transport.poll(0);
    for (exchange_id id : ids) transport.cancel(id);
    other.join();
    CHECK(transport.cancel_all(-1));
    for (note_sink& sink : sinks) REQUIRE(sink.dones() == 1);
  }
  CHECK(fake.violations().empty());
}

#endif

// Ownership.

struct counted_transport {
  explicit counted_transport(std::shared_ptr<int> token) : alive(std::move(token)) {}
  void perform(const request&, response_sink& sink, exchange_control&) {
    sink.done(failure(errc::connect, "no"));
  }
  std::shared_ptr<int> alive;
};

TEST_CASE("an owned transport lives as long as its owner") {
  const std::shared_ptr<int> token = std::make_shared<int>(0);
  {
    any_transport transport = any_transport::own(counted_transport(token));
    any_transport moved = std::move(transport);
    CHECK(token.use_count() == 2);
    note_sink sink;
    exchange_control control;
    moved.perform(somewhere(), sink, control);
    CHECK(sink.log() == "|connect");
  }
  CHECK(token.use_count() == 1);
  { any_transport transport = any_transport::own(std::make_unique<counted_transport>(token)); }
  CHECK(token.use_count() == 1);
}

TEST_CASE("a blocking transport carries as many exchanges as it has threads, others any number") {
  fake_blocking_transport blocking;
  CHECK(any_transport(blocking, worker_options{3, 1}).capacity() == 3);
  CHECK(any_transport(blocking, worker_options{0, 0}).capacity() == 1);
  fake_transport polled;
  CHECK(any_transport(polled).capacity() > 1'000'000);
  CHECK(any_transport().capacity() == 0);
}

}  // namespace
