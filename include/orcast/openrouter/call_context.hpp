// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orcast/http/request.hpp"
#include "orcast/openrouter/message.hpp"
#include "orcast/trace/ids.hpp"
#include "orcast/trace/scope.hpp"

// What a caller says about one call beyond its request: where its span belongs, when its turn is,
// and what else goes into its head.

namespace orcast {
inline namespace v0 {

/// Who is sent first where calls wait for their turn (client_options.max_concurrent). A lower one
/// waits as long as there are higher ones.
enum class call_priority : unsigned char { background, normal, urgent };

/// OpenRouter's cache of whole answers. A hit costs nothing, and its usage counts are 0.
struct response_cache {
  bool use = true;         ///< false: this answer neither comes from the cache nor goes into it
  std::int64_t ttl_s = 0;  ///< 1 to 86400; 0: OpenRouter's own, five minutes
  bool clear = false;      ///< forget the answer that is there
};

struct call_context {
  span_context parent;  ///< the span that this call belongs under
  /// The tracestate header that the parent came with: client_options.send_traceparent sends it on.
  std::string tracestate;
  std::string name;    ///< of the span; empty: generation_name, trace_name on a root, "chat MODEL"
  json_text metadata;  ///< an object
  std::vector<std::string> tags;
  /// Where the request has none. It also goes out as x-session-id, and calls of different sessions
  /// take turns.
  std::string session_id;
  std::string user;  ///< where the request has none
  /// Facts for where neither the request nor this has any; null: the scope that is bound to the
  /// thread which begins the call, if there is one. Only looked at in the beginning.
  const scope* in = nullptr;

  call_priority priority = call_priority::normal;
  /// Handlers hear about the call at once, on the thread of the transport, instead of in tick():
  /// see call_handler.
  bool on_arrival = false;
  std::optional<http::timeouts> timeouts;  ///< instead of client_options.timeouts
  std::optional<response_cache> cache;     ///< instead of client_options.cache
  /// Added to the request's head, each instead of the client's own of that name.
  std::vector<http::header> headers;
};

}  // namespace v0
}  // namespace orcast
