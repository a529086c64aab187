// SPDX-License-Identifier: MIT
#include "orcast/broadcast/broadcast.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#include "orcast/http/fake_transport.hpp"
#include "support/catch.hpp"

using namespace orcast;

// Settings with a label of this length can be counted: it is copied nowhere else.

namespace {

constexpr std::size_t noted_length = 100'000;
std::atomic<int> noted_settings{0};

void note(std::size_t size, int change) noexcept {
  if (size >= noted_length && size < noted_length + 100) noted_settings += change;
}

constexpr std::size_t in_front = alignof(std::max_align_t);  // where a block's size stands

}  // namespace

// Not inlined: the compiler would see malloc() behind new, and warn of the mixture.
#if defined(__GNUC__)
#define TEST_NOINLINE [[gnu::noinline]]
#else
#define TEST_NOINLINE
#endif

TEST_NOINLINE void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* const block = std::malloc(in_front + size);
  if (block == nullptr) return nullptr;
  *static_cast<std::size_t*>(block) = size;
  note(size, 1);
  return static_cast<char*>(block) + in_front;
}
TEST_NOINLINE void* operator new(std::size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
TEST_NOINLINE void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  void* const block = static_cast<char*>(memory) - in_front;
  note(*static_cast<std::size_t*>(block), -1);
  std::free(block);
}
TEST_NOINLINE void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace {

broadcast_settings settings_for(const char* name) {
  broadcast_settings made;
  made.name = name;
  made.kind = destination_kind::otlp;
  made.base_url = "http://127.0.0.1:4318";
  made.model_id = "harbour";
  return made;
}

broadcast_settings noted(const char* name) {
  broadcast_settings made = settings_for(name);
  made.except_api_keys.emplace_back(noted_length, 'x');
  return made;
}

broadcast_options options_for(broadcast_settings settings) {
  broadcast_options made;
  made.settings = std::move(settings);
  made.own_thread = false;
  return made;
}

std::string refusal(const result<void>& made) { return made ? "accepted" : made.error().message; }

/// Each asks for something that is decided when a call is recorded.
const std::pair<const char*, void (*)(broadcast_settings&)> wishes[] = {
    {"hide", [](broadcast_settings& s) { s.hide.hide_inputs = true; }},
    {"hide", [](broadcast_settings& s) { s.hide.base64_image_max_length = 1000; }},
    {"redact",
     [](broadcast_settings& s) {
       s.redact.function = [](void*, content, std::string_view, std::string&) { return true; };
     }},
    {"filter",
     [](broadcast_settings& s) { s.filter.keeps = [](void*, const ended_call&) { return true; }; }},
    {"user_key", [](broadcast_settings& s) { s.user_key = secret("a key of the users"); }},
    {"users",
     [](broadcast_settings& s) {
       s.users.function = [](void*, std::string_view, std::string&) {};
     }},
    {"vectors", [](broadcast_settings& s) { s.vectors = true; }},
    {"companions", [](broadcast_settings& s) { s.companions = false; }},
    {"server", [](broadcast_settings& s) { s.server = server_broadcast::join; }}};

}  // namespace

TEST_CASE("what is decided when a call is recorded can't be asked for afterwards") {
  for (const auto& [field, ask] : wishes) {
    INFO(field);
    http::fake_transport fake;
    auto made = broadcast::start(options_for(settings_for("first")), http::any_transport(fake));
    REQUIRE(made.ok());
    for (const char* name : {"first", "second"}) {
      broadcast_settings changed = settings_for(name);
      ask(changed);
      const result<void> done = (*made)->change(std::move(changed));
      REQUIRE_FALSE(done.ok());
      CHECK(done.error().code == errc::invalid_argument);
      CHECK(done.error().message.find(field) != std::string::npos);
    }
    CHECK((*made)->destinations().size() == 1);
  }
}

