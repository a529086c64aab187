// SPDX-License-Identifier: MIT

#include "orcast/otlp/json_encoder.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

namespace otlp = orcast::otlp;
using orcast::key;
using orcast::span;

namespace {

inline constexpr key model{"llm.model_name"};
inline constexpr key prompt_tokens{"llm.token_count.prompt"};
inline constexpr key cost{"llm.cost.total"};
inline constexpr key streaming{"openrouter.streaming"};
inline constexpr key tags{"tag.tags"};
inline constexpr key role{"llm.input_messages.#.message.role"};
inline constexpr key call{"llm.output_messages.#.message.tool_calls.#.tool_call.id"};
inline constexpr key last_index{"openrouter.attempt.#"};
inline constexpr key exception_type{"exception.type"};
inline constexpr key input{"input.value"};

constexpr std::int64_t start_ns = 1'000'000'000;
constexpr std::int64_t wall_minus_steady_ns = 1'783'220'990'321'000'000;

orcast::host fixed_host() {
  orcast::host host;
  host.steady_now = [](void*) { return start_ns; };
  host.wall_now = [](void*) { return start_ns + wall_minus_steady_ns; };
  return host;
}

orcast::tracer_options options_of(std::size_t block_bytes = 0) {
  orcast::tracer_options options;
  options.memory_bytes = std::size_t{1} << 20;
  options.block_bytes = block_bytes;
  options.host = fixed_host();
  return options;
}

/// A tracer and an encoder, and the way from the one to the other.
struct bench {
  explicit bench(const otlp::encoder_options& encoding = {},
                 const orcast::tracer_options& options = options_of(),
                 std::size_t size = std::size_t{1} << 20)
      : tracer(std::move(orcast::make_tracer(options).value())),
        memory(new char[size]),
        encoder(encoding, memory.get(), size) {}

  span start(std::string_view name, orcast::span_context parent = {}) {
    orcast::span_options options;
    options.parent = parent;
    options.kind = orcast::span_kind::client;
    options.trace = orcast::trace_id_from("5b8efff798038103d269b633813fc60c");
    return tracer->start(name, options);
  }

  /// The next finished span, encoded or refused.
  bool add() {
    const auto taken = tracer->take();
    REQUIRE(taken != orcast::detail::no_block);
    const bool fits = encoder.add(tracer->ring(), taken);
    tracer->give_back(taken);
    tracer->exported(1);
    return fits;
  }

  /// What lies between `"spans":[` and the end, without the ids of the one span.
  std::string span_json() {
    encoder.begin();
    REQUIRE(add());
    std::string body(encoder.finish());
    const std::size_t from = body.find("\"spans\":[") + 9;
    std::string json = body.substr(from, body.size() - from - 6);
    const std::string ids = R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":")";
    REQUIRE(json.substr(0, ids.size()) == ids);
    return json.substr(ids.size() + 16 + 1);
  }

  std::unique_ptr<orcast::tracer> tracer;
  std::unique_ptr<char[]> memory;
  otlp::json_encoder encoder;
};

/// What follows the ids of a span that has nothing but these attributes.
std::string with_attributes(const std::string& attributes, const std::string& rest = "") {
  return R"(,"flags":259,"name":"chat","kind":3,"startTimeUnixNano":"1783220991321000000",)"
         R"("endTimeUnixNano":"1783220991321000000")" +
         (attributes.empty() ? "" : ",\"attributes\":[" + attributes + "]") + rest + "}";
}

std::string text(const std::string& name, const std::string& value) {
  return R"({"key":")" + name + R"(","value":{"stringValue":")" + value + "\"}}";
}

}  // namespace

TEST_CASE("a request is the whole of what OTLP asks for, and nothing empty") {
  otlp::encoder_options options;
  options.resource = {{"service.name", "old"}, {"service.name", "my \"game\""}, {"model_id", "m"}};
  bench b(options);
  span first = b.start("chat");
  first.end(start_ns + 5);
  REQUIRE(b.add());
  const std::string body(b.encoder.finish());
  const std::string id = body.substr(body.find("spanId") + 9, 16);
  CHECK(body ==
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":)"
        R"({"stringValue":"my \"game\""}},{"key":"model_id","value":{"stringValue":"m"}}]},)"
        R"("scopeSpans":[{"scope":{"name":"orcast","version":"0.1.0"},"spans":[)"
        R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":")" +
            id +
            R"(","flags":259,"name":"chat","kind":3,)"
            R"("startTimeUnixNano":"1783220991321000000",)"
            R"("endTimeUnixNano":"1783220991321000005"}]}]}]})");
  CHECK(b.encoder.size() == body.size());
}

TEST_CASE("every type of value is written as OTLP writes it") {
  bench b;
  b.start("chat")
      .set(model, "openai/gpt-4o-mini")
      .set(prompt_tokens, -82)
      .set(cost, 0.25)
      .set(streaming, true)
      .set("own \"key\"", orcast::decimal{"0.0000225"})
      .set("not a number", orcast::decimal{"0,5"})
      .set_list(tags, {"a", "b\n"});
  CHECK(
      b.span_json() ==
      with_attributes(text("llm.model_name", "openai/gpt-4o-mini") +
                      R"(,{"key":"llm.token_count.prompt","value":{"intValue":"-82"}})"
                      R"(,{"key":"llm.cost.total","value":{"doubleValue":0.25}})"
                      R"(,{"key":"openrouter.streaming","value":{"boolValue":true}})"
                      R"(,{"key":"own \"key\"","value":{"doubleValue":0.0000225}},)" +
                      text("not a number", "0,5") +
                      R"(,{"key":"tag.tags","value":{"arrayValue":{"values":[{"stringValue":"a"},)"
                      R"({"stringValue":"b\n"}]}}})"));

  b.start("chat")
      .set(cost, orcast::decimal{"1e400"})
      .set("least", orcast::decimal{"-1E400"})
      .set("next to nothing", orcast::decimal{"1e-400"});
  // Digits that no double can hold are refused by collectors, and the whole request with them.
  CHECK(b.span_json() ==
        with_attributes(R"({"key":"llm.cost.total","value":{"doubleValue":"Infinity"}},)"
                        R"({"key":"least","value":{"doubleValue":"-Infinity"}},)"
                        R"({"key":"next to nothing","value":{"doubleValue":1e-400}})"));

  b.start("chat").set_list(tags, {}).set(cost, std::numeric_limits<double>::infinity());
  CHECK(b.span_json() ==
        with_attributes(R"({"key":"tag.tags","value":{"arrayValue":{"values":[]}}},)"
                        R"({"key":"llm.cost.total","value":{"doubleValue":"Infinity"}})"));
}

TEST_CASE("integers become plain numbers on request") {
  otlp::encoder_options options;
  options.int_as_number = true;
  bench b(options);
  b.start("chat").set(prompt_tokens, 82);
  CHECK(b.span_json() ==
        with_attributes(R"({"key":"llm.token_count.prompt","value":{"intValue":82}})"));
}

TEST_CASE("indices go into their places in a key") {
  bench b;
  b.start("chat").set(role(0), "user").set(call(12, 345), "x").set(last_index(65535), "y");
  CHECK(b.span_json() ==
        with_attributes(text("llm.input_messages.0.message.role", "user") + "," +
                        text("llm.output_messages.12.message.tool_calls.345.tool_call.id", "x") +
                        "," + text("openrouter.attempt.65535", "y")));
}

TEST_CASE("a child names its parent, and says whether it is remote") {
  bench b;
  orcast::span_context parent;
  parent.trace = orcast::trace_id_from("5b8efff798038103d269b633813fc60c");
  parent.span = orcast::span_id_from("eee19b7ec3c1b174");
  b.start("chat", parent).end();
  CHECK(b.span_json().find(R"(,"parentSpanId":"eee19b7ec3c1b174","flags":259,)") == 0);
  parent.remote = true;
  b.start("chat", parent).end();
  CHECK(b.span_json().find(R"(,"parentSpanId":"eee19b7ec3c1b174","flags":771,)") == 0);
}

TEST_CASE("the last name counts, and no span is without one") {
  bench b;
  {
    span s = b.start("first");
    s.set(model, "m").rename("second").rename("chat");
  }
  CHECK(b.span_json() == with_attributes(text("llm.model_name", "m")));
  b.start("").end();
  CHECK(b.span_json().find(R"("name":"unnamed")") != std::string::npos);
}

TEST_CASE("status and its message") {
  bench b;
  b.start("chat").status(orcast::span_status::ok).end();
  CHECK(b.span_json() == with_attributes("", R"(,"status":{"code":1})"));
  b.start("chat")
      .status(orcast::span_status::error, "first")
      .status(orcast::span_status::error, "rate \"limited\"")
      .end();
  CHECK(b.span_json() ==
        with_attributes("", R"(,"status":{"code":2,"message":"rate \"limited\""})"));
  b.start("chat").status(orcast::span_status::error).end();
  CHECK(b.span_json() == with_attributes("", R"(,"status":{"code":2})"));
  b.start("chat").status(orcast::span_status::error, "gone").status(orcast::span_status::ok).end();
  CHECK(b.span_json() == with_attributes("", R"(,"status":{"code":1})"));
}

TEST_CASE("events carry a time, a name and attributes of their own") {
  bench b;
  b.start("chat")
      .set(model, "m")
      .event("exception", {{exception_type, "rate_limited"}, {model, "inner"}, {"n", 1}},
             start_ns + 7)
      .event("", {}, start_ns + 8)
      .set(prompt_tokens, 1)
      .end();
  CHECK(
      b.span_json() ==
      with_attributes(
          text("llm.model_name", "m") +
              R"(,{"key":"llm.token_count.prompt","value":{"intValue":"1"}})",
          R"(,"events":[{"timeUnixNano":"1783220991321000007","name":"exception","attributes":[)" +
              text("exception.type", "rate_limited") + "," + text("llm.model_name", "inner") +
              R"(,{"key":"n","value":{"intValue":"1"}}]},)"
              R"({"timeUnixNano":"1783220991321000008","name":"unnamed"}])"));
}

TEST_CASE("the last value of a key wins, however the key was given") {
  static constexpr key model_of_another_plugin{"llm.model_name"};
  bench b;
  b.start("chat")
      .set(model, "1")
      .set_list(tags, {"x", "y"})
      .set(role(1), "a")
      .set(role(2), "b")
      .set(model_of_another_plugin, "2")
      .set(role(1), "c")
      .set(tags, "z")
      .end();
  CHECK(b.span_json() == with_attributes(text("llm.input_messages.2.message.role", "b") + "," +
                                         text("llm.model_name", "2") + "," +
                                         text("llm.input_messages.1.message.role", "c") + "," +
                                         text("tag.tags", "z")));

  b.start("chat")
      .set(model, "1")
      .set(role(7), "a")
      .set("llm.model_name", "2")
      .set("npc", "n")
      .set("npc", "m")
      .set("llm.input_messages.7.message.role", "b")
      .event("e", {{"npc", 1}, {"npc", 2}}, start_ns)
      .end();
  CHECK(b.span_json() ==
        with_attributes(
            text("llm.model_name", "2") + "," + text("npc", "m") + "," +
                text("llm.input_messages.7.message.role", "b"),
            R"(,"events":[{"timeUnixNano":"1783220991321000000","name":"e","attributes":[)"
            R"({"key":"npc","value":{"intValue":"2"}}]}])"));
}

TEST_CASE("keys stay unique in a span with more of them than the table holds") {
  for (const bool as_text : {false, true}) {
    bench b;
    constexpr std::size_t keys = 1000;
    {
      span s = b.start("chat");
      for (std::size_t round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < keys; ++i) s.set(role(i), static_cast<int>(round));
      }
      if (as_text) s.set("llm.input_messages.999.message.role", 1);
      REQUIRE(s.recording());
    }
    const std::string json = b.span_json();
    std::string expected;
    for (std::size_t i = 0; i < keys; ++i) {
      expected += (i == 0 ? "" : ",") + (R"({"key":"llm.input_messages.)" + std::to_string(i)) +
                  R"(.message.role","value":{"intValue":"1"}})";
    }
    REQUIRE(json == with_attributes(expected));
  }
}

TEST_CASE("what every span has is left out where the span says otherwise") {
  otlp::encoder_options options;
  options.span_attributes = {{"arize.project.name", "npc"}, {"deployment", "beta"}};
  bench b(options);
  b.start("chat").end();
  CHECK(b.span_json() ==
        with_attributes(text("arize.project.name", "npc") + "," + text("deployment", "beta")));
  static constexpr key project{"arize.project.name"};
  b.start("chat").set(project, "mine").end();
  CHECK(b.span_json() ==
        with_attributes(text("arize.project.name", "mine") + "," + text("deployment", "beta")));
  b.start("chat").set("deployment", 1).set("deployment", 2).end();
  CHECK(b.span_json() == with_attributes(R"({"key":"deployment","value":{"intValue":"2"}},)" +
                                         text("arize.project.name", "npc")));
}

TEST_CASE("shortened values are named, and what was dropped is counted") {
  orcast::tracer_options options = options_of(512);
  options.max_value_bytes = 10;
  options.max_span_bytes = 1024;
  bench b({}, options);
  b.start("chat")
      .set(model, "0123456789")
      .set(input, "0123456789a")
      .set_list(tags, {"short", "0123456789a", "0123456789a"})
      .set("own", "x234567890y")
      .end();
  CHECK(
      b.span_json() ==
      with_attributes(
          text("llm.model_name", "0123456789") + "," + text("input.value", "0123456789") +
          R"(,{"key":"tag.tags","value":{"arrayValue":{"values":[{"stringValue":"short"},)"
          R"({"stringValue":"0123456789"},{"stringValue":"0123456789"}]}}},)" +
          text("own", "x234567890") +
          R"(,{"key":"openrouter.truncated","value":{"arrayValue":{"values":[)"
          R"({"stringValue":"input.value"},{"stringValue":"tag.tags"},{"stringValue":"own"}]}}})"));
  b.start("chat").set(input, "0123456789a").set(input, "whole").end();
  CHECK(b.span_json() == with_attributes(text("input.value", "whole")));
  b.start("chat").set("openrouter.truncated", "mine").set(input, "0123456789a").end();
  CHECK(b.span_json() == with_attributes(text("openrouter.truncated", "mine") + "," +
                                         text("input.value", "0123456789")));
  {
    span s = b.start("chat");
    for (std::size_t i = 0; i < 100; ++i) s.set(last_index(i), 1);
    for (std::size_t i = 0; i < 100; ++i) s.event("e");
  }
  const std::string json = b.span_json();
  CHECK(json.find(R"(,"droppedAttributesCount":)") != std::string::npos);
  CHECK(json.find(R"(,"droppedEventsCount":100})") != std::string::npos);
}

TEST_CASE("text that runs through many blocks arrives whole, also between two code points") {
  bench b({}, options_of(512));
  std::string value;
  while (value.size() < 60'000) value += "\xE6\x97\xA5 \xC3\xA9 prose; ";
  b.start("chat").set(input, value).set(model, "m").set(prompt_tokens, 5).end();
  CHECK(b.span_json() ==
        with_attributes(text("input.value", value) + "," + text("llm.model_name", "m") +
                        R"(,{"key":"llm.token_count.prompt","value":{"intValue":"5"}})"));

  // A decimal whose text lies in two blocks, wherever the first one ends.
  for (std::size_t filler = 0; filler < 600; filler += 8) {
    b.start("chat")
        .set(model, std::string(filler, 'x'))
        .set(cost, orcast::decimal{"0.000022512345678901"})
        .end();
    REQUIRE(b.span_json().find(R"("doubleValue":0.000022512345678901})") != std::string::npos);
  }
}

TEST_CASE("a key is its span's own, however many spans came between two that have it") {
  bench b;
  b.start("chat").set(model, "m").end();
  b.start("chat").end();
  const auto with = b.tracer->take();
  const auto without = b.tracer->take();
  for (const std::uint32_t between : {0u, 1u, 65'534u, 65'535u, 65'536u}) {
    for (int i = 0; i < 2; ++i) {
      b.encoder.begin();
      REQUIRE(b.encoder.add(b.tracer->ring(), with));
      REQUIRE(b.encoder.finish().find(text("llm.model_name", "m")) != std::string::npos);
      for (std::uint32_t n = 0; i == 0 && n < between; ++n) {
        b.encoder.begin();
        REQUIRE(b.encoder.add(b.tracer->ring(), without));
      }
    }
  }
  b.tracer->give_back(with);
  b.tracer->give_back(without);
  b.tracer->exported(2);
}

TEST_CASE("ids are written in hexadecimal digits, each byte's own") {
  bench b;
  for (int i = 0; i < 256; ++i) {
    std::string hex = "0123456789abcdeffedcba9876543210";
    constexpr char digits[] = "0123456789abcdef";
    for (std::size_t at = 0; at < hex.size(); at += 2) {
      const auto byte = static_cast<unsigned>(i + static_cast<int>(at) * 9) % 256;
      hex[at] = digits[byte >> 4];
      hex[at + 1] = digits[byte & 15];
    }
    orcast::span_options options;
    options.trace = orcast::trace_id_from(hex);
    b.tracer->start("chat", options).end();
    b.encoder.begin();
    REQUIRE(b.add());
    REQUIRE(b.encoder.finish().find("{\"traceId\":\"" + hex + "\"") != std::string::npos);
  }
}

TEST_CASE("a span that does not fit leaves the request as it was, wherever it stops") {
  bench b;
  const auto record = [&b] {
    b.start("chat")
        .set(model, "m")
        .set("own", "text")
        .set_list(tags, {"a", "b"})
        .event("e", {{exception_type, "t"}})
        .status(orcast::span_status::error, std::string(100, 'x'))
        .end();
  };
  record();
  REQUIRE(b.add());
  const std::size_t whole = b.encoder.size();
  const std::string reference(b.encoder.finish());
  std::size_t fitted = 0;
  for (std::size_t room = 0; room < whole + 600; room += 1) {
    const std::unique_ptr<char[]> memory(new char[room]);
    otlp::json_encoder encoder({}, memory.get(), room);
    record();
    const auto taken = b.tracer->take();
    if (encoder.add(b.tracer->ring(), taken)) {
      ++fitted;
      REQUIRE(encoder.size() == whole);
      REQUIRE_FALSE(encoder.add(b.tracer->ring(), taken));
      REQUIRE(encoder.count() == 1);
      REQUIRE(encoder.finish().size() == whole);
    } else {
      REQUIRE(encoder.empty());
    }
    b.tracer->give_back(taken);
    b.tracer->exported(1);
  }
  CHECK(fitted > 300);
}

TEST_CASE("a slice is a request of some of the spans") {
  bench b;
  std::size_t ends[4] = {b.encoder.offset()};
  std::vector<std::string> spans;
  for (int i = 0; i < 3; ++i) {
    b.start("chat").set(prompt_tokens, i).end();
    REQUIRE(b.add());
    ends[i + 1] = b.encoder.offset();
  }
  const std::string whole(b.encoder.finish());
  const auto joined = [&b](std::size_t from, std::size_t to) {
    std::string out;
    for (std::string_view part : b.encoder.slice(from, to).part) out += part;
    return out;
  };
  CHECK(joined(ends[0], ends[3]) == whole);
  const std::string one = joined(ends[0], ends[1]);
  const std::string last_two = joined(ends[1], ends[3]);
  CHECK(one.find(R"("spans":[{"traceId")") != std::string::npos);
  CHECK(last_two.find(R"("spans":[{"traceId")") != std::string::npos);
  CHECK(one.size() + last_two.size() + 1 == whole.size() + b.encoder.envelope_bytes());
  CHECK(one.substr(one.size() - 6) == "]}]}]}");
}

TEST_CASE("encoding a span twice gives the same bytes") {
  bench b;
  b.start("a").set(model, "1").set(model, "2").rename("b").end();
  const auto taken = b.tracer->take();
  REQUIRE(b.encoder.add(b.tracer->ring(), taken));
  const std::string first(b.encoder.finish());
  b.encoder.begin();
  REQUIRE(b.encoder.add(b.tracer->ring(), taken));
  CHECK(b.encoder.finish() == first);
  b.tracer->give_back(taken);
  b.tracer->exported(1);
}
