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

  ORCAST_SMALL exchange_id start(const request& what, response_sink& sink) override {
    auto& exchange = *new relay(*this, sink);
    exchange.holds = 2;
    exchange_id id = 0;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      id = add(exchange);
    }
    const exchange_id inner = table_.start(transport_, what, exchange);
    bool cancel_now = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      exchange.inner = inner;
      cancel_now = exchange.cancel_wanted;
      release(exchange);
    }
    if (cancel_now) table_.cancel(transport_, inner);
    return id;
  }

  ORCAST_SMALL void cancel(exchange_id id) override { tell(id, table_.cancel, true); }
  ORCAST_SMALL void resume(exchange_id id) override { tell(id, table_.resume, false); }

  void poll(std::int64_t wait_ms) override {
    if (table_.tier == tier::polled) {
      table_.poll(transport_, wait_ms);
    } else if (wait_ms > 0) {
      wait_for_end(wait_ms);
    }
  }

 private:
  /// Not when it is over, nor while start() is still under way on another thread: that one then
  /// heeds the wish to cancel.
  ORCAST_SMALL void tell(exchange_id id, void (*function)(void*, exchange_id), bool cancels) {
    exchange_id inner = 0;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      relay* const exchange = find(id);
      if (exchange == nullptr) return;
      inner = exchange->inner;
      if (inner == 0) exchange->cancel_wanted |= cancels;
    }
    if (inner != 0) function(transport_, inner);
  }
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
