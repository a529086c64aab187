// SPDX-License-Identifier: MIT

#include "orcast/trace/scope.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "orcast/openrouter/recording.hpp"
#include "support/catch.hpp"
#include "support/spans.hpp"

// Many threads with scopes of their own, one that they share, and a game that counts its frames
// meanwhile: what a thread takes from its scopes is its own, and frames never run backwards.

using namespace orcast;

TEST_CASE("threads take facts from their own scopes, while frames are counted") {
  tracer_options options;
  options.memory_bytes = std::size_t{16} << 20;
  auto traces = test::a_tracer(options);
  REQUIRE(traces != nullptr);
  frame_counter frames;
  frames.set(1);
  scope_facts shared_facts;
  shared_facts.user = "everyone";
  shared_facts.metadata = R"({"level":3})";
  const scope shared(shared_facts);

  constexpr int threads = 4;
  constexpr int turns = 500;
  std::atomic<int> running{threads};
  std::atomic<int> wrong{0};
  std::vector<std::thread> players;
  for (int t = 0; t < threads; ++t) {
    players.emplace_back([&, t] {
      const std::string session = "session-" + std::to_string(t);
      for (int i = 0; i < turns; ++i) {
        scope_facts outer_facts;
        outer_facts.session_id = session;
        const bound_scope outer(outer_facts);
        const std::string user = "user-" + std::to_string(t) + "-" + std::to_string(i);
        scope_facts inner_facts;
        inner_facts.user = user;
        inner_facts.suppress = i % 10 == 9;
        const bound_scope inner(inner_facts);
        const scope* const in = scope::current();
        if (in != &inner.get() || in->outer() != &outer.get()) ++wrong;
        if (scope::suppressed(in) != (i % 10 == 9)) ++wrong;
        const scope passed_on(inner_facts, &shared);  // as call_context::in takes one
        if (scope::inherited(&passed_on, &scope_facts::metadata) != R"({"level":3})") ++wrong;
        if (scope::suppressed(in)) continue;
        const std::uint32_t began = frames.now();
        span turn = traces->start("turn");
        turn.set("session", scope::inherited(in, &scope_facts::session_id))
            .set("user", scope::inherited(in, &scope_facts::user))
            .set("wanted", user)
            .set("thread", t);
        const std::uint32_t ended = frames.now();
        if (began == 0 || ended < began) ++wrong;
      }
      if (scope::current() != nullptr) ++wrong;
      running.fetch_sub(1, std::memory_order_relaxed);
    });
  }
  std::uint32_t frame = 1;
  while (running.load(std::memory_order_relaxed) != 0) {
    frames.set(++frame);
    if (scope::current() != nullptr) ++wrong;  // nobody else's
    std::this_thread::yield();
  }
  for (std::thread& player : players) player.join();

  CHECK(wrong == 0);
  CHECK(frames.now() == frame);
  const auto spans = test::drain(*traces);
  CHECK(spans.size() == threads * turns * 9 / 10);
  std::size_t mixed = 0;
  for (const test::plain_span& each : spans) {
    if (each.at("session") != "session-" + each.at("thread")) ++mixed;
    if (each.at("user") != each.at("wanted")) ++mixed;
  }
  CHECK(mixed == 0);
}
