// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "orcast/http/fake_reply.hpp"
#include "orcast/http/transport.hpp"

// One exchange of a fake transport: a small machine that runs through its reply. The tiers differ
// only in who calls it, and in what they do when it can't go on.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class fake_exchange {
 public:
  fake_exchange(exchange_id name, const request& asked, response_sink& answered, fake_reply script)
      : id(name), what(asked), sink(answered), reply_(std::move(script)) {}

  enum class progress : unsigned char { over, paused, waiting, next_poll };

  /// Goes as far as it can, and says why it stopped. One thread at a time.
  progress advance() {
    for (;;) {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (cancelled_) return end(failure(errc::cancelled, "cancelled"));
        if (paused_) return progress::paused;
        resumed_ = false;
      }
      if (at_ == reply_.steps().size()) {
        if (has_head_) return end({});
        return end(failure(errc::protocol, "the script ended without a head()"));
      }
      const fake_reply::step& step = reply_.steps()[at_];
      switch (step.what) {
        case fake_reply::action::head:
          give_head(step);
          break;
        case fake_reply::action::data:
          received_ += step.bytes.size();
          if (received_ > what.response.body_bytes)
            return end(failure(errc::too_large, "the response's body is too large"));
          if (!give_data(step)) return end(failure(errc::cancelled, "stopped by the sink"));
          break;
        case fake_reply::action::hold: {
          std::lock_guard<std::mutex> lock(mutex_);
          if (released_ == 0) return progress::waiting;
          --released_;
          break;
        }
        case fake_reply::action::next_poll:
          ++at_;
          return progress::next_poll;
        case fake_reply::action::fail:
          return end(failure(step.code, step.bytes));
        case fake_reply::action::never:
          return progress::waiting;
      }
      ++at_;
    }
  }

  // Any thread.

  void cancel() noexcept {
    change([this] { cancelled_ = true; });
  }
  void release() noexcept {
    change([this] { ++released_; });
  }
  void resume() noexcept {
    change([this] {
      paused_ = false;
      resumed_ = true;
    });
  }
  /// Waits for cancel(), release() or resume(), unless one came since the last call.
  void wait() noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return change_seen_; });
    change_seen_ = false;
  }

  const exchange_id id;
  const request& what;
  response_sink& sink;
  result<void> outcome;

 private:
  void give_head(const fake_reply::step& step) noexcept {
    std::vector<header_view> views;
    for (const header& line : step.headers) views.push_back({line.name, line.value});
    response_head head;
    head.status = step.status;
    head.headers = views.data();
    head.header_count = views.size();
    has_head_ = true;
    sink.head(head);
  }

  bool give_data(const fake_reply::step& step) noexcept {
    const flow wanted = sink.data(step.bytes);
    std::lock_guard<std::mutex> lock(mutex_);
    // A resume() from another thread may have overtaken the answer that it belongs to.
    paused_ = wanted == flow::pause && !resumed_;
    return wanted != flow::stop;
  }

  progress end(result<void> how) {
    outcome = std::move(how);
    return progress::over;
  }

  template <class Change>
  void change(Change apply) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    apply();
    change_seen_ = true;
    changed_.notify_all();
  }

  const fake_reply reply_;
  std::size_t at_ = 0;
  std::size_t received_ = 0;
  bool has_head_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  unsigned released_ = 0;
  bool cancelled_ = false;
  bool paused_ = false;
  bool resumed_ = false;
  bool change_seen_ = false;
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast
