// SPDX-License-Identifier: MIT
#include <thread>
#include <utility>
#include <vector>

#include "bench/polled_sink.hpp"
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
  bench::polled_sink transport;  // answers every request with success
  orcast::otlp::destination to;
  to.url = "https://collector.example.com/v1/traces";
  auto exporter =
      orcast::otlp::span_exporter::make(traces, orcast::http::any_transport(transport), to);
  if (!exporter) return 0;
  auto flushing = orcast::otlp::flush_thread::start(std::move(exporter).value());
  if (!flushing || !flushing.value().shutdown(10'000)) return 0;
  return static_cast<unsigned>(traces.stats().exported);
}
