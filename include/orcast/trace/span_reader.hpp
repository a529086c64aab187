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
  std::int64_t integer = 0;           ///< int64, boolean; for an array the number of elements
  double floating() const noexcept {  ///< float64
    double value = 0;
    std::memcpy(&value, &integer, sizeof value);
    return value;
  }
  detail::event_payload event{};
  std::size_t text_size = 0;  ///< string, decimal, name, status message: read it by next_piece()
};

class span_reader {
 public:
  span_reader(const detail::span_ring& ring, detail::block_index first) noexcept
      : ring_(&ring), first_(first) {
    rewind();
  }

  const detail::span_head& head() const noexcept { return *ring_->head_of(first_); }

  void rewind() noexcept {
    enter(first_, detail::first_offset);
    text_left_ = 0;
  }

  /// The next record; false at the end. Text that was not read is skipped.
  ORCAST_COLD bool next(record_view& out) noexcept { return next_inline(out); }

  /// The same inside its caller, for loops that count nanoseconds: a reader whose address goes
  /// nowhere stays in registers.
  ORCAST_HOT bool next_inline(record_view& out) noexcept {
    char* at = aligned(at_);
    if (text_left_ != 0 || at + sizeof(detail::record) > end_) {
      span_reader other = *this;
      const bool found = other.find_next();
      *this = other;
      if (!found) return false;
      at = at_;
    }
    out.raw = reinterpret_cast<detail::record*>(at);
    out.text_key = {};
    at += sizeof(detail::record);
    std::size_t size = out.raw->size();
    if (out.has(detail::record::text_key)) {
      out.text_key = {at, out.raw->first};
      const std::size_t room = detail::padded(out.raw->first);
      at += room;
      size -= room;
    }
    constexpr std::uint32_t numbers = 1u << static_cast<unsigned>(value_type::int64) |
                                      1u << static_cast<unsigned>(value_type::float64) |
                                      1u << static_cast<unsigned>(value_type::boolean) |
                                      1u << detail::record_array;
    if ((numbers >> out.type() & 1) != 0) {
      std::memcpy(&out.integer, at, 8);
      at += 8;
    } else if (out.type() == detail::record_event) {
      std::memcpy(&out.event, at, sizeof out.event);
      at += sizeof out.event;
    } else {
      out.text_size = text_left_ = size;
    }
    at_ = at;
    return true;
  }

  /// Whether what is left of the current record's text is one piece.
  bool in_one_piece() const noexcept { return text_left_ <= static_cast<std::size_t>(end_ - at_); }

  /// All of the text that is left, when it is one piece.
  std::string_view whole_piece() noexcept {
    const std::string_view piece(at_, text_left_);
    at_ += text_left_;
    text_left_ = 0;
    return piece;
  }

  /// The next piece of the current record's text, whole code points; empty when it is read.
  std::string_view next_piece() noexcept {
    if (text_left_ == 0) return {};
    if (at_ == end_) enter(head_at()->next, sizeof(detail::block_head));
    const auto here = static_cast<std::size_t>(end_ - at_);
    const std::size_t size = text_left_ < here ? text_left_ : here;
    const std::string_view piece(at_, size);
    at_ += size;
    text_left_ -= size;
    return piece;
  }

  /// All of the text that is left, put together at `to`, where there is room for it.
  ORCAST_SMALL std::string_view gather(char* const to) noexcept {
    std::size_t size = 0;
    for (std::string_view part = next_piece(); !part.empty(); part = next_piece()) {
      std::memcpy(to + size, part.data(), part.size());
      size += part.size();
    }
    return {to, size};
  }

 private:
  void enter(detail::block_index block, std::size_t offset) noexcept {
    block_ = reinterpret_cast<char*>(ring_->at(block));
    at_ = block_ + offset;
    end_ = block_ + head_at()->used;
  }
  const detail::block_head* head_at() const noexcept {
    return reinterpret_cast<const detail::block_head*>(block_);
  }
  static char* aligned(char* at) noexcept {  // as blocks are
    return reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(at) + 7) / 8 * 8);
  }

  /// Skips text that was not read, and goes on to the next block that holds a record.
  ORCAST_COLD bool find_next() noexcept {
    while (text_left_ != 0) next_piece();
    at_ = aligned(at_);
    while (at_ + sizeof(detail::record) > end_) {
      const detail::block_index following = head_at()->next;
      if (following == detail::no_block) return false;
      enter(following, sizeof(detail::block_head));
    }
    return true;
  }

  const detail::span_ring* ring_;
  detail::block_index first_;
  char* block_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;  // of the block's data
  std::size_t text_left_ = 0;
};

}  // namespace v0
}  // namespace orcast
