// SPDX-License-Identifier: MIT
//
// Asks a model for an answer in a type of the program's: the struct is the schema that the model
// keeps to and what its answer is read into. The key is read from OPENROUTER_API_KEY;
// OPENROUTER_BASE_URL may name another service.
//
//   structured [QUESTION]

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/structured.hpp"
#include "orcast/transport/curl.hpp"

enum class mood { calm, cheerful, angry };
BOOST_DESCRIBE_ENUM(mood, calm, cheerful, angry)

struct ware {
  std::string name;
  int price = 0;
};
BOOST_DESCRIBE_STRUCT(ware, (), (name, price))

struct npc_line {
  std::string text;
  mood feels = mood::calm;
  std::vector<ware> offers;
  std::optional<std::string> secret;
};
BOOST_DESCRIBE_STRUCT(npc_line, (), (text, feels, offers, secret))

int main(int count, char** words) {
  orcast::curl_transport network;
  auto client = orcast::client::make({}, orcast::http::any_transport(network));
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;

  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {
      orcast::message::system("You keep a shop at the harbour. Prices are in gold."),
      orcast::message::user(count > 1 ? words[1] : "I need a rope and some lamp oil.")};
  request.response_format = orcast::format_of<npc_line>("npc_line");
  request.provider.require_parameters = true;  // only providers that keep to a schema

  const auto reply = client->chat(request);
  if (!reply) return std::fprintf(stderr, "%s\n", reply.error().message.c_str()), 1;
  const auto line = orcast::parse_answer<npc_line>(*reply);
  if (!line) return std::fprintf(stderr, "%s\n", line.error().message.c_str()), 1;

  std::printf("%s\n", line->text.c_str());
  std::printf("  feels: %s\n", boost::describe::enum_to_string(line->feels, "?"));
  for (const ware& each : line->offers) {
    std::printf("  offers: %s for %d gold\n", each.name.c_str(), each.price);
  }
  if (line->secret) std::printf("  (keeps to itself: %s)\n", line->secret->c_str());
  return 0;
}
