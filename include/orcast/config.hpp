// SPDX-License-Identifier: MIT
#pragma once

// Every macro of orcast, in one place. A host may define the ones marked "host" before the first
// include, the same way in every translation unit; none of them changes a layout or a signature.
// Two versions of orcast in one translation unit are an error rather than a riddle.

#if defined(ORCAST_VERSION_MAJOR)
#error "two versions of orcast meet in one translation unit: check the include paths"
#endif

#define ORCAST_VERSION_MAJOR 0
#define ORCAST_VERSION_MINOR 1
#define ORCAST_VERSION_PATCH 0

// Host: called with a condition when orcast is used against its rules (a programming error).
// Off by default: a shipped game does not stop because of its telemetry.
#if !defined(ORCAST_ASSERT)
#define ORCAST_ASSERT(condition) static_cast<void>(0)
#endif

// ORCAST_COLD marks a body that the hot path does not run through: the compiler keeps it out of the
// way. ORCAST_SMALL marks one that runs once a batch, once a request or once a program: the
// compiler makes it small rather than fast. ORCAST_HOT is for one that is worth having inside each
// of its callers. ORCAST_HIDDEN: on ELF, each library has its own, and so can be unloaded (a symbol
// shared across libraries would pin it).
#if defined(__GNUC__)
#define ORCAST_COLD [[gnu::noinline]]
#define ORCAST_SMALL [[gnu::cold]]
#define ORCAST_HOT [[gnu::always_inline]]
#define ORCAST_HIDDEN [[gnu::visibility("hidden")]]
#else
#define ORCAST_COLD
#define ORCAST_SMALL
#define ORCAST_HOT
#define ORCAST_HIDDEN
#endif

// Host: ORCAST_NO_THREADS leaves out the flush thread and the worker pool (consoles, web, RTOS).
// Everything else works; the host calls pump() and tick().

// Host: ORCAST_SEPARATE_BODIES keeps the bodies of the larger functions (and with them Boost.JSON)
// out of this translation unit; exactly one other one includes "orcast/src.hpp".
#if defined(ORCAST_SEPARATE_BODIES)
#define ORCAST_DECL
#else
#define ORCAST_DECL inline
#endif

namespace orcast {
inline namespace v0 {

/// The version as text, e.g. for a User-Agent header.
ORCAST_HIDDEN inline constexpr char version[] = "0.1.0";

}  // namespace v0
}  // namespace orcast
