// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include "orcast/trace/span_reader.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"
#include "support/spans.hpp"

// A hundred million operations on one tracer (begin, three attributes, end, take, give back) with a
// check sum in each span. ORCAST_STRESS_OPERATIONS sets another number; `tests/run.sh --long` asks
// for a thousand million.

using namespace orcast;

namespace {

constexpr std::uint64_t operations_per_span = 7;

std::uint64_t operations() {
  if (const char* wanted = std::getenv("ORCAST_STRESS_OPERATIONS")) {
    return std::strtoull(wanted, nullptr, 10);
  }
#if ORCAST_TEST_SANITIZED
  return 1'000'000;
#else
  return 100'000'000;
#endif
}

constexpr key number{"stress.number"};
constexpr key sum{"stress.sum"};
constexpr key text{"stress.text"};

std::uint64_t mixed(std::uint64_t id) { return (id ^ id >> 29) * 0xbf58476d1ce4e5b9u >> 1; }

constexpr std::string_view letters =
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

/// What a span with this number says: up to 52 letters from some place in the alphabet.
std::string_view text_of(std::uint64_t id) { return letters.substr(id % 26, mixed(id) % 53); }

class consumer {
 public:
  explicit consumer(std::uint64_t spans) : seen_(spans) {}

  void take_all(tracer& from) {
    std::uint32_t count = 0;
    for (auto block = from.take(); block != detail::no_block; block = from.take(), ++count) {
      check(span_reader(from.ring(), block));
      from.give_back(block);
    }
    if (count != 0) from.exported(count);
    taken += count;
  }

  std::uint64_t taken = 0;
  std::uint64_t wrong = 0;

 private:
  void check(span_reader reader) {
    std::uint64_t id = 0;
    std::uint64_t said = 0;
    char copied[64] = {};
    std::size_t size = 0;
    record_view view;
    while (reader.next(view)) {
      if (view.raw->key == &number) id = static_cast<std::uint64_t>(view.integer);
      if (view.raw->key == &sum) said = static_cast<std::uint64_t>(view.integer);
      if (view.raw->key != &text) continue;
      for (auto piece = reader.next_piece(); !piece.empty(); piece = reader.next_piece()) {
        if (size + piece.size() > sizeof copied) break;
        std::memcpy(copied + size, piece.data(), piece.size());
        size += piece.size();
      }
    }
    const bool whole =
        said == mixed(id) && std::string_view(copied, size) == text_of(id) && id < seen_.size();
    if (!whole || seen_[id]) {
      ++wrong;
    } else {
      seen_[id] = true;
    }
  }

  std::vector<bool> seen_;
};

void run(when_full policy, std::size_t memory, std::uint64_t spans) {
  tracer_options options;
  options.full = policy;
  options.memory_bytes = memory;
  auto traces = test::a_tracer(options);
  REQUIRE(traces != nullptr);
  constexpr std::uint64_t threads = 3;
  const std::uint64_t each = spans / threads;
  std::atomic<unsigned> running{threads};
  std::vector<std::thread> recording;
  for (std::uint64_t t = 0; t < threads; ++t) {
    recording.emplace_back([&, t] {
      for (std::uint64_t id = t * each; id < (t + 1) * each; ++id) {
        span one = traces->start("stress");
        if (!one.recording()) std::this_thread::yield();  // full: let the consumer have a go
        one.set(number, id).set(sum, mixed(id)).set(text, text_of(id));
      }
      running.fetch_sub(1, std::memory_order_relaxed);  // join() orders what follows
    });
  }
  consumer takes(threads * each);
  while (running.load(std::memory_order_relaxed) != 0) takes.take_all(*traces);
  for (std::thread& one : recording) one.join();
  takes.take_all(*traces);

  const trace_stats now = traces->stats();
  CHECK(takes.wrong == 0);
  CHECK(takes.taken > 0);
  CHECK(now.started == threads * each);
  CHECK(now.exported == takes.taken);
  CHECK(now.started == now.exported + now.dropped_in_all());
  CHECK(traces->ring().free_blocks() == traces->ring().block_count());
}

}  // namespace

TEST_CASE("operations: no span is lost, torn or doubled, and the accounts are exact") {
  const std::uint64_t spans = operations() / operations_per_span;
  run(when_full::drop_newest, std::size_t{4} << 20, spans / 2);
  run(when_full::evict_oldest, std::size_t{1} << 20, spans / 2);
}
