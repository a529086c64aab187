// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/config.hpp"

#if !defined(ORCAST_NO_THREADS)

#include <cstddef>
#include <cstdint>
#include <memory>

#include "orcast/core/result.hpp"
#include "orcast/otlp/span_exporter.hpp"

// Runs a span_exporter on a thread of its own. Threads that record never wake it: it looks for
// spans by itself, often while there are some and rarely while there are none; flush() and
// shutdown() do wake it. A blocking transport is used on this thread directly.
//
// In a child of fork() the thread does not exist; there everything returns at once, and what the
// object owns is left alone.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct flush_thread_options {
  std::int64_t busy_ms = 10;    ///< between two looks while spans come
  std::int64_t idle_ms = 1000;  ///< at most, after a while without any
  std::size_t stack_bytes = 0;  ///< of the thread, where the system lets one choose; 0: its default
};

class flush_thread {
 public:
  /// The exporter becomes the thread's; no one else may call it then. On failure
  /// (errc::unsupported: the system has no thread to give) it stays with the caller, who can pump
  /// it.
  static result<flush_thread> start(std::unique_ptr<span_exporter>&& exporter,
                                    flush_thread_options options = {});

  flush_thread(flush_thread&&) = default;
  flush_thread& operator=(flush_thread&&) = default;
  /// Shuts down without waiting for answers, then waits for the thread (and so for the transport to
  /// let go of a request, see any_transport).
  ~flush_thread() = default;

  // Any thread but not from inside a callback of the exporter's, where they return false at once.

  /// As span_exporter::flush(); returns by its deadline.
  bool flush(std::int64_t timeout_ms);
  /// As span_exporter::shutdown(), where what ends later is dropped by the next call of this or
  /// flush(), or by the destructor; returns by its deadline. False also when the thread was stuck
  /// in a transport that did not heed the cancel; the destructor then waits for it.
  bool shutdown(std::int64_t timeout_ms);

  /// Any thread: keys or settings have changed.
  void retry_held();

  /// Any thread: consent has been withdrawn from the tracer. What is held is dropped now rather
  /// than at the thread's next look, and what is being sent is cancelled.
  void follow_consent();
  /// Any thread: as span_exporter::replace() and retire(), at the thread's next look; "before" is
  /// before this call. While too many earlier settings are in use it waits for them.
  void replace(std::size_t number, destination to);
  void retire(std::size_t number);

  /// Any thread: as span_exporter::uses(), also by a replace() that is not carried out yet.
  bool uses(const void* headers_context) const;

  /// Any thread. At most one look old.
  export_status status() const;
  export_status status(std::size_t number) const;

 private:
  class loop;
  struct loop_deleter {
    void operator()(loop* running) const noexcept;
  };
  explicit flush_thread(loop* running) : loop_(running) {}

  std::unique_ptr<loop, loop_deleter> loop_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/flush_thread.ipp"
#endif

#endif  // ORCAST_NO_THREADS
