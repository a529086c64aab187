// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/response_format.hpp"

#include "orcast/detail/third_party_begin.hpp"
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11/algorithm.hpp>
#include "orcast/detail/third_party_end.hpp"

// Answers in the types of the host: a struct that Boost.Describe knows is at once the schema that
// the model keeps to and what its answer is read into.
//
//   struct npc_line {
//     std::string text;
//     std::optional<int> price;
//   };
//   BOOST_DESCRIBE_STRUCT(npc_line, (), (text, price))
//
//   request.response_format = format_of<npc_line>("npc_line");
//   result<npc_line> line = parse_answer<npc_line>(*reply);
//
// A member may be bool, a number, a string, an enum (BOOST_DESCRIBE_ENUM), a struct like this, a
// boost::json::value, and a vector, a map by strings or an optional of those. This header brings
// Boost.JSON with it, which is why orcast/orcast.hpp does not include it. clang with -Wpedantic
// before C++20 wants -Wno-gnu-zero-variadic-macro-arguments for Boost.Describe's macros.

namespace orcast {
inline namespace v0 {
namespace structured {

template <class T>
inline constexpr bool is_struct = boost::describe::has_describe_members<T>::value;
template <class T>
inline constexpr bool is_enum = boost::describe::has_describe_enumerators<T>::value;
template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_public |
                                                            boost::describe::mod_inherited>;

/// Without specialisation: bool, numbers, strings, described enums and structs.
template <class T>
struct type {
  static_assert(is_struct<T> || is_enum<T> || std::is_arithmetic_v<T> ||
                    std::is_same_v<T, std::string>,
                "describe the type with BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_ENUM");

  static boost::json::value schema() {
    boost::json::object made;
    if constexpr (std::is_same_v<T, bool>) {
      made["type"] = "boolean";
    } else if constexpr (std::is_integral_v<T>) {
      made["type"] = "integer";
    } else if constexpr (std::is_floating_point_v<T>) {
      made["type"] = "number";
    } else if constexpr (is_struct<T>) {
      made["type"] = "object";
      boost::json::object properties;
      boost::json::array required;
      boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
        using place = std::decay_t<decltype(std::declval<T&>().*member.pointer)>;
        properties[member.name] = type<place>::schema();
        required.emplace_back(member.name);
      });
      made["properties"] = std::move(properties);
      made["required"] = std::move(required);
      made["additionalProperties"] = false;
    } else {
      made["type"] = "string";
      if constexpr (is_enum<T>) {
        boost::json::array names;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
            [&](auto each) { names.emplace_back(each.name); });
        made["enum"] = std::move(names);
      }
    }
    return made;
  }

  /// Reads a value; otherwise says where (`path`) what is wrong.
  static std::string read(const boost::json::value& from, const std::string& path, T& to) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!from.is_bool()) return path + " is not true or false";
      to = from.get_bool();
    } else if constexpr (std::is_integral_v<T>) {
      return read_integer(from, path, to);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!from.is_number()) return path + " is not a number";
      to = from.is_double()  ? static_cast<T>(from.get_double())
           : from.is_int64() ? static_cast<T>(from.get_int64())
                             : static_cast<T>(from.get_uint64());
    } else if constexpr (is_struct<T>) {
      return read_struct(from, path, to);
    } else {
      if (!from.is_string()) return path + " is not a string";
      const boost::json::string& text = from.get_string();
      if constexpr (is_enum<T>) {
        bool found = false;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto each) {
          if (std::string_view(text.data(), text.size()) != each.name) return;
          to = each.value;
          found = true;
        });
        if (!found) return path + " is none of the words that it may be";
      } else {
        to.assign(text.data(), text.size());
      }
    }
    return {};
  }

 private:
  static std::string read_integer(const boost::json::value& from, const std::string& path, T& to) {
    if (!from.is_number()) return path + " is not a number";
    constexpr auto least = (std::numeric_limits<T>::min)();
    constexpr auto most = (std::numeric_limits<T>::max)();
    bool fits = false;
    if (from.is_int64()) {
      const std::int64_t number = from.get_int64();
      fits = number < 0 ? std::is_signed_v<T> && number >= static_cast<std::int64_t>(least)
                        : static_cast<std::uint64_t>(number) <= static_cast<std::uint64_t>(most);
      if (fits) to = static_cast<T>(number);
    } else if (from.is_uint64()) {
      fits = from.get_uint64() <= static_cast<std::uint64_t>(most);
      if (fits) to = static_cast<T>(from.get_uint64());
    } else {
      const double number = from.get_double();  // 3.0 is what some models write for 3
      const double above = static_cast<double>(most / 2 + 1) * 2;
      if (!(number >= static_cast<double>(least) && number < above)) {
        return path + " is too large or too small";
      }
      to = static_cast<T>(number);
      fits = static_cast<double>(to) == number;
      if (!fits) return path + " is not a whole number";
    }
    return fits ? std::string() : path + " is too large or too small";
  }

  static std::string read_struct(const boost::json::value& from, const std::string& path, T& to) {
    if (!from.is_object()) return path + " is not an object";
    std::string wrong;
    boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
      if (!wrong.empty()) return;
      auto& place = to.*member.pointer;
      using place_type = std::decay_t<decltype(place)>;
      const std::string inner = path + "." + member.name;
      const boost::json::value* found = from.get_object().if_contains(member.name);
      if (found != nullptr) {
        wrong = type<place_type>::read(*found, inner, place);
      } else {  // what may be null may be missing
        wrong = type<place_type>::read(boost::json::value(), inner, place);
        if (!wrong.empty()) wrong = inner + " is missing";
      }
    });
    return wrong;
  }
};

template <>
struct type<boost::json::value> {
  static boost::json::value schema() { return boost::json::object(); }
  static std::string read(const boost::json::value& from, const std::string&,
                          boost::json::value& to) {
    to = from;
    return {};
  }
};

template <class T>
struct type<std::optional<T>> {
  static boost::json::value schema() {
    const boost::json::object null = {{"type", "null"}};
    return boost::json::object{{"anyOf", boost::json::array{type<T>::schema(), null}}};
  }
  static std::string read(const boost::json::value& from, const std::string& path,
                          std::optional<T>& to) {
    to.reset();
    return from.is_null() ? std::string() : type<T>::read(from, path, to.emplace());
  }
};

template <class T>
struct type<std::vector<T>> {
  static boost::json::value schema() {
    return boost::json::object{{"type", "array"}, {"items", type<T>::schema()}};
  }
  static std::string read(const boost::json::value& from, const std::string& path,
                          std::vector<T>& to) {
    if (!from.is_array()) return path + " is not an array";
    to.clear();
    for (const boost::json::value& each : from.get_array()) {
      T element{};
      std::string wrong =
          type<T>::read(each, path + "[" + std::to_string(to.size()) + "]", element);
      if (!wrong.empty()) return wrong;
      to.push_back(std::move(element));
    }
    return {};
  }
};

template <class T>
struct type<std::map<std::string, T>> {
  static boost::json::value schema() {
    return boost::json::object{{"type", "object"}, {"additionalProperties", type<T>::schema()}};
  }
  static std::string read(const boost::json::value& from, const std::string& path,
                          std::map<std::string, T>& to) {
    if (!from.is_object()) return path + " is not an object";
    to.clear();
    for (const auto& each : from.get_object()) {
      const std::string key(each.key().data(), each.key().size());
      std::string wrong = type<T>::read(each.value(), path + "." + key, to[key]);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }
};

/// Some models put their JSON into a block of Markdown.
inline std::string_view without_fence(std::string_view text) noexcept {
  const auto trim = [](std::string_view whole) {
    const std::size_t first = whole.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return std::string_view();
    return whole.substr(first, whole.find_last_not_of(" \t\r\n") - first + 1);
  };
  text = trim(text);
  constexpr std::string_view fence = "```";
  if (text.substr(0, 3) != fence || text.size() < 6 || text.substr(text.size() - 3) != fence) {
    return text;
  }
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return text;
  return trim(text.substr(line + 1, text.size() - 3 - line - 1));
}

}  // namespace structured

/// The JSON Schema of a type, fit for strict mode.
template <class T>
json_text schema_of() {
  return boost::json::serialize(structured::type<T>::schema());
}

/// For chat_request::response_format: an answer of that type and no other.
template <class T>
response_format format_of(std::string name) {
  return response_format::json_schema(std::move(name), schema_of<T>());
}

/// The text of an answer as JSON. Fails with malformed_response, saying why there is none.
inline result<boost::json::value> parse_answer(const chat_reply& reply) {
  const auto refuse = [](std::string why) {
    return failure(errc::malformed_response, std::move(why));
  };
  const std::string_view text = structured::without_fence(reply.text());
  const bool cut = reply.finish_reason() == "length";
  if (text.empty()) {
    const bool refused = !reply.choices.empty() && !reply.choices.front().reply.refusal.empty();
    if (refused) return refuse("the model refused to answer");
    if (!reply.tool_calls().empty()) return refuse("the model called a tool instead of answering");
    return refuse(cut ? "the answer was cut off before it began: raise max_completion_tokens"
                      : "the answer is empty");
  }
  boost::json::error_code failed;
  boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), failed);
  if (!failed) return value;
  if (cut) return refuse("the answer was cut off: raise max_completion_tokens");
  return refuse("the answer is not JSON: " + failed.message());
}

/// The answer in a type of the host's. Fails like parse_answer(), and with malformed_response when
/// the JSON does not fit the type: "answer.gifts[2] is not a string". Members that the type does
/// not have are let through.
template <class T>
result<T> parse_answer(const chat_reply& reply) {
  result<boost::json::value> value = parse_answer(reply);
  if (!value) return value.error();
  T made{};
  std::string wrong = structured::type<T>::read(*value, "answer", made);
  if (!wrong.empty()) return failure(errc::malformed_response, std::move(wrong));
  return made;
}

}  // namespace v0
}  // namespace orcast
