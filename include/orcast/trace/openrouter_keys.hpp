// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// What is OpenRouter's own, what is Arize's, and the resource's keys. No key here is another key
// plus a dot: backends unflatten names into objects.

namespace orcast {
inline namespace v0 {
namespace keys {

inline constexpr key openrouter_provider{"openrouter.provider"};  // as OpenRouter spells it
inline constexpr key openrouter_generation_id{"openrouter.generation_id"};
inline constexpr key openrouter_native_finish_reason{"openrouter.native_finish_reason"};
inline constexpr key openrouter_service_tier{"openrouter.service_tier"};
inline constexpr key openrouter_is_byok{"openrouter.is_byok"};
// US dollars: what the account was charged:
inline constexpr key openrouter_charged{"openrouter.charged"};
// US dollars: what the provider charged:
inline constexpr key openrouter_upstream_cost{"openrouter.upstream_cost"};
// HIT or MISS, of OpenRouter's response cache:
inline constexpr key openrouter_cache_status{"openrouter.cache_status"};
inline constexpr key openrouter_attempts{"openrouter.attempts"};  // times the request was sent
// Seconds, to the first content, reasoning or tool delta:
inline constexpr key openrouter_time_to_first_token{"openrouter.time_to_first_token"};
inline constexpr key openrouter_cancelled{"openrouter.cancelled"};
inline constexpr key openrouter_retryable{"openrouter.retryable"};
inline constexpr key openrouter_retry_after_ms{"openrouter.retry_after_ms"};
// Of the event "retry": how long until the next attempt:
inline constexpr key openrouter_wait_ms{"openrouter.wait_ms"};
inline constexpr key arize_project_name{"arize.project.name"};
inline constexpr key service_name{"service.name"};        // on the resource
inline constexpr key service_version{"service.version"};  // on the resource
// On the resource: the project, as older Arize senders call it:
inline constexpr key model_id{"model_id"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast
