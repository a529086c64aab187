// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <new>
#include <utility>

#include "orcast/core/utf8.hpp"
#include "orcast/trace/impl/span.ipp"
#include "orcast/trace/impl/tracer.ipp"
#include "orcast/trace/make_tracer.hpp"

// Making a tracer, and what recording seldom needs of one.

namespace orcast {
inline namespace v0 {
namespace detail {

class made_tracer final : public tracer {
 public:
  explicit made_tracer(const tracer_options& options) noexcept
      : tracer(options.sampling_ratio, options.consent, options.max_value_bytes) {}

  bool take_memory(const span_ring::shape& shape, const tracer_options& options) noexcept {
    max_blocks_ = static_cast<std::uint32_t>(options.max_span_bytes / shape.block_bytes);
    return ring_.make(shape, options.host);
  }

 private:
  ORCAST_DECL span begin(std::string_view name, const span_options& options,
                         consent_term term) noexcept override;
  ORCAST_DECL bool put(span& into, const attribute_key& key, std::uint32_t bits, const char* text,
                       std::uint64_t word) noexcept override;

  span without_lane() noexcept;
  void count_without_block(lane& mine) noexcept;
  bool keeps(std::uint64_t trace_tail, std::string_view session,
             std::uint8_t& missing) const noexcept;
  void read_wall(lane& mine) const noexcept;
  void reseed(random_state& random) const noexcept;
  static std::string_view shortened(std::string_view name) noexcept;
};

ORCAST_SMALL ORCAST_DECL span made_tracer::begin(std::string_view name, const span_options& options,
                                                 consent_term term) noexcept {
  const bool follow = options.parent.decided;
  if (follow && !options.parent.sampled()) {
    unsampled_.add(1);
    return span(context_words(options.parent));
  }
  lane* const mine = ring_.claim();
  if (mine == nullptr) return without_lane();
  random_state& kept = ring_.random_of(mine->index);
  if (!kept.seeded()) reseed(kept);

  random_state random(kept);
  context_words ids(options.parent.trace);
  if (!ids.has_trace()) ids = context_words(options.trace);
  if (!ids.has_trace()) ids.set_trace(random.next(), random.next() | 1);
  auto missing = static_cast<std::uint8_t>(options.left_out | options.parent.left_out);
  const bool decides = !follow && (shares_.uneven() || !sampler_.everything());
  if ((decides && !keeps(ids.trace_tail(), options.session, missing)) ||
      (missing != 0 && shares_.nobody(missing))) {
    kept = random;
    mine->unsampled.add_owned(1);
    mine->let_go();
    return span(ids);
  }
  ids.set_span(random.next() | 1, span_context::sampled_flag | span_context::random_flag, missing);
  kept = random;
  const std::int64_t start_ns = reading(options.start_ns);
  if (start_ns >= mine->wall_due_ns) read_wall(*mine);
  mine->started.add_owned(1);
  const block_index block = ring_.pop(*mine);
  if (block == no_block) {  // children keep the trace all the same
    count_without_block(*mine);
    return span(ids);
  }
  if (name.size() > max_name_bytes) name = shortened(name);
  return open(*mine, block, ids, options.parent.trace.valid() ? options.parent.span : span_id{},
              options.parent.remote, options.kind, start_ns, term, name);
}

/// Whether a root is recorded, by its session or else by its trace; and for whom not.
ORCAST_COLD ORCAST_SMALL ORCAST_DECL bool made_tracer::keeps(std::uint64_t trace_tail,
                                                             std::string_view session,
                                                             std::uint8_t& missing) const noexcept {
  const std::uint64_t number =
      session.empty() ? ratio_sampler::number_of(trace_tail) : ratio_sampler::number_of(session);
  if (shares_.uneven()) missing = static_cast<std::uint8_t>(missing | shares_.left_out(number));
  return sampler_.keeps(number);
}

/// Every lane was taken, twice over.
ORCAST_COLD ORCAST_DECL span made_tracer::without_lane() noexcept {
  started_without_lane_.add(1);
  dropped(drop_reason::pool_full);
  return span();
}

ORCAST_COLD ORCAST_DECL void made_tracer::count_without_block(lane& mine) noexcept {
  mine.let_go();
  dropped(drop_reason::pool_full);
}

/// In a child of fork().
ORCAST_COLD ORCAST_DECL void made_tracer::reseed(random_state& random) const noexcept {
  random.seed(host());
}

ORCAST_COLD ORCAST_DECL std::string_view made_tracer::shortened(std::string_view name) noexcept {
  return {name.data(), utf8_prefix(name, max_name_bytes)};
}

/// Wall time is the steady time plus an offset that each lane reads again after a second, so that a
/// clock set late takes effect, and a device that slept does not stretch a span over the night.
ORCAST_COLD ORCAST_DECL void made_tracer::read_wall(lane& mine) const noexcept {
  const std::int64_t now = host().steady_ns();
  mine.wall_minus_steady_ns = host().wall_ns() - now;
  mine.wall_due_ns = now + 1'000'000'000;
}

/// A full block, a long text, a key that is text, a decimal.
ORCAST_DECL bool made_tracer::put(span& into, const attribute_key& key, std::uint32_t bits,
                                  const char* text, std::uint64_t word) noexcept {
  const std::uint32_t type = bits & record::type_mask;
  if (type == static_cast<std::uint32_t>(value_type::string) ||
      type == static_cast<std::uint32_t>(value_type::decimal)) {
    return into.put_text(key, bits, {text, static_cast<std::size_t>(word)});
  }
  char* payload = into.put_fixed(key, bits, sizeof word);
  if (payload != nullptr) span::write_word(payload, word);
  return payload != nullptr;
}

inline span_ring::shape shape_of(const tracer_options& options) noexcept {
  span_ring::shape shape{};
  const bool tight = options.memory_bytes < 256 * 1024;
  shape.memory_bytes = options.memory_bytes;
  shape.block_bytes = options.block_bytes != 0 ? options.block_bytes : tight ? 512 : 2048;
  shape.lanes = options.lanes != 0 ? options.lanes : tight ? 4 : 16;
  shape.policy = options.full;
  shape.wipe = options.wipe;
  return shape;
}

/// What is wrong with the options, or null.
inline const char* flaw_of(const tracer_options& options, const span_ring::shape& shape) noexcept {
  const auto power_of_two = [](std::size_t n) { return n != 0 && (n & (n - 1)) == 0; };
  if (options.memory_bytes < 32 * 1024 || options.memory_bytes > std::size_t{64} << 20) {
    return "tracer_options.memory_bytes must be from 32 KiB to 64 MiB";
  }
  if (!power_of_two(shape.block_bytes) || shape.block_bytes < 512 || shape.block_bytes > 65536) {
    return "tracer_options.block_bytes must be a power of two from 512 to 65536, or 0";
  }
  if (!power_of_two(shape.lanes) || shape.lanes > 64) {
    return "tracer_options.lanes must be a power of two up to 64, or 0";
  }
  if (options.max_value_bytes == 0 || options.max_value_bytes > record::max_value) {
    return "tracer_options.max_value_bytes must be from 1 to 16776900";
  }
  if (options.max_span_bytes < shape.block_bytes) {
    return "tracer_options.max_span_bytes must be at least one block";
  }
  if (!(options.sampling_ratio >= 0.0 && options.sampling_ratio <= 1.0)) {
    return "tracer_options.sampling_ratio must be from 0 to 1";
  }
  return nullptr;
}

}  // namespace detail

ORCAST_DECL result<std::unique_ptr<tracer>> make_tracer(const tracer_options& options) noexcept {
  const detail::span_ring::shape shape = detail::shape_of(options);
  const char* flaw = detail::flaw_of(options, shape);
  std::unique_ptr<detail::made_tracer> made;
  if (flaw == nullptr) {
    made.reset(new (std::nothrow) detail::made_tracer(options));
    if (made == nullptr || !made->take_memory(shape, options)) {
      flaw = "the host has no memory of tracer_options.memory_bytes";
    } else if (made->ring().block_count() < 8) {
      flaw = "tracer_options.memory_bytes is not enough for its blocks and lanes";
    }
  }
  if (flaw != nullptr) return failure(errc::invalid_argument, flaw);
  return std::unique_ptr<tracer>(std::move(made));
}

}  // namespace v0
}  // namespace orcast
