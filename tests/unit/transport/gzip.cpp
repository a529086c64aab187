// SPDX-License-Identifier: MIT

#include "orcast/transport/gzip.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace {

std::string unzip(std::string_view bytes) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int state = Z_OK;
  while (state == Z_OK) {
    char piece[4096];
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof piece;
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, sizeof piece - stream.avail_out);
  }
  CHECK(state == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  inflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("pieces become one gzip stream behind what is there") {
  const std::vector<std::string_view> pieces = {"{\"a\":", "", "1}"};
  std::string out = "before";
  REQUIRE(orcast::gzip(pieces.data(), pieces.size(), out));
  REQUIRE(out.substr(0, 6) == "before");
  CHECK(unzip(std::string_view(out).substr(6)) == "{\"a\":1}");
}

TEST_CASE("gzip gives back what was put in, whatever its size") {
  std::string noise;
  unsigned state = 1;
  for (const std::size_t size : {0u, 1u, 100u, 16'383u, 16'384u, 16'385u, 300'000u}) {
    while (noise.size() < size) {
      state = state * 1664525 + 1013904223;
      noise += static_cast<char>(state >> 24);
    }
    const std::string text(size, 'x');
    const std::vector<std::string_view> pieces = {noise, text};
    std::string out;
    REQUIRE(orcast::gzip(pieces.data(), pieces.size(), out));
    CHECK(unzip(out) == noise + text);
  }
  std::string none;
  REQUIRE(orcast::gzip(nullptr, 0, none));
  CHECK(unzip(none).empty());
}
