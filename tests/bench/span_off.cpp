// SPDX-License-Identifier: MIT
#include <string_view>

#include "bench.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "tracer.hpp"

// What is left of a span's cost where nothing is recorded, against a call of an empty function.

namespace {

constexpr std::string_view name = "npc turn";

[[gnu::noinline]] void empty_call(std::string_view text) noexcept {
  asm volatile("" : : "r"(text.data()) : "memory");
}

void run(bench::suite& suite, const char* bench, orcast::tracer& traces,
         bench::target goal = {bench::target::over_floor, 3}) {
  const auto record = [&] {
    orcast::span one = traces.start(name);
    bench::keep(one);
    one.end();
  };
  const auto nothing = [] {};
  const int size = suite.repeat(2'000);
  const bench::comparison cost = bench::compare(
      suite, [&] { return bench::time_bursts(10, size, record, nothing); },
      [&] {
        return bench::time_bursts(
            10, size, [] { empty_call(name); }, nothing);
      });
  suite.report({bench, cost.value.ns, "ns", cost.floor.ns, goal});
  suite.report_allocations(bench, cost.value.allocations);
}

void disabled(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  traces->enable(false);
  run(suite, "span/disabled", *traces);
}

void unsampled(bench::suite& suite) {
  orcast::tracer_options options;
  options.sampling_ratio = 0;
  const auto traces = bench::make_tracer(options);
  run(suite, "span/unsampled", *traces);
}

/// A root has to draw its trace id before it is known whether the trace is kept.
void unsampled_by_id(bench::suite& suite) {
  orcast::tracer_options options;
  options.sampling_ratio = 1e-18;
  const auto traces = bench::make_tracer(options);
  run(suite, "span/unsampled-by-id", *traces, {});
}

const bench::registered entries[] = {{"span/disabled", disabled},
                                     {"span/unsampled", unsampled},
                                     {"span/unsampled-by-id", unsampled_by_id}};

}  // namespace
