// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "orcast/core/random.hpp"
#include "orcast/core/result.hpp"
#include "orcast/otlp/answer.hpp"
#include "orcast/otlp/batch_encoder.hpp"
#include "orcast/otlp/encoder_options.hpp"
#include "orcast/otlp/fixed_list.hpp"
#include "orcast/trace/stats.hpp"

// Decides what to send to one destination, and when: collects spans into a batch, says when to post
// it, and draws the conclusions from each answer by the rules of OTLP. A state machine without I/O
// and without a clock; the owner brings time, spans and answers. One thread at a time uses it.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct exporter_options {
  static constexpr std::uint32_t most_batch_spans = 1'000'000;
  std::uint32_t batch_spans = 512;  ///< from 1; a batch is also full when its memory is
  std::int64_t delay_ms = 1000;     ///< how long a batch that has begun may wait to be filled

  // Of requests that got no answer, 429, 502, 503 or 504:
  int max_attempts = 0;            ///< 0: as many as total_ms has room for
  std::int64_t initial_ms = 1000;  ///< of the first wait, all of which is random ("full jitter")
  double factor = 2.0;
  std::int64_t max_ms = 30'000;     ///< of our own waits; a Retry-After may be longer
  std::int64_t total_ms = 300'000;  ///< from the first attempt until they expire; 0: never
};

class exporter {
 public:
  /// `memory` holds the batch in its encoded form; it belongs to the owner, see
  /// batch_encoder.
  exporter(const exporter_options& options, const encoder_options& encoding, char* memory,
           std::size_t size, random_state random) noexcept;

  enum class offer_result : unsigned char {
    taken,      ///< copied: the span's memory can be given back
    not_now,    ///< the batch is full or on its way: offer it again later
    too_large,  ///< it does not even fit into a batch of its own
  };
  offer_result offer(const orcast::detail::span_ring& ring, orcast::detail::block_index span,
                     std::int64_t now_ms) noexcept;

  /// Makes the current batch due at once.
  void hurry() noexcept { hurried_ = !encoder_->empty(); }

  struct step {
    bool post = false;          ///< post `body` now, and report what came of it
    std::int64_t until_ms = 0;  ///< else: nothing to do before this time
    request_pieces body;
  };
  static constexpr std::int64_t never = (std::numeric_limits<std::int64_t>::max)();
  step next(std::int64_t now_ms) noexcept;

  /// The ends that spans of the batch have reached.
  struct outcome {
    std::uint32_t exported = 0;
    std::uint32_t dropped = 0;
    drop_reason reason = drop_reason::rejected;
  };
  /// The answer to the last post. `retry_after_ms` is -1 where it named none; of `body` the
  /// beginning is enough.
  outcome answered(std::int64_t now_ms, int status, std::int64_t retry_after_ms,
                   std::string_view body) noexcept;
  /// The last post got no answer.
  outcome failed(std::int64_t now_ms, const failure& why) noexcept;

  /// True after a refusal that only other settings can change (401, 403, Arize's 500 with code 13):
  /// the batch is kept, and nothing is sent before retry_held().
  bool held() const noexcept { return state_ == state::held; }
  void retry_held() noexcept;

  /// What is in the batch is not to be sent: it is overwritten, and its spans' ends are the
  /// caller's to tell. While a post is under way that is put off until its answer has come, after
  /// which nothing is tried again.
  void give_up() noexcept;
  bool gave_up() const noexcept { return given_up_; }

  bool in_flight() const noexcept { return state_ == state::in_flight; }
  bool accepts() const noexcept { return state_ == state::filling && !full_; }
  std::size_t envelope_bytes() const noexcept { return encoder_->envelope_bytes(); }
  /// The number of the current batch; it goes up when all spans of a batch have reached their ends.
  std::uint64_t batch() const noexcept { return batch_; }
  /// Spans in the batch that have not.
  std::uint32_t pending() const noexcept { return encoder_->count() - settled_; }

  struct counters {
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;   ///< requests that had to be repeated
    std::uint64_t problems = 0;  ///< how often last_error() was set
  };
  const counters& counts() const noexcept { return counts_; }

  /// What came of the last post.
  struct reply {
    int status = 0;  ///< HTTP; 0: none came, and `failed` says why
    errc failed = errc::io;
    std::int64_t code = 0;       ///< of a google.rpc.Status
    std::uint32_t rejected = 0;  ///< spans that it understood and did not keep
    bool from_otlp = false;      ///< the body is what OTLP says it must be
    std::string message;         ///< the service's words, or the failure's; one line
  };
  const reply& last_reply() const noexcept { return last_reply_; }
  /// What went wrong last, in one line without keys; empty when nothing has.
  const std::string& last_error() const noexcept { return last_error_; }

 private:
  enum class state : unsigned char { filling, in_flight, waiting, held };

  outcome retry(std::int64_t now_ms, std::int64_t retry_after_ms) noexcept;
  outcome settle(std::uint32_t rejected, drop_reason reason) noexcept;
  export_answer read(int status, std::string_view body) const noexcept;
  void start_over() noexcept;
  void forget() noexcept;
  void report(std::string_view what, std::string_view message) noexcept;

  exporter_options options_;
  std::unique_ptr<batch_encoder> encoder_;
  char* const memory_;
  const std::size_t size_;
  random_state random_;
  state state_ = state::filling;
  std::uint64_t batch_ = 0;
  bool full_ = false;
  bool hurried_ = false;
  bool given_up_ = false;
  std::int64_t due_ms_ = 0;  // filling: when the batch goes; waiting: when to try again
  detail::fixed_list<std::size_t>
      ends_;                   // of each span in the batch; in front of them its beginning
  std::uint32_t settled_ = 0;  // spans at the beginning of the batch that have reached an end
  std::uint32_t posted_ = 0;   // spans in the current post, behind those
  std::uint32_t most_ = 0;     // in a post; less than all after a 413
  int attempts_ = 0;           // of the current post
  std::int64_t first_attempt_ms_ = 0;
  counters counts_;
  std::string last_error_;
  reply last_reply_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/exporter.ipp"
#endif
