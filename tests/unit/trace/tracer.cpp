// SPDX-License-Identifier: MIT
#include "orcast/trace/make_tracer.hpp"

#include <limits>
#include <set>

#include "support/catch.hpp"
#include "support/spans.hpp"

#if defined(__linux__)
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace orcast;
using test::a_tracer;
using test::drain;

TEST_CASE("options that make no sense are refused by name") {
  const auto refused = [](auto change) {
    tracer_options options;
    change(options);
    auto made = make_tracer(options);
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().code == errc::invalid_argument);
    return made.error().message;
  };
  CHECK(refused([](auto& o) { o.memory_bytes = 1000; }).find("memory_bytes") != std::string::npos);
  CHECK(refused([](auto& o) { o.block_bytes = 3000; }).find("block_bytes") != std::string::npos);
  CHECK(refused([](auto& o) { o.lanes = 5; }).find("lanes") != std::string::npos);
  CHECK(refused([](auto& o) { o.max_value_bytes = 0; }).find("max_value") != std::string::npos);
  CHECK(refused([](auto& o) { o.max_span_bytes = 1; }).find("max_span") != std::string::npos);
  CHECK(refused([](auto& o) { o.sampling_ratio = 1.5; }).find("ratio") != std::string::npos);
  CHECK(refused([](auto& o) { o.sampling_ratio = 0.0 / 0.0; }).find("ratio") != std::string::npos);
  CHECK(refused([](auto& o) {
          o.host.allocate = [](void*, std::size_t, std::size_t) -> void* { return nullptr; };
          o.host.release = [](void*, void*, std::size_t, std::size_t) {};
        }).find("memory") != std::string::npos);
}

TEST_CASE("every budget from 32 KiB up gives a tracer that works") {
  for (std::size_t memory = 32 * 1024; memory <= std::size_t{8} << 20; memory *= 2) {
    tracer_options options;
    options.memory_bytes = memory;
    auto traces = a_tracer(options);
    REQUIRE(traces != nullptr);
    for (int i = 0; i < 1000; ++i) {
      traces->start("x").set("k", std::string(700, 'v')).end();
      if (i % 3 == 0) drain(*traces);
    }
    drain(*traces);
    CHECK(traces->stats().exported == 1000);
    CHECK(traces->ring().free_blocks() == traces->ring().block_count());
  }
}

TEST_CASE("children follow their parent, roots get ids of their own") {
  auto traces = a_tracer();
  span root = traces->start("root");
  span_options options;
  options.parent = root.context();
  span child = traces->start("child", options);
  CHECK(child.context().trace == root.context().trace);
  CHECK(child.context().span != root.context().span);
  span other = traces->start("other");
  CHECK(other.context().trace != root.context().trace);
  const span_id root_id = root.context().span;
  child.end();
  root.end();
  other.end();
  for (const auto& seen : drain(*traces)) {
    if (seen.name == "child") CHECK(seen.parent == root_id);
    if (seen.name != "child") CHECK_FALSE(seen.parent.valid());
  }
}

TEST_CASE("a root takes the trace id that its caller chose") {
  auto traces = a_tracer();
  span_options options;
  options.trace = trace_id_from("quest-42");
  span one = traces->start("a", options);
  CHECK(one.context().trace == trace_id_from("quest-42"));
}

TEST_CASE("when memory is full the newest is dropped, and counted") {
  tracer_options options;
  options.memory_bytes = 64 * 1024;
  auto traces = a_tracer(options);
  const std::uint32_t room = traces->ring().block_count();
  for (std::uint32_t i = 0; i < room + 50; ++i) traces->start("x").set("i", i);
  trace_stats now = traces->stats();
  CHECK(now.started == room + 50);
  CHECK(now.dropped_by(drop_reason::pool_full) == 50);
  CHECK(now.held() == room);
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == room);
  std::set<std::string> kept;
  for (const auto& seen : spans) kept.insert(seen.at("i"));
  CHECK(kept.count("0") == 1);
  CHECK(kept.count(std::to_string(room)) == 0);
  CHECK(traces->stats().held() == 0);
}

