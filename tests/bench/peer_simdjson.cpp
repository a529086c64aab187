// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <string_view>

#include "bench.hpp"
#include "reply.hpp"

// simdjson reading the reply of client/parse-4k: all of it into its document, and what a caller
// asks for (ids, text, tokens, cost) out of that. It makes neither a typed reply nor a span.
// Against the floor of client/parse-4k.
//
// link: -lboost_json
// link: -lsimdjson where simdjson.h

#if __has_include(<simdjson.h>)
#define BENCH_SIMDJSON
#include <simdjson.h>
#endif

namespace {

#if defined(BENCH_SIMDJSON)

void run(bench::suite& suite) {
  const std::string text = bench::reply_of_4k();
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser;
  const auto read = [&] {
    const simdjson::dom::element reply = parser.parse(padded).value_unsafe();
    const simdjson::dom::element choice = reply["choices"].at(0).value_unsafe();
    const std::string_view said = choice["message"]["content"].get_string().value_unsafe();
    const std::string_view id = reply["id"].get_string().value_unsafe();
    const std::string_view model = reply["model"].get_string().value_unsafe();
    const std::string_view finish = choice["finish_reason"].get_string().value_unsafe();
    const std::int64_t tokens = reply["usage"]["total_tokens"].get_int64().value_unsafe();
    const double cost = reply["usage"]["cost"].get_double().value_unsafe();
    if (said.size() != 3300 || id.empty() || model.empty() || finish != "stop" || tokens != 1441 ||
        cost <= 0) {
      bench::fail("simdjson reads something else");
    }
    bench::keep(said);
  };
  bench::null_parser floor;
  const int size = suite.repeat(10);
  const auto cost = bench::compare(
      suite, [&] { return bench::time_bursts(1, size, read, [] {}); },
      [&] {
        return bench::time_bursts(
            1, size, [&] { floor.parse(text); }, [] {});
      });
  suite.report({"peer/parse-4k/simdjson", cost.value.ns / 1000, "us", cost.floor.ns / 1000});
}

#else

void run(bench::suite& suite) { suite.report_missing("peer/parse-4k/simdjson", "libsimdjson-dev"); }

#endif

const bench::registered entry("peer/parse-4k/simdjson", run);

}  // namespace
