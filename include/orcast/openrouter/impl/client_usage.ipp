// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "orcast/openrouter/generation.hpp"
#include "orcast/openrouter/impl/client_core.hpp"

// What a call cost that was cancelled or cut, and that therefore never told: a call of the client's
// own asks /generation for it, in the background, while the span waits. It has the retries, the
// deadline and the place in line of any other call, but no span and no handle.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Null where there is nothing to ask, or nothing can be sent: the span has ended then.
inline call_ptr client_core::open_usage_query(const call_ptr& about) {
  std::lock_guard<std::mutex> lock(about->mutex);
  const std::string& id = about->seen.unknown_usage_of();
  if (id.empty()) return nullptr;
  generation_query query;
  query.id = id;
  const result<api_request> request = query.request();
  call_context context;
  context.priority = call_priority::background;
  call_ptr asking;
  if (request) asking = open(*request, context, false);
  if (asking == nullptr || asking->over) {
    about->seen.learn(nullptr);
    return nullptr;
  }
  asking->deadline_ms = options_.usage_lookup_ms;
  asking->shorten_deadline(0);
  asking->usage_of = about;
  return asking;
}

inline void client_core::ask_for_usage(const call_ptr& about) {
  const call_ptr asking = open_usage_query(about);
  if (asking == nullptr) return;
  if (usage_queries_ == options_.max_calls) return tell_usage(*asking);  // that nothing is known
  ++usage_queries_;
  adopt(asking);
}

/// The answer is there, or there will be none.
inline void client_core::tell_usage(call_entry& asked) {
  const call_ptr about = std::exchange(asked.usage_of, nullptr);
  result<generation> facts = failure(errc::cancelled, "not asked to the end");
  if (asked.over && asked.outcome) facts = generation_query::parse(asked.seen.api_answer().body);
  std::lock_guard<std::mutex> lock(about->mutex);
  about->seen.learn(facts ? &*facts : nullptr);
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
