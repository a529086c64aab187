// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "orcast/openrouter/models.hpp"

#include "orcast/openrouter/impl/api_fields.hpp"

// The bodies of orcast/openrouter/models.hpp.

namespace orcast {
inline namespace v0 {
namespace detail {

inline model_pricing read_pricing(json_view from) {
  model_pricing prices;
  prices.prompt = read_amount(from["prompt"]);
  prices.completion = read_amount(from["completion"]);
  prices.request = read_amount(from["request"]);
  prices.image = read_amount(from["image"]);
  prices.audio = read_amount(from["audio"]);
  prices.web_search = read_amount(from["web_search"]);
  prices.internal_reasoning = read_amount(from["internal_reasoning"]);
  prices.input_cache_read = read_amount(from["input_cache_read"]);
  prices.input_cache_write = read_amount(from["input_cache_write"]);
  return prices;
}

inline model_info read_model(json_view from) {
  model_info model;
  const json_view shape = from["architecture"];
  const json_view top = from["top_provider"];
  model.id = read_text(from["id"]);
  model.canonical_slug = read_text(from["canonical_slug"]);
  model.name = read_text(from["name"]);
  model.description = read_text(from["description"]);
  model.created = from["created"].integer();
  model.context_length = read_count(from["context_length"]);
  model.max_completion_tokens = read_count(top["max_completion_tokens"]);
  model.input_modalities = read_texts(shape["input_modalities"]);
  model.output_modalities = read_texts(shape["output_modalities"]);
  model.supported_parameters = read_texts(from["supported_parameters"]);
  model.tokenizer = read_text(shape["tokenizer"]);
  model.pricing = read_pricing(from["pricing"]);
  model.expiration_date = read_text(from["expiration_date"]);
  model.is_moderated = top["is_moderated"].boolean();
  model.json = to_json(from);
  return model;
}

/// The next page comes as a path of the service ("/api/v1/models?..."), or as a whole URL.
inline std::string page_path(std::string_view link) {
  for (const std::string_view begin : {"/models", "/embeddings/models"}) {
    const std::size_t query = link.find('?');
    const std::string_view path = link.substr(0, query);
    const std::size_t at = path.rfind(begin);
    if (at == std::string_view::npos) continue;
    const bool longer = begin == "/models" && at >= 11 && path.substr(at - 11, 11) == "/embeddings";
    if (!longer) return std::string(link.substr(at));
  }
  return {};
}

}  // namespace detail

ORCAST_DECL result<api_request> models_query::request() const {
  api_request made("GET", path);
  detail::query_writer query(made.path);
  query.text("q", text);
  query.text("category", category);
  query.texts("supported_parameters", supported_parameters);
  query.texts("input_modalities", input_modalities);
  query.texts("output_modalities", output_modalities);
  query.texts("model_authors", authors);
  query.texts("providers", providers);
  query.text("region", region);
  query.text("sort", sort);
  query.number("context", context);
  query.number("max_price", max_price);
  query.number("max_output_price", max_output_price);
  if (zero_data_retention) query.text("zdr", "true");
  query.number("offset", offset);
  query.number("limit", limit);
  query.rest(extra);
  return made;
}

ORCAST_DECL result<model_page> models_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  model_page page;
  for (const detail::json_view each : document.data()) {
    if (each.is_object()) page.models.push_back(detail::read_model(each));
  }
  const auto total = detail::read_count(document.root()["total_count"]);
  page.total_count = total.value_or(static_cast<std::int64_t>(page.models.size()));
  page.next = detail::page_path(document.root()["links"]["next"].text());
  return page;
}

}  // namespace v0
}  // namespace orcast
