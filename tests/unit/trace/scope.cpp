// SPDX-License-Identifier: MIT
#include "orcast/trace/scope.hpp"

#include <thread>

#include "support/catch.hpp"

using namespace orcast;

TEST_CASE("inner scopes come before outer ones, text by text") {
  scope_facts wide;
  wide.session_id = "s-1";
  wide.user = "u-1";
  wide.parent.trace.bytes[0] = 1;
  wide.parent.span.bytes[0] = 2;
  const scope outer(wide);
  scope_facts close;
  close.user = "u-2";
  const scope inner(close, &outer);
  CHECK(scope::inherited(&inner, &scope_facts::user) == "u-2");
  CHECK(scope::inherited(&inner, &scope_facts::session_id) == "s-1");
  CHECK(scope::inherited(&inner, &scope_facts::metadata).empty());
  CHECK(scope::inherited(nullptr, &scope_facts::user).empty());
  CHECK(scope::parent(&inner).span == wide.parent.span);
  CHECK_FALSE(scope::parent(nullptr).valid());
}

TEST_CASE("a scope that suppresses holds for all scopes inside") {
  scope_facts nothing;
  nothing.suppress = true;
  const scope outer(nothing);
  const scope inner({}, &outer);
  CHECK(scope::suppressed(&inner));
  CHECK_FALSE(scope::suppressed(nullptr));
}

TEST_CASE("bound scopes nest, end with their block, and belong to one thread") {
  CHECK(scope::current() == nullptr);
  {
    const bound_scope quest({"s-1"});
    CHECK(scope::current() == &quest.get());
    {
      scope_facts facts;
      facts.user = "u-1";
      const bound_scope player(facts);
      CHECK(scope::inherited(scope::current(), &scope_facts::session_id) == "s-1");
      CHECK(scope::inherited(scope::current(), &scope_facts::user) == "u-1");
      const scope* elsewhere = &quest.get();
      std::thread([&elsewhere] { elsewhere = scope::current(); }).join();
      CHECK(elsewhere == nullptr);
    }
    CHECK(scope::current() == &quest.get());
  }
  CHECK(scope::current() == nullptr);
}
