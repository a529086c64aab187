// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "orcast/core/utf8.hpp"

// Text on its way into and out of JSON: escaping, and the surrogates that a careless service leaves
// alone when it cuts "\ud83d\ude00" between two deltas. Inside the codec such a half travels as the
// three bytes that UTF-8 would give it (0xED 0xA0..0xBF 0x80..0xBF), until its other half arrives
// or the text ends; nothing outside ever sees it.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The surrogate whose three bytes `text` begins with, or 0.
inline unsigned surrogate_at(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '\xED') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  if (second < 0xA0 || second > 0xBF || (third & 0xC0) != 0x80) return 0;
  return 0xD000u | ((second & 0x3Fu) << 6) | (third & 0x3Fu);
}

constexpr bool is_high_surrogate(unsigned code) noexcept { return code >= 0xD800 && code < 0xDC00; }
constexpr bool is_low_surrogate(unsigned code) noexcept { return code >= 0xDC00 && code < 0xE000; }

inline void append_surrogate_pair(std::string& out, unsigned high, unsigned low) {
  const unsigned code = 0x10000u + ((high - 0xD800u) << 10) + (low - 0xDC00u);
  out += static_cast<char>(0xF0 | (code >> 18));
  out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
  out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  out += static_cast<char>(0x80 | (code & 0x3F));
}

/// As UTF-8 has it for a character of up to 0xFFFF: the three bytes of a surrogate too.
inline void append_code_unit(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
  } else {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  }
  out += static_cast<char>(0x80 | (code & 0x3F));
}

/// Pieces of text in, whole characters out: what utf8_gate does, and halves of surrogate pairs put
/// together. Never holds back more than one character's beginning.
class text_gate {
 public:
  void push(std::string_view piece, std::string& out) {
    if (high_ == 0 && gate_.held() == 0 && valid_utf8(piece)) {
      out.append(piece);
      return;
    }
    while (!piece.empty()) {
      if (high_ != 0) {
        const unsigned low = surrogate_at(piece);
        if (is_low_surrogate(low)) {
          append_surrogate_pair(out, high_, low);
          piece.remove_prefix(3);
        } else {
          out.append(utf8_replacement);
        }
        high_ = 0;
        continue;
      }
      const std::size_t next = find_surrogate(piece);
      gate_.push(piece.substr(0, next), out);
      piece.remove_prefix(next);
      if (piece.empty()) return;
      gate_.finish(out);
      const unsigned code = surrogate_at(piece);
      piece.remove_prefix(3);
      if (is_high_surrogate(code)) {
        high_ = code;
      } else {
        out.append(utf8_replacement);
      }
    }
  }

  /// The end of the text: what is still held becomes U+FFFD.
  void finish(std::string& out) {
    if (high_ != 0) out.append(utf8_replacement);
    high_ = 0;
    gate_.finish(out);
  }

 private:
  static std::size_t find_surrogate(std::string_view text) noexcept {
    std::size_t at = 0;
    while ((at = text.find('\xED', at)) != std::string_view::npos) {
      if (surrogate_at(text.substr(at)) != 0) return at;
      ++at;
    }
    return text.size();
  }

  utf8_gate gate_;
  unsigned high_ = 0;
};

/// Makes whole text of what may hold broken characters.
inline void repair_text(std::string& text) {
  if (valid_utf8(text)) return;
  std::string whole;
  text_gate gate;
  gate.push(text, whole);
  gate.finish(whole);
  text.swap(whole);
}

/// How many bytes at the beginning stand in a JSON string as they are.
inline std::size_t unescaped_run(std::string_view text) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  // The top bits of bytes that are 0. Behind the first of them others may be marked too.
  const auto zeros = [](std::uint64_t word) { return (word - ones) & ~word & 0x80 * ones; };
  std::size_t i = 0;
  for (; text.size() - i >= sizeof(std::uint64_t); i += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    const std::uint64_t control = (word - 0x20 * ones) & ~word & 0x80 * ones;
    if ((control | zeros(word ^ '"' * ones) | zeros(word ^ '\\' * ones)) != 0) break;
  }
  for (; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == '"' || byte == '\\') break;
  }
  return i;
}

/// Appends `text`, which is UTF-8, as a JSON string.
inline void append_json_string(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (;;) {
    const std::size_t run = unescaped_run(text);
    out.append(text.data(), run);
    if (run == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[run]);
    text.remove_prefix(run + 1);
    out += '\\';
    switch (byte) {
      case '"':
      case '\\':
        out += static_cast<char>(byte);
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      default:
        out += "u00";
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
  }
  out += '"';
}

/// The value of the four hex digits at the beginning of `text`, or nothing above 0xFFFF.
inline unsigned hex_quad(std::string_view text) noexcept {
  if (text.size() < 4) return 0x10000;
  unsigned value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return 0x10000;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return value;
}

/// Copies JSON text with each backslash, and what comes after it, replaced by DEL: a parser then
/// finds every string as long as it is and looks at none of its escapes, and DEL is as wrong
/// outside a string as a backslash. Returns where the first one is; without any, nothing is copied.
inline std::size_t hide_escapes(std::string_view json, std::string& out) {
  const std::size_t first = json.find('\\');
  if (first == std::string_view::npos) return first;
  out.assign(json);
  for (std::size_t at = first; at != std::string_view::npos; at = json.find('\\', at + 2)) {
    out[at] = '\x7F';
    if (at + 1 != out.size()) out[at + 1] = '\x7F';
  }
  return first;
}

/// Appends what the inside of a JSON string stands for; never more bytes than it has. False for an
/// escape that is none. Half a surrogate pair is one only where `halves` are allowed.
inline bool append_unescaped(std::string& out, std::string_view inside, bool halves) {
  for (;;) {
    const std::size_t plain = (std::min)(inside.find('\\'), inside.size());
    out.append(inside.data(), plain);
    inside.remove_prefix(plain);
    if (inside.empty()) return true;
    if (inside.size() == 1) return false;
    const char escaped = inside[1];
    inside.remove_prefix(2);
    switch (escaped) {
      case '"':
      case '\\':
      case '/':
        out += escaped;
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        const unsigned code = hex_quad(inside);
        if (code > 0xFFFF) return false;
        inside.remove_prefix(4);
        const unsigned next = inside.substr(0, 2) == "\\u" ? hex_quad(inside.substr(2)) : 0;
        if (is_high_surrogate(code) && is_low_surrogate(next)) {
          append_surrogate_pair(out, code, next);
          inside.remove_prefix(6);
        } else if (!halves && (is_high_surrogate(code) || is_low_surrogate(code))) {
          return false;
        } else {
          append_code_unit(out, code);
        }
        break;
      }
      default:
        return false;
    }
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
