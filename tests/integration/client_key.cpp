// SPDX-License-Identifier: MIT
//
// Where the key is, and where it is not: in no failure, no span and, once its client has gone, in
// no memory of the process.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/models.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"
#include "support/spans.hpp"

namespace {

using orcast::client;
using orcast::errc;
namespace http = orcast::http;

/// The key exists only where somebody makes it of these bytes.
constexpr unsigned char masked[] = {0x29, 0x31, 0x77, 0x35, 0x28, 0x77, 0x2c, 0x6b, 0x77, 0x39,
                                    0x3b, 0x34, 0x3b, 0x28, 0x23, 0x77, 0x68, 0x6a, 0x68, 0x6c,
                                    0x77, 0x3e, 0x3f, 0x3f, 0x2a, 0x77, 0x33, 0x34, 0x77, 0x37};
constexpr unsigned char mask = 0x5a;

std::string make_key() {
  std::string key(sizeof masked, '\0');
  for (std::size_t i = 0; i < sizeof masked; ++i) key[i] = static_cast<char>(masked[i] ^ mask);
  return key;
}

bool is_key(const char* at) {
  for (std::size_t i = 0; i < sizeof masked; ++i) {
    if (static_cast<unsigned char>(at[i]) != (masked[i] ^ mask)) return false;
  }
  return true;
}

/// How often the key is in the writable memory of this process.
[[maybe_unused]] std::size_t copies_in_memory() {
  std::size_t copies = 0;
  std::ifstream maps("/proc/self/maps");
  const int memory = ::open("/proc/self/mem", O_RDONLY);
  REQUIRE(memory >= 0);
  std::vector<char> block(std::size_t{1} << 20);
  std::string line;
  while (std::getline(maps, line)) {
    std::istringstream in(line);
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::string rights;
    in >> std::hex >> begin >> dash >> end >> rights;
    if (rights.substr(0, 2) != "rw") continue;
    const std::size_t overlap = sizeof masked - 1;
    for (std::uintptr_t at = begin; at < end; at += block.size() - overlap) {
      const std::size_t size = (std::min)(block.size(), static_cast<std::size_t>(end - at));
      const ssize_t got = ::pread(memory, block.data(), size, static_cast<off_t>(at));
      if (got < static_cast<ssize_t>(sizeof masked)) break;
      for (std::size_t i = 0; i + sizeof masked <= static_cast<std::size_t>(got); ++i) {
        const auto here = at + i;
        const auto own = reinterpret_cast<std::uintptr_t>(block.data());
        if (here >= own && here < own + block.size()) continue;  // what was just read
        if (is_key(block.data() + i)) ++copies;
      }
    }
  }
  ::close(memory);
  orcast::wipe(block.data(), block.size());
  return copies;
}

/// Polled; copies nothing of what it is given. Answers with what a script says, in turn.
class forgetful_transport {
 public:
  struct answer {
    int status;
    std::string body;
  };
  std::vector<answer> script;  // the last one first

  http::exchange_id start(const http::request& what, http::response_sink& sink) {
    keys_seen += what.bearer().size() == sizeof masked ? 1u : 0u;
    waiting_.push_back({++last_, &sink});
    return last_;
  }
  void cancel(http::exchange_id id) {
    for (entry& each : waiting_) each.cancelled = each.cancelled || each.id == id;
  }
  void resume(http::exchange_id) {}
  void poll(std::int64_t) {
    for (const entry& each : std::exchange(waiting_, {})) {
      if (each.cancelled || script.empty()) {
        const errc why = each.cancelled ? errc::cancelled : errc::connect;
        each.sink->done(orcast::failure(why, "no answer"));
        continue;
      }
      const answer next = std::move(script.back());
      script.pop_back();
      const http::header_view type{"Content-Type", "application/json"};
      http::response_head head;
      head.status = next.status;
      head.headers = &type;
      head.header_count = 1;
      each.sink->head(head);
      each.sink->data(next.body);
      each.sink->done({});
    }
  }
  unsigned keys_seen = 0;

