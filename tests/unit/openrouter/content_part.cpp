// SPDX-License-Identifier: MIT

#include "orcast/openrouter/content_part.hpp"

#include <cstdio>
#include <string>

#include "orcast/openrouter/chat_request.hpp"
#include "support/catch.hpp"

namespace {

namespace part = orcast::part;

const std::string png = "\x89PNG\r\n\x1A\n";

/// The parts as a request carries them, or why it does not.
std::string written(std::vector<orcast::content_part> parts) {
  orcast::chat_request request;
  request.messages = {orcast::message::user(std::move(parts))};
  std::string body;
  const orcast::result<void> done = append_json(request, body);
  if (!done) return done.error().message;
  const std::string before = R"({"messages":[{"role":"user","content":[)";
  return body.substr(before.size(), body.size() - before.size() - 4);
}

std::string outcome_of(const orcast::result<orcast::content_part>& made) {
  return made ? written({*made}) : made.error().message;
}

TEST_CASE("each kind of part is written as OpenRouter takes it") {
  CHECK(written({part::text("a \"b\"")}) == R"({"type":"text","text":"a \"b\""})");
  CHECK(written({part::image_url("https://x/?a=1&b=\"", "low")}) ==
        R"({"type":"image_url","image_url":{"url":"https://x/?a=1&b=\"","detail":"low"}})");
  CHECK(written({part::file_url("https://x/a.pdf", "a.pdf")}) ==
        R"({"type":"file","file":{"file_data":"https://x/a.pdf","filename":"a.pdf"}})");
  CHECK(written({part::file_id("file-1")}) == R"({"type":"file","file":{"file_id":"file-1"}})");
  CHECK(written({part::video_url("https://x/v")}) ==
        R"({"type":"video_url","video_url":{"url":"https://x/v"}})");
}

TEST_CASE("bytes are encoded, their type told by themselves or by the caller") {
  CHECK(outcome_of(part::image(png)) ==
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}})");
  CHECK(
      outcome_of(part::image("??", "image/x-own", "high")) ==
      R"({"type":"image_url","image_url":{"url":"data:image/x-own;base64,Pz8=","detail":"high"}})");
  CHECK(
      outcome_of(part::audio("RIFF....WAVEfmt ")) ==
      R"({"type":"input_audio","input_audio":{"data":"UklGRi4uLi5XQVZFZm10IA==","format":"wav"}})");
  CHECK(outcome_of(part::audio("ID3")) ==
        R"({"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}})");
  CHECK(outcome_of(part::audio("??", "pcm16")) ==
        R"({"type":"input_audio","input_audio":{"data":"Pz8=","format":"pcm16"}})");
  CHECK(
      outcome_of(part::file("%PDF-", "a.pdf")) ==
      R"({"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0=","filename":"a.pdf"}})");
  CHECK(outcome_of(part::video("....ftypisom")) ==
        R"({"type":"video_url","video_url":{"url":"data:video/mp4;base64,Li4uLmZ0eXBpc29t"}})");
}

TEST_CASE("bytes that cannot be sent are refused when the part is made") {
  CHECK(outcome_of(part::image("")) == "part::image: there are no bytes");
  CHECK(outcome_of(part::image("??")) ==
        "part::image: the bytes are of no type that is known; name their media type");
  CHECK(outcome_of(part::audio(png)) == "part::audio: the bytes are no audio; name the format");
  const std::string huge(100'000'000, 'x');
  const auto refused = part::image(huge, "image/png");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == orcast::errc::too_large);
  CHECK(refused.error().message ==
        "part::image: 100000000 bytes are more than a message may carry (33554432); send a URL "
        "instead");
}

TEST_CASE("text that is not UTF-8 is refused with its place") {
  CHECK(written({part::text("ok"), part::image_url("https://x/\xFF")}) ==
        "messages[0].content[1] is not UTF-8");
  CHECK(written({part::text("\xFF")}) == "messages[0].content[0].text is not UTF-8");
}

TEST_CASE("a part is marked for the cache, whatever its kind") {
  CHECK(written({part::text("lore").cached()}) ==
        R"({"type":"text","text":"lore","cache_control":{"type":"ephemeral"}})");
  const orcast::content_part map = part::image_url("https://x/map");
  CHECK(written({map.cached("1h")}) == R"({"type":"image_url","image_url":{"url":"https://x/map"},)"
                                       R"("cache_control":{"type":"ephemeral","ttl":"1h"}})");
  CHECK_FALSE(map.cache.has_value());
  CHECK(written({part::json("text", R"({"cache_control":{}})").cached()}) ==
        "messages[0].content[0].cache_control is set twice");
  CHECK(written({part::json("new", "{}").cached()}) == R"({"cache_control":{"type":"ephemeral"}})");
}

TEST_CASE("a file is the part that its bytes call for") {
  const std::string name = "orcast-part.test";
  const auto keep = [&name](const std::string& bytes) {
    std::FILE* file = std::fopen(name.c_str(), "wb");
    REQUIRE(file != nullptr);
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
  };
  keep(png);
  CHECK(outcome_of(part::from_file(name)) == outcome_of(part::image(png)));
  keep("OggS");
  CHECK(outcome_of(part::from_file("./" + name)) == outcome_of(part::audio("OggS")));
  keep("....ftypisom");
  CHECK(outcome_of(part::from_file(name)) == outcome_of(part::video("....ftypisom")));
  keep("Just a note.");
  CHECK(outcome_of(part::from_file("./" + name)) ==
        outcome_of(part::file("Just a note.", name, "text/plain")));
  keep("\xFF\x01\x02");
  CHECK_FALSE(part::from_file(name).ok());
  std::remove(name.c_str());
  const auto missing = part::from_file(name);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == orcast::errc::io);
}

}  // namespace
