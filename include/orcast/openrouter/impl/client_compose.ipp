// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "orcast/openrouter/impl/client_core.hpp"

#include "orcast/http/validate.hpp"
#include "orcast/openrouter/impl/request_head.hpp"

// How a client makes a call of a request: its observation begins, its request is put together, and
// what can't be sent ends here.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What changes nothing, however often it is done.
inline bool repeatable(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD";
}

inline call_ptr client_core::make_entry(const http::retry_policy& retries,
                                        const call_context& context) {
  const call_ptr entry = call_pool::take(pool_, options_.record, options_.reply, clock_);
  entry->policy = retries;
  entry->began_ns = clock_.steady_ns();
  entry->deadline_ms = context.timeouts.value_or(options_.timeouts).total_ms;
  entry->priority = context.priority;
  entry->on_arrival = context.on_arrival;
  if (options_.usage_lookup_ms > 0) entry->seen.await_usage();
  return entry;
}

/// The observation begins here, for every call, also for one that is refused at once.
inline call_ptr client_core::open(chat_request& request, const call_context& context,
                                  bool refused) {
  const call_ptr entry = make_entry(options_.retry, context);
  entry->party = request.session_id.empty() ? context.session_id : request.session_id;
  entry->seen.join(request, chat_url_, context);
  result<void> composed = compose(request, context, entry->outgoing);
  entry->seen.begin(request, entry->outgoing.body, chat_url_, context);
  prepare(*entry, std::move(composed), refused, context);
  return entry;
}

inline call_ptr client_core::open(const api_request& request, const call_context& context,
                                  bool refused) {
  http::retry_policy retries = request.retry.value_or(options_.retry);
  if (!request.retry && !repeatable(request.method)) retries.on_no_answer = false;
  const call_ptr entry = make_entry(retries, context);
  entry->party = context.session_id;
  result<void> composed = compose(request, context, entry->outgoing);
  entry->seen.begin(request, entry->outgoing.request.url, context);
  prepare(*entry, std::move(composed), refused, context);
  return entry;
}

inline void client_core::prepare(call_entry& entry, result<void> composed, bool refused,
                                 const call_context& context) const {
  entry.context = entry.seen.context();
  if (composed && refused) {
    composed = failure(errc::busy, "more than " + std::to_string(options_.max_calls) +
                                       " calls at a time (client_options.max_calls)");
  }
  if (!composed) return entry.conclude(std::move(composed));
  outgoing_call& out = entry.outgoing;
  if (options_.send_traceparent) put_trace(entry.context, context.tracestate, out.request.headers);
  if (!out.body.empty()) out.request.body.assign(1, out.body);
  out.request.attached = &entry.seen;
  const http::retry_policy& policy = entry.policy;
  out.request.replays =
      repeatable(out.request.method) || (policy.on_no_answer && policy.max_attempts > 1);
}

inline result<void> client_core::compose(const chat_request& request, const call_context& context,
                                         outgoing_call& out) const {
  out.request.method = "POST";
  out.request.url = chat_url_;
  out.request.response = options_.response;
  result<void> written = validate_chat_request(request, options_.max_request_bytes);
  if (written) written = append_json(request, out.body);
  if (!written) {
    out.body.clear();
    return written;
  }
  const bool own = !request.session_id.empty();  // it is in the body then, which counts for more
  return compose_head(request.stream ? "text/event-stream" : "application/json", "application/json",
                      own ? std::string_view() : context.session_id, context, out.request);
}

inline result<void> client_core::compose(const api_request& request, const call_context& context,
                                         outgoing_call& out) const {
  out.request.method = request.method;
  out.request.url = base_url_ + request.path;
  out.request.response = options_.response;
  if (request.body_bytes != 0) out.request.response.body_bytes = request.body_bytes;
  out.body = request.body;
  if (request.path.empty() || request.path.front() != '/') {
    return failure(errc::invalid_argument, "api_request.path does not begin with \"/\"");
  }
  const std::string_view type = !request.content_type.empty()
                                    ? std::string_view(request.content_type)
                                : request.body.empty() ? std::string_view()
                                                       : "application/json";
  const std::string_view accept =
      request.accept.empty() ? "application/json" : std::string_view(request.accept);
  result<void> composed = compose_head(accept, type, context.session_id, context, out.request);
  if (!composed) return composed;
  const result<http::url> valid = http::validate_request(out.request, options_.allow_insecure_http);
  if (!valid) return failure(errc::invalid_argument, "api_request: " + valid.error().message);
  return {};
}

inline result<void> client_core::compose_head(std::string_view accept,
                                              std::string_view content_type,
                                              std::string_view session, const call_context& context,
                                              http::request& out) const {
  out.limits = context.timeouts.value_or(options_.timeouts);
  constexpr std::size_t own = 10;  // so that the key is never moved
  out.headers.reserve(headers_.size() + context.headers.size() + own);
  out.headers = headers_;
  put_header("Accept", accept, out.headers);
  if (!content_type.empty()) {
    put_header("Content-Type", content_type, out.headers);
  } else {
    drop_header("Content-Type", out.headers);
  }
  result<void> added = put_context(context, session, out.headers);
  return added ? authorize(out) : added;
}

inline result<void> client_core::authorize(http::request& out) const {
  secret provided;
  if (options_.key_provider != nullptr) {
    provided = options_.key_provider(options_.key_context);
    if (provided.empty()) {
      return failure(errc::authentication, "no API key: client_options.key_provider returned none");
    }
  }
  const std::string_view key =
      options_.key_provider != nullptr ? provided.reveal() : options_.api_key.reveal();
  if (key.empty()) {
    return failure(errc::authentication,
                   "no API key: set OPENROUTER_API_KEY or client_options.api_key");
  }
  if (!http::is_field_value(key)) {
    return failure(errc::authentication, "the API key contains a line break or control character");
  }
  constexpr std::string_view scheme = "Bearer ";
  for (http::header& line : out.headers) {
    if (!http::same_name(line.name, "authorization")) continue;
    line.value.reserve(scheme.size() + key.size());
    line.value.assign(scheme).append(key);
  }
  return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
