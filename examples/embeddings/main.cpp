// SPDX-License-Identifier: MIT
//
// Search by meaning: which line of the lore is nearest to what the player said.
//
//   embeddings "Who rings the bell?"

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"

int main(int argc, char** argv) {
  auto client =
      orcast::client::make({}, orcast::http::any_transport::make<orcast::curl_transport>());
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;

  const std::vector<std::string> lore = {
      "The bell of Eastvale is rung by Odo, the deaf sexton.",
      "The ship Meridian lies at berth four and leaves at high water.",
      "Nobody has seen the lighthouse keeper since the great storm."};

  orcast::embeddings_query query;
  query.model = "openai/text-embedding-3-small";
  query.input = lore;
  query.input.push_back(argc > 1 ? argv[1] : "Who rings the bell?");
  const auto made = client->ask(query);
  if (!made) return std::fprintf(stderr, "%s\n", made.error().message.c_str()), 1;

  const std::vector<float>& asked = made->vectors.back();
  std::size_t best = 0;
  for (std::size_t i = 0; i < lore.size(); ++i) {
    const double alike = orcast::cosine(made->vectors[i], asked);
    if (alike > orcast::cosine(made->vectors[best], asked)) best = i;
    std::printf("%.3f  %s\n", alike, lore[i].c_str());
  }
  std::printf("nearest: %s\n", lore[best].c_str());
}
