// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "orcast/otlp/block_group.hpp"

// Characters beyond ASCII in a row, checked and copied 64 bytes at a time where the processor can
// look bytes up in a table (AVX2, asked for at run time, because programs are compiled for SSE2).
//
// What may not stand behind a byte is told by three lookups: the halves of the first byte and the
// upper half of the second each name the rules that they would break, and a rule that all three
// name is broken (John Keiser, Daniel Lemire: Validating UTF-8 In Less Than One Instruction Per
// Byte, 2020). The rules are those of Unicode 15, table 3-7.

#if defined(__GNUC__) && defined(__SSE2__) && (defined(__x86_64__) || defined(__i386__))
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// Two bytes in a row that are not UTF-8. Of each half of a byte: a bit for each of its 16 values.
struct utf8_rule {
  std::uint16_t first_high;
  std::uint16_t first_low;
  std::uint16_t second_high;
};

inline constexpr std::uint16_t any_half = 0xFFFF;
inline constexpr std::uint16_t continuing = 0x0F00;  // 8 to B

inline constexpr utf8_rule utf8_rules[8] = {
    {0xF000, any_half, 0xF0FF},      // a character that is cut
    {0x00FF, any_half, continuing},  // ASCII that goes on
    {0x1000, 0x0003, continuing},    // C0, C1: overlong
    {0x4000, 0x0001, 0x0300},        // E0 80 to 9F: overlong
    {0x4000, 0x2000, 0x0C00},        // ED A0 to BF: surrogates
    {0x8000, 0xFFF0, 0x0E00},        // F4 90 and more: too large
    {0x8000, 0xFFE1, 0x0100},        // F0 80: overlong; F5 80 and more: too large
    {0x0F00, any_half, continuing},  // two that continue: right behind E0 to FF, nowhere else
};

/// The rules by halves of bytes: in a lookup's place, a bit for each rule.
struct utf8_lookups {
  alignas(16) unsigned char first_high[16] = {};
  alignas(16) unsigned char first_low[16] = {};
  alignas(16) unsigned char second_high[16] = {};

  constexpr utf8_lookups() noexcept {
    for (unsigned half = 0; half < 16; ++half) {
      for (unsigned r = 0; r < 8; ++r) {
        first_high[half] = with(first_high[half], utf8_rules[r].first_high >> half & 1u, r);
        first_low[half] = with(first_low[half], utf8_rules[r].first_low >> half & 1u, r);
        second_high[half] = with(second_high[half], utf8_rules[r].second_high >> half & 1u, r);
      }
    }
  }

 private:
  static constexpr unsigned char with(unsigned char bits, unsigned value, unsigned at) noexcept {
    return static_cast<unsigned char>(bits | value << at);
  }
};
ORCAST_HIDDEN inline constexpr utf8_lookups utf8_tables;

/// Nobody: the escaper goes through all groups by itself.
struct utf8_by_blocks {
  static std::size_t copy(const char*, const char*, char*, char*) noexcept { return 0; }
};

#if defined(__GNUC__) && defined(__SSE2__) && (defined(__x86_64__) || defined(__i386__))

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i utf8_look_up(
    const unsigned char (&table)[16], __m256i halves) noexcept {
  const __m128i once = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(once), halves);
}

/// Where `bytes` break a rule; `before` are the 32 bytes before them.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i utf8_broken(__m256i bytes,
                                                                       __m256i before) noexcept {
  const __m256i half = _mm256_set1_epi8(0x0F);
  const __m256i across = _mm256_permute2x128_si256(before, bytes, 0x21);
  const __m256i back_1 = _mm256_alignr_epi8(bytes, across, 15);
  const __m256i back_2 = _mm256_alignr_epi8(bytes, across, 14);
  const __m256i back_3 = _mm256_alignr_epi8(bytes, across, 13);
  const __m256i first_high = _mm256_and_si256(_mm256_srli_epi16(back_1, 4), half);
  const __m256i first_low = _mm256_and_si256(back_1, half);
  const __m256i second_high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
  const __m256i rules =
      _mm256_and_si256(_mm256_and_si256(utf8_look_up(utf8_tables.first_high, first_high),
                                        utf8_look_up(utf8_tables.first_low, first_low)),
                       utf8_look_up(utf8_tables.second_high, second_high));
  // The top bit where the third or the fourth byte of a character has to stand: there, and only
  // there, the last rule is to be broken.
  const __m256i called_for =
      _mm256_or_si256(_mm256_subs_epu8(back_2, _mm256_set1_epi8(static_cast<char>(0xE0 - 0x80))),
                      _mm256_subs_epu8(back_3, _mm256_set1_epi8(static_cast<char>(0xF0 - 0x80))));
  const __m256i top = _mm256_set1_epi8(static_cast<char>(0x80));
  return _mm256_xor_si256(_mm256_and_si256(called_for, top), rules);
}

