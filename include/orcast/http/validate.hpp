// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/url.hpp"

// The gate that a request passes before a transport sends its first byte. HTTP libraries differ in
// what they let through - older ones write a line break in a header value to the wire as it is - so
// every transport asks here instead of relying on its library.

namespace orcast {
inline namespace v0 {
namespace http {

/// A token of RFC 9110, 5.6.2: what a method and a header name are made of.
constexpr bool is_token(std::string_view text) noexcept {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// True when a header value holds no control character but tab (RFC 9110, 5.5). Bytes from 0x80
/// on pass: they are opaque to HTTP.
constexpr bool is_field_value(std::string_view text) noexcept {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
  }
  return true;
}

/// Header names that say how a message is framed and where it goes. A transport writes them
/// itself; a second opinion in the request would only be a way to smuggle.
constexpr bool is_transport_header(std::string_view name) noexcept {
  constexpr std::string_view own[] = {"connection",        "content-length",   "expect", "host",
                                      "keep-alive",        "proxy-connection", "te",     "trailer",
                                      "transfer-encoding", "upgrade"};
  for (const std::string_view candidate : own) {
    if (same_name(name, candidate)) return true;
  }
  return false;
}

/// The request's URL when the request may be sent, else errc::invalid_argument. The url views
/// `request.url`. A message names a header only when its name is well-formed, never its value.
inline result<url> validate_request(const request& outgoing, bool allow_insecure_http) {
  if (!is_token(outgoing.method) || outgoing.method.size() > 32) {
    return failure(errc::invalid_argument, "the method is not an HTTP token");
  }
  if (outgoing.method == "CONNECT" || outgoing.method == "TRACE") {
    return failure(errc::invalid_argument, "the method " + outgoing.method + " is not supported");
  }
  for (const header& line : outgoing.headers) {
    if (!is_token(line.name)) {
      return failure(errc::invalid_argument, "a header name is not an HTTP token");
    }
    if (is_transport_header(line.name)) {
      return failure(errc::invalid_argument,
                     "the header " + line.name + " belongs to the transport");
    }
    if (!is_field_value(line.value)) {
      return failure(errc::invalid_argument,
                     "the value of header " + line.name + " contains a control character");
    }
  }
  return url::parse(outgoing.url, allow_insecure_http);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast
