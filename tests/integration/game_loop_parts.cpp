// SPDX-License-Identifier: MIT
//
// The parts of the game loop that need no network: its script, command line, figures and report.

#include <string>
#include <string_view>
#include <vector>

#include "game_loop/dialogue_reader.hpp"
#include "game_loop/options.hpp"
#include "game_loop/report.hpp"
#include "support/catch.hpp"
#include "support/format.hpp"
#include "support/frame_stats.hpp"
#include "support/table.hpp"

namespace {

std::string complaint(const std::string& script) {
  try {
    game_loop::parse_dialogue(script, "s.json");
  } catch (const game_loop::script_error& error) {
    return error.what();
  }
  return "none";
}

/// A script with one NPC that has a tool; `turns` are its turns.
std::string script_with(const std::string& turns) {
  return R"({"user":"u","npcs":[{"name":"Brun","model":"a/b","system":"s","tools":["look"]}],)"
         R"("tools":{"look":{"description":"d","parameters":{},"by":"ship",)"
         R"("result":{"Heron":{"berth":4},"*":{"found":false}}},)"
         R"("count":{"description":"d","parameters":{},"result":7}},"turns":)" +
         turns + "}";
}

}  // namespace

TEST_CASE("the script that comes with the game loop is a good one") {
  const std::string here = __FILE__;
  const std::string root = here.substr(0, here.rfind("tests/integration"));
  const auto script = game_loop::load_dialogue(root + "examples/game_loop/dialogue.json");
  CHECK(script.npcs.size() == 4);
  CHECK(script.turns.size() >= 8);
  CHECK(script.turns.back().at_s < 10);
  CHECK(script.npcs[0].tools.at(0)->name == "look_up_ship");
}

TEST_CASE("a script is read with its defaults, and turns are in order of time") {
  const auto script = game_loop::parse_dialogue(
      script_with(R"([{"at":2,"npc":"Brun","say":"second"},{"at":1,"npc":"Brun","say":"first",)"
                  R"("leave_after":0.5,"stand_in":{"text":"t","tool":"look"}}])"),
      "s.json");
  CHECK(script.npcs[0].session == "Brun");
  CHECK(!script.npcs[0].temperature);
  CHECK(script.turns[0].say == "first");
  CHECK(script.turns[0].with == &script.npcs[0]);
  CHECK(script.turns[0].leave_after_s == 0.5);
  CHECK(script.turns[0].stand_in.arguments == "{}");
  CHECK(script.turns[1].stand_in.text == "I heard you say: second");
}

TEST_CASE("a tool finds its result by an argument, in any case, or by the star") {
  const auto script =
      game_loop::parse_dialogue(script_with(R"([{"at":0,"npc":"Brun","say":"x"}])"), "s.json");
  CHECK(script.tools[0].answer(R"({"ship":"the HERON"})") == R"({"berth":4})");
  CHECK(script.tools[0].answer(R"({"ship":"Marlin"})") == R"({"found":false})");
  CHECK(script.tools[0].answer(R"({"ship":4})") == R"({"found":false})");
  CHECK(script.tools[0].answer("not json") == R"({"found":false})");
  CHECK(script.tools[1].answer("{}") == "7");
}

TEST_CASE("a mistake in a script is one line that names the place") {
  CHECK(complaint("") == "s.json: line 1: not JSON: incomplete JSON");
  CHECK(complaint("{\"user\":\"u\",\n\"npcs\":[,]}") == "s.json: line 2: not JSON: syntax error");
  CHECK(complaint("[]") == "s.json: must be an object");
  CHECK(complaint("{}") == "s.json: user: is missing");
  CHECK(complaint(R"({"user":" "})") == "s.json: user: must not be empty");
  CHECK(complaint(R"({"user":"u","npc":[]})") == "s.json: npc: is not a key of the format");
  CHECK(complaint(R"({"user":"u","npcs":[{"name":"A","model":"gpt","system":"s"}]})") ==
        "s.json: npcs[0].model: is not a model slug such as \"openai/gpt-4o-mini\"");
  CHECK(complaint(script_with("[]")) == "s.json: turns: must not be empty");
  CHECK(complaint(script_with(R"([{"at":0,"npc":"Bruno","say":"x"}])")) ==
        "s.json: turns[0].npc: no NPC is called \"Bruno\"");
  CHECK(complaint(script_with(R"([{"at":-1,"npc":"Brun","say":"x"}])")) ==
        "s.json: turns[0].at: must be from 0 to 3600");
  CHECK(complaint(script_with(R"([{"at":0,"npc":"Brun","sya":"x"}])")) ==
        "s.json: turns[0].sya: is not a key of the format");
  CHECK(complaint(script_with(
            R"([{"at":0,"npc":"Brun","say":"x","stand_in":{"text":"t","tool":"count"}}])")) ==
        "s.json: turns[0].stand_in.tool: Brun has no tool \"count\"");
  CHECK_THROWS_WITH(game_loop::load_dialogue("/no/such/file"), "/no/such/file: cannot be read");
}

