// SPDX-License-Identifier: MIT
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench.hpp"
#include "orcast/otlp/json_text.hpp"
#include "workload.hpp"

// How fast others write a text of 4 KiB as a JSON string into memory that they have, against
// copying the result. Those that are not installed are said at the end of the table.
//
// link: -lboost_json
// link: -lsimdjson where simdjson.h

#if __has_include(<rapidjson/writer.h>)
#define BENCH_RAPIDJSON
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#endif
#if __has_include(<nlohmann/json.hpp>)
#define BENCH_NLOHMANN
#include <nlohmann/json.hpp>
#endif
#if __has_include(<boost/json.hpp>)
#define BENCH_BOOST_JSON
#include <boost/json/serializer.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#endif
#if __has_include(<simdjson.h>)
#define BENCH_SIMDJSON
#include <simdjson.h>
#endif

namespace {

/// `write()` returns what it has written.
template <class Write>
void run(bench::suite& suite, const std::string& bench, const std::string& expected, Write write) {
  std::string copied(expected.size(), ' ');
  if (std::string_view(write()) != expected) bench::fail((bench + " writes other text").c_str());
  const auto nothing = [] {};
  const int size = suite.repeat(10);
  const auto cost = bench::compare(
      suite,
      [&] {
        return bench::time_bursts(
            1, size, [&] { bench::keep(*write().data()); }, nothing);
      },
      [&] {
        return bench::time_bursts(
            1, size,
            [&] {
              expected.copy(copied.data(), expected.size());
              bench::keep(copied[0]);
            },
            nothing);
      });
  const auto bytes = static_cast<double>(expected.size());
  suite.report({bench, bytes / cost.value.ns, "GB/s", bytes / cost.floor.ns});
}

void all(bench::suite& suite, const std::string& kind, const std::string& text) {
  const std::string prefix = "peer/json-string/" + kind + "/";
  std::vector<char> room(6 * text.size() + 64);
  const auto orcast_writes = [&] {
    room[0] = '"';
    char* const end =
        orcast::otlp::write_escaped(text, room.data() + 1, room.data() + room.size() - 1);
    *end = '"';
    return std::string_view(room.data(), static_cast<std::size_t>(end + 1 - room.data()));
  };
  const std::string expected(orcast_writes());
  run(suite, prefix + "orcast", expected, orcast_writes);

#if defined(BENCH_RAPIDJSON)
  rapidjson::StringBuffer buffer;
  run(suite, prefix + "rapidjson", expected, [&] {
    buffer.Clear();
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    return std::string_view(buffer.GetString(), buffer.GetSize());
  });
#else
  suite.report_missing(prefix + "rapidjson", "rapidjson-dev");
#endif

#if defined(BENCH_NLOHMANN)
  const nlohmann::json value = text;
  std::string dumped;
  run(suite, prefix + "nlohmann", expected, [&] {
    dumped = value.dump();
    return std::string_view(dumped);
  });
#else
  suite.report_missing(prefix + "nlohmann", "nlohmann-json3-dev");
#endif

#if defined(BENCH_BOOST_JSON)
  const boost::json::value boxed(boost::json::string_view(text.data(), text.size()));
  boost::json::serializer serializer;
  run(suite, prefix + "boost-json", expected, [&] {
    serializer.reset(&boxed);
    const auto read = serializer.read(room.data(), room.size());
    return std::string_view(read.data(), read.size());
  });
#else
  suite.report_missing(prefix + "boost-json", "libboost-json1.81-dev");
#endif

#if defined(BENCH_SIMDJSON)
  simdjson::dom::parser parser;
  const simdjson::dom::element parsed = parser.parse(expected).value_unsafe();
  simdjson::internal::string_builder<> built;  // what simdjson::to_string() is made of
  run(suite, prefix + "simdjson", expected, [&] {
    built.clear();
    built.append(parsed);
    return built.str();
  });
#else
  suite.report_missing(prefix + "simdjson", "libsimdjson-dev");
#endif
}

void prose(bench::suite& suite) { all(suite, "prose", bench::prose(4096)); }
void json_text(bench::suite& suite) { all(suite, "jsontext", bench::json_text(4096)); }
void multi_byte(bench::suite& suite) { all(suite, "utf8", bench::multi_byte(4096)); }

const bench::registered entries[] = {{"peer/json-string/prose", prose},
                                     {"peer/json-string/jsontext", json_text},
                                     {"peer/json-string/utf8", multi_byte}};

}  // namespace
