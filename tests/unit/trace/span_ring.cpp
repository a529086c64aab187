// SPDX-License-Identifier: MIT

// The protocol of the span ring under every interleaving of its atomic operations: the library's
// own headers, compiled here with a std::atomic that stops before each operation (and in a
// namespace of their own, so that no other file of this program sees them). What the memory orders
// promise is checked too; see support/interleavings.hpp.

#include "support/catch.hpp"
#include "support/sanitized.hpp"

// Sanitizers do not know coroutines. They watch the same code in tests/stress.
#if defined(__linux__) && !ORCAST_TEST_SANITIZED

#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/interleavings.hpp"

namespace std {
template <class T>
using orcast_model_atomic = interleavings::model_atomic<T>;
}

#define atomic orcast_model_atomic
#define v0 v0_under_interleavings
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wkeyword-macro"
#endif
#define private public
#include "orcast/trace/span_ring.hpp"
#undef private
#undef v0
#undef atomic

namespace {

using interleavings::explorer;
using interleavings::owned;
using orcast::detail::block_index;
using orcast::detail::lane;
using orcast::detail::no_block;
using orcast::detail::span_ring;

/// A ring that is made anew for each interleaving, and an account of every span.
class scenario {
 public:
  struct shape {
    std::vector<std::size_t> free_blocks;  ///< of each lane
    orcast::when_full policy = orcast::when_full::drop_newest;
    bool at_once = false;  ///< all spans end at the same time
  };

  explicit scenario(shape wanted) : shape_(std::move(wanted)) {
    explorer_.thread_local_word = []() -> std::uint32_t& { return span_ring::lane_hint(); };
  }

  span_ring& ring() { return *ring_; }
  lane& at(std::size_t i) { return ring_->lanes_[i]; }
  void expect(bool condition, const char* what) { explorer_.expect(condition, what); }
  bool is_free(block_index one) const { return state_[one] == free; }
  bool is_open(block_index one) const { return state_[one] == open; }
  void touch_lane(const lane& one) { explorer_.touch(lanes_[one.index]); }
  void touch_block(block_index one) { explorer_.touch(blocks_[one]); }

  // What threads do. Each is the sequence of calls that tracer and span make.

  /// Begins a span: its block, or no_block when it was dropped (and counted).
  block_index begin() {
    lane* const mine = ring_->claim();
    if (mine == nullptr) {
      ++dropped;
      return no_block;
    }
    touch_lane(*mine);
    const block_index block = ring_->pop(*mine);
    touch_lane(*mine);
    mine->let_go();
    if (block == no_block) {
      ++dropped;
      return no_block;
    }
    touch_block(block);
    const bool evicted = shape_.policy == orcast::when_full::evict_oldest && state_[block] == ready;
    expect(state_[block] == free || evicted, "a block belongs to two spans");
    state_[block] = open;
    auto* const head = new (ring_->head_of(block)) orcast::detail::span_head;
    head->last = block;
    ++begun;
    return block;
  }
  void end(block_index block) {
    if (block == no_block) return;
    touch_block(block);
    expect(state_[block] == open, "a span ends that was not open");
    state_[block] = ready;
    if (now_ == 1 || !shape_.at_once) ++now_;
    ring_->publish(block, now_);
  }
  void record() { end(begin()); }
  void record(int times) {
    while (times-- > 0) record();
  }
  /// Takes up to `times` spans, and gives their memory back.
  void drain(int times) {
    while (times-- > 0) {
      const block_index block = ring_->take();
      if (block == no_block) return;
      taken(block);
      ring_->give_back(block);
    }
  }
  void taken(block_index block) {
    touch_block(block);
    expect(state_[block] == ready, "a span is taken twice, or was never published");
    state_[block] = free;
    ++drained;
  }

  /// Runs the threads through all interleavings; `prepare` runs before them each time.
  std::size_t run(const std::function<void()>& prepare,
                  const std::vector<std::function<void()>>& threads,
                  const std::function<void()>& verify = {}) {
    const std::size_t count = explorer_.run(
        [&] {
          make();
          if (prepare) prepare();
        },
        threads,
        [&] {
          if (verify) verify();
          balance();
        });
    INFO(explorer_.failure());
    REQUIRE(count > 0);

    return count;
  }

