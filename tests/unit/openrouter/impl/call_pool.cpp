// SPDX-License-Identifier: MIT

#include "orcast/openrouter/impl/call_pool.hpp"

#include <memory>
#include <string>

#include "orcast/openrouter/impl/client_core.ipp"
#include "support/catch.hpp"

using orcast::detail::call_entry;
using orcast::detail::call_pool;
using orcast::detail::call_ptr;

namespace {

call_ptr take(const std::shared_ptr<call_pool>& pool) {
  return call_pool::take(pool, {}, {}, orcast::host());
}

TEST_CASE("an entry serves again when its last owner has gone, with its memory and nothing else") {
  const auto pool = std::make_shared<call_pool>();
  call_ptr one = take(pool);
  const call_entry* const first = one.get();
  one->outgoing.body.assign(5000, 'x');
  one->outgoing.request.headers = {{"Authorization", "Bearer sk-or-v1-0123456789", true}};
  one->text = "Hello";
  one->party = "anna";
  one->sent = 2;
  one->over = true;
  const call_ptr other = take(pool);
  CHECK(other.get() != first);
  call_ptr owner = one;
  one.reset();
  CHECK(take(pool).get() != first);
  owner.reset();
  const call_ptr again = take(pool);
  REQUIRE(again.get() == first);
  CHECK(again->outgoing.body.empty());
  CHECK(again->outgoing.body.capacity() >= 5000);
  CHECK(again->outgoing.request.headers[0].value.empty());
  CHECK(again->text.empty());
  CHECK(again->party.empty());
  CHECK(again->sent == 0);
  CHECK_FALSE(again->over);
}

TEST_CASE("an entry that holds much memory gives it back") {
  const auto pool = std::make_shared<call_pool>();
  call_ptr large = take(pool);
  large->outgoing.body.assign(std::size_t{1} << 20, 'x');
  large.reset();
  CHECK(take(pool)->outgoing.body.capacity() < 1000);
}

TEST_CASE("an entry may outlive everybody who knows its pool") {
  auto pool = std::make_shared<call_pool>();
  call_ptr one = take(pool);
  pool.reset();
  one.reset();
  CHECK(one == nullptr);
}

}  // namespace
