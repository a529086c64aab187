// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdint>
#include <string_view>
#include <thread>

#include "bench.hpp"
#include "byte_ring.hpp"
#include "orcast/trace/tracer.hpp"
#include "other_thread.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// Two threads record into one tracer at the same time, against the same with a ring for each.

namespace {

constexpr std::string_view name = "npc turn";
constexpr int burst = 256;

/// Both threads do `operation` a burst long, `bursts` times, beginning together; `after` runs in
/// between, on one of them. Returns what one operation took, the mean of the two.
template <class Operation, class After>
bench::sample side_by_side(bench::other_thread& other, int bursts, Operation operation,
                           After after) {
  std::int64_t spent[2] = {};
  for (int b = 0; b <= bursts; ++b) {
    std::atomic<int> arrived{0};
    const auto timed = [&](int which) {
      ++arrived;
      for (int tries = 1; arrived.load(std::memory_order_relaxed) != 2; ++tries) {
        if (tries % 1024 == 0) std::this_thread::yield();  // there may be one processor only
      }
      const std::int64_t begin = bench::now_ns();
      for (int i = 0; i < burst; ++i) operation(which);
      if (b != 0) spent[which] += bench::now_ns() - begin;
    };
    other.start([&] { timed(1); });
    timed(0);
    other.wait();
    after();
  }
  return {static_cast<double>(spent[0] + spent[1]) / (2.0 * bursts * burst), 0};
}

void run(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  const bench::workload work;
  bench::byte_ring rings[2] = {{256 * 1024, 1024}, {256 * 1024, 1024}};
  bench::other_thread other;
  const int bursts = suite.repeat(5);
  const auto fill = [&](auto& into) { work.set_20(into); };
  const auto shared = [&] {
    return side_by_side(
        other, bursts,
        [&](int) {
          orcast::span one = traces->start(name);
          fill(one);
          one.end();
        },
        [&] {
          if (bench::drain(*traces) != 2 * burst) bench::fail("a span was lost");
        });
  };
  const auto apart = [&] {
    return side_by_side(
        other, bursts,
        [&](int which) {
          if (!rings[which].record(name, fill)) bench::fail("the floor's ring is too small");
        },
        [&] {
          for (bench::byte_ring& ring : rings) {
            if (ring.drain() != burst) bench::fail("the floor's ring lost a record");
          }
        });
  };
  const bench::comparison cost = bench::compare(suite, shared, apart);
  suite.report({"span/2threads", cost.value.ns, "ns", cost.floor.ns, {bench::target::ratio, 1.4}});
}

const bench::registered entry("span/2threads", run);

}  // namespace
