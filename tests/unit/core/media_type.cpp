// SPDX-License-Identifier: MIT

#include "orcast/core/media_type.hpp"

#include <string>

#include "support/catch.hpp"

namespace {

TEST_CASE("the first bytes tell the type") {
  using orcast::media_type_of;
  CHECK(media_type_of("\x89PNG\r\n\x1A\n....") == "image/png");
  CHECK(media_type_of("\xFF\xD8\xFF\xE0") == "image/jpeg");
  CHECK(media_type_of("GIF89a..") == "image/gif");
  CHECK(media_type_of("RIFF....WEBPVP8 ") == "image/webp");
  CHECK(media_type_of("RIFF....WAVEfmt ") == "audio/wav");
  CHECK(media_type_of("ID3\x04") == "audio/mpeg");
  CHECK(media_type_of("\xFF\xFB\x90") == "audio/mpeg");
  CHECK(media_type_of("\xFF\xF1\x50") == "audio/aac");
  CHECK(media_type_of("OggS") == "audio/ogg");
  CHECK(media_type_of("fLaC") == "audio/flac");
  CHECK(media_type_of("%PDF-1.7") == "application/pdf");
  CHECK(media_type_of("....ftypisom") == "video/mp4");
  CHECK(media_type_of("....ftypM4A ") == "audio/mp4");
  CHECK(media_type_of("....ftypqt  ") == "video/quicktime");
  CHECK(media_type_of("\x1A\x45\xDF\xA3") == "video/webm");
}

TEST_CASE("what is cut off or unknown has no type") {
  for (const char* bytes :
       {"", "\x89PNG", "RIFF....", "RIFF....AVI ", "%PDF", "Hello", "....ftyp"}) {
    CAPTURE(bytes);
    CHECK(orcast::media_type_of(bytes).empty());
  }
}

}  // namespace
