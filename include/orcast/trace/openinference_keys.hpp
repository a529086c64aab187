// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// OpenInference's attribute keys (its semantic conventions of August 2026), as far as orcast sets
// them. `#` is an index: keys::llm_input_message_role(2). The names shorten the conventions'
// doubled nouns: message.contents.#.message_content.text is a part's text.

namespace orcast {
inline namespace v0 {
namespace keys {

inline constexpr key openinference_span_kind{"openinference.span.kind"};  // one of the kinds below
inline constexpr key input_value{"input.value"};
inline constexpr key input_mime_type{"input.mime_type"};
inline constexpr key output_value{"output.value"};
inline constexpr key output_mime_type{"output.mime_type"};
inline constexpr key session_id{"session.id"};
inline constexpr key user_id{"user.id"};
inline constexpr key metadata{"metadata"};  // a JSON object as text
inline constexpr key tag_tags{"tag.tags"};  // a list of strings
inline constexpr key agent_name{"agent.name"};
inline constexpr key graph_node_id{"graph.node.id"};
inline constexpr key graph_node_name{"graph.node.name"};
inline constexpr key graph_node_parent_id{"graph.node.parent_id"};
inline constexpr key llm_system{"llm.system"};
inline constexpr key llm_provider{"llm.provider"};
inline constexpr key llm_model_name{"llm.model_name"};
inline constexpr key llm_request_model_name{"llm.request.model_name"};
inline constexpr key llm_response_model_name{"llm.response.model_name"};
inline constexpr key llm_invocation_parameters{"llm.invocation_parameters"};  // JSON text
inline constexpr key llm_finish_reason{"llm.finish_reason"};
inline constexpr key llm_tool_json_schema{"llm.tools.#.tool.json_schema"};  // JSON text
inline constexpr key llm_prompt_template_template{"llm.prompt_template.template"};
inline constexpr key llm_prompt_template_variables{"llm.prompt_template.variables"};  // JSON text
inline constexpr key llm_prompt_template_version{"llm.prompt_template.version"};
inline constexpr key llm_input_message_role{"llm.input_messages.#.message.role"};
inline constexpr key llm_input_message_content{"llm.input_messages.#.message.content"};
inline constexpr key llm_input_message_name{"llm.input_messages.#.message.name"};
inline constexpr key llm_input_message_tool_call_id{"llm.input_messages.#.message.tool_call_id"};
inline constexpr key llm_input_part_type{
    "llm.input_messages.#.message.contents.#.message_content.type"};
inline constexpr key llm_input_part_text{
    "llm.input_messages.#.message.contents.#.message_content.text"};
inline constexpr key llm_input_part_id{
    "llm.input_messages.#.message.contents.#.message_content.id"};
inline constexpr key llm_input_part_signature{
    "llm.input_messages.#.message.contents.#.message_content.signature"};
inline constexpr key llm_input_part_data{
    "llm.input_messages.#.message.contents.#.message_content.data"};
inline constexpr key llm_input_part_encrypted_content{
    "llm.input_messages.#.message.contents.#.message_content.encrypted_content"};
inline constexpr key llm_input_part_image_url{
    "llm.input_messages.#.message.contents.#.message_content.image.image.url"};
inline constexpr key llm_input_part_audio_url{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.url"};
inline constexpr key llm_input_part_audio_mime_type{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.mime_type"};
inline constexpr key llm_input_tool_call_id{
    "llm.input_messages.#.message.tool_calls.#.tool_call.id"};
inline constexpr key llm_input_tool_call_function_name{
    "llm.input_messages.#.message.tool_calls.#.tool_call.function.name"};
// JSON text:
inline constexpr key llm_input_tool_call_function_arguments{
    "llm.input_messages.#.message.tool_calls.#.tool_call.function.arguments"};
inline constexpr key llm_output_message_role{"llm.output_messages.#.message.role"};
inline constexpr key llm_output_message_content{"llm.output_messages.#.message.content"};
inline constexpr key llm_output_part_type{
    "llm.output_messages.#.message.contents.#.message_content.type"};
inline constexpr key llm_output_part_text{
    "llm.output_messages.#.message.contents.#.message_content.text"};
inline constexpr key llm_output_part_id{
    "llm.output_messages.#.message.contents.#.message_content.id"};
inline constexpr key llm_output_part_signature{
    "llm.output_messages.#.message.contents.#.message_content.signature"};
inline constexpr key llm_output_part_data{
    "llm.output_messages.#.message.contents.#.message_content.data"};
inline constexpr key llm_output_part_encrypted_content{
    "llm.output_messages.#.message.contents.#.message_content.encrypted_content"};
inline constexpr key llm_output_part_image_url{
    "llm.output_messages.#.message.contents.#.message_content.image.image.url"};
inline constexpr key llm_output_part_audio_url{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.url"};
inline constexpr key llm_output_part_audio_transcript{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.transcript"};
inline constexpr key llm_output_tool_call_id{
    "llm.output_messages.#.message.tool_calls.#.tool_call.id"};
inline constexpr key llm_output_tool_call_function_name{
    "llm.output_messages.#.message.tool_calls.#.tool_call.function.name"};
// JSON text:
inline constexpr key llm_output_tool_call_function_arguments{
    "llm.output_messages.#.message.tool_calls.#.tool_call.function.arguments"};
inline constexpr key llm_token_count_prompt{"llm.token_count.prompt"};  // cached ones included
// Reasoning included:
inline constexpr key llm_token_count_completion{"llm.token_count.completion"};
inline constexpr key llm_token_count_total{"llm.token_count.total"};
inline constexpr key llm_token_count_prompt_details_cache_read{
    "llm.token_count.prompt_details.cache_read"};
inline constexpr key llm_token_count_prompt_details_cache_write{
    "llm.token_count.prompt_details.cache_write"};
inline constexpr key llm_token_count_prompt_details_audio{"llm.token_count.prompt_details.audio"};
// Not in the convention's list; allowed under its prefix:
inline constexpr key llm_token_count_prompt_details_video{"llm.token_count.prompt_details.video"};
inline constexpr key llm_token_count_completion_details_reasoning{
    "llm.token_count.completion_details.reasoning"};
inline constexpr key llm_token_count_completion_details_audio{
    "llm.token_count.completion_details.audio"};
// not in the convention's list; allowed under its prefix:
inline constexpr key llm_token_count_completion_details_image{
    "llm.token_count.completion_details.image"};
inline constexpr key llm_cost_total{"llm.cost.total"};  // US dollars
inline constexpr key llm_cost_prompt{"llm.cost.prompt"};
inline constexpr key llm_cost_completion{"llm.cost.completion"};
inline constexpr key tool_name{"tool.name"};
inline constexpr key tool_description{"tool.description"};
inline constexpr key tool_id{"tool.id"};                    // the tool call that is answered
inline constexpr key tool_parameters{"tool.parameters"};    // JSON text
inline constexpr key tool_json_schema{"tool.json_schema"};  // JSON text
inline constexpr key exception_type{"exception.type"};
inline constexpr key exception_message{"exception.message"};
inline constexpr key exception_escaped{"exception.escaped"};
inline constexpr key openinference_project_name{"openinference.project.name"};  // on the resource

// Values of openinference.span.kind.
inline constexpr char kind_llm[] = "LLM";
inline constexpr char kind_agent[] = "AGENT";
inline constexpr char kind_chain[] = "CHAIN";
inline constexpr char kind_tool[] = "TOOL";
inline constexpr char kind_retriever[] = "RETRIEVER";
inline constexpr char kind_embedding[] = "EMBEDDING";
inline constexpr char kind_reranker[] = "RERANKER";
inline constexpr char kind_guardrail[] = "GUARDRAIL";
inline constexpr char kind_evaluator[] = "EVALUATOR";
inline constexpr char kind_prompt[] = "PROMPT";

}  // namespace keys
}  // namespace v0
}  // namespace orcast
