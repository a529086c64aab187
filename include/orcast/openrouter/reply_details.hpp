// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/chat_reply.hpp"

// What a reply carries besides text, in types: images, sound, sources, reasoning, probabilities. A
// reply holds it as the JSON that came, so that it can be sent back unchanged; these functions read
// it when it is wanted. What is missing, null or of another kind than documented is left empty.

namespace orcast {
inline namespace v0 {

/// A place on the web that the answer draws on, or a document that was read for it.
struct annotation {
  std::string type;  ///< "url_citation", "file", or what is new
  std::string url;
  std::string title;
  std::string content;                      ///< of a page: an excerpt
  std::optional<std::int64_t> start_index;  ///< where in the text it is cited
  std::optional<std::int64_t> end_index;
  std::string file_hash;  ///< of a document
  std::string file_name;
  json_text file_content;  ///< an array of parts
  json_text json;          ///< the whole annotation
};

/// What the model said aloud.
struct audio_output {
  std::string id;
  std::string data;  ///< base64
  std::string transcript;
  std::optional<std::int64_t> expires_at;  ///< seconds since 1970
};

struct reasoning_detail {
  std::string type;  ///< "reasoning.text", "reasoning.summary", "reasoning.encrypted", ...
  std::string id;
  std::string format;
  std::optional<std::int64_t> index;
  std::string text;
  std::string signature;
  std::string summary;
  std::string data;
  std::string tool_name;  ///< of a tool that OpenRouter ran, as the following
  std::string arguments;
  std::string result;
  std::string tool_call_id;
  json_text json;  ///< the whole item
};

struct token_probability {
  std::string token;
  std::string bytes;  ///< its UTF-8, which may be a part of a character
  double logprob = 0;
  std::vector<token_probability> top;  ///< what else it might have been
};

/// The images of a message, each as the URL that came, mostly a data URL.
ORCAST_DECL std::vector<std::string> image_urls_of(const message& said);
ORCAST_DECL std::vector<annotation> annotations_of(const message& said);
ORCAST_DECL audio_output audio_of(const message& said);
ORCAST_DECL std::vector<reasoning_detail> reasoning_details_of(const message& said);
/// Of the tokens of the content.
ORCAST_DECL std::vector<token_probability> probabilities_of(const chat_choice& choice);

/// What a data URL holds: "data:image/png;base64,...".
struct data_url {
  std::string media_type;
  std::string bytes;
};
/// Fails with invalid_argument when it is not a data URL in base64.
ORCAST_DECL result<data_url> parse_data_url(std::string_view url);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/reply_details.ipp"
#endif
