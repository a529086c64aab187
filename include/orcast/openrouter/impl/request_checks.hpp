// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/impl/request_members.hpp"

// What writing a request needs at every place: where the writer is, what is wrong first, and a look
// at the JSON that the caller gave (is it JSON, of the right kind?), which is then copied as it is.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Where the writer is, and the first thing that is wrong.
class request_checks {
 public:
  /// `strict`: the first member that cannot be sent as it is ends in a failure. Otherwise text is
  /// repaired and other members are left out.
  request_checks(std::string& out, bool strict) : out_(out), size_(out.size()), strict_(strict) {}

  result<void> finish() {
    if (problem_.empty() || !strict_) return {};
    out_.resize(size_);
    return failure(errc::invalid_argument, problem_);
  }

 protected:
  void complain(std::string_view member, std::string_view about) {
    if (!problem_.empty()) return;
    problem_ = path_;
    problem_ += member;
    if (member.empty() && !problem_.empty()) problem_.pop_back();  // the dot
    problem_ += about;
  }

  /// Goes into a member, or an element of it; leave() with what was returned goes back.
  std::size_t enter(std::string_view name) {
    const std::size_t outer = path_.size();
    path_.append(name) += '.';
    return outer;
  }
  std::size_t enter(std::string_view list, std::size_t index) {
    const std::size_t outer = path_.size();
    path_.append(list) += '[';
    append_number(path_, static_cast<std::int64_t>(index));
    path_ += "].";
    return outer;
  }
  void leave(std::size_t outer) { path_.resize(outer); }

  /// Text as a JSON string.
  void put_text(std::string_view name, std::string_view value) {
    if (valid_utf8(value)) return append_json_string(out_, value);
    complain(name, " is not UTF-8");
    append_repaired_string(out_, value);
  }

  /// Looks at JSON text; false, with a complaint, when it can't be sent in that place.
  bool looks_right(std::string_view name, std::string_view json, json_shape shape) {
    if (!reader_.parse(json)) {
      complain(name, valid_utf8(json) ? " is not JSON" : " is not UTF-8");
      return false;
    }
    const json_view root = reader_.root();
    const char* problem = nullptr;
    if (shape == json_shape::object && !root.is_object()) problem = " is not an object";
    if (shape == json_shape::array && !root.is_array()) problem = " is not an array";
    if (shape == json_shape::string_or_object && !root.is_object() && !root.is_string()) {
      problem = " is neither a string nor an object";
    }
    if (problem != nullptr) complain(name, problem);
    return problem == nullptr;
  }

  /// An element of an array, which is an object that the caller gave whole.
  void json_or_null(std::string_view value) {
    if (value.empty()) {
      complain("", " has a type but no json");
    } else if (looks_right("", value, json_shape::object)) {
      out_ += value;
      return;
    }
    out_ += "null";
  }

  /// Adds the members of an object to the one under way.
  template <class Whole>
  void merge(Whole& whole, std::string_view name, std::string_view object,
             bool (*leave_out)(std::string_view) = nullptr) {
    if (object.empty() || !looks_right(name, object, json_shape::object)) return;
    const json_view root = reader_.root();
    for (const json_view member : root) {
      const std::string_view key = member.key();
      if (leave_out != nullptr && leave_out(key)) continue;
      if (whole.has(key) || root[key].key().data() != key.data()) {
        if (problem_.empty()) {
          complain(name, ".");
          problem_.append(key).append(" is set twice");
        }
        continue;
      }
      append_json(whole.key(key), member);
    }
  }

  std::string& out_;
  std::size_t size_;
  bool strict_;
  std::string path_;     // of the object under way: "messages[3]."
  std::string problem_;  // the first
  json_reader reader_{json_manners::exact, 128};
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
