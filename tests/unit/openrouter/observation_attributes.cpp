// SPDX-License-Identifier: MIT

// docs/attributes.md against what calls and work really leave in their spans.

#include <fstream>
#include <set>

#include "orcast/openrouter/observation.hpp"
#include "orcast/openrouter/work.hpp"

#include "observation_support.hpp"

using namespace orcast;
using test::exchange;
using test::observed;
using test::plain_span;

namespace {

/// llm.tools.3.tool.json_schema becomes llm.tools.#.tool.json_schema.
std::string shape_of(const std::string& key) {
  std::string out;
  for (std::size_t i = 0; i < key.size();) {
    const std::size_t end = (std::min)(key.find('.', i), key.size());
    const std::string word = key.substr(i, end - i);
    const bool number = word.find_first_not_of("0123456789") == std::string::npos;
    out += number ? "#" : word;
    if (end < key.size()) out += '.';
    i = end + 1;
  }
  return out;
}

struct page {
  std::set<std::string> filled;   ///< by a call or a work span
  std::set<std::string> by_hand;  ///< or by the exporter, or on the resource
};

page read_page() {
  const std::string here = __FILE__;
  std::ifstream in(here.substr(0, here.rfind("tests/unit")) + "docs/attributes.md");
  page made;
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, 3, "| `") != 0) continue;
    const std::string key = line.substr(3, line.find('`', 3) - 3);
    const std::string meaning = line.substr(line.find('|', line.find('|', 2) + 1) + 2);
    const bool other = meaning.compare(0, 7, "By hand") == 0 ||
                       meaning.compare(0, 15, "On the resource") == 0 ||
                       meaning.compare(0, 12, "On each span") == 0 ||
                       meaning.compare(0, 21, "Keys whose value was ") == 0;
    (other ? made.by_hand : made.filled).insert(key);
  }
  return made;
}

class collector {
 public:
  collector() {
    frames_.set(3);
    recording how;
    how.frames = &frames_;
    how.vectors = true;
    how.hide.base64_image_max_length = 100;
    with_.where = how;
    with_.where.traces = with_.traces.get();
  }

  void call(const std::string& path, const std::string& body, const exchange& answer) {
    observation seen(with_.where);
    REQUIRE(seen.begin_raw("POST", "https://openrouter.ai/api/v1" + path, {body}, {}));
    if (answer.status == 0) seen.retry(failure(errc::connect, "no"), 10);
    seen.queued(5);
    with_.clock.pass(100'000'000);
    if (answer.status != 0) {
      const http::header_view headers[] = {{"content-type", answer.type},
                                           {"x-generation-id", "gen-1"},
                                           {"x-openrouter-cache-status", "MISS"}};
      seen.head({answer.status, headers, 3});
      seen.data(answer.body);
    }
    with_.clock.pass(100'000'000);
    static_cast<void>(seen.done(answer.outcome));
  }

  void take() {
    for (const plain_span& span : test::drain(*with_.traces)) {
      CHECK(span.dropped_attributes == 0);
      for (const auto& [key, value] : span.attributes) keys.insert(shape_of(key));
      for (const auto& event : span.events) {
        for (const auto& [key, value] : event.attributes) keys.insert(shape_of(key));
      }
    }
  }

  recording& where() { return with_.where; }

  std::set<std::string> keys;

 private:
  frame_counter frames_;
  observed with_;
};

