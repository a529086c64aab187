// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>

#include "orcast/http/sse.hpp"

// The bodies of orcast/http/sse.hpp.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// The next `wanted` in [at, end), or end.
inline const char* find_byte(const char* at, const char* end, char wanted) noexcept {
  if (at != end && *at == wanted) return at;  // an empty line ends each event
  const void* found = std::memchr(at, wanted, static_cast<std::size_t>(end - at));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

/// Whether a line is of that field; then `value` is what stands behind the colon and one space.
template <std::size_t N>
bool is_field(std::string_view line, const char (&name)[N], std::string_view& value) noexcept {
  constexpr std::size_t size = N - 1;
  if (line.size() < size || std::memcmp(line.data(), name, size) != 0) return false;
  line.remove_prefix(size);
  if (!line.empty() && line.front() != ':') return false;
  line.remove_prefix((std::min)(line.size(), std::size_t{1}));
  if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  value = line;
  return true;
}

}  // namespace detail

ORCAST_DECL result<void> sse_parser::feed(std::string_view bytes, handler on_event) {
  if (mark_ < 3) skip_byte_order_mark(bytes);
  if (bytes.empty()) return outcome();
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  // Each is searched for anew only when it has been passed, so that a body without line feeds (or
  // without carriage returns) is still read once only.
  const char* next_lf = detail::find_byte(at, end, '\n');
  const char* next_cr = detail::find_byte(at, end, '\r');
  while (at != end && !stopped_ && broken_ == nullptr) {
    if (after_cr_) {
      after_cr_ = false;
      if (*at == '\n') {
        ++at;
        continue;
      }
    }
    if (next_lf < at) next_lf = detail::find_byte(at, end, '\n');
    if (next_cr < at) next_cr = detail::find_byte(at, end, '\r');
    const char* const stop = (std::min)(next_lf, next_cr);
    const std::string_view piece(at, static_cast<std::size_t>(stop - at));
    if (piece.size() > limits_.line_bytes || tail_.size() > limits_.line_bytes - piece.size()) {
      broken_ = "an event stream's line is too long";
      break;
    }
    if (stop == end) {
      tail_.append(piece);
      break;
    }
    after_cr_ = *stop == '\r';
    at = stop + 1;
    if (tail_.empty()) {
      take_line(piece, on_event);
    } else {
      // line_ is written here alone, once a call: data_view_ may point into it until the end.
      tail_.append(piece);
      line_.swap(tail_);
      tail_.clear();
      take_line(line_, on_event);
    }
  }
  if (has_data_ && !data_kept_) {
    data_.assign(data_view_);
    data_kept_ = true;
  }
  return outcome();
}

ORCAST_DECL result<void> sse_parser::flush_tail(handler on_event) {
  if (stopped_ || broken_ != nullptr) return outcome();
  if (!tail_.empty()) {
    line_.swap(tail_);
    tail_.clear();
    take_line(line_, on_event);
  }
  if (broken_ == nullptr) dispatch(on_event);
  return outcome();
}

ORCAST_DECL void sse_parser::reset() noexcept {
  tail_.clear();
  data_.clear();
  type_.clear();
  id_.clear();
  broken_ = nullptr;
  retry_ms_ = -1;
  events_ = 0;
  comments_ = 0;
  mark_ = 0;
  has_data_ = false;
  data_kept_ = false;
  after_cr_ = false;
  stopped_ = false;
}

ORCAST_DECL void sse_parser::skip_byte_order_mark(std::string_view& bytes) {
  constexpr char mark[] = "\xEF\xBB\xBF";
  while (mark_ < 3 && !bytes.empty()) {
    if (bytes.front() != mark[mark_]) {  // it was text after all
      tail_.append(mark, mark_);
      mark_ = 3;
      return;
    }
    bytes.remove_prefix(1);
    ++mark_;
  }
}

ORCAST_DECL void sse_parser::take_line(std::string_view line, handler on_event) {
  if (line.empty()) return dispatch(on_event);
  if (line.front() == ':') {
    ++comments_;
    return count_one();
  }
  std::string_view value;
  if (detail::is_field(line, "data", value)) {
    take_data(value);
  } else if (detail::is_field(line, "event", value)) {
    type_.assign(value);
  } else if (detail::is_field(line, "id", value)) {
    if (value.find('\0') == value.npos) id_.assign(value);
  } else if (detail::is_field(line, "retry", value)) {
    take_retry(value);
  }
}

ORCAST_DECL void sse_parser::take_data(std::string_view value) {
  const std::size_t before = !has_data_ ? 0 : (data_kept_ ? data_.size() : data_view_.size()) + 1;
  if (before > limits_.event_bytes || value.size() > limits_.event_bytes - before) {
    broken_ = "an event of the stream is too long";
    return;
  }
  if (!has_data_) {
    has_data_ = true;
    data_view_ = value;
    return;
  }
  if (!data_kept_) {
    data_.assign(data_view_);
    data_kept_ = true;
  }
  data_.push_back('\n');
  data_.append(value);
}

ORCAST_DECL void sse_parser::take_retry(std::string_view value) noexcept {
  constexpr std::int64_t most = 86'400'000;  // a day: more is never waited for
  if (value.empty()) return;
  std::int64_t parsed = 0;
  for (char digit : value) {
    if (digit < '0' || digit > '9') return;
    parsed = (std::min)(parsed * 10 + (digit - '0'), most);
  }
  retry_ms_ = parsed;
}

ORCAST_DECL void sse_parser::dispatch(handler on_event) {
  if (has_data_) {
    sse_event event;
    event.data = data_kept_ ? std::string_view(data_) : data_view_;
    if (!type_.empty()) event.type = type_;
    event.id = id_;
    ++events_;
    count_one();
    if (broken_ == nullptr && !on_event(event)) stopped_ = true;
  }
  data_.clear();
  type_.clear();
  has_data_ = false;
  data_kept_ = false;
}

ORCAST_DECL void sse_parser::count_one() noexcept {
  if (events_ + comments_ > limits_.count) broken_ = "the event stream has too many events";
}

ORCAST_DECL result<void> sse_parser::outcome() const {
  if (broken_ == nullptr) return {};
  return failure(errc::too_large, broken_);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast
