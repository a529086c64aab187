// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "orcast/openrouter/impl/span_context.hpp"
#include "orcast/openrouter/work.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"

// The bodies of work.

namespace orcast {
inline namespace v0 {

ORCAST_DECL work::work(const recording& where, std::string_view kind, std::string_view operation,
                       std::string_view name, const work_options& options)
    : where_(where) {
  const scope* const in = options.in != nullptr ? options.in : scope::current();
  if (where.traces == nullptr || scope::suppressed(in)) return;
  const std::string_view session = options.session_id.empty()
                                       ? scope::inherited(in, &scope_facts::session_id)
                                       : options.session_id;
  span_options start;
  start.parent = options.parent.valid() ? options.parent : scope::parent(in);
  start.session = session;
  start.left_out = where.left_out;
  span_ = where.traces->start(name, start);
  if (!span_.recording()) return;
  span_.set(keys::openinference_span_kind, kind);
  if (where.companions && !operation.empty()) {
    span_.set(keys::gen_ai_operation_name, operation);
    if (!session.empty()) span_.set(keys::gen_ai_conversation_id, session);
  }
  content_recorder to = recorder();
  detail::record_identity(
      to, where_, in, session,
      options.user.empty() ? scope::inherited(in, &scope_facts::user) : options.user, nullptr);

  std::string whole;
  detail::object_writer metadata(whole);
  detail::json_reader own(detail::json_manners::tolerant);
  if (own.parse(options.metadata)) detail::copy_members(own.root(), metadata);
  detail::copy_scope_metadata(in, metadata);
  metadata.close();
  if (whole != "{}") span_.set(keys::metadata, whole);
}

ORCAST_DECL work work::agent(const recording& where, std::string_view name,
                             const work_options& options) {
  work made(where, keys::kind_agent, "invoke_agent", name, options);
  made.span_.set(keys::agent_name, name);
  if (where.companions) made.span_.set(keys::gen_ai_agent_name, name);
  return made;
}

ORCAST_DECL work work::chain(const recording& where, std::string_view name,
                             const work_options& options) {
  return work(where, keys::kind_chain, {}, name, options);
}

ORCAST_DECL work work::tool(const recording& where, const tool_call& called,
                            const work_options& options, const orcast::tool* described) {
  work made(where, keys::kind_tool, "execute_tool", called.name, options);
  orcast::span& into = made.span_;
  if (!into.recording()) return made;
  into.set(keys::tool_name, called.name);
  if (!called.id.empty()) into.set(keys::tool_id, called.id);
  if (where.companions) {
    into.set(keys::gen_ai_tool_name, called.name);
    into.set(keys::gen_ai_tool_type, "function");
    if (!called.id.empty()) into.set(keys::gen_ai_tool_call_id, called.id);
  }
  made.input(called.arguments, "application/json");
  if (described == nullptr) return made;
  content_recorder to = made.recorder();
  std::string whole;
  append_json(*described, whole);
  to.set(content::tools, keys::tool_json_schema, whole);
  if (!described->parameters.empty()) {
    to.set(content::tools, keys::tool_parameters, described->parameters);
  }
  if (described->description.empty()) return made;
  to.set(content::tools, keys::tool_description, described->description);
  if (where.companions) {
    to.set(content::tools, keys::gen_ai_tool_description, described->description);
  }
  return made;
}

ORCAST_DECL work work::retriever(const recording& where, std::string_view name,
                                 std::string_view query, const work_options& options) {
  work made(where, keys::kind_retriever, "retrieval", name, options);
  made.input(query);
  return made;
}

ORCAST_DECL work work::reranker(const recording& where, std::string_view model,
                                std::string_view query, std::size_t top_k,
                                const work_options& options) {
  std::string name("rerank ");
  name.append(model);
  work made(where, keys::kind_reranker, {}, name, options);
  made.reranks_ = true;
  if (!model.empty()) made.span_.set(keys::reranker_model_name, model);
  if (top_k != 0) made.span_.set(keys::reranker_top_k, top_k);
  made.recorder().set(content::parameter, keys::reranker_query, query);
  made.input(query);
  return made;
}

ORCAST_DECL work work::embedding_model(const recording& where, std::string_view model,
                                       const work_options& options) {
  work made(where, keys::kind_embedding, "embeddings", "CreateEmbeddings", options);
  if (!model.empty()) made.span_.set(keys::embedding_model_name, model);
  if (where.companions && !model.empty()) made.span_.set(keys::gen_ai_request_model, model);
  return made;
}

ORCAST_DECL work work::guardrail(const recording& where, std::string_view name,
                                 const work_options& options) {
  return work(where, keys::kind_guardrail, {}, name, options);
}

ORCAST_DECL work work::evaluator(const recording& where, std::string_view name,
                                 const work_options& options) {
  return work(where, keys::kind_evaluator, {}, name, options);
}

ORCAST_DECL work work::prompt(const recording& where, std::string_view name,
                              std::string_view vendor, std::string_view id, std::string_view url,
                              const work_options& options) {
  work made(where, keys::kind_prompt, {}, name, options);
  if (!vendor.empty()) made.span_.set(keys::prompt_vendor, vendor);
  if (!id.empty()) made.span_.set(keys::prompt_id, id);
  if (!url.empty()) made.span_.set(keys::prompt_url, url);
  return made;
}

ORCAST_DECL work& work::input(std::string_view value, std::string_view mime_type) {
  content_recorder to = recorder();
  to.set(content::input_value, keys::input_value, value);
  to.set(content::input_mime_type, keys::input_mime_type, mime_type);
  return *this;
}

ORCAST_DECL work& work::output(std::string_view value, std::string_view mime_type) {
  content_recorder to = recorder();
  to.set(content::output_value, keys::output_value, value);
  to.set(content::output_mime_type, keys::output_mime_type, mime_type);
  return *this;
}

ORCAST_DECL work& work::document(const found_document& found) {
  const std::size_t i = next_[documents]++;
  const bool out = reranks_;
  content_recorder to = recorder();
  constexpr content what = content::output_document;
  const auto set = [&](const key_text& chosen, const key_text& retrieved, std::string_view text) {
    if (!text.empty()) to.set(what, attribute_key(out ? chosen : retrieved, i, 0), text);
  };
  set(keys::reranker_output_document_id, keys::retrieval_document_id, found.id);
  set(keys::reranker_output_document_content, keys::retrieval_document_content, found.content);
  set(keys::reranker_output_document_metadata, keys::retrieval_document_metadata, found.metadata);
  if (found.score && to.wants(what)) {
    span_.set(out ? keys::reranker_output_document_score(i) : keys::retrieval_document_score(i),
              *found.score);
  }
  return *this;
}

ORCAST_DECL work& work::candidate(const found_document& given) {
  const std::size_t i = next_[candidates]++;
  content_recorder to = recorder();
  constexpr content what = content::input_document;
  if (!given.id.empty()) to.set(what, keys::reranker_input_document_id(i), given.id);
  if (!given.content.empty()) to.set(what, keys::reranker_input_document_content(i), given.content);
  if (given.score && to.wants(what)) {
    span_.set(keys::reranker_input_document_score(i), *given.score);
  }
  if (!given.metadata.empty()) {
    to.set(what, keys::reranker_input_document_metadata(i), given.metadata);
  }
  return *this;
}

ORCAST_DECL work& work::embedding(std::string_view text, const float* vector, std::size_t size) {
  const std::size_t i = next_[embeddings]++;
  content_recorder to = recorder();
  if (!text.empty()) to.set(content::embedding_text, keys::embedding_text(i), text);
  if (where_.vectors && size != 0) to.set_vector(keys::embedding_vector(i), vector, size);
  return *this;
}

ORCAST_DECL work& work::rate(const feedback& what, feedback_about about) {
  if (!what.complete()) return *this;
  struct feedback_keys {
    const key_text &name, &score, &label, &explanation, &annotator_kind, &identifier, &metadata;
  };
  static constexpr feedback_keys all[] = {
      {keys::evaluation_name, keys::evaluation_score, keys::evaluation_label,
       keys::evaluation_explanation, keys::evaluation_annotator_kind, keys::evaluation_identifier,
       keys::evaluation_metadata},
      {keys::trace_evaluation_name, keys::trace_evaluation_score, keys::trace_evaluation_label,
       keys::trace_evaluation_explanation, keys::trace_evaluation_annotator_kind,
       keys::trace_evaluation_identifier, keys::trace_evaluation_metadata},
      {keys::session_evaluation_name, keys::session_evaluation_score,
       keys::session_evaluation_label, keys::session_evaluation_explanation,
       keys::session_evaluation_annotator_kind, keys::session_evaluation_identifier,
       keys::session_evaluation_metadata}};
  const auto which = static_cast<std::size_t>(about);
  const feedback_keys& keys = all[which];
  const std::size_t i = next_[ratings + which]++;
  const auto set = [&](const key_text& key, std::string_view text) {
    if (!text.empty()) span_.set(attribute_key(key, i, 0), text);
  };
  set(keys.name, what.name);
  if (what.score) span_.set(attribute_key(keys.score, i, 0), *what.score);
  set(keys.label, what.label);
  set(keys.annotator_kind, what.annotator_kind);
  set(keys.identifier, what.identifier);
  set(keys.metadata, what.metadata);
  // It may quote what it judges.
  if (!what.explanation.empty()) {
    recorder().set(content::output_text, attribute_key(keys.explanation, i, 0), what.explanation);
  }
  return *this;
}

ORCAST_DECL work& work::filled(std::string_view text, std::string_view variables,
                               std::string_view edition) {
  content_recorder to = recorder();
  constexpr content what = content::prompt_template;
  to.set(what, keys::llm_prompt_template_template, text);
  if (!variables.empty()) to.set(what, keys::llm_prompt_template_variables, variables);
  if (!edition.empty()) to.set(what, keys::llm_prompt_template_version, edition);
  return *this;
}

ORCAST_DECL work& work::fail(const failure& why) {
  failed_ = true;
  recorder().fail(to_string(why.code), "orcast." + std::string(to_string(why.code)), why.message);
  return *this;
}

ORCAST_DECL work& work::cancel() {
  failed_ = true;
  span_.set(keys::openrouter_cancelled, true);
  return *this;
}

ORCAST_DECL void work::end() noexcept {
  if (span_.recording()) {
    if (!failed_) span_.status(span_status::ok);
    if (where_.frame() != 0) span_.set(keys::orcast_frame_end, where_.frame());
  }
  span_.end();
}

}  // namespace v0
}  // namespace orcast
