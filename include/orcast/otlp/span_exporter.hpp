// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "orcast/core/fork.hpp"
#include "orcast/core/function_ref.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/otlp/destination.hpp"
#include "orcast/otlp/fixed_list.hpp"
#include "orcast/otlp/route.hpp"
#include "orcast/otlp/shared_ends.hpp"
#include "orcast/trace/tracer.hpp"

// Brings the finished spans of a tracer to one destination or to several. Without threads of its
// own: the host calls pump() once per frame, or hands it to a flush_thread. Each span that it takes
// is accounted for in the tracer: exported, or dropped for a reason.
//
// A span stays in the tracer's memory until each destination has encoded it. So a destination that
// does not answer lets spans wait for it, in at most half of that memory while others go on; then
// it loses the oldest.
//
// When consent has been withdrawn (tracer::consent), the next call cancels what is being sent and
// drops all that was recorded under it; what pump() has no time for, the one after that.
//
// All functions: one thread at a time, the same one where the transport is polled. Called from
// inside a callback of its own (a header provider, a transport's sink) they do nothing. In a child
// of fork() they do nothing either: the spans, and the connections, are the parent's.

namespace orcast {
inline namespace v0 {
namespace otlp {

class span_exporter {
 public:
  static constexpr std::size_t most_destinations = 8;

  /// Takes all memory that it will use. `from` outlives the exporter. Fails with invalid_argument.
  static result<std::unique_ptr<span_exporter>> make(tracer& from, http::any_transport transport,
                                                     const destination& to) noexcept;
  /// The same for several; the index in the list is a destination's number.
  static result<std::unique_ptr<span_exporter>> make(tracer& from, http::any_transport transport,
                                                     const std::vector<destination>& to) noexcept;

  /// Shuts down without waiting, if that has not happened; then waits until the transport has let
  /// go of a request that is under way (100 ms for one that keeps its promise).
  ~span_exporter();
  span_exporter(const span_exporter&) = delete;
  span_exporter& operator=(const span_exporter&) = delete;

  /// Does what there is to do, in at most `budget_ns` and the time of encoding one span; never
  /// waits. Two things are done as a whole whatever the budget: a batch is compressed (for gzip a
  /// millisecond or two), and spans that wait for a destination when consent is withdrawn are
  /// dropped. True when there were more spans than time.
  bool pump(std::int64_t budget_ns = 200'000) noexcept;

  /// Sends what had ended before the call and waits for the answers, at most `timeout_ms` (more
  /// than a year is a year, here and in shutdown()). True when each of those spans has reached its
  /// end; false when time ran out, or when waiting would not help (refused, or told to come back
  /// later than that).
  bool flush(std::int64_t timeout_ms) noexcept;

  /// flush(), but what could not be sent in time is cancelled and dropped. What ends later is
  /// dropped by the next call of this, pump() or flush(), or by the destructor. True when nothing
  /// had to be dropped for want of time; the first call counts, later ones say what it said.
  bool shutdown(std::int64_t timeout_ms) noexcept;

  /// Call it when keys or settings have changed after a refusal.
  void retry_held() noexcept;

  /// Other settings for a destination, or one more (`number` is then destinations()). What ended
  /// before still goes out by the old ones, unless those are refused, before this call or after it:
  /// then this is their correction, and what is held goes out by the new ones (in the format that
  /// it is encoded in). Fails with invalid_argument, or with busy while too many earlier settings
  /// are still in use; nothing has changed then. `since_ns` is a reading of the tracer's steady
  /// clock for "before"; 0: now.
  result<void> replace(std::size_t number, const destination& to,
                       std::int64_t since_ns = 0) noexcept;

  /// A destination that is to get nothing more: what ended before still goes out, what it has
  /// refused or refuses later is dropped. Its number may be used again.
  void retire(std::size_t number, std::int64_t since_ns = 0) noexcept;

  /// Whether something may still be sent with headers from that destination.headers_context.
  bool uses(const void* headers_context) const noexcept;

  std::size_t destinations() const noexcept { return destinations_; }
  /// Of all destinations together.
  export_status status() const;
  /// Of one destination, under all settings that it has had.
  export_status status(std::size_t number) const;

 private:
  friend class flush_thread;

  /// How a thread of its own posts: it may wait for the answer.
  using perform_function =
      function_ref<void(http::any_transport&, const http::request&, http::response_sink&)>;

  struct progress {
    std::uint32_t taken = 0;
    std::int64_t now_ns = 0;        // as read last, see late()
    std::size_t encoded_bytes = 0;  // since then: the memory of the spans
    bool more = false;              // the deadline came first
    std::int64_t next_ms = 0;       // when an exporter has something to do by itself
  };

  /// A span that at least one route has not encoded yet.
  struct waiting_span {
    orcast::detail::block_index block;
    detail::shared_ends::ticket ticket;
    std::uint32_t routes;  // a bit for each that it is for
  };

  /// Marks the time of a call, so that a nested one can see it.
  class call_scope {
   public:
    explicit call_scope(bool& busy) noexcept : busy_(busy) { busy_ = true; }
    ~call_scope() { busy_ = false; }
    call_scope(const call_scope&) = delete;
    call_scope& operator=(const call_scope&) = delete;

   private:
    bool& busy_;
  };

  span_exporter(tracer& from, http::any_transport&& transport) noexcept;

  bool usable() noexcept;
  bool in_child() const noexcept { return process_id() != process_; }
  std::int64_t now_ns() const noexcept { return tracer_.host().steady_ns(); }
  std::int64_t now_ms() const noexcept { return now_ns() / 1'000'000; }

  static result<std::unique_ptr<span_exporter>> make(tracer& from, http::any_transport&& transport,
                                                     const destination* to,
                                                     std::size_t count) noexcept;
  result<void> add(std::size_t number, const destination& to) noexcept;
  detail::route* current(std::size_t number) const noexcept;
  void supersede(std::size_t number, std::int64_t since_ns, const detail::route* by) noexcept;
  static void tend_earlier(span_exporter& self) noexcept;
  void settle_refused() noexcept;
  void remove_finished() noexcept;

  progress round(std::int64_t deadline_ns, perform_function* perform) noexcept;
  void collect(std::int64_t deadline_ns, progress& so_far) noexcept;
  bool catch_up(detail::route& way, std::int64_t deadline_ns, progress& so_far) noexcept;
  bool late(orcast::detail::block_index encoded, std::int64_t deadline_ns,
            progress& so_far) const noexcept;
  bool wants_more() const noexcept;
  bool take_next() noexcept;
  void admit(orcast::detail::block_index taken) noexcept;
  bool awaits_settings() const noexcept {
    // Acquire: pairs with expect_change(), whose caller may have recorded what is taken here.
    return awaits_settings_.load(std::memory_order_acquire);
  }
  void expect_change(std::int64_t since_ns) noexcept;
  void expect_no_change() noexcept;
  static std::int64_t ended_ns(const orcast::detail::span_head& head) noexcept {
    return head.start_steady_ns + head.duration_ns;
  }
  void follow_consent() noexcept;
  void drop_held() noexcept;
  void lose(orcast::detail::block_index span, drop_reason why) noexcept;
  std::uint32_t routes_for(const orcast::detail::span_head& head) const noexcept;
  waiting_span& waiting(std::uint64_t number) noexcept {
    return waiting_[static_cast<std::size_t>(number) & (waiting_size_ - 1)];
  }
  void forget_front() noexcept;
  void drop_front(drop_reason why) noexcept;
  void make_room() noexcept;
  void post(perform_function* perform, progress& so_far) noexcept;
  bool in_flight() const noexcept;
  void begin_flush() noexcept;
  bool flushed() noexcept;
  bool flush_until(std::int64_t deadline_ns) noexcept;
  void wait(std::int64_t until_ns) noexcept;
  void close(std::int64_t deadline_ns) noexcept;
  void drop_ended() noexcept;

  tracer& tracer_;
  detail::shared_ends ends_;
  static constexpr std::size_t most_routes = 2 * most_destinations;
  detail::fixed_list<std::unique_ptr<detail::route>> routes_{most_routes};  // retired ones first
  std::size_t destinations_ = 0;
  // Once settings have changed; else a program has no need of that code.
  void (*tend_earlier_)(span_exporter& self) noexcept = nullptr;
  std::array<export_status, most_destinations> gone_;  // what finished routes have counted
  std::uint32_t free_bits_ = 0xffffffff;

  std::size_t waiting_size_;                 // a power of two, more than there are blocks
  std::unique_ptr<waiting_span[]> waiting_;  // a ring
  std::uint64_t first_waiting_ = 0;          // the numbers in it
  std::uint64_t next_waiting_ = 0;
  std::uint32_t waiting_blocks_ = 0;

  // A flush thread carries a change of settings out a little after it was asked for: what ended
  // since then waits for that. Whoever sets the flag has written the time before; it stays while
  // the flag is set.
  std::atomic<bool> awaits_settings_{false};
  std::int64_t settings_since_ns_ = 0;
  detail::fixed_list<orcast::detail::block_index> postponed_;

  bool busy_ = false;
  bool closed_ = false;
  bool all_sent_ = false;              // what shutdown() said
  bool clears_ = false;                // the tracer has spans from before term_, perhaps
  orcast::detail::consent_term term_;  // in which all that it holds was recorded

  // A flush is over when all that had ended at its beginning has been taken, and the batches that
  // were current then are done with.
  std::uint64_t looks_before_flush_ = 0;
  std::uint64_t flush_to_ = 0;
  bool flushing_ = false;
  bool passed_ = false;

  const long process_ = process_id();
  http::exchange_control pause_;  // nobody resumes it: it serves to wait a little
  // The last member: its destructor waits for the exchanges that use the others.
  http::any_transport transport_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/span_exporter.ipp"
#include "orcast/otlp/impl/span_exporter_round.ipp"
#endif
