// SPDX-License-Identifier: MIT
//
// Reads one HTTP/1.1 request as RFC 9112 has it, and as strictly as a server must that hands on
// what it reads: what two parsers could understand in two ways is refused.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/client_connection.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/validate.hpp"

namespace gateway {

using orcast::http::same_name;

struct incoming_request {
  std::string method;
  std::string target;  ///< path and query, as they were sent
  std::vector<orcast::http::header> headers;
  std::string body;
  bool keep_alive = true;
  bool old = false;  ///< HTTP/1.0: no chunks in the answer

  /// The first header of that name; null when there is none.
  const std::string* find(std::string_view name) const {
    for (const auto& line : headers) {
      if (same_name(line.name, name)) return &line.value;
    }
    return nullptr;
  }
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

class request_reader {
 public:
  enum class outcome {
    ready,
    closed,   ///< the client went, or had nothing more to ask
    refused,  ///< status() and why() say what is wrong; the connection can't be used any more
  };

  request_reader(client_connection& from, std::size_t most_body_bytes)
      : from_(from), most_body_bytes_(most_body_bytes) {}

  outcome read(incoming_request& to) {
    if (!from_.wait_for_bytes(idle_ms)) return outcome::closed;
    from_.set_idle(false);
    until_ = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const bool done = read_head(to) && check_head(to) && read_body(to);
    if (done) return outcome::ready;
    return status_ != 0 ? outcome::refused : outcome::closed;
  }

  int status() const { return status_; }
  const std::string& why() const { return why_; }

 private:
  static constexpr int idle_ms = 75'000;
  static constexpr int silence_ms = 30'000;
  static constexpr std::size_t most_line = 16 * 1024;
  static constexpr std::size_t most_head = 64 * 1024;
  static constexpr std::size_t most_headers = 100;

  bool refuse(int status, std::string why) {
    status_ = status;
    why_ = std::move(why);
    return false;
  }

  /// One line without its end. False when it is too long, ends in LF alone, or never ends.
  bool read_line(std::string& line, std::size_t most) {
    line.clear();
    for (;;) {
      if (std::chrono::steady_clock::now() >= until_) return refuse(408, "the request is too slow");
      const std::string_view here = from_.peek(silence_ms);
      if (here.empty()) return false;
      const std::size_t end = here.find('\n');
      const std::size_t size = end == std::string_view::npos ? here.size() : end + 1;
      if (line.size() + size > most) return refuse(431, "a line of the request is too long");
      line.append(here.substr(0, size));
      from_.take(size);
      if (end == std::string_view::npos) continue;
      if (line.size() < 2 || line[line.size() - 2] != '\r') {
        return refuse(400, "a line of the request does not end in CR LF");
      }
      line.resize(line.size() - 2);
      return true;
    }
  }

  bool read_head(incoming_request& to) {
    std::string line;
    do {
      if (!read_line(line, most_line)) return false;
    } while (line.empty() && ++empty_lines_ < 4);
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string::npos || first == last) return refuse(400, "that is not HTTP");
    to.method = line.substr(0, first);
    to.target = line.substr(first + 1, last - first - 1);
    const std::string version = line.substr(last + 1);
    to.old = version == "HTTP/1.0";
    if (version != "HTTP/1.1" && !to.old) return refuse(505, "the gateway speaks HTTP/1.1");
    if (!orcast::http::is_token(to.method)) return refuse(400, "the method is not a token");
    std::size_t size = line.size();
    for (;;) {
      if (!read_line(line, most_line)) return false;
      if (line.empty()) return true;
      size += line.size();
      const std::size_t colon = line.find(':');
      if (size > most_head || to.headers.size() == most_headers) {
        return refuse(431, "the request has too many headers");
      }
      if (colon == std::string::npos || !orcast::http::is_token(line.substr(0, colon))) {
        return refuse(400, "a header line is malformed");
      }
      const std::size_t begin = (std::min)(line.find_first_not_of(" \t", colon + 1), line.size());
      const std::size_t end = line.find_last_not_of(" \t") + 1;
      orcast::http::header made{line.substr(0, colon),
                                begin < end ? line.substr(begin, end - begin) : "", false};
      if (!orcast::http::is_field_value(made.value)) {
        return refuse(400, "a header value has a control character");
      }
      made.sensitive = same_name(made.name, "authorization");
      to.headers.push_back(std::move(made));
    }
  }

  std::size_t count(const incoming_request& in, std::string_view name) const {
    std::size_t found = 0;
    for (const auto& line : in.headers) found += same_name(line.name, name) ? 1u : 0u;
    return found;
  }

