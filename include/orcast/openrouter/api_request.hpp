// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "orcast/http/retry.hpp"

// A request to any endpoint of OpenRouter. What has a header of its own (models, generations,
// embeddings) is made into one of these; what has none can be asked for all the same:
//
//   auto reply = talker.call({"POST", "/rerank", R"({"model":"...","query":"...")"});

namespace orcast {
inline namespace v0 {

struct api_request {
  api_request() = default;
  api_request(std::string with, std::string where, std::string what = {})
      : method(std::move(with)), path(std::move(where)), body(std::move(what)) {}

  std::string method = "GET";
  /// Below the client's base URL, with its query: "/models?category=roleplay". It begins with "/",
  /// and what is not a URL's has been encoded.
  std::string path;
  std::string body;          ///< sent as it is
  std::string content_type;  ///< of the body; empty: application/json
  std::string accept;        ///< empty: application/json
  /// The body goes to the listener in pieces, as it arrives, and the reply keeps none of it.
  bool stream = false;
  /// The response's body may have at most as many; 0: as client_options say.
  std::size_t body_bytes = 0;
  /// Instead of client_options.retry. Without one, what is not a GET is not sent again once it was
  /// sent and not answered: it may have been done.
  std::optional<http::retry_policy> retry;
};

}  // namespace v0
}  // namespace orcast
