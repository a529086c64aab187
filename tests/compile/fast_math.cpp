// SPDX-License-Identifier: MIT

// A host that is compiled with -ffast-math still gets valid JSON for what is no number.

#include <cstdio>
#include <limits>
#include <string>

#include "orcast/core/number.hpp"
#include "orcast/otlp/json_text.hpp"

static std::string written(double value) {
  char text[64];
  return {text, orcast::otlp::write_double(value, text, text + sizeof text)};
}

static bool is(const std::string& text, const char* expected) {
  if (text != expected) std::printf("%s instead of %s\n", text.c_str(), expected);
  return text == expected;
}

int main() {
  using limits = std::numeric_limits<double>;
  // Not known while compiling: the compiler may assume that there is no such thing.
  volatile double nan = limits::quiet_NaN();
  volatile double infinity = limits::infinity();
  bool fine = true;
  fine &= is(written(nan), "\"NaN\"");
  fine &= is(written(infinity), "\"Infinity\"");
  volatile double least = -limits::infinity();
  fine &= is(written(least), "\"-Infinity\"");
  fine &= is(written(0.25), "0.25");
  fine &= !orcast::detail::is_finite(nan) && !orcast::detail::is_finite(infinity);
  return fine ? 0 : 1;
}
