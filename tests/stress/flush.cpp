// SPDX-License-Identifier: MIT

#include "orcast/otlp/flush_thread.hpp"
#include "orcast/trace/make_tracer.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

// Several threads record as fast as they can while the flush thread exports to a backend that
// stumbles now and then. At the end every span must be accounted for, once.

namespace otlp = orcast::otlp;
namespace http = orcast::http;
using orcast::drop_reason;

namespace {

/// A backend and the way to it: notes the ids of the spans that it accepted, refuses a part of some
/// batches, and is sometimes overloaded or out of reach.
class stumbling_backend {
 public:
  void perform(const http::request& what, http::response_sink& sink, http::exchange_control&) {
    std::string body;
    for (const std::string_view part : what.body) body += part;
    const unsigned turn = ++requests_;
    if (turn % 7 == 3) return sink.done(orcast::failure(orcast::errc::disconnected, "cut"));
    http::response_head head;
    if (turn % 7 == 5) {
      head.status = 503;
      sink.head(head);
      return sink.done({});
    }
    head.status = 200;
    sink.head(head);
    std::string answer = "{}";
    std::size_t skip = 0;
    if (turn % 11 == 0) {
      answer = R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"one of them"}})";
      skip = 1;
    }
    accept(body, skip);
    sink.data(answer);
    sink.done({});
  }

  // After the flush thread has ended:
  std::size_t accepted() const { return ids_.size(); }
  std::uint64_t refused() const { return refused_; }
  bool twice() const { return twice_; }

 private:
  void accept(const std::string& body, std::size_t skip) {
    static const std::string name = "\"spanId\":\"";
    for (std::size_t at = 0; (at = body.find(name, at)) != std::string::npos;) {
      at += name.size();
      if (skip != 0) {
        --skip;
        ++refused_;
      } else if (!ids_.insert(body.substr(at, 16)).second) {
        twice_ = true;
      }
    }
  }

  unsigned requests_ = 0;
  std::set<std::string> ids_;
  std::uint64_t refused_ = 0;
  bool twice_ = false;
};

}  // namespace

TEST_CASE("every span of four busy threads is exported or counted as dropped") {
  for (const auto policy : {orcast::when_full::drop_newest, orcast::when_full::evict_oldest}) {
    orcast::tracer_options options;
    options.memory_bytes = 512 * 1024;  // small, so that it is full at times
    options.full = policy;
    auto tracer = std::move(orcast::make_tracer(options).value());
    stumbling_backend backend;
    otlp::destination to;
    to.url = "https://otlp.example.com/v1/traces";
    to.batch_bytes = 64 * 1024;
    to.exporting.delay_ms = 5;
    to.exporting.initial_ms = 1;
    to.exporting.max_attempts = 2;  // so that some batches expire
    auto exporter = otlp::span_exporter::make(*tracer, http::any_transport(backend), to);
    auto started = otlp::flush_thread::start(std::move(exporter.value()));
    REQUIRE(started.ok());

    constexpr int threads = 4;
    constexpr int spans_each = 5000;
    std::atomic<int> running{threads};
    std::vector<std::thread> producers;
    for (int t = 0; t < threads; ++t) {
      producers.emplace_back([&, t] {
        for (int i = 0; i < spans_each; ++i) {
          orcast::span span = tracer->start("work");
          span.set("thread", t).set("number", i);
          if (i % 50 == 0) span.set("text", std::string(5000, 'x'));
          if (i % 100 == 0) span.discard(drop_reason::filtered);
          if (i % 1000 == 999) started.value().flush(5);
        }
        running.fetch_sub(1, std::memory_order_relaxed);
      });
    }
    while (running.load(std::memory_order_relaxed) != 0) {
      static_cast<void>(started.value().status());
      std::this_thread::yield();
    }
    for (std::thread& producer : producers) producer.join();
    started.value().shutdown(20'000);
    { const otlp::flush_thread ended(std::move(started.value())); }

    const orcast::trace_stats stats = tracer->stats();
    CHECK(stats.started == threads * spans_each);
    CHECK(stats.held() == 0);
    CHECK(stats.exported == backend.accepted());
    CHECK(stats.dropped_by(drop_reason::rejected) == backend.refused());
    CHECK_FALSE(backend.twice());
    CHECK(stats.exported > 0);
    CHECK(tracer->ring().free_blocks() == tracer->ring().block_count());
  }
}
