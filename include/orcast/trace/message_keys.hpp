// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// OpenInference's attribute keys for messages. keys::llm_input_part_text(2, 0) is
// llm.input_messages.2.message.contents.0.message_content.text: the names here shorten the
// conventions' doubled nouns.

namespace orcast {
inline namespace v0 {
namespace keys {

// Messages sent.

/// string. Role of each message
inline constexpr key llm_input_message_role{"llm.input_messages.#.message.role"};
/// string. Its text, also where it has parts or reasoning
inline constexpr key llm_input_message_content{"llm.input_messages.#.message.content"};
/// string. Its name; of a tool's message the function's, where the call is among the messages
inline constexpr key llm_input_message_name{"llm.input_messages.#.message.name"};
/// string. Tools' messages: the call that they answer
inline constexpr key llm_input_message_tool_call_id{"llm.input_messages.#.message.tool_call_id"};
/// string. function_call.name, of older programs
inline constexpr key llm_input_message_function_call_name{
    "llm.input_messages.#.message.function_call_name"};
/// JSON. function_call.arguments, of older programs
inline constexpr key llm_input_message_function_call_arguments_json{
    "llm.input_messages.#.message.function_call_arguments_json"};
/// string. text, image, audio, reasoning, tool_use or OpenRouter's own name: each part of a message
/// that has parts or reasoning
inline constexpr key llm_input_part_type{
    "llm.input_messages.#.message.contents.#.message_content.type"};
/// string. Text and reasoning; of a part of another kind, its JSON
inline constexpr key llm_input_part_text{
    "llm.input_messages.#.message.contents.#.message_content.text"};
/// string. Reasoning: reasoning_details[].id
inline constexpr key llm_input_part_id{
    "llm.input_messages.#.message.contents.#.message_content.id"};
/// string. Reasoning: signature of a reasoning.text
inline constexpr key llm_input_part_signature{
    "llm.input_messages.#.message.contents.#.message_content.signature"};
/// string. Reasoning: data of a reasoning.encrypted in Anthropic's format
inline constexpr key llm_input_part_data{
    "llm.input_messages.#.message.contents.#.message_content.data"};
/// string. Reasoning: data of a reasoning.encrypted in any other format
inline constexpr key llm_input_part_encrypted_content{
    "llm.input_messages.#.message.contents.#.message_content.encrypted_content"};
/// string. Images: the link; data is replaced by what it is
inline constexpr key llm_input_part_image_url{
    "llm.input_messages.#.message.contents.#.message_content.image.image.url"};
/// string. Audio: what it is, instead of the data
inline constexpr key llm_input_part_audio_url{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.url"};
/// string. Audio: its format
inline constexpr key llm_input_part_audio_mime_type{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.mime_type"};
/// string. By hand
inline constexpr key llm_input_part_audio_transcript{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.transcript"};
/// string. Each tool call
inline constexpr key llm_input_tool_call_id{
    "llm.input_messages.#.message.tool_calls.#.tool_call.id"};
/// string. Each tool call
inline constexpr key llm_input_tool_call_function_name{
    "llm.input_messages.#.message.tool_calls.#.tool_call.function.name"};
/// JSON. Each tool call, as the model wrote it
inline constexpr key llm_input_tool_call_function_arguments{
    "llm.input_messages.#.message.tool_calls.#.tool_call.function.arguments"};
/// string. Gemini's signature: data of a reasoning.encrypted that has the call's id
inline constexpr key llm_input_tool_call_reasoning_signature{
    "llm.input_messages.#.message.tool_calls.#.tool_call.reasoning_signature"};

// Messages received, one for each choice.

/// string. Role of each choice's message
inline constexpr key llm_output_message_role{"llm.output_messages.#.message.role"};
/// string. Its text, also where it has parts or reasoning
inline constexpr key llm_output_message_content{"llm.output_messages.#.message.content"};
/// string. By hand
inline constexpr key llm_output_message_name{"llm.output_messages.#.message.name"};
/// string. By hand
inline constexpr key llm_output_message_tool_call_id{"llm.output_messages.#.message.tool_call_id"};
/// string. By hand
inline constexpr key llm_output_message_function_call_name{
    "llm.output_messages.#.message.function_call_name"};
/// JSON. By hand
inline constexpr key llm_output_message_function_call_arguments_json{
    "llm.output_messages.#.message.function_call_arguments_json"};
/// string. text, image, audio, reasoning, tool_use or OpenRouter's own name: each part of a message
/// that has parts or reasoning
inline constexpr key llm_output_part_type{
    "llm.output_messages.#.message.contents.#.message_content.type"};
/// string. Text and reasoning; of a part of another kind, its JSON
inline constexpr key llm_output_part_text{
    "llm.output_messages.#.message.contents.#.message_content.text"};
/// string. Reasoning: reasoning_details[].id
inline constexpr key llm_output_part_id{
    "llm.output_messages.#.message.contents.#.message_content.id"};
/// string. Reasoning: signature of a reasoning.text
inline constexpr key llm_output_part_signature{
    "llm.output_messages.#.message.contents.#.message_content.signature"};
/// string. Reasoning: data of a reasoning.encrypted in Anthropic's format
inline constexpr key llm_output_part_data{
    "llm.output_messages.#.message.contents.#.message_content.data"};
/// string. Reasoning: data of a reasoning.encrypted in any other format
inline constexpr key llm_output_part_encrypted_content{
    "llm.output_messages.#.message.contents.#.message_content.encrypted_content"};
/// string. Images: the link; data is replaced by what it is
inline constexpr key llm_output_part_image_url{
    "llm.output_messages.#.message.contents.#.message_content.image.image.url"};
/// string. Audio: what it is, instead of the data
inline constexpr key llm_output_part_audio_url{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.url"};
/// string. Audio: the format that was asked for
inline constexpr key llm_output_part_audio_mime_type{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.mime_type"};
/// string. Audio: what was said
inline constexpr key llm_output_part_audio_transcript{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.transcript"};
/// string. Each tool call
inline constexpr key llm_output_tool_call_id{
    "llm.output_messages.#.message.tool_calls.#.tool_call.id"};
/// string. Each tool call
inline constexpr key llm_output_tool_call_function_name{
    "llm.output_messages.#.message.tool_calls.#.tool_call.function.name"};
/// JSON. Each tool call, as the model wrote it
inline constexpr key llm_output_tool_call_function_arguments{
    "llm.output_messages.#.message.tool_calls.#.tool_call.function.arguments"};
/// string. Gemini's signature: data of a reasoning.encrypted that has the call's id
inline constexpr key llm_output_tool_call_reasoning_signature{
    "llm.output_messages.#.message.tool_calls.#.tool_call.reasoning_signature"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast
