// SPDX-License-Identifier: MIT
#include "orcast/core/number.hpp"

#include <limits>
#include <string>

#include "support/catch.hpp"

using orcast::detail::double_kind;
using orcast::detail::is_negative;
using orcast::detail::kind_of;
using orcast::detail::to_double;

TEST_CASE("a double is told by its bits") {
  using limits = std::numeric_limits<double>;
  for (const double finite : {0.0, -0.0, 1.5, limits::denorm_min(), (limits::max)()}) {
    CHECK(kind_of(finite) == double_kind::finite);
  }
  CHECK(kind_of(limits::infinity()) == double_kind::infinite);
  CHECK(kind_of(-limits::infinity()) == double_kind::infinite);
  CHECK(kind_of(limits::quiet_NaN()) == double_kind::not_a_number);
  CHECK(is_negative(-limits::infinity()));
  CHECK_FALSE(is_negative(limits::infinity()));
}

TEST_CASE("decimal text becomes the nearest double") {
  CHECK(to_double("0.25") == 0.25);
  CHECK(to_double("-1e3") == -1000.0);
  CHECK(to_double("0.1") == 0.1);
  const std::optional<double> large = to_double("1e400");
  const std::optional<double> least = to_double("-1E+999");
  REQUIRE(large);
  REQUIRE(least);
  CHECK(*large == std::numeric_limits<double>::infinity());
  CHECK(*least == -std::numeric_limits<double>::infinity());
  CHECK(to_double("1e-400") == 0.0);
  CHECK(to_double("-1E-400") == 0.0);
}

TEST_CASE("what is no decimal number as a whole is none") {
  for (const char* text : {"", " 1", "1 ", "1x", "+1", "inf", "-infinity", "nan", "0x10", "1,5"}) {
    CAPTURE(text);
    CHECK_FALSE(to_double(text));
  }
}
