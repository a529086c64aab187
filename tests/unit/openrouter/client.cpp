// SPDX-License-Identifier: MIT

#include "orcast/openrouter/client.hpp"

#include <cstdlib>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "unit/openrouter/client_support.hpp"
#include "support/catch.hpp"

namespace {

using orcast::call;
using orcast::call_state;
using orcast::client;
using orcast::client_options;
using orcast::errc;
using orcast::http::any_transport;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using test::hello;

static_assert(!std::is_copy_constructible_v<client> && !std::is_copy_constructible_v<call>);
static_assert(std::is_nothrow_move_constructible_v<client>);
static_assert(std::is_nothrow_move_constructible_v<call>);

/// Sets a variable of the environment while it lives.
class environment {
 public:
  environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~environment() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST_CASE("a call is sent as OpenRouter wants it") {
  test::bench bench;
  fake_transport net;
  net.reply(test::answer("Hi"));
  client_options options = bench.options();
  options.base_url = "https://openrouter.ai/api/v1/";
  options.app_url = "https://game.example";
  options.app_title = "The Game";
  options.routing_metadata = true;
  client made = bench.client(net, std::move(options));
  REQUIRE(made.chat(hello()).ok());

  const auto sent = net.requests();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].method == "POST");
  CHECK(sent[0].url == "https://openrouter.ai/api/v1/chat/completions");
  CHECK(sent[0].find("Content-Type") == "application/json");
  CHECK(sent[0].find("Accept") == "application/json");
  CHECK(sent[0].find("Authorization") == std::string("Bearer ") + test::api_key);
  CHECK(sent[0].find("HTTP-Referer") == "https://game.example");
  CHECK(sent[0].find("X-OpenRouter-Title") == "The Game");
  CHECK(sent[0].find("X-OpenRouter-Metadata") == "enabled");
  CHECK(sent[0].find("User-Agent") == std::string("orcast/") + orcast::version);
  std::string body;
  REQUIRE(append_json(hello(), body).ok());
  CHECK(sent[0].body == body);
  CHECK(net.violations().empty());
}

TEST_CASE("only the key is marked as sensitive, and what is not set is not sent") {
  test::bench bench;
  fake_transport net;
  net.reply(test::answer("Hi"));
  client made = bench.client(net);
  REQUIRE(made.chat(hello()).ok());
  const auto sent = net.requests();
  for (const orcast::http::header& line : sent[0].headers) {
    CHECK(line.sensitive == (line.name == "Authorization"));
  }
  CHECK(sent[0].headers.size() == 4);
}

TEST_CASE("chat returns the whole reply, on every tier") {
  test::bench bench;
  const auto talk = [&](auto& net) {
    net.reply(test::answer("Hi there"));
    client made = bench.client(net);
    auto reply = made.chat(hello());
    REQUIRE(reply.ok());
    CHECK(reply->text() == "Hi there");
    CHECK(reply->usage.total_tokens == 5);
    CHECK(net.violations().empty());
    const auto spans = bench.spans();
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].status == orcast::span_status::ok);
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

/// Checks that it is called on one thread.
struct thread_listener final : orcast::delta_listener {
  void on_text(std::string_view piece) noexcept override {
    text.append(piece);
    elsewhere = elsewhere || std::this_thread::get_id() != here;
  }
  const std::thread::id here = std::this_thread::get_id();
  std::string text;
  bool elsewhere = false;
};

