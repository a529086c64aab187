// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/span_message.hpp"
#include "orcast/openrouter/impl/span_reading.hpp"
#include "orcast/openrouter/impl/span_open.ipp"
#include "orcast/openrouter/impl/span_text.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/openrouter/vocabulary.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"

// What a request says in its span. docs/attributes.md says from which field each attribute comes.

namespace orcast {
inline namespace v0 {

namespace detail {

/// `all`: a request's parameters, whatever the endpoint.
inline void record_parameter_companions(content_recorder& to, json_view all) {
  span& into = to.into();
  const auto integer = [&into](json_view value, const key_text& key) {
    if (value.is_integer()) into.set(key, value.integer());
  };
  const auto real = [&into](json_view value, const key_text& key) {
    if (value.is_number()) into.set(key, value.real());
  };
  if (all["stream"].boolean()) into.set(keys::gen_ai_request_stream, true);
  if (all["n"].integer() > 1) integer(all["n"], keys::gen_ai_request_choice_count);
  integer(all["seed"], keys::gen_ai_request_seed);
  const bool newer = all["max_completion_tokens"].is_integer();
  integer(all[newer ? "max_completion_tokens" : "max_tokens"], keys::gen_ai_request_max_tokens);
  real(all["temperature"], keys::gen_ai_request_temperature);
  real(all["top_p"], keys::gen_ai_request_top_p);
  real(all["top_k"], keys::gen_ai_request_top_k);
  real(all["frequency_penalty"], keys::gen_ai_request_frequency_penalty);
  real(all["presence_penalty"], keys::gen_ai_request_presence_penalty);

  const std::string_view format = all["response_format"]["type"].text();
  if (format == "json_object" || format == "json_schema") {
    into.set(keys::gen_ai_output_type, "json");
  }
  for (const json_view each : all["modalities"]) {
    if (each.text() == "image") into.set(keys::gen_ai_output_type, "image");
    if (each.text() == "audio") into.set(keys::gen_ai_output_type, "speech");
  }
  std::vector<std::string_view> stops;
  const json_view stop = all["stop"];
  if (stop.is_string()) stops.push_back(stop.text());
  for (const json_view each : stop) {
    if (each.is_string()) stops.push_back(each.text());
  }
  to.set_list(content::parameter, keys::gen_ai_request_stop_sequences, stops);
}

}  // namespace detail

ORCAST_DECL void observation::record_request(const chat_request& request, std::string_view body) {
  std::string& parameters = reading_->parameters;
  parameters.clear();
  append_invocation_parameters(request, parameters);
  record_input(body);
  if (!joined()) {
    const std::string_view author = detail::author_of(request.model);
    if (!author.empty()) span_.set(keys::llm_system, detail::system_of(author));
    if (!request.model.empty()) span_.set(keys::llm_model_name, request.model);
    for (std::size_t i = 0; i < request.messages.size(); ++i) {
      if (!content_.wants(content::input_message)) break;
      detail::message_recorder(content_, reading_->json, detail::input_messages, i)
          .record(request.messages[i], detail::function_answered(request.messages, i));
    }
    if (!request.prompt.empty()) {
      content_.set(content::prompt, keys::llm_prompt(0), request.prompt);
    }
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
      if (!content_.wants(content::tools)) break;
      scratch_.clear();
      append_json(request.tools[i], scratch_);
      content_.set(content::tools, keys::llm_tool_json_schema(i), scratch_);
    }
    record_parameters(parameters, keys::llm_invocation_parameters);
  }
  detail::json_reader& reader = reading_->json;
  static_cast<void>(reader.parse(parameters));
  audio_format_.assign(reader.root()["audio"]["format"].text());
  if (!where_.companions) return;
  record_model_companions(request.model);
  detail::record_parameter_companions(content_, reader.root());
}

ORCAST_DECL void observation::record_input(std::string_view body) {
  if (body.empty()) return;
  detail::body_rewriter rewriter(where_);
  if (rewriter.needed() && content_.wants(content::input_value)) {
    scratch_.clear();
    rewriter.append(body, scratch_);
    body = scratch_;
  }
  content_.set(content::input_value, keys::input_value, body);
  content_.set(content::input_mime_type, keys::input_mime_type, "application/json");
}

/// `parameters`: a request without its content, as JSON.
ORCAST_DECL void observation::record_parameters(std::string_view parameters, const key_text& key) {
  scratch_.assign(parameters);
  if (where_.privacy) detail::keep_open_parameters(scratch_);
  detail::body_rewriter rewriter(where_);
  if (rewriter.needed()) {
    std::string shown;
    rewriter.append(scratch_, shown);
    scratch_.swap(shown);
  }
  if (scratch_.empty()) return;
  content_.set(content::invocation_parameters, key, scratch_);
}

ORCAST_DECL void observation::record_model_companions(std::string_view model) {
  const std::string_view author = detail::author_of(model);
  if (!author.empty()) {
    span_.set(keys::gen_ai_provider_name, detail::companion_provider_of(author));
  }
  if (!model.empty()) span_.set(keys::gen_ai_request_model, model);
}

}  // namespace v0
}  // namespace orcast
