// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/config.hpp"

// What encoders are told.

namespace orcast {
inline namespace v0 {
namespace otlp {

class batch_encoder;
struct encoder_options;

namespace detail {

ORCAST_DECL std::unique_ptr<batch_encoder> make_protobuf_encoder(const encoder_options& options,
                                                                 char* memory, std::size_t size);

}  // namespace detail

/// The two encodings of OTLP over HTTP: format::json and format::protobuf. Arize and every
/// collector take both; Phoenix takes protobuf alone. The constant knows how the encoder is made,
/// so that a program which never names protobuf does not contain it.
class format {
 public:
  ORCAST_HIDDEN static const format json;
  ORCAST_HIDDEN static const format protobuf;

  constexpr format() noexcept = default;

  friend constexpr bool operator==(format x, format y) noexcept {
    // Not the functions: another library in the same process has its own.
    return (x.make_ == nullptr) == (y.make_ == nullptr);
  }
  friend constexpr bool operator!=(format x, format y) noexcept { return !(x == y); }

 private:
  friend std::unique_ptr<batch_encoder> make_encoder(const encoder_options& options, char* memory,
                                                     std::size_t size) noexcept;

  using maker = std::unique_ptr<batch_encoder> (*)(const encoder_options&, char*, std::size_t);
  constexpr explicit format(maker make) noexcept : make_(make) {}

  maker make_ = nullptr;  // null: the encoder of JSON
};

inline constexpr format format::json;
inline constexpr format format::protobuf{&detail::make_protobuf_encoder};

constexpr std::string_view content_type(format of) noexcept {
  return of == format::json ? "application/json" : "application/x-protobuf";
}

/// An attribute of the whole program.
struct text_attribute {
  std::string key;
  std::string value;
};

struct encoder_options {
  otlp::format format;  ///< JSON
  /// Who sends: service.name and the like. A later entry of the same key wins.
  std::vector<text_attribute> resource;
  std::string scope_name = "orcast";
  std::string scope_version = version;
  /// What each span has unless it sets the key itself; at most 8.
  std::vector<text_attribute> span_attributes;
  /// JSON: OTLP writes 64-bit integers as decimal strings. Some receivers want plain numbers.
  bool int_as_number = false;
};

namespace detail {

/// Whether one of the attributes counts: it has a key, and is the last one of it.
ORCAST_SMALL inline bool counts(const text_attribute& one,
                                const std::vector<text_attribute>& all) noexcept {
  bool last = !one.key.empty();
  for (const text_attribute* at = &one + 1; at != all.data() + all.size(); ++at) {
    last = last && at->key != one.key;
  }
  return last;
}

/// Whether a span can have the attribute by default.
inline bool usable_default(const text_attribute& one) noexcept {
  return !one.key.empty() && one.key.size() <= 200;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#include "orcast/otlp/protobuf_encoder.hpp"  // behind it: whoever names the format makes its encoder
