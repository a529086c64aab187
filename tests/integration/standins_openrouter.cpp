// SPDX-License-Identifier: MIT
//
// The stand-in for OpenRouter is what every other test believes, so it is tested on its own:
// through cpp-httplib's client where HTTP is enough, and on bare sockets where bytes matter.

#include "standins/openrouter.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <httplib.h>

#include "standins/json_text.hpp"
#include "standins/openrouter_rules.hpp"
#include "support/catch.hpp"

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using standins::fault;
using standins::openrouter;

constexpr const char* chat_path = "/api/v1/chat/completions";

openrouter::options quick() {
  openrouter::options options;
  options.pace = standins::pace::none();
  return options;
}

const std::string harbour =
    R"("messages":[{"role":"system","content":"You are Brun, harbour master of Grauhafen. Stay in )"
    R"(character."},{"role":"user","content":"Who holds the key to the customs house?"}])";
const std::string plain = R"({"model":"openai/gpt-4o-mini",)" + harbour + "}";
const std::string streamed = R"({"model":"openai/gpt-4o-mini","stream":true,)" + harbour + "}";

const std::string tools =
    R"("tools":[{"type":"function","function":{"name":"sell_item","description":"Sells an item of )"
    R"(the shop","parameters":{"type":"object","properties":{"item":{"type":"string"},"count":{)"
    R"("type":"integer"},"coin":{"type":"string","enum":["copper","silver"]}},"required":["item",)"
    R"("count","coin"]}}},{"type":"function","function":{"name":"open_gate","description":"Opens )"
    R"(the town gate"}}])";

std::string with_tools(const std::string& text, const std::string& more = "") {
  return R"({"model":"openai/gpt-4o-mini",)" + more + tools +
         R"(,"messages":[{"role":"user","content":")" + text + "\"}]}";
}

httplib::Headers headers(const std::string& wrong = "") {
  httplib::Headers out = {{"Authorization", std::string("Bearer ") + openrouter::key}};
  if (!wrong.empty()) out.emplace("x-standin-fault", wrong);
  return out;
}

httplib::Result post(const openrouter& service, const std::string& body,
                     const httplib::Headers& sent = headers()) {
  httplib::Client client(service.origin());
  return client.Post(chat_path, sent, body, "application/json");
}

json::value ask(const openrouter& service, const std::string& body,
                const httplib::Headers& sent = headers()) {
  const httplib::Result result = post(service, body, sent);
  REQUIRE(result);
  return json::parse(result->body);
}

json::value get(const openrouter& service, const std::string& path) {
  const httplib::Result result = httplib::Client(service.origin()).Get(path, headers());
  REQUIRE(result);
  return json::parse(result->body);
}

std::string text_at(const json::value& from, std::string_view pointer) {
  const json::value& found = from.at_pointer(pointer);
  return found.is_string() ? std::string(found.get_string().c_str()) : standins::print(found);
}

const json::value& message_of(const json::value& reply) {
  return reply.at_pointer("/choices/0/message");
}

/// The data of each event, [DONE] included.
std::vector<std::string> events_of(const std::string& stream) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while ((at = stream.find("data: ", at)) != stream.npos) {
    at += 6;
    out.push_back(stream.substr(at, stream.find("\n\n", at) - at));
  }
  return out;
}

/// All of one member of the deltas, joined.
std::string joined(const std::vector<std::string>& events, const std::string& name) {
  std::string out;
  for (const std::string& event : events) {
    if (event == "[DONE]") continue;
    const json::value chunk = json::parse(event);
    if (chunk.at("choices").get_array().empty()) continue;
    out += standins::text_member(chunk.at_pointer("/choices/0/delta"), name);
  }
  return out;
}

/// A client that sees the bytes as they come.
class raw_client {
 public:
  explicit raw_client(const openrouter& service) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(service.port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};  // a test that waits in vain fails instead of hanging
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client() { ::close(socket_); }

