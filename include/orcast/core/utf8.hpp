// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "orcast/config.hpp"

// UTF-8 at the places where bytes become text: cutting a long value without splitting a character,
// telling whether bytes are valid, repairing those that are not, and handing on pieces of a stream
// as whole characters. Valid means Unicode 15, table 3-7: no overlong forms, no surrogates, nothing
// above U+10FFFF. A broken sequence becomes one U+FFFD per maximal subpart, as browsers do it.

namespace orcast {
inline namespace v0 {
namespace detail {

enum class utf8_state : unsigned char {
  whole,  ///< a character
  cut,    ///< the beginning of one, and the text ends here
  bad,    ///< can't be continued to one; `length` bytes stand for one U+FFFD
};

struct utf8_step {
  unsigned length;
  utf8_state state;
};

/// Looks at the sequence that begins at `text`; `left` is at least 1.
inline utf8_step utf8_next(const char* text, std::size_t left) noexcept {
  const auto at = [text](unsigned i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, utf8_state::whole};
  if (lead < 0xC2 || lead > 0xF4) return {1, utf8_state::bad};
  const unsigned length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte alone tells overlong forms, surrogates and what lies above U+10FFFF.
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (unsigned i = 1; i < length; ++i) {
    if (i == left) return {i, utf8_state::cut};
    if (at(i) < low || at(i) > high) return {i, utf8_state::bad};
    low = 0x80;
    high = 0xBF;
  }
  return {length, utf8_state::whole};
}

/// How many bytes at the beginning are ASCII.
inline std::size_t ascii_run(const char* text, std::size_t size) noexcept {
  std::size_t i = 0;
  for (; size - i >= 16; i += 16) {
    std::uint64_t words[2];
    std::memcpy(words, text + i, sizeof words);
    if (((words[0] | words[1]) & 0x8080808080808080u) != 0) break;
  }
  while (i < size && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

struct utf8_run {
  std::size_t valid;  ///< bytes that are whole characters
  std::size_t bad;    ///< bytes behind them that stand for one U+FFFD; 0 at the text's end
};

/// Looks for the first flaw.
inline utf8_run utf8_valid_run(std::string_view text) noexcept {
  const char* const begin = text.data();
  const std::size_t size = text.size();
  for (std::size_t i = 0;;) {
    i += ascii_run(begin + i, size - i);
    // In most scripts other characters come in rows: look for ASCII only when one ends.
    for (utf8_step step{}; step.length != 1; i += step.length) {
      if (i == size) return {size, 0};
      step = utf8_next(begin + i, size - i);
      if (step.state != utf8_state::whole) return {i, step.length};
    }
  }
}

inline constexpr std::string_view utf8_replacement = "\xEF\xBF\xBD";

/// The character at `at`, or U+FFFD for what is none. `at`, before `end`, is then behind it.
ORCAST_SMALL inline std::string_view utf8_take(const char*& at, const char* end) noexcept {
  const utf8_step next = utf8_next(at, static_cast<std::size_t>(end - at));
  at += next.length;
  if (next.state != utf8_state::whole) return utf8_replacement;
  return {at - next.length, next.length};
}

}  // namespace detail

/// Where to cut valid `text` so that at most `max_bytes` remain and no character is split. For
/// text that is not UTF-8 the result is still at most `max_bytes`, and at most 3 less.
ORCAST_COLD inline std::size_t utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) return text.size();
  for (std::size_t back = 0; back < 4 && back <= max_bytes; ++back) {
    const std::size_t end = max_bytes - back;
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80) return end;
  }
  return max_bytes;
}

inline bool valid_utf8(std::string_view text) noexcept {
  return detail::utf8_valid_run(text).valid == text.size();
}

/// Appends `text`, with U+FFFD in the place of what is not UTF-8.
inline void append_valid_utf8(std::string& out, std::string_view text) {
  for (;;) {
    const auto [valid, bad] = detail::utf8_valid_run(text);
    out.append(text.data(), valid);
    text.remove_prefix(valid);
    if (text.empty()) return;
    out.append(detail::utf8_replacement);
    text.remove_prefix(bad);
  }
}

/// Turns pieces that were cut anywhere into pieces of whole characters. Holds back at most 3 bytes:
/// the beginning of a character whose end is still to come.
class utf8_gate {
 public:
  /// Appends the characters that `piece` completes or contains; broken ones become U+FFFD.
  void push(std::string_view piece, std::string& out) {
    while (held_size_ != 0 && !piece.empty()) {
      held_[held_size_] = piece.front();
      const detail::utf8_step step = detail::utf8_next(held_, held_size_ + 1);
      if (step.state == detail::utf8_state::bad) {  // the new byte begins something of its own
        finish(out);
        break;
      }
      ++held_size_;
      piece.remove_prefix(1);
      if (step.state == detail::utf8_state::whole) {
        out.append(held_, held_size_);
        held_size_ = 0;
      }
    }
    const std::size_t tail = cut_tail(piece);
    append_valid_utf8(out, piece.substr(0, piece.size() - tail));
    if (tail != 0) {
      std::memcpy(held_, piece.data() + piece.size() - tail, tail);
      held_size_ = tail;
    }
  }

  /// The end of the stream: what is still held becomes U+FFFD.
  void finish(std::string& out) {
    if (held_size_ != 0) out.append(detail::utf8_replacement);
    held_size_ = 0;
  }

  /// Bytes held back now, 0 to 3.
  std::size_t held() const noexcept { return held_size_; }

 private:
  /// How many bytes at the end are the beginning of a character.
  static std::size_t cut_tail(std::string_view text) noexcept {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
      const char* lead = text.data() + text.size() - back;
      if ((static_cast<unsigned char>(*lead) & 0xC0) == 0x80) continue;
      return detail::utf8_next(lead, back).state == detail::utf8_state::cut ? back : 0;
    }
    return 0;
  }

  char held_[4] = {};
  std::size_t held_size_ = 0;
};

}  // namespace v0
}  // namespace orcast