TEST_CASE("chat_stream hands on the pieces on the caller's thread, on every tier") {
  test::bench bench;
  const auto talk = [&](auto& net) {
    net.reply(test::stream({"Hi", " there"}));
    client made = bench.client(net);
    thread_listener pieces;
    auto reply = made.chat_stream(hello(), pieces);
    REQUIRE(reply.ok());
    CHECK(reply->text() == "Hi there");
    CHECK(pieces.text == "Hi there");
    CHECK_FALSE(pieces.elsewhere);
    CHECK(net.requests()[0].find("Accept") == "text/event-stream");
    CHECK(net.requests()[0].body.find("\"stream\":true") != std::string::npos);
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

TEST_CASE("a started call is delivered by tick") {
  test::bench bench;
  fake_transport net;
  auto script = test::stream_head();
  script.data(test::chunk("Hel")).next_poll().data(test::chunk("lo")).next_poll();
  script.data(test::ending());
  net.reply(script);
  client made = bench.client(net);
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  CHECK(talk.state() == call_state::waiting);
  CHECK(talk.reply() == nullptr);
  CHECK(talk.time_to_first_token_ms() == -1);
  CHECK(made.in_flight() == 1);
  CHECK(heard.log.empty());

  bench.clock.advance_ms(30);
  made.tick(0);
  CHECK(heard.log == "chunk token +Hel ");
  CHECK(talk.state() == call_state::streaming);
  CHECK(talk.text() == "Hel");
  CHECK(talk.outcome().ok());
  CHECK(talk.time_to_first_token_ms() == 30);
  CHECK(talk.latency_ms() == -1);

  made.tick(0);
  CHECK(talk.text() == "Hello");
  bench.clock.advance_ms(12);
  made.tick(0);
  CHECK(heard.log == "chunk token +Hel +lo done(ok):Hello");
  CHECK(talk.state() == call_state::done);
  REQUIRE(talk.reply() != nullptr);
  CHECK(talk.reply()->finish_reason() == "stop");
  CHECK(talk.text() == "Hello");
  CHECK(talk.time_to_first_token_ms() == 30);
  CHECK(talk.latency_ms() == 42);
  CHECK(made.in_flight() == 0);

  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].context.span == talk.context().span);
  CHECK(spans[0].duration_ns == 42'000'000);
  CHECK(net.violations().empty());
}

TEST_CASE("a call may be polled instead of handled, and started over a blocking transport") {
  test::bench bench;
  fake_blocking_transport net;
  net.otherwise(test::stream({"Hi", " there"}));
  client made = bench.client(net);
  call first = made.start(hello());
  call second = made.start(hello());
  while (made.in_flight() != 0) {
    made.tick();
    std::this_thread::yield();
  }
  CHECK(first.text() == "Hi there");
  CHECK(second.text() == "Hi there");
  CHECK(bench.spans().size() == 2);
}

TEST_CASE("a started call may ask for its reply in one piece") {
  test::bench bench;
  fake_transport net;
  net.reply(test::answer("Hello there"));
  client made = bench.client(net);
  test::note_handler heard;
  call talk = made.start_whole(hello(), &heard);
  made.tick(0);
  CHECK(heard.log == "done(ok):Hello there");
  CHECK(talk.text() == "Hello there");
  REQUIRE(net.requests().size() == 1);
  CHECK(net.requests()[0].find("Accept") == "application/json");
  CHECK(net.requests()[0].body.find("stream") == std::string::npos);
}

TEST_CASE("a call that is refused at once has not been sent") {
  test::bench bench;
  fake_transport net;
  client made = bench.client(net);
  orcast::chat_request broken = hello();
  broken.messages[0].content = "\xff";
  call talk = made.start(std::move(broken));
  made.tick(0);
  CHECK(talk.state() == call_state::done);
  CHECK(talk.attempts() == 0);
  CHECK(net.requests().empty());
}

TEST_CASE("the parent that a caller names is the parent of the call's span") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"Hi"}));
  client made = bench.client(net);
  orcast::span turn = bench.tracer->start("turn");
  orcast::call_context context;
  context.parent = turn.context();
  call talk = made.start(hello(), nullptr, context);
  CHECK(talk.context().trace == turn.context().trace);
  made.tick(0);
  turn.end();
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 2);
  const bool call_first = spans[0].name != "turn";  // they come in no particular order
  const test::plain_span& call_span = spans[call_first ? 0 : 1];
  const test::plain_span& turn_span = spans[call_first ? 1 : 0];
  CHECK(turn_span.name == "turn");
  CHECK(call_span.parent == turn_span.context.span);
}

