// SPDX-License-Identifier: MIT

#include "orcast/otlp/span_exporter.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "orcast/http/fake_transport.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

namespace otlp = orcast::otlp;
namespace http = orcast::http;
using http::fake_reply;
using orcast::drop_reason;
using orcast::errc;

namespace {

/// A clock that goes on by `per_reading_ns` each time somebody looks, so that no wait is endless.
struct clock_of_tests {
  std::int64_t now_ns = 1'000'000'000'000;
  std::int64_t per_reading_ns = 1000;

  orcast::host host() {
    orcast::host made;
    made.self = this;
    made.steady_now = [](void* self) {
      auto& clock = *static_cast<clock_of_tests*>(self);
      return clock.now_ns += clock.per_reading_ns;
    };
    made.wall_now = [](void* self) { return static_cast<clock_of_tests*>(self)->now_ns; };
    return made;
  }
};

const char* const key = "ak-0123456789-secret";

struct rig {
  explicit rig(otlp::destination to = {}) {
    orcast::tracer_options options;
    options.host = clock.host();
    tracer = std::move(orcast::make_tracer(options).value());
    if (to.url.empty()) to.url = "https://otlp.example.com/v1/traces";
    if (to.append_headers == nullptr) {
      to.append_headers = [](void*, std::vector<http::header>& headers) {
        headers.push_back({"authorization", std::string("Bearer ") + key, true});
      };
    }
    auto made = otlp::span_exporter::make(*tracer, http::any_transport(fake), to);
    REQUIRE(made.ok());
    exporter = std::move(made.value());
  }
  ~rig() {
    exporter.reset();
    CHECK(fake.violations().empty());
    CHECK(tracer->stats().held() == 0);
  }

  void record(int spans) {
    for (int i = 0; i < spans; ++i) tracer->start("span").end();
  }
  std::uint64_t exported() const { return tracer->stats().exported; }
  std::uint64_t dropped(drop_reason why) const { return tracer->stats().dropped_by(why); }

  clock_of_tests clock;
  http::fake_transport fake;
  std::unique_ptr<orcast::tracer> tracer;
  std::unique_ptr<otlp::span_exporter> exporter;
};

}  // namespace

TEST_CASE("an exporter says what is wrong with its settings") {
  auto tracer = std::move(orcast::make_tracer({}).value());
  http::fake_transport fake;
  const auto refused = [&](auto change) {
    otlp::destination to;
    to.url = "https://otlp.example.com/v1/traces";
    change(to);
    auto made = otlp::span_exporter::make(*tracer, http::any_transport(fake), to);
    return made.ok() ? std::string() : made.error().message;
  };
  CHECK(refused([](otlp::destination&) {}).empty());
  CHECK_FALSE(refused([](otlp::destination& to) { to.url = "otlp.example.com"; }).empty());
  CHECK_FALSE(refused([](otlp::destination& to) { to.url = "http://example.com/"; }).empty());
  CHECK_FALSE(refused([](otlp::destination& to) { to.batch_bytes = 4095; }).empty());
  CHECK_FALSE(refused([](otlp::destination& to) { to.timeout_ms = 0; }).empty());
  CHECK_FALSE(refused([](otlp::destination& to) { to.exporting.batch_spans = 0; }).empty());
  CHECK(refused([](otlp::destination& to) { to.exporting.batch_spans = 1'000'000; }).empty());
  CHECK(refused([](otlp::destination& to) { to.exporting.batch_spans = 1'000'001; }) ==
        "destination.exporting.batch_spans must be from 1 to 1000000");
  CHECK_FALSE(refused([](otlp::destination& to) { to.exporting.batch_spans = ~0u; }).empty());
  CHECK_FALSE(refused([](otlp::destination& to) {
                to.batch_bytes = 4096;
                to.encoding.resource = {{"long", std::string(4000, 'x')}};
              }).empty());
  CHECK_FALSE(otlp::span_exporter::make(*tracer, http::any_transport(), otlp::destination()).ok());
}

TEST_CASE("pump brings spans to the destination, with the headers that the provider gives") {
  rig r;
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  r.record(3);
  r.exporter->pump();
  CHECK(r.fake.requests().empty());  // the batch may still grow
  r.clock.now_ns += 2'000'000'000;
  r.exporter->pump();
  REQUIRE(r.fake.requests().size() == 1);
  const http::recorded_request request = r.fake.requests()[0];
  CHECK(request.method == "POST");
  CHECK(request.url == "https://otlp.example.com/v1/traces");
  CHECK(request.find("content-type") == "application/json");
  CHECK(request.find("authorization") == std::string("Bearer ") + key);
  CHECK(request.find("user-agent").find("orcast/") == 0);
  CHECK(request.body.find("{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":{\"name\":\"orcast\"") ==
        0);
  CHECK(r.exported() == 0);
  r.exporter->pump();
  CHECK(r.exported() == 3);
  CHECK(r.exporter->status().counts.requests == 1);
}

TEST_CASE("a destination that takes protobuf is sent and answers protobuf") {
  otlp::destination to;
  to.encoding.format = otlp::format::protobuf;
  rig r(to);
  // Two of three spans rejected, and why.
  r.fake.otherwise(fake_reply::whole(200, std::string("\x0a\x07\x08\x02\x12\x03"
                                                      "why",
                                                      9)));
  r.record(3);
  CHECK(r.exporter->flush(1000));
  REQUIRE(r.fake.requests().size() == 1);
  const http::recorded_request request = r.fake.requests()[0];
  CHECK(request.find("content-type") == "application/x-protobuf");
  CHECK(request.body.substr(0, 1) == "\x0a");
  CHECK(request.body.find("span") != std::string::npos);
  CHECK(r.exported() == 1);
  CHECK(r.dropped(drop_reason::rejected) == 2);
  CHECK(r.exporter->status().last_error == "export: HTTP 200, 2 spans rejected: why");
}

TEST_CASE("a refusal in protobuf is understood, and one in JSON from in between too") {
  for (const char* body : {"\x08\x0d\x12\x03"
                           "bad",
                           R"({"code":13,"message":"bad"})"}) {
    otlp::destination to;
    to.encoding.format = otlp::format::protobuf;
    rig r(to);
    r.fake.otherwise(fake_reply::whole(500, body));
    r.record(1);
    CHECK_FALSE(r.exporter->flush(1000));
    CHECK(r.exporter->status().held);
    CHECK(r.exporter->status().last_error.find(": bad") != std::string::npos);
  }
}

TEST_CASE("a body is compressed by the destination's function, or sent as it is when that fails") {
  for (const bool works : {true, false}) {
    otlp::destination to;
    to.compression.name = "backwards";
    to.compression.compress = [](const std::string_view* pieces, std::size_t count,
                                 std::string& out) {
      for (std::size_t i = 0; i < count; ++i) out += pieces[i];
      out.assign(out.rbegin(), out.rend());
      return true;
    };
    if (!works) to.compression.compress = [](auto*, std::size_t, std::string&) { return false; };
    rig r(to);
    r.fake.otherwise(fake_reply::whole(200, "{}"));
    for (int i = 0; i < 2; ++i) {  // the second must not contain the first
      r.record(1);
      CHECK(r.exporter->flush(1000));
    }
    REQUIRE(r.fake.requests().size() == 2);
    for (http::recorded_request request : r.fake.requests()) {
      CHECK(request.find("content-encoding") == (works ? "backwards" : ""));
      if (works) request.body.assign(request.body.rbegin(), request.body.rend());
      CHECK(request.body.find(R"({"resourceSpans")") == 0);
      CHECK(request.body.find(R"({"resourceSpans")", 1) == std::string::npos);
      CHECK(request.body.substr(request.body.size() - 6) == "]}]}]}");
    }
    CHECK(r.exported() == 2);
  }
}

TEST_CASE("pump keeps its budget and says that there is more") {
  rig r;
  r.clock.per_reading_ns = 20'000;  // each span costs a reading at least
  r.record(50);
  int pumps = 0;
  while (r.exporter->pump(100'000)) ++pumps;
  CHECK(pumps >= 5);
  CHECK(r.exporter->status().pending == 50);
  r.fake.otherwise(fake_reply::whole(200, ""));
  CHECK(r.exporter->flush(1000));
  CHECK(r.exported() == 50);
}

TEST_CASE("pump goes over its budget by one span at most") {
  rig r;
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  r.record(500);
  r.exporter->pump(100'000);  // looks at the clock once a span, 1 us each
  CHECK(r.exporter->status().pending > 90);
  CHECK(r.exporter->status().pending <= 100);
}

TEST_CASE("far from the deadline the clock is looked at seldom, but looked at") {
  otlp::destination to;
  to.exporting.batch_spans = 2000;
  rig r(to);
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  SECTION("seldom") {
    r.record(500);
    const std::int64_t before = r.clock.now_ns;
    CHECK(r.exporter->flush(1000));
    CHECK(r.exported() == 500);
    CHECK((r.clock.now_ns - before) / r.clock.per_reading_ns < 50);
  }
  SECTION("looked at") {
    r.record(2000);
    r.clock.per_reading_ns = 100'000'000;
    CHECK(r.exporter->pump(1'000'000'000));
    CHECK(r.exporter->status().pending > 0);
    CHECK(r.exporter->status().pending < 1500);
    r.clock.per_reading_ns = 1000;
    CHECK(r.exporter->flush(1000));
    CHECK(r.exported() == 2000);
  }
}

TEST_CASE("pump keeps its budget among spans that nobody wants") {
  rig r;
  orcast::span_options unwanted;
  unwanted.left_out = 1;
  for (int i = 0; i < 500; ++i) r.tracer->start("span", unwanted).leave_out(1).end();
  CHECK(r.exporter->pump(100'000));
  CHECK(r.dropped(drop_reason::filtered) > 80);
  CHECK(r.dropped(drop_reason::filtered) < 110);
  while (r.exporter->pump(100'000)) continue;
  CHECK(r.dropped(drop_reason::filtered) == 500);
}

TEST_CASE("pump keeps its budget while it clears what was recorded before consent was withdrawn") {
  rig r;
  r.record(500);
  r.tracer->consent(false);
  CHECK(r.exporter->pump(100'000));
  CHECK(r.dropped(drop_reason::withdrawn) > 80);
  CHECK(r.dropped(drop_reason::withdrawn) < 110);
  bool again = false;
  SECTION("withdrawn for good") {}
  SECTION("given again meanwhile") {
    again = true;
    r.tracer->consent(true);
    r.record(3);
  }
  SECTION("while what is in the post is not answered") {
    again = true;
    r.tracer->consent(true);
    r.fake.reply(fake_reply().hold().head(400));
    r.record(3);
    for (int i = 0; i < 50; ++i) r.exporter->pump(100'000);
    r.clock.now_ns += 2'000'000'000;
    r.exporter->pump();
    r.exporter->pump();
    REQUIRE(r.fake.in_flight() == 1);
    r.record(200);
    r.tracer->consent(false);  // cancels, which takes a turn
    r.exporter->pump(100'000);
    r.exporter->pump(100'000);
    r.exporter->pump(100'000);
    CHECK(r.dropped(drop_reason::withdrawn) == 703);
    r.tracer->consent(true);
    r.record(3);
  }
  while (r.exporter->pump(100'000)) continue;
  const std::uint64_t old = r.tracer->stats().started - (again ? 3 : 0);
  CHECK(r.dropped(drop_reason::withdrawn) == old);
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  CHECK(r.exporter->flush(1000));
  CHECK(r.exported() == (again ? 3 : 0));
  CHECK(r.tracer->stats().held() == 0);
}

TEST_CASE("flush sends what had ended, in as many batches as it takes") {
  otlp::destination to;
  to.exporting.batch_spans = 10;
  rig r(to);
  r.fake.otherwise(fake_reply().head(200).next_poll().data("{}"));
  CHECK(r.exporter->flush(1000));
  CHECK(r.fake.requests().empty());
  r.record(35);
  CHECK(r.exporter->flush(1000));
  CHECK(r.exported() == 35);
  CHECK(r.fake.requests().size() == 4);
}

TEST_CASE("flush is not kept up by spans that come meanwhile") {
  struct busy_game {
    rig* r;
    static void headers(void* self, std::vector<http::header>&) {
      static_cast<busy_game*>(self)->r->record(3);
    }
  } game{nullptr};
  otlp::destination to;
  to.append_headers = busy_game::headers;
  to.headers_context = &game;
  rig r(to);
  game.r = &r;
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  r.record(5);
  CHECK(r.exporter->flush(1000));
  CHECK(r.exported() == 5);
  CHECK(r.tracer->stats().held() == 3);
}

TEST_CASE("flush returns by its deadline, and the batch lives on") {
  rig r;
  r.fake.reply(fake_reply().hold().head(200));
  r.record(2);
  const std::int64_t before = r.clock.now_ns;
  CHECK_FALSE(r.exporter->flush(50));
  CHECK(r.clock.now_ns - before < 51'000'000);
  CHECK(r.fake.in_flight() == 1);
  CHECK(r.tracer->stats().held() == 2);
  r.fake.release_all();
  CHECK(r.exporter->flush(50));
  CHECK(r.exported() == 2);
}

TEST_CASE("flush does not wait where waiting is no use") {
  rig r;
  r.fake.reply(fake_reply::whole(429, "", {{"Retry-After", "30"}}));
  r.record(1);
  const std::int64_t before = r.clock.now_ns;
  CHECK_FALSE(r.exporter->flush(10'000));
  CHECK(r.clock.now_ns - before < 1'000'000'000);
  r.clock.now_ns += 30'000'000'000;
  r.fake.reply(fake_reply::whole(401, ""));
  CHECK_FALSE(r.exporter->flush(10'000));
  CHECK(r.exporter->status().held);
  r.record(1);
  CHECK_FALSE(r.exporter->flush(10'000));
  r.exporter->retry_held();
  r.fake.otherwise(fake_reply::whole(200, ""));
  CHECK(r.exporter->flush(10'000));
  CHECK(r.exported() == 2);
}

TEST_CASE("flush retries while there is time") {
  otlp::destination to;
  to.exporting.initial_ms = 20;
  rig r(to);
  r.fake.reply(fake_reply().fail(errc::connect, "refused"));
  r.fake.reply(fake_reply::whole(503, ""));
  r.fake.reply(fake_reply::whole(200, ""));
  r.record(1);
  r.clock.per_reading_ns = 1'000'000;
  CHECK(r.exporter->flush(10'000));
  CHECK(r.exported() == 1);
  CHECK(r.exporter->status().counts.retries == 2);
}

TEST_CASE("shutdown sends what it can and drops the rest by its deadline") {
  {
    rig r;
    r.fake.otherwise(fake_reply::whole(200, ""));
    r.record(4);
    CHECK(r.exporter->shutdown(1000));
    CHECK(r.exported() == 4);
  }
  rig r;
  r.fake.reply(fake_reply().never());
  r.record(4);
  const std::int64_t before = r.clock.now_ns;
  r.clock.per_reading_ns = 100'000;
  CHECK_FALSE(r.exporter->shutdown(500));
  CHECK(r.clock.now_ns - before < 501'000'000);
  CHECK(r.fake.in_flight() == 0);
  CHECK(r.dropped(drop_reason::shut_down) == 4);
  CHECK(r.tracer->stats().held() == 0);
}

TEST_CASE("an answer that comes while shutting down counts") {
  rig r;
  r.fake.reply(fake_reply().head(200).never());
  r.record(2);
  r.clock.per_reading_ns = 100'000;
  CHECK_FALSE(r.exporter->shutdown(200));
  CHECK(r.exported() == 2);  // the status had come
}

TEST_CASE("after shutdown everything is quiet, and what ends is counted") {
  rig r;
  orcast::span open = r.tracer->start("open");
  CHECK(r.exporter->shutdown(10));
  open.end();
  CHECK_FALSE(r.exporter->pump());
  CHECK(r.dropped(drop_reason::shut_down) == 1);
  r.record(2);
  CHECK(r.exporter->flush(10));
  CHECK(r.dropped(drop_reason::shut_down) == 3);
  r.record(3);
  CHECK(r.exporter->shutdown(10));
  CHECK(r.dropped(drop_reason::shut_down) == 6);
  r.exporter->retry_held();
  CHECK(r.fake.requests().empty());
  r.record(4);
  r.exporter.reset();
  CHECK(r.dropped(drop_reason::shut_down) == 10);
}

TEST_CASE("the first shutdown decides what later ones say, and the report says cancelled once") {
  rig r;
  r.fake.reply(fake_reply().never());
  r.record(1);
  r.clock.per_reading_ns = 100'000;
  CHECK_FALSE(r.exporter->shutdown(200));
  CHECK_FALSE(r.exporter->shutdown(200));
  CHECK(r.exporter->flush(200));  // nothing is left
  CHECK(r.exporter->status().last_error == "export: cancelled");
}

TEST_CASE("the longest times of all are long, and the shortest none") {
  using limits = std::numeric_limits<std::int64_t>;
  rig r;
  r.fake.otherwise(fake_reply().next_poll().head(200).data("{}"));
  r.record(5);
  CHECK_FALSE(r.exporter->flush((limits::min)()));
  CHECK_FALSE(r.exporter->pump((limits::max)()));
  CHECK(r.exporter->status().pending == 5);
  CHECK(r.exporter->flush((limits::max)()));
  CHECK(r.exported() == 5);
  r.record(5);
  SECTION("long") {
    CHECK(r.exporter->shutdown((limits::max)()));
    CHECK(r.exported() == 10);
  }
  SECTION("none") {
    CHECK_FALSE(r.exporter->shutdown((limits::min)()));
    CHECK(r.dropped(drop_reason::shut_down) == 5);
  }
}

TEST_CASE("the destructor accounts for what was left") {
  rig r;
  r.fake.otherwise(fake_reply().never());
  r.record(5);
  r.exporter->pump();
  r.clock.now_ns += 2'000'000'000;
  r.exporter->pump();
  CHECK(r.fake.in_flight() == 1);
  r.record(5);
  r.exporter.reset();
  CHECK(r.dropped(drop_reason::shut_down) == 10);
}

TEST_CASE("consent that is withdrawn clears what waits, what is in the batch and what is ready") {
  otlp::destination small;
  small.exporting.batch_spans = 2;
  rig r(small);
  r.fake.reply(fake_reply::whole(401, ""));  // held: the batch stays, and what follows waits
  r.record(7);
  CHECK_FALSE(r.exporter->flush(100));
  CHECK(r.exporter->status().held);
  r.record(3);
  orcast::span open = r.tracer->start("open");
  CHECK(r.tracer->stats().held() == 11);

  r.tracer->consent(false);
  r.exporter->pump();
  CHECK(r.dropped(drop_reason::withdrawn) == 10);
  CHECK(r.exporter->status().dropped_by(drop_reason::withdrawn) == 7 - 5);  // that it had seen
  open.end();
  CHECK(r.dropped(drop_reason::withdrawn) == 11);
  CHECK(r.tracer->stats().held() == 0);
  CHECK(r.tracer->ring().free_blocks() == r.tracer->ring().block_count());
  r.record(2);
  CHECK(r.tracer->stats().started == 11);

  r.tracer->consent(true);
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  r.record(3);
  CHECK(r.exporter->flush(1000));
  CHECK(r.exported() == 3);
  CHECK(r.fake.requests().size() == 3);  // the refused one, then two of 2 and of 1
}

TEST_CASE("a request that is under way when consent is withdrawn is cancelled and not repeated") {
  rig r;
  r.fake.reply(fake_reply().never());
  r.fake.otherwise(fake_reply::whole(200, "{}"));
  r.tracer->start("old words").set("text", "canary").end();
  r.clock.per_reading_ns = 100'000;
  CHECK_FALSE(r.exporter->flush(20));
  CHECK(r.fake.in_flight() == 1);
  r.tracer->consent(false);
  r.tracer->consent(true);
  r.tracer->start("new words").end();
  r.exporter->pump();
  CHECK(r.exporter->flush(1000));
  CHECK(r.fake.in_flight() == 0);
  CHECK(r.exported() == 1);
  CHECK(r.dropped(drop_reason::withdrawn) == 1);
  REQUIRE(r.fake.requests().size() == 2);
  CHECK(r.fake.requests()[1].body.find("new words") != std::string::npos);
  CHECK(r.fake.requests()[1].body.find("canary") == std::string::npos);
  CHECK(r.exporter->status().last_error.empty());  // a withdrawal is no trouble
}

TEST_CASE("what a destination took before the cancel reached it is counted as exported") {
  rig r;
  r.fake.reply(fake_reply().head(200).never());
  r.record(2);
  r.clock.per_reading_ns = 100'000;
  CHECK_FALSE(r.exporter->flush(20));
  r.tracer->consent(false);
  r.exporter->pump();
  CHECK(r.exporter->flush(1000));
  CHECK(r.exported() == 2);
}

TEST_CASE("the body of a batch is overwritten when consent is withdrawn") {
  struct pool {
    static void* take(void* self, std::size_t size, std::size_t alignment) {
      void* const made = ::operator new(size, std::align_val_t(alignment));
      static_cast<pool*>(self)->all.push_back({static_cast<char*>(made), size});
      return made;
    }
    static void give(void*, void* memory, std::size_t, std::size_t alignment) {
      ::operator delete(memory, std::align_val_t(alignment));
    }
    bool holds(const std::string& what) const {
      for (const auto& each : all) {
        if (each.find(what) != std::string_view::npos) return true;
      }
      return false;
    }
    std::vector<std::string_view> all;
  } memory;
  const std::string canary = "what-the-player-said-" + std::to_string(4711);
  for (const bool compressed : {false, true}) {
    orcast::tracer_options options;
    options.wipe = true;
    options.host.self = &memory;
    options.host.allocate = pool::take;
    options.host.release = pool::give;
    auto tracer = std::move(orcast::make_tracer(options).value());
    http::fake_transport fake;
    fake.reply(fake_reply().never());
    otlp::destination to;
    to.url = "https://otlp.example.com/v1/traces";
    if (compressed) {
      to.compression.name = "none";
      to.compression.compress = [](const std::string_view* pieces, std::size_t count,
                                   std::string& out) {
        for (std::size_t i = 0; i < count; ++i) out += pieces[i];
        return true;
      };
    }
    auto made = otlp::span_exporter::make(*tracer, http::any_transport(fake), to);
    tracer->start("said").set("text", canary).end();
    static_cast<void>((*made)->flush(1));
    CHECK(memory.holds(canary));
    tracer->consent(false);
    CHECK((*made)->flush(10'000));
    CHECK_FALSE(memory.holds(canary));
    CHECK(tracer->stats().dropped_by(drop_reason::withdrawn) == 1);
    made.value().reset();
    memory.all.clear();
  }
}

TEST_CASE("a call from inside a callback does nothing") {
  struct curious {
    otlp::span_exporter* exporter = nullptr;
    int calls = 0;
    static void headers(void* self, std::vector<http::header>&) {
      auto& me = *static_cast<curious*>(self);
      ++me.calls;
      CHECK_FALSE(me.exporter->pump());
      CHECK_FALSE(me.exporter->flush(1000));
      CHECK_FALSE(me.exporter->shutdown(1000));
    }
  } provider;
  otlp::destination to;
  to.append_headers = curious::headers;
  to.headers_context = &provider;
  rig r(to);
  provider.exporter = r.exporter.get();
  r.fake.otherwise(fake_reply::whole(200, ""));
  r.record(1);
  CHECK(r.exporter->flush(1000));
  CHECK(provider.calls == 1);
  CHECK(r.exported() == 1);
}

TEST_CASE("a key that a service repeats does not get into the report") {
  rig r;
  r.fake.otherwise(fake_reply::whole(
      403,
      std::string(R"({"code":7,"message":"no access for Bearer )") + key + " or " + key + "\"}"));
  r.record(1);
  CHECK_FALSE(r.exporter->flush(1000));
  const std::string line = r.exporter->status().last_error;
  CHECK(line.find("no access for ") != std::string::npos);
  CHECK(line.find(key) == std::string::npos);
}

TEST_CASE("only the beginning of a long answer is kept") {
  rig r;
  r.fake.otherwise(fake_reply::whole(400, std::string(1'000'000, 'x')));
  r.record(1);
  CHECK(r.exporter->flush(1000));
  CHECK(r.dropped(drop_reason::rejected) == 1);
  CHECK(r.exporter->status().last_error == "export: HTTP 400");
}

TEST_CASE("spans too large for a batch are dropped and counted") {
  otlp::destination to;
  to.batch_bytes = 4096;
  rig r(to);
  r.fake.otherwise(fake_reply::whole(200, ""));
  r.tracer->start("big").set("text", std::string(8000, 'x')).end();
  r.record(20);
  CHECK(r.exporter->flush(1000));
  CHECK(r.dropped(drop_reason::too_large) == 1);
  CHECK(r.exported() == 20);
}

#if defined(__unix__)

TEST_CASE("a child of fork exports nothing of its parent's") {
  rig r;
  r.fake.otherwise(fake_reply().hold().head(200));
  r.record(3);
  r.exporter->pump();
  r.clock.now_ns += 2'000'000'000;
  r.exporter->pump();
  REQUIRE(r.fake.in_flight() == 1);
  r.record(3);
  const pid_t child = fork();
  if (child == 0) {
    r.exporter->pump();
    const bool done = r.exporter->flush(1000) || r.exporter->shutdown(1000);
    r.exporter.reset();
    const bool untouched = r.fake.requests().size() == 1 && r.fake.in_flight() == 1;
    _exit(!done && untouched ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  r.fake.release_all();
  r.fake.otherwise(fake_reply::whole(200, ""));
  CHECK(r.exporter->flush(1000));
  CHECK(r.exported() == 6);
}

#endif
