// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/core/sha256.hpp"
#include "orcast/http/url.hpp"
#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/openrouter/vocabulary.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"

// What a request says in its span, and from which field each attribute comes.

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
                                       "temperature",
                                       "top_p",
                                       "top_k",
                                       "min_p",
                                       "top_a",
                                       "seed",
                                       "max_tokens",
                                       "max_completion_tokens",
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
                                       "route"};
  for (std::string_view each : open) {
    if (each == name) return false;
  }
  return true;
}

constexpr bool is_base64(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/' || c == '=';
}

}  // namespace detail

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
  options.left_out = where_.left_out;
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
    scratch_.clear();
    detail::object_writer metadata(scratch_);
    if (!trace.span_name.empty()) metadata.text("span_name", trace.span_name);
    if (!parent_used) metadata.text("parent_span_id", trace.parent_span_id);
    if (!trace.trace_name.empty() && !named_here) metadata.text("trace_name", trace.trace_name);
    // The request's own keys come first: of two with one name the first is kept.
    detail::json_reader own(detail::json_manners::tolerant);
    detail::json_reader wider(detail::json_manners::tolerant);
    if (own.parse(trace.metadata)) detail::copy_members(own.root(), metadata);
    if (wider.parse(context.metadata)) detail::copy_members(wider.root(), metadata);
    metadata.close();
    if (scratch_ != "{}") span_.set(keys::metadata, scratch_);
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
    detail::json_reader all(detail::json_manners::tolerant);
    std::string open_ones;
    detail::object_writer kept(open_ones);
    if (all.parse(scratch_)) {
      for (const detail::json_view member : all.root()) {
        if (!detail::is_private_parameter(member.key())) {
          detail::append_json(kept.key(member.key()), member);
        }
      }
    }
    kept.close();
    scratch_.swap(open_ones);
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
        detail::json_reader json(detail::json_manners::tolerant);
        if (json.parse(piece.json)) {
          const std::string_view address = json.root()["image_url"]["url"].text();
          span_.set(keys::llm_input_part_image_url(i, part), without_blobs(address));
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

}  // namespace v0
}  // namespace orcast
