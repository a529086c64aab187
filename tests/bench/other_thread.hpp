// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "bench.hpp"

// A second thread on a processor of its own, for benchmarks of what two threads do to each other.
// It does one task at a time: start() hands it over, wait() returns when it is done. Both sides
// look rather than sleep, because waking a thread costs more than what is measured; where there is
// one processor only, they make room for each other.

namespace bench {

/// One step of waiting: next to nothing for a neighbour on the same core.
inline void pause() noexcept {
#if defined(__x86_64__)
  for (int i = 0; i < 50; ++i) __builtin_ia32_pause();
#endif
  std::this_thread::yield();
}

class other_thread {
 public:
  other_thread() {
    pin(1);  // the thread inherits it
    thread_ = std::thread([this] { run(); });
    pin(0);
  }
  other_thread(const other_thread&) = delete;
  other_thread& operator=(const other_thread&) = delete;
  ~other_thread() {
    start({});
    thread_.join();
  }

  void start(std::function<void()> task) {
    task_ = std::move(task);
    state_.store(busy, std::memory_order_release);  // pairs with the acquire in run()
  }
  void wait() const {
    // Acquire: pairs with the release at a task's end.
    while (state_.load(std::memory_order_acquire) == busy) pause();
  }

 private:
  enum : int { idle, busy };

  void run() {
    for (;;) {
      while (state_.load(std::memory_order_acquire) != busy) pause();
      if (!task_) return;
      task_();
      state_.store(idle, std::memory_order_release);
    }
  }

  std::atomic<int> state_{idle};
  std::function<void()> task_;
  std::thread thread_;
};

}  // namespace bench
