// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>

#include "bench.hpp"
#include "orcast/trace/tracer.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// Ten million spans, and how often they allocated, took a lock or entered the kernel: counted in a
// child whose every system call is caught by a filter (seccomp), with the pthread functions that
// lock and wait replaced as allocations.cpp replaces malloc. Each count is first seen to count.

namespace {

thread_local std::uint64_t locks = 0;
volatile std::sig_atomic_t kernel_entries = 0;

/// glibc's own function of that name.
template <class Lock>
int counted(const char* name, Lock* lock) {
  ++locks;
  void* const found = ::dlsym(RTLD_NEXT, name);
  int (*real)(Lock*) = nullptr;
  static_assert(sizeof real == sizeof found);
  std::memcpy(&real, &found, sizeof real);
  return real(lock);
}

}  // namespace

extern "C" {
int pthread_mutex_lock(pthread_mutex_t* mutex) { return counted("pthread_mutex_lock", mutex); }
int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  return counted("pthread_mutex_trylock", mutex);
}
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) { return counted("pthread_rwlock_rdlock", lock); }
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) { return counted("pthread_rwlock_wrlock", lock); }
}

namespace {

struct counts {
  std::uint64_t allocations;
  std::uint64_t locks;
  std::uint64_t system_calls;
  bool complete;  ///< every span was recorded, and the counters can count
};

/// All system calls but those of the report, of the signal's return and of the end are caught.
bool catch_system_calls() {
  struct sigaction action = {};
  action.sa_handler = [](int) { kernel_entries = kernel_entries + 1; };
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return false;
  constexpr auto number = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {sizeof rules / sizeof *rules, rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// The kind of spans that a call makes: attributes, a long text, an event, a child, a status.
void record(orcast::tracer& traces, const bench::workload& work, std::string_view text) {
  orcast::span one = traces.start("npc turn");
  work.set_20(one);
  one.set("npc.name", "Mara").set("npc.mood", 0.5).set_list("npc.tags", {"night", 3});
  one.event("First Token Stream Event").status(orcast::span_status::error, "too loud");
  orcast::span_options below;
  below.parent = one.context();
  orcast::span child = traces.start("chat", below);
  child.set(bench::keys::body_0, text);
  orcast::span moved = std::move(child);
  moved.end();
  one.end();
}

counts in_child(std::uint64_t spans) {
  counts seen{};
  const auto traces = bench::make_tracer();
  const bench::workload work;
  const std::string text = bench::prose(5000);
  if (!catch_system_calls()) return seen;
  locks = 0;  // other benchmarks have run before in this process
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  ::syscall(SYS_getppid);
  const bool can_count = locks == 1 && kernel_entries == 1;
  const std::uint64_t allocations_before = bench::allocations();
  const auto entries_before = kernel_entries;
  const std::uint64_t locks_before = locks;
  for (std::uint64_t done = 0; done < spans;) {
    for (int i = 0; i < 128; ++i, done += 2) record(*traces, work, text);
    bench::drain(*traces);
  }
  seen.allocations = bench::allocations() - allocations_before;
  seen.locks = locks - locks_before;
  seen.system_calls = static_cast<std::uint64_t>(kernel_entries - entries_before);
  seen.complete = can_count && traces->stats().exported >= spans;
  return seen;
}

void run(bench::suite& suite) {
  const std::uint64_t spans = suite.smoke() ? 100'000 : 10'000'000;
  int ends[2];
  if (::pipe(ends) != 0) bench::fail("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    const counts seen = in_child(spans);
    const bool told = ::write(ends[1], &seen, sizeof seen) == sizeof seen;
    ::_exit(told ? 0 : 1);
  }
  counts seen{};
  ::close(ends[1]);
  const bool told = ::read(ends[0], &seen, sizeof seen) == sizeof seen;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!told || !seen.complete) bench::fail("span/zero: the child could not count; is seccomp off?");
  const auto report = [&](const char* what, std::uint64_t count) {
    suite.report({std::string("span/") + what + "-in-10-million",
                  static_cast<double>(count),
                  "allocations",
                  -1,
                  {bench::target::value, 0}});
  };
  report("allocations", seen.allocations);
  report("locks", seen.locks);
  report("system-calls", seen.system_calls);
}

const bench::registered entry("span/zero", run);

}  // namespace
