// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/openrouter/api_reply.hpp"
#include "orcast/openrouter/reply_reader.hpp"

// The pieces of one reply on their way from the thread that reads it to the thread that hears of
// it. Pieces of text that follow each other become one. Filled by one side, swapped, emptied by the
// other; memory goes back and forth with it.

namespace orcast {
inline namespace v0 {
namespace detail {

class call_news final : public delta_listener, public byte_listener {
 public:
  bool empty() const noexcept { return next_ == pieces_.size(); }

  void clear() noexcept {
    pieces_.clear();
    text_.clear();
    tools_.clear();
    next_ = next_text_ = next_tool_ = 0;
  }

  void on_first_chunk() noexcept override { pieces_.push_back({kind::first_chunk, 0}); }
  void on_first_token() noexcept override { pieces_.push_back({kind::first_token, 0}); }
  void on_text(std::string_view words) noexcept override { add(kind::text, words); }
  void on_reasoning(std::string_view words) noexcept override { add(kind::reasoning, words); }
  void on_tool_call(const tool_call& call) noexcept override {
    tools_.push_back(call);
    pieces_.push_back({kind::tool, 0});
  }
  void on_data(std::string_view bytes) noexcept override { add(kind::bytes, bytes); }

  /// Hands on the next piece, of which there is one. `text` grows by it; both listeners may be
  /// null.
  void hand_on(delta_listener* listener, byte_listener* taker, std::string& text) {
    const piece next = pieces_[next_++];
    const std::string_view words = std::string_view(text_).substr(next_text_, next.size);
    next_text_ += next.size;
    if (next.what == kind::text) text.append(words);
    const tool_call* const tool = next.what == kind::tool ? &tools_[next_tool_++] : nullptr;
    if (next.what == kind::bytes && taker != nullptr) taker->on_data(words);
    if (listener == nullptr) return;
    switch (next.what) {
      case kind::first_chunk:
        return listener->on_first_chunk();
      case kind::first_token:
        return listener->on_first_token();
      case kind::text:
        return listener->on_text(words);
      case kind::reasoning:
        return listener->on_reasoning(words);
      case kind::tool:
        return listener->on_tool_call(*tool);
      case kind::bytes:
        return;
    }
  }

 private:
  enum class kind : unsigned char { first_chunk, first_token, text, reasoning, tool, bytes };
  struct piece {
    kind what;
    std::size_t size;  // in text_, of text, reasoning and bytes
  };

  void add(kind what, std::string_view words) {
    text_.append(words);
    if (!empty() && pieces_.back().what == what) {
      pieces_.back().size += words.size();
    } else {
      pieces_.push_back({what, words.size()});
    }
  }

  std::vector<piece> pieces_;
  std::string text_;
  std::vector<tool_call> tools_;
  std::size_t next_ = 0;
  std::size_t next_text_ = 0;
  std::size_t next_tool_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
