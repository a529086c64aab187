// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>

#include "orcast/core/utf8.hpp"
#include "orcast/trace/tracer.hpp"

// The bodies of tracer: always inline, because they are the recording path.

namespace orcast {
inline namespace v0 {

inline result<std::unique_ptr<tracer>> tracer::make(const tracer_options& options) noexcept {
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

/// Wall time from the steady clock and an offset that each lane reads again after a second, so that
/// a clock set late takes effect, and a device that slept does not stretch a span over the night.
inline std::int64_t tracer::wall_at(detail::lane& mine, const orcast::host& from,
                                    std::int64_t steady_ns) noexcept {
  if (steady_ns >= mine.wall_due_ns) {
    const std::int64_t now = from.steady_ns();
    mine.wall_minus_steady_ns = from.wall_ns() - now;
    mine.wall_due_ns = now + 1'000'000'000;
  }
  return steady_ns + mine.wall_minus_steady_ns;
}

inline span tracer::begin(std::string_view name, const span_options& options) noexcept {
  span made;
  const bool follow = options.parent.decided;
  if (follow ? !options.parent.sampled() : sampler_.nothing()) {
    unsampled_.add(1);
    made.context_ = options.parent;
    made.context_.decided = true;
    made.context_.flags = 0;
    return made;
  }

  detail::lane* const mine = ring_.claim();
  if (mine == nullptr) {
    started_without_lane_.add(1);
    dropped(drop_reason::pool_full);
    return made;
  }
  if (!mine->random->seeded()) mine->random->seed(host_);  // in a child of fork()
  span_context& context = made.context_;
  if (options.parent.trace.valid()) {
    context.trace = options.parent.trace;
  } else if (options.trace.valid()) {
    context.trace = options.trace;
  } else {
    const std::uint64_t words[2] = {mine->random->next(), mine->random->next() | 1};
    std::memcpy(context.trace.bytes.data(), words, sizeof words);
  }
  context.decided = true;
  if (!follow && !sampler_.everything()) {
    const bool kept =
        options.session.empty() ? sampler_.keeps(context.trace) : sampler_.keeps(options.session);
    if (!kept) {
      mine->unsampled.add_owned(1);
      mine->let_go();
      return made;
    }
  }
  const std::uint64_t word = mine->random->next() | 1;
  std::memcpy(context.span.bytes.data(), &word, sizeof word);
  context.flags = span_context::sampled_flag | span_context::random_flag;
  mine->started.add_owned(1);
  const detail::block_index block = ring_.pop(*mine);
  const std::int64_t start_ns = options.start_ns != 0 ? options.start_ns : host_.steady_ns();
  const std::int64_t wall_ns = wall_at(*mine, host_, start_ns);
  mine->let_go();
  if (block != detail::no_block) {
    open(made, block, name, options, start_ns, wall_ns);
  } else {
    dropped(drop_reason::pool_full);  // children keep the trace all the same
  }
  return made;
}

inline void tracer::open(span& into, detail::block_index block, std::string_view name,
                         const span_options& options, std::int64_t start_ns,
                         std::int64_t wall_ns) noexcept {
  char* const bytes = reinterpret_cast<char*>(ring_.at(block));
  auto* const head = new (bytes + sizeof(detail::block_head)) detail::span_head;
  head->context = into.context_;
  head->parent = options.parent.trace.valid() ? options.parent.span : span_id{};
  head->remote_parent = options.parent.remote;
  head->kind = options.kind;
  head->last = block;
  head->start_steady_ns = start_ns;
  head->start_wall_ns = wall_ns;
  into.owner_ = this;
  into.head_ = head;
  into.first_ = block;
  into.max_value_ = max_value_;
  into.at_ = bytes + detail::first_offset;
  into.end_ = bytes + ring_.block_bytes();
  const std::string_view kept = name.substr(0, utf8_prefix(name, detail::max_name_bytes));
  span::copy(into.open_record(detail::record_name | detail::record::element, std::string_view(),
                              kept.size()),
             kept);
}

inline trace_stats tracer::stats() const noexcept {
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

inline std::uint64_t tracer::open_spans() const noexcept {
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
