// SPDX-License-Identifier: MIT
//
// A strict reader of OTLP/HTTP JSON trace exports, written from the protocol's rules and from
// nothing of the sender's. It decodes what can be decoded and lists every broken rule with its
// place: a lenient receiver uses the spans, a test demands that the list is empty.

#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "standins/json_text.hpp"
#include "standins/otlp_fields.hpp"
#include "standins/otlp_model.hpp"
#include "standins/otlp_text.hpp"

namespace standins::otlp {

class decoder {
 public:
  static trace_request decode(std::string_view body) {
    decoder made;
    made.read_body(body);
    return std::move(made.out_);
  }

 private:
  void report(std::string path, std::string what) {
    out_.violations.push_back({std::move(path), std::move(what)});
  }

  void read_body(std::string_view body) {
    if (const auto offset = bad_utf8(body)) {
      return report("", "is not UTF-8 from byte " + std::to_string(*offset));
    }
    json::error_code failed;
    json::parse_options options;
    options.max_depth = 256;  // values nest: lists of lists are legal
    const json::value parsed =
        json::parse(json::string_view(body.data(), body.size()), failed, {}, options);
    if (failed) return report("", "is not JSON: " + failed.message());
    out_.is_readable = true;
    if (const auto name = repeated_member(body)) report("", "has the member " + *name + " twice");
    fields from(out_.violations, parsed, "");
    from.each("resourceSpans", [this](const json::value& item, const std::string& path) {
      out_.resource_spans.push_back(read_resource_spans(item, path));
    });
    if (span_ids_.empty()) report("resourceSpans", "has no span");
  }

  resource_spans read_resource_spans(const json::value& value, const std::string& path) {
    resource_spans out;
    fields from(out_.violations, value, path);
    if (const json::value* resource = from.get("resource")) {
      fields inner(out_.violations, *resource, from.at("resource"));
      out.resource.attributes = read_attributes(inner);
      out.resource.dropped_attributes_count = inner.narrow("droppedAttributesCount");
    }
    out.schema_url = from.text("schemaUrl");
    const auto read = [&](const json::value& item, const std::string& at) {
      out.scope_spans.push_back(read_scope_spans(item, at));
    };
    if (from.each("scopeSpans", read) == 0) report(path, "is an empty envelope: no scopeSpans");
    return out;
  }

  scope_spans read_scope_spans(const json::value& value, const std::string& path) {
    scope_spans out;
    fields from(out_.violations, value, path);
    if (const json::value* scope = from.get("scope")) {
      fields inner(out_.violations, *scope, from.at("scope"));
      out.scope.name = inner.text("name");
      out.scope.version = inner.text("version");
      out.scope.attributes = read_attributes(inner);
      out.scope.dropped_attributes_count = inner.narrow("droppedAttributesCount");
    }
    out.schema_url = from.text("schemaUrl");
    const auto read = [&](const json::value& item, const std::string& at) {
      out.spans.push_back(read_span(item, at));
    };
    if (from.each("spans", read) == 0) report(path, "is an empty envelope: no spans");
    return out;
  }

  span read_span(const json::value& value, const std::string& path) {
    span out;
    fields from(out_.violations, value, path);
    out.trace_id = read_id(from, "traceId", 32);
    out.span_id = read_id(from, "spanId", 16);
    out.parent_span_id = read_id(from, "parentSpanId", 16, true);
    out.trace_state = from.text("traceState");
    out.flags = read_flags(from);
    out.name = from.text("name");
    out.kind = from.enumeration("kind", 5);
    out.start_time_unix_nano = from.wide<std::uint64_t>("startTimeUnixNano");
    out.end_time_unix_nano = from.wide<std::uint64_t>("endTimeUnixNano");
    out.attributes = read_attributes(from);
    out.dropped_attributes_count = from.narrow("droppedAttributesCount");
    from.each("events", [&](const json::value& item, const std::string& at) {
      out.events.push_back(read_event(item, at));
    });
    out.dropped_events_count = from.narrow("droppedEventsCount");
    from.each("links", [&](const json::value& item, const std::string& at) {
      out.links.push_back(read_link(item, at));
    });
    out.dropped_links_count = from.narrow("droppedLinksCount");
    if (const json::value* status = from.get("status")) {
      fields inner(out_.violations, *status, from.at("status"));
      out.status.code = inner.enumeration("code", 2);
      out.status.message = inner.text("message");
      if (!out.status.message.empty() && (out.status.code == 0 || out.status.code == 1)) {
        report(inner.at("message"), "stands beside a code that is not ERROR");
      }
    }
    if (out.name.empty()) report(from.at("name"), "is missing");
    if (out.kind == 0) report(from.at("kind"), "is 0 (unspecified)");
    if (out.start_time_unix_nano == 0) report(from.at("startTimeUnixNano"), "is missing");
    if (out.end_time_unix_nano < out.start_time_unix_nano) {
      report(from.at("endTimeUnixNano"), "is before the start");
    }
    if (!out.span_id.empty() && out.parent_span_id == out.span_id) {
      report(from.at("parentSpanId"), "is the span's own id");
    }
    if (!span_ids_.insert(out.trace_id + out.span_id).second) {
      report(from.at("spanId"), "stands twice in the request");
    }
    return out;
  }

