// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"

// The script of one answer of a fake transport (orcast/http/fake_transport.hpp).

namespace orcast {
inline namespace v0 {
namespace http {

/// What a fake transport answers to one request, step by step. After the last step the exchange
/// ends well:
///   fake_reply().head(200).data("data: {}\n\n").hold().fail(errc::disconnected, "cut")
class fake_reply {
 public:
  enum class action : unsigned char { head, data, hold, next_poll, fail, never };
  struct step {
    action what;
    std::string bytes;  ///< of data; the message of fail
    int status = 0;
    errc code = errc::disconnected;
    std::vector<header> headers;
  };

  /// A whole answer, as a server gives it to a request that is not streamed.
  static fake_reply whole(int status, std::string body, std::vector<header> headers = {}) {
    fake_reply reply;
    reply.head(status, std::move(headers)).data(std::move(body));
    return reply;
  }

  fake_reply& head(int status, std::vector<header> headers = {}) {
    steps_.push_back({action::head, {}, status, errc::disconnected, std::move(headers)});
    return *this;
  }
  /// A piece of the body, given to the sink in one call.
  fake_reply& data(std::string bytes) { return add(action::data, std::move(bytes)); }
  /// `bytes` in pieces of `size`, which is at least 1; the last one may be shorter.
  fake_reply& pieces(std::string_view bytes, std::size_t size) {
    for (; !bytes.empty(); bytes.remove_prefix((std::min)(size, bytes.size()))) {
      data(std::string(bytes.substr(0, size)));
    }
    return *this;
  }
  /// Nothing more until release().
  fake_reply& hold() { return add(action::hold); }
  /// Nothing more in this poll(). A blocking transport goes on at once.
  fake_reply& next_poll() { return add(action::next_poll); }
  /// The exchange fails here.
  fake_reply& fail(errc code, std::string message) {
    steps_.push_back({action::fail, std::move(message), 0, code, {}});
    return *this;
  }
  /// Nothing more, ever: only a cancel ends it.
  fake_reply& never() { return add(action::never); }

  const std::vector<step>& steps() const noexcept { return steps_; }

 private:
  fake_reply& add(action what, std::string bytes = {}) {
    steps_.push_back({what, std::move(bytes), 0, errc::disconnected, {}});
    return *this;
  }

  std::vector<step> steps_;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast
