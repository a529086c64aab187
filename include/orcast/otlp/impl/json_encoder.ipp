// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>

#include "orcast/core/hex.hpp"
#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/json_text.hpp"

// The bodies of json_encoder. Fixed pieces are written after one look at the room that is left for
// all of them; text looks for itself. Once anything does not fit the whole span is taken back, so
// no function here leaves things tidy when it fails.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr key truncated_key{"openrouter.truncated"};

inline std::string json_string(std::string_view text) {
  std::string out(6 * text.size() + 2, '"');
  char* const end = write_escaped(text, out.data() + 1, out.data() + out.size() - 1);
  *end = '"';
  out.resize(static_cast<std::size_t>(end + 1 - out.data()));
  return out;
}

/// `{"key":"...","value":{`
inline std::string json_key(std::string_view name) {
  return "{\"key\":" + json_string(name) + ",\"value\":{";
}

inline std::string json_attribute(const text_attribute& from) {
  return json_key(from.key) + "\"stringValue\":" + json_string(from.value) + "}}";
}

/// A fixed piece around the numbers of an attribute is shorter than this.
inline constexpr std::size_t piece = 64;

/// Longer decimal texts than this are no numbers that anybody meant.
inline constexpr std::size_t longest_decimal = 64;

// These write where the caller has made sure of the room. The position is passed on in a register:
// as a member it would go through memory after every piece, because a char* may point anywhere.

template <std::size_t N>
char* put(char* at, const char (&text)[N]) noexcept {
  std::memcpy(at, text, N - 1);
  return at + N - 1;
}

inline char* put(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

inline char* put(char* at, std::int64_t value) noexcept { return put_integer(at, value); }

inline char* put_time(char* at, std::int64_t wall_ns) noexcept {
  *at++ = '"';
  at = put(at, (std::max)(wall_ns, std::int64_t{0}));
  *at++ = '"';
  return at;
}

/// A constant key is one copy, or pieces with the indices between them.
inline char* put_key(char* at, const orcast::detail::record& r) noexcept {
  const key_text& key = *r.key;
  if (key.cut[0] == 0) {  // longer than 16 bytes, always
    std::size_t i = 0;
    for (; i + 16 < key.size; i += 16) std::memcpy(at + i, key.json + i, 16);
    std::memcpy(at + key.size - 16, key.json + key.size - 16, 16);
    return at + key.size;
  }
  std::size_t from = 0;
  const std::uint16_t index[2] = {r.first, r.second};
  for (std::size_t i = 0; i < 2 && key.cut[i] != 0; ++i) {
    at = put(at, std::string_view(key.json + from, key.cut[i] - from));
    at = put(at, std::int64_t{index[i]});
    from = key.cut[i];
  }
  return put(at, std::string_view(key.json + from, key.size - from));
}

}  // namespace detail

ORCAST_DECL json_encoder::json_encoder(const encoder_options& options, char* memory,
                                       std::size_t size)
    : memory_(memory),
      at_(memory),
      end_(memory + size - (std::min)(size, tail.size())),
      int_as_number_(options.int_as_number) {
  std::string resource;
  for (const text_attribute& each : options.resource) {
    const bool overridden =
        std::any_of(&each + 1, options.resource.data() + options.resource.size(),
                    [&each](const text_attribute& later) { return later.key == each.key; });
    if (each.key.empty() || overridden) continue;
    resource += (resource.empty() ? "" : ",") + detail::json_attribute(each);
  }
  head_ = R"({"resourceSpans":[{)";
  if (!resource.empty()) head_ += R"("resource":{"attributes":[)" + resource + "]},";
  head_ += R"("scopeSpans":[{"scope":{"name":)" + detail::json_string(options.scope_name);
  if (!options.scope_version.empty()) {
    head_ += R"(,"version":)" + detail::json_string(options.scope_version);
  }
  head_ += R"(},"spans":[)";

  default_records_[0] = {record::dead, 0, 0, {&detail::truncated_key}};
  defaults_.reserve(most_defaults);
  for (const text_attribute& each : options.span_attributes) {
    if (each.key.empty() || each.key.size() > 200 || defaults_.size() == most_defaults) continue;
    default_attribute made;
    made.json = detail::json_attribute(each);
    made.key.size = static_cast<std::uint16_t>(detail::json_key(each.key).size());
    defaults_.push_back(std::move(made));
    defaults_.back().key.json = defaults_.back().json.data();
    default_records_[defaults_.size()] = {0, 0, 0, {&defaults_.back().key}};
  }
  begin();
}

