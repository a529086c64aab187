// SPDX-License-Identifier: MIT
//
// The stand-in for Arize: what it accepts, what it refuses, and what it pretends to accept.

#include "standins/arize.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <httplib.h>
#include <zlib.h>

#include "standins/otlp_decode.hpp"
#include "support/catch.hpp"

namespace {

using namespace std::chrono_literals;
using standins::arize;
using standins::arize_fault;

std::string span(int number) {
  return R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b1)" +
         std::to_string(number) + R"(","name":"span )" + std::to_string(number) +
         R"(","kind":3,"startTimeUnixNano":"1783220991321000000","endTimeUnixNano":)"
         R"("1783220994687000000"})";
}

std::string request_for(const std::string& spans,
                        const std::string& project = "openinference.project.name") {
  return R"({"resourceSpans":[{"resource":{"attributes":[{"key":")" + project +
         R"(","value":{"stringValue":"quay"}}]},"scopeSpans":[{"scope":{"name":"orcast"},"spans":[)" +
         spans + "]}]}]}";
}

httplib::Headers headers() {
  return {{"authorization", std::string("Bearer ") + arize::api_key},
          {"space_id", arize::space_id},
          {"arize-space-id", arize::space_id},
          {"arize-api-key", arize::api_key}};
}

httplib::Result post(const arize& service, const std::string& body,
                     const httplib::Headers& sent = headers(),
                     const std::string& path = "/v1/traces",
                     const std::string& type = "application/json") {
  httplib::Client client(service.origin());
  return client.Post(path, sent, body, type);
}

int status(const httplib::Result& result) { return result ? result->status : 0; }

std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(&in[0]);
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(&out[0]);
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("Arize takes spans and keeps what came", "[standins]") {
  const arize service;
  const std::string body = request_for(span(10) + "," + span(11));
  const httplib::Result result = post(service, body);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->body == "{}");
  CHECK(result->get_header_value("Content-Type") == "application/json");
  REQUIRE(service.wait_for_spans(2, 10s));
  CHECK_FALSE(service.wait_for_spans(3, 1ms));
  const std::vector<arize::received_span> spans = service.spans();
  CHECK(spans[0].span.name == "span 10");
  CHECK(spans[1].span.span_id == "eee19b7ec3c1b111");
  CHECK(spans[1].resource.text("openinference.project.name") == "quay");
  CHECK(spans[1].scope.name == "orcast");
  CHECK(spans[1].request == 1);
  CHECK(service.bodies() == std::vector<std::string>{body});
  CHECK(service.violations().empty());
}

TEST_CASE("Arize accepts each spelling of the project", "[standins]") {
  const arize service;
  for (const char* project : {"openinference.project.name", "model_id", "arize.project.name"}) {
    CHECK(status(post(service, request_for(span(10), project))) == 200);
  }
  const httplib::Result result = post(service, request_for(span(10), "service.name"));
  REQUIRE(result);
  CHECK(result->status == 500);
  CHECK(result->body == R"({"code":13,"message":"unable to validate authorization from span"})");
  CHECK(service.spans().size() == 3);
  CHECK(service.refused() == 1);
}

TEST_CASE("Arize answers 500 to a wrong or missing key or space", "[standins]") {
  const arize service;
  const std::string other_space = "U3BhY2U6MjpvdGhlcg==";  // Space:2:other
  const std::pair<std::string, std::string> wrong[] = {
      {"authorization", "Bearer nonsense"},
      {"arize-api-key", "nonsense"},
      {"space_id", other_space},
      {"arize-space-id", other_space},
      {"api_key", "nonsense"},
  };
  for (const auto& [name, value] : wrong) {
    INFO(name);
    httplib::Headers sent = headers();
    sent.erase(name);
    sent.emplace(name, value);
    CHECK(status(post(service, request_for(span(10)), sent)) == 500);
  }
  CHECK(status(post(service, request_for(span(10)), {{"space_id", arize::space_id}})) == 500);
  CHECK(status(post(service, request_for(span(10)), {{"arize-api-key", arize::api_key}})) == 500);
  CHECK(service.refused() == 7);
  CHECK(service.spans().empty());

  const std::pair<httplib::Headers, int> enough[] = {
      {{{"authorization", arize::api_key}, {"space_id", arize::space_id}}, 200},
      {{{"api_key", arize::api_key}, {"arize-space-id", arize::space_id}}, 200},
  };
  for (const auto& [sent, expected] : enough) {
    CHECK(status(post(service, request_for(span(10)), sent)) == expected);
  }
}

TEST_CASE("Arize answers 200 to a space name and to /v1, and throws the spans away", "[standins]") {
  const arize service;
  httplib::Headers by_name = headers();
  by_name.erase("space_id");
  by_name.erase("arize-space-id");
  by_name.emplace("space_id", "My Game");
  CHECK(status(post(service, request_for(span(10)), by_name)) == 200);
  CHECK(service.discarded_by_space_name() == 1);
  CHECK(status(post(service, request_for(span(10)), headers(), "/v1")) == 200);
  CHECK(service.discarded_by_path() == 1);
  CHECK(service.spans().empty());
  CHECK(service.bodies().empty());
  CHECK(service.requests().size() == 2);
}

TEST_CASE("Arize knows one path and one content type", "[standins]") {
  const arize service;
  const std::string body = request_for(span(10));
  CHECK(status(post(service, body, headers(), "/")) == 404);
  CHECK(status(post(service, body, headers(), "/v1/traces/more")) == 404);
  CHECK(status(httplib::Client(service.origin()).Get("/v1/traces", headers())) == 404);
  CHECK(status(post(service, body, headers(), "/v1/traces", "text/plain")) == 415);
  CHECK(status(post(service, body, headers(), "/v1/traces", "application/x-protobuf")) == 415);
  CHECK(status(post(service, body, headers(), "/v1/traces", "application/json; charset=utf-8")) ==
        200);
  CHECK(service.spans().size() == 1);
}

TEST_CASE("Arize reads protobuf where somebody reads it for it", "[standins]") {
  arize::options options;
  options.protobuf = [](const std::string& body) {
    return standins::otlp::decode(request_for(span(body == "ten" ? 10 : 99)));
  };
  const arize service(options);
  const httplib::Result result =
      post(service, "ten", headers(), "/v1/traces", "application/x-protobuf");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->body.empty());
  CHECK(result->get_header_value("Content-Type") == "application/x-protobuf");
  CHECK(service.spans().at(0).span.name == "span 10");
}

TEST_CASE("Arize inflates gzip", "[standins]") {
  const arize service;
  httplib::Headers sent = headers();
  sent.emplace("Content-Encoding", "gzip");
  CHECK(status(post(service, gzip(request_for(span(10))), sent)) == 200);
  CHECK(service.bodies().at(0) == request_for(span(10)));
  CHECK(service.requests().at(0).header("content-encoding") == "gzip");
}

TEST_CASE("Arize accepts what breaks a rule and lists it", "[standins]") {
  const arize service;
  CHECK(status(post(service, request_for(R"({"name":"x"})"))) == 200);
  CHECK(service.spans().size() == 1);
  REQUIRE_FALSE(service.violations().empty());
  CHECK(service.violations()[0].path.substr(0, 24) == "request 1: resourceSpans");
  CHECK(status(post(service, "{")) == 400);
  CHECK(service.violations().back().path == "request 2: ");
}

TEST_CASE("Arize can answer any status", "[standins]") {
  arize service;
  service.enqueue(arize_fault::with_status(503, "7"));
  arize_fault garbage = arize_fault::with_status(200);
  garbage.body = "<html>";
  service.enqueue(garbage);
  service.enqueue(arize_fault{});
  httplib::Result result = post(service, request_for(span(10)));
  REQUIRE(result);
  CHECK(result->status == 503);
  CHECK(result->get_header_value("Retry-After") == "7");
  CHECK(service.spans().empty());
  result = post(service, request_for(span(10)));
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->body == "<html>");
  CHECK(service.spans().size() == 1);
  CHECK(post(service, request_for(span(11)))->body == "{}");
  CHECK(service.spans().size() == 2);
}

TEST_CASE("Arize can accept a part", "[standins]") {
  arize service;
  arize_fault partial;
  partial.rejected_spans = 1;
  partial.error_message = "too old";
  service.enqueue(partial);
  const httplib::Result result = post(service, request_for(span(10) + "," + span(11)));
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->body == R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}})");
  REQUIRE(service.spans().size() == 1);
  CHECK(service.spans()[0].span.name == "span 10");
}

TEST_CASE("Arize can close without an answer, with the spans kept or not", "[standins]") {
  arize service;
  arize_fault closes;
  closes.no_answer = true;
  service.enqueue(closes);
  closes.keep = true;
  service.enqueue(closes);
  CHECK_FALSE(post(service, request_for(span(10))));
  CHECK(service.spans().empty());
  CHECK_FALSE(post(service, request_for(span(10))));
  CHECK(service.spans().size() == 1);
}

TEST_CASE("Arize can redirect, and be slow", "[standins]") {
  arize service;
  arize_fault redirect, slow;
  redirect.redirect = "https://example.invalid/v1/traces";
  service.enqueue(redirect);
  slow.delay = 40ms;
  service.enqueue(slow);
  const httplib::Result result = post(service, request_for(span(10)));
  REQUIRE(result);
  CHECK(result->status == 302);
  CHECK(result->get_header_value("Location") == "https://example.invalid/v1/traces");
  const auto begin = std::chrono::steady_clock::now();
  CHECK(status(post(service, request_for(span(10)))) == 200);
  CHECK(std::chrono::steady_clock::now() - begin >= 40ms);
}

TEST_CASE("Arize can stall until the sender goes or the server stops", "[standins]") {
  auto service = std::make_unique<arize>();
  arize_fault stalls;
  stalls.stall = true;
  service->enqueue(stalls);
  service->enqueue(stalls);
  httplib::Client impatient(service->origin());
  impatient.set_read_timeout(0, 20000);
  CHECK_FALSE(impatient.Post("/v1/traces", headers(), request_for(span(10)), "application/json"));
  impatient.stop();
  CHECK(service->wait_for_disconnects(1, 10s));

  std::thread patient([&, origin = service->origin()] {
    httplib::Client(origin).Post("/v1/traces", headers(), "{}", "application/json");
  });
  CHECK(service->wait_for_requests(2, 10s));
  const auto begin = std::chrono::steady_clock::now();
  service.reset();
  CHECK(std::chrono::steady_clock::now() - begin < 2s);  // milliseconds, on an idle machine
  patient.join();
}

TEST_CASE("Arize speaks TLS", "[standins]") {
  arize::options options;
  options.tls.enabled = true;
  const arize service(options);
  CHECK(service.endpoint().substr(0, 18) == "https://127.0.0.1:");
  CHECK(service.ca_pem().substr(0, 27) == "-----BEGIN CERTIFICATE-----");
  httplib::Client client(service.origin());
  client.enable_server_certificate_verification(false);  // trust is tested with OpenRouter's
  const httplib::Result result =
      client.Post("/v1/traces", headers(), request_for(span(10)), "application/json");
  REQUIRE(result);
  CHECK(result->status == 200);
}
