// SPDX-License-Identifier: MIT

#include "orcast/openrouter/reply_reader.hpp"

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/utf8.hpp"
#include "orcast/openrouter/chat_request.hpp"
#include "support/catch.hpp"
#include "unit/openrouter/read_reply.hpp"

namespace {

using orcast::chat_reply;
using orcast::errc;
using reading::document;
using reading::outcome;
using reading::read;
using reading::response;
using reading::stream;
using reading::value_of;

constexpr std::string_view hello = R"({"id":"gen-1","choices":[{"delta":{"content":"Hello"}}]})";
constexpr std::string_view stop =
    R"({"id":"gen-1","choices":[{"delta":{"content":""},"finish_reason":"stop"}]})";
constexpr std::string_view usage = R"({"id":"gen-1","choices":[],"usage":{"prompt_tokens":3}})";
constexpr std::string_view done = "[DONE]";

/// A stream of these deltas that ends as it should.
response deltas(const std::vector<std::string>& pieces, const std::string& reason = "\"stop\"") {
  response made;
  for (const std::string& piece : pieces) {
    made.body += reading::event(
        R"({"id":"gen-1700000000-abcdefghijklmnopqrst","choices":[{"index":0,"delta":)" + piece +
        "}]}");
  }
  made.body +=
      reading::event(R"({"choices":[{"index":0,"delta":{},"finish_reason":)" + reason + "}]}");
  made.body += reading::event(done);
  return made;
}

std::string calls_of(const chat_reply& reply) {
  std::string all;
  for (const orcast::tool_call& each : reply.tool_calls()) {
    all += each.id + " " + each.name + " " + each.arguments + "; ";
  }
  return all;
}

TEST_CASE("a streamed answer is put together, however it is cut") {
  response from;
  from.body =
      ": OPENROUTER PROCESSING\n\n"
      "data: {\"id\":\"gen-1\",\"provider\":\"OpenAI\",\"model\":\"openai/gpt-4o-mini\","
      "\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"service_tier\":\"default\","
      "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
      "\"finish_reason\":null,\"native_finish_reason\":null,\"logprobs\":null}]}\n\n"
      "data: {\"id\":\"gen-1\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"Hm. \"}}]}\n\n"
      "data:{\"id\":\"gen-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\xC3\xBC\"}}]}"
      "\r\n"
      "\r\n"
      ": OPENROUTER PROCESSING\n\n"
      "data: {\"id\":\"gen-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xC3\x9F dich\"},"
      "\"finish_reason\":\"stop\",\"native_finish_reason\":\"completed\"}]}\n\n"
      "data: {\"id\":\"gen-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,"
      "\"completion_tokens\":5,\"total_tokens\":15,\"cost\":0.0000225,\"is_byok\":false,"
      "\"cost_details\":{\"upstream_inference_cost\":null,\"upstream_inference_prompt_cost\":1.50e-"
      "5}}"
      "}\n\ndata: [DONE]\n\nbytes after the end";
  for (std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::string::npos}) {
    CAPTURE(step);
    const outcome made = read(from, step);
    REQUIRE(made.name() == "ok");
    CHECK(made.stopped);
    CHECK(made.heard.text == "Gr\xC3\xBC\xC3\x9F dich");
    CHECK(made.heard.reasoning == "Hm. ");
    CHECK(made.heard.first_chunks == 1);
    CHECK(made.heard.first_tokens == 1);
    const chat_reply& reply = made.reply;
    CHECK(reply.id == "gen-1");
    CHECK(reply.provider == "OpenAI");
    CHECK(reply.model == "openai/gpt-4o-mini");
    CHECK(reply.service_tier == "default");
    CHECK(reply.created == 1700000000);
    CHECK(reply.text() == made.heard.text);
    CHECK(reply.finish_reason() == "stop");
    REQUIRE(reply.choices.size() == 1);
    CHECK(reply.choices[0].native_finish_reason == "completed");
    CHECK(reply.choices[0].reply.role == "assistant");
    CHECK(reply.choices[0].reply.reasoning == "Hm. ");
    CHECK(reply.usage.prompt_tokens == 10);
    CHECK(reply.usage.cost == "0.0000225");
    CHECK(reply.usage.upstream_cost.empty());
    CHECK(reply.usage.upstream_prompt_cost == "1.50e-5");
    CHECK(reply.usage.is_byok == false);
    CHECK_FALSE(reply.no_done);
    CHECK_FALSE(reply.missing_finish_reason);
    CHECK(reply.extra.empty());
  }
}

TEST_CASE("what the head says is there before the body") {
  orcast::reply_reader reader;
  const orcast::http::header_view headers[] = {{"x-generation-id", "gen-9"},
                                               {"x-openrouter-cache-status", "HIT"}};
  reader.head({200, headers, 2});
  CHECK(reader.generation_id() == "gen-9");
  CHECK(reader.cache_status() == "HIT");
  CHECK(reader.http_status() == 200);
  CHECK_FALSE(reader.streamed());
  CHECK(reader.data("  "));
  CHECK(reader.data("{}"));
  CHECK_FALSE(reader.finish({}).ok());
}

