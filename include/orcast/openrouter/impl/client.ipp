// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

#include "orcast/core/environment.hpp"
#include "orcast/openrouter/client.hpp"

#include "orcast/http/validate.hpp"
#include "orcast/openrouter/impl/client_core.ipp"
#include "orcast/openrouter/impl/request_head.hpp"

// The bodies of orcast/openrouter/client.hpp, call.hpp and api_call.hpp.

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
  if (options.app_categories.size() > 2) return refuse("client_options.app_categories: at most 2");

  http::request pattern;
  pattern.url = url + "/chat/completions";
  pattern.headers = {{"User-Agent", std::string("orcast/") + version, false}};
  const auto add = [&pattern](const char* name, std::string value) {
    if (!value.empty()) pattern.headers.push_back({name, std::move(value), false});
  };
  std::string categories;
  for (const std::string& each : options.app_categories) {
    if (!categories.empty()) categories += ',';
    categories += each;
  }
  add("HTTP-Referer", options.app_url);
  add("X-OpenRouter-Title", options.app_title);
  add("X-OpenRouter-Categories", std::move(categories));
  add("X-OpenRouter-Metadata", options.routing_metadata ? "enabled" : "");
  if (options.cache) detail::put_cache(*options.cache, pattern.headers);
  for (const http::header& line : options.headers) detail::put_header(line, pattern.headers);
  if (!pattern.bearer().empty()) {
    return refuse("client_options.headers: Authorization is made of client_options.api_key");
  }
  const result<http::url> valid = http::validate_request(pattern, options.allow_insecure_http);
  if (!valid) return refuse("client_options: " + valid.error().message);

  // Those of each call have their places already, so that a call writes into memory that is there.
  detail::put_header("Accept", "application/json", pattern.headers);
  detail::put_header("Content-Type", "application/json", pattern.headers);
  pattern.headers.push_back({"Authorization", "", true});
  return client(std::make_shared<detail::client_core>(std::move(options), std::move(transport),
                                                      std::move(url), std::move(pattern.headers)));
}

ORCAST_DECL client::client(std::shared_ptr<detail::client_core> core) noexcept
    : core_(std::move(core)) {}

ORCAST_DECL client::client(client&&) noexcept = default;

ORCAST_DECL client& client::operator=(client&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
  }
  return *this;
}

ORCAST_DECL client::~client() { end(); }

ORCAST_DECL void client::end() {
  if (core_ == nullptr) return;
  if (core_->in_child()) {
    // What is under way is the parent's; locks of its other threads may be held for ever here.
    static_cast<void>(new auto(std::move(core_)));
  } else {
    core_->shut_down();
  }
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

ORCAST_DECL orcast::call client::start(chat_request request, call_handler* handler,
                                       const call_context& context) {
  request.stream = true;
  return orcast::call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL orcast::call client::start_whole(chat_request request, call_handler* handler,
                                             const call_context& context) {
  request.stream = false;
  return orcast::call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL result<api_reply> client::call(api_request request, const call_context& context) {
  request.stream = false;
  return core_->call(request, nullptr, context);
}

ORCAST_DECL result<api_reply> client::call_stream(api_request request, byte_listener& pieces,
                                                  const call_context& context) {
  request.stream = true;
  return core_->call(request, &pieces, context);
}

ORCAST_DECL api_call client::start(api_request request, api_handler* handler,
                                   const call_context& context) {
  return api_call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL void client::tick(std::int64_t budget_ns) {
  const std::shared_ptr<detail::client_core> core = core_;  // a handler may destroy this client
  core->tick(budget_ns);
}

ORCAST_DECL const recording& client::record() const noexcept { return core_->record(); }

ORCAST_DECL std::size_t client::in_flight() const noexcept { return core_->in_flight(); }

ORCAST_DECL std::size_t client::in_line() const noexcept { return core_->in_line(); }

ORCAST_DECL call_handle::call_handle(std::shared_ptr<detail::call_entry> entry) noexcept
    : entry_(std::move(entry)) {}

ORCAST_DECL call_handle::call_handle(call_handle&& other) noexcept = default;

ORCAST_DECL call_handle& call_handle::operator=(call_handle&& other) noexcept {
  if (this != &other) {
    abandon();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

ORCAST_DECL call_handle::~call_handle() { abandon(); }

ORCAST_DECL void call_handle::abandon() noexcept {
  if (entry_ == nullptr) return;
  entry_->handler = nullptr;
  entry_->taker = nullptr;
  if (entry_->on_arrival) {
    std::lock_guard<std::mutex> lock(entry_->mutex);  // until a handler that is called has returned
    entry_->at_once = nullptr;
    entry_->at_once_api = nullptr;
  }
  cancel();
}

ORCAST_DECL call_state call_handle::state() const noexcept {
  return entry_ != nullptr ? entry_->state : call_state::none;
}

ORCAST_DECL std::string_view call::text() const noexcept {
  const bool whole = entry_->text.empty() && entry_->state == call_state::done;
  return whole ? entry_->seen.reply().text() : std::string_view(entry_->text);
}

ORCAST_DECL result<void> call_handle::outcome() const {
  return entry_->state == call_state::done ? entry_->outcome : result<void>();
}

ORCAST_DECL const chat_reply* call::reply() const noexcept {
  return entry_->state == call_state::done ? &entry_->seen.reply() : nullptr;
}

ORCAST_DECL const api_reply* api_call::reply() const noexcept {
  return entry_->state == call_state::done ? &entry_->seen.api_answer() : nullptr;
}

ORCAST_DECL double call::time_to_first_token_ms() const noexcept { return entry_->first_token_ms; }

ORCAST_DECL double call_handle::latency_ms() const noexcept {
  return entry_->state == call_state::done ? entry_->seen.latency_ms() : -1;
}

ORCAST_DECL int call_handle::attempts() const noexcept {
  return entry_->core != nullptr ? entry_->core->attempts(*entry_) : entry_->sent;
}

ORCAST_DECL span_context call_handle::context() const noexcept { return entry_->context; }

ORCAST_DECL void call_handle::cancel() noexcept {
  if (entry_ != nullptr && entry_->core != nullptr) entry_->core->cancel(*entry_);
}

}  // namespace v0
}  // namespace orcast
