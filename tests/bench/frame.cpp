// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/otlp/flush_thread.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// What tracing costs a game's frame. Frames of fixed work run back to back, some with tracing on,
// some with it off, and some off once more: how far the two kinds of "off" lie apart is what this
// machine can tell at all. Meanwhile the flush thread on another processor exports to memory.

namespace {

/// A transport that keeps the last request in memory and accepts it.
class memory_transport {
 public:
  void perform(const orcast::http::request& what, orcast::http::response_sink& sink,
               orcast::http::exchange_control&) {
    received_.clear();
    for (const std::string_view part : what.body) received_ += part;
    orcast::http::response_head head;
    head.status = 200;
    sink.head(head);
    sink.data("{}");
    sink.done({});
  }

 private:
  std::string received_;
};

orcast::otlp::flush_thread start_export(orcast::tracer& from, memory_transport& transport) {
  orcast::otlp::destination to;
  to.url = "http://localhost/v1/traces";
  auto made = orcast::otlp::span_exporter::make(from, orcast::http::any_transport(transport), to);
  if (!made) bench::fail("the exporter could not be made");
  bench::pin(1);  // the thread inherits it
  auto started = orcast::otlp::flush_thread::start(std::move(made).value());
  bench::pin(0);
  if (!started) bench::fail("the flush thread could not be started");
  return std::move(started).value();
}

/// About half a millisecond of arithmetic over more memory than the first cache holds.
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
  memory_transport transport;
  orcast::otlp::flush_thread exporting = start_export(*traces, transport);
  const auto frame = [&] {
    world.step();
    trace_frame(*traces, work);
  };
  const auto timed = [&](bool on) {
    traces->enable(on);
    return time_frames(suite.repeat(200), frame);
  };

  std::vector<double> off[2];
  std::vector<double> added[2];
  std::vector<double> noise[2];
  timed(true);
  const int runs = suite.repeat(15);
  for (int i = 0; i < runs; ++i) {
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
  if (!exporting.shutdown(10'000)) bench::fail("not all spans were exported in time");
  const orcast::trace_stats stats = traces->stats();
  if (stats.exported == 0 || stats.held() != 0) bench::fail("the accounts do not balance");

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
