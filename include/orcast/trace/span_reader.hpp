// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "orcast/trace/span_ring.hpp"

// Reads a finished span, record by record, in the order in which it was written. The consumer of
// the ring only; nothing is copied.

namespace orcast {
inline namespace v0 {

/// One record as the reader met it.
struct record_view {
  detail::record* raw = nullptr;
  std::string_view text_key;  ///< the key where it is text; else raw->key

  std::uint32_t type() const noexcept { return raw->type(); }
  bool has(std::uint32_t flag) const noexcept { return (raw->bits & flag) != 0; }

  // The value, by type:
  std::int64_t integer = 0;  ///< int64, boolean; for an array the number of elements
  double floating = 0;
  detail::event_payload event{};
  std::size_t text_size = 0;  ///< string, decimal, name, status message: read it by next_piece()
};

class span_reader {
 public:
  span_reader(const detail::span_ring& ring, detail::block_index first) noexcept
      : ring_(ring), first_(first) {
    rewind();
  }

  const detail::span_head& head() const noexcept { return *ring_.head_of(first_); }

  void rewind() noexcept {
    enter(first_, detail::first_offset);
    text_left_ = 0;
  }

  /// The next record; false at the end. Text that was not read is skipped.
  bool next(record_view& out) noexcept {
    while (text_left_ != 0) next_piece();
    at_ = aligned();
    while (at_ + sizeof(detail::record) > block_ + head_at()->used) {
      const detail::block_index following = head_at()->next;
      if (following == detail::no_block) return false;
      enter(following, sizeof(detail::block_head));
    }
    out.raw = reinterpret_cast<detail::record*>(at_);
    at_ += sizeof(detail::record);
    std::size_t size = out.raw->size();
    out.text_key = {};
    if (out.has(detail::record::text_key)) {
      out.text_key = {at_, out.raw->first};
      const std::size_t room = detail::padded(out.raw->first);
      at_ += room;
      size -= room;
    }
    read_value(out, size);
    return true;
  }

  /// The next piece of the current record's text, whole code points; empty when it is read.
  std::string_view next_piece() noexcept {
    if (text_left_ == 0) return {};
    auto here = static_cast<std::size_t>(block_ + head_at()->used - at_);
    if (here == 0) {
      enter(head_at()->next, sizeof(detail::block_head));
      here = static_cast<std::size_t>(block_ + head_at()->used - at_);
    }
    const std::size_t size = text_left_ < here ? text_left_ : here;
    const std::string_view piece(at_, size);
    at_ += size;
    text_left_ -= size;
    return piece;
  }

 private:
  void enter(detail::block_index block, std::size_t offset) noexcept {
    block_ = reinterpret_cast<char*>(ring_.at(block));
    at_ = block_ + offset;
  }
  const detail::block_head* head_at() const noexcept {
    return reinterpret_cast<const detail::block_head*>(block_);
  }
  char* aligned() const noexcept {
    return block_ + detail::padded(static_cast<std::size_t>(at_ - block_));
  }

  void read_value(record_view& out, std::size_t size) noexcept {
    switch (out.type()) {
      case detail::record_event:
        std::memcpy(&out.event, at_, sizeof out.event);
        at_ += sizeof out.event;
        break;
      case static_cast<std::uint32_t>(value_type::float64):
        std::memcpy(&out.floating, at_, 8);
        at_ += 8;
        break;
      case static_cast<std::uint32_t>(value_type::int64):
      case static_cast<std::uint32_t>(value_type::boolean):
      case detail::record_array:
        std::memcpy(&out.integer, at_, 8);
        at_ += 8;
        break;
      default:
        out.text_size = text_left_ = size;
    }
  }

  const detail::span_ring& ring_;
  detail::block_index first_;
  char* block_ = nullptr;
  char* at_ = nullptr;
  std::size_t text_left_ = 0;
};

}  // namespace v0
}  // namespace orcast
