// SPDX-License-Identifier: MIT

#include "orcast/openrouter/chat_request.hpp"

#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "unit/openrouter/read_reply.hpp"

namespace {

using orcast::chat_request;
using orcast::message;
using reading::value_of;

std::string body_of(const chat_request& request) {
  std::string body;
  const orcast::result<void> done = append_json(request, body);
  return done ? body : "refused: " + done.error().message;
}

chat_request full_request() {
  chat_request request;
  request.model = "anthropic/claude-sonnet-4.5";
  request.models = {"anthropic/claude-haiku-4.5"};
  request.messages = {message::system("Be brief."), message::user("Where is the key?")};
  request.stream = true;
  request.temperature = 0.7;
  request.top_p = 1;
  request.max_completion_tokens = 900;
  request.seed = 9007199254740993;
  request.stop = {"\n\n", "END"};
  request.tool_choice = R"("auto")";
  request.response_format = orcast::response_format::json_object();
  request.reasoning.effort = "low";
  request.provider.order = {"Groq"};
  orcast::tool look;
  look.name = "look";
  look.description = "Looks around.";
  look.parameters = R"({"type":"object","properties":{}})";
  orcast::tool search;
  search.json = R"({"type":"openrouter:web_search"})";
  request.tools = {look, search};
  request.user = "player-1";
  request.session_id = "s-7";
  request.trace.trace_name = "harbour";
  request.trace.metadata = R"({"level":3})";
  request.extra = R"({"safe_prompt":true,"new_one":{"build":"17"}})";
  return request;
}

TEST_CASE("a request is written in one fixed order") {
  const std::string expected =
      R"({"model":"anthropic/claude-sonnet-4.5","models":["anthropic/claude-haiku-4.5"],)"
      R"("messages":[{"role":"system","content":"Be brief."},)"
      R"({"role":"user","content":"Where is the key?"}],)"
      R"("stream":true,"temperature":0.7,"top_p":1,"max_completion_tokens":900,)"
      R"("seed":9007199254740993,"stop":["\n\n","END"],)"
      R"("tool_choice":"auto","response_format":{"type":"json_object"},)"
      R"("reasoning":{"effort":"low"},"provider":{"order":["Groq"]},)"
      R"("tools":[{"type":"function","function":{"name":"look","description":"Looks around.",)"
      R"("parameters":{"type":"object","properties":{}}}},{"type":"openrouter:web_search"}],)"
      R"("user":"player-1","session_id":"s-7","trace":{"trace_name":"harbour","level":3},)"
      R"("safe_prompt":true,"new_one":{"build":"17"}})";
  CHECK(body_of(full_request()) == expected);
  CHECK(body_of(full_request()) == expected);
}

TEST_CASE("what is not set is not sent") {
  chat_request request;
  CHECK(body_of(request) == "{}");
  request.messages = {message::user("Hi")};
  CHECK(body_of(request) == R"({"messages":[{"role":"user","content":"Hi"}]})");
}

TEST_CASE("a request is appended, and nothing is when it is refused") {
  std::string out = "before ";
  chat_request request;
  request.model = "a/b";
  CHECK(append_json(request, out).ok());
  CHECK(out == R"(before {"model":"a/b"})");
  request.model = "\xFF";
  CHECK_FALSE(append_json(request, out).ok());
  CHECK(out == R"(before {"model":"a/b"})");
}

TEST_CASE("a request that cannot be sent is refused by the member's name") {
  chat_request request = full_request();
  std::string expected;
  SECTION("text") {
    request.messages.push_back(message::user("\xC3("));
    expected = "messages[2].content is not UTF-8";
  }
  SECTION("a stop word") {
    request.stop.emplace_back("\x80");
    expected = "stop is not UTF-8";
  }
  SECTION("text of a part") {
    request.messages[1].parts = {orcast::part::text("ok"), orcast::part::text("\xED\xA0\x80")};
    expected = "messages[1].content[1].text is not UTF-8";
  }
  SECTION("a part without its JSON") {
    request.messages[1].parts = {orcast::part::json("image_url", "")};
    expected = "messages[1].content[0] has a type but no json";
  }
  SECTION("a part that is no object") {
    request.messages[1].parts = {orcast::part::json("image_url", "[]")};
    expected = "messages[1].content[0] is not an object";
  }
  SECTION("a call's arguments") {
    request.messages[1].tool_calls = {{"a", "b", "\xFF", ""}};
    expected = "messages[1].tool_calls[0].arguments is not UTF-8";
  }
  SECTION("reasoning details") {
    request.messages[0].reasoning_details = "{}";
    expected = "messages[0].reasoning_details is not an array";
  }
  SECTION("a message's extra member") {
    request.messages[1].extra = R"({"role":"system"})";
    expected = "messages[1].extra.role is set twice";
  }
  SECTION("a tool's schema") {
    request.tools[0].parameters = R"({"type":)";
    expected = "tools[0].parameters is not JSON";
  }
  SECTION("a tool without a name") {
    request.tools[0].name.clear();
    expected = "tools[0].name is empty";
  }
  SECTION("a whole tool") {
    request.tools[1].json = "true";
    expected = "tools[1] is not an object";
  }
  SECTION("a number") {
    request.temperature = std::numeric_limits<double>::quiet_NaN();
    expected = "temperature is not a finite number";
  }
  SECTION("the wrong kind of JSON") {
    request.provider.extra = "[]";
    expected = "provider.extra is not an object";
  }
  SECTION("a bare word") {
    request.tool_choice = "auto";
    expected = "tool_choice is not JSON";
  }
  SECTION("a number where a word belongs") {
    request.tool_choice = "1";
    expected = "tool_choice is neither a string nor an object";
  }
  SECTION("broken UTF-8 within JSON") {
    request.reasoning.extra = "{\"new\":\"\xFF\"}";
    expected = "reasoning.extra is not UTF-8";
  }
  SECTION("half a surrogate pair within JSON") {
    request.reasoning.extra = R"({"new":"\ud800"})";
    expected = "reasoning.extra is not JSON";
  }
  SECTION("something after the JSON") {
    request.response_format.json = "{} {}";
    expected = "response_format is not JSON";
  }
  SECTION("an extra member that is set") {
    request.extra = R"({"new":1,"temperature":1})";
    expected = "extra.temperature is set twice";
  }
  SECTION("an extra member that is there twice") {
    request.extra = R"({"new":1,"new":2})";
    expected = "extra.new is set twice";
  }
  SECTION("a key of the trace that is set") {
    request.trace.metadata = R"({"trace_name":"x"})";
    expected = "trace.metadata.trace_name is set twice";
  }
  std::string body;
  const orcast::result<void> done = append_json(request, body);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().code == orcast::errc::invalid_argument);
  CHECK(done.error().message == expected);
}

