// SPDX-License-Identifier: MIT
#include "orcast/openrouter/impl/json_text.hpp"

#include <cstdio>
#include <string>

#include "support/catch.hpp"

namespace {

std::string as_json(std::string_view text) {
  std::string out;
  orcast::detail::append_json_string(out, text);
  return out;
}

/// RFC 8259, section 7, one byte after the other.
std::string escaped(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20) return std::string(1, c);
  char hex[8];
  std::snprintf(hex, sizeof hex, "\\u%04x", byte);
  return hex;
}

}  // namespace

TEST_CASE("every byte is escaped as JSON wants it, wherever it stands") {
  for (int value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    for (std::size_t at = 0; at < 26; ++at) {
      std::string text(26, 'x');
      text[at] = byte;
      std::string wanted = '"' + std::string(at, 'x');
      wanted += escaped(byte) + std::string(25 - at, 'x') + '"';
      if (as_json(text) != wanted) FAIL("byte " << value << " at " << at << ": " << as_json(text));
    }
  }
}

TEST_CASE("a byte is judged by itself, whatever stands before it") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string pair = {static_cast<char>(first), static_cast<char>(second)};
      const std::string wanted = '"' + escaped(pair[0]) + escaped(pair[1]) + "xxxxxxxxxx\"";
      if (as_json(pair + "xxxxxxxxxx") != wanted) FAIL("bytes " << first << " and " << second);
    }
  }
}

TEST_CASE("no text is an empty JSON string") { CHECK(as_json({}) == "\"\""); }
