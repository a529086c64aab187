// SPDX-License-Identifier: MIT

#include "orcast/openrouter/impl/error_reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "unit/openrouter/read_reply.hpp"

namespace {

using orcast::errc;
using reading::document;
using reading::outcome;
using reading::read;
using reading::stream;

struct expected {
  const char* what;
  reading::response from;
  const char* code;
  const char* message;
  const char* error_type;
  const char* provider;
  bool retryable;
  std::int64_t retry_after_ms = -1;
};

void check_all(const std::vector<expected>& rows) {
  for (const expected& row : rows) {
    CAPTURE(row.what);
    const outcome made = read(row.from, 4);
    REQUIRE_FALSE(made.end.ok());
    const orcast::failure& why = made.end.error();
    CHECK(made.name() == row.code);
    CHECK(why.message == row.message);
    CHECK(why.error_type == row.error_type);
    CHECK(why.provider == row.provider);
    CHECK(why.retryable == row.retryable);
    CHECK(why.retry_after_ms == row.retry_after_ms);
    CHECK(why.http_status == row.from.status);
  }
}

TEST_CASE("an error body is a failure that says what happened") {
  check_all({
      {"current shape",
       document(R"({"error":{"code":429,"message":"Rate limit exceeded",
        "metadata":{"error_type":"rate_limit_exceeded","provider_code":"tpm"}},"user_id":"u"})",
                429),
       "rate_limited", "Rate limit exceeded (tpm)", "rate_limit_exceeded", "", true},
      {"the provider's words as text",
       document(R"({"error":{"code":400,
        "message":"Provider returned error","metadata":{"provider_name":"Mistral","raw":"too long"}}})",
                400),
       "invalid_request", "Provider Mistral: too long", "", "Mistral", false},
      {"the provider's words as JSON in text",
       document(R"({"error":{"code":502,
        "message":"Provider returned error","metadata":{"provider_name":"Groq",
        "raw":"{\"error\":{\"message\":\"{\\\"detail\\\":\\\"no GPU\\\"}\"}}"}}})",
                502),
       "provider_unavailable", "Provider Groq: no GPU", "", "Groq", true},
      {"the provider's words as an object",
       document(R"({"error":{"code":400,"message":"m",
        "metadata":{"raw":{"details":[{"msg":"field required","loc":[1]}]}}}})",
                400),
       "invalid_request", "field required", "", "", false},
      {"a web page from the provider",
       document(R"({"error":{"code":502,"message":"m",
        "metadata":{"provider_name":"X","raw":"<html><title>Bad gateway</title>"}}})",
                502),
       "provider_unavailable", "Provider X: Bad gateway", "", "X", true},
      {"a word for a code", document(R"({"error":{"code":"invalid_prompt","message":"m"}})", 400),
       "invalid_request", "m", "invalid_prompt", "", false},
      {"just text", document(R"({"error":"Unauthorized"})", 401), "authentication", "Unauthorized",
       "", "", false},
      {"nothing said", document(R"({"error":{}})", 500), "server", "an error without a message", "",
       "", true},
      {"availability says no",
       document(R"({"error":{"error_type":"x","http_status":503,
        "message":"m","availability":{"code":"constraint_filtered","retryable":false}}})",
                503),
       "overloaded", "m", "x", "", false},
      {"availability says when",
       document(R"({"error":{"code":404,"message":"m",
        "availability":{"code":"no_endpoints","retryable":true,"retry_after":2.5}}})",
                404),
       "not_found", "m", "no_endpoints", "", true, 2500},
      {"JSON of somebody else", document(R"({"detail":"Not here"})", 404), "not_found",
       "HTTP 404: Not here", "", "", false},
      {"a web page",
       document("<!doctype html><TITLE lang=en>502 Bad\n gateway</TITLE>", 502, "text/html"),
       "provider_unavailable", "HTTP 502: 502 Bad gateway", "", "", true},
      {"a web page without a title", document("<p>", 524, "text/html"), "request_timeout",
       "HTTP 524: a web page instead of an answer", "", "", true},
      {"text", document("upstream connect error", 503, "text/plain"), "overloaded",
       "HTTP 503: upstream connect error", "", "", true},
      {"an empty body", document("", 403), "permission_denied", "HTTP 403", "", "", false},
      {"a redirect", document("", 302), "malformed_response", "HTTP 302", "", "", false},
      {"a stream that was announced",
       document(R"({"error":{"code":402,"message":"no credits"}})", 402, "text/event-stream"),
       "payment_required", "no credits", "", "", false},
  });
}

TEST_CASE("an error with HTTP 200 is a failure all the same") {
  check_all({
      {"a body", document(R"({"error":{"code":502,"message":"down"},"user_id":"u"})"),
       "provider_unavailable", "down", "", "", true},
      {"a body with half an answer", document(R"({"id":"g","provider":"P","choices":[{"index":0,
        "message":{"content":"Half"},"finish_reason":"error","error":{"code":500,"message":"m"}}]})"),
       "server", "m", "", "P", true},
      {"a chunk", stream({R"({"id":"g","provider":"P","choices":[{"index":0,"delta":{"content":""},
        "finish_reason":"error"}],"error":{"code":"server_error","message":"Provider disconnected"}})"}),
       "server", "Provider disconnected", "server_error", "P", true},
      {"a choice of a chunk", stream({R"({"choices":[{"index":0,"delta":{},"error":{"code":429,
        "message":"m","metadata":{"provider_name":"P","raw":"slow"}}}]})"}),
       "rate_limited", "Provider P: slow", "", "P", true},
      {"an event of another name",
       document("event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n", 200,
                "text/event-stream"),
       "provider_error", "m", "", "", false},
      {"an error type alone", stream({R"({"error":{"message":"m",
        "metadata":{"error_type":"provider_overloaded"}}})"}),
       "overloaded", "m", "provider_overloaded", "", true},
      {"an unknown type",
       stream({R"({"error":{"message":"m","metadata":{"error_type":"new_one"}}})"}),
       "provider_error", "m", "new_one", "", false},
  });
  CHECK(read(document(R"({"error":null,"choices":[{"message":{"content":"Hi"},"error":null}]})"))
            .end.ok());
}

TEST_CASE("each HTTP status has its code") {
  const struct {
    int status;
    errc code;
  } rows[] = {
      {400, errc::invalid_request},  {401, errc::authentication},
      {402, errc::payment_required}, {403, errc::permission_denied},
      {404, errc::not_found},        {408, errc::request_timeout},
      {409, errc::invalid_request},  {413, errc::invalid_request},
      {422, errc::invalid_request},  {429, errc::rate_limited},
      {500, errc::server},           {502, errc::provider_unavailable},
      {503, errc::overloaded},       {504, errc::request_timeout},
      {524, errc::request_timeout},  {529, errc::overloaded},
      {599, errc::server},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status);
    const outcome made = read(document(R"({"error":{"code":1,"message":"m"}})", row.status));
    REQUIRE_FALSE(made.end.ok());
    CHECK(made.end.error().code == row.code);
  }
}

TEST_CASE("the longer hint of when to come back counts") {
  reading::response from =
      document(R"({"error":{"code":429,"message":"m","availability":{"retry_after":7}}})", 429);
  from.retry_after = "40";
  CHECK(read(from).end.error().retry_after_ms == 40'000);
  from.retry_after = "3";
  CHECK(read(from).end.error().retry_after_ms == 7'000);
  from.body = "<html>";
  CHECK(read(from).end.error().retry_after_ms == 3'000);
}

TEST_CASE("a message is one line without control characters and keys") {
  using orcast::detail::to_one_line;
  CHECK(to_one_line(" a\r\n\tb\x7F c\x01 ") == "a b c");
  CHECK(to_one_line("a\xFF") == "a\xEF\xBF\xBD");
  CHECK(to_one_line("key sk-or-v1-0123456789abcdef!") == "key sk-***!");
  CHECK(to_one_line("(SK-proj-****************abcd)") == "(SK-***)");
  CHECK(to_one_line("Authorization: bearer abcdef.012345 refused") ==
        "Authorization: bearer *** refused");
  CHECK(to_one_line("Bearer sk-or-v1-0123456789") == "Bearer ***");
  CHECK(to_one_line("ak-01234567-89ab twice ak-01234567-89ab") == "ak-*** twice ak-***");
  CHECK(to_one_line("a task-oriented break-evenness") == "a task-oriented break-evenness");
  const std::string cut = to_one_line(std::string(499, 'x') + "\xC3\xBC");
  CHECK(cut == std::string(499, 'x') + "...");
  CHECK(to_one_line(std::string(5000, ' ') + "x").empty());
}

TEST_CASE("words that go in circles end") {
  std::string nested = "deep";
  for (int i = 0; i < 20; ++i) nested = R"({"error":)" + nested + "}";
  nested.replace(nested.find("deep"), 4, "\"deep\"");
  const outcome made =
      read(document(R"({"error":{"message":"m","metadata":{"raw":)" + nested + "}}}", 500));
  CHECK(made.end.error().message == "m");
}

}  // namespace
