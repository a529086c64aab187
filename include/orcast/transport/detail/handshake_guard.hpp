// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include "orcast/transport/detail/curl_options.hpp"
#include "orcast/transport/detail/libcurl.hpp"

// Cuts off a peer that sends TLS handshake messages without end. OpenSSL skips those that say
// nothing within one call, for as long as there are more; libcurl would not return from it, and
// nobody look at a deadline or a cancel. What libcurl shows of a handshake to who debugs it is
// counted. Needs a libcurl over OpenSSL and a system with dup(2), and sees nothing elsewhere.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

#if !defined(_WIN32)

class handshake_guard {
 public:
  handshake_guard() = default;
  handshake_guard(const handshake_guard&) = delete;
  handshake_guard& operator=(const handshake_guard&) = delete;
  ~handshake_guard() { forget_sockets(); }

  void begin(curl_setter& set) {
    set(CURLOPT_SOCKOPTFUNCTION, &on_socket);
    set(CURLOPT_SOCKOPTDATA, this);
    set(CURLOPT_DEBUGFUNCTION, &on_debug);
    set(CURLOPT_DEBUGDATA, this);
    set(CURLOPT_VERBOSE, 1L);
  }
  /// The connection is there: what comes now is libcurl's alone, and costs nothing.
  void end(CURL* easy) noexcept {
    static_cast<void>(curl_easy_setopt(easy, CURLOPT_VERBOSE, 0L));
    static_cast<void>(curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, nullptr));
    forget_sockets();
  }
  bool flooded() const noexcept { return messages_ > most_messages; }

 private:
  // Of TLS, the headers of records among them. A handshake with a long chain has some thirty.
  static constexpr int most_messages = 1000;

  /// A number of our own for libcurl's socket, which it may close meanwhile.
  static int on_socket(void* self, curl_socket_t socket, curlsocktype) {
    const int own = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (own >= 0) static_cast<handshake_guard*>(self)->sockets_.push_back(own);
    return CURL_SOCKOPT_OK;
  }
  static int on_debug(CURL*, curl_infotype what, char*, std::size_t, void* self) {
    if (what == CURLINFO_SSL_DATA_IN) static_cast<handshake_guard*>(self)->count();
    return 0;
  }

  void count() noexcept {
    if (++messages_ != most_messages + 1) return;
    for (const int each : sockets_) {
      ::shutdown(each, SHUT_RDWR);
      // What is queued would still be read, message by message.
      char bytes[16 * 1024];
      for (int i = 0; i < 1024 && ::recv(each, bytes, sizeof(bytes), MSG_DONTWAIT) > 0; ++i) {
      }
    }
  }
  void forget_sockets() noexcept {
    for (const int each : sockets_) ::close(each);
    sockets_.clear();
  }

  int messages_ = 0;
  std::vector<int> sockets_;
};

#else

class handshake_guard {
 public:
  void begin(curl_setter&) {}
  void end(CURL*) noexcept {}
  bool flooded() const noexcept { return false; }
};

#endif

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
