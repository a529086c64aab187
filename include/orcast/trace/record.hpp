// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "orcast/trace/ids.hpp"
#include "orcast/trace/key.hpp"
#include "orcast/trace/value.hpp"

// How a span lies in memory: a chain of fixed-size blocks. The first one begins with a span_head;
// behind it, and in the further blocks from their block_head on, come records of 16 bytes, each
// with its payload, padded to 8 bytes. A record and a number never straddle two blocks; text may,
// and is then cut between two code points. span writes this, span_reader reads it, nobody else
// knows it.

namespace orcast {
inline namespace v0 {

enum class span_kind : std::uint8_t {
  internal = 1,
  server = 2,
  client = 3,
  producer = 4,
  consumer = 5
};
enum class span_status : std::uint8_t { unset = 0, ok = 1, error = 2 };

namespace detail {

using block_index = std::uint32_t;
inline constexpr block_index no_block = 0xffffffff;

struct block_head {
  block_index next = no_block;  ///< in a span, on a free list, in a returned chain
  std::uint32_t used = 0;       ///< end of the data, an offset from the block's beginning
  std::uint32_t home = 0;       ///< the lane that handed the block out
  std::uint32_t term = 0;       ///< of a span's first block: the consent it was begun under
};
static_assert(sizeof(block_head) == 16);

/// What a span is, apart from its records.
struct span_head {
  span_context context;
  span_kind kind;
  span_status status;
  bool remote_parent;
  bool has_cuts;  ///< at least one value was shortened
  span_id parent;
  std::int64_t start_wall_ns;
  std::int64_t start_steady_ns;
  std::int64_t duration_ns;  ///< written when the span ends
  std::uint32_t blocks;
  block_index last;
  std::uint32_t dropped_attributes;
  std::uint16_t events;
  std::uint16_t dropped_events;  ///< 65,535 stands for more, too
};
static_assert(sizeof(span_head) == 80);

/// A context in registers, on its way into memory. Words, not an array: compilers would join the
/// copies of an array's elements to one that must wait for them.
class context_words {
 public:
  explicit context_words(const trace_id& id) noexcept {
    std::memcpy(&trace_begin_, id.bytes.data(), sizeof trace_begin_);
    std::memcpy(&trace_tail_, id.bytes.data() + sizeof trace_begin_, sizeof trace_tail_);
  }
  /// What a child that is not sampled inherits from such a parent.
  explicit context_words(const span_context& from) noexcept : context_words(from.trace) {
    std::memcpy(&span_, from.span.bytes.data(), sizeof span_);
  }
  bool has_trace() const noexcept { return (trace_begin_ | trace_tail_) != 0; }
  /// What the sampler looks at.
  std::uint64_t trace_tail() const noexcept { return trace_tail_; }

  void set_trace(std::uint64_t begin, std::uint64_t tail) noexcept {
    trace_begin_ = begin;
    trace_tail_ = tail;
  }
  void set_span(std::uint64_t span, std::uint8_t flags, std::uint8_t left_out) noexcept {
    span_ = span;
    flags_ = flags;
    left_out_ = left_out;
  }
  void write(span_context& to) const noexcept {
    std::memcpy(to.trace.bytes.data(), &trace_begin_, sizeof trace_begin_);
    std::memcpy(to.trace.bytes.data() + sizeof trace_begin_, &trace_tail_, sizeof trace_tail_);
    std::memcpy(to.span.bytes.data(), &span_, sizeof span_);
    to.flags = flags_;
    to.remote = false;
    to.decided = true;
    to.left_out = left_out_;
  }

 private:
  std::uint64_t trace_begin_;
  std::uint64_t trace_tail_;
  std::uint64_t span_ = 0;
  std::uint8_t flags_ = 0;
  std::uint8_t left_out_ = 0;
};

/// Record types beyond the plain values of value_type.
enum record_type : std::uint32_t {
  record_name = 8,            ///< text; the last one counts
  record_status_message = 9,  ///< text; the last one counts
  record_array = 10,          ///< payload: the number of element records that follow
  record_event = 11,          ///< payload: event_payload; a name and attribute records follow
};

struct record {
  static constexpr std::uint32_t type_mask = 0x0f;
  static constexpr std::uint32_t text_key =
      0x10;                                       ///< the payload begins with the key, `first` long
  static constexpr std::uint32_t cut = 0x20;      ///< the value was shortened
  static constexpr std::uint32_t dead = 0x40;     ///< a later record has the same key
  static constexpr std::uint32_t element = 0x80;  ///< no key: part of a list or an event
  static constexpr std::uint32_t size_shift = 8;
  /// Of a value: with a key that is text, 256 bytes when padded, it fits into 24 bits.
  static constexpr std::size_t max_value = 16'776'900;

  std::uint32_t bits;  ///< payload size << 8 | flags | type
  std::uint16_t first;
  std::uint16_t second;
  union {
    const key_text* key;     ///< null for elements, names and the like
    std::uint64_t padding_;  ///< 16 bytes on every target
  };

  std::uint32_t type() const noexcept { return bits & type_mask; }
  std::size_t size() const noexcept { return bits >> size_shift; }
};
static_assert(sizeof(record) == 16);

struct event_payload {
  std::int64_t wall_ns;
  std::uint32_t attributes;  ///< records that follow the name
  std::uint32_t named;       ///< 1, or 0 when not even the name found room
};
static_assert(sizeof(event_payload) == 16);

constexpr std::size_t padded(std::size_t size) noexcept { return (size + 7) & ~std::size_t{7}; }

inline constexpr std::size_t max_name_bytes = 200;

/// Where the records of a span's first block begin.
inline constexpr std::size_t first_offset = padded(sizeof(block_head) + sizeof(span_head));

}  // namespace detail
}  // namespace v0
}  // namespace orcast