TEST_CASE("the command line is read, and its mistakes are one line") {
  using game_loop::parse_options;
  const auto good =
      parse_options({"--seconds", "3", "--traces=t.jsonl", "--html", "p.html", "--script", "a",
                     "--script", "b", "--transport=httplib", "--no-tracing"});
  CHECK(good.mistake.empty());
  CHECK(good.seconds == 3);
  CHECK(good.traces == "t.jsonl");
  CHECK(good.html == "p.html");
  CHECK(good.script == "b");
  CHECK(good.transport == game_loop::options::transport_kind::httplib);
  CHECK(!good.tracing);
  CHECK(parse_options({}).seconds == 10);
  CHECK(parse_options({"--help"}).help);

  CHECK(parse_options({"--fast"}).mistake == "there is no option --fast; --help lists them");
  CHECK(parse_options({"--seconds", "ten"}).mistake ==
        "--seconds must be a number from 1 to 3600, not \"ten\"");
  CHECK(!parse_options({"--seconds", "nan"}).mistake.empty());
  CHECK(!parse_options({"--seconds", "3s"}).mistake.empty());
  CHECK(parse_options({"--script"}).mistake == "--script needs a value");
  CHECK(parse_options({"--transport", "carrier-pigeon"}).mistake ==
        "--transport must be curl or httplib, not \"carrier-pigeon\"");
}

TEST_CASE("percentiles are by nearest rank") {
  examples::frame_stats frames;
  CHECK(frames.p50_ns() == 0);
  for (int i = 100; i >= 1; --i) frames.record(i);
  CHECK(frames.p50_ns() == 50);
  CHECK(frames.p99_ns() == 99);
  CHECK(frames.max_ns() == 100);
  CHECK(frames.over(90) == 10);
}

TEST_CASE("numbers are written as people read them") {
  CHECK(examples::format_duration(420'000) == "0.42 ms");
  CHECK(examples::format_duration(9.94e6) == "9.9 ms");
  CHECK(examples::format_duration(412e6) == "412 ms");
  CHECK(examples::format_duration(999.6e6) == "1.00 s");
  CHECK(examples::format_duration(72e9) == "1 min 12 s");
  CHECK(examples::format_cost(0) == "$0");
  CHECK(examples::format_cost(0.0000225) == "$0.0000225");
  CHECK(examples::format_cost(0.0312) == "$0.0312");
  CHECK(examples::format_cost(1.5) == "$1.50");
  CHECK(examples::format_count(999) == "999");
  CHECK(examples::format_count(-1234567) == "-1,234,567");
  CHECK(examples::format_utc(1'783'220'991'321'000'000) == "2026-07-05 03:09:51 UTC");
}

TEST_CASE("tables line up in any script and end without spaces") {
  examples::table table({{"name", examples::table::align::left},
                         {"n", examples::table::align::right},
                         {"", examples::table::align::left}});
  table.add({"Zo\xC3\xAB", "7", ""});
  table.add({"\xE6\x9D\xB1\xE4\xBA\xAC", "12", "x"});
  CHECK(table.text(1) ==
        " name   n\n"
        " Zo\xC3\xAB    7\n"
        " \xE6\x9D\xB1\xE4\xBA\xAC  12  x\n");
  CHECK(examples::shorten("drowned bell", 8) == "drowned\xE2\x80\xA6");
  CHECK(examples::shorten("bell", 4) == "bell");
  CHECK(examples::wrap("a bc  def g", 4) == std::vector<std::string>{"a bc", "def", "g"});
}

TEST_CASE("what a model says cannot steer the terminal") {
  CHECK(examples::printable("a\x1b[2Jb\r\n\xC2\x9B"
                            "c\xFFz") == "a [2Jb   c\xEF\xBF\xBDz");
}

TEST_CASE("the account of spans is complete only when every span arrived") {
  game_loop::span_account spans;
  spans.started = spans.exported = 20;
  spans.arrived = 20;
  CHECK(spans.complete());
  spans.arrived = 19;
  CHECK(!spans.complete());
  spans.arrived.reset();
  CHECK(spans.complete());
  spans.held = 1;
  CHECK(!spans.complete());
  spans.held = 0;
  spans.violations = {"a name was empty"};
  CHECK(!spans.complete());
}

TEST_CASE("the report shows what is unknown as a dash") {
  game_loop::report report;
  game_loop::call_line call;
  call.npc = "Brun";
  call.model = "a/b";
  call.latency_ns = 1e9;
  call.status = "cancelled";
  report.calls = {call};
  report.conversation = {{0.3, "Player", "Good evening."}};
  const std::string text = game_loop::report_text(report, 16'666'667, 80, false);
  CHECK(text.find("   0.3 s  Player  Good evening.\n") != std::string::npos);
  CHECK(text.find("  Brun  a/b      -          -    -     -            -   1.00 s  cancelled\n") !=
        std::string::npos);
  CHECK(text.find("\nSpans\n") == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}
