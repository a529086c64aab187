// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "orcast/core/result.hpp"
#include "orcast/core/wait.hpp"
#include "orcast/http/control.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/transport/detail/connection.hpp"
#include "orcast/transport/detail/httplib_client.hpp"
#include "orcast/transport/detail/response_guard.hpp"

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
