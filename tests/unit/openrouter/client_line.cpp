// SPDX-License-Identifier: MIT

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "orcast/openrouter/client.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/client_support.hpp"

// Calls that wait for their turn, where only so many may be on their way at a time.

namespace {

using orcast::call;
using orcast::call_context;
using orcast::call_priority;
using orcast::client;
using orcast::errc;
using orcast::http::fake_async_transport;
using orcast::http::fake_blocking_transport;
using orcast::http::fake_reply;
using orcast::http::fake_transport;
using test::hello;

orcast::chat_request ask(const std::string& text) {
  orcast::chat_request request = hello();
  request.messages = {orcast::message::user(text)};
  return request;
}

/// A stream whose end waits for release().
fake_reply held() {
  fake_reply script = test::stream_head();
  script.data(test::chunk("Hi")).hold().data(test::ending());
  return script;
}

/// The words that were asked, in the order in which they were sent.
template <class Transport>
std::string order(const Transport& net) {
  std::string all;
  for (const auto& sent : net.requests()) {
    const std::string sign = "\"content\":\"";
    const std::size_t at = sent.body.find(sign) + sign.size();
    all += sent.body.substr(at, sent.body.find('"', at) - at) + " ";
  }
  return all;
}

struct one_place {
  explicit one_place(std::size_t places = 1) {
    orcast::client_options options = bench.options();
    options.max_concurrent = places;
    net.otherwise(held());
    made.emplace(bench.client(net, std::move(options)));
  }
  call start(const std::string& text, const std::string& session = "",
             call_priority priority = call_priority::normal) {
    call_context context;
    context.session_id = session;
    context.priority = priority;
    return made->start(ask(text), nullptr, context);
  }
  void finish() {
    for (int i = 0; i < 100 && made->in_flight() != 0; ++i) {
      net.release_all();
      made->tick(0);
    }
    REQUIRE(made->in_flight() == 0);
  }
  test::bench bench;
  fake_transport net;
  std::optional<client> made;
};

TEST_CASE("no more calls are on their way than may be, and the others follow") {
  one_place line(3);
  std::vector<call> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(line.start(std::to_string(i)));
  CHECK(line.net.in_flight() == 3);
  CHECK(line.made->in_flight() == 10);
  CHECK(line.made->in_line() == 7);
  CHECK(calls[2].attempts() == 1);
  CHECK(calls[3].attempts() == 0);
  CHECK(calls[3].state() == orcast::call_state::waiting);
  while (line.made->in_flight() != 0) {
    line.net.release_all();
    line.made->tick(0);
    CHECK(line.net.in_flight() <= 3);
  }
  CHECK(order(line.net) == "0 1 2 3 4 5 6 7 8 9 ");
  for (const call& each : calls) CHECK(each.outcome().ok());
}

TEST_CASE("sessions take turns, and urgent calls go first") {
  one_place line;
  std::vector<call> calls;
  calls.push_back(line.start("first", "anna"));
  for (const char* text : {"a1", "a2", "a3"}) calls.push_back(line.start(text, "anna"));
  calls.push_back(line.start("later", "anna", call_priority::background));
  calls.push_back(line.start("b1", "brun"));
  calls.push_back(line.start("now", "cleo", call_priority::urgent));
  line.finish();
  CHECK(order(line.net) == "first now a1 b1 a2 a3 later ");
}

TEST_CASE("the session of the request counts before that of the context") {
  one_place line;
  std::vector<call> calls;
  calls.push_back(line.start("first"));
  for (const char* text : {"a1", "a2"}) calls.push_back(line.start(text, "anna"));
  orcast::chat_request request = ask("b1");
  request.session_id = "brun";
  call_context context;
  context.session_id = "anna";
  calls.push_back(line.made->start(request, nullptr, context));
  line.finish();
  CHECK(order(line.net) == "first a1 b1 a2 ");
}

TEST_CASE("a call that is cancelled in the line was never sent") {
  one_place line;
  call first = line.start("first");
  test::note_handler heard;
  call second = line.made->start(ask("second"), &heard);
  call third = line.start("third");
  second.cancel();
  CHECK(line.made->in_line() == 1);
  line.made->tick(0);
  CHECK(heard.log == "done(cancelled):");
  line.finish();
  CHECK(order(line.net) == "first third ");
  CHECK(line.bench.spans().size() == 3);
}

TEST_CASE("starting and letting go of calls in the line keeps nothing of them") {
  one_place line;
  call first = line.start("first");
  for (int i = 0; i < 1000; ++i) {
    line.start("never");
    if (i % 100 == 0) line.made->tick(0);
  }
  CHECK(line.made->in_line() == 0);
  line.finish();
  CHECK(order(line.net) == "first ");
}

TEST_CASE("the wait is on the span of a call that had to wait, and on no other") {
  one_place line;
  call first = line.start("first");
  call second = line.start("second");
  line.bench.clock.advance_ms(70);
  line.finish();
  std::multiset<std::string> waits;
  for (const auto& each : line.bench.spans()) waits.insert(each.at("openrouter.queue_ms"));
  CHECK(waits == std::multiset<std::string>{"(none)", "70"});
}

TEST_CASE("the wait counts towards the whole, and may use it up") {
  one_place line;
  orcast::client_options options = line.bench.options();
  options.max_concurrent = 1;
  options.timeouts.total_ms = 100;
  line.made.emplace(line.bench.client(line.net, std::move(options)));
  call first = line.start("first");
  call second = line.start("second");
  call third = line.start("third");
  line.bench.clock.advance_ms(60);
  line.made->tick(0);
  line.net.release_all();
  line.made->tick(0);
  CHECK(order(line.net) == "first second ");
  line.bench.clock.advance_ms(60);
  line.made->tick(0);
  CHECK(third.outcome().error().code == errc::timeout_total);
  CHECK(third.outcome().error().message ==
        "the call had no turn in time (client_options.max_concurrent)");
  CHECK(line.made->in_line() == 0);
  line.finish();
}

TEST_CASE("a retry stands in line again, before what its session asked later") {
  one_place line;
  line.net.reply(fake_reply().fail(errc::connect, "refused"));
  call first = line.start("a1", "anna");
  call second = line.start("a2", "anna");
  line.made->tick(0);  // a1 fails and gives up its place, which a2 takes
  line.made->tick(0);
  call third = line.start("a3", "anna");
  line.bench.clock.advance_ms(60'000);
  line.made->tick(0);
  CHECK(line.made->in_line() == 2);
  line.finish();
  CHECK(order(line.net) == "a1 a2 a1 a3 ");
  CHECK(first.outcome().ok());
  CHECK(first.attempts() == 2);
}

TEST_CASE("a cancelled call keeps its place until its exchange has ended") {
  one_place line;
  call first = line.start("first");
  line.made->tick(0);
  call second = line.start("second");
  first.cancel();
  CHECK(line.net.in_flight() == 1);
  CHECK(line.net.requests().size() == 1);
  line.made->tick(0);
  CHECK(line.net.requests().size() == 2);
  line.finish();
}

TEST_CASE("the client may go while calls stand in line") {
  one_place line;
  test::note_handler heard;
  call first = line.start("first");
  call second = line.made->start(ask("second"), &heard);
  line.made.reset();
  CHECK(heard.ends == 0);
  CHECK(second.state() == orcast::call_state::done);
  CHECK(second.outcome().error().code == errc::shut_down);
  CHECK(line.bench.spans().size() == 2);
}

/// Waits until `count` calls stand in line.
void wait_for_line(const client& made, std::size_t count) {
  while (made.in_line() != count) std::this_thread::yield();
}

TEST_CASE("a call that waits for its answer takes its turn, and needs no tick for it") {
  test::bench bench;
  fake_transport net;
  net.otherwise(test::stream({"Hi"}));
  orcast::client_options options = bench.options();
  options.max_concurrent = 1;
  client made = bench.client(net, std::move(options));
  call first = made.start(ask("first"));
  call second = made.start(ask("second"));
  net.otherwise(test::answer("Hi"));
  REQUIRE(made.chat(ask("whole")).ok());
  CHECK(order(net) == "first second whole ");
  CHECK(second.attempts() == 1);
  made.tick(0);
  CHECK(net.violations().empty());
  const auto spans = bench.spans();
  REQUIRE(spans.size() == 3);
}

TEST_CASE("who comes while others stand in line does not overtake them, though a place is free") {
  test::bench bench;
  fake_async_transport net;
  net.otherwise(test::stream({"Hi"}));
  orcast::client_options options = bench.options();
  options.max_concurrent = 1;
  client made = bench.client(net, std::move(options));
  call first = made.start(ask("first"));
  call second = made.start(ask("second"));
  net.deliver();
  REQUIRE(net.in_flight() == 0);  // and nobody has ticked since
  call newcomer = made.start(ask("newcomer"));
  CHECK(made.in_line() == 2);
  for (int i = 0; i < 3; ++i) {
    made.tick(0);
    net.deliver();
  }
  made.tick(0);
  CHECK(order(net) == "first second newcomer ");
  CHECK(newcomer.outcome().ok());
}

TEST_CASE("calls that wait on threads of their own are counted, and take turns by priority") {
  const auto talk = [](auto& net) {
    test::bench bench;
    fake_reply script;
    script.hold();
    net.otherwise(script.head(200, {{"Content-Type", "application/json", false}})
                      .data(R"({"id":"1","choices":[{"message":{"content":"Hi"}}]})"));
    orcast::client_options options = bench.options();
    options.max_concurrent = 1;
    client made = bench.client(net, std::move(options));
    std::atomic<int> answered{0};
    const auto ask_on_thread = [&](const char* text, call_priority priority) {
      return std::thread([&made, &answered, text, priority] {
        call_context context;
        context.priority = priority;
        if (made.chat(ask(text), context).ok()) ++answered;
      });
    };
    std::vector<std::thread> threads;
    threads.push_back(ask_on_thread("first", call_priority::normal));
    while (net.in_flight() != 1) std::this_thread::yield();
    threads.push_back(ask_on_thread("later", call_priority::background));
    wait_for_line(made, 1);
    call started = made.start(ask("started"));
    threads.push_back(ask_on_thread("now", call_priority::urgent));
    wait_for_line(made, 3);
    CHECK(net.in_flight() == 1);
    while (answered != 3) {
      net.release_all();
      CHECK(net.in_flight() <= 1);
      std::this_thread::yield();
    }
    for (std::thread& each : threads) each.join();
    CHECK(order(net) == "first now started later ");
    CHECK(made.in_line() == 0);
  };
  SECTION("blocking") {
    fake_blocking_transport net;
    talk(net);
  }
  SECTION("asynchronous") {
    fake_async_transport net;
    const test::network_thread network(net);
    talk(net);
  }
}

TEST_CASE("without a limit, calls that wait for their answer are not held up by one another") {
  test::bench bench;
  fake_blocking_transport net;
  fake_reply script;
  script.hold();
  net.otherwise(script.head(200, {{"Content-Type", "application/json", false}})
                    .data(R"({"id":"1","choices":[{"message":{"content":"Hi"}}]})"));
  client made = bench.client(net);
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&made] { static_cast<void>(made.chat(ask("all"))); });
  }
  while (net.in_flight() != 12) std::this_thread::yield();
  net.release_all();
  for (std::thread& each : threads) each.join();
  CHECK(bench.spans().size() == 12);
}

TEST_CASE("a call that waits for its answer may run out of time in the line") {
  test::bench bench;
  fake_blocking_transport net;
  fake_reply script;
  script.hold();
  net.otherwise(script);
  orcast::client_options options = bench.options();
  options.max_concurrent = 1;
  client made = bench.client(net, std::move(options));
  call first = made.start(ask("first"));
  while (net.in_flight() != 1) std::this_thread::yield();
  orcast::failure why;
  std::thread late([&made, &why] {
    call_context context;
    context.timeouts.emplace().total_ms = 100;
    why = made.chat(ask("late"), context).error();
  });
  wait_for_line(made, 1);
  bench.clock.advance_ms(100);
  late.join();
  CHECK(why.code == errc::timeout_total);
  CHECK(why.message == "the call had no turn in time (client_options.max_concurrent)");
  CHECK(order(net) == "first ");
  CHECK(made.in_line() == 0);
  CHECK(bench.spans().size() == 1);
}

}  // namespace
