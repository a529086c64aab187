// SPDX-License-Identifier: MIT
//
// What Meson compiles once for each of the tests' programs. It is no header of its own: a compiler
// that is given "#pragma once" as its main file warns.

#include "support/catch.hpp"
