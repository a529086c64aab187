// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orcast/detail/third_party_begin.hpp"
#include <netinet/tcp.h>  // has a member that is called check
#include "orcast/detail/third_party_end.hpp"

#include "orcast/core/result.hpp"
#include "orcast/http/control.hpp"

// A TCP socket that never blocks and never raises SIGPIPE. Waiting is a step of its own, with a
// deadline; interrupt() ends it from another thread.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

using deadline = std::chrono::steady_clock::time_point;
inline constexpr deadline never = (deadline::max)();

/// How an attempt to read, write or wait ended.
enum class io : unsigned char { done, want_read, want_write, closed, timed_out, broken };

class tcp_socket {
 public:
  tcp_socket() = default;
  tcp_socket(const tcp_socket&) = delete;
  tcp_socket& operator=(const tcp_socket&) = delete;
  ~tcp_socket() { close(); }

  /// Fails with errc::connect, timeout_connect or cancelled, within 50 ms of a cancel.
  result<void> connect(const addrinfo& address, deadline until, http::exchange_control& control);

  io read(char* to, std::size_t size, std::size_t& got) noexcept {
    const ssize_t count = ::recv(handle_, to, size, 0);
    got = count > 0 ? static_cast<std::size_t>(count) : 0;
    if (count == 0) return io::closed;
    return count > 0 ? io::done : retry_or_broken(io::want_read);
  }

  io write(const char* from, std::size_t size, std::size_t& put) noexcept {
#if defined(MSG_NOSIGNAL)
    constexpr int flags = MSG_NOSIGNAL;
#else
    constexpr int flags = 0;  // SO_NOSIGPIPE was set instead
#endif
    const ssize_t count = ::send(handle_, from, size, flags);
    put = count > 0 ? static_cast<std::size_t>(count) : 0;
    return count >= 0 ? io::done : retry_or_broken(io::want_write);
  }

  /// Until the socket is ready for `what` (io::want_read or io::want_write): done or timed_out. To
  /// begin late is to time out, ready or not: a peer that is always ready can't stretch a deadline.
  io wait(io what, deadline until) noexcept;
  /// The same in slices of 50 ms, for as long as nobody cancels; broken when somebody does. For
  /// the phases in which shutdown(2) does not wake every system's poll(2).
  io wait_watchfully(io what, deadline until, http::exchange_control& control) noexcept;

  /// Any thread, while the socket is open: every wait ends and the peer is cut off.
  void interrupt() noexcept { ::shutdown(handle_, SHUT_RDWR); }

  /// False when an idle socket has something to say, if only that the peer closed it.
  bool quiet() noexcept {
    pollfd entry{handle_, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 0;
  }

  void close() noexcept {
    if (handle_ >= 0) ::close(handle_);
    handle_ = -1;
  }

 private:
  static io retry_or_broken(io retry) noexcept {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? retry : io::broken;
  }

  int handle_ = -1;
};

inline result<void> tcp_socket::connect(const addrinfo& address, deadline until,
                                        http::exchange_control& control) {
  close();
  handle_ = ::socket(address.ai_family, address.ai_socktype, address.ai_protocol);
  if (handle_ < 0) return failure(errc::connect, "no socket left");
  ::fcntl(handle_, F_SETFD, FD_CLOEXEC);
  ::fcntl(handle_, F_SETFL, O_NONBLOCK);
  const int on = 1;
  ::setsockopt(handle_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
#if defined(SO_NOSIGPIPE)
  ::setsockopt(handle_, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif

  int error = ::connect(handle_, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) {
    const io waited = wait_watchfully(io::want_write, until, control);
    if (control.cancelled()) return failure(errc::cancelled, "cancelled while connecting");
    if (waited == io::timed_out) return failure(errc::timeout_connect, "no connection in time");
    socklen_t size = sizeof(error);
    if (::getsockopt(handle_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  if (error == 0) return {};
  return failure(errc::connect,
                 error == ECONNREFUSED ? "connection refused" : "the host could not be reached");
}

inline io tcp_socket::wait(io what, deadline until) noexcept {
  pollfd entry{handle_, static_cast<short>(what == io::want_read ? POLLIN : POLLOUT), 0};
  while (true) {
    int wait_ms = -1;
    if (until != never) {
      const deadline now = std::chrono::steady_clock::now();
      if (now >= until) return io::timed_out;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now);
      // Rounded up, so that the last millisecond is not spent spinning.
      wait_ms = static_cast<int>((std::clamp<std::int64_t>)(left.count() + 1, 0, 3'600'000));
    }
    if (::poll(&entry, 1, wait_ms) > 0) return io::done;
  }
}

inline io tcp_socket::wait_watchfully(io what, deadline until,
                                      http::exchange_control& control) noexcept {
  while (!control.cancelled()) {
    const deadline slice = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    const io waited = wait(what, (std::min)(slice, until));
    if (waited != io::timed_out || slice >= until) return waited;
  }
  return io::broken;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
