// SPDX-License-Identifier: MIT

#include "orcast/openrouter/impl/fair_queue.hpp"

#include <cstddef>
#include <map>
#include <string>

#include "support/catch.hpp"

namespace {

using queue = orcast::detail::fair_queue<std::string, 3>;

/// Everything that is in there, in its order.
std::string drain(queue& from) {
  std::string all;
  while (!from.empty()) all += from.pop() + " ";
  return all;
}

TEST_CASE("what one party asks for keeps its order") {
  queue line;
  for (const char* item : {"1", "2", "3"}) line.push(1, "anna", item);
  CHECK(line.size() == 3);
  CHECK(drain(line) == "1 2 3 ");
}

TEST_CASE("parties take turns, whoever asked for more") {
  queue line;
  for (const char* item : {"a1", "a2", "a3", "a4"}) line.push(1, "anna", item);
  for (const char* item : {"b1", "b2"}) line.push(1, "brun", item);
  line.push(1, "", "x1");
  CHECK(line.pop() == "a1");
  CHECK(line.pop() == "b1");
  line.push(1, "cleo", "c1");
  CHECK(drain(line) == "x1 a2 b2 c1 a3 a4 ");
}

TEST_CASE("a higher priority goes first, and turns are taken within each") {
  queue line;
  line.push(0, "anna", "low");
  line.push(1, "anna", "a1");
  line.push(1, "anna", "a2");
  line.push(1, "brun", "b1");
  line.push(2, "cleo", "high");
  CHECK(drain(line) == "high a1 b1 a2 low ");
}

TEST_CASE("who was there before may come first in the line of its party") {
  queue line;
  line.push(1, "anna", "a1");
  line.push(1, "brun", "b1");
  line.push(1, "anna", "again", true);
  CHECK(drain(line) == "again b1 a1 ");
}

TEST_CASE("what is taken out leaves no gap") {
  queue line;
  for (const char* item : {"a1", "out", "a2"}) line.push(1, "anna", item);
  line.push(2, "brun", "out");
  line.remove_if([](const std::string& item) { return item == "out"; });
  CHECK(line.size() == 2);
  CHECK(drain(line) == "a1 a2 ");
  line.push(0, "anna", "1");
  line.clear();
  CHECK(line.empty());
}

TEST_CASE("of n parties nobody waits longer than n turns") {
  queue line;
  std::map<std::string, std::size_t> last;
  const std::size_t parties = 20;
  for (std::size_t i = 0; i < 200; ++i) line.push(1, "crowd", "crowd");
  for (std::size_t i = 1; i < parties; ++i) {
    for (int n = 0; n < 5; ++n) line.push(1, std::to_string(i), std::to_string(i));
  }
  std::size_t longest = 0;
  for (std::size_t turn = 1; turn <= parties * 5; ++turn) {
    const std::string who = line.pop();
    if (last[who] != 0 && turn - last[who] > longest) longest = turn - last[who];
    last[who] = turn;
  }
  CHECK(longest == parties);
}

}  // namespace
