// SPDX-License-Identifier: MIT
#pragma once

// Catch2, whichever version the machine has: Debian 12 ships version 2, current releases are
// version 3. The tests use what both know.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // where version 2 has it
#else
#include <catch2/catch.hpp>
#endif
