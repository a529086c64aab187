// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/http/control.hpp"
#include "orcast/http/detail/transport_functions.hpp"
#include "orcast/http/detail/waiting_sink.hpp"
#include "orcast/http/worker_pool.hpp"

// The machine behind any_transport. Each exchange gets a relay that stands between the transport
// and the user's sink: it knows the exchange's two ids, lets done() through once only, and lives
// until the transport has let go of it. No lock is held while a sink or a transport is called.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class transport_hub {
 public:
  transport_hub(void* transport, const transport_functions& table, void (*destroy)(void*),
                worker_options workers) noexcept
      : transport_(transport), table_(table), destroy_(destroy), workers_(with_room(workers)) {}
  transport_hub(const transport_hub&) = delete;
  transport_hub& operator=(const transport_hub&) = delete;
  ~transport_hub() {
    cancel_all(-1);
    workers_.stop(-1);
    if (destroy_ != nullptr) destroy_(transport_);
  }

  http::tier tier() const noexcept { return table_.tier; }
  std::size_t capacity() const noexcept {
    return table_.tier == tier::blocking ? workers_.threads() : ~std::size_t{0};
  }

  exchange_id start(const request& what, response_sink& sink) {
    std::unique_ptr<relay> made = std::make_unique<relay>(*this, what, sink);
    relay& exchange = *made;
    std::unique_lock<std::mutex> lock(mutex_);
    const exchange_id id = ++last_id_;
    exchange.id = id;
    live_.push_back(std::move(made));
    if (table_.tier == tier::blocking) {
      // Under the lock: while a queue is full, some job is still to end after this refusal was
      // noted, and whoever ends a job delivers refusals.
      if (!workers_.submit(&relay::work, &exchange)) {
        exchange.refusal =
            worker_pool::available
                ? failure(errc::busy, "too many requests wait for a worker thread")
                : failure(errc::unsupported, "a blocking transport can't start() without threads");
      }
      return id;
    }
    exchange.holds = 2;
    lock.unlock();
    const exchange_id inner = table_.start(transport_, what, exchange);
    lock.lock();
    exchange.inner = inner;
    const bool cancel_now = exchange.cancel_wanted;
    release(exchange);
    lock.unlock();
    if (cancel_now) table_.cancel(transport_, inner);
    return id;
  }

  void cancel(exchange_id id) {
    std::unique_lock<std::mutex> lock(mutex_);
    relay* const exchange = find(id);
    if (exchange == nullptr) return;
    if (table_.tier != tier::blocking) {
      const exchange_id inner = exchange->inner;
      exchange->cancel_wanted = inner == 0;  // start() is still under way on another thread
      lock.unlock();
      if (inner != 0) table_.cancel(transport_, inner);
    } else if (exchange->refusal || workers_.withdraw(exchange)) {
      exchange->refusal.reset();
      lock.unlock();
      finish(*exchange, failure(errc::cancelled, "cancelled before it was sent"));
      deliver_refusals();
    } else {
      exchange->control.cancel();
    }
  }

  void resume(exchange_id id) {
    std::unique_lock<std::mutex> lock(mutex_);
    relay* const exchange = find(id);
    if (exchange == nullptr) return;
    if (table_.tier == tier::blocking) return exchange->control.resume();
    const exchange_id inner = exchange->inner;
    lock.unlock();
    if (inner != 0) table_.resume(transport_, inner);
  }

  void poll(std::int64_t wait_ms) {
    const bool delivered = deliver_refusals();
    if (table_.tier == tier::polled) return table_.poll(transport_, delivered ? 0 : wait_ms);
    if (wait_ms <= 0 || delivered) return;
    std::unique_lock<std::mutex> lock(mutex_);
    if (live_.empty()) return;
    const unsigned before = ended_;
    changed_.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] { return ended_ != before; });
  }

  void perform(const request& what, response_sink& sink, exchange_control& control) {
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

  bool cancel_all(std::int64_t wait_ms) {
    using clock = std::chrono::steady_clock;
    const clock::time_point until =
        clock::now() + std::chrono::milliseconds((std::max)(wait_ms, std::int64_t{0}));
    std::vector<exchange_id> ids;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      for (const std::unique_ptr<relay>& exchange : live_) ids.push_back(exchange->id);
    }
    for (exchange_id id : ids) cancel(id);
    std::unique_lock<std::mutex> lock(mutex_);
    const auto all_over = [this] { return live_.empty(); };
    while (table_.tier == tier::polled && !live_.empty()) {
      if (wait_ms >= 0 && clock::now() >= until) return false;
      lock.unlock();
      table_.poll(transport_, 10);
      lock.lock();
    }
    if (wait_ms >= 0) return changed_.wait_until(lock, until, all_over);
    changed_.wait(lock, all_over);
    return true;
  }

 private:
  /// One exchange on its way. `holds` counts who still needs it: its outcome, and while it lasts
  /// the transport's start() or perform().
  struct relay final : response_sink {
    relay(transport_hub& owner, const request& asked, response_sink& user) noexcept
        : hub(owner), what(asked), sink(user) {}

    void head(const response_head& head) noexcept override { sink.head(head); }
    flow data(std::string_view bytes) noexcept override { return sink.data(bytes); }
    void done(result<void> outcome) noexcept override { hub.finish(*this, std::move(outcome)); }
    static void work(void* self) noexcept {
      relay& exchange = *static_cast<relay*>(self);
      exchange.hub.work(exchange);
    }

    transport_hub& hub;
    const request& what;
    response_sink& sink;
    exchange_id id = 0;
    exchange_id inner = 0;           // the transport's own name for it
    exchange_control control;        // of a blocking one
    std::optional<failure> refusal;  // to be delivered: it never reached the transport
    unsigned holds = 1;
    bool over = false;
    bool cancel_wanted = false;
  };

  /// Who keeps to capacity() finds room even while threads are still on their way back from done().
  static worker_options with_room(worker_options workers) noexcept {
    workers.queue = (std::max)(workers.queue, workers.threads);
    return workers;
  }

  /// A worker's thread.
  void work(relay& exchange) noexcept {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++exchange.holds;
    }
    if (exchange.control.cancelled()) {
      finish(exchange, failure(errc::cancelled, "cancelled before it was sent"));
    } else {
      table_.perform(transport_, exchange.what, exchange, exchange.control);
    }
    bool over = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      over = exchange.over;
    }
    ORCAST_ASSERT(over);  // perform() returns after done()
    if (!over) finish(exchange, failure(errc::protocol, "the transport gave no outcome"));
    {
      std::lock_guard<std::mutex> lock(mutex_);
      release(exchange);
    }
    deliver_refusals();
  }

  /// Hands the outcome on, once; the sink may be gone afterwards, and the relay too.
  void finish(relay& exchange, result<void> outcome) noexcept {
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

  bool deliver_refusals() noexcept {
    if (table_.tier != tier::blocking) return false;
    bool delivered = false;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      const auto refused = std::find_if(
          live_.begin(), live_.end(),
          [](const std::unique_ptr<relay>& exchange) { return exchange->refusal.has_value(); });
      if (refused == live_.end()) return delivered;
      relay& exchange = **refused;
      failure why = std::move(*exchange.refusal);
      exchange.refusal.reset();
      lock.unlock();
      finish(exchange, std::move(why));
      delivered = true;
      lock.lock();
    }
  }

  // The rest is called under the lock.

  relay* find(exchange_id id) noexcept {
    for (const std::unique_ptr<relay>& exchange : live_) {
      if (exchange->id == id) return exchange.get();
    }
    return nullptr;
  }

  void release(relay& exchange) noexcept {
    changed_.notify_all();
    if (--exchange.holds != 0) return;
    const auto gone = std::find_if(
        live_.begin(), live_.end(),
        [&exchange](const std::unique_ptr<relay>& one) { return one.get() == &exchange; });
    live_.erase(gone);
  }

  void* const transport_;
  const transport_functions& table_;
  void (*const destroy_)(void*);
  std::mutex mutex_;
  std::condition_variable changed_;  // an exchange ended, or was let go of
  std::vector<std::unique_ptr<relay>> live_;
  exchange_id last_id_ = 0;
  unsigned ended_ = 0;
  worker_pool workers_;
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
