// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/transport/detail/libcurl.hpp"

#if defined(__linux__)
#include <sys/epoll.h>
#include <unistd.h>
#endif

// Which of libcurl's sockets have something to say, without asking each of them: with hundreds of
// silent connections that is what a frame would be spent on. Where the system can't tell (anything
// but Linux at present), usable() is false, and libcurl asks them itself.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

#if defined(__linux__)

class ready_sockets {
 public:
  ready_sockets() noexcept : set_(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~ready_sockets() {
    if (set_ >= 0) ::close(set_);
  }
  ready_sockets(const ready_sockets&) = delete;
  ready_sockets& operator=(const ready_sockets&) = delete;

  bool usable() const noexcept { return set_ >= 0; }

  /// `what` is one of CURL_POLL_*, as libcurl's socket callback gives it.
  void watch(curl_socket_t socket, int what) noexcept {
    epoll_event wanted{};
    wanted.data.fd = socket;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) wanted.events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) wanted.events |= EPOLLOUT;
    if (wanted.events == 0) {
      ::epoll_ctl(set_, EPOLL_CTL_DEL, socket, nullptr);
    } else if (::epoll_ctl(set_, EPOLL_CTL_MOD, socket, &wanted) != 0) {
      ::epoll_ctl(set_, EPOLL_CTL_ADD, socket, &wanted);  // new, or a number that is used again
    }
  }

  /// Calls `use(socket, CURL_CSELECT_*)` for those that are ready now; never waits. What does not
  /// fit into one call comes with the next: the system turns its list.
  template <class Use>
  void collect(Use use) {
    constexpr int most = 256;
    epoll_event ready[most];
    const int count = ::epoll_wait(set_, ready, most, 0);
    for (int i = 0; i < count; ++i) {
      int events = 0;
      if ((ready[i].events & (EPOLLIN | EPOLLHUP)) != 0) events |= CURL_CSELECT_IN;
      if ((ready[i].events & EPOLLOUT) != 0) events |= CURL_CSELECT_OUT;
      if ((ready[i].events & EPOLLERR) != 0) events |= CURL_CSELECT_ERR;
      use(static_cast<curl_socket_t>(ready[i].data.fd), events);
    }
  }

 private:
  int set_;
};

#else

class ready_sockets {
 public:
  bool usable() const noexcept { return false; }
  void watch(curl_socket_t, int) noexcept {}
  template <class Use>
  void collect(Use) {}
};

#endif

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
