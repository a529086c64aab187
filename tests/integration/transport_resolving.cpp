// SPDX-License-Identifier: MIT

// A cancel while a host name is looked up. The lookup hangs because this file stands in for the C
// library's: a name under "hang.test" gets no answer before the test lets it go.

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>

#include <dlfcn.h>
#include <netdb.h>

#include "integration/transport_support.hpp"

using namespace transport_test;

namespace {

struct {
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  bool open = true;
} gate;

void close_gate() {
  const std::lock_guard<std::mutex> lock(gate.mutex);
  gate.open = false;
}

void open_gate() {
  std::unique_lock<std::mutex> lock(gate.mutex);
  gate.open = true;
  gate.changed.notify_all();
  // Whoever hangs there leaves before the next test.
  gate.changed.wait_for(lock, patience, [] { return gate.waiting == 0; });
}

bool somebody_waits() {
  std::unique_lock<std::mutex> lock(gate.mutex);
  return gate.changed.wait_for(lock, patience, [] { return gate.waiting > 0; });
}

}  // namespace

extern "C" int getaddrinfo(const char* __restrict name, const char* __restrict service,
                           const struct addrinfo* __restrict hints,
                           struct addrinfo** __restrict found) {
  using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const function real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool digits = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
  if (name == nullptr || digits || std::strcmp(name, "hang.test") != 0) {
    return real(name, service, hints, found);
  }
  std::unique_lock<std::mutex> lock(gate.mutex);
  ++gate.waiting;
  gate.changed.notify_all();
  gate.changed.wait(lock, [] { return gate.open; });
  --gate.waiting;
  gate.changed.notify_all();
  return EAI_AGAIN;
}

TEMPLATE_TEST_CASE("a cancel ends an exchange whose host is being looked up", "[transport]",
                   httplib_driver, curl_driver) {
  close_gate();
  http::request request = get("http://hang.test:9/");
  recorder sink;
  {
    TestType driver(trust{}, true);
    const auto which = driver.start(request, sink);
    REQUIRE(somebody_waits());
    const auto start = std::chrono::steady_clock::now();
    driver.cancel(which);
    REQUIRE(sink.wait_for_done());
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
    CHECK(sink.ended() == "cancelled");
    open_gate();
  }
}

TEMPLATE_TEST_CASE("a lookup without an answer is a connection that was not made in time",
                   "[transport]", httplib_driver, curl_driver) {
  close_gate();
  http::request request = get("http://hang.test:9/");
  request.limits.connect_ms = 60;
  recorder sink;
  {
    TestType driver(trust{}, true);
    driver.start(request, sink);
    REQUIRE(sink.wait_for_done());
    CHECK(sink.ended() == "timeout_connect");
    open_gate();
  }
}
