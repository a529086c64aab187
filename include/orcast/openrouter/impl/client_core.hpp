// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/host.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/impl/call_entry.hpp"

// What a client consists of. The host's thread only, except chat(). See client_core.ipp for the
// threads.

namespace orcast {
inline namespace v0 {
namespace detail {

class client_core {
 public:
  client_core(client_options options, http::any_transport transport, std::string url,
              std::vector<http::header> headers);

  /// Streamed or in one piece, as `request.stream` says.
  call_ptr start(chat_request request, call_handler* handler, const call_context& context);
  /// Several threads at once, unless the transport is a polled one.
  result<chat_reply> chat(chat_request request, delta_listener* pieces,
                          const call_context& context);
  void tick(std::int64_t budget_ns);
  void cancel(call_entry& entry);
  void shut_down();
  std::size_t in_flight() const noexcept { return live_.size(); }

 private:
  enum class delivery : unsigned char { more, nothing, locked };

  call_ptr open(chat_request& request, const call_context& context, bool refused);
  result<void> compose(const chat_request& request, outgoing_call& out) const;
  result<void> authorize(http::request& out) const;
  /// Begins the next attempt.
  void send(const call_ptr& entry);
  /// The same on this thread, until the answer is there and `pieces` has heard all of it.
  void send_and_wait(const call_ptr& entry, delta_listener& pieces);
  void wait(std::int64_t wait_ms);

  void start_due_retries();
  void enqueue(const call_ptr& entry);
  void enqueue_for_next_tick(const call_ptr& entry);
  /// Hands on one piece or the end of one call.
  delivery deliver(const call_ptr& entry, bool may_wait);
  /// Brings over what has arrived; false when the transport's thread is at it this moment.
  bool look(const call_ptr& entry, bool may_wait);
  void finish(const call_ptr& entry);

  const client_options options_;
  const std::string url_;
  const std::vector<http::header> headers_;
  const orcast::host clock_;
  call_box box_;
  std::vector<call_ptr> live_;     // every call of start() that is not done
  std::vector<call_ptr> waiting_;  // those of them that will be tried again
  std::deque<call_ptr> queue_;     // those that may have something to deliver, in turn
  std::vector<call_ptr> later_;    // those that join the queue at the next tick
  bool ticking_ = false;
  bool closed_ = false;
  http::any_transport transport_;  // last: when it goes, it waits for sinks that use the rest
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
