// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "orcast/core/utf8.hpp"
#include "orcast/otlp/byte_block.hpp"
#include "orcast/otlp/json_put.hpp"
#include "orcast/otlp/json_text.hpp"

// The escaper goes through text in blocks. Plain bytes are copied as a whole; the bits of those to
// be escaped are walked, so that JSON inside JSON is not scanned again after each quote; characters
// beyond ASCII are validated by comparing where continuation bytes stand with where the leading
// ones call for them.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// How many bytes at the beginning of a block are whole, valid characters, at most three less than
/// all; 0 when the block must be looked at one by one: it holds something broken, or a sequence of
/// four bytes, which is rare.
template <class Block>
std::size_t whole_characters(const Block& block) noexcept {
  constexpr unsigned step = Block::step;
  constexpr unsigned last = step * (Block::width - 1);
  const std::uint64_t lead = block.at_least(0xC0);
  const std::uint64_t lead_of_3 = block.at_least(0xE0);
  const std::uint64_t continued = block.high() & ~lead;
  const std::uint64_t called_for = (lead << step | lead_of_3 << 2 * step) & Block::all;
  if (called_for != continued || block.at_least(0xF0) != 0) return 0;
  // Overlong forms and surrogates show in the leading byte, or in it and the next.
  const std::uint64_t upper = continued & block.at_least(0xA0);
  const std::uint64_t overlong = (block.equal(0xE0) << step) & ~upper & Block::all;
  const std::uint64_t surrogate = (block.equal(0xED) << step) & upper;
  if ((overlong | surrogate | block.equal(0xC0) | block.equal(0xC1)) != 0) return 0;
  const bool cut_after_1 = lead >> last != 0;
  const bool cut_after_2 = lead_of_3 >> (last - step) != 0;
  return Block::width - (cut_after_1 ? 1 : cut_after_2 ? 2 : 0);
}

/// How each ASCII character is written that is not written as itself.
struct escape_table {
  struct entry {
    char text[8];  // copied as a whole
    std::size_t size;
  };
  entry of['\\' + 1] = {};

  constexpr escape_table() noexcept {
    constexpr char digits[] = "0123456789abcdef";
    for (int c = 0; c < 0x20; ++c) {
      const char text[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
      for (int i = 0; i < 6; ++i) of[c].text[i] = text[i];
      of[c].size = 6;
    }
    constexpr char pairs[][2] = {{'\b', 'b'}, {'\t', 't'}, {'\n', 'n'}, {'\f', 'f'},
                                 {'\r', 'r'}, {'"', '"'},  {'\\', '\\'}};
    for (const char* pair : pairs) {
      entry& e = of[static_cast<unsigned char>(pair[0])];
      e.text[0] = '\\';
      e.text[1] = pair[1];
      e.size = 2;
    }
  }
};
inline constexpr escape_table escapes;

/// The character at `in`, escaped or replaced where need be; null when it does not fit.
inline char* escape_one(const char*& in, const char* in_end, char* at, char* end) noexcept {
  const auto c = static_cast<unsigned char>(*in);
  const char* written = in;
  std::size_t size = 1;
  if (c >= 0x80) {
    const auto next = orcast::detail::utf8_next(in, static_cast<std::size_t>(in_end - in));
    in += next.length;
    size = next.length;
    if (next.state != orcast::detail::utf8_state::whole) {
      written = orcast::detail::utf8_replacement.data();
      size = orcast::detail::utf8_replacement.size();
    }
  } else {
    ++in;
    if (c <= '\\' && escapes.of[c].size != 0) {
      written = escapes.of[c].text;
      size = escapes.of[c].size;
    }
  }
  if (static_cast<std::size_t>(end - at) < size) return nullptr;
  for (std::size_t i = 0; i < size; ++i) *at++ = written[i];
  return at;
}

template <class Block>
bool plain(const Block& block) noexcept {
  return (block.high() | block.escapes()) == 0;
}

/// Fewer than 16 bytes, and room for as many: short strings are common, so no call to memcpy.
/// False, and nothing consumed, when one of them needs attention.
inline bool copy_plain(const char* in, std::size_t size, char* at) noexcept {
  if (size >= 8) {
    if (!plain(portable_block(in)) || !plain(portable_block(in + size - 8))) return false;
    std::memcpy(at, in, 8);
    std::memcpy(at + size - 8, in + size - 8, 8);
    return true;
  }
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, in, 4);
    std::memcpy(&last, in + size - 4, 4);
    if (!plain(portable_block(first | std::uint64_t{last} << 32))) return false;
    std::memcpy(at, &first, 4);
    std::memcpy(at + size - 4, &last, 4);
    return true;
  }
  return size == 0;
}