  raw_client& send_chat(const std::string& body, const std::string& wrong) {
    const std::string text = std::string("POST ") + chat_path +
                             " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                             "Content-Type: application/json\r\nAuthorization: Bearer " +
                             openrouter::key + "\r\nx-standin-fault: " + wrong +
                             "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                             body;
    REQUIRE(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
    return *this;
  }

  /// Reads until that text has come; false when the connection ended before.
  bool read_until(std::string_view wanted) {
    while (received_.find(wanted) == received_.npos) {
      if (!read_more()) return false;
    }
    return true;
  }

  const std::string& read_all() {
    while (read_more()) {
    }
    return received_;
  }

  std::string between(std::string_view begin, std::string_view end) const {
    const std::size_t from = received_.find(begin) + begin.size();
    return received_.substr(from, received_.find(end, from) - from);
  }

  bool was_reset() const { return was_reset_; }

 private:
  bool read_more() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    was_reset_ = got < 0 && errno == ECONNRESET;
    if (got > 0) received_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_;
  std::string received_;
  bool was_reset_ = false;
};

struct raw_answer {
  std::string head, body;
  std::vector<std::string> chunks;
  bool complete = false;  ///< the chunked body had its end
};

raw_answer raw(const openrouter& service, const std::string& body, const std::string& wrong) {
  raw_client client(service);
  const std::string all = client.send_chat(body, wrong).read_all();
  raw_answer out;
  const std::size_t end = all.find("\r\n\r\n");
  REQUIRE(end != all.npos);
  out.head = all.substr(0, end + 2);
  std::string rest = all.substr(end + 4);
  if (out.head.find("chunked") == out.head.npos) {
    out.body = rest;
    return out;
  }
  while (!rest.empty()) {
    const std::size_t size = std::strtoul(rest.c_str(), nullptr, 16);
    const std::size_t begin = rest.find("\r\n") + 2;
    out.complete = size == 0;
    if (size == 0) break;
    out.chunks.push_back(rest.substr(begin, size));
    out.body += out.chunks.back();
    rest.erase(0, begin + size + 2);
  }
  return out;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

class temporary_file {
 public:
  explicit temporary_file(const std::string& content) {
    const int file = ::mkstemp(name_);
    REQUIRE(file >= 0);
    ::close(file);
    std::ofstream(name_) << content;
  }
  ~temporary_file() { std::remove(name_); }
  const char* name() const { return name_; }

 private:
  char name_[32] = "standin_ca_XXXXXX";
};

}  // namespace

TEST_CASE("OpenRouter refuses a request without its key", "[standins]") {
  const openrouter service(quick());
  httplib::Result result = post(service, plain, {});
  REQUIRE(result);
  CHECK(result->status == 401);
  CHECK(text_at(json::parse(result->body), "/error/message") == "Missing Authentication header");
  result = post(service, plain, {{"Authorization", "Bearer sk-or-v1-other"}});
  REQUIRE(result);
  CHECK(result->status == 401);
  CHECK(text_at(json::parse(result->body), "/error/code") == "401");

  openrouter::options options = quick();
  options.keys.push_back("sk-or-v1-other");
  const openrouter lenient(options);
  CHECK(post(lenient, plain, {{"Authorization", "Bearer sk-or-v1-other"}})->status == 200);
}

TEST_CASE("OpenRouter answers 400 to a malformed request", "[standins]") {
  const openrouter service(quick());
  const std::pair<std::string, std::string> cases[] = {
      {"{", "not valid JSON"},
      {"[]", "JSON object"},
      {R"({"model":"a/b"})", "Input required"},
      {R"({"messages":[]})", "Input required"},
      {R"({"model":"gpt-4",)" + harbour + "}", "gpt-4 is not a valid model ID"},
      {R"({"temperature":"hot",)" + harbour + "}", "'temperature'"},
      {R"({"temperature":2.5,)" + harbour + "}", "between 0 and 2"},
      {R"({"stream":"yes",)" + harbour + "}", "'stream'"},
      {R"({"stop":["a","b","c","d","e"],)" + harbour + "}", "'stop'"},
      {R"({"messages":[{"role":"king","content":"x"}]})", "'role' in messages[0]"},
      {R"({"messages":[{"role":"user","content":7}]})", "'content' in messages[0]"},
      {R"({"messages":[{"role":"tool","content":"x"}]})", "'tool_call_id'"},
      {R"({"tools":[{"type":"function"}],)" + harbour + "}", "'function.name'"},
      {R"({"response_format":{"type":"json_schema"},)" + harbour + "}", "'json_schema.name'"},
      {R"({"session_id":")" + std::string(257, 's') + "\"," + harbour + "}", "'session_id'"},
      {R"({"user":")" + std::string(129, 'u') + "\"," + harbour + "}", "'user'"},
  };
  for (const auto& [body, expected] : cases) {
    INFO(body);
    const httplib::Result result = post(service, body);
    REQUIRE(result);
    CHECK(result->status == 400);
    const json::value answer = json::parse(result->body);
    CHECK(answer.at_pointer("/error/code").as_int64() == 400);
    CHECK(contains(text_at(answer, "/error/message"), expected));
  }
}

TEST_CASE("A blocking reply has what OpenRouter's has", "[standins]") {
  const openrouter service(quick());
  const httplib::Result result = post(service, plain);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->get_header_value("Content-Type") == "application/json");
  const json::value reply = json::parse(result->body);
  CHECK(text_at(reply, "/id") == result->get_header_value("X-Generation-Id"));
  CHECK(text_at(reply, "/id").substr(0, 4) == "gen-");
  CHECK(text_at(reply, "/object") == "chat.completion");
  CHECK(text_at(reply, "/provider") == "OpenAI");
  CHECK(text_at(reply, "/choices/0/finish_reason") == "stop");
  CHECK(contains(text_at(reply, "/choices/0/message/content"), "customs house"));
  CHECK(reply.at_pointer("/usage/prompt_tokens_details/cached_tokens").as_int64() == 0);
  CHECK(reply.at_pointer("/usage/prompt_tokens_details/cache_write_tokens").as_int64() == 0);
  CHECK(reply.at_pointer("/usage/completion_tokens_details/reasoning_tokens").as_int64() == 0);
  CHECK(reply.at_pointer("/usage/is_byok").as_bool() == false);
  CHECK(reply.at_pointer("/usage/cost_details/upstream_inference_cost").is_null());
  CHECK(reply.at_pointer("/usage/total_tokens").as_int64() ==
        reply.at_pointer("/usage/prompt_tokens").as_int64() +
            reply.at_pointer("/usage/completion_tokens").as_int64());
  CHECK(reply.as_object().if_contains("openrouter_metadata") == nullptr);
}

TEST_CASE("A cost is decimal text without an exponent", "[standins]") {
  openrouter service(quick());
  standins::scripted_reply reply;
  reply.text = "Aye.";
  reply.usage = standins::token_counts{50, 25, 0, 0, 0};
  service.enqueue(reply);
  const httplib::Result result = post(service, plain);
  REQUIRE(result);
  CHECK(contains(result->body, R"("cost":0.0000225,)"));
  CHECK(standins::decimal(0) == "0");
  CHECK(standins::decimal(12.5) == "12.5");
  CHECK(standins::decimal(-1500) == "-1500");
  CHECK(standins::decimal(1e-7) == "0.0000001");
}

TEST_CASE("A stream has OpenRouter's framing and the content of the blocking reply", "[standins]") {
  const openrouter service(quick());
  const json::value whole = ask(service, plain);
  const httplib::Result result = post(service, streamed);
  REQUIRE(result);
  CHECK(result->get_header_value("Content-Type") == "text/event-stream");
  CHECK(result->body.compare(0, 27, ": OPENROUTER PROCESSING\n\nda") == 0);
  const std::vector<std::string> events = events_of(result->body);
  REQUIRE(events.size() > 5);
  CHECK(events.back() == "[DONE]");

  const json::value first = json::parse(events.front());
  CHECK(text_at(first, "/choices/0/delta/role") == "assistant");
  CHECK(text_at(first, "/choices/0/delta/content").empty());
  CHECK(text_at(first, "/id") == result->get_header_value("X-Generation-Id"));
  const json::value finish = json::parse(events[events.size() - 3]);
  CHECK(text_at(finish, "/choices/0/finish_reason") == "stop");
  CHECK(text_at(finish, "/choices/0/native_finish_reason") == "stop");
  const json::value usage = json::parse(events[events.size() - 2]);
  CHECK(usage.at("choices").as_array().empty());
  CHECK(usage.at("usage") == whole.at("usage"));
  CHECK(joined(events, "content") == text_at(whole, "/choices/0/message/content"));
}

TEST_CASE("Reasoning comes when it is asked for, and is hidden on request", "[standins]") {
  const openrouter service(quick());
  CHECK(message_of(ask(service, plain)).at("reasoning").is_null());

  const std::string low = R"("model":"anthropic/claude-haiku-4.5","reasoning":{"effort":"low"},)";
  const json::value whole = ask(service, "{" + low + harbour + "}");
  const std::string reasoning = text_at(whole, "/choices/0/message/reasoning");
  CHECK_FALSE(reasoning.empty());
  CHECK(text_at(whole, "/choices/0/message/reasoning_details/0/text") == reasoning);
  CHECK_FALSE(text_at(whole, "/choices/0/message/reasoning_details/0/signature").empty());
  CHECK(whole.at_pointer("/usage/completion_tokens_details/reasoning_tokens").as_int64() > 0);
  CHECK(text_at(whole, "/choices/0/native_finish_reason") == "end_turn");

  const httplib::Result stream = post(service, R"({"stream":true,)" + low + harbour + "}");
  REQUIRE(stream);
  CHECK(joined(events_of(stream->body), "reasoning") == reasoning);

  const json::value hidden =
      ask(service, R"({"reasoning":{"effort":"low","exclude":true},)" + harbour + "}");
  CHECK(message_of(hidden).at("reasoning").is_null());
  CHECK(hidden.at_pointer("/usage/completion_tokens_details/reasoning_tokens").as_int64() > 0);
  CHECK(message_of(ask(service, R"({"reasoning":{"effort":"none"},)" + harbour + "}"))
            .at("reasoning")
            .is_null());
}

TEST_CASE("The player's words call the tool that they fit", "[standins]") {
  const openrouter service(quick());
  const std::string body = with_tools("Sell me 3 of the Moon Daggers, for silver.");
  const json::value reply = ask(service, body);
  CHECK(message_of(reply).at("content").is_null());
  CHECK(text_at(reply, "/choices/0/finish_reason") == "tool_calls");
  CHECK(text_at(reply, "/choices/0/message/tool_calls/0/function/name") == "sell_item");
  const std::string arguments =
      text_at(reply, "/choices/0/message/tool_calls/0/function/arguments");
  CHECK(arguments == R"({"item":"Moon Daggers","count":3,"coin":"silver"})");

  const httplib::Result stream =
      post(service, with_tools("Sell me 3 of the Moon Daggers, for silver.", R"("stream":true,)"));
  REQUIRE(stream);
  std::string fragments, id;
  std::size_t count = 0;
  for (const std::string& event : events_of(stream->body)) {
    if (event.find("tool_calls\":[") == event.npos) continue;
    const json::value call = json::parse(event).at_pointer("/choices/0/delta/tool_calls/0");
    CHECK(call.at("index").as_int64() == 0);
    id += standins::text_member(call, "id");
    fragments += standins::text_member(call.at("function"), "arguments");
    ++count;
  }
  CHECK(fragments == arguments);
  CHECK(id.substr(0, 5) == "call_");
  CHECK(count > 3);
}

