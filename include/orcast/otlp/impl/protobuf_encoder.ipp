// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>

#include "orcast/core/number.hpp"
#include "orcast/otlp/json_text.hpp"
#include "orcast/otlp/protobuf_answer.hpp"
#include "orcast/otlp/protobuf_encoder.hpp"
#include "orcast/otlp/protobuf_fields.hpp"
#include "orcast/otlp/protobuf_put.hpp"

// The bodies of protobuf_encoder. A message stands behind its length. Where that is known at once
// it is written at once; the length of text is, unless it turns out not to be UTF-8. Of a span, an
// event and a list it is filled in afterwards.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

ORCAST_DECL std::unique_ptr<batch_encoder> make_protobuf_encoder(const encoder_options& options,
                                                                 char* memory, std::size_t size) {
  return std::make_unique<protobuf_encoder>(options, memory, size);
}

}  // namespace detail

ORCAST_DECL protobuf_encoder::protobuf_encoder(const encoder_options& options, char* memory,
                                               std::size_t size)
    : batch_encoder(memory, (std::min)(size, detail::longest_message), 0) {
  namespace tag = detail::tag;
  const std::string length(detail::length_size, '\0');
  std::string resource;
  for (const text_attribute& each : options.resource) {
    if (!detail::counts(each, options.resource)) continue;
    resource += detail::protobuf_attribute(tag::first, each.key, each.value);
  }
  std::string scope;
  detail::append_text(scope, tag::first, options.scope_name);
  if (!options.scope_version.empty()) {
    detail::append_text(scope, tag::second, options.scope_version);
  }
  head_ = tag::first + length;
  if (!resource.empty()) detail::append_bytes(head_, tag::first, resource);
  head_ += tag::second;
  scope_at_ = head_.size();
  head_ += length;
  detail::append_bytes(head_, tag::first, scope);

  defaults_.reserve(detail::span_walk::most_defaults);
  for (const text_attribute& each : options.span_attributes) {
    if (!detail::usable_default(each)) continue;
    if (defaults_.size() == detail::span_walk::most_defaults) break;
    default_attribute made;
    made.encoded = detail::protobuf_attribute(tag::attributes, each.key, each.value);
    made.json.append(key_text::before).append(each.key).append(key_text::after);
    made.key.size = static_cast<std::uint16_t>(made.json.size());
    made.key.hash = key_text::hash_of(each.key);
    defaults_.push_back(std::move(made));
    defaults_.back().key.json = defaults_.back().json.data();
    walk_.add_default(defaults_.back().key);
  }
  begin();
}

ORCAST_DECL std::string_view protobuf_encoder::finish() noexcept {
  slice(head_.size(), offset());
  return {memory_, offset()};
}

ORCAST_DECL request_pieces protobuf_encoder::slice(std::size_t from, std::size_t to) noexcept {
  const std::size_t head = head_.size();
  const std::size_t spans = to - from;
  detail::put_length(memory_ + 1, head - 1 - detail::length_size + spans);
  detail::put_length(memory_ + scope_at_, head - scope_at_ - detail::length_size + spans);
  return {{{memory_, head}, {memory_ + from, spans}, {}}};
}

ORCAST_DECL export_answer protobuf_encoder::read(std::string_view answer,
                                                 bool accepted) const noexcept {
  return read_protobuf_answer(answer, accepted);
}

ORCAST_DECL bool protobuf_encoder::add(const orcast::detail::span_ring& ring,
                                       orcast::detail::block_index span) noexcept {
  span_reader reader(ring, span);
  char* const to = walk_.span(reader, [&] { return write_span(reader, at_); });
  if (to == nullptr) return false;
  at_ = to;
  ++count_;
  return true;
}

