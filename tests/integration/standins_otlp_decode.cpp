// SPDX-License-Identifier: MIT
//
// The strict reader of OTLP/JSON: a good request without a violation, then each violation once, by
// breaking one thing of the good request.

#include "standins/otlp_decode.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

namespace otlp = standins::otlp;

const std::string good =
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":)"
    R"("quay"}}],"droppedAttributesCount":0},"schemaUrl":"https://example.com/1","scopeSpans":[{)"
    R"("scope":{"name":"orcast","version":"1"},"spans":[{"traceId":"5b8efff798038103d269b633813fc)"
    R"(60c","spanId":"eee19b7ec3c1b174","parentSpanId":"eee19b7ec3c1b173","traceState":"a=b",)"
    R"("flags":259,"name":"chat","kind":3,"startTimeUnixNano":"1783220991321000000",)"
    R"("endTimeUnixNano":"1783220994687000000","attributes":[{"key":"n","value":{"intValue":"-82"}})"
    R"(,{"key":"d","value":{"doubleValue":0.0000225}},{"key":"b","value":{"boolValue":true}},)"
    R"({"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"},{}]}}},{"key":"m","value":)"
    R"({"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"aGk="}}]}}}],)"
    R"("droppedAttributesCount":1,"events":[{"timeUnixNano":"1783220991421000000","name":"first",)"
    R"("attributes":[]}],"droppedEventsCount":2,"links":[{"traceId":"5b8efff798038103d269b633813f)"
    R"(c60d","spanId":"eee19b7ec3c1b175","flags":769}],"droppedLinksCount":3,"status":{"code":2,)"
    R"("message":"cut"}}]}]}]})";

std::string with(const std::string& from, const std::string& to) {
  std::string out = good;
  const std::size_t at = out.find(from);
  REQUIRE(at != out.npos);
  return out.replace(at, from.size(), to);
}

struct expectation {
  std::string from, to, path, what;
};

}  // namespace

TEST_CASE("A correct request is decoded whole, without a violation", "[standins]") {
  const otlp::trace_request got = otlp::decode(good);
  CHECK(got.is_readable);
  for (const otlp::violation& one : got.violations) FAIL_CHECK(one.path + " " + one.what);
  REQUIRE(got.resource_spans.size() == 1);
  CHECK(got.resource_spans[0].resource.attributes.text("service.name") == "quay");
  CHECK(got.resource_spans[0].schema_url == "https://example.com/1");
  const otlp::scope_spans& scope = got.resource_spans[0].scope_spans.at(0);
  CHECK(scope.scope.name == "orcast");
  CHECK(scope.scope.version == "1");
  const otlp::span& span = scope.spans.at(0);
  CHECK(span.trace_id == "5b8efff798038103d269b633813fc60c");
  CHECK(span.span_id == "eee19b7ec3c1b174");
  CHECK(span.parent_span_id == "eee19b7ec3c1b173");
  CHECK(span.trace_state == "a=b");
  CHECK(span.flags == 259);
  CHECK(span.name == "chat");
  CHECK(span.kind == 3);
  CHECK(span.start_time_unix_nano == 1783220991321000000u);
  CHECK(span.end_time_unix_nano == 1783220994687000000u);
  CHECK(span.dropped_attributes_count == 1);
  CHECK(span.dropped_events_count == 2);
  CHECK(span.dropped_links_count == 3);
  CHECK(span.status.code == 2);
  CHECK(span.status.message == "cut");
  CHECK(span.events.at(0).name == "first");
  CHECK(span.events.at(0).time_unix_nano == 1783220991421000000u);
  CHECK(span.links.at(0).span_id == "eee19b7ec3c1b175");
  CHECK(span.links.at(0).flags == 769);
  CHECK(span.attributes.find("n")->integer == -82);
  CHECK(span.attributes.find("d")->real == 0.0000225);
  CHECK(span.attributes.find("b")->boolean);
  CHECK(span.attributes.find("a")->items.at(0).text == "x");
  CHECK(span.attributes.find("a")->items.at(1).is == otlp::any_value::type::none);
  CHECK(span.attributes.find("m")->members.at(0).value.text == "hi");
  CHECK(span.attributes.find("nothing") == nullptr);
}

TEST_CASE("Each broken rule is one violation, at its place", "[standins]") {
  const std::string span = "resourceSpans[0].scopeSpans[0].spans[0]";
  const expectation cases[] = {
      {R"("kind":3)", R"("kind":3,"colour":1)", span + ".colour", "is an unknown field"},
      {R"("scope":{)", R"("scope":{"id":"x",)", "resourceSpans[0].scopeSpans[0].scope.id",
       "is an unknown field"},
      {R"("boolValue":true)", R"("boolValue":true,"boolean":1)",
       span + ".attributes[2].value.boolean", "is an unknown field"},
      {R"("code":2,)", R"("code":2,"text":"",)", span + ".status.text", "is an unknown field"},
      {R"("parentSpanId":"eee19b7ec3c1b173")", R"("parent_span_id":"eee19b7ec3c1b173")",
       span + ".parent_span_id", "is in snake_case"},
      {R"("kind":3)", R"("kind":"SPAN_KIND_CLIENT")", span + ".kind", "is an enum given as a name"},
      {R"("kind":3)", R"("kind":6)", span + ".kind", "is no value of the enum"},
      {R"("kind":3)", R"("kind":0)", span + ".kind", "is 0 (unspecified)"},
      {R"("kind":3,)", "", span + ".kind", "is 0 (unspecified)"},
      {R"("code":2)", R"("code":"STATUS_CODE_ERROR")", span + ".status.code",
       "is an enum given as a name"},
      {R"("intValue":"-82")", R"("intValue":-82)", span + ".attributes[0].value.intValue",
       "is a 64-bit integer but not a string"},
      {R"("1783220994687000000")", "1783220994687000000", span + ".endTimeUnixNano",
       "is a 64-bit integer but not a string"},
      {R"("timeUnixNano":"1783220991421000000")", R"("timeUnixNano":1783220991421000000)",
       span + ".events[0].timeUnixNano", "is a 64-bit integer but not a string"},
      {R"("intValue":"-82")", R"("intValue":"082")", span + ".attributes[0].value.intValue",
       "is not a decimal integer in range"},
      {R"("intValue":"-82")", R"("intValue":"9223372036854775808")",
       span + ".attributes[0].value.intValue", "is not a decimal integer in range"},
      {"5b8efff798038103d269b633813fc60c", "5b8efff798038103d269b633813fc60", span + ".traceId",
       "has not 32 hex digits"},
      {"eee19b7ec3c1b174", "7uGbfsPBsXQ=", span + ".spanId", "has not 16 hex digits"},
      {"eee19b7ec3c1b174", "EEE19B7EC3C1B174", span + ".spanId", "is in upper case"},
      {"eee19b7ec3c1b174", "xee19b7ec3c1b174", span + ".spanId", "is not hex"},
      {"eee19b7ec3c1b174", "0000000000000000", span + ".spanId", "is all zero"},
      {"eee19b7ec3c1b175", "", span + ".links[0].spanId", "has not 16 hex digits"},
      {"eee19b7ec3c1b173", "eee19b7ec3c1b17", span + ".parentSpanId", "has not 16 hex digits"},
      {"eee19b7ec3c1b173", "eee19b7ec3c1b174", span + ".parentSpanId", "is the span's own id"},
      {R"("name":"chat")", R"("name":"")", span + ".name", "is missing"},
      {R"(,"name":"first")", "", span + ".events[0].name", "is missing"},
      {R"("timeUnixNano":"1783220991421000000",)", "", span + ".events[0].timeUnixNano",
       "is missing"},
      {R"("startTimeUnixNano":"1783220991321000000",)", "", span + ".startTimeUnixNano",
       "is missing"},
      {"1783220994687000000", "1783220991320999999", span + ".endTimeUnixNano",
       "is before the start"},
      {R"({"key":"d")", R"({"key":"n")", span + ".attributes[1]", "repeats the attribute key n"},
      {R"({"key":"d")", R"({"key":"")", span + ".attributes[1]", "has an empty attribute key"},
      {R"(,"value":{"boolValue":true})", "", span + ".attributes[2]", "has no value"},
      {R"("boolValue":true)", R"("boolValue":"true")", span + ".attributes[2].value.boolValue",
       "is not a boolean"},
      {R"("boolValue":true)", R"("boolValue":true,"intValue":"1")", span + ".attributes[2].value",
       "has more than one value"},
      {"0.0000225", R"("2.25")", span + ".attributes[1].value.doubleValue", "is not a number"},
      {"aGk=", "aGk", span + ".attributes[4].value.kvlistValue.values[0].value.bytesValue",
       "is not base64"},
      {R"("code":2)", R"("code":1)", span + ".status.message",
       "stands beside a code that is not ERROR"},
      {R"("flags":259)", R"("flags":1283)", span + ".flags", "has bits without a meaning"},
      {R"("flags":769)", R"("flags":513)", span + ".links[0].flags",
       "says remote without saying that it knows"},
      {R"("flags":259)", R"("flags":-1)", span + ".flags", "is not an unsigned 32-bit number"},
      {R"("droppedEventsCount":2)", R"("droppedEventsCount":"2")", span + ".droppedEventsCount",
       "is not an unsigned 32-bit number"},
      {R"("traceState":"a=b")", R"("traceState":null)", span + ".traceState", "is null"},
      {R"("traceState":"a=b")", R"("traceState":1)", span + ".traceState", "is not a string"},
      {R"("attributes":[]})", R"("attributes":{}})", span + ".events[0].attributes",
       "is not an array"},
      {R"({"name":"orcast","version":"1"})", "[]", "resourceSpans[0].scopeSpans[0].scope",
       "is not an object"},
      {R"("kind":3)", R"("kind":3,"kind":3)", "", "has the member kind twice"},
  };
  for (const expectation& one : cases) {
    INFO(one.from << " -> " << one.to);
    const otlp::trace_request got = otlp::decode(with(one.from, one.to));
    CHECK(got.is_readable);
    REQUIRE(got.violations.size() == 1);
    CHECK(got.violations[0].path == one.path);
    CHECK(got.violations[0].what == one.what);
    CHECK(got.resource_spans.at(0).scope_spans.at(0).spans.size() == 1);  // and it is decoded
  }
}

