// SPDX-License-Identifier: MIT

#include "orcast/openrouter/reply_details.hpp"

#include <string>

#include "support/catch.hpp"

namespace {

TEST_CASE("images are their URLs, and a data URL is its bytes") {
  orcast::message said;
  CHECK(image_urls_of(said).empty());
  said.images = R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}},
                    {"image_url":{}},7])";
  const auto urls = image_urls_of(said);
  REQUIRE(urls.size() == 2);
  CHECK(urls[1].empty());
  const auto image = orcast::parse_data_url(urls[0]);
  REQUIRE(image.ok());
  CHECK(image->media_type == "image/png");
  CHECK(image->bytes == "\x89PN");
  for (const char* wrong :
       {"", "https://x", "data:image/png", "data:text/plain,Hi", "data:x;base64,?", "data:,"}) {
    CAPTURE(wrong);
    CHECK_FALSE(orcast::parse_data_url(wrong).ok());
  }
}

TEST_CASE("annotations are pages and documents, and what is new") {
  orcast::message said;
  said.annotations = R"([
      {"type":"url_citation","url_citation":{"url":"https://x","title":"T","content":"C",
       "start_index":3,"end_index":9}},
      {"type":"file","file":{"hash":"h","name":"a.pdf","content":[{"type":"text","text":"p"}]}},
      {"type":"new","x":1}])";
  const auto all = annotations_of(said);
  REQUIRE(all.size() == 3);
  CHECK(all[0].type == "url_citation");
  CHECK(all[0].url == "https://x");
  CHECK(all[0].title == "T");
  CHECK(all[0].content == "C");
  CHECK(all[0].start_index == 3);
  CHECK(all[0].end_index == 9);
  CHECK(all[1].file_hash == "h");
  CHECK(all[1].file_name == "a.pdf");
  CHECK(all[1].file_content == R"([{"type":"text","text":"p"}])");
  CHECK_FALSE(all[1].start_index.has_value());
  CHECK(all[2].json == R"({"type":"new","x":1})");
}

TEST_CASE("audio is its data and what it says") {
  orcast::message said;
  CHECK(audio_of(said).data.empty());
  said.audio = R"({"id":"au","data":"AAAA","expires_at":17,"transcript":"Hello"})";
  CHECK(audio_of(said).id == "au");
  CHECK(audio_of(said).data == "AAAA");
  CHECK(audio_of(said).transcript == "Hello");
  CHECK(audio_of(said).expires_at == 17);
  said.audio = "[";
  CHECK(audio_of(said).id.empty());
}

TEST_CASE("reasoning details have the members of their type") {
  orcast::message said;
  said.reasoning_details = R"([
      {"type":"reasoning.text","text":"Hm","signature":"s","format":"f","id":null,"index":0},
      {"type":"reasoning.summary","summary":"S"},
      {"type":"reasoning.encrypted","data":"D","id":"rs_1"},
      {"type":"reasoning.server_tool_call","tool_name":"web","arguments":"{}","result":"r",
       "tool_call_id":"c"}])";
  const auto all = reasoning_details_of(said);
  REQUIRE(all.size() == 4);
  CHECK(all[0].text == "Hm");
  CHECK(all[0].signature == "s");
  CHECK(all[0].format == "f");
  CHECK(all[0].id.empty());
  CHECK(all[0].index == 0);
  CHECK(all[1].summary == "S");
  CHECK(all[2].data == "D");
  CHECK(all[2].id == "rs_1");
  CHECK(all[3].tool_name == "web");
  CHECK(all[3].arguments == "{}");
  CHECK(all[3].result == "r");
  CHECK(all[3].tool_call_id == "c");
  CHECK(all[1].json == R"({"type":"reasoning.summary","summary":"S"})");
}

TEST_CASE("probabilities are those of the tokens, with what else they might have been") {
  orcast::chat_choice choice;
  CHECK(probabilities_of(choice).empty());
  choice.logprobs = R"({"content":[{"token":"a","logprob":-0.5,"bytes":[195,188],"top_logprobs":[
      {"token":"a","logprob":-0.5,"bytes":null},{"token":"b","logprob":-2,"bytes":[98]}]}],
      "refusal":null})";
  const auto tokens = probabilities_of(choice);
  REQUIRE(tokens.size() == 1);
  CHECK(tokens[0].token == "a");
  CHECK(tokens[0].bytes == "\xC3\xBC");
  CHECK(tokens[0].logprob == -0.5);
  REQUIRE(tokens[0].top.size() == 2);
  CHECK(tokens[0].top[0].bytes == "a");
  CHECK(tokens[0].top[1].logprob == -2);
  choice.logprobs = R"({"content":null})";
  CHECK(probabilities_of(choice).empty());
}

}  // namespace
