// SPDX-License-Identifier: MIT
//
// What chat talks to: OpenRouter, or what --base-url names, and Arize where the environment has its
// keys. Trouble with Arize never keeps an answer back: it is a line on stderr.

#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "chat/console.hpp"
#include "chat/options.hpp"
#include "orcast/broadcast/broadcast.hpp"
#include "orcast/broadcast/connection_test.hpp"
#include "orcast/core/environment.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"

namespace chat {

/// One line on stderr, whatever the text is.
inline void complain(const std::string& text) {
  std::fprintf(stderr, "chat: %s\n", harmless(text, true).c_str());
}

inline orcast::http::any_transport make_transport(options::transport_kind kind) {
  using orcast::http::any_transport;
  if (kind == options::transport_kind::curl) return any_transport::make<orcast::curl_transport>();
  return any_transport::make<orcast::httplib_transport>();
}

/// The broadcast to Arize, when the environment asks for one.
class arize_service {
 public:
  explicit arize_service(const options& chosen) {
    const bool key = !orcast::environment("ARIZE_API_KEY").empty();
    const bool space = !orcast::environment("ARIZE_SPACE_ID").empty();
    if (!key && !space) return;
    if (!key || !space) {
      trouble_ = std::string(key ? "ARIZE_SPACE_ID" : "ARIZE_API_KEY") + " is not set";
      return;
    }
    orcast::broadcast_options wanted;
    wanted.settings = orcast::broadcast_settings::from_environment();
    if (orcast::environment("ARIZE_PROJECT_NAME").empty()) wanted.settings.model_id = "chat";
    wanted.settings.service_name = "chat";
    wanted.settings.privacy_mode = chosen.privacy;
    settings_ = wanted.settings.clone();
    transport_ = chosen.transport;
    auto made = orcast::broadcast::start(std::move(wanted), make_transport(chosen.transport));
    if (made) {
      broadcast_ = std::move(*made);
    } else {
      trouble_ = made.error().message;
    }
  }

  orcast::recording recording() const {
    return broadcast_ != nullptr ? broadcast_->recording() : orcast::recording();
  }

  /// Sends a span of its own and sees what comes of it.
  orcast::connection_report test() {
    if (broadcast_ != nullptr) {
      return orcast::test_connection(settings_, make_transport(transport_));
    }
    orcast::connection_report none;
    none.verdict = orcast::connection_verdict::bad_settings;
    none.explanation = trouble_.empty() ? "ARIZE_API_KEY is not set" : trouble_;
    trouble_.clear();
    return none;
  }

  /// Sends what has been recorded and waits for it, five seconds at most.
  void finish() {
    if (broadcast_ != nullptr) {
      const bool all = broadcast_->flush(5'000);
      const orcast::otlp::export_status status = broadcast_->status();
      broadcast_->shutdown(0);
      const orcast::trace_stats stats = broadcast_->stats();
      if (!all || stats.exported < stats.started) {
        trouble_ = status.last_error.empty() ? "no answer in time" : status.last_error;
      }
    }
    if (!trouble_.empty()) complain("no trace was sent to Arize: " + trouble_);
    trouble_.clear();
  }

 private:
  std::unique_ptr<orcast::broadcast> broadcast_;
  orcast::broadcast_settings settings_;
  options::transport_kind transport_{};
  std::string trouble_;  // one line
};

inline orcast::result<orcast::client> make_client(const options& chosen,
                                                  const orcast::recording& record) {
  orcast::client_options wanted;
  wanted.base_url = chosen.base_url;
  wanted.app_title = "orcast chat";
  wanted.timeouts = chosen.timeouts;
  if (chosen.retries) wanted.retry.max_attempts = *chosen.retries + 1;
  wanted.record = record;
  auto made = orcast::client::make(std::move(wanted), make_transport(chosen.transport));
  if (!made) {  // in the words of the command line
    std::string& words = made.error().message;
    words.erase(0, words.find(": ") + 2);
    words.insert(0, chosen.base_url.empty() ? "OPENROUTER_BASE_URL: " : "--base-url: ");
  }
  return made;
}

}  // namespace chat
