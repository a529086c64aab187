// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "orcast/openrouter/impl/json_list.hpp"

// Reads one JSON text into a flat list of values, which is then looked at through json_view.
// Strings and numbers are views of the text itself, so that a price is read as it was written; only
// strings with escapes are copied. A reader that is used again allocates nothing once it is warm.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What stands for a value that is not there.
inline constexpr json_value no_json_value{};

/// Whether `name` is that literal. Of a length that the compiler knows, so without a call.
template <std::size_t N>
bool is(std::string_view name, const char (&literal)[N]) noexcept {
  return name.size() == N - 1 && std::memcmp(name.data(), literal, N - 1) == 0;
}

/// One value, or none: what is not there can be asked for everything and answers with nothing.
class json_view {
 public:
  class iterator;

  json_view() = default;
  explicit json_view(const json_value& value) noexcept : value_(&value) {}

  json_kind kind() const noexcept { return value_->kind; }
  bool exists() const noexcept { return kind() != json_kind::none; }
  bool is_string() const noexcept { return kind() == json_kind::string; }
  bool is_array() const noexcept { return kind() == json_kind::array; }
  bool is_object() const noexcept { return kind() == json_kind::object; }
  bool is_integer() const noexcept { return kind() == json_kind::integer; }
  bool is_number() const noexcept { return is_integer() || kind() == json_kind::real; }
  bool is_bool() const noexcept { return kind() == json_kind::boolean; }
  /// Null, or not there.
  bool is_null() const noexcept { return kind() == json_kind::null || !exists(); }

  std::string_view key() const noexcept { return {value_->key, value_->key_size}; }
  /// Of a string or a number; else empty.
  std::string_view text() const noexcept { return {value_->text, value_->text_size}; }
  bool boolean() const noexcept { return is_bool() && value_->integer != 0; }
  /// Of a number; what has a fraction is cut, what is too large gives the largest.
  std::int64_t integer() const noexcept {
    if (is_integer()) return value_->integer;
    if (kind() != json_kind::real) return 0;
    if (std::fabs(value_->real) < 9.2e18) return static_cast<std::int64_t>(value_->real);
    return value_->real < 0 ? INT64_MIN : INT64_MAX;
  }
  double real() const noexcept {
    if (kind() == json_kind::real) return value_->real;
    return is_integer() ? static_cast<double>(value_->integer) : 0;
  }

  /// Of an array or an object; of anything else there are none.
  iterator begin() const noexcept;
  iterator end() const noexcept;
  bool empty() const noexcept { return value_->size == 1; }

  /// The first member of that name.
  json_view operator[](std::string_view name) const noexcept;
  template <std::size_t N>
  json_view operator[](const char (&name)[N]) const noexcept;

 private:
  const json_value* value_ = &no_json_value;
};

class json_view::iterator {
 public:
  explicit iterator(const json_value* at) noexcept : at_(at) {}
  json_view operator*() const noexcept { return json_view(*at_); }
  iterator& operator++() noexcept {
    at_ += at_->size;
    return *this;
  }
  bool operator!=(const iterator& other) const noexcept { return at_ != other.at_; }

 private:
  const json_value* at_;
};

inline json_view::iterator json_view::begin() const noexcept { return iterator(value_ + 1); }
inline json_view::iterator json_view::end() const noexcept {
  return iterator(value_ + value_->size);
}
inline json_view json_view::operator[](std::string_view name) const noexcept {
  for (const json_view member : *this) {
    if (is_object() && member.key() == name) return member;
  }
  return {};
}

template <std::size_t N>
json_view json_view::operator[](const char (&name)[N]) const noexcept {
  if (!is_object()) return {};
  for (const json_view member : *this) {
    if (is(member.key(), name)) return member;
  }
  return {};
}

/// `exact` is for what a program wrote itself: broken UTF-8 and halves of surrogate pairs are
/// errors then. Otherwise they are let through, and repaired where text leaves the codec.
enum class json_manners : unsigned char { exact, tolerant };

class json_reader {
 public:
  explicit json_reader(json_manners manners, std::size_t depth = 32)
      : parser_(json_options(depth, manners == json_manners::exact)) {
    parser_.handler().halves = manners == json_manners::tolerant;
  }

  /// False when `json` is not JSON, or is crowded(). The views last until the next parse() and as
  /// long as `json`.
  bool parse(std::string_view json) {
    json_list& list = parser_.handler();
    parser_.reset();
    list.crowded = false;
    list.clear(json.size() < UINT32_MAX ? json : std::string_view());
    const std::string_view seen = list.seen;
    json_error failed;
    if (!seen.empty()) {
      const std::size_t used = parser_.write_some(false, seen.data(), seen.size(), failed);
      if (!failed && used == seen.size()) return true;
    }
    list.clear({});
    return false;
  }

  /// parse() failed because there are more values than memory is given for.
  bool crowded() const noexcept { return parser_.handler().crowded; }

  /// About how many bytes of memory are kept.
  std::size_t held_bytes() const noexcept {
    const json_list& list = parser_.handler();
    return list.values.capacity() * sizeof(json_value) + list.copies.capacity() +
           list.hidden.capacity();
  }

  /// None when parse() failed.
  json_view root() const noexcept {
    const json_list& list = parser_.handler();
    return list.values.empty() ? json_view() : json_view(list.values.front());
  }

 private:
  json_parser<json_list> parser_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
