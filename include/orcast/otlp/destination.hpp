// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/host.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/retry.hpp"
#include "orcast/otlp/compression.hpp"
#include "orcast/otlp/exporter.hpp"

// Where spans go, and the HTTP side of it: the one request that is used again for each batch, and
// the sink of its answer. span_exporter brings it together with an exporter and a transport.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct destination {
  std::string url;  ///< used as it stands, for example https://otlp.arize.com/v1/traces
  bool allow_insecure_http = false;  ///< plain http to other machines than this one

  /// Appends header lines, with the keys among them, each time a batch is posted. So a key may be
  /// fetched, renewed or taken away while the program runs; mark lines with keys `sensitive`. Must
  /// not throw.
  void (*append_headers)(void* context, std::vector<http::header>& headers) = nullptr;
  void* headers_context = nullptr;

  /// The keys of attributes that this destination does not get although others may: privacy mode.
  /// Null: it gets all of them.
  bool (*leaves_out)(std::string_view key) noexcept = nullptr;
  bool leaves_out_words = false;  ///< and no status messages: they may quote

  encoder_options encoding;
  otlp::compression compression;  ///< none
  exporter_options exporting;
  /// Memory for one batch in its encoded form, and thereby the size of the largest request, in
  /// bytes: 4 KiB to 64 MiB.
  std::size_t batch_bytes = std::size_t{512} << 10;
  std::int64_t timeout_ms = 10'000;  ///< of one request
};

namespace detail {

/// Keeps the beginning of an answer. Written by whichever thread the transport uses; once over() is
/// true the owner may read it.
class answer_sink final : public http::response_sink {
 public:
  static constexpr std::size_t most_bytes = std::size_t{16} << 10;

  explicit answer_sink(const host& from) : host_(from), body_(new char[most_bytes]) {}

  ORCAST_SMALL void begin() noexcept {
    status_ = 0;
    retry_after_ms_ = -1;
    size_ = 0;
    over_.store(false, std::memory_order_relaxed);
  }

  ORCAST_SMALL void head(const http::response_head& head) noexcept override {
    status_ = head.status;
    const std::string_view wait = head.find("retry-after");
    constexpr std::int64_t second_ns = 1'000'000'000;
    if (!wait.empty()) {
      retry_after_ms_ = http::parse_retry_after(wait, host_.wall_ns() / second_ns);
    }
  }
  ORCAST_SMALL http::flow data(std::string_view bytes) noexcept override {
    size_ += bytes.copy(body_.get() + size_, most_bytes - size_);
    return http::flow::go;
  }
  ORCAST_SMALL void done(result<void> outcome) noexcept override {
    outcome_ = std::move(outcome);
    over_.store(true, std::memory_order_release);  // pairs with over()
  }

  bool over() const noexcept { return over_.load(std::memory_order_acquire); }
  int status() const noexcept { return status_; }
  std::int64_t retry_after_ms() const noexcept { return retry_after_ms_; }
  std::string_view body() const noexcept { return {body_.get(), size_}; }
  const result<void>& outcome() const noexcept { return outcome_; }

  /// Overwrites each copy of `secret` that a service may have put into its answer.
  ORCAST_SMALL void mask(std::string_view secret) noexcept {
    if (secret.size() < 8) return;  // not a key
    for (std::size_t at = 0; (at = body().find(secret, at)) != std::string_view::npos;) {
      for (std::size_t i = 0; i < secret.size(); ++i) body_[at + i] = '*';
    }
  }

 private:
  host host_;
  std::unique_ptr<char[]> body_;
  std::size_t size_ = 0;
  int status_ = 0;
  std::int64_t retry_after_ms_ = -1;
  result<void> outcome_;
  std::atomic<bool> over_{false};
};

/// The exchanges with one destination, one at a time.
class delivery {
 public:
  ORCAST_SMALL delivery(const destination& to, const host& from) noexcept
      : append_headers_(to.append_headers),
        headers_context_(to.headers_context),
        format_(to.encoding.format),
        compression_(to.compression),
        sink_(from) {
    request_.url = to.url;
    request_.limits.connect_ms = to.timeout_ms;
    request_.limits.first_byte_ms = to.timeout_ms;
    request_.limits.idle_ms = to.timeout_ms;
    request_.limits.total_ms = to.timeout_ms;
    request_.response.body_bytes = std::size_t{4} << 20;  // what OTLP lets a client take at most
    request_.body = std::vector<std::string_view>(3);
  }
  ORCAST_SMALL ~delivery() { forget_headers(); }
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;

  ORCAST_SMALL void prepare(const request_pieces& body) noexcept {
    std::copy(std::begin(body.part), std::end(body.part), request_.body.begin());
    const bool compressed = compression_.compress != nullptr && compress();
    // Of the size that it needs: code for growing would come into every program.
    std::vector<http::header> own(compressed ? 3 : 2);
    own[0].name = "content-type";
    own[0].value = content_type(format_);
    own[1].name = "user-agent";
    own[1].value.assign("orcast/").append(version);
    if (compressed) {
      own[2].name = "content-encoding";
      own[2].value = compression_.name;
    }
    request_.headers.swap(own);
    if (append_headers_ != nullptr) append_headers_(headers_context_, request_.headers);
    sink_.begin();
  }

  /// What is posted from now on goes where `other` posts, with its headers; its format stays, since
  /// a batch may be encoded already. Not while a request is under way.
  ORCAST_SMALL void follow(const delivery& other) noexcept {
    append_headers_ = other.append_headers_;
    headers_context_ = other.headers_context_;
    compression_ = other.compression_;
    request_.url = other.request_.url;
    request_.limits = other.request_.limits;
  }

  /// Overwrites what was compressed. Not while a request is under way.
  void forget_body() noexcept { wipe(compressed_.data(), compressed_.size()); }

  const void* headers_context() const noexcept { return headers_context_; }
  const http::request& request() const noexcept { return request_; }
  http::response_sink& sink() noexcept { return sink_; }
  bool over() const noexcept { return sink_.over(); }

  /// After over(): tells the exporter what came of its post.
  ORCAST_SMALL exporter::outcome conclude(exporter& to, std::int64_t now_ms) noexcept {
    for (const http::header& line : request_.headers) {
      if (!line.sensitive) continue;
      std::string_view value(line.value);
      sink_.mask(value);
      value.remove_prefix(value.find(' ') + 1);  // behind "Bearer "
      sink_.mask(value);
    }
    forget_headers();
    // Where a status has come that is the answer, also if the body broke off: to send again what
    // was accepted would duplicate it.
    if (sink_.status() != 0) {
      return to.answered(now_ms, sink_.status(), sink_.retry_after_ms(), sink_.body());
    }
    if (!sink_.outcome().ok()) return to.failed(now_ms, sink_.outcome().error());
    return to.failed(now_ms, failure(errc::protocol, "the transport gave no status"));
  }

 private:
  bool compress() noexcept {
    compressed_.clear();
    if (!compression_.compress(request_.body.data(), request_.body.size(), compressed_)) {
      return false;
    }
    request_.body[0] = compressed_;
    request_.body[1] = request_.body[2] = {};
    return true;
  }

  ORCAST_SMALL void forget_headers() noexcept {
    for (http::header& line : request_.headers) {
      if (line.sensitive) wipe(line.value.data(), line.value.size());
    }
    request_.headers.clear();
  }

  void (*append_headers_)(void*, std::vector<http::header>&);
  void* headers_context_;
  format format_;
  compression compression_;
  std::string compressed_;
  http::request request_;
  answer_sink sink_;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
