// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "orcast/otlp/answer.hpp"

// The same of an answer in protobuf: an ExportTraceServiceResponse or a google.rpc.Status.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// Goes through a message once, field by field. After the first flaw everything fails.
class protobuf_scanner {
 public:
  explicit protobuf_scanner(std::string_view message) noexcept : left_(message) {}

  bool failed() const noexcept { return failed_; }

  /// The next field; false at the end, or after a flaw.
  bool next() noexcept {
    if (failed_ || left_.empty()) return false;
    const std::uint64_t tag = varint();
    number_ = tag >> 3;
    value_ = 0;
    bytes_ = {};
    switch (tag & 7) {
      case 0:
        value_ = varint();
        break;
      case 1:
        bytes_ = take(8);
        break;
      case 2:
        bytes_ = take(varint());
        break;
      case 5:
        bytes_ = take(4);
        break;
      default:
        failed_ = true;
    }
    if (number_ == 0) failed_ = true;
    return !failed_;
  }

  std::uint64_t number() const noexcept { return number_; }
  std::int64_t integer() const noexcept { return static_cast<std::int64_t>(value_); }
  std::string_view bytes() const noexcept { return bytes_; }

 private:
  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }
  std::string_view take(std::uint64_t size) noexcept {
    if (size > left_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view left_;
  std::uint64_t number_ = 0;
  std::uint64_t value_ = 0;
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace detail

/// Never fails: what can't be read counts as not said. `accepted` tells which of the two messages
/// it is: their fields have the same numbers.
inline export_answer read_protobuf_answer(std::string_view body, bool accepted) noexcept {
  export_answer answer;
  detail::protobuf_scanner in(body);
  while (in.next()) {
    if (!accepted) {
      if (in.number() == 1) answer.code = in.integer();
      if (in.number() == 2) answer.message = in.bytes();
    } else if (in.number() == 1) {
      detail::protobuf_scanner partial(in.bytes());
      while (partial.next()) {
        if (partial.number() == 1 && partial.integer() > 0) {
          answer.rejected_spans = static_cast<std::uint64_t>(partial.integer());
        } else if (partial.number() == 2) {
          answer.message = partial.bytes();
        }
      }
      if (partial.failed()) answer = {};
    }
  }
  if (in.failed()) return {};
  answer.understood = true;
  return answer;
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast
