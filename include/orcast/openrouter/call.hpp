// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/call_handle.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/delta_listener.hpp"

// One call that client::start() began, in two ways: a handler hears about it in tick(), or the game
// looks at the handle each frame. Both see the same, at the same time.

namespace orcast {
inline namespace v0 {

/// Hears about one call, in tick(), on the thread that ticks; from there it may use the client,
/// destroy its call, even destroy the client. It must live until on_done() or until its call has
/// been destroyed. Pieces that arrived between two ticks come as one.
///
/// With call_context::on_arrival it hears each piece and the end at once instead, on whichever
/// thread the transport has (that of tick() with a polled one; a call that is cancelled or refused
/// ends in tick()). It may then use neither client nor call, and must be quick: the exchange waits
/// for it, and so does whoever destroys the call. tick() is still what sends, and sends again.
class call_handler : public delta_listener {
 public:
  /// The last word on the call, once. With a failure `reply` holds what arrived; it may be moved
  /// from.
  virtual void on_done(result<void> outcome, chat_reply& reply) noexcept {
    static_cast<void>(outcome);
    static_cast<void>(reply);
  }

 protected:
  ~call_handler() = default;
};

/// A chat completion under way.
class call : public call_handle {
 public:
  call() = default;

  /// The text so far; valid until the next tick().
  ORCAST_DECL std::string_view text() const noexcept;
  /// The whole reply once state() is done, with a failure what arrived of it; null before.
  ORCAST_DECL const chat_reply* reply() const noexcept;
  /// From start() to the first content, reasoning or tool delta; -1 before it.
  ORCAST_DECL double time_to_first_token_ms() const noexcept;

 private:
  friend class client;
  explicit call(std::shared_ptr<detail::call_entry> entry) noexcept
      : call_handle(std::move(entry)) {}
};

}  // namespace v0
}  // namespace orcast

// The bodies are with those of the client.
#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/client.hpp"
#endif
