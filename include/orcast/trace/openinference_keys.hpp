// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/feedback_keys.hpp"
#include "orcast/trace/key.hpp"
#include "orcast/trace/message_keys.hpp"
#include "orcast/trace/retrieval_keys.hpp"

// OpenInference's attribute keys (its semantic conventions of August 2026). `#` is an index:
// keys::llm_tool_json_schema(2). What a comment says is what docs/attributes.md is made of: the
// type, then from what, and when, orcast sets it; "By hand" is for who records a span of their own.
// The longer families have headers of their own, which this one includes.

namespace orcast {
inline namespace v0 {
namespace keys {

// Every span.

/// string. Always: LLM, EMBEDDING, RERANKER, or the kind of a work span
inline constexpr key openinference_span_kind{"openinference.span.kind"};
/// string. The request's body; of a work span, its input(). A run of base64 is replaced by what it
/// is
inline constexpr key input_value{"input.value"};
/// string. With input.value: application/json for requests
inline constexpr key input_mime_type{"input.mime_type"};
/// string. The response's body, of a stream the equal body that a blocking call would have brought;
/// of a work span, its output()
inline constexpr key output_value{"output.value"};
/// string. With output.value
inline constexpr key output_mime_type{"output.mime_type"};
/// string. The request's session_id, else the header x-session-id, the call's context, the scope
inline constexpr key session_id{"session.id"};
/// string. The request's user, else the call's context, the scope; through the pseudonym where
/// there is one
inline constexpr key user_id{"user.id"};
/// JSON. Keys of the request's trace, of the call's context and of the scopes, in that order, the
/// first of each name; trace_name and span_name where they name no span; parent_span_id where it
/// can't be used
inline constexpr key metadata{"metadata"};
/// strings. Tags of the scopes and of the call's context
inline constexpr key tag_tags{"tag.tags"};
/// string. Agent spans: their name
inline constexpr key agent_name{"agent.name"};
/// string. By hand
inline constexpr key graph_node_id{"graph.node.id"};
/// string. By hand
inline constexpr key graph_node_name{"graph.node.name"};
/// string. By hand
inline constexpr key graph_node_parent_id{"graph.node.parent_id"};

// Calls of language models.

/// string. Of the model's author; openrouter where the model has none
inline constexpr key llm_system{"llm.system"};
/// string. The response's provider, in OpenInference's spelling; openrouter where there is none
inline constexpr key llm_provider{"llm.provider"};
/// string. The response's model, else the request's
inline constexpr key llm_model_name{"llm.model_name"};
/// string. The request's model, where another one answered
inline constexpr key llm_request_model_name{"llm.request.model_name"};
/// string. The response's model, where it is not the one asked for
inline constexpr key llm_response_model_name{"llm.response.model_name"};
/// JSON. The request's body without messages, prompt, tools and functions, user, session_id and
/// trace; in privacy mode the ones on a list
inline constexpr key llm_invocation_parameters{"llm.invocation_parameters"};
/// string. finish_reason of the first choice
inline constexpr key llm_finish_reason{"llm.finish_reason"};
/// JSON. By hand. Deprecated
inline constexpr key llm_function_call{"llm.function_call"};
/// JSON. Each of the request's tools
inline constexpr key llm_tool_json_schema{"llm.tools.#.tool.json_schema"};
/// string. The prompts of /completions, or the one that a chat request has instead of messages
inline constexpr key llm_prompt{"llm.prompts.#.prompt.text"};
/// string. The choices of /completions
inline constexpr key llm_choice{"llm.choices.#.completion.text"};
/// string. Of the scope
inline constexpr key llm_prompt_template_template{"llm.prompt_template.template"};
/// JSON. Of the scope
inline constexpr key llm_prompt_template_variables{"llm.prompt_template.variables"};
/// string. Of the scope
inline constexpr key llm_prompt_template_version{"llm.prompt_template.version"};
/// string. Prompt spans: where the prompt is kept
inline constexpr key prompt_vendor{"prompt.vendor"};
/// string. Prompt spans
inline constexpr key prompt_id{"prompt.id"};
/// string. Prompt spans
inline constexpr key prompt_url{"prompt.url"};

// Tokens.

/// int. usage.prompt_tokens: cached ones included
inline constexpr key llm_token_count_prompt{"llm.token_count.prompt"};
/// int. usage.completion_tokens: reasoning included
inline constexpr key llm_token_count_completion{"llm.token_count.completion"};
/// int. usage.total_tokens
inline constexpr key llm_token_count_total{"llm.token_count.total"};
/// int. usage.prompt_tokens_details.cached_tokens
inline constexpr key llm_token_count_prompt_details_cache_read{
    "llm.token_count.prompt_details.cache_read"};
/// int. usage.prompt_tokens_details.cache_write_tokens
inline constexpr key llm_token_count_prompt_details_cache_write{
    "llm.token_count.prompt_details.cache_write"};
/// int. By hand. It would say what cache_read says
inline constexpr key llm_token_count_prompt_details_cache_input{
    "llm.token_count.prompt_details.cache_input"};
/// int. usage.prompt_tokens_details.audio_tokens
inline constexpr key llm_token_count_prompt_details_audio{"llm.token_count.prompt_details.audio"};
/// int. usage.prompt_tokens_details.video_tokens; not on the convention's list, but under its
/// prefix
inline constexpr key llm_token_count_prompt_details_video{"llm.token_count.prompt_details.video"};
/// int. usage.completion_tokens_details.reasoning_tokens
inline constexpr key llm_token_count_completion_details_reasoning{
    "llm.token_count.completion_details.reasoning"};
/// int. usage.completion_tokens_details.audio_tokens
inline constexpr key llm_token_count_completion_details_audio{
    "llm.token_count.completion_details.audio"};
/// int. usage.completion_tokens_details.image_tokens; not on the convention's list, but Arize reads
/// it
inline constexpr key llm_token_count_completion_details_image{
    "llm.token_count.completion_details.image"};

// Cost, in US dollars.

/// double. usage.cost, digit for digit; with a key of one's own: usage.cost and
/// cost_details.upstream_inference_cost, where both are known
inline constexpr key llm_cost_total{"llm.cost.total"};
/// double. cost_details.upstream_inference_prompt_cost, where the parts add up to the whole; not
/// with a key of one's own
inline constexpr key llm_cost_prompt{"llm.cost.prompt"};
/// double. cost_details.upstream_inference_completions_cost, likewise
inline constexpr key llm_cost_completion{"llm.cost.completion"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_input{"llm.cost.prompt_details.input"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_cache_read{"llm.cost.prompt_details.cache_read"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_cache_write{"llm.cost.prompt_details.cache_write"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_cache_input{"llm.cost.prompt_details.cache_input"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_audio{"llm.cost.prompt_details.audio"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_completion_details_output{"llm.cost.completion_details.output"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_completion_details_reasoning{"llm.cost.completion_details.reasoning"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_completion_details_audio{"llm.cost.completion_details.audio"};

// Tools.

/// string. Tool spans: the function called
inline constexpr key tool_name{"tool.name"};
/// string. Tool spans, where the tool is given
inline constexpr key tool_description{"tool.description"};
/// string. Tool spans: the call that is answered
inline constexpr key tool_id{"tool.id"};
/// JSON. Tool spans, where the tool is given: its parameters
inline constexpr key tool_parameters{"tool.parameters"};
/// JSON. Tool spans, where the tool is given: all of it
inline constexpr key tool_json_schema{"tool.json_schema"};

// Of the event "exception", and of the resource.

/// string. Failures: orcast.CODE
inline constexpr key exception_type{"exception.type"};
/// string. Failures: the error type and, unless inputs are hidden, the words
inline constexpr key exception_message{"exception.message"};
/// string. By hand
inline constexpr key exception_stacktrace{"exception.stacktrace"};
/// bool. Failures: false
inline constexpr key exception_escaped{"exception.escaped"};
/// string. On the resource: Model Id
inline constexpr key openinference_project_name{"openinference.project.name"};

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
