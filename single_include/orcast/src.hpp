// SPDX-License-Identifier: MIT
//
// orcast 0.1.0, generated from include/ by tools/amalgamate.py: change it there.
//
// The bodies that ORCAST_SEPARATE_BODIES keeps out of orcast.hpp. Include it in exactly one
// translation unit, before any other header of orcast, and link Boost.JSON there.
#pragma once

#if !defined(ORCAST_SEPARATE_BODIES)
#error "define ORCAST_SEPARATE_BODIES for the whole program, or leave src.hpp out"
#elif defined(ORCAST_VERSION_MAJOR)
#error "include orcast/src.hpp before any other header of orcast"
#endif

#define ORCAST_BODIES
#include "orcast/orcast.hpp"
#undef ORCAST_BODIES
