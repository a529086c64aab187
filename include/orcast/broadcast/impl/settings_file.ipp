// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "orcast/broadcast/impl/settings.ipp"
#include "orcast/broadcast/settings_file.hpp"
#include "orcast/core/file.hpp"
#include "orcast/openrouter/impl/json_write.hpp"

namespace orcast {
inline namespace v0 {

namespace detail {

/// A member's name without what people write differently: "Api Key", "apiKey", "api_key".
inline std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return plain;
}

/// Reads the members of a settings file. After the first mistake it only remembers that one.
class settings_reader {
 public:
  void read_file(json_view root, settings_file& to) {
    if (!root.is_object()) return wrong("the file", "must be an object");
    bool listed = false;
    for (const json_view member : root) {
      const std::string name = plain_name(member.key());
      if (name == "openrouterapikey") {
        std::string key;
        text(member, "openrouter_api_key", key);
        to.openrouter_api_key = secret(key);
        wipe(key.data(), key.size());
      } else if (name == "destinations") {
        listed = true;
        if (!member.is_array()) return wrong("destinations", "must be a list");
        for (const json_view each : member) {
          const std::string at = "destinations[" + std::to_string(to.destinations.size()) + "].";
          if (!each.is_object()) return wrong(at.substr(0, at.size() - 1), "must be an object");
          to.destinations.emplace_back();
          read_destination(each, at, to.destinations.back());
        }
      }
    }
    broadcast_settings alone;
    bool any = false;
    for (const json_view member : root) {
      const std::string name = plain_name(member.key());
      if (name == "openrouterapikey" || name == "destinations") continue;
      if (listed) return wrong(std::string(member.key()), "is not a setting of the whole file");
      any = true;
      read_member(member, {}, alone);
    }
    if (any) to.destinations.push_back(std::move(alone));
  }

  const std::string& mistake() const noexcept { return mistake_; }

 private:
  void read_destination(json_view from, const std::string& at, broadcast_settings& to) {
    for (const json_view member : from) read_member(member, at, to);
  }

  void read_member(json_view member, const std::string& at, broadcast_settings& to) {
    const std::string label = at + std::string(member.key());
    const std::string name = plain_name(member.key());
    if (name == "config" &&
        member.is_object()) {  // as OpenRouter's own list of destinations has it
      read_destination(member, label + ".", to);
    } else if (name == "name") {
      text(member, label, to.name);
    } else if (name == "kind" || name == "type") {
      kind(member, label, to);
    } else if (name == "enabled") {
      flag(member, label, to.enabled);
    } else if (name == "apikey") {
      std::string key;
      text(member, label, key);
      to.api_key = secret(key);
      wipe(key.data(), key.size());
    } else if (name == "spacekey" || name == "spaceid") {
      text(member, label, to.space_key);
    } else if (name == "modelid" || name == "projectname") {
      text(member, label, to.model_id);
    } else if (name == "baseurl" || name == "endpoint") {
      text(member, label, to.base_url);
    } else if (name == "exacturl") {
      flag(member, label, to.exact_url);
    } else if (name == "headers") {
      headers(member, label, to.headers);
    } else if (name == "privacymode") {
      flag(member, label, to.privacy_mode);
    } else if (name == "onlyapikeys") {
      texts(member, label, to.only_api_keys);
    } else if (name == "exceptapikeys") {
      texts(member, label, to.except_api_keys);
    } else if (name == "samplingrate") {
      number(member, label, to.sampling_rate);
    } else if (name == "servicename") {
      text(member, label, to.service_name);
    } else if (name == "serviceversion") {
      text(member, label, to.service_version);
    } else if (name == "resource") {
      resource(member, label, to.resource);
    } else if (name == "companions") {
      flag(member, label, to.companions);
    } else if (name == "format") {
      format(member, label, to.format);
    } else if (name == "allowinsecure") {
      flag(member, label, to.allow_insecure);
    } else {
      wrong(label, "is not a setting");
    }
  }

  void wrong(std::string_view where, std::string_view what) {
    if (mistake_.empty()) mistake_.append(where).append(" ").append(what);
  }
  void text(json_view value, std::string_view label, std::string& to) {
    if (value.kind() == json_kind::null) return;
    if (value.kind() != json_kind::string) return wrong(label, "must be a text");
    to = value.text();
  }
  void flag(json_view value, std::string_view label, bool& to) {
    if (value.kind() != json_kind::boolean) return wrong(label, "must be true or false");
    to = value.boolean();
  }
  void number(json_view value, std::string_view label, double& to) {
    if (value.kind() != json_kind::integer && value.kind() != json_kind::real) {
      return wrong(label, "must be a number");
    }
    to = value.real();
  }
  void kind(json_view value, std::string_view label, broadcast_settings& to) {
    const std::string name = plain_name(value.text());
    if (name == "arize") {
      to.kind = destination_kind::arize;
    } else if (name == "otlp" || name == "otelcollector") {
      to.kind = destination_kind::otlp;
    } else if (name == "phoenix") {
      to.kind = destination_kind::otlp;
      to.format = otlp::format::protobuf;  // it takes no other
    } else {
      wrong(label, "must be \"arize\", \"phoenix\" or \"otlp\"");
    }
  }
  void format(json_view value, std::string_view label, otlp::format& to) {
    const std::string name = plain_name(value.text());
    if (name != "json" && name != "protobuf")
      return wrong(label, "must be \"json\" or \"protobuf\"");
    to = name == "json" ? otlp::format::json : otlp::format::protobuf;
  }
  void texts(json_view value, std::string_view label, std::vector<std::string>& to) {
    if (!value.is_array()) return wrong(label, "must be a list of texts");
    for (const json_view each : value) {
      if (each.kind() != json_kind::string) return wrong(label, "must be a list of texts");
      to.emplace_back(each.text());
    }
  }
  void resource(json_view value, std::string_view label, std::vector<otlp::text_attribute>& to) {
    if (!value.is_object()) return wrong(label, "must be an object of texts");
    for (const json_view each : value) {
      if (each.kind() != json_kind::string) return wrong(label, "must be an object of texts");
      to.push_back({std::string(each.key()), std::string(each.text())});
    }
  }
  void headers(json_view value, std::string_view label, std::vector<http::header>& to) {
    if (value.kind() == json_kind::null) return;
    if (!value.is_object()) return wrong(label, "must be an object of texts");
    for (const json_view line : value) {
      if (line.kind() != json_kind::string) return wrong(label, "must be an object of texts");
      // Any of them may be a key, so all are treated as one.
      to.push_back({std::string(line.key()), std::string(line.text()), true});
    }
  }

  std::string mistake_;
};

inline void append_destination(std::string& out, const broadcast_settings& from) {
  out += "    ";
  object_writer to(out);
  const broadcast_settings usual;
  const auto flag = [&to](std::string_view name, bool value, bool default_value) {
    if (value != default_value) to.json(name, value ? "true" : "false");
  };
  to.text("name", from.name);
  to.text("kind", from.kind == destination_kind::arize ? "arize" : "otlp");
  to.json("enabled", from.enabled ? "true" : "false");
  to.text_if("api_key", from.api_key.reveal());
  to.text_if("space_key", from.space_key);
  to.text("model_id", from.model_id);
  to.text_if("base_url", from.base_url);
  flag("exact_url", from.exact_url, usual.exact_url);
  if (!from.headers.empty()) {
    object_writer lines(to.key("headers"));
    for (const http::header& line : from.headers) lines.text(line.name, line.value);
    lines.close();
  }
  to.json("privacy_mode", from.privacy_mode ? "true" : "false");
  const auto texts = [&to](std::string_view name, const std::vector<std::string>& all) {
    if (all.empty()) return;
    std::string& list = to.key(name);
    for (const std::string& each : all) {
      list += &each == all.data() ? '[' : ',';
      append_json_string(list, each);
    }
    list += ']';
  };
  texts("only_api_keys", from.only_api_keys);
  texts("except_api_keys", from.except_api_keys);
  append_number(to.key("sampling_rate"), from.sampling_rate);
  to.text("service_name", from.service_name);
  to.text_if("service_version", from.service_version);
  if (!from.resource.empty()) {
    object_writer all(to.key("resource"));
    for (const otlp::text_attribute& each : from.resource) all.text(each.key, each.value);
    all.close();
  }
  flag("companions", from.companions, usual.companions);
  if (from.format == otlp::format::protobuf) to.text("format", "protobuf");
  flag("allow_insecure", from.allow_insecure, usual.allow_insecure);
  to.close();
}

}  // namespace detail

ORCAST_DECL result<settings_file> parse_settings(std::string_view json) {
  detail::json_reader reader(detail::json_manners::exact);
  if (!reader.parse(json)) {
    return failure(errc::invalid_argument, "the settings are not JSON (in UTF-8)");
  }
  settings_file made;
  detail::settings_reader in;
  in.read_file(reader.root(), made);
  if (!in.mistake().empty()) return failure(errc::invalid_argument, "settings: " + in.mistake());
  return made;
}

ORCAST_DECL result<settings_file> read_settings(const std::string& path) {
  result<std::string> json = read_file(path, std::size_t{1} << 20);
  if (!json) return json.error();
  result<settings_file> made = parse_settings(*json);
  wipe(json->data(), json->size());
  if (!made) made.error().message.insert(0, path + ": ");
  return made;
}

ORCAST_DECL std::string settings_json(const settings_file& settings) {
  std::string out = "{\n";
  if (!settings.openrouter_api_key.empty()) {
    out += "  \"openrouter_api_key\": ";
    detail::append_json_string(out, settings.openrouter_api_key.reveal());
    out += ",\n";
  }
  out += "  \"destinations\": [";
  for (const broadcast_settings& each : settings.destinations) {
    out += &each == settings.destinations.data() ? "\n" : ",\n";
    detail::append_destination(out, each);
  }
  out += settings.destinations.empty() ? "]\n}\n" : "\n  ]\n}\n";
  return out;
}

ORCAST_DECL result<void> write_settings(const std::string& path, const settings_file& settings) {
  std::string json = settings_json(settings);
  const result<void> written = write_private_file(path, json);
  wipe(json.data(), json.size());
  return written;
}

}  // namespace v0
}  // namespace orcast
