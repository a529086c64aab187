// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orcast/config.hpp"

// How an exporter is given a way to make its bodies smaller: by a function of the host's choice, so
// that orcast itself needs no library for it.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// {"gzip", orcast::gzip} with transport/gzip.hpp. It costs time on the exporting thread, and
/// memory beyond the budget.
struct compression {
  std::string_view name;  ///< as Content-Encoding says it: "gzip"
  /// Appends the pieces to `out`, compressed. False: the body is sent as it is.
  bool (*compress)(const std::string_view* pieces, std::size_t count, std::string& out) = nullptr;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
