// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/http/response.hpp"

// An absolute http or https URL, taken apart. It is deliberately strict: what two parsers could
// read in two ways is refused, because a URL decides who gets a key. Nothing is decoded, nothing is
// normalised, nothing is copied: every part is a view into the text that was parsed.

namespace orcast {
inline namespace v0 {
namespace http {

class url {
 public:
  static constexpr std::size_t longest = 2048;

  /// `text` must outlive the url. Plain http is accepted for a loopback host, and for any host when
  /// `allow_insecure_http`. Refused with errc::invalid_argument: user names, fragments, a query
  /// without a path, control characters, spaces, backslashes, bytes over 0x7e, IPv6 zones.
  static result<url> parse(std::string_view text, bool allow_insecure_http = false);
  /// What parse() would refuse `text` for, or null.
  static const char* flaw_in(std::string_view text, bool allow_insecure_http = false) noexcept;

  bool secure() const noexcept { return scheme_.size() == 5; }
  std::string_view scheme() const noexcept { return scheme_; }
  /// A name or an address; an IPv6 address without its brackets.
  std::string_view host() const noexcept { return host_; }
  /// Host and port as they stand in the text: what a Host header says.
  std::string_view authority() const noexcept { return authority_; }
  /// The port in the text, else that of the scheme.
  std::uint16_t port() const noexcept { return port_; }
  /// Path and query; "/" when the text has none.
  std::string_view target() const noexcept { return target_; }
  /// "localhost", 127.0.0.0/8 in four plain decimals, or ::1.
  bool loopback() const noexcept;
  bool ipv6() const noexcept { return authority_.front() == '['; }

 private:
  url() = default;
  /// What is wrong with the text, or null.
  const char* read(std::string_view text, bool allow_insecure_http) noexcept;
  bool split_authority() noexcept;

  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }
  static bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  static bool is_name(std::string_view host) noexcept;
  static bool is_ipv6(std::string_view host) noexcept;

  std::string_view scheme_;
  std::string_view authority_;
  std::string_view host_;
  std::string_view target_;
  std::uint16_t port_ = 0;
};

ORCAST_SMALL inline result<url> url::parse(std::string_view text, bool allow_insecure_http) {
  url parsed;
  const char* const flaw = parsed.read(text, allow_insecure_http);
  if (flaw != nullptr) return failure(errc::invalid_argument, flaw);
  return parsed;
}

ORCAST_SMALL inline const char* url::flaw_in(std::string_view text,
                                             bool allow_insecure_http) noexcept {
  return url().read(text, allow_insecure_http);
}

ORCAST_SMALL inline const char* url::read(std::string_view text,
                                          bool allow_insecure_http) noexcept {
  // The text itself is not repeated in a message: a URL that is wrong may hold a password.
  if (text.size() > longest) return "the URL is longer than 2048 characters";
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '\\' || c == '#') {
      return "the URL contains a character that is not allowed";
    }
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.substr(colon, 3) != "://") {
    return "the URL is not absolute";
  }
  scheme_ = {text.data(), colon};
  if (!same_name(scheme_, "https") && !same_name(scheme_, "http")) {
    return "the URL is neither https nor http";
  }
  text.remove_prefix(colon + 3);
  const std::size_t end = (std::min)((std::min)(text.find('/'), text.find('?')), text.size());
  authority_ = {text.data(), end};
  text.remove_prefix(end);
  target_ = text.empty() ? std::string_view("/") : text;
  if (target_.front() != '/') return "the URL has a query but no path";
  if (!split_authority()) return "the URL's host or port is not valid";
  if (!secure() && !allow_insecure_http && !loopback()) {
    return "plain http is only allowed to this machine";
  }
  return nullptr;
}

ORCAST_SMALL inline bool url::split_authority() noexcept {
  if (authority_.empty()) return false;
  std::string_view tail = authority_;
  if (ipv6()) tail.remove_prefix(1);
  const std::size_t end = (std::min)(tail.find(ipv6() ? ']' : ':'), tail.size());
  host_ = {tail.data(), end};
  tail.remove_prefix(end);
  if (ipv6()) {
    if (tail.empty() || !is_ipv6(host_)) return false;
    tail.remove_prefix(1);
  } else if (!is_name(host_)) {
    return false;
  }
  if (tail.empty()) {
    port_ = secure() ? 443 : 80;
    return true;
  }
  if (tail.front() != ':' || tail.size() < 2 || tail.size() > 6) return false;
  tail.remove_prefix(1);
  std::uint32_t port = 0;
  for (const char digit : tail) {
    if (!is_digit(digit)) return false;
    port = port * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (port < 1 || port > 65535) return false;
  port_ = static_cast<std::uint16_t>(port);
  return true;
}

ORCAST_SMALL inline bool url::is_name(std::string_view host) noexcept {
  if (host.empty() || host.size() > 253) return false;
  char before = '.';  // so that a leading dot or hyphen is an empty or malformed label
  for (const char c : host) {
    if (!is_alpha(c) && !is_digit(c) && c != '.' && c != '-') return false;
    if (before == '.' && (c == '.' || c == '-')) return false;
    before = c;
  }
  return true;
}

ORCAST_SMALL inline bool url::is_ipv6(std::string_view host) noexcept {
  if (host.size() < 2 || host.size() > 45) return false;
  std::size_t colons = 0;
  for (const char c : host) {
    if (!is_hex(c) && c != ':' && c != '.') return false;
    if (c == ':') ++colons;
  }
  return colons >= 2;
}

ORCAST_SMALL inline bool url::loopback() const noexcept {
  if (ipv6()) return host_ == "::1";
  if (same_name(host_, "localhost")) return true;
  // Four decimals and nothing else: "127.0.0.1.example.com" and "127.1" are names to a resolver.
  int dots = 0;
  int value = -1;  // no digit yet
  for (const char c : host_) {
    if (c == '.' && value >= 0) {
      if (dots == 0 && value != 127) return false;
      ++dots;
      value = -1;
    } else if (is_digit(c) && value != 0) {
      value = (std::max)(value, 0) * 10 + (c - '0');
      if (value > 255) return false;
    } else {
      return false;
    }
  }
  return dots == 3 && value >= 0;
}

}  // namespace http
}  // namespace v0
}  // namespace orcast
