// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// What is OpenRouter's own, what is orcast's, what is Arize's, and the resource's keys. No key here
// is another key plus a dot: backends unflatten names into objects.

namespace orcast {
inline namespace v0 {
namespace keys {

// What is OpenRouter's own.

/// string. The response's provider, as OpenRouter spells it; of the event provider attempt as well
inline constexpr key openrouter_provider{"openrouter.provider"};
/// string. The response's id, else its header X-Generation-Id
inline constexpr key openrouter_generation_id{"openrouter.generation_id"};
/// string. native_finish_reason of the first choice
inline constexpr key openrouter_native_finish_reason{"openrouter.native_finish_reason"};
/// string. service_tier
inline constexpr key openrouter_service_tier{"openrouter.service_tier"};
/// string. openrouter_metadata.region, where it was asked for
inline constexpr key openrouter_region{"openrouter.region"};
/// string. openrouter_metadata.strategy, where it was asked for
inline constexpr key openrouter_strategy{"openrouter.strategy"};
/// bool. usage.is_byok
inline constexpr key openrouter_is_byok{"openrouter.is_byok"};
/// double. usage.cost: what the account was charged, in US dollars
inline constexpr key openrouter_charged{"openrouter.charged"};
/// double. cost_details.upstream_inference_cost: what the provider charged, in US dollars
inline constexpr key openrouter_upstream_cost{"openrouter.upstream_cost"};
/// string. HIT or MISS: the header X-OpenRouter-Cache-Status
inline constexpr key openrouter_cache_status{"openrouter.cache_status"};
/// int. Reranking: usage.search_units
inline constexpr key openrouter_search_units{"openrouter.search_units"};
/// int. Times that the request was sent, retries included
inline constexpr key openrouter_attempts{"openrouter.attempts"};
/// int. Retries, where there were any
inline constexpr key openrouter_retries{"openrouter.retries"};
/// int. Milliseconds that the call waited for its turn, where the client has a queue
inline constexpr key openrouter_queue_ms{"openrouter.queue_ms"};
/// double. Streams: seconds to the first content, reasoning or tool delta
inline constexpr key openrouter_time_to_first_token{"openrouter.time_to_first_token"};
/// double. Streams: seconds for each token after the first
inline constexpr key openrouter_time_per_output_token{"openrouter.time_per_output_token"};
/// double. Output tokens by the time from the first one (a stream) or from the beginning (one
/// piece) to the end
inline constexpr key openrouter_tokens_per_second{"openrouter.tokens_per_second"};
/// bool. true: the caller or its client ended the call
inline constexpr key openrouter_cancelled{"openrouter.cancelled"};
/// strings. Keys whose value was shortened
inline constexpr key openrouter_truncated{"openrouter.truncated"};
/// bool. Failures: whether another try may succeed
inline constexpr key openrouter_retryable{"openrouter.retryable"};
/// int. Failures: the service's hint
inline constexpr key openrouter_retry_after_ms{"openrouter.retry_after_ms"};
/// int. Of the event retry: how long until the next attempt
inline constexpr key openrouter_wait_ms{"openrouter.wait_ms"};
/// string. Of the event provider attempt
inline constexpr key openrouter_attempt_model{"openrouter.attempt_model"};

// What is orcast's own.

/// int. The frame in which the span began, where the host counts frames
inline constexpr key orcast_frame_start{"orcast.frame.start"};
/// int. Streams: the frame of the first content, reasoning or tool delta
inline constexpr key orcast_frame_first_token{"orcast.frame.first_token"};
/// int. The frame in which the span ended
inline constexpr key orcast_frame_end{"orcast.frame.end"};
/// string. join, where OpenRouter broadcasts the call itself: then a CHAIN span without messages,
/// tokens and cost
inline constexpr key orcast_server_broadcast{"orcast.server_broadcast"};

// Arize's, and the resource's.

/// string. On each span and the resource: Model Id
inline constexpr key arize_project_name{"arize.project.name"};
/// string. On the resource
inline constexpr key service_name{"service.name"};
/// string. On the resource, where it is set
inline constexpr key service_version{"service.version"};
/// string. On the resource: Model Id, as older senders call it
inline constexpr key model_id{"model_id"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast
