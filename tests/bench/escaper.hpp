// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#else
#include "orcast/otlp/json_text.hpp"
#endif

// The floor that encoding JSON inside JSON is measured against: an escaper alone, written by hand
// for SSE2. It takes 64 bytes at a time, walks the bits of those to be escaped, and neither
// validates UTF-8 nor looks at how much room there is. (Elsewhere it is the library's own.)

namespace bench {

#if defined(__SSE2__)

class escaper {
 public:
  escaper() {
    for (unsigned c = 0; c < 128; ++c) set(c, {static_cast<char>(c)});
    constexpr char digits[] = "0123456789abcdef";
    for (unsigned c = 0; c < 32; ++c) set(c, {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]});
    constexpr char pairs[][2] = {{'\b', 'b'}, {'\t', 't'}, {'\n', 'n'}, {'\f', 'f'},
                                 {'\r', 'r'}, {'"', '"'},  {'\\', '\\'}};
    for (const char* pair : pairs) set(static_cast<unsigned char>(pair[0]), {'\\', pair[1]});
  }

  /// Behind the text 16 bytes can be read; there is room for six times the text and 64 bytes.
  char* write(std::string_view text, char* at) const {
    const char* in = text.data();
    const char* const end = in + text.size();
    for (; end - in >= 64; in += 64) {
      const __m128i a = load(in), b = load(in + 16), c = load(in + 32), d = load(in + 48);
      std::uint64_t marks = special(a) | special(b) << 16 | special(c) << 32 | special(d) << 48;
      if (marks == 0) {
        store(at, a);
        store(at + 16, b);
        store(at + 32, c);
        store(at + 48, d);
        at += 64;
        continue;
      }
      for (int i = 0; i < 64; i += 16, marks >>= 16) at = block(in + i, marks & 0xffff, at);
    }
    for (; in != end; ++in) at = one(*in, at);
    return at;
  }

 private:
  template <std::size_t N>
  void set(unsigned c, const char (&text)[N]) {
    std::memcpy(of_[c], text, N);
    of_[c][7] = N;
  }
  static __m128i load(const char* in) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  }
  static void store(char* at, __m128i bytes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), bytes);
  }
  static std::uint64_t special(__m128i bytes) {
    const __m128i quotes = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return static_cast<std::uint32_t>(
        _mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), quotes)));
  }
  char* one(char c, char* at) const {
    const char* const text = of_[static_cast<unsigned char>(c) & 127];
    std::memcpy(at, text, 8);
    return at + text[7];
  }
  char* block(const char* in, std::uint64_t marks, char* at) const {
    store(at, load(in));
    int from = 0;
    for (; marks != 0; marks &= marks - 1) {
      const int i = __builtin_ctzll(marks);
      at = one(in[i], at + (i - from));
      from = i + 1;
      store(at, load(in + from));
    }
    return at + (16 - from);
  }

  char of_[128][8] = {};
};

#else

class escaper {
 public:
  char* write(std::string_view text, char* at) const {
    return orcast::otlp::write_escaped(text, at, at + 6 * text.size() + 64);
  }
};

#endif

}  // namespace bench
