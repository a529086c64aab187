// SPDX-License-Identifier: MIT
#include "orcast/broadcast/broadcast.hpp"

#include <string>
#include <utility>

#include "orcast/http/fake_transport.hpp"
#include "support/catch.hpp"

using namespace orcast;

namespace {

broadcast_settings settings_for(const char* name) {
  broadcast_settings made;
  made.name = name;
  made.kind = destination_kind::otlp;
  made.base_url = "http://127.0.0.1:4318";
  made.model_id = "harbour";
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
