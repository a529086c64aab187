// SPDX-License-Identifier: MIT

#include <limits>
#include <string>
#include <vector>

#include "orcast/openrouter/chat_request.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/read_reply.hpp"

// Each member of a request: how it is written, and that it is read back into its place.

namespace {

using orcast::chat_request;
using orcast::message;
using reading::value_of;

std::string body_of(const chat_request& request) {
  std::string body;
  const orcast::result<void> done = append_json(request, body);
  return done ? body : "refused: " + done.error().message;
}

chat_request read(std::string_view body) {
  orcast::result<chat_request> made = orcast::parse_chat_request(body);
  REQUIRE(made.ok());
  return *made;
}

chat_request every_member() {
  chat_request all;
  all.model = "a/b";
  all.models = {"c/d"};
  all.messages = {message::user("Hi")};
  all.prompt = "p";
  all.stream = true;
  all.temperature = 0.5;
  all.top_p = 0.25;
  all.top_k = 40;
  all.min_p = 0.125;
  all.top_a = 0;
  all.frequency_penalty = -1;
  all.presence_penalty = 1;
  all.repetition_penalty = 1.5;
  all.max_completion_tokens = 900;
  all.max_tokens = 901;
  all.seed = 7;
  all.stop = {"END"};
  all.logit_bias = {{"50256", -100}, {"11", 0.5}};
  all.logprobs = true;
  all.top_logprobs = 3;
  all.tools = {orcast::tool::server("openrouter:datetime")};
  all.tool_choice = orcast::choose::automatic();
  all.parallel_tool_calls = false;
  all.stop_server_tools_when = {
      orcast::stop_condition::steps(3), orcast::stop_condition::calls("look"),
      orcast::stop_condition::tokens(100), orcast::stop_condition::dollars(0.25),
      orcast::stop_condition::finish("length")};
  all.plugins = {orcast::plugin::web(3), orcast::plugin::pdf("native")};
  all.web_search_options = R"({"search_context_size":"low"})";
  all.response_format = orcast::response_format::json_schema("line", R"({"type":"object"})");
  all.structured_outputs = true;
  all.reasoning.effort = "low";
  all.reasoning.max_tokens = 100;
  all.reasoning.enabled = true;
  all.reasoning.exclude = false;
  all.reasoning.summary = "auto";
  all.reasoning_effort = "low";
  all.verbosity = "high";
  all.modalities = {"text", "audio"};
  all.audio.voice = "alloy";
  all.audio.format = "wav";
  all.prediction.content = "most of it";
  all.image_config = R"({"aspect_ratio":"1:1"})";
  all.provider.order = {"groq"};
  all.provider.only = {"groq", "azure"};
  all.provider.ignore = {"chutes"};
  all.provider.allow_fallbacks = false;
  all.provider.require_parameters = true;
  all.provider.data_collection = "deny";
  all.provider.zdr = true;
  all.provider.enforce_distillable_text = false;
  all.provider.quantizations = {"fp8"};
  all.provider.sort = {"price", "none"};
  all.provider.max_price.prompt = "0.5";
  all.provider.max_price.completion = "1";
  all.provider.max_price.image = "2";
  all.provider.max_price.audio = "3";
  all.provider.max_price.request = "4";
  all.provider.preferred_min_throughput = 50;
  all.provider.preferred_max_latency.p50 = 1.5;
  all.provider.preferred_max_latency.p99 = 4;
  all.preset = "npc";
  all.service_tier = "flex";
  all.route = "fallback";
  all.cache = orcast::cache_control{"1h"};
  all.prompt_cache_key = "k";
  all.cache_options.mode = "explicit";
  all.cache_options.ttl = "30m";
  all.stream_options.include_usage = true;
  all.debug.echo_upstream_body = true;
  all.metadata = {{"build", "17"}, {"empty", ""}};
  all.user = "u";
  all.session_id = "s";
  all.trace.trace_id = "t";
  all.trace.trace_name = "n";
  all.trace.span_name = "sn";
  all.trace.generation_name = "g";
  all.trace.parent_span_id = "p";
  return all;
}

constexpr std::string_view every_member_body =
    R"({"model":"a/b","models":["c/d"],"messages":[{"role":"user","content":"Hi"}],"prompt":"p",)"
    R"("stream":true,"temperature":0.5,"top_p":0.25,"top_k":40,"min_p":0.125,"top_a":0,)"
    R"("frequency_penalty":-1,"presence_penalty":1,"repetition_penalty":1.5,)"
    R"("max_completion_tokens":900,"max_tokens":901,"seed":7,"stop":["END"],)"
    R"("logit_bias":{"50256":-100,"11":0.5},"logprobs":true,"top_logprobs":3,)"
    R"("tool_choice":"auto","parallel_tool_calls":false,"stop_server_tools_when":[)"
    R"({"type":"step_count_is","step_count":3},{"type":"has_tool_call","tool_name":"look"},)"
    R"({"type":"max_tokens_used","max_tokens":100},{"type":"max_cost","max_cost_in_dollars":0.25},)"
    R"({"type":"finish_reason_is","reason":"length"}],"plugins":[{"id":"web","max_results":3},)"
    R"({"id":"file-parser","pdf":{"engine":"native"}}],)"
    R"("web_search_options":{"search_context_size":"low"},"response_format":{"type":"json_schema",)"
    R"("json_schema":{"name":"line","strict":true,"schema":{"type":"object"}}},)"
    R"("structured_outputs":true,"reasoning":{"effort":"low","max_tokens":100,"enabled":true,)"
    R"("exclude":false,"summary":"auto"},"reasoning_effort":"low","verbosity":"high",)"
    R"("modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"},)"
    R"("prediction":{"type":"content","content":"most of it"},)"
    R"("image_config":{"aspect_ratio":"1:1"},"provider":{"order":["groq"],"only":["groq","azure"],)"
    R"("ignore":["chutes"],"allow_fallbacks":false,"require_parameters":true,)"
    R"("data_collection":"deny","zdr":true,"enforce_distillable_text":false,)"
    R"("quantizations":["fp8"],"sort":{"by":"price","partition":"none"},"max_price":{)"
    R"("prompt":"0.5","completion":"1","image":"2","audio":"3","request":"4"},)"
    R"("preferred_min_throughput":50,"preferred_max_latency":{"p50":1.5,"p99":4}},)"
    R"("preset":"npc","service_tier":"flex","route":"fallback",)"
    R"("cache_control":{"type":"ephemeral","ttl":"1h"},"prompt_cache_key":"k",)"
    R"("prompt_cache_options":{"mode":"explicit","ttl":"30m"},)"
    R"("stream_options":{"include_usage":true},"debug":{"echo_upstream_body":true},)"
    R"("metadata":{"build":"17","empty":""},"tools":[{"type":"openrouter:datetime"}],)"
    R"("user":"u","session_id":"s","trace":{"trace_id":"t","trace_name":"n","span_name":"sn",)"
    R"("generation_name":"g","parent_span_id":"p"}})";

TEST_CASE("every member is written, in one order") {
  CHECK(body_of(every_member()) == every_member_body);
}

TEST_CASE("every member is read back into its place") {
  const chat_request all = read(every_member_body);
  CHECK(all.extra.empty());
  CHECK(body_of(all) == every_member_body);
  CHECK(all.top_k == 40);
  CHECK(all.logit_bias.at(1).second == 0.5);
  CHECK(all.stop_server_tools_when.at(3).max_cost_in_dollars == 0.25);
  CHECK(all.plugins.at(0).max_results == 3);
  CHECK(all.plugins.at(1).settings == R"({"pdf":{"engine":"native"}})");
  CHECK(all.response_format.schema == R"({"type":"object"})");
  CHECK(all.response_format.json.empty());
  CHECK(all.prediction.content == "most of it");
  CHECK(all.provider.sort.partition == "none");
  CHECK(all.provider.max_price.request == "4");
  CHECK(all.provider.preferred_min_throughput.value == 50.0);
  CHECK(all.provider.preferred_max_latency.p99 == 4.0);
  CHECK(all.provider.extra.empty());
  CHECK(all.cache->ttl == "1h");
  CHECK(all.metadata.at(1).first == "empty");
  CHECK_FALSE(all.account_model);
}

TEST_CASE("reading and writing members of other shapes loses nothing") {
  const char* bodies[] = {
      R"({"provider":{"sort":"price","order":null,"new":{"a":1},"max_price":{"prompt":1,"x":"y"}}})",
      R"({"provider":{"sort":{"by":"price"},"preferred_max_latency":{"p50":null},"zdr":null}})",
      R"({"provider":{"sort":{"by":"price","partition":"none","more":1},"max_price":{}}})",
      R"({"provider":{},"reasoning":{},"plugins":[],"plugins2":[{}],"metadata":{},"debug":{}})",
      R"({"plugins":[{}],"stop_server_tools_when":[{"type":"new","x":1},"y"]})",
      R"({"plugins":[{"id":"auto-router","allowed_models":["a"],"enabled":null,"mode":1}]})",
      R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}})",
      R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":true,"x":1}}})",
      R"({"response_format":{"type":"json_schema","json_schema":{"schema":{"a":1}}}})",
      R"({"response_format":{"type":"json_schema"}})",
      R"({"response_format":{"type":"grammar","grammar":"root ::= x"}})",
      R"({"response_format":{"type":"text","json_schema":{"name":"n"}}})",
      R"({"response_format":{"schema":{}}})",
      R"({"prediction":{"type":"content","content":[{"type":"text","text":"a"}]}})",
      R"({"prediction":{"type":"content","content":""}})",
      R"({"cache_control":{"type":"ephemeral"},"prompt_cache_options":{"mode":"explicit","ttl":null}})",
      R"({"cache_control":{"type":"ephemeral","ttl":""}})",
      R"({"cache_control":{"type":"lasting"},"prompt_cache_key":null})",
      R"({"logit_bias":{"1":"x"},"metadata":{"a":1}})",
      R"({"logprobs":null,"top_logprobs":1.5,"top_k":2.5,"parallel_tool_calls":null})",
      R"({"audio":{"voice":{"id":"v"},"format":"wav"},"image_config":{"sizes":[1,2]}})",
      R"({"messages":[{"role":"assistant","content":"A","refusal":"no","images":[{"image_url":
          {"url":"data:a"}}],"audio":{"id":"x"},"annotations":[]}]})",
      R"({"messages":[{"role":"assistant","images":{},"audio":[],"annotations":"x"}]})",
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a",
          "cache_control":{"type":"ephemeral","ttl":"5m"}},{"type":"text","text":"b",
          "prompt_cache_breakpoint":{"mode":"explicit"}}]}]})",
      R"({"tools":[{"type":"function","function":{"name":"f","strict":null}},
          {"type":"function","function":{"name":"f","strict":false},
           "cache_control":{"type":"ephemeral","ttl":"1h"}}]})",
  };
  for (const char* body : bodies) {
    CAPTURE(body);
    CHECK(value_of(body_of(read(body))) == value_of(body));
  }
}

