// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/openrouter/observation.hpp"

#include "orcast/openrouter/impl/reply_reader.ipp"
#include "orcast/openrouter/impl/span_endpoint.ipp"
#include "orcast/openrouter/impl/span_reading.hpp"
#include "orcast/openrouter/impl/span_reply.ipp"
#include "orcast/openrouter/impl/span_request.ipp"
#include "orcast/trace/openrouter_keys.hpp"

// The course of an observation: begun, fed, done. What it writes into the span is in
// span_request.ipp and span_reply.ipp.

namespace orcast {
inline namespace v0 {

namespace detail {

/// Puts "[key]" in the place of a secret. One of fewer than 8 bytes is no key, and a part of words.
inline void hide(std::string_view secret, std::string& words) {
  constexpr std::string_view instead = "[key]";
  if (secret.size() < 8) return;
  for (std::size_t at = 0; (at = words.find(secret, at)) != std::string::npos;) {
    words.replace(at, secret.size(), instead);
    at += instead.size();
  }
}

/// How long the body will be by its head; -1 where that does not say, or counts coded bytes.
inline std::int64_t announced_length(const http::response_head& head) noexcept {
  const std::string_view length = head.find("content-length");
  const bool coded = !head.find("content-encoding").empty();
  if (length.empty() || length.size() > 18 || coded) return -1;
  std::int64_t value = 0;
  for (const char digit : length) {
    if (digit < '0' || digit > '9') return -1;
    value = value * 10 + (digit - '0');
  }
  return value;
}

/// What is sensitive in the request that was sent: the key, and header lines that are marked.
inline result<void> without_secrets(result<void> ended, const http::request* sent) {
  if (ended.ok() || sent == nullptr) return ended;
  failure why = ended.error();
  hide(sent->bearer(), why.message);
  for (const http::header& line : sent->headers) {
    if (line.sensitive) hide(line.value, why.message);
  }
  return why;
}

}  // namespace detail

ORCAST_DECL observation::observation(const recording& where, const reply_limits& limits)
    : where_(where),
      clock_(where.traces != nullptr ? where.traces->host() : orcast::host()),
      reader_(limits, clock_),
      api_(limits, clock_),
      limits_(limits),
      reading_(std::make_unique<reading>()) {
  reader_.listen(this);
}

ORCAST_DECL observation::~observation() { abandon(); }

ORCAST_DECL void observation::abandon() noexcept {
  learn(nullptr);
  if (!begun_ || over_) return;
  awaits_usage_ = false;
  static_cast<void>(done(failure(errc::cancelled, "the call was abandoned before it ended")));
}

ORCAST_DECL void observation::reset() noexcept {
  abandon();
  reader_.reset();
  reader_.listen(this);
  api_.reset();
  api_.listen(nullptr);
  stream_.reset();
  span_ = span();
  context_ = {};
  request_model_.clear();
  audio_format_.clear();
  began_ns_ = ended_ns_ = 0;
  first_token_ms_ = latency_ms_ = -1;
  attempts_ = 1;
  kind_ = kind::chat;
  body_left_ = -1;
  awaits_usage_ = usage_known_ = begun_ = over_ = false;
}

ORCAST_DECL std::size_t observation::held_bytes() const noexcept {
  return reader_.held_bytes() + api_.reply().body.capacity() + scratch_.capacity() +
         reading_->parameters.capacity() + reading_->json.held_bytes();
}

ORCAST_DECL double observation::since_begin_ms() const noexcept {
  return static_cast<double>(clock_.steady_ns() - began_ns_) / 1e6;
}

ORCAST_DECL void observation::begin(const chat_request& request, std::string_view body,
                                    std::string_view url, const call_context& context) noexcept {
  if (!begun_) open(facts_of(request), context, url);
  if (span_.recording()) record_request(request, body);
}

ORCAST_DECL void observation::begin(const api_request& request, std::string_view url,
                                    const call_context& context) noexcept {
  kind_ = kind_of(request.method, request.path);
  if (chat()) kind_ = kind::other;  // its answer is wanted as it is
  begun_ = true;
  began_ns_ = clock_.steady_ns();
  if (kind_ != kind::other) begin_endpoint(request.body, {}, context, url);
}

ORCAST_DECL observation::kind observation::kind_of(std::string_view method,
                                                   std::string_view path) noexcept {
  const std::string_view whole = path.substr(0, path.find('?'));
  const auto is = [whole](std::string_view endpoint) {
    return whole.size() >= endpoint.size() &&
           whole.substr(whole.size() - endpoint.size()) == endpoint;
  };
  if (method != "POST") return kind::other;
  if (is("/chat/completions")) return kind::chat;
  if (is("/completions")) return kind::completions;
  if (is("/responses")) return kind::responses;
  if (is("/messages")) return kind::messages;
  if (is("/embeddings")) return kind::embeddings;
  return is("/rerank") ? kind::rerank : kind::other;
}

ORCAST_DECL void observation::join(chat_request& request, std::string_view url,
                                   const call_context& context) noexcept {
  if (!joined()) return;
  open(facts_of(request), context, url);
  if (!span_.recording()) return;
  const auto trace = context_.trace.hex();
  const auto parent = context_.span.hex();
  request.trace.trace_id.assign(trace.data(), trace.size());
  request.trace.parent_span_id.assign(parent.data(), parent.size());
}

ORCAST_DECL observation::call_facts observation::facts_of(const chat_request& request) noexcept {
  return {keys::kind_llm, "chat", request.model, request.session_id, request.user, &request.trace};
}

ORCAST_DECL bool observation::begin_raw(std::string_view method, std::string_view url,
                                        const std::vector<std::string_view>& body,
                                        const std::vector<http::header>& headers,
                                        const call_context& context) noexcept {
  const kind found = kind_of(method, url);
  if (found == kind::other) return false;
  std::string joined;
  std::string_view whole = body.size() == 1 ? body.front() : std::string_view();
  if (body.size() > 1) {
    for (std::string_view segment : body) joined.append(segment);
    whole = joined;
  }
  std::string_view session;
  for (const http::header& line : headers) {
    if (http::same_name(line.name, "x-session-id")) session = line.value;
  }
  if (found != kind::chat) {
    kind_ = found;
    begin_endpoint(whole, session, context, url);
    return true;
  }
  result<chat_request> read = parse_chat_request(whole);
  chat_request request = read ? std::move(*read) : chat_request();
  if (request.session_id.empty()) request.session_id.assign(session);
  begin(request, whole, url, context);
  return true;
}

ORCAST_DECL void observation::retry(const failure& why, std::int64_t wait_ms) noexcept {
  ++attempts_;
  span_.event("retry", {{keys::error_type, to_string(why.code)},
                        {keys::http_response_status_code, why.http_status},
                        {keys::openrouter_wait_ms, wait_ms}});
  body_left_ = -1;
  stream_.reset();
  if (!chat()) return api_.reset();
  reader_.reset();
  reader_.listen(this);
}

ORCAST_DECL void observation::queued(std::int64_t wait_ms) noexcept {
  span_.set(keys::openrouter_queue_ms, wait_ms);
}

ORCAST_DECL void observation::head(const http::response_head& head) noexcept {
  body_left_ = detail::announced_length(head);
  return chat() ? reader_.head(head) : api_.head(head);
}

ORCAST_DECL bool observation::data(std::string_view bytes) noexcept {
  if (over_) return false;
  if (body_left_ >= 0) body_left_ -= static_cast<std::int64_t>(bytes.size());
  if (chat()) return reader_.data(bytes);
  const bool more = api_.data(bytes);
  if (bytes.empty() || !span_.recording() || !api_.received_content()) return more;
  if (stream_ == nullptr) {
    if (!detail::is_event_stream(api_.reply().content_type)) return more;
    stream_ = std::make_unique<detail::endpoint_reply>(limits_.body_bytes);
    span_.set(keys::gen_ai_response_time_to_first_chunk, since_begin_ms() / 1e3);
  }
  stream_->feed(bytes);
  if (stream_->spoke() && first_token_ms_ < 0) record_first_token();
  return more;
}

ORCAST_DECL bool observation::whole() const noexcept {
  return body_left_ == 0 || (stream_ != nullptr && stream_->over());
}

/// A document is not looked into before it is whole, but once a success has begun its price is due.
ORCAST_DECL bool observation::received_content() const noexcept {
  if (!chat()) return api_.received_content();
  if (reader_.received_content()) return true;
  const int status = reader_.http_status();
  return !reader_.streamed() && status >= 200 && status < 300 &&
         reader_.reply().raw.find_first_not_of(" \t\r\n") != std::string::npos;
}

ORCAST_DECL void observation::on_text(std::string_view piece) noexcept {
  if (listener_ != nullptr) listener_->on_text(piece);
}
ORCAST_DECL void observation::on_reasoning(std::string_view piece) noexcept {
  if (listener_ != nullptr) listener_->on_reasoning(piece);
}
ORCAST_DECL void observation::on_tool_call(const tool_call& each) noexcept {
  if (listener_ != nullptr) listener_->on_tool_call(each);
}

ORCAST_DECL void observation::on_first_chunk() noexcept {
  if (reader_.streamed()) {
    span_.set(keys::gen_ai_response_time_to_first_chunk, since_begin_ms() / 1e3);
  }
  if (listener_ != nullptr) listener_->on_first_chunk();
}

ORCAST_DECL void observation::on_first_token() noexcept {
  if (reader_.streamed()) record_first_token();  // a whole body has no first token
  if (listener_ != nullptr) listener_->on_first_token();
}

ORCAST_DECL void observation::record_first_token() {
  first_token_ms_ = since_begin_ms();
  if (where_.frame() != 0) span_.set(keys::orcast_frame_first_token, where_.frame());
  span_.event("First Token Stream Event");
}

ORCAST_DECL result<void> observation::done(result<void> outcome,
                                           const http::request* sent) noexcept {
  if (over_) return outcome;
  over_ = true;
  result<void> ended = detail::without_secrets(settle(std::move(outcome)), sent);
  latency_ms_ = since_begin_ms();
  if (!span_.recording()) {
    span_.end();  // consent may have been withdrawn meanwhile
    return ended;
  }

  if (!kept_by_filter(ended)) {
    span_.discard(drop_reason::filtered);
    return ended;
  }
  result<void> seen = ended;  // a stream of another endpoint may end well, and say that it did not
  if (chat()) {
    record_reply(ended ? nullptr : &ended.error());
  } else if (result<void> told = record_endpoint(); ended && !told) {
    seen = detail::without_secrets(std::move(told), sent);
  }
  if (seen) {
    span_.status(span_status::ok);
  } else if (seen.error().code == errc::cancelled || seen.error().code == errc::shut_down) {
    span_.set(keys::openrouter_cancelled, true);
  } else {
    record_failure(seen.error());
  }
  if (awaits_usage_ && !ended && usage_may_be_learned(ended.error())) {
    ended_ns_ = clock_.steady_ns();
    unknown_usage_of_ = generation_id();
  } else {
    span_.end();
  }
  return ended;
}

ORCAST_DECL bool observation::kept_by_filter(const result<void>& ended) const noexcept {
  if (where_.filter.keeps == nullptr) return true;
  ended_call call;
  call.model = request_model_;
  call.why = ended ? nullptr : &ended.error();
  call.chat = chat() ? &reader_.reply() : nullptr;
  call.answer = chat() ? nullptr : &api_.reply();
  call.latency_ms = latency_ms_;
  call.time_to_first_token_ms = first_token_ms_;
  call.attempts = attempts_;
  return where_.filter.keeps(where_.filter.context, call);
}

/// OpenRouter has begun to answer, and neither it nor the provider said why the rest is missing.
ORCAST_DECL bool observation::usage_may_be_learned(const failure& why) const noexcept {
  const bool cut = why.code == errc::cancelled || why.code == errc::stream_truncated ||
                   (why.code >= errc::resolve && why.code < errc::invalid_request);
  return cut && !usage_known_ && !joined() && !generation_id().empty();
}

ORCAST_DECL const std::string& observation::generation_id() const noexcept {
  if (!chat()) return api_.reply().generation_id;
  return reader_.reply().id.empty() ? reader_.generation_id() : reader_.reply().id;
}

ORCAST_DECL void observation::learn(const generation* facts) noexcept {
  if (unknown_usage_of_.empty()) return;
  unknown_usage_of_.clear();
  if (facts != nullptr && span_.recording()) record_generation(*facts);
  span_.end(ended_ns_);
}

}  // namespace v0
}  // namespace orcast
