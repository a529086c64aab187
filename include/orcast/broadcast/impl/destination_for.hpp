// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "orcast/broadcast/impl/settings.ipp"
#include "orcast/broadcast/settings.hpp"
#include "orcast/http/url.hpp"
#include "orcast/otlp/destination.hpp"

// What settings mean to the exporter. Whoever sends to a destination - the broadcast, Test
// Connection - makes it here, so that what was tested is what is used.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Appends the settings' headers to the exporter's own. One name is sent once: the settings' user
/// agent stands instead of ours, and what says how the body reads is the exporter's alone.
inline void add_headers(const broadcast_settings& settings, std::vector<http::header>& headers) {
  const std::size_t own = headers.size();
  append_headers(settings, headers);
  for (std::size_t i = own; i < headers.size();) {
    std::size_t same = 0;
    while (same < own && !http::same_name(headers[same].name, headers[i].name)) ++same;
    if (same == own) {
      ++i;
      continue;
    }
    if (!tells_of_body(headers[i].name)) headers[same] = std::move(headers[i]);
    headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

/// `settings` are valid, and stay where they are while the destination is used.
inline otlp::destination destination_for(const broadcast_settings& settings) {
  otlp::destination to;
  to.url = *traces_url(settings);
  to.allow_insecure_http = settings.allow_insecure;
  to.append_headers = [](void* context, std::vector<http::header>& headers) {
    add_headers(*static_cast<const broadcast_settings*>(context), headers);
  };
  to.compression = settings.compression;
  to.headers_context = const_cast<broadcast_settings*>(&settings);
  // What identifies the sender and its project, in every spelling that Arize reads.
  otlp::encoder_options& made = to.encoding;
  made.format = settings.format;
  made.resource = settings.resource;
  const std::string& project = settings.model_id;
  for (otlp::text_attribute each : {otlp::text_attribute{"service.name", settings.service_name},
                                    otlp::text_attribute{"openinference.project.name", project},
                                    otlp::text_attribute{"arize.project.name", project},
                                    otlp::text_attribute{"model_id", project}}) {
    made.resource.push_back(std::move(each));
  }
  if (!settings.service_version.empty()) {
    made.resource.push_back({"service.version", settings.service_version});
  }
  made.span_attributes = {{"arize.project.name", settings.model_id}};
  return to;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
