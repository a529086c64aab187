// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/http/url.hpp"
#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/impl/reply_fields.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"
#include "orcast/trace/retrieval_keys.hpp"

// The span of a call that makes embeddings: OpenInference's kind EMBEDDING. Vectors are left out,
// they are large and say nothing to a reader.

namespace orcast {
inline namespace v0 {

ORCAST_DECL void observation::open_embeddings(std::string_view body, const call_context& context,
                                              std::string_view url) {
  detail::json_reader json(detail::json_manners::tolerant);
  static_cast<void>(json.parse(body));
  const detail::json_view asked = json.root();
  request_model_.assign(asked["model"].text());
  if (where_.traces == nullptr) return;

  span_options options;
  options.kind = span_kind::client;
  options.left_out = where_.left_out;
  options.session = context.session_id;
  options.start_ns = began_ns_;
  options.parent = context.parent;
  span_ = where_.traces->start("CreateEmbeddings", options);
  context_ = span_.context();
  if (!span_.recording()) return;

  span_.set(keys::openinference_span_kind, keys::kind_embedding);
  if (!request_model_.empty()) span_.set(keys::embedding_model_name, request_model_);
  if (!context.session_id.empty()) span_.set(keys::session_id, context.session_id);
  const std::string_view own = asked["user"].text();
  const std::string_view user = own.empty() ? std::string_view(context.user) : own;
  if (!user.empty()) span_.set(keys::user_id, user);
  if (!context.tags.empty()) {
    std::vector<attribute_value> tags(context.tags.begin(), context.tags.end());
    span_.set_list(keys::tag_tags, tags.data(), tags.size());
  }
  if (!context.metadata.empty()) span_.set(keys::metadata, context.metadata);

  constexpr std::string_view parameters[] = {"model", "dimensions", "encoding_format", "input_type",
                                             "provider"};
  scratch_.clear();
  detail::object_writer kept(scratch_);
  for (const std::string_view name : parameters) {
    if (asked[name].exists()) detail::append_json(kept.key(name), asked[name]);
  }
  kept.close();
  span_.set(keys::embedding_invocation_parameters, scratch_);

  if (!where_.privacy) {
    span_.set(keys::input_value, without_blobs(body));
    span_.set(keys::input_mime_type, "application/json");
    std::size_t index = 0;
    const detail::json_view input = asked["input"];
    if (input.is_string()) span_.set(keys::embedding_text(index), input.text());
    if (input.is_array()) {
      for (const detail::json_view each : input) {
        if (each.is_string()) span_.set(keys::embedding_text(index), each.text());
        ++index;
      }
    }
  }
  if (!where_.companions) return;
  span_.set(keys::gen_ai_operation_name, "embeddings");
  if (!request_model_.empty()) span_.set(keys::gen_ai_request_model, request_model_);
  if (const auto parsed = http::url::parse(url, true)) {
    span_.set(keys::server_address, parsed->host());
    span_.set(keys::server_port, parsed->port());
  }
}

ORCAST_DECL void observation::record_embeddings() {
  const api_reply& reply = api_.reply();
  detail::json_reader json(detail::json_manners::tolerant);
  static_cast<void>(json.parse(reply.body));
  const detail::json_view said = json.root();
  if (!said["model"].text().empty()) span_.set(keys::embedding_model_name, said["model"].text());
  const std::string_view id = said["id"].text().empty() ? reply.generation_id : said["id"].text();
  if (!id.empty()) span_.set(keys::openrouter_generation_id, id);
  if (!said["provider"].text().empty()) {
    span_.set(keys::openrouter_provider, said["provider"].text());
  }
  span_.set(keys::openrouter_attempts, attempts_);
  if (!said["usage"].is_object()) return;
  token_usage usage;
  detail::read_usage(said["usage"], usage);
  record_usage(usage);
}

}  // namespace v0
}  // namespace orcast
