// SPDX-License-Identifier: MIT

#include "orcast/http/url.hpp"

#include <string>
#include <string_view>

#include "support/catch.hpp"

using orcast::errc;
using orcast::http::url;

TEST_CASE("a URL is taken apart into views of its text") {
  const std::string text = "https://openrouter.ai/api/v1/chat?x=1&y=%20";
  const auto parsed = url::parse(text);
  REQUIRE(parsed.ok());
  CHECK(parsed->secure());
  CHECK(parsed->scheme() == "https");
  CHECK(parsed->host() == "openrouter.ai");
  CHECK(parsed->authority() == "openrouter.ai");
  CHECK(parsed->port() == 443);
  CHECK(parsed->target() == "/api/v1/chat?x=1&y=%20");
  CHECK(parsed->host().data() == text.data() + 8);
  CHECK_FALSE(parsed->loopback());
}

TEST_CASE("a URL may name a port and leave out its path") {
  const auto parsed = url::parse("HTTPS://Example.com:8443");
  REQUIRE(parsed.ok());
  CHECK(parsed->secure());
  CHECK(parsed->host() == "Example.com");
  CHECK(parsed->authority() == "Example.com:8443");
  CHECK(parsed->port() == 8443);
  CHECK(parsed->target() == "/");
}

TEST_CASE("an IPv6 host loses its brackets, but not in the authority") {
  const auto parsed = url::parse("http://[::1]:4318/v1/traces");
  REQUIRE(parsed.ok());
  CHECK(parsed->ipv6());
  CHECK(parsed->host() == "::1");
  CHECK(parsed->authority() == "[::1]:4318");
  CHECK(parsed->port() == 4318);
  CHECK(parsed->loopback());
}

TEST_CASE("plain http is for this machine unless it is allowed") {
  for (const char* here : {"http://localhost/", "http://LOCALHOST:80/", "http://127.0.0.1/",
                           "http://127.255.0.9:1/", "http://[::1]/"}) {
    CAPTURE(here);
    const auto parsed = url::parse(here);
    REQUIRE(parsed.ok());
    CHECK_FALSE(parsed->secure());
    CHECK(parsed->loopback());
  }
  for (const char* elsewhere :
       {"http://example.com/", "http://127.0.0.1.example.com/", "http://127.1/",
        "http://127.0.0.1./", "http://127.0.0.256/", "http://127.0.0.01/", "http://127.0.0.1.1/",
        "http://localhost.evil/", "http://10.0.0.1/", "http://0.0.0.0/", "http://[::]/",
        "http://[::ffff:127.0.0.1]/", "http://0x7f000001/", "http://2130706433/"}) {
    CAPTURE(elsewhere);
    const auto refused = url::parse(elsewhere);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == errc::invalid_argument);
    const auto allowed = url::parse(elsewhere, true);
    CHECK((!allowed.ok() || !allowed->loopback()));
  }
  CHECK(url::parse("http://example.com/", true).ok());
  CHECK(url::flaw_in("http://example.com/", true) == nullptr);
  CHECK(url::flaw_in("http://example.com/") != nullptr);
}

TEST_CASE("what could be read in two ways is refused") {
  for (const char* text : {"",
                           "/",
                           "example.com",
                           "//example.com/",
                           "https:/example.com/",
                           "https:///x",
                           "https://",
                           "ftp://example.com/",
                           "file:///etc/passwd",
                           "httpss://example.com/",
                           "://example.com/",
                           "https://user@example.com/",
                           "https://user:secret@example.com/",
                           "https://@example.com/",
                           "https://example.com/#top",
                           "https://example.com#",
                           "https://example.com?x=1",
                           "https://example.com\\@evil.com/",
                           "https://example.com/\\",
                           "https://example.com/a b",
                           "https://example.com/\t",
                           "https://example.com/\r\nX: 1",
                           "https://exa\nmple.com/",
                           "https://example.com/\x7f",
                           "https://ex\xc3\xa4mple.com/",
                           "https://example.com/\xc3\xa4",
                           " https://example.com/",
                           "https://example.com /",
                           "https://exa_mple.com/",
                           "https://exa%6dple.com/",
                           "https://example..com/",
                           "https://.example.com/",
                           "https://-example.com/",
                           "https://a.-b/",
                           "https://example.com:/",
                           "https://example.com:0/",
                           "https://example.com:65536/",
                           "https://example.com:123456/",
                           "https://example.com:+1/",
                           "https://example.com:-1/",
                           "https://example.com: 1/",
                           "https://example.com:80a/",
                           "https://example.com:80:80/",
                           "https://:443/",
                           "https://[::1/",
                           "https://::1/",
                           "https://[]/",
                           "https://[:]/",
                           "https://[1]/",
                           "https://[::1]x/",
                           "https://[::1]:/",
                           "https://[fe80::1%25eth0]/",
                           "https://[::g]/",
                           "https://[example.com]/"}) {
    CAPTURE(text);
    const auto refused = url::parse(text, true);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == errc::invalid_argument);
    CHECK(refused.error().message.find("secret") == std::string::npos);
    CHECK(url::flaw_in(text, true) == refused.error().message);
  }
}

TEST_CASE("a NUL anywhere in a URL is refused") {
  const std::string_view text("https://example.com\0.evil/", 26);
  CHECK_FALSE(url::parse(text).ok());
}

TEST_CASE("a URL has at most 2048 characters and a host at most 253") {
  const std::string base = "https://example.com/";
  CHECK(url::parse(base + std::string(2048 - base.size(), 'a')).ok());
  CHECK_FALSE(url::parse(base + std::string(2049 - base.size(), 'a')).ok());
  CHECK(url::parse("https://" + std::string(253, 'a')).ok());
  CHECK_FALSE(url::parse("https://" + std::string(254, 'a')).ok());
}

TEST_CASE("the ends of the range of ports are ports") {
  CHECK(url::parse("https://example.com:1/")->port() == 1);
  CHECK(url::parse("https://example.com:65535/")->port() == 65535);
  CHECK(url::parse("https://example.com:00443/")->port() == 443);
}
