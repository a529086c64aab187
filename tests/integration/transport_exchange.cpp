// SPDX-License-Identifier: MIT

// What both transports do when all is well: requests as they appear on the wire, responses as they
// appear to the sink.

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "integration/transport_support.hpp"

using namespace transport_test;

TEMPLATE_TEST_CASE("a GET arrives without a body and its answer with one", "[transport]",
                   httplib_driver, curl_driver) {
  std::string seen;
  server host([&](peer& client) {
    seen = client.request();
    client.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Path: a%20b\r\nX-Empty:\r\n"
        "Content-Length: 5\r\n\r\nhello");
  });
  http::request request = get(host.url("/models?sort=%22price%22&x=/../y"));
  request.headers.push_back({"X-Trace", "one, two", false});
  recorder sink;
  {
    TestType driver;
    fetch(driver, request, sink);
  }
  CHECK(sink.ended() == "ok");
  CHECK(sink.ok());
  CHECK(sink.status == 200);
  CHECK(sink.body == "hello");
  CHECK(sink.header("content-type") == "text/plain");
  CHECK(sink.header("x-path") == "a%20b");
  CHECK(sink.headers.size() == 4);

  CHECK(seen.substr(0, seen.find("\r\n")) == "GET /models?sort=%22price%22&x=/../y HTTP/1.1");
  CHECK(seen.find("\r\nX-Trace: one, two\r\n") != std::string::npos);
  CHECK(seen.find("\r\nHost: 127.0.0.1:" + std::to_string(host.port()) + "\r\n") !=
        std::string::npos);
  CHECK(seen.find("\r\nUser-Agent: orcast/") != std::string::npos);
  CHECK(seen.find("Accept-Encoding") == std::string::npos);
  CHECK(seen.find("Content-Length") == std::string::npos);
  CHECK(seen.find("Content-Type") == std::string::npos);
}

