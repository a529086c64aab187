// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "bench.hpp"
#include "orcast/trace/tracer.hpp"
#include "other_thread.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// A span that one thread begins and another one ends, as a call's is: what both spend on it,
// against the same spans begun and ended by one thread (span/20attr).

namespace {

constexpr std::string_view name = "npc turn";
constexpr int burst = 256;

void run(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  const bench::workload work;
  std::array<orcast::span, burst> open;
  std::int64_t ending = 0;
  bench::other_thread other;
  const auto end_all = [&] {
    const std::int64_t begin = bench::now_ns();
    for (orcast::span& one : open) one.end();
    ending += bench::now_ns() - begin;
  };
  const auto begin_all = [&] {
    for (orcast::span& one : open) {
      one = traces->start(name);
      work.set_20(one);
    }
  };
  const auto drain = [&] {
    if (bench::drain(*traces) != burst) bench::fail("a span was lost");
  };

  const int bursts = suite.repeat(5);
  const auto handed_over = [&] {
    std::int64_t spent = 0;
    for (int i = 0; i <= bursts; ++i) {
      if (i == 1) spent = ending = 0;  // the first one warms up
      const std::int64_t begin = bench::now_ns();
      begin_all();
      spent += bench::now_ns() - begin;
      other.start(end_all);
      other.wait();
      drain();
    }
    return bench::sample{static_cast<double>(spent + ending) / (bursts * burst), 0};
  };
  const auto by_one = [&] {
    return bench::time_bursts(
        bursts, burst,
        [&] {
          orcast::span one = traces->start(name);
          work.set_20(one);
          one.end();
        },
        drain);
  };
  const bench::comparison cost = bench::compare(suite, handed_over, by_one);
  suite.report({"span/handoff", cost.value.ns, "ns", cost.floor.ns, {bench::target::ratio, 1.5}});
}

const bench::registered entry("span/handoff", run);

}  // namespace
