// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "orcast/otlp/impl/span_exporter.ipp"
#include "orcast/otlp/span_exporter.hpp"

// The bodies of span_exporter that bring spans from the tracer to the routes.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// One turn of the wheel: the answers that have come, the spans that are ready, the posts that are
/// due.
ORCAST_SMALL ORCAST_DECL span_exporter::progress span_exporter::round(
    std::int64_t deadline_ns, perform_function* perform) noexcept {
  progress so_far;
  for (const auto& each : routes_) each->settle(now_ms());
  if (tend_earlier_ != nullptr) tend_earlier_(*this);
  follow_consent();
  collect(deadline_ns, so_far);
  for (const auto& each : routes_) {
    if (flushing_ && each->reached && each->exporter().batch() == each->last_batch) {
      each->exporter().hurry();
    }
    // A retired route has nothing to wait for.
    if (each->until_ns != detail::route::always && each->cursor == next_waiting_) {
      each->exporter().hurry();
    }
  }
  post(perform, so_far);
  return so_far;
}

ORCAST_SMALL ORCAST_DECL void span_exporter::collect(std::int64_t deadline_ns,
                                                     progress& so_far) noexcept {
  so_far.now_ns = now_ns();
  for (const auto& each : routes_) {
    if (!catch_up(*each, deadline_ns, so_far)) return;
  }
  for (std::uint64_t newest = next_waiting_; wants_more() && take_next(); newest = next_waiting_) {
    if (newest == next_waiting_) {  // nobody wants it
      so_far.now_ns = now_ns();
      so_far.more = so_far.now_ns >= deadline_ns;
      if (so_far.more) return;
    }
    for (const auto& each : routes_) {
      if (!catch_up(*each, deadline_ns, so_far)) return;
    }
    if (!clears_) make_room();
  }
  clears_ = false;
  if (!flushing_) return;
  if (!passed_ && tracer_.ring().been_round(looks_before_flush_) && postponed_.empty()) {
    passed_ = true;
    flush_to_ = next_waiting_;
  }
  for (const auto& each : routes_) {
    if (!passed_ || each->reached || each->cursor < flush_to_) continue;
    each->reached = true;
    each->last_batch = each->exporter().pending() == 0 ? 0 : each->exporter().batch();
  }
}

/// Encodes what waits for a route, in order. False when the deadline came first.
ORCAST_DECL bool span_exporter::catch_up(detail::route& way, std::int64_t deadline_ns,
                                         progress& so_far) noexcept {
  for (way.cursor = (std::max)(way.cursor, first_waiting_); way.cursor != next_waiting_;
       ++way.cursor) {
    waiting_span& next = waiting(way.cursor);
    if ((next.routes & way.bit) == 0) continue;
    if (!way.exporter().accepts()) return true;
    const auto offered =
        way.offer(tracer_.ring(), next.block, next.ticket, so_far.now_ns / detail::ns_per_ms);
    if (offered == exporter::offer_result::not_now) return true;
    next.routes &= ~way.bit;
    if (offered == exporter::offer_result::too_large) {
      way.drop(next.ticket, drop_reason::too_large);
    }
    ++so_far.taken;
    if (!late(next.block, deadline_ns, so_far)) continue;
    ++way.cursor;
    forget_front();
    so_far.more = true;
    return false;
  }
  forget_front();
  return true;
}

/// Whether the deadline has come. A reading of the clock costs a small span a twentieth: while
/// there is time for hundreds of them, the clock is left alone for as long as some take.
ORCAST_DECL bool span_exporter::late(orcast::detail::block_index encoded, std::int64_t deadline_ns,
                                     progress& so_far) const noexcept {
  constexpr std::int64_t far_ns = 20 * detail::ns_per_ms;
  constexpr std::size_t some_bytes = 64 * 1024;
  const orcast::detail::span_ring& ring = tracer_.ring();
  so_far.encoded_bytes += ring.head_of(encoded)->blocks * ring.block_bytes();
  if (deadline_ns - so_far.now_ns > far_ns && so_far.encoded_bytes < some_bytes) return false;
  so_far.encoded_bytes = 0;
  so_far.now_ns = now_ns();
  return so_far.now_ns >= deadline_ns;
}

/// Whether some route could take a new span at once. While none can, spans stay in the tracer,
/// whose own policy says what happens to them.
ORCAST_DECL bool span_exporter::wants_more() const noexcept {
  if (clears_) return true;
  for (const auto& each : routes_) {
    if (each->cursor == next_waiting_ && each->exporter().accepts()) return true;
  }
  return routes_.empty();  // then they go nowhere, and are counted
}

/// Brings the tracer's next span among those that wait. False when there is none.
ORCAST_SMALL ORCAST_DECL bool span_exporter::take_next() noexcept {
  if (!postponed_.empty() && !awaits_settings()) {
    for (const orcast::detail::block_index each : postponed_) admit(each);
    postponed_.clear();
    return true;
  }
  const orcast::detail::block_index taken = tracer_.take();
  if (taken == orcast::detail::no_block) return false;
  if (awaits_settings() && ended_ns(*tracer_.ring().head_of(taken)) >= settings_since_ns_) {
    postponed_.push_back(taken);
  } else {
    admit(taken);
  }
  return true;
}

/// Lets a span wait for the routes that it is for.
ORCAST_SMALL ORCAST_DECL void span_exporter::admit(orcast::detail::block_index taken) noexcept {
  while (tracer_.term_of(taken) != term_) {
    if (tracer_.term() == term_) return lose(taken, drop_reason::withdrawn);
    drop_held();
  }
  const orcast::detail::span_head& head = *tracer_.ring().head_of(taken);
  const std::uint32_t wanted = routes_for(head);
  if (wanted == 0) return lose(taken, drop_reason::filtered);
  std::uint16_t count = 0;
  for (std::uint32_t bits = wanted; bits != 0; bits &= bits - 1) ++count;
  waiting_blocks_ += head.blocks;
  waiting(next_waiting_++) = {taken, ends_.begin(count), wanted};
}

/// Any thread, after expect_no_change() and not at the same time.
ORCAST_SMALL ORCAST_DECL void span_exporter::expect_change(std::int64_t since_ns) noexcept {
  settings_since_ns_ = since_ns;
  // Release: pairs with awaits_settings().
  awaits_settings_.store(true, std::memory_order_release);
}

ORCAST_DECL void span_exporter::expect_no_change() noexcept {
  // Relaxed: the thread that takes spans stores it.
  awaits_settings_.store(false, std::memory_order_relaxed);
}

/// A span that no route has got.
ORCAST_SMALL ORCAST_DECL void span_exporter::lose(orcast::detail::block_index span,
                                                  drop_reason why) noexcept {
  tracer_.give_back(span);
  tracer_.dropped(why);
}

ORCAST_SMALL ORCAST_DECL void span_exporter::follow_consent() noexcept {
  if (tracer_.term() == term_) return;
  drop_held();
  std::size_t kept = 0;
  for (const orcast::detail::block_index each : postponed_) {
    if (tracer_.term_of(each) == term_) {
      postponed_[kept++] = each;
    } else {
      lose(each, drop_reason::withdrawn);
    }
  }
  postponed_.shorten(kept);
}

/// Consent has changed: all that is held was recorded before that and goes nowhere. What waits in
/// the tracer is taken next, though no destination may have room.
ORCAST_SMALL ORCAST_DECL void span_exporter::drop_held() noexcept {
  term_ = tracer_.term();
  clears_ = true;
  while (first_waiting_ != next_waiting_) drop_front(drop_reason::withdrawn);
  for (const auto& each : routes_) {
    each->cursor = next_waiting_;
    if (each->withdraw() && each->exchange != 0) transport_.cancel(each->exchange);
  }
}

ORCAST_DECL std::uint32_t span_exporter::routes_for(
    const orcast::detail::span_head& head) const noexcept {
  std::uint32_t wanted = 0;
  std::uint32_t served = 0;  // destinations that have their route
  const std::int64_t ended = ended_ns(head);
  for (const auto& each : routes_) {
    const std::uint32_t destination = 1u << each->slot;
    if ((served & destination) != 0 || (head.context.left_out & destination) != 0) continue;
    if (ended < each->from_ns || ended >= each->until_ns) continue;
    served |= destination;
    wanted |= each->bit;
  }
  return wanted;
}

/// Gives spans back that no route waits for any more, up to the first that one does.
ORCAST_SMALL ORCAST_DECL void span_exporter::forget_front() noexcept {
  while (first_waiting_ != next_waiting_ && waiting(first_waiting_).routes == 0) {
    const orcast::detail::block_index done = waiting(first_waiting_++).block;
    waiting_blocks_ -= tracer_.ring().head_of(done)->blocks;
    tracer_.give_back(done);
  }
}

/// While others go on, a route that is behind loses its oldest spans rather than all memory. The
/// newest may always wait: it may be the next one for all of them.
ORCAST_SMALL ORCAST_DECL void span_exporter::make_room() noexcept {
  while (waiting_blocks_ > tracer_.ring().block_count() / 2 && next_waiting_ - first_waiting_ > 1) {
    drop_front(drop_reason::evicted);
  }
}

/// The routes that the oldest span waits for go without it.
ORCAST_SMALL ORCAST_DECL void span_exporter::drop_front(drop_reason why) noexcept {
  waiting_span& oldest = waiting(first_waiting_);
  for (const auto& each : routes_) {
    if ((oldest.routes & each->bit) != 0) each->drop(oldest.ticket, why);
  }
  oldest.routes = 0;
  forget_front();
}

ORCAST_SMALL ORCAST_DECL void span_exporter::post(perform_function* perform,
                                                  progress& so_far) noexcept {
  so_far.next_ms = exporter::never;
  for (const auto& each : routes_) {
    const exporter::step step = each->exporter().next(now_ms());
    so_far.next_ms = (std::min)(so_far.next_ms, step.until_ms);
    if (!step.post) continue;
    each->prepare(step);
    if (perform == nullptr || routes_.size() > 1) {
      each->exchange = transport_.start(each->request(), each->sink());
      continue;
    }
    (*perform)(transport_, each->request(), each->sink());
    each->settle(now_ms());
    so_far.next_ms = 0;
  }
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
