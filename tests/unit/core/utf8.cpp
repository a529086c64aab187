// SPDX-License-Identifier: MIT

#include "orcast/core/utf8.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace std::string_view_literals;

// One character of each length, and the largest one.
constexpr std::string_view all_lengths = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"sv;

std::string repaired(std::string_view text) {
  std::string out;
  orcast::append_valid_utf8(out, text);
  return out;
}

TEST_CASE("a cut keeps whole characters and never exceeds its limit") {
  // The ends of the characters in all_lengths are 1, 3, 6, 10 and 14.
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10, 10, 14, 14};
  for (std::size_t limit = 0; limit < std::size(expected); ++limit) {
    CHECK(orcast::utf8_prefix(all_lengths, limit) == expected[limit]);
  }
  CHECK(orcast::utf8_prefix("", 10) == 0);
}

TEST_CASE("a cut of bytes that are not UTF-8 stays near its limit") {
  const std::string continuations(20, '\x80');
  CHECK(orcast::utf8_prefix(continuations, 10) == 10);
  CHECK(orcast::utf8_prefix(continuations, 0) == 0);
  CHECK(orcast::utf8_prefix("\xF0\x80\x80\x80\x80\x80"sv, 3) == 0);
}

TEST_CASE("valid text is told from invalid at every position of a long run") {
  CHECK(orcast::valid_utf8(""));
  CHECK(orcast::valid_utf8(all_lengths));
  CHECK(orcast::valid_utf8("\xED\x9F\xBF\xEE\x80\x80\x00"sv));
  for (std::size_t at = 0; at < 70; ++at) {
    std::string text(70, 'x');
    CHECK(orcast::valid_utf8(text));
    text[at] = '\xFF';
    CHECK_FALSE(orcast::valid_utf8(text));
  }
}

TEST_CASE("overlong forms, surrogates, too large and lone bytes are invalid") {
  for (std::string_view bad :
       {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x80\x80"sv, "\xE0\x9F\xBF"sv,
        "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv, "\xF0\x80\x80\x80"sv, "\xF0\x8F\xBF\xBF"sv,
        "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFE"sv, "\xFF"sv, "\xC3"sv, "\xE2\x82"sv,
        "\xF0\x9F\x98"sv, "\xC3("sv}) {
    CHECK_FALSE(orcast::valid_utf8(bad));
    CHECK(orcast::valid_utf8(repaired(bad)));
  }
}

TEST_CASE("each maximal subpart becomes one replacement character") {
  const std::string r = "\xEF\xBF\xBD";
  CHECK(repaired("a\xFFz") == "a" + r + "z");
  CHECK(repaired("\xE2\x82") == r);  // the beginning of a character
  CHECK(repaired("\xE2\x82z") == r + "z");
  CHECK(repaired("\xF0\x9F\x98z") == r + "z");
  CHECK(repaired("\xE0\x80\x80") == r + r + r);  // E0 can't be followed by 80
  CHECK(repaired("\xED\xA0\x80") == r + r + r);  // a surrogate
  CHECK(repaired("\xF4\x90\x80\x80") == r + r + r + r);
  // The example of the Unicode standard, table 3-8.
  CHECK(repaired("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") ==
        "a" + r + r + r + "b" + r + "c" + r + r + "d");
  CHECK(repaired(all_lengths) == all_lengths);
}

TEST_CASE("a gate gives the same text however its input was cut") {
  const std::string text = std::string(all_lengths) + "\xE2\x82z\xED\xA0\x80\xF0\x9F" +
                           "plain\xC3\xA9\xFF" + std::string(all_lengths) + "\xF0\x9F\x98";
  const std::string expected = repaired(text);
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      orcast::utf8_gate gate;
      std::string out;
      gate.push(std::string_view(text).substr(0, first), out);
      REQUIRE(orcast::valid_utf8(out));
      REQUIRE(gate.held() <= 3);
      gate.push(std::string_view(text).substr(first, second - first), out);
      REQUIRE(orcast::valid_utf8(out));
      gate.push(std::string_view(text).substr(second), out);
      gate.finish(out);
      REQUIRE(out == expected);
      REQUIRE(gate.held() == 0);
    }
  }
}

TEST_CASE("a gate fed byte by byte hands on each character with its last byte") {
  orcast::utf8_gate gate;
  std::string out;
  std::vector<std::size_t> sizes;
  for (char byte : all_lengths) {
    gate.push(std::string_view(&byte, 1), out);
    sizes.push_back(out.size());
  }
  CHECK(sizes == std::vector<std::size_t>{1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10, 10, 14});
}

}  // namespace
