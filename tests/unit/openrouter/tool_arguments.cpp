// SPDX-License-Identifier: MIT

#include <string>

#include "orcast/openrouter/tool_arguments.hpp"
#include "support/catch.hpp"

namespace {

using orcast::tool_arguments;
using orcast::tool_call;

tool_call call_with(const std::string& arguments) {
  tool_call made;
  made.arguments = arguments;
  return made;
}

TEST_CASE("arguments are read by name and type") {
  tool_arguments given(call_with(
      R"({"ship":"Gr\u00e5 \ud83d\udc09","berth":-4,"tons":2.5,"whole":3.0,"sealed":true,)"
      R"("list":[1, "a"],"none":null})"));
  CHECK(given.text("ship") == "Gr\xc3\xa5 \xf0\x9f\x90\x89");
  CHECK(given.integer("berth") == -4);
  CHECK(given.number("tons") == 2.5);
  CHECK(given.number("berth") == -4.0);
  CHECK(given.integer("whole") == 3);
  CHECK(given.flag("sealed"));
  CHECK(given.json("list") == R"([1,"a"])");
  CHECK(given.json("none") == "null");
  CHECK(given.has("ship"));
  CHECK_FALSE(given.has("none"));
  CHECK_FALSE(given.has("other"));
  CHECK(given);
}

TEST_CASE("what may be left out has a value of its own, also for null") {
  tool_arguments given(call_with(R"({"none":null,"berth":2})"));
  CHECK(given.text("none", "Heron") == "Heron");
  CHECK(given.integer("other", 7) == 7);
  CHECK(given.integer("berth", 7) == 2);
  CHECK(given.number("other", 0.5) == 0.5);
  CHECK(given.flag("other", true));
  CHECK(given);
}

TEST_CASE("all that is wrong is said at once, in words that a model can mend the call by") {
  tool_arguments given(
      call_with(R"({"ship":4,"berth":2.5,"tons":"many","sealed":"yes","n":1e300})"));
  CHECK(given.text("ship").empty());
  CHECK(given.integer("berth") == 0);
  CHECK(given.integer("n") == 0);
  CHECK(given.number("tons") == 0);
  CHECK_FALSE(given.flag("sealed"));
  CHECK(given.text("captain").empty());
  CHECK(given.integer("berth", 1) == 0);
  given.wrong("speed", "must be from 1 to 6");
  CHECK_FALSE(given);
  CHECK(given.error().what() == orcast::tool_answer::kind::error);
  CHECK(given.error().text() ==
        "\"ship\" must be a string; \"berth\" must be a whole number; \"n\" must be a whole "
        "number; \"tons\" must be a number; \"sealed\" must be true or false; \"captain\" is "
        "missing; \"berth\" must be a whole number; \"speed\" must be from 1 to 6");
}

TEST_CASE("arguments that are no object are one complaint, and never more than that") {
  for (const char* broken : {"{\"a\":", "[1]", "\"a\"", "nonsense", "null", "{}{}", "\xff"}) {
    tool_arguments given(call_with(broken));
    INFO(broken);
    CHECK_FALSE(given);
    CHECK(given.text("a").empty());
    CHECK(given.integer("a") == 0);
    CHECK(given.json("a") == "null");
    CHECK((given.error().text() == "the arguments are not valid JSON" ||
           given.error().text() == "the arguments are not a JSON object"));
  }
}

TEST_CASE("no arguments at all are an empty object") {
  for (const char* nothing : {"", "  \n", "{}"}) {
    tool_arguments given(call_with(nothing));
    CHECK(given);
    CHECK(given.text("a", "b") == "b");
  }
}

TEST_CASE("broken characters of a model are mended") {
  tool_arguments given(call_with(R"({"a":"x\ud83dy"})"));
  CHECK(given.text("a") == "x\xef\xbf\xbdy");
  CHECK(given);
}

}  // namespace
