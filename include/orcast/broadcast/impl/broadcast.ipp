// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "orcast/broadcast/broadcast.hpp"
#include "orcast/broadcast/content_keys.hpp"
#include "orcast/broadcast/impl/destination_for.hpp"
#include "orcast/broadcast/impl/recording_wishes.hpp"
#include "orcast/otlp/flush_thread.hpp"
#include "orcast/trace/make_tracer.hpp"

namespace orcast {
inline namespace v0 {

namespace detail {

/// A complaint, with the destination's name where there may be several.
inline std::string named(const broadcast_settings& settings, const std::string& complaint) {
  return settings.name == broadcast_settings().name ? complaint : settings.name + ": " + complaint;
}

}  // namespace detail

ORCAST_DECL result<std::unique_ptr<broadcast>> broadcast::start(broadcast_options options,
                                                                http::any_transport transport) {
  std::unique_ptr<broadcast> made(new (std::nothrow) broadcast(std::move(options.settings)));
  if (made == nullptr) return failure(errc::io, "out of memory");
  const result<void> adopted = made->adopt(options);
  if (!adopted) return adopted.error();
  if (made->current_.empty()) return made;
  if (!transport) return failure(errc::invalid_argument, "broadcast needs a transport");
#if defined(ORCAST_NO_THREADS)
  if (transport.tier() == http::tier::blocking) {
    return failure(
        errc::unsupported,
        "this build has no threads, on which a transport could block: give the broadcast "
        "one that is polled or asynchronous");
  }
#endif

  tracer_options tracing;
  tracing.memory_bytes = options.memory_bytes - made->current_.size() * made->batch_bytes_;
  tracing.full = options.full;
  tracing.max_value_bytes = options.max_value_bytes;
  tracing.max_span_bytes = options.max_span_bytes;
  tracing.wipe = options.wipe;
  tracing.consent = options.consent;
  tracing.host = options.host;
  result<std::unique_ptr<tracer>> traces = make_tracer(tracing);
  if (!traces) return traces.error();
  made->traces_ = std::move(*traces);
  made->share_out();

  std::vector<otlp::destination> to;
  for (const auto& each : made->current_) to.push_back(made->destination_for(*each));
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

/// Checks all settings and keeps those of the destinations that are enabled.
ORCAST_DECL result<void> broadcast::adopt(broadcast_options& options) {
  const auto refuse = [](std::string what) {
    return failure(errc::invalid_argument, std::move(what));
  };
  if (options.also.size() >= otlp::span_exporter::most_destinations) {
    return refuse("a broadcast has at most 8 destinations");
  }
  const auto add = [&](broadcast_settings settings) -> result<void> {
    if (!settings.enabled) return {};
    result<void> checked = validate(settings);
    if (!checked) return refuse(detail::named(settings, checked.error().message));
    if (find(settings.name) != none) {
      return refuse("two destinations are called \"" + settings.name + "\": Name tells them apart");
    }
    const char* const unmet = detail::unmet_wish(settings_, settings);
    if (unmet != nullptr) {
      return refuse(settings.name + ": " + unmet +
                    " is the first destination's to set: what is recorded goes to all of them");
    }
    if (!settings.privacy_mode) in_full_ = true;
    current_.push_back(std::make_unique<const broadcast_settings>(std::move(settings)));
    return {};
  };
  result<void> added = add(settings_.clone());
  for (broadcast_settings& each : options.also) {
    if (added) added = add(std::move(each));
  }
  if (!added || current_.empty()) return added;

  if (options.memory_bytes < 64 * 1024 || options.memory_bytes > std::size_t{64} << 20) {
    return refuse("memory_bytes must be from 64 KiB to 64 MiB");
  }
  // An eighth of the memory holds the body in flight, or a quarter those of several; the rest
  // spans.
  const std::size_t share =
      current_.size() == 1 ? options.memory_bytes / 8 : options.memory_bytes / 4 / current_.size();
  batch_bytes_ = (std::min)(share, std::size_t{512} << 10) / page_bytes * page_bytes;
  if (batch_bytes_ == 0) return refuse("memory_bytes is not enough for that many destinations");
  exporting_ = options.exporting;
  timeout_ms_ = options.timeout_ms;
  return {};
}

ORCAST_DECL otlp::destination broadcast::destination_for(const broadcast_settings& settings) const {
  otlp::destination to = detail::destination_for(settings);
  to.exporting = exporting_;
  to.batch_bytes = batch_bytes_;
  to.timeout_ms = timeout_ms_;
  if (settings.privacy_mode) {
    // Without content in the ring, parameters and errors have been cleaned when they were recorded.
    to.leaves_out_words = in_full_;
    to.leaves_out = in_full_ ? is_or_quotes_content : is_content;
  }
  return to;
}

ORCAST_DECL std::size_t broadcast::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < current_.size(); ++i) {
    if (current_[i]->name == name) return i;
  }
  return none;
}

ORCAST_DECL result<void> broadcast::change(broadcast_settings settings) {
  if (traces_ == nullptr) {
    return failure(
        errc::invalid_argument,
        "a broadcast that was started without a destination has no memory: start another");
  }
  if (settings.enabled) {
    const result<void> checked = validate(settings);
    if (!checked) return checked;
    const char* const unmet = detail::unmet_wish(settings_, settings);
    if (unmet != nullptr) {
      return failure(errc::invalid_argument,
                     std::string(unmet) +
                         " says what is recorded: set it when the broadcast starts. privacy_mode, "
                         "which keeps all content from a destination, can be changed");
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t number = find(settings.name);
  if (number == none && !settings.enabled) return {};
  if (number == none) number = current_.size();
  if (number == otlp::span_exporter::most_destinations) {
    return failure(errc::invalid_argument, "a broadcast has at most 8 destinations");
  }
  let_go();
  auto fresh = std::make_unique<const broadcast_settings>(std::move(settings));
  const bool was_in_full = in_full_;
  if (fresh->enabled && !fresh->privacy_mode) in_full_ = true;

  const auto apply = [this](std::size_t at, const broadcast_settings& by) -> result<void> {
#if !defined(ORCAST_NO_THREADS)
    if (thread_ != nullptr) {
      by.enabled ? thread_->replace(at, destination_for(by)) : thread_->retire(at);
      return {};
    }
#endif
    if (by.enabled) return exporter_->replace(at, destination_for(by));
    exporter_->retire(at);
    return {};
  };
  // Those who are kept from quotes already stay so: it takes nothing from them but what quotes.
  const auto undone = [this, was_in_full](result<void> why) {
    in_full_ = was_in_full;
    return why;
  };
  if (in_full_ != was_in_full) {
    // From now on content is in the ring: who gets none must be kept from its quotes as well.
    for (std::size_t i = 0; i < current_.size(); ++i) {
      if (i == number || !current_[i]->enabled || !current_[i]->privacy_mode) continue;
      result<void> kept_from = apply(i, *current_[i]);
      if (!kept_from) return undone(std::move(kept_from));
    }
  }
  result<void> applied = apply(number, *fresh);
  if (!applied) return undone(std::move(applied));
  if (number == current_.size()) {
    current_.push_back(std::move(fresh));
  } else {
    earlier_.push_back(std::exchange(current_[number], std::move(fresh)));
  }
  share_out();
  return {};
}

/// Forgets earlier settings by which nothing is sent any more, their keys with them. Under the
/// lock, or on the thread that pumps.
ORCAST_DECL void broadcast::let_go() noexcept {
  const auto unused = [this](const std::unique_ptr<const broadcast_settings>& each) {
#if !defined(ORCAST_NO_THREADS)
    if (thread_ != nullptr) return !thread_->uses(each.get());
#endif
    return !exporter_->uses(each.get());
  };
  earlier_.erase(std::remove_if(earlier_.begin(), earlier_.end(), unused), earlier_.end());
}

/// Tells the tracer what each destination wants.
ORCAST_DECL void broadcast::share_out() noexcept {
  double ratios[otlp::span_exporter::most_destinations] = {};
  for (std::size_t i = 0; i < current_.size(); ++i) {
    ratios[i] = current_[i]->enabled ? current_[i]->sampling_rate : 0.0;
  }
  traces_->share(ratios, current_.size());
}

ORCAST_DECL std::uint8_t broadcast::left_out_by_label(std::string_view label) const noexcept {
  const auto has = [label](const std::vector<std::string>& labels) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  const std::lock_guard<std::mutex> lock(mutex_);
  unsigned mask = 0;
  for (std::size_t i = 0; i < current_.size(); ++i) {
    const broadcast_settings& each = *current_[i];
    const bool wanted = each.only_api_keys.empty() || has(each.only_api_keys);
    if (!wanted || has(each.except_api_keys)) mask |= 1u << i;
  }
  return static_cast<std::uint8_t>(mask);
}

ORCAST_DECL void broadcast::retry() {
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->retry_held();
#endif
  if (exporter_ != nullptr) exporter_->retry_held();
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

ORCAST_DECL void broadcast::consent(bool given) noexcept {
  if (traces_ == nullptr || !traces_->consent(given)) return;
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr && !given) thread_->follow_consent();
#endif
}

// Either the thread has the exporter, or the host pumps it, or there is none.

ORCAST_DECL bool broadcast::pump(std::int64_t budget_ns) {
  if (exporter_ == nullptr) return false;
  const bool more = exporter_->pump(budget_ns);
  if (!earlier_.empty()) let_go();
  return more;
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

ORCAST_DECL otlp::export_status broadcast::status(std::string_view destination) const {
  std::size_t number = none;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    number = find(destination);
  }
  if (number == none) return {};
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->status(number);
#endif
  return exporter_ != nullptr ? exporter_->status(number) : otlp::export_status();
}

ORCAST_DECL std::vector<std::string> broadcast::destinations() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> names;
  for (const auto& each : current_) names.push_back(each->name);
  return names;
}

}  // namespace v0
}  // namespace orcast
