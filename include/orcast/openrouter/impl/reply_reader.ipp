// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "orcast/http/retry.hpp"
#include "orcast/http/sse.hpp"
#include "orcast/openrouter/impl/error_reader.hpp"
#include "orcast/openrouter/impl/header_token.hpp"
#include "orcast/openrouter/impl/reply_merge.hpp"
#include "orcast/openrouter/reply_reader.hpp"

// The states of a response: its head, then a document or a stream, decided when its first byte is
// there; in the end it is complete, failed, or it just stopped.

namespace orcast {
inline namespace v0 {
namespace detail {

inline std::string_view trim(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether a Content-Type is that of server-sent events, whatever its parameters.
inline bool is_event_stream(std::string_view content_type) noexcept {
  return http::same_name(trim(content_type.substr(0, content_type.find(';'))), "text/event-stream");
}

inline http::sse_limits limits_of_stream(const reply_limits& limits) noexcept {
  http::sse_limits made;
  made.line_bytes = limits.line_bytes;
  made.event_bytes = limits.event_bytes;
  made.count = static_cast<std::uint32_t>((std::min)(limits.events, std::size_t{0x7FFFFFFF}));
  return made;
}

}  // namespace detail

/// Everything but the reply itself, so that its functions take the reader it belongs to.
struct reply_reader::parser {
  enum class state : unsigned char { undecided, document, stream, complete, failed };

  parser(const reply_limits& most, const host& time)
      : clock(time),
        limits(most),
        events(detail::limits_of_stream(most)),
        json(detail::json_manners::tolerant, most.depth),
        merge(most) {}

  void reset() noexcept;
  void fail(failure reason);
  bool decide(reply_reader& whole, std::string_view bytes);
  bool take_document(reply_reader& whole, std::string_view bytes);
  bool take_events(reply_reader& whole, std::string_view bytes);
  bool take_event(reply_reader& whole, const http::sse_event& event, bool cut);
  void complete(reply_reader& whole);
  void end_document(reply_reader& whole, const result<void>& outcome);
  void end_stream(reply_reader& whole, const result<void>& outcome);
  void pass_on(reply_reader& whole, const result<void>& outcome);
  void seal(reply_reader& whole);

  host clock;
  reply_limits limits;
  http::sse_parser events;
  detail::json_reader json;
  detail::reply_merge merge;
  delta_listener* listener = nullptr;
  state now = state::undecided;
  failure why;
  std::int64_t retry_after_ms = -1;
  bool event_stream_announced = false;
  bool received_chunk = false;
  bool sealed = false;  // the reply is in its final form
};

ORCAST_DECL void reply_reader::parser::reset() noexcept {
  events.reset();
  now = state::undecided;
  why = failure();
  retry_after_ms = -1;
  event_stream_announced = false;
  received_chunk = false;
  sealed = false;
}

ORCAST_DECL void reply_reader::parser::fail(failure reason) {
  now = state::failed;
  why = std::move(reason);
  why.retry_after_ms = (std::max)(why.retry_after_ms, retry_after_ms);
}

/// White space before the first byte that tells is kept: it belongs to the body as received.
ORCAST_DECL bool reply_reader::parser::decide(reply_reader& whole, std::string_view bytes) {
  const std::string_view begun = detail::trim(bytes);
  if (begun.empty()) return take_document(whole, bytes);
  // Errors come as documents, also where a stream was announced; no event begins like one.
  const bool looks_like_document =
      begun.front() == '{' || begun.front() == '[' || begun.front() == '<';
  if (!event_stream_announced || looks_like_document) {
    now = state::document;
    return take_document(whole, bytes);
  }
  now = state::stream;
  whole.streamed_ = true;
  const std::string before = whole.reply_.raw;
  whole.reply_.raw.clear();
  return take_events(whole, before) && take_events(whole, bytes);
}

ORCAST_DECL bool reply_reader::parser::take_document(reply_reader& whole, std::string_view bytes) {
  std::string& body = whole.reply_.raw;
  if (bytes.size() > limits.body_bytes || body.size() > limits.body_bytes - bytes.size()) {
    fail(failure(errc::too_large, "the body of the response is too large", whole.http_status_));
    return false;
  }
  body.append(bytes);
  return true;
}

ORCAST_DECL bool reply_reader::parser::take_events(reply_reader& whole, std::string_view bytes) {
  const auto on_event = [&](const http::sse_event& event) {
    return take_event(whole, event, false);
  };
  const result<void> fed = events.feed(bytes, on_event);
  if (!fed && now == state::stream) {
    fail(fed.error());
    why.http_status = whole.http_status_;
  }
  return now == state::stream;
}

/// `cut`: the connection ended in this event, so it may be a part of one.
ORCAST_DECL bool reply_reader::parser::take_event(reply_reader& whole, const http::sse_event& event,
                                                  bool cut) {
  const std::string_view data = detail::trim(event.data);
  if (data.empty()) return true;
  if (detail::is(data, "[DONE]")) {
    complete(whole);
    return false;
  }
  const bool foreign = !detail::is(event.type, "message");
  if (!json.parse(data)) {
    if (foreign || cut) return true;
    std::string words = "event ";
    detail::append_number(words, static_cast<std::int64_t>(events.events()));
    words += " of the stream ";
    fail(failure(json.crowded() ? errc::too_large : errc::malformed_response,
                 words + (json.crowded() ? "has too many values" : "is not JSON"),
                 whole.http_status_));
    return false;
  }
  const detail::json_view root = json.root();
  if (!root.is_object()) return true;
  if (foreign && !root["choices"].exists() && !detail::find_error(root).exists()) return true;
  if (!received_chunk && listener != nullptr) listener->on_first_chunk();
  received_chunk = true;
  const bool fits = merge.add(root, false, whole.reply_);
  whole.received_content_ = merge.received_content();
  if (merge.error().exists()) {
    fail(detail::read_error(merge.error(), whole.reply_.provider, whole.http_status_));
  } else if (!fits) {
    fail(failure(errc::too_large, "the reply is too large", whole.http_status_));
  }
  return now == state::stream;
}

/// The answer is there to its end.
ORCAST_DECL void reply_reader::parser::complete(reply_reader& whole) {
  chat_reply& reply = whole.reply_;
  const int status = whole.http_status_;
  if (status >= 400) {
    return fail(detail::status_failure(status, "HTTP error status with an answer"));
  }
  if (whole.streamed_ && !received_chunk) {
    return fail(failure(errc::malformed_response, "the stream held no answer", status));
  }
  merge.finish(reply);
  const char* problem = merge.settle(reply);
  if (whole.streamed_) merge.write_body(reply, reply.raw);
  sealed = true;
  if (problem != nullptr) return fail(failure(errc::malformed_response, problem, status));
  for (const chat_choice& choice : reply.choices) {
    if (choice.finish_reason != "error") continue;
    fail(failure(errc::provider_error, "the provider ended the answer with an error", status));
    why.provider = reply.provider;
    return;
  }
  now = state::complete;
  if (listener == nullptr || !whole.streamed_) return;
  merge.tell_first(reply);
  for (const tool_call& call : reply.tool_calls()) listener->on_tool_call(call);
}

/// The transport's failure is the reader's.
ORCAST_DECL void reply_reader::parser::pass_on(reply_reader& whole, const result<void>& outcome) {
  fail(outcome.error());
  why.http_status = whole.http_status_;
}

ORCAST_DECL void reply_reader::parser::end_document(reply_reader& whole,
                                                    const result<void>& outcome) {
  const int status = whole.http_status_;
  const bool refused = status != 0 && (status < 200 || status > 299);
  const bool cancelled = !outcome && outcome.error().code == errc::cancelled;
  if (!outcome && (cancelled || !refused)) return pass_on(whole, outcome);

  std::string_view body = detail::trim(whole.reply_.raw);
  if (body.substr(0, 3) == "\xEF\xBB\xBF") body = detail::trim(body.substr(3));
  const bool is_json = json.parse(body);
  const detail::json_view root = json.root();
  const detail::json_view error = detail::find_error(root);
  const bool fits = !root.is_object() || merge.add(root, true, whole.reply_);
  whole.received_content_ = merge.received_content();
  if (error.exists()) {
    return fail(detail::read_error(error, whole.reply_.provider, status));
  }
  if (refused) return fail(detail::page_failure(status, body, root));
  if (!fits || json.crowded()) {
    return fail(failure(errc::too_large, "the reply is too large", status));
  }
  if (root["choices"].is_array()) return complete(whole);
  const char* words = body.empty()          ? "the body of the response is empty"
                      : body.front() == '<' ? "the response is a web page, not JSON"
                      : !is_json            ? "the body of the response is not JSON"
                                            : "the body of the response has no choices";
  fail(failure(errc::malformed_response, words, status));
}

ORCAST_DECL void reply_reader::parser::end_stream(reply_reader& whole,
                                                  const result<void>& outcome) {
  chat_reply& reply = whole.reply_;
  if (outcome.ok() && events.pending()) {
    const auto on_event = [&](const http::sse_event& event) {
      return take_event(whole, event, true);
    };
    static_cast<void>(events.flush_tail(on_event));
    if (now != state::stream) return;
  }
  const bool finished = merge.finished(reply);
  // Cut after the last word: nothing is missing but [DONE].
  if (finished && (outcome.ok() || reply.usage.received)) {
    reply.no_done = true;
    return complete(whole);
  }
  if (!outcome) return pass_on(whole, outcome);
  const int status = whole.http_status_;
  if (status >= 400) return fail(detail::page_failure(status, {}, {}));
  fail(failure(errc::stream_truncated, "the stream ended before the answer did", status));
  why.provider = reply.provider;
  why.retryable = true;
}

/// What had arrived of a failed reply, in a form that can be read.
ORCAST_DECL void reply_reader::parser::seal(reply_reader& whole) {
  if (sealed) return;
  sealed = true;
  merge.finish(whole.reply_);
  if (received_chunk) merge.write_body(whole.reply_, whole.reply_.raw);
}

ORCAST_DECL reply_reader::reply_reader(const reply_limits& limits, const host& clock)
    : parser_(std::make_unique<parser>(limits, clock)) {}
ORCAST_DECL reply_reader::~reply_reader() = default;
ORCAST_DECL reply_reader::reply_reader(reply_reader&&) noexcept = default;
ORCAST_DECL reply_reader& reply_reader::operator=(reply_reader&&) noexcept = default;

ORCAST_DECL void reply_reader::reset() noexcept {
  parser_->reset();
  parser_->merge.reset(reply_);
  generation_id_.clear();
  cache_status_.clear();
  http_status_ = 0;
  streamed_ = false;
  received_content_ = false;
}

ORCAST_DECL std::size_t reply_reader::held_bytes() const noexcept {
  return reply_.raw.capacity() + parser_->json.held_bytes() + parser_->events.held_bytes();
}

ORCAST_DECL void reply_reader::listen(delta_listener* listener) noexcept {
  parser_->listener = listener;
  parser_->merge.listen(listener);
}

ORCAST_DECL void reply_reader::head(const http::response_head& head) noexcept {
  http_status_ = head.status;
  detail::copy_token(head.find("X-Generation-Id"), generation_id_);
  detail::copy_token(head.find("X-OpenRouter-Cache-Status"), cache_status_);
  parser_->event_stream_announced = detail::is_event_stream(head.find("Content-Type"));
  const std::string_view retry_after = head.find("Retry-After");
  if (retry_after.empty()) return;
  const std::int64_t now_s = parser_->clock.wall_ns() / 1'000'000'000;
  parser_->retry_after_ms = http::parse_retry_after(retry_after, now_s);
}

ORCAST_DECL bool reply_reader::data(std::string_view bytes) noexcept {
  switch (parser_->now) {
    case parser::state::undecided:
      return parser_->decide(*this, bytes);
    case parser::state::document:
      return parser_->take_document(*this, bytes);
    case parser::state::stream:
      return parser_->take_events(*this, bytes);
    case parser::state::complete:
    case parser::state::failed:
      break;
  }
  return false;
}

ORCAST_DECL result<void> reply_reader::finish(result<void> outcome) noexcept {
  parser& self = *parser_;
  if (self.now == parser::state::stream) {
    self.end_stream(*this, outcome);
  } else if (self.now != parser::state::complete && self.now != parser::state::failed) {
    self.end_document(*this, outcome);
  }
  if (reply_.id.empty()) reply_.id = generation_id_;  // where the body came to no word of it
  if (self.now == parser::state::complete) return {};
  self.seal(*this);
  return self.why;
}

}  // namespace v0
}  // namespace orcast
