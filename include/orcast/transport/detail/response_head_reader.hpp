// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/validate.hpp"

// Reads the lines of a response head, strictly (RFC 9112) and within the request's limits, and
// finds out how the body is framed. Interim (1xx) heads count towards the limits and are forgotten.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class response_head_reader {
 public:
  explicit response_head_reader(const http::response_limits& limits) : limits_(limits) {}

  /// One line without its CR LF. False: why() says what is wrong with it.
  bool take_line(std::string_view line);
  /// A trailer line: only counted, nobody is told.
  bool count_trailer(std::string_view line) { return count(line.size(), true); }

  bool complete() const noexcept { return complete_; }
  int status() const noexcept { return status_; }
  bool chunked() const noexcept { return chunked_; }
  bool has_length() const noexcept { return has_length_; }
  std::uint64_t length() const noexcept { return length_; }
  bool persistent() const noexcept { return persistent_; }
  const failure& why() const noexcept { return why_; }

  /// Once complete(); the views live as long as the reader. Values are as they were sent.
  http::response_head head();

 private:
  struct place {
    std::size_t name, value, end;  // offsets in text_
  };

  bool take_status(std::string_view line);
  bool take_field(std::string_view line);
  bool take_end();
  bool note_framing(std::string_view name, std::string_view value);
  void note_connection(std::string_view options) noexcept;
  bool count(std::size_t bytes, bool field);

  static std::string_view trimmed(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
  }

  bool refuse(errc code, const char* words) {
    why_ = failure(code, words);
    return false;
  }

  http::response_limits limits_;
  int status_ = 0;  // 0: a status line comes next
  bool complete_ = false;
  bool chunked_ = false;
  bool has_length_ = false;
  bool persistent_ = true;
  std::uint64_t length_ = 0;
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;
  std::string text_;
  std::vector<place> places_;
  std::vector<http::header_view> views_;
  failure why_;
};

inline bool response_head_reader::take_line(std::string_view line) {
  if (status_ == 0) return count(line.size(), false) && take_status(line);
  return line.empty() ? take_end() : count(line.size(), true) && take_field(line);
}

inline bool response_head_reader::take_status(std::string_view line) {
  const auto digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
  const std::string_view version = line.substr(0, 9);
  if (line.size() < 12 || (version != "HTTP/1.1 " && version != "HTTP/1.0 ") || !digit(9) ||
      !digit(10) || !digit(11) || (line.size() > 12 && line[12] != ' ')) {
    return refuse(errc::protocol, "the response does not start with an HTTP/1 status line");
  }
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (status_ < 100 || status_ == 101) {
    return refuse(errc::protocol, "the response has a status that nobody asked for");
  }
  if (version == "HTTP/1.0 ") persistent_ = false;
  return true;
}

inline bool response_head_reader::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !http::is_token(name)) {
    return refuse(errc::protocol, "a header line of the response is malformed");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!http::is_field_value(value)) {
    return refuse(errc::protocol, "a header value of the response has a control character");
  }
  places_.push_back(
      {text_.size(), text_.size() + name.size(), text_.size() + name.size() + value.size()});
  text_.append(name).append(value);
  return note_framing(name, value);
}

inline bool response_head_reader::take_end() {
  if (chunked_ && has_length_) {
    return refuse(errc::protocol, "the response has both a Content-Length and chunks");
  }
  if (status_ >= 200) {
    complete_ = true;
    return true;
  }
  if (chunked_ || has_length_) return refuse(errc::protocol, "an interim response has a body");
  status_ = 0;
  text_.clear();
  places_.clear();
  return true;
}

inline bool response_head_reader::note_framing(std::string_view name, std::string_view value) {
  if (http::same_name(name, "connection")) {
    note_connection(value);
  } else if (http::same_name(name, "transfer-encoding")) {
    if (chunked_ || !http::same_name(value, "chunked")) {
      return refuse(errc::protocol, "the response has a transfer coding other than chunked");
    }
    chunked_ = true;
  } else if (http::same_name(name, "content-length")) {
    std::uint64_t length = 0;
    bool is_number = !value.empty() && value.size() <= 18;
    for (const char c : value) {
      is_number = is_number && c >= '0' && c <= '9';
      length = is_number ? length * 10 + static_cast<std::uint64_t>(c - '0') : 0;
    }
    if (!is_number || (has_length_ && length != length_)) {
      return refuse(errc::protocol, "the response's Content-Length is not one number");
    }
    has_length_ = true;
    length_ = length;
  }
  return true;
}

inline void response_head_reader::note_connection(std::string_view options) noexcept {
  while (!options.empty()) {
    const std::size_t comma = options.find(',');
    if (http::same_name(trimmed(options.substr(0, comma)), "close")) persistent_ = false;
    options = comma == std::string_view::npos ? std::string_view() : options.substr(comma + 1);
  }
}

inline bool response_head_reader::count(std::size_t bytes, bool field) {
  bytes_ += bytes + 2;
  if (field) ++fields_;
  if (bytes_ <= limits_.header_bytes && fields_ <= limits_.header_count) return true;
  return refuse(errc::too_large, "the response head is over its limits");
}

inline http::response_head response_head_reader::head() {
  const std::string_view text = text_;
  views_.clear();
  for (const place& at : places_) {
    views_.push_back(
        {text.substr(at.name, at.value - at.name), text.substr(at.value, at.end - at.value)});
  }
  return {status_, views_.data(), views_.size()};
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
