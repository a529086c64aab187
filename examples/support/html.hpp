// SPDX-License-Identifier: MIT
//
// What a page needs to show foreign text safely: escaping for element content and quoted attribute
// values, and JSON laid out for reading. Prompts and answers are foreign text.

#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace examples {

/// Safe between tags and inside double or single quotes. Control characters that HTML forbids
/// become U+FFFD.
inline std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
        if (control) {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
      }
    }
  }
  return out;
}

namespace detail {

/// On one line, with a space after each colon and comma.
inline std::string one_line(const boost::json::value& value) {
  std::string out;
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      out += (out.empty() ? "" : ", ") + boost::json::serialize(member.key()) + ": " +
             one_line(member.value());
    }
    return "{" + out + "}";
  }
  if (value.is_array()) {
    for (const auto& element : value.get_array()) {
      out += (out.empty() ? "" : ", ") + one_line(element);
    }
    return "[" + out + "]";
  }
  return boost::json::serialize(value);
}

inline void append_pretty(const boost::json::value& value, std::size_t depth, std::string& out) {
  constexpr std::size_t comfortable_line = 56;
  std::string line = one_line(value);
  if (line.size() <= comfortable_line || value.is_primitive()) {
    out += line;
    return;
  }
  const auto new_line = [&out](std::size_t levels) { out += '\n' + std::string(levels * 2, ' '); };
  char separator = value.is_object() ? '{' : '[';
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      out += separator;
      new_line(depth + 1);
      out += boost::json::serialize(member.key()) + ": ";
      append_pretty(member.value(), depth + 1, out);
      separator = ',';
    }
  } else {
    for (const auto& element : value.get_array()) {
      out += separator;
      new_line(depth + 1);
      append_pretty(element, depth + 1, out);
      separator = ',';
    }
  }
  new_line(depth);
  out += value.is_object() ? '}' : ']';
}

}  // namespace detail

/// Objects and arrays come back indented by two spaces, short ones on one line; anything else, also
/// text that only looks like JSON, comes back as it is.
inline std::string pretty_json(std::string_view text) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error || value.is_primitive()) return std::string(text);
  std::string out;
  detail::append_pretty(value, 0, out);
  return out;
}

}  // namespace examples
