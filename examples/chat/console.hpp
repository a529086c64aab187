// SPDX-License-Identifier: MIT
//
// Standard input, output and signals, as a program for terminals and scripts needs them: writing
// reports trouble instead of dying of SIGPIPE, and Ctrl-C is an event that can be waited for.
// POSIX.

#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>

namespace chat {

/// Text for a terminal: control characters other than line breaks and tabs are left out, and with
/// them escape sequences that a model could repaint the screen with. UTF-8 in, UTF-8 out.
inline std::string harmless(std::string_view text, bool one_line) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == '\n' || byte == '\t' || byte == '\r') {
      if (one_line || byte != '\r') out += one_line ? ' ' : text[i];
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      ++i;  // the other control characters, U+0080 to U+009F
    } else if (byte >= 0x20 && byte != 0x7F) {
      out += text[i];
    }
  }
  return out;
}

/// A file descriptor that is written to. After the first trouble it takes nothing more.
class output {
 public:
  explicit output(int fd) : fd_(fd), terminal_(isatty(fd) != 0) {}

  bool terminal() const { return terminal_; }
  bool failed() const { return error_ != 0; }
  std::string trouble() const {
    return "standard output can't be written to: " + std::string(std::strerror(error_));
  }

  /// Words of a model: made harmless for a terminal, elsewhere as they are.
  void text(std::string_view words) {
    terminal_ ? write(harmless(words, false)) : write(words);
    if (!words.empty()) line_open_ = words.back() != '\n';
  }
  /// Ends a line that text() has left open.
  void end_line() {
    if (line_open_) write("\n");
    line_open_ = false;
  }
  void line(std::string_view words) { write(std::string(words) + '\n'); }
  void write(std::string_view bytes) {
    while (!bytes.empty() && error_ == 0) {
      const ssize_t taken = ::write(fd_, bytes.data(), bytes.size());
      if (taken >= 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
      if (taken < 0 && errno == EAGAIN) {
        pollfd ready{fd_, POLLOUT, 0};
        poll(&ready, 1, -1);
      } else if (taken < 0 && errno != EINTR) {
        error_ = errno;
      }
    }
  }

 private:
  int fd_;
  bool terminal_;
  bool line_open_ = false;
  int error_ = 0;
};

/// Ctrl-C (SIGINT) and SIGTERM, from whichever thread the system delivers them to. One at a time.
class interrupts {
 public:
  interrupts() {
    if (pipe2(ends(), O_CLOEXEC | O_NONBLOCK) != 0) return;  // then they end the program, as usual
    struct sigaction act {};
    act.sa_handler = [](int signal) {
      const int kept = errno;
      const char which = signal == SIGTERM ? 't' : 'i';
      const ssize_t written = ::write(ends()[1], &which, 1);
      static_cast<void>(written);
      errno = kept;
    };
    sigaction(SIGINT, &act, nullptr);
    sigaction(SIGTERM, &act, nullptr);
  }
  ~interrupts() {
    give_up();
    close(ends()[0]);
    close(ends()[1]);
  }
  interrupts(const interrupts&) = delete;
  interrupts& operator=(const interrupts&) = delete;

  /// From here on a signal ends the program again, so that nobody waits for what hangs.
  void give_up() {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
  }

  /// Waits at most so long, or (-1) for ever; true when a signal came, also before the call. With
  /// an `input`, bytes to read there end the wait too.
  bool wait(int ms, int input = -1) {
    pollfd what[] = {{ends()[0], POLLIN, 0}, {input, POLLIN, 0}};
    poll(what, input >= 0 ? 2 : 1, ms);
    bool came = false;
    for (char which; read(ends()[0], &which, 1) == 1; came = true) {
      if (which == 't') terminated_ = true;
    }
    return came;
  }

  /// SIGTERM came: the program is to end.
  bool terminated() const { return terminated_; }

 private:
  static int* ends() {  // a signal handler reaches nothing else
    static int fds[2] = {-1, -1};
    return fds;
  }

  bool terminated_ = false;
};

/// Lines of standard input, with Ctrl-C in between.
class line_reader {
 public:
  enum class got { line, end, interrupt };

  /// The line without its end; at the end of the input what is left counts as a line.
  got next(interrupts& signals, std::string& line) {
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos || (over_ && !buffer_.empty())) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end == std::string::npos ? end : end + 1);
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return got::line;
      }
      if (over_) return got::end;
      if (signals.wait(-1, STDIN_FILENO)) return got::interrupt;
      char piece[4096];
      const ssize_t size = read(STDIN_FILENO, piece, sizeof piece);
      if (size > 0) buffer_.append(piece, static_cast<std::size_t>(size));
      over_ = size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
    }
  }

 private:
  std::string buffer_;
  bool over_ = false;
};

/// Descriptors 0 to 2 that the caller has closed are opened on /dev/null, so that no connection
/// gets their numbers and an answer is written to it. False when standard output was closed.
inline bool open_standard_files() {
  bool closed_output = false;
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (fd == STDOUT_FILENO) closed_output = true;
    static_cast<void>(open("/dev/null", O_RDWR));  // takes the lowest number, which is this one
  }
  return !closed_output;
}

}  // namespace chat
