// SPDX-License-Identifier: MIT

#include <cstdio>
#include <vector>

#include "orcast/otlp/json_encoder.hpp"
#include "orcast/trace/make_tracer.hpp"

// A program that wants spans and nothing else: no Boost, no HTTP library.

namespace {
constexpr orcast::key frame{"frame"};
}

int main() {
  const auto made = orcast::make_tracer({});
  if (!made) return 1;
  orcast::tracer& traces = *made.value();

  orcast::span turn = traces.start("npc turn");
  turn.set(frame, 42);
  turn.end();

  std::vector<char> memory(16 * 1024);
  orcast::otlp::json_encoder encoder({}, memory.data(), memory.size());
  encoder.begin();
  const auto taken = traces.take();
  if (taken == orcast::detail::no_block || !encoder.add(traces.ring(), taken)) return 1;
  const auto request = encoder.finish();
  std::printf("%.*s\n", static_cast<int>(request.size()), request.data());
  traces.give_back(taken);
  traces.exported(1);

  const orcast::trace_stats stats = traces.stats();
  return stats.started == 1 && stats.exported == 1 ? 0 : 1;
}
