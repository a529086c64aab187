// SPDX-License-Identifier: MIT

// The gateway as a process between clients and the stand-ins: what passes, what is recorded, how it
// ends.

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <httplib.h>

#include "integration/gateway_support.hpp"
#include "orcast/broadcast/broadcast.hpp"
#include "orcast/transport/httplib.hpp"
#include "standins/server.hpp"

using namespace gateway_test;
using namespace std::chrono_literals;

namespace {

constexpr char chat_path[] = "/api/v1/chat/completions";

httplib::Client client_of(int port) {
  httplib::Client made("127.0.0.1", port);
  made.set_read_timeout(20);
  return made;
}

std::string text_of(const standins::arize::received_span& from, const char* key) {
  return from.span.attributes.text(key);
}

}  // namespace

TEST_CASE("calls pass the gateway unchanged, with its key, and become spans", "[gateway]") {
  services with;
  process gateway(with.arguments());
  httplib::Client client = client_of(gateway.port());
  // As the SDKs send it: some key has to be there.
  const httplib::Headers headers = {{"Authorization", "Bearer unused"},
                                    {"X-Title", "50%2525 off"},
                                    {"X-Session-Id", "night-1"},
                                    {"Connection", "x-private"},
                                    {"X-Private", "for the gateway"}};
  const auto whole = client.Post(chat_path, headers, chat_body(false), "application/json");
  REQUIRE(whole);
  CHECK(whole->status == 200);
  CHECK(contains(whole->body, "\"choices\""));
  const auto streamed = client.Post(chat_path, headers, chat_body(true), "application/json");
  REQUIRE(streamed);
  CHECK(contains(streamed->body, "data: [DONE]"));

  const auto seen = with.router.requests();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].target == chat_path);
  CHECK(seen[0].body == chat_body(false));
  CHECK(seen[0].header("authorization") == std::string("Bearer ") + router_key);
  CHECK(seen[0].header("x-title") == "50%25 off");  // the stand-in decodes it once
  CHECK(seen[0].header("host") == with.router.origin().substr(7));
  CHECK_FALSE(seen[0].has_header("x-private"));
  CHECK(contains(seen[0].header("via"), "1.1 orcast-gateway"));

  CHECK(gateway.stop() == 0);
  CHECK(contains(gateway.output(), "2 spans recorded, 2 exported, 0 dropped"));
  CHECK_FALSE(contains(gateway.output(), "canary"));
  const auto spans = with.arize.spans();
  REQUIRE(spans.size() == 2);
  for (const auto& each : spans) {
    CHECK(each.span.name == "chat openai/gpt-4o-mini");
    CHECK(text_of(each, "openinference.span.kind") == "LLM");
    CHECK(text_of(each, "session.id") == "night-1");
    CHECK(text_of(each, "input.value").find("Meridian") != std::string::npos);
    CHECK_FALSE(text_of(each, "output.value").empty());
    CHECK(each.span.status.code == 1);
  }
  CHECK(with.arize.violations().empty());
  for (const std::string& body : with.arize.bodies()) CHECK_FALSE(contains(body, "canary"));
}

TEST_CASE("a client's own OpenRouter key is not replaced", "[gateway]") {
  services with;
  process gateway(with.arguments());
  httplib::Client client = client_of(gateway.port());
  const httplib::Headers own = {{"Authorization", "Bearer sk-or-v1-someone-else"}};
  const auto refused = client.Post(chat_path, own, chat_body(false), "application/json");
  REQUIRE(refused);
  CHECK(refused->status == 401);  // the stand-in does not know it
  CHECK(with.router.requests().at(0).header("authorization") == "Bearer sk-or-v1-someone-else");
}

