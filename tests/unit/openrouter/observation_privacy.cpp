// SPDX-License-Identifier: MIT

// What privacy mode and the masks keep back never reaches the tracer's memory.

#include "orcast/openrouter/observation.hpp"
#include "orcast/openrouter/work.hpp"

#include "observation_support.hpp"

using namespace orcast;
using test::exchange;
using test::observed;
using test::plain_span;

namespace {

/// All memory that a tracer has, kept for a look into it.
struct watched_memory {
  test::fake_clock clock;
  std::vector<std::string_view> taken;

  orcast::host host() {
    orcast::host made = clock.host();
    made.self = this;
    made.steady_now = [](void* self) { return static_cast<watched_memory*>(self)->clock.steady; };
    made.wall_now = [](void* self) { return static_cast<watched_memory*>(self)->clock.wall; };
    made.allocate = [](void* self, std::size_t size, std::size_t alignment) {
      void* memory = ::operator new(size, std::align_val_t(alignment));
      static_cast<watched_memory*>(self)->taken.push_back({static_cast<char*>(memory), size});
      return memory;
    };
    made.release = [](void*, void* memory, std::size_t, std::size_t alignment) {
      ::operator delete(memory, std::align_val_t(alignment));
    };
    return made;
  }
  bool holds(std::string_view text) const {
    for (std::string_view memory : taken) {
      if (memory.find(text) != std::string_view::npos) return true;
    }
    return false;
  }
};

/// Every field of a request and a reply that can hold what somebody said.
const std::string full_request =
    R"({"model":"openai/gpt-4o","stream":false,"temperature":0.5,"messages":[)"
    R"({"role":"system","content":"CANARY system"},)"
    R"({"role":"user","name":"CANARY name","content":[{"type":"text","text":"CANARY part"},)"
    R"({"type":"image_url","image_url":{"url":"https://example.com/CANARY.png"}},)"
    R"({"type":"input_audio","input_audio":{"data":"CANARYCANARY","format":"wav"}},)"
    R"({"type":"file","file":{"filename":"CANARY.pdf","file_data":"https://x/CANARY"}}]},)"
    R"({"role":"assistant","content":null,"reasoning":"CANARY thought","reasoning_details":[)"
    R"({"type":"reasoning.text","text":"CANARY detail","signature":"CANARYsig"},)"
    R"({"type":"reasoning.encrypted","data":"CANARYdata"}],"tool_calls":[{"id":"c1","type":)"
    R"("function","function":{"name":"tide","arguments":"{\"at\":\"CANARY argument\"}"}}],)"
    R"("function_call":{"name":"CANARY_f","arguments":"CANARY"}},)"
    R"({"role":"tool","tool_call_id":"c1","content":"CANARY result"}],)"
    R"("tools":[{"type":"function","function":{"name":"tide","description":"CANARY described",)"
    R"("parameters":{"type":"object","properties":{"CANARY":{"type":"string"}}}}}],)"
    R"("stop":["CANARY stop"],"prediction":{"type":"content","content":"CANARY predicted"},)"
    R"("response_format":{"type":"json_schema","json_schema":{"name":"CANARY"}},)"
    R"("input":"CANARY input","instructions":"CANARY instructions","system":"CANARY system",)"
    R"("prompt":"CANARY prompt","metadata":{"note":"CANARY note"},"logit_bias":{"CANARY":1}})";

