// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "orcast/trace/span_reader.hpp"

// OTLP wants the keys of a span, and of each event, to be unique; recording only appends. Before a
// span is encoded this marks every record dead whose key was written again later. It uses a small
// hash table of its own and allocates nothing: a span with more keys than the table holds is gone
// through several times.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

using orcast::detail::record;

/// The name of a record's attribute, with the indices in it. `room` holds it where it is not in one
/// piece in memory already.
struct key_room {
  char text[256];
};
ORCAST_SMALL inline std::string_view key_name(const record& r, key_room& room) noexcept {
  if ((r.bits & record::text_key) != 0) {
    return {reinterpret_cast<const char*>(&r + 1), r.first};
  }
  const key_text& key = *r.key;
  const char* from = key.json + key_text::before.size();
  const char* const end = key.json + key.size - key_text::after.size();
  if (key.cut[0] == 0) return {from, static_cast<std::size_t>(end - from)};
  char* to = room.text;
  const std::uint16_t index[2] = {r.first, r.second};
  for (std::size_t i = 0; i < 2 && key.cut[i] != 0; ++i) {
    const auto size = static_cast<std::size_t>(key.json + key.cut[i] - from);
    std::memcpy(to, from, size);
    to += size;
    from += size;
    char digits[5];
    std::size_t n = 0;
    unsigned value = index[i];
    do digits[n++] = static_cast<char>('0' + value % 10);
    while ((value /= 10) != 0);
    while (n != 0) *to++ = digits[--n];
  }
  std::memcpy(to, from, static_cast<std::size_t>(end - from));
  to += end - from;
  return {room.text, static_cast<std::size_t>(to - room.text)};
}

class unique_keys {
 public:
  /// For a new span. The `defaults` count as written before its own records: attributes that a span
  /// has unless it sets them itself; they must stay until the next begin().
  ORCAST_COLD void begin(record* defaults, std::size_t count) noexcept {
    clear();
    defaults_ = defaults;
    default_count_ = count;
    for (std::size_t i = 0; i < count; ++i) {
      defaults[i].bits &= ~record::dead;
      remember(defaults + i, 0, true);
    }
  }

  /// Notes a key of the span's own. False when the same was noted before, or can't be told: mark()
  /// is then needed.
  bool note(record* r) noexcept {
    if ((r->bits & slow_bits_) == 0 && used_ < most_used) {
      const std::uint32_t hash = hash_of_constant(*r, 0);
      slot& at = table_[hash % slots];
      if (at.generation != generation_) {  // as a rule
        at = {r, hash, 0, generation_};
        ++used_;
        return true;
      }
    }
    return note_any(r, 0);
  }
  /// The same of an attribute of any scope, small instead of fast: 0 is the span's, n that of its
  /// nth event.
  ORCAST_COLD bool note_any(record* r, std::uint32_t scope) noexcept {
    return remember(r, scope, used_ < most_used) == outcome::stored;
  }

  /// Marks every record dead that a later one replaces: attributes by key, names, status messages.
  ORCAST_SMALL void mark(span_reader& reader) noexcept {
    std::uint32_t from = 0;
    do {
      begin(defaults_, default_count_);
      from = pass(reader, from);
    } while (from != 0);
  }

 private:
  static constexpr std::size_t slots = 256;
  static constexpr std::uint32_t most_used = slots * 3 / 4;
  static constexpr std::uint64_t odd = 0x9e3779b97f4a7c15u;
  static constexpr std::uint32_t spread = 0x85ebca6bu;

  enum class outcome : unsigned char { stored, repeated, no_room, start_over };

  struct slot {
    record* last = nullptr;
    std::uint32_t hash = 0;
    std::uint16_t scope = 0;
    std::uint16_t generation = 0;
  };

  /// Finds the duplicates of the keys from number `from` on, as many as the table can hold. Returns
  /// the number of the first one that it could not, or 0.
  ORCAST_SMALL std::uint32_t pass(span_reader& reader, std::uint32_t from) noexcept {
    reader.rewind();
    record* name = nullptr;
    record* message = nullptr;
    std::uint32_t number = 0;
    std::uint32_t next = 0;
    std::uint32_t events = 0;
    std::uint32_t left_in_event = 0;
    for (record_view r; reader.next(r);) {
      if (r.has(record::element)) {
        if (r.type() == orcast::detail::record_event) {
          ++events;
          left_in_event = r.event.attributes;
        } else if (r.type() == orcast::detail::record_name) {
          if (name != nullptr) name->bits |= record::dead;
          name = r.raw;
        } else if (r.type() == orcast::detail::record_status_message) {
          if (message != nullptr) message->bits |= record::dead;
          message = r.raw;
        }
        continue;
      }
      const std::uint32_t scope = left_in_event != 0 ? events : 0;
      if (left_in_event != 0) --left_in_event;
      ++number;
      if (r.has(record::dead)) continue;
      const outcome known = remember(r.raw, scope, number >= from && used_ < most_used);
      if (known == outcome::start_over) return 1;
      if (known == outcome::no_room && number >= from && next == 0) next = number;
    }
    return next;
  }

