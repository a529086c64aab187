// SPDX-License-Identifier: MIT

// Several destinations, each with its own privacy, keys and accounts, and settings that change
// while calls are made.

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/http/fake_transport.hpp"
#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"
#include "standins/arize.hpp"
#include "standins/openrouter.hpp"
#include "support/catch.hpp"

using namespace orcast;

namespace {

standins::arize::options with_key(const std::string& key) {
  standins::arize::options chosen;
  chosen.api_key = key;
  return chosen;
}

broadcast_settings settings_for(const std::string& name, const standins::arize& service,
                                const std::string& key, bool privacy) {
  broadcast_settings made;
  made.name = name;
  made.api_key = secret(key);
  made.space_key = standins::arize::space_id;
  made.model_id = "project-" + name;
  made.base_url = service.origin();
  made.privacy_mode = privacy;
  return made;
}

http::any_transport network(bool threads) {
  return threads ? http::any_transport::make<httplib_transport>()
                 : http::any_transport::make<curl_transport>();
}

std::unique_ptr<broadcast> start(std::vector<broadcast_settings> settings, bool threads) {
  broadcast_options options;
  options.settings = std::move(settings.front());
  for (std::size_t i = 1; i < settings.size(); ++i) {
    options.also.push_back(std::move(settings[i]));
  }
  options.own_thread = threads;
  auto made = broadcast::start(std::move(options), network(threads));
  if (!made) FAIL(made.error().message);
  return std::move(*made);
}

/// A call with a canary in everything that is content.
void talk_once(const broadcast& traces, standins::openrouter& router, const char* fault = "") {
  client_options options;
  options.api_key = secret(standins::openrouter::key);
  options.base_url = router.base_url();
  options.record = traces.recording();
  options.retry.max_attempts = 1;
  auto talk = client::make(std::move(options), http::any_transport::make<httplib_transport>());
  REQUIRE(talk.ok());
  chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {message::system("canary-system"), message::user("canary-user")};
  request.stop = {"canary-stop"};
  tool one;
  one.name = "look_up";
  one.description = "canary-tool";
  request.tools = {one};
  standins::scripted_reply reply;
  reply.text = "canary-answer";
  reply.reasoning = "canary-reasoning";
  router.enqueue(reply);
  if (*fault != '\0') router.enqueue(standins::fault::parse(fault));
  static_cast<void>(talk->chat(std::move(request)));
  auto agent = work::agent(traces.recording(), "turn", {{}, "session-1", "player-1"});
  agent.input("canary-input");
  agent.output("canary-output");
  traces.traces()
      ->start("by hand")
      .set("input.value", "canary-by-hand")
      .set("my.key", "mine")
      .end();
}

std::string all(const standins::arize& service) {
  std::string text;
  for (const std::string& body : service.bodies()) text += body + "\n";
  return text;
}

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}

standins::openrouter::options quick() {
  standins::openrouter::options chosen;
  chosen.pace = standins::pace::none();
  return chosen;
}

}  // namespace