TEST_CASE("invocation parameters are the request without what has attributes of its own") {
  std::string parameters;
  append_invocation_parameters(full_request(), parameters);
  CHECK(parameters ==
        R"({"model":"anthropic/claude-sonnet-4.5","models":["anthropic/claude-haiku-4.5"],)"
        R"("stream":true,"temperature":0.7,"top_p":1,"max_completion_tokens":900,)"
        R"("seed":9007199254740993,"stop":["\n\n","END"],)"
        R"("tool_choice":"auto","response_format":{"type":"json_object"},)"
        R"("reasoning":{"effort":"low"},"provider":{"order":["Groq"]},)"
        R"("safe_prompt":true,"new_one":{"build":"17"}})");
}

TEST_CASE("invocation parameters leave out what is broken") {
  chat_request request;
  request.model = "a/\xFF";
  request.temperature = std::numeric_limits<double>::infinity();
  request.provider.order = {"Groq"};
  request.provider.extra = "{";
  request.extra = R"({"functions":[],"user":1,"seed":1})";
  std::string parameters;
  append_invocation_parameters(request, parameters);
  CHECK(parameters ==
        "{\"model\":\"a/\xEF\xBF\xBD\",\"provider\":{\"order\":[\"Groq\"]},\"seed\":1}");
}

