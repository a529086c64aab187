// SPDX-License-Identifier: MIT

// What only the blocking transport has: several threads at once, its pool of connections, and a
// certificate store that is loaded once.

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "integration/transport_support.hpp"
#include "standins/tls.hpp"

using namespace transport_test;

TEST_CASE("eight threads share one transport", "[transport][httplib]") {
  const bool secure = GENERATE(false, true);
  const standins::tls_identity identity{standins::tls_options{}};
  server host(
      [](peer& client) {
        while (true) {
          const std::string request = client.request();
          if (request.empty()) return;
          const std::string body = request.substr(request.find("\r\n\r\n") + 4);
          client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + body);
        }
      },
      secure ? identity.context() : nullptr);
  trust from;
  from.ca_pem = identity.pem();
  httplib_driver driver(from);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        const std::string number = std::to_string(thread * 1000 + i);
        http::request request;
        request.url = (secure ? "https://127.0.0.1:" : "http://127.0.0.1:") +
                      std::to_string(host.port()) + "/";
        request.body = {"n", number};
        recorder sink;
        http::exchange_control control;
        driver.transport.perform(request, sink, control);
        if (sink.ok() && sink.body == "n" + number) ++right;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(right == 200);
  CHECK(host.connections() <= 8);
}

TEST_CASE("the pool keeps as many connections as it may", "[transport][httplib]") {
  server host([](peer& client) {
    while (!client.request().empty()) client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  orcast::httplib_options options;
  int expected = 2;
  SECTION("none") { options.idle_connections = 0; }
  SECTION("none for any time") { options.idle_connection_ms = 0; }
  SECTION("one") {
    options.idle_connections = 1;
    expected = 1;
  }
  SECTION("one, for any time") {
    options.idle_connections = 1;
    options.idle_connection_ms = INT64_MAX;
    expected = 1;
  }
  orcast::httplib_transport transport(options);
  const http::request request = get(host.url());
  for (int i = 0; i < 2; ++i) {
    recorder sink;
    http::exchange_control control;
    transport.perform(request, sink, control);
    CHECK(sink.ended() == "ok");
  }
  CHECK(host.connections() == expected);
}

TEST_CASE("a connection that holds bytes nobody asked for is not used again",
          "[transport][httplib]") {
  server host([](peer& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nevil");
    client.wait_for_close();
  });
  httplib_driver driver;
  const http::request request = get(host.url());
  for (int i = 0; i < 2; ++i) {
    recorder sink;
    fetch(driver, request, sink);
    CHECK(sink.ended() == "ok");
    CHECK(sink.body == "ok");
  }
  CHECK(host.connections() == 2);
}

TEST_CASE("the answer of a peer that would not read the request is read", "[transport][httplib]") {
  server host([](peer& client) {
    client.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");  // and closes
  });
  const std::string large(32 << 20, 'x');
  http::request request;
  request.url = host.url();
  request.body = {large};
  httplib_driver driver;
  recorder sink;
  fetch(driver, request, sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.status == 413);
  CHECK(sink.body == "no");
}

TEST_CASE("an exchange that was cancelled before it began connects to nobody",
          "[transport][httplib]") {
  server host([](peer& client) { client.request(); });
  orcast::httplib_transport transport;
  const http::request request = get(host.url());
  recorder sink;
  http::exchange_control control;
  control.cancel();
  transport.perform(request, sink, control);
  CHECK(sink.ended() == "cancelled");
  CHECK(host.connections() == 0);
}

TEST_CASE("warming up says whether there is anybody to trust", "[transport][httplib]") {
  orcast::httplib_options options;
  options.ca_file = "/nowhere/ca.pem";
  orcast::httplib_transport nobody(options);
  const orcast::result<void> failed = nobody.warm_up();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == errc::trust_store);

  options.ca_file.clear();
  options.ca_pem = standins::tls_identity{standins::tls_options{}}.pem();
  orcast::httplib_transport somebody(options);
  CHECK(somebody.warm_up().ok());
}

TEST_CASE("keys do not stay in the failure of a broken request", "[transport][httplib]") {
  http::request request = get("http://127.0.0.1:1/");
  request.headers.push_back({"Authorization", "Bearer canary\n", true});
  orcast::httplib_transport transport;
  recorder sink;
  http::exchange_control control;
  transport.perform(request, sink, control);
  REQUIRE(sink.why);
  CHECK(sink.why->message.find("Authorization") != std::string::npos);
  CHECK(sink.why->message.find("canary") == std::string::npos);
}
