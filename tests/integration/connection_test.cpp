// SPDX-License-Identifier: MIT

// Test Connection against the stand-in for Arize and against what else may answer: every way in
// which settings can be wrong has its own verdict, and words that say what to do.

#include <chrono>
#include <string>

#include "orcast/broadcast/connection_test.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"
#include "standins/arize.hpp"
#include "standins/server.hpp"
#include "support/catch.hpp"

using namespace orcast;
using verdict = connection_verdict;

namespace {

constexpr char canary[] = "ak-canary-0123456789abcdef";

broadcast_settings settings_for(const std::string& base_url) {
  broadcast_settings made;
  made.api_key = secret(canary);
  made.space_key = standins::arize::space_id;
  made.model_id = "harbour";
  made.base_url = base_url;
  return made;
}

standins::arize::options with_canary() {
  standins::arize::options chosen;
  chosen.api_key = canary;
  return chosen;
}

connection_report test(const broadcast_settings& settings, std::int64_t timeout_ms = 10'000) {
  const connection_report seen = test_connection(
      settings, http::any_transport::make<httplib_transport>(), orcast::host(), timeout_ms);
  INFO(seen.explanation);
  CHECK_FALSE(seen.explanation.empty());
  CHECK(seen.explanation.find('\n') == std::string::npos);
  CHECK((seen.explanation + seen.answer).find("canary") == std::string::npos);
  return seen;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// What a service other than Arize would answer.
connection_report answered(int status, const std::string& type, const std::string& body,
                           destination_kind kind = destination_kind::arize) {
  const standins::server other({}, [&](const standins::request&, standins::exchange& with) {
    with.answer(status, {{"Content-Type", type}}, body);
  });
  broadcast_settings settings = settings_for(other.origin());
  settings.kind = kind;
  return test(settings);
}

}  // namespace

TEST_CASE("a test sends a real span, and what is accepted is not called proof") {
  const standins::arize arize(with_canary());
  const connection_report seen = test(settings_for(arize.origin()));
  CHECK(seen.verdict == verdict::accepted);
  CHECK(seen.passed());
  CHECK(seen.http_status == 200);
  CHECK(seen.url == arize.endpoint());
  CHECK(contains(seen.explanation, "no proof"));
  CHECK(contains(seen.explanation, "\"harbour\""));
  CHECK(contains(seen.explanation, seen.trace_id));
  const auto spans = arize.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].span.name == "orcast connection test");
  CHECK(spans[0].span.trace_id == seen.trace_id);
  CHECK(spans[0].span.attributes.text("openinference.span.kind") == "CHAIN");
  CHECK(spans[0].span.attributes.text("arize.project.name") == "harbour");
  CHECK(spans[0].resource.text("openinference.project.name") == "harbour");
  CHECK(arize.violations().empty());
}

TEST_CASE("a test can be polled once a frame") {
  const standins::arize arize(with_canary());
  connection_test running(settings_for(arize.origin()),
                          http::any_transport::make<curl_transport>());
  CHECK(running.report().verdict == verdict::pending);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!running.poll() && std::chrono::steady_clock::now() < until) {
  }
  CHECK(running.report().verdict == verdict::accepted);
  CHECK(running.poll());
  CHECK(arize.spans().size() == 1);
}

TEST_CASE("a wrong key, space, project or region is refused, and the words name all four") {
  const standins::arize arize;  // it expects another key
  const connection_report seen = test(settings_for(arize.origin()));
  CHECK(seen.verdict == verdict::refused);
  CHECK(seen.http_status == 500);
  CHECK(contains(seen.answer, "unable to validate authorization"));
  for (const char* part : {"Api Key", "Space Key", "Model Id", "region", "127.0.0.1"}) {
    CHECK(contains(seen.explanation, part));
  }
  CHECK(answered(401, "application/json", R"({"code":16,"message":"no"})").verdict ==
        verdict::refused);
}

TEST_CASE("a space's name is found before anything is sent") {
  const standins::arize arize(with_canary());
  broadcast_settings named = settings_for(arize.origin());
  named.space_key = "My Game";
  const connection_report seen = test(named);
  CHECK(seen.verdict == verdict::bad_settings);
  CHECK(contains(seen.explanation, "Space ID"));
  CHECK(arize.requests().empty());
}

TEST_CASE("an address where spans are thrown away, or not known, is a wrong path") {
  const standins::arize arize(with_canary());
  broadcast_settings exact = settings_for(arize.origin() + "/v1");
  exact.exact_url = true;
  const connection_report dropped = test(exact);
  CHECK(dropped.verdict == verdict::wrong_path);
  CHECK(dropped.http_status == 200);
  CHECK(contains(dropped.explanation, "throws the spans away"));
  CHECK(arize.discarded_by_path() == 1);
  exact.base_url = arize.origin() + "/otlp/spans";
  CHECK(test(exact).verdict == verdict::wrong_path);
}

TEST_CASE("what is not an OTLP endpoint is told apart from one that refuses") {
  CHECK(answered(200, "text/html", "<html>It works!</html>").verdict == verdict::not_otlp);
  CHECK(answered(200, "application/json", R"({"status":"ok"})").verdict == verdict::not_otlp);
  CHECK(answered(302, "text/html", "").verdict == verdict::not_otlp);
  CHECK(answered(407, "text/html", "<html>").verdict == verdict::not_otlp);
  CHECK(answered(400, "text/html", "<html>").verdict == verdict::not_otlp);
  const connection_report phoenix = answered(415, "text/plain", "", destination_kind::otlp);
  CHECK(phoenix.verdict == verdict::not_otlp);
  CHECK(contains(phoenix.explanation, "protobuf"));
  const connection_report firewall = answered(403, "text/html", "<html>blocked</html>");
  CHECK(firewall.verdict == verdict::refused);
  CHECK(contains(firewall.explanation, "firewall"));
}

TEST_CASE("a service in trouble is not called a wrong setting") {
  for (const int status : {429, 502, 503, 504}) {
    CHECK(answered(status, "application/json", "{}").verdict == verdict::busy);
  }
  CHECK(answered(500, "application/json", R"({"code":2,"message":"oops"})").verdict ==
        verdict::failing);
}

TEST_CASE("no connection, no answer and no trust are told apart") {
  const connection_report closed = test(settings_for("http://127.0.0.1:1"));
  CHECK(closed.verdict == verdict::unreachable);
  CHECK(closed.http_status == 0);
  standins::arize silent(with_canary());
  standins::arize_fault stalls;
  stalls.stall = true;
  silent.enqueue(stalls);
  const connection_report late = test(settings_for(silent.origin()), 300);
  CHECK(late.verdict == verdict::unreachable);
  CHECK(contains(late.explanation, "4318"));
  standins::arize::options encrypted = with_canary();
  encrypted.tls.enabled = true;
  const standins::arize untrusted(encrypted);
  CHECK(test(settings_for(untrusted.origin())).verdict == verdict::tls);
  // Plain HTTP where TLS is spoken.
  const connection_report mixed = test(settings_for("http" + untrusted.origin().substr(5)));
  CHECK(mixed.verdict != verdict::accepted);
}

TEST_CASE("any OTLP endpoint can be tested, without keys") {
  const connection_report seen =
      answered(200, "application/json", R"({"partialSuccess":{}})", destination_kind::otlp);
  CHECK(seen.verdict == verdict::accepted);
  CHECK_FALSE(contains(seen.explanation, "Arize"));
}
