// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// The harness. A benchmark is a function of a file of its own: it sets up, hands a body and a floor
// to compare(), and reports what came out. The floor is the least that the hardware would let
// anybody do for the same work; it is measured in turns with the body, by the same clock, so that
// the ratio of the two survives a noisy machine. To add a benchmark or a peer, drop in a file:
//
//   void run(bench::suite& suite) {
//     auto cost = bench::compare(suite, [&] { return sample of the body; }, [&] { ... floor; });
//     suite.report({"peer/name", cost.value.ns, "ns", cost.floor.ns});
//   }
//   const bench::registered entry("peer/name", run);
//
// A line `// link: -lname` in it reaches the linker, `// link: -lname where name.h` when there is
// that header. A peer that may not be installed looks for its header by __has_include and says
// suite.report_missing() where there is none.

namespace bench {

inline std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// How often this thread has called malloc or one of its relatives; operator new does so too.
std::uint64_t allocations() noexcept;

/// Makes the compiler believe that `value` is read, and that all memory may be written.
template <class T>
void keep(const T& value) noexcept {
  asm volatile("" : : "g"(&value) : "memory");
}

/// Ties the calling thread to a processor: 0 is that of the measured thread, 1 another one where
/// there is one. The library never does this; measurements do.
void pin(unsigned which) noexcept;

/// A measurement that can't be made: says why and ends the program.
[[noreturn]] void fail(const char* why);

/// What one operation took.
struct sample {
  double ns = 0;
  double allocations = 0;
};

/// Times `bursts` times `size` operations, after one burst that is not timed because it finds the
/// caches as another measurement left them. What `after` does between the bursts is not timed.
template <class Operation, class After>
sample time_bursts(int bursts, int size, Operation operation, After after) {
  std::int64_t spent = 0;
  std::uint64_t allocated = 0;
  for (int b = 0; b <= bursts; ++b) {
    const std::uint64_t allocations_before = allocations();
    const std::int64_t begin = now_ns();
    for (int i = 0; i < size; ++i) operation();
    if (b != 0) spent += now_ns() - begin;
    allocated += allocations() - allocations_before;
    after();
  }
  const double operations = static_cast<double>(bursts) * size;
  return {static_cast<double>(spent) / operations, static_cast<double>(allocated) / operations};
}

/// A goal, for example {target::ratio, 1.3}: at most that. Throughput has to reach it instead.
struct target {
  enum of { none, value, ratio, over_floor };
  of what = none;
  double bound = 0;
};

/// One line of output. The ratio is computed: how many times the floor's cost this is, for a
/// throughput how many times less than the floor's.
struct row {
  std::string bench;
  double value = 0;
  std::string unit;
  double floor = -1;  ///< negative: there is none
  target goal{};
};

class suite {
 public:
  suite(bool smoke, int runs) : smoke_(smoke), runs_(smoke ? 2 : runs) {}

  /// Takes the values of an earlier run's output as "before". False when the file can't be read.
  bool compare_with(const char* path);

  int runs() const noexcept { return runs_; }
  /// `full` repetitions, or next to none in a smoke run.
  int repeat(int full) const noexcept { return smoke_ ? (std::min)(full, 2) : full; }
  bool smoke() const noexcept { return smoke_; }

  void report(row one);
  /// A peer that is not installed: shown with the Debian package that has it, and not judged.
  void report_missing(const std::string& bench, const std::string& package) {
    report_unmeasured(bench, "the package " + package + " is not installed");
  }
  /// The same for any reason.
  void report_unmeasured(const std::string& bench, const std::string& why) {
    unmeasured_.push_back(bench + ": " + why);
  }
  /// The line of a count that has to be 0.
  void report_allocations(const std::string& bench, double per_operation);

  /// True when no target was missed. Times are not judged in a smoke run.
  bool finish() const;

 private:
  double before(const std::string& bench) const;

  bool smoke_;
  int runs_;
  std::vector<row> rows_;
  std::vector<std::string> unmeasured_;
  std::vector<std::pair<std::string, double>> before_;
};

inline double median(std::vector<double> of) {
  if (of.empty()) return 0;
  const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

struct comparison {
  sample value;  ///< the median of the times, the maximum of the allocations
  sample floor;
};

/// Runs both in turns, and takes the medians. Each returns a sample that takes well under a
/// millisecond: shorter than a slice of the scheduler, so that on a busy machine most runs are
/// whole. The first ones warm up and do not count.
template <class Body, class Floor>
comparison compare(const suite& suite, Body body, Floor floor) {
  std::vector<double> values;
  std::vector<double> floors;
  comparison result;
  const int warm_up = suite.repeat(3);
  for (int i = 0; i < warm_up + suite.runs(); ++i) {
    const sample of_floor = floor();
    const sample of_body = body();
    if (i < warm_up) continue;
    values.push_back(of_body.ns);
    floors.push_back(of_floor.ns);
    result.value.allocations = (std::max)(result.value.allocations, of_body.allocations);
    result.floor.allocations = (std::max)(result.floor.allocations, of_floor.allocations);
  }
  result.value.ns = median(values);
  result.floor.ns = median(floors);
  return result;
}

/// Puts a benchmark on the list. `name` is what the filter of run.sh looks at.
struct registered {
  registered(const char* name, void (*run)(suite&));

  const char* name;
  void (*run)(suite&);
  const registered* next;
};

}  // namespace bench