const std::string full_reply =
    R"({"id":"gen-1","model":"openai/gpt-4o","provider":"OpenAI","choices":[{"index":0,)"
    R"("finish_reason":"stop","logprobs":{"content":[{"token":"CANARY"}]},"message":{"role":)"
    R"("assistant","content":"CANARY answer","refusal":"CANARY refusal","reasoning":"CANARY why",)"
    R"("reasoning_details":[{"type":"reasoning.summary","summary":"CANARY summary"}],)"
    R"("tool_calls":[{"id":"c2","type":"function","function":{"name":"tide","arguments":)"
    R"("{\"at\":\"CANARY\"}"}}],"images":[{"type":"image_url","image_url":{"url":)"
    R"("https://example.com/CANARY.png"}}],"audio":{"data":"Q0FOQVJZ","transcript":"CANARY said"},)"
    R"("annotations":[{"type":"url_citation","url_citation":{"title":"CANARY"}}]}}],)"
    R"("usage":{"prompt_tokens":3,"completion_tokens":4,"cost":0.1}})";

const std::string moderated =
    R"({"error":{"code":403,"message":"flagged: CANARY words","metadata":{"reasons":["x"],)"
    R"("flagged_input":"CANARY flagged","raw":"CANARY raw"}}})";

const std::string streamed =
    test::stream_of({R"({"id":"g","choices":[{"index":0,"delta":{"reasoning":"CANARY thinks"}}]})",
                     R"({"id":"g","choices":[{"index":0,"delta":{"content":"CANARY streams"}}]})",
                     R"({"id":"g","error":{"code":502,"message":"CANARY broke"},"choices":[]})"});

const exchange answers[] = {
    {200, "application/json", full_reply, {}},
    {403, "application/json", moderated, {}},
    {200, "text/event-stream", streamed, {}},
    {0, "", "", failure(errc::connect, "CANARY in the transport's words")},
    {0, "", "", failure(errc::cancelled, "CANARY")},
};

const std::string endpoint_request =
    R"({"model":"m","stream":true,"input":["CANARY input"],"query":"CANARY query","documents":)"
    R"(["CANARY document",{"text":"CANARY object"}],"prompt":["CANARY prompt"],"suffix":)"
    R"("CANARY suffix","instructions":"CANARY instructions","system":[{"type":"text","text":)"
    R"("CANARY system"}],"messages":[{"role":"user","content":[{"type":"text","text":"CANARY"},)"
    R"({"type":"tool_result","tool_use_id":"t","content":"CANARY result"}]}],"tools":[{"name":)"
    R"("CANARY"}],"stop":"CANARY","stop_sequences":["CANARY stop"],"text":{"format":"CANARY"}})";

const std::string endpoint_reply =
    R"({"id":"g","model":"m","data":[{"embedding":[1]}],"results":[{"index":0,"relevance_score":1,)"
    R"("document":{"text":"CANARY ranked"}}],"choices":[{"text":"CANARY chosen"}],"output":[)"
    R"({"type":"reasoning","summary":[{"type":"summary_text","text":"CANARY summary"}]},)"
    R"({"type":"function_call","call_id":"c","name":"tide","arguments":"{\"at\":\"CANARY\"}"},)"
    R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":)"
    R"("CANARY spoken"}]}],"content":[{"type":"thinking","thinking":"CANARY thought"},)"
    R"({"type":"tool_use","id":"t","name":"tide","input":{"at":"CANARY"}},{"type":"text","text":)"
    R"("CANARY text"}],"output_text":"CANARY output"})";

const std::string endpoint_streams[] = {
    R"(data: {"type":"response.output_text.delta","delta":"CANARY piece"})"
    "\n\ndata: {\"type\":\"response.completed\",\"response\":" +
        endpoint_reply + "}\n\n",
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":)"
    R"("CANARY begun"}})"
    "\n\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"text":"CANARY piece"}})"
    "\n\n",
    R"(data: {"choices":[{"index":0,"text":"CANARY piece"}]})"
    "\n\n",
};

void call_endpoints(const recording& where) {
  const std::string base = "https://openrouter.ai/api/v1";
  for (const char* path : {"/embeddings", "/rerank", "/completions", "/responses", "/messages"}) {
    observation seen(where);
    REQUIRE(seen.begin_raw("POST", base + path, {endpoint_request}, {}));
    observed::finish(seen, {200, "application/json", endpoint_reply, {}});
  }
  for (const char* path : {"/completions", "/responses", "/messages"}) {
    for (const std::string& stream : endpoint_streams) {
      observation seen(where);
      REQUIRE(seen.begin_raw("POST", base + path, {endpoint_request}, {}));
      observed::finish(seen, {200, "text/event-stream", stream, {}});
    }
    observation seen(where);
    REQUIRE(seen.begin_raw("POST", base + path, {endpoint_request}, {}));
    observed::finish(seen, {403, "application/json", moderated, {}});
  }
}

void call_everything(const recording& where) {
  for (const exchange& answer : answers) {
    observation seen(where);
    REQUIRE(seen.begin_raw("POST", test::chat_url, {full_request}, {}));
    if (answer.status == 0) seen.retry(failure(errc::connect, "CANARY in a retry"), 5);
    observed::finish(seen, answer);
  }
  scope_facts facts;
  facts.prompt_template = "CANARY template";
  facts.prompt_variables = R"({"name":"CANARY"})";
  const bound_scope bound(facts);
  observation seen(where);
  seen.begin(test::ask("CANARY in an abandoned call"), "CANARY body", test::chat_url);
}

void work_everything(const recording& where) {
  work::agent(where, "turn").input("CANARY in").output("CANARY out");
  tool described;
  described.name = "tide";
  described.description = "CANARY described";
  described.parameters = R"({"type":"object","title":"CANARY"})";
  work run = work::tool(where, {"c1", "tide", R"({"at":"CANARY"})", ""}, {}, &described);
  run.output("CANARY result").fail(failure(errc::io, "CANARY words"));
  found_document document;
  document.content = "CANARY document";
  document.id = "CANARY id";
  document.score = 0.5;
  document.metadata = R"({"page":"CANARY"})";
  work::retriever(where, "lore", "CANARY query").document(document);
  work::reranker(where, "m", "CANARY query", 3).candidate(document).document(document);
  const float vector[] = {1, 2};
  work::embedding_model(where, "m").embedding("CANARY text", vector, 2);
  work::prompt(where, "greeting").filled("CANARY template", R"({"who":"CANARY"})", "v1");
  feedback judged;
  judged.name = "in character";
  judged.explanation = "CANARY because";
  work::evaluator(where, "critic").rate(judged);
}

}  // namespace

