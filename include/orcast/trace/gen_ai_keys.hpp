// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// The companions that OpenTelemetry's conventions define (v1.41.1, "Development"): the same facts
// under the names that other backends read. Set where recording.companions asks for them.

namespace orcast {
inline namespace v0 {
namespace keys {

/// string. chat, text_completion, embeddings, rerank; execute_tool, invoke_agent, retrieval for
/// work spans
inline constexpr key gen_ai_operation_name{"gen_ai.operation.name"};
/// string. Of the model's author
inline constexpr key gen_ai_provider_name{"gen_ai.provider.name"};
/// string. The request's model
inline constexpr key gen_ai_request_model{"gen_ai.request.model"};
/// string. The response's model
inline constexpr key gen_ai_response_model{"gen_ai.response.model"};
/// string. The response's id, else its header X-Generation-Id
inline constexpr key gen_ai_response_id{"gen_ai.response.id"};
/// strings. finish_reason of each choice
inline constexpr key gen_ai_response_finish_reasons{"gen_ai.response.finish_reasons"};
/// double. Streams: seconds to the first chunk. Set without the switch, too
inline constexpr key gen_ai_response_time_to_first_chunk{"gen_ai.response.time_to_first_chunk"};
/// string. As session.id
inline constexpr key gen_ai_conversation_id{"gen_ai.conversation.id"};
/// string. json where response_format asks for it; image or speech where modalities do
inline constexpr key gen_ai_output_type{"gen_ai.output.type"};
/// bool. stream, where it is true
inline constexpr key gen_ai_request_stream{"gen_ai.request.stream"};
/// int. n, where it is not 1
inline constexpr key gen_ai_request_choice_count{"gen_ai.request.choice.count"};
/// int. seed
inline constexpr key gen_ai_request_seed{"gen_ai.request.seed"};
/// int. max_completion_tokens, else max_tokens
inline constexpr key gen_ai_request_max_tokens{"gen_ai.request.max_tokens"};
/// double. temperature
inline constexpr key gen_ai_request_temperature{"gen_ai.request.temperature"};
/// double. top_p
inline constexpr key gen_ai_request_top_p{"gen_ai.request.top_p"};
/// double. top_k
inline constexpr key gen_ai_request_top_k{"gen_ai.request.top_k"};
/// double. frequency_penalty
inline constexpr key gen_ai_request_frequency_penalty{"gen_ai.request.frequency_penalty"};
/// double. presence_penalty
inline constexpr key gen_ai_request_presence_penalty{"gen_ai.request.presence_penalty"};
/// strings. stop; not where inputs are hidden
inline constexpr key gen_ai_request_stop_sequences{"gen_ai.request.stop_sequences"};
/// strings. Embeddings: encoding_format
inline constexpr key gen_ai_request_encoding_formats{"gen_ai.request.encoding_formats"};
/// int. Embeddings: length of the first vector
inline constexpr key gen_ai_embeddings_dimension_count{"gen_ai.embeddings.dimension.count"};
/// int. usage.prompt_tokens
inline constexpr key gen_ai_usage_input_tokens{"gen_ai.usage.input_tokens"};
/// int. usage.completion_tokens
inline constexpr key gen_ai_usage_output_tokens{"gen_ai.usage.output_tokens"};
/// int. usage.prompt_tokens_details.cached_tokens
inline constexpr key gen_ai_usage_cache_read_input_tokens{"gen_ai.usage.cache_read.input_tokens"};
/// int. usage.prompt_tokens_details.cache_write_tokens
inline constexpr key gen_ai_usage_cache_creation_input_tokens{
    "gen_ai.usage.cache_creation.input_tokens"};
/// int. usage.completion_tokens_details.reasoning_tokens
inline constexpr key gen_ai_usage_reasoning_output_tokens{"gen_ai.usage.reasoning.output_tokens"};
/// string. Agent spans: their name
inline constexpr key gen_ai_agent_name{"gen_ai.agent.name"};
/// string. Tool spans
inline constexpr key gen_ai_tool_name{"gen_ai.tool.name"};
/// string. Tool spans
inline constexpr key gen_ai_tool_call_id{"gen_ai.tool.call.id"};
/// string. Tool spans: function
inline constexpr key gen_ai_tool_type{"gen_ai.tool.type"};
/// string. Tool spans, where the tool is given
inline constexpr key gen_ai_tool_description{"gen_ai.tool.description"};
/// string. Failures: the service's error type, else orcast's code. Set without the switch, too; of
/// the event retry as well
inline constexpr key error_type{"error.type"};
/// string. Host of the URL
inline constexpr key server_address{"server.address"};
/// int. Port of the URL
inline constexpr key server_port{"server.port"};
/// int. Failures with a response. Set without the switch, too; of the events retry and provider
/// attempt as well
inline constexpr key http_response_status_code{"http.response.status_code"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast
