// SPDX-License-Identifier: MIT
#include "orcast/trace/w3c_context.hpp"

#include "support/catch.hpp"
#include "support/spans.hpp"

using namespace orcast;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c";
const std::string parent = "b7ad6b7169203331";
const std::string good = "00-" + trace + "-" + parent + "-01";

bool taken(std::string_view header) { return parse_traceparent(header).valid(); }

}  // namespace

TEST_CASE("a traceparent is read and written") {
  const span_context read = parse_traceparent(good);
  CHECK(read.trace == trace_id_from(trace));
  CHECK(read.span == span_id_from(parent));
  CHECK(read.sampled());
  CHECK(read.remote);
  CHECK(read.decided);
  CHECK(traceparent(read) == good);
  CHECK_FALSE(parse_traceparent("00-" + trace + "-" + parent + "-00").sampled());
  CHECK(traceparent({}).empty());
}

TEST_CASE("a traceparent that is not one begins a new trace") {
  CHECK(taken("  " + good + "\t"));
  for (const std::string& bad :
       {std::string(), good.substr(0, 54), good + "-x", good + " x", "0" + good,
        "ff" + good.substr(2), "0x" + good.substr(2), "0A" + good.substr(2),
        "00-" + trace + "-" + parent + "-0G", "00-" + trace + "-" + parent + "-1",
        "00-" + std::string(32, '0') + "-" + parent + "-01",
        "00-" + trace + "-" + std::string(16, '0') + "-01",
        "00-" + std::string("0AF7651916CD43DD8448EB211C80319C") + "-" + parent + "-01",
        "00-" + trace + "_" + parent + "-01", "00-" + trace + "-" + parent + "01-",
        good + "," + good}) {
    INFO(bad);
    CHECK_FALSE(taken(bad));
  }
}

TEST_CASE("later versions may be longer, after a dash; unknown flags are not passed on") {
  const std::string later = "cc" + good.substr(2);
  CHECK(taken(later));
  CHECK(taken(later + "-what-comes"));
  CHECK_FALSE(taken(later + ".what-comes"));
  CHECK_FALSE(taken(later.substr(0, 54)));
  CHECK(traceparent(parse_traceparent("cc-" + trace + "-" + parent + "-ff")) ==
        "00-" + trace + "-" + parent + "-03");
}

TEST_CASE("a remote parent's decision is followed") {
  auto traces = test::a_tracer();
  span_options options;
  options.parent = parse_traceparent("00-" + trace + "-" + parent + "-00");
  CHECK_FALSE(traces->start("unsampled", options).recording());
  options.parent = parse_traceparent(good);
  traces->start("sampled", options).end();
  const auto spans = test::drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].parent == span_id_from(parent));
}

TEST_CASE("a trace state keeps its order, and one mistake empties it") {
  trace_state state = trace_state::parse("foo=1,\t bar=2 ,,baz@sys/x=3");
  CHECK(state.header() == "foo=1,bar=2,baz@sys/x=3");
  CHECK(state.find("bar") == "2");
  CHECK(state.set("bar", "new"));
  CHECK(state.header() == "bar=new,foo=1,baz@sys/x=3");
  state.erase("foo");
  CHECK(state.size() == 2);
  for (const std::string& bad :
       {std::string("foo=1,bar"), std::string("foo="), std::string("@foo=1"), std::string("Foo=1"),
        std::string("foo=a=b"), std::string("foo =1"), std::string("foo=\x7f"),
        std::string(257, 'a') + "=1", "a=" + std::string(257, 'x')}) {
    INFO(bad);
    CHECK(trace_state::parse(bad).empty());
  }
  CHECK_FALSE(state.set("Bad", "x"));
  CHECK_FALSE(state.set("ok", "trailing "));
}

// The cases of the working group's own conformance suite (w3c/trace-context, test/test.py, level
// 2), as far as they are about a header's text. Those about several headers of one name are here as
// one, joined by commas.
TEST_CASE("traceparent and tracestate are read as W3C's conformance suite demands") {
  const std::string id = "12345678901234567890123456789012", by = "1234567890123456";
  const auto header = [&](const std::string& format, const std::string& flags) {
    return format + "-" + id + "-" + by + "-" + flags;
  };
  for (const std::string& read :
       {header("00", "01"), header("cc", "01"), header("cc", "01-what-the-future-will-be-like"),
        " " + header("00", "01"), "\t" + header("00", "01"), header("00", "01") + " ",
        header("00", "01") + "\t", "\t " + header("00", "01") + " \t"}) {
    INFO(read);
    CHECK(parse_traceparent(read).trace == trace_id_from(id));
  }
  CHECK(traceparent(parse_traceparent(header("00", "02"))) == header("00", "02"));  // random
  for (const std::string& begins_anew : {header("00", "01."),
                                         header("00", "01-what-the-future-will-be-like"),
                                         header("cc", "01.what-the-future-will-be-like"),
                                         header("ff", "01"),
                                         header(".0", "01"),
                                         header("0.", "01"),
                                         header("000", "01"),
                                         header("0000", "01"),
                                         header("0", "01"),
                                         header("00", ".0"),
                                         header("00", "0."),
                                         header("00", "001"),
                                         header("00", "1"),
                                         "00-" + std::string(32, '0') + "-" + by + "-01",
                                         "00-." + id.substr(1) + "-" + by + "-01",
                                         "00-" + id.substr(0, 31) + ".-" + by + "-01",
                                         "00-" + id + "3-" + by + "-01",
                                         "00-" + id.substr(0, 31) + "-" + by + "-01",
                                         "00-" + id + "-" + std::string(16, '0') + "-01",
                                         "00-" + id + "-." + by.substr(1) + "-01",
                                         "00-" + id + "-" + by.substr(0, 15) + ".-01",
                                         "00-" + id + "-" + by + "7-01",
                                         "00-" + id + "-" + by.substr(0, 15) + "-01",
                                         header("00", "01") + "," + header("00", "01")}) {
    INFO(begins_anew);
    CHECK_FALSE(taken(begins_anew));
  }

  const auto written = [](const std::string& text) {
    return trace_state::parse(text).header(4096);
  };
  for (const char* text : {"foo=1 \t , \t bar=2, \t baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3",
                           "\t foo=1,bar=2 ,baz=3\t", "foo=1,,bar=2,baz=3,", ",foo=1,bar=2,baz=3",
                           "foo=1,foo=1,bar=2,baz=3", "foo=1,foo=2,bar=2,baz=3"}) {
    INFO(text);
    CHECK(written(text) == "foo=1,bar=2,baz=3");
  }
  const std::string name = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  std::string value;
  for (char c = ' '; c <= '~'; ++c) value += c == ',' || c == '=' ? "" : std::string(1, c);
  for (const std::string& whole :
       {name + "=" + value, name + "@a-z0-9_-*/=" + value, std::string("foo@=1,bar=2"),
        std::string("foo@@bar=1,bar=2"), std::string("foo@bar@baz=1,bar=2"),
        "foo=1," + std::string(256, 'z') + "=1",
        "foo=1," + std::string(241, 't') + "@" + std::string(14, 'v') + "=1",
        "foo=1," + std::string(242, 't') + "@v=1", "foo=1,t@" + std::string(15, 'v') + "=1"}) {
    CHECK(written(whole) == whole);
  }
  for (const std::string& dropped :
       {std::string("foo =1"), std::string("FOO=1"), std::string("foo.bar=1"),
        std::string("@foo=1,bar=2"), std::string("foo=bar=baz"), std::string("foo=,bar=3"),
        "foo=1," + std::string(257, 'z') + "=1"}) {
    INFO(dropped);
    CHECK(written(dropped).empty());
  }
}

TEST_CASE("a trace state has at most 32 members, and its header leaves out the long ones first") {
  std::string header;
  for (int i = 0; i < 32; ++i) header += "k" + std::to_string(i) + "=v,";
  trace_state state = trace_state::parse(header);
  CHECK(state.size() == 32);
  CHECK(trace_state::parse(header + "k32=v").empty());
  CHECK(state.set("first", "v"));
  CHECK(state.size() == 32);
  CHECK(state.find("k31").empty());

  trace_state wide;
  for (int i = 5; i-- != 0;) wide.set("s" + std::to_string(i), std::string(100, 'x'));
  wide.set("long", std::string(200, 'y'));
  const std::string sent = wide.header();
  CHECK(sent.size() <= 512);
  CHECK(sent.find("long") == std::string::npos);
  CHECK(sent.find("s0=") == 0);
  CHECK(sent.find("s3=") != std::string::npos);
  CHECK(sent.find("s4=") == std::string::npos);
}

TEST_CASE("baggage is decoded and encoded, and bad members are left out alone") {
  const baggage read =
      baggage::parse(" npc = Mara%20of%20Pier%2C2 ;ttl=1, bad, =x, q%=%zz,level=7");
  CHECK(read.find("npc") == "Mara of Pier,2");
  CHECK(read.find("level") == "7");
  CHECK(read.size() == 2);
  CHECK(read.header() == "npc=Mara%20of%20Pier%2C2,level=7");
  CHECK(baggage::parse(read.header()).find("npc") == "Mara of Pier,2");
  CHECK(baggage::parse("a=1,a=2").find("a") == "2");
  CHECK(baggage::parse("a=x=y").find("a") == "x=y");
}

TEST_CASE("baggage is bounded") {
  baggage many;
  for (int i = 0; i < 64; ++i) CHECK(many.set("k" + std::to_string(i), std::string(200, ' ')));
  CHECK_FALSE(many.set("one more", "x"));
  CHECK_FALSE(many.set("k64", "x"));
  const std::string sent = many.header();
  CHECK(sent.size() <= 8192);
  CHECK(sent.size() > 7000);
  CHECK(baggage::parse(sent).find("k0") == std::string(200, ' '));
  CHECK(baggage::parse(std::string(20000, 'x')).empty());
}
