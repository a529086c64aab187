// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "orcast/config.hpp"

// Attribute keys. A key is a constexpr object that carries the JSON text which opens its attribute,
// so that recording stores a pointer and encoding copies the text once. `#` in a key stands for an
// index that is given at each use:
//
//   inline constexpr key llm_input_message_role{"llm.input_messages.#.message.role"};
//   span.set(llm_input_message_role(3), "user");        // llm.input_messages.3.message.role
//
// Objects of type key live for as long as the tracer that records them: make them constants. A key
// that is only known at run time is passed as text and copied.

namespace orcast {
inline namespace v0 {

/// The part of a key that does not depend on its length. `json` is `{"key":"` + the name with `#`
/// left out + `","value":{`; the cuts say where the indices belong.
struct key_text {
  ORCAST_HIDDEN static constexpr std::string_view before = R"({"key":")";
  ORCAST_HIDDEN static constexpr std::string_view after = R"(","value":{)";

  const char* json;
  std::uint16_t size;    ///< of json, in bytes
  std::uint16_t cut[2];  ///< offsets into json; 0: no such index
  std::uint16_t hash;    ///< hash_of() the name without `#`

  static constexpr std::uint16_t hash_of(std::string_view name) noexcept {
    std::uint32_t sum = 0x811c9dc5u;  // FNV-1a, folded
    for (const char c : name) sum = (sum ^ static_cast<unsigned char>(c)) * 0x01000193u;
    return static_cast<std::uint16_t>(sum >> 16 ^ sum);
  }
};

class attribute_key;
class span;

// Hidden on ELF: each plugin has its own constants, and so can be unloaded (a symbol shared across
// libraries would pin it).
template <std::size_t N>
class ORCAST_HIDDEN key : public key_text {
 public:
  constexpr explicit key(const char (&name)[N]) noexcept : key_text{text_, 0, {0, 0}, 0} {
    static_assert(N > 1, "a key has a name");
    static_assert(N <= 200, "a key is at most 199 characters long");
    for (char c : before) text_[size++] = c;
    std::size_t cuts = 0;
    for (std::size_t i = 0; i + 1 < N; ++i) {
      if (name[i] == '#') {
        cut[cuts++] = size;  // a third index is out of range here and fails to compile
      } else {
        text_[size++] = plain(name[i]);
      }
    }
    hash = hash_of({text_ + before.size(), size - before.size()});
    for (char c : after) text_[size++] = c;
  }
  key(const key&) = delete;
  key& operator=(const key&) = delete;

  /// This key with its index, or its two indices, filled in. An attribute whose index is 65,536 or
  /// more is dropped and counted.
  constexpr attribute_key operator()(std::size_t first, std::size_t second = 0) const noexcept;

 private:
  static constexpr char plain(char c) noexcept {
    const bool is = c != '"' && c != '\\' && static_cast<unsigned char>(c) >= ' ';
    return is ? c : a_key_has_no_quotes_backslashes_or_control_characters();
  }
  /// Not constexpr: a constant that needs it does not compile.
  static char a_key_has_no_quotes_backslashes_or_control_characters() noexcept { return '_'; }

  char text_[N + before.size() + after.size()] = {};
};

/// A key as the recording functions take it: a constant, a constant with indices, or text.
class attribute_key {
 public:
  constexpr attribute_key(const key_text& constant) noexcept : constant_(&constant) {}
  constexpr attribute_key(const key_text& constant, std::size_t first, std::size_t second) noexcept
      : constant_(first < 0x10000 && second < 0x10000 ? &constant : nullptr),
        first_(static_cast<std::uint16_t>(first)),
        second_(static_cast<std::uint16_t>(second)) {}
  constexpr attribute_key(const char* name) noexcept : name_(name) {}
  template <class T, std::enable_if_t<!std::is_base_of_v<key_text, T> &&
                                          std::is_convertible_v<const T&, std::string_view>,
                                      int> = 0>
  constexpr attribute_key(const T& name) noexcept : name_(name) {}

  constexpr const key_text* constant() const noexcept { return constant_; }
  constexpr std::string_view name() const noexcept { return name_; }
  constexpr std::uint16_t first() const noexcept { return first_; }
  constexpr std::uint16_t second() const noexcept { return second_; }

 private:
  friend class span;

  constexpr attribute_key(const key_text* constant, std::string_view name, std::uint16_t first,
                          std::uint16_t second) noexcept
      : constant_(constant), name_(name), first_(first), second_(second) {}

  const key_text* constant_ = nullptr;
  std::string_view name_;
  std::uint16_t first_ = 0;
  std::uint16_t second_ = 0;
};

template <std::size_t N>
constexpr attribute_key key<N>::operator()(std::size_t first, std::size_t second) const noexcept {
  return attribute_key(*this, first, second);
}

}  // namespace v0
}  // namespace orcast
