// SPDX-License-Identifier: MIT
//
// orcast 0.1.0, generated from include/ by tools/amalgamate.py: change it there.
//
// Needs orcast.hpp beside it, cpp-httplib and OpenSSL (-lssl -lcrypto). Where cpp-httplib is compiled, as on
// Debian, link it (-lcpp-httplib) and define the macros that it was compiled with: both are what
// `pkg-config --cflags --libs cpp-httplib` prints.
#pragma once

#include "orcast/orcast.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// ---- orcast/transport/detail/connection.hpp ----

#include <netdb.h>

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

// ---- orcast/transport/detail/connection_pool.hpp ----

#include <unistd.h>

// Connections that are kept open for the next exchange with the same origin, the last one first.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class connection_pool {
 public:
  connection_pool(std::size_t capacity, std::int64_t longest_idle_ms)
      : capacity_(capacity), longest_idle_(orcast::detail::wait_of(longest_idle_ms)) {}
  ~connection_pool() {
    for (idle& each : idle_) {
      if (each.process == ::getpid()) each.line->say_goodbye();
    }
  }
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;

  /// Any thread. Null when there is none that looks alive.
  std::unique_ptr<connection> take(std::string_view origin) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t i = idle_.size(); i-- > 0;) {
      // After a fork the connection is the parent's; the child only closes its copy.
      const bool usable = now - idle_[i].since < longest_idle_ && idle_[i].process == ::getpid() &&
                          idle_[i].line->quiet();
      if (usable && idle_[i].origin != origin) continue;
      std::unique_ptr<connection> line = std::move(idle_[i].line);
      idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
      if (usable) return line;
    }
    return nullptr;
  }

  /// Any thread. The oldest gives way when there are too many.
  void put(std::string origin, std::unique_ptr<connection> line) {
    if (capacity_ == 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() >= capacity_) idle_.erase(idle_.begin());
    idle_.push_back(
        {std::move(origin), std::move(line), std::chrono::steady_clock::now(), ::getpid()});
  }

 private:
  struct idle {
    std::string origin;
    std::unique_ptr<connection> line;
    std::chrono::steady_clock::time_point since;
    pid_t process;
  };

  const std::size_t capacity_;
  const std::chrono::milliseconds longest_idle_;
  std::mutex mutex_;
  std::vector<idle> idle_;
};

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/httplib_client.hpp ----

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

#include <httplib.h>

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")

// cpp-httplib, and the one place that knows how its releases differ: 0.11 (Debian 12) to 0.53.

// Distributions ship it compiled. The layout of its classes then depends on macros that only
// pkg-config knows; without them the program links and then corrupts memory.
#if !defined(CPPHTTPLIB_OPENSSL_SUPPORT)
#error "define CPPHTTPLIB_OPENSSL_SUPPORT: take the flags of `pkg-config --cflags cpp-httplib`"
#endif
#if !defined(CPPHTTPLIB_VERSION_NUM) && \
    !(defined(CPPHTTPLIB_ZLIB_SUPPORT) && defined(CPPHTTPLIB_BROTLI_SUPPORT))
#error \
    "define CPPHTTPLIB_ZLIB_SUPPORT and CPPHTTPLIB_BROTLI_SUPPORT, as cpp-httplib was compiled: \
take the flags of `pkg-config --cflags cpp-httplib`"
#endif

