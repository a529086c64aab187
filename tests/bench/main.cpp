// SPDX-License-Identifier: MIT
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "bench.hpp"

// Runs what was registered, pinned; prints a JSON object for each result as it comes, then a table.

namespace bench {
namespace {

const registered* first = nullptr;

bool throughput(const row& one) { return one.unit == "GB/s"; }
bool counted(const row& one) { return one.unit == "allocations"; }

/// 0 where there is no floor to compare with.
double ratio(const row& one) {
  if (one.floor <= 0 || one.value <= 0) return 0;
  return throughput(one) ? one.floor / one.value : one.value / one.floor;
}

bool ok(const row& one) {
  switch (one.goal.what) {
    case target::none:
      return true;
    case target::ratio:
      return ratio(one) != 0 && ratio(one) <= one.goal.bound;
    case target::over_floor:
      return one.value - one.floor <= one.goal.bound;
    case target::value:
      break;
  }
  return throughput(one) ? one.value >= one.goal.bound : one.value <= one.goal.bound;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

std::string target_text(const row& one) {
  const std::string bound = number(one.goal.bound);
  switch (one.goal.what) {
    case target::none:
      return {};
    case target::ratio:
      return "ratio <= " + bound;
    case target::over_floor:
      return "value - floor <= " + bound;
    case target::value:
      break;
  }
  return (throughput(one) ? "value >= " : "value <= ") + bound;
}

void print_json(const row& one) {
  const std::string floor = one.floor < 0 ? "null" : number(one.floor);
  const std::string times = ratio(one) == 0 ? "null" : number(ratio(one));
  const std::string goal = one.goal.what == target::none ? "null" : '"' + target_text(one) + '"';
  std::printf(
      "{\"bench\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"floor\":%s,\"ratio\":%s,\"target\":%s,"
      "\"ok\":%s}\n",
      one.bench.c_str(), number(one.value).c_str(), one.unit.c_str(), floor.c_str(), times.c_str(),
      goal.c_str(), ok(one) ? "true" : "false");
  std::fflush(stdout);
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.compare(0, 10, "model name") == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

}  // namespace

registered::registered(const char* called, void (*function)(suite&))
    : name(called), run(function), next(nullptr) {
  // Sorted by name: the order in which files are linked does not matter.
  const registered** at = &first;
  while (*at != nullptr && std::strcmp((*at)->name, name) < 0) {
    at = const_cast<const registered**>(&(*at)->next);
  }
  next = *at;
  *at = this;
}

void pin(unsigned which) noexcept {
  static const std::vector<unsigned> allowed = [] {
    std::vector<unsigned> list;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return list;
    for (unsigned i = CPU_SETSIZE; i-- > 0;) {  // the first one serves most interrupts
      if (CPU_ISSET(i, &set)) list.push_back(i);
    }
    return list;
  }();
  if (which >= allowed.size()) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(allowed[which], &one);
  static_cast<void>(::sched_setaffinity(0, sizeof one, &one));
}

void fail(const char* why) {
  std::fprintf(stderr, "%s\n", why);
  std::exit(2);
}

void suite::report(row one) {
  print_json(one);
  rows_.push_back(std::move(one));
}

void suite::report_allocations(const std::string& bench, double per_operation) {
  report({bench + "/allocations", per_operation, "allocations", -1, {target::value, 0}});
}

bool suite::compare_with(const char* path) {
  std::ifstream in(path);
  if (!in) return false;
  const std::string name_begin = "{\"bench\":\"";
  const std::string value_begin = "\",\"value\":";
  for (std::string line; std::getline(in, line);) {
    const std::size_t middle = line.find(value_begin);
    if (line.compare(0, name_begin.size(), name_begin) != 0 || middle == std::string::npos)
      continue;
    before_.emplace_back(line.substr(name_begin.size(), middle - name_begin.size()),
                         std::atof(line.c_str() + middle + value_begin.size()));
  }
  return !before_.empty();
}

double suite::before(const std::string& bench) const {
  for (const auto& each : before_) {
    if (each.first == bench) return each.second;
  }
  return 0;
}

bool suite::finish() const {
  double load = 0;
  static_cast<void>(::getloadavg(&load, 1));
  std::printf("\n%s, compiler %s, load %.1f%s\n\n", processor().c_str(), __VERSION__, load,
              smoke_ ? "; a smoke run: the times mean nothing" : "");
  if (left_out_ != 0 && !smoke_) {
    std::printf("%zu of %zu samples were left out: somebody else was at work on the core\n\n",
                left_out_, samples_);
  }
  std::printf("%-36s %10s %-12s %10s %7s  %s%s\n", "bench", "value", "unit", "floor", "ratio",
              before_.empty() ? "" : "  before   now/before  ", "target");
  bool all = true;
  for (const row& one : rows_) {
    const bool judged = counted(one) || !smoke_;
    const bool missed = judged && !ok(one);
    all = all && !missed;
    std::printf("%-36s %10s %-12s %10s %7s  ", one.bench.c_str(), number(one.value).c_str(),
                one.unit.c_str(), one.floor < 0 ? "-" : number(one.floor).c_str(),
                ratio(one) == 0 ? "-" : number(ratio(one)).c_str());
    if (!before_.empty()) {
      const double was = before(one.bench);
      std::printf("%8s   %10s  ", was == 0 ? "-" : number(was).c_str(),
                  was == 0 ? "-" : number(one.value / was).c_str());
    }
    std::printf("%s%s\n", target_text(one).c_str(), missed ? "  MISSED" : "");
  }
  for (const std::string& one : unmeasured_) std::printf("not measured: %s\n", one.c_str());
  return all;
}

}  // namespace bench

int main(int count, char** arguments) {
  bool smoke = false;
  const char* filter = "";
  const char* compare_with = nullptr;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--smoke") == 0) {
      smoke = true;
    } else if (std::strcmp(arguments[i], "--compare") == 0 && i + 1 < count) {
      compare_with = arguments[++i];
    } else if (arguments[i][0] == '-') {
      std::fprintf(stderr, "usage: %s [FILTER] [--compare FILE] [--smoke]\n", arguments[0]);
      return 2;
    } else {
      filter = arguments[i];
    }
  }
  bench::pin(0);
  bench::suite suite(smoke, 301);
  if (compare_with != nullptr && !suite.compare_with(compare_with)) {
    std::fprintf(stderr, "%s: no results of an earlier run in it\n", compare_with);
    return 2;
  }
  bool any = false;
  for (const bench::registered* one = bench::first; one != nullptr; one = one->next) {
    if (std::strstr(one->name, filter) == nullptr) continue;
    one->run(suite);
    any = true;
  }
  if (!any) {
    std::fprintf(stderr, "no benchmark has \"%s\" in its name; there are:\n", filter);
    for (const bench::registered* one = bench::first; one != nullptr; one = one->next) {
      std::fprintf(stderr, "  %s\n", one->name);
    }
    return 2;
  }
  return suite.finish() ? 0 : 1;
}
