// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>

#include "orcast/core/utf8.hpp"
#include "orcast/trace/tracer.hpp"

// The bodies of tracer.

namespace orcast {
inline namespace v0 {

ORCAST_DECL result<std::unique_ptr<tracer>> tracer::make(const tracer_options& options) noexcept {
  const auto refuse = [](const char* what) { return failure(errc::invalid_argument, what); };
  const auto power_of_two = [](std::size_t n) { return n != 0 && (n & (n - 1)) == 0; };
  if (options.memory_bytes < 32 * 1024 || options.memory_bytes > std::size_t{64} << 20) {
    return refuse("tracer_options.memory_bytes must be from 32 KiB to 64 MiB");
  }
  detail::span_ring::shape shape{};
  const bool tight = options.memory_bytes < 256 * 1024;
  shape.memory_bytes = options.memory_bytes;
  shape.block_bytes = options.block_bytes != 0 ? options.block_bytes : tight ? 512 : 2048;
  shape.lanes = options.lanes != 0 ? options.lanes : tight ? 4 : 16;
  shape.policy = options.full;
  shape.wipe = options.wipe;
  if (!power_of_two(shape.block_bytes) || shape.block_bytes < 512 || shape.block_bytes > 65536) {
    return refuse("tracer_options.block_bytes must be a power of two from 512 to 65536, or 0");
  }
  if (!power_of_two(shape.lanes) || shape.lanes > 64) {
    return refuse("tracer_options.lanes must be a power of two up to 64, or 0");
  }
  if (options.max_value_bytes == 0 || options.max_value_bytes > 16'777'000) {
    return refuse("tracer_options.max_value_bytes must be from 1 to 16777000");
  }
  if (options.max_span_bytes < shape.block_bytes) {
    return refuse("tracer_options.max_span_bytes must be at least one block");
  }
  if (!(options.sampling_ratio >= 0.0 && options.sampling_ratio <= 1.0)) {
    return refuse("tracer_options.sampling_ratio must be from 0 to 1");
  }
  std::unique_ptr<tracer> made(new (std::nothrow) tracer(options));
  if (made == nullptr || !made->ring_.make(shape, options.host)) {
    return refuse("the host has no memory of tracer_options.memory_bytes");
  }
  if (made->ring_.block_count() < 8) {
    return refuse("tracer_options.memory_bytes is not enough for its blocks and lanes");
  }
  made->max_blocks_ = static_cast<std::uint32_t>(options.max_span_bytes / shape.block_bytes);
  return made;
}

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
  detail::lane& mine = ring_.last_lane();
  if (name.size() > span::by_words || !mine.try_claim()) return start_sampled(name);
  // The ids stay in registers on their way from the random state to where they are kept: memory
  // that is read in wider pieces than it has just been written in makes the processor wait.
  random_state random(ring_.random_of(mine));
  detail::context_words ids{trace_id{}};
  ids.set_trace(random.next(), random.next() | 1);
  ids.set_span(random.next() | 1, span_context::sampled_flag | span_context::random_flag, 0);
  ring_.random_of(mine) = random;
  // The clock waits for everything that was asked of memory before it. So what may not be in the
  // cache, the block above all, is asked for behind it.
  const std::int64_t start_ns = host().steady_ns();
  if (mine.free == detail::no_block || start_ns >= mine.wall_due_ns || !random.seeded()) {
    mine.let_go();
    return start_sampled(name);
  }
  mine.started.add_owned(1);
  return open(mine, ring_.pop_first(mine), ids, {}, false, span_kind::internal, start_ns, term,
              name);
}

/// Where recording is off, or not every trace is kept.
ORCAST_COLD ORCAST_DECL span tracer::start_sampled(std::string_view name) noexcept {
  return start(name, span_options());
}

ORCAST_DECL span tracer::begin(std::string_view name, const span_options& options,
                               detail::consent_term term) noexcept {
  const bool follow = options.parent.decided;
  if (follow && !options.parent.sampled()) {
    unsampled_.add(1);
    return span(detail::context_words(options.parent));
  }
  detail::lane* const mine = ring_.claim();
  if (mine == nullptr) return without_lane();
  if (!ring_.random_of(*mine).seeded()) reseed(ring_.random_of(*mine));

  random_state random(ring_.random_of(*mine));
  detail::context_words ids(options.parent.trace);
  if (!ids.has_trace()) ids = detail::context_words(options.trace);
  if (!ids.has_trace()) ids.set_trace(random.next(), random.next() | 1);
  auto missing = static_cast<std::uint8_t>(options.left_out | options.parent.left_out);
  if (!follow && shares_.uneven()) {
    missing = static_cast<std::uint8_t>(missing | left_out(ids.trace_tail(), options.session));
  }
  if ((!follow && !sampler_.everything() && !keeps(ids.trace_tail(), options.session)) ||
      (missing != 0 && shares_.nobody(missing))) {
    ring_.random_of(*mine) = random;
    mine->unsampled.add_owned(1);
    mine->let_go();
    return span(ids);
  }
  ids.set_span(random.next() | 1, span_context::sampled_flag | span_context::random_flag, missing);
  ring_.random_of(*mine) = random;
  const std::int64_t start_ns = options.start_ns != 0 ? options.start_ns : host().steady_ns();
  if (start_ns >= mine->wall_due_ns) read_wall(*mine);
  mine->started.add_owned(1);
  const detail::block_index block = ring_.pop(*mine);
  if (block == detail::no_block) {  // children keep the trace all the same
    count_without_block(*mine);
    return span(ids);
  }
  if (name.size() > detail::max_name_bytes) name = shortened(name);
  return open(*mine, block, ids, options.parent.trace.valid() ? options.parent.span : span_id{},
              options.parent.remote, options.kind, start_ns, term, name);
}

ORCAST_DECL bool tracer::keeps(std::uint64_t trace_tail, std::string_view session) const noexcept {
  return session.empty() ? sampler_.keeps(trace_tail) : sampler_.keeps(session);
}

ORCAST_COLD ORCAST_DECL std::uint8_t tracer::left_out(std::uint64_t trace_tail,
                                                      std::string_view session) const noexcept {
  return shares_.left_out(session.empty() ? ratio_sampler::number_of(trace_tail)
                                          : ratio_sampler::number_of(session));
}

/// Every lane was taken, twice over.
ORCAST_COLD ORCAST_DECL span tracer::without_lane() noexcept {
  started_without_lane_.add(1);
  dropped(drop_reason::pool_full);
  return span();
}

ORCAST_COLD ORCAST_DECL void tracer::count_without_block(detail::lane& mine) noexcept {
  mine.let_go();
  dropped(drop_reason::pool_full);
}

/// In a child of fork().
ORCAST_COLD ORCAST_DECL void tracer::reseed(random_state& random) const noexcept {
  random.seed(host());
}

ORCAST_COLD ORCAST_DECL std::string_view tracer::shortened(std::string_view name) noexcept {
  return name.substr(0, utf8_prefix(name, detail::max_name_bytes));
}

/// Wall time is the steady time plus an offset that each lane reads again after a second, so that a
/// clock set late takes effect, and a device that slept does not stretch a span over the night.
ORCAST_COLD ORCAST_DECL void tracer::read_wall(detail::lane& mine) const noexcept {
  const std::int64_t now = host().steady_ns();
  mine.wall_minus_steady_ns = host().wall_ns() - now;
  mine.wall_due_ns = now + 1'000'000'000;
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
  std::uint64_t ready = 0;
  for (std::uint32_t i = 0; i < ring_.lane_count(); ++i) {
    const detail::lane& lane = ring_.lane_at(i);
    ready += lane.tail.load(std::memory_order_acquire) - lane.head.load(std::memory_order_acquire);
  }
  const std::uint64_t held = stats().held();
  return held > ready ? held - ready : 0;
}

}  // namespace v0
}  // namespace orcast
