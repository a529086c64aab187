// SPDX-License-Identifier: MIT

#include "orcast/openrouter/structured.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "orcast/openrouter/chat_request.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/read_reply.hpp"

namespace shop {

enum class mood { calm, angry };
BOOST_DESCRIBE_ENUM(mood, calm, angry)

struct ware {
  std::string name;
  double price = 0;
};
BOOST_DESCRIBE_STRUCT(ware, (), (name, price))

struct line {
  std::string text;
  shop::mood mood = mood::calm;
  std::uint8_t coins = 0;
  bool leaves = false;
  std::optional<std::string> secret;
  std::vector<ware> wares;
};
BOOST_DESCRIBE_STRUCT(line, (), (text, mood, coins, leaves, secret, wares))

struct loose {
  std::map<std::string, int> stock;
  boost::json::value rest;
  std::int64_t big = 0;
};
BOOST_DESCRIBE_STRUCT(loose, (), (stock, rest, big))

}  // namespace shop

namespace {

using reading::value_of;

orcast::chat_reply saying(std::string text, std::string reason = "stop") {
  orcast::chat_reply reply;
  reply.choices.emplace_back();
  reply.choices[0].reply.content = std::move(text);
  reply.choices[0].finish_reason = std::move(reason);
  return reply;
}

template <class T>
std::string problem(const std::string& text) {
  const orcast::result<T> made = orcast::parse_answer<T>(saying(text));
  if (!made) CHECK(made.error().code == orcast::errc::malformed_response);
  return made ? std::string() : made.error().message;
}

TEST_CASE("a described type is a strict schema") {
  CHECK(value_of(orcast::schema_of<shop::line>()) == value_of(R"({
      "type":"object","properties":{
        "text":{"type":"string"},
        "mood":{"type":"string","enum":["calm","angry"]},
        "coins":{"type":"integer"},
        "leaves":{"type":"boolean"},
        "secret":{"anyOf":[{"type":"string"},{"type":"null"}]},
        "wares":{"type":"array","items":{"type":"object","properties":{
            "name":{"type":"string"},"price":{"type":"number"}},
          "required":["name","price"],"additionalProperties":false}}},
      "required":["text","mood","coins","leaves","secret","wares"],
      "additionalProperties":false})"));
  const std::string schema = orcast::schema_of<shop::line>();
  CHECK(value_of(*orcast::strict_schema(schema)) == value_of(schema));
  CHECK(orcast::schema_of<shop::line>() == schema);

  orcast::chat_request request;
  request.response_format = orcast::format_of<shop::ware>("ware");
  std::string body;
  REQUIRE(append_json(request, body).ok());
  CHECK(value_of(body).at("response_format").at("json_schema").at("strict").as_bool());
}

TEST_CASE("an answer is read into the type") {
  const orcast::result<shop::line> made = orcast::parse_answer<shop::line>(saying(
      R"({"text":"Aye \u00fc","mood":"angry","coins":255,"leaves":true,"secret":null,"more":1,)"
      R"("wares":[{"name":"rope","price":2},{"name":"oil","price":1.5}]})"));
  REQUIRE(made.ok());
  CHECK(made->text == "Aye \xC3\xBC");
  CHECK(made->mood == shop::mood::angry);
  CHECK(made->coins == 255);
  CHECK(made->leaves);
  CHECK_FALSE(made->secret.has_value());
  REQUIRE(made->wares.size() == 2);
  CHECK(made->wares[0].price == 2.0);
  CHECK(made->wares[1].name == "oil");
}

TEST_CASE("maps, any JSON and large numbers are read too") {
  const orcast::result<shop::loose> made = orcast::parse_answer<shop::loose>(
      saying(R"({"stock":{"rope":3,"oil":4.0},"rest":[1,{"a":null}],"big":-9223372036854775808})"));
  REQUIRE(made.ok());
  CHECK(made->stock == std::map<std::string, int>{{"oil", 4}, {"rope", 3}});
  CHECK(made->rest == value_of(R"([1,{"a":null}])"));
  CHECK(made->big == INT64_MIN);
}

TEST_CASE("a block of Markdown around the JSON is taken away") {
  for (const char* text : {"```json\n{\"name\":\"rope\",\"price\":1}\n```",
                           " \n```\n{\"name\":\"rope\",\"price\":1}```\n"}) {
    CHECK(orcast::parse_answer<shop::ware>(saying(text))->name == "rope");
  }
}

TEST_CASE("an answer that does not fit says where") {
  using shop::line;
  using shop::ware;
  CHECK(problem<ware>("[]") == "answer is not an object");
  CHECK(problem<ware>(R"({"name":"rope"})") == "answer.price is missing");
  CHECK(problem<ware>(R"({"name":7,"price":1})") == "answer.name is not a string");
  CHECK(problem<ware>(R"({"name":"","price":"1"})") == "answer.price is not a number");
  const std::string head = R"({"text":"","leaves":false,"mood":"calm",)";
  CHECK(problem<line>(head + R"("coins":1,"wares":[]})").empty());
  CHECK(problem<line>(head + R"("coins":256,"wares":[]})") ==
        "answer.coins is too large or too small");
  CHECK(problem<line>(head + R"("coins":-1,"wares":[]})") ==
        "answer.coins is too large or too small");
  CHECK(problem<line>(head + R"("coins":1e300,"wares":[]})") ==
        "answer.coins is too large or too small");
  CHECK(problem<line>(head + R"("coins":1.5,"wares":[]})") == "answer.coins is not a whole number");
  CHECK(problem<line>(head + R"("coins":1,"wares":[{"name":"a","price":1},{"name":1}]})") ==
        "answer.wares[1].name is not a string");
  CHECK(problem<line>(head + R"("coins":1,"wares":{}})") == "answer.wares is not an array");
  CHECK(problem<line>(R"({"text":"","mood":"sad"})") ==
        "answer.mood is none of the words that it may be");
  CHECK(problem<line>(R"({"text":"","mood":"calm","coins":1,"leaves":"no"})") ==
        "answer.leaves is not true or false");
  CHECK(problem<shop::loose>(R"({"stock":{"rope":"x"}})") == "answer.stock.rope is not a number");
  CHECK(problem<shop::loose>(R"({"stock":{},"big":9223372036854775808})") ==
        "answer.big is too large or too small");
}

TEST_CASE("an answer without JSON says why there is none") {
  const auto why = [](const orcast::chat_reply& reply) {
    const orcast::result<boost::json::value> made = orcast::parse_answer(reply);
    return made ? std::string() : made.error().message;
  };
  CHECK(why(saying("Ahoy!")) == "the answer is not JSON: syntax error");
  CHECK(why(saying("{\"a\":")) == "the answer is not JSON: incomplete JSON");
  CHECK(why(saying("{\"a\":", "length")) == "the answer was cut off: raise max_completion_tokens");
  CHECK(why(saying("{} {}")) == "the answer is not JSON: extra data");
  CHECK(why(saying("")) == "the answer is empty");
  CHECK(why(orcast::chat_reply()) == "the answer is empty");
  CHECK(why(saying("", "length")) ==
        "the answer was cut off before it began: raise max_completion_tokens");
  orcast::chat_reply reply = saying("");
  reply.choices[0].reply.tool_calls.emplace_back();
  CHECK(why(reply) == "the model called a tool instead of answering");
  reply.choices[0].reply.refusal = "no";
  CHECK(why(reply) == "the model refused to answer");
  CHECK(why(saying("{}")).empty());
}

}  // namespace
