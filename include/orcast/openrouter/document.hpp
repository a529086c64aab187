// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

// A document, as retrievers find it and rerankers sort it.

namespace orcast {
inline namespace v0 {

/// Borrowed texts; what is empty is not recorded.
struct found_document {
  std::string_view content = {};
  std::string_view id = {};
  std::optional<double> score = {};
  std::string_view metadata = {};  ///< a JSON object
};

}  // namespace v0
}  // namespace orcast
