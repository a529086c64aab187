// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "orcast/core/host.hpp"
#include "orcast/core/random.hpp"
#include "orcast/http/mailbox.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/retry.hpp"
#include "orcast/http/transport.hpp"
#include "orcast/openrouter/api_call.hpp"
#include "orcast/openrouter/call.hpp"
#include "orcast/openrouter/impl/call_news.hpp"
#include "orcast/openrouter/observation.hpp"

// One call: the sink of its exchanges, and what its handle shows. See client_core.ipp for the
// threads.

namespace orcast {
inline namespace v0 {
namespace detail {

class client_core;
struct call_entry;
using call_ptr = std::shared_ptr<call_entry>;
using call_box = http::mailbox<call_ptr>;

/// What a request is made of while it may still be sent; dropped (and its key wiped) after that.
struct outgoing_call {
  void drop() noexcept {
    for (http::header& line : request.headers) {
      if (!line.sensitive) continue;
      wipe(line.value.data(), line.value.size());
      line.value.clear();
    }
    request.body.clear();
    request.attached = nullptr;
    body.clear();
    kept = false;
  }

  http::request request;
  std::string body;
  bool kept = true;
};

/// What is known of one call, as it begins.
struct call_course {
  // Set before the first exchange.
  http::retry_policy policy;
  std::int64_t began_ns = 0;
  std::int64_t deadline_ms = 0;      // of all attempts together; 0: none
  call_box* box = nullptr;           // of start(): where news is announced
  client_core* line = nullptr;       // where its place goes back to, if it has one
  delta_listener* direct = nullptr;  // of chat_stream() where the sink is on the caller's thread
  byte_listener* direct_bytes = nullptr;  // the same of call_stream()
  span_context context;
  std::string party;  // takes turns with the others, where calls wait
  call_priority priority = call_priority::normal;
  bool on_arrival = false;

  // Under the entry's lock.
  call_handler* at_once = nullptr;  // of a call whose handler hears on arrival
  api_handler* at_once_api = nullptr;
  call_ptr sending;                     // this entry, while an exchange is under way
  std::optional<result<void>> verdict;  // on the attempt that is ending
  result<void> outcome;                 // with over
  std::int64_t retry_wait_ms = 0;
  std::int64_t retry_at_ns = 0;
  int attempt = 1;
  bool retry = false;  // another attempt is to be started
  bool began = false;  // a chunk has arrived
  bool heard = false;  // a delta has arrived: no more retries
  bool told = false;   // the box holds this entry
  bool over = false;   // the observation has ended; nothing changes any more

  // Under the lock of the client's line.
  http::exchange_id exchange = 0;
  std::int64_t waits_since_ns = 0;
  std::int64_t waited_ns = 0;  // altogether
  int sent = 0;
  bool in_line = false;  // waits for its turn to be sent

  // The host's thread only.
  client_core* core = nullptr;  // null once the client has gone
  call_ptr usage_of;            // of a call of the client's own that asks what this one cost
  call_handler* handler = nullptr;
  api_handler* taker = nullptr;
  std::optional<failure> ended_by;  // cancel() or the client's end, before the call was done
  std::size_t place = 0;            // in the client's list
  double first_token_ms = -1;
  call_state state = call_state::waiting;
  bool queued = false;    // in the client's queue
  bool complete = false;  // `over` was seen: only `delivering` is left
};

struct call_entry final : call_course, http::response_sink, delta_listener, byte_listener {
  call_entry(const recording& record, const reply_limits& limits, const orcast::host& time)
      : clock(time), seen(record, limits) {
    seen.listen(static_cast<delta_listener*>(this));
  }

  /// Ready for another call, with the memory of this one. Nobody else knows the entry.
  void reset() noexcept {
    seen.reset();
    arriving.clear();
    delivering.clear();
    outgoing.drop();
    outgoing.kept = true;
    text.clear();
    static_cast<call_course&>(*this) = call_course();
  }
  std::size_t held_bytes() const noexcept {
    return seen.held_bytes() + outgoing.body.capacity() + text.capacity();
  }

  // The sink: the transport's thread.

  void head(const http::response_head& head) noexcept override {
    std::lock_guard<std::mutex> lock(mutex);
    if (!over) seen.head(head);
  }

  http::flow data(std::string_view bytes) noexcept override {
    std::lock_guard<std::mutex> lock(mutex);
    if (over || verdict) return http::flow::stop;
    if (!seen.data(bytes)) {
      verdict = seen.settle({});
      // A complete answer is not held up by the end of the exchange, and the exchange not cut:
      // the connection can then be used again. Anything else is over, and done() says how.
      if (verdict->ok()) conclude(*verdict);
    }
    if (over || !arriving.empty()) tell(sending);
    return over || !verdict ? http::flow::go : http::flow::stop;
  }

  void done(result<void> ended) noexcept override {
    give_place_back();
    call_ptr keep;  // outlives the lock
    std::lock_guard<std::mutex> lock(mutex);
    keep = std::move(sending);
    if (over) return outgoing.drop();
    if (!verdict) verdict = seen.settle(std::move(ended));
    if (const std::optional<std::int64_t> wait = wait_before_retry()) {
      retry_in(*wait);
    } else {
      conclude(*verdict);
    }
    tell(keep);
  }

  void give_place_back() const noexcept;  // client_core.hpp

  // The listener of the observation: under the lock, from inside head(), data() and done().

  void on_first_chunk() noexcept override {
    if (std::exchange(began, true)) return;  // an attempt before this one had got as far
    tell_all([](delta_listener& each) { each.on_first_chunk(); });
  }
  void on_first_token() noexcept override {
    heard = true;
    tell_all([](delta_listener& each) { each.on_first_token(); });
  }
  void on_text(std::string_view piece) noexcept override {
    heard = true;
    tell_all([piece](delta_listener& each) { each.on_text(piece); });
  }
  void on_reasoning(std::string_view piece) noexcept override {
    heard = true;
    tell_all([piece](delta_listener& each) { each.on_reasoning(piece); });
  }
  void on_tool_call(const tool_call& called) noexcept override {
    heard = true;
    tell_all([&called](delta_listener& each) { each.on_tool_call(called); });
  }
  void on_data(std::string_view bytes) noexcept override {
    heard = true;
    if (at_once_api != nullptr) return at_once_api->on_data(bytes);
    direct_bytes != nullptr ? direct_bytes->on_data(bytes) : arriving.on_data(bytes);
  }
  template <class Tell>
  void tell_all(Tell tell) noexcept {
    if (at_once != nullptr) tell(*at_once);
    tell(direct != nullptr ? *direct : arriving);
  }

  // The rest is called under the lock.

  /// Ends the observation, and with it the span; only the first time counts.
  void conclude(result<void> how) noexcept {
    if (over) return;
    outcome = seen.done(std::move(how), outgoing.kept ? &outgoing.request : nullptr);
    over = true;
    if (sending == nullptr) outgoing.drop();
    if (call_handler* const chat = std::exchange(at_once, nullptr)) {
      chat->on_done(outcome, seen.reply());
    }
    if (api_handler* const api = std::exchange(at_once_api, nullptr)) {
      api->on_done(outcome, seen.api_answer());
    }
  }

  std::optional<std::int64_t> wait_before_retry() const noexcept {
    if (verdict->ok()) return std::nullopt;
    const failure& why = verdict->error();
    // From here on codes are the service's words: it has not answered, and may know that trying
    // again is in vain. Before, an answer was cut, which is paid for whether it is heard or not.
    const bool refused = why.code >= errc::invalid_request;
    if (heard || (refused ? seen.reader().received_content() : seen.received_content())) {
      return std::nullopt;
    }
    const bool patient = policy.on_404 && why.http_status == 404;
    if (refused && !why.retryable && !patient) return std::nullopt;
    std::uint32_t random = 0;
    entropy(clock, &random, sizeof random);
    return http::decide(policy, attempt, why, elapsed_ms(), deadline_ms, random);
  }

  void retry_in(std::int64_t wait_ms) noexcept {
    seen.retry(verdict->error(), wait_ms);
    verdict.reset();
    ++attempt;
    shorten_deadline(wait_ms);
    retry_wait_ms = wait_ms;
    retry_at_ns = clock.steady_ns() + wait_ms * 1'000'000;
    retry = true;
  }

  /// The next exchange, which begins in `wait_ms`, may take what is left of the whole.
  void shorten_deadline(std::int64_t wait_ms) noexcept {
    if (deadline_ms <= 0) return;
    outgoing.request.limits.total_ms =
        (std::max)(deadline_ms - elapsed_ms() - wait_ms, std::int64_t{1});
  }

  bool too_late() const noexcept { return deadline_ms > 0 && elapsed_ms() >= deadline_ms; }
  std::int64_t elapsed_ms() const noexcept { return (clock.steady_ns() - began_ns) / 1'000'000; }

  /// Lets the thread that delivers know, once until it has looked.
  void tell(const call_ptr& self) noexcept {
    if (box == nullptr) return arrived.notify_all();
    if (!told) told = box->post(call_ptr(self));
  }

  const orcast::host clock;
  std::mutex mutex;                 // guards the middle part of call_course, and:
  std::condition_variable arrived;  // where there is no box
  observation seen;
  call_news arriving;
  outgoing_call outgoing;
  // The host's thread only.
  call_news delivering;
  std::string text;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
