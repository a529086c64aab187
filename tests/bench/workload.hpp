// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/trace/key.hpp"

// What the benchmarks record: 20 attributes as a game would set them (10 strings of 24 bytes, 10
// integers), and a call's span with four long texts on top (4, 4, 1 and 1 KiB).

namespace bench {

namespace keys {
using orcast::key;
inline constexpr key text_0{"bench.text.model_name"};
inline constexpr key text_1{"bench.text.provider"};
inline constexpr key text_2{"bench.text.session_id"};
inline constexpr key text_3{"bench.text.user_id"};
inline constexpr key text_4{"bench.text.npc_name"};
inline constexpr key text_5{"bench.text.quest"};
inline constexpr key text_6{"bench.text.location"};
inline constexpr key text_7{"bench.text.finish_reason"};
inline constexpr key text_8{"bench.text.generation_id"};
inline constexpr key text_9{"bench.text.operation"};
inline constexpr key count_0{"bench.count.prompt_tokens"};
inline constexpr key count_1{"bench.count.completion_tokens"};
inline constexpr key count_2{"bench.count.total_tokens"};
inline constexpr key count_3{"bench.count.cached_tokens"};
inline constexpr key count_4{"bench.count.reasoning_tokens"};
inline constexpr key count_5{"bench.count.frame"};
inline constexpr key count_6{"bench.count.attempts"};
inline constexpr key count_7{"bench.count.status_code"};
inline constexpr key count_8{"bench.count.queue_ms"};
inline constexpr key count_9{"bench.count.mood"};
inline constexpr key body_0{"bench.body.input"};
inline constexpr key body_1{"bench.body.output"};
inline constexpr key body_2{"bench.body.tools"};
inline constexpr key body_3{"bench.body.parameters"};
}  // namespace keys

/// Prose of a game's dialogue: a line break every few hundred bytes, nothing else to escape.
inline std::string prose(std::size_t size) {
  constexpr std::string_view paragraph =
      "The innkeeper wipes the counter and looks up as the door opens. Rain has followed the "
      "traveller inside, and with it the smell of wet leather and of the road from the north. He "
      "has seen many come through that door, fewer leave it the way they came, and none who would "
      "not trade a story for a warm corner by the fire. So he pours, waits, and lets the silence "
      "do the asking.\n";
  std::string text;
  while (text.size() < size) text += paragraph;
  text.resize(size);
  return text;
}

/// JSON that is sent as text inside JSON: 11 % of its bytes are escaped.
inline std::string json_text(std::size_t size) {
  constexpr std::string_view message =
      R"({"role":"user","content":"What news from the north, old friend?","name":"Mara"},)"
      R"({"role":"assistant","content":"Little that is good. The pass is closed and wolves )"
      R"(come down to the farms at night. You had better stay until the thaw, the two of you.",)"
      R"("mood":"worried","weight":3},)";
  std::string text;
  while (text.size() < size) text += message;
  text.resize(size);
  return text;
}

/// Dialogue in several scripts: characters of two, three and four bytes.
inline std::string multi_byte(std::size_t size) {
  constexpr std::string_view lines[] = {
      "\u591c\u304c\u66f4\u3051\u3066\u3001\u5bbf\u5c4b\u306e\u4e3b\u4eba\u306f\u9759\u304b"
      "\u306b\u676f\u3092\u62ed\u3044\u3066\u3044\u308b\u3002\u65c5\u4eba\u3088\u3001\u5317"
      "\u306e\u9053\u306f\u96ea\u3067\u9589\u3056\u3055\u308c\u305f\u3002 ",
      "\u0425\u043e\u0437\u044f\u0438\u043d \u0432\u044b\u0442\u0438\u0440\u0430\u0435\u0442 "
      "\u0441\u0442\u043e\u0439\u043a\u0443 \u0438 \u0441\u043c\u043e\u0442\u0440\u0438\u0442 "
      "\u043d\u0430 \u0434\u0432\u0435\u0440\u044c. ",
      "L\u2019aubergiste essuie le comptoir\u00a0: \u00ab\u00a0O\u00f9 \u00e9tiez-vous, "
      "\u00e9tranger\u00a0?\u00a0\u00bb \U0001F409 "};
  std::string text;
  for (std::size_t i = 0; text.size() + lines[i % 3].size() <= size; ++i) text += lines[i % 3];
  text.append(size - text.size(), '.');
  return text;
}

struct workload {
  std::array<std::string, 10> text;
  std::array<std::int64_t, 10> count;
  std::array<std::string, 4> body;

  /// `make` writes the long texts: prose or json_text.
  explicit workload(std::string (*make)(std::size_t) = json_text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      text[i] = "anthropic/claude-npc-" + std::to_string(100 + i);
      count[i] = static_cast<std::int64_t>(1000 * i * i + 7);
    }
    body = {make(4096), make(4096), make(1024), make(1024)};
  }

  /// `into` is a span, or a floor's record with the same function.
  template <class Into>
  void set_20(Into& into) const noexcept {
    into.set(keys::text_0, text[0]).set(keys::count_0, count[0]);
    into.set(keys::text_1, text[1]).set(keys::count_1, count[1]);
    into.set(keys::text_2, text[2]).set(keys::count_2, count[2]);
    into.set(keys::text_3, text[3]).set(keys::count_3, count[3]);
    into.set(keys::text_4, text[4]).set(keys::count_4, count[4]);
    into.set(keys::text_5, text[5]).set(keys::count_5, count[5]);
    into.set(keys::text_6, text[6]).set(keys::count_6, count[6]);
    into.set(keys::text_7, text[7]).set(keys::count_7, count[7]);
    into.set(keys::text_8, text[8]).set(keys::count_8, count[8]);
    into.set(keys::text_9, text[9]).set(keys::count_9, count[9]);
  }

  template <class Into>
  void set_24(Into& into) const noexcept {
    set_20(into);
    into.set(keys::body_0, body[0]).set(keys::body_1, body[1]);
    into.set(keys::body_2, body[2]).set(keys::body_3, body[3]);
  }
};

}  // namespace bench
