// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/openrouter/observation.hpp"

#include "orcast/openrouter/impl/span_reply.ipp"
#include "orcast/openrouter/impl/span_request.ipp"
#include "orcast/trace/openrouter_keys.hpp"

// The course of an observation: begun, fed, done. What it writes into the span is in
// span_request.ipp and span_reply.ipp.

namespace orcast {
inline namespace v0 {

namespace detail {

inline result<void> without_key(result<void> ended, std::string_view key) {
  if (ended.ok() || key.empty()) return ended;
  failure why = ended.error();
  std::string& words = why.message;
  for (std::size_t at = 0; (at = words.find(key, at)) != std::string::npos;) {
    words.replace(at, key.size(), "[key]");
  }
  return why;
}

}  // namespace detail

ORCAST_DECL observation::observation(const recording& where, const reply_limits& limits)
    : where_(where), reader_(limits) {
  if (where_.traces != nullptr) clock_ = where_.traces->host();
  reader_.listen(this);
}

ORCAST_DECL observation::~observation() {
  if (begun_ && !over_) {
    static_cast<void>(done(failure(errc::cancelled, "the call was abandoned before it ended")));
  }
}

ORCAST_DECL double observation::since_begin_ms() const noexcept {
  return static_cast<double>(clock_.steady_ns() - began_ns_) / 1e6;
}

ORCAST_DECL void observation::begin(const chat_request& request, std::string_view body,
                                    std::string_view url, const call_context& context) noexcept {
  open(request, context, url);
  if (span_.recording()) record_request(request, body);
}

ORCAST_DECL bool observation::begin_raw(std::string_view method, std::string_view url,
                                        const std::vector<std::string_view>& body,
                                        const std::vector<http::header>& headers,
                                        const call_context& context) noexcept {
  constexpr std::string_view endpoint = "/chat/completions";
  const std::string_view path = url.substr(0, url.find('?'));
  if (method != "POST" || path.size() < endpoint.size() ||
      path.substr(path.size() - endpoint.size()) != endpoint) {
    return false;
  }
  std::string joined;
  std::string_view whole = body.size() == 1 ? body.front() : std::string_view();
  if (body.size() > 1) {
    for (std::string_view segment : body) joined.append(segment);
    whole = joined;
  }
  result<chat_request> read = parse_chat_request(whole);
  chat_request request = read ? std::move(*read) : chat_request();
  if (request.session_id.empty()) {
    for (const http::header& line : headers) {
      if (http::same_name(line.name, "x-session-id")) request.session_id = line.value;
    }
  }
  begin(request, whole, url, context);
  return true;
}

ORCAST_DECL void observation::retry(const failure& why, std::int64_t wait_ms) noexcept {
  ++attempts_;
  span_.event("retry", {{keys::error_type, to_string(why.code)},
                        {keys::http_response_status_code, why.http_status},
                        {keys::openrouter_wait_ms, wait_ms}});
  reader_.reset();
  reader_.listen(this);
}

ORCAST_DECL void observation::head(const http::response_head& head) noexcept { reader_.head(head); }

ORCAST_DECL bool observation::data(std::string_view bytes) noexcept { return reader_.data(bytes); }

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
  if (reader_.streamed()) {  // a whole body has no first token
    first_token_ms_ = since_begin_ms();
    span_.event("First Token Stream Event");
  }
  if (listener_ != nullptr) listener_->on_first_token();
}

ORCAST_DECL result<void> observation::done(result<void> outcome, std::string_view key) noexcept {
  if (over_) return outcome;
  over_ = true;
  result<void> ended = detail::without_key(reader_.finish(std::move(outcome)), key);
  latency_ms_ = since_begin_ms();
  if (!span_.recording()) return ended;

  record_reply(ended ? nullptr : &ended.error());
  if (ended) {
    span_.status(span_status::ok);
  } else if (ended.error().code == errc::cancelled || ended.error().code == errc::shut_down) {
    span_.set(keys::openrouter_cancelled, true);
  } else {
    record_failure(ended.error());
  }
  span_.end();
  return ended;
}

}  // namespace v0
}  // namespace orcast