TEST_CASE("Where no tool fits, or none may be called, the model talks", "[standins]") {
  const openrouter service(quick());
  CHECK(text_at(ask(service, with_tools("Good evening to you.")), "/choices/0/finish_reason") ==
        "stop");
  const std::string none = R"("tool_choice":"none",)";
  CHECK(text_at(ask(service, with_tools("Open the gate!", none)), "/choices/0/finish_reason") ==
        "stop");

  const std::string name = "/choices/0/message/tool_calls/0/function/name";
  CHECK(text_at(ask(service, with_tools("Open the gate!")), name) == "open_gate");
  CHECK(text_at(ask(service, with_tools("Hm.", R"("tool_choice":"required",)")), name) ==
        "sell_item");
  const std::string chosen =
      R"("tool_choice":{"type":"function","function":{"name":"open_gate"}},)";
  CHECK(text_at(ask(service, with_tools("Sell me an item", chosen)), name) == "open_gate");
}

TEST_CASE("After a tool's result the model reads it out", "[standins]") {
  const openrouter service(quick());
  const auto after = [&](const std::string& result) {
    return text_at(
        ask(service, R"({"messages":[{"role":"user","content":"Open the gate!"},{"role":)"
                     R"("assistant","content":null,"tool_calls":[]},{"role":"tool",)"
                     R"("tool_call_id":"c","content":)" +
                         result + "}]," + tools + "}"),
        "/choices/0/message/content");
  };
  CHECK(contains(after(R"("The gate is stuck")"), "The gate is stuck"));
  CHECK(contains(after(R"("{\"berth\":4,\"cargo\":\"sealed\"}")"), "berth 4, cargo sealed"));
}

TEST_CASE("A prescribed format is kept", "[standins]") {
  const openrouter service(quick());
  const json::value reply = ask(
      service,
      R"({"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object",)"
      R"("properties":{"mood":{"enum":["calm","angry"]},"coins":{"type":"integer"}}}}},"messages":[)"
      R"({"role":"user","content":"I am angry: 12 coins!"}]})");
  CHECK(text_at(reply, "/choices/0/message/content") == R"({"mood":"angry","coins":12})");
}

TEST_CASE("The same request gets the same answer, another persona speaks as itself", "[standins]") {
  const openrouter service(quick());
  const json::value first = ask(service, plain), second = ask(service, plain);
  CHECK(message_of(first) == message_of(second));
  CHECK(first.at("usage") == second.at("usage"));
  CHECK(first.at("id") != second.at("id"));
  CHECK(standins::persona_name("You are Old Piet, who sells eels.") == "Old Piet");
  CHECK(standins::persona_role("You are Mira, a gruff smith. Be brief.", "Mira") == "gruff smith");
}

TEST_CASE("A scripted reply is used before the rules", "[standins]") {
  openrouter service(quick());
  standins::scripted_reply other, tools_first, last;
  other.when = "the drowned bell";
  other.text = "Never.";
  tools_first.tool_calls = {{"a", R"({"x":1})", "call_1"}, {"b", "{}", ""}};
  tools_first.model = "anthropic/claude-sonnet-4.5";
  tools_first.provider = "Amazon Bedrock";
  last.when = "customs";
  last.text = "I hold it.";
  last.reasoning = "Be short.";
  last.finish_reason = "content_filter";
  last.native_finish_reason = "SAFETY";
  last.byok = true;
  for (const auto& reply : {other, tools_first, last}) service.enqueue(reply);

  json::value reply = ask(service, plain);
  CHECK(text_at(reply, "/model") == "anthropic/claude-sonnet-4.5");
  CHECK(text_at(reply, "/provider") == "Amazon Bedrock");
  CHECK(text_at(reply, "/choices/0/native_finish_reason") == "tool_use");
  CHECK(text_at(reply, "/choices/0/message/tool_calls/0/id") == "call_1");
  CHECK(text_at(reply, "/choices/0/message/tool_calls/1/function/name") == "b");

  reply = ask(service, plain);
  CHECK(text_at(reply, "/choices/0/message/content") == "I hold it.");
  CHECK(text_at(reply, "/choices/0/message/reasoning") == "Be short.");
  CHECK(text_at(reply, "/choices/0/finish_reason") == "content_filter");
  CHECK(text_at(reply, "/choices/0/native_finish_reason") == "SAFETY");
  CHECK(reply.at_pointer("/usage/is_byok").as_bool());
  CHECK(reply.at_pointer("/usage/cost").as_double() > 0);  // OpenRouter's fee, 5 %
  CHECK(reply.at_pointer("/usage/cost").as_double() * 19 <
        reply.at_pointer("/usage/cost_details/upstream_inference_cost").as_double());

  CHECK(text_at(ask(service, plain), "/choices/0/finish_reason") == "stop");  // by rule again
}

TEST_CASE("An answer longer than max_tokens is cut and says so", "[standins]") {
  const openrouter service(quick());
  const json::value reply = ask(service, R"({"max_tokens":3,)" + harbour + "}");
  CHECK(text_at(reply, "/choices/0/finish_reason") == "length");
  CHECK(reply.at_pointer("/usage/completion_tokens").as_int64() == 3);
  CHECK(text_at(reply, "/choices/0/message/content").size() == 12);
}

TEST_CASE("Prices follow the model, free ones cost nothing, a long prompt is cached",
          "[standins]") {
  const openrouter service(quick());
  const auto cost = [&](const std::string& model, const std::string& system) {
    return ask(service, R"({"model":")" + model + R"(","messages":[{"role":"system","content":")" +
                            system + R"("},{"role":"user","content":"Hello"}]})")
        .at("usage");
  };
  CHECK(text_at(cost("meta-llama/llama-3.3-70b-instruct:free", "x"), "/cost") == "0");
  const json::value usage = cost("openai/gpt-4o-mini", std::string(4200, 'x'));
  CHECK(text_at(usage, "/prompt_tokens") == "1060");
  CHECK(text_at(usage, "/prompt_tokens_details/cached_tokens") == "1024");
  // 36 at 0.15 and 1024 at 0.075 dollars a million
  CHECK(text_at(usage, "/cost_details/upstream_inference_prompt_cost") == "0.0000822");
}

