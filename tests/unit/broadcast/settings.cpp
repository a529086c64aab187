// SPDX-License-Identifier: MIT
#include "orcast/broadcast/settings.hpp"

#include <cstdlib>

#include "support/catch.hpp"

using namespace orcast;

namespace {

broadcast_settings good() {
  broadcast_settings made;
  made.api_key = secret("ak-00000000-test");
  made.space_key = "U3BhY2U6MTphYmM=";  // Space:1:abc
  made.model_id = "harbour-night";
  return made;
}

template <class Change>
std::string refusal(Change change) {
  broadcast_settings settings = good();
  change(settings);
  const auto checked = validate(settings);
  return checked ? "accepted" : checked.error().message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("every way of writing the Base Url leads to /v1/traces") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "https://otlp.arize.com/v1/traces"},
      {"otlp.arize.com", "https://otlp.arize.com/v1/traces"},
      {"otlp.arize.com:443", "https://otlp.arize.com:443/v1/traces"},
      {"https://otlp.arize.com", "https://otlp.arize.com/v1/traces"},
      {"https://otlp.arize.com/", "https://otlp.arize.com/v1/traces"},
      {"https://otlp.arize.com/v1", "https://otlp.arize.com/v1/traces"},
      {"https://otlp.arize.com/v1/", "https://otlp.arize.com/v1/traces"},
      {"https://otlp.arize.com/v1/traces", "https://otlp.arize.com/v1/traces"},
      {"https://otlp.arize.com/v1/traces/", "https://otlp.arize.com/v1/traces"},
      {"https://otlp.eu-west-1a.arize.com", "https://otlp.eu-west-1a.arize.com/v1/traces"},
      {"https://arize-app.studio.example/otlp", "https://arize-app.studio.example/otlp/v1/traces"},
      {"http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"},
      {"http://[::1]:4318/v1", "http://[::1]:4318/v1/traces"}};
  for (const auto& [written, expected] : cases) {
    INFO(written);
    const auto url = traces_url(written);
    REQUIRE(url.ok());
    CHECK(*url == expected);
  }
}

TEST_CASE("a Base Url that can't be right is refused, and says why") {
  const std::pair<const char*, const char*> cases[] = {{"http://otlp.arize.com", "http"},
                                                       {"https://user:pass@otlp.arize.com", ""},
                                                       {"https://otlp.arize.com/v1?x=1", "query"},
                                                       {"https://otlp.arize.com#top", ""},
                                                       {"https://otlp.arize.com:4317", "gRPC"},
                                                       {"https://app.arize.com", "otlp.arize.com"},
                                                       {"ftp://otlp.arize.com", ""},
                                                       {"https://otlp arize.com", ""},
                                                       {"https://otlp.arize.com\r\nx: y", ""}};
  for (const auto& [written, part] : cases) {
    INFO(written);
    const auto url = traces_url(written);
    REQUIRE_FALSE(url.ok());
    CHECK(url.error().code == errc::invalid_argument);
    CHECK(contains(url.error().message, "Base Url"));
    CHECK(contains(url.error().message, part));
  }
  CHECK(traces_url("http://collector.lan:4318", true).ok());
}

TEST_CASE("settings are checked field by field, and the failure names the field") {
  CHECK(refusal([](auto&) {}) == "accepted");
  CHECK(contains(refusal([](auto& s) { s.api_key = secret(); }), "Api Key"));
  CHECK(contains(refusal([](auto& s) { s.api_key = secret("sk-or-v1-x"); }), "key of OpenRouter"));
  CHECK(contains(refusal([](auto& s) { s.name.clear(); }), "Name"));
  CHECK(contains(refusal([](auto& s) { s.space_key.clear(); }), "Space Key"));
  for (const char* name : {"my-space", "My Space", "\"My Space\"", " "}) {
    CHECK(contains(refusal([&](auto& s) { s.space_key = name; }), "Space ID"));
  }
  CHECK(contains(refusal([](auto& s) { s.model_id.clear(); }), "Model Id"));
  CHECK(contains(refusal([](auto& s) { s.model_id = "  "; }), "Model Id"));
  CHECK(contains(refusal([](auto& s) { s.sampling_rate = 0; }), "Sampling Rate"));
  CHECK(contains(refusal([](auto& s) { s.sampling_rate = 1.1; }), "Sampling Rate"));
  CHECK(contains(refusal([](auto& s) { s.headers.push_back({"x y", "v"}); }), "x y"));
  CHECK(contains(refusal([](auto& s) { s.headers.push_back({"x", "a\r\nb"}); }), "headers"));
  for (const char* ours : {"Content-Type", "content-encoding", "content-length", "host"}) {
    CHECK(contains(refusal([&](auto& s) { s.headers.push_back({ours, "v"}); }), ours));
  }
  for (const char* odd : {" ak-canary", "ak-canary ", "\"ak-canary\"", "'ak-canary'",
                          "Bearer ak-canary", "ak-\tcanary"}) {
    const std::string said = refusal([&](auto& s) { s.api_key = secret(odd); });
    CHECK(contains(said, "Api Key contains a blank or a quote"));
    CHECK_FALSE(contains(said, "canary"));
    CHECK(contains(refusal([&](auto& s) {
                     s.kind = destination_kind::otlp;
                     s.base_url = "https://c.example.com";
                     s.api_key = secret(odd);
                   }),
                   "Api Key contains"));
  }
  for (const char* odd : {"\"U3BhY2U6MTphYmM=\"", "U3BhY2U6MTphYmM= ", " U3BhY2U6MTphYmM="}) {
    CHECK(contains(refusal([&](auto& s) { s.space_key = odd; }),
                   "Space Key contains a blank or a quote"));
  }
  const std::string bad_key = refusal([](auto& s) { s.api_key = secret("ak-canary\n"); });
  CHECK(contains(bad_key, "Api Key"));
  CHECK_FALSE(contains(bad_key, "canary"));
}

