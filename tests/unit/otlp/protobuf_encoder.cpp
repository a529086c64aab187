// SPDX-License-Identifier: MIT

#include "orcast/otlp/protobuf_encoder.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/otlp/protobuf_answer.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

// That every span says the same in both formats is tested in integration/otlp_formats.cpp.

namespace otlp = orcast::otlp;
using otlp::detail::protobuf_scanner;

namespace {

inline constexpr orcast::key model{"llm.model_name"};
inline constexpr orcast::key tokens{"llm.token_count.prompt"};

constexpr std::int64_t start_ns = 1'000'000'000;
constexpr std::int64_t wall_ns = 1'783'220'991'321'000'000;

struct bench {
  explicit bench(otlp::encoder_options options = {}, std::size_t size = std::size_t{1} << 20)
      : memory(new char[size]), encoder(options, memory.get(), size) {
    orcast::tracer_options tracing;
    tracing.memory_bytes = std::size_t{1} << 20;
    tracing.host.steady_now = [](void*) { return start_ns; };
    tracing.host.wall_now = [](void*) { return wall_ns; };
    tracer = std::move(orcast::make_tracer(tracing).value());
  }

  orcast::span start(std::string_view name) {
    orcast::span_options options;
    options.kind = orcast::span_kind::client;
    options.trace = orcast::trace_id_from("5b8efff798038103d269b633813fc60c");
    return tracer->start(name, options);
  }
  bool add() {
    const auto taken = tracer->take();
    REQUIRE(taken != orcast::detail::no_block);
    const bool fits = encoder.add(tracer->ring(), taken);
    tracer->give_back(taken);
    tracer->exported(1);
    return fits;
  }

  std::unique_ptr<orcast::tracer> tracer;
  std::unique_ptr<char[]> memory;
  otlp::protobuf_encoder encoder;
};

/// The bytes of the nth field of that number.
std::string_view field(std::string_view message, std::uint64_t number, int skip = 0) {
  protobuf_scanner in(message);
  while (in.next()) {
    if (in.number() == number && skip-- == 0) return in.bytes();
  }
  return {};
}
int fields(std::string_view message, std::uint64_t number) {
  int count = 0;
  protobuf_scanner in(message);
  while (in.next()) count += in.number() == number ? 1 : 0;
  CHECK_FALSE(in.failed());
  return count;
}
std::string_view scope_spans(std::string_view request) { return field(field(request, 1), 2); }
std::string_view span_at(std::string_view request, int i) {
  return field(scope_spans(request), 2, i);
}
std::string_view name_of(std::string_view span) { return field(span, 5); }

std::string join(const otlp::request_pieces& pieces) {
  std::string whole;
  for (const std::string_view part : pieces.part) whole += part;
  return whole;
}

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int each : list) out += static_cast<char>(each);
  return out;
}

}  // namespace

TEST_CASE("a span in protobuf, byte for byte") {
  bench b;
  b.start("chat")
      .set(model, "gpt")
      .set(tokens, -1)
      .set("b", true)
      .set("d", 0.5)
      .status(orcast::span_status::error, "no");
  REQUIRE(b.add());
  const std::string_view span = span_at(b.encoder.finish(), 0);
  const std::string id(field(span, 2));
  REQUIRE(id.size() == 8);
  const std::string time = bytes({0x40, 0x48, 0xb5, 0x2f, 0xb, 0x46, 0xbf, 0x18});
  CHECK(field(span, 7) == time);
  CHECK(std::string(span) ==
        bytes({0x0a, 16,   0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03,
               0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0x0c, 0x12, 8}) +
            id + bytes({0x85, 0x01, 0x03, 0x01, 0, 0}) + bytes({0x30, 3, 0x39}) + time + "\x41" +
            time + "\x2a\x04" + "chat" +                                          //
            "\x4a\x17\x0a\x0e" + "llm.model_name" + "\x12\x05\x0a\x03" + "gpt" +  //
            "\x4a\x25\x0a\x16" + "llm.token_count.prompt" + "\x12\x0b\x18" +
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" +     //
            "\x4a\x07\x0a\x01" + "b" + "\x12\x02\x10\x01" +  //
            "\x4a\x0e\x0a\x01" + "d" + "\x12\x09\x21" + bytes({0, 0, 0, 0, 0, 0, 0xe0, 0x3f}) +
            bytes({0x7a, 0x86, 0x80, 0x80, 0x00, 0x18, 2, 0x12, 2}) + "no");
}