TEST_CASE("members of an object that are not known are kept beside those that are") {
  const chat_request made =
      read(R"({"provider":{"order":["a"],"new":1},"reasoning":{"effort":"low","budget":2},"x":3})");
  CHECK(made.provider.order == std::vector<std::string>{"a"});
  CHECK(made.provider.extra == R"({"new":1})");
  CHECK(made.reasoning.extra == R"({"budget":2})");
  CHECK(made.extra == R"({"x":3})");
}

TEST_CASE("short ways to write members") {
  chat_request request;
  request.provider.sort = "throughput";
  request.provider.preferred_max_latency = 2;
  request.tool_choice = orcast::choose::function("look");
  CHECK(body_of(request) == R"({"tool_choice":{"type":"function","function":{"name":"look"}},)"
                            R"("provider":{"sort":"throughput","preferred_max_latency":2}})");
  request = {};
  request.tool_choice = orcast::choose::server_tool("openrouter:web_search");
  request.tools = {orcast::tool::server("openrouter:web_search", R"({"max_results":3})")};
  CHECK(body_of(request) ==
        R"({"tool_choice":{"type":"openrouter:web_search"},)"
        R"("tools":[{"type":"openrouter:web_search","parameters":{"max_results":3}}]})");
  CHECK(value_of(orcast::choose::none()) == "none");
  CHECK(value_of(orcast::choose::required()) == "required");
}

TEST_CASE("a member that cannot be sent is refused by its path") {
  struct row {
    void (*spoil)(chat_request&);
    const char* words;
  };
  const row rows[] = {
      {[](chat_request& r) { r.provider.order = {"\xFF"}; }, "provider.order is not UTF-8"},
      {[](chat_request& r) {
         r.provider.sort = {"price", "\xFF"};
       },
       "provider.sort.partition is not UTF-8"},
      {[](chat_request& r) {
         r.provider.preferred_max_latency.p75 = std::numeric_limits<double>::infinity();
       },
       "provider.preferred_max_latency.p75 is not a finite number"},
      {[](chat_request& r) { r.provider.extra = R"({"order":[]})"; },
       "provider.extra.order is set twice"},
      {[](chat_request& r) { r.plugins[1].settings = "[1]"; },
       "plugins[1].settings is not an object"},
      {[](chat_request& r) {
         r.logit_bias.push_back({"11", 1});
       },
       "logit_bias.11 is set twice"},
      {[](chat_request& r) { r.metadata[0].second = "\xFF"; }, "metadata.build is not UTF-8"},
      {[](chat_request& r) { r.image_config = "[]"; }, "image_config is not an object"},
      {[](chat_request& r) { r.response_format.schema = "[]"; },
       "response_format.json_schema.schema is not an object"},
      {[](chat_request& r) { r.response_format.name.clear(); },
       "response_format.json_schema.name is empty"},
      {[](chat_request& r) { r.stop_server_tools_when[3].max_cost_in_dollars = std::nan(""); },
       "stop_server_tools_when[3].max_cost_in_dollars is not a finite number"},
      {[](chat_request& r) { r.cache->ttl = "\xFF"; }, "cache_control.ttl is not UTF-8"},
      {[](chat_request& r) { r.messages[0].images = "{}"; }, "messages[0].images is not an array"},
      {[](chat_request& r) { r.extra = R"({"debug":{}})"; }, "extra.debug is set twice"},
      {[](chat_request& r) { r.extra = R"({"trace":{}})"; }, "extra.trace is set twice"},
  };
  for (const row& each : rows) {
    CAPTURE(each.words);
    chat_request request = every_member();
    each.spoil(request);
    CHECK(body_of(request) == std::string("refused: ") + each.words);
  }
}

TEST_CASE("a client sends what names a model and says something") {
  constexpr std::size_t most = 1000;
  const auto refused = [](const chat_request& request) {
    const orcast::result<void> done = validate_chat_request(request, most);
    return done ? std::string() : done.error().message;
  };
  chat_request request;
  request.messages = {message::user("Hi")};
  CHECK(refused(request) ==
        "the request names no model: set chat_request.model, or account_model to use the default "
        "of the account");
  SECTION("a model") { request.model = "a/b"; }
  SECTION("models") { request.models = {"a/b"}; }
  SECTION("a preset") { request.preset = "npc"; }
  SECTION("none, on purpose") { request.account_model = true; }
  SECTION("one of the extra members") { request.extra = R"({"model":"a/b"})"; }
  CHECK(refused(request).empty());
  request.model = "a/b";
  request.extra.clear();
  request.messages.clear();
  CHECK(refused(request) == "the request is empty: set chat_request.messages");
  request.prompt = "Once";
  CHECK(refused(request).empty());
  request.messages = {message::user({orcast::part::json("image_url", std::string(997, ' '))})};
  CHECK(refused(request).substr(0, 26) == "the request holds 1001 byt");
  request.prompt.clear();
  CHECK(refused(request).empty());
}

TEST_CASE("an object that is laid over a request replaces what it names and nothing else") {
  chat_request request = every_member();
  request.extra = R"({"keep":1,"change":2})";
  const orcast::result<void> done = merge_chat_request(
      R"({"model":"x/y","provider":{"only":["azure"]},"temperature":null,"change":3,"new":4,)"
      R"("messages":[{"role":"user","content":"Ho"}],"tools":[]})",
      request);
  REQUIRE(done.ok());
  CHECK(request.model == "x/y");
  CHECK(request.models == std::vector<std::string>{"c/d"});
  CHECK(request.messages.at(0).content == "Ho");
  CHECK(request.provider.order.empty());
  CHECK(request.provider.only == std::vector<std::string>{"azure"});
  CHECK(request.provider.max_price.prompt.empty());
  CHECK_FALSE(request.temperature.has_value());
  CHECK(request.top_p == 0.25);
  CHECK(request.tools.empty());
  CHECK(value_of(request.extra) ==
        value_of(R"({"keep":1,"temperature":null,"change":3,"new":4,"tools":[]})"));
  CHECK(value_of(body_of(request)).at("temperature").is_null());
}

TEST_CASE("what is no object is not laid over a request") {
  for (const char* body : {"", "[]", "{", "null"}) {
    chat_request request = every_member();
    const orcast::result<void> done = merge_chat_request(body, request);
    REQUIRE_FALSE(done.ok());
    CHECK(body_of(request) == every_member_body);
  }
  chat_request request;
  request.extra = "[]";
  CHECK(merge_chat_request("{}", request).error().message == "extra is not a JSON object");
}

}  // namespace
