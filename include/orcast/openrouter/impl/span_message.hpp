// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/message.hpp"
#include "orcast/trace/content_recorder.hpp"
#include "orcast/trace/message_keys.hpp"

// A message, sent or received, as OpenInference lays it out: its text in message.content, and where
// it has more than text, each of its parts in message.contents.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The same keys under llm.input_messages and llm.output_messages, and what they hold.
struct message_keys {
  content message, text, image;
  const key_text &role, &content_text, &name, &tool_call_id, &function_name, &function_arguments;
  const key_text &part_type, &part_text, &part_id, &part_signature, &part_data, &part_encrypted;
  const key_text &image_url, &audio_url, &audio_mime_type, &audio_transcript;
  const key_text &call_id, &call_name, &call_arguments, &call_signature;
};

inline constexpr message_keys input_messages{content::input_message,
                                             content::input_text,
                                             content::input_image,
                                             keys::llm_input_message_role,
                                             keys::llm_input_message_content,
                                             keys::llm_input_message_name,
                                             keys::llm_input_message_tool_call_id,
                                             keys::llm_input_message_function_call_name,
                                             keys::llm_input_message_function_call_arguments_json,
                                             keys::llm_input_part_type,
                                             keys::llm_input_part_text,
                                             keys::llm_input_part_id,
                                             keys::llm_input_part_signature,
                                             keys::llm_input_part_data,
                                             keys::llm_input_part_encrypted_content,
                                             keys::llm_input_part_image_url,
                                             keys::llm_input_part_audio_url,
                                             keys::llm_input_part_audio_mime_type,
                                             keys::llm_input_part_audio_transcript,
                                             keys::llm_input_tool_call_id,
                                             keys::llm_input_tool_call_function_name,
                                             keys::llm_input_tool_call_function_arguments,
                                             keys::llm_input_tool_call_reasoning_signature};

inline constexpr message_keys output_messages{content::output_message,
                                              content::output_text,
                                              content::output_image,
                                              keys::llm_output_message_role,
                                              keys::llm_output_message_content,
                                              keys::llm_output_message_name,
                                              keys::llm_output_message_tool_call_id,
                                              keys::llm_output_message_function_call_name,
                                              keys::llm_output_message_function_call_arguments_json,
                                              keys::llm_output_part_type,
                                              keys::llm_output_part_text,
                                              keys::llm_output_part_id,
                                              keys::llm_output_part_signature,
                                              keys::llm_output_part_data,
                                              keys::llm_output_part_encrypted_content,
                                              keys::llm_output_part_image_url,
                                              keys::llm_output_part_audio_url,
                                              keys::llm_output_part_audio_mime_type,
                                              keys::llm_output_part_audio_transcript,
                                              keys::llm_output_tool_call_id,
                                              keys::llm_output_tool_call_function_name,
                                              keys::llm_output_tool_call_function_arguments,
                                              keys::llm_output_tool_call_reasoning_signature};

class message_recorder {
 public:
  /// `index` is the message's place in its list.
  /// `json` reads what a message holds as JSON.
  message_recorder(content_recorder& to, json_reader& json, const message_keys& keys,
                   std::size_t index)
      : to_(to), json_(json), keys_(keys), index_(index) {}

  /// `name`: what a tool's message is called when it has no name of its own. `audio_format`: what
  /// the voice of an answer was asked for in.
  void record(const message& each, std::string_view name = {}, std::string_view audio_format = {}) {
    to_.set(keys_.message, at(keys_.role), each.role.empty() ? "assistant" : each.role);
    if (!each.name.empty()) name = each.name;
    set(keys_.message, keys_.name, name);
    set(keys_.message, keys_.tool_call_id, each.tool_call_id);
    record_reasoning(each);
    record_parts(each);
    record_media(each, audio_format);
    for (std::size_t i = 0; i < each.tool_calls.size(); ++i) {
      const tool_call& wanted = each.tool_calls[i];
      to_.set(keys_.message, {keys_.call_id, index_, i}, wanted.id);
      to_.set(keys_.message, {keys_.call_name, index_, i}, wanted.name);
      to_.set(keys_.message, {keys_.call_arguments, index_, i}, wanted.arguments);
    }
    if (!each.extra.empty() && json_.parse(each.extra)) {
      const json_view call = json_.root()["function_call"];
      set(keys_.message, keys_.function_name, call["name"].text());
      set(keys_.message, keys_.function_arguments, call["arguments"].text());
    }
  }

 private:
  attribute_key at(const key_text& key) const noexcept { return {key, index_, 0}; }
  void set(content what, const key_text& key, std::string_view text) {
    if (!text.empty()) to_.set(what, at(key), text);
  }
  void begin_part(std::string_view type) {
    part_ = next_++;
    to_.set(keys_.message, {keys_.part_type, index_, part_}, type);
  }
  void set_part(content what, const key_text& key, std::string_view text) {
    if (!text.empty()) to_.set(what, {key, index_, part_}, text);
  }