  event read_event(const json::value& value, const std::string& path) {
    event out;
    fields from(out_.violations, value, path);
    out.time_unix_nano = from.wide<std::uint64_t>("timeUnixNano");
    out.name = from.text("name");
    out.attributes = read_attributes(from);
    out.dropped_attributes_count = from.narrow("droppedAttributesCount");
    if (out.name.empty()) report(from.at("name"), "is missing");
    if (out.time_unix_nano == 0) report(from.at("timeUnixNano"), "is missing");
    return out;
  }

  link read_link(const json::value& value, const std::string& path) {
    link out;
    fields from(out_.violations, value, path);
    out.trace_id = read_id(from, "traceId", 32);
    out.span_id = read_id(from, "spanId", 16);
    out.trace_state = from.text("traceState");
    out.flags = read_flags(from);
    out.attributes = read_attributes(from);
    out.dropped_attributes_count = from.narrow("droppedAttributesCount");
    return out;
  }

  std::string read_id(fields& from, const char* name, std::size_t digits, bool optional = false) {
    std::string id = from.text(name);
    if (id.empty() && optional) return id;
    const std::string wrong = wrong_id(id, digits);
    if (!wrong.empty()) report(from.at(name), wrong);
    return id;
  }

  std::uint32_t read_flags(fields& from) {
    constexpr std::uint32_t sampled = 1, random = 2, has_is_remote = 0x100, is_remote = 0x200;
    const std::uint32_t flags = from.narrow("flags");
    if ((flags & ~(sampled | random | has_is_remote | is_remote)) != 0) {
      report(from.at("flags"), "has bits without a meaning");
    }
    if ((flags & is_remote) != 0 && (flags & has_is_remote) == 0) {
      report(from.at("flags"), "says remote without saying that it knows");
    }
    return flags;
  }

  attribute_list read_attributes(fields& from) {
    attribute_list out;
    read_key_values(from, "attributes", out);
    return out;
  }

  void read_key_values(fields& from, const char* name, std::vector<key_value>& out) {
    std::set<std::string> keys;
    from.each(name, [&](const json::value& item, const std::string& path) {
      fields entry(out_.violations, item, path);
      key_value pair;
      pair.key = entry.text("key");
      if (pair.key.empty()) report(path, "has an empty attribute key");
      if (!keys.insert(pair.key).second) report(path, "repeats the attribute key " + pair.key);
      const json::value* value = entry.get("value");
      if (value == nullptr) {
        report(path, "has no value");
      } else {
        pair.value = read_any(*value, entry.at("value"));
      }
      out.push_back(std::move(pair));
    });
  }

  any_value read_any(const json::value& value, const std::string& path);

  trace_request out_;
  std::set<std::string> span_ids_;
};

inline any_value decoder::read_any(const json::value& value, const std::string& path) {
  using type = any_value::type;
  any_value out;
  fields from(out_.violations, value, path);
  int members = 0;
  const auto found = [&](const char* name, type is) -> const json::value* {
    const json::value* member = from.get(name);
    if (member == nullptr) return nullptr;
    out.is = is;
    ++members;
    return member;
  };
  if (found("stringValue", type::string)) out.text = from.text("stringValue");
  if (found("intValue", type::integer)) out.integer = from.wide<std::int64_t>("intValue");
  if (const json::value* boolean = found("boolValue", type::boolean)) {
    if (!boolean->is_bool()) report(from.at("boolValue"), "is not a boolean");
    out.boolean = boolean->is_bool() && boolean->get_bool();
  }
  if (const json::value* real = found("doubleValue", type::real)) {
    const std::string text = real->is_string() ? std::string(view(real->get_string())) : "";
    const double infinity = std::numeric_limits<double>::infinity();
    if (real->is_number()) {
      out.real = real->to_number<double>();
    } else if (text == "Infinity" || text == "-Infinity") {
      out.real = text[0] == '-' ? -infinity : infinity;
    } else {
      out.real = std::nan("");
      if (text != "NaN") report(from.at("doubleValue"), "is not a number");
    }
  }
  if (found("bytesValue", type::bytes)) {
    const auto bytes = decode_base64(from.text("bytesValue"));
    if (!bytes) report(from.at("bytesValue"), "is not base64");
    out.text = bytes.value_or("");
  }
  if (const json::value* array = found("arrayValue", type::array)) {
    fields inner(out_.violations, *array, from.at("arrayValue"));
    inner.each("values", [&](const json::value& item, const std::string& at) {
      out.items.push_back(read_any(item, at));
    });
  }
  if (const json::value* list = found("kvlistValue", type::key_values)) {
    fields inner(out_.violations, *list, from.at("kvlistValue"));
    read_key_values(inner, "values", out.members);
  }
  if (members > 1) report(path, "has more than one value");
  return out;
}

/// Decodes what it can and lists every violation; see trace_request.
inline trace_request decode(std::string_view body) { return decoder::decode(body); }

}  // namespace standins::otlp
