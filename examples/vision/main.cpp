// SPDX-License-Identifier: MIT
//
// Shows a model a picture, a sound or a document and asks about it; the answer is printed as it
// comes. The key is read from OPENROUTER_API_KEY; OPENROUTER_BASE_URL may name another service.
//
//   vision FILE-OR-URL [QUESTION]

#include <cstdio>
#include <string>

#include "orcast/openrouter/client.hpp"
#include "orcast/transport/curl.hpp"

namespace {

struct printer final : orcast::delta_listener {
  void on_text(std::string_view piece) noexcept override {
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    std::fflush(stdout);
  }
};

int failed(const orcast::failure& why) {
  std::fprintf(stderr, "vision: %s\n", why.message.c_str());
  return 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return std::fputs("usage: vision FILE-OR-URL [QUESTION]\n", stderr), 2;
  const std::string what = words[1];

  const bool is_url = what.rfind("http://", 0) == 0 || what.rfind("https://", 0) == 0;
  orcast::result<orcast::content_part> shown =
      is_url ? orcast::part::image_url(what) : orcast::part::from_file(what);
  if (!shown) return failed(shown.error());

  orcast::curl_transport network;
  auto client = orcast::client::make({}, orcast::http::any_transport(network));
  if (!client) return failed(client.error());

  orcast::chat_request request;
  request.model = "google/gemini-2.5-flash";
  request.messages = {
      orcast::message::user({orcast::part::text(count > 2 ? words[2] : "What is this?"), *shown})};

  printer out;
  const auto reply = client->chat_stream(request, out);
  if (!reply) return failed(reply.error());
  std::puts("");
}
