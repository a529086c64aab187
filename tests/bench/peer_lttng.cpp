// SPDX-License-Identifier: MIT
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "bench.hpp"

// An event of LTTng-UST with the work of span/20attr, against the hand-written ring. Measured by a
// program of its own with the same harness (tests/bench/lttng says why), which runs in a session of
// LTTng's daemon meanwhile.

namespace {

constexpr char name[] = "peer/span-20attr/lttng-ust";

#if __has_include(<lttng/tracepoint.h>)

/// The number behind `field` in a line of results.
double number(const std::string& line, const std::string& field) {
  const std::size_t at = line.find('"' + field + "\":");
  if (at == std::string::npos) bench::fail("the program with LTTng printed no result");
  return std::stod(line.substr(at + field.size() + 3));
}

void run(bench::suite& suite) {
  const std::string command = "sh tests/bench/lttng/run.sh " + std::string(name) +
                              (suite.smoke() ? " --smoke" : "") + " 2>&1";
  std::FILE* const output = ::popen(command.c_str(), "r");
  if (output == nullptr) bench::fail("no shell to start LTTng with");
  std::string text;
  char piece[4096];
  while (const std::size_t got = std::fread(piece, 1, sizeof piece, output)) {
    text.append(piece, got);
  }
  const int status = ::pclose(output);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 3) {
    return suite.report_unmeasured(name, text.substr(0, text.find('\n')));
  }
  if (status != 0) bench::fail(("LTTng could not be measured: " + text).c_str());
  suite.report({name, number(text, "value"), "ns", number(text, "floor")});
}

#else

void run(bench::suite& suite) { suite.report_missing(name, "liblttng-ust-dev and lttng-tools"); }

#endif

const bench::registered entry(name, run);

}  // namespace
