// SPDX-License-Identifier: MIT

// The two encodings of the same spans say the same.

#include <boost/json.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/protobuf_encoder.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "standins/otlp_protobuf.hpp"
#include "support/catch.hpp"

namespace json = boost::json;
namespace otlp = orcast::otlp;
using orcast::key;
using orcast::span;

namespace {

inline constexpr key text{"input.value"};
inline constexpr key count{"llm.token_count.prompt"};
inline constexpr key cost{"llm.cost.total"};
inline constexpr key flag{"openrouter.streaming"};
inline constexpr key tags{"tag.tags"};
inline constexpr key role{"llm.input_messages.#.message.role"};
inline constexpr key call{"llm.output_messages.#.message.tool_calls.#.tool_call.id"};
inline constexpr key bare{"#"};
inline constexpr key one_letter{"x"};
inline constexpr key longest{
    "openrouter.a_key_that_is_longer_than_one_hundred_and_twenty_seven_characters_so_that_its_"
    "length_takes_two_bytes_in_protobuf_and_not_one.end"};

/// Numbers in JSON have no type of their own; a double without a fraction looks like an integer.
void make_doubles(json::value& in) {
  if (in.is_array()) {
    for (json::value& each : in.get_array()) make_doubles(each);
  } else if (in.is_object()) {
    for (auto& member : in.get_object()) {
      if (member.key() == "doubleValue" && member.value().is_number()) {
        member.value() = standins::detail::double_json(member.value().to_number<double>());
      }
      make_doubles(member.value());
    }
  }
}

class both {
 public:
  explicit both(std::size_t block_bytes = 0) {
    orcast::tracer_options tracing;
    tracing.memory_bytes = std::size_t{4} << 20;
    tracing.block_bytes = block_bytes;
    tracing.max_value_bytes = 20'000;
    traces = std::move(orcast::make_tracer(tracing).value());
    options.resource = {{"service.name", "old"}, {"service.name", "gam\xc3\xa9"}, {"", "no key"}};
    options.scope_name = "scope \xff";
    options.span_attributes = {{"arize.project.name", "harbour"}, {"input.value", "default"}};
  }

  /// Encodes all finished spans both ways and compares.
  void compare() {
    std::vector<char> memory_a(std::size_t{8} << 20), memory_b(std::size_t{8} << 20);
    otlp::json_encoder as_json(options, memory_a.data(), memory_a.size());
    otlp::protobuf_encoder as_protobuf(options, memory_b.data(), memory_b.size());
    for (auto block = traces->take(); block != orcast::detail::no_block; block = traces->take()) {
      REQUIRE(as_protobuf.add(traces->ring(), block));
      REQUIRE(as_json.add(traces->ring(), block));
      traces->give_back(block);
      traces->exported(1);
    }
    json::value expected = json::parse(json::string_view(as_json.finish()));
    make_doubles(expected);
    const json::value found = standins::otlp_json(as_protobuf.finish());
    INFO("JSON:     " << json::serialize(expected));
    INFO("protobuf: " << json::serialize(found));
    CHECK(found == expected);
  }

  std::unique_ptr<orcast::tracer> traces;
  otlp::encoder_options options;
};

}  // namespace

TEST_CASE("JSON and protobuf say the same of every type of value") {
  both b;
  b.traces->start("chat")
      .set(text, "plain")
      .set(count, -82)
      .set(cost, 0.25)
      .set(flag, true)
      .set("own \"key\"", orcast::decimal{"0.0000225"})
      .set("not a number", orcast::decimal{"0,5"})
      .set("long decimal", orcast::decimal{std::string(200, '1')})
      .set("big", orcast::decimal{"-1e999"})
      .set("small", orcast::decimal{"1e-999"})
      .set("nan", std::numeric_limits<double>::quiet_NaN())
      .set("inf", -std::numeric_limits<double>::infinity())
      .set("least", (std::numeric_limits<std::int64_t>::min)())
      .set("most", (std::numeric_limits<std::int64_t>::max)())
      .set(role(0), "system")
      .set(role(65535), "user")
      .set(call(12, 345), "call_1")
      .set(bare(7), 1)
      .set(one_letter, 2)
      .set(longest, "long")
      .set("empty", "")
      .set_list(tags, {"a", "b\n", ""})
      .set_list("none", {});
  b.compare();
}

TEST_CASE("JSON and protobuf say the same of names, parents, times, events and statuses") {
  both b;
  orcast::span_options options;
  options.kind = orcast::span_kind::client;
  span parent = b.traces->start("p\xc3\xa4rent", options);
  orcast::span_options below;
  below.parent = parent.context();
  span child = b.traces->start("", below);
  child.event("First Token Stream Event", {});
  child.event("exception", {{"exception.type", "t"}, {"exception.escaped", false}});
  child.event("", {{"n", 1}, {"n", 2}});
  child.status(orcast::span_status::error, "it \xe2\x82 failed");
  child.end();
  parent.rename("renamed").status(orcast::span_status::ok);
  parent.end();
  b.traces->start("no message").status(orcast::span_status::error);
  b.compare();
}

TEST_CASE("JSON and protobuf say the same of keys that were set twice and of defaults") {
  both b;
  b.traces->start("twice")
      .set(text, "1")
      .set(count, 1)
      .set("llm.token_count.prompt", 2)
      .set(role(1), "a")
      .set("llm.input_messages.1.message.role", "b")
      .set(text, "3");
  b.traces->start("nothing set");
  b.compare();
}

TEST_CASE("JSON and protobuf say the same of text over many blocks, broken, cut and whole") {
  for (const std::size_t block_bytes : {std::size_t{512}, std::size_t{2048}}) {
    both b(block_bytes);
    std::string broken;
    for (int i = 0; i < 700; ++i) broken += i % 7 == 0 ? "\xff\xe2\x82" : "abc\xc3\xa9";
    for (std::size_t size = 0; size < 300; ++size) {
      b.traces->start("s").set(text, std::string(size, 'x')).set("k\xff", broken.substr(0, size));
    }
    std::string wide;
    while (wide.size() < 30'000) wide += "\xe4\xbd\xa0";
    b.traces->start("cut").set(text, wide).set(role(3), wide).set_list(tags, {wide, wide});
    b.traces->start("long").set(text, broken).set("a", std::string(127, '\x80'));
    b.compare();
  }
}
