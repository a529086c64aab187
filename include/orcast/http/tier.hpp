// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"

// Which of the three tiers of orcast/http/transport.hpp a type fits, found by its functions. For
// those who take a transport; who writes one includes transport.hpp.

namespace orcast {
inline namespace v0 {
namespace http {

class exchange_control;

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
