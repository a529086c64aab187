// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "orcast/trace/span_reader.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"
#include "support/spans.hpp"

// Many threads record, hand spans to each other and read the counters while one drains: nothing is
// lost, doubled or torn, and the accounts balance. Run it under ThreadSanitizer.

using namespace orcast;

namespace {

#if ORCAST_TEST_SANITIZED
constexpr int spans_per_thread = 20'000;
constexpr int short_lived = 5'000;
#else
constexpr int spans_per_thread = 200'000;
constexpr int short_lived = 100'000;
#endif

constexpr key number{"stress.number"};
constexpr key check_sum{"stress.sum"};
constexpr key filler{"stress.filler"};

void record(span& into, std::uint64_t id) {
  const std::size_t size = id % 7 == 0 ? 5'000 : id % 40;
  into.set(number, id).set(check_sum, id * 0x9e3779b97f4a7c15u >> 1);
  into.set(filler, std::string(size, static_cast<char>('a' + id % 26)));
}

struct tally {
  std::uint64_t seen = 0;
  std::uint64_t torn = 0;
  std::vector<std::uint8_t> marks;

  void take_all(tracer& from) {
    for (auto block = from.take(); block != detail::no_block; block = from.take()) {
      const auto one = test::read_span(from.ring(), block);
      const std::uint64_t id = std::stoull(one.at("stress.number"));
      const std::size_t size = id % 7 == 0 ? 5'000 : id % 40;
      const bool summed = one.at("stress.sum") == std::to_string(id * 0x9e3779b97f4a7c15u >> 1);
      // Where memory ran out in mid-span the text is shorter, and says so, but never wrong.
      std::string text(size, static_cast<char>('a' + id % 26));
      if (one.cut.size() == 1) text.resize(one.at("stress.filler").size());
      torn += summed && one.at("stress.filler") == text ? 0 : 1;
      if (++marks[id] != 1) ++torn;
      ++seen;
      from.give_back(block);
      from.exported(1);
    }
  }
};

void run(tracer_options options, int threads, bool hand_over) {
  auto traces = test::a_tracer(options);
  REQUIRE(traces != nullptr);
  std::atomic<int> running{threads};
  std::atomic<bool> bad_reading{false};
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      for (int i = 0; i < spans_per_thread; ++i) {
        const auto id =
            static_cast<std::uint64_t>(t) * spans_per_thread + static_cast<std::uint64_t>(i);
        span one = traces->start("stress");
        if (one.recording()) record(one, id);
        if (hand_over && i % 1000 == 0) {
          std::thread([moved = std::move(one)]() mutable { moved.end(); }).join();
        }
        if (i % 4096 == 0) {
          const trace_stats now = traces->stats();
          if (now.started < now.exported + now.dropped_in_all()) bad_reading = true;
        }
      }
      --running;
    });
  }
  tally sum;
  sum.marks.resize(static_cast<std::size_t>(threads) * spans_per_thread);
  while (running.load() != 0) sum.take_all(*traces);
  for (auto& each : pool) each.join();
  sum.take_all(*traces);

  const trace_stats now = traces->stats();
  CHECK(sum.torn == 0);
  CHECK_FALSE(bad_reading.load());
  CHECK(now.started == static_cast<std::uint64_t>(threads) * spans_per_thread);
  CHECK(now.exported == sum.seen);
  CHECK(now.started == now.exported + now.dropped_in_all());
  CHECK(traces->ring().free_blocks() == traces->ring().block_count());
}

}  // namespace

TEST_CASE("four recording threads, one consumer: nothing lost, doubled or torn") {
  run({}, 4, false);
}

TEST_CASE("more threads than lanes, and spans that end on other threads") {
  tracer_options options;
  options.lanes = 2;
  run(options, 6, true);
}

TEST_CASE("a tiny memory that is always full") {
  tracer_options options;
  options.memory_bytes = 64 * 1024;
  run(options, 4, false);
}

TEST_CASE("evicting the oldest under load") {
  tracer_options options;
  options.memory_bytes = 64 * 1024;
  options.full = when_full::evict_oldest;
  run(options, 4, true);
}

TEST_CASE("while spans have ended, threads that evict get memory, however many do so at once") {
  tracer_options options;
  options.full = when_full::evict_oldest;
  auto traces = test::a_tracer(options);
  std::vector<std::thread> pool;
  for (int t = 0; t < 8; ++t) {
    pool.emplace_back([&] {
      for (int i = 0; i < spans_per_thread / 4; ++i) traces->start("x").set(number, i).end();
    });
  }
  for (auto& each : pool) each.join();
  const trace_stats now = traces->stats();
  CHECK(now.dropped_by(drop_reason::pool_full) == 0);
  CHECK(now.dropped_by(drop_reason::evicted) > 0);
  CHECK(now.started == now.held() + now.dropped_in_all());
  test::drain(*traces);
}

TEST_CASE("a hundred thousand short-lived threads and several tracers") {
  auto first = test::a_tracer();
  auto second = test::a_tracer();
  for (int i = 0; i < short_lived; ++i) {
    std::thread([&] {
      first->start("a").end();
      second->start("b").end();
    }).join();
    if (i % 100 == 0) {
      test::drain(*first);
      test::drain(*second);
    }
  }
  test::drain(*first);
  test::drain(*second);
  CHECK(first->stats().exported == short_lived);
  CHECK(second->stats().exported == short_lived);
}
