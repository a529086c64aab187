// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/core/number.hpp"
#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/json_put.hpp"
#include "orcast/otlp/impl/json_text.ipp"

// The bodies of json_encoder that write attributes and values.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// A fixed piece around the numbers of an attribute is shorter than this.
inline constexpr std::size_t piece = 64;

/// A constant key as JSON is shorter than this.
inline constexpr std::size_t longest_key = 256;

}  // namespace detail

ORCAST_COLD ORCAST_DECL char* json_encoder::write_text(span_reader& reader, char* at) noexcept {
  for (std::string_view text = reader.next_piece(); !text.empty(); text = reader.next_piece()) {
    at = write_escaped(text, at, end_);
    if (at == nullptr) break;
  }
  return at;
}

ORCAST_DECL char* json_encoder::write_attributes(span_reader& reader, char* at) noexcept {
  if (!has_room(at, detail::piece)) return nullptr;
  char* const before = at;
  at = detail::put(at, R"(,"attributes":[)");
  char* const first = at;
  at = walk_.attributes(reader, at, [this](span_reader& from, const record_view& r, char* to) {
    return write_usual(from, r, to);
  });
  if (at == nullptr) return nullptr;
  for (std::size_t i = 0; i < default_count_; ++i) {
    if (!walk_.default_counts(i)) continue;
    if (!has_room(at, defaults_[i].json.size() + 1)) return nullptr;
    at = detail::put(at, defaults_[i].json);
    *at++ = ',';
  }
  if (walk_.has_cut_keys(reader)) {
    at = write_cut_keys(reader, at);
    if (at == nullptr) return nullptr;
  }
  if (at == first) return before;
  at[-1] = ']';  // in the place of the last comma
  return at;
}

/// An attribute of the span as most are: a constant name, behind it text in one piece or an
/// integer. One look at the room is enough for all but the text. Others take the long way.
inline char* json_encoder::write_usual(span_reader& reader, const record_view& r,
                                       char* at) noexcept {
  using detail::put;
  const orcast::detail::record& raw = *r.raw;
  if (has_room(at, detail::longest_key + 2 * detail::piece) && detail::has_constant_name(raw)) {
    if (r.type() == static_cast<std::uint32_t>(value_type::string) && reader.in_one_piece()) {
      const std::string_view text = reader.whole_piece();
      at = put(detail::put_constant_key(at, *raw.key), R"("stringValue":")");
      if (detail::put_short<detail::native_block>(text, at))
        return put(at + text.size(), R"("}},)");
      at = write_escaped(text, at, end_);
      return at != nullptr && has_room(at, 4) ? put(at, R"("}},)") : nullptr;
    }
    if (r.type() == static_cast<std::uint32_t>(value_type::int64) && !int_as_number_) {
      at = put(detail::put_constant_key(at, *raw.key), R"("intValue":")");
      return put(put(at, r.integer), R"("}},)");
    }
  }
  span_reader other = reader;
  const record_view same = r;
  at = write_attribute(other, same, at);
  reader = other;
  return at;
}

/// With a comma behind it.
ORCAST_SMALL ORCAST_DECL char* json_encoder::write_attribute(span_reader& reader,
                                                             const record_view& r,
                                                             char* at) noexcept {
  using detail::put;
  if (!has_room(at, detail::longest_key)) return nullptr;
  if (!r.has(orcast::detail::record::text_key)) {
    at = detail::put_key(at, *r.raw);
  } else {
    at = write_escaped(r.text_key, put(at, key_text::before), end_);
    if (at == nullptr || !has_room(at, detail::piece)) return nullptr;
    at = put(at, key_text::after);
  }
  at = write_value(reader, r, at);
  return at != nullptr && has_room(at, 3) ? put(at, "}},") : nullptr;
}

