// SPDX-License-Identifier: MIT

// The spans of endpoints that are no chat completions.

#include "orcast/openrouter/observation.hpp"

#include "observation_support.hpp"

using namespace orcast;
using test::exchange;
using test::observed;
using test::plain_span;

namespace {

constexpr char base[] = "https://openrouter.ai/api/v1";

plain_span record(const std::string& path, const std::string& body, const exchange& with,
                  const recording& how = {}) {
  observed one(how);
  return one.record_raw(base + path, body, with);
}

exchange json(std::string body) { return {200, "application/json", std::move(body), {}}; }
exchange stream(std::string body) { return {200, "text/event-stream", std::move(body), {}}; }

std::string event(const std::string& type, const std::string& data) {
  return "event: " + type + "\ndata: " + data + "\n\n";
}

const std::string embeddings_request =
    R"({"model":"openai/text-embedding-3-small","input":["hello","world"],)"
    R"("encoding_format":"float","user":"u-42","session_id":"s-7"})";

}  // namespace

TEST_CASE("embeddings have a span of their own kind, with texts and tokens") {
  const plain_span seen = record(
      "/embeddings", embeddings_request,
      json(R"({"object":"list","id":"gen-e","model":"openai/text-embedding-3-small","data":[)"
           R"({"index":0,"embedding":[0.1,0.2,0.3]},{"index":1,"embedding":[0.4,0.5,0.6]}],)"
           R"("usage":{"prompt_tokens":2,"total_tokens":2,"cost":0.00000004}})"));
  CHECK(seen.name == "CreateEmbeddings");
  CHECK(seen.kind == span_kind::client);
  CHECK(seen.status == span_status::ok);
  CHECK(seen.at("openinference.span.kind") == "EMBEDDING");
  CHECK(seen.at("embedding.model_name") == "openai/text-embedding-3-small");
  CHECK(seen.at("embedding.invocation_parameters") ==
        R"({"model":"openai/text-embedding-3-small","encoding_format":"float"})");
  CHECK(seen.at("input.value") == embeddings_request);
  CHECK(seen.at("embedding.embeddings.0.embedding.text") == "hello");
  CHECK(seen.at("embedding.embeddings.1.embedding.text") == "world");
  CHECK_FALSE(seen.has("embedding.embeddings.0.embedding.vector"));
  CHECK_FALSE(seen.has("output.value"));
  CHECK(seen.at("llm.token_count.prompt") == "2");
  CHECK(seen.at("llm.token_count.total") == "2");
  CHECK(seen.at("llm.cost.total") == "0.00000004");
  CHECK(seen.at("session.id") == "s-7");
  CHECK(seen.at("user.id") == "u-42");
  CHECK(seen.at("gen_ai.operation.name") == "embeddings");
  CHECK(seen.at("gen_ai.embeddings.dimension.count") == "3");
  CHECK(seen.at("gen_ai.request.encoding_formats") == "[float]");
  for (const char* key : {"llm.system", "llm.provider", "llm.model_name"}) CHECK(!seen.has(key));
}

TEST_CASE("vectors are recorded on request, also when they come as base64") {
  recording how;
  how.vectors = true;
  plain_span seen = record("/embeddings", embeddings_request,
                           json(R"({"data":[{"embedding":[0.1,0.25]}]})"), how);
  CHECK(seen.at("embedding.embeddings.0.embedding.vector") == "[0.100000,0.250000]");
  // The example of the conventions' page: 1.0 and 2.0.
  seen = record("/embeddings", embeddings_request,
                json(R"({"data":[{"embedding":"AACAPwAAAEA="}]})"), how);
  CHECK(seen.at("embedding.embeddings.0.embedding.vector") == "[1.000000,2.000000]");
}

TEST_CASE("tokens are no text, and a failure keeps what was asked") {
  const plain_span seen =
      record("/embeddings", R"({"model":"m","input":[[1,2],[3]]})",
             {400, "application/json", R"({"error":{"code":400,"message":"too long"}})", {}});
  CHECK(seen.status == span_status::error);
  CHECK(seen.status_message.find("too long") != std::string::npos);
  CHECK(seen.at("embedding.model_name") == "m");
  CHECK_FALSE(seen.has("embedding.embeddings.0.embedding.text"));
}

TEST_CASE("reranking shows query, candidates and the new order") {
  const plain_span seen = record(
      "/rerank",
      R"({"model":"cohere/rerank-v3.5","query":"light","documents":["a ship",{"text":"a lamp"}],)"
      R"("top_n":1})",
      json(
          R"({"id":"gen-r","model":"cohere/rerank-v3.5","provider":"Cohere","results":[{"index":1,)"
          R"("relevance_score":0.9,"document":{"text":"a lamp"}}],)"
          R"("usage":{"search_units":1,"cost":0.002}})"));
  CHECK(seen.name == "rerank cohere/rerank-v3.5");
  CHECK(seen.at("openinference.span.kind") == "RERANKER");
  CHECK(seen.at("reranker.query") == "light");
  CHECK(seen.at("reranker.model_name") == "cohere/rerank-v3.5");
  CHECK(seen.at("reranker.top_k") == "1");
  CHECK(seen.at("reranker.input_documents.0.document.content") == "a ship");
  CHECK(seen.at("reranker.input_documents.1.document.content") == "a lamp");
  CHECK(seen.at("reranker.output_documents.0.document.id") == "1");
  CHECK(std::stod(seen.at("reranker.output_documents.0.document.score")) == 0.9);
  CHECK(seen.at("openrouter.search_units") == "1");
  CHECK(seen.at("llm.cost.total") == "0.002");
  CHECK_FALSE(seen.has("llm.model_name"));
}

TEST_CASE("legacy completions have prompts and choices, in one piece and streamed") {
  const std::string request = R"({"model":"openai/gpt-3.5","prompt":["once","twice"],"n":2})";
  plain_span seen =
      record("/completions", request,
             json(R"({"id":"g","model":"openai/gpt-3.5","choices":[{"text":" upon","index":0,)"
                  R"("finish_reason":"stop"},{"text":" a time","index":1}],)"
                  R"("usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})"));
  CHECK(seen.name == "text_completion openai/gpt-3.5");
  CHECK(seen.at("llm.prompts.0.prompt.text") == "once");
  CHECK(seen.at("llm.prompts.1.prompt.text") == "twice");
  CHECK(seen.at("llm.choices.0.completion.text") == " upon");
  CHECK(seen.at("llm.choices.1.completion.text") == " a time");
  CHECK(seen.at("llm.finish_reason") == "stop");
  CHECK(seen.at("llm.token_count.total") == "3");
  seen = record("/completions", request,
                stream("data: {\"choices\":[{\"index\":0,\"text\":\" up\"}]}\n\n"
                       "data: {\"choices\":[{\"index\":0,\"text\":\"on\",\"finish_reason\":"
                       "\"stop\"}]}\n\ndata: [DONE]\n\n"));
  CHECK(seen.status == span_status::ok);
  CHECK(seen.at("llm.choices.0.completion.text") == " upon");
  CHECK(seen.has("gen_ai.response.time_to_first_chunk"));
}

TEST_CASE("/responses appears as the messages that it is made of") {
  const std::string request =
      R"({"model":"openai/gpt-5","instructions":"Be brief.","input":[)"
      R"({"role":"user","content":[{"type":"input_text","text":"Tide?"},)"
      R"({"type":"input_image","image_url":"https://example.com/a.png"}]},)"
      R"({"type":"function_call","call_id":"c1","name":"tide","arguments":"{}"},)"
      R"({"type":"function_call_output","call_id":"c1","output":"low"}],)"
      R"("tools":[{"type":"function","name":"tide"}],"session_id":"s-1"})";
  const std::string response =
      R"({"id":"resp-1","object":"response","status":"completed","model":"openai/gpt-5","output":[)"
      R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Hm."}],)"
      R"("encrypted_content":"AAAA"},{"type":"message","role":"assistant","content":[)"
      R"({"type":"output_text","text":"It is low."}]},{"type":"function_call","call_id":"c2",)"
      R"("name":"ship","arguments":"{\"n\":1}"}],"usage":{"input_tokens":9,"output_tokens":5,)"
      R"("total_tokens":14,"input_tokens_details":{"cached_tokens":4},"output_tokens_details":)"
      R"({"reasoning_tokens":2},"cost":0.5,"cost_details":{"upstream_inference_input_cost":0.2,)"
      R"("upstream_inference_output_cost":0.3}}})";
  const auto check = [](const plain_span& seen) {
    CHECK(seen.status == span_status::ok);
    CHECK(seen.name == "chat openai/gpt-5");
    CHECK(seen.at("llm.input_messages.0.message.role") == "system");
    CHECK(seen.at("llm.input_messages.0.message.content") == "Be brief.");
    CHECK(seen.at("llm.input_messages.1.message.content") == "Tide?");
    CHECK(seen.at("llm.input_messages.1.message.contents.1.message_content.image.image.url") ==
          "https://example.com/a.png");
    CHECK(seen.at("llm.input_messages.2.message.tool_calls.0.tool_call.function.name") == "tide");
    CHECK(seen.at("llm.input_messages.3.message.role") == "tool");
    CHECK(seen.at("llm.input_messages.3.message.name") == "tide");
    CHECK(seen.at("llm.tools.0.tool.json_schema").find("tide") != std::string::npos);
    CHECK(seen.at("llm.invocation_parameters") == R"({"model":"openai/gpt-5"})");
    const std::string out = "llm.output_messages.0.message.";
    CHECK(seen.at(out + "content") == "It is low.");
    CHECK(seen.at(out + "contents.0.message_content.text") == "Hm.");
    CHECK(seen.at(out + "contents.1.message_content.encrypted_content") == "AAAA");
    CHECK(seen.at(out + "tool_calls.0.tool_call.id") == "c2");
    CHECK(seen.at("llm.finish_reason") == "completed");
    CHECK(seen.at("llm.token_count.prompt") == "9");
    CHECK(seen.at("llm.token_count.completion") == "5");
    CHECK(seen.at("llm.token_count.prompt_details.cache_read") == "4");
    CHECK(seen.at("llm.token_count.completion_details.reasoning") == "2");
    CHECK(seen.at("llm.cost.prompt") == "0.2");
    CHECK(seen.at("llm.cost.completion") == "0.3");
    CHECK(seen.at("session.id") == "s-1");
  };
  check(record("/responses", request, json(response)));
  check(record("/responses", request,
               stream(event("response.created",
                            R"({"type":"response.created","response":{"status":"in_progress"}})") +
                      event("response.output_text.delta",
                            R"({"type":"response.output_text.delta","delta":"It is "})") +
                      event("response.completed",
                            R"({"type":"response.completed","response":)" + response + "}"))));

  const plain_span cut =
      record("/responses", request,
             stream(event("x", R"({"type":"response.output_text.delta","delta":"It is "})") +
                    event("x", R"({"type":"response.output_text.delta","delta":"l"})")));
  CHECK(cut.status == span_status::error);
  CHECK(cut.at("error.type") == "stream_truncated");
  CHECK(cut.at("llm.output_messages.0.message.content") == "It is l");
}

