// SPDX-License-Identifier: MIT
//
// Puts an answer on the wire, at the pace of a model and with what a fault does to it: delays, odd
// pieces, an end that comes too early or never.

#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "standins/http.hpp"
#include "standins/openrouter_errors.hpp"
#include "standins/openrouter_faults.hpp"
#include "standins/openrouter_stream.hpp"
#include "standins/pace.hpp"

namespace standins {

class delivery {
 public:
  delivery(exchange& with, const fault& wrong) : with_(with), wrong_(wrong) {}

  /// An answer whose body is one piece.
  void whole(http_answer answer) {
    const bool pieces = wrong_.write_size > 0;
    const std::vector<stream_event> body = {{stream_event::kind::delta, std::move(answer.body)}};
    if (head(answer.status, std::move(answer.headers), pieces, body)) send(body, pace::none());
  }

  void streamed(header_list headers, const std::vector<stream_event>& events, const pace& tempo) {
    if (head(200, std::move(headers), true, events)) send(events, tempo);
  }

 private:
  using place = fault::place;

  bool head(int status, header_list headers, bool in_chunks,
            const std::vector<stream_event>& body) {
    if (wrong_.header_bytes > 0) {
      headers.emplace_back("X-Padding", std::string(wrong_.header_bytes, 'x'));
    }
    if (wrong_.until_close) return with_.head(status, headers, exchange::framing::close);
    if (in_chunks && !wrong_.short_body) {
      return with_.head(status, headers, exchange::framing::chunked);
    }
    std::size_t length = wrong_.short_body ? 64 : 0;
    for (const stream_event& event : body) length += event.bytes.size();
    return with_.head(status, headers, exchange::framing::length, length);
  }

  void send(const std::vector<stream_event>& events, const pace& tempo) {
    if (!with_.wait(wrong_.delay_body)) return;
    if (ends_at(place::body)) return;
    bool first = true;
    for (const stream_event& event : events) {
      const auto is = event.is;
      if ((is == stream_event::kind::finish && ends_at(place::finish)) ||
          (is == stream_event::kind::usage && ends_at(place::usage)) ||
          (is == stream_event::kind::done && ends_at(place::done))) {
        return;
      }
      if (is != stream_event::kind::comment) {
        if (!with_.wait(first ? tempo.first_token : wrong_.delay_chunks.value_or(tempo.chunk))) {
          return;
        }
        first = false;
      }
      if (!put(event.bytes)) return;
    }
    if (wrong_.short_body) {
      with_.cut(wrong_.reset);
      return;
    }
    with_.finish();
  }

  bool put(std::string_view bytes) {
    for (;;) {
      std::size_t size = bytes.size();
      if (wrong_.write_size > 0) size = (std::min)(size, wrong_.write_size);
      for (const fault::point* point : {&wrong_.stall, &wrong_.cut, &wrong_.end}) {
        if (point->at == place::bytes) size = (std::min)(size, point->bytes - sent_);
      }
      if (!with_.write(bytes.substr(0, size))) return false;
      sent_ += size;
      bytes.remove_prefix(size);
      if (ends_at(place::bytes)) return false;
      if (bytes.empty()) return true;
    }
  }

  /// Does what the fault does at this place; false when that is nothing.
  bool ends_at(place here) {
    const auto is_here = [&](const fault::point& point) {
      return point.at == here && (here != place::bytes || point.bytes == sent_);
    };
    if (is_here(wrong_.stall)) {
      with_.wait_for_ever();
    } else if (is_here(wrong_.cut)) {
      with_.cut(wrong_.reset);
    } else if (is_here(wrong_.end)) {
      with_.finish();
    } else {
      return false;
    }
    return true;
  }

  exchange& with_;
  const fault& wrong_;
  std::size_t sent_ = 0;
};

}  // namespace standins
