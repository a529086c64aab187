// SPDX-License-Identifier: MIT
//
// The gateway as a process of its own, as its users run it, and clients that speak to it byte by
// byte.

#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "standins/arize.hpp"
#include "standins/openrouter.hpp"
#include "support/catch.hpp"

namespace gateway_test {

constexpr char router_key[] = "sk-or-v1-canary-5f0c2d7e";
constexpr char arize_key[] = "ak-canary-71b3a9c4";

/// Beside the tests in the build tree; GATEWAY names it when it is elsewhere.
inline std::string program() {
  if (const char* const given = std::getenv("GATEWAY")) return given;
  std::error_code unknown;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return (self.parent_path().parent_path() / "examples" / "gateway").string();
}

class process {
 public:
  explicit process(std::vector<std::string> arguments) {
    int out[2], err[2];
    REQUIRE(::pipe(out) == 0);
    REQUIRE(::pipe(err) == 0);
    arguments.insert(arguments.begin(), program());
    std::vector<char*> argv;
    for (std::string& each : arguments) argv.push_back(each.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
      for (int fd = 3; fd < 256; ++fd) ::close(fd);
      for (const char* name : {"OPENROUTER_API_KEY", "ARIZE_API_KEY", "ARIZE_SPACE_ID"}) {
        ::unsetenv(name);
      }
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
  }

  /// Waits for the line that says where it listens.
  int port() {
    while (printed_.find('\n') == std::string::npos) {
      char buffer[512];
      const ssize_t got = ::read(out_, buffer, sizeof buffer);
      if (got <= 0) FAIL("the gateway did not start: " << rest(err_));
      printed_.append(buffer, static_cast<std::size_t>(got));
    }
    const std::string line = printed_.substr(0, printed_.find('\n'));
    REQUIRE(line.find("listening on http://") != std::string::npos);
    return std::atoi(line.c_str() + line.rfind(':') + 1);
  }

  void signal(int number) const { ::kill(pid_, number); }

  /// Waits for the end; everything it printed is in output() then.
  int wait() {
    printed_ += rest(out_);
    printed_ += rest(err_);
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int stop() {
    signal(SIGTERM);
    return wait();
  }
  const std::string& output() const { return printed_; }

 private:
  static std::string rest(int from) {
    std::string text;
    char buffer[4096];
    for (ssize_t got; (got = ::read(from, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  std::string printed_;
};

/// A plain socket: what it sends and reads is exactly what the test says.
class raw_client {
 public:
  explicit raw_client(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client() { close(); }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // it answered and closed: the answer says why
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Reads until `what` has come, or the connection ends; all that came.
  const std::string& read_until(std::string_view what) {
    while (seen_.find(what) == std::string::npos && read_some()) {
    }
    return seen_;
  }
  const std::string& read_all() {
    while (read_some()) {
    }
    return seen_;
  }
  const std::string& seen() const { return seen_; }

 private:
  bool read_some() {
    pollfd entry{socket_, POLLIN, 0};
    if (::poll(&entry, 1, 20'000) <= 0) FAIL("nothing came within 20 s; so far: " << seen_);
    char buffer[65536];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got > 0) seen_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_;
  std::string seen_;
};

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// A file that only its owner may read.
inline void write_private(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  using std::filesystem::perms;
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
}

/// Both services as stand-ins, and a settings file that leads to them.
class services {
 public:
  services()
      : router([] {
          standins::openrouter::options chosen;
          chosen.pace = standins::pace::none();
          chosen.keys = {router_key};
          return chosen;
        }()),
        arize([] {
          standins::arize::options chosen;
          chosen.api_key = arize_key;
          return chosen;
        }()) {
    char name[] = "/tmp/orcast-gateway-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
    write(arize_key);
  }
  ~services() { std::filesystem::remove_all(folder); }

  void write(const std::string& key) const {
    const std::string json =
        std::string(R"({"openrouter_api_key": ")") + router_key + R"(", "destinations": [{)" +
        R"("api_key": ")" + key + R"(", "space_key": ")" + standins::arize::space_id +
        R"(", "model_id": "harbour", "base_url": ")" + arize.origin() + "\"}]}";
    write_private(settings(), json);
  }
  std::string settings() const { return folder + "/settings.json"; }

  std::vector<std::string> arguments() const {
    return {"--listen", "127.0.0.1:0", "--upstream", router.origin(), "--settings", settings()};
  }

  standins::openrouter router;
  standins::arize arize;
  std::string folder;
};

inline std::string chat_body(bool stream) {
  return std::string(R"({"model":"openai/gpt-4o-mini","messages":[{"role":"user","content":)") +
         R"("Is the ship Meridian in port?"}],"stream":)" + (stream ? "true" : "false") + "}";
}

inline std::string post(std::string_view path, std::string_view body,
                        std::string_view headers = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
         "application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace gateway_test
