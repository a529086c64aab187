// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <mutex>
#include <string_view>
#include <utility>

#include "orcast/http/response.hpp"

// How a thread waits in any_transport::perform() for an exchange that runs elsewhere.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// The sink of perform() on a transport that is not blocking: what the waiting thread must know.
class waiting_sink final : public response_sink {
 public:
  explicit waiting_sink(response_sink& sink) noexcept : sink_(sink) {}

  ORCAST_SMALL void head(const response_head& head) noexcept override { sink_.head(head); }
  ORCAST_SMALL flow data(std::string_view bytes) noexcept override {
    const flow wanted = sink_.data(bytes);
    if (wanted == flow::pause) raise(paused_);
    return wanted;
  }
  ORCAST_SMALL void done(result<void> outcome) noexcept override {
    sink_.done(std::move(outcome));
    raise(over_);
  }

  /// The interrupt of an exchange_control.
  static void on_cancel(void* self) noexcept {
    waiting_sink& waiting = *static_cast<waiting_sink*>(self);
    waiting.raise(waiting.cancelled_);
  }

  struct state {
    bool over, paused, cancelled;
  };
  state now() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    return {over_, paused_, cancelled_};
  }
  /// Waits for the end, and unless it was told before also for a pause or a cancel.
  void wait(bool told) noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return over_ || (!told && (paused_ || cancelled_)); });
  }
  void unpause() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    paused_ = false;
  }

 private:
  void raise(bool& flag) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    flag = true;
    changed_.notify_all();
  }

  response_sink& sink_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  bool paused_ = false;
  bool cancelled_ = false;
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
