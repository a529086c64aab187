// SPDX-License-Identifier: MIT

#include "orcast/core/base64.hpp"

#include <string>

#include "support/catch.hpp"

namespace {

std::string encoded(std::string_view bytes) {
  std::string text = "x";
  orcast::append_base64(text, bytes);
  CHECK(text.size() == 1 + orcast::base64_size(bytes.size()));
  return text.substr(1);
}

TEST_CASE("bytes become the text of RFC 4648, section 10") {
  CHECK(encoded("").empty());
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foob") == "Zm9vYg==");
  CHECK(encoded("fooba") == "Zm9vYmE=");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xFB\xFF\xBF") == "+/+/");
}

TEST_CASE("what was encoded is decoded again, at every length") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string back;
    REQUIRE(orcast::append_base64_decoded(back, encoded(bytes)));
    REQUIRE(back == bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST_CASE("padding may be missing, anything else may not be there") {
  std::string bytes = "x";
  CHECK(orcast::append_base64_decoded(bytes, "Zm8"));
  CHECK(bytes == "xfo");
  for (const char* wrong :
       {"Z", "Zm9v\n", "Zm9 ", "Zm-_", "Zg=", "Z===", "====", "=", "Zg==Zg=="}) {
    CAPTURE(wrong);
    CHECK_FALSE(orcast::append_base64_decoded(bytes, wrong));
    CHECK(bytes == "xfo");
  }
}

}  // namespace
