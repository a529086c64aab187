// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/number.hpp"
#include "orcast/openrouter/generation.hpp"
#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/impl/span_message.hpp"
#include "orcast/openrouter/impl/span_reading.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/openrouter/vocabulary.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"

// What an answer, or a failure, says in its span. docs/attributes.md says from which field each
// attribute comes.

namespace orcast {
inline namespace v0 {

ORCAST_DECL void observation::record_reply(const failure* why) {
  const chat_reply& reply = reader_.reply();
  const std::string& model = reply.model.empty() ? request_model_ : reply.model;
  if (!joined()) record_models(model);
  const std::string_view provider = !reply.provider.empty() ? std::string_view(reply.provider)
                                    : why != nullptr        ? std::string_view(why->provider)
                                                            : std::string_view();
  if (!joined()) {
    span_.set(keys::llm_provider,
              provider.empty() ? std::string("openrouter") : detail::provider_of(provider));
  }
  if (!provider.empty()) span_.set(keys::openrouter_provider, provider);
  const std::string& id = generation_id();
  if (!id.empty()) span_.set(keys::openrouter_generation_id, id);
  if (!reply.service_tier.empty()) {
    span_.set(keys::openrouter_service_tier, reply.service_tier);
  }
  if (!reader_.cache_status().empty()) {
    span_.set(keys::openrouter_cache_status, reader_.cache_status());
  }
  if (!reply.finish_reason().empty()) span_.set(keys::llm_finish_reason, reply.finish_reason());
  if (!reply.choices.empty() && !reply.choices.front().native_finish_reason.empty()) {
    span_.set(keys::openrouter_native_finish_reason, reply.choices.front().native_finish_reason);
  }
  record_times(reply.usage.completion_tokens.value_or(0));
  record_routing(reply, why != nullptr);
  record_output(reply);
  if (!joined()) record_usage(reply.usage);

  if (!where_.companions) return;
  if (!reply.model.empty()) span_.set(keys::gen_ai_response_model, reply.model);
  if (!id.empty()) span_.set(keys::gen_ai_response_id, id);
  std::vector<attribute_value>& reasons = reading_->values;
  reasons.clear();
  for (const chat_choice& choice : reply.choices) {
    if (!choice.finish_reason.empty()) reasons.emplace_back(choice.finish_reason);
  }
  if (!reasons.empty()) {
    span_.set_list(keys::gen_ai_response_finish_reasons, reasons.data(), reasons.size());
  }
}

/// `answered`: the model that did, as far as it is known.
ORCAST_DECL void observation::record_models(const std::string& answered) {
  const std::string_view author = detail::author_of(answered);
  if (!author.empty()) {
    span_.set(keys::llm_system, detail::system_of(author));
  } else if (detail::author_of(request_model_).empty()) {
    span_.set(keys::llm_system, "openrouter");
  }
  if (!answered.empty()) span_.set(keys::llm_model_name, answered);
  if (!request_model_.empty() && answered != request_model_) {
    span_.set(keys::llm_request_model_name, request_model_);
    span_.set(keys::llm_response_model_name, answered);
  }
}

ORCAST_DECL void observation::record_times(std::int64_t output_tokens) {
  span_.set(keys::openrouter_attempts, attempts_);
  if (attempts_ > 1) span_.set(keys::openrouter_retries, attempts_ - 1);
  if (where_.frame() != 0) span_.set(keys::orcast_frame_end, where_.frame());
  if (first_token_ms_ >= 0) {
    span_.set(keys::openrouter_time_to_first_token, first_token_ms_ / 1e3);
  }
  if (output_tokens <= 0) return;
  const double speaking_s = (latency_ms_ - (first_token_ms_ > 0 ? first_token_ms_ : 0)) / 1e3;
  if (!(speaking_s > 0)) return;
  const auto tokens = static_cast<double>(output_tokens);
  span_.set(keys::openrouter_tokens_per_second, tokens / speaking_s);
  if (first_token_ms_ >= 0 && output_tokens > 1) {
    span_.set(keys::openrouter_time_per_output_token, speaking_s / (tokens - 1));
  }
}

/// Which providers were tried: from the answer's routing metadata, or from an error's history.
ORCAST_DECL void observation::record_routing(const chat_reply& reply, bool failed) {
  detail::json_reader& reader = reading_->json;
  if (!reply.metadata.empty() && reader.parse(reply.metadata)) {
    const detail::json_view routing = reader.root();
    const std::string_view region = routing["region"].text();
    const std::string_view strategy = routing["strategy"].text();
    if (!region.empty()) span_.set(keys::openrouter_region, region);
    if (!strategy.empty()) span_.set(keys::openrouter_strategy, strategy);
    for (const detail::json_view each : routing["attempts"]) {
      span_.event("provider attempt",
                  {{keys::openrouter_provider, each["provider"].text()},
                   {keys::openrouter_attempt_model, each["model"].text()},
                   {keys::http_response_status_code, each["status"].integer()}});
    }
    if (!routing["attempts"].empty()) return;
  }
  if (!failed || !reader.parse(reply.raw)) return;
  for (const detail::json_view each : reader.root()["error"]["metadata"]["previous_errors"]) {
    const detail::json_view code = each["status"].is_number() ? each["status"] : each["code"];
    span_.event("provider attempt", {{keys::openrouter_provider, each["provider"].text()},
                                     {keys::http_response_status_code, code.integer()}});
  }
}

ORCAST_DECL void observation::record_output(const chat_reply& reply) {
  if (reply.choices.empty()) return;
  if (!reply.raw.empty()) {
    content_.set(content::output_value, keys::output_value, reply.raw);
    content_.set(content::output_mime_type, keys::output_mime_type, "application/json");
  }
  if (joined() || !content_.wants(content::output_message)) return;
  for (std::size_t i = 0; i < reply.choices.size(); ++i) {
    detail::message_recorder(content_, reading_->json, detail::output_messages, i)
        .record(reply.choices[i].reply, {}, audio_format_);
  }
}

ORCAST_DECL void observation::record_usage(const token_usage& usage) {
  usage_known_ = usage.completion_tokens.has_value() || !usage.cost.empty();
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
  const auto number = [](const std::string& text) { return detail::to_double(text).value_or(0); };
  // With a key of one's own, OpenRouter charges its fee and the provider charges the rest.
  if (usage.is_byok.value_or(false)) {
    if (!usage.cost.empty() && !usage.upstream_cost.empty()) {
      span_.set(keys::llm_cost_total, number(usage.cost) + number(usage.upstream_cost));
    }
    return;
  }
  if (usage.cost.empty()) return;
  span_.set(keys::llm_cost_total, decimal{usage.cost});
  const std::string& prompt = usage.upstream_prompt_cost;
  const std::string& completion = usage.upstream_completion_cost;
  if (prompt.empty() || completion.empty()) return;
  const double total = number(usage.cost);
  if (std::fabs(number(prompt) + number(completion) - total) <= 0.01 * total) {
    span_.set(keys::llm_cost_prompt, decimal{prompt});
    span_.set(keys::llm_cost_completion, decimal{completion});
  }
}

/// What the answer would have said itself, had it come to its end.
ORCAST_DECL void observation::record_generation(const generation& facts) {
  token_usage usage;
  const auto native_or = [](const std::optional<std::int64_t>& native,
                            const std::optional<std::int64_t>& other) {
    return native ? native : other;
  };
  usage.prompt_tokens = native_or(facts.native_prompt_tokens, facts.prompt_tokens);
  usage.completion_tokens = native_or(facts.native_completion_tokens, facts.completion_tokens);
  if (usage.prompt_tokens && usage.completion_tokens) {
    usage.total_tokens = detail::add_counts(*usage.prompt_tokens, *usage.completion_tokens);
  }
  usage.reasoning_tokens = facts.native_reasoning_tokens;
  usage.cached_tokens = facts.native_cached_tokens;
  usage.cost = facts.total_cost;
  usage.upstream_cost = facts.upstream_cost;
  usage.is_byok = facts.is_byok;
  record_usage(usage);
  if (!facts.provider.empty()) {
    span_.set(keys::openrouter_provider, facts.provider);
    span_.set(keys::llm_provider, detail::provider_of(facts.provider));
  }
  if (!facts.native_finish_reason.empty()) {
    span_.set(keys::openrouter_native_finish_reason, facts.native_finish_reason);
  }
}

ORCAST_DECL void observation::record_failure(const failure& why) {
  const std::string_view type =
      why.error_type.empty() ? to_string(why.code) : std::string_view(why.error_type);
  span_.set(keys::error_type, type);
  if (why.http_status != 0) span_.set(keys::http_response_status_code, why.http_status);
  span_.set(keys::openrouter_retryable, why.retryable);
  if (why.retry_after_ms >= 0) span_.set(keys::openrouter_retry_after_ms, why.retry_after_ms);
  content_.fail(type, "orcast." + std::string(to_string(why.code)), why.message);
}

}  // namespace v0
}  // namespace orcast
