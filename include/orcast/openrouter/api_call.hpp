// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/api_reply.hpp"
#include "orcast/openrouter/call_handle.hpp"

// A call to any endpoint but chat completions that client::start() began.

namespace orcast {
inline namespace v0 {

/// Hears about one such call; when and where is as with call_handler. on_data() comes only for a
/// request with `stream` set.
class api_handler : public byte_listener {
 public:
  /// The last word on the call, once. The reply may be moved from.
  virtual void on_done(result<void> outcome, api_reply& reply) noexcept {
    static_cast<void>(outcome);
    static_cast<void>(reply);
  }

 protected:
  ~api_handler() = default;
};

class api_call : public call_handle {
 public:
  api_call() = default;

  /// The reply once state() is done; null before.
  ORCAST_DECL const api_reply* reply() const noexcept;

 private:
  friend class client;
  explicit api_call(std::shared_ptr<detail::call_entry> entry) noexcept
      : call_handle(std::move(entry)) {}
};

}  // namespace v0
}  // namespace orcast

// The bodies are with those of the client.
#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/client.hpp"
#endif
