// SPDX-License-Identifier: MIT
//
// One accepted connection, plain or TLS, as the byte stream that cpp-httplib's server reads from.
// A stand-in answers on it directly, because misbehaving is a matter of bytes: a chunk cut in the
// middle, a head that never comes. Once it has answered, what cpp-httplib writes is dropped.

#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

namespace standins {

#if defined(POLLRDHUP)
constexpr short poll_hang_up = POLLRDHUP;
#else
constexpr short poll_hang_up = POLLHUP;
#endif

class connection : public httplib::Stream {
 public:
  connection(int socket, SSL_CTX* tls) : socket_(socket), ssl_(tls ? SSL_new(tls) : nullptr) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (ssl_ != nullptr) SSL_set_fd(ssl_, socket_);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { SSL_free(ssl_); }  // the server closes the socket: it knows who else uses it

  bool handshake() { return ssl_ == nullptr || SSL_accept(ssl_) == 1; }

  /// Blocks until the next request begins; false when the client closed instead.
  bool fill() {
    if (begin_ < end_) return true;
    const long got = ssl_ != nullptr ? SSL_read(ssl_, buffer_, sizeof buffer_)
                                     : ::recv(socket_, buffer_, sizeof buffer_, 0);
    begin_ = 0;
    end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return end_ > 0;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t piece = (std::min)(bytes.size(), std::size_t{1} << 20);
      const long sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(piece))
                                        : ::send(socket_, bytes.data(), piece, MSG_NOSIGNAL);
      if (sent <= 0) {
        gone_ = true;
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Waits; false as soon as the client has gone or the server stops.
  bool wait(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd entry{socket_, poll_hang_up, 0};
      const int events =
          ::poll(&entry, 1, static_cast<int>((std::max<long long>)(0, left.count())));
      if (events > 0) {
        gone_ = true;
        return false;
      }
      if (events == 0 && left.count() <= 0) return true;
      if (events < 0 && errno != EINTR) return false;
    }
  }

  /// True once a write or a wait found that the client had closed.
  bool gone() const { return gone_; }

  /// From now on cpp-httplib's own answer is dropped; `keep` says whether another request may
  /// follow.
  void answered(bool keep) {
    answered_ = true;
    keep_ = keep;
  }
  void next_request() { answered_ = false; }
  bool keep() const { return keep_; }

  /// Ends the connection politely (TLS says goodbye).
  void say_goodbye() {
    if (ssl_ != nullptr) SSL_shutdown(ssl_);
  }

  /// Makes the close that follows a reset.
  void reset_on_close() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  // What httplib::Stream demands, in any version: 0.11 has is_writable, later releases have wait_*,
  // duration and more. Hence no `override` here: none of these overrides something everywhere.
  using httplib::Stream::write;
  bool is_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  bool is_peer_alive() const { return !gone_; }
  time_t duration() const { return 0; }
  int socket() const { return socket_; }
  void get_remote_ip_and_port(std::string& ip, int& port) const {
    address(ip, port, ::getpeername);
  }
  void get_local_ip_and_port(std::string& ip, int& port) const { address(ip, port, ::getsockname); }

  ssize_t read(char* to, std::size_t size) {
    if (!fill()) return -1;
    const std::size_t count = (std::min)(size, end_ - begin_);
    std::memcpy(to, buffer_ + begin_, count);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* bytes, std::size_t size) {
    if (!answered_ && !send({bytes, size})) return -1;
    return static_cast<ssize_t>(size);
  }

 private:
  template <class Get>
  void address(std::string& ip, int& port, Get get) const {
    sockaddr_in found{};
    socklen_t length = sizeof found;
    if (get(socket_, reinterpret_cast<sockaddr*>(&found), &length) != 0) return;
    char text[INET_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET, &found.sin_addr, text, sizeof text);
    ip = text;
    port = ntohs(found.sin_port);
  }

  int socket_;
  SSL* ssl_;
  char buffer_[4096];
  std::size_t begin_ = 0, end_ = 0;
  bool answered_ = false;
  bool keep_ = true;
  bool gone_ = false;
};

}  // namespace standins
