// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orcast/openrouter/chat_request.hpp"

// The members of a request and of the objects in it: their names in JSON, their places in orcast's
// types, and their order. Writer and reader both go through these lists, so that a member that is
// added here is written and read.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What a member that is JSON text may be.
enum class json_shape : unsigned char { object, array, string_or_object };

/// Marks the place of the members that have none of their own.
struct others {};

/// The members of one of orcast's types: `visit` calls `see(name, place[, shape])` for each, in the
/// order in which they are written, and last `see(others(), name, place)`.
template <class Object>
struct members;

template <>
struct members<price_limits> {
  template <class Object, class See>
  static void visit(Object& price, See&& see) {
    see("prompt", price.prompt);
    see("completion", price.completion);
    see("image", price.image);
    see("audio", price.audio);
    see("request", price.request);
    see(others(), "extra", price.extra);
  }
};

template <>
struct members<provider_preferences> {
  template <class Object, class See>
  static void visit(Object& provider, See&& see) {
    see("order", provider.order);
    see("only", provider.only);
    see("ignore", provider.ignore);
    see("allow_fallbacks", provider.allow_fallbacks);
    see("require_parameters", provider.require_parameters);
    see("data_collection", provider.data_collection);
    see("zdr", provider.zdr);
    see("enforce_distillable_text", provider.enforce_distillable_text);
    see("quantizations", provider.quantizations);
    see("sort", provider.sort);
    see("max_price", provider.max_price);
    see("preferred_min_throughput", provider.preferred_min_throughput);
    see("preferred_max_latency", provider.preferred_max_latency);
    see(others(), "extra", provider.extra);
  }
};

template <>
struct members<reasoning_options> {
  template <class Object, class See>
  static void visit(Object& reasoning, See&& see) {
    see("effort", reasoning.effort);
    see("max_tokens", reasoning.max_tokens);
    see("enabled", reasoning.enabled);
    see("exclude", reasoning.exclude);
    see("summary", reasoning.summary);
    see(others(), "extra", reasoning.extra);
  }
};

template <>
struct members<plugin> {
  template <class Object, class See>
  static void visit(Object& each, See&& see) {
    see("id", each.id);
    see("enabled", each.enabled);
    see("engine", each.engine);
    see("mode", each.mode);
    see("max_results", each.max_results);
    see("max_uses", each.max_uses);
    see("search_prompt", each.search_prompt);
    see("include_domains", each.include_domains);
    see("exclude_domains", each.exclude_domains);
    see(others(), "settings", each.settings);
  }
};

template <>
struct members<stop_condition> {
  template <class Object, class See>
  static void visit(Object& each, See&& see) {
    see("type", each.type);
    see("step_count", each.step_count);
    see("tool_name", each.tool_name);
    see("max_tokens", each.max_tokens);
    see("max_cost_in_dollars", each.max_cost_in_dollars);
    see("reason", each.reason);
    see(others(), "extra", each.extra);
  }
};

template <>
struct members<prompt_cache_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("mode", options.mode);
    see("ttl", options.ttl);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<audio_output_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("voice", options.voice);
    see("format", options.format);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<debug_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("echo_upstream_body", options.echo_upstream_body);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<stream_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("include_usage", options.include_usage);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<trace_fields> {
  template <class Object, class See>
  static void visit(Object& trace, See&& see) {
    see("trace_id", trace.trace_id);
    see("trace_name", trace.trace_name);
    see("span_name", trace.span_name);
    see("generation_name", trace.generation_name);
    see("parent_span_id", trace.parent_span_id);
    see(others(), "metadata", trace.metadata);
  }
};

/// What OpenInference calls invocation parameters. `stream` says which kind of call it is, so it
/// stands first.
template <class Request, class See>
void visit_parameters(Request& request, See&& see) {
  see("stream", request.stream);
  see("temperature", request.temperature);
  see("top_p", request.top_p);
  see("top_k", request.top_k);
  see("min_p", request.min_p);
  see("top_a", request.top_a);
  see("frequency_penalty", request.frequency_penalty);
  see("presence_penalty", request.presence_penalty);
  see("repetition_penalty", request.repetition_penalty);
  see("max_completion_tokens", request.max_completion_tokens);
  see("max_tokens", request.max_tokens);
  see("seed", request.seed);
  see("stop", request.stop);
  see("logit_bias", request.logit_bias);
  see("logprobs", request.logprobs);
  see("top_logprobs", request.top_logprobs);
  see("tool_choice", request.tool_choice, json_shape::string_or_object);
  see("parallel_tool_calls", request.parallel_tool_calls);
  see("stop_server_tools_when", request.stop_server_tools_when);
  see("plugins", request.plugins);
  see("web_search_options", request.web_search_options, json_shape::object);
  see("response_format", request.response_format);
  see("structured_outputs", request.structured_outputs);
  see("reasoning", request.reasoning);
  see("reasoning_effort", request.reasoning_effort);
  see("verbosity", request.verbosity);
  see("modalities", request.modalities);
  see("audio", request.audio);
  see("prediction", request.prediction);
  see("image_config", request.image_config, json_shape::object);
  see("provider", request.provider);
  see("preset", request.preset);
  see("service_tier", request.service_tier);
  see("route", request.route);
  see("cache_control", request.cache);
  see("prompt_cache_key", request.prompt_cache_key);
  see("prompt_cache_options", request.cache_options);
  see("stream_options", request.stream_options);
  see("debug", request.debug);
  see("metadata", request.metadata);
}

/// Whether a member has something to be written.
inline bool is_set(const std::string& text) noexcept { return !text.empty(); }
inline bool is_set(bool value) noexcept { return value; }
inline bool is_set(const provider_sort& sort) noexcept {
  return !sort.by.empty() || !sort.partition.empty();
}
inline bool is_set(const speed_bound& bound) noexcept {
  return bound.value || bound.p50 || bound.p75 || bound.p90 || bound.p99;
}
inline bool is_set(const response_format& format) noexcept {
  return !format.type.empty() || !format.json.empty();
}
inline bool is_set(const predicted_output& output) noexcept { return !output.content.empty(); }
template <class T>
bool is_set(const std::optional<T>& value) noexcept {
  return value.has_value();
}
template <class T>
bool is_set(const std::vector<T>& values) noexcept {
  return !values.empty();
}
template <class Object, class = decltype(sizeof(members<Object>))>
bool is_set(const Object& object) noexcept;

struct set_members {
  bool any = false;
  template <class T>
  void operator()(const char*, const T& value, json_shape = {}) noexcept {
    any = any || is_set(value);
  }
  void operator()(others, const char*, const json_text& json) noexcept {
    any = any || !json.empty();
  }
};

template <class Object, class>
bool is_set(const Object& object) noexcept {
  set_members seen;
  members<Object>::visit(object, seen);
  return seen.any;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