TEST_CASE("Routing metadata comes when the header asks for it", "[standins]") {
  const openrouter service(quick());
  httplib::Headers sent = headers();
  sent.emplace("X-OpenRouter-Metadata", "Enabled");
  const json::value reply = ask(service, plain, sent);
  CHECK(text_at(reply, "/openrouter_metadata/endpoints/available/0/provider") == "OpenAI");
  CHECK(text_at(reply, "/openrouter_metadata/attempts/0/status") == "200");
  const httplib::Result stream = post(service, streamed, sent);
  REQUIRE(stream);
  const std::vector<std::string> events = events_of(stream->body);
  CHECK(json::parse(events[events.size() - 2]).at("openrouter_metadata") ==
        reply.at("openrouter_metadata"));
}

TEST_CASE("Each status has OpenRouter's envelope", "[standins]") {
  const openrouter service(quick());
  for (const int status : {400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 524, 529}) {
    INFO(status);
    const httplib::Result result = post(service, plain, headers(std::to_string(status)));
    REQUIRE(result);
    CHECK(result->status == status);
    const json::value body = json::parse(result->body);
    CHECK(body.at_pointer("/error/code").as_int64() == status);
    CHECK_FALSE(text_at(body, "/error/message").empty());
  }
}

TEST_CASE("Errors carry the details that clients look for", "[standins]") {
  const openrouter service(quick());
  const auto error = [&](const std::string& wrong) {
    return ask(service, plain, headers(wrong)).at("error");
  };
  CHECK(contains(text_at(error("403"), "/metadata/flagged_input"), "customs"));
  CHECK_FALSE(text_at(error("403-guardrail"), "/metadata/patterns/0").empty());
  CHECK(text_at(error("429-provider"), "/metadata/provider_name") == "OpenAI");
  const json::value raw_error = json::parse(text_at(error("429-provider"), "/metadata/raw"));
  CHECK(contains(text_at(raw_error, "/error/message"), "rate-limited upstream"));
  CHECK(text_at(error("502-provider"), "/metadata/previous_errors/0/provider") == "Azure");
  CHECK(error("503+retry-after=7").at_pointer("/availability/retryable").as_bool());
  CHECK(text_at(error("503+retry-after=7"), "/availability/retry_after") == "7");
  CHECK(error("503-no-code").as_object().if_contains("code") == nullptr);

  httplib::Result result = post(service, plain, headers("429+retry-after=3"));
  CHECK(result->get_header_value("Retry-After") == "3");
  CHECK(result->get_header_value("X-RateLimit-Limit") == "20");
  CHECK(result->get_header_value("X-RateLimit-Remaining") == "0");
  CHECK(result->has_header("X-RateLimit-Reset"));
  result = post(service, plain, headers("429+retry-after=-1"));
  CHECK_FALSE(result->has_header("Retry-After"));
  result = post(service, plain, headers("429-provider"));
  CHECK_FALSE(result->has_header("X-RateLimit-Limit"));

  result = post(service, plain, headers("502"));
  CHECK(result->status == 502);
  CHECK(result->get_header_value("Content-Type") == "text/html; charset=UTF-8");
  result = post(service, plain, headers("200"));
  CHECK(result->status == 200);
  CHECK(json::parse(result->body).as_object().if_contains("choices") == nullptr);
}

