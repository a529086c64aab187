// SPDX-License-Identifier: MIT
//
// The client over both real transports, against the stand-in for OpenRouter.

#include "orcast/openrouter/client.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "integration/transport_support.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"
#include "standins/openrouter.hpp"
#include "support/catch.hpp"
#include "support/spans.hpp"

namespace {

using namespace std::chrono_literals;
using orcast::call;
using orcast::call_state;
using orcast::chat_request;
using orcast::client;
using orcast::curl_transport;
using orcast::errc;
using orcast::httplib_transport;
using orcast::message;
using orcast::http::any_transport;
using orcast::http::worker_options;
using standins::fault;
using standins::openrouter;

/// The stand-in, a tracer, and a client between them that owns its transport.
template <class Transport>
struct bench {
  openrouter service{{standins::pace::none(), {openrouter::key}, {}}};
  std::unique_ptr<orcast::tracer> tracer = orcast::make_tracer({}).value();

  orcast::client_options options() const {
    orcast::client_options made;
    made.api_key = orcast::secret(openrouter::key);
    made.base_url = service.base_url();
    made.record.traces = tracer.get();
    made.retry.initial_ms = 1;
    made.retry.jitter = 0;
    return made;
  }
  client talker() const { return talker(options()); }
  static client talker(orcast::client_options options) {
    auto transport = any_transport::own(std::make_unique<Transport>(), worker_options{8, 256});
    return client::make(std::move(options), std::move(transport)).value();
  }
  std::vector<test::plain_span> spans() { return test::drain(*tracer); }
};

chat_request ask(const std::string& text, const std::string& wrong = "") {
  chat_request request;
  request.model = wrong.empty() ? "openai/gpt-4o-mini" : "standin/" + wrong;
  request.messages = {message::system("You are Brun, harbour master of Grauhafen."),
                      message::user(text)};
  return request;
}

/// Ticks until the calls are done, or for ten seconds.
void finish(client& talker) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (talker.in_flight() != 0 && std::chrono::steady_clock::now() < until) {
    talker.tick();
    std::this_thread::yield();
  }
  REQUIRE(talker.in_flight() == 0);
}

/// Ticks until the call has text.
void hear(client& talker, const call& talk) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (talk.text().empty() && std::chrono::steady_clock::now() < until) {
    talker.tick();
    std::this_thread::yield();
  }
  REQUIRE(talk.state() == call_state::streaming);
}

struct listener final : orcast::call_handler {
  void on_text(std::string_view piece) noexcept override { text.append(piece); }
  void on_done(orcast::result<void> outcome, orcast::chat_reply&) noexcept override {
    ++ends;
    ok = outcome.ok();
    if (!ok) why = outcome.error().message;
  }
  std::string text;
  std::string why;
  int ends = 0;
  bool ok = false;
};

TEMPLATE_TEST_CASE("client: the same question is answered in every way of asking", "",
                   curl_transport, httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  const auto whole = talker.chat(ask("Who holds the key?"));
  REQUIRE(whole.ok());
  CHECK_FALSE(whole->text().empty());
  CHECK(whole->usage.total_tokens.value_or(0) > 0);

  listener pieces;
  const auto streamed = talker.chat_stream(ask("Who holds the key?"), pieces);
  REQUIRE(streamed.ok());
  CHECK(streamed->text() == whole->text());
  CHECK(pieces.text == whole->text());
  CHECK(streamed->usage.cost == whole->usage.cost);

  listener heard;
  call talk = talker.start(ask("Who holds the key?"), &heard);
  call polled = talker.start(ask("Who holds the key?"));
  finish(talker);
  CHECK(heard.text == whole->text());
  CHECK(heard.ends == 1);
  CHECK(heard.ok);
  CHECK(polled.text() == whole->text());
  CHECK(polled.reply()->finish_reason() == "stop");
  CHECK(polled.time_to_first_token_ms() >= 0);
  CHECK(polled.latency_ms() >= polled.time_to_first_token_ms());

  const auto spans = bench.spans();
  REQUIRE(spans.size() == 4);
  for (const auto& span : spans) {
    CHECK(span.status == orcast::span_status::ok);
    CHECK(span.at("output.value").find(std::string(openrouter::key)) == std::string::npos);
  }
  const auto sent = bench.service.requests();
  REQUIRE(sent.size() == 4);
  CHECK(sent[0].header("User-Agent") == std::string("orcast/") + orcast::version);
}

