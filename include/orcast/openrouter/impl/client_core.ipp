// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "orcast/openrouter/impl/client_core.hpp"

#include "orcast/http/control.hpp"
#include "orcast/http/validate.hpp"

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
//   - An entry holds itself while an exchange is under way. Handle, client and exchange may
//     therefore end in any order; a handler is forgotten when its handle or the client goes.

namespace orcast {
inline namespace v0 {
namespace detail {

inline client_core::client_core(client_options options, http::any_transport transport,
                                std::string url, std::vector<http::header> headers)
    : options_(std::move(options)),
      url_(std::move(url)),
      headers_(std::move(headers)),
      clock_(options_.record.traces != nullptr ? options_.record.traces->host() : orcast::host()),
      transport_(std::move(transport)) {}

inline call_ptr client_core::start(chat_request request, call_handler* handler,
                                   const call_context& context) {
  const call_ptr entry = open(request, context, live_.size() >= options_.max_calls);
  entry->core = this;
  entry->box = &box_;
  entry->handler = handler;
  entry->place = live_.size();
  live_.push_back(entry);
  if (entry->over) {
    enqueue_for_next_tick(entry);
  } else {
    send(entry);
  }
  return entry;
}

/// The observation begins here, for every call, also for one that is refused at once.
inline call_ptr client_core::open(chat_request& request, const call_context& context,
                                  bool refused) {
  const call_ptr entry =
      std::make_shared<call_entry>(options_.record, options_.reply, clock_, options_.retry);
  entry->began_ns = clock_.steady_ns();
  entry->deadline_ms = options_.timeouts.total_ms;
  outgoing_call& out = entry->outgoing.emplace();
  result<void> composed = compose(request, out);
  entry->seen.begin(request, out.body, url_, context);
  entry->context = entry->seen.context();
  if (composed && refused) {
    composed = failure(errc::busy, "more than " + std::to_string(options_.max_calls) +
                                       " calls at a time (client_options.max_calls)");
  }
  if (!composed) {
    entry->conclude(std::move(composed));
    return entry;
  }
  out.request.body = {out.body};
  out.request.attached = &entry->seen;
  return entry;
}

inline result<void> client_core::compose(const chat_request& request, outgoing_call& out) const {
  result<void> written = append_json(request, out.body);
  if (!written) {
    out.body.clear();
    return written;
  }
  out.request.url = url_;
  out.request.limits = options_.timeouts;
  out.request.response = options_.response;
  out.request.headers.reserve(headers_.size() + 2);  // so that the key is never moved
  out.request.headers = headers_;
  out.request.headers.push_back(
      {"Accept", request.stream ? "text/event-stream" : "application/json", false});
  return authorize(out.request);
}

inline result<void> client_core::authorize(http::request& out) const {
  secret provided;
  if (options_.key_provider != nullptr) {
    provided = options_.key_provider(options_.key_context);
    if (provided.empty()) {
      return failure(errc::authentication, "no API key: client_options.key_provider returned none");
    }
  }
  const std::string_view key =
      options_.key_provider != nullptr ? provided.reveal() : options_.api_key.reveal();
  if (key.empty()) {
    return failure(errc::authentication,
                   "no API key: set OPENROUTER_API_KEY or client_options.api_key");
  }
  if (!http::is_field_value(key)) {
    return failure(errc::authentication, "the API key contains a line break or control character");
  }
  constexpr std::string_view scheme = "Bearer ";
  http::header& line = out.headers.emplace_back();
  line.name = "Authorization";
  line.sensitive = true;
  line.value.reserve(scheme.size() + key.size());
  line.value.append(scheme).append(key);
  return {};
}

inline void client_core::send(const call_ptr& entry) {
  {
    std::lock_guard<std::mutex> lock(entry->mutex);
    entry->sending = entry;
  }
  ++entry->sent;
  entry->exchange = transport_.start(entry->outgoing->request, *entry);
}

inline result<chat_reply> client_core::chat(chat_request request, delta_listener* pieces,
                                            const call_context& context) {
  const call_ptr entry = open(request, context, false);
  call_news unheard;
  while (!entry->over) {
    send_and_wait(entry, pieces != nullptr ? *pieces : unheard);
    if (std::exchange(entry->retry, false)) wait(entry->retry_wait_ms);
  }
  if (!entry->outcome) return entry->outcome.error();
  return std::move(entry->seen.reply());
}

inline void client_core::send_and_wait(const call_ptr& entry, delta_listener& pieces) {
  if (transport_.tier() != http::tier::asynchronous) {
    entry->direct = &pieces;
    entry->sending = entry;
    http::exchange_control control;
    return transport_.perform(entry->outgoing->request, *entry, control);
  }
  send(entry);
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
    while (!news.empty()) news.hand_on(&pieces, text);
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
  const std::int64_t until = all ? 0 : clock_.steady_ns() + budget_ns;
  transport_.poll(0);
  box_.take((std::numeric_limits<std::size_t>::max)(), [this](call_ptr& entry) {
    enqueue(entry);
    entry.reset();
  });
  start_due_retries();
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
    if (!entry->ended_by) send(entry);
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
    e.delivering.hand_on(e.handler, e.text);
  } while (e.handler == nullptr && !e.delivering.empty());
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
  call_handler* const handler = std::exchange(e.handler, nullptr);
  if (handler != nullptr) handler->on_done(e.outcome, e.seen.reply());
}

inline void client_core::cancel(call_entry& entry) {
  if (entry.state == call_state::done || entry.ended_by) return;
  entry.ended_by = failure(errc::cancelled, "cancelled by the caller");
  enqueue_for_next_tick(live_[entry.place]);
  if (entry.exchange != 0) transport_.cancel(entry.exchange);
}

inline void client_core::shut_down() {
  if (closed_) return;
  closed_ = true;
  const failure why(errc::shut_down, "the client was destroyed before the call was done");
  for (const call_ptr& entry : live_) {
    std::lock_guard<std::mutex> lock(entry->mutex);
    if (!entry->ended_by) entry->ended_by = why;
    entry->conclude(*entry->ended_by);
  }
  transport_ = http::any_transport();
  for (const call_ptr& entry : live_) {
    entry->core = nullptr;
    entry->handler = nullptr;
    entry->outcome = *entry->ended_by;
    entry->state = call_state::done;
  }
  live_.clear();
  waiting_.clear();
  queue_.clear();
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
