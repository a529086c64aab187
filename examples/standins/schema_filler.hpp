// SPDX-License-Identifier: MIT
//
// Makes a value that fits a JSON schema out of the words of a sentence: the arguments of a tool
// call, or an answer whose format the request prescribes.

#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "standins/json_text.hpp"
#include "standins/text.hpp"

namespace standins {

class schema_filler {
 public:
  /// `known` are words to avoid, such as those of the tool's own name.
  schema_filler(std::string_view text, const std::vector<std::string>& known) : text_(text) {
    std::vector<std::string> later;
    for (std::string& subject : subjects(text)) {
      (contains(known, stem(subject)) ? later : candidates_).push_back(std::move(subject));
    }
    candidates_.insert(candidates_.end(), later.begin(), later.end());
    for (const std::string& word : words(text)) {
      if (number_.empty() && is_digit(word[0])) number_ = word;
    }
  }

  json::value fill(const json::value& schema, const std::string& name) {
    if (const json::value* fixed = member(schema, "const")) return *fixed;
    for (const char* choice : {"anyOf", "oneOf"}) {
      const json::value* list = member(schema, choice);
      if (list != nullptr && list->is_array() && !list->get_array().empty()) {
        return fill(list->get_array().front(), name);
      }
    }
    const json::value* list = member(schema, "enum");
    if (list != nullptr && list->is_array() && !list->get_array().empty()) {
      const json::value* mentioned = mentioned_of(list->get_array());
      return mentioned != nullptr ? *mentioned : list->get_array().front();
    }
    const std::string type = type_of(schema);
    if (type == "integer" || type == "number") return number();
    if (type == "boolean") return true;
    if (type == "null") return nullptr;
    if (type == "object") return object(schema);
    if (type == "array") {
      const json::value* items = member(schema, "items");
      return json::array{items != nullptr ? fill(*items, name) : json::value(string(name))};
    }
    return json::value(string(name));
  }

 private:
  static std::string type_of(const json::value& schema) {
    const json::value* type = member(schema, "type");
    if (type != nullptr && type->is_array()) {
      for (const json::value& one : type->get_array()) {
        if (one.is_string() && view(one.get_string()) != "null")
          return std::string(view(one.get_string()));
      }
    }
    const std::string named = text_member(schema, "type");
    return named.empty() && member(schema, "properties") != nullptr ? "object" : named;
  }

  /// What is required, and what the text gives a value for; everything where nothing is required.
  json::object object(const json::value& schema) {
    json::object out;
    const json::value* properties = member(schema, "properties");
    if (properties == nullptr || !properties->is_object()) return out;
    const json::value* required = member(schema, "required");
    const bool all = required == nullptr || !required->is_array() || required->get_array().empty();
    for (const auto& entry : properties->get_object()) {
      const std::string name(entry.key());
      if (all || is_listed(required->get_array(), name) || is_given(entry.value())) {
        out[name] = fill(entry.value(), name);
      }
    }
    return out;
  }

  static bool is_listed(const json::array& list, std::string_view name) {
    for (const json::value& one : list) {
      if (one.is_string() && view(one.get_string()) == name) return true;
    }
    return false;
  }

  bool is_given(const json::value& schema) const {
    const json::value* list = member(schema, "enum");
    if (list != nullptr && list->is_array()) return mentioned_of(list->get_array()) != nullptr;
    const std::string type = type_of(schema);
    return (type == "integer" || type == "number") && !number_.empty();
  }

  const json::value* mentioned_of(const json::array& list) const {
    for (const json::value& one : list) {
      if (one.is_string() && mentions(text_, view(one.get_string()))) return &one;
    }
    return nullptr;
  }

  json::value number() const {
    return number_.empty() ? json::value(1)
                           : json::value(std::strtoll(number_.c_str(), nullptr, 10));
  }

  /// A new subject for each string, as long as there are any.
  std::string string(const std::string& name) {
    if (candidates_.empty()) return name;
    const std::string found = candidates_[next_];
    if (next_ + 1 < candidates_.size()) ++next_;
    return found;
  }

  std::string text_, number_;
  std::vector<std::string> candidates_;
  std::size_t next_ = 0;
};

}  // namespace standins
