// SPDX-License-Identifier: MIT

#include <cstdint>
#include <utility>

#include "orcast/otlp/span_exporter.hpp"
#include "orcast/trace/make_tracer.hpp"

// A program that records, encodes and posts over a polled transport, and never names protobuf: it
// contains neither protobuf's encoder nor the pool of threads that blocking transports need.

namespace {

class given {
 public:
  orcast::http::exchange_id start(const orcast::http::request&, orcast::http::response_sink& sink) {
    waiting_ = &sink;
    return 1;
  }
  void cancel(orcast::http::exchange_id) {}
  void resume(orcast::http::exchange_id) {}
  void poll(std::int64_t) {
    if (orcast::http::response_sink* const sink = std::exchange(waiting_, nullptr)) sink->done({});
  }

 private:
  orcast::http::response_sink* waiting_ = nullptr;
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
