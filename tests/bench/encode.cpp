// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "bench.hpp"
#include "escaper.hpp"
#include "orcast/otlp/json_encoder.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// What turning finished spans into an OTLP/JSON request costs, against copying the request; where
// most of it is escaping, against an escaper alone.

namespace {

constexpr std::string_view name = "npc turn";

/// In pieces, because glibc's longer copies stumble over some alignments.
void copy(const std::string_view from, char* to) {
  constexpr std::size_t most = 2048;
  std::size_t done = 0;
  for (; from.size() - done > most; done += most) std::memcpy(to + done, &from[done], most);
  std::memcpy(to + done, from.data() + done, from.size() - done);
}

struct goals {
  bench::target cost{};
  bench::target throughput{};
};

/// `floor(output)` does the least that there is to do for all spans, once.
template <class Fill, class Floor>
void run(bench::suite& suite, const std::string& bench, std::size_t spans, const goals& goal,
         Fill fill, Floor floor) {
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
  orcast::otlp::json_encoder encoder(options, memory.data(), memory.size());
  const auto encode = [&] {
    encoder.begin();
    for (const auto span : held) {
      if (!encoder.add(traces->ring(), span)) bench::fail("a span does not fit");
    }
    bench::keep(*encoder.finish().data());
  };
  encode();
  const std::string output(encoder.finish());
  const auto run_floor = [&] { floor(output); };

  const auto nothing = [] {};
  const int bursts = suite.repeat(2);
  const bench::comparison cost = bench::compare(
      suite, [&] { return bench::time_bursts(bursts, 1, encode, nothing); },
      [&] { return bench::time_bursts(bursts, 1, run_floor, nothing); });
  const auto count = static_cast<double>(spans);
  const auto bytes = static_cast<double>(output.size());
  suite.report({bench, cost.value.ns / count, "ns", cost.floor.ns / count, goal.cost});
  suite.report({bench + "/throughput", bytes / cost.value.ns, "GB/s", bytes / cost.floor.ns,
                goal.throughput});
  suite.report_allocations(bench, cost.value.allocations);

  for (const auto span : held) traces->give_back(span);
  traces->exported(static_cast<std::uint32_t>(spans));
}

/// The floor of most: a copy of the output.
class copier {
 public:
  void operator()(const std::string& output) {
    memory_.resize(output.size());
    copy(output, memory_.data());
    bench::keep(memory_[0]);
  }

 private:
  std::vector<char> memory_;
};

void attributes(bench::suite& suite) {
  const bench::workload work;
  run(
      suite, "encode/json/20attr", 128, {{bench::target::value, 450}, {}},
      [&](auto& into) { work.set_20(into); }, copier());
}

void prose(bench::suite& suite) {
  const bench::workload work(bench::prose);
  run(
      suite, "encode/json/llm24-prose", 32, {{}, {bench::target::value, 6}},
      [&](auto& into) { work.set_24(into); }, copier());
}

void multi_byte(bench::suite& suite) {
  const bench::workload work(bench::multi_byte);
  run(
      suite, "encode/json/utf8", 32, {{}, {bench::target::value, 4}},
      [&](auto& into) { work.set_24(into); }, copier());
}

void json_text(bench::suite& suite) {
  bench::workload work(bench::json_text);
  constexpr std::size_t spans = 32;
  // Of its own for each span, as the encoder finds it.
  std::vector<std::array<std::string, 4>> texts(spans, work.body);
  for (auto& each : texts) {
    for (std::string& text : each) text.reserve(text.size() + 16);
  }
  std::vector<char> memory(spans * 64 * 1024);
  const bench::escaper escaper;
  run(
      suite, "encode/json/llm24-jsontext", spans,
      {{bench::target::ratio, 1.3}, {bench::target::value, 2}},
      [&](auto& into) { work.set_24(into); },
      [&](const std::string&) {
        char* at = memory.data();
        for (const auto& each : texts) {
          for (const std::string& text : each) at = escaper.write(text, at);
        }
        bench::keep(*at);
      });
}

const bench::registered entries[] = {{"encode/json/20attr", attributes},
                                     {"encode/json/llm24-prose", prose},
                                     {"encode/json/llm24-jsontext", json_text},
                                     {"encode/json/utf8", multi_byte}};

}  // namespace
