// SPDX-License-Identifier: MIT
//
// The blocking tier: one function that returns when the exchange is over. Several threads may be in
// it at once; orcast brings them where a call must not wait.

#pragma once

#include "custom_transport/job.hpp"
#include "orcast/http/control.hpp"

namespace custom {

class blocking_transport {
 public:
  void perform(const http::request& what, http::response_sink& sink,
               http::exchange_control& control) {
    job one(what, sink);
    CURLM* const multi = curl_multi_init();
    curl_multi_add_handle(multi, one.easy);
    int running = one.refused() ? 0 : 1;
    {
      // A flag that is only looked at can't interrupt a wait: cancel() calls this.
      const auto wake = [](void* to) noexcept { static_cast<void>(curl_multi_wakeup(to)); };
      const http::exchange_control::interrupt_scope scope(control, wake, multi);
      while (running > 0 && !control.cancelled()) {
        curl_multi_perform(multi, &running);
        if (one.paused && control.wait_for_resume(std::chrono::hours(1))) one.resume();
        if (running > 0 && !one.paused) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
      }
    }
    int left = 0;
    const CURLMsg* const last = curl_multi_info_read(multi, &left);
    const CURLcode how = last != nullptr ? last->data.result : CURLE_ABORTED_BY_CALLBACK;
    curl_multi_remove_handle(multi, one.easy);
    curl_multi_cleanup(multi);
    one.end(how);
  }
};

}  // namespace custom
