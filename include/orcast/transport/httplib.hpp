// SPDX-License-Identifier: MIT
#pragma once

#if defined(_WIN32)
#error "orcast/transport/httplib.hpp needs POSIX sockets; use orcast/transport/curl.hpp"
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/http/control.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/transport.hpp"
#include "orcast/http/url.hpp"
#include "orcast/http/validate.hpp"
#include "orcast/transport/detail/connection.hpp"
#include "orcast/transport/detail/connection_pool.hpp"
#include "orcast/transport/detail/guarded_stream.hpp"
#include "orcast/transport/detail/httplib_client.hpp"
#include "orcast/transport/detail/resolver.hpp"
#include "orcast/transport/detail/tls_context.hpp"

// The blocking transport over cpp-httplib. The library writes requests and reads responses;
// sockets, TLS (OpenSSL), deadlines, limits and cancelling are handled here, because not every
// release of it can be told to. It never follows a redirect (a 3xx is an answer like any other),
// never asks for or undoes compression, never uses a proxy, and always checks certificates.
//
// Link cpp-httplib as pkg-config says, OpenSSL's ssl and crypto, and threads.

namespace orcast {
inline namespace v0 {

struct httplib_options {
  /// Certificate authorities to trust instead of the machine's own: a PEM file, PEM text, or both.
  std::string ca_file;
  std::string ca_pem;
  /// Plain http to other machines. Keys then travel readable; http to this machine always works.
  bool allow_insecure_http = false;
  /// Connections kept open for the next exchange, to all hosts together; 0 keeps none.
  std::size_t idle_connections = 8;
  std::int64_t idle_connection_ms = 30'000;
};

class httplib_transport {
 public:
  explicit httplib_transport(httplib_options options = {})
      : allow_insecure_http_(options.allow_insecure_http),
        tls_(std::move(options.ca_file), std::move(options.ca_pem)),
        pool_(options.idle_connections, options.idle_connection_ms) {}

  /// Any thread: loads the certificate authorities, so that the first https exchange need not.
  /// Fails with errc::trust_store.
  result<void> warm_up() {
    const result<SSL_CTX*> context = tls_.get();
    return context ? result<void>() : result<void>(context.error());
  }

  /// Any thread, several at once. Returns when the exchange is over and done() was called. A kept
  /// connection that turns out dead before a byte of the response is replaced by a new one, once,
  /// unless the request may have been received and is none that `replays`.
  void perform(const http::request& request, http::response_sink& sink,
               http::exchange_control& control) {
    sink.done(exchange(request, sink, control));
  }

 private:
  using connection = transport_detail::connection;

  result<void> exchange(const http::request& request, http::response_sink& sink,
                        http::exchange_control& control);
  result<std::unique_ptr<connection>> connect(const http::url& target,
                                              transport_detail::deadline until,
                                              http::exchange_control& control);
  static httplib::Request translate(const http::request& request, const http::url& target);

  const bool allow_insecure_http_;
  transport_detail::tls_context tls_;  // before pool_, whose connections use it
  transport_detail::resolver resolver_;
  transport_detail::connection_pool pool_;
};

inline result<void> httplib_transport::exchange(const http::request& request,
                                                http::response_sink& sink,
                                                http::exchange_control& control) {
  const result<http::url> target = http::validate_request(request, allow_insecure_http_);
  if (!target) return target.error();
  const transport_detail::deadline total = transport_detail::deadline_in(request.limits.total_ms);
  std::string origin(target->secure() ? "https " : "http ");
  origin.append(target->host()).append(" ").append(std::to_string(target->port()));

  std::unique_ptr<connection> line = pool_.take(origin);
  while (true) {
    const bool kept = line != nullptr;
    if (!kept) {
      const auto until =
          (std::min)(transport_detail::deadline_in(request.limits.connect_ms), total);
      result<std::unique_ptr<connection>> fresh = connect(*target, until, control);
      if (!fresh && fresh.error().code == errc::timeout_connect && until == total) {
        return failure(errc::timeout_total, "the exchange took too long");
      }
      if (!fresh) return fresh.error();
      line = std::move(*fresh);
    }

    transport_detail::guarded_stream stream(*line, request, sink, control, total);
    httplib::Request outgoing = translate(request, *target);
    outgoing.content_receiver = [&stream](const char* bytes, std::size_t size, auto, auto) {
      return stream.deliver(std::string_view(bytes, size));
    };
    bool parsed = false;
    {
      const http::exchange_control::interrupt_scope scope(
          control,
          [](void* open_line) noexcept { static_cast<connection*>(open_line)->interrupt(); },
          line.get());
      transport_detail::httplib_client client(std::string(target->host()), target->port());
      parsed = client.exchange(stream, outgoing);
    }
    for (auto& field : outgoing.headers) wipe(field.second.data(), field.second.size());

    result<void> outcome = stream.verdict(parsed);
    if (outcome && stream.reusable() && !control.cancelled()) {
      pool_.put(std::move(origin), std::move(line));
    } else if (outcome) {
      line->say_goodbye();
    } else if (kept && stream.cut_before_answer() &&
               (request.replays || outcome.error().code == errc::connect)) {
      line.reset();
      continue;
    }
    return outcome;
  }
}

inline result<std::unique_ptr<transport_detail::connection>> httplib_transport::connect(
    const http::url& target, transport_detail::deadline until, http::exchange_control& control) {
  if (control.cancelled()) return failure(errc::cancelled, "cancelled");
  SSL_CTX* context = nullptr;
  if (target.secure()) {
    const result<SSL_CTX*> loaded = tls_.get();
    if (!loaded) return loaded.error();
    context = *loaded;
  }
  const result<transport_detail::addresses> found =
      resolver_.resolve(std::string(target.host()), std::to_string(target.port()), until, control);
  if (!found) return found.error();
  auto line = std::make_unique<connection>();
  const result<void> opened = line->open(found->get(), target, context, until, control);
  if (!opened) return opened.error();
  return result<std::unique_ptr<connection>>(std::move(line));
}

inline httplib::Request httplib_transport::translate(const http::request& request,
                                                     const http::url& target) {
  httplib::Request outgoing;
  outgoing.method = request.method;
  outgoing.path = std::string(target.target());
  for (const http::header& line : request.headers) outgoing.headers.emplace(line.name, line.value);
  outgoing.headers.emplace("Host", std::string(target.authority()));
  if (!outgoing.has_header("User-Agent")) {
    outgoing.headers.emplace("User-Agent", std::string("orcast/") + version);
  }
  const std::size_t size = request.body_size();
  if (size == 0) return outgoing;
  // One call of the provider writes all segments, so cpp-httplib is told of a single byte: newer
  // releases add "Expect: 100-continue" to a longer body and then wait for a second.
  outgoing.headers.emplace("Content-Length", std::to_string(size));
  outgoing.content_length_ = 1;
  outgoing.content_provider_ = [&request](std::size_t, std::size_t, httplib::DataSink& out) {
    for (const std::string_view segment : request.body) {
      if (!segment.empty() && !out.write(segment.data(), segment.size())) return false;
    }
    return true;
  };
  return outgoing;
}

}  // namespace v0
}  // namespace orcast
