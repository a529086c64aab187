// SPDX-License-Identifier: MIT
//
// What the gateway writes back to a client: the upstream's response, byte for byte as it comes, or
// an error of its own in the shape of OpenRouter's.

#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "gateway/client_connection.hpp"
#include "gateway/request_reader.hpp"
#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"

namespace gateway {

/// Headers that belong to one connection and not to the message (RFC 9110, 7.6.1), and those that
/// say how a body is framed: each side has its own. `listed` is the value of a Connection header.
inline bool is_hop_by_hop(std::string_view name, std::string_view listed) {
  constexpr std::string_view own[] = {"connection",
                                      "content-length",
                                      "expect",
                                      "host",
                                      "keep-alive",
                                      "proxy-authenticate",
                                      "proxy-authorization",
                                      "proxy-connection",
                                      "te",
                                      "trailer",
                                      "transfer-encoding",
                                      "upgrade"};
  for (const std::string_view each : own) {
    if (same_name(name, each)) return true;
  }
  while (!listed.empty()) {
    const std::size_t comma = listed.find(',');
    std::string_view word = listed.substr(0, comma);
    while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
    if (same_name(word, name)) return true;
    listed = comma == std::string_view::npos ? std::string_view() : listed.substr(comma + 1);
  }
  return false;
}

inline const char* reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
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
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 508:
      return "Loop Detected";
    default:
      return "Status";
  }
}

/// An error that no upstream gave. False when the client can't be reached any more.
inline bool answer_error(client_connection& to, int status, std::string_view message,
                         std::string_view type, bool keep, bool bodiless = false) {
  const std::string body = boost::json::serialize(boost::json::object{
      {"error", {{"code", status}, {"message", message}, {"metadata", {{"error_type", type}}}}}});
  std::string head =
      "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status) +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n";
  if (!keep) head += "Connection: close\r\n";
  return to.write(head + "\r\n", bodiless ? std::string_view() : std::string_view(body));
}

/// Hands an upstream's response on while it arrives; what a client does not read is not read from
/// the upstream either.
class answer final : public orcast::http::response_sink {
 public:
  answer(client_connection& to, const incoming_request& asked, bool keep)
      : to_(to), head_only_(asked.method == "HEAD"), old_(asked.old), keep_(keep) {}

  void head(const orcast::http::response_head& from) noexcept override {
    std::string text =
        "HTTP/1.1 " + std::to_string(from.status) + " " + reason_phrase(from.status) + "\r\n";
    const std::string_view listed = from.find("connection");
    for (std::size_t i = 0; i < from.header_count; ++i) {
      const orcast::http::header_view& line = from.headers[i];
      if (is_hop_by_hop(line.name, listed)) continue;
      text.append(line.name).append(": ").append(line.value).append("\r\n");
    }
    const bool bodiless = head_only_ || from.status == 204 || from.status == 304;
    const std::string_view length = from.find("content-length");
    const bool coded = !from.find("transfer-encoding").empty();
    if (!length.empty() && !coded) {
      text.append("Content-Length: ").append(length).append("\r\n");
    } else if (!bodiless && !old_) {
      text += "Transfer-Encoding: chunked\r\n";
      chunked_ = true;
    } else if (!bodiless) {
      keep_ = false;  // the end of the body is the end of the connection
    }
    if (!keep_) text += "Connection: close\r\n";
    began_ = true;
    lost_ = !to_.write(text + "\r\n");
  }

  orcast::http::flow data(std::string_view bytes) noexcept override {
    if (lost_ || bytes.empty()) return lost_ ? orcast::http::flow::stop : orcast::http::flow::go;
    if (chunked_) {
      char size[24];
      std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
      lost_ = !to_.write(size, bytes, "\r\n");
    } else {
      lost_ = !to_.write(bytes);
    }
    return lost_ ? orcast::http::flow::stop : orcast::http::flow::go;
  }

  void done(orcast::result<void> outcome) noexcept override {
    outcome_ = std::move(outcome);
    if (outcome_ && chunked_ && !lost_) lost_ = !to_.write("0\r\n\r\n");
  }

  /// After done(): true when the connection can take another request. A response that broke off
  /// breaks off here as well; one that never began becomes an error of the gateway's.
  bool finish() {
    if (outcome_) return keep_ && !lost_;
    const orcast::failure& why = outcome_.error();
    if (began_ || lost_ || why.code == orcast::errc::cancelled) return false;
    using orcast::errc;
    const bool late = why.code == errc::timeout_connect || why.code == errc::timeout_first_byte ||
                      why.code == errc::timeout_idle || why.code == errc::timeout_total;
    const int status = why.code == errc::invalid_argument ? 400 : late ? 504 : 502;
    return answer_error(to_, status, "gateway: no answer from the upstream: " + why.message,
                        orcast::to_string(why.code), keep_, head_only_) &&
           keep_;
  }

 private:
  client_connection& to_;
  const bool head_only_;
  const bool old_;
  bool keep_;
  bool chunked_ = false;
  bool began_ = false;
  bool lost_ = false;
  orcast::result<void> outcome_;
};

}  // namespace gateway
