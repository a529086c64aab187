// SPDX-License-Identifier: MIT
#include "orcast/openrouter/work.hpp"

#include "support/catch.hpp"
#include "support/spans.hpp"

using namespace orcast;
using test::plain_span;

namespace {

struct desk {
  std::unique_ptr<tracer> traces = test::a_tracer();
  recording where;

  desk() { where.traces = traces.get(); }
  plain_span only() {
    auto spans = test::drain(*traces);
    REQUIRE(spans.size() == 1);
    return spans[0];
  }
};

found_document lighthouse() {
  found_document made;
  made.content = "The lighthouse was built in 1871.";
  made.id = "lore-7";
  made.score = 0.25;
  made.metadata = R"({"page":3})";
  return made;
}

}  // namespace

TEST_CASE("an agent's turn is a root with input and output") {
  desk with;
  with.where.companions = true;
  {
    work turn = work::agent(with.where, "npc turn", {{}, "s-1", "u-1", R"({"npc":"Mara"})"});
    turn.input("Is she in?").output("At the pier.");
  }
  const plain_span seen = with.only();
  CHECK(seen.name == "npc turn");
  CHECK(seen.kind == span_kind::internal);
  CHECK(seen.status == span_status::ok);
  CHECK(seen.at("openinference.span.kind") == "AGENT");
  CHECK(seen.at("agent.name") == "npc turn");
  CHECK(seen.at("gen_ai.operation.name") == "invoke_agent");
  CHECK(seen.at("input.value") == "Is she in?");
  CHECK(seen.at("input.mime_type") == "text/plain");
  CHECK(seen.at("output.value") == "At the pier.");
  CHECK(seen.at("session.id") == "s-1");
  CHECK(seen.at("user.id") == "u-1");
  CHECK(seen.at("metadata") == R"({"npc":"Mara"})");
}

TEST_CASE("a tool's run says what was called, and how the tool was described") {
  desk with;
  tool described;
  described.name = "tide";
  described.description = "The tide now";
  described.parameters = R"({"type":"object"})";
  work::tool(with.where, {"call_1", "tide", R"({"at":1})", ""}, {}, &described).output("low");
  const plain_span seen = with.only();
  CHECK(seen.name == "tide");
  CHECK(seen.at("openinference.span.kind") == "TOOL");
  CHECK(seen.at("tool.name") == "tide");
  CHECK(seen.at("tool.id") == "call_1");
  CHECK(seen.at("tool.description") == "The tide now");
  CHECK(seen.at("tool.parameters") == R"({"type":"object"})");
  CHECK(seen.at("tool.json_schema").find("\"function\"") != std::string::npos);
  CHECK(seen.at("input.value") == R"({"at":1})");
  CHECK(seen.at("input.mime_type") == "application/json");
  CHECK(seen.at("gen_ai.tool.call.id") == "call_1");
}

TEST_CASE("documents are counted in the order in which they are found") {
  desk with;
  found_document other;
  other.content = "It burnt down.";
  work::retriever(with.where, "lore", "lighthouse").document(lighthouse()).document(other);
  plain_span seen = with.only();
  CHECK(seen.at("openinference.span.kind") == "RETRIEVER");
  CHECK(seen.at("input.value") == "lighthouse");
  CHECK(seen.at("retrieval.documents.0.document.id") == "lore-7");
  CHECK(std::stod(seen.at("retrieval.documents.0.document.score")) == 0.25);
  CHECK(seen.at("retrieval.documents.0.document.metadata") == R"({"page":3})");
  CHECK(seen.at("retrieval.documents.1.document.content") == "It burnt down.");
  CHECK_FALSE(seen.has("retrieval.documents.1.document.score"));

  work::reranker(with.where, "cohere/rerank", "lighthouse", 1)
      .candidate(other)
      .candidate(lighthouse())
      .document(lighthouse());
  seen = with.only();
  CHECK(seen.at("openinference.span.kind") == "RERANKER");
  CHECK(seen.at("reranker.query") == "lighthouse");
  CHECK(seen.at("reranker.top_k") == "1");
  CHECK(seen.at("reranker.input_documents.1.document.id") == "lore-7");
  CHECK(seen.at("reranker.output_documents.0.document.content").find("1871") != std::string::npos);
}

TEST_CASE("embeddings keep their vectors only on request") {
  const float vector[] = {0.5F, -1.0F};
  desk with;
  work::embedding_model(with.where, "own/minilm").embedding("hello", vector, 2);
  plain_span seen = with.only();
  CHECK(seen.name == "CreateEmbeddings");
  CHECK(seen.at("embedding.model_name") == "own/minilm");
  CHECK(seen.at("embedding.embeddings.0.embedding.text") == "hello");
  CHECK_FALSE(seen.has("embedding.embeddings.0.embedding.vector"));
  with.where.vectors = true;
  work::embedding_model(with.where, "own/minilm").embedding("hello", vector, 2);
  seen = with.only();
  CHECK(seen.at("embedding.embeddings.0.embedding.vector") == "[0.500000,-1.000000]");
  with.where.hide.hide_embeddings_vectors = true;
  work::embedding_model(with.where, "own/minilm").embedding("hello", vector, 2);
  CHECK(with.only().at("embedding.embeddings.0.embedding.vector") == "__REDACTED__");
}

TEST_CASE("judgements about a span, its trace and its session are lists of their own") {
  desk with;
  feedback judged;
  judged.name = "in character";
  judged.score = 0.9;
  judged.label = "yes";
  judged.explanation = "She speaks of ships.";
  judged.annotator_kind = "LLM";
  judged.identifier = "critic-2";
  judged.metadata = R"({"model":"m"})";
  feedback nameless;
  nameless.score = 1;
  feedback empty;
  empty.name = "says nothing";
  work::evaluator(with.where, "critic")
      .rate(judged)
      .rate(nameless)
      .rate(empty)
      .rate(judged)
      .rate(judged, feedback_about::trace)
      .rate(judged, feedback_about::session);
  const plain_span seen = with.only();
  CHECK(seen.at("openinference.span.kind") == "EVALUATOR");
  CHECK(seen.at("evaluations.0.evaluation.name") == "in character");
  CHECK(std::stod(seen.at("evaluations.0.evaluation.score")) == 0.9);
  CHECK(seen.at("evaluations.0.evaluation.explanation") == "She speaks of ships.");
  CHECK(seen.at("evaluations.1.evaluation.annotator_kind") == "LLM");
  CHECK_FALSE(seen.has("evaluations.2.evaluation.name"));
  CHECK(seen.at("trace.evaluations.0.evaluation.label") == "yes");
  CHECK(seen.at("session.evaluations.0.evaluation.identifier") == "critic-2");
}

TEST_CASE(
    "prompts, chains and guardrails have their kinds; failure and leaving have their status") {
  desk with;
  work::prompt(with.where, "greeting", "shelf", "p-1", "https://example.com/p-1")
      .filled("Speak as {name}", R"({"name":"Mara"})", "v3");
  plain_span seen = with.only();
  CHECK(seen.at("openinference.span.kind") == "PROMPT");
  CHECK(seen.at("prompt.vendor") == "shelf");
  CHECK(seen.at("prompt.id") == "p-1");
  CHECK(seen.at("prompt.url") == "https://example.com/p-1");
  CHECK(seen.at("llm.prompt_template.version") == "v3");

  work::guardrail(with.where, "no spoilers").fail(failure(errc::invalid_argument, "names him"));
  seen = with.only();
  CHECK(seen.at("openinference.span.kind") == "GUARDRAIL");
  CHECK(seen.status == span_status::error);
  CHECK(seen.status_message.find("names him") != std::string::npos);
  CHECK(seen.events.at(0).attributes.at("exception.escaped") == "false");

  work::chain(with.where, "step").cancel();
  seen = with.only();
  CHECK(seen.at("openinference.span.kind") == "CHAIN");
  CHECK(seen.status == span_status::unset);
  CHECK(seen.at("openrouter.cancelled") == "true");
}

TEST_CASE("work takes parent, session and user from its scopes, and its frames from the host") {
  desk with;
  frame_counter frames;
  frames.set(7);
  with.where.frames = &frames;
  span outer = with.traces->start("outer");
  scope_facts facts;
  facts.session_id = "s-1";
  facts.user = "u-1";
  facts.metadata = R"({"a":1})";
  facts.parent = outer.context();
  {
    const bound_scope bound(facts);
    work step = work::chain(with.where, "step", {{}, {}, {}, R"({"a":2,"b":3})"});
    frames.set(9);
  }
  const plain_span seen = with.only();
  CHECK(seen.parent == outer.context().span);
  CHECK(seen.at("session.id") == "s-1");
  CHECK(seen.at("user.id") == "u-1");
  CHECK(seen.at("metadata") == R"({"a":2,"b":3})");
  CHECK(seen.at("orcast.frame.start") == "7");
  CHECK(seen.at("orcast.frame.end") == "9");
  outer.discard();

  facts.suppress = true;
  const bound_scope quiet(facts);
  work::chain(with.where, "nothing").input("x");
  CHECK(test::drain(*with.traces).empty());
}

TEST_CASE("a moved work goes on counting, and ends once") {
  desk with;
  work first = work::retriever(with.where, "lore", "q");
  first.document(lighthouse());
  work second = std::move(first);
  second.document(lighthouse());
  first.end();
  second.end();
  second.end();
  const plain_span seen = with.only();
  CHECK(seen.has("retrieval.documents.1.document.id"));
  work third = work::chain(with.where, "a");
  third = work::chain(with.where, "b");
  third.end();
  CHECK(test::drain(*with.traces).size() == 2);
}
