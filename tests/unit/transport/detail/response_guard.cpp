// SPDX-License-Identifier: MIT

#include "orcast/transport/detail/response_guard.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include "support/catch.hpp"

using orcast::errc;
using orcast::http::response_limits;
using orcast::transport_detail::response_guard;

namespace {

struct reading {
  std::string clean;
  std::string head;
  std::string ended;  // "complete", "open", or the name of the failure
  bool reusable = false;

  bool operator==(const reading& other) const {
    return clean == other.clean && head == other.head && ended == other.ended &&
           reusable == other.reusable;
  }
};

/// Feeds `bytes` in two parts, the first of `split` bytes.
reading read(std::string_view bytes, std::size_t split = 0, const response_limits& limits = {},
             bool close = false, bool bodiless = false) {
  response_guard guard(limits, bodiless);
  reading seen;
  const bool fine = guard.feed(bytes.substr(0, split), seen.clean) &&
                    guard.feed(bytes.substr(split), seen.clean) &&
                    (!close || guard.end_of_stream());
  seen.ended = !fine              ? std::string(orcast::to_string(guard.why().code))
               : guard.complete() ? "complete"
                                  : "open";
  seen.reusable = guard.reusable();
  if (guard.has_head()) {
    const auto head = guard.head();
    seen.head = std::to_string(head.status);
    for (std::size_t i = 0; i < head.header_count; ++i) {
      seen.head.append("|").append(head.headers[i].name).append("=").append(head.headers[i].value);
    }
  }
  return seen;
}

const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("the parser sees the framing, the sink every header as it was sent") {
  const reading seen =
      read("HTTP/1.1 404 Not Found\r\nX-A:  b%0d%0a \t\r\nEmpty:\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(seen.clean == "HTTP/1.1 404 OK\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(seen.head == "404|X-A=b%0d%0a|Empty=|Content-Length=3");
  CHECK(seen.ended == "complete");
  CHECK(seen.reusable);
}

TEST_CASE("chunks are handed on without extensions and trailers") {
  const reading seen = read(chunked + "3;a=b\r\nabc\r\n0A \r\n0123456789\r\n00\r\nX: y\r\n\r\n");
  CHECK(seen.clean == chunked + "3\r\nabc\r\n0A\r\n0123456789\r\n00\r\n\r\n");
  CHECK(seen.ended == "complete");
  CHECK(seen.reusable);
}

TEST_CASE("a response reads the same wherever the network cuts it") {
  const std::string responses[] = {
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n"
      "HTTP/1.1 200 OK\r\nC: d\r\nContent-Length: 5\r\n\r\nhello",
      chunked + "3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
      chunked + "3\r\nabcX\r\n",
      "HTTP/1.0 200 OK\r\n\r\nuntil the end",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1",
  };
  for (const std::string& response : responses) {
    CAPTURE(response);
    const reading whole = read(response);
    for (std::size_t split = 1; split < response.size(); ++split) {
      CAPTURE(split);
      CHECK(read(response, split) == whole);
    }
  }
}

TEST_CASE("every prefix of a framed response is incomplete when the peer closes") {
  for (const std::string& response :
       {std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        chunked + "3\r\nabc\r\n0\r\n\r\n"}) {
    CHECK(read(response, 0, {}, true).ended == "complete");
    CHECK(read("", 0, {}, true).ended == "disconnected");
    for (std::size_t size = 1; size < response.size(); ++size) {
      CAPTURE(size);
      CHECK(read(std::string_view(response).substr(0, size), 0, {}, true).ended == "disconnected");
    }
  }
}

TEST_CASE("a body without framing ends with the connection, which is then gone") {
  const std::string response = "HTTP/1.1 200 OK\r\n\r\nbody";
  CHECK(read(response).ended == "open");
  const reading seen = read(response, 0, {}, true);
  CHECK(seen.ended == "complete");
  CHECK(seen.clean == "HTTP/1.1 200 OK\r\n\r\nbody");
  CHECK_FALSE(seen.reusable);
}

TEST_CASE("answers that have no body are complete with their head") {
  for (const char* head : {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
                           "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    CAPTURE(head);
    CHECK(read(head).ended == "complete");
    CHECK(read(head).reusable);
  }
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0, {}, false, true).ended ==
        "complete");
}

TEST_CASE("a connection is reusable unless the response says otherwise or goes on") {
  const std::string end = "Content-Length: 2\r\n\r\nok";
  CHECK(read("HTTP/1.1 200 OK\r\n" + end).reusable);
  CHECK(read("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n" + end).reusable);
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nConnection: close\r\n" + end).reusable);
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nconnection: a , CLOSE,b\r\n" + end).reusable);
  CHECK_FALSE(read("HTTP/1.0 200 OK\r\n" + end).reusable);
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\n" + end + "x").reusable);
}

TEST_CASE("heads that break the rules are refused") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const std::string& head :
       {std::string("HTTP/2 200 OK\r\n"),
        std::string("HTTP/1.1 2000 OK\r\n"),
        std::string("HTTP/1.1  200 OK\r\n"),
        std::string("HTTP/1.1 20a OK\r\n"),
        std::string("HTTP/1.1 099 OK\r\n"),
        std::string("HTTP/1.1 101 Upgrade\r\n"),
        std::string("HTTP/1.1\r\n"),
        std::string("\r\n"),
        std::string("HTTP/1.1 200 OK\n"),
        ok + "A: b\n",
        ok + "A b\r\n",
        ok + ": b\r\n",
        ok + "A : b\r\n",
        ok + " A: b\r\n",
        ok + "A: b\r\n\tc\r\n",
        ok + std::string("A: b\0c\r\n", 8),
        ok + "A: b\rc\r\n",
        ok + "Content-Length:\r\n",
        ok + "Content-Length: +5\r\n",
        ok + "Content-Length: 0x5\r\n",
        ok + "Content-Length: 5 5\r\n",
        ok + "Content-Length: 1000000000000000000\r\n",
        ok + "Content-Length: 5\r\nContent-Length: 4\r\n",
        ok + "Transfer-Encoding: gzip\r\n",
        ok + "Transfer-Encoding: identity\r\n",
        ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        std::string("HTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\n")}) {
    CAPTURE(head);
    CHECK(read(head).ended == "protocol");
  }
  CHECK(read(ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok").ended == "complete");
}

TEST_CASE("chunks that break the rules are refused") {
  for (const char* chunks : {"\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "g\r\n", "1,\r\n",
                             "1\nA", "3\r\nabcd", "3\r\nabc\n", "1111111111111111\r\n"}) {
    CAPTURE(chunks);
    CHECK(read(chunked + chunks + "\r\n").ended == "protocol");
  }
  CHECK(read(chunked + "1;" + std::string(300, 'x') + "\r\n").ended == "protocol");
}

TEST_CASE("each limit holds, to the byte") {
  response_limits limits;
  limits.header_line_bytes = 20;
  CHECK(read("HTTP/1.1 200 OK\r\nA: " + std::string(15, 'x') + "\r\n", 0, limits).ended == "open");
  CHECK(read("HTTP/1.1 200 OK\r\nA: " + std::string(16, 'x') + "\r\n", 0, limits).ended ==
        "too_large");
  CHECK(read("HTTP/1.1 200 OK 12345", 0, limits).ended == "too_large");

  limits = {};
  limits.header_count = 2;
  CHECK(read("HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\n\r\n", 0, limits).ended == "open");
  CHECK(read("HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\nC: 1\r\n", 0, limits).ended == "too_large");
  CHECK(read(chunked + "0\r\nB: 1\r\n\r\n", 0, limits).ended == "complete");
  CHECK(read(chunked + "0\r\nB: 1\r\nC: 1\r\n\r\n", 0, limits).ended == "too_large");

  limits = {};
  limits.header_bytes = 23;
  CHECK(read("HTTP/1.1 200 OK\r\nA: 1\r\n", 0, limits).ended == "open");
  CHECK(read("HTTP/1.1 200 OK\r\nA: 12\r\n", 0, limits).ended == "too_large");
  CHECK(read("HTTP/1.1 100 OK\r\n\r\nHTTP/1.1 100 OK\r\n\r\n", 0, limits).ended == "too_large");

  limits = {};
  limits.body_bytes = 4;
  CHECK(read("HTTP/1.1 200 OK\r\n\r\nabcd", 0, limits).ended == "open");
  CHECK(read("HTTP/1.1 200 OK\r\n\r\nabcde", 0, limits).ended == "too_large");
  CHECK(read(chunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", 0, limits).ended == "complete");
  CHECK(read(chunked + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", 0, limits).ended == "too_large");
}

TEST_CASE("what came before a mistake is kept") {
  const reading seen = read(chunked + "3\r\nabc\r\nzz\r\n");
  CHECK(seen.ended == "protocol");
  CHECK(seen.clean == chunked + "3\r\nabc\r\n");
  CHECK(seen.head == "200|Transfer-Encoding=chunked");
}
