// SPDX-License-Identifier: MIT

// The larger functions of orcast, compiled once for all tests.

#include "orcast/src.hpp"
