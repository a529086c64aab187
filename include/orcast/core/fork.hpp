// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "orcast/core/host.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#elif defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

// fork(2): a child must not repeat its parent's random numbers. On Linux a page can be marked so
// that the child finds it zeroed; whoever keeps a random state there recognises that and seeds
// anew. Elsewhere fork() is rare and the marks do nothing.

namespace orcast {
inline namespace v0 {

/// What the system's pages are: 4 KiB mostly, 16 or 64 on some 64-bit ARM systems. Not for the
/// recording path.
ORCAST_SMALL inline std::size_t system_page_bytes() noexcept {
#if defined(__linux__)
  const long size = ::sysconf(_SC_PAGESIZE);
  if (size > static_cast<long>(page_bytes)) return static_cast<std::size_t>(size);
#endif
  return page_bytes;
}

/// `page` is aligned to system_page_bytes(), of which `size` is a multiple, and filled by nothing
/// but data that a child must not inherit. False where the system can't do it.
inline bool wipe_in_child(void* page, std::size_t size) noexcept {
#if defined(__linux__) && defined(MADV_WIPEONFORK)
  return ::madvise(page, size, MADV_WIPEONFORK) == 0;
#else
  static_cast<void>(page);
  static_cast<void>(size);
  return false;
#endif
}

/// Takes the mark back; call it before the memory is released.
inline void keep_in_child(void* page, std::size_t size) noexcept {
#if defined(__linux__) && defined(MADV_KEEPONFORK)
  ::madvise(page, size, MADV_KEEPONFORK);
#else
  static_cast<void>(page);
  static_cast<void>(size);
#endif
}

/// Names this process; 0 where there is no fork(). A system call: not for the recording path.
inline long process_id() noexcept {
#if defined(__unix__) || defined(__APPLE__)
  return static_cast<long>(::getpid());
#else
  return 0;
#endif
}

}  // namespace v0
}  // namespace orcast
