// SPDX-License-Identifier: MIT
#include "orcast/core/sha256.hpp"

#include <string>

#include "orcast/core/hex.hpp"
#include "support/catch.hpp"

namespace {
std::string digest(const std::string& text) {
  const auto bytes = orcast::sha256(text);
  std::string out(64, ' ');
  orcast::to_hex(bytes.data(), bytes.size(), out.data());
  return out;
}
}  // namespace

TEST_CASE("the digests of FIPS 180-4's examples") {
  CHECK(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(digest(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("every length around a block") {
  // Python: hashlib.sha256(b"x" * n).hexdigest()[:8]
  const std::pair<std::size_t, const char*> cases[] = {
      {55, "d5e28568"}, {56, "04c26261"},  {63, "75220b47"}, {64, "7ce10097"},
      {65, "9537c5fd"}, {119, "000b48d4"}, {120, "13f05a0b"}};
  for (const auto& [size, begins] : cases)
    CHECK(digest(std::string(size, 'x')).substr(0, 8) == begins);
}
