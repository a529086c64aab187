// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orcast/core/utf8.hpp"
#include "orcast/otlp/protobuf_put.hpp"
#include "orcast/trace/record.hpp"

// The fields of OTLP's messages (opentelemetry/proto), and what stands before a value in them: the
// field's number, an attribute's name, lengths.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// A field's number and the kind of its bytes.
constexpr char field(unsigned number, unsigned wire) noexcept {
  return static_cast<char>(number << 3 | wire);
}
inline constexpr unsigned wire_varint = 0;
inline constexpr unsigned wire_fixed64 = 1;
inline constexpr unsigned wire_bytes = 2;
inline constexpr unsigned wire_fixed32 = 5;

namespace tag {
// Of the messages of opentelemetry/proto; those that share a number share a name.
inline constexpr char first = field(1, wire_bytes);   // resource_spans, resource, scope, key, ...
inline constexpr char second = field(2, wire_bytes);  // scope_spans, spans, version, value
inline constexpr char trace_id = field(1, wire_bytes);
inline constexpr char span_id = field(2, wire_bytes);
inline constexpr char parent_span_id = field(4, wire_bytes);
inline constexpr char name = field(5, wire_bytes);
inline constexpr char kind = field(6, wire_varint);
inline constexpr char start_time = field(7, wire_fixed64);
inline constexpr char end_time = field(8, wire_fixed64);
inline constexpr char attributes = field(9, wire_bytes);
inline constexpr char dropped_attributes = field(10, wire_varint);
inline constexpr char events = field(11, wire_bytes);
inline constexpr char dropped_events = field(12, wire_varint);
inline constexpr char status = field(15, wire_bytes);
inline constexpr char flags[] = {static_cast<char>(0x80 | (16 << 3 & 0x7f) | wire_fixed32), 1};
inline constexpr char event_time = field(1, wire_fixed64);
inline constexpr char event_name = field(2, wire_bytes);
inline constexpr char event_attributes = field(3, wire_bytes);
inline constexpr char status_message = field(2, wire_bytes);
inline constexpr char status_code = field(3, wire_varint);
inline constexpr char string_value = field(1, wire_bytes);
inline constexpr char bool_value = field(2, wire_varint);
inline constexpr char int_value = field(3, wire_varint);
inline constexpr char double_value = field(4, wire_fixed64);
inline constexpr char array_value = field(5, wire_bytes);
}  // namespace tag

/// What stands before the fields of an attribute's value: the field that the attribute is, its
/// name, and the lengths.
class attribute_head {
 public:
  attribute_head(char field, const orcast::detail::record& r) noexcept : field_(field), name_(r) {}

  std::size_t size(std::size_t value) const noexcept {
    return 1 + varint_size(inside(value)) + inside(value) - value;
  }
  char* put(char* at, std::size_t value) const noexcept {
    *at++ = field_;
    return put_rest(put_varint(at, inside(value)), value);
  }
  /// With lengths to be filled in.
  char* open(char* at, char*& whole, char*& value) const noexcept {
    *at++ = field_;
    whole = at;
    at = put_name(at + length_size);
    *at++ = tag::second;
    value = at;
    return at + length_size;
  }
  std::size_t most() const noexcept { return name_.size() + 4 * longest_varint; }

 private:
  std::size_t inside(std::size_t value) const noexcept {
    return 1 + varint_size(name_.size()) + name_.size() + 1 + varint_size(value) + value;
  }
  char* put_name(char* at) const noexcept {
    *at++ = tag::first;
    return name_.put(put_varint(at, name_.size()));
  }
  char* put_rest(char* at, std::size_t value) const noexcept {
    at = put_name(at);
    *at++ = tag::second;
    return put_varint(at, value);
  }

  char field_;
  attribute_name name_;
};

/// The same before a value in a list, which has no name.
class element_head {
 public:
  std::size_t size(std::size_t value) const noexcept { return 1 + varint_size(value); }
  char* put(char* at, std::size_t value) const noexcept {
    *at++ = tag::first;
    return put_varint(at, value);
  }
  std::size_t most() const noexcept { return 2 * longest_varint; }
};

/// A list under way.
struct open_list {
  char* attribute = nullptr;  // where the lengths belong
  char* value = nullptr;
  char* list = nullptr;

  char* begin(const attribute_head& head, char* at) noexcept {
    at = head.open(at, attribute, value);
    *at++ = tag::array_value;
    list = at;
    return at + length_size;
  }
  char* end(char* at) const noexcept {
    for (char* length : {attribute, value, list}) {
      put_length(length, static_cast<std::size_t>(at - length) - length_size);
    }
    return at;
  }
};

inline void append_varint(std::string& out, std::size_t value) {
  char text[longest_varint];
  out.append(text, static_cast<std::size_t>(put_varint(text, value) - text));
}
inline void append_bytes(std::string& out, char field, std::string_view bytes) {
  out += field;
  append_varint(out, bytes.size());
  out += bytes;
}
inline void append_text(std::string& out, char field, std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  append_bytes(out, field, valid);
}
inline std::string protobuf_attribute(char field, std::string_view key, std::string_view text) {
  std::string value;
  append_text(value, tag::string_value, text);
  std::string inside;
  append_text(inside, tag::first, key);
  append_bytes(inside, tag::second, value);
  std::string out;
  append_bytes(out, field, inside);
  return out;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