TEMPLATE_TEST_CASE("a POST sends its segments one after the other", "[transport]", httplib_driver,
                   curl_driver) {
  std::string seen;
  server host([&](peer& client) {
    seen = client.request();
    client.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  });
  const std::string large(300'000, 'x');
  http::request request;
  request.url = host.url("/chat");
  request.headers.push_back({"Content-Type", "application/json", false});
  request.headers.push_back({"X-Nothing", "", false});
  request.body = {"{\"a\":", "", large, "}"};
  recorder sink;
  {
    TestType driver;
    fetch(driver, request, sink);
  }
  CHECK(sink.ended() == "ok");
  CHECK(sink.status == 201);
  CHECK(sink.body.empty());
  CHECK(seen.substr(0, 20) == "POST /chat HTTP/1.1\r");
  CHECK(seen.find("\r\nContent-Length: 300006\r\n") != std::string::npos);
  CHECK(seen.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(seen.find("\r\nX-Nothing:") != std::string::npos);
  CHECK(seen.find("Expect") == std::string::npos);
  CHECK(seen.substr(seen.find("\r\n\r\n") + 4) == "{\"a\":" + large + "}");
}

TEMPLATE_TEST_CASE("every method goes out under its name", "[transport]", httplib_driver,
                   curl_driver) {
  const std::string method = GENERATE("POST", "PUT", "PATCH", "DELETE", "OPTIONS");
  const bool with_body = GENERATE(false, true);
  CAPTURE(method, with_body);
  std::string seen;
  server host([&](peer& client) {
    seen = client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  http::request request;
  request.method = method;
  request.url = host.url("/x");
  if (with_body) request.body = {"12", "3"};
  recorder sink;
  {
    TestType driver;
    fetch(driver, request, sink);
  }
  CHECK(sink.ended() == "ok");
  CHECK(sink.body == "ok");
  CHECK(seen.substr(0, method.size() + 13) == method + " /x HTTP/1.1\r");
  CHECK(seen.substr(seen.find("\r\n\r\n") + 4) == (with_body ? "123" : ""));
}

TEMPLATE_TEST_CASE("a chunked body arrives without its chunks", "[transport]", httplib_driver,
                   curl_driver) {
  recorder sink;
  answer<TestType>(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;extension=1\r\n \r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n",
      sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.body == "hello 0123456789");
  CHECK(sink.header("x-trailer").empty());
}

TEMPLATE_TEST_CASE("a body without a length ends when the server closes", "[transport]",
                   httplib_driver, curl_driver) {
  recorder sink;
  answer<TestType>("HTTP/1.1 200 OK\r\n\r\nall of it", sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.body == "all of it");
}

TEMPLATE_TEST_CASE("responses without a body end with their head", "[transport]", httplib_driver,
                   curl_driver) {
  server host([&](peer& client) {
    const std::string method = client.request().substr(0, 4);
    client.send(method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
                                 : "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n");
    client.wait_for_close();
  });
  http::request request = get(host.url());
  request.method = GENERATE("HEAD", "GET");
  recorder sink;
  {
    TestType driver;
    fetch(driver, request, sink);
  }
  CHECK(sink.ended() == "ok");
  CHECK(sink.status == (request.method == "HEAD" ? 200 : 304));
  CHECK(sink.header("content-length") == "100");
  CHECK(sink.body.empty());
}

TEMPLATE_TEST_CASE("interim responses are not reported", "[transport]", httplib_driver,
                   curl_driver) {
  recorder sink;
  answer<TestType>(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!",
      sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.status == 200);
  CHECK(sink.header("link").empty());
  CHECK(sink.body == "!");
}

TEMPLATE_TEST_CASE("a redirect is reported, not followed", "[transport]", httplib_driver,
                   curl_driver) {
  server elsewhere([](peer& client) { client.request(); });
  recorder sink;
  answer<TestType>("HTTP/1.1 302 Found\r\nLocation: " + elsewhere.url("/stolen") +
                       "\r\nContent-Length: 4\r\n\r\ngone",
                   sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.status == 302);
  CHECK(sink.header("location") == elsewhere.url("/stolen"));
  CHECK(sink.body == "gone");
  CHECK(elsewhere.connections() == 0);
}

TEMPLATE_TEST_CASE("an error status is an answer like any other", "[transport]", httplib_driver,
                   curl_driver) {
  recorder sink;
  answer<TestType>("HTTP/1.1 429 Slow Down\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}", sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.status == 429);
  CHECK(sink.header("Retry-After") == "3");
}

TEMPLATE_TEST_CASE("compressed bytes are passed on as they are", "[transport]", httplib_driver,
                   curl_driver) {
  recorder sink;
  answer<TestType>(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b!", sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.body == "\x1f\x8b!");
}

TEMPLATE_TEST_CASE("pieces of a stream arrive when they are sent", "[transport]", httplib_driver,
                   curl_driver) {
  const bool chunked = GENERATE(false, true);
  latch first_seen;
  latch second_seen;
  std::atomic<bool> in_time{false};
  server host([&](peer& client) {
    client.request();
    client.send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
    // The rest is only sent once the client has seen the first part.
    in_time = first_seen.wait();
    client.send(chunked ? "3\r\ntwo\r\n" : "two");
    in_time = second_seen.wait() && in_time;
    if (chunked) client.send("0\r\n\r\n");
  });
  const http::request request = get(host.url());
  recorder sink;
  TestType driver;
  driver.start(request, sink);
  CHECK(sink.wait_for_head());
  CHECK(sink.wait_for_body(3));
  first_seen.open();
  CHECK(sink.wait_for_body(6));
  second_seen.open();
  REQUIRE(sink.wait_for_done());
  CHECK(in_time);
  CHECK(sink.body == "onetwo");
  CHECK(sink.ended() == "ok");
}

TEMPLATE_TEST_CASE("the answer to a request that was not read whole still arrives", "[transport]",
                   httplib_driver, curl_driver) {
  server host([&](peer& client) {
    client.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    client.request();
  });
  const std::string large(4 << 20, 'x');
  http::request request;
  request.url = host.url();
  request.body = {large};
  recorder sink;
  TestType driver;
  fetch(driver, request, sink);
  CHECK(sink.status == 413);
  CHECK(sink.body == "no");
}

TEMPLATE_TEST_CASE("a kept connection carries the next exchange", "[transport]", httplib_driver,
                   curl_driver) {
  server host([&](peer& client) {
    while (!client.request().empty()) {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  const http::request request = get(host.url());
  TestType driver;
  for (int i = 0; i < 5; ++i) {
    recorder sink;
    fetch(driver, request, sink);
    CHECK(sink.ended() == "ok");
  }
  CHECK(host.connections() == 1);
}

TEMPLATE_TEST_CASE("a connection that the server means to close is not kept", "[transport]",
                   httplib_driver, curl_driver) {
  server host([&](peer& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\nok");
    client.wait_for_close();
  });
  const http::request request = get(host.url());
  TestType driver;
  for (int i = 0; i < 2; ++i) {
    recorder sink;
    fetch(driver, request, sink);
    CHECK(sink.ended() == "ok");
  }
  CHECK(host.connections() == 2);
}

TEMPLATE_TEST_CASE("a kept connection that dies is replaced, with the whole body", "[transport]",
                   httplib_driver, curl_driver) {
  std::atomic<int> served{0};
  std::string last;
  server host([&](peer& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const std::string second = client.request();
    // The first connection reads a second request and closes without a word.
    if (served++ == 0) return;
    last = second;
  });
  http::request request;
  request.url = host.url();
  request.body = {"seg", "ments"};
  TestType driver;
  for (int i = 0; i < 2; ++i) {
    recorder sink;
    fetch(driver, request, sink);
    CHECK(sink.ended() == "ok");
    CHECK(sink.body == "ok");
  }
  CHECK(host.connections() == 2);
}
