// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "orcast/openrouter/delta_listener.hpp"
#include "orcast/openrouter/impl/json_reader.hpp"

// The limits of a reply, how much of them is used, and who listens.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What all parts of a reply share while it is read.
struct merge_state {
  explicit merge_state(const reply_limits& most) : limits(most) {}

  void spend(std::size_t added) noexcept {
    bytes += added;
    if (bytes > limits.body_bytes) too_large = true;
  }
  /// Null for a reply in one piece: who listens hears the pieces of a stream.
  delta_listener* heard() const noexcept { return whole ? nullptr : listener; }
  void token() noexcept {
    if (!received_content && heard() != nullptr) heard()->on_first_token();
    received_content = true;
  }

  reply_limits limits;
  delta_listener* listener = nullptr;
  json_view error;  ///< what find_error() would find in what was added last
  std::size_t bytes = 0;
  bool whole = false;  ///< a reply in one piece
  bool received_content = false;
  bool too_large = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
