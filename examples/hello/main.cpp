// SPDX-License-Identifier: MIT
//
// The smallest program: asks a model one thing and prints the answer. The key is read from
// OPENROUTER_API_KEY; OPENROUTER_BASE_URL may name another service.

#include <cstdio>

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"

int main() {
  auto client =
      orcast::client::make({}, orcast::http::any_transport::make<orcast::curl_transport>());
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;

  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {orcast::message::user("Greet a traveller at the gate, in one sentence.")};

  const auto reply = client->chat(request);
  if (!reply) return std::fprintf(stderr, "%s\n", reply.error().message.c_str()), 1;
  std::puts(std::string(reply->text()).c_str());
}
