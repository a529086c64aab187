// SPDX-License-Identifier: MIT
//
// The gateway: a program of its own between OpenRouter and programs that can't be changed. It
// forwards every request unchanged and broadcasts every call; it can hold the keys of both sides.

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/listener.hpp"
#include "gateway/options.hpp"
#include "gateway/service.hpp"

namespace {

/// Says once what the exporter ran into, each time that it is something new.
class problem_log {
 public:
  void look(const orcast::broadcast& at) {
    const orcast::otlp::export_status now = at.status();
    if (now.last_error.empty() || now.last_error == told_) return;
    told_ = now.last_error;
    std::fprintf(stderr, "gateway: %s\n", told_.c_str());
  }

 private:
  std::string told_;
};

/// The exit status.
int run(const gateway::options& chosen, const sigset_t& signals) {
  gateway::service service(chosen);
  gateway::listener listener(chosen.host, chosen.port);
  service.listening_on_loopback(listener.loopback());
  listener.start(chosen.most_connections,
                 [&service](gateway::client_connection& client, const std::atomic<bool>& draining) {
                   service.serve(client, draining);
                 });
  std::printf("gateway: listening on http://%s\n", listener.address().c_str());
  std::fflush(stdout);
  if (!service.records()) {
    std::fprintf(stderr,
                 "gateway: no destination is set, so calls are forwarded but not recorded; "
                 "see gateway --help\n");
  }
  if (!listener.loopback() && service.has_key()) {
    std::fprintf(stderr, "gateway: whoever reaches %s can use its OpenRouter key\n",
                 listener.address().c_str());
  }

  problem_log problems;
  const timespec second{1, 0};
  while (::sigtimedwait(&signals, nullptr, &second) < 0) problems.look(service.broadcast());

  if (!listener.drain(std::chrono::milliseconds(chosen.drain_ms))) {
    service.watch().cancel_all();
    listener.drain(std::chrono::milliseconds(5'000));
  }
  listener.join();
  const bool sent = service.broadcast().shutdown(5'000);
  problems.look(service.broadcast());
  const orcast::trace_stats all = service.broadcast().stats();
  std::fprintf(stderr, "gateway: %llu spans recorded, %llu exported, %llu dropped%s\n",
               static_cast<unsigned long long>(all.started),
               static_cast<unsigned long long>(all.exported),
               static_cast<unsigned long long>(all.dropped_in_all()),
               sent ? "" : "; not all of them could be sent");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const gateway::options chosen =
      gateway::parse_options(std::vector<std::string_view>(argv + (argc > 0), argv + argc));
  if (chosen.help) {
    std::fputs(std::string(gateway::usage).c_str(), stdout);
    return 0;
  }
  // Before the first thread is made, so that all of them leave these to run().
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    if (!chosen.mistake.empty()) throw gateway::setup_error(chosen.mistake);
    return run(chosen, signals);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gateway: %s\n", error.what());
    return 2;
  }
}
