// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/chat_reply.hpp"
#include "orcast/openrouter/reply_reader.hpp"
#include "orcast/trace/ids.hpp"

// One call that client::start() began, in two ways: a handler hears about it in tick(), or the game
// looks at the handle each frame. Both see the same, at the same time.

namespace orcast {
inline namespace v0 {

/// Where a call is, as the last tick() has seen it.
enum class call_state : unsigned char {
  none,       ///< the handle is empty
  waiting,    ///< nothing of the answer has arrived
  streaming,  ///< pieces arrive
  done,
};

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

namespace detail {
struct call_entry;
}

/// What the handles of calls have in common. Move-only; destroying one cancels its call, and its
/// handler hears nothing more. It may outlive its client. The thread of the client only; the
/// functions that return something need a handle that is not empty, except state().
class call_handle {
 public:
  ORCAST_DECL call_state state() const noexcept;
  /// Ok while it is under way or has succeeded; the failure once it has failed.
  ORCAST_DECL result<void> outcome() const;
  /// From start() to the end; -1 before it.
  ORCAST_DECL double latency_ms() const noexcept;
  /// How many times it has been sent, retries included; 0 for a call that was refused at once, or
  /// waits for its turn.
  ORCAST_DECL int attempts() const noexcept;
  /// The call's span, for children (tools that answer it).
  ORCAST_DECL span_context context() const noexcept;

  /// The call ends as cancelled at the next tick(), whatever the network does, also when its answer
  /// arrived in between; the exchange is interrupted within 100 ms. A call that is done stays as it
  /// is.
  ORCAST_DECL void cancel() noexcept;

  explicit operator bool() const noexcept { return entry_ != nullptr; }

 protected:
  call_handle() = default;
  ORCAST_DECL explicit call_handle(std::shared_ptr<detail::call_entry> entry) noexcept;
  ORCAST_DECL call_handle(call_handle&& other) noexcept;
  ORCAST_DECL call_handle& operator=(call_handle&& other) noexcept;
  ORCAST_DECL ~call_handle();

  std::shared_ptr<detail::call_entry> entry_;

 private:
  void abandon() noexcept;
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