TEST_CASE("a tool is written as the request carries it") {
  std::string json;
  append_json(full_request().tools[0], json);
  CHECK(json == R"({"type":"function","function":{"name":"look","description":"Looks around.",)"
                R"("parameters":{"type":"object","properties":{}}}})");
}

TEST_CASE("a body is read into the places of a request") {
  const orcast::result<chat_request> read = orcast::parse_chat_request(body_of(full_request()));
  REQUIRE(read.ok());
  const chat_request& request = *read;
  CHECK(request.model == "anthropic/claude-sonnet-4.5");
  CHECK(request.models == std::vector<std::string>{"anthropic/claude-haiku-4.5"});
  REQUIRE(request.messages.size() == 2);
  CHECK(request.messages[1].role == "user");
  CHECK(request.messages[1].content == "Where is the key?");
  CHECK(request.messages[1].extra.empty());
  CHECK(request.stream);
  CHECK(request.temperature == 0.7);
  CHECK(request.top_p == 1.0);
  CHECK(request.max_completion_tokens == 900);
  CHECK(request.seed == 9007199254740993);
  CHECK(request.stop == std::vector<std::string>{"\n\n", "END"});
  REQUIRE(request.tools.size() == 2);
  CHECK(request.tools[0].name == "look");
  CHECK(request.tools[0].description == "Looks around.");
  CHECK(request.tools[0].parameters == R"({"type":"object","properties":{}})");
  CHECK(request.tools[0].json.empty());
  CHECK(request.tools[1].json == R"({"type":"openrouter:web_search"})");
  CHECK(request.tool_choice == R"("auto")");
  CHECK(request.response_format.type == "json_object");
  CHECK(request.response_format.json.empty());
  CHECK(request.reasoning.effort == "low");
  CHECK(request.provider.order == std::vector<std::string>{"Groq"});
  CHECK(request.user == "player-1");
  CHECK(request.session_id == "s-7");
  CHECK(request.trace.trace_name == "harbour");
  CHECK(request.trace.metadata == R"({"level":3})");
  CHECK(request.extra == R"({"safe_prompt":true,"new_one":{"build":"17"}})");
  CHECK(body_of(request) == body_of(full_request()));
}

TEST_CASE("reading and writing a body loses nothing") {
  const char* bodies[] = {
      R"({})",
      R"({"model":null,"messages":[]})",
      R"({"messages":[{"role":"user","content":"Hi"}],"max_tokens":100,"temperature":null})",
      R"({"messages":[{"role":"assistant","content":null},{"role":"assistant","content":""}]})",
      R"({"messages":[{"role":"assistant"},{"role":"assistant","content":[]},{"content":1}]})",
      R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function",
          "function":{"name":"f","arguments":"{}"}}]}]})",
      R"({"messages":[{"role":"assistant","content":"","tool_calls":[{"id":"a","type":"function",
          "function":{"name":"f","arguments":""}}]}]})",
      R"({"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"a","index":0,
          "function":{"name":"f"},"extra_content":{"google":{"thought_signature":"x"}}}]}]})",
      R"({"messages":[{"role":"assistant","content":"x","tool_calls":[]}]})",
      R"({"messages":[{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"1"}]}]})",
      R"({"messages":[{"role":"user","name":"Ann","content":[
          {"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}},
          {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},
          {"type":"video_url","video_url":{"url":"https://x/y?z=1&w=2"}}, {"type":"text"}]}]})",
      R"({"messages":[{"role":"user","content":["bare"]},{"role":"user","content":{"a":1}}]})",
      R"({"messages":["bare"]})",
      R"({"messages":{"role":"user"}})",
      R"({"messages":[{"role":"assistant","content":"A","reasoning":"B","refusal":null,
          "reasoning_details":[{"type":"reasoning.text","text":"B","signature":"s","index":0}],
          "annotations":[{"type":"file","file":{"hash":"h","content":[]}}],"model":"m"},
          {"role":"assistant","content":"A","reasoning":"","reasoning_details":[]},
          {"role":"assistant","content":"A","reasoning":null,"reasoning_details":null}]})",
      R"({"tools":[{"type":"function","function":{"name":"f"}},
          {"type":"function","function":{"name":"f","description":"","parameters":{}}},
          {"type":"function","function":{"name":"f","strict":true}},
          {"type":"function","function":{"name":"g"},"cache_control":{"type":"ephemeral"}},
          {"type":"openrouter:web_search","parameters":{"max_results":3}}]})",
      R"({"tools":[],"models":[],"stop":[]})",
      R"({"tools":["x"],"stop":"\n","models":[1]})",
      R"({"tool_choice":{"type":"function","function":{"name":"f"}}})",
      R"({"tool_choice":null,"response_format":null,"reasoning":false,"provider":[]})",
      R"({"stream":true,"stream_options":{"include_usage":true},"seed":-1,"temperature":1e-7})",
      R"({"stream":"yes","seed":1.5,"max_completion_tokens":null})",
      R"({"user":"","session_id":7,"trace":{},"metadata":{"a":"b"}})",
      R"({"trace":{"trace_id":"t","generation_name":"","parent_span_id":3,"own":{"deep":[1]}}})",
      R"({"trace":"x","plugins":[{"id":"web"}],"usage":{"include":true},"logit_bias":{"50256":-100}})",
      R"({"prompt":"\u00e4\ud83d\ude00 \u0000","transforms":["middle-out"]})",
  };
  for (const char* body : bodies) {
    CAPTURE(body);
    const orcast::result<chat_request> read = orcast::parse_chat_request(body);
    REQUIRE(read.ok());
    CHECK(value_of(body_of(*read)) == value_of(body));
  }
}

