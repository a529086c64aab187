// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/otlp/batch_encoder.hpp"
#include "orcast/otlp/encoder_options.hpp"
#include "orcast/otlp/span_walk.hpp"
#include "orcast/trace/span_ring.hpp"

// The encoder of OTLP/HTTP JSON.

namespace orcast {
inline namespace v0 {
namespace otlp {

class json_encoder final : public batch_encoder {
 public:
  json_encoder(const encoder_options& options, char* memory, std::size_t size) noexcept;
  ORCAST_SMALL ~json_encoder() override = default;

  // Inline here too, where they are: else gcc makes all of this in each translation unit.
  ORCAST_DECL bool add(const orcast::detail::span_ring& ring,
                       orcast::detail::block_index span) noexcept override;
  ORCAST_DECL std::string_view finish() noexcept override;
  ORCAST_DECL request_pieces slice(std::size_t from, std::size_t to) noexcept override;
  ORCAST_DECL export_answer read(std::string_view answer, bool accepted) const noexcept override;

 private:
  ORCAST_HIDDEN static constexpr std::string_view tail = "]}]}]}";

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
  ORCAST_HOT char* write_usual(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_attribute(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_value(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_text(span_reader& reader, char* at) noexcept;
  char* write_decimal(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_array(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_cut_keys(span_reader& reader, char* at) noexcept;
  char* write_events(span_reader& reader, char* at) noexcept;
  char* write_event(span_reader& reader, const orcast::detail::event_payload& event,
                    std::uint32_t number, char* at) noexcept;
  char* write_error_status(span_reader& reader, char* at) noexcept;

  bool int_as_number_;
  std::array<default_attribute, detail::span_walk::most_defaults> defaults_;
  std::size_t default_count_ = 0;
  detail::span_walk walk_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/otlp/impl/json_encoder.ipp"
#endif
