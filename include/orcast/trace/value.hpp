// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "orcast/trace/key.hpp"

// Attribute values as the recording functions take them. Which type a value has is decided by the
// argument's own type, never by a conversion: a string literal can't become a bool, nor an int a
// double.

namespace orcast {
inline namespace v0 {

enum class value_type : std::uint8_t {
  none = 0,
  string,
  int64,
  float64,
  boolean,
  decimal,  ///< a number as decimal text, passed on digit for digit
};

/// A number in the text that a service sent, for example 0.0000225: exported without being rounded
/// or reprinted. Text that is not a JSON number is exported as a string.
struct decimal {
  std::string_view text;
};

/// A borrowed value; text must live until the call that records it returns.
class attribute_value {
 public:
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  constexpr attribute_value(T value) noexcept : type_(value_type::boolean), integer_(value) {}

  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool> &&
                                          (sizeof(T) > 1 || std::is_same_v<T, std::int8_t> ||
                                           std::is_same_v<T, std::uint8_t>),
                                      int> = 0>
  constexpr attribute_value(T value) noexcept
      : type_(value_type::int64), integer_(saturate(value)) {}

  template <class T, std::enable_if_t<std::is_floating_point_v<T>, int> = 0>
  constexpr attribute_value(T value) noexcept
      : type_(value_type::float64), floating_(static_cast<double>(value)) {}

  constexpr attribute_value(std::string_view text) noexcept
      : type_(value_type::string), text_(text) {}
  constexpr attribute_value(const char* text) noexcept
      : type_(value_type::string), text_(text == nullptr ? std::string_view() : text) {}
  template <class T, std::enable_if_t<!std::is_arithmetic_v<T> && !std::is_pointer_v<T> &&
                                          std::is_convertible_v<const T&, std::string_view>,
                                      int> = 0>
  constexpr attribute_value(const T& text) noexcept : type_(value_type::string), text_(text) {}
  constexpr attribute_value(decimal number) noexcept
      : type_(value_type::decimal), text_(number.text) {}

  /// A pointer is not a value (it would become a bool).
  template <class T>
  attribute_value(const T*) = delete;
  attribute_value(std::nullptr_t) = delete;

  constexpr value_type type() const noexcept { return type_; }
  constexpr std::int64_t integer() const noexcept { return integer_; }
  constexpr double floating() const noexcept { return floating_; }
  constexpr std::string_view text() const noexcept { return text_; }
  constexpr bool is_text() const noexcept {
    return type_ == value_type::string || type_ == value_type::decimal;
  }
  /// A number's eight bytes, or a text's size.
  std::uint64_t word() const noexcept {
    if (is_text()) return text_.size();
    if (type_ != value_type::float64) return static_cast<std::uint64_t>(integer_);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &floating_, sizeof bits);
    return bits;
  }

 private:
  template <class T>
  static constexpr std::int64_t saturate(T value) noexcept {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
      constexpr auto most = static_cast<T>((std::numeric_limits<std::int64_t>::max)());
      return static_cast<std::int64_t>(value < most ? value : most);
    } else {
      return static_cast<std::int64_t>(value);
    }
  }

  value_type type_;
  union {
    std::int64_t integer_;
    double floating_;
    std::string_view text_;
  };
};

struct attribute {
  attribute_key key;
  attribute_value value;
};

}  // namespace v0
}  // namespace orcast
