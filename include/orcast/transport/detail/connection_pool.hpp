// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#include "orcast/core/wait.hpp"
#include "orcast/transport/detail/connection.hpp"

// Connections that are kept open for the next exchange with the same origin, the last one first.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class connection_pool {
 public:
  connection_pool(std::size_t capacity, std::int64_t longest_idle_ms)
      : capacity_(capacity), longest_idle_(orcast::detail::wait_of(longest_idle_ms)) {}
  ~connection_pool() {
    for (idle& each : idle_) {
      if (each.process == ::getpid()) each.line->say_goodbye();
    }
  }
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;

  /// Any thread. Null when there is none that looks alive.
  std::unique_ptr<connection> take(std::string_view origin) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t i = idle_.size(); i-- > 0;) {
      // After a fork the connection is the parent's; the child only closes its copy.
      const bool usable = now - idle_[i].since < longest_idle_ && idle_[i].process == ::getpid() &&
                          idle_[i].line->quiet();
      if (usable && idle_[i].origin != origin) continue;
      std::unique_ptr<connection> line = std::move(idle_[i].line);
      idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
      if (usable) return line;
    }
    return nullptr;
  }

  /// Any thread. The oldest gives way when there are too many.
  void put(std::string origin, std::unique_ptr<connection> line) {
    if (capacity_ == 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() >= capacity_) idle_.erase(idle_.begin());
    idle_.push_back(
        {std::move(origin), std::move(line), std::chrono::steady_clock::now(), ::getpid()});
  }

 private:
  struct idle {
    std::string origin;
    std::unique_ptr<connection> line;
    std::chrono::steady_clock::time_point since;
    pid_t process;
  };

  const std::size_t capacity_;
  const std::chrono::milliseconds longest_idle_;
  std::mutex mutex_;
  std::vector<idle> idle_;
};

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
