// SPDX-License-Identifier: MIT
//
// OpenRouter's error answers, each by the name under which a fault asks for it: mostly the status,
// plus a word where one status has several shapes.

#pragma once

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "standins/http.hpp"
#include "standins/json_text.hpp"
#include "standins/text.hpp"

namespace standins {

struct http_answer {
  int status = 200;
  header_list headers;
  std::string body;
};

/// What the envelopes quote from the request.
struct error_context {
  std::string model = "openai/gpt-4o-mini";
  std::string provider = "OpenAI";
  std::string user_text;
  int retry_after = 1;  ///< seconds; under 0: no hint
};

inline json::object error_envelope(int code, std::string_view message, json::object metadata = {}) {
  json::object error = {{"code", code}, {"message", message}};
  if (!metadata.empty()) error["metadata"] = std::move(metadata);
  return {{"error", std::move(error)}, {"user_id", nullptr}};
}

inline http_answer json_answer(int status, const json::value& body) {
  return {status, {{"Content-Type", "application/json"}}, print(body)};
}

inline json::object availability(const error_context& about, std::string_view code,
                                 bool retryable) {
  json::object out = {{"code", code},
                      {"retryable", retryable},
                      {"requested_models", json::array{about.model}},
                      {"docs_url", "https://openrouter.ai/docs/errors"}};
  if (about.retry_after >= 0) out["retry_after"] = about.retry_after;
  return out;
}

/// The upstream's own words, as OpenRouter hands them on: JSON inside a string.
inline json::object provider_metadata(const error_context& about, std::string_view message) {
  const json::object raw = {{"error", {{"message", message}, {"type", "upstream_error"}}}};
  return {{"provider_name", about.provider}, {"raw", print(raw)}};
}

/// Every status has a plain envelope; the named ones say more.
inline http_answer error_answer(const std::string& name, const error_context& about) {
  const int status = std::atoi(name.c_str());
  const auto plain = [&](std::string_view message, json::object metadata = {}) {
    return json_answer(status, error_envelope(status, message, std::move(metadata)));
  };
  const auto typed = [&](std::string_view message, std::string_view type) {
    return plain(message, {{"error_type", type}});
  };
  if (name == "400") return typed("Invalid request parameters", "invalid_request");
  if (name == "401") return plain("User not found.");
  if (name == "402") {
    return typed("Insufficient credits. Add more using https://openrouter.ai/credits",
                 "payment_required");
  }
  if (name == "403") {
    const std::string flagged = about.user_text.substr(0, whole_characters(about.user_text, 100));
    return plain("Your chosen model requires moderation and your input was flagged",
                 {{"reasons", json::array{"violence"}},
                  {"flagged_input", flagged},
                  {"provider_name", about.provider},
                  {"model_slug", about.model}});
  }
  if (name == "403-guardrail") {
    return plain("Request blocked: prompt injection patterns detected",
                 {{"patterns", json::array{"ignore all previous instructions"}}});
  }
  if (name == "404") return typed("No endpoints found for " + about.model + ".", "not_found");
  if (name == "408") return plain("Operation timed out. Please try again later.");
  if (name == "413") return typed("Request payload too large", "payload_too_large");
  if (name == "422") return typed("Invalid argument", "unprocessable");
  if (name == "429") {  // the platform's own limit
    http_answer answer = typed("Rate limit exceeded: free-models-per-min.", "rate_limit_exceeded");
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    answer.headers.emplace_back("X-RateLimit-Limit", "20");
    answer.headers.emplace_back("X-RateLimit-Remaining", "0");
    answer.headers.emplace_back("X-RateLimit-Reset", std::to_string(now.count() + 1000));
    if (about.retry_after >= 0) {
      answer.headers.emplace_back("Retry-After", std::to_string(about.retry_after));
    }
    return answer;
  }
  if (name == "429-provider") {
    return plain("Provider returned error",
                 provider_metadata(about, about.model + " is temporarily rate-limited upstream."));
  }
  if (name == "500") return plain("Internal Server Error");
  if (name == "502") {  // the edge in front of OpenRouter answers, not OpenRouter
    return {502,
            {{"Content-Type", "text/html; charset=UTF-8"}},
            "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
            "<body><h1>502 Bad Gateway</h1></body></html>\n"};
  }
  if (name == "502-provider") {
    json::object metadata = provider_metadata(about, "The engine is on fire.");
    metadata["previous_errors"] =
        json::array{json::object{{"provider", "Azure"}, {"code", 500}, {"status", 500}}};
    return plain("Provider returned error", std::move(metadata));
  }
  if (name == "503" || name == "503-no-code") {  // the second: as the availability page shows it
    json::object body = error_envelope(503, "No provider is available right now.");
    json::object& error = body["error"].get_object();
    if (name != "503") {
      error.erase("code");
      error["error_type"] = "provider_overloaded";
      error["http_status"] = 503;
    }
    error["availability"] = availability(about, "temporarily_unavailable", true);
    http_answer answer = json_answer(503, body);
    if (about.retry_after >= 0) {
      answer.headers.emplace_back("Retry-After", std::to_string(about.retry_after));
    }
    return answer;
  }
  if (name == "529") return typed("Provider returned error", "provider_overloaded");
  if (name == "200") {  // failures while the model generates can come with HTTP 200
    return json_answer(200, error_envelope(502, "Provider returned error",
                                           provider_metadata(about, "The engine is on fire.")));
  }
  return plain("Error " + std::to_string(status));
}

/// What the stream's last chunk carries when the provider fails in the middle, by shape: "code"
/// (as the schema has it), "string" (as the streaming page has it), "raw" and "choice" (as older
/// answers had it), "availability".
inline json::object stream_error(const std::string& shape, const error_context& about) {
  if (shape == "string") {
    return {{"code", "server_error"}, {"message", "Provider disconnected unexpectedly"}};
  }
  if (shape == "availability") {
    return {{"code", 503},
            {"message", "The provider went away."},
            {"availability", availability(about, "temporarily_unavailable", true)}};
  }
  if (shape == "raw" || shape == "choice") {
    return {{"code", 502},
            {"message", "Provider returned error"},
            {"metadata", provider_metadata(about, "The engine is on fire.")}};
  }
  return {{"code", 502},
          {"message", "Provider disconnected unexpectedly"},
          {"metadata", {{"error_type", "provider_unavailable"}, {"provider_code", "ECONNRESET"}}}};
}

}  // namespace standins
