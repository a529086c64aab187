// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/http/fake_transport.hpp"
#include "orcast/openrouter/client.hpp"
#include "support/spans.hpp"

// What the client's tests have in common: answers of OpenRouter, a clock that stands still, and a
// handler that writes down what it hears.

namespace test {

using orcast::http::fake_reply;

constexpr char api_key[] = "sk-or-v1-0123456789abcdef";

/// One event of a stream with a piece of text.
inline std::string chunk(const std::string& text) {
  return R"(data: {"id":"gen-1","model":"openai/gpt-4o-mini","provider":"OpenAI","choices":[{"index":0,)"
         R"("delta":{"role":"assistant","content":")" +
         text + "\"},\"finish_reason\":null}]}\n\n";
}

/// The events that end a stream well.
inline std::string ending() {
  return R"(data: {"id":"gen-1","model":"openai/gpt-4o-mini","choices":[{"index":0,"delta":{},)"
         R"("finish_reason":"stop"}]})"
         "\n\n"
         R"(data: {"id":"gen-1","model":"openai/gpt-4o-mini","choices":[],"usage":{"prompt_tokens":3,)"
         R"("completion_tokens":2,"total_tokens":5,"cost":0.0001}})"
         "\n\ndata: [DONE]\n\n";
}

inline fake_reply stream_head() {
  fake_reply reply;
  reply.head(200, {{"Content-Type", "text/event-stream", false}});
  return reply;
}

/// A whole stream, each piece of text in an event and a packet of its own.
inline fake_reply stream(const std::vector<std::string>& texts) {
  fake_reply reply = stream_head();
  for (const std::string& text : texts) reply.data(chunk(text));
  reply.data(ending());
  return reply;
}

/// The answer to a request that is not streamed.
inline fake_reply answer(const std::string& text) {
  return fake_reply::whole(
      200,
      R"({"id":"gen-2","model":"openai/gpt-4o-mini","provider":"OpenAI","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":")" +
          text +
          R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})",
      {{"Content-Type", "application/json", false}});
}

/// An error in OpenRouter's envelope.
inline fake_reply refusal(int status, const std::string& message,
                          std::vector<orcast::http::header> headers = {}) {
  headers.push_back({"Content-Type", "application/json", false});
  return fake_reply::whole(
      status,
      R"({"error":{"code":)" + std::to_string(status) + R"(,"message":")" + message + "\"}}\n",
      std::move(headers));
}

/// A clock that moves only when it is told to; the tracer's, and by that the client's.
class still_clock {
 public:
  void advance_ms(std::int64_t by) { now_ns_ += by * 1'000'000; }
  orcast::host host() {
    orcast::host made;
    made.self = this;
    made.steady_now = [](void* self) { return static_cast<still_clock*>(self)->now_ns_.load(); };
    return made;
  }

 private:
  std::atomic<std::int64_t> now_ns_{1'000'000'000};
};

/// Writes down what it hears: "chunk token +Hel +lo done(ok):Hello".
class note_handler : public orcast::call_handler {
 public:
  virtual ~note_handler() = default;
  void on_first_chunk() noexcept override { log += "chunk "; }
  void on_first_token() noexcept override { log += "token "; }
  void on_text(std::string_view piece) noexcept override { log += "+" + std::string(piece) + " "; }
  void on_reasoning(std::string_view piece) noexcept override {
    log += "~" + std::string(piece) + " ";
  }
  void on_tool_call(const orcast::tool_call& call) noexcept override {
    log += "tool:" + call.name + call.arguments + " ";
  }
  void on_done(orcast::result<void> outcome, orcast::chat_reply& reply) noexcept override {
    const std::string how = outcome ? "ok" : std::string(to_string(outcome.error().code));
    if (!outcome) why = outcome.error();
    log += "done(" + how + "):" + std::string(reply.text());
    ++ends;
  }

  std::string log;
  orcast::failure why;
  int ends = 0;
};

/// The network's thread of an asynchronous transport, while it lives.
class network_thread {
 public:
  explicit network_thread(orcast::http::fake_async_transport& net)
      : thread_([this, &net] {
          while (!over_) {
            net.deliver();
            std::this_thread::yield();
          }
        }) {}
  ~network_thread() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

inline orcast::chat_request hello() {
  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {orcast::message::user("Hello?")};
  return request;
}

/// A tracer on a clock that stands still, and a client over a transport.
struct bench {
  still_clock clock;
  std::unique_ptr<orcast::tracer> tracer;

  bench() {
    orcast::tracer_options options;
    options.host = clock.host();
    tracer = orcast::make_tracer(options).value();
  }

  orcast::client_options options() {
    orcast::client_options made;
    made.api_key = orcast::secret(api_key);
    made.record.traces = tracer.get();
    return made;
  }

  template <class Transport>
  orcast::client client(Transport& transport) {
    return client(transport, options());
  }
  template <class Transport>
  orcast::client client(Transport& transport, orcast::client_options made) {
    return orcast::client::make(std::move(made), orcast::http::any_transport(transport)).value();
  }

  /// The spans that have ended.
  std::vector<plain_span> spans() { return drain(*tracer); }
};

}  // namespace test
