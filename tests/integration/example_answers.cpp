// SPDX-License-Identifier: MIT

#include <string>

#include "integration/chat_support.hpp"
#include "support/catch.hpp"

// The examples `structured` and `vision`, run as a user runs them, with OpenRouter's stand-in.

namespace {

TEST_CASE("structured prints the answer's members, and asks for exactly that shape") {
  test::chat_bench bench;
  bench.say(
      R"({"text":"Aye.","feels":"cheerful","offers":[{"name":"rope","price":3}],"secret":"wet"})");
  const test::finished made = test::run(test::example("structured"), {"A rope?"}, bench.options);
  CHECK(made.err.empty());
  CHECK(made.status == 0);
  CHECK(made.out ==
        "Aye.\n  feels: cheerful\n  offers: rope for 3 gold\n  (keeps to itself: wet)\n");
  const boost::json::value sent = bench.sent();
  const boost::json::value& format = sent.at("response_format");
  CHECK(format.at("type").as_string() == "json_schema");
  CHECK(format.at("json_schema").at("strict").as_bool());
  CHECK_FALSE(format.at("json_schema").at("schema").at("additionalProperties").as_bool());
  CHECK(sent.at("provider").at("require_parameters").as_bool());
  CHECK(sent.at("messages").at(1).at("content").as_string() == "A rope?");
}

TEST_CASE("structured reads what the stand-in makes of the schema") {
  test::chat_bench bench;
  const test::finished made = test::run(test::example("structured"), {}, bench.options);
  CHECK(made.err.empty());
  CHECK(made.status == 0);
}

TEST_CASE("structured says what does not fit") {
  test::chat_bench bench;
  bench.say(R"({"text":"Aye.","feels":"sad","offers":[]})");
  const test::finished made = test::run(test::example("structured"), {}, bench.options);
  CHECK(made.status == 1);
  CHECK(made.out.empty());
  CHECK(made.err == "answer.feels is none of the words that it may be\n");
}

TEST_CASE("vision sends a file by its bytes and prints the answer") {
  test::chat_bench bench;
  const test::folder in;
  test::write_text(in.file("map"), "\x89PNG\r\n\x1A\n");
  bench.say("A map of the harbour.");
  const test::finished made =
      test::run(test::example("vision"), {in.file("map"), "What is on it?"}, bench.options);
  CHECK(made.err.empty());
  CHECK(made.status == 0);
  CHECK(made.out == "A map of the harbour.\n");
  const boost::json::value sent = bench.sent();
  const boost::json::value& parts = sent.at("messages").at(0).at("content");
  CHECK(parts.at(0).at("text").as_string() == "What is on it?");
  CHECK(parts.at(1).at("image_url").at("url").as_string() == "data:image/png;base64,iVBORw0KGgo=");
}

TEST_CASE("vision sends nothing when there is nothing to see") {
  test::chat_bench bench;
  const test::finished made = test::run(test::example("vision"), {"/no/such/file"}, bench.options);
  CHECK(made.status == 1);
  CHECK(test::contains(made.err, "vision: can't read /no/such/file: "));
  CHECK(test::run(test::example("vision"), {}, bench.options).status == 2);
  CHECK(bench.requests() == 0);
}

}  // namespace
