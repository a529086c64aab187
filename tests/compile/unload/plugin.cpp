// SPDX-License-Identifier: MIT
#include <thread>
#include <vector>

#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/make_tracer.hpp"

// A plugin that traces: main.cpp loads it, lets it work, and unloads it.

namespace {

constexpr orcast::key own_key{"plugin.number"};

void record(orcast::tracer& traces, int count) {
  for (int i = 0; i < count; ++i) {
    orcast::span one = traces.start("in a plugin");
    one.set(own_key, i).set(orcast::keys::llm_model_name, "openai/gpt-4o-mini");
  }
}

}  // namespace

/// Records on three threads, drains, and returns how many spans are accounted for.
extern "C" unsigned plugin_work() {
  auto made = orcast::make_tracer({});
  if (!made) return 0;
  orcast::tracer& traces = *made.value();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) threads.emplace_back([&traces] { record(traces, 100); });
  record(traces, 100);
  for (std::thread& each : threads) each.join();
  for (auto span = traces.take(); span != orcast::detail::no_block; span = traces.take()) {
    traces.give_back(span);
    traces.exported(1);
  }
  return static_cast<unsigned>(traces.stats().exported);
}
