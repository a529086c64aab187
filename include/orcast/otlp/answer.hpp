// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/utf8.hpp"

// What a collector says in the body of its answer: an ExportTraceServiceResponse when it accepted
// the request, a google.rpc.Status when it did not. Two or three members matter, so they are found
// by scanning; nothing is built.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct export_answer {
  bool understood = false;  ///< an object without a flaw, or nothing at all
  bool foreign = false;     ///< it has members of which OTLP knows nothing: somebody else answered
  std::uint64_t rejected_spans = 0;
  std::int64_t code = 0;     ///< of a google.rpc.Status
  std::string_view message;  ///< as it stands in the body, escapes and all
};

namespace detail {

/// Goes through JSON text once. After the first flaw everything fails.
class json_scanner {
 public:
  explicit json_scanner(std::string_view text) noexcept
      : at_(text.data()), end_(at_ + text.size()) {}

  bool failed() const noexcept { return failed_; }
  bool at_end() noexcept {
    skip_blanks();
    return at_ == end_;
  }

  /// Goes into an object: `for (in.object(); in.member(name);)` consumes a value each time.
  ORCAST_SMALL void object() noexcept {
    expect('{');
    first_ = true;
  }
  ORCAST_SMALL bool member(std::string_view& name) noexcept {
    const bool another = first_ ? !next_is('}') : accept(',');
    first_ = false;
    if (another) {
      name = string();
      expect(':');
    } else {
      expect('}');
    }
    return another && !failed_;
  }

  ORCAST_SMALL bool next_is(char c) noexcept {
    skip_blanks();
    return !failed_ && at_ != end_ && *at_ == c;
  }

  /// The inside of a string, escapes and all.
  ORCAST_SMALL std::string_view string() noexcept {
    expect('"');
    const char* const from = at_;
    while (!failed_ && at_ != end_ && *at_ != '"') at_ += *at_ == '\\' && end_ - at_ > 1 ? 2 : 1;
    const std::string_view inside(from, static_cast<std::size_t>(at_ - from));
    expect('"');
    return inside;
  }

  /// A whole number, as JSON writes numbers or as proto3 writes those of 64 bits. Saturates.
  ORCAST_SMALL std::int64_t integer() noexcept {
    std::string_view text = next_is('"') ? string() : word();
    constexpr std::int64_t most = std::int64_t{1} << 53;
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    std::int64_t value = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') failed_ = true;
      value = value < most ? value * 10 + (c - '0') : most;
    }
    return negative ? -value : value;
  }

  ORCAST_SMALL void skip_value(int depth = 0) noexcept {
    if (depth == 32) failed_ = true;
    if (failed_) return;
    if (next_is('"')) {
      string();
    } else if (next_is('{')) {
      std::string_view name;
      for (object(); member(name);) skip_value(depth + 1);
    } else if (accept('[')) {
      if (accept(']')) return;
      do skip_value(depth + 1);
      while (accept(','));
      expect(']');
    } else {
      word();
    }
  }

 private:
  ORCAST_SMALL void skip_blanks() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  ORCAST_SMALL bool accept(char c) noexcept {
    const bool is = next_is(c);
    if (is) ++at_;
    return is;
  }
  ORCAST_SMALL void expect(char c) noexcept {
    if (!accept(c)) failed_ = true;
  }
  /// A number or a literal.
  ORCAST_SMALL std::string_view word() noexcept {
    skip_blanks();
    const char* const from = at_;
    while (at_ != end_ && ((*at_ >= '0' && *at_ <= '9') || (*at_ >= 'a' && *at_ <= 'z') ||
                           *at_ == '-' || *at_ == '+' || *at_ == '.' || *at_ == 'E')) {
      ++at_;
    }
    if (at_ == from) failed_ = true;
    return {from, static_cast<std::size_t>(at_ - from)};
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
  bool first_ = false;  // an object has just begun
};

}  // namespace detail

/// Never fails: what can't be read counts as not said. `body` may have been cut.
ORCAST_SMALL inline export_answer read_answer(std::string_view body) noexcept {
  export_answer answer;
  detail::json_scanner in(body);
  if (in.at_end()) {
    answer.understood = true;
    return answer;
  }
  std::string_view name;
  for (in.object(); in.member(name);) {
    if (name == "partialSuccess" && in.next_is('{')) {
      for (in.object(); in.member(name);) {
        if (name == "rejectedSpans") {
          const std::int64_t count = in.integer();
          answer.rejected_spans = in.failed() || count < 0 ? 0 : static_cast<std::uint64_t>(count);
        } else if (name == "errorMessage" && in.next_is('"')) {
          answer.message = in.string();
        } else {
          in.skip_value(2);
        }
      }
    } else if (name == "code" && !in.next_is('"')) {
      answer.code = in.integer();
    } else if (name == "message" && in.next_is('"')) {
      answer.message = in.string();
    } else {
      if (name != "details" && name != "partialSuccess") answer.foreign = true;
      in.skip_value(1);
    }
  }
  answer.understood = !in.failed() && in.at_end();
  return answer;
}

/// Text of someone else's as the end of a line: escapes of JSON are resolved as far as a reader
/// needs it, whatever could break the line becomes a blank, and the length has a limit.
ORCAST_SMALL inline void append_one_line(std::string& out, std::string_view text,
                                         std::size_t most = 200) noexcept {
  const std::size_t limit = out.size() + most;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const bool escaped = *at == '\\' && end - at > 1;
    if (escaped) ++at;
    const char c = *at;
    std::string_view written = orcast::detail::utf8_take(at, end);
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f' ||
        (escaped && std::string_view("nrtbf").find(c) != std::string_view::npos)) {
      written = " ";
    }
    if (out.size() + written.size() > limit) return;
    out.append(written);
  }
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
