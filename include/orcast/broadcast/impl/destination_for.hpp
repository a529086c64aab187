// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "orcast/broadcast/settings.hpp"
#include "orcast/otlp/destination.hpp"

// What settings mean to the exporter. Whoever sends to a destination - the broadcast, Test
// Connection - makes it here, so that what was tested is what is used.

namespace orcast {
inline namespace v0 {
namespace detail {

/// `settings` are valid, and stay where they are while the destination is used.
inline otlp::destination destination_for(const broadcast_settings& settings) {
  otlp::destination to;
  to.url = *traces_url(settings);
  to.allow_insecure_http = settings.allow_insecure;
  to.append_headers = [](void* context, std::vector<http::header>& headers) {
    orcast::append_headers(*static_cast<const broadcast_settings*>(context), headers);
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
