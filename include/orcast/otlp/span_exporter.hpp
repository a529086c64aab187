// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "orcast/core/fork.hpp"
#include "orcast/core/function_ref.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/otlp/destination.hpp"
#include "orcast/trace/tracer.hpp"

// Brings the finished spans of a tracer to a destination. Without threads of its own: the host
// calls pump() once per frame, or hands it to a flush_thread. Each span that it takes is accounted
// for in the tracer: exported, or dropped for a reason.
//
// All functions: one thread at a time, the same one where the transport is polled. Called from
// inside a callback of its own (a header provider, a transport's sink) they do nothing. In a child
// of fork() they do nothing either: the spans, and the connections, are the parent's.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct export_status {
  bool held = false;          ///< refused: nothing is sent before retry_held()
  std::uint32_t pending = 0;  ///< spans in the current batch
  exporter::counters counts;
  std::string last_error;  ///< one line, without keys; empty when nothing went wrong yet
  exporter::reply last_reply;
};

class span_exporter {
 public:
  /// Takes all memory that it will use. `from` outlives the exporter. Fails with invalid_argument.
  static result<std::unique_ptr<span_exporter>> make(tracer& from, http::any_transport transport,
                                                     destination to);

  /// Shuts down without waiting, if that has not happened; then waits until the transport has let
  /// go of a request that is under way (100 ms for one that keeps its promise).
  ~span_exporter();
  span_exporter(const span_exporter&) = delete;
  span_exporter& operator=(const span_exporter&) = delete;

  /// Does what there is to do, in at most `budget_ns` and the time of encoding one span; never
  /// waits. True when there were more spans than time.
  bool pump(std::int64_t budget_ns = 200'000);

  /// Sends what had ended before the call and waits for the answers, at most `timeout_ms`. True
  /// when each of those spans has reached its end; false when time ran out, or when waiting would
  /// not help (refused, or told to come back later than that).
  bool flush(std::int64_t timeout_ms);

  /// flush(), but what could not be sent in time is cancelled and dropped, and so is all that comes
  /// later. The first call counts. True when nothing had to be dropped for want of time.
  bool shutdown(std::int64_t timeout_ms);

  /// Call it when keys or settings have changed after a refusal.
  void retry_held() noexcept;

  export_status status() const;

 private:
  friend class flush_thread;

  /// How a thread of its own posts: it may wait for the answer.
  using perform_function =
      function_ref<void(http::any_transport&, const http::request&, http::response_sink&)>;

  struct progress {
    std::uint32_t taken = 0;
    bool more = false;         // the deadline came first
    std::int64_t next_ms = 0;  // when the exporter has something to do by itself
  };

  struct memory_deleter {
    host from;
    std::size_t size = 0;
    void operator()(char* memory) const noexcept { from.give_back(memory, size, page_bytes); }
  };
  using batch_memory = std::unique_ptr<char, memory_deleter>;

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

  span_exporter(tracer& from, http::any_transport transport, const destination& to,
                batch_memory memory, random_state random);

  bool usable() const noexcept { return !busy_ && !closed_ && !in_child(); }
  bool in_child() const noexcept { return process_id() != process_; }
  std::int64_t now_ns() const noexcept { return tracer_.host().steady_ns(); }
  std::int64_t now_ms() const noexcept { return now_ns() / 1'000'000; }

  progress round(std::int64_t deadline_ns, perform_function* perform);
  void collect(std::int64_t deadline_ns, progress& so_far);
  void post(perform_function* perform, progress& so_far);
  void settle();
  void account(const exporter::outcome& ends) noexcept;
  void begin_flush() noexcept;
  bool flushed() noexcept;
  bool flush_until(std::int64_t deadline_ns);
  void wait(std::int64_t until_ns);
  void close(std::int64_t deadline_ns);

  tracer& tracer_;
  batch_memory memory_;
  exporter exporter_;
  detail::delivery delivery_;
  http::exchange_id exchange_ = 0;
  orcast::detail::block_index pending_ = orcast::detail::no_block;  // taken, but not encoded yet
  bool busy_ = false;
  bool closed_ = false;

  // A flush is over when the queues have passed where they were at its beginning, and the batch
  // that was current then is done with.
  std::array<std::size_t, 64> mark_{};
  std::uint64_t last_batch_ = 0;
  bool flushing_ = false;
  bool passed_ = false;

  const long process_ = process_id();
  http::exchange_control pause_;  // nobody resumes it: it serves to wait a little
  // The last member: its destructor waits for the exchange that uses the others.
  std::unique_ptr<http::any_transport> transport_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/span_exporter.ipp"
#endif
