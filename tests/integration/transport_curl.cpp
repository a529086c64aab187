// SPDX-License-Identifier: MIT

// What only the polled transport has: many exchanges on one thread, calls from within sinks, and
// options of libcurl that may be refused.

#include <dlfcn.h>

#include <atomic>
#include <cstdarg>
#include <deque>
#include <string>
#include <vector>

#include "integration/transport_support.hpp"

using namespace transport_test;

namespace {

std::atomic<int> options_until_refusal{-1};  // negative: none is refused
std::atomic<int> options_set{0};

/// Polls until the condition holds or patience ends.
template <class Condition>
bool poll_until(orcast::curl_transport& transport, Condition condition) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    transport.poll(20);
  }
  return true;
}

}  // namespace

// Stands before libcurl's own function of that name for the whole program, and calls it. That the
// last named parameter is an enum is libcurl's choice.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvarargs"
extern "C" CURLcode curl_easy_setopt(CURL* easy, CURLoption option, ...) {
  using function = CURLcode (*)(CURL*, CURLoption, ...);
  static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "curl_easy_setopt"));
  ++options_set;
  if (options_until_refusal == 0) return CURLE_UNKNOWN_OPTION;
  if (options_until_refusal > 0) --options_until_refusal;
  std::va_list arguments;
  va_start(arguments, option);
  CURLcode code = CURLE_OK;
  if (option < CURLOPTTYPE_OBJECTPOINT) {
    code = real(easy, option, va_arg(arguments, long));
  } else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
    code = real(easy, option, va_arg(arguments, curl_off_t));
  } else {
    code = real(easy, option, va_arg(arguments, void*));
  }
  va_end(arguments);
  return code;
}
#pragma GCC diagnostic pop

TEST_CASE("every option that libcurl refuses fails the exchange", "[transport][curl]") {
  server host([](peer& client) { client.request(); });
  http::request request;
  request.url = host.url();
  request.body = {"x"};
  orcast::curl_options options;
  options.ca_file = "/nowhere";
  options.ca_pem = "nothing";
  orcast::curl_transport transport(options);

  // One exchange that is cancelled at once counts them.
  options_set = 0;
  {
    recorder sink;
    const auto id = transport.start(request, sink);
    transport.poll(0);
    transport.cancel(id);
    transport.poll(0);
    REQUIRE(sink.ended() == "cancelled");
  }
  const int all = options_set;
  REQUIRE(all > 25);
  for (int i = 0; i < all; ++i) {
    CAPTURE(i);
    options_until_refusal = i;
    recorder sink;
    transport.start(request, sink);
    CHECK(sink.ended() == "running");
    transport.poll(0);
    options_until_refusal = -1;
    CHECK(sink.ended() == "unsupported");
    CHECK(transport.in_flight() == 0);
  }
  CHECK(host.connections() <= 1);  // that one's
}

TEST_CASE("two hundred exchanges run at once on one thread", "[transport][curl]") {
  constexpr int count = 200;
  std::mutex mutex;
  std::condition_variable arrived;
  int waiting = 0;
  server host([&](peer& client) {
    const std::string request = client.request();
    {
      // Nobody is answered before all have asked.
      std::unique_lock<std::mutex> lock(mutex);
      ++waiting;
      arrived.notify_all();
      arrived.wait_for(lock, patience, [&] { return waiting == count; });
    }
    client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string id = request.substr(5, request.find(' ', 5) - 5);
    client.send("3\r\nid=\r\n" + std::to_string(id.size()) + "\r\n" + id + "\r\n0\r\n\r\n");
  });
  orcast::curl_transport transport;
  std::deque<recorder> sinks(count);
  std::deque<http::request> requests;
  for (int i = 0; i < count; ++i) {
    requests.push_back(get(host.url("/" + std::to_string(i))));
    const auto id = transport.start(requests.back(), sinks[static_cast<std::size_t>(i)]);
    CHECK(id == static_cast<http::exchange_id>(i + 1));
  }
  CHECK(transport.in_flight() == count);
  CHECK(poll_until(transport, [&] { return transport.in_flight() == 0; }));
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(sinks[i].ended() == "ok");
    CHECK(sinks[i].body == "id=" + std::to_string(i));
  }
  CHECK(waiting == count);
}

TEST_CASE("sinks are called from inside poll alone", "[transport][curl]") {
  server host([](peer& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  orcast::curl_transport transport;
  bool polling = false;
  bool outside = false;
  recorder sink;
  sink.on_head = [&] { outside = outside || !polling; };
  sink.on_data = [&](std::string_view) {
    outside = outside || !polling;
    return http::flow::pause;
  };
  const http::request request = get(host.url());
  const auto id = transport.start(request, sink);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!sink.is_over() && std::chrono::steady_clock::now() < until) {
    polling = true;
    transport.poll(20);
    polling = false;
    transport.resume(id);
  }
  CHECK(sink.ended() == "ok");

  recorder refused;
  http::request bad = get("ftp://x/");
  const auto next = transport.start(bad, refused);
  CHECK(next != id);
  CHECK_FALSE(refused.is_over());
  transport.poll(0);
  CHECK(refused.ended() == "invalid_argument");
}

TEST_CASE("a sink may cancel its own exchange and others, and start new ones",
          "[transport][curl]") {
  server host([](peer& client) {
    client.request();
    client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.wait_for_close();
  });
  const http::request request = get(host.url());
  orcast::curl_transport transport;
  recorder own, other, later;
  http::exchange_id own_id = 0, other_id = 0;
  own.on_data = [&](std::string_view) {
    transport.cancel(own_id);
    transport.cancel(other_id);
    const auto id = transport.start(request, later);
    CHECK(id == 3);
    CHECK_FALSE(own.is_over());
    return http::flow::go;
  };
  own_id = transport.start(request, own);
  other_id = transport.start(request, other);
  CHECK(poll_until(transport, [&] { return own.is_over() && other.is_over(); }));
  CHECK(own.ended() == "cancelled");
  CHECK(own.body == "hello");
  CHECK(other.ended() == "cancelled");
  CHECK(poll_until(transport, [&] { return later.body == "hello"; }));
  transport.cancel(3);
  transport.poll(0);
  CHECK(later.ended() == "cancelled");

  SECTION("also from head") {
    recorder third;
    http::exchange_id id = 0;
    third.on_head = [&] { transport.cancel(id); };
    id = transport.start(request, third);
    CHECK(poll_until(transport, [&] { return third.is_over(); }));
    CHECK(third.ended() == "cancelled");
    CHECK(third.body.empty());
  }
}

TEST_CASE("a sink that answers every failure with a new start does not hold up poll",
          "[transport][curl]") {
  struct stubborn final : http::response_sink {
    void head(const http::response_head&) noexcept override {}
    http::flow data(std::string_view) noexcept override { return http::flow::go; }
    void done(orcast::result<void>) noexcept override {
      ++ends;
      if (ends < 100) transport->start(*request, *this);
    }
    orcast::curl_transport* transport = nullptr;
    const http::request* request = nullptr;
    int ends = 0;
  } sink;
  orcast::curl_transport transport;
  const http::request request = get("nonsense");
  sink.transport = &transport;
  sink.request = &request;
  transport.start(request, sink);
  transport.poll(0);
  CHECK(sink.ends == 1);
  transport.poll(0);
  CHECK(sink.ends == 2);
  CHECK(poll_until(transport, [&] { return transport.in_flight() == 0; }));
  CHECK(sink.ends == 100);
}

TEST_CASE("destroying the transport ends what is in flight", "[transport][curl]") {
  server host([](peer& client) {
    client.request();
    client.wait_for_close();
  });
  const http::request request = get(host.url());
  recorder begun, not_begun;
  {
    orcast::curl_transport transport;
    transport.start(request, begun);
    CHECK(poll_until(transport, [&] { return host.connections() == 1; }));
    transport.start(request, not_begun);
  }
  CHECK(begun.ended() == "shut_down");
  CHECK(not_begun.ended() == "shut_down");
}

TEST_CASE("wake ends a wait, also one that comes later", "[transport][curl]") {
  orcast::curl_transport transport;
  const auto start = std::chrono::steady_clock::now();
  transport.wake();
  transport.poll(60'000);
  std::thread waker([&] { transport.wake(); });
  transport.poll(60'000);
  waker.join();
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
}
