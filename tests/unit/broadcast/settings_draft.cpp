// SPDX-License-Identifier: MIT
#include "orcast/broadcast/settings_draft.hpp"

#include <cstdlib>
#include <string>

#include <unistd.h>

#include "orcast/core/file.hpp"
#include "orcast/http/fake_transport.hpp"
#include "support/catch.hpp"

using namespace orcast;
using http::fake_reply;

namespace {

struct place {
  place() {
    char name[] = "/tmp/orcast-draft-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
    path = folder + "/settings.json";
  }
  ~place() {
    ::unlink(path.c_str());
    ::rmdir(folder.c_str());
  }
  std::string folder, path;
};

broadcast_settings good() {
  broadcast_settings made;
  made.api_key = secret("ak-00000000-test");
  made.space_key = "U3BhY2U6MTphYmM=";  // Space:1:abc
  made.model_id = "harbour-night";
  return made;
}

settings_draft draft_of(const place& at) {
  auto made = settings_draft::open(at.path);
  REQUIRE(made.ok());
  return std::move(*made);
}

}  // namespace

TEST_CASE("settings are saved once their test has passed, and not before") {
  const place at;
  settings_draft draft = draft_of(at);
  CHECK(draft.settings().destinations.empty());
  draft.settings().destinations.push_back(good());
  CHECK_FALSE(draft.tested(0));
  const auto refused = draft.save();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("arize: its connection") == 0);
  CHECK_FALSE(file_exists(at.path));

  http::fake_transport fake;
  fake.otherwise(fake_reply::whole(200, "{}"));
  CHECK(draft.test(0, http::any_transport(fake)).passed());
  CHECK(draft.tested(0));
  REQUIRE(draft.save().ok());
  const settings_draft again = draft_of(at);
  REQUIRE(again.settings().destinations.size() == 1);
  CHECK(again.settings().destinations[0].api_key.reveal() == "ak-00000000-test");
}

TEST_CASE("any change after the test makes another one necessary, and taking it back does not") {
  const place at;
  settings_draft draft = draft_of(at);
  draft.settings().destinations.push_back(good());
  http::fake_transport fake;
  fake.otherwise(fake_reply::whole(200, "{}"));
  REQUIRE(draft.test(0, http::any_transport(fake)).passed());
  draft.settings().destinations[0].api_key = secret("ak-00000000-typo");
  CHECK_FALSE(draft.tested(0));
  CHECK_FALSE(draft.save().ok());
  draft.settings().destinations[0].api_key = secret("ak-00000000-test");
  CHECK(draft.tested(0));
  CHECK(draft.save().ok());
}

TEST_CASE(
    "a test that fails allows nothing; saving untested has to be said, and needs valid fields") {
  const place at;
  settings_draft draft = draft_of(at);
  draft.settings().destinations.push_back(good());
  http::fake_transport fake;
  fake.otherwise(fake_reply::whole(500, R"({"code":13,"message":"no"})"));
  CHECK(draft.test(0, http::any_transport(fake)).verdict == connection_verdict::refused);
  CHECK_FALSE(draft.save().ok());
  CHECK(draft.save(true).ok());
  draft.settings().destinations[0].model_id.clear();
  const auto invalid = draft.save(true);
  REQUIRE_FALSE(invalid.ok());
  CHECK(invalid.error().message.find("Model Id") != std::string::npos);
  draft.settings().destinations[0].enabled = false;
  CHECK(draft.save().ok());  // what is not used need not be right
}

TEST_CASE("a test can be polled, and counts for the settings that it began with") {
  const place at;
  settings_draft draft = draft_of(at);
  draft.settings().destinations.push_back(good());
  http::fake_transport fake;
  fake.otherwise(fake_reply().next_poll().head(200).data("{}"));
  draft.begin_test(0, http::any_transport(fake));
  CHECK(draft.report().verdict == connection_verdict::pending);
  draft.settings().destinations[0].model_id = "changed meanwhile";
  for (int i = 0; i < 1000 && !draft.poll_test(); ++i) {
  }
  CHECK(draft.report().passed());
  CHECK_FALSE(draft.tested(0));
  draft.settings().destinations[0].model_id = "harbour-night";
  CHECK(draft.tested(0));
  draft.begin_test(7, http::any_transport(fake));
  CHECK(draft.poll_test());
  CHECK(draft.report().verdict == connection_verdict::bad_settings);
  CHECK(draft.report().http_status == 0);  // nothing of the test before
  CHECK(draft.report().url.empty());
  CHECK(draft.report().trace_id.empty());
}

TEST_CASE("compression and a header provider are tested with the rest") {
  const place at;
  settings_draft draft = draft_of(at);
  draft.settings().destinations.push_back(good());
  http::fake_transport fake;
  fake.otherwise(fake_reply::whole(200, "{}"));
  REQUIRE(draft.test(0, http::any_transport(fake)).passed());
  broadcast_settings& one = draft.settings().destinations[0];
  one.compression = {"none",
                     [](const std::string_view*, std::size_t, std::string&) { return false; }};
  CHECK_FALSE(draft.tested(0));
  one.compression = {};
  CHECK(draft.tested(0));
  one.header_provider = [](void*, std::vector<http::header>&) {};
  CHECK_FALSE(draft.tested(0));
  one.header_provider = nullptr;
  one.header_context = &one;
  CHECK_FALSE(draft.tested(0));
}

TEST_CASE("a file that no broadcast could start from is not saved") {
  const place at;
  settings_draft draft = draft_of(at);
  auto& all = draft.settings().destinations;
  all.push_back(good());
  all.push_back(good());
  const auto twins = draft.save(true);
  REQUIRE_FALSE(twins.ok());
  CHECK(twins.error().message == "two destinations are called \"arize\": Name tells them apart");
  all[1].enabled = false;
  CHECK(draft.save(true).ok());
  for (int i = 2; i < 9; ++i) {
    all.push_back(good());
    all.back().name += std::to_string(i);
  }
  const auto many = draft.save(true);
  REQUIRE_FALSE(many.ok());
  CHECK(many.error().message == "a broadcast has at most 8 destinations");
  all.pop_back();
  CHECK(draft.save(true).ok());
}

TEST_CASE("a file that can't be read gives no draft that would replace it") {
  const place at;
  REQUIRE(write_private_file(at.path, "not json").ok());
  CHECK_FALSE(settings_draft::open(at.path).ok());
}
