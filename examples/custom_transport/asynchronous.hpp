// SPDX-License-Identifier: MIT
//
// The asynchronous tier: start() returns at once, and the sink hears from another thread, as with
// an engine's own HTTP module. Here that is one thread an exchange, around the blocking transport.

#pragma once

#include <map>
#include <mutex>
#include <thread>

#include "custom_transport/blocking.hpp"
#include "orcast/http/transport.hpp"

namespace custom {

class asynchronous_transport {
 public:
  http::exchange_id start(const http::request& what, http::response_sink& sink) {
    const std::lock_guard<std::mutex> lock(mutex_);
    exchange& made = exchanges_[++last_];
    made.thread = std::thread([&] { blocking_transport().perform(what, sink, made.control); });
    return last_;
  }
  void cancel(http::exchange_id id) {
    with(id, [](exchange& one) { one.control.cancel(); });
  }
  void resume(http::exchange_id id) {
    with(id, [](exchange& one) { one.control.resume(); });
  }
  ~asynchronous_transport() {
    for (auto& each : exchanges_) each.second.thread.join();
  }

 private:
  struct exchange {
    std::thread thread;
    http::exchange_control control;
  };
  template <class Do>
  void with(http::exchange_id id, Do what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto found = exchanges_.find(id); found != exchanges_.end()) what(found->second);
  }

  std::mutex mutex_;
  std::map<http::exchange_id, exchange> exchanges_;  // kept to the end: this is an example
  http::exchange_id last_ = 0;
};

}  // namespace custom
