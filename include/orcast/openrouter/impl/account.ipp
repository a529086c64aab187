// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/openrouter/account.hpp"
#include "orcast/openrouter/generation.hpp"
#include "orcast/openrouter/providers.hpp"

#include "orcast/openrouter/impl/api_fields.hpp"

// The bodies of orcast/openrouter/account.hpp, generation.hpp and providers.hpp.

namespace orcast {
inline namespace v0 {

ORCAST_DECL result<api_request> generation_query::request() const {
  if (id.empty()) {
    return failure(errc::invalid_argument, "generation_query.id is empty: take chat_reply::id");
  }
  api_request made("GET", "/generation?id=");
  detail::append_encoded(made.path, id);
  made.retry.emplace();
  made.retry->on_404 = true;
  made.retry->max_attempts = attempts;
  made.retry->initial_ms = wait_ms;
  made.retry->max_ms = longest_wait_ms;
  made.retry->jitter = 0.1;
  return made;
}

ORCAST_DECL result<generation> generation_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  const detail::json_view from = document.data();
  generation made;
  made.id = detail::read_text(from["id"]);
  made.model = detail::read_text(from["model"]);
  made.provider = detail::read_text(from["provider_name"]);
  made.created_at = detail::read_text(from["created_at"]);
  made.finish_reason = detail::read_text(from["finish_reason"]);
  made.native_finish_reason = detail::read_text(from["native_finish_reason"]);
  made.session_id = detail::read_text(from["session_id"]);
  made.user = detail::read_text(from["external_user"]);
  made.total_cost = detail::read_amount(from["total_cost"]);
  made.upstream_cost = detail::read_amount(from["upstream_inference_cost"]);
  made.cache_discount = detail::read_amount(from["cache_discount"]);
  made.prompt_tokens = detail::read_count(from["tokens_prompt"]);
  made.completion_tokens = detail::read_count(from["tokens_completion"]);
  made.native_prompt_tokens = detail::read_count(from["native_tokens_prompt"]);
  made.native_completion_tokens = detail::read_count(from["native_tokens_completion"]);
  made.native_reasoning_tokens = detail::read_count(from["native_tokens_reasoning"]);
  made.native_cached_tokens = detail::read_count(from["native_tokens_cached"]);
  made.latency_ms = detail::read_real(from["latency"]);
  made.generation_time_ms = detail::read_real(from["generation_time"]);
  made.streamed = detail::read_flag(from["streamed"]);
  made.cancelled = detail::read_flag(from["cancelled"]);
  made.is_byok = detail::read_flag(from["is_byok"]);
  made.json = detail::to_json(from);
  return made;
}

ORCAST_DECL result<api_request> credits_query::request() const {
  return api_request("GET", "/credits");
}

ORCAST_DECL result<credits> credits_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  credits made;
  made.total_credits = detail::read_amount(document.data()["total_credits"]);
  made.total_usage = detail::read_amount(document.data()["total_usage"]);
  return made;
}

ORCAST_DECL result<api_request> key_query::request() const { return api_request("GET", "/key"); }

ORCAST_DECL result<key_info> key_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  const detail::json_view from = document.data();
  key_info made;
  made.label = detail::read_text(from["label"]);
  made.limit = detail::read_amount(from["limit"]);
  made.limit_remaining = detail::read_amount(from["limit_remaining"]);
  made.limit_reset = detail::read_text(from["limit_reset"]);
  made.usage = detail::read_amount(from["usage"]);
  made.usage_daily = detail::read_amount(from["usage_daily"]);
  made.usage_weekly = detail::read_amount(from["usage_weekly"]);
  made.usage_monthly = detail::read_amount(from["usage_monthly"]);
  made.byok_usage = detail::read_amount(from["byok_usage"]);
  made.expires_at = detail::read_text(from["expires_at"]);
  made.is_free_tier = from["is_free_tier"].boolean();
  made.is_management_key = from["is_management_key"].boolean();
  made.json = detail::to_json(from);
  return made;
}

ORCAST_DECL result<api_request> providers_query::request() const {
  return api_request("GET", "/providers");
}

ORCAST_DECL result<std::vector<provider_info>> providers_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  std::vector<provider_info> all;
  for (const detail::json_view each : document.data()) {
    if (!each.is_object()) continue;
    provider_info& made = all.emplace_back();
    made.name = detail::read_text(each["name"]);
    made.slug = detail::read_text(each["slug"]);
    made.headquarters = detail::read_text(each["headquarters"]);
    made.datacenters = detail::read_texts(each["datacenters"]);
    made.privacy_policy_url = detail::read_text(each["privacy_policy_url"]);
    made.terms_of_service_url = detail::read_text(each["terms_of_service_url"]);
    made.status_page_url = detail::read_text(each["status_page_url"]);
  }
  return all;
}

}  // namespace v0
}  // namespace orcast
