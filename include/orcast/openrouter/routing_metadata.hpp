// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orcast/openrouter/json_text.hpp"

// How OpenRouter routed a call: which providers it could ask, which it tried, and what happened on
// the way. It comes when client_options.routing_metadata asks for it; never with an answer from the
// response cache.

namespace orcast {
inline namespace v0 {

/// One provider that was tried.
struct routing_attempt {
  std::string provider;
  std::string model;
  std::int64_t status = 0;  ///< HTTP status of its answer
};

/// One provider that could have been asked.
struct routing_endpoint {
  std::string provider;
  std::string model;
  bool selected = false;
};

/// Something that was done to the request or the reply.
struct routing_stage {
  std::string type;  ///< "guardrail", "plugin", "server_tools", "response_healing", ...
  std::string name;
  std::string guardrail_id;
  std::string guardrail_scope;
  std::string summary;
  json_text data;        ///< an object
  std::string cost_usd;  ///< decimal text
};

struct routing_metadata {
  bool received = false;
  std::string requested;  ///< the model that was asked for
  std::string strategy;   ///< "direct", "auto", "fallback", ...
  std::string region;
  std::string summary;
  std::optional<std::int64_t> attempt;  ///< which of the attempts this answer comes from, from 1
  std::optional<bool> is_byok;
  std::optional<std::int64_t> endpoints_total;
  std::vector<routing_endpoint> endpoints;
  std::vector<routing_attempt> attempts;
  json_text params;  ///< an object
  std::vector<routing_stage> pipeline;
};

}  // namespace v0
}  // namespace orcast
