// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstddef>
#include <string_view>

#include "bench.hpp"
#include "byte_ring.hpp"
#include "orcast/trace/tracer.hpp"
#include "other_thread.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// Recording while the consumer takes spans out on another processor, against the hand-written ring
// with its consumer there. Both consumers come by every 20 microseconds, some hundred times as
// often as the flush thread, and take all there is.

namespace {

constexpr std::string_view name = "npc turn";
constexpr int burst = 256;
constexpr std::int64_t interval_ns = 20'000;

/// Times `bursts` bursts while `take` runs on the other thread; it returns how many it took.
/// Between two bursts the recorder waits, untimed, until all have been taken.
template <class Record, class Take>
bench::sample while_draining(bench::other_thread& other, int bursts, Record record, Take take) {
  std::atomic<std::size_t> taken{0};
  std::atomic<bool> over{false};
  other.start([&] {
    std::int64_t due = bench::now_ns();
    while (!over.load(std::memory_order_relaxed)) {
      const std::int64_t now = bench::now_ns();
      if (now < due) {
        bench::pause();
        continue;
      }
      due = now + interval_ns;
      // Release: pairs with the recorder's acquire, so that the memory is back when it goes on.
      taken.fetch_add(take(), std::memory_order_release);
    }
  });
  std::size_t recorded = 0;
  const bench::sample cost = bench::time_bursts(bursts, burst, record, [&] {
    recorded += burst;
    while (taken.load(std::memory_order_acquire) != recorded) bench::pause();
  });
  over.store(true, std::memory_order_relaxed);
  other.wait();
  return cost;
}

void run(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  const bench::workload work;
  bench::byte_ring ring(256 * 1024, 1024);
  bench::other_thread other;
  const int bursts = suite.repeat(5);
  const auto fill = [&](auto& into) { work.set_20(into); };
  const auto record = [&] {
    orcast::span one = traces->start(name);
    fill(one);
    one.end();
  };
  const auto record_floor = [&] {
    if (!ring.record(name, fill)) bench::fail("the floor's ring is too small");
  };
  const bench::comparison cost = bench::compare(
      suite,
      [&] { return while_draining(other, bursts, record, [&] { return bench::drain(*traces); }); },
      [&] { return while_draining(other, bursts, record_floor, [&] { return ring.drain(); }); });
  suite.report(
      {"span/20attr-draining", cost.value.ns, "ns", cost.floor.ns, {bench::target::ratio, 1.5}});
  suite.report_allocations("span/20attr-draining", cost.value.allocations);
}

const bench::registered entry("span/20attr-draining", run);

}  // namespace
