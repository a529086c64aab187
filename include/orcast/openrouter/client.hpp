// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/core/secret.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/http/retry.hpp"
#include "orcast/openrouter/api_call.hpp"
#include "orcast/openrouter/api_reply.hpp"
#include "orcast/openrouter/api_request.hpp"
#include "orcast/openrouter/call.hpp"
#include "orcast/openrouter/call_context.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/recording.hpp"

// The client for OpenRouter. It uses whatever transport the host gives it and never blocks a frame:
// start() returns at once, and what arrives is delivered by tick(), on the host's thread, within
// the host's budget.
//
//   auto made = client::make(std::move(options), http::any_transport(transport));
//   call talk = made->start(std::move(request), &handler);
//   each frame:  made->tick(200'000 /* ns */);
//
// Calls and client may go in any order: what is still under way is cancelled. A transport that is
// lent rather than given (any_transport::own) outlives the client's last use.

namespace orcast {
inline namespace v0 {

struct client_options {
  secret api_key;  ///< empty: OPENROUTER_API_KEY from the environment
  /// Asked for the key before each call instead, so that a game need not contain one. Any thread.
  secret (*key_provider)(void* context) = nullptr;
  void* key_context = nullptr;

  std::string base_url;  ///< empty: OPENROUTER_BASE_URL, else https://openrouter.ai/api/v1
  bool allow_insecure_http = false;  ///< also to other machines; the key then travels in the clear
  std::string app_url;               ///< HTTP-Referer: identifies the app at OpenRouter
  std::string app_title;             ///< X-OpenRouter-Title
  /// X-OpenRouter-Categories: at most two, "game", "roleplay", ...
  std::vector<std::string> app_categories;
  bool routing_metadata = false;        ///< ask for openrouter_metadata with each answer
  std::optional<response_cache> cache;  ///< nothing: as the account has it
  /// Added to the head of every request; a value that is `sensitive` is treated like the key.
  std::vector<http::header> headers;

  /// After a cancel or a cut stream: how long, in ms, the call's span waits for what the call cost,
  /// which tick() asks OpenRouter for in the background (GET /generation, repeated until it is
  /// there); 0: not at all. Who waits for such a call (chat_stream) gets its failure that much
  /// later.
  std::int64_t usage_lookup_ms = 0;

  /// Send W3C `traceparent` with each call, and `tracestate` where its context has one: for a proxy
  /// of the host's own that joins the trace. A header of the host's with that name is left as it
  /// is.
  bool send_traceparent = false;

  /// total_ms covers a call with all its attempts and the waits between them.
  http::timeouts timeouts;
  http::response_limits response;
  reply_limits reply;
  std::size_t max_request_bytes = std::size_t{64} << 20;  ///< of a request's text and files
  /// Only what fails before the first delta is tried again.
  http::retry_policy retry;
  std::size_t max_calls = 256;  ///< of start(), not yet done; more are refused with errc::busy
  /// How many calls are sent at a time; the others wait for their turn, by call_priority, and of
  /// one priority the sessions take turns. Those that wait for their answer (chat(), call()) count
  /// too. 0: no limit, but calls of start() no more than the transport carries, which is the
  /// threads of a blocking one.
  std::size_t max_concurrent = 0;

  recording record;  ///< from broadcast::recording(); default: nothing is recorded
};

namespace detail {
class client_core;
}

/// Thread rules: make, start, tick and destroy on one thread (the game's). What waits for its
/// answer (chat, chat_stream, call, call_stream) on that thread too, or, where the transport is not
/// a polled one, on any, also several at once.
class client {
 public:
  /// Validates the options and reads the environment. Fails with invalid_argument, saying what to
  /// set. A missing key is not refused here: each call then fails with errc::authentication.
  static ORCAST_DECL result<client> make(client_options options, http::any_transport transport);

  ORCAST_DECL client(client&&) noexcept;
  ORCAST_DECL client& operator=(client&&) noexcept;
  /// Ends what is under way as shut_down; no handler is called any more. Waits until the transport
  /// has let go, which takes it 100 ms at most. In a child of fork() it ends nothing: what is under
  /// way, and its memory, are the parent's.
  ORCAST_DECL ~client();

  /// Sends and waits for the whole reply. Retries by the policy, waiting on this thread.
  ORCAST_DECL result<chat_reply> chat(chat_request request, const call_context& context = {});

  /// Sends, hands on the pieces as they arrive (on this thread), and returns the whole reply. The
  /// listener does not use this client.
  ORCAST_DECL result<chat_reply> chat_stream(chat_request request, delta_listener& pieces,
                                             const call_context& context = {});

  /// Begins a streamed call and returns at once. Even a refused request gives a call, whose
  /// failure the next tick() delivers. `handler` may be null.
  ORCAST_DECL orcast::call start(chat_request request, call_handler* handler = nullptr,
                                 const call_context& context = {});

  /// The same for a reply in one piece, as response-healing and some models demand: its handler
  /// hears on_done() alone. Such a call can't be stopped at OpenRouter: a cancel saves no money.
  ORCAST_DECL orcast::call start_whole(chat_request request, call_handler* handler = nullptr,
                                       const call_context& context = {});

  /// Any other endpoint, in the same three ways: call({"GET", "/models"}). The answer is in one
  /// piece; embeddings are recorded as a span.
  ORCAST_DECL result<api_reply> call(api_request request, const call_context& context = {});
  /// Hands on the answer's body as it arrives, on this thread, and keeps none of it.
  ORCAST_DECL result<api_reply> call_stream(api_request request, byte_listener& pieces,
                                            const call_context& context = {});
  ORCAST_DECL api_call start(api_request request, api_handler* handler = nullptr,
                             const call_context& context = {});

  /// What an endpoint with a type of its own answers, waiting for it: ask(models_query{}), of
  /// models.hpp, generation.hpp, account.hpp, providers.hpp, embeddings.hpp. Without waiting:
  /// start(*query.request()), and query.parse(reply()->body) when it is done.
  template <class Query>
  result<typename Query::reply> ask(const Query& query, const call_context& context = {}) {
    result<api_request> request = query.request();
    if (!request) return request.error();
    const result<api_reply> answer = call(std::move(*request), context);
    if (!answer) return answer.error();
    return query.parse(answer->body);
  }

  /// Delivers what has arrived, drives a polled transport, starts due retries. Once per frame.
  /// Uses at most about `budget_ns` of its own time and at most one handler call beyond that;
  /// 0 delivers everything there is. Calls take turns. Does nothing from inside a handler.
  ORCAST_DECL void tick(std::int64_t budget_ns = 200'000);

  /// Where this client records its calls; for spans that belong to them.
  ORCAST_DECL const recording& record() const noexcept;

  /// Calls of start() that are not done, as tick() has seen it.
  ORCAST_DECL std::size_t in_flight() const noexcept;
  /// Calls that wait for their turn, those of chat() and call() among them. Any thread.
  ORCAST_DECL std::size_t in_line() const noexcept;

 private:
  explicit client(std::shared_ptr<detail::client_core> core) noexcept;
  ORCAST_DECL void end();

  // Shared with a tick() that is under way, so that a handler may destroy the client.
  std::shared_ptr<detail::client_core> core_;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/client.ipp"
#endif
