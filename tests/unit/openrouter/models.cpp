// SPDX-License-Identifier: MIT

#include "orcast/openrouter/models.hpp"

#include <string>

#include "orcast/openrouter/model_endpoints.hpp"
#include "support/catch.hpp"

namespace {

using orcast::errc;
using orcast::model_endpoints_query;
using orcast::models_query;

TEST_CASE("a query that filters nothing asks for everything") {
  const auto request = models_query{}.request();
  REQUIRE(request.ok());
  CHECK(request->method == "GET");
  CHECK(request->path == "/models");
  CHECK(request->body.empty());
}

TEST_CASE("filters go into the query, encoded") {
  models_query query;
  query.text = "gpt 4&o\xC3\xA9";
  query.category = "marketing/seo";
  query.supported_parameters = {"tools", "reasoning"};
  query.input_modalities = {"text", "image"};
  query.output_modalities = {"all"};
  query.authors = {"openai"};
  query.providers = {"Google AI Studio"};
  query.region = "eu";
  query.sort = "pricing-low-to-high";
  query.context = 128000;
  query.max_price = 0.15;
  query.max_output_price = 2;
  query.zero_data_retention = true;
  query.offset = 0;
  query.limit = 50;
  query.extra = "min_age_days=7";
  CHECK(query.request()->path ==
        "/models?q=gpt%204%26o%C3%A9&category=marketing%2Fseo&supported_parameters=tools,reasoning"
        "&input_modalities=text,image&output_modalities=all&model_authors=openai"
        "&providers=Google%20AI%20Studio&region=eu&sort=pricing-low-to-high&context=128000"
        "&max_price=0.15&max_output_price=2&zdr=true&offset=0&limit=50&min_age_days=7");
}

constexpr char page[] =
    R"({"data":[{"id":"openai/gpt-4o-mini","canonical_slug":"openai/gpt-4o-mini",
"name":"GPT","created":1750000000,"context_length":128000,"description":"d",
"architecture":{"modality":"text->text","tokenizer":"GPT","input_modalities":["text","image"],
"output_modalities":["text"]},"pricing":{"prompt":"0.00000015","completion":"0.0000006",
"request":"0"},"top_provider":{"max_completion_tokens":16384,"is_moderated":true},
"supported_parameters":["tools","seed"],"expiration_date":null,"benchmarks":{"x":1}},
{"id":"x/y","context_length":null,"pricing":{"prompt":-1},"architecture":null},7],
"total_count":12,"links":{"next":"/api/v1/models?offset=2&limit=2"}})";

TEST_CASE("a page of models is read, whatever is missing in it") {
  const auto read = models_query::parse(page);
  REQUIRE(read.ok());
  REQUIRE(read->models.size() == 2);
  const orcast::model_info& first = read->models[0];
  CHECK(first.id == "openai/gpt-4o-mini");
  CHECK(first.context_length == 128000);
  CHECK(first.max_completion_tokens == 16384);
  CHECK(first.input_modalities == std::vector<std::string>{"text", "image"});
  CHECK(first.supports("tools"));
  CHECK_FALSE(first.supports("reasoning"));
  CHECK(first.pricing.prompt == "0.00000015");
  CHECK(first.pricing.request == "0");
  CHECK(first.pricing.image.empty());
  CHECK(first.tokenizer == "GPT");
  CHECK(first.is_moderated);
  CHECK(first.expiration_date.empty());
  CHECK(first.json.find(R"("benchmarks":{"x":1})") != std::string::npos);
  CHECK(read->models[1].id == "x/y");
  CHECK_FALSE(read->models[1].context_length.has_value());
  CHECK(read->models[1].pricing.prompt == "-1");
  CHECK(read->total_count == 12);
}

TEST_CASE("the next page is asked for by the path that the service gave") {
  const auto next = [](const std::string& link) {
    const auto read = models_query::parse(R"({"data":[],"links":{"next":)" + link + "}}");
    return read->next_query().request()->path;
  };
  CHECK(next(R"("/api/v1/models?offset=2&limit=2")") == "/models?offset=2&limit=2");
  CHECK(next(R"("https://openrouter.ai/api/v1/models?offset=500")") == "/models?offset=500");
  CHECK(next(R"("/api/v1/models/user?offset=2")") == "/models/user?offset=2");
  CHECK(next(R"("/api/v1/embeddings/models?offset=2")") == "/embeddings/models?offset=2");
  CHECK(models_query::parse(R"({"data":[],"links":{"next":null}})")->next.empty());
  CHECK(models_query::parse(R"({"data":[],"links":{"next":"//evil.example/x"}})")->next.empty());
  CHECK(models_query::parse(R"({"data":[]})")->next.empty());
}

TEST_CASE("what is no list of models says so") {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"data":"no"})", R"({"data":null})"}) {
    const auto read = models_query::parse(body);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == errc::malformed_response);
  }
}

TEST_CASE("a model's endpoints are asked for by its slug") {
  model_endpoints_query query;
  query.model = "meta-llama/llama-3.3:free";
  CHECK(query.request()->path == "/models/meta-llama/llama-3.3:free/endpoints");
  query.model = "a/b?c=\r\n";
  CHECK(query.request()->path == "/models/a/b%3Fc%3D%0D%0A/endpoints");
  query.model = "";
  REQUIRE_FALSE(query.request().ok());
  CHECK(query.request().error().code == errc::invalid_argument);
}

TEST_CASE("a model's endpoints are read") {
  const auto read = model_endpoints_query::parse(
      R"({"data":{"id":"a/b","name":"B","endpoints":[{"name":"P | a/b","provider_name":"P","tag":"p",
      "quantization":"fp8","context_length":8192,"max_completion_tokens":null,"status":-2,
      "pricing":{"prompt":"0.1"},"supported_parameters":["tools"],"uptime_last_30m":99.5,
      "latency_last_30m":{"p50":0.25},"throughput_last_30m":null,
      "supports_implicit_caching":true},null]}})");
  REQUIRE(read.ok());
  CHECK(read->id == "a/b");
  REQUIRE(read->endpoints.size() == 1);
  const orcast::model_endpoint& one = read->endpoints[0];
  CHECK(one.provider == "P");
  CHECK(one.tag == "p");
  CHECK(one.quantization == "fp8");
  CHECK(one.context_length == 8192);
  CHECK_FALSE(one.max_completion_tokens.has_value());
  CHECK(one.status == -2);
  CHECK(one.pricing.prompt == "0.1");
  CHECK(one.uptime_last_30m == 99.5);
  CHECK(one.latency_p50_s == 0.25);
  CHECK_FALSE(one.throughput_p50.has_value());
  CHECK(one.supports_implicit_caching);
}

}  // namespace
