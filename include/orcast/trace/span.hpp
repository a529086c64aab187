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
  bool recording() const noexcept { return owner_ != nullptr; }

  /// What children inherit. Also valid on a span that was not sampled: children follow it.
  const span_context& context() const noexcept { return context_; }

  /// Sets an attribute; a later value of the same key wins. Strings are copied, shortened to the
  /// tracer's limits on a code-point boundary, and may hold any bytes (what is not UTF-8 arrives as
  /// U+FFFD). NaN and infinities are exported as OTLP prescribes.
  span& set(attribute_key key, attribute_value value) noexcept {
    if (owner_ != nullptr) put(key, 0, value);
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

  /// The common cases, inline: a constant key, and a value that fits into the current block.
  bool put(const attribute_key& key, std::uint32_t flags, const attribute_value& value) noexcept {
    const auto room = static_cast<std::size_t>(end_ - at_);
    const auto type = static_cast<std::uint32_t>(value.type());
    if (key.constant() != nullptr) {
      if (value.type() == value_type::string) {
        const std::size_t size = value.text().size();
        if (sizeof(detail::record) + detail::padded(size) <= room && size <= max_value_) {
          copy(open_record(flags | type, key, size), value.text());
          return true;
        }
      } else if (value.type() != value_type::decimal && sizeof(detail::record) + 8 <= room) {
        write_number(open_record(flags | type, key, 8), value);
        return true;
      }
    }
    return put_slowly(key, flags, value);
  }

  /// Writes a record's head where there is room for it and returns its payload.
  char* open_record(std::uint32_t bits, const attribute_key& key, std::size_t size) noexcept {
    auto* r = reinterpret_cast<detail::record*>(at_);
    r->bits = bits | static_cast<std::uint32_t>(size) << detail::record::size_shift;
    r->first = key.first();
    r->second = key.second();
    r->padding_ = 0;
    r->key = key.constant();
    at_ += sizeof(detail::record) + detail::padded(size);
    return reinterpret_cast<char*>(r + 1);
  }

  static void copy(char* to, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  }
  static void write_number(char* to, const attribute_value& value) noexcept {
    if (value.type() == value_type::float64) {
      const double number = value.floating();
      std::memcpy(to, &number, 8);
    } else {
      const std::int64_t number = value.integer();
      std::memcpy(to, &number, 8);
    }
  }

  void hand_over(std::int64_t steady_ns) noexcept;
  bool put_slowly(const attribute_key& key, std::uint32_t flags,
                  const attribute_value& value) noexcept;
  char* put_fixed(const attribute_key& key, std::uint32_t bits, std::size_t size) noexcept;
  bool put_text(const attribute_key& key, std::uint32_t bits, std::string_view text) noexcept;
  bool make_room(std::size_t size) noexcept {
    return size <= static_cast<std::size_t>(end_ - at_) || grow();
  }
  bool grow() noexcept;
  void close_block() noexcept;

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
