// SPDX-License-Identifier: MIT

// The larger functions of orcast, compiled once for all examples and tests. A host does the same in
// a file like this one, to keep Boost.JSON and most of the compile time out of its other files.

#include "orcast/src.hpp"
