// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "orcast/core/number.hpp"
#include "orcast/core/utf8.hpp"
#include "orcast/otlp/block_group.hpp"
#include "orcast/otlp/byte_block.hpp"
#include "orcast/otlp/json_put.hpp"
#include "orcast/otlp/json_text.hpp"
#include "orcast/otlp/utf8_rows.hpp"

// The escaper goes through text in groups of four blocks. Plain groups are copied as a whole; the
// marks of bytes to be escaped are walked, so that JSON inside JSON is not scanned again after each
// quote; characters beyond ASCII are validated by comparing where continuation bytes stand with
// where the leading ones call for them. A group always begins with a character.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// How the characters up to the backslash are written: the text, and in the last byte its size.
/// Those behind it stand for themselves.
struct escape_table {
  static constexpr int count = '\\' + 1;
  char of[count][8] = {};

  constexpr escape_table() noexcept {
    constexpr char digits[] = "0123456789abcdef";
    for (int c = 0; c < count; ++c) set(c, {static_cast<char>(c)}, 1);
    for (int c = 0; c < 0x20; ++c) {
      set(c, {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
    }
    constexpr char pairs[][2] = {{'\b', 'b'}, {'\t', 't'}, {'\n', 'n'}, {'\f', 'f'},
                                 {'\r', 'r'}, {'"', '"'},  {'\\', '\\'}};
    for (const char* pair : pairs) set(pair[0], {'\\', pair[1]}, 2);
  }

 private:
  constexpr void set(int c, std::initializer_list<char> text, char size) noexcept {
    int i = 0;
    for (const char each : text) of[c][i++] = each;
    of[c][7] = size;
  }
};
ORCAST_HIDDEN inline constexpr escape_table escapes;

/// `c` as JSON text; writes eight bytes, whatever its size is.
inline char* put_escaped(char* at, char c) noexcept {
  const char* const text = escapes.of[static_cast<unsigned char>(c)];
  std::memcpy(at, text, 8);
  return at + text[7];
}

/// The characters that begin before `until`, one by one, escaped or replaced where need be; null
/// when they do not fit. `in` is then behind them.
ORCAST_COLD inline char* escape_singly(const char*& in, const char* until, const char* in_end,
                                       char* at, char* end) noexcept {
  const char* from = in;
  while (from < until) {
    std::string_view written;
    if (static_cast<unsigned char>(*from) < escape_table::count) {
      const char* const text = escapes.of[static_cast<unsigned char>(*from++)];
      written = {text, static_cast<std::size_t>(text[7])};
    } else {
      written = orcast::detail::utf8_take(from, in_end);
    }
    if (static_cast<std::size_t>(end - at) < written.size()) return nullptr;
    for (const char c : written) *at++ = c;
  }
  in = from;
  return at;
}

/// Writes a block, escaping the bytes that are marked. What is copied behind an escape is a whole
/// block: as much must be readable.
template <class Block>
char* put_block(const char* in, std::uint64_t marks, char* at) noexcept {
  std::memcpy(at, in, Block::width);
  std::size_t done = 0;
  for (; marks != 0; marks &= marks - 1) {
    const std::size_t i = lowest_bit(marks) / Block::step;
    at = put_escaped(at + (i - done), in[i]);
    done = i + 1;
    std::memcpy(at, in + done, Block::width);
  }
  return at + (Block::width - done);
}

/// Writes groups while the block behind them can be read too, and while there is room for the worst
/// that a group can become. Rows of characters beyond ASCII are offered to `Characters`. Null when
/// a single character does not fit.
template <class Block, class Characters>
char* escape_groups(const char*& from, const char* in_end, char* at, char* end) noexcept {
  constexpr std::size_t width = Block::width;
  constexpr std::size_t size = group_size<Block>;
  constexpr std::ptrdiff_t readable = size + width;
  constexpr std::ptrdiff_t most_written = 6 * size + width;  // and a copy of a block too many
  const char* in = from;
  while (in_end - in >= readable && end - at >= most_written) {
    const Block a(in), b(in + width), c(in + 2 * width), d(in + 3 * width);
    const Block special_a = a.special(), special_b = b.special();
    const Block special_c = c.special(), special_d = d.special();
    if (!((special_a | special_b) | (special_c | special_d)).any()) {
      std::memcpy(at, in, size);
      in += size;
      at += size;
      continue;
    }
    std::size_t whole = size;
    if (((a | b) | (c | d)).high().any()) {
      const std::size_t row = Characters::copy(in, in_end, at, end);
      if (row != 0) {
        in += row;
        at += row;
        continue;
      }
      if (!valid_group<Block>(in)) {
        at = escape_singly(in, in + size, in_end, at, end);
        if (at == nullptr) return nullptr;
        continue;
      }
      whole = whole_characters<Block>(in);  // one that is cut belongs to the next group
    }
    const Block marked_a = without(special_a, a.high()), marked_b = without(special_b, b.high());
    const Block marked_c = without(special_c, c.high()), marked_d = without(special_d, d.high());
    if (!((marked_a | marked_b) | (marked_c | marked_d)).any()) {
      std::memcpy(at, in, size);
      at += size;
    } else {
      const std::uint64_t marks[] = {marked_a.marks(), marked_b.marks(), marked_c.marks(),
                                     marked_d.marks()};
      const char* block = in;
      for (const std::uint64_t each : marks) {
        at = put_block<Block>(block, each, at);
        block += width;
      }
    }
    in += whole;
    at -= size - whole;
  }
  from = in;
  return at;
}

/// Text of one to two blocks that is plain, as most attributes are, without a loop. False, and
/// nothing of use written, when it is something else. There is room for it.
template <class Block>
bool put_short(std::string_view text, char* at) noexcept {
  const std::size_t size = text.size();
  if (size < Block::width || size > 2 * Block::width) return false;
  const char* const last = text.data() + size - Block::width;
  if ((Block(text.data()).special() | Block(last).special()).any()) return false;
  std::memcpy(at, text.data(), Block::width);
  std::memcpy(at + size - Block::width, last, Block::width);
  return true;
}

/// The same for less than a block.
inline bool put_shorter(std::string_view text, char* at) noexcept {
  const std::size_t size = text.size();
  const char* const in = text.data();
  if (size >= 8) {
    const char* const last = in + size - 8;
    if ((portable_block(in).special() | portable_block(last).special()).any()) return false;
    std::memcpy(at, in, 8);
    std::memcpy(at + size - 8, last, 8);
    return true;
  }
  std::uint64_t all = each_byte * ' ';
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, in, 4);
    std::memcpy(&last, in + size - 4, 4);
    std::memcpy(at, &first, 4);
    std::memcpy(at + size - 4, &last, 4);
    all = first | std::uint64_t{last} << 32;
  } else if (size != 0) {
    at[0] = in[0];
    at[size / 2] = in[size / 2];
    at[size - 1] = in[size - 1];
    const auto byte = [in](std::size_t k) {
      return std::uint64_t{static_cast<unsigned char>(in[k])};
    };
    all = all << 24 | byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
  }
  return !portable_block(all).special().any();
}

