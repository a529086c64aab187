// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core_share.hpp"

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

/// The value that the share `which` of all does not exceed; 0 when there is none.
inline double quantile(std::vector<double> of, double which) {
  if (of.empty()) return 0;
  const auto rank = static_cast<std::size_t>(which * static_cast<double>(of.size()));
  const auto at = of.begin() + static_cast<std::ptrdiff_t>((std::min)(rank, of.size() - 1));
  std::nth_element(of.begin(), at, of.end());
  return *at;
}
inline double median(std::vector<double> of) { return quantile(std::move(of), 0.5); }

/// What one side of a comparison took. Samples during which somebody else was at work on the core
/// are left out, unless too few remain for a median.
class samples {
 public:
  void add(const sample& one, bool whole_core) {
    all_.push_back(one.ns);
    if (whole_core) undisturbed_.push_back(one.ns);
    allocations_ = (std::max)(allocations_, one.allocations);
  }
  std::size_t size() const noexcept { return all_.size(); }
  std::size_t undisturbed() const noexcept { return undisturbed_.size(); }
  std::size_t left_out() const noexcept { return all_.size() - chosen().size(); }
  /// The median of the times, the maximum of the allocations.
  sample result() const { return {quantile(0.5), allocations_}; }
  double quantile(double which) const { return bench::quantile(chosen(), which); }

 private:
  const std::vector<double>& chosen() const noexcept {
    constexpr std::size_t fewest = 9;
    return undisturbed_.size() < fewest ? all_ : undisturbed_;
  }

  std::vector<double> all_;
  std::vector<double> undisturbed_;
  double allocations_ = 0;
};

class suite {
 public:
  suite(bool smoke, int runs) : smoke_(smoke), runs_(smoke ? 2 : runs) {
    if (!smoke) core_.learn(std::chrono::milliseconds(500));
  }

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

  core_share& core() noexcept { return core_; }
  /// How long a comparison may wait for others to leave the core.
  std::chrono::seconds patience() const noexcept { return std::chrono::seconds(smoke_ ? 0 : 4); }
  void count(const samples& some) noexcept {
    samples_ += some.size();
    left_out_ += some.left_out();
  }

  /// True when no target was missed. Times are not judged in a smoke run.
  bool finish() const;

 private:
  double before(const std::string& bench) const;

  bool smoke_;
  int runs_;
  core_share core_;
  std::size_t samples_ = 0;
  std::size_t left_out_ = 0;
  std::vector<row> rows_;
  std::vector<std::string> unmeasured_;
  std::vector<std::pair<std::string, double>> before_;
};

struct comparison {
  sample value;
  sample floor;
};

/// Takes samples of both in turns. Each returns one that takes well under a millisecond: shorter
/// than a slice of the scheduler, so that on a busy machine most are whole. The first ones warm up
/// and do not count. It waits for others to leave the core, and repeats what they have disturbed,
/// for some seconds at most.
template <class Body, class Floor>
comparison compare(suite& suite, Body body, Floor floor) {
  for (int i = suite.repeat(3); i > 0; --i) {
    static_cast<void>(floor());
    static_cast<void>(body());
  }
  samples values;
  samples floors;
  const auto enough = static_cast<std::size_t>(suite.runs());
  core_share& core = suite.core();
  const auto until = core_share::clock::now() + suite.patience();
  const auto take = [&](auto& from, samples& into) {
    const bool whole = core.wait_until_whole(until);
    const sample one = from();
    into.add(one, core.whole() && whole);
  };
  for (int revisions = core.revisions();
       values.size() < enough || ((std::min)(values.undisturbed(), floors.undisturbed()) < enough &&
                                  core_share::clock::now() < until);) {
    if (revisions != core.revisions()) {
      revisions = core.revisions();
      values = floors = {};
    }
    take(floor, floors);
    take(body, values);
  }
  suite.count(values);
  suite.count(floors);
  return {values.result(), floors.result()};
}

/// Samples of one operation for quantiles, one after the other, until `count` are undisturbed or
/// patience is at its end. It does not wait for others to leave the core: the next sample would
/// find the caches as they have left them.
template <class Operation>
samples sample_each(suite& suite, int count, Operation operation) {
  samples taken;
  const auto enough = static_cast<std::size_t>(count);
  const auto until = core_share::clock::now() + suite.patience();
  bool whole = false;
  while (taken.size() < enough ||
         (taken.undisturbed() < enough && core_share::clock::now() < until)) {
    const bool before = whole;
    const sample one = operation();
    whole = suite.core().whole();
    taken.add(one, before && whole);
  }
  suite.count(taken);
  return taken;
}

/// Puts a benchmark on the list. `name` is what the filter of run.sh looks at.
struct registered {
  registered(const char* name, void (*run)(suite&));

  const char* name;
  void (*run)(suite&);
  const registered* next;
};

}  // namespace bench
