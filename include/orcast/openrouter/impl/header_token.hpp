// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

// What a response's head tells in one word.

namespace orcast {
inline namespace v0 {
namespace detail {

/// An id or a word from a header line; what is neither leaves `place` empty.
inline void copy_token(std::string_view value, std::string& place) {
  place.clear();
  if (value.size() > 256) return;
  for (const char c : value) {
    if (c <= 0x20 || c > 0x7E) return;
  }
  place.assign(value);
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
