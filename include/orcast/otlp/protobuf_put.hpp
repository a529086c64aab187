// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "orcast/core/utf8.hpp"
#include "orcast/otlp/byte_block.hpp"
#include "orcast/trace/record.hpp"

// The small pieces that a protobuf message is put together from: varints, fixed numbers, lengths,
// names. Each writes at `at`, where the caller has made sure of the room, and returns the new end.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// Least significant byte first, on any processor.
inline char* put_fixed64(char* at, std::uint64_t value) noexcept {
  store(at, value);
  return at + sizeof value;
}
inline char* put_fixed32(char* at, std::uint32_t value) noexcept {
  store(at, value);
  return at + sizeof value;
}

inline constexpr std::size_t longest_varint = 10;

constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

inline char* put_varint(char* at, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at = static_cast<char>(value);
  return at + 1;
}

/// The same without a loop for most numbers; may touch 4 bytes in all.
inline char* put_short_varint(char* at, std::uint64_t value) noexcept {
  if (value >= 1u << 28) return put_varint(at, value);
  const auto low = static_cast<std::uint32_t>(value);
  const std::size_t more = std::size_t{low >= 1u << 7} + (low >= 1u << 14) + (low >= 1u << 21);
  const std::uint32_t spread =
      (low & 0x7f) | (low & 0x3f80) << 1 | (low & 0x1f'c000) << 2 | (low & 0xfe0'0000) << 3;
  put_fixed32(at,
              spread | static_cast<std::uint32_t>(std::uint64_t{0x8080'8080} >> 8 * (4 - more)));
  return at + 1 + more;
}

/// A length that becomes known when what it counts has been written: it takes four bytes, which
/// protobuf allows for any number (a varint need not be the shortest).
inline constexpr std::size_t length_size = 4;
inline constexpr std::size_t longest_message = (std::size_t{1} << 28) - 1;
inline void put_length(char* at, std::size_t size) noexcept {
  for (unsigned i = 0; i < length_size; ++i) {
    const auto bits = static_cast<unsigned char>(size >> 7 * i & 0x7f);
    at[i] = static_cast<char>(i + 1 < length_size ? bits | 0x80 : bits);
  }
}

/// How long text is once what is not UTF-8 has become U+FFFD: a protobuf string must be UTF-8, or
/// the whole request is refused.
inline std::size_t repaired_size(std::string_view text) noexcept {
  std::size_t size = 0;
  for (;;) {
    const auto [valid, bad] = orcast::detail::utf8_valid_run(text);
    size += valid;
    text.remove_prefix(valid);
    if (text.empty()) return size;
    size += orcast::detail::utf8_replacement.size();
    text.remove_prefix(bad);
  }
}

inline char* put_repaired(char* at, std::string_view text) noexcept {
  for (;;) {
    const auto [valid, bad] = orcast::detail::utf8_valid_run(text);
    if (valid != 0) std::memcpy(at, text.data(), valid);
    at += valid;
    text.remove_prefix(valid);
    if (text.empty()) return at;
    std::memcpy(at, orcast::detail::utf8_replacement.data(), 3);
    at += orcast::detail::utf8_replacement.size();
    text.remove_prefix(bad);
  }
}

/// Four bytes in the order given.
inline char* put_four(char* at, std::size_t a, std::size_t b, std::size_t c,
                      std::size_t d) noexcept {
  return put_fixed32(at, static_cast<std::uint32_t>(a | b << 8 | c << 16 | d << 24));
}

/// Copies `size` bytes and says whether all of them are ASCII: less than a block, or more than two.
template <class Block>
ORCAST_COLD bool copy_ascii_slowly(char* at, const char* from, std::size_t size) noexcept {
  constexpr std::size_t width = Block::width;
  if (size < width) {
    if (width > 8 && size >= 8) return copy_ascii_slowly<portable_block>(at, from, size);
    unsigned char seen = 0;
    for (std::size_t i = 0; i < size; ++i) {
      at[i] = from[i];
      seen = static_cast<unsigned char>(seen | static_cast<unsigned char>(from[i]));
    }
    return seen < 0x80;
  }
  const auto copy = [&](std::size_t i) {
    const Block block(from + i);
    block.store(at + i);  // not read again: it may seem to overlap what was just written
    return block;
  };
  Block seen = copy(0);
  std::size_t i = width;
  for (; i + 4 * width <= size; i += 4 * width) {
    seen = seen | ((copy(i) | copy(i + width)) | (copy(i + 2 * width) | copy(i + 3 * width)));
  }
  for (; i + width < size; i += width) seen = seen | copy(i);
  seen = seen | copy(size - width);  // what is left, and some of what was there
  return !seen.high().any();
}

/// The same for any size; one to two blocks, as most attributes have, without a call.
template <class Block>
bool copy_ascii(char* at, const char* from, std::size_t size) noexcept {
  constexpr std::size_t width = Block::width;
  if (size < width || size > 2 * width) return copy_ascii_slowly<Block>(at, from, size);
  const Block first(from);
  const Block last(from + size - width);
  first.store(at);
  last.store(at + size - width);
  return !(first | last).high().any();
}

/// The name of an attribute, out of its record: a constant, a constant with indices, or text.
class attribute_name {
 public:
  explicit attribute_name(const orcast::detail::record& r) noexcept : record_(r) {
    if ((r.bits & orcast::detail::record::text_key) != 0) {
      size_ = repaired_size(text());
      return;
    }
    const key_text& key = *r.key;
    size_ = key.size - key_text::before.size() - key_text::after.size();
    if (key.cut[0] != 0) size_ += digits(r.first);
    if (key.cut[1] != 0) size_ += digits(r.second);
  }

  std::size_t size() const noexcept { return size_; }

  /// What put_constant() can write, with the JSON around it.
  static constexpr std::size_t shortest_constant =
      key_text::before.size() + 5 + key_text::after.size();
  /// Writes a constant without indices, 5 to 128 bytes long. May touch 16 bytes behind its end.
  static char* put_constant(char* at, const key_text& key, std::size_t size) noexcept {
    static_assert(key_text::after.size() >= 11);
    const char* const from = key.json + key_text::before.size();
    const std::size_t last = size < 16 ? 0 : size - 16;
    for (std::size_t i = 16; i < last; i += 16) std::memcpy(at + i, from + i, 16);
    std::memcpy(at, from, 16);
    std::memcpy(at + last, from + last, 16);
    return at + size;
  }

  /// May touch 8 bytes behind the name's end.
  char* put(char* at) const noexcept {
    if ((record_.bits & orcast::detail::record::text_key) != 0) return put_repaired(at, text());
    const key_text& key = *record_.key;
    const char* from = key.json + key_text::before.size();
    if (key.cut[0] == 0) return put_piece(at, from, size_);
    const std::uint16_t index[2] = {record_.first, record_.second};
    for (std::size_t i = 0; i < 2 && key.cut[i] != 0; ++i) {
      const auto size = static_cast<std::size_t>(key.json + key.cut[i] - from);
      at = put_index(put_piece(at, from, size), index[i]);
      from += size;
    }
    const char* const end = key.json + key.size - key_text::after.size();
    return put_piece(at, from, static_cast<std::size_t>(end - from));
  }

 private:
  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(&record_ + 1), record_.first};
  }

  /// Behind a name there are 11 more bytes of JSON that may be read, so short ones need no loop.
  static char* put_piece(char* at, const char* from, std::size_t size) noexcept {
    static_assert(key_text::after.size() >= 8);
    std::size_t i = 0;
    for (; i + 8 < size; i += 8) std::memcpy(at + i, from + i, 8);
    std::memcpy(at + i, from + i, 8);
    return at + size;
  }

  static std::size_t digits(std::uint16_t value) noexcept {
    return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10'000 ? 4 : 5;
  }
  static char* put_index(char* at, unsigned value) noexcept {
    char* const end = at + digits(static_cast<std::uint16_t>(value));
    for (char* to = end; to != at; value /= 10) *--to = static_cast<char>('0' + value % 10);
    return end;
  }

  const orcast::detail::record& record_;
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
