// SPDX-License-Identifier: MIT
//
// orcast 0.1.0, generated from include/ by tools/amalgamate.py: change it there.
//
// Spans and OTLP need nothing but a C++17 compiler and threads (-pthread).
// The mailbox needs the header of moodycamel::ConcurrentQueue on the include path.
// The OpenRouter and broadcast layers need Boost.JSON 1.81 or later: link it (-lboost_json), or
// include <boost/json/src.hpp> in one translation unit.
// To keep the bodies of the larger functions, and Boost with them, out of your game's code, define
// ORCAST_SEPARATE_BODIES everywhere and include "orcast/src.hpp" in one translation unit.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// ---- orcast/config.hpp ----

// Every macro of orcast, in one place. A host may define the ones marked "host" before the first
// include, the same way in every translation unit; none of them changes a layout or a signature.
// Two versions of orcast in one translation unit are an error rather than a riddle.

#if defined(ORCAST_VERSION_MAJOR)
#error "two versions of orcast meet in one translation unit: check the include paths"
#endif

#define ORCAST_VERSION_MAJOR 0
#define ORCAST_VERSION_MINOR 1
#define ORCAST_VERSION_PATCH 0

// Host: called with a condition when orcast is used against its rules (a programming error).
// Off by default: a shipped game does not stop because of its telemetry.
#if !defined(ORCAST_ASSERT)
#define ORCAST_ASSERT(condition) static_cast<void>(0)
#endif

// Marks a body that the hot path does not run through: the compiler keeps it out of the way.
#if defined(__GNUC__)
#define ORCAST_COLD [[gnu::noinline]]
#else
#define ORCAST_COLD
#endif

// Host: ORCAST_NO_THREADS leaves out the flush thread and the worker pool (consoles, web, RTOS).
// Everything else works; the host calls pump() and tick().

// Host: ORCAST_SEPARATE_BODIES keeps the bodies of the larger functions (and with them Boost.JSON)
// out of this translation unit; exactly one other one includes "orcast/src.hpp".
#if defined(ORCAST_SEPARATE_BODIES)
#define ORCAST_DECL
#else
#define ORCAST_DECL inline
#endif

namespace orcast {
inline namespace v0 {

/// The version as text, e.g. for a User-Agent header.
inline constexpr char version[] = "0.1.0";

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/result.hpp ----

// Errors are values. A function that can fail returns result<T>: the value, or a failure that says
// in one line what happened. Nothing in orcast throws, so the interface is the same with and
// without exceptions. A failure never contains a key, a header value or a request body.

namespace orcast {
inline namespace v0 {

/// What went wrong. The numbers are permanent: they may be logged, stored and compared.
enum class errc : std::uint16_t {
  invalid_argument = 1,  ///< refused before anything was sent
  cancelled = 2,         ///< by the caller
  shut_down = 3,         ///< the object was stopped before it finished
  busy = 4,              ///< a bounded queue is full

  resolve = 10,             ///< the host name could not be resolved
  connect = 11,             ///< refused, unreachable, reset before the first byte
  tls = 12,                 ///< handshake failed or certificate rejected
  trust_store = 13,         ///< no certificate authorities to check against
  timeout_connect = 14,     ///< no connection in time
  timeout_first_byte = 15,  ///< connected, but no response began in time
  timeout_idle = 16,        ///< the response went silent
  timeout_total = 17,       ///< the exchange took too long as a whole
  disconnected = 18,        ///< cut in the middle of the exchange
  protocol = 19,            ///< the bytes are not HTTP as agreed (length, chunking, redirect)
  too_large = 20,           ///< over one of our limits

  invalid_request = 30,       ///< 400, 409, 410, 412, 413, 422
  authentication = 31,        ///< 401
  payment_required = 32,      ///< 402
  permission_denied = 33,     ///< 403
  not_found = 34,             ///< 404
  request_timeout = 35,       ///< 408, 504, 524
  rate_limited = 36,          ///< 429
  server = 37,                ///< 500 and other 5xx
  provider_unavailable = 38,  ///< 502
  overloaded = 39,            ///< 503, 529

  malformed_response = 50,  ///< not the JSON or the events that were agreed
  stream_truncated = 51,    ///< a stream that ended without a finish reason and without [DONE]
  provider_error = 52,      ///< an error reported with HTTP 200, before or within the stream

  io = 60,           ///< a file could not be read or written
  unsupported = 61,  ///< not possible in this build or on this transport
};

/// The permanent name of a code, as it is written into spans: "rate_limited".
constexpr std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument:
      return "invalid_argument";
    case errc::cancelled:
      return "cancelled";
    case errc::shut_down:
      return "shut_down";
    case errc::busy:
      return "busy";
    case errc::resolve:
      return "resolve";
    case errc::connect:
      return "connect";
    case errc::tls:
      return "tls";
    case errc::trust_store:
      return "trust_store";
    case errc::timeout_connect:
      return "timeout_connect";
    case errc::timeout_first_byte:
      return "timeout_first_byte";
    case errc::timeout_idle:
      return "timeout_idle";
    case errc::timeout_total:
      return "timeout_total";
    case errc::disconnected:
      return "disconnected";
    case errc::protocol:
      return "protocol";
    case errc::too_large:
      return "too_large";
    case errc::invalid_request:
      return "invalid_request";
    case errc::authentication:
      return "authentication";
    case errc::payment_required:
      return "payment_required";
    case errc::permission_denied:
      return "permission_denied";
    case errc::not_found:
      return "not_found";
    case errc::request_timeout:
      return "request_timeout";
    case errc::rate_limited:
      return "rate_limited";
    case errc::server:
      return "server";
    case errc::provider_unavailable:
      return "provider_unavailable";
    case errc::overloaded:
      return "overloaded";
    case errc::malformed_response:
      return "malformed_response";
    case errc::stream_truncated:
      return "stream_truncated";
    case errc::provider_error:
      return "provider_error";
    case errc::io:
      return "io";
    case errc::unsupported:
      return "unsupported";
  }
  return "unknown";
}

/// A failed operation: what a program branches on and what a person reads.
struct failure {
  errc code = errc::invalid_argument;
  int http_status = 0;     ///< 0 when no response arrived
  std::string message;     ///< one line; the service's own words where there are any
  std::string error_type;  ///< the service's own name of the error, e.g. "rate_limit_exceeded"
  std::string provider;    ///< the provider that failed, where the service names one
  std::int64_t retry_after_ms = -1;  ///< the service's hint, -1 when it gave none
  bool retryable = false;            ///< whether trying the same again later can help

  failure() = default;
  failure(errc what, std::string words, int status = 0)
      : code(what), http_status(status), message(std::move(words)) {}
};

/// A value, or the failure that took its place. Test it before reading either.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(failure why) : state_(std::in_place_index<1>, std::move(why)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & noexcept {
    ORCAST_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& noexcept {
    ORCAST_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && noexcept {
    ORCAST_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  failure& error() noexcept {
    ORCAST_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  const failure& error() const noexcept {
    ORCAST_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, failure> state_;
};

/// The result of an operation that yields nothing but may fail.
template <>
class [[nodiscard]] result<void> {
 public:
  result() = default;
  result(failure why) : why_(std::move(why)), ok_(false) {}

  bool ok() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  const failure& error() const noexcept {
    ORCAST_ASSERT(!ok_);
    return why_;
  }

 private:
  failure why_;
  bool ok_ = true;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/secret.hpp ----

// A key. It can be moved but not copied, has no stream operator, and its bytes are overwritten
// before its memory is given back. Only the code that writes the request's headers reads it.
// (The copy that the process environment holds can't be overwritten.)

namespace orcast {
inline namespace v0 {

/// Overwrites memory in a way that the compiler may not leave out.
inline void wipe(void* memory, std::size_t size) noexcept {
  volatile unsigned char* byte = static_cast<volatile unsigned char*>(memory);
  for (std::size_t i = 0; i < size; ++i) byte[i] = 0;
}

class secret {
 public:
  secret() = default;
  explicit secret(std::string_view text)
      : bytes_(text.empty() ? nullptr : new char[text.size()]), size_(text.size()) {
    text.copy(bytes_, size_);
  }
  secret(secret&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      forget();
      bytes_ = std::exchange(other.bytes_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~secret() { forget(); }

  bool empty() const noexcept { return size_ == 0; }
  /// The key itself, for the request that needs it. Don't keep the view, don't copy it.
  std::string_view reveal() const noexcept { return {bytes_, size_}; }
  /// A second owner of the same key, made on purpose.
  secret clone() const { return secret(reveal()); }

 private:
  void forget() noexcept {
    if (bytes_ == nullptr) return;
    wipe(bytes_, size_);
    delete[] bytes_;
    bytes_ = nullptr;
    size_ = 0;
  }

  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/request.hpp ----

// One HTTP request, as every transport takes it. It belongs to whoever started the exchange and
// must stay unchanged until the sink's done() has been called.

namespace orcast {
inline namespace v0 {

class observation;

namespace http {

/// ASCII letters compare without case, as header names do (RFC 9110, 5.1).
constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

/// A header line. The value of a sensitive one (a key) is overwritten when the request goes.
struct header {
  std::string name;
  std::string value;
  bool sensitive = false;
};

/// How long each phase may take, in milliseconds; 0 means no limit. The defaults suit language
/// models: a slow reasoning model is not a time-out, a silent socket is.
struct timeouts {
  std::int64_t connect_ms = 10'000;      ///< resolving, connecting and the TLS handshake
  std::int64_t first_byte_ms = 300'000;  ///< from the request's last byte to the response's first
  std::int64_t idle_ms = 60'000;         ///< between two pieces of the response
  std::int64_t total_ms = 0;             ///< the whole exchange
};

/// What a response may cost at most. More is a failure with errc::too_large or errc::protocol.
struct response_limits {
  std::size_t body_bytes = std::size_t{8} << 20;
  std::size_t header_bytes = std::size_t{64} << 10;  ///< all header lines together
  std::size_t header_line_bytes = std::size_t{8} << 10;
  std::size_t header_count = 100;
};

struct request {
  std::string method = "POST";
  std::string
      url;  ///< absolute: https://host[:port]/path, or http:// where the transport allows it
  std::vector<header> headers;
  std::vector<std::string_view> body;  ///< sent one after the other; the bytes are the caller's
  timeouts limits;
  response_limits response;

  /// Set by whoever records this exchange already; a recording decorator then passes it on as it
  /// is.
  observation* attached = nullptr;

  request() = default;
  request(request&&) = default;
  request& operator=(request&&) = default;
  request(const request&) = default;
  request& operator=(const request&) = default;
  ~request() {
    for (header& line : headers) {
      if (line.sensitive) wipe(line.value.data(), line.value.size());
    }
  }

  /// The token of an Authorization header, without its scheme; empty where there is none.
  std::string_view bearer() const noexcept {
    for (const header& line : headers) {
      if (!same_name(line.name, "authorization")) continue;
      const std::string_view value(line.value);
      return value.substr(value.find(' ') + 1);
    }
    return {};
  }

  /// All segments together, in bytes.
  std::size_t body_size() const noexcept {
    std::size_t size = 0;
    for (std::string_view segment : body) size += segment.size();
    return size;
  }
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/core/hex.hpp ----

// Bytes as lower-case hexadecimal text and back.

namespace orcast {
inline namespace v0 {

/// Writes 2 * `size` characters to `out` and returns the end.
constexpr char* to_hex(const unsigned char* bytes, std::size_t size, char* out) noexcept {
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  return out;
}

/// Reads exactly 2 * `size` digits of either case; false (and `out` undefined) for anything else.
constexpr bool from_hex(std::string_view text, unsigned char* out, std::size_t size) noexcept {
  if (text.size() != 2 * size) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    out[i / 2] = static_cast<unsigned char>(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
  }
  return true;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/sha256.hpp ----

// SHA-256 (FIPS 180-4), for turning a caller's free-text trace id into 32 hexadecimal digits the
// way OpenRouter does. Not on the recording path; not meant for passwords.

namespace orcast {
inline namespace v0 {

namespace detail {

inline constexpr std::array<std::uint32_t, 64> sha256_round = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

inline void sha256_block(std::uint32_t (&state)[8], const unsigned char* block) noexcept {
  const auto turn = [](std::uint32_t x, int by) { return (x >> by) | (x << (32 - by)); };
  std::uint32_t w[64];
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
           std::uint32_t{block[4 * i + 2]} << 8 | std::uint32_t{block[4 * i + 3]};
  }
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  std::uint32_t s[8];
  std::memcpy(s, state, sizeof s);
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t e = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
    const std::uint32_t pick = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const std::uint32_t one = s[7] + e + pick + sha256_round[i] + w[i];
    const std::uint32_t a = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
    const std::uint32_t two = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    std::memmove(s + 1, s, 7 * sizeof s[0]);
    s[4] += one;
    s[0] = one + two;
  }
  for (std::size_t i = 0; i < 8; ++i) state[i] += s[i];
}

}  // namespace detail

inline std::array<unsigned char, 32> sha256(std::string_view text) noexcept {
  std::uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  for (; left >= 64; at += 64, left -= 64) detail::sha256_block(state, at);

  unsigned char tail[128] = {};
  if (left != 0) std::memcpy(tail, at, left);
  tail[left] = 0x80;
  const std::size_t tail_size = left < 56 ? 64 : 128;
  const std::uint64_t bits = std::uint64_t{text.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) {
    tail[tail_size - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
  }
  detail::sha256_block(state, tail);
  if (tail_size == 128) detail::sha256_block(state, tail + 64);

  std::array<unsigned char, 32> out{};
  for (std::size_t i = 0; i < 32; ++i) {
    out[i] = static_cast<unsigned char>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return out;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/blobs.hpp ----

// Images, audio and files within text travel as base64. In a trace they are replaced by what they
// are: "[image/png, 3000 bytes, sha256 0123456789abcdef]". Works on plain text and on JSON alike.

namespace orcast {
inline namespace v0 {

/// One text at a time; what apply() returns lasts until the next one, and as long as `text`.
class blob_filter {
 public:
  /// Replaces every data URL with base64 in it, and every run of base64 of 512 characters or more.
  /// Images whose whole URL has at most `keep_images` bytes are kept when that is not 0; longer
  /// ones then become __REDACTED__.
  std::string_view apply(std::string_view text, std::size_t keep_images) {
    bool found = false;
    std::size_t copied = 0;
    std::size_t from = 0;
    run next;
    while (find(text, from, next)) {
      from = next.end;
      const bool image = next.type.substr(0, 6) == "image/";
      if (image && keep_images != 0 && next.end - next.begin <= keep_images) continue;
      if (!found) out_.clear();
      found = true;
      out_.append(text.substr(copied, next.begin - copied));
      copied = next.end;
      if (image && keep_images != 0) {
        out_.append("__REDACTED__");
      } else {
        describe(next.type, text.substr(next.data, next.end - next.data));
      }
    }
    if (!found) return text;
    out_.append(text.substr(copied));
    return out_;
  }

  /// The same for what is known to be base64, of whatever length.
  std::string_view describe_base64(std::string_view type, std::string_view data) {
    out_.clear();
    describe(type, data);
    return out_;
  }

 private:
  static constexpr std::size_t least = 512;  // prose has no word of that length
  static constexpr std::string_view marker = ";base64,";

  struct run {
    std::size_t begin = 0;  // of the URL, or of the data where there is none
    std::size_t data = 0;
    std::size_t end = 0;
    std::string_view type;
  };

  static constexpr bool is_base64(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  }
  /// Some encoders of JSON write \/ for a slash.
  static std::size_t end_of_run(std::string_view text, std::size_t at) noexcept {
    while (at < text.size()) {
      if (is_base64(text[at])) {
        ++at;
      } else if (text.substr(at, 2) == "\\/") {
        at += 2;
      } else {
        break;
      }
    }
    return at;
  }

  /// The first blob at or after `from`.
  static bool find(std::string_view text, std::size_t from, run& out) noexcept {
    const std::size_t marked = find_url(text, from, out);
    // A long run has a character at every multiple of its least length: look only there.
    for (std::size_t probe = from + least - 1; probe < marked; probe += least) {
      if (!is_base64(text[probe]) && text[probe] != '\\') continue;
      std::size_t begin = probe;
      while (begin > from && (is_base64(text[begin - 1]) || text[begin - 1] == '\\')) --begin;
      const std::size_t end = end_of_run(text, begin);
      if (end < begin + least) continue;
      out = {begin, begin, end, "base64"};
      return true;
    }
    return marked < text.size();
  }

  /// Where the first data URL's base64 begins, or the text's end.
  static std::size_t find_url(std::string_view text, std::size_t from, run& out) noexcept {
    for (std::size_t at = from; (at = text.find(marker, at)) != std::string_view::npos; ++at) {
      const std::string_view ahead = text.substr(from, at - from);
      const std::size_t scheme = ahead.rfind("data:");
      const std::size_t data = at + marker.size();
      if (scheme == std::string_view::npos || ahead.size() - scheme > 128) continue;
      const std::size_t end = end_of_run(text, data);
      if (end == data) continue;
      out = {from + scheme, data, end, ahead.substr(scheme + 5)};
      return data;
    }
    return text.size();
  }

  void describe(std::string_view type, std::string_view data) {
    std::size_t size = 0;
    for (char c : data) size += c != '\\' && c != '=' ? 1 : 0;
    const auto digest = sha256(data);
    char hex[16];
    to_hex(digest.data(), 8, hex);
    out_.append("[");
    for (char c : type) {
      if (c != '\\' && c != '"') out_.push_back(c);  // what encloses it may be JSON
    }
    out_.append(", ").append(std::to_string(size * 3 / 4)).append(" bytes, sha256 ");
    out_.append(hex, sizeof hex).append("]");
  }

  std::string out_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/environment.hpp ----

// Reads the process environment. Not while another thread changes it (setenv).

namespace orcast {
inline namespace v0 {

/// The variable's value; empty where it is not set. An empty variable counts as not set everywhere
/// in orcast, as OpenTelemetry's specification demands it.
inline std::string_view environment(const char* name) noexcept {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/masks.hpp ----

// What may be recorded of what people, models and tools say. Two ways to hide it: privacy mode, in
// which an attribute with content is not there at all, and the masks of OpenInference's
// configuration, which behave as its Python instrumentors do, down to the order of their rules. All
// of it is decided before a value reaches the ring.
//
// What the masks leave in the clear, by the conventions: hide_input_messages and hide_input_text do
// not touch input.value, which repeats every message; hide_input_text keeps the names and arguments
// of tool calls; the outputs' likewise. hide_inputs and hide_outputs, or privacy mode, have no such
// gaps. Metadata, tags, user, session and finish reasons are never hidden: put no secrets there.

namespace orcast {
inline namespace v0 {

/// What stands in for a value that a mask hides.
inline constexpr char redacted[] = "__REDACTED__";

/// OpenInference's configuration; the environment's names are OPENINFERENCE_ and these in capitals.
struct masks {
  bool hide_inputs = false;
  bool hide_outputs = false;
  bool hide_input_messages = false;
  bool hide_output_messages = false;
  bool hide_input_images = false;
  bool hide_input_text = false;
  bool hide_output_text = false;
  bool hide_prompts = false;
  bool hide_choices = false;
  bool hide_llm_invocation_parameters = false;
  bool hide_llm_tools = false;
  bool hide_embeddings_vectors = false;
  bool hide_embeddings_text = false;
  /// Images within the data are kept up to this size of their whole URL in bytes, and longer ones
  /// become __REDACTED__. 0: every image is replaced by its type, size and digest (OpenInference's
  /// own default would be 32,000).
  std::size_t base64_image_max_length = 0;

  /// What the environment sets: true, t, 1, false, f or 0, in any case; anything else says nothing
  /// and is reported, one sentence each, where `complaints` is given.
  static masks from_environment(std::string* complaints = nullptr);
};

/// What an attribute says, as far as hiding is concerned.
enum class content : std::uint8_t {
  input_value,
  input_mime_type,
  output_value,
  output_mime_type,
  input_message,  ///< role, name, tool calls
  input_text,
  input_image,
  output_message,
  output_text,
  output_image,
  invocation_parameters,
  parameter,  ///< an input that no mask knows, such as stop sequences or a reranker's query
  tools,
  prompt,           ///< of llm.prompts
  choice,           ///< of llm.choices
  prompt_template,  ///< and its variables
  embedding_text,
  embedding_vector,
  input_document,
  output_document,
  error_words,  ///< they may quote the input
};

enum class content_fate : std::uint8_t { kept, replaced, left_out };

/// The rules, the first that fits first. Privacy mode leaves out everything that is content, except
/// for the invocation parameters, of which the recorder lets through the ones on its list.
constexpr content_fate fate_of(content what, const masks& hide, bool privacy) noexcept {
  constexpr auto kept = content_fate::kept;
  constexpr auto replaced = content_fate::replaced;
  constexpr auto gone = content_fate::left_out;
  if (what == content::invocation_parameters) {
    return hide.hide_llm_invocation_parameters ? gone : kept;
  }
  if (privacy) return gone;
  const bool in = hide.hide_inputs;
  const bool out = hide.hide_outputs;
  switch (what) {
    case content::tools:
      return hide.hide_llm_tools || in ? gone : kept;
    case content::input_value:
      return in ? replaced : kept;
    case content::output_value:
      return out ? replaced : kept;
    case content::input_mime_type:
    case content::parameter:
    case content::prompt_template:
    case content::input_document:
      return in ? gone : kept;
    case content::output_mime_type:
    case content::output_document:
      return out ? gone : kept;
    case content::input_message:
    case content::input_text:
    case content::input_image:
      if (in || hide.hide_input_messages) return gone;
      if (what == content::input_text && hide.hide_input_text) return replaced;
      return what == content::input_image && hide.hide_input_images ? gone : kept;
    case content::output_message:
    case content::output_text:
    case content::output_image:
      if (out || hide.hide_output_messages) return gone;
      return what == content::output_text && hide.hide_output_text ? replaced : kept;
    case content::prompt:
      return in || hide.hide_prompts ? replaced : kept;
    case content::choice:
      return out || hide.hide_choices ? replaced : kept;
    case content::embedding_vector:
      return hide.hide_embeddings_vectors ? replaced : kept;
    case content::embedding_text:
      return hide.hide_embeddings_text ? replaced : kept;
    case content::error_words:
      return in || hide.hide_input_messages || hide.hide_input_text || hide.hide_prompts ? gone
                                                                                         : kept;
    case content::invocation_parameters:
      break;
  }
  return kept;
}

namespace detail {

constexpr bool same_word(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

inline void complain_of(std::string* complaints, const char* name, const char* what) {
  if (complaints == nullptr) return;
  if (!complaints->empty()) *complaints += ' ';
  complaints->append(name).append(what);
}

inline void read_mask(const char* name, bool& mask, std::string* complaints) {
  const std::string_view text = environment(name);
  if (text.empty()) return;
  if (text == "1" || same_word(text, "t") || same_word(text, "true")) {
    mask = true;
  } else if (text == "0" || same_word(text, "f") || same_word(text, "false")) {
    mask = false;
  } else {
    complain_of(complaints, name, " is neither true nor false and was not used.");
  }
}

}  // namespace detail

inline masks masks::from_environment(std::string* complaints) {
  masks made;
  bool older_name = false;
  const struct {
    const char* name;
    bool& mask;
  } all[] = {
      {"OPENINFERENCE_HIDE_INPUTS", made.hide_inputs},
      {"OPENINFERENCE_HIDE_OUTPUTS", made.hide_outputs},
      {"OPENINFERENCE_HIDE_INPUT_MESSAGES", made.hide_input_messages},
      {"OPENINFERENCE_HIDE_OUTPUT_MESSAGES", made.hide_output_messages},
      {"OPENINFERENCE_HIDE_INPUT_IMAGES", made.hide_input_images},
      {"OPENINFERENCE_HIDE_INPUT_TEXT", made.hide_input_text},
      {"OPENINFERENCE_HIDE_OUTPUT_TEXT", made.hide_output_text},
      {"OPENINFERENCE_HIDE_PROMPTS", made.hide_prompts},
      {"OPENINFERENCE_HIDE_CHOICES", made.hide_choices},
      {"OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS", made.hide_llm_invocation_parameters},
      {"OPENINFERENCE_HIDE_LLM_TOOLS", made.hide_llm_tools},
      {"OPENINFERENCE_HIDE_EMBEDDING_VECTORS", older_name},
      {"OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS", made.hide_embeddings_vectors},
      {"OPENINFERENCE_HIDE_EMBEDDINGS_TEXT", made.hide_embeddings_text},
  };
  for (const auto& each : all) detail::read_mask(each.name, each.mask, complaints);
  made.hide_embeddings_vectors = made.hide_embeddings_vectors || older_name;

  constexpr char limit[] = "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH";
  std::size_t length = 0;
  bool number = true;
  const std::string_view digits = environment(limit);
  for (char c : digits) {
    number = number && c >= '0' && c <= '9' && length < 1'000'000'000;
    if (number) length = length * 10 + static_cast<std::size_t>(c - '0');
  }
  if (number) {
    made.base64_image_max_length = length;
  } else {
    detail::complain_of(complaints, limit, " is not a number of bytes and was not used.");
  }
  return made;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/key.hpp ----

// Attribute keys. A key is a constexpr object that carries the JSON text which opens its attribute,
// so that recording stores a pointer and encoding copies the text once. `#` in a key stands for an
// index that is given at each use:
//
//   inline constexpr key llm_input_message_role{"llm.input_messages.#.message.role"};
//   span.set(llm_input_message_role(3), "user");        // llm.input_messages.3.message.role
//
// Objects of type key live for as long as the tracer that records them: make them constants. A key
// that is only known at run time is passed as text and copied.

namespace orcast {
inline namespace v0 {

/// The part of a key that does not depend on its length. `json` is `{"key":"` + the name with `#`
/// left out + `","value":{`; the cuts say where the indices belong.
struct key_text {
  static constexpr std::string_view before = R"({"key":")";
  static constexpr std::string_view after = R"(","value":{)";

  const char* json;
  std::uint16_t size;    ///< of json, in bytes
  std::uint16_t cut[2];  ///< offsets into json; 0: no such index
};

class attribute_key;
class span;

// Hidden on ELF: each plugin has its own constants, and so can be unloaded (a symbol shared across
// libraries would pin it).
template <std::size_t N>
class
#if defined(__GNUC__)
    [[gnu::visibility("hidden")]]
#endif
    key : public key_text {
 public:
  constexpr explicit key(const char(&name)[N]) noexcept : key_text{text_, 0, {0, 0}} {
    static_assert(N > 1, "a key has a name");
    static_assert(N <= 200, "a key is at most 199 characters long");
    for (char c : before) text_[size++] = c;
    std::size_t cuts = 0;
    for (std::size_t i = 0; i + 1 < N; ++i) {
      if (name[i] == '#') {
        cut[cuts++] = size;  // a third index is out of range here and fails to compile
      } else {
        text_[size++] = name[i];
      }
    }
    for (char c : after) text_[size++] = c;
  }
  key(const key&) = delete;
  key& operator=(const key&) = delete;

  /// This key with its index, or its two indices, filled in. An attribute whose index is 65,536 or
  /// more is dropped and counted.
  constexpr attribute_key operator()(std::size_t first, std::size_t second = 0) const noexcept;

 private:
  char text_[N + before.size() + after.size()] = {};
};

/// A key as the recording functions take it: a constant, a constant with indices, or text.
class attribute_key {
 public:
  constexpr attribute_key(const key_text& constant) noexcept : constant_(&constant) {}
  constexpr attribute_key(const key_text& constant, std::size_t first, std::size_t second) noexcept
      : constant_(first < 0x10000 && second < 0x10000 ? &constant : nullptr),
        first_(static_cast<std::uint16_t>(first)),
        second_(static_cast<std::uint16_t>(second)) {}
  constexpr attribute_key(const char* name) noexcept : name_(name) {}
  template <class T, std::enable_if_t<!std::is_base_of_v<key_text, T> &&
                                          std::is_convertible_v<const T&, std::string_view>,
                                      int> = 0>
  constexpr attribute_key(const T& name) noexcept : name_(name) {}

  constexpr const key_text* constant() const noexcept { return constant_; }
  constexpr std::string_view name() const noexcept { return name_; }
  constexpr std::uint16_t first() const noexcept { return first_; }
  constexpr std::uint16_t second() const noexcept { return second_; }

 private:
  friend class span;

  constexpr attribute_key(const key_text* constant, std::string_view name, std::uint16_t first,
                          std::uint16_t second) noexcept
      : constant_(constant), name_(name), first_(first), second_(second) {}

  const key_text* constant_ = nullptr;
  std::string_view name_;
  std::uint16_t first_ = 0;
  std::uint16_t second_ = 0;
};

template <std::size_t N>
constexpr attribute_key key<N>::operator()(std::size_t first, std::size_t second) const noexcept {
  return attribute_key(*this, first, second);
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/feedback_keys.hpp ----

// OpenInference's attribute keys for feedback: what a person, a model or code thinks of a span, a
// trace or a session. Each has a name and at least one of score, label and explanation.

namespace orcast {
inline namespace v0 {
namespace keys {

// Annotations of a span.

/// string. By hand
inline constexpr key annotation_name{"annotations.#.annotation.name"};
/// double. By hand
inline constexpr key annotation_score{"annotations.#.annotation.score"};
/// string. By hand
inline constexpr key annotation_label{"annotations.#.annotation.label"};
/// string. By hand
inline constexpr key annotation_explanation{"annotations.#.annotation.explanation"};
/// string. By hand
inline constexpr key annotation_annotator_kind{"annotations.#.annotation.annotator_kind"};
/// string. By hand
inline constexpr key annotation_identifier{"annotations.#.annotation.identifier"};
/// JSON. By hand
inline constexpr key annotation_metadata{"annotations.#.annotation.metadata"};

// Evaluations of a span.

/// string. Work spans: rate()
inline constexpr key evaluation_name{"evaluations.#.evaluation.name"};
/// double. Work spans: rate()
inline constexpr key evaluation_score{"evaluations.#.evaluation.score"};
/// string. Work spans: rate()
inline constexpr key evaluation_label{"evaluations.#.evaluation.label"};
/// string. Work spans: rate()
inline constexpr key evaluation_explanation{"evaluations.#.evaluation.explanation"};
/// string. Work spans: rate()
inline constexpr key evaluation_annotator_kind{"evaluations.#.evaluation.annotator_kind"};
/// string. Work spans: rate()
inline constexpr key evaluation_identifier{"evaluations.#.evaluation.identifier"};
/// JSON. Work spans: rate()
inline constexpr key evaluation_metadata{"evaluations.#.evaluation.metadata"};

// Annotations of a trace.

/// string. By hand
inline constexpr key trace_annotation_name{"trace.annotations.#.annotation.name"};
/// double. By hand
inline constexpr key trace_annotation_score{"trace.annotations.#.annotation.score"};
/// string. By hand
inline constexpr key trace_annotation_label{"trace.annotations.#.annotation.label"};
/// string. By hand
inline constexpr key trace_annotation_explanation{"trace.annotations.#.annotation.explanation"};
/// string. By hand
inline constexpr key trace_annotation_annotator_kind{
    "trace.annotations.#.annotation.annotator_kind"};
/// string. By hand
inline constexpr key trace_annotation_identifier{"trace.annotations.#.annotation.identifier"};
/// JSON. By hand
inline constexpr key trace_annotation_metadata{"trace.annotations.#.annotation.metadata"};

// Evaluations of a trace.

/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_name{"trace.evaluations.#.evaluation.name"};
/// double. Work spans: rate() about the trace
inline constexpr key trace_evaluation_score{"trace.evaluations.#.evaluation.score"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_label{"trace.evaluations.#.evaluation.label"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_explanation{"trace.evaluations.#.evaluation.explanation"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_annotator_kind{
    "trace.evaluations.#.evaluation.annotator_kind"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_identifier{"trace.evaluations.#.evaluation.identifier"};
/// JSON. Work spans: rate() about the trace
inline constexpr key trace_evaluation_metadata{"trace.evaluations.#.evaluation.metadata"};

// Annotations of a session.

/// string. By hand
inline constexpr key session_annotation_name{"session.annotations.#.annotation.name"};
/// double. By hand
inline constexpr key session_annotation_score{"session.annotations.#.annotation.score"};
/// string. By hand
inline constexpr key session_annotation_label{"session.annotations.#.annotation.label"};
/// string. By hand
inline constexpr key session_annotation_explanation{"session.annotations.#.annotation.explanation"};
/// string. By hand
inline constexpr key session_annotation_annotator_kind{
    "session.annotations.#.annotation.annotator_kind"};
/// string. By hand
inline constexpr key session_annotation_identifier{"session.annotations.#.annotation.identifier"};
/// JSON. By hand
inline constexpr key session_annotation_metadata{"session.annotations.#.annotation.metadata"};

// Evaluations of a session.

/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_name{"session.evaluations.#.evaluation.name"};
/// double. Work spans: rate() about the session
inline constexpr key session_evaluation_score{"session.evaluations.#.evaluation.score"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_label{"session.evaluations.#.evaluation.label"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_explanation{"session.evaluations.#.evaluation.explanation"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_annotator_kind{
    "session.evaluations.#.evaluation.annotator_kind"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_identifier{"session.evaluations.#.evaluation.identifier"};
/// JSON. Work spans: rate() about the session
inline constexpr key session_evaluation_metadata{"session.evaluations.#.evaluation.metadata"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/message_keys.hpp ----

// OpenInference's attribute keys for messages. keys::llm_input_part_text(2, 0) is
// llm.input_messages.2.message.contents.0.message_content.text: the names here shorten the
// conventions' doubled nouns.

namespace orcast {
inline namespace v0 {
namespace keys {

// Messages sent.

/// string. Role of each message
inline constexpr key llm_input_message_role{"llm.input_messages.#.message.role"};
/// string. Its text, also where it has parts or reasoning
inline constexpr key llm_input_message_content{"llm.input_messages.#.message.content"};
/// string. Its name; of a tool's message the function's, where the call is among the messages
inline constexpr key llm_input_message_name{"llm.input_messages.#.message.name"};
/// string. Tools' messages: the call that they answer
inline constexpr key llm_input_message_tool_call_id{"llm.input_messages.#.message.tool_call_id"};
/// string. function_call.name, of older programs
inline constexpr key llm_input_message_function_call_name{
    "llm.input_messages.#.message.function_call_name"};
/// JSON. function_call.arguments, of older programs
inline constexpr key llm_input_message_function_call_arguments_json{
    "llm.input_messages.#.message.function_call_arguments_json"};
/// string. text, image, audio, reasoning, tool_use or OpenRouter's own name: each part of a message
/// that has parts or reasoning
inline constexpr key llm_input_part_type{
    "llm.input_messages.#.message.contents.#.message_content.type"};
/// string. Text and reasoning; of a part of another kind, its JSON
inline constexpr key llm_input_part_text{
    "llm.input_messages.#.message.contents.#.message_content.text"};
/// string. Reasoning: reasoning_details[].id
inline constexpr key llm_input_part_id{
    "llm.input_messages.#.message.contents.#.message_content.id"};
/// string. Reasoning: signature of a reasoning.text
inline constexpr key llm_input_part_signature{
    "llm.input_messages.#.message.contents.#.message_content.signature"};
/// string. Reasoning: data of a reasoning.encrypted in Anthropic's format
inline constexpr key llm_input_part_data{
    "llm.input_messages.#.message.contents.#.message_content.data"};
/// string. Reasoning: data of a reasoning.encrypted in any other format
inline constexpr key llm_input_part_encrypted_content{
    "llm.input_messages.#.message.contents.#.message_content.encrypted_content"};
/// string. Images: the link; data is replaced by what it is
inline constexpr key llm_input_part_image_url{
    "llm.input_messages.#.message.contents.#.message_content.image.image.url"};
/// string. Audio: what it is, instead of the data
inline constexpr key llm_input_part_audio_url{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.url"};
/// string. Audio: its format
inline constexpr key llm_input_part_audio_mime_type{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.mime_type"};
/// string. By hand
inline constexpr key llm_input_part_audio_transcript{
    "llm.input_messages.#.message.contents.#.message_content.audio.audio.transcript"};
/// string. Each tool call
inline constexpr key llm_input_tool_call_id{
    "llm.input_messages.#.message.tool_calls.#.tool_call.id"};
/// string. Each tool call
inline constexpr key llm_input_tool_call_function_name{
    "llm.input_messages.#.message.tool_calls.#.tool_call.function.name"};
/// JSON. Each tool call, as the model wrote it
inline constexpr key llm_input_tool_call_function_arguments{
    "llm.input_messages.#.message.tool_calls.#.tool_call.function.arguments"};
/// string. Gemini's signature: data of a reasoning.encrypted that has the call's id
inline constexpr key llm_input_tool_call_reasoning_signature{
    "llm.input_messages.#.message.tool_calls.#.tool_call.reasoning_signature"};

// Messages received, one for each choice.

/// string. Role of each choice's message
inline constexpr key llm_output_message_role{"llm.output_messages.#.message.role"};
/// string. Its text, also where it has parts or reasoning
inline constexpr key llm_output_message_content{"llm.output_messages.#.message.content"};
/// string. By hand
inline constexpr key llm_output_message_name{"llm.output_messages.#.message.name"};
/// string. By hand
inline constexpr key llm_output_message_tool_call_id{"llm.output_messages.#.message.tool_call_id"};
/// string. By hand
inline constexpr key llm_output_message_function_call_name{
    "llm.output_messages.#.message.function_call_name"};
/// JSON. By hand
inline constexpr key llm_output_message_function_call_arguments_json{
    "llm.output_messages.#.message.function_call_arguments_json"};
/// string. text, image, audio, reasoning, tool_use or OpenRouter's own name: each part of a message
/// that has parts or reasoning
inline constexpr key llm_output_part_type{
    "llm.output_messages.#.message.contents.#.message_content.type"};
/// string. Text and reasoning; of a part of another kind, its JSON
inline constexpr key llm_output_part_text{
    "llm.output_messages.#.message.contents.#.message_content.text"};
/// string. Reasoning: reasoning_details[].id
inline constexpr key llm_output_part_id{
    "llm.output_messages.#.message.contents.#.message_content.id"};
/// string. Reasoning: signature of a reasoning.text
inline constexpr key llm_output_part_signature{
    "llm.output_messages.#.message.contents.#.message_content.signature"};
/// string. Reasoning: data of a reasoning.encrypted in Anthropic's format
inline constexpr key llm_output_part_data{
    "llm.output_messages.#.message.contents.#.message_content.data"};
/// string. Reasoning: data of a reasoning.encrypted in any other format
inline constexpr key llm_output_part_encrypted_content{
    "llm.output_messages.#.message.contents.#.message_content.encrypted_content"};
/// string. Images: the link; data is replaced by what it is
inline constexpr key llm_output_part_image_url{
    "llm.output_messages.#.message.contents.#.message_content.image.image.url"};
/// string. Audio: what it is, instead of the data
inline constexpr key llm_output_part_audio_url{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.url"};
/// string. Audio: the format that was asked for
inline constexpr key llm_output_part_audio_mime_type{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.mime_type"};
/// string. Audio: what was said
inline constexpr key llm_output_part_audio_transcript{
    "llm.output_messages.#.message.contents.#.message_content.audio.audio.transcript"};
/// string. Each tool call
inline constexpr key llm_output_tool_call_id{
    "llm.output_messages.#.message.tool_calls.#.tool_call.id"};
/// string. Each tool call
inline constexpr key llm_output_tool_call_function_name{
    "llm.output_messages.#.message.tool_calls.#.tool_call.function.name"};
/// JSON. Each tool call, as the model wrote it
inline constexpr key llm_output_tool_call_function_arguments{
    "llm.output_messages.#.message.tool_calls.#.tool_call.function.arguments"};
/// string. Gemini's signature: data of a reasoning.encrypted that has the call's id
inline constexpr key llm_output_tool_call_reasoning_signature{
    "llm.output_messages.#.message.tool_calls.#.tool_call.reasoning_signature"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/retrieval_keys.hpp ----

// OpenInference's attribute keys for embeddings, reranking and retrieval.

namespace orcast {
inline namespace v0 {
namespace keys {

// Embeddings.

/// string. Embeddings: the response's model, else the request's
inline constexpr key embedding_model_name{"embedding.model_name"};
/// JSON. Embeddings: the request's body without input, user, session_id and trace
inline constexpr key embedding_invocation_parameters{"embedding.invocation_parameters"};
/// string. Embeddings: each text of input; tokens are not decoded
inline constexpr key embedding_text{"embedding.embeddings.#.embedding.text"};
/// doubles. Embeddings, where recording.vectors asks for them: data[].embedding, also when it came
/// as base64
inline constexpr key embedding_vector{"embedding.embeddings.#.embedding.vector"};

// Reranking.

/// string. Reranking: query
inline constexpr key reranker_query{"reranker.query"};
/// string. Reranking: the response's model, else the request's
inline constexpr key reranker_model_name{"reranker.model_name"};
/// int. Reranking: top_n
inline constexpr key reranker_top_k{"reranker.top_k"};
/// string. Reranking: documents; their index
inline constexpr key reranker_input_document_id{"reranker.input_documents.#.document.id"};
/// string. Reranking: documents
inline constexpr key reranker_input_document_content{"reranker.input_documents.#.document.content"};
/// double. Work spans: candidate()
inline constexpr key reranker_input_document_score{"reranker.input_documents.#.document.score"};
/// JSON. Work spans: candidate()
inline constexpr key reranker_input_document_metadata{
    "reranker.input_documents.#.document.metadata"};
/// string. Reranking: results, in their order; their index in the request
inline constexpr key reranker_output_document_id{"reranker.output_documents.#.document.id"};
/// string. Reranking: results, in their order
inline constexpr key reranker_output_document_content{
    "reranker.output_documents.#.document.content"};
/// double. Reranking: results, in their order: relevance_score
inline constexpr key reranker_output_document_score{"reranker.output_documents.#.document.score"};
/// JSON. Work spans: document()
inline constexpr key reranker_output_document_metadata{
    "reranker.output_documents.#.document.metadata"};

// Retrieval.

/// string. Retriever spans
inline constexpr key retrieval_document_id{"retrieval.documents.#.document.id"};
/// string. Retriever spans
inline constexpr key retrieval_document_content{"retrieval.documents.#.document.content"};
/// double. Retriever spans
inline constexpr key retrieval_document_score{"retrieval.documents.#.document.score"};
/// JSON. Retriever spans
inline constexpr key retrieval_document_metadata{"retrieval.documents.#.document.metadata"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/openinference_keys.hpp ----

// OpenInference's attribute keys (its semantic conventions of August 2026). `#` is an index:
// keys::llm_tool_json_schema(2). What a comment says is what docs/attributes.md is made of: the
// type, then from what, and when, orcast sets it; "By hand" is for who records a span of their own.
// The longer families have headers of their own, which this one includes.

namespace orcast {
inline namespace v0 {
namespace keys {

// Every span.

/// string. Always: LLM, EMBEDDING, RERANKER, or the kind of a work span
inline constexpr key openinference_span_kind{"openinference.span.kind"};
/// string. The request's body; of a work span, its input(). A run of base64 is replaced by what it
/// is
inline constexpr key input_value{"input.value"};
/// string. With input.value: application/json for requests
inline constexpr key input_mime_type{"input.mime_type"};
/// string. The response's body, of a stream the equal body that a blocking call would have brought;
/// of a work span, its output()
inline constexpr key output_value{"output.value"};
/// string. With output.value
inline constexpr key output_mime_type{"output.mime_type"};
/// string. The request's session_id, else the header x-session-id, the call's context, the scope
inline constexpr key session_id{"session.id"};
/// string. The request's user, else the call's context, the scope; through the pseudonym where
/// there is one
inline constexpr key user_id{"user.id"};
/// JSON. Keys of the request's trace, of the call's context and of the scopes, in that order, the
/// first of each name; trace_name and span_name where they name no span; parent_span_id where it
/// can't be used
inline constexpr key metadata{"metadata"};
/// strings. Tags of the scopes and of the call's context
inline constexpr key tag_tags{"tag.tags"};
/// string. Agent spans: their name
inline constexpr key agent_name{"agent.name"};
/// string. By hand
inline constexpr key graph_node_id{"graph.node.id"};
/// string. By hand
inline constexpr key graph_node_name{"graph.node.name"};
/// string. By hand
inline constexpr key graph_node_parent_id{"graph.node.parent_id"};

// Calls of language models.

/// string. Of the model's author; openrouter where the model has none
inline constexpr key llm_system{"llm.system"};
/// string. The response's provider, in OpenInference's spelling; openrouter where there is none
inline constexpr key llm_provider{"llm.provider"};
/// string. The response's model, else the request's
inline constexpr key llm_model_name{"llm.model_name"};
/// string. The request's model, where another one answered
inline constexpr key llm_request_model_name{"llm.request.model_name"};
/// string. The response's model, where it is not the one asked for
inline constexpr key llm_response_model_name{"llm.response.model_name"};
/// JSON. The request's body without messages, prompt, tools and functions, user, session_id and
/// trace; in privacy mode the ones on a list
inline constexpr key llm_invocation_parameters{"llm.invocation_parameters"};
/// string. finish_reason of the first choice
inline constexpr key llm_finish_reason{"llm.finish_reason"};
/// JSON. By hand. Deprecated
inline constexpr key llm_function_call{"llm.function_call"};
/// JSON. Each of the request's tools
inline constexpr key llm_tool_json_schema{"llm.tools.#.tool.json_schema"};
/// string. The prompts of /completions, or the one that a chat request has instead of messages
inline constexpr key llm_prompt{"llm.prompts.#.prompt.text"};
/// string. The choices of /completions
inline constexpr key llm_choice{"llm.choices.#.completion.text"};
/// string. Of the scope
inline constexpr key llm_prompt_template_template{"llm.prompt_template.template"};
/// JSON. Of the scope
inline constexpr key llm_prompt_template_variables{"llm.prompt_template.variables"};
/// string. Of the scope
inline constexpr key llm_prompt_template_version{"llm.prompt_template.version"};
/// string. Prompt spans: where the prompt is kept
inline constexpr key prompt_vendor{"prompt.vendor"};
/// string. Prompt spans
inline constexpr key prompt_id{"prompt.id"};
/// string. Prompt spans
inline constexpr key prompt_url{"prompt.url"};

// Tokens.

/// int. usage.prompt_tokens: cached ones included
inline constexpr key llm_token_count_prompt{"llm.token_count.prompt"};
/// int. usage.completion_tokens: reasoning included
inline constexpr key llm_token_count_completion{"llm.token_count.completion"};
/// int. usage.total_tokens
inline constexpr key llm_token_count_total{"llm.token_count.total"};
/// int. usage.prompt_tokens_details.cached_tokens
inline constexpr key llm_token_count_prompt_details_cache_read{
    "llm.token_count.prompt_details.cache_read"};
/// int. usage.prompt_tokens_details.cache_write_tokens
inline constexpr key llm_token_count_prompt_details_cache_write{
    "llm.token_count.prompt_details.cache_write"};
/// int. By hand. It would say what cache_read says
inline constexpr key llm_token_count_prompt_details_cache_input{
    "llm.token_count.prompt_details.cache_input"};
/// int. usage.prompt_tokens_details.audio_tokens
inline constexpr key llm_token_count_prompt_details_audio{"llm.token_count.prompt_details.audio"};
/// int. usage.prompt_tokens_details.video_tokens; not on the convention's list, but under its
/// prefix
inline constexpr key llm_token_count_prompt_details_video{"llm.token_count.prompt_details.video"};
/// int. usage.completion_tokens_details.reasoning_tokens
inline constexpr key llm_token_count_completion_details_reasoning{
    "llm.token_count.completion_details.reasoning"};
/// int. usage.completion_tokens_details.audio_tokens
inline constexpr key llm_token_count_completion_details_audio{
    "llm.token_count.completion_details.audio"};
/// int. usage.completion_tokens_details.image_tokens; not on the convention's list, but Arize reads
/// it
inline constexpr key llm_token_count_completion_details_image{
    "llm.token_count.completion_details.image"};

// Cost, in US dollars.

/// double. usage.cost, digit for digit; with a key of one's own: usage.cost and
/// cost_details.upstream_inference_cost, where both are known
inline constexpr key llm_cost_total{"llm.cost.total"};
/// double. cost_details.upstream_inference_prompt_cost, where the parts add up to the whole; not
/// with a key of one's own
inline constexpr key llm_cost_prompt{"llm.cost.prompt"};
/// double. cost_details.upstream_inference_completions_cost, likewise
inline constexpr key llm_cost_completion{"llm.cost.completion"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_input{"llm.cost.prompt_details.input"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_cache_read{"llm.cost.prompt_details.cache_read"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_cache_write{"llm.cost.prompt_details.cache_write"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_cache_input{"llm.cost.prompt_details.cache_input"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_prompt_details_audio{"llm.cost.prompt_details.audio"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_completion_details_output{"llm.cost.completion_details.output"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_completion_details_reasoning{"llm.cost.completion_details.reasoning"};
/// double. By hand. OpenRouter does not say
inline constexpr key llm_cost_completion_details_audio{"llm.cost.completion_details.audio"};

// Tools.

/// string. Tool spans: the function called
inline constexpr key tool_name{"tool.name"};
/// string. Tool spans, where the tool is given
inline constexpr key tool_description{"tool.description"};
/// string. Tool spans: the call that is answered
inline constexpr key tool_id{"tool.id"};
/// JSON. Tool spans, where the tool is given: its parameters
inline constexpr key tool_parameters{"tool.parameters"};
/// JSON. Tool spans, where the tool is given: all of it
inline constexpr key tool_json_schema{"tool.json_schema"};

// Of the event "exception", and of the resource.

/// string. Failures: orcast.CODE
inline constexpr key exception_type{"exception.type"};
/// string. Failures: the error type and, unless inputs are hidden, the words
inline constexpr key exception_message{"exception.message"};
/// string. By hand
inline constexpr key exception_stacktrace{"exception.stacktrace"};
/// bool. Failures: false
inline constexpr key exception_escaped{"exception.escaped"};
/// string. On the resource: Model Id
inline constexpr key openinference_project_name{"openinference.project.name"};

// Values of openinference.span.kind.
inline constexpr char kind_llm[] = "LLM";
inline constexpr char kind_agent[] = "AGENT";
inline constexpr char kind_chain[] = "CHAIN";
inline constexpr char kind_tool[] = "TOOL";
inline constexpr char kind_retriever[] = "RETRIEVER";
inline constexpr char kind_embedding[] = "EMBEDDING";
inline constexpr char kind_reranker[] = "RERANKER";
inline constexpr char kind_guardrail[] = "GUARDRAIL";
inline constexpr char kind_evaluator[] = "EVALUATOR";
inline constexpr char kind_prompt[] = "PROMPT";

}  // namespace keys
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/ids.hpp ----

// Identifiers of traces and spans, and the context that a child inherits (W3C Trace Context).

namespace orcast {
inline namespace v0 {

namespace detail {

template <std::size_t Size>
struct hex_id {
  std::array<unsigned char, Size> bytes{};

  /// All zero means "none"; the standard calls it invalid.
  bool valid() const noexcept {
    // By words: every root asks this of its absent parent, and byte by byte it took longer than
    // both readings of the clock.
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < Size; i += sizeof any) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, sizeof word);
      any |= word;
    }
    return any != 0;
  }

  /// Lower-case digits, without a terminating zero.
  constexpr std::array<char, 2 * Size> hex() const noexcept {
    std::array<char, 2 * Size> text{};
    to_hex(bytes.data(), Size, text.data());
    return text;
  }

  friend constexpr bool operator==(const hex_id& x, const hex_id& y) noexcept {
    for (std::size_t i = 0; i < Size; ++i) {
      if (x.bytes[i] != y.bytes[i]) return false;
    }
    return true;
  }
  friend constexpr bool operator!=(const hex_id& x, const hex_id& y) noexcept { return !(x == y); }
};

}  // namespace detail

/// 16 bytes, written as 32 hexadecimal digits.
struct trace_id : detail::hex_id<16> {};

/// 8 bytes, written as 16 hexadecimal digits.
struct span_id : detail::hex_id<8> {};

/// What a span hands on to its children, in this process or another.
struct span_context {
  static constexpr std::uint8_t sampled_flag = 1;
  static constexpr std::uint8_t random_flag = 2;

  trace_id trace;
  span_id span;
  std::uint8_t flags = 0;     ///< W3C trace flags
  bool remote = false;        ///< it came from another process
  bool decided = false;       ///< flags hold a sampling decision that children follow
  std::uint8_t left_out = 0;  ///< a bit for each destination that does not get the trace

  bool valid() const noexcept { return trace.valid() && span.valid(); }
  constexpr bool sampled() const noexcept { return (flags & sampled_flag) != 0; }
};

/// A trace id from what a caller wrote: 32 hexadecimal digits that are not all zero pass as they
/// are (in lower case); any other text becomes the first half of its SHA-256, as OpenRouter does
/// it, so that equal texts meet in one trace. An empty text gives an invalid id.
inline trace_id trace_id_from(std::string_view text) noexcept {
  trace_id id;
  if (text.empty()) return id;
  if (from_hex(text, id.bytes.data(), id.bytes.size()) && id.valid()) return id;
  const auto digest = sha256(text);
  std::memcpy(id.bytes.data(), digest.data(), id.bytes.size());
  return id;
}

/// A span id from 16 hexadecimal digits; anything else gives an invalid id.
inline span_id span_id_from(std::string_view text) noexcept {
  span_id id;
  if (!from_hex(text, id.bytes.data(), id.bytes.size())) id = {};
  return id;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/value.hpp ----

// Attribute values as the recording functions take them. Which type a value has is decided by the
// argument's own type, never by a conversion: a string literal can't become a bool, nor an int a
// double.

namespace orcast {
inline namespace v0 {

enum class value_type : std::uint8_t {
  none = 0,
  string,
  int64,
  float64,
  boolean,
  decimal,  ///< a number as decimal text, passed on digit for digit
};

/// A number in the text that a service sent, for example 0.0000225: exported without being rounded
/// or reprinted. Text that is not a JSON number is exported as a string.
struct decimal {
  std::string_view text;
};

/// A borrowed value; text must live until the call that records it returns.
class attribute_value {
 public:
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  constexpr attribute_value(T value) noexcept : type_(value_type::boolean), integer_(value) {}

  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool> &&
                                          (sizeof(T) > 1 || std::is_same_v<T, std::int8_t> ||
                                           std::is_same_v<T, std::uint8_t>),
                                      int> = 0>
  constexpr attribute_value(T value) noexcept
      : type_(value_type::int64), integer_(saturate(value)) {}

  template <class T, std::enable_if_t<std::is_floating_point_v<T>, int> = 0>
  constexpr attribute_value(T value) noexcept
      : type_(value_type::float64), floating_(static_cast<double>(value)) {}

  constexpr attribute_value(std::string_view text) noexcept
      : type_(value_type::string), text_(text) {}
  constexpr attribute_value(const char* text) noexcept
      : type_(value_type::string), text_(text == nullptr ? std::string_view() : text) {}
  template <class T, std::enable_if_t<!std::is_arithmetic_v<T> && !std::is_pointer_v<T> &&
                                          std::is_convertible_v<const T&, std::string_view>,
                                      int> = 0>
  constexpr attribute_value(const T& text) noexcept : type_(value_type::string), text_(text) {}
  constexpr attribute_value(decimal number) noexcept
      : type_(value_type::decimal), text_(number.text) {}

  /// A pointer is not a value (it would become a bool).
  template <class T>
  attribute_value(const T*) = delete;
  attribute_value(std::nullptr_t) = delete;

  constexpr value_type type() const noexcept { return type_; }
  constexpr std::int64_t integer() const noexcept { return integer_; }
  constexpr double floating() const noexcept { return floating_; }
  constexpr std::string_view text() const noexcept { return text_; }
  constexpr bool is_text() const noexcept {
    return type_ == value_type::string || type_ == value_type::decimal;
  }
  /// A number's eight bytes, or a text's size.
  std::uint64_t word() const noexcept {
    if (is_text()) return text_.size();
    if (type_ != value_type::float64) return static_cast<std::uint64_t>(integer_);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &floating_, sizeof bits);
    return bits;
  }

 private:
  template <class T>
  static constexpr std::int64_t saturate(T value) noexcept {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
      constexpr auto most = static_cast<T>((std::numeric_limits<std::int64_t>::max)());
      return static_cast<std::int64_t>(value < most ? value : most);
    } else {
      return static_cast<std::int64_t>(value);
    }
  }

  value_type type_;
  union {
    std::int64_t integer_;
    double floating_;
    std::string_view text_;
  };
};

struct attribute {
  attribute_key key;
  attribute_value value;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/record.hpp ----

// How a span lies in memory: a chain of fixed-size blocks. The first one begins with a span_head;
// behind it, and in the further blocks from their block_head on, come records of 16 bytes, each
// with its payload, padded to 8 bytes. A record and a number never straddle two blocks; text may,
// and is then cut between two code points. span writes this, span_reader reads it, nobody else
// knows it.

namespace orcast {
inline namespace v0 {

enum class span_kind : std::uint8_t {
  internal = 1,
  server = 2,
  client = 3,
  producer = 4,
  consumer = 5
};
enum class span_status : std::uint8_t { unset = 0, ok = 1, error = 2 };

namespace detail {

using block_index = std::uint32_t;
inline constexpr block_index no_block = 0xffffffff;

struct block_head {
  block_index next = no_block;  ///< in a span, on a free list, in a returned chain
  std::uint32_t used = 0;       ///< end of the data, an offset from the block's beginning
  std::uint32_t home = 0;       ///< the lane that handed the block out
  std::uint32_t reserved = 0;
};
static_assert(sizeof(block_head) == 16);

/// What a span is, apart from its records.
struct span_head {
  span_context context;
  span_kind kind;
  span_status status;
  bool remote_parent;
  bool has_cuts;  ///< at least one value was shortened
  span_id parent;
  std::int64_t start_wall_ns;
  std::int64_t start_steady_ns;
  std::int64_t duration_ns;  ///< written when the span ends
  std::uint32_t blocks;
  block_index last;
  std::uint32_t dropped_attributes;
  std::uint16_t events;
  std::uint16_t dropped_events;
};
static_assert(sizeof(span_head) == 80);

/// A context in registers, on its way into memory. Words, not an array: compilers would join the
/// copies of an array's elements to one that must wait for them.
class context_words {
 public:
  explicit context_words(const trace_id& id) noexcept {
    std::memcpy(&trace_begin_, id.bytes.data(), sizeof trace_begin_);
    std::memcpy(&trace_tail_, id.bytes.data() + sizeof trace_begin_, sizeof trace_tail_);
  }
  /// What a child that is not sampled inherits from such a parent.
  explicit context_words(const span_context& from) noexcept : context_words(from.trace) {
    std::memcpy(&span_, from.span.bytes.data(), sizeof span_);
  }
  bool has_trace() const noexcept { return (trace_begin_ | trace_tail_) != 0; }
  /// What the sampler looks at.
  std::uint64_t trace_tail() const noexcept { return trace_tail_; }

  void set_trace(std::uint64_t begin, std::uint64_t tail) noexcept {
    trace_begin_ = begin;
    trace_tail_ = tail;
  }
  void set_span(std::uint64_t span, std::uint8_t flags, std::uint8_t left_out) noexcept {
    span_ = span;
    flags_ = flags;
    left_out_ = left_out;
  }
  void write(span_context& to) const noexcept {
    std::memcpy(to.trace.bytes.data(), &trace_begin_, sizeof trace_begin_);
    std::memcpy(to.trace.bytes.data() + sizeof trace_begin_, &trace_tail_, sizeof trace_tail_);
    std::memcpy(to.span.bytes.data(), &span_, sizeof span_);
    to.flags = flags_;
    to.remote = false;
    to.decided = true;
    to.left_out = left_out_;
  }

 private:
  std::uint64_t trace_begin_;
  std::uint64_t trace_tail_;
  std::uint64_t span_ = 0;
  std::uint8_t flags_ = 0;
  std::uint8_t left_out_ = 0;
};

/// Record types beyond the plain values of value_type.
enum record_type : std::uint32_t {
  record_name = 8,            ///< text; the last one counts
  record_status_message = 9,  ///< text; the last one counts
  record_array = 10,          ///< payload: the number of element records that follow
  record_event = 11,          ///< payload: event_payload; a name and attribute records follow
};

struct record {
  static constexpr std::uint32_t type_mask = 0x0f;
  static constexpr std::uint32_t text_key =
      0x10;                                       ///< the payload begins with the key, `first` long
  static constexpr std::uint32_t cut = 0x20;      ///< the value was shortened
  static constexpr std::uint32_t dead = 0x40;     ///< a later record has the same key
  static constexpr std::uint32_t element = 0x80;  ///< no key: part of a list or an event
  static constexpr std::uint32_t size_shift = 8;
  static constexpr std::size_t max_size = (std::size_t{1} << 24) - 1;

  std::uint32_t bits;  ///< payload size << 8 | flags | type
  std::uint16_t first;
  std::uint16_t second;
  union {
    const key_text* key;     ///< null for elements, names and the like
    std::uint64_t padding_;  ///< 16 bytes on every target
  };

  std::uint32_t type() const noexcept { return bits & type_mask; }
  std::size_t size() const noexcept { return bits >> size_shift; }
};
static_assert(sizeof(record) == 16);

struct event_payload {
  std::int64_t wall_ns;
  std::uint32_t attributes;  ///< records that follow the name
  std::uint32_t named;       ///< 1, or 0 when not even the name found room
};
static_assert(sizeof(event_payload) == 16);

constexpr std::size_t padded(std::size_t size) noexcept { return (size + 7) & ~std::size_t{7}; }

inline constexpr std::size_t max_name_bytes = 200;

/// Where the records of a span's first block begin.
inline constexpr std::size_t first_offset = padded(sizeof(block_head) + sizeof(span_head));

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/stats.hpp ----

// What became of the spans. Every span that was started and sampled reaches exactly one end.

namespace orcast {
inline namespace v0 {

enum class drop_reason : std::uint8_t {
  pool_full,  ///< no block was free when the span began
  ring_full,  ///< it had ended, but no lane could take it
  too_large,  ///< its encoding does not fit into a request
  evicted,    ///< an older span made room for a newer one
  rejected,   ///< the backend refused it for good
  expired,    ///< it could not be delivered in time
  filtered,   ///< a rule removed it after the fact
  shut_down,  ///< still here when the tracer went, or ended after that
};
inline constexpr std::size_t drop_reasons = 8;

constexpr std::string_view to_string(drop_reason reason) noexcept {
  constexpr std::string_view names[drop_reasons] = {"pool_full", "ring_full", "too_large",
                                                    "evicted",   "rejected",  "expired",
                                                    "filtered",  "shut_down"};
  return names[static_cast<std::size_t>(reason)];
}

/// A reading of the counters. Exact while nothing is being recorded or exported; otherwise off by
/// at most the spans that were started during the reading.
struct trace_stats {
  std::uint64_t started = 0;
  std::uint64_t unsampled = 0;  ///< not in `started`
  std::uint64_t exported = 0;
  std::array<std::uint64_t, drop_reasons> dropped{};

  std::uint64_t dropped_in_all() const noexcept {
    std::uint64_t sum = 0;
    for (std::uint64_t n : dropped) sum += n;
    return sum;
  }
  std::uint64_t dropped_by(drop_reason reason) const noexcept {
    return dropped[static_cast<std::size_t>(reason)];
  }
  /// Open, ready, or in a batch that is under way.
  std::uint64_t held() const noexcept {
    const std::uint64_t ended = exported + dropped_in_all();
    return started > ended ? started - ended : 0;
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/span.hpp ----

// A span that is being recorded: a move-only handle whose contents lie in the tracer's fixed
// memory. Recording never fails, blocks or allocates; what does not fit is shortened or dropped and
// counted. One thread at a time uses a span; it may be begun on one thread and ended on another. It
// must not outlive its tracer. An empty span (default-made, moved from, not sampled, ended) takes
// every call and does nothing.

namespace orcast {
inline namespace v0 {

class tracer;

class span {
 public:
  span() = default;
  span(span&& other) noexcept { take_from(other); }
  span& operator=(span&& other) noexcept {
    if (this != &other) {
      end();
      take_from(other);
    }
    return *this;
  }
  ~span() { end(); }

  /// False when nothing is kept: a caller may skip work that only serves the recording.
  bool recording() const noexcept { return owner_ != nullptr; }

  /// What children inherit. Also valid on a span that was not sampled: children follow it.
  const span_context& context() const noexcept { return context_; }

  /// Sets an attribute; a later value of the same key wins. Strings are copied, shortened to the
  /// tracer's limits on a code-point boundary, and may hold any bytes (what is not UTF-8 arrives as
  /// U+FFFD). NaN and infinities are exported as OTLP prescribes.
  span& set(attribute_key key, attribute_value value) noexcept {
    put(key, 0, value);
    return *this;
  }

  /// Sets an attribute that is a list.
  span& set_list(attribute_key key, const attribute_value* values, std::size_t count) noexcept;
  span& set_list(attribute_key key, std::initializer_list<attribute_value> values) noexcept {
    return set_list(key, values.begin(), values.size());
  }

  /// Adds an event. `steady_ns` is a reading of the tracer's steady clock; 0 means now.
  span& event(std::string_view name, std::initializer_list<attribute> attributes = {},
              std::int64_t steady_ns = 0) noexcept;

  /// The last status counts, except that ok is final. The message is kept with error only.
  span& status(span_status value, std::string_view message = {}) noexcept;

  span& rename(std::string_view name) noexcept;

  /// A bit for each destination that is not to get this span after all; its children are not
  /// concerned. What nobody gets is dropped and counted as filtered.
  span& leave_out(std::uint8_t destinations) noexcept {
    if (head_ != nullptr) {
      head_->context.left_out = static_cast<std::uint8_t>(head_->context.left_out | destinations);
    }
    return *this;
  }

  /// Ends the span and hands it to the exporter; what is set later is ignored. `steady_ns` as for
  /// event(). The destructor does the same.
  void end(std::int64_t steady_ns = 0) noexcept {
    if (owner_ != nullptr) hand_over(steady_ns);
  }

  /// Ends the span without exporting it; it is counted under `why`.
  void discard(drop_reason why = drop_reason::filtered) noexcept;

  /// Readings of the tracer's steady clock, in nanoseconds.
  std::int64_t start_ns() const noexcept { return head_ != nullptr ? head_->start_steady_ns : 0; }
  std::int64_t now_ns() const noexcept;

 private:
  friend class tracer;

  /// Not recorded; children follow it.
  explicit span(const detail::context_words& ids) noexcept { ids.write(context_); }

  /// In the block `first`, whose head is written. `name` is short enough.
  span(tracer& owner, std::uint32_t max_value, const detail::context_words& ids,
       detail::block_index first, detail::span_head* head, std::size_t block_bytes,
       std::string_view name) noexcept
      : owner_(&owner),
        head_(head),
        at_(reinterpret_cast<char*>(head + 1)),
        end_(reinterpret_cast<char*>(head) - sizeof(detail::block_head) + block_bytes),
        first_(first),
        max_value_(max_value) {
    static_assert(detail::first_offset == sizeof(detail::block_head) + sizeof(detail::span_head));
    ids.write(context_);
    constexpr std::string_view no_key;
    copy_padded(open_record(detail::record_name | detail::record::element, no_key, name.size()),
                name);
  }

  /// The common cases, inline: a constant key, and a value that fits into the current block. A span
  /// that records nothing has no room, so that this need not ask.
  bool put(const attribute_key& key, std::uint32_t flags, const attribute_value& value) noexcept {
    const auto room = static_cast<std::size_t>(end_ - at_);
    const auto type = static_cast<std::uint32_t>(value.type());
    if (key.constant() != nullptr) {
      if (value.type() == value_type::string) {
        const std::size_t size = value.text().size();
        if (sizeof(detail::record) + detail::padded(size) <= room && size <= max_value_) {
          copy_padded(open_record(flags | type, key, size), value.text());
          return true;
        }
      } else if (value.type() != value_type::decimal && sizeof(detail::record) + 8 <= room) {
        write_word(open_record(flags | type, key, 8), value.word());
        return true;
      }
    }
    return put_slowly(key.constant(), key.name(), key.first(), key.second(), flags | type,
                      value.is_text() ? value.text().data() : nullptr, value.word());
  }

  /// Writes a record's head where there is room for it and returns its payload.
  char* open_record(std::uint32_t bits, const attribute_key& key, std::size_t size) noexcept {
    auto* r = reinterpret_cast<detail::record*>(at_);
    r->bits = bits | static_cast<std::uint32_t>(size) << detail::record::size_shift;
    r->first = key.first();
    r->second = key.second();
    r->key = key.constant();
    at_ += sizeof(detail::record) + detail::padded(size);
    return reinterpret_cast<char*>(r + 1);
  }

  static void copy(char* to, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  }
  /// Copies text to where a record has its payload and room for its padding. Short text goes
  /// word by word: no call, and because words can't alias at_, it stays in a register.
  static void copy_padded(char* to, std::string_view text) noexcept {
    constexpr std::size_t by_words = 48;
    std::size_t left = text.size();
    if (left > by_words) {
      std::memcpy(to, text.data(), left);
      return;
    }
    auto* words = reinterpret_cast<std::uint64_t*>(to);
    const char* from = text.data();
    std::uint64_t pair[2];
    for (; left >= sizeof pair; left -= sizeof pair, from += sizeof pair, words += 2) {
      std::memcpy(pair, from, sizeof pair);
      words[0] = pair[0];
      words[1] = pair[1];
    }
    if (left >= sizeof *words) {
      std::memcpy(pair, from, sizeof *words);
      *words++ = pair[0];
      left -= sizeof *words;
      from += sizeof *words;
    }
    if (left != 0) {
      pair[0] = 0;
      std::memcpy(pair, from, left);
      *words = pair[0];
    }
  }
  static void write_word(char* to, std::uint64_t word) noexcept {
    *reinterpret_cast<std::uint64_t*>(to) = word;
  }

  void hand_over(std::int64_t steady_ns) noexcept;
  /// Takes its arguments apart, so that the fast path has no object whose address it gives away.
  bool put_slowly(const key_text* constant, std::string_view name, std::uint16_t first,
                  std::uint16_t second, std::uint32_t bits, const char* text,
                  std::uint64_t word) noexcept;
  char* put_fixed(const attribute_key& key, std::uint32_t bits, std::size_t size) noexcept;
  bool put_text(const attribute_key& key, std::uint32_t bits, std::string_view text) noexcept;
  bool make_room(std::size_t size) noexcept {
    return size <= static_cast<std::size_t>(end_ - at_) || grow();
  }
  bool grow() noexcept;
  void close_block() noexcept;

  void forget() noexcept {
    owner_ = nullptr;
    head_ = nullptr;
    at_ = end_ = nullptr;
  }
  void take_from(span& other) noexcept {
    owner_ = other.owner_;
    head_ = other.head_;
    at_ = other.at_;
    end_ = other.end_;
    first_ = other.first_;
    max_value_ = other.max_value_;
    context_ = other.context_;
    other.forget();
  }

  tracer* owner_ = nullptr;
  detail::span_head* head_ = nullptr;
  char* at_ = nullptr;   // where the next record goes
  char* end_ = nullptr;  // end of the current block
  detail::block_index first_ = detail::no_block;
  std::uint32_t max_value_ = 0;
  span_context context_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/content_recorder.hpp ----

// The one door through which content reaches a span: what privacy mode, a mask or the host's own
// function keeps back never touches the ring.

namespace orcast {
inline namespace v0 {

/// A function of the host's that looks at each text before it is recorded.
struct redaction {
  /// `key` is the attribute's name, with its indices. May change the text; false leaves the
  /// attribute out. Any thread that records; nothing may be recorded from inside.
  bool (*function)(void* context, content what, std::string_view key, std::string& text) = nullptr;
  void* context = nullptr;
};

/// What becomes of content. Plain data that borrows the redaction's context.
struct content_policy {
  bool privacy = false;  ///< privacy mode: no prompts, answers, tool arguments or results
  masks hide;
  redaction redact;  ///< sees what privacy and masks let through
};

namespace detail {

inline void append_name(const attribute_key& key, std::string& out) {
  const key_text* constant = key.constant();
  if (constant == nullptr) {
    out.append(key.name());
    return;
  }
  const std::size_t end = constant->size - key_text::after.size();
  std::size_t from = key_text::before.size();
  for (std::size_t i = 0; i < 2 && constant->cut[i] != 0; ++i) {
    out.append(constant->json + from, constant->cut[i] - from);
    out.append(std::to_string(i == 0 ? key.first() : key.second()));
    from = constant->cut[i];
  }
  out.append(constant->json + from, end - from);
}

}  // namespace detail

/// For one span, on its thread. Span and policy outlive it.
class content_recorder {
 public:
  content_recorder(span& into, const content_policy& policy) noexcept
      : span_(into), policy_(policy) {}

  content_fate fate(content what) const noexcept {
    return fate_of(what, policy_.hide, policy_.privacy);
  }
  /// False: nothing of the kind is recorded, and work that only serves it may be skipped.
  bool wants(content what) const noexcept {
    return span_.recording() && fate(what) != content_fate::left_out;
  }

  /// Long base64 in it is replaced by what it is (see blob_filter).
  void set(content what, attribute_key key, std::string_view text) {
    if (wants(what)) put(what, key, blobs_.apply(text, policy_.hide.base64_image_max_length));
  }
  /// The same for what looks like base64 and is to stay as it is: signatures, encrypted reasoning.
  void set_verbatim(content what, attribute_key key, std::string_view text) {
    if (wants(what)) put(what, key, text);
  }

  span& into() noexcept { return span_; }
  const content_policy& policy() const noexcept { return policy_; }

  /// A list, each text by itself.
  void set_list(content what, attribute_key key, const std::vector<std::string_view>& texts) {
    if (!wants(what) || texts.empty()) return;
    std::vector<std::string> kept;
    for (std::string_view text : texts) {
      if (look_at(what, key, blobs_.apply(text, policy_.hide.base64_image_max_length))) {
        kept.emplace_back(shown_);
      }
    }
    const std::vector<attribute_value> values(kept.begin(), kept.end());
    span_.set_list(key, values.data(), values.size());
  }

  /// A vector of an embedding.
  template <class Number>
  void set_vector(attribute_key key, const Number* numbers, std::size_t count) {
    constexpr content what = content::embedding_vector;
    if (!wants(what)) return;
    if (fate(what) == content_fate::replaced) {
      span_.set(key, redacted);
      return;
    }
    std::vector<attribute_value> values;
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) values.emplace_back(static_cast<double>(numbers[i]));
    span_.set_list(key, values.data(), values.size());
  }

  /// What failed: the status and an exception event. `type` is the service's word for it, and is
  /// shown; `words` may quote what was sent.
  void fail(std::string_view type, std::string_view exception, std::string_view words) {
    if (!span_.recording()) return;
    std::string line(type);
    const attribute_key key(keys::exception_message);
    if (!words.empty() && wants(content::error_words) &&
        look_at(content::error_words, key, blobs_.apply(words, 0))) {
      line.append(": ").append(shown_);
    }
    span_.status(span_status::error, line);
    span_.event("exception", {{keys::exception_type, exception},
                              {keys::exception_message, line},
                              {keys::exception_escaped, false}});
  }

 private:
  void put(content what, const attribute_key& key, std::string_view text) {
    if (look_at(what, key, text)) span_.set(key, shown_);
  }

  /// Puts into shown_ what may be recorded of `text`; false for nothing.
  bool look_at(content what, const attribute_key& key, std::string_view text) {
    shown_ = fate(what) == content_fate::replaced ? std::string_view(redacted) : text;
    if (fate(what) == content_fate::replaced || policy_.redact.function == nullptr) return true;
    name_.clear();
    detail::append_name(key, name_);
    text_.assign(text);
    if (!policy_.redact.function(policy_.redact.context, what, name_, text_)) return false;
    shown_ = text_;
    return true;
  }

  span& span_;
  const content_policy& policy_;
  blob_filter blobs_;
  std::string_view shown_;
  std::string name_;
  std::string text_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/pseudonym.hpp ----

// What stands for an end user in the traces instead of the name by which the game knows them: the
// same user always gets the same one, and nobody without the key can tell who it is.

namespace orcast {
inline namespace v0 {

/// Plain data that borrows: context and key outlive whatever records with it.
struct pseudonym {
  /// Appends what is recorded instead of `user`; nothing appended: no user is recorded. Any thread.
  void (*function)(void* context, std::string_view user, std::string& out) = nullptr;
  void* context = nullptr;
  /// Without a function: HMAC-SHA256 (RFC 2104) under this key, its first 32 hexadecimal digits.
  /// Keep it on a server of yours, or in the game if guessing names does not matter.
  std::string_view key;

  bool wanted() const noexcept { return function != nullptr || !key.empty(); }

  void append(std::string_view user, std::string& out) const {
    if (user.empty()) return;
    if (function != nullptr) {
      function(context, user, out);
    } else if (!key.empty()) {
      append_hash(user, out);
    } else {
      out.append(user);
    }
  }

 private:
  void append_hash(std::string_view user, std::string& out) const {
    constexpr std::size_t block = 64;
    std::string whole(block, '\0');
    if (key.size() > block) {
      const auto digest = sha256(key);
      for (std::size_t i = 0; i < digest.size(); ++i) whole[i] = static_cast<char>(digest[i]);
    } else {
      key.copy(whole.data(), key.size());
    }
    std::string outer = whole;
    for (char& c : whole) c = static_cast<char>(c ^ 0x36);
    for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
    whole.append(user);
    const auto inner = sha256(whole);
    for (unsigned char byte : inner) outer.push_back(static_cast<char>(byte));
    const auto digest = sha256(outer);
    char hex[32];
    to_hex(digest.data(), 16, hex);
    out.append(hex, sizeof hex);
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/host.hpp ----

// What orcast needs from its host: two clocks, random bytes and memory. A default host uses the
// C++ library; an engine fills in its own functions before it makes the first object. Every
// function may be called from any thread.

namespace orcast {
inline namespace v0 {

/// Functions of the host. A null function means the C++ library's own. `self` is handed back to
/// each of them. The memory pair is set together or not at all.
struct host {
  void* self = nullptr;

  /// Nanoseconds on a clock that never goes back. Need not advance while the device sleeps.
  std::int64_t (*steady_now)(void* self) = nullptr;
  /// Nanoseconds since 1970-01-01 UTC.
  std::int64_t (*wall_now)(void* self) = nullptr;
  /// Fills `size` bytes with random bits of cryptographic quality; false when it can't.
  bool (*random)(void* self, void* out, std::size_t size) = nullptr;
  /// Memory aligned to `alignment` (a power of two), or null.
  void* (*allocate)(void* self, std::size_t size, std::size_t alignment) = nullptr;
  void (*release)(void* self, void* memory, std::size_t size, std::size_t alignment) = nullptr;

  std::int64_t steady_ns() const noexcept {
    if (steady_now != nullptr) return steady_now(self);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  std::int64_t wall_ns() const noexcept {
    if (wall_now != nullptr) return wall_now(self);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  void* take(std::size_t size, std::size_t alignment) const noexcept {
    if (allocate != nullptr) return allocate(self, size, alignment);
    return ::operator new(size, std::align_val_t(alignment), std::nothrow);
  }

  void give_back(void* memory, std::size_t size, std::size_t alignment) const noexcept {
    if (memory == nullptr) return;
    if (release != nullptr) {
      release(self, memory, size, alignment);
    } else {
      ::operator delete(memory, std::align_val_t(alignment));
    }
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/destination_shares.hpp ----

// Which destinations get a trace, when each wants its own share of them. Decided at the head like
// all sampling, by the same number, so that who wants less gets a part of what the others get, and
// sessions stay whole everywhere. The answer is a mask that children inherit (span_context) and
// that the exporter looks at. While everybody wants everything it costs one load.

namespace orcast {
inline namespace v0 {

class destination_shares {
 public:
  static constexpr std::size_t most = 8;

  /// Any thread; for roots that begin later. A ratio of 0 is for a destination that gets nothing.
  void set(const double* ratios, std::size_t count) noexcept {
    std::uint8_t active = 0;
    bool uneven = false;
    for (std::size_t i = 0; i < most; ++i) {
      const bool exists = i < count;
      const double ratio = exists ? ratios[i] : 1.0;
      if (exists && ratio > 0) active = static_cast<std::uint8_t>(active | 1u << i);
      uneven = uneven || ratio < 1.0;
      // Relaxed, all of them: numbers by themselves. A root that begins meanwhile may see some old
      // and some new ones.
      limits_[i].store(ratio >= 1.0 ? everything : static_cast<std::uint32_t>(ratio * everything),
                       std::memory_order_relaxed);
    }
    active_.store(active, std::memory_order_relaxed);
    uneven_.store(uneven, std::memory_order_relaxed);
  }

  /// False: left_out() would be 0.
  bool uneven() const noexcept { return uneven_.load(std::memory_order_relaxed); }

  /// A bit for each destination that does not get the trace (or session) with this number.
  std::uint8_t left_out(std::uint64_t number) const noexcept {
    unsigned mask = 0;
    const auto top = static_cast<std::uint32_t>(number >> 32);
    for (std::size_t i = 0; i < most; ++i) {
      const std::uint32_t limit = limits_[i].load(std::memory_order_relaxed);
      if (limit != everything && top >= limit) mask |= 1u << i;
    }
    return static_cast<std::uint8_t>(mask);
  }

  /// Whether what is left out leaves nobody.
  bool nobody(std::uint8_t mask) const noexcept {
    const std::uint8_t active = active_.load(std::memory_order_relaxed);
    return active != 0 && (active & ~mask) == 0;
  }

 private:
  static constexpr std::uint32_t everything = 0xffffffff;

  std::array<std::atomic<std::uint32_t>, most> limits_{};
  std::atomic<std::uint8_t> active_{0};  // 0: nobody has said who there is
  std::atomic<bool> uneven_{false};
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/sampler.hpp ----

// Decides at the head, before anything is recorded, whether a trace is kept. The decision depends
// on the trace id alone, or on the session alone where there is one, so that a session is kept or
// left out as a whole, on every device alike.

namespace orcast {
inline namespace v0 {

class ratio_sampler {
 public:
  /// `ratio` from 0 (nothing) to 1 (everything).
  constexpr explicit ratio_sampler(double ratio = 1.0) noexcept
      : limit_(ratio >= 1.0  ? ~std::uint64_t{0}
               : ratio > 0.0 ? static_cast<std::uint64_t>(ratio * 18446744073709551615.0)
                             : 0) {}

  constexpr bool everything() const noexcept { return limit_ == ~std::uint64_t{0}; }
  constexpr bool nothing() const noexcept { return limit_ == 0; }

  /// The last eight bytes of a trace id are random; an id that a caller chose is a digest.
  bool keeps(const trace_id& id) const noexcept {
    std::uint64_t tail = 0;
    std::memcpy(&tail, id.bytes.data() + 8, sizeof tail);
    return keeps(tail);
  }
  /// The same by those bytes as they lie in memory. Every device decides alike: the bytes count as
  /// a number with the first one on top, whatever the processor's order.
  bool keeps(std::uint64_t tail) const noexcept { return decide(number_of(tail)); }
  /// FNV-1a over the session's bytes, then one round of mixing.
  constexpr bool keeps(std::string_view session) const noexcept {
    return decide(number_of(session));
  }

  /// The number that decides: kept is what lies below the ratio's share of all 64-bit numbers.
  static std::uint64_t number_of(std::uint64_t tail) noexcept {
    unsigned char bytes[sizeof tail];
    std::memcpy(bytes, &tail, sizeof tail);
    const auto at = [&bytes](int i) { return std::uint64_t{bytes[i]} << (56 - 8 * i); };
    return at(0) | at(1) | at(2) | at(3) | at(4) | at(5) | at(6) | at(7);
  }
  static constexpr std::uint64_t number_of(std::string_view session) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (char c : session) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
  }

 private:
  constexpr bool decide(std::uint64_t value) const noexcept {
    return everything() || value < limit_;
  }

  std::uint64_t limit_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/fork.hpp ----

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#elif defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

// fork(2): a child must not repeat its parent's random numbers. On Linux a page can be marked so
// that the child finds it zeroed; whoever keeps a random state there recognises that and seeds
// anew. Elsewhere fork() is rare and the marks do nothing.

namespace orcast {
inline namespace v0 {

inline constexpr std::size_t page_bytes = 4096;

/// `page` is aligned to page_bytes and filled by nothing but data that a child must not inherit.
/// False where the system can't do it.
inline bool wipe_in_child(void* page, std::size_t size) noexcept {
#if defined(__linux__) && defined(MADV_WIPEONFORK)
  return ::madvise(page, size, MADV_WIPEONFORK) == 0;
#else
  static_cast<void>(page);
  static_cast<void>(size);
  return false;
#endif
}

/// Takes the mark back; call it before the memory is released.
inline void keep_in_child(void* page, std::size_t size) noexcept {
#if defined(__linux__) && defined(MADV_KEEPONFORK)
  ::madvise(page, size, MADV_KEEPONFORK);
#else
  static_cast<void>(page);
  static_cast<void>(size);
#endif
}

/// Names this process; 0 where there is no fork(). A system call: not for the recording path.
inline long process_id() noexcept {
#if defined(__unix__) || defined(__APPLE__)
  return static_cast<long>(::getpid());
#else
  return 0;
#endif
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/random.hpp ----

#if defined(__linux__)
#include <sys/random.h>
#elif defined(__APPLE__) || defined(__unix__)
#include <unistd.h>
#else
#include <random>
#endif

// Random bits: a seed from the operating system, and a small fast generator for identifiers.

namespace orcast {
inline namespace v0 {

/// Fills `out` from the host's or the operating system's generator. When neither answers, mixes the
/// clocks with an address: identifiers must differ, they need not be secret. Any thread.
inline void entropy(const host& from, void* out, std::size_t size) noexcept {
  if (from.random != nullptr && from.random(from.self, out, size)) return;
  auto* bytes = static_cast<unsigned char*>(out);
#if defined(__linux__)
  if (::getrandom(bytes, size, 0) == static_cast<ssize_t>(size)) return;
#elif defined(__APPLE__) || defined(__unix__)
  if (::getentropy(bytes, size) == 0) return;
#else
  std::random_device device;
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(device());
  return;
#endif
  std::uint64_t mix = static_cast<std::uint64_t>(from.wall_ns()) ^
                      static_cast<std::uint64_t>(from.steady_ns()) << 20 ^
                      reinterpret_cast<std::uintptr_t>(out);
  for (std::size_t i = 0; i < size; ++i) {
    mix = (mix ^ mix >> 31) * 0x9e3779b97f4a7c15u;
    bytes[i] = static_cast<unsigned char>(mix >> 56);
  }
}

/// xoroshiro128+ by Blackman and Vigna: two words of state, about a nanosecond a number. All zero
/// is not a state it can reach, so a zeroed one (fresh memory, or a page that fork() wiped) is
/// recognised as "not seeded". One thread at a time.
struct random_state {
  std::uint64_t a = 0;
  std::uint64_t b = 0;

  bool seeded() const noexcept { return (a | b) != 0; }

  void seed(const host& from) noexcept {
    entropy(from, this, sizeof *this);
    if (!seeded()) a = 1;
  }

  std::uint64_t next() noexcept {
    const std::uint64_t sum = a + b;
    const std::uint64_t x = a ^ b;
    a = ((a << 24) | (a >> 40)) ^ x ^ (x << 16);
    b = (x << 37) | (x >> 27);
    return sum;
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/wide_counter.hpp ----

// A counter that does not wrap in practice, also where the hardware has no 64-bit atomics: there it
// is two words, and a reader that meets a carry half done reads again.

namespace orcast {
inline namespace v0 {

namespace detail {

class one_word_counter {
 public:
  /// Any thread. Release: pairs with the acquire in read(), so that whoever sees the count also
  /// sees what was counted.
  void add(std::uint32_t n) noexcept { value_.fetch_add(n, std::memory_order_release); }

  /// One writer at a time (the owner of a lane); cheaper than add(). Release as above.
  void add_owned(std::uint32_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_release);
  }

  std::uint64_t read() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class two_word_counter {
 public:
  void add(std::uint32_t n) noexcept {
    const std::uint32_t before = low_.fetch_add(n, std::memory_order_release);
    if (before + n < before) high_.fetch_add(1, std::memory_order_release);
  }

  void add_owned(std::uint32_t n) noexcept { add(n); }

  /// Acquire pairs with the releases above. Exact unless a carry is under way at this moment.
  std::uint64_t read() const noexcept {
    for (;;) {
      const std::uint32_t high = high_.load(std::memory_order_acquire);
      const std::uint32_t low = low_.load(std::memory_order_acquire);
      if (high_.load(std::memory_order_acquire) == high) {
        return std::uint64_t{high} << 32 | low;
      }
    }
  }

 private:
  std::atomic<std::uint32_t> low_{0};
  std::atomic<std::uint32_t> high_{0};
};

template <bool wide_atomics>
using counter_for = std::conditional_t<wide_atomics, one_word_counter, two_word_counter>;

}  // namespace detail

// Words of the machine decide, not is_always_lock_free: some 32-bit targets have 64-bit atomics
// through a library only.
using wide_counter = detail::counter_for<(sizeof(void*) >= 8)>;

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/lane.hpp ----

// A lane is the part of the span ring that one recording thread uses at a time: a list of free
// blocks, a queue of finished spans, a random state. A thread claims a lane for a few nanoseconds
// with one exchange; whoever holds the claim owns the plain fields. Nobody waits for a claim: a
// thread that finds a lane taken goes on to the next one.
//
// The queue has one producer at a time (the claim holder) and any number of consumers: the drainer,
// and recording threads that evict the oldest span. `head` and `tail` only ever grow; a consumer
// owns an entry once it has moved `head` past it.

namespace orcast {
inline namespace v0 {
namespace detail {

struct lane {
  struct slot {
    std::atomic<block_index> block{no_block};
    std::atomic<std::uint32_t> stamp{0};  ///< when it was published; for finding the oldest
  };

  // Line 1: the claim and what its holder writes.
  alignas(64) std::atomic<std::uint32_t> claimed{0};
  block_index free = no_block;  ///< last in, first out: the block that is warm in the cache
  std::atomic<std::size_t> tail{0};
  std::uint32_t index = 0;  ///< its place among the lanes
  slot* slots = nullptr;
  std::size_t capacity = 0;    ///< a power of two
  std::size_t known_head = 0;  ///< head has come at least that far
  random_state* random = nullptr;
  std::int64_t wall_minus_steady_ns = 0;
  std::int64_t wall_due_ns = (std::numeric_limits<std::int64_t>::min)();  ///< read it again then
  wide_counter started;
  wide_counter unsampled;

  // Line 2: written by consumers.
  alignas(64) std::atomic<std::size_t> head{0};
  std::size_t known_tail = 0;  ///< the drainer's: tail has come at least that far

  // Line 3: blocks that come back; anyone pushes, the refilling thread takes all at once.
  alignas(64) std::atomic<block_index> returned{no_block};

  bool try_claim() noexcept {
    // The load keeps a busy line shared; the acquire exchange pairs with let_go().
    return claimed.load(std::memory_order_relaxed) == 0 &&
           claimed.exchange(1, std::memory_order_acquire) == 0;
  }

  /// Release: the next holder sees the plain fields as they were left.
  void let_go() noexcept { claimed.store(0, std::memory_order_release); }

  /// The claim holder only. False when the queue is full.
  bool publish(block_index span, std::uint32_t stamp) noexcept {
    const std::size_t at = tail.load(std::memory_order_relaxed);
    if (at - known_head >= capacity) {
      // Looked at only now, because consumers write it. Acquire pairs with the exchange in pass():
      // the slot has been read before we write it again.
      known_head = head.load(std::memory_order_acquire);
      if (at - known_head >= capacity) return false;
    }
    slot& entry = slots[at & (capacity - 1)];
    entry.block.store(span, std::memory_order_relaxed);
    entry.stamp.store(stamp, std::memory_order_relaxed);
    // Release: pairs with the acquire in drain() and evict(), which thereby see the span's blocks.
    tail.store(at + 1, std::memory_order_release);
    return true;
  }

  /// The drainer only. The oldest finished span of this lane, or no_block. It looks at tail, which
  /// the recording threads write, once for all that was published until then.
  block_index drain() noexcept {
    std::size_t at = head.load(std::memory_order_acquire);
    for (;;) {
      if (static_cast<std::ptrdiff_t>(known_tail - at) <= 0) {
        known_tail = tail.load(std::memory_order_acquire);
        if (known_tail == at) return no_block;
      }
      const block_index span = pass(at);
      if (span != no_block) return span;
    }
  }

  /// Any thread. The same for one that wants its memory.
  block_index evict() noexcept {
    std::size_t at = head.load(std::memory_order_acquire);
    while (at != tail.load(std::memory_order_acquire)) {
      const block_index span = pass(at);
      if (span != no_block) return span;
    }
    return no_block;
  }

  /// Any thread. True and the stamp of the oldest entry, or false when there is none. A hint only:
  /// the entry may be gone before the caller acts on it.
  bool oldest_stamp(std::uint32_t& stamp) const noexcept {
    const std::size_t at = head.load(std::memory_order_acquire);
    if (at == tail.load(std::memory_order_acquire)) return false;
    stamp = slots[at & (capacity - 1)].stamp.load(std::memory_order_relaxed);
    return true;
  }

 private:
  /// Takes the entry at `at`, which is known to be published; when another consumer was faster,
  /// no_block, and `at` is where head is now.
  block_index pass(std::size_t& at) noexcept {
    const block_index span = slots[at & (capacity - 1)].block.load(std::memory_order_relaxed);
    // Success: nobody else had moved head, so the slot still held the entry that was read. Release
    // lets publish() reuse the slot; acquire on failure gives a fresh view of head.
    const bool mine = head.compare_exchange_strong(at, at + 1, std::memory_order_acq_rel,
                                                   std::memory_order_acquire);
    return mine ? span : no_block;
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/span_ring.hpp ----

// Fixed memory for spans, cut into blocks, and the way a finished span takes from the thread that
// ended it to the one consumer. Recording threads take no lock, make no system call and allocate
// nothing; each of their steps is bounded by the number of lanes. docs/design.md has the protocol
// and what was measured; span and tracer are its only users.

namespace orcast {
inline namespace v0 {

/// What happens to new spans when the memory is used up.
enum class when_full : std::uint8_t { drop_newest, evict_oldest };

namespace detail {

class span_ring {
 public:
  struct shape {
    std::size_t memory_bytes;
    std::size_t block_bytes;  ///< a power of two
    std::uint32_t lanes;      ///< a power of two, at most 64
    when_full policy;
    bool wipe;
  };

  span_ring() = default;
  span_ring(const span_ring&) = delete;
  span_ring& operator=(const span_ring&) = delete;
  ~span_ring() { release(); }

  /// Reserves, touches and divides the memory. False when the host has none.
  bool make(const shape& wanted, const host& from) noexcept;

  /// Any thread. A lane that is the caller's own until let_go(), if possible the one it used last;
  /// null when every lane was taken, twice over.
  lane* claim() noexcept {
    lane& last = lanes_[lane_hint() & (lane_count_ - 1)];
    return last.try_claim() ? &last : claim_another(2 * lane_count_);
  }

  /// The claim holder of `mine` only. A block, or no_block when there is none left anywhere.
  block_index pop(lane& mine) noexcept {
    if (mine.free == no_block && !refill(mine)) return no_block;
    const block_index index = mine.free;
    block_head& head = *at(index);
    mine.free = head.next;
    head.next = no_block;
    head.home = mine.index;
    return index;
  }

  /// Any thread: hands a finished span to the consumer. False when no lane could take it.
  bool publish(block_index span, std::uint32_t stamp) noexcept {
    for (std::uint32_t tries = 0; tries < lane_count_; ++tries) {
      lane* const mine = claim();
      if (mine == nullptr) return false;
      const bool done = mine->publish(span, stamp);
      mine->let_go();
      if (done) return true;
      ++lane_hint();  // its queue is full
    }
    return false;
  }

  /// Any thread: gives the blocks of a span back, from `first` through its last one.
  void give_back(block_index first) noexcept {
    wipe_blocks(first);
    const block_index last = head_of(first)->last;
    push_returned(lanes_[at(first)->home], first, last);
  }

  /// The consumer only: the next finished span or no_block, lane after lane.
  block_index take() noexcept {
    for (std::uint32_t i = 0; i < lane_count_; ++i) {
      const block_index span = lanes_[(next_lane_ + i) & (lane_count_ - 1)].drain();
      if (span == no_block) continue;
      if (i != 0) next_lane_ = (next_lane_ + i) & (lane_count_ - 1);
      return span;
    }
    return no_block;
  }

  /// Asks for the line that pop() will look at next.
  void prefetch(block_index next) const noexcept {
#if defined(__GNUC__)
    if (next != no_block) __builtin_prefetch(at(next), 1);
#else
    static_cast<void>(next);
#endif
  }

  block_head* at(block_index index) const noexcept {
    return reinterpret_cast<block_head*>(blocks_ + std::size_t{index} * block_bytes_);
  }
  span_head* head_of(block_index first) const noexcept {
    return reinterpret_cast<span_head*>(reinterpret_cast<char*>(at(first)) + sizeof(block_head));
  }

  std::size_t block_bytes() const noexcept { return block_bytes_; }
  std::uint32_t block_count() const noexcept { return block_count_; }
  std::uint32_t lane_count() const noexcept { return lane_count_; }
  const lane& lane_at(std::uint32_t i) const noexcept { return lanes_[i]; }
  wide_counter& evicted() noexcept { return evicted_; }
  const wide_counter& evicted() const noexcept { return evicted_; }

  /// Blocks that belong to no span. Only while nothing is being recorded or drained (for tests).
  std::uint32_t free_blocks() const noexcept;

 private:
  // Internal per thread: which lane it used last. Trivially destructible, so that an unloaded
  // plugin leaves nothing behind; hidden, so that each plugin has its own.
#if defined(__GNUC__)
  [[gnu::visibility("hidden")]]
#endif
  static std::uint32_t&
  lane_hint() noexcept {
    static thread_local std::uint32_t hint = 0;
    // At first: spread the threads by the address of their own copy.
    if (hint == 0)
      hint =
          static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&hint) >> 6) * 0x9e3779b1u >>
              16 |
          1u << 16;
    return hint;
  }

  lane* claim_another(std::uint32_t tries) noexcept;
  bool refill(lane& mine) noexcept;
  bool evict(lane& mine) noexcept;
  void release() noexcept;

  void push_returned(lane& to, block_index first, block_index last) noexcept {
    block_index top = to.returned.load(std::memory_order_relaxed);
    do at(last)->next = top;
    // Release: whoever takes the chain sees its links. Chains are taken whole, so no ABA.
    while (!to.returned.compare_exchange_weak(top, first, std::memory_order_release,
                                              std::memory_order_relaxed));
  }

  void wipe_blocks(block_index first) noexcept {
    if (!wipe_) return;
    for (block_index i = first; i != no_block; i = at(i)->next) {
      const std::size_t keep = i == first ? first_offset : sizeof(block_head);
      std::memset(reinterpret_cast<char*>(at(i)) + keep, 0, block_bytes_ - keep);
    }
  }

  host host_;
  char* memory_ = nullptr;
  std::size_t memory_bytes_ = 0;
  lane* lanes_ = nullptr;
  char* blocks_ = nullptr;
  std::size_t block_bytes_ = 0;
  std::uint32_t block_count_ = 0;
  std::uint32_t lane_count_ = 0;
  when_full policy_ = when_full::drop_newest;
  bool wipe_ = false;

  // Lines that are written now and then, apart from those that every span reads.
  alignas(64) std::uint32_t next_lane_ = 0;  // the consumer's
  alignas(64) wide_counter evicted_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/impl/span_ring.ipp ----

// The bodies of span_ring: dividing the memory, and what happens when a lane has run dry.

namespace orcast {
inline namespace v0 {
namespace detail {

inline bool span_ring::make(const shape& wanted, const host& from) noexcept {
  host_ = from;
  // An odd number of cache lines: the blocks' beginnings would otherwise meet in a few cache sets.
  block_bytes_ = wanted.block_bytes - 64;
  lane_count_ = wanted.lanes;
  policy_ = wanted.policy;
  wipe_ = wanted.wipe;
  memory_bytes_ = wanted.memory_bytes;
  memory_ = static_cast<char*>(host_.take(memory_bytes_, page_bytes));
  if (memory_ == nullptr) return false;
  std::memset(memory_, 0, memory_bytes_);  // the first touch of a page costs microseconds: now

  // Page 0: the random states, alone, because a child of fork() finds it zeroed.
  auto* random = reinterpret_cast<random_state*>(memory_);
  char* at_byte = memory_ + page_bytes;
  wipe_in_child(memory_, page_bytes);

  lanes_ = reinterpret_cast<lane*>(at_byte);
  at_byte += lane_count_ * sizeof(lane);
  // Together the queues hold twice as many spans as there are blocks.
  std::size_t capacity = 8;
  while (capacity * lane_count_ < 2 * (memory_bytes_ / block_bytes_)) capacity *= 2;
  for (std::uint32_t i = 0; i < lane_count_; ++i) {
    lane* made = new (lanes_ + i) lane;
    made->index = i;
    made->random = new (random + i) random_state;
    made->random->seed(host_);
    made->capacity = capacity;
    made->slots = reinterpret_cast<lane::slot*>(at_byte);
    for (std::size_t s = 0; s < capacity; ++s) new (made->slots + s) lane::slot;
    at_byte += capacity * sizeof(lane::slot);
  }
  at_byte += (64 - static_cast<std::size_t>(at_byte - memory_) % 64) % 64;
  blocks_ = at_byte;
  const std::size_t left = memory_bytes_ - static_cast<std::size_t>(at_byte - memory_);
  block_count_ = static_cast<std::uint32_t>(left / block_bytes_);
  for (block_index i = block_count_; i-- > 0;) {
    lane& owner = lanes_[i % lane_count_];
    block_head* head = new (at(i)) block_head;
    head->next = owner.free;
    owner.free = i;
  }
  return true;
}

ORCAST_COLD inline lane* span_ring::claim_another(std::uint32_t tries) noexcept {
  for (std::uint32_t at = lane_hint() + 1; tries != 0; --tries, ++at) {
    lane& candidate = lanes_[at & (lane_count_ - 1)];
    if (!candidate.try_claim()) continue;
    lane_hint() = at;
    return &candidate;
  }
  return nullptr;
}

ORCAST_COLD inline bool span_ring::refill(lane& mine) noexcept {
  // Acquire: pairs with push_returned(), whose links we are about to follow.
  mine.free = mine.returned.exchange(no_block, std::memory_order_acquire);
  if (mine.free != no_block) return true;
  const auto own = static_cast<std::uint32_t>(&mine - lanes_);
  for (std::uint32_t i = 1; i < lane_count_; ++i) {
    lane& other = lanes_[(own + i) & (lane_count_ - 1)];
    if (other.returned.load(std::memory_order_relaxed) == no_block) continue;
    mine.free = other.returned.exchange(no_block, std::memory_order_acquire);
    if (mine.free != no_block) return true;
  }
  for (std::uint32_t i = 1; i < lane_count_; ++i) {
    lane& other = lanes_[(own + i) & (lane_count_ - 1)];
    if (!other.try_claim()) continue;  // never waits, so two refills can't block each other
    block_index last = other.free;
    for (int n = 1; n < 8 && last != no_block && at(last)->next != no_block; ++n) {
      last = at(last)->next;
    }
    if (last != no_block) {
      mine.free = other.free;
      other.free = at(last)->next;
      at(last)->next = no_block;
    }
    other.let_go();
    if (mine.free != no_block) return true;
  }
  return policy_ == when_full::evict_oldest && evict(mine);
}

/// Takes the span that was published first, within the resolution of the stamps.
inline bool span_ring::evict(lane& mine) noexcept {
  for (std::uint32_t tries = 0; tries < lane_count_; ++tries) {
    lane* oldest = nullptr;
    std::uint32_t oldest_stamp = 0;
    for (std::uint32_t i = 0; i < lane_count_; ++i) {
      std::uint32_t stamp = 0;
      if (!lanes_[i].oldest_stamp(stamp)) continue;
      if (oldest == nullptr || static_cast<std::int32_t>(stamp - oldest_stamp) < 0) {
        oldest = lanes_ + i;
        oldest_stamp = stamp;
      }
    }
    if (oldest == nullptr) return false;
    const block_index span = oldest->evict();
    if (span == no_block) continue;
    evicted_.add(1);
    wipe_blocks(span);
    mine.free = span;
    return true;
  }
  return false;
}

inline void span_ring::release() noexcept {
  if (memory_ == nullptr) return;
  if (wipe_) std::memset(blocks_, 0, block_count_ * block_bytes_);
  keep_in_child(memory_, page_bytes);
  host_.give_back(memory_, memory_bytes_, page_bytes);
  memory_ = nullptr;
}

inline std::uint32_t span_ring::free_blocks() const noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < lane_count_; ++i) {
    for (block_index b = lanes_[i].free; b != no_block; b = at(b)->next) ++count;
    block_index b = lanes_[i].returned.load(std::memory_order_acquire);
    for (; b != no_block; b = at(b)->next) ++count;
  }
  return count;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/tracer.hpp ----

// Makes spans. A tracer owns a fixed amount of memory, taken and touched when it is made; spans are
// recorded there by any thread and taken out by one consumer (the exporter). Nothing is global: a
// program may have several tracers, and passes them by reference.

namespace orcast {
inline namespace v0 {

struct tracer_options {
  /// Everything that recording will ever use, in bytes: 32 KiB to 64 MiB.
  std::size_t memory_bytes = std::size_t{4} << 20;
  /// Unit of that memory, a power of two from 512 to 65,536, of which 64 bytes are left out so that
  /// units spread over the processor's caches; 0 chooses one.
  std::size_t block_bytes = 0;
  /// How many threads can record at the same instant without meeting: a power of two up to 64; 0
  /// chooses. More threads than lanes are fine.
  std::uint32_t lanes = 0;
  when_full full = when_full::drop_newest;
  /// Longer strings are shortened, in bytes; at most 16,777,000.
  std::uint32_t max_value_bytes = 64 * 1024;
  /// A span that reaches this size takes no more, in bytes.
  std::uint32_t max_span_bytes = 256 * 1024;
  /// Which share of the traces is kept, 0 to 1.
  double sampling_ratio = 1.0;
  /// Overwrite blocks before they are used again or given back.
  bool wipe = false;
  orcast::host host;
};

struct span_options {
  span_context parent;  ///< invalid: the span is a root
  span_kind kind = span_kind::internal;
  std::string_view session;   ///< sampling goes by it when it is not empty
  std::int64_t start_ns = 0;  ///< a reading of the steady clock; 0: now
  trace_id trace;             ///< for a root: its trace id, when the caller chose one
  std::uint8_t left_out = 0;  ///< a bit for each destination that does not get this span
};

class tracer {
 public:
  /// Validates the options and takes the memory. Fails with invalid_argument, naming the option.
  static result<std::unique_ptr<tracer>> make(const tracer_options& options) noexcept;

  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;

  /// Every span has ended before its tracer goes.
  ~tracer() { ORCAST_ASSERT(open_spans() == 0); }

  /// Any thread. An empty span when recording is off, the trace is not sampled or memory is full.
  span start(std::string_view name, const span_options& options) noexcept {
    if (!enabled()) return span();
    if (sampler_.nothing() && !options.parent.decided) return unsampled();
    return begin_with(name, options);
  }
  span start(std::string_view name) noexcept {
    if (!enabled()) return span();
    if (sampler_.nothing()) return unsampled();
    return begin_plain(name);
  }

  /// Any thread. Off means that start() costs a branch; spans already begun go on.
  void enable(bool on) noexcept { enabled_.store(on, std::memory_order_relaxed); }
  bool enabled() const noexcept { return enabled_.load(std::memory_order_relaxed); }

  /// Any thread: which share of the traces each of several destinations gets, besides
  /// tracer_options.sampling_ratio. A trace that nobody gets is not recorded.
  void share(const double* ratios, std::size_t destinations) noexcept {
    shares_.set(ratios, destinations);
  }

  /// Any thread.
  trace_stats stats() const noexcept;

  const orcast::host& host() const noexcept { return host_; }

  // What follows is for the exporter: one thread at a time.

  /// The next finished span, or no_block.
  detail::block_index take() noexcept { return ring_.take(); }
  /// Gives a taken span's memory back; its fate is reported by exported() or dropped().
  void give_back(detail::block_index taken) noexcept { ring_.give_back(taken); }
  const detail::span_ring& ring() const noexcept { return ring_; }
  detail::span_ring& ring() noexcept { return ring_; }

  /// Any thread: reports the end of `count` spans that were taken.
  void exported(std::uint32_t count) noexcept { exported_.add(count); }
  void dropped(drop_reason why, std::uint32_t count = 1) noexcept {
    dropped_[static_cast<std::size_t>(why)].add(count);
  }

 private:
  friend class span;

  explicit tracer(const tracer_options& options) noexcept
      : host_(options.host),
        sampler_(options.sampling_ratio),
        max_value_(options.max_value_bytes),
        max_blocks_(1) {}

  // One body, compiled twice: what options may ask for costs nothing where there are none.
  span begin_plain(std::string_view name) noexcept;
  span begin_with(std::string_view name, const span_options& options) noexcept;
#if defined(__GNUC__)
  [[gnu::always_inline]]
#endif
  span
  begin(std::string_view name, const span_options& options) noexcept;
  span unsampled() noexcept {
    unsampled_.add(1);
    return span(detail::context_words(trace_id{}));
  }
  span without_lane() noexcept;
  span without_block(detail::context_words ids) noexcept;
  bool keeps(const detail::context_words& ids, std::string_view session) const noexcept;
  std::uint8_t left_out(const detail::context_words& ids, std::string_view session) const noexcept;
  void read_wall(detail::lane& mine) const noexcept;
  void reseed(random_state& random) const noexcept;
  static std::string_view shortened(std::string_view name) noexcept;

  /// About milliseconds, by a shift: the stamps are only compared with each other.
  static std::uint32_t stamp(std::int64_t steady_ns) noexcept {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(steady_ns) >> 20);
  }
  std::uint64_t open_spans() const noexcept;

  orcast::host host_;
  detail::span_ring ring_;
  ratio_sampler sampler_;
  std::atomic<bool> enabled_{true};
  destination_shares shares_;
  std::uint32_t max_value_;
  std::uint32_t max_blocks_;
  // Apart from what every span reads.
  alignas(64) wide_counter started_without_lane_;
  wide_counter unsampled_;
  wide_counter exported_;
  std::array<wide_counter, drop_reasons> dropped_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/utf8.hpp ----

// UTF-8 at the places where bytes become text: cutting a long value without splitting a character,
// telling whether bytes are valid, repairing those that are not, and handing on pieces of a stream
// as whole characters. Valid means Unicode 15, table 3-7: no overlong forms, no surrogates, nothing
// above U+10FFFF. A broken sequence becomes one U+FFFD per maximal subpart, as browsers do it.

namespace orcast {
inline namespace v0 {
namespace detail {

enum class utf8_state : unsigned char {
  whole,  ///< a character
  cut,    ///< the beginning of one, and the text ends here
  bad,    ///< can't be continued to one; `length` bytes stand for one U+FFFD
};

struct utf8_step {
  unsigned length;
  utf8_state state;
};

/// Looks at the sequence that begins at `text`; `left` is at least 1.
inline utf8_step utf8_next(const char* text, std::size_t left) noexcept {
  const auto at = [text](unsigned i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, utf8_state::whole};
  if (lead < 0xC2 || lead > 0xF4) return {1, utf8_state::bad};
  const unsigned length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte alone tells overlong forms, surrogates and what lies above U+10FFFF.
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (left < 2) return {1, utf8_state::cut};
  if (at(1) < low || at(1) > high) return {1, utf8_state::bad};
  for (unsigned i = 2; i < length; ++i) {
    if (i == left) return {i, utf8_state::cut};
    if ((at(i) & 0xC0) != 0x80) return {i, utf8_state::bad};
  }
  return {length, utf8_state::whole};
}

/// How many bytes at the beginning are ASCII.
inline std::size_t ascii_run(const char* text, std::size_t size) noexcept {
  std::size_t i = 0;
  for (; size - i >= 16; i += 16) {
    std::uint64_t words[2];
    std::memcpy(words, text + i, sizeof words);
    if (((words[0] | words[1]) & 0x8080808080808080u) != 0) break;
  }
  while (i < size && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

/// How many bytes at the beginning are whole characters.
inline std::size_t utf8_valid_run(std::string_view text) noexcept {
  const char* const begin = text.data();
  const std::size_t size = text.size();
  std::size_t i = ascii_run(begin, size);
  while (i < size) {
    const utf8_step step = utf8_next(begin + i, size - i);
    if (step.state != utf8_state::whole) return i;
    i += step.length;
    // In most scripts such characters come in rows: look for ASCII only when one ends.
    if (step.length == 1) i += ascii_run(begin + i, size - i);
  }
  return i;
}

inline constexpr std::string_view utf8_replacement = "\xEF\xBF\xBD";

}  // namespace detail

/// Where to cut valid `text` so that at most `max_bytes` remain and no character is split. For
/// text that is not UTF-8 the result is still at most `max_bytes`, and at most 3 less.
inline std::size_t utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) return text.size();
  for (std::size_t back = 0; back < 4 && back <= max_bytes; ++back) {
    const std::size_t end = max_bytes - back;
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80) return end;
  }
  return max_bytes;
}

inline bool valid_utf8(std::string_view text) noexcept {
  return detail::utf8_valid_run(text) == text.size();
}

/// Appends `text`, with U+FFFD in the place of what is not UTF-8.
inline void append_valid_utf8(std::string& out, std::string_view text) {
  for (;;) {
    const std::size_t good = detail::utf8_valid_run(text);
    out.append(text.data(), good);
    text.remove_prefix(good);
    if (text.empty()) return;
    out.append(detail::utf8_replacement);
    text.remove_prefix(detail::utf8_next(text.data(), text.size()).length);
  }
}

/// Turns pieces that were cut anywhere into pieces of whole characters. Holds back at most 3 bytes:
/// the beginning of a character whose end is still to come.
class utf8_gate {
 public:
  /// Appends the characters that `piece` completes or contains; broken ones become U+FFFD.
  void push(std::string_view piece, std::string& out) {
    while (held_size_ != 0 && !piece.empty()) {
      held_[held_size_] = piece.front();
      const detail::utf8_step step = detail::utf8_next(held_, held_size_ + 1);
      if (step.state == detail::utf8_state::bad) {  // the new byte begins something of its own
        finish(out);
        break;
      }
      ++held_size_;
      piece.remove_prefix(1);
      if (step.state == detail::utf8_state::whole) {
        out.append(held_, held_size_);
        held_size_ = 0;
      }
    }
    const std::size_t tail = cut_tail(piece);
    append_valid_utf8(out, piece.substr(0, piece.size() - tail));
    if (tail != 0) {
      std::memcpy(held_, piece.data() + piece.size() - tail, tail);
      held_size_ = tail;
    }
  }

  /// The end of the stream: what is still held becomes U+FFFD.
  void finish(std::string& out) {
    if (held_size_ != 0) out.append(detail::utf8_replacement);
    held_size_ = 0;
  }

  /// Bytes held back now, 0 to 3.
  std::size_t held() const noexcept { return held_size_; }

 private:
  /// How many bytes at the end are the beginning of a character.
  static std::size_t cut_tail(std::string_view text) noexcept {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
      const char* lead = text.data() + text.size() - back;
      if ((static_cast<unsigned char>(*lead) & 0xC0) == 0x80) continue;
      return detail::utf8_next(lead, back).state == detail::utf8_state::cut ? back : 0;
    }
    return 0;
  }

  char held_[4] = {};
  std::size_t held_size_ = 0;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/impl/span.ipp ----

// The bodies of span: how records are written into blocks (trace/record.hpp has the layout).

namespace orcast {
inline namespace v0 {

/// Whatever put() leaves over: a full block, a long text, a key that is text, a decimal.
ORCAST_COLD inline bool span::put_slowly(const key_text* constant, std::string_view name,
                                         std::uint16_t first, std::uint16_t second,
                                         std::uint32_t bits, const char* text,
                                         std::uint64_t word) noexcept {
  if (owner_ == nullptr) return false;
  const attribute_key key(constant, name, first, second);
  const std::uint32_t type = bits & detail::record::type_mask;
  if (type == static_cast<std::uint32_t>(value_type::string) ||
      type == static_cast<std::uint32_t>(value_type::decimal)) {
    return put_text(key, bits, {text, static_cast<std::size_t>(word)});
  }
  char* payload = put_fixed(key, bits, sizeof word);
  if (payload != nullptr) write_word(payload, word);
  return payload != nullptr;
}

/// A record with `size` bytes of payload in one block, behind the key's text if it has one. Null,
/// and counted, when the key can't be used or there is no room.
inline char* span::put_fixed(const attribute_key& key, std::uint32_t bits,
                             std::size_t size) noexcept {
  std::string_view name;
  if (key.constant() == nullptr && (bits & detail::record::element) == 0) {
    name = key.name();
    if (name.empty() || name.size() > 255) {
      ++head_->dropped_attributes;
      return nullptr;
    }
    bits |= detail::record::text_key;
  }
  const std::size_t whole = detail::padded(name.size()) + size;
  if (!make_room(sizeof(detail::record) + whole)) {
    ++head_->dropped_attributes;
    return nullptr;
  }
  char* payload = open_record(bits, key, whole);
  if (name.empty()) return payload;
  reinterpret_cast<detail::record*>(payload)[-1].first = static_cast<std::uint16_t>(name.size());
  copy(payload, name);
  return payload + detail::padded(name.size());
}

/// A record whose text may run on through further blocks, each piece cut between code points.
inline bool span::put_text(const attribute_key& key, std::uint32_t bits,
                           std::string_view text) noexcept {
  bool cut = text.size() > max_value_;
  if (cut) text = text.substr(0, utf8_prefix(text, max_value_));
  // A text begins in a block that has room for one code point at least.
  char* payload = put_fixed(key, bits, text.empty() ? 0 : 8);
  if (payload == nullptr) return false;
  const bool named = key.constant() == nullptr && (bits & detail::record::element) == 0;
  const std::size_t key_room = named ? detail::padded(key.name().size()) : 0;
  auto* r = reinterpret_cast<detail::record*>(payload - key_room) - 1;

  at_ = payload;
  std::size_t written = 0;
  while (written != text.size()) {
    const std::string_view rest = text.substr(written);
    const auto room = static_cast<std::size_t>(end_ - at_);
    const std::size_t piece = rest.size() <= room ? rest.size() : utf8_prefix(rest, room);
    copy(at_, rest.substr(0, piece));
    at_ += piece;
    written += piece;
    if (written != text.size() && !grow()) {
      cut = true;
      break;
    }
  }
  at_ = end_ - (static_cast<std::size_t>(end_ - at_) & ~std::size_t{7});
  if (cut) {
    head_->has_cuts = true;
    r->bits |= detail::record::cut;
  }
  r->bits &= (1u << detail::record::size_shift) - 1;
  r->bits |= static_cast<std::uint32_t>(key_room + written) << detail::record::size_shift;
  return true;
}

/// Closes the current block and goes on in a fresh one. False when the span has reached its limit
/// or the memory is used up; the span then stays as it is.
ORCAST_COLD inline bool span::grow() noexcept {
  detail::span_ring& ring = owner_->ring_;
  detail::block_index fresh = detail::no_block;
  if (head_->blocks < owner_->max_blocks_) {
    if (detail::lane* const mine = ring.claim()) {
      fresh = ring.pop(*mine);
      ring.prefetch(mine->free);
      mine->let_go();
    }
  }
  if (fresh == detail::no_block) return false;
  close_block();
  ring.at(head_->last)->next = fresh;
  head_->last = fresh;
  ++head_->blocks;
  char* bytes = reinterpret_cast<char*>(ring.at(fresh));
  at_ = bytes + sizeof(detail::block_head);
  end_ = bytes + ring.block_bytes();
  return true;
}

inline void span::close_block() noexcept {
  const auto left = static_cast<std::uint32_t>(end_ - at_);
  const auto size = static_cast<std::uint32_t>(owner_->ring_.block_bytes());
  reinterpret_cast<detail::block_head*>(end_ - size)->used = size - left;
}

inline span& span::set_list(attribute_key key, const attribute_value* values,
                            std::size_t count) noexcept {
  if (owner_ == nullptr) return *this;
  char* payload = put_fixed(key, detail::record_array, 8);
  if (payload == nullptr) return *this;
  std::uint64_t written = 0;
  while (written < count && put(std::string_view(), detail::record::element, values[written])) {
    ++written;
  }
  std::memcpy(payload, &written, sizeof written);
  return *this;
}

inline span& span::event(std::string_view name, std::initializer_list<attribute> attributes,
                         std::int64_t steady_ns) noexcept {
  if (owner_ == nullptr) return *this;
  constexpr std::uint16_t most = 128;  // the default of OTEL_SPAN_EVENT_COUNT_LIMIT
  constexpr std::string_view no_key;
  if (head_->events >= most || !make_room(sizeof(detail::record) + sizeof(detail::event_payload))) {
    ++head_->dropped_events;
    return *this;
  }
  char* payload = put_fixed(no_key, detail::record_event | detail::record::element,
                            sizeof(detail::event_payload));
  if (steady_ns == 0) steady_ns = now_ns();
  detail::event_payload content{};
  content.wall_ns =
      head_->start_wall_ns + (std::max)(steady_ns - head_->start_steady_ns, std::int64_t{0});
  if (put(no_key, detail::record::element, name)) {
    content.named = 1;
    for (const attribute& each : attributes) {
      if (put(each.key, 0, each.value)) ++content.attributes;
    }
  }
  std::memcpy(payload, &content, sizeof content);
  ++head_->events;
  return *this;
}

inline span& span::status(span_status value, std::string_view message) noexcept {
  if (owner_ == nullptr || head_->status == span_status::ok || value == span_status::unset) {
    return *this;
  }
  head_->status = value;
  if (value == span_status::error) {
    constexpr std::string_view no_key;
    put_text(no_key, detail::record_status_message | detail::record::element, message);
  }
  return *this;
}

inline span& span::rename(std::string_view name) noexcept {
  constexpr std::string_view no_key;
  if (owner_ != nullptr) {
    put_text(no_key, detail::record_name | detail::record::element,
             name.substr(0, utf8_prefix(name, detail::max_name_bytes)));
  }
  return *this;
}

inline void span::hand_over(std::int64_t steady_ns) noexcept {
  if (steady_ns == 0) steady_ns = owner_->host_.steady_ns();
  head_->duration_ns = (std::max)(steady_ns - head_->start_steady_ns, std::int64_t{0});
  close_block();
  if (!owner_->ring_.publish(first_, tracer::stamp(steady_ns))) {
    owner_->ring_.give_back(first_);
    owner_->dropped(drop_reason::ring_full);
  }
  forget();
}

inline void span::discard(drop_reason why) noexcept {
  if (owner_ == nullptr) return;
  close_block();
  owner_->ring_.give_back(first_);
  owner_->dropped(why);
  forget();
}

inline std::int64_t span::now_ns() const noexcept {
  return owner_ != nullptr ? owner_->host_.steady_ns() : 0;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/impl/tracer.ipp ----

// The bodies of tracer: always inline, because they are the recording path.

namespace orcast {
inline namespace v0 {

inline result<std::unique_ptr<tracer>> tracer::make(const tracer_options& options) noexcept {
  const auto refuse = [](const char* what) { return failure(errc::invalid_argument, what); };
  const auto power_of_two = [](std::size_t n) { return n != 0 && (n & (n - 1)) == 0; };
  if (options.memory_bytes < 32 * 1024 || options.memory_bytes > std::size_t{64} << 20) {
    return refuse("tracer_options.memory_bytes must be from 32 KiB to 64 MiB");
  }
  detail::span_ring::shape shape{};
  const bool tight = options.memory_bytes < 256 * 1024;
  shape.memory_bytes = options.memory_bytes;
  shape.block_bytes = options.block_bytes != 0 ? options.block_bytes : tight ? 512 : 2048;
  shape.lanes = options.lanes != 0 ? options.lanes : tight ? 4 : 16;
  shape.policy = options.full;
  shape.wipe = options.wipe;
  if (!power_of_two(shape.block_bytes) || shape.block_bytes < 512 || shape.block_bytes > 65536) {
    return refuse("tracer_options.block_bytes must be a power of two from 512 to 65536, or 0");
  }
  if (!power_of_two(shape.lanes) || shape.lanes > 64) {
    return refuse("tracer_options.lanes must be a power of two up to 64, or 0");
  }
  if (options.max_value_bytes == 0 || options.max_value_bytes > 16'777'000) {
    return refuse("tracer_options.max_value_bytes must be from 1 to 16777000");
  }
  if (options.max_span_bytes < shape.block_bytes) {
    return refuse("tracer_options.max_span_bytes must be at least one block");
  }
  if (!(options.sampling_ratio >= 0.0 && options.sampling_ratio <= 1.0)) {
    return refuse("tracer_options.sampling_ratio must be from 0 to 1");
  }
  std::unique_ptr<tracer> made(new (std::nothrow) tracer(options));
  if (made == nullptr || !made->ring_.make(shape, options.host)) {
    return refuse("the host has no memory of tracer_options.memory_bytes");
  }
  if (made->ring_.block_count() < 8) {
    return refuse("tracer_options.memory_bytes is not enough for its blocks and lanes");
  }
  made->max_blocks_ = static_cast<std::uint32_t>(options.max_span_bytes / shape.block_bytes);
  return made;
}

inline span tracer::begin(std::string_view name, const span_options& options) noexcept {
  const bool follow = options.parent.decided;
  if (follow && !options.parent.sampled()) {
    unsampled_.add(1);
    return span(detail::context_words(options.parent));
  }
  detail::lane* const mine = ring_.claim();
  if (mine == nullptr) return without_lane();
  if (!mine->random->seeded()) reseed(*mine->random);

  // The ids stay in registers on their way from the random state to where they are kept: memory
  // that is read in wider pieces than it has just been written in makes the processor wait.
  random_state random(*mine->random);
  detail::context_words ids(options.parent.trace);
  if (!ids.has_trace()) ids = detail::context_words(options.trace);
  if (!ids.has_trace()) ids.set_trace(random.next(), random.next() | 1);
  auto missing = static_cast<std::uint8_t>(options.left_out | options.parent.left_out);
  if (!follow && shares_.uneven()) {
    missing = static_cast<std::uint8_t>(missing | left_out(ids, options.session));
  }
  if ((!follow && !sampler_.everything() && !keeps(ids, options.session)) ||
      (missing != 0 && shares_.nobody(missing))) {
    *mine->random = random;
    mine->unsampled.add_owned(1);
    mine->let_go();
    return span(ids);
  }
  ids.set_span(random.next() | 1, span_context::sampled_flag | span_context::random_flag, missing);
  *mine->random = random;
  mine->started.add_owned(1);
  const detail::block_index block = ring_.pop(*mine);
  const std::int64_t start_ns = options.start_ns != 0 ? options.start_ns : host_.steady_ns();
  if (start_ns >= mine->wall_due_ns) read_wall(*mine);
  const std::int64_t wall_ns = start_ns + mine->wall_minus_steady_ns;
  const detail::block_index next = mine->free;
  mine->let_go();
  if (block == detail::no_block) return without_block(ids);
  // The consumer gave it back from another processor's cache. Not before the clock was read, which
  // would wait for it.
  ring_.prefetch(next);

  char* const bytes = reinterpret_cast<char*>(ring_.at(block));
  auto* const head = new (bytes + sizeof(detail::block_head)) detail::span_head;
  ids.write(head->context);
  head->kind = options.kind;
  head->status = span_status::unset;
  head->remote_parent = options.parent.remote;
  head->has_cuts = false;
  head->parent = options.parent.trace.valid() ? options.parent.span : span_id{};
  head->start_wall_ns = wall_ns;
  head->start_steady_ns = start_ns;
  head->blocks = 1;
  head->last = block;
  head->dropped_attributes = 0;
  head->events = 0;
  head->dropped_events = 0;
  if (name.size() > detail::max_name_bytes) name = shortened(name);
  return span(*this, max_value_, ids, block, head, ring_.block_bytes(), name);
}

inline span tracer::begin_plain(std::string_view name) noexcept {
  return begin(name, span_options());
}
inline span tracer::begin_with(std::string_view name, const span_options& options) noexcept {
  return begin(name, options);
}

inline bool tracer::keeps(const detail::context_words& ids,
                          std::string_view session) const noexcept {
  return session.empty() ? sampler_.keeps(ids.trace_tail()) : sampler_.keeps(session);
}

ORCAST_COLD inline std::uint8_t tracer::left_out(const detail::context_words& ids,
                                                 std::string_view session) const noexcept {
  return shares_.left_out(session.empty() ? ratio_sampler::number_of(ids.trace_tail())
                                          : ratio_sampler::number_of(session));
}

/// Every lane was taken, twice over.
ORCAST_COLD inline span tracer::without_lane() noexcept {
  started_without_lane_.add(1);
  dropped(drop_reason::pool_full);
  return span();
}

/// Children keep the trace all the same.
ORCAST_COLD inline span tracer::without_block(detail::context_words ids) noexcept {
  dropped(drop_reason::pool_full);
  return span(ids);
}

/// In a child of fork().
ORCAST_COLD inline void tracer::reseed(random_state& random) const noexcept { random.seed(host_); }

ORCAST_COLD inline std::string_view tracer::shortened(std::string_view name) noexcept {
  return name.substr(0, utf8_prefix(name, detail::max_name_bytes));
}

/// Wall time is the steady time plus an offset that each lane reads again after a second, so that a
/// clock set late takes effect, and a device that slept does not stretch a span over the night.
ORCAST_COLD inline void tracer::read_wall(detail::lane& mine) const noexcept {
  const std::int64_t now = host_.steady_ns();
  mine.wall_minus_steady_ns = host_.wall_ns() - now;
  mine.wall_due_ns = now + 1'000'000'000;
}

inline trace_stats tracer::stats() const noexcept {
  trace_stats now;
  // The ends first, by acquire: a span whose end is seen here has its start seen below.
  now.exported = exported_.read();
  for (std::size_t i = 0; i < drop_reasons; ++i) now.dropped[i] = dropped_[i].read();
  now.dropped[static_cast<std::size_t>(drop_reason::evicted)] += ring_.evicted().read();
  now.started = started_without_lane_.read();
  now.unsampled = unsampled_.read();
  for (std::uint32_t i = 0; i < ring_.lane_count(); ++i) {
    now.started += ring_.lane_at(i).started.read();
    now.unsampled += ring_.lane_at(i).unsampled.read();
  }
  return now;
}

inline std::uint64_t tracer::open_spans() const noexcept {
  std::uint64_t ready = 0;
  for (std::uint32_t i = 0; i < ring_.lane_count(); ++i) {
    const detail::lane& lane = ring_.lane_at(i);
    ready += lane.tail.load(std::memory_order_acquire) - lane.head.load(std::memory_order_acquire);
  }
  const std::uint64_t held = stats().held();
  return held > ready ? held - ready : 0;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/recording.hpp ----

// What is recorded of each call, and where. Made by `broadcast`; plain data, so that a host may
// also put one together itself. Whoever makes it keeps alive what it points at.

namespace orcast {
inline namespace v0 {

/// Which frame the game is in, for spans that say in which one they began and ended.
class frame_counter {
 public:
  /// Once per frame. Any thread. 0: frames are not counted.
  void set(std::uint32_t number) noexcept {
    number_.store(number, std::memory_order_relaxed);  // a number by itself: nothing goes with it
  }
  std::uint32_t now() const noexcept { return number_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> number_{0};
};

/// Whether OpenRouter broadcasts the same calls itself, so that nothing counts twice.
enum class server_broadcast : unsigned char {
  none,  ///< it does not; nothing is added to requests
  /// It does: the client sends the ids of its span along in `trace`, so that both meet in one
  /// trace, and that span is a CHAIN without messages, tokens and cost.
  join,
};

struct recording : content_policy {
  tracer* traces = nullptr;   ///< null: nothing is recorded; replies are read all the same
  bool companions = true;     ///< also the gen_ai.* attributes of OpenTelemetry's conventions
  bool vectors = false;       ///< also the vectors of embeddings; they are large
  std::uint8_t left_out = 0;  ///< a bit for each destination that does not get these calls
  pseudonym users;
  server_broadcast server = server_broadcast::none;
  const frame_counter* frames = nullptr;

  std::uint32_t frame() const noexcept { return frames != nullptr ? frames->now() : 0; }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/compression.hpp ----

// How an exporter is given a way to make its bodies smaller: by a function of the host's choice, so
// that orcast itself needs no library for it.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// {"gzip", orcast::gzip} with transport/gzip.hpp. It costs time on the exporting thread, and
/// memory beyond the budget.
struct compression {
  std::string_view name;  ///< as Content-Encoding says it: "gzip"
  /// Appends the pieces to `out`, compressed. False: the body is sent as it is.
  bool (*compress)(const std::string_view* pieces, std::size_t count, std::string& out) = nullptr;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/encoder_options.hpp ----

// What the encoders have in common: what they are told, and how they hand over a request.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// The two encodings of OTLP over HTTP. Arize and every collector take both; Phoenix takes
/// protobuf alone.
enum class format : unsigned char { json, protobuf };

constexpr std::string_view content_type(format of) noexcept {
  return of == format::json ? "application/json" : "application/x-protobuf";
}

/// An attribute of the whole program.
struct text_attribute {
  std::string key;
  std::string value;
};

struct encoder_options {
  otlp::format format = otlp::format::json;
  /// Who sends: service.name and the like. A later entry of the same key wins.
  std::vector<text_attribute> resource;
  std::string scope_name = "orcast";
  std::string scope_version = version;
  /// What each span has unless it sets the key itself; at most 8.
  std::vector<text_attribute> span_attributes;
  /// JSON: OTLP writes 64-bit integers as decimal strings. Some receivers want plain numbers.
  bool int_as_number = false;
};

/// A request, or one of some of its spans: the pieces of its body, in order.
struct request_pieces {
  std::string_view part[3];
};

namespace detail {

/// Calls `use` with the attributes that count: a key, and the last value of each.
template <class Use>
void each_resource_attribute(const encoder_options& options, Use use) {
  for (std::size_t i = 0; i < options.resource.size(); ++i) {
    const text_attribute& each = options.resource[i];
    bool counts = !each.key.empty();
    for (std::size_t j = i + 1; j < options.resource.size(); ++j) {
      counts = counts && options.resource[j].key != each.key;
    }
    if (counts) use(each);
  }
}

/// Whether a span can have the attribute by default.
inline bool usable_default(const text_attribute& one) noexcept {
  return !one.key.empty() && one.key.size() <= 200;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/settings.hpp ----

// The settings of one destination of a broadcast, under the names that users of OpenRouter's
// "Broadcast to Arize" know: Api Key, Space Key, Model Id, Base Url.

namespace orcast {
inline namespace v0 {

/// What answers at a destination, and so which headers authorise and which mistakes are likely.
enum class destination_kind : unsigned char {
  arize,
  otlp,  ///< Phoenix, a collector, anything that takes OTLP over HTTP
};

struct broadcast_settings {
  std::string name = "arize";  ///< "Name": tells destinations apart, in counters and messages
  destination_kind kind = destination_kind::arize;
  bool enabled = true;
  secret api_key;          ///< "Api Key": of the Arize space; elsewhere a bearer token, or empty
  std::string space_key;   ///< "Space Key": the Space ID, base64 text; not the space's name
  std::string model_id;    ///< "Model Id": the project that the traces appear in
  std::string base_url;    ///< "Base Url"; empty: https://otlp.arize.com. Host, /v1 or /v1/traces
  bool exact_url = false;  ///< base_url is the whole address: nothing is appended
  std::vector<http::header> headers;  ///< further ones; one of ours with the same name is replaced

  /// Called before each export instead of sending api_key: appends the headers that authorise it,
  /// so that a shipped game need not contain an Arize key. On the exporting thread.
  void (*header_provider)(void* context, std::vector<http::header>& headers) = nullptr;
  void* header_context = nullptr;

  bool privacy_mode = false;  ///< send no prompts and no answers
  /// "API Keys": only calls under keys with one of these labels (broadcast::recording) are sent;
  /// empty: calls under any key.
  std::vector<std::string> only_api_keys;
  std::vector<std::string> except_api_keys;  ///< calls under these never; this wins
  double sampling_rate = 1.0;  ///< share of the sessions (or traces) that is sent: 0.0001 to 1
  std::string service_name = "orcast";  ///< service.name on the resource
  std::string service_version;
  std::vector<otlp::text_attribute> resource;  ///< further attributes of the program
  bool companions = true;                      ///< also send the gen_ai.* attributes
  otlp::format format = otlp::format::json;    ///< Phoenix takes protobuf alone
  otlp::compression compression;  ///< none; {"gzip", orcast::gzip} where that is wanted
  bool allow_insecure = false;    ///< accept http:// for hosts other than this machine
  bool vectors = false;           ///< also send the vectors of embeddings
  masks hide;                     ///< OpenInference's masks
  redaction redact;               ///< the host's own look at each text before it is recorded
  /// Users appear under a keyed hash of their name when this is not empty; or under what the
  /// host's function makes of it.
  secret user_key;
  pseudonym users;  ///< its key is user_key
  /// join: OpenRouter broadcasts the same calls itself (see openrouter/recording.hpp).
  server_broadcast server = server_broadcast::none;

  /// A second owner of the same settings, keys included, made on purpose.
  ORCAST_DECL broadcast_settings clone() const;

  /// ARIZE_API_KEY, ARIZE_SPACE_ID, ARIZE_PROJECT_NAME and ARIZE_COLLECTOR_ENDPOINT, each where it
  /// is set and not empty, and OpenInference's masks (OPENINFERENCE_HIDE_...). Without the first,
  /// PHOENIX_COLLECTOR_ENDPOINT leads to a Phoenix, with PHOENIX_API_KEY and PHOENIX_PROJECT_NAME
  /// where it has those.
  static ORCAST_DECL broadcast_settings from_environment();
};

/// The address to post traces to: `https://` is added to a bare host, `/v1/traces` to what lacks
/// it. Fails with invalid_argument, saying what is wrong with the text.
ORCAST_DECL result<std::string> traces_url(std::string_view base_url, bool allow_insecure = false);

/// The address that settings lead to, by the rules of traces_url() or as it stands.
ORCAST_DECL result<std::string> traces_url(const broadcast_settings& settings);

/// Appends the headers that authorise at the destination, and the settings' own; of two lines with
/// one name among them the later one stands alone. What `headers` held before is left as it is.
ORCAST_DECL void append_headers(const broadcast_settings& settings,
                                std::vector<http::header>& headers);

/// Checks settings and names the first field that is wrong: an empty key, OpenRouter's key in the
/// place of Arize's, a space's name where its ID belongs, a rate out of range, a URL or header that
/// can't be used.
ORCAST_DECL result<void> validate(const broadcast_settings& settings);

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/control.hpp ----

// The remote control of one blocking exchange. Whoever holds it may cancel or resume from any
// thread while perform() runs on another. A blocking transport registers what interrupts it (for
// example shutdown(2) of its socket): a flag that is only polled can't interrupt a read.

namespace orcast {
inline namespace v0 {
namespace http {

class exchange_control {
 public:
  exchange_control() = default;
  exchange_control(const exchange_control&) = delete;
  exchange_control& operator=(const exchange_control&) = delete;

  /// Any thread, any number of times. Calls the registered interrupt, if there is one.
  void cancel() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    if (cancelled_) return;
    cancelled_ = true;
    changed_.notify_all();
    if (interrupt_ != nullptr) interrupt_(context_);
  }

  /// Any thread: the sink that answered flow::pause can take bytes again.
  void resume() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    resumed_ = true;
    changed_.notify_all();
  }

  bool cancelled() const noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    return cancelled_;
  }

  /// The transport's side: after a sink answered flow::pause. Returns true when resumed, false when
  /// cancelled or when `limit` has passed.
  bool wait_for_resume(std::chrono::milliseconds limit) noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, limit, [this] { return resumed_ || cancelled_; });
    return std::exchange(resumed_, false) && !cancelled_;
  }

  /// The transport's side: while it lives, cancel() calls `interrupt(context)` once, on the thread
  /// that cancels and under a lock, so it must be short and must not call back. Made after a
  /// cancel, it calls at once. When its destructor returns, no call is running or will come.
  class interrupt_scope {
   public:
    interrupt_scope(exchange_control& control, void (*interrupt)(void*) noexcept, void* context)
        : control_(control) {
      std::lock_guard<std::mutex> lock(control_.mutex_);
      control_.interrupt_ = interrupt;
      control_.context_ = context;
      if (control_.cancelled_) interrupt(context);
    }
    ~interrupt_scope() {
      std::lock_guard<std::mutex> lock(control_.mutex_);
      control_.interrupt_ = nullptr;
    }
    interrupt_scope(const interrupt_scope&) = delete;
    interrupt_scope& operator=(const interrupt_scope&) = delete;

   private:
    exchange_control& control_;
  };

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  void (*interrupt_)(void*) noexcept = nullptr;
  void* context_ = nullptr;
  bool cancelled_ = false;
  bool resumed_ = false;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/response.hpp ----

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

// ---- orcast/http/transport.hpp ----

// What a transport is. Any type will do that fits one of three tiers; nothing is inherited.
//
//   blocking:      void perform(const request&, response_sink&, exchange_control&);
//                  returns when the exchange is over, done() having been called before it returns.
//                  Several threads may call it at once.
//   asynchronous:  exchange_id start(const request&, response_sink&);
//                  void cancel(exchange_id);   void resume(exchange_id);
//                  returns at once and calls the sink later, from any thread; never from inside
//                  start(), so a request that can't be sent fails through a later done().
//   polled:        asynchronous, and   void poll(std::int64_t wait_ms);
//                  calls sinks only from inside poll(), which the host calls each frame with 0, or
//                  with the milliseconds it may wait for the network. One thread uses it.
//
// cancel(id) means done(errc::cancelled) within 100 ms, in every phase. A resume() that comes while
// data() is still on its way to answer "pause" counts: the exchange goes on. An id that is over or
// was never given out is ignored by cancel() and resume().

namespace orcast {
inline namespace v0 {
namespace http {

/// Names an exchange of one transport; never reused by it. 0 names none.
using exchange_id = std::uint64_t;

enum class tier : unsigned char { none, blocking, asynchronous, polled };

namespace detail {

template <class T, class = void>
struct has_perform : std::false_type {};
template <class T>
struct has_perform<T, std::void_t<decltype(std::declval<T&>().perform(
                          std::declval<const request&>(), std::declval<response_sink&>(),
                          std::declval<exchange_control&>()))>> : std::true_type {};

template <class T, class = void>
struct has_start : std::false_type {};
template <class T>
struct has_start<T,
                 std::void_t<decltype(exchange_id{std::declval<T&>().start(
                                 std::declval<const request&>(), std::declval<response_sink&>())}),
                             decltype(std::declval<T&>().cancel(exchange_id{})),
                             decltype(std::declval<T&>().resume(exchange_id{}))>> : std::true_type {
};

template <class T, class = void>
struct has_poll : std::false_type {};
template <class T>
struct has_poll<T, std::void_t<decltype(std::declval<T&>().poll(std::int64_t{}))>>
    : std::true_type {};

}  // namespace detail

/// The tier that a type fits, tier::none when it fits no tier. A type that fits two counts as the
/// more capable one.
template <class T>
inline constexpr tier tier_of =
    detail::has_start<T>::value&& detail::has_poll<T>::value ? tier::polled
    : detail::has_start<T>::value                            ? tier::asynchronous
    : detail::has_perform<T>::value                          ? tier::blocking
                                                             : tier::none;

/// Fails to compile, with a sentence that says what is missing, when `T` is no transport.
template <class T>
constexpr void require_transport() noexcept {
  static_assert(
      tier_of<T> != tier::none,
      "not a transport: it needs perform(request, sink, control), or start(request, sink) "
      "with cancel(id) and resume(id); see orcast/http/transport.hpp");
}

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/detail/transport_functions.hpp ----

// A transport's functions as a table, so that any_transport can hold one without knowing its type.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// A transport's functions, for one type T; what its tier does not have is null.
struct transport_functions {
  http::tier tier = http::tier::none;
  exchange_id (*start)(void*, const request&, response_sink&) = nullptr;
  void (*cancel)(void*, exchange_id) = nullptr;
  void (*resume)(void*, exchange_id) = nullptr;
  void (*poll)(void*, std::int64_t) = nullptr;
  void (*perform)(void*, const request&, response_sink&, exchange_control&) = nullptr;
};

template <class T>
constexpr transport_functions functions_of() noexcept {
  transport_functions table;
  table.tier = tier_of<T>;
  if constexpr (tier_of<T> == tier::blocking) {
    table.perform = [](void* self, const request& what, response_sink& sink,
                       exchange_control& control) {
      static_cast<T*>(self)->perform(what, sink, control);
    };
  } else {
    table.start = [](void* self, const request& what, response_sink& sink) -> exchange_id {
      return static_cast<T*>(self)->start(what, sink);
    };
    table.cancel = [](void* self, exchange_id id) { static_cast<T*>(self)->cancel(id); };
    table.resume = [](void* self, exchange_id id) { static_cast<T*>(self)->resume(id); };
  }
  if constexpr (tier_of<T> == tier::polled) {
    table.poll = [](void* self, std::int64_t wait_ms) { static_cast<T*>(self)->poll(wait_ms); };
  }
  return table;
}

template <class T>
inline constexpr transport_functions transport_table = functions_of<T>();

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/worker_options.hpp ----

// How many threads and how much waiting a blocking transport may cause; apart from the pool itself,
// so that who only sets them does not include <thread>.

namespace orcast {
inline namespace v0 {
namespace http {

struct worker_options {
  std::size_t threads = 4;  ///< at most; 0 counts as 1
  std::size_t queue = 256;  ///< jobs that may wait for a thread; at least as many as threads
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/any_transport.hpp ----

// Any transport as one type, with every way to use it: start() on a blocking one runs on a small
// pool of threads, perform() on an asynchronous or polled one waits. The client and the exporter
// hold one of these. It also keeps its promise to sinks when the transport's user goes away: the
// destructor cancels what is in flight, and each sink has had its one done() when it returns.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class transport_hub;

struct transport_hub_deleter {
  void operator()(transport_hub* hub) const noexcept;
};
using transport_hub_ptr = std::unique_ptr<transport_hub, transport_hub_deleter>;

/// `destroy` is null when the transport is only borrowed.
ORCAST_DECL transport_hub_ptr make_transport_hub(void* transport, const transport_functions& table,
                                                 void (*destroy)(void*), worker_options workers);

}  // namespace detail

/// A transport of any tier. An object that holds none (made by default, or moved from) may only be
/// assigned to, tested and destroyed. What waits - perform(), cancel_all(), the destructor - must
/// not be called from inside a sink: it would wait for its own caller.
class any_transport {
 public:
  any_transport() = default;

  /// Uses a transport that outlives this object. `workers` matter for a blocking one only.
  template <class T, class = std::enable_if_t<!std::is_same_v<std::remove_cv_t<T>, any_transport>>>
  explicit any_transport(T& borrowed, worker_options workers = {}) {
    require_transport<T>();
    hub_ = detail::make_transport_hub(std::addressof(borrowed), detail::transport_table<T>, nullptr,
                                      workers);
  }

  /// Takes a transport over.
  template <class T>
  static any_transport own(std::unique_ptr<T> transport, worker_options workers = {}) {
    require_transport<T>();
    any_transport made;
    made.hub_ = detail::make_transport_hub(
        transport.release(), detail::transport_table<T>,
        [](void* self) { delete static_cast<T*>(self); }, workers);
    return made;
  }
  template <class T>
  static any_transport own(T transport, worker_options workers = {}) {
    return own(std::make_unique<T>(std::move(transport)), workers);
  }

  /// Makes a transport and takes it over: any_transport::make<curl_transport>(options).
  template <class T, class... Args>
  static any_transport make(Args&&... args) {
    return own(std::make_unique<T>(std::forward<Args>(args)...));
  }

  explicit operator bool() const noexcept { return hub_ != nullptr; }

  /// What the transport itself is. It also says where sinks are called: with tier::polled only from
  /// inside poll(), and then one thread at a time uses this object; else from any thread, and any
  /// thread may use it.
  http::tier tier() const noexcept;

  /// How many exchanges of start() are on their way at a time: as many as a blocking transport has
  /// threads (1 in a build without); the others have no limit here.
  std::size_t capacity() const noexcept;

  /// Begins an exchange; never calls the sink itself. On a blocking transport it waits in a bounded
  /// queue for a worker, and its time limits begin when one takes it up. A full queue answers
  /// done(errc::busy), a build without threads done(errc::unsupported): at the next poll(), or from
  /// a worker when one is free.
  exchange_id start(const request& what, response_sink& sink);

  /// May deliver done() to sinks before it returns: hold no lock that they take.
  void cancel(exchange_id id);
  void resume(exchange_id id);

  /// Call it each frame. It drives a polled transport; with others it delivers refusals and, when
  /// `wait_ms` is above 0, waits that long for an exchange to end (not at all when there is none).
  void poll(std::int64_t wait_ms);

  /// One exchange from beginning to end on this thread, for every tier; waits. A polled transport
  /// is polled from here, so the thread must be the one that polls it.
  void perform(const request& what, response_sink& sink, exchange_control& control);

  /// Cancels what start() began and waits at most `wait_ms` (-1: as long as it takes) until
  /// all of it is over; true when it is. The destructor does the same with -1: a transport that
  /// keeps its promise needs 100 ms. One that does not would otherwise run on freed memory.
  bool cancel_all(std::int64_t wait_ms);

 private:
  detail::transport_hub_ptr hub_;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/json_text.hpp ----

// JSON in the interface of the OpenRouter layer. Where a shape is open-ended, or OpenRouter's to
// change, a member is JSON text: passed on as it is, looked at before it is sent.

namespace orcast {
inline namespace v0 {

/// JSON text. Empty means "not set".
using json_text = std::string;

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/cache_control.hpp ----

// Where a provider that caches prompts on request (Anthropic and others) is to cache.

namespace orcast {
inline namespace v0 {

/// {"type":"ephemeral","ttl":...}: all up to and with the thing that carries it is to be cached.
struct cache_control {
  std::string ttl;  ///< "5m" or "1h"; empty: the provider's default
};

/// For providers that keep a cache by name (OpenAI).
struct prompt_cache_options {
  std::string mode;  ///< "explicit"
  std::string ttl;
  json_text extra;  ///< an object with further members
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/content_part.hpp ----

// The parts of a message that is more than text. They are made by the functions in `part`:
//
//   message::user({part::text("What is this?"), part::image_url("https://example.com/a.png")})
//
// Those that take bytes encode them (base64, in a data URL) and tell their type from the bytes.

namespace orcast {
inline namespace v0 {

/// One part of a message.
struct content_part {
  /// OpenRouter's name of the part: "text", "image_url", "input_audio", "file", "video_url".
  std::string type;
  std::string text;  ///< of a "text" part
  /// The whole part as JSON, for every other type (and for a text part with members of its own).
  json_text json;
  /// Set: the prompt is to be cached up to and with this part.
  std::optional<cache_control> cache = std::nullopt;

  /// The same part, marked: part::text(lore).cached("1h").
  content_part cached(std::string ttl = {}) const& { return content_part(*this).cached(ttl); }
  content_part cached(std::string ttl = {}) && {
    cache = cache_control{std::move(ttl)};
    return std::move(*this);
  }
};

namespace part {

/// The most bytes that a part is made of, before encoding; more is refused with errc::too_large.
inline constexpr std::size_t most_bytes = std::size_t{32} << 20;

inline content_part text(std::string words) {
  content_part made;
  made.type = "text";
  made.text = std::move(words);
  return made;
}

/// Any part: its type, and the whole part as a JSON object.
inline content_part json(std::string type, json_text whole) {
  content_part made;
  made.type = std::move(type);
  made.json = std::move(whole);
  return made;
}

/// An image that the provider fetches, or a data URL. `detail`: "auto", "low", "high", "original".
ORCAST_DECL content_part image_url(std::string_view url, std::string_view detail = {});

/// The bytes of an image file. Fails with invalid_argument when they are of no type that is known
/// and `media_type` ("image/png") does not say it.
ORCAST_DECL result<content_part> image(std::string_view bytes, std::string_view media_type = {},
                                       std::string_view detail = {});

/// The bytes of an audio file. `format` is "wav", "mp3", ...; empty: told from the bytes.
ORCAST_DECL result<content_part> audio(std::string_view bytes, std::string_view format = {});

/// A document that OpenRouter fetches, or a data URL.
ORCAST_DECL content_part file_url(std::string_view url, std::string_view filename = {});

/// The bytes of a document. `media_type`: as for image().
ORCAST_DECL result<content_part> file(std::string_view bytes, std::string_view filename,
                                      std::string_view media_type = {});

/// A document that was uploaded to /files.
ORCAST_DECL content_part file_id(std::string_view id);

/// A film that the provider fetches, or a data URL.
ORCAST_DECL content_part video_url(std::string_view url);

/// The bytes of a film. `media_type`: as for image().
ORCAST_DECL result<content_part> video(std::string_view bytes, std::string_view media_type = {});

/// A file on this machine as the part that its bytes call for: image, audio, video, else document.
/// Fails as read_file() and the functions above do. Blocks: not for a frame's thread.
ORCAST_DECL result<content_part> from_file(const std::string& name);

}  // namespace part

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/message.hpp ----

// The messages of a conversation, as OpenRouter's chat completions take and give them. Plain data:
// fill in what you need, leave the rest empty.

namespace orcast {
inline namespace v0 {

/// A call that a model asks for.
struct tool_call {
  std::string id;
  std::string name;
  json_text arguments;  ///< as the model wrote it: usually a JSON object, but nothing ensures that
  /// The whole call, when it came with more than the above (a provider's signature, for instance):
  /// it is sent back instead of them.
  json_text json;
};

/// One message. That of a reply can be sent back as it is: what a model needs to go on from it
/// (signed reasoning, images) is in it, unchanged.
struct message {
  std::string role;  ///< "system", "developer", "user", "assistant" or "tool"
  /// The text. With parts it is not sent; of a message that was read it is then the text in them.
  std::string content;
  std::vector<content_part> parts;
  std::string name;

  std::vector<tool_call> tool_calls;  ///< of an assistant message
  std::string tool_call_id;           ///< of a tool message: the call that it answers
  std::string reasoning;              ///< of an assistant message, as the following
  json_text reasoning_details;        ///< an array; send it back unchanged with the tools' results
  std::string refusal;                ///< why the model does not answer
  json_text images;                   ///< an array of the images that the model made
  json_text audio;                    ///< an object: the model's voice, and what it says
  json_text annotations;              ///< an array: sources, and documents that were read
  json_text extra;                    ///< an object with further members of this message
  /// No `content` at all is sent when it is empty, unless extra has one. By default it is "", and
  /// null beside tool calls: some providers refuse calls without it, others "".
  bool omit_content = false;

  static message system(std::string text) { return of("system", std::move(text)); }
  static message user(std::string text) { return of("user", std::move(text)); }
  static message user(std::vector<content_part> parts) { return of("user", std::move(parts)); }
  static message assistant(std::string text) { return of("assistant", std::move(text)); }
  static message tool(std::string call_id, std::string result) {
    message made = of("tool", std::move(result));
    made.tool_call_id = std::move(call_id);
    return made;
  }

  static message of(const char* role, std::string text) {
    message made;
    made.role = role;
    made.content = std::move(text);
    return made;
  }
  static message of(const char* role, std::vector<content_part> parts) {
    message made;
    made.role = role;
    made.parts = std::move(parts);
    return made;
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/delta_listener.hpp ----

// What goes with reading a reply: who hears it while it arrives, and how much of it there may be.

namespace orcast {
inline namespace v0 {

/// Hears the pieces of a streamed reply as they arrive; of a reply in one piece it hears nothing
/// (read reply()). Text is always whole code points, and only of the first choice. Views are valid
/// during the call. Called on the thread that feeds the reader.
class delta_listener {
 public:
  virtual void on_text(std::string_view piece) noexcept { static_cast<void>(piece); }
  virtual void on_reasoning(std::string_view piece) noexcept { static_cast<void>(piece); }
  /// A tool call is complete: once for each, when the answer is. Not called for an answer that
  /// fails.
  virtual void on_tool_call(const tool_call& call) noexcept { static_cast<void>(call); }
  /// Any chunk with a first content, reasoning or tool delta: once.
  virtual void on_first_token() noexcept {}
  /// The first chunk of the stream, whatever it holds: once.
  virtual void on_first_chunk() noexcept {}

 protected:
  ~delta_listener() = default;
};

/// What a response may cost at most; more is a failure with errc::too_large, or, for `depth`,
/// malformed_response.
struct reply_limits {
  std::size_t body_bytes = std::size_t{8}
                           << 20;  ///< of a JSON body, and of all that a stream adds up
  std::size_t event_bytes = std::size_t{4} << 20;
  std::size_t line_bytes = std::size_t{1} << 20;
  std::size_t events = 100'000;  ///< and comments
  std::size_t tool_calls = 128;
  std::size_t tool_argument_bytes = std::size_t{1} << 20;
  std::size_t depth = 32;  ///< of arrays and objects within each other
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/api_reply.hpp ----

// The answer of an endpoint that is not a chat completion: its body as it came, and what its head
// says. A response that is not a success, or whose JSON is an error all the same, is a failure.

namespace orcast {
inline namespace v0 {

struct api_reply {
  int status = 0;
  std::string content_type;
  std::string generation_id;  ///< X-Generation-Id
  std::string cache_status;   ///< X-OpenRouter-Cache-Status: HIT, MISS or nothing
  std::string body;           ///< empty where a listener had it in pieces
};

/// Hears a successful response's body as it arrives. The view is valid during the call.
class byte_listener {
 public:
  virtual void on_data(std::string_view bytes) noexcept { static_cast<void>(bytes); }

 protected:
  ~byte_listener() = default;
};

/// Reads one exchange at a time; not thread safe. head(), data()..., then finish().
class api_reader {
 public:
  explicit api_reader(const reply_limits& limits = {}) : limits_(limits) {}

  /// Where the body of a success goes instead of the reply; borrowed, null for nowhere else.
  void listen(byte_listener* listener) noexcept { listener_ = listener; }
  /// Forgets everything but its listener, for the next exchange.
  ORCAST_DECL void reset() noexcept;
  ORCAST_DECL void head(const http::response_head& head) noexcept;
  /// False: a limit was passed; the exchange may be stopped.
  ORCAST_DECL bool data(std::string_view bytes) noexcept;
  /// The end of the exchange, as the transport reports it. With a failure the reply's body holds
  /// what had arrived.
  ORCAST_DECL result<void> finish(result<void> outcome) noexcept;

  const api_reply& reply() const noexcept { return reply_; }
  api_reply& reply() noexcept { return reply_; }
  /// A success has begun: at least a byte of its body is here.
  bool received_content() const noexcept { return received_; }

 private:
  bool success() const noexcept { return reply_.status >= 200 && reply_.status < 300; }

  reply_limits limits_;
  byte_listener* listener_ = nullptr;
  api_reply reply_;
  std::string error_body_;
  std::int64_t retry_after_ms_ = -1;
  bool received_ = false;
  bool too_large_ = false;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/retry.hpp ----

// When to try again, and after how long. The client and the exporter ask with policies of their
// own. Nothing here reads a clock, draws a random number or waits: the caller brings all three.

namespace orcast {
inline namespace v0 {
namespace http {

/// The defaults suit calls of a language model; every duration is in milliseconds.
struct retry_policy {
  int max_attempts = 3;  ///< the first one counts
  std::int64_t initial_ms = 500;
  double factor = 2.0;
  std::int64_t max_ms = 60'000;  ///< of our own waits; a service may ask for more
  double jitter = 0.5;           ///< the share of a wait that is random, 0 to 1; 1 is "full jitter"

  bool on_408 = true;  ///< the service gave up waiting for the request
  bool on_429 = true;  ///< rate limited
  /// 502, 503, 504, 524, 529, and whatever the service itself calls retryable.
  bool on_unavailable = true;
  bool on_other_5xx = true;  ///< 500 and the rest
  bool on_connect = true;    ///< nothing was sent: not resolved, refused, not connected in time
  /// Sent but not answered: cut or timed out. The work may have been done and billed all the same.
  /// False holds for 504 and 524 too, where a gateway gave up waiting.
  bool on_no_answer = true;
  bool on_404 = false;  ///< not there yet, for what appears in a while (a generation's facts)
};

/// Whether the policy tries again after this kind of failure: by HTTP status where there is one of
/// 400 or more, else by code. A service that says "don't" (in its body) is the caller's to heed.
ORCAST_DECL bool retryable(const retry_policy& policy, const failure& why) noexcept;

/// The milliseconds to wait before the next attempt, or nothing: it is over.
/// `attempt` counts those made, from 1. `elapsed_ms` and `deadline_ms` count from the beginning of
/// the first; a deadline of 0 means none. `random` is any 32 random bits. The wait is our own
/// backoff or failure::retry_after_ms, the longer one. A wait that reaches the deadline is refused,
/// not shortened: to come earlier than asked would only be refused again.
ORCAST_DECL std::optional<std::int64_t> decide(const retry_policy& policy, int attempt,
                                               const failure& why, std::int64_t elapsed_ms,
                                               std::int64_t deadline_ms,
                                               std::uint32_t random) noexcept;

/// The value of a Retry-After header (RFC 9110, 10.2.3) in milliseconds, at most a day: delta
/// seconds, or a date in any of its three forms against `wall_now_s` (seconds since 1970). A date
/// that has passed gives 0; what is neither gives -1.
ORCAST_DECL std::int64_t parse_retry_after(std::string_view value,
                                           std::int64_t wall_now_s) noexcept;

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/api_request.hpp ----

// A request to any endpoint of OpenRouter. What has a header of its own (models, generations,
// embeddings) is made into one of these; what has none can be asked for all the same:
//
//   auto reply = talker.call({"POST", "/rerank", R"({"model":"...","query":"...")"});

namespace orcast {
inline namespace v0 {

struct api_request {
  api_request() = default;
  api_request(std::string with, std::string where, std::string what = {})
      : method(std::move(with)), path(std::move(where)), body(std::move(what)) {}

  std::string method = "GET";
  /// Below the client's base URL, with its query: "/models?category=roleplay". It begins with "/",
  /// and what is not a URL's has been encoded.
  std::string path;
  std::string body;          ///< sent as it is
  std::string content_type;  ///< of the body; empty: application/json
  std::string accept;        ///< empty: application/json
  /// The body goes to the listener in pieces, as it arrives, and the reply keeps none of it.
  bool stream = false;
  /// The response's body may have at most as many; 0: as client_options say.
  std::size_t body_bytes = 0;
  /// Instead of client_options.retry. Without one, what is not a GET is not sent again once it was
  /// sent and not answered: it may have been done.
  std::optional<http::retry_policy> retry;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/scope.hpp ----

// Facts that hold for every call and work span inside: session, user, metadata, tags, prompt
// template, parent; or that nothing is to be recorded at all. Scopes nest, inner ones before outer
// ones; what a call says of itself comes before any of them. A scope is passed explicitly
// (call_context::in, work_options::in) or bound to the thread:
//
//   const bound_scope quest({"s-7", "u-42", R"({"quest":"lighthouse"})"});
//   client.start(...);            // has session, user and metadata
//
// Entering one allocates nothing: it borrows its texts, and lies where the host puts it.

namespace orcast {
inline namespace v0 {

/// What a scope sets; what is empty is left to the outer ones. The texts outlive the scope.
struct scope_facts {
  std::string_view session_id = {};
  std::string_view user = {};
  std::string_view metadata = {};  ///< a JSON object; its keys come before those of outer scopes
  const std::string_view* tags = nullptr;  ///< added to those of outer scopes
  std::size_t tag_count = 0;
  std::string_view prompt_template = {};
  std::string_view prompt_variables = {};  ///< a JSON object
  std::string_view prompt_version = {};
  span_context parent = {};  ///< valid: what is recorded belongs under this span
  bool suppress = false;     ///< nothing is recorded inside, whatever inner scopes say
};

/// One link of a chain of scopes. Not moved while others refer to it. Once made, any thread may
/// read it.
class scope {
 public:
  explicit scope(const scope_facts& facts, const scope* outer = nullptr) noexcept
      : facts_(facts), outer_(outer) {}
  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;

  const scope_facts& facts() const noexcept { return facts_; }
  const scope* outer() const noexcept { return outer_; }

  /// The innermost text that is not empty: inherited(this, &scope_facts::user).
  static std::string_view inherited(const scope* from,
                                    std::string_view scope_facts::*which) noexcept {
    for (; from != nullptr; from = from->outer_) {
      if (!(from->facts_.*which).empty()) return from->facts_.*which;
    }
    return {};
  }
  static span_context parent(const scope* from) noexcept {
    for (; from != nullptr; from = from->outer_) {
      if (from->facts_.parent.valid()) return from->facts_.parent;
    }
    return {};
  }
  static bool suppressed(const scope* from) noexcept {
    for (; from != nullptr; from = from->outer_) {
      if (from->facts_.suppress) return true;
    }
    return false;
  }

  /// The innermost scope bound to the calling thread, or null.
  static const scope* current() noexcept { return slot(); }

 private:
  friend class bound_scope;

  /// Hidden on ELF, where a thread-local of one name is shared by all libraries: each plugin has
  /// its own, and so can be unloaded.
#if defined(__GNUC__)
  [[gnu::visibility("hidden")]]
#endif
  static const scope*&
  slot() noexcept {
    static thread_local const scope* innermost = nullptr;
    return innermost;
  }

  scope_facts facts_;
  const scope* outer_;
};

/// A scope inside the thread's current one, for as long as the object lives. Leaves in the reverse
/// order, on the thread that entered.
class bound_scope {
 public:
  explicit bound_scope(const scope_facts& facts) noexcept : scope_(facts, scope::current()) {
    scope::slot() = &scope_;
  }
  ~bound_scope() {
    ORCAST_ASSERT(scope::slot() == &scope_);
    scope::slot() = scope_.outer();
  }
  bound_scope(const bound_scope&) = delete;
  bound_scope& operator=(const bound_scope&) = delete;

  const scope& get() const noexcept { return scope_; }

 private:
  scope scope_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/call_context.hpp ----

// What a caller says about one call beyond its request: where its span belongs, when its turn is,
// and what else goes into its head.

namespace orcast {
inline namespace v0 {

/// Who is sent first where calls wait for their turn (client_options.max_concurrent). A lower one
/// waits as long as there are higher ones.
enum class call_priority : unsigned char { background, normal, urgent };

/// OpenRouter's cache of whole answers. A hit costs nothing, and its usage counts are 0.
struct response_cache {
  bool use = true;         ///< false: this answer neither comes from the cache nor goes into it
  std::int64_t ttl_s = 0;  ///< 1 to 86400; 0: OpenRouter's own, five minutes
  bool clear = false;      ///< forget the answer that is there
};

struct call_context {
  span_context parent;  ///< the span that this call belongs under
  std::string name;     ///< of the span; empty: generation_name, trace_name on a root, "chat MODEL"
  json_text metadata;   ///< an object
  std::vector<std::string> tags;
  /// Where the request has none. It also goes out as x-session-id, and calls of different sessions
  /// take turns.
  std::string session_id;
  std::string user;  ///< where the request has none
  /// Facts for where neither the request nor this has any; null: the scope that is bound to the
  /// thread which begins the call, if there is one. Only looked at in the beginning.
  const scope* in = nullptr;

  call_priority priority = call_priority::normal;
  /// Handlers hear about the call at once, on the thread of the transport, instead of in tick():
  /// see call_handler.
  bool on_arrival = false;
  std::optional<response_cache> cache;  ///< instead of client_options.cache
  /// Added to the request's head, each instead of the client's own of that name.
  std::vector<http::header> headers;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/plugin.hpp ----

// What OpenRouter does to a request or a reply on its way: search the web, read documents, mend
// JSON, shorten a long conversation.
//
//   request.plugins = {plugin::of("response-healing"), plugin::pdf("native")};

namespace orcast {
inline namespace v0 {

/// One plugin. The members with a type are those of most plugins and of the web search.
struct plugin {
  std::string id;  ///< "web", "web-fetch", "file-parser", "response-healing", ...
  std::optional<bool> enabled;
  std::string engine;  ///< of "web": "native", "exa", ...; of "context-compression"
  std::string mode;
  std::optional<std::int64_t> max_results;
  std::optional<std::int64_t> max_uses;
  std::string search_prompt;
  std::vector<std::string> include_domains;
  std::vector<std::string> exclude_domains;
  json_text settings;  ///< an object with the plugin's further members

  /// Any plugin, with its settings.
  static plugin of(std::string id, json_text settings = {}) {
    plugin made;
    made.id = std::move(id);
    made.settings = std::move(settings);
    return made;
  }
  /// Web search before the answer, with so many results at most.
  static plugin web(std::int64_t max_results = 5) {
    plugin made = of("web");
    made.max_results = max_results;
    return made;
  }
  /// Who reads documents: "mistral-ocr", "cloudflare-ai" or "native".
  static plugin pdf(const std::string& engine) {
    return of("file-parser", R"({"pdf":{"engine":")" + engine + "\"}}");
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/provider_preferences.hpp ----

// Which of the providers of a model may answer, and which of them first. OpenRouter falls back from
// one to the next by itself; without any of this it balances by price and uptime.

namespace orcast {
inline namespace v0 {

/// By what providers are sorted: preferences.sort = "throughput".
struct provider_sort {
  std::string by;         ///< "price", "throughput", "latency", "exacto"
  std::string partition;  ///< "model" or "none": of several models, each or all together

  provider_sort() = default;
  provider_sort(const char* what) : by(what) {}
  provider_sort(std::string what, std::string over = {})
      : by(std::move(what)), partition(std::move(over)) {}
};

/// A bound on speed, as measured over the last minutes: one number for the median, or one for each
/// percentile.
struct speed_bound {
  std::optional<double> value;
  std::optional<double> p50;
  std::optional<double> p75;
  std::optional<double> p90;
  std::optional<double> p99;

  speed_bound() = default;
  speed_bound(double median) : value(median) {}
};

/// The most that may be asked, as decimal text in US dollars: for a million tokens, or for one
/// image, sound or request. "0.5".
struct price_limits {
  std::string prompt;
  std::string completion;
  std::string image;
  std::string audio;
  std::string request;
  json_text extra;  ///< an object with further members
};

struct provider_preferences {
  std::vector<std::string> order;   ///< slugs, to be tried in this order
  std::vector<std::string> only;    ///< these and no others
  std::vector<std::string> ignore;  ///< not these
  std::optional<bool> allow_fallbacks;
  std::optional<bool> require_parameters;  ///< only who supports every parameter of the request
  std::string data_collection;             ///< "deny": only who does not store prompts; "allow"
  std::optional<bool> zdr;                 ///< only who retains no data at all
  std::optional<bool> enforce_distillable_text;
  std::vector<std::string> quantizations;  ///< "fp8", "bf16", ...
  provider_sort sort;
  price_limits max_price;
  speed_bound preferred_min_throughput;  ///< tokens per second
  speed_bound preferred_max_latency;     ///< seconds to the first token
  json_text extra;                       ///< an object with further members
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/reasoning_options.hpp ----

// How much a model is to think before it answers. Reasoning is billed as output.

namespace orcast {
inline namespace v0 {

struct reasoning_options {
  /// "max", "xhigh", "high", "medium", "low", "minimal" or "none". Not together with max_tokens.
  std::string effort;
  std::optional<std::int64_t> max_tokens;
  std::optional<bool> enabled;  ///< true: medium effort
  std::optional<bool> exclude;  ///< true: it thinks, but the thoughts are not sent
  std::string summary;          ///< "auto", "concise" or "detailed"
  json_text extra;              ///< an object with further members
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/response_format.hpp ----

// The form that an answer is to have. With a JSON Schema the model's text is JSON of that shape:
//
//   request.response_format = response_format::json_schema("npc_line", schema);
//
// orcast/openrouter/structured.hpp reads the answer.

namespace orcast {
inline namespace v0 {

struct response_format {
  std::string type;         ///< "text", "json_object", "json_schema", "grammar", "python"
  std::string name;         ///< of the schema: letters, digits, '_' and '-', 64 at most
  std::string description;  ///< what the answer is for, to the model
  json_text schema;         ///< a JSON Schema: an object
  /// True: the provider keeps exactly to the schema. Providers then demand that every object of it
  /// lists all its properties as required and allows no others: see strict_schema().
  std::optional<bool> strict;
  std::string grammar;
  json_text json;  ///< sent instead of all the above

  /// Any JSON object; the prompt has to say which.
  static response_format json_object() {
    response_format made;
    made.type = "json_object";
    return made;
  }
  static response_format json_schema(std::string name, json_text schema, bool strict = true) {
    response_format made;
    made.type = "json_schema";
    made.name = std::move(name);
    made.schema = std::move(schema);
    made.strict = strict;
    return made;
  }
};

/// A plain schema as strict mode wants it: every object has "additionalProperties": false and
/// requires all its properties. What was optional may be null instead. Fails with invalid_argument
/// when `schema` is not a JSON object.
ORCAST_DECL result<json_text> strict_schema(std::string_view schema);

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/stop_condition.hpp ----

// When OpenRouter is to stop running its own tools within one call. The first condition that holds
// counts.

namespace orcast {
inline namespace v0 {

struct stop_condition {
  std::string type;
  std::optional<std::int64_t> step_count;
  std::string tool_name;
  std::optional<std::int64_t> max_tokens;
  std::optional<double> max_cost_in_dollars;
  std::string reason;
  json_text extra;  ///< an object with further members

  static stop_condition steps(std::int64_t count) {
    stop_condition made = of("step_count_is");
    made.step_count = count;
    return made;
  }
  static stop_condition calls(std::string tool_name) {
    stop_condition made = of("has_tool_call");
    made.tool_name = std::move(tool_name);
    return made;
  }
  static stop_condition tokens(std::int64_t most) {
    stop_condition made = of("max_tokens_used");
    made.max_tokens = most;
    return made;
  }
  static stop_condition dollars(double most) {
    stop_condition made = of("max_cost");
    made.max_cost_in_dollars = most;
    return made;
  }
  static stop_condition finish(std::string reason) {
    stop_condition made = of("finish_reason_is");
    made.reason = std::move(reason);
    return made;
  }

 private:
  static stop_condition of(const char* type) {
    stop_condition made;
    made.type = type;
    return made;
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/tool.hpp ----

// What a model may use besides words: functions of the host's, described by a JSON Schema, and
// tools that OpenRouter runs itself.

namespace orcast {
inline namespace v0 {

/// A function that the model may call.
struct tool {
  std::string name;
  std::string description;
  json_text parameters;  ///< a JSON Schema of type object; empty: no parameters
  /// Sent instead of all else: the whole tool as OpenRouter takes it.
  json_text json;
  /// Only providers that keep exactly to the schema. Set to true it may leave no provider at all.
  std::optional<bool> strict = std::nullopt;
  std::optional<cache_control> cache =
      std::nullopt;  ///< set: the prompt is to be cached up to this tool

  /// A tool that OpenRouter runs: "openrouter:web_search", "openrouter:datetime", ...; the
  /// parameters are an object, or nothing.
  static tool server(const std::string& type, const json_text& parameters = {}) {
    tool made;
    made.json = "{\"type\":\"" + type + '"';
    if (!parameters.empty()) made.json += ",\"parameters\":" + parameters;
    made.json += '}';
    return made;
  }
};

/// Values for chat_request::tool_choice.
namespace choose {

inline json_text none() { return "\"none\""; }
inline json_text automatic() { return "\"auto\""; }
inline json_text required() { return "\"required\""; }
/// That function and no other. A function's name is letters, digits, '_' and '-'.
inline json_text function(const std::string& name) {
  return R"({"type":"function","function":{"name":")" + name + "\"}}";
}
/// That tool of OpenRouter's.
inline json_text server_tool(const std::string& type) { return R"({"type":")" + type + "\"}"; }

}  // namespace choose

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/trace_fields.hpp ----

// OpenRouter's `trace` object: how a call is to appear in a tracing system.

namespace orcast {
inline namespace v0 {

struct trace_fields {
  std::string trace_id;         ///< 32 hex digits, or any text, which is then hashed
  std::string trace_name;       ///< name of the root span
  std::string span_name;        ///< kept as metadata
  std::string generation_name;  ///< name of the call's own span
  std::string parent_span_id;   ///< 16 hex digits, used together with trace_id
  json_text metadata;           ///< an object with any further keys
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/chat_request.hpp ----

// A request to POST /chat/completions. Set `model` and `messages`; what is not set is not sent, so
// that OpenRouter's and the model's own defaults hold. Members have OpenRouter's names.
//
// orcast looks at what it needs to write a body: that text is UTF-8, that JSON is JSON. Whether a
// value makes sense to a model is for OpenRouter to say, so that tomorrow's values work today.

namespace orcast {
inline namespace v0 {

/// How a model that speaks is to sound.
struct audio_output_options {
  std::string voice;
  std::string format;  ///< "wav", "mp3", "pcm16", ...
  json_text extra;     ///< an object with further members
};

/// OpenRouter's help for debugging, for streamed calls. Not for production.
struct debug_options {
  std::optional<bool> echo_upstream_body;  ///< the first chunks hold what the providers were sent
  json_text extra;                         ///< an object with further members
};

/// Without effect, deprecated: usage is always sent.
struct stream_options {
  std::optional<bool> include_usage;
  json_text extra;  ///< an object with further members
};

/// Most of the answer, known beforehand: a text that is to be changed here and there.
struct predicted_output {
  std::string content;
};

struct chat_request {
  std::string model;                ///< "author/name[:variant]"
  std::vector<std::string> models;  ///< to fall back to, in order
  /// Names no model on purpose: the default of the account answers.
  bool account_model = false;
  std::vector<message> messages;
  std::string prompt;   ///< plain text instead of messages
  bool stream = false;  ///< set by the client according to the function that is called

  // How the answer is drawn.
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<std::int64_t> top_k;
  std::optional<double> min_p;
  std::optional<double> top_a;
  std::optional<double> frequency_penalty;
  std::optional<double> presence_penalty;
  std::optional<double> repetition_penalty;
  std::optional<std::int64_t> max_completion_tokens;
  std::optional<std::int64_t> max_tokens;  ///< deprecated
  std::optional<std::int64_t> seed;
  std::vector<std::string> stop;  ///< up to 4
  std::vector<std::pair<std::string, double>> logit_bias;
  std::optional<bool> logprobs;
  std::optional<std::int64_t> top_logprobs;

  // What it is made with.
  std::vector<tool> tools;
  json_text tool_choice;  ///< see choose:: in tool.hpp
  std::optional<bool> parallel_tool_calls;
  std::vector<stop_condition> stop_server_tools_when;
  std::vector<plugin> plugins;
  json_text web_search_options;  ///< an object

  // What it looks like.
  orcast::response_format response_format;
  std::optional<bool> structured_outputs;
  reasoning_options reasoning;
  std::string reasoning_effort;  ///< the same as reasoning.effort
  std::string verbosity;         ///< "low", "medium", "high", ...
  std::vector<std::string> modalities;
  audio_output_options audio;
  json_text image_config;  ///< an object
  predicted_output prediction;

  // Who gives it.
  provider_preferences provider;
  std::string preset;
  std::string service_tier;
  std::string route;                   ///< deprecated
  std::optional<cache_control> cache;  ///< sent as `cache_control`
  std::string prompt_cache_key;        ///< groups requests that share a prefix
  prompt_cache_options cache_options;  ///< sent as `prompt_cache_options`
  orcast::stream_options stream_options;
  debug_options debug;

  // Who asked.
  std::string user;        ///< your end user, up to 128 characters
  std::string session_id;  ///< one conversation, up to 256 characters
  /// Up to 16 pairs of 64 and 512 characters.
  std::vector<std::pair<std::string, std::string>> metadata;
  trace_fields trace;

  /// An object whose members are added to the body; a member that is also set above is refused.
  json_text extra;
};

/// Appends the request's body: one JSON object, members in a fixed order, so that equal requests
/// give equal bytes (prompt caches compare prefixes). Fails with invalid_argument, naming the
/// member ("messages[3].content is not UTF-8"), when a text is not UTF-8, a JSON member is not JSON
/// of the right kind, or a member is set twice; `out` is then what it was.
ORCAST_DECL result<void> append_json(const chat_request& request, std::string& out);

/// The same, with the members that OpenInference counts as invocation parameters: all but messages,
/// tools and functions, and but user, session_id and trace, which have attributes of their own on a
/// span. Never fails: what is not JSON is left out.
ORCAST_DECL void append_invocation_parameters(const chat_request& request, std::string& out);

/// Appends one tool as the request carries it. Never fails: what is not JSON is left out.
ORCAST_DECL void append_json(const tool& each, std::string& out);

/// Whether a client may send it: it names a model (or says that it does not) and holds messages or
/// a prompt, and all its text together is no more than `most_bytes`. Fails with invalid_argument or
/// too_large, saying what to set.
ORCAST_DECL result<void> validate_chat_request(const chat_request& request, std::size_t most_bytes);

/// Reads a body that somebody else wrote. Members without a place above, or of another shape than
/// append_json gives them, end up in `extra` (of the request, a message or one of its objects), so
/// that append_json makes an equal body of what was read. One thing is not kept: "stream":false,
/// which is what no `stream` means. Fails with malformed_response when it is not a JSON object.
ORCAST_DECL result<chat_request> parse_chat_request(std::string_view body);

/// Lays a JSON object over a request: each member of `body` replaces the whole member of that name,
/// whatever had set it, and is read as parse_chat_request reads it; the others stay. So "provider"
/// in `body` replaces all of request.provider, and null makes a member null. Fails as
/// parse_chat_request does; the request is then what it was.
ORCAST_DECL result<void> merge_chat_request(std::string_view body, chat_request& request);

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/routing_metadata.hpp ----

// How OpenRouter routed a call: which providers it could ask, which it tried, and what happened on
// the way. It comes when client_options.routing_metadata asks for it; never with an answer from the
// response cache.

namespace orcast {
inline namespace v0 {

/// One provider that was tried.
struct routing_attempt {
  std::string provider;
  std::string model;
  std::int64_t status = 0;  ///< HTTP status of its answer
};

/// One provider that could have been asked.
struct routing_endpoint {
  std::string provider;
  std::string model;
  bool selected = false;
};

/// Something that was done to the request or the reply.
struct routing_stage {
  std::string type;  ///< "guardrail", "plugin", "server_tools", "response_healing", ...
  std::string name;
  std::string guardrail_id;
  std::string guardrail_scope;
  std::string summary;
  json_text data;        ///< an object
  std::string cost_usd;  ///< decimal text
};

struct routing_metadata {
  bool received = false;
  std::string requested;  ///< the model that was asked for
  std::string strategy;   ///< "direct", "auto", "fallback", ...
  std::string region;
  std::string summary;
  std::optional<std::int64_t> attempt;  ///< which of the attempts this answer comes from, from 1
  std::optional<bool> is_byok;
  std::optional<std::int64_t> endpoints_total;
  std::vector<routing_endpoint> endpoints;
  std::vector<routing_attempt> attempts;
  json_text params;  ///< an object
  std::vector<routing_stage> pipeline;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/chat_reply.hpp ----

// The answer to a chat completion, the same whether it came in one piece or as a stream. What is
// kept as JSON here (images, sources, probabilities) is read by
// orcast/openrouter/reply_details.hpp.

namespace orcast {
inline namespace v0 {

/// What was used and charged. A member that OpenRouter did not send, or sent as null, is empty.
/// Prices are the decimal text that it sent, in US dollars: "0.0000225".
struct token_usage {
  std::optional<std::int64_t> prompt_tokens;      ///< cached ones included
  std::optional<std::int64_t> completion_tokens;  ///< reasoning included
  std::optional<std::int64_t> total_tokens;
  std::optional<std::int64_t> cached_tokens;
  std::optional<std::int64_t> cache_write_tokens;
  std::optional<std::int64_t> prompt_audio_tokens;
  std::optional<std::int64_t> prompt_video_tokens;
  std::optional<std::int64_t> reasoning_tokens;
  std::optional<std::int64_t> completion_audio_tokens;
  std::optional<std::int64_t> completion_image_tokens;
  std::optional<std::int64_t> accepted_prediction_tokens;
  std::optional<std::int64_t> rejected_prediction_tokens;
  std::string cost;  ///< what the account was charged
  std::string upstream_cost;
  std::string upstream_prompt_cost;
  std::string upstream_completion_cost;
  std::optional<std::int64_t> tool_calls_requested;  ///< of tools that OpenRouter runs
  std::optional<std::int64_t> tool_calls_executed;
  std::optional<std::int64_t> web_search_requests;
  std::optional<bool> is_byok;  ///< paid with a key of one's own at the provider
  bool received = false;        ///< false: there was no usage object at all
};

/// One alternative answer. Almost always there is exactly one.
struct chat_choice {
  message reply;  ///< ready to be sent back
  /// "stop", "length", "tool_calls", "content_filter", "error" or what the provider made up;
  /// "other" when it gave none. Where there are tool calls and no word of the above, it is
  /// "tool_calls".
  std::string finish_reason;
  std::string native_finish_reason;
  json_text logprobs;  ///< an object
  json_text extra;     ///< an object with further members of the choice
};

struct chat_reply {
  std::string id;        ///< the generation's id, "gen-..."
  std::string model;     ///< the model that answered; it may differ from the one asked for
  std::string provider;  ///< who ran it, as OpenRouter names it
  std::string service_tier;
  std::string system_fingerprint;
  std::int64_t created = 0;  ///< seconds since 1970
  std::vector<chat_choice> choices;
  token_usage usage;
  routing_metadata routing;  ///< openrouter_metadata, when it was asked for
  json_text metadata;        ///< the same as it came
  json_text extra;           ///< an object with the top-level members that have no place above

  /// The response body; of a stream, the equal body that a blocking call would have brought.
  json_text raw;

  bool no_done = false;  ///< a stream that ended without [DONE], though with a finish reason
  bool missing_finish_reason = false;  ///< the answer is complete, but none said why it ended

  /// Of the first choice; empty when there is none. The views last as long as the reply.
  std::string_view text() const noexcept {
    return choices.empty() ? std::string_view() : choices.front().reply.content;
  }
  std::string_view finish_reason() const noexcept {
    return choices.empty() ? std::string_view() : choices.front().finish_reason;
  }

  struct tool_call_range {
    const tool_call* first = nullptr;
    const tool_call* last = nullptr;
    const tool_call* begin() const noexcept { return first; }
    const tool_call* end() const noexcept { return last; }
    bool empty() const noexcept { return first == last; }
    std::size_t size() const noexcept { return static_cast<std::size_t>(last - first); }
  };
  tool_call_range tool_calls() const noexcept {
    if (choices.empty()) return {};
    const std::vector<tool_call>& calls = choices.front().reply.tool_calls;
    return {calls.data(), calls.data() + calls.size()};
  }
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/reply_reader.hpp ----

// Turns the bytes of a chat completion's response into a reply, incrementally: a JSON body, an
// event stream, or an error in any of the shapes that OpenRouter and the proxies before it use. The
// bytes are parsed once; whoever wants to see the pieces listens.

namespace orcast {
inline namespace v0 {

/// One exchange at a time; not thread safe. head(), data()..., then finish().
class reply_reader {
 public:
  ORCAST_DECL explicit reply_reader(const reply_limits& limits = {});
  ORCAST_DECL ~reply_reader();
  ORCAST_DECL reply_reader(reply_reader&&) noexcept;
  ORCAST_DECL reply_reader& operator=(reply_reader&&) noexcept;

  /// Forgets everything but its memory and its listener, for the next exchange.
  ORCAST_DECL void reset() noexcept;

  /// The listener is borrowed; null for none.
  ORCAST_DECL void listen(delta_listener* listener) noexcept;

  ORCAST_DECL void head(const http::response_head& head) noexcept;

  /// False: nothing that could follow would matter (an error was found, a limit was passed, or the
  /// stream said [DONE]); the exchange may be stopped.
  ORCAST_DECL bool data(std::string_view bytes) noexcept;

  /// The end of the exchange, as the transport reports it. Ok: reply() is complete. A failure says
  /// what happened; reply() then holds what had arrived.
  ORCAST_DECL result<void> finish(result<void> outcome) noexcept;

  const chat_reply& reply() const noexcept { return reply_; }
  chat_reply& reply() noexcept { return reply_; }
  int http_status() const noexcept { return http_status_; }
  /// X-Generation-Id of the response head: known before the first byte of the body.
  const std::string& generation_id() const noexcept { return generation_id_; }
  const std::string& cache_status() const noexcept { return cache_status_; }
  bool streamed() const noexcept { return streamed_; }
  bool received_content() const noexcept { return received_content_; }

 private:
  struct parser;  // Boost.JSON and the stream's bookkeeping, out of sight
  chat_reply reply_;
  std::string generation_id_;
  std::string cache_status_;
  int http_status_ = 0;
  bool streamed_ = false;
  bool received_content_ = false;
  std::unique_ptr<parser> parser_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/observation.hpp ----

// The one recorder of OpenRouter calls. An observation is fed the facts of one exchange - request,
// response head, response bytes, end - and makes of them one LLM span and one reply. The client
// opens one for each call, instrument(transport) opens one where the host brings its own client
// code, and a host with neither feeds one by hand:
//
//   observation seen(recording);
//   seen.begin_raw("POST", url, body);       // or begin(chat_request)
//   seen.head(response_head);
//   seen.data(bytes);                        // any number of times
//   seen.done(result<void>());               // or a failure; the destructor counts as cancelled
//
// One thread at a time. Nothing here keeps a key.

namespace orcast {
inline namespace v0 {

class observation : private delta_listener {
 public:
  ORCAST_DECL explicit observation(const recording& where = {}, const reply_limits& limits = {});
  ORCAST_DECL ~observation();
  observation(const observation&) = delete;
  observation& operator=(const observation&) = delete;

  /// With server_broadcast::join, before the request is composed: opens the span and puts its ids
  /// into request.trace, so that OpenRouter's own spans come under it. Otherwise does nothing.
  ORCAST_DECL void join(chat_request& request, std::string_view url,
                        const call_context& context = {}) noexcept;

  /// The call begins now: the span is opened and what the request says is recorded. `body` is the
  /// exact text that is sent (it becomes input.value).
  ORCAST_DECL void begin(const chat_request& request, std::string_view body, std::string_view url,
                         const call_context& context = {}) noexcept;

  /// The same for a request to another endpoint, whose answer is then in api_answer(). Those
  /// that make text, embeddings or an order of documents get a span; of the rest nothing is
  /// recorded.
  ORCAST_DECL void begin(const api_request& request, std::string_view url,
                         const call_context& context = {}) noexcept;

  /// The same for a request that other code wrote. Anything but a POST to .../chat/completions,
  /// /completions, /responses, /messages, /embeddings or /rerank is not recorded (and false is
  /// returned); a body that can't be read still gives a span.
  ORCAST_DECL bool begin_raw(std::string_view method, std::string_view url,
                             const std::vector<std::string_view>& body,
                             const std::vector<http::header>& headers,
                             const call_context& context = {}) noexcept;

  /// A listener for the pieces of the reply, besides the span.
  void listen(delta_listener* listener) noexcept { listener_ = listener; }
  /// A listener for the body of another endpoint's answer.
  void listen(byte_listener* listener) noexcept { api_.listen(listener); }

  /// How long the call waited for its turn before it was sent.
  ORCAST_DECL void queued(std::int64_t wait_ms) noexcept;

  /// Another attempt follows: recorded as an event, the reply starts anew.
  ORCAST_DECL void retry(const failure& why, std::int64_t wait_ms) noexcept;

  ORCAST_DECL void head(const http::response_head& head) noexcept;
  /// False when the rest of the response does not matter (see reply_reader::data).
  ORCAST_DECL bool data(std::string_view bytes) noexcept;
  /// What an exchange has come to, without ending the span: for whoever may try again.
  result<void> settle(result<void> outcome) noexcept {
    return chat() ? reader_.finish(std::move(outcome)) : api_.finish(std::move(outcome));
  }
  /// The end: reads the outcome, completes and ends the span. A call that never was sent ends with
  /// the failure that says why. Only the first done() counts. A service may quote the key that it
  /// refuses: what is sensitive in the request that was `sent` is taken out of the failure's words.
  ORCAST_DECL result<void> done(result<void> outcome, const http::request* sent = nullptr) noexcept;

  const chat_reply& reply() const noexcept { return reader_.reply(); }
  chat_reply& reply() noexcept { return reader_.reply(); }
  const reply_reader& reader() const noexcept { return reader_; }
  /// Of an endpoint that is not a chat completion.
  api_reply& api_answer() noexcept { return api_.reply(); }
  /// Something of the answer itself is here: what was asked for is being paid for.
  ORCAST_DECL bool received_content() const noexcept;
  /// The span's context, for children and for joining other systems.
  const span_context& context() const noexcept { return context_; }
  /// Milliseconds from begin() to the first content, reasoning or tool delta; -1 before it.
  double time_to_first_token_ms() const noexcept { return first_token_ms_; }
  /// Milliseconds from begin() to done().
  double latency_ms() const noexcept { return latency_ms_; }

 private:
  void on_text(std::string_view piece) noexcept override;
  void on_reasoning(std::string_view piece) noexcept override;
  void on_tool_call(const tool_call& each) noexcept override;
  void on_first_token() noexcept override;
  void on_first_chunk() noexcept override;

  enum class kind : unsigned char {
    chat,
    completions,
    responses,
    messages,
    embeddings,
    rerank,
    other,  ///< not recorded
  };
  static kind kind_of(std::string_view method, std::string_view path) noexcept;
  bool chat() const noexcept { return kind_ == kind::chat; }

  /// What the beginning of a span is made of, whatever the endpoint.
  struct call_facts {
    std::string_view kind;       ///< of OpenInference's
    std::string_view operation;  ///< gen_ai.operation.name
    std::string_view model;
    std::string_view session_id;
    std::string_view user;
    const trace_fields* trace = nullptr;
  };
  static call_facts facts_of(const chat_request& request) noexcept;

  void open(const call_facts& call, const call_context& context, std::string_view url);
  bool joined() const noexcept { return where_.server == server_broadcast::join; }
  void record_request(const chat_request& request, std::string_view body);
  void record_input(std::string_view body);
  void record_parameters(std::string_view parameters, const key_text& key);
  void record_model_companions(std::string_view model);
  struct json_ref;  // a view of JSON, out of sight of who includes this
  void begin_endpoint(std::string_view body, std::string_view session, const call_context& context,
                      std::string_view url);
  void record_asked(const json_ref& from, const std::string& model, const std::string& parameters);
  result<void> record_endpoint();
  void record_said(const json_ref& from, const std::string& provider);
  void record_vectors(const json_ref& from);
  void record_reply(const failure* why);
  void record_models(const std::string& answered);
  void record_times(std::int64_t output_tokens);
  void record_routing(const chat_reply& reply, bool failed);
  void record_output(const chat_reply& reply);
  void record_usage(const token_usage& usage);
  void record_failure(const failure& why);
  double since_begin_ms() const noexcept;

  recording where_;
  reply_reader reader_;
  api_reader api_;
  delta_listener* listener_ = nullptr;
  span span_;
  content_recorder content_{span_, where_};
  span_context context_;
  orcast::host clock_;
  std::string request_model_;
  std::string scratch_;  // text that is put together for an attribute
  std::string audio_format_;
  std::int64_t began_ns_ = 0;
  double first_token_ms_ = -1;
  double latency_ms_ = -1;
  std::int64_t attempts_ = 1;
  kind kind_ = kind::chat;
  bool streamed_endpoint_ = false;
  bool begun_ = false;
  bool over_ = false;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/function_ref.hpp ----

// A borrowed callable: two pointers, no allocation, no ownership. For parameters only: the callable
// must outlive the call that takes it.

namespace orcast {
inline namespace v0 {

template <class Signature>
class function_ref;

template <class R, class... Args>
class function_ref<R(Args...)> {
 public:
  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, function_ref> &&
                                              std::is_invocable_r_v<R, F&, Args...>>>
  function_ref(F&& callable) noexcept
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/answer.hpp ----

// What a collector says in the body of its answer: an ExportTraceServiceResponse when it accepted
// the request, a google.rpc.Status when it did not. Two or three members matter, so they are found
// by scanning; nothing is built.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct export_answer {
  bool understood = false;  ///< an object without a flaw, or nothing at all
  bool foreign = false;     ///< it has members of which OTLP knows nothing: somebody else answered
  std::uint64_t rejected_spans = 0;
  std::int64_t code = 0;     ///< of a google.rpc.Status
  std::string_view message;  ///< as it stands in the body, escapes and all
};

namespace detail {

/// Goes through JSON text once. After the first flaw everything fails.
class json_scanner {
 public:
  explicit json_scanner(std::string_view text) noexcept
      : at_(text.data()), end_(at_ + text.size()) {}

  bool failed() const noexcept { return failed_; }
  bool at_end() noexcept {
    skip_blanks();
    return at_ == end_;
  }

  /// Calls `member(name)` for each member of an object; it must consume the value.
  template <class Member>
  void object(Member member) noexcept {
    expect('{');
    if (accept('}')) return;
    do {
      const std::string_view name = string();
      expect(':');
      if (failed_) return;
      member(name);
    } while (accept(','));
    expect('}');
  }

  bool next_is(char c) noexcept {
    skip_blanks();
    return !failed_ && at_ != end_ && *at_ == c;
  }

  /// The inside of a string, escapes and all.
  std::string_view string() noexcept {
    expect('"');
    const char* const from = at_;
    while (!failed_ && at_ != end_ && *at_ != '"') at_ += *at_ == '\\' && end_ - at_ > 1 ? 2 : 1;
    const std::string_view inside(from, static_cast<std::size_t>(at_ - from));
    expect('"');
    return inside;
  }

  /// A whole number, as JSON writes numbers or as proto3 writes those of 64 bits. Saturates.
  std::int64_t integer() noexcept {
    const std::string_view text = next_is('"') ? string() : word();
    constexpr std::int64_t most = std::int64_t{1} << 53;
    const bool negative = !text.empty() && text.front() == '-';
    std::int64_t value = 0;
    for (const char c : text.substr(negative ? 1 : 0)) {
      if (c < '0' || c > '9') failed_ = true;
      value = value < most ? value * 10 + (c - '0') : most;
    }
    return negative ? -value : value;
  }

  void skip_value(int depth = 0) noexcept {
    if (depth == 32) failed_ = true;
    if (failed_) return;
    if (next_is('"')) {
      string();
    } else if (next_is('{')) {
      object([&](std::string_view) { skip_value(depth + 1); });
    } else if (accept('[')) {
      if (accept(']')) return;
      do skip_value(depth + 1);
      while (accept(','));
      expect(']');
    } else {
      word();
    }
  }

 private:
  void skip_blanks() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool accept(char c) noexcept {
    const bool is = next_is(c);
    if (is) ++at_;
    return is;
  }
  void expect(char c) noexcept {
    if (!accept(c)) failed_ = true;
  }
  /// A number or a literal.
  std::string_view word() noexcept {
    skip_blanks();
    const char* const from = at_;
    while (at_ != end_ && ((*at_ >= '0' && *at_ <= '9') || (*at_ >= 'a' && *at_ <= 'z') ||
                           *at_ == '-' || *at_ == '+' || *at_ == '.' || *at_ == 'E')) {
      ++at_;
    }
    if (at_ == from) failed_ = true;
    return {from, static_cast<std::size_t>(at_ - from)};
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace detail

/// Never fails: what can't be read counts as not said. `body` may have been cut.
inline export_answer read_answer(std::string_view body) noexcept {
  export_answer answer;
  detail::json_scanner in(body);
  if (in.at_end()) {
    answer.understood = true;
    return answer;
  }
  in.object([&](std::string_view name) {
    if (name == "partialSuccess" && in.next_is('{')) {
      in.object([&](std::string_view inner) {
        if (inner == "rejectedSpans") {
          const std::int64_t count = in.integer();
          answer.rejected_spans = in.failed() || count < 0 ? 0 : static_cast<std::uint64_t>(count);
        } else if (inner == "errorMessage" && in.next_is('"')) {
          answer.message = in.string();
        } else {
          in.skip_value(2);
        }
      });
    } else if (name == "code" && !in.next_is('"')) {
      answer.code = in.integer();
    } else if (name == "message" && in.next_is('"')) {
      answer.message = in.string();
    } else {
      if (name != "details" && name != "partialSuccess") answer.foreign = true;
      in.skip_value(1);
    }
  });
  answer.understood = !in.failed() && in.at_end();
  return answer;
}

/// Text of someone else's as the end of a line: escapes of JSON are resolved as far as a reader
/// needs it, whatever could break the line becomes a blank, and the length has a limit.
inline void append_one_line(std::string& out, std::string_view text, std::size_t most = 200) {
  std::string line;
  for (std::size_t i = 0; i < text.size() && line.size() <= most; ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      c = text[++i];
      if (c == 'n' || c == 'r' || c == 't' || c == 'b' || c == 'f') c = ' ';
    }
    line += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  }
  append_valid_utf8(out, std::string_view(line).substr(0, utf8_prefix(line, most)));
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/span_reader.hpp ----

// Reads a finished span, record by record, in the order in which it was written. The consumer of
// the ring only; nothing is copied.

namespace orcast {
inline namespace v0 {

/// One record as the reader met it.
struct record_view {
  detail::record* raw = nullptr;
  std::string_view text_key;  ///< the key where it is text; else raw->key

  std::uint32_t type() const noexcept { return raw->type(); }
  bool has(std::uint32_t flag) const noexcept { return (raw->bits & flag) != 0; }

  // The value, by type:
  std::int64_t integer = 0;  ///< int64, boolean; for an array the number of elements
  double floating = 0;
  detail::event_payload event{};
  std::size_t text_size = 0;  ///< string, decimal, name, status message: read it by next_piece()
};

class span_reader {
 public:
  span_reader(const detail::span_ring& ring, detail::block_index first) noexcept
      : ring_(ring), first_(first) {
    rewind();
  }

  const detail::span_head& head() const noexcept { return *ring_.head_of(first_); }

  void rewind() noexcept {
    enter(first_, detail::first_offset);
    text_left_ = 0;
  }

  /// The next record; false at the end. Text that was not read is skipped.
  bool next(record_view& out) noexcept {
    char* at = aligned(at_);
    if (text_left_ != 0 || at + sizeof(detail::record) > end_) {
      if (!find_next()) return false;
      at = at_;
    }
    out.raw = reinterpret_cast<detail::record*>(at);
    out.text_key = {};
    at += sizeof(detail::record);
    std::size_t size = out.raw->size();
    if (out.has(detail::record::text_key)) {
      out.text_key = {at, out.raw->first};
      const std::size_t room = detail::padded(out.raw->first);
      at += room;
      size -= room;
    }
    constexpr std::uint32_t numbers = 1u << static_cast<unsigned>(value_type::int64) |
                                      1u << static_cast<unsigned>(value_type::float64) |
                                      1u << static_cast<unsigned>(value_type::boolean) |
                                      1u << detail::record_array;
    if ((numbers >> out.type() & 1) != 0) {  // one of the two is meant
      std::memcpy(&out.integer, at, 8);
      std::memcpy(&out.floating, at, 8);
      at += 8;
    } else if (out.type() == detail::record_event) {
      std::memcpy(&out.event, at, sizeof out.event);
      at += sizeof out.event;
    } else {
      out.text_size = text_left_ = size;
    }
    at_ = at;
    return true;
  }

  /// The next piece of the current record's text, whole code points; empty when it is read.
  std::string_view next_piece() noexcept {
    if (text_left_ == 0) return {};
    if (at_ == end_) enter(head_at()->next, sizeof(detail::block_head));
    const auto here = static_cast<std::size_t>(end_ - at_);
    const std::size_t size = text_left_ < here ? text_left_ : here;
    const std::string_view piece(at_, size);
    at_ += size;
    text_left_ -= size;
    return piece;
  }

 private:
  void enter(detail::block_index block, std::size_t offset) noexcept {
    block_ = reinterpret_cast<char*>(ring_.at(block));
    at_ = block_ + offset;
    end_ = block_ + head_at()->used;
  }
  const detail::block_head* head_at() const noexcept {
    return reinterpret_cast<const detail::block_head*>(block_);
  }
  static char* aligned(char* at) noexcept {  // as blocks are
    return at + (0 - reinterpret_cast<std::uintptr_t>(at)) % 8;
  }

  /// Skips text, and goes on to the next block that holds a record.
  bool find_next() noexcept {
    while (text_left_ != 0) next_piece();
    at_ = aligned(at_);
    while (at_ + sizeof(detail::record) > end_) {
      const detail::block_index following = head_at()->next;
      if (following == detail::no_block) return false;
      enter(following, sizeof(detail::block_head));
    }
    return true;
  }

  const detail::span_ring& ring_;
  detail::block_index first_;
  char* block_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;  // of the block's data
  std::size_t text_left_ = 0;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/unique_keys.hpp ----

// OTLP wants the keys of a span, and of each event, to be unique; recording only appends. Before a
// span is encoded this marks every record dead whose key was written again later. It uses a small
// hash table of its own and allocates nothing: a span with more keys than the table holds is gone
// through several times.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

using orcast::detail::record;

/// The name of a record's attribute, with the indices in it. `room` holds it where it is not in one
/// piece in memory already.
struct key_room {
  char text[256];
};
inline std::string_view key_name(const record& r, key_room& room) noexcept {
  if ((r.bits & record::text_key) != 0) {
    return {reinterpret_cast<const char*>(&r + 1), r.first};
  }
  const key_text& key = *r.key;
  const char* from = key.json + key_text::before.size();
  const char* const end = key.json + key.size - key_text::after.size();
  if (key.cut[0] == 0) return {from, static_cast<std::size_t>(end - from)};
  char* to = room.text;
  const std::uint16_t index[2] = {r.first, r.second};
  for (std::size_t i = 0; i < 2 && key.cut[i] != 0; ++i) {
    const auto size = static_cast<std::size_t>(key.json + key.cut[i] - from);
    std::memcpy(to, from, size);
    to += size;
    from += size;
    char digits[5];
    std::size_t n = 0;
    unsigned value = index[i];
    do digits[n++] = static_cast<char>('0' + value % 10);
    while ((value /= 10) != 0);
    while (n != 0) *to++ = digits[--n];
  }
  std::memcpy(to, from, static_cast<std::size_t>(end - from));
  to += end - from;
  return {room.text, static_cast<std::size_t>(to - room.text)};
}

class unique_keys {
 public:
  /// For a new span. The `defaults` count as written before its own records: attributes that a span
  /// has unless it sets them itself; they must stay until the next begin().
  void begin(record* defaults, std::size_t count) noexcept {
    clear();
    defaults_ = defaults;
    default_count_ = count;
    for (std::size_t i = 0; i < count; ++i) {
      defaults[i].bits &= ~record::dead;
      remember(defaults + i, 0, true);
    }
  }

  /// Notes a key; `scope` is 0 for the span and n for its nth event. False when the same was noted
  /// before, or can't be told: mark() is then needed.
  bool note(record* r, std::uint32_t scope) noexcept {
    if (!by_content_ && (r->bits & record::text_key) == 0 && used_ < most_used) {
      const std::uint32_t hash = hash_of_constant(*r, scope);
      slot& at = table_[hash % slots];
      if (at.generation != generation_) {  // as a rule
        at = {r, hash, static_cast<std::uint16_t>(scope), generation_};
        ++used_;
        return true;
      }
    }
    return remember(r, scope, used_ < most_used) == outcome::stored;
  }

  /// Marks every record dead that a later one replaces: attributes by key, names, status messages.
  void mark(span_reader& reader) noexcept {
    std::uint32_t from = 0;
    do {
      begin(defaults_, default_count_);
      from = pass(reader, from);
    } while (from != 0);
  }

 private:
  static constexpr std::size_t slots = 256;
  static constexpr std::uint32_t most_used = slots * 3 / 4;
  static constexpr std::uint64_t odd = 0x9e3779b97f4a7c15u;
  static constexpr std::uint32_t spread = 0x85ebca6bu;

  enum class outcome : unsigned char { stored, repeated, no_room, start_over };

  struct slot {
    record* last = nullptr;
    std::uint32_t hash = 0;
    std::uint16_t scope = 0;
    std::uint16_t generation = 0;
  };

  /// Finds the duplicates of the keys from number `from` on, as many as the table can hold. Returns
  /// the number of the first one that it could not, or 0.
  std::uint32_t pass(span_reader& reader, std::uint32_t from) noexcept {
    reader.rewind();
    record* name = nullptr;
    record* message = nullptr;
    std::uint32_t number = 0;
    std::uint32_t next = 0;
    std::uint32_t events = 0;
    std::uint32_t left_in_event = 0;
    for (record_view r; reader.next(r);) {
      if (r.has(record::element)) {
        if (r.type() == orcast::detail::record_event) {
          ++events;
          left_in_event = r.event.attributes;
        } else if (r.type() == orcast::detail::record_name) {
          if (name != nullptr) name->bits |= record::dead;
          name = r.raw;
        } else if (r.type() == orcast::detail::record_status_message) {
          if (message != nullptr) message->bits |= record::dead;
          message = r.raw;
        }
        continue;
      }
      const std::uint32_t scope = left_in_event != 0 ? events : 0;
      if (left_in_event != 0) --left_in_event;
      ++number;
      if (r.has(record::dead)) continue;
      const outcome known = remember(r.raw, scope, number >= from && used_ < most_used);
      if (known == outcome::start_over) return 1;
      if (known == outcome::no_room && number >= from && next == 0) next = number;
    }
    return next;
  }

  void clear() noexcept {
    used_ = 0;
    if (++generation_ != 0) return;
    for (slot& each : table_) each.generation = 0;
    generation_ = 1;
  }

  /// Where the key is known, the record that had it is marked dead.
  outcome remember(record* r, std::uint32_t scope, bool may_store) noexcept {
    if (!by_content_ && (r->bits & record::text_key) != 0) {
      // Equal names must meet, however they were given. It stays so: spans of a program are alike.
      by_content_ = true;
      return outcome::start_over;
    }
    const std::uint32_t hash = hash_of(*r, scope);
    for (std::size_t i = hash % slots;; i = (i + 1) % slots) {
      slot& at = table_[i];
      if (at.generation != generation_) {
        if (!may_store) return outcome::no_room;
        at = {r, hash, static_cast<std::uint16_t>(scope), generation_};
        ++used_;
        return outcome::stored;
      }
      if (at.hash == hash && at.scope == scope && same(*at.last, *r)) {
        const bool is_default = at.last >= defaults_ && at.last < defaults_ + default_count_;
        at.last->bits |= record::dead;
        at.last = r;
        return is_default ? outcome::stored : outcome::repeated;
      }
    }
  }

  /// Without text keys a key is told by its constant: the end of its name, its length and its
  /// indices make the hash. (A constant that spells an index out is then not the same as one that
  /// was given it; only text is compared as text.)
  std::uint32_t hash_of(const record& r, std::uint32_t scope) const noexcept {
    return by_content_ ? hash_of_content(r) ^ scope * spread : hash_of_constant(r, scope);
  }
  static std::uint32_t hash_of_constant(const record& r, std::uint32_t scope) noexcept {
    const key_text& key = *r.key;
    std::uint64_t sum = word(key.json + key.size - key_text::after.size() - 8) + key.size;
    if (key.cut[0] != 0) sum += std::uint64_t{r.first} << 40 | std::uint64_t{r.second} << 20;
    return static_cast<std::uint32_t>((sum * odd) >> 32) ^ scope * spread;
  }

  bool same(const record& a, const record& b) const noexcept {
    if (by_content_) return same_content(a, b);
    const key_text& x = *a.key;
    const key_text& y = *b.key;
    if (x.cut[0] != 0 && (a.first != b.first || a.second != b.second)) return false;
    // Two constants may spell one key, for example one in each of two plugins.
    return &x == &y || (x.size == y.size && x.cut[0] == y.cut[0] && x.cut[1] == y.cut[1] &&
                        std::memcmp(x.json, y.json, x.size) == 0);
  }

  static std::uint32_t hash_of_content(const record& r) noexcept {
    key_room room;
    const std::string_view name = key_name(r, room);
    std::uint64_t sum = name.size();
    if (name.size() < 8) return static_cast<std::uint32_t>(((sum ^ word(name)) * odd) >> 32);
    for (std::size_t i = 0; i + 8 < name.size(); i += 8) {
      sum = (sum ^ word(name.data() + i)) * odd;
      sum ^= sum >> 29;
    }
    sum = (sum ^ word(name.data() + name.size() - 8)) * odd;  // the last eight, seen or not
    return static_cast<std::uint32_t>(sum >> 32);
  }

  static bool same_content(const record& a, const record& b) noexcept {
    key_room room_a;
    key_room room_b;
    return key_name(a, room_a) == key_name(b, room_b);
  }

  static std::uint64_t word(const char* text) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, text, sizeof value);
    return value;
  }
  static std::uint64_t word(std::string_view shorter) noexcept {
    std::uint64_t value = 0;
    for (const char c : shorter) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  slot table_[slots];
  record* defaults_ = nullptr;
  std::size_t default_count_ = 0;
  std::uint16_t generation_ = 0;
  std::uint32_t used_ = 0;
  bool by_content_ = false;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/span_walk.hpp ----

// Goes through the records of a finished span as OTLP wants to see them: each key once, the last
// value counting, the defaults behind the span's own, events with their attributes. The encoders
// share it, so that they differ in their bytes and in nothing else.
//
// What an encoder hands in writes at `at` and returns the new end, or null when the span does not
// fit; null ends the walk.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr key truncated_key{"openrouter.truncated"};

class span_walk {
 public:
  static constexpr std::size_t most_defaults = 8;

  span_walk() noexcept { defaults_[0] = {record::dead, 0, 0, {&truncated_key}}; }
  span_walk(const span_walk&) = delete;
  span_walk& operator=(const span_walk&) = delete;

  /// An attribute that spans have unless they set it. `key` stays where it is.
  void add_default(const key_text& key) noexcept {
    defaults_[++default_count_] = {0, 0, 0, {&key}};
  }
  bool default_counts(std::size_t i) const noexcept {
    return (defaults_[i + 1].bits & record::dead) == 0;
  }

  /// Runs `write_span()`; a second time when the first has found that something was set twice. (It
  /// is written on the assumption that nothing was, which is true of most spans.)
  template <class Write>
  char* span(span_reader& reader, Write write_span) noexcept {
    const std::size_t skipped = reader.head().has_cuts ? 0 : 1;
    keys_.begin(defaults_ + skipped, default_count_ + 1 - skipped);
    repeats_ = false;
    marked_ = false;
    char* const at = write_span();
    if (!repeats_) return at;
    keys_.mark(reader);
    marked_ = true;
    return write_span();
  }

  /// The span's own attributes; `write(r, at)` for each.
  template <class Write>
  char* attributes(span_reader& reader, char* at, Write write) noexcept {
    reader.rewind();
    std::uint32_t skip = 0;
    std::uint32_t names = 0;
    std::uint32_t messages = 0;
    for (record_view r; reader.next(r);) {
      if (skip != 0) {
        --skip;
      } else if (!r.has(record::element)) {
        at = attribute(r, 0, at, write);
        if (at == nullptr) return nullptr;
      } else if (r.type() == orcast::detail::record_event) {
        skip = r.event.named + r.event.attributes;
      } else if (r.type() == orcast::detail::record_name) {
        ++names;
      } else if (r.type() == orcast::detail::record_status_message) {
        ++messages;
      }
    }
    if (!marked_ && (names > 1 || messages > 1)) {
      repeats_ = true;
      return nullptr;
    }
    return at;
  }

  /// `write(event, number, at)` for each event; `number` counts from 1. It reads the event's name,
  /// when it has one, and then its attributes.
  template <class Write>
  char* events(span_reader& reader, char* at, Write write) noexcept {
    reader.rewind();
    std::uint32_t number = 0;
    for (record_view r; reader.next(r);) {
      if (r.type() != orcast::detail::record_event) continue;
      const orcast::detail::event_payload event = r.event;
      at = write(event, ++number, at);
      if (at == nullptr) return nullptr;
    }
    return at;
  }

  /// The attributes of the event that was just met; `write(r, at)` for each.
  template <class Write>
  char* event_attributes(span_reader& reader, std::uint32_t count, std::uint32_t number, char* at,
                         Write write) noexcept {
    record_view r;
    for (std::uint32_t i = 0; at != nullptr && i < count && reader.next(r); ++i) {
      at = attribute(r, number, at, write);
    }
    return at;
  }

  /// Whether openrouter.truncated belongs to the span; known after attributes().
  bool has_cut_keys(const span_reader& reader) const noexcept {
    return reader.head().has_cuts && (defaults_[0].bits & record::dead) == 0;
  }
  /// `write(name, at)` for each key whose value recording had to shorten.
  template <class Write>
  char* cut_keys(span_reader& reader, char* at, Write write) noexcept {
    const record* owner = nullptr;  // of the value that comes next
    const record* named = nullptr;  // a list is named once, however many of its elements are cut
    reader.rewind();
    for (record_view r; at != nullptr && reader.next(r);) {
      if (!r.has(record::element)) {
        owner = r.raw;
      } else if (r.type() >= orcast::detail::record_name) {
        owner = nullptr;  // the span's or an event's own text
      }
      if (!r.has(record::cut) || owner == nullptr || owner == named) continue;
      if ((owner->bits & record::dead) != 0) continue;
      named = owner;
      key_room room;
      at = write(key_name(*owner, room), at);
    }
    return at;
  }

  /// The record of a type that counts, with text in it.
  static bool find(span_reader& reader, std::uint32_t type, record_view& out) noexcept {
    reader.rewind();
    while (reader.next(out)) {
      if (out.type() == type && out.has(record::element) && !out.has(record::dead)) {
        return out.text_size != 0;
      }
    }
    return false;
  }

 private:
  template <class Write>
  char* attribute(const record_view& r, std::uint32_t scope, char* at, Write& write) noexcept {
    if (!marked_ && !keys_.note(r.raw, scope)) {
      repeats_ = true;
      return nullptr;
    }
    return r.has(record::dead) ? at : write(r, at);
  }

  bool repeats_ = false;
  bool marked_ = false;
  std::size_t default_count_ = 0;
  record defaults_[most_defaults + 1];  // the first one stands for openrouter.truncated
  unique_keys keys_;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/json_encoder.hpp ----

// Turns finished spans into an OTLP/HTTP JSON request (ExportTraceServiceRequest), straight from
// the tracer's blocks into memory that the owner gives. What does not depend on a span is rendered
// once; after that nothing allocates. One thread at a time uses an encoder.

namespace orcast {
inline namespace v0 {
namespace otlp {

class json_encoder {
 public:
  /// `memory` belongs to the owner and outlives the encoder. What the request needs around its
  /// spans is envelope_bytes(); with less than that no span ever fits.
  json_encoder(const encoder_options& options, char* memory, std::size_t size);
  json_encoder(const json_encoder&) = delete;
  json_encoder& operator=(const json_encoder&) = delete;

  /// Forgets the spans.
  void begin() noexcept;

  /// Appends a span. False, and nothing appended, when it does not fit.
  bool add(const orcast::detail::span_ring& ring, orcast::detail::block_index span) noexcept;

  std::uint32_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// Size of the request as it stands, in bytes.
  std::size_t size() const noexcept { return offset() + tail.size(); }
  std::size_t envelope_bytes() const noexcept { return head_.size() + tail.size(); }

  /// The whole request; valid until the next begin() or add().
  std::string_view finish() noexcept;

  /// Where the last span ends, for slice().
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - memory_); }

  /// A request of some of the spans: those between two readings of offset().
  request_pieces slice(std::size_t from, std::size_t to) const noexcept;

 private:
  static constexpr std::string_view tail = "]}]}]}";

  /// An attribute that a span has by default, as a record, so that it takes part in the rule that
  /// the last one of a key counts.
  struct default_attribute {
    std::string json;  // all of it
    key_text key{nullptr, 0, {0, 0}};
  };

  // Each writes at `at` and returns the new end, or null when the span does not fit.
  char* write_span(span_reader& reader, char* at) noexcept;
  char* write_name(span_reader& reader, char* at) noexcept;
  char* write_attributes(span_reader& reader, char* at) noexcept;
  char* write_attribute(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_value(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_text(span_reader& reader, char* at) noexcept;
  char* write_decimal(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_array(span_reader& reader, const record_view& r, char* at) noexcept;
  char* write_cut_keys(span_reader& reader, char* at) noexcept;
  char* write_events(span_reader& reader, char* at) noexcept;
  char* write_event(span_reader& reader, const orcast::detail::event_payload& event,
                    std::uint32_t number, char* at) noexcept;
  char* write_status(span_reader& reader, char* at) noexcept;

  bool has_room(const char* at, std::size_t size) const noexcept {
    return static_cast<std::size_t>(end_ - at) >= size;
  }

  char* memory_;
  char* at_;
  char* end_;  // of what spans may fill
  std::uint32_t count_ = 0;
  bool int_as_number_;
  std::string head_;
  std::vector<default_attribute> defaults_;
  detail::span_walk walk_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/protobuf_encoder.hpp ----

// Turns finished spans into an ExportTraceServiceRequest in protobuf's wire format
// (opentelemetry/proto/trace/v1/trace.proto): the same spans as json_encoder writes, in about half
// the bytes. Straight from the tracer's blocks into memory that the owner gives; after it was made
// nothing allocates. One thread at a time uses an encoder.

namespace orcast {
inline namespace v0 {
namespace otlp {

class protobuf_encoder {
 public:
  /// `memory` belongs to the owner and outlives the encoder. What the request needs around its
  /// spans is envelope_bytes(); with less than that no span ever fits. At most 256 MiB are used.
  protobuf_encoder(const encoder_options& options, char* memory, std::size_t size);
  protobuf_encoder(const protobuf_encoder&) = delete;
  protobuf_encoder& operator=(const protobuf_encoder&) = delete;

  /// Forgets the spans.
  void begin() noexcept;

  /// Appends a span. False, and nothing appended, when it does not fit.
  bool add(const orcast::detail::span_ring& ring, orcast::detail::block_index span) noexcept;

  std::uint32_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  std::size_t envelope_bytes() const noexcept { return head_.size(); }

  /// The whole request; valid until the next begin() or add().
  std::string_view finish() noexcept;

  /// Where the last span ends, for slice(). The whole request is that long.
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - memory_); }

  /// A request of some of the spans: those between two readings of offset(). Valid until the next
  /// slice().
  request_pieces slice(std::size_t from, std::size_t to) noexcept;

 private:
  // Each writes at `at` and returns the new end, or null when the span does not fit.
  char* write_span(span_reader& reader, char* at) noexcept;
  char* write_name(span_reader& reader, std::size_t size, char tag, char* at) noexcept;
  char* write_attributes(span_reader& reader, char* at) noexcept;
  char* write_attribute(span_reader& reader, const record_view& r, char tag, char* at) noexcept;
  template <class Head>
  char* write_value(span_reader& reader, const record_view& r, const Head& head, char* at) noexcept;
  template <class Head>
  char* write_double(double value, const Head& head, char* at) noexcept;
  template <class Head>
  char* write_string(span_reader& reader, std::string_view gathered, std::size_t size,
                     const Head& head, char* at) noexcept;
  char* write_text_field(span_reader& reader, std::size_t size, char tag, char* at) noexcept;
  char* write_text(span_reader& reader, std::string_view gathered, char* at) noexcept;
  char* write_cut_keys(span_reader& reader, char* at) noexcept;
  char* write_event(span_reader& reader, const orcast::detail::event_payload& event,
                    std::uint32_t number, char* at) noexcept;
  char* write_status(span_reader& reader, char* at) noexcept;

  bool has_room(const char* at, std::size_t size) const noexcept {
    return static_cast<std::size_t>(end_ - at) >= size;
  }

  char* memory_;
  char* at_;
  char* end_;
  std::uint32_t count_ = 0;
  std::string head_;
  std::size_t scope_at_ = 0;  // in head_, of ScopeSpans' length

  struct default_attribute {
    std::string encoded;  // all of it
    std::string json;     // how walk_ knows its key
    key_text key{nullptr, 0, {0, 0}};
  };
  std::vector<default_attribute> defaults_;
  detail::span_walk walk_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/batch_encoder.hpp ----

// The encoder of the format that the options name.

namespace orcast {
inline namespace v0 {
namespace otlp {

class batch_encoder {
 public:
  batch_encoder(const encoder_options& options, char* memory, std::size_t size) {
    if (options.format == format::protobuf) {
      either_.emplace<protobuf_encoder>(options, memory, size);
    } else {
      either_.emplace<json_encoder>(options, memory, size);
    }
  }

  otlp::format format() const noexcept {
    return json() != nullptr ? otlp::format::json : otlp::format::protobuf;
  }

  void begin() noexcept { json() != nullptr ? json()->begin() : protobuf()->begin(); }
  bool add(const orcast::detail::span_ring& ring, orcast::detail::block_index span) noexcept {
    return json() != nullptr ? json()->add(ring, span) : protobuf()->add(ring, span);
  }
  std::uint32_t count() const noexcept {
    return json() != nullptr ? json()->count() : protobuf()->count();
  }
  bool empty() const noexcept { return count() == 0; }
  std::size_t envelope_bytes() const noexcept {
    return json() != nullptr ? json()->envelope_bytes() : protobuf()->envelope_bytes();
  }
  std::size_t offset() const noexcept {
    return json() != nullptr ? json()->offset() : protobuf()->offset();
  }
  request_pieces slice(std::size_t from, std::size_t to) noexcept {
    return json() != nullptr ? json()->slice(from, to) : protobuf()->slice(from, to);
  }

 private:
  json_encoder* json() noexcept { return std::get_if<json_encoder>(&either_); }
  const json_encoder* json() const noexcept { return std::get_if<json_encoder>(&either_); }
  protobuf_encoder* protobuf() noexcept { return std::get_if<protobuf_encoder>(&either_); }
  const protobuf_encoder* protobuf() const noexcept {
    return std::get_if<protobuf_encoder>(&either_);
  }

  std::variant<std::monostate, json_encoder, protobuf_encoder> either_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/exporter.hpp ----

// Decides what to send to one destination, and when: collects spans into a batch, says when to post
// it, and draws the conclusions from each answer by the rules of OTLP. A state machine without I/O
// and without a clock; the owner brings time, spans and answers. One thread at a time uses it.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct exporter_options {
  std::uint32_t batch_spans = 512;  ///< a batch is also full when its memory is
  std::int64_t delay_ms = 1000;     ///< how long a batch that has begun may wait to be filled

  // Of requests that got no answer, 429, 502, 503 or 504:
  int max_attempts = 5;
  std::int64_t initial_ms = 1000;  ///< of the first wait, all of which is random ("full jitter")
  double factor = 2.0;
  std::int64_t max_ms = 30'000;     ///< of our own waits; a Retry-After may be longer
  std::int64_t total_ms = 300'000;  ///< from the first attempt until spans are given up
};

class exporter {
 public:
  /// `memory` holds the batch in its encoded form; it belongs to the owner, see json_encoder
  /// and protobuf_encoder.
  exporter(const exporter_options& options, const encoder_options& encoding, char* memory,
           std::size_t size, random_state random);

  enum class offer_result : unsigned char {
    taken,      ///< copied: the span's memory can be given back
    not_now,    ///< the batch is full or on its way: offer it again later
    too_large,  ///< it does not even fit into a batch of its own
  };
  offer_result offer(const orcast::detail::span_ring& ring, orcast::detail::block_index span,
                     std::int64_t now_ms) noexcept;

  /// Makes the current batch due at once.
  void hurry() noexcept { hurried_ = !encoder_.empty(); }

  struct step {
    bool post = false;          ///< post `body` now, and report what came of it
    std::int64_t until_ms = 0;  ///< else: nothing to do before this time
    request_pieces body;
  };
  static constexpr std::int64_t never = (std::numeric_limits<std::int64_t>::max)();
  step next(std::int64_t now_ms) noexcept;

  /// The ends that spans of the batch have reached.
  struct outcome {
    std::uint32_t exported = 0;
    std::uint32_t dropped = 0;
    drop_reason reason = drop_reason::rejected;
  };
  /// The answer to the last post. `retry_after_ms` is -1 where it named none; of `body` the
  /// beginning is enough.
  outcome answered(std::int64_t now_ms, int status, std::int64_t retry_after_ms,
                   std::string_view body);
  /// The last post got no answer.
  outcome failed(std::int64_t now_ms, const failure& why);

  /// True after a refusal that only other settings can change (401, 403, Arize's 500 with code 13):
  /// the batch is kept, and nothing is sent before retry_held().
  bool held() const noexcept { return state_ == state::held; }
  void retry_held() noexcept;

  bool in_flight() const noexcept { return state_ == state::in_flight; }
  bool accepts() const noexcept { return state_ == state::filling && !full_; }
  std::size_t envelope_bytes() const noexcept { return encoder_.envelope_bytes(); }
  otlp::format format() const noexcept { return encoder_.format(); }
  /// The number of the current batch; it goes up when all spans of a batch have reached their ends.
  std::uint64_t batch() const noexcept { return batch_; }
  /// Spans in the batch that have not.
  std::uint32_t pending() const noexcept { return encoder_.count() - settled_; }

  struct counters {
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;   ///< requests that had to be repeated
    std::uint64_t problems = 0;  ///< how often last_error() was set
  };
  const counters& counts() const noexcept { return counts_; }

  /// What came of the last post.
  struct reply {
    int status = 0;  ///< HTTP; 0: none came, and `failed` says why
    errc failed = errc::io;
    std::int64_t code = 0;   ///< of a google.rpc.Status
    bool from_otlp = false;  ///< the body is what OTLP says it must be
    std::string message;     ///< the service's words, or the failure's; one line
  };
  const reply& last_reply() const noexcept { return last_reply_; }
  /// What went wrong last, in one line without keys; empty when nothing has.
  const std::string& last_error() const noexcept { return last_error_; }

 private:
  enum class state : unsigned char { filling, in_flight, waiting, held };

  outcome retry(std::int64_t now_ms, std::int64_t retry_after_ms);
  outcome settle(std::uint32_t rejected, drop_reason reason) noexcept;
  export_answer read(int status, std::string_view body) const noexcept;
  void start_over() noexcept;
  void report(std::string_view what, std::string_view message);

  exporter_options options_;
  batch_encoder encoder_;
  random_state random_;
  state state_ = state::filling;
  std::uint64_t batch_ = 0;
  bool full_ = false;
  bool hurried_ = false;
  std::int64_t due_ms_ = 0;        // filling: when the batch goes; waiting: when to try again
  std::vector<std::size_t> ends_;  // of each span in the batch; in front of them its beginning
  std::uint32_t settled_ = 0;      // spans at the beginning of the batch that have reached an end
  std::uint32_t posted_ = 0;       // spans in the current post, behind those
  std::uint32_t most_ = 0;         // in a post; less than all after a 413
  int attempts_ = 0;               // of the current post
  std::int64_t first_attempt_ms_ = 0;
  counters counts_;
  std::string last_error_;
  reply last_reply_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/destination.hpp ----

// Where spans go, and the HTTP side of it: the one request that is used again for each batch, and
// the sink of its answer. span_exporter brings it together with an exporter and a transport.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct destination {
  std::string url;  ///< used as it stands, for example https://otlp.arize.com/v1/traces
  bool allow_insecure_http = false;  ///< plain http to other machines than this one

  /// Appends header lines, with the keys among them, each time a batch is posted. So a key may be
  /// fetched, renewed or taken away while the program runs; mark lines with keys `sensitive`.
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

  void begin() noexcept {
    status_ = 0;
    retry_after_ms_ = -1;
    size_ = 0;
    outcome_ = {};
    over_.store(false, std::memory_order_relaxed);
  }

  void head(const http::response_head& head) noexcept override {
    status_ = head.status;
    const std::string_view wait = head.find("retry-after");
    constexpr std::int64_t second_ns = 1'000'000'000;
    if (!wait.empty()) {
      retry_after_ms_ = http::parse_retry_after(wait, host_.wall_ns() / second_ns);
    }
  }
  http::flow data(std::string_view bytes) noexcept override {
    size_ += bytes.copy(body_.get() + size_, most_bytes - size_);
    return http::flow::go;
  }
  void done(result<void> outcome) noexcept override {
    outcome_ = std::move(outcome);
    over_.store(true, std::memory_order_release);  // pairs with over()
  }

  bool over() const noexcept { return over_.load(std::memory_order_acquire); }
  int status() const noexcept { return status_; }
  std::int64_t retry_after_ms() const noexcept { return retry_after_ms_; }
  std::string_view body() const noexcept { return {body_.get(), size_}; }
  const result<void>& outcome() const noexcept { return outcome_; }

  /// Overwrites each copy of `secret` that a service may have put into its answer.
  void mask(std::string_view secret) noexcept {
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
  delivery(const destination& to, const host& from)
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
    request_.body.reserve(3);
  }
  ~delivery() { forget_headers(); }
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;

  void prepare(const request_pieces& body) {
    request_.headers.push_back({"content-type", std::string(content_type(format_))});
    request_.headers.push_back({"user-agent", std::string("orcast/") + version});
    if (append_headers_ != nullptr) append_headers_(headers_context_, request_.headers);
    request_.body.assign(std::begin(body.part), std::end(body.part));
    if (compression_.compress != nullptr) compress();
    sink_.begin();
  }

  const http::request& request() const noexcept { return request_; }
  http::response_sink& sink() noexcept { return sink_; }
  bool over() const noexcept { return sink_.over(); }

  /// After over(): tells the exporter what came of its post.
  exporter::outcome conclude(exporter& to, std::int64_t now_ms) {
    for (const http::header& line : request_.headers) {
      if (!line.sensitive) continue;
      const std::string_view value(line.value);
      sink_.mask(value);
      sink_.mask(value.substr(value.find(' ') + 1));  // behind "Bearer "
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
  void compress() {
    compressed_.clear();
    if (!compression_.compress(request_.body.data(), request_.body.size(), compressed_)) return;
    request_.body.assign(1, std::string_view(compressed_));
    request_.headers.push_back({"content-encoding", std::string(compression_.name)});
  }

  void forget_headers() noexcept {
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

// ---- orcast/otlp/shared_ends.hpp ----

// A span may go to several destinations, but it has one end in the tracer's accounts: it was
// exported when one of them took it, else it was dropped, for the reason that came first; and that
// counts when the last of them is done with it. The exporting thread only.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

class shared_ends {
 public:
  using ticket = std::uint32_t;

  explicit shared_ends(tracer& accounts) : tracer_(accounts) {}

  /// Room for so many spans that are under way at once.
  void reserve(std::size_t spans) {
    entries_.reserve(spans);
    for (auto i = static_cast<ticket>(entries_.size()); i < spans; ++i) {
      entries_.push_back({free_, 0, false, drop_reason::rejected});
      free_ = i;
    }
  }

  /// A span that so many destinations (at least one) will report an end of.
  ticket begin(std::uint16_t destinations) noexcept {
    ORCAST_ASSERT(free_ != none);
    const ticket made = free_;
    free_ = entries_[made].next_free;
    entries_[made] = {none, destinations, false, drop_reason::rejected};
    return made;
  }

  void exported(ticket of) noexcept {
    entries_[of].exported = true;
    settle(of, entries_[of].reason);
  }
  void dropped(ticket of, drop_reason why) noexcept { settle(of, why); }

 private:
  static constexpr ticket none = 0xffffffff;

  struct entry {
    ticket next_free;
    std::uint16_t left;  // destinations; its highest bit: a reason is known
    bool exported;
    drop_reason reason;
  };
  static constexpr std::uint16_t has_reason = 0x8000;

  void settle(ticket of, drop_reason why) noexcept {
    entry& at = entries_[of];
    if (!at.exported && (at.left & has_reason) == 0) {
      at.reason = why;
      at.left |= has_reason;
    }
    if ((--at.left & (has_reason - 1)) != 0) return;
    if (at.exported) {
      tracer_.exported(1);
    } else {
      tracer_.dropped(at.reason);
    }
    at.next_free = free_;
    free_ = of;
  }

  tracer& tracer_;
  std::vector<entry> entries_;
  ticket free_ = none;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/route.hpp ----

// The way to one destination under one set of settings: the memory of its batch, its exporter, its
// exchanges and its accounts. span_exporter has one for each destination, and for a while one more
// for a destination whose settings have changed: what ended before goes out as it was recorded for.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct export_status {
  bool held = false;          ///< refused: nothing is sent before retry_held()
  std::uint32_t pending = 0;  ///< spans in the current batch
  std::uint32_t waiting = 0;  ///< spans that wait for room in a batch
  std::uint64_t exported = 0;
  std::array<std::uint64_t, drop_reasons> dropped{};  ///< by reason, of this destination alone
  exporter::counters counts;
  std::string last_error;  ///< one line, without keys; empty when nothing went wrong yet
  exporter::reply last_reply;

  std::uint64_t dropped_by(drop_reason reason) const noexcept {
    return dropped[static_cast<std::size_t>(reason)];
  }
};

namespace detail {

class route {
 public:
  static constexpr std::int64_t always = (std::numeric_limits<std::int64_t>::max)();

  /// Fails with invalid_argument.
  static result<std::unique_ptr<route>> make(tracer& from, destination to, shared_ends& ends);

  route(const route&) = delete;
  route& operator=(const route&) = delete;

  otlp::exporter& exporter() noexcept { return exporter_; }
  const otlp::exporter& exporter() const noexcept { return exporter_; }

  /// Encodes a span, without what this destination does not get; with `taken` its ticket is kept.
  exporter::offer_result offer(const orcast::detail::span_ring& ring,
                               orcast::detail::block_index span, shared_ends::ticket of,
                               std::int64_t now_ms) noexcept;
  /// A span never gets into a batch.
  void drop(shared_ends::ticket of, drop_reason why) noexcept {
    ++dropped_[static_cast<std::size_t>(why)];
    ends_.dropped(of, why);
  }

  /// Makes the request ready that `step` asks for.
  void prepare(const exporter::step& step) { delivery_->prepare(step.body); }
  const http::request& request() const noexcept { return delivery_->request(); }
  http::response_sink& sink() noexcept { return delivery_->sink(); }
  /// Draws the conclusions when the answer has come.
  void settle(std::int64_t now_ms);
  bool over() const noexcept { return delivery_->over(); }

  /// Other settings for what has been refused: it goes out by them.
  void redirect(const destination& to, const host& from) {
    delivery_ = std::make_unique<delivery>(to, from);
    exporter_.retry_held();
  }

  /// The end: what is in the batch is dropped.
  void abandon(drop_reason why) noexcept;

  export_status status() const;
  /// Spans in the batch that have not reached their end.
  std::size_t pending() const noexcept { return tickets_.size() - settled_; }
  std::size_t batch_spans() const noexcept { return batch_spans_; }

  // What span_exporter keeps for it:
  std::uint32_t bit = 0;     ///< in the masks of spans that wait
  std::size_t slot = 0;      ///< the destination's number
  std::uint64_t cursor = 0;  ///< the next span that waits, to look at
  http::exchange_id exchange = 0;
  std::uint64_t last_batch = 0;        ///< of a flush
  bool reached = false;                ///< by a flush: last_batch is known
  std::int64_t from_ns = 0;            ///< only spans that ended then or later
  std::int64_t until_ns = always;      ///< only spans that ended before; `always`: not retired
  std::array<std::size_t, 64> mark{};  ///< where the queues were when it was retired

 private:
  struct memory_deleter {
    host from;
    std::size_t size = 0;
    void operator()(char* memory) const noexcept { from.give_back(memory, size, page_bytes); }
  };
  using batch_memory = std::unique_ptr<char, memory_deleter>;

  route(destination&& to, const host& from, batch_memory memory, random_state random,
        shared_ends& ends);

  void mark_content(const orcast::detail::span_ring& ring, orcast::detail::block_index span,
                    bool hidden) const noexcept;

  shared_ends& ends_;
  batch_memory memory_;
  otlp::exporter exporter_;
  std::unique_ptr<delivery> delivery_;
  bool (*leaves_out_)(std::string_view key) noexcept;
  bool leaves_out_words_;
  std::size_t batch_spans_;
  std::vector<shared_ends::ticket> tickets_;  // of the spans in the batch, in their order
  std::size_t settled_ = 0;                   // of them
  std::uint64_t exported_ = 0;
  std::array<std::uint64_t, drop_reasons> dropped_{};
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/span_exporter.hpp ----

// Brings the finished spans of a tracer to one destination or to several. Without threads of its
// own: the host calls pump() once per frame, or hands it to a flush_thread. Each span that it takes
// is accounted for in the tracer: exported, or dropped for a reason.
//
// A span stays in the tracer's memory until each destination has encoded it. So a destination that
// does not answer lets spans wait for it, in at most half of that memory while others go on; then
// it loses the oldest.
//
// All functions: one thread at a time, the same one where the transport is polled. Called from
// inside a callback of its own (a header provider, a transport's sink) they do nothing. In a child
// of fork() they do nothing either: the spans, and the connections, are the parent's.

namespace orcast {
inline namespace v0 {
namespace otlp {

class span_exporter {
 public:
  static constexpr std::size_t most_destinations = 8;

  /// Takes all memory that it will use. `from` outlives the exporter. Fails with invalid_argument.
  static result<std::unique_ptr<span_exporter>> make(tracer& from, http::any_transport transport,
                                                     destination to);
  /// The same for several; the index in the list is a destination's number.
  static result<std::unique_ptr<span_exporter>> make(tracer& from, http::any_transport transport,
                                                     std::vector<destination> to);

  /// Shuts down without waiting, if that has not happened; then waits until the transport has let
  /// go of a request that is under way (100 ms for one that keeps its promise).
  ~span_exporter();
  span_exporter(const span_exporter&) = delete;
  span_exporter& operator=(const span_exporter&) = delete;

  /// Does what there is to do, in at most `budget_ns` and the time of encoding one span; never
  /// waits. True when there were more spans than time.
  bool pump(std::int64_t budget_ns = 200'000);

  /// Sends what had ended before the call and waits for the answers, at most `timeout_ms`. True
  /// when each of those spans has reached its end; false when time ran out, or when waiting would
  /// not help (refused, or told to come back later than that).
  bool flush(std::int64_t timeout_ms);

  /// flush(), but what could not be sent in time is cancelled and dropped, and so is all that comes
  /// later. The first call counts. True when nothing had to be dropped for want of time.
  bool shutdown(std::int64_t timeout_ms);

  /// Call it when keys or settings have changed after a refusal.
  void retry_held() noexcept;

  /// Other settings for a destination, or one more (`number` is then destinations()). What ended
  /// before still goes out by the old ones, unless those have been refused: then this is their
  /// correction, and what is held goes out by the new ones. Fails with invalid_argument, or with
  /// busy while too many earlier settings are still in use; nothing has changed then. `since_ns` is
  /// a reading of the tracer's steady clock for "before"; 0: now.
  result<void> replace(std::size_t number, destination to, std::int64_t since_ns = 0);

  /// A destination that is to get nothing more: what ended before still goes out, what it refused
  /// is dropped. Its number may be used again.
  void retire(std::size_t number, std::int64_t since_ns = 0);

  std::size_t destinations() const noexcept { return gone_.size(); }
  /// Of all destinations together.
  export_status status() const;
  /// Of one destination, under all settings that it has had.
  export_status status(std::size_t number) const;

 private:
  friend class flush_thread;

  /// How a thread of its own posts: it may wait for the answer.
  using perform_function =
      function_ref<void(http::any_transport&, const http::request&, http::response_sink&)>;

  struct progress {
    std::uint32_t taken = 0;
    bool more = false;         // the deadline came first
    std::int64_t next_ms = 0;  // when an exporter has something to do by itself
  };

  /// A span that at least one route has not encoded yet.
  struct waiting_span {
    orcast::detail::block_index block;
    detail::shared_ends::ticket ticket;
    std::uint32_t routes;  // a bit for each that it is for
  };

  /// Marks the time of a call, so that a nested one can see it.
  class call_scope {
   public:
    explicit call_scope(bool& busy) noexcept : busy_(busy) { busy_ = true; }
    ~call_scope() { busy_ = false; }
    call_scope(const call_scope&) = delete;
    call_scope& operator=(const call_scope&) = delete;

   private:
    bool& busy_;
  };

  span_exporter(tracer& from, http::any_transport transport);

  bool usable() const noexcept { return !busy_ && !closed_ && !in_child(); }
  bool in_child() const noexcept { return process_id() != process_; }
  std::int64_t now_ns() const noexcept { return tracer_.host().steady_ns(); }
  std::int64_t now_ms() const noexcept { return now_ns() / 1'000'000; }

  result<void> add(std::size_t number, destination to);
  detail::route* current(std::size_t number) const noexcept;
  void mark_queues(std::array<std::size_t, 64>& mark) const noexcept;
  bool passed(const std::array<std::size_t, 64>& mark) const noexcept;
  void remove_finished();

  progress round(std::int64_t deadline_ns, perform_function* perform);
  void collect(std::int64_t deadline_ns, progress& so_far);
  bool catch_up(detail::route& way, std::int64_t deadline_ns, progress& so_far);
  bool wants_more() const noexcept;
  bool take_next();
  void admit(orcast::detail::block_index taken);
  bool awaits_settings() const noexcept {
    // Acquire: pairs with expect_change(), whose caller may have recorded what is taken here.
    return awaits_settings_.load(std::memory_order_acquire);
  }
  void expect_change(std::int64_t since_ns) noexcept;
  void expect_no_change() noexcept;
  static std::int64_t ended_ns(const orcast::detail::span_head& head) noexcept {
    return head.start_steady_ns + head.duration_ns;
  }
  std::uint32_t routes_for(const orcast::detail::span_head& head) const noexcept;
  waiting_span& waiting(std::uint64_t number) noexcept {
    return waiting_[static_cast<std::size_t>(number) & (waiting_.size() - 1)];
  }
  void forget_front() noexcept;
  void make_room() noexcept;
  void post(perform_function* perform, progress& so_far);
  bool in_flight() const noexcept;
  void begin_flush() noexcept;
  bool flushed() noexcept;
  bool flush_until(std::int64_t deadline_ns);
  void wait(std::int64_t until_ns);
  void close(std::int64_t deadline_ns);

  tracer& tracer_;
  detail::shared_ends ends_;
  std::vector<std::unique_ptr<detail::route>> routes_;  // the retired ones first
  std::vector<export_status> gone_;  // what finished routes have counted, by destination
  std::uint32_t free_bits_ = 0xffffffff;

  std::vector<waiting_span> waiting_;  // a ring; its size is a power of two
  std::uint64_t first_waiting_ = 0;    // the numbers in it
  std::uint64_t next_waiting_ = 0;
  std::uint32_t waiting_blocks_ = 0;

  // A flush thread carries a change of settings out a little after it was asked for: what ended
  // since then waits for that. Whoever sets the flag has written the time before; it stays while
  // the flag is set.
  std::atomic<bool> awaits_settings_{false};
  std::int64_t settings_since_ns_ = 0;
  std::vector<orcast::detail::block_index> postponed_;

  bool busy_ = false;
  bool closed_ = false;

  // A flush is over when the queues, and what waits behind them, have passed where they were at its
  // beginning, and the batches that were current then are done with.
  std::array<std::size_t, 64> mark_{};
  std::uint64_t flush_to_ = 0;
  bool flushing_ = false;
  bool passed_ = false;

  const long process_ = process_id();
  http::exchange_control pause_;  // nobody resumes it: it serves to wait a little
  // The last member: its destructor waits for the exchanges that use the others.
  std::unique_ptr<http::any_transport> transport_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/broadcast.hpp ----

// The one object that a program makes to have its OpenRouter calls in Arize: it owns the tracer,
// the exporter and, unless the host drives it, the flush thread. What records gets a `recording`
// from it: the client in its options, a foreign client through instrument(transport, recording).
//
//   auto made = broadcast::start({broadcast_settings::from_environment()}, transport);
//   options.record = (*made)->recording();

namespace orcast {
inline namespace v0 {

namespace otlp {
class flush_thread;
}

struct broadcast_options {
  /// Of the first destination. What is recorded at all (companions and the like) goes by these.
  broadcast_settings settings;
  /// Of further destinations, seven at most, each with a name of its own. Each has its own privacy
  /// mode, headers, batches and accounts; a span is recorded once.
  std::vector<broadcast_settings> also;
  /// All that recording and exporting will use: spans, ring and the body in flight, in bytes; 64
  /// KiB to 64 MiB.
  std::size_t memory_bytes = std::size_t{4} << 20;
  /// False: the host calls pump() each frame; there is no thread then.
  bool own_thread = true;
  when_full full = when_full::drop_newest;
  std::uint32_t max_value_bytes = 64 * 1024;
  std::uint32_t max_span_bytes = 256 * 1024;
  bool wipe = false;  ///< overwrite text in memory once it has been sent
  otlp::exporter_options exporting;
  std::int64_t timeout_ms = 10'000;  ///< of one export
  orcast::host host;
};

class broadcast {
 public:
  /// Checks the settings, takes the memory, starts the thread. Settings that are not enabled give a
  /// broadcast that records nothing and needs no transport. Fails with invalid_argument, naming the
  /// field; or with unsupported, when the thread can't be started.
  static ORCAST_DECL result<std::unique_ptr<broadcast>> start(broadcast_options options,
                                                              http::any_transport transport);

  /// Shuts down within two seconds, if shutdown() was not called. What records with this broadcast
  /// has gone before it.
  ORCAST_DECL ~broadcast();
  broadcast(const broadcast&) = delete;
  broadcast& operator=(const broadcast&) = delete;

  /// For client_options.record and instrument(). Any thread. When every destination is in privacy
  /// mode, what it records has no content.
  /// `api_key_label` is the program's own name for the OpenRouter key in use: destinations may be
  /// set to want the calls under some keys only. Labels are compared when this is called.
  orcast::recording recording(std::string_view api_key_label = {}) const noexcept;

  /// For spans of the host's own; null when not enabled. Any thread.
  tracer* traces() const noexcept { return traces_.get(); }

  /// Any thread: which frame the game is in, so that spans say in which one they began, spoke first
  /// and ended. Once per frame; 0 stops it.
  void frame(std::uint32_t number) noexcept { frames_.set(number); }

  /// Any thread: stops and resumes recording; what is held is still exported.
  ORCAST_DECL void enable(bool on) noexcept;

  /// Without own_thread: once per frame, always on the same thread. Never waits; takes at most
  /// about `budget_ns` and the encoding of one span. True when there was more to do.
  ORCAST_DECL bool pump(std::int64_t budget_ns = 200'000);

  /// Sends what has ended so far and waits at most `timeout_ms`; true when all of it has reached
  /// its end. With own_thread from any thread, else from the one that pumps.
  ORCAST_DECL bool flush(std::int64_t timeout_ms);

  /// The same and the end: what could not be sent is dropped and counted, and nothing is recorded
  /// any more. Returns by its deadline.
  ORCAST_DECL bool shutdown(std::int64_t timeout_ms);

  /// Other settings for the destination of that name, or one more; with enabled = false it gets
  /// nothing more. Any thread, or without own_thread the one that pumps. Spans that ended before
  /// still go out by the old settings, unless those had been refused: what is held then goes out by
  /// the new ones. A recording that was handed out while no destination wanted content goes on
  /// without it. Fails with invalid_argument, naming the field, or with busy while spans are still
  /// being sent by too many earlier settings; nothing has changed then.
  ORCAST_DECL result<void> change(broadcast_settings settings);

  /// Sends again what a destination has refused, for example when Test Connection has passed since.
  /// Thread as for change().
  ORCAST_DECL void retry();

  /// Any thread: what became of the spans.
  ORCAST_DECL trace_stats stats() const noexcept;

  /// What the exporter ran into last. With own_thread from any thread, else from the one that
  /// pumps.
  ORCAST_DECL otlp::export_status status() const;
  /// Of the destination of that name alone.
  ORCAST_DECL otlp::export_status status(std::string_view destination) const;
  /// The names of all destinations that there are or were. Any thread.
  ORCAST_DECL std::vector<std::string> destinations() const;

 private:
  struct thread_deleter {
    void operator()(otlp::flush_thread* thread) const noexcept;
  };

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  explicit broadcast(broadcast_settings settings) : settings_(std::move(settings)) {}

  result<void> adopt(broadcast_options& options);
  otlp::destination destination_for(const broadcast_settings& settings) const;
  std::size_t find(std::string_view name) const noexcept;
  std::uint8_t left_out_by_label(std::string_view label) const noexcept;
  void share_out() noexcept;

  broadcast_settings settings_;  // what is recorded
  // What is sent, by the exporter's numbers; old settings stay for what still goes out by them.
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<const broadcast_settings>> current_;
  std::vector<std::unique_ptr<const broadcast_settings>> earlier_;
  /// Whether content is recorded: once it is, it may be in memory for as long as spans are.
  std::atomic<bool> in_full_{false};
  otlp::exporter_options exporting_;
  std::size_t batch_bytes_ = 0;
  std::int64_t timeout_ms_ = 0;
  frame_counter frames_;
  std::unique_ptr<tracer> traces_;
  std::unique_ptr<otlp::span_exporter> exporter_;
  std::unique_ptr<otlp::flush_thread, thread_deleter> thread_;  // null: the host pumps
};

inline recording broadcast::recording(std::string_view api_key_label) const noexcept {
  orcast::recording where;
  where.traces = traces_.get();
  where.privacy = !in_full_.load(std::memory_order_relaxed);  // a flag by itself
  where.companions = settings_.companions;
  where.left_out = left_out_by_label(api_key_label);
  where.vectors = settings_.vectors;
  where.hide = settings_.hide;
  where.redact = settings_.redact;
  where.users = settings_.users;
  where.users.key = settings_.user_key.reveal();
  where.server = settings_.server;
  where.frames = &frames_;
  return where;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/connection_test.hpp ----

// Test Connection: sends one real span to a destination, by the very way that a broadcast sends,
// and explains what came of it.
//
//   const connection_report seen = test_connection(settings, std::move(transport));   // waits
//
//   connection_test test(settings, std::move(transport));                             // or
//   each frame:  if (test.poll()) show(test.report().explanation);

namespace orcast {
inline namespace v0 {

enum class connection_verdict : unsigned char {
  pending,       ///< no answer yet
  accepted,      ///< taken; `explanation` says why that is no proof, and how to look
  bad_settings,  ///< nothing was sent: a field is wrong
  refused,       ///< the key, the space, the project or the region
  wrong_path,    ///< there is a service, but spans don't go there
  not_otlp,      ///< whatever answered is no OTLP endpoint: a web page, a login, a proxy
  busy,          ///< too many requests, or overloaded: try again
  failing,       ///< the service itself has trouble
  unreachable,   ///< no connection, or no answer in time
  tls,           ///< no trust: certificate, handshake, or nothing to check it against
};

constexpr std::string_view to_string(connection_verdict verdict) noexcept {
  constexpr std::string_view names[] = {"pending",     "accepted", "bad_settings", "refused",
                                        "wrong_path",  "not_otlp", "busy",         "failing",
                                        "unreachable", "tls"};
  return names[static_cast<std::size_t>(verdict)];
}

struct connection_report {
  connection_verdict verdict = connection_verdict::pending;
  int http_status = 0;      ///< 0 where no answer came
  std::string url;          ///< where the span was posted
  std::string trace_id;     ///< of the span, 32 hexadecimal digits: to look for it
  std::string answer;       ///< the service's own words, one line; empty where it had none
  std::string explanation;  ///< for people: what happened and what to do; one line, without keys

  bool passed() const noexcept { return verdict == connection_verdict::accepted; }
};

class connection_test {
 public:
  static constexpr std::string_view span_name = "orcast connection test";

  /// Sends nothing yet. `host` as for a broadcast.
  ORCAST_DECL connection_test(const broadcast_settings& settings, http::any_transport transport,
                              const orcast::host& host = {}, std::int64_t timeout_ms = 10'000);
  ORCAST_DECL connection_test(connection_test&&) noexcept;
  ORCAST_DECL connection_test& operator=(connection_test&&) noexcept;
  ORCAST_DECL ~connection_test();

  /// Once a frame, on one thread: goes on with it, without waiting. True when report() is complete.
  ORCAST_DECL bool poll();

  /// Waits for the answer. On the thread that polls.
  ORCAST_DECL const connection_report& wait();

  ORCAST_DECL const connection_report& report() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Tests and waits. Any thread, as far as the transport allows it.
ORCAST_DECL connection_report test_connection(const broadcast_settings& settings,
                                              http::any_transport transport,
                                              const orcast::host& host = {},
                                              std::int64_t timeout_ms = 10'000);

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/content_keys.hpp ----

// Which attributes are content, by their names: what privacy mode keeps from a destination while
// another one gets everything. Where no destination gets content, none is recorded in the first
// place (trace/content_recorder.hpp); this also covers what a program sets by hand.

namespace orcast {
inline namespace v0 {

/// Prompts, answers, tools' arguments and results, templates, documents, what is embedded - and
/// their types and roles, which say nothing without them. Ids, names, models, counts, costs, times,
/// session, user and metadata are none.
constexpr bool is_content(std::string_view key) noexcept {
  constexpr std::string_view beginnings[] = {"input.",
                                             "output.",
                                             "llm.input_messages",
                                             "llm.output_messages",
                                             "llm.prompts",
                                             "llm.choices",
                                             "llm.prompt_template.",
                                             "llm.tools",
                                             "llm.function_call",
                                             "tool.description",
                                             "tool.parameters",
                                             "tool.json_schema",
                                             "message.",
                                             "message_content.",
                                             "tool_call.",
                                             "audio.",
                                             "image.",
                                             "video.",
                                             "document.",
                                             "retrieval.documents",
                                             "reranker.query",
                                             "reranker.input_documents",
                                             "reranker.output_documents",
                                             "embedding.embeddings",
                                             "embedding.text",
                                             "embedding.vector",
                                             "prompt.text",
                                             "completion.text",
                                             "gen_ai.input.",
                                             "gen_ai.output.messages",
                                             "gen_ai.system_instructions",
                                             "gen_ai.prompt",
                                             "gen_ai.completion",
                                             "gen_ai.request.stop_sequences",
                                             "gen_ai.tool.description",
                                             "gen_ai.tool.definitions",
                                             "gen_ai.tool.call.arguments",
                                             "gen_ai.tool.call.result"};
  for (const std::string_view each : beginnings) {
    if (key.substr(0, each.size()) == each) return true;
  }
  constexpr std::string_view judged = ".explanation";  // it may quote what it judges
  return key.size() > judged.size() && key.substr(key.size() - judged.size()) == judged;
}

/// The same, and what may quote content when it was recorded for somebody who gets all of it:
/// parameters with free text in them, and the words of errors.
constexpr bool is_or_quotes_content(std::string_view key) noexcept {
  return is_content(key) || key == "llm.invocation_parameters" ||
         key == "embedding.invocation_parameters" || key == "exception.message" ||
         key == "exception.stacktrace";
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/environment.hpp ----

// Everything about a broadcast that the process environment can say: Arize's own variables, and
// OpenTelemetry's by the rules of its specification.
//
//   ARIZE_*   the first destination, as broadcast_settings::from_environment() has it
//   OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT, _HEADERS, _PROTOCOL, _TIMEOUT
//             a destination called "otel", if an endpoint is named; alone or besides Arize. Arize's
//             keys never go to it.
//   OTEL_TRACES_EXPORTER            none: no destination from OTEL_* variables
//   OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES                      of all destinations
//   OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_SDK_DISABLED  of all destinations
//   OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_MAX_EXPORT_BATCH_SIZE          how batches are made
//   OTEL_[SPAN_]ATTRIBUTE_VALUE_LENGTH_LIMIT                         counted in bytes here
//
// With OTEL_CONFIG_FILE the specification wants the other OTEL_* variables to be ignored. What a
// program sets in the options afterwards counts before all of them.

namespace orcast {
inline namespace v0 {

/// A variable that can't be read is not used; `complaints`, when given, then gets a sentence that
/// names it and never its value. Not while another thread changes the environment.
ORCAST_DECL broadcast_options options_from_environment(std::string* complaints = nullptr);

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/instrument.hpp ----

// Broadcast without a change to the host's code: a transport that records every chat completion
// which passes through it and is otherwise the transport it wraps. Bytes, order, status and timing
// stay as they are; an exchange that already has an observation, or is no chat completion, is
// passed on untouched.
//
//   auto recorded = instrument(my_transport, my_broadcast.recording());   // borrows my_transport

namespace orcast {
inline namespace v0 {

namespace detail {

/// Feeds an observation and the host's sink with the same response.
class recording_sink : public http::response_sink {
 public:
  recording_sink(const recording& where, http::response_sink& to) : seen_(where), to_(to) {}

  bool begin(const http::request& what) {
    request_ = &what;
    return seen_.begin_raw(what.method, what.url, what.body, what.headers);
  }

  void head(const http::response_head& head) noexcept override {
    seen_.head(head);
    to_.head(head);
  }
  http::flow data(std::string_view bytes) noexcept override {
    seen_.data(bytes);
    return to_.data(bytes);
  }
  void done(result<void> outcome) noexcept override {
    static_cast<void>(seen_.done(outcome, request_));
    to_.done(std::move(outcome));
  }

 protected:
  ~recording_sink() = default;
  http::response_sink& host_sink() noexcept { return to_; }

 private:
  observation seen_;
  http::response_sink& to_;
  const http::request* request_ = nullptr;  // lives until done()
};

class recording_sink_here final : public recording_sink {
 public:
  using recording_sink::recording_sink;
};

/// Lives from start() to done(), and then goes by itself.
class recording_sink_apart final : public recording_sink {
 public:
  using recording_sink::recording_sink;
  void done(result<void> outcome) noexcept override {
    const std::unique_ptr<recording_sink_apart> last(this);
    recording_sink::done(std::move(outcome));
  }
};

}  // namespace detail

/// `Transport` is a type, which is then owned, or a reference to one, which is borrowed.
template <class Transport, http::tier = http::tier_of<std::remove_reference_t<Transport>>>
class instrumented;

template <class Transport>
class instrumented<Transport, http::tier::blocking> {
 public:
  instrumented(Transport&& transport, const recording& where)
      : transport_(std::forward<Transport>(transport)), where_(where) {}

  void perform(const http::request& what, http::response_sink& sink,
               http::exchange_control& control) {
    if (where_.traces == nullptr || what.attached != nullptr) {
      transport_.perform(what, sink, control);
      return;
    }
    detail::recording_sink_here recorder(where_, sink);
    http::response_sink& taker = recorder.begin(what) ? recorder : sink;
    transport_.perform(what, taker, control);
  }

 private:
  Transport transport_;
  recording where_;
};

template <class Transport>
class instrumented<Transport, http::tier::asynchronous> {
 public:
  instrumented(Transport&& transport, const recording& where)
      : transport_(std::forward<Transport>(transport)), where_(where) {}

  http::exchange_id start(const http::request& what, http::response_sink& sink) {
    if (where_.traces == nullptr || what.attached != nullptr) return transport_.start(what, sink);
    auto recorder = std::make_unique<detail::recording_sink_apart>(where_, sink);
    if (!recorder->begin(what)) return transport_.start(what, sink);
    return transport_.start(what, *recorder.release());  // done() deletes it
  }
  void cancel(http::exchange_id id) { transport_.cancel(id); }
  void resume(http::exchange_id id) { transport_.resume(id); }

 protected:
  Transport transport_;

 private:
  recording where_;
};

template <class Transport>
class instrumented<Transport, http::tier::polled>
    : public instrumented<Transport, http::tier::asynchronous> {
 public:
  using instrumented<Transport, http::tier::asynchronous>::instrumented;
  void poll(std::int64_t wait_ms) { this->transport_.poll(wait_ms); }
};

/// Wraps a transport of any tier: an lvalue is borrowed, an rvalue moved in.
template <class Transport>
instrumented<Transport> instrument(Transport&& transport, const recording& where) {
  http::require_transport<std::remove_reference_t<Transport>>();
  return instrumented<Transport>(std::forward<Transport>(transport), where);
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/settings_file.hpp ----

// Settings as a JSON file: where each destination's spans go, and the keys that clients then need
// not hold. The members have the names of broadcast_settings' own, or those that the services use
// ("Api Key", "apiKey", "Space ID", "Project Name"): case, blanks, "-" and "_" don't count.
//
//   {"openrouter_api_key": "sk-or-...",
//    "destinations": [{"name": "arize", "api_key": "ak-...", "space_key": "U3BhY2U6...",
//                      "model_id": "harbour", "privacy_mode": true, "sampling_rate": 0.5},
//                     {"name": "phoenix", "kind": "phoenix", "base_url": "http://127.0.0.1:6006",
//                      "model_id": "harbour", "headers": {"x-team": "npc"}}]}
//
// A file with one destination may leave the list out and have the destination's members itself.

namespace orcast {
inline namespace v0 {

struct settings_file {
  secret openrouter_api_key;
  std::vector<broadcast_settings> destinations;
};

/// Fails with invalid_argument, naming the member that is wrong; a member that is not a setting is
/// wrong too, since it is a slip of the pen most of the time. No failure repeats a value. Whether
/// the settings themselves make sense is validate()'s to say.
ORCAST_DECL result<settings_file> parse_settings(std::string_view json);

/// The same as a file of at most 1 MiB. Fails with errc::io as well.
ORCAST_DECL result<settings_file> read_settings(const std::string& path);

/// The text of such a file, keys included. What only a program can give (header_provider) is left
/// out.
ORCAST_DECL std::string settings_json(const settings_file& settings);

/// Replaces the file as a whole, by one that only its owner may read.
ORCAST_DECL result<void> write_settings(const std::string& path, const settings_file& settings);

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/settings_draft.hpp ----

// Settings being edited, in the order that OpenRouter's own page enforces: enable, edit, Test
// Connection, save. What has not passed its test as it stands is not saved unless told to.
//
//   auto draft = settings_draft::open("settings.json");
//   draft->settings().destinations[0].api_key = secret(typed);
//   const connection_report& seen = draft->test(0, std::move(transport));
//   if (seen.passed()) draft->save();
//
// One thread uses it.

namespace orcast {
inline namespace v0 {

class settings_draft {
 public:
  /// Reads the file; one that is not there yet gives a draft without destinations. Fails as
  /// read_settings() does.
  static ORCAST_DECL result<settings_draft> open(std::string path);

  /// To be edited freely: which of them passed their test is told by what they say.
  settings_file& settings() noexcept { return settings_; }
  const settings_file& settings() const noexcept { return settings_; }

  /// Tests a destination as it stands, and waits. A transport that is lent is needed until the test
  /// is over, and no longer.
  ORCAST_DECL const connection_report& test(std::size_t destination, http::any_transport transport);

  /// The same without waiting: begin_test(), then poll_test() each frame until it is true, then
  /// report().
  ORCAST_DECL void begin_test(std::size_t destination, http::any_transport transport);
  ORCAST_DECL bool poll_test();
  /// Of the test that was begun last.
  ORCAST_DECL const connection_report& report() const noexcept;

  /// Whether the destination, exactly as it stands, has passed a test of this draft.
  ORCAST_DECL bool tested(std::size_t destination) const;

  /// Writes the file. Fails with invalid_argument, naming the destination, when one that is enabled
  /// has not been tested as it stands; `untested` waives that, but not that settings be valid.
  ORCAST_DECL result<void> save(bool untested = false) const;

 private:
  using fingerprint = std::array<unsigned char, 32>;

  settings_draft(std::string path, settings_file settings)
      : path_(std::move(path)), settings_(std::move(settings)) {}

  static fingerprint fingerprint_of(const broadcast_settings& settings);
  void note_result();

  std::string path_;
  settings_file settings_;
  std::unique_ptr<connection_test> running_;
  fingerprint under_test_{};
  connection_report last_;
  std::vector<fingerprint> passed_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/fake_reply.hpp ----

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

// ---- orcast/http/fake_transport.hpp ----

// A transport without a network, for tests: ours and those of the programs that use orcast. Answers
// are scripted, requests are recorded, and nothing happens except where the test makes it happen.
// It comes in all three tiers: fake_transport (polled), fake_async_transport and
// fake_blocking_transport. It watches that its user keeps the contract: see violations().

namespace orcast {
inline namespace v0 {
namespace http {

/// A request as it was sent, its body in one piece.
struct recorded_request {
  exchange_id id = 0;
  std::string method;
  std::string url;
  std::vector<header> headers;
  std::string body;

  /// The value of the first header of that name, or an empty view.
  std::string_view find(std::string_view name) const noexcept;
};

namespace detail {

class fake_exchange;

/// What the tiers have in common: the script, the record, and who is on the way.
class fake_base {
 public:
  /// Answers the next request that has no answer yet; requests take replies in order of start().
  void reply(fake_reply next);
  /// Answers every request for which no reply() is left. Without it they fail with errc::connect.
  void otherwise(fake_reply always);

  /// All requests so far, in the order of their start().
  std::vector<recorded_request> requests() const;
  /// Sentences about what a user of this transport did against the contract; empty is good.
  std::vector<std::string> violations() const;
  std::size_t in_flight() const;

  /// Passes one hold() of an exchange. One that comes before the hold is reached is remembered.
  void release(exchange_id id);
  /// The same for every exchange in flight.
  void release_all();

 protected:
  fake_base();
  ~fake_base();
  fake_base(const fake_base&) = delete;
  fake_base& operator=(const fake_base&) = delete;

  std::shared_ptr<fake_exchange> open(const request& what, response_sink& sink);
  std::shared_ptr<fake_exchange> find(exchange_id id) const;
  /// Takes it out of those in flight, and tells its sink.
  void close(const std::shared_ptr<fake_exchange>& exchange);
  void note(std::string violation);

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<fake_exchange>> live_;

 private:
  std::vector<fake_reply> replies_;  // the next one first
  std::unique_ptr<fake_reply> otherwise_;
  std::vector<recorded_request> requests_;
  std::vector<std::string> violations_;
};

}  // namespace detail

/// The polled tier. Each poll() takes every exchange as far as its script, its sink and the test
/// let it go, in order of start(); between polls nothing happens. Script, record, cancel() and
/// resume() may be used from any thread, and from inside sinks.
class fake_transport : public detail::fake_base {
 public:
  exchange_id start(const request& what, response_sink& sink);
  void cancel(exchange_id id);
  void resume(exchange_id id);
  void poll(std::int64_t wait_ms);

 private:
  bool polling_ = false;
};

/// The asynchronous tier: sinks are called by whoever calls deliver(), on the thread of that call.
class fake_async_transport : private fake_transport {
 public:
  using fake_base::in_flight;
  using fake_base::otherwise;
  using fake_base::release;
  using fake_base::release_all;
  using fake_base::reply;
  using fake_base::requests;
  using fake_base::violations;
  using fake_transport::cancel;
  using fake_transport::resume;
  using fake_transport::start;

  void deliver() { poll(0); }
};

/// The blocking tier: perform() returns when the script is through, and waits in its holds.
class fake_blocking_transport : public detail::fake_base {
 public:
  void perform(const request& what, response_sink& sink, exchange_control& control);
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/account.hpp ----

// The account that pays, and the key that is used: what is left, and until when. Amounts are US
// dollars as decimal text, so that nothing is rounded.

namespace orcast {
inline namespace v0 {

struct credits {
  std::string total_credits;  ///< bought
  std::string total_usage;    ///< used; the difference is left
};

/// Needs a management key; with another one it fails with errc::permission_denied.
struct credits_query {
  using reply = credits;
  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<credits> parse(std::string_view body);
};

struct key_info {
  std::string label;            ///< shows a few of the key's characters
  std::string limit;            ///< empty: none
  std::string limit_remaining;  ///< empty: no limit
  std::string limit_reset;      ///< "daily", "weekly", "monthly"; empty: never
  std::string usage;
  std::string usage_daily;
  std::string usage_weekly;
  std::string usage_monthly;
  std::string byok_usage;  ///< with keys of one's own at providers
  std::string expires_at;  ///< "2027-12-31T23:59:59Z"; empty: never
  bool is_free_tier = false;
  bool is_management_key = false;
  json_text json;  ///< the whole object
};

/// About the key that the client uses.
struct key_query {
  using reply = key_info;
  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<key_info> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/call_handle.hpp ----

// What the handles of calls under way have in common: call (chat completions) and api_call (the
// rest). Their bodies are with those of the client.

namespace orcast {
inline namespace v0 {

/// Where a call is, as the last tick() has seen it.
enum class call_state : unsigned char {
  none,       ///< the handle is empty
  waiting,    ///< nothing of the answer has arrived
  streaming,  ///< pieces arrive
  done,
};

namespace detail {
struct call_entry;
}

/// What the handles of calls have in common. Move-only; destroying one cancels its call, and its
/// handler hears nothing more. It may outlive its client. The thread of the client only; the
/// functions that return something need a handle that is not empty, except state().
class call_handle {
 public:
  ORCAST_DECL call_state state() const noexcept;
  /// Ok while it is under way or has succeeded; the failure once it has failed.
  ORCAST_DECL result<void> outcome() const;
  /// From start() to the end; -1 before it.
  ORCAST_DECL double latency_ms() const noexcept;
  /// How many times it has been sent, retries included; 0 for a call that was refused at once, or
  /// waits for its turn.
  ORCAST_DECL int attempts() const noexcept;
  /// The call's span, for children (tools that answer it).
  ORCAST_DECL span_context context() const noexcept;

  /// The call ends as cancelled at the next tick(), whatever the network does, also when its answer
  /// arrived in between; the exchange is interrupted within 100 ms. A call that is done stays as it
  /// is.
  ORCAST_DECL void cancel() noexcept;

  explicit operator bool() const noexcept { return entry_ != nullptr; }

 protected:
  call_handle() = default;
  ORCAST_DECL explicit call_handle(std::shared_ptr<detail::call_entry> entry) noexcept;
  ORCAST_DECL call_handle(call_handle&& other) noexcept;
  ORCAST_DECL call_handle& operator=(call_handle&& other) noexcept;
  ORCAST_DECL ~call_handle();

  std::shared_ptr<detail::call_entry> entry_;

 private:
  void abandon() noexcept;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/api_call.hpp ----

// A call to any endpoint but chat completions that client::start() began.

namespace orcast {
inline namespace v0 {

/// Hears about one such call; when and where is as with call_handler. on_data() comes only for a
/// request with `stream` set.
class api_handler : public byte_listener {
 public:
  /// The last word on the call, once. The reply may be moved from.
  virtual void on_done(result<void> outcome, api_reply& reply) noexcept {
    static_cast<void>(outcome);
    static_cast<void>(reply);
  }

 protected:
  ~api_handler() = default;
};

class api_call : public call_handle {
 public:
  api_call() = default;

  /// The reply once state() is done; null before.
  ORCAST_DECL const api_reply* reply() const noexcept;

 private:
  friend class client;
  explicit api_call(std::shared_ptr<detail::call_entry> entry) noexcept
      : call_handle(std::move(entry)) {}
};

}  // namespace v0
}  // namespace orcast

// The bodies are with those of the client.

// ---- orcast/openrouter/call.hpp ----

// One call that client::start() began, in two ways: a handler hears about it in tick(), or the game
// looks at the handle each frame. Both see the same, at the same time.

namespace orcast {
inline namespace v0 {

/// Hears about one call, in tick(), on the thread that ticks; from there it may use the client,
/// destroy its call, even destroy the client. It must live until on_done() or until its call has
/// been destroyed. Pieces that arrived between two ticks come as one.
///
/// With call_context::on_arrival it hears each piece and the end at once instead, on whichever
/// thread the transport has (that of tick() with a polled one; a call that is cancelled or refused
/// ends in tick()). It may then use neither client nor call, and must be quick: the exchange waits
/// for it, and so does whoever destroys the call. tick() is still what sends, and sends again.
class call_handler : public delta_listener {
 public:
  /// The last word on the call, once. With a failure `reply` holds what arrived; it may be moved
  /// from.
  virtual void on_done(result<void> outcome, chat_reply& reply) noexcept {
    static_cast<void>(outcome);
    static_cast<void>(reply);
  }

 protected:
  ~call_handler() = default;
};

/// A chat completion under way.
class call : public call_handle {
 public:
  call() = default;

  /// The text so far; valid until the next tick().
  ORCAST_DECL std::string_view text() const noexcept;
  /// The whole reply once state() is done, with a failure what arrived of it; null before.
  ORCAST_DECL const chat_reply* reply() const noexcept;
  /// From start() to the first content, reasoning or tool delta; -1 before it.
  ORCAST_DECL double time_to_first_token_ms() const noexcept;

 private:
  friend class client;
  explicit call(std::shared_ptr<detail::call_entry> entry) noexcept
      : call_handle(std::move(entry)) {}
};

}  // namespace v0
}  // namespace orcast

// The bodies are with those of the client.

// ---- orcast/openrouter/client.hpp ----

// The client for OpenRouter. It uses whatever transport the host gives it and never blocks a frame:
// start() returns at once, and what arrives is delivered by tick(), on the host's thread, within
// the host's budget.
//
//   auto made = client::make(std::move(options), http::any_transport(transport));
//   call talk = made->start(std::move(request), &handler);
//   each frame:  made->tick(200'000 /* ns */);
//
// Calls and client may go in any order: what is still under way is cancelled. A transport that is
// lent rather than given (any_transport::own) outlives the client's last use.

namespace orcast {
inline namespace v0 {

struct client_options {
  secret api_key;  ///< empty: OPENROUTER_API_KEY from the environment
  /// Asked for the key before each call instead, so that a game need not contain one. Any thread.
  secret (*key_provider)(void* context) = nullptr;
  void* key_context = nullptr;

  std::string base_url;  ///< empty: OPENROUTER_BASE_URL, else https://openrouter.ai/api/v1
  bool allow_insecure_http = false;  ///< also to other machines; the key then travels in the clear
  std::string app_url;               ///< HTTP-Referer: identifies the app at OpenRouter
  std::string app_title;             ///< X-OpenRouter-Title
  /// X-OpenRouter-Categories: at most two, "game", "roleplay", ...
  std::vector<std::string> app_categories;
  bool routing_metadata = false;        ///< ask for openrouter_metadata with each answer
  std::optional<response_cache> cache;  ///< nothing: as the account has it
  /// Added to the head of every request; a value that is `sensitive` is treated like the key.
  std::vector<http::header> headers;

  /// total_ms covers a call with all its attempts and the waits between them.
  http::timeouts timeouts;
  http::response_limits response;
  reply_limits reply;
  std::size_t max_request_bytes = std::size_t{64} << 20;  ///< of a request's text and files
  /// Only what fails before the first delta is tried again.
  http::retry_policy retry;
  std::size_t max_calls = 256;  ///< of start(), not yet done; more are refused with errc::busy
  /// How many of them are sent at a time; the others wait for their turn, by call_priority, and of
  /// one priority the sessions take turns. 0: as many as the transport carries, which is the
  /// threads of a blocking one, and else no limit. (chat() and call() are not counted.)
  std::size_t max_concurrent = 0;

  recording record;  ///< from broadcast::recording(); default: nothing is recorded
};

namespace detail {
class client_core;
}

/// Thread rules: make, start, tick and destroy on one thread (the game's). What waits for its
/// answer (chat, chat_stream, call, call_stream) on that thread too, or, where the transport is not
/// a polled one, on any, also several at once.
class client {
 public:
  /// Validates the options and reads the environment. Fails with invalid_argument, saying what to
  /// set. A missing key is not refused here: each call then fails with errc::authentication.
  static ORCAST_DECL result<client> make(client_options options, http::any_transport transport);

  ORCAST_DECL client(client&&) noexcept;
  ORCAST_DECL client& operator=(client&&) noexcept;
  /// Ends what is under way as shut_down; no handler is called any more. Waits until the transport
  /// has let go, which takes it 100 ms at most.
  ORCAST_DECL ~client();

  /// Sends and waits for the whole reply. Retries by the policy, waiting on this thread.
  ORCAST_DECL result<chat_reply> chat(chat_request request, const call_context& context = {});

  /// Sends, hands on the pieces as they arrive (on this thread), and returns the whole reply. The
  /// listener does not use this client.
  ORCAST_DECL result<chat_reply> chat_stream(chat_request request, delta_listener& pieces,
                                             const call_context& context = {});

  /// Begins a streamed call and returns at once. Even a refused request gives a call, whose
  /// failure the next tick() delivers. `handler` may be null.
  ORCAST_DECL orcast::call start(chat_request request, call_handler* handler = nullptr,
                                 const call_context& context = {});

  /// The same for a reply in one piece, as response-healing and some models demand: its handler
  /// hears on_done() alone. Such a call can't be stopped at OpenRouter: a cancel saves no money.
  ORCAST_DECL orcast::call start_whole(chat_request request, call_handler* handler = nullptr,
                                       const call_context& context = {});

  /// Any other endpoint, in the same three ways: call({"GET", "/models"}). The answer is in one
  /// piece; embeddings are recorded as a span.
  ORCAST_DECL result<api_reply> call(api_request request, const call_context& context = {});
  /// Hands on the answer's body as it arrives, on this thread, and keeps none of it.
  ORCAST_DECL result<api_reply> call_stream(api_request request, byte_listener& pieces,
                                            const call_context& context = {});
  ORCAST_DECL api_call start(api_request request, api_handler* handler = nullptr,
                             const call_context& context = {});

  /// What an endpoint with a type of its own answers, waiting for it: ask(models_query{}), of
  /// models.hpp, generation.hpp, account.hpp, providers.hpp, embeddings.hpp. Without waiting:
  /// start(*query.request()), and Query::parse(reply()->body) when it is done.
  template <class Query>
  result<typename Query::reply> ask(const Query& query, const call_context& context = {}) {
    result<api_request> request = query.request();
    if (!request) return request.error();
    const result<api_reply> answer = call(std::move(*request), context);
    if (!answer) return answer.error();
    return Query::parse(answer->body);
  }

  /// Delivers what has arrived, drives a polled transport, starts due retries. Once per frame.
  /// Uses at most about `budget_ns` of its own time and at most one handler call beyond that;
  /// 0 delivers everything there is. Calls take turns. Does nothing from inside a handler.
  ORCAST_DECL void tick(std::int64_t budget_ns = 200'000);

  /// Where this client records its calls; for spans that belong to them.
  ORCAST_DECL const recording& record() const noexcept;

  /// Calls of start() that are not done, as tick() has seen it.
  ORCAST_DECL std::size_t in_flight() const noexcept;
  /// Those of them that wait for their turn.
  ORCAST_DECL std::size_t in_line() const noexcept;

 private:
  explicit client(std::shared_ptr<detail::client_core> core) noexcept;

  // Shared with a tick() that is under way, so that a handler may destroy the client.
  std::shared_ptr<detail::client_core> core_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/embeddings.hpp ----

// Texts as vectors, for search by meaning: which of an NPC's memories, which line of the lore is
// near to what the player said.
//
//   embeddings_query query;
//   query.model = "openai/text-embedding-3-small";
//   query.input = {"Where is the key?", "The harbour master has it."};
//   auto made = talker.ask(query);
//   double alike = cosine(made->vectors[0], made->vectors[1]);

namespace orcast {
inline namespace v0 {

struct embeddings {
  std::vector<std::vector<float>> vectors;  ///< in the order of the input
  std::string id;
  std::string model;
  std::string provider;
  token_usage usage;
};

struct embeddings_query {
  using reply = embeddings;

  std::string model;
  std::vector<std::string> input;
  json_text input_json;  ///< instead of `input`: tokens, or content with images
  std::optional<std::int64_t> dimensions;
  std::string input_type;  ///< "query", "document", where a model tells them apart
  json_text provider;      ///< an object: preferences, as of a chat request
  std::string user;
  json_text extra;  ///< an object whose members are added to the body
  /// Vectors travel as base64, which is smaller and quicker to read, and exact. False for a model
  /// that does not know it.
  bool base64 = true;

  /// Fails with invalid_argument where there is no input, or a member is not UTF-8 or not JSON.
  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<embeddings> parse(std::string_view body);
};

/// How alike two vectors are: 1 for the same direction, 0 for nothing in common. 0 too where they
/// differ in length or one has none.
ORCAST_DECL double cosine(const std::vector<float>& a, const std::vector<float>& b) noexcept;

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/generation.hpp ----

// What became of a call, asked for afterwards by its generation's id (chat_reply::id): above all
// what a stream cost that was cancelled or cut, and that therefore never told.

namespace orcast {
inline namespace v0 {

/// The facts of one generation. Prices are US dollars as decimal text; what OpenRouter did not tell
/// is empty.
struct generation {
  std::string id;
  std::string model;
  std::string provider;
  std::string created_at;  ///< "2026-01-31T12:00:00Z"
  std::string finish_reason;
  std::string native_finish_reason;
  std::string session_id;
  std::string user;        ///< external_user
  std::string total_cost;  ///< what the account was charged
  std::string upstream_cost;
  std::string cache_discount;
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> completion_tokens;
  std::optional<std::int64_t> native_prompt_tokens;  ///< as the provider counts, and charges
  std::optional<std::int64_t> native_completion_tokens;
  std::optional<std::int64_t> native_reasoning_tokens;
  std::optional<std::int64_t> native_cached_tokens;
  std::optional<double> latency_ms;          ///< to the first token
  std::optional<double> generation_time_ms;  ///< of the whole answer
  std::optional<bool> streamed;
  std::optional<bool> cancelled;
  std::optional<bool> is_byok;
  json_text json;  ///< the whole object, with the responses of each provider that was tried
};

/// The facts are there some seconds after the answer. Until then OpenRouter says "not found", and
/// the request is repeated; after the last attempt that is the failure: errc::not_found.
struct generation_query {
  using reply = generation;

  std::string id;
  int attempts = 6;            ///< at most; with the waits below, over about 12 seconds
  std::int64_t wait_ms = 500;  ///< before the second attempt, twice as long before each next one,
  std::int64_t longest_wait_ms = 4'000;  ///< and at most that

  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<generation> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/mock_reply.hpp ----

// Answers as OpenRouter gives them, for the fake transports of orcast/http/fake_transport.hpp: what
// a program needs to test its own use of models, without a network, a key or a sleep.
//
//   http::fake_transport net;                       // or the blocking or asynchronous one
//   net.reply(mock_reply("").tool("look_up_ship", R"({"ship":"Heron"})").streamed());
//   net.reply(mock_reply("At the east pier.").streamed());
//   net.reply(mock_reply("At the ").then_error(502, "The provider went away").streamed());
//   net.reply(mock_reply::error(429, "Slow down", 7));
//
// Which request meets which reply is the order of the requests; net.requests() has what was sent.

namespace orcast {
inline namespace v0 {

/// Equal scripts give equal bytes.
class mock_reply {
 public:
  explicit mock_reply(std::string text) : text_(std::move(text)) {}

  /// An error in OpenRouter's envelope, before anything of an answer. `retry_after_s` becomes the
  /// header Retry-After; -1: no such header.
  static ORCAST_DECL http::fake_reply error(int status, std::string_view message,
                                            int retry_after_s = -1);

  mock_reply& reasoning(std::string text) {
    reasoning_ = std::move(text);
    return *this;
  }
  /// The model asks for a tool; once for each call.
  mock_reply& tool(std::string name, json_text arguments) {
    tool_calls_.push_back({"call_" + std::to_string(tool_calls_.size() + 1),
                           std::move(name),
                           std::move(arguments),
                           {}});
    return *this;
  }
  mock_reply& model(std::string slug) {
    model_ = std::move(slug);
    return *this;
  }
  /// "stop", or "tool_calls" where there are some, unless you say otherwise.
  mock_reply& finish_reason(std::string why) {
    finish_reason_ = std::move(why);
    return *this;
  }
  /// `cost` is decimal text, in US dollars.
  mock_reply& usage(std::int64_t prompt_tokens, std::int64_t completion_tokens,
                    std::string cost = "0.0001") {
    prompt_tokens_ = prompt_tokens;
    completion_tokens_ = completion_tokens;
    cost_ = std::move(cost);
    return *this;
  }

  // Faults, each instead of the answer's proper end:

  /// The connection breaks after the text.
  mock_reply& then_cut() { return end_with(ending::cut); }
  /// The stream goes silent after the text; only a cancel ends it.
  mock_reply& then_silence() { return end_with(ending::silence); }
  /// The provider fails in mid-stream, or, in one piece, in the middle of its answer.
  mock_reply& then_error(int code, std::string message) {
    error_code_ = code;
    error_message_ = std::move(message);
    return end_with(ending::error);
  }

  /// Each word an event and a packet of its own, all at once.
  http::fake_reply streamed() const { return stream(false); }
  /// Each word in a poll of its own: with fake_transport one for each client::tick().
  http::fake_reply word_by_word() const { return stream(true); }
  /// The answer to a request that is not streamed.
  ORCAST_DECL http::fake_reply whole() const;

 private:
  enum class ending : unsigned char { proper, cut, silence, error };

  mock_reply& end_with(ending how) {
    ending_ = how;
    return *this;
  }
  ORCAST_DECL http::fake_reply stream(bool paced) const;
  ORCAST_DECL void end(http::fake_reply& reply, std::string_view rest) const;
  ORCAST_DECL std::string chunk(std::string_view delta, std::string_view finish) const;
  ORCAST_DECL std::string tool_calls_json() const;
  ORCAST_DECL std::string usage_json() const;
  ORCAST_DECL std::string error_json() const;
  ORCAST_DECL std::string_view why() const noexcept;

  std::string text_;
  std::string reasoning_;
  std::vector<tool_call> tool_calls_;
  std::string model_ = "openai/gpt-4o-mini";
  std::string finish_reason_;
  std::int64_t prompt_tokens_ = 10;
  std::int64_t completion_tokens_ = 5;
  std::string cost_ = "0.0001";
  ending ending_ = ending::proper;
  int error_code_ = 502;
  std::string error_message_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/models.hpp ----

// The models that OpenRouter offers, filtered and page by page:
//
//   models_query cheap;
//   cheap.category = "roleplay";
//   cheap.sort = "pricing-low-to-high";
//   auto page = talker.ask(cheap);                       // waits; or talker.start(cheap.request())
//   for (const model_info& each : page->models) ...
//   if (!page->next.empty()) talker.ask(page->next_query());
//
// Who offers one of them is in model_endpoints.hpp.

namespace orcast {
inline namespace v0 {

/// US dollars a token (or a request, an image, a search), as the decimal text that OpenRouter
/// sends; empty where it names no price.
struct model_pricing {
  std::string prompt;
  std::string completion;
  std::string request;
  std::string image;
  std::string audio;
  std::string web_search;
  std::string internal_reasoning;
  std::string input_cache_read;
  std::string input_cache_write;
};

struct model_info {
  std::string id;              ///< what a request names: "author/name[:variant]"
  std::string canonical_slug;  ///< the same model for ever, where `id` may move on
  std::string name;
  std::string description;
  std::int64_t created = 0;  ///< seconds since 1970
  std::optional<std::int64_t> context_length;
  std::optional<std::int64_t> max_completion_tokens;
  std::vector<std::string> input_modalities;   ///< text, image, audio, file, video
  std::vector<std::string> output_modalities;  ///< text, image, audio, embeddings
  std::vector<std::string> supported_parameters;
  std::string tokenizer;
  model_pricing pricing;
  std::string expiration_date;  ///< "2027-01-31", for a model that will be gone
  bool is_moderated = false;
  json_text json;  ///< the whole object, for what has no place above

  /// Whether a request's member counts: "tools", "reasoning", "response_format".
  bool supports(std::string_view parameter) const noexcept {
    for (const std::string& each : supported_parameters) {
      if (each == parameter) return true;
    }
    return false;
  }
};

struct models_query;

struct model_page {
  std::vector<model_info> models;
  std::int64_t total_count = 0;
  std::string next;  ///< the path of the next page; empty on the last one

  models_query next_query() const;
};

/// What is not set filters nothing.
struct models_query {
  using reply = model_page;

  std::string text;      ///< in name or slug
  std::string category;  ///< "roleplay", "programming", "translation", ...
  std::vector<std::string> supported_parameters;
  std::vector<std::string> input_modalities;
  std::vector<std::string> output_modalities;  ///< nothing: those with text; "all" for all
  std::vector<std::string> authors;
  std::vector<std::string> providers;
  std::string region;                      ///< "eu" or "us"
  std::string sort;                        ///< "pricing-low-to-high", "context-high-to-low", ...
  std::optional<std::int64_t> context;     ///< tokens, at least
  std::optional<double> max_price;         ///< of the prompt, US dollars a million tokens
  std::optional<double> max_output_price;  ///< of the completion, likewise
  bool zero_data_retention = false;        ///< only models with endpoints that keep nothing
  std::optional<std::int64_t> offset;      ///< how many to skip
  std::optional<std::int64_t> limit;       ///< of one page, 1 to 1000; nothing: all in one
  std::string extra;                       ///< further filters: "min_age_days=7&arch=Llama"
  /// Instead of "/models": "/models/user" (by the account's preferences), "/embeddings/models", or
  /// the next page's.
  std::string path = "/models";

  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<model_page> parse(std::string_view body);
};

inline models_query model_page::next_query() const {
  models_query query;
  query.path = next;
  return query;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/model_endpoints.hpp ----

// Who offers a model, at what price, and how well that works at present: what a game looks at
// before it writes `provider` preferences into its requests.

namespace orcast {
inline namespace v0 {

struct model_endpoint {
  std::string name;
  std::string provider;      ///< as replies name it: "Google AI Studio"
  std::string tag;           ///< as requests name it: "google-ai-studio"
  std::string quantization;  ///< "fp8", ...; empty where it is not known
  std::optional<std::int64_t> context_length;
  std::optional<std::int64_t> max_completion_tokens;
  std::optional<std::int64_t> max_prompt_tokens;
  std::vector<std::string> supported_parameters;
  model_pricing pricing;
  std::optional<double> uptime_last_30m;  ///< percent
  std::optional<double> latency_p50_s;    ///< of the last 30 minutes, to the first token
  std::optional<double> throughput_p50;   ///< of the last 30 minutes, tokens a second
  std::int64_t status = 0;                ///< below 0: degraded
  bool supports_implicit_caching = false;
  json_text json;  ///< the whole object
};

struct model_endpoints {
  std::string id;  ///< the model
  std::string name;
  std::vector<model_endpoint> endpoints;
};

struct model_endpoints_query {
  using reply = model_endpoints;

  std::string model;  ///< "author/name"

  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<model_endpoints> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/providers.hpp ----

// The companies that run models for OpenRouter, and what they promise.

namespace orcast {
inline namespace v0 {

struct provider_info {
  std::string name;                      ///< as replies name it
  std::string slug;                      ///< as requests name it, in `provider`
  std::string headquarters;              ///< a country: "US"
  std::vector<std::string> datacenters;  ///< countries
  std::string privacy_policy_url;
  std::string terms_of_service_url;
  std::string status_page_url;
};

struct providers_query {
  using reply = std::vector<provider_info>;
  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<std::vector<provider_info>> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/reply_details.hpp ----

// What a reply carries besides text, in types: images, sound, sources, reasoning, probabilities. A
// reply holds it as the JSON that came, so that it can be sent back unchanged; these functions read
// it when it is wanted. What is missing, null or of another kind than documented is left empty.

namespace orcast {
inline namespace v0 {

/// A place on the web that the answer draws on, or a document that was read for it.
struct annotation {
  std::string type;  ///< "url_citation", "file", or what is new
  std::string url;
  std::string title;
  std::string content;                      ///< of a page: an excerpt
  std::optional<std::int64_t> start_index;  ///< where in the text it is cited
  std::optional<std::int64_t> end_index;
  std::string file_hash;  ///< of a document
  std::string file_name;
  json_text file_content;  ///< an array of parts
  json_text json;          ///< the whole annotation
};

/// What the model said aloud.
struct audio_output {
  std::string id;
  std::string data;  ///< base64
  std::string transcript;
  std::optional<std::int64_t> expires_at;  ///< seconds since 1970
};

struct reasoning_detail {
  std::string type;  ///< "reasoning.text", "reasoning.summary", "reasoning.encrypted", ...
  std::string id;
  std::string format;
  std::optional<std::int64_t> index;
  std::string text;
  std::string signature;
  std::string summary;
  std::string data;
  std::string tool_name;  ///< of a tool that OpenRouter ran, as the following
  std::string arguments;
  std::string result;
  std::string tool_call_id;
  json_text json;  ///< the whole item
};

struct token_probability {
  std::string token;
  std::string bytes;  ///< its UTF-8, which may be a part of a character
  double logprob = 0;
  std::vector<token_probability> top;  ///< what else it might have been
};

/// The images of a message, each as the URL that came, mostly a data URL.
ORCAST_DECL std::vector<std::string> image_urls_of(const message& said);
ORCAST_DECL std::vector<annotation> annotations_of(const message& said);
ORCAST_DECL audio_output audio_of(const message& said);
ORCAST_DECL std::vector<reasoning_detail> reasoning_details_of(const message& said);
/// Of the tokens of the content.
ORCAST_DECL std::vector<token_probability> probabilities_of(const chat_choice& choice);

/// What a data URL holds: "data:image/png;base64,...".
struct data_url {
  std::string media_type;
  std::string bytes;
};
/// Fails with invalid_argument when it is not a data URL in base64.
ORCAST_DECL result<data_url> parse_data_url(std::string_view url);

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/tool_handler.hpp ----

// What a program implements so that a model can use its tools; tool_loop.hpp does the rest.

namespace orcast {
inline namespace v0 {

/// What a tool has to say: a result, an error that the model reads, or "not yet".
class tool_answer {
 public:
  enum class kind : unsigned char { result, error, later };

  /// The result, as text or JSON.
  tool_answer(std::string text) : text_(std::move(text)) {}
  tool_answer(const char* text) : text_(text) {}

  /// It did not work; `words` tell the model why, so that it can try otherwise.
  static tool_answer error(std::string words) { return {kind::error, std::move(words)}; }
  /// Ask again in the next tick: a tool that takes several frames.
  static tool_answer later() { return {kind::later, {}}; }

  kind what() const noexcept { return what_; }
  const std::string& text() const noexcept { return text_; }

 private:
  tool_answer(kind what, std::string text) : what_(what), text_(std::move(text)) {}

  kind what_ = kind::result;
  std::string text_;
};

enum class tool_approval : unsigned char {
  allow,
  refuse,  ///< the model is told that it may not
  wait,    ///< somebody is being asked: ask again in the next tick
};

/// Runs a model's tools, and hears its words as any listener does. Called on the thread that runs
/// the loop; it does not destroy the loop.
class tool_handler : public delta_listener {
 public:
  /// Runs the tool `asked.name` (one that the request has) or goes on with it: after later() the
  /// same call is brought again. All calls of one reply are under way at the same time.
  virtual tool_answer run(const tool_call& asked) noexcept = 0;

  /// Before a tool is run.
  virtual tool_approval approve(const tool_call& asked) noexcept {
    static_cast<void>(asked);
    return tool_approval::allow;
  }

  /// Asked before each step and while tools or (with tool_loop) a call are under way: true ends it
  /// all as cancelled.
  virtual bool cancelled() noexcept { return false; }

 protected:
  ~tool_handler() = default;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/tool_arguments.hpp ----

// The arguments of a tool call, by name and type. A model writes them, so anything may be missing
// or of another type: each getter then gives an empty value and notes what is wrong, and error()
// says all of it in words that the model can mend the call by:
//
//   tool_arguments given(asked);
//   const std::string ship = given.text("ship");
//   const std::int64_t berth = given.integer("berth", 1);   // 1 where there is none, or null
//   if (!given) return given.error();

namespace orcast {
inline namespace v0 {

/// Views and copies nothing of the call after it has been made. One thread at a time.
class tool_arguments {
 public:
  ORCAST_DECL explicit tool_arguments(const tool_call& asked);
  ORCAST_DECL ~tool_arguments();
  tool_arguments(const tool_arguments&) = delete;
  tool_arguments& operator=(const tool_arguments&) = delete;

  // What must be there, and with a second argument what may be left out.

  ORCAST_DECL std::string text(std::string_view name);
  ORCAST_DECL std::string text(std::string_view name, std::string_view otherwise);
  /// A whole number; 4.0 is one too.
  ORCAST_DECL std::int64_t integer(std::string_view name);
  ORCAST_DECL std::int64_t integer(std::string_view name, std::int64_t otherwise);
  ORCAST_DECL double number(std::string_view name);
  ORCAST_DECL double number(std::string_view name, double otherwise);
  ORCAST_DECL bool flag(std::string_view name);
  ORCAST_DECL bool flag(std::string_view name, bool otherwise);
  /// A value of any kind, as JSON text.
  ORCAST_DECL json_text json(std::string_view name);

  /// Whether there is such an argument, and it is not null.
  ORCAST_DECL bool has(std::string_view name) const;

  /// Notes that a value of the right type can't be used: wrong("berth", "must be from 1 to 6").
  ORCAST_DECL void wrong(std::string_view name, std::string_view words);

  /// False when something was wrong so far.
  explicit operator bool() const noexcept { return problems_.empty(); }
  /// All that was wrong, for the model: "ship" is missing; "berth" must be a whole number.
  tool_answer error() const { return tool_answer::error(problems_); }

 private:
  struct reading;  // Boost.JSON, out of sight
  std::unique_ptr<reading> reading_;
  std::string problems_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/tool_description.hpp ----

// A tool from a plain description, where one would otherwise write JSON Schema by hand:
//
//   request.tools = {tool_description("look_up_ship", "Where a ship lies and what she carries.")
//                        .text("ship", "Her name")
//                        .choice("detail", "How much to tell", {"berth", "all"}).optional()
//                        .done()};
//
// tool_arguments reads what the model makes of it.

namespace orcast {
inline namespace v0 {

class tool_description {
 public:
  /// `name`: letters, digits, _ and -, up to 64.
  ORCAST_DECL tool_description(std::string_view name, std::string_view description);

  // One parameter each, in this order. Without optional() the model must give it.

  ORCAST_DECL tool_description& text(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& integer(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& number(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& flag(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& choice(std::string_view name, std::string_view description,
                                       std::initializer_list<std::string_view> values);
  /// A list of strings.
  ORCAST_DECL tool_description& texts(std::string_view name, std::string_view description);
  /// Anything else: its JSON Schema, an object. append_json() of the request refuses what is not.
  ORCAST_DECL tool_description& schema(std::string_view name, json_text schema);

  /// The parameter before this may be left out.
  ORCAST_DECL tool_description& optional();

  ORCAST_DECL tool done() const;

 private:
  ORCAST_DECL tool_description& add(std::string_view name, std::string_view description,
                                    std::string_view type, std::string_view more = {});
  ORCAST_DECL void begin(std::string_view name);

  tool made_;
  std::string properties_;  // the members of the schema's `properties`
  std::string required_;
  std::size_t before_last_ = 0;  // the size of required_ before the last parameter
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/tool_loop.hpp ----

// Asks a model, runs the tools that it wants, tells it their results, and so on until it answers.
// In two forms that do the same: run_tools() waits, a tool_loop is driven from a frame:
//
//   tool_loop turn(client, std::move(request), handler);
//   each frame:  client.tick(); turn.tick();
//   if (turn.done()) say(turn.run().reply.text());
//
// In the trace a run is an AGENT span; under it each step is one too, with the call to the model
// and a TOOL span for each tool.

namespace orcast {
inline namespace v0 {

/// When a run ends without an answer. 0 means no limit, except for `steps`.
struct tool_options {
  /// Calls to the model. In the last one it may not use tools, so that it has to speak.
  int steps = 8;
  double cost = 0;           ///< US dollars, all steps together, as far as OpenRouter says
  std::int64_t tokens = 0;   ///< prompt and completion, all steps together
  std::int64_t time_ms = 0;  ///< run_tools() looks between steps only
  bool stream = true;        ///< the handler hears the words as they arrive
  call_context context;      ///< of the run's span; `name` is "run_tools" when empty
};

/// What a run has come to.
struct tool_run {
  /// Ok: the model has answered. Else the failure of the call that failed; or cancelled; or
  /// too_large or timeout_total for the limit that was reached, which is named.
  result<void> outcome;
  chat_reply reply;  ///< the last one; after a failure what arrived of it, which may be nothing
  /// The whole conversation, ready to be gone on with: the request's messages, each finished step,
  /// and the answer. A step that was not finished is not in it.
  std::vector<message> messages;
  int steps = 0;       ///< calls to the model
  int tool_calls = 0;  ///< tools that were run
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  double cost = 0;  ///< US dollars
};

/// Waits for the answer. Threads as with client::chat(). A handler that answers later() or wait is
/// asked again every ten milliseconds.
ORCAST_DECL tool_run run_tools(client& openrouter, chat_request request, tool_handler& handler,
                               const tool_options& options = {});

namespace detail {
class tool_steps;
}

/// The same, driven by tick(). The thread of the client, which outlives it, as the handler does;
/// destroying it cancels.
class tool_loop final : private call_handler {
 public:
  /// Starts the first call.
  ORCAST_DECL tool_loop(client& openrouter, chat_request request, tool_handler& handler,
                        const tool_options& options = {});
  ORCAST_DECL ~tool_loop();
  tool_loop(const tool_loop&) = delete;
  tool_loop& operator=(const tool_loop&) = delete;

  /// Once per frame, after client::tick(): asks each tool under way, and starts the next call when
  /// all have answered.
  ORCAST_DECL void tick();

  /// Ends it as cancelled, at the latest with the next tick().
  ORCAST_DECL void cancel() noexcept;

  ORCAST_DECL bool done() const noexcept;
  /// Complete when done(); the numbers are up to date before.
  ORCAST_DECL const tool_run& run() const noexcept;

 private:
  ORCAST_DECL void start();
  void on_first_chunk() noexcept override { handler_.on_first_chunk(); }
  void on_first_token() noexcept override { handler_.on_first_token(); }
  void on_text(std::string_view piece) noexcept override { handler_.on_text(piece); }
  void on_reasoning(std::string_view piece) noexcept override { handler_.on_reasoning(piece); }
  void on_tool_call(const tool_call& asked) noexcept override { handler_.on_tool_call(asked); }
  ORCAST_DECL void on_done(result<void> outcome, chat_reply& reply) noexcept override;

  client& openrouter_;
  tool_handler& handler_;
  std::unique_ptr<detail::tool_steps> steps_;
  call call_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/document.hpp ----

// A document, as retrievers find it and rerankers sort it.

namespace orcast {
inline namespace v0 {

/// Borrowed texts; what is empty is not recorded.
struct found_document {
  std::string_view content = {};
  std::string_view id = {};
  std::optional<double> score = {};
  std::string_view metadata = {};  ///< a JSON object
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/feedback.hpp ----

// What a person, a model or a piece of code thinks of a span, of its trace or of its session.

namespace orcast {
inline namespace v0 {

/// Borrowed texts. It has a name and at least one of score, label and explanation.
struct feedback {
  std::string_view name = {};  ///< the criterion: "in character"
  std::optional<double> score = {};
  std::string_view label = {};
  std::string_view explanation = {};
  std::string_view annotator_kind = {};  ///< "HUMAN", "LLM" or "CODE"
  std::string_view identifier = {};      ///< tells producers of the same criterion apart
  std::string_view metadata = {};        ///< a JSON object

  bool complete() const noexcept {
    return !name.empty() && (score || !label.empty() || !explanation.empty());
  }
};

/// What it is about. A session needs the span to have a session.
enum class feedback_about : unsigned char { span, trace, session };

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/work.hpp ----

// Spans by hand for what happens around the calls: an NPC's turn (AGENT), a tool that runs (TOOL),
// any step of a pipeline (CHAIN), and the further kinds of OpenInference. Calls and further work
// are put under one by its context():
//
//   work turn = work::agent(recording, "npc turn", {parent, session, user});
//   turn.input("Is the Meridian in?");
//   ... call_context{turn.context()} ...
//   turn.output("She is at the east pier.");      // ends with the object, or with end()
//
// Arize shows the input and output of the root as those of the trace. Privacy mode and masks hide
// them as they do for calls. One thread at a time.

namespace orcast {
inline namespace v0 {

struct work_options {
  span_context parent = {};  ///< invalid: the scope's, else this work is a root
  std::string_view session_id = {};
  std::string_view user = {};
  std::string_view metadata = {};  ///< a JSON object; its keys come before those of scopes
  const scope* in = nullptr;       ///< null: the scope that is bound to this thread
};

class work {
 public:
  work() = default;

  static ORCAST_DECL work agent(const recording& where, std::string_view name,
                                const work_options& options = {});
  static ORCAST_DECL work chain(const recording& where, std::string_view name,
                                const work_options& options = {});
  /// One run of a tool that a model called; its arguments are the input. `described`: as it was
  /// offered to the model.
  static ORCAST_DECL work tool(const recording& where, const tool_call& called,
                               const work_options& options = {},
                               const orcast::tool* described = nullptr);
  /// A search for documents; add what it finds with document().
  static ORCAST_DECL work retriever(const recording& where, std::string_view name,
                                    std::string_view query, const work_options& options = {});
  /// A search of one's own for the best of some documents; add them with candidate() and the ones
  /// chosen, in their order, with document(). top_k 0: all.
  static ORCAST_DECL work reranker(const recording& where, std::string_view model,
                                   std::string_view query, std::size_t top_k = 0,
                                   const work_options& options = {});
  /// Embeddings that are made without OpenRouter; add each with embedding().
  static ORCAST_DECL work embedding_model(const recording& where, std::string_view model,
                                          const work_options& options = {});
  /// A check that lets something through or stops it.
  static ORCAST_DECL work guardrail(const recording& where, std::string_view name,
                                    const work_options& options = {});
  /// A judgement; what it comes to is added by rate().
  static ORCAST_DECL work evaluator(const recording& where, std::string_view name,
                                    const work_options& options = {});
  /// A prompt that is put together: vendor, id and url say where it is kept.
  static ORCAST_DECL work prompt(const recording& where, std::string_view name,
                                 std::string_view vendor = {}, std::string_view id = {},
                                 std::string_view url = {}, const work_options& options = {});

  ORCAST_DECL work& input(std::string_view value, std::string_view mime_type = "text/plain");
  ORCAST_DECL work& output(std::string_view value, std::string_view mime_type = "text/plain");
  /// Of a retriever what it found, of a reranker what it chose.
  ORCAST_DECL work& document(const found_document& found);
  /// Of a reranker: what it chose from.
  ORCAST_DECL work& candidate(const found_document& given);
  /// The vector is recorded where recording.vectors asks for it.
  ORCAST_DECL work& embedding(std::string_view text, const float* vector = nullptr,
                              std::size_t size = 0);
  /// Adds a judgement; one that says nothing (see feedback::complete) is left out.
  ORCAST_DECL work& rate(const feedback& what, feedback_about about = feedback_about::span);
  /// Of a prompt: the template and what was put into it.
  ORCAST_DECL work& filled(std::string_view text, std::string_view variables,
                           std::string_view edition = {});

  /// It did not succeed: status ERROR and an exception event. Without a call, it ends as OK.
  ORCAST_DECL work& fail(const failure& why);
  /// Left before it was over: the status stays open.
  ORCAST_DECL work& cancel();

  const span_context& context() const noexcept { return span_.context(); }
  /// For attributes of the host's own.
  orcast::span& span() noexcept { return span_; }

  ORCAST_DECL void end() noexcept;
  ~work() { end(); }
  work(work&&) = default;
  work& operator=(work&& other) noexcept {
    if (this != &other) {
      end();
      span_ = std::move(other.span_);
      where_ = other.where_;
      for (std::size_t i = 0; i < sizeof next_ / sizeof *next_; ++i) next_[i] = other.next_[i];
      failed_ = other.failed_;
      reranks_ = other.reranks_;
    }
    return *this;
  }

 private:
  ORCAST_DECL work(const recording& where, std::string_view kind, std::string_view operation,
                   std::string_view name, const work_options& options);

  /// One call's worth: what it holds refers to this object.
  content_recorder recorder() noexcept { return content_recorder(span_, where_); }

  enum list : unsigned char { documents, candidates, embeddings, ratings };

  recording where_;
  orcast::span span_;
  std::size_t next_[ratings + 3] = {};  // the index that is free, of each list
  bool failed_ = false;
  bool reranks_ = false;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/protobuf_answer.hpp ----

// The same of an answer in protobuf: an ExportTraceServiceResponse or a google.rpc.Status.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// Goes through a message once, field by field. After the first flaw everything fails.
class protobuf_scanner {
 public:
  explicit protobuf_scanner(std::string_view message) noexcept : left_(message) {}

  bool failed() const noexcept { return failed_; }

  /// The next field; false at the end, or after a flaw.
  bool next() noexcept {
    if (failed_ || left_.empty()) return false;
    const std::uint64_t tag = varint();
    number_ = tag >> 3;
    value_ = 0;
    bytes_ = {};
    switch (tag & 7) {
      case 0:
        value_ = varint();
        break;
      case 1:
        bytes_ = take(8);
        break;
      case 2:
        bytes_ = take(varint());
        break;
      case 5:
        bytes_ = take(4);
        break;
      default:
        failed_ = true;
    }
    if (number_ == 0) failed_ = true;
    return !failed_;
  }

  std::uint64_t number() const noexcept { return number_; }
  std::int64_t integer() const noexcept { return static_cast<std::int64_t>(value_); }
  std::string_view bytes() const noexcept { return bytes_; }

 private:
  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }
  std::string_view take(std::uint64_t size) noexcept {
    if (size > left_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view left_;
  std::uint64_t number_ = 0;
  std::uint64_t value_ = 0;
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace detail

/// Never fails: what can't be read counts as not said. `accepted` tells which of the two messages
/// it is: their fields have the same numbers.
inline export_answer read_protobuf_answer(std::string_view body, bool accepted) noexcept {
  export_answer answer;
  detail::protobuf_scanner in(body);
  while (in.next()) {
    if (!accepted) {
      if (in.number() == 1) answer.code = in.integer();
      if (in.number() == 2) answer.message = in.bytes();
    } else if (in.number() == 1) {
      detail::protobuf_scanner partial(in.bytes());
      while (partial.next()) {
        if (partial.number() == 1 && partial.integer() > 0) {
          answer.rejected_spans = static_cast<std::uint64_t>(partial.integer());
        } else if (partial.number() == 2) {
          answer.message = partial.bytes();
        }
      }
      if (partial.failed()) answer = {};
    }
  }
  if (in.failed()) return {};
  answer.understood = true;
  return answer;
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/gen_ai_keys.hpp ----

// The companions that OpenTelemetry's conventions define (v1.41.1, "Development"): the same facts
// under the names that other backends read. Set where recording.companions asks for them.

namespace orcast {
inline namespace v0 {
namespace keys {

/// string. chat, text_completion, embeddings, rerank; execute_tool, invoke_agent, retrieval for
/// work spans
inline constexpr key gen_ai_operation_name{"gen_ai.operation.name"};
/// string. Of the model's author
inline constexpr key gen_ai_provider_name{"gen_ai.provider.name"};
/// string. The request's model
inline constexpr key gen_ai_request_model{"gen_ai.request.model"};
/// string. The response's model
inline constexpr key gen_ai_response_model{"gen_ai.response.model"};
/// string. The response's id, else its header X-Generation-Id
inline constexpr key gen_ai_response_id{"gen_ai.response.id"};
/// strings. finish_reason of each choice
inline constexpr key gen_ai_response_finish_reasons{"gen_ai.response.finish_reasons"};
/// double. Streams: seconds to the first chunk. Set without the switch, too
inline constexpr key gen_ai_response_time_to_first_chunk{"gen_ai.response.time_to_first_chunk"};
/// string. As session.id
inline constexpr key gen_ai_conversation_id{"gen_ai.conversation.id"};
/// string. json where response_format asks for it; image or speech where modalities do
inline constexpr key gen_ai_output_type{"gen_ai.output.type"};
/// bool. stream, where it is true
inline constexpr key gen_ai_request_stream{"gen_ai.request.stream"};
/// int. n, where it is not 1
inline constexpr key gen_ai_request_choice_count{"gen_ai.request.choice.count"};
/// int. seed
inline constexpr key gen_ai_request_seed{"gen_ai.request.seed"};
/// int. max_completion_tokens, else max_tokens
inline constexpr key gen_ai_request_max_tokens{"gen_ai.request.max_tokens"};
/// double. temperature
inline constexpr key gen_ai_request_temperature{"gen_ai.request.temperature"};
/// double. top_p
inline constexpr key gen_ai_request_top_p{"gen_ai.request.top_p"};
/// double. top_k
inline constexpr key gen_ai_request_top_k{"gen_ai.request.top_k"};
/// double. frequency_penalty
inline constexpr key gen_ai_request_frequency_penalty{"gen_ai.request.frequency_penalty"};
/// double. presence_penalty
inline constexpr key gen_ai_request_presence_penalty{"gen_ai.request.presence_penalty"};
/// strings. stop; not where inputs are hidden
inline constexpr key gen_ai_request_stop_sequences{"gen_ai.request.stop_sequences"};
/// strings. Embeddings: encoding_format
inline constexpr key gen_ai_request_encoding_formats{"gen_ai.request.encoding_formats"};
/// int. Embeddings: length of the first vector
inline constexpr key gen_ai_embeddings_dimension_count{"gen_ai.embeddings.dimension.count"};
/// int. usage.prompt_tokens
inline constexpr key gen_ai_usage_input_tokens{"gen_ai.usage.input_tokens"};
/// int. usage.completion_tokens
inline constexpr key gen_ai_usage_output_tokens{"gen_ai.usage.output_tokens"};
/// int. usage.prompt_tokens_details.cached_tokens
inline constexpr key gen_ai_usage_cache_read_input_tokens{"gen_ai.usage.cache_read.input_tokens"};
/// int. usage.prompt_tokens_details.cache_write_tokens
inline constexpr key gen_ai_usage_cache_creation_input_tokens{
    "gen_ai.usage.cache_creation.input_tokens"};
/// int. usage.completion_tokens_details.reasoning_tokens
inline constexpr key gen_ai_usage_reasoning_output_tokens{"gen_ai.usage.reasoning.output_tokens"};
/// string. Agent spans: their name
inline constexpr key gen_ai_agent_name{"gen_ai.agent.name"};
/// string. Tool spans
inline constexpr key gen_ai_tool_name{"gen_ai.tool.name"};
/// string. Tool spans
inline constexpr key gen_ai_tool_call_id{"gen_ai.tool.call.id"};
/// string. Tool spans: function
inline constexpr key gen_ai_tool_type{"gen_ai.tool.type"};
/// string. Tool spans, where the tool is given
inline constexpr key gen_ai_tool_description{"gen_ai.tool.description"};
/// string. Failures: the service's error type, else orcast's code. Set without the switch, too; of
/// the event retry as well
inline constexpr key error_type{"error.type"};
/// string. Host of the URL
inline constexpr key server_address{"server.address"};
/// int. Port of the URL
inline constexpr key server_port{"server.port"};
/// int. Failures with a response. Set without the switch, too; of the events retry and provider
/// attempt as well
inline constexpr key http_response_status_code{"http.response.status_code"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/openrouter_keys.hpp ----

// What is OpenRouter's own, what is orcast's, what is Arize's, and the resource's keys. No key here
// is another key plus a dot: backends unflatten names into objects.

namespace orcast {
inline namespace v0 {
namespace keys {

// What is OpenRouter's own.

/// string. The response's provider, as OpenRouter spells it; of the event provider attempt as well
inline constexpr key openrouter_provider{"openrouter.provider"};
/// string. The response's id, else its header X-Generation-Id
inline constexpr key openrouter_generation_id{"openrouter.generation_id"};
/// string. native_finish_reason of the first choice
inline constexpr key openrouter_native_finish_reason{"openrouter.native_finish_reason"};
/// string. service_tier
inline constexpr key openrouter_service_tier{"openrouter.service_tier"};
/// string. openrouter_metadata.region, where it was asked for
inline constexpr key openrouter_region{"openrouter.region"};
/// string. openrouter_metadata.strategy, where it was asked for
inline constexpr key openrouter_strategy{"openrouter.strategy"};
/// bool. usage.is_byok
inline constexpr key openrouter_is_byok{"openrouter.is_byok"};
/// double. usage.cost: what the account was charged, in US dollars
inline constexpr key openrouter_charged{"openrouter.charged"};
/// double. cost_details.upstream_inference_cost: what the provider charged, in US dollars
inline constexpr key openrouter_upstream_cost{"openrouter.upstream_cost"};
/// string. HIT or MISS: the header X-OpenRouter-Cache-Status
inline constexpr key openrouter_cache_status{"openrouter.cache_status"};
/// int. Reranking: usage.search_units
inline constexpr key openrouter_search_units{"openrouter.search_units"};
/// int. Times that the request was sent, retries included
inline constexpr key openrouter_attempts{"openrouter.attempts"};
/// int. Retries, where there were any
inline constexpr key openrouter_retries{"openrouter.retries"};
/// int. Milliseconds that the call waited for its turn, where the client has a queue
inline constexpr key openrouter_queue_ms{"openrouter.queue_ms"};
/// double. Streams: seconds to the first content, reasoning or tool delta
inline constexpr key openrouter_time_to_first_token{"openrouter.time_to_first_token"};
/// double. Streams: seconds for each token after the first
inline constexpr key openrouter_time_per_output_token{"openrouter.time_per_output_token"};
/// double. Output tokens by the time from the first one (a stream) or from the beginning (one
/// piece) to the end
inline constexpr key openrouter_tokens_per_second{"openrouter.tokens_per_second"};
/// bool. true: the caller or its client ended the call
inline constexpr key openrouter_cancelled{"openrouter.cancelled"};
/// strings. Keys whose value was shortened
inline constexpr key openrouter_truncated{"openrouter.truncated"};
/// bool. Failures: whether another try may succeed
inline constexpr key openrouter_retryable{"openrouter.retryable"};
/// int. Failures: the service's hint
inline constexpr key openrouter_retry_after_ms{"openrouter.retry_after_ms"};
/// int. Of the event retry: how long until the next attempt
inline constexpr key openrouter_wait_ms{"openrouter.wait_ms"};
/// string. Of the event provider attempt
inline constexpr key openrouter_attempt_model{"openrouter.attempt_model"};

// What is orcast's own.

/// int. The frame in which the span began, where the host counts frames
inline constexpr key orcast_frame_start{"orcast.frame.start"};
/// int. Streams: the frame of the first content, reasoning or tool delta
inline constexpr key orcast_frame_first_token{"orcast.frame.first_token"};
/// int. The frame in which the span ended
inline constexpr key orcast_frame_end{"orcast.frame.end"};
/// string. join, where OpenRouter broadcasts the call itself: then a CHAIN span without messages,
/// tokens and cost
inline constexpr key orcast_server_broadcast{"orcast.server_broadcast"};

// Arize's, and the resource's.

/// string. On each span and the resource: Model Id
inline constexpr key arize_project_name{"arize.project.name"};
/// string. On the resource
inline constexpr key service_name{"service.name"};
/// string. On the resource, where it is set
inline constexpr key service_version{"service.version"};
/// string. On the resource: Model Id, as older senders call it
inline constexpr key model_id{"model_id"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast

// ---- orcast/trace/w3c_context.hpp ----

// W3C Trace Context (level 2) and Baggage, as headers between processes: a game tells its own
// server which span a request belongs under, or hears it. orcast sends none of it by itself, and
// OpenRouter gets neither. What is not valid by the standards' rules is not used, in part or whole.

namespace orcast {
inline namespace v0 {

namespace detail {

constexpr std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

constexpr bool is_lower_hex(std::string_view text) noexcept {
  for (char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace detail

/// The context in a traceparent header; an invalid one means: begin a new trace. A header that came
/// twice is not valid, so don't join it.
inline span_context parse_traceparent(std::string_view header) noexcept {
  const std::string_view text = detail::trim_blanks(header);
  constexpr std::size_t size = 55;
  if (text.size() < size || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const std::string_view format = text.substr(0, 2);
  const std::string_view flags = text.substr(53, 2);
  if (!detail::is_lower_hex(format) || format == "ff" || !detail::is_lower_hex(flags) ||
      !detail::is_lower_hex(text.substr(3, 32)) || !detail::is_lower_hex(text.substr(36, 16))) {
    return {};
  }
  if (text.size() > size && (format == "00" || text[size] != '-')) return {};
  span_context made;
  from_hex(text.substr(3, 32), made.trace.bytes.data(), made.trace.bytes.size());
  from_hex(text.substr(36, 16), made.span.bytes.data(), made.span.bytes.size());
  if (!made.valid()) return {};
  unsigned char bits = 0;
  from_hex(flags, &bits, 1);
  made.flags = bits & (span_context::sampled_flag | span_context::random_flag);
  made.remote = true;
  made.decided = true;
  return made;
}

/// "00-<trace>-<span>-<flags>"; nothing for an invalid context.
inline std::string traceparent(const span_context& of) {
  std::string made;
  if (!of.valid()) return made;
  const auto trace = of.trace.hex();
  const auto span = of.span.hex();
  const unsigned char bits = of.flags & (span_context::sampled_flag | span_context::random_flag);
  char flags[2];
  to_hex(&bits, 1, flags);
  made.append("00-").append(trace.data(), trace.size()).append("-");
  made.append(span.data(), span.size()).append("-").append(flags, sizeof flags);
  return made;
}

/// The list of what each tracing system says about a trace. At most 32 members.
class trace_state {
 public:
  /// `header`: of several lines the values, joined by commas. One mistake empties the list.
  static trace_state parse(std::string_view header) {
    trace_state made;
    while (!header.empty()) {
      const std::size_t comma = header.find(',');
      const std::string_view whole = detail::trim_blanks(header.substr(0, comma));
      header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
      if (whole.empty()) continue;
      const std::size_t equals = whole.find('=');
      if (equals == std::string_view::npos) return {};
      const std::string_view key = whole.substr(0, equals);
      const std::string_view value = whole.substr(equals + 1);
      if (!is_key(key) || !is_value(value) || made.list_.size() == most) return {};
      if (!made.find(key).empty()) return {};
      made.list_.push_back({std::string(key), std::string(value)});
    }
    return made;
  }

  std::string_view find(std::string_view key) const noexcept {
    for (const member& each : list_) {
      if (each.key == key) return each.value;
    }
    return {};
  }

  /// Sets a member and moves it to the front; the last one goes when there are too many. False, and
  /// nothing done, when key or value may not be sent.
  bool set(std::string_view key, std::string_view value) {
    if (!is_key(key) || !is_value(value)) return false;
    erase(key);
    list_.insert(list_.begin(), {std::string(key), std::string(value)});
    if (list_.size() > most) list_.pop_back();
    return true;
  }
  void erase(std::string_view key) {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      if (list_[i].key != key) continue;
      list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }

  /// At most `bytes`, 512 or more: what does not fit is left out, members over 128 bytes first,
  /// then the last ones.
  std::string header(std::size_t bytes = 512) const {
    std::vector<const member*> kept;
    std::size_t size = 0;
    for (const member& each : list_) {
      kept.push_back(&each);
      size += each.size() + 1;
    }
    for (std::size_t i = kept.size(); size > bytes + 1 && i-- != 0;) {
      if (kept[i]->size() <= 128) continue;
      size -= kept[i]->size() + 1;
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(i));
    }
    while (size > bytes + 1) {
      size -= kept.back()->size() + 1;
      kept.pop_back();
    }
    std::string made;
    for (const member* each : kept) {
      if (!made.empty()) made += ',';
      made.append(each->key).append("=").append(each->value);
    }
    return made;
  }

 private:
  static constexpr std::size_t most = 32;

  struct member {
    std::string key;
    std::string value;
    std::size_t size() const noexcept { return key.size() + 1 + value.size(); }
  };

  static constexpr bool is_key(std::string_view key) noexcept {
    if (key.empty() || key.size() > 256) return false;
    for (std::size_t i = 0; i < key.size(); ++i) {
      const char c = key[i];
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      const bool later = c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
      if (!plain && (i == 0 || !later)) return false;
    }
    return true;
  }
  static constexpr bool is_value(std::string_view value) noexcept {
    if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
    for (char c : value) {
      if (c < ' ' || c > '~' || c == ',' || c == '=') return false;
    }
    return true;
  }

  std::vector<member> list_;
};

/// Facts that travel along with a trace. Anybody on the way can read them.
class baggage {
 public:
  /// `header`: of several lines the values, joined by commas. A member that is not valid is left
  /// out; so are a member's properties (after its semicolon).
  static baggage parse(std::string_view header) {
    baggage made;
    if (header.size() > most_bytes) {
      const std::size_t last = header.rfind(',', most_bytes);
      header = header.substr(0, last == std::string_view::npos ? 0 : last);
    }
    while (!header.empty()) {
      const std::size_t comma = header.find(',');
      std::string_view whole = header.substr(0, comma);
      header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
      whole = whole.substr(0, whole.find(';'));
      const std::size_t equals = whole.find('=');
      if (equals == std::string_view::npos) continue;
      std::string value;
      if (decode(detail::trim_blanks(whole.substr(equals + 1)), value)) {
        made.set(detail::trim_blanks(whole.substr(0, equals)), value);
      }
    }
    return made;
  }

  /// The value, decoded; empty where there is none.
  std::string_view find(std::string_view key) const noexcept {
    for (const member& each : list_) {
      if (each.key == key) return each.value;
    }
    return {};
  }

  /// Replaces a member of the same name. False, and nothing done, when the key may not be sent or
  /// there are 64 members.
  bool set(std::string_view key, std::string_view value) {
    if (!is_token(key)) return false;
    for (member& each : list_) {
      if (each.key != key) continue;
      each.value.assign(value);
      return true;
    }
    if (list_.size() == most) return false;
    list_.push_back({std::string(key), std::string(value)});
    return true;
  }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }

  /// At most 8192 bytes of whole members.
  std::string header() const {
    std::string made;
    for (const member& each : list_) {
      std::string one = made.empty() ? each.key : "," + each.key;
      one += '=';
      encode(each.value, one);
      if (made.size() + one.size() <= most_bytes) made += one;
    }
    return made;
  }

 private:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t most_bytes = 8192;

  struct member {
    std::string key;
    std::string value;
  };

  static constexpr bool is_token(std::string_view key) noexcept {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    for (char c : key) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!plain && others.find(c) == std::string_view::npos) return false;
    }
    return !key.empty() && key.size() <= 256;
  }

  static bool decode(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c <= ' ' || c > '~' || c == '"' || c == '\\') return false;
      unsigned char byte = 0;
      if (c != '%') {
        out += c;
      } else if (i + 2 < text.size() && from_hex(text.substr(i + 1, 2), &byte, 1)) {
        out += static_cast<char>(byte);
        i += 2;
      } else {
        return false;
      }
    }
    return true;
  }

  static void encode(std::string_view value, std::string& out) {
    constexpr std::string_view safe = "-._~!$&'()*+/:@";
    constexpr char digits[] = "0123456789ABCDEF";
    for (char c : value) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      const auto byte = static_cast<unsigned char>(c);
      if (plain || safe.find(c) != std::string_view::npos) {
        out += c;
      } else {
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
      }
    }
  }

  std::vector<member> list_;
};

}  // namespace v0
}  // namespace orcast

// ---- orcast/orcast.hpp ----

// orcast calls OpenRouter through any HTTP transport and broadcasts every call to Arize as an
// OTLP/HTTP JSON trace, without ever costing a frame. This header is everything but the transports;
// include one of orcast/transport/ besides, or bring your own.
//
//   broadcast   settings, the facade that owns tracer and exporter, instrument(transport)
//   openrouter  client, chat_request, chat_reply: the calls; models, embeddings, generation,
//   account;
//               tool_loop, tool_description, tool_arguments: tools; mock_reply: for your own tests;
//               observation: how calls are recorded
//   otlp        the encoder, the exporter and its thread
//   http        what a transport is (transport.hpp), server-sent events, retry policy
//   trace       tracer and span on a fixed piece of memory, attribute keys
//   core        result and failure, host hooks, secret
//
// Each layer includes only those below it. A program that only wants spans includes
// orcast/trace/tracer.hpp and pays for nothing else.

// ---- orcast/http/url.hpp ----

// An absolute http or https URL, taken apart. It is deliberately strict: what two parsers could
// read in two ways is refused, because a URL decides who gets a key. Nothing is decoded, nothing is
// normalised, nothing is copied: every part is a view into the text that was parsed.

namespace orcast {
inline namespace v0 {
namespace http {

class url {
 public:
  static constexpr std::size_t longest = 2048;

  /// `text` must outlive the url. Plain http is accepted for a loopback host, and for any host when
  /// `allow_insecure_http`. Refused with errc::invalid_argument: user names, fragments, a query
  /// without a path, control characters, spaces, backslashes, bytes over 0x7e, IPv6 zones.
  static result<url> parse(std::string_view text, bool allow_insecure_http = false);

  bool secure() const noexcept { return scheme_.size() == 5; }
  std::string_view scheme() const noexcept { return scheme_; }
  /// A name or an address; an IPv6 address without its brackets.
  std::string_view host() const noexcept { return host_; }
  /// Host and port as they stand in the text: what a Host header says.
  std::string_view authority() const noexcept { return authority_; }
  /// The port in the text, else that of the scheme.
  std::uint16_t port() const noexcept { return port_; }
  /// Path and query; "/" when the text has none.
  std::string_view target() const noexcept { return target_; }
  /// "localhost", 127.0.0.0/8 in four plain decimals, or ::1.
  bool loopback() const noexcept;
  bool ipv6() const noexcept { return authority_.front() == '['; }

 private:
  url() = default;
  bool split_authority() noexcept;

  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }
  static bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  static bool is_name(std::string_view host) noexcept;
  static bool is_ipv6(std::string_view host) noexcept;

  std::string_view scheme_;
  std::string_view authority_;
  std::string_view host_;
  std::string_view target_;
  std::uint16_t port_ = 0;
};

inline result<url> url::parse(std::string_view text, bool allow_insecure_http) {
  // The text itself is not repeated in a message: a URL that is wrong may hold a password.
  const auto refuse = [](const char* why) { return failure(errc::invalid_argument, why); };
  if (text.size() > longest) return refuse("the URL is longer than 2048 characters");
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '\\' || c == '#') {
      return refuse("the URL contains a character that is not allowed");
    }
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return refuse("the URL is not absolute");

  url parsed;
  parsed.scheme_ = text.substr(0, colon);
  if (!same_name(parsed.scheme_, "https") && !same_name(parsed.scheme_, "http")) {
    return refuse("the URL is neither https nor http");
  }
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t end = rest.find_first_of("/?");
  parsed.authority_ = rest.substr(0, end);
  parsed.target_ = end == std::string_view::npos ? std::string_view("/") : rest.substr(end);
  if (parsed.target_.front() != '/') return refuse("the URL has a query but no path");
  if (!parsed.split_authority()) return refuse("the URL's host or port is not valid");
  if (!parsed.secure() && !allow_insecure_http && !parsed.loopback()) {
    return refuse("plain http is only allowed to this machine");
  }
  return parsed;
}

inline bool url::split_authority() noexcept {
  if (authority_.empty()) return false;
  std::string_view tail;
  if (authority_.front() == '[') {
    const std::size_t close = authority_.find(']');
    if (close == std::string_view::npos) return false;
    host_ = authority_.substr(1, close - 1);
    tail = authority_.substr(close + 1);
    if (!is_ipv6(host_)) return false;
  } else {
    const std::size_t colon = authority_.find(':');
    host_ = authority_.substr(0, colon);
    if (colon != std::string_view::npos) tail = authority_.substr(colon);
    if (!is_name(host_)) return false;
  }
  if (tail.empty()) {
    port_ = secure() ? 443 : 80;
    return true;
  }
  if (tail.front() != ':' || tail.size() < 2 || tail.size() > 6) return false;
  std::uint32_t port = 0;
  for (const char digit : tail.substr(1)) {
    if (!is_digit(digit)) return false;
    port = port * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (port < 1 || port > 65535) return false;
  port_ = static_cast<std::uint16_t>(port);
  return true;
}

inline bool url::is_name(std::string_view host) noexcept {
  if (host.empty() || host.size() > 253) return false;
  char before = '.';  // so that a leading dot or hyphen is an empty or malformed label
  for (const char c : host) {
    if (!is_alpha(c) && !is_digit(c) && c != '.' && c != '-') return false;
    if (before == '.' && (c == '.' || c == '-')) return false;
    before = c;
  }
  return true;
}

inline bool url::is_ipv6(std::string_view host) noexcept {
  if (host.size() < 2 || host.size() > 45) return false;
  std::size_t colons = 0;
  for (const char c : host) {
    if (!is_hex(c) && c != ':' && c != '.') return false;
    if (c == ':') ++colons;
  }
  return colons >= 2;
}

inline bool url::loopback() const noexcept {
  if (ipv6()) return host_ == "::1";
  if (same_name(host_, "localhost")) return true;
  if (host_.substr(0, 4) != "127.") return false;
  // Four decimals and nothing else: "127.0.0.1.example.com" and "127.1" are names to a resolver.
  std::size_t parts = 0;
  std::string_view rest = host_;
  while (true) {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part.front() == '0')) return false;
    int value = 0;
    for (const char c : part) {
      if (!is_digit(c)) return false;
      value = value * 10 + (c - '0');
    }
    if (value > 255) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/validate.hpp ----

// The gate that a request passes before a transport sends its first byte. HTTP libraries differ in
// what they let through - older ones write a line break in a header value to the wire as it is - so
// every transport asks here instead of relying on its library.

namespace orcast {
inline namespace v0 {
namespace http {

/// A token of RFC 9110, 5.6.2: what a method and a header name are made of.
constexpr bool is_token(std::string_view text) noexcept {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// True when a header value holds no control character but tab (RFC 9110, 5.5). Bytes from 0x80
/// on pass: they are opaque to HTTP.
constexpr bool is_field_value(std::string_view text) noexcept {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
  }
  return true;
}

/// Header names that say how a message is framed and where it goes. A transport writes them
/// itself; a second opinion in the request would only be a way to smuggle.
constexpr bool is_transport_header(std::string_view name) noexcept {
  constexpr std::string_view own[] = {"connection",        "content-length",   "expect", "host",
                                      "keep-alive",        "proxy-connection", "te",     "trailer",
                                      "transfer-encoding", "upgrade"};
  for (const std::string_view candidate : own) {
    if (same_name(name, candidate)) return true;
  }
  return false;
}

/// The request's URL when the request may be sent, else errc::invalid_argument. The url views
/// `request.url`. A message names a header only when its name is well-formed, never its value.
inline result<url> validate_request(const request& outgoing, bool allow_insecure_http) {
  if (!is_token(outgoing.method) || outgoing.method.size() > 32) {
    return failure(errc::invalid_argument, "the method is not an HTTP token");
  }
  if (outgoing.method == "CONNECT" || outgoing.method == "TRACE") {
    return failure(errc::invalid_argument, "the method " + outgoing.method + " is not supported");
  }
  for (const header& line : outgoing.headers) {
    if (!is_token(line.name)) {
      return failure(errc::invalid_argument, "a header name is not an HTTP token");
    }
    if (is_transport_header(line.name)) {
      return failure(errc::invalid_argument,
                     "the header " + line.name + " belongs to the transport");
    }
    if (!is_field_value(line.value)) {
      return failure(errc::invalid_argument,
                     "the value of header " + line.name + " contains a control character");
    }
  }
  return url::parse(outgoing.url, allow_insecure_http);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/libcurl.hpp ----

// libcurl, in a release that has what orcast/transport/curl.hpp needs.

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

#include <curl/curl.h>

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")

#if LIBCURL_VERSION_NUM < 0x075700
#error "orcast/transport/curl.hpp needs libcurl 7.87 or newer"
#endif

// ---- orcast/transport/detail/curl_options.hpp ----

// How a request becomes options of a libcurl handle. Every refusal counts: an option that did not
// take could be the one that checks certificates.

namespace orcast {
inline namespace v0 {

struct curl_options {
  /// Certificate authorities to trust instead of libcurl's own: a PEM file, or PEM text, which
  /// wins.
  std::string ca_file;
  std::string ca_pem;
  /// Plain http to other machines. Keys then travel readable; http to this machine always works.
  bool allow_insecure_http = false;
};

namespace transport_detail {

/// Sets options until one is refused.
class curl_setter {
 public:
  explicit curl_setter(CURL* easy) : easy_(easy) {}

  template <class Value>
  void operator()(CURLoption option, Value value) {
    if (ok_) ok_ = curl_easy_setopt(easy_, option, value) == CURLE_OK;
  }
  bool ok() const noexcept { return ok_; }

 private:
  CURL* easy_;
  bool ok_ = true;
};

/// The header lines of a request, as libcurl wants them. Overwrites its copies of the keys.
class curl_headers {
 public:
  curl_headers() = default;
  curl_headers(const curl_headers&) = delete;
  curl_headers& operator=(const curl_headers&) = delete;
  ~curl_headers() {
    for (curl_slist* line = list_; line != nullptr; line = line->next) {
      wipe(line->data, std::string_view(line->data).size());
    }
    curl_slist_free_all(list_);
  }

  /// False when memory ran out.
  bool fill(const http::request& request) {
    bool has_agent = false;
    bool has_type = false;
    bool added = add("Expect:");  // without a value: libcurl shall not send its own
    for (const http::header& line : request.headers) {
      added = added && add(line.name + (line.value.empty() ? ";" : ": " + line.value));
      has_agent = has_agent || http::same_name(line.name, "user-agent");
      has_type = has_type || http::same_name(line.name, "content-type");
    }
    if (!has_agent) added = added && add(std::string("User-Agent: orcast/") + version);
    if (!has_type) added = added && add("Content-Type:");
    return added;
  }
  curl_slist* get() const noexcept { return list_; }

 private:
  bool add(std::string text) {
    curl_slist* longer = curl_slist_append(list_, text.c_str());
    wipe(text.data(), text.size());
    if (longer != nullptr) list_ = longer;
    return longer != nullptr;
  }

  curl_slist* list_ = nullptr;
};

inline void set_request(curl_setter& set, const http::request& request, curl_slist* headers,
                        bool secure) {
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // not even one from the environment
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_HTTPHEADER, headers);

  // 0 means five minutes to libcurl, and no limit to us.
  constexpr std::int64_t longest_ms = 0x7fffffff;
  const std::int64_t connect_ms = request.limits.connect_ms;
  const bool limited = connect_ms > 0 && connect_ms < longest_ms;
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limited ? connect_ms : longest_ms));

  const std::string& method = request.method;
  const std::size_t size = request.body_size();
  if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (size > 0 || method == "POST" || method == "PUT" || method == "PATCH") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
  } else {
    set(CURLOPT_HTTPGET, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
}

inline void set_trust(curl_setter& set, const curl_options& options) {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.ca_pem.empty()) {
    curl_blob pem{const_cast<char*>(options.ca_pem.data()), options.ca_pem.size(),
                  CURL_BLOB_NOCOPY};
    set(CURLOPT_CAINFO_BLOB, &pem);
  }
  // A directory would be trusted beside what was given; and while there is one, libcurl reads the
  // whole bundle anew for every connection instead of keeping it (CURLOPT_CA_CACHE_TIMEOUT).
  if (!options.ca_file.empty() || !options.ca_pem.empty() ||
      curl_version_info(CURLVERSION_NOW)->cainfo != nullptr) {
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/curl_verdict.hpp ----

// What libcurl's codes mean in orcast's terms.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

/// How far an exchange had come when it failed.
enum class curl_phase : unsigned char { before_response, in_head, in_body };

/// `words` is libcurl's own message, which may be empty; it never contains a header.
inline failure curl_failure(CURLcode code, curl_phase phase, std::string_view words) {
  std::string message(words.empty() ? std::string_view(curl_easy_strerror(code)) : words);
  // A reset and a chunk that makes no sense have the same code.
  const bool bad_chunk = message.find("chunked-encoding") != std::string::npos;
  const errc cut = phase == curl_phase::before_response ? errc::connect : errc::disconnected;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return failure(errc::resolve, std::move(message));
    case CURLE_COULDNT_CONNECT:
      return failure(errc::connect, std::move(message));
    // Ours are the other deadlines; libcurl only knows about the one for connecting.
    case CURLE_OPERATION_TIMEDOUT:
      return failure(errc::timeout_connect, "no connection in time");
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

// ---- orcast/transport/detail/response_head_reader.hpp ----

// Reads the lines of a response head, strictly (RFC 9112) and within the request's limits, and
// finds out how the body is framed. Interim (1xx) heads count towards the limits and are forgotten.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class response_head_reader {
 public:
  explicit response_head_reader(const http::response_limits& limits) : limits_(limits) {}

  /// One line without its CR LF. False: why() says what is wrong with it.
  bool take_line(std::string_view line);
  /// A trailer line: only counted, nobody is told.
  bool count_trailer(std::string_view line) { return count(line.size(), true); }

  bool complete() const noexcept { return complete_; }
  int status() const noexcept { return status_; }
  bool chunked() const noexcept { return chunked_; }
  bool has_length() const noexcept { return has_length_; }
  std::uint64_t length() const noexcept { return length_; }
  bool persistent() const noexcept { return persistent_; }
  const failure& why() const noexcept { return why_; }

  /// Once complete(); the views live as long as the reader. Values are as they were sent.
  http::response_head head();

 private:
  struct place {
    std::size_t name, value, end;  // offsets in text_
  };

  bool take_status(std::string_view line);
  bool take_field(std::string_view line);
  bool take_end();
  bool note_framing(std::string_view name, std::string_view value);
  void note_connection(std::string_view options) noexcept;
  bool count(std::size_t bytes, bool field);

  static std::string_view trimmed(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
  }

  bool refuse(errc code, const char* words) {
    why_ = failure(code, words);
    return false;
  }

  http::response_limits limits_;
  int status_ = 0;  // 0: a status line comes next
  bool complete_ = false;
  bool chunked_ = false;
  bool has_length_ = false;
  bool persistent_ = true;
  std::uint64_t length_ = 0;
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;
  std::string text_;
  std::vector<place> places_;
  std::vector<http::header_view> views_;
  failure why_;
};

inline bool response_head_reader::take_line(std::string_view line) {
  if (status_ == 0) return count(line.size(), false) && take_status(line);
  return line.empty() ? take_end() : count(line.size(), true) && take_field(line);
}

inline bool response_head_reader::take_status(std::string_view line) {
  const auto digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
  const std::string_view version = line.substr(0, 9);
  if (line.size() < 12 || (version != "HTTP/1.1 " && version != "HTTP/1.0 ") || !digit(9) ||
      !digit(10) || !digit(11) || (line.size() > 12 && line[12] != ' ')) {
    return refuse(errc::protocol, "the response does not start with an HTTP/1 status line");
  }
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (status_ < 100 || status_ == 101) {
    return refuse(errc::protocol, "the response has a status that nobody asked for");
  }
  if (version == "HTTP/1.0 ") persistent_ = false;
  return true;
}

inline bool response_head_reader::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !http::is_token(name)) {
    return refuse(errc::protocol, "a header line of the response is malformed");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!http::is_field_value(value)) {
    return refuse(errc::protocol, "a header value of the response has a control character");
  }
  places_.push_back(
      {text_.size(), text_.size() + name.size(), text_.size() + name.size() + value.size()});
  text_.append(name).append(value);
  return note_framing(name, value);
}

inline bool response_head_reader::take_end() {
  if (chunked_ && has_length_) {
    return refuse(errc::protocol, "the response has both a Content-Length and chunks");
  }
  if (status_ >= 200) {
    complete_ = true;
    return true;
  }
  if (chunked_ || has_length_) return refuse(errc::protocol, "an interim response has a body");
  status_ = 0;
  text_.clear();
  places_.clear();
  return true;
}

inline bool response_head_reader::note_framing(std::string_view name, std::string_view value) {
  if (http::same_name(name, "connection")) {
    note_connection(value);
  } else if (http::same_name(name, "transfer-encoding")) {
    if (chunked_ || !http::same_name(value, "chunked")) {
      return refuse(errc::protocol, "the response has a transfer coding other than chunked");
    }
    chunked_ = true;
  } else if (http::same_name(name, "content-length")) {
    std::uint64_t length = 0;
    bool is_number = !value.empty() && value.size() <= 18;
    for (const char c : value) {
      is_number = is_number && c >= '0' && c <= '9';
      length = is_number ? length * 10 + static_cast<std::uint64_t>(c - '0') : 0;
    }
    if (!is_number || (has_length_ && length != length_)) {
      return refuse(errc::protocol, "the response's Content-Length is not one number");
    }
    has_length_ = true;
    length_ = length;
  }
  return true;
}

inline void response_head_reader::note_connection(std::string_view options) noexcept {
  while (!options.empty()) {
    const std::size_t comma = options.find(',');
    if (http::same_name(trimmed(options.substr(0, comma)), "close")) persistent_ = false;
    options = comma == std::string_view::npos ? std::string_view() : options.substr(comma + 1);
  }
}

inline bool response_head_reader::count(std::size_t bytes, bool field) {
  bytes_ += bytes + 2;
  if (field) ++fields_;
  if (bytes_ <= limits_.header_bytes && fields_ <= limits_.header_count) return true;
  return refuse(errc::too_large, "the response head is over its limits");
}

inline http::response_head response_head_reader::head() {
  const std::string_view text = text_;
  views_.clear();
  for (const place& at : places_) {
    views_.push_back(
        {text.substr(at.name, at.value - at.name), text.substr(at.value, at.end - at.value)});
  }
  return {status_, views_.data(), views_.size()};
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/curl_exchange.hpp ----

// One exchange over libcurl: the callbacks it answers, its deadlines, and how it ended.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class curl_exchange {
 public:
  using time = std::chrono::steady_clock::time_point;

  curl_exchange(http::exchange_id name, const http::request& request, http::response_sink& sink)
      : id(name), request_(request), sink_(sink), head_(request.response) {}
  curl_exchange(const curl_exchange&) = delete;
  curl_exchange& operator=(const curl_exchange&) = delete;

  /// Sets up a handle that was just made or reset. The handle stays the caller's.
  result<void> prepare(CURL* handle, const curl_options& options);

  /// The first deadline to come: when, and what it means to miss it. Connecting is libcurl's.
  std::pair<time, errc> deadline() const noexcept;
  /// How it went, once `code` is set.
  result<void> verdict() const;
  void finish(result<void> outcome) { sink_.done(std::move(outcome)); }

  bool paused() const noexcept { return paused_; }
  void unpause() noexcept {
    paused_ = false;
    moved_ = std::chrono::steady_clock::now();
  }

  const http::exchange_id id;
  CURL* easy = nullptr;  ///< null until prepared
  bool cancel_wanted = false;
  bool resume_wanted = false;
  bool over = false;         ///< libcurl is done with it, while the sink wanted a pause
  CURLcode code = CURLE_OK;  ///< libcurl's, once over

 private:
  static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<curl_exchange*>(self)->take_header({bytes, size}) ? size : 0;
  }
  static std::size_t on_write(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<curl_exchange*>(self)->take_body({bytes, size});
  }
  static std::size_t on_read(char* to, std::size_t, std::size_t size, void* self) {
    return static_cast<curl_exchange*>(self)->give_body(to, size);
  }
  static int on_seek(void* self, curl_off_t offset, int origin) {
    return static_cast<curl_exchange*>(self)->seek_body(offset, origin);
  }
  static int on_connected(void* self, char*, char*, int, int) {
    static_cast<curl_exchange*>(self)->connected_ = true;
    static_cast<curl_exchange*>(self)->moved_ = std::chrono::steady_clock::now();
    return CURL_PREREQFUNC_OK;
  }

  bool take_header(std::string_view line);
  std::size_t take_body(std::string_view bytes);
  std::size_t give_body(char* to, std::size_t size) noexcept;
  int seek_body(curl_off_t offset, int origin) noexcept;

  bool fail(failure why) {
    why_ = std::move(why);
    failed_ = true;
    return false;
  }

  const http::request& request_;
  http::response_sink& sink_;
  curl_headers headers_;
  response_head_reader head_;
  const time started_ = std::chrono::steady_clock::now();
  time moved_ = started_;  // connected, or the last byte in either direction
  bool connected_ = false;
  bool began_ = false;  // a byte of the response arrived
  bool paused_ = false;
  bool failed_ = false;
  failure why_;
  std::size_t received_ = 0;
  std::size_t segment_ = 0;  // of the request's body: the next one to send,
  std::size_t offset_ = 0;   // from here on
  char words_[CURL_ERROR_SIZE] = {};
};

inline result<void> curl_exchange::prepare(CURL* handle, const curl_options& options) {
  easy = handle;
  const result<http::url> target = http::validate_request(request_, options.allow_insecure_http);
  if (!target) return target.error();
  if (easy == nullptr || !headers_.fill(request_)) {
    return failure(errc::unsupported, "libcurl is out of memory");
  }
  curl_setter set(easy);
  set_request(set, request_, headers_.get(), target->secure());
  set_trust(set, options);
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, words_);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &on_write);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_READFUNCTION, &on_read);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_SEEKFUNCTION, &on_seek);
  set(CURLOPT_SEEKDATA, this);
  set(CURLOPT_PREREQFUNCTION, &on_connected);
  set(CURLOPT_PREREQDATA, this);
  if (set.ok()) return {};
  return failure(errc::unsupported, "libcurl refused an option");
}

inline std::pair<curl_exchange::time, errc> curl_exchange::deadline() const noexcept {
  constexpr std::int64_t year_ms = std::int64_t{366} * 24 * 3600 * 1000;
  const auto after = [](time from, std::int64_t ms) {
    return ms > 0 && ms < year_ms ? from + std::chrono::milliseconds(ms) : (time::max)();
  };
  const time total = after(started_, request_.limits.total_ms);
  time phase = (time::max)();
  if (connected_ && !paused_) {
    phase = after(moved_, began_ ? request_.limits.idle_ms : request_.limits.first_byte_ms);
  }
  if (total <= phase) return {total, errc::timeout_total};
  return {phase, began_ ? errc::timeout_idle : errc::timeout_first_byte};
}

inline result<void> curl_exchange::verdict() const {
  if (cancel_wanted) return failure(errc::cancelled, "cancelled");
  if (failed_) return why_;
  if (code == CURLE_OK && head_.complete()) return {};
  const curl_phase phase = !began_            ? curl_phase::before_response
                           : head_.complete() ? curl_phase::in_body
                                              : curl_phase::in_head;
  // libcurl takes a head without its last line for a short but whole one.
  const CURLcode cause = code == CURLE_OK ? CURLE_PARTIAL_FILE : code;
  return curl_failure(cause, phase, words_);
}

inline bool curl_exchange::take_header(std::string_view line) {
  began_ = true;
  moved_ = std::chrono::steady_clock::now();
  if (cancel_wanted || failed_) return false;
  if (line.size() > request_.response.header_line_bytes) {
    return fail(failure(errc::too_large, "a line of the response head is too long"));
  }
  if (line.size() < 2 || line.substr(line.size() - 2) != "\r\n") {
    return fail(failure(errc::protocol, "a line of the response does not end in CR LF"));
  }
  line.remove_suffix(2);
  if (head_.complete()) return head_.count_trailer(line) || fail(head_.why());
  if (!head_.take_line(line)) return fail(head_.why());
  if (head_.complete()) sink_.head(head_.head());
  return !cancel_wanted;
}

inline std::size_t curl_exchange::take_body(std::string_view bytes) {
  if (cancel_wanted || failed_) return CURL_WRITEFUNC_ERROR;
  if (paused_) return CURL_WRITEFUNC_PAUSE;  // libcurl keeps the bytes
  moved_ = std::chrono::steady_clock::now();
  if (bytes.size() > request_.response.body_bytes - received_) {
    fail(failure(errc::too_large, "the response body is over its limit"));
    return CURL_WRITEFUNC_ERROR;
  }
  received_ += bytes.size();
  const http::flow wish = sink_.data(bytes);
  if (wish == http::flow::stop) fail(failure(errc::cancelled, "stopped by the receiver"));
  if (failed_ || cancel_wanted) return CURL_WRITEFUNC_ERROR;
  paused_ = wish == http::flow::pause;
  return bytes.size();
}

inline std::size_t curl_exchange::give_body(char* to, std::size_t size) noexcept {
  moved_ = std::chrono::steady_clock::now();
  std::size_t given = 0;
  while (given < size && segment_ < request_.body.size()) {
    const std::string_view segment = request_.body[segment_];
    const std::size_t count = segment.copy(to + given, size - given, offset_);
    given += count;
    offset_ += count;
    if (offset_ < segment.size()) break;
    ++segment_;
    offset_ = 0;
  }
  return given;
}

inline int curl_exchange::seek_body(curl_off_t offset, int origin) noexcept {
  // For a kept connection that died: everything is sent again, on a new one.
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
  segment_ = 0;
  offset_ = 0;
  return CURL_SEEKFUNC_OK;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/response_guard.hpp ----

// Stands between the network and cpp-httplib's response parser. Older releases of that parser take
// a header line of any length, decode percent signs in header values, read a chunk size of "-1"
// and call a body complete whose chunks end in garbage. The guard reads the same bytes strictly,
// within the request's limits, and hands on only a head and chunks that every release reads alike.
// It is the judge of whether a response arrived whole. It does no input or output.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class response_guard {
 public:
  /// `bodiless` for an answer to HEAD, whose headers announce a body that never comes.
  response_guard(const http::response_limits& limits, bool bodiless)
      : limits_(limits), bodiless_(bodiless), head_(limits) {}

  /// Takes bytes as they came, cut anywhere, and appends to `clean` what the parser may see.
  /// False: why() says what is wrong with the response, and no further call is allowed.
  bool feed(std::string_view bytes, std::string& clean);
  /// The peer closed. True when that is a proper end; else why() says what was missing.
  bool end_of_stream();

  bool began() const noexcept { return began_; }  ///< a byte arrived, be it of an interim answer
  bool has_head() const noexcept { return state_ != state::head; }
  bool complete() const noexcept { return state_ == state::complete; }
  /// The connection may carry another exchange.
  bool reusable() const noexcept { return complete() && delimited_ && !excess_; }
  /// Once has_head(); the views live as long as the guard.
  http::response_head head() { return head_.head(); }
  const failure& why() const noexcept { return why_; }

 private:
  enum class state : unsigned char {
    head,
    until_close,
    with_length,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    complete,
  };

  // With its extension, which nobody reads. RFC 9112, 7.1.1 asks for a limit.
  static constexpr std::size_t longest_chunk_line = 256;

  bool in_body() const noexcept {
    return state_ == state::until_close || state_ == state::with_length ||
           state_ == state::chunk_data;
  }
  bool take_line(std::string_view line, std::string& clean);
  bool take_head_line(std::string_view line, std::string& clean);
  bool take_chunk_size(std::string_view line, std::string& clean);
  bool take_body(std::string_view& bytes, std::string& clean);

  bool refuse(errc code, const char* words) {
    why_ = failure(code, words);
    return false;
  }

  http::response_limits limits_;
  bool bodiless_;
  bool began_ = false;
  bool delimited_ = false;  // the response says where it ends and that the connection stays
  bool excess_ = false;
  state state_ = state::head;
  std::uint64_t left_ = 0;  // of the body or of the chunk
  std::size_t body_bytes_ = 0;
  std::string line_;  // an unfinished one
  response_head_reader head_;
  failure why_;
};

inline bool response_guard::feed(std::string_view bytes, std::string& clean) {
  if (!bytes.empty()) began_ = true;
  while (!bytes.empty()) {
    if (complete()) {
      excess_ = true;
      return true;
    }
    if (in_body()) {
      if (!take_body(bytes, clean)) return false;
      continue;
    }
    const std::size_t newline = bytes.find('\n');
    const std::size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
    const bool in_chunks = state_ == state::chunk_size || state_ == state::chunk_end;
    if (line_.size() + size > (in_chunks ? longest_chunk_line : limits_.header_line_bytes)) {
      return in_chunks ? refuse(errc::protocol, "a line between two chunks is too long")
                       : refuse(errc::too_large, "a line of the response head is too long");
    }
    line_.append(bytes.data(), size);
    bytes.remove_prefix(size);
    if (newline == std::string_view::npos) return true;
    if (line_.size() < 2 || line_[line_.size() - 2] != '\r') {
      return refuse(errc::protocol, "a line of the response does not end in CR LF");
    }
    if (!take_line(std::string_view(line_).substr(0, line_.size() - 2), clean)) return false;
    line_.clear();
  }
  return true;
}

inline bool response_guard::take_line(std::string_view line, std::string& clean) {
  switch (state_) {
    case state::chunk_size:
      return take_chunk_size(line, clean);
    case state::chunk_end:
      if (!line.empty()) return refuse(errc::protocol, "a chunk is longer than its size says");
      clean += "\r\n";
      state_ = state::chunk_size;
      return true;
    case state::trailer:
      if (!line.empty()) return head_.count_trailer(line) || (why_ = head_.why(), false);
      clean += "\r\n";
      state_ = state::complete;
      return true;
    default:
      return take_head_line(line, clean);
  }
}

inline bool response_guard::take_head_line(std::string_view line, std::string& clean) {
  if (!head_.take_line(line)) {
    why_ = head_.why();
    return false;
  }
  if (!head_.complete()) return true;
  const int status = head_.status();
  clean += "HTTP/1.1 " + std::to_string(status) + " OK\r\n";
  delimited_ = head_.persistent();
  if (bodiless_ || status == 204 || status == 304 || (head_.has_length() && head_.length() == 0)) {
    clean += "Content-Length: 0\r\n\r\n";
    state_ = state::complete;
  } else if (head_.chunked()) {
    clean += "Transfer-Encoding: chunked\r\n\r\n";
    state_ = state::chunk_size;
  } else if (head_.has_length()) {
    left_ = head_.length();
    clean += "Content-Length: " + std::to_string(left_) + "\r\n\r\n";
    state_ = state::with_length;
  } else {
    clean += "\r\n";
    delimited_ = false;
    state_ = state::until_close;
  }
  return true;
}

inline bool response_guard::take_chunk_size(std::string_view line, std::string& clean) {
  const std::size_t digits =
      (std::min)(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  const std::string_view rest = line.substr(digits);
  if (digits == 0 || (!rest.empty() && rest.find_first_of("; \t") != 0)) {
    return refuse(errc::protocol, "a chunk size is not a hexadecimal number");
  }
  if (digits > 15) return refuse(errc::protocol, "a chunk size has too many digits");
  left_ = 0;
  for (const char c : line.substr(0, digits)) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  }
  clean.append(line.data(), digits).append("\r\n");
  state_ = left_ == 0 ? state::trailer : state::chunk_data;
  return true;
}

inline bool response_guard::take_body(std::string_view& bytes, std::string& clean) {
  std::size_t size = bytes.size();
  if (state_ != state::until_close && size > left_) size = static_cast<std::size_t>(left_);
  if (size > limits_.body_bytes - body_bytes_) {
    return refuse(errc::too_large, "the response body is over its limit");
  }
  clean.append(bytes.data(), size);
  bytes.remove_prefix(size);
  body_bytes_ += size;
  if (state_ == state::until_close) return true;
  left_ -= size;
  if (left_ == 0) state_ = state_ == state::chunk_data ? state::chunk_end : state::complete;
  return true;
}

inline bool response_guard::end_of_stream() {
  if (state_ == state::until_close) state_ = state::complete;
  if (complete()) return true;
  return began_ ? refuse(errc::disconnected, "the connection was cut within the response")
                : refuse(errc::connect, "the connection was closed before a response");
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/openssl.hpp ----

// OpenSSL, for the transport over cpp-httplib.

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")

// ---- orcast/transport/detail/tcp_socket.hpp ----

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif
#include <netinet/tcp.h>  // has a member that is called check
#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")

// A TCP socket that never blocks and never raises SIGPIPE. Waiting is a step of its own, with a
// deadline; interrupt() ends it from another thread.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

using deadline = std::chrono::steady_clock::time_point;
inline constexpr deadline never = (deadline::max)();

/// How an attempt to read, write or wait ended.
enum class io : unsigned char { done, want_read, want_write, closed, timed_out, broken };

class tcp_socket {
 public:
  tcp_socket() = default;
  tcp_socket(const tcp_socket&) = delete;
  tcp_socket& operator=(const tcp_socket&) = delete;
  ~tcp_socket() { close(); }

  /// Fails with errc::connect, timeout_connect or cancelled, within 50 ms of a cancel.
  result<void> connect(const addrinfo& address, deadline until, http::exchange_control& control);

  io read(char* to, std::size_t size, std::size_t& got) noexcept {
    const ssize_t count = ::recv(handle_, to, size, 0);
    got = count > 0 ? static_cast<std::size_t>(count) : 0;
    if (count == 0) return io::closed;
    return count > 0 ? io::done : retry_or_broken(io::want_read);
  }

  io write(const char* from, std::size_t size, std::size_t& put) noexcept {
#if defined(MSG_NOSIGNAL)
    constexpr int flags = MSG_NOSIGNAL;
#else
    constexpr int flags = 0;  // SO_NOSIGPIPE was set instead
#endif
    const ssize_t count = ::send(handle_, from, size, flags);
    put = count > 0 ? static_cast<std::size_t>(count) : 0;
    return count >= 0 ? io::done : retry_or_broken(io::want_write);
  }

  /// Until the socket is ready for `what` (io::want_read or io::want_write): done or timed_out.
  io wait(io what, deadline until) noexcept;
  /// The same in slices of 50 ms, for as long as nobody cancels; broken when somebody does. For
  /// the phases in which shutdown(2) does not wake every system's poll(2).
  io wait_watchfully(io what, deadline until, http::exchange_control& control) noexcept;

  /// Any thread, while the socket is open: every wait ends and the peer is cut off.
  void interrupt() noexcept { ::shutdown(handle_, SHUT_RDWR); }

  /// False when an idle socket has something to say, if only that the peer closed it.
  bool quiet() noexcept {
    pollfd entry{handle_, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 0;
  }

  void close() noexcept {
    if (handle_ >= 0) ::close(handle_);
    handle_ = -1;
  }

 private:
  static io retry_or_broken(io retry) noexcept {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? retry : io::broken;
  }

  int handle_ = -1;
};

inline result<void> tcp_socket::connect(const addrinfo& address, deadline until,
                                        http::exchange_control& control) {
  close();
  handle_ = ::socket(address.ai_family, address.ai_socktype, address.ai_protocol);
  if (handle_ < 0) return failure(errc::connect, "no socket left");
  ::fcntl(handle_, F_SETFD, FD_CLOEXEC);
  ::fcntl(handle_, F_SETFL, O_NONBLOCK);
  const int on = 1;
  ::setsockopt(handle_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
#if defined(SO_NOSIGPIPE)
  ::setsockopt(handle_, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif

  int error = ::connect(handle_, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) {
    const io waited = wait_watchfully(io::want_write, until, control);
    if (control.cancelled()) return failure(errc::cancelled, "cancelled while connecting");
    if (waited == io::timed_out) return failure(errc::timeout_connect, "no connection in time");
    socklen_t size = sizeof(error);
    if (::getsockopt(handle_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  if (error == 0) return {};
  return failure(errc::connect,
                 error == ECONNREFUSED ? "connection refused" : "the host could not be reached");
}

inline io tcp_socket::wait(io what, deadline until) noexcept {
  pollfd entry{handle_, static_cast<short>(what == io::want_read ? POLLIN : POLLOUT), 0};
  while (true) {
    int wait_ms = -1;
    if (until != never) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      // Rounded up, so that the last millisecond is not spent spinning.
      wait_ms = static_cast<int>((std::clamp<std::int64_t>)(left.count() + 1, 0, 3'600'000));
    }
    if (::poll(&entry, 1, wait_ms) > 0) return io::done;
    if (until != never && std::chrono::steady_clock::now() >= until) return io::timed_out;
  }
}

inline io tcp_socket::wait_watchfully(io what, deadline until,
                                      http::exchange_control& control) noexcept {
  while (!control.cancelled()) {
    const deadline slice = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    const io waited = wait(what, (std::min)(slice, until));
    if (waited != io::timed_out || slice >= until) return waited;
  }
  return io::broken;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/transport/detail/tls_session.hpp ----

// TLS over a tcp_socket, as a client that always checks the peer's certificate and name. OpenSSL's
// own socket layer writes in a way that raises SIGPIPE, so it gets one that calls tcp_socket.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class tls_session {
 public:
  /// Null when OpenSSL is out of memory or can't use the host's name. `under` outlives the session.
  static std::unique_ptr<tls_session> make(SSL_CTX* context, tcp_socket& under,
                                           const std::string& host);

  /// To be repeated after want_read and want_write; broken: why_not() tells.
  io handshake() noexcept { return outcome_of(::SSL_connect(start())); }
  io read(char* to, std::size_t size, std::size_t& got) noexcept {
    return outcome_of(::SSL_read_ex(start(), to, size, &got));
  }
  io write(const char* from, std::size_t size, std::size_t& put) noexcept {
    return outcome_of(::SSL_write_ex(start(), from, size, &put));
  }
  bool has_pending() const noexcept { return ::SSL_has_pending(ssl_.get()) == 1; }
  void say_goodbye() noexcept { ::SSL_shutdown(start()); }

  /// Right after a broken handshake.
  failure why_not() const;

 private:
  struct deleter {
    void operator()(SSL* session) const noexcept { ::SSL_free(session); }
    void operator()(BIO_METHOD* method) const noexcept { ::BIO_meth_free(method); }
  };

  tls_session() = default;

  SSL* start() noexcept {
    ::ERR_clear_error();  // SSL_get_error() reads the thread's queue, old entries mislead it
    return ssl_.get();
  }

  io outcome_of(int outcome) noexcept {
    if (outcome > 0) return io::done;
    switch (::SSL_get_error(ssl_.get(), outcome)) {
      case SSL_ERROR_WANT_READ:
        return io::want_read;
      case SSL_ERROR_WANT_WRITE:
        return io::want_write;
      case SSL_ERROR_ZERO_RETURN:
        return io::closed;
      default:
        return io::broken;
    }
  }

  static BIO_METHOD* make_method() noexcept;
  static int on_write(BIO* bio, const char* from, int size) noexcept;
  static int on_read(BIO* bio, char* to, int size) noexcept;
  static long on_control(BIO*, int command, long, void*) noexcept {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  std::unique_ptr<BIO_METHOD, deleter> method_;  // before ssl_, which uses it to its end
  std::unique_ptr<SSL, deleter> ssl_;
};

inline std::unique_ptr<tls_session> tls_session::make(SSL_CTX* context, tcp_socket& under,
                                                      const std::string& host) {
  std::unique_ptr<tls_session> made(new tls_session);
  made->method_.reset(make_method());
  made->ssl_.reset(::SSL_new(context));
  BIO* bio = made->method_ != nullptr ? ::BIO_new(made->method_.get()) : nullptr;
  if (made->ssl_ == nullptr || bio == nullptr) {
    ::BIO_free(bio);
    return nullptr;
  }
  ::BIO_set_data(bio, &under);
  ::BIO_set_init(bio, 1);
  SSL* ssl = made->ssl_.get();
  ::SSL_set_bio(ssl, bio, bio);

  // An address is held against the certificate's addresses, a name against its names.
  X509_VERIFY_PARAM* rules = ::SSL_get0_param(ssl);
  ::X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (::X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1) return made;
  if (::X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) != 1) return nullptr;
  if (::SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) return nullptr;
  return made;
}

inline failure tls_session::why_not() const {
  const long verdict = ::SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK) {
    return failure(errc::tls, std::string("certificate rejected: ") +
                                  ::X509_verify_cert_error_string(verdict));
  }
  const char* reason = ::ERR_reason_error_string(::ERR_peek_last_error());
  return failure(errc::tls, std::string("TLS handshake failed: ") +
                                (reason != nullptr ? reason : "the connection was cut"));
}

inline BIO_METHOD* tls_session::make_method() noexcept {
  BIO_METHOD* method = ::BIO_meth_new(BIO_TYPE_SOURCE_SINK, "orcast socket");
  if (method == nullptr) return nullptr;
  ::BIO_meth_set_write(method, &on_write);
  ::BIO_meth_set_read(method, &on_read);
  ::BIO_meth_set_ctrl(method, &on_control);
  return method;
}

inline int tls_session::on_write(BIO* bio, const char* from, int size) noexcept {
  std::size_t put = 0;
  ::BIO_clear_retry_flags(bio);
  const io outcome = static_cast<tcp_socket*>(::BIO_get_data(bio))
                         ->write(from, static_cast<std::size_t>(size), put);
  if (outcome == io::want_write) ::BIO_set_retry_write(bio);
  return outcome == io::done ? static_cast<int>(put) : -1;
}

inline int tls_session::on_read(BIO* bio, char* to, int size) noexcept {
  std::size_t got = 0;
  ::BIO_clear_retry_flags(bio);
  const io outcome =
      static_cast<tcp_socket*>(::BIO_get_data(bio))->read(to, static_cast<std::size_t>(size), got);
  if (outcome == io::want_read) ::BIO_set_retry_read(bio);
  if (outcome == io::closed) return 0;
  return outcome == io::done ? static_cast<int>(got) : -1;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES) || defined(ORCAST_BODIES)

// ---- orcast/broadcast/impl/settings.ipp ----

#include <algorithm>
#include <cstddef>

namespace orcast {
inline namespace v0 {

namespace detail {

/// Decodes the beginning of base64 text; stops at the first character that is none.
inline std::string decode_base64(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (digit < 0) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return out;
}

}  // namespace detail

ORCAST_DECL broadcast_settings broadcast_settings::from_environment() {
  broadcast_settings made;
  const std::string phoenix(environment("PHOENIX_COLLECTOR_ENDPOINT"));
  if (!phoenix.empty() && environment("ARIZE_API_KEY").empty()) {
    made.name = "phoenix";
    made.kind = destination_kind::otlp;
    made.format = otlp::format::protobuf;
    made.base_url = phoenix;
    made.api_key = secret(environment("PHOENIX_API_KEY"));
    made.model_id = environment("PHOENIX_PROJECT_NAME");
    if (made.model_id.empty()) made.model_id = "default";
    return made;
  }
  made.api_key = secret(environment("ARIZE_API_KEY"));
  made.space_key = environment("ARIZE_SPACE_ID");
  made.model_id = environment("ARIZE_PROJECT_NAME");
  if (made.model_id.empty()) made.model_id = "default";
  made.base_url = environment("ARIZE_COLLECTOR_ENDPOINT");
  made.hide = masks::from_environment();
  return made;
}

ORCAST_DECL broadcast_settings broadcast_settings::clone() const {
  broadcast_settings made;
  made.name = name;
  made.kind = kind;
  made.enabled = enabled;
  made.api_key = api_key.clone();
  made.space_key = space_key;
  made.model_id = model_id;
  made.base_url = base_url;
  made.exact_url = exact_url;
  made.headers = headers;
  made.header_provider = header_provider;
  made.header_context = header_context;
  made.privacy_mode = privacy_mode;
  made.only_api_keys = only_api_keys;
  made.except_api_keys = except_api_keys;
  made.sampling_rate = sampling_rate;
  made.service_name = service_name;
  made.service_version = service_version;
  made.resource = resource;
  made.companions = companions;
  made.format = format;
  made.compression = compression;
  made.vectors = vectors;
  made.hide = hide;
  made.redact = redact;
  made.user_key = user_key.clone();
  made.users = users;
  made.server = server;
  made.allow_insecure = allow_insecure;
  return made;
}

ORCAST_DECL result<std::string> traces_url(std::string_view base_url, bool allow_insecure) {
  std::string full(base_url.empty() ? std::string_view("https://otlp.arize.com") : base_url);
  if (full.find("://") == std::string::npos) full.insert(0, "https://");
  const result<http::url> parsed = http::url::parse(full, allow_insecure);
  if (!parsed) {
    return failure(errc::invalid_argument, "Base Url can't be used: " + parsed.error().message);
  }
  if (parsed->target().find('?') != std::string_view::npos) {
    return failure(errc::invalid_argument, "Base Url can't be used: it has a query (?...)");
  }
  if (parsed->port() == 4317) {
    return failure(errc::invalid_argument,
                   "Base Url can't be used: port 4317 speaks gRPC; OTLP over HTTP is port 4318");
  }
  if (http::same_name(parsed->host(), "app.arize.com")) {
    return failure(errc::invalid_argument,
                   "Base Url can't be used: app.arize.com is Arize's page; spans go to "
                   "https://otlp.arize.com");
  }
  while (full.back() == '/') full.pop_back();
  const auto ends_with = [&full](std::string_view tail) {
    return full.size() > tail.size() &&
           std::string_view(full).substr(full.size() - tail.size()) == tail;
  };
  if (!ends_with("/v1/traces")) full += ends_with("/v1") ? "/traces" : "/v1/traces";
  return full;
}

ORCAST_DECL result<std::string> traces_url(const broadcast_settings& settings) {
  if (settings.kind == destination_kind::otlp && settings.base_url.empty()) {
    return failure(errc::invalid_argument, "Base Url is empty: it says where the spans go");
  }
  const result<std::string> usual = traces_url(settings.base_url, settings.allow_insecure);
  if (!usual || !settings.exact_url) return usual;
  if (settings.base_url.find("://") == std::string::npos) {
    return failure(errc::invalid_argument,
                   "Base Url can't be used: an exact URL begins with https:// or http://");
  }
  return settings.base_url;
}

ORCAST_DECL void append_headers(const broadcast_settings& settings,
                                std::vector<http::header>& headers) {
  const std::size_t ours = headers.size();
  if (settings.header_provider != nullptr) {
    settings.header_provider(settings.header_context, headers);
  } else if (!settings.api_key.empty()) {
    const std::string_view key = settings.api_key.reveal();
    headers.push_back({"authorization", std::string("Bearer ").append(key), true});
    if (settings.kind == destination_kind::arize) {
      headers.push_back({"arize-api-key", std::string(key), true});
      headers.push_back({"arize-space-id", settings.space_key, true});
      headers.push_back({"space_id", settings.space_key, true});
    }
  }
  for (const http::header& wanted : settings.headers) {
    const auto same = [&wanted](const http::header& line) {
      return http::same_name(line.name, wanted.name);
    };
    const auto first = headers.begin() + static_cast<std::ptrdiff_t>(ours);
    headers.erase(std::remove_if(first, headers.end(), same), headers.end());
    headers.push_back(wanted);
  }
}

ORCAST_DECL result<void> validate(const broadcast_settings& settings) {
  const auto refuse = [](std::string what) {
    return failure(errc::invalid_argument, std::move(what));
  };
  const result<std::string> url = traces_url(settings);
  if (!url) return url.error();
  if (settings.name.empty()) return refuse("Name is empty: it tells destinations apart");
  if (settings.kind == destination_kind::arize && settings.header_provider == nullptr) {
    if (settings.api_key.empty()) {
      return refuse("Api Key is empty: set ARIZE_API_KEY or broadcast_settings.api_key");
    }
    if (settings.api_key.reveal().substr(0, 6) == "sk-or-") {
      return refuse("Api Key is a key of OpenRouter: Arize's own begins with ak-");
    }
    if (settings.space_key.empty()) {
      return refuse("Space Key is empty: set ARIZE_SPACE_ID or broadcast_settings.space_key");
    }
    if (detail::decode_base64(settings.space_key).compare(0, 6, "Space:") != 0) {
      return refuse(
          "Space Key is not a Space ID (base64 text that begins with U3BhY2U6): a space's name "
          "would be answered with 200 and nothing stored; copy the ID from the space's settings");
    }
  }
  if (settings.model_id.find_first_not_of(" \t\r\n") == std::string::npos) {
    return refuse("Model Id is empty: it names the project that the traces appear in");
  }
  if (!(settings.sampling_rate >= 0.0001 && settings.sampling_rate <= 1.0)) {
    return refuse("Sampling Rate must be from 0.0001 to 1; to send nothing, set enabled to false");
  }
  for (const http::header& line : settings.headers) {
    if (!http::is_token(line.name) || !http::is_field_value(line.value) ||
        http::is_transport_header(line.name)) {
      return refuse("headers: \"" + line.name + "\" is not a header that can be sent");
    }
  }
  if (!http::is_field_value(settings.api_key.reveal())) {
    return refuse("Api Key contains a character that no header may contain");
  }
  if (!http::is_field_value(settings.space_key)) {
    return refuse("Space Key contains a character that no header may contain");
  }
  return {};
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/detail/waiting_sink.hpp ----

#include <condition_variable>
#include <mutex>
#include <string_view>
#include <utility>

// How a thread waits in any_transport::perform() for an exchange that runs elsewhere.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// The sink of perform() on a transport that is not blocking: what the waiting thread must know.
class waiting_sink final : public response_sink {
 public:
  explicit waiting_sink(response_sink& sink) noexcept : sink_(sink) {}

  void head(const response_head& head) noexcept override { sink_.head(head); }
  flow data(std::string_view bytes) noexcept override {
    const flow wanted = sink_.data(bytes);
    if (wanted == flow::pause) raise(paused_);
    return wanted;
  }
  void done(result<void> outcome) noexcept override {
    sink_.done(std::move(outcome));
    raise(over_);
  }

  /// The interrupt of an exchange_control.
  static void on_cancel(void* self) noexcept {
    waiting_sink& waiting = *static_cast<waiting_sink*>(self);
    waiting.raise(waiting.cancelled_);
  }

  struct state {
    bool over, paused, cancelled;
  };
  state now() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    return {over_, paused_, cancelled_};
  }
  /// Waits for the end, and unless it was told before also for a pause or a cancel.
  void wait(bool told) noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return over_ || (!told && (paused_ || cancelled_)); });
  }
  void unpause() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    paused_ = false;
  }

 private:
  void raise(bool& flag) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    flag = true;
    changed_.notify_all();
  }

  response_sink& sink_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  bool paused_ = false;
  bool cancelled_ = false;
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/worker_pool.hpp ----

#include <cstddef>
#include <cstdint>

#if !defined(ORCAST_NO_THREADS)
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>
#endif

// A few threads that run jobs in the order of their arrival. any_transport makes a blocking
// transport asynchronous with it. A thread is started only when a job finds none idle. Job and
// context belong to the caller: the pool allocates nothing but its threads and a bounded queue.

namespace orcast {
inline namespace v0 {
namespace http {

#if defined(ORCAST_NO_THREADS)

/// In a build without threads: takes no jobs.
class worker_pool {
 public:
  using job = void (*)(void* context) noexcept;
  static constexpr bool available = false;

  explicit worker_pool(worker_options) noexcept {}
  std::size_t threads() const noexcept { return 1; }
  bool submit(job, void*) noexcept { return false; }
  bool withdraw(void*) noexcept { return false; }
  bool stop(std::int64_t) noexcept { return true; }
};

#else

/// All functions: any thread, but not from inside a job where it says so.
class worker_pool {
 public:
  using job = void (*)(void* context) noexcept;
  static constexpr bool available = true;

  explicit worker_pool(worker_options options) noexcept
      : most_threads_((std::max)(options.threads, std::size_t{1})),
        most_queued_((std::max)(options.queue, std::size_t{1})) {}
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  /// Waits for the jobs that were taken, however long they need. Not from inside a job.
  ~worker_pool() { stop(-1); }

  /// How many there may be.
  std::size_t threads() const noexcept { return most_threads_; }

  /// Takes a job; never runs it on this thread. False, and nothing taken, when the queue is full
  /// or the pool was stopped.
  bool submit(job run, void* context) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || queue_.size() >= most_queued_) return false;
    queue_.push_back({run, context});
    if (queue_.size() > idle_ && threads_.size() < most_threads_) {
      ++running_;
      threads_.emplace_back([this] { work(); });
    } else {
      changed_.notify_one();
    }
    return true;
  }

  /// Takes back a job that no thread has begun. False when it runs, has run or was never here.
  bool withdraw(void* context) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = std::find_if(queue_.begin(), queue_.end(), [context](const entry& waiting) {
      return waiting.context == context;
    });
    if (found == queue_.end()) return false;
    queue_.erase(found);
    return true;
  }

  /// Takes no more jobs and waits at most `wait_ms` (-1: as long as it takes) for those it has.
  /// True when all threads have ended. Not from inside a job, not concurrently with itself.
  bool stop(std::int64_t wait_ms) {
    std::vector<std::thread> ended;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
      const auto all_ended = [this] { return running_ == 0; };
      if (wait_ms < 0) {
        ended_.wait(lock, all_ended);
      } else if (!ended_.wait_for(lock, std::chrono::milliseconds(wait_ms), all_ended)) {
        return false;
      }
      ended.swap(threads_);
    }
    for (std::thread& thread : ended) thread.join();
    return true;
  }

 private:
  struct entry {
    job run;
    void* context;
  };

  void work() noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      --idle_;
      if (queue_.empty()) break;
      const entry next = queue_.front();
      queue_.pop_front();
      lock.unlock();
      next.run(next.context);
      lock.lock();
    }
    --running_;
    ended_.notify_all();
  }

  const std::size_t most_threads_;
  const std::size_t most_queued_;
  std::mutex mutex_;
  std::condition_variable changed_;  // a job came, or stopping_
  std::condition_variable ended_;    // a thread is about to end
  std::deque<entry> queue_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;     // threads that wait for a job
  std::size_t running_ = 0;  // threads that have not ended
  bool stopping_ = false;
};

#endif

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/detail/transport_hub.hpp ----

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

// The machine behind any_transport. Each exchange gets a relay that stands between the transport
// and the user's sink: it knows the exchange's two ids, lets done() through once only, and lives
// until the transport has let go of it. No lock is held while a sink or a transport is called.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class transport_hub {
 public:
  transport_hub(void* transport, const transport_functions& table, void (*destroy)(void*),
                worker_options workers) noexcept
      : transport_(transport), table_(table), destroy_(destroy), workers_(with_room(workers)) {}
  transport_hub(const transport_hub&) = delete;
  transport_hub& operator=(const transport_hub&) = delete;
  ~transport_hub() {
    cancel_all(-1);
    workers_.stop(-1);
    if (destroy_ != nullptr) destroy_(transport_);
  }

  http::tier tier() const noexcept { return table_.tier; }
  std::size_t capacity() const noexcept {
    return table_.tier == tier::blocking ? workers_.threads() : ~std::size_t{0};
  }

  exchange_id start(const request& what, response_sink& sink) {
    std::unique_ptr<relay> made = std::make_unique<relay>(*this, what, sink);
    relay& exchange = *made;
    std::unique_lock<std::mutex> lock(mutex_);
    const exchange_id id = ++last_id_;
    exchange.id = id;
    live_.push_back(std::move(made));
    if (table_.tier == tier::blocking) {
      // Under the lock: while a queue is full, some job is still to end after this refusal was
      // noted, and whoever ends a job delivers refusals.
      if (!workers_.submit(&relay::work, &exchange)) {
        exchange.refusal =
            worker_pool::available
                ? failure(errc::busy, "too many requests wait for a worker thread")
                : failure(errc::unsupported, "a blocking transport can't start() without threads");
      }
      return id;
    }
    exchange.holds = 2;
    lock.unlock();
    const exchange_id inner = table_.start(transport_, what, exchange);
    lock.lock();
    exchange.inner = inner;
    const bool cancel_now = exchange.cancel_wanted;
    release(exchange);
    lock.unlock();
    if (cancel_now) table_.cancel(transport_, inner);
    return id;
  }

  void cancel(exchange_id id) {
    std::unique_lock<std::mutex> lock(mutex_);
    relay* const exchange = find(id);
    if (exchange == nullptr) return;
    if (table_.tier != tier::blocking) {
      const exchange_id inner = exchange->inner;
      exchange->cancel_wanted = inner == 0;  // start() is still under way on another thread
      lock.unlock();
      if (inner != 0) table_.cancel(transport_, inner);
    } else if (exchange->refusal || workers_.withdraw(exchange)) {
      exchange->refusal.reset();
      lock.unlock();
      finish(*exchange, failure(errc::cancelled, "cancelled before it was sent"));
      deliver_refusals();
    } else {
      exchange->control.cancel();
    }
  }

  void resume(exchange_id id) {
    std::unique_lock<std::mutex> lock(mutex_);
    relay* const exchange = find(id);
    if (exchange == nullptr) return;
    if (table_.tier == tier::blocking) return exchange->control.resume();
    const exchange_id inner = exchange->inner;
    lock.unlock();
    if (inner != 0) table_.resume(transport_, inner);
  }

  void poll(std::int64_t wait_ms) {
    const bool delivered = deliver_refusals();
    if (table_.tier == tier::polled) return table_.poll(transport_, delivered ? 0 : wait_ms);
    if (wait_ms <= 0 || delivered) return;
    std::unique_lock<std::mutex> lock(mutex_);
    if (live_.empty()) return;
    const unsigned before = ended_;
    changed_.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] { return ended_ != before; });
  }

  void perform(const request& what, response_sink& sink, exchange_control& control) {
    if (table_.tier == tier::blocking) return table_.perform(transport_, what, sink, control);
    constexpr std::int64_t slice_ms = 10;  // how late a cancel or a resume may be noticed
    constexpr std::chrono::milliseconds slice(slice_ms);
    constexpr std::chrono::milliseconds no_time(0);
    const bool polled = table_.tier == tier::polled;
    waiting_sink waiting(sink);
    const exchange_id id = start(what, waiting);
    exchange_control::interrupt_scope scope(control, &waiting_sink::on_cancel, &waiting);
    bool told = false;
    for (waiting_sink::state now = waiting.now(); !now.over; now = waiting.now()) {
      if (now.cancelled && !told) {
        told = true;
        cancel(id);
      }
      if (now.paused && !told && control.wait_for_resume(polled ? no_time : slice)) {
        waiting.unpause();
        resume(id);
      }
      if (polled) {
        poll(slice_ms);
      } else if (!now.paused || told) {
        waiting.wait(told);
      }
    }
    // done() may still be on its way back through `waiting`.
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return find(id) == nullptr; });
  }

  bool cancel_all(std::int64_t wait_ms) {
    using clock = std::chrono::steady_clock;
    const clock::time_point until =
        clock::now() + std::chrono::milliseconds((std::max)(wait_ms, std::int64_t{0}));
    std::vector<exchange_id> ids;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      for (const std::unique_ptr<relay>& exchange : live_) ids.push_back(exchange->id);
    }
    for (exchange_id id : ids) cancel(id);
    std::unique_lock<std::mutex> lock(mutex_);
    const auto all_over = [this] { return live_.empty(); };
    while (table_.tier == tier::polled && !live_.empty()) {
      if (wait_ms >= 0 && clock::now() >= until) return false;
      lock.unlock();
      table_.poll(transport_, 10);
      lock.lock();
    }
    if (wait_ms >= 0) return changed_.wait_until(lock, until, all_over);
    changed_.wait(lock, all_over);
    return true;
  }

 private:
  /// One exchange on its way. `holds` counts who still needs it: its outcome, and while it lasts
  /// the transport's start() or perform().
  struct relay final : response_sink {
    relay(transport_hub& owner, const request& asked, response_sink& user) noexcept
        : hub(owner), what(asked), sink(user) {}

    void head(const response_head& head) noexcept override { sink.head(head); }
    flow data(std::string_view bytes) noexcept override { return sink.data(bytes); }
    void done(result<void> outcome) noexcept override { hub.finish(*this, std::move(outcome)); }
    static void work(void* self) noexcept {
      relay& exchange = *static_cast<relay*>(self);
      exchange.hub.work(exchange);
    }

    transport_hub& hub;
    const request& what;
    response_sink& sink;
    exchange_id id = 0;
    exchange_id inner = 0;           // the transport's own name for it
    exchange_control control;        // of a blocking one
    std::optional<failure> refusal;  // to be delivered: it never reached the transport
    unsigned holds = 1;
    bool over = false;
    bool cancel_wanted = false;
  };

  /// Who keeps to capacity() finds room even while threads are still on their way back from done().
  static worker_options with_room(worker_options workers) noexcept {
    workers.queue = (std::max)(workers.queue, workers.threads);
    return workers;
  }

  /// A worker's thread.
  void work(relay& exchange) noexcept {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++exchange.holds;
    }
    if (exchange.control.cancelled()) {
      finish(exchange, failure(errc::cancelled, "cancelled before it was sent"));
    } else {
      table_.perform(transport_, exchange.what, exchange, exchange.control);
    }
    bool over = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      over = exchange.over;
    }
    ORCAST_ASSERT(over);  // perform() returns after done()
    if (!over) finish(exchange, failure(errc::protocol, "the transport gave no outcome"));
    {
      std::lock_guard<std::mutex> lock(mutex_);
      release(exchange);
    }
    deliver_refusals();
  }

  /// Hands the outcome on, once; the sink may be gone afterwards, and the relay too.
  void finish(relay& exchange, result<void> outcome) noexcept {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ORCAST_ASSERT(!exchange.over);  // done() comes once
      if (exchange.over) return;
      exchange.over = true;
    }
    exchange.sink.done(std::move(outcome));
    std::lock_guard<std::mutex> lock(mutex_);
    ++ended_;
    release(exchange);
  }

  bool deliver_refusals() noexcept {
    if (table_.tier != tier::blocking) return false;
    bool delivered = false;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      const auto refused = std::find_if(
          live_.begin(), live_.end(),
          [](const std::unique_ptr<relay>& exchange) { return exchange->refusal.has_value(); });
      if (refused == live_.end()) return delivered;
      relay& exchange = **refused;
      failure why = std::move(*exchange.refusal);
      exchange.refusal.reset();
      lock.unlock();
      finish(exchange, std::move(why));
      delivered = true;
      lock.lock();
    }
  }

  // The rest is called under the lock.

  relay* find(exchange_id id) noexcept {
    for (const std::unique_ptr<relay>& exchange : live_) {
      if (exchange->id == id) return exchange.get();
    }
    return nullptr;
  }

  void release(relay& exchange) noexcept {
    changed_.notify_all();
    if (--exchange.holds != 0) return;
    const auto gone = std::find_if(
        live_.begin(), live_.end(),
        [&exchange](const std::unique_ptr<relay>& one) { return one.get() == &exchange; });
    live_.erase(gone);
  }

  void* const transport_;
  const transport_functions& table_;
  void (*const destroy_)(void*);
  std::mutex mutex_;
  std::condition_variable changed_;  // an exchange ended, or was let go of
  std::vector<std::unique_ptr<relay>> live_;
  exchange_id last_id_ = 0;
  unsigned ended_ = 0;
  worker_pool workers_;
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/impl/any_transport.ipp ----

#include <cstddef>
#include <cstdint>

// The bodies of orcast/http/any_transport.hpp.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

ORCAST_DECL void transport_hub_deleter::operator()(transport_hub* hub) const noexcept {
  delete hub;
}

ORCAST_DECL transport_hub_ptr make_transport_hub(void* transport, const transport_functions& table,
                                                 void (*destroy)(void*), worker_options workers) {
  return transport_hub_ptr(new transport_hub(transport, table, destroy, workers));
}

}  // namespace detail

ORCAST_DECL http::tier any_transport::tier() const noexcept {
  return hub_ != nullptr ? hub_->tier() : http::tier::none;
}

ORCAST_DECL std::size_t any_transport::capacity() const noexcept {
  return hub_ != nullptr ? hub_->capacity() : 0;
}

ORCAST_DECL exchange_id any_transport::start(const request& what, response_sink& sink) {
  ORCAST_ASSERT(hub_ != nullptr);
  return hub_->start(what, sink);
}

ORCAST_DECL void any_transport::cancel(exchange_id id) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->cancel(id);
}

ORCAST_DECL void any_transport::resume(exchange_id id) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->resume(id);
}

ORCAST_DECL void any_transport::poll(std::int64_t wait_ms) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->poll(wait_ms);
}

ORCAST_DECL void any_transport::perform(const request& what, response_sink& sink,
                                        exchange_control& control) {
  ORCAST_ASSERT(hub_ != nullptr);
  hub_->perform(what, sink, control);
}

ORCAST_DECL bool any_transport::cancel_all(std::int64_t wait_ms) {
  return hub_ == nullptr || hub_->cancel_all(wait_ms);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/core/base64.hpp ----

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Bytes as base64 text and back (RFC 4648, section 4: with padding), as data URLs carry them.

namespace orcast {
inline namespace v0 {

/// How many characters `size` bytes become.
constexpr std::size_t base64_size(std::size_t size) noexcept { return (size + 2) / 3 * 4; }

/// Appends base64_size(bytes.size()) characters.
inline void append_base64(std::string& out, std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t before = out.size();
  out.resize(before + base64_size(bytes.size()), '=');
  char* to = &out[before];
  const auto byte = [&bytes](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::size_t i = 0;
  for (; bytes.size() - i >= 3; i += 3) {
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = digits[three >> 18];
    *to++ = digits[three >> 12 & 63];
    *to++ = digits[three >> 6 & 63];
    *to++ = digits[three & 63];
  }
  if (i == bytes.size()) return;
  const bool two_left = bytes.size() - i == 2;
  const std::uint32_t last = byte(i) << 16 | (two_left ? byte(i + 1) << 8 : 0);
  *to++ = digits[last >> 18];
  *to++ = digits[last >> 12 & 63];
  if (two_left) *to = digits[last >> 6 & 63];
}

/// Appends the bytes of `text`; false, and nothing appended, when it is not base64. Padding may be
/// missing, but nothing else is let through: no white space, no other alphabet.
inline bool append_base64_decoded(std::string& out, std::string_view text) {
  const auto value = [](char c) -> int {
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
  };
  if (text.size() % 4 == 0 && !text.empty() && text.back() == '=') {
    text.remove_suffix(text[text.size() - 2] == '=' ? 2 : 1);
  }
  if (text.size() % 4 == 1) return false;
  const std::size_t before = out.size();
  out.reserve(before + text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int digit = value(c);
    if (digit < 0) {
      out.resize(before);
      return false;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
    }
  }
  return true;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/file.hpp ----

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

// Small files that a program keeps for itself, settings above all: read whole, and replaced as a
// whole. Not for the game's thread: a disk may take its time.

namespace orcast {
inline namespace v0 {
namespace detail {

inline failure file_failure(std::string_view what, const std::string& path, int error) {
  return failure(errc::io,
                 std::string(what) + " " + path + ": " + std::generic_category().message(error));
}

}  // namespace detail

/// False only where there is certainly none: what can't be read may still be somebody's.
inline bool file_exists(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  const int error = errno;
  if (file != nullptr) std::fclose(file);
  return file != nullptr || error != ENOENT;
}

/// The whole file. Fails with errc::io and the system's reason, or with errc::too_large when there
/// are more than `most_bytes`.
inline result<std::string> read_file(const std::string& path, std::size_t most_bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return detail::file_failure("can't read", path, errno);
  std::string text;
  char buffer[4096];
  std::size_t got = 0;
  while (text.size() <= most_bytes && (got = std::fread(buffer, 1, sizeof buffer, file)) != 0) {
    text.append(buffer, got);
  }
  const int error = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  if (error != 0) return detail::file_failure("can't read", path, error);
  if (text.size() > most_bytes) {
    return failure(errc::too_large,
                   path + " is larger than " + std::to_string(most_bytes) + " bytes");
  }
  return text;
}

/// Replaces the file by one that only its owner may read (mode 0600 from its first byte on). It is
/// written beside its place, flushed to the disk and then renamed: whoever reads, and whoever looks
/// after a power cut, finds the old text or the new one, never a part. Fails with errc::io, and on
/// systems without POSIX files with errc::unsupported.
inline result<void> write_private_file(const std::string& path, std::string_view text) {
#if defined(__unix__) || defined(__APPLE__)
  const std::string beside = path + ".new." + std::to_string(static_cast<long>(::getpid()));
  const int file =
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return detail::file_failure("can't write", beside, errno);
  int error = 0;
  while (error == 0 && !text.empty()) {
    const auto put = ::write(file, text.data(), text.size());
    if (put > 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno != EINTR) {
      error = put == 0 ? ENOSPC : errno;
    }
  }
  if (error == 0 && ::fsync(file) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(beside.c_str());
    return detail::file_failure("can't write", path, error);
  }
  // The new name is safe once its directory is; a file system that can't say so is no failure.
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int directory = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (directory >= 0) {
    static_cast<void>(::fsync(directory));
    ::close(directory);
  }
  return {};
#else
  static_cast<void>(text);
  return failure(errc::unsupported, "orcast can't write " + path + " so that others can't read it");
#endif
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/core/media_type.hpp ----

#include <string_view>

// The type of an image, a sound, a film or a document, told by its first bytes as browsers do it
// (WHATWG MIME Sniffing, sections 6.1 and 6.2), for the types that models take. File names are not
// asked.

namespace orcast {
inline namespace v0 {

/// "image/png" and the like; empty when the bytes are of no type that is known here.
inline std::string_view media_type_of(std::string_view bytes) noexcept {
  struct mark {
    std::string_view at_0;
    std::string_view at_8;  // of containers, whose content is named there
    std::string_view type;
  };
  constexpr mark marks[] = {
      {"\x89PNG\r\n\x1A\n", {}, "image/png"},
      {"\xFF\xD8\xFF", {}, "image/jpeg"},
      {"GIF87a", {}, "image/gif"},
      {"GIF89a", {}, "image/gif"},
      {"RIFF", "WEBP", "image/webp"},
      {"BM", {}, "image/bmp"},
      {"%PDF-", {}, "application/pdf"},
      {"RIFF", "WAVE", "audio/wav"},
      {"ID3", {}, "audio/mpeg"},
      {"OggS", {}, "audio/ogg"},
      {"fLaC", {}, "audio/flac"},
      {"FORM", "AIFF", "audio/aiff"},
      {"\x1A\x45\xDF\xA3", {}, "video/webm"},
  };
  for (const mark& each : marks) {
    if (bytes.substr(0, each.at_0.size()) != each.at_0) continue;
    if (each.at_8.empty() || (bytes.size() >= 12 && bytes.substr(8, 4) == each.at_8)) {
      return each.type;
    }
  }
  // ISO base media: a box "ftyp" whose brand tells what is in it.
  if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") {
    const std::string_view brand = bytes.substr(8, 4);
    if (brand == "M4A ") return "audio/mp4";
    if (brand == "avif") return "image/avif";
    if (brand == "heic" || brand == "heix") return "image/heic";
    return brand == "qt  " ? "video/quicktime" : "video/mp4";
  }
  // A frame of MPEG audio, or of ADTS, without a tag before it.
  if (bytes.size() >= 2 && bytes[0] == '\xFF' && (bytes[1] & '\xE0') == '\xE0') {
    return (bytes[1] & '\x06') == 0 ? "audio/aac" : "audio/mpeg";
  }
  return {};
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/json_text.hpp ----

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Text on its way into and out of JSON: escaping, and the surrogates that a careless service leaves
// alone when it cuts "\ud83d\ude00" between two deltas. Inside the codec such a half travels as the
// three bytes that UTF-8 would give it (0xED 0xA0..0xBF 0x80..0xBF), until its other half arrives
// or the text ends; nothing outside ever sees it.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The surrogate whose three bytes `text` begins with, or 0.
inline unsigned surrogate_at(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '\xED') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  if (second < 0xA0 || second > 0xBF || (third & 0xC0) != 0x80) return 0;
  return 0xD000u | ((second & 0x3Fu) << 6) | (third & 0x3Fu);
}

constexpr bool is_high_surrogate(unsigned code) noexcept { return code >= 0xD800 && code < 0xDC00; }
constexpr bool is_low_surrogate(unsigned code) noexcept { return code >= 0xDC00 && code < 0xE000; }

inline void append_surrogate_pair(std::string& out, unsigned high, unsigned low) {
  const unsigned code = 0x10000u + ((high - 0xD800u) << 10) + (low - 0xDC00u);
  out += static_cast<char>(0xF0 | (code >> 18));
  out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
  out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
  out += static_cast<char>(0x80 | (code & 0x3F));
}

/// Pieces of text in, whole characters out: what utf8_gate does, and halves of surrogate pairs put
/// together. Never holds back more than one character's beginning.
class text_gate {
 public:
  void push(std::string_view piece, std::string& out) {
    if (high_ == 0 && gate_.held() == 0 && valid_utf8(piece)) {
      out.append(piece);
      return;
    }
    while (!piece.empty()) {
      if (high_ != 0) {
        const unsigned low = surrogate_at(piece);
        if (is_low_surrogate(low)) {
          append_surrogate_pair(out, high_, low);
          piece.remove_prefix(3);
        } else {
          out.append(utf8_replacement);
        }
        high_ = 0;
        continue;
      }
      const std::size_t next = find_surrogate(piece);
      gate_.push(piece.substr(0, next), out);
      piece.remove_prefix(next);
      if (piece.empty()) return;
      gate_.finish(out);
      const unsigned code = surrogate_at(piece);
      piece.remove_prefix(3);
      if (is_high_surrogate(code)) {
        high_ = code;
      } else {
        out.append(utf8_replacement);
      }
    }
  }

  /// The end of the text: what is still held becomes U+FFFD.
  void finish(std::string& out) {
    if (high_ != 0) out.append(utf8_replacement);
    high_ = 0;
    gate_.finish(out);
  }

 private:
  static std::size_t find_surrogate(std::string_view text) noexcept {
    std::size_t at = 0;
    while ((at = text.find('\xED', at)) != std::string_view::npos) {
      if (surrogate_at(text.substr(at)) != 0) return at;
      ++at;
    }
    return text.size();
  }

  utf8_gate gate_;
  unsigned high_ = 0;
};

/// Makes whole text of what may hold broken characters.
inline void repair_text(std::string& text) {
  if (valid_utf8(text)) return;
  std::string whole;
  text_gate gate;
  gate.push(text, whole);
  gate.finish(whole);
  text.swap(whole);
}

/// Appends `text`, which is UTF-8, as a JSON string.
inline void append_json_string(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, begin, i - begin);
    begin = i + 1;
    out += '\\';
    switch (byte) {
      case '"':
      case '\\':
        out += text[i];
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      default:
        out += "u00";
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
  }
  out.append(text, begin, std::string_view::npos);
  out += '"';
}

/// The value of the four hex digits at the beginning of `text`, or nothing above 0xFFFF.
inline unsigned hex_quad(std::string_view text) noexcept {
  if (text.size() < 4) return 0x10000;
  unsigned value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return 0x10000;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return value;
}

/// Copies JSON text, with each escaped surrogate that has no other half replaced by its three
/// bytes. False when there is none.
inline bool replace_lone_surrogates(std::string_view json, std::string& out) {
  out.clear();
  const auto escape_at = [json](std::size_t at) -> unsigned {
    return json.substr(at, 2) == "\\u" ? hex_quad(json.substr(at + 2)) : 0x10000;
  };
  std::size_t begin = 0;
  std::size_t at = 0;
  while ((at = json.find('\\', at)) != std::string_view::npos) {
    const unsigned code = escape_at(at);
    if (is_high_surrogate(code) &&
        is_low_surrogate(escape_at(at + 6 < json.size() ? at + 6 : at))) {
      at += 12;
    } else if (is_high_surrogate(code) || is_low_surrogate(code)) {
      out.append(json, begin, at - begin);
      out += '\xED';
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
      at += 6;
      begin = at;
    } else {
      at += 2;
    }
    if (at >= json.size()) break;
  }
  if (begin == 0) return false;
  out.append(json, begin, std::string_view::npos);
  return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/content_part.ipp ----

// The bodies of orcast/openrouter/content_part.hpp. What they are given may be no UTF-8: it is put
// into the JSON as it is, and the request that carries it is refused.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Bytes as a data URL; refused when there are too many, or none says what they are.
inline result<std::string> data_url(const char* what, std::string_view bytes,
                                    std::string_view media_type) {
  const std::string name = what;
  if (bytes.empty()) return failure(errc::invalid_argument, name + ": there are no bytes");
  if (bytes.size() > part::most_bytes) {
    return failure(errc::too_large, name + ": " + std::to_string(bytes.size()) +
                                        " bytes are more than a message may carry (" +
                                        std::to_string(part::most_bytes) + "); send a URL instead");
  }
  if (media_type.empty()) media_type = media_type_of(bytes);
  if (media_type.empty()) {
    return failure(errc::invalid_argument,
                   name + ": the bytes are of no type that is known; name their media type");
  }
  std::string url = "data:";
  url.reserve(url.size() + media_type.size() + 8 + base64_size(bytes.size()));
  url.append(media_type).append(";base64,");
  append_base64(url, bytes);
  return url;
}

/// {"type":TYPE,TYPE:{FIRST:"...",SECOND:"..."}}, without a second member that is empty.
inline content_part object_part(std::string_view type, std::string_view inside,
                                std::string_view first, std::string_view first_text,
                                std::string_view second = {}, std::string_view second_text = {}) {
  json_text whole;
  whole.reserve(first_text.size() + 128);
  whole.append("{\"type\":\"").append(type).append("\",\"").append(inside).append("\":{\"");
  whole.append(first).append("\":");
  append_json_string(whole, first_text);
  if (!second_text.empty()) {
    whole.append(",\"").append(second).append("\":");
    append_json_string(whole, second_text);
  }
  whole += "}}";
  return part::json(std::string(type), std::move(whole));
}

/// OpenRouter's names of audio formats; empty for what is none.
inline std::string_view audio_format_of(std::string_view media_type) noexcept {
  if (media_type == "audio/mpeg") return "mp3";
  if (media_type == "audio/mp4") return "m4a";
  return media_type.substr(0, 6) == "audio/" ? media_type.substr(6) : std::string_view();
}

}  // namespace detail

namespace part {

ORCAST_DECL content_part image_url(std::string_view url, std::string_view detail) {
  return v0::detail::object_part("image_url", "image_url", "url", url, "detail", detail);
}

ORCAST_DECL result<content_part> image(std::string_view bytes, std::string_view media_type,
                                       std::string_view detail) {
  result<std::string> url = v0::detail::data_url("part::image", bytes, media_type);
  if (!url) return url.error();
  return image_url(*url, detail);
}

ORCAST_DECL result<content_part> audio(std::string_view bytes, std::string_view format) {
  if (format.empty()) format = v0::detail::audio_format_of(media_type_of(bytes));
  // The data goes without the head of its URL; the type is only looked at.
  constexpr std::string_view type = "audio/any";
  result<std::string> url =
      v0::detail::data_url("part::audio", bytes, format.empty() ? std::string_view() : type);
  if (!url) return url.error();
  if (format.empty()) {
    return failure(errc::invalid_argument, "part::audio: the bytes are no audio; name the format");
  }
  const std::string_view data = std::string_view(*url).substr(url->find(',') + 1);
  return v0::detail::object_part("input_audio", "input_audio", "data", data, "format", format);
}

ORCAST_DECL content_part file_url(std::string_view url, std::string_view filename) {
  return v0::detail::object_part("file", "file", "file_data", url, "filename", filename);
}

ORCAST_DECL result<content_part> file(std::string_view bytes, std::string_view filename,
                                      std::string_view media_type) {
  result<std::string> url = v0::detail::data_url("part::file", bytes, media_type);
  if (!url) return url.error();
  return file_url(*url, filename);
}

ORCAST_DECL content_part file_id(std::string_view id) {
  return v0::detail::object_part("file", "file", "file_id", id);
}

ORCAST_DECL content_part video_url(std::string_view url) {
  return v0::detail::object_part("video_url", "video_url", "url", url);
}

ORCAST_DECL result<content_part> video(std::string_view bytes, std::string_view media_type) {
  result<std::string> url = v0::detail::data_url("part::video", bytes, media_type);
  if (!url) return url.error();
  return video_url(*url);
}

ORCAST_DECL result<content_part> from_file(const std::string& name) {
  const result<std::string> bytes = read_file(name, most_bytes);
  if (!bytes) return bytes.error();
  const std::string_view type = media_type_of(*bytes);
  const std::string_view family = type.substr(0, type.find('/'));
  if (family == "image") return image(*bytes, type);
  if (family == "audio") return audio(*bytes);
  if (family == "video") return video(*bytes, type);
  const std::size_t slash = name.find_last_of("/\\");
  const std::string short_name = slash == std::string::npos ? name : name.substr(slash + 1);
  // A model reads any other text; what is neither is refused.
  const bool plain = type.empty() && valid_utf8(*bytes);
  return file(*bytes, short_name, plain ? std::string_view("text/plain") : type);
}

}  // namespace part

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/impl/retry.ipp ----

#include <algorithm>
#include <cstddef>

// The bodies of orcast/http/retry.hpp, among them a reader for HTTP dates (RFC 9110, 5.6.7).

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// Reads a date from left to right; the first thing that does not fit makes it fail for good.
class date_reader {
 public:
  explicit date_reader(std::string_view text) noexcept : rest_(text) {}

  bool failed() const noexcept { return failed_; }
  bool at_end() const noexcept { return rest_.empty(); }

  void literal(std::string_view expected) noexcept {
    failed_ = failed_ || rest_.substr(0, expected.size()) != expected;
    if (!failed_) rest_.remove_prefix(expected.size());
  }

  /// Exactly `digits` digits. asctime pads a day with a space, hence `padded`.
  int number(std::size_t digits, bool padded = false) noexcept {
    int value = 0;
    failed_ = failed_ || rest_.size() < digits;
    for (std::size_t i = 0; i < digits && !failed_; ++i) {
      const char digit = padded && i == 0 && rest_[0] == ' ' ? '0' : rest_[i];
      failed_ = digit < '0' || digit > '9';
      value = value * 10 + (digit - '0');
    }
    if (!failed_) rest_.remove_prefix(digits);
    return failed_ ? 0 : value;
  }

  /// The position in `names` (three letters each) of the name that comes next.
  int name(std::string_view names) noexcept {
    for (std::size_t i = 0; i + 3 <= names.size() && !failed_; i += 3) {
      if (!same_name(rest_.substr(0, 3), names.substr(i, 3))) continue;
      rest_.remove_prefix(3);
      return static_cast<int>(i / 3);
    }
    failed_ = true;
    return 0;
  }

  void skip_letters() noexcept {
    while (!rest_.empty() && rest_.front() >= 'a' && rest_.front() <= 'z') rest_.remove_prefix(1);
  }

  bool next_is(char expected) const noexcept { return !rest_.empty() && rest_.front() == expected; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

/// Days from 1970-01-01 to a date of the Gregorian calendar.
constexpr std::int64_t days_since_1970(int year, int month, int day) noexcept {
  // Years begin in March, so that the day of the leap year is the last one.
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/// A date in one of the three forms as seconds since 1970; nothing when it is none.
///   Sun, 06 Nov 1994 08:49:37 GMT     Sunday, 06-Nov-94 08:49:37 GMT     Sun Nov  6 08:49:37 1994
inline std::optional<std::int64_t> parse_http_date(std::string_view text,
                                                   std::int64_t wall_now_s) noexcept {
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  date_reader in(text);
  in.name(days);
  in.skip_letters();
  const bool asctime = in.next_is(' ');
  int day = 0, month = 0, year = 0;
  bool short_year = false;
  if (asctime) {
    in.literal(" ");
    month = in.name(months);
    in.literal(" ");
    day = in.number(2, true);
  } else {
    in.literal(", ");
    day = in.number(2);
    short_year = in.next_is('-');
    const std::string_view between = short_year ? "-" : " ";
    in.literal(between);
    month = in.name(months);
    in.literal(between);
    year = in.number(short_year ? 2 : 4);
  }
  in.literal(" ");
  const int hour = in.number(2);
  in.literal(":");
  const int minute = in.number(2);
  in.literal(":");
  const int second = in.number(2);
  in.literal(" ");
  if (asctime) {
    year = in.number(4);
  } else {
    in.literal("GMT");
  }
  if (in.failed() || !in.at_end() || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;

  const auto seconds = [&](int full_year) {
    return days_since_1970(full_year, month + 1, day) * 86'400 + hour * 3600 + minute * 60 + second;
  };
  if (!short_year) return seconds(year);
  // Two digits that seem to lie more than 50 years ahead are of the century before.
  constexpr std::int64_t fifty_years_s = std::int64_t{50} * 31'556'952;
  const std::int64_t this_century = seconds(2000 + year);
  return this_century > wall_now_s + fifty_years_s ? seconds(1900 + year) : this_century;
}

}  // namespace detail

ORCAST_DECL bool retryable(const retry_policy& policy, const failure& why) noexcept {
  switch (why.http_status) {
    case 408:
      return policy.on_408;
    case 429:
      return policy.on_429;
    case 404:
      return policy.on_404 || (why.retryable && policy.on_unavailable);
    case 502:
    case 503:
    case 529:
      return policy.on_unavailable;
    case 504:
    case 524:
      return policy.on_unavailable && policy.on_no_answer;
    default:
      break;
  }
  if (why.http_status >= 500) return policy.on_other_5xx;
  if (why.http_status >= 400) return why.retryable && policy.on_unavailable;  // it says so itself
  switch (why.code) {
    case errc::rate_limited:
      return policy.on_429;
    case errc::request_timeout:
    case errc::provider_unavailable:
    case errc::overloaded:
      return policy.on_unavailable;
    case errc::server:
      return policy.on_other_5xx;
    case errc::resolve:
    case errc::connect:
    case errc::timeout_connect:
      return policy.on_connect;
    case errc::disconnected:
    case errc::timeout_first_byte:
    case errc::timeout_idle:
      return policy.on_no_answer;
    default:
      return false;
  }
}

ORCAST_DECL std::optional<std::int64_t> decide(const retry_policy& policy, int attempt,
                                               const failure& why, std::int64_t elapsed_ms,
                                               std::int64_t deadline_ms,
                                               std::uint32_t random) noexcept {
  if (attempt >= policy.max_attempts || !retryable(policy, why)) return std::nullopt;
  const double most = static_cast<double>(policy.max_ms);
  double backoff = static_cast<double>(policy.initial_ms);
  for (int i = 1; i < attempt && backoff < most; ++i) backoff *= policy.factor;
  backoff = (std::min)(backoff, most);
  const double share = static_cast<double>(random) / 4294967296.0;
  backoff -= backoff * policy.jitter * share;
  const std::int64_t wait = (std::max)(
      (std::max)(static_cast<std::int64_t>(backoff), why.retry_after_ms), std::int64_t{0});
  if (deadline_ms > 0 && wait >= deadline_ms - elapsed_ms) return std::nullopt;
  return wait;
}

ORCAST_DECL std::int64_t parse_retry_after(std::string_view value,
                                           std::int64_t wall_now_s) noexcept {
  constexpr std::int64_t most_s = 86'400;
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  if (value.empty()) return -1;

  if (value.front() >= '0' && value.front() <= '9') {
    std::int64_t seconds = 0;
    for (char digit : value) {
      if (digit < '0' || digit > '9') return -1;
      seconds = (std::min)(seconds * 10 + (digit - '0'), most_s);
    }
    return seconds * 1000;
  }
  const std::optional<std::int64_t> date = detail::parse_http_date(value, wall_now_s);
  if (!date) return -1;
  return (std::min)((std::max)(*date - wall_now_s, std::int64_t{0}), most_s) * 1000;
}

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/boost_json.hpp ----

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif
#include <boost/json/basic_parser_impl.hpp>
#include <boost/version.hpp>
#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")

// Boost.JSON, in the one place that includes it. orcast uses its incremental parser only
// (basic_parser, with a handler of our own): no DOM, no serializer, no exceptions. What differs
// between 1.81 and current releases is settled here: error codes are named by Boost.System, whose
// name never changed, and parse_options is filled member by member, because releases add members.
//
// A program without exceptions must give Boost its `boost::throw_exception(std::exception const&)`,
// as everywhere in Boost (see <boost/throw_exception.hpp>). orcast calls nothing that would call
// it.

#if BOOST_VERSION < 108100
#error "orcast needs Boost 1.81 or later (Debian 12: libboost-json1.81-dev)"
#endif

namespace orcast {
inline namespace v0 {
namespace detail {

using json_error = boost::system::error_code;
using json_chars = boost::json::string_view;

template <class Handler>
using json_parser = boost::json::basic_parser<Handler>;

/// `exact`: UTF-8 is checked too.
inline boost::json::parse_options json_options(std::size_t depth, bool exact) noexcept {
  boost::json::parse_options options;
  options.max_depth = depth;
  options.allow_invalid_utf8 = !exact;
  return options;
}

/// An error for a handler that wants the parser to stop.
inline json_error json_stop() noexcept {
  return boost::json::make_error_code(boost::json::error::object_too_large);
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/json_reader.hpp ----

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Reads one JSON text into a flat list of values, which is then looked at through json_view.
// Strings and numbers are views of the text itself, so that a price is read as it was written; only
// strings with escapes are copied. A reader that is used again allocates nothing once it is warm.

namespace orcast {
inline namespace v0 {
namespace detail {

enum class json_kind : unsigned char { none, null, boolean, integer, real, string, array, object };

/// Some bytes of the text that was parsed, or of the buffer for strings with escapes.
struct json_slice {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
  bool copied = false;
};

struct json_value {
  json_slice key;         ///< of a member of an object
  json_slice text;        ///< of a string: its value; of a number: as it was written
  std::uint32_t end = 0;  ///< the index after this value and all within it
  json_kind kind = json_kind::none;
  union {
    std::int64_t integer = 0;  ///< of an integer; of a boolean: 0 or 1
    double real;
  };
};

/// What Boost's parser calls: lists the values in the order in which they begin.
struct json_list {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  /// Enough for the largest body with log probabilities, and a bound for "[0,0,0,...".
  static constexpr std::size_t most_values = std::size_t{1} << 20;

  std::string_view source;
  std::string copies;
  std::vector<json_value> values;
  std::vector<std::uint32_t> open;  // the arrays and objects that have not ended
  json_slice key;
  std::uint32_t part = 0;  // where the current string begins in `copies`
  bool partial = false;

  void clear(std::string_view text) noexcept {
    source = text;
    copies.clear();
    values.clear();
    open.clear();
    key = {};
    partial = false;
  }

  std::string_view view(const json_slice& slice) const noexcept {
    const std::string_view base = slice.copied ? std::string_view(copies) : source;
    return {base.data() + slice.at, slice.size};
  }

  json_value* add(json_kind kind, json_error& failed) {
    if (values.size() >= most_values) {
      failed = json_stop();
      return nullptr;
    }
    values.emplace_back();
    json_value& made = values.back();
    made.kind = kind;
    made.key = key;
    made.end = static_cast<std::uint32_t>(values.size());
    key = {};
    return &made;
  }

  bool begin(json_kind kind, json_error& failed) {
    if (add(kind, failed) == nullptr) return false;
    open.push_back(static_cast<std::uint32_t>(values.size() - 1));
    return true;
  }

  bool finish() noexcept {
    values[open.back()].end = static_cast<std::uint32_t>(values.size());
    open.pop_back();
    return true;
  }

  bool take_part(json_chars piece) {
    if (!partial) part = static_cast<std::uint32_t>(copies.size());
    partial = true;
    copies.append(piece.data(), piece.size());
    return true;
  }

  json_slice take_end(json_chars piece) {
    const auto offset = reinterpret_cast<std::uintptr_t>(piece.data()) -
                        reinterpret_cast<std::uintptr_t>(source.data());
    if (!partial && offset <= source.size() && piece.size() <= source.size() - offset) {
      return {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(piece.size()), false};
    }
    take_part(piece);
    partial = false;
    return {part, static_cast<std::uint32_t>(copies.size() - part), true};
  }

  json_value* add_text(json_kind kind, json_chars text, json_error& failed) {
    json_value* made = add(kind, failed);
    if (made != nullptr) made->text = take_end(text);
    return made;
  }

  bool on_document_begin(json_error&) noexcept { return true; }
  bool on_document_end(json_error&) noexcept { return true; }
  bool on_array_begin(json_error& failed) { return begin(json_kind::array, failed); }
  bool on_array_end(std::size_t, json_error&) noexcept { return finish(); }
  bool on_object_begin(json_error& failed) { return begin(json_kind::object, failed); }
  bool on_object_end(std::size_t, json_error&) noexcept { return finish(); }
  bool on_key_part(json_chars piece, std::size_t, json_error&) { return take_part(piece); }
  bool on_key(json_chars piece, std::size_t, json_error&) {
    key = take_end(piece);
    return true;
  }
  bool on_string_part(json_chars piece, std::size_t, json_error&) { return take_part(piece); }
  bool on_string(json_chars piece, std::size_t, json_error& failed) {
    return add_text(json_kind::string, piece, failed) != nullptr;
  }
  bool on_number_part(json_chars piece, json_error&) { return take_part(piece); }
  bool on_int64(std::int64_t value, json_chars text, json_error& failed) {
    json_value* made = add_text(json_kind::integer, text, failed);
    if (made != nullptr) made->integer = value;
    return made != nullptr;
  }
  bool on_uint64(std::uint64_t value, json_chars text, json_error& failed) {
    return on_double(static_cast<double>(value), text, failed);
  }
  bool on_double(double value, json_chars text, json_error& failed) {
    json_value* made = add_text(json_kind::real, text, failed);
    if (made != nullptr) made->real = value;
    return made != nullptr;
  }
  bool on_bool(bool value, json_error& failed) {
    json_value* made = add(json_kind::boolean, failed);
    if (made != nullptr) made->integer = value ? 1 : 0;
    return made != nullptr;
  }
  bool on_null(json_error& failed) { return add(json_kind::null, failed) != nullptr; }
  bool on_comment_part(json_chars, json_error&) noexcept { return true; }
  bool on_comment(json_chars, json_error&) noexcept { return true; }
};

/// One value, or none: what is not there can be asked for everything and answers with nothing.
class json_view {
 public:
  class iterator;

  json_view() = default;
  json_view(const json_list& list, std::uint32_t at) noexcept : list_(&list), at_(at) {}

  json_kind kind() const noexcept { return list_ == nullptr ? json_kind::none : value().kind; }
  bool exists() const noexcept { return list_ != nullptr; }
  bool is_string() const noexcept { return kind() == json_kind::string; }
  bool is_array() const noexcept { return kind() == json_kind::array; }
  bool is_object() const noexcept { return kind() == json_kind::object; }
  bool is_integer() const noexcept { return kind() == json_kind::integer; }
  bool is_number() const noexcept { return is_integer() || kind() == json_kind::real; }
  bool is_bool() const noexcept { return kind() == json_kind::boolean; }
  /// Null, or not there.
  bool is_null() const noexcept { return kind() == json_kind::null || !exists(); }

  std::string_view key() const noexcept { return list_->view(value().key); }
  /// Of a string or a number; else empty.
  std::string_view text() const noexcept {
    return is_string() || is_number() ? list_->view(value().text) : std::string_view();
  }
  bool boolean() const noexcept { return is_bool() && value().integer != 0; }
  /// Of a number; what has a fraction is cut, what is too large gives the largest.
  std::int64_t integer() const noexcept {
    if (is_integer()) return value().integer;
    if (kind() != json_kind::real) return 0;
    if (std::fabs(value().real) < 9.2e18) return static_cast<std::int64_t>(value().real);
    return value().real < 0 ? INT64_MIN : INT64_MAX;
  }
  double real() const noexcept {
    if (kind() == json_kind::real) return value().real;
    return is_integer() ? static_cast<double>(value().integer) : 0;
  }

  /// Of an array or an object; of anything else there are none.
  iterator begin() const noexcept;
  iterator end() const noexcept;
  bool empty() const noexcept;

  /// The first member of that name.
  json_view operator[](std::string_view name) const noexcept;

 private:
  const json_value& value() const noexcept { return list_->values[at_]; }

  const json_list* list_ = nullptr;
  std::uint32_t at_ = 0;
};

class json_view::iterator {
 public:
  iterator(const json_list* list, std::uint32_t at) noexcept : list_(list), at_(at) {}
  json_view operator*() const noexcept { return json_view(*list_, at_); }
  iterator& operator++() noexcept {
    at_ = list_->values[at_].end;
    return *this;
  }
  bool operator!=(const iterator& other) const noexcept { return at_ != other.at_; }

 private:
  const json_list* list_;
  std::uint32_t at_;
};

inline json_view::iterator json_view::begin() const noexcept {
  return {list_, is_array() || is_object() ? at_ + 1 : 0};
}
inline json_view::iterator json_view::end() const noexcept {
  return {list_, is_array() || is_object() ? value().end : 0};
}
inline bool json_view::empty() const noexcept { return !(begin() != end()); }

inline json_view json_view::operator[](std::string_view name) const noexcept {
  if (!is_object()) return {};
  for (const json_view member : *this) {
    if (member.key() == name) return member;
  }
  return {};
}

/// `exact` is for what a program wrote itself: broken UTF-8 and halves of surrogate pairs are
/// errors then. Otherwise they are let through, and repaired where text leaves the codec.
enum class json_manners : unsigned char { exact, tolerant };

class json_reader {
 public:
  explicit json_reader(json_manners manners, std::size_t depth = 32)
      : parser_(json_options(depth, manners == json_manners::exact)), manners_(manners) {}

  /// False when `json` is not JSON. The views last until the next parse() and as long as `json`.
  bool parse(std::string_view json) {
    if (try_parse(json)) return true;
    return manners_ == json_manners::tolerant && replace_lone_surrogates(json, repaired_) &&
           try_parse(repaired_);
  }

  /// None when parse() failed.
  json_view root() const noexcept {
    const json_list& list = parser_.handler();
    return list.values.empty() ? json_view() : json_view(list, 0);
  }

 private:
  bool try_parse(std::string_view json) {
    json_list& list = parser_.handler();
    parser_.reset();
    list.clear(json);
    json_error failed;
    if (!json.empty() && json.size() < UINT32_MAX) {
      const std::size_t used = parser_.write_some(false, json.data(), json.size(), failed);
      if (!failed && used == json.size()) return true;
    }
    list.clear({});
    return false;
  }

  json_parser<json_list> parser_;
  json_manners manners_;
  std::string repaired_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/json_write.hpp ----

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

// Writes JSON straight into a string. Members appear in the order of the calls, so equal calls give
// equal bytes.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Appends text that may hold broken characters as a JSON string.
inline void append_repaired_string(std::string& out, std::string_view text) {
  if (valid_utf8(text)) return append_json_string(out, text);
  std::string whole;
  text_gate gate;
  gate.push(text, whole);
  gate.finish(whole);
  append_json_string(out, whole);
}

/// Appends what was read, without white space and with numbers as they were.
inline void append_json(std::string& out, json_view value) {
  switch (value.kind()) {
    case json_kind::none:
    case json_kind::null:
      out += "null";
      return;
    case json_kind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case json_kind::integer:
    case json_kind::real:
      out += value.text();
      return;
    case json_kind::string:
      append_repaired_string(out, value.text());
      return;
    case json_kind::array:
    case json_kind::object:
      break;
  }
  const bool object = value.is_object();
  char before = object ? '{' : '[';
  if (value.empty()) out += before;
  for (const json_view each : value) {
    out += before;
    before = ',';
    if (object) {
      append_repaired_string(out, each.key());
      out += ':';
    }
    append_json(out, each);
  }
  out += object ? '}' : ']';
}

inline std::string to_json(json_view value) {
  std::string json;
  append_json(json, value);
  return json;
}

inline void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const std::to_chars_result done = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, done.ptr);
}

/// The shortest text that gives the same double again. `value` is finite.
inline void append_number(std::string& out, double value) {
  char digits[40];
  const std::to_chars_result done = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, done.ptr);
}

/// One object under way. Between the first call and close() others may append to `out` only what
/// belongs after key(). has() remembers the first `Names` names.
template <std::size_t Names>
class basic_object_writer {
 public:
  explicit basic_object_writer(std::string& out) : out_(out) { out_ += '{'; }

  /// `name` must outlive the writer, so that has() can tell.
  std::string& key(std::string_view name) {
    if (members_ != 0) out_ += ',';
    if (members_ < sizeof names_ / sizeof *names_) names_[members_] = name;
    ++members_;
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void text_if(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void json(std::string_view name, std::string_view value) { key(name) += value; }
  void json_if(std::string_view name, std::string_view value) {
    if (!value.empty()) json(name, value);
  }
  void number(std::string_view name, std::int64_t value) { append_number(key(name), value); }
  void null(std::string_view name) { key(name) += "null"; }

  /// Whether one of the first members, as many as orcast's own types have, is called that.
  bool has(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < members_ && i < sizeof names_ / sizeof *names_; ++i) {
      if (names_[i] == name) return true;
    }
    return false;
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  std::size_t members_ = 0;
  std::string_view names_[Names];
};

using object_writer = basic_object_writer<24>;
/// For the object with the most members, a request.
using wide_object_writer = basic_object_writer<64>;

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/error_reader.hpp ----

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Makes a failure of what OpenRouter, its providers and the proxies before them answer instead of a
// reply: error objects in several shapes, the provider's own error as text within text, web pages.

namespace orcast {
inline namespace v0 {
namespace detail {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Where `lower_case` is in `text`, without regard to case.
inline std::size_t find_word(std::string_view text, std::string_view lower_case) noexcept {
  const auto found = std::search(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                                 [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

/// Replaces what looks like a key: providers quote the one that they refuse.
inline void hide_keys(std::string& text) {
  const auto in_key = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' ||
           c == '.' || c == '*' || c == '+' || c == '/' || c == '=';
  };
  const auto in_word = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
  };
  for (const std::string_view prefix : {"bearer ", "sk-", "ak-"}) {
    std::size_t from = 0;
    for (;;) {
      const std::size_t found = find_word(std::string_view(text).substr(from), prefix);
      if (found == std::string_view::npos) break;
      const std::size_t begin = from + found;
      std::size_t end = begin + prefix.size();
      while (end < text.size() && in_key(text[end])) ++end;
      from = begin + prefix.size();
      const bool inside = begin > 0 && in_word(text[begin - 1]);  // "task-", "break-even"
      if (!inside && end - from >= 8) text.replace(from, end - from, "***");
    }
  }
}

/// One line of at most about 500 bytes, without control characters and keys.
inline std::string to_one_line(std::string_view text) {
  constexpr std::size_t most = 500;
  std::string line;
  append_valid_utf8(line, text.substr(0, 4096));
  std::size_t size = 0;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = byte <= 0x20 || byte == 0x7F;
    if (!blank) {
      line[size++] = c;
    } else if (size != 0 && line[size - 1] != ' ') {
      line[size++] = ' ';
    }
  }
  line.resize(size);
  hide_keys(line);
  if (line.size() > most) {
    line.resize(utf8_prefix(line, most));
    line += "...";
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

/// The words for people in a provider's error: {"error":{"message":"..."}} and the like.
inline std::string_view find_words(json_view value, int levels = 6) {
  if (value.is_string()) return value.text();
  if (levels == 0) return {};
  if (value.is_array()) return value.empty() ? "" : find_words(*value.begin(), levels - 1);
  for (const std::string_view name : {"message", "error", "detail", "details", "msg"}) {
    const std::string_view words = find_words(value[name], levels - 1);
    if (!words.empty()) return words;
  }
  return {};
}

/// The words in text that may be JSON, whose words may be JSON again.
inline std::string unwrap_words(std::string_view text) {
  std::string words(text);
  for (int levels = 0; levels < 4; ++levels) {
    const std::size_t first = words.find_first_not_of(" \t\r\n");
    if (first == std::string::npos || (words[first] != '{' && words[first] != '[')) break;
    json_reader reader(json_manners::tolerant);
    if (!reader.parse(words)) break;
    const std::string inner(find_words(reader.root()));
    if (inner.empty()) break;
    words = inner;
  }
  return words;
}

/// The title of a web page, such as the one that a gateway answers with.
inline std::string_view page_title(std::string_view page) noexcept {
  page = page.substr(0, 4096);
  const std::size_t tag = find_word(page, "<title");
  if (tag == std::string_view::npos) return {};
  const std::size_t begin = page.find('>', tag);
  if (begin == std::string_view::npos) return {};
  page.remove_prefix(begin + 1);
  return page.substr(0, (std::min)(page.find('<'), page.size()));
}

/// 0 for what is no class of error.
inline errc errc_of_status(std::int64_t status) noexcept {
  switch (status) {
    case 401:
      return errc::authentication;
    case 402:
      return errc::payment_required;
    case 403:
      return errc::permission_denied;
    case 404:
      return errc::not_found;
    case 408:
    case 504:
    case 524:
      return errc::request_timeout;
    case 429:
      return errc::rate_limited;
    case 502:
      return errc::provider_unavailable;
    case 503:
    case 529:
      return errc::overloaded;
    default:
      break;
  }
  if (status >= 500 && status < 600) return errc::server;
  return status >= 400 && status < 500 ? errc::invalid_request : errc{};
}

/// OpenRouter's error_type, and codes that are words. New ones may appear at any time.
inline errc errc_of_type(std::string_view type) noexcept {
  struct entry {
    std::string_view type;
    errc code;
  };
  static constexpr entry known[] = {
      {"authentication", errc::authentication},
      {"payment_required", errc::payment_required},
      {"permission_denied", errc::permission_denied},
      {"not_found", errc::not_found},
      {"image_not_found", errc::not_found},
      {"timeout", errc::request_timeout},
      {"rate_limit_exceeded", errc::rate_limited},
      {"capacity_exhausted", errc::rate_limited},
      {"server", errc::server},
      {"server_error", errc::server},
      {"unmapped", errc::server},
      {"provider_unavailable", errc::provider_unavailable},
      {"provider_overloaded", errc::overloaded},
      {"temporarily_unavailable", errc::overloaded},
      {"context_length_exceeded", errc::invalid_request},
      {"max_tokens_exceeded", errc::invalid_request},
      {"token_limit_exceeded", errc::invalid_request},
      {"string_too_long", errc::invalid_request},
      {"invalid_request", errc::invalid_request},
      {"invalid_prompt", errc::invalid_request},
      {"content_policy_violation", errc::invalid_request},
      {"refusal", errc::invalid_request},
      {"invalid_image", errc::invalid_request},
      {"image_too_large", errc::invalid_request},
      {"image_too_small", errc::invalid_request},
      {"unsupported_image_format", errc::invalid_request},
      {"image_download_failed", errc::invalid_request},
      {"precondition_failed", errc::invalid_request},
      {"payload_too_large", errc::invalid_request},
      {"unprocessable", errc::invalid_request},
  };
  for (const entry& each : known) {
    if (each.type == type) return each.code;
  }
  return errc{};
}

constexpr bool may_pass(errc code) noexcept {
  return code == errc::request_timeout || code == errc::rate_limited || code == errc::server ||
         code == errc::provider_unavailable || code == errc::overloaded;
}

/// The failure that an HTTP status alone tells.
inline failure status_failure(int status, std::string_view words) {
  const errc code = errc_of_status(status);
  failure why(code == errc{} ? errc::malformed_response : code, to_one_line(words), status);
  why.retryable = may_pass(why.code);
  return why;
}

/// The same of a response whose body is anything: a web page, text, JSON without `error`, nothing.
inline failure page_failure(int status, std::string_view body, json_view root) {
  std::string words = "HTTP ";
  append_number(words, static_cast<std::int64_t>(status));
  std::string_view said = body;
  if (root.exists()) {
    said = find_words(root);
  } else if (!body.empty() && body.front() == '<') {
    said = page_title(body);
    if (said.empty()) said = "a web page instead of an answer";
  }
  if (!said.empty()) words.append(": ").append(said.substr(0, 4096));
  return status_failure(status, words);
}

/// The error of a reply or a chunk: its own, or that of one of its choices.
inline json_view find_error(json_view root) noexcept {
  const auto counts = [](json_view error) {
    return error.is_object() || (error.is_string() && !error.text().empty());
  };
  if (counts(root["error"])) return root["error"];
  for (const json_view choice : root["choices"]) {
    if (counts(choice["error"])) return choice["error"];
  }
  return {};
}

/// `error`: the error object (or text); `provider`: what the reply around it names, or nothing.
inline failure read_error(json_view error, std::string_view provider, int status) {
  const json_view metadata = error["metadata"];
  const json_view availability = error["availability"];
  failure why;
  why.http_status = status;

  json_view type = metadata["error_type"];
  if (!type.is_string()) type = error["error_type"];
  if (!type.is_string()) type = availability["code"];
  if (!type.is_string()) type = error["code"];
  if (type.is_string()) why.error_type = to_one_line(type.text().substr(0, 100));

  // The status of the response counts, then what the error says of itself.
  const json_view code = error["code"];
  why.code = errc_of_status(status);
  if (why.code == errc{} && code.is_number()) why.code = errc_of_status(code.integer());
  if (why.code == errc{}) why.code = errc_of_status(error["http_status"].integer());
  if (why.code == errc{}) why.code = errc_of_type(why.error_type);
  if (why.code == errc{} && code.is_string()) why.code = errc_of_type(code.text());
  if (why.code == errc{}) why.code = errc::provider_error;

  const json_view named = metadata["provider_name"];
  why.provider = to_one_line((named.is_string() ? named.text() : provider).substr(0, 100));

  const json_view raw = metadata["raw"];
  std::string words = raw.is_string() ? unwrap_words(raw.text()) : unwrap_words(find_words(raw));
  if (!words.empty() && words.front() == '<') words = page_title(words);
  if (!words.empty()) {
    if (!why.provider.empty()) words.insert(0, "Provider " + why.provider + ": ");
  } else {
    words = unwrap_words(find_words(error));
    const json_view detail = metadata["provider_code"];
    if (!detail.text().empty()) words.append(" (").append(detail.text()).append(")");
  }
  if (words.empty()) words = why.error_type;
  if (words.empty()) words = "an error without a message";
  why.message = to_one_line(words);

  const json_view hint = availability["retry_after"];
  if (hint.is_number() && hint.real() >= 0) {
    why.retry_after_ms = static_cast<std::int64_t>((std::min)(hint.real(), 86'400.0) * 1000);
  }
  const json_view retryable = availability["retryable"];
  why.retryable = retryable.is_bool() ? retryable.boolean() : may_pass(why.code);
  return why;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/header_token.hpp ----

#include <string>
#include <string_view>

// What a response's head tells in one word.

namespace orcast {
inline namespace v0 {
namespace detail {

/// An id or a word from a header line; what is neither leaves `place` empty.
inline void copy_token(std::string_view value, std::string& place) {
  place.clear();
  if (value.size() > 256) return;
  for (const char c : value) {
    if (c <= 0x20 || c > 0x7E) return;
  }
  place.assign(value);
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/api_reply.ipp ----

#include <algorithm>
#include <cstddef>
#include <utility>

// The bodies of orcast/openrouter/api_reply.hpp.

namespace orcast {
inline namespace v0 {

ORCAST_DECL void api_reader::reset() noexcept {
  reply_ = api_reply();
  error_body_.clear();
  retry_after_ms_ = -1;
  received_ = too_large_ = false;
}

ORCAST_DECL void api_reader::head(const http::response_head& head) noexcept {
  reply_.status = head.status;
  detail::copy_token(head.find("X-Generation-Id"), reply_.generation_id);
  detail::copy_token(head.find("X-OpenRouter-Cache-Status"), reply_.cache_status);
  const std::string_view type = head.find("Content-Type");
  if (type.size() <= 256) reply_.content_type.assign(type);
  const std::string_view retry_after = head.find("Retry-After");
  if (retry_after.empty()) return;
  retry_after_ms_ = http::parse_retry_after(retry_after, host().wall_ns() / 1'000'000'000);
}

ORCAST_DECL bool api_reader::data(std::string_view bytes) noexcept {
  if (too_large_) return false;
  if (success() && !bytes.empty()) received_ = true;
  if (success() && listener_ != nullptr) {
    listener_->on_data(bytes);
    return true;
  }
  std::string& body = success() ? reply_.body : error_body_;
  too_large_ = bytes.size() > limits_.body_bytes - (std::min)(body.size(), limits_.body_bytes);
  if (!too_large_) body.append(bytes);
  return !too_large_;
}

ORCAST_DECL result<void> api_reader::finish(result<void> outcome) noexcept {
  const bool refused = reply_.status != 0 && !success();
  const auto failed = [this](failure why) {
    why.http_status = reply_.status;
    why.retry_after_ms = (std::max)(why.retry_after_ms, retry_after_ms_);
    return why;
  };
  if (too_large_) {
    return failed(failure(errc::too_large, "the body of the response is too large"));
  }
  if (!outcome && (!refused || outcome.error().code == errc::cancelled)) {
    return failed(outcome.error());
  }
  if (outcome && reply_.status == 0) {
    return failed(failure(errc::protocol, "the exchange ended without a response"));
  }
  const std::string& body = refused ? error_body_ : reply_.body;
  // Only what may be an error is looked into: a list of models is not parsed twice.
  const bool suspicious = refused || body.substr(0, 64).find("\"error\"") != std::string::npos;
  if (!suspicious) return {};
  detail::json_reader json(detail::json_manners::tolerant, limits_.depth);
  static_cast<void>(json.parse(body));
  const detail::json_view error = detail::find_error(json.root());
  if (error.exists()) return failed(detail::read_error(error, {}, reply_.status));
  if (refused) return failed(detail::page_failure(reply_.status, body, json.root()));
  return {};
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/response_format.ipp ----

#include <string>
#include <string_view>
#include <vector>

// Makes plain schemas strict.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Members whose value is an object of schemas by name.
inline bool holds_schemas_by_name(std::string_view key) noexcept {
  return key == "properties" || key == "$defs" || key == "definitions";
}
/// Members whose value is a schema, or an array of them.
inline bool holds_schemas(std::string_view key) noexcept {
  return key == "items" || key == "anyOf" || key == "allOf" || key == "oneOf" ||
         key == "prefixItems" || key == "not";
}

inline bool lists(json_view names, std::string_view name) noexcept {
  for (const json_view each : names) {
    if (each.is_string() && each.text() == name) return true;
  }
  return false;
}

inline bool may_be_null(json_view schema) noexcept {
  if (schema["type"].text() == "null" || lists(schema["type"], "null")) return true;
  for (const json_view each : schema["anyOf"]) {
    if (may_be_null(each)) return true;
  }
  return false;
}

inline void append_strict(std::string& out, json_view schema);

inline void append_strict_properties(std::string& out, json_view properties, json_view required) {
  object_writer whole(out);
  for (const json_view each : properties) {
    std::string& place = whole.key(each.key());
    const bool optional = !lists(required, each.key()) && each.is_object() && !may_be_null(each);
    if (optional) place += "{\"anyOf\":[";
    append_strict(place, each);
    if (optional) place += ",{\"type\":\"null\"}]}";
  }
  whole.close();
}

inline void append_strict(std::string& out, json_view schema) {
  if (!schema.is_object()) return append_json(out, schema);
  const json_view properties = schema["properties"];
  const bool object = schema["type"].text() == "object" || properties.is_object();
  object_writer whole(out);
  for (const json_view member : schema) {
    const std::string_view key = member.key();
    if (object && (key == "required" || key == "additionalProperties")) continue;
    std::string& place = whole.key(key);
    if (key == "properties" && member.is_object()) {
      append_strict_properties(place, member, schema["required"]);
    } else if (holds_schemas_by_name(key) && member.is_object()) {
      object_writer inner(place);
      for (const json_view each : member) append_strict(inner.key(each.key()), each);
      inner.close();
    } else if (holds_schemas(key) && member.is_array()) {
      char before = '[';
      if (member.empty()) place += before;
      for (const json_view each : member) {
        place += before;
        before = ',';
        append_strict(place, each);
      }
      place += ']';
    } else if (holds_schemas(key)) {
      append_strict(place, member);
    } else {
      append_json(place, member);
    }
  }
  if (object) {
    whole.key("required");
    char before = '[';
    if (properties.empty()) out += before;
    for (const json_view each : properties) {
      out += before;
      before = ',';
      append_repaired_string(out, each.key());
    }
    out += ']';
    whole.json("additionalProperties", "false");
  }
  whole.close();
}

}  // namespace detail

ORCAST_DECL result<json_text> strict_schema(std::string_view schema) {
  detail::json_reader reader(detail::json_manners::exact, 128);
  if (!reader.parse(schema)) return failure(errc::invalid_argument, "the schema is not JSON");
  if (!reader.root().is_object()) {
    return failure(errc::invalid_argument, "the schema is not an object");
  }
  json_text made;
  detail::append_strict(made, reader.root());
  return made;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/request_members.hpp ----

#include <optional>
#include <string>
#include <vector>

// The members of a request and of the objects in it: their names in JSON, their places in orcast's
// types, and their order. Writer and reader both go through these lists, so that a member that is
// added here is written and read.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What a member that is JSON text may be.
enum class json_shape : unsigned char { object, array, string_or_object };

/// Marks the place of the members that have none of their own.
struct others {};

/// The members of one of orcast's types: `visit` calls `see(name, place[, shape])` for each, in the
/// order in which they are written, and last `see(others(), name, place)`.
template <class Object>
struct members;

template <>
struct members<price_limits> {
  template <class Object, class See>
  static void visit(Object& price, See&& see) {
    see("prompt", price.prompt);
    see("completion", price.completion);
    see("image", price.image);
    see("audio", price.audio);
    see("request", price.request);
    see(others(), "extra", price.extra);
  }
};

template <>
struct members<provider_preferences> {
  template <class Object, class See>
  static void visit(Object& provider, See&& see) {
    see("order", provider.order);
    see("only", provider.only);
    see("ignore", provider.ignore);
    see("allow_fallbacks", provider.allow_fallbacks);
    see("require_parameters", provider.require_parameters);
    see("data_collection", provider.data_collection);
    see("zdr", provider.zdr);
    see("enforce_distillable_text", provider.enforce_distillable_text);
    see("quantizations", provider.quantizations);
    see("sort", provider.sort);
    see("max_price", provider.max_price);
    see("preferred_min_throughput", provider.preferred_min_throughput);
    see("preferred_max_latency", provider.preferred_max_latency);
    see(others(), "extra", provider.extra);
  }
};

template <>
struct members<reasoning_options> {
  template <class Object, class See>
  static void visit(Object& reasoning, See&& see) {
    see("effort", reasoning.effort);
    see("max_tokens", reasoning.max_tokens);
    see("enabled", reasoning.enabled);
    see("exclude", reasoning.exclude);
    see("summary", reasoning.summary);
    see(others(), "extra", reasoning.extra);
  }
};

template <>
struct members<plugin> {
  template <class Object, class See>
  static void visit(Object& each, See&& see) {
    see("id", each.id);
    see("enabled", each.enabled);
    see("engine", each.engine);
    see("mode", each.mode);
    see("max_results", each.max_results);
    see("max_uses", each.max_uses);
    see("search_prompt", each.search_prompt);
    see("include_domains", each.include_domains);
    see("exclude_domains", each.exclude_domains);
    see(others(), "settings", each.settings);
  }
};

template <>
struct members<stop_condition> {
  template <class Object, class See>
  static void visit(Object& each, See&& see) {
    see("type", each.type);
    see("step_count", each.step_count);
    see("tool_name", each.tool_name);
    see("max_tokens", each.max_tokens);
    see("max_cost_in_dollars", each.max_cost_in_dollars);
    see("reason", each.reason);
    see(others(), "extra", each.extra);
  }
};

template <>
struct members<prompt_cache_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("mode", options.mode);
    see("ttl", options.ttl);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<audio_output_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("voice", options.voice);
    see("format", options.format);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<debug_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("echo_upstream_body", options.echo_upstream_body);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<stream_options> {
  template <class Object, class See>
  static void visit(Object& options, See&& see) {
    see("include_usage", options.include_usage);
    see(others(), "extra", options.extra);
  }
};

template <>
struct members<trace_fields> {
  template <class Object, class See>
  static void visit(Object& trace, See&& see) {
    see("trace_id", trace.trace_id);
    see("trace_name", trace.trace_name);
    see("span_name", trace.span_name);
    see("generation_name", trace.generation_name);
    see("parent_span_id", trace.parent_span_id);
    see(others(), "metadata", trace.metadata);
  }
};

/// What OpenInference calls invocation parameters. `stream` says which kind of call it is, so it
/// stands first.
template <class Request, class See>
void visit_parameters(Request& request, See&& see) {
  see("stream", request.stream);
  see("temperature", request.temperature);
  see("top_p", request.top_p);
  see("top_k", request.top_k);
  see("min_p", request.min_p);
  see("top_a", request.top_a);
  see("frequency_penalty", request.frequency_penalty);
  see("presence_penalty", request.presence_penalty);
  see("repetition_penalty", request.repetition_penalty);
  see("max_completion_tokens", request.max_completion_tokens);
  see("max_tokens", request.max_tokens);
  see("seed", request.seed);
  see("stop", request.stop);
  see("logit_bias", request.logit_bias);
  see("logprobs", request.logprobs);
  see("top_logprobs", request.top_logprobs);
  see("tool_choice", request.tool_choice, json_shape::string_or_object);
  see("parallel_tool_calls", request.parallel_tool_calls);
  see("stop_server_tools_when", request.stop_server_tools_when);
  see("plugins", request.plugins);
  see("web_search_options", request.web_search_options, json_shape::object);
  see("response_format", request.response_format);
  see("structured_outputs", request.structured_outputs);
  see("reasoning", request.reasoning);
  see("reasoning_effort", request.reasoning_effort);
  see("verbosity", request.verbosity);
  see("modalities", request.modalities);
  see("audio", request.audio);
  see("prediction", request.prediction);
  see("image_config", request.image_config, json_shape::object);
  see("provider", request.provider);
  see("preset", request.preset);
  see("service_tier", request.service_tier);
  see("route", request.route);
  see("cache_control", request.cache);
  see("prompt_cache_key", request.prompt_cache_key);
  see("prompt_cache_options", request.cache_options);
  see("stream_options", request.stream_options);
  see("debug", request.debug);
  see("metadata", request.metadata);
}

/// Whether a member has something to be written.
inline bool is_set(const std::string& text) noexcept { return !text.empty(); }
inline bool is_set(bool value) noexcept { return value; }
inline bool is_set(const provider_sort& sort) noexcept {
  return !sort.by.empty() || !sort.partition.empty();
}
inline bool is_set(const speed_bound& bound) noexcept {
  return bound.value || bound.p50 || bound.p75 || bound.p90 || bound.p99;
}
inline bool is_set(const response_format& format) noexcept {
  return !format.type.empty() || !format.json.empty();
}
inline bool is_set(const predicted_output& output) noexcept { return !output.content.empty(); }
template <class T>
bool is_set(const std::optional<T>& value) noexcept {
  return value.has_value();
}
template <class T>
bool is_set(const std::vector<T>& values) noexcept {
  return !values.empty();
}
template <class Object, class = decltype(sizeof(members<Object>))>
bool is_set(const Object& object) noexcept;

struct set_members {
  bool any = false;
  template <class T>
  void operator()(const char*, const T& value, json_shape = {}) noexcept {
    any = any || is_set(value);
  }
  void operator()(others, const char*, const json_text& json) noexcept {
    any = any || !json.empty();
  }
};

template <class Object, class>
bool is_set(const Object& object) noexcept {
  set_members seen;
  members<Object>::visit(object, seen);
  return seen.any;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/request_checks.hpp ----

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What writing a request needs at every place: where the writer is, what is wrong first, and a look
// at the JSON that the caller gave (is it JSON, of the right kind?), which is then copied as it is.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Where the writer is, and the first thing that is wrong.
class request_checks {
 public:
  /// `strict`: the first member that cannot be sent as it is ends in a failure. Otherwise text is
  /// repaired and other members are left out.
  request_checks(std::string& out, bool strict) : out_(out), size_(out.size()), strict_(strict) {}

  result<void> finish() {
    if (problem_.empty() || !strict_) return {};
    out_.resize(size_);
    return failure(errc::invalid_argument, problem_);
  }

 protected:
  void complain(std::string_view member, std::string_view about) {
    if (!problem_.empty()) return;
    problem_ = path_;
    problem_ += member;
    if (member.empty() && !problem_.empty()) problem_.pop_back();  // the dot
    problem_ += about;
  }

  /// Goes into a member, or an element of it; leave() with what was returned goes back.
  std::size_t enter(std::string_view name) {
    const std::size_t outer = path_.size();
    path_.append(name) += '.';
    return outer;
  }
  std::size_t enter(std::string_view list, std::size_t index) {
    const std::size_t outer = path_.size();
    path_.append(list) += '[';
    append_number(path_, static_cast<std::int64_t>(index));
    path_ += "].";
    return outer;
  }
  void leave(std::size_t outer) { path_.resize(outer); }

  /// Text as a JSON string.
  void put_text(std::string_view name, std::string_view value) {
    if (valid_utf8(value)) return append_json_string(out_, value);
    complain(name, " is not UTF-8");
    append_repaired_string(out_, value);
  }

  /// Looks at JSON text; false, with a complaint, when it can't be sent in that place.
  bool looks_right(std::string_view name, std::string_view json, json_shape shape) {
    if (!reader_.parse(json)) {
      complain(name, valid_utf8(json) ? " is not JSON" : " is not UTF-8");
      return false;
    }
    const json_view root = reader_.root();
    const char* problem = nullptr;
    if (shape == json_shape::object && !root.is_object()) problem = " is not an object";
    if (shape == json_shape::array && !root.is_array()) problem = " is not an array";
    if (shape == json_shape::string_or_object && !root.is_object() && !root.is_string()) {
      problem = " is neither a string nor an object";
    }
    if (problem != nullptr) complain(name, problem);
    return problem == nullptr;
  }

  /// An element of an array, which is an object that the caller gave whole.
  void json_or_null(std::string_view value) {
    if (value.empty()) {
      complain("", " has a type but no json");
    } else if (looks_right("", value, json_shape::object)) {
      out_ += value;
      return;
    }
    out_ += "null";
  }

  /// Adds the members of an object to the one under way.
  template <class Whole>
  void merge(Whole& whole, std::string_view name, std::string_view object,
             bool (*leave_out)(std::string_view) = nullptr) {
    if (object.empty() || !looks_right(name, object, json_shape::object)) return;
    const json_view root = reader_.root();
    for (const json_view member : root) {
      const std::string_view key = member.key();
      if (leave_out != nullptr && leave_out(key)) continue;
      if (whole.has(key) || root[key].key().data() != key.data()) {
        if (problem_.empty()) {
          complain(name, ".");
          problem_.append(key).append(" is set twice");
        }
        continue;
      }
      append_json(whole.key(key), member);
    }
  }

  std::string& out_;
  std::size_t size_;
  bool strict_;
  std::string path_;     // of the object under way: "messages[3]."
  std::string problem_;  // the first
  json_reader reader_{json_manners::exact, 128};
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/request_writer.hpp ----

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Writes the members of a request and of the objects in it, each by its type.

namespace orcast {
inline namespace v0 {
namespace detail {

template <class Whole>
class member_writer;

/// All that is in `members`, and objects of them.
class object_members_writer : public request_checks {
 public:
  using request_checks::request_checks;

 protected:
  template <class Whole>
  void text(Whole& whole, std::string_view name, std::string_view value, bool always = false) {
    if (value.empty() && !always) return;
    whole.key(name);
    put_text(name, value);
  }
  template <class Whole>
  void json(Whole& whole, std::string_view name, std::string_view value, json_shape shape) {
    if (!value.empty() && looks_right(name, value, shape)) whole.json(name, value);
  }
  template <class Whole>
  void number(Whole& whole, std::string_view name, double value) {
    if (!std::isfinite(value)) return complain(name, " is not a finite number");
    append_number(whole.key(name), value);
  }

  template <class Whole>
  void write(Whole& whole, const char* name, const std::string& value) {
    text(whole, name, value);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, bool value) {
    if (value) whole.json(name, "true");
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<bool>& value) {
    if (value) whole.json(name, *value ? "true" : "false");
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<std::int64_t>& value) {
    if (value) whole.number(name, *value);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<double>& value) {
    if (value) number(whole, name, *value);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    whole.key(name);
    char before = '[';
    for (const std::string& value : values) {
      out_ += before;
      before = ',';
      put_text(name, value);
    }
    out_ += ']';
  }
  template <class Whole, class Value>
  void write(Whole& whole, const char* name,
             const std::vector<std::pair<std::string, Value>>& pairs) {
    if (pairs.empty()) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    for (const auto& [key, value] : pairs) {
      if (!valid_utf8(key)) {
        complain(key, " is not UTF-8");
      } else if (inner.has(key)) {
        complain(key, " is set twice");
      } else {
        put_pair(inner, key, value);
      }
    }
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const std::optional<cache_control>& cache) {
    if (!cache) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    inner.text("type", "ephemeral");
    text(inner, "ttl", cache->ttl);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const provider_sort& sort) {
    if (sort.partition.empty()) return text(whole, name, sort.by);
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    text(inner, "by", sort.by);
    text(inner, "partition", sort.partition);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const speed_bound& bound) {
    if (!is_set(bound)) return;
    if (bound.value) return number(whole, name, *bound.value);
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    write(inner, "p50", bound.p50);
    write(inner, "p75", bound.p75);
    write(inner, "p90", bound.p90);
    write(inner, "p99", bound.p99);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const predicted_output& output) {
    if (output.content.empty()) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    inner.text("type", "content");
    text(inner, "content", output.content);
    inner.close();
    leave(outer);
  }
  template <class Whole>
  void write(Whole& whole, const char* name, const response_format& format) {
    if (!format.json.empty()) return json(whole, name, format.json, json_shape::object);
    if (format.type.empty()) return;
    const std::size_t outer = enter(name);
    object_writer inner(whole.key(name));
    text(inner, "type", format.type);
    if (format.type == "json_schema") {
      const std::size_t middle = enter("json_schema");
      object_writer schema(inner.key("json_schema"));
      if (format.name.empty()) complain("name", " is empty");
      text(schema, "name", format.name, true);
      text(schema, "description", format.description);
      write(schema, "strict", format.strict);
      json(schema, "schema", format.schema, json_shape::object);
      schema.close();
      leave(middle);
    }
    text(inner, "grammar", format.grammar);
    inner.close();
    leave(outer);
  }
  template <class Whole, class Object, class = decltype(sizeof(members<Object>))>
  void write(Whole& whole, const char* name, const Object& object) {
    if (!is_set(object)) return;
    const std::size_t outer = enter(name);
    write_object(whole.key(name), object);
    leave(outer);
  }
  template <class Whole, class Object, class = decltype(sizeof(members<Object>))>
  void write(Whole& whole, const char* name, const std::vector<Object>& objects) {
    if (objects.empty()) return;
    whole.key(name);
    char before = '[';
    for (std::size_t i = 0; i < objects.size(); ++i) {
      out_ += before;
      before = ',';
      const std::size_t outer = enter(name, i);
      write_object(out_, objects[i]);
      leave(outer);
    }
    out_ += ']';
  }

  template <class Object>
  void write_object(std::string& out, const Object& object);

 private:
  template <class Whole>
  friend class member_writer;

  void put_pair(object_writer& inner, const std::string& key, const std::string& value) {
    text(inner, key, value, true);
  }
  void put_pair(object_writer& inner, const std::string& key, double value) {
    number(inner, key, value);
  }
};

/// Writes one member of an object after the other.
template <class Whole>
class member_writer {
 public:
  member_writer(object_members_writer& writer, Whole& whole) : writer_(writer), whole_(whole) {}

  template <class T>
  void operator()(const char* name, const T& value) {
    writer_.write(whole_, name, value);
  }
  void operator()(const char* name, const json_text& json, json_shape shape) {
    writer_.json(whole_, name, json, shape);
  }
  void operator()(others, const char* name, const json_text& object) {
    writer_.merge(whole_, name, object);
  }

 private:
  object_members_writer& writer_;
  Whole& whole_;
};

template <class Object>
void object_members_writer::write_object(std::string& out, const Object& object) {
  object_writer inner(out);
  members<Object>::visit(object, member_writer<object_writer>(*this, inner));
  inner.close();
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/chat_request.ipp ----

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// ---- orcast/openrouter/impl/message_fields.hpp ----

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What requests and replies have in common: the parts of a message, and the members that go beyond
// orcast's types, kept for who knows them.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Whole text of a string that may hold broken characters.
inline bool take_text(json_view value, std::string& place) {
  if (!value.is_string() || value.text().empty()) return false;
  place.assign(value.text());
  repair_text(place);
  return true;
}

inline std::size_t count(json_view values) {
  std::size_t members = 0;
  for (const json_view each : values) {
    static_cast<void>(each);
    ++members;
  }
  return members;
}

inline bool take_cache(json_view value, std::optional<cache_control>& place) {
  cache_control made;
  const std::size_t placed = take_text(value["ttl"], made.ttl) ? 2 : 1;
  if (value["type"].text() != "ephemeral" || count(value) != placed) return false;
  place = std::move(made);
  return true;
}

/// A part that is more than its text keeps its whole JSON.
inline content_part read_part(json_view value) {
  content_part part;
  take_text(value["type"], part.type);
  if (part.type == "text") {
    take_text(value["text"], part.text);
    const std::size_t placed = take_cache(value["cache_control"], part.cache) ? 3 : 2;
    if (value["text"].is_string() && count(value) == placed) return part;
    part.cache.reset();
  }
  append_json(part.json, value);
  return part;
}

/// Members that orcast has no place for: the last value of each, in the order of first appearance.
class loose_members {
 public:
  /// Null says nothing, and members beyond the first 64 are not kept. Returns the bytes that were
  /// added.
  std::size_t set(json_view member) {
    if (member.is_null()) return 0;
    for (entry& each : list_) {
      if (each.key != member.key()) continue;
      const std::size_t before = each.json.size();
      each.json.clear();
      append_json(each.json, member);
      return each.json.size() > before ? each.json.size() - before : 0;
    }
    if (list_.size() == 64) return 0;
    list_.push_back({std::string(member.key()), to_json(member)});
    repair_text(list_.back().key);
    return list_.back().key.size() + list_.back().json.size();
  }
  bool empty() const noexcept { return list_.empty(); }
  void clear() noexcept { list_.clear(); }
  void write(object_writer& whole) const {
    for (const entry& each : list_) whole.json(each.key, each.json);
  }
  json_text object() const {
    json_text made;
    if (list_.empty()) return made;
    object_writer whole(made);
    write(whole);
    whole.close();
    return made;
  }

 private:
  struct entry {
    std::string key;
    json_text json;
  };
  std::vector<entry> list_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/request_reader.hpp ----

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Reads the members of a request that other code wrote, each by the type of its place. A member
// goes to its place when that place would write it again as it was; whatever is shaped differently
// goes to `extra`, so that nothing is lost.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The members that found no place, as an object.
class extra_members {
 public:
  explicit extra_members(json_text& extra) : extra_(extra) {}

  void add(json_view member) {
    extra_ += extra_.empty() ? '{' : ',';
    append_repaired_string(extra_, member.key());
    extra_ += ':';
    append_json(extra_, member);
  }
  void close() {
    if (!extra_.empty()) extra_ += '}';
  }

 private:
  json_text& extra_;
};

/// Of an object whose members are compared with each other.
inline constexpr std::size_t most_members = 256;

/// A member that is there twice counts once: the first.
inline bool is_repeated(json_view whole, json_view member) {
  return whole[member.key()].key().data() != member.key().data();
}

inline bool all_objects(json_view values) {
  if (!values.is_array() || values.empty()) return false;
  for (const json_view each : values) {
    if (!each.is_object()) return false;
  }
  return true;
}

// take(): the value goes to its place, or nowhere when the place would not write the same again.

inline bool take(json_view value, std::string& place) { return take_text(value, place); }

inline bool take(json_view value, bool& place) {
  place = value.boolean();
  return value.is_bool();
}

inline bool take(json_view value, std::optional<bool>& place) {
  if (!value.is_bool()) return false;
  place = value.boolean();
  return true;
}

inline bool take(json_view value, std::optional<std::int64_t>& place) {
  if (!value.is_integer()) return false;
  place = value.integer();
  return true;
}

inline bool take(json_view value, std::optional<double>& place) {
  if (!value.is_number()) return false;
  place = value.real();
  return true;
}

inline bool take(json_view value, json_text& place, json_shape shape) {
  const bool fits = (shape != json_shape::array && value.is_object()) ||
                    (shape == json_shape::array && value.is_array()) ||
                    (shape == json_shape::string_or_object && value.is_string());
  if (fits) append_json(place, value);
  return fits;
}

inline bool take(json_view values, std::vector<std::string>& place) {
  if (!values.is_array() || values.empty()) return false;
  for (const json_view each : values) {
    if (!each.is_string()) return false;
  }
  for (const json_view each : values) {
    place.emplace_back(each.text());
    repair_text(place.back());
  }
  return true;
}

inline bool take_value(json_view value, std::string& place) {
  place = value.text();
  repair_text(place);
  return value.is_string();
}
inline bool take_value(json_view value, double& place) {
  place = value.real();
  return value.is_number();
}

template <class Value>
bool take(json_view values, std::vector<std::pair<std::string, Value>>& place) {
  bool fits = values.is_object() && !values.empty() && count(values) <= most_members;
  for (const json_view each : values) {
    if (!fits || is_repeated(values, each)) continue;
    place.emplace_back(each.key(), Value());
    repair_text(place.back().first);
    fits = take_value(each, place.back().second);
  }
  if (!fits) place.clear();
  return fits;
}

inline bool take(json_view value, std::optional<cache_control>& place) {
  return take_cache(value, place);
}

inline bool take(json_view value, provider_sort& place) {
  if (value.is_string()) return take_text(value, place.by);
  if (count(value) != 2) return false;
  const bool fits =
      take_text(value["by"], place.by) && take_text(value["partition"], place.partition);
  if (!fits) place = {};
  return fits;
}

inline bool take(json_view value, speed_bound& place) {
  if (value.is_number()) return take(value, place.value);
  std::size_t placed = 0;
  placed += take(value["p50"], place.p50) ? 1 : 0;
  placed += take(value["p75"], place.p75) ? 1 : 0;
  placed += take(value["p90"], place.p90) ? 1 : 0;
  placed += take(value["p99"], place.p99) ? 1 : 0;
  const bool fits = value.is_object() && placed != 0 && placed == count(value);
  if (!fits) place = {};
  return fits;
}

inline bool take(json_view value, predicted_output& place) {
  return count(value) == 2 && value["type"].text() == "content" &&
         take_text(value["content"], place.content);
}

/// A format with more than its usual members is kept whole; its type and schema can be seen.
inline bool take(json_view value, response_format& place) {
  if (!value.is_object() || value.empty()) return false;
  const json_view inner = value["json_schema"];
  std::size_t placed = take_text(value["type"], place.type) ? 1 : 0;
  std::size_t inside = take_text(inner["name"], place.name) ? 1 : 0;
  const bool named = inside == 1;
  inside += take_text(inner["description"], place.description) ? 1 : 0;
  inside += take(inner["strict"], place.strict) ? 1 : 0;
  inside += take(inner["schema"], place.schema, json_shape::object) ? 1 : 0;
  placed += take_text(value["grammar"], place.grammar) ? 1 : 0;
  const bool schema = inner.is_object() && named;
  const bool plain = !place.type.empty() && inside == count(inner) && inner.is_object() == schema &&
                     (place.type == "json_schema") == schema &&
                     placed + (schema ? 1 : 0) == count(value);
  if (!plain) append_json(place.json, value);
  return true;
}

template <class Object, class = decltype(sizeof(members<Object>))>
bool take(json_view value, Object& place);

template <class Object, class = decltype(sizeof(members<Object>))>
bool take(json_view values, std::vector<Object>& place) {
  bool fits = all_objects(values);
  for (const json_view each : values) {
    if (!fits) break;
    place.emplace_back();
    fits = take(each, place.back());
  }
  if (!fits) place.clear();
  return fits;
}

/// Looks for the place of one member.
struct member_taker {
  json_view member;
  std::string_view key;
  bool placed = false;

  explicit member_taker(json_view each) : member(each), key(each.key()) {}

  template <class T>
  void operator()(const char* name, T& place) {
    if (key == name) placed = take(member, place);
  }
  void operator()(const char* name, json_text& place, json_shape shape) {
    if (key == name) placed = take(member, place, shape);
  }
  void operator()(others, const char*, json_text&) {}
};

/// Finds the place for the members without one.
struct rest_finder {
  json_text* place = nullptr;
  template <class T>
  void operator()(const char*, T&, json_shape = {}) {}
  void operator()(others, const char*, json_text& rest) { place = &rest; }
};

template <class Object, class>
bool take(json_view value, Object& place) {
  if (!value.is_object() || value.empty() || count(value) > most_members) return false;
  rest_finder rest;
  members<Object>::visit(place, rest);
  extra_members extra(*rest.place);
  for (const json_view member : value) {
    if (is_repeated(value, member)) continue;
    member_taker taker(member);
    members<Object>::visit(place, taker);
    if (!taker.placed) extra.add(member);
  }
  extra.close();
  return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/chat_request_reader.ipp ----

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Reads a request that other code wrote: messages, tools, and the request around them.

namespace orcast {
inline namespace v0 {
namespace detail {

inline bool take_parts(json_view values, message& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) {
    place.parts.push_back(read_part(each));
    place.content += place.parts.back().text;
  }
  return true;
}

inline bool take_tool_calls(json_view values, std::vector<tool_call>& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) {
    tool_call call;
    const json_view function = each["function"];
    take_text(each["id"], call.id);
    take_text(function["name"], call.name);
    take_text(function["arguments"], call.arguments);
    const bool plain = count(each) == 3 && each["id"].is_string() &&
                       each["type"].text() == "function" && count(function) == 2 &&
                       function["name"].is_string() && function["arguments"].is_string();
    if (!plain) append_json(call.json, each);
    place.push_back(std::move(call));
  }
  return true;
}

/// A tool with more than the usual members is kept whole; its name can be seen.
inline tool read_tool(json_view value) {
  tool made;
  const json_view function = value["function"];
  std::size_t inside = take_text(function["name"], made.name) ? 1 : 0;
  inside += take_text(function["description"], made.description) ? 1 : 0;
  inside += take(function["parameters"], made.parameters, json_shape::object) ? 1 : 0;
  inside += take(function["strict"], made.strict) ? 1 : 0;
  const std::size_t placed = take(value["cache_control"], made.cache) ? 3 : 2;
  const bool plain = count(value) == placed && value["type"].text() == "function" &&
                     !made.name.empty() && count(function) == inside;
  if (!plain) append_json(made.json, value);
  return made;
}

inline bool take(json_view values, std::vector<tool>& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) place.push_back(read_tool(each));
  return true;
}

inline bool take_content(json_view value, message& place) {
  if (value.is_array()) return take_parts(value, place);
  if (take_text(value, place.content)) return true;
  // Empty in one of two ways. The one that would be written by itself needs no note.
  return place.tool_calls.empty() ? value.is_string() : value.kind() == json_kind::null;
}

inline void take_message(json_view value, message& place) {
  // Calls first: they decide what an empty content is written as.
  const bool calls = take_tool_calls(value["tool_calls"], place.tool_calls);
  place.omit_content = !value["content"].exists();
  extra_members extra(place.extra);
  for (const json_view member : value) {
    const std::string_view key = member.key();
    if (is_repeated(value, member)) continue;
    bool placed = false;
    if (key == "role") placed = take_text(member, place.role);
    if (key == "content" && !(placed = take_content(member, place))) place.omit_content = true;
    if (key == "name") placed = take_text(member, place.name);
    if (key == "tool_calls") placed = calls;
    if (key == "tool_call_id") placed = take_text(member, place.tool_call_id);
    if (key == "refusal") placed = take_text(member, place.refusal);
    if (key == "reasoning") placed = take_text(member, place.reasoning);
    if (key == "reasoning_details") {
      placed = take(member, place.reasoning_details, json_shape::array);
    }
    if (key == "images") placed = take(member, place.images, json_shape::array);
    if (key == "audio") placed = take(member, place.audio, json_shape::object);
    if (key == "annotations") placed = take(member, place.annotations, json_shape::array);
    if (!placed) extra.add(member);
  }
  extra.close();
}

inline bool take(json_view values, std::vector<message>& place) {
  if (!all_objects(values)) return false;
  for (const json_view each : values) {
    if (count(each) > most_members) return false;
  }
  for (const json_view each : values) {
    place.emplace_back();
    take_message(each, place.back());
  }
  return true;
}

/// Everything that has a place of its own.
template <class See>
void visit_request(chat_request& request, See& see) {
  see("model", request.model);
  see("models", request.models);
  see("messages", request.messages);
  see("prompt", request.prompt);
  visit_parameters(request, see);
  see("tools", request.tools);
  see("user", request.user);
  see("session_id", request.session_id);
  see("trace", request.trace);
}

/// Empties the place of one member.
struct member_clearer {
  std::string_view key;
  template <class T>
  void operator()(const char* name, T& place, json_shape = {}) {
    if (key == name) place = T();
  }
};

inline result<void> merge_members(json_view root, chat_request& request) {
  json_reader own(json_manners::tolerant, 128);
  if (!request.extra.empty() && (!own.parse(request.extra) || !own.root().is_object())) {
    return failure(errc::invalid_argument, "extra is not a JSON object");
  }
  json_text kept;
  extra_members extra(kept);
  for (const json_view member : own.root()) {
    if (!root[member.key()].exists()) extra.add(member);
  }
  for (const json_view member : root) {
    if (is_repeated(root, member)) continue;
    member_clearer clearer{member.key()};
    visit_request(request, clearer);
    member_taker taker(member);
    visit_request(request, taker);
    if (!taker.placed) extra.add(member);
  }
  extra.close();
  request.extra = std::move(kept);
  return {};
}

}  // namespace detail

ORCAST_DECL result<void> merge_chat_request(std::string_view body, chat_request& request) {
  const auto refuse = [](const char* why) { return failure(errc::malformed_response, why); };
  detail::json_reader reader(detail::json_manners::tolerant, 64);
  if (!reader.parse(body)) return refuse("the request is not JSON");
  const detail::json_view root = reader.root();
  if (!root.is_object()) return refuse("the request is not a JSON object");
  if (detail::count(root) > detail::most_members) {
    return refuse("the request has too many members");
  }
  return detail::merge_members(root, request);
}

ORCAST_DECL result<chat_request> parse_chat_request(std::string_view body) {
  chat_request request;
  const result<void> read = merge_chat_request(body, request);
  if (!read) return read.error();
  request.account_model = request.model.empty() && request.models.empty() && request.preset.empty();
  return request;
}

}  // namespace v0
}  // namespace orcast

// Writes requests. Members come in a fixed order, that of request_members.hpp and of the functions
// here, each message's members likewise.

namespace orcast {
inline namespace v0 {
namespace detail {

class request_writer : public object_members_writer {
 public:
  using object_members_writer::object_members_writer;

  void write_body(const chat_request& request) {
    wide_object_writer body(out_);
    text(body, "model", request.model);
    write(body, "models", request.models);
    if (!request.messages.empty()) write_messages(body.key("messages"), request.messages);
    text(body, "prompt", request.prompt);
    visit_parameters(request, member_writer<wide_object_writer>(*this, body));
    if (!request.tools.empty()) write_tools(body.key("tools"), request.tools);
    text(body, "user", request.user);
    text(body, "session_id", request.session_id);
    write(body, "trace", request.trace);
    merge(body, "extra", request.extra);
    body.close();
  }

  void write_invocation_parameters(const chat_request& request) {
    wide_object_writer body(out_);
    text(body, "model", request.model);
    write(body, "models", request.models);
    visit_parameters(request, member_writer<wide_object_writer>(*this, body));
    merge(body, "extra", request.extra, [](std::string_view name) {
      return name == "messages" || name == "tools" || name == "functions" || name == "user" ||
             name == "session_id" || name == "trace" || name == "prompt";
    });
    body.close();
  }

  void write_tool(const tool& each) {
    if (!each.json.empty()) return json_or_null(each.json);
    if (each.name.empty()) complain("name", " is empty");
    object_writer whole(out_);
    whole.text("type", "function");
    object_writer function(whole.key("function"));
    text(function, "name", each.name, true);
    text(function, "description", each.description);
    json(function, "parameters", each.parameters, json_shape::object);
    write(function, "strict", each.strict);
    function.close();
    write(whole, "cache_control", each.cache);
    whole.close();
  }

 private:
  void write_tools(std::string& out, const std::vector<tool>& tools) {
    char before = '[';
    for (std::size_t i = 0; i < tools.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("tools", i);
      write_tool(tools[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_messages(std::string& out, const std::vector<message>& messages) {
    char before = '[';
    for (std::size_t i = 0; i < messages.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("messages", i);
      write_message(messages[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_message(const message& each) {
    object_writer whole(out_);
    text(whole, "role", each.role);
    if (!each.parts.empty()) {
      write_parts(whole.key("content"), each.parts);
    } else if (!each.content.empty() || !each.omit_content) {
      if (each.content.empty() && !each.tool_calls.empty()) {
        whole.null("content");
      } else {
        text(whole, "content", each.content, true);
      }
    }
    text(whole, "name", each.name);
    if (!each.tool_calls.empty()) write_tool_calls(whole.key("tool_calls"), each.tool_calls);
    text(whole, "tool_call_id", each.tool_call_id);
    text(whole, "refusal", each.refusal);
    text(whole, "reasoning", each.reasoning);
    json(whole, "reasoning_details", each.reasoning_details, json_shape::array);
    json(whole, "images", each.images, json_shape::array);
    json(whole, "audio", each.audio, json_shape::object);
    json(whole, "annotations", each.annotations, json_shape::array);
    merge(whole, "extra", each.extra);
    whole.close();
  }

  void write_parts(std::string& out, const std::vector<content_part>& parts) {
    char before = '[';
    for (std::size_t i = 0; i < parts.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("content", i);
      write_part(parts[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_part(const content_part& part) {
    if (!part.json.empty() || part.type != "text") {
      json_or_null(part.json);
      if (part.cache && out_.back() == '}') append_cache(*part.cache);
      return;
    }
    object_writer whole(out_);
    whole.text("type", "text");
    text(whole, "text", part.text, true);
    write(whole, "cache_control", part.cache);
    whole.close();
  }

  /// Into the object that the output ends with.
  void append_cache(const cache_control& cache) {
    if (reader_.root()["cache_control"].exists()) return complain("cache_control", " is set twice");
    out_.pop_back();
    if (!reader_.root().empty()) out_ += ',';
    out_ += R"("cache_control":{"type":"ephemeral")";
    if (!cache.ttl.empty()) {
      out_ += ",\"ttl\":";
      put_text("cache_control.ttl", cache.ttl);
    }
    out_ += "}}";
  }

  void write_tool_calls(std::string& out, const std::vector<tool_call>& calls) {
    char before = '[';
    for (std::size_t i = 0; i < calls.size(); ++i) {
      out += before;
      before = ',';
      const std::size_t outer = enter("tool_calls", i);
      write_tool_call(calls[i]);
      leave(outer);
    }
    out += ']';
  }

  void write_tool_call(const tool_call& call) {
    if (!call.json.empty()) return json_or_null(call.json);
    object_writer whole(out_);
    text(whole, "id", call.id, true);
    whole.text("type", "function");
    object_writer function(whole.key("function"));
    text(function, "name", call.name, true);
    text(function, "arguments", call.arguments, true);
    function.close();
    whole.close();
  }
};

/// About how large the body will be: the text that grows without bound.
inline std::size_t size_of(const chat_request& request) noexcept {
  std::size_t size = request.prompt.size() + request.prediction.content.size() +
                     request.extra.size() + request.response_format.schema.size();
  for (const message& each : request.messages) {
    size += each.content.size() + each.reasoning.size() + each.reasoning_details.size() +
            each.images.size() + each.audio.size() + each.annotations.size() + each.extra.size();
    for (const content_part& part : each.parts) size += part.text.size() + part.json.size();
    for (const tool_call& call : each.tool_calls) size += call.arguments.size() + call.json.size();
  }
  for (const tool& each : request.tools) {
    size += each.description.size() + each.parameters.size() + each.json.size();
  }
  return size;
}

}  // namespace detail

ORCAST_DECL result<void> append_json(const chat_request& request, std::string& out) {
  detail::request_writer writer(out, true);
  writer.write_body(request);
  return writer.finish();
}

ORCAST_DECL void append_invocation_parameters(const chat_request& request, std::string& out) {
  detail::request_writer(out, false).write_invocation_parameters(request);
}

ORCAST_DECL void append_json(const tool& each, std::string& out) {
  detail::request_writer(out, false).write_tool(each);
}

ORCAST_DECL result<void> validate_chat_request(const chat_request& request,
                                               std::size_t most_bytes) {
  detail::json_reader extra(detail::json_manners::exact, 128);
  extra.parse(request.extra);
  if (request.model.empty() && request.models.empty() && request.preset.empty() &&
      !request.account_model && extra.root()["model"].is_null()) {
    return failure(errc::invalid_argument,
                   "the request names no model: set chat_request.model, or account_model to use "
                   "the default of the account");
  }
  if (request.messages.empty() && request.prompt.empty() && !extra.root()["messages"].exists()) {
    return failure(errc::invalid_argument, "the request is empty: set chat_request.messages");
  }
  const std::size_t size = detail::size_of(request);
  if (size > most_bytes) {
    return failure(errc::too_large, "the request holds " + std::to_string(size) + " bytes; " +
                                        std::to_string(most_bytes) +
                                        " are the most (client_options.max_request_bytes)");
  }
  return {};
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/sse.hpp ----

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Server-sent events as the HTML standard interprets them (section 9.2.6), fed with the body of a
// response in pieces cut anywhere. The client and the observation read streamed answers with it. It
// makes no connections and does not decode text: an event's data is the bytes that came.

namespace orcast {
inline namespace v0 {
namespace http {

/// One event. The views are valid during the callback only.
struct sse_event {
  std::string_view data;              ///< several data lines are joined by a line feed
  std::string_view type = "message";  ///< the `event` field
  std::string_view id;                ///< the last `id` seen in the stream so far
};

/// What a stream may cost. Beyond it feed() fails with errc::too_large.
struct sse_limits {
  std::size_t line_bytes = std::size_t{1} << 20;
  std::size_t event_bytes = std::size_t{4} << 20;  ///< the data of one event
  std::uint32_t count = 100'000;                   ///< events and comments together
};

class sse_parser {
 public:
  /// Called for each event; false means that the rest of the stream is of no interest. Must not
  /// call back into the parser.
  using handler = function_ref<bool(const sse_event&)>;

  explicit sse_parser(sse_limits limits = {}) noexcept : limits_(limits) {}

  /// Takes the next bytes. An event whose lines lie within one call is handed on without a copy;
  /// others are put together in buffers that are kept, so that a warm parser does not allocate.
  /// After a failure every further call fails the same way; after a handler's false it does
  /// nothing.
  result<void> feed(std::string_view bytes, handler on_event);

  /// At the end of the stream: whether there is data that no blank line completed. The standard
  /// drops it, and so does who does nothing. Servers that forget the last blank line exist:
  /// flush_tail() hands it on as an event. Its last line may have been cut by a lost connection.
  bool pending() const noexcept {
    return !stopped_ && (has_data_ || std::string_view(tail_).substr(0, 5) == "data:");
  }
  result<void> flush_tail(handler on_event);

  /// Ready for another stream; the memory is kept.
  void reset() noexcept;

  /// True after a handler answered false.
  bool stopped() const noexcept { return stopped_; }
  std::uint32_t events() const noexcept { return events_; }
  /// Comment lines so far. They carry nothing but show that the other side is alive.
  std::uint32_t comments() const noexcept { return comments_; }
  /// The last `retry` field in milliseconds, -1 when there was none.
  std::int64_t retry_ms() const noexcept { return retry_ms_; }

 private:
  void skip_byte_order_mark(std::string_view& bytes);
  void take_line(std::string_view line, handler on_event);
  void take_data(std::string_view value);
  void take_retry(std::string_view value) noexcept;
  void dispatch(handler on_event);
  void count_one() noexcept;
  result<void> outcome() const;

  sse_limits limits_;
  std::string tail_;            // an unfinished line
  std::string line_;            // a line put together from pieces, during one feed()
  std::string data_;            // an event's data, when it is not one line within one feed()
  std::string_view data_view_;  // the data's only line, until it has to be kept in data_
  std::string type_;
  std::string id_;
  const char* broken_ = nullptr;  // which limit was passed
  std::int64_t retry_ms_ = -1;
  std::uint32_t events_ = 0;
  std::uint32_t comments_ = 0;
  unsigned char mark_ = 0;  // bytes of the byte order mark seen; 3 when that is settled
  bool has_data_ = false;
  bool data_kept_ = false;
  bool after_cr_ = false;
  bool stopped_ = false;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/impl/sse.ipp ----

#include <algorithm>
#include <cstring>

// The bodies of orcast/http/sse.hpp.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// The next `wanted` in [at, end), or end.
inline const char* find_byte(const char* at, const char* end, char wanted) noexcept {
  const void* found = std::memchr(at, wanted, static_cast<std::size_t>(end - at));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

}  // namespace detail

ORCAST_DECL result<void> sse_parser::feed(std::string_view bytes, handler on_event) {
  if (mark_ < 3) skip_byte_order_mark(bytes);
  if (bytes.empty()) return outcome();
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  // Each is searched for anew only when it has been passed, so that a body without line feeds (or
  // without carriage returns) is still read once only.
  const char* next_lf = detail::find_byte(at, end, '\n');
  const char* next_cr = detail::find_byte(at, end, '\r');
  while (at != end && !stopped_ && broken_ == nullptr) {
    if (after_cr_) {
      after_cr_ = false;
      if (*at == '\n') {
        ++at;
        continue;
      }
    }
    if (next_lf < at) next_lf = detail::find_byte(at, end, '\n');
    if (next_cr < at) next_cr = detail::find_byte(at, end, '\r');
    const char* const stop = (std::min)(next_lf, next_cr);
    const std::string_view piece(at, static_cast<std::size_t>(stop - at));
    if (piece.size() > limits_.line_bytes || tail_.size() > limits_.line_bytes - piece.size()) {
      broken_ = "an event stream's line is too long";
      break;
    }
    if (stop == end) {
      tail_.append(piece);
      break;
    }
    after_cr_ = *stop == '\r';
    at = stop + 1;
    if (tail_.empty()) {
      take_line(piece, on_event);
    } else {
      // line_ is written here alone, once a call: data_view_ may point into it until the end.
      tail_.append(piece);
      line_.swap(tail_);
      tail_.clear();
      take_line(line_, on_event);
    }
  }
  if (has_data_ && !data_kept_) {
    data_.assign(data_view_);
    data_kept_ = true;
  }
  return outcome();
}

ORCAST_DECL result<void> sse_parser::flush_tail(handler on_event) {
  if (stopped_ || broken_ != nullptr) return outcome();
  if (!tail_.empty()) {
    line_.swap(tail_);
    tail_.clear();
    take_line(line_, on_event);
  }
  if (broken_ == nullptr) dispatch(on_event);
  return outcome();
}

ORCAST_DECL void sse_parser::reset() noexcept {
  tail_.clear();
  data_.clear();
  type_.clear();
  id_.clear();
  broken_ = nullptr;
  retry_ms_ = -1;
  events_ = 0;
  comments_ = 0;
  mark_ = 0;
  has_data_ = false;
  data_kept_ = false;
  after_cr_ = false;
  stopped_ = false;
}

ORCAST_DECL void sse_parser::skip_byte_order_mark(std::string_view& bytes) {
  constexpr char mark[] = "\xEF\xBB\xBF";
  while (mark_ < 3 && !bytes.empty()) {
    if (bytes.front() != mark[mark_]) {  // it was text after all
      tail_.append(mark, mark_);
      mark_ = 3;
      return;
    }
    bytes.remove_prefix(1);
    ++mark_;
  }
}

ORCAST_DECL void sse_parser::take_line(std::string_view line, handler on_event) {
  if (line.empty()) return dispatch(on_event);
  if (line.front() == ':') {
    ++comments_;
    return count_one();
  }
  const std::size_t colon = (std::min)(line.find(':'), line.size());
  const std::string_view field = line.substr(0, colon);
  std::string_view value = line.substr((std::min)(colon + 1, line.size()));
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "data") {
    take_data(value);
  } else if (field == "event") {
    type_.assign(value);
  } else if (field == "id") {
    if (value.find('\0') == value.npos) id_.assign(value);
  } else if (field == "retry") {
    take_retry(value);
  }
}

ORCAST_DECL void sse_parser::take_data(std::string_view value) {
  const std::size_t before = !has_data_ ? 0 : (data_kept_ ? data_.size() : data_view_.size()) + 1;
  if (before > limits_.event_bytes || value.size() > limits_.event_bytes - before) {
    broken_ = "an event of the stream is too long";
    return;
  }
  if (!has_data_) {
    has_data_ = true;
    data_view_ = value;
    return;
  }
  if (!data_kept_) {
    data_.assign(data_view_);
    data_kept_ = true;
  }
  data_.push_back('\n');
  data_.append(value);
}

ORCAST_DECL void sse_parser::take_retry(std::string_view value) noexcept {
  constexpr std::int64_t most = 86'400'000;  // a day: more is never waited for
  if (value.empty()) return;
  std::int64_t parsed = 0;
  for (char digit : value) {
    if (digit < '0' || digit > '9') return;
    parsed = (std::min)(parsed * 10 + (digit - '0'), most);
  }
  retry_ms_ = parsed;
}

ORCAST_DECL void sse_parser::dispatch(handler on_event) {
  if (has_data_) {
    sse_event event;
    event.data = data_kept_ ? std::string_view(data_) : data_view_;
    if (!type_.empty()) event.type = type_;
    event.id = id_;
    ++events_;
    count_one();
    if (broken_ == nullptr && !on_event(event)) stopped_ = true;
  }
  data_.clear();
  type_.clear();
  has_data_ = false;
  data_kept_ = false;
}

ORCAST_DECL void sse_parser::count_one() noexcept {
  if (events_ + comments_ > limits_.count) broken_ = "the event stream has too many events";
}

ORCAST_DECL result<void> sse_parser::outcome() const {
  if (broken_ == nullptr) return {};
  return failure(errc::too_large, broken_);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/merge_state.hpp ----

#include <cstddef>

// The limits of a reply, how much of them is used, and who listens.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What all parts of a reply share while it is read.
struct merge_state {
  explicit merge_state(const reply_limits& most) : limits(most) {}

  void spend(std::size_t added) noexcept {
    bytes += added;
    if (bytes > limits.body_bytes) too_large = true;
  }
  /// Null for a reply in one piece: who listens hears the pieces of a stream.
  delta_listener* heard() const noexcept { return whole ? nullptr : listener; }
  void token() noexcept {
    if (!received_content && heard() != nullptr) heard()->on_first_token();
    received_content = true;
  }

  reply_limits limits;
  delta_listener* listener = nullptr;
  std::size_t bytes = 0;
  bool whole = false;  ///< a reply in one piece
  bool received_content = false;
  bool too_large = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/reasoning_merge.hpp ----

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Puts `reasoning_details` together. They must go back to the model as it gave them: providers sign
// them. So the items of a reply in one piece are kept as they are; in a stream, fragments of one
// reasoning text are joined, and everything else is kept in its order.

namespace orcast {
inline namespace v0 {
namespace detail {

class reasoning_merge {
 public:
  /// Adds the items of an array; an empty one counts too.
  void add(json_view items, merge_state& state) {
    received_ = true;
    for (const json_view item : items) {
      state.token();
      if (!state.whole && item["type"].text() == "reasoning.text") {
        add_text(item, state);
      } else {
        items_.emplace_back();
        items_.back().type = item["type"].text();
        append_json(items_.back().json, item);
        state.spend(items_.back().json.size() + sizeof(entry));
      }
      if (state.too_large) return;
    }
  }

  bool has(std::string_view type) const noexcept {
    for (const entry& each : items_) {
      if (each.type == type) return true;
    }
    return false;
  }

  /// Leaves `out` empty when there never was an array.
  void write(json_text& out) {
    out.clear();
    if (!received_) return;
    char before = '[';
    if (items_.empty()) out += before;
    for (entry& each : items_) {
      out += before;
      before = ',';
      if (each.json.empty()) {
        write_text(each, out);
      } else {
        out += each.json;
      }
    }
    out += ']';
  }

 private:
  struct entry {
    std::string type;
    json_text json;  // whole; else it is a text with the following
    std::string text;
    std::string signature;
    std::string index;  // as it was written
    std::string id;
    std::string format;
    bool has_text = false;
    loose_members more;
  };

  static constexpr bool agree(std::string_view a, std::string_view b) noexcept {
    return a.empty() || b.empty() || a == b;
  }

  /// A fragment continues the last item when that is a text too and nothing says otherwise. A
  /// signature alone may come later: it belongs to the last text with its index, not far back.
  entry& place_of(json_view item) {
    const std::string_view index = item["index"].is_number() ? item["index"].text() : "";
    const std::string_view id = item["id"].text();
    const auto belongs = [&](const entry& each) {
      return each.json.empty() && agree(each.index, index) && agree(each.id, id);
    };
    if (!items_.empty() && belongs(items_.back())) return items_.back();
    if (item["text"].text().empty()) {
      std::size_t at = items_.size();
      for (int tries = 0; at-- > 0 && tries < 64; ++tries) {
        if (belongs(items_[at])) return items_[at];
      }
    }
    items_.emplace_back();
    items_.back().type = "reasoning.text";
    return items_.back();
  }

  void add_text(json_view item, merge_state& state) {
    entry& place = place_of(item);
    state.spend(sizeof(entry));
    for (const json_view member : item) {
      const std::string_view key = member.key();
      state.spend(member.text().size());
      if (key == "text") {
        place.has_text = place.has_text || member.is_string();
        place.text += member.text();
      } else if (key == "signature") {
        if (place.signature.empty()) place.signature = member.text();
      } else if (key == "format") {
        if (place.format.empty()) place.format = member.text();
      } else if (key == "id") {
        if (place.id.empty()) place.id = member.text();
      } else if (key == "index" && member.is_number()) {
        if (place.index.empty()) place.index = member.text();
      } else if (key != "type") {
        state.spend(place.more.set(member));
      }
    }
  }

  static void write_text(const entry& each, json_text& out) {
    object_writer whole(out);
    whole.text("type", each.type);
    if (each.has_text) append_repaired_string(whole.key("text"), each.text);
    if (!each.signature.empty()) append_repaired_string(whole.key("signature"), each.signature);
    if (!each.id.empty()) append_repaired_string(whole.key("id"), each.id);
    if (!each.format.empty()) append_repaired_string(whole.key("format"), each.format);
    whole.json_if("index", each.index);
    each.more.write(whole);
    whole.close();
  }

  std::vector<entry> items_;
  bool received_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/reply_fields.hpp ----

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// The plain members of a reply, as services really send them.

namespace orcast {
inline namespace v0 {
namespace detail {

/// A string that says something replaces what was there; anything else leaves it.
inline void replace_text(std::string& place, json_view value) {
  const std::string_view text = value.is_string() ? value.text() : std::string_view();
  if (text.empty() || text == place) return;
  place.assign(text);
  repair_text(place);
}

/// Services send counts as numbers, as null and, seldom, as text.
inline std::optional<std::int64_t> read_count(json_view value) noexcept {
  if (value.is_number()) return value.integer();
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.text();
  std::int64_t number = 0;
  const std::from_chars_result read =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A price is the text of its number, or a string that holds one.
inline void read_price(json_view value, std::string& place) {
  const std::string_view text = value.text();
  if (text.empty() || text.size() > 64 ||
      text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
    place.clear();
  } else {
    place.assign(text);
  }
}

inline void read_usage(json_view value, token_usage& usage) {
  const json_view prompt = value["prompt_tokens_details"];
  const json_view completion = value["completion_tokens_details"];
  const json_view costs = value["cost_details"];
  const json_view tools = value["server_tool_use_details"].is_object()
                              ? value["server_tool_use_details"]
                              : value["server_tool_use"];
  usage.received = true;
  usage.prompt_tokens = read_count(value["prompt_tokens"]);
  usage.completion_tokens = read_count(value["completion_tokens"]);
  usage.total_tokens = read_count(value["total_tokens"]);
  usage.cached_tokens = read_count(prompt["cached_tokens"]);
  usage.cache_write_tokens = read_count(prompt["cache_write_tokens"]);
  usage.prompt_audio_tokens = read_count(prompt["audio_tokens"]);
  usage.prompt_video_tokens = read_count(prompt["video_tokens"]);
  usage.reasoning_tokens = read_count(completion["reasoning_tokens"]);
  usage.completion_audio_tokens = read_count(completion["audio_tokens"]);
  usage.completion_image_tokens = read_count(completion["image_tokens"]);
  usage.accepted_prediction_tokens = read_count(completion["accepted_prediction_tokens"]);
  usage.rejected_prediction_tokens = read_count(completion["rejected_prediction_tokens"]);
  usage.tool_calls_requested = read_count(tools["tool_calls_requested"]);
  usage.tool_calls_executed = read_count(tools["tool_calls_executed"]);
  usage.web_search_requests = read_count(tools["web_search_requests"]);
  read_price(value["cost"], usage.cost);
  read_price(costs["upstream_inference_cost"], usage.upstream_cost);
  read_price(costs["upstream_inference_prompt_cost"], usage.upstream_prompt_cost);
  read_price(costs["upstream_inference_completions_cost"], usage.upstream_completion_cost);
  const json_view is_byok = value["is_byok"];
  usage.is_byok = is_byok.is_bool() ? std::optional<bool>(is_byok.boolean()) : std::nullopt;
}

/// Of endpoints, attempts and stages each: there are a few.
inline constexpr std::size_t most_routing_steps = 256;

inline void read_routing(json_view value, routing_metadata& routing) {
  routing = {};
  routing.received = true;
  take_text(value["requested"], routing.requested);
  take_text(value["strategy"], routing.strategy);
  take_text(value["region"], routing.region);
  take_text(value["summary"], routing.summary);
  routing.attempt = read_count(value["attempt"]);
  if (value["is_byok"].is_bool()) routing.is_byok = value["is_byok"].boolean();
  routing.endpoints_total = read_count(value["endpoints"]["total"]);
  for (const json_view each : value["endpoints"]["available"]) {
    if (routing.endpoints.size() == most_routing_steps) break;
    routing_endpoint& endpoint = routing.endpoints.emplace_back();
    take_text(each["provider"], endpoint.provider);
    take_text(each["model"], endpoint.model);
    endpoint.selected = each["selected"].boolean();
  }
  for (const json_view each : value["attempts"]) {
    if (routing.attempts.size() == most_routing_steps) break;
    routing_attempt& attempt = routing.attempts.emplace_back();
    take_text(each["provider"], attempt.provider);
    take_text(each["model"], attempt.model);
    attempt.status = read_count(each["status"]).value_or(0);
  }
  if (value["params"].is_object()) routing.params = to_json(value["params"]);
  for (const json_view each : value["pipeline"]) {
    if (routing.pipeline.size() == most_routing_steps) break;
    routing_stage& stage = routing.pipeline.emplace_back();
    take_text(each["type"], stage.type);
    take_text(each["name"], stage.name);
    take_text(each["guardrail_id"], stage.guardrail_id);
    take_text(each["guardrail_scope"], stage.guardrail_scope);
    take_text(each["summary"], stage.summary);
    if (each["data"].is_object()) stage.data = to_json(each["data"]);
    read_price(each["cost_usd"], stage.cost_usd);
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/tool_call_merge.hpp ----

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Puts the tool calls of one answer together from their fragments. OpenRouter passes on what its
// providers send, and that varies: an index may be missing or used twice, an id may be absent,
// repeated or late, a whole call may come at once or its name after its arguments.

namespace orcast {
inline namespace v0 {
namespace detail {

inline void write_function(const tool_call& call, object_writer& whole) {
  object_writer function(whole.key("function"));
  function.text("name", call.name);
  function.text("arguments", call.arguments);
  function.close();
}

inline void write_tool_calls(const std::vector<tool_call>& calls, std::string& out) {
  char before = '[';
  for (const tool_call& call : calls) {
    out += before;
    before = ',';
    if (!call.json.empty()) {
      out += call.json;
      continue;
    }
    object_writer whole(out);
    whole.text("id", call.id);
    whole.text("type", "function");
    write_function(call, whole);
    whole.close();
  }
  out += ']';
}

class tool_call_merge {
 public:
  /// Adds a fragment to the call that it belongs to, or begins another.
  void add(json_view fragment, merge_state& state, std::vector<tool_call>& calls) {
    state.token();
    const std::size_t at = state.whole ? calls.size() : place_of(fragment, calls);
    if (at == state.limits.tool_calls) {
      state.too_large = true;
      return;
    }
    if (at == calls.size()) {
      calls.emplace_back();
      drafts_.emplace_back();
      if (fragment["index"].is_number()) drafts_.back().index = fragment["index"].integer();
    }
    tool_call& call = calls[at];
    draft& rest = drafts_[at];
    for (const json_view member : fragment) {
      const std::string_view key = member.key();
      if (key == "id") {
        if (call.id.empty()) call.id = member.text();
      } else if (key == "type") {
        if (rest.type.empty()) rest.type = member.text();
      } else if (key == "function") {
        add_function(member, call, state);
      } else if (key != "index") {
        state.spend(rest.more.set(member));
      }
    }
    if (call.arguments.size() > state.limits.tool_argument_bytes) state.too_large = true;
  }

  static void repair(std::vector<tool_call>& calls) {
    for (tool_call& call : calls) {
      repair_text(call.id);
      repair_text(call.name);
      repair_text(call.arguments);
    }
  }

  /// The answer is over and repaired: every call gets arguments and an id of its own. Returns the
  /// problem with the calls, or null.
  const char* complete(std::string_view generation_id, std::vector<tool_call>& calls) {
    const char* problem = nullptr;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      tool_call& call = calls[i];
      const draft& rest = drafts_[i];
      const bool function = rest.type.empty() || rest.type == "function";
      if (function && call.name.empty()) problem = "a tool call came without a function's name";
      if (function && is_blank(call.arguments)) call.arguments = "{}";
      if (call.id.empty() || is_taken(call.id, calls, i))
        call.id = made_up_id(generation_id, calls);
      if (!function || !rest.more.empty()) write(call, rest, function);
    }
    return problem;
  }

 private:
  static constexpr std::int64_t no_index = INT64_MIN;

  struct draft {
    std::int64_t index = no_index;
    std::string type;
    loose_members more;
  };

  static void add_function(json_view function, tool_call& call, merge_state& state) {
    const std::size_t before = call.name.size() + call.arguments.size();
    const std::string_view name = function["name"].text();
    if (name != call.name) call.name += name;  // the name again is no news
    const json_view arguments = function["arguments"];
    if (arguments.is_string()) {
      call.arguments += arguments.text();
    } else if (arguments.is_object()) {
      append_json(call.arguments, arguments);
    }
    state.spend(call.name.size() + call.arguments.size() - before);
  }

  std::size_t place_of(json_view fragment, const std::vector<tool_call>& calls) {
    const std::string_view id = fragment["id"].text();
    const std::string_view name = fragment["function"]["name"].text();
    if (fragment["index"].is_number()) {
      const std::int64_t index = fragment["index"].integer();
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (drafts_[i].index != index) continue;
        const bool another = !id.empty() && !calls[i].id.empty() && id != calls[i].id &&
                             !name.empty() && is_json(calls[i].arguments);
        if (!another) return i;
        drafts_[i].index = no_index;  // the provider counts all calls as the same one
      }
      return calls.size();
    }
    if (calls.empty()) return 0;
    const std::size_t last = calls.size() - 1;
    if (!id.empty()) {
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i].id == id) return i;
      }
      return name.empty() || (calls[last].id.empty() && calls[last].name.empty()) ? last
                                                                                  : calls.size();
    }
    const bool another =
        !name.empty() && !calls[last].name.empty() && is_json(calls[last].arguments);
    return another ? calls.size() : last;
  }

  /// Bounded, because arguments are long and fragments are many.
  bool is_json(std::string_view arguments) {
    return checks_++ < 256 && json_reader(json_manners::tolerant).parse(arguments);
  }

  static bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  }

  static bool is_taken(std::string_view id, const std::vector<tool_call>& calls,
                       std::size_t before) noexcept {
    for (std::size_t i = 0; i < before; ++i) {
      if (calls[i].id == id) return true;
    }
    return false;
  }

  /// Unique within the conversation: the end of the generation's id is in it. Short, because
  /// providers take ids of 40 bytes at most.
  static std::string made_up_id(std::string_view generation_id,
                                const std::vector<tool_call>& calls) {
    std::string id;
    for (std::int64_t number = 0; id.empty() || is_taken(id, calls, calls.size()); ++number) {
      id = "call_";
      append_number(id, number);
      id += '_';
      id += generation_id.substr(generation_id.size() > 20 ? generation_id.size() - 20 : 0);
    }
    return id;
  }

  /// The call with what orcast has no place for.
  static void write(tool_call& call, const draft& rest, bool function) {
    call.json.clear();
    object_writer whole(call.json);
    whole.text("id", call.id);
    append_repaired_string(whole.key("type"), function ? "function" : rest.type);
    if (function) write_function(call, whole);
    rest.more.write(whole);
    whole.close();
  }

  std::vector<draft> drafts_;  // one for each call
  int checks_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/choice_merge.hpp ----

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Adds what arrives for one choice to a chat_choice: the deltas of a stream, or a message at once.

namespace orcast {
inline namespace v0 {
namespace detail {

class choice_merge {
 public:
  explicit choice_merge(std::int64_t index = 0) : index_(index) {}

  std::int64_t index() const noexcept { return index_; }

  /// `first`: of the reply's choices. The listener hears of that one only.
  void add(json_view value, bool first, chat_choice& choice, merge_state& state) {
    for (const json_view member : value[state.whole ? "message" : "delta"]) {
      if (state.too_large) return;
      add_member(member, first ? state.heard() : nullptr, choice, state);
    }
    json_view logprobs;
    for (const json_view member : value) {
      const std::string_view key = member.key();
      if (key == "finish_reason") {
        replace_text(choice.finish_reason, member);
      } else if (key == "native_finish_reason") {
        replace_text(choice.native_finish_reason, member);
      } else if (key == "logprobs") {
        logprobs = member;
      } else if (key != "index" && key != "message" && key != "delta" && key != "error") {
        state.spend(beside_.set(member));
      }
    }
    if (!logprobs.is_object()) return;
    if (state.whole) {
      choice.logprobs = to_json(logprobs);
    } else {
      has_logprobs_ = true;
      add_elements(logprobs["content"], logprobs_, state);
      add_elements(logprobs["refusal"], refusal_logprobs_, state);
    }
  }

  /// No more will come.
  void finish(chat_choice& choice) {
    content_.finish(choice.reply.content);
    reasoning_.finish(choice.reply.reasoning);
    repair_text(choice.reply.refusal);
    tool_call_merge::repair(choice.reply.tool_calls);
    if (choice.reply.role.empty()) choice.reply.role = "assistant";
    details_.write(choice.reply.reasoning_details);
    if (!images_.empty()) write_list(images_, choice.reply.images);
    if (!annotations_.empty()) write_list(annotations_, choice.reply.annotations);
    if (has_audio_) write_audio(choice.reply.audio);
    if (has_logprobs_) write_logprobs(choice.logprobs);
    choice.reply.extra = more_.object();
    choice.extra = beside_.object();
  }

  /// After finish(), when the answer is complete. Returns what is wrong with it, or null.
  const char* settle(std::string_view generation_id, chat_choice& choice) {
    const char* problem = calls_.complete(generation_id, choice.reply.tool_calls);
    finished_ = !choice.finish_reason.empty();
    settle_finish_reason(choice);
    return problem;
  }
  /// Whether a finish reason had come when it was settled.
  bool finished() const noexcept { return finished_; }

  /// The choice as a blocking call's body has it.
  void write(const chat_choice& choice, std::string& out) const {
    object_writer whole(out);
    whole.number("index", index_);
    whole.json_if("logprobs", choice.logprobs);
    if (finished_) {
      whole.text("finish_reason", choice.finish_reason);
    } else {
      whole.null("finish_reason");
    }
    whole.text_if("native_finish_reason", choice.native_finish_reason);
    object_writer inner(whole.key("message"));
    inner.text("role", choice.reply.role);
    if (choice.reply.content.empty() && !choice.reply.tool_calls.empty()) {
      inner.null("content");
    } else {
      inner.text("content", choice.reply.content);
    }
    inner.text_if("refusal", choice.reply.refusal);
    inner.text_if("reasoning", choice.reply.reasoning);
    inner.json_if("reasoning_details", choice.reply.reasoning_details);
    if (!choice.reply.tool_calls.empty()) {
      write_tool_calls(choice.reply.tool_calls, inner.key("tool_calls"));
    }
    inner.json_if("images", choice.reply.images);
    inner.json_if("audio", choice.reply.audio);
    inner.json_if("annotations", choice.reply.annotations);
    more_.write(inner);
    inner.close();
    beside_.write(whole);
    whole.close();
  }

 private:
  void add_member(json_view member, delta_listener* listener, chat_choice& choice,
                  merge_state& state) {
    const std::string_view key = member.key();
    message& reply = choice.reply;
    if (key == "role") {
      replace_text(reply.role, member);
    } else if (key == "content") {
      add_content(member, listener, reply, state);
    } else if (key == "reasoning") {
      add_reasoning(member.text(), listener, reply, state);
    } else if (key == "reasoning_details" && member.is_array()) {
      details_.add(member, state);
    } else if (key == "tool_calls" && member.is_array()) {
      add_tool_calls(member, reply.tool_calls, state);
    } else if (key == "refusal") {
      choice.reply.refusal += member.text();
      state.spend(member.text().size());
    } else if (key == "images" && member.is_array()) {
      add_elements(member, images_, state);
    } else if (key == "annotations" && member.is_array()) {
      add_elements(member, annotations_, state);
    } else if (key == "audio" && member.is_object()) {
      if (state.whole) {
        choice.reply.audio = to_json(member);
      } else {
        add_audio(member, state);
      }
    } else {
      state.spend(more_.set(member));
    }
  }

  void add_content(json_view content, delta_listener* listener, message& reply,
                   merge_state& state) {
    if (content.is_string()) return add_text(content.text(), listener, reply, state);
    if (!content.is_array()) return;
    for (const json_view each : content) {
      if (!each.is_object()) continue;
      reply.parts.push_back(read_part(each));
      state.spend(reply.parts.back().json.size() + 64);
      if (reply.parts.back().type == "text") add_text(each["text"].text(), listener, reply, state);
    }
  }

  void add_text(std::string_view text, delta_listener* listener, message& reply,
                merge_state& state) {
    if (text.empty()) return;
    const std::size_t before = reply.content.size();
    content_.push(text, reply.content);
    state.spend(text.size());
    state.token();
    if (listener == nullptr || reply.content.size() == before) return;
    listener->on_text(std::string_view(reply.content).substr(before));
  }

  void add_reasoning(std::string_view text, delta_listener* listener, message& reply,
                     merge_state& state) {
    if (text.empty()) return;
    const std::size_t before = reply.reasoning.size();
    reasoning_.push(text, reply.reasoning);
    state.spend(text.size());
    state.token();
    if (listener == nullptr || reply.reasoning.size() == before) return;
    listener->on_reasoning(std::string_view(reply.reasoning).substr(before));
  }

  void add_tool_calls(json_view fragments, std::vector<tool_call>& calls, merge_state& state) {
    for (const json_view each : fragments) {
      if (each.is_object()) calls_.add(each, state, calls);
      if (state.too_large) return;
    }
  }

  static void add_elements(json_view elements, json_text& out, merge_state& state) {
    if (!elements.is_array()) return;
    const std::size_t before = out.size();
    for (const json_view each : elements) {
      append_json(out, each);
      out += ',';
    }
    state.spend(out.size() - before);
  }

  void add_audio(json_view audio, merge_state& state) {
    has_audio_ = true;
    replace_text(audio_id_, audio["id"]);
    audio_data_ += audio["data"].text();
    audio_transcript_ += audio["transcript"].text();
    if (!audio["expires_at"].is_null()) audio_expires_at_ = to_json(audio["expires_at"]);
    state.spend(audio["data"].text().size() + audio["transcript"].text().size());
  }

  /// Elements, each with a comma after it, become an array.
  static void write_list(std::string_view elements, json_text& out) {
    out = "[";
    out += elements.substr(0, elements.empty() ? 0 : elements.size() - 1);
    out += ']';
  }

  void write_audio(json_text& out) const {
    out.clear();
    object_writer whole(out);
    if (!audio_id_.empty()) whole.text("id", audio_id_);
    append_repaired_string(whole.key("data"), audio_data_);
    whole.json_if("expires_at", audio_expires_at_);
    append_repaired_string(whole.key("transcript"), audio_transcript_);
    whole.close();
  }

  void write_logprobs(json_text& out) const {
    json_text list;
    out.clear();
    object_writer whole(out);
    write_list(logprobs_, list);
    whole.json("content", logprobs_.empty() ? std::string_view("null") : list);
    write_list(refusal_logprobs_, list);
    whole.json("refusal", refusal_logprobs_.empty() ? std::string_view("null") : list);
    whole.close();
  }

  /// Providers end answers that hold tool calls with reasons of all kinds, or none.
  void settle_finish_reason(chat_choice& choice) const {
    std::string& reason = choice.finish_reason;
    const bool known = reason == "stop" || reason == "length" || reason == "tool_calls" ||
                       reason == "content_filter" || reason == "error";
    const bool calls = !choice.reply.tool_calls.empty();
    if (reason == "function_call" || (calls && !known) ||
        (calls && reason == "stop" && details_.has("reasoning.encrypted"))) {
      reason = "tool_calls";
    } else if (reason.empty()) {
      reason = "other";
    }
  }

  std::int64_t index_;
  text_gate content_;
  text_gate reasoning_;
  tool_call_merge calls_;
  reasoning_merge details_;
  json_text images_;            // elements, each with a comma after it
  json_text annotations_;       // likewise
  json_text logprobs_;          // likewise
  json_text refusal_logprobs_;  // likewise
  std::string audio_id_;
  std::string audio_data_;
  std::string audio_transcript_;
  json_text audio_expires_at_;
  loose_members more_;    // of the message
  loose_members beside_;  // of the choice
  bool has_audio_ = false;
  bool has_logprobs_ = false;
  bool finished_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/reply_merge.hpp ----

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Adds what arrives to a chat_reply: the chunks of a stream one after the other, or the body of a
// blocking call, which is treated as one big chunk. So both give the same reply for the same
// answer.

namespace orcast {
inline namespace v0 {
namespace detail {

class reply_merge {
 public:
  explicit reply_merge(const reply_limits& limits) : state_(limits) { spare_.reserve(most_spare); }

  void listen(delta_listener* listener) noexcept { state_.listener = listener; }

  /// `whole`: a body, not a chunk. False when a limit was passed.
  bool add(json_view root, bool whole, chat_reply& reply) {
    state_.whole = whole;
    for (const json_view member : root) {
      const std::string_view key = member.key();
      if (key == "id") {
        replace_text(reply.id, member);
      } else if (key == "model") {
        replace_text(reply.model, member);
      } else if (key == "provider") {
        replace_text(reply.provider, member);
      } else if (key == "service_tier") {
        replace_text(reply.service_tier, member);
      } else if (key == "system_fingerprint") {
        replace_text(reply.system_fingerprint, member);
      } else if (key == "created") {
        if (member.is_number()) reply.created = member.integer();
      } else if (key == "usage") {
        if (member.is_object()) add_usage(member, reply);
      } else if (key == "openrouter_metadata") {
        if (member.is_object()) {
          reply.metadata = to_json(member);
          read_routing(member, reply.routing);
        }
      } else if (key == "choices" && member.is_array()) {
        std::int64_t position = 0;
        for (const json_view each : member) add_choice(each, position++, reply);
      } else if (key != "object" && key != "error") {
        state_.spend(more_.set(member));
      }
    }
    return !state_.too_large;
  }

  /// No more will come.
  void finish(chat_reply& reply) {
    for (std::size_t i = 0; i < reply.choices.size(); ++i) choices_[i].finish(reply.choices[i]);
    reply.extra = more_.object();
  }

  /// After finish(), when the answer is complete. Returns what is wrong with it, or null.
  const char* settle(chat_reply& reply) {
    const char* problem = nullptr;
    reply.missing_finish_reason = reply.choices.empty();
    for (std::size_t i = 0; i < reply.choices.size(); ++i) {
      const char* found = choices_[i].settle(reply.id, reply.choices[i]);
      if (found != nullptr) problem = found;
      if (!choices_[i].finished()) reply.missing_finish_reason = true;
    }
    return problem;
  }

  /// The body that a blocking call would have brought.
  void write_body(const chat_reply& reply, std::string& out) const {
    out.clear();
    object_writer whole(out);
    whole.text("id", reply.id);
    whole.text_if("provider", reply.provider);
    whole.text("model", reply.model);
    whole.text("object", "chat.completion");
    whole.number("created", reply.created);
    whole.key("choices");
    char before = '[';
    if (reply.choices.empty()) out += before;
    for (std::size_t i = 0; i < reply.choices.size(); ++i) {
      out += before;
      before = ',';
      choices_[i].write(reply.choices[i], out);
    }
    out += ']';
    whole.text_if("service_tier", reply.service_tier);
    whole.text_if("system_fingerprint", reply.system_fingerprint);
    whole.json_if("usage", usage_);
    whole.json_if("openrouter_metadata", reply.metadata);
    more_.write(whole);
    whole.close();
  }

  /// Whether every choice has said why it ended.
  bool finished(const chat_reply& reply) const noexcept {
    for (const chat_choice& choice : reply.choices) {
      if (choice.finish_reason.empty()) return false;
    }
    return !reply.choices.empty();
  }
  bool received_content() const noexcept { return state_.received_content; }

  /// Empties the reply too, and keeps the memory of its choices.
  void reset(chat_reply& reply) noexcept {
    for (chat_choice& choice : reply.choices) {
      if (spare_.size() < most_spare) spare_.push_back(std::move(choice));
    }
    reply.choices.clear();
    for (std::string* text :
         {&reply.id, &reply.model, &reply.provider, &reply.service_tier, &reply.system_fingerprint,
          &reply.metadata, &reply.extra, &reply.raw}) {
      text->clear();
    }
    reply.created = 0;
    reply.usage = {};
    reply.routing = {};
    reply.no_done = false;
    reply.missing_finish_reason = false;
    choices_.clear();
    more_.clear();
    usage_.clear();
    state_.bytes = 0;
    state_.received_content = false;
    state_.too_large = false;
  }

 private:
  static constexpr std::size_t most_choices = 64;
  static constexpr std::size_t most_spare = 4;

  void add_usage(json_view value, chat_reply& reply) {
    read_usage(value, reply.usage);
    if (state_.whole) return;
    usage_.clear();
    append_json(usage_, value);
  }

  /// Choices are kept in the order of their indices.
  void add_choice(json_view value, std::int64_t position, chat_reply& reply) {
    if (!value.is_object()) return;
    const std::int64_t index = value["index"].is_number() ? value["index"].integer() : position;
    std::size_t at = 0;
    while (at < choices_.size() && choices_[at].index() < index) ++at;
    if (at == choices_.size() || choices_[at].index() != index) {
      if (choices_.size() == most_choices) {
        state_.too_large = true;
        return;
      }
      const auto offset = static_cast<std::ptrdiff_t>(at);
      choices_.emplace(choices_.begin() + offset, index);
      insert_choice(reply.choices.begin() + offset, reply.choices);
    }
    choices_[at].add(value, at == 0, reply.choices[at], state_);
  }

  /// A new choice has the memory of an earlier one, where there is one.
  void insert_choice(std::vector<chat_choice>::iterator place, std::vector<chat_choice>& choices) {
    if (spare_.empty()) {
      choices.emplace(place);
      return;
    }
    chat_choice& choice = *choices.insert(place, std::move(spare_.back()));
    spare_.pop_back();
    message& reply = choice.reply;
    for (std::string* text :
         {&reply.role, &reply.content, &reply.name, &reply.tool_call_id, &reply.reasoning,
          &reply.reasoning_details, &reply.refusal, &reply.images, &reply.audio, &reply.annotations,
          &reply.extra, &choice.finish_reason, &choice.native_finish_reason, &choice.logprobs,
          &choice.extra}) {
      text->clear();
    }
    reply.parts.clear();
    reply.tool_calls.clear();
    reply.omit_content = false;
  }

  merge_state state_;
  std::vector<choice_merge> choices_;  // one for each of the reply's, in their order
  std::vector<chat_choice> spare_;
  loose_members more_;
  json_text usage_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/reply_reader.ipp ----

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// The states of a response: its head, then a document or a stream, decided when its first byte is
// there; in the end it is complete, failed, or it just stopped.

namespace orcast {
inline namespace v0 {
namespace detail {

inline std::string_view trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Whether a Content-Type is that of server-sent events, whatever its parameters.
inline bool is_event_stream(std::string_view content_type) noexcept {
  return http::same_name(trim(content_type.substr(0, content_type.find(';'))), "text/event-stream");
}

inline http::sse_limits limits_of_stream(const reply_limits& limits) noexcept {
  http::sse_limits made;
  made.line_bytes = limits.line_bytes;
  made.event_bytes = limits.event_bytes;
  made.count = static_cast<std::uint32_t>((std::min)(limits.events, std::size_t{0x7FFFFFFF}));
  return made;
}

}  // namespace detail

/// Everything but the reply itself, so that its functions take the reader it belongs to.
struct reply_reader::parser {
  enum class state : unsigned char { undecided, document, stream, complete, failed };

  explicit parser(const reply_limits& most)
      : limits(most),
        events(detail::limits_of_stream(most)),
        json(detail::json_manners::tolerant, most.depth),
        merge(most) {}

  void reset() noexcept;
  void fail(failure reason);
  bool decide(reply_reader& whole, std::string_view bytes);
  bool take_document(reply_reader& whole, std::string_view bytes);
  bool take_events(reply_reader& whole, std::string_view bytes);
  bool take_event(reply_reader& whole, const http::sse_event& event, bool cut);
  void complete(reply_reader& whole);
  void end_document(reply_reader& whole, const result<void>& outcome);
  void end_stream(reply_reader& whole, const result<void>& outcome);
  void pass_on(reply_reader& whole, const result<void>& outcome);
  void seal(reply_reader& whole);

  reply_limits limits;
  http::sse_parser events;
  detail::json_reader json;
  detail::reply_merge merge;
  delta_listener* listener = nullptr;
  state now = state::undecided;
  failure why;
  std::int64_t retry_after_ms = -1;
  bool event_stream_announced = false;
  bool received_chunk = false;
  bool sealed = false;  // the reply is in its final form
};

ORCAST_DECL void reply_reader::parser::reset() noexcept {
  events.reset();
  now = state::undecided;
  why = failure();
  retry_after_ms = -1;
  event_stream_announced = false;
  received_chunk = false;
  sealed = false;
}

ORCAST_DECL void reply_reader::parser::fail(failure reason) {
  now = state::failed;
  why = std::move(reason);
  why.retry_after_ms = (std::max)(why.retry_after_ms, retry_after_ms);
}

/// White space before the first byte that tells is kept: it belongs to the body as received.
ORCAST_DECL bool reply_reader::parser::decide(reply_reader& whole, std::string_view bytes) {
  const std::string_view begun = detail::trim(bytes);
  if (begun.empty()) return take_document(whole, bytes);
  // Errors come as documents, also where a stream was announced; no event begins like one.
  const bool looks_like_document =
      begun.front() == '{' || begun.front() == '[' || begun.front() == '<';
  if (!event_stream_announced || looks_like_document) {
    now = state::document;
    return take_document(whole, bytes);
  }
  now = state::stream;
  whole.streamed_ = true;
  whole.reply_.raw.clear();
  return take_events(whole, bytes);
}

ORCAST_DECL bool reply_reader::parser::take_document(reply_reader& whole, std::string_view bytes) {
  std::string& body = whole.reply_.raw;
  if (bytes.size() > limits.body_bytes || body.size() > limits.body_bytes - bytes.size()) {
    fail(failure(errc::too_large, "the body of the response is too large", whole.http_status_));
    return false;
  }
  body.append(bytes);
  return true;
}

ORCAST_DECL bool reply_reader::parser::take_events(reply_reader& whole, std::string_view bytes) {
  const auto on_event = [&](const http::sse_event& event) {
    return take_event(whole, event, false);
  };
  const result<void> fed = events.feed(bytes, on_event);
  if (!fed && now == state::stream) {
    fail(fed.error());
    why.http_status = whole.http_status_;
  }
  return now == state::stream;
}

/// `cut`: the connection ended in this event, so it may be a part of one.
ORCAST_DECL bool reply_reader::parser::take_event(reply_reader& whole, const http::sse_event& event,
                                                  bool cut) {
  const std::string_view data = detail::trim(event.data);
  if (data.empty()) return true;
  if (data == "[DONE]") {
    complete(whole);
    return false;
  }
  const bool foreign = event.type != "message";
  if (!json.parse(data)) {
    if (foreign || cut) return true;
    std::string words = "event ";
    detail::append_number(words, static_cast<std::int64_t>(events.events()));
    fail(failure(errc::malformed_response, words + " of the stream is not JSON",
                 whole.http_status_));
    return false;
  }
  const detail::json_view root = json.root();
  const detail::json_view error = detail::find_error(root);
  if (!root.is_object()) return true;
  if (foreign && !error.exists() && !root["choices"].exists()) return true;
  if (!received_chunk && listener != nullptr) listener->on_first_chunk();
  received_chunk = true;
  const bool fits = merge.add(root, false, whole.reply_);
  whole.received_content_ = merge.received_content();
  if (error.exists()) {
    fail(detail::read_error(error, whole.reply_.provider, whole.http_status_));
  } else if (!fits) {
    fail(failure(errc::too_large, "the reply is too large", whole.http_status_));
  }
  return now == state::stream;
}

/// The answer is there to its end.
ORCAST_DECL void reply_reader::parser::complete(reply_reader& whole) {
  chat_reply& reply = whole.reply_;
  const int status = whole.http_status_;
  if (status >= 400) {
    return fail(detail::status_failure(status, "HTTP error status with an answer"));
  }
  if (whole.streamed_ && !received_chunk) {
    return fail(failure(errc::malformed_response, "the stream held no answer", status));
  }
  merge.finish(reply);
  const char* problem = merge.settle(reply);
  if (whole.streamed_) merge.write_body(reply, reply.raw);
  sealed = true;
  if (problem != nullptr) return fail(failure(errc::malformed_response, problem, status));
  for (const chat_choice& choice : reply.choices) {
    if (choice.finish_reason != "error") continue;
    fail(failure(errc::provider_error, "the provider ended the answer with an error", status));
    why.provider = reply.provider;
    return;
  }
  now = state::complete;
  if (listener == nullptr || !whole.streamed_) return;
  for (const tool_call& call : reply.tool_calls()) listener->on_tool_call(call);
}

/// The transport's failure is the reader's.
ORCAST_DECL void reply_reader::parser::pass_on(reply_reader& whole, const result<void>& outcome) {
  fail(outcome.error());
  why.http_status = whole.http_status_;
}

ORCAST_DECL void reply_reader::parser::end_document(reply_reader& whole,
                                                    const result<void>& outcome) {
  const int status = whole.http_status_;
  const bool refused = status != 0 && (status < 200 || status > 299);
  const bool cancelled = !outcome && outcome.error().code == errc::cancelled;
  if (!outcome && (cancelled || !refused)) return pass_on(whole, outcome);

  std::string_view body = detail::trim(whole.reply_.raw);
  if (body.substr(0, 3) == "\xEF\xBB\xBF") body = detail::trim(body.substr(3));
  const bool is_json = json.parse(body);
  const detail::json_view root = json.root();
  const detail::json_view error = detail::find_error(root);
  const bool fits = !root.is_object() || merge.add(root, true, whole.reply_);
  whole.received_content_ = merge.received_content();
  if (error.exists()) {
    return fail(detail::read_error(error, whole.reply_.provider, status));
  }
  if (refused) return fail(detail::page_failure(status, body, root));
  if (!fits) return fail(failure(errc::too_large, "the reply is too large", status));
  if (root["choices"].is_array()) return complete(whole);
  const char* words = body.empty()          ? "the body of the response is empty"
                      : body.front() == '<' ? "the response is a web page, not JSON"
                      : !is_json            ? "the body of the response is not JSON"
                                            : "the body of the response has no choices";
  fail(failure(errc::malformed_response, words, status));
}

ORCAST_DECL void reply_reader::parser::end_stream(reply_reader& whole,
                                                  const result<void>& outcome) {
  chat_reply& reply = whole.reply_;
  if (outcome.ok() && events.pending()) {
    const auto on_event = [&](const http::sse_event& event) {
      return take_event(whole, event, true);
    };
    static_cast<void>(events.flush_tail(on_event));
    if (now != state::stream) return;
  }
  const bool finished = merge.finished(reply);
  // Cut after the last word: nothing is missing but [DONE].
  if (finished && (outcome.ok() || reply.usage.received)) {
    reply.no_done = true;
    return complete(whole);
  }
  if (!outcome) return pass_on(whole, outcome);
  const int status = whole.http_status_;
  if (status >= 400) return fail(detail::page_failure(status, {}, {}));
  fail(failure(errc::stream_truncated, "the stream ended before the answer did", status));
  why.provider = reply.provider;
  why.retryable = true;
}

/// What had arrived of a failed reply, in a form that can be read.
ORCAST_DECL void reply_reader::parser::seal(reply_reader& whole) {
  if (sealed) return;
  sealed = true;
  merge.finish(whole.reply_);
  if (received_chunk) merge.write_body(whole.reply_, whole.reply_.raw);
}

ORCAST_DECL reply_reader::reply_reader(const reply_limits& limits)
    : parser_(std::make_unique<parser>(limits)) {}
ORCAST_DECL reply_reader::~reply_reader() = default;
ORCAST_DECL reply_reader::reply_reader(reply_reader&&) noexcept = default;
ORCAST_DECL reply_reader& reply_reader::operator=(reply_reader&&) noexcept = default;

ORCAST_DECL void reply_reader::reset() noexcept {
  parser_->reset();
  parser_->merge.reset(reply_);
  generation_id_.clear();
  cache_status_.clear();
  http_status_ = 0;
  streamed_ = false;
  received_content_ = false;
}

ORCAST_DECL void reply_reader::listen(delta_listener* listener) noexcept {
  parser_->listener = listener;
  parser_->merge.listen(listener);
}

ORCAST_DECL void reply_reader::head(const http::response_head& head) noexcept {
  http_status_ = head.status;
  detail::copy_token(head.find("X-Generation-Id"), generation_id_);
  detail::copy_token(head.find("X-OpenRouter-Cache-Status"), cache_status_);
  parser_->event_stream_announced = detail::is_event_stream(head.find("Content-Type"));
  const std::string_view retry_after = head.find("Retry-After");
  if (retry_after.empty()) return;
  parser_->retry_after_ms = http::parse_retry_after(retry_after, host().wall_ns() / 1'000'000'000);
}

ORCAST_DECL bool reply_reader::data(std::string_view bytes) noexcept {
  switch (parser_->now) {
    case parser::state::undecided:
      return parser_->decide(*this, bytes);
    case parser::state::document:
      return parser_->take_document(*this, bytes);
    case parser::state::stream:
      return parser_->take_events(*this, bytes);
    case parser::state::complete:
    case parser::state::failed:
      break;
  }
  return false;
}

ORCAST_DECL result<void> reply_reader::finish(result<void> outcome) noexcept {
  parser& self = *parser_;
  if (self.now == parser::state::stream) {
    self.end_stream(*this, outcome);
  } else if (self.now != parser::state::complete && self.now != parser::state::failed) {
    self.end_document(*this, outcome);
  }
  if (reply_.id.empty()) reply_.id = generation_id_;  // where the body came to no word of it
  if (self.now == parser::state::complete) return {};
  self.seal(*this);
  return self.why;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/observation.ipp ----

// ---- orcast/openrouter/impl/endpoint_messages.hpp ----

#include <string>
#include <string_view>
#include <vector>

// The messages of the endpoints that speak as other services do - /responses as OpenAI's, /messages
// as Anthropic's - as chat messages, so that a span shows them in the same way.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The text of a string, or of the blocks of an array.
inline std::string text_of(json_view content) {
  if (!content.is_array()) return std::string(content.text());
  std::string all;
  for (const json_view block : content) {
    const std::string_view text = block["text"].text();
    if (!all.empty() && !text.empty()) all += '\n';
    all.append(text);
  }
  return all;
}

class message_gatherer {
 public:
  /// What Anthropic calls a message, or the content of its answer.
  void add_blocks(std::string_view role, json_view content) {
    message& made = begin(role);
    if (!content.is_array()) {
      made.content.assign(content.text());
      return;
    }
    std::string details;
    const std::size_t index = all.size() - 1;
    for (const json_view block : content) add_block(block, index, details);
    end_details(all[index], details);
    // A message of results alone is the results' messages.
    const message& done = all[index];
    if (done.parts.empty() && done.tool_calls.empty() && done.reasoning_details.empty() &&
        all.size() > index + 1) {
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }

  /// What OpenAI calls input, or output: items, or a text.
  void add_items(json_view items) {
    if (items.is_string()) begin("user").content.assign(items.text());
    if (!items.is_array()) return;
    for (const json_view item : items) add_item(item);
  }

  /// The same as one message: an answer.
  static message answer(json_view items) {
    message_gatherer each;
    each.add_items(items);
    message made = message::of("assistant", "");
    std::string details;
    for (message& piece : each.all) {
      if (!made.content.empty() && !piece.content.empty()) made.content += '\n';
      made.content += piece.content;
      for (content_part& each_part : piece.parts) {
        if (each_part.type != "text") {
          made.parts.push_back(std::move(each_part));
        } else {
          if (!made.content.empty()) made.content += '\n';
          made.content += each_part.text;
        }
      }
      for (tool_call& call : piece.tool_calls) made.tool_calls.push_back(std::move(call));
      const std::string& more = piece.reasoning_details;
      if (more.size() > 2) {
        if (!details.empty()) details += ',';
        details.append(more, 1, more.size() - 2);
      }
    }
    end_details(made, details);
    if (!made.parts.empty() && !made.content.empty()) {
      made.parts.insert(made.parts.begin(), part::text(made.content));
    }
    return made;
  }

  message& begin(std::string_view role) {
    all.emplace_back();
    all.back().role.assign(role);
    return all.back();
  }

  std::vector<message> all;

 private:
  static void end_details(message& to, const std::string& details) {
    if (!details.empty()) to.reasoning_details = "[" + details + "]";
  }

  static void add_detail(std::string& details, std::string_view type, std::string_view name,
                         std::string_view text, std::string_view format, std::string_view id,
                         std::string_view signature) {
    if (!details.empty()) details += ',';
    object_writer whole(details);
    whole.text("type", type);
    append_repaired_string(whole.key(name), text);
    whole.text_if("format", format);
    if (!id.empty()) append_repaired_string(whole.key("id"), id);
    if (!signature.empty()) append_repaired_string(whole.key("signature"), signature);
    whole.close();
  }

  static void add_image(message& to, std::string_view address) {
    std::string whole = R"({"image_url":{"url":)";
    append_repaired_string(whole, address);
    whole += "}}";
    to.parts.push_back(part::json("image_url", std::move(whole)));
  }

  void add_block(json_view block, std::size_t index, std::string& details) {
    const std::string_view type = block["type"].text();
    if (type == "tool_result") {
      message& made = begin("tool");
      made.content = text_of(block["content"]);
      made.tool_call_id.assign(block["tool_use_id"].text());
      return;
    }
    message& to = all[index];
    if (type == "text") {
      to.parts.push_back(part::text(std::string(block["text"].text())));
    } else if (type == "tool_use") {
      to.tool_calls.push_back({std::string(block["id"].text()), std::string(block["name"].text()),
                               to_json(block["input"]), std::string()});
    } else if (type == "thinking") {
      add_detail(details, "reasoning.text", "text", block["thinking"].text(), "anthropic", {},
                 block["signature"].text());
    } else if (type == "redacted_thinking") {
      add_detail(details, "reasoning.encrypted", "data", block["data"].text(), "anthropic", {}, {});
    } else if (type == "image") {
      const json_view source = block["source"];
      std::string address(source["url"].text());
      if (address.empty()) {
        address.append("data:").append(source["media_type"].text());
        address.append(";base64,").append(source["data"].text());
      }
      add_image(to, address);
    } else {
      to.parts.push_back(part::json(std::string(type), to_json(block)));
    }
  }

  void add_item(json_view item) {
    const std::string_view type = item["type"].text();
    if (type == "function_call") {
      begin("assistant")
          .tool_calls.push_back({std::string(item["call_id"].text()),
                                 std::string(item["name"].text()),
                                 std::string(item["arguments"].text()), std::string()});
    } else if (type == "function_call_output") {
      message& made = begin("tool");
      made.content = text_of(item["output"]);
      made.tool_call_id.assign(item["call_id"].text());
    } else if (type == "reasoning") {
      std::string details;
      const std::string_view id = item["id"].text();
      for (const json_view piece : item["summary"]) {
        add_detail(details, "reasoning.summary", "summary", piece["text"].text(), {}, id, {});
      }
      for (const json_view piece : item["content"]) {
        add_detail(details, "reasoning.text", "text", piece["text"].text(), {}, id,
                   item["signature"].text());
      }
      const std::string_view hidden = item["encrypted_content"].text();
      if (!hidden.empty()) add_detail(details, "reasoning.encrypted", "data", hidden, {}, id, {});
      end_details(begin("assistant"), details);
    } else if (type == "message" || !item["role"].text().empty()) {
      message& made = begin(item["role"].text());
      const json_view content = item["content"];
      if (!content.is_array()) made.content.assign(content.text());
      for (const json_view each : content) add_part(made, each);
    } else {
      begin("assistant").parts.push_back(part::json(std::string(type), to_json(item)));
    }
  }

  static void add_part(message& to, json_view from) {
    const std::string_view type = from["type"].text();
    if (type == "input_text" || type == "output_text" || type == "text") {
      to.parts.push_back(part::text(std::string(from["text"].text())));
    } else if (type == "refusal") {
      to.parts.push_back(part::text(std::string(from["refusal"].text())));
    } else if (type == "input_image") {
      add_image(to, from["image_url"].text());
    } else {
      to.parts.push_back(part::json(std::string(type), to_json(from)));
    }
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/endpoint_reply.hpp ----

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Puts the stream of an endpoint that is no chat completion back together: the body that a call in
// one piece would have brought, as far as a span shows it.

namespace orcast {
inline namespace v0 {
namespace detail {

class endpoint_reply {
 public:
  /// `body`: an event stream. What is left of a broken one is used.
  explicit endpoint_reply(std::string_view body) {
    http::sse_parser events;
    const auto take = [this](const http::sse_event& event) {
      done_ = done_ || event.data == "[DONE]" || event.type == "message_stop";
      if (reader_.parse(event.data)) take_event(reader_.root());
      return true;
    };
    static_cast<void>(events.feed(body, take));
    static_cast<void>(events.flush_tail(take));
  }

  /// Whether the stream came to its end, well or not.
  bool complete() const noexcept {
    return done_ || !response_.empty() || !stop_.empty() || !error_.empty();
  }

  std::string json() const {
    if (!response_.empty()) return response_;  // OpenAI's last event holds all of it
    std::string made;
    object_writer whole(made);
    if (!id_.empty()) append_repaired_string(whole.key("id"), id_);
    if (!model_.empty()) append_repaired_string(whole.key("model"), model_);
    if (!provider_.empty()) append_repaired_string(whole.key("provider"), provider_);
    if (!blocks_.empty()) write_blocks(whole);
    if (!texts_.empty()) write_choices(whole);
    if (!pending_.empty()) {
      append_repaired_string(whole.key("output_text"), pending_);
    }
    if (!stop_.empty()) append_repaired_string(whole.key("stop_reason"), stop_);
    whole.json_if("usage", usage_);
    whole.json_if("error", error_);
    whole.close();
    return made;
  }

 private:
  struct block {
    std::string json;  // as it began
    std::string type;
    std::string text;
    std::string signature;
  };

  void take_event(json_view event) {
    const std::string_view type = event["type"].text();
    const bool last =
        type == "response.completed" || type == "response.incomplete" || type == "response.failed";
    if (last) {
      response_ = to_json(event["response"]);
    } else if (type == "response.output_text.delta") {
      pending_.append(event["delta"].text());
    }
    const json_view message = event["message"];
    const json_view source = message.is_object() ? message : event;
    replace(id_, source["id"]);
    replace(model_, source["model"]);
    replace(provider_, source["provider"]);
    merge_usage(source["usage"]);
    if (event["error"].is_object()) error_ = to_json(event["error"]);
    replace(stop_, event["delta"]["stop_reason"]);
    const auto index = static_cast<std::size_t>(event["index"].integer());
    if (type == "content_block_start" && index == blocks_.size() && index < 4096) {
      const json_view begun = event["content_block"];
      blocks_.push_back({to_json(begun),
                         std::string(begun["type"].text()),
                         std::string(begun["text"].text()),
                         {}});
    } else if (type == "content_block_delta" && index < blocks_.size()) {
      const json_view delta = event["delta"];
      for (const std::string_view name : {"text", "partial_json", "thinking"}) {
        blocks_[index].text.append(delta[name].text());
      }
      blocks_[index].signature.append(delta["signature"].text());
    }
    for (const json_view choice : event["choices"]) {
      const auto at = static_cast<std::size_t>(choice["index"].integer());
      if (at > texts_.size() || at >= 64) continue;
      if (at == texts_.size()) texts_.emplace_back();
      texts_[at].text.append(choice["text"].text());
      replace(texts_[at].signature, choice["finish_reason"]);
    }
  }

  static void replace(std::string& place, json_view value) {
    if (value.is_string() && !value.text().empty()) place.assign(value.text());
  }

  /// Anthropic's stream says what went in at its beginning, and what came out at its end.
  void merge_usage(json_view usage) {
    if (!usage.is_object()) return;
    std::string merged;
    object_writer whole(merged);
    for (const json_view member : usage) append_json(whole.key(member.key()), member);
    json_reader before(json_manners::tolerant);
    if (before.parse(usage_)) {
      for (const json_view member : before.root()) {
        if (!usage[member.key()].exists()) append_json(whole.key(member.key()), member);
      }
    }
    whole.close();
    usage_.swap(merged);
  }

  void write_blocks(object_writer& whole) const {
    std::string& out = whole.key("content");
    char separator = '[';
    for (const block& each : blocks_) {
      out += separator;
      separator = ',';
      json_reader begun(json_manners::tolerant);
      object_writer made(out);
      const bool tool = each.type == "tool_use" || each.type == "server_tool_use";
      const std::string_view field = tool ? "input" : each.type == "thinking" ? "thinking" : "text";
      static_cast<void>(begun.parse(each.json));
      for (const json_view member : begun.root()) {
        const bool replaced = member.key() == field && !each.text.empty();
        const bool newer = member.key() == "signature" && !each.signature.empty();
        if (!replaced && !newer) append_json(made.key(member.key()), member);
      }
      json_reader arguments(json_manners::tolerant);
      if (tool && arguments.parse(each.text)) {
        append_json(made.key(field), arguments.root());
      } else if (!each.text.empty()) {
        append_repaired_string(made.key(field), each.text);
      }
      if (!each.signature.empty()) append_repaired_string(made.key("signature"), each.signature);
      made.close();
    }
    out += ']';
  }

  void write_choices(object_writer& whole) const {
    std::string& out = whole.key("choices");
    char separator = '[';
    for (const block& each : texts_) {
      out += separator;
      separator = ',';
      object_writer made(out);
      append_repaired_string(made.key("text"), each.text);
      if (!each.signature.empty()) {
        append_repaired_string(made.key("finish_reason"), each.signature);
      }
      made.close();
    }
    out += ']';
  }

  json_reader reader_{json_manners::tolerant, 128};
  std::string response_;
  std::string pending_;  // what a response that did not get to its end had said
  std::string id_;
  std::string model_;
  std::string provider_;
  std::string stop_;
  std::string usage_;
  std::string error_;
  bool done_ = false;
  std::vector<block> blocks_;
  std::vector<block> texts_;  // of /completions: text, and the finish reason as the signature
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/span_message.hpp ----

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// A message, sent or received, as OpenInference lays it out: its text in message.content, and where
// it has more than text, each of its parts in message.contents.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The same keys under llm.input_messages and llm.output_messages, and what they hold.
struct message_keys {
  content message, text, image;
  const key_text &role, &content_text, &name, &tool_call_id, &function_name, &function_arguments;
  const key_text &part_type, &part_text, &part_id, &part_signature, &part_data, &part_encrypted;
  const key_text &image_url, &audio_url, &audio_mime_type, &audio_transcript;
  const key_text &call_id, &call_name, &call_arguments, &call_signature;
};

inline constexpr message_keys input_messages{content::input_message,
                                             content::input_text,
                                             content::input_image,
                                             keys::llm_input_message_role,
                                             keys::llm_input_message_content,
                                             keys::llm_input_message_name,
                                             keys::llm_input_message_tool_call_id,
                                             keys::llm_input_message_function_call_name,
                                             keys::llm_input_message_function_call_arguments_json,
                                             keys::llm_input_part_type,
                                             keys::llm_input_part_text,
                                             keys::llm_input_part_id,
                                             keys::llm_input_part_signature,
                                             keys::llm_input_part_data,
                                             keys::llm_input_part_encrypted_content,
                                             keys::llm_input_part_image_url,
                                             keys::llm_input_part_audio_url,
                                             keys::llm_input_part_audio_mime_type,
                                             keys::llm_input_part_audio_transcript,
                                             keys::llm_input_tool_call_id,
                                             keys::llm_input_tool_call_function_name,
                                             keys::llm_input_tool_call_function_arguments,
                                             keys::llm_input_tool_call_reasoning_signature};

inline constexpr message_keys output_messages{content::output_message,
                                              content::output_text,
                                              content::output_image,
                                              keys::llm_output_message_role,
                                              keys::llm_output_message_content,
                                              keys::llm_output_message_name,
                                              keys::llm_output_message_tool_call_id,
                                              keys::llm_output_message_function_call_name,
                                              keys::llm_output_message_function_call_arguments_json,
                                              keys::llm_output_part_type,
                                              keys::llm_output_part_text,
                                              keys::llm_output_part_id,
                                              keys::llm_output_part_signature,
                                              keys::llm_output_part_data,
                                              keys::llm_output_part_encrypted_content,
                                              keys::llm_output_part_image_url,
                                              keys::llm_output_part_audio_url,
                                              keys::llm_output_part_audio_mime_type,
                                              keys::llm_output_part_audio_transcript,
                                              keys::llm_output_tool_call_id,
                                              keys::llm_output_tool_call_function_name,
                                              keys::llm_output_tool_call_function_arguments,
                                              keys::llm_output_tool_call_reasoning_signature};

class message_recorder {
 public:
  /// `index` is the message's place in its list.
  message_recorder(content_recorder& to, const message_keys& keys, std::size_t index)
      : to_(to), keys_(keys), index_(index) {}

  /// `name`: what a tool's message is called when it has no name of its own. `audio_format`: what
  /// the voice of an answer was asked for in.
  void record(const message& each, std::string_view name = {}, std::string_view audio_format = {}) {
    to_.set(keys_.message, at(keys_.role), each.role.empty() ? "assistant" : each.role);
    if (!each.name.empty()) name = each.name;
    set(keys_.message, keys_.name, name);
    set(keys_.message, keys_.tool_call_id, each.tool_call_id);
    record_reasoning(each);
    record_parts(each);
    record_media(each, audio_format);
    for (std::size_t i = 0; i < each.tool_calls.size(); ++i) {
      const tool_call& wanted = each.tool_calls[i];
      to_.set(keys_.message, {keys_.call_id, index_, i}, wanted.id);
      to_.set(keys_.message, {keys_.call_name, index_, i}, wanted.name);
      to_.set(keys_.message, {keys_.call_arguments, index_, i}, wanted.arguments);
    }
    if (!each.extra.empty() && json_.parse(each.extra)) {
      const json_view call = json_.root()["function_call"];
      set(keys_.message, keys_.function_name, call["name"].text());
      set(keys_.message, keys_.function_arguments, call["arguments"].text());
    }
  }

 private:
  attribute_key at(const key_text& key) const noexcept { return {key, index_, 0}; }
  void set(content what, const key_text& key, std::string_view text) {
    if (!text.empty()) to_.set(what, at(key), text);
  }
  void begin_part(std::string_view type) {
    part_ = next_++;
    to_.set(keys_.message, {keys_.part_type, index_, part_}, type);
  }
  void set_part(content what, const key_text& key, std::string_view text) {
    if (!text.empty()) to_.set(what, {key, index_, part_}, text);
  }

  void set_opaque(const key_text& key, std::string_view text) {
    if (!text.empty()) to_.set_verbatim(keys_.message, {key, index_, part_}, text);
  }

  /// The details where there are any: they say more than the text that is made of them.
  void record_reasoning(const message& each) {
    bool any = false;
    if (!each.reasoning_details.empty() && json_.parse(each.reasoning_details)) {
      for (const json_view detail : json_.root()) any = record_detail(detail, each) || any;
    }
    if (any || each.reasoning.empty()) return;
    begin_part("reasoning");
    set_part(keys_.text, keys_.part_text, each.reasoning);
  }

  bool record_detail(json_view detail, const message& each) {
    const std::string_view type = detail["type"].text();
    const std::string_view id = detail["id"].text();
    const std::string_view data = detail["data"].text();
    if (type == "reasoning.encrypted" && !id.empty()) {
      for (std::size_t i = 0; i < each.tool_calls.size(); ++i) {
        if (each.tool_calls[i].id != id) continue;
        to_.set_verbatim(keys_.message, {keys_.call_signature, index_, i}, data);
        return false;
      }
    }
    const std::string_view text =
        type == "reasoning.summary" ? detail["summary"].text() : detail["text"].text();
    const std::string_view signature = detail["signature"].text();
    if (text.empty() && data.empty() && signature.empty()) return false;
    begin_part("reasoning");
    set_part(keys_.text, keys_.part_text, text);
    set_part(keys_.message, keys_.part_id, id);
    const bool anthropic = detail["format"].text().substr(0, 9) == "anthropic";
    set_opaque(keys_.part_signature, signature);
    set_opaque(anthropic ? keys_.part_data : keys_.part_encrypted, data);
    return !text.empty();
  }

  void record_parts(const message& each) {
    std::string text = each.content;
    if (each.parts.empty()) {
      const bool more = next_ != 0 || !each.images.empty() || !each.audio.empty();
      if (more && !text.empty()) {
        begin_part("text");
        set_part(keys_.text, keys_.part_text, text);
      }
    } else {
      text.clear();
      for (const content_part& piece : each.parts) {
        if (piece.type == "text" && !text.empty()) text.append("\n");
        if (piece.type == "text") text.append(piece.text);
        record_part(piece);
      }
    }
    if (text.empty()) text = each.content.empty() ? each.refusal : each.content;
    set(keys_.text, keys_.content_text, text);
  }

  /// What an answer has besides its text.
  void record_media(const message& each, std::string_view audio_format) {
    if (!each.images.empty() && json_.parse(each.images)) {
      for (const json_view image : json_.root()) record_image(image);
    }
    if (each.audio.empty() || !json_.parse(each.audio)) return;
    const json_view audio = json_.root();
    if (audio["data"].text().empty() && audio["transcript"].text().empty()) return;
    begin_part("audio");
    std::string type("audio/");
    type.append(audio_format.empty() ? "wav" : audio_format);
    record_audio(type, audio["data"].text());
    set_part(keys_.text, keys_.audio_transcript, audio["transcript"].text());
  }

  void record_part(const content_part& piece) {
    if (piece.type == "text") {
      begin_part("text");
      set_part(keys_.text, keys_.part_text, piece.text);
      return;
    }
    const bool read = json_.parse(piece.json);
    const json_view whole = json_.root();
    if (read && piece.type == "image_url") {
      record_image(whole);
    } else if (read && piece.type == "input_audio") {
      begin_part("audio");
      std::string type("audio/");
      type.append(whole["input_audio"]["format"].text());
      record_audio(type, whole["input_audio"]["data"].text());
    } else {
      begin_part(piece.type);
      set_part(keys_.text, keys_.part_text, piece.json);
    }
  }

  void record_image(json_view whole) {
    begin_part("image");
    const json_view image = whole["image_url"];
    set_part(keys_.image, keys_.image_url, image.is_string() ? image.text() : image["url"].text());
  }

  void record_audio(const std::string& type, std::string_view data) {
    set_part(keys_.message, keys_.audio_mime_type, type);
    if (data.empty()) return;
    set_part(keys_.message, keys_.audio_url, blobs_.describe_base64(type, data));
  }

  content_recorder& to_;
  const message_keys& keys_;
  const std::size_t index_;
  std::size_t next_ = 0;  // the number of the next part
  std::size_t part_ = 0;  // of the one under way
  json_reader json_{json_manners::tolerant};
  blob_filter blobs_;
};

/// The function that a tool's message answers, by the calls before it.
inline std::string_view function_answered(const std::vector<message>& messages,
                                          std::size_t index) noexcept {
  const std::string& id = messages[index].tool_call_id;
  if (id.empty()) return {};
  while (index-- != 0) {
    for (const tool_call& call : messages[index].tool_calls) {
      if (call.id == id) return call.name;
    }
  }
  return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/span_endpoint.ipp ----

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// ---- orcast/openrouter/vocabulary.hpp ----

#include <cstddef>
#include <string>
#include <string_view>

// How OpenRouter's names become the conventions' names. All lists are open: what is not listed is
// passed on in lower case.

namespace orcast {
inline namespace v0 {
namespace detail {

struct name_pair {
  std::string_view from;
  std::string_view to;
};

template <std::size_t N>
constexpr std::string_view translate(const name_pair (&list)[N], std::string_view name) noexcept {
  for (const name_pair& pair : list) {
    if (pair.from == name) return pair.to;
  }
  return name;
}

/// "anthropic" of "anthropic/claude-sonnet-4.5:thinking" or "~anthropic/claude-latest".
constexpr std::string_view author_of(std::string_view slug) noexcept {
  if (!slug.empty() && slug.front() == '~') slug.remove_prefix(1);
  const std::size_t slash = slug.find('/');
  return slash == std::string_view::npos ? std::string_view() : slug.substr(0, slash);
}

/// llm.system: OpenInference's list, else the author.
constexpr std::string_view system_of(std::string_view author) noexcept {
  constexpr name_pair list[] = {{"google", "vertexai"}, {"x-ai", "xai"}, {"meta-llama", "meta"}};
  return translate(list, author);
}

/// gen_ai.provider.name: OpenTelemetry's list, else the author.
constexpr std::string_view companion_provider_of(std::string_view author) noexcept {
  constexpr name_pair list[] = {{"mistralai", "mistral_ai"},
                                {"x-ai", "x_ai"},
                                {"amazon", "aws.bedrock"},
                                {"google", "gcp.gen_ai"}};
  return translate(list, author);
}

/// llm.provider from the `provider` of a response.
inline std::string provider_of(std::string_view name) {
  constexpr name_pair list[] = {
      {"amazon bedrock", "aws"},   {"amazon", "aws"},           {"google ai studio", "google"},
      {"google vertex", "google"}, {"moonshot ai", "moonshot"}, {"mistral", "mistralai"},
      {"together ai", "together"}, {"togetherai", "together"},  {"microsoft azure", "azure"}};
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return std::string(translate(list, lower));
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/span_request.ipp ----

#include <string>
#include <string_view>
#include <vector>

// ---- orcast/openrouter/impl/span_text.hpp ----

#include <string>
#include <string_view>

// JSON on its way into a span: a request's body as it may be shown, and the parameters in it.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Adds the members of an object whose names are not taken yet; what is no object has none.
inline void copy_members(json_view from, object_writer& to) {
  for (const json_view member : from) {
    if (from.is_object() && !to.has(member.key())) append_json(to.key(member.key()), member);
  }
}

/// The parameters that privacy mode lets through: no content, no free text.
inline bool is_private_parameter(std::string_view name) noexcept {
  constexpr std::string_view open[] = {"model",
                                       "models",
                                       "stream",
                                       "stream_options",
                                       "n",
                                       "temperature",
                                       "top_p",
                                       "top_k",
                                       "min_p",
                                       "top_a",
                                       "seed",
                                       "max_tokens",
                                       "max_completion_tokens",
                                       "max_output_tokens",
                                       "frequency_penalty",
                                       "logprobs",
                                       "presence_penalty",
                                       "repetition_penalty",
                                       "top_logprobs",
                                       "reasoning",
                                       "reasoning_effort",
                                       "parallel_tool_calls",
                                       "modalities",
                                       "verbosity",
                                       "service_tier",
                                       "provider",
                                       "route",
                                       "dimensions",
                                       "encoding_format",
                                       "input_type",
                                       "top_n"};
  for (std::string_view each : open) {
    if (each == name) return false;
  }
  return true;
}

/// Leaves in `parameters` only what privacy mode lets through.
inline void keep_open_parameters(std::string& parameters) {
  json_reader all(json_manners::tolerant);
  std::string open_ones;
  object_writer kept(open_ones);
  if (all.parse(parameters)) {
    for (const json_view member : all.root()) {
      if (!is_private_parameter(member.key())) append_json(kept.key(member.key()), member);
    }
  }
  kept.close();
  parameters.swap(open_ones);
}

/// Shows a body without what `where` wants hidden in it: the user's name becomes the pseudonym, and
/// with hide_input_images the address of each image becomes the placeholder.
class body_rewriter {
 public:
  explicit body_rewriter(const recording& where) : where_(where) {}

  bool needed() const noexcept { return where_.users.wanted() || where_.hide.hide_input_images; }

  /// What can't be read is not shown at all: there might be a name in it.
  void append(std::string_view body, std::string& out) {
    if (reader_.parse(body)) append_value(reader_.root(), out, place::top);
  }

 private:
  enum class place : unsigned char { top, metadata, image, elsewhere };

  void append_value(json_view value, std::string& out, place here) {
    if (!value.is_object() && !value.is_array()) return append_json(out, value);
    const bool object = value.is_object();
    char before = object ? '{' : '[';
    if (value.empty()) out += before;
    for (const json_view each : value) {
      out += before;
      before = ',';
      if (object) {
        append_repaired_string(out, each.key());
        out += ':';
      }
      if (object && is_user(each, here)) {
        name_.clear();
        where_.users.append(each.text(), name_);
        append_repaired_string(out, name_);
      } else if (object && is_image(each, here)) {
        append_json_string(out, redacted);
      } else {
        append_value(each, out, object ? within(each, here) : place::elsewhere);
      }
    }
    out += object ? '}' : ']';
  }

  static place within(json_view member, place here) noexcept {
    if (here == place::top && member.key() == "metadata") return place::metadata;
    return member.key() == "image_url" ? place::image : place::elsewhere;
  }
  /// Also metadata.user_id, as Anthropic's messages have it.
  bool is_user(json_view member, place here) const noexcept {
    if (!where_.users.wanted() || !member.is_string()) return false;
    return here == place::top ? member.key() == "user" || member.key() == "safety_identifier"
                              : here == place::metadata && member.key() == "user_id";
  }
  bool is_image(json_view member, place here) const noexcept {
    return where_.hide.hide_input_images && member.is_string() &&
           (member.key() == "image_url" || (here == place::image && member.key() == "url"));
  }

  const recording& where_;
  json_reader reader_{json_manners::tolerant};
  std::string name_;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/span_context.hpp ----

#include <string>
#include <string_view>
#include <vector>

// What calls and work spans take over from the scopes around them.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Tags of the scopes, the outermost first.
inline void add_tags(const scope* from, std::vector<attribute_value>& to) {
  if (from == nullptr) return;
  add_tags(from->outer(), to);
  to.insert(to.end(), from->facts().tags, from->facts().tags + from->facts().tag_count);
}

/// Sets what the scopes say and a call does not say by itself.
inline void record_prompt_template(content_recorder& to, const scope* in) {
  constexpr content what = content::prompt_template;
  const struct {
    const key_text& key;
    std::string_view scope_facts::*text;
  } all[] = {{keys::llm_prompt_template_template, &scope_facts::prompt_template},
             {keys::llm_prompt_template_variables, &scope_facts::prompt_variables},
             {keys::llm_prompt_template_version, &scope_facts::prompt_version}};
  for (const auto& each : all) {
    const std::string_view text = scope::inherited(in, each.text);
    if (!text.empty()) to.set(what, each.key, text);
  }
}

/// The inner scopes' keys first; the first of each name counts.
inline void copy_scope_metadata(const scope* in, object_writer& to) {
  while (in != nullptr && in->facts().metadata.empty()) in = in->outer();
  if (in == nullptr) return;
  json_reader reader(json_manners::tolerant);  // lives on: `to` looks at the names that were read
  if (reader.parse(in->facts().metadata)) copy_members(reader.root(), to);
  copy_scope_metadata(in->outer(), to);
}

/// Whose it is: `session` and `user` are what came first of the call, its context and its scopes.
inline void record_identity(content_recorder& to, const recording& where, const scope* in,
                            std::string_view session, std::string_view user,
                            const std::vector<std::string>* own_tags) {
  span& into = to.into();
  if (where.frame() != 0) into.set(keys::orcast_frame_start, where.frame());
  if (!session.empty()) into.set(keys::session_id, session);
  std::string shown;
  where.users.append(user, shown);
  if (!shown.empty()) into.set(keys::user_id, shown);
  std::vector<attribute_value> tags;
  add_tags(in, tags);
  if (own_tags != nullptr) tags.insert(tags.end(), own_tags->begin(), own_tags->end());
  if (!tags.empty()) into.set_list(keys::tag_tags, tags.data(), tags.size());
  record_prompt_template(to, in);
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/span_open.ipp ----

#include <string>
#include <string_view>

// The beginning of a call's span: its name, trace and parent, and what the call's context and the
// scopes around it say. What the request itself says comes before either.

namespace orcast {
inline namespace v0 {
ORCAST_DECL void observation::open(const call_facts& call, const call_context& context,
                                   std::string_view url) {
  begun_ = true;
  began_ns_ = clock_.steady_ns();
  request_model_ = call.model;
  if (where_.traces == nullptr) return;
  const scope* const in = context.in != nullptr ? context.in : scope::current();
  if (scope::suppressed(in)) return;

  const auto first_of = [in](std::string_view own, std::string_view theirs,
                             std::string_view scope_facts::*wider) {
    if (!own.empty()) return own;
    return theirs.empty() ? scope::inherited(in, wider) : theirs;
  };
  static const trace_fields none;
  const trace_fields& trace = call.trace != nullptr ? *call.trace : none;
  const std::string_view session =
      first_of(call.session_id, context.session_id, &scope_facts::session_id);
  span_options options;
  options.kind = span_kind::client;
  options.left_out = where_.left_out;
  options.session = session;
  options.start_ns = began_ns_;
  options.parent = context.parent.valid() ? context.parent : scope::parent(in);
  bool parent_used = trace.parent_span_id.empty();
  if (!trace.trace_id.empty()) {
    const trace_id id = trace_id_from(trace.trace_id);
    options.parent = {};
    const span_id parent = span_id_from(trace.parent_span_id);
    if (parent.valid()) {
      options.parent.trace = id;
      options.parent.span = parent;
      options.parent.remote = true;
      parent_used = true;
    } else {
      options.trace = id;
    }
  }
  const bool root = !options.parent.trace.valid();
  std::string_view name = trace.generation_name;
  if (name.empty()) name = context.name;
  if (name.empty() && root) name = trace.trace_name;
  if (name.empty()) {
    scratch_.assign(call.operation);
    if (!call.model.empty()) scratch_.append(" ").append(call.model);
    name = scratch_;
  }
  const bool named_here = name == std::string_view(trace.trace_name);
  if (call.kind == keys::kind_embedding) name = "CreateEmbeddings";  // OpenInference demands it
  span_ = where_.traces->start(name, options);
  context_ = span_.context();
  if (!span_.recording()) return;

  span_.set(keys::openinference_span_kind, joined() ? keys::kind_chain : call.kind);
  if (joined()) span_.set(keys::orcast_server_broadcast, "join");
  const std::string_view user = first_of(call.user, context.user, &scope_facts::user);
  detail::record_identity(content_, where_, in, session, user, &context.tags);

  scratch_.clear();
  detail::object_writer metadata(scratch_);
  if (!trace.span_name.empty()) metadata.text("span_name", trace.span_name);
  if (!parent_used) metadata.text("parent_span_id", trace.parent_span_id);
  if (!trace.trace_name.empty() && !named_here) metadata.text("trace_name", trace.trace_name);
  detail::json_reader own(detail::json_manners::tolerant);
  detail::json_reader wider(detail::json_manners::tolerant);
  if (own.parse(trace.metadata)) detail::copy_members(own.root(), metadata);
  if (wider.parse(context.metadata)) detail::copy_members(wider.root(), metadata);
  detail::copy_scope_metadata(in, metadata);
  metadata.close();
  if (scratch_ != "{}") span_.set(keys::metadata, scratch_);

  if (!where_.companions) return;
  span_.set(keys::gen_ai_operation_name, call.operation);
  if (!session.empty()) span_.set(keys::gen_ai_conversation_id, session);
  if (const auto parsed = http::url::parse(url, true)) {
    span_.set(keys::server_address, parsed->host());
    span_.set(keys::server_port, parsed->port());
  }
}

}  // namespace v0
}  // namespace orcast

// What a request says in its span. docs/attributes.md says from which field each attribute comes.

namespace orcast {
inline namespace v0 {

namespace detail {

/// `all`: a request's parameters, whatever the endpoint.
inline void record_parameter_companions(content_recorder& to, json_view all) {
  span& into = to.into();
  const auto integer = [&into](json_view value, const key_text& key) {
    if (value.is_integer()) into.set(key, value.integer());
  };
  const auto real = [&into](json_view value, const key_text& key) {
    if (value.is_number()) into.set(key, value.real());
  };
  if (all["stream"].boolean()) into.set(keys::gen_ai_request_stream, true);
  if (all["n"].integer() > 1) integer(all["n"], keys::gen_ai_request_choice_count);
  integer(all["seed"], keys::gen_ai_request_seed);
  const bool newer = all["max_completion_tokens"].is_integer();
  integer(all[newer ? "max_completion_tokens" : "max_tokens"], keys::gen_ai_request_max_tokens);
  real(all["temperature"], keys::gen_ai_request_temperature);
  real(all["top_p"], keys::gen_ai_request_top_p);
  real(all["top_k"], keys::gen_ai_request_top_k);
  real(all["frequency_penalty"], keys::gen_ai_request_frequency_penalty);
  real(all["presence_penalty"], keys::gen_ai_request_presence_penalty);

  const std::string_view format = all["response_format"]["type"].text();
  if (format == "json_object" || format == "json_schema") {
    into.set(keys::gen_ai_output_type, "json");
  }
  for (const json_view each : all["modalities"]) {
    if (each.text() == "image") into.set(keys::gen_ai_output_type, "image");
    if (each.text() == "audio") into.set(keys::gen_ai_output_type, "speech");
  }
  std::vector<std::string_view> stops;
  const json_view stop = all["stop"];
  if (stop.is_string()) stops.push_back(stop.text());
  for (const json_view each : stop) {
    if (each.is_string()) stops.push_back(each.text());
  }
  to.set_list(content::parameter, keys::gen_ai_request_stop_sequences, stops);
}

}  // namespace detail

ORCAST_DECL void observation::record_request(const chat_request& request, std::string_view body) {
  std::string parameters;
  append_invocation_parameters(request, parameters);
  record_input(body);
  if (!joined()) {
    const std::string_view author = detail::author_of(request.model);
    if (!author.empty()) span_.set(keys::llm_system, detail::system_of(author));
    if (!request.model.empty()) span_.set(keys::llm_model_name, request.model);
    for (std::size_t i = 0; i < request.messages.size(); ++i) {
      if (!content_.wants(content::input_message)) break;
      detail::message_recorder(content_, detail::input_messages, i)
          .record(request.messages[i], detail::function_answered(request.messages, i));
    }
    if (!request.prompt.empty()) {
      content_.set(content::prompt, keys::llm_prompt(0), request.prompt);
    }
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
      if (!content_.wants(content::tools)) break;
      scratch_.clear();
      append_json(request.tools[i], scratch_);
      content_.set(content::tools, keys::llm_tool_json_schema(i), scratch_);
    }
    record_parameters(parameters, keys::llm_invocation_parameters);
  }
  detail::json_reader reader(detail::json_manners::tolerant);
  static_cast<void>(reader.parse(parameters));
  audio_format_.assign(reader.root()["audio"]["format"].text());
  if (!where_.companions) return;
  record_model_companions(request.model);
  detail::record_parameter_companions(content_, reader.root());
}

ORCAST_DECL void observation::record_input(std::string_view body) {
  if (body.empty()) return;
  detail::body_rewriter rewriter(where_);
  if (rewriter.needed() && content_.wants(content::input_value)) {
    scratch_.clear();
    rewriter.append(body, scratch_);
    body = scratch_;
  }
  content_.set(content::input_value, keys::input_value, body);
  content_.set(content::input_mime_type, keys::input_mime_type, "application/json");
}

/// `parameters`: a request without its content, as JSON.
ORCAST_DECL void observation::record_parameters(std::string_view parameters, const key_text& key) {
  scratch_.assign(parameters);
  if (where_.privacy) detail::keep_open_parameters(scratch_);
  detail::body_rewriter rewriter(where_);
  if (rewriter.needed()) {
    std::string shown;
    rewriter.append(scratch_, shown);
    scratch_.swap(shown);
  }
  if (scratch_.empty()) return;
  content_.set(content::invocation_parameters, key, scratch_);
}

ORCAST_DECL void observation::record_model_companions(std::string_view model) {
  const std::string_view author = detail::author_of(model);
  if (!author.empty()) {
    span_.set(keys::gen_ai_provider_name, detail::companion_provider_of(author));
  }
  if (!model.empty()) span_.set(keys::gen_ai_request_model, model);
}

}  // namespace v0
}  // namespace orcast

// The spans of the endpoints that are no chat completions: /embeddings, /rerank, /completions,
// /responses, /messages. They are read as JSON, whoever wrote it.

namespace orcast {
inline namespace v0 {
namespace detail {

/// What is no parameter of a request, but its content, or has an attribute of its own.
inline bool is_parameter(std::string_view name) noexcept {
  constexpr std::string_view others[] = {"messages",  "prompt",       "input",  "tools",
                                         "functions", "user",         "query",  "session_id",
                                         "trace",     "instructions", "system", "documents"};
  for (std::string_view each : others) {
    if (each == name) return false;
  }
  return true;
}

inline void read_trace(json_view from, trace_fields& to) {
  if (!from.is_object()) return;
  object_writer rest(to.metadata);
  for (const json_view member : from) {
    std::string* const place = member.key() == "trace_id"          ? &to.trace_id
                               : member.key() == "trace_name"      ? &to.trace_name
                               : member.key() == "span_name"       ? &to.span_name
                               : member.key() == "generation_name" ? &to.generation_name
                               : member.key() == "parent_span_id"  ? &to.parent_span_id
                                                                   : nullptr;
    if (place != nullptr && member.is_string()) {
      place->assign(member.text());
    } else {
      append_json(rest.key(member.key()), member);
    }
  }
  rest.close();
}

/// What was used, under OpenAI's, Anthropic's and OpenRouter's own names, as inclusive totals.
inline void read_any_usage(json_view value, token_usage& usage) {
  read_usage(value, usage);
  const json_view in = value["input_tokens_details"];
  const json_view out = value["output_tokens_details"];
  const json_view costs = value["cost_details"];
  if (!usage.completion_tokens) usage.completion_tokens = read_count(value["output_tokens"]);
  if (!usage.cached_tokens) usage.cached_tokens = read_count(in["cached_tokens"]);
  if (!usage.cache_write_tokens) usage.cache_write_tokens = read_count(in["cache_write_tokens"]);
  if (!usage.reasoning_tokens) usage.reasoning_tokens = read_count(out["reasoning_tokens"]);
  if (usage.upstream_prompt_cost.empty()) {
    read_price(costs["upstream_inference_input_cost"], usage.upstream_prompt_cost);
    read_price(costs["upstream_inference_output_cost"], usage.upstream_completion_cost);
  }
  if (usage.prompt_tokens || !value["input_tokens"].is_number()) return;
  usage.prompt_tokens = value["input_tokens"].integer();
  const json_view read = value["cache_read_input_tokens"];
  const json_view written = value["cache_creation_input_tokens"];
  if (read.is_number() || written.is_number()) {  // Anthropic counts them apart
    usage.cached_tokens = read.integer();
    usage.cache_write_tokens = written.integer();
    *usage.prompt_tokens += read.integer() + written.integer();
  }
  if (!usage.total_tokens && usage.completion_tokens) {
    usage.total_tokens = *usage.prompt_tokens + *usage.completion_tokens;
  }
}

/// Vectors may come as base64 of little-endian 32-bit floats.
inline void append_base64_floats(std::string_view text, std::vector<double>& out) {
  std::string bytes;
  if (!append_base64_decoded(bytes, text)) return;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t number = 0;
    for (std::size_t j = 4; j-- != 0;) {
      number = number << 8 | static_cast<unsigned char>(bytes[i + j]);
    }
    float value = 0;
    std::memcpy(&value, &number, sizeof value);
    out.push_back(static_cast<double>(value));
  }
}

}  // namespace detail

struct observation::json_ref {
  detail::json_view view;
};

ORCAST_DECL void observation::begin_endpoint(std::string_view body, std::string_view session,
                                             const call_context& context, std::string_view url) {
  detail::json_reader json(detail::json_manners::tolerant, 128);
  static_cast<void>(json.parse(body));
  const detail::json_view asked = json.root();
  trace_fields trace;
  detail::read_trace(asked["trace"], trace);
  call_facts call;
  call.kind = kind_ == kind::embeddings ? keys::kind_embedding
              : kind_ == kind::rerank   ? keys::kind_reranker
                                        : keys::kind_llm;
  call.operation = kind_ == kind::embeddings    ? "embeddings"
                   : kind_ == kind::rerank      ? "rerank"
                   : kind_ == kind::completions ? "text_completion"
                                                : "chat";
  call.model = asked["model"].text();
  call.session_id = asked["session_id"].text().empty() ? session : asked["session_id"].text();
  call.user = asked["user"].text();
  if (call.user.empty()) call.user = asked["metadata"]["user_id"].text();
  call.trace = &trace;
  open(call, context, url);
  if (!span_.recording()) return;

  record_input(body);
  std::string parameters;
  detail::object_writer kept(parameters);
  for (const detail::json_view member : asked) {
    if (asked.is_object() && detail::is_parameter(member.key())) {
      detail::append_json(kept.key(member.key()), member);
    }
  }
  kept.close();
  const std::string model(call.model);
  if (!joined()) record_asked({asked}, model, parameters);
  if (!where_.companions) return;
  record_model_companions(model);
  detail::json_reader reader(detail::json_manners::tolerant);
  if (reader.parse(parameters)) detail::record_parameter_companions(content_, reader.root());
  const std::string_view format = asked["encoding_format"].text();
  if (kind_ == kind::embeddings && !format.empty()) {
    span_.set_list(keys::gen_ai_request_encoding_formats, {format});
  }
}

/// What was asked, by the endpoint.
ORCAST_DECL void observation::record_asked(const json_ref& from, const std::string& model,
                                           const std::string& parameters) {
  const detail::json_view& asked = from.view;
  const detail::json_view input = asked["input"];
  if (kind_ == kind::embeddings) {
    if (!model.empty()) span_.set(keys::embedding_model_name, model);
    record_parameters(parameters, keys::embedding_invocation_parameters);
    if (input.is_string()) {
      content_.set(content::embedding_text, keys::embedding_text(0), input.text());
    }
    std::size_t index = 0;
    for (const detail::json_view each : input) {
      if (each.is_string()) {
        content_.set(content::embedding_text, keys::embedding_text(index), each.text());
      }
      ++index;
    }
    return;
  }
  if (kind_ == kind::rerank) {
    if (!model.empty()) span_.set(keys::reranker_model_name, model);
    if (asked["top_n"].is_integer()) span_.set(keys::reranker_top_k, asked["top_n"].integer());
    content_.set(content::parameter, keys::reranker_query, asked["query"].text());
    std::size_t index = 0;
    for (const detail::json_view each : asked["documents"]) {
      const std::string id = std::to_string(index);
      constexpr content what = content::input_document;
      content_.set(what, keys::reranker_input_document_id(index), id);
      content_.set(what, keys::reranker_input_document_content(index),
                   each.is_string() ? each.text() : each["text"].text());
      ++index;
    }
    return;
  }
  const std::string_view author = detail::author_of(model);
  if (!author.empty()) span_.set(keys::llm_system, detail::system_of(author));
  if (!model.empty()) span_.set(keys::llm_model_name, model);
  record_parameters(parameters, keys::llm_invocation_parameters);
  std::size_t index = 0;
  for (const detail::json_view each : asked["tools"]) {
    content_.set(content::tools, keys::llm_tool_json_schema(index++), detail::to_json(each));
  }
  if (kind_ == kind::completions) {
    const detail::json_view prompt = asked["prompt"];
    if (prompt.is_string()) content_.set(content::prompt, keys::llm_prompt(0), prompt.text());
    index = 0;
    for (const detail::json_view each : prompt) {
      if (each.is_string()) content_.set(content::prompt, keys::llm_prompt(index), each.text());
      ++index;
    }
    return;
  }
  if (!content_.wants(content::input_message)) return;
  detail::message_gatherer said;
  if (kind_ == kind::responses) {
    const std::string_view instructions = asked["instructions"].text();
    if (!instructions.empty()) said.begin("system").content.assign(instructions);
    said.add_items(input);
  } else {
    const std::string system = detail::text_of(asked["system"]);
    if (!system.empty()) said.begin("system").content = system;
    for (const detail::json_view each : asked["messages"]) {
      said.add_blocks(each["role"].text(), each["content"]);
    }
  }
  for (std::size_t i = 0; i < said.all.size(); ++i) {
    detail::message_recorder(content_, detail::input_messages, i)
        .record(said.all[i], detail::function_answered(said.all, i));
  }
}

/// Fails where the answer says that it is none, or a stream did not come to its end.
ORCAST_DECL result<void> observation::record_endpoint() {
  const api_reply& reply = api_.reply();
  std::string whole;
  bool complete = true;
  if (streamed_endpoint_ && !reply.body.empty()) {
    const detail::endpoint_reply stream(reply.body);
    whole = stream.json();
    complete = stream.complete();
  }
  const std::string& body = streamed_endpoint_ ? whole : reply.body;
  detail::json_reader json(detail::json_manners::tolerant, 128);
  static_cast<void>(json.parse(body));
  const detail::json_view said = json.root();

  const std::string_view provider = said["provider"].text();
  if (!provider.empty()) span_.set(keys::openrouter_provider, provider);
  const std::string_view own_id = said["id"].text();
  const std::string_view id = reply.generation_id.empty() ? own_id : reply.generation_id;
  if (!id.empty()) span_.set(keys::openrouter_generation_id, id);
  if (!reply.cache_status.empty()) span_.set(keys::openrouter_cache_status, reply.cache_status);
  token_usage usage;
  if (said["usage"].is_object()) detail::read_any_usage(said["usage"], usage);
  record_times(usage.completion_tokens.value_or(0));
  if (!joined()) {
    record_usage(usage);
    record_said({said}, std::string(provider));
  }
  const bool embeddings = kind_ == kind::embeddings;
  if (said.is_object() && !said["error"].is_object() && !body.empty() && !embeddings) {
    content_.set(content::output_value, keys::output_value, body);
    content_.set(content::output_mime_type, keys::output_mime_type, "application/json");
  }
  const std::string_view model = said["model"].text();
  if (where_.companions && !model.empty()) span_.set(keys::gen_ai_response_model, model);
  if (where_.companions && !id.empty()) span_.set(keys::gen_ai_response_id, id);
  if (said["error"].is_object()) return detail::read_error(said["error"], provider, reply.status);
  if (complete) return {};
  return failure(errc::stream_truncated, "the stream ended before the answer did", reply.status);
}

/// What was answered, by the endpoint.
ORCAST_DECL void observation::record_said(const json_ref& from, const std::string& provider) {
  const detail::json_view& said = from.view;
  const std::string model(said["model"].text().empty() ? std::string_view(request_model_)
                                                       : said["model"].text());
  if (kind_ == kind::embeddings) {
    if (!model.empty()) span_.set(keys::embedding_model_name, model);
    record_vectors(from);
    return;
  }
  if (kind_ == kind::rerank) {
    if (!model.empty()) span_.set(keys::reranker_model_name, model);
    const detail::json_view units = said["usage"]["search_units"];
    if (units.is_number()) span_.set(keys::openrouter_search_units, units.integer());
    std::size_t index = 0;
    constexpr content what = content::output_document;
    for (const detail::json_view each : said["results"]) {
      content_.set(what, keys::reranker_output_document_id(index), each["index"].text());
      if (content_.wants(what)) {
        span_.set(keys::reranker_output_document_score(index), each["relevance_score"].real());
      }
      const std::string_view text = each["document"]["text"].text();
      if (!text.empty()) {
        content_.set(what, keys::reranker_output_document_content(index), text);
      }
      ++index;
    }
    return;
  }
  record_models(model);
  span_.set(keys::llm_provider,
            provider.empty() ? std::string("openrouter") : detail::provider_of(provider));
  std::string_view reason = said["stop_reason"].text();
  message answer;
  if (kind_ == kind::completions) {
    std::size_t index = 0;
    for (const detail::json_view each : said["choices"]) {
      if (index == 0) reason = each["finish_reason"].text();
      content_.set(content::choice, keys::llm_choice(index++), each["text"].text());
    }
  } else if (kind_ == kind::messages) {
    detail::message_gatherer blocks;
    blocks.add_blocks("assistant", said["content"]);
    answer = std::move(blocks.all.front());
  } else {
    answer = detail::message_gatherer::answer(said["output"]);
    if (answer.content.empty()) answer.content.assign(said["output_text"].text());
    reason = said["incomplete_details"]["reason"].text();
    if (reason.empty()) reason = said["status"].text();
  }
  if (!reason.empty()) {
    span_.set(keys::llm_finish_reason, reason);
    if (where_.companions) span_.set_list(keys::gen_ai_response_finish_reasons, {reason});
  }
  const bool spoke = !answer.content.empty() || !answer.parts.empty() ||
                     !answer.tool_calls.empty() || !answer.reasoning_details.empty();
  if (spoke && content_.wants(content::output_message)) {
    detail::message_recorder(content_, detail::output_messages, 0).record(answer);
  }
}

ORCAST_DECL void observation::record_vectors(const json_ref& from) {
  std::size_t index = 0;
  std::vector<double> numbers;
  for (const detail::json_view each : from.view["data"]) {
    const detail::json_view vector = each["embedding"];
    numbers.clear();
    if (vector.is_string()) {
      detail::append_base64_floats(vector.text(), numbers);
    } else {
      for (const detail::json_view number : vector) {
        numbers.push_back(number.real());
      }
    }
    if (index == 0 && where_.companions && !numbers.empty()) {
      span_.set(keys::gen_ai_embeddings_dimension_count, numbers.size());
    }
    if (!where_.vectors) return;
    content_.set_vector(keys::embedding_vector(index++), numbers.data(), numbers.size());
  }
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/span_reply.ipp ----

#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

// What an answer, or a failure, says in its span. docs/attributes.md says from which field each
// attribute comes.

namespace orcast {
inline namespace v0 {

namespace detail {

inline double number_of(const std::string& decimal_text) noexcept {
  return decimal_text.empty() ? NAN : std::strtod(decimal_text.c_str(), nullptr);
}

}  // namespace detail

ORCAST_DECL void observation::record_reply(const failure* why) {
  const chat_reply& reply = reader_.reply();
  const std::string& model = reply.model.empty() ? request_model_ : reply.model;
  if (!joined()) record_models(model);
  const std::string_view provider = !reply.provider.empty() ? std::string_view(reply.provider)
                                    : why != nullptr        ? std::string_view(why->provider)
                                                            : std::string_view();
  if (!joined()) {
    span_.set(keys::llm_provider,
              provider.empty() ? std::string("openrouter") : detail::provider_of(provider));
  }
  if (!provider.empty()) span_.set(keys::openrouter_provider, provider);
  const std::string& id = reply.id.empty() ? reader_.generation_id() : reply.id;
  if (!id.empty()) span_.set(keys::openrouter_generation_id, id);
  if (!reply.service_tier.empty()) {
    span_.set(keys::openrouter_service_tier, reply.service_tier);
  }
  if (!reader_.cache_status().empty()) {
    span_.set(keys::openrouter_cache_status, reader_.cache_status());
  }
  if (!reply.finish_reason().empty()) span_.set(keys::llm_finish_reason, reply.finish_reason());
  if (!reply.choices.empty() && !reply.choices.front().native_finish_reason.empty()) {
    span_.set(keys::openrouter_native_finish_reason, reply.choices.front().native_finish_reason);
  }
  record_times(reply.usage.completion_tokens.value_or(0));
  record_routing(reply, why != nullptr);
  record_output(reply);
  if (!joined()) record_usage(reply.usage);

  if (!where_.companions) return;
  if (!reply.model.empty()) span_.set(keys::gen_ai_response_model, reply.model);
  if (!id.empty()) span_.set(keys::gen_ai_response_id, id);
  std::vector<attribute_value> reasons;
  for (const chat_choice& choice : reply.choices) {
    if (!choice.finish_reason.empty()) reasons.emplace_back(choice.finish_reason);
  }
  if (!reasons.empty()) {
    span_.set_list(keys::gen_ai_response_finish_reasons, reasons.data(), reasons.size());
  }
}

/// `answered`: the model that did, as far as it is known.
ORCAST_DECL void observation::record_models(const std::string& answered) {
  const std::string_view author = detail::author_of(answered);
  if (!author.empty()) {
    span_.set(keys::llm_system, detail::system_of(author));
  } else if (detail::author_of(request_model_).empty()) {
    span_.set(keys::llm_system, "openrouter");
  }
  if (!answered.empty()) span_.set(keys::llm_model_name, answered);
  if (!request_model_.empty() && answered != request_model_) {
    span_.set(keys::llm_request_model_name, request_model_);
    span_.set(keys::llm_response_model_name, answered);
  }
}

ORCAST_DECL void observation::record_times(std::int64_t output_tokens) {
  span_.set(keys::openrouter_attempts, attempts_);
  if (attempts_ > 1) span_.set(keys::openrouter_retries, attempts_ - 1);
  if (where_.frame() != 0) span_.set(keys::orcast_frame_end, where_.frame());
  if (first_token_ms_ >= 0) {
    span_.set(keys::openrouter_time_to_first_token, first_token_ms_ / 1e3);
  }
  if (output_tokens <= 0) return;
  const double speaking_s = (latency_ms_ - (first_token_ms_ > 0 ? first_token_ms_ : 0)) / 1e3;
  if (!(speaking_s > 0)) return;
  const auto tokens = static_cast<double>(output_tokens);
  span_.set(keys::openrouter_tokens_per_second, tokens / speaking_s);
  if (first_token_ms_ >= 0 && output_tokens > 1) {
    span_.set(keys::openrouter_time_per_output_token, speaking_s / (tokens - 1));
  }
}

/// Which providers were tried: from the answer's routing metadata, or from an error's history.
ORCAST_DECL void observation::record_routing(const chat_reply& reply, bool failed) {
  detail::json_reader reader(detail::json_manners::tolerant);
  if (!reply.metadata.empty() && reader.parse(reply.metadata)) {
    const detail::json_view routing = reader.root();
    const std::string_view region = routing["region"].text();
    const std::string_view strategy = routing["strategy"].text();
    if (!region.empty()) span_.set(keys::openrouter_region, region);
    if (!strategy.empty()) span_.set(keys::openrouter_strategy, strategy);
    for (const detail::json_view each : routing["attempts"]) {
      span_.event("provider attempt",
                  {{keys::openrouter_provider, each["provider"].text()},
                   {keys::openrouter_attempt_model, each["model"].text()},
                   {keys::http_response_status_code, each["status"].integer()}});
    }
    if (!routing["attempts"].empty()) return;
  }
  if (!failed || !reader.parse(reply.raw)) return;
  for (const detail::json_view each : reader.root()["error"]["metadata"]["previous_errors"]) {
    const detail::json_view code = each["status"].is_number() ? each["status"] : each["code"];
    span_.event("provider attempt", {{keys::openrouter_provider, each["provider"].text()},
                                     {keys::http_response_status_code, code.integer()}});
  }
}

ORCAST_DECL void observation::record_output(const chat_reply& reply) {
  if (reply.choices.empty()) return;
  if (!reply.raw.empty()) {
    content_.set(content::output_value, keys::output_value, reply.raw);
    content_.set(content::output_mime_type, keys::output_mime_type, "application/json");
  }
  if (joined() || !content_.wants(content::output_message)) return;
  for (std::size_t i = 0; i < reply.choices.size(); ++i) {
    detail::message_recorder(content_, detail::output_messages, i)
        .record(reply.choices[i].reply, {}, audio_format_);
  }
}

ORCAST_DECL void observation::record_usage(const token_usage& usage) {
  const auto count = [this](const key_text& name, const std::optional<std::int64_t>& value) {
    if (value) span_.set(name, *value);
  };
  count(keys::llm_token_count_prompt, usage.prompt_tokens);
  count(keys::llm_token_count_completion, usage.completion_tokens);
  count(keys::llm_token_count_total, usage.total_tokens);
  count(keys::llm_token_count_prompt_details_cache_read, usage.cached_tokens);
  count(keys::llm_token_count_prompt_details_cache_write, usage.cache_write_tokens);
  count(keys::llm_token_count_prompt_details_audio, usage.prompt_audio_tokens);
  count(keys::llm_token_count_prompt_details_video, usage.prompt_video_tokens);
  count(keys::llm_token_count_completion_details_reasoning, usage.reasoning_tokens);
  count(keys::llm_token_count_completion_details_audio, usage.completion_audio_tokens);
  count(keys::llm_token_count_completion_details_image, usage.completion_image_tokens);
  if (where_.companions) {
    count(keys::gen_ai_usage_input_tokens, usage.prompt_tokens);
    count(keys::gen_ai_usage_output_tokens, usage.completion_tokens);
    count(keys::gen_ai_usage_cache_read_input_tokens, usage.cached_tokens);
    count(keys::gen_ai_usage_cache_creation_input_tokens, usage.cache_write_tokens);
    count(keys::gen_ai_usage_reasoning_output_tokens, usage.reasoning_tokens);
  }

  if (usage.is_byok) span_.set(keys::openrouter_is_byok, *usage.is_byok);
  if (!usage.cost.empty()) span_.set(keys::openrouter_charged, decimal{usage.cost});
  if (!usage.upstream_cost.empty()) {
    span_.set(keys::openrouter_upstream_cost, decimal{usage.upstream_cost});
  }
  // With a key of one's own, OpenRouter charges its fee and the provider charges the rest.
  if (usage.is_byok.value_or(false)) {
    if (!usage.cost.empty() && !usage.upstream_cost.empty()) {
      span_.set(keys::llm_cost_total,
                detail::number_of(usage.cost) + detail::number_of(usage.upstream_cost));
    }
    return;
  }
  if (usage.cost.empty()) return;
  span_.set(keys::llm_cost_total, decimal{usage.cost});
  const double total = detail::number_of(usage.cost);
  const double parts = detail::number_of(usage.upstream_prompt_cost) +
                       detail::number_of(usage.upstream_completion_cost);
  if (std::fabs(parts - total) <= 0.01 * total) {  // false for NaN: a part is missing
    span_.set(keys::llm_cost_prompt, decimal{usage.upstream_prompt_cost});
    span_.set(keys::llm_cost_completion, decimal{usage.upstream_completion_cost});
  }
}

ORCAST_DECL void observation::record_failure(const failure& why) {
  const std::string_view type =
      why.error_type.empty() ? to_string(why.code) : std::string_view(why.error_type);
  span_.set(keys::error_type, type);
  if (why.http_status != 0) span_.set(keys::http_response_status_code, why.http_status);
  span_.set(keys::openrouter_retryable, why.retryable);
  if (why.retry_after_ms >= 0) span_.set(keys::openrouter_retry_after_ms, why.retry_after_ms);
  content_.fail(type, "orcast." + std::string(to_string(why.code)), why.message);
}

}  // namespace v0
}  // namespace orcast

// The course of an observation: begun, fed, done. What it writes into the span is in
// span_request.ipp and span_reply.ipp.

namespace orcast {
inline namespace v0 {

namespace detail {

inline void replace_all(std::string& words, std::string_view what) {
  if (what.empty()) return;
  for (std::size_t at = 0; (at = words.find(what, at)) != std::string::npos;) {
    words.replace(at, what.size(), "[key]");
  }
}

/// What is sensitive in the request that was sent: the key, and header lines that are marked.
inline result<void> without_secrets(result<void> ended, const http::request* sent) {
  if (ended.ok() || sent == nullptr) return ended;
  failure why = ended.error();
  replace_all(why.message, sent->bearer());
  for (const http::header& line : sent->headers) {
    if (line.sensitive) replace_all(why.message, line.value);
  }
  return why;
}

}  // namespace detail

ORCAST_DECL observation::observation(const recording& where, const reply_limits& limits)
    : where_(where), reader_(limits), api_(limits) {
  if (where_.traces != nullptr) clock_ = where_.traces->host();
  reader_.listen(this);
}

ORCAST_DECL observation::~observation() {
  if (begun_ && !over_) {
    static_cast<void>(done(failure(errc::cancelled, "the call was abandoned before it ended")));
  }
}

ORCAST_DECL double observation::since_begin_ms() const noexcept {
  return static_cast<double>(clock_.steady_ns() - began_ns_) / 1e6;
}

ORCAST_DECL void observation::begin(const chat_request& request, std::string_view body,
                                    std::string_view url, const call_context& context) noexcept {
  if (!begun_) open(facts_of(request), context, url);
  if (span_.recording()) record_request(request, body);
}

ORCAST_DECL void observation::begin(const api_request& request, std::string_view url,
                                    const call_context& context) noexcept {
  kind_ = kind_of(request.method, request.path);
  if (chat()) kind_ = kind::other;  // its answer is wanted as it is
  begun_ = true;
  began_ns_ = clock_.steady_ns();
  if (kind_ != kind::other) begin_endpoint(request.body, {}, context, url);
}

ORCAST_DECL observation::kind observation::kind_of(std::string_view method,
                                                   std::string_view path) noexcept {
  const std::string_view whole = path.substr(0, path.find('?'));
  const auto is = [whole](std::string_view endpoint) {
    return whole.size() >= endpoint.size() &&
           whole.substr(whole.size() - endpoint.size()) == endpoint;
  };
  if (method != "POST") return kind::other;
  if (is("/chat/completions")) return kind::chat;
  if (is("/completions")) return kind::completions;
  if (is("/responses")) return kind::responses;
  if (is("/messages")) return kind::messages;
  if (is("/embeddings")) return kind::embeddings;
  return is("/rerank") ? kind::rerank : kind::other;
}

ORCAST_DECL void observation::join(chat_request& request, std::string_view url,
                                   const call_context& context) noexcept {
  if (!joined()) return;
  open(facts_of(request), context, url);
  if (!span_.recording()) return;
  const auto trace = context_.trace.hex();
  const auto parent = context_.span.hex();
  request.trace.trace_id.assign(trace.data(), trace.size());
  request.trace.parent_span_id.assign(parent.data(), parent.size());
}

ORCAST_DECL observation::call_facts observation::facts_of(const chat_request& request) noexcept {
  return {keys::kind_llm, "chat", request.model, request.session_id, request.user, &request.trace};
}

ORCAST_DECL bool observation::begin_raw(std::string_view method, std::string_view url,
                                        const std::vector<std::string_view>& body,
                                        const std::vector<http::header>& headers,
                                        const call_context& context) noexcept {
  const kind found = kind_of(method, url);
  if (found == kind::other) return false;
  std::string joined;
  std::string_view whole = body.size() == 1 ? body.front() : std::string_view();
  if (body.size() > 1) {
    for (std::string_view segment : body) joined.append(segment);
    whole = joined;
  }
  std::string_view session;
  for (const http::header& line : headers) {
    if (http::same_name(line.name, "x-session-id")) session = line.value;
  }
  if (found != kind::chat) {
    kind_ = found;
    begin_endpoint(whole, session, context, url);
    return true;
  }
  result<chat_request> read = parse_chat_request(whole);
  chat_request request = read ? std::move(*read) : chat_request();
  if (request.session_id.empty()) request.session_id.assign(session);
  begin(request, whole, url, context);
  return true;
}

ORCAST_DECL void observation::retry(const failure& why, std::int64_t wait_ms) noexcept {
  ++attempts_;
  span_.event("retry", {{keys::error_type, to_string(why.code)},
                        {keys::http_response_status_code, why.http_status},
                        {keys::openrouter_wait_ms, wait_ms}});
  if (!chat()) return api_.reset();
  reader_.reset();
  reader_.listen(this);
}

ORCAST_DECL void observation::queued(std::int64_t wait_ms) noexcept {
  span_.set(keys::openrouter_queue_ms, wait_ms);
}

ORCAST_DECL void observation::head(const http::response_head& head) noexcept {
  return chat() ? reader_.head(head) : api_.head(head);
}

ORCAST_DECL bool observation::data(std::string_view bytes) noexcept {
  if (chat()) return reader_.data(bytes);
  constexpr std::string_view stream = "text/event-stream";
  const std::string& type = api_.reply().content_type;
  if (!bytes.empty() && !streamed_endpoint_ && type.compare(0, stream.size(), stream) == 0) {
    streamed_endpoint_ = true;
    span_.set(keys::gen_ai_response_time_to_first_chunk, since_begin_ms() / 1e3);
  }
  return api_.data(bytes);
}

/// A document is not looked into before it is whole, but once a success has begun its price is due.
ORCAST_DECL bool observation::received_content() const noexcept {
  if (!chat()) return api_.received_content();
  if (reader_.received_content()) return true;
  const int status = reader_.http_status();
  return !reader_.streamed() && status >= 200 && status < 300 &&
         reader_.reply().raw.find_first_not_of(" \t\r\n") != std::string::npos;
}

ORCAST_DECL void observation::on_text(std::string_view piece) noexcept {
  if (listener_ != nullptr) listener_->on_text(piece);
}
ORCAST_DECL void observation::on_reasoning(std::string_view piece) noexcept {
  if (listener_ != nullptr) listener_->on_reasoning(piece);
}
ORCAST_DECL void observation::on_tool_call(const tool_call& each) noexcept {
  if (listener_ != nullptr) listener_->on_tool_call(each);
}

ORCAST_DECL void observation::on_first_chunk() noexcept {
  if (reader_.streamed()) {
    span_.set(keys::gen_ai_response_time_to_first_chunk, since_begin_ms() / 1e3);
  }
  if (listener_ != nullptr) listener_->on_first_chunk();
}

ORCAST_DECL void observation::on_first_token() noexcept {
  if (reader_.streamed()) {  // a whole body has no first token
    first_token_ms_ = since_begin_ms();
    if (where_.frame() != 0) span_.set(keys::orcast_frame_first_token, where_.frame());
    span_.event("First Token Stream Event");
  }
  if (listener_ != nullptr) listener_->on_first_token();
}

ORCAST_DECL result<void> observation::done(result<void> outcome,
                                           const http::request* sent) noexcept {
  if (over_) return outcome;
  over_ = true;
  result<void> ended = detail::without_secrets(settle(std::move(outcome)), sent);
  latency_ms_ = since_begin_ms();
  if (!span_.recording()) return ended;

  result<void> seen = ended;  // a stream of another endpoint may end well, and say that it did not
  if (chat()) {
    record_reply(ended ? nullptr : &ended.error());
  } else if (const result<void> told = record_endpoint(); ended && !told) {
    seen = told;
  }
  if (seen) {
    span_.status(span_status::ok);
  } else if (seen.error().code == errc::cancelled || seen.error().code == errc::shut_down) {
    span_.set(keys::openrouter_cancelled, true);
  } else {
    record_failure(seen.error());
  }
  span_.end();
  return ended;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/json_encoder.ipp ----

#include <algorithm>
#include <cstring>

// ---- orcast/otlp/byte_block.hpp ----

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// Several bytes of text at once, through one type for each instruction set. A question about the
// bytes is answered by a block of the same type, whose bytes are true (the top bit says so) or
// false; marks() makes it a number with one bit for each byte, `step` bits apart, the first byte
// lowest. All types give the same answers; tests compare them.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// The position of the lowest bit; `mask` is not 0.
inline unsigned lowest_bit(std::uint64_t mask) noexcept {
#if defined(__GNUC__)
  return static_cast<unsigned>(__builtin_ctzll(mask));
#else
  unsigned at = 0;
  for (unsigned half = 32; half != 0; half /= 2) {
    const std::uint64_t low = mask & ((std::uint64_t{1} << half) - 1);
    if (low == 0) at += half;
    mask = low == 0 ? mask >> half : low;
  }
  return at;
#endif
}

/// Eight bytes in an ordinary register, on any processor.
class portable_block {
 public:
  static constexpr std::size_t width = 8;
  static constexpr unsigned step = 8;

  explicit portable_block(std::uint64_t bytes) noexcept : bytes_(bytes) {}
  explicit portable_block(const char* in) noexcept {
    std::memcpy(&bytes_, in, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes_ = __builtin_bswap64(bytes_);
#endif
  }

  portable_block equal(unsigned char c) const noexcept {
    const std::uint64_t other = bytes_ ^ ones * c;  // additions can't carry into the next byte
    return portable_block(~(((other & ~tops) + ~tops) | other));
  }
  /// `c` is 0x80 or more.
  portable_block at_least(unsigned char c) const noexcept {
    return portable_block(((bytes_ & ~tops) + ones * (0x100u - c)) & bytes_);
  }
  portable_block high() const noexcept { return *this; }  ///< at_least(0x80)
  /// What the escaper can't just copy: control characters, quotes, backslashes, and all from 0x80.
  portable_block special() const noexcept {
    // With one bit turned the quote is what follows the control characters.
    const std::uint64_t others = ((bytes_ ^ ones * 0x02) & ~tops) + ones * (0x80 - 0x21);
    return portable_block(~others | bytes_ | equal('\\').bytes_);
  }
  /// Continuation bytes of UTF-8 that no byte before them calls for, and what stands in the place
  /// of one that is called for. The others are the same text one, two and three bytes back.
  portable_block misplaced(portable_block back_1, portable_block back_2,
                           portable_block back_3) const noexcept {
    return (back_1.at_least(0xC0) | back_2.at_least(0xE0) | back_3.at_least(0xF0)) ^ high() ^
           at_least(0xC0);
  }
  /// The bytes `N` places on; false comes in.
  template <unsigned N>
  portable_block later() const noexcept {
    return portable_block(bytes_ << 8 * N);
  }

  friend portable_block operator|(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ | b.bytes_);
  }
  friend portable_block operator&(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ & b.bytes_);
  }
  /// Where `a` is true and `b` is not.
  friend portable_block without(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ & ~b.bytes_);
  }
  friend portable_block operator^(portable_block a, portable_block b) noexcept {
    return portable_block(a.bytes_ ^ b.bytes_);
  }
  bool any() const noexcept { return marks() != 0; }
  std::uint64_t marks() const noexcept { return bytes_ & tops; }

 private:
  static constexpr std::uint64_t tops = 0x8080808080808080u;
  static constexpr std::uint64_t ones = 0x0101010101010101u;
  std::uint64_t bytes_ = 0;
};

#if defined(__SSE2__) || defined(_M_X64)

class sse2_block {
 public:
  static constexpr std::size_t width = 16;
  static constexpr unsigned step = 1;

  explicit sse2_block(const char* in) noexcept
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))) {}

  sse2_block equal(unsigned char c) const noexcept { return _mm_cmpeq_epi8(bytes_, all_of(c)); }
  sse2_block at_least(unsigned char c) const noexcept {
    return _mm_cmpeq_epi8(_mm_max_epu8(bytes_, all_of(c)), bytes_);
  }
  sse2_block high() const noexcept { return *this; }
  sse2_block special() const noexcept {
    // As above; and as signed numbers the bytes from 0x80 on are less than all others.
    const __m128i turned = _mm_xor_si128(bytes_, all_of(0x02));
    return sse2_block(_mm_cmpgt_epi8(all_of(0x21), turned)) | equal('\\');
  }
  sse2_block misplaced(sse2_block back_1, sse2_block back_2, sse2_block back_3) const noexcept {
    const __m128i called_for =
        _mm_or_si128(_mm_or_si128(_mm_subs_epu8(back_1.bytes_, all_of(0xBF)),
                                  _mm_subs_epu8(back_2.bytes_, all_of(0xDF))),
                     _mm_subs_epu8(back_3.bytes_, all_of(0xEF)));
    const __m128i continued = _mm_cmpgt_epi8(all_of(0xC0), bytes_);  // signed: 0x80 to 0xBF
    return _mm_cmpeq_epi8(_mm_cmpeq_epi8(called_for, _mm_setzero_si128()), continued);
  }
  template <unsigned N>
  sse2_block later() const noexcept {
    return _mm_slli_si128(bytes_, N);
  }

  friend sse2_block operator|(sse2_block a, sse2_block b) noexcept {
    return _mm_or_si128(a.bytes_, b.bytes_);
  }
  friend sse2_block operator&(sse2_block a, sse2_block b) noexcept {
    return _mm_and_si128(a.bytes_, b.bytes_);
  }
  friend sse2_block without(sse2_block a, sse2_block b) noexcept {
    return _mm_andnot_si128(b.bytes_, a.bytes_);
  }
  friend sse2_block operator^(sse2_block a, sse2_block b) noexcept {
    return _mm_xor_si128(a.bytes_, b.bytes_);
  }
  bool any() const noexcept { return marks() != 0; }
  std::uint64_t marks() const noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes_));
  }

 private:
  sse2_block(__m128i bytes) noexcept : bytes_(bytes) {}
  static __m128i all_of(unsigned char c) noexcept { return _mm_set1_epi8(static_cast<char>(c)); }

  __m128i bytes_;
};
using native_block = sse2_block;

#elif defined(__aarch64__) && defined(__ARM_NEON)

class neon_block {
 public:
  static constexpr std::size_t width = 16;
  static constexpr unsigned step = 4;

  explicit neon_block(const char* in) noexcept
      : bytes_(vld1q_u8(reinterpret_cast<const std::uint8_t*>(in))) {}

  neon_block equal(unsigned char c) const noexcept { return vceqq_u8(bytes_, vdupq_n_u8(c)); }
  neon_block at_least(unsigned char c) const noexcept { return vcgeq_u8(bytes_, vdupq_n_u8(c)); }
  neon_block high() const noexcept { return at_least(0x80); }
  neon_block special() const noexcept {
    const uint8x16_t turned = veorq_u8(bytes_, vdupq_n_u8(0x02));
    return neon_block(vcltq_s8(vreinterpretq_s8_u8(turned), vdupq_n_s8(0x21))) | equal('\\');
  }
  neon_block misplaced(neon_block back_1, neon_block back_2, neon_block back_3) const noexcept {
    return (back_1.at_least(0xC0) | back_2.at_least(0xE0) | back_3.at_least(0xF0)) ^ high() ^
           at_least(0xC0);
  }
  template <unsigned N>
  neon_block later() const noexcept {
    return vextq_u8(vdupq_n_u8(0), bytes_, 16 - N);
  }

  friend neon_block operator|(neon_block a, neon_block b) noexcept {
    return vorrq_u8(a.bytes_, b.bytes_);
  }
  friend neon_block operator&(neon_block a, neon_block b) noexcept {
    return vandq_u8(a.bytes_, b.bytes_);
  }
  friend neon_block without(neon_block a, neon_block b) noexcept {
    return vbicq_u8(a.bytes_, b.bytes_);
  }
  friend neon_block operator^(neon_block a, neon_block b) noexcept {
    return veorq_u8(a.bytes_, b.bytes_);
  }
  bool any() const noexcept { return vmaxvq_u8(bytes_) >= 0x80; }
  /// There is no movemask: narrowing leaves four bits for each byte, of which the top one is kept.
  std::uint64_t marks() const noexcept {
    const uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(bytes_), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0) & 0x8888888888888888u;
  }

 private:
  neon_block(uint8x16_t bytes) noexcept : bytes_(bytes) {}

  uint8x16_t bytes_;
};
using native_block = neon_block;

#else
using native_block = portable_block;
#endif

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/json_put.hpp ----

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// The small pieces that JSON text is put together from: digits, literals, keys. Each writes at
// `at`, where the caller has made sure of the room, and returns the new end. The position is passed
// on in a register: as a member it would go through memory after every piece, because a char* may
// point anywhere.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// Eight bytes, the lowest first.
inline void store(char* at, std::uint64_t bytes) noexcept {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bytes = __builtin_bswap64(bytes);
#endif
  std::memcpy(at, &bytes, sizeof bytes);
}

inline constexpr std::uint64_t each_byte = 0x0101010101010101u;
inline constexpr std::uint64_t zeros = each_byte * '0';

/// The eight decimal digits of a number below 100,000,000 as the values of bytes, the first one
/// lowest. Divides the halves of four digits, then those of two, each by one multiplication.
inline std::uint64_t eight_digits(std::uint32_t value) noexcept {
  std::uint64_t digits = value / 10'000 | std::uint64_t{value % 10'000} << 32;
  const std::uint64_t hundreds = (digits * 10'486 >> 20) & 0x0000'007f'0000'007f;
  digits = hundreds | (digits - 100 * hundreds) << 16;
  const std::uint64_t tens = (digits * 103 >> 10) & 0x000f'000f'000f'000f;
  return tens | (digits - 10 * tens) << 8;
}

/// What put_integer() may write, blanks behind the digits included.
inline constexpr std::size_t integer_room = 28;

inline char* put_integer(char* at, std::uint64_t value) noexcept {
  constexpr std::uint32_t eight = 100'000'000;  // has one digit more
  if (value < eight) {
    const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(value));
    // The last digit is written also where it is 0.
    const unsigned skipped = lowest_bit(digits | std::uint64_t{1} << 56) / 8;
    store(at, (digits + zeros) >> 8 * skipped);
    return at + (8 - skipped);
  }
  at = put_integer(at, value / eight);
  store(at, eight_digits(static_cast<std::uint32_t>(value % eight)) + zeros);
  return at + 8;
}

inline char* put_integer(char* at, std::int64_t value) noexcept {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *at++ = '-';
    magnitude = 0 - magnitude;
  }
  return put_integer(at, magnitude);
}

/// Hexadecimal digits, eight at a time; `size` is a multiple of 4.
inline char* put_hex(char* at, const unsigned char* bytes, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; i += 4) {
    std::uint32_t four = 0;
    std::memcpy(&four, bytes + i, sizeof four);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    four = __builtin_bswap32(four);
#endif
    std::uint64_t digits = (four | std::uint64_t{four} << 16) & 0x0000'ffff'0000'ffff;
    digits = (digits | digits << 8) & 0x00ff'00ff'00ff'00ff;
    digits = (digits >> 4 | digits << 8) & each_byte * 0x0f;
    const std::uint64_t letters = ((digits + each_byte * 6) >> 4) & each_byte;
    store(at + 2 * i, digits + zeros + letters * ('a' - '0' - 10));
  }
  return at + 2 * size;
}

template <std::size_t N>
char* put(char* at, const char (&text)[N]) noexcept {
  std::memcpy(at, text, N - 1);
  return at + N - 1;
}

inline char* put(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

inline char* put(char* at, std::int64_t value) noexcept { return put_integer(at, value); }

inline char* put_time(char* at, std::int64_t wall_ns) noexcept {
  *at++ = '"';
  at = put(at, (std::max)(wall_ns, std::int64_t{0}));
  *at++ = '"';
  return at;
}

/// A constant key is one copy, or pieces with the indices between them. Writes up to 256 bytes.
inline char* put_key(char* at, const orcast::detail::record& r) noexcept {
  const key_text& key = *r.key;
  if (key.cut[0] == 0) {  // longer than 16 bytes, always, and most are longer than 32
    const std::size_t size = key.size;
    for (std::size_t i = 32; i + 32 < size; i += 16) std::memcpy(at + i, key.json + i, 16);
    const std::size_t half = size < 32 ? 16 : 32;
    std::memcpy(at, key.json, 16);
    std::memcpy(at + half - 16, key.json + half - 16, 16);
    std::memcpy(at + size - half, key.json + size - half, 16);
    std::memcpy(at + size - 16, key.json + size - 16, 16);
    return at + size;
  }
  std::size_t from = 0;
  const std::uint16_t index[2] = {r.first, r.second};
  for (std::size_t i = 0; i < 2 && key.cut[i] != 0; ++i) {
    at = put(at, std::string_view(key.json + from, key.cut[i] - from));
    at = put(at, std::int64_t{index[i]});
    from = key.cut[i];
  }
  return put(at, std::string_view(key.json + from, key.size - from));
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/json_attributes.ipp ----

// ---- orcast/otlp/block_group.hpp ----

#include <cstddef>

// Four blocks of text at once: whether they are UTF-8. Everything is told by comparing where
// continuation bytes stand with where the bytes before them call for one, and, where a leading byte
// occurs that not every continuation byte can follow, by a second look. The JSON escaper goes
// through text in such groups.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// A group: four blocks.
template <class Block>
inline constexpr std::size_t group_size = 4 * Block::width;

/// Bytes that begin nothing, or something that not every continuation byte can continue.
template <class Block>
Block leads_narrowly(Block b) noexcept {
  return (b.equal(0xE0) | b.equal(0xED)) | (b.equal(0xC0) | b.equal(0xC1)) | b.at_least(0xF0);
}

/// Those that begin nothing, and what follows the others, where it is not UTF-8: overlong forms,
/// surrogates, what lies above U+10FFFF. `back` is the same text one byte back.
template <class Block>
Block ill_led(Block b, Block back) noexcept {
  const Block high = b.high();
  const Block from_90 = b.at_least(0x90);
  const Block from_A0 = b.at_least(0xA0);
  return b.equal(0xC0) | b.equal(0xC1) | b.at_least(0xF5) | (back.equal(0xE0) & (high ^ from_A0)) |
         (back.equal(0xED) & from_A0) | (back.equal(0xF0) & (high ^ from_90)) |
         (back.equal(0xF4) & from_90);
}

/// The same for a group that begins with a character.
template <class Block>
bool ill_led_group(const char* in) noexcept {
  constexpr std::size_t width = Block::width;
  const Block a(in), b(in + width), c(in + 2 * width), d(in + 3 * width);
  return ((ill_led(a, a.template later<1>()) | ill_led(b, Block(in + width - 1))) |
          (ill_led(c, Block(in + 2 * width - 1)) | ill_led(d, Block(in + 3 * width - 1))))
      .any();
}

/// Whether a group that begins with a character is UTF-8 as far as it goes: the last one may be
/// cut. Inlined by force, because a call would spill the group and its constants.
template <class Block>
#if defined(__GNUC__)
[[gnu::always_inline]]
#endif
inline bool
valid_group(const char* in) noexcept {
  constexpr std::size_t width = Block::width;
  const Block a(in), b(in + width), c(in + 2 * width), d(in + 3 * width);
  const auto misplaced = [](Block block, const char* at) {
    return block.misplaced(Block(at - 1), Block(at - 2), Block(at - 3));
  };
  const Block wrong =
      (a.misplaced(a.template later<1>(), a.template later<2>(), a.template later<3>()) |
       misplaced(b, in + width)) |
      (misplaced(c, in + 2 * width) | misplaced(d, in + 3 * width));
  const Block narrow =
      (leads_narrowly(a) | leads_narrowly(b)) | (leads_narrowly(c) | leads_narrowly(d));
  return !wrong.any() && !(narrow.any() && ill_led_group<Block>(in));
}

/// The bytes of a valid group's whole characters.
template <class Block>
std::size_t whole_characters(const char* in) noexcept {
  constexpr std::size_t size = group_size<Block>;
  const auto from_end = [in](std::size_t i) { return static_cast<unsigned char>(in[size - i]); };
  if (from_end(1) >= 0xC0) return size - 1;
  if (from_end(2) >= 0xE0) return size - 2;
  if (from_end(3) >= 0xF0) return size - 3;
  return size;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/json_text.hpp ----

#include <cstdint>
#include <string_view>

// Strings and numbers as JSON text, written into memory of the caller between `at` and `end`.
// Every writer returns the new `at`, or null when the text does not fit; it never writes past
// `end`, and what it wrote before it found out is of no use. Nothing allocates.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// The inside of a JSON string, without the quotes around it. Escapes what JSON demands and nothing
/// else; bytes that are not UTF-8 become U+FFFD. Text of several pieces may be written piece by
/// piece when each is cut between two code points.
char* write_escaped(std::string_view text, char* at, char* end) noexcept;

/// Decimal digits.
char* write_integer(std::int64_t value, char* at, char* end) noexcept;

/// The shortest decimal number that reads back as `value`; "NaN", "Infinity" and "-Infinity", in
/// quotes, for what JSON has no number for.
char* write_double(double value, char* at, char* end) noexcept;

/// Whether `text` is one JSON number and nothing else (RFC 8259, section 6).
constexpr bool is_json_number(std::string_view text) noexcept {
  std::size_t i = 0;
  const auto is = [&](char c) { return i < text.size() && text[i] == c; };
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i != from;
  };
  if (is('-')) ++i;
  if (is('0')) {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (is('.')) {
    ++i;
    if (!digits()) return false;
  }
  if (is('e') || is('E')) {
    ++i;
    if (is('+') || is('-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/json_text.ipp ----

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <string_view>

// The escaper goes through text in groups of four blocks. Plain groups are copied as a whole; the
// marks of bytes to be escaped are walked, so that JSON inside JSON is not scanned again after each
// quote; characters beyond ASCII are validated by comparing where continuation bytes stand with
// where the leading ones call for them. A group always begins with a character.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// How each ASCII character is written: the text, and in the last byte its size.
struct escape_table {
  char of[128][8] = {};

  constexpr escape_table() noexcept {
    constexpr char digits[] = "0123456789abcdef";
    for (int c = 0; c < 128; ++c) set(c, {static_cast<char>(c)}, 1);
    for (int c = 0; c < 0x20; ++c) {
      set(c, {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
    }
    constexpr char pairs[][2] = {{'\b', 'b'}, {'\t', 't'}, {'\n', 'n'}, {'\f', 'f'},
                                 {'\r', 'r'}, {'"', '"'},  {'\\', '\\'}};
    for (const char* pair : pairs) set(pair[0], {'\\', pair[1]}, 2);
  }

 private:
  constexpr void set(int c, std::initializer_list<char> text, char size) noexcept {
    int i = 0;
    for (const char each : text) of[c][i++] = each;
    of[c][7] = size;
  }
};
inline constexpr escape_table escapes;

/// `c` as JSON text; writes eight bytes, whatever its size is.
inline char* put_escaped(char* at, char c) noexcept {
  const char* const text = escapes.of[static_cast<unsigned char>(c)];
  std::memcpy(at, text, 8);
  return at + text[7];
}

/// The character at `in`, escaped or replaced where need be; null when it does not fit.
inline char* escape_one(const char*& in, const char* in_end, char* at, char* end) noexcept {
  std::string_view written;
  if (static_cast<unsigned char>(*in) < 0x80) {
    const char* const text = escapes.of[static_cast<unsigned char>(*in++)];
    written = {text, static_cast<std::size_t>(text[7])};
  } else {
    const auto next = orcast::detail::utf8_next(in, static_cast<std::size_t>(in_end - in));
    const bool whole = next.state == orcast::detail::utf8_state::whole;
    written = whole ? std::string_view(in, next.length) : orcast::detail::utf8_replacement;
    in += next.length;
  }
  if (static_cast<std::size_t>(end - at) < written.size()) return nullptr;
  for (const char c : written) *at++ = c;
  return at;
}

/// Writes a block, escaping the bytes that are marked. What is copied behind an escape is a whole
/// block: as much must be readable.
template <class Block>
char* put_block(const char* in, std::uint64_t marks, char* at) noexcept {
  std::memcpy(at, in, Block::width);
  std::size_t done = 0;
  for (; marks != 0; marks &= marks - 1) {
    const std::size_t i = lowest_bit(marks) / Block::step;
    at = put_escaped(at + (i - done), in[i]);
    done = i + 1;
    std::memcpy(at, in + done, Block::width);
  }
  return at + (Block::width - done);
}

/// Writes groups while the block behind them can be read too, and while there is room for the worst
/// that a group can become. Null when a single character does not fit.
template <class Block>
char* escape_groups(const char*& from, const char* in_end, char* at, char* end) noexcept {
  constexpr std::size_t width = Block::width;
  constexpr std::size_t size = group_size<Block>;
  constexpr std::ptrdiff_t readable = size + width;
  constexpr std::ptrdiff_t most_written = 6 * size + width;  // and a copy of a block too many
  const char* in = from;
  while (in_end - in >= readable && end - at >= most_written) {
    const Block a(in), b(in + width), c(in + 2 * width), d(in + 3 * width);
    const Block special_a = a.special(), special_b = b.special();
    const Block special_c = c.special(), special_d = d.special();
    if (!((special_a | special_b) | (special_c | special_d)).any()) {
      std::memcpy(at, in, size);
      in += size;
      at += size;
      continue;
    }
    std::size_t whole = size;
    if (((a | b) | (c | d)).high().any()) {
      if (!valid_group<Block>(in)) {
        for (const char* const until = in + size; in < until;) {
          at = escape_one(in, in_end, at, end);
          if (at == nullptr) return nullptr;
        }
        continue;
      }
      whole = whole_characters<Block>(in);  // one that is cut belongs to the next group
    }
    const Block marked_a = without(special_a, a.high()), marked_b = without(special_b, b.high());
    const Block marked_c = without(special_c, c.high()), marked_d = without(special_d, d.high());
    if (!((marked_a | marked_b) | (marked_c | marked_d)).any()) {
      std::memcpy(at, in, size);
      at += size;
    } else {
      const std::uint64_t marks[] = {marked_a.marks(), marked_b.marks(), marked_c.marks(),
                                     marked_d.marks()};
      const char* block = in;
      for (const std::uint64_t each : marks) {
        at = put_block<Block>(block, each, at);
        block += width;
      }
    }
    in += whole;
    at -= size - whole;
  }
  from = in;
  return at;
}

/// Text of one to two blocks that is plain, as most attributes are, without a loop. False, and
/// nothing of use written, when it is something else. There is room for it.
template <class Block>
bool put_short(std::string_view text, char* at) noexcept {
  const std::size_t size = text.size();
  if (size < Block::width || size > 2 * Block::width) return false;
  const char* const last = text.data() + size - Block::width;
  if ((Block(text.data()).special() | Block(last).special()).any()) return false;
  std::memcpy(at, text.data(), Block::width);
  std::memcpy(at + size - Block::width, last, Block::width);
  return true;
}

/// The same for less than a block.
inline bool put_shorter(std::string_view text, char* at) noexcept {
  const std::size_t size = text.size();
  const char* const in = text.data();
  if (size >= 8) {
    const char* const last = in + size - 8;
    if ((portable_block(in).special() | portable_block(last).special()).any()) return false;
    std::memcpy(at, in, 8);
    std::memcpy(at + size - 8, last, 8);
    return true;
  }
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, in, 4);
    std::memcpy(&last, in + size - 4, 4);
    if (portable_block(first | std::uint64_t{last} << 32).special().any()) return false;
    std::memcpy(at, &first, 4);
    std::memcpy(at + size - 4, &last, 4);
    return true;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(in[i]);
    if (c >= 0x80 || escapes.of[c][7] != 1) return false;
    at[i] = in[i];
  }
  return true;
}

/// Text of any length.
template <class Block>
char* escape(std::string_view text, char* at, char* end) noexcept {
  constexpr auto width = static_cast<std::ptrdiff_t>(Block::width);
  const char* in = text.data();
  const char* const in_end = in + text.size();
  at = escape_groups<Block>(in, in_end, at, end);
  if (at == nullptr) return nullptr;
  if (in == in_end) return at;
  if (end - at >= in_end - in) {
    while (in_end - in > width && !Block(in).special().any()) {
      std::memcpy(at, in, Block::width);
      in += width;
      at += width;
    }
    const std::ptrdiff_t left = in_end - in;
    if (left <= width && text.size() >= Block::width) {
      // The last block overlaps what is written already; being plain, it was written as it is.
      if (!Block(in_end - width).special().any()) {
        std::memcpy(at + left - width, in_end - width, Block::width);
        return at + left;
      }
    } else if (left < width && put_shorter({in, static_cast<std::size_t>(left)}, at)) {
      return at + left;
    }
  }
  // Something among the last bytes needs attention: they go through the groups too, followed by
  // blanks (a character that the text's end cuts is broken either way). A few are done sooner one
  // by one.
  constexpr std::ptrdiff_t behind = group_size<Block> + Block::width;
  const std::ptrdiff_t left = in_end - in;
  if (left > width && left < behind) {
    char copy[2 * behind];
    std::memset(copy + left, ' ', behind);
    std::memcpy(copy, in, static_cast<std::size_t>(left));
    const char* rest = copy;
    at = escape_groups<Block>(rest, copy + left + behind, at, end);
    if (at == nullptr) return nullptr;
    const std::ptrdiff_t done = rest - copy;
    if (done >= left) return at - (done - left);
    in += done;
  }
  while (in != in_end && at != nullptr) at = escape_one(in, in_end, at, end);
  return at;
}

}  // namespace detail

ORCAST_DECL char* write_escaped(std::string_view text, char* at, char* end) noexcept {
  return detail::escape<detail::native_block>(text, at, end);
}

ORCAST_DECL char* write_integer(std::int64_t value, char* at, char* end) noexcept {
  char text[detail::integer_room];
  char* const text_end = detail::put_integer(text, value);
  if (end - at < text_end - text) return nullptr;
  return std::copy(text, text_end, at);
}

ORCAST_DECL char* write_double(double value, char* at, char* end) noexcept {
  if (std::isfinite(value)) {
    const std::to_chars_result done = std::to_chars(at, end, value);
    return done.ec == std::errc() ? done.ptr : nullptr;
  }
  const std::string_view word = std::isnan(value) ? "\"NaN\""
                                : value > 0       ? "\"Infinity\""
                                                  : "\"-Infinity\"";
  if (static_cast<std::size_t>(end - at) < word.size()) return nullptr;
  std::memcpy(at, word.data(), word.size());
  return at + word.size();
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// The bodies of json_encoder that write attributes and values.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// A fixed piece around the numbers of an attribute is shorter than this.
inline constexpr std::size_t piece = 64;

/// A constant key as JSON is shorter than this.
inline constexpr std::size_t longest_key = 256;

/// Longer decimal texts than this are no numbers that anybody meant.
inline constexpr std::size_t longest_decimal = 64;

}  // namespace detail

ORCAST_DECL char* json_encoder::write_text(span_reader& reader, char* at) noexcept {
  for (std::string_view text = reader.next_piece(); !text.empty(); text = reader.next_piece()) {
    at = write_escaped(text, at, end_);
    if (at == nullptr) break;
  }
  return at;
}

ORCAST_DECL char* json_encoder::write_attributes(span_reader& reader, char* at) noexcept {
  if (!has_room(at, detail::piece)) return nullptr;
  char* const before = at;
  at = detail::put(at, R"(,"attributes":[)");
  char* const first = at;
  at = walk_.attributes(
      reader, at, [&](const record_view& r, char* to) { return write_attribute(reader, r, to); });
  if (at == nullptr) return nullptr;
  for (std::size_t i = 0; i < defaults_.size(); ++i) {
    if (!walk_.default_counts(i)) continue;
    if (!has_room(at, defaults_[i].json.size() + 1)) return nullptr;
    at = detail::put(at, defaults_[i].json);
    *at++ = ',';
  }
  if (walk_.has_cut_keys(reader)) {
    at = write_cut_keys(reader, at);
    if (at == nullptr) return nullptr;
  }
  if (at == first) return before;
  at[-1] = ']';  // in the place of the last comma
  return at;
}

/// With a comma behind it. Text and integers, which most attributes are, come first.
ORCAST_DECL char* json_encoder::write_attribute(span_reader& reader, const record_view& r,
                                                char* at) noexcept {
  using detail::put;
  if (!has_room(at, detail::longest_key)) return nullptr;
  if (!r.has(orcast::detail::record::text_key)) {
    at = detail::put_key(at, *r.raw);
  } else {
    at = write_escaped(r.text_key, put(at, key_text::before), end_);
    if (at == nullptr || !has_room(at, detail::piece)) return nullptr;
    at = put(at, key_text::after);
  }
  if (!has_room(at, detail::piece)) return nullptr;
  if (r.type() == static_cast<std::uint32_t>(value_type::string)) {
    at = put(at, R"("stringValue":")");
    const std::string_view text = reader.next_piece();
    if (has_room(at, text.size()) && detail::put_short<detail::native_block>(text, at)) {
      at += text.size();
    } else {
      at = write_escaped(text, at, end_);
    }
    if (text.size() != r.text_size && at != nullptr) at = write_text(reader, at);
    return at != nullptr && has_room(at, 4) ? put(at, R"("}},)") : nullptr;
  }
  if (r.type() == static_cast<std::uint32_t>(value_type::int64) && !int_as_number_) {
    at = put(put(at, R"("intValue":")"), r.integer);
    return put(at, R"("}},)");
  }
  at = write_value(reader, r, at);
  return at != nullptr && has_room(at, 3) ? put(at, "}},") : nullptr;
}

/// For example `"intValue":"7"`.
ORCAST_DECL char* json_encoder::write_value(span_reader& reader, const record_view& r,
                                            char* at) noexcept {
  using detail::put;
  if (!has_room(at, detail::piece)) return nullptr;
  switch (r.type()) {
    case static_cast<std::uint32_t>(value_type::string):
      at = put(at, R"("stringValue":")");
      at = write_text(reader, at);
      return at != nullptr && has_room(at, 1) ? put(at, "\"") : nullptr;
    case static_cast<std::uint32_t>(value_type::int64):
      if (int_as_number_) return put(put(at, R"("intValue":)"), r.integer);
      return put(put(put(at, R"("intValue":")"), r.integer), "\"");
    case static_cast<std::uint32_t>(value_type::float64):
      return write_double(r.floating, put(at, R"("doubleValue":)"), end_);
    case static_cast<std::uint32_t>(value_type::boolean):
      return r.integer != 0 ? put(at, R"("boolValue":true)") : put(at, R"("boolValue":false)");
    case static_cast<std::uint32_t>(value_type::decimal):
      return write_decimal(reader, r, at);
    case orcast::detail::record_array:
      return write_array(reader, r, at);
    default:
      return at;  // a value without a member is a valid empty one
  }
}

/// Digit for digit when it is a number, else as a string. The text may lie in two blocks.
ORCAST_DECL char* json_encoder::write_decimal(span_reader& reader, const record_view& r,
                                              char* at) noexcept {
  using detail::put;
  char text[detail::longest_decimal];
  std::string_view whole;
  if (r.text_size <= sizeof text) {
    char* to = text;
    for (std::string_view part = reader.next_piece(); !part.empty(); part = reader.next_piece()) {
      to = put(to, part);
    }
    whole = {text, static_cast<std::size_t>(to - text)};
    if (is_json_number(whole)) {
      if (!has_room(at, detail::piece + whole.size())) return nullptr;
      return put(put(at, R"("doubleValue":)"), whole);
    }
  }
  at = put(at, R"("stringValue":")");
  at = r.text_size <= sizeof text ? write_escaped(whole, at, end_) : write_text(reader, at);
  return at != nullptr && has_room(at, 1) ? put(at, "\"") : nullptr;
}

ORCAST_DECL char* json_encoder::write_array(span_reader& reader, const record_view& r,
                                            char* at) noexcept {
  at = detail::put(at, R"("arrayValue":{"values":[)");
  const std::int64_t count = r.integer;
  record_view element;
  for (std::int64_t i = 0; i < count && reader.next(element); ++i) {
    if (!has_room(at, 2)) return nullptr;
    if (i != 0) *at++ = ',';
    *at++ = '{';
    at = write_value(reader, element, at);
    if (at == nullptr || !has_room(at, 1)) return nullptr;
    *at++ = '}';
  }
  return has_room(at, 2) ? detail::put(at, "]}") : nullptr;
}

/// The names of the keys whose values recording had to shorten, as an attribute of the span, with a
/// comma behind it.
ORCAST_DECL char* json_encoder::write_cut_keys(span_reader& reader, char* at) noexcept {
  using detail::put;
  if (!has_room(at, detail::truncated_key.size + detail::piece)) return nullptr;
  char* const before = at;
  at = put(at, std::string_view(detail::truncated_key.json, detail::truncated_key.size));
  at = put(at, R"("arrayValue":{"values":[)");
  char* const first = at;
  at = walk_.cut_keys(reader, at, [&](std::string_view name, char* to) -> char* {
    if (!has_room(to, detail::piece)) return nullptr;
    to = write_escaped(name, put(to, R"({"stringValue":")"), end_);
    if (to == nullptr || !has_room(to, detail::piece)) return nullptr;
    return put(to, "\"},");
  });
  if (at == nullptr) return nullptr;
  if (at == first) return before;
  at[-1] = ']';
  return put(at, "}}},");
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// The bodies of json_encoder, but for attributes and values. Fixed pieces are written after one
// look at the room that is left for all of them; text looks for itself. Once anything does not fit
// the whole span is taken back, so no function here leaves things tidy when it fails.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline std::string json_string(std::string_view text) {
  std::string out(6 * text.size() + 2, '"');
  char* const end = write_escaped(text, out.data() + 1, out.data() + out.size() - 1);
  *end = '"';
  out.resize(static_cast<std::size_t>(end + 1 - out.data()));
  return out;
}

/// `{"key":"...","value":{`
inline std::string json_key(std::string_view name) {
  return "{\"key\":" + json_string(name) + ",\"value\":{";
}

inline std::string json_attribute(const text_attribute& from) {
  return json_key(from.key) + "\"stringValue\":" + json_string(from.value) + "}}";
}

}  // namespace detail

ORCAST_DECL json_encoder::json_encoder(const encoder_options& options, char* memory,
                                       std::size_t size)
    : memory_(memory),
      at_(memory),
      end_(memory + size - (std::min)(size, tail.size())),
      int_as_number_(options.int_as_number) {
  std::string resource;
  detail::each_resource_attribute(options, [&](const text_attribute& each) {
    resource += (resource.empty() ? "" : ",") + detail::json_attribute(each);
  });
  head_ = R"({"resourceSpans":[{)";
  if (!resource.empty()) head_ += R"("resource":{"attributes":[)" + resource + "]},";
  head_ += R"("scopeSpans":[{"scope":{"name":)" + detail::json_string(options.scope_name);
  if (!options.scope_version.empty()) {
    head_ += R"(,"version":)" + detail::json_string(options.scope_version);
  }
  head_ += R"(},"spans":[)";

  defaults_.reserve(detail::span_walk::most_defaults);
  for (const text_attribute& each : options.span_attributes) {
    if (!detail::usable_default(each)) continue;
    if (defaults_.size() == detail::span_walk::most_defaults) break;
    default_attribute made;
    made.json = detail::json_attribute(each);
    made.key.size = static_cast<std::uint16_t>(detail::json_key(each.key).size());
    defaults_.push_back(std::move(made));
    defaults_.back().key.json = defaults_.back().json.data();
    walk_.add_default(defaults_.back().key);
  }
  begin();
}

ORCAST_DECL void json_encoder::begin() noexcept {
  at_ = memory_;
  count_ = 0;
  if (has_room(at_, head_.size())) {
    at_ = detail::put(at_, head_);
  } else {
    end_ = at_;
  }
}

ORCAST_DECL std::string_view json_encoder::finish() noexcept {
  detail::put(at_, tail);
  return {memory_, size()};
}

ORCAST_DECL request_pieces json_encoder::slice(std::size_t from, std::size_t to) const noexcept {
  if (memory_[from] == ',') ++from;
  return {{{memory_, head_.size()}, {memory_ + from, to - from}, tail}};
}

ORCAST_DECL bool json_encoder::add(const orcast::detail::span_ring& ring,
                                   orcast::detail::block_index span) noexcept {
  span_reader reader(ring, span);
  char* const to = walk_.span(reader, [&] { return write_span(reader, at_); });
  if (to == nullptr) return false;
  at_ = to;
  ++count_;
  return true;
}

ORCAST_DECL char* json_encoder::write_span(span_reader& reader, char* at) noexcept {
  using detail::put;
  const orcast::detail::span_head& head = reader.head();
  if (!has_room(at, 512)) return nullptr;
  if (count_ != 0) *at++ = ',';
  at = put(at, R"({"traceId":")");
  at = detail::put_hex(at, head.context.trace.bytes.data(), head.context.trace.bytes.size());
  at = put(at, R"(","spanId":")");
  at = detail::put_hex(at, head.context.span.bytes.data(), head.context.span.bytes.size());
  if (head.parent.valid()) {
    at = put(at, R"(","parentSpanId":")");
    at = detail::put_hex(at, head.parent.bytes.data(), head.parent.bytes.size());
  }
  // The W3C flags, and whether the parent is known to be remote (bits 8 and 9).
  at = put(at, R"(","flags":)");
  at = put(at, std::int64_t{head.context.flags | (head.remote_parent ? 0x300 : 0x100)});
  at = put(at, R"(,"name":")");
  at = write_name(reader, at);
  if (at == nullptr || !has_room(at, 256)) return nullptr;
  at = put(at, R"(","kind":)");
  *at++ = static_cast<char>('0' + static_cast<int>(head.kind));
  at = put(at, R"(,"startTimeUnixNano":)");
  at = detail::put_time(at, head.start_wall_ns);
  at = put(at, R"(,"endTimeUnixNano":)");
  at = detail::put_time(at, head.start_wall_ns + head.duration_ns);
  at = write_attributes(reader, at);
  if (at == nullptr || !has_room(at, 2 * detail::piece)) return nullptr;
  if (head.dropped_attributes != 0) {
    at = put(at, R"(,"droppedAttributesCount":)");
    at = put(at, std::int64_t{head.dropped_attributes});
  }
  if (head.events != 0) {
    at = write_events(reader, at);
    if (at == nullptr || !has_room(at, 2 * detail::piece)) return nullptr;
  }
  if (head.dropped_events != 0) {
    at = put(at, R"(,"droppedEventsCount":)");
    at = put(at, std::int64_t{head.dropped_events});
  }
  if (head.status != span_status::unset) {
    at = write_status(reader, at);
    if (at == nullptr || !has_room(at, 1)) return nullptr;
  }
  return put(at, "}");
}

ORCAST_DECL char* json_encoder::write_name(span_reader& reader, char* at) noexcept {
  record_view r;
  if (walk_.find(reader, orcast::detail::record_name, r)) return write_text(reader, at);
  return detail::put(at, "unnamed");
}

ORCAST_DECL char* json_encoder::write_events(span_reader& reader, char* at) noexcept {
  at = detail::put(at, R"(,"events":[)");
  at = walk_.events(reader, at, [&](const auto& event, std::uint32_t number, char* to) {
    return write_event(reader, event, number, to);
  });
  if (at == nullptr) return nullptr;
  at[-1] = ']';
  return at;
}

/// With a comma behind it.
ORCAST_DECL char* json_encoder::write_event(span_reader& reader,
                                            const orcast::detail::event_payload& event,
                                            std::uint32_t number, char* at) noexcept {
  using detail::put;
  if (!has_room(at, 2 * detail::piece)) return nullptr;
  at = put(at, R"({"timeUnixNano":)");
  at = detail::put_time(at, event.wall_ns);
  at = put(at, R"(,"name":")");
  record_view next;
  if (event.named != 0 && reader.next(next) && next.text_size != 0) {
    at = write_text(reader, at);
    if (at == nullptr || !has_room(at, detail::piece)) return nullptr;
  } else {
    at = put(at, "unnamed");
  }
  at = put(at, "\"");
  char* const before = at;
  at = put(at, R"(,"attributes":[)");
  char* const first = at;
  at = walk_.event_attributes(
      reader, event.attributes, number, at,
      [&](const record_view& r, char* to) { return write_attribute(reader, r, to); });
  if (at == nullptr) return nullptr;
  if (at == first) {
    at = before;
  } else {
    at[-1] = ']';
  }
  return has_room(at, 2) ? put(at, "},") : nullptr;
}

ORCAST_DECL char* json_encoder::write_status(span_reader& reader, char* at) noexcept {
  using detail::put;
  if (reader.head().status == span_status::ok) return put(at, R"(,"status":{"code":1})");
  at = put(at, R"(,"status":{"code":2)");
  record_view r;
  if (walk_.find(reader, orcast::detail::record_status_message, r)) {
    at = write_text(reader, put(at, R"(,"message":")"));
    if (at == nullptr || !has_room(at, 2)) return nullptr;
    at = put(at, "\"");
  }
  return has_room(at, 1) ? put(at, "}") : nullptr;
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/protobuf_put.hpp ----

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// The small pieces that a protobuf message is put together from: varints, fixed numbers, lengths,
// names. Each writes at `at`, where the caller has made sure of the room, and returns the new end.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr std::size_t longest_varint = 10;

constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

inline char* put_varint(char* at, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at = static_cast<char>(value);
  return at + 1;
}

/// A length that becomes known when what it counts has been written: it takes four bytes, which
/// protobuf allows for any number (a varint need not be the shortest).
inline constexpr std::size_t length_size = 4;
inline constexpr std::size_t longest_message = (std::size_t{1} << 28) - 1;
inline void put_length(char* at, std::size_t size) noexcept {
  for (unsigned i = 0; i < length_size; ++i) {
    const auto bits = static_cast<unsigned char>(size >> 7 * i & 0x7f);
    at[i] = static_cast<char>(i + 1 < length_size ? bits | 0x80 : bits);
  }
}

/// Least significant byte first, on any processor.
inline char* put_fixed64(char* at, std::uint64_t value) noexcept {
  for (unsigned i = 0; i < 8; ++i) at[i] = static_cast<char>(value >> 8 * i);
  return at + 8;
}
inline char* put_fixed32(char* at, std::uint32_t value) noexcept {
  for (unsigned i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> 8 * i);
  return at + 4;
}

/// How long text is once what is not UTF-8 has become U+FFFD: a protobuf string must be UTF-8, or
/// the whole request is refused.
inline std::size_t repaired_size(std::string_view text) noexcept {
  std::size_t size = 0;
  for (;;) {
    const std::size_t good = orcast::detail::utf8_valid_run(text);
    size += good;
    text.remove_prefix(good);
    if (text.empty()) return size;
    size += orcast::detail::utf8_replacement.size();
    text.remove_prefix(orcast::detail::utf8_next(text.data(), text.size()).length);
  }
}

inline char* put_repaired(char* at, std::string_view text) noexcept {
  for (;;) {
    const std::size_t good = orcast::detail::utf8_valid_run(text);
    if (good != 0) std::memcpy(at, text.data(), good);
    at += good;
    text.remove_prefix(good);
    if (text.empty()) return at;
    std::memcpy(at, orcast::detail::utf8_replacement.data(), 3);
    at += orcast::detail::utf8_replacement.size();
    text.remove_prefix(orcast::detail::utf8_next(text.data(), text.size()).length);
  }
}

/// Copies `size` bytes and says whether all of them are ASCII.
inline bool copy_ascii(char* at, const char* from, std::size_t size) noexcept {
  constexpr std::uint64_t high = 0x8080808080808080u;
  std::uint64_t seen = 0;
  if (size < 8) {
    for (std::size_t i = 0; i < size; ++i) {
      at[i] = from[i];
      seen |= static_cast<unsigned char>(from[i]);
    }
    return (seen & high) == 0;
  }
  const auto copy = [&](std::size_t i) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i, 8);
    std::memcpy(at + i, &word, 8);
    return word;
  };
  std::size_t i = 0;
  for (; i + 32 <= size; i += 32) seen |= copy(i) | copy(i + 8) | copy(i + 16) | copy(i + 24);
  for (; i + 8 <= size; i += 8) seen |= copy(i);
  seen |= copy(size - 8);  // what is left, and some of what was there
  return (seen & high) == 0;
}

/// The name of an attribute, out of its record: a constant, a constant with indices, or text.
class attribute_name {
 public:
  explicit attribute_name(const orcast::detail::record& r) noexcept : record_(r) {
    if ((r.bits & orcast::detail::record::text_key) != 0) {
      size_ = repaired_size(text());
      return;
    }
    const key_text& key = *r.key;
    size_ = key.size - key_text::before.size() - key_text::after.size();
    if (key.cut[0] != 0) size_ += digits(r.first);
    if (key.cut[1] != 0) size_ += digits(r.second);
  }

  std::size_t size() const noexcept { return size_; }

  /// May touch 8 bytes behind the name's end.
  char* put(char* at) const noexcept {
    if ((record_.bits & orcast::detail::record::text_key) != 0) return put_repaired(at, text());
    const key_text& key = *record_.key;
    const char* from = key.json + key_text::before.size();
    if (key.cut[0] == 0) return put_piece(at, from, size_);
    const std::uint16_t index[2] = {record_.first, record_.second};
    for (std::size_t i = 0; i < 2 && key.cut[i] != 0; ++i) {
      const auto size = static_cast<std::size_t>(key.json + key.cut[i] - from);
      at = put_index(put_piece(at, from, size), index[i]);
      from += size;
    }
    const char* const end = key.json + key.size - key_text::after.size();
    return put_piece(at, from, static_cast<std::size_t>(end - from));
  }

 private:
  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(&record_ + 1), record_.first};
  }

  /// Behind a name there are 11 more bytes of JSON that may be read, so short ones need no loop.
  static char* put_piece(char* at, const char* from, std::size_t size) noexcept {
    static_assert(key_text::after.size() >= 8);
    std::size_t i = 0;
    for (; i + 8 < size; i += 8) std::memcpy(at + i, from + i, 8);
    std::memcpy(at + i, from + i, 8);
    return at + size;
  }

  static std::size_t digits(std::uint16_t value) noexcept {
    return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10'000 ? 4 : 5;
  }
  static char* put_index(char* at, unsigned value) noexcept {
    char* const end = at + digits(static_cast<std::uint16_t>(value));
    for (char* to = end; to != at; value /= 10) *--to = static_cast<char>('0' + value % 10);
    return end;
  }

  const orcast::detail::record& record_;
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/protobuf_fields.hpp ----

#include <charconv>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

// The fields of OTLP's messages (opentelemetry/proto), and what stands before a value in them: the
// field's number, an attribute's name, lengths.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// A field's number and the kind of its bytes.
constexpr char field(unsigned number, unsigned wire) noexcept {
  return static_cast<char>(number << 3 | wire);
}
inline constexpr unsigned wire_varint = 0;
inline constexpr unsigned wire_fixed64 = 1;
inline constexpr unsigned wire_bytes = 2;
inline constexpr unsigned wire_fixed32 = 5;

namespace tag {
// Of the messages of opentelemetry/proto; those that share a number share a name.
inline constexpr char first = field(1, wire_bytes);   // resource_spans, resource, scope, key, ...
inline constexpr char second = field(2, wire_bytes);  // scope_spans, spans, version, value
inline constexpr char trace_id = field(1, wire_bytes);
inline constexpr char span_id = field(2, wire_bytes);
inline constexpr char parent_span_id = field(4, wire_bytes);
inline constexpr char name = field(5, wire_bytes);
inline constexpr char kind = field(6, wire_varint);
inline constexpr char start_time = field(7, wire_fixed64);
inline constexpr char end_time = field(8, wire_fixed64);
inline constexpr char attributes = field(9, wire_bytes);
inline constexpr char dropped_attributes = field(10, wire_varint);
inline constexpr char events = field(11, wire_bytes);
inline constexpr char dropped_events = field(12, wire_varint);
inline constexpr char status = field(15, wire_bytes);
inline constexpr char flags[] = {static_cast<char>(0x80 | (16 << 3 & 0x7f) | wire_fixed32), 1};
inline constexpr char event_time = field(1, wire_fixed64);
inline constexpr char event_name = field(2, wire_bytes);
inline constexpr char event_attributes = field(3, wire_bytes);
inline constexpr char status_message = field(2, wire_bytes);
inline constexpr char status_code = field(3, wire_varint);
inline constexpr char string_value = field(1, wire_bytes);
inline constexpr char bool_value = field(2, wire_varint);
inline constexpr char int_value = field(3, wire_varint);
inline constexpr char double_value = field(4, wire_fixed64);
inline constexpr char array_value = field(5, wire_bytes);
}  // namespace tag

/// What stands before the fields of an attribute's value: the field that the attribute is, its
/// name, and the lengths.
class attribute_head {
 public:
  attribute_head(char field, const orcast::detail::record& r) noexcept : field_(field), name_(r) {}

  std::size_t size(std::size_t value) const noexcept {
    return 1 + varint_size(inside(value)) + inside(value) - value;
  }
  char* put(char* at, std::size_t value) const noexcept {
    *at++ = field_;
    return put_rest(put_varint(at, inside(value)), value);
  }
  /// With lengths to be filled in.
  char* open(char* at, char*& whole, char*& value) const noexcept {
    *at++ = field_;
    whole = at;
    at = put_name(at + length_size);
    *at++ = tag::second;
    value = at;
    return at + length_size;
  }
  std::size_t most() const noexcept { return name_.size() + 4 * longest_varint; }

 private:
  std::size_t inside(std::size_t value) const noexcept {
    return 1 + varint_size(name_.size()) + name_.size() + 1 + varint_size(value) + value;
  }
  char* put_name(char* at) const noexcept {
    *at++ = tag::first;
    return name_.put(put_varint(at, name_.size()));
  }
  char* put_rest(char* at, std::size_t value) const noexcept {
    at = put_name(at);
    *at++ = tag::second;
    return put_varint(at, value);
  }

  char field_;
  attribute_name name_;
};

/// The same before a value in a list, which has no name.
class element_head {
 public:
  std::size_t size(std::size_t value) const noexcept { return 1 + varint_size(value); }
  char* put(char* at, std::size_t value) const noexcept {
    *at++ = tag::first;
    return put_varint(at, value);
  }
  std::size_t most() const noexcept { return 2 * longest_varint; }
};

/// A list under way.
struct open_list {
  char* attribute = nullptr;  // where the lengths belong
  char* value = nullptr;
  char* list = nullptr;

  char* begin(const attribute_head& head, char* at) noexcept {
    at = head.open(at, attribute, value);
    *at++ = tag::array_value;
    list = at;
    return at + length_size;
  }
  char* end(char* at) const noexcept {
    for (char* length : {attribute, value, list}) {
      put_length(length, static_cast<std::size_t>(at - length) - length_size);
    }
    return at;
  }
};

/// The nearest double, as a reader of JSON would make it.
inline double to_double(std::string_view number) noexcept {
  double value = 0;
  const auto done = std::from_chars(number.data(), number.data() + number.size(), value);
  if (done.ec != std::errc::result_out_of_range) return value;
  const bool tiny = number.find("e-") != number.npos || number.find("E-") != number.npos;
  value = tiny ? 0.0 : std::numeric_limits<double>::infinity();
  return number.front() == '-' ? -value : value;
}

inline void append_varint(std::string& out, std::size_t value) {
  char text[longest_varint];
  out.append(text, static_cast<std::size_t>(put_varint(text, value) - text));
}
inline void append_bytes(std::string& out, char field, std::string_view bytes) {
  out += field;
  append_varint(out, bytes.size());
  out += bytes;
}
inline void append_text(std::string& out, char field, std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  append_bytes(out, field, valid);
}
inline std::string protobuf_attribute(char field, const text_attribute& from) {
  std::string value;
  append_text(value, tag::string_value, from.value);
  std::string inside;
  append_text(inside, tag::first, from.key);
  append_bytes(inside, tag::second, value);
  std::string out;
  append_bytes(out, field, inside);
  return out;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/protobuf_encoder.ipp ----

#include <cstring>

// The bodies of protobuf_encoder. A message stands behind its length. Where that is known at once
// it is written at once; the length of text is, unless it turns out not to be UTF-8. Of a span, an
// event and a list it is filled in afterwards.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

/// Longer decimal texts than this are no numbers that anybody meant.
inline constexpr std::size_t longest_number = 64;

}  // namespace detail

ORCAST_DECL protobuf_encoder::protobuf_encoder(const encoder_options& options, char* memory,
                                               std::size_t size)
    : memory_(memory),
      at_(memory),
      end_(memory + (size < detail::longest_message ? size : detail::longest_message)) {
  namespace tag = detail::tag;
  const std::string length(detail::length_size, '\0');
  std::string resource;
  detail::each_resource_attribute(options, [&](const text_attribute& each) {
    resource += detail::protobuf_attribute(tag::first, each);
  });
  std::string scope;
  detail::append_text(scope, tag::first, options.scope_name);
  if (!options.scope_version.empty()) {
    detail::append_text(scope, tag::second, options.scope_version);
  }
  head_ = tag::first + length;
  if (!resource.empty()) detail::append_bytes(head_, tag::first, resource);
  head_ += tag::second;
  scope_at_ = head_.size();
  head_ += length;
  detail::append_bytes(head_, tag::first, scope);

  defaults_.reserve(detail::span_walk::most_defaults);
  for (const text_attribute& each : options.span_attributes) {
    if (!detail::usable_default(each)) continue;
    if (defaults_.size() == detail::span_walk::most_defaults) break;
    default_attribute made;
    made.encoded = detail::protobuf_attribute(tag::attributes, each);
    made.json.append(key_text::before).append(each.key).append(key_text::after);
    made.key.size = static_cast<std::uint16_t>(made.json.size());
    defaults_.push_back(std::move(made));
    defaults_.back().key.json = defaults_.back().json.data();
    walk_.add_default(defaults_.back().key);
  }
  begin();
}

ORCAST_DECL void protobuf_encoder::begin() noexcept {
  at_ = memory_;
  count_ = 0;
  if (has_room(at_, head_.size())) {
    std::memcpy(at_, head_.data(), head_.size());
    at_ += head_.size();
  } else {
    end_ = at_;
  }
}

ORCAST_DECL std::string_view protobuf_encoder::finish() noexcept {
  slice(head_.size(), offset());
  return {memory_, offset()};
}

ORCAST_DECL request_pieces protobuf_encoder::slice(std::size_t from, std::size_t to) noexcept {
  const std::size_t head = head_.size();
  const std::size_t spans = to - from;
  detail::put_length(memory_ + 1, head - 1 - detail::length_size + spans);
  detail::put_length(memory_ + scope_at_, head - scope_at_ - detail::length_size + spans);
  return {{{memory_, head}, {memory_ + from, spans}, {}}};
}

ORCAST_DECL bool protobuf_encoder::add(const orcast::detail::span_ring& ring,
                                       orcast::detail::block_index span) noexcept {
  span_reader reader(ring, span);
  char* const to = walk_.span(reader, [&] { return write_span(reader, at_); });
  if (to == nullptr) return false;
  at_ = to;
  ++count_;
  return true;
}

ORCAST_DECL char* protobuf_encoder::write_span(span_reader& reader, char* at) noexcept {
  namespace tag = detail::tag;
  const orcast::detail::span_head& head = reader.head();
  if (!has_room(at, 512)) return nullptr;
  *at++ = tag::second;
  char* const length = at;
  at += detail::length_size;
  const auto put_id = [&at](char field, const auto& bytes) {
    *at++ = field;
    *at++ = static_cast<char>(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  };
  put_id(tag::trace_id, head.context.trace.bytes);
  put_id(tag::span_id, head.context.span.bytes);
  if (head.parent.valid()) put_id(tag::parent_span_id, head.parent.bytes);
  std::memcpy(at, tag::flags, sizeof tag::flags);
  at = detail::put_fixed32(at + sizeof tag::flags,
                           head.context.flags | (head.remote_parent ? 0x300u : 0x100u));
  *at++ = tag::kind;
  *at++ = static_cast<char>(head.kind);
  const auto put_time = [&at](char field, std::int64_t wall_ns) {
    *at++ = field;
    at = detail::put_fixed64(at, wall_ns > 0 ? static_cast<std::uint64_t>(wall_ns) : 0);
  };
  put_time(tag::start_time, head.start_wall_ns);
  put_time(tag::end_time, head.start_wall_ns + head.duration_ns);
  if (head.dropped_attributes != 0) {
    *at++ = tag::dropped_attributes;
    at = detail::put_varint(at, head.dropped_attributes);
  }
  if (head.dropped_events != 0) {
    *at++ = tag::dropped_events;
    at = detail::put_varint(at, head.dropped_events);
  }
  record_view r;
  const bool named = walk_.find(reader, orcast::detail::record_name, r);
  at = write_name(reader, named ? r.text_size : 0, tag::name, at);
  if (at == nullptr) return nullptr;
  at = write_attributes(reader, at);
  if (at == nullptr) return nullptr;
  if (head.events != 0) {
    at = walk_.events(reader, at, [&](const auto& event, std::uint32_t number, char* to) {
      return write_event(reader, event, number, to);
    });
    if (at == nullptr) return nullptr;
  }
  if (head.status != span_status::unset) {
    at = write_status(reader, at);
    if (at == nullptr) return nullptr;
  }
  detail::put_length(length, static_cast<std::size_t>(at - length) - detail::length_size);
  return at;
}

ORCAST_DECL char* protobuf_encoder::write_attributes(span_reader& reader, char* at) noexcept {
  at = walk_.attributes(reader, at, [&](const record_view& r, char* to) {
    return write_attribute(reader, r, detail::tag::attributes, to);
  });
  if (at == nullptr) return nullptr;
  for (std::size_t i = 0; i < defaults_.size(); ++i) {
    if (!walk_.default_counts(i)) continue;
    const std::string& encoded = defaults_[i].encoded;
    if (!has_room(at, encoded.size())) return nullptr;
    std::memcpy(at, encoded.data(), encoded.size());
    at += encoded.size();
  }
  return walk_.has_cut_keys(reader) ? write_cut_keys(reader, at) : at;
}

/// A value with its head, of an attribute or an element.
template <class Head>
char* protobuf_encoder::write_value(span_reader& reader, const record_view& r, const Head& head,
                                    char* at) noexcept {
  namespace tag = detail::tag;
  if (!has_room(at, head.most() + 64)) return nullptr;
  switch (r.type()) {
    case static_cast<std::uint32_t>(value_type::string):
      return write_string(reader, {}, r.text_size, head, at);
    case static_cast<std::uint32_t>(value_type::int64): {
      const auto value = static_cast<std::uint64_t>(r.integer);
      at = head.put(at, 1 + detail::varint_size(value));
      *at++ = tag::int_value;
      return detail::put_varint(at, value);
    }
    case static_cast<std::uint32_t>(value_type::float64):
      return write_double(r.floating, head, at);
    case static_cast<std::uint32_t>(value_type::boolean):
      at = head.put(at, 2);
      *at++ = tag::bool_value;
      *at++ = r.integer != 0 ? 1 : 0;
      return at;
    case static_cast<std::uint32_t>(value_type::decimal): {
      char text[detail::longest_number];
      if (r.text_size > sizeof text) return write_string(reader, {}, r.text_size, head, at);
      std::size_t size = 0;  // the text may lie in two blocks
      for (auto part = reader.next_piece(); !part.empty(); part = reader.next_piece()) {
        size += part.copy(text + size, part.size());
      }
      const std::string_view whole(text, size);
      if (is_json_number(whole)) return write_double(detail::to_double(whole), head, at);
      return write_string(reader, whole, size, head, at);
    }
    default:
      break;
  }
  return head.put(at, 0);  // a value without a member is a valid empty one
}

ORCAST_DECL char* protobuf_encoder::write_attribute(span_reader& reader, const record_view& r,
                                                    char tag, char* at) noexcept {
  const detail::attribute_head head(tag, *r.raw);
  if (r.type() != orcast::detail::record_array) return write_value(reader, r, head, at);
  if (!has_room(at, head.most() + 64)) return nullptr;
  detail::open_list list;
  at = list.begin(head, at);
  record_view element;
  for (std::int64_t left = r.integer; left > 0 && reader.next(element); --left) {
    at = write_value(reader, element, detail::element_head(), at);
    if (at == nullptr) return nullptr;
  }
  return list.end(at);
}

template <class Head>
char* protobuf_encoder::write_double(double value, const Head& head, char* at) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  at = head.put(at, 9);
  *at++ = detail::tag::double_value;
  return detail::put_fixed64(at, bits);
}

/// `gathered` is text that was read already; behind it comes what the reader still has, together
/// `size` bytes.
template <class Head>
char* protobuf_encoder::write_string(span_reader& reader, std::string_view gathered,
                                     std::size_t size, const Head& head, char* at) noexcept {
  const auto put_head = [&head](char* to, std::size_t text) {
    to = head.put(to, 1 + detail::varint_size(text) + text);
    *to++ = detail::tag::string_value;
    return detail::put_varint(to, text);
  };
  char* const text = put_head(at, size);
  char* const end = write_text(reader, gathered, text);
  if (end == nullptr) return nullptr;
  const auto written = static_cast<std::size_t>(end - text);
  if (written == size) return end;
  // Not UTF-8: other text, and lengths that may be longer. The head's end touches what follows.
  constexpr std::size_t aside = 64;
  if (!has_room(end, aside)) return nullptr;
  std::memmove(text + aside, text, written);
  char* const moved = put_head(at, written);
  std::memmove(moved, text + aside, written);
  return moved + written;
}

/// A field of text, without a head.
ORCAST_DECL char* protobuf_encoder::write_text_field(span_reader& reader, std::size_t size,
                                                     char tag, char* at) noexcept {
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag;
  char* const text = at + detail::varint_size(size);
  char* const end = write_text(reader, {}, text);
  if (end == nullptr || !has_room(end, detail::longest_varint)) return nullptr;
  const auto written = static_cast<std::size_t>(end - text);
  if (written != size) std::memmove(at + detail::varint_size(written), text, written);
  return detail::put_varint(at, written) + written;
}

ORCAST_DECL char* protobuf_encoder::write_text(span_reader& reader, std::string_view gathered,
                                               char* at) noexcept {
  std::string_view piece = gathered.empty() ? reader.next_piece() : gathered;
  for (; !piece.empty(); piece = reader.next_piece()) {
    if (!has_room(at, piece.size())) return nullptr;
    if (detail::copy_ascii(at, piece.data(), piece.size()) || valid_utf8(piece)) {
      at += piece.size();
      continue;
    }
    if (!has_room(at, detail::repaired_size(piece))) return nullptr;
    at = detail::put_repaired(at, piece);
  }
  return at;
}

/// The names of the keys whose values recording had to shorten, as an attribute of the span.
ORCAST_DECL char* protobuf_encoder::write_cut_keys(span_reader& reader, char* at) noexcept {
  namespace tag = detail::tag;
  const orcast::detail::record name{0, 0, 0, {&detail::truncated_key}};
  const detail::attribute_head head(tag::attributes, name);
  if (!has_room(at, head.most() + 64)) return nullptr;
  char* const before = at;
  detail::open_list list;
  char* const first = list.begin(head, at);
  at = walk_.cut_keys(reader, first, [&](std::string_view cut, char* to) -> char* {
    const std::size_t size = detail::repaired_size(cut);
    if (!has_room(to, size + 64)) return nullptr;
    to = detail::element_head().put(to, 1 + detail::varint_size(size) + size);
    *to++ = tag::string_value;
    return detail::put_repaired(detail::put_varint(to, size), cut);
  });
  if (at == nullptr) return nullptr;
  return at == first ? before : list.end(at);
}

ORCAST_DECL char* protobuf_encoder::write_event(span_reader& reader,
                                                const orcast::detail::event_payload& event,
                                                std::uint32_t number, char* at) noexcept {
  namespace tag = detail::tag;
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag::events;
  char* const length = at;
  at += detail::length_size;
  *at++ = tag::event_time;
  at = detail::put_fixed64(at, event.wall_ns > 0 ? static_cast<std::uint64_t>(event.wall_ns) : 0);
  record_view r;
  const bool named = event.named != 0 && reader.next(r);
  at = write_name(reader, named ? r.text_size : 0, tag::event_name, at);
  if (at == nullptr) return nullptr;
  at = walk_.event_attributes(reader, event.attributes, number, at,
                              [&](const record_view& each, char* to) {
                                return write_attribute(reader, each, tag::event_attributes, to);
                              });
  if (at == nullptr) return nullptr;
  detail::put_length(length, static_cast<std::size_t>(at - length) - detail::length_size);
  return at;
}

ORCAST_DECL char* protobuf_encoder::write_status(span_reader& reader, char* at) noexcept {
  namespace tag = detail::tag;
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag::status;
  char* const length = at;
  at += detail::length_size;
  *at++ = tag::status_code;
  *at++ = static_cast<char>(reader.head().status);
  record_view r;
  if (reader.head().status == span_status::error &&
      walk_.find(reader, orcast::detail::record_status_message, r)) {
    at = write_text_field(reader, r.text_size, tag::status_message, at);
    if (at == nullptr) return nullptr;
  }
  detail::put_length(length, static_cast<std::size_t>(at - length) - detail::length_size);
  return at;
}

/// Of a span or an event, neither of which may go without.
ORCAST_DECL char* protobuf_encoder::write_name(span_reader& reader, std::size_t size, char tag,
                                               char* at) noexcept {
  if (size != 0) return write_text_field(reader, size, tag, at);
  constexpr std::string_view unnamed = "unnamed";
  if (!has_room(at, 64)) return nullptr;
  *at++ = tag;
  *at++ = static_cast<char>(unnamed.size());
  std::memcpy(at, unnamed.data(), unnamed.size());
  return at + unnamed.size();
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/exporter.ipp ----

#include <algorithm>

// The bodies of exporter. A batch goes out in one post, or in several after a 413: `settled_` spans
// have reached an end, the next `posted_` are in the current post.

namespace orcast {
inline namespace v0 {
namespace otlp {

ORCAST_DECL exporter::exporter(const exporter_options& options, const encoder_options& encoding,
                               char* memory, std::size_t size, random_state random)
    : options_(options), encoder_(encoding, memory, size), random_(random) {
  options_.batch_spans = (std::max)(options_.batch_spans, std::uint32_t{1});
  ends_.reserve(std::size_t{options_.batch_spans} + 1);
  start_over();
}

ORCAST_DECL exporter::offer_result exporter::offer(const orcast::detail::span_ring& ring,
                                                   orcast::detail::block_index span,
                                                   std::int64_t now_ms) noexcept {
  if (!accepts()) return offer_result::not_now;
  if (!encoder_.add(ring, span)) {
    if (encoder_.empty()) return offer_result::too_large;
    full_ = true;
    return offer_result::not_now;
  }
  if (encoder_.count() == 1) due_ms_ = now_ms + options_.delay_ms;
  ends_.push_back(encoder_.offset());
  full_ = encoder_.count() == options_.batch_spans;
  return offer_result::taken;
}

ORCAST_DECL exporter::step exporter::next(std::int64_t now_ms) noexcept {
  step now;
  now.until_ms = never;
  if (state_ == state::in_flight || state_ == state::held || encoder_.empty()) return now;
  const bool due = now_ms >= due_ms_ || (state_ == state::filling && (full_ || hurried_));
  if (!due) {
    now.until_ms = due_ms_;
    return now;
  }
  if (attempts_ == 0) first_attempt_ms_ = now_ms;
  ++attempts_;
  ++counts_.requests;
  posted_ = (std::min)(pending(), most_);
  state_ = state::in_flight;
  now.post = true;
  now.body = encoder_.slice(ends_[settled_], ends_[settled_ + posted_]);
  return now;
}

ORCAST_DECL exporter::outcome exporter::answered(std::int64_t now_ms, int status,
                                                 std::int64_t retry_after_ms,
                                                 std::string_view body) {
  if (state_ != state::in_flight) return {};
  const export_answer answer = read(status, body);
  last_reply_ = {status, errc::io, answer.code, answer.understood && !answer.foreign, {}};
  append_one_line(last_reply_.message, answer.message);
  const std::string what = "HTTP " + std::to_string(status);
  if (status >= 200 && status < 300) {
    const auto rejected =
        static_cast<std::uint32_t>((std::min)(answer.rejected_spans, std::uint64_t{posted_}));
    if (rejected != 0) {
      report(what + ", " + std::to_string(rejected) + " spans rejected", answer.message);
    } else if (!answer.message.empty()) {
      report(what + ", accepted with a warning", answer.message);
    } else if (!answer.understood) {
      // To send it again could only duplicate it.
      report(what + ", accepted with a body that is not an OTLP answer", {});
    }
    return settle(rejected, drop_reason::rejected);
  }
  // Arize says 500 with gRPC's INTERNAL when it can't match key, space and project.
  constexpr std::int64_t internal = 13;
  if (status == 401 || status == 403 || (status == 500 && answer.code == internal)) {
    report(what + ", spans are kept: the key, the space, the project or the region is wrong",
           answer.message);
    state_ = state::held;
    return {};
  }
  if (status == 413 && posted_ > 1) {
    report(what + ", trying with half as many spans", answer.message);
    most_ = (posted_ + 1) / 2;
    attempts_ = 0;
    state_ = state::waiting;
    due_ms_ = now_ms;
    return {};
  }
  report(what, answer.message);
  if (status == 429 || status == 502 || status == 503 || status == 504) {
    return retry(now_ms, retry_after_ms);
  }
  return settle(posted_, status == 413 ? drop_reason::too_large : drop_reason::rejected);
}

/// Who was asked in protobuf answers in it, but a proxy in between may say something of its own.
ORCAST_DECL export_answer exporter::read(int status, std::string_view body) const noexcept {
  if (encoder_.format() == format::json || body.substr(0, 1) == "{") return read_answer(body);
  return read_protobuf_answer(body, status >= 200 && status < 300);
}

ORCAST_DECL exporter::outcome exporter::failed(std::int64_t now_ms, const failure& why) {
  if (state_ != state::in_flight) return {};
  last_reply_ = {0, why.code, 0, false, {}};
  append_one_line(last_reply_.message, why.message);
  report(to_string(why.code), why.message);
  switch (why.code) {
    case errc::invalid_argument:
    case errc::unsupported:  // the request itself is wrong, so the settings are
      state_ = state::held;
      return {};
    case errc::too_large:
      return settle(posted_, drop_reason::rejected);  // an answer without end
    default:
      return retry(now_ms, -1);
  }
}

ORCAST_DECL exporter::outcome exporter::retry(std::int64_t now_ms, std::int64_t retry_after_ms) {
  http::retry_policy policy;
  policy.max_attempts = options_.max_attempts;
  policy.initial_ms = options_.initial_ms;
  policy.factor = options_.factor;
  policy.max_ms = options_.max_ms;
  policy.jitter = 1.0;
  // Whether to retry was OTLP's to say; when to, is asked in the words of the common policy.
  failure why;
  why.code = errc::disconnected;
  why.retry_after_ms = retry_after_ms;
  const auto wait =
      http::decide(policy, attempts_, why, now_ms - first_attempt_ms_, options_.total_ms,
                   static_cast<std::uint32_t>(random_.next() >> 32));
  if (!wait) return settle(posted_, drop_reason::expired);
  ++counts_.retries;
  state_ = state::waiting;
  due_ms_ = now_ms + *wait;
  return {};
}

/// The current post is over, `rejected` of its spans for the reason given.
ORCAST_DECL exporter::outcome exporter::settle(std::uint32_t rejected,
                                               drop_reason reason) noexcept {
  const outcome ends{posted_ - rejected, rejected, reason};
  settled_ += posted_;
  posted_ = 0;
  attempts_ = 0;
  if (pending() == 0) {
    start_over();
  } else {
    state_ = state::waiting;
    due_ms_ = 0;  // the rest of the batch, at once
  }
  return ends;
}

ORCAST_DECL void exporter::retry_held() noexcept {
  if (state_ != state::held) return;
  state_ = state::waiting;
  attempts_ = 0;
  due_ms_ = 0;
}

ORCAST_DECL void exporter::start_over() noexcept {
  encoder_.begin();
  ends_.clear();
  ends_.push_back(encoder_.offset());
  state_ = state::filling;
  ++batch_;
  full_ = false;
  hurried_ = false;
  settled_ = 0;
  posted_ = 0;
  attempts_ = 0;
  most_ = options_.batch_spans;
}

ORCAST_DECL void exporter::report(std::string_view what, std::string_view message) {
  ++counts_.problems;
  last_error_.assign("export: ");
  last_error_.append(what);
  if (message.empty()) return;
  last_error_.append(": ");
  append_one_line(last_error_, message);
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/route.ipp ----

#include <cstring>
#include <new>

// The bodies of route.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline result<void> check_destination(const destination& to) {
  auto parsed = http::url::parse(to.url, to.allow_insecure_http);
  if (!parsed) return parsed.error();
  if (to.batch_bytes < 4096 || to.batch_bytes > std::size_t{64} << 20) {
    return failure(errc::invalid_argument, "destination.batch_bytes must be from 4 KiB to 64 MiB");
  }
  if (to.exporting.batch_spans == 0) {
    return failure(errc::invalid_argument, "destination.exporting.batch_spans must not be 0");
  }
  if (to.timeout_ms <= 0) {
    return failure(errc::invalid_argument, "destination.timeout_ms must be more than 0");
  }
  return {};
}

ORCAST_DECL result<std::unique_ptr<route>> route::make(tracer& from, destination to,
                                                       shared_ends& ends) {
  const result<void> valid = check_destination(to);
  if (!valid) return valid.error();
  const orcast::host& host = from.host();
  const std::size_t size = to.batch_bytes;
  batch_memory memory(static_cast<char*>(host.take(size, page_bytes)), memory_deleter{host, size});
  if (memory == nullptr) {
    return failure(errc::invalid_argument, "the host has no memory of destination.batch_bytes");
  }
  std::memset(memory.get(), 0, size);  // the first touch of a page costs: now
  random_state random;
  random.seed(host);
  std::unique_ptr<route> made(new route(std::move(to), host, std::move(memory), random, ends));
  if (made->exporter_.envelope_bytes() + 1024 > size) {
    return failure(errc::invalid_argument,
                   "destination.batch_bytes has no room for the resource and a span");
  }
  return made;
}

ORCAST_DECL route::route(destination&& to, const host& from, batch_memory memory,
                         random_state random, shared_ends& ends)
    : ends_(ends),
      memory_(std::move(memory)),
      exporter_(to.exporting, to.encoding, memory_.get(), to.batch_bytes, random),
      delivery_(std::make_unique<delivery>(to, from)),
      leaves_out_(to.leaves_out),
      leaves_out_words_(to.leaves_out_words),
      batch_spans_(to.exporting.batch_spans) {
  tickets_.reserve(batch_spans_);
}

ORCAST_DECL exporter::offer_result route::offer(const orcast::detail::span_ring& ring,
                                                orcast::detail::block_index span,
                                                shared_ends::ticket of,
                                                std::int64_t now_ms) noexcept {
  if (leaves_out_ != nullptr) mark_content(ring, span, true);
  const exporter::offer_result offered = exporter_.offer(ring, span, now_ms);
  if (leaves_out_ != nullptr) mark_content(ring, span, false);
  if (offered == exporter::offer_result::taken) tickets_.push_back(of);
  return offered;
}

/// A record that is marked dead is not encoded. To take the mark back from a record that had it for
/// another reason does no harm: encoders find out anew which records are replaced by later ones.
ORCAST_DECL void route::mark_content(const orcast::detail::span_ring& ring,
                                     orcast::detail::block_index span, bool hidden) const noexcept {
  using orcast::detail::record;
  span_reader reader(ring, span);
  key_room room;
  for (record_view r; reader.next(r);) {
    const bool content =
        r.has(record::element)
            ? leaves_out_words_ && r.type() == orcast::detail::record_status_message
            : leaves_out_(key_name(*r.raw, room));
    if (content) r.raw->bits = hidden ? r.raw->bits | record::dead : r.raw->bits & ~record::dead;
  }
}

ORCAST_DECL void route::settle(std::int64_t now_ms) {
  if (!exporter_.in_flight() || !delivery_->over()) return;
  exchange = 0;
  const exporter::outcome ends = delivery_->conclude(exporter_, now_ms);
  exported_ += ends.exported;
  dropped_[static_cast<std::size_t>(ends.reason)] += ends.dropped;
  for (std::uint32_t i = 0; i < ends.exported; ++i) ends_.exported(tickets_[settled_++]);
  for (std::uint32_t i = 0; i < ends.dropped; ++i) ends_.dropped(tickets_[settled_++], ends.reason);
  if (settled_ == tickets_.size()) {
    tickets_.clear();
    settled_ = 0;
  }
}

ORCAST_DECL void route::abandon(drop_reason why) noexcept {
  while (settled_ != tickets_.size()) drop(tickets_[settled_++], why);
  tickets_.clear();
  settled_ = 0;
}

ORCAST_DECL export_status route::status() const {
  export_status now;
  now.held = exporter_.held();
  now.pending = static_cast<std::uint32_t>(pending());
  now.exported = exported_;
  now.dropped = dropped_;
  now.counts = exporter_.counts();
  now.last_error = exporter_.last_error();
  now.last_reply = exporter_.last_reply();
  return now;
}

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/span_exporter.ipp ----

#include <algorithm>
#include <chrono>
#include <utility>

// The bodies of span_exporter.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

inline constexpr std::int64_t ns_per_ms = 1'000'000;

/// How long one wait may last, and how late a deadline may be noticed.
inline constexpr std::int64_t slice_ms = 10;

/// What shutdown() keeps back for cancelling: a transport promises to need no more.
inline constexpr std::int64_t cancel_ms = 100;

/// Adds up what two routes of one destination, or two destinations, have done.
inline void add_to(export_status& sum, const export_status& more) {
  sum.held = sum.held || more.held;
  sum.pending += more.pending;
  sum.waiting += more.waiting;
  sum.exported += more.exported;
  for (std::size_t i = 0; i < drop_reasons; ++i) sum.dropped[i] += more.dropped[i];
  sum.counts.requests += more.counts.requests;
  sum.counts.retries += more.counts.retries;
  sum.counts.problems += more.counts.problems;
  if (!more.last_error.empty()) sum.last_error = more.last_error;
  if (more.counts.requests != 0) sum.last_reply = more.last_reply;
}

}  // namespace detail

ORCAST_DECL result<std::unique_ptr<span_exporter>> span_exporter::make(
    tracer& from, http::any_transport transport, destination to) {
  std::vector<destination> one;
  one.push_back(std::move(to));
  return make(from, std::move(transport), std::move(one));
}

ORCAST_DECL result<std::unique_ptr<span_exporter>> span_exporter::make(
    tracer& from, http::any_transport transport, std::vector<destination> to) {
  if (!transport) return failure(errc::invalid_argument, "an exporter needs a transport");
  if (to.empty() || to.size() > most_destinations) {
    return failure(errc::invalid_argument, "an exporter has from 1 to 8 destinations");
  }
  std::unique_ptr<span_exporter> made(new span_exporter(from, std::move(transport)));
  for (std::size_t i = 0; i < to.size(); ++i) {
    const result<void> added = made->add(i, std::move(to[i]));
    if (!added) return added.error();
  }
  return made;
}

ORCAST_DECL span_exporter::span_exporter(tracer& from, http::any_transport transport)
    : tracer_(from),
      ends_(from),
      transport_(std::make_unique<http::any_transport>(std::move(transport))) {
  std::size_t size = 2;
  while (size <= from.ring().block_count()) size *= 2;  // a span has a block at least
  waiting_.resize(size);
  postponed_.reserve(size);
}

ORCAST_DECL span_exporter::~span_exporter() {
  if (in_child()) {
    // The threads that could end an exchange are not here, and its socket is not ours.
    static_cast<void>(transport_.release());
  } else if (!closed_) {
    close(now_ns());
  }
}

ORCAST_DECL result<void> span_exporter::add(std::size_t number, destination to) {
  if (free_bits_ == 0 || routes_.size() == 2 * most_destinations) {
    return failure(errc::busy, "spans are still being sent by earlier settings: try again later");
  }
  auto made = detail::route::make(tracer_, std::move(to), ends_);
  if (!made) return made.error();
  detail::route& way = **made;
  way.bit = free_bits_ & (~free_bits_ + 1);
  free_bits_ &= ~way.bit;
  way.slot = number;
  way.cursor = next_waiting_;
  routes_.push_back(std::move(*made));
  if (gone_.size() <= number) gone_.resize(number + 1);
  std::size_t spans = waiting_.size();
  for (const auto& each : routes_) spans += each->batch_spans();
  ends_.reserve(spans);
  return {};
}

ORCAST_DECL detail::route* span_exporter::current(std::size_t number) const noexcept {
  for (const auto& each : routes_) {
    if (each->slot == number && each->until_ns == detail::route::always) return each.get();
  }
  return nullptr;
}

ORCAST_DECL result<void> span_exporter::replace(std::size_t number, destination to,
                                                std::int64_t since_ns) {
  if (!usable()) return failure(errc::shut_down, "the exporter has been shut down");
  if (number > gone_.size() || number >= most_destinations) {
    return failure(errc::invalid_argument, "there is no such destination, and no room for it");
  }
  remove_finished();
  detail::route* const old = current(number);
  std::vector<detail::route*> refused;
  for (const auto& each : routes_) {
    if (each->slot == number && each->exporter().held()) refused.push_back(each.get());
  }
  const destination same = to;
  const result<void> added = add(number, std::move(to));
  if (!added) return added;
  detail::route& fresh = *routes_.back();
  fresh.from_ns = since_ns != 0 ? since_ns : now_ns();
  if (old != nullptr) {
    old->until_ns = fresh.from_ns;
    mark_queues(old->mark);
    if (old->exporter().held()) {  // what waits for it was never sent: it follows the correction
      for (std::uint64_t i = first_waiting_; i != next_waiting_; ++i) {
        waiting_span& each = waiting(i);
        if ((each.routes & old->bit) != 0) each.routes ^= old->bit | fresh.bit;
      }
      fresh.cursor = (std::max)(old->cursor, first_waiting_);
      fresh.from_ns = old->from_ns;
      old->until_ns = old->from_ns;
      old->cursor = next_waiting_;
    }
  }
  for (detail::route* const each : refused) each->redirect(same, tracer_.host());
  return {};
}

ORCAST_DECL void span_exporter::retire(std::size_t number, std::int64_t since_ns) {
  detail::route* const old = usable() ? current(number) : nullptr;
  if (old == nullptr) return;
  old->until_ns = since_ns != 0 ? since_ns : now_ns();
  mark_queues(old->mark);
  if (!old->exporter().held()) return;
  for (std::uint64_t i = (std::max)(old->cursor, first_waiting_); i != next_waiting_; ++i) {
    waiting_span& each = waiting(i);
    if ((each.routes & old->bit) == 0) continue;
    each.routes &= ~old->bit;
    old->drop(each.ticket, drop_reason::rejected);
  }
  old->until_ns = 0;
  old->cursor = next_waiting_;
  old->abandon(drop_reason::rejected);
}

/// Retired routes that have sent, or lost, everything.
ORCAST_DECL void span_exporter::remove_finished() {
  for (auto at = routes_.begin(); at != routes_.end();) {
    detail::route& each = **at;
    const bool over = each.until_ns != detail::route::always && !each.exporter().in_flight() &&
                      each.pending() == 0 && each.cursor == next_waiting_ && passed(each.mark);
    if (!over) {
      ++at;
      continue;
    }
    const export_status done = each.status();
    detail::add_to(gone_[each.slot], done);
    gone_[each.slot].held = false;
    free_bits_ |= each.bit;
    at = routes_.erase(at);
  }
}

ORCAST_DECL bool span_exporter::pump(std::int64_t budget_ns) {
  if (!usable()) return false;
  const call_scope scope(busy_);
  const std::int64_t deadline_ns = now_ns() + budget_ns;
  transport_->poll(0);
  return round(deadline_ns, nullptr).more;
}

ORCAST_DECL bool span_exporter::flush(std::int64_t timeout_ms) {
  if (!usable()) return closed_;
  const call_scope scope(busy_);
  return flush_until(now_ns() + timeout_ms * detail::ns_per_ms);
}

ORCAST_DECL bool span_exporter::shutdown(std::int64_t timeout_ms) {
  if (!usable()) return closed_;
  const call_scope scope(busy_);
  const std::int64_t deadline_ns = now_ns() + timeout_ms * detail::ns_per_ms;
  const std::int64_t kept_back_ms = (std::min)(detail::cancel_ms, timeout_ms / 2);
  const bool all = flush_until(deadline_ns - kept_back_ms * detail::ns_per_ms);
  close(deadline_ns);
  return all;
}

ORCAST_DECL void span_exporter::retry_held() noexcept {
  for (const auto& each : routes_) each->exporter().retry_held();
}

ORCAST_DECL export_status span_exporter::status() const {
  export_status sum;
  for (std::size_t i = 0; i < gone_.size(); ++i) detail::add_to(sum, status(i));
  return sum;
}

ORCAST_DECL export_status span_exporter::status(std::size_t number) const {
  export_status sum;
  if (number >= gone_.size()) return sum;
  sum = gone_[number];
  for (const auto& each : routes_) {
    if (each->slot != number) continue;
    export_status now = each->status();
    now.waiting = static_cast<std::uint32_t>(
        next_waiting_ - (std::max)((std::min)(each->cursor, next_waiting_), first_waiting_));
    detail::add_to(sum, now);
  }
  return sum;
}

ORCAST_DECL bool span_exporter::in_flight() const noexcept {
  for (const auto& each : routes_) {
    if (each->exporter().in_flight()) return true;
  }
  return false;
}

ORCAST_DECL void span_exporter::mark_queues(std::array<std::size_t, 64>& mark) const noexcept {
  for (std::uint32_t i = 0; i < tracer_.ring().lane_count(); ++i) {
    // Acquire: pairs with publish(), so that spans which ended before this call are seen.
    mark[i] = tracer_.ring().lane_at(i).tail.load(std::memory_order_acquire);
  }
}

ORCAST_DECL bool span_exporter::passed(const std::array<std::size_t, 64>& mark) const noexcept {
  for (std::uint32_t i = 0; i < tracer_.ring().lane_count(); ++i) {
    const std::size_t head = tracer_.ring().lane_at(i).head.load(std::memory_order_acquire);
    if (static_cast<std::ptrdiff_t>(head - mark[i]) < 0) return false;
  }
  return true;
}

ORCAST_DECL void span_exporter::begin_flush() noexcept {
  flushing_ = true;
  passed_ = false;
  for (const auto& each : routes_) each->reached = false;
  mark_queues(mark_);
}

ORCAST_DECL bool span_exporter::flushed() noexcept {
  if (!passed_) return false;
  for (const auto& each : routes_) {
    if (!each->reached || each->last_batch == each->exporter().batch()) return false;
  }
  flushing_ = false;
  return true;
}

ORCAST_DECL bool span_exporter::flush_until(std::int64_t deadline_ns) {
  begin_flush();
  for (;;) {
    const std::int64_t now = now_ns();
    if (now >= deadline_ns) break;
    transport_->poll(0);
    const progress so_far = round(deadline_ns, nullptr);
    if (flushed()) return true;
    const bool idle = !in_flight() && so_far.taken == 0;
    if (idle && so_far.next_ms > deadline_ns / detail::ns_per_ms) break;
    if (in_flight() || so_far.taken == 0) wait(deadline_ns);
  }
  flushing_ = false;
  return false;
}

/// Waits a little for the network, or where nothing is under way for the time to pass.
ORCAST_DECL void span_exporter::wait(std::int64_t until_ns) {
  const std::int64_t left_ms = (until_ns - now_ns()) / detail::ns_per_ms;
  const std::int64_t wait_ms = (std::max)((std::min)(left_ms, detail::slice_ms), std::int64_t{0});
  if (in_flight()) {
    transport_->poll(wait_ms);
  } else {
    pause_.wait_for_resume(std::chrono::milliseconds(wait_ms));
  }
}

/// Cancels, waits for that until the deadline, and drops all that is left. A request that is still
/// under way then keeps its memory: nothing touches the batch any more.
ORCAST_DECL void span_exporter::close(std::int64_t deadline_ns) {
  for (const auto& each : routes_) {
    if (each->exporter().in_flight() && each->exchange != 0) transport_->cancel(each->exchange);
  }
  const auto under_way = [this] {
    for (const auto& each : routes_) {
      if (each->exporter().in_flight() && !each->over()) return true;
    }
    return false;
  };
  transport_->poll(0);
  while (under_way() && now_ns() < deadline_ns) wait(deadline_ns);
  for (const auto& each : routes_) each->settle(now_ms());
  closed_ = true;
  while (first_waiting_ != next_waiting_) {
    waiting_span& left = waiting(first_waiting_);
    for (const auto& each : routes_) {
      if ((left.routes & each->bit) != 0) each->drop(left.ticket, drop_reason::shut_down);
    }
    left.routes = 0;
    forget_front();
  }
  for (const auto& each : routes_) each->abandon(drop_reason::shut_down);
  for (const orcast::detail::block_index left : postponed_) {
    tracer_.give_back(left);
    tracer_.dropped(drop_reason::shut_down);
  }
  postponed_.clear();
  for (auto left = tracer_.take(); left != orcast::detail::no_block; left = tracer_.take()) {
    tracer_.give_back(left);
    tracer_.dropped(drop_reason::shut_down);
  }
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/impl/span_exporter_round.ipp ----

#include <algorithm>

// The bodies of span_exporter that bring spans from the tracer to the routes.

namespace orcast {
inline namespace v0 {
namespace otlp {

/// One turn of the wheel: the answers that have come, the spans that are ready, the posts that are
/// due.
ORCAST_DECL span_exporter::progress span_exporter::round(std::int64_t deadline_ns,
                                                         perform_function* perform) {
  progress so_far;
  for (const auto& each : routes_) each->settle(now_ms());
  collect(deadline_ns, so_far);
  for (const auto& each : routes_) {
    if (flushing_ && each->reached && each->exporter().batch() == each->last_batch) {
      each->exporter().hurry();
    }
    // A retired route has nothing to wait for.
    if (each->until_ns != detail::route::always && each->cursor == next_waiting_) {
      each->exporter().hurry();
    }
  }
  post(perform, so_far);
  remove_finished();
  return so_far;
}

ORCAST_DECL void span_exporter::collect(std::int64_t deadline_ns, progress& so_far) {
  for (const auto& each : routes_) {
    if (!catch_up(*each, deadline_ns, so_far)) return;
  }
  while (wants_more() && take_next()) {
    for (const auto& each : routes_) {
      if (!catch_up(*each, deadline_ns, so_far)) return;
    }
    make_room();
  }
  if (!flushing_) return;
  if (!passed_ && passed(mark_) && postponed_.empty()) {
    passed_ = true;
    flush_to_ = next_waiting_;
  }
  for (const auto& each : routes_) {
    if (!passed_ || each->reached || each->cursor < flush_to_) continue;
    each->reached = true;
    each->last_batch = each->exporter().pending() == 0 ? 0 : each->exporter().batch();
  }
}

/// Encodes what waits for a route, in order. False when the deadline came first.
ORCAST_DECL bool span_exporter::catch_up(detail::route& way, std::int64_t deadline_ns,
                                         progress& so_far) {
  for (way.cursor = (std::max)(way.cursor, first_waiting_); way.cursor != next_waiting_;
       ++way.cursor) {
    waiting_span& next = waiting(way.cursor);
    if ((next.routes & way.bit) == 0) continue;
    if (!way.exporter().accepts()) return true;
    const std::int64_t now = now_ns();
    const auto offered =
        way.offer(tracer_.ring(), next.block, next.ticket, now / detail::ns_per_ms);
    if (offered == exporter::offer_result::not_now) return true;
    next.routes &= ~way.bit;
    if (offered == exporter::offer_result::too_large) {
      way.drop(next.ticket, drop_reason::too_large);
    }
    ++so_far.taken;
    if (now_ns() < deadline_ns) continue;
    ++way.cursor;
    forget_front();
    so_far.more = true;
    return false;
  }
  forget_front();
  return true;
}

/// Whether some route could take a new span at once. While none can, spans stay in the tracer's
/// queues, where its own policy says what happens to them.
ORCAST_DECL bool span_exporter::wants_more() const noexcept {
  for (const auto& each : routes_) {
    if (each->cursor == next_waiting_ && each->exporter().accepts()) return true;
  }
  return routes_.empty();  // then they go nowhere, and are counted
}

/// Brings the tracer's next span among those that wait. False when there is none.
ORCAST_DECL bool span_exporter::take_next() {
  if (!postponed_.empty() && !awaits_settings()) {
    for (const orcast::detail::block_index each : postponed_) admit(each);
    postponed_.clear();
    return true;
  }
  const orcast::detail::block_index taken = tracer_.take();
  if (taken == orcast::detail::no_block) return false;
  if (awaits_settings() && ended_ns(*tracer_.ring().head_of(taken)) >= settings_since_ns_) {
    postponed_.push_back(taken);
  } else {
    admit(taken);
  }
  return true;
}

/// Lets a span wait for the routes that it is for.
ORCAST_DECL void span_exporter::admit(orcast::detail::block_index taken) {
  const orcast::detail::span_head& head = *tracer_.ring().head_of(taken);
  const std::uint32_t wanted = routes_for(head);
  if (wanted == 0) {
    tracer_.give_back(taken);
    tracer_.dropped(drop_reason::filtered);
    return;
  }
  std::uint16_t count = 0;
  for (std::uint32_t bits = wanted; bits != 0; bits &= bits - 1) ++count;
  waiting_blocks_ += head.blocks;
  waiting(next_waiting_++) = {taken, ends_.begin(count), wanted};
}

/// Any thread, after expect_no_change() and not at the same time.
ORCAST_DECL void span_exporter::expect_change(std::int64_t since_ns) noexcept {
  settings_since_ns_ = since_ns;
  // Release: pairs with awaits_settings().
  awaits_settings_.store(true, std::memory_order_release);
}

ORCAST_DECL void span_exporter::expect_no_change() noexcept {
  // Relaxed: the thread that takes spans stores it.
  awaits_settings_.store(false, std::memory_order_relaxed);
}

ORCAST_DECL std::uint32_t span_exporter::routes_for(
    const orcast::detail::span_head& head) const noexcept {
  std::uint32_t wanted = 0;
  std::uint32_t served = 0;  // destinations that have their route
  const std::int64_t ended = ended_ns(head);
  for (const auto& each : routes_) {
    const std::uint32_t destination = 1u << each->slot;
    if ((served & destination) != 0 || (head.context.left_out & destination) != 0) continue;
    if (ended < each->from_ns || ended >= each->until_ns) continue;
    served |= destination;
    wanted |= each->bit;
  }
  return wanted;
}

/// Gives spans back that no route waits for any more, up to the first that one does.
ORCAST_DECL void span_exporter::forget_front() noexcept {
  while (first_waiting_ != next_waiting_ && waiting(first_waiting_).routes == 0) {
    const orcast::detail::block_index done = waiting(first_waiting_++).block;
    waiting_blocks_ -= tracer_.ring().head_of(done)->blocks;
    tracer_.give_back(done);
  }
}

/// While others go on, a route that is behind loses its oldest spans rather than all memory. The
/// newest may always wait: it may be the next one for all of them.
ORCAST_DECL void span_exporter::make_room() noexcept {
  while (waiting_blocks_ > tracer_.ring().block_count() / 2 && next_waiting_ - first_waiting_ > 1) {
    waiting_span& oldest = waiting(first_waiting_);
    for (const auto& each : routes_) {
      if ((oldest.routes & each->bit) == 0) continue;
      oldest.routes &= ~each->bit;
      each->drop(oldest.ticket, drop_reason::evicted);
    }
    forget_front();
  }
}

ORCAST_DECL void span_exporter::post(perform_function* perform, progress& so_far) {
  so_far.next_ms = exporter::never;
  for (const auto& each : routes_) {
    const exporter::step step = each->exporter().next(now_ms());
    so_far.next_ms = (std::min)(so_far.next_ms, step.until_ms);
    if (!step.post) continue;
    each->prepare(step);
    if (perform == nullptr || routes_.size() > 1) {
      each->exchange = transport_->start(each->request(), each->sink());
      continue;
    }
    (*perform)(*transport_, each->request(), each->sink());
    each->settle(now_ms());
    so_far.next_ms = 0;
  }
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

// ---- orcast/otlp/flush_thread.hpp ----

#if !defined(ORCAST_NO_THREADS)

#include <cstddef>
#include <cstdint>
#include <memory>

// Runs a span_exporter on a thread of its own. Threads that record never wake it: it looks for
// spans by itself, often while there are some and rarely while there are none; flush() and
// shutdown() do wake it. A blocking transport is used on this thread directly.
//
// In a child of fork() the thread does not exist; there everything returns at once, and what the
// object owns is left alone.

namespace orcast {
inline namespace v0 {
namespace otlp {

struct flush_thread_options {
  std::int64_t busy_ms = 10;    ///< between two looks while spans come
  std::int64_t idle_ms = 1000;  ///< at most, after a while without any
  std::size_t stack_bytes = 0;  ///< of the thread, where the system lets one choose; 0: its default
};

class flush_thread {
 public:
  /// The exporter becomes the thread's; no one else may call it then. On failure
  /// (errc::unsupported: the system has no thread to give) it stays with the caller, who can pump
  /// it.
  static result<flush_thread> start(std::unique_ptr<span_exporter>&& exporter,
                                    flush_thread_options options = {});

  flush_thread(flush_thread&&) = default;
  flush_thread& operator=(flush_thread&&) = default;
  /// Shuts down without waiting for answers, then waits for the thread (and so for the transport to
  /// let go of a request, see any_transport).
  ~flush_thread() = default;

  // Any thread but not from inside a callback of the exporter's, where they return false at once.

  /// As span_exporter::flush(); returns by its deadline.
  bool flush(std::int64_t timeout_ms);
  /// As span_exporter::shutdown(); returns by its deadline. False also when the thread was stuck in
  /// a transport that did not heed the cancel; the destructor then waits for it.
  bool shutdown(std::int64_t timeout_ms);

  /// Any thread: keys or settings have changed.
  void retry_held();
  /// Any thread: as span_exporter::replace() and retire(), at the thread's next look; "before" is
  /// before this call. While too many earlier settings are in use it waits for them.
  void replace(std::size_t number, destination to);
  void retire(std::size_t number);

  /// Any thread. At most one look old.
  export_status status() const;
  export_status status(std::size_t number) const;

 private:
  class loop;
  struct loop_deleter {
    void operator()(loop* running) const noexcept;
  };
  explicit flush_thread(loop* running) : loop_(running) {}

  std::unique_ptr<loop, loop_deleter> loop_;
};

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#endif  // ORCAST_NO_THREADS

// ---- orcast/otlp/impl/flush_thread.ipp ----

#if !defined(ORCAST_NO_THREADS)

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// ---- orcast/core/posix_thread.hpp ----

#if !defined(ORCAST_NO_THREADS) && (defined(__unix__) || defined(__APPLE__))

#include <cstddef>
#include <utility>

#include <pthread.h>
#include <signal.h>

// A thread that a library may start in somebody else's program: it takes none of the host's
// signals, and a system that has no thread to give makes start() return false. (std::thread would
// throw, or end a program that is built without exceptions.)

namespace orcast {
inline namespace v0 {

class posix_thread {
 public:
  posix_thread() = default;
  posix_thread(const posix_thread&) = delete;
  posix_thread& operator=(const posix_thread&) = delete;
  ~posix_thread() { ORCAST_ASSERT(!started_); }  // after join()

  /// `stack_bytes` 0 is the system's default.
  bool start(void* (*run)(void*), void* argument, std::size_t stack_bytes) noexcept {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    const bool sized = stack_bytes == 0 || pthread_attr_setstacksize(&attributes, stack_bytes) == 0;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the new thread
    started_ = sized && pthread_create(&thread_, &attributes, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    return started_;
  }

  void join() noexcept {
    if (std::exchange(started_, false)) pthread_join(thread_, nullptr);
  }

 private:
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace v0
}  // namespace orcast

#endif

// The bodies of flush_thread. The exporter belongs to the thread; what other threads want and learn
// goes through a few fields under a mutex, which is never held while a transport is used.

namespace orcast {
inline namespace v0 {
namespace otlp {

class flush_thread::loop {
 public:
  loop(std::unique_ptr<span_exporter>&& exporter, const flush_thread_options& options)
      : options_(options), exporter_(std::move(exporter)) {}

  bool in_child() const noexcept { return process_id() != process_; }

  bool launch() noexcept;
  void join() noexcept;
  std::unique_ptr<span_exporter> take_back() noexcept { return std::move(exporter_); }

  bool flush(std::int64_t timeout_ms);
  bool shutdown(std::int64_t timeout_ms);

  void retry_held() {
    std::lock_guard<std::mutex> lock(mutex_);
    retry_wanted_ = true;
    wake_.notify_one();
  }
  void change(std::size_t number, std::unique_ptr<destination> to) {
    std::lock_guard<std::mutex> lock(mutex_);
    const std::int64_t since_ns = exporter_->now_ns();
    if (changes_.empty()) exporter_->expect_change(since_ns);
    changes_.push_back({number, std::move(to), since_ns});
    wake_.notify_one();
  }
  export_status status() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return status_;
  }
  export_status status(std::size_t number) const {
    std::lock_guard<std::mutex> lock(mutex_);
    return number < each_.size() ? each_[number] : export_status();
  }

 private:
  struct change_of_settings {
    std::size_t number;
    std::unique_ptr<destination> to;  // null: retired
    std::int64_t since_ns;
  };

  using milliseconds = std::chrono::milliseconds;
  static constexpr std::int64_t longest_ms = 86'400'000;

  void run();
  bool carry_out(change_of_settings& next);
  void publish_status();
  span_exporter::progress turn(bool wait_for_network);
  void perform(http::any_transport& transport, const http::request& what,
               http::response_sink& sink);
  std::uint64_t ask(std::int64_t timeout_ms);
  bool called_from_inside() const noexcept { return std::this_thread::get_id() == self_; }

  const flush_thread_options options_;
  std::unique_ptr<span_exporter> exporter_;
  const long process_ = process_id();
#if defined(__unix__) || defined(__APPLE__)
  posix_thread thread_;
#else
  std::thread thread_;
#endif

  mutable std::mutex mutex_;
  std::condition_variable wake_;     // for the thread
  std::condition_variable changed_;  // for those who wait for it
  std::thread::id self_;
  std::uint64_t flush_asked_ = 0;  // flushes are numbered; one serves all that were asked before it
  std::uint64_t flush_done_ = 0;
  std::int64_t flush_until_ms_ = 0;  // the latest deadline among them, by the exporter's clock
  bool flush_ok_ = false;
  bool stop_ = false;        // end when the last flush is done
  bool cancel_now_ = false;  // end
  std::int64_t cancel_ns_ = 0;
  bool retry_wanted_ = false;
  std::vector<change_of_settings> changes_;
  std::string trouble_;  // a change that could not be made
  bool finished_ = false;
  http::exchange_control* control_ = nullptr;  // of the exchange that perform() waits in
  export_status status_;
  std::vector<export_status> each_;  // by destination
};

ORCAST_DECL bool flush_thread::loop::launch() noexcept {
#if defined(__unix__) || defined(__APPLE__)
  const auto entry = [](void* self) -> void* {
    static_cast<loop*>(self)->run();
    return nullptr;
  };
  return thread_.start(entry, this, options_.stack_bytes);
#else
  thread_ = std::thread([this] { run(); });
  return true;
#endif
}

ORCAST_DECL void flush_thread::loop::join() noexcept {
#if defined(__unix__) || defined(__APPLE__)
  thread_.join();
#else
  if (thread_.joinable()) thread_.join();
#endif
}

ORCAST_DECL void flush_thread::loop::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  self_ = std::this_thread::get_id();
  std::uint64_t flushing = 0;  // the flush under way, if it is not done
  std::int64_t wait_ms = options_.busy_ms;
  bool on_its_way = false;
  while (!cancel_now_) {
    if (std::exchange(retry_wanted_, false)) exporter_->retry_held();
    while (!changes_.empty() && carry_out(changes_.front())) {
      changes_.erase(changes_.begin());
      exporter_->expect_no_change();
      if (!changes_.empty()) exporter_->expect_change(changes_.front().since_ns);
    }
    const std::size_t left = changes_.size();
    if (flush_asked_ != flushing) {
      flushing = flush_asked_;
      exporter_->begin_flush();
    }
    lock.unlock();
    const span_exporter::progress made = turn(on_its_way);
    on_its_way = exporter_->in_flight();
    const std::int64_t now_ms = exporter_->now_ms();
    lock.lock();
    publish_status();
    const bool flush_active = flush_done_ != flushing;
    if (flush_active) {
      const bool all = exporter_->flushed();
      const bool hopeless = !on_its_way && made.taken == 0 && made.next_ms > flush_until_ms_;
      if (all || hopeless) {
        flush_done_ = flushing;
        flush_ok_ = all;
        if (flush_done_ == flush_asked_) flush_until_ms_ = 0;
        changed_.notify_all();
      }
    }
    if (stop_ && flush_done_ == flush_asked_) break;
    if (on_its_way || (made.taken != 0 && flush_active)) continue;  // turn() does the waiting
    wait_ms = made.taken != 0 ? options_.busy_ms : (std::min)(2 * wait_ms, options_.idle_ms);
    const std::int64_t due_ms = (std::max)(made.next_ms - now_ms, std::int64_t{0});
    wake_.wait_for(lock, milliseconds((std::min)(wait_ms, due_ms)), [&] {
      return cancel_now_ || retry_wanted_ || changes_.size() != left || flush_asked_ != flushing;
    });
  }
  const std::int64_t until_ns = cancel_now_ ? cancel_ns_ : exporter_->now_ns();
  lock.unlock();
  exporter_->close(until_ns);
  lock.lock();
  publish_status();
  finished_ = true;
  changed_.notify_all();
}

/// Under the lock. False: it must wait.
ORCAST_DECL bool flush_thread::loop::carry_out(change_of_settings& next) {
  if (next.to == nullptr) {
    exporter_->retire(next.number, next.since_ns);
    return true;
  }
  const result<void> made = exporter_->replace(next.number, *next.to, next.since_ns);
  if (!made && made.error().code == errc::busy) return false;
  if (!made) trouble_ = "settings were not changed: " + made.error().message;
  return true;
}

ORCAST_DECL void flush_thread::loop::publish_status() {
  status_ = exporter_->status();
  if (!trouble_.empty()) status_.last_error = trouble_;
  each_.resize(exporter_->destinations());
  for (std::size_t i = 0; i < each_.size(); ++i) each_[i] = exporter_->status(i);
}

/// A blocking transport is used on this thread while there is one destination; several would wait
/// for each other, so their requests go to the transport's workers.
ORCAST_DECL span_exporter::progress flush_thread::loop::turn(bool wait_for_network) {
  constexpr std::int64_t no_deadline = (std::numeric_limits<std::int64_t>::max)();
  const bool blocking = exporter_->transport_->tier() == http::tier::blocking;
  if (wait_for_network || !blocking || exporter_->routes_.size() > 1) {
    exporter_->transport_->poll(wait_for_network ? detail::slice_ms : 0);
    return exporter_->round(no_deadline, nullptr);
  }
  const auto here = [this](http::any_transport& transport, const http::request& what,
                           http::response_sink& sink) { perform(transport, what, sink); };
  span_exporter::perform_function post(here);
  return exporter_->round(no_deadline, &post);
}

ORCAST_DECL void flush_thread::loop::perform(http::any_transport& transport,
                                             const http::request& what, http::response_sink& sink) {
  http::exchange_control control;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    control_ = &control;
    if (cancel_now_) control.cancel();
  }
  transport.perform(what, sink, control);
  std::lock_guard<std::mutex> lock(mutex_);
  control_ = nullptr;
}

/// Under the lock. Returns the number of the flush to wait for.
ORCAST_DECL std::uint64_t flush_thread::loop::ask(std::int64_t timeout_ms) {
  flush_until_ms_ = (std::max)(flush_until_ms_, exporter_->now_ms() + timeout_ms);
  wake_.notify_one();
  return ++flush_asked_;
}

ORCAST_DECL bool flush_thread::loop::flush(std::int64_t timeout_ms) {
  timeout_ms = (std::min)((std::max)(timeout_ms, std::int64_t{0}), longest_ms);
  std::unique_lock<std::mutex> lock(mutex_);
  if (finished_ || stop_) return finished_;
  if (called_from_inside()) return false;
  const std::uint64_t number = ask(timeout_ms);
  const bool done = changed_.wait_for(lock, milliseconds(timeout_ms),
                                      [&] { return flush_done_ >= number || finished_; });
  return done && flush_done_ >= number && flush_ok_;
}

ORCAST_DECL bool flush_thread::loop::shutdown(std::int64_t timeout_ms) {
  timeout_ms = (std::min)((std::max)(timeout_ms, std::int64_t{0}), longest_ms);
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(timeout_ms);
  const std::int64_t kept_back_ms = (std::min)(detail::cancel_ms, timeout_ms / 2);
  std::unique_lock<std::mutex> lock(mutex_);
  const auto over = [this] { return finished_; };
  if (finished_) return true;
  if (called_from_inside()) return false;
  if (!stop_) {
    stop_ = true;
    ask(timeout_ms - kept_back_ms);
  }
  if (!changed_.wait_until(lock, deadline - milliseconds(kept_back_ms), over)) {
    cancel_ns_ = exporter_->now_ns() + kept_back_ms * detail::ns_per_ms;
    cancel_now_ = true;
    wake_.notify_one();
    if (control_ != nullptr) control_->cancel();
    changed_.wait_until(lock, deadline, over);
  }
  return finished_ && flush_ok_ && flush_done_ == flush_asked_;
}

ORCAST_DECL void flush_thread::loop_deleter::operator()(loop* running) const noexcept {
  if (running->in_child()) return;  // its thread, and the locks that it held, are the parent's
  running->shutdown(0);
  running->join();
  delete running;
}

ORCAST_DECL result<flush_thread> flush_thread::start(std::unique_ptr<span_exporter>&& exporter,
                                                     flush_thread_options options) {
  if (exporter == nullptr)
    return failure(errc::invalid_argument, "a flush thread needs an exporter");
  options.busy_ms = (std::max)(options.busy_ms, std::int64_t{1});
  options.idle_ms = (std::max)(options.idle_ms, options.busy_ms);
  auto running = std::make_unique<loop>(std::move(exporter), options);
  if (!running->launch()) {
    exporter = running->take_back();
    return failure(errc::unsupported, "the system gave no thread");
  }
  return flush_thread(running.release());
}

ORCAST_DECL bool flush_thread::flush(std::int64_t timeout_ms) {
  return loop_ != nullptr && !loop_->in_child() && loop_->flush(timeout_ms);
}

ORCAST_DECL bool flush_thread::shutdown(std::int64_t timeout_ms) {
  return loop_ != nullptr && !loop_->in_child() && loop_->shutdown(timeout_ms);
}

ORCAST_DECL void flush_thread::retry_held() {
  if (loop_ != nullptr && !loop_->in_child()) loop_->retry_held();
}

ORCAST_DECL void flush_thread::replace(std::size_t number, destination to) {
  if (loop_ == nullptr || loop_->in_child()) return;
  loop_->change(number, std::make_unique<destination>(std::move(to)));
}

ORCAST_DECL void flush_thread::retire(std::size_t number) {
  if (loop_ != nullptr && !loop_->in_child()) loop_->change(number, nullptr);
}

ORCAST_DECL export_status flush_thread::status() const {
  return loop_ != nullptr && !loop_->in_child() ? loop_->status() : export_status{};
}

ORCAST_DECL export_status flush_thread::status(std::size_t number) const {
  return loop_ != nullptr && !loop_->in_child() ? loop_->status(number) : export_status{};
}

}  // namespace otlp
}  // namespace v0
}  // namespace orcast

#endif  // ORCAST_NO_THREADS

// ---- orcast/broadcast/impl/destination_for.hpp ----

#include <string>
#include <utility>
#include <vector>

// What settings mean to the exporter. Whoever sends to a destination - the broadcast, Test
// Connection - makes it here, so that what was tested is what is used.

namespace orcast {
inline namespace v0 {
namespace detail {

/// `settings` are valid, and stay where they are while the destination is used.
inline otlp::destination destination_for(const broadcast_settings& settings) {
  otlp::destination to;
  to.url = *traces_url(settings);
  to.allow_insecure_http = settings.allow_insecure;
  to.append_headers = [](void* context, std::vector<http::header>& headers) {
    orcast::append_headers(*static_cast<const broadcast_settings*>(context), headers);
  };
  to.compression = settings.compression;
  to.headers_context = const_cast<broadcast_settings*>(&settings);
  // What identifies the sender and its project, in every spelling that Arize reads.
  otlp::encoder_options& made = to.encoding;
  made.format = settings.format;
  made.resource = settings.resource;
  const std::string& project = settings.model_id;
  for (otlp::text_attribute each : {otlp::text_attribute{"service.name", settings.service_name},
                                    otlp::text_attribute{"openinference.project.name", project},
                                    otlp::text_attribute{"arize.project.name", project},
                                    otlp::text_attribute{"model_id", project}}) {
    made.resource.push_back(std::move(each));
  }
  if (!settings.service_version.empty()) {
    made.resource.push_back({"service.version", settings.service_version});
  }
  made.span_attributes = {{"arize.project.name", settings.model_id}};
  return to;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/impl/broadcast.ipp ----

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace orcast {
inline namespace v0 {

namespace detail {

/// A complaint, with the destination's name where there may be several.
inline std::string named(const broadcast_settings& settings, const std::string& complaint) {
  return settings.name == broadcast_settings().name ? complaint : settings.name + ": " + complaint;
}

}  // namespace detail

ORCAST_DECL result<std::unique_ptr<broadcast>> broadcast::start(broadcast_options options,
                                                                http::any_transport transport) {
  std::unique_ptr<broadcast> made(new (std::nothrow) broadcast(std::move(options.settings)));
  if (made == nullptr) return failure(errc::io, "out of memory");
  const result<void> adopted = made->adopt(options);
  if (!adopted) return adopted.error();
  if (made->current_.empty()) return made;
  if (!transport) return failure(errc::invalid_argument, "broadcast needs a transport");

  tracer_options tracing;
  tracing.memory_bytes = options.memory_bytes - made->current_.size() * made->batch_bytes_;
  tracing.full = options.full;
  tracing.max_value_bytes = options.max_value_bytes;
  tracing.max_span_bytes = options.max_span_bytes;
  tracing.wipe = options.wipe;
  tracing.host = options.host;
  result<std::unique_ptr<tracer>> traces = tracer::make(tracing);
  if (!traces) return traces.error();
  made->traces_ = std::move(*traces);
  made->share_out();

  std::vector<otlp::destination> to;
  for (const auto& each : made->current_) to.push_back(made->destination_for(*each));
  auto exporter = otlp::span_exporter::make(*made->traces_, std::move(transport), std::move(to));
  if (!exporter) return exporter.error();
  made->exporter_ = std::move(*exporter);

  if (options.own_thread) {
#if defined(ORCAST_NO_THREADS)
    return failure(errc::unsupported,
                   "this build has no threads: set own_thread to false and call pump()");
#else
    auto thread = otlp::flush_thread::start(std::move(made->exporter_));
    if (!thread) return thread.error();
    made->thread_.reset(new otlp::flush_thread(std::move(*thread)));
#endif
  }
  return made;
}

/// Checks all settings and keeps those of the destinations that are enabled.
ORCAST_DECL result<void> broadcast::adopt(broadcast_options& options) {
  const auto refuse = [](std::string what) {
    return failure(errc::invalid_argument, std::move(what));
  };
  if (options.also.size() >= otlp::span_exporter::most_destinations) {
    return refuse("a broadcast has at most 8 destinations");
  }
  const auto add = [&](broadcast_settings settings) -> result<void> {
    if (!settings.enabled) return {};
    result<void> checked = validate(settings);
    if (!checked) return refuse(detail::named(settings, checked.error().message));
    if (find(settings.name) != none) {
      return refuse("two destinations are called \"" + settings.name + "\": Name tells them apart");
    }
    if (!settings.privacy_mode) in_full_ = true;
    current_.push_back(std::make_unique<const broadcast_settings>(std::move(settings)));
    return {};
  };
  result<void> added = add(settings_.clone());
  for (broadcast_settings& each : options.also) {
    if (added) added = add(std::move(each));
  }
  if (!added || current_.empty()) return added;

  if (options.memory_bytes < 64 * 1024 || options.memory_bytes > std::size_t{64} << 20) {
    return refuse("memory_bytes must be from 64 KiB to 64 MiB");
  }
  // An eighth of the memory holds the body in flight, or a quarter those of several; the rest
  // spans.
  const std::size_t share =
      current_.size() == 1 ? options.memory_bytes / 8 : options.memory_bytes / 4 / current_.size();
  batch_bytes_ = (std::min)(share, std::size_t{512} << 10) / page_bytes * page_bytes;
  if (batch_bytes_ == 0) return refuse("memory_bytes is not enough for that many destinations");
  exporting_ = options.exporting;
  timeout_ms_ = options.timeout_ms;
  return {};
}

ORCAST_DECL otlp::destination broadcast::destination_for(const broadcast_settings& settings) const {
  otlp::destination to = detail::destination_for(settings);
  to.exporting = exporting_;
  to.batch_bytes = batch_bytes_;
  to.timeout_ms = timeout_ms_;
  if (settings.privacy_mode) {
    // Without content in the ring, parameters and errors have been cleaned when they were recorded.
    to.leaves_out_words = in_full_;
    to.leaves_out = in_full_ ? is_or_quotes_content : is_content;
  }
  return to;
}

ORCAST_DECL std::size_t broadcast::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < current_.size(); ++i) {
    if (current_[i]->name == name) return i;
  }
  return none;
}

ORCAST_DECL result<void> broadcast::change(broadcast_settings settings) {
  if (traces_ == nullptr) {
    return failure(
        errc::invalid_argument,
        "a broadcast that was started without a destination has no memory: start another");
  }
  if (settings.enabled) {
    const result<void> checked = validate(settings);
    if (!checked) return checked;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t number = find(settings.name);
  if (number == none && !settings.enabled) return {};
  if (number == none) number = current_.size();
  if (number == otlp::span_exporter::most_destinations) {
    return failure(errc::invalid_argument, "a broadcast has at most 8 destinations");
  }
  auto fresh = std::make_unique<const broadcast_settings>(std::move(settings));
  const bool was_in_full = in_full_;
  if (fresh->enabled && !fresh->privacy_mode) in_full_ = true;

  const auto apply = [this](std::size_t at, const broadcast_settings& by) -> result<void> {
#if !defined(ORCAST_NO_THREADS)
    if (thread_ != nullptr) {
      by.enabled ? thread_->replace(at, destination_for(by)) : thread_->retire(at);
      return {};
    }
#endif
    if (by.enabled) return exporter_->replace(at, destination_for(by));
    exporter_->retire(at);
    return {};
  };
  if (in_full_ != was_in_full) {
    // From now on content is in the ring: who gets none must be kept from its quotes as well.
    for (std::size_t i = 0; i < current_.size(); ++i) {
      if (i == number || !current_[i]->enabled || !current_[i]->privacy_mode) continue;
      const result<void> kept_from = apply(i, *current_[i]);
      if (!kept_from) return kept_from;
    }
  }
  const result<void> applied = apply(number, *fresh);
  if (!applied) return applied;
  if (number == current_.size()) {
    current_.push_back(std::move(fresh));
  } else {
    earlier_.push_back(std::exchange(current_[number], std::move(fresh)));
  }
  share_out();
  return {};
}

/// Tells the tracer what each destination wants.
ORCAST_DECL void broadcast::share_out() noexcept {
  double ratios[otlp::span_exporter::most_destinations] = {};
  for (std::size_t i = 0; i < current_.size(); ++i) {
    ratios[i] = current_[i]->enabled ? current_[i]->sampling_rate : 0.0;
  }
  traces_->share(ratios, current_.size());
}

ORCAST_DECL std::uint8_t broadcast::left_out_by_label(std::string_view label) const noexcept {
  const auto has = [label](const std::vector<std::string>& labels) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  const std::lock_guard<std::mutex> lock(mutex_);
  unsigned mask = 0;
  for (std::size_t i = 0; i < current_.size(); ++i) {
    const broadcast_settings& each = *current_[i];
    const bool wanted = each.only_api_keys.empty() || has(each.only_api_keys);
    if (!wanted || has(each.except_api_keys)) mask |= 1u << i;
  }
  return static_cast<std::uint8_t>(mask);
}

ORCAST_DECL void broadcast::retry() {
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->retry_held();
#endif
  if (exporter_ != nullptr) exporter_->retry_held();
}

ORCAST_DECL broadcast::~broadcast() { shutdown(2'000); }

ORCAST_DECL void broadcast::thread_deleter::operator()(otlp::flush_thread* thread) const noexcept {
#if defined(ORCAST_NO_THREADS)
  static_cast<void>(thread);
#else
  delete thread;
#endif
}

ORCAST_DECL void broadcast::enable(bool on) noexcept {
  if (traces_ != nullptr) traces_->enable(on);
}

// Either the thread has the exporter, or the host pumps it, or there is none.

ORCAST_DECL bool broadcast::pump(std::int64_t budget_ns) {
  return exporter_ != nullptr && exporter_->pump(budget_ns);
}

ORCAST_DECL bool broadcast::flush(std::int64_t timeout_ms) {
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->flush(timeout_ms);
#endif
  return exporter_ == nullptr || exporter_->flush(timeout_ms);
}

ORCAST_DECL bool broadcast::shutdown(std::int64_t timeout_ms) {
  enable(false);  // nobody would take what is recorded from now on
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->shutdown(timeout_ms);
#endif
  return exporter_ == nullptr || exporter_->shutdown(timeout_ms);
}

ORCAST_DECL trace_stats broadcast::stats() const noexcept {
  return traces_ != nullptr ? traces_->stats() : trace_stats();
}

ORCAST_DECL otlp::export_status broadcast::status() const {
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->status();
#endif
  return exporter_ != nullptr ? exporter_->status() : otlp::export_status();
}

ORCAST_DECL otlp::export_status broadcast::status(std::string_view destination) const {
  std::size_t number = none;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    number = find(destination);
  }
  if (number == none) return {};
#if !defined(ORCAST_NO_THREADS)
  if (thread_ != nullptr) return thread_->status(number);
#endif
  return exporter_ != nullptr ? exporter_->status(number) : otlp::export_status();
}

ORCAST_DECL std::vector<std::string> broadcast::destinations() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> names;
  for (const auto& each : current_) names.push_back(each->name);
  return names;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/impl/connection_test.ipp ----

#include <utility>

namespace orcast {
inline namespace v0 {

/// A broadcast in tracing: a tracer with one span, and an exporter that tries once.
struct connection_test::state {
  result<void> prepare(http::any_transport transport, const orcast::host& host);

  broadcast_settings settings;
  std::unique_ptr<tracer> traces;
  std::unique_ptr<otlp::span_exporter> exporter;  // null: nothing was sent
  connection_report seen;
  std::int64_t timeout_ms = 0;
};

namespace detail {

/// The explanations. `reply` is the last one that the exporter had.
class connection_judge {
 public:
  connection_judge(const broadcast_settings& settings, const otlp::exporter::reply& reply,
                   connection_report& to)
      : settings_(settings), reply_(reply), to_(to) {}

  void decide() {
    to_.http_status = reply_.status;
    to_.answer = reply_.message;
    if (reply_.status == 0) return no_answer();
    const int status = reply_.status;
    if (status >= 200 && status < 300) return accepted();
    if (status >= 300 && status < 400) {
      return say(connection_verdict::not_otlp,
                 "whatever answers there redirects elsewhere; spans are not sent after a redirect. "
                 "A login page or a proxy is in between, or Base Url is not the collector's");
    }
    if (status == 407) {
      return say(connection_verdict::not_otlp, "a proxy in between wants to be authorised");
    }
    if (status == 500 && reply_.code == 13) {
      return say(connection_verdict::refused,
                 "Arize says this to a wrong Api Key, to a Space ID that is not the key's, to a "
                 "missing project, and to a key of another region: check Api Key, Space Key and "
                 "Model Id, and whether Base Url is the region of the space (" +
                     region() + ")");
    }
    if (status == 401 || status == 403) {
      return reply_.from_otlp || settings_.kind == destination_kind::otlp
                 ? say(connection_verdict::refused,
                       "the key is not accepted: check Api Key, headers and header provider")
                 : say(connection_verdict::refused,
                       "that is not how Arize refuses a key: a proxy or firewall in between, or "
                       "another service, does not let the request through");
    }
    if (status == 404 || status == 405) {
      return say(connection_verdict::wrong_path,
                 "nothing takes spans at this address: Base Url has the wrong host or path");
    }
    if (status == 415) {
      return say(connection_verdict::not_otlp,
                 "the service does not take this format: choose the other one (Phoenix takes "
                 "protobuf only), or put an OpenTelemetry collector in between");
    }
    if (status == 429 || status == 502 || status == 503 || status == 504) {
      return say(connection_verdict::busy,
                 "the service, or a proxy before it, is overloaded; the settings may be right. Try "
                 "again in a moment");
    }
    if (status >= 500) return say(connection_verdict::failing, "the service itself has trouble");
    say(connection_verdict::not_otlp,
        "the service did not understand a well-formed request: it is "
        "no OTLP endpoint, or something in between changes requests");
  }

 private:
  void accepted() {
    if (settings_.kind == destination_kind::arize && is_v1(to_.url)) {
      return say(connection_verdict::wrong_path,
                 "but Arize answers 200 at /v1 and throws the spans away: the path is /v1/traces");
    }
    if (!reply_.from_otlp) {
      return say(connection_verdict::not_otlp,
                 "but the answer is not one that a collector gives: a web page, a proxy or another "
                 "service answers at this address");
    }
    if (settings_.kind != destination_kind::arize) {
      return say(connection_verdict::accepted,
                 "the endpoint took the span. Look for the trace " + to_.trace_id);
    }
    say(connection_verdict::accepted,
        "the span was taken. That is no proof that it is kept: Arize says the same to some wrong "
        "spaces. Look in the project \"" +
            settings_.model_id + "\" for \"" + std::string(connection_test::span_name) +
            "\", trace " + to_.trace_id +
            "; it takes about half a minute. If it does not come, Space Key is not the Space ID of "
            "the space that you look at");
  }

  void no_answer() {
    switch (reply_.failed) {
      case errc::trust_store:
        return say(connection_verdict::tls,
                   "there are no certificate authorities to check the service against: give the "
                   "transport a file of them");
      case errc::tls:
        return say(connection_verdict::tls,
                   "the service could not be trusted. If a proxy inspects TLS here, the transport "
                   "must be given its certificate authority; otherwise check the host in Base Url "
                   "and the clock of this machine");
      case errc::resolve:
        return say(connection_verdict::unreachable,
                   "the host has no address: check Base Url, and whether this machine has a "
                   "network or needs a proxy");
      case errc::timeout_connect:
      case errc::connect:
        return say(connection_verdict::unreachable,
                   "no connection: check host and port in Base Url; a firewall may want a proxy");
      case errc::timeout_first_byte:
      case errc::timeout_idle:
      case errc::timeout_total:
        return say(connection_verdict::unreachable,
                   "connected, but no answer came in time: a proxy that swallows the request, or a "
                   "port that speaks something else (gRPC is 4317, OTLP over HTTP is 4318)");
      case errc::invalid_argument:
      case errc::unsupported:
        return say(connection_verdict::bad_settings, "the request could not be made from them");
      case errc::cancelled:
      case errc::shut_down:
        return say(connection_verdict::unreachable, "the test was broken off");
      default:
        return say(connection_verdict::not_otlp,
                   "what answers does not speak HTTP as agreed: check the port in Base Url, and "
                   "whether it wants https");
    }
  }

  void say(connection_verdict verdict, std::string_view what) {
    to_.verdict = verdict;
    std::string& line = to_.explanation;
    line = reply_.status != 0 ? "HTTP " + std::to_string(reply_.status)
                              : std::string(to_string(reply_.failed));
    if (!to_.answer.empty()) line.append(" (").append(to_.answer).append(")");
    line.append(": ").append(what).append(".");
  }

  static bool is_v1(const std::string& url) {
    const auto parsed = http::url::parse(url, true);
    return parsed && (parsed->target() == "/v1" || parsed->target() == "/v1/");
  }

  std::string region() const {
    const auto parsed = http::url::parse(to_.url, true);
    return parsed ? std::string(parsed->host()) : std::string();
  }

  const broadcast_settings& settings_;
  const otlp::exporter::reply& reply_;
  connection_report& to_;
};

}  // namespace detail

ORCAST_DECL result<void> connection_test::state::prepare(http::any_transport transport,
                                                         const orcast::host& host) {
  const result<void> checked = validate(settings);
  if (!checked) return checked;
  tracer_options tracing;
  tracing.memory_bytes = 64 * 1024;
  tracing.lanes = 1;
  tracing.host = host;
  auto made = tracer::make(tracing);
  if (!made) return made.error();
  traces = std::move(*made);
  otlp::destination to = detail::destination_for(settings);
  to.batch_bytes = 64 * 1024;
  to.timeout_ms = timeout_ms;
  to.exporting.max_attempts = 1;
  to.exporting.delay_ms = 0;
  seen.url = to.url;
  auto sender = otlp::span_exporter::make(*traces, std::move(transport), std::move(to));
  if (!sender) return sender.error();
  exporter = std::move(*sender);

  span sent = traces->start(span_name);
  sent.set(keys::openinference_span_kind, keys::kind_chain);
  sent.set(keys::input_value, "Does this arrive?").set(keys::input_mime_type, "text/plain");
  sent.set(keys::output_value, "It does.").set(keys::output_mime_type, "text/plain");
  sent.set(keys::metadata, R"({"source":"test connection","test":true})");
  sent.status(span_status::ok);
  const auto id = sent.context().trace.hex();
  seen.trace_id.assign(id.data(), id.size());
  return {};
}

ORCAST_DECL connection_test::connection_test(const broadcast_settings& settings,
                                             http::any_transport transport,
                                             const orcast::host& host, std::int64_t timeout_ms)
    : state_(std::make_unique<state>()) {
  state_->settings = settings.clone();
  state_->timeout_ms = timeout_ms;
  const result<void> ready = state_->prepare(std::move(transport), host);
  if (ready) return;
  state_->seen.verdict = connection_verdict::bad_settings;
  state_->seen.explanation = "nothing was sent: " + ready.error().message + ".";
}

ORCAST_DECL connection_test::connection_test(connection_test&&) noexcept = default;
ORCAST_DECL connection_test& connection_test::operator=(connection_test&&) noexcept = default;
ORCAST_DECL connection_test::~connection_test() = default;

ORCAST_DECL const connection_report& connection_test::report() const noexcept {
  return state_->seen;
}

ORCAST_DECL bool connection_test::poll() {
  state& mine = *state_;
  if (mine.seen.verdict != connection_verdict::pending) return true;
  mine.exporter->pump();
  const otlp::export_status now = mine.exporter->status();
  if (!now.held && mine.traces->stats().held() != 0) return false;
  detail::connection_judge(mine.settings, now.last_reply, mine.seen).decide();
  return true;
}

ORCAST_DECL const connection_report& connection_test::wait() {
  state& mine = *state_;
  // The exchange has limits of its own; the second is for what they leave out.
  if (mine.exporter != nullptr) mine.exporter->flush(mine.timeout_ms + 1'000);
  if (poll()) return mine.seen;
  otlp::exporter::reply none;
  none.failed = errc::timeout_total;
  detail::connection_judge(mine.settings, none, mine.seen).decide();
  return mine.seen;
}

ORCAST_DECL connection_report test_connection(const broadcast_settings& settings,
                                              http::any_transport transport,
                                              const orcast::host& host, std::int64_t timeout_ms) {
  connection_test test(settings, std::move(transport), host, timeout_ms);
  return test.wait();
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/impl/environment.ipp ----

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace orcast {
inline namespace v0 {

namespace detail {

/// Reads OTEL_* variables. An empty one counts as not set.
class otel_environment {
 public:
  explicit otel_environment(std::string* complaints) : complaints_(complaints) {}

  void complain(std::string_view name, std::string_view what) {
    if (complaints_ == nullptr) return;
    if (!complaints_->empty()) *complaints_ += ' ';
    complaints_->append(name).append(" ").append(what).append(".");
  }

  /// True for "true" in any case alone; what is neither that nor false is complained of.
  bool flag(const char* name) {
    const std::string_view text = environment(name);
    if (http::same_name(text, "true")) return true;
    if (!text.empty() && !http::same_name(text, "false")) complain(name, "is not true or false");
    return false;
  }

  /// A whole number up to 2^31 - 1; -1 when it is not set or none.
  std::int64_t number(const char* name) {
    const std::string_view text = environment(name);
    if (text.empty()) return -1;
    std::int64_t value = 0;
    for (const char digit : text) {
      if (digit < '0' || digit > '9' || value > (std::numeric_limits<std::int32_t>::max)()) {
        value = (std::numeric_limits<std::int64_t>::max)();
        break;
      }
      value = value * 10 + (digit - '0');
    }
    if (value <= (std::numeric_limits<std::int32_t>::max)()) return value;
    complain(name, "is not a whole number up to 2147483647");
    return -1;
  }

  /// Of two names of one thing the signal's own counts first.
  const char* either(const char* own, const char* general) const {
    return environment(own).empty() ? general : own;
  }

  /// `k=v,k=v`, percent-encoded. One flaw discards all of it.
  std::vector<otlp::text_attribute> pairs(const char* name) {
    std::vector<otlp::text_attribute> read;
    std::string_view rest = environment(name);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view part = trimmed(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      if (part.empty()) continue;
      const std::size_t equals = part.find('=');
      otlp::text_attribute pair;
      if (equals == std::string_view::npos || equals == 0 ||
          !decode(trimmed(part.substr(0, equals)), pair.key) ||
          !decode(trimmed(part.substr(equals + 1)), pair.value)) {
        complain(name, "is not a list of key=value, percent-encoded, and was not used");
        return {};
      }
      read.push_back(std::move(pair));
    }
    return read;
  }

 private:
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
  }
  static bool decode(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      unsigned char byte = static_cast<unsigned char>(text[i]);
      if (byte == '%') {
        if (!from_hex(text.substr(i + 1, 2), &byte, 1)) return false;
        i += 2;
      }
      if (byte < 0x20 || byte == 0x7f) return false;
      out += static_cast<char>(byte);
    }
    return true;
  }

  std::string* complaints_;
};

/// The share of the traces that OTEL_TRACES_SAMPLER asks for.
inline double sampling_from(otel_environment& in) {
  const std::string_view sampler = environment("OTEL_TRACES_SAMPLER");
  const auto is = [&sampler](std::string_view name, std::string_view based) {
    return http::same_name(sampler, name) || http::same_name(sampler, based);
  };
  if (sampler.empty() || is("always_on", "parentbased_always_on")) return 1.0;
  if (is("always_off", "parentbased_always_off")) return 0.0;
  if (!is("traceidratio", "parentbased_traceidratio")) {
    in.complain("OTEL_TRACES_SAMPLER", "names a sampler that orcast does not have");
    return 1.0;
  }
  const std::string text(environment("OTEL_TRACES_SAMPLER_ARG"));
  if (text.empty()) return 1.0;
  char* end = nullptr;
  const double ratio = std::strtod(text.c_str(), &end);
  if (*end == '\0' && ratio >= 0.0 && ratio <= 1.0) return ratio;
  in.complain("OTEL_TRACES_SAMPLER_ARG", "is not a number from 0 to 1");
  return 1.0;
}

/// The destination that OTEL_EXPORTER_OTLP_* name. False when they name none.
inline bool otel_destination(otel_environment& in, broadcast_settings& to) {
  const std::string_view exporter = environment("OTEL_TRACES_EXPORTER");
  if (http::same_name(exporter, "none")) return false;
  if (!exporter.empty() && !http::same_name(exporter, "otlp")) {
    in.complain("OTEL_TRACES_EXPORTER", "names an exporter that orcast does not have");
  }
  const std::string_view own = environment("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const std::string_view base = environment("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (own.empty() && base.empty()) return false;
  to.name = "otel";
  to.kind = destination_kind::otlp;
  to.allow_insecure = true;  // the specification's own default is http
  to.exact_url = true;
  to.base_url = own.empty() ? base : own;
  if (own.empty()) {
    to.base_url += to.base_url.back() == '/' ? "v1/traces" : "/v1/traces";
  } else if (const auto parsed = http::url::parse(to.base_url, true)) {
    if (parsed->target() == "/" && to.base_url.back() != '/') to.base_url += '/';
  }

  for (const otlp::text_attribute& line :
       in.pairs(in.either("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"))) {
    to.headers.push_back({line.key, line.value, true});
  }
  const char* const protocol =
      in.either("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
  const std::string_view wanted = environment(protocol);
  if (http::same_name(wanted, "http/protobuf")) {
    to.format = otlp::format::protobuf;
  } else if (!wanted.empty() && !http::same_name(wanted, "http/json")) {
    in.complain(protocol, "is neither http/json nor http/protobuf");
  }
  const char* const compression =
      in.either("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION");
  if (!environment(compression).empty() && !http::same_name(environment(compression), "none")) {
    in.complain(compression, "can't be met from here: set broadcast_settings.compression");
  }
  for (const char* name :
       {"OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE"}) {
    if (!environment(name).empty()) in.complain(name, "is for the transport's own options");
  }
  return true;
}

/// What OTEL_* say of the whole broadcast.
inline void otel_options(otel_environment& in, broadcast_options& to) {
  const std::int64_t timeout =
      in.number(in.either("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"));
  if (timeout >= 0) to.timeout_ms = timeout == 0 ? 86'400'000 : timeout;  // 0: no limit
  const std::int64_t delay = in.number("OTEL_BSP_SCHEDULE_DELAY");
  if (delay >= 0) to.exporting.delay_ms = delay;
  const std::int64_t batch = in.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE");
  if (batch > 0) to.exporting.batch_spans = static_cast<std::uint32_t>(batch);
  if (batch == 0) in.complain("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "must be more than 0");
  const std::int64_t length = in.number(
      in.either("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"));
  constexpr std::int64_t longest = 16'777'000;
  if (length > 0) to.max_value_bytes = static_cast<std::uint32_t>((std::min)(length, longest));
}

}  // namespace detail

ORCAST_DECL broadcast_options options_from_environment(std::string* complaints) {
  detail::otel_environment in(complaints);
  broadcast_options made;
  made.settings = broadcast_settings::from_environment();
  // Arize, or Phoenix.
  const bool named = !made.settings.api_key.empty() || !made.settings.space_key.empty() ||
                     made.settings.kind == destination_kind::otlp;
  if (!environment("OTEL_CONFIG_FILE").empty()) {
    in.complain("OTEL_CONFIG_FILE", "is not read, and no other OTEL_ variable beside it");
    return made;
  }
  broadcast_settings otel;
  otel.model_id = made.settings.model_id;
  if (detail::otel_destination(in, otel)) {
    if (named) {
      made.also.push_back(std::move(otel));
    } else {
      made.settings = std::move(otel);
    }
  }
  detail::otel_options(in, made);

  std::string service(environment("OTEL_SERVICE_NAME"));
  const std::vector<otlp::text_attribute> resource = in.pairs("OTEL_RESOURCE_ATTRIBUTES");
  for (const otlp::text_attribute& each : resource) {
    if (each.key == "service.name" && service.empty()) service = each.value;
  }
  const double share = detail::sampling_from(in);
  const bool off = in.flag("OTEL_SDK_DISABLED") || share == 0;
  const auto finish = [&](broadcast_settings& to) {
    if (!service.empty()) to.service_name = service;
    for (const otlp::text_attribute& each : resource) {
      if (each.key != "service.name") to.resource.push_back(each);
    }
    to.sampling_rate = (std::max)(share, 0.0001);
    if (off) to.enabled = false;
  };
  finish(made.settings);
  for (broadcast_settings& each : made.also) finish(each);
  return made;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/impl/settings_file.ipp ----

#include <utility>

namespace orcast {
inline namespace v0 {

namespace detail {

/// A member's name without what people write differently: "Api Key", "apiKey", "api_key".
inline std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return plain;
}

/// Reads the members of a settings file. After the first mistake it only remembers that one.
class settings_reader {
 public:
  void read_file(json_view root, settings_file& to) {
    if (!root.is_object()) return wrong("the file", "must be an object");
    bool listed = false;
    for (const json_view member : root) {
      const std::string name = plain_name(member.key());
      if (name == "openrouterapikey") {
        std::string key;
        text(member, "openrouter_api_key", key);
        to.openrouter_api_key = secret(key);
        wipe(key.data(), key.size());
      } else if (name == "destinations") {
        listed = true;
        if (!member.is_array()) return wrong("destinations", "must be a list");
        for (const json_view each : member) {
          const std::string at = "destinations[" + std::to_string(to.destinations.size()) + "].";
          if (!each.is_object()) return wrong(at.substr(0, at.size() - 1), "must be an object");
          to.destinations.emplace_back();
          read_destination(each, at, to.destinations.back());
        }
      }
    }
    broadcast_settings alone;
    bool any = false;
    for (const json_view member : root) {
      const std::string name = plain_name(member.key());
      if (name == "openrouterapikey" || name == "destinations") continue;
      if (listed) return wrong(std::string(member.key()), "is not a setting of the whole file");
      any = true;
      read_member(member, {}, alone);
    }
    if (any) to.destinations.push_back(std::move(alone));
  }

  const std::string& mistake() const noexcept { return mistake_; }

 private:
  void read_destination(json_view from, const std::string& at, broadcast_settings& to) {
    for (const json_view member : from) read_member(member, at, to);
  }

  void read_member(json_view member, const std::string& at, broadcast_settings& to) {
    const std::string label = at + std::string(member.key());
    const std::string name = plain_name(member.key());
    if (name == "config" &&
        member.is_object()) {  // as OpenRouter's own list of destinations has it
      read_destination(member, label + ".", to);
    } else if (name == "name") {
      text(member, label, to.name);
    } else if (name == "kind" || name == "type") {
      kind(member, label, to);
    } else if (name == "enabled") {
      flag(member, label, to.enabled);
    } else if (name == "apikey") {
      std::string key;
      text(member, label, key);
      to.api_key = secret(key);
      wipe(key.data(), key.size());
    } else if (name == "spacekey" || name == "spaceid") {
      text(member, label, to.space_key);
    } else if (name == "modelid" || name == "projectname") {
      text(member, label, to.model_id);
    } else if (name == "baseurl" || name == "endpoint") {
      text(member, label, to.base_url);
    } else if (name == "exacturl") {
      flag(member, label, to.exact_url);
    } else if (name == "headers") {
      headers(member, label, to.headers);
    } else if (name == "privacymode") {
      flag(member, label, to.privacy_mode);
    } else if (name == "onlyapikeys") {
      texts(member, label, to.only_api_keys);
    } else if (name == "exceptapikeys") {
      texts(member, label, to.except_api_keys);
    } else if (name == "samplingrate") {
      number(member, label, to.sampling_rate);
    } else if (name == "servicename") {
      text(member, label, to.service_name);
    } else if (name == "serviceversion") {
      text(member, label, to.service_version);
    } else if (name == "resource") {
      resource(member, label, to.resource);
    } else if (name == "companions") {
      flag(member, label, to.companions);
    } else if (name == "format") {
      format(member, label, to.format);
    } else if (name == "allowinsecure") {
      flag(member, label, to.allow_insecure);
    } else {
      wrong(label, "is not a setting");
    }
  }

  void wrong(std::string_view where, std::string_view what) {
    if (mistake_.empty()) mistake_.append(where).append(" ").append(what);
  }
  void text(json_view value, std::string_view label, std::string& to) {
    if (value.kind() == json_kind::null) return;
    if (value.kind() != json_kind::string) return wrong(label, "must be a text");
    to = value.text();
  }
  void flag(json_view value, std::string_view label, bool& to) {
    if (value.kind() != json_kind::boolean) return wrong(label, "must be true or false");
    to = value.boolean();
  }
  void number(json_view value, std::string_view label, double& to) {
    if (value.kind() != json_kind::integer && value.kind() != json_kind::real) {
      return wrong(label, "must be a number");
    }
    to = value.real();
  }
  void kind(json_view value, std::string_view label, broadcast_settings& to) {
    const std::string name = plain_name(value.text());
    if (name == "arize") {
      to.kind = destination_kind::arize;
    } else if (name == "otlp" || name == "otelcollector") {
      to.kind = destination_kind::otlp;
    } else if (name == "phoenix") {
      to.kind = destination_kind::otlp;
      to.format = otlp::format::protobuf;  // it takes no other
    } else {
      wrong(label, "must be \"arize\", \"phoenix\" or \"otlp\"");
    }
  }
  void format(json_view value, std::string_view label, otlp::format& to) {
    const std::string name = plain_name(value.text());
    if (name != "json" && name != "protobuf")
      return wrong(label, "must be \"json\" or \"protobuf\"");
    to = name == "json" ? otlp::format::json : otlp::format::protobuf;
  }
  void texts(json_view value, std::string_view label, std::vector<std::string>& to) {
    if (!value.is_array()) return wrong(label, "must be a list of texts");
    for (const json_view each : value) {
      if (each.kind() != json_kind::string) return wrong(label, "must be a list of texts");
      to.emplace_back(each.text());
    }
  }
  void resource(json_view value, std::string_view label, std::vector<otlp::text_attribute>& to) {
    if (!value.is_object()) return wrong(label, "must be an object of texts");
    for (const json_view each : value) {
      if (each.kind() != json_kind::string) return wrong(label, "must be an object of texts");
      to.push_back({std::string(each.key()), std::string(each.text())});
    }
  }
  void headers(json_view value, std::string_view label, std::vector<http::header>& to) {
    if (value.kind() == json_kind::null) return;
    if (!value.is_object()) return wrong(label, "must be an object of texts");
    for (const json_view line : value) {
      if (line.kind() != json_kind::string) return wrong(label, "must be an object of texts");
      // Any of them may be a key, so all are treated as one.
      to.push_back({std::string(line.key()), std::string(line.text()), true});
    }
  }

  std::string mistake_;
};

inline void append_destination(std::string& out, const broadcast_settings& from) {
  out += "    ";
  object_writer to(out);
  const broadcast_settings usual;
  const auto flag = [&to](std::string_view name, bool value, bool default_value) {
    if (value != default_value) to.json(name, value ? "true" : "false");
  };
  to.text("name", from.name);
  to.text("kind", from.kind == destination_kind::arize ? "arize" : "otlp");
  to.json("enabled", from.enabled ? "true" : "false");
  to.text_if("api_key", from.api_key.reveal());
  to.text_if("space_key", from.space_key);
  to.text("model_id", from.model_id);
  to.text_if("base_url", from.base_url);
  flag("exact_url", from.exact_url, usual.exact_url);
  if (!from.headers.empty()) {
    object_writer lines(to.key("headers"));
    for (const http::header& line : from.headers) lines.text(line.name, line.value);
    lines.close();
  }
  to.json("privacy_mode", from.privacy_mode ? "true" : "false");
  const auto texts = [&to](std::string_view name, const std::vector<std::string>& all) {
    if (all.empty()) return;
    std::string& list = to.key(name);
    for (const std::string& each : all) {
      list += &each == all.data() ? '[' : ',';
      append_json_string(list, each);
    }
    list += ']';
  };
  texts("only_api_keys", from.only_api_keys);
  texts("except_api_keys", from.except_api_keys);
  append_number(to.key("sampling_rate"), from.sampling_rate);
  to.text("service_name", from.service_name);
  to.text_if("service_version", from.service_version);
  if (!from.resource.empty()) {
    object_writer all(to.key("resource"));
    for (const otlp::text_attribute& each : from.resource) all.text(each.key, each.value);
    all.close();
  }
  flag("companions", from.companions, usual.companions);
  if (from.format == otlp::format::protobuf) to.text("format", "protobuf");
  flag("allow_insecure", from.allow_insecure, usual.allow_insecure);
  to.close();
}

}  // namespace detail

ORCAST_DECL result<settings_file> parse_settings(std::string_view json) {
  detail::json_reader reader(detail::json_manners::exact);
  if (!reader.parse(json)) {
    return failure(errc::invalid_argument, "the settings are not JSON (in UTF-8)");
  }
  settings_file made;
  detail::settings_reader in;
  in.read_file(reader.root(), made);
  if (!in.mistake().empty()) return failure(errc::invalid_argument, "settings: " + in.mistake());
  return made;
}

ORCAST_DECL result<settings_file> read_settings(const std::string& path) {
  result<std::string> json = read_file(path, std::size_t{1} << 20);
  if (!json) return json.error();
  result<settings_file> made = parse_settings(*json);
  wipe(json->data(), json->size());
  if (!made) made.error().message.insert(0, path + ": ");
  return made;
}

ORCAST_DECL std::string settings_json(const settings_file& settings) {
  std::string out = "{\n";
  if (!settings.openrouter_api_key.empty()) {
    out += "  \"openrouter_api_key\": ";
    detail::append_json_string(out, settings.openrouter_api_key.reveal());
    out += ",\n";
  }
  out += "  \"destinations\": [";
  for (const broadcast_settings& each : settings.destinations) {
    out += &each == settings.destinations.data() ? "\n" : ",\n";
    detail::append_destination(out, each);
  }
  out += settings.destinations.empty() ? "]\n}\n" : "\n  ]\n}\n";
  return out;
}

ORCAST_DECL result<void> write_settings(const std::string& path, const settings_file& settings) {
  std::string json = settings_json(settings);
  const result<void> written = write_private_file(path, json);
  wipe(json.data(), json.size());
  return written;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/broadcast/impl/settings_draft.ipp ----

#include <algorithm>
#include <utility>

namespace orcast {
inline namespace v0 {

ORCAST_DECL result<settings_draft> settings_draft::open(std::string path) {
  settings_file settings;
  if (file_exists(path)) {
    result<settings_file> read = read_settings(path);
    if (!read) return read.error();
    settings = std::move(*read);
  }
  return settings_draft(std::move(path), std::move(settings));
}

/// Of all that a file says of it, the key included.
ORCAST_DECL settings_draft::fingerprint settings_draft::fingerprint_of(
    const broadcast_settings& settings) {
  std::string text;
  detail::append_destination(text, settings);
  const fingerprint made = sha256(text);
  wipe(text.data(), text.size());
  return made;
}

ORCAST_DECL void settings_draft::begin_test(std::size_t destination,
                                            http::any_transport transport) {
  if (destination >= settings_.destinations.size()) {
    running_.reset();
    last_.verdict = connection_verdict::bad_settings;
    last_.explanation = "nothing was sent: there is no such destination.";
    return;
  }
  const broadcast_settings& chosen = settings_.destinations[destination];
  under_test_ = fingerprint_of(chosen);
  running_ = std::make_unique<connection_test>(chosen, std::move(transport));
}

ORCAST_DECL bool settings_draft::poll_test() {
  if (running_ != nullptr && !running_->poll()) return false;
  note_result();
  return true;
}

ORCAST_DECL const connection_report& settings_draft::test(std::size_t destination,
                                                          http::any_transport transport) {
  begin_test(destination, std::move(transport));
  if (running_ != nullptr) running_->wait();
  note_result();
  return report();
}

/// Also lets go of the transport: it may be one that was lent for this test.
ORCAST_DECL void settings_draft::note_result() {
  if (running_ == nullptr) return;
  last_ = running_->report();
  running_.reset();
  if (last_.passed()) passed_.push_back(under_test_);
}

ORCAST_DECL const connection_report& settings_draft::report() const noexcept {
  return running_ != nullptr ? running_->report() : last_;
}

ORCAST_DECL bool settings_draft::tested(std::size_t destination) const {
  if (destination >= settings_.destinations.size()) return false;
  const fingerprint now = fingerprint_of(settings_.destinations[destination]);
  return std::find(passed_.begin(), passed_.end(), now) != passed_.end();
}

ORCAST_DECL result<void> settings_draft::save(bool untested) const {
  for (std::size_t i = 0; i < settings_.destinations.size(); ++i) {
    const broadcast_settings& each = settings_.destinations[i];
    if (!each.enabled) continue;
    const result<void> valid = validate(each);
    if (!valid) return failure(errc::invalid_argument, each.name + ": " + valid.error().message);
    if (!untested && !tested(i)) {
      return failure(errc::invalid_argument, each.name +
                                                 ": its connection has not passed a test since it "
                                                 "was changed; test it, or save it untested");
    }
  }
  return write_settings(path_, settings_);
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/http/detail/fake_exchange.hpp ----

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

// One exchange of a fake transport: a small machine that runs through its reply. The tiers differ
// only in who calls it, and in what they do when it can't go on.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

class fake_exchange {
 public:
  fake_exchange(exchange_id name, const request& asked, response_sink& answered, fake_reply script)
      : id(name), what(asked), sink(answered), reply_(std::move(script)) {}

  enum class progress : unsigned char { over, paused, waiting, next_poll };

  /// Goes as far as it can, and says why it stopped. One thread at a time.
  progress advance() {
    for (;;) {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (cancelled_) return end(failure(errc::cancelled, "cancelled"));
        if (paused_) return progress::paused;
        resumed_ = false;
      }
      if (at_ == reply_.steps().size()) {
        if (has_head_) return end({});
        return end(failure(errc::protocol, "the script ended without a head()"));
      }
      const fake_reply::step& step = reply_.steps()[at_];
      switch (step.what) {
        case fake_reply::action::head:
          give_head(step);
          break;
        case fake_reply::action::data:
          received_ += step.bytes.size();
          if (received_ > what.response.body_bytes)
            return end(failure(errc::too_large, "the response's body is too large"));
          if (!give_data(step)) return end(failure(errc::cancelled, "stopped by the sink"));
          break;
        case fake_reply::action::hold: {
          std::lock_guard<std::mutex> lock(mutex_);
          if (released_ == 0) return progress::waiting;
          --released_;
          break;
        }
        case fake_reply::action::next_poll:
          ++at_;
          return progress::next_poll;
        case fake_reply::action::fail:
          return end(failure(step.code, step.bytes));
        case fake_reply::action::never:
          return progress::waiting;
      }
      ++at_;
    }
  }

  // Any thread.

  void cancel() noexcept {
    change([this] { cancelled_ = true; });
  }
  void release() noexcept {
    change([this] { ++released_; });
  }
  void resume() noexcept {
    change([this] {
      paused_ = false;
      resumed_ = true;
    });
  }
  /// Waits for cancel(), release() or resume(), unless one came since the last call.
  void wait() noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return change_seen_; });
    change_seen_ = false;
  }

  const exchange_id id;
  const request& what;
  response_sink& sink;
  result<void> outcome;

 private:
  void give_head(const fake_reply::step& step) noexcept {
    std::vector<header_view> views;
    for (const header& line : step.headers) views.push_back({line.name, line.value});
    response_head head;
    head.status = step.status;
    head.headers = views.data();
    head.header_count = views.size();
    has_head_ = true;
    sink.head(head);
  }

  bool give_data(const fake_reply::step& step) noexcept {
    const flow wanted = sink.data(step.bytes);
    std::lock_guard<std::mutex> lock(mutex_);
    // A resume() from another thread may have overtaken the answer that it belongs to.
    paused_ = wanted == flow::pause && !resumed_;
    return wanted != flow::stop;
  }

  progress end(result<void> how) {
    outcome = std::move(how);
    return progress::over;
  }

  template <class Change>
  void change(Change apply) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    apply();
    change_seen_ = true;
    changed_.notify_all();
  }

  const fake_reply reply_;
  std::size_t at_ = 0;
  std::size_t received_ = 0;
  bool has_head_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  unsigned released_ = 0;
  bool cancelled_ = false;
  bool paused_ = false;
  bool resumed_ = false;
  bool change_seen_ = false;
};

}  // namespace detail
}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/http/impl/fake_transport.ipp ----

#include <algorithm>
#include <chrono>

// The bodies of orcast/http/fake_transport.hpp.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

inline std::string joined_body(const request& what) {
  std::string body;
  body.reserve(what.body_size());
  for (std::string_view segment : what.body) body.append(segment);
  return body;
}

ORCAST_DECL fake_base::fake_base() = default;
ORCAST_DECL fake_base::~fake_base() { ORCAST_ASSERT(live_.empty()); }

ORCAST_DECL void fake_base::reply(fake_reply next) {
  std::lock_guard<std::mutex> lock(mutex_);
  replies_.push_back(std::move(next));
}

ORCAST_DECL void fake_base::otherwise(fake_reply always) {
  std::lock_guard<std::mutex> lock(mutex_);
  otherwise_ = std::make_unique<fake_reply>(std::move(always));
}

ORCAST_DECL std::vector<recorded_request> fake_base::requests() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

ORCAST_DECL std::vector<std::string> fake_base::violations() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return violations_;
}

ORCAST_DECL std::size_t fake_base::in_flight() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return live_.size();
}

ORCAST_DECL void fake_base::release(exchange_id id) {
  if (const std::shared_ptr<fake_exchange> exchange = find(id)) exchange->release();
}

ORCAST_DECL void fake_base::release_all() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::shared_ptr<fake_exchange>& exchange : live_) exchange->release();
}

ORCAST_DECL std::shared_ptr<fake_exchange> fake_base::open(const request& what,
                                                           response_sink& sink) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (what.url.empty()) violations_.push_back("a request without a URL");
  for (const std::shared_ptr<fake_exchange>& exchange : live_) {
    if (&exchange->sink == &sink) violations_.push_back("one sink for two exchanges at a time");
  }
  fake_reply script;
  if (!replies_.empty()) {
    script = std::move(replies_.front());
    replies_.erase(replies_.begin());
  } else if (otherwise_ != nullptr) {
    script = *otherwise_;
  } else {
    script.fail(errc::connect, "the fake transport has no reply left");
  }
  const exchange_id id = requests_.size() + 1;
  requests_.push_back({id, what.method, what.url, what.headers, joined_body(what)});
  live_.push_back(std::make_shared<fake_exchange>(id, what, sink, std::move(script)));
  return live_.back();
}

ORCAST_DECL std::shared_ptr<fake_exchange> fake_base::find(exchange_id id) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::shared_ptr<fake_exchange>& exchange : live_) {
    if (exchange->id == id) return exchange;
  }
  return nullptr;
}

ORCAST_DECL void fake_base::close(const std::shared_ptr<fake_exchange>& exchange) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const recorded_request& sent = requests_[static_cast<std::size_t>(exchange->id - 1)];
    const request& now = exchange->what;
    if (now.method != sent.method || now.url != sent.url || joined_body(now) != sent.body) {
      violations_.push_back("a request that changed before done()");
    }
    live_.erase(std::find(live_.begin(), live_.end(), exchange));
  }
  exchange->sink.done(std::move(exchange->outcome));
}

ORCAST_DECL void fake_base::note(std::string violation) {
  std::lock_guard<std::mutex> lock(mutex_);
  violations_.push_back(std::move(violation));
}

}  // namespace detail

ORCAST_DECL std::string_view recorded_request::find(std::string_view name) const noexcept {
  for (const header& line : headers) {
    if (same_name(line.name, name)) return line.value;
  }
  return {};
}

ORCAST_DECL exchange_id fake_transport::start(const request& what, response_sink& sink) {
  return open(what, sink)->id;
}

ORCAST_DECL void fake_transport::cancel(exchange_id id) {
  if (const std::shared_ptr<detail::fake_exchange> exchange = find(id)) exchange->cancel();
}

ORCAST_DECL void fake_transport::resume(exchange_id id) {
  if (const std::shared_ptr<detail::fake_exchange> exchange = find(id)) exchange->resume();
}

ORCAST_DECL void fake_transport::poll(std::int64_t) {
  std::vector<std::shared_ptr<detail::fake_exchange>> now;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!polling_) now = live_;
  }
  if (polling_) return note("poll() from inside poll()");
  polling_ = true;
  for (const std::shared_ptr<detail::fake_exchange>& exchange : now) {
    if (exchange->advance() == detail::fake_exchange::progress::over) close(exchange);
  }
  polling_ = false;
}

ORCAST_DECL void fake_blocking_transport::perform(const request& what, response_sink& sink,
                                                  exchange_control& control) {
  using progress = detail::fake_exchange::progress;
  const std::shared_ptr<detail::fake_exchange> exchange = open(what, sink);
  {
    exchange_control::interrupt_scope scope(
        control, [](void* self) noexcept { static_cast<detail::fake_exchange*>(self)->cancel(); },
        exchange.get());
    for (progress now = exchange->advance(); now != progress::over; now = exchange->advance()) {
      if (now == progress::waiting) exchange->wait();
      if (now == progress::paused && control.wait_for_resume(std::chrono::hours(1)))
        exchange->resume();
    }
  }
  close(exchange);
}

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/api_fields.hpp ----

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the small endpoints have in common: queries in a URL, and objects under "data" whose members
// may be missing, null or of a kind that nobody expects.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Appends text in which only what RFC 3986 leaves unreserved stands for itself, and `also`.
inline void append_encoded(std::string& out, std::string_view text, std::string_view also = {}) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos ||
                       also.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

/// Adds to the query of a path.
class query_writer {
 public:
  explicit query_writer(std::string& path)
      : path_(path), next_(path.find('?') == std::string::npos ? '?' : '&') {}

  std::string& key(std::string_view name) {
    path_ += next_;
    next_ = '&';
    path_.append(name).append("=");
    return path_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) append_encoded(key(name), value);
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    key(name);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) path_ += ',';
      append_encoded(path_, values[i]);
    }
  }
  void number(std::string_view name, const std::optional<std::int64_t>& value) {
    if (value) append_number(key(name), *value);
  }
  void number(std::string_view name, const std::optional<double>& value) {
    if (value && std::isfinite(*value)) append_number(key(name), *value);
  }
  /// What is a query already.
  void rest(std::string_view query) {
    if (query.empty()) return;
    path_ += next_;
    next_ = '&';
    path_.append(query);
  }

 private:
  std::string& path_;
  char next_;
};

/// The body of an answer and what it says, for as long as both live.
class api_document {
 public:
  explicit api_document(std::string_view body) : json_(json_manners::tolerant) {
    if (!json_.parse(body)) {
      wrong_ = "the body of the response is not JSON";
    } else if (!data().is_object() && !data().is_array()) {
      wrong_ = "the body of the response has no data";
    }
  }

  json_view root() const noexcept { return json_.root(); }
  json_view data() const noexcept { return root()["data"]; }
  bool ok() const noexcept { return wrong_ == nullptr; }
  failure error() const { return failure(errc::malformed_response, wrong_); }

 private:
  json_reader json_;
  const char* wrong_ = nullptr;
};

inline std::string read_text(json_view value) {
  std::string text;
  replace_text(text, value);
  return text;
}

inline std::string read_amount(json_view value) {
  std::string price;
  read_price(value, price);
  return price;
}

inline std::optional<double> read_real(json_view value) noexcept {
  return value.is_number() ? std::optional<double>(value.real()) : std::nullopt;
}

inline std::optional<bool> read_flag(json_view value) noexcept {
  return value.is_bool() ? std::optional<bool>(value.boolean()) : std::nullopt;
}

inline std::vector<std::string> read_texts(json_view list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const json_view each : list) {
    if (each.is_string()) texts.push_back(read_text(each));
  }
  return texts;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/account.ipp ----

// The bodies of orcast/openrouter/account.hpp, generation.hpp and providers.hpp.

namespace orcast {
inline namespace v0 {

ORCAST_DECL result<api_request> generation_query::request() const {
  if (id.empty()) {
    return failure(errc::invalid_argument, "generation_query.id is empty: take chat_reply::id");
  }
  api_request made("GET", "/generation?id=");
  detail::append_encoded(made.path, id);
  made.retry.emplace();
  made.retry->on_404 = true;
  made.retry->max_attempts = attempts;
  made.retry->initial_ms = wait_ms;
  made.retry->max_ms = longest_wait_ms;
  made.retry->jitter = 0.1;
  return made;
}

ORCAST_DECL result<generation> generation_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  const detail::json_view from = document.data();
  generation made;
  made.id = detail::read_text(from["id"]);
  made.model = detail::read_text(from["model"]);
  made.provider = detail::read_text(from["provider_name"]);
  made.created_at = detail::read_text(from["created_at"]);
  made.finish_reason = detail::read_text(from["finish_reason"]);
  made.native_finish_reason = detail::read_text(from["native_finish_reason"]);
  made.session_id = detail::read_text(from["session_id"]);
  made.user = detail::read_text(from["external_user"]);
  made.total_cost = detail::read_amount(from["total_cost"]);
  made.upstream_cost = detail::read_amount(from["upstream_inference_cost"]);
  made.cache_discount = detail::read_amount(from["cache_discount"]);
  made.prompt_tokens = detail::read_count(from["tokens_prompt"]);
  made.completion_tokens = detail::read_count(from["tokens_completion"]);
  made.native_prompt_tokens = detail::read_count(from["native_tokens_prompt"]);
  made.native_completion_tokens = detail::read_count(from["native_tokens_completion"]);
  made.native_reasoning_tokens = detail::read_count(from["native_tokens_reasoning"]);
  made.native_cached_tokens = detail::read_count(from["native_tokens_cached"]);
  made.latency_ms = detail::read_real(from["latency"]);
  made.generation_time_ms = detail::read_real(from["generation_time"]);
  made.streamed = detail::read_flag(from["streamed"]);
  made.cancelled = detail::read_flag(from["cancelled"]);
  made.is_byok = detail::read_flag(from["is_byok"]);
  made.json = detail::to_json(from);
  return made;
}

ORCAST_DECL result<api_request> credits_query::request() const {
  return api_request("GET", "/credits");
}

ORCAST_DECL result<credits> credits_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  credits made;
  made.total_credits = detail::read_amount(document.data()["total_credits"]);
  made.total_usage = detail::read_amount(document.data()["total_usage"]);
  return made;
}

ORCAST_DECL result<api_request> key_query::request() const { return api_request("GET", "/key"); }

ORCAST_DECL result<key_info> key_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  const detail::json_view from = document.data();
  key_info made;
  made.label = detail::read_text(from["label"]);
  made.limit = detail::read_amount(from["limit"]);
  made.limit_remaining = detail::read_amount(from["limit_remaining"]);
  made.limit_reset = detail::read_text(from["limit_reset"]);
  made.usage = detail::read_amount(from["usage"]);
  made.usage_daily = detail::read_amount(from["usage_daily"]);
  made.usage_weekly = detail::read_amount(from["usage_weekly"]);
  made.usage_monthly = detail::read_amount(from["usage_monthly"]);
  made.byok_usage = detail::read_amount(from["byok_usage"]);
  made.expires_at = detail::read_text(from["expires_at"]);
  made.is_free_tier = from["is_free_tier"].boolean();
  made.is_management_key = from["is_management_key"].boolean();
  made.json = detail::to_json(from);
  return made;
}

ORCAST_DECL result<api_request> providers_query::request() const {
  return api_request("GET", "/providers");
}

ORCAST_DECL result<std::vector<provider_info>> providers_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  std::vector<provider_info> all;
  for (const detail::json_view each : document.data()) {
    if (!each.is_object()) continue;
    provider_info& made = all.emplace_back();
    made.name = detail::read_text(each["name"]);
    made.slug = detail::read_text(each["slug"]);
    made.headquarters = detail::read_text(each["headquarters"]);
    made.datacenters = detail::read_texts(each["datacenters"]);
    made.privacy_policy_url = detail::read_text(each["privacy_policy_url"]);
    made.terms_of_service_url = detail::read_text(each["terms_of_service_url"]);
    made.status_page_url = detail::read_text(each["status_page_url"]);
  }
  return all;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/client.ipp ----

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

// ---- orcast/http/mailbox.hpp ----

#include <cstddef>
#include <utility>

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif
#if __has_include(<concurrentqueue/concurrentqueue.h>)
#include <concurrentqueue/concurrentqueue.h>
#elif __has_include(<moodycamel/concurrentqueue.h>)
#include <moodycamel/concurrentqueue.h>
#else
#include <concurrentqueue.h>
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")

// Carries completions from the threads of transports to the thread of the host: any thread posts
// without a lock, the host takes. moodycamel::ConcurrentQueue does the work; nothing else in orcast
// includes it. Posts of one thread arrive in their order, posts of several threads in any.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// Few elements and many threads that post now and then: small blocks and a small index for each.
struct mailbox_traits : moodycamel::ConcurrentQueueDefaultTraits {
  static const std::size_t BLOCK_SIZE = 16;
  static const std::size_t IMPLICIT_INITIAL_INDEX_SIZE = 16;
};

}  // namespace detail

/// The box has no limit of its own and needs none: an owner posts a bounded number of elements for
/// each call in flight, and bounds those. So a completion is never dropped for want of room. (The
/// queue's try_enqueue(), which does not allocate, would refuse the 257th element of a thread with
/// these traits even when memory was reserved; it is not used.) Memory grows to the highest number
/// of elements and is kept.
template <class T>
class mailbox {
 public:
  /// Reserves room for about `expected` elements of a few threads.
  explicit mailbox(std::size_t expected = 64) : queue_(expected) {}
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;

  /// Any thread. False, and `element` still whole, only when there is no memory left at all.
  [[nodiscard]] bool post(T&& element) { return queue_.enqueue(std::move(element)); }

  /// The host's thread only. Hands over at most `most` elements, and returns how many; `use` may
  /// post again, and may not take.
  std::size_t take(std::size_t most, function_ref<void(T&)> use) {
    T element{};
    std::size_t taken = 0;
    while (taken < most && queue_.try_dequeue(element)) {
      ++taken;
      use(element);
    }
    return taken;
  }

  /// Any thread; exact when nobody posts or takes.
  std::size_t size() const { return queue_.size_approx(); }

 private:
  moodycamel::ConcurrentQueue<T, detail::mailbox_traits> queue_;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/call_news.hpp ----

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The pieces of one reply on their way from the thread that reads it to the thread that hears of
// it. Pieces of text that follow each other become one. Filled by one side, swapped, emptied by the
// other; memory goes back and forth with it.

namespace orcast {
inline namespace v0 {
namespace detail {

class call_news final : public delta_listener, public byte_listener {
 public:
  bool empty() const noexcept { return next_ == pieces_.size(); }

  void clear() noexcept {
    pieces_.clear();
    text_.clear();
    tools_.clear();
    next_ = next_text_ = next_tool_ = 0;
  }

  void on_first_chunk() noexcept override { pieces_.push_back({kind::first_chunk, 0}); }
  void on_first_token() noexcept override { pieces_.push_back({kind::first_token, 0}); }
  void on_text(std::string_view words) noexcept override { add(kind::text, words); }
  void on_reasoning(std::string_view words) noexcept override { add(kind::reasoning, words); }
  void on_tool_call(const tool_call& call) noexcept override {
    tools_.push_back(call);
    pieces_.push_back({kind::tool, 0});
  }
  void on_data(std::string_view bytes) noexcept override { add(kind::bytes, bytes); }

  /// Hands on the next piece, of which there is one. `text` grows by it; both listeners may be
  /// null.
  void hand_on(delta_listener* listener, byte_listener* taker, std::string& text) {
    const piece next = pieces_[next_++];
    const std::string_view words = std::string_view(text_).substr(next_text_, next.size);
    next_text_ += next.size;
    if (next.what == kind::text) text.append(words);
    const tool_call* const tool = next.what == kind::tool ? &tools_[next_tool_++] : nullptr;
    if (next.what == kind::bytes && taker != nullptr) taker->on_data(words);
    if (listener == nullptr) return;
    switch (next.what) {
      case kind::first_chunk:
        return listener->on_first_chunk();
      case kind::first_token:
        return listener->on_first_token();
      case kind::text:
        return listener->on_text(words);
      case kind::reasoning:
        return listener->on_reasoning(words);
      case kind::tool:
        return listener->on_tool_call(*tool);
      case kind::bytes:
        return;
    }
  }

 private:
  enum class kind : unsigned char { first_chunk, first_token, text, reasoning, tool, bytes };
  struct piece {
    kind what;
    std::size_t size;  // in text_, of text, reasoning and bytes
  };

  void add(kind what, std::string_view words) {
    text_.append(words);
    if (!empty() && pieces_.back().what == what) {
      pieces_.back().size += words.size();
    } else {
      pieces_.push_back({what, words.size()});
    }
  }

  std::vector<piece> pieces_;
  std::string text_;
  std::vector<tool_call> tools_;
  std::size_t next_ = 0;
  std::size_t next_text_ = 0;
  std::size_t next_tool_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/call_entry.hpp ----

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// One call: the sink of its exchanges, and what its handle shows. See client_core.ipp for the
// threads.

namespace orcast {
inline namespace v0 {
namespace detail {

class client_core;
struct call_entry;
using call_ptr = std::shared_ptr<call_entry>;
using call_box = http::mailbox<call_ptr>;

/// What a request is made of while it may still be sent; dropped (and its key wiped) after that.
struct outgoing_call {
  http::request request;
  std::string body;
};

struct call_entry final : http::response_sink, delta_listener, byte_listener {
  call_entry(const recording& record, const reply_limits& limits, const orcast::host& time,
             const http::retry_policy& retries)
      : policy(retries), clock(time), seen(record, limits) {
    seen.listen(static_cast<delta_listener*>(this));
  }

  // The sink: the transport's thread.

  void head(const http::response_head& head) noexcept override {
    std::lock_guard<std::mutex> lock(mutex);
    if (!over) seen.head(head);
  }

  http::flow data(std::string_view bytes) noexcept override {
    std::lock_guard<std::mutex> lock(mutex);
    if (over || verdict) return http::flow::stop;
    if (!seen.data(bytes)) {
      verdict = seen.settle({});
      // A complete answer is not held up by the end of the exchange, and the exchange not cut:
      // the connection can then be used again. Anything else is over, and done() says how.
      if (verdict->ok()) conclude(*verdict);
    }
    if (over || !arriving.empty()) tell(sending);
    return over || !verdict ? http::flow::go : http::flow::stop;
  }

  void done(result<void> ended) noexcept override {
    call_ptr keep;  // outlives the lock
    std::lock_guard<std::mutex> lock(mutex);
    keep = std::move(sending);
    if (on_wire != nullptr) on_wire->fetch_sub(1, std::memory_order_relaxed);  // counts, no more
    if (over) return outgoing.reset();
    if (!verdict) verdict = seen.settle(std::move(ended));
    if (const std::optional<std::int64_t> wait = wait_before_retry()) {
      retry_in(*wait);
    } else {
      conclude(*verdict);
    }
    tell(keep);
  }

  // The listener of the observation: under the lock, from inside head(), data() and done().

  void on_first_chunk() noexcept override {
    if (std::exchange(began, true)) return;  // an attempt before this one had got as far
    tell_all([](delta_listener& each) { each.on_first_chunk(); });
  }
  void on_first_token() noexcept override {
    heard = true;
    tell_all([](delta_listener& each) { each.on_first_token(); });
  }
  void on_text(std::string_view piece) noexcept override {
    heard = true;
    tell_all([piece](delta_listener& each) { each.on_text(piece); });
  }
  void on_reasoning(std::string_view piece) noexcept override {
    heard = true;
    tell_all([piece](delta_listener& each) { each.on_reasoning(piece); });
  }
  void on_tool_call(const tool_call& called) noexcept override {
    heard = true;
    tell_all([&called](delta_listener& each) { each.on_tool_call(called); });
  }
  void on_data(std::string_view bytes) noexcept override {
    heard = true;
    if (at_once_api != nullptr) return at_once_api->on_data(bytes);
    direct_bytes != nullptr ? direct_bytes->on_data(bytes) : arriving.on_data(bytes);
  }
  template <class Tell>
  void tell_all(Tell tell) noexcept {
    if (at_once != nullptr) tell(*at_once);
    tell(direct != nullptr ? *direct : arriving);
  }

  // The rest is called under the lock.

  /// Ends the observation, and with it the span; only the first time counts.
  void conclude(result<void> how) noexcept {
    if (over) return;
    outcome = seen.done(std::move(how), outgoing ? &outgoing->request : nullptr);
    over = true;
    if (sending == nullptr) outgoing.reset();
    if (call_handler* const chat = std::exchange(at_once, nullptr)) {
      chat->on_done(outcome, seen.reply());
    }
    if (api_handler* const api = std::exchange(at_once_api, nullptr)) {
      api->on_done(outcome, seen.api_answer());
    }
  }

  std::optional<std::int64_t> wait_before_retry() const noexcept {
    if (verdict->ok()) return std::nullopt;
    const failure& why = verdict->error();
    // From here on codes are the service's words: it has not answered, and may know that trying
    // again is in vain. Before, an answer was cut, which is paid for whether it is heard or not.
    const bool refused = why.code >= errc::invalid_request;
    if (heard || (refused ? seen.reader().received_content() : seen.received_content())) {
      return std::nullopt;
    }
    const bool patient = policy.on_404 && why.http_status == 404;
    if (refused && !why.retryable && !patient) return std::nullopt;
    std::uint32_t random = 0;
    entropy(clock, &random, sizeof random);
    return http::decide(policy, attempt, why, elapsed_ms(), deadline_ms, random);
  }

  void retry_in(std::int64_t wait_ms) noexcept {
    seen.retry(verdict->error(), wait_ms);
    verdict.reset();
    ++attempt;
    shorten_deadline(wait_ms);
    retry_wait_ms = wait_ms;
    retry_at_ns = clock.steady_ns() + wait_ms * 1'000'000;
    retry = true;
  }

  /// The next exchange, which begins in `wait_ms`, may take what is left of the whole.
  void shorten_deadline(std::int64_t wait_ms) noexcept {
    if (deadline_ms <= 0) return;
    outgoing->request.limits.total_ms =
        (std::max)(deadline_ms - elapsed_ms() - wait_ms, std::int64_t{1});
  }

  std::int64_t elapsed_ms() const noexcept { return (clock.steady_ns() - began_ns) / 1'000'000; }

  /// Lets the thread that delivers know, once until it has looked.
  void tell(const call_ptr& self) noexcept {
    if (box == nullptr) return arrived.notify_all();
    if (!told) told = box->post(call_ptr(self));
  }

  // Set before the first exchange.
  const http::retry_policy policy;
  const orcast::host clock;
  std::int64_t began_ns = 0;
  std::int64_t deadline_ms = 0;                 // of all attempts together; 0: none
  call_box* box = nullptr;                      // of start(): where news is announced
  std::atomic<std::size_t>* on_wire = nullptr;  // of start(): the client's count of exchanges
  delta_listener* direct = nullptr;  // of chat_stream() where the sink is on the caller's thread
  byte_listener* direct_bytes = nullptr;  // the same of call_stream()
  span_context context;
  std::string party;  // takes turns with the others, where calls wait
  call_priority priority = call_priority::normal;
  bool on_arrival = false;

  std::mutex mutex;                 // guards what follows, up to the part of the host's thread
  std::condition_variable arrived;  // where there is no box
  observation seen;
  call_handler* at_once = nullptr;  // of a call whose handler hears on arrival
  api_handler* at_once_api = nullptr;
  call_news arriving;
  call_ptr sending;  // this entry, while an exchange is under way
  std::optional<outgoing_call> outgoing;
  std::optional<result<void>> verdict;  // on the attempt that is ending
  result<void> outcome;                 // with over
  std::int64_t retry_wait_ms = 0;
  std::int64_t retry_at_ns = 0;
  int attempt = 1;
  bool retry = false;  // another attempt is to be started
  bool began = false;  // a chunk has arrived
  bool heard = false;  // a delta has arrived: no more retries
  bool told = false;   // the box holds this entry
  bool over = false;   // the observation has ended; nothing changes any more

  // The host's thread only.
  client_core* core = nullptr;  // null once the client has gone
  call_handler* handler = nullptr;
  api_handler* taker = nullptr;
  call_news delivering;
  std::string text;
  std::optional<failure> ended_by;  // cancel() or the client's end, before the call was done
  http::exchange_id exchange = 0;
  std::int64_t waits_since_ns = 0;  // in the client's line
  std::int64_t waited_ns = 0;       // altogether
  std::size_t place = 0;            // in the client's list
  double first_token_ms = -1;
  int sent = 0;
  call_state state = call_state::waiting;
  bool queued = false;    // in the client's queue
  bool in_line = false;   // waits for its turn to be sent
  bool complete = false;  // `over` was seen: only `delivering` is left
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/fair_queue.hpp ----

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

// Who goes next, among those who wait for one of few places. A higher priority goes first. Within
// one, the parties (sessions, characters) take turns, so that one that asks for a hundred things
// holds up nobody else; what one party asks for keeps its order. The host's thread only.

namespace orcast {
inline namespace v0 {
namespace detail {

template <class T, std::size_t Priorities>
class fair_queue {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// `first`: before what the party already has here.
  void push(std::size_t priority, std::string_view party, T item, bool first = false) {
    std::deque<lane>& level = levels_[priority];
    auto at = find(level, party);
    if (at == level.end()) at = level.insert(level.end(), lane{std::string(party), {}});
    if (first) {
      at->items.push_front(std::move(item));
    } else {
      at->items.push_back(std::move(item));
    }
    ++size_;
  }

  /// The next one; only where there is one.
  T pop() {
    std::size_t priority = Priorities - 1;
    while (levels_[priority].empty()) --priority;
    std::deque<lane>& level = levels_[priority];
    lane turn = std::move(level.front());
    level.pop_front();
    T next = std::move(turn.items.front());
    turn.items.pop_front();
    if (!turn.items.empty()) level.push_back(std::move(turn));
    --size_;
    return next;
  }

  /// Takes out those for which `which` is true, wherever they stand.
  template <class Which>
  void remove_if(Which which) {
    for (std::deque<lane>& level : levels_) {
      for (lane& each : level) {
        const auto rest = std::remove_if(each.items.begin(), each.items.end(), which);
        size_ -= static_cast<std::size_t>(each.items.end() - rest);
        each.items.erase(rest, each.items.end());
      }
      level.erase(std::remove_if(level.begin(), level.end(),
                                 [](const lane& each) { return each.items.empty(); }),
                  level.end());
    }
  }

  void clear() noexcept {
    for (std::deque<lane>& level : levels_) level.clear();
    size_ = 0;
  }

 private:
  struct lane {
    std::string party;
    std::deque<T> items;
  };

  static typename std::deque<lane>::iterator find(std::deque<lane>& level, std::string_view party) {
    return std::find_if(level.begin(), level.end(),
                        [party](const lane& each) { return each.party == party; });
  }

  std::deque<lane> levels_[Priorities];
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/client_core.hpp ----

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What a client consists of. The host's thread only, except chat(). See client_core.ipp for the
// threads.

namespace orcast {
inline namespace v0 {
namespace detail {

class client_core {
 public:
  client_core(client_options options, http::any_transport transport, std::string url,
              std::vector<http::header> headers);

  /// Streamed or in one piece, as `request.stream` says.
  call_ptr start(chat_request request, call_handler* handler, const call_context& context);
  call_ptr start(api_request request, api_handler* handler, const call_context& context);
  /// Several threads at once, unless the transport is a polled one.
  result<chat_reply> chat(chat_request request, delta_listener* pieces,
                          const call_context& context);
  result<api_reply> call(const api_request& request, byte_listener* pieces,
                         const call_context& context);
  void tick(std::int64_t budget_ns);
  void cancel(call_entry& entry);
  void shut_down();
  const recording& record() const noexcept { return options_.record; }
  std::size_t in_flight() const noexcept { return live_.size(); }
  std::size_t in_line() const noexcept { return line_.size(); }

 private:
  enum class delivery : unsigned char { more, nothing, locked };

  call_ptr open(chat_request& request, const call_context& context, bool refused);
  call_ptr open(const api_request& request, const call_context& context, bool refused);
  call_ptr make_entry(const http::retry_policy& retries, const call_context& context);
  /// Settles whether the call can be sent.
  void prepare(call_entry& entry, result<void> composed, bool refused) const;
  result<void> compose(const chat_request& request, const call_context& context,
                       outgoing_call& out) const;
  result<void> compose(const api_request& request, const call_context& context,
                       outgoing_call& out) const;
  result<void> compose_head(std::string_view accept, std::string_view content_type,
                            std::string_view session, const call_context& context,
                            http::request& out) const;
  result<void> authorize(http::request& out) const;
  /// Into the client's care, until it is done.
  void adopt(const call_ptr& entry);
  /// Sends, or lets wait for its turn.
  void send_in_turn(const call_ptr& entry);
  void send_those_in_line();
  void join_line(const call_ptr& entry);
  /// Begins the next attempt.
  void send(const call_ptr& entry);
  /// The same on this thread, until the answer is there and `pieces` has heard all of it.
  void send_and_wait(const call_ptr& entry, delta_listener& pieces, byte_listener& bytes);
  /// All attempts, on this thread.
  void run(const call_ptr& entry, delta_listener* pieces, byte_listener* bytes);
  void wait(std::int64_t wait_ms);

  void start_due_retries();
  void enqueue(const call_ptr& entry);
  void enqueue_for_next_tick(const call_ptr& entry);
  /// Hands on one piece or the end of one call.
  delivery deliver(const call_ptr& entry, bool may_wait);
  /// Brings over what has arrived; false when the transport's thread is at it this moment.
  bool look(const call_ptr& entry, bool may_wait);
  void finish(const call_ptr& entry);

  const client_options options_;
  const std::string base_url_;
  const std::string chat_url_;
  const std::vector<http::header> headers_;
  const orcast::host clock_;
  const std::size_t most_on_wire_;
  call_box box_;
  std::atomic<std::size_t> on_wire_{0};  // exchanges of start() whose sinks have not heard done()
  std::vector<call_ptr> live_;           // every call of start() that is not done
  fair_queue<call_ptr, 3> line_;         // those of them that wait for their turn to be sent
  std::vector<call_ptr> waiting_;        // those of them that will be tried again
  std::deque<call_ptr> queue_;           // those that may have something to deliver, in turn
  std::vector<call_ptr> later_;          // those that join the queue at the next tick
  bool ticking_ = false;
  bool closed_ = false;
  http::any_transport transport_;  // last: when it goes, it waits for sinks that use the rest
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/client_core.ipp ----

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

// ---- orcast/openrouter/impl/request_head.hpp ----

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What goes into the head of a request besides the key: the client's own lines, and those of one
// call, which come instead of the client's of the same name.

namespace orcast {
inline namespace v0 {
namespace detail {

inline void put_header(const http::header& line, std::vector<http::header>& head) {
  for (http::header& each : head) {
    if (!http::same_name(each.name, line.name)) continue;
    if (each.sensitive) wipe(each.value.data(), each.value.size());
    each = line;
    return;
  }
  head.push_back(line);
}

inline void put_header(const char* name, std::string value, std::vector<http::header>& head) {
  put_header(http::header{name, std::move(value), false}, head);
}

inline void put_cache(const response_cache& cache, std::vector<http::header>& head) {
  put_header("X-OpenRouter-Cache", cache.use ? "true" : "false", head);
  if (cache.ttl_s > 0) put_header("X-OpenRouter-Cache-TTL", std::to_string(cache.ttl_s), head);
  if (cache.clear) put_header("X-OpenRouter-Cache-Clear", "true", head);
}

/// What a call adds to the head of its request. Fails, naming the line, where that can't be sent.
inline result<void> put_context(const call_context& context, std::string_view session,
                                std::vector<http::header>& head) {
  if (!session.empty()) put_header("x-session-id", std::string(session), head);
  if (context.cache) put_cache(*context.cache, head);
  for (const http::header& line : context.headers) {
    if (http::same_name(line.name, "authorization")) {
      return failure(errc::invalid_argument,
                     "call_context.headers: Authorization is made of the client's key");
    }
    if (http::is_token(line.name) && http::is_transport_header(line.name)) {
      return failure(errc::invalid_argument,
                     "call_context.headers: " + line.name + " belongs to the transport");
    }
    put_header(line, head);
  }
  for (const http::header& line : head) {
    if (!http::is_token(line.name)) {
      return failure(errc::invalid_argument, "a header name is not an HTTP token");
    }
    if (!http::is_field_value(line.value)) {
      return failure(errc::invalid_argument,
                     "the value of header " + line.name + " contains a control character");
    }
  }
  return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/client_compose.ipp ----

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

// How a client makes a call of a request: its observation begins, its request is put together, and
// what can't be sent ends here.

namespace orcast {
inline namespace v0 {
namespace detail {

inline call_ptr client_core::make_entry(const http::retry_policy& retries,
                                        const call_context& context) {
  const call_ptr entry =
      std::make_shared<call_entry>(options_.record, options_.reply, clock_, retries);
  entry->began_ns = clock_.steady_ns();
  entry->deadline_ms = options_.timeouts.total_ms;
  entry->priority = context.priority;
  entry->on_arrival = context.on_arrival;
  entry->outgoing.emplace();
  return entry;
}

/// The observation begins here, for every call, also for one that is refused at once.
inline call_ptr client_core::open(chat_request& request, const call_context& context,
                                  bool refused) {
  const call_ptr entry = make_entry(options_.retry, context);
  entry->party = request.session_id.empty() ? context.session_id : request.session_id;
  entry->seen.join(request, chat_url_, context);
  result<void> composed = compose(request, context, *entry->outgoing);
  entry->seen.begin(request, entry->outgoing->body, chat_url_, context);
  prepare(*entry, std::move(composed), refused);
  return entry;
}

inline call_ptr client_core::open(const api_request& request, const call_context& context,
                                  bool refused) {
  http::retry_policy retries = request.retry.value_or(options_.retry);
  const bool repeatable = request.method == "GET" || request.method == "HEAD";
  if (!request.retry && !repeatable) retries.on_no_answer = false;
  const call_ptr entry = make_entry(retries, context);
  entry->party = context.session_id;
  result<void> composed = compose(request, context, *entry->outgoing);
  entry->seen.begin(request, entry->outgoing->request.url, context);
  prepare(*entry, std::move(composed), refused);
  return entry;
}

inline void client_core::prepare(call_entry& entry, result<void> composed, bool refused) const {
  entry.context = entry.seen.context();
  if (composed && refused) {
    composed = failure(errc::busy, "more than " + std::to_string(options_.max_calls) +
                                       " calls at a time (client_options.max_calls)");
  }
  if (!composed) return entry.conclude(std::move(composed));
  outgoing_call& out = *entry.outgoing;
  if (!out.body.empty()) out.request.body = {out.body};
  out.request.attached = &entry.seen;
}

inline result<void> client_core::compose(const chat_request& request, const call_context& context,
                                         outgoing_call& out) const {
  out.request.url = chat_url_;
  out.request.response = options_.response;
  result<void> written = validate_chat_request(request, options_.max_request_bytes);
  if (written) written = append_json(request, out.body);
  if (!written) {
    out.body.clear();
    return written;
  }
  const bool own = !request.session_id.empty();  // it is in the body then, which counts for more
  return compose_head(request.stream ? "text/event-stream" : "application/json", "application/json",
                      own ? std::string_view() : context.session_id, context, out.request);
}

inline result<void> client_core::compose(const api_request& request, const call_context& context,
                                         outgoing_call& out) const {
  out.request.method = request.method;
  out.request.url = base_url_ + request.path;
  out.request.response = options_.response;
  if (request.body_bytes != 0) out.request.response.body_bytes = request.body_bytes;
  out.body = request.body;
  if (request.path.empty() || request.path.front() != '/') {
    return failure(errc::invalid_argument, "api_request.path does not begin with \"/\"");
  }
  const std::string_view type = !request.content_type.empty()
                                    ? std::string_view(request.content_type)
                                : request.body.empty() ? std::string_view()
                                                       : "application/json";
  const std::string_view accept =
      request.accept.empty() ? "application/json" : std::string_view(request.accept);
  result<void> composed = compose_head(accept, type, context.session_id, context, out.request);
  if (!composed) return composed;
  const result<http::url> valid = http::validate_request(out.request, options_.allow_insecure_http);
  if (!valid) return failure(errc::invalid_argument, "api_request: " + valid.error().message);
  return {};
}

inline result<void> client_core::compose_head(std::string_view accept,
                                              std::string_view content_type,
                                              std::string_view session, const call_context& context,
                                              http::request& out) const {
  out.limits = options_.timeouts;
  constexpr std::size_t own = 8;  // so that the key, which comes last, is never moved
  out.headers.reserve(headers_.size() + context.headers.size() + own);
  out.headers = headers_;
  if (!content_type.empty()) put_header("Content-Type", std::string(content_type), out.headers);
  put_header("Accept", std::string(accept), out.headers);
  result<void> added = put_context(context, session, out.headers);
  return added ? authorize(out) : added;
}

inline result<void> client_core::authorize(http::request& out) const {
  secret provided;
  if (options_.key_provider != nullptr) {
    provided = options_.key_provider(options_.key_context);
    if (provided.empty()) {
      return failure(errc::authentication, "no API key: client_options.key_provider returned none");
    }
  }
  const std::string_view key =
      options_.key_provider != nullptr ? provided.reveal() : options_.api_key.reveal();
  if (key.empty()) {
    return failure(errc::authentication,
                   "no API key: set OPENROUTER_API_KEY or client_options.api_key");
  }
  if (!http::is_field_value(key)) {
    return failure(errc::authentication, "the API key contains a line break or control character");
  }
  constexpr std::string_view scheme = "Bearer ";
  http::header& line = out.headers.emplace_back();
  line.name = "Authorization";
  line.sensitive = true;
  line.value.reserve(scheme.size() + key.size());
  line.value.append(scheme).append(key);
  return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// How a client works.
//
// Two threads meet in a call: the transport's, which calls the sink (with a polled transport it is
// the host's, inside tick), and the host's, which delivers.
//
//   - The transport's thread parses. It feeds the observation, so that the span's times are those
//     of the bytes' arrival, decides on a retry, ends the span, and leaves pieces and outcome in
//     the entry. The first news since the host's thread has looked goes into the mailbox.
//   - The host's thread takes the mailbox in tick(), swaps the pieces out, and calls handlers; it
//     starts exchanges, first ones and retries.
//   - Each entry has a lock. tick() only tries it: a call that is being parsed this moment is left
//     for the next tick, so that no frame waits for a parser or for a thread that was preempted.
//   - Whoever comes first ends the observation: an exchange that is over, tick() after cancel(), or
//     the client's end. What the sink hears after that, it drops.
//   - A call of start() holds one of `most_on_wire_` places from send() until its sink has heard
//     done(). Who finds none free stands in line, and tick() sends those whose turn it is.
//   - An entry holds itself while an exchange is under way. Handle, client and exchange may
//     therefore end in any order; a handler is forgotten when its handle or the client goes.

namespace orcast {
inline namespace v0 {
namespace detail {

inline client_core::client_core(client_options options, http::any_transport transport,
                                std::string url, std::vector<http::header> headers)
    : options_(std::move(options)),
      base_url_(std::move(url)),
      chat_url_(base_url_ + "/chat/completions"),
      headers_(std::move(headers)),
      clock_(options_.record.traces != nullptr ? options_.record.traces->host() : orcast::host()),
      most_on_wire_(options_.max_concurrent != 0 ? options_.max_concurrent : transport.capacity()),
      transport_(std::move(transport)) {}

inline call_ptr client_core::start(chat_request request, call_handler* handler,
                                   const call_context& context) {
  const call_ptr entry = open(request, context, live_.size() >= options_.max_calls);
  const bool at_once = context.on_arrival && !entry->over;
  (at_once ? entry->at_once : entry->handler) = handler;
  adopt(entry);
  return entry;
}

inline call_ptr client_core::start(api_request request, api_handler* handler,
                                   const call_context& context) {
  const call_ptr entry = open(request, context, live_.size() >= options_.max_calls);
  if (request.stream) entry->seen.listen(static_cast<byte_listener*>(entry.get()));
  const bool at_once = context.on_arrival && !entry->over;
  (at_once ? entry->at_once_api : entry->taker) = handler;
  adopt(entry);
  return entry;
}

inline void client_core::adopt(const call_ptr& entry) {
  entry->core = this;
  entry->box = &box_;
  entry->on_wire = &on_wire_;
  entry->place = live_.size();
  live_.push_back(entry);
  if (entry->over) {
    enqueue_for_next_tick(entry);
  } else {
    send_in_turn(entry);
  }
}

/// Who comes while others wait does not overtake them.
inline void client_core::send_in_turn(const call_ptr& entry) {
  const bool room = on_wire_.load(std::memory_order_relaxed) < most_on_wire_;
  if (room && line_.empty()) return send(entry);
  join_line(entry);
}

inline void client_core::join_line(const call_ptr& entry) {
  entry->in_line = true;
  entry->waits_since_ns = clock_.steady_ns();
  const bool again = entry->sent != 0;
  line_.push(static_cast<std::size_t>(entry->priority), entry->party, entry, again);
}

inline void client_core::send_those_in_line() {
  if (line_.empty()) return;
  const std::int64_t now = clock_.steady_ns();
  line_.remove_if([&](const call_ptr& entry) {
    if (entry->deadline_ms <= 0 || entry->elapsed_ms() < entry->deadline_ms) return false;
    entry->in_line = false;
    entry->ended_by = failure(errc::timeout_total,
                              "the call had no turn in time (client_options.max_concurrent)");
    enqueue(entry);
    return true;
  });
  while (!line_.empty() && on_wire_.load(std::memory_order_relaxed) < most_on_wire_) {
    const call_ptr entry = line_.pop();
    entry->in_line = false;
    entry->waited_ns += now - entry->waits_since_ns;
    {
      std::lock_guard<std::mutex> lock(entry->mutex);
      entry->seen.queued(entry->waited_ns / 1'000'000);
      entry->shorten_deadline(0);
    }
    send(entry);
  }
}

inline void client_core::send(const call_ptr& entry) {
  {
    std::lock_guard<std::mutex> lock(entry->mutex);
    entry->sending = entry;
  }
  ++entry->sent;
  if (entry->on_wire != nullptr) on_wire_.fetch_add(1, std::memory_order_relaxed);
  entry->exchange = transport_.start(entry->outgoing->request, *entry);
}

inline result<chat_reply> client_core::chat(chat_request request, delta_listener* pieces,
                                            const call_context& context) {
  const call_ptr entry = open(request, context, false);
  run(entry, pieces, nullptr);
  if (!entry->outcome) return entry->outcome.error();
  return std::move(entry->seen.reply());
}

inline result<api_reply> client_core::call(const api_request& request, byte_listener* pieces,
                                           const call_context& context) {
  const call_ptr entry = open(request, context, false);
  if (pieces != nullptr) entry->seen.listen(static_cast<byte_listener*>(entry.get()));
  run(entry, nullptr, pieces);
  if (!entry->outcome) return entry->outcome.error();
  return std::move(entry->seen.api_answer());
}

inline void client_core::run(const call_ptr& entry, delta_listener* pieces, byte_listener* bytes) {
  call_news unheard;
  delta_listener& deltas = pieces != nullptr ? *pieces : unheard;
  byte_listener& body = bytes != nullptr ? *bytes : unheard;
  while (!entry->over) {
    send_and_wait(entry, deltas, body);
    if (std::exchange(entry->retry, false)) wait(entry->retry_wait_ms);
  }
}

inline void client_core::send_and_wait(const call_ptr& entry, delta_listener& pieces,
                                       byte_listener& bytes) {
  if (transport_.tier() != http::tier::asynchronous) {
    entry->direct = &pieces;
    entry->direct_bytes = &bytes;
    entry->sending = entry;
    ++entry->sent;
    http::exchange_control control;
    return transport_.perform(entry->outgoing->request, *entry, control);
  }
  send(entry);
  call_news news;
  std::string text;
  std::unique_lock<std::mutex> lock(entry->mutex);
  for (bool over = false; !over;) {
    entry->arrived.wait(
        lock, [&] { return !entry->arriving.empty() || entry->over || entry->sending == nullptr; });
    over = entry->over || entry->sending == nullptr;
    news.clear();
    std::swap(news, entry->arriving);
    lock.unlock();
    while (!news.empty()) news.hand_on(&pieces, &bytes, text);
    lock.lock();
  }
}

/// Waits without <thread>, and goes on driving a polled transport's other calls.
inline void client_core::wait(std::int64_t wait_ms) {
  http::exchange_control nobody;
  const bool polled = transport_.tier() == http::tier::polled;
  while (wait_ms > 0) {
    const std::int64_t slice = polled ? (std::min)(wait_ms, std::int64_t{10}) : wait_ms;
    if (polled) transport_.poll(0);
    static_cast<void>(nobody.wait_for_resume(std::chrono::milliseconds(slice)));
    wait_ms -= slice;
  }
}

inline void client_core::tick(std::int64_t budget_ns) {
  if (ticking_ || closed_) return;
  ticking_ = true;
  const bool all = budget_ns <= 0;
  const std::int64_t until = all ? 0 : clock_.steady_ns() + budget_ns;
  transport_.poll(0);
  box_.take((std::numeric_limits<std::size_t>::max)(), [this](call_ptr& entry) {
    enqueue(entry);
    entry.reset();
  });
  start_due_retries();
  send_those_in_line();
  while (!queue_.empty()) {
    const call_ptr entry = std::move(queue_.front());
    queue_.pop_front();
    entry->queued = false;
    const delivery went = deliver(entry, all);
    if (closed_) break;  // a handler has destroyed the client
    if (went == delivery::more) enqueue(entry);
    if (went == delivery::locked) later_.push_back(entry);
    if (!all && clock_.steady_ns() >= until) break;
  }
  ticking_ = false;
  for (const call_ptr& entry : later_) enqueue(entry);
  later_.clear();
}

inline void client_core::start_due_retries() {
  const std::int64_t now = waiting_.empty() ? 0 : clock_.steady_ns();
  for (std::size_t i = 0; i < waiting_.size();) {
    const call_ptr entry = waiting_[i];
    if (!entry->ended_by && entry->retry_at_ns > now) {
      ++i;
      continue;
    }
    waiting_[i] = std::move(waiting_.back());
    waiting_.pop_back();
    if (!entry->ended_by) send_in_turn(entry);
  }
}

inline void client_core::enqueue(const call_ptr& entry) {
  if (entry->queued || entry->state == call_state::done) return;
  entry->queued = true;
  queue_.push_back(entry);
}

/// A handler that starts or cancels calls hears of these in the next tick: it can't keep this one
/// going for ever.
inline void client_core::enqueue_for_next_tick(const call_ptr& entry) {
  if (ticking_) {
    later_.push_back(entry);
  } else {
    enqueue(entry);
  }
}

inline client_core::delivery client_core::deliver(const call_ptr& entry, bool may_wait) {
  call_entry& e = *entry;
  if (e.state == call_state::done) return delivery::nothing;
  if (e.ended_by) e.delivering.clear();
  if (e.delivering.empty() && !e.complete && !look(entry, may_wait)) return delivery::locked;
  if (e.delivering.empty()) {
    if (e.complete) finish(entry);
    return delivery::nothing;
  }
  e.state = call_state::streaming;
  do {
    e.delivering.hand_on(e.handler, e.taker, e.text);
  } while (e.handler == nullptr && e.taker == nullptr && !e.delivering.empty());
  // Also after the last piece: news that came meanwhile found the call queued already.
  return delivery::more;
}

inline bool client_core::look(const call_ptr& entry, bool may_wait) {
  call_entry& e = *entry;
  std::unique_lock<std::mutex> lock(e.mutex, std::defer_lock);
  if (may_wait) {
    lock.lock();
  } else if (!lock.try_lock()) {
    return false;
  }
  if (e.ended_by) e.conclude(*e.ended_by);
  e.told = false;
  e.complete = e.over;
  e.first_token_ms = e.seen.time_to_first_token_ms();
  e.delivering.clear();
  if (!e.ended_by) std::swap(e.delivering, e.arriving);
  if (std::exchange(e.retry, false) && !e.ended_by) waiting_.push_back(entry);
  return true;
}

inline void client_core::finish(const call_ptr& entry) {
  call_entry& e = *entry;
  e.state = call_state::done;
  e.core = nullptr;
  live_[e.place] = live_.back();
  live_[e.place]->place = e.place;
  live_.pop_back();
  if (e.ended_by) e.outcome = *e.ended_by;
  call_handler* const handler = std::exchange(e.handler, nullptr);
  api_handler* const taker = std::exchange(e.taker, nullptr);
  if (handler != nullptr) handler->on_done(e.outcome, e.seen.reply());
  if (taker != nullptr) taker->on_done(e.outcome, e.seen.api_answer());
}

inline void client_core::cancel(call_entry& entry) {
  if (entry.state == call_state::done || entry.ended_by) return;
  entry.ended_by = failure(errc::cancelled, "cancelled by the caller");
  enqueue_for_next_tick(live_[entry.place]);
  if (std::exchange(entry.in_line, false)) {
    line_.remove_if([&entry](const call_ptr& each) { return each.get() == &entry; });
  }
  if (entry.exchange != 0) transport_.cancel(entry.exchange);
}

inline void client_core::shut_down() {
  if (closed_) return;
  closed_ = true;
  const failure why(errc::shut_down, "the client was destroyed before the call was done");
  for (const call_ptr& entry : live_) {
    std::lock_guard<std::mutex> lock(entry->mutex);
    if (!entry->ended_by) entry->ended_by = why;
    entry->at_once = nullptr;
    entry->at_once_api = nullptr;
    entry->conclude(*entry->ended_by);
  }
  transport_ = http::any_transport();
  for (const call_ptr& entry : live_) {
    entry->core = nullptr;
    entry->handler = nullptr;
    entry->taker = nullptr;
    entry->outcome = *entry->ended_by;
    entry->state = call_state::done;
  }
  live_.clear();
  line_.clear();
  waiting_.clear();
  queue_.clear();
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// The bodies of orcast/openrouter/client.hpp, call.hpp and api_call.hpp.

namespace orcast {
inline namespace v0 {
ORCAST_DECL result<client> client::make(client_options options, http::any_transport transport) {
  const auto refuse = [](std::string why) {
    return failure(errc::invalid_argument, std::move(why));
  };
  if (!transport) return refuse("client::make needs a transport");
  if (options.max_calls == 0) return refuse("client_options.max_calls is 0");
  if (options.key_provider == nullptr && options.api_key.empty()) {
    options.api_key = secret(environment("OPENROUTER_API_KEY"));
  }

  std::string url = options.base_url;
  if (url.empty()) url = environment("OPENROUTER_BASE_URL");
  if (url.empty()) url = "https://openrouter.ai/api/v1";
  if (url.find('?') != std::string::npos) return refuse("client_options.base_url has a query");
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (options.app_categories.size() > 2) return refuse("client_options.app_categories: at most 2");

  http::request pattern;
  pattern.url = url + "/chat/completions";
  pattern.headers = {{"User-Agent", std::string("orcast/") + version, false}};
  const auto add = [&pattern](const char* name, std::string value) {
    if (!value.empty()) pattern.headers.push_back({name, std::move(value), false});
  };
  std::string categories;
  for (const std::string& each : options.app_categories) {
    if (!categories.empty()) categories += ',';
    categories += each;
  }
  add("HTTP-Referer", options.app_url);
  add("X-OpenRouter-Title", options.app_title);
  add("X-OpenRouter-Categories", std::move(categories));
  add("X-OpenRouter-Metadata", options.routing_metadata ? "enabled" : "");
  if (options.cache) detail::put_cache(*options.cache, pattern.headers);
  for (const http::header& line : options.headers) detail::put_header(line, pattern.headers);
  if (!pattern.bearer().empty()) {
    return refuse("client_options.headers: Authorization is made of client_options.api_key");
  }
  const result<http::url> valid = http::validate_request(pattern, options.allow_insecure_http);
  if (!valid) return refuse("client_options: " + valid.error().message);

  return client(std::make_shared<detail::client_core>(std::move(options), std::move(transport),
                                                      std::move(url), std::move(pattern.headers)));
}

ORCAST_DECL client::client(std::shared_ptr<detail::client_core> core) noexcept
    : core_(std::move(core)) {}

ORCAST_DECL client::client(client&&) noexcept = default;

ORCAST_DECL client& client::operator=(client&& other) noexcept {
  if (this != &other) {
    if (core_ != nullptr) core_->shut_down();
    core_ = std::move(other.core_);
  }
  return *this;
}

ORCAST_DECL client::~client() {
  if (core_ != nullptr) core_->shut_down();
}

ORCAST_DECL result<chat_reply> client::chat(chat_request request, const call_context& context) {
  request.stream = false;
  return core_->chat(std::move(request), nullptr, context);
}

ORCAST_DECL result<chat_reply> client::chat_stream(chat_request request, delta_listener& pieces,
                                                   const call_context& context) {
  request.stream = true;
  return core_->chat(std::move(request), &pieces, context);
}

ORCAST_DECL orcast::call client::start(chat_request request, call_handler* handler,
                                       const call_context& context) {
  request.stream = true;
  return orcast::call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL orcast::call client::start_whole(chat_request request, call_handler* handler,
                                             const call_context& context) {
  request.stream = false;
  return orcast::call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL result<api_reply> client::call(api_request request, const call_context& context) {
  request.stream = false;
  return core_->call(request, nullptr, context);
}

ORCAST_DECL result<api_reply> client::call_stream(api_request request, byte_listener& pieces,
                                                  const call_context& context) {
  request.stream = true;
  return core_->call(request, &pieces, context);
}

ORCAST_DECL api_call client::start(api_request request, api_handler* handler,
                                   const call_context& context) {
  return api_call(core_->start(std::move(request), handler, context));
}

ORCAST_DECL void client::tick(std::int64_t budget_ns) {
  const std::shared_ptr<detail::client_core> core = core_;  // a handler may destroy this client
  core->tick(budget_ns);
}

ORCAST_DECL const recording& client::record() const noexcept { return core_->record(); }

ORCAST_DECL std::size_t client::in_flight() const noexcept { return core_->in_flight(); }

ORCAST_DECL std::size_t client::in_line() const noexcept { return core_->in_line(); }

ORCAST_DECL call_handle::call_handle(std::shared_ptr<detail::call_entry> entry) noexcept
    : entry_(std::move(entry)) {}

ORCAST_DECL call_handle::call_handle(call_handle&& other) noexcept = default;

ORCAST_DECL call_handle& call_handle::operator=(call_handle&& other) noexcept {
  if (this != &other) {
    abandon();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

ORCAST_DECL call_handle::~call_handle() { abandon(); }

ORCAST_DECL void call_handle::abandon() noexcept {
  if (entry_ == nullptr) return;
  entry_->handler = nullptr;
  entry_->taker = nullptr;
  if (entry_->on_arrival) {
    std::lock_guard<std::mutex> lock(entry_->mutex);  // until a handler that is called has returned
    entry_->at_once = nullptr;
    entry_->at_once_api = nullptr;
  }
  cancel();
}

ORCAST_DECL call_state call_handle::state() const noexcept {
  return entry_ != nullptr ? entry_->state : call_state::none;
}

ORCAST_DECL std::string_view call::text() const noexcept {
  const bool whole = entry_->text.empty() && entry_->state == call_state::done;
  return whole ? entry_->seen.reply().text() : std::string_view(entry_->text);
}

ORCAST_DECL result<void> call_handle::outcome() const {
  return entry_->state == call_state::done ? entry_->outcome : result<void>();
}

ORCAST_DECL const chat_reply* call::reply() const noexcept {
  return entry_->state == call_state::done ? &entry_->seen.reply() : nullptr;
}

ORCAST_DECL const api_reply* api_call::reply() const noexcept {
  return entry_->state == call_state::done ? &entry_->seen.api_answer() : nullptr;
}

ORCAST_DECL double call::time_to_first_token_ms() const noexcept { return entry_->first_token_ms; }

ORCAST_DECL double call_handle::latency_ms() const noexcept {
  return entry_->state == call_state::done ? entry_->seen.latency_ms() : -1;
}

ORCAST_DECL int call_handle::attempts() const noexcept { return entry_->sent; }

ORCAST_DECL span_context call_handle::context() const noexcept { return entry_->context; }

ORCAST_DECL void call_handle::cancel() noexcept {
  if (entry_ != nullptr && entry_->core != nullptr) entry_->core->cancel(*entry_);
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/embeddings.ipp ----

#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

// The bodies of orcast/openrouter/embeddings.hpp.

namespace orcast {
inline namespace v0 {
namespace detail {

/// A vector from an array of numbers, or from base64 of float32, least significant byte first.
inline bool read_vector(json_view from, std::string& bytes, std::vector<float>& vector) {
  if (from.is_array()) {
    for (const json_view each : from) {
      if (!each.is_number()) return false;
      vector.push_back(static_cast<float>(each.real()));
    }
    return true;
  }
  bytes.clear();
  if (!from.is_string() || !append_base64_decoded(bytes, from.text())) return false;
  if (bytes.size() % 4 != 0) return false;
  vector.resize(bytes.size() / 4);
  for (std::size_t i = 0; i < vector.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t j = 4; j-- > 0;) {
      bits = bits << 8 | static_cast<unsigned char>(bytes[i * 4 + j]);
    }
    std::memcpy(&vector[i], &bits, sizeof bits);
  }
  return true;
}

/// Members that are JSON already: checked, and copied without a second look.
inline result<void> copy_object(std::string_view name, std::string_view json, std::string& out) {
  json_reader reader(json_manners::exact);
  if (!reader.parse(json) || !reader.root().is_object()) {
    return failure(errc::invalid_argument, std::string(name) + " is not a JSON object");
  }
  out.append(json);
  return {};
}

}  // namespace detail

ORCAST_DECL result<api_request> embeddings_query::request() const {
  const auto refuse = [](std::string why) {
    return failure(errc::invalid_argument, "embeddings_query." + std::move(why));
  };
  if (model.empty()) return refuse("model is empty");
  if (!valid_utf8(model)) return refuse("model is not UTF-8");
  if (input.empty() && input_json.empty()) return refuse("input is empty");
  if (!valid_utf8(input_type)) return refuse("input_type is not UTF-8");
  if (!valid_utf8(user)) return refuse("user is not UTF-8");
  api_request made("POST", "/embeddings");
  detail::object_writer body(made.body);
  body.text("model", model);
  if (!input_json.empty()) {
    detail::json_reader reader(detail::json_manners::exact);
    if (!reader.parse(input_json)) return refuse("input_json is not JSON");
    body.json("input", input_json);
  } else {
    std::string& out = body.key("input");
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (!valid_utf8(input[i])) return refuse("input[" + std::to_string(i) + "] is not UTF-8");
      out += i == 0 ? '[' : ',';
      detail::append_json_string(out, input[i]);
    }
    out += ']';
  }
  body.text("encoding_format", base64 ? "base64" : "float");
  if (dimensions) body.number("dimensions", *dimensions);
  body.text_if("input_type", input_type);
  if (!provider.empty()) {
    const auto copied =
        detail::copy_object("embeddings_query.provider", provider, body.key("provider"));
    if (!copied) return copied.error();
  }
  body.text_if("user", user);
  if (!extra.empty()) {
    detail::json_reader reader(detail::json_manners::exact);
    if (!reader.parse(extra) || !reader.root().is_object()) {
      return refuse("extra is not a JSON object");
    }
    for (const detail::json_view member : reader.root()) {
      if (body.has(member.key())) return refuse("extra has a member that is set already");
      detail::append_json(body.key(member.key()), member);
    }
  }
  body.close();
  return made;
}

ORCAST_DECL result<embeddings> embeddings_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  const detail::json_view root = document.root();
  embeddings made;
  std::string bytes;
  std::size_t count = 0;
  for (const detail::json_view each : document.data()) {
    const auto index = detail::read_count(each["index"]);
    const std::size_t at = index && *index >= 0 ? static_cast<std::size_t>(*index) : count;
    ++count;
    if (at >= 1'000'000)
      return failure(errc::malformed_response, "an embedding's index is too large");
    if (at >= made.vectors.size()) made.vectors.resize(at + 1);
    made.vectors[at].clear();
    if (!detail::read_vector(each["embedding"], bytes, made.vectors[at])) {
      return failure(errc::malformed_response, "embedding " + std::to_string(at) +
                                                   " is neither numbers nor base64 of floats");
    }
  }
  made.id = detail::read_text(root["id"]);
  made.model = detail::read_text(root["model"]);
  made.provider = detail::read_text(root["provider"]);
  if (root["usage"].is_object()) detail::read_usage(root["usage"], made.usage);
  return made;
}

ORCAST_DECL double cosine(const std::vector<float>& a, const std::vector<float>& b) noexcept {
  if (a.size() != b.size()) return 0;
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/mock_reply.ipp ----

#include <algorithm>
#include <cstddef>

namespace orcast {
inline namespace v0 {

ORCAST_DECL http::fake_reply mock_reply::error(int status, std::string_view message,
                                               int retry_after_s) {
  std::vector<http::header> headers = {{"Content-Type", "application/json", false}};
  if (retry_after_s >= 0) headers.push_back({"Retry-After", std::to_string(retry_after_s), false});
  mock_reply said("");
  said.then_error(status, std::string(message));
  return http::fake_reply::whole(status, "{\"error\":" + said.error_json() + "}",
                                 std::move(headers));
}

ORCAST_DECL std::string_view mock_reply::why() const noexcept {
  if (ending_ == ending::error) return "error";
  if (!finish_reason_.empty()) return finish_reason_;
  return tool_calls_.empty() ? "stop" : "tool_calls";
}

ORCAST_DECL std::string mock_reply::error_json() const {
  std::string json;
  detail::object_writer error(json);
  error.number("code", error_code_);
  detail::append_repaired_string(error.key("message"), error_message_);
  error.close();
  return json;
}

ORCAST_DECL std::string mock_reply::usage_json() const {
  std::string json;
  detail::object_writer usage(json);
  usage.number("prompt_tokens", prompt_tokens_);
  usage.number("completion_tokens", completion_tokens_);
  usage.number("total_tokens", prompt_tokens_ + completion_tokens_);
  usage.json("cost", cost_);
  usage.close();
  return json;
}

ORCAST_DECL std::string mock_reply::tool_calls_json() const {
  std::string json;
  for (std::size_t i = 0; i < tool_calls_.size(); ++i) {
    json += i == 0 ? '[' : ',';
    detail::object_writer call(json);
    call.number("index", static_cast<std::int64_t>(i));
    call.text("id", tool_calls_[i].id);
    call.text("type", "function");
    detail::object_writer function(call.key("function"));
    detail::append_repaired_string(function.key("name"), tool_calls_[i].name);
    detail::append_repaired_string(function.key("arguments"), tool_calls_[i].arguments);
    function.close();
    call.close();
  }
  return json + "]";
}

/// An event. `delta` is JSON; without `finish` the answer goes on.
ORCAST_DECL std::string mock_reply::chunk(std::string_view delta, std::string_view finish) const {
  std::string out = "data: ";
  detail::object_writer event(out);
  event.text("id", "gen-mock");
  event.text("model", model_);
  event.text("provider", "Mock");
  if (finish == "error") event.json("error", error_json());
  event.key("choices") += "[{\"index\":0,\"delta\":";
  out.append(delta).append(",\"finish_reason\":");
  if (finish.empty()) {
    out += "null";
  } else {
    detail::append_repaired_string(out, finish);
  }
  out += "}]";
  event.close();
  return out + "\n\n";
}

ORCAST_DECL http::fake_reply mock_reply::stream(bool paced) const {
  http::fake_reply reply;
  reply.head(
      200, {{"Content-Type", "text/event-stream", false}, {"X-Generation-Id", "gen-mock", false}});
  const auto say = [&](const char* member, std::string_view words) {
    while (!words.empty()) {
      const std::size_t end = (std::min)(words.find(' '), words.size() - 1) + 1;
      std::string delta;
      detail::object_writer whole(delta);
      whole.text("role", "assistant");
      detail::append_repaired_string(whole.key(member), words.substr(0, end));
      whole.close();
      reply.data(chunk(delta, {}));
      if (paced) reply.next_poll();
      words.remove_prefix(end);
    }
  };
  say("reasoning", reasoning_);
  say("content", text_);
  if (!tool_calls_.empty()) reply.data(chunk("{\"tool_calls\":" + tool_calls_json() + "}", {}));
  std::string rest = chunk("{}", why());
  if (ending_ == ending::proper) {
    rest += "data: {\"id\":\"gen-mock\",\"model\":";
    detail::append_repaired_string(rest, model_);
    rest += ",\"choices\":[],\"usage\":" + usage_json() + "}\n\ndata: [DONE]\n\n";
  }
  end(reply, rest);
  return reply;
}

ORCAST_DECL http::fake_reply mock_reply::whole() const {
  std::string json;
  detail::object_writer body(json);
  body.text("id", "gen-mock");
  body.text("model", model_);
  body.text("provider", "Mock");
  body.key("choices") += "[";
  detail::object_writer choice(json);
  choice.number("index", 0);
  detail::object_writer said(choice.key("message"));
  said.text("role", "assistant");
  if (text_.empty() && !tool_calls_.empty()) {
    said.null("content");
  } else {
    detail::append_repaired_string(said.key("content"), text_);
  }
  if (!reasoning_.empty()) detail::append_repaired_string(said.key("reasoning"), reasoning_);
  if (!tool_calls_.empty()) said.json("tool_calls", tool_calls_json());
  said.close();
  detail::append_repaired_string(choice.key("finish_reason"), why());
  if (ending_ == ending::error) choice.json("error", error_json());
  choice.close();
  json += ']';
  body.json("usage", usage_json());
  body.close();
  http::fake_reply reply;
  reply.head(200,
             {{"Content-Type", "application/json", false}, {"X-Generation-Id", "gen-mock", false}});
  if (ending_ == ending::cut || ending_ == ending::silence) {
    reply.data(json.substr(0, json.size() / 2));
    json.clear();
  }
  end(reply, json);
  return reply;
}

ORCAST_DECL void mock_reply::end(http::fake_reply& reply, std::string_view rest) const {
  if (ending_ == ending::cut) {
    reply.fail(errc::disconnected, "the connection was cut");
  } else if (ending_ == ending::silence) {
    reply.never();
  } else {
    reply.data(std::string(rest));
  }
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/models.ipp ----

#include <utility>

// The bodies of orcast/openrouter/models.hpp.

namespace orcast {
inline namespace v0 {
namespace detail {

inline model_pricing read_pricing(json_view from) {
  model_pricing prices;
  prices.prompt = read_amount(from["prompt"]);
  prices.completion = read_amount(from["completion"]);
  prices.request = read_amount(from["request"]);
  prices.image = read_amount(from["image"]);
  prices.audio = read_amount(from["audio"]);
  prices.web_search = read_amount(from["web_search"]);
  prices.internal_reasoning = read_amount(from["internal_reasoning"]);
  prices.input_cache_read = read_amount(from["input_cache_read"]);
  prices.input_cache_write = read_amount(from["input_cache_write"]);
  return prices;
}

inline model_info read_model(json_view from) {
  model_info model;
  const json_view shape = from["architecture"];
  const json_view top = from["top_provider"];
  model.id = read_text(from["id"]);
  model.canonical_slug = read_text(from["canonical_slug"]);
  model.name = read_text(from["name"]);
  model.description = read_text(from["description"]);
  model.created = from["created"].integer();
  model.context_length = read_count(from["context_length"]);
  model.max_completion_tokens = read_count(top["max_completion_tokens"]);
  model.input_modalities = read_texts(shape["input_modalities"]);
  model.output_modalities = read_texts(shape["output_modalities"]);
  model.supported_parameters = read_texts(from["supported_parameters"]);
  model.tokenizer = read_text(shape["tokenizer"]);
  model.pricing = read_pricing(from["pricing"]);
  model.expiration_date = read_text(from["expiration_date"]);
  model.is_moderated = top["is_moderated"].boolean();
  model.json = to_json(from);
  return model;
}

/// The next page comes as a path of the service ("/api/v1/models?..."), or as a whole URL.
inline std::string page_path(std::string_view link) {
  for (const std::string_view begin : {"/models", "/embeddings/models"}) {
    const std::size_t query = link.find('?');
    const std::string_view path = link.substr(0, query);
    const std::size_t at = path.rfind(begin);
    if (at == std::string_view::npos) continue;
    const bool longer = begin == "/models" && at >= 11 && path.substr(at - 11, 11) == "/embeddings";
    if (!longer) return std::string(link.substr(at));
  }
  return {};
}

}  // namespace detail

ORCAST_DECL result<api_request> models_query::request() const {
  api_request made("GET", path);
  detail::query_writer query(made.path);
  query.text("q", text);
  query.text("category", category);
  query.texts("supported_parameters", supported_parameters);
  query.texts("input_modalities", input_modalities);
  query.texts("output_modalities", output_modalities);
  query.texts("model_authors", authors);
  query.texts("providers", providers);
  query.text("region", region);
  query.text("sort", sort);
  query.number("context", context);
  query.number("max_price", max_price);
  query.number("max_output_price", max_output_price);
  if (zero_data_retention) query.text("zdr", "true");
  query.number("offset", offset);
  query.number("limit", limit);
  query.rest(extra);
  return made;
}

ORCAST_DECL result<model_page> models_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  model_page page;
  for (const detail::json_view each : document.data()) {
    if (each.is_object()) page.models.push_back(detail::read_model(each));
  }
  const auto total = detail::read_count(document.root()["total_count"]);
  page.total_count = total.value_or(static_cast<std::int64_t>(page.models.size()));
  page.next = detail::page_path(document.root()["links"]["next"].text());
  return page;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/model_endpoints.ipp ----

// The bodies of orcast/openrouter/model_endpoints.hpp.

namespace orcast {
inline namespace v0 {
namespace detail {

inline model_endpoint read_endpoint(json_view from) {
  model_endpoint made;
  made.name = read_text(from["name"]);
  made.provider = read_text(from["provider_name"]);
  made.tag = read_text(from["tag"]);
  made.quantization = read_text(from["quantization"]);
  made.context_length = read_count(from["context_length"]);
  made.max_completion_tokens = read_count(from["max_completion_tokens"]);
  made.max_prompt_tokens = read_count(from["max_prompt_tokens"]);
  made.supported_parameters = read_texts(from["supported_parameters"]);
  made.pricing = read_pricing(from["pricing"]);
  made.uptime_last_30m = read_real(from["uptime_last_30m"]);
  made.latency_p50_s = read_real(from["latency_last_30m"]["p50"]);
  made.throughput_p50 = read_real(from["throughput_last_30m"]["p50"]);
  made.status = from["status"].integer();
  made.supports_implicit_caching = from["supports_implicit_caching"].boolean();
  made.json = to_json(from);
  return made;
}

}  // namespace detail

ORCAST_DECL result<api_request> model_endpoints_query::request() const {
  if (model.find('/') == std::string::npos) {
    return failure(errc::invalid_argument,
                   "model_endpoints_query.model is not of the form \"author/name\"");
  }
  api_request made("GET", "/models/");
  detail::append_encoded(made.path, model, "/:@");
  made.path += "/endpoints";
  return made;
}

ORCAST_DECL result<model_endpoints> model_endpoints_query::parse(std::string_view body) {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  model_endpoints made;
  made.id = detail::read_text(document.data()["id"]);
  made.name = detail::read_text(document.data()["name"]);
  for (const detail::json_view each : document.data()["endpoints"]) {
    if (each.is_object()) made.endpoints.push_back(detail::read_endpoint(each));
  }
  return made;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/reply_details.ipp ----

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Reads what a reply holds as JSON.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Calls `take(element, place)` for each object of a JSON array.
template <class Element, class Take>
std::vector<Element> read_elements(std::string_view json, Take take) {
  std::vector<Element> made;
  json_reader reader(json_manners::tolerant);
  if (json.empty() || !reader.parse(json) || !reader.root().is_array()) return made;
  for (const json_view each : reader.root()) {
    if (!each.is_object()) continue;
    made.emplace_back();
    take(each, made.back());
  }
  return made;
}

inline void read_annotation(json_view value, annotation& made) {
  take_text(value["type"], made.type);
  const json_view page = value["url_citation"];
  take_text(page["url"], made.url);
  take_text(page["title"], made.title);
  take_text(page["content"], made.content);
  made.start_index = read_count(page["start_index"]);
  made.end_index = read_count(page["end_index"]);
  const json_view file = value["file"];
  take_text(file["hash"], made.file_hash);
  take_text(file["name"], made.file_name);
  if (file["content"].is_array()) made.file_content = to_json(file["content"]);
  made.json = to_json(value);
}

inline void read_reasoning_detail(json_view value, reasoning_detail& made) {
  take_text(value["type"], made.type);
  take_text(value["id"], made.id);
  take_text(value["format"], made.format);
  made.index = read_count(value["index"]);
  take_text(value["text"], made.text);
  take_text(value["signature"], made.signature);
  take_text(value["summary"], made.summary);
  take_text(value["data"], made.data);
  take_text(value["tool_name"], made.tool_name);
  take_text(value["arguments"], made.arguments);
  take_text(value["result"], made.result);
  take_text(value["tool_call_id"], made.tool_call_id);
  made.json = to_json(value);
}

inline void read_probability(json_view value, token_probability& made) {
  take_text(value["token"], made.token);
  made.logprob = value["logprob"].real();
  if (value["bytes"].is_array()) {
    for (const json_view byte : value["bytes"]) {
      made.bytes += static_cast<char>(byte.integer() & 0xFF);
    }
  } else {
    made.bytes = made.token;
  }
  if (!value["top_logprobs"].is_array()) return;
  for (const json_view other : value["top_logprobs"]) {
    made.top.emplace_back();
    read_probability(other, made.top.back());
  }
}

}  // namespace detail

ORCAST_DECL std::vector<std::string> image_urls_of(const message& said) {
  return detail::read_elements<std::string>(said.images,
                                            [](detail::json_view each, std::string& url) {
                                              detail::take_text(each["image_url"]["url"], url);
                                            });
}

ORCAST_DECL std::vector<annotation> annotations_of(const message& said) {
  return detail::read_elements<annotation>(said.annotations, detail::read_annotation);
}

ORCAST_DECL audio_output audio_of(const message& said) {
  audio_output made;
  detail::json_reader reader(detail::json_manners::tolerant);
  if (said.audio.empty() || !reader.parse(said.audio)) return made;
  detail::take_text(reader.root()["id"], made.id);
  detail::take_text(reader.root()["data"], made.data);
  detail::take_text(reader.root()["transcript"], made.transcript);
  made.expires_at = detail::read_count(reader.root()["expires_at"]);
  return made;
}

ORCAST_DECL std::vector<reasoning_detail> reasoning_details_of(const message& said) {
  return detail::read_elements<reasoning_detail>(said.reasoning_details,
                                                 detail::read_reasoning_detail);
}

ORCAST_DECL std::vector<token_probability> probabilities_of(const chat_choice& choice) {
  std::vector<token_probability> made;
  detail::json_reader reader(detail::json_manners::tolerant);
  if (choice.logprobs.empty() || !reader.parse(choice.logprobs)) return made;
  const detail::json_view tokens = reader.root()["content"];
  if (!tokens.is_array()) return made;
  for (const detail::json_view each : tokens) {
    made.emplace_back();
    detail::read_probability(each, made.back());
  }
  return made;
}

ORCAST_DECL result<data_url> parse_data_url(std::string_view url) {
  const auto refuse = [](const char* why) { return failure(errc::invalid_argument, why); };
  constexpr std::string_view scheme = "data:";
  constexpr std::string_view marker = ";base64";
  if (url.substr(0, scheme.size()) != scheme) return refuse("not a data URL");
  url.remove_prefix(scheme.size());
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos) return refuse("a data URL without data");
  std::string_view type = url.substr(0, comma);
  if (type.size() < marker.size() || type.substr(type.size() - marker.size()) != marker) {
    return refuse("a data URL that is not in base64");
  }
  type.remove_suffix(marker.size());
  data_url made;
  made.media_type = type.substr(0, type.find(';'));
  if (!append_base64_decoded(made.bytes, url.substr(comma + 1))) {
    return refuse("a data URL whose data is not base64");
  }
  return made;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/tool_arguments.ipp ----

#include <cmath>

// Reads arguments with the parser that reads replies; a list of values, not a tree.

namespace orcast {
inline namespace v0 {

struct tool_arguments::reading {
  std::string source;
  detail::json_reader reader{detail::json_manners::tolerant};

  detail::json_view operator[](std::string_view name) const { return reader.root()[name]; }

  static bool whole(detail::json_view value) {
    return value.is_integer() || (value.is_number() && std::fabs(value.real()) < 9e15 &&
                                  std::trunc(value.real()) == value.real());
  }
};

ORCAST_DECL tool_arguments::tool_arguments(const tool_call& asked)
    : reading_(std::make_unique<reading>()) {
  // A tool without parameters is often called with nothing at all.
  const bool nothing = asked.arguments.find_first_not_of(" \t\r\n") == std::string::npos;
  reading_->source = nothing ? "{}" : asked.arguments;
  if (!reading_->reader.parse(reading_->source)) {
    problems_ = "the arguments are not valid JSON";
  } else if (!reading_->reader.root().is_object()) {
    problems_ = "the arguments are not a JSON object";
  }
}

ORCAST_DECL tool_arguments::~tool_arguments() = default;

ORCAST_DECL bool tool_arguments::has(std::string_view name) const {
  return !(*reading_)[name].is_null();
}

ORCAST_DECL void tool_arguments::wrong(std::string_view name, std::string_view words) {
  if (!reading_->reader.root().is_object()) return;  // there is a complaint about the whole
  if (!problems_.empty()) problems_ += "; ";
  problems_.append(1, '"').append(name).append("\" ").append(words);
}

ORCAST_DECL std::string tool_arguments::text(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (!value.is_string()) wrong(name, value.exists() ? "must be a string" : "is missing");
  std::string whole;
  detail::text_gate gate;
  if (value.is_string()) gate.push(value.text(), whole);
  gate.finish(whole);
  return whole;
}
ORCAST_DECL std::string tool_arguments::text(std::string_view name, std::string_view otherwise) {
  return has(name) ? text(name) : std::string(otherwise);
}

ORCAST_DECL std::int64_t tool_arguments::integer(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (reading::whole(value)) return value.integer();
  wrong(name, value.exists() ? "must be a whole number" : "is missing");
  return 0;
}
ORCAST_DECL std::int64_t tool_arguments::integer(std::string_view name, std::int64_t otherwise) {
  return has(name) ? integer(name) : otherwise;
}

ORCAST_DECL double tool_arguments::number(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (value.is_number() && std::isfinite(value.real())) return value.real();
  wrong(name, value.exists() ? "must be a number" : "is missing");
  return 0;
}
ORCAST_DECL double tool_arguments::number(std::string_view name, double otherwise) {
  return has(name) ? number(name) : otherwise;
}

ORCAST_DECL bool tool_arguments::flag(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (!value.is_bool()) wrong(name, value.exists() ? "must be true or false" : "is missing");
  return value.boolean();
}
ORCAST_DECL bool tool_arguments::flag(std::string_view name, bool otherwise) {
  return has(name) ? flag(name) : otherwise;
}

ORCAST_DECL json_text tool_arguments::json(std::string_view name) {
  const detail::json_view value = (*reading_)[name];
  if (!value.exists()) wrong(name, "is missing");
  return detail::to_json(value);
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/tool_description.ipp ----

#include <utility>

// Writes the JSON Schema, parameter by parameter, into text.

namespace orcast {
inline namespace v0 {

ORCAST_DECL tool_description::tool_description(std::string_view name,
                                               std::string_view description) {
  made_.name = name;
  made_.description = description;
}

ORCAST_DECL void tool_description::begin(std::string_view name) {
  if (!properties_.empty()) properties_ += ',';
  detail::append_repaired_string(properties_, name);
  properties_ += ':';
  before_last_ = required_.size();
  if (!required_.empty()) required_ += ',';
  detail::append_repaired_string(required_, name);
}

ORCAST_DECL tool_description& tool_description::add(std::string_view name,
                                                    std::string_view description,
                                                    std::string_view type, std::string_view more) {
  begin(name);
  properties_.append(R"({"type":")").append(type).append("\"");
  if (!description.empty()) {
    properties_ += R"(,"description":)";
    detail::append_repaired_string(properties_, description);
  }
  properties_.append(more).append("}");
  return *this;
}

ORCAST_DECL tool_description& tool_description::text(std::string_view name,
                                                     std::string_view description) {
  return add(name, description, "string");
}
ORCAST_DECL tool_description& tool_description::integer(std::string_view name,
                                                        std::string_view description) {
  return add(name, description, "integer");
}
ORCAST_DECL tool_description& tool_description::number(std::string_view name,
                                                       std::string_view description) {
  return add(name, description, "number");
}
ORCAST_DECL tool_description& tool_description::flag(std::string_view name,
                                                     std::string_view description) {
  return add(name, description, "boolean");
}
ORCAST_DECL tool_description& tool_description::texts(std::string_view name,
                                                      std::string_view description) {
  return add(name, description, "array", R"(,"items":{"type":"string"})");
}

ORCAST_DECL tool_description& tool_description::choice(
    std::string_view name, std::string_view description,
    std::initializer_list<std::string_view> values) {
  std::string list;
  for (const std::string_view value : values) {
    list += list.empty() ? R"(,"enum":[)" : ",";
    detail::append_repaired_string(list, value);
  }
  if (!list.empty()) list += ']';
  return add(name, description, "string", list);
}

ORCAST_DECL tool_description& tool_description::schema(std::string_view name, json_text schema) {
  begin(name);
  properties_ += schema;
  return *this;
}

ORCAST_DECL tool_description& tool_description::optional() {
  required_.resize(before_last_);
  return *this;
}

ORCAST_DECL tool tool_description::done() const {
  tool made = made_;
  made.parameters = R"({"type":"object","properties":{)" + properties_ + "}";
  if (!required_.empty()) made.parameters += R"(,"required":[)" + required_ + "]";
  made.parameters += '}';
  return made;
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/work.ipp ----

#include <string>
#include <vector>

// The bodies of work.

namespace orcast {
inline namespace v0 {

ORCAST_DECL work::work(const recording& where, std::string_view kind, std::string_view operation,
                       std::string_view name, const work_options& options)
    : where_(where) {
  const scope* const in = options.in != nullptr ? options.in : scope::current();
  if (where.traces == nullptr || scope::suppressed(in)) return;
  const std::string_view session = options.session_id.empty()
                                       ? scope::inherited(in, &scope_facts::session_id)
                                       : options.session_id;
  span_options start;
  start.parent = options.parent.valid() ? options.parent : scope::parent(in);
  start.session = session;
  start.left_out = where.left_out;
  span_ = where.traces->start(name, start);
  if (!span_.recording()) return;
  span_.set(keys::openinference_span_kind, kind);
  if (where.companions && !operation.empty()) {
    span_.set(keys::gen_ai_operation_name, operation);
    if (!session.empty()) span_.set(keys::gen_ai_conversation_id, session);
  }
  content_recorder to = recorder();
  detail::record_identity(
      to, where_, in, session,
      options.user.empty() ? scope::inherited(in, &scope_facts::user) : options.user, nullptr);

  std::string whole;
  detail::object_writer metadata(whole);
  detail::json_reader own(detail::json_manners::tolerant);
  if (own.parse(options.metadata)) detail::copy_members(own.root(), metadata);
  detail::copy_scope_metadata(in, metadata);
  metadata.close();
  if (whole != "{}") span_.set(keys::metadata, whole);
}

ORCAST_DECL work work::agent(const recording& where, std::string_view name,
                             const work_options& options) {
  work made(where, keys::kind_agent, "invoke_agent", name, options);
  made.span_.set(keys::agent_name, name);
  if (where.companions) made.span_.set(keys::gen_ai_agent_name, name);
  return made;
}

ORCAST_DECL work work::chain(const recording& where, std::string_view name,
                             const work_options& options) {
  return work(where, keys::kind_chain, {}, name, options);
}

ORCAST_DECL work work::tool(const recording& where, const tool_call& called,
                            const work_options& options, const orcast::tool* described) {
  work made(where, keys::kind_tool, "execute_tool", called.name, options);
  orcast::span& into = made.span_;
  if (!into.recording()) return made;
  into.set(keys::tool_name, called.name);
  if (!called.id.empty()) into.set(keys::tool_id, called.id);
  if (where.companions) {
    into.set(keys::gen_ai_tool_name, called.name);
    into.set(keys::gen_ai_tool_type, "function");
    if (!called.id.empty()) into.set(keys::gen_ai_tool_call_id, called.id);
  }
  made.input(called.arguments, "application/json");
  if (described == nullptr) return made;
  content_recorder to = made.recorder();
  std::string whole;
  append_json(*described, whole);
  to.set(content::tools, keys::tool_json_schema, whole);
  if (!described->parameters.empty()) {
    to.set(content::tools, keys::tool_parameters, described->parameters);
  }
  if (described->description.empty()) return made;
  to.set(content::tools, keys::tool_description, described->description);
  if (where.companions) {
    to.set(content::tools, keys::gen_ai_tool_description, described->description);
  }
  return made;
}

ORCAST_DECL work work::retriever(const recording& where, std::string_view name,
                                 std::string_view query, const work_options& options) {
  work made(where, keys::kind_retriever, "retrieval", name, options);
  made.input(query);
  return made;
}

ORCAST_DECL work work::reranker(const recording& where, std::string_view model,
                                std::string_view query, std::size_t top_k,
                                const work_options& options) {
  std::string name("rerank ");
  name.append(model);
  work made(where, keys::kind_reranker, {}, name, options);
  made.reranks_ = true;
  if (!model.empty()) made.span_.set(keys::reranker_model_name, model);
  if (top_k != 0) made.span_.set(keys::reranker_top_k, top_k);
  made.recorder().set(content::parameter, keys::reranker_query, query);
  made.input(query);
  return made;
}

ORCAST_DECL work work::embedding_model(const recording& where, std::string_view model,
                                       const work_options& options) {
  work made(where, keys::kind_embedding, "embeddings", "CreateEmbeddings", options);
  if (!model.empty()) made.span_.set(keys::embedding_model_name, model);
  if (where.companions && !model.empty()) made.span_.set(keys::gen_ai_request_model, model);
  return made;
}

ORCAST_DECL work work::guardrail(const recording& where, std::string_view name,
                                 const work_options& options) {
  return work(where, keys::kind_guardrail, {}, name, options);
}

ORCAST_DECL work work::evaluator(const recording& where, std::string_view name,
                                 const work_options& options) {
  return work(where, keys::kind_evaluator, {}, name, options);
}

ORCAST_DECL work work::prompt(const recording& where, std::string_view name,
                              std::string_view vendor, std::string_view id, std::string_view url,
                              const work_options& options) {
  work made(where, keys::kind_prompt, {}, name, options);
  if (!vendor.empty()) made.span_.set(keys::prompt_vendor, vendor);
  if (!id.empty()) made.span_.set(keys::prompt_id, id);
  if (!url.empty()) made.span_.set(keys::prompt_url, url);
  return made;
}

ORCAST_DECL work& work::input(std::string_view value, std::string_view mime_type) {
  content_recorder to = recorder();
  to.set(content::input_value, keys::input_value, value);
  to.set(content::input_mime_type, keys::input_mime_type, mime_type);
  return *this;
}

ORCAST_DECL work& work::output(std::string_view value, std::string_view mime_type) {
  content_recorder to = recorder();
  to.set(content::output_value, keys::output_value, value);
  to.set(content::output_mime_type, keys::output_mime_type, mime_type);
  return *this;
}

ORCAST_DECL work& work::document(const found_document& found) {
  const std::size_t i = next_[documents]++;
  const bool out = reranks_;
  content_recorder to = recorder();
  constexpr content what = content::output_document;
  const auto set = [&](const key_text& chosen, const key_text& retrieved, std::string_view text) {
    if (!text.empty()) to.set(what, attribute_key(out ? chosen : retrieved, i, 0), text);
  };
  set(keys::reranker_output_document_id, keys::retrieval_document_id, found.id);
  set(keys::reranker_output_document_content, keys::retrieval_document_content, found.content);
  set(keys::reranker_output_document_metadata, keys::retrieval_document_metadata, found.metadata);
  if (found.score && to.wants(what)) {
    span_.set(out ? keys::reranker_output_document_score(i) : keys::retrieval_document_score(i),
              *found.score);
  }
  return *this;
}

ORCAST_DECL work& work::candidate(const found_document& given) {
  const std::size_t i = next_[candidates]++;
  content_recorder to = recorder();
  constexpr content what = content::input_document;
  if (!given.id.empty()) to.set(what, keys::reranker_input_document_id(i), given.id);
  if (!given.content.empty()) to.set(what, keys::reranker_input_document_content(i), given.content);
  if (given.score && to.wants(what)) {
    span_.set(keys::reranker_input_document_score(i), *given.score);
  }
  if (!given.metadata.empty()) {
    to.set(what, keys::reranker_input_document_metadata(i), given.metadata);
  }
  return *this;
}

ORCAST_DECL work& work::embedding(std::string_view text, const float* vector, std::size_t size) {
  const std::size_t i = next_[embeddings]++;
  content_recorder to = recorder();
  if (!text.empty()) to.set(content::embedding_text, keys::embedding_text(i), text);
  if (where_.vectors && size != 0) to.set_vector(keys::embedding_vector(i), vector, size);
  return *this;
}

ORCAST_DECL work& work::rate(const feedback& what, feedback_about about) {
  if (!what.complete()) return *this;
  struct feedback_keys {
    const key_text &name, &score, &label, &explanation, &annotator_kind, &identifier, &metadata;
  };
  static constexpr feedback_keys all[] = {
      {keys::evaluation_name, keys::evaluation_score, keys::evaluation_label,
       keys::evaluation_explanation, keys::evaluation_annotator_kind, keys::evaluation_identifier,
       keys::evaluation_metadata},
      {keys::trace_evaluation_name, keys::trace_evaluation_score, keys::trace_evaluation_label,
       keys::trace_evaluation_explanation, keys::trace_evaluation_annotator_kind,
       keys::trace_evaluation_identifier, keys::trace_evaluation_metadata},
      {keys::session_evaluation_name, keys::session_evaluation_score,
       keys::session_evaluation_label, keys::session_evaluation_explanation,
       keys::session_evaluation_annotator_kind, keys::session_evaluation_identifier,
       keys::session_evaluation_metadata}};
  const auto which = static_cast<std::size_t>(about);
  const feedback_keys& keys = all[which];
  const std::size_t i = next_[ratings + which]++;
  const auto set = [&](const key_text& key, std::string_view text) {
    if (!text.empty()) span_.set(attribute_key(key, i, 0), text);
  };
  set(keys.name, what.name);
  if (what.score) span_.set(attribute_key(keys.score, i, 0), *what.score);
  set(keys.label, what.label);
  set(keys.annotator_kind, what.annotator_kind);
  set(keys.identifier, what.identifier);
  set(keys.metadata, what.metadata);
  // It may quote what it judges.
  if (!what.explanation.empty()) {
    recorder().set(content::output_text, attribute_key(keys.explanation, i, 0), what.explanation);
  }
  return *this;
}

ORCAST_DECL work& work::filled(std::string_view text, std::string_view variables,
                               std::string_view edition) {
  content_recorder to = recorder();
  constexpr content what = content::prompt_template;
  to.set(what, keys::llm_prompt_template_template, text);
  if (!variables.empty()) to.set(what, keys::llm_prompt_template_variables, variables);
  if (!edition.empty()) to.set(what, keys::llm_prompt_template_version, edition);
  return *this;
}

ORCAST_DECL work& work::fail(const failure& why) {
  failed_ = true;
  recorder().fail(to_string(why.code), "orcast." + std::string(to_string(why.code)), why.message);
  return *this;
}

ORCAST_DECL work& work::cancel() {
  failed_ = true;
  span_.set(keys::openrouter_cancelled, true);
  return *this;
}

ORCAST_DECL void work::end() noexcept {
  if (!span_.recording()) return;
  if (!failed_) span_.status(span_status::ok);
  if (where_.frame() != 0) span_.set(keys::orcast_frame_end, where_.frame());
  span_.end();
}

}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/tool_steps.hpp ----

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A run of tools without its calls to the model: both forms of tool_loop.hpp make these, and bring
// what has come of them. The state is what is under way: a step (open, for a call), tools, nothing.

namespace orcast {
inline namespace v0 {
namespace detail {

class tool_steps {
 public:
  tool_steps(const recording& record, chat_request request, tool_handler& handler,
             const tool_options& options)
      : request_(std::move(request)),
        handler_(handler),
        options_(options),
        record_(record),
        clock_(record.traces != nullptr ? record.traces->host() : orcast::host()),
        session_(!request_.session_id.empty() ? request_.session_id : options.context.session_id),
        user_(!request_.user.empty() ? request_.user : options.context.user),
        began_ns_(clock_.steady_ns()) {
    const std::string_view name = options_.context.name;
    agent_ = work::agent(record_, name.empty() ? "run_tools" : name,
                         {options_.context.parent, session_, user_});
    for (auto each = request_.messages.rbegin(); each != request_.messages.rend(); ++each) {
      if (each->role != "user") continue;
      agent_.input(each->content);
      break;
    }
  }

  bool over() const noexcept { return over_; }
  bool streams() const noexcept { return options_.stream; }
  const tool_run& run() const noexcept { return run_; }
  tool_run take() noexcept { return std::move(run_); }

  /// A step begins: what to ask, and with which context().
  const chat_request& begin_step() {
    ++run_.steps;
    if (run_.steps >= options_.steps && !request_.tools.empty()) {
      request_.tool_choice = choose::none();
    } else if (run_.steps == 2 && demands(request_.tool_choice)) {
      request_.tool_choice.clear();  // what demands a tool does so once, or there is no end
    }
    step_ = work::agent(record_, "step " + std::to_string(run_.steps),
                        {agent_.context(), session_, user_});
    return request_;
  }

  call_context context() const {
    call_context made = options_.context;
    made.name.clear();
    made.parent = step_.context().valid() ? step_.context() : options_.context.parent;
    return made;
  }

  /// What the step's call has come to.
  void take_reply(result<void> outcome, chat_reply&& reply) {
    run_.reply = std::move(reply);
    count(run_.reply.usage);
    if (!outcome) return stop(outcome.error());
    if (run_.reply.tool_calls().empty()) return answer();
    if (cancelled()) return;
    if (const std::string limit = limit_reached(); !limit.empty()) {
      return stop(failure(errc::too_large, "no answer within " + limit));
    }
    for (const tool_call& each : run_.reply.tool_calls()) under_way_.emplace_back(each);
  }

  bool tools_under_way() const noexcept { return !under_way_.empty(); }

  /// Asks each tool that has not answered; when all have, the step is over.
  void poll_tools() {
    bool all = true;
    for (tool_under_way& each : under_way_) {
      if (each.state != state::over) poll(each);
      if (cancelled()) return;
      all = all && each.state == state::over;
    }
    if (!all) return;
    request_.messages.push_back(std::move(run_.reply.choices.front().reply));
    for (tool_under_way& each : under_way_) {
      request_.messages.push_back(message::tool(each.asked.id, std::move(each.result)));
    }
    under_way_.clear();
    step_.end();
  }

  void cancel() noexcept { cancel_ = true; }
  /// Ends the run when it has been cancelled or is out of time; true when it is over.
  bool cancelled() {
    if (over_) return true;
    if (cancel_ || handler_.cancelled()) {
      stop(failure(errc::cancelled, "cancelled by the caller"));
    } else if (options_.time_ms > 0 &&
               clock_.steady_ns() - began_ns_ >= options_.time_ms * 1'000'000) {
      stop(failure(errc::timeout_total, "no answer within " + std::to_string(options_.time_ms) +
                                            " ms (tool_options.time_ms)"));
    }
    return over_;
  }

  void stop(const failure& why) {
    if (over_) return;
    run_.outcome = why;
    for (tool_under_way& each : under_way_) close(each.trace, why);
    close(step_, why);
    close(agent_, why);
    finish();
  }

 private:
  enum class state : unsigned char { asked, running, over };
  struct tool_under_way {
    explicit tool_under_way(const tool_call& call) : asked(call) {}
    tool_call asked;
    work trace;
    std::string result;
    tool_steps::state state = state::asked;
  };

  /// "required", or one tool by name.
  static bool demands(std::string_view choice) {
    json_reader reader(json_manners::exact);
    if (!reader.parse(choice)) return false;
    return reader.root().text() == "required" || reader.root()["type"].text() == "function";
  }

  static void close(work& trace, const failure& why) {
    why.code == errc::cancelled || why.code == errc::shut_down ? trace.cancel() : trace.fail(why);
    trace.end();
  }

  void poll(tool_under_way& each) {
    if (each.state == state::asked) {
      if (!known(each.asked.name)) {
        return refuse(each, errc::not_found,
                      "there is no tool of that name; there are: " + names());
      }
      const tool_approval approval = handler_.approve(each.asked);
      if (approval == tool_approval::wait) return;
      if (approval == tool_approval::refuse) {
        return refuse(each, errc::permission_denied, "the user does not allow this call");
      }
      begin(each);
      ++run_.tool_calls;
    }
    tool_answer said = handler_.run(each.asked);
    if (said.what() == tool_answer::kind::later) return;
    if (said.what() == tool_answer::kind::error) {
      return end(each, failure(errc::invalid_argument, said.text()));
    }
    text_gate gate;  // a result that is not UTF-8 could not be sent
    gate.push(said.text(), each.result);
    gate.finish(each.result);
    const bool json = !each.result.empty() && (each.result[0] == '{' || each.result[0] == '[');
    each.trace.output(each.result, json ? "application/json" : "text/plain");
    each.trace.end();
    each.state = state::over;
  }

  void begin(tool_under_way& each) {
    each.state = state::running;
    each.trace = work::tool(record_, each.asked, {step_.context(), session_, user_});
  }
  void refuse(tool_under_way& each, errc code, std::string words) {
    begin(each);
    end(each, failure(code, std::move(words)));
  }
  /// Ends a tool with an error, which the model reads.
  void end(tool_under_way& each, const failure& why) {
    object_writer error(each.result);
    append_repaired_string(error.key("error"), why.message);
    error.close();
    each.trace.output(each.result, "application/json");
    each.trace.fail(why);
    each.trace.end();
    each.state = state::over;
  }

  bool known(std::string_view name) const {
    for (const tool& each : request_.tools) {
      if (name_of(each) == name) return true;
    }
    return false;
  }
  std::string names() const {
    std::string all;
    for (const tool& each : request_.tools) {
      const std::string name = name_of(each);
      if (!name.empty()) all += (all.empty() ? "" : ", ") + name;
    }
    return all;
  }
  /// Empty for a tool that OpenRouter runs.
  static std::string name_of(const tool& each) {
    if (each.json.empty()) return each.name;
    json_reader reader(json_manners::exact);
    reader.parse(each.json);
    return std::string(reader.root()["function"]["name"].text());
  }

  void count(const token_usage& usage) {
    run_.prompt_tokens += usage.prompt_tokens.value_or(0);
    run_.completion_tokens += usage.completion_tokens.value_or(0);
    double cost = 0;
    const char* const text = usage.cost.data();
    if (std::from_chars(text, text + usage.cost.size(), cost).ec == std::errc()) run_.cost += cost;
  }

  /// The first that is, in words; empty when none is.
  std::string limit_reached() const {
    if (run_.steps >= options_.steps) {
      return std::to_string(options_.steps) + " steps (tool_options.steps)";
    }
    if (options_.cost > 0 && run_.cost >= options_.cost) {
      std::string words = "$";
      append_number(words, options_.cost);
      return words + " (tool_options.cost)";
    }
    if (options_.tokens > 0 && run_.prompt_tokens + run_.completion_tokens >= options_.tokens) {
      return std::to_string(options_.tokens) + " tokens (tool_options.tokens)";
    }
    return {};
  }

  void answer() {
    if (!run_.reply.choices.empty()) {
      request_.messages.push_back(run_.reply.choices.front().reply);
    }
    agent_.output(run_.reply.text());
    step_.end();
    agent_.end();
    finish();
  }

  void finish() {
    under_way_.clear();
    run_.messages = std::move(request_.messages);
    over_ = true;
  }

  chat_request request_;  // with the messages of each finished step
  tool_handler& handler_;
  const tool_options options_;
  const recording record_;
  const orcast::host clock_;
  const std::string session_;
  const std::string user_;
  const std::int64_t began_ns_;
  tool_run run_;
  std::vector<tool_under_way> under_way_;
  work step_;
  work agent_;
  bool cancel_ = false;
  bool over_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// ---- orcast/openrouter/impl/tool_loop.ipp ----

#include <chrono>
#include <utility>

// The two forms of a run: one waits for its calls, one hears of them. What a run does is in
// tool_steps.hpp.

namespace orcast {
inline namespace v0 {

ORCAST_DECL tool_run run_tools(client& openrouter, chat_request request, tool_handler& handler,
                               const tool_options& options) {
  detail::tool_steps steps(openrouter.record(), std::move(request), handler, options);
  http::exchange_control nobody;  // waits without <thread>
  while (!steps.cancelled()) {
    const chat_request& next = steps.begin_step();
    result<chat_reply> got = options.stream ? openrouter.chat_stream(next, handler, steps.context())
                                            : openrouter.chat(next, steps.context());
    if (got) {
      steps.take_reply({}, std::move(*got));
    } else {
      steps.take_reply(got.error(), {});
    }
    while (steps.tools_under_way()) {
      steps.poll_tools();
      if (!steps.tools_under_way()) break;
      static_cast<void>(nobody.wait_for_resume(std::chrono::milliseconds(10)));
    }
  }
  return steps.take();
}

ORCAST_DECL tool_loop::tool_loop(client& openrouter, chat_request request, tool_handler& handler,
                                 const tool_options& options)
    : openrouter_(openrouter),
      handler_(handler),
      steps_(std::make_unique<detail::tool_steps>(openrouter.record(), std::move(request), handler,
                                                  options)) {
  start();
}

ORCAST_DECL tool_loop::~tool_loop() {
  call_ = call();
  steps_->stop(failure(errc::cancelled, "cancelled by the caller"));
}

ORCAST_DECL void tool_loop::start() {
  const chat_request& next = steps_->begin_step();
  call_ = steps_->streams() ? openrouter_.start(next, this, steps_->context())
                            : openrouter_.start_whole(next, this, steps_->context());
}

ORCAST_DECL void tool_loop::on_done(result<void> outcome, chat_reply& reply) noexcept {
  steps_->take_reply(std::move(outcome), std::move(reply));
}

ORCAST_DECL void tool_loop::tick() {
  if (steps_->cancelled()) {
    call_ = call();
    return;
  }
  if (call_.state() != call_state::done) return;
  if (const result<void> outcome = call_.outcome(); !outcome) return steps_->stop(outcome.error());
  if (steps_->tools_under_way()) steps_->poll_tools();
  if (!steps_->over() && !steps_->tools_under_way()) start();
}

ORCAST_DECL void tool_loop::cancel() noexcept { steps_->cancel(); }
ORCAST_DECL bool tool_loop::done() const noexcept { return steps_->over(); }
ORCAST_DECL const tool_run& tool_loop::run() const noexcept { return steps_->run(); }

}  // namespace v0
}  // namespace orcast

#endif
