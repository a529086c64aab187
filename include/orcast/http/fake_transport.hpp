// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/http/fake_reply.hpp"
#include "orcast/http/transport.hpp"

// A transport without a network, for tests: ours and those of the programs that use orcast. Answers
// are scripted, requests are recorded, and nothing happens except where the test makes it happen.
// It comes in all three tiers: fake_transport (polled), fake_async_transport and
// fake_blocking_transport. It watches that its user keeps the contract: see violations().

namespace orcast {
inline namespace v0 {
namespace http {

/// A request as it was sent, its body in one piece.
struct recorded_request {
  exchange_id id = 0;
  std::string method;
  std::string url;
  std::vector<header> headers;
  std::string body;

  /// The value of the first header of that name, or an empty view.
  std::string_view find(std::string_view name) const noexcept;
};

namespace detail {

class fake_exchange;

/// What the tiers have in common: the script, the record, and who is on the way.
class fake_base {
 public:
  /// Answers the next request that has no answer yet; requests take replies in order of start().
  void reply(fake_reply next);
  /// Answers every request for which no reply() is left. Without it they fail with errc::connect.
  void otherwise(fake_reply always);

  /// All requests so far, in the order of their start().
  std::vector<recorded_request> requests() const;
  /// Sentences about what a user of this transport did against the contract; empty is good.
  std::vector<std::string> violations() const;
  std::size_t in_flight() const;

  /// Passes one hold() of an exchange. One that comes before the hold is reached is remembered.
  void release(exchange_id id);
  /// The same for every exchange in flight.
  void release_all();

 protected:
  fake_base();
  ~fake_base();
  fake_base(const fake_base&) = delete;
  fake_base& operator=(const fake_base&) = delete;

  std::shared_ptr<fake_exchange> open(const request& what, response_sink& sink);
  std::shared_ptr<fake_exchange> find(exchange_id id) const;
  /// Takes it out of those in flight, and tells its sink.
  void close(const std::shared_ptr<fake_exchange>& exchange);
  void note(std::string violation);

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<fake_exchange>> live_;

 private:
  std::vector<fake_reply> replies_;  // the next one first
  std::unique_ptr<fake_reply> otherwise_;
  std::vector<recorded_request> requests_;
  std::vector<std::string> violations_;
};

}  // namespace detail

/// The polled tier. Each poll() takes every exchange as far as its script, its sink and the test
/// let it go, in order of start(); between polls nothing happens. Script, record, cancel() and
/// resume() may be used from any thread, and from inside sinks.
class fake_transport : public detail::fake_base {
 public:
  exchange_id start(const request& what, response_sink& sink);
  void cancel(exchange_id id);
  void resume(exchange_id id);
  void poll(std::int64_t wait_ms);

 private:
  bool polling_ = false;
};

/// The asynchronous tier: sinks are called by whoever calls deliver(), on the thread of that call.
class fake_async_transport : private fake_transport {
 public:
  using fake_base::in_flight;
  using fake_base::otherwise;
  using fake_base::release;
  using fake_base::release_all;
  using fake_base::reply;
  using fake_base::requests;
  using fake_base::violations;
  using fake_transport::cancel;
  using fake_transport::resume;
  using fake_transport::start;

  void deliver() { poll(0); }
};

/// The blocking tier: perform() returns when the script is through, and waits in its holds.
class fake_blocking_transport : public detail::fake_base {
 public:
  void perform(const request& what, response_sink& sink, exchange_control& control);
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/http/impl/fake_transport.ipp"
#endif
