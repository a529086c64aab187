// SPDX-License-Identifier: MIT

// A host that has given ORCAST_ASSERT a body hears of its own mistakes, and of nothing else: a
// child of fork() may destroy what it has inherited while its parent's spans are on their way.

void broken_rule() noexcept;
#define ORCAST_ASSERT(condition) ((condition) ? static_cast<void>(0) : broken_rule())

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <new>
#include <utility>

#include "orcast/http/fake_transport.hpp"
#include "orcast/otlp/span_exporter.hpp"
#include "orcast/trace/make_tracer.hpp"

namespace http = orcast::http;
namespace otlp = orcast::otlp;

static int broken = 0;
void broken_rule() noexcept { ++broken; }

static bool check(const char* what, bool holds) {
  if (!holds) std::printf("not so: %s\n", what);
  return holds;
}

int main() {
  bool fine = true;
  {
    auto tracer = std::move(orcast::make_tracer({}).value());
    orcast::span open = tracer->start("open");
    tracer.reset();
    fine &= check("a tracer that goes before its span is a mistake", broken == 1);
    alignas(orcast::span) static unsigned char kept[sizeof(orcast::span)];
    new (kept) orcast::span(std::move(open));  // it must not end any more
  }
  broken = 0;
  http::fake_transport fake;
  fake.reply(http::fake_reply().hold().head(200).data("{}"));
  auto tracer = std::move(orcast::make_tracer({}).value());
  otlp::destination to;
  to.url = "https://otlp.example.com/v1/traces";
  auto exporter =
      std::move(otlp::span_exporter::make(*tracer, http::any_transport(fake), to).value());
  tracer->start("sent").end();
  fine &= check("no answer, no success", !exporter->flush(1));
  fine &= check("a batch is under way", fake.in_flight() == 1);
  const pid_t child = fork();
  if (child == 0) {
    exporter.reset();
    tracer.reset();
    _exit(broken);
  }
  int status = -1;
  fine &= check("a child's end", waitpid(child, &status, 0) == child && WIFEXITED(status));
  fine &= check("a child that lets go of its parent's spans", WEXITSTATUS(status) == 0);
  fake.release_all();
  fine &= check("the parent's go out", exporter->flush(10'000) && tracer->stats().exported == 1);
  exporter.reset();
  tracer.reset();
  fine &= check("all rules were kept", broken == 0);
  return fine ? 0 : 1;
}
