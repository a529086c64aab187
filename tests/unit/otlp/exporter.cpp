// SPDX-License-Identifier: MIT

#include "orcast/otlp/exporter.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

namespace otlp = orcast::otlp;
using orcast::drop_reason;
using orcast::errc;
using orcast::failure;
using offered = otlp::exporter::offer_result;

namespace {

/// An exporter, spans for it, and the accounting that its owner does.
struct rig {
  explicit rig(otlp::exporter_options options = {}, std::size_t size = 512 * 1024)
      : tracer(std::move(orcast::make_tracer({}).value())),
        memory(new char[size]),
        exporter(options, {}, memory.get(), size, orcast::random_state{1, 2}) {}
  ~rig() { identity(); }

  offered offer(std::string_view name = "span") {
    if (pending == orcast::detail::no_block) {
      tracer->start(name).end();
      pending = tracer->take();
    }
    const offered result = exporter.offer(tracer->ring(), pending, now);
    if (result == offered::not_now) return result;
    tracer->give_back(pending);
    pending = orcast::detail::no_block;
    if (result == offered::too_large) tracer->dropped(drop_reason::too_large);
    return result;
  }
  void fill(int spans) {
    for (int i = 0; i < spans; ++i) REQUIRE(offer() == offered::taken);
  }

  /// The body of the post that is due now; empty when none is.
  std::string post() {
    std::string body;
    const otlp::exporter::step step = exporter.next(now);
    until = step.until_ms;
    for (const std::string_view part : step.body.part) body += part;
    return body;
  }
  /// A batch of one span on its way.
  void send_one() {
    fill(1);
    exporter.hurry();
    REQUIRE_FALSE(post().empty());
  }

  void account(const otlp::exporter::outcome& ends) {
    tracer->exported(ends.exported);
    tracer->dropped(ends.reason, ends.dropped);
  }
  void answer(int status, std::string_view body = "{}", std::int64_t retry_after_ms = -1) {
    account(exporter.answered(now, status, retry_after_ms, body));
  }
  void fail(errc code) { account(exporter.failed(now, failure(code, "why"))); }

  std::uint64_t exported() const { return tracer->stats().exported; }
  std::uint64_t dropped(drop_reason reason) const { return tracer->stats().dropped_by(reason); }

  /// started = exported + dropped + held, where held is what can be seen to be held.
  void identity() const {
    const std::uint64_t held = exporter.pending() + (pending != orcast::detail::no_block ? 1 : 0);
    CHECK(tracer->stats().held() == held);
  }

  std::unique_ptr<orcast::tracer> tracer;
  std::unique_ptr<char[]> memory;
  otlp::exporter exporter;
  orcast::detail::block_index pending = orcast::detail::no_block;
  std::int64_t now = 1'000'000;
  std::int64_t until = 0;
};

int spans_in(const std::string& body) {
  int count = 0;
  for (std::size_t at = 0; (at = body.find("\"spanId\"", at)) != std::string::npos; ++at) ++count;
  return count;
}

}  // namespace

TEST_CASE("nothing is sent without spans") {
  rig r;
  CHECK(r.post().empty());
  CHECK(r.until == otlp::exporter::never);
  r.exporter.hurry();
  CHECK(r.post().empty());
  r.fill(1);
  CHECK(r.post().empty());  // the hurry was over nothing
}

TEST_CASE("a batch goes when its delay has passed, when it is full, or in a hurry") {
  rig r;
  r.fill(1);
  r.now += 400;
  r.fill(1);
  CHECK(r.post().empty());
  CHECK(r.until == 1'001'000);
  r.now = 1'000'999;
  CHECK(r.post().empty());
  r.now = 1'001'000;
  CHECK(spans_in(r.post()) == 2);
  r.answer(200);
  CHECK(r.exported() == 2);

  r.fill(512);
  CHECK(r.offer() == offered::not_now);
  CHECK(spans_in(r.post()) == 512);
  r.answer(200);

  CHECK(r.offer() == offered::taken);  // the one that was refused
  r.exporter.hurry();
  CHECK(spans_in(r.post()) == 1);
  r.answer(204, "");
  CHECK(r.exported() == 515);
  CHECK(r.exporter.last_error().empty());
}

TEST_CASE("a batch is full when its memory is, and takes nothing while it is on its way") {
  rig r({}, 4096);
  int taken = 0;
  while (r.offer() == offered::taken) ++taken;
  CHECK(taken > 5);
  CHECK_FALSE(r.exporter.accepts());
  CHECK(spans_in(r.post()) == taken);
  CHECK(r.exporter.in_flight());
  CHECK(r.post().empty());
  CHECK(r.offer() == offered::not_now);
  r.answer(200);
  CHECK(r.offer() == offered::taken);
}

TEST_CASE("a batch may wait for ever to be filled") {
  otlp::exporter_options options;
  options.batch_spans = 2;
  options.delay_ms = (std::numeric_limits<std::int64_t>::max)();
  rig r(options);
  r.now = 1'000'000;
  r.fill(1);
  CHECK(r.post().empty());
  CHECK(r.until > r.now);
  r.fill(1);
  CHECK(spans_in(r.post()) == 2);
  r.answer(200);
}

