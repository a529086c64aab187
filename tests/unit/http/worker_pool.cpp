// SPDX-License-Identifier: MIT

#include "orcast/http/worker_pool.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/sanitized.hpp"

#if defined(__GLIBC__)
#include <pthread.h>
#endif

#if defined(ORCAST_NO_THREADS)

TEST_CASE("without threads a pool takes no job") {
  orcast::http::worker_pool pool({4, 4});
  CHECK_FALSE(pool.available);
  CHECK_FALSE(pool.submit([](void*) noexcept {}, nullptr));
  CHECK_FALSE(pool.withdraw(nullptr));
  CHECK(pool.stop(0));
}

#else

namespace {

using orcast::http::worker_options;
using orcast::http::worker_pool;

/// Jobs wait at the gate until it is opened, and leave their number in the order of running.
class gate {
 public:
  void pass(int number) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++arrived_;
    most_inside_ = (std::max)(most_inside_, arrived_ - static_cast<int>(order_.size()));
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    order_.push_back(number);
    threads_.push_back(std::this_thread::get_id());
  }
  void open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_for_arrivals(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }
  int arrived() {
    std::lock_guard<std::mutex> lock(mutex_);
    return arrived_;
  }
  // After the pool was stopped:
  const std::vector<int>& order() const { return order_; }
  const std::vector<std::thread::id>& threads() const { return threads_; }
  int most_inside() const { return most_inside_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
  int most_inside_ = 0;
  std::vector<int> order_;
  std::vector<std::thread::id> threads_;
};

struct task {
  gate* at;
  int number;

  static void run(void* self) noexcept {
    const task& me = *static_cast<task*>(self);
    me.at->pass(me.number);
  }
};

std::vector<task> tasks_at(gate& at, int count) {
  std::vector<task> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back({&at, i});
  return tasks;
}

TEST_CASE("jobs run in the order of their arrival, not on the caller's thread") {
  gate door;
  std::vector<task> tasks = tasks_at(door, 5);
  worker_pool pool({1, 10});
  for (task& one : tasks) REQUIRE(pool.submit(&task::run, &one));
  door.open();
  CHECK(pool.stop(-1));
  CHECK(door.order() == std::vector<int>{0, 1, 2, 3, 4});
  for (std::thread::id thread : door.threads()) CHECK(thread != std::this_thread::get_id());
}

TEST_CASE("as many jobs run at once as there may be threads") {
  gate door;
  std::vector<task> tasks = tasks_at(door, 8);
  worker_pool pool({3, 10});
  for (task& one : tasks) REQUIRE(pool.submit(&task::run, &one));
  door.wait_for_arrivals(3);
  door.open();
  CHECK(pool.stop(-1));
  CHECK(door.order().size() == 8);
  CHECK(door.most_inside() == 3);
}

TEST_CASE("a full queue takes no job, and one when there is room again") {
  gate door;
  std::vector<task> tasks = tasks_at(door, 5);
  worker_pool pool({1, 2});
  REQUIRE(pool.submit(&task::run, &tasks[0]));
  door.wait_for_arrivals(1);
  REQUIRE(pool.submit(&task::run, &tasks[1]));
  REQUIRE(pool.submit(&task::run, &tasks[2]));
  CHECK_FALSE(pool.submit(&task::run, &tasks[3]));
  CHECK(pool.withdraw(&tasks[1]));
  CHECK(pool.submit(&task::run, &tasks[4]));
  door.open();
  CHECK(pool.stop(-1));
  CHECK(door.order() == std::vector<int>{0, 2, 4});
}

TEST_CASE("a job can be withdrawn until a thread has begun it") {
  gate door;
  std::vector<task> tasks = tasks_at(door, 3);
  worker_pool pool({1, 10});
  REQUIRE(pool.submit(&task::run, &tasks[0]));
  door.wait_for_arrivals(1);
  REQUIRE(pool.submit(&task::run, &tasks[1]));
  CHECK_FALSE(pool.withdraw(&tasks[0]));
  CHECK(pool.withdraw(&tasks[1]));
  CHECK_FALSE(pool.withdraw(&tasks[1]));
  CHECK_FALSE(pool.withdraw(&tasks[2]));
  door.open();
  CHECK(pool.stop(-1));
  CHECK(door.order() == std::vector<int>{0});
}

TEST_CASE("stop gives up by its deadline, and can be asked again") {
  gate door;
  std::vector<task> tasks = tasks_at(door, 2);
  worker_pool pool({1, 10});
  REQUIRE(pool.submit(&task::run, &tasks[0]));
  door.wait_for_arrivals(1);
  CHECK_FALSE(pool.stop(0));
  CHECK_FALSE(pool.stop(1));
  CHECK_FALSE(pool.submit(&task::run, &tasks[1]));
  door.open();
  CHECK(pool.stop(-1));
  CHECK(pool.stop(0));
  CHECK(door.order() == std::vector<int>{0});
}

TEST_CASE("stop waits as long as it takes when given the longest time") {
  gate at;
  task only{&at, 1};
  worker_pool pool({1, 1});
  REQUIRE(pool.submit(&task::run, &only));
  at.wait_for_arrivals(1);
  std::thread opener([&] {
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    at.open();
  });
  CHECK(pool.stop(INT64_MAX));
  CHECK(at.order().size() == 1);
  opener.join();
}

TEST_CASE("options of nothing still give one thread and one place") {
  gate door;
  std::vector<task> tasks = tasks_at(door, 1);
  worker_pool pool({0, 0});
  CHECK(pool.submit(&task::run, &tasks[0]));
  door.open();
  CHECK(pool.stop(-1));
  CHECK(door.order() == std::vector<int>{0});
}

#if defined(__GLIBC__) && SIZE_MAX > UINT32_MAX && !ORCAST_TEST_SANITIZED
TEST_CASE("where the system has no thread to give a job is refused, or waits for those there are") {
  pthread_attr_t usual;
  pthread_attr_t absurd;
  REQUIRE(::pthread_getattr_default_np(&usual) == 0);
  REQUIRE(::pthread_attr_init(&absurd) == 0);
  REQUIRE(::pthread_attr_setstacksize(&absurd, std::size_t{1} << 46) == 0);
  gate door;
  std::vector<task> tasks = tasks_at(door, 2);
  worker_pool pool({2, 4});
  REQUIRE(::pthread_setattr_default_np(&absurd) == 0);
  CHECK_FALSE(pool.submit(&task::run, &tasks[0]));
  REQUIRE(::pthread_setattr_default_np(&usual) == 0);
  CHECK(pool.submit(&task::run, &tasks[0]));
  door.wait_for_arrivals(1);
  REQUIRE(::pthread_setattr_default_np(&absurd) == 0);
  CHECK(pool.submit(&task::run, &tasks[1]));
  REQUIRE(::pthread_setattr_default_np(&usual) == 0);
  door.open();
  CHECK(pool.stop(-1));
  CHECK(door.order() == std::vector<int>{0, 1});
  CHECK(door.most_inside() == 1);
}
#endif

TEST_CASE("a pool that was never used has nothing to stop") {
  worker_pool pool(worker_options{});
  CHECK(pool.stop(0));
}

TEST_CASE("the destructor runs what was taken") {
  gate door;
  std::vector<task> tasks = tasks_at(door, 6);
  door.open();
  {
    worker_pool pool({2, 10});
    for (task& one : tasks) REQUIRE(pool.submit(&task::run, &one));
  }
  CHECK(door.arrived() == 6);
}

}  // namespace

#endif
