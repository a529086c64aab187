// SPDX-License-Identifier: MIT
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "orcast/openrouter/client.hpp"
#include "polled_sink.hpp"
#include "reply.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// What a call costs beyond its network: reading a reply of 4 KB, and a streamed chunk, each into
// the typed reply and into the span, against Boost.JSON's parser going through the same bytes with
// a handler that does nothing; and starting a call with a request of 10 KiB, on the game's thread,
// against copying the body.
//
// link: -lboost_json

namespace {

constexpr char url[] = "https://openrouter.ai/api/v1/chat/completions";

using bench::null_parser;
using bench::reply_of_4k;

std::vector<std::string> chunks(std::size_t count) {
  std::vector<std::string> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(R"({"id":"gen-1783220991-abcdefghij","object":"chat.completion.chunk",)"
                   R"("created":1783220991,"model":"openai/gpt-4o-mini","provider":"OpenAI",)"
                   R"("choices":[{"index":0,"delta":{"role":"assistant","content":" word)" +
                   std::to_string(i) + R"("},"finish_reason":null}]})");
  }
  return made;
}

orcast::chat_request small_request() {
  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {orcast::message::user("What news from the north, old friend?")};
  return request;
}

/// Twenty messages, 10 KiB of text.
orcast::chat_request large_request() {
  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  for (int i = 0; i < 20; ++i) {
    request.messages.push_back(i % 2 == 0 ? orcast::message::user(bench::prose(512))
                                          : orcast::message::assistant(bench::prose(512)));
  }
  return request;
}

std::string body_of(const orcast::chat_request& request) {
  std::string body;
  if (!orcast::append_json(request, body)) bench::fail("the request has no body");
  return body;
}

/// An observation that is used for one call after the other, as the client does it.
struct exchange {
  exchange(orcast::tracer& traces, const orcast::chat_request& asked, const char* type)
      : request(asked), body(body_of(asked)), content_type(type), seen([&] {
          orcast::recording where;
          where.traces = &traces;
          return where;
        }()) {}
  /// Another call, up to the response's body.
  void begin() {
    seen.reset();
    seen.begin(request, body, url);
    const orcast::http::header_view headers[] = {{"content-type", content_type}};
    seen.head({200, headers, 1});
  }
  const orcast::chat_request& request;
  const std::string body;
  const char* const content_type;
  orcast::observation seen;
};

constexpr char allocations[] = "allocations an operation";  // not judged in a smoke run

void parse_4k(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  const orcast::chat_request request = small_request();
  const std::string reply = reply_of_4k();
  exchange one(*traces, request, "application/json");
  const auto read = [&] {
    one.seen.data(reply);
    if (!one.seen.done({})) bench::fail("the reply could not be read");
    bench::keep(one.seen.reply());
  };
  // The request's side is not timed.
  const auto prepare = [&] {
    bench::drain(*traces);
    one.begin();
  };
  prepare();
  read();
  prepare();
  null_parser parser;
  const int bursts = suite.repeat(10);
  const auto cost = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, 1, read, prepare); },
      [&] {
        return bench::time_bursts(
            bursts, 1, [&] { parser.parse(reply); }, [] {});
      });
  suite.report({"client/parse-4k",
                cost.value.ns / 1000,
                "us",
                cost.floor.ns / 1000,
                {bench::target::ratio, 2}});
  suite.report({"client/parse-4k/allocations",
                cost.value.allocations,
                allocations,
                -1,
                {bench::target::value, 0}});

  orcast::reply_reader reader;
  const auto read_alone = [&] {
    const orcast::http::header_view headers[] = {{"content-type", "application/json"}};
    reader.head({200, headers, 1});
    reader.data(reply);
    if (!reader.finish({})) bench::fail("the reply could not be read");
    bench::keep(reader.reply());
    reader.reset();
  };
  const auto alone = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, 1, read_alone, [] {}); },
      [&] {
        return bench::time_bursts(
            bursts, 1, [&] { parser.parse(reply); }, [] {});
      });
  suite.report({"client/parse-4k/reply-alone", alone.value.ns / 1000, "us", alone.floor.ns / 1000});
}

void sse_chunk(bench::suite& suite) {
  constexpr int count = 64;
  const auto traces = bench::make_tracer();
  const orcast::chat_request request = small_request();
  const std::vector<std::string> plain = chunks(count);
  std::vector<std::string> events;
  for (const std::string& each : plain) events.push_back("data: " + each + "\n\n");

  exchange one(*traces, request, "text/event-stream");
  std::size_t next = 0;
  const auto prepare = [&] {
    static_cast<void>(one.seen.done({}));
    bench::drain(*traces);
    one.begin();
    one.seen.data(": OPENROUTER PROCESSING\n\n");
    next = 0;
  };
  const auto read = [&] { one.seen.data(events[next++]); };
  prepare();
  for (int i = 0; i < count; ++i) read();
  prepare();
  null_parser parser;
  std::size_t next_plain = 0;
  const auto read_floor = [&] { parser.parse(plain[next_plain++]); };
  const int bursts = suite.repeat(2);
  const auto cost = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, count, read, prepare); },
      [&] { return bench::time_bursts(bursts, count, read_floor, [&] { next_plain = 0; }); });
  suite.report({"client/sse-chunk", cost.value.ns, "ns", cost.floor.ns, {bench::target::ratio, 2}});
  suite.report({"client/sse-chunk/allocations", cost.value.allocations, allocations});
}

void start_10k(bench::suite& suite) {
  const auto traces = bench::make_tracer();
  bench::polled_sink transport;
  orcast::client_options options;
  options.api_key = orcast::secret("sk-or-v1-bench");
  options.record.traces = traces.get();
  auto made = orcast::client::make(std::move(options), orcast::http::any_transport(transport));
  if (!made) bench::fail("the client could not be made");
  orcast::client& client = *made;

  const orcast::chat_request request = large_request();
  const std::string body = body_of(request);
  std::string copied(body.size(), ' ');
  orcast::chat_request next = request;  // the caller's own work, not timed
  orcast::call running;
  const auto start = [&] { running = client.start(std::move(next)); };
  const auto finish = [&] {
    for (int i = 0; i < 1000 && running.state() != orcast::call_state::done; ++i)
      client.tick(1'000'000'000);
    if (running.state() != orcast::call_state::done) bench::fail("the call does not end");
    running = {};
    client.tick(1'000'000'000);
    bench::drain(*traces);
    next = request;
  };
  const auto copy = [&] {
    std::memcpy(copied.data(), body.data(), body.size());
    bench::keep(copied[0]);
  };
  const int bursts = suite.repeat(5);
  const auto cost = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, 1, start, finish); },
      [&] { return bench::time_bursts(bursts, 1, copy, [] {}); });
  suite.report({"client/start-10k",
                cost.value.ns / 1000,
                "us",
                cost.floor.ns / 1000,
                {bench::target::value, 25}});
  suite.report({"client/start-10k/allocations",
                cost.value.allocations,
                allocations,
                -1,
                {bench::target::value, 4}});
}

const bench::registered entries[] = {{"client/parse-4k", parse_4k},
                                     {"client/sse-chunk", sse_chunk},
                                     {"client/start-10k", start_10k}};

}  // namespace
