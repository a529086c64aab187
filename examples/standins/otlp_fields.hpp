// SPDX-License-Identifier: MIT
//
// The members of one object of OTLP/JSON, read by name and type as the proto3 JSON mapping says.
// Whatever does not fit is reported, and so is every member that nobody asked for.

#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "standins/json_text.hpp"
#include "standins/otlp_model.hpp"
#include "standins/otlp_text.hpp"

namespace standins::otlp {

class fields {
 public:
  fields(std::vector<violation>& violations, const json::value& from, std::string path)
      : violations_(violations), object_(from.if_object()), path_(std::move(path)) {
    if (object_ == nullptr) report(path_, "is not an object");
  }
  fields(const fields&) = delete;
  fields& operator=(const fields&) = delete;

  ~fields() {
    if (object_ == nullptr) return;
    for (const auto& entry : *object_) {
      const std::string name(entry.key());
      if (known_.count(name) > 0) continue;
      const bool snake = known_.count(camel_case(name)) > 0;
      report(at(name), snake ? "is in snake_case" : "is an unknown field");
    }
  }

  std::string at(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  const json::value* get(const char* name) {
    known_.insert(name);
    const json::value* value = object_ != nullptr ? object_->if_contains(name) : nullptr;
    if (value != nullptr && value->is_null()) {
      report(at(name), "is null");
      return nullptr;
    }
    return value;
  }

  std::string text(const char* name) {
    const json::value* value = get(name);
    if (value == nullptr) return "";
    if (value->is_string()) return std::string(view(value->get_string()));
    report(at(name), "is not a string");
    return "";
  }

  /// A 64-bit integer, which proto3 JSON writes as a string.
  template <class Integer>
  Integer wide(const char* name) {
    const json::value* value = get(name);
    if (value == nullptr) return 0;
    if (!value->is_string()) {
      report(at(name), "is a 64-bit integer but not a string");
      if (value->is_double() || !value->is_number()) return 0;
    }
    const std::string digits =
        value->is_string() ? std::string(view(value->get_string())) : print(*value);
    const auto parsed = parse_integer<Integer>(digits);
    if (!parsed) report(at(name), "is not a decimal integer in range");
    return parsed.value_or(0);
  }

  std::uint32_t narrow(const char* name) {
    const json::value* value = get(name);
    if (value == nullptr) return 0;
    const bool fits = value->is_int64() && value->get_int64() >= 0 &&
                      value->get_int64() <= (std::numeric_limits<std::uint32_t>::max)();
    if (!fits) report(at(name), "is not an unsigned 32-bit number");
    return fits ? static_cast<std::uint32_t>(value->get_int64()) : 0;
  }

  /// -1 where something stands that is no value.
  int enumeration(const char* name, int most) {
    const json::value* value = get(name);
    if (value == nullptr) return 0;
    if (value->is_string()) report(at(name), "is an enum given as a name");
    if (value->is_int64() && value->get_int64() >= 0 && value->get_int64() <= most) {
      return static_cast<int>(value->get_int64());
    }
    if (!value->is_string()) report(at(name), "is no value of the enum");
    return -1;
  }

  template <class Read>
  std::size_t each(const char* name, Read read) {
    const json::value* value = get(name);
    if (value == nullptr) return 0;
    if (!value->is_array()) {
      report(at(name), "is not an array");
      return 0;
    }
    std::size_t index = 0;
    for (const json::value& item : value->get_array()) {
      read(item, at(name) + "[" + std::to_string(index++) + "]");
    }
    return index;
  }

 private:
  static std::string camel_case(const std::string& name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const bool joins = name[i] == '_' && i + 1 < name.size();
      const char c = joins ? name[++i] : name[i];
      out += joins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    return out;
  }

  void report(std::string path, std::string what) {
    violations_.push_back({std::move(path), std::move(what)});
  }

  std::vector<violation>& violations_;
  const json::object* object_;
  std::string path_;
  std::set<std::string> known_;
};

}  // namespace standins::otlp