  void set_opaque(const key_text& key, std::string_view text) {
    if (!text.empty()) to_.set_verbatim(keys_.message, {key, index_, part_}, text);
  }

  /// The details where there are any: they say more than the text that is made of them.
  void record_reasoning(const message& each) {
    bool any = false;
    if (!each.reasoning_details.empty() && json_.parse(each.reasoning_details)) {
      for (const json_view detail : json_.root()) any = record_detail(detail, each) || any;
    }
    if (any || each.reasoning.empty()) return;
    begin_part("reasoning");
    set_part(keys_.text, keys_.part_text, each.reasoning);
  }

  bool record_detail(json_view detail, const message& each) {
    const std::string_view type = detail["type"].text();
    const std::string_view id = detail["id"].text();
    const std::string_view data = detail["data"].text();
    if (type == "reasoning.encrypted" && !id.empty()) {
      for (std::size_t i = 0; i < each.tool_calls.size(); ++i) {
        if (each.tool_calls[i].id != id) continue;
        to_.set_verbatim(keys_.message, {keys_.call_signature, index_, i}, data);
        return false;
      }
    }
    const std::string_view text =
        type == "reasoning.summary" ? detail["summary"].text() : detail["text"].text();
    const std::string_view signature = detail["signature"].text();
    if (text.empty() && data.empty() && signature.empty()) return false;
    begin_part("reasoning");
    set_part(keys_.text, keys_.part_text, text);
    set_part(keys_.message, keys_.part_id, id);
    const bool anthropic = detail["format"].text().substr(0, 9) == "anthropic";
    set_opaque(keys_.part_signature, signature);
    set_opaque(anthropic ? keys_.part_data : keys_.part_encrypted, data);
    return !text.empty();
  }

  void record_parts(const message& each) {
    std::string joined;
    std::string_view text = each.content;
    if (each.parts.empty()) {
      const bool more = next_ != 0 || !each.images.empty() || !each.audio.empty();
      if (more && !text.empty()) {
        begin_part("text");
        set_part(keys_.text, keys_.part_text, text);
      }
    } else {
      for (const content_part& piece : each.parts) {
        if (piece.type == "text" && !joined.empty()) joined.append("\n");
        if (piece.type == "text") joined.append(piece.text);
        record_part(piece);
      }
      // An answer's parts came with its text, or are only a part of it; a question's are all of it.
      const bool answer = keys_.message == content::output_message && !each.content.empty();
      if (!joined.empty() && !answer) text = joined;
    }
    if (text.empty()) text = each.refusal;
    set(keys_.text, keys_.content_text, text);
  }

  /// What an answer has besides its text.
  void record_media(const message& each, std::string_view audio_format) {
    if (!each.images.empty() && json_.parse(each.images)) {
      for (const json_view image : json_.root()) record_image(image);
    }
    if (each.audio.empty() || !json_.parse(each.audio)) return;
    const json_view audio = json_.root();
    if (audio["data"].text().empty() && audio["transcript"].text().empty()) return;
    begin_part("audio");
    std::string type("audio/");
    type.append(audio_format.empty() ? "wav" : audio_format);
    record_audio(type, audio["data"].text());
    set_part(keys_.text, keys_.audio_transcript, audio["transcript"].text());
  }

  void record_part(const content_part& piece) {
    if (piece.type == "text") {
      begin_part("text");
      set_part(keys_.text, keys_.part_text, piece.text);
      return;
    }
    const bool read = json_.parse(piece.json);
    const json_view whole = json_.root();
    if (read && piece.type == "image_url") {
      record_image(whole);
    } else if (read && piece.type == "input_audio") {
      begin_part("audio");
      std::string type("audio/");
      type.append(whole["input_audio"]["format"].text());
      record_audio(type, whole["input_audio"]["data"].text());
    } else {
      begin_part(piece.type);
      set_part(keys_.text, keys_.part_text, piece.json);
    }
  }

  void record_image(json_view whole) {
    begin_part("image");
    const json_view image = whole["image_url"];
    set_part(keys_.image, keys_.image_url, image.is_string() ? image.text() : image["url"].text());
  }

  void record_audio(const std::string& type, std::string_view data) {
    set_part(keys_.message, keys_.audio_mime_type, type);
    if (data.empty()) return;
    set_part(keys_.message, keys_.audio_url, blobs_.describe_base64(type, data));
  }

  content_recorder& to_;
  json_reader& json_;
  const message_keys& keys_;
  const std::size_t index_;
  std::size_t next_ = 0;  // the number of the next part
  std::size_t part_ = 0;  // of the one under way
  blob_filter blobs_;
};

/// The function that a tool's message answers, by the calls before it.
inline std::string_view function_answered(const std::vector<message>& messages,
                                          std::size_t index) noexcept {
  const std::string& id = messages[index].tool_call_id;
  if (id.empty()) return {};
  while (index-- != 0) {
    for (const tool_call& call : messages[index].tool_calls) {
      if (call.id == id) return call.name;
    }
  }
  return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
