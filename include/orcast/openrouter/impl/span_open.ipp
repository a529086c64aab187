// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "orcast/http/url.hpp"
#include "orcast/openrouter/impl/span_context.hpp"
#include "orcast/openrouter/impl/span_text.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"
#include "orcast/trace/scope.hpp"

// The beginning of a call's span: its name, trace and parent, and what the call's context and the
// scopes around it say. What the request itself says comes before either.

namespace orcast {
inline namespace v0 {
ORCAST_DECL void observation::open(const call_facts& call, const call_context& context,
                                   std::string_view url) {
  begun_ = true;
  began_ns_ = clock_.steady_ns();
  request_model_ = call.model;
  if (where_.traces == nullptr) return;
  const scope* const in = context.in != nullptr ? context.in : scope::current();
  if (scope::suppressed(in)) return;

  const auto first_of = [in](std::string_view own, std::string_view theirs,
                             std::string_view scope_facts::*wider) {
    if (!own.empty()) return own;
    return theirs.empty() ? scope::inherited(in, wider) : theirs;
  };
  const trace_fields none;
  const trace_fields& trace = call.trace != nullptr ? *call.trace : none;
  const std::string_view session =
      first_of(call.session_id, context.session_id, &scope_facts::session_id);
  span_options options;
  options.kind = span_kind::client;
  options.left_out = where_.left_out;
  options.session = session;
  options.start_ns = began_ns_;
  options.parent = context.parent.valid() ? context.parent : scope::parent(in);
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
    scratch_.assign(call.operation);
    if (!call.model.empty()) scratch_.append(" ").append(call.model);
    name = scratch_;
  }
  const bool named_here = name == std::string_view(trace.trace_name);
  if (call.kind == keys::kind_embedding) name = "CreateEmbeddings";  // OpenInference demands it
  span_ = where_.traces->start(name, options);
  context_ = span_.context();
  if (!span_.recording()) return;

  span_.set(keys::openinference_span_kind, joined() ? keys::kind_chain : call.kind);
  if (joined()) span_.set(keys::orcast_server_broadcast, "join");
  const std::string_view user = first_of(call.user, context.user, &scope_facts::user);
  detail::record_identity(content_, where_, in, session, user, &context.tags);

  scratch_.clear();
  detail::object_writer metadata(scratch_);
  if (!trace.span_name.empty()) metadata.text("span_name", trace.span_name);
  if (!parent_used) metadata.text("parent_span_id", trace.parent_span_id);
  if (!trace.trace_name.empty() && !named_here) metadata.text("trace_name", trace.trace_name);
  detail::json_reader own(detail::json_manners::tolerant);
  detail::json_reader wider(detail::json_manners::tolerant);
  if (own.parse(trace.metadata)) detail::copy_members(own.root(), metadata);
  if (wider.parse(context.metadata)) detail::copy_members(wider.root(), metadata);
  detail::copy_scope_metadata(in, metadata);
  metadata.close();
  if (scratch_ != "{}") span_.set(keys::metadata, scratch_);

  if (!where_.companions) return;
  span_.set(keys::gen_ai_operation_name, call.operation);
  if (!session.empty()) span_.set(keys::gen_ai_conversation_id, session);
  if (const auto parsed = http::url::parse(url, true)) {
    span_.set(keys::server_address, parsed->host());
    span_.set(keys::server_port, parsed->port());
  }
}

}  // namespace v0
}  // namespace orcast
