// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "orcast/openrouter/impl/json_reader.hpp"

// Writes JSON straight into a string. Members appear in the order of the calls, so equal calls give
// equal bytes.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Appends text that may hold broken characters as a JSON string.
inline void append_repaired_string(std::string& out, std::string_view text) {
  if (valid_utf8(text)) return append_json_string(out, text);
  std::string whole;
  text_gate gate;
  gate.push(text, whole);
  gate.finish(whole);
  append_json_string(out, whole);
}

/// Appends what was read, without white space and with numbers as they were.
inline void append_json(std::string& out, json_view value) {
  switch (value.kind()) {
    case json_kind::none:
    case json_kind::null:
      out += "null";
      return;
    case json_kind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case json_kind::integer:
    case json_kind::real:
      out += value.text();
      return;
    case json_kind::string:
      append_repaired_string(out, value.text());
      return;
    case json_kind::array:
    case json_kind::object:
      break;
  }
  const bool object = value.is_object();
  char before = object ? '{' : '[';
  if (value.empty()) out += before;
  for (const json_view each : value) {
    out += before;
    before = ',';
    if (object) {
      append_repaired_string(out, each.key());
      out += ':';
    }
    append_json(out, each);
  }
  out += object ? '}' : ']';
}

inline std::string to_json(json_view value) {
  std::string json;
  append_json(json, value);
  return json;
}

inline void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const std::to_chars_result done = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, done.ptr);
}

/// The shortest text that gives the same double again. `value` is finite.
inline void append_number(std::string& out, double value) {
  char digits[40];
  const std::to_chars_result done = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, done.ptr);
}

/// One object under way. Between the first call and close() others may append to `out` only what
/// belongs after key(). has() remembers the first `Names` names.
template <std::size_t Names>
class basic_object_writer {
 public:
  explicit basic_object_writer(std::string& out) : out_(out) { out_ += '{'; }

  /// `name` must outlive the writer, so that has() can tell.
  std::string& key(std::string_view name) {
    if (members_ != 0) out_ += ',';
    if (members_ < sizeof names_ / sizeof *names_) names_[members_] = name;
    ++members_;
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void text_if(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void json(std::string_view name, std::string_view value) { key(name) += value; }
  void json_if(std::string_view name, std::string_view value) {
    if (!value.empty()) json(name, value);
  }
  void number(std::string_view name, std::int64_t value) { append_number(key(name), value); }
  void null(std::string_view name) { key(name) += "null"; }

  /// Whether one of the first members, as many as orcast's own types have, is called that.
  bool has(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < members_ && i < sizeof names_ / sizeof *names_; ++i) {
      if (names_[i] == name) return true;
    }
    return false;
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  std::size_t members_ = 0;
  std::string_view names_[Names];
};

using object_writer = basic_object_writer<24>;
/// For the object with the most members, a request.
using wide_object_writer = basic_object_writer<64>;

}  // namespace detail
}  // namespace v0
}  // namespace orcast
