// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "orcast/openrouter/impl/client_core.hpp"

// Whose turn it is to be sent.
//
//   - A call holds one of `places_` from being sent until its sink has heard done(). Who finds none
//     free, or others waiting, stands in line.
//   - Calls of start() are sent by tick(). A call that waits on its own thread is told that it has
//     a place, and sends itself. While it waits it also sends those of start() that stand before
//     it: nobody may be there to tick.
//   - `line_mutex_` guards the line, the places, and what call_course says of them. It is taken
//     before an entry's lock, and never within one.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Who comes while others wait does not overtake them.
inline void client_core::send_in_turn(const call_ptr& entry) {
  std::lock_guard<std::mutex> lock(line_mutex_);
  if (taken_ == places_ || !line_.empty()) return join_line(entry);
  ++taken_;
  send(entry);
}

inline void client_core::join_line(const call_ptr& entry) {
  entry->in_line = true;
  entry->waits_since_ns = clock_.steady_ns();
  const bool again = entry->sent != 0;
  line_.push(static_cast<std::size_t>(entry->priority), entry->party, entry, again);
}

/// Gives the free places to those whose turn it is.
inline void client_core::move_line() {
  bool told = false;
  while (!line_.empty() && taken_ < places_) {
    const call_ptr entry = line_.pop();
    ++taken_;
    entry->in_line = false;
    entry->waited_ns += clock_.steady_ns() - entry->waits_since_ns;
    {
      std::lock_guard<std::mutex> lock(entry->mutex);
      entry->seen.queued(entry->waited_ns / 1'000'000);
      entry->shorten_deadline(0);
    }
    if (entry->box != nullptr) {
      send(entry);
    } else {
      told = true;
    }
  }
  if (told) line_moved_.notify_all();
}

inline void client_core::send_those_in_line() {
  std::lock_guard<std::mutex> lock(line_mutex_);
  line_.remove_if([&](const call_ptr& entry) {
    if (entry->box == nullptr || !entry->too_late()) return false;  // who waits looks for himself
    entry->in_line = false;
    entry->ended_by = no_turn();
    enqueue(entry);
    return true;
  });
  move_line();
}

/// Waits on this thread for a place; false, and the call is over, when its time is up before.
inline bool client_core::await_turn(const call_ptr& entry) {
  if (options_.max_concurrent == 0) return true;
  entry->line = this;
  std::unique_lock<std::mutex> lock(line_mutex_);
  if (taken_ < places_ && line_.empty()) {
    ++taken_;
    return true;
  }
  join_line(entry);
  move_line();
  const bool polled = transport_.tier() == http::tier::polled;
  while (entry->in_line && !entry->too_late()) {
    if (polled) {
      lock.unlock();
      transport_.poll(10);
      lock.lock();
    } else {
      // Now and then in any case: the host's clock need not be the system's.
      const std::int64_t left =
          entry->deadline_ms > 0 ? entry->deadline_ms - entry->elapsed_ms() : 100;
      line_moved_.wait_for(lock,
                           std::chrono::milliseconds((std::clamp<std::int64_t>)(left, 1, 100)));
    }
    move_line();
  }
  if (!std::exchange(entry->in_line, false)) return true;
  line_.remove_if([&entry](const call_ptr& each) { return each == entry; });
  lock.unlock();
  std::lock_guard<std::mutex> own(entry->mutex);
  entry->conclude(no_turn());
  return false;
}

/// Any thread: from within a sink's done().
inline void client_core::give_place_back() noexcept {
  std::lock_guard<std::mutex> lock(line_mutex_);
  --taken_;
  if (!line_.empty()) line_moved_.notify_all();
}

/// Returns the exchange that is to be cancelled, or 0.
inline http::exchange_id client_core::leave_line(call_entry& entry) {
  std::lock_guard<std::mutex> lock(line_mutex_);
  if (std::exchange(entry.in_line, false)) {
    line_.remove_if([&entry](const call_ptr& each) { return each.get() == &entry; });
  }
  return entry.exchange;
}

/// Begins the next attempt, under `line_mutex_`: whoever cancels it afterwards knows its exchange.
inline void client_core::send(const call_ptr& entry) {
  {
    std::lock_guard<std::mutex> lock(entry->mutex);
    entry->sending = entry;
  }
  ++entry->sent;
  entry->exchange = transport_.start(entry->outgoing.request, *entry);
}

inline std::size_t client_core::in_line() const noexcept {
  std::lock_guard<std::mutex> lock(line_mutex_);
  return line_.size();
}

inline int client_core::attempts(const call_entry& entry) const noexcept {
  std::lock_guard<std::mutex> lock(line_mutex_);
  return entry.sent;
}

inline failure client_core::no_turn() {
  return failure(errc::timeout_total,
                 "the call had no turn in time (client_options.max_concurrent)");
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
