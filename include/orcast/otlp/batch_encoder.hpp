// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/protobuf_encoder.hpp"

// The encoder of the format that the options name.

namespace orcast {
inline namespace v0 {
namespace otlp {

class batch_encoder {
 public:
  batch_encoder(const encoder_options& options, char* memory, std::size_t size) {
    if (options.format == format::protobuf) {
      either_.emplace<protobuf_encoder>(options, memory, size);
    } else {
      either_.emplace<json_encoder>(options, memory, size);
    }
  }

  otlp::format format() const noexcept {
    return json() != nullptr ? otlp::format::json : otlp::format::protobuf;
  }

  void begin() noexcept { json() != nullptr ? json()->begin() : protobuf()->begin(); }
  bool add(const orcast::detail::span_ring& ring, orcast::detail::block_index span) noexcept {
    return json() != nullptr ? json()->add(ring, span) : protobuf()->add(ring, span);
  }
  std::uint32_t count() const noexcept {
    return json() != nullptr ? json()->count() : protobuf()->count();
  }
  bool empty() const noexcept { return count() == 0; }
  std::size_t envelope_bytes() const noexcept {
    return json() != nullptr ? json()->envelope_bytes() : protobuf()->envelope_bytes();
  }
  std::size_t offset() const noexcept {
    return json() != nullptr ? json()->offset() : protobuf()->offset();
  }
  request_pieces slice(std::size_t from, std::size_t to) noexcept {
    return json() != nullptr ? json()->slice(from, to) : protobuf()->slice(from, to);
  }

 private:
  json_encoder* json() noexcept { return std::get_if<json_encoder>(&either_); }
  const json_encoder* json() const noexcept { return std::get_if<json_encoder>(&either_); }
  protobuf_encoder* protobuf() noexcept { return std::get_if<protobuf_encoder>(&either_); }
  const protobuf_encoder* protobuf() const noexcept {
    return std::get_if<protobuf_encoder>(&either_);
  }

  std::variant<std::monostate, json_encoder, protobuf_encoder> either_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
