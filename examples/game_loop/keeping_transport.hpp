// SPDX-License-Identifier: MIT
//
// A transport around another one that keeps a copy of each body that the service accepted, so that
// the spans sent to the real Arize can be looked at here too. Also the smallest example of wrapping
// a transport: one function, one sink.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "orcast/http/any_transport.hpp"
#include "standins/journal.hpp"

namespace game_loop {

class keeping_transport {
 public:
  keeping_transport(orcast::http::any_transport to, standins::journal<std::string>& kept)
      : to_(std::move(to)), kept_(kept) {}

  /// One thread at a time, as the exporter does it.
  void perform(const orcast::http::request& what, orcast::http::response_sink& sink,
               orcast::http::exchange_control& control) {
    std::string body;  // copied first: it may go with done()
    for (const std::string_view part : what.body) body += part;
    watching_sink watched(sink);
    to_.perform(what, watched, control);
    if (watched.status >= 200 && watched.status <= 299) kept_.add(std::move(body));
  }

 private:
  struct watching_sink final : orcast::http::response_sink {
    explicit watching_sink(orcast::http::response_sink& sink) : to(sink) {}
    void head(const orcast::http::response_head& head) noexcept override {
      status = head.status;
      to.head(head);
    }
    orcast::http::flow data(std::string_view bytes) noexcept override { return to.data(bytes); }
    void done(orcast::result<void> outcome) noexcept override { to.done(std::move(outcome)); }

    orcast::http::response_sink& to;
    int status = 0;
  };

  orcast::http::any_transport to_;
  standins::journal<std::string>& kept_;
};

}  // namespace game_loop
