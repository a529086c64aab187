// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "orcast/core/result.hpp"

// A host's rule about which calls are exported, asked when a call has ended and all about it is
// known. What it does not keep is dropped with its attempts, and counted as drop_reason::filtered.

namespace orcast {
inline namespace v0 {

struct api_reply;
struct chat_reply;

/// A call that has ended, unmasked also where privacy mode or masks keep it out of the span. Valid
/// during the question.
struct ended_call {
  std::string_view model;             ///< as it was asked for
  const failure* why = nullptr;       ///< null: it went well
  const chat_reply* chat = nullptr;   ///< of a chat completion: what arrived of its reply
  const api_reply* answer = nullptr;  ///< of another endpoint
  double latency_ms = 0;
  double time_to_first_token_ms = -1;  ///< -1: there was none
  std::int64_t attempts = 1;
};

struct call_filter {
  /// False drops the call's span. Any thread that records; it must be quick, and records nothing.
  bool (*keeps)(void* context, const ended_call& call) = nullptr;
  void* context = nullptr;
};

}  // namespace v0
}  // namespace orcast
