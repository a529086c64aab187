// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "orcast/otlp/unique_keys.hpp"
#include "orcast/trace/span_reader.hpp"

// Goes through the records of a finished span as OTLP wants to see them: each key once, the last
// value counting, the defaults behind the span's own, events with their attributes. The encoders
// share it, so that they differ in their bytes and in nothing else.
//
// What an encoder hands in writes at `at` and returns the new end, or null when the span does not
// fit; null ends the walk.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr key truncated_key{"openrouter.truncated"};

/// Whether an attribute's name is a constant as it stands, without indices.
inline bool has_constant_name(const orcast::detail::record& r) noexcept {
  return (r.bits & orcast::detail::record::text_key) == 0 && r.key->cut[0] == 0;
}

class span_walk {
 public:
  static constexpr std::size_t most_defaults = 8;

  span_walk() noexcept { defaults_[0] = {record::dead, 0, 0, {&truncated_key}}; }
  span_walk(const span_walk&) = delete;
  span_walk& operator=(const span_walk&) = delete;

  /// An attribute that spans have unless they set it. `key` stays where it is.
  void add_default(const key_text& key) noexcept {
    defaults_[++default_count_] = {0, 0, 0, {&key}};
  }
  bool default_counts(std::size_t i) const noexcept {
    return (defaults_[i + 1].bits & record::dead) == 0;
  }

  /// Runs `write_span()`; a second time when the first has found that something was set twice. (It
  /// is written on the assumption that nothing was, which is true of most spans.)
  template <class Write>
  char* span(span_reader& reader, Write write_span) noexcept {
    const std::size_t skipped = reader.head().has_cuts ? 0 : 1;
    keys_.begin(defaults_ + skipped, default_count_ + 1 - skipped);
    repeats_ = false;
    marked_ = false;
    char* const at = write_span();
    if (!repeats_) return at;
    keys_.mark(reader);
    marked_ = true;
    return write_span();
  }

  /// The span's own attributes; `write(reader, r, at)` for each. (The reader and the record are
  /// copies: while their addresses go nowhere, they stay in registers.)
  template <class Write>
  char* attributes(span_reader& from, char* at, Write write) noexcept {
    from.rewind();
    span_reader reader = from;
    std::uint32_t skip = 0;
    std::uint32_t names = 0;
    std::uint32_t messages = 0;
    for (record_view r; reader.next_inline(r);) {
      if (skip != 0) {
        --skip;
      } else if (!r.has(record::element)) {
        if (!marked_ && !keys_.note(r.raw)) {
          repeats_ = true;  // the walk has to begin again
          return nullptr;
        }
        if (r.has(record::dead)) continue;
        at = write(reader, r, at);
        if (at == nullptr) return nullptr;
      } else if (r.type() == orcast::detail::record_event) {
        skip = r.event.named + r.event.attributes;
      } else if (r.type() == orcast::detail::record_name) {
        ++names;
      } else if (r.type() == orcast::detail::record_status_message) {
        ++messages;
      }
    }
    if (!marked_ && (names > 1 || messages > 1)) {
      repeats_ = true;
      return nullptr;
    }
    return at;
  }

  /// `write(event, number, at)` for each event; `number` counts from 1. It reads the event's name,
  /// when it has one, and then its attributes.
  template <class Write>
  ORCAST_SMALL char* events(span_reader& reader, char* at, Write write) noexcept {
    reader.rewind();
    std::uint32_t number = 0;
    for (record_view r; reader.next(r);) {
      if (r.type() != orcast::detail::record_event) continue;
      const orcast::detail::event_payload event = r.event;
      at = write(event, ++number, at);
      if (at == nullptr) return nullptr;
    }
    return at;
  }

  /// The attributes of the event that was just met; `write(r, at)` for each.
  template <class Write>
  ORCAST_SMALL char* event_attributes(span_reader& reader, std::uint32_t count,
                                      std::uint32_t number, char* at, Write write) noexcept {
    record_view r;
    for (std::uint32_t i = 0; at != nullptr && i < count && reader.next(r); ++i) {
      repeats_ = !marked_ && !keys_.note_any(r.raw, number);
      if (repeats_) return nullptr;
      if (!r.has(record::dead)) at = write(r, at);
    }
    return at;
  }

  /// Whether openrouter.truncated belongs to the span; known after attributes().
  bool has_cut_keys(const span_reader& reader) const noexcept {
    return reader.head().has_cuts && (defaults_[0].bits & record::dead) == 0;
  }
  /// `write(name, at)` for each key whose value recording had to shorten.
  template <class Write>
  ORCAST_SMALL char* cut_keys(span_reader& reader, char* at, Write write) noexcept {
    const record* owner = nullptr;  // of the value that comes next
    const record* named = nullptr;  // a list is named once, however many of its elements are cut
    reader.rewind();
    for (record_view r; at != nullptr && reader.next(r);) {
      if (!r.has(record::element)) {
        owner = r.raw;
      } else if (r.type() >= orcast::detail::record_name) {
        owner = nullptr;  // the span's or an event's own text
      }
      if (!r.has(record::cut) || owner == nullptr || owner == named) continue;
      if ((owner->bits & record::dead) != 0) continue;
      named = owner;
      key_room room;
      at = write(key_name(*owner, room), at);
    }
    return at;
  }

  /// The record of a type that counts, with text in it.
  ORCAST_COLD static bool find(span_reader& reader, std::uint32_t type, record_view& out) noexcept {
    reader.rewind();
    while (reader.next(out)) {
      if (out.type() == type && out.has(record::element) && !out.has(record::dead)) {
        return out.text_size != 0;
      }
    }
    return false;
  }

 private:
  bool repeats_ = false;
  bool marked_ = false;
  std::size_t default_count_ = 0;
  record defaults_[most_defaults + 1];  // the first one stands for openrouter.truncated
  unique_keys keys_;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
