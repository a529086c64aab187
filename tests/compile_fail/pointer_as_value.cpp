// SPDX-License-Identifier: MIT
// expect: deleted

// A pointer must not become a bool, which is what C++ would make of it.

#include "orcast/trace/tracer.hpp"

void set(orcast::span& one, const int* health) {
#if defined(ORCAST_COMPILE_FAIL_FIXED)
  one.set("npc.health", *health);
#else
  one.set("npc.health", health);
#endif
}
