// SPDX-License-Identifier: MIT

// An observation that serves one call after the other, as those of a client do.

#include <string>
#include <utility>
#include <vector>

#include "orcast/openrouter/observation.hpp"
#include "observation_support.hpp"

using namespace orcast;
using test::ask;
using test::exchange;
using test::observed;
using test::plain_span;
using test::reply_with;

namespace {

/// Calls that leave as much behind as calls can.
std::vector<std::pair<chat_request, exchange>> calls() {
  chat_request full = ask("A long question: " + std::string(3000, 'x'));
  full.session_id = "s-1";
  full.user = "u-1";
  full.temperature = 0.5;
  full.trace.metadata = R"({"level":"harbour"})";
  const std::string call =
      R"({"choices":[{"delta":{"reasoning":"Hm.","tool_calls":[{"index":0,"id":"c1",)"
      R"("function":{"name":"look","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"odd":[1]})";
  const exchange streamed{200, "text/event-stream", test::stream_of({call, "[DONE]"}), {}};
  const exchange refused{
      429, "application/json", R"({"error":{"code":429,"message":"Slow down"}})", {}};
  const exchange cut{200, "text/event-stream",
                     test::stream_of({R"({"choices":[{"delta":{"content":"Ha"}}]})"}) + "data: {",
                     failure(errc::disconnected, "cut")};
  const exchange whole{
      200,
      "application/json",
      reply_with(R"({"content":"Hello \u00e9"})", R"(,"usage":{"prompt_tokens":3,"cost":0.1})"),
      {}};
  return {{full, streamed},  {ask("?"), refused},
          {full, cut},       {ask("Hi"), whole},
          {full, whole},     {ask("?"), {0, "", "", failure(errc::connect, "refused")}},
          {ask("Hi"), whole}};
}

void check_same(const plain_span& one, const plain_span& other) {
  CHECK(one.name == other.name);
  CHECK(one.attributes == other.attributes);
  CHECK(one.events.size() == other.events.size());
  CHECK(one.status == other.status);
  CHECK(one.status_message == other.status_message);
}

TEST_CASE("an observation that serves another call knows nothing of the one before") {
  observed with;
  observation again(with.where);
  for (const auto& each : calls()) {
    observation fresh(with.where);
    std::string body;
    REQUIRE(append_json(each.first, body).ok());
    for (observation* const seen : {&fresh, &again}) {
      seen->reset();
      seen->begin(each.first, body, test::chat_url);
      if (each.second.status == 429) seen->retry(failure(errc::connect, "refused"), 10);
      with.clock.pass(500'000'000);
      observed::finish(*seen, each.second);
    }
    const auto spans = test::drain(*with.traces);
    REQUIRE(spans.size() == 2);
    check_same(spans[0], spans[1]);
    CHECK(fresh.reply().raw == again.reply().raw);
    CHECK(fresh.reply().extra == again.reply().extra);
    CHECK(fresh.reply().text() == again.reply().text());
    CHECK(fresh.reply().usage.cost == again.reply().usage.cost);
    CHECK(fresh.received_content() == again.received_content());
  }
}

TEST_CASE("an observation that serves another call ends the one that is under way as cancelled") {
  observed with;
  observation seen(with.where);
  seen.begin(ask("?"), "{}", test::chat_url);
  seen.reset();
  const plain_span span = with.only();
  CHECK(span.at("openrouter.cancelled") == "true");
  CHECK(seen.reply().raw.empty());
}

}  // namespace
