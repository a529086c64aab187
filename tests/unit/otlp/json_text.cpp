// SPDX-License-Identifier: MIT

#include "orcast/otlp/json_text.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace otlp = orcast::otlp;

namespace {

/// What the escaper must do, written as plainly as possible.
std::string plainly(std::string_view text) {
  std::string valid;
  orcast::append_valid_utf8(valid, text);
  std::string out;
  for (const char c : valid) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char digits[] = "0123456789abcdef";
          out += "\\u00";
          out += digits[c >> 4];
          out += digits[c & 15];
        } else {
          out += c;
        }
    }
  }
  return out;
}

using writer = char* (*)(std::string_view, char*, char*) noexcept;
constexpr writer writers[] = {otlp::write_escaped,  // by lookups where the processor can
                              otlp::detail::escape<otlp::detail::portable_block>,
                              otlp::detail::escape<otlp::detail::native_block>};

/// Writes into a heap block of exactly `room` bytes, where a sanitizer sees each byte too many.
/// "!" when the writer says that it does not fit.
std::string written(writer write, std::string_view text, std::size_t room) {
  const std::unique_ptr<char[]> memory(new char[room]);
  char* const at = memory.get();
  char* const end = write(text, at, at + room);
  return end == nullptr ? "!" : std::string(at, end);
}

struct random_bytes {
  std::uint32_t state = 12345;
  std::uint32_t next() {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
  }
  /// Of several kinds: bytes of any value, mostly prose, mostly escapes, mostly whole characters.
  std::string text(std::size_t size, unsigned kind) {
    static const std::string_view pieces[] = {
        "\xC3\xA9",         "\xE6\x97\xA5", "\xE0\xA4\x85", "\xED\x95\x9C", "\xE2\x82\xAC",
        "\xF0\x9F\x98\x80", "\xED\xA0\x80", "\xE0\x80\x80", "\xC1\xBF",     "\xE0\xA4"};
    std::string out;
    while (out.size() < size) {
      const std::uint32_t r = next();
      if (kind == 0) {
        out += static_cast<char>(r);
      } else if (kind == 1) {
        out += r % 23 == 0 ? '"' : static_cast<char>(' ' + r % 90);
      } else if (kind == 2) {
        out += r % 3 == 0 ? "\"\\\n\x01"[r / 3 % 4] : 'x';
      } else {
        const std::uint32_t limit = kind == 3 ? 5 : kind == 4 ? 6 : 10;
        out += pieces[kind == 5 && r % 4 != 0 ? r % 3 + 1 : r % limit];
        if (r % 5 == 0) out += kind == 3 ? '"' : ' ';
      }
    }
    return out;
  }
};

std::string number(double value) {
  char text[40];
  return std::string(text, otlp::write_double(value, text, text + sizeof text));
}

}  // namespace

TEST_CASE("every escaper writes the same as the plain one, at all lengths and alignments") {
  random_bytes random;
  for (unsigned kind = 0; kind < 6; ++kind) {
    for (std::size_t size = 0; size < 400; size += size < 200 ? 1 : 7) {
      const std::string text = random.text(size + 16, kind);
      const std::size_t shift = random.next() % 16;
      // A copy of its own, so that reading past its end is seen.
      const std::vector<char> exact(text.begin() + static_cast<std::ptrdiff_t>(shift),
                                    text.begin() + static_cast<std::ptrdiff_t>(shift + size));
      const std::string_view input(exact.data(), exact.size());
      const std::string expected = plainly(input);
      for (const writer write : writers) {
        REQUIRE(written(write, input, expected.size()) == expected);
        REQUIRE(written(write, input, expected.size() + 300) == expected);
        REQUIRE(written(write, input, expected.size() + 3000) == expected);
      }
    }
  }
}

TEST_CASE("one broken sequence is found anywhere in valid text") {
  for (const char* broken : {"\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xC0\x80", "\xC1\xBF",
                             "\x80", "\xE6\x97", "\xF8\x80", "\xC3", "\xFF"}) {
    for (std::size_t before = 0; before < 40; ++before) {
      const std::string text =
          std::string(before, 'x') + broken + "z\xE6\x97\xA5" + std::string(60, 'y');
      const std::string expected = plainly(text);
      for (const writer write : writers) REQUIRE(written(write, text, 2000) == expected);
    }
  }
}

TEST_CASE("one broken sequence is found anywhere among characters beyond ASCII") {
  for (const char* broken : {"\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xC0\x80", "\xC1\xBF",
                             "\x80", "\xE6\x97", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80",
                             "\xF8\x80", "\xC3", "\xF0\x9F\x98", "\xFF", "\"", "\\", "\n"}) {
    for (const std::string_view character : {"\xC3\xA9", "\xE6\x97\xA5", "\xF0\x9F\x98\x80"}) {
      for (std::size_t before = 0; before < 140; ++before) {
        std::string text(before % character.size(), 'x');
        while (text.size() < before) text += character;
        text += broken;
        while (text.size() < 300) text += character;
        const std::string expected = plainly(text);
        for (const writer write : writers) REQUIRE(written(write, text, 2000) == expected);
      }
    }
  }
}

TEST_CASE("every sequence of two bytes, and each that begins a longer one, is told valid or not") {
  // Of three and four bytes those whose first two decide, continued rightly and wrongly.
  for (unsigned lead = 0x80; lead < 0x100; ++lead) {
    for (unsigned second = 0; second < 0x100; second += second < 0x7f ? 0x7f : 1) {
      for (const char* rest : {"", "\xBF", "\x80\x80", "\xBF\x41", "\x80\x80\x80"}) {
        const std::string broken{static_cast<char>(lead), static_cast<char>(second)};
        const std::size_t before = (lead * 7 + second) % 64;
        const std::string text =
            std::string(before, 'x') + "\xC3\xA9" + broken + rest + "z" + std::string(100, 'y');
        const std::string expected = plainly(text);
        for (const writer write : writers) REQUIRE(written(write, text, 2000) == expected);
        // Among others of its kind.
        std::string rows(before % 2 == 0 ? "" : "x");
        while (rows.size() < before + 4) rows += "\xC3\xA9";
        rows += broken + rest;
        while (rows.size() < 200) rows += "\xC3\xA9";
        const std::string expected_rows = plainly(rows);
        for (const writer write : writers) REQUIRE(written(write, rows, 2000) == expected_rows);
      }
    }
  }
}

TEST_CASE("an escaper that runs out of room says so, wherever the end is") {
  random_bytes random;
  for (unsigned kind = 0; kind < 6; ++kind) {
    const std::string text = random.text(200, kind);
    const std::string expected = plainly(text);
    for (std::size_t room = 0; room < expected.size(); ++room) {
      for (const writer write : writers) REQUIRE(written(write, text, room) == "!");
    }
    const std::string longer = random.text(1500, kind);
    for (std::size_t room = 400; room < 1500; room += 31) {
      for (const writer write : writers) REQUIRE(written(write, longer, room) == "!");
    }
  }
}

TEST_CASE("all bytes below a space, the quote and the backslash are escaped, nothing else is") {
  std::string text;
  for (int c = 0; c < 0x80; ++c) text += static_cast<char>(c);
  CHECK(written(otlp::write_escaped, text, 500) == plainly(text));
  CHECK(written(otlp::write_escaped, "a/b'\x7f", 500) == "a/b'\x7f");
  CHECK(written(otlp::write_escaped, std::string_view("\0", 1), 500) == "\\u0000");
  CHECK(written(otlp::write_escaped, "\x1f", 500) == "\\u001f");
}

TEST_CASE("bytes that are not UTF-8 become one U+FFFD for each broken beginning") {
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(written(otlp::write_escaped, "a\xFFz", 500) == "a" + bad + "z");
  CHECK(written(otlp::write_escaped, "\xE6\x97", 500) == bad);
  CHECK(written(otlp::write_escaped, "\xED\xA0\x80", 500) == bad + bad + bad);
  CHECK(written(otlp::write_escaped, "\xC0\xAF", 500) == bad + bad);
  CHECK(written(otlp::write_escaped, "\xF4\x90\x80\x80", 500) == bad + bad + bad + bad);
  CHECK(written(otlp::write_escaped, "\xF4\x8F\xBF\xBF", 500) == "\xF4\x8F\xBF\xBF");
}

TEST_CASE("a lowest bit is found at every position") {
  for (unsigned i = 0; i < 64; ++i) {
    CHECK(otlp::detail::lowest_bit(std::uint64_t{1} << i | std::uint64_t{1} << 63) == i);
  }
}

TEST_CASE("integers of all lengths are written with each of their digits") {
  std::uint64_t magnitude = 0;
  for (unsigned length = 0; length < 20; ++length) {
    for (const std::uint64_t near : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}}) {
      for (const std::uint64_t value : {magnitude + near, magnitude * 5 - near}) {
        const auto number = static_cast<std::int64_t>(value);
        char text[20];
        CHECK(std::string(text, otlp::write_integer(number, text, text + 20)) ==
              std::to_string(number));
      }
    }
    magnitude = magnitude == 0 ? 1 : magnitude * 10;
  }
}

TEST_CASE("integers are written in full and never past the end") {
  char text[20];
  const auto most = (std::numeric_limits<std::int64_t>::min)();
  CHECK(std::string(text, otlp::write_integer(most, text, text + 20)) == "-9223372036854775808");
  CHECK(otlp::write_integer(most, text, text + 19) == nullptr);
  CHECK(std::string(text, otlp::write_integer(0, text, text + 1)) == "0");
}

TEST_CASE("doubles are JSON numbers, or the three words of proto3") {
  CHECK(number(0.0000225) == "2.25e-05");
  CHECK(number(1.5) == "1.5");
  CHECK(number(0.1) == "0.1");
  CHECK(number(-0.0) == "-0");
  CHECK(number(3) == "3");
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
  CHECK(number(std::numeric_limits<double>::infinity()) == "\"Infinity\"");
  CHECK(number(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"");
  for (const double value : {1e300, 5e-324, 123456789.123, 1e21, -1e-7}) {
    CHECK(otlp::is_json_number(number(value)));
    CHECK(std::strtod(number(value).c_str(), nullptr) == value);
  }
  char text[4];
  CHECK(otlp::write_double(std::numeric_limits<double>::infinity(), text, text + 4) == nullptr);
}

TEST_CASE("a JSON number is what RFC 8259 calls one") {
  for (const char* yes : {"0", "-0", "10", "0.0000225", "1.0", "1e5", "1E+5", "-1.25e-07"}) {
    CHECK(otlp::is_json_number(yes));
  }
  for (const char* no : {"", "-", "+1", "01", ".5", "1.", "1e", "1e+", "0x1", "NaN", " 1", "1 ",
                         "1,5", "--1", "1.5.5"}) {
    CHECK_FALSE(otlp::is_json_number(no));
  }
}
