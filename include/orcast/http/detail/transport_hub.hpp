// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "orcast/core/fork.hpp"
#include "orcast/core/wait.hpp"
#include "orcast/http/control.hpp"
#include "orcast/http/detail/transport_functions.hpp"
#include "orcast/http/detail/waiting_sink.hpp"

// The machine behind any_transport. Each exchange gets a relay that stands between the transport
// and the user's sink: it knows the exchange's two ids, lets done() through once only, and lives
// until the transport has let go of it. No lock is held while a sink or a transport is called.
//
// How an exchange is begun, cancelled and resumed is the business of direct_hub, and for blocking
// transports of blocking_hub: a program without one links no pool of threads.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class transport_hub {
 public:
  transport_hub(const transport_hub&) = delete;
  transport_hub& operator=(const transport_hub&) = delete;
  /// After cancel_all(-1).
  virtual ~transport_hub() = default;

  /// Whether this is a child of fork(): threads, sockets and what goes with them are the parent's.
  bool in_child() const noexcept { return process_id() != process_; }

  http::tier tier() const noexcept { return table_.tier; }
  std::size_t capacity() const noexcept { return capacity_; }

  virtual exchange_id start(const request& what, response_sink& sink) = 0;
  virtual void cancel(exchange_id id) = 0;
  virtual void resume(exchange_id id) = 0;
  virtual void poll(std::int64_t wait_ms) = 0;

  ORCAST_SMALL void perform(const request& what, response_sink& sink, exchange_control& control) {
    if (table_.tier == tier::blocking) return table_.perform(transport_, what, sink, control);
    constexpr std::int64_t slice_ms = 10;  // how late a cancel or a resume may be noticed
    constexpr std::chrono::milliseconds slice(slice_ms);
    constexpr std::chrono::milliseconds no_time(0);
    const bool polled = table_.tier == tier::polled;
    waiting_sink waiting(sink);
    const exchange_id id = start(what, waiting);
    exchange_control::interrupt_scope scope(control, &waiting_sink::on_cancel, &waiting);
    bool told = false;
    for (waiting_sink::state now = waiting.now(); !now.over; now = waiting.now()) {
      if (now.cancelled && !told) {
        told = true;
        cancel(id);
      }
      if (now.paused && !told && control.wait_for_resume(polled ? no_time : slice)) {
        waiting.unpause();
        resume(id);
      }
      if (polled) {
        poll(slice_ms);
      } else if (!now.paused || told) {
        waiting.wait(told);
      }
    }
    // done() may still be on its way back through `waiting`.
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return find(id) == nullptr; });
  }

  ORCAST_SMALL bool cancel_all(std::int64_t wait_ms) {
    using clock = std::chrono::steady_clock;
    const clock::time_point until = clock::now() + orcast::detail::wait_of(wait_ms);
    std::unique_lock<std::mutex> lock(mutex_);
    const exchange_id last = last_id_;
    for (exchange_id id = 0; (id = next_live(id)) != 0 && id <= last;) {
      lock.unlock();
      cancel(id);
      lock.lock();
    }
    while (first_ != nullptr) {
      if (wait_ms >= 0 && clock::now() >= until) return false;
      if (table_.tier == tier::polled) {
        lock.unlock();
        table_.poll(transport_, 10);
        lock.lock();
      } else if (wait_ms >= 0) {
        changed_.wait_until(lock, until);
      } else {
        changed_.wait(lock);
      }
    }
    return true;
  }

 protected:
  /// One exchange on its way. `holds` counts who still needs it: its outcome, and while it lasts
  /// the transport's start() or perform().
  struct relay : response_sink {
    relay(transport_hub& owner, response_sink& user) noexcept : hub(owner), sink(user) {}
    virtual ~relay() = default;

    ORCAST_SMALL void head(const response_head& head) noexcept final { sink.head(head); }
    ORCAST_SMALL flow data(std::string_view bytes) noexcept final { return sink.data(bytes); }
    ORCAST_SMALL void done(result<void> outcome) noexcept final {
      hub.finish(*this, std::move(outcome));
    }

    transport_hub& hub;
    response_sink& sink;
    relay* next = nullptr;  // begun after it
    exchange_id id = 0;
    exchange_id inner = 0;  // the transport's own name for it, where it gives one
    unsigned holds = 1;
    bool over = false;
    bool cancel_wanted = false;  // before `inner` was known
  };

  transport_hub(void* transport, const transport_functions& table) noexcept
      : transport_(transport), table_(table) {}

  /// Hands the outcome on, once; the sink may be gone afterwards, and the relay too.
  ORCAST_SMALL void finish(relay& exchange, result<void>&& outcome) noexcept {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ORCAST_ASSERT(!exchange.over);  // done() comes once
      if (exchange.over) return;
      exchange.over = true;
    }
    exchange.sink.done(std::move(outcome));
    std::lock_guard<std::mutex> lock(mutex_);
    ++ended_;
    release(exchange);
  }

  /// Waits until an exchange has ended; not at all when there is none.
  ORCAST_SMALL void wait_for_end(std::int64_t wait_ms) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (first_ == nullptr) return;
    const unsigned before = ended_;
    changed_.wait_for(lock, orcast::detail::wait_of(wait_ms), [&] { return ended_ != before; });
  }

  // The rest is called under the lock.

  ORCAST_SMALL exchange_id add(relay& exchange) noexcept {
    (last_ != nullptr ? last_->next : first_) = &exchange;
    last_ = &exchange;
    return exchange.id = ++last_id_;
  }

  relay* find(exchange_id id) const noexcept {
    relay* at = first_;
    while (at != nullptr && at->id != id) at = at->next;
    return at;
  }

  ORCAST_SMALL void release(relay& exchange) noexcept {
    changed_.notify_all();
    if (--exchange.holds != 0) return;
    relay* before = nullptr;
    for (relay* at = first_; at != &exchange; at = at->next) before = at;
    (before != nullptr ? before->next : first_) = exchange.next;
    if (last_ == &exchange) last_ = before;
    delete &exchange;
  }

  void* const transport_;
  const transport_functions& table_;
  std::size_t capacity_ = ~std::size_t{0};  // exchanges on their way at a time
  std::mutex mutex_;
  std::condition_variable changed_;  // an exchange ended, or was let go of
  relay* first_ = nullptr;           // of those on their way, in the order of their ids
  relay* last_ = nullptr;

 private:
  exchange_id next_live(exchange_id after) const noexcept {
    const relay* at = first_;
    while (at != nullptr && at->id <= after) at = at->next;
    return at != nullptr ? at->id : 0;
  }

  exchange_id last_id_ = 0;
  unsigned ended_ = 0;
  const long process_ = process_id();
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
