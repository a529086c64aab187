// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orcast/openrouter/json_text.hpp"

// What OpenRouter does to a request or a reply on its way: search the web, read documents, mend
// JSON, shorten a long conversation.
//
//   request.plugins = {plugin::of("response-healing"), plugin::pdf("native")};

namespace orcast {
inline namespace v0 {

/// One plugin. The members with a type are those of most plugins and of the web search.
struct plugin {
  std::string id;  ///< "web", "web-fetch", "file-parser", "response-healing", ...
  std::optional<bool> enabled;
  std::string engine;  ///< of "web": "native", "exa", ...; of "context-compression"
  std::string mode;
  std::optional<std::int64_t> max_results;
  std::optional<std::int64_t> max_uses;
  std::string search_prompt;
  std::vector<std::string> include_domains;
  std::vector<std::string> exclude_domains;
  json_text settings;  ///< an object with the plugin's further members

  /// Any plugin, with its settings.
  static plugin of(std::string id, json_text settings = {}) {
    plugin made;
    made.id = std::move(id);
    made.settings = std::move(settings);
    return made;
  }
  /// Web search before the answer, with so many results at most.
  static plugin web(std::int64_t max_results = 5) {
    plugin made = of("web");
    made.max_results = max_results;
    return made;
  }
  /// Who reads documents: "mistral-ocr", "cloudflare-ai" or "native".
  static plugin pdf(const std::string& engine) {
    return of("file-parser", R"({"pdf":{"engine":")" + engine + "\"}}");
  }
};

}  // namespace v0
}  // namespace orcast
