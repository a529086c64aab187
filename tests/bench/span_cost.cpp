// SPDX-License-Identifier: MIT
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
void run(bench::suite& suite, const char* bench, double most, std::size_t ring_bytes,
         std::size_t longest, int bursts, Fill fill) {
  const auto traces = bench::make_tracer();
  const auto record = [&] {
    orcast::span one = traces->start(name);
    fill(one);
    one.end();
  };
  const auto drain = [&] {
    if (bench::drain(*traces) != burst) bench::fail("a span was lost");
  };
  bench::byte_ring ring(ring_bytes, longest);
  const auto record_floor = [&] {
    if (!ring.record(name, fill)) bench::fail("the floor's ring is too small");
  };
  const auto drain_floor = [&] {
    if (ring.drain() != burst) bench::fail("the floor's ring lost a record");
  };
  const int repeat = suite.repeat(bursts);
  const bench::comparison cost = bench::compare(
      suite, [&] { return bench::time_bursts(repeat, burst, record, drain); },
      [&] { return bench::time_bursts(repeat, burst, record_floor, drain_floor); });
  suite.report({bench, cost.value.ns, "ns", cost.floor.ns, {bench::target::ratio, most}});
  suite.report_allocations(bench, cost.value.allocations);
}

void bare(bench::suite& suite) { run(suite, "span/bare", 1.3, 32 * 1024, 64, 8, nothing()); }

void attributes(bench::suite& suite) {
  const bench::workload work;
  run(suite, "span/20attr", 1.3, 256 * 1024, 1024, 5, [&](auto& into) { work.set_20(into); });
}

void llm(bench::suite& suite) {
  const bench::workload work;
  run(suite, "span/llm24", 1.25, 4 * 1024 * 1024, 12 * 1024, 2,
      [&](auto& into) { work.set_24(into); });
}

const bench::registered entries[] = {
    {"span/bare", bare}, {"span/20attr", attributes}, {"span/llm24", llm}};

}  // namespace
