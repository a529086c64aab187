// SPDX-License-Identifier: MIT

#include "orcast/openrouter/message.hpp"

#include <string>

#include "orcast/openrouter/chat_request.hpp"
#include "support/catch.hpp"

namespace {

std::string written(const orcast::message& each) {
  orcast::chat_request request;
  request.messages.push_back(each);
  std::string body;
  const orcast::result<void> done = append_json(request, body);
  if (!done) return done.error().message;
  const std::string before = R"({"messages":[)";
  return body.substr(before.size(), body.size() - before.size() - 2);
}

TEST_CASE("messages of each role are written as OpenRouter takes them") {
  using orcast::message;
  CHECK(written(message::system("Be brief.")) == R"({"role":"system","content":"Be brief."})");
  CHECK(written(message::user("")) == R"({"role":"user","content":""})");
  CHECK(written(message::assistant("Hm.")) == R"({"role":"assistant","content":"Hm."})");
  CHECK(written(message::tool("call_1", "12 gold")) ==
        R"({"role":"tool","content":"12 gold","tool_call_id":"call_1"})");
}

TEST_CASE("an assistant message with nothing but calls has a null content") {
  orcast::message each = orcast::message::assistant("");
  each.tool_calls.push_back({"call_1", "look", R"({"at":"door"})", ""});
  CHECK(written(each) ==
        R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",)"
        R"("function":{"name":"look","arguments":"{\"at\":\"door\"}"}}]})");
  each.omit_content = true;
  each.extra = R"({"content":""})";
  each.tool_calls.resize(1);
  CHECK(written(each) ==
        R"({"role":"assistant","tool_calls":[{"id":"call_1","type":"function",)"
        R"("function":{"name":"look","arguments":"{\"at\":\"door\"}"}}],"content":""})");
}

TEST_CASE("a call that came with more than orcast knows goes back whole") {
  orcast::message each = orcast::message::assistant("");
  const std::string whole = R"({"id":"a","type":"function","signature":"s","function":{}})";
  each.tool_calls.push_back({"a", "look", "{}", whole});
  CHECK(written(each) == R"({"role":"assistant","content":null,"tool_calls":[)" + whole + "]}");
}

TEST_CASE("parts are written in place of the text, each as it was given") {
  orcast::message each = orcast::message::user("not sent");
  each.parts.push_back(orcast::part::text("What is this?"));
  const std::string image =
      R"({ "type":"image_url", "image_url":{"url":"https://x/?a=1&b=2","detail":"low"} })";
  each.parts.push_back(orcast::part::json("image_url", image));
  CHECK(written(each) ==
        R"({"role":"user","content":[{"type":"text","text":"What is this?"},)" + image + "]}");
}

TEST_CASE("reasoning goes back unchanged, an empty array too") {
  orcast::message each = orcast::message::assistant("Yes.");
  each.reasoning = "Because";
  each.reasoning_details = "[]";
  CHECK(written(each) ==
        R"({"role":"assistant","content":"Yes.","reasoning":"Because","reasoning_details":[]})");
}

TEST_CASE("text is escaped and otherwise left as it is") {
  CHECK(written(orcast::message::user("\"\\\n\r\t\b\f\x01 \xF0\x9F\x98\x80/")) ==
        R"({"role":"user","content":"\"\\\n\r\t\b\f\u0001 )"
        "\xF0\x9F\x98\x80/\"}");
}

}  // namespace
