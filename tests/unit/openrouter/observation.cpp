// SPDX-License-Identifier: MIT
#include "orcast/openrouter/observation.hpp"

#include "support/catch.hpp"
#include "support/spans.hpp"

using namespace orcast;
using test::a_tracer;
using test::drain;
using test::plain_span;

namespace {

constexpr char url[] = "https://openrouter.ai/api/v1/chat/completions";

chat_request weather() {
  chat_request made;
  made.model = "openai/gpt-4o-mini";
  made.temperature = 0.2;
  made.messages = {message::system("You are a harbour master."),
                   message::user("Weather in Boston?")};
  tool lookup;
  lookup.name = "get_weather";
  lookup.description = "Weather now";
  lookup.parameters = R"({"type":"object","properties":{"location":{"type":"string"}}})";
  made.tools = {lookup};
  made.session_id = "s-7";
  made.user = "u-42";
  made.trace.metadata = R"({"level":"harbor"})";
  return made;
}

const std::string reply_body =
    R"({"id":"gen-1","object":"chat.completion","created":1783220991,"model":"openai/gpt-4o-mini",)"
    R"("provider":"OpenAI","choices":[{"index":0,"finish_reason":"tool_calls",)"
    R"("native_finish_reason":"tool_calls","message":{"role":"assistant","content":null,)"
    R"("tool_calls":[{"id":"call_123","type":"function","function":{"name":"get_weather",)"
    R"("arguments":"{\"location\":\"Boston, MA\"}"}}]}}],"usage":{"prompt_tokens":82,)"
    R"("completion_tokens":17,"total_tokens":99,"cost":0.0000225,"is_byok":false,)"
    R"("prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":)"
    R"({"reasoning_tokens":0},"cost_details":{"upstream_inference_cost":null,)"
    R"("upstream_inference_prompt_cost":0.0000123,)"
    R"("upstream_inference_completions_cost":0.0000102}}})";

struct answer {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  result<void> outcome;
};

void feed(observation& seen, const answer& with) {
  const http::header_view headers[] = {{"content-type", with.type}, {"x-generation-id", "gen-1"}};
  seen.head({with.status, headers, 2});
  seen.data(with.body);
}

/// Half a second passes between the request and its answer.
plain_span record(const chat_request& request, const answer& with, recording where,
                  const call_context& context = {}) {
  test::fake_clock clock;
  tracer_options options;
  options.host = clock.host();
  auto traces = a_tracer(options);
  where.traces = traces.get();
  {
    observation seen(where);
    std::string body;
    REQUIRE(append_json(request, body).ok());
    seen.begin(request, body, url, context);
    clock.pass(500'000'000);
    if (with.status != 0) feed(seen, with);
    static_cast<void>(seen.done(with.outcome));
  }
  auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  return spans[0];
}

plain_span record(const chat_request& request, const answer& with, bool privacy = false,
                  const call_context& context = {}) {
  recording where;
  where.privacy = privacy;
  return record(request, with, where, context);
}

std::string stream_of(const std::vector<std::string>& chunks) {
  std::string out = ": OPENROUTER PROCESSING\n\n";
  for (const std::string& chunk : chunks) out += "data: " + chunk + "\n\n";
  return out;
}

}  // namespace

