// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "orcast/config.hpp"

// Errors are values. A function that can fail returns result<T>: the value, or a failure that says
// in one line what happened. Nothing in orcast throws, so the interface is the same with and
// without exceptions. A failure never contains a key, a header value or a request body.

namespace orcast {
inline namespace v0 {

/// What went wrong. The numbers are permanent: they may be logged, stored and compared.
enum class errc : std::uint16_t {
  invalid_argument = 1,  ///< refused before anything was sent
  cancelled = 2,         ///< by the caller
  shut_down = 3,         ///< the object was stopped before it finished
  busy = 4,              ///< a bounded queue is full

  resolve = 10,             ///< the host name could not be resolved
  connect = 11,             ///< refused, unreachable, or gone before a byte was sent
  tls = 12,                 ///< handshake failed or certificate rejected
  trust_store = 13,         ///< no certificate authorities to check against
  timeout_connect = 14,     ///< no connection in time
  timeout_first_byte = 15,  ///< connected, but no response began in time
  timeout_idle = 16,        ///< the response went silent
  timeout_total = 17,       ///< the exchange took too long as a whole
  disconnected = 18,        ///< cut later: the request may have been received, and done
  protocol = 19,            ///< the bytes are not HTTP as agreed (length, chunking, redirect)
  too_large = 20,           ///< over one of our limits

  invalid_request = 30,       ///< 400, 409, 410, 412, 413, 422
  authentication = 31,        ///< 401
  payment_required = 32,      ///< 402
  permission_denied = 33,     ///< 403
  not_found = 34,             ///< 404
  request_timeout = 35,       ///< 408, 504, 524
  rate_limited = 36,          ///< 429
  server = 37,                ///< 500 and other 5xx
  provider_unavailable = 38,  ///< 502
  overloaded = 39,            ///< 503, 529

  malformed_response = 50,  ///< not the JSON or the events that were agreed
  stream_truncated = 51,    ///< a stream that ended without a finish reason and without [DONE]
  provider_error = 52,      ///< an error reported with HTTP 200, before or within the stream

  io = 60,           ///< a file could not be read or written
  unsupported = 61,  ///< not possible in this build or on this transport
};

namespace detail {

struct errc_name {
  errc code;
  char name[22];  // in the row itself: pointers would need relocating, and a switch is more code
};

ORCAST_HIDDEN inline constexpr errc_name errc_names[] = {
    {errc::invalid_argument, "invalid_argument"},
    {errc::cancelled, "cancelled"},
    {errc::shut_down, "shut_down"},
    {errc::busy, "busy"},
    {errc::resolve, "resolve"},
    {errc::connect, "connect"},
    {errc::tls, "tls"},
    {errc::trust_store, "trust_store"},
    {errc::timeout_connect, "timeout_connect"},
    {errc::timeout_first_byte, "timeout_first_byte"},
    {errc::timeout_idle, "timeout_idle"},
    {errc::timeout_total, "timeout_total"},
    {errc::disconnected, "disconnected"},
    {errc::protocol, "protocol"},
    {errc::too_large, "too_large"},
    {errc::invalid_request, "invalid_request"},
    {errc::authentication, "authentication"},
    {errc::payment_required, "payment_required"},
    {errc::permission_denied, "permission_denied"},
    {errc::not_found, "not_found"},
    {errc::request_timeout, "request_timeout"},
    {errc::rate_limited, "rate_limited"},
    {errc::server, "server"},
    {errc::provider_unavailable, "provider_unavailable"},
    {errc::overloaded, "overloaded"},
    {errc::malformed_response, "malformed_response"},
    {errc::stream_truncated, "stream_truncated"},
    {errc::provider_error, "provider_error"},
    {errc::io, "io"},
    {errc::unsupported, "unsupported"},
};

}  // namespace detail

/// The permanent name of a code, as it is written into spans: "rate_limited".
constexpr std::string_view to_string(errc code) noexcept {
  for (const detail::errc_name& each : detail::errc_names) {
    if (each.code == code) return each.name;
  }
  return "unknown";
}

/// A failed operation: what a program branches on and what a person reads.
struct failure {
  errc code = errc::invalid_argument;
  int http_status = 0;     ///< 0 when no response arrived
  std::string message;     ///< one line; the service's own words where there are any
  std::string error_type;  ///< the service's own name of the error, e.g. "rate_limit_exceeded"
  std::string provider;    ///< the provider that failed, where the service names one
  std::int64_t retry_after_ms = -1;  ///< the service's hint, -1 when it gave none
  bool retryable = false;            ///< whether trying the same again later can help

  // One body each: where something may fail, compilers would repeat what three strings take.
  ORCAST_SMALL failure() noexcept = default;
  ORCAST_SMALL failure(errc what, std::string_view words, int status = 0) noexcept
      : code(what), http_status(status) {
    message.assign(words);
  }
  ORCAST_SMALL failure(const failure& other) = default;
  ORCAST_SMALL failure(failure&& other) noexcept = default;
  ORCAST_SMALL failure& operator=(const failure& other) = default;
  ORCAST_SMALL failure& operator=(failure&& other) noexcept = default;
  ORCAST_SMALL ~failure() = default;
};

namespace detail {

/// One of the two, by hand: std::variant costs every translation unit more to compile than all of
/// this header.
template <class T>
class value_or_failure {
 public:
  explicit value_or_failure(T&& value) : value_(std::move(value)), ok_(true) {}
  explicit value_or_failure(failure&& why) : why_(std::move(why)), ok_(false) {}
  value_or_failure(value_or_failure&& other) noexcept : ok_(other.ok_) {
    if (ok_) {
      ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
    } else {
      ::new (static_cast<void*>(&why_)) failure(std::move(other.why_));
    }
  }
  value_or_failure(const value_or_failure& other) : ok_(other.ok_) {
    if (ok_) {
      ::new (static_cast<void*>(&value_)) T(other.value_);
    } else {
      ::new (static_cast<void*>(&why_)) failure(other.why_);
    }
  }
  value_or_failure& operator=(value_or_failure&& other) noexcept {
    if (this != &other) {
      this->~value_or_failure();
      ::new (static_cast<void*>(this)) value_or_failure(std::move(other));
    }
    return *this;
  }
  value_or_failure& operator=(const value_or_failure& other) {
    return *this = value_or_failure(other);
  }
  ~value_or_failure() {
    if (ok_) {
      value_.~T();
    } else {
      why_.~failure();
    }
  }

  union {
    T value_;
    failure why_;
  };
  bool ok_;
};

/// What an operation without a result yields.
struct nothing {};

/// Takes copying away from what derives from it.
template <bool copied>
struct copied_if {};
template <>
struct copied_if<false> {
  copied_if() = default;
  copied_if(copied_if&&) = default;
  copied_if& operator=(copied_if&&) = default;
};

}  // namespace detail

/// A value, or the failure that took its place. Test it before reading either.
template <class T>
class [[nodiscard]] result : detail::copied_if<std::is_copy_constructible_v<T>> {
 public:
  result(T value) : state_(std::move(value)) {}
  result(failure&& why) : state_(std::move(why)) {}
  result(const failure& why) : result(failure(why)) {}

  bool ok() const noexcept { return state_.ok_; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & noexcept {
    ORCAST_ASSERT(ok());
    return state_.value_;
  }
  const T& value() const& noexcept {
    ORCAST_ASSERT(ok());
    return state_.value_;
  }
  T&& value() && noexcept {
    ORCAST_ASSERT(ok());
    return std::move(state_.value_);
  }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  failure& error() noexcept {
    ORCAST_ASSERT(!ok());
    return state_.why_;
  }
  const failure& error() const noexcept {
    ORCAST_ASSERT(!ok());
    return state_.why_;
  }

 private:
  detail::value_or_failure<T> state_;
};

/// The result of an operation that yields nothing but may fail.
template <>
class [[nodiscard]] result<void> {
 public:
  result() noexcept : state_(detail::nothing()) {}
  result(failure&& why) : state_(std::move(why)) {}
  result(const failure& why) : result(failure(why)) {}

  bool ok() const noexcept { return state_.ok_; }
  explicit operator bool() const noexcept { return ok(); }
  failure& error() noexcept {
    ORCAST_ASSERT(!ok());
    return state_.why_;
  }
  const failure& error() const noexcept {
    ORCAST_ASSERT(!ok());
    return state_.why_;
  }

 private:
  detail::value_or_failure<detail::nothing> state_;
};

}  // namespace v0
}  // namespace orcast
