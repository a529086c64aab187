// SPDX-License-Identifier: MIT

#include "orcast/openrouter/impl/json_reader.hpp"

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "orcast/openrouter/impl/json_write.hpp"
#include "support/catch.hpp"

namespace {

using orcast::detail::json_kind;
using orcast::detail::json_manners;
using orcast::detail::json_reader;
using orcast::detail::json_view;

std::string again(std::string_view json, json_manners manners = json_manners::tolerant) {
  json_reader reader(manners);
  return reader.parse(json) ? to_json(reader.root()) : "refused";
}

TEST_CASE("what is read can be asked for, and what is not there too") {
  json_reader reader(json_manners::exact);
  REQUIRE(reader.parse(R"( {"a":[1,-2.50,"x\ty",true,null],"b":{"c":{}},"":0} )"));
  const json_view root = reader.root();
  CHECK(root.is_object());
  std::string kinds;
  for (const json_view each : root["a"]) kinds += std::to_string(static_cast<int>(each.kind()));
  CHECK(kinds == "34521");
  CHECK((*root["a"].begin()).integer() == 1);
  CHECK(root[""].integer() == 0);
  CHECK(root["b"]["c"].is_object());
  CHECK(root["b"]["c"].empty());
  CHECK_FALSE(root["b"]["d"].exists());
  CHECK(root["b"]["d"]["e"].text().empty());
  CHECK(root["b"]["d"].is_null());
  CHECK(root["a"]["b"].empty());
  CHECK(root["b"].key() == "b");
}

TEST_CASE("numbers keep their text and have a value") {
  json_reader reader(json_manners::exact);
  REQUIRE(
      reader.parse("[0.0000225,12.9,-1e3,9223372036854775807,18446744073709551615,-1e30,1.50e-5]"));
  const struct {
    const char* text;
    std::int64_t integer;
    double real;
  } rows[] = {
      {"0.0000225", 0, 0.0000225},
      {"12.9", 12, 12.9},
      {"-1e3", -1000, -1000},
      {"9223372036854775807", INT64_MAX, 9223372036854775807.0},
      {"18446744073709551615", INT64_MAX, 18446744073709551615.0},
      {"-1e30", INT64_MIN, -1e30},
      {"1.50e-5", 0, 1.5e-5},
  };
  std::size_t at = 0;
  for (const json_view each : reader.root()) {
    CAPTURE(rows[at].text);
    CHECK(each.text() == rows[at].text);
    CHECK(each.integer() == rows[at].integer);
    CHECK(each.real() == Approx(rows[at].real));
    ++at;
  }
  CHECK(at == std::size(rows));
}

TEST_CASE("what was read is written again without white space") {
  CHECK(again(R"( { "a" : [ 1.0 , "\u00e4\/\n" , { } , [ ] , false ] } )") ==
        "{\"a\":[1.0,\"\xC3\xA4/\\n\",{},[],false]}");
  CHECK(again(R"("\ud83d\ude00")") == "\"\xF0\x9F\x98\x80\"");
  std::string longer = "\"";
  for (int i = 0; i < 400; ++i) longer += "ab\\\"";
  CHECK(again(longer + "\"") == longer + "\"");
}

TEST_CASE("escapes are read wherever they stand, and what has none is a view of the text") {
  const std::string_view json =
      R"({"a\"b":"\\","plain":"c\/d\u00e9","\n":["\t","e","\ud83d\ude00f",-1.5],"g\b\f\r":"\"\""})";
  json_reader reader(json_manners::exact);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(reader.parse(json));
    const json_view root = reader.root();
    CHECK(root["a\"b"].text() == "\\");
    CHECK(root["plain"].text() == "c/d\xC3\xA9");
    std::string list;
    for (const json_view each : root["\n"]) list.append(each.text()).append("|");
    CHECK(list ==
          "\t|e|\xF0\x9F\x98\x80"
          "f|-1.5|");
    CHECK(root["g\b\f\r"].text() == "\"\"");
    CHECK(root["plain"].key().data() == json.data() + json.find("plain"));
    REQUIRE(reader.parse("[\"x\x7Fy\"]"));
    CHECK((*reader.root().begin()).text() == "x\x7Fy");
  }
}

