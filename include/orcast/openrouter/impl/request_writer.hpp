// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/number.hpp"
#include "orcast/openrouter/impl/request_checks.hpp"

// Writes the members of a request and of the objects in it, each by its type.

namespace orcast {
inline namespace v0 {
namespace detail {

template <class Whole>
class member_writer;

/// All that is in `members`, and objects of them.
class object_members_writer : public request_checks {
 public:
  using request_checks::request_checks;

 protected:
  template <class Whole>
  void text(Whole& whole, std::string_view name, std::string_view value, bool always = false) {
    if (value.empty() && !always) return;
    whole.key(name);
    put_text(name, value);
  }
  template <class Whole>
  void json(Whole& whole, std::string_view name, std::string_view value, json_shape shape) {
    if (!value.empty() && looks_right(name, value, shape)) whole.json(name, value);
  }
  template <class Whole>
  void number(Whole& whole, std::string_view name, double value) {
    if (!is_finite(value)) return complain(name, " is not a finite number");
    append_number(whole.key(name), value);
  }

  template <class Whole>
  void write(Whole& whole, const char* name, const std::string& value) {
    text(whole, name, value);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, bool value) {
    if (value) whole.json(name, "true");
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<bool>& value) {
    if (value) whole.json(name, *value ? "true" : "false");
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<std::int64_t>& value) {
    if (value) whole.number(name, *value);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<double>& value) {
    if (value) number(whole, name, *value);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    whole.key(name);
    char before = '[';
    for (const std::string& value : values) {
      out_ += before;
      before = ',';
      put_text(name, value);
    }
    out_ += ']';
  }
  template <class Whole, class Value>
  void write(Whole& whole, const char* name,
             const std::vector<std::pair<std::string, Value>>& pairs) {
    if (pairs.empty()) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    for (const auto& [key, value] : pairs) {
      if (!valid_utf8(key)) {
        complain(key, " is not UTF-8");
      } else if (inner.has(key)) {
        complain(key, " is set twice");
      } else {
        put_pair(inner, key, value);
      }
    }
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<cache_control>& cache) {
    if (!cache) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    inner.text("type", "ephemeral");
    text(inner, "ttl", cache->ttl);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const provider_sort& sort) {
    if (sort.partition.empty()) return text(whole, name, sort.by);
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    text(inner, "by", sort.by);
    text(inner, "partition", sort.partition);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const speed_bound& bound) {
    if (!is_set(bound)) return;
    if (bound.value) return number(whole, name, *bound.value);
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    write(inner, "p50", bound.p50);
    write(inner, "p75", bound.p75);
    write(inner, "p90", bound.p90);
    write(inner, "p99", bound.p99);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const predicted_output& output) {
    if (output.content.empty()) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    inner.text("type", "content");
    text(inner, "content", output.content);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const response_format& format) {
    if (!format.json.empty()) return json(whole, name, format.json, json_shape::object);
    if (format.type.empty()) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    text(inner, "type", format.type);
    if (format.type == "json_schema") {
      const std::size_t middle = enter("json_schema");
      object_writer schema(inner.key("json_schema"));
      if (format.name.empty()) complain("name", " is empty");
      text(schema, "name", format.name, true);
      text(schema, "description", format.description);
      write(schema, "strict", format.strict);
      json(schema, "schema", format.schema, json_shape::object);
      schema.close();
      leave(middle);
    }
    text(inner, "grammar", format.grammar);
    inner.close();
    leave(outer);
  }
  template <class Whole, class Object, class = decltype(sizeof(members<Object>))>
  void write(Whole& whole, const char* name, const Object& object) {
    if (!is_set(object)) return;
    const std::size_t outer = enter(name);
    write_object(whole.key(name), object);
    leave(outer);
  }
  template <class Whole, class Object, class = decltype(sizeof(members<Object>))>
  void write(Whole& whole, const char* name, const std::vector<Object>& objects) {
    if (objects.empty()) return;
    whole.key(name);
    char before = '[';
    for (std::size_t i = 0; i < objects.size(); ++i) {
      out_ += before;
      before = ',';
      const std::size_t outer = enter(name, i);
      write_object(out_, objects[i]);
      leave(outer);
    }
    out_ += ']';
  }

  template <class Object>
  void write_object(std::string& out, const Object& object);

 private:
  template <class Whole>
  friend class member_writer;

  void put_pair(object_writer& inner, const std::string& key, const std::string& value) {
    text(inner, key, value, true);
  }
  void put_pair(object_writer& inner, const std::string& key, double value) {
    number(inner, key, value);
  }
};

/// Writes one member of an object after the other.
template <class Whole>
class member_writer {
 public:
  member_writer(object_members_writer& writer, Whole& whole) : writer_(writer), whole_(whole) {}

  template <class T>
  void operator()(const char* name, const T& value) {
    writer_.write(whole_, name, value);
  }
  void operator()(const char* name, const json_text& json, json_shape shape) {
    writer_.json(whole_, name, json, shape);
  }
  void operator()(others, const char* name, const json_text& object) {
    writer_.merge(whole_, name, object);
  }

 private:
  object_members_writer& writer_;
  Whole& whole_;
};

template <class Object>
void object_members_writer::write_object(std::string& out, const Object& object) {
  object_writer inner(out);
  members<Object>::visit(object, member_writer<object_writer>(*this, inner));
  inner.close();
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
