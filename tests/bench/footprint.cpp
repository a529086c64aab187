// SPDX-License-Identifier: MIT
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "bench.hpp"

// What including and linking orcast costs: processor seconds to compile a translation unit, against
// one with the standard headers that a game has anyway, and bytes of a stripped program, against an
// empty one. Runs the compiler (CXX, else g++) from the root of the repository, as run.sh does.

namespace {

const std::string folder = "build/bench/footprint/";

constexpr char standard_headers[] =
    "#include <string>\n#include <atomic>\n#include <chrono>\n"
    "int main() { return static_cast<int>(std::string(\"x\").size()) - 1; }\n";

constexpr char recording[] =
    "#include \"orcast/trace/tracer.hpp\"\n"
    "inline constexpr orcast::key npc{\"npc.name\"};\n"
    "void record(orcast::tracer& traces) {\n"
    "  orcast::span turn = traces.start(\"npc turn\");\n"
    "  turn.set(npc, \"Mara\");\n"
    "}\n";

constexpr char bodies_elsewhere[] = "#define ORCAST_SEPARATE_BODIES\n";

constexpr char calling[] =
    "#include \"orcast/openrouter/client.hpp\"\n"
    "orcast::call talk(orcast::client& client) {\n"
    "  orcast::chat_request request;\n"
    "  request.model = \"openai/gpt-4o-mini\";\n"
    "  request.messages = {orcast::message::user(\"hello\")};\n"
    "  return client.start(std::move(request));\n"
    "}\n";

constexpr char program_includes[] =
    "#include <utility>\n"
    "#include \"orcast/otlp/span_exporter.hpp\"\n"
    "#include \"orcast/trace/make_tracer.hpp\"\n"
    "inline constexpr orcast::key npc{\"npc.name\"};\n";

constexpr char polled_transport[] =
    "struct given {\n"
    "  orcast::http::exchange_id start(const orcast::http::request&,\n"
    "                                  orcast::http::response_sink& sink) {\n"
    "    waiting = &sink;\n"
    "    return 1;\n"
    "  }\n"
    "  void cancel(orcast::http::exchange_id) {}\n"
    "  void resume(orcast::http::exchange_id) {}\n"
    "  void poll(std::int64_t) {\n"
    "    if (auto* const sink = std::exchange(waiting, nullptr)) sink->done({});\n"
    "  }\n"
    "  orcast::http::response_sink* waiting = nullptr;\n"
    "};\n";

constexpr char blocking_transport[] =
    "struct given {\n"
    "  void perform(const orcast::http::request&, orcast::http::response_sink& sink,\n"
    "               orcast::http::exchange_control&) { sink.done({}); }\n"
    "};\n";

constexpr char program_main[] =
    "int main() {\n"
    "  auto traces = orcast::make_tracer({});\n"
    "  if (!traces) return 1;\n"
    "  orcast::otlp::destination to;\n"
    "  to.url = \"http://localhost:4318/v1/traces\";\n"
    "  auto made = orcast::otlp::span_exporter::make(\n"
    "      **traces, orcast::http::any_transport::make<given>(), to);\n"
    "  if (!made) return 1;\n"
    "  (*traces)->start(\"npc turn\").set(npc, \"Mara\").end();\n"
    "  return (*made)->flush(1000) ? 0 : 1;\n"
    "}\n";

/// Where it is written to, without the ending of a source.
std::string write(const std::string& name, const std::string& text) {
  static_cast<void>(std::system(("mkdir -p " + folder).c_str()));
  std::ofstream(folder + name + ".cpp") << text;
  return folder + name;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Processor seconds that the compiler takes.
double compile(const std::string& name, const std::string& flags) {
  const char* const chosen = std::getenv("CXX");
  const std::string compiler = chosen != nullptr && *chosen != 0 ? chosen : "g++";
  rusage before{};
  rusage after{};
  ::getrusage(RUSAGE_CHILDREN, &before);
  const std::string command =
      compiler + " -std=c++17 -O2 -pthread -Iinclude " + flags + " " + name + ".cpp";
  if (std::system(command.c_str()) != 0) bench::fail(("failed: " + command).c_str());
  ::getrusage(RUSAGE_CHILDREN, &after);
  return seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) -
         seconds(before.ru_stime);
}

void time_unit(bench::suite& suite, const char* bench, const std::string& text, bench::target aim,
               int most_runs = 7) {
  const std::string unit = write("unit", text);
  const std::string floor = write("standard", standard_headers);
  std::vector<double> values;
  std::vector<double> floors;
  const int runs = suite.smoke() ? 1 : most_runs;
  for (int i = 0; i < runs; ++i) {
    floors.push_back(compile(floor, "-c -o " + floor + ".o"));
    values.push_back(compile(unit, "-c -o " + unit + ".o"));
  }
  // The least: other programs make a compiler slower, never faster.
  suite.report({bench, *std::min_element(values.begin(), values.end()), "s",
                *std::min_element(floors.begin(), floors.end()), aim});
}

void recording_unit(bench::suite& suite) {
  time_unit(suite, "footprint/tu-seconds", recording, {bench::target::over_floor, 0.35});
  time_unit(suite, "footprint/tu-seconds/bodies-elsewhere",
            std::string(bodies_elsewhere) + recording, {bench::target::over_floor, 0.35});
}

void client_unit(bench::suite& suite) {
  time_unit(suite, "footprint/client-tu-seconds", std::string(bodies_elsewhere) + calling,
            {bench::target::over_floor, 0.6});
  time_unit(suite, "footprint/client-tu-seconds/bodies-inline", calling, {}, 1);
}

double program_bytes(const std::string& name) {
  compile(name, "-ffunction-sections -fdata-sections -Wl,--gc-sections -s -o " + name);
  struct stat of {};
  if (::stat(name.c_str(), &of) != 0) bench::fail("the program is not there");
  return static_cast<double>(of.st_size);
}

void program_with(bench::suite& suite, const char* bench, const char* transport,
                  bench::target aim) {
  const std::string text = std::string(program_includes) + transport + program_main;
  const double empty = program_bytes(write("empty", "int main() {}\n"));
  const double whole = program_bytes(write("program", text));
  suite.report({bench, whole / 1024, "KB", empty / 1024, aim});
}

void program(bench::suite& suite) {
  program_with(suite, "footprint/program-bytes", polled_transport, {bench::target::over_floor, 60});
  program_with(suite, "footprint/program-bytes/blocking", blocking_transport, {});
}

const bench::registered entries[] = {{"footprint/tu-seconds", recording_unit},
                                     {"footprint/client-tu-seconds", client_unit},
                                     {"footprint/program-bytes", program}};

}  // namespace
