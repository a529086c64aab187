// SPDX-License-Identifier: MIT

#include "orcast/otlp/flush_thread.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#if defined(__unix__)
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "orcast/http/fake_transport.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

namespace otlp = orcast::otlp;
namespace http = orcast::http;
using http::fake_reply;
using orcast::drop_reason;
using orcast::errc;

namespace {

constexpr std::int64_t plenty_ms = 20'000;

template <class Transport>
struct rig {
  explicit rig(otlp::destination to = {}) : tracer(std::move(orcast::make_tracer({}).value())) {
    if (to.url.empty()) to.url = "https://otlp.example.com/v1/traces";
    exporter = std::move(
        otlp::span_exporter::make(*tracer, http::any_transport(fake), std::move(to)).value());
  }
  otlp::flush_thread run() {
    auto started = otlp::flush_thread::start(std::move(exporter));
    REQUIRE(started.ok());
    return std::move(started.value());
  }
  void record(int spans) {
    for (int i = 0; i < spans; ++i) tracer->start("span").end();
  }
  orcast::trace_stats stats() const { return tracer->stats(); }

  Transport fake;
  std::unique_ptr<orcast::tracer> tracer;
  std::unique_ptr<otlp::span_exporter> exporter;
};

/// A latch: whoever waits goes on once it is open.
class latch {
 public:
  void open() { promise_.set_value(); }
  bool wait() { return future_.wait_for(std::chrono::seconds(20)) == std::future_status::ready; }

 private:
  std::promise<void> promise_;
  std::future<void> future_ = promise_.get_future();
};

std::int64_t ms_since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               from)
      .count();
}

}  // namespace

TEMPLATE_TEST_CASE("flush delivers what had ended", "", http::fake_transport,
                   http::fake_blocking_transport) {
  rig<TestType> r;
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  for (int round = 1; round <= 3; ++round) {
    r.record(7);
    CHECK(thread.flush(plenty_ms));
    CHECK(r.stats().exported == static_cast<std::uint64_t>(7 * round));
  }
  CHECK(r.fake.requests().size() == 3);
  CHECK(thread.status().counts.requests == 3);
  CHECK(thread.shutdown(plenty_ms));
  CHECK(thread.flush(plenty_ms));
  CHECK(thread.shutdown(plenty_ms));
  CHECK(r.fake.violations().empty());
}

TEMPLATE_TEST_CASE("shutdown delivers what had ended, and the destructor drops the rest", "",
                   http::fake_transport, http::fake_blocking_transport) {
  rig<TestType> r;
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  {
    otlp::flush_thread thread = r.run();
    r.record(5);
    CHECK(thread.shutdown(plenty_ms));
  }
  CHECK(r.stats().exported == 5);
  rig<TestType> other;
  other.fake.otherwise(fake_reply().never());
  {
    otlp::flush_thread thread = other.run();
    other.record(5);
  }
  CHECK(other.stats().dropped_by(drop_reason::shut_down) == 5);
}

TEST_CASE("what ends after shutdown is counted, at the next call or with the thread") {
  rig<http::fake_blocking_transport> r;
  {
    otlp::flush_thread thread = r.run();
    CHECK(thread.shutdown(plenty_ms));
    r.record(1);
    CHECK(thread.flush(plenty_ms));
    CHECK(r.stats().dropped_by(drop_reason::shut_down) == 1);
    r.record(2);
    CHECK(thread.shutdown(plenty_ms));
    CHECK(r.stats().dropped_by(drop_reason::shut_down) == 3);
    r.record(3);
  }
  CHECK(r.stats().dropped_by(drop_reason::shut_down) == 6);
  CHECK(r.stats().held() == 0);
}

TEST_CASE("a complaint about settings goes when others could be used") {
  otlp::destination to;
  to.url = "https://otlp.example.com/v1/traces";
  rig<http::fake_blocking_transport> r(to);
  r.fake.otherwise(fake_reply::whole(401, ""));
  otlp::flush_thread thread = r.run();
  otlp::destination bad = to;
  bad.batch_bytes = 1;
  thread.replace(0, bad);
  CHECK(thread.flush(plenty_ms));
  CHECK(thread.status().last_error.find("settings were not changed: ") == 0);
  thread.replace(0, to);
  r.record(1);
  CHECK_FALSE(thread.flush(plenty_ms));
  CHECK(thread.status().last_error.find("export: HTTP 401") == 0);
}

TEST_CASE("spans are delivered without being asked for") {
  latch posted;
  otlp::destination to;
  to.exporting.delay_ms = 1;
  to.append_headers = [](void* self, std::vector<http::header>&) {
    static_cast<latch*>(self)->open();
  };
  to.headers_context = &posted;
  rig<http::fake_blocking_transport> r(to);
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  r.record(1);
  CHECK(posted.wait());
  CHECK(thread.shutdown(plenty_ms));
  CHECK(r.stats().exported == 1);
}

TEMPLATE_TEST_CASE("flush and shutdown return by their deadlines though no answer comes", "",
                   http::fake_transport, http::fake_blocking_transport) {
  rig<TestType> r;
  r.fake.otherwise(fake_reply().never());
  otlp::flush_thread thread = r.run();
  r.record(4);
  auto before = std::chrono::steady_clock::now();
  CHECK_FALSE(thread.flush(50));
  CHECK(ms_since(before) >= 50);
  CHECK(ms_since(before) < 5000);
  CHECK(r.stats().held() == 4);
  before = std::chrono::steady_clock::now();
  CHECK_FALSE(thread.shutdown(200));
  CHECK(ms_since(before) < 5000);
  CHECK(r.stats().dropped_by(drop_reason::shut_down) == 4);
  CHECK(r.fake.in_flight() == 0);
  CHECK_FALSE(thread.shutdown(200));  // the first decides
}

TEMPLATE_TEST_CASE("a request under way is cancelled as soon as consent is withdrawn", "",
                   http::fake_transport, http::fake_blocking_transport) {
  latch posted;
  otlp::destination to;
  to.append_headers = [](void* self, std::vector<http::header>&) {
    static_cast<latch*>(self)->open();
  };
  to.headers_context = &posted;
  rig<TestType> r(std::move(to));
  r.fake.reply(fake_reply().never());
  otlp::flush_thread thread = r.run();
  r.record(4);
  CHECK_FALSE(thread.flush(0));
  CHECK(posted.wait());
  r.tracer->consent(false);
  thread.follow_consent();
  CHECK(thread.flush(plenty_ms));  // would wait for the whole time-out of the request
  CHECK(r.fake.in_flight() == 0);
  CHECK(r.stats().dropped_by(drop_reason::withdrawn) == 4);
  CHECK(r.stats().held() == 0);
  CHECK(thread.shutdown(plenty_ms));
  CHECK(r.fake.requests().size() == 1);
}

TEST_CASE("a flush ends early where waiting is no use") {
  rig<http::fake_blocking_transport> r;
  r.fake.reply(fake_reply::whole(401, ""));
  otlp::flush_thread thread = r.run();
  r.record(1);
  CHECK_FALSE(thread.flush(plenty_ms * 100));
  CHECK(thread.status().held);
  CHECK(thread.status().last_error.find("HTTP 401") != std::string::npos);
  r.fake.reply(fake_reply::whole(429, "", {{"Retry-After", "250"}}));
  thread.retry_held();
  CHECK_FALSE(thread.flush(100'000));
  CHECK_FALSE(thread.shutdown(100'000));
  CHECK(r.stats().dropped_by(drop_reason::shut_down) == 1);
}

TEST_CASE("several threads may flush at once") {
  rig<http::fake_blocking_transport> r;
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  const auto record_and_flush = [&] {
    r.record(10);
    return thread.flush(plenty_ms);
  };
  auto one = std::async(std::launch::async, record_and_flush);
  auto two = std::async(std::launch::async, record_and_flush);
  CHECK(one.get());
  CHECK(two.get());
  CHECK(r.stats().exported == 20);
}

TEST_CASE("a call from inside a callback returns at once") {
  struct curious {
    otlp::flush_thread* thread = nullptr;
    bool said = true;
    latch asked;
    static void headers(void* self, std::vector<http::header>&) {
      auto& me = *static_cast<curious*>(self);
      me.said = me.thread->flush(plenty_ms * 100) || me.thread->shutdown(plenty_ms * 100);
      me.asked.open();
    }
  } provider;
  otlp::destination to;
  to.append_headers = curious::headers;
  to.headers_context = &provider;
  rig<http::fake_blocking_transport> r(to);
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  provider.thread = &thread;
  r.record(1);
  CHECK(thread.flush(plenty_ms));
  CHECK(provider.asked.wait());
  CHECK_FALSE(provider.said);
}

namespace {

/// Does something once, while the flush thread encodes the first span.
struct during_encoding {
  static bool look(std::string_view) noexcept {
    if (what != nullptr) std::exchange(what, nullptr)();
    return false;
  }
  static inline std::function<void()> what;
};

}  // namespace

TEST_CASE("what ends after a change of settings waits for it, though the thread is at work") {
  otlp::destination old;
  old.url = "https://old.example.com/v1/traces";
  old.leaves_out = during_encoding::look;
  otlp::destination fresh;
  fresh.url = "https://fresh.example.com/v1/traces";
  rig<http::fake_blocking_transport> r(std::move(old));
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  during_encoding::what = [&] {
    thread.replace(0, std::move(fresh));
    r.tracer->start("after").end();
  };
  r.tracer->start("before").set("a key", 1).end();
  CHECK(thread.flush(plenty_ms));
  CHECK(thread.flush(plenty_ms));
  const auto requests = r.fake.requests();
  REQUIRE(requests.size() == 2);
  for (const auto& each : requests) {
    const bool to_fresh = each.url == "https://fresh.example.com/v1/traces";
    CHECK((each.body.find("\"before\"") == std::string::npos) == to_fresh);
    CHECK((each.body.find("\"after\"") == std::string::npos) != to_fresh);
  }
  CHECK(thread.shutdown(plenty_ms));
}

TEMPLATE_TEST_CASE("a refusal that comes after the change of settings is corrected by it", "",
                   http::fake_transport, http::fake_blocking_transport) {
  latch posted;
  otlp::destination old;
  old.url = "https://old.example.com/v1/traces";
  old.append_headers = [](void* self, std::vector<http::header>&) {
    static_cast<latch*>(self)->open();
  };
  old.headers_context = &posted;
  rig<TestType> r(std::move(old));
  r.fake.reply(fake_reply().hold().head(401).data("{}"));
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  r.record(1);
  CHECK_FALSE(thread.flush(0));
  REQUIRE(posted.wait());
  otlp::destination fresh;
  fresh.url = "https://fresh.example.com/v1/traces";
  thread.replace(0, std::move(fresh));
  r.record(1);
  while (r.fake.in_flight() == 0) std::this_thread::yield();
  r.fake.release_all();
  CHECK(thread.flush(plenty_ms));
  CHECK(r.stats().exported == 2);
  CHECK_FALSE(thread.status().held);
  CHECK(thread.shutdown(plenty_ms));
}

TEST_CASE("without a thread the exporter stays with the caller") {
  rig<http::fake_transport> r;
  CHECK_FALSE(otlp::flush_thread::start(nullptr).ok());
#if defined(__linux__)
  otlp::flush_thread_options options;
  options.stack_bytes = ~std::size_t{0} / 4096 * 4096;
  auto started = otlp::flush_thread::start(std::move(r.exporter), options);
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().code == errc::unsupported);
  REQUIRE(r.exporter != nullptr);
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  r.record(1);
  CHECK(r.exporter->flush(plenty_ms));
#endif
}

#if defined(__unix__)

TEST_CASE("the thread takes none of the host's signals") {
  struct where {
    sigset_t mask{};
    latch known;
    static void headers(void* self, std::vector<http::header>&) {
      auto& me = *static_cast<where*>(self);
      pthread_sigmask(SIG_BLOCK, nullptr, &me.mask);
      me.known.open();
    }
  } looked;
  otlp::destination to;
  to.append_headers = where::headers;
  to.headers_context = &looked;
  rig<http::fake_blocking_transport> r(to);
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  r.record(1);
  CHECK(thread.flush(plenty_ms));
  REQUIRE(looked.known.wait());
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGALRM, SIGPIPE}) {
    CHECK(sigismember(&looked.mask, signal) == 1);
  }
}

TEST_CASE("what headers are made from is in use from the first moment to the last") {
  int first = 0, second = 0, other = 0;
  const auto to = [](int& context) {
    otlp::destination made;
    made.url = "https://otlp.example.com/v1/traces";
    made.append_headers = [](void*, std::vector<http::header>&) {};
    made.headers_context = &context;
    return made;
  };
  rig<http::fake_blocking_transport> r(to(first));
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  otlp::flush_thread thread = r.run();
  CHECK(thread.uses(&first));
  CHECK_FALSE(thread.uses(&other));
  thread.replace(0, to(second));
  CHECK(thread.uses(&first));
  CHECK(thread.uses(&second));
  r.record(1);
  for (int i = 0; i < 1000 && thread.uses(&first); ++i) CHECK(thread.flush(plenty_ms));
  CHECK_FALSE(thread.uses(&first));
  CHECK(thread.uses(&second));
}

TEST_CASE("in a child of fork everything returns at once") {
  rig<http::fake_blocking_transport> r;
  r.fake.otherwise(fake_reply().hold().head(200));
  otlp::flush_thread thread = r.run();
  r.record(2);
  CHECK_FALSE(thread.flush(20));
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    bool said = thread.flush(1'000'000) || thread.shutdown(1'000'000);
    thread.retry_held();
    said = said || thread.status().pending != 0;
    { const otlp::flush_thread gone(std::move(thread)); }
    _exit(said ? 1 : 0);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  r.fake.release_all();
  CHECK(thread.flush(plenty_ms));
  CHECK(r.stats().exported == 2);
}

#endif
