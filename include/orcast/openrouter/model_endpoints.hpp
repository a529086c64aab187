// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/api_request.hpp"
#include "orcast/openrouter/message.hpp"
#include "orcast/openrouter/models.hpp"

// Who offers a model, at what price, and how well that works at present: what a game looks at
// before it writes `provider` preferences into its requests.

namespace orcast {
inline namespace v0 {

struct model_endpoint {
  std::string name;
  std::string provider;      ///< as replies name it: "Google AI Studio"
  std::string tag;           ///< as requests name it: "google-ai-studio"
  std::string quantization;  ///< "fp8", ...; empty where it is not known
  std::optional<std::int64_t> context_length;
  std::optional<std::int64_t> max_completion_tokens;
  std::optional<std::int64_t> max_prompt_tokens;
  std::vector<std::string> supported_parameters;
  model_pricing pricing;
  std::optional<double> uptime_last_30m;  ///< percent
  std::optional<double> latency_p50_s;    ///< of the last 30 minutes, to the first token
  std::optional<double> throughput_p50;   ///< of the last 30 minutes, tokens a second
  std::int64_t status = 0;                ///< below 0: degraded
  bool supports_implicit_caching = false;
  json_text json;  ///< the whole object
};

struct model_endpoints {
  std::string id;  ///< the model
  std::string name;
  std::vector<model_endpoint> endpoints;
};

struct model_endpoints_query {
  using reply = model_endpoints;

  std::string model;  ///< "author/name"

  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<model_endpoints> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/model_endpoints.ipp"
#endif
