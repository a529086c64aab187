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

TEST_CASE("a reader is bounded in depth and can be used again after a failure") {
  json_reader reader(json_manners::exact, 3);
  CHECK(reader.parse("[[[1]]]"));
  CHECK_FALSE(reader.parse("[[[[1]]]]"));
  CHECK_FALSE(reader.root().exists());
  CHECK(reader.parse("{\"a\":1}"));
  CHECK(reader.root()["a"].integer() == 1);
}

}  // namespace
