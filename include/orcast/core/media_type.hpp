// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "orcast/config.hpp"

// The type of an image, a sound, a film or a document, told by its first bytes as browsers do it
// (WHATWG MIME Sniffing, sections 6.1 and 6.2), for the types that models take. File names are not
// asked.

namespace orcast {
inline namespace v0 {

/// "image/png" and the like; empty when the bytes are of no type that is known here.
inline std::string_view media_type_of(std::string_view bytes) noexcept {
  struct mark {
    std::string_view at_0;
    std::string_view at_8;  // of containers, whose content is named there
    std::string_view type;
  };
  constexpr mark marks[] = {
      {"\x89PNG\r\n\x1A\n", {}, "image/png"},
      {"\xFF\xD8\xFF", {}, "image/jpeg"},
      {"GIF87a", {}, "image/gif"},
      {"GIF89a", {}, "image/gif"},
      {"RIFF", "WEBP", "image/webp"},
      {"BM", {}, "image/bmp"},
      {"%PDF-", {}, "application/pdf"},
      {"RIFF", "WAVE", "audio/wav"},
      {"ID3", {}, "audio/mpeg"},
      {"OggS", {}, "audio/ogg"},
      {"fLaC", {}, "audio/flac"},
      {"FORM", "AIFF", "audio/aiff"},
      {"\x1A\x45\xDF\xA3", {}, "video/webm"},
  };
  for (const mark& each : marks) {
    if (bytes.substr(0, each.at_0.size()) != each.at_0) continue;
    if (each.at_8.empty() || (bytes.size() >= 12 && bytes.substr(8, 4) == each.at_8)) {
      return each.type;
    }
  }
  // ISO base media: a box "ftyp" whose brand tells what is in it.
  if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") {
    const std::string_view brand = bytes.substr(8, 4);
    if (brand == "M4A ") return "audio/mp4";
    if (brand == "avif") return "image/avif";
    if (brand == "heic" || brand == "heix") return "image/heic";
    return brand == "qt  " ? "video/quicktime" : "video/mp4";
  }
  // A frame of MPEG audio, or of ADTS, without a tag before it.
  if (bytes.size() >= 2 && bytes[0] == '\xFF' && (bytes[1] & '\xE0') == '\xE0') {
    return (bytes[1] & '\x06') == 0 ? "audio/aac" : "audio/mpeg";
  }
  return {};
}

}  // namespace v0
}  // namespace orcast
