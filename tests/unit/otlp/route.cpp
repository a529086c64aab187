// SPDX-License-Identifier: MIT

// Several destinations, and destinations whose settings change.

#include "orcast/otlp/route.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/otlp/span_exporter.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

namespace otlp = orcast::otlp;
namespace http = orcast::http;
using orcast::drop_reason;

namespace {

const std::string first = "https://first.example/v1/traces";
const std::string second = "https://second.example/v1/traces";
const std::string third = "https://third.example/v1/traces";

/// Answers by the request's URL, at the next poll: a status, or nothing at all.
class by_url {
 public:
  static constexpr int silent = 0;

  std::map<std::string, int> status;
  std::map<std::string, std::vector<std::string>> bodies;
  std::map<std::string, std::string> keys;
  std::map<std::string, std::vector<std::string>> types;

  http::exchange_id start(const http::request& what, http::response_sink& sink) {
    std::string body;
    for (const std::string_view piece : what.body) body += piece;
    bodies[what.url].push_back(body);
    keys[what.url] = what.bearer();
    for (const http::header& line : what.headers) {
      if (line.name == "content-type") types[what.url].push_back(line.value);
    }
    open_.push_back({++last_, what.url, &sink, false});
    return last_;
  }
  void cancel(http::exchange_id id) {
    for (exchange& each : open_) each.cancelled = each.cancelled || each.id == id;
  }
  void resume(http::exchange_id) {}
  void poll(std::int64_t) {
    std::vector<exchange> now;
    now.swap(open_);
    for (const exchange& each : now) {
      const int answer = status.count(each.url) != 0 ? status[each.url] : 200;
      if (each.cancelled) {
        each.sink->done(orcast::failure(orcast::errc::cancelled, "cancelled"));
      } else if (answer == silent) {
        open_.push_back(each);
      } else {
        each.sink->head({answer, nullptr, 0});
        each.sink->data(answer == 500 ? R"({"code":13,"message":"no"})" : "{}");
        each.sink->done({});
      }
    }
  }

  std::size_t sent(const std::string& url) const {
    const auto found = bodies.find(url);
    return found == bodies.end() ? 0 : found->second.size();
  }
  std::string all(const std::string& url) const {
    std::string text;
    const auto found = bodies.find(url);
    if (found == bodies.end()) return text;
    for (const std::string& body : found->second) text += body + "\n";
    return text;
  }

 private:
  struct exchange {
    http::exchange_id id;
    std::string url;
    http::response_sink* sink;
    bool cancelled;
  };
  std::vector<exchange> open_;
  http::exchange_id last_ = 0;
};

otlp::destination to(const std::string& url) {
  otlp::destination made;
  made.url = url;
  made.exporting.delay_ms = 0;
  made.exporting.initial_ms = 1;
  made.batch_bytes = 64 * 1024;
  return made;
}

bool is_input(std::string_view key) noexcept { return key.substr(0, 6) == "input."; }

struct rig {
  explicit rig(std::vector<otlp::destination> destinations, std::size_t memory = 1 << 20) {
    orcast::tracer_options options;
    options.memory_bytes = memory;
    options.lanes = 1;
    options.host.self = this;
    options.host.steady_now = [](void* self) { return static_cast<rig*>(self)->now_ns += 1000; };
    tracer = std::move(orcast::make_tracer(options).value());
    auto made =
        otlp::span_exporter::make(*tracer, http::any_transport(net), std::move(destinations));
    REQUIRE(made.ok());
    exporter = std::move(made.value());
  }
  ~rig() {
    exporter.reset();
    CHECK(tracer->stats().held() == 0);
    CHECK(tracer->ring().free_blocks() == tracer->ring().block_count());
  }

  void record(const std::string& name) {
    orcast::span made = tracer->start(name);
    made.set("input.value", "canary of " + name).set("metadata", "m");
    made.event("exception", {{"input.words", "canary in event"}, {"exception.type", "t"}});
    made.status(orcast::span_status::error, "canary in status");
  }
  /// So many turns, a millisecond each.
  void turns(int count) {
    for (int i = 0; i < count; ++i) {
      exporter->pump(1'000'000'000);
      now_ns += 1'000'000;
    }
  }
  otlp::export_status of(std::size_t number) const { return exporter->status(number); }

  std::int64_t now_ns = 1'000'000'000;
  by_url net;
  std::unique_ptr<orcast::tracer> tracer;
  std::unique_ptr<otlp::span_exporter> exporter;
};

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}

}  // namespace

TEST_CASE("each destination gets every span, and the tracer counts it once") {
  rig r({to(first), to(second)});
  for (const char* name : {"a", "b", "c"}) r.record(name);
  REQUIRE(r.exporter->flush(1'000));
  for (const std::string& url : {first, second}) {
    for (const char* name : {"\"name\":\"a\"", "\"name\":\"b\"", "\"name\":\"c\""}) {
      CHECK(count(r.net.all(url), name) == 1);
    }
  }
  CHECK(r.tracer->stats().exported == 3);
  CHECK(r.of(0).exported == 3);
  CHECK(r.of(1).exported == 3);
  CHECK(r.exporter->status().exported == 6);
}

TEST_CASE("what one destination does not get the other still does, whichever comes first") {
  for (const bool private_first : {true, false}) {
    std::vector<otlp::destination> both = {to(first), to(second)};
    otlp::destination& discreet = both[private_first ? 0 : 1];
    discreet.leaves_out = is_input;
    discreet.leaves_out_words = true;
    const std::string hidden = private_first ? first : second;
    const std::string open = private_first ? second : first;
    rig r(std::move(both));
    r.record("a");
    orcast::span twice = r.tracer->start("b");
    twice.set("input.value", "canary old").set("input.value", "canary new");
    twice.set("metadata", "old").set("metadata", "new");
    twice.end();
    REQUIRE(r.exporter->flush(1'000));
    INFO(r.net.all(hidden));
    CHECK(count(r.net.all(hidden), "canary") == 0);
    CHECK(count(r.net.all(hidden), "input.") == 0);
    CHECK(count(r.net.all(hidden), "\"status\":{\"code\":2}") == 1);
    CHECK(count(r.net.all(hidden), "exception.type") == 1);
    CHECK(count(r.net.all(hidden), "\"metadata\"") == 2);
    CHECK(count(r.net.all(open), "canary of a") == 1);
    CHECK(count(r.net.all(open), "canary in event") == 1);
    CHECK(count(r.net.all(open), "canary in status") == 1);
    CHECK(count(r.net.all(open), "canary new") == 1);
    CHECK(count(r.net.all(open), "canary old") == 0);
    for (const std::string& url : {first, second}) {
      CHECK(count(r.net.all(url), "\"old\"") == 0);
      CHECK(count(r.net.all(url), "\"new\"") == 1);
    }
  }
}

TEST_CASE("a destination that never answers does not keep the others from getting theirs") {
  rig r({to(first), to(second)}, 64 * 1024);
  r.net.status[first] = by_url::silent;
  const std::uint32_t blocks = r.tracer->ring().block_count();
  constexpr int spans = 1000;
  for (int i = 0; i < spans; ++i) {
    r.record("s" + std::to_string(i));
    r.turns(3);
  }
  CHECK(r.of(1).exported == spans);
  CHECK(r.tracer->stats().dropped_in_all() == 0);
  const otlp::export_status behind = r.of(0);
  CHECK(behind.exported == 0);
  CHECK(behind.dropped_by(drop_reason::evicted) > 0);
  CHECK(behind.waiting > 0);
  CHECK(behind.waiting <= blocks / 2);
  CHECK(behind.pending + behind.waiting + behind.dropped_by(drop_reason::evicted) == spans);
  // When it comes back it gets what was kept: the newest.
  r.net.status[first] = 200;
  r.turns(20);
  CHECK(r.of(0).exported == behind.pending + behind.waiting);
  CHECK(count(r.net.all(first), "\"name\":\"s999\"") == 1);
}

TEST_CASE("a span that takes most of the memory waits for a batch of its own") {
  otlp::destination patient = to(first);
  patient.exporting.delay_ms = 1'000'000;
  rig r({patient}, 64 * 1024);
  r.tracer->start("a").set("x", std::string(28'000, 'a')).end();
  r.turns(1);
  r.tracer->start("b").set("x", std::string(40'000, 'b')).end();
  r.turns(1);
  CHECK(r.of(0).waiting == 1);
  REQUIRE(r.exporter->flush(1'000));
  CHECK(r.net.sent(first) == 2);
  CHECK(r.of(0).exported == 2);
  CHECK(r.tracer->stats().exported == 2);
}

TEST_CASE("while no destination answers, the tracer's own policy holds") {
  rig r({to(first), to(second)}, 64 * 1024);
  r.net.status[first] = r.net.status[second] = by_url::silent;
  for (int i = 0; i < 500; ++i) {
    r.record("s");
    r.turns(2);
  }
  CHECK(r.tracer->stats().dropped_by(drop_reason::pool_full) > 0);
  CHECK(r.of(0).dropped_by(drop_reason::evicted) == 0);
  CHECK(r.of(1).dropped_by(drop_reason::evicted) == 0);
}

TEST_CASE("a span is exported when one destination took it, else dropped for the first reason") {
  rig r({to(first), to(second)});
  r.net.status[first] = 400;
  r.record("a");
  REQUIRE(r.exporter->flush(1'000));
  CHECK(r.tracer->stats().exported == 1);
  CHECK(r.tracer->stats().dropped_in_all() == 0);
  CHECK(r.of(0).dropped_by(drop_reason::rejected) == 1);
  r.net.status[second] = 400;
  r.record("b");
  REQUIRE(r.exporter->flush(1'000));
  CHECK(r.tracer->stats().exported == 1);
  CHECK(r.tracer->stats().dropped_by(drop_reason::rejected) == 1);
}

TEST_CASE("a flush waits for all destinations, but not for one that refuses") {
  rig r({to(first), to(second)});
  r.net.status[first] = 500;
  r.record("a");
  CHECK_FALSE(r.exporter->flush(1'000));
  CHECK(r.of(0).held);
  CHECK_FALSE(r.of(1).held);
  CHECK(r.of(1).exported == 1);
  CHECK(r.tracer->stats().exported == 0);  // its end is still open
  r.net.status[first] = 200;
  r.exporter->retry_held();
  CHECK(r.exporter->flush(1'000));
  CHECK(r.tracer->stats().exported == 1);
}

TEST_CASE("what ended before a change of settings goes out by the old ones") {
  rig r({to(first)});
  r.net.status[first] = by_url::silent;
  r.record("before-1");
  r.turns(2);
  r.record("before-2");
  REQUIRE(r.exporter->replace(0, to(second)).ok());
  r.record("after");
  r.turns(5);
  CHECK(count(r.net.all(second), "before") == 0);
  CHECK(count(r.net.all(second), "\"name\":\"after\"") == 1);
  r.net.status[first] = 200;
  r.turns(10);
  CHECK(count(r.net.all(first), "\"name\":\"before-1\"") == 1);
  CHECK(count(r.net.all(first), "\"name\":\"before-2\"") == 1);
  CHECK(count(r.net.all(first), "after") == 0);
  CHECK(r.of(0).exported == 3);  // under both settings
  CHECK(r.tracer->stats().exported == 3);
  CHECK(r.exporter->destinations() == 1);
}

TEST_CASE("a change corrects settings that were refused: what is held goes out by the new ones") {
  otlp::destination wrong = to(first);
  wrong.append_headers = [](void*, std::vector<http::header>& headers) {
    headers.push_back({"authorization", "Bearer wrong-key", true});
  };
  rig r({wrong});
  r.net.status[first] = 500;
  r.record("held");
  r.turns(5);
  r.record("waiting");
  r.turns(5);
  REQUIRE(r.of(0).held);
  // Wrong once more, then right.
  REQUIRE(r.exporter->replace(0, to(third)).ok());
  r.net.status[third] = 401;
  r.turns(5);
  CHECK(r.of(0).held);
  REQUIRE(r.exporter->replace(0, to(second)).ok());
  r.turns(10);
  CHECK(count(r.net.all(second), "\"name\":\"held\"") == 1);
  CHECK(count(r.net.all(second), "\"name\":\"waiting\"") == 1);
  CHECK(r.tracer->stats().exported == 2);
  CHECK_FALSE(r.of(0).held);
  CHECK(r.net.keys[second].empty());
}

TEST_CASE("a refusal that comes after the change was made is corrected by it too") {
  rig r({to(first), to(third)});
  r.net.status[first] = by_url::silent;
  r.record("posted");
  r.turns(2);
  r.record("waiting");  // its memory is kept for the first
  r.turns(2);
  REQUIRE(r.exporter->replace(0, to(second)).ok());
  r.record("after");
  r.turns(2);
  r.net.status[first] = 401;
  r.turns(5);
  for (const char* name : {"\"name\":\"posted\"", "\"name\":\"waiting\"", "\"name\":\"after\""}) {
    CHECK(count(r.net.all(second), name) == 1);
  }
  CHECK(r.net.sent(first) == 1);
  CHECK_FALSE(r.of(0).held);
  CHECK(r.of(0).exported == 3);
  CHECK(r.exporter->flush(1'000));
  CHECK(r.tracer->stats().exported == 3);
}

TEST_CASE("what the correction is refused for as well waits for another, and is not posted again") {
  rig r({to(first)});
  r.net.status[first] = by_url::silent;
  r.record("posted");
  r.turns(2);
  REQUIRE(r.exporter->replace(0, to(second)).ok());
  r.net.status[first] = r.net.status[second] = 401;
  r.turns(50);
  CHECK(r.net.sent(second) == 1);
  CHECK(r.of(0).held);
  CHECK_FALSE(r.exporter->flush(1'000));
  SECTION("tried again") {
    r.net.status[second] = 200;
    r.exporter->retry_held();
  }
  SECTION("corrected") { REQUIRE(r.exporter->replace(0, to(third)).ok()); }
  CHECK(r.exporter->flush(1'000));
  CHECK(r.tracer->stats().exported == 1);
}

TEST_CASE("a flush waits for what a late refusal leaves to the present settings") {
  otlp::destination single = to(first);
  single.exporting.batch_spans = 1;
  otlp::destination fresh = single;
  fresh.url = second;
  rig r({single, to(third)});
  r.net.status[first] = by_url::silent;
  for (const char* name : {"a", "b", "c"}) {
    r.record(name);
    r.turns(2);
  }
  fresh.append_headers = [](void* net, std::vector<http::header>&) {
    static_cast<by_url*>(net)->status[first] = 401;
  };
  fresh.headers_context = &r.net;
  REQUIRE(r.exporter->replace(0, fresh).ok());
  r.record("after");
  CHECK(r.exporter->flush(1'000));
  CHECK(r.of(0).exported == 4);
  CHECK(r.tracer->stats().exported == 4);
}

TEST_CASE("a batch that was refused goes out in the format that it is in") {
  rig r({to(first)});
  r.net.status[first] = 401;
  r.record("held");
  r.turns(3);
  otlp::destination fresh = to(second);
  fresh.encoding.format = otlp::format::protobuf;
  REQUIRE(r.exporter->replace(0, fresh).ok());
  r.turns(3);
  r.record("after");
  r.turns(3);
  CHECK(r.net.types[second] ==
        std::vector<std::string>{"application/json", "application/x-protobuf"});
  CHECK(r.net.bodies[second].front().front() == '{');
}

TEST_CASE("settings may change any number of times") {
  rig r({to(first)});
  for (int i = 0; i < 100; ++i) {
    r.record("s");
    REQUIRE(r.exporter->replace(0, to(i % 2 == 0 ? second : first)).ok());
    r.turns(4);
  }
  REQUIRE(r.exporter->flush(1'000));
  CHECK(r.tracer->stats().exported == 100);
  CHECK(r.of(0).exported == 100);
  // Those that never answer are not given up for newer ones.
  r.net.status[first] = r.net.status[second] = by_url::silent;
  bool refused = false;
  for (int i = 0; i < 40 && !refused; ++i) {
    r.record("s");
    r.turns(2);
    const auto changed = r.exporter->replace(0, to(i % 2 == 0 ? second : first));
    refused = !changed.ok();
    if (refused) CHECK(changed.error().code == orcast::errc::busy);
  }
  CHECK(refused);
}

TEST_CASE("a retired destination gets what ended before, and its place may be filled again") {
  rig r({to(first), to(second)});
  r.record("before");
  r.exporter->retire(0);
  r.record("after");
  REQUIRE(r.exporter->flush(1'000));
  CHECK(count(r.net.all(first), "\"name\":\"before\"") == 1);
  CHECK(count(r.net.all(first), "after") == 0);
  CHECK(count(r.net.all(second), "\"name\":\"after\"") == 1);
  REQUIRE(r.exporter->replace(0, to(third)).ok());
  r.record("again");
  REQUIRE(r.exporter->replace(2, to(first)).ok());  // one more
  CHECK(r.exporter->destinations() == 3);
  r.record("last");
  REQUIRE(r.exporter->flush(1'000));
  CHECK(count(r.net.all(third), "\"name\":\"again\"") == 1);
  CHECK(count(r.net.all(first), "\"name\":\"last\"") == 1);
  CHECK(count(r.net.all(first), "again") == 0);
  CHECK_FALSE(r.exporter->replace(8, to(first)).ok());
  r.exporter->retire(0);
  r.exporter->retire(1);
  r.exporter->retire(2);
  r.record("for nobody");
  r.turns(5);
  CHECK(r.tracer->stats().dropped_by(drop_reason::filtered) == 1);
}

TEST_CASE("a retired destination that refuses loses what it holds") {
  rig r({to(first), to(second)});
  r.net.status[first] = 500;
  r.record("a");
  r.turns(5);
  r.record("b");
  r.turns(5);
  REQUIRE(r.of(0).held);
  r.exporter->retire(0);
  CHECK(r.of(0).dropped_by(drop_reason::rejected) == 2);
  CHECK(r.tracer->stats().exported == 2);
  REQUIRE(r.exporter->flush(1'000));
}

TEST_CASE("where the only destination refused and was retired, spans are counted and not kept") {
  rig r({to(first)});
  r.net.status[first] = 500;
  r.record("a");
  r.turns(5);
  REQUIRE(r.of(0).held);
  r.record("ended before");
  r.exporter->retire(0);
  r.record("ended after");
  r.turns(5);
  CHECK(r.tracer->stats().dropped_by(drop_reason::rejected) == 1);
  CHECK(r.tracer->stats().dropped_by(drop_reason::filtered) == 2);
  CHECK(r.tracer->stats().held() == 0);
}

TEST_CASE("a refusal that comes after the destination was retired loses what it holds") {
  rig r({to(first)}, 64 * 1024);
  r.net.status[first] = by_url::silent;
  r.record("posted");
  r.turns(2);
  r.exporter->retire(0);
  SECTION("and its place is empty") {
    r.net.status[first] = 401;
    for (int i = 0; i < 1000; ++i) {
      r.record("later");
      r.turns(1);
    }
    CHECK(r.tracer->stats().dropped_by(drop_reason::filtered) == 1000);
  }
  SECTION("and never goes to who has its place") {
    REQUIRE(r.exporter->replace(0, to(second)).ok());
    r.net.status[first] = 401;
    r.record("later");
    r.turns(5);
    CHECK(count(r.net.all(second), "posted") == 0);
    CHECK(count(r.net.all(second), "\"name\":\"later\"") == 1);
  }
  CHECK(r.of(0).dropped_by(drop_reason::rejected) == 1);
  CHECK(r.tracer->stats().dropped_by(drop_reason::rejected) == 1);
  CHECK_FALSE(r.of(0).held);
  CHECK(r.exporter->flush(1'000));
  CHECK(r.tracer->stats().held() == 0);
}
