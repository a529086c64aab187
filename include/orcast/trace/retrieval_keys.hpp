// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// OpenInference's attribute keys for embeddings, reranking and retrieval.

namespace orcast {
inline namespace v0 {
namespace keys {

// Embeddings.

/// string. Embeddings: the response's model, else the request's
inline constexpr key embedding_model_name{"embedding.model_name"};
/// JSON. Embeddings: the request's body without input, user, session_id and trace
inline constexpr key embedding_invocation_parameters{"embedding.invocation_parameters"};
/// string. Embeddings: each text of input; tokens are not decoded
inline constexpr key embedding_text{"embedding.embeddings.#.embedding.text"};
/// doubles. Embeddings, where recording.vectors asks for them: data[].embedding, also when it came
/// as base64
inline constexpr key embedding_vector{"embedding.embeddings.#.embedding.vector"};

// Reranking.

/// string. Reranking: query
inline constexpr key reranker_query{"reranker.query"};
/// string. Reranking: the response's model, else the request's
inline constexpr key reranker_model_name{"reranker.model_name"};
/// int. Reranking: top_n
inline constexpr key reranker_top_k{"reranker.top_k"};
/// string. Reranking: documents; their index
inline constexpr key reranker_input_document_id{"reranker.input_documents.#.document.id"};
/// string. Reranking: documents
inline constexpr key reranker_input_document_content{"reranker.input_documents.#.document.content"};
/// double. Work spans: candidate()
inline constexpr key reranker_input_document_score{"reranker.input_documents.#.document.score"};
/// JSON. Work spans: candidate()
inline constexpr key reranker_input_document_metadata{
    "reranker.input_documents.#.document.metadata"};
/// string. Reranking: results, in their order; their index in the request
inline constexpr key reranker_output_document_id{"reranker.output_documents.#.document.id"};
/// string. Reranking: results, in their order
inline constexpr key reranker_output_document_content{
    "reranker.output_documents.#.document.content"};
/// double. Reranking: results, in their order: relevance_score
inline constexpr key reranker_output_document_score{"reranker.output_documents.#.document.score"};
/// JSON. Work spans: document()
inline constexpr key reranker_output_document_metadata{
    "reranker.output_documents.#.document.metadata"};

// Retrieval.

/// string. Retriever spans
inline constexpr key retrieval_document_id{"retrieval.documents.#.document.id"};
/// string. Retriever spans
inline constexpr key retrieval_document_content{"retrieval.documents.#.document.content"};
/// double. Retriever spans
inline constexpr key retrieval_document_score{"retrieval.documents.#.document.score"};
/// JSON. Retriever spans
inline constexpr key retrieval_document_metadata{"retrieval.documents.#.document.metadata"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast
