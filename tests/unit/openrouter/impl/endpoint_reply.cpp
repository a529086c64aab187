// SPDX-License-Identifier: MIT

#include "orcast/openrouter/impl/endpoint_reply.hpp"

#include <string>

#include "support/catch.hpp"

namespace {

using orcast::detail::endpoint_reply;

std::string text_event(const std::string& text) {
  return R"(data: {"choices":[{"index":0,"text":")" + text + "\"}]}\n\n";
}

TEST_CASE("once a stream is over its limit nothing more of it is put together") {
  const std::string first = text_event("one");
  const std::string large = text_event(std::string(200, 'x'));
  endpoint_reply whole(first.size() + large.size() - 1);
  whole.feed(first);
  whole.feed(large);
  whole.feed(text_event("two"));
  whole.end();
  CHECK(whole.json() == R"({"choices":[{"text":"one"}]})");
}

}  // namespace
