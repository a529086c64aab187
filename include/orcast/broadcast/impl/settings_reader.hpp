// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/broadcast/settings_file.hpp"
#include "orcast/openrouter/impl/json_reader.hpp"

// Reads the members of a settings file, for parse_settings().

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
        key(member, "openrouter_api_key", to.openrouter_api_key);
      } else if (name == "destinations") {
        listed = true;
        if (!member.is_array()) return wrong("destinations", "must be a list");
        for (const json_view each : member) {
          const std::string at = "destinations[" + std::to_string(to.destinations.size()) + "].";
          if (!each.is_object()) return wrong(at.substr(0, at.size() - 1), "must be an object");
          to.destinations.emplace_back();
          format_said_ = false;
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
      key(member, label, to.api_key);
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
    } else if (name == "vectors") {
      flag(member, label, to.vectors);
    } else if (name == "hide") {
      hide(member, label, to.hide);
    } else if (name == "userkey") {
      key(member, label, to.user_key);
    } else if (name == "server") {
      server(member, label, to.server);
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
  void key(json_view value, std::string_view label, secret& to) {
    std::string plain;
    text(value, label, plain);
    to = secret(plain);
    wipe(plain.data(), plain.size());
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
      if (!format_said_) to.format = otlp::format::protobuf;  // it takes no other
    } else {
      wrong(label, "must be \"arize\", \"phoenix\" or \"otlp\"");
    }
  }
  void format(json_view value, std::string_view label, otlp::format& to) {
    const std::string name = plain_name(value.text());
    if (name != "json" && name != "protobuf")
      return wrong(label, "must be \"json\" or \"protobuf\"");
    to = name == "json" ? otlp::format::json : otlp::format::protobuf;
    format_said_ = true;
  }
  void hide(json_view value, std::string_view label, masks& to) {
    if (!value.is_object()) return wrong(label, "must be an object of masks");
    for (const json_view member : value) {
      const std::string at = std::string(label) + "." + std::string(member.key());
      const std::string name = plain_name(member.key());
      if (name == "base64imagemaxlength") {
        const bool number = member.kind() == json_kind::integer && member.integer() >= 0 &&
                            member.integer() <= 1'000'000'000;
        if (!number) return wrong(at, "must be a number of bytes");
        to.base64_image_max_length = static_cast<std::size_t>(member.integer());
        continue;
      }
      bool known = false;
      for (const mask_name& each : mask_names) {
        if (name != plain_name(each.name)) continue;
        known = true;
        flag(member, at, to.*each.mask);
      }
      if (!known) wrong(at, "is not a mask");
    }
  }
  void server(json_view value, std::string_view label, server_broadcast& to) {
    const std::string name = plain_name(value.text());
    if (name != "none" && name != "join") return wrong(label, "must be \"none\" or \"join\"");
    to = name == "join" ? server_broadcast::join : server_broadcast::none;
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
  bool format_said_ = false;  // of the destination that is being read
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
