// SPDX-License-Identifier: MIT
//
// Plain tables for a terminal: columns as wide as their widest cell, numbers to the right, no
// frame. Width is counted in character cells, so that names in any script line up. Colour is the
// caller's choice, made once with `colour_wanted()`, and never reaches a file or a pipe.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(_WIN32)
#include <io.h>
#else
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace examples {

inline bool is_terminal(std::FILE* stream) {
#if defined(_WIN32)
  return _isatty(_fileno(stream)) != 0;
#else
  return isatty(fileno(stream)) != 0;
#endif
}

/// Colours only for a person who looks at a terminal and did not say no (https://no-color.org).
inline bool colour_wanted(std::FILE* stream) {
  const char* const refused = std::getenv("NO_COLOR");
  return is_terminal(stream) && (refused == nullptr || *refused == '\0');
}

/// Character cells in a line of the terminal; 80 where it cannot be known.
inline std::size_t terminal_width(std::FILE* stream) {
#if !defined(_WIN32)
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#else
  static_cast<void>(stream);
#endif
  return 80;
}

namespace detail {

/// The next code point of UTF-8 text; a broken byte counts as one character of its own.
inline char32_t take_code_point(std::string_view& text) {
  const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC0 ? 1
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                                         : 4;
  char32_t code = size == 1 ? lead : lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= text.size() || (byte(i) & 0xC0) != 0x80) {
      text.remove_prefix(1);
      return 0xFFFD;
    }
    code = (code << 6) | (byte(i) & 0x3F);
  }
  text.remove_prefix(size);
  return code;
}

/// 0, 1 or 2 cells. The ranges are the wide and the combining blocks that names and chat meet in
/// practice, not the whole of Unicode's table.
inline std::size_t cells_of(char32_t code) {
  const auto in = [code](char32_t first, char32_t last) { return code >= first && code <= last; };
  if (in(0x0300, 0x036F) || in(0x200B, 0x200F) || in(0x20D0, 0x20FF) || in(0xFE00, 0xFE0F))
    return 0;
  const bool wide = in(0x1100, 0x115F) || in(0x2E80, 0x303E) || in(0x3041, 0xA4CF) ||
                    in(0xAC00, 0xD7A3) || in(0xF900, 0xFAFF) || in(0xFE30, 0xFE6F) ||
                    in(0xFF00, 0xFF60) || in(0xFFE0, 0xFFE6) || in(0x1F300, 0x1FAFF) ||
                    in(0x20000, 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace detail

/// Width in character cells.
inline std::size_t display_width(std::string_view text) {
  std::size_t cells = 0;
  while (!text.empty()) cells += detail::cells_of(detail::take_code_point(text));
  return cells;
}

/// What a model says goes to the terminal as text: control characters, and with them escape
/// sequences that could repaint the screen, become spaces.
inline std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t code = detail::take_code_point(text);
    const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    if (code == 0xFFFD) {
      out += "\xEF\xBF\xBD";
    } else if (control) {
      out += ' ';
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

/// At most `cells` wide; what does not fit ends in an ellipsis.
inline std::string shorten(std::string_view text, std::size_t cells) {
  if (display_width(text) <= cells) return std::string(text);
  std::string out;
  std::size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const std::string_view before = text;
    used += detail::cells_of(detail::take_code_point(text));
    if (used > cells) break;
    out += before.substr(0, before.size() - text.size());
  }
  return cells == 0 ? std::string() : out + "\xE2\x80\xA6";
}

/// Lines of at most `cells`, broken at spaces; a single longer word keeps its own line. An empty
/// text is one empty line.
inline std::vector<std::string> wrap(std::string_view text, std::size_t cells) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (word.empty()) continue;
    const std::size_t line_width = display_width(lines.back());
    if (line_width > 0 && line_width + 1 + display_width(word) > cells) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

class table {
 public:
  enum class align { left, right };

  struct column {
    std::string title;
    align side = align::left;
  };

  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

  /// Missing cells are empty; surplus cells are dropped.
  void add(std::vector<std::string> row) {
    row.resize(columns_.size());
    rows_.push_back(std::move(row));
  }

  /// Each line begins with `indent` spaces and ends without trailing ones. Columns that have no
  /// titles at all get no line for them.
  std::string text(std::size_t indent = 2) const {
    std::vector<std::size_t> widths;
    std::vector<std::string> titles;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      widths.push_back(display_width(columns_[i].title));
      titles.push_back(columns_[i].title);
      for (const auto& row : rows_) widths[i] = (std::max)(widths[i], display_width(row[i]));
    }
    const bool titled = std::any_of(titles.begin(), titles.end(),
                                    [](const std::string& title) { return !title.empty(); });
    std::string out = titled ? line(titles, widths, indent) : std::string();
    for (const auto& row : rows_) out += line(row, widths, indent);
    return out;
  }

 private:
  std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                   std::size_t indent) const {
    std::string out(indent, ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string padding(widths[i] - display_width(cells[i]), ' ');
      if (i > 0) out += "  ";
      out += columns_[i].side == align::right ? padding + cells[i] : cells[i] + padding;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
  }

  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace examples
