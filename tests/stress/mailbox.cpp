// SPDX-License-Identifier: MIT

#include "orcast/http/mailbox.hpp"

#include <thread>
#include <vector>

#include "support/catch.hpp"

// Hundreds of threads that live for a few posts each, as transports make them, against one taker.

namespace {

struct completion {
  int thread = 0;
  int number = 0;
};

TEST_CASE("short-lived threads lose no completion and keep their order") {
  constexpr int generations = 100, threads = 8, each = 500;
  orcast::http::mailbox<completion> box(16);
  for (int generation = 0; generation < generations; ++generation) {
    std::vector<std::thread> posters;
    for (int t = 0; t < threads; ++t) {
      posters.emplace_back([&box, t] {
        for (int i = 0; i < each; ++i) {
          while (!box.post(completion{t, i})) {
          }
        }
      });
    }
    std::vector<int> next(threads, 0);
    bool in_order = true;
    for (std::size_t taken = 0; taken < threads * each;) {
      taken += box.take(7, [&](completion& one) {
        int& expected = next[static_cast<std::size_t>(one.thread)];
        in_order = in_order && one.number == expected++;
      });
    }
    for (std::thread& poster : posters) poster.join();
    REQUIRE(in_order);
    REQUIRE(next == std::vector<int>(threads, each));
    REQUIRE(box.size() == 0);
  }
}

TEST_CASE("one post a thread, again and again, does not pile up") {
  orcast::http::mailbox<int> box(4);
  int sum = 0;
  for (int i = 0; i < 3000; ++i) {
    std::thread([&box, i] {
      while (!box.post(int{i})) {
      }
    }).join();
    REQUIRE(box.take(4, [&](int& element) { sum += element; }) == 1);
  }
  CHECK(sum == 3000 * 2999 / 2);
}

}  // namespace