  /// The target's form, the host, and how long the body is.
  bool check_head(incoming_request& to) {
    if (to.method == "CONNECT" || to.method == "TRACE") {
      return refuse(501, "the gateway does not do " + to.method);
    }
    if (same_name(std::string_view(to.target).substr(0, 7), "http://")) {  // absolute-form
      const std::size_t path = to.target.find('/', 7);
      to.target = path == std::string::npos ? "/" : to.target.substr(path);
    }
    if (to.target.empty() || to.target.front() != '/')
      return refuse(400, "the target must be a path");
    for (const char c : to.target) {
      if (c <= ' ' || c > '~' || c == '\\' || c == '#') {
        return refuse(400, "the target has a character that is not allowed");
      }
    }
    const std::size_t hosts = count(to, "host");
    if (hosts > 1 || (hosts == 0 && !to.old)) return refuse(400, "a request has one Host");
    to.keep_alive = !to.old;
    if (const std::string* wish = to.find("connection")) {
      if (same_name(*wish, "close")) to.keep_alive = false;
      if (to.old && same_name(*wish, "keep-alive")) to.keep_alive = true;
    }

    const std::string* const length = to.find("content-length");
    const std::string* const coding = to.find("transfer-encoding");
    if (coding != nullptr) {
      if (length != nullptr || to.old) return refuse(400, "a body has one length");
      if (count(to, "transfer-encoding") > 1 || !same_name(*coding, "chunked")) {
        return refuse(501, "the gateway knows no transfer coding but chunked");
      }
      chunked_ = true;
    } else if (length != nullptr) {
      if (count(to, "content-length") > 1 || length->empty() || length->size() > 15 ||
          length->find_first_not_of("0123456789") != std::string::npos) {
        return refuse(400, "Content-Length must be one number");
      }
      for (const char digit : *length) left_ = left_ * 10 + static_cast<std::size_t>(digit - '0');
      if (left_ > most_body_bytes_) return too_large();
    }
    if (const std::string* expect = to.find("expect")) {
      if (!same_name(*expect, "100-continue")) return refuse(417, "Expect can't be met");
      if ((chunked_ || left_ != 0) && !from_.write("HTTP/1.1 100 Continue\r\n\r\n")) return false;
    }
    return true;
  }

  bool too_large() {
    return refuse(413, "the body is larger than " + std::to_string(most_body_bytes_ >> 20) +
                           " MiB; --body-mib sets the gateway's limit");
  }

  bool read_body(incoming_request& to) {
    body_began_ = std::chrono::steady_clock::now();
    if (!chunked_) return read_bytes(to.body, left_);
    std::string line;
    for (;;) {
      if (too_slow(to.body) || !read_line(line, 256)) return false;
      const std::string_view digits = std::string_view(line).substr(0, line.find_first_of("; \t"));
      if (digits.empty() || digits.size() > 8) return refuse(400, "a chunk size is malformed");
      std::size_t size = 0;
      for (const char c : digits) {
        const int lower = c | 0x20;
        const int digit = c >= '0' && c <= '9'           ? c - '0'
                          : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                         : -1;
        if (digit < 0) return refuse(400, "a chunk size is malformed");
        size = size * 16 + static_cast<std::size_t>(digit);
      }
      if (size > most_body_bytes_ - to.body.size()) return too_large();
      if (size == 0) break;
      if (!read_bytes(to.body, size) || !read_line(line, 256)) return false;
      if (!line.empty()) return refuse(400, "a chunk is longer than it says");
    }
    std::size_t trailers = 0;
    do {  // trailers are not handed on (RFC 9110, 6.5.1)
      if (!read_line(line, most_line)) return false;
      if (++trailers > most_headers) return refuse(431, "the request has too many trailers");
    } while (!line.empty());
    return true;
  }

  /// A body has 30 seconds, and a second more for each 8 KiB that have come.
  bool too_slow(const std::string& body) {
    until_ = body_began_ + std::chrono::seconds(30 + body.size() / 8192);
    if (std::chrono::steady_clock::now() < until_) return false;
    refuse(408, "the request's body is too slow");
    return true;
  }

  bool read_bytes(std::string& to, std::size_t size) {
    while (size != 0) {
      if (too_slow(to)) return false;
      const std::string_view here = from_.peek(silence_ms).substr(0, size);
      if (here.empty()) return false;
      to.append(here);
      from_.take(here.size());
      size -= here.size();
    }
    return true;
  }

  client_connection& from_;
  const std::size_t most_body_bytes_;
  std::chrono::steady_clock::time_point until_;
  std::chrono::steady_clock::time_point body_began_;
  int empty_lines_ = 0;
  bool chunked_ = false;
  std::size_t left_ = 0;
  int status_ = 0;
  std::string why_;
};

}  // namespace gateway
