// SPDX-License-Identifier: MIT

// The trace headers of calls, where the host wants them.

#include <string>

#include "client_support.hpp"
#include "orcast/trace/w3c_context.hpp"
#include "support/catch.hpp"

using namespace orcast;

namespace {

struct sent {
  std::string parent;
  std::string state;
  std::size_t lines = 0;  // of either
  test::plain_span span;
};

sent send(const client_options* options, const call_context& context, bool endpoint = false) {
  test::bench bench;
  http::fake_transport net;
  client_options made = bench.options();
  if (options != nullptr) {
    made.send_traceparent = options->send_traceparent;
    made.headers = options->headers;
  }
  client talker = bench.client(net, std::move(made));
  net.reply(test::answer("hi"));
  if (endpoint) {
    REQUIRE(talker.call({"POST", "/completions", R"({"model":"m","prompt":"?"})"}, context).ok());
  } else {
    REQUIRE(talker.chat(test::hello(), context).ok());
  }
  const http::recorded_request request = net.requests().at(0);
  sent out;
  out.parent = request.find("traceparent");
  out.state = request.find("tracestate");
  for (const http::header& line : request.headers) {
    out.lines +=
        http::same_name(line.name, "traceparent") || http::same_name(line.name, "tracestate");
  }
  CHECK(request.headers.back().name != "");
  out.span = bench.spans().at(0);
  return out;
}

}  // namespace

TEST_CASE("no trace header is sent unless the host asks for it") {
  call_context context;
  context.tracestate = "vendor=1";
  CHECK(send(nullptr, context).lines == 0);
}

TEST_CASE("a call's traceparent is its span, and the state of its parent goes along") {
  client_options options;
  options.send_traceparent = true;
  for (const bool endpoint : {false, true}) {
    call_context context;
    sent seen = send(&options, context, endpoint);
    CHECK(seen.parent == traceparent(seen.span.context));
    CHECK(seen.parent.size() == 55);
    CHECK(seen.lines == 1);

    context.parent = parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    context.tracestate = " rojo=00f067aa0ba902b7 , congo=t61rcWkgMzE";
    seen = send(&options, context, endpoint);
    CHECK(seen.parent.substr(0, 36) == "00-0af7651916cd43dd8448eb211c80319c-");
    CHECK(seen.parent == traceparent(seen.span.context));
    CHECK(seen.state == "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    CHECK(seen.lines == 2);

    context.tracestate = "not a list\r\nx-evil: 1";  // a mistake empties it
    seen = send(&options, context, endpoint);
    CHECK(seen.lines == 1);
  }
}

TEST_CASE("trace headers that the host has set are left as they are") {
  client_options options;
  options.send_traceparent = true;
  const std::string own = "00-11111111111111111111111111111111-2222222222222222-00";
  options.headers = {{"Traceparent", own, false}};
  call_context context;
  context.tracestate = "vendor=1";
  sent seen = send(&options, context);
  CHECK(seen.parent == own);
  CHECK(seen.lines == 1);  // the state belongs to the other parent

  options.headers.clear();
  context.headers = {{"TraceState", "mine=1", false}};
  seen = send(&options, context);
  CHECK(seen.parent == traceparent(seen.span.context));
  CHECK(seen.state == "mine=1");
  CHECK(seen.lines == 2);
}
