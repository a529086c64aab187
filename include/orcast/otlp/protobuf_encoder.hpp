// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/otlp/encoder_options.hpp"
#include "orcast/otlp/span_walk.hpp"
#include "orcast/trace/span_ring.hpp"

// Turns finished spans into an ExportTraceServiceRequest in protobuf's wire format
// (opentelemetry/proto/trace/v1/trace.proto): the same spans as json_encoder writes, in about half
// the bytes. Straight from the tracer's blocks into memory that the owner gives; after it was made
// nothing allocates. One thread at a time uses an encoder.

namespace orcast {
inline namespace v0 {
namespace otlp {

class protobuf_encoder {
 public:
  /// `memory` belongs to the owner and outlives the encoder. What the request needs around its
  /// spans is envelope_bytes(); with less than that no span ever fits. At most 256 MiB are used.
  protobuf_encoder(const encoder_options& options, char* memory, std::size_t size);
  protobuf_encoder(const protobuf_encoder&) = delete;
  protobuf_encoder& operator=(const protobuf_encoder&) = delete;

  /// Forgets the spans.
  void begin() noexcept;

  /// Appends a span. False, and nothing appended, when it does not fit.
  bool add(const orcast::detail::span_ring& ring, orcast::detail::block_index span) noexcept;

  std::uint32_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  std::size_t envelope_bytes() const noexcept { return head_.size(); }

  /// The whole request; valid until the next begin() or add().
  std::string_view finish() noexcept;

  /// Where the last span ends, for slice(). The whole request is that long.
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - memory_); }

  /// A request of some of the spans: those between two readings of offset(). Valid until the next
  /// slice().
  request_pieces slice(std::size_t from, std::size_t to) noexcept;

 private:
  // Each writes at `at` and returns the new end, or null when the span does not fit.
  char* write_span(span_reader& reader, char* at) noexcept;
  char* write_name(span_reader& reader, std::size_t size, char tag, char* at) noexcept;
  char* write_attributes(span_reader& reader, char* at) noexcept;
#if defined(__GNUC__)
  [[gnu::always_inline]]
#endif
  char*
  write_usual(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_attribute(span_reader& reader, const record_view& r, char tag, char* at) noexcept;
  template <class Head>
  char* write_value(span_reader& reader, const record_view& r, const Head& head, char* at) noexcept;
  template <class Head>
  char* write_double(double value, const Head& head, char* at) noexcept;
  template <class Head>
  char* write_string(span_reader& reader, std::string_view gathered, std::size_t size,
                     const Head& head, char* at) noexcept;
  char* write_text_field(span_reader& reader, std::size_t size, char tag, char* at) noexcept;
  char* write_text(span_reader& reader, std::string_view gathered, char* at) noexcept;
  char* write_cut_keys(span_reader& reader, char* at) noexcept;
  char* write_event(span_reader& reader, const orcast::detail::event_payload& event,
                    std::uint32_t number, char* at) noexcept;
  char* write_status(span_reader& reader, char* at) noexcept;

  bool has_room(const char* at, std::size_t size) const noexcept {
    return static_cast<std::size_t>(end_ - at) >= size;
  }

  char* memory_;
  char* at_;
  char* end_;
  std::uint32_t count_ = 0;
  std::string head_;
  std::size_t scope_at_ = 0;  // in head_, of ScopeSpans' length

  struct default_attribute {
    std::string encoded;  // all of it
    std::string json;     // how walk_ knows its key
    key_text key{nullptr, 0, {0, 0}, 0};
  };
  std::vector<default_attribute> defaults_;
  detail::span_walk walk_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/protobuf_encoder.ipp"
#endif
