// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"

// The example programs, run as a user runs them: arguments, environment and standard input go in;
// what they print and their exit status come out.

namespace test {

/// Of a program beside the tests in the build tree. Fails the test when it has not been built.
inline std::string example(const std::string& name) {
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::filesystem::path found = self.parent_path().parent_path() / "examples" / name;
  INFO(found);
  REQUIRE(std::filesystem::exists(found));
  return found.string();
}

inline std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}
inline bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != text.npos;
}

/// A folder of its own, gone with the object.
class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "orcast-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// One run. The environment is PATH and what is given; nothing of the test's own counts.
class process {
 public:
  struct options {
    std::vector<std::string> environment;  ///< NAME=value
    bool terminal = false;                 ///< a terminal of its own as all three standard files
    std::string output;  ///< a path instead of the pipe for standard output; "-": closed
  };

  process(const std::string& program, const std::vector<std::string>& arguments,
          const options& chosen) {
    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> names = chosen.environment;
    names.emplace_back("PATH=/usr/bin:/bin");
    int input[2] = {-1, -1}, printed[2] = {-1, -1}, errors[2] = {-1, -1};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    ::signal(SIGPIPE, SIG_IGN);  // of this process; the program begins with the default
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    short flags = POSIX_SPAWN_SETSIGDEF;
    if (chosen.terminal) {
      in_ = out_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
      REQUIRE(in_ >= 0);
      REQUIRE(grantpt(in_) == 0);
      REQUIRE(unlockpt(in_) == 0);
      // The leader of a new session gets the first terminal that it opens.
      flags |= POSIX_SPAWN_SETSID;
      posix_spawn_file_actions_addopen(&files, 0, ptsname(in_), O_RDWR, 0);
      posix_spawn_file_actions_adddup2(&files, 0, 1);
      posix_spawn_file_actions_adddup2(&files, 0, 2);
    } else {
      REQUIRE((pipe2(input, O_CLOEXEC) == 0 && pipe2(printed, O_CLOEXEC) == 0 &&
               pipe2(errors, O_CLOEXEC) == 0));
      posix_spawn_file_actions_adddup2(&files, input[0], 0);
      posix_spawn_file_actions_adddup2(&files, errors[1], 2);
      if (chosen.output.empty()) posix_spawn_file_actions_adddup2(&files, printed[1], 1);
      if (chosen.output == "-") {
        posix_spawn_file_actions_addclose(&files, 1);
      } else if (!chosen.output.empty()) {
        posix_spawn_file_actions_addopen(&files, 1, chosen.output.c_str(), O_WRONLY, 0);
      }
      in_ = input[1];
      out_ = printed[0];
      err_ = errors[0];
    }
    posix_spawnattr_setflags(&attributes, flags);
    const auto list = [](std::vector<std::string>& from) {
      std::vector<char*> made;
      for (std::string& each : from) made.push_back(each.data());
      made.push_back(nullptr);
      return made;
    };
    const int failed = posix_spawn(&pid_, program.c_str(), &files, &attributes, list(words).data(),
                                   list(names).data());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    for (const int fd : {input[0], printed[1], errors[1]}) {
      if (fd >= 0) close(fd);
    }
    REQUIRE(failed == 0);
  }

  ~process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close_input();
    close_output();
    if (err_ >= 0) close(err_);
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t taken = ::write(in_, text.data(), text.size());
      if (taken <= 0) return;  // it reads no more
      text.remove_prefix(static_cast<std::size_t>(taken));
    }
  }
  void close_input() {
    if (in_ >= 0 && in_ != out_) close(in_);
    in_ = -1;
  }
  /// Nobody reads what it prints any more.
  void close_output() {
    if (out_ >= 0) close(out_);
    out_ = -1;
  }
  void signal(int which) { kill(pid_, which); }

  /// Reads until its output contains `text`; false when it ends, or half a minute passes, before.
  bool wait_for(std::string_view text) {
    while (!contains(out, text)) {
      if (!read_some()) return false;
    }
    return true;
  }

  /// Reads all it prints, and its exit status; -1 when it was ended by a signal, or by us.
  int wait() {
    close_input();
    while (read_some()) {
    }
    int ended = 0;
    if (std::chrono::steady_clock::now() > deadline_) kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, -1), &ended, 0);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  }

  std::string out;
  std::string err;  ///< stays empty with a terminal, which shows both

 private:
  /// False when both ends are closed, or time is up.
  bool read_some() {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    pollfd what[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    if ((out_ < 0 && err_ < 0) || left.count() <= 0) return false;
    if (poll(what, 2, static_cast<int>(left.count())) <= 0) return false;
    for (pollfd& each : what) {
      if (each.revents == 0) continue;
      char piece[4096];
      const ssize_t size = read(each.fd, piece, sizeof piece);
      int& fd = each.fd == out_ ? out_ : err_;
      if (size > 0) {
        (each.fd == out_ ? out : err).append(piece, static_cast<std::size_t>(size));
      } else {  // also EIO: the other end of a terminal has gone
        close(fd);
        if (in_ == fd) in_ = -1;
        fd = -1;
      }
    }
    return true;
  }

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  const std::chrono::steady_clock::time_point deadline_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(60);
};

struct finished {
  int status = -1;
  std::string out;
  std::string err;
};

inline finished run(const std::string& program, const std::vector<std::string>& arguments,
                    const process::options& chosen, std::string_view input = {}) {
  process started(program, arguments, chosen);
  started.write(input);
  finished made;
  made.status = started.wait();
  made.out = std::move(started.out);
  made.err = std::move(started.err);
  return made;
}

}  // namespace test
