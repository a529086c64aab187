// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "orcast/http/any_transport.hpp"
#include "orcast/http/detail/blocking_hub.hpp"
#include "orcast/http/detail/direct_hub.hpp"
#include "orcast/http/detail/transport_hub.hpp"

// The bodies of orcast/http/any_transport.hpp.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

ORCAST_SMALL ORCAST_DECL void transport_hub_deleter::operator()(transport_hub* hub) const noexcept {
  if (hub->in_child()) return;  // with all that it holds: to end it here would end it there
  hub->cancel_all(-1);
  delete hub;
  if (destroy != nullptr) destroy(transport);
}

ORCAST_SMALL ORCAST_DECL transport_hub* make_direct_hub(void* transport,
                                                        const transport_functions& table,
                                                        worker_options) {
  return new direct_hub(transport, table);
}

ORCAST_DECL transport_hub* make_blocking_hub(void* transport, const transport_functions& table,
                                             worker_options workers) {
  return new blocking_hub(transport, table, workers);
}

}  // namespace detail

ORCAST_SMALL ORCAST_DECL void any_transport::attach(void* transport,
                                                    const detail::transport_functions& table,
                                                    void (*destroy)(void*),
                                                    worker_options workers) {
  hub_ = detail::transport_hub_ptr(table.make_hub(transport, table, workers), {transport, destroy});
}

ORCAST_DECL http::tier any_transport::tier() const noexcept {
  return hub_ != nullptr ? hub_->tier() : http::tier::none;
}

ORCAST_DECL std::size_t any_transport::capacity() const noexcept {
  return hub_ != nullptr ? hub_->capacity() : 0;
}

ORCAST_DECL exchange_id any_transport::start(const request& what, response_sink& sink) {
  ORCAST_ASSERT(hub_ != nullptr);
  return hub_->start(what, sink);
}

ORCAST_DECL void any_transport::cancel(exchange_id id) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->cancel(id);
}

ORCAST_DECL void any_transport::resume(exchange_id id) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->resume(id);
}

ORCAST_DECL void any_transport::poll(std::int64_t wait_ms) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->poll(wait_ms);
}

ORCAST_DECL void any_transport::perform(const request& what, response_sink& sink,
                                        exchange_control& control) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->perform(what, sink, control);
}

ORCAST_DECL bool any_transport::cancel_all(std::int64_t wait_ms) {
  return hub_ == nullptr || hub_->cancel_all(wait_ms);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast
