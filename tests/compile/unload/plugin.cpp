// SPDX-License-Identifier: MIT
#include <thread>
#include <utility>
#include <vector>

#include "orcast/http/any_transport.hpp"
#include "orcast/otlp/flush_thread.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "orcast/trace/openinference_keys.hpp"

// A plugin that traces and exports: main.cpp loads it, lets it work, and unloads it.

namespace {

constexpr orcast::key own_key{"plugin.number"};

void record(orcast::tracer& traces, int count) {
  for (int i = 0; i < count; ++i) {
    orcast::span one = traces.start("in a plugin");
    one.set(own_key, i).set(orcast::keys::llm_model_name, "openai/gpt-4o-mini");
  }
}

/// Answers every request with success.
class polled_transport {
 public:
  orcast::http::exchange_id start(const orcast::http::request&, orcast::http::response_sink& sink) {
    waiting_ = &sink;
    return ++last_;
  }
  void cancel(orcast::http::exchange_id) {}
  void resume(orcast::http::exchange_id) {}
  void poll(std::int64_t) {
    if (waiting_ == nullptr) return;
    orcast::http::response_sink& sink = *std::exchange(waiting_, nullptr);
    orcast::http::response_head head;
    head.status = 200;
    sink.head(head);
    sink.data("{}");
    sink.done({});
  }

 private:
  orcast::http::response_sink* waiting_ = nullptr;
  orcast::http::exchange_id last_ = 0;
};

}  // namespace

/// Records on three threads, exports, and returns how many spans were.
extern "C" unsigned plugin_work() {
  auto made = orcast::make_tracer({});
  if (!made) return 0;
  orcast::tracer& traces = *made.value();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) threads.emplace_back([&traces] { record(traces, 100); });
  record(traces, 100);
  for (std::thread& each : threads) each.join();
  polled_transport transport;
  orcast::otlp::destination to;
  to.url = "https://collector.example.com/v1/traces";
  auto exporter =
      orcast::otlp::span_exporter::make(traces, orcast::http::any_transport(transport), to);
  if (!exporter) return 0;
  auto flushing = orcast::otlp::flush_thread::start(std::move(exporter).value());
  if (!flushing || !flushing.value().shutdown(10'000)) return 0;
  return static_cast<unsigned>(traces.stats().exported);
}
