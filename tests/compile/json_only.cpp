// SPDX-License-Identifier: MIT

#include "orcast/otlp/span_exporter.hpp"
#include "orcast/trace/make_tracer.hpp"

// A program that records, encodes and posts, and never names protobuf: it does not contain it.

namespace {

struct given {
  void perform(const orcast::http::request&, orcast::http::response_sink& sink,
               orcast::http::exchange_control&) {
    sink.done({});
  }
};

}  // namespace

int main() {
  auto traces = orcast::make_tracer({});
  if (!traces) return 1;
  orcast::otlp::destination to;
  to.url = "http://localhost:4318/v1/traces";
  auto exporter =
      orcast::otlp::span_exporter::make(**traces, orcast::http::any_transport::make<given>(), to);
  return exporter ? 0 : 1;
}