void make_calls(collector& to) {
  const std::string_view tags[] = {"quest"};
  scope_facts facts;
  facts.tags = tags;
  facts.tag_count = 1;
  facts.prompt_template = "t";
  facts.prompt_variables = R"({"a":1})";
  facts.prompt_version = "1";
  const bound_scope bound(facts);
  const std::string details =
      R"("reasoning_details":[{"type":"reasoning.text","text":"t","signature":"s","id":"i"},)"
      R"({"type":"reasoning.encrypted","data":"d","format":"anthropic-claude-v1"},)"
      R"({"type":"reasoning.encrypted","data":"d","format":"openai-responses-v1"},)"
      R"({"type":"reasoning.encrypted","data":"d","id":"c1"}],"tool_calls":[{"id":"c1","type":)"
      R"("function","function":{"name":"f","arguments":"{}"}}])";
  const std::string body =
      R"({"model":"openai/a","messages":[{"role":"user","name":"n","content":[{"type":"text",)"
      R"("text":"t"},{"type":"image_url","image_url":{"url":"https://x/y"}},{"type":"input_audio",)"
      R"("input_audio":{"data":"UklGRg==","format":"wav"}}]},{"role":"assistant","content":"",)" +
      details +
      R"(,"function_call":{"name":"f","arguments":"{}"}},{"role":"tool","tool_call_id":"c1",)"
      R"("content":"r"}],"tools":[{"type":"function","function":{"name":"f"}}],"user":"u",)"
      R"("session_id":"s","trace":{"span_name":"x"},"stream":true,"n":2,"seed":1,"max_tokens":9,)"
      R"("temperature":1,"top_p":1,"top_k":1,"frequency_penalty":1,"presence_penalty":1,)"
      R"("stop":["e"],"response_format":{"type":"json_object"}})";
  to.call(
      "/chat/completions", body,
      {200,
       "application/json",
       R"({"id":"g","model":"openai/b","provider":"OpenAI","service_tier":"flex","choices":[)"
       R"({"index":0,"finish_reason":"tool_calls","native_finish_reason":"x","message":{"role":)"
       R"("assistant","content":"hi","images":[{"image_url":{"url":"https://x/z"}}],"audio":)"
       R"({"data":"UklGRg==","transcript":"t"},)" +
           details +
           R"(}}],"openrouter_metadata":{"region":"eu","strategy":"direct","attempts":[)"
           R"({"provider":"P","model":"m","status":200}]},"usage":{"prompt_tokens":1,)"
           R"("completion_tokens":2,"total_tokens":3,"cost":0.3,"is_byok":false,)"
           R"("prompt_tokens_details":{"cached_tokens":1,"cache_write_tokens":1,)"
           R"("audio_tokens":1,"video_tokens":1},"completion_tokens_details":)"
           R"({"reasoning_tokens":1,"audio_tokens":1,"image_tokens":1},"cost_details":)"
           R"({"upstream_inference_cost":0.3,"upstream_inference_prompt_cost":0.1,)"
           R"("upstream_inference_completions_cost":0.2}}})",
       {}});
  to.call("/chat/completions", body,
          {200,
           "text/event-stream",
           test::stream_of(
               {R"({"id":"g","choices":[{"index":0,"delta":{"content":"a"}}]})",
                R"({"id":"g","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":)"
                R"({"completion_tokens":5}})",
                "[DONE]"}),
           {}});
  to.call("/chat/completions", body,
          {429,
           "application/json",
           R"({"error":{"code":429,"message":"m","availability":{"retry_after":3}}})",
           {}});
  to.call("/chat/completions", body, {0, "", "", failure(errc::cancelled, "")});
  to.call("/completions", R"({"model":"openai/a","prompt":"p"})",
          {200, "application/json", R"({"choices":[{"text":"t"}]})", {}});
  to.call("/embeddings", R"({"model":"m","input":"t","encoding_format":"float"})",
          {200, "application/json", R"({"data":[{"embedding":[1,2]}]})", {}});
  to.call("/rerank", R"({"model":"m","query":"q","documents":["d"],"top_n":1})",
          {200,
           "application/json",
           R"({"results":[{"index":0,"relevance_score":1,"document":{"text":"d"}}],)"
           R"("usage":{"search_units":1}})",
           {}});
  to.where().server = server_broadcast::join;
  to.call("/chat/completions", body, {0, "", "", failure(errc::cancelled, "")});
  to.where().server = server_broadcast::none;
}

void do_work(collector& to) {
  work::agent(to.where(), "a", {{}, "s", "u"}).input("i").output("o");
  tool described;
  described.name = "f";
  described.description = "d";
  described.parameters = "{}";
  work::tool(to.where(), {"c", "f", "{}", ""}, {}, &described);
  found_document all;
  all.content = "c";
  all.id = "i";
  all.score = 1;
  all.metadata = "{}";
  work::retriever(to.where(), "r", "q").document(all);
  work::reranker(to.where(), "m", "q", 1).candidate(all).document(all);
  work::prompt(to.where(), "p", "v", "i", "u");
  feedback judged;
  judged.name = judged.label = judged.explanation = judged.annotator_kind = judged.identifier = "x";
  judged.score = 1;
  judged.metadata = "{}";
  work::evaluator(to.where(), "e")
      .rate(judged)
      .rate(judged, feedback_about::trace)
      .rate(judged, feedback_about::session);
}

}  // namespace

TEST_CASE("docs/attributes.md is what spans hold: no attribute more, none less") {
  collector seen;
  make_calls(seen);
  do_work(seen);
  seen.take();
  const page told = read_page();
  REQUIRE(told.filled.size() > 100);
  for (const std::string& key : seen.keys) {
    INFO("set, but not in docs/attributes.md, or there as by hand: " << key);
    CHECK(told.filled.count(key) == 1);
  }
  for (const std::string& key : told.filled) {
    INFO("in docs/attributes.md, but never set: " << key);
    CHECK(seen.keys.count(key) == 1);
  }
}
