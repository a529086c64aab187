// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/core/secret.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/http/retry.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/observation.hpp"

// The client for OpenRouter. It uses whatever transport the host gives it and never blocks a frame:
// start() returns at once, and what arrives is delivered by tick(), on the host's thread, within
// the host's budget.
//
//   auto made = client::make(options, transport);          // result<client>
//   call talk = made->start(request, &handler);
//   each frame:  made->tick(200'000 /* ns */);
//
// A call, the client and the transport may go in any order: what is still under way is cancelled.

namespace orcast {
inline namespace v0 {

struct client_options {
  secret api_key;  ///< empty: OPENROUTER_API_KEY from the environment
  /// Asked for the key before each call instead, so that a game need not contain one. Any thread.
  secret (*key_provider)(void* context) = nullptr;
  void* key_context = nullptr;

  std::string base_url;  ///< empty: OPENROUTER_BASE_URL, else https://openrouter.ai/api/v1
  std::string app_url;    ///< HTTP-Referer: identifies the app at OpenRouter
  std::string app_title;  ///< X-OpenRouter-Title
  bool routing_metadata = false;  ///< ask for openrouter_metadata with each answer

  http::timeouts timeouts;
  http::response_limits response;
  reply_limits reply;
  http::retry_policy retry;
  std::size_t max_calls = 256;  ///< in flight or waiting; more are refused with errc::busy

  recording record;  ///< from broadcast::recording(); default: nothing is recorded
};

/// Where a call is.
enum class call_state : unsigned char { none, waiting, streaming, done };

/// Hears about one call, in tick(), on the thread that ticks. It must live until on_done() or until
/// its call has been destroyed. Everything has a default that does nothing.
class call_handler : public delta_listener {
 public:
  /// The last word on the call; `reply` may be moved from. With a failure it holds what arrived.
  virtual void on_done(result<void> outcome, chat_reply& reply) noexcept {
    static_cast<void>(outcome);
    static_cast<void>(reply);
  }

 protected:
  ~call_handler() = default;
};

namespace detail {
class client_core;
struct call_entry;
}  // namespace detail

/// A handle to a call under way. Move-only; destroying it cancels the call. Thread of the client.
class call {
 public:
  call() = default;
  ORCAST_DECL call(call&& other) noexcept;
  ORCAST_DECL call& operator=(call&& other) noexcept;
  ORCAST_DECL ~call();

  /// Reads what tick() has delivered so far; a game may poll this each frame instead of handling.
  ORCAST_DECL call_state state() const noexcept;
  /// The text so far; valid until the next tick().
  ORCAST_DECL std::string_view text() const noexcept;
  /// Ok while it is under way or has succeeded; the failure once it has failed.
  ORCAST_DECL result<void> outcome() const;
  /// Complete once state() is done. Never null while this handle is not empty.
  ORCAST_DECL const chat_reply* reply() const noexcept;
  ORCAST_DECL double time_to_first_token_ms() const noexcept;
  ORCAST_DECL double latency_ms() const noexcept;
  /// The call's span, for children (tools that answer it).
  ORCAST_DECL span_context context() const noexcept;

  /// The call ends as cancelled at the next tick(), whatever the network does; the exchange is
  /// interrupted within 100 ms.
  ORCAST_DECL void cancel() noexcept;

  explicit operator bool() const noexcept { return entry_ != nullptr; }

 private:
  friend class client;
  std::shared_ptr<detail::call_entry> entry_;
};

/// Thread rules: make, start, tick and destroy on one thread (the game's); chat() on any thread,
/// also several at once, where the transport is a blocking one.
class client {
 public:
  /// Validates the options. Fails with invalid_argument or authentication, saying what to set.
  static ORCAST_DECL result<client> make(client_options options, http::any_transport transport);

  ORCAST_DECL client(client&&) noexcept;
  ORCAST_DECL client& operator=(client&&) noexcept;
  /// Cancels what is under way; each span ends, no handler is called any more.
  ORCAST_DECL ~client();

  /// Sends and waits for the whole reply. Retries by the policy, waiting on this thread.
  ORCAST_DECL result<chat_reply> chat(chat_request request, const call_context& context = {});

  /// Sends, hands on the pieces as they arrive (on this thread), and returns the whole reply.
  ORCAST_DECL result<chat_reply> chat_stream(chat_request request, delta_listener& pieces,
                                             const call_context& context = {});

  /// Begins a streamed call and returns at once. Even a refused request gives a call, whose
  /// failure the next tick() delivers. `handler` may be null.
  ORCAST_DECL call start(chat_request request, call_handler* handler = nullptr,
                         const call_context& context = {});

  /// Delivers what has arrived, drives a polled transport, starts due retries. Once per frame.
  /// Uses at most about `budget_ns` of its own time and at most one handler call beyond that;
  /// 0 delivers everything there is.
  ORCAST_DECL void tick(std::int64_t budget_ns = 200'000);

  /// Calls that have not ended, as tick() has seen it.
  ORCAST_DECL std::size_t in_flight() const noexcept;

 private:
  explicit client(std::unique_ptr<detail::client_core> core) noexcept;
  std::unique_ptr<detail::client_core> core_;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/client.ipp"
#endif
