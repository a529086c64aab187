// SPDX-License-Identifier: MIT

#include "orcast/orcast.hpp"

// Game code that pays for no body: they are in bodies.cpp.

int main() { return orcast::version[0] == '\0' ? 1 : 0; }
