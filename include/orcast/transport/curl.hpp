// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/transport.hpp"
#include "orcast/transport/detail/curl_exchange.hpp"
#include "orcast/transport/detail/curl_options.hpp"
#include "orcast/transport/detail/libcurl.hpp"
#include "orcast/transport/detail/ready_sockets.hpp"

// The polled transport over libcurl's multi interface: hundreds of exchanges at once, without a
// thread of its own. Let a network thread sit in poll(100), or poll(0) once a frame. It never
// follows a redirect (a 3xx is an answer like any other), never asks for compression, never uses a
// proxy or .netrc, and always checks certificates. The first https connection reads libcurl's
// certificate bundle, some tens of milliseconds, inside poll(). Two weaknesses are libcurl's: a
// body that has neither a length nor chunks counts as whole when its TLS connection is cut; and
// while a peer whose certificate was checked changes its keys without end, poll() does not return.
// A peer that shakes hands without end is cut off where libcurl uses OpenSSL (handshake_guard.hpp).

namespace orcast {
inline namespace v0 {

class curl_transport {
 public:
  explicit curl_transport(curl_options options = {});
  /// Every exchange in flight ends with errc::shut_down. A sink must not start another one then.
  /// Not in a child of fork(), where it would disturb its parent's; an any_transport knows that.
  ~curl_transport();
  curl_transport(const curl_transport&) = delete;
  curl_transport& operator=(const curl_transport&) = delete;

  // One thread uses an object of this class, for everything but wake(). Sinks are called from
  // inside poll() (and the destructor) only; they may call start(), cancel() and resume().

  http::exchange_id start(const http::request& request, http::response_sink& sink);
  void cancel(http::exchange_id id);
  void resume(http::exchange_id id);

  /// Serves what is there. When that is nothing, waits for the network, a deadline or wake(), up
  /// to `wait_ms`, and serves again.
  void poll(std::int64_t wait_ms);

  /// Any thread: a poll() that waits returns, or the next one does not wait.
  void wake() noexcept {
    if (multi_ != nullptr) curl_multi_wakeup(multi_);
  }

  std::size_t in_flight() const noexcept { return live_.size(); }

 private:
  using exchange = transport_detail::curl_exchange;
  using time = std::chrono::steady_clock::time_point;

  bool serve();
  void drive();
  void carry_out_orders();
  void carry_out(exchange& each);
  void begin(exchange& each);
  void collect_finished();
  void end_overdue();
  void end(http::exchange_id id, result<void> outcome);
  int wait_for(std::int64_t wait_ms) const;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    static_cast<curl_transport*>(self)->sockets_.watch(socket, what);
    return 0;
  }
  static int on_timer(CURLM*, long wait_ms, void* self) {
    static_cast<curl_transport*>(self)->timer_ =
        wait_ms < 0 ? (time::max)()
                    : std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
    return 0;
  }

  exchange* find(http::exchange_id id) {
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : found->second.get();
  }
  void order(exchange& each) { orders_.push_back(each.id); }

  const curl_options options_;
  transport_detail::ready_sockets sockets_;
  time timer_ = (time::max)();  // when libcurl wants to be called, whatever its sockets say
  CURLM* multi_ = nullptr;
  http::exchange_id last_id_ = 0;
  bool closing_ = false;
  std::unordered_map<http::exchange_id, std::unique_ptr<exchange>> live_;
  std::vector<http::exchange_id> orders_;  // exchanges to begin, cancel or resume at the next poll
  std::vector<CURL*> spare_;               // handles to use again
};

inline curl_transport::curl_transport(curl_options options) : options_(std::move(options)) {
  // Counted and safe between threads since libcurl 7.84.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) multi_ = curl_multi_init();
  if (multi_ == nullptr || !sockets_.usable()) return;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

inline curl_transport::~curl_transport() {
  closing_ = true;
  while (!live_.empty()) {
    end(live_.begin()->first, failure(errc::shut_down, "the transport was shut down"));
  }
  for (CURL* easy : spare_) curl_easy_cleanup(easy);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
  curl_global_cleanup();
}

inline http::exchange_id curl_transport::start(const http::request& request,
                                               http::response_sink& sink) {
  ORCAST_ASSERT(!closing_);
  if (closing_) return 0;
  const http::exchange_id id = ++last_id_;
  auto made = std::make_unique<exchange>(id, request, sink);
  order(*made);
  live_.emplace(id, std::move(made));
  return id;
}

inline void curl_transport::cancel(http::exchange_id id) {
  exchange* const each = find(id);
  if (each == nullptr || each->cancel_wanted) return;
  each->cancel_wanted = true;
  order(*each);
}

inline void curl_transport::resume(http::exchange_id id) {
  exchange* const each = find(id);
  if (each == nullptr || each->resume_wanted) return;
  each->resume_wanted = true;
  order(*each);
}

inline void curl_transport::poll(std::int64_t wait_ms) {
  if (serve() || wait_ms <= 0 || multi_ == nullptr) return;
  curl_multi_poll(multi_, nullptr, 0, wait_for(wait_ms), nullptr);
  serve();
}

/// True when something happened that a host may want to hear of at once.
inline bool curl_transport::serve() {
  const std::size_t before = live_.size();
  const bool ordered = !orders_.empty();
  carry_out_orders();
  if (multi_ != nullptr && !live_.empty()) drive();
  collect_finished();
  end_overdue();
  return ordered || !orders_.empty() || live_.size() != before;
}

/// Lets libcurl work on what is ready, and on what is due.
inline void curl_transport::drive() {
  int running = 0;
  if (!sockets_.usable()) {
    curl_multi_perform(multi_, &running);
    return;
  }
  sockets_.collect([&](curl_socket_t socket, int events) {
    curl_multi_socket_action(multi_, socket, events, &running);
  });
  if (timer_ > std::chrono::steady_clock::now()) return;
  timer_ = (time::max)();
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
}

inline void curl_transport::carry_out_orders() {
  // Orders that sinks give meanwhile wait for the next round, so that a sink which answers every
  // failure with a new start can't keep poll() from returning.
  std::vector<http::exchange_id> orders;
  orders.swap(orders_);
  for (const http::exchange_id id : orders) {
    if (exchange* const each = find(id)) carry_out(*each);
  }
}

inline void curl_transport::carry_out(exchange& each) {
  if (each.cancel_wanted) {
    end(each.id, failure(errc::cancelled, "cancelled"));
  } else if (each.easy == nullptr) {
    begin(each);
  } else if (std::exchange(each.resume_wanted, false) && each.paused()) {
    each.unpause();
    if (each.over) {
      end(each.id, each.verdict());
    } else {
      curl_easy_pause(each.easy, CURLPAUSE_CONT);
    }
  }
}

inline void curl_transport::begin(exchange& each) {
  CURL* easy = nullptr;
  if (spare_.empty()) {
    easy = curl_easy_init();
  } else {
    easy = spare_.back();
    spare_.pop_back();
  }
  result<void> prepared = each.prepare(easy, options_);
  if (prepared && (multi_ == nullptr || curl_multi_add_handle(multi_, easy) != CURLM_OK)) {
    prepared = failure(errc::unsupported, "libcurl could not take the request");
  }
  if (!prepared) end(each.id, std::move(prepared));
}

inline void curl_transport::collect_finished() {
  int left = 0;
  while (const CURLMsg* message =
             multi_ != nullptr ? curl_multi_info_read(multi_, &left) : nullptr) {
    if (message->msg != CURLMSG_DONE) continue;
    exchange* each = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &each);
    each->code = message->data.result;
    const result<void> outcome = each->verdict();
    each->over = outcome.ok() && each->paused();
    if (!each->over) end(each->id, outcome);
  }
}

inline void curl_transport::end_overdue() {
  const time now = std::chrono::steady_clock::now();
  std::vector<std::pair<http::exchange_id, errc>> late;
  for (const auto& entry : live_) {
    const auto deadline = entry.second->deadline();
    if (deadline.first <= now) late.emplace_back(entry.first, deadline.second);
  }
  for (const auto& [id, code] : late) {
    end(id, failure(code, code == errc::timeout_total  ? "the exchange took too long"
                          : code == errc::timeout_idle ? "the response went silent"
                                                       : "no response began in time"));
  }
}

inline void curl_transport::end(http::exchange_id id, result<void> outcome) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;
  const std::unique_ptr<exchange> ended = std::move(found->second);
  live_.erase(found);
  if (ended->easy != nullptr) {
    if (multi_ != nullptr) curl_multi_remove_handle(multi_, ended->easy);
    curl_easy_reset(ended->easy);
    spare_.push_back(ended->easy);
  }
  ended->finish(std::move(outcome));
}

inline int curl_transport::wait_for(std::int64_t wait_ms) const {
  const time now = std::chrono::steady_clock::now();
  time first = now + std::chrono::milliseconds((std::min)(wait_ms, std::int64_t{3'600'000}));
  for (const auto& entry : live_) first = (std::min)(first, entry.second->deadline().first);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(first - now).count();
  return static_cast<int>((std::max<std::int64_t>)(0, left + 1));
}

}  // namespace v0
}  // namespace orcast
