// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "orcast/broadcast/settings.hpp"
#include "orcast/core/environment.hpp"
#include "orcast/http/url.hpp"
#include "orcast/http/validate.hpp"

namespace orcast {
inline namespace v0 {

namespace detail {

/// What gets around a key, or into it, on the way here.
inline constexpr char odd_in_keys[] = " \t\r\n\"'";

/// A header that the format and the compression of a body decide.
inline bool tells_of_body(std::string_view name) noexcept {
  return http::same_name(name, "content-type") || http::same_name(name, "content-encoding");
}

/// Decodes the beginning of base64 text; stops at the first character that is none.
inline std::string decode_base64(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (digit < 0) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return out;
}

}  // namespace detail

ORCAST_DECL broadcast_settings broadcast_settings::from_environment(std::string* complaints) {
  broadcast_settings made;
  made.hide = masks::from_environment(complaints);
  const std::string phoenix(environment("PHOENIX_COLLECTOR_ENDPOINT"));
  if (!phoenix.empty() && environment("ARIZE_API_KEY").empty()) {
    made.name = "phoenix";
    made.kind = destination_kind::otlp;
    made.format = otlp::format::protobuf;
    made.base_url = phoenix;
    made.allow_insecure = true;  // as Phoenix' own exporters: where it runs has often no TLS
    made.api_key = secret(environment("PHOENIX_API_KEY"));
    made.model_id = environment("PHOENIX_PROJECT_NAME");
    if (made.model_id.empty()) made.model_id = "default";
    return made;
  }
  made.api_key = secret(environment("ARIZE_API_KEY"));
  made.space_key = environment("ARIZE_SPACE_ID");
  made.model_id = environment("ARIZE_PROJECT_NAME");
  if (made.model_id.empty()) made.model_id = "default";
  made.base_url = environment("ARIZE_COLLECTOR_ENDPOINT");
  return made;
}

ORCAST_DECL broadcast_settings broadcast_settings::clone() const {
  broadcast_settings made;
  made.name = name;
  made.kind = kind;
  made.enabled = enabled;
  made.api_key = api_key.clone();
  made.space_key = space_key;
  made.model_id = model_id;
  made.base_url = base_url;
  made.exact_url = exact_url;
  made.headers = headers;
  made.header_provider = header_provider;
  made.header_context = header_context;
  made.privacy_mode = privacy_mode;
  made.only_api_keys = only_api_keys;
  made.except_api_keys = except_api_keys;
  made.sampling_rate = sampling_rate;
  made.service_name = service_name;
  made.service_version = service_version;
  made.resource = resource;
  made.companions = companions;
  made.format = format;
  made.compression = compression;
  made.vectors = vectors;
  made.hide = hide;
  made.redact = redact;
  made.filter = filter;
  made.user_key = user_key.clone();
  made.users = users;
  made.server = server;
  made.allow_insecure = allow_insecure;
  return made;
}

namespace detail {

/// What is wrong with the address of a service, whatever its path.
inline result<void> check_address(const std::string& full, bool allow_insecure) {
  const result<http::url> parsed = http::url::parse(full, allow_insecure);
  if (!parsed) {
    return failure(errc::invalid_argument, "Base Url can't be used: " + parsed.error().message);
  }
  if (parsed->port() == 4317) {
    return failure(errc::invalid_argument,
                   "Base Url can't be used: port 4317 speaks gRPC; OTLP over HTTP is port 4318");
  }
  if (http::same_name(parsed->host(), "app.arize.com")) {
    return failure(errc::invalid_argument,
                   "Base Url can't be used: app.arize.com is Arize's page; spans go to "
                   "https://otlp.arize.com");
  }
  return {};
}

}  // namespace detail

ORCAST_DECL result<std::string> traces_url(std::string_view base_url, bool allow_insecure) {
  std::string full(base_url.empty() ? std::string_view("https://otlp.arize.com") : base_url);
  if (full.find("://") == std::string::npos) full.insert(0, "https://");
  const result<void> checked = detail::check_address(full, allow_insecure);
  if (!checked) return checked.error();
  if (full.find('?') != std::string::npos) {
    return failure(errc::invalid_argument,
                   "Base Url can't be used: it has a query (?...), which an exact URL alone may");
  }
  while (full.back() == '/') full.pop_back();
  const auto ends_with = [&full](std::string_view tail) {
    return full.size() > tail.size() &&
           std::string_view(full).substr(full.size() - tail.size()) == tail;
  };
  if (!ends_with("/v1/traces")) full += ends_with("/v1") ? "/traces" : "/v1/traces";
  return full;
}

ORCAST_DECL result<std::string> traces_url(const broadcast_settings& settings) {
  if (settings.kind == destination_kind::otlp && settings.base_url.empty()) {
    return failure(errc::invalid_argument, "Base Url is empty: it says where the spans go");
  }
  if (!settings.exact_url) return traces_url(settings.base_url, settings.allow_insecure);
  if (settings.base_url.find("://") == std::string::npos) {
    return failure(errc::invalid_argument,
                   "Base Url can't be used: an exact URL begins with https:// or http://");
  }
  const result<void> checked = detail::check_address(settings.base_url, settings.allow_insecure);
  if (!checked) return checked.error();
  return settings.base_url;
}

ORCAST_DECL void append_headers(const broadcast_settings& settings,
                                std::vector<http::header>& headers) {
  const std::size_t ours = headers.size();
  if (settings.header_provider != nullptr) {
    settings.header_provider(settings.header_context, headers);
  } else if (!settings.api_key.empty()) {
    const std::string_view key = settings.api_key.reveal();
    headers.push_back({"authorization", std::string("Bearer ").append(key), true});
    if (settings.kind == destination_kind::arize) {
      headers.push_back({"arize-api-key", std::string(key), true});
      headers.push_back({"arize-space-id", settings.space_key, true});
      headers.push_back({"space_id", settings.space_key, true});
    }
  }
  for (const http::header& wanted : settings.headers) {
    const auto same = [&wanted](const http::header& line) {
      return http::same_name(line.name, wanted.name);
    };
    const auto first = headers.begin() + static_cast<std::ptrdiff_t>(ours);
    headers.erase(std::remove_if(first, headers.end(), same), headers.end());
    headers.push_back(wanted);
  }
}

ORCAST_DECL result<void> validate(const broadcast_settings& settings) {
  const auto refuse = [](std::string what) {
    return failure(errc::invalid_argument, std::move(what));
  };
  const result<std::string> url = traces_url(settings);
  if (!url) return url.error();
  if (settings.name.empty()) return refuse("Name is empty: it tells destinations apart");
  if (settings.kind == destination_kind::arize && settings.header_provider == nullptr) {
    if (settings.api_key.empty()) {
      return refuse("Api Key is empty: set ARIZE_API_KEY or broadcast_settings.api_key");
    }
    if (settings.api_key.reveal().substr(0, 6) == "sk-or-") {
      return refuse("Api Key is a key of OpenRouter: Arize's own begins with ak-");
    }
    if (settings.space_key.empty()) {
      return refuse("Space Key is empty: set ARIZE_SPACE_ID or broadcast_settings.space_key");
    }
    // What is around it is told below.
    const std::size_t begins = settings.space_key.find_first_not_of(detail::odd_in_keys);
    const std::string_view id =
        std::string_view(settings.space_key).substr((std::min)(begins, settings.space_key.size()));
    if (detail::decode_base64(id).compare(0, 6, "Space:") != 0) {
      return refuse(
          "Space Key is not a Space ID (base64 text that begins with U3BhY2U6): a space's name "
          "would be answered with 200 and nothing stored; copy the ID from the space's settings");
    }
  }
  const std::pair<const char*, std::string_view> keys[] = {{"Api Key", settings.api_key.reveal()},
                                                           {"Space Key", settings.space_key}};
  for (const auto& [field, key] : keys) {
    if (key.find_first_of(detail::odd_in_keys) != std::string_view::npos) {
      return refuse(std::string(field) +
                    " contains a blank or a quote: give it as the service shows it, without the "
                    "quotes of a .env file and without \"Bearer\"");
    }
    if (!http::is_field_value(key)) {
      return refuse(std::string(field) + " contains a character that no header may contain");
    }
  }
  if (settings.model_id.find_first_not_of(" \t\r\n") == std::string::npos) {
    return refuse("Model Id is empty: it names the project that the traces appear in");
  }
  if (!(settings.sampling_rate >= 0.0001 && settings.sampling_rate <= 1.0)) {
    return refuse("Sampling Rate must be from 0.0001 to 1; to send nothing, set enabled to false");
  }
  for (const http::header& line : settings.headers) {
    if (!http::is_token(line.name) || !http::is_field_value(line.value) ||
        http::is_transport_header(line.name)) {
      return refuse("headers: \"" + line.name + "\" is not a header that can be sent");
    }
    if (detail::tells_of_body(line.name)) {
      return refuse("headers: \"" + line.name + "\" says what format and compression are for");
    }
  }
  return {};
}

}  // namespace v0
}  // namespace orcast
