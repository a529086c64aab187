// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/core/wait.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/transport.hpp"
#include "orcast/http/url.hpp"
#include "orcast/http/validate.hpp"
#include "orcast/transport/detail/curl_options.hpp"
#include "orcast/transport/detail/curl_verdict.hpp"
#include "orcast/transport/detail/handshake_guard.hpp"
#include "orcast/transport/detail/libcurl.hpp"
#include "orcast/transport/detail/response_head_reader.hpp"

// One exchange over libcurl: the callbacks it answers, its deadlines, and how it ended.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class curl_exchange {
 public:
  using time = std::chrono::steady_clock::time_point;

  curl_exchange(http::exchange_id name, const http::request& request, http::response_sink& sink)
      : id(name), request_(request), sink_(sink), head_(request.response) {}
  curl_exchange(const curl_exchange&) = delete;
  curl_exchange& operator=(const curl_exchange&) = delete;

  /// Sets up a handle that was just made or reset. The handle stays the caller's.
  result<void> prepare(CURL* handle, const curl_options& options);

  /// The first deadline to come: when, and what it means to miss it. Connecting is libcurl's.
  std::pair<time, errc> deadline() const noexcept;
  /// How it went, once `code` is set.
  result<void> verdict() const;
  void finish(result<void> outcome) { sink_.done(std::move(outcome)); }

  bool paused() const noexcept { return paused_; }
  void unpause() noexcept {
    paused_ = false;
    moved_ = std::chrono::steady_clock::now();
  }

  const http::exchange_id id;
  CURL* easy = nullptr;  ///< null until prepared
  bool cancel_wanted = false;
  bool resume_wanted = false;
  bool over = false;         ///< libcurl is done with it, while the sink wanted a pause
  CURLcode code = CURLE_OK;  ///< libcurl's, once over

 private:
  static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<curl_exchange*>(self)->take_header({bytes, size}) ? size : 0;
  }
  static std::size_t on_write(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<curl_exchange*>(self)->take_body({bytes, size});
  }
  static std::size_t on_read(char* to, std::size_t, std::size_t size, void* self) {
    return static_cast<curl_exchange*>(self)->give_body(to, size);
  }
  static int on_seek(void* self, curl_off_t offset, int origin) {
    return static_cast<curl_exchange*>(self)->seek_body(offset, origin);
  }
  static int on_connected(void* self, char*, char*, int, int) {
    auto* const exchange = static_cast<curl_exchange*>(self);
    exchange->connected_ = true;
    exchange->moved_ = std::chrono::steady_clock::now();
    if (exchange->secure_) exchange->guard_.end(exchange->easy);
    return CURL_PREREQFUNC_OK;
  }

  bool take_header(std::string_view line);
  std::size_t take_body(std::string_view bytes);
  std::size_t give_body(char* to, std::size_t size) noexcept;
  int seek_body(curl_off_t offset, int origin) noexcept;

  bool fail(failure why) {
    why_ = std::move(why);
    failed_ = true;
    return false;
  }

  const http::request& request_;
  http::response_sink& sink_;
  curl_headers headers_;
  response_head_reader head_;
  const time started_ = std::chrono::steady_clock::now();
  time moved_ = started_;  // connected, or the last byte in either direction
  handshake_guard guard_;
  bool secure_ = false;
  bool connected_ = false;
  bool began_ = false;  // a byte of the response arrived
  bool paused_ = false;
  bool failed_ = false;
  failure why_;
  std::size_t received_ = 0;
  std::size_t segment_ = 0;  // of the request's body: the next one to send,
  std::size_t offset_ = 0;   // from here on
  char words_[CURL_ERROR_SIZE] = {};
};

inline result<void> curl_exchange::prepare(CURL* handle, const curl_options& options) {
  easy = handle;
  const result<http::url> target = http::validate_request(request_, options.allow_insecure_http);
  if (!target) return target.error();
  if (easy == nullptr || !headers_.fill(request_)) {
    return failure(errc::unsupported, "libcurl is out of memory");
  }
  curl_setter set(easy);
  set_request(set, request_, headers_.get(), target->secure());
  set_trust(set, options);
  secure_ = target->secure();
  if (secure_) guard_.begin(set);
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, words_);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &on_write);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_READFUNCTION, &on_read);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_SEEKFUNCTION, &on_seek);
  set(CURLOPT_SEEKDATA, this);
  set(CURLOPT_PREREQFUNCTION, &on_connected);
  set(CURLOPT_PREREQDATA, this);
  // seek_body() keeps libcurl from sending again what has a body.
  set(CURLOPT_FRESH_CONNECT, !request_.replays && request_.body_size() == 0 ? 1L : 0L);
  if (set.ok()) return {};
  return failure(errc::unsupported, "libcurl refused an option");
}