TEST_CASE("a finished call with a tool call has every attribute in its place") {
  const plain_span seen = record(weather(), {200, "application/json", reply_body, {}});
  CHECK(seen.name == "chat openai/gpt-4o-mini");
  CHECK(seen.kind == span_kind::client);
  CHECK(seen.status == span_status::ok);
  CHECK(seen.events.empty());
  CHECK(seen.dropped_attributes == 0);
  CHECK(seen.at("openinference.span.kind") == "LLM");
  CHECK(seen.at("llm.system") == "openai");
  CHECK(seen.at("llm.provider") == "openai");
  CHECK(seen.at("llm.model_name") == "openai/gpt-4o-mini");
  CHECK_FALSE(seen.has("llm.request.model_name"));
  CHECK(seen.at("input.mime_type") == "application/json");
  CHECK(seen.at("input.value").find("Weather in Boston?") != std::string::npos);
  CHECK(seen.at("output.value") == reply_body);
  CHECK(seen.at("llm.invocation_parameters").find("messages") == std::string::npos);
  CHECK(seen.at("llm.invocation_parameters").find(R"("temperature":0.2)") != std::string::npos);
  CHECK(seen.at("llm.input_messages.0.message.role") == "system");
  CHECK(seen.at("llm.input_messages.1.message.content") == "Weather in Boston?");
  CHECK(seen.at("llm.tools.0.tool.json_schema").find("get_weather") != std::string::npos);
  CHECK(seen.at("llm.output_messages.0.message.role") == "assistant");
  const std::string call = "llm.output_messages.0.message.tool_calls.0.tool_call.";
  CHECK(seen.at(call + "id") == "call_123");
  CHECK(seen.at(call + "function.name") == "get_weather");
  CHECK(seen.at(call + "function.arguments") == R"({"location":"Boston, MA"})");
  CHECK(seen.at("llm.finish_reason") == "tool_calls");
  CHECK(seen.at("llm.token_count.prompt") == "82");
  CHECK(seen.at("llm.token_count.completion") == "17");
  CHECK(seen.at("llm.token_count.total") == "99");
  CHECK(seen.at("llm.token_count.prompt_details.cache_read") == "0");
  CHECK(seen.at("llm.token_count.completion_details.reasoning") == "0");
  CHECK(seen.at("llm.cost.total") == "0.0000225");
  CHECK(seen.at("llm.cost.prompt") == "0.0000123");
  CHECK(seen.at("llm.cost.completion") == "0.0000102");
  CHECK(seen.at("openrouter.charged") == "0.0000225");
  CHECK(seen.at("openrouter.provider") == "OpenAI");
  CHECK(seen.at("openrouter.generation_id") == "gen-1");
  CHECK(seen.at("session.id") == "s-7");
  CHECK(seen.at("user.id") == "u-42");
  CHECK(seen.at("metadata") == R"({"level":"harbor"})");
  CHECK(seen.at("gen_ai.operation.name") == "chat");
  CHECK(seen.at("gen_ai.provider.name") == "openai");
  CHECK(seen.at("gen_ai.usage.input_tokens") == "82");
  CHECK(seen.at("gen_ai.response.finish_reasons") == "[tool_calls]");
  CHECK(seen.at("server.address") == "openrouter.ai");
  CHECK(seen.at("server.port") == "443");
}

TEST_CASE("a stream gives the first-token event and the same messages") {
  const std::string body = stream_of(
      {R"({"id":"gen-2","model":"anthropic/claude-haiku-4.5","provider":"Amazon Bedrock","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})",
       R"({"id":"gen-2","choices":[{"index":0,"delta":{"reasoning":"Hm. "},"finish_reason":null}]})",
       R"({"id":"gen-2","choices":[{"index":0,"delta":{"content":"The tide "},"finish_reason":null}]})",
       R"({"id":"gen-2","choices":[{"index":0,"delta":{"content":"is low."},"finish_reason":"stop"}]})",
       R"({"id":"gen-2","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14,"cost":0.00001,"is_byok":true,"cost_details":{"upstream_inference_cost":0.0002},"completion_tokens_details":{"reasoning_tokens":3}}})",
       "[DONE]"});
  chat_request request = weather();
  request.model = "anthropic/claude-sonnet-4.5";
  request.stream = true;
  const plain_span seen = record(request, {200, "text/event-stream", body, {}});
  CHECK(seen.status == span_status::ok);
  REQUIRE(seen.events.size() == 1);
  CHECK(seen.events[0].name == "First Token Stream Event");
  CHECK(seen.has("gen_ai.response.time_to_first_chunk"));
  CHECK(seen.has("openrouter.time_to_first_token"));
  CHECK(seen.at("llm.provider") == "aws");
  CHECK(seen.at("openrouter.provider") == "Amazon Bedrock");
  CHECK(seen.at("llm.model_name") == "anthropic/claude-haiku-4.5");
  CHECK(seen.at("llm.request.model_name") == "anthropic/claude-sonnet-4.5");
  CHECK(seen.at("llm.response.model_name") == "anthropic/claude-haiku-4.5");
  CHECK(seen.at("llm.output_messages.0.message.content") == "The tide is low.");
  const std::string part = "llm.output_messages.0.message.contents.";
  CHECK(seen.at(part + "0.message_content.type") == "reasoning");
  CHECK(seen.at(part + "0.message_content.text") == "Hm. ");
  CHECK(seen.at(part + "1.message_content.text") == "The tide is low.");
  CHECK(seen.at("llm.token_count.completion_details.reasoning") == "3");
  // With a key of one's own: OpenRouter's fee and the provider's price together.
  CHECK(std::stod(seen.at("llm.cost.total")) == Approx(0.00021));
  CHECK(seen.at("openrouter.charged") == "0.00001");
}

TEST_CASE("failures end the span with what happened") {
  SECTION("an error answer") {
    const plain_span seen = record(
        weather(),
        {429,
         "application/json",
         R"({"error":{"code":429,"message":"Rate limit exceeded","metadata":{"error_type":"rate_limit_exceeded"}}})",
         {}});
    CHECK(seen.status == span_status::error);
    CHECK(seen.status_message.find("Rate limit exceeded") != std::string::npos);
    CHECK(seen.at("error.type") == "rate_limit_exceeded");
    CHECK(seen.at("http.response.status_code") == "429");
    CHECK(seen.at("llm.provider") == "openrouter");
    CHECK(seen.at("llm.input_messages.1.message.content") == "Weather in Boston?");
    CHECK_FALSE(seen.has("llm.output_messages.0.message.role"));
    REQUIRE(seen.events.size() == 1);
    CHECK(seen.events[0].name == "exception");
    CHECK(seen.events[0].attributes.at("exception.type") == "orcast.rate_limited");
  }
  SECTION("a stream that is cut keeps what had arrived") {
    const plain_span seen =
        record(weather(),
               {200,
                "text/event-stream",
                stream_of({R"({"id":"g","choices":[{"index":0,"delta":{"content":"The ti"}}]})"}),
                {}});
    CHECK(seen.status == span_status::error);
    CHECK(seen.at("error.type") == "stream_truncated");
    CHECK(seen.at("llm.output_messages.0.message.content") == "The ti");
  }
  SECTION("a call that never was sent") {
    answer none;
    none.status = 0;
    none.outcome = failure(errc::connect, "connection refused");
    const plain_span seen = record(weather(), none);
    CHECK(seen.status == span_status::error);
    CHECK(seen.at("error.type") == "connect");
  }
  SECTION("a call that was cancelled, or whose client went, stays unset") {
    for (const errc why : {errc::cancelled, errc::shut_down}) {
      answer none;
      none.status = 0;
      none.outcome = failure(why, "no longer wanted");
      const plain_span seen = record(weather(), none);
      CHECK(seen.status == span_status::unset);
      CHECK(seen.at("openrouter.cancelled") == "true");
      CHECK(seen.events.empty());
    }
  }
}

TEST_CASE("an observation that is dropped ends its span as cancelled") {
  auto traces = a_tracer();
  recording where;
  where.traces = traces.get();
  {
    observation seen(where);
    seen.begin(weather(), "{}", url);
  }
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].at("openrouter.cancelled") == "true");
}

TEST_CASE("a raw request gives the same span as the typed one") {
  chat_request request = weather();
  std::string body;
  REQUIRE(append_json(request, body).ok());
  const plain_span typed = record(request, {200, "application/json", reply_body, {}});

  test::fake_clock clock;
  tracer_options options;
  options.host = clock.host();
  auto traces = a_tracer(options);
  recording where;
  where.traces = traces.get();
  {
    observation seen(where);
    const std::size_t half = body.size() / 2;  // in two segments
    REQUIRE(seen.begin_raw(
        "POST", url, {std::string_view(body).substr(0, half), std::string_view(body).substr(half)},
        {}));
    clock.pass(500'000'000);
    feed(seen, {200, "application/json", reply_body, {}});
    CHECK(seen.done({}).ok());
  }
  const auto raw = drain(*traces);
  REQUIRE(raw.size() == 1);
  CHECK(raw[0].name == typed.name);
  CHECK(raw[0].attributes == typed.attributes);
}

TEST_CASE("what asks no model is not recorded") {
  auto traces = a_tracer();
  recording where;
  where.traces = traces.get();
  observation seen(where);
  CHECK_FALSE(seen.begin_raw("GET", "https://openrouter.ai/api/v1/models", {}, {}));
  CHECK_FALSE(seen.begin_raw("POST", "https://openrouter.ai/api/v1/keys", {}, {}));
  CHECK_FALSE(seen.begin_raw("GET", url, {}, {}));
  CHECK(seen.begin_raw("POST", "https://openrouter.ai/api/v1/chat/completions?x=1", {}, {}));
  static_cast<void>(seen.done(failure(errc::cancelled, "")));
  CHECK(drain(*traces).size() == 1);
}

TEST_CASE("names and ids follow the request's trace object") {
  chat_request request = weather();
  request.trace.trace_id = "quest-42";
  request.trace.trace_name = "Harbour quest";
  plain_span seen = record(request, {200, "application/json", reply_body, {}});
  CHECK(seen.name == "Harbour quest");
  CHECK(seen.context.trace == trace_id_from("quest-42"));
  CHECK_FALSE(seen.parent.valid());

  request.trace.generation_name = "Ask the keeper";
  request.trace.parent_span_id = "eee19b7ec3c1b174";
  request.trace.span_name = "middle";
  seen = record(request, {200, "application/json", reply_body, {}});
  CHECK(seen.name == "Ask the keeper");
  CHECK(seen.parent == span_id_from("eee19b7ec3c1b174"));
  CHECK(seen.at("metadata").find(R"("span_name":"middle")") != std::string::npos);

  request.trace = {};
  request.trace.parent_span_id = "eee19b7ec3c1b174";  // without a trace_id it can't be used
  seen = record(request, {200, "application/json", reply_body, {}});
  CHECK_FALSE(seen.parent.valid());
  CHECK(seen.at("metadata") == R"({"parent_span_id":"eee19b7ec3c1b174"})");

  call_context context;
  context.metadata = R"({"npc":"Mara","level":"mine"})";
  context.tags = {"npc", "quest"};
  request.trace = {};
  request.trace.metadata = R"({"level":"theirs"})";
  seen = record(request, {200, "application/json", reply_body, {}}, false, context);
  CHECK(seen.at("metadata") == R"({"level":"theirs","npc":"Mara"})");
  CHECK(seen.at("tag.tags") == "[npc,quest]");
}

TEST_CASE("privacy mode keeps no word of prompt, answer, tool or error") {
  chat_request request = weather();
  request.messages.push_back(message::user("CANARY-question"));
  request.tools[0].description = "CANARY-tool";
  request.stop = {"CANARY-stop"};
  request.extra = R"({"prediction":{"type":"content","content":"CANARY-prediction"},"top_k":40})";
  std::string body = reply_body;
  body.replace(body.find("Boston, MA"), 10, "CANARY-arg");
  const answer answers[] = {
      {200, "application/json", body, {}},
      {403,
       "application/json",
       R"({"error":{"code":403,"message":"flagged: CANARY-error","metadata":{"reasons":["x"],"flagged_input":"CANARY-flagged"}}})",
       {}}};
  for (const answer& with : answers) {
    const plain_span seen = record(request, with, true);
    for (const auto& [key, value] : seen.attributes) {
      INFO(key);
      CHECK(value.find("CANARY") == std::string::npos);
    }
    for (const auto& event : seen.events) {
      for (const auto& [key, value] : event.attributes)
        CHECK(value.find("CANARY") == std::string::npos);
    }
    CHECK(seen.status_message.find("CANARY") == std::string::npos);
    CHECK_FALSE(seen.has("input.value"));
    CHECK(seen.at("llm.invocation_parameters").find(R"("top_k":40)") != std::string::npos);
    CHECK(seen.at("session.id") == "s-7");
    CHECK(seen.at("metadata") == R"({"level":"harbor"})");
  }
}

