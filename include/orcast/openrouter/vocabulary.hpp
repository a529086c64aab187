// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orcast/config.hpp"

// How OpenRouter's names become the conventions' names. All lists are open: what is not listed is
// passed on in lower case.

namespace orcast {
inline namespace v0 {
namespace detail {

struct name_pair {
  std::string_view from;
  std::string_view to;
};

template <std::size_t N>
constexpr std::string_view translate(const name_pair (&list)[N], std::string_view name) noexcept {
  for (const name_pair& pair : list) {
    if (pair.from == name) return pair.to;
  }
  return name;
}

/// "anthropic" of "anthropic/claude-sonnet-4.5:thinking" or "~anthropic/claude-latest".
constexpr std::string_view author_of(std::string_view slug) noexcept {
  if (!slug.empty() && slug.front() == '~') slug.remove_prefix(1);
  const std::size_t slash = slug.find('/');
  return slash == std::string_view::npos ? std::string_view() : slug.substr(0, slash);
}

/// llm.system: OpenInference's list, else the author.
constexpr std::string_view system_of(std::string_view author) noexcept {
  constexpr name_pair list[] = {{"google", "vertexai"}, {"x-ai", "xai"}, {"meta-llama", "meta"}};
  return translate(list, author);
}

/// gen_ai.provider.name: OpenTelemetry's list, else the author.
constexpr std::string_view companion_provider_of(std::string_view author) noexcept {
  constexpr name_pair list[] = {{"mistralai", "mistral_ai"},
                                {"x-ai", "x_ai"},
                                {"amazon", "aws.bedrock"},
                                {"google", "gcp.gen_ai"}};
  return translate(list, author);
}

/// llm.provider from the `provider` of a response.
inline std::string provider_of(std::string_view name) {
  constexpr name_pair list[] = {
      {"amazon bedrock", "aws"},   {"amazon", "aws"},           {"google ai studio", "google"},
      {"google vertex", "google"}, {"moonshot ai", "moonshot"}, {"mistral", "mistralai"},
      {"together ai", "together"}, {"togetherai", "together"},  {"microsoft azure", "azure"}};
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return std::string(translate(list, lower));
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
