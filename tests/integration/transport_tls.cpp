// SPDX-License-Identifier: MIT

// TLS of both transports: what they accept, and that everything else fails closed, with a name.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "integration/transport_support.hpp"
#include "standins/tls.hpp"

using namespace transport_test;

namespace {

/// A TLS server that answers every request with "ok".
struct secure_server {
  explicit secure_server(const standins::tls_options& options = {})
      : identity(options), host(&answer_all, identity.context()) {}

  static void answer_all(peer& client) {
    while (!client.request().empty()) {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  }
  std::string url(const std::string& name = "127.0.0.1") const {
    return "https://" + name + ":" + std::to_string(host.port()) + "/";
  }

  standins::tls_identity identity;
  server host;
};

/// A file that is gone again after the test.
class temporary_file {
 public:
  explicit temporary_file(const std::string& text) {
    char name[] = "/tmp/orcast-test-XXXXXX";
    const int handle = ::mkstemp(name);
    REQUIRE(handle >= 0);
    ::close(handle);
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~temporary_file() { std::remove(path_.c_str()); }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEMPLATE_TEST_CASE("a trusted certificate is accepted, as text and as a file", "[transport][tls]",
                   httplib_driver, curl_driver) {
  secure_server host;
  const temporary_file file(host.identity.pem());
  trust from;
  SECTION("text") { from.ca_pem = host.identity.pem(); }
  SECTION("file") { from.ca_file = file.path(); }
  const std::string large(1 << 20, 'x');
  http::request request;
  request.url = host.url(GENERATE("127.0.0.1", "localhost"));
  request.body = {large, large};
  TestType driver(from);
  for (int i = 0; i < 3; ++i) {
    recorder sink;
    fetch(driver, request, sink);
    CHECK(sink.ended() == "ok");
    CHECK(sink.body == "ok");
  }
  CHECK(host.host.connections() == 1);
}

TEMPLATE_TEST_CASE("a certificate that is not trusted is rejected", "[transport][tls]",
                   httplib_driver, curl_driver) {
  const bool other_host = GENERATE(false, true);
  const bool expired = GENERATE(false, true);
  const bool unknown = !other_host && !expired;
  standins::tls_options options;
  options.expired = expired;
  if (other_host) options.host = "example.com";
  secure_server host(options);
  const standins::tls_identity somebody_else{standins::tls_options{}};
  trust from;
  from.ca_pem = unknown ? somebody_else.pem() : host.identity.pem();
  http::request request = get(host.url(GENERATE("127.0.0.1", "localhost")));
  request.headers.push_back({"Authorization", "Bearer canary", true});
  recorder sink;
  TestType driver(from);
  fetch(driver, request, sink);
  CHECK(sink.ended() == "tls");
  CHECK(sink.heads == 0);
  REQUIRE(sink.why);
  CHECK(sink.why->message.find("canary") == std::string::npos);
}

TEMPLATE_TEST_CASE("the machine's authorities do not vouch for a stand-in", "[transport][tls]",
                   httplib_driver, curl_driver) {
  secure_server host;
  const http::request request = get(host.url());
  recorder sink;
  TestType driver;
  fetch(driver, request, sink);
  // A machine without any certificates is told so instead.
  CHECK((sink.ended() == "tls" || sink.ended() == "trust_store"));
}

TEMPLATE_TEST_CASE("an empty or missing trust store is told apart from a bad certificate",
                   "[transport][tls]", httplib_driver, curl_driver) {
  secure_server host;
  const temporary_file empty("");
  trust from;
  SECTION("missing file") { from.ca_file = empty.path() + ".missing"; }
  SECTION("empty file") { from.ca_file = empty.path(); }
  SECTION("text without a certificate") { from.ca_pem = "nothing to see"; }
  const http::request request = get(host.url());
  recorder sink;
  TestType driver(from);
  fetch(driver, request, sink);
  CHECK(sink.ended() == "trust_store");
}

TEMPLATE_TEST_CASE("TLS 1.1 is refused", "[transport][tls]", httplib_driver, curl_driver) {
  secure_server host;
  SSL_CTX_set_security_level(host.identity.context(), 0);
  SSL_CTX_set_min_proto_version(host.identity.context(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(host.identity.context(), TLS1_1_VERSION);
  trust from;
  from.ca_pem = host.identity.pem();
  const http::request request = get(host.url());
  recorder sink;
  TestType driver(from);
  fetch(driver, request, sink);
  CHECK(sink.ended() == "tls");
}

TEMPLATE_TEST_CASE("a peer that does not speak TLS is refused", "[transport][tls]", httplib_driver,
                   curl_driver) {
  server host([](peer& client) { client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  const http::request request = get("https://127.0.0.1:" + std::to_string(host.port()) + "/");
  recorder sink;
  TestType driver;
  fetch(driver, request, sink);
  CHECK(sink.ended() == "tls");
}

TEMPLATE_TEST_CASE("only a TLS goodbye ends a body that has no length", "[transport][tls]",
                   httplib_driver, curl_driver) {
  const bool polite = GENERATE(false, true);
  if (TestType::is_curl && !polite) return;  // libcurl makes no difference
  const standins::tls_identity identity{standins::tls_options{}};
  server host(
      [&](peer& client) {
        client.request();
        client.send("HTTP/1.1 200 OK\r\n\r\nall of it");
        if (polite) client.say_goodbye();
      },
      identity.context());
  trust from;
  from.ca_pem = identity.pem();
  const http::request request = get("https://127.0.0.1:" + std::to_string(host.port()) + "/");
  recorder sink;
  TestType driver(from);
  fetch(driver, request, sink);
  CHECK(sink.body == "all of it");
  CHECK(sink.ended() == (polite ? "ok" : "disconnected"));
}

TEMPLATE_TEST_CASE("a peer that goes away while it is sent to does not kill the process",
                   "[transport][tls]", httplib_driver, curl_driver) {
  // The default action of SIGPIPE is what a game has, unless it thought of it.
  auto* const before = std::signal(SIGPIPE, SIG_DFL);
  const bool secure = GENERATE(false, true);
  const standins::tls_identity identity{standins::tls_options{}};
  // To write after an end and a reset is what raises it.
  server host(
      [](peer& client) {
        client.end_sending();
        client.reset_on_close();
      },
      secure ? identity.context() : nullptr);
  trust from;
  from.ca_pem = identity.pem();
  const std::string large(8 << 20, 'x');
  http::request request;
  request.url =
      (secure ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(host.port());
  request.body = {large};
  recorder sink;
  {
    TestType driver(from);
    fetch(driver, request, sink);
  }
  const std::string ended = sink.ended();  // by whether the reset came before the first byte went
  CHECK((ended == "connect" || ended == "tls" || ended == "disconnected"));
  std::signal(SIGPIPE, before);
}

TEMPLATE_TEST_CASE("a peer that never stops shaking hands holds up neither deadline nor cancel",
                   "[transport][tls]", httplib_driver, curl_driver) {
  // OpenSSL skips these one after the other, for as long as there is a next one.
  std::string flood;
  for (int i = 0; i < 5000; ++i) flood.append("\x16\x03\x03\0\4\0\0\0\0", 9);
  std::atomic<bool> over{false};
  latch flooded;
  server host([&](peer& client) {
    while (!over && client.send(flood)) flooded.open();
    flooded.open();
  });
  const bool late = GENERATE(false, true);
  http::request request = get("https://127.0.0.1:" + std::to_string(host.port()) + "/");
  request.limits.connect_ms = late ? 100 : 0;
  recorder sink;
  TestType driver;
  const auto id = driver.start(request, sink);
  CHECK(flooded.wait());
  if (!late) driver.cancel(id);
  const bool ended = sink.wait_for_done();
  over = true;
  REQUIRE(ended);
  if (TestType::is_curl) {  // which is not made to look, and cuts it off
    CHECK((sink.ended() == "tls" || sink.ended() == "cancelled"));
  } else {
    CHECK(sink.ended() == (late ? "timeout_connect" : "cancelled"));
  }
}

TEMPLATE_TEST_CASE("a peer that changes keys without end is a silent one", "[transport][tls]",
                   httplib_driver) {
  const standins::tls_identity identity{standins::tls_options{}};
  std::atomic<bool> over{false};
  latch flooded;
  server host(
      [&](peer& client) {
        client.request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        for (int i = 0; !over && client.update_key(); ++i) {
          if (i == 1000) flooded.open();
        }
        flooded.open();
      },
      identity.context());
  const bool late = GENERATE(false, true);
  trust from;
  from.ca_pem = identity.pem();
  http::request request = get("https://127.0.0.1:" + std::to_string(host.port()) + "/");
  request.limits.idle_ms = late ? 100 : 0;
  recorder sink;
  TestType driver(from);
  const auto id = driver.start(request, sink);
  CHECK(flooded.wait());
  if (!late) driver.cancel(id);
  const bool ended = sink.wait_for_done();
  over = true;
  REQUIRE(ended);
  CHECK(sink.ended() == (late ? "timeout_idle" : "cancelled"));
}
