// SPDX-License-Identifier: MIT
#include "orcast/trace/ids.hpp"

#include <string>

#include "support/catch.hpp"

using namespace orcast;

namespace {
template <class Id>
std::string hex(const Id& id) {
  const auto digits = id.hex();
  return std::string(digits.data(), digits.size());
}
}  // namespace

TEST_CASE("a trace id of 32 hex digits passes in lower case") {
  CHECK(hex(trace_id_from("5B8EFFF798038103D269B633813FC60C")) ==
        "5b8efff798038103d269b633813fc60c");
}

TEST_CASE("any other text is hashed as OpenRouter hashes it") {
  // The id of OpenRouter's own screenshot, from the generation id shown with it.
  CHECK(hex(trace_id_from("gen-1769028024-jarGYYh8T8HnNfNLExRC")) ==
        "1c555e8b67d6f2a5706b0ece50f65ab4");
  CHECK(hex(trace_id_from("00000000000000000000000000000000")) ==
        "84e0c0eafaa95a34c293f278ac52e45c");
  CHECK_FALSE(trace_id_from("").valid());
}

TEST_CASE("a span id needs 16 hex digits") {
  CHECK(hex(span_id_from("EEE19B7EC3C1B174")) == "eee19b7ec3c1b174");
  CHECK_FALSE(span_id_from("eee19b7ec3c1b17").valid());
  CHECK_FALSE(span_id_from("eee19b7ec3c1b17g").valid());
  CHECK_FALSE(span_id_from("0000000000000000").valid());
}
