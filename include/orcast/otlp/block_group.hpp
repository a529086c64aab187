// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "orcast/otlp/byte_block.hpp"

// Four blocks of text at once: whether they are UTF-8. Everything is told by comparing where
// continuation bytes stand with where the bytes before them call for one, and, where a leading byte
// occurs that not every continuation byte can follow, by a second look. The JSON escaper goes
// through text in such groups.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// A group: four blocks.
template <class Block>
inline constexpr std::size_t group_size = 4 * Block::width;

/// Bytes that begin nothing, or something that not every continuation byte can continue.
template <class Block>
Block leads_narrowly(Block b) noexcept {
  return b.equal(0xE0) | b.equal(0xED) | b.masked(0xFE).equal(0xC0) | b.at_least(0xF0);
}

/// Those that begin nothing, and what follows the others, where it is not UTF-8: overlong forms,
/// surrogates, what lies above U+10FFFF. `back` is the same text one byte back.
template <class Block>
Block ill_led(Block b, Block back) noexcept {
  const Block high = b.high();
  const Block from_90 = b.at_least(0x90);
  const Block from_A0 = b.at_least(0xA0);
  return b.equal(0xC0) | b.equal(0xC1) | b.at_least(0xF5) | (back.equal(0xE0) & (high ^ from_A0)) |
         (back.equal(0xED) & from_A0) | (back.equal(0xF0) & (high ^ from_90)) |
         (back.equal(0xF4) & from_90);
}

/// The same for a group that begins with a character.
template <class Block>
bool ill_led_group(const char* in) noexcept {
  constexpr std::size_t width = Block::width;
  const Block a(in), b(in + width), c(in + 2 * width), d(in + 3 * width);
  return ((ill_led(a, a.template later<1>()) | ill_led(b, Block(in + width - 1))) |
          (ill_led(c, Block(in + 2 * width - 1)) | ill_led(d, Block(in + 3 * width - 1))))
      .any();
}

/// Whether a group that begins with a character is UTF-8 as far as it goes: the last one may be
/// cut. Inlined by force, because a call would spill the group and its constants.
template <class Block>
ORCAST_HOT inline bool valid_group(const char* in) noexcept {
  constexpr std::size_t width = Block::width;
  const Block a(in), b(in + width), c(in + 2 * width), d(in + 3 * width);
  const auto misplaced = [](Block block, const char* at) {
    return block.misplaced(Block(at - 1), Block(at - 2), Block(at - 3));
  };
  const Block wrong =
      (a.misplaced(a.template later<1>(), a.template later<2>(), a.template later<3>()) |
       misplaced(b, in + width)) |
      (misplaced(c, in + 2 * width) | misplaced(d, in + 3 * width));
  const Block narrow =
      (leads_narrowly(a) | leads_narrowly(b)) | (leads_narrowly(c) | leads_narrowly(d));
  return !wrong.any() && !(narrow.any() && ill_led_group<Block>(in));
}

/// The bytes of a valid group's whole characters.
template <class Block>
std::size_t whole_characters(const char* in) noexcept {
  constexpr std::size_t size = group_size<Block>;
  const auto from_end = [in](std::size_t i) { return static_cast<unsigned char>(in[size - i]); };
  if (from_end(1) >= 0xC0) return size - 1;
  if (from_end(2) >= 0xE0) return size - 2;
  if (from_end(3) >= 0xF0) return size - 3;
  return size;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