  void clear() noexcept {
    used_ = 0;
    if (++generation_ != 0) return;
    for (slot& each : table_) each.generation = 0;
    generation_ = 1;
  }

  /// Where the key is known, the record that had it is marked dead.
  ORCAST_SMALL outcome remember(record* r, std::uint32_t scope, bool may_store) noexcept {
    if (!by_content() && (r->bits & record::text_key) != 0) {
      // Equal names must meet, however they were given. It stays so: spans of a program are alike.
      slow_bits_ = ~0u;
      return outcome::start_over;
    }
    const std::uint32_t hash = hash_of(*r, scope);
    for (std::size_t i = hash % slots;; i = (i + 1) % slots) {
      slot& at = table_[i];
      if (at.generation != generation_) {
        if (!may_store) return outcome::no_room;
        at = {r, hash, static_cast<std::uint16_t>(scope), generation_};
        ++used_;
        return outcome::stored;
      }
      if (at.hash == hash && at.scope == scope && same(*at.last, *r)) {
        const bool is_default = at.last >= defaults_ && at.last < defaults_ + default_count_;
        at.last->bits |= record::dead;
        at.last = r;
        return is_default ? outcome::stored : outcome::repeated;
      }
    }
  }

  bool by_content() const noexcept { return slow_bits_ == ~0u; }

  /// Without text keys a key is told by its constant: the hash that was made when it was compiled,
  /// and its indices. (A constant that spells an index out is then not the same as one that was
  /// given it; only text is compared as text.)
  std::uint32_t hash_of(const record& r, std::uint32_t scope) const noexcept {
    return by_content() ? hash_of_content(r) ^ scope * spread : hash_of_constant(r, scope);
  }
  static std::uint32_t hash_of_constant(const record& r, std::uint32_t scope) noexcept {
    const key_text& key = *r.key;
    std::uint32_t hash = key.hash ^ scope * spread;
    if (key.cut[0] != 0) hash ^= (r.first * 0x9e3779b1u ^ r.second * 0xc2b2ae35u) >> 8;
    return hash;
  }

  bool same(const record& a, const record& b) const noexcept {
    if (by_content()) return same_content(a, b);
    const key_text& x = *a.key;
    const key_text& y = *b.key;
    if (x.cut[0] != 0 && (a.first != b.first || a.second != b.second)) return false;
    // Two constants may spell one key, for example one in each of two plugins.
    return &x == &y || (x.size == y.size && x.cut[0] == y.cut[0] && x.cut[1] == y.cut[1] &&
                        std::memcmp(x.json, y.json, x.size) == 0);
  }

  ORCAST_SMALL static std::uint32_t hash_of_content(const record& r) noexcept {
    key_room room;
    const std::string_view name = key_name(r, room);
    std::uint64_t sum = name.size();
    if (name.size() < 8) return static_cast<std::uint32_t>(((sum ^ word(name)) * odd) >> 32);
    for (std::size_t i = 0; i + 8 < name.size(); i += 8) {
      sum = (sum ^ word(name.data() + i)) * odd;
      sum ^= sum >> 29;
    }
    sum = (sum ^ word(name.data() + name.size() - 8)) * odd;  // the last eight, seen or not
    return static_cast<std::uint32_t>(sum >> 32);
  }

  ORCAST_SMALL static bool same_content(const record& a, const record& b) noexcept {
    key_room room_a;
    key_room room_b;
    return key_name(a, room_a) == key_name(b, room_b);
  }

  static std::uint64_t word(const char* text) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, text, sizeof value);
    return value;
  }
  static std::uint64_t word(std::string_view shorter) noexcept {
    std::uint64_t value = 0;
    for (const char c : shorter) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  slot table_[slots];
  record* defaults_ = nullptr;
  std::size_t default_count_ = 0;
  std::uint16_t generation_ = 0;
  std::uint32_t used_ = 0;
  // note() is of no help to records with one of these bits; with all, to none: each has a type.
  std::uint32_t slow_bits_ = record::text_key;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
