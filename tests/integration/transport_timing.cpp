// SPDX-License-Identifier: MIT

// Cancelling, pausing and deadlines of both transports. The bound for a cancel is 100 ms; the tests
// allow a busy machine one second, and print what they measured.

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

#include "integration/transport_support.hpp"
#include "standins/tls.hpp"

using namespace transport_test;

namespace {

const std::string stream_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Cancels and waits; the milliseconds that took.
template <class Driver>
std::int64_t cancel(Driver& driver, typename Driver::handle which, recorder& sink,
                    const char* phase) {
  const auto start = std::chrono::steady_clock::now();
  driver.cancel(which);
  REQUIRE(sink.wait_for_done());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  std::cout << (Driver::is_curl ? "curl" : "httplib") << ": cancelled " << phase << " in "
            << took.count() << " ms\n";
  return took.count();
}

}  // namespace

TEMPLATE_TEST_CASE("a cancel ends an exchange that is connecting", "[transport]", httplib_driver,
                   curl_driver) {
  const black_hole nowhere;
  const http::request request = get(nowhere.url());
  recorder sink;
  TestType driver;
  const auto which = driver.start(request, sink);
  nowhere.wait_for_attempt();
  CHECK(cancel(driver, which, sink, "while connecting") < 1000);
  CHECK(sink.ended() == "cancelled");
  CHECK(sink.heads == 0);
}

TEMPLATE_TEST_CASE("a cancel ends a TLS handshake", "[transport]", httplib_driver, curl_driver) {
  latch asked;
  server host([&](peer& client) {
    asked.open();
    client.wait_for_close();  // takes the client's hello and never answers
  });
  const http::request request = get("https://127.0.0.1:" + std::to_string(host.port()) + "/");
  recorder sink;
  // One authority: reading the machine's hundreds would be a part of what is measured.
  trust from;
  from.ca_pem = standins::tls_identity{standins::tls_options{}}.pem();
  TestType driver(from);
  const auto which = driver.start(request, sink);
  REQUIRE(asked.wait());
  CHECK(cancel(driver, which, sink, "in the handshake") < 1000);
  CHECK(sink.ended() == "cancelled");
}

TEMPLATE_TEST_CASE("a cancel ends an exchange before its first byte", "[transport]", httplib_driver,
                   curl_driver) {
  latch asked;
  server host([&](peer& client) {
    client.request();
    asked.open();
    client.wait_for_close();
  });
  const http::request request = get(host.url());
  recorder sink;
  TestType driver;
  const auto which = driver.start(request, sink);
  REQUIRE(asked.wait());
  CHECK(cancel(driver, which, sink, "before the first byte") < 1000);
  CHECK(sink.ended() == "cancelled");
  driver.cancel(which);  // once more is nothing
  driver.resume(which);
}

TEMPLATE_TEST_CASE("a cancel ends a stream", "[transport]", httplib_driver, curl_driver) {
  server host([&](peer& client) {
    client.request();
    client.send(stream_head + "5\r\nhello\r\n");
    client.wait_for_close();
  });
  const http::request request = get(host.url());
  recorder sink;
  TestType driver;
  const auto which = driver.start(request, sink);
  REQUIRE(sink.wait_for_body(5));
  CHECK(cancel(driver, which, sink, "within the stream") < 1000);
  CHECK(sink.ended() == "cancelled");
  CHECK(sink.body == "hello");
}

TEMPLATE_TEST_CASE("a cancel ends a request that is being sent", "[transport]", httplib_driver,
                   curl_driver) {
  latch connected;
  latch over;
  server host([&](peer&) {
    connected.open();
    over.wait();  // reads nothing, so that the client's buffers fill
  });
  const std::string large(32 << 20, 'x');
  http::request request;
  request.url = host.url();
  request.body = {large};
  recorder sink;
  {
    TestType driver;
    const auto which = driver.start(request, sink);
    REQUIRE(connected.wait());
    CHECK(cancel(driver, which, sink, "while sending") < 1000);
    CHECK(sink.ended() == "cancelled");
    over.open();
  }
}

TEMPLATE_TEST_CASE("a receiver can stop a stream from within", "[transport]", httplib_driver,
                   curl_driver) {
  server host([&](peer& client) {
    client.request();
    client.send(stream_head);
    while (client.send("5\r\nhello\r\n")) {
    }
  });
  const http::request request = get(host.url());
  recorder sink;
  int pieces = 0;
  sink.on_data = [&](std::string_view) {
    return ++pieces == 3 ? http::flow::stop : http::flow::go;
  };
  TestType driver;
  fetch(driver, request, sink);
  CHECK(sink.ended() == "cancelled");
  CHECK(pieces == 3);
}

