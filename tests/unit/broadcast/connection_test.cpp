// SPDX-License-Identifier: MIT
#include "orcast/broadcast/connection_test.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "orcast/http/fake_transport.hpp"
#include "support/catch.hpp"

using namespace orcast;
using verdict = connection_verdict;

namespace {

connection_report answered(int status, const std::string& body,
                           destination_kind kind = destination_kind::otlp,
                           std::int64_t timeout_ms = 10'000) {
  http::fake_transport fake;
  fake.otherwise(http::fake_reply::whole(status, body));
  broadcast_settings settings;
  settings.kind = kind;
  settings.base_url = "https://collector.example.com";
  settings.api_key = secret("ak-00000000-test");
  settings.space_key = "U3BhY2U6MTphYmM=";  // Space:1:abc
  settings.model_id = "harbour";
  return test_connection(settings, http::any_transport(fake), host(), timeout_ms);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a span that was understood and not kept has not passed") {
  constexpr char rejected[] =
      R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"no such project"}})";
  for (const destination_kind kind : {destination_kind::otlp, destination_kind::arize}) {
    const connection_report seen = answered(200, rejected, kind);
    CHECK(seen.verdict == verdict::refused);
    CHECK_FALSE(seen.passed());
    CHECK(seen.answer == "no such project");
    CHECK(contains(seen.explanation, "did not keep it"));
    CHECK(answered(200, R"({"partialSuccess":{"rejectedSpans":"0"}})", kind).passed());
  }
}

TEST_CASE("a header is sent once, and what says how the body reads is the exporter's alone") {
  for (const bool provided : {false, true}) {
    http::fake_transport fake;
    fake.otherwise(http::fake_reply::whole(200, "{}"));
    broadcast_settings settings;
    settings.kind = destination_kind::otlp;
    settings.base_url = "https://collector.example.com";
    settings.model_id = "harbour";
    if (provided) {
      settings.header_provider = [](void*, std::vector<http::header>& headers) {
        headers.push_back({"Content-Type", "text/plain"});
        headers.push_back({"User-Agent", "quay/1"});
        headers.push_back({"x-team", "npc"});
      };
    } else {
      settings.headers = {{"User-Agent", "quay/1"}, {"x-team", "npc"}};
    }
    REQUIRE(test_connection(settings, http::any_transport(fake)).passed());
    std::string sent;
    const http::recorded_request request = fake.requests().at(0);
    for (const http::header& line : request.headers) {
      sent += line.name + ": " + line.value + "\n";
    }
    CHECK(sent == "content-type: application/json\nUser-Agent: quay/1\nx-team: npc\n");
  }
}

TEST_CASE("who limits the time or the size of requests is not taken for another service") {
  const connection_report slow = answered(408, "");
  CHECK(slow.verdict == verdict::busy);
  CHECK(contains(slow.explanation, "in time"));
  const connection_report large = answered(413, "");
  CHECK(large.verdict == verdict::failing);
  CHECK(contains(large.explanation, "limit"));
}

TEST_CASE("the longest time-out is a time-out") {
  CHECK(answered(200, "{}", destination_kind::otlp, (std::numeric_limits<std::int64_t>::max)())
            .passed());
}
