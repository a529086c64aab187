// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "orcast/broadcast/connection_test.hpp"
#include "orcast/broadcast/impl/destination_for.hpp"
#include "orcast/core/wait.hpp"
#include "orcast/http/url.hpp"
#include "orcast/otlp/span_exporter.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/make_tracer.hpp"

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
    if (status == 408) {
      return say(connection_verdict::busy,
                 "the service, or a proxy before it, did not get the request in time; the settings "
                 "may be right. Try again in a moment");
    }
    if (status == 413) {
      return say(connection_verdict::failing,
                 "the service, or a proxy before it, finds a request of one span too large: its "
                 "limit for bodies is too low for traces");
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
    if (reply_.rejected != 0) {
      return say(connection_verdict::refused,
                 to_.answer.empty()
                     ? "the endpoint understood the span and did not keep it, without a word why"
                     : "the endpoint understood the span and did not keep it: its words say why");
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
  auto made = make_tracer(tracing);
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
  if (mine.exporter != nullptr)
    mine.exporter->flush(detail::wait_of(mine.timeout_ms).count() + 1'000);
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
