// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/broadcast/settings.hpp"
#include "orcast/core/host.hpp"
#include "orcast/core/result.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/otlp/span_exporter.hpp"
#include "orcast/trace/tracer.hpp"

// The one object that a program makes to have its OpenRouter calls in Arize: it owns the tracer,
// the exporter and, unless the host drives it, the flush thread. What records gets a `recording`
// from it: the client in its options, a foreign client through instrument(transport, recording).
//
//   auto made = broadcast::start({broadcast_settings::from_environment()}, transport);
//   options.record = (*made)->recording();

namespace orcast {
inline namespace v0 {

namespace otlp {
class flush_thread;
}

struct broadcast_options {
  /// Of the first destination. What is recorded at all goes by these: hide, redact, filter, users,
  /// user_key, vectors, companions, server.
  broadcast_settings settings{};
  /// Of further destinations, seven at most, each with a name of its own. Each has its own privacy
  /// mode, headers, batches and accounts; a span is recorded once, so the fields above are as in
  /// `settings` or at their defaults.
  std::vector<broadcast_settings> also{};
  /// For spans and the bodies of requests, in bytes; 64 KiB to 64 MiB. Tables and buffers take some
  /// 40 KB and 2 % besides.
  std::size_t memory_bytes = std::size_t{4} << 20;
  /// False: the host calls pump() each frame; there is no thread then.
  bool own_thread = true;
  when_full full = when_full::drop_newest;
  std::uint32_t max_value_bytes = 64 * 1024;
  std::uint32_t max_span_bytes = 256 * 1024;
  bool wipe = false;  ///< overwrite text in memory once it has been sent
  /// False: whoever plays has not agreed (yet), so nothing is recorded before consent(true).
  bool consent = true;
  otlp::exporter_options exporting{};
  std::int64_t timeout_ms = 10'000;  ///< of one export
  orcast::host host{};
};

class broadcast {
 public:
  /// Checks the settings, takes the memory, starts the thread. Settings that are not enabled give a
  /// broadcast that records nothing and needs no transport. Fails with invalid_argument, naming the
  /// field; or with unsupported, when the thread can't be started.
  static ORCAST_DECL result<std::unique_ptr<broadcast>> start(broadcast_options options,
                                                              http::any_transport transport);

  /// Shuts down within two seconds, if shutdown() was not called. What records with this broadcast
  /// has gone before it.
  ORCAST_DECL ~broadcast();
  broadcast(const broadcast&) = delete;
  broadcast& operator=(const broadcast&) = delete;

  /// For client_options.record and instrument(). Any thread. When every destination is in privacy
  /// mode, what it records has no content.
  /// `api_key_label` is the program's own name for the OpenRouter key in use: destinations may be
  /// set to want the calls under some keys only. Labels are compared when this is called.
  orcast::recording recording(std::string_view api_key_label = {}) const noexcept;

  /// For spans of the host's own; null when not enabled. Any thread.
  tracer* traces() const noexcept { return traces_.get(); }

  /// Any thread: which frame the game is in, so that spans say in which one they began, spoke first
  /// and ended. Once per frame; 0 stops it.
  void frame(std::uint32_t number) noexcept { frames_.set(number); }

  /// Any thread: stops and resumes recording; what is held is still exported.
  ORCAST_DECL void enable(bool on) noexcept;

  /// Any thread; never waits: whether whoever plays agrees to being recorded. Without consent
  /// nothing is. To withdraw it clears everything that is held (spans that are open, that have
  /// ended, that are in a batch), counted as drop_reason::withdrawn; a request under way is
  /// cancelled. The flush thread does so at once, else the next pump() does; flush() waits for it.
  /// When consent is given again, spans begin anew: none from before goes out.
  ORCAST_DECL void consent(bool given) noexcept;
  bool has_consent() const noexcept { return traces_ != nullptr && traces_->has_consent(); }

  /// Without own_thread: once per frame, always on the same thread. Never waits; takes at most
  /// about `budget_ns` and the encoding of one span, or the compressing of one batch. True when
  /// there was more to do.
  ORCAST_DECL bool pump(std::int64_t budget_ns = 200'000);

  /// Sends what has ended so far and waits at most `timeout_ms`; true when all of it has reached
  /// its end. With own_thread from any thread, else from the one that pumps.
  ORCAST_DECL bool flush(std::int64_t timeout_ms);

  /// The same and the end: what could not be sent is dropped and counted, and nothing is recorded
  /// any more. Returns by its deadline. The first call counts, later ones say what it said.
  ORCAST_DECL bool shutdown(std::int64_t timeout_ms);

  /// Other settings for the destination of that name, or one more; with enabled = false it gets
  /// nothing more. Any thread, or without own_thread the one that pumps. Spans that ended before
  /// still go out by the old settings, unless those are refused: what is held then goes out by
  /// the new ones. A recording that was handed out while no destination wanted content goes on
  /// without it. What is recorded stays as it was: a field about that is as it was at the start, or
  /// at its default. Fails with invalid_argument, naming the field, or with busy while spans are
  /// still being sent by too many earlier settings; nothing has changed then.
  ORCAST_DECL result<void> change(broadcast_settings settings);

  /// Sends again what a destination has refused, for example when Test Connection has passed since.
  /// Thread as for change().
  ORCAST_DECL void retry();

  /// Any thread: what became of the spans.
  ORCAST_DECL trace_stats stats() const noexcept;

  /// What the exporter ran into last. With own_thread from any thread, else from the one that
  /// pumps.
  ORCAST_DECL otlp::export_status status() const;
  /// Of the destination of that name alone.
  ORCAST_DECL otlp::export_status status(std::string_view destination) const;
  /// The names of all destinations that there are or were. Any thread.
  ORCAST_DECL std::vector<std::string> destinations() const;

 private:
  struct thread_deleter {
    void operator()(otlp::flush_thread* thread) const noexcept;
  };

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  explicit broadcast(broadcast_settings settings) : settings_(std::move(settings)) {}

  result<void> adopt(broadcast_options& options);
  otlp::destination destination_for(const broadcast_settings& settings) const;
  std::size_t find(std::string_view name) const noexcept;
  std::uint8_t left_out_by_label(std::string_view label) const noexcept;
  void share_out() noexcept;
  void let_go() noexcept;

  broadcast_settings settings_;  // what is recorded
  // What is sent, by the exporter's numbers. Old settings stay for what still goes out by them;
  // change() and pump() let go of the others.
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<const broadcast_settings>> current_;
  std::vector<std::unique_ptr<const broadcast_settings>> earlier_;
  /// Whether content is recorded: once it is, it may be in memory for as long as spans are.
  std::atomic<bool> in_full_{false};
  otlp::exporter_options exporting_;
  std::size_t batch_bytes_ = 0;
  std::int64_t timeout_ms_ = 0;
  frame_counter frames_;
  std::unique_ptr<tracer> traces_;
  std::unique_ptr<otlp::span_exporter> exporter_;
  std::unique_ptr<otlp::flush_thread, thread_deleter> thread_;  // null: the host pumps
};

inline recording broadcast::recording(std::string_view api_key_label) const noexcept {
  orcast::recording where;
  where.traces = traces_.get();
  where.privacy = !in_full_.load(std::memory_order_relaxed);  // a flag by itself
  where.companions = settings_.companions;
  where.left_out = left_out_by_label(api_key_label);
  where.vectors = settings_.vectors;
  where.hide = settings_.hide;
  where.redact = settings_.redact;
  where.filter = settings_.filter;
  where.users = settings_.users;
  where.users.key = settings_.user_key.reveal();
  where.server = settings_.server;
  where.frames = &frames_;
  return where;
}

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/broadcast/impl/broadcast.ipp"
#endif