TEST_CASE("every path and method goes on as it is", "[gateway]") {
  services with;
  process gateway(with.arguments());
  const int port = gateway.port();
  httplib::Client client = client_of(port);
  const auto models = client.Get("/api/v1/models?category=a%2Fb&x=1");
  REQUIRE(models);
  CHECK(models->status == 200);
  const auto nowhere = client.Post("/api/v1/no/such%20path", "abc", "text/plain");
  REQUIRE(nowhere);
  CHECK(nowhere->status == 404);
  const auto gone = client.Delete("/api/v1/keys/1", "{}", "application/json");
  REQUIRE(gone);
  raw_client headed(port);
  headed.send("HEAD /api/v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  const std::string head = headed.read_all();
  CHECK(contains(head, "HTTP/1.1 200 OK\r\n"));
  CHECK(head.substr(head.size() - 4) == "\r\n\r\n");  // and no body
  // Multipart is not taken apart, and a chunked body of any type arrives whole.
  const std::string parts =
      "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nA\r\n--b--\r\n";
  raw_client form(port);
  form.send(
      "POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n");
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", parts.size());
  form.send(size + parts + "\r\n0\r\n\r\n");
  CHECK(form.read_until("\r\n\r\n").substr(0, 12) == "HTTP/1.1 404");

  const auto seen = with.router.requests();
  REQUIRE(seen.size() == 5);
  CHECK(seen[0].target == "/api/v1/models?category=a%2Fb&x=1");
  CHECK(seen[1].target == "/api/v1/no/such%20path");
  CHECK(seen[1].header("content-type") == "text/plain");
  CHECK(seen[2].method == "DELETE");
  CHECK(seen[2].body == "{}");
  CHECK(seen[3].method == "HEAD");
  CHECK(seen[4].header("content-type") == "multipart/form-data; boundary=b");
  CHECK(gateway.stop() == 0);
  CHECK(contains(gateway.output(), "0 spans recorded"));
}

TEST_CASE("an upstream with a path of its own takes targets with and without it", "[gateway]") {
  services with;
  std::vector<std::string> arguments = with.arguments();
  arguments[3] = with.router.base_url();
  process gateway(arguments);
  httplib::Client client = client_of(gateway.port());
  CHECK(client.Get("/models")->status == 200);
  CHECK(client.Get("/api/v1/models")->status == 200);
  CHECK(with.router.requests().at(0).target == "/api/v1/models");
  CHECK(with.router.requests().at(1).target == "/api/v1/models");
}

TEST_CASE("a stream is handed on while it comes, and ends upstream when its client goes",
          "[gateway]") {
  services with;
  process gateway(with.arguments());
  raw_client client(gateway.port());
  standins::scripted_reply reply;
  reply.text = "She lies here.";
  with.router.enqueue(std::move(reply));
  with.router.enqueue(standins::fault::parse("stall=finish"));
  client.send(post(chat_path, chat_body(true)));
  CHECK(contains(client.read_until("here"), "here"));  // though the end never comes
  const auto left = std::chrono::steady_clock::now();
  client.close();
  REQUIRE(with.router.wait_for_disconnects(1, 10s));
  // Milliseconds on an idle machine.
  CHECK(std::chrono::steady_clock::now() - left < 1s);
  CHECK(gateway.stop() == 0);
  const auto spans = with.arize.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].span.attributes.find("openrouter.cancelled") != nullptr);
  CHECK(contains(text_of(spans[0], "llm.output_messages.0.message.content"), "She lies"));
}

TEST_CASE("a client that goes before the first byte cancels its call", "[gateway]") {
  services with;
  process gateway(with.arguments());
  raw_client client(gateway.port());
  with.router.enqueue(standins::fault::parse("stall=head"));
  client.send(post(chat_path, chat_body(false)));
  REQUIRE(with.router.wait_for_requests(1, 10s));
  client.close();
  CHECK(with.router.wait_for_disconnects(1, 10s));
  CHECK(gateway.stop() == 0);
  CHECK(contains(gateway.output(), "1 spans recorded, 1 exported"));
}