  int begun = 0;
  int dropped = 0;
  int drained = 0;

 private:
  enum span_state : unsigned char { free, open, ready };

  void make() {
    begun = dropped = drained = 0;
    ring_ = std::make_unique<span_ring>();
    orcast::host host;
    host.self = this;
    host.allocate = [](void* self, std::size_t size, std::size_t) -> void* {
      auto& memory = static_cast<scenario*>(self)->memory_;
      return size <= sizeof memory ? memory : nullptr;
    };
    host.release = [](void*, void*, std::size_t, std::size_t) {};
    host.random = [](void*, void* out, std::size_t size) {
      std::memset(out, 7, size);
      return true;
    };
    span_ring::shape wanted{};
    wanted.memory_bytes = sizeof memory_;
    wanted.block_bytes = 512;
    wanted.lanes = static_cast<std::uint32_t>(shape_.free_blocks.size());
    wanted.policy = shape_.policy;
    explorer_.expect(ring_->make(wanted, host), "no ring");
    // As many blocks as the scenario wants, so that they run out when it wants.
    block_index next = 0;
    for (std::size_t i = 0; i < shape_.free_blocks.size(); ++i) {
      lane& each = at(i);
      each.free = no_block;
      for (std::size_t n = 0; n < shape_.free_blocks[i]; ++n, ++next) {
        ring_->at(next)->next = each.free;
        each.free = next;
      }
    }
    ring_->block_count_ = next;
    now_ = 1;
    lanes_ = {};
    blocks_ = {};
    state_ = {};
  }

  /// When all is over: every span came out once or was counted, and no block is lost.
  void balance() {
    drain(100);
    const auto evicted = static_cast<int>(ring_->evicted().read());
    expect(begun == drained + evicted, "a span was lost, or came out twice");
    expect(ring_->finished() == 0, "the consumer does not see a span");
    expect(ring_->free_blocks() == ring_->block_count(), "a block was lost, or is free twice");
  }

  shape shape_;
  explorer explorer_;
  std::unique_ptr<span_ring> ring_;
  std::uint32_t now_ = 1;
  std::array<owned, 64> lanes_{};
  std::array<owned, 64> blocks_{};
  std::array<span_state, 64> state_{};
  alignas(4096) char memory_[4 * 4096];
};

}  // namespace

using threads = std::vector<std::function<void()>>;

TEST_CASE("interleavings: two threads record through one lane") {
  scenario s({{4}});
  const auto count = s.run({}, threads{[&] { s.record(); }, [&] { s.record(); }}, [&] {
    s.expect(s.begun + s.dropped == 2, "not every span is counted");
  });
  CHECK(count > 10);
}

TEST_CASE("interleavings: a thread preempted between claim and publish holds nobody up") {
  // The interleavings include every one in which the first thread holds its lane, or has a span
  // that it has not ended, while the second one does all its work; there is always another lane.
  scenario s({{2, 2}});
  s.run({}, threads{[&] { s.record(); }, [&] { s.record(); }},
        [&] { s.expect(s.dropped == 0, "a span was dropped because a lane was held"); });
}

TEST_CASE("interleavings: one records, one drains") {
  scenario s({{4}});
  s.run({}, threads{[&] { s.record(3); }, [&] { s.drain(4); }});
}

TEST_CASE("interleavings: two record, one drains") {
  scenario s({{2, 2}});
  s.run({}, threads{[&] { s.record(2); }, [&] { s.record(2); }, [&] { s.drain(2); }});
}

TEST_CASE("interleavings: two record through the same lane while one drains it") {
  scenario s({{3}});
  s.run({}, threads{[&] { s.record(); }, [&] { s.record(); }, [&] { s.drain(2); }});
}

TEST_CASE("interleavings: all lanes are busy: the span is dropped and counted, nobody waits") {
  scenario s({{4}});
  lane* held = nullptr;
  s.run({},
        threads{[&] {
                  held = s.ring().claim();
                  if (held != nullptr) held->let_go();
                },
                [&] { s.record(); }},
        [&] { s.expect(s.begun + s.dropped >= 1, "a span is in no account"); });
}

