// SPDX-License-Identifier: MIT
#pragma once

// ORCAST_TEST_SANITIZED: 1 under AddressSanitizer or ThreadSanitizer, whichever the compiler.
// Threads and operations cost many times as much there, and memory is not what it is elsewhere.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ORCAST_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ORCAST_TEST_SANITIZED 1
#endif
#endif
#if !defined(ORCAST_TEST_SANITIZED)
#define ORCAST_TEST_SANITIZED 0
#endif
