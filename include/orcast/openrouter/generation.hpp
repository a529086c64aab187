// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/api_request.hpp"
#include "orcast/openrouter/message.hpp"

// What became of a call, asked for afterwards by its generation's id (chat_reply::id): above all
// what a stream cost that was cancelled or cut, and that therefore never told.

namespace orcast {
inline namespace v0 {

/// The facts of one generation. Prices are US dollars as decimal text; what OpenRouter did not tell
/// is empty.
struct generation {
  std::string id;
  std::string model;
  std::string provider;
  std::string created_at;  ///< "2026-01-31T12:00:00Z"
  std::string finish_reason;
  std::string native_finish_reason;
  std::string session_id;
  std::string user;        ///< external_user
  std::string total_cost;  ///< what the account was charged
  std::string upstream_cost;
  std::string cache_discount;
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> completion_tokens;
  std::optional<std::int64_t> native_prompt_tokens;  ///< as the provider counts, and charges
  std::optional<std::int64_t> native_completion_tokens;
  std::optional<std::int64_t> native_reasoning_tokens;
  std::optional<std::int64_t> native_cached_tokens;
  std::optional<double> latency_ms;          ///< to the first token
  std::optional<double> generation_time_ms;  ///< of the whole answer
  std::optional<bool> streamed;
  std::optional<bool> cancelled;
  std::optional<bool> is_byok;
  json_text json;  ///< the whole object, with the responses of each provider that was tried
};

/// The facts are there some seconds after the answer. Until then OpenRouter says "not found", and
/// the request is repeated; after the last attempt that is the failure: errc::not_found.
struct generation_query {
  using reply = generation;

  std::string id;
  int attempts = 6;            ///< at most; with the waits below, over about 12 seconds
  std::int64_t wait_ms = 500;  ///< before the second attempt, twice as long before each next one,
  std::int64_t longest_wait_ms = 4'000;  ///< and at most that

  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<generation> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/account.ipp"
#endif