/// Text of any length.
template <class Block, class Characters = utf8_by_blocks>
char* escape(std::string_view text, char* at, char* end) noexcept {
  constexpr auto width = static_cast<std::ptrdiff_t>(Block::width);
  const char* in = text.data();
  const char* const in_end = in + text.size();
  at = escape_groups<Block, Characters>(in, in_end, at, end);
  if (at == nullptr) return nullptr;
  if (in == in_end) return at;
  if (end - at >= in_end - in) {
    while (in_end - in > width && !Block(in).special().any()) {
      std::memcpy(at, in, Block::width);
      in += width;
      at += width;
    }
    const std::ptrdiff_t left = in_end - in;
    if (left <= width && text.size() >= Block::width) {
      // The last block overlaps what is written already; being plain, it was written as it is.
      if (!Block(in_end - width).special().any()) {
        std::memcpy(at + left - width, in_end - width, Block::width);
        return at + left;
      }
    } else if (left < width && put_shorter({in, static_cast<std::size_t>(left)}, at)) {
      return at + left;
    }
  }
  // Something among the last bytes needs attention: they go through the groups too, followed by
  // blanks (a character that the text's end cuts is broken either way). A few are done sooner one
  // by one.
  constexpr std::size_t behind = group_size<Block> + Block::width;
  const std::ptrdiff_t left = in_end - in;
  if (left > width && left < static_cast<std::ptrdiff_t>(behind)) {
    char copy[2 * behind];
    std::memset(copy + left, ' ', behind);
    std::memcpy(copy, in, static_cast<std::size_t>(left));
    const char* rest = copy;
    at = escape_groups<Block, Characters>(rest, copy + left + behind, at, end);
    if (at == nullptr) return nullptr;
    const std::ptrdiff_t done = rest - copy;
    if (done >= left) return at - (done - left);
    in += done;
  }
  return escape_singly(in, in_end, in_end, at, end);
}

}  // namespace detail

ORCAST_DECL char* write_escaped(std::string_view text, char* at, char* end) noexcept {
  return detail::escape<detail::native_block, detail::utf8_by_lookups>(text, at, end);
}

ORCAST_DECL char* write_integer(std::int64_t value, char* at, char* end) noexcept {
  char text[detail::integer_room];
  char* const text_end = detail::put_integer(text, value);
  if (end - at < text_end - text) return nullptr;
  return std::copy(text, text_end, at);
}

ORCAST_SMALL ORCAST_DECL char* write_double(double value, char* at, char* end) noexcept {
  if (orcast::detail::is_finite(value)) {
    const std::to_chars_result done = std::to_chars(at, end, value);
    return done.ec == std::errc() ? done.ptr : nullptr;
  }
  const bool nan = orcast::detail::kind_of(value) == orcast::detail::double_kind::not_a_number;
  const std::string_view word = nan                                  ? "\"NaN\""
                                : orcast::detail::is_negative(value) ? "\"-Infinity\""
                                                                     : "\"Infinity\"";
  if (static_cast<std::size_t>(end - at) < word.size()) return nullptr;
  std::memcpy(at, word.data(), word.size());
  return at + word.size();
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
