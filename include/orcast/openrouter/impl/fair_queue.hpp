// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

// Who goes next, among those who wait for one of few places. A higher priority goes first. Within
// one, the parties (sessions, characters) take turns, so that one that asks for a hundred things
// holds up nobody else; what one party asks for keeps its order. The host's thread only.

namespace orcast {
inline namespace v0 {
namespace detail {

template <class T, std::size_t Priorities>
class fair_queue {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// `first`: before what the party already has here.
  void push(std::size_t priority, std::string_view party, T item, bool first = false) {
    std::deque<lane>& level = levels_[priority];
    auto at = find(level, party);
    if (at == level.end()) at = level.insert(level.end(), lane{std::string(party), {}});
    if (first) {
      at->items.push_front(std::move(item));
    } else {
      at->items.push_back(std::move(item));
    }
    ++size_;
  }

  /// The next one; only where there is one.
  T pop() {
    std::size_t priority = Priorities - 1;
    while (levels_[priority].empty()) --priority;
    std::deque<lane>& level = levels_[priority];
    lane turn = std::move(level.front());
    level.pop_front();
    T next = std::move(turn.items.front());
    turn.items.pop_front();
    if (!turn.items.empty()) level.push_back(std::move(turn));
    --size_;
    return next;
  }

  /// Takes out those for which `which` is true, wherever they stand.
  template <class Which>
  void remove_if(Which which) {
    for (std::deque<lane>& level : levels_) {
      for (lane& each : level) {
        const auto rest = std::remove_if(each.items.begin(), each.items.end(), which);
        size_ -= static_cast<std::size_t>(each.items.end() - rest);
        each.items.erase(rest, each.items.end());
      }
      level.erase(std::remove_if(level.begin(), level.end(),
                                 [](const lane& each) { return each.items.empty(); }),
                  level.end());
    }
  }

  void clear() noexcept {
    for (std::deque<lane>& level : levels_) level.clear();
    size_ = 0;
  }

 private:
  struct lane {
    std::string party;
    std::deque<T> items;
  };

  static typename std::deque<lane>::iterator find(std::deque<lane>& level, std::string_view party) {
    return std::find_if(level.begin(), level.end(),
                        [party](const lane& each) { return each.party == party; });
  }

  std::deque<lane> levels_[Priorities];
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
