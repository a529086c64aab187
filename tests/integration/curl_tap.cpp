// SPDX-License-Identifier: MIT

// A libcurl handle of the host's own, recorded, against the stand-in over real sockets.

#include "orcast/transport/curl_tap.hpp"

#include <string>

#include "orcast/http/retry.hpp"
#include "orcast/openrouter/observation.hpp"
#include "standins/openrouter.hpp"
#include "support/catch.hpp"
#include "support/spans.hpp"

using namespace orcast;

namespace {

constexpr char router_key[] = "sk-or-v1-canary-0123456789abcdef";

/// What a host has: a handle, a place for the body, a callback.
struct host_call {
  standins::openrouter router;
  std::unique_ptr<tracer> traces = test::a_tracer();
  recording where;
  CURL* easy = curl_easy_init();
  curl_slist* headers = nullptr;
  std::string url;
  std::string body;
  std::string got;
  std::size_t most = 1 << 20;

  host_call()
      : router([] {
          standins::openrouter::options chosen;
          chosen.pace = standins::pace::none();
          chosen.keys = {router_key};
          return chosen;
        }()) {
    where.traces = traces.get();
    url = router.base_url() + "/chat/completions";
    set_key(router_key);
  }
  ~host_call() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }

  void set_key(const std::string& with) {
    curl_slist_free_all(headers);
    headers = curl_slist_append(nullptr, "Content-Type: application/json");
    headers = curl_slist_append(headers, ("Authorization: Bearer " + with).c_str());
  }

  static std::size_t on_write(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto* call = static_cast<host_call*>(self);
    if (call->got.size() + size * count > call->most) return 0;
    call->got.append(bytes, size * count);
    return size * count;
  }

  /// Only the two lines with a tap are there for the recording.
  result<void> perform(bool stream) {
    got.clear();
    body = std::string(R"({"model":"openai/gpt-4o-mini","messages":[{"role":"user","content":)") +
           R"("Is the ship Meridian in port?"}],"stream":)" + (stream ? "true}" : "false}");
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    observation seen(where);
    curl_tap tap(easy, seen, {url, body, &on_write, this, nullptr, nullptr, "s-1"});
    return tap.done(curl_easy_perform(easy));
  }

  test::plain_span only() {
    auto spans = test::drain(*traces);
    REQUIRE(spans.size() == 1);
    return spans[0];
  }
};

}  // namespace

TEST_CASE("a host's own handle is recorded, and the host gets every byte as before") {
  host_call call;
  for (const bool stream : {false, true}) {
    REQUIRE(call.perform(stream).ok());
    CHECK(call.got.find(stream ? "data: [DONE]" : "\"choices\"") != std::string::npos);
    const auto seen = call.only();
    CHECK(seen.status == span_status::ok);
    CHECK(seen.at("input.value") == call.body);
    CHECK(seen.at("llm.input_messages.0.message.content") == "Is the ship Meridian in port?");
    CHECK(seen.has("llm.output_messages.0.message.role"));
    CHECK(seen.has("llm.token_count.total"));
    CHECK(seen.has("openrouter.generation_id"));
    CHECK(seen.at("session.id") == "s-1");
    CHECK(seen.has("openrouter.time_to_first_token") == stream);
    for (const auto& [name, value] : seen.attributes) {
      CHECK(value.find("canary") == std::string::npos);
    }
  }
}

TEST_CASE("refusals, broken connections and the host's own stop end the span") {
  host_call call;
  call.set_key("wrong");
  CHECK_FALSE(call.perform(false).ok());
  auto seen = call.only();
  CHECK(seen.status == span_status::error);
  CHECK(seen.at("http.response.status_code") == "401");

  call.set_key(router_key);
  call.most = 10;
  const auto stopped = call.perform(true);
  REQUIRE_FALSE(stopped.ok());
  CHECK(stopped.error().code == errc::cancelled);
  seen = call.only();
  CHECK(seen.status == span_status::unset);
  CHECK(seen.at("openrouter.cancelled") == "true");

  call.most = 1 << 20;
  call.router.enqueue(standins::fault::parse("cut=head"));
  CHECK_FALSE(call.perform(false).ok());
  CHECK(call.only().at("error.type") == "disconnected");  // it was sent

  call.url = "http://127.0.0.1:1/api/v1/chat/completions";
  CHECK_FALSE(call.perform(false).ok());
  CHECK(call.only().at("error.type") == "connect");
}

TEST_CASE(
    "a time-out of the host's says how far the call had come, and is no reason to pay twice") {
  host_call call;
  curl_easy_setopt(call.easy, CURLOPT_TIMEOUT_MS, 200L);
  const auto ended = [&](const char* fault) {
    call.router.enqueue(standins::fault::parse(fault));
    const auto outcome = call.perform(true);
    REQUIRE_FALSE(outcome.ok());
    CHECK(call.only().status == span_status::error);
    return outcome.error();
  };
  http::retry_policy paid_once;
  paid_once.on_no_answer = false;
  failure why = ended("stall=head");
  CHECK(why.code == errc::timeout_first_byte);
  CHECK_FALSE(http::retryable(paid_once, why));
  why = ended("stall=finish");
  CHECK(why.code == errc::timeout_total);
  CHECK_FALSE(http::retryable({}, why));
}

TEST_CASE("what is no call to a model is left alone, and a tap that goes gives the handle back") {
  host_call call;
  {
    observation seen(call.where);
    curl_tap tap(call.easy, seen, {call.router.base_url() + "/models", ""});
    CHECK_FALSE(tap.recorded());
    CHECK(tap.done(CURLE_OK).ok());
  }
  {
    observation seen(call.where);
    curl_tap tap(call.easy, seen, {call.url, "{}", &host_call::on_write, &call});
    CHECK(tap.recorded());
  }
  CHECK(call.only().at("openrouter.cancelled") == "true");
  curl_easy_setopt(call.easy, CURLOPT_URL, (call.router.base_url() + "/models").c_str());
  curl_easy_setopt(call.easy, CURLOPT_HTTPHEADER, call.headers);
  REQUIRE(curl_easy_perform(call.easy) == CURLE_OK);
  CHECK_FALSE(call.got.empty());
}

TEST_CASE("a handle that had no callbacks can be used again after a tap") {
  host_call call;
  call.set_key("wrong");
  call.body = R"({"model":"openai/gpt-4o-mini","messages":[{"role":"user","content":"Hello?"}]})";
  curl_easy_setopt(call.easy, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(call.easy, CURLOPT_HTTPHEADER, call.headers);
  curl_easy_setopt(call.easy, CURLOPT_POSTFIELDS, call.body.c_str());
  {
    observation seen(call.where);
    curl_tap tap(call.easy, seen, {call.url, call.body});
    CHECK_FALSE(tap.done(curl_easy_perform(call.easy)).ok());
  }
  // libcurl writes the refusal to stdout, as it does by default.
  CHECK(curl_easy_perform(call.easy) == CURLE_OK);
}
