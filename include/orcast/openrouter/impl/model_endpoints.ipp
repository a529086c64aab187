// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/openrouter/model_endpoints.hpp"

#include "orcast/openrouter/impl/api_fields.hpp"
#include "orcast/openrouter/impl/models.ipp"

// The bodies of orcast/openrouter/model_endpoints.hpp.

namespace orcast {
inline namespace v0 {
namespace detail {

inline model_endpoint read_endpoint(json_view from) {
  model_endpoint made;
  made.name = read_text(from["name"]);
  made.provider = read_text(from["provider_name"]);
  made.tag = read_text(from["tag"]);
  made.quantization = read_text(from["quantization"]);
  made.context_length = read_count(from["context_length"]);
  made.max_completion_tokens = read_count(from["max_completion_tokens"]);
  made.max_prompt_tokens = read_count(from["max_prompt_tokens"]);
  made.supported_parameters = read_texts(from["supported_parameters"]);
  made.pricing = read_pricing(from["pricing"]);
  made.uptime_last_30m = read_real(from["uptime_last_30m"]);
  made.latency_p50_s = read_real(from["latency_last_30m"]["p50"]);
  made.throughput_p50 = read_real(from["throughput_last_30m"]["p50"]);
  made.status = from["status"].integer();
  made.supports_implicit_caching = from["supports_implicit_caching"].boolean();
  made.json = to_json(from);
  return made;
}

}  // namespace detail

ORCAST_DECL result<api_request> model_endpoints_query::request() const {
  if (model.find('/') == std::string::npos) {
    return failure(errc::invalid_argument,
                   "model_endpoints_query.model is not of the form \"author/name\"");
  }
  api_request made("GET", "/models/");
  detail::append_encoded(made.path, model, "/:@");
  made.path += "/endpoints";
  return made;
}

ORCAST_DECL result<model_endpoints> model_endpoints_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  model_endpoints made;
  made.id = detail::read_text(document.data()["id"]);
  made.name = detail::read_text(document.data()["name"]);
  for (const detail::json_view each : document.data()["endpoints"]) {
    if (each.is_object()) made.endpoints.push_back(detail::read_endpoint(each));
  }
  return made;
}

}  // namespace v0
}  // namespace orcast
