// SPDX-License-Identifier: MIT
//
// JSON as OpenRouter prints it: Boost.JSON writes 2.25E-5, OpenRouter 0.0000225. Plus the few
// look-ups that every stand-in needs.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace standins {

namespace json = boost::json;

/// The shortest decimal text that reads back as the same double, without an exponent.
inline std::string decimal(double value) {
  char text[40];
  for (int digits = 0; digits < 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*e", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  std::string digits;
  const char* const exponent = std::strchr(text, 'e');
  if (exponent == nullptr) return "null";  // not a number, or infinite
  for (const char* c = text; c != exponent; ++c) {
    if (*c >= '0' && *c <= '9') digits += *c;
  }
  const int point = std::atoi(exponent + 1) + 1;  // where it stands, counted from the first digit
  const auto length = static_cast<int>(digits.size());
  if (point <= 0) {
    digits = "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else if (point >= length) {
    digits += std::string(static_cast<std::size_t>(point - length), '0');
  } else {
    digits.insert(static_cast<std::size_t>(point), ".");
  }
  return (text[0] == '-' ? "-" : "") + (value == 0 ? std::string("0") : digits);
}

inline std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

inline std::string print(const json::value& value) {
  std::string out;
  const char* separator = "";
  if (const json::object* object = value.if_object()) {
    out = "{";
    for (const auto& member : *object) {
      const json::string_view key = member.key();
      out += separator + json::serialize(json::string(key)) + ":" + print(member.value());
      separator = ",";
    }
    return out + "}";
  }
  if (const json::array* array = value.if_array()) {
    out = "[";
    for (const json::value& item : *array) {
      out += separator + print(item);
      separator = ",";
    }
    return out + "]";
  }
  return value.is_double() ? decimal(value.get_double()) : json::serialize(value);
}

/// A member of an object; null when the value is no object or has no such member.
inline const json::value* member(const json::value& from, std::string_view name) {
  const json::object* object = from.if_object();
  return object != nullptr ? object->if_contains(name) : nullptr;
}

/// A string member's text; empty when there is none.
inline std::string text_member(const json::value& from, std::string_view name) {
  const json::value* found = member(from, name);
  return found != nullptr && found->is_string() ? std::string(view(found->get_string())) : "";
}

inline bool is_true(const json::value& from, std::string_view name) {
  const json::value* found = member(from, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

}  // namespace standins
