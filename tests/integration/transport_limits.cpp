// SPDX-License-Identifier: MIT

// What both transports do about peers that break the rules, and about requests that would.

#include <string>
#include <utility>

#include "integration/transport_support.hpp"

using namespace transport_test;

namespace {

const std::string ok_head = "HTTP/1.1 200 OK\r\n";
const std::string chunked_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEMPLATE_TEST_CASE("a body that is cut is not complete", "[transport]", httplib_driver,
                   curl_driver) {
  const auto& [bytes, received] = GENERATE(table<std::string, std::string>({
      {ok_head + "Content-Length: 10\r\n\r\nhalf", "half"},
      {chunked_head + "5\r\nhel", "hel"},
      {chunked_head + "5\r\nhello\r\n", "hello"},
      {chunked_head + "5\r\nhello\r\n0\r\n", "hello"},
  }));
  CAPTURE(bytes);
  recorder sink;
  answer<TestType>(bytes, sink);
  CHECK(sink.ended() == "disconnected");
  CHECK(sink.status == 200);
  CHECK(sink.body == received);
}

TEMPLATE_TEST_CASE("a head that is cut is no answer", "[transport]", httplib_driver, curl_driver) {
  recorder sink;
  answer<TestType>(ok_head + "Content-Le", sink);
  CHECK(sink.ended() == "disconnected");
  CHECK(sink.heads == 0);
}

TEMPLATE_TEST_CASE("a reset is no failure to connect, whether the response had begun or not",
                   "[transport]", httplib_driver, curl_driver) {
  latch seen;
  const bool begun = GENERATE(false, true);
  server host([&](peer& client) {
    client.request();
    if (begun) {
      client.send(ok_head + "Content-Length: 10\r\n\r\nhalf");
      seen.wait();
    }
    client.reset_on_close();
  });
  const http::request request = get(host.url());
  recorder sink;
  TestType driver;
  driver.start(request, sink);
  if (begun) CHECK(sink.wait_for_body(4));
  seen.open();
  REQUIRE(sink.wait_for_done());
  CHECK(sink.ended() == "disconnected");
  CHECK(sink.heads == (begun ? 1 : 0));
}

TEMPLATE_TEST_CASE("chunks that make no sense are refused", "[transport]", httplib_driver,
                   curl_driver) {
  const std::string chunks =
      GENERATE("-1\r\nhello\r\n0\r\n\r\n", "zz\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n",
               "5\r\nhelloXX\r\n0\r\n\r\n", "11111111111111111111\r\nhello\r\n0\r\n\r\n");
  CAPTURE(chunks);
  recorder sink;
  answer<TestType>(chunked_head + chunks, sink);
  CHECK(sink.ended() == "protocol");
}

TEMPLATE_TEST_CASE("a chunk of exabytes is not complete when its bytes stay away", "[transport]",
                   httplib_driver, curl_driver) {
  recorder sink;
  answer<TestType>(chunked_head + "7fffffffffffffe\r\nhello", sink);
  CHECK(sink.ended() == "disconnected");
  CHECK(sink.body == "hello");
}

TEMPLATE_TEST_CASE("framing that can be read in two ways is refused", "[transport]", httplib_driver,
                   curl_driver) {
  const std::string headers = GENERATE(
      "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: -5\r\n",
      "Content-Length: 5, 5\r\n", "Content-Length: five\r\n",
      "Content-Length: 99999999999999999999\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Transfer-Encoding: gzip, chunked\r\n",
      "Content-Length : 5\r\n", "No colon\r\n", "X: 1\r\n folded: 2\r\n");
  CAPTURE(headers);
  recorder sink;
  answer<TestType>(ok_head + headers + "\r\nhello", sink);
  CHECK(sink.ended() == "protocol");
  CHECK(sink.heads == 0);
}

TEMPLATE_TEST_CASE("what is not HTTP is refused", "[transport]", httplib_driver, curl_driver) {
  const std::string bytes =
      GENERATE("SSH-2.0-OpenSSH_9.2\r\n", "<html>hello</html>\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
               "HTTP/1.1 101 Switching Protocols\r\n\r\n");
  CAPTURE(bytes);
  recorder sink;
  answer<TestType>(bytes, sink);
  CHECK(sink.ended() == "protocol");
  CHECK(sink.heads == 0);
}

TEMPLATE_TEST_CASE("a head that is too large is refused", "[transport]", httplib_driver,
                   curl_driver) {
  std::string thousand;
  for (int i = 0; i < 1000; ++i) thousand += "X-" + std::to_string(i) + ": 1\r\n";
  std::string many_bytes;
  for (int i = 0; i < 20; ++i) many_bytes += "X: " + std::string(7000, 'a') + "\r\n";
  std::string interim;
  for (int i = 0; i < 10'000; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::string bytes =
      GENERATE_COPY(ok_head + "X: " + std::string(1 << 20, 'a') + "\r\n\r\n",
                    ok_head + "X: " + std::string(9000, 'a') + "\r\n\r\n",
                    ok_head + thousand + "\r\n", ok_head + many_bytes + "\r\n",
                    "HTTP/1.1 200 " + std::string(1 << 20, 'a') + "\r\n\r\n", interim);
  recorder sink;
  answer<TestType>(bytes, sink);
  CHECK(sink.ended() == "too_large");
  CHECK(sink.heads == 0);
}

TEMPLATE_TEST_CASE("a head up to the limits passes", "[transport]", httplib_driver, curl_driver) {
  std::string headers;
  for (int i = 0; i < 99; ++i) headers += "X-" + std::to_string(i) + ": 1\r\n";
  recorder sink;
  answer<TestType>(ok_head + headers + "Content-Length: 2\r\n\r\nok", sink);
  CHECK(sink.ended() == "ok");
  CHECK(sink.headers.size() == 100);
}

TEMPLATE_TEST_CASE("a body over its limit is cut off", "[transport]", httplib_driver, curl_driver) {
  const std::string body(5000, 'a');
  const std::string bytes =
      GENERATE_COPY(ok_head + "Content-Length: 5000\r\n\r\n" + body,
                    chunked_head + "1388\r\n" + body + "\r\n0\r\n\r\n", ok_head + "\r\n" + body);
  const bool enough = GENERATE(false, true);
  http::request request = get("");
  request.response.body_bytes = enough ? 5000 : 4999;
  recorder sink;
  answer<TestType>(bytes, sink, request);
  CHECK(sink.ended() == (enough ? "ok" : "too_large"));
  CHECK(sink.body.size() <= request.response.body_bytes);
}

TEMPLATE_TEST_CASE("a request that would break the protocol is refused before it is sent",
                   "[transport]", httplib_driver, curl_driver) {
  server host([](peer& client) { client.request(); });
  http::request request = get(host.url());
  const int place = GENERATE(range(0, 8));
  CAPTURE(place);
  switch (place) {
    case 0:
      request.url += "\r\nX-Evil: 1";
      break;
    case 1:
      request.url += " HTTP/1.1";
      break;
    case 2:
      request.headers.push_back({"X-A", "1\r\nX-Evil: 1", false});
      break;
    case 3:
      request.headers.push_back({"X-A\r\nX-Evil", "1", false});
      break;
    case 4:
      request.headers.push_back({"X-A", std::string("1\0002", 3), false});
      break;
    case 5:
      request.method = "GET / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET";
      break;
    case 6:
      request.headers.push_back({"Transfer-Encoding", "chunked", false});
      break;
    default:
      request.url = "http://example.com/";
      break;
  }
  recorder sink;
  TestType driver;
  fetch(driver, request, sink);
  CHECK(sink.ended() == "invalid_argument");
  CHECK(sink.heads == 0);
  CHECK(host.connections() == 0);
}

TEMPLATE_TEST_CASE("a refused connection and an unknown host are told apart", "[transport]",
                   httplib_driver, curl_driver) {
  TestType driver;
  SECTION("refused") {
    int port = 0;
    { port = listener().port(); }
    const http::request request = get("http://127.0.0.1:" + std::to_string(port) + "/");
    recorder sink;
    fetch(driver, request, sink);
    CHECK(sink.ended() == "connect");
  }
  SECTION("unknown") {
    const http::request request = get("https://nowhere.invalid/");
    recorder sink;
    fetch(driver, request, sink);
    CHECK(sink.ended() == "resolve");
  }
}
