// SPDX-License-Identifier: MIT

#include "orcast/otlp/answer.hpp"

#include <string>

#include "support/catch.hpp"

using orcast::otlp::export_answer;
using orcast::otlp::read_answer;

TEST_CASE("an answer without a partial success says nothing") {
  for (const char* body : {"", "  \n", "{}", " { } ", R"({"partialSuccess":{}})",
                           R"({"partialSuccess":null})", R"({"unknown":[1,{"a":["}"]},null]})",
                           R"({"partialSuccess":{"rejectedSpans":0,"errorMessage":""}})"}) {
    CAPTURE(body);
    const export_answer answer = read_answer(body);
    CHECK(answer.understood);
    CHECK(answer.rejected_spans == 0);
    CHECK(answer.message.empty());
  }
}

TEST_CASE("rejected spans are a number or a decimal string") {
  for (const char* body : {R"({"partialSuccess":{"rejectedSpans":3,"errorMessage":"why"}})",
                           R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"why"}})",
                           "{\"x\":1.5e+3,\n \"partialSuccess\" : {\"y\":[], \"errorMessage\":"
                           "\"why\" ,\"rejectedSpans\": \"3\" } }"}) {
    CAPTURE(body);
    const export_answer answer = read_answer(body);
    CHECK(answer.understood);
    CHECK(answer.rejected_spans == 3);
    CHECK(answer.message == "why");
  }
  CHECK(read_answer(R"({"partialSuccess":{"rejectedSpans":"-3"}})").rejected_spans == 0);
  CHECK(read_answer(R"({"partialSuccess":{"rejectedSpans":"many"}})").rejected_spans == 0);
  CHECK(read_answer(R"({"partialSuccess":{"rejectedSpans":99999999999999999999}})").rejected_spans >
        1'000'000'000);
}

TEST_CASE("a status has a code and a message") {
  const export_answer answer = read_answer(
      R"({"code":13,"message":"unable to validate authorization from span","details":[]})");
  CHECK(answer.understood);
  CHECK(answer.code == 13);
  CHECK(answer.message == "unable to validate authorization from span");
}

TEST_CASE("what is not JSON is not understood, and what came before the flaw counts") {
  for (const char* body : {"<html>502</html>", "{", "[]", "null", R"({"a":})", R"({"a":1)",
                           R"({"a":"b)", R"({"a":1}x)", R"({"a" 1})", R"({"a":"\)"}) {
    CAPTURE(body);
    CHECK_FALSE(read_answer(body).understood);
  }
  const export_answer cut = read_answer(R"({"partialSuccess":{"rejectedSpans":"2","errorMess)");
  CHECK_FALSE(cut.understood);
  CHECK(cut.rejected_spans == 2);
  CHECK_FALSE(read_answer("{\"a\":" + std::string(100'000, '[')).understood);
}

TEST_CASE("foreign text becomes part of one line") {
  std::string line = "HTTP 500: ";
  orcast::otlp::append_one_line(line,
                                "say \\\"hi\\\"\\nnow\x01"
                                "\xFF");
  CHECK(line == "HTTP 500: say \"hi\" now \xEF\xBF\xBD");
  line.clear();
  orcast::otlp::append_one_line(line, std::string(1000, 'x'), 20);
  CHECK(line.size() == 20);
}