TEST_CASE("an OTLP endpoint needs an address and a project, but no keys") {
  broadcast_settings phoenix;
  phoenix.name = "phoenix";
  phoenix.kind = destination_kind::otlp;
  phoenix.model_id = "harbour";
  CHECK(contains(validate(phoenix).error().message, "Base Url is empty"));
  phoenix.base_url = "http://127.0.0.1:6006";
  CHECK(validate(phoenix).ok());
  CHECK(*traces_url(phoenix) == "http://127.0.0.1:6006/v1/traces");
  phoenix.exact_url = true;
  CHECK(*traces_url(phoenix) == "http://127.0.0.1:6006");
  phoenix.base_url = "127.0.0.1:6006";
  CHECK(contains(validate(phoenix).error().message, "exact"));
}

TEST_CASE("a clone of settings has everything the original has") {
  broadcast_settings from = good();
  from.name = "n";
  from.base_url = "b";
  from.headers = {{"a", "b"}};
  from.privacy_mode = true;
  from.sampling_rate = 0.5;
  from.service_version = "v";
  const broadcast_settings copy = from.clone();
  CHECK(copy.api_key.reveal() == from.api_key.reveal());
  CHECK(copy.name == "n");
  CHECK(copy.space_key == from.space_key);
  CHECK(copy.model_id == from.model_id);
  CHECK(copy.base_url == "b");
  CHECK(copy.headers.size() == 1);
  CHECK(copy.privacy_mode);
  CHECK(copy.sampling_rate == 0.5);
  CHECK(copy.service_version == "v");
}

TEST_CASE("with a header provider no key is needed") {
  CHECK(refusal([](auto& s) {
          s.api_key = secret();
          s.space_key.clear();
          s.header_provider = [](void*, std::vector<http::header>&) {};
        }) == "accepted");
}

TEST_CASE("the environment leads to Phoenix where Arize has no key") {
  ::unsetenv("ARIZE_API_KEY");
  ::setenv("PHOENIX_COLLECTOR_ENDPOINT", "http://127.0.0.1:6006", 1);
  ::setenv("PHOENIX_PROJECT_NAME", "harbour", 1);
  const broadcast_settings made = broadcast_settings::from_environment();
  CHECK(made.kind == destination_kind::otlp);
  CHECK(made.format == orcast::otlp::format::protobuf);
  CHECK(made.model_id == "harbour");
  CHECK(*traces_url(made) == "http://127.0.0.1:6006/v1/traces");
  CHECK(validate(made).ok());
  ::setenv("PHOENIX_COLLECTOR_ENDPOINT", "http://phoenix:6006", 1);
  CHECK(validate(broadcast_settings::from_environment()).ok());
  ::setenv("ARIZE_API_KEY", "ak-env", 1);
  CHECK(broadcast_settings::from_environment().kind == destination_kind::arize);
  ::unsetenv("ARIZE_API_KEY");
  ::unsetenv("PHOENIX_COLLECTOR_ENDPOINT");
  ::unsetenv("PHOENIX_PROJECT_NAME");
}

TEST_CASE("the environment fills what it sets") {
  ::setenv("ARIZE_API_KEY", "ak-env", 1);
  ::setenv("ARIZE_SPACE_ID", "U3BhY2U6MTphYmM=", 1);
  ::unsetenv("ARIZE_PROJECT_NAME");
  ::setenv("ARIZE_COLLECTOR_ENDPOINT", "http://127.0.0.1:9", 1);
  const broadcast_settings made = broadcast_settings::from_environment();
  CHECK(made.api_key.reveal() == "ak-env");
  CHECK(made.model_id == "default");
  CHECK(made.base_url == "http://127.0.0.1:9");
  CHECK(validate(made).ok());
  ::unsetenv("ARIZE_API_KEY");
  ::unsetenv("ARIZE_SPACE_ID");
  ::unsetenv("ARIZE_COLLECTOR_ENDPOINT");
}
