// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "orcast/http/tier.hpp"
#include "orcast/http/worker_options.hpp"

// A transport's functions as a table, so that any_transport can hold one without knowing its type.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class transport_hub;
struct transport_functions;

/// What any_transport holds, together with the transport; `destroy` is null when that is only
/// borrowed.
struct transport_hub_deleter {
  void* transport = nullptr;
  void (*destroy)(void*) = nullptr;
  void operator()(transport_hub* hub) const noexcept;
};
using transport_hub_ptr = std::unique_ptr<transport_hub, transport_hub_deleter>;

ORCAST_DECL transport_hub* make_direct_hub(void* transport, const transport_functions& table,
                                           worker_options workers);
ORCAST_DECL transport_hub* make_blocking_hub(void* transport, const transport_functions& table,
                                             worker_options workers);

/// A transport's functions, for one type T; what its tier does not have is null. The table knows
/// how the hub of its tier is made, so that a program without blocking transports contains no pool
/// of threads.
struct transport_functions {
  http::tier tier = http::tier::none;
  transport_hub* (*make_hub)(void*, const transport_functions&, worker_options) = nullptr;
  exchange_id (*start)(void*, const request&, response_sink&) = nullptr;
  void (*cancel)(void*, exchange_id) = nullptr;
  void (*resume)(void*, exchange_id) = nullptr;
  void (*poll)(void*, std::int64_t) = nullptr;
  void (*perform)(void*, const request&, response_sink&, exchange_control&) = nullptr;
};

template <class T>
constexpr transport_functions functions_of() noexcept {
  transport_functions table;
  table.tier = tier_of<T>;
  if constexpr (tier_of<T> == tier::blocking) {
    table.make_hub = &make_blocking_hub;
    table.perform = [](void* self, const request& what, response_sink& sink,
                       exchange_control& control) {
      static_cast<T*>(self)->perform(what, sink, control);
    };
  } else {
    table.make_hub = &make_direct_hub;
    table.start = [](void* self, const request& what, response_sink& sink) -> exchange_id {
      return static_cast<T*>(self)->start(what, sink);
    };
    table.cancel = [](void* self, exchange_id id) { static_cast<T*>(self)->cancel(id); };
    table.resume = [](void* self, exchange_id id) { static_cast<T*>(self)->resume(id); };
  }
  if constexpr (tier_of<T> == tier::polled) {
    table.poll = [](void* self, std::int64_t wait_ms) { static_cast<T*>(self)->poll(wait_ms); };
  }
  return table;
}

template <class T>
ORCAST_HIDDEN inline constexpr transport_functions transport_table = functions_of<T>();

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