/// For example `"intValue":"7"`.
ORCAST_SMALL ORCAST_DECL char* json_encoder::write_value(span_reader& reader, const record_view& r,
                                                         char* at) noexcept {
  using detail::put;
  if (!has_room(at, detail::piece)) return nullptr;
  switch (r.type()) {
    case static_cast<std::uint32_t>(value_type::string):
      at = put(at, R"("stringValue":")");
      at = write_text(reader, at);
      return at != nullptr && has_room(at, 1) ? put(at, "\"") : nullptr;
    case static_cast<std::uint32_t>(value_type::int64):
      if (int_as_number_) return put(put(at, R"("intValue":)"), r.integer);
      return put(put(put(at, R"("intValue":")"), r.integer), "\"");
    case static_cast<std::uint32_t>(value_type::float64):
      return write_double(r.floating(), put(at, R"("doubleValue":)"), end_);
    case static_cast<std::uint32_t>(value_type::boolean):
      return r.integer != 0 ? put(at, R"("boolValue":true)") : put(at, R"("boolValue":false)");
    case static_cast<std::uint32_t>(value_type::decimal):
      return write_decimal(reader, r, at);
    case orcast::detail::record_array:
      return write_array(reader, r, at);
    default:
      return at;  // a value without a member is a valid empty one
  }
}

/// Digit for digit when it is a number, else as a string. The text may lie in two blocks. What no
/// double can hold is written as the infinity that it is to a reader: digits would be refused, and
/// the whole batch with them.
ORCAST_SMALL ORCAST_DECL char* json_encoder::write_decimal(span_reader& reader,
                                                           const record_view& r,
                                                           char* at) noexcept {
  using detail::put;
  char text[orcast::detail::longest_number];
  std::string_view whole;
  if (r.text_size <= sizeof text) {
    whole = reader.gather(text);
    if (is_json_number(whole)) {
      if (!has_room(at, detail::piece + whole.size())) return nullptr;
      at = put(at, R"("doubleValue":)");
      const double nearest = orcast::detail::to_double(whole).value_or(0);
      return orcast::detail::is_finite(nearest) ? put(at, whole) : write_double(nearest, at, end_);
    }
  }
  at = put(at, R"("stringValue":")");
  at = r.text_size <= sizeof text ? write_escaped(whole, at, end_) : write_text(reader, at);
  return at != nullptr && has_room(at, 1) ? put(at, "\"") : nullptr;
}

ORCAST_SMALL ORCAST_DECL char* json_encoder::write_array(span_reader& reader, const record_view& r,
                                                         char* at) noexcept {
  at = detail::put(at, R"("arrayValue":{"values":[)");
  const std::int64_t count = r.integer;
  record_view element;
  for (std::int64_t i = 0; i < count && reader.next(element); ++i) {
    if (!has_room(at, 2)) return nullptr;
    if (i != 0) *at++ = ',';
    *at++ = '{';
    at = write_value(reader, element, at);
    if (at == nullptr || !has_room(at, 1)) return nullptr;
    *at++ = '}';
  }
  return has_room(at, 2) ? detail::put(at, "]}") : nullptr;
}

/// The names of the keys whose values recording had to shorten, as an attribute of the span, with a
/// comma behind it.
ORCAST_SMALL ORCAST_DECL char* json_encoder::write_cut_keys(span_reader& reader,
                                                            char* at) noexcept {
  using detail::put;
  if (!has_room(at, detail::truncated_key.size + detail::piece)) return nullptr;
  char* const before = at;
  at = put(at, std::string_view(detail::truncated_key.json, detail::truncated_key.size));
  at = put(at, R"("arrayValue":{"values":[)");
  char* const first = at;
  at = walk_.cut_keys(reader, at, [&](std::string_view name, char* to) -> char* {
    if (!has_room(to, detail::piece)) return nullptr;
    to = write_escaped(name, put(to, R"({"stringValue":")"), end_);
    if (to == nullptr || !has_room(to, detail::piece)) return nullptr;
    return put(to, "\"},");
  });
  if (at == nullptr) return nullptr;
  if (at == first) return before;
  at[-1] = ']';
  return put(at, "}}},");
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
