// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "orcast/core/wait.hpp"
#include "orcast/otlp/span_exporter.hpp"

// The bodies of span_exporter.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr std::int64_t ns_per_ms = 1'000'000;

/// How long one wait may last, and how late a deadline may be noticed.
ORCAST_HIDDEN inline constexpr std::int64_t slice_ms = 10;

/// What shutdown() keeps back for cancelling: a transport promises to need no more.
ORCAST_HIDDEN inline constexpr std::int64_t cancel_ms = 100;

/// Adds up what two routes of one destination, or two destinations, have done.
ORCAST_SMALL inline void add_to(export_status& sum, const export_status& more) {
  sum.held = sum.held || more.held;
  sum.pending += more.pending;
  sum.waiting += more.waiting;
  sum.exported += more.exported;
  for (std::size_t i = 0; i < drop_reasons; ++i) sum.dropped[i] += more.dropped[i];
  sum.counts.requests += more.counts.requests;
  sum.counts.retries += more.counts.retries;
  sum.counts.problems += more.counts.problems;
  if (!more.last_error.empty()) sum.last_error = more.last_error;
  if (more.counts.requests != 0) sum.last_reply = more.last_reply;
}

}  // namespace detail

ORCAST_SMALL ORCAST_DECL result<std::unique_ptr<span_exporter>> span_exporter::make(
    tracer& from, http::any_transport transport, const destination& to) noexcept {
  return make(from, std::move(transport), &to, 1);
}

ORCAST_SMALL ORCAST_DECL result<std::unique_ptr<span_exporter>> span_exporter::make(
    tracer& from, http::any_transport transport, const std::vector<destination>& to) noexcept {
  return make(from, std::move(transport), to.data(), to.size());
}

ORCAST_SMALL ORCAST_DECL result<std::unique_ptr<span_exporter>> span_exporter::make(
    tracer& from, http::any_transport&& transport, const destination* to,
    std::size_t count) noexcept {
  if (!transport) return failure(errc::invalid_argument, "an exporter needs a transport");
  if (count == 0 || count > most_destinations) {
    return failure(errc::invalid_argument, "an exporter has from 1 to 8 destinations");
  }
  std::unique_ptr<span_exporter> made(new span_exporter(from, std::move(transport)));
  for (std::size_t i = 0; i < count; ++i) {
    result<void> added = made->add(i, to[i]);
    if (!added) return std::move(added.error());
  }
  return made;
}

namespace detail {

inline std::size_t power_above(std::size_t value) noexcept {
  std::size_t size = 2;
  while (size <= value) size *= 2;
  return size;
}

}  // namespace detail

ORCAST_SMALL ORCAST_DECL span_exporter::span_exporter(tracer& from,
                                                      http::any_transport&& transport) noexcept
    : tracer_(from),
      ends_(from),
      waiting_size_(detail::power_above(from.ring().block_count())),  // a span has a block at least
      waiting_(new waiting_span[waiting_size_]),
      postponed_(waiting_size_),
      term_(from.term()),
      transport_(std::move(transport)) {}

ORCAST_SMALL ORCAST_DECL span_exporter::~span_exporter() {
  if (usable()) close(now_ns());
}

/// Whether a call may do its work. Once it is closed, what has ended since is counted here.
ORCAST_SMALL ORCAST_DECL bool span_exporter::usable() noexcept {
  if (busy_ || in_child()) return false;
  if (closed_) drop_ended();
  return !closed_;
}

ORCAST_SMALL ORCAST_DECL result<void> span_exporter::add(std::size_t number,
                                                         const destination& to) noexcept {
  if (free_bits_ == 0 || routes_.size() == most_routes) {
    return failure(errc::busy, "spans are still being sent by earlier settings: try again later");
  }
  auto made = detail::route::make(tracer_, to, ends_);
  if (!made) return std::move(made.error());
  detail::route& way = **made;
  way.bit = free_bits_ & (~free_bits_ + 1);
  free_bits_ &= ~way.bit;
  way.slot = number;
  way.cursor = next_waiting_;
  routes_.push_back(std::move(*made));
  destinations_ = (std::max)(destinations_, number + 1);
  std::size_t spans = waiting_size_;
  for (const auto& each : routes_) spans += each->batch_spans();
  ends_.reserve(spans);
  return {};
}

ORCAST_SMALL ORCAST_DECL detail::route* span_exporter::current(std::size_t number) const noexcept {
  for (const auto& each : routes_) {
    if (each->slot == number && each->until_ns == detail::route::always) return each.get();
  }
  return nullptr;
}

ORCAST_SMALL ORCAST_DECL result<void> span_exporter::replace(std::size_t number,
                                                             const destination& to,
                                                             std::int64_t since_ns) noexcept {
  if (!usable()) return failure(errc::shut_down, "the exporter has been shut down");
  if (number > destinations_ || number >= most_destinations) {
    return failure(errc::invalid_argument, "there is no such destination, and no room for it");
  }
  remove_finished();
  const result<void> added = add(number, to);
  if (!added) return added;
  detail::route& fresh = *routes_[routes_.size() - 1];
  fresh.from_ns = since_ns != 0 ? since_ns : now_ns();
  supersede(number, fresh.from_ns, &fresh);
  return {};
}

