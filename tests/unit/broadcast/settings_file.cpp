// SPDX-License-Identifier: MIT
#include "orcast/broadcast/settings_file.hpp"

#include "orcast/core/file.hpp"

#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"

using namespace orcast;

namespace {

std::string mistake_in(std::string_view json) {
  const auto read = parse_settings(json);
  return read ? "none" : read.error().message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a settings file lists destinations and may hold OpenRouter's key") {
  const auto read = parse_settings(R"({
    "openrouter_api_key": "sk-or-v1-test",
    "destinations": [
      {"name": "arize", "api_key": "ak-test", "space_key": "U3BhY2U6MTphYmM=", "model_id": "quay",
       "base_url": "otlp.eu-west-1a.arize.com", "headers": {"x-team": "npc"},
       "privacy_mode": true, "sampling_rate": 0.25},
      {"name": "phoenix", "kind": "phoenix", "base_url": "http://127.0.0.1:6006", "model_id": "quay",
       "enabled": false, "exact_url": true, "service_name": "game", "companions": false}]})");
  REQUIRE(read.ok());
  CHECK(read->openrouter_api_key.reveal() == "sk-or-v1-test");
  REQUIRE(read->destinations.size() == 2);
  const broadcast_settings& arize = read->destinations[0];
  CHECK(arize.kind == destination_kind::arize);
  CHECK(arize.api_key.reveal() == "ak-test");
  CHECK(arize.space_key == "U3BhY2U6MTphYmM=");
  CHECK(arize.model_id == "quay");
  CHECK(arize.base_url == "otlp.eu-west-1a.arize.com");
  REQUIRE(arize.headers.size() == 1);
  CHECK(arize.headers[0].name == "x-team");
  CHECK(arize.headers[0].value == "npc");
  CHECK(arize.headers[0].sensitive);
  CHECK(arize.privacy_mode);
  CHECK(arize.sampling_rate == 0.25);
  const broadcast_settings& phoenix = read->destinations[1];
  CHECK(phoenix.kind == destination_kind::otlp);
  CHECK(phoenix.format == orcast::otlp::format::protobuf);
  CHECK_FALSE(phoenix.enabled);
  CHECK(phoenix.exact_url);
  CHECK(phoenix.service_name == "game");
  CHECK_FALSE(phoenix.companions);
}

TEST_CASE("members may have the names that OpenRouter and Arize use") {
  const auto read = parse_settings(R"({"type": "arize", "privacy_mode": false,
    "config": {"apiKey": "ak-a", "Space ID": "U3BhY2U6MTphYmM=", "Project Name": "p",
               "baseUrl": "https://otlp.arize.com", "headers": null}})");
  REQUIRE(read.ok());
  REQUIRE(read->destinations.size() == 1);
  CHECK(read->destinations[0].api_key.reveal() == "ak-a");
  CHECK(read->destinations[0].space_key == "U3BhY2U6MTphYmM=");
  CHECK(read->destinations[0].model_id == "p");
  CHECK(read->destinations[0].base_url == "https://otlp.arize.com");
  CHECK(read->destinations[0].headers.empty());
}

TEST_CASE("the order of members says nothing, and a byte order mark neither") {
  for (const char* text :
       {R"({"format": "json", "kind": "phoenix"})", R"({"kind": "phoenix", "format": "json"})"}) {
    const auto read = parse_settings(text);
    REQUIRE(read.ok());
    CHECK(read->destinations[0].format == orcast::otlp::format::json);
  }
  const auto next =
      parse_settings(R"({"destinations": [{"format": "json"}, {"kind": "phoenix"}]})");
  REQUIRE(next.ok());
  CHECK(next->destinations[1].format == orcast::otlp::format::protobuf);
  const auto marked = parse_settings("\xef\xbb\xbf{\"model_id\": \"quay\"}");
  REQUIRE(marked.ok());
  CHECK(marked->destinations[0].model_id == "quay");
}

TEST_CASE("a mistake in the file names the member, and never repeats a value") {
  CHECK(contains(mistake_in("{"), "JSON"));
  CHECK(contains(mistake_in("[]"), "object"));
  CHECK(contains(mistake_in(R"({"privcy_mode": true})"), "privcy_mode is not a setting"));
  CHECK(contains(mistake_in(R"({"destinations": [{}, {"api_key": 7}]})"),
                 "destinations[1].api_key must be a text"));
  CHECK(contains(mistake_in(R"({"destinations": [{"enabled": "yes"}]})"), "true or false"));
  CHECK(contains(mistake_in(R"({"destinations": [{"sampling_rate": "1"}]})"), "a number"));
  CHECK(contains(mistake_in(R"({"destinations": [{"kind": "langfuse"}]})"), "\"otlp\""));
  CHECK(contains(mistake_in(R"({"format": "xml"})"), "\"protobuf\""));
  CHECK(contains(mistake_in(R"({"destinations": [{"headers": ["a"]}]})"), "headers"));
  CHECK(contains(mistake_in(R"({"destinations": [7]})"), "destinations[0] must be an object"));
  CHECK(contains(mistake_in(R"({"destinations": {}})"), "list"));
  CHECK(contains(mistake_in(R"({"destinations": [], "model_id": "p"})"), "model_id"));
  CHECK_FALSE(contains(mistake_in(R"({"api_key": "ak-canary", "x": 1})"), "canary"));
  CHECK(contains(mistake_in(R"({"hide": true})"), "hide must be an object"));
  CHECK(contains(mistake_in(R"({"hide": {"hide_input": true}})"), "hide.hide_input is not a mask"));
  CHECK(contains(mistake_in(R"({"hide": {"hide_inputs": 1}})"), "hide.hide_inputs must be true"));
  CHECK(contains(mistake_in(R"({"hide": {"base64_image_max_length": -1}})"), "number of bytes"));
  CHECK(contains(mistake_in(R"({"server": "both"})"), "\"none\" or \"join\""));
  CHECK(mistake_in("{}") == "none");
}

