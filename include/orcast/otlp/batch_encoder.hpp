// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "orcast/otlp/answer.hpp"
#include "orcast/trace/span_ring.hpp"

// What the encoders of both formats are to the exporter: they turn finished spans into a request
// (ExportTraceServiceRequest), straight from the tracer's blocks into memory that the owner gives.
// What does not depend on a span is rendered once; after that nothing allocates. One thread at a
// time uses an encoder.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// A request, or one of some of its spans: the pieces of its body, in order.
struct request_pieces {
  std::string_view part[3];
};

class batch_encoder {
 public:
  batch_encoder(const batch_encoder&) = delete;
  batch_encoder& operator=(const batch_encoder&) = delete;
  virtual ~batch_encoder() = default;

  /// Forgets the spans.
  ORCAST_SMALL void begin() noexcept {
    at_ = memory_;
    count_ = 0;
    if (has_room(at_, head_.size())) {
      std::memcpy(at_, head_.data(), head_.size());
      at_ += head_.size();
    } else {
      end_ = at_;
    }
  }

  /// Appends a span. False, and nothing appended, when it does not fit.
  virtual bool add(const orcast::detail::span_ring& ring,
                   orcast::detail::block_index span) noexcept = 0;

  std::uint32_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// Size of the request as it stands, in bytes.
  std::size_t size() const noexcept { return offset() + tail_bytes_; }
  /// What a request needs around its spans; in less memory no span ever fits.
  std::size_t envelope_bytes() const noexcept { return head_.size() + tail_bytes_; }

  /// The whole request; valid until the next begin() or add().
  virtual std::string_view finish() noexcept = 0;

  /// Where the last span ends, for slice().
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - memory_); }

  /// A request of some of the spans: those between two readings of offset(). Valid until the next
  /// slice().
  virtual request_pieces slice(std::size_t from, std::size_t to) noexcept = 0;

  /// Reads an answer in this format; `accepted` tells which of two messages it is.
  virtual export_answer read(std::string_view answer, bool accepted) const noexcept = 0;

 protected:
  /// Of `size` bytes of memory, which outlive the encoder, the last `tail_bytes` are not for spans.
  batch_encoder(char* memory, std::size_t size, std::size_t tail_bytes) noexcept
      : memory_(memory),
        at_(memory),
        end_(memory + size - (size < tail_bytes ? size : tail_bytes)),
        tail_bytes_(tail_bytes) {}

  bool has_room(const char* at, std::size_t size) const noexcept {
    return static_cast<std::size_t>(end_ - at) >= size;
  }

  char* memory_;
  char* at_;
  char* end_;  // of what spans may fill
  std::size_t tail_bytes_;
  std::uint32_t count_ = 0;
  std::string head_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
