// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/transport.hpp"

// A polled transport that accepts what it is given at the next poll, and costs next to nothing:
// what is measured is orcast's own work.

namespace bench {

class polled_sink {
 public:
  orcast::http::exchange_id start(const orcast::http::request& what,
                                  orcast::http::response_sink& sink) noexcept {
    for (const std::string_view part : what.body) bytes_ += part.size();
    waiting_ = &sink;
    return ++last_;
  }
  void cancel(orcast::http::exchange_id) noexcept {}
  void resume(orcast::http::exchange_id) noexcept {}
  void poll(std::int64_t) noexcept {
    if (waiting_ == nullptr) return;
    orcast::http::response_sink& sink = *waiting_;
    waiting_ = nullptr;
    orcast::http::response_head head;
    head.status = 200;
    sink.head(head);
    sink.data("{}");
    sink.done({});
  }

  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
  orcast::http::response_sink* waiting_ = nullptr;
  orcast::http::exchange_id last_ = 0;
};

}  // namespace bench