TEST_CASE("a span that fits into no batch is told apart") {
  rig r({}, 1500);
  r.tracer->start("big").set("text", std::string(2000, 'x')).end();
  r.pending = r.tracer->take();
  CHECK(r.offer() == offered::too_large);
  CHECK(r.dropped(drop_reason::too_large) == 1);
  CHECK(r.offer() == offered::taken);
  r.tracer->start("big").set("text", std::string(2000, 'x')).end();
  r.pending = r.tracer->take();
  CHECK(r.offer() == offered::not_now);  // not before the batch is empty
}

TEST_CASE("a partial success counts the rejected and is never repeated") {
  rig r;
  for (const char* body : {R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"bad id"}})",
                           R"({"partialSuccess":{"rejectedSpans":2,"errorMessage":"bad id"}})"}) {
    r.fill(5);
    r.exporter.hurry();
    r.post();
    r.answer(200, body);
    CHECK(r.exporter.last_error() == "export: HTTP 200, 2 spans rejected: bad id");
    CHECK(r.exporter.last_reply().rejected == 2);
    CHECK(r.exporter.pending() == 0);
  }
  CHECK(r.exported() == 6);
  CHECK(r.dropped(drop_reason::rejected) == 4);

  r.send_one();
  r.answer(200, R"({"partialSuccess":{"rejectedSpans":"9"}})");
  CHECK(r.dropped(drop_reason::rejected) == 5);
  r.send_one();
  r.answer(200, R"({"partialSuccess":{"rejectedSpans":"0","errorMessage":"old schema"}})");
  CHECK(r.exported() == 7);
  CHECK(r.exporter.last_error() == "export: HTTP 200, accepted with a warning: old schema");
  r.send_one();
  r.answer(200, "<html>");
  CHECK(r.exported() == 8);
  CHECK(r.exporter.counts().retries == 0);
  CHECK(r.exporter.counts().problems == 5);
}

TEST_CASE("each status has its consequence") {
  for (int status = 100; status < 600; ++status) {
    CAPTURE(status);
    rig r;
    r.send_one();
    r.answer(status);
    const bool retried = status == 429 || status == 502 || status == 503 || status == 504;
    const bool held = status == 401 || status == 403;
    const bool success = status >= 200 && status < 300;
    REQUIRE(r.exported() == (success ? 1 : 0));
    REQUIRE(r.exporter.held() == held);
    REQUIRE(r.exporter.pending() == (retried || held ? 1 : 0));
    REQUIRE(r.dropped(status == 413 ? drop_reason::too_large : drop_reason::rejected) ==
            (success || retried || held ? 0 : 1));
    REQUIRE((r.exporter.counts().problems == 0) == success);
  }
}

TEST_CASE("without an answer the same batch is sent again") {
  for (const errc code :
       {errc::connect, errc::resolve, errc::tls, errc::trust_store, errc::timeout_connect,
        errc::timeout_first_byte, errc::timeout_idle, errc::timeout_total, errc::disconnected,
        errc::protocol, errc::busy, errc::cancelled}) {
    CAPTURE(orcast::to_string(code));
    rig r;
    r.fill(2);
    r.exporter.hurry();
    const std::string body = r.post();
    r.fail(code);
    CHECK(r.exporter.last_error() == "export: " + std::string(orcast::to_string(code)) + ": why");
    CHECK(r.post().empty());
    CHECK(r.until >= r.now);
    CHECK(r.until <= r.now + 1000);  // full jitter of the first second
    r.now = r.until;
    CHECK(r.post() == body);
    r.answer(200);
    CHECK(r.exported() == 2);
    CHECK(r.exporter.counts().requests == 2);
    CHECK(r.exporter.counts().retries == 1);
  }
}

TEST_CASE("an outage is waited out for as long as total_ms says") {
  rig r;
  r.send_one();
  const std::int64_t begin = r.now;
  std::int64_t longest = 0;
  while (r.exporter.pending() != 0) {
    r.answer(503);
    if (r.exporter.pending() == 0) break;
    CHECK(r.post().empty());
    longest = (std::max)(longest, r.until - r.now);
    r.now = r.until;
    CHECK_FALSE(r.post().empty());
  }
  CHECK(r.now - begin > 300'000 - 30'000);
  CHECK(r.now - begin < 300'000);
  CHECK(longest > 8'000);
  CHECK(longest <= 30'000);
  CHECK(r.dropped(drop_reason::expired) == 1);
  CHECK(r.exporter.counts().requests < 60);
}

TEST_CASE("waits grow though the first is said to be none") {
  otlp::exporter_options options;
  options.initial_ms = 0;
  rig r(options);
  r.send_one();
  for (r.answer(503); r.exporter.pending() != 0; r.answer(503)) {
    if (r.post().empty()) {
      r.now = r.until;
      r.post();
    }
    ++r.now;
    REQUIRE(r.exporter.counts().requests < 100);
  }
  CHECK(r.dropped(drop_reason::expired) == 1);
}

TEST_CASE("waits grow, and after as many attempts as are allowed the batch has expired") {
  otlp::exporter_options options;
  options.max_attempts = 5;
  rig r(options);
  r.send_one();
  std::int64_t most = 1000;
  for (int attempt = 1; attempt < 5; ++attempt) {
    r.answer(503);
    CHECK(r.post().empty());
    CHECK(r.until - r.now <= most);
    most *= 2;
    r.now = r.until;
    CHECK_FALSE(r.post().empty());
  }
  r.answer(503);
  CHECK(r.dropped(drop_reason::expired) == 1);
  CHECK(r.exporter.accepts());
  CHECK(r.exporter.counts().requests == 5);

  r.send_one();  // and the next one has attempts of its own
  r.answer(503);
  CHECK(r.exporter.pending() == 1);
}

TEST_CASE("a Retry-After is waited for, unless it takes longer than there is time") {
  rig r;
  r.send_one();
  r.answer(429, "{}", 45'000);
  r.post();
  CHECK(r.until == r.now + 45'000);
  r.exporter.hurry();
  CHECK(r.post().empty());  // no hurry past what the service asked for
  r.now = r.until;
  CHECK_FALSE(r.post().empty());
  r.answer(429, "{}", 255'000);  // 45 s have passed of the 300
  CHECK(r.dropped(drop_reason::expired) == 1);
  r.send_one();
  r.answer(503, "{}", 0);
  CHECK(r.exporter.pending() == 1);
}

TEST_CASE("a Retry-After of a day is waited for where there is time") {
  otlp::exporter_options patient;
  patient.total_ms = 0;
  rig r(patient);
  r.send_one();
  r.answer(429, "{}", 86'400'000);
  r.post();
  CHECK(r.until == r.now + 86'400'000);
}

TEST_CASE("a refusal keeps the batch until the settings change") {
  const char* const body = R"({"code":13,"message":"unable to validate authorization from span"})";
  rig r;
  r.fill(3);
  r.exporter.hurry();
  const std::string first = r.post();
  r.answer(500, body);
  CHECK(r.exporter.held());
  CHECK(r.exporter.last_error().find("unable to validate authorization") != std::string::npos);
  CHECK(r.exporter.counts().problems == 1);
  r.now += std::int64_t{1} << 40;
  CHECK(r.post().empty());
  CHECK(r.until == otlp::exporter::never);
  CHECK(r.exporter.counts().problems == 1);
  r.exporter.retry_held();
  CHECK(r.post() == first);
  r.answer(401);
  CHECK(r.exporter.held());
  r.exporter.retry_held();
  CHECK(r.post() == first);
  r.answer(200);
  CHECK(r.exported() == 3);

  r.send_one();
  r.answer(500, R"({"code":2,"message":"bug"})");
  CHECK(r.dropped(drop_reason::rejected) == 1);
  r.send_one();
  r.fail(errc::invalid_argument);
  CHECK(r.exporter.held());
}

TEST_CASE("after a 413 the batch goes in pieces") {
  rig r;
  r.fill(10);
  r.exporter.hurry();
  const std::string whole = r.post();
  r.answer(413);
  CHECK(spans_in(r.post()) == 5);
  r.answer(413);
  CHECK(spans_in(r.post()) == 3);
  r.answer(200);
  CHECK(spans_in(r.post()) == 3);
  r.answer(503);  // each piece has its attempts
  CHECK(r.post().empty());
  r.now = r.until;
  CHECK(spans_in(r.post()) == 3);
  r.answer(200);
  CHECK(spans_in(r.post()) == 3);
  r.answer(413);
  CHECK(spans_in(r.post()) == 2);
  r.answer(413);
  CHECK(spans_in(r.post()) == 1);
  r.answer(413);
  CHECK(r.dropped(drop_reason::too_large) == 1);
  r.identity();
  std::string last;
  for (std::string body = r.post(); !body.empty(); body = r.post()) {
    last = body;
    r.answer(200);
  }
  CHECK(r.exported() == 9);
  CHECK(last.substr(last.rfind("{\"traceId\"")) == whole.substr(whole.rfind("{\"traceId\"")));

  r.fill(10);
  r.exporter.hurry();
  CHECK(spans_in(r.post()) == 10);  // the next batch is tried as a whole
}

TEST_CASE("each piece of a batch has attempts and time of its own") {
  rig r;
  r.fill(16);
  r.exporter.hurry();
  r.post();
  r.answer(413);
  r.post();
  r.answer(413);
  r.post();
  r.answer(413);
  for (int piece = 0; piece < 8; ++piece) {
    CHECK(spans_in(r.post()) == 2);
    r.answer(503);
    r.post();
    r.now = r.until + 100'000;
    CHECK(spans_in(r.post()) == 2);
    r.answer(200);
  }
  CHECK(r.exported() == 16);
}

TEST_CASE("an answer to nothing changes nothing") {
  rig r;
  r.fill(1);
  r.answer(200);
  r.fail(errc::connect);
  CHECK(r.exporter.pending() == 1);
  CHECK(r.exporter.counts().problems == 0);
}