ORCAST_SMALL ORCAST_DECL void span_exporter::retire(std::size_t number,
                                                    std::int64_t since_ns) noexcept {
  if (usable()) supersede(number, since_ns != 0 ? since_ns : now_ns(), nullptr);
}

/// From `since_ns` on a destination has the route `by`, or none.
ORCAST_SMALL ORCAST_DECL void span_exporter::supersede(std::size_t number, std::int64_t since_ns,
                                                       const detail::route* by) noexcept {
  using fate = detail::route::fate;
  for (const auto& each : routes_) {
    // Its number may have been another destination's before.
    if (each->slot != number || each.get() == by || each->if_refused == fate::dropped) continue;
    each->if_refused = by != nullptr ? fate::follows : fate::dropped;
    if (each->until_ns != detail::route::always) continue;
    each->until_ns = since_ns;
    each->looks_before = tracer_.ring().looks();
  }
  tend_earlier_ = tend_earlier;
  settle_refused();
}

/// Once a round, for routes that are no longer their destinations'.
ORCAST_SMALL ORCAST_DECL void span_exporter::tend_earlier(span_exporter& self) noexcept {
  self.remove_finished();  // in this order: what is dropped below has its memory given back first
  self.settle_refused();
}

/// What was refused to a route that is no longer its destination's, be it before the change or
/// since: it goes out by the present settings, and what waits for the route follows them; or it is
/// dropped.
ORCAST_SMALL ORCAST_DECL void span_exporter::settle_refused() noexcept {
  using fate = detail::route::fate;
  for (const auto& each : routes_) {
    detail::route& old = *each;
    if (old.if_refused == fate::waits || !old.exporter().held()) continue;
    detail::route* const now = old.if_refused == fate::follows ? current(old.slot) : nullptr;
    for (std::uint64_t i = first_waiting_; i != next_waiting_; ++i) {
      waiting_span& span = waiting(i);
      if ((span.routes & old.bit) == 0) continue;
      span.routes ^= old.bit;
      if (now != nullptr) {
        span.routes |= now->bit;
      } else {
        old.drop(span.ticket, drop_reason::rejected);
      }
    }
    if (now != nullptr) {
      now->cursor = (std::min)(now->cursor, old.cursor);
      now->reached = false;
      now->from_ns = (std::min)(now->from_ns, old.from_ns);
      old.redirect(*now);
      old.if_refused = fate::waits;  // by these settings it has been tried then
    } else {
      old.exporter().give_up();  // it has room again: what comes now is taken, and counted
      old.abandon(drop_reason::rejected);
    }
    old.until_ns = 0;
    old.cursor = next_waiting_;
  }
}

/// Retired routes that have sent, or lost, everything.
ORCAST_SMALL ORCAST_DECL void span_exporter::remove_finished() noexcept {
  for (std::size_t i = 0; i != routes_.size();) {
    detail::route& each = *routes_[i];
    const bool over = each.until_ns != detail::route::always && !each.exporter().in_flight() &&
                      each.pending() == 0 && each.cursor == next_waiting_ &&
                      tracer_.ring().been_round(each.looks_before);
    if (!over) {
      ++i;
      continue;
    }
    each.add_to(gone_[each.slot]);
    gone_[each.slot].held = false;
    free_bits_ |= each.bit;
    routes_.erase(i);
  }
}

ORCAST_DECL bool span_exporter::pump(std::int64_t budget_ns) noexcept {
  if (!usable()) return false;
  const call_scope scope(busy_);
  const std::int64_t longest_ns = orcast::detail::longest_wait_ms * detail::ns_per_ms;
  const std::int64_t deadline_ns =
      now_ns() + (std::min)((std::max)(budget_ns, std::int64_t{0}), longest_ns);
  transport_.poll(0);
  return round(deadline_ns, nullptr).more;
}

ORCAST_SMALL ORCAST_DECL bool span_exporter::flush(std::int64_t timeout_ms) noexcept {
  if (!usable()) return closed_;
  const call_scope scope(busy_);
  return flush_until(now_ns() + orcast::detail::wait_of(timeout_ms).count() * detail::ns_per_ms);
}

ORCAST_SMALL ORCAST_DECL bool span_exporter::shutdown(std::int64_t timeout_ms) noexcept {
  if (!usable()) return all_sent_;
  const call_scope scope(busy_);
  timeout_ms = orcast::detail::wait_of(timeout_ms).count();
  const std::int64_t deadline_ns = now_ns() + timeout_ms * detail::ns_per_ms;
  const std::int64_t kept_back_ms = (std::min)(detail::cancel_ms, timeout_ms / 2);
  const bool all = flush_until(deadline_ns - kept_back_ms * detail::ns_per_ms);
  close(deadline_ns);
  return all_sent_ = all;
}

