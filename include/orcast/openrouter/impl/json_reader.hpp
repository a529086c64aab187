// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/boost_json.hpp"
#include "orcast/openrouter/impl/json_text.hpp"

// Reads one JSON text into a flat list of values, which is then looked at through json_view.
// Strings and numbers are views of the text itself, so that a price is read as it was written; only
// strings with escapes are copied. A reader that is used again allocates nothing once it is warm.

namespace orcast {
inline namespace v0 {
namespace detail {

enum class json_kind : unsigned char { none, null, boolean, integer, real, string, array, object };

struct json_value {
  // Bytes of the text that was parsed, or of the buffer for strings with escapes.
  const char* key = nullptr;   ///< of a member of an object
  const char* text = nullptr;  ///< of a string: its value; of a number: as it was written
  std::uint32_t key_size = 0;
  std::uint32_t text_size = 0;
  std::uint32_t size = 1;  ///< how many values it is in the list: itself and all within it
  json_kind kind = json_kind::none;
  union {
    std::int64_t integer = 0;  ///< of an integer; of a boolean: 0 or 1
    double real;
  };
};

/// What Boost's parser calls: lists the values in the order in which they begin.
struct json_list {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  /// Enough for the largest body with log probabilities, and a bound for "[0,0,0,...".
  static constexpr std::size_t most_values = std::size_t{1} << 20;

  std::string_view source;
  std::string copies;  // never moved while it fills: it is no longer than the source
  std::vector<json_value> values;
  std::vector<std::uint32_t> open;  // the arrays and objects that have not ended
  std::string_view key;
  std::size_t part = 0;  // where the current string begins in `copies`
  bool partial = false;

  void clear(std::string_view text) noexcept {
    source = text;
    copies.clear();
    values.clear();
    open.clear();
    key = {};
    partial = false;
  }

  json_value* add(json_kind kind, json_error& failed) {
    if (values.size() >= most_values) {
      failed = json_stop();
      return nullptr;
    }
    values.emplace_back();
    json_value& made = values.back();
    made.kind = kind;
    made.key = key.data();
    made.key_size = static_cast<std::uint32_t>(key.size());
    key = {};
    return &made;
  }

  bool begin(json_kind kind, json_error& failed) {
    if (add(kind, failed) == nullptr) return false;
    open.push_back(static_cast<std::uint32_t>(values.size() - 1));
    return true;
  }

  bool finish() noexcept {
    const std::uint32_t at = open.back();
    values[at].size = static_cast<std::uint32_t>(values.size()) - at;
    open.pop_back();
    return true;
  }

  bool take_part(json_chars piece) {
    if (copies.empty()) copies.reserve(source.size());
    if (!partial) part = copies.size();
    partial = true;
    copies.append(piece.data(), piece.size());
    return true;
  }

  std::string_view take_end(json_chars piece) {
    const auto offset = reinterpret_cast<std::uintptr_t>(piece.data()) -
                        reinterpret_cast<std::uintptr_t>(source.data());
    if (!partial && offset <= source.size() && piece.size() <= source.size() - offset) {
      return {piece.data(), piece.size()};
    }
    take_part(piece);
    partial = false;
    return {copies.data() + part, copies.size() - part};
  }

  json_value* add_text(json_kind kind, json_chars text, json_error& failed) {
    json_value* made = add(kind, failed);
    if (made == nullptr) return nullptr;
    const std::string_view whole = take_end(text);
    made->text = whole.data();
    made->text_size = static_cast<std::uint32_t>(whole.size());
    return made;
  }

  bool on_document_begin(json_error&) noexcept { return true; }
  bool on_document_end(json_error&) noexcept { return true; }
  bool on_array_begin(json_error& failed) { return begin(json_kind::array, failed); }
  bool on_array_end(std::size_t, json_error&) noexcept { return finish(); }
  bool on_object_begin(json_error& failed) { return begin(json_kind::object, failed); }
  bool on_object_end(std::size_t, json_error&) noexcept { return finish(); }
  bool on_key_part(json_chars piece, std::size_t, json_error&) { return take_part(piece); }
  bool on_key(json_chars piece, std::size_t, json_error&) {
    key = take_end(piece);
    return true;
  }
  bool on_string_part(json_chars piece, std::size_t, json_error&) { return take_part(piece); }
  bool on_string(json_chars piece, std::size_t, json_error& failed) {
    return add_text(json_kind::string, piece, failed) != nullptr;
  }
  bool on_number_part(json_chars piece, json_error&) { return take_part(piece); }
  bool on_int64(std::int64_t value, json_chars text, json_error& failed) {
    json_value* made = add_text(json_kind::integer, text, failed);
    if (made != nullptr) made->integer = value;
    return made != nullptr;
  }
  bool on_uint64(std::uint64_t value, json_chars text, json_error& failed) {
    return on_double(static_cast<double>(value), text, failed);
  }
  bool on_double(double value, json_chars text, json_error& failed) {
    json_value* made = add_text(json_kind::real, text, failed);
    if (made != nullptr) made->real = value;
    return made != nullptr;
  }
  bool on_bool(bool value, json_error& failed) {
    json_value* made = add(json_kind::boolean, failed);
    if (made != nullptr) made->integer = value ? 1 : 0;
    return made != nullptr;
  }
  bool on_null(json_error& failed) { return add(json_kind::null, failed) != nullptr; }
  bool on_comment_part(json_chars, json_error&) noexcept { return true; }
  bool on_comment(json_chars, json_error&) noexcept { return true; }
};

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
      : parser_(json_options(depth, manners == json_manners::exact)), manners_(manners) {}

  /// False when `json` is not JSON. The views last until the next parse() and as long as `json`.
  bool parse(std::string_view json) {
    if (try_parse(json)) return true;
    return manners_ == json_manners::tolerant && replace_lone_surrogates(json, repaired_) &&
           try_parse(repaired_);
  }

  /// About how many bytes of memory are kept.
  std::size_t held_bytes() const noexcept {
    const json_list& list = parser_.handler();
    return list.values.capacity() * sizeof(json_value) + list.copies.capacity();
  }

  /// None when parse() failed.
  json_view root() const noexcept {
    const json_list& list = parser_.handler();
    return list.values.empty() ? json_view() : json_view(list.values.front());
  }

 private:
  bool try_parse(std::string_view json) {
    json_list& list = parser_.handler();
    parser_.reset();
    list.clear(json);
    json_error failed;
    if (!json.empty() && json.size() < UINT32_MAX) {
      const std::size_t used = parser_.write_some(false, json.data(), json.size(), failed);
      if (!failed && used == json.size()) return true;
    }
    list.clear({});
    return false;
  }

  json_parser<json_list> parser_;
  json_manners manners_;
  std::string repaired_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
