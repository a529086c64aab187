// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/transport/detail/libcurl.hpp"

// What libcurl's codes mean in orcast's terms.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

/// How far an exchange had come when it failed.
enum class curl_phase : unsigned char { before_request, before_response, in_head, in_body };

/// `words` is libcurl's own message, which may be empty; it never contains a header.
inline failure curl_failure(CURLcode code, curl_phase phase, std::string_view words) {
  std::string message(words.empty() ? std::string_view(curl_easy_strerror(code)) : words);
  // A reset and a chunk that makes no sense have the same code.
  const bool bad_chunk = message.find("chunked-encoding") != std::string::npos;
  const errc cut = phase == curl_phase::before_request ? errc::connect : errc::disconnected;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return failure(errc::resolve, std::move(message));
    case CURLE_COULDNT_CONNECT:
      return failure(errc::connect, std::move(message));
    // The transport leaves only the deadline for connecting to libcurl; a host's handle may have
    // CURLOPT_TIMEOUT, and then the request was sent, and may be paid for.
    case CURLE_OPERATION_TIMEDOUT:
      if (phase == curl_phase::before_request) {
        return failure(errc::timeout_connect, "no connection in time");
      }
      return phase == curl_phase::before_response
                 ? failure(errc::timeout_first_byte, "no response began in time")
                 : failure(errc::timeout_total, "the exchange took too long");
    case CURLE_SSL_CACERT_BADFILE:
      return failure(errc::trust_store, "no certificate authority could be read");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return failure(errc::tls, std::move(message));
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return failure(cut, std::move(message));
    case CURLE_RECV_ERROR:
      return failure(bad_chunk ? errc::protocol : cut, std::move(message));
    case CURLE_SEND_FAIL_REWIND:  // it may not be sent again
      return failure(cut, "the connection was cut before a response");
    case CURLE_FILESIZE_EXCEEDED:
      return failure(errc::too_large, std::move(message));
    // A header line over libcurl's own limit, before ours has seen any of it.
    case CURLE_OUT_OF_MEMORY:
    case static_cast<CURLcode>(100):  // CURLE_TOO_LARGE, from 8.6 on
      if (phase == curl_phase::in_body) break;
      return failure(errc::too_large, "the response head is over its limits");
    default:
      break;
  }
  return failure(errc::protocol, std::move(message));
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast
