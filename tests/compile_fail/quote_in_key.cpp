// SPDX-License-Identifier: MIT
// expect: a_key_has_no_quotes_backslashes_or_control_characters

#include "orcast/trace/key.hpp"

#if defined(ORCAST_COMPILE_FAIL_FIXED)
inline constexpr orcast::key name{"npc.'name'"};
#else
inline constexpr orcast::key name{"npc.\"name\""};
#endif

int main() { return name.size == 0; }
