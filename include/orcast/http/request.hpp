// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/secret.hpp"

// One HTTP request, as every transport takes it. It belongs to whoever started the exchange and
// must stay unchanged until the sink's done() has been called.

namespace orcast {
inline namespace v0 {

class observation;

namespace http {

/// ASCII letters compare without case, as header names do (RFC 9110, 5.1).
ORCAST_SMALL constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

/// A header line. The value of a sensitive one (a key) is overwritten when the request goes.
struct header {
  std::string name;
  std::string value;
  bool sensitive = false;
};

/// How long each phase may take, in milliseconds; 0 means no limit. The defaults suit language
/// models: a slow reasoning model is not a time-out, a silent socket is.
struct timeouts {
  std::int64_t connect_ms = 10'000;      ///< resolving, connecting and the TLS handshake
  std::int64_t first_byte_ms = 300'000;  ///< from the request's last byte to the response's first
  std::int64_t idle_ms = 60'000;         ///< between two pieces of the response
  std::int64_t total_ms = 0;             ///< the whole exchange
};

/// What a response may cost at most. More is a failure with errc::too_large or errc::protocol.
struct response_limits {
  /// As it arrives: events say a word in some 300 bytes. Who keeps a body has a limit of its own.
  std::size_t body_bytes = std::size_t{64} << 20;
  std::size_t header_bytes = std::size_t{64} << 10;  ///< all header lines together
  std::size_t header_line_bytes = std::size_t{8} << 10;
  std::size_t header_count = 100;
};

struct request {
  std::string method = "POST";
  std::string
      url;  ///< absolute: https://host[:port]/path, or http:// where the transport allows it
  std::vector<header> headers;
  std::vector<std::string_view> body;  ///< sent one after the other; the bytes are the caller's
  timeouts limits;
  response_limits response;

  /// Whether it may be sent once more, on a new connection, where one that was kept is cut before a
  /// byte of the response: it had most likely been closed, but the request may have been received.
  bool replays = true;

  /// Set by whoever records this exchange already; a recording decorator then passes it on as it
  /// is.
  observation* attached = nullptr;

  ORCAST_SMALL request() = default;
  request(request&&) = default;
  request& operator=(request&&) = default;
  request(const request&) = default;
  request& operator=(const request&) = default;
  ORCAST_SMALL ~request() {
    for (header& line : headers) {
      if (line.sensitive) wipe(line.value.data(), line.value.size());
    }
  }

  /// The token of an Authorization header, without its scheme; empty where there is none.
  std::string_view bearer() const noexcept {
    for (const header& line : headers) {
      if (!same_name(line.name, "authorization")) continue;
      const std::string_view value(line.value);
      return value.substr(value.find(' ') + 1);
    }
    return {};
  }

  /// All segments together, in bytes.
  std::size_t body_size() const noexcept {
    std::size_t size = 0;
    for (std::string_view segment : body) size += segment.size();
    return size;
  }
};

}  // namespace http
}  // namespace v0
}  // namespace orcast
