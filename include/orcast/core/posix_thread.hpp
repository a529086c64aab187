// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/config.hpp"

#if !defined(ORCAST_NO_THREADS) && (defined(__unix__) || defined(__APPLE__))

#include <cstddef>
#include <utility>

#include <pthread.h>
#include <signal.h>

// A thread that a library may start in somebody else's program: it takes none of the host's
// signals, and a system that has no thread to give makes start() return false. (std::thread would
// throw, or end a program that is built without exceptions.)

namespace orcast {
inline namespace v0 {

class posix_thread {
 public:
  posix_thread() = default;
  posix_thread(const posix_thread&) = delete;
  posix_thread& operator=(const posix_thread&) = delete;
  ~posix_thread() { ORCAST_ASSERT(!started_); }  // after join()

  /// `stack_bytes` 0 is the system's default.
  bool start(void* (*run)(void*), void* argument, std::size_t stack_bytes) noexcept {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    const bool sized = stack_bytes == 0 || pthread_attr_setstacksize(&attributes, stack_bytes) == 0;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the new thread
    started_ = sized && pthread_create(&thread_, &attributes, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    return started_;
  }

  void join() noexcept {
    if (std::exchange(started_, false)) pthread_join(thread_, nullptr);
  }

 private:
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace v0
}  // namespace orcast

#endif
