// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "orcast/http/control.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"

// What a transport is. Any type will do that fits one of three tiers; nothing is inherited.
//
//   blocking:      void perform(const request&, response_sink&, exchange_control&);
//                  returns when the exchange is over, done() having been called before it returns.
//                  Several threads may call it at once.
//   asynchronous:  exchange_id start(const request&, response_sink&);
//                  void cancel(exchange_id);   void resume(exchange_id);
//                  returns at once and calls the sink later, from any thread; never from inside
//                  start(), so a request that can't be sent fails through a later done().
//   polled:        asynchronous, and   void poll(std::int64_t wait_ms);
//                  calls sinks only from inside poll(), which the host calls each frame with 0, or
//                  with the milliseconds it may wait for the network. One thread uses it.
//
// cancel(id) means done(errc::cancelled) within 100 ms, in every phase. A resume() that comes while
// data() is still on its way to answer "pause" counts: the exchange goes on. An id that is over or
// was never given out is ignored by cancel() and resume().

namespace orcast {
inline namespace v0 {
namespace http {

/// Names an exchange of one transport; never reused by it. 0 names none.
using exchange_id = std::uint64_t;

enum class tier : unsigned char { none, blocking, asynchronous, polled };

namespace detail {

template <class T, class = void>
struct has_perform : std::false_type {};
template <class T>
struct has_perform<T, std::void_t<decltype(std::declval<T&>().perform(
                          std::declval<const request&>(), std::declval<response_sink&>(),
                          std::declval<exchange_control&>()))>> : std::true_type {};

template <class T, class = void>
struct has_start : std::false_type {};
template <class T>
struct has_start<T,
                 std::void_t<decltype(exchange_id{std::declval<T&>().start(
                                 std::declval<const request&>(), std::declval<response_sink&>())}),
                             decltype(std::declval<T&>().cancel(exchange_id{})),
                             decltype(std::declval<T&>().resume(exchange_id{}))>> : std::true_type {
};

template <class T, class = void>
struct has_poll : std::false_type {};
template <class T>
struct has_poll<T, std::void_t<decltype(std::declval<T&>().poll(std::int64_t{}))>>
    : std::true_type {};

}  // namespace detail

/// The tier that a type fits, tier::none when it fits no tier. A type that fits two counts as the
/// more capable one.
template <class T>
inline constexpr tier tier_of =
    detail::has_start<T>::value&& detail::has_poll<T>::value ? tier::polled
    : detail::has_start<T>::value                            ? tier::asynchronous
    : detail::has_perform<T>::value                          ? tier::blocking
                                                             : tier::none;

/// Fails to compile, with a sentence that says what is missing, when `T` is no transport.
template <class T>
constexpr void require_transport() noexcept {
  static_assert(
      tier_of<T> != tier::none,
      "not a transport: it needs perform(request, sink, control), or start(request, sink) "
      "with cancel(id) and resume(id); see orcast/http/transport.hpp");
}

}  // namespace http
}  // namespace v0
}  // namespace orcast
