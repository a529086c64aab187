// SPDX-License-Identifier: MIT

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"

const char* version_of_the_second_unit();

const char* version_of_the_second_unit() { return orcast::version; }