TEST_CASE("what was asked for at the start may be asked for again, or be left unsaid") {
  for (const auto& [field, ask] : wishes) {
    INFO(field);
    http::fake_transport fake;
    broadcast_settings first = settings_for("first");
    ask(first);
    broadcast_settings again = first.clone();
    auto made = broadcast::start(options_for(std::move(first)), http::any_transport(fake));
    REQUIRE(made.ok());
    again.model_id = "other";
    CHECK(refusal((*made)->change(again.clone())) == "accepted");
    again.name = "second";
    CHECK(refusal((*made)->change(again.clone())) == "accepted");
    CHECK(refusal((*made)->change(settings_for("third"))) == "accepted");
  }
}

TEST_CASE("settings that nothing is sent by any more are let go") {
  http::fake_transport fake;
  fake.otherwise(http::fake_reply::whole(200, "{}"));
  broadcast_options options = options_for(noted("first"));
  options.exporting.delay_ms = 0;
  const int before = noted_settings;
  auto made = broadcast::start(std::move(options), http::any_transport(fake));
  REQUIRE(made.ok());
  broadcast& traces = **made;
  for (int i = 0; i < 100; ++i) {
    traces.traces()->start("x").end();
    traces.pump();
    REQUIRE(traces.change(noted("first")).ok());
    CHECK(noted_settings <= before + 4);
  }
  REQUIRE(traces.flush(1'000));
  traces.pump();
  CHECK(noted_settings == before + 1);  // the present ones, and those that are recorded by
  CHECK(traces.stats().exported == 100);
}

TEST_CASE("settings that something is still sent by stay, whoever comes and goes meanwhile") {
  http::fake_transport fake;
  fake.reply(http::fake_reply().hold().head(200).data("{}"));
  fake.otherwise(http::fake_reply::whole(200, "{}"));
  broadcast_options options = options_for(noted("first"));
  options.exporting.delay_ms = 0;
  const int before = noted_settings;
  auto made = broadcast::start(std::move(options), http::any_transport(fake));
  REQUIRE(made.ok());
  broadcast& traces = **made;
  traces.traces()->start("x").end();
  traces.pump();
  REQUIRE(fake.in_flight() == 1);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(traces.change(noted("first")).ok());
    traces.pump();
    CHECK(noted_settings <= before + 4);
  }
  fake.release_all();
  REQUIRE(traces.flush(1'000));
  traces.pump();
  CHECK(noted_settings == before + 1);  // the present ones, and those that are recorded by
  CHECK(traces.stats().exported == 1);
}

#if !defined(ORCAST_NO_THREADS)
TEST_CASE("a flush thread's settings are let go too, and not before it has done with them") {
  http::fake_blocking_transport fake;
  fake.otherwise(http::fake_reply::whole(200, "{}"));
  broadcast_options options = options_for(noted("first"));
  options.own_thread = true;
  const int before = noted_settings;
  auto made = broadcast::start(std::move(options), http::any_transport(fake));
  REQUIRE(made.ok());
  broadcast& traces = **made;
  for (int i = 0; i < 200; ++i) {
    for (int twice = 0; twice < 2; ++twice) {
      traces.traces()->start("x").end();
      REQUIRE(traces.change(noted("first")).ok());
    }
    REQUIRE(traces.flush(20'000));
  }
  CHECK(noted_settings <= before + 40);
  CHECK(traces.stats().exported == 400);
}
#endif

#if defined(ORCAST_NO_THREADS)
TEST_CASE("without threads a transport that blocks is refused at the start") {
  http::fake_blocking_transport fake;
  const auto made = broadcast::start(options_for(settings_for("first")), http::any_transport(fake));
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().code == errc::unsupported);
  CHECK(made.error().message.find("threads") != std::string::npos);
}
#endif

TEST_CASE("a further destination can't ask for what is not recorded") {
  for (const auto& [field, ask] : wishes) {
    INFO(field);
    http::fake_transport fake;
    broadcast_options options = options_for(settings_for("first"));
    options.also.push_back(settings_for("second"));
    ask(options.also.back());
    const auto made = broadcast::start(std::move(options), http::any_transport(fake));
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().message.find(std::string("second: ") + field) == 0);
  }
}
