// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdlib>

#include "orcast/core/sha256.hpp"
#include "orcast/http/url.hpp"
#include "orcast/openrouter/impl/boost_json.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/openrouter/vocabulary.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"

// What a call's span says, and from which field each attribute comes.

namespace orcast {
inline namespace v0 {

namespace detail {

/// Adds the members of a JSON object to another; what is no object is left out.
inline void merge_members(boost::json::object& into, std::string_view json) {
  if (json.empty()) return;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(json_view(json), error);
  if (error || !value.is_object()) return;
  for (auto& member : value.get_object()) into[member.key()] = std::move(member.value());
}

/// The parameters that privacy mode lets through: no content, no free text.
inline bool is_private_parameter(std::string_view name) noexcept {
  constexpr std::string_view open[] = {
      "model",       "models",           "stream",           "temperature",
      "top_p",       "top_k",            "min_p",            "top_a",
      "seed",        "max_tokens",       "max_completion_tokens", "frequency_penalty",
      "logprobs",    "presence_penalty", "repetition_penalty", "top_logprobs",
      "reasoning",   "reasoning_effort", "parallel_tool_calls", "modalities",
      "verbosity",   "service_tier",     "provider",         "route"};
  for (std::string_view each : open) {
    if (each == name) return false;
  }
  return true;
}

inline double number_of(const std::string& decimal_text) noexcept {
  return decimal_text.empty() ? NAN : std::strtod(decimal_text.c_str(), nullptr);
}

constexpr bool is_base64(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/' || c == '=';
}

}  // namespace detail

ORCAST_DECL observation::observation(const recording& where, const reply_limits& limits)
    : where_(where), reader_(limits) {
  if (where_.traces != nullptr) clock_ = where_.traces->host();
  reader_.listen(this);
}

ORCAST_DECL observation::~observation() {
  if (begun_ && !over_) {
    static_cast<void>(done(failure(errc::cancelled, "the call was abandoned before it ended")));
  }
}

ORCAST_DECL double observation::since_begin_ms() const noexcept {
  return static_cast<double>(clock_.steady_ns() - began_ns_) / 1e6;
}

ORCAST_DECL void observation::begin(const chat_request& request, std::string_view body,
                                    std::string_view url, const call_context& context) noexcept {
  open(request, context, url);
  if (span_.recording()) record_request(request, body);
}

ORCAST_DECL bool observation::begin_raw(std::string_view method, std::string_view url,
                                        const std::vector<std::string_view>& body,
                                        const std::vector<http::header>& headers,
                                        const call_context& context) noexcept {
  constexpr std::string_view endpoint = "/chat/completions";
  const std::string_view path = url.substr(0, url.find('?'));
  if (method != "POST" || path.size() < endpoint.size() ||
      path.substr(path.size() - endpoint.size()) != endpoint) {
    return false;
  }
  std::string joined;
  std::string_view whole = body.size() == 1 ? body.front() : std::string_view();
  if (body.size() > 1) {
    for (std::string_view segment : body) joined.append(segment);
    whole = joined;
  }
  result<chat_request> read = parse_chat_request(whole);
  chat_request request = read ? std::move(*read) : chat_request();
  if (request.session_id.empty()) {
    for (const http::header& line : headers) {
      if (http::same_name(line.name, "x-session-id")) request.session_id = line.value;
    }
  }
  begin(request, whole, url, context);
  return true;
}

/// Name, trace and parent. What the request's `trace` says comes before the caller's context.
ORCAST_DECL void observation::open(const chat_request& request, const call_context& context,
                                   std::string_view url) {
  begun_ = true;
  began_ns_ = clock_.steady_ns();
  request_model_ = request.model;
  if (where_.traces == nullptr) return;

  const trace_fields& trace = request.trace;
  span_options options;
  options.kind = span_kind::client;
  options.session = request.session_id.empty() ? std::string_view(context.session_id)
                                               : std::string_view(request.session_id);
  options.start_ns = began_ns_;
  options.parent = context.parent;
  bool parent_used = trace.parent_span_id.empty();
  if (!trace.trace_id.empty()) {
    const trace_id id = trace_id_from(trace.trace_id);
    options.parent = {};
    const span_id parent = span_id_from(trace.parent_span_id);
    if (parent.valid()) {
      options.parent.trace = id;
      options.parent.span = parent;
      options.parent.remote = true;
      parent_used = true;
    } else {
      options.trace = id;
    }
  }
  const bool root = !options.parent.trace.valid();
  std::string_view name = trace.generation_name;
  if (name.empty()) name = context.name;
  if (name.empty() && root) name = trace.trace_name;
  if (name.empty()) {
    scratch_.assign("chat");
    if (!request.model.empty()) scratch_.append(" ").append(request.model);
    name = scratch_;
  }
  span_ = where_.traces->start(name, options);
  context_ = span_.context();
  if (!span_.recording()) return;

  span_.set(keys::openinference_span_kind, keys::kind_llm);
  if (!options.session.empty()) span_.set(keys::session_id, options.session);
  const std::string& user = request.user.empty() ? context.user : request.user;
  if (!user.empty()) span_.set(keys::user_id, user);
  if (!context.tags.empty()) {
    std::vector<attribute_value> tags(context.tags.begin(), context.tags.end());
    span_.set_list(keys::tag_tags, tags.data(), tags.size());
  }

  const bool named_here = name == std::string_view(trace.trace_name);
  if (!context.metadata.empty() || !trace.metadata.empty() || !trace.span_name.empty() ||
      !parent_used || (!trace.trace_name.empty() && !named_here)) {
    boost::json::object metadata;
    detail::merge_members(metadata, context.metadata);
    detail::merge_members(metadata, trace.metadata);
    if (!trace.span_name.empty()) metadata["span_name"] = trace.span_name;
    if (!parent_used) metadata["parent_span_id"] = trace.parent_span_id;
    if (!trace.trace_name.empty() && !named_here) metadata["trace_name"] = trace.trace_name;
    if (!metadata.empty()) span_.set(keys::metadata, boost::json::serialize(metadata));
  }

  if (where_.companions) {
    span_.set(keys::gen_ai_operation_name, "chat");
    if (!options.session.empty()) span_.set(keys::gen_ai_conversation_id, options.session);
    if (const auto parsed = http::url::parse(url, true)) {
      span_.set(keys::server_address, parsed->host());
      span_.set(keys::server_port, parsed->port());
    }
  }
}

ORCAST_DECL void observation::record_request(const chat_request& request, std::string_view body) {
  const std::string_view author = detail::author_of(request.model);
  if (!author.empty()) span_.set(keys::llm_system, detail::system_of(author));
  if (!request.model.empty()) span_.set(keys::llm_model_name, request.model);

  scratch_.clear();
  append_invocation_parameters(request, scratch_);
  if (where_.privacy) {
    boost::json::object kept;
    detail::merge_members(kept, scratch_);
    for (auto member = kept.begin(); member != kept.end();) {
      const boost::json::string_view name = member->key();
      member = detail::is_private_parameter({name.data(), name.size()}) ? kept.erase(member)
                                                                        : member + 1;
    }
    scratch_ = boost::json::serialize(kept);
  }
  if (!scratch_.empty()) span_.set(keys::llm_invocation_parameters, without_blobs(scratch_));

  if (!where_.privacy) {
    if (!body.empty()) {
      span_.set(keys::input_value, without_blobs(body));
      span_.set(keys::input_mime_type, "application/json");
    }
    record_messages(request.messages);
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
      scratch_.clear();
      append_json(request.tools[i], scratch_);
      span_.set(keys::llm_tool_json_schema(i), scratch_);
    }
  }

  if (!where_.companions) return;
  if (!author.empty()) {
    span_.set(keys::gen_ai_provider_name, detail::companion_provider_of(author));
  }
  if (!request.model.empty()) span_.set(keys::gen_ai_request_model, request.model);
  if (request.stream) span_.set(keys::gen_ai_request_stream, true);
  if (request.seed) span_.set(keys::gen_ai_request_seed, *request.seed);
  if (request.max_completion_tokens) {
    span_.set(keys::gen_ai_request_max_tokens, *request.max_completion_tokens);
  }
  if (request.temperature) span_.set(keys::gen_ai_request_temperature, *request.temperature);
  if (request.top_p) span_.set(keys::gen_ai_request_top_p, *request.top_p);
  if (!request.stop.empty() && !where_.privacy) {
    std::vector<attribute_value> stops(request.stop.begin(), request.stop.end());
    span_.set_list(keys::gen_ai_request_stop_sequences, stops.data(), stops.size());
  }
}

ORCAST_DECL void observation::record_messages(const std::vector<message>& messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const message& each = messages[i];
    span_.set(keys::llm_input_message_role(i), each.role);
    if (!each.name.empty()) span_.set(keys::llm_input_message_name(i), each.name);
    if (!each.tool_call_id.empty()) {
      span_.set(keys::llm_input_message_tool_call_id(i), each.tool_call_id);
    }

    std::size_t part = 0;
    if (!each.reasoning.empty()) {
      span_.set(keys::llm_input_part_type(i, part), "reasoning");
      span_.set(keys::llm_input_part_text(i, part), each.reasoning);
      ++part;
    }
    std::string text = each.content;
    for (const content_part& piece : each.parts) {
      const bool plain = piece.type == "text";
      const std::string_view type = piece.type == "image_url"     ? std::string_view("image")
                                    : piece.type == "input_audio" ? std::string_view("audio")
                                                                  : std::string_view(piece.type);
      span_.set(keys::llm_input_part_type(i, part), type);
      if (plain) {
        if (!text.empty()) text.append("\n");
        text.append(piece.text);
        span_.set(keys::llm_input_part_text(i, part), piece.text);
      } else if (piece.type == "image_url") {
        boost::system::error_code error;
        const boost::json::value json = boost::json::parse(detail::json_view(piece.json), error);
        const boost::json::value* url = error ? nullptr : json.find_pointer("/image_url/url", error);
        if (url != nullptr && url->is_string()) {
          const boost::json::string& address = url->get_string();
          span_.set(keys::llm_input_part_image_url(i, part),
                    without_blobs({address.data(), address.size()}));
        }
      } else {
        span_.set(keys::llm_input_part_text(i, part), without_blobs(piece.json));
      }
      ++part;
    }
    if (!text.empty()) span_.set(keys::llm_input_message_content(i), text);

    for (std::size_t j = 0; j < each.tool_calls.size(); ++j) {
      const tool_call& wanted = each.tool_calls[j];
      span_.set(keys::llm_input_tool_call_id(i, j), wanted.id);
      span_.set(keys::llm_input_tool_call_function_name(i, j), wanted.name);
      span_.set(keys::llm_input_tool_call_function_arguments(i, j), wanted.arguments);
    }
  }
}

