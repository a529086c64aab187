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
  /// The members of one object, each read once; what nobody asked for is a violation.
  class fields {
   public:
    fields(decoder& owner, const json::value& from, std::string path)
        : owner_(owner), object_(from.if_object()), path_(std::move(path)) {
      if (object_ == nullptr) owner_.report(path_, "is not an object");
    }
    fields(const fields&) = delete;
    fields& operator=(const fields&) = delete;

    ~fields() {
      if (object_ == nullptr) return;
      for (const auto& entry : *object_) {
        const std::string name(entry.key());
        if (known_.count(name) > 0) continue;
        const bool snake = known_.count(camel_case(name)) > 0;
        owner_.report(at(name), snake ? "is in snake_case" : "is an unknown field");
      }
    }

    std::string at(std::string_view name) const {
      return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    }

    const json::value* get(const char* name) {
      known_.insert(name);
      const json::value* value = object_ != nullptr ? object_->if_contains(name) : nullptr;
      if (value != nullptr && value->is_null()) {
        owner_.report(at(name), "is null");
        return nullptr;
      }
      return value;
    }

    std::string text(const char* name) {
      const json::value* value = get(name);
      if (value == nullptr) return "";
      if (value->is_string()) return std::string(view(value->get_string()));
      owner_.report(at(name), "is not a string");
      return "";
    }

    /// A 64-bit integer, which proto3 JSON writes as a string.
    template <class Integer>
    Integer wide(const char* name) {
      const json::value* value = get(name);
      if (value == nullptr) return 0;
      if (!value->is_string()) {
        owner_.report(at(name), "is a 64-bit integer but not a string");
        if (value->is_double() || !value->is_number()) return 0;
      }
      const std::string digits =
          value->is_string() ? std::string(view(value->get_string())) : print(*value);
      const auto parsed = parse_integer<Integer>(digits);
      if (!parsed) owner_.report(at(name), "is not a decimal integer in range");
      return parsed.value_or(0);
    }

    std::uint32_t narrow(const char* name) {
      const json::value* value = get(name);
      if (value == nullptr) return 0;
      const bool fits = value->is_int64() && value->get_int64() >= 0 &&
                        value->get_int64() <= (std::numeric_limits<std::uint32_t>::max)();
      if (!fits) owner_.report(at(name), "is not an unsigned 32-bit number");
      return fits ? static_cast<std::uint32_t>(value->get_int64()) : 0;
    }

    int enumeration(const char* name, int most) {
      const json::value* value = get(name);
      if (value == nullptr) return 0;
      if (value->is_string()) owner_.report(at(name), "is an enum given as a name");
      if (value->is_int64() && value->get_int64() >= 0 && value->get_int64() <= most) {
        return static_cast<int>(value->get_int64());
      }
      if (!value->is_string()) owner_.report(at(name), "is no value of the enum");
      return 0;
    }

    template <class Read>
    std::size_t each(const char* name, Read read) {
      const json::value* value = get(name);
      if (value == nullptr) return 0;
      if (!value->is_array()) {
        owner_.report(at(name), "is not an array");
        return 0;
      }
      std::size_t index = 0;
      for (const json::value& item : value->get_array()) {
        read(item, at(name) + "[" + std::to_string(index++) + "]");
      }
      return index;
    }

   private:
    static std::string camel_case(const std::string& name) {
      std::string out;
      for (std::size_t i = 0; i < name.size(); ++i) {
        const bool joins = name[i] == '_' && i + 1 < name.size();
        const char c = joins ? name[++i] : name[i];
        out += joins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      }
      return out;
    }

    decoder& owner_;
    const json::object* object_;
    std::string path_;
    std::set<std::string> known_;
  };

  void report(std::string path, std::string what) {
    out_.violations.push_back({std::move(path), std::move(what)});
  }

  void read_body(std::string_view body) {
    if (const auto offset = bad_utf8(body)) {
      return report("", "is not UTF-8 from byte " + std::to_string(*offset));
    }
    json::error_code failed;
    const json::value parsed = json::parse(json::string_view(body.data(), body.size()), failed);
    if (failed) return report("", "is not JSON: " + failed.message());
    out_.is_json = true;
    if (const auto name = repeated_member(body)) report("", "has the member " + *name + " twice");
    fields from(*this, parsed, "");
    from.each("resourceSpans", [this](const json::value& item, const std::string& path) {
      out_.resource_spans.push_back(read_resource_spans(item, path));
    });
    if (span_ids_.empty()) report("resourceSpans", "has no span");
  }

  resource_spans read_resource_spans(const json::value& value, const std::string& path) {
    resource_spans out;
    fields from(*this, value, path);
    if (const json::value* resource = from.get("resource")) {
      fields inner(*this, *resource, from.at("resource"));
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
    fields from(*this, value, path);
    if (const json::value* scope = from.get("scope")) {
      fields inner(*this, *scope, from.at("scope"));
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
    fields from(*this, value, path);
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
      fields inner(*this, *status, from.at("status"));
      out.status.code = inner.enumeration("code", 2);
      out.status.message = inner.text("message");
      if (!out.status.message.empty() && out.status.code != 2) {
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
    fields from(*this, value, path);
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
    fields from(*this, value, path);
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
      fields entry(*this, item, path);
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
  fields from(*this, value, path);
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
    fields inner(*this, *array, from.at("arrayValue"));
    inner.each("values", [&](const json::value& item, const std::string& at) {
      out.items.push_back(read_any(item, at));
    });
  }
  if (const json::value* list = found("kvlistValue", type::key_values)) {
    fields inner(*this, *list, from.at("kvlistValue"));
    read_key_values(inner, "values", out.members);
  }
  if (members > 1) report(path, "has more than one value");
  return out;
}

/// Decodes what it can and lists every violation; see trace_request.
inline trace_request decode(std::string_view body) { return decoder::decode(body); }

}  // namespace standins::otlp
