// SPDX-License-Identifier: MIT

// What recording promises: no allocation, no lock, no system call once the tracer is made.

#include <cstdlib>
#include <new>

#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/scope.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"
#include "support/spans.hpp"

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>
#endif

namespace {
thread_local std::size_t allocations = 0;
}

// Not inlined: the compiler would see malloc() behind new, and warn of the mixture.
#if defined(__GNUC__)
#define TEST_NOINLINE [[gnu::noinline]]
#else
#define TEST_NOINLINE
#endif

TEST_NOINLINE void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
TEST_NOINLINE void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
TEST_NOINLINE void operator delete(void* memory) noexcept { std::free(memory); }
TEST_NOINLINE void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace orcast;

namespace {

void record_some(tracer& traces, int count, std::string_view text) {
  for (int i = 0; i < count; ++i) {
    span one = traces.start("chat openai/gpt-4o-mini");
    one.set(keys::llm_model_name, "openai/gpt-4o-mini").set(keys::llm_token_count_total, i);
    one.set(keys::llm_input_message_content(0), text).set(keys::llm_cost_total, decimal{"0.01"});
    one.set("npc.name", "Mara").set_list(keys::tag_tags, {"npc", "quest"});
    one.event("First Token Stream Event").status(span_status::error, "too loud");
    span_options options;
    options.parent = one.context();
    span child = traces.start("child", options);
    span moved = std::move(child);
    moved.rename("tool");
    if (i % 5 == 0) moved.discard();
    const trace_stats now = traces.stats();
    if (now.started == 0) std::abort();
  }
}

}  // namespace

TEST_CASE("recording allocates nothing, whether there is room or not") {
  auto traces = test::a_tracer();
  const std::string text(10'000, 'x');
  const std::size_t before = allocations;
  record_some(*traces, 2'000, text);  // far more than fits: growth, refills and drops included
  const std::size_t during = allocations - before;
  CHECK(during == 0);
  CHECK(traces->stats().dropped_by(drop_reason::pool_full) > 0);
  test::drain(*traces);
}

TEST_CASE("entering and leaving scopes allocates nothing") {
  const std::string_view tags[] = {"npc", "quest"};
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    scope_facts facts;
    facts.session_id = "a session with a name that fits into no small string";
    facts.metadata = R"({"quest":"the lighthouse","level":"harbour at night"})";
    facts.tags = tags;
    facts.tag_count = 2;
    const bound_scope outer(facts);
    const bound_scope inner({});
    if (scope::inherited(scope::current(), &scope_facts::session_id).empty()) std::abort();
  }
  const std::size_t during = allocations - before;
  CHECK(during == 0);
}

// A sanitizer's own runtime makes system calls, so the kernel's word counts only without one.
#if defined(__linux__) && !ORCAST_TEST_SANITIZED
TEST_CASE("recording makes no system call: the kernel kills a process that does") {
  test::fake_clock clock;  // some virtual machines read the time by a system call
  tracer_options options;
  options.host = clock.host();
  const std::string text(10'000, 'x');
  const auto in_strict_child = [&](bool break_the_rule) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto traces = test::a_tracer(options);
      if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) ::_exit(3);
      record_some(*traces, 2'000, text);
      if (break_the_rule) ::syscall(SYS_getppid);
      ::syscall(SYS_exit, 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  };
  const int kept = in_strict_child(false);
  if (WIFEXITED(kept) && WEXITSTATUS(kept) == 3) {
    WARN("skipped: this kernel or container does not allow seccomp");
    return;
  }
  CHECK(WIFEXITED(kept));
  CHECK(WEXITSTATUS(kept) == 0);
  const int broken = in_strict_child(true);
  CHECK(WIFSIGNALED(broken));  // the check can fail
}
#endif
