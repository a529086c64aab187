// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"

// The answer side of an exchange: a sink that a transport feeds. One thread at a time calls a sink,
// not always the same one. A sink never blocks and never throws.

namespace orcast {
inline namespace v0 {
namespace http {

/// One header line of a response; both views are valid during head() only.
struct header_view {
  std::string_view name;
  std::string_view value;
};

/// Status and headers of the final response (never of a 1xx). Valid during head() only.
struct response_head {
  int status = 0;
  const header_view* headers = nullptr;
  std::size_t header_count = 0;

  /// The value of the first header of that name, or an empty view.
  std::string_view find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < header_count; ++i) {
      if (same_name(headers[i].name, name)) return headers[i].value;
    }
    return {};
  }
};

/// What a sink wants after a piece of the body.
enum class flow : unsigned char {
  go,     ///< more, please
  pause,  ///< no more until resume(); the bytes of this call count as taken
  stop,   ///< enough: done(errc::cancelled) follows
};

/// Takes one response. For each exchange: head() at most once, data() any number of times after it,
/// done() exactly once and last - also after a cancel, and never from inside a transport's start().
/// Once done() has been called the transport has forgotten request and sink.
class response_sink {
 public:
  virtual void head(const response_head& head) noexcept = 0;
  /// The next bytes of the body, in order, cut anywhere. The view is valid during the call only.
  virtual flow data(std::string_view bytes) noexcept = 0;
  /// ok: the response arrived whole (whatever its status). A failure carries no http_status here.
  virtual void done(result<void> outcome) noexcept = 0;

 protected:
  ~response_sink() = default;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast
