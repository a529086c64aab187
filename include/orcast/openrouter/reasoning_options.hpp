// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orcast/openrouter/json_text.hpp"

// How much a model is to think before it answers. Reasoning is billed as output.

namespace orcast {
inline namespace v0 {

struct reasoning_options {
  /// "max", "xhigh", "high", "medium", "low", "minimal" or "none". Not together with max_tokens.
  std::string effort;
  std::optional<std::int64_t> max_tokens;
  std::optional<bool> enabled;  ///< true: medium effort
  std::optional<bool> exclude;  ///< true: it thinks, but the thoughts are not sent
  std::string summary;          ///< "auto", "concise" or "detailed"
  json_text extra;              ///< an object with further members
};

}  // namespace v0
}  // namespace orcast
