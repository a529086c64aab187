// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/openrouter/content_part.hpp"

#include "orcast/core/base64.hpp"
#include "orcast/core/file.hpp"
#include "orcast/core/media_type.hpp"
#include "orcast/openrouter/impl/json_text.hpp"

// The bodies of orcast/openrouter/content_part.hpp. What they are given may be no UTF-8: it is put
// into the JSON as it is, and the request that carries it is refused.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Bytes as a data URL; refused when there are too many, or none says what they are.
inline result<std::string> data_url(const char* what, std::string_view bytes,
                                    std::string_view media_type) {
  const std::string name = what;
  if (bytes.empty()) return failure(errc::invalid_argument, name + ": there are no bytes");
  if (bytes.size() > part::most_bytes) {
    return failure(errc::too_large, name + ": " + std::to_string(bytes.size()) +
                                        " bytes are more than a message may carry (" +
                                        std::to_string(part::most_bytes) + "); send a URL instead");
  }
  if (media_type.empty()) media_type = media_type_of(bytes);
  if (media_type.empty()) {
    return failure(errc::invalid_argument,
                   name + ": the bytes are of no type that is known; name their media type");
  }
  std::string url = "data:";
  url.reserve(url.size() + media_type.size() + 8 + base64_size(bytes.size()));
  url.append(media_type).append(";base64,");
  append_base64(url, bytes);
  return url;
}

/// {"type":TYPE,TYPE:{FIRST:"...",SECOND:"..."}}, without a second member that is empty.
inline content_part object_part(std::string_view type, std::string_view inside,
                                std::string_view first, std::string_view first_text,
                                std::string_view second = {}, std::string_view second_text = {}) {
  json_text whole;
  whole.reserve(first_text.size() + 128);
  whole.append("{\"type\":\"").append(type).append("\",\"").append(inside).append("\":{\"");
  whole.append(first).append("\":");
  append_json_string(whole, first_text);
  if (!second_text.empty()) {
    whole.append(",\"").append(second).append("\":");
    append_json_string(whole, second_text);
  }
  whole += "}}";
  return part::json(std::string(type), std::move(whole));
}

/// OpenRouter's names of audio formats; empty for what is none.
inline std::string_view audio_format_of(std::string_view media_type) noexcept {
  if (media_type == "audio/mpeg") return "mp3";
  if (media_type == "audio/mp4") return "m4a";
  return media_type.substr(0, 6) == "audio/" ? media_type.substr(6) : std::string_view();
}

}  // namespace detail

namespace part {

ORCAST_DECL content_part image_url(std::string_view url, std::string_view detail) {
  return v0::detail::object_part("image_url", "image_url", "url", url, "detail", detail);
}

ORCAST_DECL result<content_part> image(std::string_view bytes, std::string_view media_type,
                                       std::string_view detail) {
  result<std::string> url = v0::detail::data_url("part::image", bytes, media_type);
  if (!url) return url.error();
  return image_url(*url, detail);
}

ORCAST_DECL result<content_part> audio(std::string_view bytes, std::string_view format) {
  if (format.empty()) format = v0::detail::audio_format_of(media_type_of(bytes));
  // The data goes without the head of its URL; the type is only looked at.
  constexpr std::string_view type = "audio/any";
  result<std::string> url =
      v0::detail::data_url("part::audio", bytes, format.empty() ? std::string_view() : type);
  if (!url) return url.error();
  if (format.empty()) {
    return failure(errc::invalid_argument, "part::audio: the bytes are no audio; name the format");
  }
  const std::string_view data = std::string_view(*url).substr(url->find(',') + 1);
  return v0::detail::object_part("input_audio", "input_audio", "data", data, "format", format);
}

ORCAST_DECL content_part file_url(std::string_view url, std::string_view filename) {
  return v0::detail::object_part("file", "file", "file_data", url, "filename", filename);
}

ORCAST_DECL result<content_part> file(std::string_view bytes, std::string_view filename,
                                      std::string_view media_type) {
  result<std::string> url = v0::detail::data_url("part::file", bytes, media_type);
  if (!url) return url.error();
  return file_url(*url, filename);
}

ORCAST_DECL content_part file_id(std::string_view id) {
  return v0::detail::object_part("file", "file", "file_id", id);
}

ORCAST_DECL content_part video_url(std::string_view url) {
  return v0::detail::object_part("video_url", "video_url", "url", url);
}

ORCAST_DECL result<content_part> video(std::string_view bytes, std::string_view media_type) {
  result<std::string> url = v0::detail::data_url("part::video", bytes, media_type);
  if (!url) return url.error();
  return video_url(*url);
}

ORCAST_DECL result<content_part> from_file(const std::string& name) {
  const result<std::string> bytes = read_file(name, most_bytes);
  if (!bytes) return bytes.error();
  const std::string_view type = media_type_of(*bytes);
  const std::string_view family = type.substr(0, type.find('/'));
  if (family == "image") return image(*bytes, type);
  if (family == "audio") return audio(*bytes);
  if (family == "video") return video(*bytes, type);
  const std::size_t slash = name.find_last_of("/\\");
  const std::string short_name = slash == std::string::npos ? name : name.substr(slash + 1);
  // A model reads any other text; what is neither is refused.
  const bool plain = type.empty() && valid_utf8(*bytes);
  return file(*bytes, short_name, plain ? std::string_view("text/plain") : type);
}

}  // namespace part

}  // namespace v0
}  // namespace orcast
