// SPDX-License-Identifier: MIT
#include <cstddef>

#include "bench.hpp"
#include "byte_ring.hpp"
#include "workload.hpp"

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tracepoint.hpp"

// What an event of LTTng-UST costs the thread that records it, in a session that overwrites its
// oldest events in memory. A program of its own, which tests/bench/peer_lttng.cpp builds and
// starts: linked with LTTng, a program starts two threads and looks for the daemon before main().

namespace {

void run(bench::suite& suite) {
  constexpr int burst = 256;
  const bench::workload work;
  if (!lttng_ust_tracepoint_enabled(orcast_bench, span)) {
    bench::fail("LTTng does not record: no session has enabled the event");
  }
  const auto record = [&] { lttng_ust_do_tracepoint(orcast_bench, span, &work); };
  bench::byte_ring ring(std::size_t{256} * 1024, 1024);
  const auto record_floor = [&] {
    if (!ring.record("npc turn", [&](auto& into) { work.set_20(into); })) {
      bench::fail("the floor's ring is too small");
    }
  };
  const auto drain_floor = [&] { ring.drain(); };
  const int bursts = suite.repeat(2);
  const auto cost = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, burst, record, [] {}); },
      [&] { return bench::time_bursts(bursts, burst, record_floor, drain_floor); });
  suite.report({"peer/span-20attr/lttng-ust", cost.value.ns, "ns", cost.floor.ns});
}

const bench::registered entry("peer/span-20attr/lttng-ust", run);

}  // namespace