TEMPLATE_TEST_CASE("client: a tool is called, and its result gives the answer", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  chat_request request = ask("What will you sell me: an item of the shop?");
  orcast::tool sell;
  sell.name = "sell_item";
  sell.description = "Sells an item of the shop";
  sell.parameters =
      R"({"type":"object","properties":{"item":{"type":"string"}},"required":["item"]})";
  request.tools = {sell};
  listener heard;
  call talk = talker.start(request, &heard);
  finish(talker);
  REQUIRE(talk.outcome().ok());
  REQUIRE(talk.reply()->tool_calls().size() == 1);
  const orcast::tool_call wanted = *talk.reply()->tool_calls().begin();
  CHECK(wanted.name == "sell_item");

  request.messages.push_back(talk.reply()->choices.front().reply);
  request.messages.push_back(message::tool(wanted.id, R"({"price":3})"));
  const auto reply = talker.chat(request);
  REQUIRE(reply.ok());
  CHECK(reply->text().find("price 3") != std::string::npos);
}

TEMPLATE_TEST_CASE("client: a cancel ends a call in every phase", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  SECTION("at once") {
    call talk = talker.start(ask("Who?", "stall=head"));
    talk.cancel();
    talker.tick(0);  // with a budget it would not wait for a transport that is just telling the end
    CHECK(talk.state() == call_state::done);
    CHECK(talk.outcome().error().code == errc::cancelled);
  }
  SECTION("before the answer") {
    call talk = talker.start(ask("Who?", "stall=head"));
    while (bench.service.requests().empty()) talker.tick();
    talk.cancel();
    talker.tick(0);
    CHECK(talk.outcome().error().code == errc::cancelled);
    CHECK(bench.service.wait_for_disconnects(1, 10s));
  }
  SECTION("in the middle, keeping the text") {
    listener heard;
    call talk = talker.start(ask("Who?", "stall=1000"), &heard);
    hear(talker, talk);
    const std::string text(talk.text());
    talk.cancel();
    const auto asked = std::chrono::steady_clock::now();
    talker.tick(0);
    talker.tick(0);
    CHECK(talk.outcome().error().code == errc::cancelled);
    CHECK(talk.text() == text);
    CHECK(heard.ends == 1);
    CHECK(bench.service.wait_for_disconnects(1, 10s));
    CHECK(std::chrono::steady_clock::now() - asked < 1s);
  }
  SECTION("by letting go of it") {
    {
      call talk = talker.start(ask("Who?", "stall=1000"));
      hear(talker, talk);
    }
    talker.tick();
    talker.tick();
    CHECK(bench.service.wait_for_disconnects(1, 10s));
  }
  SECTION("while it waits to try again") {
    fault limit;
    limit.error = "429";
    limit.retry_after = 500;
    bench.service.enqueue(limit);
    call talk = talker.start(ask("Who?"));
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (bench.service.requests().empty() && std::chrono::steady_clock::now() < until) {
      talker.tick();
    }
    for (int i = 0; i < 100; ++i) talker.tick();
    talk.cancel();
    talker.tick(0);
    CHECK(talk.outcome().error().code == errc::cancelled);
    CHECK(bench.service.requests().size() == 1);
  }
  finish(talker);
  CHECK(bench.spans().size() == 1);
}

TEMPLATE_TEST_CASE("client: what can be mended is tried again", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  for (const char* wrong : {"429", "500", "502", "503", "429-provider"}) {
    fault once;
    once.error = wrong;
    once.retry_after = -1;
    bench.service.enqueue(once);
    bench.service.enqueue(fault());
    const std::size_t before = bench.service.requests().size();
    call talk = talker.start(ask("Who?"));
    finish(talker);
    INFO(wrong);
    CHECK(talk.outcome().ok());
    CHECK_FALSE(talk.text().empty());
    CHECK(bench.service.requests().size() == before + 2);

    bench.service.enqueue(once);
    bench.service.enqueue(fault());
    CHECK(talker.chat(ask("Who?")).ok());
  }
  for (const auto& span : bench.spans()) CHECK(span.at("openrouter.attempts") == "2");
}

TEMPLATE_TEST_CASE("client: a failure says what happened, once", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  struct expectation {
    const char* wrong;
    errc code;
  };
  for (const expectation each :
       {expectation{"401", errc::authentication}, expectation{"402", errc::payment_required},
        expectation{"403", errc::permission_denied}, expectation{"404", errc::not_found},
        expectation{"429", errc::rate_limited}, expectation{"cut=head", errc::disconnected},
        expectation{"cut=1000", errc::disconnected},
        expectation{"end=1000", errc::stream_truncated},
        expectation{"stream-error", errc::provider_unavailable}}) {
    INFO(each.wrong);
    orcast::client_options options = bench.options();
    options.retry.max_attempts = 1;
    client talker = bench.talker(std::move(options));
    call talk = talker.start(ask("Who?", each.wrong));
    finish(talker);
    REQUIRE_FALSE(talk.outcome().ok());
    CHECK(std::string(to_string(talk.outcome().error().code)) == std::string(to_string(each.code)));
    CHECK_FALSE(talk.outcome().error().message.empty());
    CHECK(talk.outcome().error().message.find('\n') == std::string::npos);
    const auto spans = bench.spans();
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].status == orcast::span_status::error);
  }
}