TEST_CASE("Empty envelopes and a request without a span are violations", "[standins]") {
  const auto violations = [](const std::string& body) {
    std::string out;
    for (const otlp::violation& one : otlp::decode(body).violations) {
      out += one.path + " " + one.what + "; ";
    }
    return out;
  };
  CHECK(violations("{}") == "resourceSpans has no span; ");
  CHECK(violations(R"({"resourceSpans":[]})") == "resourceSpans has no span; ");
  CHECK(violations(R"({"resourceSpans":[{}]})") ==
        "resourceSpans[0] is an empty envelope: no scopeSpans; resourceSpans has no span; ");
  CHECK(violations(R"({"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]})") ==
        "resourceSpans[0].scopeSpans[0] is an empty envelope: no spans; "
        "resourceSpans has no span; ");
}

TEST_CASE("One span id twice in a request is a violation", "[standins]") {
  const std::size_t begin = good.find(R"({"traceId":"5b8efff798038103d269b633813fc60c")");
  const std::string span = good.substr(begin, good.size() - begin - std::string("]}]}]}").size());
  const otlp::trace_request got = otlp::decode(with(span, span + "," + span));
  REQUIRE(got.violations.size() == 1);
  CHECK(got.violations[0].what == "stands twice in the request");
}

TEST_CASE("What is no JSON in UTF-8 is not decoded at all", "[standins]") {
  const std::pair<std::string, std::string> cases[] = {
      {with("chat", "ch\xc3"), "is not UTF-8 from byte "},
      {with("chat", "\xed\xa0\x80"), "is not UTF-8 from byte "},  // a surrogate
      {with("chat", "\xc0\xaf"), "is not UTF-8 from byte "},      // an overlong slash
      {with("chat", "a\nb"), "is not JSON: "},                    // a control character
      {with("chat", R"(\ud83d)"), "is not JSON: "},               // half a surrogate pair
      {good.substr(0, good.size() - 1), "is not JSON: "},
      {"", "is not JSON: "},
  };
  for (const auto& [body, what] : cases) {
    const otlp::trace_request got = otlp::decode(body);
    CHECK_FALSE(got.is_readable);
    REQUIRE(got.violations.size() == 1);
    CHECK(got.violations[0].what.substr(0, what.size()) == what);
  }
}

TEST_CASE("Doubles that JSON has no number for come as text", "[standins]") {
  const auto real = [](const std::string& text) {
    const otlp::trace_request got = otlp::decode(with("0.0000225", text));
    CHECK(got.violations.empty());
    return got.resource_spans[0].scope_spans[0].spans[0].attributes.find("d")->real;
  };
  CHECK(std::isnan(real(R"("NaN")")));
  CHECK(real(R"("-Infinity")") < 0);
  CHECK(std::isinf(real(R"("Infinity")")));
  CHECK(real("3") == 3.0);
}

TEST_CASE("The small parsers know their borders", "[standins]") {
  CHECK(otlp::parse_integer<std::int64_t>("-9223372036854775808") == INT64_MIN);
  CHECK_FALSE(otlp::parse_integer<std::int64_t>("-9223372036854775809"));
  CHECK(otlp::parse_integer<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK_FALSE(otlp::parse_integer<std::uint64_t>("18446744073709551616"));
  CHECK_FALSE(otlp::parse_integer<std::uint64_t>("-1"));
  CHECK_FALSE(otlp::parse_integer<std::int64_t>("-0"));
  CHECK_FALSE(otlp::parse_integer<std::int64_t>(""));
  CHECK(otlp::decode_base64("U3BhY2U6MTpzdGFuZGlu") == std::string("Space:1:standin"));
  CHECK(otlp::decode_base64("_-8=") == std::string("\xff\xef"));
  CHECK_FALSE(otlp::decode_base64("a==="));
  CHECK_FALSE(otlp::decode_base64("a=bc"));
  CHECK_FALSE(otlp::bad_utf8("\xe2\x82\xac \xf0\x9f\x90\x89"));
  CHECK(otlp::bad_utf8("ab\xf5") == std::size_t{2});
  CHECK(otlp::repeated_member(R"({"a":{"b":1},"b":{"a":"x\"a"}})") == std::nullopt);
  CHECK(otlp::repeated_member(R"([{"a":1,"a" :2}])") == std::string("a"));
}
