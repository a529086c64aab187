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
  http::request request;
  std::string body;
};

struct call_entry final : http::response_sink, delta_listener {
  call_entry(const recording& record, const reply_limits& limits, const orcast::host& time,
             const http::retry_policy& retries)
      : policy(retries), clock(time), seen(record, limits) {
    seen.listen(this);
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
    call_ptr keep;  // outlives the lock
    std::lock_guard<std::mutex> lock(mutex);
    keep = std::move(sending);
    if (over) return outgoing.reset();
    if (!verdict) verdict = seen.settle(std::move(ended));
    if (const std::optional<std::int64_t> wait = wait_before_retry()) {
      retry_in(*wait);
    } else {
      conclude(*verdict);
    }
    tell(keep);
  }

  // The listener of the observation: under the lock, from inside head(), data() and done().

  void on_first_chunk() noexcept override {
    if (std::exchange(began, true)) return;  // an attempt before this one had got as far
    listener().on_first_chunk();
  }
  void on_first_token() noexcept override {
    heard = true;
    listener().on_first_token();
  }
  void on_text(std::string_view piece) noexcept override {
    heard = true;
    listener().on_text(piece);
  }
  void on_reasoning(std::string_view piece) noexcept override {
    heard = true;
    listener().on_reasoning(piece);
  }
  void on_tool_call(const tool_call& call) noexcept override {
    heard = true;
    listener().on_tool_call(call);
  }
  delta_listener& listener() noexcept { return direct != nullptr ? *direct : arriving; }

  // The rest is called under the lock.

  /// Ends the observation, and with it the span; only the first time counts.
  void conclude(result<void> how) noexcept {
    if (over) return;
    outcome = seen.done(std::move(how), key());
    over = true;
    if (sending == nullptr) outgoing.reset();
  }

  /// The key that goes out with the request; a service may quote it.
  std::string_view key() const noexcept {
    constexpr std::size_t scheme = sizeof "Bearer";  // and the space after it
    for (const http::header& line : outgoing->request.headers) {
      if (line.sensitive) return std::string_view(line.value).substr(scheme);
    }
    return {};
  }

  std::optional<std::int64_t> wait_before_retry() const noexcept {
    if (verdict->ok() || heard || seen.reader().received_content()) return std::nullopt;
    const failure& why = verdict->error();
    // From here on codes are the service's words, and it may know that trying again is in vain.
    if (why.code >= errc::invalid_request && !why.retryable) return std::nullopt;
    std::uint32_t random = 0;
    entropy(clock, &random, sizeof random);
    return http::decide(policy, attempt, why, elapsed_ms(), deadline_ms, random);
  }

  void retry_in(std::int64_t wait_ms) noexcept {
    seen.retry(verdict->error(), wait_ms);
    verdict.reset();
    ++attempt;
    if (deadline_ms > 0) {
      outgoing->request.limits.total_ms =
          (std::max)(deadline_ms - elapsed_ms() - wait_ms, std::int64_t{1});
    }
    retry_wait_ms = wait_ms;
    retry_at_ns = clock.steady_ns() + wait_ms * 1'000'000;
    retry = true;
  }

  std::int64_t elapsed_ms() const noexcept { return (clock.steady_ns() - began_ns) / 1'000'000; }

  /// Lets the thread that delivers know, once until it has looked.
  void tell(const call_ptr& self) noexcept {
    if (box == nullptr) return arrived.notify_all();
    if (!told) told = box->post(call_ptr(self));
  }

  // Set before the first exchange.
  const http::retry_policy policy;
  const orcast::host clock;
  std::int64_t began_ns = 0;
  std::int64_t deadline_ms = 0;      // of all attempts together; 0: none
  call_box* box = nullptr;           // of start(): where news is announced
  delta_listener* direct = nullptr;  // of chat_stream() where the sink is on the caller's thread
  span_context context;

  std::mutex mutex;                 // guards what follows, up to the part of the host's thread
  std::condition_variable arrived;  // where there is no box
  observation seen;
  call_news arriving;
  call_ptr sending;  // this entry, while an exchange is under way
  std::optional<outgoing_call> outgoing;
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

  // The host's thread only.
  client_core* core = nullptr;  // null once the client has gone
  call_handler* handler = nullptr;
  call_news delivering;
  std::string text;
  std::optional<failure> ended_by;  // cancel() or the client's end, before the call was done
  http::exchange_id exchange = 0;
  std::size_t place = 0;  // in the client's list
  double first_token_ms = -1;
  int sent = 0;
  call_state state = call_state::waiting;
  bool queued = false;    // in the client's queue
  bool complete = false;  // `over` was seen: only `delivering` is left
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
