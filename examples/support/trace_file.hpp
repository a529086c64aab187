// SPDX-License-Identifier: MIT
//
// Reads OTLP JSON, one export request a line, into plain spans that a report can walk. It reads
// leniently, as a viewer should: a line that is not OTLP JSON is counted and skipped, an attribute
// of an unexpected shape is kept as its JSON text. Strictness is the Arize stand-in's business.

#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace examples {

/// One attribute value. `text` is always set; the numbers only where the value was one.
struct attribute_value {
  std::string text;
  std::vector<std::string> list;  ///< the elements, when the value is an array
  double number = 0;
  bool is_number = false;
  bool is_list = false;
};

using attribute_map = std::map<std::string, attribute_value, std::less<>>;

struct span_event {
  std::string name;
  std::int64_t time_ns = 0;
  attribute_map attributes;
};

struct trace_span {
  enum class status_code { unset = 0, ok = 1, failed = 2 };

  std::string trace_id, span_id, parent_id, name;
  std::int64_t start_ns = 0, end_ns = 0;  ///< since 1970-01-01 UTC
  status_code status = status_code::unset;
  std::string status_message;
  attribute_map attributes;
  std::vector<span_event> events;

  /// The attribute's text, or nothing.
  std::string_view text(std::string_view key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? std::string_view() : std::string_view(found->second.text);
  }
  /// The attribute when it is a number, else null.
  const double* number(std::string_view key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() || !found->second.is_number ? nullptr : &found->second.number;
  }
  bool has(std::string_view key) const { return attributes.find(key) != attributes.end(); }
};

struct trace_file {
  std::vector<trace_span> spans;  ///< in the order of arrival
  std::string project;            ///< of the first resource that names one
  std::string service;
  std::size_t unreadable_lines = 0;
};

namespace detail {

using json_object = boost::json::object;
using json_value = boost::json::value;

inline std::string_view text_of(const json_object& object, std::string_view key) {
  const json_value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string_view(value->get_string().data(), value->get_string().size());
}

/// OTLP writes 64-bit integers as decimal text; receivers take numbers as well.
inline std::int64_t integer_of(const json_value* value) {
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  if (value->is_uint64()) return static_cast<std::int64_t>(value->get_uint64());
  std::int64_t number = 0;
  if (value->is_string()) {
    const auto& digits = value->get_string();
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
  }
  return number;
}

/// The elements of an array member; none when it is missing or something else.
inline const boost::json::array& list_of(const json_object& object, std::string_view key) {
  static const boost::json::array empty;
  const json_value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : empty;
}

inline const json_object& object_of(const json_object& object, std::string_view key) {
  static const json_object empty;
  const json_value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : empty;
}

inline attribute_value read_value(const json_object& any) {
  attribute_value out;
  if (any.empty()) return out;
  const auto& [kind, value] = *any.begin();
  if (kind == "stringValue" && value.is_string()) {
    out.text = text_of(any, kind);
  } else if (kind == "intValue") {
    out.number = static_cast<double>(integer_of(&value));
    out.text = std::to_string(integer_of(&value));
    out.is_number = true;
  } else if (kind == "doubleValue" && value.is_number()) {
    out.number = value.to_number<double>();
    out.text = boost::json::serialize(value);
    out.is_number = true;
  } else if (kind == "arrayValue" && value.is_object()) {
    out.is_list = true;
    for (const json_value& element : list_of(value.get_object(), "values")) {
      if (!element.is_object()) continue;
      out.list.push_back(read_value(element.get_object()).text);
      out.text += (out.text.empty() ? "" : ", ") + out.list.back();
    }
  } else {
    out.text = boost::json::serialize(value);
  }
  return out;
}

inline attribute_map read_attributes(const json_object& owner) {
  attribute_map out;
  for (const json_value& entry : list_of(owner, "attributes")) {
    if (!entry.is_object()) continue;
    const json_object& pair = entry.get_object();
    out.insert_or_assign(std::string(text_of(pair, "key")), read_value(object_of(pair, "value")));
  }
  return out;
}

inline trace_span read_span(const json_object& object) {
  trace_span span;
  span.trace_id = text_of(object, "traceId");
  span.span_id = text_of(object, "spanId");
  span.parent_id = text_of(object, "parentSpanId");
  span.name = text_of(object, "name");
  span.start_ns = integer_of(object.if_contains("startTimeUnixNano"));
  span.end_ns = (std::max)(span.start_ns, integer_of(object.if_contains("endTimeUnixNano")));
  const json_object& status = object_of(object, "status");
  const std::int64_t code = integer_of(status.if_contains("code"));
  if (code == 1) span.status = trace_span::status_code::ok;
  if (code == 2) span.status = trace_span::status_code::failed;
  span.status_message = text_of(status, "message");
  span.attributes = read_attributes(object);
  for (const json_value& entry : list_of(object, "events")) {
    if (!entry.is_object()) continue;
    const json_object& event = entry.get_object();
    span.events.push_back({std::string(text_of(event, "name")),
                           integer_of(event.if_contains("timeUnixNano")), read_attributes(event)});
  }
  return span;
}

inline void read_request(const json_object& request, trace_file& out) {
  for (const json_value& group : list_of(request, "resourceSpans")) {
    if (!group.is_object()) continue;
    const attribute_map resource = read_attributes(object_of(group.get_object(), "resource"));
    const auto take = [&resource](const char* key, std::string& into) {
      const auto found = resource.find(std::string_view(key));
      if (into.empty() && found != resource.end()) into = found->second.text;
    };
    take("openinference.project.name", out.project);
    take("service.name", out.service);
    for (const json_value& scope : list_of(group.get_object(), "scopeSpans")) {
      if (!scope.is_object()) continue;
      for (const json_value& span : list_of(scope.get_object(), "spans")) {
        if (span.is_object()) out.spans.push_back(read_span(span.get_object()));
      }
    }
  }
}

}  // namespace detail

inline trace_file read_trace_file(std::string_view otlp_json_lines) {
  trace_file out;
  while (!otlp_json_lines.empty()) {
    const std::size_t newline = otlp_json_lines.find('\n');
    const std::string_view line = otlp_json_lines.substr(0, newline);
    otlp_json_lines.remove_prefix(newline == std::string_view::npos ? otlp_json_lines.size()
                                                                    : newline + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    boost::json::error_code error;
    const boost::json::value request =
        boost::json::parse(boost::json::string_view(line.data(), line.size()), error);
    if (error || !request.is_object()) {
      ++out.unreadable_lines;
    } else {
      detail::read_request(request.get_object(), out);
    }
  }
  return out;
}

}  // namespace examples
