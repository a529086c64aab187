// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string_view>
#include <vector>

#include "bench.hpp"
#include "byte_ring.hpp"
#include "orcast/trace/tracer.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// One span each 20 microseconds, as a game records them: the caches have been used for something
// else since the last one. What the slowest in a thousand take, against the same with the ring.

namespace {

constexpr std::string_view name = "npc turn";
constexpr std::int64_t pace_ns = 20'000;

/// The rest of the game: more memory than the second-level cache holds.
class neighbour {
 public:
  neighbour() : memory_(1024 * 1024 / sizeof(std::uint64_t), 1) {}

  /// Until `due`, and all of the memory at least once in 16 calls.
  void work_until(std::int64_t due) {
    do {
      for (int i = 0; i < 1024; ++i) {
        memory_[at_] += at_;
        at_ = (at_ + 8) % memory_.size();
      }
      bench::keep(memory_[0]);
    } while (bench::now_ns() < due);
  }

 private:
  std::vector<std::uint64_t> memory_;
  std::size_t at_ = 0;
};

/// `after` belongs to the pause.
template <class Operation, class After>
bench::samples paced(bench::suite& suite, neighbour& game, int count, Operation operation,
                     After after) {
  return bench::sample_each(suite, count, [&] {
    const std::int64_t begin = bench::now_ns();
    operation();
    const std::int64_t end = bench::now_ns();
    after();
    game.work_until(begin + pace_ns);
    return bench::sample{static_cast<double>(end - begin), 0};
  });
}

void run(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  const bench::workload work;
  bench::byte_ring ring(256 * 1024, 1024);
  neighbour game;
  const auto fill = [&](auto& into) { work.set_20(into); };
  const auto record = [&] {
    orcast::span one = traces->start(name);
    fill(one);
    one.end();
  };
  const auto record_floor = [&] {
    if (!ring.record(name, fill)) bench::fail("the floor's ring is too small");
  };

  struct percentiles {
    std::vector<double> p50;
    std::vector<double> p999;
  };
  percentiles spans;
  percentiles floor;
  const int count = suite.repeat(2000);
  const auto add = [](percentiles& to, const bench::samples& run) {
    to.p50.push_back(run.quantile(0.5));
    to.p999.push_back(run.quantile(0.999));
  };
  for (int i = suite.repeat(15); i > 0; --i) {
    add(floor, paced(suite, game, count, record_floor, [&] { ring.drain(); }));
    add(spans, paced(suite, game, count, record, [&] { bench::drain(*traces); }));
  }
  suite.report({"span/paced-p50", bench::median(spans.p50), "ns", bench::median(floor.p50)});
  suite.report({"span/paced-p999",
                bench::median(spans.p999),
                "ns",
                bench::median(floor.p999),
                {bench::target::ratio, 1.5}});
}

const bench::registered entry("span/paced", run);

}  // namespace
