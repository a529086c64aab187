// SPDX-License-Identifier: MIT
//
// Bring your own HTTP: a transport of each tier in about 40 lines (blocking.hpp, asynchronous.hpp,
// polled.hpp), and the same call over each of them. orcast/http/transport.hpp has the contract.

#include <cstdio>
#include <string>
#include <thread>

#include "custom_transport/asynchronous.hpp"
#include "custom_transport/blocking.hpp"
#include "custom_transport/polled.hpp"
#include "orcast/openrouter/client.hpp"

namespace {

/// As a game does it: one started call, and frames until its answer is there.
template <class Transport>
int talk(const char* tier) {
  auto client = orcast::client::make({}, orcast::http::any_transport::make<Transport>());
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;

  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {orcast::message::user("Greet a traveller at the gate, in one sentence.")};
  orcast::call greeting = client->start(std::move(request));
  while (greeting.state() != orcast::call_state::done) {
    client->tick();
    std::this_thread::sleep_for(std::chrono::milliseconds(4));  // the rest of the frame
  }
  const auto outcome = greeting.outcome();
  if (!outcome) return std::fprintf(stderr, "%s: %s\n", tier, outcome.error().message.c_str()), 1;
  std::printf("%s: %s\n", tier, std::string(greeting.text()).c_str());
  return 0;
}

}  // namespace

int main() {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return talk<custom::blocking_transport>("blocking") |
         talk<custom::asynchronous_transport>("asynchronous") |
         talk<custom::polled_transport>("polled");
}
