// SPDX-License-Identifier: MIT

#include "orcast/http/sse.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace {
thread_local std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using orcast::errc;
using orcast::http::sse_event;
using orcast::http::sse_limits;
using orcast::http::sse_parser;

struct seen_event {
  std::string data, type, id;

  bool operator==(const seen_event& other) const {
    return data == other.data && type == other.type && id == other.id;
  }
};

std::ostream& operator<<(std::ostream& out, const seen_event& event) {
  return out << event.type << '/' << event.id << '/' << event.data;
}

using seen_events = std::vector<seen_event>;

/// Appends what the parser hands on.
struct collect {
  seen_events& into;
  bool operator()(const sse_event& event) const {
    into.push_back({std::string(event.data), std::string(event.type), std::string(event.id)});
    return true;
  }
};

seen_events parsed(std::string_view stream) {
  sse_parser parser;
  seen_events events;
  REQUIRE(parser.feed(stream, collect{events}).ok());
  return events;
}

std::vector<std::string> data_of(std::string_view stream) {
  std::vector<std::string> data;
  for (const seen_event& event : parsed(stream)) data.push_back(event.data);
  return data;
}

using strings = std::vector<std::string>;

TEST_CASE("an event is its data lines, ended by a blank line") {
  CHECK(data_of("data: one\n\ndata:two\n\n") == strings{"one", "two"});
  CHECK(data_of("data: a\ndata:b\ndata:  c\n\n") == strings{"a\nb\n c"});
  CHECK(data_of("data: left open\n") == strings{});
  CHECK(data_of("\n\n\n") == strings{});
  CHECK(data_of("data: a:b: c\n\n") == strings{"a:b: c"});
}

TEST_CASE("a data field without value or colon is an empty line of data") {
  CHECK(data_of("data\n\n") == strings{""});
  CHECK(data_of("data:\n\n") == strings{""});
  CHECK(data_of("data: \n\n") == strings{""});
  CHECK(data_of("data\ndata\n\n") == strings{"\n"});
  CHECK(data_of("data:\ndata: x\n\n") == strings{"\nx"});
  CHECK(data_of("data:x\ndata\n\n") == strings{"x\n"});
}

TEST_CASE("lines end in LF, CR or CRLF, also mixed") {
  CHECK(data_of("data: a\r\rdata: b\r\n\r\ndata: c\n\ndata: d\r\ndata: e\r\r\n") ==
        strings{"a", "b", "c", "d\ne"});
  CHECK(data_of("data: a\r\n\ndata: b\n\r\n") == strings{"a", "b"});
}

TEST_CASE("only one space after the colon is taken away, and no tab") {
  CHECK(data_of("data:   x\n\n") == strings{"  x"});
  CHECK(data_of("data:\tx\n\n") == strings{"\tx"});
  CHECK(data_of("data: x \n\n") == strings{"x "});
}

TEST_CASE("other fields and odd spellings are ignored") {
  CHECK(data_of("DATA: no\n data: no\ndata : no\nfoo: bar\nfoo\ndata: yes\n\n") == strings{"yes"});
  CHECK(data_of("datax: no\ndat: no\n\n") == strings{});
  CHECK(data_of("event: only\nid: 1\n\n") == strings{});
}

TEST_CASE("data may hold any byte but a line end") {
  CHECK(data_of("data: \0\x01\xFF\xC3\n\n"sv) == strings{std::string("\0\x01\xFF\xC3", 4)});
}

TEST_CASE("a byte order mark at the beginning is not text, elsewhere it is") {
  CHECK(data_of("\xEF\xBB\xBF"
                "data: a\n\n") == strings{"a"});
  CHECK(data_of("\xEF\xBB\xBF\xEF\xBB\xBF"
                "data: a\n\n") == strings{});
  CHECK(data_of("\xEF\xBB"
                "data: a\n\ndata: b\n\n") == strings{"b"});
  CHECK(data_of("\n\xEF\xBB\xBF"
                "data: a\n\ndata: b\n\n") == strings{"b"});
}

TEST_CASE("the type holds for one event, the id for all that follow") {
  CHECK(parsed("event: ping\nid: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n") ==
        seen_events{{"a", "ping", "7"}, {"b", "message", "7"}, {"c", "message", ""}});
  CHECK(parsed("event: lost\n\ndata: a\n\n") == seen_events{{"a", "message", ""}});
  CHECK(parsed("event: x\nevent:\ndata: a\n\n") == seen_events{{"a", "message", ""}});
  CHECK(parsed("id: 1\n\ndata: a\n\n") == seen_events{{"a", "message", "1"}});
  CHECK(parsed("id: 1\nid: 2\0\ndata: a\n\n"sv) == seen_events{{"a", "message", "1"}});
}

TEST_CASE("a retry field counts when it is digits only") {
  seen_events events;
  sse_parser parser;
  CHECK(parser.retry_ms() == -1);
  REQUIRE(parser.feed("retry: 3000\n", collect{events}).ok());
  CHECK(parser.retry_ms() == 3000);
  REQUIRE(parser.feed("retry: 1x\nretry: -5\nretry:\nretry: 1.5\n", collect{events}).ok());
  CHECK(parser.retry_ms() == 3000);
  REQUIRE(parser.feed("retry: 99999999999999999999999\n", collect{events}).ok());
  CHECK(parser.retry_ms() == 86'400'000);
}

TEST_CASE("comments are counted and are no events") {
  seen_events events;
  sse_parser parser;
  REQUIRE(
      parser
          .feed(": OPENROUTER PROCESSING\n\n:\ndata: a\n:in between\ndata: b\n\n", collect{events})
          .ok());
  CHECK(events == seen_events{{"a\nb", "message", ""}});
  CHECK(parser.comments() == 3);
  CHECK(parser.events() == 1);
}

/// About 2 KiB with everything in it that a cut could break.
std::string rich_stream() {
  std::string stream = "\xEF\xBB\xBF: OPENROUTER PROCESSING\r\n\r\n";
  for (int i = 0; stream.size() < 2000; ++i) {
    const char* const end = i % 3 == 0 ? "\n" : i % 3 == 1 ? "\r\n" : "\r";
    const auto line = [&](const std::string& text) { stream += text + end; };
    if (i % 4 == 1) line("event: type" + std::to_string(i));
    if (i % 5 == 2) line("id: " + std::to_string(i));
    if (i % 6 == 3) line(": still here");
    line("data: {\"i\":" + std::to_string(i) + ",\"text\":\"\xE2\x82\xAC \xF0\x9F\x98\x80\"}");
    if (i % 7 == 4) line("data:second line");
    if (i % 8 == 5) line("data");
    line("");
  }
  return stream + "data: [DONE]\n\n";
}

TEST_CASE("every cut of a stream in two gives the same events") {
  const std::string stream = rich_stream();
  const seen_events expected = parsed(stream);
  REQUIRE(expected.size() > 30);
  REQUIRE(expected.back().data == "[DONE]");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    seen_events events;
    sse_parser parser;
    REQUIRE(parser.feed(std::string_view(stream).substr(0, cut), collect{events}).ok());
    REQUIRE(parser.feed(std::string_view(stream).substr(cut), collect{events}).ok());
    REQUIRE(events == expected);
    REQUIRE_FALSE(parser.pending());
  }
}

TEST_CASE("random cuts of a stream give the same events") {
  const std::string stream = rich_stream();
  const seen_events expected = parsed(stream);
  std::mt19937 random(20240607);
  sse_parser parser;
  for (int round = 0; round < 300; ++round) {
    const std::size_t longest = 1 + random() % 60;
    seen_events events;
    parser.reset();
    for (std::string_view rest = stream; !rest.empty();) {
      // A copy of the piece: what the parser keeps must not point into it.
      const std::string piece(rest.substr(0, 1 + random() % longest));
      rest.remove_prefix(piece.size());
      REQUIRE(parser.feed(piece, collect{events}).ok());
    }
    REQUIRE(events == expected);
  }
}

// The examples of the EventSource standard, and the cases that browsers are tested with, in our own
// words. OpenRouter's streams need few of them; whatever stands in between may need the rest.

