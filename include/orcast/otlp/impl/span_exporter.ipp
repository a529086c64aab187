// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include "orcast/http/url.hpp"
#include "orcast/otlp/span_exporter.hpp"

// The bodies of span_exporter.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr std::int64_t ns_per_ms = 1'000'000;

/// How long one wait may last, and how late a deadline may be noticed.
inline constexpr std::int64_t slice_ms = 10;

/// What shutdown() keeps back for cancelling: a transport promises to need no more.
inline constexpr std::int64_t cancel_ms = 100;

inline result<void> check_destination(const destination& to) {
  auto parsed = http::url::parse(to.url, to.allow_insecure_http);
  if (!parsed) return parsed.error();
  if (to.batch_bytes < 4096 || to.batch_bytes > std::size_t{64} << 20) {
    return failure(errc::invalid_argument, "destination.batch_bytes must be from 4 KiB to 64 MiB");
  }
  if (to.exporting.batch_spans == 0) {
    return failure(errc::invalid_argument, "destination.exporting.batch_spans must not be 0");
  }
  if (to.timeout_ms <= 0) {
    return failure(errc::invalid_argument, "destination.timeout_ms must be more than 0");
  }
  return {};
}

}  // namespace detail

ORCAST_DECL result<std::unique_ptr<span_exporter>> span_exporter::make(
    tracer& from, http::any_transport transport, destination to) {
  if (!transport) return failure(errc::invalid_argument, "an exporter needs a transport");
  const result<void> valid = detail::check_destination(to);
  if (!valid) return valid.error();
  const orcast::host& host = from.host();
  batch_memory memory(static_cast<char*>(host.take(to.batch_bytes, page_bytes)),
                      memory_deleter{host, to.batch_bytes});
  if (memory == nullptr) {
    return failure(errc::invalid_argument, "the host has no memory of destination.batch_bytes");
  }
  std::memset(memory.get(), 0, to.batch_bytes);  // the first touch of a page costs: now
  random_state random;
  random.seed(host);
  std::unique_ptr<span_exporter> made(
      new span_exporter(from, std::move(transport), to, std::move(memory), random));
  if (made->exporter_.envelope_bytes() + 1024 > to.batch_bytes) {
    return failure(errc::invalid_argument,
                   "destination.batch_bytes has no room for the resource and a span");
  }
  return made;
}

ORCAST_DECL span_exporter::span_exporter(tracer& from, http::any_transport transport,
                                         const destination& to, batch_memory memory,
                                         random_state random)
    : tracer_(from),
      memory_(std::move(memory)),
      exporter_(to.exporting, to.encoding, memory_.get(), to.batch_bytes, random),
      delivery_(to, from.host()),
      transport_(std::make_unique<http::any_transport>(std::move(transport))) {}

ORCAST_DECL span_exporter::~span_exporter() {
  if (in_child()) {
    // The threads that could end an exchange are not here, and its socket is not ours.
    static_cast<void>(transport_.release());
  } else if (!closed_) {
    close(now_ns());
  }
}

ORCAST_DECL bool span_exporter::pump(std::int64_t budget_ns) {
  if (!usable()) return false;
  const call_scope scope(busy_);
  const std::int64_t deadline_ns = now_ns() + budget_ns;
  transport_->poll(0);
  return round(deadline_ns, nullptr).more;
}

ORCAST_DECL bool span_exporter::flush(std::int64_t timeout_ms) {
  if (!usable()) return closed_;
  const call_scope scope(busy_);
  return flush_until(now_ns() + timeout_ms * detail::ns_per_ms);
}

ORCAST_DECL bool span_exporter::shutdown(std::int64_t timeout_ms) {
  if (!usable()) return closed_;
  const call_scope scope(busy_);
  const std::int64_t deadline_ns = now_ns() + timeout_ms * detail::ns_per_ms;
  const std::int64_t kept_back_ms = (std::min)(detail::cancel_ms, timeout_ms / 2);
  const bool all = flush_until(deadline_ns - kept_back_ms * detail::ns_per_ms);
  close(deadline_ns);
  return all;
}

ORCAST_DECL void span_exporter::retry_held() noexcept { exporter_.retry_held(); }

ORCAST_DECL export_status span_exporter::status() const {
  export_status now;
  now.held = exporter_.held();
  now.pending = closed_ ? 0 : exporter_.pending();
  now.counts = exporter_.counts();
  now.last_error = exporter_.last_error();
  now.last_reply = exporter_.last_reply();
  return now;
}

/// One turn of the wheel: the answer that has come, the spans that are ready, the post that is due.
ORCAST_DECL span_exporter::progress span_exporter::round(std::int64_t deadline_ns,
                                                         perform_function* perform) {
  progress so_far;
  settle();
  collect(deadline_ns, so_far);
  if (flushing_ && passed_ && exporter_.batch() == last_batch_) exporter_.hurry();
  post(perform, so_far);
  return so_far;
}

ORCAST_DECL void span_exporter::settle() {
  if (!exporter_.in_flight() || !delivery_.over()) return;
  exchange_ = 0;
  account(delivery_.conclude(exporter_, now_ms()));
}

ORCAST_DECL void span_exporter::account(const exporter::outcome& ends) noexcept {
  if (ends.exported != 0) tracer_.exported(ends.exported);
  if (ends.dropped != 0) tracer_.dropped(ends.reason, ends.dropped);
}

ORCAST_DECL void span_exporter::collect(std::int64_t deadline_ns, progress& so_far) {
  while (exporter_.accepts()) {
    if (pending_ == orcast::detail::no_block) pending_ = tracer_.take();
    if (pending_ == orcast::detail::no_block) break;
    const std::int64_t now = now_ns();
    const auto offered = exporter_.offer(tracer_.ring(), pending_, now / detail::ns_per_ms);
    if (offered == exporter::offer_result::not_now) break;
    tracer_.give_back(pending_);
    pending_ = orcast::detail::no_block;
    ++so_far.taken;
    if (offered == exporter::offer_result::too_large) tracer_.dropped(drop_reason::too_large);
    if (now_ns() >= deadline_ns) {
      so_far.more = true;
      break;
    }
  }
  if (!flushing_ || passed_ || pending_ != orcast::detail::no_block) return;
  for (std::uint32_t i = 0; i < tracer_.ring().lane_count(); ++i) {
    const std::size_t head = tracer_.ring().lane_at(i).head.load(std::memory_order_acquire);
    if (static_cast<std::ptrdiff_t>(head - mark_[i]) < 0) return;
  }
  passed_ = true;
  last_batch_ = exporter_.pending() == 0 ? 0 : exporter_.batch();
}

ORCAST_DECL void span_exporter::post(perform_function* perform, progress& so_far) {
  const exporter::step step = exporter_.next(now_ms());
  so_far.next_ms = step.until_ms;
  if (!step.post) return;
  delivery_.prepare(step.body);
  if (perform == nullptr) {
    exchange_ = transport_->start(delivery_.request(), delivery_.sink());
    return;
  }
  (*perform)(*transport_, delivery_.request(), delivery_.sink());
  settle();
  so_far.next_ms = 0;
}

ORCAST_DECL void span_exporter::begin_flush() noexcept {
  flushing_ = true;
  passed_ = false;
  for (std::uint32_t i = 0; i < tracer_.ring().lane_count(); ++i) {
    // Acquire: pairs with publish(), so that spans which ended before this call are seen.
    mark_[i] = tracer_.ring().lane_at(i).tail.load(std::memory_order_acquire);
  }
}

ORCAST_DECL bool span_exporter::flushed() noexcept {
  if (!passed_ || last_batch_ == exporter_.batch()) return false;
  flushing_ = false;
  return true;
}

ORCAST_DECL bool span_exporter::flush_until(std::int64_t deadline_ns) {
  begin_flush();
  for (;;) {
    const std::int64_t now = now_ns();
    if (now >= deadline_ns) break;
    transport_->poll(0);
    const progress so_far = round(deadline_ns, nullptr);
    if (flushed()) return true;
    if (exporter_.held()) break;
    if (!exporter_.in_flight() && so_far.next_ms > deadline_ns / detail::ns_per_ms) break;
    if (exporter_.in_flight() || so_far.taken == 0) wait(deadline_ns);
  }
  flushing_ = false;
  return false;
}

/// Waits a little for the network, or where nothing is under way for the time to pass.
ORCAST_DECL void span_exporter::wait(std::int64_t until_ns) {
  const std::int64_t left_ms = (until_ns - now_ns()) / detail::ns_per_ms;
  const std::int64_t wait_ms = (std::max)((std::min)(left_ms, detail::slice_ms), std::int64_t{0});
  if (exporter_.in_flight()) {
    transport_->poll(wait_ms);
  } else {
    pause_.wait_for_resume(std::chrono::milliseconds(wait_ms));
  }
}

/// Cancels, waits for that until the deadline, and drops all that is left. A request that is still
/// under way then keeps its memory: nothing touches the batch any more.
ORCAST_DECL void span_exporter::close(std::int64_t deadline_ns) {
  if (exporter_.in_flight() && exchange_ != 0) transport_->cancel(exchange_);
  transport_->poll(0);
  while (exporter_.in_flight() && !delivery_.over() && now_ns() < deadline_ns) wait(deadline_ns);
  settle();
  closed_ = true;
  tracer_.dropped(drop_reason::shut_down, exporter_.pending());
  if (pending_ == orcast::detail::no_block) pending_ = tracer_.take();
  while (pending_ != orcast::detail::no_block) {
    tracer_.give_back(pending_);
    tracer_.dropped(drop_reason::shut_down);
    pending_ = tracer_.take();
  }
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
