// SPDX-License-Identifier: MIT
//
// orcast 0.1.0, generated from include/ by tools/amalgamate.py: change it there.
//
#pragma once

#include "orcast/orcast.hpp"

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

// ---- orcast/transport/curl_tap.hpp ----

// Records an exchange of a libcurl easy handle that the host made and drives itself. The host hands
// over the callbacks that it had set; they are called as before, and an observation hears the same:
//
//   orcast::observation seen(traces->recording());
//   orcast::curl_tap tap(easy, seen, {url, body, on_write, write_data});
//   tap.done(curl_easy_perform(easy));        // with curl_multi: the result in CURLMsg
//
// What the handle sends, and everything else about it, stays the host's.

namespace orcast {
inline namespace v0 {

/// What a handle can't be asked for. The texts are only looked at while the tap is made.
struct curl_call {
  std::string_view url;
  std::string_view body;                   ///< what CURLOPT_POSTFIELDS has
  curl_write_callback on_write = nullptr;  ///< null: what arrives goes nowhere else
  void* write_data = nullptr;
  curl_write_callback on_header = nullptr;
  void* header_data = nullptr;
  std::string_view session_id = {};  ///< of the header x-session-id, if one is sent
};

/// `Observation` is orcast::observation. On the thread that drives the handle; not moved while the
/// handle is driven. The observation outlives it.
template <class Observation>
class curl_tap {
 public:
  curl_tap(CURL* easy, Observation& seen, const curl_call& call)
      : easy_(easy), seen_(seen), call_(call) {
    std::vector<http::header> headers;
    if (!call.session_id.empty()) {
      headers.push_back({"x-session-id", std::string(call.session_id), false});
    }
    const std::vector<std::string_view> body{call.body};
    recorded_ = seen_.begin_raw("POST", call.url, body, headers);
    if (recorded_) set(&take_body, this, &take_header, this);
  }
  curl_tap(const curl_tap&) = delete;
  curl_tap& operator=(const curl_tap&) = delete;
  /// Gives the handle its own callbacks back, or libcurl's, which writes to stdout. Without done(),
  /// the call counts as cancelled.
  ~curl_tap() {
    if (!recorded_) return;
    static_cast<void>(finish(failure(errc::cancelled, "the exchange was given up")));
    // Without a callback libcurl writes to a FILE* as if none had ever been set; null would crash.
    void* const usual = call_.on_write == nullptr ? stdout : nullptr;
    set(call_.on_write, call_.write_data != nullptr ? call_.write_data : usual, call_.on_header,
        call_.header_data);
  }

  /// False: this is no call to a model, and nothing is recorded.
  bool recorded() const noexcept { return recorded_; }

  /// The end of the exchange, as libcurl reports it; what the answer comes to is returned. A
  /// callback of the host's that stops the exchange cancels the call.
  result<void> done(CURLcode code) {
    if (!recorded_) return {};
    if (code == CURLE_OK) return finish({});
    if (code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK) {
      return finish(failure(errc::cancelled, "stopped by a callback of the host's"));
    }
    using phase = transport_detail::curl_phase;
    long sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
    const phase how_far = sent == 0      ? phase::before_request
                          : status_ == 0 ? phase::before_response
                          : told_head_   ? phase::in_body
                                         : phase::in_head;
    return finish(transport_detail::curl_failure(code, how_far, {}));
  }

 private:
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    return static_cast<curl_tap*>(self)->body(bytes, size, count);
  }
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    return static_cast<curl_tap*>(self)->header(bytes, size, count);
  }

  std::size_t body(char* bytes, std::size_t size, std::size_t count) {
    const std::size_t whole = size * count;
    if (call_.on_write == nullptr) {
      tell_head();
      seen_.data({bytes, whole});
      return whole;
    }
    const std::size_t taken = call_.on_write(bytes, size, count, call_.write_data);
    if (taken == CURL_WRITEFUNC_PAUSE) return taken;  // the same bytes come again
    tell_head();
    seen_.data({bytes, whole});
    return taken;
  }

  std::size_t header(char* bytes, std::size_t size, std::size_t count) {
    const std::string_view line(bytes, size * count);
    if (line.substr(0, 5) == "HTTP/") {  // also after an interim response or a redirect
      lines_.clear();
      status_ = 0;
      const std::size_t space = line.find(' ');
      for (std::size_t i = space + 1; space != std::string_view::npos && i < line.size(); ++i) {
        if (line[i] < '0' || line[i] > '9' || status_ > 99) break;
        status_ = status_ * 10 + (line[i] - '0');
      }
    } else {
      keep(line);
    }
    if (call_.on_header == nullptr) return size * count;
    return call_.on_header(bytes, size, count, call_.header_data);
  }

  void keep(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || lines_.size() == most_lines) return;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') {
      value.remove_prefix(1);
    }
    while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') {
      value.remove_suffix(1);
    }
    lines_.push_back({std::string(line.substr(0, colon)), std::string(value), false});
  }

  /// The head counts once its body begins, or all is over: a redirect's head is another's.
  void tell_head() {
    if (told_head_ || status_ == 0) return;
    told_head_ = true;
    std::vector<http::header_view> views;
    for (const http::header& line : lines_) views.push_back({line.name, line.value});
    seen_.head({status_, views.data(), views.size()});
  }

  result<void> finish(result<void> outcome) {
    tell_head();
    return seen_.done(std::move(outcome));
  }

  void set(curl_write_callback on_write, void* write_data, curl_write_callback on_header,
           void* header_data) {
    // libcurl refuses none of these.
    static_cast<void>(curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_write));
    static_cast<void>(curl_easy_setopt(easy_, CURLOPT_WRITEDATA, write_data));
    static_cast<void>(curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_header));
    static_cast<void>(curl_easy_setopt(easy_, CURLOPT_HEADERDATA, header_data));
  }

  static constexpr std::size_t most_lines = 100;

  CURL* easy_;
  Observation& seen_;
  curl_call call_;
  std::vector<http::header> lines_;
  int status_ = 0;
  bool told_head_ = false;
  bool recorded_ = false;
};

}  // namespace v0
}  // namespace orcast
