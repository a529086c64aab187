// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/transport/detail/response_head_reader.hpp"

// Stands between the network and cpp-httplib's response parser. Older releases of that parser take
// a header line of any length, decode percent signs in header values, read a chunk size of "-1"
// and call a body complete whose chunks end in garbage. The guard reads the same bytes strictly,
// within the request's limits, and hands on only a head and chunks that every release reads alike.
// It is the judge of whether a response arrived whole. It does no input or output.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class response_guard {
 public:
  /// `bodiless` for an answer to HEAD, whose headers announce a body that never comes.
  response_guard(const http::response_limits& limits, bool bodiless)
      : limits_(limits), bodiless_(bodiless), head_(limits) {}

  /// Takes bytes as they came, cut anywhere, and appends to `clean` what the parser may see.
  /// False: why() says what is wrong with the response, and no further call is allowed.
  bool feed(std::string_view bytes, std::string& clean);
  /// The peer closed. True when that is a proper end; else why() says what was missing.
  bool end_of_stream();

  bool began() const noexcept { return began_; }  ///< a byte arrived, be it of an interim answer
  bool has_head() const noexcept { return state_ != state::head; }
  bool complete() const noexcept { return state_ == state::complete; }
  /// The connection may carry another exchange.
  bool reusable() const noexcept { return complete() && delimited_ && !excess_; }
  /// Once has_head(); the views live as long as the guard.
  http::response_head head() { return head_.head(); }
  const failure& why() const noexcept { return why_; }

 private:
  enum class state : unsigned char {
    head,
    until_close,
    with_length,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    complete,
  };

  // With its extension, which nobody reads. RFC 9112, 7.1.1 asks for a limit.
  static constexpr std::size_t longest_chunk_line = 256;

  bool in_body() const noexcept {
    return state_ == state::until_close || state_ == state::with_length ||
           state_ == state::chunk_data;
  }
  bool take_line(std::string_view line, std::string& clean);
  bool take_head_line(std::string_view line, std::string& clean);
  bool take_chunk_size(std::string_view line, std::string& clean);
  bool take_body(std::string_view& bytes, std::string& clean);

  bool refuse(errc code, const char* words) {
    why_ = failure(code, words);
    return false;
  }

  http::response_limits limits_;
  bool bodiless_;
  bool began_ = false;
  bool delimited_ = false;  // the response says where it ends and that the connection stays
  bool excess_ = false;
  state state_ = state::head;
  std::uint64_t left_ = 0;  // of the body or of the chunk
  std::size_t body_bytes_ = 0;
  std::string line_;  // an unfinished one
  response_head_reader head_;
  failure why_;
};

inline bool response_guard::feed(std::string_view bytes, std::string& clean) {
  if (!bytes.empty()) began_ = true;
  while (!bytes.empty()) {
    if (complete()) {
      excess_ = true;
      return true;
    }
    if (in_body()) {
      if (!take_body(bytes, clean)) return false;
      continue;
    }
    const std::size_t newline = bytes.find('\n');
    const std::size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
    const bool in_chunks = state_ == state::chunk_size || state_ == state::chunk_end;
    if (line_.size() + size > (in_chunks ? longest_chunk_line : limits_.header_line_bytes)) {
      return in_chunks ? refuse(errc::protocol, "a line between two chunks is too long")
                       : refuse(errc::too_large, "a line of the response head is too long");
    }
    line_.append(bytes.data(), size);
    bytes.remove_prefix(size);
    if (newline == std::string_view::npos) return true;
    if (line_.size() < 2 || line_[line_.size() - 2] != '\r') {
      return refuse(errc::protocol, "a line of the response does not end in CR LF");
    }
    if (!take_line(std::string_view(line_).substr(0, line_.size() - 2), clean)) return false;
    line_.clear();
  }
  return true;
}

inline bool response_guard::take_line(std::string_view line, std::string& clean) {
  switch (state_) {
    case state::chunk_size:
      return take_chunk_size(line, clean);
    case state::chunk_end:
      if (!line.empty()) return refuse(errc::protocol, "a chunk is longer than its size says");
      clean += "\r\n";
      state_ = state::chunk_size;
      return true;
    case state::trailer:
      if (!line.empty()) return head_.count_trailer(line) || (why_ = head_.why(), false);
      clean += "\r\n";
      state_ = state::complete;
      return true;
    default:
      return take_head_line(line, clean);
  }
}

inline bool response_guard::take_head_line(std::string_view line, std::string& clean) {
  if (!head_.take_line(line)) {
    why_ = head_.why();
    return false;
  }
  if (!head_.complete()) return true;
  const int status = head_.status();
  clean += "HTTP/1.1 " + std::to_string(status) + " OK\r\n";
  delimited_ = head_.persistent();
  if (bodiless_ || status == 204 || status == 304 || (head_.has_length() && head_.length() == 0)) {
    clean += "Content-Length: 0\r\n\r\n";
    state_ = state::complete;
  } else if (head_.chunked()) {
    clean += "Transfer-Encoding: chunked\r\n\r\n";
    state_ = state::chunk_size;
  } else if (head_.has_length()) {
    left_ = head_.length();
    clean += "Content-Length: " + std::to_string(left_) + "\r\n\r\n";
    state_ = state::with_length;
  } else {
    clean += "\r\n";
    delimited_ = false;
    state_ = state::until_close;
  }
  return true;
}

inline bool response_guard::take_chunk_size(std::string_view line, std::string& clean) {
  const std::size_t digits =
      (std::min)(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  const std::string_view rest = line.substr(digits);
  if (digits == 0 || (!rest.empty() && rest.find_first_of("; \t") != 0)) {
    return refuse(errc::protocol, "a chunk size is not a hexadecimal number");
  }
  if (digits > 15) return refuse(errc::protocol, "a chunk size has too many digits");
  left_ = 0;
  for (const char c : line.substr(0, digits)) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  }
  clean.append(line.data(), digits).append("\r\n");
  state_ = left_ == 0 ? state::trailer : state::chunk_data;
  return true;
}

inline bool response_guard::take_body(std::string_view& bytes, std::string& clean) {
  std::size_t size = bytes.size();
  if (state_ != state::until_close && size > left_) size = static_cast<std::size_t>(left_);
  if (size > limits_.body_bytes - body_bytes_) {
    return refuse(errc::too_large, "the response body is over its limit");
  }
  clean.append(bytes.data(), size);
  bytes.remove_prefix(size);
  body_bytes_ += size;
  if (state_ == state::until_close) return true;
  left_ -= size;
  if (left_ == 0) state_ = state_ == state::chunk_data ? state::chunk_end : state::complete;
  return true;
}

inline bool response_guard::end_of_stream() {
  if (state_ == state::until_close) state_ = state::complete;
  if (complete()) return true;
  return refuse(errc::disconnected, began_ ? "the connection was cut within the response"
                                           : "the connection was closed before a response");
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
