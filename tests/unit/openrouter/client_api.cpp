// SPDX-License-Identifier: MIT

#include <string>
#include <utility>
#include <vector>

#include "orcast/openrouter/client.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

// Calls to any endpoint.

namespace {

using orcast::api_call;
using orcast::api_reply;
using orcast::api_request;
using orcast::call_context;
using orcast::client;
using orcast::errc;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using orcast::http::header;

fake_reply json(const std::string& body, std::vector<header> headers = {}) {
  headers.push_back({"Content-Type", "application/json", false});
  return fake_reply::whole(200, body, std::move(headers));
}

struct note_taker final : orcast::api_handler {
  void on_data(std::string_view bytes) noexcept override { log += "+" + std::string(bytes) + " "; }
  void on_done(orcast::result<void> outcome, api_reply& reply) noexcept override {
    log += "done(" + (outcome ? std::string("ok") : std::string(to_string(outcome.error().code))) +
           "):" + reply.body;
    ++ends;
  }
  std::string log;
  int ends = 0;
};

TEST_CASE("any endpoint can be called, on every tier") {
  test::bench bench;
  const auto talk = [&](auto& net) {
    net.otherwise(json(R"({"data":[]})", {{"X-Generation-Id", "gen-7", false},
                                          {"X-OpenRouter-Cache-Status", "HIT", false}}));
    client made = bench.client(net);
    const auto reply = made.call({"GET", "/models?category=roleplay"});
    REQUIRE(reply.ok());
    CHECK(reply->status == 200);
    CHECK(reply->body == R"({"data":[]})");
    CHECK(reply->content_type == "application/json");
    CHECK(reply->generation_id == "gen-7");
    CHECK(reply->cache_status == "HIT");
    REQUIRE(made.call({"POST", "/rerank", R"({"query":"key"})"}).ok());

    note_taker heard;
    api_call going = made.start(api_request("GET", "/providers"), &heard);
    api_call polled = made.start(api_request("GET", "/providers"));
    CHECK(polled.reply() == nullptr);
    while (made.in_flight() != 0) made.tick(0);
    CHECK(heard.log == R"(done(ok):{"data":[]})");
    CHECK(polled.outcome().ok());
    CHECK(polled.reply()->body == R"({"data":[]})");
    CHECK(polled.attempts() == 1);

    const auto sent = net.requests();
    REQUIRE(sent.size() == 4);
    CHECK(sent[0].method == "GET");
    CHECK(sent[0].url == "https://openrouter.ai/api/v1/models?category=roleplay");
    CHECK(sent[0].body.empty());
    CHECK(sent[0].find("Content-Type").empty());
    CHECK(sent[0].find("Authorization") == std::string("Bearer ") + test::api_key);
    CHECK(sent[1].method == "POST");
    CHECK(sent[1].body == R"({"query":"key"})");
    CHECK(sent[1].find("Content-Type") == "application/json");
    CHECK(net.violations().empty());
    const auto spans = bench.spans();
    REQUIRE(spans.size() == 1);  // what says nothing of a model has none
    CHECK(spans[0].at("openinference.span.kind") == "RERANKER");
  };
  SECTION("polled") {
    fake_transport net;
    talk(net);
  }
  SECTION("blocking") {
    fake_blocking_transport net;
    talk(net);
  }
  SECTION("asynchronous") {
    fake_async_transport net;
    const test::network_thread network(net);
    talk(net);
  }
}

TEST_CASE("a body can be had in pieces, and is then kept nowhere") {
  test::bench bench;
  const auto talk = [&](auto& net) {
    fake_reply song;
    song.head(200, {{"Content-Type", "audio/mpeg", false}}).data("do").next_poll().data("re");
    net.otherwise(song);
    client made = bench.client(net);
    note_taker waiting;
    const auto reply = made.call_stream({"POST", "/audio/speech", "{}"}, waiting);
    REQUIRE(reply.ok());
    CHECK((waiting.log == "+do +re " || waiting.log == "+dore "));
    CHECK(reply->body.empty());
    CHECK(reply->content_type == "audio/mpeg");

    note_taker heard;
    api_request request("POST", "/audio/speech", "{}");
    request.stream = true;
    request.accept = "audio/mpeg";
    api_call going = made.start(request, &heard);
    while (made.in_flight() != 0) made.tick(0);
    CHECK((heard.log == "+do +re done(ok):" || heard.log == "+dore done(ok):"));
    CHECK(net.requests()[1].find("Accept") == "audio/mpeg");

    note_taker at_once;
    call_context context;
    context.on_arrival = true;
    api_call more = made.start(request, &at_once, context);
    while (made.in_flight() != 0) made.tick(0);
    CHECK(at_once.log == "+do +re done(ok):");
  };
  SECTION("polled") {
    fake_transport net;
    talk(net);
  }
  SECTION("blocking") {
    fake_blocking_transport net;
    talk(net);
  }
  SECTION("asynchronous") {
    fake_async_transport net;
    const test::network_thread network(net);
    talk(net);
  }
}

TEST_CASE("an endpoint's error is a failure with its words, also when it calls itself a success") {
  test::bench bench;
  fake_transport net;
  client made = bench.client(net);
  struct expectation {
    fake_reply reply;
    errc code;
    const char* words;
  };
  const std::string error = R"({"error":{"code":403,"message":"Only management keys"}})";
  for (const expectation& each :
       {expectation{test::refusal(403, "Only management keys"), errc::permission_denied,
                    "Only management keys"},
        expectation{json(error), errc::permission_denied, "Only management keys"},
        expectation{fake_reply::whole(302, ""), errc::malformed_response, "HTTP 302"},
        expectation{fake_reply::whole(404, "<html><title>No</title>"), errc::not_found,
                    "HTTP 404: No"},
        expectation{fake_reply().fail(errc::tls, "bad certificate"), errc::tls,
                    "bad certificate"}}) {
    net.reply(each.reply);
    api_request request("GET", "/credits");
    const auto reply = made.call(request);
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().code == each.code);
    CHECK(reply.error().message == each.words);
  }
  SECTION("and no byte of it goes to a listener") {
    net.reply(test::refusal(403, "Only management keys"));
    note_taker pieces;
    const auto reply = made.call_stream({"GET", "/videos/1/content"}, pieces);
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().message == "Only management keys");
    CHECK(pieces.log.empty());
  }
}

TEST_CASE("a body over its limit is a failure") {
  test::bench bench;
  fake_transport net;
  net.otherwise(json(std::string(3000, 'x')));
  orcast::client_options options = bench.options();
  options.reply.body_bytes = 2000;
  client made = bench.client(net, std::move(options));
  const auto reply = made.call({"GET", "/models"});
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::too_large);
}

TEST_CASE("a request that can't be sent is refused with a sentence, before anything is sent") {
  test::bench bench;
  fake_transport net;
  client made = bench.client(net);
  const auto refused = [&](api_request request, const call_context& context = {}) {
    const auto reply = made.call(std::move(request), context);
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().code == errc::invalid_argument);
    return reply.error().message;
  };
  CHECK(refused({"GET", ".evil.example/x"}) == "api_request.path does not begin with \"/\"");
  CHECK(refused({"GET", ""}) == "api_request.path does not begin with \"/\"");
  CHECK(refused({"GET", "/models\r\nX: 1"}) ==
        "api_request: the URL contains a character that is not allowed");
  CHECK(refused({"G T", "/models"}) == "api_request: the method is not an HTTP token");
  call_context context;
  context.headers = {{"Authorization", "Bearer other", true}};
  CHECK(refused({"GET", "/models"}, context) ==
        "call_context.headers: Authorization is made of the client's key");
  context.headers = {{"Content-Length", "3", false}};
  CHECK(refused({"GET", "/models"}, context) ==
        "call_context.headers: Content-Length belongs to the transport");
  context.headers = {{"X-A", "1\n2", false}};
  CHECK(refused({"GET", "/models"}, context) ==
        "the value of header X-A contains a control character");
  context.headers.clear();
  context.session_id = "a\nb";
  CHECK(refused({"GET", "/models"}, context) ==
        "the value of header x-session-id contains a control character");
  CHECK(net.requests().empty());
}

TEST_CASE("what is not a GET is not sent twice when it was sent and not answered") {
  test::bench bench;
  fake_transport net;
  orcast::client_options options = bench.options();
  options.retry.initial_ms = 0;
  client made = bench.client(net, std::move(options));
  const auto attempts = [&](api_request request, fake_reply reply) {
    const std::size_t before = net.requests().size();
    net.otherwise(std::move(reply));
    CHECK_FALSE(made.call(std::move(request)).ok());
    return net.requests().size() - before;
  };
  const fake_reply silent = fake_reply().fail(errc::timeout_first_byte, "no answer");
  CHECK(attempts({"GET", "/models"}, silent) == 3);
  CHECK(attempts({"POST", "/keys", "{}"}, silent) == 1);
  CHECK(attempts({"DELETE", "/keys/1"}, test::refusal(504, "gateway")) == 1);
  CHECK(attempts({"POST", "/keys", "{}"}, fake_reply().fail(errc::connect, "refused")) == 3);
  CHECK(attempts({"POST", "/keys", "{}"}, test::refusal(429, "slow down")) == 3);
  CHECK(attempts({"GET", "/models"}, test::refusal(404, "gone")) == 1);
  api_request patient("GET", "/generation?id=gen-1");
  patient.retry.emplace();
  patient.retry->on_404 = true;
  patient.retry->initial_ms = 0;
  patient.retry->max_attempts = 5;
  CHECK(attempts(patient, test::refusal(404, "not yet")) == 5);
  CHECK(attempts(patient, test::refusal(403, "no")) == 1);
  SECTION("nor what has begun to arrive") {
    fake_reply cut;
    cut.head(200).data("{\"data\":").fail(errc::disconnected, "cut");
    CHECK(attempts({"GET", "/models"}, cut) == 1);
  }
}

