// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// The companions that OpenTelemetry's conventions define (v1.41.1, "Development"): the same facts
// under the names that other backends read.

namespace orcast {
inline namespace v0 {
namespace keys {

inline constexpr key gen_ai_operation_name{"gen_ai.operation.name"};
inline constexpr key gen_ai_provider_name{"gen_ai.provider.name"};
inline constexpr key gen_ai_request_model{"gen_ai.request.model"};
inline constexpr key gen_ai_response_model{"gen_ai.response.model"};
inline constexpr key gen_ai_response_id{"gen_ai.response.id"};
// A list of strings:
inline constexpr key gen_ai_response_finish_reasons{"gen_ai.response.finish_reasons"};
// Seconds:
inline constexpr key gen_ai_response_time_to_first_chunk{"gen_ai.response.time_to_first_chunk"};
inline constexpr key gen_ai_conversation_id{"gen_ai.conversation.id"};
inline constexpr key gen_ai_request_stream{"gen_ai.request.stream"};
inline constexpr key gen_ai_request_seed{"gen_ai.request.seed"};
inline constexpr key gen_ai_request_max_tokens{"gen_ai.request.max_tokens"};
inline constexpr key gen_ai_request_temperature{"gen_ai.request.temperature"};
inline constexpr key gen_ai_request_top_p{"gen_ai.request.top_p"};
// A list of strings:
inline constexpr key gen_ai_request_stop_sequences{"gen_ai.request.stop_sequences"};
inline constexpr key gen_ai_usage_input_tokens{"gen_ai.usage.input_tokens"};
inline constexpr key gen_ai_usage_output_tokens{"gen_ai.usage.output_tokens"};
inline constexpr key gen_ai_usage_cache_read_input_tokens{"gen_ai.usage.cache_read.input_tokens"};
inline constexpr key gen_ai_usage_cache_creation_input_tokens{
    "gen_ai.usage.cache_creation.input_tokens"};
inline constexpr key gen_ai_usage_reasoning_output_tokens{"gen_ai.usage.reasoning.output_tokens"};
inline constexpr key gen_ai_tool_name{"gen_ai.tool.name"};
inline constexpr key gen_ai_tool_call_id{"gen_ai.tool.call.id"};
inline constexpr key error_type{"error.type"};
inline constexpr key server_address{"server.address"};
inline constexpr key server_port{"server.port"};
inline constexpr key http_response_status_code{"http.response.status_code"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast
