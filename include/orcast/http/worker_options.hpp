// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "orcast/config.hpp"

// How many threads and how much waiting a blocking transport may cause; apart from the pool itself,
// so that who only sets them does not include <thread>.

namespace orcast {
inline namespace v0 {
namespace http {

struct worker_options {
  std::size_t threads = 4;  ///< at most; 0 counts as 1
  std::size_t queue = 256;  ///< jobs that may wait for a thread; at least as many as threads
};

}  // namespace http
}  // namespace v0
}  // namespace orcast
