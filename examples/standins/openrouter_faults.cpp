// SPDX-License-Identifier: MIT

#include "standins/openrouter_faults.hpp"

#include <cstdlib>
#include <stdexcept>

namespace standins {

namespace {

struct fault_word {
  std::string_view word;
  void (*apply)(fault&, const std::string& value);
};

std::size_t fault_number(const std::string& value) {
  if (value.empty() || value.find_first_not_of("0123456789") != value.npos) {
    throw std::invalid_argument("a number is missing");
  }
  return std::strtoul(value.c_str(), nullptr, 10);
}

std::chrono::milliseconds fault_time(const std::string& value) {
  return std::chrono::milliseconds(fault_number(value));
}

fault::point fault_point(const std::string& value) {
  using place = fault::place;
  if (value.empty() || value == "head") return {place::head, 0};
  if (value == "body") return {place::body, 0};
  if (value == "finish") return {place::finish, 0};
  if (value == "usage") return {place::usage, 0};
  if (value == "done") return {place::done, 0};
  return {place::bytes, fault_number(value)};
}

constexpr fault_word fault_words[] = {
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

}  // namespace

fault fault::parse(std::string_view text) {
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

std::optional<fault> fault_of_model(std::string& model) {
  constexpr std::string_view prefix = "standin/";
  if (model.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  const std::size_t slash = model.find('/', prefix.size());
  const std::string text =
      model.substr(prefix.size(), slash == model.npos ? slash : slash - prefix.size());
  model = slash == model.npos ? "openai/gpt-4o-mini" : model.substr(slash + 1);
  return fault::parse(text);
}

}  // namespace standins
