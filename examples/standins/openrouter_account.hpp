// SPDX-License-Identifier: MIT
//
// OpenRouter's read-only neighbours of the chat endpoint, as far as a client of it asks them: the
// key, the credits, and what became of a generation.

#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "standins/http.hpp"
#include "standins/openrouter_errors.hpp"
#include "standins/openrouter_reply.hpp"

namespace standins {

class openrouter_account {
 public:
  /// Remembers a generation before it is sent, so that GET /generation finds it as soon as the
  /// client has it. Any thread.
  void begin(const completion& reply, const json::value& body, const request& from) {
    json::object data = {
        {"id", reply.id},
        {"upstream_id", nullptr},
        {"request_id", nullptr},
        {"session_id", nullptr},
        {"created_at", iso_time(reply.created)},
        {"model", reply.model},
        {"provider_name", reply.provider},
        {"api_type", "completions"},
        {"origin", from.header("http-referer")},
        {"http_referer", nullptr},
        {"user_agent", nullptr},
        {"external_user", nullptr},
        {"data_region", "global"},
        {"streamed", is_true(body, "stream")},
        {"cancelled", false},
        {"finish_reason", nullptr},
        {"native_finish_reason", nullptr},
        {"latency", 0},
        {"generation_time", 0},
        {"total_cost", reply.usage.at("cost")},
        {"usage", reply.usage.at("cost")},
        {"is_byok", reply.usage.at("is_byok")},
        {"tokens_prompt", reply.usage.at("prompt_tokens")},
        {"tokens_completion", reply.usage.at("completion_tokens")},
        {"native_tokens_prompt", reply.usage.at("prompt_tokens")},
        {"native_tokens_completion", reply.usage.at("completion_tokens")},
        {"native_tokens_reasoning",
         reply.usage.at("completion_tokens_details").at("reasoning_tokens")},
        {"native_tokens_cached", reply.usage.at("prompt_tokens_details").at("cached_tokens")},
        {"upstream_inference_cost", reply.usage.at("cost_details").at("upstream_inference_cost")},
    };
    for (const char* absent :
         {"app_id", "cache_discount", "moderation_latency", "native_tokens_completion_images",
          "num_media_prompt", "num_media_completion", "num_input_audio_prompt",
          "num_search_results", "num_fetches", "web_search_engine", "service_tier", "preset_id",
          "router", "workspace_id"}) {
      data[absent] = nullptr;
    }
    const std::pair<const char*, std::string> texts[] = {
        {"session_id", text_member(body, "session_id")},
        {"external_user", text_member(body, "user")},
        {"http_referer", from.header("http-referer")},
        {"user_agent", from.header("user-agent")},
        {"finish_reason", reply.finish_reason},
        {"native_finish_reason", reply.native_finish_reason},
    };
    for (const auto& [name, text] : texts) {
      if (!text.empty()) data[name] = text;
    }
    data["provider_responses"] = json::array{json::object{{"provider_name", reply.provider},
                                                          {"model_permaslug", reply.model},
                                                          {"status", 200},
                                                          {"latency", 0},
                                                          {"is_byok", reply.usage.at("is_byok")}}};
    const std::lock_guard<std::mutex> lock(mutex_);
    constexpr double precision = 1e12;  // what prices are counted in; sums of doubles drift
    spent_ =
        std::round((spent_ + reply.usage.at("cost").to_number<double>()) * precision) / precision;
    generations_[reply.id] = std::move(data);
  }

  /// Notes how a generation ended. Any thread.
  void end(const completion& reply, std::chrono::milliseconds took, bool cancelled) {
    const std::lock_guard<std::mutex> lock(mutex_);
    json::object& data = generations_[reply.id];
    data["latency"] = data["generation_time"] = took.count();
    if (!cancelled) return;
    data["cancelled"] = true;
    data["finish_reason"] = data["native_finish_reason"] = nullptr;
  }

  /// So often is a generation asked for in vain before its facts are there. Any thread.
  void be_late(int times) {
    const std::lock_guard<std::mutex> lock(mutex_);
    late_ = times;
  }

  http_answer answer(const request& from) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (from.path == "/api/v1/key") return json_answer(200, {{"data", key()}});
    if (from.path == "/api/v1/credits") {
      return json_answer(200, {{"data", {{"total_credits", 25.0}, {"total_usage", spent_}}}});
    }
    if (from.path == "/api/v1/generation") {
      const std::size_t id = from.target.find("?id=");
      const auto found =
          generations_.find(id == from.target.npos ? "" : from.target.substr(id + 4));
      const bool there = found != generations_.end() && ++asked_[found->first] > late_;
      if (there) return json_answer(200, {{"data", found->second}});
      return json_answer(404, error_envelope(404, "Generation not found"));
    }
    return json_answer(404, error_envelope(404, "Not Found"));
  }

 private:
  static std::string iso_time(std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[40];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
  }

  json::object key() const {
    json::object data = {{"label", "sk-or-v1-sta...din"},  {"limit", nullptr},
                         {"limit_remaining", nullptr},     {"limit_reset", nullptr},
                         {"include_byok_in_limit", false}, {"is_free_tier", false},
                         {"is_management_key", false},     {"is_provisioning_key", false},
                         {"creator_user_id", nullptr},     {"expires_at", nullptr}};
    for (const char* period : {"", "_daily", "_weekly", "_monthly"}) {
      data[std::string("usage") + period] = spent_;
      data[std::string("byok_usage") + period] = 0.0;
    }
    data["rate_limit"] = {{"requests", -1}, {"interval", "10s"}, {"note", "deprecated"}};
    return data;
  }

  std::mutex mutex_;
  std::map<std::string, json::object> generations_;
  std::map<std::string, int> asked_;
  int late_ = 0;
  double spent_ = 0;
};

}  // namespace standins
