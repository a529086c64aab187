// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/config.hpp"

// What the encoders have in common: what they are told, and how they hand over a request.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// The two encodings of OTLP over HTTP. Arize and every collector take both; Phoenix takes
/// protobuf alone.
enum class format : unsigned char { json, protobuf };

constexpr std::string_view content_type(format of) noexcept {
  return of == format::json ? "application/json" : "application/x-protobuf";
}

/// An attribute of the whole program.
struct text_attribute {
  std::string key;
  std::string value;
};

struct encoder_options {
  otlp::format format = otlp::format::json;
  /// Who sends: service.name and the like. A later entry of the same key wins.
  std::vector<text_attribute> resource;
  std::string scope_name = "orcast";
  std::string scope_version = version;
  /// What each span has unless it sets the key itself; at most 8.
  std::vector<text_attribute> span_attributes;
  /// JSON: OTLP writes 64-bit integers as decimal strings. Some receivers want plain numbers.
  bool int_as_number = false;
};

/// A request, or one of some of its spans: the pieces of its body, in order.
struct request_pieces {
  std::string_view part[3];
};

namespace detail {

/// Calls `use` with the attributes that count: a key, and the last value of each.
template <class Use>
void each_resource_attribute(const encoder_options& options, Use use) {
  for (std::size_t i = 0; i < options.resource.size(); ++i) {
    const text_attribute& each = options.resource[i];
    bool counts = !each.key.empty();
    for (std::size_t j = i + 1; j < options.resource.size(); ++j) {
      counts = counts && options.resource[j].key != each.key;
    }
    if (counts) use(each);
  }
}

/// Whether a span can have the attribute by default.
inline bool usable_default(const text_attribute& one) noexcept {
  return !one.key.empty() && one.key.size() <= 200;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
