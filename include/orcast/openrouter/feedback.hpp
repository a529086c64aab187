// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

// What a person, a model or a piece of code thinks of a span, of its trace or of its session.

namespace orcast {
inline namespace v0 {

/// Borrowed texts. It has a name and at least one of score, label and explanation.
struct feedback {
  std::string_view name = {};  ///< the criterion: "in character"
  std::optional<double> score = {};
  std::string_view label = {};
  std::string_view explanation = {};
  std::string_view annotator_kind = {};  ///< "HUMAN", "LLM" or "CODE"
  std::string_view identifier = {};      ///< tells producers of the same criterion apart
  std::string_view metadata = {};        ///< a JSON object

  bool complete() const noexcept {
    return !name.empty() && (score || !label.empty() || !explanation.empty());
  }
};

/// What it is about. A session needs the span to have a session.
enum class feedback_about : unsigned char { span, trace, session };

}  // namespace v0
}  // namespace orcast