TEST_CASE("headers of the client and of the call go out, the call's instead of the client's") {
  test::bench bench;
  fake_transport net;
  net.otherwise(json("{}"));
  orcast::client_options options = bench.options();
  options.app_categories = {"game", "roleplay"};
  options.headers = {{"X-Build", "17", false}, {"X-Level", "harbour", false}};
  options.cache = orcast::response_cache{true, 600, false};
  client made = bench.client(net, std::move(options));
  call_context context;
  context.session_id = "night-3";
  context.headers = {{"x-level", "castle", false}};
  context.cache = orcast::response_cache{false, 0, true};
  REQUIRE(made.call({"GET", "/key"}).ok());
  REQUIRE(made.call({"GET", "/key"}, context).ok());
  const auto sent = net.requests();
  CHECK(sent[0].find("X-OpenRouter-Categories") == "game,roleplay");
  CHECK(sent[0].find("X-Build") == "17");
  CHECK(sent[0].find("X-Level") == "harbour");
  CHECK(sent[0].find("X-OpenRouter-Cache") == "true");
  CHECK(sent[0].find("X-OpenRouter-Cache-TTL") == "600");
  CHECK(sent[0].find("X-OpenRouter-Cache-Clear").empty());
  CHECK(sent[0].find("x-session-id").empty());
  CHECK(sent[1].find("X-Build") == "17");
  CHECK(sent[1].find("X-Level") == "castle");
  CHECK(sent[1].find("X-OpenRouter-Cache") == "false");
  CHECK(sent[1].find("X-OpenRouter-Cache-Clear") == "true");
  CHECK(sent[1].find("x-session-id") == "night-3");
  CHECK(sent[1].headers.size() == sent[0].headers.size() + 2);
}

TEST_CASE("the session goes out in the head where the body has none") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::answer("Hi"));
  client made = bench.client(net);
  call_context context;
  context.session_id = "night-3";
  orcast::chat_request request = test::hello();
  REQUIRE(made.chat(request, context).ok());
  request.session_id = "night-4";
  REQUIRE(made.chat(request, context).ok());
  CHECK(net.requests()[0].find("x-session-id") == "night-3");
  CHECK(net.requests()[1].find("x-session-id").empty());
}

TEST_CASE("a call to an endpoint can be cancelled, and let go of") {
  test::bench bench;
  fake_transport net;
  net.otherwise(fake_reply().never());
  client made = bench.client(net);
  note_taker heard;
  api_call going = made.start(api_request("GET", "/models"), &heard);
  made.tick(0);
  going.cancel();
  made.tick(0);
  CHECK(heard.log == "done(cancelled):");
  CHECK(going.outcome().error().code == errc::cancelled);
  note_taker silent;
  going = made.start(api_request("GET", "/models"), &silent);
  going = api_call();
  made.tick(0);
  CHECK(silent.ends == 0);
  CHECK(made.in_flight() == 0);
  CHECK(net.in_flight() == 0);
}

TEST_CASE("a sensitive header that a service quotes reaches no failure") {
  test::bench bench;
  fake_transport net;
  net.reply(test::refusal(401, "unknown gate-canary-77"));
  orcast::client_options options = bench.options();
  options.headers = {{"X-Gate", "gate-canary-77", true}};
  client made = bench.client(net, std::move(options));
  const auto reply = made.call({"GET", "/key"});
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().message == "unknown [key]");
}

TEST_CASE(
    "a header that \"[key]\" contains, or that is shorter than any key, ends no call's words") {
  test::bench bench;
  fake_transport net;
  net.reply(test::refusal(401, "Incorrect API key (gate [key]) provided"));
  orcast::client_options options = bench.options();
  options.api_key = orcast::secret("key");
  std::string words = "Incorrect API key (gate [key]) provided";
  SECTION("k") { options.headers = {{"X-Gate", "k", true}}; }
  SECTION("eight bytes with the mark in them") {
    options.headers = {{"X-Gate", "te [key]", true}};
    words = "Incorrect API key (ga[key]) provided";
  }
  client made = bench.client(net, std::move(options));
  const auto reply = made.call({"GET", "/key"});
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().message == words);
}

TEST_CASE("a stream that quotes the key in an error of its own brings it into no span") {
  test::bench bench;
  fake_transport net;
  fake_reply stream = test::stream_head();
  stream.data(
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"authentication_error\","
      "\"message\":\"no such key: gateway-key-7\"}}\n\n");
  net.reply(std::move(stream));
  orcast::client_options options = bench.options();
  options.api_key = orcast::secret("gateway-key-7");
  client made = bench.client(net, std::move(options));
  note_taker pieces;
  static_cast<void>(
      made.call_stream({"POST", "/messages", R"({"model":"m","stream":true})"}, pieces));
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].status == orcast::span_status::error);
  CHECK(spans[0].status_message.find("no such key: [key]") != std::string::npos);
  for (const auto& each : spans[0].attributes) {
    CHECK(each.second.find("gateway-key-7") == std::string::npos);
  }
}

}  // namespace
