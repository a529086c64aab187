// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/boost_json.hpp"
#include "orcast/openrouter/impl/json_text.hpp"

// The values of one JSON text in a flat list, in the order in which they begin. Boost's parser
// finds them and checks the grammar. It is shown no escape: a string that has one it takes byte by
// byte (up to Boost 1.81 at least), which makes up most of what reading an answer costs.

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
  /// Enough for whatever fits into 8 MiB with four bytes a value, embeddings and log probabilities
  /// among it. A bound on memory, 40 bytes a value, for "[0,0,0,...".
  static constexpr std::size_t most_values = std::size_t{1} << 21;

  bool halves = false;      // of surrogate pairs are let through
  bool crowded = false;     // has more values than the most
  std::string_view source;  // views are of this
  std::string_view seen;    // by Boost: the source, or `hidden`
  std::string hidden;       // the source with its escapes hidden
  std::string copies;       // strings that had escapes; never moved while it fills
  std::size_t escape = 0;   // where the source has the next one
  std::vector<json_value> values;
  std::vector<std::uint32_t> open;  // the arrays and objects that have not ended
  std::string_view key;

  void clear(std::string_view text) {
    source = seen = text;
    copies.clear();
    values.clear();
    open.clear();
    key = {};
    escape = hide_escapes(source, hidden);
    if (escape == std::string_view::npos) return;
    seen = hidden;
    copies.reserve(source.size());
  }

  json_value* add(json_kind kind, json_error& failed) {
    crowded = values.size() >= most_values;
    if (crowded) {
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

  std::string_view in_source(json_chars piece) const noexcept {
    return {source.data() + (piece.data() - seen.data()), piece.size()};
  }

  /// The text of a key or a string.
  bool read(json_chars piece, std::string_view& text, json_error& failed) {
    text = in_source(piece);
    const auto end = static_cast<std::size_t>(text.data() - source.data()) + text.size();
    if (escape >= end) return true;
    const std::size_t before = copies.size();
    if (!append_unescaped(copies, text, halves)) {
      failed = json_stop();
      return false;
    }
    text = {copies.data() + before, copies.size() - before};
    escape = source.find('\\', end);
    return true;
  }

  json_value* add_text(json_kind kind, std::string_view text, json_error& failed) {
    json_value* made = add(kind, failed);
    if (made == nullptr) return nullptr;
    made->text = text.data();
    made->text_size = static_cast<std::uint32_t>(text.size());
    return made;
  }

  bool on_document_begin(json_error&) noexcept { return true; }
  bool on_document_end(json_error&) noexcept { return true; }
  bool on_array_begin(json_error& failed) { return begin(json_kind::array, failed); }
  bool on_array_end(std::size_t, json_error&) noexcept { return finish(); }
  bool on_object_begin(json_error& failed) { return begin(json_kind::object, failed); }
  bool on_object_end(std::size_t, json_error&) noexcept { return finish(); }
  bool on_key(json_chars piece, std::size_t, json_error& failed) {
    return read(piece, key, failed);
  }
  bool on_string(json_chars piece, std::size_t, json_error& failed) {
    std::string_view text;
    return read(piece, text, failed) && add_text(json_kind::string, text, failed) != nullptr;
  }
  // A part comes of what the text's end cuts short, and of escapes: there are none.
  bool on_key_part(json_chars, std::size_t, json_error&) noexcept { return true; }
  bool on_string_part(json_chars, std::size_t, json_error&) noexcept { return true; }
  bool on_number_part(json_chars, json_error&) noexcept { return true; }
  bool on_int64(std::int64_t value, json_chars text, json_error& failed) {
    json_value* made = add_text(json_kind::integer, in_source(text), failed);
    if (made != nullptr) made->integer = value;
    return made != nullptr;
  }
  bool on_uint64(std::uint64_t value, json_chars text, json_error& failed) {
    return on_double(static_cast<double>(value), text, failed);
  }
  bool on_double(double value, json_chars text, json_error& failed) {
    json_value* made = add_text(json_kind::real, in_source(text), failed);
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

}  // namespace detail
}  // namespace v0
}  // namespace orcast
