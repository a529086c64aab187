// SPDX-License-Identifier: MIT

#include "orcast/http/validate.hpp"

#include <string>

#include "support/catch.hpp"

using orcast::errc;
using orcast::http::request;
using orcast::http::validate_request;

namespace {

request valid() {
  request made;
  made.url = "https://example.com/v1";
  made.headers.push_back({"Authorization", "Bearer canary", true});
  return made;
}

/// The message of the refusal; empty when the request passes.
std::string refusal(const request& outgoing) {
  const auto checked = validate_request(outgoing, false);
  if (checked.ok()) return {};
  CHECK(checked.error().code == errc::invalid_argument);
  CHECK(checked.error().message.find("canary") == std::string::npos);
  return checked.error().message;
}

}  // namespace

TEST_CASE("a proper request passes and yields its URL") {
  request outgoing = valid();
  outgoing.headers.push_back({"X-Title", "t\xc3\xa4st \t value", false});
  outgoing.headers.push_back({"X-Empty", "", false});
  const auto checked = validate_request(outgoing, false);
  REQUIRE(checked.ok());
  CHECK(checked->host() == "example.com");
  CHECK(checked->host().data() == outgoing.url.data() + 8);
}

TEST_CASE("of the 256 bytes only those of a token stand in a method and a header name") {
  const std::string token_bytes =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const char c = static_cast<char>(byte);
    const bool fits = token_bytes.find(c) != std::string::npos;
    request in_method = valid();
    in_method.method = std::string("GE") + c + "T";
    CHECK(refusal(in_method).empty() == fits);
    request in_name = valid();
    in_name.headers.push_back({std::string("X") + c + "Y", "1", false});
    CHECK(refusal(in_name).empty() == fits);
  }
}

TEST_CASE("of the 256 bytes no control but tab stands in a header value") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const bool fits = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    for (const bool first : {false, true}) {
      request outgoing = valid();
      const std::string c(1, static_cast<char>(byte));
      outgoing.headers.push_back({"X-Value", first ? c + "canary" : "canary" + c, true});
      const std::string words = refusal(outgoing);
      CHECK(words.empty() == fits);
      if (!fits) CHECK(words.find("X-Value") != std::string::npos);
    }
  }
}

TEST_CASE("of the 256 bytes only visible ones stand in a URL's path") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const bool fits = byte > 0x20 && byte < 0x7f && byte != '\\' && byte != '#';
    request outgoing = valid();
    outgoing.url += static_cast<char>(byte);
    CHECK(refusal(outgoing).empty() == fits);
  }
}

TEST_CASE("empty and overlong names are refused") {
  request outgoing = valid();
  outgoing.method.clear();
  CHECK_FALSE(refusal(outgoing).empty());
  outgoing.method = std::string(33, 'A');
  CHECK_FALSE(refusal(outgoing).empty());
  outgoing.method = std::string(32, 'A');
  CHECK(refusal(outgoing).empty());
  outgoing.headers.push_back({"", "1", false});
  CHECK_FALSE(refusal(outgoing).empty());
}

TEST_CASE("methods that are no requests for a resource are refused") {
  for (const char* method : {"CONNECT", "TRACE"}) {
    request outgoing = valid();
    outgoing.method = method;
    CHECK(refusal(outgoing).find(method) != std::string::npos);
  }
}

TEST_CASE("the headers that frame a message belong to the transport") {
  for (const char* name : {"Content-Length", "TRANSFER-ENCODING", "host", "Connection", "Expect",
                           "TE", "Trailer", "Upgrade", "Keep-Alive", "Proxy-Connection"}) {
    CAPTURE(name);
    request outgoing = valid();
    outgoing.headers.push_back({name, "1", false});
    CHECK(refusal(outgoing).find(name) != std::string::npos);
  }
  request outgoing = valid();
  outgoing.headers.push_back({"Content-Type", "text/plain", false});
  outgoing.headers.push_back({"Hostess", "1", false});
  CHECK(refusal(outgoing).empty());
}

TEST_CASE("plain http to another machine passes only when allowed") {
  request outgoing = valid();
  outgoing.url = "http://example.com/";
  CHECK_FALSE(validate_request(outgoing, false).ok());
  CHECK(validate_request(outgoing, true).ok());
}
