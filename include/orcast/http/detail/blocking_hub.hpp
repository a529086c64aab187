// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "orcast/http/detail/transport_hub.hpp"
#include "orcast/http/worker_pool.hpp"

// The hub of a blocking transport: what start() begins runs on a pool of threads.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class blocking_hub final : public transport_hub {
 public:
  blocking_hub(void* transport, const transport_functions& table, worker_options workers) noexcept
      : transport_hub(transport, table), workers_(with_room(workers)) {
    capacity_ = workers_.threads();
  }
  ~blocking_hub() override { workers_.stop(-1); }

  exchange_id start(const request& what, response_sink& sink) override {
    auto& exchange = *new blocking_relay(*this, what, sink);
    std::lock_guard<std::mutex> lock(mutex_);
    const exchange_id id = add(exchange);
    // Under the lock: while a queue is full, some job is still to end after this refusal was
    // noted, and whoever ends a job delivers refusals.
    if (!workers_.submit(&blocking_relay::work, &exchange)) {
      exchange.refusal =
          worker_pool::available
              ? failure(errc::busy,
                        "too many requests wait for a worker thread, or there is none to be had")
              : failure(errc::unsupported, "a blocking transport can't start() without threads");
    }
    return id;
  }

  void cancel(exchange_id id) override {
    std::unique_lock<std::mutex> lock(mutex_);
    auto* const exchange = static_cast<blocking_relay*>(find(id));
    if (exchange == nullptr) return;
    if (exchange->refusal || workers_.withdraw(exchange)) {
      exchange->refusal.reset();
      lock.unlock();
      finish(*exchange, failure(errc::cancelled, "cancelled before it was sent"));
      deliver_refusals();
    } else {
      exchange->control.cancel();
    }
  }

  void resume(exchange_id id) override {
    std::lock_guard<std::mutex> lock(mutex_);
    auto* const exchange = static_cast<blocking_relay*>(find(id));
    if (exchange != nullptr) exchange->control.resume();
  }

  void poll(std::int64_t wait_ms) override {
    if (!deliver_refusals() && wait_ms > 0) wait_for_end(wait_ms);
  }

 private:
  struct blocking_relay final : relay {
    blocking_relay(blocking_hub& owner, const request& asked, response_sink& user) noexcept
        : relay(owner, user), what(asked) {}

    static void work(void* self) noexcept {
      auto& exchange = *static_cast<blocking_relay*>(self);
      static_cast<blocking_hub&>(exchange.hub).work(exchange);
    }

    const request& what;
    exchange_control control;
    std::optional<failure> refusal;  // to be delivered: it never reached the transport
  };

  /// Who keeps to capacity() finds room even while threads are still on their way back from done().
  static worker_options with_room(worker_options workers) noexcept {
    workers.queue = (std::max)(workers.queue, workers.threads);
    return workers;
  }

  /// A worker's thread.
  void work(blocking_relay& exchange) noexcept {
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

  bool deliver_refusals() noexcept {
    bool delivered = false;
    std::unique_lock<std::mutex> lock(mutex_);
    while (blocking_relay* const exchange = first_refused()) {
      failure why = std::move(*exchange->refusal);
      exchange->refusal.reset();
      lock.unlock();
      finish(*exchange, std::move(why));
      delivered = true;
      lock.lock();
    }
    return delivered;
  }

  /// Under the lock.
  blocking_relay* first_refused() const noexcept {
    for (relay* at = first_; at != nullptr; at = at->next) {
      auto* const exchange = static_cast<blocking_relay*>(at);
      if (exchange->refusal) return exchange;
    }
    return nullptr;
  }

  worker_pool workers_;
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
