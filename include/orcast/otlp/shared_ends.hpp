// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "orcast/otlp/fixed_list.hpp"
#include "orcast/trace/tracer.hpp"

// A span may go to several destinations, but it has one end in the tracer's accounts: it was
// exported when one of them took it, else it was dropped, for the reason that came first; and that
// counts when the last of them is done with it. The exporting thread only.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

class shared_ends {
 public:
  using ticket = std::uint32_t;

  explicit shared_ends(tracer& accounts) : tracer_(accounts) {}

  /// Room for so many spans that are under way at once.
  ORCAST_SMALL void reserve(std::size_t spans) {
    if (spans <= entries_.size()) return;
    fixed_list<entry> more(spans);
    for (const entry& each : entries_) more.push_back(each);
    for (auto i = static_cast<ticket>(more.size()); i < spans; ++i) {
      more.push_back({free_, 0, false, drop_reason::rejected});
      free_ = i;
    }
    entries_ = std::move(more);
  }

  /// A span that so many destinations (at least one) will report an end of.
  ticket begin(std::uint16_t destinations) noexcept {
    ORCAST_ASSERT(free_ != none);
    const ticket made = free_;
    free_ = entries_[made].next_free;
    entries_[made] = {none, destinations, false, drop_reason::rejected};
    return made;
  }

  /// Counted in the tracer together: an atomic addition for each would cost it 5 ns more.
  void exported(const ticket* of, std::size_t count) noexcept {
    std::uint32_t ended = 0;
    for (std::size_t i = 0; i < count; ++i) {
      entry& at = entries_[of[i]];
      at.exported = true;
      if (release(of[i])) ++ended;
    }
    if (ended != 0) tracer_.exported(ended);
  }
  ORCAST_SMALL void dropped(ticket of, drop_reason why) noexcept {
    entry& at = entries_[of];
    if (!at.exported && (at.left & has_reason) == 0) {
      at.reason = why;
      at.left |= has_reason;
    }
    if (!release(of)) return;
    if (at.exported) {
      tracer_.exported(1);
    } else {
      tracer_.dropped(at.reason);
    }
  }

 private:
  static constexpr ticket none = 0xffffffff;

  struct entry {
    ticket next_free;
    std::uint16_t left;  // destinations; its highest bit: a reason is known
    bool exported;
    drop_reason reason;
  };
  static constexpr std::uint16_t has_reason = 0x8000;

  /// One destination less. True when it was the last one.
  bool release(ticket of) noexcept {
    entry& at = entries_[of];
    if ((--at.left & (has_reason - 1)) != 0) return false;
    at.next_free = free_;
    free_ = of;
    return true;
  }

  tracer& tracer_;
  fixed_list<entry> entries_;
  ticket free_ = none;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
