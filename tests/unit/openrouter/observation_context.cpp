// SPDX-License-Identifier: MIT

// Where a call's span belongs, and what it takes from the scopes around it.

#include "orcast/openrouter/observation.hpp"

#include "observation_support.hpp"

using namespace orcast;
using test::ask;
using test::exchange;
using test::observed;
using test::plain_span;
using test::reply_with;

namespace {

const exchange answer{200, "application/json", reply_with(R"({"content":"hi"})"), {}};

}  // namespace

TEST_CASE("a call takes from its scopes what neither it nor its context says") {
  const std::string_view outer_tags[] = {"game"};
  const std::string_view inner_tags[] = {"quest", "night"};
  scope_facts wide;
  wide.session_id = "s-scope";
  wide.user = "u-scope";
  wide.metadata = R"({"build":7,"quest":"outer"})";
  wide.tags = outer_tags;
  wide.tag_count = 1;
  wide.prompt_template = "Speak as {name}";
  wide.prompt_variables = R"({"name":"Mara"})";
  wide.prompt_version = "v2";
  scope_facts close;
  close.metadata = R"({"quest":"inner"})";
  close.tags = inner_tags;
  close.tag_count = 2;
  const scope outer(wide);
  const scope inner(close, &outer);

  observed with;
  call_context context;
  context.in = &inner;
  plain_span seen = with.record(ask("?"), answer, context);
  CHECK(seen.at("session.id") == "s-scope");
  CHECK(seen.at("user.id") == "u-scope");
  CHECK(seen.at("metadata") == R"({"quest":"inner","build":7})");
  CHECK(seen.at("tag.tags") == "[game,quest,night]");
  CHECK(seen.at("llm.prompt_template.template") == "Speak as {name}");
  CHECK(seen.at("llm.prompt_template.variables") == R"({"name":"Mara"})");
  CHECK(seen.at("llm.prompt_template.version") == "v2");

  context.session_id = "s-context";
  context.metadata = R"({"quest":"mine"})";
  context.tags = {"own"};
  chat_request request = ask("?");
  request.user = "u-request";
  seen = with.record(request, answer, context);
  CHECK(seen.at("session.id") == "s-context");
  CHECK(seen.at("user.id") == "u-request");
  CHECK(seen.at("metadata") == R"({"quest":"mine","build":7})");
  CHECK(seen.at("tag.tags") == "[game,quest,night,own]");
}

TEST_CASE("the scope of the thread holds where none is passed, until it is left") {
  observed with;
  {
    const bound_scope bound({"s-1"});
    CHECK(with.record(ask("?"), answer).at("session.id") == "s-1");
    const scope other({"s-2"});
    call_context context;
    context.in = &other;
    CHECK(with.record(ask("?"), answer, context).at("session.id") == "s-2");
  }
  CHECK_FALSE(with.record(ask("?"), answer).has("session.id"));
}

TEST_CASE("a scope that suppresses records nothing, and the reply is read all the same") {
  observed with;
  scope_facts nothing;
  nothing.suppress = true;
  const bound_scope quiet(nothing);
  const bound_scope inside({"s-1"});
  observation seen(with.where);
  seen.begin(ask("?"), "{}", test::chat_url);
  observed::finish(seen, answer);
  CHECK(seen.reply().text() == "hi");
  CHECK(test::drain(*with.traces).empty());
  CHECK(with.traces->stats().started == 0);
}

TEST_CASE("the parent is the request's, else the context's, else the scope's") {
  observed with;
  span outer = with.traces->start("outer");
  scope_facts facts;
  facts.parent = outer.context();
  const bound_scope bound(facts);
  CHECK(with.record(ask("?"), answer).parent == outer.context().span);

  span nearer = with.traces->start("nearer");
  call_context context;
  context.parent = nearer.context();
  CHECK(with.record(ask("?"), answer, context).parent == nearer.context().span);

  chat_request request = ask("?");
  request.trace.trace_id = "0af7651916cd43dd8448eb211c80319c";
  request.trace.parent_span_id = "b7ad6b7169203331";
  const plain_span seen = with.record(request, answer, context);
  CHECK(seen.parent == span_id_from("b7ad6b7169203331"));
  CHECK(seen.context.trace == trace_id_from("0af7651916cd43dd8448eb211c80319c"));
  outer.discard();
  nearer.discard();
}

TEST_CASE("times, rates and frames of a stream") {
  frame_counter frames;
  recording how;
  how.frames = &frames;
  observed with(how);
  {
    observation seen(with.where);
    frames.set(100);
    seen.begin(ask("?"), "{}", test::chat_url);
    with.clock.pass(400'000'000);
    frames.set(124);
    observed::feed(
        seen, {200,
               "text/event-stream",
               test::stream_of({R"({"id":"g","choices":[{"index":0,"delta":{"content":"A"}}]})"}),
               {}});
    with.clock.pass(2'000'000'000);
    frames.set(244);
    seen.data(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}"
        "],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":11}}\n\ndata: [DONE]\n\n");
    CHECK(seen.done({}).ok());
  }
  const plain_span seen = with.only();
  CHECK(std::stod(seen.at("openrouter.time_to_first_token")) == Approx(0.4));
  CHECK(std::stod(seen.at("gen_ai.response.time_to_first_chunk")) == Approx(0.4));
  CHECK(std::stod(seen.at("openrouter.tokens_per_second")) == Approx(5.5));
  CHECK(std::stod(seen.at("openrouter.time_per_output_token")) == Approx(0.2));
  CHECK(seen.at("orcast.frame.start") == "100");
  CHECK(seen.at("orcast.frame.first_token") == "124");
  CHECK(seen.at("orcast.frame.end") == "244");
  CHECK(seen.events.at(0).wall_ns - seen.start_wall_ns == 400'000'000);
}

TEST_CASE("an answer in one piece has a rate, but no first token; no frames, no attributes") {
  observed with;
  const plain_span seen = with.record(
      ask("?"), {200,
                 "application/json",
                 reply_with(R"({"content":"hi"})", R"(,"usage":{"completion_tokens":4})"),
                 {}});
  CHECK(std::stod(seen.at("openrouter.tokens_per_second")) == Approx(8));
  CHECK_FALSE(seen.has("openrouter.time_per_output_token"));
  CHECK_FALSE(seen.has("openrouter.time_to_first_token"));
  CHECK_FALSE(seen.has("orcast.frame.start"));
  CHECK_FALSE(seen.has("orcast.frame.end"));
}

TEST_CASE("the providers that were tried are events") {
  observed with;
  plain_span seen = with.record(
      ask("?"),
      {200,
       "application/json",
       reply_with(R"({"content":"hi"})",
                  R"(,"openrouter_metadata":{"strategy":"fallback","region":"eu","attempts":[)"
                  R"({"provider":"Azure","model":"openai/gpt-4o","status":503},)"
                  R"({"provider":"OpenAI","model":"openai/gpt-4o","status":200}]})"),
       {}});
  CHECK(seen.at("openrouter.region") == "eu");
  CHECK(seen.at("openrouter.strategy") == "fallback");
  REQUIRE(seen.events.size() == 2);
  CHECK(seen.events[0].name == "provider attempt");
  CHECK(seen.events[0].attributes.at("openrouter.provider") == "Azure");
  CHECK(seen.events[0].attributes.at("http.response.status_code") == "503");
  CHECK(seen.events[1].attributes.at("openrouter.attempt_model") == "openai/gpt-4o");

  seen = with.record(
      ask("?"), {502,
                 "application/json",
                 R"({"error":{"code":502,"message":"all failed","metadata":{"previous_errors":[)"
                 R"({"provider":"Azure","code":503,"message":"secret words"}]}}})",
                 {}});
  REQUIRE(seen.events.size() == 2);
  CHECK(seen.events[0].name == "provider attempt");
  CHECK(seen.events[0].attributes.at("http.response.status_code") == "503");
  CHECK(seen.events[1].name == "exception");
}

TEST_CASE("users appear under their pseudonym, in the body too") {
  recording how;
  how.users.key = "a key";
  observed with(how);
  chat_request request = ask("?");
  request.user = "CANARY-user";
  request.extra = R"({"metadata":{"user_id":"CANARY-user"}})";
  std::string expected;
  how.users.append("CANARY-user", expected);
  const plain_span seen = with.record(request, answer);
  CHECK(seen.at("user.id") == expected);
  CHECK(seen.at("input.value").find("\"user\":\"" + expected + "\"") != std::string::npos);
  for (const auto& [key, value] : seen.attributes) {
    INFO(key);
    CHECK(value.find("CANARY") == std::string::npos);
  }
}

TEST_CASE("joining the server's broadcast sends the span's ids along, and counts nothing twice") {
  recording how;
  how.server = server_broadcast::join;
  observed with(how);
  chat_request request = ask("?");
  request.trace.generation_name = "Ask the keeper";
  {
    observation seen(with.where);
    seen.join(request, test::chat_url);
    const auto trace = seen.context().trace.hex();
    const auto span = seen.context().span.hex();
    CHECK(request.trace.trace_id == std::string(trace.data(), trace.size()));
    CHECK(request.trace.parent_span_id == std::string(span.data(), span.size()));
    std::string body;
    REQUIRE(append_json(request, body).ok());
    seen.begin(request, body, test::chat_url);
    observed::finish(
        seen, {200,
               "application/json",
               reply_with(R"({"content":"hi"})", R"(,"usage":{"prompt_tokens":1,"cost":0.1})"),
               {}});
  }
  const plain_span seen = with.only();
  CHECK(seen.name == "Ask the keeper");
  CHECK_FALSE(seen.parent.valid());
  CHECK(seen.at("openinference.span.kind") == "CHAIN");
  CHECK(seen.at("orcast.server_broadcast") == "join");
  CHECK(seen.at("openrouter.generation_id") == "gen-1");
  for (const auto& [key, value] : seen.attributes) {
    INFO(key);
    CHECK(key.find("messages") == std::string::npos);
    CHECK(key.find("token_count") == std::string::npos);
    CHECK(key.find("cost") == std::string::npos);
    CHECK(key.find("usage") == std::string::npos);
  }

  observed apart;
  chat_request untouched = ask("?");
  observation other(apart.where);
  other.join(untouched, test::chat_url);
  CHECK(untouched.trace.trace_id.empty());
}

TEST_CASE("a host's filter sees what a call came to, and drops its span") {
  struct rule {
    static bool keeps(void* self, const ended_call& call) {
      auto& mine = *static_cast<rule*>(self);
      ++mine.asked;
      mine.model = call.model;
      mine.failed = call.why != nullptr ? call.why->code : errc::invalid_argument;
      mine.text = call.chat != nullptr ? std::string(call.chat->text()) : "-";
      mine.latency_ms = call.latency_ms;
      mine.attempts = call.attempts;
      return call.why != nullptr;  // failures alone
    }
    int asked = 0;
    std::string model;
    std::string text;
    errc failed{};
    double latency_ms = 0;
    std::int64_t attempts = 0;
  } rule;
  recording how;
  how.privacy = true;  // it sees what the span must not hold
  how.filter = {rule::keeps, &rule};
  test::observed one(how);
  {
    observation seen(one.where);
    seen.begin(test::ask("?"), "{}", test::chat_url);
    seen.retry(failure(errc::overloaded, "busy"), 10);
    one.clock.pass(500'000'000);
    test::observed::finish(
        seen, {200, "application/json", test::reply_with(R"({"content":"canary"})"), {}});
  }
  CHECK(rule.asked == 1);
  CHECK(rule.model == "openai/gpt-4o-mini");
  CHECK(rule.text == "canary");
  CHECK(rule.latency_ms == 500);
  CHECK(rule.attempts == 2);
  CHECK(one.traces->stats().dropped_by(drop_reason::filtered) == 1);
  CHECK(test::drain(*one.traces).empty());

  const test::plain_span kept =
      one.record(test::ask("?"), {0, "", "", failure(errc::connect, "refused")});
  CHECK(kept.status == span_status::error);
  CHECK(rule.failed == errc::connect);
  const test::plain_span other =
      one.record_raw("https://openrouter.ai/api/v1/embeddings", R"({"model":"m"})",
                     {500, "application/json", "{}", {}});
  CHECK(other.status == span_status::error);
  CHECK(rule.text == "-");
  CHECK(one.traces->stats().held() == 0);
}
