// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include "orcast/openrouter/call_filter.hpp"
#include "orcast/trace/content_policy.hpp"
#include "orcast/trace/pseudonym.hpp"

// What is recorded of each call, and where. Made by `broadcast`; plain data, so that a host may
// also put one together itself. Whoever makes it keeps alive what it points at.

namespace orcast {
inline namespace v0 {

class tracer;

/// Which frame the game is in, for spans that say in which one they began and ended.
class frame_counter {
 public:
  /// Once per frame. Any thread. 0: frames are not counted.
  void set(std::uint32_t number) noexcept {
    number_.store(number, std::memory_order_relaxed);  // a number by itself: nothing goes with it
  }
  std::uint32_t now() const noexcept { return number_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> number_{0};
};

/// Whether OpenRouter broadcasts the same calls itself, so that nothing counts twice.
enum class server_broadcast : unsigned char {
  none,  ///< it does not; nothing is added to requests
  /// It does: the client sends the ids of its span along in `trace`, so that both meet in one
  /// trace, and that span is a CHAIN without messages, tokens and cost.
  join,
};

struct recording : content_policy {
  tracer* traces = nullptr;   ///< null: nothing is recorded; replies are read all the same
  bool companions = true;     ///< also the gen_ai.* attributes of OpenTelemetry's conventions
  bool vectors = false;       ///< also the vectors of embeddings; they are large
  std::uint8_t left_out = 0;  ///< a bit for each destination that does not get these calls
  pseudonym users;
  server_broadcast server = server_broadcast::none;
  const frame_counter* frames = nullptr;
  call_filter filter;

  std::uint32_t frame() const noexcept { return frames != nullptr ? frames->now() : 0; }
};

}  // namespace v0
}  // namespace orcast
