// SPDX-License-Identifier: MIT

// What an observation records of messages: parts, reasoning, tools, media.

#include "orcast/openrouter/observation.hpp"

#include "observation_support.hpp"

using namespace orcast;
using test::ask;
using test::exchange;
using test::observed;
using test::plain_span;
using test::reply_with;

namespace {

const std::string in = "llm.input_messages.";
const std::string out = "llm.output_messages.0.message.";

std::string part_of(const std::string& of, int number) {
  return of + "contents." + std::to_string(number) + ".message_content.";
}

plain_span answered(const std::string& message, const std::string& rest = "") {
  observed with;
  return with.record(ask("?"), {200, "application/json", reply_with(message, rest), {}});
}

}  // namespace

TEST_CASE("each kind of part has its place, and the text of all is the message's content") {
  chat_request request = ask("");
  message said;
  said.role = "user";
  said.parts = {
      part::text("Look."),
      part::json(
          "image_url",
          R"({"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}})"),
      part::json("input_audio",
                 R"({"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}})"),
      part::json("file",
                 R"({"type":"file","file":{"filename":"map.pdf","file_data":"https://x/y"}})"),
      part::text("What is it?")};
  request.messages = {said};
  observed with;
  const plain_span seen = with.record(request, {200, "application/json", reply_with("{}"), {}});
  CHECK(seen.at(in + "0.message.content") == "Look.\nWhat is it?");
  const std::string message = in + "0.message.";
  CHECK(seen.at(part_of(message, 0) + "type") == "text");
  CHECK(seen.at(part_of(message, 0) + "text") == "Look.");
  CHECK(seen.at(part_of(message, 1) + "type") == "image");
  CHECK(seen.at(part_of(message, 1) + "image.image.url") == "https://example.com/a.png");
  CHECK(seen.at(part_of(message, 2) + "type") == "audio");
  CHECK(seen.at(part_of(message, 2) + "audio.audio.mime_type") == "audio/wav");
  CHECK(seen.at(part_of(message, 2) + "audio.audio.url").find("[audio/wav, 4 bytes, sha256 ") == 0);
  CHECK(seen.at(part_of(message, 3) + "type") == "file");
  CHECK(seen.at(part_of(message, 3) + "text").find("map.pdf") != std::string::npos);
  CHECK(seen.at(part_of(message, 4) + "text") == "What is it?");
  CHECK_FALSE(seen.has(part_of(message, 5) + "type"));
}

TEST_CASE("a message of text alone has no parts") {
  observed with;
  const plain_span seen = with.record(
      ask("hello"),
      {200, "application/json", reply_with(R"({"role":"assistant","content":"hi"})"), {}});
  CHECK(seen.at(in + "0.message.content") == "hello");
  CHECK(seen.at(out + "content") == "hi");
  for (const auto& [key, value] : seen.attributes) {
    CHECK(key.find("message.contents") == std::string::npos);
  }
}

TEST_CASE("reasoning keeps what is needed to send it back") {
  const plain_span seen = answered(
      R"({"role":"assistant","content":"Low tide.","reasoning":"Hm. So.","reasoning_details":[)"
      R"({"type":"reasoning.summary","summary":"Hm.","id":"rs_1","format":"openai-responses-v1"},)"
      R"({"type":"reasoning.text","text":"So.","signature":"c2ln","format":"anthropic-claude-v1"},)"
      R"({"type":"reasoning.encrypted","data":"AAAA","format":"openai-responses-v1","id":"rs_2"},)"
      R"({"type":"reasoning.encrypted","data":"BBBB","format":"anthropic-claude-v1"}]})");
  CHECK(seen.at(out + "content") == "Low tide.");
  CHECK(seen.at(part_of(out, 0) + "type") == "reasoning");
  CHECK(seen.at(part_of(out, 0) + "text") == "Hm.");
  CHECK(seen.at(part_of(out, 0) + "id") == "rs_1");
  CHECK(seen.at(part_of(out, 1) + "text") == "So.");
  CHECK(seen.at(part_of(out, 1) + "signature") == "c2ln");
  CHECK(seen.at(part_of(out, 2) + "encrypted_content") == "AAAA");
  CHECK(seen.at(part_of(out, 2) + "id") == "rs_2");
  CHECK(seen.at(part_of(out, 3) + "data") == "BBBB");
  CHECK(seen.at(part_of(out, 4) + "type") == "text");
  CHECK(seen.at(part_of(out, 4) + "text") == "Low tide.");
}

