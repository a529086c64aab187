// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "orcast/core/host.hpp"

#if defined(__linux__)
#include <sys/random.h>
#elif defined(__APPLE__) || defined(__unix__)
#include <unistd.h>
#else
#include <random>
#endif

// Random bits: a seed from the operating system, and a small fast generator for identifiers.

namespace orcast {
inline namespace v0 {

/// Fills `out` from the host's or the operating system's generator. When neither answers, mixes the
/// clocks with an address: identifiers must differ, they need not be secret. Any thread.
inline void entropy(const host& from, void* out, std::size_t size) noexcept {
  if (from.random != nullptr && from.random(from.self, out, size)) return;
  auto* bytes = static_cast<unsigned char*>(out);
#if defined(__linux__)
  if (::getrandom(bytes, size, 0) == static_cast<ssize_t>(size)) return;
#elif defined(__APPLE__) || defined(__unix__)
  if (::getentropy(bytes, size) == 0) return;
#else
  std::random_device device;
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(device());
  return;
#endif
  std::uint64_t mix = static_cast<std::uint64_t>(from.wall_ns()) ^
                      static_cast<std::uint64_t>(from.steady_ns()) << 20 ^
                      reinterpret_cast<std::uintptr_t>(out);
  for (std::size_t i = 0; i < size; ++i) {
    mix = (mix ^ mix >> 31) * 0x9e3779b97f4a7c15u;
    bytes[i] = static_cast<unsigned char>(mix >> 56);
  }
}

/// xoroshiro128+ by Blackman and Vigna: two words of state, about a nanosecond a number. All zero
/// is not a state it can reach, so a zeroed one (fresh memory, or a page that fork() wiped) is
/// recognised as "not seeded". One thread at a time.
struct random_state {
  std::uint64_t a = 0;
  std::uint64_t b = 0;

  bool seeded() const noexcept { return (a | b) != 0; }

  ORCAST_COLD ORCAST_SMALL void seed(const host& from) noexcept {
    entropy(from, this, sizeof *this);
    if (!seeded()) a = 1;
  }

  std::uint64_t next() noexcept {
    const std::uint64_t sum = a + b;
    const std::uint64_t x = a ^ b;
    a = ((a << 24) | (a >> 40)) ^ x ^ (x << 16);
    b = (x << 37) | (x >> 27);
    return sum;
  }
};

}  // namespace v0
}  // namespace orcast
