// SPDX-License-Identifier: MIT
//
// Whether a stand-in speaks TLS, and what is wrong with its certificate.

#pragma once

#include <string>

namespace standins {

struct tls_options {
  bool enabled = false;
  bool expired = false;  ///< the certificate ran out yesterday
  std::string host;      ///< the only host it is for; empty: 127.0.0.1 and localhost
};

}  // namespace standins
