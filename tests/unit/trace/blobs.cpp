// SPDX-License-Identifier: MIT
#include "orcast/trace/blobs.hpp"

#include "support/catch.hpp"

using namespace orcast;

namespace {

std::string clean(const std::string& text, std::size_t keep_images = 0) {
  blob_filter filter;
  return std::string(filter.apply(text, keep_images));
}

const std::string picture = "data:image/png;base64,iVBORw0KGgo=";

}  // namespace

TEST_CASE("a data URL becomes what it is, however short, and the text around it stays") {
  const std::string said = clean("{\"url\":\"" + picture + "\"} and {\"url\":\"" + picture + "\"}");
  const std::string what = "[image/png, 8 bytes, sha256 ";
  CHECK(said.find("iVBOR") == std::string::npos);
  CHECK(said.find("{\"url\":\"" + what) == 0);
  CHECK(said.rfind(what) > 10);
  CHECK(said.find("\"} and {\"url\":\"") != std::string::npos);
  CHECK(said.substr(said.size() - 3) == "]\"}");
}

TEST_CASE("equal data has equal digests, other data has others") {
  CHECK(clean(picture) == clean(picture));
  CHECK(clean(picture) != clean("data:image/png;base64,iVBORw0KGgp="));
}

TEST_CASE("a long run of base64 is data, wherever it begins and ends") {
  for (const std::size_t lead : {0u, 1u, 255u, 511u, 512u, 600u}) {
    for (const std::size_t size : {512u, 513u, 1024u, 5000u}) {
      const std::string before = std::string(lead, ' ');
      const std::string said = clean(before + std::string(size, 'Q') + " tail");
      INFO(lead << " " << size);
      CHECK(said.find(before + "[base64, " + std::to_string(size * 3 / 4) + " bytes") == 0);
      CHECK(said.find("QQ") == std::string::npos);
      CHECK(said.find("] tail") != std::string::npos);
    }
  }
  CHECK(clean(std::string(511, 'Q')) == std::string(511, 'Q'));
}

TEST_CASE("base64 in JSON may have its slashes escaped") {
  std::string data;
  for (int i = 0; i < 100; ++i) data += "QUJDREVGRw\\/";
  const std::string said = clean("\"" + data + "\"");
  CHECK(said.find("QUJD") == std::string::npos);
  CHECK(said.find("[base64, 825 bytes") == 1);
  CHECK(clean("data:image/jpeg;base64,\\/9j\\/4AAQ").find("9j") == std::string::npos);
}

TEST_CASE("prose, and the word base64 in it, is left alone") {
  for (const std::string text : {"", "a", "The mark is ;base64, as you know.",
                                 "data: none;base64, here", "see data:image/png;base64, for how"}) {
    CHECK(clean(text) == text);
  }
}

TEST_CASE("images are kept up to a size when asked for, and longer ones become the placeholder") {
  CHECK(clean(picture, picture.size()) == picture);
  CHECK(clean("<" + picture + ">", picture.size() - 1) == "<__REDACTED__>");
  const std::string sound = "data:audio/wav;base64,UklGRg==";
  CHECK(clean(sound, 1000).find("[audio/wav, 4 bytes") == 0);
}
