// SPDX-License-Identifier: MIT

#include "orcast/core/result.hpp"

#include <cstddef>
#include <iterator>
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

TEST_CASE("each code has its number and its name, and other numbers have none") {
  struct named {
    errc code;
    int number;
    const char* name;
  };
  constexpr named all[] = {
      {errc::invalid_argument, 1, "invalid_argument"},
      {errc::cancelled, 2, "cancelled"},
      {errc::shut_down, 3, "shut_down"},
      {errc::busy, 4, "busy"},
      {errc::resolve, 10, "resolve"},
      {errc::connect, 11, "connect"},
      {errc::tls, 12, "tls"},
      {errc::trust_store, 13, "trust_store"},
      {errc::timeout_connect, 14, "timeout_connect"},
      {errc::timeout_first_byte, 15, "timeout_first_byte"},
      {errc::timeout_idle, 16, "timeout_idle"},
      {errc::timeout_total, 17, "timeout_total"},
      {errc::disconnected, 18, "disconnected"},
      {errc::protocol, 19, "protocol"},
      {errc::too_large, 20, "too_large"},
      {errc::invalid_request, 30, "invalid_request"},
      {errc::authentication, 31, "authentication"},
      {errc::payment_required, 32, "payment_required"},
      {errc::permission_denied, 33, "permission_denied"},
      {errc::not_found, 34, "not_found"},
      {errc::request_timeout, 35, "request_timeout"},
      {errc::rate_limited, 36, "rate_limited"},
      {errc::server, 37, "server"},
      {errc::provider_unavailable, 38, "provider_unavailable"},
      {errc::overloaded, 39, "overloaded"},
      {errc::malformed_response, 50, "malformed_response"},
      {errc::stream_truncated, 51, "stream_truncated"},
      {errc::provider_error, 52, "provider_error"},
      {errc::io, 60, "io"},
      {errc::unsupported, 61, "unsupported"},
  };
  std::size_t known = 0;
  for (const named& each : all) {
    CHECK(static_cast<int>(each.code) == each.number);
    CHECK(to_string(each.code) == each.name);
  }
  for (unsigned number = 0; number < 0x10000; ++number) {
    if (to_string(static_cast<errc>(number)) != "unknown") ++known;
  }
  CHECK(known == std::size(all));
  static_assert(to_string(errc::rate_limited) == "rate_limited");
}

}  // namespace
