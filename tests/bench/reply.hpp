// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "bench.hpp"
#include "orcast/openrouter/impl/boost_json.hpp"
#include "workload.hpp"

// A reply of 4 KB, and the floor of reading it: Boost.JSON's parser going through the same bytes
// with a handler that does nothing.

namespace bench {

using orcast::detail::json_chars;
using orcast::detail::json_error;

/// Boost.JSON's null handler.
struct null_handler {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  bool on_document_begin(json_error&) { return true; }
  bool on_document_end(json_error&) { return true; }
  bool on_object_begin(json_error&) { return true; }
  bool on_object_end(std::size_t, json_error&) { return true; }
  bool on_array_begin(json_error&) { return true; }
  bool on_array_end(std::size_t, json_error&) { return true; }
  bool on_key_part(json_chars, std::size_t, json_error&) { return true; }
  bool on_key(json_chars, std::size_t, json_error&) { return true; }
  bool on_string_part(json_chars, std::size_t, json_error&) { return true; }
  bool on_string(json_chars, std::size_t, json_error&) { return true; }
  bool on_number_part(json_chars, json_error&) { return true; }
  bool on_int64(std::int64_t, json_chars, json_error&) { return true; }
  bool on_uint64(std::uint64_t, json_chars, json_error&) { return true; }
  bool on_double(double, json_chars, json_error&) { return true; }
  bool on_bool(bool, json_error&) { return true; }
  bool on_null(json_error&) { return true; }
  bool on_comment_part(json_chars, json_error&) { return true; }
  bool on_comment(json_chars, json_error&) { return true; }
};

class null_parser {
 public:
  void parse(const std::string& text) {
    parser_.reset();
    json_error error;
    parser_.write_some(false, text.data(), text.size(), error);
    if (error) fail("the floor's parser refuses the text");
  }

 private:
  orcast::detail::json_parser<null_handler> parser_{orcast::detail::json_options(32, true)};
};

inline std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

inline constexpr char usage[] =
    R"("usage":{"prompt_tokens":824,"completion_tokens":617,"total_tokens":1441,"cost":0.00049,)"
    R"("is_byok":false,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":)"
    R"({"reasoning_tokens":0},"cost_details":{"upstream_inference_cost":null,)"
    R"("upstream_inference_prompt_cost":0.000123,"upstream_inference_completions_cost":0.00036}})";

inline std::string reply_of_4k() {
  std::string body =
      R"({"id":"gen-1783220991-abcdefghij","object":"chat.completion",)"
      R"("created":1783220991,"model":"openai/gpt-4o-mini","provider":"OpenAI",)"
      R"("choices":[{"index":0,"finish_reason":"stop","native_finish_reason":"stop",)"
      R"("message":{"role":"assistant","content":")" +
      escaped(prose(3300)) + R"("}}],)" + usage + "}";
  return body;
}

}  // namespace bench
