// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/api_request.hpp"
#include "orcast/openrouter/message.hpp"

// The models that OpenRouter offers, filtered and page by page:
//
//   models_query cheap;
//   cheap.category = "roleplay";
//   cheap.sort = "pricing-low-to-high";
//   auto page = talker.ask(cheap);                       // waits; or talker.start(cheap.request())
//   for (const model_info& each : page->models) ...
//   if (!page->next.empty()) talker.ask(page->next_query());
//
// Who offers one of them is in model_endpoints.hpp.

namespace orcast {
inline namespace v0 {

/// US dollars a token (or a request, an image, a search), as the decimal text that OpenRouter
/// sends; empty where it names no price.
struct model_pricing {
  std::string prompt;
  std::string completion;
  std::string request;
  std::string image;
  std::string audio;
  std::string web_search;
  std::string internal_reasoning;
  std::string input_cache_read;
  std::string input_cache_write;
};

struct model_info {
  std::string id;              ///< what a request names: "author/name[:variant]"
  std::string canonical_slug;  ///< the same model for ever, where `id` may move on
  std::string name;
  std::string description;
  std::int64_t created = 0;  ///< seconds since 1970
  std::optional<std::int64_t> context_length;
  std::optional<std::int64_t> max_completion_tokens;
  std::vector<std::string> input_modalities;   ///< text, image, audio, file, video
  std::vector<std::string> output_modalities;  ///< text, image, audio, embeddings
  std::vector<std::string> supported_parameters;
  std::string tokenizer;
  model_pricing pricing;
  std::string expiration_date;  ///< "2027-01-31", for a model that will be gone
  bool is_moderated = false;
  json_text json;  ///< the whole object, for what has no place above

  /// Whether a request's member counts: "tools", "reasoning", "response_format".
  bool supports(std::string_view parameter) const noexcept {
    for (const std::string& each : supported_parameters) {
      if (each == parameter) return true;
    }
    return false;
  }
};

struct models_query;

struct model_page {
  std::vector<model_info> models;
  std::int64_t total_count = 0;
  std::string next;  ///< the path of the next page; empty on the last one

  models_query next_query() const;
};

/// What is not set filters nothing.
struct models_query {
  using reply = model_page;

  std::string text;      ///< in name or slug
  std::string category;  ///< "roleplay", "programming", "translation", ...
  std::vector<std::string> supported_parameters;
  std::vector<std::string> input_modalities;
  std::vector<std::string> output_modalities;  ///< nothing: those with text; "all" for all
  std::vector<std::string> authors;
  std::vector<std::string> providers;
  std::string region;                      ///< "eu" or "us"
  std::string sort;                        ///< "pricing-low-to-high", "context-high-to-low", ...
  std::optional<std::int64_t> context;     ///< tokens, at least
  std::optional<double> max_price;         ///< of the prompt, US dollars a million tokens
  std::optional<double> max_output_price;  ///< of the completion, likewise
  bool zero_data_retention = false;        ///< only models with endpoints that keep nothing
  std::optional<std::int64_t> offset;      ///< how many to skip
  std::optional<std::int64_t> limit;       ///< of one page, 1 to 1000; nothing: all in one
  std::string extra;                       ///< further filters: "min_age_days=7&arch=Llama"
  /// Instead of "/models": "/models/user" (by the account's preferences), "/embeddings/models", or
  /// the next page's.
  std::string path = "/models";

  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<model_page> parse(std::string_view body);
};

inline models_query model_page::next_query() const {
  models_query query;
  query.path = next;
  return query;
}

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/models.ipp"
#endif