TEST_CASE("what is written is read back the same, by its owner only") {
  settings_file kept;
  kept.openrouter_api_key = secret("sk-or-v1-\"quoted\"");
  kept.destinations.reserve(2);
  kept.destinations.emplace_back();
  broadcast_settings& first = kept.destinations.back();
  first.api_key = secret("ak-1");
  first.space_key = "U3BhY2U6MTphYmM=";
  first.model_id = "quay \n\"night\"";
  first.headers = {{"x-a", "1"}, {"x-b", "2"}};
  first.privacy_mode = true;
  first.sampling_rate = 0.0001;
  first.hide.hide_inputs = first.hide.hide_embeddings_text = true;
  first.hide.base64_image_max_length = 32'000;
  first.user_key = secret("users-key");
  first.vectors = true;
  first.server = server_broadcast::join;
  kept.destinations.emplace_back();
  broadcast_settings& second = kept.destinations.back();
  second.name = "collector";
  second.kind = destination_kind::otlp;
  second.base_url = "http://10.0.0.1:4318/in";
  second.exact_url = second.allow_insecure = true;
  second.companions = second.enabled = false;
  second.service_name = "";
  second.service_version = "2";
  second.resource = {{"region", "eu"}};
  second.format = orcast::otlp::format::protobuf;

  char name[] = "/tmp/orcast-settings-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  const std::string path = std::string(name) + "/settings.json";
  REQUIRE(write_settings(path, kept).ok());
  struct stat seen {};
  REQUIRE(::stat(path.c_str(), &seen) == 0);
  CHECK((seen.st_mode & 0777) == 0600);
  const auto back = read_settings(path);
  REQUIRE(back.ok());
  CHECK(settings_json(*back) == settings_json(kept));
  CHECK(back->openrouter_api_key.reveal() == kept.openrouter_api_key.reveal());
  REQUIRE(back->destinations.size() == 2);
  CHECK(back->destinations[0].model_id == first.model_id);
  CHECK(back->destinations[0].format == orcast::otlp::format::json);
  CHECK(back->destinations[1].format == orcast::otlp::format::protobuf);
  CHECK(back->destinations[0].sampling_rate == 0.0001);
  CHECK(back->destinations[0].headers[1].value == "2");
  const masks& hide = back->destinations[0].hide;
  CHECK(hide.hide_inputs);
  CHECK(hide.hide_embeddings_text);
  CHECK_FALSE(hide.hide_outputs);
  CHECK(hide.base64_image_max_length == 32'000);
  CHECK(back->destinations[0].user_key.reveal() == "users-key");
  CHECK(back->destinations[0].vectors);
  CHECK(back->destinations[0].server == server_broadcast::join);
  CHECK_FALSE(back->destinations[1].hide.hide_inputs);
  CHECK(back->destinations[1].user_key.empty());
  CHECK(back->destinations[1].server == server_broadcast::none);
  CHECK(back->destinations[1].exact_url);
  CHECK_FALSE(back->destinations[1].enabled);
  CHECK(back->destinations[1].service_name.empty());
  REQUIRE(back->destinations[1].resource.size() == 1);
  CHECK(back->destinations[1].resource[0].value == "eu");
  const std::string link = path + ".link";
  REQUIRE(::symlink("settings.json", link.c_str()) == 0);
  REQUIRE(write_private_file(path, "{}").ok());
  REQUIRE(write_settings(link, kept).ok());
  REQUIRE(::lstat(link.c_str(), &seen) == 0);
  CHECK(S_ISLNK(seen.st_mode));
  CHECK(*read_file(path, 1 << 20) == settings_json(kept));
  ::unlink(link.c_str());
  REQUIRE(write_private_file(path, "{\"x\":1}").ok());
  const auto broken = read_settings(path);
  REQUIRE_FALSE(broken.ok());
  CHECK(contains(broken.error().message, path));
  ::unlink(path.c_str());
  ::rmdir(name);
  CHECK(read_settings(path).error().code == errc::io);
}
