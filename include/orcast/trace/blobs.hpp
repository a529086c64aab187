// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orcast/core/hex.hpp"
#include "orcast/core/sha256.hpp"

// Images, audio and files within text travel as base64. In a trace they are replaced by what they
// are: "[image/png, 3000 bytes, sha256 0123456789abcdef]", with the size of what was encoded and
// the digest of its base64 text. Works on plain text and on JSON alike.

namespace orcast {
inline namespace v0 {

/// One text at a time; what apply() returns lasts until the next one, and as long as `text`.
class blob_filter {
 public:
  /// Replaces every data URL with base64 in it, and every run of base64 of 512 characters or more.
  /// Images whose whole URL has at most `keep_images` bytes are kept when that is not 0; longer
  /// ones then become __REDACTED__.
  std::string_view apply(std::string_view text, std::size_t keep_images) {
    bool found = false;
    std::size_t copied = 0;
    std::size_t from = 0;
    run next;
    while (find(text, from, next)) {
      from = next.end;
      const bool image = next.type.substr(0, 6) == "image/";
      if (image && keep_images != 0 && next.end - next.begin <= keep_images) continue;
      if (!found) out_.clear();
      found = true;
      out_.append(text.substr(copied, next.begin - copied));
      copied = next.end;
      if (image && keep_images != 0) {
        out_.append("__REDACTED__");
      } else {
        describe(next.type, text.substr(next.data, next.end - next.data));
      }
    }
    if (!found) return text;
    out_.append(text.substr(copied));
    return out_;
  }

  /// The same for what is known to be base64, of whatever length.
  std::string_view describe_base64(std::string_view type, std::string_view data) {
    out_.clear();
    describe(type, data);
    return out_;
  }

 private:
  static constexpr std::size_t least = 512;  // prose has no word of that length
  static constexpr std::string_view marker = ";base64,";

  struct run {
    std::size_t begin = 0;  // of the URL, or of the data where there is none
    std::size_t data = 0;
    std::size_t end = 0;
    std::string_view type;
  };

  static constexpr bool is_base64(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  }
  /// Some encoders of JSON write \/ for a slash.
  static std::size_t end_of_run(std::string_view text, std::size_t at) noexcept {
    while (at < text.size()) {
      if (is_base64(text[at])) {
        ++at;
      } else if (text.substr(at, 2) == "\\/") {
        at += 2;
      } else {
        break;
      }
    }
    return at;
  }

  /// The first blob at or after `from`.
  static bool find(std::string_view text, std::size_t from, run& out) noexcept {
    const std::size_t marked = find_url(text, from, out);
    // A long run has a character at every multiple of its least length: look only there.
    for (std::size_t probe = from + least - 1; probe < marked; probe += least) {
      if (!is_base64(text[probe]) && text[probe] != '\\') continue;
      std::size_t begin = probe;
      while (begin > from && (is_base64(text[begin - 1]) || text[begin - 1] == '\\')) --begin;
      const std::size_t end = end_of_run(text, begin);
      if (end < begin + least) continue;
      out = {begin, begin, end, "base64"};
      return true;
    }
    return marked < text.size();
  }

  /// Where the first data URL's base64 begins, or the text's end.
  static std::size_t find_url(std::string_view text, std::size_t from, run& out) noexcept {
    for (std::size_t at = from; (at = text.find(marker, at)) != std::string_view::npos; ++at) {
      const std::string_view ahead = text.substr(from, at - from);
      const std::size_t scheme = ahead.rfind("data:");
      const std::size_t data = at + marker.size();
      if (scheme == std::string_view::npos || ahead.size() - scheme > 128) continue;
      const std::size_t end = end_of_run(text, data);
      if (end == data) continue;
      out = {from + scheme, data, end, ahead.substr(scheme + 5)};
      return data;
    }
    return text.size();
  }

  void describe(std::string_view type, std::string_view data) {
    std::size_t size = 0;
    for (char c : data) size += c != '\\' && c != '=' ? 1 : 0;
    const auto digest = sha256(data);
    char hex[16];
    to_hex(digest.data(), 8, hex);
    out_.append("[");
    for (char c : type) {
      if (c != '\\' && c != '"') out_.push_back(c);  // what encloses it may be JSON
    }
    out_.append(", ").append(std::to_string(size * 3 / 4)).append(" bytes, sha256 ");
    out_.append(hex, sizeof hex).append("]");
  }

  std::string out_;
};

}  // namespace v0
}  // namespace orcast
