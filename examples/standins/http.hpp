// SPDX-License-Identifier: MIT
//
// The exchange in which a request is answered: head, body in as many pieces as wanted, end. Every
// way to answer badly is here too: no end, no head, a wrong length.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "standins/connection.hpp"
#include "standins/request.hpp"
#include "standins/traffic.hpp"

namespace standins {

inline const char* reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

/// Used by the handler on the connection's own thread only. Every function that writes or waits
/// answers false when the client has gone or the server stops: the handler then returns.
class exchange {
 public:
  /// How the client learns where the body ends.
  enum class framing { length, chunked, close };

  /// `head_only`: the answer to HEAD, whose body is not sent.
  exchange(connection& on, bool keep_alive, bool head_only)
      : connection_(on), keep_alive_(keep_alive), head_only_(head_only) {}

  /// What is answered is kept there too; it must outlive the exchange.
  void keep_answer(traffic_answer& place) { kept_ = &place; }

  bool head(int status, const header_list& headers, framing kind, std::size_t length = 0) {
    framing_ = kind;
    if (kept_ != nullptr) keep_head(status, headers);
    std::string text = "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status) + "\r\n";
    for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
    if (kind == framing::chunked) text += "Transfer-Encoding: chunked\r\n";
    if (kind == framing::length) text += "Content-Length: " + std::to_string(length) + "\r\n";
    const bool keep = keep_alive_ && kind != framing::close;
    text += keep ? "\r\n" : "Connection: close\r\n\r\n";
    connection_.answered(false);  // until finish(): an exchange that ends early is a cut
    return connection_.send(text);
  }

  /// A piece of the body: with chunked framing exactly one chunk.
  bool write(std::string_view bytes) {
    if (bytes.empty() || head_only_) return true;
    if (kept_ != nullptr) kept_->body.append(bytes);
    if (framing_ != framing::chunked) return connection_.send(bytes);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return connection_.send(size + std::string(bytes) + "\r\n");
  }

  bool finish() {
    if (framing_ == framing::chunked && !head_only_ && !connection_.send("0\r\n\r\n")) return false;
    const bool keep = keep_alive_ && framing_ != framing::close;
    connection_.answered(keep);
    if (kept_ != nullptr) kept_->whole = true;
    if (!keep) connection_.say_goodbye();
    return true;
  }

  /// A whole answer at once.
  bool answer(int status, header_list headers, std::string_view body) {
    return head(status, headers, framing::length, body.size()) && write(body) && finish();
  }

  /// Closes without a further byte; with a reset instead of a FIN when asked for.
  void cut(bool reset = false) {
    connection_.answered(false);
    if (reset) connection_.reset_on_close();
  }

  /// True once a write or a wait found that the client had gone.
  bool gone() const { return connection_.gone(); }

  bool wait(std::chrono::milliseconds time) { return time.count() <= 0 || connection_.wait(time); }

  /// Until the client goes or the server stops.
  void wait_for_ever() {
    while (connection_.wait(std::chrono::hours(1))) {
    }
    connection_.answered(false);
  }

 private:
  void keep_head(int status, const header_list& headers) {
    kept_->status = status;
    for (const auto& [name, value] : headers) {
      if (same_text(name, "Content-Type")) kept_->type = value;
    }
  }

  connection& connection_;
  const bool keep_alive_;
  const bool head_only_;
  framing framing_ = framing::length;
  traffic_answer* kept_ = nullptr;
};

}  // namespace standins
