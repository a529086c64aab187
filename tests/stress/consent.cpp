// SPDX-License-Identifier: MIT

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/otlp/flush_thread.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

// Consent is withdrawn and given while threads record and the flush thread sends. Every span has
// one end, and none that began before a withdrawal is sent after it.

namespace otlp = orcast::otlp;
namespace http = orcast::http;
using orcast::drop_reason;

namespace {

/// Notes the ages of the spans in each request: the value of their attribute "age".
class backend_with_memory {
 public:
  void perform(const http::request& what, http::response_sink& sink, http::exchange_control& stop) {
    std::string body;
    for (const std::string_view part : what.body) body += part;
    if (stop.cancelled()) return sink.done(orcast::failure(orcast::errc::cancelled, "cancelled"));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      static const std::string name = R"("age","value":{"intValue":")";
      for (std::size_t at = 0; (at = body.find(name, at)) != std::string::npos;) {
        at += name.size();
        const unsigned age = static_cast<unsigned>(std::stoul(body.substr(at, 12)));
        if (age < oldest_allowed_) ++too_old_;
        ++accepted_;
      }
    }
    http::response_head head;
    head.status = 200;
    sink.head(head);
    sink.data("{}");
    sink.done({});
  }

  /// From now on younger ones only.
  void allow_from(unsigned age) {
    const std::lock_guard<std::mutex> lock(mutex_);
    oldest_allowed_ = age;
  }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t too_old() const { return too_old_; }

 private:
  std::mutex mutex_;
  unsigned oldest_allowed_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t too_old_ = 0;
};

}  // namespace

TEST_CASE("no span from before a withdrawal is sent after it, and each has one end") {
  orcast::tracer_options options;
  options.memory_bytes = 512 * 1024;
  options.wipe = true;
  auto tracer = std::move(orcast::make_tracer(options).value());
  backend_with_memory backend;
  otlp::destination to;
  to.url = "https://otlp.example.com/v1/traces";
  to.batch_bytes = 64 * 1024;
  to.exporting.delay_ms = 1;
  auto exporter = otlp::span_exporter::make(*tracer, http::any_transport(backend), to);
  otlp::flush_thread_options often;
  often.busy_ms = 1;
  auto started = otlp::flush_thread::start(std::move(exporter.value()), often);
  REQUIRE(started.ok());
  otlp::flush_thread& thread = started.value();

  constexpr int threads = 3;
  constexpr unsigned changes = 60;
  std::atomic<unsigned> age{1};  // goes up while there is no consent
  std::atomic<bool> stop{false};
  std::vector<std::thread> players;
  for (int t = 0; t < threads; ++t) {
    players.emplace_back([&, t] {
      for (std::uint64_t count = 0; !stop.load(std::memory_order_relaxed); ++count) {
        const unsigned before = age.load(std::memory_order_acquire);
        orcast::span span = tracer->start("work");
        if (age.load(std::memory_order_acquire) != before) {  // when it began is not known
          span.discard(drop_reason::filtered);
          continue;
        }
        span.set("age", before).set("thread", t);
        if (count % 20 == 0) span.set("text", std::string(3000, 'x'));
        if (count % 7 == 0) std::this_thread::yield();  // stays open for longer
      }
    });
  }
  for (unsigned i = 1; i <= changes; ++i) {
    const std::uint64_t seen = tracer->stats().started;
    while (tracer->stats().started < seen + 200) std::this_thread::yield();
    if (i % 4 == 0) CHECK(thread.flush(20'000));  // else hardly a batch gets that far
    tracer->consent(false);
    thread.follow_consent();
    CHECK(thread.flush(20'000));  // what was being sent has been sent, or cancelled
    backend.allow_from(i + 1);
    age.store(i + 1, std::memory_order_release);
    tracer->consent(true);
  }
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& player : players) player.join();
  CHECK(thread.shutdown(20'000));
  { const otlp::flush_thread ended(std::move(thread)); }

  const orcast::trace_stats stats = tracer->stats();
  CHECK(backend.too_old() == 0);
  CHECK(backend.accepted() == stats.exported);
  CHECK(stats.exported > 0);
  CHECK(stats.dropped_by(drop_reason::withdrawn) > 0);
  CHECK(stats.held() == 0);
  CHECK(stats.started == stats.exported + stats.dropped_in_all());
  CHECK(tracer->ring().free_blocks() == tracer->ring().block_count());
}