TEST_CASE("one destination gets everything, the other nothing that is content") {
  for (const bool threads : {true, false}) {
    for (const bool private_first : {true, false}) {
      standins::openrouter router(quick());
      const standins::arize discreet(with_key("ak-one")), full(with_key("ak-two"));
      std::vector<broadcast_settings> both;
      both.push_back(settings_for("discreet", discreet, "ak-one", true));
      both.push_back(settings_for("full", full, "ak-two", false));
      if (!private_first) std::swap(both[0], both[1]);
      auto traces = start(std::move(both), threads);
      CHECK(traces->destinations().size() == 2);
      talk_once(*traces, router);
      talk_once(*traces, router, "error=429");
      REQUIRE(traces->flush(10'000));
      INFO(all(discreet));
      CHECK(count(all(discreet), "canary") == 0);
      for (const char* part : {"canary-system", "canary-user", "canary-stop", "canary-tool",
                               "canary-answer", "canary-input", "canary-by-hand"}) {
        INFO(part);
        CHECK(count(all(full), part) > 0);
      }
      for (const standins::arize* each : {&discreet, &full}) {
        CHECK(each->spans().size() == 6);
        CHECK(each->violations().empty());
        CHECK(count(all(*each), "mine") == 2);
        CHECK(count(all(*each), "llm.token_count.total") > 0);
        CHECK(count(all(*each), "player-1") > 0);
        CHECK(count(all(*each), "error.type") > 0);
      }
      CHECK(count(all(discreet), "project-discreet") > 0);
      CHECK(count(all(discreet), "project-full") == 0);
      CHECK(traces->status("discreet").exported == 6);
      CHECK(traces->status("full").exported == 6);
      CHECK(traces->status("nobody").exported == 0);
      CHECK(traces->stats().exported == 6);
    }
  }
}

TEST_CASE("where every destination is private no content is recorded at all") {
  standins::openrouter router(quick());
  const standins::arize one(with_key("ak-one")), two(with_key("ak-two"));
  std::vector<broadcast_settings> both;
  both.push_back(settings_for("one", one, "ak-one", true));
  both.push_back(settings_for("two", two, "ak-two", true));
  auto traces = start(std::move(both), false);
  CHECK(traces->recording().privacy);
  talk_once(*traces, router, "error=429");
  REQUIRE(traces->flush(10'000));
  CHECK(count(all(one) + all(two), "canary") == 0);
  CHECK(count(all(one), "rate_limit") > 0);  // of an error, code and type remain
  CHECK(count(all(one), "llm.invocation_parameters") == 1);
}

TEST_CASE("a destination that refuses keeps its spans until its settings are right") {
  for (const bool threads : {true, false}) {
    standins::openrouter router(quick());
    const standins::arize strict(with_key("ak-right")), other(with_key("ak-other"));
    std::vector<broadcast_settings> both;
    both.push_back(settings_for("strict", strict, "ak-wrong", false));
    both.push_back(settings_for("other", other, "ak-other", false));
    auto traces = start(std::move(both), threads);
    talk_once(*traces, router);
    CHECK_FALSE(traces->flush(10'000));
    CHECK(traces->status("strict").held);
    CHECK_FALSE(traces->status("other").held);
    CHECK(other.spans().size() == 3);
    CHECK(strict.spans().empty());
    REQUIRE(traces->change(settings_for("strict", strict, "ak-right", false)).ok());
    CHECK(traces->flush(10'000));
    CHECK(strict.spans().size() == 3);
    CHECK_FALSE(traces->status("strict").held);
    CHECK(traces->stats().exported == 3);
    CHECK(traces->stats().held() == 0);
  }
}

TEST_CASE("a change of settings is for what ends after it") {
  for (const bool threads : {true, false}) {
    standins::openrouter router(quick());
    const standins::arize old(with_key("ak-old")), fresh(with_key("ak-fresh"));
    std::vector<broadcast_settings> one;
    one.push_back(settings_for("arize", old, "ak-old", false));
    auto traces = start(std::move(one), threads);
    for (int i = 0; i < 20; ++i) traces->traces()->start("before").end();
    REQUIRE(traces->change(settings_for("arize", fresh, "ak-fresh", true)).ok());
    for (int i = 0; i < 20; ++i) {
      traces->traces()->start("after").set("input.value", "canary").end();
    }
    REQUIRE(traces->flush(10'000));
    CHECK(old.spans().size() == 20);
    CHECK(fresh.spans().size() == 20);
    for (const auto& each : old.spans()) CHECK(each.span.name == "before");
    for (const auto& each : fresh.spans()) CHECK(each.span.name == "after");
    CHECK(count(all(fresh), "canary") == 0);
    CHECK(traces->status("arize").exported == 40);
    // One more destination, and then none.
    REQUIRE(traces->change(settings_for("second", old, "ak-old", false)).ok());
    traces->traces()->start("both").end();
    REQUIRE(traces->flush(10'000));
    CHECK(old.spans().size() == 21);
    CHECK(fresh.spans().size() == 21);
    for (const char* name : {"arize", "second"}) {
      broadcast_settings off = settings_for(name, old, "ak-old", false);
      off.enabled = false;
      REQUIRE(traces->change(std::move(off)).ok());
    }
    traces->traces()->start("nobody").end();
    REQUIRE(traces->flush(10'000));
    CHECK(old.spans().size() == 21);
    CHECK(traces->stats().dropped_by(drop_reason::filtered) == 1);
  }
}

TEST_CASE("a private destination stays private when one joins that is not") {
  standins::openrouter router(quick());
  const standins::arize discreet(with_key("ak-one")), full(with_key("ak-two"));
  std::vector<broadcast_settings> one;
  one.push_back(settings_for("discreet", discreet, "ak-one", true));
  auto traces = start(std::move(one), true);
  const recording before = traces->recording();
  REQUIRE(traces->change(settings_for("full", full, "ak-two", false)).ok());
  CHECK(before.privacy);
  CHECK_FALSE(traces->recording().privacy);
  talk_once(*traces, router, "error=429");
  REQUIRE(traces->flush(10'000));
  CHECK(count(all(discreet), "canary") == 0);
  CHECK(discreet.spans().size() == 3);
  CHECK(count(all(full), "canary") > 0);
}

TEST_CASE("a change that is refused takes nobody's privacy") {
  const auto settings = [](const char* name, bool privacy) {
    broadcast_settings made;
    made.name = name;
    made.kind = destination_kind::otlp;
    made.base_url = "http://127.0.0.1:1";
    made.model_id = "any";
    made.privacy_mode = privacy;
    return made;
  };
  http::fake_transport silent;
  silent.otherwise(http::fake_reply().never());
  broadcast_options options;
  options.settings = settings("first", true);
  options.also.push_back(settings("second", true));
  options.own_thread = false;
  options.exporting.delay_ms = 0;
  const auto traces = broadcast::start(std::move(options), http::any_transport(silent)).value();
  // A request is under way by each of the earlier settings, until there are too many of them.
  result<void> changed;
  for (int i = 0; changed && i < 100; ++i) {
    traces->traces()->start("x").end();
    traces->pump();
    changed = traces->change(settings("second", true));
  }
  REQUIRE_FALSE(changed.ok());
  REQUIRE(changed.error().code == errc::busy);
  CHECK_FALSE(traces->change(settings("second", false)).ok());
  CHECK(traces->recording().privacy);
}

TEST_CASE("settings may change while threads record, and every span has one end") {
  const standins::arize one(with_key("ak-one")), two(with_key("ak-two"));
  std::vector<broadcast_settings> first;
  first.push_back(settings_for("arize", one, "ak-one", false));
  auto traces = start(std::move(first), true);
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&traces] {
      for (int i = 0; i < 400; ++i) {
        traces->traces()->start("span").set("i", i).end();
        if (i % 40 == 0) std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 6; ++i) {
    const bool even = i % 2 == 0;
    REQUIRE(traces
                ->change(even ? settings_for("arize", two, "ak-two", false)
                              : settings_for("arize", one, "ak-one", true))
                .ok());
    traces->flush(2'000);
  }
  for (std::thread& each : threads) each.join();
  REQUIRE(traces->flush(10'000));
  CHECK(traces->stats().started == 800);
  CHECK(traces->stats().held() == 0);
  CHECK(traces->stats().exported + traces->stats().dropped_in_all() == 800);
  CHECK(one.spans().size() + two.spans().size() == traces->stats().exported);
  for (const auto& each : one.spans()) {
    CHECK(each.span.attributes.text("arize.project.name") == "project-arize");
  }
}

TEST_CASE("destinations that can't be are refused by name") {
  const standins::arize service;
  const auto refusal = [&](auto change) {
    broadcast_options options;
    options.settings = settings_for("arize", service, "ak-a", false);
    options.also.push_back(settings_for("second", service, "ak-a", false));
    change(options);
    const auto made = broadcast::start(std::move(options), network(false));
    return made ? std::string("accepted") : made.error().message;
  };
  CHECK(refusal([](broadcast_options&) {}) == "accepted");
  CHECK(refusal([](broadcast_options& o) { o.also[0].name = "arize"; }).find("\"arize\"") !=
        std::string::npos);
  CHECK(refusal([](broadcast_options& o) { o.also[0].model_id = ""; }).find("second: Model Id") ==
        0);
  CHECK(refusal([](broadcast_options& o) {
          o.also[0].space_key = "x";
        }).find("second: Space Key") == 0);
  CHECK(refusal([&](broadcast_options& o) {
          for (int i = 0; i < 7; ++i) o.also.push_back(settings_for("x", service, "k", false));
        }).find("at most 8") != std::string::npos);
  // Those that are not enabled need not be right.
  CHECK(refusal([](broadcast_options& o) {
          o.also[0].space_key = "x";
          o.also[0].enabled = false;
        }) == "accepted");
}

TEST_CASE("each destination gets its share, of whole sessions, and its keys' calls") {
  const standins::arize all_of_it(with_key("ak-one")), half(with_key("ak-two")),
      main_key(with_key("ak-three"));
  std::vector<broadcast_settings> three;
  three.push_back(settings_for("all", all_of_it, "ak-one", false));
  three.push_back(settings_for("half", half, "ak-two", false));
  three.back().sampling_rate = 0.5;
  three.push_back(settings_for("main", main_key, "ak-three", false));
  three.back().only_api_keys = {"main", "other"};
  three.back().except_api_keys = {"other"};
  auto traces = start(std::move(three), true);
  std::size_t spans = 0;
  for (int s = 0; s < 100; ++s) {
    const std::string session = "session-" + std::to_string(s);
    const char* const label = s % 4 == 0 ? "main" : s % 4 == 1 ? "other" : "";
    for (int i = 0; i < 2; ++i, spans += 2) {
      auto turn = work::agent(traces->recording(label), "turn", {{}, session, "p"});
      work::chain(traces->recording(label), "step", {turn.context(), {}, {}});
    }
  }
  REQUIRE(traces->flush(10'000));
  CHECK(all_of_it.spans().size() == spans);
  CHECK(main_key.spans().size() == spans / 4);
  const auto sampled = half.spans();
  CHECK(sampled.size() > spans / 4);
  CHECK(sampled.size() < spans * 3 / 4);
  CHECK(sampled.size() % 4 == 0);  // two turns and two steps of each session
  CHECK(traces->stats().exported == spans);
  CHECK(traces->stats().unsampled == 0);
  // The share may change: from now on only one destination is left, with nothing sampled out of it.
  for (const char* name : {"all", "main"}) {
    broadcast_settings off = settings_for(name, half, "ak-two", false);
    off.enabled = false;
    REQUIRE(traces->change(std::move(off)).ok());
  }
  for (int i = 0; i < 100; ++i) traces->traces()->start("later").end();
  REQUIRE(traces->flush(10'000));
  const trace_stats now = traces->stats();
  CHECK(now.unsampled > 20);
  CHECK(now.unsampled < 80);
  CHECK(half.spans().size() == sampled.size() + 100 - now.unsampled);
}
