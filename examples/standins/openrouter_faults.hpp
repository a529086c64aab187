// SPDX-License-Identifier: MIT
//
// How the stand-in for OpenRouter is told to misbehave. A test fills in a `fault` or writes it as
// text; a client that is a black box sends the text itself, in the header `x-standin-fault` or as
// the model `standin/<text>`, optionally followed by a real slug: `standin/cut=80/openai/gpt-4o`.
//
// The text is a list of words, some with a value, joined by `+`: "split=1+crlf+bom". `fault_words`
// below is the dictionary.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace standins {

struct fault {
  using milliseconds = std::chrono::milliseconds;
  enum class place { none, head, body, finish, usage, done, bytes };
  /// Before the head, before the body, before the chunk with finish_reason, before the usage
  /// chunk, before [DONE], or after that many bytes of the body.
  struct point {
    place at = place::none;
    std::size_t bytes = 0;
  };

  // Another answer.
  std::string error;     ///< of error_answer(), for example "429-provider"
  int retry_after = 1;   ///< seconds, in the errors that carry a hint; -1: no hint
  std::string redirect;  ///< answer 302 with this Location
  // When the answer comes, and whether it comes to its end.
  milliseconds delay_head{0};                ///< before the status line
  milliseconds delay_body{0};                ///< between head and first byte
  std::optional<milliseconds> delay_chunks;  ///< between chunks, instead of the server's pace
  point stall;                               ///< from there on nothing, but the connection stays
  point cut;                                 ///< the connection is closed there
  point end;                                 ///< a proper end of the body, but too early
  bool reset = false;                        ///< what is cut ends with a reset
  bool short_body = false;                   ///< Content-Length promises more than comes
  bool until_close = false;                  ///< the body's end is the connection's end
  // How the bytes are laid out.
  std::size_t write_size = 0;  ///< bytes a write, each a chunk of its own; 0: an event a write
  std::string line_end = "\n";
  bool no_space = false;         ///< "data:{" instead of "data: {"
  bool bom = false;              ///< a byte order mark in front
  std::size_t comments = 0;      ///< as many keep-alive comments before the first event
  std::size_t header_bytes = 0;  ///< of an extra response header
  bool unicode = false;          ///< the text has characters of two, three and four bytes
  bool after_done = false;       ///< more bytes after [DONE]
  // What the JSON says.
  std::string stream_error;  ///< in the middle of the text; of stream_error()
  bool malformed = false;    ///< one event, or the body, is half a JSON text
  bool no_usage = false, null_usage = false;
  bool no_finish_reason = false;
  bool no_tool_id = false, no_tool_arguments = false, no_tool_index = false;

  static fault parse(std::string_view text);
};

struct fault_word {
  std::string_view word;
  void (*apply)(fault&, const std::string& value);
};

inline std::size_t fault_number(const std::string& value) {
  if (value.empty() || value.find_first_not_of("0123456789") != value.npos) {
    throw std::invalid_argument("a number is missing");
  }
  return std::strtoul(value.c_str(), nullptr, 10);
}

inline std::chrono::milliseconds fault_time(const std::string& value) {
  return std::chrono::milliseconds(fault_number(value));
}

inline fault::point fault_point(const std::string& value) {
  using place = fault::place;
  if (value.empty() || value == "head") return {place::head, 0};
  if (value == "body") return {place::body, 0};
  if (value == "finish") return {place::finish, 0};
  if (value == "usage") return {place::usage, 0};
  if (value == "done") return {place::done, 0};
  return {place::bytes, fault_number(value)};
}

inline constexpr fault_word fault_words[] = {
    {"error", [](fault& f, const std::string& v) { f.error = v; }},  // also as a bare "429"
    {"retry-after", [](fault& f, const std::string& v) { f.retry_after = std::atoi(v.c_str()); }},
    {"redirect", [](fault& f, const std::string& v) { f.redirect = v; }},
    {"delay-head", [](fault& f, const std::string& v) { f.delay_head = fault_time(v); }},
    {"delay-body", [](fault& f, const std::string& v) { f.delay_body = fault_time(v); }},
    {"delay-chunks", [](fault& f, const std::string& v) { f.delay_chunks = fault_time(v); }},
    {"stall", [](fault& f, const std::string& v) { f.stall = fault_point(v); }},
    {"cut", [](fault& f, const std::string& v) { f.cut = fault_point(v); }},
    {"end", [](fault& f, const std::string& v) { f.end = fault_point(v); }},
    {"reset", [](fault& f, const std::string&) { f.reset = true; }},
    {"short-body", [](fault& f, const std::string&) { f.short_body = true; }},
    {"until-close", [](fault& f, const std::string&) { f.until_close = true; }},
    {"split", [](fault& f, const std::string& v) { f.write_size = fault_number(v); }},
    {"crlf", [](fault& f, const std::string&) { f.line_end = "\r\n"; }},
    {"cr", [](fault& f, const std::string&) { f.line_end = "\r"; }},
    {"no-space", [](fault& f, const std::string&) { f.no_space = true; }},
    {"bom", [](fault& f, const std::string&) { f.bom = true; }},
    {"comments", [](fault& f, const std::string& v) { f.comments = fault_number(v); }},
    {"huge-header", [](fault& f, const std::string& v) { f.header_bytes = fault_number(v); }},
    {"unicode", [](fault& f, const std::string&) { f.unicode = true; }},
    {"after-done", [](fault& f, const std::string&) { f.after_done = true; }},
    {"stream-error",
     [](fault& f, const std::string& v) { f.stream_error = v.empty() ? "code" : v; }},
    {"malformed", [](fault& f, const std::string&) { f.malformed = true; }},
    {"no-usage", [](fault& f, const std::string&) { f.no_usage = true; }},
    {"null-usage", [](fault& f, const std::string&) { f.null_usage = true; }},
    {"no-finish-reason", [](fault& f, const std::string&) { f.no_finish_reason = true; }},
    {"no-tool-id", [](fault& f, const std::string&) { f.no_tool_id = true; }},
    {"no-tool-arguments", [](fault& f, const std::string&) { f.no_tool_arguments = true; }},
    {"no-tool-index", [](fault& f, const std::string&) { f.no_tool_index = true; }},
};

/// Throws std::invalid_argument, with a word to the user, when the text is not understood.
inline fault fault::parse(std::string_view text) {
  fault out;
  while (!text.empty()) {
    const std::size_t plus = text.find('+');
    const std::string_view item = text.substr(0, plus);
    text.remove_prefix(plus == text.npos ? text.size() : plus + 1);
    if (!item.empty() && item[0] >= '1' && item[0] <= '9') {
      out.error = std::string(item);
      continue;
    }
    const std::size_t equals = item.find('=');
    const std::string_view word = item.substr(0, equals);
    const std::string value(equals == item.npos ? "" : item.substr(equals + 1));
    bool known = false;
    for (const fault_word& entry : fault_words) {
      if (entry.word != word) continue;
      known = true;
      entry.apply(out, value);
    }
    if (!known) throw std::invalid_argument("unknown fault \"" + std::string(word) + "\"");
  }
  return out;
}

/// Takes `standin/<fault>[/<slug>]` apart; the model becomes the slug, or a plain one.
inline std::optional<fault> fault_of_model(std::string& model) {
  constexpr std::string_view prefix = "standin/";
  if (model.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  const std::size_t slash = model.find('/', prefix.size());
  const std::string text =
      model.substr(prefix.size(), slash == model.npos ? slash : slash - prefix.size());
  model = slash == model.npos ? "openai/gpt-4o-mini" : model.substr(slash + 1);
  return fault::parse(text);
}

}  // namespace standins