TEST_CASE("an exact reader refuses what a tolerant one repairs") {
  const struct {
    const char* json;
    const char* repaired;
  } rows[] = {
      {R"(["\ud83d"])", "[\"\xEF\xBF\xBD\"]"},
      {R"(["\ude00\ud83d"])", "[\"\xEF\xBF\xBD\xEF\xBF\xBD\"]"},
      {R"(["\ud83d\n"])", "[\"\xEF\xBF\xBD\\n\"]"},
      {R"(["\ud83dx\ud83d\ude00"])", "[\"\xEF\xBF\xBDx\xF0\x9F\x98\x80\"]"},
      {R"(["\\ud83d\ud83d"])", "[\"\\\\ud83d\xEF\xBF\xBD\"]"},
      {"[\"\xFF\"]", "[\"\xEF\xBF\xBD\"]"},
      {"{\"\xC3\":1}", "{\"\xEF\xBF\xBD\":1}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    CHECK(again(row.json) == row.repaired);
    CHECK(again(row.json, json_manners::exact) == "refused");
  }
}

TEST_CASE("what is not JSON is refused by both") {
  for (const char* json : {"", " ", "{", "[1,]", "{\"a\"}", "nul", "1 2", "\"a", "[1e999999999999]",
                           "\"\\u12\"", "\"\\ud83d", "\"\\", "'a'", "// x\n1", "\"\n\""}) {
    CAPTURE(json);
    CHECK(again(json) == "refused");
    CHECK(again(json, json_manners::exact) == "refused");
  }
}

// The cases of the public JSON test suites (what must be accepted, what must be refused), in our
// own words: a line for each rule of RFC 8259.

TEST_CASE("every text that RFC 8259 allows is accepted, and keeps its meaning") {
  const struct {
    const char* json;
    const char* meaning;
  } rows[] = {
      {"[[]   ]", "[[]]"},
      {"[\"\"]", "[\"\"]"},
      {"[]", "[]"},
      {" [ false ] ", "[false]"},
      {"\t[null, 1, \"1\", {}]\r\n", "[null,1,\"1\",{}]"},
      {"[123e65]", "[123e65]"},
      {"[0e+1]", "[0e+1]"},
      {"[0e1]", "[0e1]"},
      {"[-0]", "[-0]"},
      {"[-123]", "[-123]"},
      {"[-0.0]", "[-0.0]"},
      {"[1E22]", "[1E22]"},
      {"[1E-2]", "[1E-2]"},
      {"[1E+2]", "[1E+2]"},
      {"[123.456e78]", "[123.456e78]"},
      {"[-0.000000000000000000000000000000000000000000000000000000000000001]",
       "[-0.000000000000000000000000000000000000000000000000000000000000001]"},
      {"{\"asd\":\"sdf\", \"dfg\":\"fgh\"}", "{\"asd\":\"sdf\",\"dfg\":\"fgh\"}"},
      {"{\"\":0}", "{\"\":0}"},
      {R"({"foo\u0000bar":42})", R"({"foo\u0000bar":42})"},
      {R"(["\u0060\u012a\u12AB"])", "[\"`\xc4\xaa\xe1\x8a\xab\"]"},
      {R"(["\uD801\udc37"])", "[\"\xf0\x90\x90\xb7\"]"},
      {R"(["\"\\\/\b\f\n\r\t"])", R"(["\"\\/\b\f\n\r\t"])"},
      {R"(["\\u0000"])", R"(["\\u0000"])"},
      {R"(["\u0012"])", R"(["\u0012"])"},
      {R"(["\uFFFF"])", "[\"\xef\xbf\xbf\"]"},
      {"[\"a/*b*/c/*d//e\"]", "[\"a/*b*/c/*d//e\"]"},
      {"[\"\xe2\x80\xa8\xe2\x80\xa9\"]", "[\"\xe2\x80\xa8\xe2\x80\xa9\"]"},
      {"[\"\x7f\"]", "[\"\x7f\"]"},
      {"[\"\xf4\x8f\xbf\xbf\"]", "[\"\xf4\x8f\xbf\xbf\"]"},
      {"42", "42"},
      {"-0.1", "-0.1"},
      {"null", "null"},
      {"\"asd\"", "\"asd\""},
      {"true", "true"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    CHECK(again(row.json) == row.meaning);
    CHECK(again(row.json, json_manners::exact) == row.meaning);
  }
}

TEST_CASE("no text that RFC 8259 forbids is accepted") {
  for (const char* json :
       {// lists
        "[1 true]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]", "[\"\",]",
        "[\"x\"", "[x", "[3[4]]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[1,", "[*]", "[1,\n1\n,1",
        "[\"a\",\n4\n,1,", "[",
        // literals
        "[fals]", "[nul]", "[tru]", "[True]", "[NaN]", "[Infinity]", "[-Infinity]", "[nan]",
        "[-NaN]", "truee", "nullnull", "FALSE",
        // numbers
        "[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]", "[-2.]", "[.-1]", "[.2e-3]", "[0.1.2]",
        "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]", "[0e+]", "[0e]", "[1.0e+]", "[1.0e-]",
        "[1.0e]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]", "[1+2]", "[0x1]",
        "[0x42]", "[- 1]", "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1.]", "[.123]", "[1.2a-3]",
        "[1.8011670033376514H-308]", "[012]", "[\xef\xbc\x91]",
        // objects
        "[\"x\", truth]", "{[: \"x\"}\n", "{\"x\", null}", "{\"x\"::\"b\"}", "{key: 'value'}",
        "{\"a\":\"a\" 123}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}", "{\"a\":", "{\"a\"", "{1:1}",
        "{9999E9999:1}", "{null:null,null:null}", "{\"id\":0,,,,,}", "{'a':0}", "{\"id\":0,}",
        "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}#", "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}",
        "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":\"b\"}}", "{\"a\":true} \"x\"",
        // strings
        "[\"\\uD800\\\"]", "[\"\\u\"]", "[\"\\u00A\"]", "[\"\\u1\"]", "[\"\\x00\"]", "[\"\\\\\\\"]",
        "[\"\\\t\"]", "[\"\\a\"]", "[\"\\\xc3\xa9\"]", "[\"\\uqqqq\"]", "[\"\\u00\\n\"]",
        "{\"\\q\":1}", "[1\\]", "[1\\,2]", "\\", "\\\\", "[tr\\u0075e]", "[\"\"\\n]", "[1] \\n",
        "[\\u0020\"asd\"]", "[\\n]", "\"", "['single quote']", "abc", "[\"\\", "[\"new\nline\"]",
        "[\"\t\"]", "\"\\UA66D\"", "\"\"x",
        // the whole
        "<.>", "[<null>]", "[1]x", "[1]]", "[\"asd]", "aA", "]", "{}}", "{\"\":", "[][]", "*",
        "[\xe5", "\xef\xbb\xbf", "[1,\f2]", "[\v]", "\x0c[]", "{\"x\": true,", "[\xe2\x81\xa0]",
        "1]"}) {
    CAPTURE(json);
    CHECK(again(json) == "refused");
    CHECK(again(json, json_manners::exact) == "refused");
  }
  // A zero byte within.
  CHECK(again(std::string_view("[\"a\0a\"]", 7)) == "refused");
  CHECK(again(std::string_view("123\0", 4)) == "refused");
}

TEST_CASE("a reader is bounded in depth and can be used again after a failure") {
  json_reader reader(json_manners::exact, 3);
  CHECK(reader.parse("[[[1]]]"));
  CHECK_FALSE(reader.parse("[[[[1]]]]"));
  CHECK_FALSE(reader.root().exists());
  CHECK(reader.parse("{\"a\":1}"));
  CHECK(reader.root()["a"].integer() == 1);
}

}  // namespace