TEST_CASE("/messages appears as chat, with Anthropic's counts made inclusive") {
  const std::string request =
      R"({"model":"anthropic/claude","system":[{"type":"text","text":"Be brief."}],"messages":[)"
      R"({"role":"user","content":"Tide?"},{"role":"assistant","content":[)"
      R"({"type":"thinking","thinking":"Hm.","signature":"c2ln"},{"type":"tool_use","id":"t1",)"
      R"("name":"tide","input":{"at":1}}]},{"role":"user","content":[{"type":"tool_result",)"
      R"("tool_use_id":"t1","content":"low"}]},{"role":"user","content":[{"type":"image","source":)"
      R"({"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}],)"
      R"("max_tokens":9,"metadata":{"user_id":"u-1"}})";
  const auto check = [](const plain_span& seen) {
    CHECK(seen.status == span_status::ok);
    CHECK(seen.at("llm.input_messages.0.message.content") == "Be brief.");
    CHECK(seen.at("llm.input_messages.1.message.content") == "Tide?");
    const std::string asked = "llm.input_messages.2.message.";
    CHECK(seen.at(asked + "contents.0.message_content.signature") == "c2ln");
    CHECK(seen.at(asked + "tool_calls.0.tool_call.function.arguments") == R"({"at":1})");
    CHECK(seen.at("llm.input_messages.3.message.role") == "tool");
    CHECK(seen.at("llm.input_messages.3.message.content") == "low");
    CHECK(seen.at("llm.input_messages.3.message.name") == "tide");
    CHECK(seen.at("llm.input_messages.4.message.contents.0.message_content.image.image.url")
              .find("[image/png, 8 bytes") == 0);
    CHECK(seen.at("llm.output_messages.0.message.content") == "It is low.");
    CHECK(seen.at("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments") ==
          R"({"n":2})");
    CHECK(seen.at("llm.finish_reason") == "tool_use");
    CHECK(seen.at("llm.token_count.prompt") == "10");
    CHECK(seen.at("llm.token_count.completion") == "4");
    CHECK(seen.at("llm.token_count.total") == "14");
    CHECK(seen.at("llm.token_count.prompt_details.cache_read") == "6");
    CHECK(seen.at("llm.token_count.prompt_details.cache_write") == "1");
    CHECK(seen.at("user.id") == "u-1");
    CHECK(seen.at("gen_ai.request.max_tokens") == "9");
  };
  check(record("/messages", request,
               json(R"({"id":"msg-1","model":"anthropic/claude","content":[{"type":"text","text":)"
                    R"("It is low."},{"type":"tool_use","id":"t2","name":"ship","input":{"n":2}}],)"
                    R"("stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4,)"
                    R"("cache_read_input_tokens":6,"cache_creation_input_tokens":1}})")));
  check(record(
      "/messages", request,
      stream(event("message_start",
                   R"({"type":"message_start","message":{"id":"msg-1","model":"anthropic/claude",)"
                   R"("usage":{"input_tokens":3,"output_tokens":1,"cache_read_input_tokens":6,)"
                   R"("cache_creation_input_tokens":1}}})") +
             event("content_block_start", R"({"type":"content_block_start","index":0,)"
                                          R"("content_block":{"type":"text","text":""}})") +
             event("content_block_delta", R"({"type":"content_block_delta","index":0,)"
                                          R"("delta":{"type":"text_delta","text":"It is "}})") +
             event("content_block_delta", R"({"type":"content_block_delta","index":0,)"
                                          R"("delta":{"type":"text_delta","text":"low."}})") +
             event("content_block_start",
                   R"({"type":"content_block_start","index":1,"content_block":)"
                   R"({"type":"tool_use","id":"t2","name":"ship","input":{}}})") +
             event("content_block_delta",
                   R"({"type":"content_block_delta","index":1,"delta":)"
                   R"({"type":"input_json_delta","partial_json":"{\"n\":2}"}})") +
             event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},)"
                                    R"("usage":{"output_tokens":4}})") +
             event("message_stop", R"({"type":"message_stop"})"))));
}

