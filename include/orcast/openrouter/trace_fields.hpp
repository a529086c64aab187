// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "orcast/openrouter/json_text.hpp"

// OpenRouter's `trace` object: how a call is to appear in a tracing system.

namespace orcast {
inline namespace v0 {

struct trace_fields {
  std::string trace_id;         ///< 32 hex digits, or any text, which is then hashed
  std::string trace_name;       ///< name of the root span
  std::string span_name;        ///< kept as metadata
  std::string generation_name;  ///< name of the call's own span
  std::string parent_span_id;   ///< 16 hex digits, used together with trace_id
  json_text metadata;           ///< an object with any further keys
};

}  // namespace v0
}  // namespace orcast