/// Writes blocks while at least two are left to read, so that what follows an escape can be copied
/// a block at a time too, and while there is room for the worst that a block can become. Null when
/// a single character does not fit.
template <class Block>
char* escape_blocks(const char*& in, const char* in_end, char* at, char* end) noexcept {
  constexpr auto width = static_cast<std::ptrdiff_t>(Block::width);
  constexpr std::ptrdiff_t most = 6 * 2 * width + width;  // escapes, and one copy too many
  while (in_end - in >= 2 * width && end - at >= most) {
    while (in_end - in >= static_cast<std::ptrdiff_t>(Block::run) &&
           end - at >= static_cast<std::ptrdiff_t>(Block::run) && Block::plain_run(in)) {
      std::memcpy(at, in, Block::run);
      in += Block::run;
      at += Block::run;
    }
    if (in_end - in < 2 * width || end - at < most) break;
    const Block block(in);
    std::uint64_t marks = block.escapes();
    std::size_t take = Block::width;
    if (block.high() != 0) {
      take = whole_characters(block);
      if (take == 0) {
        for (const char* const until = in + width; in < until;) {
          at = escape_one(in, in_end, at, end);
          if (at == nullptr) return nullptr;
        }
        continue;
      }
      if (take != Block::width) marks &= (std::uint64_t{1} << take * Block::step) - 1;
    }
    std::memcpy(at, in, Block::width);
    std::size_t from = 0;
    for (; marks != 0; marks &= marks - 1) {
      const std::size_t i = lowest_bit(marks) / Block::step;
      const escape_table::entry& escape = escapes.of[static_cast<unsigned char>(in[i])];
      at += i - from;
      std::memcpy(at, escape.text, sizeof escape.text);
      at += escape.size;
      from = i + 1;
      std::memcpy(at, in + from, Block::width);
    }
    in += take;
    at += take - from;
  }
  return at;
}

template <class Block>
char* escape(std::string_view text, char* at, char* end) noexcept {
  constexpr auto width = static_cast<std::ptrdiff_t>(Block::width);
  const char* in = text.data();
  const char* const in_end = in + text.size();
  if (text.size() >= 2 * Block::width) {
    at = escape_blocks<Block>(in, in_end, at, end);
    if (at == nullptr) return nullptr;
  }
  if (in_end - in >= width && end - at >= width && plain(Block(in))) {
    std::memcpy(at, in, Block::width);
    in += width;
    at += width;
  }
  const std::ptrdiff_t left = in_end - in;
  if (left <= width && end - at >= left) {
    // The last block of a longer text overlaps what is written already; being plain, it was
    // written as it is.
    if (text.size() >= Block::width) {
      if (plain(Block(in_end - width))) {
        std::memcpy(at + left - width, in_end - width, Block::width);
        return at + left;
      }
    } else if (copy_plain(in, text.size(), at)) {
      return at + left;
    }
  }
  // An escape among the last bytes: they go through the blocks too, followed by blanks (a character
  // that the text's end cuts is broken either way), for which there must be room as well.
  constexpr std::size_t padded = 4 * Block::width;
  if (left <= 2 * width && end - at >= 6 * 6 * width) {
    char copy[padded];
    std::memset(copy, ' ', padded);
    std::memcpy(copy, in, static_cast<std::size_t>(left));
    const char* rest = copy;
    at = escape_blocks<Block>(rest, copy + padded, at, end);
    return at - (rest - copy - left);
  }
  while (in != in_end && at != nullptr) at = escape_one(in, in_end, at, end);
  return at;
}

}  // namespace detail

ORCAST_DECL char* write_escaped(std::string_view text, char* at, char* end) noexcept {
  return detail::escape<detail::native_block>(text, at, end);
}

ORCAST_DECL char* write_integer(std::int64_t value, char* at, char* end) noexcept {
  char text[detail::longest_integer];
  char* const text_end = detail::put_integer(text, value);
  if (end - at < text_end - text) return nullptr;
  return std::copy(text, text_end, at);
}

ORCAST_DECL char* write_double(double value, char* at, char* end) noexcept {
  if (std::isfinite(value)) {
    const std::to_chars_result done = std::to_chars(at, end, value);
    return done.ec == std::errc() ? done.ptr : nullptr;
  }
  const std::string_view word = std::isnan(value) ? "\"NaN\""
                                : value > 0       ? "\"Infinity\""
                                                  : "\"-Infinity\"";
  if (static_cast<std::size_t>(end - at) < word.size()) return nullptr;
  std::memcpy(at, word.data(), word.size());
  return at + word.size();
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
