// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <memory>
#include <utility>

#include "bench.hpp"
#include "byte_ring.hpp"
#include "orcast/trace/tracer.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// What recording a span costs the thread that records: bursts of 256 into a tracer as it comes, by
// one pinned thread, taken out again between the bursts.

namespace {

constexpr std::string_view name = "npc turn";
constexpr int burst = 256;

struct nothing {
  template <class Into>
  void operator()(Into&) const noexcept {}
};

/// `fill` sets the attributes of a span, and of the floor's record.
template <class Fill>
void run(bench::suite& suite, const char* bench, std::size_t ring_bytes, std::size_t longest,
         int bursts, Fill fill) {
  const auto traces = bench::make_tracer();
  const auto record = [&] {
    orcast::span one = traces->start(name);
    fill(one);
    one.end();
  };
  const auto drain = [&] {
    if (bench::drain(*traces) != burst) std::abort();
  };
  bench::byte_ring ring(ring_bytes, longest);
  const auto record_floor = [&] {
    if (!ring.record(name, fill)) std::abort();
  };
  const auto drain_floor = [&] {
    if (ring.drain() != burst) std::abort();
  };
  const int repeat = suite.repeat(bursts);
  const bench::comparison cost = bench::compare(
      suite, [&] { return bench::time_bursts(repeat, burst, record, drain); },
      [&] { return bench::time_bursts(repeat, burst, record_floor, drain_floor); });
  suite.report({bench, cost.value.ns, "ns", cost.floor.ns});
  suite.report_allocations(bench, cost.value.allocations);
}

void bare(bench::suite& suite) { run(suite, "span/bare", 32 * 1024, 64, 100, nothing()); }

void attributes(bench::suite& suite) {
  const bench::workload work;
  run(suite, "span/20attr", 256 * 1024, 1024, 50, [&](auto& into) { work.set_20(into); });
}

void llm(bench::suite& suite) {
  const bench::workload work;
  run(suite, "span/llm24", 4 * 1024 * 1024, 12 * 1024, 20, [&](auto& into) { work.set_24(into); });
}

const bench::registered entries[] = {
    {"span/bare", bare}, {"span/20attr", attributes}, {"span/llm24", llm}};

}  // namespace
