// SPDX-License-Identifier: MIT
// expect: deleted

// A key is moved or, on purpose, cloned; it is never copied by the way.

#include "orcast/core/secret.hpp"

orcast::secret twice(const orcast::secret& key) {
#if defined(ORCAST_COMPILE_FAIL_FIXED)
  return key.clone();
#else
  return key;
#endif
}
