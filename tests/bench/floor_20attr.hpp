// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "bench.hpp"
#include "byte_ring.hpp"
#include "workload.hpp"

// The floor of everything that records the 20 attributes of span/20attr: the hand-written ring.

namespace bench {

class floor_20attr {
 public:
  explicit floor_20attr(const workload& work) : work_(work) {}

  void record() {
    if (!ring_.record("npc turn", [&](auto& into) { work_.set_20(into); })) {
      fail("the floor's ring is too small");
    }
  }
  /// How many records there were.
  std::size_t drain() { return ring_.drain(); }

  /// `body` records bursts of `burst`, as this does.
  template <class Body>
  comparison compare_with(suite& suite, int bursts, int burst, Body body) {
    return compare(suite, body, [&] {
      return time_bursts(
          bursts, burst, [&] { record(); }, [&] { drain(); });
    });
  }

 private:
  const workload& work_;
  byte_ring ring_{std::size_t{256} * 1024, 1024};
};

}  // namespace bench