inline std::pair<curl_exchange::time, errc> curl_exchange::deadline() const noexcept {
  const auto after = [](time from, std::int64_t ms) {
    return ms > 0 && ms < orcast::detail::longest_wait_ms ? from + std::chrono::milliseconds(ms)
                                                          : (time::max)();
  };
  const time total = after(started_, request_.limits.total_ms);
  time phase = (time::max)();
  if (connected_ && !paused_) {
    phase = after(moved_, began_ ? request_.limits.idle_ms : request_.limits.first_byte_ms);
  }
  if (total <= phase) return {total, errc::timeout_total};
  return {phase, began_ ? errc::timeout_idle : errc::timeout_first_byte};
}

inline result<void> curl_exchange::verdict() const {
  if (cancel_wanted) return failure(errc::cancelled, "cancelled");
  if (failed_) return why_;
  if (guard_.flooded()) return failure(errc::tls, "the peer sent TLS messages without end");
  if (code == CURLE_OK && head_.complete()) return {};
  const curl_phase phase = !connected_        ? curl_phase::before_request
                           : !began_          ? curl_phase::before_response
                           : head_.complete() ? curl_phase::in_body
                                              : curl_phase::in_head;
  // libcurl takes a head without its last line for a short but whole one.
  const CURLcode cause = code == CURLE_OK ? CURLE_PARTIAL_FILE : code;
  return curl_failure(cause, phase, words_);
}

inline bool curl_exchange::take_header(std::string_view line) {
  began_ = true;
  moved_ = std::chrono::steady_clock::now();
  if (cancel_wanted || failed_) return false;
  if (line.size() > request_.response.header_line_bytes) {
    return fail(failure(errc::too_large, "a line of the response head is too long"));
  }
  if (line.size() < 2 || line.substr(line.size() - 2) != "\r\n") {
    return fail(failure(errc::protocol, "a line of the response does not end in CR LF"));
  }
  line.remove_suffix(2);
  if (head_.complete()) return head_.count_trailer(line) || fail(head_.why());
  if (!head_.take_line(line)) return fail(head_.why());
  if (head_.complete()) sink_.head(head_.head());
  return !cancel_wanted;
}

inline std::size_t curl_exchange::take_body(std::string_view bytes) {
  if (cancel_wanted || failed_) return CURL_WRITEFUNC_ERROR;
  if (paused_) return CURL_WRITEFUNC_PAUSE;  // libcurl keeps the bytes
  moved_ = std::chrono::steady_clock::now();
  if (bytes.size() > request_.response.body_bytes - received_) {
    fail(failure(errc::too_large, "the response body is over its limit"));
    return CURL_WRITEFUNC_ERROR;
  }
  received_ += bytes.size();
  const http::flow wish = sink_.data(bytes);
  if (wish == http::flow::stop) fail(failure(errc::cancelled, "stopped by the receiver"));
  if (failed_ || cancel_wanted) return CURL_WRITEFUNC_ERROR;
  paused_ = wish == http::flow::pause;
  return bytes.size();
}

inline std::size_t curl_exchange::give_body(char* to, std::size_t size) noexcept {
  moved_ = std::chrono::steady_clock::now();
  std::size_t given = 0;
  while (given < size && segment_ < request_.body.size()) {
    const std::string_view segment = request_.body[segment_];
    const std::size_t count = segment.copy(to + given, size - given, offset_);
    given += count;
    offset_ += count;
    if (offset_ < segment.size()) break;
    ++segment_;
    offset_ = 0;
  }
  return given;
}

inline int curl_exchange::seek_body(curl_off_t offset, int origin) noexcept {
  // For a kept connection that died: everything is sent again, on a new one.
  if (!request_.replays) return CURL_SEEKFUNC_FAIL;
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
  segment_ = 0;
  offset_ = 0;
  return CURL_SEEKFUNC_OK;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
