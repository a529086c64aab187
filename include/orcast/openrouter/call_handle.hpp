// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "orcast/core/result.hpp"
#include "orcast/trace/ids.hpp"

// What the handles of calls under way have in common: call (chat completions) and api_call (the
// rest). Their bodies are with those of the client.

namespace orcast {
inline namespace v0 {

/// Where a call is, as the last tick() has seen it.
enum class call_state : unsigned char {
  none,       ///< the handle is empty
  waiting,    ///< nothing of the answer has arrived
  streaming,  ///< pieces arrive
  done,
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

}  // namespace v0
}  // namespace orcast