namespace {

inline constexpr orcast::key four{"four"};
inline constexpr orcast::key five{"fives"};
inline constexpr orcast::key sixteen{"sixteen.letters."};
inline constexpr orcast::key seventeen{"seventeen.letters"};
inline constexpr orcast::key forty{"a.name.of.forty.letters.in.all.no.more.."};
inline constexpr orcast::key long_name{
    "a.name.that.leaves.hardly.any.room.for.a.value.when.all.has.to.fit.into.a.length.of.one.byte."
    "which.is.a.hundred.and.twenty.seven"};

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string message(char field, const std::string& inside) {
  return field + varint(inside.size()) + inside;
}
/// The attribute as protobuf's documents say, without any haste.
std::string attribute(std::string_view name, const std::string& value) {
  return message(0x4a, message(0x0a, std::string(name)) + message(0x12, value));
}

}  // namespace

TEST_CASE("integers and texts of every length are written as protobuf has them") {
  std::vector<std::int64_t> numbers{0, -1, (std::numeric_limits<std::int64_t>::min)()};
  for (int bits = 7; bits < 63; bits += 7) {
    for (const std::int64_t near_by : {-1, 0, 1}) {
      numbers.push_back((std::int64_t{1} << bits) + near_by);
    }
  }
  std::vector<std::string> texts;
  for (std::size_t size = 0; size < 150; ++size) {
    texts.push_back(std::string(size, 'x'));
    texts.push_back(std::string(size, 'x') + "\u00e9");
  }
  const auto check_all = [&](const auto& key, std::string_view name) {
    for (const std::int64_t number : numbers) {
      bench b;
      b.start("chat").set(key, number);
      REQUIRE(b.add());
      const std::string expected =
          attribute(name, '\x18' + varint(static_cast<std::uint64_t>(number)));
      CHECK(span_at(b.encoder.finish(), 0).find(expected) != std::string_view::npos);
    }
    for (const std::string& text : texts) {
      bench b;
      b.start("chat").set(key, text).set(key, text + "!").set(key, text);  // the last one counts
      b.start("chat").set(key, text + '\xff').set(model, "behind");
      REQUIRE(b.add());
      REQUIRE(b.add());
      const std::string_view request = b.encoder.finish();
      CHECK(fields(span_at(request, 0), 9) == 1);
      CHECK(span_at(request, 0).find(attribute(name, message(0x0a, text))) !=
            std::string_view::npos);
      CHECK(span_at(request, 1)
                .find(attribute(name, message(0x0a, text + "\xef\xbf\xbd")) +
                      attribute("llm.model_name", message(0x0a, "behind"))) !=
            std::string_view::npos);
    }
  };
  check_all(four, "four");
  check_all(five, "fives");
  check_all(sixteen, "sixteen.letters.");
  check_all(seventeen, "seventeen.letters");
  check_all(forty, "a.name.of.forty.letters.in.all.no.more..");
  check_all(long_name,
            "a.name.that.leaves.hardly.any.room.for.a.value.when.all.has.to.fit.into.a.length.of."
            "one.byte.which.is.a.hundred.and.twenty.seven");
}

TEST_CASE("the envelope of a protobuf request names the resource and the scope") {
  otlp::encoder_options options;
  options.resource = {{"service.name", "old"}, {"service.name", "game \xff"}};
  options.scope_version = "1";
  bench b(options);
  CHECK(b.encoder.envelope_bytes() == b.encoder.offset());
  b.start("one").end();
  REQUIRE(b.add());
  const std::string_view request = b.encoder.finish();
  CHECK(fields(request, 1) == 1);
  const std::string_view resource = field(field(request, 1), 1);
  CHECK(fields(resource, 1) == 1);
  CHECK(field(field(field(resource, 1), 2), 1) == "game \xef\xbf\xbd");
  CHECK(field(field(scope_spans(request), 1), 1) == "orcast");
  CHECK(field(field(scope_spans(request), 1), 2) == "1");
  options.resource.clear();
  bench bare(options);
  bare.start("one").end();
  REQUIRE(bare.add());
  CHECK(fields(field(bare.encoder.finish(), 1), 1) == 0);
}

TEST_CASE("a slice of a protobuf request is a request of its own") {
  bench b;
  std::vector<std::size_t> ends{b.encoder.offset()};
  for (const char* name : {"one", "two", "three"}) {
    b.start(name).set(model, std::string(300, 'm'));
    REQUIRE(b.add());
    ends.push_back(b.encoder.offset());
  }
  CHECK(b.encoder.count() == 3);
  const std::string last_two = join(b.encoder.slice(ends[1], ends[3]));
  CHECK(fields(scope_spans(last_two), 2) == 2);
  CHECK(name_of(span_at(last_two, 0)) == "two");
  CHECK(name_of(span_at(last_two, 1)) == "three");
  const std::string first = join(b.encoder.slice(ends[0], ends[1]));
  CHECK(fields(scope_spans(first), 2) == 1);
  CHECK(name_of(span_at(first, 0)) == "one");
  CHECK(fields(scope_spans(b.encoder.finish()), 2) == 3);
  b.encoder.begin();
  CHECK(b.encoder.empty());
  CHECK(fields(scope_spans(b.encoder.finish()), 2) == 0);
}

TEST_CASE("a span that does not fit leaves a protobuf request as it was, at every size") {
  bool refused = false;
  bool taken = false;
  for (std::size_t size = 0; size < 2'000; ++size) {
    bench b({}, size + 1);  // exactly so much memory: a sanitizer sees what is written behind it
    std::string wide;
    for (int i = 0; i < 60; ++i) wide += i % 5 == 0 ? "\xff" : "word ";
    b.start("one")
        .set(model, wide)
        .set("key \xff", orcast::decimal{"0.25"})
        .set_list("list", {1, "two", true, 0.5})
        .event("event", {{"a", wide}, {"b", 1}})
        .status(orcast::span_status::error, wide);
    const std::size_t before = b.encoder.offset();
    if (b.add()) {
      taken = true;
      CHECK(b.encoder.offset() <= size + 1);
      CHECK(fields(scope_spans(b.encoder.finish()), 2) == 1);
    } else {
      refused = true;
      CHECK(b.encoder.empty());
      CHECK(b.encoder.offset() == before);
    }
  }
  CHECK(refused);
  CHECK(taken);
}

TEST_CASE("an answer in protobuf says how many spans were rejected, and why") {
  const otlp::export_answer nothing = otlp::read_protobuf_answer("", true);
  CHECK(nothing.understood);
  CHECK(nothing.rejected_spans == 0);
  const std::string partial = bytes({0x0a, 7, 0x08, 0x83, 0x01, 0x12, 2, 'n', 'o'});
  const otlp::export_answer some = otlp::read_protobuf_answer(partial, true);
  CHECK(some.understood);
  CHECK(some.rejected_spans == 131);
  CHECK(some.message == "no");
  const std::string refusal = bytes({0x08, 13, 0x12, 3, 'b', 'a', 'd'});
  const otlp::export_answer status = otlp::read_protobuf_answer(refusal, false);
  CHECK(status.understood);
  CHECK(status.code == 13);
  CHECK(status.message == "bad");
}

TEST_CASE("an answer that is no protobuf counts as not said") {
  for (const bool accepted : {true, false}) {
    CHECK_FALSE(otlp::read_protobuf_answer("<html>502</html>", accepted).understood);
    CHECK_FALSE(otlp::read_protobuf_answer("\x0a\x7f", accepted).understood);
    CHECK_FALSE(otlp::read_protobuf_answer(std::string(12, '\xff'), accepted).understood);
  }
  // Negative, and a partial success that breaks off within.
  const std::string negative =
      bytes({0x0a, 11, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});
  CHECK(otlp::read_protobuf_answer(negative, true).rejected_spans == 0);
  CHECK(otlp::read_protobuf_answer(bytes({0x0a, 3, 0x08, 5, 0x12}), true).rejected_spans == 0);
}
