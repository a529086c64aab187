// SPDX-License-Identifier: MIT
#pragma once

// libcurl, in a release that has what orcast/transport/curl.hpp needs.

#include "orcast/detail/third_party_begin.hpp"

#include <curl/curl.h>

#include "orcast/detail/third_party_end.hpp"

#if LIBCURL_VERSION_NUM < 0x075700
#error "orcast/transport/curl.hpp needs libcurl 7.87 or newer"
#endif
