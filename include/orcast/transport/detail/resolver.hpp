// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "orcast/core/result.hpp"
#include "orcast/http/control.hpp"
#include "orcast/transport/detail/tcp_socket.hpp"

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
