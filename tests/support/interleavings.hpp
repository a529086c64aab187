// SPDX-License-Identifier: MIT
#pragma once

#include <ucontext.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// Runs a few threads of a scenario through every interleaving of their atomic operations. The
// threads are coroutines; before each operation on a model_atomic they stop, and the explorer
// chooses who goes on. Interleavings that differ only in the order of independent operations
// (other variables, or two loads) count as one: sleep sets, after Godefroid.
//
// Beyond that, every thread carries a vector clock that follows the memory orders as they are
// written: a release hands it on, an acquire takes it over, relaxed does neither. touch(owned)
// says that a thread uses plain memory as its own, and fails where the last use by another thread
// does not happen before. So an order that is too weak is found, although the operations
// themselves are carried out one after the other.

namespace interleavings {

constexpr std::size_t most_threads = 5;  // the first one is the setup
using clock = std::array<std::uint32_t, most_threads>;

struct operation {
  const void* on = nullptr;
  bool writes = false;

  bool independent_of(const operation& other) const {
    return on != other.on || (!writes && !other.writes);
  }
};

/// Plain memory that belongs to one thread at a time.
struct owned {
  std::size_t thread = 0;
  std::uint32_t at = 0;
};

class explorer {
 public:
  static explorer*& current() {
    static explorer* one = nullptr;
    return one;
  }

  /// Per thread, apart from its stack: what the code under test keeps in a thread_local.
  std::function<std::uint32_t&()> thread_local_word;

  /// Runs `setup`, then `threads` in some interleaving, then `verify`; all of them again until
  /// there is no further interleaving. Returns how many there were; 0 after a failure.
  std::size_t run(const std::function<void()>& setup,
                  const std::vector<std::function<void()>>& threads,
                  const std::function<void()>& verify) {
    path_.clear();
    failure_.clear();
    current() = this;
    std::size_t count = 0;
    do {
      begin(setup, threads);
      if (step_through()) {
        ++count;
        for (std::size_t t = 1; t <= threads.size(); ++t) join(clocks_[0], clocks_[t]);
        running_ = 0;
        verify();
      }
    } while (failure_.empty() && backtrack());
    current() = nullptr;
    return failure_.empty() ? count : 0;
  }

  /// Empty, or what was wrong in the interleaving that failed.
  const std::string& failure() const { return failure_; }

  void expect(bool condition, const char* what) {
    if (condition || !failure_.empty()) return;
    failure_ = std::string(what) + "; the threads went:";
    for (const choice& each : path_) failure_ += ' ' + std::to_string(each.chosen);
  }

  void touch(owned& what) {
    expect(clocks_[running_][what.thread] >= what.at, "memory used by two threads, unordered");
    what = {running_, clocks_[running_][running_]};
  }

  // For model_atomic:

  void before(const operation& next) {
    if (running_ == 0) return;
    pending_[running_] = next;
    leave();
  }
  void acquire(const clock& from) { join(clocks_[running_], from); }
  clock release() {
    const clock handed_on = clocks_[running_];
    ++clocks_[running_][running_];
    return handed_on;
  }

 private:
  struct choice {
    unsigned enabled;
    unsigned sleeping;
    unsigned done;
    std::size_t chosen;
    std::array<operation, most_threads> pending;

    bool choose() {
      const unsigned left = enabled & ~sleeping & ~done;
      for (std::size_t t = 1; t < most_threads; ++t) {
        if ((left >> t & 1) == 0) continue;
        chosen = t;
        return true;
      }
      return false;
    }
    unsigned sleeping_after() const {
      unsigned out = 0;
      for (std::size_t t = 1; t < most_threads; ++t) {
        const bool candidate = ((sleeping | done) >> t & 1) != 0;
        if (candidate && pending[t].independent_of(pending[chosen])) out |= 1u << t;
      }
      return out;
    }
  };

  static void join(clock& into, const clock& from) {
    for (std::size_t i = 0; i < most_threads; ++i) {
      if (into[i] < from[i]) into[i] = from[i];
    }
  }

  void begin(const std::function<void()>& setup,
             const std::vector<std::function<void()>>& threads) {
    running_ = 0;
    clocks_ = {};
    for (std::size_t t = 0; t < most_threads; ++t) clocks_[t][t] = 1;
    if (thread_local_word) thread_local_word() = 1u << 16;
    setup();
    enabled_ = 0;
    for (std::size_t t = 1; t <= threads.size(); ++t) {
      join(clocks_[t], clocks_[0]);
      body_[t] = &threads[t - 1];
      words_[t] = static_cast<std::uint32_t>(t - 1) | 1u << 16;
      if (stacks_[t] == nullptr) stacks_[t] = std::make_unique<char[]>(stack_bytes);
      ::getcontext(&contexts_[t]);
      contexts_[t].uc_stack.ss_sp = stacks_[t].get();
      contexts_[t].uc_stack.ss_size = stack_bytes;
      contexts_[t].uc_link = nullptr;
      ::makecontext(&contexts_[t], &explorer::enter, 0);
      enabled_ |= 1u << t;
      go_on(t);  // up to its first operation
    }
  }