/// Long runs of base64 (images, audio, files) are replaced by what they are: type, size, digest.
ORCAST_DECL std::string_view observation::without_blobs(std::string_view text) {
  constexpr std::size_t least = 512;  // prose has no word of that length
  std::size_t from = 0;
  std::size_t copied = 0;
  bool found = false;
  while (from < text.size()) {
    // A run of that length has a character at every multiple of it: look only there.
    const std::size_t probe = from + least - 1;
    if (probe >= text.size()) break;
    if (!detail::is_base64(text[probe])) {
      from = probe + 1;
      continue;
    }
    std::size_t begin = probe;
    while (begin > from && detail::is_base64(text[begin - 1])) --begin;
    std::size_t end = probe;
    while (end < text.size() && detail::is_base64(text[end])) ++end;
    from = end;
    if (end - begin < least) continue;
    if (!found) blobless_.clear();
    found = true;

    std::string_view type = "base64";
    constexpr std::string_view marker = ";base64,";
    const std::string_view ahead = text.substr(copied, begin - copied);
    std::size_t keep = ahead.size();
    if (ahead.size() > marker.size() && ahead.substr(ahead.size() - marker.size()) == marker) {
      const std::size_t scheme = ahead.rfind("data:");
      if (scheme != std::string_view::npos) {
        type = ahead.substr(scheme + 5, ahead.size() - marker.size() - scheme - 5);
        keep = scheme;
      }
    }
    const auto digest = sha256(text.substr(begin, end - begin));
    char hex[16];
    to_hex(digest.data(), 8, hex);
    blobless_.append(ahead.substr(0, keep)).append("[").append(type).append(", ");
    blobless_.append(std::to_string((end - begin) / 4 * 3)).append(" bytes, sha256 ");
    blobless_.append(hex, sizeof hex).append("]");
    copied = end;
  }
  if (!found) return text;
  blobless_.append(text.substr(copied));
  return blobless_;
}

ORCAST_DECL void observation::retry(const failure& why, std::int64_t wait_ms) noexcept {
  ++attempts_;
  span_.event("retry", {{keys::error_type, to_string(why.code)},
                        {keys::http_response_status_code, why.http_status},
                        {keys::openrouter_wait_ms, wait_ms}});
  reader_.reset();
  reader_.listen(this);
}

ORCAST_DECL void observation::head(const http::response_head& head) noexcept { reader_.head(head); }

ORCAST_DECL bool observation::data(std::string_view bytes) noexcept { return reader_.data(bytes); }

ORCAST_DECL void observation::on_text(std::string_view piece) noexcept {
  if (listener_ != nullptr) listener_->on_text(piece);
}
ORCAST_DECL void observation::on_reasoning(std::string_view piece) noexcept {
  if (listener_ != nullptr) listener_->on_reasoning(piece);
}
ORCAST_DECL void observation::on_tool_call(const tool_call& each) noexcept {
  if (listener_ != nullptr) listener_->on_tool_call(each);
}

ORCAST_DECL void observation::on_first_chunk() noexcept {
  if (span_.recording()) {
    span_.set(keys::gen_ai_response_time_to_first_chunk, since_begin_ms() / 1e3);
  }
  if (listener_ != nullptr) listener_->on_first_chunk();
}

ORCAST_DECL void observation::on_first_token() noexcept {
  first_token_ms_ = since_begin_ms();
  span_.event("First Token Stream Event");
  if (listener_ != nullptr) listener_->on_first_token();
}

ORCAST_DECL result<void> observation::done(result<void> outcome) noexcept {
  if (over_) return outcome;
  over_ = true;
  result<void> ended = reader_.finish(std::move(outcome));
  latency_ms_ = since_begin_ms();
  if (!span_.recording()) return ended;

  record_reply(ended ? nullptr : &ended.error());
  if (ended) {
    span_.status(span_status::ok);
  } else if (ended.error().code == errc::cancelled) {
    span_.set(keys::openrouter_cancelled, true);
  } else {
    record_failure(ended.error());
  }
  span_.end();
  return ended;
}

ORCAST_DECL void observation::record_reply(const failure* why) {
  const chat_reply& reply = reader_.reply();
  const std::string& model = reply.model.empty() ? request_model_ : reply.model;
  const std::string_view author = detail::author_of(model);
  if (!author.empty()) span_.set(keys::llm_system, detail::system_of(author));
  if (author.empty() && detail::author_of(request_model_).empty()) {
    span_.set(keys::llm_system, "openrouter");
  }
  if (!model.empty()) span_.set(keys::llm_model_name, model);
  if (!reply.model.empty() && !request_model_.empty() && reply.model != request_model_) {
    span_.set(keys::llm_request_model_name, request_model_);
    span_.set(keys::llm_response_model_name, reply.model);
  }
  const std::string_view provider = !reply.provider.empty() ? std::string_view(reply.provider)
                                    : why != nullptr        ? std::string_view(why->provider)
                                                            : std::string_view();
  span_.set(keys::llm_provider,
            provider.empty() ? std::string("openrouter") : detail::provider_of(provider));
  if (!provider.empty()) span_.set(keys::openrouter_provider, provider);
  const std::string& id = reply.id.empty() ? reader_.generation_id() : reply.id;
  if (!id.empty()) span_.set(keys::openrouter_generation_id, id);
  if (!reply.service_tier.empty()) {
    span_.set(keys::openrouter_service_tier, reply.service_tier);
  }
  if (!reader_.cache_status().empty()) {
    span_.set(keys::openrouter_cache_status, reader_.cache_status());
  }
  span_.set(keys::openrouter_attempts, attempts_);
  if (first_token_ms_ >= 0) {
    span_.set(keys::openrouter_time_to_first_token, first_token_ms_ / 1e3);
  }
  if (!reply.finish_reason().empty()) span_.set(keys::llm_finish_reason, reply.finish_reason());
  if (!reply.choices.empty() && !reply.choices.front().native_finish_reason.empty()) {
    span_.set(keys::openrouter_native_finish_reason, reply.choices.front().native_finish_reason);
  }

  if (!where_.privacy && !reply.choices.empty()) {
    if (!reply.raw.empty()) {
      span_.set(keys::output_value, without_blobs(reply.raw));
      span_.set(keys::output_mime_type, "application/json");
    }
    for (std::size_t i = 0; i < reply.choices.size(); ++i) {
      const message& said = reply.choices[i].reply;
      span_.set(keys::llm_output_message_role(i),
                said.role.empty() ? std::string_view("assistant") : std::string_view(said.role));
      if (!said.content.empty()) span_.set(keys::llm_output_message_content(i), said.content);
      if (!said.reasoning.empty()) {
        span_.set(keys::llm_output_part_type(i, 0), "reasoning");
        span_.set(keys::llm_output_part_text(i, 0), said.reasoning);
        if (!said.content.empty()) {
          span_.set(keys::llm_output_part_type(i, 1), "text");
          span_.set(keys::llm_output_part_text(i, 1), said.content);
        }
      }
      for (std::size_t j = 0; j < said.tool_calls.size(); ++j) {
        const tool_call& wanted = said.tool_calls[j];
        span_.set(keys::llm_output_tool_call_id(i, j), wanted.id);
        span_.set(keys::llm_output_tool_call_function_name(i, j), wanted.name);
        span_.set(keys::llm_output_tool_call_function_arguments(i, j), wanted.arguments);
      }
    }
  }
  record_usage(reply.usage);

  if (!where_.companions) return;
  if (!reply.model.empty()) span_.set(keys::gen_ai_response_model, reply.model);
  if (!id.empty()) span_.set(keys::gen_ai_response_id, id);
  std::vector<attribute_value> reasons;
  for (const chat_choice& choice : reply.choices) {
    if (!choice.finish_reason.empty()) reasons.emplace_back(choice.finish_reason);
  }
  if (!reasons.empty()) {
    span_.set_list(keys::gen_ai_response_finish_reasons, reasons.data(), reasons.size());
  }
}

