// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "orcast/config.hpp"

// Several bytes of text at once, through one type for each instruction set. What the JSON escaper
// asks about a block is answered by masks with one bit for each byte, `step` bits apart, the first
// byte lowest. All types give the same answers; tests compare them.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// The position of the lowest bit; `mask` is not 0.
inline unsigned lowest_bit(std::uint64_t mask) noexcept {
#if defined(__GNUC__)
  return static_cast<unsigned>(__builtin_ctzll(mask));
#else
  unsigned at = 0;
  for (unsigned half = 32; half != 0; half /= 2) {
    const std::uint64_t low = mask & ((std::uint64_t{1} << half) - 1);
    if (low == 0) at += half;
    mask = low == 0 ? mask >> half : low;
  }
  return at;
#endif
}

/// Eight bytes in an ordinary register, on any processor.
class portable_block {
 public:
  static constexpr std::size_t width = 8;
  static constexpr unsigned step = 8;
  static constexpr std::uint64_t all = 0x8080808080808080u;

  explicit portable_block(std::uint64_t bytes) noexcept : bytes_(bytes) {}
  explicit portable_block(const char* in) noexcept {
    std::memcpy(&bytes_, in, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes_ = __builtin_bswap64(bytes_);
#endif
  }

  /// Whether the bytes from `in` on, two blocks of them, are all copied as they are.
  static bool plain_run(const char* in) noexcept {
    const portable_block a(in), b(in + 8);
    return (a.high() | a.escapes() | b.high() | b.escapes()) == 0;
  }
  static constexpr std::size_t run = 2 * width;

  std::uint64_t high() const noexcept { return bytes_ & all; }
  std::uint64_t escapes() const noexcept {
    const std::uint64_t printable = (bytes_ & ~all) + ones * 0x60;
    return (~printable & ~bytes_ & all) | equal('"') | equal('\\');
  }
  std::uint64_t equal(unsigned char c) const noexcept {
    const std::uint64_t other = bytes_ ^ ones * c;  // additions can't carry into the next byte
    return ~(((other & ~all) + ~all) | other) & all;
  }
  /// `c` is 0x80 or more.
  std::uint64_t at_least(unsigned char c) const noexcept {
    return ((bytes_ & ~all) + ones * (0x100u - c)) & bytes_ & all;
  }

 private:
  static constexpr std::uint64_t ones = 0x0101010101010101u;
  std::uint64_t bytes_ = 0;
};

#if defined(__SSE2__) || defined(_M_X64)

class sse2_block {
 public:
  static constexpr std::size_t width = 16;
  static constexpr unsigned step = 1;
  static constexpr std::uint64_t all = 0xffff;

  explicit sse2_block(const char* in) noexcept
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))) {}

  static bool plain_run(const char* in) noexcept {
    const __m128i ab = _mm_or_si128(sse2_block(in).unusual(), sse2_block(in + 16).unusual());
    const __m128i cd = _mm_or_si128(sse2_block(in + 32).unusual(), sse2_block(in + 48).unusual());
    return _mm_movemask_epi8(_mm_or_si128(ab, cd)) == 0;
  }
  static constexpr std::size_t run = 4 * width;

  std::uint64_t high() const noexcept { return bits(bytes_); }
  std::uint64_t escapes() const noexcept { return bits(unusual()) & ~high(); }
  std::uint64_t equal(unsigned char c) const noexcept {
    return bits(_mm_cmpeq_epi8(bytes_, all_of(c)));
  }
  std::uint64_t at_least(unsigned char c) const noexcept {  // among the negative bytes
    return bits(_mm_cmpgt_epi8(bytes_, all_of(static_cast<unsigned char>(c - 1)))) & high();
  }

 private:
  static __m128i all_of(unsigned char c) noexcept { return _mm_set1_epi8(static_cast<char>(c)); }
  static std::uint64_t bits(__m128i mask) noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(mask));
  }
  /// Signed: control characters and the bytes from 0x80 on are both less than a space.
  __m128i unusual() const noexcept {
    const __m128i quotes =
        _mm_or_si128(_mm_cmpeq_epi8(bytes_, all_of('"')), _mm_cmpeq_epi8(bytes_, all_of('\\')));
    return _mm_or_si128(_mm_cmplt_epi8(bytes_, all_of(' ')), quotes);
  }

  __m128i bytes_;
};
using native_block = sse2_block;

#elif defined(__aarch64__) && defined(__ARM_NEON)

class neon_block {
 public:
  static constexpr std::size_t width = 16;
  static constexpr unsigned step = 4;
  static constexpr std::uint64_t all = 0x8888888888888888u;

  explicit neon_block(const char* in) noexcept
      : bytes_(vld1q_u8(reinterpret_cast<const std::uint8_t*>(in))) {}

  static bool plain_run(const char* in) noexcept {
    const uint8x16_t ab = vorrq_u8(neon_block(in).unusual(), neon_block(in + 16).unusual());
    const uint8x16_t cd = vorrq_u8(neon_block(in + 32).unusual(), neon_block(in + 48).unusual());
    return vmaxvq_u8(vorrq_u8(ab, cd)) == 0;
  }
  static constexpr std::size_t run = 4 * width;

  std::uint64_t high() const noexcept { return at_least(0x80); }
  std::uint64_t escapes() const noexcept { return bits(unusual()) & ~high(); }
  std::uint64_t equal(unsigned char c) const noexcept {
    return bits(vceqq_u8(bytes_, vdupq_n_u8(c)));
  }
  std::uint64_t at_least(unsigned char c) const noexcept {
    return bits(vcgeq_u8(bytes_, vdupq_n_u8(c)));
  }

 private:
  /// There is no movemask: narrowing leaves four bits for each byte, of which one is kept.
  static std::uint64_t bits(uint8x16_t mask) noexcept {
    const uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(mask), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0) & all;
  }
  uint8x16_t unusual() const noexcept {
    const uint8x16_t quotes =
        vorrq_u8(vceqq_u8(bytes_, vdupq_n_u8('"')), vceqq_u8(bytes_, vdupq_n_u8('\\')));
    return vorrq_u8(vcltq_s8(vreinterpretq_s8_u8(bytes_), vdupq_n_s8(' ')), quotes);
  }

  uint8x16_t bytes_;
};
using native_block = neon_block;

#else
using native_block = portable_block;
#endif

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
