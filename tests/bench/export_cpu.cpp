// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "orcast/http/any_transport.hpp"
#include "orcast/otlp/span_exporter.hpp"
#include "polled_sink.hpp"
#include "tracer.hpp"
#include "workload.hpp"

// What exporting costs the thread that does it, in processor time a span: taking finished spans,
// encoding them and posting them over a loopback connection, against the encoder alone. The
// transport is the least that there can be; the server runs on a thread of its own, which is not
// counted. Most of it is the kernel's, which moves the bytes; export/own-cpu is the same over a
// transport that sends nothing.

namespace {

constexpr int spans = 512;

std::int64_t cpu_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Accepts every request of one connection at a time.
class server {
 public:
  server() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 4) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      bench::fail("no loopback port to listen on");
    }
    port_ = ntohs(address.sin_port);
    bench::pin(1);  // the thread inherits it
    thread_ = std::thread([this] { run(); });
    bench::pin(0);
  }
  ~server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  int port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces"; }

 private:
  void run() {
    for (int peer = -1; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
      std::string in;
      while (answer(peer, in)) {
      }
    }
  }

  /// One request. False at the end of the connection.
  static bool answer(int peer, std::string& in) {
    constexpr std::string_view end_of_head = "\r\n\r\n";
    constexpr std::string_view length = "ontent-Length: ";
    std::size_t head = 0;
    while ((head = in.find(end_of_head)) == std::string::npos) {
      if (!receive(peer, in)) return false;
    }
    const std::size_t at = in.find(length);
    if (at == std::string::npos || at > head) return false;
    const auto body = static_cast<std::size_t>(std::atoll(in.c_str() + at + length.size()));
    if (in.find("100-continue") < head) send(peer, "HTTP/1.1 100 Continue\r\n\r\n");
    in.erase(0, head + end_of_head.size());
    while (in.size() < body) {
      if (!receive(peer, in)) return false;
    }
    in.erase(0, body);
    send(peer, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
    return true;
  }
  static bool receive(int peer, std::string& in) {
    static thread_local std::vector<char> room(std::size_t{1} << 20);
    const ssize_t got = ::recv(peer, room.data(), room.size(), 0);
    if (got <= 0) return false;
    in.append(room.data(), static_cast<std::size_t>(got));
    return true;
  }
  static void send(int peer, std::string_view text) {
    static_cast<void>(::send(peer, text.data(), text.size(), MSG_NOSIGNAL));
  }

  int listener_;
  int port_ = 0;
  std::thread thread_;
};

/// Posts over one connection, which it keeps.
class loopback_transport {
 public:
  explicit loopback_transport(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      bench::fail("the loopback server does not answer");
    }
  }
  ~loopback_transport() { ::close(socket_); }
  loopback_transport(const loopback_transport&) = delete;
  loopback_transport& operator=(const loopback_transport&) = delete;

  orcast::http::exchange_id start(const orcast::http::request& what,
                                  orcast::http::response_sink& sink) {
    std::size_t size = 0;
    for (const std::string_view part : what.body) size += part.size();
    pieces_.assign(1, {});
    for (const std::string_view part : what.body) {
      pieces_.push_back({const_cast<char*>(part.data()), part.size()});
    }
    head_ =
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        "Content-Length: " +
        std::to_string(size) + "\r\n\r\n";
    pieces_.front() = {head_.data(), head_.size()};
    send();
    waiting_ = &sink;
    return ++last_;
  }
  void cancel(orcast::http::exchange_id) {}
  void resume(orcast::http::exchange_id) {}
  void poll(std::int64_t) {
    if (waiting_ == nullptr) return;
    char answer[512];
    const ssize_t got = ::recv(socket_, answer, sizeof answer, 0);
    if (got < 12) bench::fail("the loopback server went away");
    orcast::http::response_sink& sink = *std::exchange(waiting_, nullptr);
    orcast::http::response_head head;
    head.status = std::atoi(answer + 9);
    sink.head(head);
    sink.data("{}");
    sink.done({});
  }

 private:
  /// All pieces in as few calls as the kernel lets.
  void send() {
    msghdr message{};
    message.msg_iov = pieces_.data();
    message.msg_iovlen = pieces_.size();
    while (message.msg_iovlen != 0) {
      const ssize_t done = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
      if (done <= 0) bench::fail("the loopback server does not read");
      auto sent = static_cast<std::size_t>(done);
      while (message.msg_iovlen != 0 && sent >= message.msg_iov->iov_len) {
        sent -= message.msg_iov->iov_len;
        ++message.msg_iov;
        --message.msg_iovlen;
      }
      if (message.msg_iovlen == 0) return;
      message.msg_iov->iov_base = static_cast<char*>(message.msg_iov->iov_base) + sent;
      message.msg_iov->iov_len -= sent;
    }
  }

  int socket_;
  std::string head_;
  std::vector<iovec> pieces_;
  orcast::http::response_sink* waiting_ = nullptr;
  orcast::http::exchange_id last_ = 0;
};

void run(bench::suite& suite, const char* bench, const std::string& url,
         orcast::http::any_transport transport) {
  const bench::workload work;
  orcast::tracer_options memory;
  memory.memory_bytes = std::size_t{8} << 20;
  const auto traces = bench::make_tracer(memory);
  const auto held_traces = bench::make_tracer(memory);
  const auto record = [&work](orcast::tracer& into) {
    orcast::span one = into.start("npc turn");
    work.set_20(one);
  };

  orcast::otlp::destination to;
  to.url = url;
  auto made = orcast::otlp::span_exporter::make(*traces, std::move(transport), to);
  if (!made) bench::fail("the exporter could not be made");
  orcast::otlp::span_exporter& exporter = **made;

  std::vector<orcast::detail::block_index> held;
  for (int i = 0; i < spans; ++i) {
    record(*held_traces);
    held.push_back(held_traces->take());
  }
  std::vector<char> room(std::size_t{2} << 20);
  orcast::otlp::json_encoder encoder(to.encoding, room.data(), room.size());

  const auto export_all = [&] {
    for (int i = 0; i < spans; ++i) record(*traces);
    const std::int64_t begin = cpu_ns();
    if (!exporter.flush(10'000)) bench::fail("not all spans were exported in time");
    return bench::sample{static_cast<double>(cpu_ns() - begin) / spans, 0};
  };
  const auto encode_all = [&] {
    const std::int64_t begin = cpu_ns();
    encoder.begin();
    for (const auto span : held) {
      if (!encoder.add(held_traces->ring(), span)) bench::fail("a span does not fit");
    }
    bench::keep(*encoder.finish().data());
    return bench::sample{static_cast<double>(cpu_ns() - begin) / spans, 0};
  };
  const bench::comparison cost = bench::compare(suite, export_all, encode_all);
  if (traces->stats().dropped_in_all() != 0) bench::fail("spans were lost");
  suite.report({bench, cost.value.ns, "ns", cost.floor.ns, {bench::target::ratio, 2}});
  for (const auto span : held) held_traces->give_back(span);
  held_traces->exported(spans);
}

void over_loopback(bench::suite& suite) {
  server sink;
  loopback_transport transport(sink.port());
  run(suite, "export/cpu", sink.url(), orcast::http::any_transport(transport));
}

void own(bench::suite& suite) {
  bench::polled_sink sink;
  run(suite, "export/own-cpu", "http://localhost/v1/traces", orcast::http::any_transport(sink));
}

const bench::registered entries[] = {{"export/cpu", over_loopback}, {"export/own-cpu", own}};

}  // namespace