  /// False when this interleaving is like one that was run before.
  bool step_through() {
    for (std::size_t depth = 0; enabled_ != 0; ++depth) {
      if (depth == path_.size()) {
        const unsigned sleeping = depth == 0 ? 0 : path_.back().sleeping_after();
        choice next{enabled_, sleeping, 0, 0, pending_};
        if (!next.choose()) return false;
        path_.push_back(next);
      }
      if ((enabled_ >> path_[depth].chosen & 1) == 0) {
        expect(false, "the scenario does not do the same when it is run again");
        return true;
      }
      go_on(path_[depth].chosen);
    }
    return true;
  }

  bool backtrack() {
    while (!path_.empty()) {
      choice& last = path_.back();
      last.done |= 1u << last.chosen;
      if (last.choose()) return true;
      path_.pop_back();
    }
    return false;
  }

  void go_on(std::size_t thread) {
    running_ = thread;
    if (thread_local_word) thread_local_word() = words_[thread];
    ::swapcontext(&contexts_[0], &contexts_[thread]);
    if (thread_local_word) words_[thread] = thread_local_word();
    running_ = 0;
  }
  void leave() { ::swapcontext(&contexts_[running_], &contexts_[0]); }

  static void enter() {
    explorer& self = *current();
    (*self.body_[self.running_])();
    self.enabled_ &= ~(1u << self.running_);
    self.leave();
  }

  static constexpr std::size_t stack_bytes = 64 * 1024;

  std::vector<choice> path_;
  std::string failure_;
  std::size_t running_ = 0;
  unsigned enabled_ = 0;
  std::array<clock, most_threads> clocks_{};
  std::array<operation, most_threads> pending_{};
  std::array<std::uint32_t, most_threads> words_{};
  std::array<const std::function<void()>*, most_threads> body_{};
  std::array<std::unique_ptr<char[]>, most_threads> stacks_;
  std::array<ucontext_t, most_threads> contexts_{};
};

/// Takes the place of std::atomic in the code under test.
template <class T>
class model_atomic {
 public:
  model_atomic() = default;
  model_atomic(T value) : value_(value) {}
  model_atomic(const model_atomic&) = delete;
  model_atomic& operator=(const model_atomic&) = delete;

  T load(std::memory_order order) const {
    before(false);
    if (acquires(order)) acquire();
    return value_;
  }
  void store(T value, std::memory_order order) {
    before(true);
    value_ = value;
    released_ = releases(order) ? release() : clock{};  // a plain store begins anew
  }
  T exchange(T value, std::memory_order order) {
    return update(order, [value](T) { return value; });
  }
  T fetch_add(T value, std::memory_order order) {
    return update(order, [value](T old) { return static_cast<T>(old + value); });
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order success,
                               std::memory_order otherwise) {
    before(true);
    if (value_ != expected) {
      if (acquires(otherwise)) acquire();
      expected = value_;
      return false;
    }
    change(success, value);
    return true;
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order success,
                             std::memory_order otherwise) {
    return compare_exchange_strong(expected, value, success, otherwise);
  }

 private:
  static bool acquires(std::memory_order order) {
    return order == std::memory_order_acquire || order == std::memory_order_acq_rel;
  }
  static bool releases(std::memory_order order) {
    return order == std::memory_order_release || order == std::memory_order_acq_rel;
  }
  void before(bool writes) const {
    if (explorer* one = explorer::current()) one->before({this, writes});
  }
  void acquire() const {
    if (explorer* one = explorer::current()) one->acquire(released_);
  }
  clock release() const {
    explorer* const one = explorer::current();
    return one != nullptr ? one->release() : clock{};
  }
  template <class Change>
  T update(std::memory_order order, Change to) {
    before(true);
    const T old = value_;
    change(order, to(old));
    return old;
  }
  /// A read-modify-write goes on with the release sequence that it found.
  void change(std::memory_order order, T value) {
    if (acquires(order)) acquire();
    value_ = value;
    if (!releases(order)) return;
    const clock mine = release();
    for (std::size_t i = 0; i < most_threads; ++i) {
      if (released_[i] < mine[i]) released_[i] = mine[i];
    }
  }

  T value_{};
  clock released_{};
};

}  // namespace interleavings
