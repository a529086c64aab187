// SPDX-License-Identifier: MIT
//
// Any bytes as an event stream: read in one piece and cut in two anywhere, the events are the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/http/sse.hpp"

namespace {

std::vector<std::string> events_of(std::string_view first, std::string_view second) {
  std::vector<std::string> seen;
  const auto keep = [&](const orcast::http::sse_event& event) {
    seen.push_back(std::string(event.type) + "|" + std::string(event.id) + "|" +
                   std::string(event.data));
    return true;
  };
  orcast::http::sse_limits limits;
  limits.line_bytes = 64;
  limits.event_bytes = 128;
  limits.count = 32;
  orcast::http::sse_parser parser(limits);
  for (const std::string_view part : {first, second}) {
    const std::string copy(part);  // of its own size, so that a read beyond it is seen
    const orcast::result<void> fed = parser.feed(copy, keep);
    if (!fed) seen.push_back(fed.error().message);
    if (!fed) return seen;
  }
  if (parser.pending()) static_cast<void>(parser.flush_tail(keep));
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = data[0] % (bytes.size() + 1);
  if (events_of(bytes, {}) != events_of(bytes.substr(0, cut), bytes.substr(cut))) __builtin_trap();
  return 0;
}
