// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/environment.hpp"

// What may be recorded of what people, models and tools say. Two ways to hide it: privacy mode, in
// which an attribute with content is not there at all, and the masks of OpenInference's
// configuration, which behave as its Python instrumentors do, down to the order of their rules. All
// of it is decided before a value reaches the ring.
//
// What the masks leave in the clear, by the conventions: hide_input_messages and hide_input_text do
// not touch input.value, which repeats every message; hide_input_text keeps the names and arguments
// of tool calls; the outputs' likewise. hide_inputs and hide_outputs, or privacy mode, have no such
// gaps. Metadata, tags, user, session and finish reasons are never hidden: put no secrets there.

namespace orcast {
inline namespace v0 {

/// What stands in for a value that a mask hides.
inline constexpr char redacted[] = "__REDACTED__";

/// OpenInference's configuration; the environment's names are OPENINFERENCE_ and these in capitals.
struct masks {
  bool hide_inputs = false;
  bool hide_outputs = false;
  bool hide_input_messages = false;
  bool hide_output_messages = false;
  bool hide_input_images = false;
  bool hide_input_text = false;
  bool hide_output_text = false;
  bool hide_prompts = false;
  bool hide_choices = false;
  bool hide_llm_invocation_parameters = false;
  bool hide_llm_tools = false;
  bool hide_embeddings_vectors = false;
  bool hide_embeddings_text = false;
  /// Images within the data are kept up to this size of their whole URL in bytes, and longer ones
  /// become __REDACTED__. 0: every image is replaced by its type, size and digest (OpenInference's
  /// own default would be 32,000).
  std::size_t base64_image_max_length = 0;

  /// What the environment sets: true, t, 1, false, f or 0, in any case; anything else says nothing
  /// and is reported, one sentence each, where `complaints` is given.
  static masks from_environment(std::string* complaints = nullptr);
};

/// What an attribute says, as far as hiding is concerned.
enum class content : std::uint8_t {
  input_value,
  input_mime_type,
  output_value,
  output_mime_type,
  input_message,  ///< role, name, tool calls
  input_text,
  input_image,
  output_message,
  output_text,
  output_image,
  invocation_parameters,
  parameter,  ///< an input that no mask knows, such as stop sequences or a reranker's query
  tools,
  prompt,           ///< of llm.prompts
  choice,           ///< of llm.choices
  prompt_template,  ///< and its variables
  embedding_text,
  embedding_vector,
  input_document,
  output_document,
  error_words,  ///< they may quote the input
};

enum class content_fate : std::uint8_t { kept, replaced, left_out };

/// The rules, the first that fits first. Privacy mode leaves out everything that is content, except
/// for the invocation parameters, of which the recorder lets through the ones on its list.
constexpr content_fate fate_of(content what, const masks& hide, bool privacy) noexcept {
  constexpr auto kept = content_fate::kept;
  constexpr auto replaced = content_fate::replaced;
  constexpr auto gone = content_fate::left_out;
  if (what == content::invocation_parameters) {
    return hide.hide_llm_invocation_parameters ? gone : kept;
  }
  if (privacy) return gone;
  const bool in = hide.hide_inputs;
  const bool out = hide.hide_outputs;
  switch (what) {
    case content::tools:
      return hide.hide_llm_tools || in ? gone : kept;
    case content::input_value:
      return in ? replaced : kept;
    case content::output_value:
      return out ? replaced : kept;
    case content::input_mime_type:
    case content::parameter:
    case content::prompt_template:
    case content::input_document:
      return in ? gone : kept;
    case content::output_mime_type:
    case content::output_document:
      return out ? gone : kept;
    case content::input_message:
    case content::input_text:
    case content::input_image:
      if (in || hide.hide_input_messages) return gone;
      if (what == content::input_text && hide.hide_input_text) return replaced;
      return what == content::input_image && hide.hide_input_images ? gone : kept;
    case content::output_message:
    case content::output_text:
    case content::output_image:
      if (out || hide.hide_output_messages) return gone;
      return what == content::output_text && hide.hide_output_text ? replaced : kept;
    case content::prompt:
      return in || hide.hide_prompts ? replaced : kept;
    case content::choice:
      return out || hide.hide_choices ? replaced : kept;
    case content::embedding_vector:
      return hide.hide_embeddings_vectors ? replaced : kept;
    case content::embedding_text:
      return hide.hide_embeddings_text ? replaced : kept;
    case content::error_words:
      return in || hide.hide_input_messages || hide.hide_input_text || hide.hide_prompts ? gone
                                                                                         : kept;
    case content::invocation_parameters:
      break;
  }
  return kept;
}

namespace detail {

/// Every mask that is on or off, by its name.
struct mask_name {
  std::string_view name;
  bool masks::*mask;
};
ORCAST_HIDDEN inline constexpr mask_name mask_names[] = {
    {"hide_inputs", &masks::hide_inputs},
    {"hide_outputs", &masks::hide_outputs},
    {"hide_input_messages", &masks::hide_input_messages},
    {"hide_output_messages", &masks::hide_output_messages},
    {"hide_input_images", &masks::hide_input_images},
    {"hide_input_text", &masks::hide_input_text},
    {"hide_output_text", &masks::hide_output_text},
    {"hide_prompts", &masks::hide_prompts},
    {"hide_choices", &masks::hide_choices},
    {"hide_llm_invocation_parameters", &masks::hide_llm_invocation_parameters},
    {"hide_llm_tools", &masks::hide_llm_tools},
    {"hide_embeddings_vectors", &masks::hide_embeddings_vectors},
    {"hide_embeddings_text", &masks::hide_embeddings_text},
};

constexpr bool same_word(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

inline void complain_of(std::string* complaints, const char* name, const char* what) {
  if (complaints == nullptr) return;
  if (!complaints->empty()) *complaints += ' ';
  complaints->append(name).append(what);
}

inline void read_mask(const char* name, bool& mask, std::string* complaints) {
  const std::string_view text = environment(name);
  if (text.empty()) return;
  if (text == "1" || same_word(text, "t") || same_word(text, "true")) {
    mask = true;
  } else if (text == "0" || same_word(text, "f") || same_word(text, "false")) {
    mask = false;
  } else {
    complain_of(complaints, name, " is neither true nor false and was not used.");
  }
}

}  // namespace detail

inline masks masks::from_environment(std::string* complaints) {
  masks made;
  std::string variable;
  for (const auto& [name, mask] : detail::mask_names) {
    variable = "OPENINFERENCE_";
    for (const char c : name) variable += c == '_' ? c : static_cast<char>(c - 32);
    detail::read_mask(variable.c_str(), made.*mask, complaints);
  }
  bool older_name = false;
  detail::read_mask("OPENINFERENCE_HIDE_EMBEDDING_VECTORS", older_name, complaints);
  made.hide_embeddings_vectors = made.hide_embeddings_vectors || older_name;

  constexpr char limit[] = "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH";
  std::size_t length = 0;
  bool number = true;
  const std::string_view digits = environment(limit);
  for (char c : digits) {
    number = number && c >= '0' && c <= '9' && length < 1'000'000'000;
    if (number) length = length * 10 + static_cast<std::size_t>(c - '0');
  }
  if (number) {
    made.base64_image_max_length = length;
  } else {
    detail::complain_of(complaints, limit, " is not a number of bytes and was not used.");
  }
  return made;
}

}  // namespace v0
}  // namespace orcast