TEST_CASE("without a tracer calls work all the same") {
  fake_transport net;
  net.reply(test::answer("Hi"));
  client_options options;
  options.api_key = orcast::secret(test::api_key);
  auto made = client::make(std::move(options), any_transport(net));
  REQUIRE(made.ok());
  auto reply = made->chat(hello());
  REQUIRE(reply.ok());
  CHECK(reply->text() == "Hi");
}

TEST_CASE("a call without a key fails before anything is sent, and has a span") {
  test::bench bench;
  fake_transport net;
  client_options options = bench.options();
  options.api_key = orcast::secret();
  ::unsetenv("OPENROUTER_API_KEY");
  client made = bench.client(net, std::move(options));

  const auto reply = made.chat(hello());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::authentication);
  CHECK(reply.error().message == "no API key: set OPENROUTER_API_KEY or client_options.api_key");

  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  CHECK(heard.log.empty());
  CHECK(talk.state() == call_state::waiting);
  made.tick();
  CHECK(heard.log == "done(authentication):");
  CHECK_FALSE(talk.outcome().ok());
  CHECK(net.requests().empty());
  CHECK(bench.spans().size() == 2);
}

TEST_CASE("a provider without a key fails its call") {
  test::bench bench;
  fake_transport net;
  client_options options = bench.options();
  options.key_provider = [](void*) { return orcast::secret(); };
  client made = bench.client(net, std::move(options));
  const auto reply = made.chat(hello());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::authentication);
  CHECK(reply.error().message == "no API key: client_options.key_provider returned none");
  CHECK(net.requests().empty());
}

TEST_CASE("the key comes from the options, a provider, or the environment") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::answer("Hi"));
  const environment key("OPENROUTER_API_KEY", "sk-or-from-environment");
  client_options options = bench.options();
  std::string expected;
  SECTION("the options win over the environment") {
    expected = std::string("Bearer ") + test::api_key;
  }
  SECTION("the environment serves where there is nothing else") {
    options.api_key = orcast::secret();
    expected = "Bearer sk-or-from-environment";
  }
  SECTION("a provider is asked before each call") {
    static int asked = 0;
    asked = 0;
    options.key_provider = [](void* context) {
      return orcast::secret(std::string(static_cast<const char*>(context)) +
                            std::to_string(++asked));
    };
    options.key_context = const_cast<char*>("sk-or-provided-");
    client made = bench.client(net, std::move(options));
    REQUIRE(made.chat(hello()).ok());
    REQUIRE(made.chat(hello()).ok());
    CHECK(net.requests()[0].find("Authorization") == "Bearer sk-or-provided-1");
    CHECK(net.requests()[1].find("Authorization") == "Bearer sk-or-provided-2");
    return;
  }
  client made = bench.client(net, std::move(options));
  REQUIRE(made.chat(hello()).ok());
  CHECK(net.requests()[0].find("Authorization") == expected);
}

TEST_CASE("a key with a line break is refused, and is in no message") {
  test::bench bench;
  fake_transport net;
  client_options options = bench.options();
  options.api_key = orcast::secret("sk-or-secret\r\nX-Evil: 1");
  client made = bench.client(net, std::move(options));
  const auto reply = made.chat(hello());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::authentication);
  CHECK(reply.error().message.find("sk-or-secret") == std::string::npos);
  CHECK(net.requests().empty());
}

TEST_CASE("a key that a service quotes reaches neither failure nor span") {
  test::bench bench;
  fake_transport net;
  net.reply(test::refusal(401, std::string("no such key: ") + test::api_key));
  client made = bench.client(net);
  const auto reply = made.chat(hello());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::authentication);
  CHECK(reply.error().message.find(test::api_key) == std::string::npos);
  for (const test::plain_span& span : bench.spans()) {
    CHECK(span.status_message.find(test::api_key) == std::string::npos);
    for (const auto& each : span.attributes) {
      CHECK(each.second.find(test::api_key) == std::string::npos);
    }
  }
}

TEST_CASE("by default a long answer is read to its end, whatever it takes on the wire") {
  test::bench bench;
  fake_transport net;
  fake_reply reply = test::stream_head();
  std::string words = "word";
  SECTION("more than 8 MiB of events") {
    const std::string comment = ":" + std::string(1 << 19, ' ') + "\n\n";
    for (int i = 0; i < 24; ++i) reply.data(test::chunk("word")).data(comment);
    words.clear();
    for (int i = 0; i < 24; ++i) words += "word";
  }
  SECTION("a picture of 1.5 MB in one event") {
    reply.data(test::chunk("word"));
    reply.data(
        R"(data: {"id":"gen-1","choices":[{"index":0,"delta":{"images":[{"type":"image_url",)"
        R"("image_url":{"url":"data:image/png;base64,)" +
        std::string(2'000'000, 'A') + "\"}}]}}]}\n\n");
  }
  SECTION("more than 100,000 words") {
    const std::string one = test::chunk("w");
    std::string many;
    for (int i = 0; i < 1000; ++i) many += one;
    for (int i = 0; i < 120; ++i) reply.data(many);
    words.assign(120'000, 'w');
  }
  reply.data(test::ending());
  net.reply(std::move(reply));
  client made = bench.client(net);
  struct : orcast::delta_listener {
  } unheard;
  const auto got = made.chat_stream(hello(), unheard);
  if (!got) FAIL(got.error().message);
  CHECK((got->text() == words));
}

TEST_CASE("the key of another gateway is hidden too") {
  test::bench bench;
  fake_transport net;
  client_options options = bench.options();
  options.api_key = orcast::secret("gateway-key-7");
  net.reply(test::refusal(401, "no such key: gateway-key-7, sorry"));
  client made = bench.client(net, std::move(options));
  const auto reply = made.chat(hello());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().message == "no such key: [key], sorry");
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].status_message.find("gateway-key-7") == std::string::npos);
  for (const auto& each : spans[0].attributes) {
    CHECK(each.second.find("gateway-key-7") == std::string::npos);
  }
}

TEST_CASE("options that can't work are refused with a sentence") {
  test::bench bench;
  fake_transport net;
  client_options options = bench.options();
  std::string expected;
  any_transport transport(net);
  SECTION("no transport") {
    transport = any_transport();
    expected = "client::make needs a transport";
  }
  SECTION("no calls") {
    options.max_calls = 0;
    expected = "client_options.max_calls is 0";
  }
  SECTION("plain http to another machine") {
    options.base_url = "http://proxy.example/v1";
    expected = "client_options: plain http is only allowed to this machine";
  }
  SECTION("a query") {
    options.base_url = "https://openrouter.ai/api/v1?x=1";
    expected = "client_options.base_url has a query";
  }
  SECTION("a line break in a header") {
    options.app_title = "Game\r\nX-Evil: 1";
    expected =
        "client_options: the value of header X-OpenRouter-Title contains a control character";
  }
  const auto made = client::make(std::move(options), std::move(transport));
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().code == errc::invalid_argument);
  CHECK(made.error().message == expected);
}

TEST_CASE("the base URL comes from the options, or the environment") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::answer("Hi"));
  const environment base("OPENROUTER_BASE_URL", "https://eu.openrouter.ai/api/v1");
  client_options options = bench.options();
  std::string expected = "https://eu.openrouter.ai/api/v1/chat/completions";
  SECTION("environment") {}
  SECTION("options") {
    options.base_url = "http://127.0.0.1:8080/v1";
    expected = "http://127.0.0.1:8080/v1/chat/completions";
  }
  SECTION("insecure on request") {
    options.base_url = "http://proxy.example/v1";
    options.allow_insecure_http = true;
    expected = "http://proxy.example/v1/chat/completions";
  }
  client made = bench.client(net, std::move(options));
  REQUIRE(made.chat(hello()).ok());
  CHECK(net.requests()[0].url == expected);
}

TEST_CASE("a request that can't be written fails its call, and has a span") {
  test::bench bench;
  fake_transport net;
  client made = bench.client(net);
  orcast::chat_request request = hello();
  request.messages[0].content = "\xff";
  const auto reply = made.chat(request);
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::invalid_argument);
  CHECK(net.requests().empty());
  CHECK(bench.spans().size() == 1);
}

TEST_CASE("more calls than allowed at a time are refused as busy, each with a span") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"Hi"}));
  client_options options = bench.options();
  options.max_calls = 2;
  client made = bench.client(net, std::move(options));
  test::note_handler heard[3];
  std::vector<call> calls;
  for (auto& each : heard) calls.push_back(made.start(hello(), &each));
  CHECK(net.requests().size() == 2);
  made.tick(0);
  CHECK(heard[0].ends + heard[1].ends == 2);
  CHECK(heard[2].log == "done(busy):");
  CHECK(bench.spans().size() == 3);
  calls.push_back(made.start(hello(), &heard[0]));
  CHECK(net.requests().size() == 3);
}

TEST_CASE("a complete answer is delivered before its exchange ends, which is not cut") {
  test::bench bench;
  fake_transport net;
  auto script = test::stream({"Hi"});
  script.hold();
  net.reply(script);
  client made = bench.client(net);
  test::note_handler heard;
  call talk = made.start(hello(), &heard);
  made.tick(0);
  CHECK(heard.log == "chunk token +Hi done(ok):Hi");
  CHECK(net.in_flight() == 1);
  net.release_all();
  made.tick(0);
  CHECK(net.in_flight() == 0);
  CHECK(heard.ends == 1);
  CHECK(bench.spans().size() == 1);
}

TEST_CASE("an exchange that goes on after its answer is stopped") {
  test::bench bench;
  fake_transport net;
  auto script = test::stream({"Hi"});
  script.data(": more\n").never();
  net.reply(script);
  client made = bench.client(net);
  call talk = made.start(hello());
  made.tick(0);
  CHECK(talk.outcome().ok());
  CHECK(net.in_flight() == 0);
}

TEST_CASE("a failure in the middle of a stream keeps what arrived") {
  test::bench bench;
  fake_transport net;
  client made = bench.client(net);
  test::note_handler heard;
  SECTION("cut") {
    auto script = test::stream_head();
    script.data(test::chunk("Hel")).fail(errc::disconnected, "cut");
    net.reply(script);
    call talk = made.start(hello(), &heard);
    made.tick(0);
    CHECK(heard.log == "chunk token +Hel done(disconnected):Hel");
    CHECK(talk.text() == "Hel");
  }
  SECTION("an error of the provider") {
    auto script = test::stream_head();
    script.data(test::chunk("Hel"));
    script.data(
        "data: {\"id\":\"gen-1\",\"error\":{\"code\":502,\"message\":\"provider down\"},"
        "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}"
        "\n\n");
    script.never();
    net.reply(script);
    call talk = made.start(hello(), &heard);
    made.tick(0);
    CHECK(heard.ends == 1);
    CHECK(talk.text() == "Hel");
    CHECK_FALSE(talk.outcome().ok());
    CHECK(talk.outcome().error().message.find("provider down") != std::string::npos);
    CHECK(talk.reply()->text() == "Hel");
  }
  CHECK(net.requests().size() == 1);
  CHECK(net.in_flight() == 0);
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].status == orcast::span_status::error);
}

}  // namespace
