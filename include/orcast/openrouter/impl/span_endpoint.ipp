// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/base64.hpp"
#include "orcast/openrouter/impl/endpoint_messages.hpp"
#include "orcast/openrouter/impl/endpoint_reply.hpp"
#include "orcast/openrouter/impl/error_reader.hpp"
#include "orcast/openrouter/impl/reply_fields.hpp"
#include "orcast/openrouter/impl/span_message.hpp"
#include "orcast/openrouter/impl/span_reading.hpp"
#include "orcast/openrouter/impl/span_request.ipp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/openrouter/vocabulary.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"

// The spans of the endpoints that are no chat completions: /embeddings, /rerank, /completions,
// /responses, /messages. They are read as JSON, whoever wrote it.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What is no parameter of a request, but its content, or has an attribute of its own.
inline bool is_parameter(std::string_view name) noexcept {
  constexpr std::string_view others[] = {"messages",  "prompt",       "input",  "tools",
                                         "functions", "user",         "query",  "session_id",
                                         "trace",     "instructions", "system", "documents"};
  for (std::string_view each : others) {
    if (each == name) return false;
  }
  return true;
}

inline void read_trace(json_view from, trace_fields& to) {
  if (!from.is_object()) return;
  object_writer rest(to.metadata);
  for (const json_view member : from) {
    std::string* const place = member.key() == "trace_id"          ? &to.trace_id
                               : member.key() == "trace_name"      ? &to.trace_name
                               : member.key() == "span_name"       ? &to.span_name
                               : member.key() == "generation_name" ? &to.generation_name
                               : member.key() == "parent_span_id"  ? &to.parent_span_id
                                                                   : nullptr;
    if (place != nullptr && member.is_string()) {
      place->assign(member.text());
    } else {
      append_json(rest.key(member.key()), member);
    }
  }
  rest.close();
}

/// What was used, under OpenAI's, Anthropic's and OpenRouter's own names, as inclusive totals.
inline void read_any_usage(json_view value, token_usage& usage) {
  read_usage(value, usage);
  const json_view in = value["input_tokens_details"];
  const json_view out = value["output_tokens_details"];
  const json_view costs = value["cost_details"];
  if (!usage.completion_tokens) usage.completion_tokens = read_count(value["output_tokens"]);
  if (!usage.cached_tokens) usage.cached_tokens = read_count(in["cached_tokens"]);
  if (!usage.cache_write_tokens) usage.cache_write_tokens = read_count(in["cache_write_tokens"]);
  if (!usage.reasoning_tokens) usage.reasoning_tokens = read_count(out["reasoning_tokens"]);
  if (usage.upstream_prompt_cost.empty()) {
    read_price(costs["upstream_inference_input_cost"], usage.upstream_prompt_cost);
    read_price(costs["upstream_inference_output_cost"], usage.upstream_completion_cost);
  }
  if (usage.prompt_tokens || !value["input_tokens"].is_number()) return;
  usage.prompt_tokens = value["input_tokens"].integer();
  const json_view read = value["cache_read_input_tokens"];
  const json_view written = value["cache_creation_input_tokens"];
  if (read.is_number() || written.is_number()) {  // Anthropic counts them apart
    usage.cached_tokens = read.integer();
    usage.cache_write_tokens = written.integer();
    usage.prompt_tokens =
        add_counts(add_counts(*usage.prompt_tokens, read.integer()), written.integer());
  }
  if (!usage.total_tokens && usage.completion_tokens) {
    usage.total_tokens = add_counts(*usage.prompt_tokens, *usage.completion_tokens);
  }
}

/// Vectors may come as base64 of little-endian 32-bit floats.
inline void append_base64_floats(std::string_view text, std::vector<double>& out) {
  std::string bytes;
  if (!append_base64_decoded(bytes, text)) return;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t number = 0;
    for (std::size_t j = 4; j-- != 0;) {
      number = number << 8 | static_cast<unsigned char>(bytes[i + j]);
    }
    float value = 0;
    std::memcpy(&value, &number, sizeof value);
    out.push_back(static_cast<double>(value));
  }
}

}  // namespace detail

struct observation::json_ref {
  detail::json_view view;
};

ORCAST_DECL void observation::begin_endpoint(std::string_view body, std::string_view session,
                                             const call_context& context, std::string_view url) {
  detail::json_reader json(detail::json_manners::tolerant, 128);
  static_cast<void>(json.parse(body));
  const detail::json_view asked = json.root();
  trace_fields trace;
  detail::read_trace(asked["trace"], trace);
  call_facts call;
  call.kind = kind_ == kind::embeddings ? keys::kind_embedding
              : kind_ == kind::rerank   ? keys::kind_reranker
                                        : keys::kind_llm;
  call.operation = kind_ == kind::embeddings    ? "embeddings"
                   : kind_ == kind::rerank      ? "rerank"
                   : kind_ == kind::completions ? "text_completion"
                                                : "chat";
  call.model = asked["model"].text();
  call.session_id = asked["session_id"].text().empty() ? session : asked["session_id"].text();
  call.user = asked["user"].text();
  if (call.user.empty()) call.user = asked["metadata"]["user_id"].text();
  call.trace = &trace;
  open(call, context, url);
  if (!span_.recording()) return;

  record_input(body);
  std::string parameters;
  detail::object_writer kept(parameters);
  for (const detail::json_view member : asked) {
    if (asked.is_object() && detail::is_parameter(member.key())) {
      detail::append_json(kept.key(member.key()), member);
    }
  }
  kept.close();
  const std::string model(call.model);
  if (!joined()) record_asked({asked}, model, parameters);
  if (!where_.companions) return;
  record_model_companions(model);
  detail::json_reader reader(detail::json_manners::tolerant);
  if (reader.parse(parameters)) detail::record_parameter_companions(content_, reader.root());
  const std::string_view format = asked["encoding_format"].text();
  if (kind_ == kind::embeddings && !format.empty()) {
    span_.set_list(keys::gen_ai_request_encoding_formats, {format});
  }
}

/// What was asked, by the endpoint.
ORCAST_DECL void observation::record_asked(const json_ref& from, const std::string& model,
                                           const std::string& parameters) {
  const detail::json_view& asked = from.view;
  const detail::json_view input = asked["input"];
  if (kind_ == kind::embeddings) {
    if (!model.empty()) span_.set(keys::embedding_model_name, model);
    record_parameters(parameters, keys::embedding_invocation_parameters);
    if (input.is_string()) {
      content_.set(content::embedding_text, keys::embedding_text(0), input.text());
    }
    std::size_t index = 0;
    for (const detail::json_view each : input) {
      if (each.is_string()) {
        content_.set(content::embedding_text, keys::embedding_text(index), each.text());
      }
      ++index;
    }
    return;
  }
  if (kind_ == kind::rerank) {
    if (!model.empty()) span_.set(keys::reranker_model_name, model);
    if (asked["top_n"].is_integer()) span_.set(keys::reranker_top_k, asked["top_n"].integer());
    content_.set(content::parameter, keys::reranker_query, asked["query"].text());
    std::size_t index = 0;
    for (const detail::json_view each : asked["documents"]) {
      const std::string id = std::to_string(index);
      constexpr content what = content::input_document;
      content_.set(what, keys::reranker_input_document_id(index), id);
      content_.set(what, keys::reranker_input_document_content(index),
                   each.is_string() ? each.text() : each["text"].text());
      ++index;
    }
    return;
  }
  const std::string_view author = detail::author_of(model);
  if (!author.empty()) span_.set(keys::llm_system, detail::system_of(author));
  if (!model.empty()) span_.set(keys::llm_model_name, model);
  record_parameters(parameters, keys::llm_invocation_parameters);
  std::size_t index = 0;
  for (const detail::json_view each : asked["tools"]) {
    content_.set(content::tools, keys::llm_tool_json_schema(index++), detail::to_json(each));
  }
  if (kind_ == kind::completions) {
    const detail::json_view prompt = asked["prompt"];
    if (prompt.is_string()) content_.set(content::prompt, keys::llm_prompt(0), prompt.text());
    index = 0;
    for (const detail::json_view each : prompt) {
      if (each.is_string()) content_.set(content::prompt, keys::llm_prompt(index), each.text());
      ++index;
    }
    return;
  }
  if (!content_.wants(content::input_message)) return;
  detail::message_gatherer said;
  if (kind_ == kind::responses) {
    const std::string_view instructions = asked["instructions"].text();
    if (!instructions.empty()) said.begin("system").content.assign(instructions);
    said.add_items(input);
  } else {
    const std::string system = detail::text_of(asked["system"]);
    if (!system.empty()) said.begin("system").content = system;
    for (const detail::json_view each : asked["messages"]) {
      said.add_blocks(each["role"].text(), each["content"]);
    }
  }
  for (std::size_t i = 0; i < said.all.size(); ++i) {
    detail::message_recorder(content_, reading_->json, detail::input_messages, i)
        .record(said.all[i], detail::function_answered(said.all, i));
  }
}

