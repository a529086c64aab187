// SPDX-License-Identifier: MIT
#include "orcast/trace/span.hpp"

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/spans.hpp"

using namespace orcast;
using test::a_tracer;
using test::drain;

namespace {
constexpr key model{"llm.model_name"};
constexpr key role{"llm.input_messages.#.message.role"};
constexpr key call{"llm.input_messages.#.message.tool_calls.#.tool_call.id"};
}  // namespace

TEST_CASE("a span keeps every kind of value under every kind of key") {
  auto traces = a_tracer();
  {
    span one = traces->start("turn");
    one.set(model, "openai/gpt-4o-mini").set(role(7), "user").set(call(2, 11), "call_1");
    one.set("npc.mood", "calm").set("npc.level", 7).set("npc.health", 0.5).set("npc.armed", true);
    one.set("big", std::uint64_t{0xffffffffffffffffu}).set("price", decimal{"0.0000225"});
    one.set_list("tags", {"night", "harbour", 3});
    one.set("empty", "");
  }
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  const auto& seen = spans[0];
  CHECK(seen.name == "turn");
  CHECK(seen.at("llm.model_name") == "openai/gpt-4o-mini");
  CHECK(seen.at("llm.input_messages.7.message.role") == "user");
  CHECK(seen.at("llm.input_messages.2.message.tool_calls.11.tool_call.id") == "call_1");
  CHECK(seen.at("npc.mood") == "calm");
  CHECK(seen.at("npc.level") == "7");
  CHECK(seen.at("npc.health") == "0.500000");
  CHECK(seen.at("npc.armed") == "true");
  CHECK(seen.at("big") == "9223372036854775807");
  CHECK(seen.at("price") == "0.0000225");
  CHECK(seen.at("tags") == "[night,harbour,3]");
  CHECK(seen.at("empty") == "");
  CHECK(seen.dropped_attributes == 0);
}

TEST_CASE(
    "names and text of every short length arrive as they were, and nothing behind them is read") {
  auto traces = a_tracer();
  for (std::size_t size = 0; size != 80; ++size) {
    // Exactly so many bytes, each of its own: AddressSanitizer watches both ends.
    const std::vector<char> bytes = [size] {
      std::vector<char> made(size);
      for (std::size_t i = 0; i != size; ++i) made[i] = static_cast<char>('0' + i);
      return made;
    }();
    const std::string_view text(bytes.data(), bytes.size());
    traces->start(text).set(model, text).set(role(0), "after").end();
    const auto spans = drain(*traces);
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].name == text);
    CHECK(spans[0].at("llm.model_name") == text);
    CHECK(spans[0].at("llm.input_messages.0.message.role") == "after");
  }
}

TEST_CASE("text longer than a block is kept whole, in order, and cut between code points") {
  for (std::size_t block : {std::size_t{512}, std::size_t{2048}}) {
    tracer_options options;
    options.block_bytes = block;
    auto traces = a_tracer(options);
    std::string text;
    for (int i = 0; text.size() < 20'000; ++i) text += i % 3 == 0 ? "a" : i % 3 == 1 ? "é" : "😀";
    // Every size around the end of a block.
    for (std::size_t size = block - 200; size < block + 200; ++size) {
      span one = traces->start("long");
      one.set(model, std::string(size, 'x')).set("text", text).set(role(0), "after");
      one.end();
      const auto spans = drain(*traces);
      REQUIRE(spans.size() == 1);
      REQUIRE(spans[0].at("llm.model_name").size() == size);
      REQUIRE(spans[0].at("text") == text);
      REQUIRE(spans[0].at("llm.input_messages.0.message.role") == "after");
      REQUIRE(spans[0].cut.empty());
    }
    CHECK(traces->ring().free_blocks() == traces->ring().block_count());
  }
}

TEST_CASE("a value over the limit is shortened on a code point and marked") {
  tracer_options options;
  options.max_value_bytes = 1000;
  auto traces = a_tracer(options);
  std::string text = "x";
  while (text.size() < 1100) text += "é";  // 1000 falls inside a code point
  span one = traces->start("cut");
  one.set("text", text).set(model, std::string(1000, 'y'));
  one.end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].at("text") == text.substr(0, 999));
  CHECK(spans[0].at("llm.model_name").size() == 1000);
  CHECK(spans[0].cut == std::vector<std::string>{"text"});
}

TEST_CASE("the longest value is kept under the longest key") {
  tracer_options options;
  options.memory_bytes = std::size_t{32} << 20;
  options.max_value_bytes = detail::record::max_value;
  options.max_span_bytes = 20'000'000;
  auto traces = a_tracer(options);
  const std::string name(255, 'k');
  span one = traces->start("long");
  one.set(name, std::string(17'000'000, 'x')).set("behind", 7);
  one.end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].at(name).size() == detail::record::max_value);
  CHECK(spans[0].at("behind") == "7");
}

TEST_CASE("a key made at run time can't break the JSON that it becomes") {
  const auto made = std::make_unique<key<6>>("a\"b\\c");  // as a constant it does not compile
  auto traces = a_tracer();
  traces->start("x").set(*made, 1).end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].at("a_b_c") == "1");
}

TEST_CASE("events that are dropped are counted up to what the counter holds") {
  auto traces = a_tracer();
  span one = traces->start("x");
  for (int i = 0; i < 128 + 70'000; ++i) one.event("e");
  one.end();
  const auto block = traces->take();
  REQUIRE(block != detail::no_block);
  CHECK(traces->ring().head_of(block)->events == 128);
  CHECK(traces->ring().head_of(block)->dropped_events == 65'535);
  traces->give_back(block);
  traces->exported(1);
}

TEST_CASE("a span that reaches its limit drops and counts what comes after") {
  tracer_options options;
  options.max_span_bytes = 8 * 2048;
  auto traces = a_tracer(options);
  span one = traces->start("full");
  one.set("text", std::string(60'000, 'x'));
  one.set(model, std::string(100, 'm'));
  one.set("later", 1);
  one.event("too late");
  one.end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].cut == std::vector<std::string>{"text"});
  CHECK(spans[0].at("text").size() > 15'000);
  CHECK(spans[0].at("text").size() < 8 * 2048);
  CHECK_FALSE(spans[0].has("later"));
  CHECK(spans[0].dropped_attributes == 2);
  CHECK(spans[0].events.empty());
}

TEST_CASE("keys that can't be used are dropped and counted") {
  auto traces = a_tracer();
  span one = traces->start("keys");
  one.set("", 1).set(std::string(256, 'k'), 2).set(role(65536), "far").set(call(0, 70000), "far");
  one.set(std::string(255, 'k'), 3);
  one.end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].dropped_attributes == 4);
  CHECK(spans[0].at(std::string(255, 'k')) == "3");
}

TEST_CASE("events carry time, name and attributes") {
  test::fake_clock clock;
  tracer_options options;
  options.host = clock.host();
  auto traces = a_tracer(options);
  span one = traces->start("call");
  clock.pass(250'000'000);
  one.event("First Token Stream Event");
  clock.pass(1'000'000);
  one.event("exception", {{"exception.type", "orcast.server"}, {"exception.escaped", false}});
  clock.pass(749'000'000);
  one.end();
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  REQUIRE(spans[0].events.size() == 2);
  CHECK(spans[0].events[0].name == "First Token Stream Event");
  CHECK(spans[0].events[0].wall_ns - spans[0].start_wall_ns == 250'000'000);
  CHECK(spans[0].events[1].attributes.at("exception.type") == "orcast.server");
  CHECK(spans[0].events[1].attributes.at("exception.escaped") == "false");
  CHECK(spans[0].duration_ns == 1'000'000'000);
  CHECK(spans[0].start_wall_ns == 1'790'000'000'000'000'000);
}

TEST_CASE("ok is final, and a message stays with error") {
  auto traces = a_tracer();
  span good = traces->start("good");
  good.status(span_status::ok).status(span_status::error, "late");
  good.end();
  span bad = traces->start("bad");
  bad.status(span_status::error, "first").status(span_status::error, "second");
  bad.end();
  span none = traces->start("none");
  none.status(span_status::unset, "nothing");
  none.end();
  for (const auto& seen : drain(*traces)) {
    if (seen.name == "good") {
      CHECK(seen.status == span_status::ok);
      CHECK(seen.status_message.empty());
    } else if (seen.name == "bad") {
      CHECK(seen.status == span_status::error);
      CHECK(seen.status_message == "second");
    } else {
      CHECK(seen.status == span_status::unset);
    }
  }
}

TEST_CASE("an ended, moved-from or default span takes every call and does nothing") {
  auto traces = a_tracer();
  span none;
  span one = traces->start("one");
  span two = std::move(one);
  for (span* idle : {&none, &one}) {
    idle->set(model, "x").event("x").status(span_status::ok).rename("x").set_list("l", {1, 2});
    idle->end();
    idle->discard();
    CHECK_FALSE(idle->recording());
  }
  two.rename("renamed");
  two.end();
  two.set(model, "late");
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].name == "renamed");
  CHECK(spans[0].attributes.empty());
}

TEST_CASE("a discarded span is counted, not exported, and its memory comes back") {
  auto traces = a_tracer();
  span one = traces->start("gone");
  one.set("text", std::string(9000, 'x'));
  one.discard(drop_reason::filtered);
  CHECK(drain(*traces).empty());
  CHECK(traces->stats().dropped_by(drop_reason::filtered) == 1);
  CHECK(traces->stats().held() == 0);
  CHECK(traces->ring().free_blocks() == traces->ring().block_count());
}
