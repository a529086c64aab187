// SPDX-License-Identifier: MIT
//
// One accepted connection: bytes in and out with time limits. The gateway reads requests itself and
// not through cpp-httplib's server, because it forwards them unchanged: that server decodes percent
// signs in header values, takes multipart bodies apart and cuts form bodies at 8 KiB.

#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace gateway {

class client_connection {
 public:
  /// Takes the socket over.
  explicit client_connection(int socket) : socket_(socket) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  client_connection(const client_connection&) = delete;
  client_connection& operator=(const client_connection&) = delete;
  ~client_connection() { ::close(socket_); }

  int socket() const { return socket_; }

  /// Between two requests; any thread may ask. Sequentially consistent, as the listener's flag is:
  /// either it sees that we are idle, or we see that it drains.
  bool idle() const { return idle_.load(); }
  void set_idle(bool now) { idle_.store(now); }

  /// Looks at the next byte without taking it; waits at most `wait_ms`. False when the client
  /// closed or nothing came.
  bool wait_for_bytes(int wait_ms) {
    if (begin_ < end_) return true;
    pollfd entry{socket_, POLLIN, 0};
    int ready = 0;
    do ready = ::poll(&entry, 1, wait_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && fill();
  }

  /// What has arrived, at least one byte; empty when the client closed or nothing came in time.
  /// The view lasts until the next call; take() says how much of it was used.
  std::string_view peek(int wait_ms) {
    if (!wait_for_bytes(wait_ms)) return {};
    return {buffer_ + begin_, end_ - begin_};
  }
  void take(std::size_t size) { begin_ += size; }

  /// Writes up to three pieces as one, waiting while the client does not read. False when it has
  /// gone, or read nothing for `wait_ms`.
  bool write(std::string_view first, std::string_view second = {}, std::string_view third = {}) {
    constexpr int wait_ms = 120'000;
    std::string_view parts[3] = {first, second, third};
    std::size_t at = 0;
    while (at < 3) {
      if (parts[at].empty()) {
        ++at;
        continue;
      }
      iovec pieces[3];
      msghdr message{};
      message.msg_iov = pieces;
      for (std::size_t i = at; i < 3; ++i) {
        pieces[message.msg_iovlen].iov_base = const_cast<char*>(parts[i].data());
        pieces[message.msg_iovlen++].iov_len = parts[i].size();
      }
      const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        pollfd entry{socket_, POLLOUT, 0};
        const int ready = ::poll(&entry, 1, wait_ms);
        if (ready == 0 || (ready < 0 && errno != EINTR)) return false;
        continue;
      }
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      auto left = static_cast<std::size_t>(sent);
      for (; at < 3 && left >= parts[at].size(); ++at) left -= parts[at].size();
      if (at < 3) parts[at].remove_prefix(left);
    }
    return true;
  }

  /// Before closing a connection whose request was not read to its end: without this the system
  /// would answer the rest with a reset, which can overtake our answer.
  void linger() {
    ::shutdown(socket_, SHUT_WR);
    const std::time_t until = std::time(nullptr) + 2;
    begin_ = end_ = 0;
    while (std::time(nullptr) < until && wait_for_bytes(200)) begin_ = end_ = 0;
  }

 private:
  bool fill() {
    ssize_t got = 0;
    do got = ::recv(socket_, buffer_, sizeof buffer_, 0);
    while (got < 0 && errno == EINTR);
    begin_ = 0;
    end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0;
  }

  int socket_;
  std::atomic<bool> idle_{true};
  std::size_t begin_ = 0, end_ = 0;
  char buffer_[16 * 1024];
};

}  // namespace gateway
