// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/api_request.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/message.hpp"

// Texts as vectors, for search by meaning: which of an NPC's memories, which line of the lore is
// near to what the player said.
//
//   embeddings_query query;
//   query.model = "openai/text-embedding-3-small";
//   query.input = {"Where is the key?", "The harbour master has it."};
//   auto made = talker.ask(query);
//   if (!made) return;  // else there is a vector for each input
//   double alike = cosine(made->vectors[0], made->vectors[1]);

namespace orcast {
inline namespace v0 {

struct embeddings {
  std::vector<std::vector<float>> vectors;  ///< in the order of the input
  std::string id;
  std::string model;
  std::string provider;
  token_usage usage;
};

struct embeddings_query {
  using reply = embeddings;

  std::string model;
  std::vector<std::string> input;
  json_text input_json;  ///< instead of `input`: tokens, or content with images
  std::optional<std::int64_t> dimensions;
  std::string input_type;  ///< "query", "document", where a model tells them apart
  json_text provider;      ///< an object: preferences, as of a chat request
  std::string user;
  json_text extra;  ///< an object whose members are added to the body
  /// Vectors travel as base64, which is smaller and quicker to read, and exact. False for a model
  /// that does not know it.
  bool base64 = true;

  /// Fails with invalid_argument where there is no input, or a member is not UTF-8 or not JSON.
  ORCAST_DECL result<api_request> request() const;
  /// Fails with malformed_response unless there is one vector, which is not empty, for each input;
  /// how many `input_json` has is not looked at.
  ORCAST_DECL result<embeddings> parse(std::string_view body) const;
};

/// How alike two vectors are: 1 for the same direction, 0 for nothing in common. 0 too where they
/// differ in length or one has none.
ORCAST_DECL double cosine(const std::vector<float>& a, const std::vector<float>& b) noexcept;

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/embeddings.ipp"
#endif
