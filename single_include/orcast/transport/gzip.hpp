// SPDX-License-Identifier: MIT
//
// orcast 0.1.0, generated from include/ by tools/amalgamate.py: change it there.
//
// Needs orcast.hpp beside it and zlib (-lz).
#pragma once

#include "orcast/orcast.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

// ---- orcast/transport/gzip.hpp ----

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif
#include <zlib.h>
#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")

// gzip over zlib, as exporters want it for what they post; link zlib (orcast::gzip in CMake).
//
//   destination.compression = {"gzip", orcast::gzip};
//
// Bodies become several times smaller, for a few nanoseconds a byte on the exporting thread and 270
// KiB of heap while it runs. Whether Arize accepts it is not documented: collectors and Phoenix do.

namespace orcast {
inline namespace v0 {

/// Appends the pieces to `out` as one gzip stream. False when zlib has no memory for it; `out` is
/// then as before. Any thread.
inline bool gzip(const std::string_view* pieces, std::size_t count, std::string& out) {
  z_stream stream{};
  constexpr int fastest = 1;
  constexpr int gzip_window = 15 + 16;  // 16: a gzip header rather than zlib's
  if (deflateInit2(&stream, fastest, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return false;
  }
  const std::size_t before = out.size();
  constexpr std::size_t step = 16 * 1024;
  constexpr std::size_t most = (std::numeric_limits<uInt>::max)();
  int state = Z_OK;
  for (std::size_t i = 0; i <= count && state == Z_OK; ++i) {
    // zlib does not write to what it reads, but its interface predates const.
    const std::string_view piece = i < count ? pieces[i] : std::string_view();
    std::size_t taken = 0;
    do {
      const std::size_t size = (std::min)(piece.size() - taken, most);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data() + taken));
      stream.avail_in = static_cast<uInt>(size);
      taken += size;
      do {
        const std::size_t end = out.size();
        out.resize(end + step);
        stream.next_out = reinterpret_cast<Bytef*>(&out[end]);
        stream.avail_out = static_cast<uInt>(step);
        state = deflate(&stream, i < count ? Z_NO_FLUSH : Z_FINISH);
        out.resize(end + step - stream.avail_out);
      } while (state == Z_OK && stream.avail_out == 0);
    } while (state == Z_OK && taken < piece.size());
    if (state == Z_BUF_ERROR) state = Z_OK;  // nothing to do for an empty piece
  }
  deflateEnd(&stream);
  if (state != Z_STREAM_END) out.resize(before);
  return state == Z_STREAM_END;
}

}  // namespace v0
}  // namespace orcast