/// Control characters, quotes and backslashes.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i utf8_escaped(__m256i bytes) noexcept {
  const __m256i turned = _mm256_xor_si256(bytes, _mm256_set1_epi8(0x02));
  const __m256i least = _mm256_min_epu8(turned, _mm256_set1_epi8(0x20));
  return _mm256_or_si256(_mm256_cmpeq_epi8(least, turned),
                         _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
}

/// Copies groups that are UTF-8, need no escape, and are not ASCII alone, while there are bytes and
/// room for a group. The text begins with a character; how much was copied, in whole characters.
[[gnu::target("avx2"), gnu::noinline]] inline std::size_t copy_utf8_by_lookups(
    const char* const from, const char* in_end, char* at, char* end) noexcept {
  constexpr std::ptrdiff_t size = 64;
  const char* in = from;
  __m256i before = _mm256_setzero_si256();
  for (; in_end - in >= size && end - at >= size; in += size, at += size) {
    const auto* const halves = reinterpret_cast<const __m256i*>(in);
    const __m256i a = _mm256_loadu_si256(halves);
    const __m256i b = _mm256_loadu_si256(halves + 1);
    if (_mm256_movemask_epi8(_mm256_or_si256(a, b)) == 0) break;
    const __m256i broken = _mm256_or_si256(utf8_broken(a, before), utf8_broken(b, a));
    const __m256i escaped = _mm256_or_si256(utf8_escaped(a), utf8_escaped(b));
    const __m256i stop = _mm256_or_si256(broken, escaped);
    if (_mm256_testz_si256(stop, stop) == 0) break;
    auto* const to = reinterpret_cast<__m256i*>(at);
    _mm256_storeu_si256(to, a);
    _mm256_storeu_si256(to + 1, b);
    before = b;
  }
  if (in == from) return 0;
  const std::size_t whole = whole_characters<sse2_block>(in - size);
  return static_cast<std::size_t>(in - from - size) + whole;
}

/// Whether the processor has AVX2 and the system keeps its registers: what
/// __builtin_cpu_supports("avx2") says, without the 4.5 KB that come with it.
ORCAST_SMALL inline bool has_avx2() noexcept {
  constexpr unsigned leaf_1_ecx = 1u << 27 | 1u << 28;  // OSXSAVE: xgetbv may be asked; AVX
  constexpr unsigned leaf_7_ebx = 1u << 5;              // AVX2
  constexpr unsigned xcr0 = 1u << 1 | 1u << 2;          // the system saves SSE's and AVX's state
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & leaf_1_ecx) != leaf_1_ecx) return false;
  __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  if ((a & xcr0) != xcr0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & leaf_7_ebx) != 0;
}

/// Whom the escaper offers rows of characters.
struct ORCAST_HIDDEN utf8_by_lookups {
  /// How much was copied, in whole characters; 0 also where the processor has no such lookups.
  static std::size_t copy(const char* in, const char* in_end, char* at, char* end) noexcept {
    // Relaxed: whoever finds no answer asks, and all get the same.
    signed char known = known_.load(std::memory_order_relaxed);
    if (known == 0) known = ask();
    return known < 0 ? 0 : copy_utf8_by_lookups(in, in_end, at, end);
  }

 private:
  ORCAST_SMALL static signed char ask() noexcept {
    const signed char answer = has_avx2() ? 1 : -1;
    known_.store(answer, std::memory_order_relaxed);
    return answer;
  }

  static inline std::atomic<signed char> known_{0};  // the question costs a microsecond and more
};

#else
using utf8_by_lookups = utf8_by_blocks;
#endif

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
