// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "orcast/core/hex.hpp"
#include "orcast/core/sha256.hpp"

// What stands for an end user in the traces instead of the name by which the game knows them: the
// same user always gets the same one, and nobody without the key can tell who it is.

namespace orcast {
inline namespace v0 {

/// Plain data that borrows: context and key outlive whatever records with it.
struct pseudonym {
  /// Appends what is recorded instead of `user`; nothing appended: no user is recorded. Any thread.
  void (*function)(void* context, std::string_view user, std::string& out) = nullptr;
  void* context = nullptr;
  /// Without a function: HMAC-SHA256 (RFC 2104) under this key, its first 32 hexadecimal digits.
  /// Keep it on a server of yours, or in the game if guessing names does not matter.
  std::string_view key;

  bool wanted() const noexcept { return function != nullptr || !key.empty(); }

  void append(std::string_view user, std::string& out) const {
    if (user.empty()) return;
    if (function != nullptr) {
      function(context, user, out);
    } else if (!key.empty()) {
      append_hash(user, out);
    } else {
      out.append(user);
    }
  }

 private:
  void append_hash(std::string_view user, std::string& out) const {
    constexpr std::size_t block = 64;
    std::string whole(block, '\0');
    if (key.size() > block) {
      const auto digest = sha256(key);
      for (std::size_t i = 0; i < digest.size(); ++i) whole[i] = static_cast<char>(digest[i]);
    } else {
      key.copy(whole.data(), key.size());
    }
    std::string outer = whole;
    for (char& c : whole) c = static_cast<char>(c ^ 0x36);
    for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
    whole.append(user);
    const auto inner = sha256(whole);
    for (unsigned char byte : inner) outer.push_back(static_cast<char>(byte));
    const auto digest = sha256(outer);
    char hex[32];
    to_hex(digest.data(), 16, hex);
    out.append(hex, sizeof hex);
  }
};

}  // namespace v0
}  // namespace orcast