ORCAST_DECL char* protobuf_encoder::write_span(span_reader& reader, char* at) noexcept {
  namespace tag = detail::tag;
  const orcast::detail::span_head& head = reader.head();
  if (!has_room(at, 512)) return nullptr;
  *at++ = tag::second;
  char* const length = at;
  at += detail::length_size;
  const auto put_id = [&at](char field, const auto& bytes) {
    *at++ = field;
    *at++ = static_cast<char>(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  };
  put_id(tag::trace_id, head.context.trace.bytes);
  put_id(tag::span_id, head.context.span.bytes);
  if (head.parent.valid()) put_id(tag::parent_span_id, head.parent.bytes);
  std::memcpy(at, tag::flags, sizeof tag::flags);
  at = detail::put_fixed32(at + sizeof tag::flags,
                           head.context.flags | (head.remote_parent ? 0x300u : 0x100u));
  *at++ = tag::kind;
  *at++ = static_cast<char>(head.kind);
  const auto put_time = [&at](char field, std::int64_t wall_ns) {
    *at++ = field;
    at = detail::put_fixed64(at, wall_ns > 0 ? static_cast<std::uint64_t>(wall_ns) : 0);
  };
  put_time(tag::start_time, head.start_wall_ns);
  put_time(tag::end_time, head.start_wall_ns + head.duration_ns);
  if (head.dropped_attributes != 0) {
    *at++ = tag::dropped_attributes;
    at = detail::put_varint(at, head.dropped_attributes);
  }
  if (head.dropped_events != 0) {
    *at++ = tag::dropped_events;
    at = detail::put_varint(at, head.dropped_events);
  }
  record_view r;
  const bool named = walk_.find(reader, orcast::detail::record_name, r);
  at = write_name(reader, named ? r.text_size : 0, tag::name, at);
  if (at == nullptr) return nullptr;
  at = write_attributes(reader, at);
  if (at == nullptr) return nullptr;
  if (head.events != 0) {
    at = walk_.events(reader, at, [&](const auto& event, std::uint32_t number, char* to) {
      return write_event(reader, event, number, to);
    });
    if (at == nullptr) return nullptr;
  }
  if (head.status != span_status::unset) {
    at = write_status(reader, at);
    if (at == nullptr) return nullptr;
  }
  detail::put_length(length, static_cast<std::size_t>(at - length) - detail::length_size);
  return at;
}

ORCAST_DECL char* protobuf_encoder::write_attributes(span_reader& reader, char* at) noexcept {
  at = walk_.attributes(reader, at, [this](span_reader& from, const record_view& r, char* to) {
    return write_usual(from, r, to);
  });
  if (at == nullptr) return nullptr;
  for (std::size_t i = 0; i < defaults_.size(); ++i) {
    if (!walk_.default_counts(i)) continue;
    const std::string& encoded = defaults_[i].encoded;
    if (!has_room(at, encoded.size())) return nullptr;
    std::memcpy(at, encoded.data(), encoded.size());
    at += encoded.size();
  }
  return walk_.has_cut_keys(reader) ? write_cut_keys(reader, at) : at;
}

/// An attribute of the span as most are: a constant name with text or an integer behind it, so
/// short that each length is one byte and known at once. Others take the long way.
inline char* protobuf_encoder::write_usual(span_reader& reader, const record_view& r,
                                           char* at) noexcept {
  namespace tag = detail::tag;
  constexpr std::size_t around = 6;  // fields and lengths in an attribute with text
  constexpr std::size_t longest = 127;
  const orcast::detail::record& raw = *r.raw;
  if (has_room(at, 2 * longest) && detail::has_constant_name(raw) &&
      raw.key->size >= detail::attribute_name::shortest_constant) {
    const key_text& key = *raw.key;
    const std::size_t name = key.size - key_text::before.size() - key_text::after.size();
    if (r.type() == static_cast<std::uint32_t>(value_type::string)) {
      const std::size_t size = r.text_size;
      const std::size_t inside = name + size + around;
      if (inside <= longest && reader.in_one_piece()) {
        const std::string_view text = reader.whole_piece();
        char* to = detail::put_four(at, tag::attributes, inside, tag::first, name);
        to = detail::attribute_name::put_constant(to, key, name);
        to = detail::put_four(to, tag::second, size + 2, tag::string_value, size);
        if (detail::copy_ascii<detail::native_block>(to, text.data(), size) || valid_utf8(text)) {
          return to + size;
        }
        span_reader read = reader;
        return write_string(read, text, size, detail::attribute_head(tag::attributes, raw), at);
      }
    } else if (r.type() == static_cast<std::uint32_t>(value_type::int64) &&
               name + around + detail::longest_varint <= longest) {
      char* const inside = detail::put_four(at, tag::attributes, 0, tag::first, name);
      char* const value = detail::attribute_name::put_constant(inside, key, name);
      char* const end = detail::put_short_varint(value + 3, static_cast<std::uint64_t>(r.integer));
      value[0] = tag::second;
      value[1] = static_cast<char>(end - value - 2);
      value[2] = tag::int_value;
      at[1] = static_cast<char>(end - at - 2);
      return end;
    }
  }
  span_reader other = reader;
  const record_view same = r;
  at = write_attribute(other, same, tag::attributes, at);
  reader = other;
  return at;
}

/// A value with its head, of an attribute or an element.
template <class Head>
char* protobuf_encoder::write_value(span_reader& reader, const record_view& r, const Head& head,
                                    char* at) noexcept {
  namespace tag = detail::tag;
  if (!has_room(at, head.most() + 64)) return nullptr;
  switch (r.type()) {
    case static_cast<std::uint32_t>(value_type::string):
      return write_string(reader, {}, r.text_size, head, at);
    case static_cast<std::uint32_t>(value_type::int64): {
      const auto value = static_cast<std::uint64_t>(r.integer);
      at = head.put(at, 1 + detail::varint_size(value));
      *at++ = tag::int_value;
      return detail::put_varint(at, value);
    }
    case static_cast<std::uint32_t>(value_type::float64):
      return write_double(r.floating(), head, at);
    case static_cast<std::uint32_t>(value_type::boolean):
      at = head.put(at, 2);
      *at++ = tag::bool_value;
      *at++ = r.integer != 0 ? 1 : 0;
      return at;
    case static_cast<std::uint32_t>(value_type::decimal): {
      char text[orcast::detail::longest_number];
      if (r.text_size > sizeof text) return write_string(reader, {}, r.text_size, head, at);
      const std::string_view whole = reader.gather(text);
      if (is_json_number(whole)) {
        return write_double(orcast::detail::to_double(whole).value_or(0), head, at);
      }
      return write_string(reader, whole, whole.size(), head, at);
    }
    default:
      break;
  }
  return head.put(at, 0);  // a value without a member is a valid empty one
}

ORCAST_DECL char* protobuf_encoder::write_attribute(span_reader& reader, const record_view& r,
                                                    char tag, char* at) noexcept {
  const detail::attribute_head head(tag, *r.raw);
  if (r.type() != orcast::detail::record_array) return write_value(reader, r, head, at);
  if (!has_room(at, head.most() + 64)) return nullptr;
  detail::open_list list;
  at = list.begin(head, at);
  record_view element;
  for (std::int64_t left = r.integer; left > 0 && reader.next(element); --left) {
    at = write_value(reader, element, detail::element_head(), at);
    if (at == nullptr) return nullptr;
  }
  return list.end(at);
}

template <class Head>
char* protobuf_encoder::write_double(double value, const Head& head, char* at) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  at = head.put(at, 9);
  *at++ = detail::tag::double_value;
  return detail::put_fixed64(at, bits);
}

/// `gathered` is text that was read already; behind it comes what the reader still has, together
/// `size` bytes.
template <class Head>
char* protobuf_encoder::write_string(span_reader& reader, std::string_view gathered,
                                     std::size_t size, const Head& head, char* at) noexcept {
  const auto put_head = [&head](char* to, std::size_t text) {
    to = head.put(to, 1 + detail::varint_size(text) + text);
    *to++ = detail::tag::string_value;
    return detail::put_varint(to, text);
  };
  char* const text = put_head(at, size);
  char* const end = write_text(reader, gathered, text);
  if (end == nullptr) return nullptr;
  const auto written = static_cast<std::size_t>(end - text);
  if (written == size) return end;
  // Not UTF-8: other text, and lengths that may be longer. The head's end touches what follows.
  constexpr std::size_t aside = 64;
  if (!has_room(end, aside)) return nullptr;
  std::memmove(text + aside, text, written);
  char* const moved = put_head(at, written);
  std::memmove(moved, text + aside, written);
  return moved + written;
}

/// A field of text, without a head.
ORCAST_DECL char* protobuf_encoder::write_text_field(span_reader& reader, std::size_t size,
                                                     char tag, char* at) noexcept {
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag;
  char* const text = at + detail::varint_size(size);
  char* const end = write_text(reader, {}, text);
  if (end == nullptr || !has_room(end, detail::longest_varint)) return nullptr;
  const auto written = static_cast<std::size_t>(end - text);
  if (written != size) std::memmove(at + detail::varint_size(written), text, written);
  return detail::put_varint(at, written) + written;
}

ORCAST_DECL char* protobuf_encoder::write_text(span_reader& reader, std::string_view gathered,
                                               char* at) noexcept {
  std::string_view piece = gathered.empty() ? reader.next_piece() : gathered;
  for (; !piece.empty(); piece = reader.next_piece()) {
    if (!has_room(at, piece.size())) return nullptr;
    if (detail::copy_ascii<detail::native_block>(at, piece.data(), piece.size()) ||
        valid_utf8(piece)) {
      at += piece.size();
      continue;
    }
    if (!has_room(at, detail::repaired_size(piece))) return nullptr;
    at = detail::put_repaired(at, piece);
  }
  return at;
}

/// The names of the keys whose values recording had to shorten, as an attribute of the span.
ORCAST_DECL char* protobuf_encoder::write_cut_keys(span_reader& reader, char* at) noexcept {
  namespace tag = detail::tag;
  const orcast::detail::record name{0, 0, 0, {&detail::truncated_key}};
  const detail::attribute_head head(tag::attributes, name);
  if (!has_room(at, head.most() + 64)) return nullptr;
  char* const before = at;
  detail::open_list list;
  char* const first = list.begin(head, at);
  at = walk_.cut_keys(reader, first, [&](std::string_view cut, char* to) -> char* {
    const std::size_t size = detail::repaired_size(cut);
    if (!has_room(to, size + 64)) return nullptr;
    to = detail::element_head().put(to, 1 + detail::varint_size(size) + size);
    *to++ = tag::string_value;
    return detail::put_repaired(detail::put_varint(to, size), cut);
  });
  if (at == nullptr) return nullptr;
  return at == first ? before : list.end(at);
}

ORCAST_DECL char* protobuf_encoder::write_event(span_reader& reader,
                                                const orcast::detail::event_payload& event,
                                                std::uint32_t number, char* at) noexcept {
  namespace tag = detail::tag;
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag::events;
  char* const length = at;
  at += detail::length_size;
  *at++ = tag::event_time;
  at = detail::put_fixed64(at, event.wall_ns > 0 ? static_cast<std::uint64_t>(event.wall_ns) : 0);
  record_view r;
  const bool named = event.named != 0 && reader.next(r);
  at = write_name(reader, named ? r.text_size : 0, tag::event_name, at);
  if (at == nullptr) return nullptr;
  at = walk_.event_attributes(reader, event.attributes, number, at,
                              [&](const record_view& each, char* to) {
                                return write_attribute(reader, each, tag::event_attributes, to);
                              });
  if (at == nullptr) return nullptr;
  detail::put_length(length, static_cast<std::size_t>(at - length) - detail::length_size);
  return at;
}

ORCAST_DECL char* protobuf_encoder::write_status(span_reader& reader, char* at) noexcept {
  namespace tag = detail::tag;
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag::status;
  char* const length = at;
  at += detail::length_size;
  *at++ = tag::status_code;
  *at++ = static_cast<char>(reader.head().status);
  record_view r;
  if (reader.head().status == span_status::error &&
      walk_.find(reader, orcast::detail::record_status_message, r)) {
    at = write_text_field(reader, r.text_size, tag::status_message, at);
    if (at == nullptr) return nullptr;
  }
  detail::put_length(length, static_cast<std::size_t>(at - length) - detail::length_size);
  return at;
}

/// Of a span or an event, neither of which may go without.
ORCAST_DECL char* protobuf_encoder::write_name(span_reader& reader, std::size_t size, char tag,
                                               char* at) noexcept {
  if (size != 0) return write_text_field(reader, size, tag, at);
  constexpr std::string_view unnamed = "unnamed";
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag;
  *at++ = static_cast<char>(unnamed.size());
  std::memcpy(at, unnamed.data(), unnamed.size());
  return at + unnamed.size();
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
