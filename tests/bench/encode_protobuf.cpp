// SPDX-License-Identifier: MIT
#include <cstring>
#include <string>
#include <vector>

#include "bench.hpp"
#include "orcast/otlp/protobuf_encoder.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// What turning finished spans into an OTLP request in protobuf costs, against copying the request.

namespace {

constexpr std::string_view name = "npc turn";

/// In pieces, because glibc's longer copies stumble over some alignments.
void copy(const std::string_view from, char* to) {
  constexpr std::size_t most = 2048;
  std::size_t done = 0;
  for (; from.size() - done > most; done += most) std::memcpy(to + done, &from[done], most);
  std::memcpy(to + done, from.data() + done, from.size() - done);
}

template <class Fill>
void run(bench::suite& suite, const std::string& bench, std::size_t spans, Fill fill,
         const bench::target& goal = {}) {
  const auto traces = bench::make_tracer();
  std::vector<orcast::detail::block_index> held;
  for (std::size_t i = 0; i < spans; ++i) {
    orcast::span one = traces->start(name);
    fill(one);
    one.end();
    held.push_back(traces->take());
  }

  std::vector<char> memory(1024 + spans * 16 * 1024);
  orcast::otlp::encoder_options options;
  options.resource = {{"service.name", "bench"}, {"model_id", "bench"}};
  orcast::otlp::protobuf_encoder encoder(options, memory.data(), memory.size());
  const auto encode = [&] {
    encoder.begin();
    for (const auto span : held) {
      if (!encoder.add(traces->ring(), span)) bench::fail("a span does not fit");
    }
    bench::keep(*encoder.finish().data());
  };
  encode();
  const std::string output(encoder.finish());
  std::vector<char> copied(output.size());
  const auto copy_output = [&] {
    copy(output, copied.data());
    bench::keep(copied[0]);
  };

  const auto nothing = [] {};
  const int bursts = suite.repeat(2);
  const bench::comparison cost = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, 1, encode, nothing); },
      [&] { return bench::time_bursts(bursts, 1, copy_output, nothing); });
  const auto count = static_cast<double>(spans);
  const auto bytes = static_cast<double>(output.size());
  suite.report({bench, cost.value.ns / count, "ns", cost.floor.ns / count, goal});
  suite.report({bench + "/throughput", bytes / cost.value.ns, "GB/s", bytes / cost.floor.ns});
  suite.report_allocations(bench, cost.value.allocations);

  for (const auto span : held) traces->give_back(span);
  traces->exported(static_cast<std::uint32_t>(spans));
}

void attributes(bench::suite& suite) {
  const bench::workload work;
  run(suite, "encode/protobuf/20attr", 128, [&](auto& into) { work.set_20(into); },
      {bench::target::value, 250});
}

void prose(bench::suite& suite) {
  const bench::workload work(bench::prose);
  run(suite, "encode/protobuf/llm24-prose", 32, [&](auto& into) { work.set_24(into); });
}

void json_text(bench::suite& suite) {
  const bench::workload work(bench::json_text);
  run(suite, "encode/protobuf/llm24-jsontext", 32, [&](auto& into) { work.set_24(into); });
}

const bench::registered entries[] = {{"encode/protobuf/20attr", attributes},
                                     {"encode/protobuf/llm24-prose", prose},
                                     {"encode/protobuf/llm24-jsontext", json_text}};

}  // namespace
