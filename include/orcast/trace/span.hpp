// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "orcast/trace/record.hpp"
#include "orcast/trace/stats.hpp"

// A span that is being recorded: a move-only handle whose contents lie in the tracer's fixed
// memory. Recording never fails, blocks or allocates; what does not fit is shortened or dropped and
// counted. One thread at a time uses a span; it may be begun on one thread and ended on another. It
// must not outlive its tracer. An empty span (default-made, moved from, not sampled, ended) takes
// every call and does nothing.

namespace orcast {
inline namespace v0 {

class tracer;
namespace detail {
class made_tracer;
}

class span {
 public:
  span() = default;
  span(span&& other) noexcept { take_from(other); }
  span& operator=(span&& other) noexcept {
    if (this != &other) {
      end();
      take_from(other);
    }
    return *this;
  }
  ~span() { end(); }

  /// False when nothing is kept: a caller may skip work that only serves the recording.
  bool recording() const noexcept;

  /// What children inherit. Also valid on a span that was not sampled: children follow it.
  const span_context& context() const noexcept { return context_; }

  /// Sets an attribute; a later value of the same key wins. Strings are copied, shortened to the
  /// tracer's limits on a code-point boundary, and may hold any bytes (what is not UTF-8 arrives as
  /// U+FFFD). NaN and infinities are exported as OTLP prescribes.
  span& set(attribute_key key, attribute_value value) noexcept {
    put(key, 0, value);
    return *this;
  }

  /// Sets an attribute that is a list.
  span& set_list(attribute_key key, const attribute_value* values, std::size_t count) noexcept;
  span& set_list(attribute_key key, std::initializer_list<attribute_value> values) noexcept {
    return set_list(key, values.begin(), values.size());
  }

  /// Adds an event. `steady_ns` is a reading of the tracer's steady clock; 0 means now.
  span& event(std::string_view name, std::initializer_list<attribute> attributes = {},
              std::int64_t steady_ns = 0) noexcept;

  /// The last status counts, except that ok is final. The message is kept with error only.
  span& status(span_status value, std::string_view message = {}) noexcept;

  span& rename(std::string_view name) noexcept;

  /// A bit for each destination that is not to get this span after all; its children are not
  /// concerned. What nobody gets is dropped and counted as filtered.
  span& leave_out(std::uint8_t destinations) noexcept {
    if (head_ != nullptr) {
      head_->context.left_out = static_cast<std::uint8_t>(head_->context.left_out | destinations);
    }
    return *this;
  }

  /// Ends the span and hands it to the exporter; what is set later is ignored. `steady_ns` as for
  /// event(). The destructor does the same.
  void end(std::int64_t steady_ns = 0) noexcept {
    if (owner_ != nullptr) hand_over(steady_ns);
  }

  /// Ends the span without exporting it; it is counted under `why`.
  void discard(drop_reason why = drop_reason::filtered) noexcept;

  /// Readings of the tracer's steady clock, in nanoseconds.
  std::int64_t start_ns() const noexcept { return head_ != nullptr ? head_->start_steady_ns : 0; }
  std::int64_t now_ns() const noexcept;

 private:
  friend class tracer;
  friend class detail::made_tracer;

  /// Not recorded; children follow it.
  explicit span(const detail::context_words& ids) noexcept { ids.write(context_); }

  /// In the block `first`, whose head is written. `name` is short enough.
  ORCAST_HOT span(tracer& owner, std::uint32_t max_value, const detail::context_words& ids,
                  detail::block_index first, detail::span_head* head, std::size_t block_bytes,
                  std::string_view name) noexcept
      : owner_(&owner),
        head_(head),
        at_(reinterpret_cast<char*>(head + 1)),
        end_(reinterpret_cast<char*>(head) - sizeof(detail::block_head) + block_bytes),
        first_(first),
        max_value_(max_value) {
    static_assert(detail::first_offset == sizeof(detail::block_head) + sizeof(detail::span_head));
    ids.write(context_);
    constexpr std::uint32_t bits = detail::record_name | detail::record::element;
    copy_padded(open_record(bits, nullptr, 0, 0, name.size()), name);
  }

  /// Takes its arguments apart where they are known, which leaves one call. What it calls is given
  /// numbers and pointers alone: an object in memory would be read in wider pieces than it has just
  /// been written in, and the processor would wait.
  ORCAST_HOT bool put(const attribute_key& key, std::uint32_t flags,
                      const attribute_value& value) noexcept {
    const std::uint32_t bits = flags | static_cast<std::uint32_t>(value.type());
    if (key.constant() != nullptr) {
      if (value.type() == value_type::string) {
        return put_short_text(key.constant(), key.first(), key.second(), bits, value.text());
      }
      if (value.type() != value_type::decimal) {
        return put_number(key.constant(), key.first(), key.second(), bits, value.word());
      }
    }
    return put_slowly(key.constant(), key.name(), key.first(), key.second(), bits,
                      value.is_text() ? value.text().data() : nullptr, value.word());
  }

  /// The common cases: a constant key, and a value that fits into the current block. A span that
  /// records nothing has no room, so that they need not ask.
  bool put_short_text(const key_text* key, std::uint16_t first, std::uint16_t second,
                      std::uint32_t bits, std::string_view text) noexcept {
    const auto room = static_cast<std::size_t>(end_ - at_);
    if (sizeof(detail::record) + detail::padded(text.size()) > room || text.size() > max_value_) {
      return put_slowly(key, {}, first, second, bits, text.data(), text.size());
    }
    copy_padded(open_record(bits, key, first, second, text.size()), text);
    return true;
  }
  bool put_number(const key_text* key, std::uint16_t first, std::uint16_t second,
                  std::uint32_t bits, std::uint64_t word) noexcept {
    if (sizeof(detail::record) + sizeof word > static_cast<std::size_t>(end_ - at_)) {
      return put_slowly(key, {}, first, second, bits, nullptr, word);
    }
    write_word(open_record(bits, key, first, second, sizeof word), word);
    return true;
  }

  /// Writes a record's head where there is room for it and returns its payload.
  char* open_record(std::uint32_t bits, const key_text* key, std::uint16_t first,
                    std::uint16_t second, std::size_t size) noexcept {
    auto* r = reinterpret_cast<detail::record*>(at_);
    r->bits = bits | static_cast<std::uint32_t>(size) << detail::record::size_shift;
    r->first = first;
    r->second = second;
    r->key = key;
    at_ += sizeof(detail::record) + detail::padded(size);
    return reinterpret_cast<char*>(r + 1);
  }

  static constexpr std::size_t by_words = 48;
  static void copy(char* to, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  }
  /// Copies text to where a record has its payload and room for its padding. Short text goes
  /// word by word: no call, and because words can't alias at_, it stays in a register.
  static void copy_padded(char* to, std::string_view text) noexcept {
    std::size_t left = text.size();
    if (left > by_words) {
      std::memcpy(to, text.data(), left);
      return;
    }
    auto* words = reinterpret_cast<std::uint64_t*>(to);
    const char* from = text.data();
    std::uint64_t pair[2];
    for (; left >= sizeof pair; left -= sizeof pair, from += sizeof pair, words += 2) {
      std::memcpy(pair, from, sizeof pair);
      words[0] = pair[0];
      words[1] = pair[1];
    }
    if (left >= sizeof *words) {
      std::memcpy(pair, from, sizeof *words);
      *words++ = pair[0];
      left -= sizeof *words;
      from += sizeof *words;
    }
    if (left != 0) *words = last_word(from, left, text.size());
  }
  /// The 1 to 7 bytes at `from`, the end of a text of `size`, with zeros behind them. From memory
  /// that is read in whole words or less: one byte after the other into a word, which is then read,
  /// the processor would wait for.
  static std::uint64_t last_word(const char* from, std::size_t left, std::size_t size) noexcept {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (size >= sizeof(std::uint64_t)) {
      std::uint64_t word;
      std::memcpy(&word, from + left - sizeof word, sizeof word);
      return word >> (64 - 8 * left);
    }
    if (left >= sizeof(std::uint32_t)) {  // two halves that may overlap
      std::uint32_t first;
      std::uint32_t last;
      std::memcpy(&first, from, sizeof first);
      std::memcpy(&last, from + left - sizeof last, sizeof last);
      return first | std::uint64_t{last} << (8 * (left - sizeof last));
    }
    const auto at = [from](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
    };
    return at(0) | at(left / 2) | at(left - 1);
#else
    std::uint64_t word = 0;
    std::memcpy(&word, from, left);
    static_cast<void>(size);
    return word;
#endif
  }
  static void write_word(char* to, std::uint64_t word) noexcept {
    *reinterpret_cast<std::uint64_t*>(to) = word;
  }

  void hand_over(std::int64_t steady_ns) noexcept;
  bool still_covered() const noexcept;
  /// Takes its arguments apart, so that the fast path has no object whose address it gives away.
  bool put_slowly(const key_text* constant, std::string_view name, std::uint16_t first,
                  std::uint16_t second, std::uint32_t bits, const char* text,
                  std::uint64_t word) noexcept;
  char* put_fixed(const attribute_key& key, std::uint32_t bits, std::size_t size) noexcept;
  bool put_text(const attribute_key& key, std::uint32_t bits, std::string_view text) noexcept;
  bool make_room(std::size_t size) noexcept {
    return size <= static_cast<std::size_t>(end_ - at_) || grow();
  }
  bool grow() noexcept;
  void close_block() noexcept;
  /// Never less than 0.
  std::int64_t since_start(std::int64_t steady_ns) const noexcept {
    const std::int64_t passed = steady_ns - head_->start_steady_ns;
    return passed > 0 ? passed : 0;
  }

  void forget() noexcept {
    owner_ = nullptr;
    head_ = nullptr;
    at_ = end_ = nullptr;
  }
  void take_from(span& other) noexcept {
    owner_ = other.owner_;
    head_ = other.head_;
    at_ = other.at_;
    end_ = other.end_;
    first_ = other.first_;
    max_value_ = other.max_value_;
    context_ = other.context_;
    other.forget();
  }

  tracer* owner_ = nullptr;
  detail::span_head* head_ = nullptr;
  char* at_ = nullptr;   // where the next record goes
  char* end_ = nullptr;  // end of the current block
  detail::block_index first_ = detail::no_block;
  std::uint32_t max_value_ = 0;
  span_context context_;
};

}  // namespace v0
}  // namespace orcast
