// SPDX-License-Identifier: MIT

#include "standins/arize.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <mutex>
#include <string_view>

#include "standins/http.hpp"
#include "standins/journal.hpp"
#include "standins/json_text.hpp"
#include "standins/otlp_decode.hpp"
#include "standins/server.hpp"
#include "standins/text.hpp"

namespace standins {

class arize::service {
 public:
  explicit service(const options& chosen)
      : options_(chosen),
        server_(chosen.tls, [this](const request& r, exchange& x) { serve(r, x); }) {}

  const standins::server& server() const { return server_; }

  void enqueue(arize_fault next) {
    const std::lock_guard<std::mutex> lock(mutex_);
    faults_.push_back(std::move(next));
  }

  // Written by the threads of the connections.
  journal<std::size_t> to_v1, with_name, refused;
  journal<otlp::violation> violations;
  journal<std::string> bodies;
  journal<received_span> spans;

 private:
  enum class sender { known, refused, by_name };

  void serve(const request& from, exchange& with) {
    if (from.path == "/v1" || from.path == "/v1/") {
      to_v1.add(from.number);
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
    if (who == sender::by_name) with_name.add(from.number);
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
    refused.add(from.number);
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
      violations.add({"request " + std::to_string(from.number) + ": " + one.path, one.what});
    }
  }

  /// Where ORCAST_STANDIN_ARIZE_BODIES names a file, what orcast's exporter sent goes there too, a
  /// line a body: tests/interop looks at it with the official definitions.
  static void write_down(const request& from) {
    const char* const path = std::getenv("ORCAST_STANDIN_ARIZE_BODIES");
    if (path == nullptr || from.header("User-Agent").compare(0, 7, "orcast/") != 0) return;
    static std::mutex one_at_a_time;
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    std::ofstream(path, std::ios::binary | std::ios::app) << from.body << '\n';
  }

  /// Violations before bodies before spans: who waited for a span sees what came with it.
  void keep(const request& from, otlp::trace_request got, std::int64_t rejected) {
    report(from, got);
    bodies.add(from.body);
    write_down(from);
    std::vector<received_span> got_spans;
    for (otlp::resource_spans& one : got.resource_spans) {
      for (otlp::scope_spans& inner : one.scope_spans) {
        for (otlp::span& span : inner.spans) {
          got_spans.push_back({std::move(span), one.resource.attributes, inner.scope, from.number});
        }
      }
    }
    const auto lost = static_cast<std::size_t>(rejected);
    got_spans.resize(got_spans.size() - (std::min)(lost, got_spans.size()));
    spans.add(std::move(got_spans));
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
  standins::server server_;  // last: its threads use the members above
};

arize::arize() : arize(options()) {}
arize::arize(const options& chosen) : service_(std::make_unique<service>(chosen)) {}
arize::~arize() = default;

void arize::enqueue(arize_fault next) { service_->enqueue(std::move(next)); }

int arize::port() const { return service_->server().port(); }
std::string arize::origin() const { return service_->server().origin(); }
std::string arize::ca_pem() const { return service_->server().ca_pem(); }

std::vector<request> arize::requests() const { return service_->server().requests().all(); }
bool arize::wait_for_requests(std::size_t count, std::chrono::milliseconds timeout) const {
  return service_->server().requests().wait_for(count, timeout);
}
std::vector<arize::received_span> arize::spans() const { return service_->spans.all(); }
bool arize::wait_for_spans(std::size_t count, std::chrono::milliseconds timeout) const {
  return service_->spans.wait_for(count, timeout);
}
std::vector<std::string> arize::bodies() const { return service_->bodies.all(); }
std::vector<otlp::violation> arize::violations() const { return service_->violations.all(); }
std::size_t arize::discarded_by_path() const { return service_->to_v1.size(); }
std::size_t arize::discarded_by_space_name() const { return service_->with_name.size(); }
std::size_t arize::refused() const { return service_->refused.size(); }
std::size_t arize::disconnects() const { return service_->server().disconnects().size(); }
bool arize::wait_for_disconnects(std::size_t count, std::chrono::milliseconds timeout) const {
  return service_->server().disconnects().wait_for(count, timeout);
}

}  // namespace standins