TEST_CASE("A fault comes by header, by model or from the queue", "[standins]") {
  openrouter service(quick());
  CHECK(post(service, R"({"model":"standin/402",)" + harbour + "}")->status == 402);
  const json::value reply =
      ask(service, R"({"model":"standin/null-usage/google/gemini-2.5-pro",)" + harbour + "}");
  CHECK(text_at(reply, "/model") == "google/gemini-2.5-pro");
  CHECK(reply.at("usage").is_null());

  service.enqueue(fault{});
  service.enqueue(fault::parse("500"));
  CHECK(post(service, plain)->status == 200);
  CHECK(post(service, plain)->status == 500);
  CHECK(post(service, plain)->status == 200);

  const httplib::Result unknown = post(service, plain, headers("sulk"));
  CHECK(unknown->status == 400);
  CHECK(contains(unknown->body, "sulk"));
  CHECK_THROWS_AS(fault::parse("split=many"), std::invalid_argument);
}

TEST_CASE("A stream can be split anywhere", "[standins]") {
  const openrouter service(quick());
  const raw_answer bytes = raw(service, streamed, "split=1+unicode");
  CHECK(bytes.complete);
  CHECK(std::all_of(bytes.chunks.begin(), bytes.chunks.end(),
                    [](const std::string& chunk) { return chunk.size() == 1; }));
  CHECK(contains(joined(events_of(bytes.body), "content"), "\xf0\x9f\x90\x89"));

  const raw_answer sevens = raw(service, streamed, "split=7");
  CHECK(sevens.chunks.front().size() == 7);
  CHECK(events_of(sevens.body).back() == "[DONE]");
}

TEST_CASE("A stream can have every framing that servers were seen with", "[standins]") {
  const openrouter service(quick());
  CHECK(ends_with(raw(service, streamed, "crlf").body, "data: [DONE]\r\n\r\n"));
  CHECK(ends_with(raw(service, streamed, "cr").body, "data: [DONE]\r\r"));
  CHECK(ends_with(raw(service, streamed, "no-space").body, "data:[DONE]\n\n"));
  CHECK(raw(service, streamed, "bom").body.compare(0, 4, "\xef\xbb\xbf:") == 0);
  CHECK(ends_with(raw(service, streamed, "after-done").body, "}\n\n"));
  const std::string flood = raw(service, streamed, "comments=500").body;
  CHECK(flood.rfind(": OPENROUTER PROCESSING\n\n") == 499 * 25);
  CHECK(contains(raw(service, streamed, "huge-header=50000").head, std::string(50000, 'x')));
  const raw_answer closed = raw(service, streamed, "until-close");
  CHECK(closed.head.find("chunked") == closed.head.npos);
  CHECK(ends_with(closed.body, "data: [DONE]\n\n"));
}

TEST_CASE("A connection can be cut anywhere", "[standins]") {
  const openrouter service(quick());
  CHECK(raw(service, streamed, "cut=body").body.empty());
  const raw_answer bytes = raw(service, streamed, "cut=100");
  CHECK(bytes.body.size() == 100);
  CHECK_FALSE(bytes.complete);
  CHECK_FALSE(post(service, streamed, headers("cut=100")));  // httplib's client agrees

  const std::string finish = raw(service, streamed, "cut=finish").body;
  CHECK(finish.find("\"finish_reason\":\"stop\"") == finish.npos);
  const std::string usage = raw(service, streamed, "cut=usage").body;
  CHECK(usage.find("\"finish_reason\":\"stop\"") != usage.npos);
  CHECK(usage.find("\"usage\"") == usage.npos);
  const std::string done = raw(service, streamed, "cut=done").body;
  CHECK(done.find("\"usage\"") != done.npos);
  CHECK(done.find("[DONE]") == done.npos);

  const raw_answer ended = raw(service, streamed, "end=done");
  CHECK(ended.complete);
  CHECK(ended.body == ended.body.substr(0, ended.body.find("[DONE]")));

  raw_client reset(service);
  reset.send_chat(streamed, "cut=100+reset").read_all();
  CHECK(reset.was_reset());

  const raw_answer promised = raw(service, plain, "short-body");
  CHECK(contains(promised.head, "Content-Length: " + std::to_string(promised.body.size() + 64)));
}

TEST_CASE("A connection can be closed, redirected or ignored before any answer", "[standins]") {
  openrouter service(quick());
  raw_client none(service);
  CHECK(none.send_chat(plain, "cut").read_all().empty());

  const raw_answer elsewhere = raw(service, plain, "redirect=https://example.invalid/chat");
  CHECK(elsewhere.head.substr(0, 12) == "HTTP/1.1 302");
  CHECK(contains(elsewhere.head, "Location: https://example.invalid/chat\r\n"));

  const std::size_t before = service.requests().size();
  {
    raw_client patient(service);
    patient.send_chat(plain, "stall");
    REQUIRE(service.wait_for_requests(before + 1, 10s));
  }  // goes
  CHECK(service.wait_for_disconnects(1, 10s));
}

TEST_CASE("The provider can fail in the middle of a stream, in every known shape", "[standins]") {
  const openrouter service(quick());
  const auto last = [&](const std::string& shape) {
    const raw_answer answer = raw(service, streamed, "stream-error=" + shape);
    CHECK(answer.complete);
    const std::vector<std::string> events = events_of(answer.body);
    CHECK_FALSE(joined(events, "content").empty());
    json::value chunk = json::parse(events.back());
    CHECK(text_at(chunk, "/choices/0/finish_reason") == "error");
    return chunk;
  };
  CHECK(last("code").at_pointer("/error/code").as_int64() == 502);
  CHECK(text_at(last("code"), "/error/metadata/error_type") == "provider_unavailable");
  CHECK(text_at(last("string"), "/error/code") == "server_error");
  CHECK(last("availability").at_pointer("/error/availability/retryable").as_bool());
  CHECK(text_at(last("raw"), "/error/metadata/provider_name") == "OpenAI");
  CHECK(last("choice").as_object().if_contains("error") == nullptr);
  CHECK(text_at(last("choice"), "/choices/0/error/metadata/provider_name") == "OpenAI");

  CHECK(text_at(ask(service, plain, headers("stream-error")), "/error/code") == "502");
  const json::value partial = ask(service, plain, headers("stream-error=choice"));
  CHECK(text_at(partial, "/choices/0/finish_reason") == "error");
  CHECK_FALSE(text_at(partial, "/choices/0/message/content").empty());
}

TEST_CASE("The JSON can be broken or lack what clients rely on", "[standins]") {
  const openrouter service(quick());
  json::error_code failed;
  json::parse(post(service, plain, headers("malformed"))->body, failed);
  CHECK(failed);
  std::size_t broken = 0;
  for (const std::string& event : events_of(post(service, streamed, headers("malformed"))->body)) {
    json::parse(event, failed);
    broken += failed && event != "[DONE]" ? 1 : 0;
  }
  CHECK(broken == 1);

  CHECK(ask(service, plain, headers("null-usage")).at("usage").is_null());
  CHECK(ask(service, plain, headers("no-usage")).as_object().if_contains("usage") == nullptr);
  CHECK(post(service, streamed, headers("no-usage"))->body.find("\"usage\"") == std::string::npos);
  CHECK(contains(post(service, streamed, headers("null-usage"))->body, "\"usage\":null"));
  CHECK(ask(service, plain, headers("no-finish-reason"))
            .at_pointer("/choices/0/finish_reason")
            .is_null());
  CHECK(post(service, streamed, headers("no-finish-reason"))->body.find(":\"stop\"") ==
        std::string::npos);

  const std::string gate = with_tools("Open the gate!"),
                    stream = with_tools("Open the gate!", R"("stream":true,)");
  const auto call = [&](const std::string& wrong) {
    return ask(service, gate, headers(wrong)).at_pointer("/choices/0/message/tool_calls/0");
  };
  CHECK(call("no-tool-id").as_object().if_contains("id") == nullptr);
  CHECK(call("no-tool-index").as_object().if_contains("index") == nullptr);
  CHECK(call("no-tool-arguments").at("function").as_object().if_contains("arguments") == nullptr);
  CHECK(post(service, stream, headers("no-tool-id"))->body.find("call_") == std::string::npos);
  CHECK(post(service, stream, headers("no-tool-index"))->body.find("\"index\":0,\"id\"") ==
        std::string::npos);
  CHECK(post(service, stream, headers("no-tool-arguments"))->body.find("arguments") ==
        std::string::npos);
}

TEST_CASE("Answers take the time that was asked for", "[standins]") {
  openrouter service(quick());
  const auto took = [&](const std::string& body, const std::string& wrong) {
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(post(service, body, headers(wrong)));
    return std::chrono::steady_clock::now() - begin;
  };
  CHECK(took(plain, "delay-head=40") >= 40ms);
  CHECK(took(plain, "delay-body=40") >= 40ms);
  CHECK(took(streamed, "delay-chunks=5") >= 40ms);  // more than eight chunks
  standins::scripted_reply slow;
  slow.text = "One two three four.";
  slow.first_token = 20ms;
  slow.duration = 80ms;
  service.enqueue(slow);
  CHECK(took(streamed, "") >= 60ms);
  service.enqueue(slow);
  CHECK(took(plain, "") >= 80ms);
}

TEST_CASE("Requests are kept as they came", "[standins]") {
  const openrouter service(quick());
  httplib::Headers sent = headers();
  sent.emplace("X-OpenRouter-Title", "Grauhafen");
  REQUIRE(post(service, plain, sent));
  REQUIRE(post(service, "{", {}));
  REQUIRE(service.wait_for_requests(2, 10s));
  CHECK_FALSE(service.wait_for_requests(3, 1ms));
  const std::vector<standins::request> all = service.requests();
  CHECK(all[0].method == "POST");
  CHECK(all[0].path == chat_path);
  CHECK(all[0].body == plain);
  CHECK(all[0].header("x-openrouter-title") == "Grauhafen");
  CHECK(all[0].number == 1);
  CHECK(all[1].number == 2);
  CHECK(all[1].has_header("authorization") == false);
}

TEST_CASE("A client that leaves in the middle is noticed, and its generation is cancelled",
          "[standins]") {
  const openrouter service(quick());
  std::string id;
  {
    raw_client client(service);
    client.send_chat(streamed, "stall=700");
    REQUIRE(client.read_until("\"provider\""));
    id = client.between("X-Generation-Id: ", "\r\n");
  }
  CHECK(service.wait_for_disconnects(1, 10s));
  CHECK(service.disconnects() == 1);
  const json::value generation = get(service, "/api/v1/generation?id=" + id);
  CHECK(generation.at_pointer("/data/cancelled").as_bool());
  CHECK(generation.at_pointer("/data/finish_reason").is_null());
}

TEST_CASE("The server stops at once while streams are open", "[standins]") {
  auto service = std::make_unique<openrouter>(quick());
  raw_client headless(*service), stream(*service), slow(*service), idle(*service);
  headless.send_chat(plain, "stall");
  stream.send_chat(streamed, "stall=100");
  slow.send_chat(streamed, "delay-chunks=60000");
  REQUIRE(stream.read_until("OPENROUTER"));
  REQUIRE(service->wait_for_requests(3, 10s));
  const auto begin = std::chrono::steady_clock::now();
  service.reset();
  CHECK(std::chrono::steady_clock::now() - begin < 2s);  // milliseconds, on an idle machine
}

TEST_CASE("The endpoints around the chat answer too", "[standins]") {
  const openrouter service(quick());
  const json::value reply =
      ask(service, R"({"user":"player-1","session_id":"quay",)" + harbour + "}");
  const json::value generation = get(service, "/api/v1/generation?id=" + text_at(reply, "/id"));
  CHECK(generation.at_pointer("/data/total_cost") == reply.at_pointer("/usage/cost"));
  CHECK(text_at(generation, "/data/external_user") == "player-1");
  CHECK(text_at(generation, "/data/session_id") == "quay");
  CHECK_FALSE(generation.at_pointer("/data/cancelled").as_bool());
  CHECK(text_at(get(service, "/api/v1/generation?id=gen-none"), "/error/code") == "404");

  CHECK(get(service, "/api/v1/credits").at_pointer("/data/total_usage") ==
        reply.at_pointer("/usage/cost"));
  CHECK(get(service, "/api/v1/key").at_pointer("/data/limit").is_null());
  CHECK(text_at(get(service, "/api/v1/models"), "/data/0/pricing/prompt") == "0.00000015");
  CHECK(text_at(get(service, "/api/v1/nonsense"), "/error/code") == "404");
  CHECK(httplib::Client(service.origin()).Get("/api/v1/models")->status == 200);
  CHECK(httplib::Client(service.origin()).Get("/api/v1/key")->status == 401);
}

TEST_CASE("Many clients at once get their own answers", "[standins]") {
  const openrouter service(quick());
  const json::value expected = ask(service, plain);
  std::vector<std::thread> clients;
  std::vector<int> right(8, 0);
  for (std::size_t i = 0; i < right.size(); ++i) {
    clients.emplace_back([&, i] {
      httplib::Client client(service.origin());
      client.set_keep_alive(true);
      for (int n = 0; n < 5; ++n) {
        const auto result = client.Post(chat_path, headers(), plain, "application/json");
        if (result && json::parse(result->body).at("usage") == expected.at("usage")) ++right[i];
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(std::count(right.begin(), right.end(), 5) == 8);
  CHECK(service.requests().size() == 41);
}

TEST_CASE("TLS is trusted with the stand-in's certificate and with no other", "[standins]") {
  const auto reach = [](const standins::tls_options& tls, const std::string& host, bool trust) {
    openrouter::options options = quick();
    options.tls = tls;
    options.tls.enabled = true;
    const openrouter service(options);
    const openrouter other(options);
    const temporary_file ca(trust ? service.ca_pem() : other.ca_pem());
    httplib::SSLClient client(host, service.port());
    client.set_ca_cert_path(ca.name());
    client.enable_server_certificate_verification(true);
    const httplib::Result result = client.Post(chat_path, headers(), streamed, "application/json");
    return result && events_of(result->body).back() == "[DONE]";
  };
  standins::tls_options good, expired, wrong_host;
  expired.expired = true;
  wrong_host.host = "example.invalid";
  CHECK(reach(good, "127.0.0.1", true));
  CHECK(reach(good, "localhost", true));
  CHECK_FALSE(reach(good, "127.0.0.1", false));
  CHECK_FALSE(reach(expired, "127.0.0.1", true));
  CHECK_FALSE(reach(wrong_host, "127.0.0.1", true));
}