TEST_CASE("how a stream ends decides what it is") {
  struct row {
    const char* what;
    response from;
    std::string result;
    std::string reason;
    bool no_done;
    bool no_reason;
  };
  const std::string disconnect = "disconnected";
  std::vector<row> rows = {
      {"as it should", stream({hello, stop, usage, done}), "ok", "stop", false, false},
      {"[DONE] and no reason", stream({hello, usage, done}), "ok", "other", false, true},
      {"a reason and no [DONE]", stream({hello, stop}), "ok", "stop", true, false},
      {"neither", stream({hello}), "stream_truncated", "", false, false},
      {"neither, though usage came", stream({hello, usage}), "stream_truncated", "", false, false},
      {"nothing at all", stream({}), "malformed_response", "", false, false},
      {"comments only",
       {": ping\n\n", 200, "text/event-stream", "", {}},
       "stream_truncated",
       "",
       false,
       false},
      {"[DONE] alone", stream({done}), "malformed_response", "", false, false},
      {"usage with the reason",
       stream({hello, R"({"choices":[{"delta":{},"finish_reason":"length"}],"usage":{"cost":1}})",
               done}),
       "ok", "length", false, false},
      {"a reason of its own",
       stream({hello, R"({"choices":[{"delta":{},"finish_reason":"recitation"}]})", done}), "ok",
       "recitation", false, false},
      {"an error in a choice",
       stream({hello, R"({"choices":[{"delta":{},"error":{"code":502,"message":"gone"}}]})"}),
       "provider_unavailable", "", false, false},
      {"the reason error",
       stream({hello, R"({"choices":[{"delta":{},"finish_reason":"error"}],"usage":null})", done}),
       "provider_error", "error", false, false},
  };
  rows.push_back({"cut after the reason", stream({hello, stop}), disconnect, "stop", false, false});
  rows.push_back({"cut after usage", stream({hello, stop, usage}), "ok", "stop", true, false});
  rows.push_back({"cut in the answer", stream({hello}), disconnect, "", false, false});
  rows.push_back({"cut after [DONE]", stream({hello, stop, done}), "ok", "stop", false, false});
  for (std::size_t i = rows.size() - 4; i < rows.size(); ++i) {
    rows[i].from.end = orcast::failure(errc::disconnected, "connection reset");
  }
  for (const row& each : rows) {
    CAPTURE(each.what);
    for (std::size_t step : {std::size_t{1}, std::string::npos}) {
      const outcome made = read(each.from, step);
      CHECK(made.name() == each.result);
      CHECK(made.reply.finish_reason() == each.reason);
      CHECK(made.reply.no_done == each.no_done);
      CHECK(made.reply.missing_finish_reason == each.no_reason);
      if (!made.reply.choices.empty()) CHECK(made.reply.text() == "Hello");
    }
  }
}

TEST_CASE("white space before a stream means the same in one piece and in many") {
  // A name that begins with a tab is another name; an empty line is nothing.
  for (const std::string before : {"\n", "\r\n\n", " ", "\t", "\n\t", "\t\n"}) {
    response from = stream({hello, stop, done});
    from.body = before + from.body;
    const bool spoils = before.back() != '\n';
    for (std::size_t step : {std::size_t{1}, std::size_t{2}, std::string::npos}) {
      CAPTURE(before, step);
      const outcome made = read(from, step);
      CHECK(made.name() == "ok");
      CHECK(made.reply.text() == (spoils ? "" : "Hello"));
    }
  }
}

TEST_CASE("a last event without its blank line counts, half an event does not") {
  response from = stream({hello, stop});
  from.body += "data: [DONE]";
  CHECK_FALSE(read(from).reply.no_done);
  from.body = reading::events({hello, stop}) + "data: {\"choices\":[{\"del";
  CHECK(read(from).name() == "ok");
  CHECK(read(from).reply.no_done);
  from.body = reading::events({hello}) + "data: {\"choices\":[{\"del";
  CHECK(read(from).name() == "stream_truncated");
}

TEST_CASE("tool calls are put together by all that providers do") {
  struct row {
    const char* what;
    std::vector<std::string> pieces;
    const char* reason;
    const char* calls;
  };
  const row rows[] = {
      {"fragments by index",
       {R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})",
        R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]})",
        R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})"},
       "\"tool_calls\"",
       "a f {\"x\":1}; "},
      {"two at the same time",
       {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}},
                          {"index":1,"id":"b","function":{"name":"g","arguments":"["}}]})",
        R"({"tool_calls":[{"index":1,"function":{"arguments":"]"}},{"index":0,"function":{"arguments":"}"}}]})"},
       "\"tool_calls\"",
       "a f {}; b g []; "},
      {"no index: the last one",
       {R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]})",
        R"({"tool_calls":[{"index":null,"function":{"arguments":"}"}}]})"},
       "\"tool_calls\"",
       "a f {}; "},
      {"no index: whole calls at once",
       {R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},
                          {"id":"b","function":{"name":"g","arguments":"{}"}}]})"},
       "\"tool_calls\"",
       "a f {}; b g {}; "},
      {"no index and no id",
       {R"({"tool_calls":[{"function":{"name":"f","arguments":"{}"}},
                          {"function":{"name":"g","arguments":"{}"}}]})"},
       "\"tool_calls\"",
       "call_0_abcdefghijklmnopqrst f {}; call_1_abcdefghijklmnopqrst g {}; "},
      {"an id twice",
       {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},
                          {"index":1,"id":"a","function":{"name":"f","arguments":"{}"}}]})"},
       "\"tool_calls\"",
       "a f {}; call_0_abcdefghijklmnopqrst f {}; "},
      {"an index for all calls",
       {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})",
        R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]})"},
       "\"tool_calls\"",
       "a f {}; b g {}; "},
      {"arguments that never come",
       {R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f"}}]})"},
       "\"tool_calls\"",
       "a f {}; "},
      {"arguments that are no text",
       {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1.0}}}]})"},
       "\"tool_calls\"",
       "a f {\"x\":1.0}; "},
      {"white space after the end",
       {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})",
        R"({"tool_calls":[{"index":0,"function":{"arguments":" \n"}}]})"},
       "\"tool_calls\"",
       "a f {} \n; "},
      {"a name that comes late, in pieces, and again",
       {R"({"tool_calls":[{"index":7,"id":"a","function":{"arguments":"{"}}]})",
        R"({"tool_calls":[{"index":7,"function":{"name":"look_"}}]})",
        R"({"tool_calls":[{"index":7,"function":{"name":"around","arguments":"}"}}]})",
        R"({"tool_calls":[{"index":7,"function":{"name":"look_around"}}]})"},
       "\"tool_calls\"",
       "a look_around {}; "},
      {"an id that comes late",
       {R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]})",
        R"({"tool_calls":[{"index":0,"id":"a"}]})"},
       "\"tool_calls\"",
       "a f {}; "},
      {"indices with gaps and below zero",
       {R"({"tool_calls":[{"index":4000000000,"id":"a","function":{"name":"f","arguments":"{}"}}]})",
        R"({"tool_calls":[{"index":-1,"id":"b","function":{"name":"g","arguments":"{}"}}]})"},
       "\"tool_calls\"",
       "a f {}; b g {}; "},
      {"no reason although there are calls",
       {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})"},
       "null",
       "a f {}; "},
      {"a reason of its own",
       {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})"},
       "\"function_call\"",
       "a f {}; "},
      {"the reason stop beside an encrypted thought",
       {R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]})",
        R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})"},
       "\"stop\"",
       "a f {}; "},
  };
  for (const row& each : rows) {
    CAPTURE(each.what);
    const outcome made = read(deltas(each.pieces, each.reason), 5);
    REQUIRE(made.name() == "ok");
    CHECK(calls_of(made.reply) == each.calls);
    CHECK(made.reply.finish_reason() == "tool_calls");
    CHECK(made.heard.calls.size() == made.reply.tool_calls().size());
    CHECK(made.heard.first_tokens == 1);
    for (std::size_t i = 0; i < made.heard.calls.size(); ++i) {
      CHECK(made.heard.calls[i].id == made.reply.tool_calls().first[i].id);
    }
  }
}

