// SPDX-License-Identifier: MIT

#include "orcast/otlp/utf8_rows.hpp"

#include <string>

#include "support/catch.hpp"

#if defined(__GNUC__) && defined(__SSE2__) && (defined(__x86_64__) || defined(__i386__))

namespace detail = orcast::otlp::detail;

TEST_CASE("AVX2 is found where the compiler's own question finds it") {
  CHECK(detail::has_avx2() == (__builtin_cpu_supports("avx2") != 0));
}

TEST_CASE("rows of characters are copied where the processor has AVX2, the first time and later") {
  std::string text;
  while (text.size() < 192) text += "\xE6\x97\xA5";  // 日
  const std::size_t copied = __builtin_cpu_supports("avx2") != 0 ? 192 : 0;
  for (int time = 0; time < 3; ++time) {
    std::string out(text.size(), '-');
    const char* const in = text.data();
    CHECK(detail::utf8_by_lookups::copy(in, in + text.size(), &out[0], &out[0] + out.size()) ==
          copied);
    CHECK(out.substr(0, copied) == text.substr(0, copied));
  }
}

#endif
