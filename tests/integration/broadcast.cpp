// SPDX-License-Identifier: MIT

// The whole path, over real sockets: a call to the OpenRouter stand-in becomes spans at the Arize
// stand-in, the same whichever way the call was made.

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"
#include "standins/arize.hpp"
#include "standins/openrouter.hpp"
#include "support/catch.hpp"

using namespace orcast;
using std::chrono::seconds;

namespace {

constexpr char router_key[] = "sk-or-v1-canary-0123456789abcdef";
constexpr char arize_key[] = "ak-canary-0123456789abcdef";

struct services {
  services()
      : router([] {
          standins::openrouter::options chosen;
          chosen.pace = standins::pace::none();
          chosen.keys = {router_key};
          return chosen;
        }()),
        arize([] {
          standins::arize::options chosen;
          chosen.api_key = arize_key;
          return chosen;
        }()) {}

  std::unique_ptr<broadcast> start_broadcast(bool own_thread = true) {
    broadcast_options options;
    options.settings.api_key = secret(arize_key);
    options.settings.space_key = standins::arize::space_id;
    options.settings.model_id = "harbour-night";
    options.settings.base_url = arize.origin();
    options.settings.service_name = "integration";
    options.own_thread = own_thread;
    auto made = broadcast::start(std::move(options),
                                 own_thread ? http::any_transport::make<httplib_transport>()
                                            : http::any_transport::make<curl_transport>());
    if (!made) FAIL(made.error().message);
    return std::move(*made);
  }

  client make_client(const recording& where, bool polled) {
    client_options options;
    options.api_key = secret(router_key);
    options.base_url = router.base_url();
    options.record = where;
    options.retry.max_attempts = 1;
    auto made =
        client::make(std::move(options), polled ? http::any_transport::make<curl_transport>()
                                                : http::any_transport::make<httplib_transport>());
    if (!made) FAIL(made.error().message);
    return std::move(*made);
  }

  standins::openrouter router;
  standins::arize arize;
};

chat_request ask() {
  chat_request made;
  made.model = "openai/gpt-4o-mini";
  made.messages = {message::system("You are Mara, who keeps the harbour."),
                   message::user("Is the ship Meridian in port?")};
  tool lookup;
  lookup.name = "look_up_ship";
  lookup.description = "Where a ship lies";
  lookup.parameters =
      R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})";
  made.tools = {lookup};
  made.temperature = 0.5;
  made.session_id = "night-1";
  made.user = "player-1";
  return made;
}

using attributes = std::map<std::string, std::string>;

std::string text_of(const standins::otlp::any_value& value) {
  using type = standins::otlp::any_value::type;
  switch (value.is) {
    case type::string:
      return value.text;
    case type::integer:
      return std::to_string(value.integer);
    case type::real:
      return std::to_string(value.real);
    case type::boolean:
      return value.boolean ? "true" : "false";
    case type::array: {
      std::string out;
      for (const auto& item : value.items) out += text_of(item) + ",";
      return out;
    }
    default:
      return "?";
  }
}

attributes attributes_of(const standins::otlp::span& span) {
  attributes out;
  for (const auto& entry : span.attributes) out[entry.key] = text_of(entry.value);
  return out;
}

/// Without what differs from call to call: times, and the ids that the stand-in makes up.
attributes comparable(const standins::otlp::span& span) {
  attributes out = attributes_of(span);
  for (const char* key : {"gen_ai.response.time_to_first_chunk", "openrouter.time_to_first_token",
                          "openrouter.time_per_output_token", "openrouter.tokens_per_second"}) {
    if (out.count(key) != 0) out[key] = "(a time)";
  }
  const auto replace = [&out](const std::string& what, const char* with) {
    for (auto& [key, value] : out) {
      for (std::size_t at = 0; !what.empty() && (at = value.find(what, at)) != std::string::npos;) {
        value.replace(at, what.size(), with);
      }
    }
  };
  const std::string generation = out["openrouter.generation_id"];
  const std::string call = out["llm.output_messages.0.message.tool_calls.0.tool_call.id"];
  replace(generation, "(generation)");
  replace(call, "(call)");
  std::string& answer = out["output.value"];
  const std::size_t created = answer.find("\"created\":");
  if (created != std::string::npos) {
    answer.erase(created, answer.find_first_not_of("0123456789", created + 10) - created);
  }
  return out;
}

/// A host's own code: collects a response and knows nothing of orcast's client.
struct collector final : http::response_sink {
  void head(const http::response_head& head) noexcept override { status = head.status; }
  http::flow data(std::string_view bytes) noexcept override {
    body.append(bytes);
    return http::flow::go;
  }
  void done(result<void> ended) noexcept override {
    outcome = std::move(ended);
    over = true;
  }
  int status = 0;
  std::string body;
  result<void> outcome;
  bool over = false;
};

http::request raw_request(const services& with, const std::string& body) {
  http::request made;
  made.url = with.router.base_url() + "/chat/completions";
  made.headers = {{"content-type", "application/json"},
                  {"authorization", std::string("Bearer ") + router_key, true}};
  made.body = {body};
  return made;
}

struct silent final : delta_listener {};

void expect_clean(const services& with) {
  for (const auto& broken : with.arize.violations()) {
    UNSCOPED_INFO(broken.path << ": " << broken.what);
  }
  CHECK(with.arize.violations().empty());
  for (const std::string& body : with.arize.bodies()) {
    CHECK(body.find("canary") == std::string::npos);
  }
}

}  // namespace

TEST_CASE("every way of calling gives the same span at Arize") {
  for (const bool stream : {false, true}) {
    INFO((stream ? "streamed" : "blocking"));
    services with;
    auto traces = with.start_broadcast();
    const recording where = traces->recording();
    chat_request request = ask();
    request.stream = stream;
    std::string body;
    REQUIRE(append_json(request, body).ok());

    {  // 1. the typed client, on a blocking and on a polled transport
      for (const bool polled : {false, true}) {
        client talk = with.make_client(where, polled);
        silent nobody;
        auto reply = stream ? talk.chat_stream(ask(), nobody) : talk.chat(ask());
        if (!reply) FAIL(reply.error().message);
        CHECK(reply->tool_calls().size() == 1);
      }
    }
    {  // 2. somebody's own code over an instrumented transport, of both tiers
      httplib_transport blocking;
      auto recorded = instrument(blocking, where);
      collector sink;
      http::exchange_control control;
      recorded.perform(raw_request(with, body), sink, control);
      CHECK(sink.status == 200);

      curl_transport multi;
      auto polled = instrument(multi, where);
      collector second;
      const http::request what = raw_request(with, body);
      polled.start(what, second);
      while (!second.over) polled.poll(50);
      CHECK(second.status == 200);
    }
    {  // 3. an observation fed by hand
      httplib_transport plain;
      collector sink;
      http::exchange_control control;
      const http::request what = raw_request(with, body);
      observation seen(where);
      REQUIRE(seen.begin_raw(what.method, what.url, what.body, what.headers));
      plain.perform(what, sink, control);
      const http::header_view type[] = {
          {"content-type", stream ? "text/event-stream" : "application/json"}};
      seen.head({sink.status, type, 1});
      seen.data(sink.body);
      CHECK(seen.done(sink.outcome).ok());
    }
    REQUIRE(traces->flush(10'000));
    const auto spans = with.arize.spans();
    REQUIRE(spans.size() == 5);
    const attributes first = comparable(spans[0].span);
    for (const auto& each : spans) {
      const attributes other = comparable(each.span);
      for (const auto& [key, value] : first) {
        INFO(key);
        REQUIRE(other.count(key) == 1);
        CHECK(other.at(key) == value);
      }
      CHECK(other.size() == first.size());
      CHECK(each.span.name == "chat openai/gpt-4o-mini");
      CHECK(each.span.kind == 3);
      CHECK(each.span.status.code == 1);
      CHECK(each.span.events.size() == (stream ? 1u : 0u));
    }
    CHECK(first.at("openinference.span.kind") == "LLM");
    CHECK(first.at("llm.finish_reason") == "tool_calls");
    CHECK(first.at("session.id") == "night-1");
    CHECK(first.at("arize.project.name") == "harbour-night");
    CHECK(first.count("llm.cost.total") == 1);
    CHECK(first.count("llm.input_messages.1.message.content") == 1);
    CHECK(first.count("llm.output_messages.0.message.tool_calls.0.tool_call.function.name") == 1);
    const auto& resource = spans[0].resource;
    CHECK(resource.text("service.name") == "integration");
    CHECK(resource.text("openinference.project.name") == "harbour-night");
    CHECK(resource.text("model_id") == "harbour-night");
    expect_clean(with);
    const trace_stats now = traces->stats();
    CHECK(now.started == 5);
    CHECK(now.exported == 5);
    CHECK(now.held() == 0);
  }
}

TEST_CASE("every failure ends its span with what happened, and nothing is lost") {
  struct expected {
    const char* fault;
    errc code;
    int status;
  };
  const expected cases[] = {
      {"error=401", errc::authentication, 401},       {"error=402", errc::payment_required, 402},
      {"error=429", errc::rate_limited, 429},         {"error=500", errc::server, 500},
      {"error=200", errc::provider_unavailable, 200}, {"malformed", errc::malformed_response, 200}};
  services with;
  auto traces = with.start_broadcast();
  std::size_t calls = 0;
  for (const expected& each : cases) {
    INFO(each.fault);
    for (const bool polled : {false, true}) {
      client talk = with.make_client(traces->recording(), polled);
      with.router.enqueue(standins::fault::parse(each.fault));
      const auto reply = talk.chat(ask());
      ++calls;
      REQUIRE_FALSE(reply.ok());
      CHECK(reply.error().code == each.code);
      CHECK(reply.error().http_status == each.status);
      CHECK_FALSE(reply.error().message.empty());
      CHECK(reply.error().message.find('\n') == std::string::npos);
      CHECK(reply.error().message.find("canary") == std::string::npos);
    }
  }
  // In the middle of a stream.
  const std::pair<const char*, errc> streams[] = {{"stream-error", errc::provider_unavailable},
                                                  {"cut=finish", errc::disconnected},
                                                  {"end=finish", errc::stream_truncated}};
  for (const auto& [text, code] : streams) {
    INFO(text);
    for (const bool polled : {false, true}) {
      client talk = with.make_client(traces->recording(), polled);
      with.router.enqueue(standins::fault::parse(text));
      silent nobody;
      const auto reply = talk.chat_stream(ask(), nobody);
      ++calls;
      REQUIRE_FALSE(reply.ok());
      CHECK(reply.error().code == code);
    }
  }
  {  // nobody listens
    client_options options;
    options.api_key = secret(router_key);
    options.base_url = "http://127.0.0.1:1/api/v1";
    options.record = traces->recording();
    options.retry.max_attempts = 1;
    auto talk = client::make(std::move(options), http::any_transport::make<httplib_transport>());
    REQUIRE(talk.ok());
    const auto reply = talk->chat(ask());
    ++calls;
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().code == errc::connect);
  }
  REQUIRE(traces->flush(10'000));
  const auto spans = with.arize.spans();
  REQUIRE(spans.size() == calls);
  for (const auto& each : spans) {
    CHECK(each.span.status.code == 2);
    CHECK_FALSE(each.span.status.message.empty());
    REQUIRE_FALSE(each.span.events.empty());
    CHECK(each.span.events.back().name == "exception");
    CHECK(each.span.attributes.find("error.type") != nullptr);
  }
  expect_clean(with);
}

TEST_CASE("without a thread of its own, the host pumps") {
  services with;
  auto traces = with.start_broadcast(false);
  client talk = with.make_client(traces->recording(), true);
  call running = talk.start(ask());
  while (talk.in_flight() != 0) {
    talk.tick(0);
    traces->pump();
  }
  CHECK(running.outcome().ok());
  REQUIRE(traces->flush(10'000));
  CHECK(with.arize.spans().size() == 1);
  expect_clean(with);
}

TEST_CASE("a wrong key is held and told once, and nothing is dropped before the end") {
  services with;
  broadcast_options options;
  options.settings.api_key = secret("ak-wrong");
  options.settings.space_key = standins::arize::space_id;
  options.settings.model_id = "harbour-night";
  options.settings.base_url = with.arize.origin();
  auto made = broadcast::start(std::move(options), http::any_transport::make<httplib_transport>());
  REQUIRE(made.ok());
  broadcast& traces = **made;
  traces.traces()->start("one").end();
  CHECK_FALSE(traces.flush(5'000));
  CHECK(traces.status().held);
  CHECK(traces.status().last_error.find("ak-wrong") == std::string::npos);
  CHECK_FALSE(traces.status().last_error.empty());
  CHECK(traces.stats().held() == 1);
  CHECK(with.arize.spans().empty());
  CHECK_FALSE(traces.shutdown(100));
  CHECK(traces.stats().dropped_by(drop_reason::shut_down) == 1);
  CHECK(traces.stats().held() == 0);
}

TEST_CASE(
    "what was recorded under consent that was withdrawn never arrives, what comes later does") {
  services with;
  for (const bool own_thread : {true, false}) {
    auto traces = with.start_broadcast(own_thread);
    client talk = with.make_client(traces->recording(), true);
    const auto run = [&](call& running) {
      while (running.state() != call_state::done) talk.tick(0);
      CHECK(running.outcome().ok());
      CHECK_FALSE(running.text().empty());
    };
    standins::scripted_reply told;
    told.text = "canary-before";
    with.router.enqueue(told);
    call before = talk.start(ask());
    run(before);  // its span has ended and waits
    told.text = "canary-under-way";
    with.router.enqueue(told);
    call under_way = talk.start(ask());
    work turn = work::agent(traces->recording(), "canary-open");
    CHECK(traces->stats().held() == 3);

    traces->consent(false);
    CHECK_FALSE(traces->has_consent());
    told.text = "canary-without";
    with.router.enqueue(told);
    call without = talk.start(ask());
    traces->consent(true);
    run(under_way);
    run(without);
    turn.output("canary-output");
    turn.end();
    told.text = "words-after";
    with.router.enqueue(told);
    call after = talk.start(ask());
    run(after);
    REQUIRE(traces->flush(10'000));

    const trace_stats stats = traces->stats();
    CHECK(stats.started == 4);
    CHECK(stats.dropped_by(drop_reason::withdrawn) == 3);
    CHECK(stats.exported == 1);
    CHECK(stats.held() == 0);
    std::string arrived;
    for (const std::string& body : with.arize.bodies()) arrived += body;
    CHECK(arrived.find("canary-") == std::string::npos);
    CHECK(arrived.find("words-after") != std::string::npos);
    CHECK(with.arize.spans().size() == (own_thread ? 1u : 2u));
  }
  expect_clean(with);
}

TEST_CASE("a host's client works as ever without consent, and nothing is recorded of it") {
  services with;
  broadcast_options options;
  options.settings.api_key = secret(arize_key);
  options.settings.space_key = standins::arize::space_id;
  options.settings.model_id = "harbour-night";
  options.settings.base_url = with.arize.origin();
  options.consent = false;
  auto traces =
      broadcast::start(std::move(options), http::any_transport::make<httplib_transport>());
  REQUIRE(traces.ok());
  httplib_transport bare;
  auto recorded = instrument(bare, (*traces)->recording());
  std::string body;
  REQUIRE(append_json(ask(), body).ok());
  const auto post = [&] {
    collector sink;
    http::exchange_control control;
    recorded.perform(raw_request(with, body), sink, control);
    CHECK(sink.status == 200);
    CHECK(sink.body.find("choices") != std::string::npos);
  };
  post();
  CHECK((*traces)->stats().started == 0);
  (*traces)->consent(true);
  post();
  CHECK((*traces)->flush(5'000));
  CHECK((*traces)->stats().started == 1);
  CHECK(with.arize.spans().size() == 1);
}

TEST_CASE("a cancelled call arrives with what it cost, which is learned afterwards") {
  services with;
  auto traces = with.start_broadcast();
  client_options options;
  options.api_key = secret(router_key);
  options.base_url = with.router.base_url();
  options.record = traces->recording();
  options.usage_lookup_ms = 20'000;
  auto made = client::make(std::move(options), http::any_transport::make<curl_transport>());
  REQUIRE(made.ok());
  client& talk = *made;
  standins::scripted_reply told;
  told.text = "She lies here.";
  with.router.enqueue(std::move(told));
  with.router.enqueue(standins::fault::parse("stall=finish"));
  with.router.let_generations_be_late(1);
  call running = talk.start(ask());
  while (running.text().empty()) talk.tick(0);
  running.cancel();
  talk.tick(0);
  CHECK(running.state() == call_state::done);
  CHECK(traces->stats().held() == 1);
  while (with.arize.spans().empty()) {
    talk.tick(0);
    traces->flush(20);
  }
  const auto spans = with.arize.spans();
  REQUIRE(spans.size() == 1);
  const attributes seen = attributes_of(spans[0].span);
  CHECK(seen.at("openrouter.cancelled") == "true");
  CHECK(seen.count("llm.cost.total") == 1);
  CHECK(std::stoi(seen.at("llm.token_count.completion")) > 0);
  CHECK(seen.at("openrouter.generation_id") == running.reply()->id);
  CHECK(with.arize.violations().empty());
}

TEST_CASE("a disabled broadcast records nothing and needs nothing") {
  broadcast_options options;
  options.settings.enabled = false;
  auto made = broadcast::start(std::move(options), http::any_transport());
  REQUIRE(made.ok());
  CHECK((*made)->recording().traces == nullptr);
  CHECK((*made)->flush(1));
  CHECK((*made)->shutdown(1));
  CHECK((*made)->stats().started == 0);
}
