// SPDX-License-Identifier: MIT
//
// What one sees while the loop runs. At a terminal: one line that is written over, with the time,
// the calls in flight and the newest words. Anywhere else: one line an event, so that a log reads
// well. Nothing is printed more often than ten times a second; a game loop has other things to do.

#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "support/format.hpp"
#include "support/table.hpp"

namespace game_loop {

class progress {
 public:
  explicit progress(std::FILE* out) : out_(out), live_(examples::is_terminal(out)) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() { clear(); }

  /// A headline that stays; `events` says whether what follows is worth a line each.
  void phase(std::string_view text, bool events = true) {
    clear();
    print(std::string(text) + "\n");
    shown_at_s_ = -1;
    events_ = events;
  }

  /// Something happened: a call began, answered, failed. At a terminal only update() shows.
  void event(double at_s, std::string_view who, std::string_view what) {
    if (live_ || !events_) return;
    const std::string line = std::string(who) + ": " + examples::printable(what);
    print("  " + stamp(at_s) + "  " + examples::shorten(line, 88) + "\n");
  }

  /// Every frame; draws when it is time to.
  void update(double at_s, double of_s, std::size_t in_flight, std::string_view newest_words) {
    if (!live_ || (shown_at_s_ >= 0 && at_s - shown_at_s_ < 0.1)) return;
    shown_at_s_ = at_s;
    const std::string head = "  " + stamp(at_s) + " of " + examples::format_fixed(of_s, 0) +
                             " s   " + std::to_string(in_flight) + " in flight   ";
    const std::size_t width = examples::terminal_width(out_);
    const std::size_t used = examples::display_width(head);
    const std::size_t room = width > used + 1 ? width - used - 1 : 0;
    print("\r\x1b[K" + head + tail(examples::printable(newest_words), room));
    drawn_ = true;
  }

 private:
  static std::string stamp(double at_s) {
    const std::string text = examples::format_fixed(at_s, 1) + " s";
    return std::string(text.size() < 6 ? 6 - text.size() : 0, ' ') + text;
  }

  /// The end of a text that grows at its end, cut at a space.
  static std::string tail(std::string text, std::size_t cells) {
    while (examples::display_width(text) > cells) {
      const std::size_t space = text.find(' ');
      if (space == std::string::npos) return examples::shorten(text, cells);
      text.erase(0, space + 1);
    }
    return text;
  }

  void clear() {
    if (drawn_) print("\r\x1b[K");
    drawn_ = false;
  }

  void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), out_);
    std::fflush(out_);
  }

  std::FILE* out_;
  bool live_;
  bool events_ = true;
  bool drawn_ = false;
  double shown_at_s_ = -1;
};

}  // namespace game_loop