ORCAST_DECL void json_encoder::begin() noexcept {
  at_ = memory_;
  count_ = 0;
  if (has_room(at_, head_.size())) {
    at_ = detail::put(at_, head_);
  } else {
    end_ = at_;
  }
}

ORCAST_DECL std::string_view json_encoder::finish() noexcept {
  detail::put(at_, tail);
  return {memory_, size()};
}

ORCAST_DECL json_encoder::pieces json_encoder::slice(std::size_t from,
                                                     std::size_t to) const noexcept {
  if (memory_[from] == ',') ++from;
  return {{{memory_, head_.size()}, {memory_ + from, to - from}, tail}};
}

ORCAST_DECL bool json_encoder::add(const orcast::detail::span_ring& ring,
                                   orcast::detail::block_index span) noexcept {
  span_reader reader(ring, span);
  const std::size_t skipped = reader.head().has_cuts ? 0 : 1;
  keys_.begin(default_records_ + skipped, defaults_.size() + 1 - skipped);
  repeats_ = false;
  marked_ = false;
  char* to = write_span(reader, at_);
  if (repeats_) {
    keys_.mark(reader);
    marked_ = true;
    to = write_span(reader, at_);
  }
  if (to == nullptr) return false;
  at_ = to;
  ++count_;
  return true;
}

ORCAST_DECL char* json_encoder::write_span(span_reader& reader, char* at) noexcept {
  using detail::put;
  const orcast::detail::span_head& head = reader.head();
  if (!has_room(at, 512)) return nullptr;
  if (count_ != 0) *at++ = ',';
  at = put(at, R"({"traceId":")");
  at = to_hex(head.context.trace.bytes.data(), head.context.trace.bytes.size(), at);
  at = put(at, R"(","spanId":")");
  at = to_hex(head.context.span.bytes.data(), head.context.span.bytes.size(), at);
  if (head.parent.valid()) {
    at = put(at, R"(","parentSpanId":")");
    at = to_hex(head.parent.bytes.data(), head.parent.bytes.size(), at);
  }
  // The W3C flags, and whether the parent is known to be remote (bits 8 and 9).
  at = put(at, R"(","flags":)");
  at = put(at, std::int64_t{head.context.flags | (head.remote_parent ? 0x300 : 0x100)});
  at = put(at, R"(,"name":")");
  at = write_name(reader, at);
  if (at == nullptr || !has_room(at, 256)) return nullptr;
  at = put(at, R"(","kind":)");
  at = put(at, static_cast<std::int64_t>(head.kind));
  at = put(at, R"(,"startTimeUnixNano":)");
  at = detail::put_time(at, head.start_wall_ns);
  at = put(at, R"(,"endTimeUnixNano":)");
  at = detail::put_time(at, head.start_wall_ns + head.duration_ns);
  at = write_attributes(reader, at);
  if (at == nullptr || !has_room(at, 2 * detail::piece)) return nullptr;
  if (head.dropped_attributes != 0) {
    at = put(at, R"(,"droppedAttributesCount":)");
    at = put(at, std::int64_t{head.dropped_attributes});
  }
  if (head.events != 0) {
    at = write_events(reader, at);
    if (at == nullptr || !has_room(at, 2 * detail::piece)) return nullptr;
  }
  if (head.dropped_events != 0) {
    at = put(at, R"(,"droppedEventsCount":)");
    at = put(at, std::int64_t{head.dropped_events});
  }
  if (head.status != span_status::unset) {
    at = write_status(reader, at);
    if (at == nullptr || !has_room(at, 1)) return nullptr;
  }
  return put(at, "}");
}

/// The record of a type that counts.
ORCAST_DECL bool json_encoder::find(span_reader& reader, std::uint32_t type,
                                    record_view& out) noexcept {
  reader.rewind();
  while (reader.next(out)) {
    if (out.type() == type && out.has(record::element) && !out.has(record::dead)) return true;
  }
  return false;
}

ORCAST_DECL char* json_encoder::write_name(span_reader& reader, char* at) noexcept {
  record_view r;
  if (find(reader, orcast::detail::record_name, r) && r.text_size != 0) {
    return write_text(reader, at);
  }
  return detail::put(at, "unnamed");
}

ORCAST_DECL char* json_encoder::write_text(span_reader& reader, char* at) noexcept {
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
  reader.rewind();
  std::uint32_t skip = 0;
  std::uint32_t names = 0;
  std::uint32_t messages = 0;
  for (record_view r; reader.next(r);) {
    if (skip != 0) {
      --skip;
    } else if (!r.has(record::element)) {
      at = write_attribute(reader, r, 0, at);
      if (at == nullptr) return nullptr;
    } else if (r.type() == orcast::detail::record_event) {
      skip = r.event.named + r.event.attributes;
    } else if (r.type() == orcast::detail::record_name) {
      ++names;
    } else if (r.type() == orcast::detail::record_status_message) {
      ++messages;
    }
  }
  if (!marked_ && (names > 1 || messages > 1)) {
    repeats_ = true;
    return nullptr;
  }
  for (std::size_t i = 0; i < defaults_.size(); ++i) {
    if ((default_records_[i + 1].bits & record::dead) != 0) continue;
    if (!has_room(at, defaults_[i].json.size() + 1)) return nullptr;
    at = detail::put(at, defaults_[i].json);
    *at++ = ',';
  }
  if (reader.head().has_cuts && (default_records_[0].bits & record::dead) == 0) {
    at = write_cut_keys(reader, at);
    if (at == nullptr) return nullptr;
  }
  if (at == first) return before;
  at[-1] = ']';  // in the place of the last comma
  return at;
}

/// With a comma behind it.
ORCAST_DECL char* json_encoder::write_attribute(span_reader& reader, const record_view& r,
                                                std::uint32_t scope, char* at) noexcept {
  if (!marked_ && !keys_.note(r.raw, scope)) {
    repeats_ = true;
    return nullptr;
  }
  if (r.has(record::dead)) return at;
  at = write_key(r, at);
  if (at == nullptr) return nullptr;
  at = write_value(reader, r, at);
  if (at == nullptr || !has_room(at, 3)) return nullptr;
  return detail::put(at, "}},");
}

ORCAST_DECL char* json_encoder::write_key(const record_view& r, char* at) noexcept {
  constexpr std::size_t longest = 256;
  if (!has_room(at, longest)) return nullptr;
  if (r.text_key.empty()) return detail::put_key(at, *r.raw);
  at = detail::put(at, key_text::before);
  at = write_escaped(r.text_key, at, end_);
  if (at == nullptr || !has_room(at, detail::piece)) return nullptr;
  return detail::put(at, key_text::after);
}

/// For example `"intValue":"7"`.
ORCAST_DECL char* json_encoder::write_value(span_reader& reader, const record_view& r,
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
      return write_double(r.floating, put(at, R"("doubleValue":)"), end_);
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

/// Digit for digit when it is a number, else as a string. The text may lie in two blocks.
ORCAST_DECL char* json_encoder::write_decimal(span_reader& reader, const record_view& r,
                                              char* at) noexcept {
  using detail::put;
  char text[detail::longest_decimal];
  std::string_view whole;
  if (r.text_size <= sizeof text) {
    char* to = text;
    for (std::string_view part = reader.next_piece(); !part.empty(); part = reader.next_piece()) {
      to = put(to, part);
    }
    whole = {text, static_cast<std::size_t>(to - text)};
    if (is_json_number(whole)) {
      if (!has_room(at, detail::piece + whole.size())) return nullptr;
      return put(put(at, R"("doubleValue":)"), whole);
    }
  }
  at = put(at, R"("stringValue":")");
  at = r.text_size <= sizeof text ? write_escaped(whole, at, end_) : write_text(reader, at);
  return at != nullptr && has_room(at, 1) ? put(at, "\"") : nullptr;
}

ORCAST_DECL char* json_encoder::write_array(span_reader& reader, const record_view& r,
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
ORCAST_DECL char* json_encoder::write_cut_keys(span_reader& reader, char* at) noexcept {
  using detail::put;
  if (!has_room(at, detail::truncated_key.size + detail::piece)) return nullptr;
  char* const before = at;
  at = put(at, std::string_view(detail::truncated_key.json, detail::truncated_key.size));
  at = put(at, R"("arrayValue":{"values":[)");
  char* const first = at;
  const record* owner = nullptr;  // of the value that comes next
  const record* named = nullptr;  // a list is named once, however many of its elements are cut
  reader.rewind();
  for (record_view r; reader.next(r);) {
    if (!r.has(record::element)) {
      owner = r.raw;
    } else if (r.type() >= orcast::detail::record_name) {
      owner = nullptr;  // the span's or an event's own text
    }
    if (!r.has(record::cut) || owner == nullptr || owner == named) continue;
    if ((owner->bits & record::dead) != 0) continue;
    named = owner;
    if (!has_room(at, detail::piece)) return nullptr;
    detail::key_room room;
    at = write_escaped(detail::key_name(*owner, room), put(at, R"({"stringValue":")"), end_);
    if (at == nullptr || !has_room(at, detail::piece)) return nullptr;
    at = put(at, "\"},");
  }
  if (at == first) return before;
  at[-1] = ']';
  return put(at, "}}},");
}

ORCAST_DECL char* json_encoder::write_events(span_reader& reader, char* at) noexcept {
  at = detail::put(at, R"(,"events":[)");
  reader.rewind();
  std::uint32_t number = 0;
  for (record_view r; reader.next(r);) {
    if (r.type() != orcast::detail::record_event) continue;
    at = write_event(reader, r, ++number, at);
    if (at == nullptr) return nullptr;
  }
  at[-1] = ']';
  return at;
}

/// With a comma behind it.
ORCAST_DECL char* json_encoder::write_event(span_reader& reader, const record_view& r,
                                            std::uint32_t number, char* at) noexcept {
  using detail::put;
  if (!has_room(at, 2 * detail::piece)) return nullptr;
  const orcast::detail::event_payload event = r.event;
  at = put(at, R"({"timeUnixNano":)");
  at = detail::put_time(at, event.wall_ns);
  at = put(at, R"(,"name":")");
  record_view next;
  if (event.named != 0 && reader.next(next) && next.text_size != 0) {
    at = write_text(reader, at);
    if (at == nullptr || !has_room(at, detail::piece)) return nullptr;
  } else {
    at = put(at, "unnamed");
  }
  at = put(at, "\"");
  char* const before = at;
  at = put(at, R"(,"attributes":[)");
  char* const first = at;
  for (std::uint32_t i = 0; i < event.attributes && reader.next(next); ++i) {
    at = write_attribute(reader, next, number, at);
    if (at == nullptr) return nullptr;
  }
  if (at == first) {
    at = before;
  } else {
    at[-1] = ']';
  }
  return has_room(at, 2) ? put(at, "},") : nullptr;
}

ORCAST_DECL char* json_encoder::write_status(span_reader& reader, char* at) noexcept {
  using detail::put;
  if (reader.head().status == span_status::ok) return put(at, R"(,"status":{"code":1})");
  at = put(at, R"(,"status":{"code":2)");
  record_view r;
  if (find(reader, orcast::detail::record_status_message, r) && r.text_size != 0) {
    at = write_text(reader, put(at, R"(,"message":")"));
    if (at == nullptr || !has_room(at, 2)) return nullptr;
    at = put(at, "\"");
  }
  return has_room(at, 1) ? put(at, "}") : nullptr;
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
