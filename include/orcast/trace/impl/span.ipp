// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>

#include "orcast/core/utf8.hpp"
#include "orcast/trace/tracer.hpp"

// The bodies of span: how records are written into blocks (trace/record.hpp has the layout).

namespace orcast {
inline namespace v0 {

/// By the consent that it was begun under.
ORCAST_DECL bool span::still_covered() const noexcept {
  // The head lies right behind that of its block.
  const auto* block = reinterpret_cast<const detail::block_head*>(head_) - 1;
  return block->term == owner_->term();
}

ORCAST_DECL bool span::recording() const noexcept { return owner_ != nullptr && still_covered(); }

/// Whatever put() leaves over.
ORCAST_COLD ORCAST_DECL bool span::put_slowly(const key_text* constant, std::string_view name,
                                              std::uint16_t first, std::uint16_t second,
                                              std::uint32_t bits, const char* text,
                                              std::uint64_t word) noexcept {
  if (owner_ == nullptr) return false;
  return owner_->put(*this, attribute_key(constant, name, first, second), bits, text, word);
}

/// A record with `size` bytes of payload in one block, behind the key's text if it has one. Null,
/// and counted, when the key can't be used or there is no room.
ORCAST_COLD ORCAST_DECL char* span::put_fixed(const attribute_key& key, std::uint32_t bits,
                                              std::size_t size) noexcept {
  std::string_view name;
  if (key.constant() == nullptr && (bits & detail::record::element) == 0) {
    name = key.name();
    if (name.empty() || name.size() > 255) {
      ++head_->dropped_attributes;
      return nullptr;
    }
    bits |= detail::record::text_key;
  }
  const std::size_t whole = detail::padded(name.size()) + size;
  if (!make_room(sizeof(detail::record) + whole)) {
    ++head_->dropped_attributes;
    return nullptr;
  }
  char* payload = open_record(bits, key.constant(), key.first(), key.second(), whole);
  if (name.empty()) return payload;
  reinterpret_cast<detail::record*>(payload)[-1].first = static_cast<std::uint16_t>(name.size());
  copy(payload, name);
  return payload + detail::padded(name.size());
}

/// A record whose text may run on through further blocks, each piece cut between code points.
ORCAST_DECL bool span::put_text(const attribute_key& key, std::uint32_t bits,
                                std::string_view text) noexcept {
  bool cut = text.size() > max_value_;
  if (cut) text = {text.data(), utf8_prefix(text, max_value_)};
  // A text begins in a block that has room for one code point at least.
  char* payload = put_fixed(key, bits, text.empty() ? 0 : 8);
  if (payload == nullptr) return false;
  const bool named = key.constant() == nullptr && (bits & detail::record::element) == 0;
  const std::size_t key_room = named ? detail::padded(key.name().size()) : 0;
  auto* r = reinterpret_cast<detail::record*>(payload - key_room) - 1;

  at_ = payload;
  std::size_t written = 0;
  while (!text.empty()) {
    const auto room = static_cast<std::size_t>(end_ - at_);
    const std::size_t piece = text.size() <= room ? text.size() : utf8_prefix(text, room);
    copy(at_, {text.data(), piece});
    at_ += piece;
    written += piece;
    text.remove_prefix(piece);
    if (!text.empty() && !grow()) {
      cut = true;
      break;
    }
  }
  at_ = end_ - (static_cast<std::size_t>(end_ - at_) & ~std::size_t{7});
  if (cut) {
    head_->has_cuts = true;
    r->bits |= detail::record::cut;
  }
  r->bits &= (1u << detail::record::size_shift) - 1;
  r->bits |= static_cast<std::uint32_t>(key_room + written) << detail::record::size_shift;
  return true;
}

/// Closes the current block and goes on in a fresh one. False when the span has reached its limit
/// or the memory is used up; the span then stays as it is.
ORCAST_COLD ORCAST_DECL bool span::grow() noexcept {
  detail::span_ring& ring = owner_->ring_;
  detail::block_index fresh = detail::no_block;
  if (head_->blocks < owner_->max_blocks_) {
    if (detail::lane* const mine = ring.claim()) {
      fresh = ring.pop(*mine);
      ring.prefetch(mine->free);
      mine->let_go();
    }
  }
  if (fresh == detail::no_block) return false;
  close_block();
  ring.at(head_->last)->next = fresh;
  head_->last = fresh;
  ++head_->blocks;
  char* bytes = reinterpret_cast<char*>(ring.at(fresh));
  at_ = bytes + sizeof(detail::block_head);
  end_ = bytes + ring.block_bytes();
  return true;
}

ORCAST_DECL void span::close_block() noexcept {
  const auto left = static_cast<std::uint32_t>(end_ - at_);
  const auto size = static_cast<std::uint32_t>(owner_->ring_.block_bytes());
  reinterpret_cast<detail::block_head*>(end_ - size)->used = size - left;
}

ORCAST_DECL span& span::set_list(attribute_key key, const attribute_value* values,
                                 std::size_t count) noexcept {
  if (owner_ == nullptr) return *this;
  char* payload = put_fixed(key, detail::record_array, 8);
  if (payload == nullptr) return *this;
  std::uint64_t written = 0;
  while (written < count && put(std::string_view(), detail::record::element, values[written])) {
    ++written;
  }
  std::memcpy(payload, &written, sizeof written);
  return *this;
}

ORCAST_DECL span& span::event(std::string_view name, std::initializer_list<attribute> attributes,
                              std::int64_t steady_ns) noexcept {
  if (owner_ == nullptr) return *this;
  constexpr std::uint16_t most = 128;  // the default of OTEL_SPAN_EVENT_COUNT_LIMIT
  constexpr std::string_view no_key;
  if (head_->events >= most || !make_room(sizeof(detail::record) + sizeof(detail::event_payload))) {
    if (head_->dropped_events != 0xffff) ++head_->dropped_events;
    return *this;
  }
  char* payload = put_fixed(no_key, detail::record_event | detail::record::element,
                            sizeof(detail::event_payload));
  detail::event_payload content{};
  content.wall_ns = head_->start_wall_ns + since_start(owner_->reading(steady_ns));
  if (put(no_key, detail::record::element, name)) {
    content.named = 1;
    for (const attribute& each : attributes) {
      if (put(each.key, 0, each.value)) ++content.attributes;
    }
  }
  std::memcpy(payload, &content, sizeof content);
  ++head_->events;
  return *this;
}

ORCAST_DECL span& span::status(span_status value, std::string_view message) noexcept {
  if (owner_ == nullptr || head_->status == span_status::ok || value == span_status::unset) {
    return *this;
  }
  head_->status = value;
  if (value == span_status::error) {
    constexpr std::string_view no_key;
    put_text(no_key, detail::record_status_message | detail::record::element, message);
  }
  return *this;
}

ORCAST_DECL span& span::rename(std::string_view name) noexcept {
  constexpr std::string_view no_key;
  if (owner_ != nullptr) {
    put_text(no_key, detail::record_name | detail::record::element,
             name.substr(0, utf8_prefix(name, detail::max_name_bytes)));
  }
  return *this;
}

ORCAST_DECL void span::hand_over(std::int64_t steady_ns) noexcept {
  steady_ns = owner_->reading(steady_ns);
  head_->duration_ns = since_start(steady_ns);
  close_block();
  if (!still_covered()) return discard(drop_reason::withdrawn);
  owner_->ring_.publish(first_, tracer::stamp(steady_ns));
  forget();
}

ORCAST_COLD ORCAST_SMALL ORCAST_DECL void span::discard(drop_reason why) noexcept {
  if (owner_ == nullptr) return;
  close_block();
  owner_->ring_.give_back(first_);
  owner_->dropped(why);
  forget();
}

ORCAST_DECL std::int64_t span::now_ns() const noexcept {
  return owner_ != nullptr ? owner_->host().steady_ns() : 0;
}

}  // namespace v0
}  // namespace orcast
