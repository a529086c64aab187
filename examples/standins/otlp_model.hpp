// SPDX-License-Identifier: MIT
//
// An OTLP trace export request in memory, with the names of the protocol's own messages.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace standins::otlp {

struct key_value;

struct any_value {
  enum class type { none, string, boolean, integer, real, array, key_values, bytes };
  type is = type::none;
  std::string text;  ///< string, or the decoded bytes
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::vector<any_value> items;
  std::vector<key_value> members;
};

struct key_value {
  std::string key;
  any_value value;
};

struct attribute_list : std::vector<key_value> {
  const any_value* find(std::string_view key) const {
    for (const key_value& entry : *this) {
      if (entry.key == key) return &entry.value;
    }
    return nullptr;
  }
  /// A string attribute's text; empty when there is none.
  std::string text(std::string_view key) const {
    const any_value* found = find(key);
    return found != nullptr ? found->text : "";
  }
};

struct event {
  std::uint64_t time_unix_nano = 0;
  std::string name;
  attribute_list attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct link {
  std::string trace_id, span_id, trace_state;
  std::uint32_t flags = 0;
  attribute_list attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct status {
  int code = 0;  ///< 0 unset, 1 ok, 2 error, -1 unreadable
  std::string message;
};

struct span {
  std::string trace_id, span_id, parent_span_id, trace_state;  ///< ids as hex text
  std::uint32_t flags = 0;
  std::string name;
  int kind = 0;  ///< 1 internal, 2 server, 3 client, 4 producer, 5 consumer, -1 unreadable
  std::uint64_t start_time_unix_nano = 0, end_time_unix_nano = 0;
  attribute_list attributes;
  std::vector<otlp::event> events;
  std::vector<otlp::link> links;
  otlp::status status;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t dropped_events_count = 0;
  std::uint32_t dropped_links_count = 0;
};

struct scope {
  std::string name, version;
  attribute_list attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct scope_spans {
  otlp::scope scope;
  std::string schema_url;
  std::vector<span> spans;
};

struct resource {
  attribute_list attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct resource_spans {
  otlp::resource resource;
  std::string schema_url;
  std::vector<otlp::scope_spans> scope_spans;
};

/// Where a request breaks a rule: "resourceSpans[0].scopeSpans[0].spans[2].kind".
struct violation {
  std::string path, what;
};

struct trace_request {
  bool is_readable = false;  ///< false: nothing could be decoded
  std::vector<otlp::resource_spans> resource_spans;
  std::vector<violation> violations;
};

}  // namespace standins::otlp