TEST_CASE("interleavings: a span begun by one thread is ended by another") {
  scenario s({{2, 1}});
  block_index span = no_block;
  s.run([&] { span = s.begin(); },
        threads{[&] { s.end(span); }, [&] { s.record(); }, [&] { s.drain(2); }});
}

TEST_CASE("interleavings: spans end before and behind the consumer that goes round") {
  scenario s({{3}});
  block_index spans[3] = {};
  s.run(
      [&] {
        for (block_index& each : spans) each = s.begin();
        s.end(spans[1]);
        s.drain(1);  // the next round begins in the middle
      },
      threads{[&] { s.end(spans[0]); }, [&] { s.end(spans[2]); }, [&] { s.drain(2); }});
}

TEST_CASE("interleavings: spans end among the eight blocks that are looked at together") {
  scenario s({{10}});
  block_index spans[10] = {};
  s.run(
      [&] {
        for (block_index& each : spans) each = s.begin();
      },
      threads{[&] { s.end(spans[2]); }, [&] { s.end(spans[9]); }, [&] { s.drain(2); }},
      [&] {
        for (const block_index each : spans) {
          if (!s.is_open(each)) continue;
          s.ring().give_back(each);
          --s.begun;
        }
      });
}

TEST_CASE("interleavings: what had ended when a flush began is taken within a round") {
  scenario s({{3}});
  std::unique_ptr<interleavings::model_atomic<int>> flush;
  block_index asked = no_block, other = no_block;
  s.run(
      [&] {
        flush = std::make_unique<interleavings::model_atomic<int>>(0);
        asked = s.begin();
        other = s.begin();
      },
      threads{[&] {
                s.end(asked);
                flush->store(1, std::memory_order_release);
              },
              [&] { s.end(other); },
              [&] {
                s.drain(1);
                if (flush->load(std::memory_order_acquire) == 0) return;
                const std::uint64_t before = s.ring().looks();
                while (!s.ring().been_round(before)) s.drain(1);
                s.expect(s.is_free(asked), "the flush left a span behind");
              }});
}

TEST_CASE("interleavings: drainer and evicting thread meet at the last finished span") {
  scenario s({{1}, orcast::when_full::evict_oldest});
  s.run([&] { s.record(); }, threads{[&] { s.record(); }, [&] { s.drain(1); }});
}

TEST_CASE("interleavings: a span ends while a thread looks for one to evict") {
  scenario s({{1}, orcast::when_full::evict_oldest});
  block_index span = no_block;
  s.run([&] { span = s.begin(); }, threads{[&] { s.record(); }, [&] { s.end(span); }},
        [&] { s.expect(s.begun + s.dropped == 2, "not every span is counted"); });
}

TEST_CASE("interleavings: a block ends another span while a thread remembers it as the oldest") {
  // Also where both ended at the same time, so that the two can't be told apart (ABA).
  for (const bool at_once : {false, true}) {
    scenario s({{2}, orcast::when_full::evict_oldest, at_once});
    s.run([&] { s.record(2); },
          threads{[&] { s.record(2); },
                  [&] {
                    s.drain(1);
                    s.record();
                  }},
          [&] { s.expect(s.begun + s.dropped == 5, "not every span is counted"); });
  }
}

TEST_CASE("interleavings: two threads evict at once while one drains") {
  scenario s({{1, 1}, orcast::when_full::evict_oldest});
  s.run([&] { s.record(2); },
        threads{[&] { s.record(); }, [&] { s.record(); }, [&] { s.drain(1); }});
}

TEST_CASE("interleavings: blocks come back while their lane takes the returned chain") {
  scenario s({{1}});
  s.run([&] { s.record(); }, threads{[&] { s.record(2); }, [&] { s.drain(1); }});
}

TEST_CASE("interleavings: two threads give blocks back to one lane while it refills (ABA)") {
  scenario s({{3}});
  block_index spans[2] = {};
  s.run(
      [&] {
        for (block_index& each : spans) each = s.begin();
        s.begin();  // the free list is empty but for what comes back
      },
      threads{[&] { s.ring().give_back(spans[0]); }, [&] { s.ring().give_back(spans[1]); },
              [&] {
                lane* const mine = s.ring().claim();
                const block_index first = s.ring().pop(*mine);
                if (first != no_block) {
                  s.touch_block(first);
                  s.ring().head_of(first)->last = first;
                  s.ring().give_back(first);
                }
                mine->let_go();
              }},
      [&] {
        s.begun = 0;  // they were not ended, but given back by hand
        s.ring().give_back(2 - spans[0] == spans[1] ? 1 : 3 - spans[0] - spans[1]);
      });
}

TEST_CASE("interleavings: two lanes that have run dry look for each other's blocks") {
  scenario s({{1, 1}});
  s.run([&] { s.record(2); },
        threads{[&] { s.record(); }, [&] { s.record(); }, [&] { s.drain(2); }});
}

TEST_CASE("interleavings: two threads compete for the last block: one gets it, one is counted") {
  scenario s({{1, 0}});
  s.run({}, threads{[&] { s.begin(); }, [&] { s.begin(); }}, [&] {
    s.expect(s.begun == 1 && s.dropped == 1, "one block, one span");
    for (block_index block = 0; block < 1; ++block) s.ring().give_back(block);
    s.begun = 0;
  });
}

TEST_CASE("interleavings: a reader of the counters never sees more ends than starts") {
  scenario s({{2}});
  orcast::v0_under_interleavings::detail::one_word_counter* counters = nullptr;
  std::unique_ptr<orcast::v0_under_interleavings::detail::one_word_counter[]> made;
  s.run(
      [&] {
        made = std::make_unique<orcast::v0_under_interleavings::detail::one_word_counter[]>(2);
        counters = made.get();
      },
      threads{[&] {
                for (int i = 0; i < 2; ++i) {
                  counters[0].add_owned(1);
                  counters[1].add(1);
                }
              },
              [&] {
                const auto ended = counters[1].read();  // as tracer::stats() does it
                s.expect(counters[0].read() >= ended, "a span ended before it started");
              }});
}

TEST_CASE("interleavings: the two halves of a wide counter are read as one") {
  scenario s({{2}});
  using counter = orcast::v0_under_interleavings::detail::two_word_counter;
  std::unique_ptr<counter> made;
  s.run(
      [&] {
        made = std::make_unique<counter>();
        made->add(0xffffffff);
      },
      threads{[&] { made->add(1); },
              [&] {
                const std::uint64_t seen = made->read();
                // While the carry is under way the low half alone may be seen; never the sum of a
                // new high half with an old low one.
                s.expect(seen <= 0x100000000u, "halves of two different numbers");
              }});
}

// The checks can fail: protocols that are wrong are found out.

TEST_CASE("interleavings: the explorer finds a claim that is taken in two steps") {
  explorer one;
  std::unique_ptr<interleavings::model_atomic<int>> claimed;
  int holders = 0;
  const auto enter = [&] {
    if (claimed->load(std::memory_order_acquire) != 0) return;
    claimed->store(1, std::memory_order_relaxed);
    one.expect(++holders == 1, "two hold the claim");
    claimed->store(0, std::memory_order_release);
    --holders;
  };
  CHECK(one.run(
            [&] {
              claimed = std::make_unique<interleavings::model_atomic<int>>(0);
              holders = 0;
            },
            {enter, enter}, [] {}) == 0);
  CHECK(one.failure().find("two hold the claim") == 0);
}

TEST_CASE("interleavings: the clocks find a store that should have been a release") {
  for (const auto order : {std::memory_order_release, std::memory_order_relaxed}) {
    explorer one;
    std::unique_ptr<interleavings::model_atomic<int>> flag;
    owned memory;
    const auto count = one.run(
        [&] {
          flag = std::make_unique<interleavings::model_atomic<int>>(0);
          memory = {};
        },
        {[&] {
           one.touch(memory);
           flag->store(1, order);
         },
         [&] {
           if (flag->load(std::memory_order_acquire) == 1) one.touch(memory);
         }},
        [] {});
    CHECK((count == 2) == (order == std::memory_order_release));
  }
}

#endif
