// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bench.hpp"
#include "byte_ring.hpp"
#include "orcast/core/random.hpp"

// ConcurrentQueue as the ring of bare spans: the same two readings of the clock and three random
// words, and 64 bytes into the queue with a producer's token; against the hand-written ring.

#if __has_include(<concurrentqueue/concurrentqueue.h>)
#define BENCH_QUEUE
#include <concurrentqueue/concurrentqueue.h>
#elif __has_include(<moodycamel/concurrentqueue.h>)
#define BENCH_QUEUE
#include <moodycamel/concurrentqueue.h>
#endif

namespace {

#if defined(BENCH_QUEUE)

constexpr int burst = 256;

void run(bench::suite& suite) {
  moodycamel::ConcurrentQueue<bench::byte_ring::head> queue(4 * burst);
  moodycamel::ProducerToken token(queue);
  orcast::random_state random;
  random.seed(orcast::host{});
  const auto record = [&] {
    bench::byte_ring::head made{};
    made.trace[0] = random.next();
    made.trace[1] = random.next() | 1;
    made.span = random.next() | 1;
    made.start_ns = bench::now_ns();
    made.name = "npc turn";
    made.name_size = 8;
    made.end_ns = bench::now_ns();
    made.size = sizeof made;
    if (!queue.try_enqueue(token, made)) bench::fail("the queue is full");
  };
  const auto drain = [&] {
    bench::byte_ring::head taken[burst];
    if (queue.try_dequeue_bulk_from_producer(token, taken, burst) != burst) {
      bench::fail("the queue lost a record");
    }
  };
  bench::byte_ring ring(std::size_t{32} * 1024, 64);
  const auto record_floor = [&] {
    if (!ring.record("npc turn", [](auto&) {})) bench::fail("the floor's ring is too small");
  };
  const auto drain_floor = [&] { ring.drain(); };
  const int bursts = suite.repeat(8);
  const auto cost = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, burst, record, drain); },
      [&] { return bench::time_bursts(bursts, burst, record_floor, drain_floor); });
  suite.report({"peer/span-bare/concurrentqueue", cost.value.ns, "ns", cost.floor.ns});
}

#else

void run(bench::suite& suite) {
  suite.report_missing("peer/span-bare/concurrentqueue", "libconcurrentqueue-dev");
}

#endif

const bench::registered entry("peer/span-bare/concurrentqueue", run);

}  // namespace
