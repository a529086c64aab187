// SPDX-License-Identifier: MIT
#include "orcast/broadcast/instrument.hpp"

#include <string>
#include <utility>

#include "orcast/http/fake_transport.hpp"
#include "support/catch.hpp"
#include "support/spans.hpp"

using namespace orcast;
using http::fake_reply;
using test::plain_span;

namespace {

struct listening_host final : http::response_sink {
  void head(const http::response_head& head) noexcept override { status = head.status; }
  http::flow data(std::string_view bytes) noexcept override {
    body.append(bytes);
    spans_at_last_byte = traces->stats().started - traces->stats().held();
    ended_at_last_byte = traces->take();
    if (ended_at_last_byte != detail::no_block) {
      seen = test::read_span(traces->ring(), ended_at_last_byte);
      traces->give_back(ended_at_last_byte);
      traces->exported(1);
    }
    return http::flow::go;
  }
  void done(result<void> how) noexcept override { outcome = std::move(how); }

  tracer* traces = nullptr;
  int status = 0;
  std::string body;
  std::uint64_t spans_at_last_byte = 0;
  detail::block_index ended_at_last_byte = detail::no_block;
  plain_span seen;
  result<void> outcome;
};

const std::string asked = R"({"model":"openai/gpt-4o","messages":[{"role":"user","content":"?"}]})";
const std::string base = "https://openrouter.ai/api/v1";

/// The span of an exchange that delivers `answer` and then never ends until it is cancelled.
/// `early`: whether the span had ended when the host got the last byte.
plain_span cancelled_after(const std::string& path, fake_reply answer, bool& early) {
  auto traces = test::a_tracer();
  recording where;
  where.traces = traces.get();
  http::fake_transport network;
  network.reply(answer.never());
  auto recorded = instrument(network, where);
  listening_host host;
  host.traces = traces.get();
  http::request what;
  what.url = base + path;
  what.body = {asked};
  const http::exchange_id id = recorded.start(what, host);
  recorded.poll(0);
  early = host.ended_at_last_byte != detail::no_block;
  recorded.cancel(id);
  recorded.poll(0);
  CHECK_FALSE(host.outcome.ok());  // the host hears what its exchange came to, as ever
  CHECK(network.violations().empty());
  if (early) return host.seen;
  const auto spans = test::drain(*traces);
  REQUIRE(spans.size() == 1);
  return spans[0];
}

fake_reply events(std::vector<std::string> data) {
  fake_reply made;
  made.head(200, {{"Content-Type", "text/event-stream", false}});
  for (const std::string& each : data) made.data("data: " + each + "\n\n");
  return made;
}

}  // namespace

TEST_CASE("a stream's span ends with its last event, before the host has it") {
  const std::string piece =
      R"({"id":"gen-1","model":"m","choices":[{"index":0,"delta":{"content":"hi"}}]})";
  const std::string last =
      R"({"id":"gen-1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
  bool early = false;
  plain_span seen = cancelled_after("/chat/completions", events({piece, last, "[DONE]"}), early);
  CHECK(early);
  CHECK(seen.status == span_status::ok);
  CHECK_FALSE(seen.has("openrouter.cancelled"));
  CHECK(seen.at("llm.output_messages.0.message.content") == "hi");

  seen = cancelled_after("/chat/completions", events({piece}), early);
  CHECK_FALSE(early);
  CHECK(seen.status == span_status::unset);
  CHECK(seen.at("openrouter.cancelled") == "true");
}

TEST_CASE("so does that of another endpoint's stream") {
  bool early = false;
  plain_span seen = cancelled_after(
      "/responses",
      events(
          {R"({"type":"response.output_text.delta","delta":"lo"})",
           R"({"type":"response.completed","response":{"status":"completed","model":"m",)"
           R"("output":[{"type":"message","content":[{"type":"output_text","text":"low"}]}]}})"}),
      early);
  CHECK(early);
  CHECK(seen.status == span_status::ok);
  CHECK(seen.at("llm.output_messages.0.message.content") == "low");

  seen = cancelled_after("/messages",
                         events({R"({"type":"content_block_start","index":0,"content_block":)"
                                 R"({"type":"text","text":"lo"}})",
                                 R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})"}),
                         early);
  CHECK_FALSE(early);  // its usage is still to come
  CHECK(seen.at("openrouter.cancelled") == "true");

  seen = cancelled_after("/completions",
                         events({R"({"choices":[{"index":0,"text":"low"}]})", "[DONE]"}), early);
  CHECK(early);
  CHECK(seen.status == span_status::ok);
}

TEST_CASE("the span of an answer of known length ends with its last byte") {
  const std::string body =
      R"({"id":"gen-1","model":"m","choices":[{"index":0,"finish_reason":"stop",)"
      R"("message":{"role":"assistant","content":"hi"}}]})";
  const auto whole = [&](std::size_t length, std::vector<http::header> more = {}) {
    more.push_back({"Content-Type", "application/json", false});
    more.push_back({"Content-Length", std::to_string(length), false});
    fake_reply made;
    made.head(200, std::move(more)).data(body.substr(0, 20)).data(body.substr(20));
    return made;
  };
  bool early = false;
  plain_span seen = cancelled_after("/chat/completions", whole(body.size()), early);
  CHECK(early);
  CHECK(seen.status == span_status::ok);
  CHECK(seen.at("llm.output_messages.0.message.content") == "hi");

  seen = cancelled_after("/chat/completions", whole(body.size() + 1), early);
  CHECK_FALSE(early);
  CHECK(seen.at("openrouter.cancelled") == "true");
  // Coded bytes are counted by the head, and decoded ones arrive.
  seen = cancelled_after("/chat/completions",
                         whole(body.size(), {{"Content-Encoding", "gzip", false}}), early);
  CHECK_FALSE(early);

  fake_reply refused;
  const std::string words = R"({"error":{"code":402,"message":"no credit"}})";
  refused.head(402, {{"Content-Length", std::to_string(words.size()), false}}).data(words);
  seen = cancelled_after("/messages", std::move(refused), early);
  CHECK(early);
  CHECK(seen.status == span_status::error);
  CHECK(seen.at("error.type") == "payment_required");
}

TEST_CASE("while nothing is recorded an exchange passes as it is") {
  auto traces = test::a_tracer();
  recording where;
  where.traces = traces.get();
  traces->consent(false);
  http::fake_transport network;
  network.reply(events({"[DONE]"}));
  auto recorded = instrument(network, where);
  listening_host host;
  host.traces = traces.get();
  http::request what;
  what.url = base + "/chat/completions";
  what.body = {asked};
  recorded.start(what, host);
  traces->consent(true);
  recorded.poll(0);
  CHECK(host.outcome.ok());
  CHECK(host.body == "data: [DONE]\n\n");
  CHECK(traces->stats().started == 0);
}
