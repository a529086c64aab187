// SPDX-License-Identifier: MIT

#include "orcast/openrouter/embeddings.hpp"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

namespace {

using orcast::cosine;
using orcast::embeddings_query;
using orcast::errc;
using orcast::http::fake_reply;
using orcast::http::fake_transport;

embeddings_query ask() {
  embeddings_query query;
  query.model = "openai/text-embedding-3-small";
  query.input = {"hello", "w\xC3\xB6rld"};
  return query;
}

constexpr char answer[] =
    R"({"object":"list","id":"gen-e1","model":"openai/text-embedding-3-small","provider":"OpenAI",
    "data":[{"object":"embedding","index":1,"embedding":"AACAPwAAAEA="},
    {"object":"embedding","index":0,"embedding":[0.5,-1,2e-1]}],
    "usage":{"prompt_tokens":2,"total_tokens":2,"cost":0.00000004,"is_byok":false}})";

TEST_CASE("a request for embeddings is written in one fixed order") {
  const auto request = ask().request();
  REQUIRE(request.ok());
  CHECK(request->method == "POST");
  CHECK(request->path == "/embeddings");
  CHECK(request->body ==
        "{\"model\":\"openai/text-embedding-3-small\",\"input\":[\"hello\",\"w\xC3\xB6rld\"],"
        "\"encoding_format\":\"base64\"}");
  embeddings_query full = ask();
  full.input_json = "[[1,2],[3]]";
  full.base64 = false;
  full.dimensions = 64;
  full.input_type = "query";
  full.provider = R"({"order":["openai"]})";
  full.user = "player-1";
  full.extra = R"({"later":true})";
  CHECK(full.request()->body ==
        R"({"model":"openai/text-embedding-3-small","input":[[1,2],[3]],"encoding_format":"float",)"
        R"("dimensions":64,"input_type":"query","provider":{"order":["openai"]},"user":"player-1",)"
        R"("later":true})");
}

TEST_CASE("a request for embeddings that can't be sent is refused by the member's name") {
  const auto refused = [](embeddings_query query) {
    const auto request = query.request();
    REQUIRE_FALSE(request.ok());
    CHECK(request.error().code == errc::invalid_argument);
    return request.error().message;
  };
  embeddings_query query;
  CHECK(refused(query) == "embeddings_query.model is empty");
  query = ask();
  query.input.clear();
  CHECK(refused(query) == "embeddings_query.input is empty");
  query = ask();
  query.input[1] = "\xFF";
  CHECK(refused(query) == "embeddings_query.input[1] is not UTF-8");
  query = ask();
  query.provider = "[]";
  CHECK(refused(query) == "embeddings_query.provider is not a JSON object");
  query = ask();
  query.extra = R"({"model":"x"})";
  CHECK(refused(query) == "embeddings_query.extra has a member that is set already");
}

TEST_CASE("vectors come in the order of the input, from numbers and from base64") {
  const auto read = ask().parse(answer);
  REQUIRE(read.ok());
  REQUIRE(read->vectors.size() == 2);
  CHECK(read->vectors[0] == std::vector<float>{0.5f, -1.0f, 0.2f});
  CHECK(read->vectors[1] == std::vector<float>{1.0f, 2.0f});
  CHECK(read->id == "gen-e1");
  CHECK(read->provider == "OpenAI");
  CHECK(read->usage.prompt_tokens == 2);
  CHECK(read->usage.cost == "0.00000004");
}

TEST_CASE("what is no embedding says so") {
  for (const char* vector : {"\"no base64!\"", "\"AAAA\"", "null", "[1,\"2\"]", "{}"}) {
    const auto read = ask().parse(R"({"data":[{"embedding":)" + std::string(vector) + "}]}");
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().message == "embedding 0 is neither numbers nor base64 of floats");
  }
  CHECK_FALSE(ask().parse(R"({"data":[{"index":99999999999,"embedding":[]}]})").ok());
}

