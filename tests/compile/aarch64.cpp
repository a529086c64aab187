// SPDX-License-Identifier: MIT

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/protobuf_encoder.hpp"
#include "orcast/trace/make_tracer.hpp"

// What is written with the vectors of an AArch64 processor is what is written without: escaped
// text, copied text, and the requests that one span makes. The tests of otlp/ hold the portable way
// against the standards; here the two are held against each other, in a program that needs nothing
// but the C++ library and so runs in an emulator.

namespace otlp = orcast::otlp;
using otlp::detail::native_block;
using otlp::detail::portable_block;

namespace {

static_assert(!std::is_same_v<native_block, portable_block>, "the vectors are not used");

constexpr orcast::key name{"llm.model_name"};
constexpr orcast::key content{"llm.input_messages.#.message.content"};
constexpr orcast::key count{"llm.token_count.prompt"};

std::uint32_t random() {
  static std::uint32_t state = 12345;
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

/// Prose, JSON, several scripts, or anything at all.
std::string text(std::size_t size, unsigned kind) {
  constexpr std::string_view pieces[] = {"word ",
                                         "\"",
                                         "\\n\n",
                                         "\xC3\xA9",
                                         "\xE6\x97\xA5",
                                         "\xED\x95\x9C",
                                         "\xF0\x9F\x98\x80",
                                         "\xED\xA0\x80",
                                         "\xE0\x80\x80",
                                         "\xF4\x90\x80\x80"};
  constexpr unsigned kinds[] = {1, 3, 7, 10};
  std::string out;
  while (out.size() < size) {
    if (kind == 4) {
      out += static_cast<char>(random());
    } else {
      out += pieces[random() % kinds[kind]];
    }
  }
  out.resize(size);  // the last character may be cut
  return out;
}

template <class Block>
std::string escaped(const std::string& in) {
  const std::size_t room = 6 * in.size() + 8 * 64;
  const std::unique_ptr<char[]> memory(new char[room]);
  char* const end = otlp::detail::escape<Block>(in, memory.get(), memory.get() + room);
  return end == nullptr ? "does not fit" : std::string(memory.get(), end);
}

template <class Block>
std::string copied(const std::string& in) {
  std::string out(in.size(), '?');
  const bool ascii = otlp::detail::copy_ascii<Block>(out.data(), in.data(), in.size());
  return out + (ascii ? " ascii" : " more");
}

bool differ(const char* what, const std::string& vectors, const std::string& plain) {
  if (vectors == plain) return false;
  std::printf("%s: with vectors\n%s\nwithout\n%s\n", what, vectors.c_str(), plain.c_str());
  return true;
}

bool contains(std::string_view request, std::string_view part) {
  if (request.find(part) != request.npos) return true;
  std::printf("%.*s is not in the request\n", static_cast<int>(part.size()), part.data());
  return false;
}

}  // namespace

int main() {
  unsigned texts = 0;
  for (std::size_t size = 0; size < 400; ++size) {
    for (unsigned kind = 0; kind < 5; ++kind, ++texts) {
      const std::string in = text(size, kind);
      if (differ("escaped", escaped<native_block>(in), escaped<portable_block>(in))) return 1;
      if (differ("copied", copied<native_block>(in), copied<portable_block>(in))) return 1;
    }
  }

  const auto made = orcast::make_tracer({});
  if (!made) return 1;
  orcast::tracer& traces = *made.value();
  const std::string spoken = text(5000, 2);
  traces.start("turn").set(name, "gpt-4o").set(count, 1234).set(content(3), spoken).end();
  const auto taken = traces.take();
  std::vector<char> memory(64 * 1024);
  otlp::json_encoder json({}, memory.data(), memory.size());
  if (!json.add(traces.ring(), taken)) return 1;
  if (!contains(json.finish(), R"({"key":"llm.token_count.prompt","value":{"intValue":"1234"}})") ||
      !contains(json.finish(), escaped<portable_block>(spoken))) {
    return 1;
  }
  otlp::protobuf_encoder protobuf({}, memory.data(), memory.size());
  if (!protobuf.add(traces.ring(), taken)) return 1;
  std::string valid;
  orcast::append_valid_utf8(valid, spoken);
  if (!contains(protobuf.finish(), valid) ||
      !contains(protobuf.finish(), "\x4a\x1d\x0a\x16llm.token_count.prompt\x12\x03\x18\xd2\x09")) {
    return 1;
  }
  traces.give_back(taken);
  traces.exported(1);
  std::printf("%u texts, and a span in both formats\n", texts);
  return 0;
}
