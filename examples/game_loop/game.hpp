// SPDX-License-Identifier: MIT
//
// The game: plays a dialogue once at 60 frames a second. The characters act, the client gets its
// share of the frame, and the frame's time is taken; everything about tracing is in `tracing`,
// which may be empty.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "game_loop/dialogue.hpp"
#include "game_loop/frame_clock.hpp"
#include "game_loop/npc.hpp"
#include "game_loop/progress.hpp"
#include "game_loop/report.hpp"
#include "orcast/openrouter/client.hpp"
#include "support/format.hpp"
#include "support/frame_stats.hpp"

namespace game_loop {

/// Of each frame, the time that orcast may use for what arrived.
inline constexpr std::int64_t tick_budget_ns = 200'000;

struct performance {
  std::vector<turn_record> turns;  ///< in the order of the script
  examples::frame_stats frames;    ///< the work of each frame, without the wait for the next
};

/// Turns that begin within `seconds` are played; the last answers may take longer than that.
inline std::size_t turns_within(const dialogue& script, double seconds) {
  std::size_t count = 0;
  while (count < script.turns.size() && script.turns[count].at_s < seconds) ++count;
  return count;
}

/// "dialogue.json: 9 turns with 4 characters in 10 s, at 60 frames a second"
inline std::string headline(const dialogue& script, double seconds) {
  const std::size_t turns = turns_within(script, seconds);
  std::string out = script.name + ": " + std::to_string(turns);
  if (turns < script.turns.size()) out += " of " + std::to_string(script.turns.size());
  return out + " turns with " + std::to_string(script.npcs.size()) + " characters in " +
         examples::format_fixed(seconds, seconds < 10 ? 1 : 0) + " s, at 60 frames a second";
}

inline performance play(const dialogue& script, double seconds, orcast::client& openrouter,
                        const orcast::recording& tracing, progress& shown) {
  using clock = frame_clock::clock;
  performance made;
  made.turns.resize(turns_within(script, seconds));
  made.frames = examples::frame_stats(static_cast<std::size_t>((seconds + 5) * 60));

  scene here{openrouter, tracing, script.user, 0, 0, {}};
  std::deque<character> cast;
  for (const npc& each : script.npcs) {
    character& one = cast.emplace_back(each, here);
    for (std::size_t i = 0; i < made.turns.size(); ++i) {
      if (script.turns[i].with == &each) one.expect(script.turns[i], made.turns[i]);
    }
  }

  simulated_game game;
  frame_clock frames;
  const clock::time_point start = clock::now();
  std::string last_words;
  bool over = false;
  while (!over) {
    frames.wait();
    const clock::time_point began = clock::now();
    here.now_s = std::chrono::duration<double>(began - start).count();
    ++here.frame;

    game.update();
    for (character& each : cast) each.update();
    openrouter.tick(tick_budget_ns);

    made.frames.record(std::chrono::nanoseconds(clock::now() - began).count());

    // What follows is the example's display, not the game's work.
    std::string words;
    for (const spoken_line& each : here.news) shown.event(each.at_s, each.who, each.text);
    if (!here.news.empty()) last_words = here.news.back().who + ": " + here.news.back().text;
    here.news.clear();
    over = here.now_s >= seconds;
    for (const character& each : cast) {
      over = over && each.finished();
      if (each.talking() && !each.words().empty()) words = each.name() + ": " + each.words();
    }
    shown.update(here.now_s, seconds, openrouter.in_flight(), words.empty() ? last_words : words);
  }
  const volatile float seen = game.centre();
  static_cast<void>(seen);
  return made;
}

/// Puts a performance into the report, its conversation turn by turn.
inline void add(report& to, const std::string& what, const performance& seen) {
  to.frames.push_back({what, seen.frames});
  for (const turn_record& each : seen.turns) {
    to.conversation.insert(to.conversation.end(), each.lines.begin(), each.lines.end());
    to.calls.insert(to.calls.end(), each.calls.begin(), each.calls.end());
  }
}

}  // namespace game_loop
