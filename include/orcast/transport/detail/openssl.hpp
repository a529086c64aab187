// SPDX-License-Identifier: MIT
#pragma once

// OpenSSL, for the transport over cpp-httplib.

#include "orcast/detail/third_party_begin.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "orcast/detail/third_party_end.hpp"
