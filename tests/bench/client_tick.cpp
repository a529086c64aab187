// SPDX-License-Identifier: MIT
// link: -lboost_json -lcurl
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/transport/curl.hpp"

// What a frame pays for 200 calls of which nothing is heard: tick() over a transport that costs
// nothing, and over libcurl with 200 open connections. The floor of the first is a look at the
// clock, of the second one poll(2) of all its sockets.

namespace {

constexpr int calls_at_a_time = 200;

/// Polled, and never has anything to say before it is told to cancel.
class silent_transport {
 public:
  orcast::http::exchange_id start(const orcast::http::request&, orcast::http::response_sink& sink) {
    sinks_.push_back(&sink);
    return sinks_.size();
  }
  void cancel(orcast::http::exchange_id id) { cancelled_.push_back(id); }
  void resume(orcast::http::exchange_id) {}
  void poll(std::int64_t) {
    for (const auto id : std::exchange(cancelled_, {})) {
      auto* const sink = std::exchange(sinks_[static_cast<std::size_t>(id - 1)], nullptr);
      if (sink != nullptr) {
        sink->done(orcast::failure(orcast::errc::cancelled, "cancelled"));
      }
    }
  }

 private:
  std::vector<orcast::http::response_sink*> sinks_;
  std::vector<orcast::http::exchange_id> cancelled_;
};

/// A port of this machine that takes connections and never answers.
class silent_server {
 public:
  silent_server() : listening_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listening_, any, size) != 0 || ::listen(listening_, 512) != 0 ||
        ::getsockname(listening_, any, &size) != 0) {
      bench::fail("no port to listen on");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/api/v1";
  }
  ~silent_server() {
    for (const pollfd& each : open_) ::close(each.fd);
    ::close(listening_);
  }
  silent_server(const silent_server&) = delete;
  silent_server& operator=(const silent_server&) = delete;

  const std::string& url() const { return url_; }
  std::vector<pollfd>& open() { return open_; }
  /// Takes who waits, and all that they send.
  void serve() {
    pollfd waiting{listening_, POLLIN, 0};
    while (::poll(&waiting, 1, 0) == 1) {
      open_.push_back({::accept(listening_, nullptr, nullptr), POLLIN, 0});
    }
    if (::poll(open_.data(), open_.size(), 0) <= 0) return;
    for (const pollfd& each : open_) {
      char bytes[4096];
      if ((each.revents & POLLIN) == 0) continue;
      if (::recv(each.fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) ++heard_;
    }
  }
  int heard() const { return heard_; }

 private:
  int listening_;
  std::string url_;
  std::vector<pollfd> open_;
  int heard_ = 0;
};

orcast::client make_client(const std::string& url, orcast::http::any_transport transport) {
  orcast::client_options options;
  options.base_url = url;
  options.api_key = orcast::secret("sk-or-v1-bench");
  auto made = orcast::client::make(std::move(options), std::move(transport));
  if (!made) bench::fail("the client could not be made");
  return std::move(made).value();
}

std::vector<orcast::call> start_calls(orcast::client& talker) {
  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {orcast::message::user("Hello?")};
  std::vector<orcast::call> calls;
  for (int i = 0; i < calls_at_a_time; ++i) calls.push_back(talker.start(request));
  return calls;
}

void report(bench::suite& suite, const char* name, const bench::comparison& cost) {
  suite.report(
      {name, cost.value.ns / 1000, "us", cost.floor.ns / 1000, {bench::target::value, 20}});
  suite.report_allocations(name, cost.value.allocations);
}

void run(bench::suite& suite) {
  orcast::client quiet = make_client("http://127.0.0.1:9/api/v1",
                                     orcast::http::any_transport::make<silent_transport>());
  const auto waiting = start_calls(quiet);
  const auto nothing = [] {};
  quiet.tick();
  report(suite, "client/tick-idle-200",
         bench::compare(
             suite,
             [&] {
               return bench::time_bursts(
                   1, 50, [&] { quiet.tick(); }, nothing);
             },
             [&] {
               return bench::time_bursts(
                   1, 50, [] { bench::keep(bench::now_ns()); }, nothing);
             }));

  silent_server server;
  orcast::client talker =
      make_client(server.url(), orcast::http::any_transport::make<orcast::curl_transport>());
  const auto open = start_calls(talker);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server.heard() < calls_at_a_time && std::chrono::steady_clock::now() < until) {
    talker.tick();
    server.serve();
  }
  if (server.heard() < calls_at_a_time) bench::fail("not all calls arrived");
  for (int i = 0; i < 100; ++i) talker.tick();
  std::vector<pollfd>& sockets = server.open();
  report(suite, "client/tick-idle-200/curl",
         bench::compare(
             suite,
             [&] {
               return bench::time_bursts(
                   1, 10, [&] { talker.tick(); }, nothing);
             },
             [&] {
               return bench::time_bursts(
                   1, 10, [&] { bench::keep(::poll(sockets.data(), sockets.size(), 0)); }, nothing);
             }));
  if (talker.in_flight() != calls_at_a_time) bench::fail("a call ended while it was measured");
}

const bench::registered entry("client/tick-idle-200", run);

}  // namespace
