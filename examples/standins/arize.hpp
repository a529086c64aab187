// SPDX-License-Identifier: MIT
//
// A stand-in for the OTLP endpoint of Arize AX on a loopback port. It believes nothing: headers,
// path, content type, project and every field of every body are looked at, what arrived is kept,
// and the traps of the real one are there too (it answers 200 to a space *name* and to /v1, and
// throws the spans away).
//
//   standins::arize service;
//   exporter.endpoint = service.endpoint();           // "http://127.0.0.1:49153/v1/traces"
//   exporter.api_key = standins::arize::api_key;
//   exporter.space_id = standins::arize::space_id;
//   ...
//   service.wait_for_spans(3, 5s) && service.violations().empty()

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "standins/http.hpp"
#include "standins/journal.hpp"
#include "standins/json_text.hpp"
#include "standins/otlp_decode.hpp"
#include "standins/server.hpp"
#include "standins/text.hpp"

namespace standins {

/// What the next POST to /v1/traces meets, whatever it carries. Empty: nothing unusual.
struct arize_fault {
  int status = 0;                      ///< answered instead; the spans are kept only with 2xx
  std::string body;                    ///< of that answer; empty: one that fits the status
  std::string retry_after;             ///< header, seconds or a date
  std::string redirect;                ///< answer 302 with this Location
  std::chrono::milliseconds delay{0};  ///< before the answer
  bool no_answer = false;              ///< close instead of answering
  bool stall = false;                  ///< neither answer nor close
  bool keep = false;                   ///< keep the spans although the sender never learns it
  std::int64_t rejected_spans = 0;     ///< partial success: so many, from the end, are not kept
  std::string error_message;           ///< partial success

  static arize_fault with_status(int status, std::string retry_after = "") {
    arize_fault out;
    out.status = status;
    out.retry_after = std::move(retry_after);
    return out;
  }
};

class arize {
 public:
  static constexpr const char* api_key = "ak-standin";
  static constexpr const char* space_id = "U3BhY2U6MTpzdGFuZGlu";  ///< "Space:1:standin"

  struct options {
    std::string api_key = arize::api_key;
    std::string space_id = arize::space_id;
    tls_options tls;
    /// Reads bodies of the type application/x-protobuf, which otherwise get 415.
    std::function<otlp::trace_request(const std::string& body)> protobuf;
  };

  struct received_span {
    otlp::span span;
    otlp::attribute_list resource;
    otlp::scope scope;
    std::size_t request = 0;  ///< the number of the request that brought it
  };

  arize() : arize(options()) {}
  explicit arize(const options& chosen)
      : options_(chosen),
        server_(chosen.tls, [this](const request& r, exchange& x) { serve(r, x); }) {}

  int port() const { return server_.port(); }
  std::string origin() const { return server_.origin(); }
  std::string endpoint() const { return origin() + "/v1/traces"; }
  std::string ca_pem() const { return server_.ca_pem(); }

  /// Any thread.
  void enqueue(arize_fault next) {
    const std::lock_guard<std::mutex> lock(mutex_);
    faults_.push_back(std::move(next));
  }

  /// All that arrived, the refused ones too.
  std::vector<request> requests() const { return server_.requests().all(); }
  bool wait_for_requests(std::size_t count, std::chrono::milliseconds timeout) const {
    return server_.requests().wait_for(count, timeout);
  }
  /// The spans that a user would see in Arize, in the order of arrival.
  std::vector<received_span> spans() const { return spans_.all(); }
  bool wait_for_spans(std::size_t count, std::chrono::milliseconds timeout) const {
    return spans_.wait_for(count, timeout);
  }
  /// The bodies that were accepted, in order; inflated, otherwise as sent.
  std::vector<std::string> bodies() const { return bodies_.all(); }
  /// Broken rules of OTLP in all bodies that were read; accepted bodies may have some.
  std::vector<otlp::violation> violations() const { return violations_.all(); }

  /// Requests that were answered 200 and thrown away: sent to /v1 without /traces, or with a space
  /// name where an id belongs.
  std::size_t discarded_by_path() const { return to_v1_.size(); }
  std::size_t discarded_by_space_name() const { return with_name_.size(); }
  /// Requests that were answered 500 with code 13.
  std::size_t refused() const { return refused_.size(); }
  /// How many senders left before they had their answer.
  std::size_t disconnects() const { return server_.disconnects().size(); }
  bool wait_for_disconnects(std::size_t count, std::chrono::milliseconds timeout) const {
    return server_.disconnects().wait_for(count, timeout);
  }

 private:
  enum class sender { known, refused, by_name };

  void serve(const request& from, exchange& with) {
    if (from.path == "/v1" || from.path == "/v1/") {
      to_v1_.add(from.number);
      return answer(with, 200, "{}");
    }
    if (from.path != "/v1/traces" || from.method != "POST") {
      return answer(with, 404, status_body(5, "Not Found"));
    }
    const arize_fault wrong = next_fault();
    if (!with.wait(wrong.delay)) return;
    if (wrong.stall || wrong.no_answer || !wrong.redirect.empty() || wrong.status != 0) {
      const bool accepted = wrong.status >= 200 && wrong.status < 300;
      if (wrong.keep || accepted) keep(from, otlp::decode(from.body), 0);
      return misbehave(wrong, with);
    }

    const std::string type = lower(from.header("Content-Type"));
    const bool protobuf = type == "application/x-protobuf" && options_.protobuf;
    if (!protobuf && type.substr(0, type.find(';')) != "application/json") {
      return answer(with, 415, status_body(3, "unsupported content type"));
    }
    const sender who = sender_of(from);
    if (who == sender::refused) return refuse(from, with);
    if (who == sender::by_name) with_name_.add(from.number);
    if (who == sender::by_name) return answer(with, 200, "{}");
    otlp::trace_request got = protobuf ? options_.protobuf(from.body) : otlp::decode(from.body);
    if (!got.is_readable) {
      report(from, got);
      return answer(with, 400, status_body(3, "the body cannot be read"));
    }
    if (!has_project(got)) {
      report(from, got);
      return refuse(from, with);
    }
    keep(from, std::move(got), wrong.rejected_spans);
    if (protobuf) return (void)with.answer(200, {{"Content-Type", type}}, "");
    answer(with, 200, success_body(wrong));
  }

