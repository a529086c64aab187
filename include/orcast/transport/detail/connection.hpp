// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <netdb.h>

#include "orcast/core/result.hpp"
#include "orcast/http/control.hpp"
#include "orcast/http/url.hpp"
#include "orcast/transport/detail/openssl.hpp"
#include "orcast/transport/detail/tcp_socket.hpp"
#include "orcast/transport/detail/tls_session.hpp"

// A connection to one origin: TCP, and TLS over it for https.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class connection {
 public:
  /// Tries the addresses in turn; each gets its share of the time that is left. `context` is null
  /// for plain http. Fails with errc::connect, tls, timeout_connect or cancelled.
  result<void> open(const addrinfo* list, const http::url& target, SSL_CTX* context, deadline until,
                    http::exchange_control& control);

  /// Reads what there is, at least one byte. io::done, closed, timed_out or broken.
  io read(char* to, std::size_t size, std::size_t& got, deadline until) noexcept {
    return insist(until, [&] {
      return tls_ != nullptr ? tls_->read(to, size, got) : socket_.read(to, size, got);
    });
  }
  /// Writes some of it, at least one byte. io::done, closed, timed_out or broken.
  io write(const char* from, std::size_t size, std::size_t& put, deadline until) noexcept {
    return insist(until, [&] {
      return tls_ != nullptr ? tls_->write(from, size, put) : socket_.write(from, size, put);
    });
  }

  /// Any thread, while the connection is open: reads and writes fail from now on.
  void interrupt() noexcept {
    interrupted_.store(true, std::memory_order_relaxed);  // says nothing of other memory
    socket_.interrupt();
  }

  /// False when an idle connection was closed by its peer, or holds bytes nobody asked for.
  bool quiet() noexcept { return socket_.quiet() && (tls_ == nullptr || !tls_->has_pending()); }
  /// Before an orderly end, so that the peer need not take it for an attack.
  void say_goodbye() noexcept {
    if (tls_ != nullptr) tls_->say_goodbye();
  }

 private:
  template <class Attempt>
  io insist(deadline until, Attempt attempt) noexcept {
    while (true) {
      const io outcome = attempt();
      if (outcome != io::want_read && outcome != io::want_write) return outcome;
      // What had arrived before an interrupt() can still be read, and may be much and of no use.
      if (interrupted_.load(std::memory_order_relaxed)) return io::broken;
      if (socket_.wait(outcome, until) == io::timed_out) return io::timed_out;
    }
  }

  result<void> handshake(const http::url& target, SSL_CTX* context, deadline until,
                         http::exchange_control& control);

  std::atomic<bool> interrupted_{false};
  tcp_socket socket_;
  std::unique_ptr<tls_session> tls_;
};

inline result<void> connection::open(const addrinfo* list, const http::url& target,
                                     SSL_CTX* context, deadline until,
                                     http::exchange_control& control) {
  int left = 0;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) ++left;
  result<void> outcome = failure(errc::resolve, "the host has no address");
  for (; list != nullptr; list = list->ai_next, --left) {
    const deadline now = std::chrono::steady_clock::now();
    const bool share = left > 1 && until != never && until > now;
    outcome = socket_.connect(*list, share ? now + (until - now) / left : until, control);
    if (outcome || outcome.error().code == errc::cancelled) break;
  }
  if (!outcome || context == nullptr) return outcome;
  return handshake(target, context, until, control);
}

inline result<void> connection::handshake(const http::url& target, SSL_CTX* context, deadline until,
                                          http::exchange_control& control) {
  tls_ = tls_session::make(context, socket_, std::string(target.host()));
  if (tls_ == nullptr) return failure(errc::tls, "OpenSSL could not make a session");
  while (true) {
    const io outcome = tls_->handshake();
    if (outcome == io::done) return {};
    if (outcome != io::want_read && outcome != io::want_write) return tls_->why_not();
    const io waited = socket_.wait_watchfully(outcome, until, control);
    if (waited == io::timed_out) return failure(errc::timeout_connect, "no TLS session in time");
    if (waited != io::done) return failure(errc::cancelled, "cancelled while connecting");
  }
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
