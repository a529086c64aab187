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

// Turns finished spans into an OTLP/HTTP JSON request (ExportTraceServiceRequest), straight from
// the tracer's blocks into memory that the owner gives. What does not depend on a span is rendered
// once; after that nothing allocates. One thread at a time uses an encoder.

namespace orcast {
inline namespace v0 {
namespace otlp {

class json_encoder {
 public:
  /// `memory` belongs to the owner and outlives the encoder. What the request needs around its
  /// spans is envelope_bytes(); with less than that no span ever fits.
  json_encoder(const encoder_options& options, char* memory, std::size_t size);
  json_encoder(const json_encoder&) = delete;
  json_encoder& operator=(const json_encoder&) = delete;

  /// Forgets the spans.
  void begin() noexcept;

  /// Appends a span. False, and nothing appended, when it does not fit.
  bool add(const orcast::detail::span_ring& ring, orcast::detail::block_index span) noexcept;

  std::uint32_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// Size of the request as it stands, in bytes.
  std::size_t size() const noexcept { return offset() + tail.size(); }
  std::size_t envelope_bytes() const noexcept { return head_.size() + tail.size(); }

  /// The whole request; valid until the next begin() or add().
  std::string_view finish() noexcept;

  /// Where the last span ends, for slice().
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - memory_); }

  /// A request of some of the spans: those between two readings of offset().
  request_pieces slice(std::size_t from, std::size_t to) const noexcept;

 private:
  static constexpr std::string_view tail = "]}]}]}";

  /// An attribute that a span has by default, as a record, so that it takes part in the rule that
  /// the last one of a key counts.
  struct default_attribute {
    std::string json;  // all of it
    key_text key{nullptr, 0, {0, 0}, 0};
  };

  // Each writes at `at` and returns the new end, or null when the span does not fit.
  char* write_span(span_reader& reader, char* at) noexcept;
  char* write_name(span_reader& reader, char* at) noexcept;
  char* write_attributes(span_reader& reader, char* at) noexcept;
#if defined(__GNUC__)
  [[gnu::always_inline]]
#endif
  char*
  write_usual(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_attribute(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_value(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_text(span_reader& reader, char* at) noexcept;
  char* write_decimal(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_array(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_cut_keys(span_reader& reader, char* at) noexcept;
  char* write_events(span_reader& reader, char* at) noexcept;
  char* write_event(span_reader& reader, const orcast::detail::event_payload& event,
                    std::uint32_t number, char* at) noexcept;
  char* write_status(span_reader& reader, char* at) noexcept;

  bool has_room(const char* at, std::size_t size) const noexcept {
    return static_cast<std::size_t>(end_ - at) >= size;
  }

  char* memory_;
  char* at_;
  char* end_;  // of what spans may fill
  std::uint32_t count_ = 0;
  bool int_as_number_;
  std::string head_;
  std::vector<default_attribute> defaults_;
  detail::span_walk walk_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/json_encoder.ipp"
#endif