TEST_CASE("long encrypted reasoning and signatures stay as they are") {
  const std::string data(2000, 'A');
  const plain_span seen =
      answered(R"({"role":"assistant","content":"x","reasoning_details":[{"type":"reasoning.text",)"
               R"("text":"t","signature":")" +
               data + R"("},{"type":"reasoning.encrypted","data":")" + data + R"("}]})");
  CHECK(seen.at(part_of(out, 0) + "signature") == data);
  CHECK(seen.at(part_of(out, 1) + "encrypted_content") == data);
  CHECK(seen.at("output.value").find(data) == std::string::npos);
}

TEST_CASE("a signature that belongs to a tool call is with that call") {
  const plain_span seen = answered(
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",)"
      R"("function":{"name":"tide","arguments":"{}"}}],"reasoning_details":[{"type":)"
      R"("reasoning.encrypted","id":"call_1","data":"R0VN","format":"google-gemini-v1"}]})");
  const std::string call = out + "tool_calls.0.tool_call.";
  CHECK(seen.at(call + "reasoning_signature") == "R0VN");
  CHECK(seen.at(call + "function.name") == "tide");
  CHECK_FALSE(seen.has(part_of(out, 0) + "type"));
}

TEST_CASE("pictures, sound and refusals of an answer are in its message") {
  const plain_span seen =
      answered(R"({"role":"assistant","content":"","refusal":"I would rather not.","images":[)"
               R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}],)"
               R"("audio":{"id":"a","data":"UklGRg==","transcript":"No."}})");
  CHECK(seen.at(out + "content") == "I would rather not.");
  CHECK(seen.at(part_of(out, 0) + "type") == "image");
  CHECK(seen.at(part_of(out, 0) + "image.image.url").find("[image/png, 8 bytes") == 0);
  CHECK(seen.at(part_of(out, 1) + "type") == "audio");
  CHECK(seen.at(part_of(out, 1) + "audio.audio.transcript") == "No.");
  CHECK(seen.at(part_of(out, 1) + "audio.audio.url").find("4 bytes") != std::string::npos);
  CHECK(seen.at("output.value").find("iVBOR") == std::string::npos);
}

TEST_CASE("every choice is a message") {
  observed with;
  const plain_span seen = with.record(
      ask("?"),
      {200,
       "application/json",
       R"({"id":"g","model":"m","choices":[{"index":0,"message":{"content":"a"},"finish_reason":)"
       R"("stop"},{"index":1,"message":{"content":"b"},"finish_reason":"length"}]})",
       {}});
  CHECK(seen.at("llm.output_messages.0.message.content") == "a");
  CHECK(seen.at("llm.output_messages.1.message.content") == "b");
  CHECK(seen.at("llm.output_messages.1.message.role") == "assistant");
  CHECK(seen.at("gen_ai.response.finish_reasons") == "[stop,length]");
  CHECK(seen.at("llm.finish_reason") == "stop");
}

TEST_CASE("a tool's message bears the name of the function that it answers") {
  chat_request request = ask("Is it low?");
  message wants = message::assistant("");
  wants.tool_calls = {{"call_1", "tide", "{}", ""}};
  request.messages.push_back(wants);
  request.messages.push_back(message::tool("call_1", "low"));
  observed with;
  const plain_span seen = with.record(request, {200, "application/json", reply_with("{}"), {}});
  CHECK(seen.at(in + "2.message.name") == "tide");
  CHECK(seen.at(in + "2.message.tool_call_id") == "call_1");
  CHECK(seen.at(in + "1.message.tool_calls.0.tool_call.id") == "call_1");
}

TEST_CASE("the calls of older programs are recorded too") {
  observed with;
  const plain_span seen = with.record_raw(
      test::chat_url,
      R"({"model":"m","messages":[{"role":"assistant","content":"","function_call":)"
      R"({"name":"tide","arguments":"{\"at\":1}"}}]})",
      {200, "application/json", reply_with("{}"), {}});
  CHECK(seen.at(in + "0.message.function_call_name") == "tide");
  CHECK(seen.at(in + "0.message.function_call_arguments_json") == R"({"at":1})");
}

TEST_CASE("parameters appear under OpenTelemetry's names too, from whatever field they came") {
  observed with;
  const plain_span seen = with.record_raw(
      test::chat_url,
      R"({"model":"openai/gpt-4o","messages":[],"max_tokens":7,"n":2,"top_k":40,"seed":3,)"
      R"("temperature":1,"top_p":0.5,"frequency_penalty":0.1,"presence_penalty":0.2,)"
      R"("stop":"END","response_format":{"type":"json_object"},"stream":true})",
      {200, "application/json", reply_with("{}"), {}});
  CHECK(seen.at("gen_ai.request.max_tokens") == "7");
  CHECK(seen.at("gen_ai.request.choice.count") == "2");
  CHECK(std::stod(seen.at("gen_ai.request.top_k")) == 40);
  CHECK(seen.at("gen_ai.request.seed") == "3");
  CHECK(std::stod(seen.at("gen_ai.request.temperature")) == 1);
  CHECK(std::stod(seen.at("gen_ai.request.frequency_penalty")) == 0.1);
  CHECK(std::stod(seen.at("gen_ai.request.presence_penalty")) == 0.2);
  CHECK(seen.at("gen_ai.request.stop_sequences") == "[END]");
  CHECK(seen.at("gen_ai.output.type") == "json");
  CHECK(seen.at("gen_ai.request.stream") == "true");

  recording plain;
  plain.companions = false;
  observed without(plain);
  for (const auto& [key, value] :
       without.record(ask("?"), {200, "application/json", reply_with("{}"), {}}).attributes) {
    CHECK(key.find("gen_ai.") != 0);
  }
}

TEST_CASE("an answer that came as text and as parts is recorded with all of its text") {
  const std::string chunks = test::stream_of(
      {R"({"choices":[{"delta":{"content":"Hel"}}]})",
       R"({"choices":[{"delta":{"content":[{"type":"text","text":"lo"}]},"finish_reason":"stop"}]})",
       "[DONE]"});
  observed with;
  const plain_span seen = with.record(ask("?"), {200, "text/event-stream", chunks, {}});
  CHECK(seen.at(out + "content") == "Hello");
  CHECK(seen.at(part_of(out, 0) + "text") == "lo");
}

TEST_CASE("each part of a body that other code wrote is recorded once") {
  observed with;
  const plain_span seen = with.record_raw(
      test::chat_url,
      R"({"model":"m/x","messages":[{"role":"user","content":[{"type":"text","text":"Look."},)"
      R"({"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]},)"
      R"({"role":"user","content":"And?"}]})",
      {200, "application/json", reply_with(R"({"content":"Hi"})"), {}});
  const std::string first = in + "0.message.";
  CHECK(seen.at(first + "content") == "Look.");
  CHECK(seen.at(part_of(first, 0) + "text") == "Look.");
  CHECK(seen.at(part_of(first, 1) + "image.image.url") == "https://example.com/a.png");
  CHECK(seen.attributes.count(part_of(first, 2) + "type") == 0);
  CHECK(seen.at(in + "1.message.content") == "And?");
  CHECK(seen.attributes.count(part_of(in + "1.message.", 0) + "type") == 0);
}
