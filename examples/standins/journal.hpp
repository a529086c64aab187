// SPDX-License-Identifier: MIT
//
// What a stand-in has seen, in the order of arrival: written by its connection threads, read and
// waited for by the test. Waiting is by condition, so that no test needs to sleep.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace standins {

template <class Entry>
class journal {
 public:
  void add(Entry entry) {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.notify_all();
  }

  void add(std::vector<Entry> entries) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Entry& entry : entries) entries_.push_back(std::move(entry));
    changed_.notify_all();
  }

  std::vector<Entry> all() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entries_;
  }

  std::size_t size() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entries_.size();
  }

  /// Waits until there are at least `count` entries; false when they did not come in time.
  bool wait_for(std::size_t count, std::chrono::milliseconds timeout) const {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return entries_.size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Entry> entries_;
};

}  // namespace standins