TEST_CASE("evict_oldest keeps the newest instead, and counts what it threw out") {
  // Also while the time that is kept of a span's end, 32 bits of 4 ms, wraps around; and where the
  // oldest have been there for months.
  constexpr std::int64_t wrap_ns = std::int64_t{1} << (32 + 22);
  constexpr std::int64_t step_ns = 10'000'000;
  constexpr std::int64_t months_ns = std::int64_t{100} * 86'400 * 1'000'000'000;
  test::fake_clock clock;
  clock.steady = GENERATE(std::int64_t{5'000'000'000}, wrap_ns - 70 * step_ns);
  const std::int64_t pause_ns = GENERATE_COPY(std::int64_t{0}, months_ns);
  tracer_options options;
  options.memory_bytes = 64 * 1024;
  options.full = when_full::evict_oldest;
  options.host = clock.host();
  auto traces = a_tracer(options);
  const std::uint32_t room = traces->ring().block_count();
  for (std::uint32_t i = 0; i < room + 50; ++i) {
    traces->start("x").set("i", i);
    clock.pass(i == 60 ? pause_ns : step_ns);
  }
  CHECK(traces->stats().dropped_by(drop_reason::evicted) == 50);
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == room);
  std::set<std::string> kept;
  for (const auto& seen : spans) kept.insert(seen.at("i"));
  CHECK(kept.count("0") == 0);
  CHECK(kept.count("49") == 0);
  CHECK(kept.count("50") == 1);
  CHECK(kept.count(std::to_string(room + 49)) == 1);
}

TEST_CASE("sampling decides at the head, by session where there is one, and children follow") {
  tracer_options options;
  options.sampling_ratio = 0.3;
  auto traces = a_tracer(options);
  int kept = 0;
  for (int i = 0; i < 2000; ++i) {
    span root = traces->start("root");
    span_options under;
    under.parent = root.context();
    span child = traces->start("child", under);
    CHECK(child.recording() == root.recording());
    kept += root.recording() ? 1 : 0;
    child.end();
    root.end();
    drain(*traces);
  }
  CHECK(kept > 480);  // 600 expected; 5 standard deviations are 103
  CHECK(kept < 720);

  span_options in_session;
  int sessions = 0;
  for (int s = 0; s < 400; ++s) {
    const std::string name = "session-" + std::to_string(s);
    in_session.session = name;
    const bool first = traces->start("a", in_session).recording();
    for (int i = 0; i < 5; ++i) CHECK(traces->start("b", in_session).recording() == first);
    sessions += first ? 1 : 0;
    drain(*traces);
  }
  CHECK(sessions > 74);  // 120 expected, 5 standard deviations are 46
  CHECK(sessions < 166);
  const trace_stats now = traces->stats();
  CHECK(now.started == now.exported);
  CHECK(now.unsampled + now.started == 4000u + 400u * 6u);
}

TEST_CASE("off means nothing is recorded and nothing is counted") {
  auto traces = a_tracer();
  traces->enable(false);
  CHECK_FALSE(traces->start("x").recording());
  traces->enable(true);
  CHECK(traces->start("x").recording());
  CHECK(traces->stats().started == 1);
  drain(*traces);
}

TEST_CASE("without consent nothing is recorded, whatever the other switch says") {
  tracer_options options;
  options.consent = false;
  auto traces = a_tracer(options);
  CHECK_FALSE(traces->has_consent());
  CHECK_FALSE(traces->start("before anyone was asked").recording());
  traces->enable(true);
  CHECK_FALSE(traces->start("still not").recording());
  CHECK(traces->consent(true));
  CHECK_FALSE(traces->consent(true));  // it was so already
  CHECK(traces->start("agreed").recording());
  traces->enable(false);
  CHECK(traces->has_consent());
  CHECK_FALSE(traces->start("switched off").recording());
  CHECK(traces->stats().started == 1);
  drain(*traces);
}

TEST_CASE(
    "a span that was open when consent was withdrawn goes nowhere, though it is given again") {
  auto traces = a_tracer();
  span open = traces->start("talk");
  open.set("text", std::string(5000, 'x'));
  span switched = traces->start("switched off and on");
  traces->enable(false);
  traces->enable(true);
  switched.end();  // that is no withdrawal
  CHECK(traces->stats().dropped_in_all() == 0);

  CHECK(traces->consent(false));
  CHECK_FALSE(open.recording());
  CHECK(traces->consent(true));
  CHECK_FALSE(open.recording());
  open.end();
  CHECK(traces->stats().dropped_by(drop_reason::withdrawn) == 1);
  const auto left = traces->take();  // ended before: the exporter sees that it is of another term
  REQUIRE(left != detail::no_block);
  CHECK(traces->term_of(left) != traces->term());
  traces->give_back(left);
  traces->dropped(drop_reason::withdrawn);

  traces->start("anew").end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].name == "anew");
  CHECK(traces->stats().held() == 0);
  CHECK(traces->ring().free_blocks() == traces->ring().block_count());
}

TEST_CASE("a span's wall time follows a clock that was set late, and never runs backwards") {
  test::fake_clock clock;
  clock.wall = 0;  // no real-time clock yet
  tracer_options options;
  options.host = clock.host();
  auto traces = a_tracer(options);
  traces->start("early").end();
  clock.pass(2'000'000'000);
  clock.wall += 1'790'000'000'000'000'000;  // the network answered
  span late = traces->start("late");
  clock.wall -= 50'000'000'000;  // stepped back while the span is open
  clock.steady += 10;
  late.end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 2);
  for (const auto& seen : spans) {
    if (seen.name == "early") CHECK(seen.start_wall_ns == 0);
    if (seen.name == "late") {
      CHECK(seen.start_wall_ns == 1'790'000'002'000'000'000);
      CHECK(seen.duration_ns == 10);
    }
  }
}

TEST_CASE("with wipe on, no text is left in memory once its span is given back") {
  struct pool {
    static void* take(void* self, std::size_t size, std::size_t alignment) {
      auto* made = static_cast<pool*>(self);
      made->size = size;
      made->memory = static_cast<char*>(::operator new(size, std::align_val_t(alignment)));
      return made->memory;
    }
    static void give(void*, void* memory, std::size_t, std::size_t alignment) {
      ::operator delete(memory, std::align_val_t(alignment));
    }
    char* memory = nullptr;
    std::size_t size = 0;
  } memory;
  tracer_options options;
  options.wipe = true;
  options.host.self = &memory;
  options.host.allocate = pool::take;
  options.host.release = pool::give;
  auto traces = a_tracer(options);
  const std::string canary = "the-players-secret-" + std::to_string(4711);
  const auto in_memory = [&] {
    return std::string_view(memory.memory, memory.size).find(canary) != std::string_view::npos;
  };
  traces->start("x").set("text", std::string(5000, ' ') + canary + std::string(5000, ' ')).end();
  CHECK(in_memory());
  drain(*traces);
  CHECK_FALSE(in_memory());
}

#if defined(__linux__)
TEST_CASE("a child of fork() does not repeat its parent's ids") {
  auto traces = a_tracer();
  traces->start("warm").end();
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const span mine = traces->start("child");
    const auto id = mine.context().trace.bytes;
    const bool sent = ::write(pipe_ends[1], id.data(), id.size()) == 16;
    ::_exit(sent ? 0 : 1);
  }
  trace_id theirs;
  REQUIRE(::read(pipe_ends[0], theirs.bytes.data(), 16) == 16);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  span ours = traces->start("parent");
  CHECK(theirs.valid());
  CHECK(ours.context().trace != theirs);
  ours.end();
  drain(*traces);
}
#endif

TEST_CASE("what a child of fork() must not inherit has the system's pages for itself") {
  for (const std::size_t page : {std::size_t{4096}, std::size_t{16'384}, std::size_t{65'536}}) {
    CAPTURE(page);
    detail::span_ring::shape shape{};
    shape.memory_bytes = std::size_t{1} << 20;
    shape.block_bytes = 2048;
    shape.lanes = 64;
    shape.system_page_bytes = page;
    detail::span_ring ring;
    REQUIRE(ring.make(shape, host()));
    const auto page_of = [page](const void* at) {
      return reinterpret_cast<std::uintptr_t>(at) / page;
    };
    CHECK(page_of(&ring.random_of(0)) == page_of(&ring.random_of(63)));
    CHECK(page_of(&ring.random_of(63)) + 1 == page_of(&ring.lane_at(0)));
    CHECK(reinterpret_cast<std::uintptr_t>(&ring.lane_at(0)) % page == 0);
  }
  // Where one page would be too much of the memory, spans have it.
  detail::span_ring::shape tight{};
  tight.memory_bytes = 64 * 1024;
  tight.block_bytes = 512;
  tight.lanes = 4;
  tight.system_page_bytes = 65'536;
  detail::span_ring ring;
  REQUIRE(ring.make(tight, host()));
  CHECK(ring.block_count() > 100);
}

#if UINTPTR_MAX > 0xffffffff
TEST_CASE(
    "what a span reads of its tracer is one cache line, and so is what it writes to its lane") {
  auto traces = a_tracer();
  const auto line_of = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at) / 64; };
  const auto* const tracer_begins = static_cast<const void*>(traces.get());
  CHECK(reinterpret_cast<std::uintptr_t>(tracer_begins) % 64 == 0);
  CHECK(line_of(tracer_begins) == line_of(&traces->ring().host().steady_now));
  const detail::lane& any = traces->ring().lane_at(1);
  CHECK(line_of(&any.claimed) == line_of(reinterpret_cast<const char*>(&any.unsampled + 1) - 1));
  CHECK(line_of(&any.claimed) != line_of(&any.returned));
}
#endif

TEST_CASE("a time that no clock can have said counts as now") {
  constexpr std::int64_t most = (std::numeric_limits<std::int64_t>::max)();
  constexpr std::int64_t least = (std::numeric_limits<std::int64_t>::min)();
  test::fake_clock clock;
  tracer_options options;
  options.host = clock.host();
  auto traces = a_tracer(options);
  for (const std::int64_t absurd : {most, least, std::int64_t{-1}}) {
    CAPTURE(absurd);
    span_options began;
    began.start_ns = absurd;
    span one = traces->start("x", began);
    const std::int64_t start_ns = one.start_ns();
    CHECK(start_ns == clock.steady);
    clock.pass(1'000'000);
    one.event("x", {}, absurd);
    clock.pass(1'000'000);
    one.end(absurd);
    const auto spans = drain(*traces);
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].duration_ns == 2'000'000);
    CHECK(spans[0].events.at(0).wall_ns - spans[0].start_wall_ns == 1'000'000);
  }
}
