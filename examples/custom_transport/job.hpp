// SPDX-License-Identifier: MIT
//
// One request on a libcurl handle that feeds orcast's sink: what the three transports beside this
// file have in common. Put your engine's HTTP in its place. (orcast/transport/curl.hpp does the
// same with every limit, connection reuse across threads and exact errors.)

#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>
#include <vector>

#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/validate.hpp"

namespace custom {

namespace http = orcast::http;

class job {
 public:
  job(const http::request& what, http::response_sink& to) : limit_(what.response), sink_(to) {
    // Every transport asks this first: libraries differ in what they let through.
    const auto valid = http::validate_request(what, false);
    if (!valid) refused_ = valid.error();
    for (const std::string_view part : what.body) body_ += part;
    for (const http::header& line : what.headers) {
      lines_ = curl_slist_append(lines_, (line.name + ": " + line.value).c_str());
    }
    curl_easy_setopt(easy, CURLOPT_URL, what.url.c_str());
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, what.method.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines_);
    if (!body_.empty())
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body_.size()));
    if (!body_.empty()) curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // On a connection that it had kept, libcurl may send a request twice.
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, what.replays ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, long(what.limits.connect_ms));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, long(what.limits.total_ms));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, long(what.limits.first_byte_ms / 1000));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  }
  ~job() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(lines_);
  }
  job(const job&) = delete;
  job& operator=(const job&) = delete;

  void resume() {
    paused = false;
    curl_easy_pause(easy, CURLPAUSE_CONT);
  }

  /// A request that must not be sent; end() says why.
  bool refused() const { return !refused_.message.empty(); }

  /// The last word to the sink, which comes exactly once.
  void end(CURLcode how) {
    using orcast::errc;
    if (refused()) return sink_.done(refused_);
    if (how == CURLE_OK) give_head();  // also of an answer without a body
    if (how == CURLE_OK) return sink_.done({});
    long sent = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    const errc code = stopped_ || how == CURLE_ABORTED_BY_CALLBACK ? errc::cancelled
                      : how == CURLE_OPERATION_TIMEDOUT            ? errc::timeout_total
                      : sent != 0                                  ? errc::disconnected
                                                                   : errc::connect;
    sink_.done(orcast::failure(code, curl_easy_strerror(how)));
  }

  CURL* const easy = curl_easy_init();
  bool paused = false;

 private:
  struct header_line {
    std::string name, value;
  };

  static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) {
    job& me = *static_cast<job*>(self);
    const std::string_view text(bytes, size);
    const std::size_t colon = text.find(':');
    if (text.substr(0, 5) == "HTTP/") me.headers_.clear();  // an answer after a 1xx
    if (colon != text.npos && me.headers_.size() < me.limit_.header_count) {
      const std::size_t from = text.find_first_not_of(" \t", colon + 1);
      const std::size_t to = text.find_last_not_of(" \t\r\n");
      me.headers_.push_back({std::string(text.substr(0, colon)),
                             from <= to ? std::string(text.substr(from, to - from + 1)) : ""});
    }
    return size;
  }

  static std::size_t on_data(char* bytes, std::size_t, std::size_t size, void* self) {
    job& me = *static_cast<job*>(self);
    me.give_head();
    me.received_ += size;
    if (me.received_ > me.limit_.body_bytes) {
      me.refused_ = orcast::failure(orcast::errc::too_large, "the response is too large");
      return 0;
    }
    const http::flow wanted = me.sink_.data({bytes, size});
    me.stopped_ = wanted == http::flow::stop;
    me.paused = wanted == http::flow::pause;
    if (me.paused) curl_easy_pause(me.easy, CURLPAUSE_RECV);
    return me.stopped_ ? 0 : size;
  }

  void give_head() {
    if (has_head_) return;
    has_head_ = true;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    std::vector<http::header_view> views;
    for (const header_line& each : headers_) views.push_back({each.name, each.value});
    sink_.head({int(status), views.data(), views.size()});
  }

  const http::response_limits limit_;
  http::response_sink& sink_;
  orcast::failure refused_;
  std::string body_;
  curl_slist* lines_ = nullptr;
  std::vector<header_line> headers_;
  std::size_t received_ = 0;
  bool has_head_ = false;
  bool stopped_ = false;
};

}  // namespace custom