/// Fails where the answer says that it is none, or a stream did not come to its end.
ORCAST_DECL result<void> observation::record_endpoint() {
  const api_reply& reply = api_.reply();
  std::string whole;
  bool complete = true;
  if (stream_ != nullptr) {
    stream_->end();
    whole = stream_->json();
    complete = stream_->complete();
  }
  const std::string& body = stream_ != nullptr ? whole : reply.body;
  detail::json_reader json(detail::json_manners::tolerant, 128);
  static_cast<void>(json.parse(body));
  const detail::json_view said = json.root();

  const std::string_view provider = said["provider"].text();
  if (!provider.empty()) span_.set(keys::openrouter_provider, provider);
  const std::string_view own_id = said["id"].text();
  const std::string_view id = reply.generation_id.empty() ? own_id : reply.generation_id;
  if (!id.empty()) span_.set(keys::openrouter_generation_id, id);
  if (!reply.cache_status.empty()) span_.set(keys::openrouter_cache_status, reply.cache_status);
  token_usage usage;
  if (said["usage"].is_object()) detail::read_any_usage(said["usage"], usage);
  record_times(usage.completion_tokens.value_or(0));
  if (!joined()) {
    record_usage(usage);
    record_said({said}, std::string(provider));
  }
  const bool embeddings = kind_ == kind::embeddings;
  if (said.is_object() && !said["error"].is_object() && !body.empty() && !embeddings) {
    content_.set(content::output_value, keys::output_value, body);
    content_.set(content::output_mime_type, keys::output_mime_type, "application/json");
  }
  const std::string_view model = said["model"].text();
  if (where_.companions && !model.empty()) span_.set(keys::gen_ai_response_model, model);
  if (where_.companions && !id.empty()) span_.set(keys::gen_ai_response_id, id);
  if (said["error"].is_object()) return detail::read_error(said["error"], provider, reply.status);
  if (complete) return {};
  return failure(errc::stream_truncated, "the stream ended before the answer did", reply.status);
}

/// What was answered, by the endpoint.
ORCAST_DECL void observation::record_said(const json_ref& from, const std::string& provider) {
  const detail::json_view& said = from.view;
  const std::string model(said["model"].text().empty() ? std::string_view(request_model_)
                                                       : said["model"].text());
  if (kind_ == kind::embeddings) {
    if (!model.empty()) span_.set(keys::embedding_model_name, model);
    record_vectors(from);
    return;
  }
  if (kind_ == kind::rerank) {
    if (!model.empty()) span_.set(keys::reranker_model_name, model);
    const detail::json_view units = said["usage"]["search_units"];
    if (units.is_number()) span_.set(keys::openrouter_search_units, units.integer());
    std::size_t index = 0;
    constexpr content what = content::output_document;
    for (const detail::json_view each : said["results"]) {
      content_.set(what, keys::reranker_output_document_id(index), each["index"].text());
      if (content_.wants(what)) {
        span_.set(keys::reranker_output_document_score(index), each["relevance_score"].real());
      }
      const std::string_view text = each["document"]["text"].text();
      if (!text.empty()) {
        content_.set(what, keys::reranker_output_document_content(index), text);
      }
      ++index;
    }
    return;
  }
  record_models(model);
  span_.set(keys::llm_provider,
            provider.empty() ? std::string("openrouter") : detail::provider_of(provider));
  std::string_view reason = said["stop_reason"].text();
  message answer;
  if (kind_ == kind::completions) {
    std::size_t index = 0;
    for (const detail::json_view each : said["choices"]) {
      if (index == 0) reason = each["finish_reason"].text();
      content_.set(content::choice, keys::llm_choice(index++), each["text"].text());
    }
  } else if (kind_ == kind::messages) {
    detail::message_gatherer blocks;
    blocks.add_blocks("assistant", said["content"]);
    answer = std::move(blocks.all.front());
  } else {
    answer = detail::message_gatherer::answer(said["output"]);
    if (answer.content.empty()) answer.content.assign(said["output_text"].text());
    reason = said["incomplete_details"]["reason"].text();
    if (reason.empty()) reason = said["status"].text();
  }
  if (!reason.empty()) {
    span_.set(keys::llm_finish_reason, reason);
    if (where_.companions) span_.set_list(keys::gen_ai_response_finish_reasons, {reason});
  }
  const bool spoke = !answer.content.empty() || !answer.parts.empty() ||
                     !answer.tool_calls.empty() || !answer.reasoning_details.empty();
  if (spoke && content_.wants(content::output_message)) {
    detail::message_recorder(content_, reading_->json, detail::output_messages, 0).record(answer);
  }
}

ORCAST_DECL void observation::record_vectors(const json_ref& from) {
  std::size_t index = 0;
  std::vector<double> numbers;
  for (const detail::json_view each : from.view["data"]) {
    const detail::json_view vector = each["embedding"];
    numbers.clear();
    if (vector.is_string()) {
      detail::append_base64_floats(vector.text(), numbers);
    } else {
      for (const detail::json_view number : vector) {
        numbers.push_back(number.real());
      }
    }
    if (index == 0 && where_.companions && !numbers.empty()) {
      span_.set(keys::gen_ai_embeddings_dimension_count, numbers.size());
    }
    if (!where_.vectors) return;
    content_.set_vector(keys::embedding_vector(index++), numbers.data(), numbers.size());
  }
}

}  // namespace v0
}  // namespace orcast
