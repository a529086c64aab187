// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <new>

#include "orcast/http/url.hpp"
#include "orcast/otlp/route.hpp"
#include "orcast/otlp/unique_keys.hpp"
#include "orcast/trace/span_reader.hpp"

// The bodies of route.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// What is wrong with the settings, or null.
ORCAST_SMALL inline const char* flaw_of(const destination& to) noexcept {
  const char* const flaw = http::url::flaw_in(to.url, to.allow_insecure_http);
  if (flaw != nullptr) return flaw;
  if (to.batch_bytes < 4096 || to.batch_bytes > std::size_t{64} << 20) {
    return "destination.batch_bytes must be from 4 KiB to 64 MiB";
  }
  if (to.exporting.batch_spans == 0 ||
      to.exporting.batch_spans > exporter_options::most_batch_spans) {
    return "destination.exporting.batch_spans must be from 1 to 1000000";
  }
  if (to.timeout_ms <= 0) return "destination.timeout_ms must be more than 0";
  return nullptr;
}

ORCAST_SMALL ORCAST_DECL result<std::unique_ptr<route>> route::make(tracer& from,
                                                                    const destination& to,
                                                                    shared_ends& ends) noexcept {
  const auto refuse = [](std::string_view why) -> result<std::unique_ptr<route>> {
    return failure(errc::invalid_argument, why);
  };
  const char* const flaw = flaw_of(to);
  if (flaw != nullptr) return refuse(flaw);
  const orcast::host& host = from.host();
  const std::size_t size = to.batch_bytes;
  auto* const memory = static_cast<char*>(host.take(size, page_bytes));
  if (memory == nullptr) return refuse("the host has no memory of destination.batch_bytes");
  std::memset(memory, 0, size);  // the first touch of a page costs: now
  random_state random;
  random.seed(host);
  std::unique_ptr<route> made(new route(to, host, memory, random, ends));
  if (made->exporter_.envelope_bytes() + 1024 > size) {
    return refuse("destination.batch_bytes has no room for the resource and a span");
  }
  return made;
}

ORCAST_SMALL ORCAST_DECL route::route(const destination& to, const host& from, char* memory,
                                      random_state random, shared_ends& ends) noexcept
    : ends_(ends),
      host_(from),
      memory_(memory),
      memory_bytes_(to.batch_bytes),
      exporter_(to.exporting, to.encoding, memory, to.batch_bytes, random),
      delivery_(new delivery(to, from)),
      leaves_out_(to.leaves_out),
      leaves_out_words_(to.leaves_out_words),
      batch_spans_(to.exporting.batch_spans),
      tickets_(batch_spans_) {}

ORCAST_SMALL ORCAST_DECL route::~route() { host_.give_back(memory_, memory_bytes_, page_bytes); }

ORCAST_DECL exporter::offer_result route::offer(const orcast::detail::span_ring& ring,
                                                orcast::detail::block_index span,
                                                shared_ends::ticket of,
                                                std::int64_t now_ms) noexcept {
  if (leaves_out_ != nullptr) mark_content(ring, span, true);
  const exporter::offer_result offered = exporter_.offer(ring, span, now_ms);
  if (leaves_out_ != nullptr) mark_content(ring, span, false);
  if (offered == exporter::offer_result::taken) tickets_.push_back(of);
  return offered;
}

/// A record that is marked dead is not encoded. To take the mark back from a record that had it for
/// another reason does no harm: encoders find out anew which records are replaced by later ones.
ORCAST_SMALL ORCAST_DECL void route::mark_content(const orcast::detail::span_ring& ring,
                                                  orcast::detail::block_index span,
                                                  bool hidden) const noexcept {
  using orcast::detail::record;
  span_reader reader(ring, span);
  key_room room;
  for (record_view r; reader.next(r);) {
    const bool content =
        r.has(record::element)
            ? leaves_out_words_ && r.type() == orcast::detail::record_status_message
            : leaves_out_(key_name(*r.raw, room));
    if (content) r.raw->bits = hidden ? r.raw->bits | record::dead : r.raw->bits & ~record::dead;
  }
}

ORCAST_SMALL ORCAST_DECL void route::settle(std::int64_t now_ms) noexcept {
  if (!exporter_.in_flight() || !delivery_->over()) return;
  exchange = 0;
  const bool withdrawn = exporter_.gave_up();
  const exporter::outcome ends = delivery_->conclude(exporter_, now_ms);
  exported_ += ends.exported;
  dropped_[static_cast<std::size_t>(ends.reason)] += ends.dropped;
  ends_.exported(tickets_.begin() + settled_, ends.exported);
  settled_ += ends.exported;
  for (std::uint32_t i = 0; i < ends.dropped; ++i) ends_.dropped(tickets_[settled_++], ends.reason);
  if (withdrawn) {  // also what was not in the post
    abandon(drop_reason::withdrawn);
    delivery_->forget_body();
  }
  if (settled_ == tickets_.size()) {
    tickets_.clear();
    settled_ = 0;
  }
}

ORCAST_SMALL ORCAST_DECL bool route::withdraw() noexcept {
  exporter_.give_up();
  if (exporter_.in_flight()) return true;
  abandon(drop_reason::withdrawn);
  delivery_->forget_body();
  return false;
}

ORCAST_SMALL ORCAST_DECL void route::abandon(drop_reason why) noexcept {
  while (settled_ != tickets_.size()) drop(tickets_[settled_++], why);
  tickets_.clear();
  settled_ = 0;
}

ORCAST_SMALL ORCAST_DECL void route::add_to(export_status& sum) const {
  sum.held = sum.held || exporter_.held();
  sum.pending += static_cast<std::uint32_t>(pending());
  sum.exported += exported_;
  for (std::size_t i = 0; i < drop_reasons; ++i) sum.dropped[i] += dropped_[i];
  const exporter::counters& counts = exporter_.counts();
  sum.counts.requests += counts.requests;
  sum.counts.retries += counts.retries;
  sum.counts.problems += counts.problems;
  if (counts.problems != 0) sum.last_error = exporter_.last_error();
  if (counts.requests != 0) sum.last_reply = exporter_.last_reply();
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
