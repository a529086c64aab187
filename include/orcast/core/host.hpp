// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>

#include "orcast/config.hpp"

// What orcast needs from its host: two clocks, random bytes and memory. A default host uses the
// C++ library; an engine fills in its own functions before it makes the first object. Every
// function may be called from any thread.

namespace orcast {
inline namespace v0 {

/// What large pieces of memory are aligned to.
inline constexpr std::size_t page_bytes = 4096;

/// Functions of the host. A null function means the C++ library's own. `self` is handed back to
/// each of them. The memory pair is set together or not at all.
struct host {
  void* self = nullptr;

  /// Nanoseconds on a clock that never goes back. Need not advance while the device sleeps.
  std::int64_t (*steady_now)(void* self) = nullptr;
  /// Nanoseconds since 1970-01-01 UTC.
  std::int64_t (*wall_now)(void* self) = nullptr;
  /// Fills `size` bytes with random bits of cryptographic quality; false when it can't.
  bool (*random)(void* self, void* out, std::size_t size) = nullptr;
  /// Memory aligned to `alignment` (a power of two), or null.
  void* (*allocate)(void* self, std::size_t size, std::size_t alignment) = nullptr;
  void (*release)(void* self, void* memory, std::size_t size, std::size_t alignment) = nullptr;

  std::int64_t steady_ns() const noexcept {
    if (steady_now != nullptr) return steady_now(self);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  std::int64_t wall_ns() const noexcept {
    if (wall_now != nullptr) return wall_now(self);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  void* take(std::size_t size, std::size_t alignment) const noexcept {
    if (allocate != nullptr) return allocate(self, size, alignment);
    return ::operator new(size, std::align_val_t(alignment), std::nothrow);
  }

  void give_back(void* memory, std::size_t size, std::size_t alignment) const noexcept {
    if (memory == nullptr) return;
    if (release != nullptr) {
      release(self, memory, size, alignment);
    } else {
      ::operator delete(memory, std::align_val_t(alignment));
    }
  }
};

}  // namespace v0
}  // namespace orcast
