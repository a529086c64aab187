// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "orcast/http/detail/transport_hub.hpp"

// The hub of an asynchronous or polled transport: it can all that is asked of any_transport by
// itself.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class direct_hub final : public transport_hub {
 public:
  direct_hub(void* transport, const transport_functions& table) noexcept
      : transport_hub(transport, table) {}

  std::size_t capacity() const noexcept override { return ~std::size_t{0}; }

  ORCAST_SMALL exchange_id start(const request& what, response_sink& sink) override {
    auto& exchange = *new direct_relay(*this, sink);
    exchange.holds = 2;
    std::unique_lock<std::mutex> lock(mutex_);
    const exchange_id id = add(exchange);
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

  ORCAST_SMALL void cancel(exchange_id id) override {
    const exchange_id inner = inner_id(id, true);
    if (inner != 0) table_.cancel(transport_, inner);
  }

  ORCAST_SMALL void resume(exchange_id id) override {
    const exchange_id inner = inner_id(id, false);
    if (inner != 0) table_.resume(transport_, inner);
  }

  void poll(std::int64_t wait_ms) override {
    if (table_.tier == tier::polled) {
      table_.poll(transport_, wait_ms);
    } else if (wait_ms > 0) {
      wait_for_end(wait_ms);
    }
  }

 private:
  struct direct_relay final : relay {
    using relay::relay;
    exchange_id inner = 0;  // the transport's own name for it
    bool cancel_wanted = false;
  };

  /// 0 when it is over, or while start() is still under way on another thread: that one then heeds
  /// the wish to cancel.
  ORCAST_SMALL exchange_id inner_id(exchange_id id, bool cancels) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    auto* const exchange = static_cast<direct_relay*>(find(id));
    if (exchange == nullptr) return 0;
    if (exchange->inner == 0) exchange->cancel_wanted |= cancels;
    return exchange->inner;
  }
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
