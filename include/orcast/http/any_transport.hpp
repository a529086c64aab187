// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "orcast/http/detail/transport_functions.hpp"
#include "orcast/http/tier.hpp"
#include "orcast/http/worker_options.hpp"

// Any transport as one type, with every way to use it: start() on a blocking one runs on a small
// pool of threads, perform() on an asynchronous or polled one waits. The client and the exporter
// hold one of these. It also keeps its promise to sinks when the transport's user goes away: the
// destructor cancels what is in flight, and each sink has had its one done() when it returns.

namespace orcast {
inline namespace v0 {
namespace http {

/// A transport of any tier. An object that holds none (made by default, or moved from) may only be
/// assigned to, tested and destroyed. What waits - perform(), cancel_all(), the destructor - must
/// not be called from inside a sink: it would wait for its own caller.
class any_transport {
 public:
  any_transport() = default;

  /// Uses a transport that outlives this object. `workers` matter for a blocking one only.
  template <class T, class = std::enable_if_t<!std::is_same_v<std::remove_cv_t<T>, any_transport>>>
  explicit any_transport(T& borrowed, worker_options workers = {}) {
    require_transport<T>();
    attach(std::addressof(borrowed), detail::transport_table<T>, nullptr, workers);
  }

  /// Takes a transport over.
  template <class T>
  static any_transport own(std::unique_ptr<T> transport, worker_options workers = {}) {
    require_transport<T>();
    any_transport made;
    made.attach(
        transport.release(), detail::transport_table<T>,
        [](void* self) { delete static_cast<T*>(self); }, workers);
    return made;
  }
  template <class T>
  static any_transport own(T transport, worker_options workers = {}) {
    return own(std::make_unique<T>(std::move(transport)), workers);
  }

  /// Makes a transport and takes it over: any_transport::make<curl_transport>(options).
  template <class T, class... Args>
  static any_transport make(Args&&... args) {
    return own(std::make_unique<T>(std::forward<Args>(args)...));
  }

  explicit operator bool() const noexcept { return hub_ != nullptr; }

  /// What the transport itself is. It also says where sinks are called: with tier::polled only from
  /// inside poll(), and then one thread at a time uses this object; else from any thread, and any
  /// thread may use it.
  http::tier tier() const noexcept;

  /// How many exchanges of start() are on their way at a time: as many as a blocking transport has
  /// threads (1 in a build without); the others have no limit here.
  std::size_t capacity() const noexcept;

  /// Begins an exchange; never calls the sink itself. On a blocking transport it waits in a bounded
  /// queue for a worker, and its time limits begin when one takes it up. A full queue answers
  /// done(errc::busy), a build without threads done(errc::unsupported): at the next poll(), or from
  /// a worker when one is free.
  exchange_id start(const request& what, response_sink& sink);

  /// May deliver done() to sinks before it returns: hold no lock that they take.
  void cancel(exchange_id id);
  void resume(exchange_id id);

  /// Call it each frame. It drives a polled transport; with others it delivers refusals and, when
  /// `wait_ms` is above 0, waits that long for an exchange to end (not at all when there is none).
  void poll(std::int64_t wait_ms);

  /// One exchange from beginning to end on this thread, for every tier; waits. A polled transport
  /// is polled from here, so the thread must be the one that polls it.
  void perform(const request& what, response_sink& sink, exchange_control& control);

  /// Cancels what start() began and waits at most `wait_ms` (-1: as long as it takes) until
  /// all of it is over; true when it is. The destructor does the same with -1: a transport that
  /// keeps its promise needs 100 ms. One that does not would otherwise run on freed memory.
  bool cancel_all(std::int64_t wait_ms);

 private:
  void attach(void* transport, const detail::transport_functions& table, void (*destroy)(void*),
              worker_options workers);

  detail::transport_hub_ptr hub_;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/http/impl/any_transport.ipp"
#endif
