// SPDX-License-Identifier: MIT
//
// Accepts connections and gives each a thread, up to a number of them; ends them all in order.

#pragma once

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <exception>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/client_connection.hpp"

namespace gateway {

class listener {
 public:
  /// Throws std::runtime_error, naming the address, when it can't listen there.
  listener(const std::string& host, const std::string& port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found);
    if (failed != 0) {
      throw std::runtime_error("--listen " + host + ": " + ::gai_strerror(failed));
    }
    int error = 0;
    for (const addrinfo* at = found; at != nullptr && socket_ < 0; at = at->ai_next) {
      socket_ = ::socket(at->ai_family, SOCK_STREAM, 0);
      const int on = 1;
      ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      ::fcntl(socket_, F_SETFD, FD_CLOEXEC);
      if (socket_ >= 0 && ::bind(socket_, at->ai_addr, at->ai_addrlen) == 0 &&
          ::listen(socket_, 1024) == 0) {
        break;
      }
      error = errno;
      ::close(socket_);
      socket_ = -1;
    }
    ::freeaddrinfo(found);
    if (socket_ < 0) {
      throw std::runtime_error("can't listen on " + host + ":" + port + ": " +
                               std::generic_category().message(error));
    }
    read_address();
  }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() { ::close(socket_); }

  /// "127.0.0.1:49152"
  const std::string& address() const { return address_; }
  bool loopback() const { return loopback_; }

  /// Begins to accept. `serve(connection, draining)` runs on a thread for each connection.
  template <class Serve>
  void start(std::size_t most_connections, Serve serve) {
    acceptor_ =
        std::thread([this, most_connections, serve] { accept_all(most_connections, serve); });
  }

  /// Accepts no more and lets idle connections go; waits until all are over, at most until then.
  /// True when they are.
  bool drain(std::chrono::milliseconds time) {
    draining_ = true;
    ::shutdown(socket_, SHUT_RDWR);  // ends accept()
    room_.notify_all();
    if (acceptor_.joinable()) acceptor_.join();
    std::unique_lock<std::mutex> lock(mutex_);
    for (const worker& each : workers_) {
      if (each.connection == nullptr || !each.connection->idle()) continue;
      ::shutdown(each.connection->socket(), SHUT_RD);  // it waits for a request that won't come
    }
    return room_.wait_for(lock, time, [this] { return open_ == 0; });
  }

  /// After drain(): waits for the threads.
  void join() {
    for (worker& each : workers_) each.thread.join();
    workers_.clear();
  }

 private:
  struct worker {
    std::thread thread;
    client_connection* connection = nullptr;  // null: over
  };

  template <class Serve>
  void accept_all(std::size_t most, const Serve& serve) {
    while (!draining_) {
      const int accepted = ::accept(socket_, nullptr, nullptr);
      if (accepted < 0) {
        if (draining_) return;
        // Out of descriptors, most likely: some will be given back.
        if (errno != EINTR) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      ::fcntl(accepted, F_SETFD, FD_CLOEXEC);
      std::unique_lock<std::mutex> lock(mutex_);
      reap();
      room_.wait(lock, [&] { return open_ < most || draining_; });
      if (draining_) {
        ::close(accepted);
        return;
      }
      workers_.emplace_back();
      worker& mine = workers_.back();
      ++open_;
      try {
        mine.thread = std::thread([this, &mine, accepted, serve] { work(mine, accepted, serve); });
      } catch (const std::system_error&) {  // no thread to be had: this client has to come again
        workers_.pop_back();
        --open_;
        ::close(accepted);
      }
    }
  }

  template <class Serve>
  void work(worker& mine, int accepted, const Serve& serve) {
    {
      client_connection connection(accepted);
      {
        const std::lock_guard<std::mutex> held(mutex_);
        mine.connection = &connection;
      }
      try {
        serve(connection, draining_);
      } catch (const std::exception& error) {  // for want of memory, most likely
        std::fprintf(stderr, "gateway: a connection was given up: %s\n", error.what());
      }
      const std::lock_guard<std::mutex> held(mutex_);
      mine.connection = nullptr;  // before the socket closes: drain() uses it
    }
    const std::lock_guard<std::mutex> held(mutex_);
    finished_.push_back(&mine);
    --open_;
    room_.notify_all();
  }

  /// Under the lock: joins threads whose work is over.
  void reap() {
    for (const worker* const over : finished_) {
      for (auto at = workers_.begin(); at != workers_.end(); ++at) {
        if (&*at != over) continue;
        at->thread.join();  // it holds no lock any more, or waits only to give this one back
        workers_.erase(at);
        break;
      }
    }
    finished_.clear();
  }

  void read_address() {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&bound), &size);
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
    ::getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV);
    const bool v6 = bound.ss_family == AF_INET6;
    address_ = (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
    loopback_ = v6 ? std::strcmp(host, "::1") == 0 : std::strncmp(host, "127.", 4) == 0;
  }

  int socket_ = -1;
  std::string address_;
  bool loopback_ = false;
  std::atomic<bool> draining_{false};
  std::mutex mutex_;
  std::condition_variable room_;
  std::list<worker> workers_;
  std::list<const worker*> finished_;
  std::size_t open_ = 0;
  std::thread acceptor_;
};

}  // namespace gateway
