// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "orcast/core/environment.hpp"
#include "orcast/openrouter/client.hpp"

#include "orcast/http/validate.hpp"
#include "orcast/openrouter/impl/client_core.ipp"

// The bodies of orcast/openrouter/client.hpp and call.hpp.

namespace orcast {
inline namespace v0 {
ORCAST_DECL result<client> client::make(client_options options, http::any_transport transport) {
  const auto refuse = [](std::string why) {
    return failure(errc::invalid_argument, std::move(why));
  };
  if (!transport) return refuse("client::make needs a transport");
  if (options.max_calls == 0) return refuse("client_options.max_calls is 0");
  if (options.key_provider == nullptr && options.api_key.empty()) {
    options.api_key = secret(environment("OPENROUTER_API_KEY"));
  }

  std::string url = options.base_url;
  if (url.empty()) url = environment("OPENROUTER_BASE_URL");
  if (url.empty()) url = "https://openrouter.ai/api/v1";
  if (url.find('?') != std::string::npos) return refuse("client_options.base_url has a query");
  while (!url.empty() && url.back() == '/') url.pop_back();
  url += "/chat/completions";

  http::request pattern;
  pattern.url = url;
  pattern.headers = {{"Content-Type", "application/json", false},
                     {"User-Agent", std::string("orcast/") + version, false}};
  const auto add = [&pattern](const char* name, std::string value) {
    if (!value.empty()) pattern.headers.push_back({name, std::move(value), false});
  };
  add("HTTP-Referer", options.app_url);
  add("X-OpenRouter-Title", options.app_title);
  add("X-OpenRouter-Metadata", options.routing_metadata ? "enabled" : "");
  const result<http::url> valid = http::validate_request(pattern, options.allow_insecure_http);
  if (!valid) return refuse("client_options: " + valid.error().message);

  return client(std::make_shared<detail::client_core>(std::move(options), std::move(transport),
                                                      std::move(url), std::move(pattern.headers)));
}

ORCAST_DECL client::client(std::shared_ptr<detail::client_core> core) noexcept
    : core_(std::move(core)) {}

ORCAST_DECL client::client(client&&) noexcept = default;

ORCAST_DECL client& client::operator=(client&& other) noexcept {
  if (this != &other) {
    if (core_ != nullptr) core_->shut_down();
    core_ = std::move(other.core_);
  }
  return *this;
}

ORCAST_DECL client::~client() {
  if (core_ != nullptr) core_->shut_down();
}

ORCAST_DECL result<chat_reply> client::chat(chat_request request, const call_context& context) {
  request.stream = false;
  return core_->chat(std::move(request), nullptr, context);
}

ORCAST_DECL result<chat_reply> client::chat_stream(chat_request request, delta_listener& pieces,
                                                   const call_context& context) {
  request.stream = true;
  return core_->chat(std::move(request), &pieces, context);
}

ORCAST_DECL call client::start(chat_request request, call_handler* handler,
                               const call_context& context) {
  request.stream = true;
  return call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL call client::start_whole(chat_request request, call_handler* handler,
                                     const call_context& context) {
  request.stream = false;
  return call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL void client::tick(std::int64_t budget_ns) {
  const std::shared_ptr<detail::client_core> core = core_;  // a handler may destroy this client
  core->tick(budget_ns);
}

ORCAST_DECL std::size_t client::in_flight() const noexcept { return core_->in_flight(); }

ORCAST_DECL call::call(std::shared_ptr<detail::call_entry> entry) noexcept
    : entry_(std::move(entry)) {}

ORCAST_DECL call::call(call&& other) noexcept = default;

ORCAST_DECL call& call::operator=(call&& other) noexcept {
  if (this != &other) {
    abandon();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

ORCAST_DECL call::~call() { abandon(); }

ORCAST_DECL void call::abandon() noexcept {
  if (entry_ == nullptr) return;
  entry_->handler = nullptr;
  cancel();
}

ORCAST_DECL call_state call::state() const noexcept {
  return entry_ != nullptr ? entry_->state : call_state::none;
}

ORCAST_DECL std::string_view call::text() const noexcept {
  const bool whole = entry_->text.empty() && entry_->state == call_state::done;
  return whole ? entry_->seen.reply().text() : std::string_view(entry_->text);
}

ORCAST_DECL result<void> call::outcome() const {
  return entry_->state == call_state::done ? entry_->outcome : result<void>();
}

ORCAST_DECL const chat_reply* call::reply() const noexcept {
  return entry_->state == call_state::done ? &entry_->seen.reply() : nullptr;
}

ORCAST_DECL double call::time_to_first_token_ms() const noexcept { return entry_->first_token_ms; }

ORCAST_DECL double call::latency_ms() const noexcept {
  return entry_->state == call_state::done ? entry_->seen.latency_ms() : -1;
}

ORCAST_DECL int call::attempts() const noexcept { return entry_->sent; }

ORCAST_DECL span_context call::context() const noexcept { return entry_->context; }

ORCAST_DECL void call::cancel() noexcept {
  if (entry_ != nullptr && entry_->core != nullptr) entry_->core->cancel(*entry_);
}

}  // namespace v0
}  // namespace orcast
