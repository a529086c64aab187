// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/cache_control.hpp"
#include "orcast/openrouter/json_text.hpp"

// The parts of a message that is more than text. They are made by the functions in `part`:
//
//   message::user({part::text("What is this?"), part::image_url("https://example.com/a.png")})
//
// Those that take bytes encode them (base64, in a data URL) and tell their type from the bytes.

namespace orcast {
inline namespace v0 {

/// One part of a message.
struct content_part {
  /// OpenRouter's name of the part: "text", "image_url", "input_audio", "file", "video_url".
  std::string type;
  std::string text;  ///< of a "text" part
  /// The whole part as JSON, for every other type (and for a text part with members of its own).
  json_text json;
  /// Set: the prompt is to be cached up to and with this part.
  std::optional<cache_control> cache = std::nullopt;

  /// The same part, marked: part::text(lore).cached("1h").
  content_part cached(std::string ttl = {}) const& { return content_part(*this).cached(ttl); }
  content_part cached(std::string ttl = {}) && {
    cache = cache_control{std::move(ttl)};
    return std::move(*this);
  }
};

namespace part {

/// The most bytes that a part is made of, before encoding; more is refused with errc::too_large.
inline constexpr std::size_t most_bytes = std::size_t{32} << 20;

inline content_part text(std::string words) {
  content_part made;
  made.type = "text";
  made.text = std::move(words);
  return made;
}

/// Any part: its type, and the whole part as a JSON object.
inline content_part json(std::string type, json_text whole) {
  content_part made;
  made.type = std::move(type);
  made.json = std::move(whole);
  return made;
}

/// An image that the provider fetches, or a data URL. `detail`: "auto", "low", "high", "original".
ORCAST_DECL content_part image_url(std::string_view url, std::string_view detail = {});

/// The bytes of an image file. Fails with invalid_argument when they are of no type that is known
/// and `media_type` ("image/png") does not say it.
ORCAST_DECL result<content_part> image(std::string_view bytes, std::string_view media_type = {},
                                       std::string_view detail = {});

/// The bytes of an audio file. `format` is "wav", "mp3", ...; empty: told from the bytes.
ORCAST_DECL result<content_part> audio(std::string_view bytes, std::string_view format = {});

/// A document that OpenRouter fetches, or a data URL.
ORCAST_DECL content_part file_url(std::string_view url, std::string_view filename = {});

/// The bytes of a document. `media_type`: as for image().
ORCAST_DECL result<content_part> file(std::string_view bytes, std::string_view filename,
                                      std::string_view media_type = {});

/// A document that was uploaded to /files.
ORCAST_DECL content_part file_id(std::string_view id);

/// A film that the provider fetches, or a data URL.
ORCAST_DECL content_part video_url(std::string_view url);

/// The bytes of a film. `media_type`: as for image().
ORCAST_DECL result<content_part> video(std::string_view bytes, std::string_view media_type = {});

/// A file on this machine as the part that its bytes call for: image, audio, video, else document.
/// Fails as read_file() and the functions above do. Blocks: not for a frame's thread.
ORCAST_DECL result<content_part> from_file(const std::string& name);

}  // namespace part

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/content_part.ipp"
#endif
