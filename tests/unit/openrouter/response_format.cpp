// SPDX-License-Identifier: MIT

#include "orcast/openrouter/response_format.hpp"

#include <string>

#include "support/catch.hpp"
#include "unit/openrouter/read_reply.hpp"

namespace {

using reading::value_of;

TEST_CASE("a plain schema becomes strict, in all its depth") {
  const orcast::result<orcast::json_text> made = orcast::strict_schema(R"({
      "type":"object","description":"a line",
      "properties":{
        "text":{"type":"string"},
        "mood":{"enum":["calm","angry"]},
        "gift":{"type":["string","null"]},
        "at":{"type":"object","properties":{"x":{"type":"number"},"y":{"type":"number"}},
              "required":["x","y"],"additionalProperties":true},
        "list":{"type":"array","items":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}}}}
      },
      "required":["text","at","list"],
      "$defs":{"a":{"type":"object","properties":{}}}})");
  REQUIRE(made.ok());
  CHECK(value_of(*made) == value_of(R"({
      "type":"object","description":"a line",
      "properties":{
        "text":{"type":"string"},
        "mood":{"anyOf":[{"enum":["calm","angry"]},{"type":"null"}]},
        "gift":{"type":["string","null"]},
        "at":{"type":"object","properties":{"x":{"type":"number"},"y":{"type":"number"}},
              "required":["x","y"],"additionalProperties":false},
        "list":{"type":"array","items":{"type":"object",
            "properties":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}},
            "required":["a"],"additionalProperties":false}}
      },
      "$defs":{"a":{"type":"object","properties":{},"required":[],"additionalProperties":false}},
      "required":["text","mood","gift","at","list"],"additionalProperties":false})"));
}

TEST_CASE("a strict schema stays as it is") {
  const std::string strict =
      R"({"type":"object","properties":{"a":{"type":"string"},"required":{"type":"string"}},)"
      R"("required":["a","required"],"additionalProperties":false})";
  CHECK(*orcast::strict_schema(strict) == strict);
}

TEST_CASE("what is no schema is refused") {
  CHECK(orcast::strict_schema("{").error().message == "the schema is not JSON");
  CHECK(orcast::strict_schema("[]").error().message == "the schema is not an object");
  CHECK(orcast::strict_schema("true").error().code == orcast::errc::invalid_argument);
}

}  // namespace
