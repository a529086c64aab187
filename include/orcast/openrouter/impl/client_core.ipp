// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "orcast/openrouter/impl/client_core.hpp"

#include "orcast/core/wait.hpp"
#include "orcast/http/control.hpp"
#include "orcast/openrouter/impl/client_compose.ipp"
#include "orcast/openrouter/impl/client_line.ipp"
#include "orcast/openrouter/impl/client_usage.ipp"

// How a client works.
//
// Two threads meet in a call: the transport's, which calls the sink (with a polled transport it is
// the host's, inside tick), and the host's, which delivers.
//
//   - The transport's thread parses. It feeds the observation, so that the span's times are those
//     of the bytes' arrival, decides on a retry, ends the span, and leaves pieces and outcome in
//     the entry. The first news since the host's thread has looked goes into the mailbox.
//   - The host's thread takes the mailbox in tick(), swaps the pieces out, and calls handlers; it
//     starts exchanges, first ones and retries.
//   - Each entry has a lock. tick() only tries it: a call that is being parsed this moment is left
//     for the next tick, so that no frame waits for a parser or for a thread that was preempted.
//   - Whoever comes first ends the observation: an exchange that is over, tick() after cancel(), or
//     the client's end. What the sink hears after that, it drops.
//   - The line of those that wait for a place is in client_line.ipp.
//   - An entry holds itself while an exchange is under way. Handle, client and exchange may
//     therefore end in any order; a handler is forgotten when its handle or the client goes.

namespace orcast {
inline namespace v0 {
namespace detail {

inline client_core::client_core(client_options options, http::any_transport transport,
                                std::string url, std::vector<http::header> headers)
    : options_(std::move(options)),
      base_url_(std::move(url)),
      chat_url_(base_url_ + "/chat/completions"),
      headers_(std::move(headers)),
      clock_(options_.record.traces != nullptr ? options_.record.traces->host() : orcast::host()),
      places_(options_.max_concurrent != 0 ? options_.max_concurrent : transport.capacity()),
      transport_(std::move(transport)) {}

inline call_ptr client_core::start(chat_request request, call_handler* handler,
                                   const call_context& context) {
  const call_ptr entry = open(request, context, in_flight() >= options_.max_calls);
  const bool at_once = context.on_arrival && !entry->over;
  (at_once ? entry->at_once : entry->handler) = handler;
  adopt(entry);
  return entry;
}

inline call_ptr client_core::start(api_request request, api_handler* handler,
                                   const call_context& context) {
  const call_ptr entry = open(request, context, in_flight() >= options_.max_calls);
  if (request.stream) entry->seen.listen(static_cast<byte_listener*>(entry.get()));
  const bool at_once = context.on_arrival && !entry->over;
  (at_once ? entry->at_once_api : entry->taker) = handler;
  adopt(entry);
  return entry;
}

inline void client_core::adopt(const call_ptr& entry) {
  entry->core = this;
  entry->box = &box_;
  entry->line = this;
  entry->place = live_.size();
  live_.push_back(entry);
  if (entry->over) {
    enqueue_for_next_tick(entry);
  } else {
    send_in_turn(entry);
  }
}

inline result<chat_reply> client_core::chat(chat_request request, delta_listener* pieces,
                                            const call_context& context) {
  const call_ptr entry = open(request, context, false);
  run(entry, pieces, nullptr);
  if (!entry->outcome) return entry->outcome.error();
  return std::move(entry->seen.reply());
}

inline result<api_reply> client_core::call(const api_request& request, byte_listener* pieces,
                                           const call_context& context) {
  const call_ptr entry = open(request, context, false);
  if (pieces != nullptr) entry->seen.listen(static_cast<byte_listener*>(entry.get()));
  run(entry, nullptr, pieces);
  if (!entry->outcome) return entry->outcome.error();
  return std::move(entry->seen.api_answer());
}

inline void client_core::run(const call_ptr& entry, delta_listener* pieces, byte_listener* bytes) {
  call_news unheard;
  delta_listener& deltas = pieces != nullptr ? *pieces : unheard;
  byte_listener& body = bytes != nullptr ? *bytes : unheard;
  while (!entry->over && await_turn(entry)) {
    send_and_wait(entry, deltas, body);
    if (std::exchange(entry->retry, false)) wait(entry->retry_wait_ms);
  }
  const call_ptr asking = open_usage_query(entry);
  if (asking == nullptr) return;
  run(asking, nullptr, nullptr);
  tell_usage(*asking);
}

inline void client_core::send_and_wait(const call_ptr& entry, delta_listener& pieces,
                                       byte_listener& bytes) {
  if (transport_.tier() != http::tier::asynchronous) {
    entry->direct = &pieces;
    entry->direct_bytes = &bytes;
    entry->sending = entry;
    ++entry->sent;
    http::exchange_control control;
    return transport_.perform(entry->outgoing.request, *entry, control);
  }
  {
    std::lock_guard<std::mutex> lock(line_mutex_);
    send(entry);
  }
  call_news news;
  std::string text;
  std::unique_lock<std::mutex> lock(entry->mutex);
  for (bool over = false; !over;) {
    entry->arrived.wait(
        lock, [&] { return !entry->arriving.empty() || entry->over || entry->sending == nullptr; });
    over = entry->over || entry->sending == nullptr;
    news.clear();
    std::swap(news, entry->arriving);
    lock.unlock();
    while (!news.empty()) news.hand_on(&pieces, &bytes, text);
    lock.lock();
  }
}

/// Waits without <thread>, and goes on driving a polled transport's other calls.
inline void client_core::wait(std::int64_t wait_ms) {
  http::exchange_control nobody;
  const bool polled = transport_.tier() == http::tier::polled;
  while (wait_ms > 0) {
    const std::int64_t slice = polled ? (std::min)(wait_ms, std::int64_t{10}) : wait_ms;
    if (polled) transport_.poll(0);
    static_cast<void>(nobody.wait_for_resume(std::chrono::milliseconds(slice)));
    wait_ms -= slice;
  }
}

inline void client_core::tick(std::int64_t budget_ns) {
  if (ticking_ || closed_) return;
  ticking_ = true;
  const bool all = budget_ns <= 0;
  const std::int64_t until =
      all ? 0 : clock_.steady_ns() + (std::min)(budget_ns, longest_wait_ms * 1'000'000);
  transport_.poll(0);
  box_.take((std::numeric_limits<std::size_t>::max)(), [this](call_ptr& entry) {
    enqueue(entry);
    entry.reset();
  });
  start_due_retries();
  send_those_in_line();
  while (!queue_.empty()) {
    const call_ptr entry = std::move(queue_.front());
    queue_.pop_front();
    entry->queued = false;
    const delivery went = deliver(entry, all);
    if (closed_) break;  // a handler has destroyed the client
    if (went == delivery::more) enqueue(entry);
    if (went == delivery::locked) later_.push_back(entry);
    if (!all && clock_.steady_ns() >= until) break;
  }
  ticking_ = false;
  for (const call_ptr& entry : later_) enqueue(entry);
  later_.clear();
}

inline void client_core::start_due_retries() {
  const std::int64_t now = waiting_.empty() ? 0 : clock_.steady_ns();
  for (std::size_t i = 0; i < waiting_.size();) {
    const call_ptr entry = waiting_[i];
    if (!entry->ended_by && entry->retry_at_ns > now) {
      ++i;
      continue;
    }
    waiting_[i] = std::move(waiting_.back());
    waiting_.pop_back();
    if (!entry->ended_by) send_in_turn(entry);
  }
}

inline void client_core::enqueue(const call_ptr& entry) {
  if (entry->queued || entry->state == call_state::done) return;
  entry->queued = true;
  queue_.push_back(entry);
}

/// A handler that starts or cancels calls hears of these in the next tick: it can't keep this one
/// going for ever.
inline void client_core::enqueue_for_next_tick(const call_ptr& entry) {
  if (ticking_) {
    later_.push_back(entry);
  } else {
    enqueue(entry);
  }
}

inline client_core::delivery client_core::deliver(const call_ptr& entry, bool may_wait) {
  call_entry& e = *entry;
  if (e.state == call_state::done) return delivery::nothing;
  if (e.ended_by) e.delivering.clear();
  if (e.delivering.empty() && !e.complete && !look(entry, may_wait)) return delivery::locked;
  if (e.delivering.empty()) {
    if (e.complete) finish(entry);
    return delivery::nothing;
  }
  e.state = call_state::streaming;
  do {
    e.delivering.hand_on(e.handler, e.taker, e.text);
  } while (e.handler == nullptr && e.taker == nullptr && !e.delivering.empty());
  // Also after the last piece: news that came meanwhile found the call queued already.
  return delivery::more;
}

inline bool client_core::look(const call_ptr& entry, bool may_wait) {
  call_entry& e = *entry;
  std::unique_lock<std::mutex> lock(e.mutex, std::defer_lock);
  if (may_wait) {
    lock.lock();
  } else if (!lock.try_lock()) {
    return false;
  }
  if (e.ended_by) e.conclude(*e.ended_by);
  e.told = false;
  e.complete = e.over;
  e.first_token_ms = e.seen.time_to_first_token_ms();
  e.delivering.clear();
  if (!e.ended_by) std::swap(e.delivering, e.arriving);
  if (std::exchange(e.retry, false) && !e.ended_by) waiting_.push_back(entry);
  return true;
}

inline void client_core::finish(const call_ptr& entry) {
  call_entry& e = *entry;
  e.state = call_state::done;
  e.core = nullptr;
  live_[e.place] = live_.back();
  live_[e.place]->place = e.place;
  live_.pop_back();
  if (e.ended_by) e.outcome = *e.ended_by;
  if (e.usage_of != nullptr) {
    --usage_queries_;
    return tell_usage(e);
  }
  ask_for_usage(entry);  // before a handler destroys the client
  call_handler* const handler = std::exchange(e.handler, nullptr);
  api_handler* const taker = std::exchange(e.taker, nullptr);
  if (handler != nullptr) handler->on_done(e.outcome, e.seen.reply());
  if (taker != nullptr) taker->on_done(e.outcome, e.seen.api_answer());
}

inline void client_core::cancel(call_entry& entry) {
  if (in_child() || entry.state == call_state::done || entry.ended_by) return;
  entry.ended_by = failure(errc::cancelled, "cancelled by the caller");
  enqueue_for_next_tick(live_[entry.place]);
  const http::exchange_id exchange = leave_line(entry);
  if (exchange != 0) transport_.cancel(exchange);
}

inline void client_core::shut_down() {
  if (closed_) return;
  closed_ = true;
  const failure why(errc::shut_down, "the client was destroyed before the call was done");
  for (const call_ptr& entry : live_) {
    std::lock_guard<std::mutex> lock(entry->mutex);
    if (!entry->ended_by) entry->ended_by = why;
    entry->at_once = nullptr;
    entry->at_once_api = nullptr;
    entry->conclude(*entry->ended_by);
    entry->seen.learn(nullptr);
  }
  for (const call_ptr& entry : live_) {
    if (entry->usage_of != nullptr) tell_usage(*entry);
  }
  transport_ = http::any_transport();
  for (const call_ptr& entry : live_) {
    entry->core = nullptr;
    entry->handler = nullptr;
    entry->taker = nullptr;
    entry->outcome = *entry->ended_by;
    entry->state = call_state::done;
  }
  live_.clear();
  usage_queries_ = 0;
  {
    std::lock_guard<std::mutex> lock(line_mutex_);
    line_.clear();
  }
  waiting_.clear();
  queue_.clear();
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
