// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "orcast/broadcast/impl/recording_wishes.hpp"
#include "orcast/broadcast/impl/settings.ipp"
#include "orcast/broadcast/impl/settings_reader.hpp"
#include "orcast/broadcast/settings_file.hpp"
#include "orcast/core/file.hpp"
#include "orcast/openrouter/impl/json_write.hpp"

// The bodies of settings_file: its text, and the file that keeps it.

namespace orcast {
inline namespace v0 {

namespace detail {

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
  flag("vectors", from.vectors, usual.vectors);
  if (!hides(masks(), from.hide)) {
    object_writer all(to.key("hide"));
    for (const mask_name& each : mask_names) {
      if (from.hide.*each.mask) all.json(each.name, "true");
    }
    if (from.hide.base64_image_max_length != 0) {
      all.json("base64_image_max_length", std::to_string(from.hide.base64_image_max_length));
    }
    all.close();
  }
  to.text_if("user_key", from.user_key.reveal());
  if (from.server == server_broadcast::join) to.text("server", "join");
  if (from.format == otlp::format::protobuf) to.text("format", "protobuf");
  flag("allow_insecure", from.allow_insecure, usual.allow_insecure);
  to.close();
}

}  // namespace detail

ORCAST_DECL result<settings_file> parse_settings(std::string_view json) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (json.substr(0, 3) == byte_order_mark) json.remove_prefix(3);
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
