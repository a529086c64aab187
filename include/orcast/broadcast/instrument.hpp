// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "orcast/http/transport.hpp"
#include "orcast/openrouter/observation.hpp"

// Broadcast without a change to the host's code: a transport that records every chat completion
// which passes through it and is otherwise the transport it wraps. Bytes, order, status and timing
// stay as they are; an exchange that already has an observation, or is no chat completion, is
// passed on untouched.
//
//   auto recorded = instrument(my_transport, my_broadcast.recording());   // borrows my_transport

namespace orcast {
inline namespace v0 {

namespace detail {

inline bool to_be_recorded(const http::request& what, const recording& where) noexcept {
  return where.traces != nullptr && where.traces->enabled() && what.attached == nullptr;
}

/// Feeds an observation and the host's sink with the same response.
class recording_sink : public http::response_sink {
 public:
  recording_sink(const recording& where, http::response_sink& to) : seen_(where), to_(to) {}

  bool begin(const http::request& what) {
    request_ = &what;
    return seen_.begin_raw(what.method, what.url, what.body, what.headers);
  }

  void head(const http::response_head& head) noexcept override {
    seen_.head(head);
    to_.head(head);
  }
  http::flow data(std::string_view bytes) noexcept override {
    // Who has the whole answer may go before the exchange has ended: by then the span has.
    if (!seen_.data(bytes) || seen_.whole()) static_cast<void>(seen_.done({}, request_));
    return to_.data(bytes);
  }
  void done(result<void> outcome) noexcept override {
    static_cast<void>(seen_.done(outcome, request_));
    to_.done(std::move(outcome));
  }

 protected:
  ~recording_sink() = default;
  http::response_sink& host_sink() noexcept { return to_; }

 private:
  observation seen_;
  http::response_sink& to_;
  const http::request* request_ = nullptr;  // lives until done()
};

class recording_sink_here final : public recording_sink {
 public:
  using recording_sink::recording_sink;
};

/// Lives from start() to done(), and then goes by itself.
class recording_sink_apart final : public recording_sink {
 public:
  using recording_sink::recording_sink;
  void done(result<void> outcome) noexcept override {
    const std::unique_ptr<recording_sink_apart> last(this);
    recording_sink::done(std::move(outcome));
  }
};

}  // namespace detail

/// `Transport` is a type, which is then owned, or a reference to one, which is borrowed.
template <class Transport, http::tier = http::tier_of<std::remove_reference_t<Transport>>>
class instrumented;

template <class Transport>
class instrumented<Transport, http::tier::blocking> {
 public:
  instrumented(Transport&& transport, const recording& where)
      : transport_(std::forward<Transport>(transport)), where_(where) {}

  void perform(const http::request& what, http::response_sink& sink,
               http::exchange_control& control) {
    if (!detail::to_be_recorded(what, where_)) {
      transport_.perform(what, sink, control);
      return;
    }
    detail::recording_sink_here recorder(where_, sink);
    http::response_sink& taker = recorder.begin(what) ? recorder : sink;
    transport_.perform(what, taker, control);
  }

 private:
  Transport transport_;
  recording where_;
};

template <class Transport>
class instrumented<Transport, http::tier::asynchronous> {
 public:
  instrumented(Transport&& transport, const recording& where)
      : transport_(std::forward<Transport>(transport)), where_(where) {}

  http::exchange_id start(const http::request& what, http::response_sink& sink) {
    if (!detail::to_be_recorded(what, where_)) return transport_.start(what, sink);
    auto recorder = std::make_unique<detail::recording_sink_apart>(where_, sink);
    if (!recorder->begin(what)) return transport_.start(what, sink);
    return transport_.start(what, *recorder.release());  // done() deletes it
  }
  void cancel(http::exchange_id id) { transport_.cancel(id); }
  void resume(http::exchange_id id) { transport_.resume(id); }

 protected:
  Transport transport_;

 private:
  recording where_;
};

template <class Transport>
class instrumented<Transport, http::tier::polled>
    : public instrumented<Transport, http::tier::asynchronous> {
 public:
  using instrumented<Transport, http::tier::asynchronous>::instrumented;
  void poll(std::int64_t wait_ms) { this->transport_.poll(wait_ms); }
};

/// Wraps a transport of any tier: an lvalue is borrowed, an rvalue moved in.
template <class Transport>
instrumented<Transport> instrument(Transport&& transport, const recording& where) {
  http::require_transport<std::remove_reference_t<Transport>>();
  return instrumented<Transport>(std::forward<Transport>(transport), where);
}

}  // namespace v0
}  // namespace orcast
