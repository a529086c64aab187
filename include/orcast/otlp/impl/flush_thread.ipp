// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/otlp/flush_thread.hpp"
#include "orcast/otlp/impl/span_exporter.ipp"

#if !defined(ORCAST_NO_THREADS)

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/core/fork.hpp"
#include "orcast/core/posix_thread.hpp"
#include "orcast/core/wait.hpp"

// The bodies of flush_thread. The exporter belongs to the thread; what other threads want and learn
// goes through a few fields under a mutex, which is never held while a transport is used.

namespace orcast {
inline namespace v0 {
namespace otlp {

class flush_thread::loop {
 public:
  loop(std::unique_ptr<span_exporter>&& exporter, const flush_thread_options& options)
      : options_(options), exporter_(std::move(exporter)) {
    publish_used();
  }

  bool in_child() const noexcept { return process_id() != process_; }

  bool launch() noexcept;
  void join() noexcept;
  std::unique_ptr<span_exporter> take_back() noexcept { return std::move(exporter_); }

  bool flush(std::int64_t timeout_ms);
  bool shutdown(std::int64_t timeout_ms);

  void retry_held() {
    std::lock_guard<std::mutex> lock(mutex_);
    retry_wanted_ = true;
    wake_.notify_one();
  }
  void follow_consent() {
    std::lock_guard<std::mutex> lock(mutex_);
    consent_changed_ = true;
    if (control_ != nullptr) control_->cancel();
    wake_.notify_one();
  }
  void change(std::size_t number, std::unique_ptr<destination> to) {
    std::lock_guard<std::mutex> lock(mutex_);
    const std::int64_t since_ns = exporter_->now_ns();
    if (changes_.empty()) exporter_->expect_change(since_ns);
    changes_.push_back({number, std::move(to), since_ns});
    wake_.notify_one();
  }
  bool uses(const void* headers_context) const {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const change_of_settings& each : changes_) {
      if (each.to != nullptr && each.to->headers_context == headers_context) return true;
    }
    const auto end = used_.begin() + static_cast<std::ptrdiff_t>(used_count_);
    return std::find(used_.begin(), end, headers_context) != end;
  }
  export_status status() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return status_;
  }
  export_status status(std::size_t number) const {
    std::lock_guard<std::mutex> lock(mutex_);
    return number < each_.size() ? each_[number] : export_status();
  }

 private:
  struct change_of_settings {
    std::size_t number;
    std::unique_ptr<destination> to;  // null: retired
    std::int64_t since_ns;
  };

  using milliseconds = std::chrono::milliseconds;

  void run();
  bool carry_out(change_of_settings& next);
  void publish_status();
  void publish_used() noexcept;
  span_exporter::progress turn(bool wait_for_network);
  void perform(http::any_transport& transport, const http::request& what,
               http::response_sink& sink);
  std::uint64_t ask(std::int64_t timeout_ms);
  bool called_from_inside() const noexcept { return std::this_thread::get_id() == self_; }

  const flush_thread_options options_;
  std::unique_ptr<span_exporter> exporter_;
  const long process_ = process_id();
#if defined(__unix__) || defined(__APPLE__)
  posix_thread thread_;
#else
  std::thread thread_;
#endif

  mutable std::mutex mutex_;
  std::condition_variable wake_;     // for the thread
  std::condition_variable changed_;  // for those who wait for it
  std::thread::id self_;
  std::uint64_t flush_asked_ = 0;  // flushes are numbered; one serves all that were asked before it
  std::uint64_t flush_done_ = 0;
  std::int64_t flush_until_ms_ = 0;  // the latest deadline among them, by the exporter's clock
  bool flush_ok_ = false;
  bool stop_ = false;        // end when the last flush is done
  bool cancel_now_ = false;  // end
  std::int64_t cancel_ns_ = 0;
  bool retry_wanted_ = false;
  bool consent_changed_ = false;
  std::vector<change_of_settings> changes_;
  std::string trouble_;  // a change that could not be made
  bool finished_ = false;
  http::exchange_control* control_ = nullptr;  // of the exchange that perform() waits in
  export_status status_;
  std::vector<export_status> each_;  // by destination
  // Contexts of headers that the exporter may use, and perhaps some that it no longer does.
  std::array<const void*, span_exporter::most_routes> used_{};
  std::size_t used_count_ = 0;
};

ORCAST_DECL bool flush_thread::loop::launch() noexcept {
#if defined(__unix__) || defined(__APPLE__)
  const auto entry = [](void* self) -> void* {
    static_cast<loop*>(self)->run();
    return nullptr;
  };
  return thread_.start(entry, this, options_.stack_bytes);
#else
  thread_ = std::thread([this] { run(); });
  return true;
#endif
}

ORCAST_DECL void flush_thread::loop::join() noexcept {
#if defined(__unix__) || defined(__APPLE__)
  thread_.join();
#else
  if (thread_.joinable()) thread_.join();
#endif
}

ORCAST_DECL void flush_thread::loop::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  self_ = std::this_thread::get_id();
  std::uint64_t flushing = 0;  // the flush under way, if it is not done
  std::int64_t wait_ms = options_.busy_ms;
  bool on_its_way = false;
  while (!cancel_now_) {
    if (std::exchange(retry_wanted_, false)) exporter_->retry_held();
    while (!changes_.empty() && carry_out(changes_.front())) {
      changes_.erase(changes_.begin());
      exporter_->expect_no_change();
      if (!changes_.empty()) exporter_->expect_change(changes_.front().since_ns);
    }
    publish_used();  // what is gone from the changes is in the exporter now
    const std::size_t left = changes_.size();
    consent_changed_ = false;  // the next turn looks
    if (flush_asked_ != flushing) {
      flushing = flush_asked_;
      exporter_->begin_flush();
    }
    lock.unlock();
    const span_exporter::progress made = turn(on_its_way);
    on_its_way = exporter_->in_flight();
    const std::int64_t now_ms = exporter_->now_ms();
    lock.lock();
    publish_status();
    const bool flush_active = flush_done_ != flushing;
    if (flush_active) {
      const bool all = exporter_->flushed();
      const bool hopeless = !on_its_way && made.taken == 0 && made.next_ms > flush_until_ms_;
      if (all || hopeless) {
        flush_done_ = flushing;
        flush_ok_ = all;
        if (flush_done_ == flush_asked_) flush_until_ms_ = 0;
        changed_.notify_all();
      }
    }
    if (stop_ && flush_done_ == flush_asked_) break;
    if (on_its_way || (made.taken != 0 && flush_active)) continue;  // turn() does the waiting
    wait_ms = made.taken != 0 ? options_.busy_ms : (std::min)(2 * wait_ms, options_.idle_ms);
    const std::int64_t due_ms = (std::max)(made.next_ms - now_ms, std::int64_t{0});
    wake_.wait_for(lock, milliseconds((std::min)(wait_ms, due_ms)), [&] {
      return cancel_now_ || retry_wanted_ || consent_changed_ || changes_.size() != left ||
             flush_asked_ != flushing;
    });
  }
  const std::int64_t until_ns = cancel_now_ ? cancel_ns_ : exporter_->now_ns();
  lock.unlock();
  exporter_->close(until_ns);
  lock.lock();
  publish_status();
  finished_ = true;
  changed_.notify_all();
}

/// Under the lock. False: it must wait.
ORCAST_DECL bool flush_thread::loop::carry_out(change_of_settings& next) {
  result<void> made;
  if (next.to == nullptr) {
    exporter_->retire(next.number, next.since_ns);
  } else {
    made = exporter_->replace(next.number, *next.to, next.since_ns);
  }
  if (!made && made.error().code == errc::busy) return false;
  trouble_ = made ? std::string() : "settings were not changed: " + made.error().message;
  return true;
}

ORCAST_DECL void flush_thread::loop::publish_status() {
  status_ = exporter_->status();
  if (!trouble_.empty()) status_.last_error = trouble_;
  each_.resize(exporter_->destinations());
  for (std::size_t i = 0; i < each_.size(); ++i) each_[i] = exporter_->status(i);
  publish_used();
}

/// Under the lock, by the thread.
ORCAST_DECL void flush_thread::loop::publish_used() noexcept {
  used_count_ = 0;
  for (const auto& each : exporter_->routes_) used_[used_count_++] = each->headers_context();
}

/// A blocking transport is used on this thread while there is one destination; several would wait
/// for each other, so their requests go to the transport's workers.
ORCAST_DECL span_exporter::progress flush_thread::loop::turn(bool wait_for_network) {
  constexpr std::int64_t no_deadline = (std::numeric_limits<std::int64_t>::max)();
  const bool blocking = exporter_->transport_.tier() == http::tier::blocking;
  if (wait_for_network || !blocking || exporter_->routes_.size() > 1) {
    exporter_->transport_.poll(wait_for_network ? detail::slice_ms : 0);
    return exporter_->round(no_deadline, nullptr);
  }
  const auto here = [this](http::any_transport& transport, const http::request& what,
                           http::response_sink& sink) { perform(transport, what, sink); };
  span_exporter::perform_function post(here);
  return exporter_->round(no_deadline, &post);
}

ORCAST_DECL void flush_thread::loop::perform(http::any_transport& transport,
                                             const http::request& what, http::response_sink& sink) {
  http::exchange_control control;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    control_ = &control;
    // Consent that is withdrawn from now on finds the control.
    const bool withdrawn = exporter_->tracer_.term() != exporter_->term_;
    if (cancel_now_ || withdrawn) control.cancel();
  }
  transport.perform(what, sink, control);
  std::lock_guard<std::mutex> lock(mutex_);
  control_ = nullptr;
}

/// Under the lock. Returns the number of the flush to wait for.
ORCAST_DECL std::uint64_t flush_thread::loop::ask(std::int64_t timeout_ms) {
  flush_until_ms_ = (std::max)(flush_until_ms_, exporter_->now_ms() + timeout_ms);
  wake_.notify_one();
  return ++flush_asked_;
}

ORCAST_DECL bool flush_thread::loop::flush(std::int64_t timeout_ms) {
  timeout_ms = orcast::detail::wait_of(timeout_ms).count();
  std::unique_lock<std::mutex> lock(mutex_);
  if (finished_) return exporter_->flush(0);  // the thread has let go of it
  if (stop_) return false;
  if (called_from_inside()) return false;
  const std::uint64_t number = ask(timeout_ms);
  const bool done = changed_.wait_for(lock, milliseconds(timeout_ms),
                                      [&] { return flush_done_ >= number || finished_; });
  return done && flush_done_ >= number && flush_ok_;
}

ORCAST_DECL bool flush_thread::loop::shutdown(std::int64_t timeout_ms) {
  timeout_ms = orcast::detail::wait_of(timeout_ms).count();
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(timeout_ms);
  const std::int64_t kept_back_ms = (std::min)(detail::cancel_ms, timeout_ms / 2);
  std::unique_lock<std::mutex> lock(mutex_);
  const auto over = [this] { return finished_; };
  if (!finished_ && called_from_inside()) return false;
  if (!stop_) {
    stop_ = true;
    ask(timeout_ms - kept_back_ms);
  }
  if (finished_) {
    exporter_->flush(0);  // counts what has ended since
  } else if (!changed_.wait_until(lock, deadline - milliseconds(kept_back_ms), over)) {
    cancel_ns_ = exporter_->now_ns() + kept_back_ms * detail::ns_per_ms;
    cancel_now_ = true;
    wake_.notify_one();
    if (control_ != nullptr) control_->cancel();
    changed_.wait_until(lock, deadline, over);
  }
  return finished_ && flush_ok_ && flush_done_ == flush_asked_;
}

ORCAST_DECL void flush_thread::loop_deleter::operator()(loop* running) const noexcept {
  if (running->in_child()) return;  // its thread, and the locks that it held, are the parent's
  running->shutdown(0);
  running->join();
  delete running;
}

ORCAST_DECL result<flush_thread> flush_thread::start(std::unique_ptr<span_exporter>&& exporter,
                                                     flush_thread_options options) {
  if (exporter == nullptr)
    return failure(errc::invalid_argument, "a flush thread needs an exporter");
  options.busy_ms = (std::max)(options.busy_ms, std::int64_t{1});
  options.idle_ms = (std::max)(options.idle_ms, options.busy_ms);
  auto running = std::make_unique<loop>(std::move(exporter), options);
  if (!running->launch()) {
    exporter = running->take_back();
    return failure(errc::unsupported, "the system gave no thread");
  }
  return flush_thread(running.release());
}

ORCAST_DECL bool flush_thread::flush(std::int64_t timeout_ms) {
  return loop_ != nullptr && !loop_->in_child() && loop_->flush(timeout_ms);
}

ORCAST_DECL bool flush_thread::shutdown(std::int64_t timeout_ms) {
  return loop_ != nullptr && !loop_->in_child() && loop_->shutdown(timeout_ms);
}

ORCAST_DECL void flush_thread::retry_held() {
  if (loop_ != nullptr && !loop_->in_child()) loop_->retry_held();
}

ORCAST_DECL void flush_thread::follow_consent() {
  if (loop_ != nullptr && !loop_->in_child()) loop_->follow_consent();
}

ORCAST_DECL void flush_thread::replace(std::size_t number, destination to) {
  if (loop_ == nullptr || loop_->in_child()) return;
  loop_->change(number, std::make_unique<destination>(std::move(to)));
}

ORCAST_DECL void flush_thread::retire(std::size_t number) {
  if (loop_ != nullptr && !loop_->in_child()) loop_->change(number, nullptr);
}

ORCAST_DECL bool flush_thread::uses(const void* headers_context) const {
  return loop_ != nullptr && (loop_->in_child() || loop_->uses(headers_context));
}

ORCAST_DECL export_status flush_thread::status() const {
  return loop_ != nullptr && !loop_->in_child() ? loop_->status() : export_status{};
}

ORCAST_DECL export_status flush_thread::status(std::size_t number) const {
  return loop_ != nullptr && !loop_->in_child() ? loop_->status(number) : export_status{};
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#endif  // ORCAST_NO_THREADS
