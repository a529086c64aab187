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

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "standins/otlp_model.hpp"
#include "standins/request.hpp"
#include "standins/tls_options.hpp"

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

  arize();
  explicit arize(const options& chosen);
  arize(const arize&) = delete;
  arize& operator=(const arize&) = delete;
  ~arize();

  int port() const;
  std::string origin() const;
  std::string endpoint() const { return origin() + "/v1/traces"; }
  std::string ca_pem() const;

  /// Any thread.
  void enqueue(arize_fault next);

  /// All that arrived, the refused ones too.
  std::vector<request> requests() const;
  bool wait_for_requests(std::size_t count, std::chrono::milliseconds timeout) const;
  /// The spans that a user would see in Arize, in the order of arrival.
  std::vector<received_span> spans() const;
  bool wait_for_spans(std::size_t count, std::chrono::milliseconds timeout) const;
  /// The bodies that were accepted, in order; inflated, otherwise as sent.
  std::vector<std::string> bodies() const;
  /// Broken rules of OTLP in all bodies that were read; accepted bodies may have some.
  std::vector<otlp::violation> violations() const;

  /// Requests that were answered 200 and thrown away: sent to /v1 without /traces, or with a space
  /// name where an id belongs.
  std::size_t discarded_by_path() const;
  std::size_t discarded_by_space_name() const;
  /// Requests that were answered 500 with code 13.
  std::size_t refused() const;
  /// How many senders left before they had their answer.
  std::size_t disconnects() const;
  bool wait_for_disconnects(std::size_t count, std::chrono::milliseconds timeout) const;

 private:
  class service;
  std::unique_ptr<service> service_;
};

}  // namespace standins
