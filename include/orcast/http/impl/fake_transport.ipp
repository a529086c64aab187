// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>

#include "orcast/http/fake_transport.hpp"
#include "orcast/http/detail/fake_exchange.hpp"

// The bodies of orcast/http/fake_transport.hpp.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

inline std::string joined_body(const request& what) {
  std::string body;
  body.reserve(what.body_size());
  for (std::string_view segment : what.body) body.append(segment);
  return body;
}

ORCAST_DECL fake_base::fake_base() = default;
ORCAST_DECL fake_base::~fake_base() { ORCAST_ASSERT(live_.empty()); }

ORCAST_DECL void fake_base::reply(fake_reply next) {
  std::lock_guard<std::mutex> lock(mutex_);
  replies_.push_back(std::move(next));
}

ORCAST_DECL void fake_base::otherwise(fake_reply always) {
  std::lock_guard<std::mutex> lock(mutex_);
  otherwise_ = std::make_unique<fake_reply>(std::move(always));
}

ORCAST_DECL std::vector<recorded_request> fake_base::requests() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

ORCAST_DECL std::vector<std::string> fake_base::violations() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return violations_;
}

ORCAST_DECL std::size_t fake_base::in_flight() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return live_.size();
}

ORCAST_DECL void fake_base::release(exchange_id id) {
  if (const std::shared_ptr<fake_exchange> exchange = find(id)) exchange->release();
}

ORCAST_DECL void fake_base::release_all() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::shared_ptr<fake_exchange>& exchange : live_) exchange->release();
}

ORCAST_DECL std::shared_ptr<fake_exchange> fake_base::open(const request& what,
                                                           response_sink& sink) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (what.url.empty()) violations_.push_back("a request without a URL");
  for (const std::shared_ptr<fake_exchange>& exchange : live_) {
    if (&exchange->sink == &sink) violations_.push_back("one sink for two exchanges at a time");
  }
  fake_reply script;
  if (!replies_.empty()) {
    script = std::move(replies_.front());
    replies_.erase(replies_.begin());
  } else if (otherwise_ != nullptr) {
    script = *otherwise_;
  } else {
    script.fail(errc::connect, "the fake transport has no reply left");
  }
  const exchange_id id = requests_.size() + 1;
  requests_.push_back({id, what.method, what.url, what.headers, joined_body(what)});
  live_.push_back(std::make_shared<fake_exchange>(id, what, sink, std::move(script)));
  return live_.back();
}

ORCAST_DECL std::shared_ptr<fake_exchange> fake_base::find(exchange_id id) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::shared_ptr<fake_exchange>& exchange : live_) {
    if (exchange->id == id) return exchange;
  }
  return nullptr;
}

ORCAST_DECL void fake_base::close(const std::shared_ptr<fake_exchange>& exchange) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const recorded_request& sent = requests_[static_cast<std::size_t>(exchange->id - 1)];
    const request& now = exchange->what;
    if (now.method != sent.method || now.url != sent.url || joined_body(now) != sent.body) {
      violations_.push_back("a request that changed before done()");
    }
    live_.erase(std::find(live_.begin(), live_.end(), exchange));
  }
  exchange->sink.done(std::move(exchange->outcome));
}

ORCAST_DECL void fake_base::note(std::string violation) {
  std::lock_guard<std::mutex> lock(mutex_);
  violations_.push_back(std::move(violation));
}

}  // namespace detail

ORCAST_DECL std::string_view recorded_request::find(std::string_view name) const noexcept {
  for (const header& line : headers) {
    if (same_name(line.name, name)) return line.value;
  }
  return {};
}

ORCAST_DECL exchange_id fake_transport::start(const request& what, response_sink& sink) {
  return open(what, sink)->id;
}

ORCAST_DECL void fake_transport::cancel(exchange_id id) {
  if (const std::shared_ptr<detail::fake_exchange> exchange = find(id)) exchange->cancel();
}

ORCAST_DECL void fake_transport::resume(exchange_id id) {
  if (const std::shared_ptr<detail::fake_exchange> exchange = find(id)) exchange->resume();
}

ORCAST_DECL void fake_transport::poll(std::int64_t) {
  std::vector<std::shared_ptr<detail::fake_exchange>> now;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!polling_) now = live_;
  }
  if (polling_) return note("poll() from inside poll()");
  polling_ = true;
  for (const std::shared_ptr<detail::fake_exchange>& exchange : now) {
    if (exchange->advance() == detail::fake_exchange::progress::over) close(exchange);
  }
  polling_ = false;
}

ORCAST_DECL void fake_blocking_transport::perform(const request& what, response_sink& sink,
                                                  exchange_control& control) {
  using progress = detail::fake_exchange::progress;
  const std::shared_ptr<detail::fake_exchange> exchange = open(what, sink);
  {
    exchange_control::interrupt_scope scope(
        control, [](void* self) noexcept { static_cast<detail::fake_exchange*>(self)->cancel(); },
        exchange.get());
    for (progress now = exchange->advance(); now != progress::over; now = exchange->advance()) {
      if (now == progress::waiting) exchange->wait();
      if (now == progress::paused && control.wait_for_resume(std::chrono::hours(1)))
        exchange->resume();
    }
  }
  close(exchange);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast
