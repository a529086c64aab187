// SPDX-License-Identifier: MIT
#include "orcast/trace/pseudonym.hpp"

#include "support/catch.hpp"

using namespace orcast;

namespace {

std::string applied(const pseudonym& to, std::string_view user) {
  std::string out;
  to.append(user, out);
  return out;
}

}  // namespace

TEST_CASE("a keyed hash is the HMAC-SHA256 of RFC 4231, cut to 32 digits") {
  pseudonym users;
  users.key = "Jefe";  // test case 2
  CHECK(applied(users, "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7");
  const std::string long_key(131, '\xaa');  // test case 6
  users.key = long_key;
  CHECK(applied(users, "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f");
  CHECK(users.wanted());
}

TEST_CASE("no user has no pseudonym, and without a wish the user is kept") {
  pseudonym users;
  CHECK_FALSE(users.wanted());
  CHECK(applied(users, "u-42") == "u-42");
  users.key = "k";
  CHECK(applied(users, "").empty());
}

TEST_CASE("a function of the host's comes before the key") {
  int calls = 0;
  pseudonym users;
  users.key = "k";
  users.context = &calls;
  users.function = [](void* context, std::string_view user, std::string& out) {
    ++*static_cast<int*>(context);
    if (user != "nobody") out.append("player-").append(std::to_string(user.size()));
  };
  CHECK(applied(users, "u-42") == "player-4");
  CHECK(applied(users, "nobody").empty());
  CHECK(calls == 2);
}