TEMPLATE_TEST_CASE("a paused stream says nothing until it is resumed", "[transport]",
                   httplib_driver, curl_driver) {
  const std::string piece(64 * 1024, 'x');
  const int pieces = 64;
  latch sent;
  server host([&](peer& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(piece.size() * pieces) +
                "\r\n\r\n");
    client.send(piece);
    sent.open();
    for (int i = 1; i < pieces; ++i) client.send(piece);
  });
  http::request request = get(host.url());
  request.limits.idle_ms = 5000;
  recorder sink;
  std::atomic<int> calls{0};
  std::atomic<bool> paused{false};
  std::atomic<bool> disturbed{false};
  latch pausing;
  sink.on_data = [&](std::string_view) {
    if (paused) disturbed = true;
    if (++calls % 10 != 1) return http::flow::go;
    paused = true;
    pausing.open();
    return http::flow::pause;
  };
  TestType driver;
  const auto which = driver.start(request, sink);
  REQUIRE(pausing.wait());
  REQUIRE(sent.wait());
  while (!sink.is_over()) {
    if (paused.exchange(false)) driver.resume(which);
    std::this_thread::yield();
  }
  CHECK(sink.ended() == "ok");
  CHECK(sink.body.size() == piece.size() * pieces);
  CHECK_FALSE(disturbed);
}

TEMPLATE_TEST_CASE("a stream whose last piece asks for a pause is done once resumed", "[transport]",
                   httplib_driver, curl_driver) {
  server host([&](peer& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    client.wait_for_close();
  });
  const http::request request = get(host.url());
  recorder sink;
  latch pausing;
  sink.on_data = [&](std::string_view) {
    pausing.open();
    return http::flow::pause;
  };
  TestType driver;
  const auto which = driver.start(request, sink);
  REQUIRE(pausing.wait());
  SECTION("resumed") {
    CHECK_FALSE(sink.is_over());
    driver.resume(which);
    REQUIRE(sink.wait_for_done());
    CHECK(sink.ended() == "ok");
  }
  SECTION("cancelled") {
    driver.cancel(which);
    REQUIRE(sink.wait_for_done());
    CHECK(sink.ended() == "cancelled");
  }
}

TEMPLATE_TEST_CASE("a paused stream can be cancelled", "[transport]", httplib_driver, curl_driver) {
  server host([&](peer& client) {
    client.request();
    client.send(stream_head + "5\r\nhello\r\n5\r\nworld\r\n");
    client.wait_for_close();
  });
  const http::request request = get(host.url());
  recorder sink;
  latch pausing;
  sink.on_data = [&](std::string_view) {
    pausing.open();
    return http::flow::pause;
  };
  TestType driver;
  const auto which = driver.start(request, sink);
  REQUIRE(pausing.wait());
  CHECK(cancel(driver, which, sink, "while paused") < 1000);
  CHECK(sink.ended() == "cancelled");
}

TEMPLATE_TEST_CASE("each deadline has a name of its own", "[transport]", httplib_driver,
                   curl_driver) {
  const black_hole nowhere;
  server silent([](peer& client) {
    client.request();
    client.wait_for_close();
  });
  server stalled([](peer& client) {
    client.request();
    client.send(stream_head + "5\r\nhello\r\n");
    client.wait_for_close();
  });
  server chatty([](peer& client) {
    client.request();
    client.send(stream_head);
    while (client.send("5\r\nhello\r\n")) {
    }
  });
  server deaf([](peer& client) { client.wait_for_close(); });

  http::request request;
  request.method = "GET";
  std::string expected;
  SECTION("connecting") {
    request.url = nowhere.url();
    request.limits.connect_ms = 60;
    expected = "timeout_connect";
  }
  SECTION("the TLS handshake") {
    request.url = "https://127.0.0.1:" + std::to_string(deaf.port()) + "/";
    request.limits.connect_ms = 60;
    expected = "timeout_connect";
  }
  SECTION("the first byte") {
    request.url = silent.url();
    request.limits.first_byte_ms = 60;
    request.limits.idle_ms = 1;
    expected = "timeout_first_byte";
  }
  SECTION("silence") {
    request.url = stalled.url();
    request.limits.idle_ms = 60;
    request.limits.total_ms = 60'000;
    expected = "timeout_idle";
  }
  SECTION("the whole, while connecting") {
    request.url = nowhere.url();
    request.limits.total_ms = 60;
    expected = "timeout_total";
  }
  SECTION("the whole, while waiting") {
    request.url = silent.url();
    request.limits.total_ms = 60;
    expected = "timeout_total";
  }
  SECTION("the whole, within a stream") {
    request.url = chatty.url();
    request.limits.total_ms = 60;
    request.response.body_bytes = ~std::size_t{0};
    expected = "timeout_total";
  }
  recorder sink;
  TestType driver;
  fetch(driver, request, sink);
  CHECK(sink.ended() == expected);
}

TEMPLATE_TEST_CASE("a pause does not count as silence, but towards the whole", "[transport]",
                   httplib_driver, curl_driver) {
  server host([&](peer& client) {
    client.request();
    client.send(stream_head + "5\r\nhello\r\n");
    client.wait_for_close();
  });
  http::request request = get(host.url());
  request.limits.idle_ms = 30;
  request.limits.total_ms = 150;
  recorder sink;
  sink.on_data = [](std::string_view) { return http::flow::pause; };
  TestType driver;
  fetch(driver, request, sink);
  CHECK(sink.ended() == "timeout_total");
}
