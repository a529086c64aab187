// SPDX-License-Identifier: MIT

#include "orcast/openrouter/account.hpp"

#include <string>

#include "orcast/openrouter/generation.hpp"
#include "orcast/openrouter/providers.hpp"
#include "support/catch.hpp"

namespace {

using orcast::errc;

TEST_CASE("credits and key are read, with amounts as they were written") {
  CHECK(orcast::credits_query{}.request()->path == "/credits");
  const auto left =
      orcast::credits_query::parse(R"({"data":{"total_credits":100.50,"total_usage":2.575e1}})");
  REQUIRE(left.ok());
  CHECK(left->total_credits == "100.50");
  CHECK(left->total_usage == "2.575e1");

  CHECK(orcast::key_query{}.request()->path == "/key");
  const auto key = orcast::key_query::parse(
      R"({"data":{"label":"sk-or-v1-au7...890","limit":100,"limit_remaining":74.5,
      "limit_reset":"monthly","usage":25.5,"usage_daily":1.25,"usage_weekly":2,"usage_monthly":25.5,
      "byok_usage":0,"is_free_tier":false,"is_management_key":true,"expires_at":null}})");
  REQUIRE(key.ok());
  CHECK(key->label == "sk-or-v1-au7...890");
  CHECK(key->limit == "100");
  CHECK(key->limit_remaining == "74.5");
  CHECK(key->limit_reset == "monthly");
  CHECK(key->usage_daily == "1.25");
  CHECK(key->is_management_key);
  CHECK_FALSE(key->is_free_tier);
  CHECK(key->expires_at.empty());
  CHECK(orcast::key_query::parse(R"({"data":{"limit":null}})")->limit.empty());
  CHECK(orcast::key_query::parse("nonsense").error().code == errc::malformed_response);
  CHECK(orcast::credits_query::parse("{}").error().code == errc::malformed_response);
}

TEST_CASE("a generation is asked for with patience that ends") {
  orcast::generation_query query;
  CHECK(query.request().error().message == "generation_query.id is empty: take chat_reply::id");
  query.id = "gen-1+2";
  const auto request = query.request();
  REQUIRE(request.ok());
  CHECK(request->path == "/generation?id=gen-1%2B2");
  REQUIRE(request->retry.has_value());
  CHECK(request->retry->on_404);
  orcast::failure not_yet(errc::not_found, "Generation not found", 404);
  std::int64_t waited = 0;
  int attempt = 1;
  for (;; ++attempt) {
    const auto wait = orcast::http::decide(*request->retry, attempt, not_yet, waited, 0, 0);
    if (!wait) break;
    waited += *wait;
  }
  CHECK(attempt == 6);
  CHECK(waited == 11'500);
}

TEST_CASE("a generation is read, and what OpenRouter did not tell is empty") {
  const auto read = orcast::generation_query::parse(
      R"({"data":{"id":"gen-1","model":"a/b","provider_name":"P","created_at":"2026-01-31T12:00:00Z",
      "finish_reason":null,"native_finish_reason":"STOP","session_id":"night","external_user":"u",
      "total_cost":0.0015,"upstream_inference_cost":null,"cache_discount":-0.01,"tokens_prompt":10,
      "tokens_completion":25,"native_tokens_prompt":11,"native_tokens_completion":26,
      "native_tokens_reasoning":null,"latency":1250,"generation_time":1200.5,"streamed":true,
      "cancelled":true,"is_byok":false,"provider_responses":[{"status":200}]}})");
  REQUIRE(read.ok());
  CHECK(read->id == "gen-1");
  CHECK(read->provider == "P");
  CHECK(read->finish_reason.empty());
  CHECK(read->native_finish_reason == "STOP");
  CHECK(read->total_cost == "0.0015");
  CHECK(read->upstream_cost.empty());
  CHECK(read->cache_discount == "-0.01");
  CHECK(read->prompt_tokens == 10);
  CHECK(read->native_completion_tokens == 26);
  CHECK_FALSE(read->native_reasoning_tokens.has_value());
  CHECK(read->latency_ms == 1250);
  CHECK(read->generation_time_ms == 1200.5);
  CHECK(read->cancelled == true);
  CHECK(read->is_byok == false);
  CHECK(read->json.find("provider_responses") != std::string::npos);
}

TEST_CASE("providers are read") {
  CHECK(orcast::providers_query{}.request()->path == "/providers");
  const auto read = orcast::providers_query::parse(
      R"({"data":[{"name":"OpenAI","slug":"openai","headquarters":"US","datacenters":["US","IE"],
      "privacy_policy_url":"https://p","terms_of_service_url":null},3,{}]})");
  REQUIRE(read.ok());
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].name == "OpenAI");
  CHECK((*read)[0].slug == "openai");
  CHECK((*read)[0].datacenters == std::vector<std::string>{"US", "IE"});
  CHECK((*read)[0].privacy_policy_url == "https://p");
  CHECK((*read)[0].terms_of_service_url.empty());
}

}  // namespace
