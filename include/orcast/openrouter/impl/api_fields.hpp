// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/number.hpp"
#include "orcast/core/result.hpp"
#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/impl/reply_fields.hpp"

// What the small endpoints have in common: queries in a URL, and objects under "data" whose members
// may be missing, null or of a kind that nobody expects.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Appends text in which only what RFC 3986 leaves unreserved stands for itself, and `also`.
inline void append_encoded(std::string& out, std::string_view text, std::string_view also = {}) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos ||
                       also.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

/// Adds to the query of a path.
class query_writer {
 public:
  explicit query_writer(std::string& path)
      : path_(path), next_(path.find('?') == std::string::npos ? '?' : '&') {}

  std::string& key(std::string_view name) {
    path_ += next_;
    next_ = '&';
    path_.append(name).append("=");
    return path_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) append_encoded(key(name), value);
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    key(name);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) path_ += ',';
      append_encoded(path_, values[i]);
    }
  }
  void number(std::string_view name, const std::optional<std::int64_t>& value) {
    if (value) append_number(key(name), *value);
  }
  void number(std::string_view name, const std::optional<double>& value) {
    if (value && is_finite(*value)) append_number(key(name), *value);
  }
  /// What is a query already.
  void rest(std::string_view query) {
    if (query.empty()) return;
    path_ += next_;
    next_ = '&';
    path_.append(query);
  }

 private:
  std::string& path_;
  char next_;
};

/// The body of an answer and what it says, for as long as both live.
class api_document {
 public:
  explicit api_document(std::string_view body) : json_(json_manners::tolerant) {
    if (!json_.parse(body)) {
      wrong_ = json_.crowded() ? "the body of the response has too many values"
                               : "the body of the response is not JSON";
    } else if (!data().is_object() && !data().is_array()) {
      wrong_ = "the body of the response has no data";
    }
  }

  json_view root() const noexcept { return json_.root(); }
  json_view data() const noexcept { return root()["data"]; }
  bool ok() const noexcept { return wrong_ == nullptr; }
  failure error() const {
    return failure(json_.crowded() ? errc::too_large : errc::malformed_response, wrong_);
  }

 private:
  json_reader json_;
  const char* wrong_ = nullptr;
};

inline std::string read_text(json_view value) {
  std::string text;
  replace_text(text, value);
  return text;
}

inline std::string read_amount(json_view value) {
  std::string price;
  read_price(value, price);
  return price;
}

inline std::optional<double> read_real(json_view value) noexcept {
  return value.is_number() ? std::optional<double>(value.real()) : std::nullopt;
}

inline std::optional<bool> read_flag(json_view value) noexcept {
  return value.is_bool() ? std::optional<bool>(value.boolean()) : std::nullopt;
}

inline std::vector<std::string> read_texts(json_view list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const json_view each : list) {
    if (each.is_string()) texts.push_back(read_text(each));
  }
  return texts;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