TEST_CASE("no word that anybody said reaches the memory: in privacy mode, nor with both masks") {
  recording hidden;
  SECTION("privacy mode") { hidden.privacy = true; }
  SECTION("hide_inputs and hide_outputs") {
    hidden.hide.hide_inputs = hidden.hide.hide_outputs = true;
    hidden.hide.hide_embeddings_text = hidden.hide.hide_llm_invocation_parameters = true;
  }
  SECTION("a function that refuses everything") {
    hidden.redact.function = [](void*, content, std::string_view, std::string&) { return false; };
  }
  watched_memory memory;
  tracer_options options;
  options.host = memory.host();
  auto traces = test::a_tracer(options);
  hidden.traces = traces.get();
  hidden.vectors = true;
  call_everything(hidden);
  call_endpoints(hidden);
  work_everything(hidden);
  REQUIRE_FALSE(memory.taken.empty());
  CHECK(memory.holds("openinference") == false);  // keys are pointers
  CHECK(memory.holds("openai/gpt-4o"));           // the look sees what is there
  CHECK_FALSE(memory.holds("CANARY"));
  CHECK(test::drain(*traces).size() == 13 + 5 + 12);
}

TEST_CASE("without either, all of it is recorded: the test above can fail") {
  watched_memory memory;
  tracer_options options;
  options.host = memory.host();
  auto traces = test::a_tracer(options);
  recording open;
  open.traces = traces.get();
  call_everything(open);
  call_endpoints(open);
  work_everything(open);
  for (const char* words :
       {"CANARY system",   "CANARY part",         "CANARY thought",
        "CANARY result",   "CANARY answer",       "CANARY refusal",
        "CANARY said",     "CANARY words",        "CANARY template",
        "CANARY document", "CANARY query",        "CANARY text",
        "CANARY because",  "CANARY input",        "CANARY object",
        "CANARY prompt",   "CANARY instructions", "CANARY ranked",
        "CANARY chosen",   "CANARY summary",      "CANARY spoken",
        "CANARY thought",  "CANARY piece",        "CANARY in the transport's words",
        "CANARY stop"}) {
    INFO(words);
    CHECK(memory.holds(words));
  }
  test::drain(*traces);
}

TEST_CASE("masks behave as OpenInference's, attribute by attribute") {
  const auto with = [](bool masks::*mask) {
    recording how;
    how.hide.*mask = true;
    observed one(how);
    return one.record_raw(test::chat_url, full_request, answers[0]);
  };
  const std::string in = "llm.input_messages.1.message.";
  const std::string out = "llm.output_messages.0.message.";

  plain_span seen = with(&masks::hide_inputs);
  CHECK(seen.at("input.value") == "__REDACTED__");
  CHECK_FALSE(seen.has("input.mime_type"));
  CHECK_FALSE(seen.has(in + "role"));
  CHECK_FALSE(seen.has("llm.tools.0.tool.json_schema"));
  CHECK(seen.at(out + "content") == "CANARY answer");
  CHECK(seen.has("llm.invocation_parameters"));

  seen = with(&masks::hide_outputs);
  CHECK(seen.at("output.value") == "__REDACTED__");
  CHECK_FALSE(seen.has("output.mime_type"));
  CHECK_FALSE(seen.has(out + "role"));
  CHECK(seen.at(in + "content") == "CANARY part");
  CHECK(seen.at("llm.finish_reason") == "stop");

  seen = with(&masks::hide_input_text);
  CHECK(seen.at(in + "content") == "__REDACTED__");
  CHECK(seen.at(in + "contents.0.message_content.text") == "__REDACTED__");
  CHECK(seen.at(in + "contents.0.message_content.type") == "text");
  CHECK(seen.at("llm.input_messages.2.message.tool_calls.0.tool_call.function.name") == "tide");
  CHECK(seen.at("input.value").find("CANARY part") != std::string::npos);  // by the conventions

  seen = with(&masks::hide_output_text);
  CHECK(seen.at(out + "content") == "__REDACTED__");
  CHECK(seen.has(out + "role"));

  seen = with(&masks::hide_input_images);
  CHECK_FALSE(seen.has(in + "contents.1.message_content.image.image.url"));
  CHECK(seen.at(in + "contents.1.message_content.type") == "image");
  CHECK(seen.at("input.value").find("CANARY.png") == std::string::npos);
  CHECK(seen.at("input.value").find(R"("image_url":{"url":"__REDACTED__"})") != std::string::npos);
  CHECK(seen.at(out + "contents.2.message_content.image.image.url").find("CANARY") !=
        std::string::npos);

  seen = with(&masks::hide_llm_invocation_parameters);
  CHECK_FALSE(seen.has("llm.invocation_parameters"));
  CHECK(seen.has("gen_ai.request.temperature"));

  seen = with(&masks::hide_llm_tools);
  CHECK_FALSE(seen.has("llm.tools.0.tool.json_schema"));
  CHECK(seen.has(in + "role"));
}

TEST_CASE("images within the data are kept up to the size that was asked for") {
  const std::string picture = "data:image/png;base64,iVBORw0KGgo=";
  chat_request request = test::ask("");
  message said;
  said.role = "user";
  said.parts = {
      part::json("image_url", R"({"type":"image_url","image_url":{"url":")" + picture + R"("}})")};
  request.messages = {said};
  const std::string key = "llm.input_messages.0.message.contents.0.message_content.image.image.url";
  recording how;
  how.hide.base64_image_max_length = picture.size();
  observed kept(how);
  CHECK(kept.record(request, answers[0]).at(key) == picture);
  how.hide.base64_image_max_length = picture.size() - 1;
  observed longer(how);
  const plain_span seen = longer.record(request, answers[0]);
  CHECK(seen.at(key) == "__REDACTED__");
  CHECK(seen.at("input.value").find("iVBOR") == std::string::npos);
}
