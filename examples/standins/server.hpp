// SPDX-License-Identifier: MIT
//
// What the stand-ins share: a cpp-httplib server on 127.0.0.1 and a port that the system chooses.
// It serves from the end of the constructor to the destructor, which returns within milliseconds
// even while streams are open. Each connection has a thread of its own from a small pool.
//
// cpp-httplib accepts, parses and keeps the pool; answers are written by exchange (http.hpp). The
// differences between its releases (0.11 of Debian 12 to 0.53) are absorbed in `engine` below.

#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "standins/connection.hpp"
#include "standins/http.hpp"
#include "standins/journal.hpp"
#include "standins/tls.hpp"

namespace standins {

class server {
 public:
  /// Answers one request. Runs on the connection's thread, several at a time.
  using handler = std::function<void(const request&, exchange&)>;

  /// Connections served at once; further ones wait for their turn.
  static constexpr std::size_t threads = 48;

  server(const tls_options& tls, handler answer) : answer_(std::move(answer)) {
    if (tls.enabled) tls_ = std::make_unique<tls_identity>(tls);
    engine_.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    const auto handle = [this](const httplib::Request& request, httplib::Response&) {
      serve(request);
    };
    engine_.Get(".*", handle).Post(".*", handle).Put(".*", handle).Delete(".*", handle);
    port_ = engine_.bind_to_any_port("127.0.0.1");
    if (port_ <= 0 || !engine_.make_room_for_connections()) {
      throw std::runtime_error("the stand-in found no free port on 127.0.0.1");
    }
    listener_ = std::thread([this] { engine_.listen_after_bind(); });
    while (!engine_.is_running()) std::this_thread::yield();  // stop() before that would be lost
  }

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  ~server() {
    {
      const std::lock_guard<std::mutex> lock(open_mutex_);
      stopping_ = true;
      for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);  // wakes reads, writes, waits
    }
    engine_.stop();
    listener_.join();
  }

  int port() const { return port_; }
  /// "http://127.0.0.1:49152"
  std::string origin() const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
  }
  /// The certificate that a client must trust; empty without TLS.
  std::string ca_pem() const { return tls_ ? tls_->pem() : std::string(); }

  /// Every request that arrived, in order, the refused ones too. Any thread.
  const journal<request>& requests() const { return requests_; }
  /// The numbers of the requests whose client had gone before the answer was complete. Any thread.
  const journal<std::size_t>& disconnects() const { return disconnects_; }

 private:
  class engine : public httplib::Server {
   public:
    explicit engine(server& owner) : owner_(owner) {}

    /// A compiled cpp-httplib lets five connections wait to be accepted; of two hundred that come
    /// at once some would then be reset.
    bool make_room_for_connections() { return ::listen(svr_sock_, 1024) == 0; }

   private:
    bool process_and_close_socket(socket_t socket) override {
      owner_.run(socket, [this](connection& on, bool& closed) {
        return process(&engine::process_request, on, closed);
      });
      return true;
    }

    using setup = std::function<void(httplib::Request&)>;

    template <class S>  // 0.11
    bool process(bool (S::*f)(httplib::Stream&, bool, bool&, const setup&), connection& on,
                 bool& closed) {
      return (this->*f)(on, false, closed, nullptr);
    }

    template <class S>  // from 0.17
    bool process(bool (S::*f)(httplib::Stream&, const std::string&, int, const std::string&, int,
                              bool, bool&, const setup&),
                 connection& on, bool& closed) {
      return (this->*f)(on, "127.0.0.1", 0, "127.0.0.1", 0, false, closed, nullptr);
    }

    template <class S>  // with web sockets
    bool process(bool (S::*f)(httplib::Stream&, const std::string&, int, const std::string&, int,
                              bool, bool&, const setup&, bool*),
                 connection& on, bool& closed) {
      return (this->*f)(on, "127.0.0.1", 0, "127.0.0.1", 0, false, closed, nullptr, nullptr);
    }

    server& owner_;
  };

  /// The connection that this thread serves: cpp-httplib does not hand it to the handler.
  static connection*& current() {
    static thread_local connection* value = nullptr;
    return value;
  }

  template <class Process>
  void run(int socket, Process process) {
    // OpenSSL writes without MSG_NOSIGNAL; a client that left must not end the program.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    if (opened(socket)) {
      connection on(socket, tls_ ? tls_->context() : nullptr);
      current() = &on;
      bool more = on.handshake();
      while (more && on.fill()) {
        bool closed = false;
        on.next_request();
        more = process(on, closed) && !closed && on.keep();
      }
      current() = nullptr;
    }
    closed(socket);
  }

  void serve(const httplib::Request& from) {
    connection& on = *current();
    request got;
    got.method = from.method;
    got.target = from.target;
    got.path = from.path;
    got.body = from.body;
    got.arrived = std::chrono::steady_clock::now();
    for (const auto& [name, value] : from.headers) {
      if (!is_added_by_httplib(name)) got.headers.emplace_back(name, value);
    }
    {
      const std::lock_guard<std::mutex> lock(number_mutex_);
      got.number = requests_.size() + 1;
      requests_.add(got);
    }
    exchange with(on, !same_text(got.header("connection"), "close"), got.method == "HEAD");
    traffic_answer kept;
    if (traffic::wanted()) with.keep_answer(kept);
    answer_(got, with);
    if (traffic::wanted()) traffic::add(got.method, got.path, got.body, kept);
    if (on.gone() && !stopping_) disconnects_.add(got.number);
  }

  static bool is_added_by_httplib(const std::string& name) {
    return name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
           name == "LOCAL_PORT";
  }

  bool opened(int socket) {
    const std::lock_guard<std::mutex> lock(open_mutex_);
    if (!stopping_) open_.insert(socket);
    return !stopping_;
  }

  void closed(int socket) {
    const std::lock_guard<std::mutex> lock(open_mutex_);
    open_.erase(socket);
    ::close(socket);  // under the lock: the destructor must not shut down a number used anew
  }

  handler answer_;
  std::unique_ptr<tls_identity> tls_;
  engine engine_{*this};
  int port_ = 0;
  std::thread listener_;
  std::atomic<bool> stopping_{false};
  std::mutex open_mutex_;
  std::set<int> open_;
  std::mutex number_mutex_;
  journal<request> requests_;
  journal<std::size_t> disconnects_;
};

}  // namespace standins
