// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "orcast/detail/third_party_begin.hpp"

#include <httplib.h>

#include "orcast/detail/third_party_end.hpp"

// cpp-httplib, and the one place that knows how its releases differ: 0.11 (Debian 12) to 0.53.

// Distributions ship it compiled. The layout of its classes then depends on macros that only
// pkg-config knows; without them the program links and then corrupts memory.
#if !defined(CPPHTTPLIB_OPENSSL_SUPPORT)
#error "define CPPHTTPLIB_OPENSSL_SUPPORT: take the flags of `pkg-config --cflags cpp-httplib`"
#endif
#if !defined(CPPHTTPLIB_VERSION_NUM) && \
    !(defined(CPPHTTPLIB_ZLIB_SUPPORT) && defined(CPPHTTPLIB_BROTLI_SUPPORT))
#error \
    "define CPPHTTPLIB_ZLIB_SUPPORT and CPPHTTPLIB_BROTLI_SUPPORT, as cpp-httplib was compiled: \
take the flags of `pkg-config --cflags cpp-httplib`"
#endif

namespace orcast {
inline namespace v0 {
namespace transport_detail {

/// cpp-httplib's HTTP/1.1 over a stream of ours. Its own connecting, timeouts, TLS, redirects and
/// decompression stay unused: process_request() is the part between two sockets' worth of bytes.
class httplib_client final : private httplib::ClientImpl {
 public:
  httplib_client(const std::string& host, int port) : ClientImpl(host, port) {
    set_decompress(false);
    set_follow_location(false);
    send_path_as_it_is(*this, 0);
  }

  /// Sends the request and reads the response. False when either did not work out.
  bool exchange(httplib::Stream& stream, httplib::Request& request) {
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    return process_request(stream, request, response, false, error);
  }

 private:
  // set_path_encode() was set_url_encode() once. The int makes the new name the better match.
  template <class Client>
  static auto send_path_as_it_is(Client& client, int) -> decltype(client.set_path_encode(false)) {
    client.set_path_encode(false);
  }
  template <class Client>
  static auto send_path_as_it_is(Client& client, long) -> decltype(client.set_url_encode(false)) {
    client.set_url_encode(false);
  }
};

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
