// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>

#include "orcast/core/wait.hpp"
#include "orcast/http/retry.hpp"
#include "orcast/otlp/exporter.hpp"
#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/json_put.hpp"

// The bodies of exporter. A batch goes out in one post, or in several after a 413: `settled_` spans
// have reached an end, the next `posted_` are in the current post.

namespace orcast {
inline namespace v0 {
namespace otlp {

namespace detail {

ORCAST_SMALL inline void append_number(std::string& out, std::int64_t value) noexcept {
  char text[integer_room];
  out.append(text, static_cast<std::size_t>(put_integer(text, value) - text));
}

}  // namespace detail

/// The encoder of the format that the options name.
ORCAST_SMALL inline std::unique_ptr<batch_encoder> make_encoder(const encoder_options& options,
                                                                char* memory,
                                                                std::size_t size) noexcept {
  if (options.format.make_ != nullptr) return options.format.make_(options, memory, size);
  return std::make_unique<json_encoder>(options, memory, size);
}

ORCAST_SMALL ORCAST_DECL exporter::exporter(const exporter_options& options,
                                            const encoder_options& encoding, char* memory,
                                            std::size_t size, random_state random) noexcept
    : options_(options),
      encoder_(make_encoder(encoding, memory, size)),
      memory_(memory),
      size_(size),
      random_(random),
      ends_(std::size_t{(std::max)(options.batch_spans, std::uint32_t{1})} + 1) {
  options_.batch_spans = (std::max)(options_.batch_spans, std::uint32_t{1});
  options_.delay_ms = orcast::detail::wait_of(options_.delay_ms).count();
  start_over();
}

ORCAST_DECL exporter::offer_result exporter::offer(const orcast::detail::span_ring& ring,
                                                   orcast::detail::block_index span,
                                                   std::int64_t now_ms) noexcept {
  if (!accepts()) return offer_result::not_now;
  if (!encoder_->add(ring, span)) {
    if (encoder_->empty()) return offer_result::too_large;
    full_ = true;
    return offer_result::not_now;
  }
  if (encoder_->count() == 1) due_ms_ = now_ms + options_.delay_ms;
  ends_.push_back(encoder_->offset());
  full_ = encoder_->count() == options_.batch_spans;
  return offer_result::taken;
}

ORCAST_SMALL ORCAST_DECL exporter::step exporter::next(std::int64_t now_ms) noexcept {
  step now;
  now.until_ms = never;
  if (state_ == state::in_flight || state_ == state::held || encoder_->empty()) return now;
  const bool due = now_ms >= due_ms_ || (state_ == state::filling && (full_ || hurried_));
  if (!due) {
    now.until_ms = due_ms_;
    return now;
  }
  if (attempts_ == 0) first_attempt_ms_ = now_ms;
  ++attempts_;
  ++counts_.requests;
  posted_ = (std::min)(pending(), most_);
  state_ = state::in_flight;
  now.post = true;
  now.body = encoder_->slice(ends_[settled_], ends_[settled_ + posted_]);
  return now;
}

ORCAST_SMALL ORCAST_DECL exporter::outcome exporter::answered(std::int64_t now_ms, int status,
                                                              std::int64_t retry_after_ms,
                                                              std::string_view body) noexcept {
  if (state_ != state::in_flight) return {};
  const export_answer answer = read(status, body);
  last_reply_.status = status;
  last_reply_.failed = errc::io;
  last_reply_.code = answer.code;
  last_reply_.from_otlp = answer.understood && !answer.foreign;
  last_reply_.message.clear();
  append_one_line(last_reply_.message, answer.message);
  const bool accepted = status >= 200 && status < 300;
  if (!accepted && given_up_) return settle(posted_, drop_reason::withdrawn);
  // Arize says 500 with gRPC's INTERNAL when it can't match key, space and project.
  constexpr std::int64_t internal = 13;
  const bool refused = status == 401 || status == 403 || (status == 500 && answer.code == internal);
  const bool too_much = status == 413;
  const auto rejected = static_cast<std::uint32_t>(
      accepted ? (std::min)(answer.rejected_spans, std::uint64_t{posted_}) : 0);
  last_reply_.rejected = rejected;
  const char* trouble = "";
  if (rejected != 0) {
    trouble = " spans rejected";
  } else if (refused) {
    trouble = ", spans are kept: the key, the space, the project or the region is wrong";
  } else if (too_much && posted_ > 1) {
    trouble = ", trying with half as many spans";
  } else if (accepted) {
    // To send it again could only duplicate it.
    trouble = !answer.message.empty() ? ", accepted with a warning"
              : answer.understood     ? nullptr
                                      : ", accepted with a body that is not an OTLP answer";
  }
  if (trouble != nullptr) {
    std::string what;
    detail::append_number(what.append("HTTP "), status);
    if (rejected != 0) detail::append_number(what.append(", "), rejected);
    report(what.append(trouble), answer.message);
  }
  if (accepted) return settle(rejected, drop_reason::rejected);
  if (refused) {
    state_ = state::held;
    return {};
  }
  if (too_much && posted_ > 1) {
    most_ = (posted_ + 1) / 2;
    attempts_ = 0;
    state_ = state::waiting;
    due_ms_ = now_ms;
    return {};
  }
  if (status == 429 || status == 502 || status == 503 || status == 504) {
    return retry(now_ms, retry_after_ms);
  }
  return settle(posted_, too_much ? drop_reason::too_large : drop_reason::rejected);
}

/// Who was asked in protobuf answers in it, but a proxy in between may say something of its own.
ORCAST_SMALL ORCAST_DECL export_answer exporter::read(int status,
                                                      std::string_view body) const noexcept {
  if (!body.empty() && body.front() == '{') return read_answer(body);
  return encoder_->read(body, status >= 200 && status < 300);
}

ORCAST_SMALL ORCAST_DECL exporter::outcome exporter::failed(std::int64_t now_ms,
                                                            const failure& why) noexcept {
  if (state_ != state::in_flight) return {};
  last_reply_.status = 0;
  last_reply_.failed = why.code;
  last_reply_.code = 0;
  last_reply_.rejected = 0;
  last_reply_.from_otlp = false;
  last_reply_.message.clear();
  append_one_line(last_reply_.message, why.message);
  if (given_up_) return settle(posted_, drop_reason::withdrawn);
  report(to_string(why.code), why.message);
  switch (why.code) {
    case errc::invalid_argument:
    case errc::unsupported:  // the request itself is wrong, so the settings are
      state_ = state::held;
      return {};
    case errc::too_large:
      return settle(posted_, drop_reason::rejected);  // an answer without end
    default:
      return retry(now_ms, -1);
  }
}

ORCAST_SMALL ORCAST_DECL exporter::outcome exporter::retry(std::int64_t now_ms,
                                                           std::int64_t retry_after_ms) noexcept {
  http::retry_policy policy;
  policy.max_attempts =
      options_.max_attempts > 0 ? options_.max_attempts : (std::numeric_limits<int>::max)();
  policy.initial_ms = (std::max)(options_.initial_ms, std::int64_t{1});  // so that waits grow
  policy.factor = options_.factor;
  policy.max_ms = options_.max_ms;
  policy.most_asked_ms = (std::numeric_limits<std::int64_t>::max)();  // total_ms is what counts
  policy.jitter = 1.0;
  // Whether to retry was OTLP's to say.
  const auto wait =
      http::wait_after(policy, attempts_, retry_after_ms, now_ms - first_attempt_ms_,
                       options_.total_ms, static_cast<std::uint32_t>(random_.next() >> 32));
  if (!wait) return settle(posted_, drop_reason::expired);
  ++counts_.retries;
  state_ = state::waiting;
  due_ms_ = now_ms + *wait;
  return {};
}

/// The current post is over, `rejected` of its spans for the reason given.
ORCAST_SMALL ORCAST_DECL exporter::outcome exporter::settle(std::uint32_t rejected,
                                                            drop_reason reason) noexcept {
  const outcome ends{posted_ - rejected, rejected, reason};
  settled_ += posted_;
  posted_ = 0;
  attempts_ = 0;
  if (given_up_) {
    forget();
  } else if (pending() == 0) {
    start_over();
  } else {
    state_ = state::waiting;
    due_ms_ = 0;  // the rest of the batch, at once
  }
  return ends;
}

ORCAST_SMALL ORCAST_DECL void exporter::retry_held() noexcept {
  if (state_ != state::held) return;
  state_ = state::waiting;
  attempts_ = 0;
  due_ms_ = 0;
}

ORCAST_SMALL ORCAST_DECL void exporter::give_up() noexcept {
  given_up_ = true;
  if (state_ != state::in_flight) forget();
}

ORCAST_SMALL ORCAST_DECL void exporter::forget() noexcept {
  std::memset(memory_, 0, size_);
  start_over();
}

ORCAST_SMALL ORCAST_DECL void exporter::start_over() noexcept {
  encoder_->begin();
  ends_.clear();
  ends_.push_back(encoder_->offset());
  state_ = state::filling;
  ++batch_;
  full_ = false;
  hurried_ = false;
  given_up_ = false;
  settled_ = 0;
  posted_ = 0;
  attempts_ = 0;
  most_ = options_.batch_spans;
}

ORCAST_SMALL ORCAST_DECL void exporter::report(std::string_view what,
                                               std::string_view message) noexcept {
  ++counts_.problems;
  last_error_.assign("export: ");
  last_error_.append(what);
  if (message.empty() || message == what) return;  // "cancelled: cancelled"
  last_error_.append(": ");
  append_one_line(last_error_, message);
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
