// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "orcast/config.hpp"

// The remote control of one blocking exchange. Whoever holds it may cancel or resume from any
// thread while perform() runs on another. A blocking transport registers what interrupts it (for
// example shutdown(2) of its socket): a flag that is only polled can't interrupt a read.

namespace orcast {
inline namespace v0 {
namespace http {

class exchange_control {
 public:
  exchange_control() = default;
  exchange_control(const exchange_control&) = delete;
  exchange_control& operator=(const exchange_control&) = delete;

  /// Any thread, any number of times. Calls the registered interrupt, if there is one.
  void cancel() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    if (cancelled_) return;
    cancelled_ = true;
    changed_.notify_all();
    if (interrupt_ != nullptr) interrupt_(context_);
  }

  /// Any thread: the sink that answered flow::pause can take bytes again.
  void resume() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    resumed_ = true;
    changed_.notify_all();
  }

  bool cancelled() const noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    return cancelled_;
  }

  /// The transport's side: after a sink answered flow::pause. Returns true when resumed, false when
  /// cancelled or when `limit` has passed.
  bool wait_for_resume(std::chrono::milliseconds limit) noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, limit, [this] { return resumed_ || cancelled_; });
    return std::exchange(resumed_, false) && !cancelled_;
  }

  /// The transport's side: while it lives, cancel() calls `interrupt(context)` once, on the thread
  /// that cancels and under a lock, so it must be short and must not call back. Made after a
  /// cancel, it calls at once. When its destructor returns, no call is running or will come.
  class interrupt_scope {
   public:
    interrupt_scope(exchange_control& control, void (*interrupt)(void*) noexcept, void* context)
        : control_(control) {
      std::lock_guard<std::mutex> lock(control_.mutex_);
      control_.interrupt_ = interrupt;
      control_.context_ = context;
      if (control_.cancelled_) interrupt(context);
    }
    ~interrupt_scope() {
      std::lock_guard<std::mutex> lock(control_.mutex_);
      control_.interrupt_ = nullptr;
    }
    interrupt_scope(const interrupt_scope&) = delete;
    interrupt_scope& operator=(const interrupt_scope&) = delete;

   private:
    exchange_control& control_;
  };

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  void (*interrupt_)(void*) noexcept = nullptr;
  void* context_ = nullptr;
  bool cancelled_ = false;
  bool resumed_ = false;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast
