// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/fork.hpp"
#include "orcast/core/host.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/impl/call_entry.hpp"
#include "orcast/openrouter/impl/call_pool.hpp"
#include "orcast/openrouter/impl/fair_queue.hpp"

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
  call_ptr start(api_request request, api_handler* handler, const call_context& context);
  /// Several threads at once, unless the transport is a polled one.
  result<chat_reply> chat(chat_request request, delta_listener* pieces,
                          const call_context& context);
  result<api_reply> call(const api_request& request, byte_listener* pieces,
                         const call_context& context);
  void tick(std::int64_t budget_ns);
  void cancel(call_entry& entry);
  void shut_down();
  /// Of fork(), by its parent.
  bool in_child() const noexcept { return process_id() != process_; }
  const recording& record() const noexcept { return options_.record; }
  std::size_t in_flight() const noexcept { return live_.size() - usage_queries_; }
  std::size_t in_line() const noexcept;
  int attempts(const call_entry& entry) const noexcept;
  void give_place_back() noexcept;

 private:
  enum class delivery : unsigned char { more, nothing, locked };

  call_ptr open(chat_request& request, const call_context& context, bool refused);
  call_ptr open(const api_request& request, const call_context& context, bool refused);
  call_ptr make_entry(const http::retry_policy& retries, const call_context& context);
  /// Settles whether the call can be sent.
  void prepare(call_entry& entry, result<void> composed, bool refused,
               const call_context& context) const;
  result<void> compose(const chat_request& request, const call_context& context,
                       outgoing_call& out) const;
  result<void> compose(const api_request& request, const call_context& context,
                       outgoing_call& out) const;
  result<void> compose_head(std::string_view accept, std::string_view content_type,
                            std::string_view session, const call_context& context,
                            http::request& out) const;
  result<void> authorize(http::request& out) const;
  /// Into the client's care, until it is done.
  void adopt(const call_ptr& entry);
  /// Sends, or lets wait for its turn.
  void send_in_turn(const call_ptr& entry);
  void send_those_in_line();
  bool await_turn(const call_ptr& entry);
  void join_line(const call_ptr& entry);
  void move_line();
  http::exchange_id leave_line(call_entry& entry);
  void send(const call_ptr& entry);
  static failure no_turn();
  /// The same on this thread, until the answer is there and `pieces` has heard all of it.
  void send_and_wait(const call_ptr& entry, delta_listener& pieces, byte_listener& bytes);
  /// All attempts, on this thread.
  void run(const call_ptr& entry, delta_listener* pieces, byte_listener* bytes);
  void wait(std::int64_t wait_ms);

  void start_due_retries();
  void enqueue(const call_ptr& entry);
  void enqueue_for_next_tick(const call_ptr& entry);
  /// Hands on one piece or the end of one call.
  delivery deliver(const call_ptr& entry, bool may_wait);
  /// Brings over what has arrived; false when the transport's thread is at it this moment.
  bool look(const call_ptr& entry, bool may_wait);
  void finish(const call_ptr& entry);
  call_ptr open_usage_query(const call_ptr& about);
  void ask_for_usage(const call_ptr& about);
  void tell_usage(call_entry& asked);

  const client_options options_;
  const std::string base_url_;
  const std::string chat_url_;
  const std::vector<http::header> headers_;
  const orcast::host clock_;
  const std::size_t places_;
  const std::shared_ptr<call_pool> pool_ = std::make_shared<call_pool>();
  call_box box_;
  mutable std::mutex line_mutex_;
  std::condition_variable line_moved_;  // a place is free, or given to who waits on his own thread
  fair_queue<call_ptr, 3> line_;        // calls that wait for their turn to be sent
  std::size_t taken_ = 0;               // of `places_`
  std::vector<call_ptr> live_;          // every call of start() that is not done
  std::vector<call_ptr> waiting_;       // those of them that will be tried again
  std::deque<call_ptr> queue_;          // those that may have something to deliver, in turn
  std::vector<call_ptr> later_;         // those that join the queue at the next tick
  std::size_t usage_queries_ = 0;       // calls in live_ that nobody but the client knows of
  bool ticking_ = false;
  bool closed_ = false;
  const long process_ = process_id();
  http::any_transport transport_;  // last: when it goes, it waits for sinks that use the rest
};

inline void call_entry::give_place_back() const noexcept {
  if (line != nullptr) line->give_place_back();
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
