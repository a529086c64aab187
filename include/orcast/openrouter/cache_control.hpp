// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "orcast/openrouter/json_text.hpp"

// Where a provider that caches prompts on request (Anthropic and others) is to cache.

namespace orcast {
inline namespace v0 {

/// {"type":"ephemeral","ttl":...}: all up to and with the thing that carries it is to be cached.
struct cache_control {
  std::string ttl;  ///< "5m" or "1h"; empty: the provider's default
};

/// For providers that keep a cache by name (OpenAI).
struct prompt_cache_options {
  std::string mode;  ///< "explicit"
  std::string ttl;
  json_text extra;  ///< an object with further members
};

}  // namespace v0
}  // namespace orcast