TEMPLATE_TEST_CASE("client: what was received and not answered is sent again only by its policy",
                   "", curl_transport, httplib_transport) {
  const bool reset = GENERATE(false, true);
  CAPTURE(reset);
  std::atomic<int> received{0};
  const transport_test::server host([&](transport_test::peer& caller) {
    if (!caller.request().empty()) ++received;
    if (reset) caller.reset_on_close();
  });
  bench<TestType> bench;
  orcast::client_options options = bench.options();
  options.base_url = host.url("/api/v1");
  int expected = 1;
  SECTION("a chat completion that may be paid for twice") {
    const auto reply = bench.talker(std::move(options)).chat(ask("Who?"));
    CHECK(reply.error().code == errc::disconnected);
    expected = 3;
  }
  SECTION("one that may not") {
    options.retry.on_no_answer = false;
    const auto reply = bench.talker(std::move(options)).chat(ask("Who?"));
    CHECK(reply.error().code == errc::disconnected);
  }
  SECTION("what changes something") {
    const auto reply = bench.talker(std::move(options)).call({"POST", "/keys", "{}"});
    CHECK(reply.error().code == errc::disconnected);
  }
  CHECK(received == expected);
}

TEMPLATE_TEST_CASE("client: what may not be done twice is not sent again for a kept connection", "",
                   curl_transport, httplib_transport) {
  std::atomic<int> received{0};
  const transport_test::server host([&](transport_test::peer& caller) {
    for (int here = 1; !caller.request().empty(); ++here) {
      ++received;
      if (here == 2) return;
      caller.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    }
  });
  bench<TestType> bench;
  orcast::client_options options = bench.options();
  options.base_url = host.url("/api/v1");
  orcast::api_request asked("POST", "/keys", "{}");
  bool again = false;
  bool may_fail = true;
  SECTION("what changes something") {}
  SECTION("that has no body") {
    asked = {"DELETE", "/keys/1"};
    may_fail = std::is_same_v<TestType, httplib_transport>;
  }
  SECTION("what changes nothing") {
    asked = {"GET", "/models"};
    options.retry.max_attempts = 1;
    again = true;
    may_fail = false;
  }
  SECTION("what may be done twice") {
    asked.retry.emplace();
    again = true;
    may_fail = false;
  }
  SECTION("but is to be tried once") {
    asked.retry.emplace();
    asked.retry->max_attempts = 1;
  }
  client talker = bench.talker(std::move(options));
  CHECK(talker.call(asked).ok());
  const auto reply = talker.call(asked);
  CHECK(reply.ok() == !may_fail);
  if (!reply) CHECK(reply.error().code == errc::disconnected);
  CHECK(received == (again ? 3 : 2));
}

TEMPLATE_TEST_CASE("client: what arrived before a failure is kept", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  for (const char* wrong : {"cut=1000", "cut=1000+reset", "end=1000", "stream-error",
                            "stream-error=choice", "split=1+cut=1000"}) {
    INFO(wrong);
    listener heard;
    call talk = talker.start(ask("Who?", wrong), &heard);
    finish(talker);
    REQUIRE_FALSE(talk.outcome().ok());
    CHECK_FALSE(heard.text.empty());
    CHECK(talk.text() == heard.text);
    CHECK(talk.reply()->text() == heard.text);
    CHECK(heard.ends == 1);
  }
  CHECK(bench.service.requests().size() == 6);
}

TEMPLATE_TEST_CASE("client: a service that is not there is said to be so", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  orcast::client_options options = bench.options();
  {
    const openrouter gone;
    options.base_url = gone.base_url();
  }
  client talker = bench.talker(std::move(options));
  const auto reply = talker.chat(ask("Who?"));
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::connect);
  call talk = talker.start(ask("Who?"));
  finish(talker);
  CHECK(talk.outcome().error().code == errc::connect);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 2);
  for (const auto& span : spans) CHECK(span.at("openrouter.attempts") == "3");
}

TEMPLATE_TEST_CASE("client: call, client and service end in any order", "", curl_transport,
                   httplib_transport) {
  std::unique_ptr<orcast::tracer> tracer = orcast::make_tracer({}).value();
  enum part { a_call, a_client, a_service };
  const std::vector<std::vector<part>> orders = {
      {a_call, a_client, a_service}, {a_call, a_service, a_client}, {a_client, a_call, a_service},
      {a_client, a_service, a_call}, {a_service, a_call, a_client}, {a_service, a_client, a_call}};
  for (const std::vector<part>& order : orders) {
    std::optional<openrouter> service(std::in_place);
    orcast::client_options options;
    options.api_key = orcast::secret(openrouter::key);
    options.base_url = service->base_url();
    options.record.traces = tracer.get();
    options.retry.max_attempts = 1;
    std::optional<client> talker(bench<TestType>::talker(std::move(options)));
    listener heard;
    std::optional<call> talk(talker->start(ask("Who?", "stall=1000"), &heard));
    hear(*talker, *talk);
    for (const part each : order) {
      if (each == a_call) talk.reset();
      if (each == a_client) talker.reset();
      if (each == a_service) service.reset();
    }
    CHECK(heard.ends == 0);
    CHECK(test::drain(*tracer).size() == 1);
  }
}

TEST_CASE("client: libcurl's transport may go before client and call") {
  bench<curl_transport> bench;
  std::optional<curl_transport> network(std::in_place);
  std::optional<client> talker(client::make(bench.options(), any_transport(*network)).value());
  call talk = talker->start(ask("Who?", "stall=1000"));
  hear(*talker, talk);
  network.reset();
  talk.cancel();
  talker.reset();
  CHECK(talk.state() == call_state::done);
  CHECK(bench.spans().size() == 1);
}

TEST_CASE("client: three hundred calls at a time over libcurl") {
  bench<curl_transport> bench;
  orcast::client_options options = bench.options();
  options.max_calls = 300;
  client talker = bench.talker(std::move(options));
  std::vector<listener> heard(300);
  std::vector<call> calls;
  // The stand-in has fewer threads than that: each connection makes room when it is answered.
  for (auto& each : heard) {
    calls.push_back(talker.start(ask("Who holds the key?", "until-close"), &each));
  }
  CHECK(talker.in_flight() == 300);
  CHECK(talker.in_line() == 0);
  finish(talker);
  for (const auto& each : heard) {
    INFO(each.why);
    CHECK((each.ok && each.text == heard[0].text));
  }
  CHECK(bench.spans().size() == 300);
}

TEMPLATE_TEST_CASE("client: a line of calls is served a few at a time", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  orcast::client_options options = bench.options();
  options.max_concurrent = 3;
  client talker = bench.talker(std::move(options));
  // Calls that are never answered hold the places, or some of the others would be done already.
  std::vector<call> silent;
  for (int i = 0; i < 3; ++i) silent.push_back(talker.start(ask("Who?", "stall")));
  std::vector<listener> heard(40);
  std::vector<call> calls;
  for (auto& each : heard) calls.push_back(talker.start(ask("Who holds the key?"), &each));
  CHECK(talker.in_line() == 40);
  silent.clear();
  finish(talker);
  for (const auto& each : heard) CHECK((each.ok && each.text == heard[0].text));
}

TEMPLATE_TEST_CASE("client: a call may have time-outs of its own", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  const transport_test::black_hole nobody;
  const auto ends = [&](const std::string& wrong, std::int64_t orcast::http::timeouts::*limit,
                        const std::string& where = "") {
    orcast::client_options own = bench.options();
    own.retry.max_attempts = 1;
    if (!where.empty()) own.base_url = where;
    client talker = bench.talker(std::move(own));
    orcast::call_context context;
    context.timeouts.emplace().*limit = 80;
    const auto waited = talker.chat(ask("Who?", wrong), context);
    REQUIRE_FALSE(waited.ok());
    call talk = talker.start(ask("Who?", wrong), nullptr, context);
    finish(talker);
    CHECK(talk.outcome().error().code == waited.error().code);
    return waited.error().code;
  };
  using orcast::http::timeouts;
  CHECK(ends("stall", &timeouts::first_byte_ms) == errc::timeout_first_byte);
  CHECK(ends("stall=10", &timeouts::idle_ms) == errc::timeout_idle);
  CHECK(ends("stall", &timeouts::total_ms) == errc::timeout_total);
  CHECK(ends("", &timeouts::connect_ms, nobody.url()) == errc::timeout_connect);
}

TEST_CASE("client: several threads may chat at once over a blocking transport") {
  bench<httplib_transport> bench;
  client talker = bench.talker();
  std::vector<std::thread> threads;
  std::vector<std::string> texts(8);
  for (std::string& text : texts) {
    threads.emplace_back([&talker, &text] {
      for (int i = 0; i < 5; ++i) {
        const auto reply = talker.chat(ask("Who holds the key?"));
        if (reply.ok()) text = std::string(reply->text());
      }
    });
  }
  listener heard;
  call talk = talker.start(ask("Who holds the key?"), &heard);
  finish(talker);
  for (std::thread& each : threads) each.join();
  for (const std::string& text : texts) CHECK(text == heard.text);
  CHECK(bench.spans().size() == 41);
}

}  // namespace
