// SPDX-License-Identifier: MIT
//
// The polled tier: nothing happens but in poll(), which the client calls from its tick(). No thread
// at all, and any number of exchanges at a time.

#pragma once

#include <map>
#include <memory>
#include <utility>

#include "custom_transport/job.hpp"
#include "orcast/http/transport.hpp"

namespace custom {

class polled_transport {
 public:
  ~polled_transport() { curl_multi_cleanup(multi_); }

  http::exchange_id start(const http::request& what, http::response_sink& sink) {
    jobs_[++last_] = std::make_unique<job>(what, sink);
    if (jobs_[last_]->refused()) cancel(last_);
    curl_multi_add_handle(multi_, jobs_[last_]->easy);
    return last_;
  }
  void cancel(http::exchange_id id) { ended_[id] = CURLE_ABORTED_BY_CALLBACK; }
  void resume(http::exchange_id id) {
    if (const auto found = jobs_.find(id); found != jobs_.end()) found->second->resume();
  }
  void poll(std::int64_t wait_ms) {
    int running = 0;
    if (wait_ms > 0) curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait_ms), nullptr);
    curl_multi_perform(multi_, &running);
    for (int left = 0; const CURLMsg* over = curl_multi_info_read(multi_, &left);) {
      for (const auto& each : jobs_) {
        if (each.second->easy == over->easy_handle) ended_[each.first] = over->data.result;
      }
    }
    for (const auto& [id, how] : std::exchange(ended_, {})) {
      const auto found = jobs_.find(id);
      if (found == jobs_.end()) continue;
      const std::unique_ptr<job> one = std::move(found->second);
      jobs_.erase(found);
      curl_multi_remove_handle(multi_, one->easy);
      one->end(how);
    }
  }

 private:
  CURLM* const multi_ = curl_multi_init();
  std::map<http::exchange_id, std::unique_ptr<job>> jobs_;
  std::map<http::exchange_id, CURLcode> ended_;
  http::exchange_id last_ = 0;
};

}  // namespace custom
