// SPDX-License-Identifier: MIT
//
// An OTLP request in protobuf, turned into the JSON that OTLP has for the same thing, so that what
// looks at one can look at the other. Reads the fields that traces have and refuses all others.

#pragma once

#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "orcast/core/utf8.hpp"
#include "orcast/otlp/protobuf_answer.hpp"

namespace standins {

/// what() is one line that names the message and the field.
class protobuf_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

namespace json = boost::json;

enum class field_type { id, text, number, enumeration, fixed64, fixed32, real, truth, message };

struct message_type;
struct field_rule {
  std::uint64_t number;
  const char* name;
  field_type type;
  bool repeated = false;
  const message_type* of = nullptr;
};
struct message_type {
  const char* name;
  std::initializer_list<field_rule> fields;
};

extern const message_type any_value_type;
inline const message_type array_type{"ArrayValue",
                                     {{1, "values", field_type::message, true, &any_value_type}}};
inline const message_type any_value_type{
    "AnyValue",
    {{1, "stringValue", field_type::text},
     {2, "boolValue", field_type::truth},
     {3, "intValue", field_type::number},
     {4, "doubleValue", field_type::real},
     {5, "arrayValue", field_type::message, false, &array_type}}};
inline const message_type key_value_type{
    "KeyValue",
    {{1, "key", field_type::text}, {2, "value", field_type::message, false, &any_value_type}}};
inline const message_type event_type{"Event",
                                     {{1, "timeUnixNano", field_type::fixed64},
                                      {2, "name", field_type::text},
                                      {3, "attributes", field_type::message, true, &key_value_type},
                                      {4, "droppedAttributesCount", field_type::enumeration}}};
inline const message_type status_type{
    "Status", {{2, "message", field_type::text}, {3, "code", field_type::enumeration}}};
inline const message_type span_type{"Span",
                                    {{1, "traceId", field_type::id},
                                     {2, "spanId", field_type::id},
                                     {4, "parentSpanId", field_type::id},
                                     {16, "flags", field_type::fixed32},
                                     {5, "name", field_type::text},
                                     {6, "kind", field_type::enumeration},
                                     {7, "startTimeUnixNano", field_type::fixed64},
                                     {8, "endTimeUnixNano", field_type::fixed64},
                                     {9, "attributes", field_type::message, true, &key_value_type},
                                     {10, "droppedAttributesCount", field_type::enumeration},
                                     {11, "events", field_type::message, true, &event_type},
                                     {12, "droppedEventsCount", field_type::enumeration},
                                     {15, "status", field_type::message, false, &status_type}}};
inline const message_type scope_type{
    "InstrumentationScope", {{1, "name", field_type::text}, {2, "version", field_type::text}}};
inline const message_type scope_spans_type{"ScopeSpans",
                                           {{1, "scope", field_type::message, false, &scope_type},
                                            {2, "spans", field_type::message, true, &span_type}}};
inline const message_type resource_type{
    "Resource", {{1, "attributes", field_type::message, true, &key_value_type}}};
inline const message_type resource_spans_type{
    "ResourceSpans",
    {{1, "resource", field_type::message, false, &resource_type},
     {2, "scopeSpans", field_type::message, true, &scope_spans_type}}};
inline const message_type request_type{
    "ExportTraceServiceRequest",
    {{1, "resourceSpans", field_type::message, true, &resource_spans_type}}};

inline std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

template <class T>
T little_endian(std::string_view bytes) {
  T value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[i]));
  }
  return value;
}

inline json::value double_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

inline json::object read_message(std::string_view bytes, const message_type& type);

inline json::value read_field(const orcast::otlp::detail::protobuf_scanner& in,
                              const field_rule& rule, const message_type& owner) {
  const std::string_view bytes = in.bytes();
  switch (rule.type) {
    case field_type::id:
      return json::string(hex(bytes));
    case field_type::text:
      if (!orcast::valid_utf8(bytes)) {
        throw protobuf_error(std::string(owner.name) + "." + rule.name + " is not UTF-8");
      }
      return json::string(bytes);
    case field_type::number:
      return json::string(std::to_string(in.integer()));
    case field_type::enumeration:
      return in.integer();
    case field_type::fixed64:
      return json::string(std::to_string(little_endian<std::uint64_t>(bytes)));
    case field_type::fixed32:
      return static_cast<std::int64_t>(little_endian<std::uint32_t>(bytes));
    case field_type::real: {
      const auto bits = little_endian<std::uint64_t>(bytes);
      double value = 0;
      std::memcpy(&value, &bits, sizeof value);
      return double_json(value);
    }
    case field_type::truth:
      return in.integer() != 0;
    case field_type::message:
      break;
  }
  return read_message(bytes, *rule.of);
}

inline json::object read_message(std::string_view bytes, const message_type& type) {
  json::object out;
  orcast::otlp::detail::protobuf_scanner in(bytes);
  while (in.next()) {
    const field_rule* rule = nullptr;
    for (const field_rule& each : type.fields) {
      if (each.number == in.number()) rule = &each;
    }
    if (rule == nullptr) {
      throw protobuf_error(std::string(type.name) + " has no field " + std::to_string(in.number()));
    }
    json::value value = read_field(in, *rule, type);
    if (!rule->repeated) {
      if (out.contains(rule->name)) {
        throw protobuf_error(std::string(type.name) + "." + rule->name + " is there twice");
      }
      out[rule->name] = std::move(value);
      continue;
    }
    json::value& list = out[rule->name];
    if (!list.is_array()) list = json::array();
    list.get_array().push_back(std::move(value));
  }
  if (in.failed()) throw protobuf_error(std::string(type.name) + " breaks off");
  // A message that says nothing is left out by protobuf; JSON has an empty list.
  if (&type == &array_type && out.empty()) out["values"] = json::array();
  return out;
}

}  // namespace detail

/// Throws protobuf_error.
inline boost::json::value otlp_json(std::string_view protobuf) {
  return detail::read_message(protobuf, detail::request_type);
}

}  // namespace standins
