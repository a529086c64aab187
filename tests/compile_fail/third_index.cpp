// SPDX-License-Identifier: MIT
// expect: constant expression|outside the bounds

// A key has at most two indices.

#include "orcast/trace/key.hpp"

#if defined(ORCAST_COMPILE_FAIL_FIXED)
inline constexpr orcast::key deep{"a.#.b.#.c"};
#else
inline constexpr orcast::key deep{"a.#.b.#.c.#.d"};
#endif