TEST_CASE("stop beside calls stays stop where nothing else speaks against it") {
  const outcome made = read(deltas(
      {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})"}));
  CHECK(made.reply.finish_reason() == "stop");
}

TEST_CASE("a call without a name is the provider's mistake, and no call is reported") {
  const outcome made = read(deltas(
      {R"({"content":"Let me see.","tool_calls":[{"index":0,"id":"a","type":"function"}]})"}));
  CHECK(made.name() == "malformed_response");
  CHECK(made.end.error().message == "a tool call came without a function's name");
  CHECK(made.reply.text() == "Let me see.");
  CHECK(made.heard.calls.empty());
}

TEST_CASE("what a call brings beyond orcast's members is kept for the way back") {
  const outcome made = read(deltas(
      {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"},"x":{"s":1}}]})",
       R"({"tool_calls":[{"index":0,"function":{"arguments":"}"}},{"index":1,"id":"b","type":"custom","custom":{"input":"i"}}]})"}));
  REQUIRE(made.reply.tool_calls().size() == 2);
  CHECK(made.reply.tool_calls().first[0].json ==
        R"({"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"x":{"s":1}})");
  CHECK(made.reply.tool_calls().first[1].json ==
        R"({"id":"b","type":"custom","custom":{"input":"i"}})");
}

TEST_CASE("reasoning details are joined where they belong together, and kept otherwise") {
  struct row {
    const char* what;
    std::vector<std::string> pieces;
    const char* details;
  };
  const row rows[] = {
      {"none", {R"({"content":"x"})"}, ""},
      {"an empty array", {R"({"reasoning_details":[]})"}, "[]"},
      {"one text in pieces, the signature alone and late",
       {R"({"reasoning_details":[{"type":"reasoning.text","text":"Let ","format":"f","index":0}]})",
        R"({"reasoning_details":[{"type":"reasoning.text","text":"me","format":"f","index":0}]})",
        R"({"content":"Hi"})",
        R"({"reasoning_details":[{"type":"reasoning.text","signature":"sig==","index":0}]})"},
       R"([{"type":"reasoning.text","text":"Let me","signature":"sig==","format":"f","index":0}])"},
      {"the first signature and format that say something",
       {R"({"reasoning_details":[{"type":"reasoning.text","text":"a","signature":null,"format":null}]})",
        R"({"reasoning_details":[{"type":"reasoning.text","text":"b","signature":"s","format":"f"}]})",
        R"({"reasoning_details":[{"type":"reasoning.text","text":"","signature":"t","format":"g"}]})"},
       R"([{"type":"reasoning.text","text":"ab","signature":"s","format":"f"}])"},
      {"texts of two indices",
       {R"({"reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]})",
        R"({"reasoning_details":[{"type":"reasoning.text","text":"b","index":1}]})",
        R"({"reasoning_details":[{"type":"reasoning.text","signature":"s","index":0}]})"},
       R"([{"type":"reasoning.text","text":"a","signature":"s","index":0},
           {"type":"reasoning.text","text":"b","index":1}])"},
      {"other types",
       {R"({"reasoning_details":[{"type":"reasoning.summary","summary":"a","index":0}]})",
        R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"AA==","id":"rs_1"},
                                 {"type":"reasoning.new","x":[1.50]}]})",
        R"({"reasoning_details":[{"type":"reasoning.summary","summary":"b","index":0}]})"},
       R"([{"type":"reasoning.summary","summary":"a","index":0},
           {"type":"reasoning.encrypted","data":"AA==","id":"rs_1"},
           {"type":"reasoning.new","x":[1.50]},
           {"type":"reasoning.summary","summary":"b","index":0}])"},
      {"a text after another type is a new one",
       {R"({"reasoning_details":[{"type":"reasoning.text","text":"a"}]})",
        R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"A"}]})",
        R"({"reasoning_details":[{"type":"reasoning.text","text":"b"}]})"},
       R"([{"type":"reasoning.text","text":"a"},{"type":"reasoning.encrypted","data":"A"},
           {"type":"reasoning.text","text":"b"}])"},
  };
  for (const row& each : rows) {
    CAPTURE(each.what);
    const outcome made = read(deltas(each.pieces));
    REQUIRE(made.name() == "ok");
    const std::string& details = made.reply.choices[0].reply.reasoning_details;
    if (*each.details == '\0') {
      CHECK(details.empty());
    } else {
      CHECK(value_of(details) == value_of(each.details));
    }
  }
}

TEST_CASE("text is whole characters, also when a provider cuts them") {
  struct row {
    const char* what;
    std::vector<std::string> pieces;
    std::string text;
  };
  const row rows[] = {
      {"a surrogate pair cut in two",
       {"a\\ud83d", "\\ude00b"},
       "a\xF0\x9F\x98\x80"
       "b"},
      {"a lone first half",
       {"a\\ud83d", "b"},
       "a\xEF\xBF\xBD"
       "b"},
      {"a lone first half at the end", {"a\\ud83d"}, "a\xEF\xBF\xBD"},
      {"a lone second half",
       {"\\ude00b"},
       "\xEF\xBF\xBD"
       "b"},
      {"an escaped backslash before the letters", {"\\\\ud83d"}, "\\ud83d"},
      {"bytes of one character in two deltas", {"a\xF0\x9F", "\x98\x80"}, "a\xF0\x9F\x98\x80"},
      {"bytes that are no character",
       {"a\xFF", "b"},
       "a\xEF\xBF\xBD"
       "b"},
  };
  for (const row& each : rows) {
    CAPTURE(each.what);
    std::vector<std::string> content;
    std::vector<std::string> reasoning;
    std::vector<std::string> arguments;
    for (const std::string& piece : each.pieces) {
      content.push_back("{\"content\":\"" + piece + "\"}");
      reasoning.push_back("{\"reasoning\":\"" + piece + "\"}");
      arguments.push_back(
          "{\"tool_calls\":[{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"f\",\"arguments\":"
          "\"" +
          piece + "\"}}]}");
    }
    const outcome as_content = read(deltas(content));
    CHECK(as_content.reply.text() == each.text);
    CHECK(value_of(as_content.reply.raw).is_object());
    // What is never followed by its other half is only known at the end.
    CHECK(each.text.substr(0, as_content.heard.text.size()) == as_content.heard.text);
    CHECK(read(deltas(reasoning)).reply.choices.at(0).reply.reasoning == each.text);
    CHECK(read(deltas(arguments)).reply.choices.at(0).reply.tool_calls.at(0).arguments ==
          each.text);
  }
}

TEST_CASE("every piece that a listener hears is valid UTF-8") {
  struct checker final : orcast::delta_listener {
    void on_text(std::string_view piece) noexcept override {
      if (!orcast::valid_utf8(piece) || piece.empty()) ++wrong;
    }
    int wrong = 0;
  } heard;
  orcast::reply_reader reader;
  reader.listen(&heard);
  const orcast::http::header_view headers[] = {{"Content-Type", "text/event-stream"}};
  reader.head({200, headers, 1});
  reader.data(deltas({"{\"content\":\"\xF0\x9F\"}", "{\"content\":\"\x98\x80\\ud83d\"}",
                      "{\"content\":\"\\ude00\xFF\"}"})
                  .body);
  CHECK(reader.finish({}).ok());
  CHECK(reader.reply().text() == "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xEF\xBF\xBD");
  CHECK(heard.wrong == 0);
}

TEST_CASE("images, audio, annotations and log probabilities are put together") {
  const outcome made = read(deltas({
      R"({"images":[{"image_url":{"url":"data:a"}}],"annotations":[{"type":"x"}]})",
      R"({"images":[{"image_url":{"url":"data:b"}}],"audio":{"id":"au","data":"AA","transcript":"He"}})",
      R"({"audio":{"data":"BB","transcript":"llo","expires_at":17},"new_member":{"a":1},"refusal":"no"}, "logprobs":{"content":[{"token":"a"}]})",
      R"({"refusal":"pe","new_member":{"a":2}}, "logprobs":{"content":[{"token":"b"}],"refusal":null})",
  }));
  REQUIRE(made.name() == "ok");
  const orcast::chat_choice& choice = made.reply.choices.at(0);
  CHECK(choice.reply.images ==
        R"([{"image_url":{"url":"data:a"}},{"image_url":{"url":"data:b"}}])");
  CHECK(choice.reply.annotations == R"([{"type":"x"}])");
  CHECK(choice.reply.audio == R"({"id":"au","data":"AABB","expires_at":17,"transcript":"Hello"})");
  CHECK(choice.logprobs == R"({"content":[{"token":"a"},{"token":"b"}],"refusal":null})");
  CHECK(choice.reply.refusal == "nope");
  CHECK(choice.reply.extra == R"({"new_member":{"a":2}})");
}

TEST_CASE("several choices are kept apart, in the order of their indices") {
  const outcome made = read(stream({
      R"({"choices":[{"index":1,"delta":{"content":"b"}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})",
      R"({"choices":[{"index":1,"delta":{"content":"B"},"finish_reason":"length"}]})",
      done,
  }));
  REQUIRE(made.name() == "ok");
  REQUIRE(made.reply.choices.size() == 2);
  CHECK(made.reply.text() == "a");
  CHECK(made.heard.text == "a");
  CHECK(made.reply.choices[1].reply.content == "bB");
  CHECK(made.reply.choices[1].finish_reason == "length");
}

TEST_CASE("what a listener hears is the reply's text, also where there is no choice 0") {
  const outcome made = read(stream({
      R"({"choices":[{"index":2,"delta":{"content":"z"},"finish_reason":"stop"}]})",
      R"({"choices":[{"index":1,"delta":{"reasoning":"Hm.","content":"b"}}]})",
      R"({"choices":[{"index":1,"delta":{"content":"B"},"finish_reason":"stop"}]})",
      done,
  }));
  REQUIRE(made.name() == "ok");
  CHECK(made.reply.text() == "bB");
  CHECK(made.heard.text == "bB");
  CHECK(made.heard.reasoning == "Hm.");
  CHECK(made.heard.first_tokens == 1);
  const outcome odd = read(stream({
      R"({"choices":[{"index":-1,"delta":{"content":"a"},"finish_reason":"stop"}]})",
      done,
  }));
  CHECK(odd.reply.text() == "a");
  CHECK(odd.heard.text == "a");
}

TEST_CASE("what orcast does not know is skipped or kept, never an error") {
  response from = stream({
      R"({"id":"g","choices":[],"debug":{"echo_upstream_body":{"a":1}}})",
      R"({"id":"g","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]})",
      R"([1,2])",
      R"("ping")",
      R"({"choices":null,"usage":{"prompt_tokens":"12","completion_tokens":null,"cost":"0.5","new":1}})",
      R"({"openrouter_metadata":{"strategy":"direct"}})",
  });
  from.body += "event: ping\ndata: not json\n\nid: 3\nretry: 10\nunknown: x\n\ndata:\n\n";
  from.body += "data: [DONE]\n\n";
  const outcome made = read(from);
  REQUIRE(made.name() == "ok");
  CHECK(made.reply.extra == R"({"debug":{"echo_upstream_body":{"a":1}}})");
  CHECK(made.reply.metadata == R"({"strategy":"direct"})");
  CHECK(made.reply.usage.prompt_tokens == 12);
  CHECK_FALSE(made.reply.usage.completion_tokens.has_value());
  CHECK(made.reply.usage.cost == "0.5");
}

TEST_CASE("how a call was routed is read, and kept as it came") {
  const std::string routing =
      R"({"requested":"openrouter/auto","strategy":"auto","region":"iad","summary":"s","attempt":2,)"
      R"("is_byok":false,"endpoints":{"total":3,"available":[{"provider":"A","model":"m","selected":true}]},)"
      R"("attempts":[{"provider":"B","model":"m","status":503},{"provider":"A","model":"m","status":200}],)"
      R"("params":{"version_group":"v"},"pipeline":[{"type":"plugin","name":"web","summary":"t",)"
      R"("data":{"n":1},"cost_usd":0.0040,"guardrail_id":"g","guardrail_scope":"api-key"}]})";
  for (const outcome& made :
       {read(
            stream({hello, stop,
                    std::string(R"({"choices":[],"openrouter_metadata":)") + routing + "}", done})),
        read(document(R"({"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],)"
                      R"("openrouter_metadata":)" +
                      routing + "}")),
        read(document(
            R"({"error":{"code":403,"message":"no"},"openrouter_metadata":)" + routing + "}",
            403))}) {
    const orcast::routing_metadata& seen = made.reply.routing;
    CHECK(made.reply.metadata == routing);
    CHECK(seen.received);
    CHECK(seen.requested == "openrouter/auto");
    CHECK(seen.strategy == "auto");
    CHECK(seen.region == "iad");
    CHECK(seen.summary == "s");
    CHECK(seen.attempt == 2);
    CHECK(seen.is_byok == false);
    CHECK(seen.endpoints_total == 3);
    REQUIRE(seen.endpoints.size() == 1);
    CHECK(seen.endpoints[0].provider == "A");
    CHECK(seen.endpoints[0].model == "m");
    CHECK(seen.endpoints[0].selected);
    REQUIRE(seen.attempts.size() == 2);
    CHECK(seen.attempts[0].provider == "B");
    CHECK(seen.attempts[0].status == 503);
    CHECK(seen.attempts[1].model == "m");
    CHECK(seen.params == R"({"version_group":"v"})");
    REQUIRE(seen.pipeline.size() == 1);
    CHECK(seen.pipeline[0].type == "plugin");
    CHECK(seen.pipeline[0].name == "web");
    CHECK(seen.pipeline[0].summary == "t");
    CHECK(seen.pipeline[0].data == R"({"n":1})");
    CHECK(seen.pipeline[0].cost_usd == "0.0040");
    CHECK(seen.pipeline[0].guardrail_id == "g");
    CHECK(seen.pipeline[0].guardrail_scope == "api-key");
  }
  CHECK_FALSE(read(stream({hello, stop, done})).reply.routing.received);
  std::string many = R"({"choices":[],"openrouter_metadata":{"attempts":[{})";
  for (int i = 0; i < 1000; ++i) many += ",{}";
  CHECK(read(document(many + "],\"region\":null}}")).reply.routing.attempts.size() == 256);
}

TEST_CASE("usage of tools that OpenRouter runs is read under both of its names") {
  for (const char* name : {"server_tool_use_details", "server_tool_use"}) {
    const outcome made = read(document(
        std::string(R"({"choices":[],"usage":{"prompt_tokens":1,")") + name +
        R"(":{"tool_calls_requested":3,"tool_calls_executed":2,"web_search_requests":1}}})"));
    CHECK(made.reply.usage.tool_calls_requested == 3);
    CHECK(made.reply.usage.tool_calls_executed == 2);
    CHECK(made.reply.usage.web_search_requests == 1);
  }
}

TEST_CASE("members of a choice that are not known are kept, streamed or not") {
  const outcome streamed = read(stream(
      {R"({"choices":[{"index":0,"delta":{"content":"a"},"safety":{"ok":true}}]})", stop, done}));
  const outcome whole = read(document(
      R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop","safety":{"ok":true}}]})"));
  CHECK(streamed.reply.choices.at(0).extra == R"({"safety":{"ok":true}})");
  CHECK(whole.reply.choices.at(0).extra == streamed.reply.choices.at(0).extra);
  CHECK(value_of(streamed.reply.raw).at("choices").at(0).at("safety").at("ok").as_bool());
}

TEST_CASE("an answer goes back as the message that it was") {
  const outcome made = read(deltas({
      R"({"reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"s=="}]})",
      R"({"content":"Hi","images":[{"image_url":{"url":"data:a"}}],"refusal":"r"})",
      R"({"audio":{"id":"au"},"annotations":[{"type":"x"}],"new":{"a":1}})",
  }));
  REQUIRE(made.name() == "ok");
  orcast::chat_request next;
  next.messages = {made.reply.choices.at(0).reply};
  std::string body;
  REQUIRE(append_json(next, body).ok());
  CHECK(value_of(body) == value_of(R"({"messages":[{"role":"assistant","content":"Hi",
      "refusal":"r","reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"Hm",
      "signature":"s=="}],"images":[{"image_url":{"url":"data:a"}}],
      "audio":{"id":"au","data":"","transcript":""},"annotations":[{"type":"x"}],"new":{"a":1}}]})"));
}

TEST_CASE("the last usage counts") {
  const outcome made = read(
      stream({R"({"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1,"cost":0.1}})",
              stop, R"({"choices":[],"usage":{"prompt_tokens":2}})", done}));
  CHECK(made.reply.usage.prompt_tokens == 2);
  CHECK(made.reply.usage.cost.empty());
  CHECK(value_of(made.reply.raw).at("usage") == value_of(R"({"prompt_tokens":2})"));
}

TEST_CASE("a price is a number that a double can hold, as it was written") {
  const auto price = [](const std::string& cost) {
    const std::string body = R"({"choices":[{"message":{"content":"a"}}],"usage":{"cost":)";
    return read(document(body + cost + "}}")).reply.usage.cost;
  };
  CHECK(price("0.00002250") == "0.00002250");
  CHECK(price(R"("0.1")") == "0.1");
  CHECK(price("1e-400") == "1e-400");
  for (const char* none : {"1e400", "-1e999", R"("1.2.3")", R"("+-e")", R"("0,1")", R"("")", "null",
                           R"("nan")", "true", "[1]"}) {
    CAPTURE(none);
    CHECK(price(none).empty());
  }
}

bool same_usage(const orcast::token_usage& a, const orcast::token_usage& b) {
  return a.prompt_tokens == b.prompt_tokens && a.completion_tokens == b.completion_tokens &&
         a.total_tokens == b.total_tokens && a.cached_tokens == b.cached_tokens &&
         a.cache_write_tokens == b.cache_write_tokens && a.reasoning_tokens == b.reasoning_tokens &&
         a.prompt_audio_tokens == b.prompt_audio_tokens &&
         a.prompt_video_tokens == b.prompt_video_tokens &&
         a.completion_audio_tokens == b.completion_audio_tokens &&
         a.completion_image_tokens == b.completion_image_tokens && a.cost == b.cost &&
         a.upstream_cost == b.upstream_cost && a.upstream_prompt_cost == b.upstream_prompt_cost &&
         a.upstream_completion_cost == b.upstream_completion_cost && a.is_byok == b.is_byok &&
         a.received == b.received;
}

void check_same(const chat_reply& whole, const chat_reply& streamed) {
  CHECK(whole.id == streamed.id);
  CHECK(whole.model == streamed.model);
  CHECK(whole.provider == streamed.provider);
  CHECK(whole.service_tier == streamed.service_tier);
  CHECK(whole.system_fingerprint == streamed.system_fingerprint);
  CHECK(whole.created == streamed.created);
  CHECK(same_usage(whole.usage, streamed.usage));
  CHECK(whole.metadata == streamed.metadata);
  CHECK(whole.extra == streamed.extra);
  CHECK(whole.missing_finish_reason == streamed.missing_finish_reason);
  REQUIRE(whole.choices.size() == streamed.choices.size());
  for (std::size_t i = 0; i < whole.choices.size(); ++i) {
    const orcast::chat_choice& a = whole.choices[i];
    const orcast::chat_choice& b = streamed.choices[i];
    CHECK(a.finish_reason == b.finish_reason);
    CHECK(a.native_finish_reason == b.native_finish_reason);
    CHECK(a.reply.refusal == b.reply.refusal);
    CHECK(a.reply.images == b.reply.images);
    CHECK(a.reply.annotations == b.reply.annotations);
    CHECK(a.reply.role == b.reply.role);
    CHECK(a.reply.content == b.reply.content);
    CHECK(a.reply.reasoning == b.reply.reasoning);
    CHECK(a.reply.reasoning_details.empty() == b.reply.reasoning_details.empty());
    if (!a.reply.reasoning_details.empty()) {
      CHECK(value_of(a.reply.reasoning_details) == value_of(b.reply.reasoning_details));
    }
    CHECK(a.reply.extra == b.reply.extra);
  }
  CHECK(calls_of(whole) == calls_of(streamed));
  CHECK(value_of(whole.raw) == value_of(streamed.raw));
}

TEST_CASE("a streamed reply is the reply that a blocking call brings") {
  SECTION("text with reasoning") {
    const outcome whole = read(document(R"({
        "id":"gen-1","provider":"Anthropic","model":"anthropic/claude-sonnet-4.5",
        "object":"chat.completion","created":1700000000,"system_fingerprint":"fp_1",
        "choices":[{"index":0,"finish_reason":"stop","native_finish_reason":"end_turn",
          "message":{"role":"assistant","content":"Hi \u00fc","reasoning":"Let me","refusal":"r",
            "reasoning_details":[{"type":"reasoning.text","text":"Let me","signature":"sig",
                                  "format":"anthropic-claude-v1","index":0}]}}],
        "usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"cost":0.00001200,
          "is_byok":true,"prompt_tokens_details":{"cached_tokens":0},
          "completion_tokens_details":{"reasoning_tokens":7,"audio_tokens":null},
          "cost_details":{"upstream_inference_cost":0.5},"server_tool_use_details":{"a":1}},
        "openrouter_metadata":{"strategy":"direct"},"new_member":[1]})"));
    const outcome streamed = read(stream({
        R"({"id":"gen-1","provider":"Anthropic","model":"anthropic/claude-sonnet-4.5",
            "object":"chat.completion.chunk","created":1700000000,"system_fingerprint":"fp_1",
            "choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Let ",
              "reasoning_details":[{"type":"reasoning.text","text":"Let ","index":0,
                                    "format":"anthropic-claude-v1"}]},"finish_reason":null}]})",
        R"({"id":"gen-1","choices":[{"index":0,"delta":{"reasoning":"me","refusal":"r",
              "reasoning_details":[{"type":"reasoning.text","text":"me","index":0}]}}]})",
        R"({"id":"gen-1","choices":[{"index":0,"delta":{"content":"Hi ",
              "reasoning_details":[{"type":"reasoning.text","signature":"sig","index":0}]}}]})",
        R"({"id":"gen-1","choices":[{"index":0,"delta":{"content":"\u00fc"},
            "finish_reason":"stop","native_finish_reason":"end_turn"}],"new_member":[1]})",
        R"({"id":"gen-1","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":20,
            "total_tokens":30,"cost":0.00001200,"is_byok":true,
            "prompt_tokens_details":{"cached_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":7,"audio_tokens":null},
            "cost_details":{"upstream_inference_cost":0.5},"server_tool_use_details":{"a":1}},
            "openrouter_metadata":{"strategy":"direct"}})",
        done}));
    REQUIRE(whole.name() == "ok");
    REQUIRE(streamed.name() == "ok");
    CHECK(whole.reply.usage.cost == "0.00001200");
    check_same(whole.reply, streamed.reply);
    CHECK(whole.heard.text.empty());
    CHECK(whole.heard.first_chunks == 0);
  }
  SECTION("tool calls without a finish reason") {
    const outcome whole = read(document(R"({"id":"gen-2","model":"m","object":"chat.completion",
        "created":1,"choices":[{"index":0,"finish_reason":null,
          "message":{"role":"assistant","content":null,"annotations":[{"type":"url_citation"}],
            "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
                          {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]}}]})"));
    const outcome streamed = read(stream({
        R"({"id":"gen-2","model":"m","created":1,"choices":[{"index":0,"delta":{"role":"assistant",
            "content":null,"tool_calls":[{"index":0,"id":"a","type":"function",
              "function":{"name":"f","arguments":""}}],"annotations":[{"type":"url_citation"}]}}]})",
        R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}},
            {"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]}}]})",
        done}));
    REQUIRE(whole.name() == "ok");
    REQUIRE(streamed.name() == "ok");
    CHECK(whole.reply.finish_reason() == "tool_calls");
    CHECK(whole.reply.missing_finish_reason);
    check_same(whole.reply, streamed.reply);
  }
}

TEST_CASE("a reply in one piece keeps the body as it came") {
  const std::string body =
      " \n\n"
      R"({"id":"x","choices":[{"message":{"content":[
      {"type":"text","text":"a"},{"type":"image_url","image_url":{}}]},"finish_reason":"stop"}]} )";
  const outcome made = read(document(body), 1);
  REQUIRE(made.name() == "ok");
  CHECK(made.reply.raw == body);
  CHECK(made.reply.text() == "a");
  REQUIRE(made.reply.choices[0].reply.parts.size() == 2);
  CHECK(made.reply.choices[0].reply.parts[0].json.empty());
  CHECK(made.reply.choices[0].reply.parts[1].json == R"({"type":"image_url","image_url":{}})");
}

TEST_CASE("a body that is no reply says what it is instead") {
  struct row {
    std::string body;
    std::string result;
    std::string message;
  };
  const row rows[] = {
      {"", "malformed_response", "the body of the response is empty"},
      {"<html><title>Hi</title>", "malformed_response", "the response is a web page, not JSON"},
      {"{\"id\":\"x\",\"choi", "malformed_response", "the body of the response is not JSON"},
      {"{\"id\":\"x\"}", "malformed_response", "the body of the response has no choices"},
      {"[]", "malformed_response", "the body of the response has no choices"},
      {"\xEF\xBB\xBF{\"choices\":[]}", "ok", ""},
  };
  for (const row& each : rows) {
    CAPTURE(each.body);
    const outcome made = read(document(each.body));
    CHECK(made.name() == each.result);
    if (!made.end.ok()) CHECK(made.end.error().message == each.message);
  }
}

TEST_CASE("a transport's failure passes, with the status and what had arrived") {
  response from = document(R"({"id":"x","choi)");
  from.end = orcast::failure(errc::timeout_idle, "silent");
  const outcome made = read(from);
  CHECK(made.name() == "timeout_idle");
  CHECK(made.end.error().message == "silent");
  CHECK(made.end.error().http_status == 200);
  CHECK(made.reply.raw == from.body);

  response refused = document("<html>", 503);
  refused.end = orcast::failure(errc::disconnected, "cut");
  CHECK(read(refused).name() == "overloaded");
  refused.end = orcast::failure(errc::cancelled, "by the caller");
  CHECK(read(refused).name() == "cancelled");

  orcast::reply_reader untouched;
  CHECK(untouched.finish(orcast::failure(errc::connect, "refused")).error().code == errc::connect);
}

TEST_CASE("an error that the reader found outlives the stop that it asks for") {
  response from = stream({hello, R"({"error":{"code":429,"message":"slow down"}})", hello});
  from.end = orcast::failure(errc::cancelled, "stopped");
  const outcome made = read(from);
  CHECK(made.stopped);
  CHECK(made.name() == "rate_limited");
  CHECK(made.reply.text() == "Hello");
}

TEST_CASE("limits hold") {
  orcast::reply_limits limits;
  SECTION("a body") {
    limits.body_bytes = 10;
    CHECK(read(document(R"({"choices":[]})"), 3, limits).name() == "too_large");
  }
  SECTION("what a stream adds up") {
    limits.body_bytes = 11;
    CHECK(read(stream({hello, hello, stop, done}), 3, limits).name() == "ok");
    const outcome made = read(stream({hello, hello, hello, stop, done}), 3, limits);
    CHECK(made.name() == "too_large");
    CHECK(made.stopped);
    CHECK(made.reply.text().substr(0, 10) == "HelloHello");
  }
  SECTION("of reasoning no more than what is kept counts") {
    limits.body_bytes = 4000;
    const auto thoughts = [](int count) {
      std::vector<std::string> each(
          static_cast<std::size_t>(count),
          R"({"reasoning_details":[{"type":"reasoning.text","text":" a","format":"f-v1","index":0}]})");
      return deltas(each);
    };
    CHECK(read(thoughts(500), 3, limits).name() == "ok");
    CHECK(read(thoughts(4000), 3, limits).name() == "too_large");
  }
  SECTION("a line") {
    limits.line_bytes = 30;
    CHECK(read(stream({hello, stop, done}), 3, limits).name() == "too_large");
  }
  SECTION("events") {
    limits.events = 2;
    CHECK(read(stream({hello, stop, done}), 3, limits).name() == "too_large");
  }
  SECTION("tool calls") {
    limits.tool_calls = 1;
    CHECK(read(deltas({R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]})"}), 3,
               limits)
              .name() == "ok");
    CHECK(read(deltas({R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}},
                                         {"index":9,"id":"b","function":{"name":"f"}}]})"}),
               3, limits)
              .name() == "too_large");
  }
  SECTION("a call's arguments") {
    limits.tool_argument_bytes = 4;
    CHECK(
        read(
            deltas(
                {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"12345"}}]})"}),
            3, limits)
            .name() == "too_large");
  }
  SECTION("depth") {
    limits.depth = 5;
    CHECK(read(document(R"({"choices":[],"a":{"a":{"a":{"a":1}}}})"), 3, limits).name() == "ok");
    CHECK(read(document(R"({"choices":[],"a":{"a":{"a":{"a":[[]]}}}})"), 3, limits).name() ==
          "malformed_response");
  }
  SECTION("values") {
    std::string many = R"({"choices":[],"a":[0)";
    for (int i = 0; i < (1 << 21); ++i) many += ",0";
    many += "]}";
    CHECK(read(document(many)).name() == "too_large");
    CHECK(read(stream({many, done})).name() == "too_large");
  }
  SECTION("choices") {
    std::string many = R"({"choices":[{"index":0})";
    for (int i = 1; i < 65; ++i) many += ",{\"index\":" + std::to_string(i) + "}";
    many += "]}";
    CHECK(read(document(many)).name() == "too_large");
  }
}

TEST_CASE("a reader that is used again remembers nothing") {
  orcast::reply_reader reader;
  const outcome first = reading::read_with(
      reader,
      deltas({R"({"content":"a","tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}],)"
              R"("images":[1],"refusal":"r","x":1})"}),
      9);
  REQUIRE(first.name() == "ok");
  reader.reset();
  CHECK(reader.reply().choices.empty());
  CHECK(reader.reply().raw.empty());
  CHECK(reader.generation_id().empty());
  CHECK_FALSE(reader.received_content());
  const outcome failed =
      reading::read_with(reader, document(R"({"error":{"code":500,"message":"m"}})", 500), 9);
  CHECK(failed.name() == "server");
  reader.reset();
  const response plain = stream({hello, stop, usage, done});
  const outcome again = reading::read_with(reader, plain, 9);
  REQUIRE(again.name() == "ok");
  check_same(again.reply, read(plain).reply);
  CHECK(again.reply.choices.at(0).reply.refusal.empty());
}

/// A small generator with a fixed seed: the same bytes on every machine.
struct dice {
  std::uint64_t state = 0x9E3779B97F4A7C15u;
  std::size_t below(std::size_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::size_t>(state % bound);
  }
};

TEST_CASE("any bytes at any split give a reply or a failure") {
  const std::string samples[] = {
      reading::events({hello, stop, usage, done}),
      deltas(
          {R"({"content":"a\ud83d\ude00\n","reasoning":"\u00e4","reasoning_details":[{"type":"reasoning.text","text":"t","index":0,"signature":"s"}]})",
           R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"function":{"name":"g"}}]})",
           R"({"images":[{}],"annotations":[],"audio":{"data":"x"},"x":[[[[1e5]]]]})"})
          .body,
      reading::events(
          {hello,
           R"({"error":{"code":502,"message":"x","metadata":{"raw":"{\"error\":{\"message\":\"y\"}}","provider_name":"P"}}})"}),
      R"({"id":"x","choices":[{"message":{"content":"Hello","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"cost":1.5e-5,"prompt_tokens":1}})",
      R"({"error":{"code":"server_error","message":"m","metadata":{"raw":{"details":[{"msg":"deep"}]}},"availability":{"retryable":true,"retry_after":3}}})",
      "<html><head><title>502 Bad Gateway</title></head></html>",
  };
  const std::string_view spice[] = {"\"",
                                    "\\",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    ",",
                                    ":",
                                    "\n\n",
                                    "\r",
                                    "data: ",
                                    "null",
                                    "\\ud800",
                                    "\\udc00",
                                    "\xED\xA0\x80",
                                    "\xFF",
                                    "-",
                                    "1e999",
                                    "[DONE]",
                                    "\"index\":-5,",
                                    "\"error\":{},",
                                    std::string_view("\0", 1)};
  dice roll;
  orcast::reply_reader reader;
  int replies = 0;
  int failures = 0;
  for (int round = 0; round < 6000; ++round) {
    response from;
    from.body = samples[roll.below(std::size(samples))];
    for (std::size_t change = roll.below(6); change-- > 0 && !from.body.empty();) {
      const std::size_t at = roll.below(from.body.size());
      switch (roll.below(4)) {
        case 0:
          from.body[at] = static_cast<char>(roll.below(256));
          break;
        case 1:
          from.body.erase(at, roll.below(12));
          break;
        case 2:
          from.body.insert(at, spice[roll.below(std::size(spice))]);
          break;
        default:
          from.body.insert(at, from.body.substr(roll.below(from.body.size()), 40));
          break;
      }
    }
    if (roll.below(3) == 0) from.type = "application/json";
    if (roll.below(4) == 0) from.status = 400 + static_cast<int>(roll.below(200));
    if (roll.below(8) == 0) from.end = orcast::failure(errc::disconnected, "cut");
    reader.reset();
    const outcome made = reading::read_with(reader, from, 1 + roll.below(60));
    (made.end.ok() ? replies : failures) += 1;
    if (made.end.ok() || reader.streamed()) {
      CHECK(orcast::valid_utf8(made.reply.text()));
      if (!made.reply.raw.empty() && reader.streamed()) CHECK(value_of(made.reply.raw).is_object());
    }
    if (!made.end.ok()) {
      CHECK_FALSE(made.end.error().message.empty());
      CHECK(orcast::valid_utf8(made.end.error().message));
    }
  }
  CHECK(replies > 300);
  CHECK(failures > 500);
}

}  // namespace
