// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/openrouter/reply_details.hpp"

#include "orcast/core/base64.hpp"
#include "orcast/openrouter/impl/reply_fields.hpp"

// Reads what a reply holds as JSON.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Calls `take(element, place)` for each object of a JSON array.
template <class Element, class Take>
std::vector<Element> read_elements(std::string_view json, Take take) {
  std::vector<Element> made;
  json_reader reader(json_manners::tolerant);
  if (json.empty() || !reader.parse(json) || !reader.root().is_array()) return made;
  for (const json_view each : reader.root()) {
    if (!each.is_object()) continue;
    made.emplace_back();
    take(each, made.back());
  }
  return made;
}

inline void read_annotation(json_view value, annotation& made) {
  take_text(value["type"], made.type);
  const json_view page = value["url_citation"];
  take_text(page["url"], made.url);
  take_text(page["title"], made.title);
  take_text(page["content"], made.content);
  made.start_index = read_count(page["start_index"]);
  made.end_index = read_count(page["end_index"]);
  const json_view file = value["file"];
  take_text(file["hash"], made.file_hash);
  take_text(file["name"], made.file_name);
  if (file["content"].is_array()) made.file_content = to_json(file["content"]);
  made.json = to_json(value);
}

inline void read_reasoning_detail(json_view value, reasoning_detail& made) {
  take_text(value["type"], made.type);
  take_text(value["id"], made.id);
  take_text(value["format"], made.format);
  made.index = read_count(value["index"]);
  take_text(value["text"], made.text);
  take_text(value["signature"], made.signature);
  take_text(value["summary"], made.summary);
  take_text(value["data"], made.data);
  take_text(value["tool_name"], made.tool_name);
  take_text(value["arguments"], made.arguments);
  take_text(value["result"], made.result);
  take_text(value["tool_call_id"], made.tool_call_id);
  made.json = to_json(value);
}

inline void read_probability(json_view value, token_probability& made) {
  take_text(value["token"], made.token);
  made.logprob = value["logprob"].real();
  if (value["bytes"].is_array()) {
    for (const json_view byte : value["bytes"]) {
      made.bytes += static_cast<char>(byte.integer() & 0xFF);
    }
  } else {
    made.bytes = made.token;
  }
  if (!value["top_logprobs"].is_array()) return;
  for (const json_view other : value["top_logprobs"]) {
    made.top.emplace_back();
    read_probability(other, made.top.back());
  }
}

}  // namespace detail

ORCAST_DECL std::vector<std::string> image_urls_of(const message& said) {
  return detail::read_elements<std::string>(said.images,
                                            [](detail::json_view each, std::string& url) {
                                              detail::take_text(each["image_url"]["url"], url);
                                            });
}

ORCAST_DECL std::vector<annotation> annotations_of(const message& said) {
  return detail::read_elements<annotation>(said.annotations, detail::read_annotation);
}

ORCAST_DECL audio_output audio_of(const message& said) {
  audio_output made;
  detail::json_reader reader(detail::json_manners::tolerant);
  if (said.audio.empty() || !reader.parse(said.audio)) return made;
  detail::take_text(reader.root()["id"], made.id);
  detail::take_text(reader.root()["data"], made.data);
  detail::take_text(reader.root()["transcript"], made.transcript);
  made.expires_at = detail::read_count(reader.root()["expires_at"]);
  return made;
}

ORCAST_DECL std::vector<reasoning_detail> reasoning_details_of(const message& said) {
  return detail::read_elements<reasoning_detail>(said.reasoning_details,
                                                 detail::read_reasoning_detail);
}

ORCAST_DECL std::vector<token_probability> probabilities_of(const chat_choice& choice) {
  std::vector<token_probability> made;
  detail::json_reader reader(detail::json_manners::tolerant);
  if (choice.logprobs.empty() || !reader.parse(choice.logprobs)) return made;
  const detail::json_view tokens = reader.root()["content"];
  if (!tokens.is_array()) return made;
  for (const detail::json_view each : tokens) {
    made.emplace_back();
    detail::read_probability(each, made.back());
  }
  return made;
}

ORCAST_DECL result<data_url> parse_data_url(std::string_view url) {
  const auto refuse = [](const char* why) { return failure(errc::invalid_argument, why); };
  constexpr std::string_view scheme = "data:";
  constexpr std::string_view marker = ";base64";
  if (url.substr(0, scheme.size()) != scheme) return refuse("not a data URL");
  url.remove_prefix(scheme.size());
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos) return refuse("a data URL without data");
  std::string_view type = url.substr(0, comma);
  if (type.size() < marker.size() || type.substr(type.size() - marker.size()) != marker) {
    return refuse("a data URL that is not in base64");
  }
  type.remove_suffix(marker.size());
  data_url made;
  made.media_type = type.substr(0, type.find(';'));
  if (!append_base64_decoded(made.bytes, url.substr(comma + 1))) {
    return refuse("a data URL whose data is not base64");
  }
  return made;
}

}  // namespace v0
}  // namespace orcast
