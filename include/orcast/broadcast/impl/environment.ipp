// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <utility>

#include "orcast/broadcast/environment.hpp"
#include "orcast/core/environment.hpp"
#include "orcast/core/hex.hpp"
#include "orcast/core/number.hpp"
#include "orcast/http/url.hpp"

namespace orcast {
inline namespace v0 {

namespace detail {

/// Reads OTEL_* variables. An empty one counts as not set.
class otel_environment {
 public:
  explicit otel_environment(std::string* complaints) : complaints_(complaints) {}

  void complain(std::string_view name, std::string_view what) {
    if (complaints_ == nullptr) return;
    if (!complaints_->empty()) *complaints_ += ' ';
    complaints_->append(name).append(" ").append(what).append(".");
  }

  /// True for "true" in any case alone; what is neither that nor false is complained of.
  bool flag(const char* name) {
    const std::string_view text = environment(name);
    if (http::same_name(text, "true")) return true;
    if (!text.empty() && !http::same_name(text, "false")) complain(name, "is not true or false");
    return false;
  }

  /// A whole number up to 2^31 - 1; -1 when it is not set or none.
  std::int64_t number(const char* name) {
    const std::string_view text = environment(name);
    if (text.empty()) return -1;
    std::int64_t value = 0;
    for (const char digit : text) {
      if (digit < '0' || digit > '9' || value > (std::numeric_limits<std::int32_t>::max)()) {
        value = (std::numeric_limits<std::int64_t>::max)();
        break;
      }
      value = value * 10 + (digit - '0');
    }
    if (value <= (std::numeric_limits<std::int32_t>::max)()) return value;
    complain(name, "is not a whole number up to 2147483647");
    return -1;
  }

  /// Of two names of one thing the signal's own counts first.
  const char* either(const char* own, const char* general) const {
    return environment(own).empty() ? general : own;
  }

  /// `k=v,k=v`, percent-encoded. One flaw discards all of it.
  std::vector<otlp::text_attribute> pairs(const char* name) {
    std::vector<otlp::text_attribute> read;
    std::string_view rest = environment(name);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view part = trimmed(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      if (part.empty()) continue;
      const std::size_t equals = part.find('=');
      otlp::text_attribute pair;
      if (equals == std::string_view::npos || equals == 0 ||
          !decode(trimmed(part.substr(0, equals)), pair.key) ||
          !decode(trimmed(part.substr(equals + 1)), pair.value)) {
        complain(name, "is not a list of key=value, percent-encoded, and was not used");
        return {};
      }
      read.push_back(std::move(pair));
    }
    return read;
  }

 private:
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
  }
  static bool decode(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      unsigned char byte = static_cast<unsigned char>(text[i]);
      if (byte == '%') {
        if (!from_hex(text.substr(i + 1, 2), &byte, 1)) return false;
        i += 2;
      }
      if (byte < 0x20 || byte == 0x7f) return false;
      out += static_cast<char>(byte);
    }
    return true;
  }

  std::string* complaints_;
};

/// The least sampling_rate that there is.
inline constexpr double least_share = 0.0001;

/// The share of the traces that OTEL_TRACES_SAMPLER asks for.
inline double sampling_from(otel_environment& in) {
  const std::string_view sampler = environment("OTEL_TRACES_SAMPLER");
  const auto is = [&sampler](std::string_view name, std::string_view based) {
    return http::same_name(sampler, name) || http::same_name(sampler, based);
  };
  if (sampler.empty() || is("always_on", "parentbased_always_on")) return 1.0;
  if (is("always_off", "parentbased_always_off")) return 0.0;
  if (!is("traceidratio", "parentbased_traceidratio")) {
    in.complain("OTEL_TRACES_SAMPLER", "names a sampler that orcast does not have");
    return 1.0;
  }
  const std::string_view text = environment("OTEL_TRACES_SAMPLER_ARG");
  if (text.empty()) return 1.0;
  const double ratio = detail::to_double(text).value_or(-1);
  if (ratio >= 0.0 && ratio <= 1.0) {
    if (ratio > 0.0 && ratio < least_share) {
      in.complain("OTEL_TRACES_SAMPLER_ARG", "is less than 0.0001, which is used instead");
    }
    return ratio;
  }
  in.complain("OTEL_TRACES_SAMPLER_ARG", "is not a number from 0 to 1");
  return 1.0;
}

/// The destination that OTEL_EXPORTER_OTLP_* name. False when they name none.
inline bool otel_destination(otel_environment& in, broadcast_settings& to) {
  const std::string_view exporter = environment("OTEL_TRACES_EXPORTER");
  if (http::same_name(exporter, "none")) return false;
  if (!exporter.empty() && !http::same_name(exporter, "otlp")) {
    in.complain("OTEL_TRACES_EXPORTER", "names an exporter that orcast does not have");
  }
  const std::string_view own = environment("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const std::string_view base = environment("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (own.empty() && base.empty()) return false;
  to.name = "otel";
  to.kind = destination_kind::otlp;
  to.allow_insecure = true;  // the specification's own default is http
  to.exact_url = !own.empty() || base.find('?') == base.npos;  // traces_url() refuses the rest
  to.base_url = own.empty() ? base : own;
  if (own.empty()) {
    to.base_url += to.base_url.back() == '/' ? "v1/traces" : "/v1/traces";
  } else if (const auto parsed = http::url::parse(to.base_url, true)) {
    if (parsed->target() == "/" && to.base_url.back() != '/') to.base_url += '/';
  }

  for (const otlp::text_attribute& line :
       in.pairs(in.either("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"))) {
    to.headers.push_back({line.key, line.value, true});
  }
  const char* const protocol =
      in.either("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
  const std::string_view wanted = environment(protocol);
  if (http::same_name(wanted, "http/protobuf")) {
    to.format = otlp::format::protobuf;
  } else if (!wanted.empty() && !http::same_name(wanted, "http/json")) {
    in.complain(protocol, "is neither http/json nor http/protobuf");
  }
  const char* const compression =
      in.either("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION");
  if (!environment(compression).empty() && !http::same_name(environment(compression), "none")) {
    in.complain(compression, "can't be met from here: set broadcast_settings.compression");
  }
  for (const char* name :
       {"OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE"}) {
    if (!environment(name).empty()) in.complain(name, "is for the transport's own options");
  }
  return true;
}

/// Whether that destination can be one. If not it is complained of, so that its variables take no
/// other destination down with them.
inline bool otel_usable(otel_environment& in, const broadcast_settings& made) {
  const result<std::string> url = traces_url(made);
  if (!url) {
    in.complain(in.either("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
                "leads nowhere: " + url.error().message);
    return false;
  }
  broadcast_settings headers = made.clone();
  headers.model_id = "any";  // that is not these variables' to say
  const bool sendable = validate(headers).ok();
  if (!sendable) {
    in.complain(in.either("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
                "has a header that can't be sent");
  }
  return sendable;
}

/// What OTEL_* say of the whole broadcast.
inline void otel_options(otel_environment& in, broadcast_options& to) {
  const std::int64_t timeout =
      in.number(in.either("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"));
  if (timeout >= 0) to.timeout_ms = timeout == 0 ? 86'400'000 : timeout;  // 0: no limit
  const std::int64_t delay = in.number("OTEL_BSP_SCHEDULE_DELAY");
  if (delay >= 0) to.exporting.delay_ms = delay;
  const std::int64_t batch = in.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE");
  if (batch > 0 && batch <= otlp::exporter_options::most_batch_spans) {
    to.exporting.batch_spans = static_cast<std::uint32_t>(batch);
  } else if (batch >= 0) {
    in.complain("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "must be from 1 to 1000000");
  }
  const std::int64_t length = in.number(
      in.either("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"));
  constexpr std::int64_t longest = 16'776'900;
  if (length > 0) to.max_value_bytes = static_cast<std::uint32_t>((std::min)(length, longest));
}

}  // namespace detail

ORCAST_DECL broadcast_options options_from_environment(std::string* complaints) {
  detail::otel_environment in(complaints);
  broadcast_options made;
  made.settings = broadcast_settings::from_environment(complaints);
  // Arize, or Phoenix.
  const bool named = !made.settings.api_key.empty() || !made.settings.space_key.empty() ||
                     made.settings.kind == destination_kind::otlp;
  if (!environment("OTEL_CONFIG_FILE").empty()) {
    in.complain("OTEL_CONFIG_FILE", "is not read, and no other OTEL_ variable beside it");
    return made;
  }
  broadcast_settings otel;
  otel.model_id = made.settings.model_id;
  otel.hide = made.settings.hide;
  if (detail::otel_destination(in, otel)) {
    const bool usable = detail::otel_usable(in, otel);
    if (named && usable) {
      made.also.push_back(std::move(otel));
    } else if (!named) {
      made.settings = std::move(otel);
    }
  }
  detail::otel_options(in, made);

  std::string service(environment("OTEL_SERVICE_NAME"));
  const std::vector<otlp::text_attribute> resource = in.pairs("OTEL_RESOURCE_ATTRIBUTES");
  for (const otlp::text_attribute& each : resource) {
    if (each.key == "service.name" && service.empty()) service = each.value;
  }
  const double share = detail::sampling_from(in);
  const bool off = in.flag("OTEL_SDK_DISABLED") || share == 0;
  const auto finish = [&](broadcast_settings& to) {
    if (!service.empty()) to.service_name = service;
    for (const otlp::text_attribute& each : resource) {
      if (each.key != "service.name") to.resource.push_back(each);
    }
    to.sampling_rate = (std::max)(share, detail::least_share);
    if (off) to.enabled = false;
  };
  finish(made.settings);
  for (broadcast_settings& each : made.also) finish(each);
  return made;
}

}  // namespace v0
}  // namespace orcast
