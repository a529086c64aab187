// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <new>

#include "orcast/broadcast/broadcast.hpp"
#include "orcast/broadcast/impl/destination_for.hpp"
#include "orcast/otlp/flush_thread.hpp"

namespace orcast {
inline namespace v0 {

ORCAST_DECL result<std::unique_ptr<broadcast>> broadcast::start(broadcast_options options,
                                                                http::any_transport transport) {
  std::unique_ptr<broadcast> made(new (std::nothrow) broadcast(std::move(options.settings)));
  if (made == nullptr) return failure(errc::io, "out of memory");
  const broadcast_settings& settings = made->settings_;
  if (!settings.enabled) return made;

  const result<void> checked = validate(settings);
  if (!checked) return checked.error();
  if (!transport) return failure(errc::invalid_argument, "broadcast needs a transport");
  if (options.memory_bytes < 64 * 1024 || options.memory_bytes > std::size_t{64} << 20) {
    return failure(errc::invalid_argument, "memory_bytes must be from 64 KiB to 64 MiB");
  }

  // An eighth of the memory holds the body in flight, the rest spans.
  const std::size_t batch_bytes =
      (std::min)(options.memory_bytes / 8, std::size_t{512} << 10) / page_bytes * page_bytes;
  tracer_options tracing;
  tracing.memory_bytes = options.memory_bytes - batch_bytes;
  tracing.full = options.full;
  tracing.max_value_bytes = options.max_value_bytes;
  tracing.max_span_bytes = options.max_span_bytes;
  tracing.sampling_ratio = settings.sampling_rate;
  tracing.wipe = options.wipe;
  tracing.host = options.host;
  result<std::unique_ptr<tracer>> traces = tracer::make(tracing);
  if (!traces) return traces.error();
  made->traces_ = std::move(*traces);

  otlp::destination to = detail::destination_for(settings);
  to.exporting = options.exporting;
  to.batch_bytes = batch_bytes;
  to.timeout_ms = options.timeout_ms;
  auto exporter = otlp::span_exporter::make(*made->traces_, std::move(transport), std::move(to));
  if (!exporter) return exporter.error();
  made->exporter_ = std::move(*exporter);

  if (options.own_thread) {
#if defined(ORCAST_NO_THREADS)
    return failure(errc::unsupported,
                   "this build has no threads: set own_thread to false and call pump()");
#else
    auto thread = otlp::flush_thread::start(std::move(made->exporter_));
    if (!thread) return thread.error();
    made->thread_.reset(new otlp::flush_thread(std::move(*thread)));
#endif
  }
  return made;
}

ORCAST_DECL broadcast::~broadcast() { shutdown(2'000); }

ORCAST_DECL void broadcast::thread_deleter::operator()(otlp::flush_thread* thread) const noexcept {
#if defined(ORCAST_NO_THREADS)
  static_cast<void>(thread);
#else
  delete thread;
#endif
}

ORCAST_DECL void broadcast::enable(bool on) noexcept {
  if (traces_ != nullptr) traces_->enable(on);
}

// Either the thread has the exporter, or the host pumps it, or there is none.

ORCAST_DECL bool broadcast::pump(std::int64_t budget_ns) {
  return exporter_ != nullptr && exporter_->pump(budget_ns);
}

ORCAST_DECL bool broadcast::flush(std::int64_t timeout_ms) {
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->flush(timeout_ms);
#endif
  return exporter_ == nullptr || exporter_->flush(timeout_ms);
}

ORCAST_DECL bool broadcast::shutdown(std::int64_t timeout_ms) {
  enable(false);  // nobody would take what is recorded from now on
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->shutdown(timeout_ms);
#endif
  return exporter_ == nullptr || exporter_->shutdown(timeout_ms);
}

ORCAST_DECL trace_stats broadcast::stats() const noexcept {
  return traces_ != nullptr ? traces_->stats() : trace_stats();
}

ORCAST_DECL otlp::export_status broadcast::status() const {
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->status();
#endif
  return exporter_ != nullptr ? exporter_->status() : otlp::export_status();
}

}  // namespace v0
}  // namespace orcast
