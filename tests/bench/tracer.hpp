// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "bench.hpp"
#include "orcast/trace/make_tracer.hpp"

// A tracer to measure, and the cheapest consumer that it can have.

namespace bench {

inline std::unique_ptr<orcast::tracer> make_tracer(const orcast::tracer_options& options = {}) {
  auto made = orcast::make_tracer(options);
  if (!made) fail("the tracer could not be made");
  return std::move(made).value();
}

/// Takes all finished spans and gives their memory back; returns how many they were.
inline std::size_t drain(orcast::tracer& from) {
  std::size_t count = 0;
  for (auto span = from.take(); span != orcast::detail::no_block; span = from.take()) {
    from.give_back(span);
    ++count;
  }
  from.exported(static_cast<std::uint32_t>(count));
  return count;
}

}  // namespace bench
