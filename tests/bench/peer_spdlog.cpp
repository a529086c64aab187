// SPDX-License-Identifier: MIT
#include <cstddef>
#include <memory>
#include <thread>

#include "bench.hpp"
#include "floor_20attr.hpp"
#include "workload.hpp"

// spdlog's asynchronous logger with the work of span/20attr: one line of ten texts and ten
// integers, formatted by the caller and queued; its own thread, on the other processor, throws it
// away. Against the hand-written ring of span/20attr. The queue is empty when a burst begins, and
// has room for it.
//
// link: -lspdlog where spdlog/async_logger.h
// link: -lfmt where spdlog/async_logger.h

#if __has_include(<spdlog/async_logger.h>)
#define BENCH_SPDLOG
#define SPDLOG_COMPILED_LIB
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/null_sink.h>
#endif

namespace {

#if defined(BENCH_SPDLOG)

constexpr int burst = 256;

void run(bench::suite& suite) {
  auto pool = std::make_shared<spdlog::details::thread_pool>(4 * burst, 1, [] { bench::pin(1); });
  auto sink = std::make_shared<spdlog::sinks::null_sink_mt>();
  auto log = std::make_shared<spdlog::async_logger>("bench", sink, pool,
                                                    spdlog::async_overflow_policy::block);
  const bench::workload work;
  const auto record = [&] {
    log->info(
        "npc turn model={} provider={} session={} user={} npc={} quest={} location={} finish={} "
        "generation={} operation={} prompt={} completion={} total={} cached={} reasoning={} "
        "frame={} attempts={} status={} queue={} mood={}",
        work.text[0], work.text[1], work.text[2], work.text[3], work.text[4], work.text[5],
        work.text[6], work.text[7], work.text[8], work.text[9], work.count[0], work.count[1],
        work.count[2], work.count[3], work.count[4], work.count[5], work.count[6], work.count[7],
        work.count[8], work.count[9]);
  };
  const auto drain = [&] {
    while (pool->queue_size() != 0) std::this_thread::yield();
    if (pool->overrun_counter() != 0) bench::fail("spdlog lost a line");
  };
  bench::floor_20attr floor(work);
  const int bursts = suite.repeat(2);
  const auto cost = floor.compare_with(
      suite, bursts, burst, [&] { return bench::time_bursts(bursts, burst, record, drain); });
  suite.report({"peer/span-20attr/spdlog-async", cost.value.ns, "ns", cost.floor.ns});
}

#else

void run(bench::suite& suite) {
  suite.report_missing("peer/span-20attr/spdlog-async", "libspdlog-dev");
}

#endif

const bench::registered entry("peer/span-20attr/spdlog-async", run);

}  // namespace