TEST_CASE("what a body says twice counts once, and no stream is no stream") {
  const orcast::result<chat_request> read = orcast::parse_chat_request(
      R"({"model":"a/b","model":"c/d","top_k":1,"top_k":2,"stream":false})");
  REQUIRE(read.ok());
  CHECK(body_of(*read) == R"({"model":"a/b","top_k":1})");
}

TEST_CASE("what a body tells can be seen, also where it is kept whole") {
  const orcast::result<chat_request> read = orcast::parse_chat_request(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},
          {"type":"image_url","image_url":{}},{"type":"text","text":"b","cache_control":{}}]},
          {"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"},"x":1}]}],
          "tools":[{"type":"function","function":{"name":"g","strict":true}}]})");
  REQUIRE(read.ok());
  CHECK(read->messages[0].content == "ab");
  REQUIRE(read->messages[0].parts.size() == 3);
  CHECK(read->messages[0].parts[0].json.empty());
  CHECK(read->messages[0].parts[1].type == "image_url");
  CHECK(read->messages[0].parts[2].text == "b");
  CHECK(read->messages[1].tool_calls.at(0).name == "f");
  CHECK(read->messages[1].omit_content);
  CHECK(read->tools.at(0).name == "g");
}

TEST_CASE("what is no request is refused") {
  for (const char* body : {"", "x", "[]", "null", "{\"a\":1", "{} {}"}) {
    CAPTURE(body);
    const orcast::result<chat_request> read = orcast::parse_chat_request(body);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == orcast::errc::malformed_response);
  }
  std::string wide = "{";
  for (int i = 0; i < 300; ++i) wide += "\"m" + std::to_string(i) + "\":1,";
  wide.back() = '}';
  CHECK_FALSE(orcast::parse_chat_request(wide).ok());
  const std::string deep = R"({"a":)" + std::string(1000, '[') + std::string(1000, ']') + "}";
  CHECK_FALSE(orcast::parse_chat_request(deep).ok());
}

TEST_CASE("a body with broken text is read, repaired") {
  const orcast::result<chat_request> read = orcast::parse_chat_request(
      "{\"messages\":[{\"role\":\"user\",\"content\":\"a\xFF\\ud83d!\",\"x\":\"\xFF\"}]}");
  REQUIRE(read.ok());
  CHECK(read->messages[0].content == "a\xEF\xBF\xBD\xEF\xBF\xBD!");
  CHECK(body_of(*read) ==
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\xEF\xBF\xBD\xEF\xBF\xBD!\","
        "\"x\":\"\xEF\xBF\xBD\"}]}");
}

}  // namespace