TEST_CASE("the streams that browsers must understand are understood") {
  const struct {
    std::string_view stream;
    strings data;
  } rows[] = {
      // the standard's own
      {"data: YHOO\ndata: +2\ndata: 10\n\n", {"YHOO\n+2\n10"}},
      {": test stream\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third",
       {"first", "second"}},
      {"data\n\ndata\ndata\n\ndata:", {"", "\n"}},
      {"data:test\n\ndata: test\n\n", {"test", "test"}},
      // byte order marks
      {"\xEF\xBB\xBF"
       "data:1\n\n"
       "\xEF\xBB\xBF"
       "data:2\n\ndata:3\n\n",
       {"1", "3"}},
      {"\xEF\xBB\xBF\xEF\xBB\xBF"
       "data:1\n\ndata:2\n\ndata:3\n\n",
       {"2", "3"}},
      // fields
      {"data:\n\ndata\ndata\n\ndata:test\n\n", {"", "\n", "test"}},
      {"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacomment\ndata:test\n\n",
       {"test\n\ntest"}},
      {"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n"
       " data:32\ndata:4\n\n"sv,
       {"\0\n 2\n1\n3\n\n4"s}},
      {"data:\ttest\rdata: \ndata:test\n\n", {"\ttest\n\ntest"}},
      {"data:1\r:\0\n:\r\ndata:2\n:long\rdata:3\n:data:fail\r:long\ndata:4\n\n"sv, {"1\n2\n3\n4"}},
      {"retry:3000\nretry:1000x\ndata:x\n\n", {"x"}},
      {"event:test\ndata:x\n\ndata:y\n\n", {"x", "y"}},
      // line ends
      {"data:test\r\ndata\ndata:test\r\n\r\n", {"test\n\ntest"}},
      {"data:a\r\n\r\ndata:b\r\rdata:c\n\n", {"a", "b", "c"}},
      // characters
      {"data:\0\n\n\n\n"sv, {"\0"s}},
      {"data:ok\xE2\x80\xA6\n\n", {"ok\xE2\x80\xA6"}},
      // what is not closed by a blank line is no event
      {"retry:1000\ndata:test1\n\nid:test\ndata:test2", {"test1"}},
      {"data:test1\n\nid:test\ndata:test2\n", {"test1"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.stream);
    CHECK(data_of(row.stream) == row.data);
  }
}

TEST_CASE("an id holds until another one comes, and one with a zero byte is none") {
  const seen_events events =
      parsed("id: 1\ndata:a\n\ndata:b\n\nid: x\0y\ndata:c\n\nid\ndata:d\n\n"sv);
  REQUIRE(events.size() == 4);
  CHECK(events[0].id == "1");
  CHECK(events[1].id == "1");
  CHECK(events[2].id == "1");
  CHECK(events[3].id == "");
}

TEST_CASE("data that lies in one piece is handed on without a copy") {
  const std::string stream = "id: 1\ndata: hello\n\n";
  sse_parser parser;
  const char* data = nullptr;
  REQUIRE(parser
              .feed(stream,
                    [&](const sse_event& event) {
                      data = event.data.data();
                      return true;
                    })
              .ok());
  CHECK(data == stream.data() + stream.find("hello"));
}

TEST_CASE("a warm parser does not allocate, wherever the stream is cut") {
  const std::string stream = rich_stream();
  std::size_t bytes = 0;
  const auto count = [&](const sse_event& event) {
    bytes += event.data.size();
    return true;
  };
  sse_parser parser;
  std::size_t before = 0;
  for (int round = 0; round < 4; ++round) {
    if (round == 2) before = allocations;
    parser.reset();
    bool good = true;
    for (std::string_view rest = stream; !rest.empty() && good;) {
      const std::size_t size = (std::min)(rest.size(), std::size_t{37});
      good = parser.feed(rest.substr(0, size), count).ok();
      rest.remove_prefix(size);
    }
    if (!good) FAIL("the stream was refused");
  }
  CHECK(allocations == before);
  CHECK(bytes > 4000);
}

TEST_CASE("a handler that answers false ends the reading") {
  seen_events events;
  const auto until_done = [&](const sse_event& event) {
    collect{events}(event);
    return event.data != "[DONE]";
  };
  sse_parser parser;
  REQUIRE(parser.feed("data: a\n\ndata: [DONE]\n\ndata: b\n\n", until_done).ok());
  CHECK(parser.stopped());
  REQUIRE(parser.feed("data: c\n\ndata: d", until_done).ok());
  CHECK_FALSE(parser.pending());
  REQUIRE(parser.flush_tail(until_done).ok());
  CHECK(events.size() == 2);
}

TEST_CASE("data without its blank line is pending, and handed on only when asked for") {
  for (std::string_view tail : {"data: {}"sv, "data: {}\n"sv, "data: {}\r"sv, "data:{}"sv}) {
    seen_events events;
    sse_parser parser;
    REQUIRE(parser.feed("data: a\n\n", collect{events}).ok());
    CHECK_FALSE(parser.pending());
    REQUIRE(parser.feed(tail, collect{events}).ok());
    CHECK(parser.pending());
    CHECK(events.size() == 1);
    REQUIRE(parser.flush_tail(collect{events}).ok());
    CHECK(events == seen_events{{"a", "message", ""}, {"{}", "message", ""}});
    CHECK_FALSE(parser.pending());
  }
}

TEST_CASE("a tail that is no data gives no event") {
  for (std::string_view tail : {"event: x"sv, ": comment"sv, "da"sv, ""sv, "\n"sv}) {
    seen_events events;
    sse_parser parser;
    REQUIRE(parser.feed(tail, collect{events}).ok());
    CHECK_FALSE(parser.pending());
    REQUIRE(parser.flush_tail(collect{events}).ok());
    CHECK(events.empty());
  }
}

sse_limits small_limits() {
  sse_limits limits;
  limits.line_bytes = 16;
  limits.event_bytes = 24;
  limits.count = 3;
  return limits;
}

TEST_CASE("a line over its limit fails, whole or in pieces, and goes on failing") {
  for (std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{100}}) {
    for (std::string_view fits : {"data: 7890123456\n"sv, ":234567890123456\n"sv}) {
      seen_events events;
      sse_parser parser(small_limits());
      const std::string over = std::string(fits.substr(0, 16)) + "7";
      REQUIRE(parser.feed(fits, collect{events}).ok());
      orcast::result<void> outcome;
      for (std::string_view rest = over; !rest.empty() && outcome;) {
        outcome = parser.feed(rest.substr(0, piece), collect{events});
        rest.remove_prefix((std::min)(piece, rest.size()));
      }
      REQUIRE_FALSE(outcome.ok());
      CHECK(outcome.error().code == errc::too_large);
      CHECK_FALSE(parser.feed("\n\n", collect{events}).ok());
      CHECK(events.empty());
      parser.reset();
      CHECK(parser.feed("data: ok\n\n", collect{events}).ok());
      CHECK(events.size() == 1);
    }
  }
}

TEST_CASE("an event over its limit fails") {
  seen_events events;
  sse_parser parser(small_limits());
  REQUIRE(parser.feed("data:12345678901\ndata:123456789012", collect{events}).ok() == false);
  parser.reset();
  REQUIRE(parser.feed("data:12345678901\ndata:123456789\ndata:1\n\n", collect{events}).ok());
  CHECK(events.size() == 1);
  CHECK(events[0].data.size() == 23);
  const orcast::result<void> outcome =
      parser.feed("data:12345678901\ndata:123456789\ndata:123\n\n", collect{events});
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error().code == errc::too_large);
  CHECK(events.size() == 1);
}

TEST_CASE("too many events and comments fail") {
  seen_events events;
  sse_parser parser(small_limits());
  REQUIRE(parser.feed(":\n:\ndata: a\n\n", collect{events}).ok());
  CHECK_FALSE(parser.feed("data: b\n\n", collect{events}).ok());
  CHECK(events.size() == 1);
}

}  // namespace