 private:
  struct entry {
    http::exchange_id id;
    http::response_sink* sink;
    bool cancelled = false;
  };
  std::vector<entry> waiting_;
  http::exchange_id last_ = 0;
};

orcast::chat_request ask() {
  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {orcast::message::user("Hello?")};
  return request;
}

/// Everything that a client does with a key.
[[maybe_unused]] void use(client& talker, forgetful_transport& net) {
  const std::string answer =
      R"({"id":"gen-1","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})";
  net.script = {{200, answer}};
  CHECK(talker.chat(ask()).ok());
  net.script = {{200, answer}, {503, R"({"error":{"code":503,"message":"busy"}})"}};
  CHECK(talker.chat(ask()).ok());
  net.script = {{200, R"({"data":[]})"}};
  CHECK(talker.ask(orcast::models_query{}).ok());
  net.script = {{402, R"({"error":{"code":402,"message":"no credits"}})"}};
  CHECK_FALSE(talker.chat(ask()).ok());
  orcast::call_context context;
  for (int i = 0; i < 20; ++i) {
    context.headers.push_back(
        {"X-Extra-" + std::to_string(i), "more than any room set aside", false});
  }
  orcast::call cancelled = talker.start(ask(), nullptr, context);
  orcast::call left = talker.start(ask());
  orcast::call waiting = talker.start(ask());
  cancelled.cancel();
  talker.tick(0);
  talker.tick(0);
  left = orcast::call();
  talker.tick(0);
}

// Sanitizers keep freed memory, and map more than can be read.
#if !ORCAST_TEST_SANITIZED
TEST_CASE("once its client has gone, a key is nowhere in memory") {
  forgetful_transport net;
  orcast::client_options options;
  options.retry.initial_ms = 0;
  options.max_concurrent = 2;
  std::string key = make_key();
  CHECK(copies_in_memory() >= 1);  // the search finds what there is
  SECTION("from the options") { options.api_key = orcast::secret(key); }
  SECTION("from a provider") {
    options.key_provider = [](void*) {
      std::string made = make_key();
      orcast::secret given(made);
      orcast::wipe(made.data(), made.size());
      return given;
    };
  }
  orcast::wipe(key.data(), key.size());
  {
    std::optional<client> talker(
        client::make(std::move(options), http::any_transport(net)).value());
    use(*talker, net);
    orcast::call outlives = talker->start(ask());
    talker.reset();
    CHECK(outlives.outcome().error().code == errc::shut_down);
  }
  CHECK(net.keys_seen >= 6);
  CHECK(copies_in_memory() == 0);
}
#endif

TEST_CASE("a key that a service quotes in any of its errors is in no failure and no span") {
  const std::string key = make_key();
  const auto tracer = orcast::make_tracer({}).value();
  const std::vector<forgetful_transport::answer> quotes = {
      {401, R"({"error":{"code":401,"message":"bad key )" + key + R"("}})"},
      {401, R"({"error":{"code":401,"message":"Bearer )" + key + R"( is unknown"}})"},
      {400, R"({"error":{"code":400,"metadata":{"raw":"{\"message\":\"key )" + key + R"(\"}"}}})"},
      {403, "<html><title>" + key + "</title>"},
      {500, key},
      {200, R"({"error":{"message":")" + key + R"("}})"},
  };
  for (const auto& quote : quotes) {
    forgetful_transport net;
    orcast::client_options options;
    options.api_key = orcast::secret(key);
    options.record.traces = tracer.get();
    options.retry.max_attempts = 1;
    client talker = client::make(std::move(options), http::any_transport(net)).value();
    net.script = {quote, quote};
    const auto waited = talker.chat(ask());
    REQUIRE_FALSE(waited.ok());
    CHECK(waited.error().message.find(key) == std::string::npos);
    orcast::call started = talker.start(ask());
    while (talker.in_flight() != 0) talker.tick(0);
    CHECK(started.outcome().error().message.find(key) == std::string::npos);
    net.script = {quote};
    const auto other = talker.call({"GET", "/key"});
    REQUIRE_FALSE(other.ok());
    CHECK(other.error().message.find(key) == std::string::npos);
  }
  const auto spans = test::drain(*tracer);
  REQUIRE(spans.size() == 2 * quotes.size());
  for (const auto& span : spans) {
    CHECK(span.status_message.find(key) == std::string::npos);
    for (const auto& [name, value] : span.attributes) {
      INFO(name);
      CHECK(value.find(key) == std::string::npos);
    }
    for (const auto& event : span.events) {
      for (const auto& [name, value] : event.attributes) {
        INFO(name);
        CHECK(value.find(key) == std::string::npos);
      }
    }
  }
}

}  // namespace
