// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "orcast/openrouter/impl/call_entry.hpp"

// Entries whose calls are over, for the calls to come: their buffers have grown to what calls need,
// so that a call that begins allocates next to nothing. Any thread.

namespace orcast {
inline namespace v0 {
namespace detail {

class call_pool {
 public:
  call_pool() { spare_.reserve(most); }

  /// Comes back when the last of its owners lets go, which may be after the client has.
  static call_ptr take(const std::shared_ptr<call_pool>& pool, const recording& record,
                       const reply_limits& limits, const orcast::host& clock) {
    std::unique_ptr<call_entry> entry = pool->take_spare();
    if (entry == nullptr) entry = std::make_unique<call_entry>(record, limits, clock);
    return call_ptr(entry.release(), [pool](call_entry* over) {
      pool->give_back(std::unique_ptr<call_entry>(over));
    });
  }

 private:
  static constexpr std::size_t most = 16;
  static constexpr std::size_t most_bytes = std::size_t{256} << 10;  // of one

  std::unique_ptr<call_entry> take_spare() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    if (spare_.empty()) return nullptr;
    std::unique_ptr<call_entry> entry = std::move(spare_.back());
    spare_.pop_back();
    return entry;
  }

  void give_back(std::unique_ptr<call_entry> entry) noexcept {
    entry->reset();
    if (entry->held_bytes() > most_bytes) return;
    std::lock_guard<std::mutex> lock(mutex_);
    if (spare_.size() < most) spare_.push_back(std::move(entry));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<call_entry>> spare_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