TEST_CASE("counts that no number can hold are the largest there is") {
  const std::string most = "9223372036854775807";
  const auto counted = [&](const std::string& usage) {
    return record("/messages", R"({"model":"m","messages":[{"role":"user","content":"?"}]})",
                  json(R"({"id":"m","type":"message","content":[],"usage":{)" + usage + "}}"));
  };
  const plain_span sum =
      counted("\"input_tokens\":" + most + R"(,"cache_read_input_tokens":1,"output_tokens":5)");
  CHECK(sum.at("llm.token_count.prompt") == most);
  CHECK(sum.at("llm.token_count.total") == most);
  const plain_span least = counted(
      R"("input_tokens":-9223372036854775808,"cache_creation_input_tokens":-1,"output_tokens":-1)");
  CHECK(least.at("llm.token_count.prompt") == "-9223372036854775808");
  CHECK(least.at("llm.token_count.total") == "-9223372036854775808");
}

TEST_CASE("streams of other endpoints tell when they first spoke, and how fast they did") {
  struct {
    const char* path;
    std::vector<std::string> silent;  // events that say nothing yet
    std::string first;
    std::string rest;
  } const cases[] = {
      {"/responses",
       {event("response.created", R"({"type":"response.created","response":{"model":"m"}})"),
        event("x", R"({"type":"response.output_text.delta","delta":""})")},
       event("x", R"({"type":"response.reasoning_summary_text.delta","delta":"Hm"})"),
       event("x", R"({"type":"response.completed","response":{"status":"completed","model":"m",)"
                  R"("output":[],"usage":{"input_tokens":2,"output_tokens":5}}})")},
      {"/messages",
       {event("message_start", R"({"type":"message_start","message":{"model":"m"}})"),
        event("content_block_start", R"({"type":"content_block_start","index":0,)"
                                     R"("content_block":{"type":"text","text":""}})"),
        "event: ping\ndata: {\"type\":\"ping\"}\n\n"},
       event("content_block_delta", R"({"type":"content_block_delta","index":0,)"
                                    R"("delta":{"type":"text_delta","text":"Lo"}})"),
       event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
                              R"("usage":{"input_tokens":2,"output_tokens":5}})") +
           event("message_stop", R"({"type":"message_stop"})")},
      {"/messages",
       {event("message_start", R"({"type":"message_start","message":{"model":"m"}})")},
       event("content_block_start", R"({"type":"content_block_start","index":0,)"
                                    R"("content_block":{"type":"tool_use","name":"tide"}})"),
       event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},)"
                              R"("usage":{"input_tokens":2,"output_tokens":5}})")},
      {"/completions",
       {"data: {\"choices\":[{\"index\":0,\"text\":\"\"}]}\n\n"},
       "data: {\"choices\":[{\"index\":0,\"text\":\"Lo\"}]}\n\n",
       "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":5}}\n\n"
       "data: [DONE]\n\n"},
  };
  for (const auto& each : cases) {
    INFO(each.path);
    frame_counter frames;
    recording how;
    how.frames = &frames;
    observed one(how);
    frames.set(1);
    {
      observation seen(one.where);
      REQUIRE(seen.begin_raw("POST", std::string(base) + each.path, {R"({"model":"m"})"}, {}));
      one.clock.pass(100'000'000);
      const http::header_view headers[] = {{"content-type", "text/event-stream; charset=utf-8"}};
      seen.head({200, headers, 1});
      for (const std::string& event : each.silent) seen.data(event);
      CHECK(seen.time_to_first_token_ms() == -1);
      one.clock.pass(150'000'000);
      frames.set(2);
      seen.data(each.first.substr(0, 9));
      seen.data(each.first.substr(9));
      CHECK(seen.time_to_first_token_ms() == 250);
      one.clock.pass(500'000'000);
      frames.set(3);
      seen.data(each.first);
      seen.data(each.rest);
      CHECK(seen.done({}).ok());
    }
    const plain_span seen = one.only();
    CHECK(seen.status == span_status::ok);
    CHECK(std::stod(seen.at("gen_ai.response.time_to_first_chunk")) == Approx(0.1));
    CHECK(std::stod(seen.at("openrouter.time_to_first_token")) == Approx(0.25));
    CHECK(std::stod(seen.at("openrouter.tokens_per_second")) == Approx(10));
    CHECK(std::stod(seen.at("openrouter.time_per_output_token")) == Approx(0.125));
    CHECK(seen.at("orcast.frame.first_token") == "2");
    CHECK(seen.at("orcast.frame.end") == "3");
    REQUIRE(seen.events.size() == 1);
    CHECK(seen.events[0].name == "First Token Stream Event");
    CHECK(seen.events[0].wall_ns == seen.start_wall_ns + 250'000'000);
  }
  const plain_span whole = record("/completions", R"({"model":"m","prompt":"Once"})",
                                  json(R"({"choices":[{"index":0,"text":" upon"}]})"));
  CHECK(whole.events.empty());
  CHECK_FALSE(whole.has("openrouter.time_to_first_token"));
}

