// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/otlp/batch_encoder.hpp"
#include "orcast/otlp/encoder_options.hpp"
#include "orcast/otlp/span_walk.hpp"
#include "orcast/trace/span_ring.hpp"

// The encoder of protobuf's wire format (opentelemetry/proto/trace/v1/trace.proto): the same spans
// as json_encoder writes, in about half the bytes.

namespace orcast {
inline namespace v0 {
namespace otlp {

class protobuf_encoder final : public batch_encoder {
 public:
  /// At most 256 MiB of the memory are used.
  protobuf_encoder(const encoder_options& options, char* memory, std::size_t size);

  // Inline here too, where they are: else gcc makes all of this in each translation unit.
  ORCAST_DECL bool add(const orcast::detail::span_ring& ring,
                       orcast::detail::block_index span) noexcept override;
  ORCAST_DECL std::string_view finish() noexcept override;
  ORCAST_DECL request_pieces slice(std::size_t from, std::size_t to) noexcept override;
  ORCAST_DECL export_answer read(std::string_view answer, bool accepted) const noexcept override;

 private:
  // Each writes at `at` and returns the new end, or null when the span does not fit.
  char* write_span(span_reader& reader, char* at) noexcept;
  char* write_name(span_reader& reader, std::size_t size, char tag, char* at) noexcept;
  char* write_attributes(span_reader& reader, char* at) noexcept;
  ORCAST_HOT char* write_usual(span_reader& reader, const record_view& r, char* at) noexcept;
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
