// SPDX-License-Identifier: MIT
//
// The main example: a game at 60 frames a second in which several characters talk through
// OpenRouter, streamed and with tools, while every call becomes a span at Arize. Then the same once
// more without tracing, to compare the frame times. Without keys it runs against stand-ins.
//
// This file is the story. npc.hpp has the calls and their spans, game.hpp the loop, services.hpp
// the setup.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "game_loop/dialogue_reader.hpp"
#include "game_loop/files.hpp"
#include "game_loop/game.hpp"
#include "game_loop/options.hpp"
#include "game_loop/progress.hpp"
#include "game_loop/report.hpp"
#include "game_loop/services.hpp"
#include "support/table.hpp"
#include "support/trace_page.hpp"

using namespace game_loop;

namespace {

void play_traced(const dialogue& script, const options& chosen, progress& shown, report& told) {
  arize_service arize(chosen.transport);
  openrouter_service openrouter(script, chosen.transport, arize.recording());
  shown.phase("OpenRouter  " + openrouter.where());
  shown.phase(arize.name() + (has_phoenix() ? "     " : "       ") + arize.where() + "\n");
  shown.phase("Playing with tracing ...");
  add(told, "tracing on",
      play(script, chosen.seconds, openrouter.client(), arize.recording(), shown));

  shown.phase("Waiting for the last spans to arrive ...");
  told.spans = arize.finish();
  const std::string lines = arize.received();
  write_file(chosen.traces, lines);
  write_file(chosen.html, examples::render_trace_page(lines));
  told.files = {{"page", chosen.html}, {"spans", chosen.traces}};
}

/// Only the frames count when the conversation has been heard before.
void play_untraced(const dialogue& script, const options& chosen, progress& shown, report& told) {
  const bool again = !told.frames.empty();
  if (again && has_openrouter_key()) {
    told.frames_note = "tracing off: not measured, OpenRouter would charge for it a second time";
    return;
  }
  openrouter_service openrouter(script, chosen.transport, {});
  if (!again) shown.phase("OpenRouter  " + openrouter.where() + "\n");
  shown.phase(again ? "Playing again without tracing ..." : "Playing without tracing ...", !again);
  performance seen = play(script, chosen.seconds, openrouter.client(), {}, shown);
  if (again) {
    seen.turns.clear();
    told.frames_note =
        "one after the other: the machine's other work moves these more than tracing";
  }
  add(told, "tracing off", seen);
}

/// The exit status: 0 when a character answered, and every span arrived or none was wanted.
int run(const options& chosen) {
  const dialogue script = load_dialogue(chosen.script);
  if (chosen.tracing) {  // what can't be written is found now, not when all has been said
    write_file(chosen.traces, "");
    write_file(chosen.html, "");
  }
  report told;
  {
    progress shown(stdout);
    shown.phase(headline(script, chosen.seconds));
    if (chosen.tracing) play_traced(script, chosen, shown, told);
    play_untraced(script, chosen, shown, told);
  }
  const std::string text = report_text(told, frame_budget.count(), examples::terminal_width(stdout),
                                       examples::colour_wanted(stdout));
  std::fwrite(text.data(), 1, text.size(), stdout);
  const bool answered = std::any_of(told.calls.begin(), told.calls.end(),
                                    [](const call_line& each) { return each.status == "ok"; });
  return answered && (!told.spans || told.spans->complete()) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  options chosen = parse_options(std::vector<std::string_view>(argv + (argc > 0), argv + argc));
  if (chosen.help) {
    std::printf("%s%s", std::string(usage).c_str(), std::string(dialogue_format).c_str());
    return 0;
  }
  try {
    if (!chosen.mistake.empty()) throw setup_error(chosen.mistake);
    set_default_files(chosen, argv[0]);
    return run(chosen);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "game_loop: %s\n", error.what());
    return 2;
  }
}
