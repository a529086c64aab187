// SPDX-License-Identifier: MIT
#include "orcast/trace/destination_shares.hpp"

#include <memory>
#include <string>

#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"

using namespace orcast;

TEST_CASE("while every destination wants everything nothing is left out") {
  destination_shares shares;
  CHECK_FALSE(shares.uneven());
  const double all[] = {1.0, 1.0};
  shares.set(all, 2);
  CHECK_FALSE(shares.uneven());
  CHECK_FALSE(shares.nobody(1));
  CHECK(shares.nobody(3));
  CHECK(shares.nobody(0xff));
}

TEST_CASE("who wants less gets a part of what the others get") {
  destination_shares shares;
  const double ratios[] = {0.25, 1.0, 0.5, 0.0};
  shares.set(ratios, 4);
  CHECK(shares.uneven());
  int kept[4] = {};
  random_state random;
  random.seed(host());
  constexpr int traces = 20'000;
  for (int i = 0; i < traces; ++i) {
    const unsigned mask = shares.left_out(random.next());
    for (int d = 0; d < 4; ++d) kept[d] += (mask >> d & 1) == 0 ? 1 : 0;
    CHECK((mask & 2) == 0);
    CHECK((mask & 8) != 0);
    if ((mask & 1) == 0) CHECK((mask & 4) == 0);  // 0.25 within 0.5
  }
  // Five standard deviations: once in two million runs.
  CHECK(kept[0] > traces / 4 - 310);
  CHECK(kept[0] < traces / 4 + 310);
  CHECK(kept[2] > traces / 2 - 360);
  CHECK(kept[2] < traces / 2 + 360);
}

TEST_CASE("a session goes the same way as a whole, and children go with their root") {
  auto made = make_tracer({});
  REQUIRE(made.ok());
  tracer& traces = **made;
  const double ratios[] = {0.5, 1.0};
  traces.share(ratios, 2);
  int left_out = 0;
  for (int s = 0; s < 200; ++s) {
    const std::string session = "session " + std::to_string(s);
    span_options options;
    options.session = session;
    const span first = traces.start("a", options);
    const span second = traces.start("b", options);
    CHECK(first.context().left_out == second.context().left_out);
    span_options under;
    under.parent = first.context();
    const span child = traces.start("c", under);
    CHECK(child.context().left_out == first.context().left_out);
    left_out += first.context().left_out;
  }
  CHECK(left_out > 50);
  CHECK(left_out < 150);
  CHECK(traces.stats().unsampled == 0);
}

TEST_CASE("a trace that nobody gets is not recorded, nor are its children") {
  auto made = make_tracer({});
  REQUIRE(made.ok());
  tracer& traces = **made;
  const double none[] = {0.5, 0.0};
  traces.share(none, 2);
  int unsampled = 0;
  for (int i = 0; i < 400; ++i) {
    const span root = traces.start("root");
    span_options under;
    under.parent = root.context();
    const span child = traces.start("child", under);
    CHECK(root.recording() == child.recording());
    if (!root.recording()) unsampled += 2;
  }
  CHECK(unsampled > 200);
  CHECK(unsampled < 600);
  CHECK(traces.stats().unsampled == static_cast<std::uint64_t>(unsampled));
}

TEST_CASE("a caller can leave destinations out, of a span alone too") {
  auto made = make_tracer({});
  REQUIRE(made.ok());
  tracer& traces = **made;
  const double all[] = {1.0, 1.0};
  traces.share(all, 2);
  span_options options;
  options.left_out = 1;
  span one = traces.start("one", options);
  CHECK(one.context().left_out == 1);
  options.left_out = 3;
  CHECK_FALSE(traces.start("nobody's", options).recording());
  one.leave_out(2);
  CHECK(one.context().left_out == 1);  // children are not concerned
  one.end();
  const auto taken = traces.take();
  CHECK(traces.ring().head_of(taken)->context.left_out == 3);
  traces.give_back(taken);
  traces.dropped(drop_reason::filtered);
}
