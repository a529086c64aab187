// SPDX-License-Identifier: MIT

#include "orcast/core/result.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

namespace {

using orcast::errc;
using orcast::failure;
using orcast::result;

const std::string long_text(100, 'x');

/// Counts how many of its kind there are.
struct counted {
  explicit counted(int* alive) : alive_(alive) { ++*alive_; }
  counted(const counted& other) : alive_(other.alive_) { ++*alive_; }
  counted& operator=(const counted&) = default;
  ~counted() { --*alive_; }
  int* alive_;
};

TEST_CASE("a result holds its value or the failure that took its place") {
  const result<std::string> good = long_text;
  REQUIRE(good.ok());
  CHECK(*good == long_text);
  CHECK(good->size() == 100);

  const result<std::string> bad = failure(errc::connect, long_text, 502);
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().code == errc::connect);
  CHECK(bad.error().message == long_text);
  CHECK(bad.error().http_status == 502);
}

TEST_CASE("a result is copied with what it holds") {
  const result<std::string> good = long_text;
  const result<std::string> bad = failure(errc::io, long_text);
  result<std::string> copy = good;
  CHECK(*copy == long_text);
  copy = bad;
  REQUIRE_FALSE(copy);
  CHECK(copy.error().message == long_text);
  CHECK(bad.error().message == long_text);
  copy = good;
  REQUIRE(copy);
  CHECK(*copy == *good);
  const result<std::string>& same = copy;
  copy = same;
  CHECK(*copy == long_text);
}

TEST_CASE("a result is moved with what it holds") {
  result<std::unique_ptr<int>> from = std::make_unique<int>(7);
  result<std::unique_ptr<int>> to = std::move(from);
  REQUIRE(to);
  CHECK(**to == 7);
  to = failure(errc::io, "gone");
  CHECK_FALSE(to);
  to = result<std::unique_ptr<int>>(std::make_unique<int>(8));
  REQUIRE(to);
  const std::unique_ptr<int> taken = std::move(to).value();
  CHECK(*taken == 8);
}

TEST_CASE("a result destroys its value once, whatever it is assigned") {
  int alive = 0;
  {
    result<counted> one = counted(&alive);
    CHECK(alive == 1);
    const result<counted> two = one;
    CHECK(alive == 2);
    one = failure(errc::busy, "full");
    CHECK(alive == 1);
    one = two;
    CHECK(alive == 2);
  }
  CHECK(alive == 0);
}

TEST_CASE("a result can be copied when its value can be") {
  STATIC_REQUIRE(std::is_copy_constructible_v<result<std::string>>);
  STATIC_REQUIRE(std::is_copy_assignable_v<result<std::string>>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<result<std::unique_ptr<int>>>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<result<std::unique_ptr<int>>>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<result<std::unique_ptr<int>>>);
}

}  // namespace
