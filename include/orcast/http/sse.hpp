// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/function_ref.hpp"
#include "orcast/core/result.hpp"

// Server-sent events as the HTML standard interprets them (section 9.2.6), fed with the body of a
// response in pieces cut anywhere. The client and the observation read streamed answers with it. It
// makes no connections and does not decode text: an event's data is the bytes that came.

namespace orcast {
inline namespace v0 {
namespace http {

/// One event. The views are valid during the callback only.
struct sse_event {
  std::string_view data;              ///< several data lines are joined by a line feed
  std::string_view type = "message";  ///< the `event` field
  std::string_view id;                ///< the last `id` seen in the stream so far
};

/// What a stream may cost. Beyond it feed() fails with errc::too_large.
struct sse_limits {
  std::size_t line_bytes = std::size_t{8} << 20;
  std::size_t event_bytes = std::size_t{8} << 20;  ///< the data of one event
  std::uint32_t count = 1'000'000;                 ///< events and comments together
};

class sse_parser {
 public:
  /// Called for each event; false means that the rest of the stream is of no interest. Must not
  /// call back into the parser.
  using handler = function_ref<bool(const sse_event&)>;

  explicit sse_parser(sse_limits limits = {}) noexcept : limits_(limits) {}

  /// Takes the next bytes. An event whose lines lie within one call is handed on without a copy;
  /// others are put together in buffers that are kept, so that a warm parser does not allocate.
  /// After a failure every further call fails the same way; after a handler's false it does
  /// nothing.
  result<void> feed(std::string_view bytes, handler on_event);

  /// At the end of the stream: whether there is data that no blank line completed. The standard
  /// drops it, and so does who does nothing. Servers that forget the last blank line exist:
  /// flush_tail() hands it on as an event. Its last line may have been cut by a lost connection.
  bool pending() const noexcept {
    return !stopped_ && (has_data_ || std::string_view(tail_).substr(0, 5) == "data:");
  }
  result<void> flush_tail(handler on_event);

  /// Ready for another stream; the memory is kept.
  void reset() noexcept;

  /// About how many bytes of memory are kept.
  std::size_t held_bytes() const noexcept {
    return tail_.capacity() + line_.capacity() + data_.capacity();
  }

  /// True after a handler answered false.
  bool stopped() const noexcept { return stopped_; }
  std::uint32_t events() const noexcept { return events_; }
  /// Comment lines so far. They carry nothing but show that the other side is alive.
  std::uint32_t comments() const noexcept { return comments_; }
  /// The last `retry` field in milliseconds, -1 when there was none.
  std::int64_t retry_ms() const noexcept { return retry_ms_; }

 private:
  void skip_byte_order_mark(std::string_view& bytes);
  void take_line(std::string_view line, handler on_event);
  void take_data(std::string_view value);
  void take_retry(std::string_view value) noexcept;
  void dispatch(handler on_event);
  void count_one() noexcept;
  result<void> outcome() const;

  sse_limits limits_;
  std::string tail_;            // an unfinished line
  std::string line_;            // a line put together from pieces, during one feed()
  std::string data_;            // an event's data, when it is not one line within one feed()
  std::string_view data_view_;  // the data's only line, until it has to be kept in data_
  std::string type_;
  std::string id_;
  const char* broken_ = nullptr;  // which limit was passed
  std::int64_t retry_ms_ = -1;
  std::uint32_t events_ = 0;
  std::uint32_t comments_ = 0;
  unsigned char mark_ = 0;  // bytes of the byte order mark seen; 3 when that is settled
  bool has_data_ = false;
  bool data_kept_ = false;
  bool after_cr_ = false;
  bool stopped_ = false;
};

}  // namespace http
}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/http/impl/sse.ipp"
#endif
