// SPDX-License-Identifier: MIT

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"

// A program of a user of orcast; built with and without exceptions and RTTI.

int main() { return orcast::version[0] == '\0' ? 1 : 0; }
