// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "orcast/core/fork.hpp"
#include "orcast/core/host.hpp"
#include "orcast/trace/destination_shares.hpp"
#include "orcast/trace/recording_switch.hpp"
#include "orcast/trace/sampler.hpp"
#include "orcast/trace/span.hpp"
#include "orcast/trace/span_ring.hpp"
#include "orcast/trace/stats.hpp"

// Begins spans. A tracer owns a fixed amount of memory, taken and touched when it is made
// (make_tracer.hpp); spans are recorded there by any thread and taken out by one consumer (the
// exporter). Nothing is global: a program may have several tracers, and passes them by reference.
//
// What recording seldom needs is behind virtual functions, whose bodies are compiled where a tracer
// is made: a file that only records has next to nothing to compile.

namespace orcast {
inline namespace v0 {

struct span_options {
  span_context parent;  ///< invalid: the span is a root
  span_kind kind = span_kind::internal;
  std::string_view session;   ///< sampling goes by it when it is not empty
  std::int64_t start_ns = 0;  ///< a reading of the steady clock; 0: now
  trace_id trace;             ///< for a root: its trace id, when the caller chose one
  std::uint8_t left_out = 0;  ///< a bit for each destination that does not get this span
};

namespace detail {
class made_tracer;
}

class tracer {
 public:
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;

  /// Every span has ended before its tracer goes; in a child of fork() they are the parent's.
  virtual ~tracer() { ORCAST_ASSERT(process_id() != process_ || open_spans() == 0); }

  /// Any thread. An empty span when recording is off, the trace is not sampled or memory is full.
  span start(std::string_view name) noexcept {
    const std::uint32_t word = switch_.read();
    if (switch_.records_all(word)) return begin_root(name, word);
    if (!switch_.records(word)) return span();
    return sampler_.nothing() ? unsampled() : begin_otherwise(name, switch_.term_of(word));
  }
  span start(std::string_view name, const span_options& options) noexcept {
    const std::uint32_t word = switch_.read();
    if (!switch_.records(word)) return span();
    if (sampler_.nothing() && !options.parent.decided) return unsampled();
    return begin(name, options, switch_.term_of(word));
  }

  /// Any thread. Off means that start() costs a branch; spans already begun go on.
  void enable(bool on) noexcept { switch_.enable(on); }
  bool enabled() const noexcept { return switch_.on(); }

  /// Any thread. Without consent nothing is recorded. Once it is withdrawn, spans that began before
  /// are dropped: those that are open when they end, those that have ended by the exporter, from
  /// wherever they wait; also when consent is given again meanwhile. False when it was so already.
  bool consent(bool given) noexcept { return switch_.consent(given); }
  bool has_consent() const noexcept { return switch_.is_consent(switch_.term()); }

  /// One thread at a time: which share of the traces each of several destinations gets, besides
  /// tracer_options.sampling_ratio. A trace that nobody gets is not recorded.
  void share(const double* ratios, std::size_t destinations) noexcept {
    shares_.set(ratios, destinations);
    switch_.sample(shares_.uneven() || !sampler_.everything());
  }

  /// Any thread.
  trace_stats stats() const noexcept;

  const orcast::host& host() const noexcept { return ring_.host(); }

  // What follows is for the exporter: one thread at a time.

  /// The next finished span, or no_block.
  detail::block_index take() noexcept { return ring_.take(); }
  /// Gives a taken span's memory back; its fate is reported by exported() or dropped().
  void give_back(detail::block_index taken) noexcept { ring_.give_back(taken); }
  /// The present time of consent, or of none, and that in which a span began.
  detail::consent_term term() const noexcept { return switch_.term(); }
  detail::consent_term term_of(detail::block_index taken) const noexcept {
    return ring_.at(taken)->term;
  }
  const detail::span_ring& ring() const noexcept { return ring_; }
  detail::span_ring& ring() noexcept { return ring_; }

  /// Any thread: reports the end of `count` spans that were taken.
  void exported(std::uint32_t count) noexcept { exported_.add(count); }
  void dropped(drop_reason why, std::uint32_t count = 1) noexcept {
    dropped_[static_cast<std::size_t>(why)].add(count);
  }

 private:
  friend class span;
  friend class detail::made_tracer;

  tracer(double sampling_ratio, bool consent, std::uint32_t max_value) noexcept
      : switch_(consent, sampling_ratio < 1.0), max_value_(max_value), sampler_(sampling_ratio) {}

  /// The general way to begin a span: with options, sampling, a lane that is taken or has run dry.
  virtual span begin(std::string_view name, const span_options& options,
                     detail::consent_term term) noexcept = 0;
  /// A value that does not fit into the span's block, or is no plain one under a constant key.
  virtual bool put(span& into, const attribute_key& key, std::uint32_t bits, const char* text,
                   std::uint64_t word) noexcept = 0;

  /// A root that nothing is asked for, where every trace is kept: what most spans are.
  span begin_root(std::string_view name, detail::consent_term term) noexcept;
  /// The same by begin(): where begin_root() finds something out of the ordinary.
  span begin_otherwise(std::string_view name, detail::consent_term term) noexcept;
  ORCAST_HOT span open(detail::lane& mine, detail::block_index block,
                       const detail::context_words& ids, span_id parent, bool remote_parent,
                       span_kind kind, std::int64_t start_ns, detail::consent_term term,
                       std::string_view name) noexcept;
  span unsampled() noexcept {
    unsampled_.add(1);
    return span(detail::context_words(trace_id{}));
  }

  /// In steps of 8 ms, and never 0: the stamps are only compared with each other, and with those of
  /// the 104 days before.
  static std::uint32_t stamp(std::int64_t steady_ns) noexcept {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(steady_ns) >> 22) | 1;
  }
  /// A reading of the steady clock that a caller brings; where it can't be one, 0 for example: now.
  std::int64_t reading(std::int64_t given_ns) const noexcept {
    constexpr std::int64_t longest = std::int64_t{1} << 61;  // 73 years: sums of two don't overflow
    return given_ns > 0 && given_ns < longest ? given_ns : host().steady_ns();
  }
  std::uint64_t open_spans() const noexcept;

  // What every span reads: one cache line, from the virtual functions to the ring's beginning.
  detail::recording_switch switch_;
  std::uint32_t max_value_;
  std::uint32_t max_blocks_ = 1;
  detail::span_ring ring_;
  alignas(64) ratio_sampler sampler_;  // apart from what the consumer writes
  destination_shares shares_;
  // Apart from what spans read.
  alignas(64) wide_counter started_without_lane_;
  wide_counter unsampled_;
  wide_counter exported_;
  std::array<wide_counter, drop_reasons> dropped_;
  [[maybe_unused]] const long process_ = process_id();
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/trace/impl/span.ipp"
#include "orcast/trace/impl/tracer.ipp"
#endif
