// SPDX-License-Identifier: MIT
// expect: could not convert|cannot convert|no viable conversion|no matching

// A single character is neither a number nor a text: its author has to say which.

#include "orcast/trace/tracer.hpp"

void set(orcast::span& one, char grade) {
#if defined(ORCAST_COMPILE_FAIL_FIXED)
  one.set("npc.grade", std::string_view(&grade, 1));
#else
  one.set("npc.grade", grade);
#endif
}
