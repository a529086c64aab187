// SPDX-License-Identifier: MIT
#include <cstddef>

#include "bench.hpp"
#include "floor_20attr.hpp"
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
  bench::floor_20attr floor(work);
  const int bursts = suite.repeat(2);
  const auto cost = floor.compare_with(
      suite, bursts, burst, [&] { return bench::time_bursts(bursts, burst, record, [] {}); });
  suite.report({"peer/span-20attr/lttng-ust", cost.value.ns, "ns", cost.floor.ns});
}

const bench::registered entry("peer/span-20attr/lttng-ust", run);

}  // namespace
