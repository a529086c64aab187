// SPDX-License-Identifier: MIT
//
// The endpoints around chat completions, over both real transports, against the stand-in.

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "orcast/openrouter/account.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/embeddings.hpp"
#include "orcast/openrouter/generation.hpp"
#include "orcast/openrouter/model_endpoints.hpp"
#include "orcast/openrouter/models.hpp"
#include "orcast/openrouter/providers.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"
#include "standins/openrouter.hpp"
#include "support/catch.hpp"
#include "support/spans.hpp"

namespace {

using namespace std::chrono_literals;
using orcast::client;
using orcast::curl_transport;
using orcast::errc;
using orcast::httplib_transport;
using orcast::http::any_transport;
using standins::openrouter;

template <class Transport>
struct bench {
  openrouter service{{standins::pace::none(), {openrouter::key}, {}}};
  std::unique_ptr<orcast::tracer> tracer = orcast::make_tracer({}).value();

  client talker() const {
    orcast::client_options made;
    made.api_key = orcast::secret(openrouter::key);
    made.base_url = service.base_url();
    made.record.traces = tracer.get();
    made.retry.initial_ms = 1;
    return client::make(std::move(made), any_transport::make<Transport>()).value();
  }
};

template <class Call>
void finish(client& talker, const Call& going) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (going.state() != orcast::call_state::done && std::chrono::steady_clock::now() < until) {
    talker.tick();
    std::this_thread::yield();
  }
  REQUIRE(going.state() == orcast::call_state::done);
}

TEMPLATE_TEST_CASE("endpoints: models are listed, filtered and turned page by page", "",
                   curl_transport, httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  const auto all = talker.ask(orcast::models_query{});
  REQUIRE(all.ok());
  CHECK(all->models.size() == 4);
  CHECK(all->total_count == 4);
  CHECK(all->next.empty());
  CHECK(all->models[0].pricing.prompt == "0.00000015");

  orcast::models_query query;
  query.category = "roleplay";
  query.supported_parameters = {"tools", "reasoning"};
  const auto reasoning = talker.ask(query);
  REQUIRE(reasoning.ok());
  REQUIRE(reasoning->models.size() == 1);
  CHECK(reasoning->models[0].id == "google/gemini-2.5-flash");

  query = {};
  query.limit = 3;
  query.sort = "pricing-low-to-high";
  std::string seen;
  int pages = 0;
  for (auto page = talker.ask(query);; page = talker.ask(page->next_query())) {
    REQUIRE(page.ok());
    ++pages;
    for (const auto& each : page->models) seen += each.id + " ";
    if (page->next.empty()) break;
  }
  CHECK(pages == 2);
  CHECK(seen.find("meta-llama/") == 0);

  query = {};
  query.path = "/embeddings/models";
  REQUIRE(talker.ask(query).ok());
  CHECK(talker.ask(query)->models.size() == 1);

  query = {};
  query.limit = 5000;
  CHECK(talker.ask(query).error().code == errc::invalid_request);
}

TEMPLATE_TEST_CASE("endpoints: a game asks without waiting for the answer", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  orcast::api_call going =
      talker.start(*orcast::model_endpoints_query{"openai/gpt-4o-mini"}.request());
  finish(talker, going);
  REQUIRE(going.outcome().ok());
  const auto read = orcast::model_endpoints_query::parse(going.reply()->body);
  REQUIRE(read.ok());
  REQUIRE(read->endpoints.size() == 1);
  CHECK(read->endpoints[0].provider == "OpenAI");
  CHECK(read->endpoints[0].latency_p50_s == 0.25);
  CHECK(talker.ask(orcast::model_endpoints_query{"no/such"}).error().code == errc::not_found);
}

TEMPLATE_TEST_CASE("endpoints: account, key and providers", "", curl_transport, httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  const auto key = talker.ask(orcast::key_query{});
  REQUIRE(key.ok());
  CHECK(key->label == "sk-or-v1-sta...din");
  CHECK(key->limit.empty());
  const auto left = talker.ask(orcast::credits_query{});
  REQUIRE(left.ok());
  CHECK(left->total_credits == "25");
  const auto providers = talker.ask(orcast::providers_query{});
  REQUIRE(providers.ok());
  CHECK(providers->at(2).slug == "google-ai-studio");
}

TEMPLATE_TEST_CASE("endpoints: what a cancelled stream cost is learned afterwards", "",
                   curl_transport, httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  orcast::chat_request request;
  request.model = "standin/stall=1000";
  request.messages = {orcast::message::user("Who holds the key?")};
  orcast::call talk = talker.start(request);
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (talk.text().empty() && std::chrono::steady_clock::now() < until) talker.tick();
  talk.cancel();
  finish(talker, talk);
  const std::string id = talk.reply()->id;
  REQUIRE_FALSE(id.empty());
  CHECK(bench.service.wait_for_disconnects(1, 10s));

  bench.service.let_generations_be_late(2);
  orcast::generation_query query;
  query.id = id;
  query.wait_ms = 1;
  const auto facts = talker.ask(query);
  REQUIRE(facts.ok());
  CHECK(facts->id == id);
  CHECK(facts->total_cost != "");
  CHECK(facts->streamed == true);

  bench.service.let_generations_be_late(100);
  query.attempts = 3;
  const std::size_t before = bench.service.requests().size();
  const auto never = talker.ask(query);
  REQUIRE_FALSE(never.ok());
  CHECK(never.error().code == errc::not_found);
  CHECK(bench.service.requests().size() == before + 3);
}

TEMPLATE_TEST_CASE("endpoints: embeddings find what is alike, in both encodings", "",
                   curl_transport, httplib_transport) {
  bench<TestType> bench;
  client talker = bench.talker();
  orcast::embeddings_query query;
  query.model = "openai/text-embedding-3-small";
  query.input = {"Where is the harbour key?", "The key of the harbour is lost.",
                 "Bread costs three coins."};
  const auto compact = talker.ask(query);
  REQUIRE(compact.ok());
  REQUIRE(compact->vectors.size() == 3);
  CHECK(compact->vectors[0].size() == 256);
  const auto& v = compact->vectors;
  CHECK(orcast::cosine(v[0], v[1]) > orcast::cosine(v[0], v[2]) + 0.2);
  CHECK(compact->usage.cost != "");
  CHECK(compact->id.find("gen-emb-") == 0);
  query.base64 = false;
  query.dimensions = 64;
  const auto plain = talker.ask(query);
  REQUIRE(plain.ok());
  CHECK(plain->vectors[0].size() == 64);
  query.dimensions = {};
  const auto same = talker.ask(query);
  REQUIRE(same.ok());
  CHECK(same->vectors == compact->vectors);
  query.model = "nonsense";
  CHECK(talker.ask(query).error().code == errc::invalid_request);
  const auto spans = test::drain(*bench.tracer);
  REQUIRE(spans.size() == 4);
  for (const auto& span : spans) CHECK(span.name == "CreateEmbeddings");
}

TEMPLATE_TEST_CASE("endpoints: with a wrong key each says so, and shows no key", "", curl_transport,
                   httplib_transport) {
  bench<TestType> bench;
  orcast::client_options options;
  options.api_key = orcast::secret("sk-or-v1-wrong-canary-0042");
  options.base_url = bench.service.base_url();
  client talker = client::make(std::move(options), any_transport::make<TestType>()).value();
  const auto reply = talker.ask(orcast::key_query{});
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == errc::authentication);
  CHECK(reply.error().message.find("canary") == std::string::npos);
}

}  // namespace
