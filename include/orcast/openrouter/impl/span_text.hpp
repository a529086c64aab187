// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/recording.hpp"

// JSON on its way into a span: a request's body as it may be shown, and the parameters in it.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Adds the members of an object whose names are not taken yet; what is no object has none.
inline void copy_members(json_view from, object_writer& to) {
  for (const json_view member : from) {
    if (from.is_object() && !to.has(member.key())) append_json(to.key(member.key()), member);
  }
}

/// The parameters that privacy mode lets through: no content, no free text.
inline bool is_private_parameter(std::string_view name) noexcept {
  constexpr std::string_view open[] = {"model",
                                       "models",
                                       "stream",
                                       "stream_options",
                                       "n",
                                       "temperature",
                                       "top_p",
                                       "top_k",
                                       "min_p",
                                       "top_a",
                                       "seed",
                                       "max_tokens",
                                       "max_completion_tokens",
                                       "max_output_tokens",
                                       "frequency_penalty",
                                       "logprobs",
                                       "presence_penalty",
                                       "repetition_penalty",
                                       "top_logprobs",
                                       "reasoning",
                                       "reasoning_effort",
                                       "parallel_tool_calls",
                                       "modalities",
                                       "verbosity",
                                       "service_tier",
                                       "provider",
                                       "route",
                                       "dimensions",
                                       "encoding_format",
                                       "input_type",
                                       "top_n"};
  for (std::string_view each : open) {
    if (each == name) return false;
  }
  return true;
}

/// Leaves in `parameters` only what privacy mode lets through.
inline void keep_open_parameters(std::string& parameters) {
  json_reader all(json_manners::tolerant);
  std::string open_ones;
  object_writer kept(open_ones);
  if (all.parse(parameters)) {
    for (const json_view member : all.root()) {
      if (!is_private_parameter(member.key())) append_json(kept.key(member.key()), member);
    }
  }
  kept.close();
  parameters.swap(open_ones);
}

/// Shows a body without what `where` wants hidden in it: the user's name becomes the pseudonym, and
/// with hide_input_images the address of each image becomes the placeholder.
class body_rewriter {
 public:
  explicit body_rewriter(const recording& where) : where_(where) {}

  bool needed() const noexcept { return where_.users.wanted() || where_.hide.hide_input_images; }

  /// What can't be read is not shown at all: there might be a name in it.
  void append(std::string_view body, std::string& out) {
    if (reader_.parse(body)) append_value(reader_.root(), out, place::top);
  }

 private:
  enum class place : unsigned char { top, metadata, image, elsewhere };

  void append_value(json_view value, std::string& out, place here) {
    if (!value.is_object() && !value.is_array()) return append_json(out, value);
    const bool object = value.is_object();
    char before = object ? '{' : '[';
    if (value.empty()) out += before;
    for (const json_view each : value) {
      out += before;
      before = ',';
      if (object) {
        append_repaired_string(out, each.key());
        out += ':';
      }
      if (object && is_user(each, here)) {
        name_.clear();
        where_.users.append(each.text(), name_);
        append_repaired_string(out, name_);
      } else if (object && is_image(each, here)) {
        append_json_string(out, redacted);
      } else {
        append_value(each, out, object ? within(each, here) : place::elsewhere);
      }
    }
    out += object ? '}' : ']';
  }

  static place within(json_view member, place here) noexcept {
    if (here == place::top && member.key() == "metadata") return place::metadata;
    return member.key() == "image_url" ? place::image : place::elsewhere;
  }
  /// Also metadata.user_id, as Anthropic's messages have it.
  bool is_user(json_view member, place here) const noexcept {
    if (!where_.users.wanted() || !member.is_string()) return false;
    return here == place::top ? member.key() == "user" || member.key() == "safety_identifier"
                              : here == place::metadata && member.key() == "user_id";
  }
  bool is_image(json_view member, place here) const noexcept {
    return where_.hide.hide_input_images && member.is_string() &&
           (member.key() == "image_url" || (here == place::image && member.key() == "url"));
  }

  const recording& where_;
  json_reader reader_{json_manners::tolerant};
  std::string name_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