ORCAST_SMALL ORCAST_DECL void span_exporter::retry_held() noexcept {
  for (const auto& each : routes_) each->exporter().retry_held();
}

ORCAST_SMALL ORCAST_DECL bool span_exporter::uses(const void* headers_context) const noexcept {
  for (const auto& each : routes_) {
    if (each->headers_context() == headers_context) return true;
  }
  return false;
}

ORCAST_SMALL ORCAST_DECL export_status span_exporter::status() const {
  export_status sum;
  for (std::size_t i = 0; i < destinations_; ++i) detail::add_to(sum, status(i));
  return sum;
}

ORCAST_SMALL ORCAST_DECL export_status span_exporter::status(std::size_t number) const {
  export_status sum;
  if (number >= destinations_) return sum;
  sum = gone_[number];
  for (const auto& each : routes_) {
    if (each->slot != number) continue;
    each->add_to(sum);
    sum.waiting += static_cast<std::uint32_t>(
        next_waiting_ - (std::max)((std::min)(each->cursor, next_waiting_), first_waiting_));
  }
  return sum;
}

ORCAST_SMALL ORCAST_DECL bool span_exporter::in_flight() const noexcept {
  for (const auto& each : routes_) {
    if (each->exporter().in_flight()) return true;
  }
  return false;
}

ORCAST_SMALL ORCAST_DECL void span_exporter::begin_flush() noexcept {
  flushing_ = true;
  passed_ = false;
  for (const auto& each : routes_) each->reached = false;
  looks_before_flush_ = tracer_.ring().looks();
}

ORCAST_SMALL ORCAST_DECL bool span_exporter::flushed() noexcept {
  if (!passed_) return false;
  for (const auto& each : routes_) {
    if (!each->reached || each->last_batch == each->exporter().batch()) return false;
  }
  flushing_ = false;
  return true;
}

ORCAST_SMALL ORCAST_DECL bool span_exporter::flush_until(std::int64_t deadline_ns) noexcept {
  begin_flush();
  for (;;) {
    const std::int64_t now = now_ns();
    if (now >= deadline_ns) break;
    transport_.poll(0);
    const progress so_far = round(deadline_ns, nullptr);
    if (flushed()) return true;
    const bool idle = !in_flight() && so_far.taken == 0;
    if (idle && so_far.next_ms > deadline_ns / detail::ns_per_ms) break;
    if (in_flight() || so_far.taken == 0) wait(deadline_ns);
  }
  flushing_ = false;
  return false;
}

/// Waits a little for the network, or where nothing is under way for the time to pass.
ORCAST_SMALL ORCAST_DECL void span_exporter::wait(std::int64_t until_ns) noexcept {
  const std::int64_t left_ms = (until_ns - now_ns()) / detail::ns_per_ms;
  const std::int64_t wait_ms = (std::max)((std::min)(left_ms, detail::slice_ms), std::int64_t{0});
  if (in_flight()) {
    transport_.poll(wait_ms);
  } else {
    pause_.wait_for_resume(std::chrono::milliseconds(wait_ms));
  }
}

/// Cancels, waits for that until the deadline, and drops all that is left. A request that is still
/// under way then keeps its memory: nothing touches the batch any more.
ORCAST_SMALL ORCAST_DECL void span_exporter::close(std::int64_t deadline_ns) noexcept {
  follow_consent();
  for (const auto& each : routes_) {
    if (each->exporter().in_flight() && each->exchange != 0) transport_.cancel(each->exchange);
  }
  const auto under_way = [this] {
    for (const auto& each : routes_) {
      if (each->exporter().in_flight() && !each->over()) return true;
    }
    return false;
  };
  transport_.poll(0);
  while (under_way() && now_ns() < deadline_ns) wait(deadline_ns);
  for (const auto& each : routes_) each->settle(now_ms());
  closed_ = true;
  while (first_waiting_ != next_waiting_) drop_front(drop_reason::shut_down);
  for (const auto& each : routes_) each->abandon(drop_reason::shut_down);
  for (const orcast::detail::block_index left : postponed_) lose(left, drop_reason::shut_down);
  postponed_.clear();
  drop_ended();
}

/// Nobody sends any more what has ended in the tracer.
ORCAST_SMALL ORCAST_DECL void span_exporter::drop_ended() noexcept {
  const std::uint64_t before = tracer_.ring().looks();
  while (!tracer_.ring().been_round(before)) {  // not for ever where others go on recording
    const orcast::detail::block_index left = tracer_.take();
    if (left == orcast::detail::no_block) break;
    const bool withdrawn = tracer_.term_of(left) != tracer_.term();
    lose(left, withdrawn ? drop_reason::withdrawn : drop_reason::shut_down);
  }
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
