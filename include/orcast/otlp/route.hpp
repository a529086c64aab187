// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "orcast/http/transport.hpp"
#include "orcast/otlp/destination.hpp"
#include "orcast/otlp/exporter.hpp"
#include "orcast/otlp/fixed_list.hpp"
#include "orcast/otlp/shared_ends.hpp"

// The way to one destination under one set of settings: the memory of its batch, its exporter, its
// exchanges and its accounts. span_exporter has one for each destination, and for a while one more
// for a destination whose settings have changed: what ended before goes out as it was recorded for.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct export_status {
  bool held = false;          ///< refused: nothing is sent before retry_held()
  std::uint32_t pending = 0;  ///< spans in the current batch
  std::uint32_t waiting = 0;  ///< spans that wait for room in a batch
  std::uint64_t exported = 0;
  std::array<std::uint64_t, drop_reasons> dropped{};  ///< by reason, of this destination alone
  exporter::counters counts;
  std::string last_error;  ///< one line, without keys; empty when nothing went wrong yet
  exporter::reply last_reply;

  std::uint64_t dropped_by(drop_reason reason) const noexcept {
    return dropped[static_cast<std::size_t>(reason)];
  }
};

namespace detail {

class route {
 public:
  static constexpr std::int64_t always = (std::numeric_limits<std::int64_t>::max)();

  /// Fails with invalid_argument.
  static result<std::unique_ptr<route>> make(tracer& from, const destination& to,
                                             shared_ends& ends) noexcept;

  ~route();
  route(const route&) = delete;
  route& operator=(const route&) = delete;

  otlp::exporter& exporter() noexcept { return exporter_; }
  const otlp::exporter& exporter() const noexcept { return exporter_; }

  /// Encodes a span, without what this destination does not get; with `taken` its ticket is kept.
  exporter::offer_result offer(const orcast::detail::span_ring& ring,
                               orcast::detail::block_index span, shared_ends::ticket of,
                               std::int64_t now_ms) noexcept;
  /// A span never gets into a batch.
  ORCAST_SMALL void drop(shared_ends::ticket of, drop_reason why) noexcept {
    ++dropped_[static_cast<std::size_t>(why)];
    ends_.dropped(of, why);
  }

  /// What its headers are made from.
  const void* headers_context() const noexcept { return delivery_->headers_context(); }

  /// Makes the request ready that `step` asks for.
  void prepare(const exporter::step& step) noexcept { delivery_->prepare(step.body); }
  const http::request& request() const noexcept { return delivery_->request(); }
  http::response_sink& sink() noexcept { return delivery_->sink(); }
  /// Draws the conclusions when the answer has come.
  void settle(std::int64_t now_ms) noexcept;
  bool over() const noexcept { return delivery_->over(); }

  /// Other settings for what has been refused: it goes out by those of `now`.
  void redirect(const route& now) noexcept {
    delivery_->follow(*now.delivery_);
    exporter_.retry_held();
  }

  /// Consent has been withdrawn: what is in the batch goes nowhere, and is overwritten. True when a
  /// request is under way, which the caller cancels.
  bool withdraw() noexcept;

  /// The end: what is in the batch is dropped.
  void abandon(drop_reason why) noexcept;

  /// Adds what it has done to what other routes have; the latest words are its own.
  void add_to(export_status& sum) const;
  /// Spans in the batch that have not reached their end.
  std::size_t pending() const noexcept { return tickets_.size() - settled_; }
  std::size_t batch_spans() const noexcept { return batch_spans_; }

  // What span_exporter keeps for it:
  std::uint32_t bit = 0;     ///< in the masks of spans that wait
  std::size_t slot = 0;      ///< the destination's number
  std::uint64_t cursor = 0;  ///< the next span that waits, to look at
  http::exchange_id exchange = 0;
  std::uint64_t last_batch = 0;    ///< of a flush
  bool reached = false;            ///< by a flush: last_batch is known
  std::int64_t from_ns = 0;        ///< only spans that ended then or later
  std::int64_t until_ns = always;  ///< only spans that ended before; `always`: not retired
  std::uint64_t looks_before = 0;  ///< span_ring::looks() when it was retired
  enum class fate : unsigned char {
    waits,    ///< for a change of settings, or retry_held()
    follows,  ///< goes out by the settings that have come after these
    dropped,  ///< the destination was retired
  };
  fate if_refused = fate::waits;  ///< of what it has

 private:
  /// Owns `memory`, of to.batch_bytes, which the host gave.
  route(const destination& to, const host& from, char* memory, random_state random,
        shared_ends& ends) noexcept;

  void mark_content(const orcast::detail::span_ring& ring, orcast::detail::block_index span,
                    bool hidden) const noexcept;

  shared_ends& ends_;
  const host host_;
  char* const memory_;
  const std::size_t memory_bytes_;
  otlp::exporter exporter_;
  std::unique_ptr<delivery> delivery_;
  bool (*leaves_out_)(std::string_view key) noexcept;
  bool leaves_out_words_;
  std::size_t batch_spans_;
  fixed_list<shared_ends::ticket> tickets_;  // of the spans in the batch, in their order
  std::size_t settled_ = 0;                  // of them
  std::uint64_t exported_ = 0;
  std::array<std::uint64_t, drop_reasons> dropped_{};
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/route.ipp"
#endif