TEST_CASE("a stream whose pieces go to a listener leaves the same span") {
  struct : byte_listener {
    void on_data(std::string_view bytes) noexcept override { all.append(bytes); }
    std::string all;
  } pieces;
  const std::string body =
      "data: {\"choices\":[{\"index\":0,\"text\":\" up\"}]}\n\n"
      "data: {\"choices\":[{\"index\":0,\"text\":\"on\",\"finish_reason\":\"stop\"}],"
      "\"usage\":{\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
  observed one;
  {
    observation seen(one.where);
    seen.listen(&pieces);
    seen.begin({"POST", "/completions", R"({"model":"m","prompt":"Once"})"},
               std::string(base) + "/completions");
    observed::finish(seen, stream(body));
    CHECK(seen.api_answer().body.empty());
  }
  CHECK(pieces.all == body);
  const plain_span seen = one.only();
  CHECK(seen.status == span_status::ok);
  CHECK(seen.at("llm.choices.0.completion.text") == " upon");
  CHECK(seen.at("llm.token_count.completion") == "2");
  CHECK(seen.events.size() == 1);
}

TEST_CASE("an error in the stream of another endpoint ends the span as one") {
  const plain_span seen =
      record("/messages", R"({"model":"m","messages":[{"role":"user","content":"?"}]})",
             stream(event("error", R"({"type":"error","error":{"type":"overloaded_error",)"
                                   R"("message":"try later"}})")));
  CHECK(seen.status == span_status::error);
  CHECK(seen.status_message.find("try later") != std::string::npos);
  CHECK_FALSE(seen.has("output.value"));
}

TEST_CASE("no endpoint's content appears in privacy mode") {
  recording how;
  how.privacy = true;
  how.vectors = true;
  const std::string asked =
      R"({"model":"m","input":["CANARY"],"query":"CANARY","documents":["CANARY"],"prompt":"CANARY",)"
      R"("instructions":"CANARY","system":"CANARY","messages":[{"role":"user","content":"CANARY"}],)"
      R"("tools":[{"name":"CANARY"}],"stop":"CANARY","stop_sequences":["CANARY"],"text":"CANARY"})";
  const std::string said =
      R"({"model":"m","data":[{"embedding":[1]}],"results":[{"index":0,"relevance_score":1,)"
      R"("document":{"text":"CANARY"}}],"choices":[{"text":"CANARY"}],"output":[{"type":"message",)"
      R"("role":"assistant","content":[{"type":"output_text","text":"CANARY"}]}],)"
      R"("content":[{"type":"text","text":"CANARY"}],"output_text":"CANARY"})";
  for (const char* path : {"/embeddings", "/rerank", "/completions", "/responses", "/messages"}) {
    const plain_span seen = record(path, asked, json(said), how);
    for (const auto& [key, value] : seen.attributes) {
      INFO(path << " " << key);
      CHECK(value.find("CANARY") == std::string::npos);
    }
    CHECK_FALSE(seen.has("input.value"));
    CHECK_FALSE(seen.has("output.value"));
    CHECK_FALSE(seen.has("embedding.embeddings.0.embedding.vector"));
    CHECK_FALSE(seen.has("reranker.output_documents.0.document.score"));
  }
}
