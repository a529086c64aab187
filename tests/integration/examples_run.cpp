// SPDX-License-Identifier: MIT

#include <string>
#include <vector>

#include "integration/program.hpp"
#include "standins/openrouter.hpp"

// The small examples, as a reader of them would run them first: with a key, and without one.

namespace {

using std::string;
using test::contains;
using test::count;
using test::finished;

struct small_bench {
  small_bench()
      : openrouter([] {
          standins::openrouter::options chosen;
          chosen.pace = standins::pace::none();
          return chosen;
        }()) {
    options.environment = {string("OPENROUTER_API_KEY=") + standins::openrouter::key,
                           "OPENROUTER_BASE_URL=" + openrouter.base_url()};
  }

  finished run(const string& name, const std::vector<string>& arguments = {},
               const string& input = {}) const {
    return test::run(test::example(name), arguments, options, input);
  }
  void say(const string& text) {
    standins::scripted_reply reply;
    reply.text = text;
    openrouter.enqueue(reply);
  }
  void ask_for(const string& tool, const string& arguments) {
    standins::scripted_reply reply;
    reply.tool_calls = {{tool, arguments, ""}};
    openrouter.enqueue(reply);
  }

  standins::openrouter openrouter;
  test::process::options options;
};

}  // namespace

TEST_CASE("hello prints the model's greeting, or in one line why there is none") {
  small_bench here;
  here.say("Well met.");
  finished got = here.run("hello");
  CHECK(got.status == 0);
  CHECK(got.out == "Well met.\n");

  here.options.environment.erase(here.options.environment.begin());
  got = here.run("hello");
  CHECK(got.status == 1);
  CHECK(got.out.empty());
  CHECK(got.err == "no API key: set OPENROUTER_API_KEY or client_options.api_key\n");
}

TEST_CASE("the example of tools runs them, lets the model mend a call, and asks before the last") {
  small_bench here;
  here.ask_for("next_tide", R"({"within_hours":100})");
  here.ask_for("next_tide", R"({"within_hours":24})");
  here.ask_for("let_go", R"({"ship":"Meridian"})");
  here.say("She may not leave.");
  const finished got = here.run("tools", {"May she go?"}, "n\n");
  INFO(got.out);
  CHECK(got.status == 0);
  CHECK(contains(got.out, "[let_go {\"ship\":\"Meridian\"}: may it? y/n] "));
  CHECK(contains(got.out, "She may not leave.\n[4 steps, 2 tools, $0."));
  const auto requests = here.openrouter.requests();
  REQUIRE(requests.size() == 4);
  CHECK(contains(requests[1].body, R"(\"within_hours\\\" must be from 1 to 48)"));
  CHECK(contains(requests[2].body, "High water at 16:40"));
  CHECK(contains(requests[3].body, "the user does not allow this call"));
}

TEST_CASE("the example of embeddings finds the line that is nearest") {
  const small_bench here;
  finished got = here.run("embeddings", {"Does the Meridian leave at high water?"});
  INFO(got.out);
  CHECK(got.status == 0);
  CHECK(count(got.out, "\n") == 4);
  CHECK(contains(got.out, "nearest: The ship Meridian lies at berth four"));
  got = here.run("embeddings");
  CHECK(contains(got.out, "nearest: The bell of Eastvale"));
}

TEST_CASE("the example of custom transports has the same answer over each tier") {
  small_bench here;
  for (int i = 0; i < 3; ++i) here.say("Well met.");
  finished got = here.run("custom_transport");
  CHECK(got.status == 0);
  CHECK(got.out == "blocking: Well met.\nasynchronous: Well met.\npolled: Well met.\n");

  here.options.environment[1] = "OPENROUTER_BASE_URL=http://127.0.0.1:1/api/v1";
  got = here.run("custom_transport");
  CHECK(got.status == 1);
  CHECK(got.out.empty());
  CHECK(count(got.err, "\n") == 3);
  for (const char* tier : {"blocking: ", "asynchronous: ", "polled: "}) {
    CHECK(contains(got.err, tier));
  }
}
