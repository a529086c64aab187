// SPDX-License-Identifier: MIT

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"

// Two translation units include everything: what is defined in a header must be inline.

const char* version_of_the_second_unit();

int main() { return version_of_the_second_unit() == orcast::version ? 0 : 1; }
