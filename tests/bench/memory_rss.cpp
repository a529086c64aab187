// SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>

#include "bench.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/otlp/span_exporter.hpp"
#include "polled_sink.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// How much the process grows from before the tracer is made until ten million spans have been
// recorded, encoded and posted, against what the options allow: the tracer's memory and the body of
// one batch.

namespace {

/// Resident memory in bytes, page by page (the kernel's quick counters lag behind).
double resident() {
  std::FILE* const file = std::fopen("/proc/self/smaps_rollup", "r");
  if (file == nullptr) bench::fail("/proc/self/smaps_rollup can't be read");
  char line[256];
  unsigned long kib = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "Rss: %lu kB", &kib) == 1) break;
  }
  std::fclose(file);
  return static_cast<double>(kib) * 1024;
}

void run(bench::suite& suite) {
  const bench::workload work;
  orcast::tracer_options options;
  orcast::otlp::destination to;
  to.url = "http://localhost/v1/traces";
  to.exporting.delay_ms = 0;
  bench::polled_sink sink;
  resident();
  const double before = resident();

  const auto traces = bench::make_tracer(options);
  auto made = orcast::otlp::span_exporter::make(*traces, orcast::http::any_transport(sink), to);
  if (!made) bench::fail("the exporter could not be made");
  const auto exporter = std::move(made).value();
  const std::uint64_t spans = suite.smoke() ? 100'000 : 10'000'000;
  double most = 0;
  for (std::uint64_t done = 0; done < spans;) {
    for (int i = 0; i < 500; ++i, ++done) {
      orcast::span one = traces->start("npc turn");
      if (i % 100 == 0) work.set_24(one);
      one.set(bench::keys::count_0, i);
    }
    for (int i = 0; i < 4; ++i) exporter->pump(1'000'000'000);
    if (done % 1'000'000 == 0) most = (std::max)(most, resident() - before);
  }
  exporter->flush(1'000);
  most = (std::max)(most, resident() - before);
  const orcast::trace_stats stats = traces->stats();
  if (stats.exported != spans) bench::fail("memory/rss: not all spans were exported");

  const auto budget = static_cast<double>(options.memory_bytes + to.batch_bytes);
  constexpr double mib = 1024 * 1024;
  suite.report({"memory/rss", most / mib, "MiB", budget / mib, {bench::target::over_floor, 1}});
}

const bench::registered entry("memory/rss", run);

}  // namespace