TEST_CASE("there is a vector for each input, or a failure") {
  embeddings_query query = ask();
  const auto refused = [&](const std::string& vectors) {
    const auto read = query.parse(R"({"data":[)" + vectors + "]}");
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == errc::malformed_response);
    return read.error().message;
  };
  const std::string first = R"({"index":0,"embedding":[1]})";
  CHECK(refused("") == "there are 0 embeddings for 2 inputs");
  CHECK(refused(first) == "there are 1 embeddings for 2 inputs");
  CHECK(refused(first + R"(,{"index":2,"embedding":[1]})") ==
        "there are 3 embeddings for 2 inputs");
  CHECK(refused(first + R"(,{"index":0,"embedding":[2]})") == "embedding 0 is there twice");
  CHECK(refused(R"({"index":1,"embedding":[1]})") == "embedding 0 is empty");
  CHECK(refused(first + R"(,{"index":1,"embedding":""})") == "embedding 1 is empty");
  // Nobody counts what is in there.
  query.input_json = "[[1,2],[3],[4]]";
  CHECK(refused("") == "there are 0 embeddings for the inputs");
  CHECK(query.parse(R"({"data":[)" + first + "]}").ok());
  query = ask();
  CHECK(query.parse(R"({"data":[{"index":-3,"embedding":[1]},{"embedding":[2]}]})").ok());
}

TEST_CASE(
    "five hundred long vectors as numbers are read, and more than memory is given for are not") {
  embeddings_query query = ask();
  query.input.assign(500, "lore");
  std::string vector = "0.5";
  for (int i = 1; i < 3072; ++i) vector += ",0.5";
  std::string body = R"({"data":[)";
  for (int i = 0; i < 500; ++i) {
    body += R"({"index":)" + std::to_string(i) + R"(,"embedding":[)" + vector + "]},";
  }
  body.back() = ']';
  const auto read = query.parse(body + '}');
  REQUIRE(read.ok());
  CHECK(read->vectors[499].size() == 3072);

  std::string many = R"({"data":[0)";
  for (int i = 0; i < (1 << 21); ++i) many += ",0";
  const auto refused = query.parse(many + "]}");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == errc::too_large);
  CHECK(refused.error().message == "the body of the response has too many values");
}

TEST_CASE("vectors are compared by their direction") {
  CHECK(cosine({1, 0}, {2, 0}) == 1.0);
  CHECK(cosine({1, 0}, {0, 3}) == 0.0);
  CHECK(cosine({1, 2}, {-1, -2}) == Approx(-1.0));
  CHECK(cosine({1, 2}, {1, 2, 3}) == 0.0);
  CHECK(cosine({0, 0}, {1, 2}) == 0.0);
  CHECK(cosine({}, {}) == 0.0);
}

TEST_CASE("making embeddings is a span of its own kind") {
  test::bench bench;
  fake_transport net;
  net.otherwise(fake_reply::whole(200, answer, {{"Content-Type", "application/json", false}}));
  orcast::call_context context;
  context.session_id = "night-3";
  context.user = "player-1";
  const auto record = [&](bool privacy) {
    orcast::client_options options = bench.options();
    options.record.privacy = privacy;
    orcast::client made = bench.client(net, std::move(options));
    REQUIRE(made.ask(ask(), context).ok());
    auto spans = bench.spans();
    REQUIRE(spans.size() == 1);
    return spans[0];
  };
  const auto open = record(false);
  CHECK(open.name == "CreateEmbeddings");
  CHECK(open.status == orcast::span_status::ok);
  CHECK(open.at("openinference.span.kind") == "EMBEDDING");
  CHECK(open.at("embedding.model_name") == "openai/text-embedding-3-small");
  CHECK(open.at("embedding.embeddings.0.embedding.text") == "hello");
  CHECK(open.at("embedding.embeddings.1.embedding.text") == "w\xC3\xB6rld");
  CHECK(open.at("llm.token_count.prompt") == "2");
  CHECK(open.at("llm.token_count.total") == "2");
  CHECK(open.at("session.id") == "night-3");
  CHECK(open.at("user.id") == "player-1");
  const auto closed = record(true);
  for (const auto& [key, value] : closed.attributes) {
    CHECK(value.find("hello") == std::string::npos);
  }
  CHECK(closed.at("embedding.model_name") == "openai/text-embedding-3-small");

  net.otherwise(test::refusal(429, "slow down"));
  orcast::client_options options = bench.options();
  options.retry.max_attempts = 1;
  orcast::client made = bench.client(net, std::move(options));
  CHECK_FALSE(made.ask(ask()).ok());
  const auto failed = bench.spans();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].status == orcast::span_status::error);
  CHECK(failed[0].at("embedding.embeddings.0.embedding.text") == "hello");
}

TEST_CASE("a query that can't be written is not asked") {
  test::bench bench;
  fake_transport net;
  orcast::client made = bench.client(net);
  const auto reply = made.ask(embeddings_query());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().message == "embeddings_query.model is empty");
  CHECK(net.requests().empty());
}

}  // namespace
