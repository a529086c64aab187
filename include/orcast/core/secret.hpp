// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "orcast/config.hpp"

// A key. It can be moved but not copied, has no stream operator, and its bytes are overwritten
// before its memory is given back. Only the code that writes the request's headers reads it.
// (The copy that the process environment holds can't be overwritten.)

namespace orcast {
inline namespace v0 {

/// Overwrites memory in a way that the compiler may not leave out.
inline void wipe(void* memory, std::size_t size) noexcept {
  volatile unsigned char* byte = static_cast<volatile unsigned char*>(memory);
  for (std::size_t i = 0; i < size; ++i) byte[i] = 0;
}

class secret {
 public:
  secret() = default;
  explicit secret(std::string_view text)
      : bytes_(text.empty() ? nullptr : new char[text.size()]), size_(text.size()) {
    text.copy(bytes_, size_);
  }
  secret(secret&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      forget();
      bytes_ = std::exchange(other.bytes_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~secret() { forget(); }

  bool empty() const noexcept { return size_ == 0; }
  /// The key itself, for the request that needs it. Don't keep the view, don't copy it.
  std::string_view reveal() const noexcept { return {bytes_, size_}; }
  /// A second owner of the same key, made on purpose.
  secret clone() const { return secret(reveal()); }

 private:
  void forget() noexcept {
    if (bytes_ == nullptr) return;
    wipe(bytes_, size_);
    delete[] bytes_;
    bytes_ = nullptr;
    size_ = 0;
  }

  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace v0
}  // namespace orcast
