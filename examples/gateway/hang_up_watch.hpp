// SPDX-License-Identifier: MIT
//
// One thread that watches all clients whose answer is under way: when one hangs up, its upstream
// exchange is cancelled at once, also while no byte comes from there and none can be written.

#pragma once

#include <cerrno>
#include <cstddef>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orcast/http/control.hpp"

namespace gateway {

#if defined(POLLRDHUP)
constexpr short hang_up = POLLRDHUP;
#else
constexpr short hang_up = POLLHUP;
#endif

class hang_up_watch {
  struct entry {
    int socket;
    orcast::http::exchange_control* control;
    bool gone;
  };

 public:
  hang_up_watch() {
    if (::pipe(wake_) != 0) throw std::runtime_error("the system has no pipe to give");
    for (const int end : wake_) {
      ::fcntl(end, F_SETFL, O_NONBLOCK);
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
    }
    thread_ = std::thread([this] { run(); });
  }
  hang_up_watch(const hang_up_watch&) = delete;
  hang_up_watch& operator=(const hang_up_watch&) = delete;
  ~hang_up_watch() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    wake();
    if (thread_.joinable()) thread_.join();
    ::close(wake_[0]);
    ::close(wake_[1]);
  }

  /// While it lives, the client's going cancels the exchange.
  class guard {
   public:
    guard(hang_up_watch& by, int socket, orcast::http::exchange_control& control) : by_(by) {
      const std::lock_guard<std::mutex> lock(by_.mutex_);
      by_.entries_.push_front({socket, &control, false});
      at_ = by_.entries_.begin();
      if (by_.cancelled_) control.cancel();
      by_.wake();
    }
    ~guard() {
      const std::lock_guard<std::mutex> lock(by_.mutex_);
      by_.entries_.erase(at_);
      by_.wake();  // the number may be given to another connection
    }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

   private:
    hang_up_watch& by_;
    std::list<entry>::iterator at_;
  };

  /// Cancels all exchanges that are under way, and those that begin later.
  void cancel_all() {
    const std::lock_guard<std::mutex> lock(mutex_);
    cancelled_ = true;
    for (entry& each : entries_) end(each);
  }

 private:
  void wake() {
    const char byte = 0;
    static_cast<void>(::write(wake_[1], &byte, 1) == 1);  // a full pipe wakes too
  }

  /// Under the lock. The shutdown ends a write that the client never reads.
  static void end(entry& each) {
    if (each.gone) return;
    each.gone = true;
    each.control->cancel();
    ::shutdown(each.socket, SHUT_RDWR);
  }

  void run() {
    std::vector<pollfd> watched;
    for (;;) {
      watched.assign(1, {wake_[0], POLLIN, 0});
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stop_) return;
        for (const entry& each : entries_) {
          if (!each.gone) watched.push_back({each.socket, hang_up, 0});
        }
      }
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
      char drained[256];
      while (::read(wake_[0], drained, sizeof drained) > 0) {
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      for (std::size_t i = 1; i < watched.size(); ++i) {
        if (watched[i].revents == 0) continue;
        for (entry& each : entries_) {
          if (each.socket == watched[i].fd && has_gone(each.socket)) end(each);
        }
      }
    }
  }

  /// Asked again under the lock: by now the number may be that of another connection.
  static bool has_gone(int socket) {
    pollfd now{socket, hang_up, 0};
    return ::poll(&now, 1, 0) > 0;
  }

  int wake_[2] = {-1, -1};
  std::mutex mutex_;
  std::list<entry> entries_;
  bool stop_ = false;
  bool cancelled_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace gateway