namespace orcast {
inline namespace v0 {
namespace transport_detail {

/// cpp-httplib's HTTP/1.1 over a stream of ours. Its own connecting, timeouts, TLS, redirects and
/// decompression stay unused: process_request() is the part between two sockets' worth of bytes.
class httplib_client final : private httplib::ClientImpl {
 public:
  httplib_client(const std::string& host, int port) : ClientImpl(host, port) {
    set_decompress(false);
    set_follow_location(false);
    send_path_as_it_is(*this, 0);
  }

  /// Sends the request and reads the response. False when either did not work out.
  bool exchange(httplib::Stream& stream, httplib::Request& request) {
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    return process_request(stream, request, response, false, error);
  }

 private:
  // set_path_encode() was set_url_encode() once. The int makes the new name the better match.
  template <class Client>
  static auto send_path_as_it_is(Client& client, int) -> decltype(client.set_path_encode(false)) {
    client.set_path_encode(false);
  }
  template <class Client>
  static auto send_path_as_it_is(Client& client, long) -> decltype(client.set_url_encode(false)) {
    client.set_url_encode(false);
  }
};

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/guarded_stream.hpp ----

#include <sys/types.h>

// What cpp-httplib reads from and writes to during one exchange. It keeps the deadlines, sends
// every incoming byte past the response_guard, and knows in the end how the exchange went: the
// library only says that it did not.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

/// Now plus so many milliseconds; `never` for 0, which means no limit, and for more than a year.
inline deadline deadline_in(std::int64_t ms) noexcept {
  return ms > 0 && ms < orcast::detail::longest_wait_ms
             ? std::chrono::steady_clock::now() + std::chrono::milliseconds(ms)
             : never;
}

class guarded_stream final : public httplib::Stream {
 public:
  guarded_stream(connection& peer, const http::request& request, http::response_sink& sink,
                 http::exchange_control& control, deadline total)
      : peer_(peer),
        limits_(request.limits),
        sink_(sink),
        control_(control),
        total_(total),
        guard_(request.response, request.method == "HEAD") {}

  // Which of these are virtual differs between releases, so none of them says override.
  ssize_t read(char* to, std::size_t size);
  ssize_t write(const char* from, std::size_t size);
  bool is_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  bool is_peer_alive() const { return true; }
  void get_remote_ip_and_port(std::string&, int&) const {}
  void get_local_ip_and_port(std::string&, int&) const {}
  socket_t socket() const { return INVALID_SOCKET; }
  time_t duration() const { return 0; }

  /// Hands a piece of the body to the sink, and waits for as long as that wants to pause.
  bool deliver(std::string_view piece);

  /// How it went; `parsed` is what cpp-httplib thought.
  result<void> verdict(bool parsed) const;
  /// The connection was gone before a byte of the response: a kept one may have been all the time.
  bool cut_before_answer() const noexcept {
    return failed_ && !guard_.began() &&
           (why_.code == errc::connect || why_.code == errc::disconnected);
  }
  bool reusable() const noexcept { return guard_.reusable() && !deaf_; }

 private:
  bool receive();
  bool wait_for_resume();
  bool is_over() const noexcept {
    return total_ != never && std::chrono::steady_clock::now() >= total_;
  }
  bool fail(failure why) {
    if (!failed_) why_ = std::move(why);
    failed_ = true;
    return false;
  }
  bool fail_unsent() {
    return fail(failure(errc::connect, "the connection was cut before anything was sent"));
  }
  bool fail_late(errc phase) {
    if (is_over()) phase = errc::timeout_total;
    return fail(failure(phase, phase == errc::timeout_total  ? "the exchange took too long"
                               : phase == errc::timeout_idle ? "the response went silent"
                                                             : "no response began in time"));
  }

  connection& peer_;
  const http::timeouts limits_;
  http::response_sink& sink_;
  http::exchange_control& control_;
  const deadline total_;
  response_guard guard_;
  std::string clean_;  // checked, and not yet read by cpp-httplib from used_ on
  std::size_t used_ = 0;
  bool sent_ = false;  // a byte of the request
  bool deaf_ = false;
  bool failed_ = false;
  failure why_;
};

inline ssize_t guarded_stream::read(char* to, std::size_t size) {
  while (used_ == clean_.size()) {
    clean_.clear();
    used_ = 0;
    if (failed_ || (!guard_.complete() && !receive())) return -1;
    if (clean_.empty() && guard_.complete()) return 0;
  }
  const std::size_t count = clean_.copy(to, size, used_);
  used_ += count;
  return static_cast<ssize_t>(count);
}

inline ssize_t guarded_stream::write(const char* from, std::size_t size) {
  if (failed_) return -1;
  // A peer that stopped listening has often said why: it closed after a 413. Its answer is worth
  // more than "broken pipe", so the rest of the request goes nowhere and the response is read.
  if (deaf_) return static_cast<ssize_t>(size);
  if (is_over()) {
    fail_late(errc::timeout_total);
    return -1;
  }
  std::size_t put = 0;
  const deadline until = (std::min)(deadline_in(limits_.first_byte_ms), total_);
  switch (peer_.write(from, size, put, until)) {
    case io::done:
      sent_ = sent_ || put != 0;
      return static_cast<ssize_t>(put);
    case io::timed_out:
      fail_late(errc::timeout_first_byte);
      return -1;
    default:
      deaf_ = true;
      return static_cast<ssize_t>(size);
  }
}

inline bool guarded_stream::receive() {
  if (control_.cancelled()) return fail(failure(errc::cancelled, "cancelled"));
  if (is_over()) return fail_late(errc::timeout_total);  // a busy peer never lets us wait
  const bool began = guard_.began();
  const bool had_head = guard_.has_head();
  const std::int64_t patience = began ? limits_.idle_ms : limits_.first_byte_ms;
  char buffer[16 * 1024];
  std::size_t got = 0;
  switch (peer_.read(buffer, sizeof(buffer), got, (std::min)(deadline_in(patience), total_))) {
    case io::done: {
      // What came before a mistake still counts, however the network cut the bytes.
      if (!guard_.feed(std::string_view(buffer, got), clean_)) fail(guard_.why());
      if (!had_head && guard_.has_head()) sink_.head(guard_.head());
      return true;
    }
    case io::closed:
      if (guard_.end_of_stream()) return true;
      return sent_ ? fail(guard_.why()) : fail_unsent();
    case io::timed_out:
      return fail_late(began ? errc::timeout_idle : errc::timeout_first_byte);
    default:
      if (!sent_) return fail_unsent();
      return fail(failure(errc::disconnected, began ? "the connection was cut within the response"
                                                    : "the connection was cut before a response"));
  }
}

inline bool guarded_stream::deliver(std::string_view piece) {
  const http::flow wish = sink_.data(piece);
  if (control_.cancelled()) return fail(failure(errc::cancelled, "cancelled"));
  if (wish == http::flow::stop) return fail(failure(errc::cancelled, "stopped by the receiver"));
  return wish == http::flow::go || wait_for_resume();
}

inline bool guarded_stream::wait_for_resume() {
  while (true) {
    auto left = std::chrono::milliseconds(std::chrono::hours(1));
    if (total_ != never) {
      left = std::chrono::duration_cast<std::chrono::milliseconds>(
          total_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return fail_late(errc::timeout_total);
    }
    if (control_.wait_for_resume(left)) return true;
    if (control_.cancelled()) return fail(failure(errc::cancelled, "cancelled"));
  }
}

inline result<void> guarded_stream::verdict(bool parsed) const {
  if (parsed && !failed_ && guard_.complete()) return {};
  if (control_.cancelled()) return failure(errc::cancelled, "cancelled");
  if (failed_) return why_;
  return failure(errc::protocol, "cpp-httplib could not read the response");
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/resolver.hpp ----

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

// Host names to addresses, with a deadline and a cancel. getaddrinfo() can't be interrupted, so a
// lookup runs on a thread of its own, which owns everything it touches and may outlive the call
// that asked. The destructor waits for such threads, five seconds in all, and then lets go of
// them. Addresses in digits need no thread.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

struct address_deleter {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using addresses = std::unique_ptr<addrinfo, address_deleter>;

class resolver {
 public:
  resolver() = default;
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  ~resolver();

  /// Any thread. Fails with errc::resolve, timeout_connect at `until`, or cancelled.
  result<addresses> resolve(const std::string& host, const std::string& port, deadline until,
                            http::exchange_control& control);

 private:
  struct lookup {
    std::string host;
    std::string port;
    std::mutex mutex;
    std::condition_variable changed;
    bool finished = false;
    bool cancelled = false;
    int error = 0;
    addresses found;
    pthread_t thread{};

    static int ask(const std::string& host, const std::string& port, int flags, addresses& found) {
      addrinfo hints{};
      hints.ai_family = AF_UNSPEC;
      hints.ai_socktype = SOCK_STREAM;
      hints.ai_flags = flags;
      addrinfo* list = nullptr;
      const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
      if (error == 0) found.reset(list);
      return error;
    }

    static void* run(void* owned) {
      const std::unique_ptr<std::shared_ptr<lookup>> holder(
          static_cast<std::shared_ptr<lookup>*>(owned));
      lookup& self = **holder;
      addresses found;
      const int error = ask(self.host, self.port, AI_ADDRCONFIG, found);
      const std::lock_guard<std::mutex> lock(self.mutex);
      self.found = std::move(found);
      self.error = error;
      self.finished = true;
      self.changed.notify_all();
      return nullptr;
    }

    static void interrupt(void* context) noexcept {
      lookup& self = *static_cast<lookup*>(context);
      const std::lock_guard<std::mutex> lock(self.mutex);
      self.cancelled = true;
      self.changed.notify_all();
    }
  };

  static bool begin(const std::shared_ptr<lookup>& job);
  void abandon(std::shared_ptr<lookup> job);

  std::mutex mutex_;
  std::vector<std::shared_ptr<lookup>> abandoned_;
};

inline result<addresses> resolver::resolve(const std::string& host, const std::string& port,
                                           deadline until, http::exchange_control& control) {
  addresses numeric;
  if (lookup::ask(host, port, AI_NUMERICHOST | AI_NUMERICSERV, numeric) == 0) {
    return result<addresses>(std::move(numeric));
  }
  const auto job = std::make_shared<lookup>();
  job->host = host;
  job->port = port;
  if (!begin(job)) return failure(errc::resolve, "no thread to look up " + host + " on");

  bool finished = false;
  bool cancelled = false;
  {
    const http::exchange_control::interrupt_scope scope(control, &lookup::interrupt, job.get());
    std::unique_lock<std::mutex> lock(job->mutex);
    const auto over = [&] { return job->finished || job->cancelled; };
    if (until == never) {
      job->changed.wait(lock, over);
    } else {
      job->changed.wait_until(lock, until, over);
    }
    finished = job->finished;
    cancelled = job->cancelled;
  }
  if (!finished) {
    abandon(job);
    if (cancelled) return failure(errc::cancelled, "cancelled while looking up the host");
    return failure(errc::timeout_connect, "no answer from the resolver in time");
  }
  ::pthread_join(job->thread, nullptr);
  if (job->error != 0) {
    return failure(errc::resolve, host + ": " + ::gai_strerror(job->error));
  }
  return result<addresses>(std::move(job->found));
}

inline bool resolver::begin(const std::shared_ptr<lookup>& job) {
  auto* holder = new std::shared_ptr<lookup>(job);
  // The host's signal handlers shall not run on a thread that it knows nothing of.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = ::pthread_create(&job->thread, nullptr, &lookup::run, holder);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) delete holder;
  return error == 0;
}

inline void resolver::abandon(std::shared_ptr<lookup> job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (std::size_t i = abandoned_.size(); i-- > 0;) {
    bool finished = false;
    {
      const std::lock_guard<std::mutex> inner(abandoned_[i]->mutex);
      finished = abandoned_[i]->finished;
    }
    if (!finished) continue;
    ::pthread_join(abandoned_[i]->thread, nullptr);
    abandoned_.erase(abandoned_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  abandoned_.push_back(std::move(job));
}

inline resolver::~resolver() {
  const deadline until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (const std::shared_ptr<lookup>& job : abandoned_) {
    bool finished = false;
    {
      std::unique_lock<std::mutex> lock(job->mutex);
      finished = job->changed.wait_until(lock, until, [&] { return job->finished; });
    }
    if (finished) {
      ::pthread_join(job->thread, nullptr);
    } else {
      ::pthread_detach(job->thread);
    }
  }
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/tls_context.hpp ----

#include <dirent.h>

// The OpenSSL context that the connections of one transport share: verification on, TLS 1.2 or
// newer, and one store of certificate authorities, loaded once. Loading a whole bundle takes tens
// of milliseconds, so it happens on the thread that first needs it and never in a constructor.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class tls_context {
 public:
  /// With both empty the machine's own authorities are used.
  tls_context(std::string ca_file, std::string ca_pem)
      : ca_file_(std::move(ca_file)), ca_pem_(std::move(ca_pem)) {}
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  /// Any thread. The context lives as long as this object. A failure (errc::trust_store) is not
  /// remembered: the next call tries again.
  result<SSL_CTX*> get();

 private:
  struct context_deleter {
    void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
  };
  struct bio_deleter {
    void operator()(BIO* bio) const noexcept { ::BIO_free(bio); }
  };
  struct directory_closer {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };

  bool load_authorities(X509_STORE* store) const;
  bool load_pem(X509_STORE* store) const;
  static bool load_system(X509_STORE* store);
  static bool has_hashed_certificate(std::string_view directories);
  static bool has_objects(X509_STORE* store) noexcept {
    return ::sk_X509_OBJECT_num(::X509_STORE_get0_objects(store)) > 0;
  }

  std::string ca_file_;
  std::string ca_pem_;
  std::mutex mutex_;
  std::unique_ptr<SSL_CTX, context_deleter> context_;
};

inline result<SSL_CTX*> tls_context::get() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (context_ != nullptr) return context_.get();

  std::unique_ptr<SSL_CTX, context_deleter> context(::SSL_CTX_new(::TLS_client_method()));
  if (context == nullptr) return failure(errc::tls, "OpenSSL could not make a context");
  constexpr unsigned char protocols[] = "\x08http/1.1";
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      ::SSL_CTX_set_alpn_protos(context.get(), protocols, sizeof(protocols) - 1) != 0) {
    return failure(errc::tls, "OpenSSL refused TLS 1.2 or the protocol list");
  }
  const bool loaded = load_authorities(::SSL_CTX_get_cert_store(context.get()));
  ::ERR_clear_error();
  if (!loaded) {
    return failure(errc::trust_store,
                   ca_pem_.empty() && ca_file_.empty()
                       ? "no certificate authorities found on this machine"
                       : "no certificate authority could be read from the given file or text");
  }
  context_ = std::move(context);
  return context_.get();
}

inline bool tls_context::load_authorities(X509_STORE* store) const {
  if (ca_file_.empty() && ca_pem_.empty()) return load_system(store);
  if (!ca_file_.empty() && ::X509_STORE_load_locations(store, ca_file_.c_str(), nullptr) != 1) {
    return false;
  }
  if (!ca_pem_.empty() && !load_pem(store)) return false;
  return has_objects(store);
}

inline bool tls_context::load_pem(X509_STORE* store) const {
  const std::unique_ptr<BIO, bio_deleter> text(
      ::BIO_new_mem_buf(ca_pem_.data(), static_cast<int>(ca_pem_.size())));
  if (text == nullptr) return false;
  bool any = false;
  while (X509* certificate = ::PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    any = ::X509_STORE_add_cert(store, certificate) == 1 || any;
    ::X509_free(certificate);
  }
  return any;
}

inline bool tls_context::load_system(X509_STORE* store) {
  // OpenSSL's own places come first; they honour SSL_CERT_FILE and SSL_CERT_DIR. A directory of
  // hashed names is read one certificate at a time, when it is needed, so the store stays empty.
  ::X509_STORE_set_default_paths(store);
  const char* directories = std::getenv(::X509_get_default_cert_dir_env());
  if (directories == nullptr) directories = ::X509_get_default_cert_dir();
  if (has_objects(store) || has_hashed_certificate(directories)) return true;

  // An OpenSSL that was built on another machine looks in that machine's places.
  for (const char* bundle :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (::X509_STORE_load_locations(store, bundle, nullptr) == 1 && has_objects(store)) return true;
  }
  return false;
}

inline bool tls_context::has_hashed_certificate(std::string_view directories) {
  while (!directories.empty()) {
    const std::size_t colon = directories.find(':');
    const std::string path(directories.substr(0, colon));
    directories =
        colon == std::string_view::npos ? std::string_view() : directories.substr(colon + 1);
    const std::unique_ptr<DIR, directory_closer> directory(::opendir(path.c_str()));
    if (directory == nullptr) continue;
    while (const dirent* entry = ::readdir(directory.get())) {
      // "4a6481c9.0": eight hexadecimal digits of the subject's hash, and a number.
      if (std::strspn(entry->d_name, "0123456789abcdef") == 8 && entry->d_name[8] == '.') {
        return true;
      }
    }
  }
  return false;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/httplib.hpp ----

#if defined(_WIN32)
#error "orcast/transport/httplib.hpp needs POSIX sockets; use orcast/transport/curl.hpp"
#endif

// The blocking transport over cpp-httplib. The library writes requests and reads responses;
// sockets, TLS (OpenSSL), deadlines, limits and cancelling are handled here, because not every
// release of it can be told to. It never follows a redirect (a 3xx is an answer like any other),
// never asks for or undoes compression, never uses a proxy, and always checks certificates.
//
// Link cpp-httplib as pkg-config says, OpenSSL's ssl and crypto, and threads.

namespace orcast {
inline namespace v0 {

struct httplib_options {
  /// Certificate authorities to trust instead of the machine's own: a PEM file, PEM text, or both.
  std::string ca_file;
  std::string ca_pem;
  /// Plain http to other machines. Keys then travel readable; http to this machine always works.
  bool allow_insecure_http = false;
  /// Connections kept open for the next exchange, to all hosts together; 0 keeps none.
  std::size_t idle_connections = 8;
  std::int64_t idle_connection_ms = 30'000;
};

class httplib_transport {
 public:
  explicit httplib_transport(httplib_options options = {})
      : allow_insecure_http_(options.allow_insecure_http),
        tls_(std::move(options.ca_file), std::move(options.ca_pem)),
        pool_(options.idle_connections, options.idle_connection_ms) {}

  /// Any thread: loads the certificate authorities, so that the first https exchange need not.
  /// Fails with errc::trust_store.
  result<void> warm_up() {
    const result<SSL_CTX*> context = tls_.get();
    return context ? result<void>() : result<void>(context.error());
  }

  /// Any thread, several at once. Returns when the exchange is over and done() was called. A kept
  /// connection that turns out dead before a byte of the response is replaced by a new one, once,
  /// unless the request may have been received and is none that `replays`.
  void perform(const http::request& request, http::response_sink& sink,
               http::exchange_control& control) {
    sink.done(exchange(request, sink, control));
  }

 private:
  using connection = transport_detail::connection;

  result<void> exchange(const http::request& request, http::response_sink& sink,
                        http::exchange_control& control);
  result<std::unique_ptr<connection>> connect(const http::url& target,
                                              transport_detail::deadline until,
                                              http::exchange_control& control);
  static httplib::Request translate(const http::request& request, const http::url& target);

  const bool allow_insecure_http_;
  transport_detail::tls_context tls_;  // before pool_, whose connections use it
  transport_detail::resolver resolver_;
  transport_detail::connection_pool pool_;
};

inline result<void> httplib_transport::exchange(const http::request& request,
                                                http::response_sink& sink,
                                                http::exchange_control& control) {
  const result<http::url> target = http::validate_request(request, allow_insecure_http_);
  if (!target) return target.error();
  const transport_detail::deadline total = transport_detail::deadline_in(request.limits.total_ms);
  std::string origin(target->secure() ? "https " : "http ");
  origin.append(target->host()).append(" ").append(std::to_string(target->port()));

  std::unique_ptr<connection> line = pool_.take(origin);
  while (true) {
    const bool kept = line != nullptr;
    if (!kept) {
      const auto until =
          (std::min)(transport_detail::deadline_in(request.limits.connect_ms), total);
      result<std::unique_ptr<connection>> fresh = connect(*target, until, control);
      if (!fresh && fresh.error().code == errc::timeout_connect && until == total) {
        return failure(errc::timeout_total, "the exchange took too long");
      }
      if (!fresh) return fresh.error();
      line = std::move(*fresh);
    }

    transport_detail::guarded_stream stream(*line, request, sink, control, total);
    httplib::Request outgoing = translate(request, *target);
    outgoing.content_receiver = [&stream](const char* bytes, std::size_t size, auto, auto) {
      return stream.deliver(std::string_view(bytes, size));
    };
    bool parsed = false;
    {
      const http::exchange_control::interrupt_scope scope(
          control,
          [](void* open_line) noexcept { static_cast<connection*>(open_line)->interrupt(); },
          line.get());
      transport_detail::httplib_client client(std::string(target->host()), target->port());
      parsed = client.exchange(stream, outgoing);
    }
    for (auto& field : outgoing.headers) wipe(field.second.data(), field.second.size());

    result<void> outcome = stream.verdict(parsed);
    if (outcome && stream.reusable() && !control.cancelled()) {
      pool_.put(std::move(origin), std::move(line));
    } else if (outcome) {
      line->say_goodbye();
    } else if (kept && stream.cut_before_answer() &&
               (request.replays || outcome.error().code == errc::connect)) {
      line.reset();
      continue;
    }
    return outcome;
  }
}

inline result<std::unique_ptr<transport_detail::connection>> httplib_transport::connect(
    const http::url& target, transport_detail::deadline until, http::exchange_control& control) {
  if (control.cancelled()) return failure(errc::cancelled, "cancelled");
  SSL_CTX* context = nullptr;
  if (target.secure()) {
    const result<SSL_CTX*> loaded = tls_.get();
    if (!loaded) return loaded.error();
    context = *loaded;
  }
  const result<transport_detail::addresses> found =
      resolver_.resolve(std::string(target.host()), std::to_string(target.port()), until, control);
  if (!found) return found.error();
  auto line = std::make_unique<connection>();
  const result<void> opened = line->open(found->get(), target, context, until, control);
  if (!opened) return opened.error();
  return result<std::unique_ptr<connection>>(std::move(line));
}

inline httplib::Request httplib_transport::translate(const http::request& request,
                                                     const http::url& target) {
  httplib::Request outgoing;
  outgoing.method = request.method;
  outgoing.path = std::string(target.target());
  for (const http::header& line : request.headers) outgoing.headers.emplace(line.name, line.value);
  outgoing.headers.emplace("Host", std::string(target.authority()));
  if (!outgoing.has_header("User-Agent")) {
    outgoing.headers.emplace("User-Agent", std::string("orcast/") + version);
  }
  const std::size_t size = request.body_size();
  if (size == 0) return outgoing;
  // One call of the provider writes all segments, so cpp-httplib is told of a single byte: newer
  // releases add "Expect: 100-continue" to a longer body and then wait for a second.
  outgoing.headers.emplace("Content-Length", std::to_string(size));
  outgoing.content_length_ = 1;
  outgoing.content_provider_ = [&request](std::size_t, std::size_t, httplib::DataSink& out) {
    for (const std::string_view segment : request.body) {
      if (!segment.empty() && !out.write(segment.data(), segment.size())) return false;
    }
    return true;
  };
  return outgoing;
}

}  // namespace v0
}  // namespace orcast
