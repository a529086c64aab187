// SPDX-License-Identifier: MIT
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "bench.hpp"
#include "orcast/otlp/json_encoder.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// What tracing costs a game's frame. Frames of fixed work run back to back, some with tracing on,
// some with it off, and some off once more: how far the two kinds of "off" lie apart is what this
// machine can tell at all. Meanwhile a thread on another processor drains, encodes and posts to
// memory, as in a program that exports.

namespace {

/// Takes what has ended every 10 ms, encodes it and hands it to a transport that keeps the last
/// request in memory.
class background_export {
 public:
  explicit background_export(orcast::tracer& from)
      : traces_(from), memory_(512 * 1024), worker_([this] { run(); }) {}
  ~background_export() {
    stopped_.store(true, std::memory_order_relaxed);
    worker_.join();
  }
  background_export(const background_export&) = delete;
  background_export& operator=(const background_export&) = delete;

 private:
  void run() {
    bench::pin(1);
    orcast::otlp::json_encoder encoder({}, memory_.data(), memory_.size());
    while (!stopped_.load(std::memory_order_relaxed)) {
      encoder.begin();
      for (auto span = traces_.take(); span != orcast::detail::no_block; span = traces_.take()) {
        if (!encoder.add(traces_.ring(), span)) {
          post(encoder);
          encoder.begin();
          encoder.add(traces_.ring(), span);
        }
        traces_.give_back(span);
      }
      post(encoder);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    bench::drain(traces_);
  }

  void post(orcast::otlp::json_encoder& encoder) {
    if (encoder.empty()) return;
    received_.assign(encoder.finish());
    traces_.exported(encoder.count());
  }

  orcast::tracer& traces_;
  std::vector<char> memory_;
  std::string received_;
  std::atomic<bool> stopped_{false};
  std::thread worker_;  // the last member: it uses all others
};

/// About a quarter of a millisecond of arithmetic over more memory than the first cache holds.
class game {
 public:
  game() : state_(64 * 1024, 1.0f) {}

  void step() {
    for (int pass = 0; pass < 4; ++pass) {
      for (std::size_t i = 1; i < state_.size(); ++i) {
        state_[i] = state_[i] * 0.75f + state_[i - 1] * 0.25f;
      }
    }
    bench::keep(state_[0]);
  }

 private:
  std::vector<float> state_;
};

/// A busy frame: two characters think and one of them hears from its model.
void trace_frame(orcast::tracer& traces, const bench::workload& work) {
  orcast::span turn = traces.start("npc turn");
  work.set_20(turn);
  orcast::span_options below;
  below.parent = turn.context();
  orcast::span call = traces.start("chat", below);
  work.set_24(call);
  call.end();
  orcast::span other = traces.start("npc turn");
  work.set_20(other);
}

struct frame_times {
  double p50 = 0;
  double p99 = 0;
};

template <class Frame>
frame_times time_frames(int count, Frame frame) {
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const std::int64_t begin = bench::now_ns();
    frame();
    times.push_back(static_cast<double>(bench::now_ns() - begin) / 1000);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100]};
}

void run(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  const bench::workload work;
  game world;
  const background_export exporting(*traces);
  const auto frame = [&] {
    world.step();
    trace_frame(*traces, work);
  };
  const auto timed = [&](bool on) {
    traces->enable(on);
    return time_frames(suite.repeat(300), frame);
  };

  std::vector<double> off[2];
  std::vector<double> added[2];
  std::vector<double> noise[2];
  timed(true);
  for (int i = 0; i < suite.runs(); ++i) {
    const frame_times first = timed(false);
    const frame_times on = timed(true);
    const frame_times second = timed(false);
    off[0].push_back(first.p50);
    off[1].push_back(first.p99);
    added[0].push_back(on.p50 - (first.p50 + second.p50) / 2);
    added[1].push_back(on.p99 - (first.p99 + second.p99) / 2);
    noise[0].push_back(std::abs(second.p50 - first.p50));
    noise[1].push_back(std::abs(second.p99 - first.p99));
  }
  const char* const names[2] = {"p50", "p99"};
  for (int i = 0; i < 2; ++i) {
    const double without = bench::median(off[i]);
    const double more = bench::median(added[i]);
    suite.report({std::string("frame/time/") + names[i], without + more, "us", without});
    suite.report({std::string("frame/tracing/") + names[i], more, "us", bench::median(noise[i])});
  }
}

const bench::registered entry("frame/tracing", run);

}  // namespace