TEST_CASE("images travel as what they are, not as base64") {
  chat_request request = weather();
  message picture;
  picture.role = "user";
  picture.parts = {
      orcast::part::text("What is this?"),
      orcast::part::json("image_url",
                         R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
                             std::string(4000, 'A') + R"("}})")};
  request.messages = {picture};
  const plain_span seen = record(request, {200, "application/json", reply_body, {}});
  CHECK(seen.at("llm.input_messages.0.message.content") == "What is this?");
  const std::string part = "llm.input_messages.0.message.contents.1.message_content.";
  CHECK(seen.at(part + "type") == "image");
  CHECK(seen.at(part + "image.image.url").find("[image/png, 3000 bytes, sha256 ") == 0);
  CHECK(seen.at("input.value").find("AAAA") == std::string::npos);
  CHECK(seen.at("input.value").find("[image/png, 3000 bytes") != std::string::npos);
}

TEST_CASE("a service that quotes the key does not bring it into the span") {
  auto traces = a_tracer();
  recording where;
  where.traces = traces.get();
  observation seen(where);
  seen.begin(weather(), "{}", url);
  feed(seen, {401,
              "application/json",
              R"({"error":{"code":401,"message":"No such key: hunter2-canary, hunter2-canary."}})",
              {}});
  orcast::http::request sent;
  sent.headers = {{"Authorization", "Bearer hunter2-canary", true},
                  {"X-Gate", "gate-canary", true}};
  const auto ended = seen.done({}, &sent);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.error().message.find("canary") == std::string::npos);
  CHECK(ended.error().message.find("No such key: [key]") != std::string::npos);
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].status_message.find("canary") == std::string::npos);
  for (const auto& [key, value] : spans[0].attributes)
    CHECK(value.find("canary") == std::string::npos);
}

TEST_CASE("a date in Retry-After is read by the program's clock") {
  test::fake_clock clock;
  clock.wall = 784'111'777LL * 1'000'000'000;  // Sun, 06 Nov 1994 08:49:37 GMT
  tracer_options options;
  options.host = clock.host();
  auto traces = a_tracer(options);
  recording where;
  where.traces = traces.get();
  const orcast::http::header_view headers[] = {{"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}};
  observation seen(where);
  SECTION("of a chat completion") { seen.begin(weather(), "{}", url); }
  SECTION("of another endpoint") { seen.begin({"GET", "/models"}, url); }
  seen.head({429, headers, 1});
  const auto ended = seen.done({});
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.error().retry_after_ms == 30'000);
}

TEST_CASE("retries are events on the one span") {
  auto traces = a_tracer();
  recording where;
  where.traces = traces.get();
  observation seen(where);
  seen.begin(weather(), "{}", url);
  failure busy(errc::rate_limited, "slow down", 429);
  seen.retry(busy, 1500);
  feed(seen, {200, "application/json", reply_body, {}});
  CHECK(seen.done({}).ok());
  const auto spans = drain(*traces);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].status == span_status::ok);
  CHECK(spans[0].at("openrouter.attempts") == "2");
  REQUIRE(spans[0].events.size() == 1);
  CHECK(spans[0].events[0].name == "retry");
  CHECK(spans[0].events[0].attributes.at("http.response.status_code") == "429");
  CHECK(spans[0].events[0].attributes.at("openrouter.wait_ms") == "1500");
}