  void misbehave(const arize_fault& wrong, exchange& with) {
    if (wrong.stall) return with.wait_for_ever();
    if (wrong.no_answer) return with.cut();
    if (!wrong.redirect.empty()) {
      with.answer(302, {{"Location", wrong.redirect}}, "");
      return;
    }
    header_list headers = {{"Content-Type", "application/json"}};
    if (!wrong.retry_after.empty()) headers.emplace_back("Retry-After", wrong.retry_after);
    const std::string usual =
        wrong.status < 300 ? "{}" : status_body(14, reason_phrase(wrong.status));
    with.answer(wrong.status, headers, wrong.body.empty() ? usual : wrong.body);
  }

  static void answer(exchange& with, int status, const std::string& body) {
    with.answer(status, {{"Content-Type", "application/json"}}, body);
  }

  void refuse(const request& from, exchange& with) {
    refused_.add(from.number);
    answer(with, 500, status_body(13, "unable to validate authorization from span"));
  }

  /// google.rpc.Status
  static std::string status_body(int code, std::string_view message) {
    return print({{"code", code}, {"message", message}});
  }

  static std::string success_body(const arize_fault& wrong) {
    if (wrong.rejected_spans == 0 && wrong.error_message.empty()) return "{}";
    const std::string rejected = std::to_string(wrong.rejected_spans);
    return print(
        {{"partialSuccess", {{"rejectedSpans", rejected}, {"errorMessage", wrong.error_message}}}});
  }

  /// Every form of key and space that was sent must be right, and one of each must be there.
  sender sender_of(const request& from) const {
    bool key = false, space = false, name = false;
    for (const char* header : {"authorization", "arize-api-key", "api_key"}) {
      if (!from.has_header(header)) continue;
      const std::string sent = from.header(header);
      if (sent != options_.api_key && sent != "Bearer " + options_.api_key) return sender::refused;
      key = true;
    }
    for (const char* header : {"space_id", "arize-space-id"}) {
      if (!from.has_header(header)) continue;
      const std::string sent = from.header(header);
      if (sent != options_.space_id && is_space_id(sent)) return sender::refused;
      (sent == options_.space_id ? space : name) = true;
    }
    if (!key || (!space && !name)) return sender::refused;
    return name ? sender::by_name : sender::known;
  }

  static bool is_space_id(const std::string& text) {
    return otlp::decode_base64(text).value_or("").compare(0, 6, "Space:") == 0;
  }

  static bool has_project(const otlp::trace_request& got) {
    for (const otlp::resource_spans& one : got.resource_spans) {
      const otlp::attribute_list& attributes = one.resource.attributes;
      if (attributes.text("openinference.project.name").empty() &&
          attributes.text("model_id").empty() && attributes.text("arize.project.name").empty()) {
        return false;
      }
    }
    return true;
  }

  void report(const request& from, const otlp::trace_request& got) {
    for (const otlp::violation& one : got.violations) {
      violations_.add({"request " + std::to_string(from.number) + ": " + one.path, one.what});
    }
  }

  /// Violations before bodies before spans: who waited for a span sees what came with it.
  /// Where ORCAST_STANDIN_ARIZE_BODIES names a file, what orcast's exporter sent goes there too, a
  /// line a body: tests/interop looks at it with the official definitions.
  static void write_down(const request& from) {
    const char* const path = std::getenv("ORCAST_STANDIN_ARIZE_BODIES");
    if (path == nullptr || from.header("User-Agent").compare(0, 7, "orcast/") != 0) return;
    static std::mutex one_at_a_time;
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    std::ofstream(path, std::ios::binary | std::ios::app) << from.body << '\n';
  }

  void keep(const request& from, otlp::trace_request got, std::int64_t rejected) {
    report(from, got);
    bodies_.add(from.body);
    write_down(from);
    std::vector<received_span> spans;
    for (otlp::resource_spans& one : got.resource_spans) {
      for (otlp::scope_spans& inner : one.scope_spans) {
        for (otlp::span& span : inner.spans) {
          spans.push_back({std::move(span), one.resource.attributes, inner.scope, from.number});
        }
      }
    }
    const auto lost = static_cast<std::size_t>(rejected);
    spans.resize(spans.size() - (std::min)(lost, spans.size()));
    spans_.add(std::move(spans));
  }

  arize_fault next_fault() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (faults_.empty()) return {};
    arize_fault next = std::move(faults_.front());
    faults_.pop_front();
    return next;
  }

  const options options_;
  std::mutex mutex_;
  std::deque<arize_fault> faults_;
  journal<std::size_t> to_v1_, with_name_, refused_;
  journal<otlp::violation> violations_;
  journal<std::string> bodies_;
  journal<received_span> spans_;
  server server_;  // last: its threads use the members above
};

}  // namespace standins
