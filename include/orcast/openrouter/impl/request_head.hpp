// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/validate.hpp"
#include "orcast/openrouter/call_context.hpp"
#include "orcast/trace/w3c_context.hpp"

// What goes into the head of a request besides the key: the client's own lines, and those of one
// call, which come instead of the client's of the same name.

namespace orcast {
inline namespace v0 {
namespace detail {

inline void put_header(const http::header& line, std::vector<http::header>& head) {
  for (http::header& each : head) {
    if (!http::same_name(each.name, line.name)) continue;
    if (each.sensitive) wipe(each.value.data(), each.value.size());
    each = line;
    return;
  }
  head.push_back(line);
}

inline void put_header(std::string_view name, std::string_view value,
                       std::vector<http::header>& head) {
  for (http::header& each : head) {
    if (!http::same_name(each.name, name)) continue;
    if (each.sensitive) wipe(each.value.data(), each.value.size());
    each.value.assign(value);
    each.sensitive = false;
    return;
  }
  head.push_back({std::string(name), std::string(value), false});
}

inline void drop_header(std::string_view name, std::vector<http::header>& head) {
  const auto named = [name](const http::header& each) { return http::same_name(each.name, name); };
  head.erase(std::remove_if(head.begin(), head.end(), named), head.end());
}

inline void put_cache(const response_cache& cache, std::vector<http::header>& head) {
  put_header("X-OpenRouter-Cache", cache.use ? "true" : "false", head);
  if (cache.ttl_s > 0) put_header("X-OpenRouter-Cache-TTL", std::to_string(cache.ttl_s), head);
  if (cache.clear) put_header("X-OpenRouter-Cache-Clear", "true", head);
}

/// Which span the request belongs under, where there is one and the host says nothing itself.
inline void put_trace(const span_context& of, std::string_view state,
                      std::vector<http::header>& head) {
  std::string parent = traceparent(of);
  for (const http::header& line : head) {
    if (http::same_name(line.name, "traceparent")) return;
  }
  if (parent.empty()) return;
  put_header("traceparent", std::move(parent), head);
  for (const http::header& line : head) {
    if (http::same_name(line.name, "tracestate")) return;
  }
  std::string members = trace_state::parse(state).header();
  if (!members.empty()) put_header("tracestate", std::move(members), head);
}

/// What a call adds to the head of its request. Fails, naming the line, where that can't be sent.
inline result<void> put_context(const call_context& context, std::string_view session,
                                std::vector<http::header>& head) {
  if (!session.empty()) put_header("x-session-id", session, head);
  if (context.cache) put_cache(*context.cache, head);
  for (const http::header& line : context.headers) {
    if (http::same_name(line.name, "authorization")) {
      return failure(errc::invalid_argument,
                     "call_context.headers: Authorization is made of the client's key");
    }
    if (http::is_token(line.name) && http::is_transport_header(line.name)) {
      return failure(errc::invalid_argument,
                     "call_context.headers: " + line.name + " belongs to the transport");
    }
    put_header(line, head);
  }
  for (const http::header& line : head) {
    if (!http::is_token(line.name)) {
      return failure(errc::invalid_argument, "a header name is not an HTTP token");
    }
    if (!http::is_field_value(line.value)) {
      return failure(errc::invalid_argument,
                     "the value of header " + line.name + " contains a control character");
    }
  }
  return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