ORCAST_DECL void observation::record_usage(const token_usage& usage) {
  const auto count = [this](const key_text& name, const std::optional<std::int64_t>& value) {
    if (value) span_.set(name, *value);
  };
  count(keys::llm_token_count_prompt, usage.prompt_tokens);
  count(keys::llm_token_count_completion, usage.completion_tokens);
  count(keys::llm_token_count_total, usage.total_tokens);
  count(keys::llm_token_count_prompt_details_cache_read, usage.cached_tokens);
  count(keys::llm_token_count_prompt_details_cache_write, usage.cache_write_tokens);
  count(keys::llm_token_count_prompt_details_audio, usage.prompt_audio_tokens);
  count(keys::llm_token_count_prompt_details_video, usage.prompt_video_tokens);
  count(keys::llm_token_count_completion_details_reasoning, usage.reasoning_tokens);
  count(keys::llm_token_count_completion_details_audio, usage.completion_audio_tokens);
  count(keys::llm_token_count_completion_details_image, usage.completion_image_tokens);
  if (where_.companions) {
    count(keys::gen_ai_usage_input_tokens, usage.prompt_tokens);
    count(keys::gen_ai_usage_output_tokens, usage.completion_tokens);
    count(keys::gen_ai_usage_cache_read_input_tokens, usage.cached_tokens);
    count(keys::gen_ai_usage_cache_creation_input_tokens, usage.cache_write_tokens);
    count(keys::gen_ai_usage_reasoning_output_tokens, usage.reasoning_tokens);
  }

  if (usage.is_byok) span_.set(keys::openrouter_is_byok, *usage.is_byok);
  if (!usage.cost.empty()) span_.set(keys::openrouter_charged, decimal{usage.cost});
  if (!usage.upstream_cost.empty()) {
    span_.set(keys::openrouter_upstream_cost, decimal{usage.upstream_cost});
  }
  // With a key of one's own, OpenRouter charges its fee and the provider charges the rest.
  if (usage.is_byok.value_or(false)) {
    if (!usage.cost.empty() && !usage.upstream_cost.empty()) {
      span_.set(keys::llm_cost_total,
                detail::number_of(usage.cost) + detail::number_of(usage.upstream_cost));
    }
    return;
  }
  if (usage.cost.empty()) return;
  span_.set(keys::llm_cost_total, decimal{usage.cost});
  const double total = detail::number_of(usage.cost);
  const double parts = detail::number_of(usage.upstream_prompt_cost) +
                       detail::number_of(usage.upstream_completion_cost);
  if (std::fabs(parts - total) <= 0.01 * total) {  // false for NaN: a part is missing
    span_.set(keys::llm_cost_prompt, decimal{usage.upstream_prompt_cost});
    span_.set(keys::llm_cost_completion, decimal{usage.upstream_completion_cost});
  }
}

ORCAST_DECL void observation::record_failure(const failure& why) {
  const std::string_view type =
      why.error_type.empty() ? to_string(why.code) : std::string_view(why.error_type);
  span_.set(keys::error_type, type);
  if (why.http_status != 0) span_.set(keys::http_response_status_code, why.http_status);
  span_.set(keys::openrouter_retryable, why.retryable);
  if (why.retry_after_ms >= 0) span_.set(keys::openrouter_retry_after_ms, why.retry_after_ms);

  // In privacy mode only code and type: the service's words may quote the prompt.
  scratch_.assign(type);
  if (!where_.privacy && !why.message.empty()) scratch_.append(": ").append(why.message);
  span_.status(span_status::error, scratch_);
  std::string name("orcast.");
  name.append(to_string(why.code));
  span_.event("exception", {{keys::exception_type, name},
                            {keys::exception_message, scratch_},
                            {keys::exception_escaped, false}});
}

}  // namespace v0
}  // namespace orcast
