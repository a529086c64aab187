// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#if !defined(ORCAST_NO_THREADS)
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/core/wait.hpp"
#endif

#include "orcast/core/posix_thread.hpp"
#include "orcast/http/worker_options.hpp"

// A few threads that run jobs in the order of their arrival. any_transport makes a blocking
// transport asynchronous with it. A thread is started only when a job finds none idle. Job and
// context belong to the caller: the pool allocates nothing but its threads and a bounded queue.

namespace orcast {
inline namespace v0 {
namespace http {

#if defined(ORCAST_NO_THREADS)

/// In a build without threads: takes no jobs.
class worker_pool {
 public:
  using job = void (*)(void* context) noexcept;
  static constexpr bool available = false;

  explicit worker_pool(worker_options) noexcept {}
  std::size_t threads() const noexcept { return 1; }
  bool submit(job, void*) noexcept { return false; }
  bool withdraw(void*) noexcept { return false; }
  bool stop(std::int64_t) noexcept { return true; }
};

#else

/// All functions: any thread, but not from inside a job where it says so.
class worker_pool {
 public:
  using job = void (*)(void* context) noexcept;
  static constexpr bool available = true;

  explicit worker_pool(worker_options options) noexcept
      : most_threads_((std::max)(options.threads, std::size_t{1})),
        most_queued_((std::max)(options.queue, std::size_t{1})) {}
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  /// Waits for the jobs that were taken, however long they need. Not from inside a job.
  ~worker_pool() { stop(-1); }

  /// How many there may be.
  std::size_t threads() const noexcept { return most_threads_; }

  /// Takes a job; never runs it on this thread. False, and nothing taken, when the queue is full,
  /// the pool was stopped, or the system has no thread to give and there is none yet.
  bool submit(job run, void* context) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || queue_.size() >= most_queued_) return false;
    if (queue_.size() >= idle_ && threads_.size() < most_threads_ && !add_thread() &&
        threads_.empty()) {
      return false;
    }
    queue_.push_back({run, context});
    changed_.notify_one();
    return true;
  }

  /// Takes back a job that no thread has begun. False when it runs, has run or was never here.
  bool withdraw(void* context) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = std::find_if(queue_.begin(), queue_.end(), [context](const entry& waiting) {
      return waiting.context == context;
    });
    if (found == queue_.end()) return false;
    queue_.erase(found);
    return true;
  }

  /// Takes no more jobs and waits at most `wait_ms` (-1: as long as it takes) for those it has.
  /// True when all threads have ended. Not from inside a job, not concurrently with itself.
  bool stop(std::int64_t wait_ms) {
    std::vector<std::unique_ptr<pool_thread>> ended;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
      const auto all_ended = [this] { return running_ == 0; };
      if (wait_ms < 0) {
        ended_.wait(lock, all_ended);
      } else if (!ended_.wait_for(lock, orcast::detail::wait_of(wait_ms), all_ended)) {
        return false;
      }
      ended.swap(threads_);
    }
    for (const auto& thread : ended) thread->join();
    return true;
  }

 private:
  struct entry {
    job run;
    void* context;
  };

#if defined(__unix__) || defined(__APPLE__)
  using pool_thread = posix_thread;
  bool start(pool_thread& made) noexcept {
    const auto run = [](void* self) -> void* {
      static_cast<worker_pool*>(self)->work();
      return nullptr;
    };
    return made.start(run, this, 0);
  }
#else
  using pool_thread = std::thread;
  bool start(pool_thread& made) {
    made = std::thread([this] { work(); });
    return true;
  }
#endif

  /// Under the lock.
  bool add_thread() {
    auto made = std::make_unique<pool_thread>();
    if (!start(*made)) return false;
    threads_.push_back(std::move(made));
    ++running_;
    return true;
  }

  void work() noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      --idle_;
      if (queue_.empty()) break;
      const entry next = queue_.front();
      queue_.erase(queue_.begin());
      lock.unlock();
      next.run(next.context);
      lock.lock();
    }
    --running_;
    ended_.notify_all();
  }

  const std::size_t most_threads_;
  const std::size_t most_queued_;
  std::mutex mutex_;
  std::condition_variable changed_;  // a job came, or stopping_
  std::condition_variable ended_;    // a thread is about to end
  std::vector<entry> queue_;         // the oldest first
  std::vector<std::unique_ptr<pool_thread>> threads_;
  std::size_t idle_ = 0;     // threads that wait for a job
  std::size_t running_ = 0;  // threads that have not ended
  bool stopping_ = false;
};

#endif

}  // namespace http
}  // namespace v0
}  // namespace orcast
