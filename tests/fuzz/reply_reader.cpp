// SPDX-License-Identifier: MIT
//
// Any bytes as a response, in pieces of any size: a reply or a failure that says something, text
// that is UTF-8, and the same whether the bytes come at once or in pieces.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/utf8.hpp"
#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/reply_details.hpp"
#include "orcast/openrouter/reply_reader.hpp"

namespace {

struct outcome {
  std::string words;
  std::string raw;
  std::string heard;
  orcast::chat_reply reply;
  bool ok = false;
};

struct listener final : orcast::delta_listener {
  void on_text(std::string_view piece) noexcept override {
    if (!orcast::valid_utf8(piece)) __builtin_trap();
    heard += piece;
  }
  std::string heard;
};

outcome read(std::string_view body, std::size_t step, int status, bool stream) {
  orcast::reply_limits limits;
  limits.body_bytes = 4096;
  limits.event_bytes = 2048;
  limits.line_bytes = 2048;
  limits.events = 64;
  limits.tool_calls = 8;
  limits.tool_argument_bytes = 256;
  orcast::reply_reader reader(limits);
  listener hears;
  reader.listen(&hears);
  const orcast::http::header_view headers[] = {
      {"Content-Type", stream ? "text/event-stream" : "application/json"}};
  reader.head({status, headers, 1});
  bool more = true;
  while (more && !body.empty()) {
    const std::string piece(body.substr(0, step));
    body.remove_prefix(piece.size());
    more = reader.data(piece);
  }
  outcome made;
  const orcast::result<void> end = reader.finish({});
  made.ok = end.ok();
  if (!end) made.words = end.error().message;
  if (!end && (made.words.empty() || !orcast::valid_utf8(made.words))) __builtin_trap();
  made.reply = reader.reply();
  made.heard = hears.heard;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool stream = (data[0] & 1) != 0;
  const int status = (data[0] & 2) != 0 ? 200 : 400 + data[1] % 200;
  const std::size_t step = 1 + (data[0] >> 2);
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const outcome whole = read(body, std::max<std::size_t>(size, 1), status, stream);
  const outcome pieces = read(body, step, status, stream);
  if (whole.ok != pieces.ok || whole.words != pieces.words) __builtin_trap();
  if (whole.heard != pieces.heard) __builtin_trap();
  if (whole.reply.text() != pieces.reply.text()) __builtin_trap();
  if (!whole.ok && !stream) return 0;
  if (!orcast::valid_utf8(whole.reply.text())) __builtin_trap();

  // What can be read can be sent back, and looked at.
  for (const orcast::chat_choice& choice : whole.reply.choices) {
    orcast::chat_request next;
    next.messages = {choice.reply};
    std::string body_of_next;
    if (!append_json(next, body_of_next)) __builtin_trap();
    static_cast<void>(annotations_of(choice.reply));
    static_cast<void>(image_urls_of(choice.reply));
    static_cast<void>(audio_of(choice.reply));
    static_cast<void>(reasoning_details_of(choice.reply));
    static_cast<void>(probabilities_of(choice));
  }
  return 0;
}
