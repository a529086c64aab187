// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/tracer.hpp"

// The bodies of tracer.

namespace orcast {
inline namespace v0 {

/// Writes the head of a span into `block`, which was the first of the lane, and lets the lane go.
inline span tracer::open(detail::lane& mine, detail::block_index block,
                         const detail::context_words& ids, span_id parent, bool remote_parent,
                         span_kind kind, std::int64_t start_ns, detail::consent_term term,
                         std::string_view name) noexcept {
  const std::int64_t wall_ns = start_ns + mine.wall_minus_steady_ns;
  char* const bytes = reinterpret_cast<char*>(ring_.at(block));
  const detail::block_index next = mine.free;
  mine.let_go();
  ring_.prefetch(next);  // the consumer gave it back from another processor's cache

  reinterpret_cast<detail::block_head*>(bytes)->term = term;
  auto* const head = new (bytes + sizeof(detail::block_head)) detail::span_head;
  ids.write(head->context);
  head->kind = kind;
  head->status = span_status::unset;
  head->remote_parent = remote_parent;
  head->has_cuts = false;
  head->parent = parent;
  head->start_wall_ns = wall_ns;
  head->start_steady_ns = start_ns;
  head->blocks = 1;
  head->last = block;
  head->dropped_attributes = 0;
  head->events = 0;
  head->dropped_events = 0;
  return span(*this, max_value_, ids, block, head, ring_.block_bytes(), name);
}

/// Whatever is rare is left to begin(), from the beginning: a function that calls next to nothing
/// on its way has little to keep safe.
ORCAST_DECL span tracer::begin_root(std::string_view name, detail::consent_term term) noexcept {
  const std::uint32_t number = ring_.last_lane();
  detail::lane& mine = ring_.lane_at(number);
  random_state& kept = ring_.random_of(number);
  ring_.prefetch(&kept);  // nothing behind a claim is read before it has its line
  if (name.size() > span::by_words || !mine.try_claim()) return begin_otherwise(name, term);
  // The ids stay in registers on their way from the random state to where they are kept: memory
  // that is read in wider pieces than it has just been written in makes the processor wait.
  random_state random(kept);
  detail::context_words ids{trace_id{}};
  ids.set_trace(random.next(), random.next() | 1);
  ids.set_span(random.next() | 1, span_context::sampled_flag | span_context::random_flag, 0);
  kept = random;
  // The clock waits for everything that was asked of memory before it. So what may not be in the
  // cache, the block above all, is asked for behind it.
  const std::int64_t start_ns = host().steady_ns();
  if ((mine.free == detail::no_block && !ring_.take_returned(mine)) ||
      start_ns >= mine.wall_due_ns || !random.seeded()) {
    mine.let_go();
    return begin_otherwise(name, term);
  }
  mine.started.add_owned(1);
  return open(mine, ring_.pop_first(mine), ids, {}, false, span_kind::internal, start_ns, term,
              name);
}

ORCAST_COLD ORCAST_DECL span tracer::begin_otherwise(std::string_view name,
                                                     detail::consent_term term) noexcept {
  return begin(name, span_options(), term);
}

ORCAST_DECL trace_stats tracer::stats() const noexcept {
  trace_stats now;
  // The ends first, by acquire: a span whose end is seen here has its start seen below.
  now.exported = exported_.read();
  for (std::size_t i = 0; i < drop_reasons; ++i) now.dropped[i] = dropped_[i].read();
  now.dropped[static_cast<std::size_t>(drop_reason::evicted)] += ring_.evicted().read();
  now.started = started_without_lane_.read();
  now.unsampled = unsampled_.read();
  for (std::uint32_t i = 0; i < ring_.lane_count(); ++i) {
    now.started += ring_.lane_at(i).started.read();
    now.unsampled += ring_.lane_at(i).unsampled.read();
  }
  return now;
}

ORCAST_DECL std::uint64_t tracer::open_spans() const noexcept {
  const std::uint64_t ready = ring_.finished();
  const std::uint64_t held = stats().held();
  return held > ready ? held - ready : 0;
}

}  // namespace v0
}  // namespace orcast
