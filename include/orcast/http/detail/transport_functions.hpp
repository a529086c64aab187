// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "orcast/http/tier.hpp"

// A transport's functions as a table, so that any_transport can hold one without knowing its type.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// A transport's functions, for one type T; what its tier does not have is null.
struct transport_functions {
  http::tier tier = http::tier::none;
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
    table.perform = [](void* self, const request& what, response_sink& sink,
                       exchange_control& control) {
      static_cast<T*>(self)->perform(what, sink, control);
    };
  } else {
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
inline constexpr transport_functions transport_table = functions_of<T>();

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
