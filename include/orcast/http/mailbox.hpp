// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include "orcast/core/function_ref.hpp"

#include "orcast/detail/third_party_begin.hpp"
#if __has_include(<concurrentqueue/concurrentqueue.h>)
#include <concurrentqueue/concurrentqueue.h>
#elif __has_include(<moodycamel/concurrentqueue.h>)
#include <moodycamel/concurrentqueue.h>
#else
#include <concurrentqueue.h>
#endif
#include "orcast/detail/third_party_end.hpp"

// Carries completions from the threads of transports to the thread of the host: any thread posts
// without a lock, the host takes. moodycamel::ConcurrentQueue does the work; nothing else in orcast
// includes it. Posts of one thread arrive in their order, posts of several threads in any.

namespace orcast {
inline namespace v0 {
namespace http {
namespace detail {

/// Few elements and many threads that post now and then: small blocks and a small index for each.
struct mailbox_traits : moodycamel::ConcurrentQueueDefaultTraits {
  static const std::size_t BLOCK_SIZE = 16;
  static const std::size_t IMPLICIT_INITIAL_INDEX_SIZE = 16;
};

}  // namespace detail

/// The box has no limit of its own and needs none: an owner posts a bounded number of elements for
/// each call in flight, and bounds those. So a completion is never dropped for want of room. (The
/// queue's try_enqueue(), which does not allocate, would refuse the 257th element of a thread with
/// these traits even when memory was reserved; it is not used.) Memory grows to the highest number
/// of elements and is kept.
template <class T>
class mailbox {
 public:
  /// Reserves room for about `expected` elements of a few threads.
  explicit mailbox(std::size_t expected = 64) : queue_(expected) {}
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;

  /// Any thread. False, and `element` still whole, only when there is no memory left at all.
  [[nodiscard]] bool post(T&& element) { return queue_.enqueue(std::move(element)); }

  /// The host's thread only. Hands over at most `most` elements, and returns how many; `use` may
  /// post again, and may not take.
  std::size_t take(std::size_t most, function_ref<void(T&)> use) {
    T element{};
    std::size_t taken = 0;
    while (taken < most && queue_.try_dequeue(element)) {
      ++taken;
      use(element);
    }
    return taken;
  }

  /// Any thread; exact when nobody posts or takes.
  std::size_t size() const { return queue_.size_approx(); }

 private:
  moodycamel::ConcurrentQueue<T, detail::mailbox_traits> queue_;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast
