// SPDX-License-Identifier: MIT
#include <algorithm>
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

struct percentiles {
  double p50 = 0;
  double p999 = 0;
};

/// Times each `operation`; `after` belongs to the pause.
template <class Operation, class After>
percentiles paced(int count, neighbour& game, Operation operation, After after) {
  std::vector<std::int64_t> times;
  times.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const std::int64_t begin = bench::now_ns();
    operation();
    times.push_back(bench::now_ns() - begin);
    after();
    game.work_until(begin + pace_ns);
  }
  std::sort(times.begin(), times.end());
  return {static_cast<double>(times[times.size() / 2]),
          static_cast<double>(times[times.size() - 1 - times.size() / 1000])};
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

  std::vector<double> p50[2];
  std::vector<double> p999[2];
  const int runs = suite.repeat(15);
  const int count = suite.repeat(2000);
  for (int i = 0; i < runs; ++i) {
    const percentiles floor = paced(count, game, record_floor, [&] { ring.drain(); });
    const percentiles spans = paced(count, game, record, [&] { bench::drain(*traces); });
    p50[0].push_back(spans.p50);
    p50[1].push_back(floor.p50);
    p999[0].push_back(spans.p999);
    p999[1].push_back(floor.p999);
  }
  suite.report({"span/paced-p50", bench::median(p50[0]), "ns", bench::median(p50[1])});
  suite.report({"span/paced-p999",
                bench::median(p999[0]),
                "ns",
                bench::median(p999[1]),
                {bench::target::ratio, 1.5}});
}

const bench::registered entry("span/paced", run);

}  // namespace
