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

// Several bytes of text at once, through one type for each instruction set. A question about the
// bytes is answered by a block of the same type, whose bytes are true (the top bit says so) or
// false; marks() makes it a number with one bit for each byte, `step` bits apart, the first byte
// lowest. All types give the same answers; tests compare them.

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

/// Writes a number's bytes, the lowest first, on any processor.
inline void store(char* at, std::uint64_t bytes) noexcept {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bytes = __builtin_bswap64(bytes);
#endif
  std::memcpy(at, &bytes, sizeof bytes);
}
inline void store(char* at, std::uint32_t bytes) noexcept {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bytes = __builtin_bswap32(bytes);
#endif
  std::memcpy(at, &bytes, sizeof bytes);
}

/// Eight bytes in an ordinary register, on any processor.
class portable_block {
 public:
  static constexpr std::size_t width = 8;
  static constexpr unsigned step = 8;

  explicit portable_block(std::uint64_t bytes) noexcept : bytes_(bytes) {}
  explicit portable_block(const char* in) noexcept {
    std::memcpy(&bytes_, in, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes_ = __builtin_bswap64(bytes_);
#endif
  }

  /// Writes the bytes of the text that was read.
  void store(char* at) const noexcept { detail::store(at, bytes_); }
  portable_block equal(unsigned char c) const noexcept {
    const std::uint64_t other = bytes_ ^ ones * c;  // additions can't carry into the next byte
    return portable_block(~(((other & ~tops) + ~tops) | other));
  }
  /// `c` is 0x80 or more.
  portable_block at_least(unsigned char c) const noexcept {
    return portable_block(((bytes_ & ~tops) + ones * (0x100u - c)) & bytes_);
  }
  portable_block masked(unsigned char c) const noexcept {
    return portable_block(bytes_ & ones * c);
  }
  portable_block high() const noexcept { return *this; }  ///< at_least(0x80)
  /// What the escaper can't just copy: control characters, quotes, backslashes, and all from 0x80.
  portable_block special() const noexcept {
    // With one bit turned the quote is what follows the control characters.
    const std::uint64_t others = ((bytes_ ^ ones * 0x02) & ~tops) + ones * (0x80 - 0x21);
    return portable_block(~others | bytes_ | equal('\\').bytes_);
  }
  /// Continuation bytes of UTF-8 that no byte before them calls for, and what stands in the place
  /// of one that is called for. The others are the same text one, two and three bytes back.
  portable_block misplaced(portable_block back_1, portable_block back_2,
                           portable_block back_3) const noexcept {
    return (back_1.at_least(0xC0) | back_2.at_least(0xE0) | back_3.at_least(0xF0)) ^ high() ^
           at_least(0xC0);
  }
  /// The bytes `N` places on; false comes in.
  template <unsigned N>
  portable_block later() const noexcept {
    return portable_block(bytes_ << 8 * N);
  }

  friend portable_block operator|(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ | b.bytes_);
  }
  friend portable_block operator&(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ & b.bytes_);
  }
  /// Where `a` is true and `b` is not.
  friend portable_block without(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ & ~b.bytes_);
  }
  friend portable_block operator^(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ ^ b.bytes_);
  }
  bool any() const noexcept { return marks() != 0; }
  std::uint64_t marks() const noexcept { return bytes_ & tops; }

 private:
  static constexpr std::uint64_t tops = 0x8080808080808080u;
  static constexpr std::uint64_t ones = 0x0101010101010101u;
  std::uint64_t bytes_ = 0;
};

#if defined(__SSE2__) || defined(_M_X64)

class sse2_block {
 public:
  static constexpr std::size_t width = 16;
  static constexpr unsigned step = 1;

  explicit sse2_block(const char* in) noexcept
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))) {}

  void store(char* at) const noexcept { _mm_storeu_si128(reinterpret_cast<__m128i*>(at), bytes_); }
  sse2_block equal(unsigned char c) const noexcept { return _mm_cmpeq_epi8(bytes_, all_of(c)); }
  sse2_block at_least(unsigned char c) const noexcept {
    return _mm_cmpeq_epi8(_mm_max_epu8(bytes_, all_of(c)), bytes_);
  }
  sse2_block masked(unsigned char c) const noexcept { return _mm_and_si128(bytes_, all_of(c)); }
  sse2_block high() const noexcept { return *this; }
  sse2_block special() const noexcept {
    // As above; and as signed numbers the bytes from 0x80 on are less than all others.
    const __m128i turned = _mm_xor_si128(bytes_, all_of(0x02));
    return sse2_block(_mm_cmpgt_epi8(all_of(0x21), turned)) | equal('\\');
  }
  sse2_block misplaced(sse2_block back_1, sse2_block back_2, sse2_block back_3) const noexcept {
    const __m128i called_for =
        _mm_or_si128(_mm_or_si128(_mm_subs_epu8(back_1.bytes_, all_of(0xBF)),
                                  _mm_subs_epu8(back_2.bytes_, all_of(0xDF))),
                     _mm_subs_epu8(back_3.bytes_, all_of(0xEF)));
    const __m128i continued = _mm_cmpgt_epi8(all_of(0xC0), bytes_);  // signed: 0x80 to 0xBF
    return _mm_cmpeq_epi8(_mm_cmpeq_epi8(called_for, _mm_setzero_si128()), continued);
  }
  template <unsigned N>
  sse2_block later() const noexcept {
    return _mm_slli_si128(bytes_, N);
  }

  friend sse2_block operator|(sse2_block a, sse2_block b) noexcept {
    return _mm_or_si128(a.bytes_, b.bytes_);
  }
  friend sse2_block operator&(sse2_block a, sse2_block b) noexcept {
    return _mm_and_si128(a.bytes_, b.bytes_);
  }
  friend sse2_block without(sse2_block a, sse2_block b) noexcept {
    return _mm_andnot_si128(b.bytes_, a.bytes_);
  }
  friend sse2_block operator^(sse2_block a, sse2_block b) noexcept {
    return _mm_xor_si128(a.bytes_, b.bytes_);
  }
  bool any() const noexcept { return marks() != 0; }
  std::uint64_t marks() const noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes_));
  }

 private:
  sse2_block(__m128i bytes) noexcept : bytes_(bytes) {}
  static __m128i all_of(unsigned char c) noexcept { return _mm_set1_epi8(static_cast<char>(c)); }

  __m128i bytes_;
};
using native_block = sse2_block;

#elif defined(__aarch64__) && defined(__ARM_NEON)

class neon_block {
 public:
  static constexpr std::size_t width = 16;
  static constexpr unsigned step = 4;

  explicit neon_block(const char* in) noexcept
      : bytes_(vld1q_u8(reinterpret_cast<const std::uint8_t*>(in))) {}

  void store(char* at) const noexcept { vst1q_u8(reinterpret_cast<std::uint8_t*>(at), bytes_); }
  neon_block equal(unsigned char c) const noexcept { return vceqq_u8(bytes_, vdupq_n_u8(c)); }
  neon_block at_least(unsigned char c) const noexcept { return vcgeq_u8(bytes_, vdupq_n_u8(c)); }
  neon_block masked(unsigned char c) const noexcept { return vandq_u8(bytes_, vdupq_n_u8(c)); }
  neon_block high() const noexcept { return at_least(0x80); }
  neon_block special() const noexcept {
    const uint8x16_t turned = veorq_u8(bytes_, vdupq_n_u8(0x02));
    return neon_block(vcltq_s8(vreinterpretq_s8_u8(turned), vdupq_n_s8(0x21))) | equal('\\');
  }
  neon_block misplaced(neon_block back_1, neon_block back_2, neon_block back_3) const noexcept {
    return (back_1.at_least(0xC0) | back_2.at_least(0xE0) | back_3.at_least(0xF0)) ^ high() ^
           at_least(0xC0);
  }
  template <unsigned N>
  neon_block later() const noexcept {
    return vextq_u8(vdupq_n_u8(0), bytes_, 16 - N);
  }

  friend neon_block operator|(neon_block a, neon_block b) noexcept {
    return vorrq_u8(a.bytes_, b.bytes_);
  }
  friend neon_block operator&(neon_block a, neon_block b) noexcept {
    return vandq_u8(a.bytes_, b.bytes_);
  }
  friend neon_block without(neon_block a, neon_block b) noexcept {
    return vbicq_u8(a.bytes_, b.bytes_);
  }
  friend neon_block operator^(neon_block a, neon_block b) noexcept {
    return veorq_u8(a.bytes_, b.bytes_);
  }
  bool any() const noexcept { return vmaxvq_u8(bytes_) >= 0x80; }
  /// There is no movemask: narrowing leaves four bits for each byte, of which the top one is kept.
  std::uint64_t marks() const noexcept {
    const uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(bytes_), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0) & 0x8888888888888888u;
  }

 private:
  neon_block(uint8x16_t bytes) noexcept : bytes_(bytes) {}

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
