// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "orcast/http/retry.hpp"
#include "orcast/openrouter/api_reply.hpp"
#include "orcast/openrouter/impl/error_reader.hpp"
#include "orcast/openrouter/impl/header_token.hpp"

// The bodies of orcast/openrouter/api_reply.hpp.

namespace orcast {
inline namespace v0 {

ORCAST_DECL void api_reader::reset() noexcept {
  reply_ = api_reply();
  error_body_.clear();
  retry_after_ms_ = -1;
  received_ = too_large_ = false;
}

ORCAST_DECL void api_reader::head(const http::response_head& head) noexcept {
  reply_.status = head.status;
  detail::copy_token(head.find("X-Generation-Id"), reply_.generation_id);
  detail::copy_token(head.find("X-OpenRouter-Cache-Status"), reply_.cache_status);
  const std::string_view type = head.find("Content-Type");
  if (type.size() <= 256) reply_.content_type.assign(type);
  const std::string_view retry_after = head.find("Retry-After");
  if (retry_after.empty()) return;
  retry_after_ms_ = http::parse_retry_after(retry_after, clock_.wall_ns() / 1'000'000'000);
}

ORCAST_DECL bool api_reader::data(std::string_view bytes) noexcept {
  if (too_large_) return false;
  if (success() && !bytes.empty()) received_ = true;
  if (success() && listener_ != nullptr) {
    listener_->on_data(bytes);
    return true;
  }
  std::string& body = success() ? reply_.body : error_body_;
  too_large_ = bytes.size() > limits_.body_bytes - (std::min)(body.size(), limits_.body_bytes);
  if (!too_large_) body.append(bytes);
  return !too_large_;
}

ORCAST_DECL result<void> api_reader::finish(result<void> outcome) noexcept {
  const bool refused = reply_.status != 0 && !success();
  const auto failed = [this](failure why) {
    why.http_status = reply_.status;
    why.retry_after_ms = (std::max)(why.retry_after_ms, retry_after_ms_);
    return why;
  };
  if (too_large_) {
    return failed(failure(errc::too_large, "the body of the response is too large"));
  }
  if (!outcome && (!refused || outcome.error().code == errc::cancelled)) {
    return failed(outcome.error());
  }
  if (outcome && reply_.status == 0) {
    return failed(failure(errc::protocol, "the exchange ended without a response"));
  }
  const std::string& body = refused ? error_body_ : reply_.body;
  // Only what may be an error is looked into: a list of models is not parsed twice.
  const bool suspicious = refused || body.substr(0, 64).find("\"error\"") != std::string::npos;
  if (!suspicious) return {};
  detail::json_reader json(detail::json_manners::tolerant, limits_.depth);
  static_cast<void>(json.parse(body));
  const detail::json_view error = detail::find_error(json.root());
  if (error.exists()) return failed(detail::read_error(error, {}, reply_.status));
  if (refused) return failed(detail::page_failure(reply_.status, body, json.root()));
  return {};
}

}  // namespace v0
}  // namespace orcast
