// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "orcast/trace/masks.hpp"

// What may be recorded of what people, models and tools say: the settings that content_recorder
// follows.

namespace orcast {
inline namespace v0 {

/// A function of the host's that looks at each text before it is recorded.
struct redaction {
  /// `key` is the attribute's name, with its indices. May change the text; false leaves the
  /// attribute out. Any thread that records; nothing may be recorded from inside.
  bool (*function)(void* context, content what, std::string_view key, std::string& text) = nullptr;
  void* context = nullptr;
};

/// What becomes of content. Plain data that borrows the redaction's context.
struct content_policy {
  bool privacy = false;  ///< privacy mode: no prompts, answers, tool arguments or results
  masks hide;
  redaction redact;  ///< sees what privacy and masks let through
};

}  // namespace v0
}  // namespace orcast
