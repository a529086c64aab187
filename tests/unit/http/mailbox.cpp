// SPDX-License-Identifier: MIT

#include "orcast/http/mailbox.hpp"

#include <memory>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace {

using orcast::http::mailbox;

TEST_CASE("what one thread posts is taken in its order, at most so much at a time") {
  mailbox<int> box;
  for (int i = 0; i < 10; ++i) REQUIRE(box.post(int{i}));
  CHECK(box.size() == 10);
  std::vector<int> taken;
  const auto keep = [&](int& element) { taken.push_back(element); };
  CHECK(box.take(4, keep) == 4);
  CHECK(taken == std::vector<int>{0, 1, 2, 3});
  CHECK(box.take(100, keep) == 6);
  CHECK(taken == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(box.take(1, keep) == 0);
  CHECK(box.size() == 0);
}

TEST_CASE("many elements of one thread are taken without a loss") {
  mailbox<int> box(8);
  constexpr int many = 20'000;
  for (int i = 0; i < many; ++i) REQUIRE(box.post(int{i}));
  int expected = 0;
  bool in_order = true;
  CHECK(box.take(many + 1, [&](int& element) { in_order = in_order && element == expected++; }) ==
        many);
  CHECK(in_order);
}

TEST_CASE("elements may be owners, and those left are freed with the box") {
  const std::shared_ptr<int> owner = std::make_shared<int>(1);
  {
    mailbox<std::shared_ptr<int>> box;
    REQUIRE(box.post(std::shared_ptr<int>(owner)));
    REQUIRE(box.post(std::shared_ptr<int>(owner)));
    CHECK(box.take(1, [](std::shared_ptr<int>& taken) { CHECK(taken.use_count() == 3); }) == 1);
    CHECK(owner.use_count() == 2);
  }
  CHECK(owner.use_count() == 1);
}

TEST_CASE("a callback may post again") {
  mailbox<int> box;
  REQUIRE(box.post(3));
  int sum = 0;
  CHECK(box.take(10, [&](int& element) {
    sum += element;
    if (element > 1) REQUIRE(box.post(element - 1));
  }) == 3);
  CHECK(sum == 6);
}

TEST_CASE("posts of several threads all arrive, each thread's in order") {
  constexpr int threads = 4, each = 2000;
  struct note {
    int thread = 0, number = 0;
  };
  mailbox<note> box;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&box, t] {
      for (int i = 0; i < each; ++i) {
        while (!box.post(note{t, i})) {
        }
      }
    });
  }
  std::vector<int> next(threads, 0);
  bool in_order = true;
  for (std::size_t taken = 0; taken < threads * each;) {
    taken += box.take(64, [&](note& element) {
      int& expected = next[static_cast<std::size_t>(element.thread)];
      in_order = in_order && element.number == expected++;
    });
  }
  for (std::thread& poster : posters) poster.join();
  CHECK(in_order);
  CHECK(next == std::vector<int>(threads, each));
  CHECK(box.take(1, [](note&) {}) == 0);
}

}  // namespace
