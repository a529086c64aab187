// SPDX-License-Identifier: MIT
//
// What stands for the game around the calls: a clock that begins a frame sixty times a second, and
// a fixed amount of work in each. The work is the same in every frame and every run, not a fixed
// time: a slower frame then means that something else took the time.

#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace game_loop {

inline constexpr std::chrono::nanoseconds frame_budget{16'666'667};

/// Waits for the next frame on a grid that does not drift.
class frame_clock {
 public:
  using clock = std::chrono::steady_clock;

  /// Blocks until the next frame is due. Sleeps up to the last millisecond and yields through that:
  /// a sleep may be late by more than a frame can spare. A frame that is missed by a whole period
  /// is skipped, not made up for.
  void wait() {
    next_ += frame_budget;
    const clock::time_point now = clock::now();
    if (now > next_ + frame_budget) next_ = now;
    std::this_thread::sleep_until(next_ - std::chrono::milliseconds(1));
    while (clock::now() < next_) std::this_thread::yield();
  }

 private:
  clock::time_point next_ = clock::now();
};

/// Gulls over the harbour: each steers by its neighbours in the flock, every frame.
class simulated_game {
 public:
  simulated_game() {
    std::uint32_t state = 2463534242u;  // xorshift: the same flock in every run
    const auto next = [&state] {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      return static_cast<float>(state % 1000) / 1000.0f - 0.5f;
    };
    for (gull& each : gulls_) each = {next(), next(), next() * 0.1f, next() * 0.1f};
  }

  void update() {
    for (std::size_t i = 0; i < gulls_.size(); ++i) {
      gull& self = gulls_[i];
      float pull_x = 0, pull_y = 0;
      for (std::size_t j = 1; j <= neighbours; ++j) {
        const gull& other = gulls_[(i + j) % gulls_.size()];
        const float dx = other.x - self.x, dy = other.y - self.y;
        const float distance = std::sqrt(dx * dx + dy * dy) + 0.01f;
        const float pull = (distance - 0.2f) / distance;  // near: away, far: closer
        pull_x += dx * pull;
        pull_y += dy * pull;
      }
      self.vx = 0.98f * self.vx + 0.0001f * pull_x;
      self.vy = 0.98f * self.vy + 0.0001f * pull_y;
      self.x += self.vx;
      self.y += self.vy;
    }
  }

  /// Somebody must look at the flock, or the compiler may leave its flight out.
  float centre() const {
    float sum = 0;
    for (const gull& each : gulls_) sum += each.x + each.y;
    return sum / static_cast<float>(gulls_.size());
  }

 private:
  static constexpr std::size_t neighbours = 96;
  struct gull {
    float x, y, vx, vy;
  };
  std::array<gull, 1500> gulls_{};
};

}  // namespace game_loop
