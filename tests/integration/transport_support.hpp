// SPDX-License-Identifier: MIT
#pragma once

// What the tests of the two transports share: a server made of plain sockets that says exactly
// what a test wants, a sink that records, and a driver for each transport that makes them look
// alike. Nothing sleeps; what waits gives up after ten seconds.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"

#include "support/catch.hpp"

namespace transport_test {

using orcast::errc;
using orcast::failure;
namespace http = orcast::http;

inline constexpr auto patience = std::chrono::seconds(10);

/// Opens once.
class latch {
 public:
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

/// A socket that listens on a free port of 127.0.0.1.
class listener {
 public:
  explicit listener(int backlog = 512) : handle_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(::bind(handle_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(handle_, backlog) == 0);
    REQUIRE(::getsockname(handle_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~listener() { ::close(handle_); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  int handle() const { return handle_; }
  int port() const { return port_; }
  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }

 private:
  int handle_;
  int port_ = 0;
};

/// A port that accepts nothing: its queue is full, so a connection attempt gets no answer.
class black_hole {
 public:
  black_hole() : listener_(0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(listener_.port()));
    for (int& each : fillers_) {
      each = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(each, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    }
    before_ = attempts();
  }
  ~black_hole() {
    for (const int each : fillers_) ::close(each);
  }
  std::string url() const { return listener_.url(); }

  /// Until another socket than the fillers tries to connect.
  void wait_for_attempt() const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (attempts() <= before_ && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    REQUIRE(attempts() > before_);
  }

 private:
  /// Sockets of this machine that wait for this port's answer, as the kernel lists them:
  /// "sl local_address rem_address st ...", where st 02 is SYN_SENT.
  int attempts() const {
    char port[8];
    std::snprintf(port, sizeof(port), ":%04X", static_cast<unsigned>(listener_.port()));
    std::ifstream sockets("/proc/net/tcp");
    std::string line, number, local, remote, state;
    int count = 0;
    while (std::getline(sockets, line)) {
      std::istringstream(line) >> number >> local >> remote >> state;
      if (state == "02" && remote.size() > 5 && remote.substr(remote.size() - 5) == port) ++count;
    }
    return count;
  }

  listener listener_;
  int fillers_[4];
  int before_ = 0;
};

/// The server's end of a connection.
class peer {
 public:
  peer(int handle, SSL* tls) : handle_(handle), tls_(tls) {}
  ~peer() {
    if (tls_ != nullptr) SSL_free(tls_);
    ::close(handle_);
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  /// The next request, head and body together; empty when the client has closed.
  std::string request() {
    std::string text;
    std::size_t whole = std::string::npos;
    while (text.size() < whole) {
      const std::size_t end = text.find("\r\n\r\n");
      if (whole == std::string::npos && end != std::string::npos) {
        const std::size_t at = text.find("Content-Length: ");
        whole = end + 4 + (at < end ? std::stoul(text.substr(at + 16)) : 0);
        continue;
      }
      char buffer[65536];
      const long got = receive(buffer, sizeof(buffer));
      if (got <= 0) return {};
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

  /// False once the client has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const long put = tls_ != nullptr
                           ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                           : ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

  /// Until the client closes.
  void wait_for_close() {
    char buffer[4096];
    while (receive(buffer, sizeof(buffer)) > 0) {
    }
  }

  /// Closing then sends a reset.
  void reset_on_close() {
    const linger hard{1, 0};
    ::setsockopt(handle_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  }
  void end_sending() { ::shutdown(handle_, SHUT_WR); }
  void say_goodbye() {
    if (tls_ != nullptr) SSL_shutdown(tls_);
  }
  /// Of TLS 1.3: sends a message that says nothing. False once the client has closed.
  bool update_key() {
    return SSL_key_update(tls_, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(tls_) == 1;
  }

 private:
  long receive(char* to, std::size_t size) {
    return tls_ != nullptr ? SSL_read(tls_, to, static_cast<int>(size))
                           : ::recv(handle_, to, size, 0);
  }

  int handle_;
  SSL* tls_;
};

/// Serves each connection on a thread of its own by a script; the connection closes at its end.
class server {
 public:
  using script = std::function<void(peer&)>;

  explicit server(script each, SSL_CTX* tls = nullptr)
      : script_(std::move(each)), tls_(tls), acceptor_([this] { accept_all(); }) {}
  ~server() {
    ::shutdown(listener_.handle(), SHUT_RDWR);
    acceptor_.join();
    // Clients that keep connections are destroyed after their server in a few tests.
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const int each : open_) ::shutdown(each, SHUT_RDWR);
    }
    for (std::thread& each : threads_) each.join();
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  std::string url(const std::string& target = "/") const { return listener_.url(target); }
  int port() const { return listener_.port(); }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    while (true) {
      const int handle = ::accept(listener_.handle(), nullptr, nullptr);
      if (handle < 0) return;
      ++connections_;
      const std::lock_guard<std::mutex> lock(mutex_);
      open_.push_back(handle);
      threads_.emplace_back([this, handle] { serve(handle); });
    }
  }
  void serve(int handle) {
    // OpenSSL's own sockets raise it; the server's shall not be taken for the client's.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    SSL* tls = tls_ != nullptr ? SSL_new(tls_) : nullptr;
    const int copy = ::dup(handle);  // so that shutting down at the end never hits a reused number
    if (tls != nullptr) SSL_set_fd(tls, copy);
    peer client(copy, tls);
    if (tls == nullptr || SSL_accept(tls) == 1) script_(client);
    const std::lock_guard<std::mutex> lock(mutex_);
    for (int& each : open_) {
      if (each == handle) each = -1;
    }
    ::close(handle);
  }

  script script_;
  SSL_CTX* tls_;
  listener listener_;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// Records what a transport tells it.
class recorder final : public http::response_sink {
 public:
  /// Decides about each piece; go when empty.
  std::function<http::flow(std::string_view)> on_data;
  std::function<void()> on_head;

  void head(const http::response_head& got) noexcept override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++heads;
      in_order = in_order && !over && heads == 1;
      status = got.status;
      for (std::size_t i = 0; i < got.header_count; ++i) {
        headers.emplace_back(got.headers[i].name, got.headers[i].value);
      }
      changed_.notify_all();
    }
    if (on_head) on_head();
  }
  http::flow data(std::string_view bytes) noexcept override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      in_order = in_order && !over && heads == 1;
      body.append(bytes);
      changed_.notify_all();
    }
    return on_data ? on_data(bytes) : http::flow::go;
  }
  void done(orcast::result<void> outcome) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    in_order = in_order && !over;
    over = true;
    if (!outcome) why = outcome.error();
    changed_.notify_all();
  }

  bool wait_for_head() {
    return wait([this] { return heads > 0; });
  }
  bool wait_for_body(std::size_t size) {
    return wait([&] { return body.size() >= size; });
  }
  bool wait_for_done() {
    return wait([this] { return over; });
  }
  bool is_over() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return over;
  }

  std::string header(std::string_view name) const {
    for (const auto& [each, value] : headers) {
      if (http::same_name(each, name)) return value;
    }
    return {};
  }
  bool ok() const { return over && !why && in_order; }
  /// The failure's name, "ok" or "running".
  std::string ended() const {
    if (!over) return "running";
    return why ? std::string(orcast::to_string(why->code)) : "ok";
  }

  int status = 0;
  int heads = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<failure> why;
  bool over = false;
  bool in_order = true;

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, patience, condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
};

struct trust {
  std::string ca_file;
  std::string ca_pem;
};

/// httplib_transport, each exchange on a thread of its own.
class httplib_driver {
 public:
  static constexpr bool is_curl = false;
  using handle = std::size_t;

  explicit httplib_driver(const trust& from = {}, bool insecure = false)
      : transport(options(from, insecure)) {}
  ~httplib_driver() {
    for (const auto& each : running_) each->thread.join();
  }

  handle start(const http::request& request, recorder& sink) {
    running_.push_back(std::make_unique<call>());
    call& made = *running_.back();
    made.thread = std::thread([&] { transport.perform(request, sink, made.control); });
    return running_.size() - 1;
  }
  void cancel(handle which) { running_[which]->control.cancel(); }
  void resume(handle which) { running_[which]->control.resume(); }

  orcast::httplib_transport transport;

 private:
  struct call {
    http::exchange_control control;
    std::thread thread;
  };
  static orcast::httplib_options options(const trust& from, bool insecure) {
    orcast::httplib_options made;
    made.allow_insecure_http = insecure;
    made.ca_file = from.ca_file;
    made.ca_pem = from.ca_pem;
    return made;
  }

  std::vector<std::unique_ptr<call>> running_;
};

/// curl_transport on a network thread that sits in poll() and is woken for orders.
class curl_driver {
 public:
  static constexpr bool is_curl = true;
  using handle = std::size_t;

  explicit curl_driver(const trust& from = {}, bool insecure = false)
      : transport(options(from, insecure)), thread_([this] { drive(); }) {}
  ~curl_driver() {
    order([this] { stop_ = true; });
    thread_.join();
  }

  handle start(const http::request& request, recorder& sink) {
    const handle which = started_++;
    order([this, &request, &sink] { ids_.push_back(transport.start(request, sink)); });
    return which;
  }
  void cancel(handle which) {
    order([this, which] { transport.cancel(ids_[which]); });
  }
  void resume(handle which) {
    order([this, which] { transport.resume(ids_[which]); });
  }

  orcast::curl_transport transport;

 private:
  static orcast::curl_options options(const trust& from, bool insecure) {
    orcast::curl_options made;
    made.allow_insecure_http = insecure;
    made.ca_file = from.ca_file;
    made.ca_pem = from.ca_pem;
    return made;
  }
  void order(std::function<void()> what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    orders_.push_back(std::move(what));
    transport.wake();
  }
  void drive() {
    while (true) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const auto& each : orders_) each();
        orders_.clear();
        if (stop_) return;
      }
      transport.poll(60'000);
    }
  }

  std::mutex mutex_;
  std::vector<std::function<void()>> orders_;
  handle started_ = 0;
  std::vector<http::exchange_id> ids_;  // the network thread's
  bool stop_ = false;
  std::thread thread_;
};

inline http::request get(std::string url) {
  http::request request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

/// Sends the request and waits until it is over.
template <class Driver>
void fetch(Driver& driver, const http::request& request, recorder& sink) {
  driver.start(request, sink);
  REQUIRE(sink.wait_for_done());
}

/// What a client makes of these bytes as the answer to a GET.
template <class Driver>
void answer(const std::string& bytes, recorder& sink, http::request request = get("")) {
  server host([&](peer& client) {
    client.request();
    client.send(bytes);
  });
  request.url = host.url();
  Driver driver;
  fetch(driver, request, sink);
}

}  // namespace transport_test
