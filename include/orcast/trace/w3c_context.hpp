// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/hex.hpp"
#include "orcast/trace/ids.hpp"

// W3C Trace Context (level 2) and Baggage, as headers between processes: a game tells its own
// server which span a request belongs under, or hears it. orcast sends none of it by itself
// (client_options.send_traceparent asks for it). What is not valid by the standards' rules is not
// used, in part or whole.

namespace orcast {
inline namespace v0 {

namespace detail {

constexpr std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

constexpr bool is_lower_hex(std::string_view text) noexcept {
  for (char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace detail

/// The context in a traceparent header; an invalid one means: begin a new trace. A header that came
/// twice is not valid, so don't join it.
inline span_context parse_traceparent(std::string_view header) noexcept {
  const std::string_view text = detail::trim_blanks(header);
  constexpr std::size_t size = 55;
  if (text.size() < size || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const std::string_view format = text.substr(0, 2);
  const std::string_view flags = text.substr(53, 2);
  if (!detail::is_lower_hex(format) || format == "ff" || !detail::is_lower_hex(flags) ||
      !detail::is_lower_hex(text.substr(3, 32)) || !detail::is_lower_hex(text.substr(36, 16))) {
    return {};
  }
  if (text.size() > size && (format == "00" || text[size] != '-')) return {};
  span_context made;
  from_hex(text.substr(3, 32), made.trace.bytes.data(), made.trace.bytes.size());
  from_hex(text.substr(36, 16), made.span.bytes.data(), made.span.bytes.size());
  if (!made.valid()) return {};
  unsigned char bits = 0;
  from_hex(flags, &bits, 1);
  made.flags = bits & (span_context::sampled_flag | span_context::random_flag);
  made.remote = true;
  made.decided = true;
  return made;
}

/// "00-<trace>-<span>-<flags>"; nothing for an invalid context.
inline std::string traceparent(const span_context& of) {
  std::string made;
  if (!of.valid()) return made;
  const auto trace = of.trace.hex();
  const auto span = of.span.hex();
  const unsigned char bits = of.flags & (span_context::sampled_flag | span_context::random_flag);
  char flags[2];
  to_hex(&bits, 1, flags);
  made.append("00-").append(trace.data(), trace.size()).append("-");
  made.append(span.data(), span.size()).append("-").append(flags, sizeof flags);
  return made;
}

/// The list of what each tracing system says about a trace. At most 32 members.
class trace_state {
 public:
  /// `header`: several lines' values, joined by commas. One mistake empties it; a key counts once.
  static trace_state parse(std::string_view header) {
    trace_state made;
    while (!header.empty()) {
      const std::size_t comma = header.find(',');
      const std::string_view whole = detail::trim_blanks(header.substr(0, comma));
      header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
      if (whole.empty()) continue;
      const std::size_t equals = whole.find('=');
      if (equals == std::string_view::npos) return {};
      const std::string_view key = whole.substr(0, equals);
      const std::string_view value = whole.substr(equals + 1);
      const bool again = !made.find(key).empty();
      if (!is_key(key) || !is_value(value) || (!again && made.size() == most)) return {};
      if (!again) made.list_.push_back({std::string(key), std::string(value)});
    }
    return made;
  }

  std::string_view find(std::string_view key) const noexcept {
    for (const member& each : list_) {
      if (each.key == key) return each.value;
    }
    return {};
  }

  /// Sets a member and moves it to the front; the last one goes when there are too many. False, and
  /// nothing done, when key or value may not be sent.
  bool set(std::string_view key, std::string_view value) {
    if (!is_key(key) || !is_value(value)) return false;
    erase(key);
    list_.insert(list_.begin(), {std::string(key), std::string(value)});
    if (list_.size() > most) list_.pop_back();
    return true;
  }
  void erase(std::string_view key) {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      if (list_[i].key != key) continue;
      list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }

  /// At most `bytes`, 512 or more: what does not fit is left out, members over 128 bytes first,
  /// then the last ones.
  std::string header(std::size_t bytes = 512) const {
    std::vector<const member*> kept;
    std::size_t size = 0;
    for (const member& each : list_) {
      kept.push_back(&each);
      size += each.size() + 1;
    }
    for (std::size_t i = kept.size(); size > bytes + 1 && i-- != 0;) {
      if (kept[i]->size() <= 128) continue;
      size -= kept[i]->size() + 1;
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(i));
    }
    while (size > bytes + 1) {
      size -= kept.back()->size() + 1;
      kept.pop_back();
    }
    std::string made;
    for (const member* each : kept) {
      if (!made.empty()) made += ',';
      made.append(each->key).append("=").append(each->value);
    }
    return made;
  }

 private:
  static constexpr std::size_t most = 32;

  struct member {
    std::string key;
    std::string value;
    std::size_t size() const noexcept { return key.size() + 1 + value.size(); }
  };

  static constexpr bool is_key(std::string_view key) noexcept {
    if (key.empty() || key.size() > 256) return false;
    for (std::size_t i = 0; i < key.size(); ++i) {
      const char c = key[i];
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      const bool later = c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
      if (!plain && (i == 0 || !later)) return false;
    }
    return true;
  }
  static constexpr bool is_value(std::string_view value) noexcept {
    if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
    for (char c : value) {
      if (c < ' ' || c > '~' || c == ',' || c == '=') return false;
    }
    return true;
  }

  std::vector<member> list_;
};

/// Facts that travel along with a trace. Anybody on the way can read them.
class baggage {
 public:
  /// `header`: of several lines the values, joined by commas. A member that is not valid is left
  /// out; so are a member's properties (after its semicolon).
  static baggage parse(std::string_view header) {
    baggage made;
    if (header.size() > most_bytes) {
      const std::size_t last = header.rfind(',', most_bytes);
      header = header.substr(0, last == std::string_view::npos ? 0 : last);
    }
    while (!header.empty()) {
      const std::size_t comma = header.find(',');
      std::string_view whole = header.substr(0, comma);
      header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
      whole = whole.substr(0, whole.find(';'));
      const std::size_t equals = whole.find('=');
      if (equals == std::string_view::npos) continue;
      std::string value;
      if (decode(detail::trim_blanks(whole.substr(equals + 1)), value)) {
        made.set(detail::trim_blanks(whole.substr(0, equals)), value);
      }
    }
    return made;
  }

  /// The value, decoded; empty where there is none.
  std::string_view find(std::string_view key) const noexcept {
    for (const member& each : list_) {
      if (each.key == key) return each.value;
    }
    return {};
  }

  /// Replaces a member of the same name. False, and nothing done, when the key may not be sent or
  /// there are 64 members.
  bool set(std::string_view key, std::string_view value) {
    if (!is_token(key)) return false;
    for (member& each : list_) {
      if (each.key != key) continue;
      each.value.assign(value);
      return true;
    }
    if (list_.size() == most) return false;
    list_.push_back({std::string(key), std::string(value)});
    return true;
  }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }

  /// At most 8192 bytes of whole members.
  std::string header() const {
    std::string made;
    for (const member& each : list_) {
      std::string one = made.empty() ? each.key : "," + each.key;
      one += '=';
      encode(each.value, one);
      if (made.size() + one.size() <= most_bytes) made += one;
    }
    return made;
  }

 private:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t most_bytes = 8192;

  struct member {
    std::string key;
    std::string value;
  };

  static constexpr bool is_token(std::string_view key) noexcept {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    for (char c : key) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!plain && others.find(c) == std::string_view::npos) return false;
    }
    return !key.empty() && key.size() <= 256;
  }

  static bool decode(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c <= ' ' || c > '~' || c == '"' || c == '\\') return false;
      unsigned char byte = 0;
      if (c != '%') {
        out += c;
      } else if (i + 2 < text.size() && from_hex(text.substr(i + 1, 2), &byte, 1)) {
        out += static_cast<char>(byte);
        i += 2;
      } else {
        return false;
      }
    }
    return true;
  }

  static void encode(std::string_view value, std::string& out) {
    constexpr std::string_view safe = "-._~!$&'()*+/:@";
    constexpr char digits[] = "0123456789ABCDEF";
    for (char c : value) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      const auto byte = static_cast<unsigned char>(c);
      if (plain || safe.find(c) != std::string_view::npos) {
        out += c;
      } else {
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
      }
    }
  }

  std::vector<member> list_;
};

}  // namespace v0
}  // namespace orcast