TEST_CASE("what a slow client does not read is not read upstream either", "[gateway]") {
  std::promise<void> half;  // what the buffers of four sockets hold is less
  std::promise<bool> whole;
  constexpr std::size_t pieces = 1024;
  const std::string piece(64 * 1024, 'x');  // 64 MiB in all
  const standins::server upstream({}, [&](const standins::request&, standins::exchange& with) {
    with.head(200, {{"Content-Type", "application/octet-stream"}},
              standins::exchange::framing::chunked);
    for (std::size_t i = 0; i < pieces && with.write(piece); ++i) {
      if (i == pieces / 2) half.set_value();
    }
    whole.set_value(with.finish());
  });
  process gateway({"--listen", "0", "--upstream", upstream.origin()});
  raw_client client(gateway.port());
  client.send(
      "GET /api/v1/files/1/content HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  client.read_until("\r\n\r\n");
  // It comes to a halt on the way there: only the client's reading moves it on.
  auto got_half = half.get_future();
  CHECK(got_half.wait_for(300ms) == std::future_status::timeout);
  const std::string& all = client.read_all();
  CHECK(got_half.wait_for(20s) == std::future_status::ready);
  CHECK(whole.get_future().get());
  CHECK(all.size() > pieces * piece.size());
  CHECK(all.substr(all.size() - 5) == "0\r\n\r\n");
}

TEST_CASE("bodies have a limit, which the answer names; below it they pass", "[gateway]") {
  services with;
  std::vector<std::string> arguments = with.arguments();
  arguments.insert(arguments.end(), {"--body-mib", "2"});
  process gateway(arguments);
  const int port = gateway.port();
  httplib::Client client = client_of(port);
  const std::string fits((std::size_t{2} << 20) - 10, 'a');
  REQUIRE(client.Post("/api/v1/embeddings", fits, "text/plain"));
  CHECK(with.router.requests().at(0).body == fits);

  raw_client announced(port);
  announced.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2097153\r\n\r\n");
  CHECK(contains(announced.read_all(), "413"));
  CHECK(contains(announced.seen(), R"({"error":{"code":413,"message":"gateway: the body)"));
  raw_client chunked(port);
  chunked.send("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) chunked.send("100000\r\n" + std::string(0x100000, 'b') + "\r\n");
  CHECK(contains(chunked.read_all(), "413"));
  CHECK(with.router.requests().size() == 1);
}

TEST_CASE("a client that waits to be asked for its body is asked", "[gateway]") {
  services with;
  process gateway(with.arguments());
  raw_client client(gateway.port());
  const std::string all = post(chat_path, chat_body(false), "Expect: 100-continue\r\n");
  const std::size_t body = all.find("\r\n\r\n") + 4;
  client.send(all.substr(0, body));
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(all.substr(body));
  CHECK(contains(client.read_until("\"choices\""), "HTTP/1.1 200 OK"));
}

TEST_CASE("a request that two servers could read in two ways is refused", "[gateway]") {
  services with;
  process gateway(with.arguments());
  const int port = gateway.port();
  const std::string host = "Host: localhost\r\n";
  const std::pair<std::string, const char*> cases[] = {
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + host + " folded: b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + host + host + "\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\n" + host + "\r\n", "400"},
      {"GET x HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET  HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"GET / HTTP/2.0\r\n" + host + "\r\n", "505"},
      {"CONNECT a:1 HTTP/1.1\r\n" + host + "\r\n", "501"},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "431"},
  };
  for (const auto& [sent, status] : cases) {
    INFO(sent.substr(0, 120));
    raw_client client(port);
    client.send(sent);
    CHECK(contains(client.read_until("\r\n"), std::string("HTTP/1.1 ") + status));
    CHECK(contains(client.read_all(), "{\"error\":{\"code\":"));
  }
  CHECK(with.router.requests().empty());
}

TEST_CASE("without an upstream the answer is OpenRouter's kind of error", "[gateway]") {
  services with;
  std::vector<std::string> arguments = with.arguments();
  arguments[3] = "http://127.0.0.1:1";
  process gateway(arguments);
  httplib::Client client = client_of(gateway.port());
  const auto answer = client.Post(chat_path, chat_body(false), "application/json");
  REQUIRE(answer);
  CHECK(answer->status == 502);
  CHECK(answer->get_header_value("Content-Type") == "application/json");
  CHECK(contains(answer->body, R"({"error":{"code":502,"message":"gateway: no answer from)"));
  CHECK(contains(answer->body, R"("error_type":"connect")"));
  CHECK(gateway.stop() == 0);
  CHECK(with.arize.spans().size() == 1);  // a call that never arrived
}

TEST_CASE("a gateway that is its own upstream notices", "[gateway]") {
  process first({"--listen", "127.0.0.1:0"});
  const int port = first.port();
  first.stop();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  process loop({"--listen", address, "--upstream", "http://" + address});
  httplib::Client client = client_of(loop.port());
  const auto answer = client.Get("/api/v1/models");
  REQUIRE(answer);
  CHECK(answer->status == 508);
}

TEST_CASE("a response that breaks off upstream breaks off here", "[gateway]") {
  services with;
  process gateway(with.arguments());
  with.router.enqueue(standins::fault::parse("cut=finish"));
  raw_client client(gateway.port());
  client.send(post(chat_path, chat_body(true)));
  const std::string all = client.read_all();
  CHECK(contains(all, "data: {"));
  CHECK_FALSE(contains(all, "\r\n0\r\n\r\n"));
}

TEST_CASE("a web page of another host can't use the gateway", "[gateway]") {
  services with;
  process gateway(with.arguments());
  const int port = gateway.port();
  httplib::Client client = client_of(port);
  for (const char* origin : {"https://evil.example", "null", "http://localhost.evil.example"}) {
    INFO(origin);
    const auto refused =
        client.Post(chat_path, {{"Origin", origin}}, chat_body(false), "text/plain");
    REQUIRE(refused);
    CHECK(refused->status == 403);
  }
  raw_client renamed(port);  // DNS rebinding: the page's host has our address
  renamed.send("GET /api/v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  CHECK(contains(renamed.read_all(), "HTTP/1.1 403"));
  CHECK(with.router.requests().empty());
  const auto local = client.Get("/api/v1/models", {{"Origin", "http://localhost:3000"}});
  REQUIRE(local);
  CHECK(local->status == 200);
}

TEST_CASE("spans of orcast's clients pass with the keys that they don't have", "[gateway]") {
  services with;
  process gateway(with.arguments());
  orcast::broadcast_options options;
  options.settings.kind = orcast::destination_kind::otlp;
  options.settings.model_id = "shipped-game";
  options.settings.base_url = "http://127.0.0.1:" + std::to_string(gateway.port());
  auto made = orcast::broadcast::start(
      std::move(options), orcast::http::any_transport::make<orcast::httplib_transport>());
  REQUIRE(made.ok());
  (*made)->traces()->start("turn").end();
  CHECK((*made)->flush(10'000));
  const auto spans = with.arize.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].span.name == "turn");
  CHECK(spans[0].resource.text("openinference.project.name") == "shipped-game");
  httplib::Client client = client_of(gateway.port());
  const auto odd = client.Get("/v1/traces");
  REQUIRE(odd);
  CHECK(odd->status == 405);
}

TEST_CASE("a signal lets calls under way come to their end, then sends their spans", "[gateway]") {
  services with;
  process gateway(with.arguments());
  const int port = gateway.port();
  standins::scripted_reply slow;
  slow.text = "The Meridian lies at the second pier.";
  slow.first_token = 300ms;
  slow.duration = 900ms;
  with.router.enqueue(std::move(slow));
  raw_client idle(port);
  raw_client client(port);
  client.send(post(chat_path, chat_body(true)));
  client.read_until("HTTP/1.1 200");
  gateway.signal(SIGTERM);
  CHECK(contains(client.read_until("data: [DONE]"), "data: [DONE]"));
  CHECK(gateway.wait() == 0);
  CHECK(with.arize.spans().size() == 1);
  CHECK(contains(gateway.output(), "1 exported"));
}

TEST_CASE("a call that outlasts the drain is cancelled", "[gateway]") {
  services with;
  std::vector<std::string> arguments = with.arguments();
  arguments.insert(arguments.end(), {"--drain", "0"});
  process gateway(arguments);
  with.router.enqueue(standins::fault::parse("stall=finish"));
  raw_client client(gateway.port());
  client.send(post(chat_path, chat_body(true)));
  client.read_until("\"content\"");
  CHECK(gateway.stop() == 0);
  CHECK(with.router.wait_for_disconnects(1, 10s));
  CHECK(with.arize.spans().size() == 1);
}

TEST_CASE("many streams at once each arrive whole and become a span", "[gateway]") {
  services with;
  process gateway(with.arguments());
  const int port = gateway.port();
  std::vector<std::thread> threads;
  std::atomic<int> whole{0};
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&] {
      httplib::Client client = client_of(port);
      const auto answer = client.Post(chat_path, chat_body(true), "application/json");
      if (answer && answer->status == 200 && contains(answer->body, "data: [DONE]")) ++whole;
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(whole == 40);
  CHECK(gateway.stop() == 0);
  CHECK(with.arize.spans().size() == 40);
}

TEST_CASE("a refused Arize key is told without being shown, and calls go on", "[gateway]") {
  services with;
  with.write("ak-canary-wrong-0000");
  process gateway(with.arguments());
  httplib::Client client = client_of(gateway.port());
  CHECK(client.Post(chat_path, chat_body(false), "application/json")->status == 200);
  CHECK(client.Post(chat_path, chat_body(false), "application/json")->status == 200);
  CHECK(gateway.stop() == 0);
  CHECK(contains(gateway.output(), "HTTP 500, spans are kept: the key, the space"));
  CHECK_FALSE(contains(gateway.output(), "canary"));
}

TEST_CASE("what is wrong with the gateway's settings is said in one line", "[gateway]") {
  services with;
  const auto output_of = [](std::vector<std::string> arguments) {
    process gateway(std::move(arguments));
    CHECK(gateway.wait() == 2);
    return gateway.output();
  };
  CHECK(contains(output_of({"--upstream", "ftp://x"}), "--upstream"));
  CHECK(contains(output_of({"--settings", "/nowhere"}), "/nowhere: No such file"));
  CHECK(contains(output_of({"--port", "1"}), "there is no option --port"));
  CHECK(contains(output_of({"--listen", "203.0.113.1:0"}), "can't listen on 203.0.113.1:0"));
  write_private(with.settings(), R"({"api_key":"k","space_key":"my space"})");
  const std::string named = output_of({"--settings", with.settings()});
  CHECK(contains(named, "Space Key is not a Space ID"));
}
