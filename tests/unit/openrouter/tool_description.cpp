// SPDX-License-Identifier: MIT

#include <string>

#include "orcast/openrouter/tool_description.hpp"
#include "support/catch.hpp"

namespace {

using orcast::tool_description;

TEST_CASE("a description becomes a tool with its schema, in the order of the calls") {
  const orcast::tool made = tool_description("look_up", "Finds \"it\".")
                                .text("ship", "Her name")
                                .integer("berth", "")
                                .optional()
                                .number("tons", "How many")
                                .flag("sealed", "Or not")
                                .optional()
                                .choice("detail", "How much", {"berth", "all"})
                                .texts("crew", "Names")
                                .schema("at", R"({"type":"object"})")
                                .done();
  CHECK(made.name == "look_up");
  CHECK(made.description == "Finds \"it\".");
  CHECK(made.parameters ==
        R"({"type":"object","properties":{"ship":{"type":"string","description":"Her name"},)"
        R"("berth":{"type":"integer"},"tons":{"type":"number","description":"How many"},)"
        R"("sealed":{"type":"boolean","description":"Or not"},)"
        R"("detail":{"type":"string","description":"How much","enum":["berth","all"]},)"
        R"("crew":{"type":"array","description":"Names","items":{"type":"string"}},)"
        R"("at":{"type":"object"}},"required":["ship","tons","detail","crew","at"]})");
  std::string json;
  append_json(made, json);
  CHECK(json.find(R"("name":"look_up")") != std::string::npos);
}

TEST_CASE("a tool may have no parameters, or none that it must be given") {
  CHECK(tool_description("look_around", "").done().parameters ==
        R"({"type":"object","properties":{}})");
  CHECK(tool_description("wait", "").integer("s", "").optional().optional().done().parameters ==
        R"({"type":"object","properties":{"s":{"type":"integer"}}})");
}

TEST_CASE("a description that can't be sent is refused with the request") {
  const auto refused = [](const orcast::tool& each) {
    orcast::chat_request request;
    request.tools = {each};
    std::string body;
    const orcast::result<void> written = append_json(request, body);
    return written ? std::string() : written.error().message;
  };
  CHECK(refused(tool_description("a", "").schema("b", "{").done()) ==
        "tools[0].parameters is not JSON");
  CHECK(refused(tool_description("", "words").done()) == "tools[0].name is empty");
  CHECK(refused(tool_description("a", "\xff").done()) == "tools[0].description is not UTF-8");
  CHECK(refused(tool_description("a", "").text("b", "caf\xe9").done()).empty());  // mended
}

}  // namespace
