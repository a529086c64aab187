// SPDX-License-Identifier: MIT
//
// The page that the game loop writes: it shows what a collector received, and foreign text stays
// text in it.

#include <array>
#include <string>
#include <string_view>

#include "orcast/core/sha256.hpp"
#include "support/catch.hpp"
#include "support/trace_page.hpp"
#include "support/trace_tree.hpp"

namespace {

using examples::render_trace_page;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

std::string text_attribute(std::string_view key, std::string_view value) {
  return R"({"key":")" + std::string(key) + R"(","value":{"stringValue":)" +
         boost::json::serialize(boost::json::string_view(value.data(), value.size())) + "}}";
}

std::string span(std::string_view id, std::string_view parent, std::string_view name,
                 std::string_view attributes, std::string_view rest = R"("status":{"code":1})") {
  return R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":")" + std::string(id) +
         R"(","parentSpanId":")" + std::string(parent) + R"(","name":")" + std::string(name) +
         R"(","kind":3,"startTimeUnixNano":"1783220991000000000","endTimeUnixNano":)" +
         R"("1783220992000000000","attributes":[)" + std::string(attributes) + "]," +
         std::string(rest) + "}";
}

std::string request(std::string_view spans) {
  return R"({"resourceSpans":[{"resource":{"attributes":[)" +
         text_attribute("openinference.project.name", "harbour") +
         R"(]},"scopeSpans":[{"spans":[)" + std::string(spans) + "]}]}]}\n";
}

const std::string call_attributes =
    text_attribute("openinference.span.kind", "LLM") + "," +
    text_attribute("llm.model_name", "openai/gpt-4o-mini") + "," +
    text_attribute("session.id", "night-watch") + "," +
    text_attribute("llm.input_messages.0.message.role", "user") + "," +
    text_attribute("llm.input_messages.0.message.content", "Which ship?") + "," +
    text_attribute("llm.input_messages.10.message.role", "tool") + "," +
    text_attribute("llm.input_messages.10.message.content", R"({"berth":4})") + "," +
    text_attribute("llm.output_messages.0.message.role", "assistant") + "," +
    text_attribute("llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "look") +
    "," +
    text_attribute("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments",
                   R"({"ship":"Heron"})") +
    R"(,{"key":"llm.token_count.prompt","value":{"intValue":"1200"}})"
    R"(,{"key":"llm.token_count.completion","value":{"intValue":"17"}})"
    R"(,{"key":"llm.cost.total","value":{"doubleValue":0.0000225}})";

const std::string first_token =
    R"("events":[{"timeUnixNano":"1783220991250000000","name":"First Token Stream Event"}])";

}  // namespace

TEST_CASE("a call shows its messages, tokens, cost and time to first token") {
  const std::string page = render_trace_page(request(
      span("eee19b7ec3c1b174", "", "chat openai/gpt-4o-mini", call_attributes, first_token)));
  CHECK(contains(page, "<title>harbour</title>"));
  CHECK(contains(page, "<p class=\"said\">Which ship?</p>"));
  CHECK(contains(page, "{&quot;berth&quot;: 4}"));
  CHECK(contains(page, "{&quot;ship&quot;: &quot;Heron&quot;}"));
  CHECK(contains(page, "1,200 in, 17 out, 1,217 total"));
  CHECK(contains(page, "$0.0000225"));
  CHECK(contains(page, "1.00 s, first token after 250 ms"));
  CHECK(contains(page, "<i style=\"left:25.000%\"></i>"));
  CHECK(contains(page, "data-filter=\"0\">night-watch</button>"));
}

TEST_CASE("messages stand in the order of their number, not of its digits") {
  const auto file = examples::read_trace_file(
      request(span("eee19b7ec3c1b174", "", "chat",
                   text_attribute("llm.input_messages.10.message.role", "tool") + "," +
                       text_attribute("llm.input_messages.2.message.role", "user"))));
  const auto messages = examples::messages_of(file.spans.at(0), "llm.input_messages.");
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].role == "user");
  CHECK(messages[1].role == "tool");
}

TEST_CASE("markup in any text of a span stays text") {
  const std::string hostile = "</script><script>alert(1)</script><img src=x onerror='a'>\"&\x01";
  const std::string plain = render_trace_page(request(span("eee19b7ec3c1b174", "", "chat", "")));
  for (const char* key :
       {"openinference.span.kind",
        "agent.name",
        "session.id",
        "user.id",
        "input.value",
        "output.value",
        "metadata",
        "llm.model_name",
        "llm.provider",
        "llm.finish_reason",
        "openrouter.generation_id",
        "llm.invocation_parameters",
        "llm.tools.0.tool.json_schema",
        "llm.input_messages.0.message.role",
        "llm.input_messages.0.message.content",
        "llm.input_messages.0.message.name",
        "tool.name",
        "tool.description",
        "llm.output_messages.0.message.contents.0.message_content.type",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments"}) {
    CAPTURE(key);
    const std::string page = render_trace_page(
        request(span("eee19b7ec3c1b174", "", "chat", text_attribute(key, hostile))));
    CHECK(contains(page, "&lt;img src=x onerror=&#39;a&#39;&gt;"));
    CHECK(occurrences(page, "<script") == occurrences(plain, "<script"));
    CHECK(occurrences(page, "<img") == 0);
    CHECK(occurrences(page, "\x01") == 0);
  }
  const std::string in_name = render_trace_page(request(
      span("eee19b7ec3c1b174", "", "<img src=x>", text_attribute("<img src=x>", "<img src=x>"),
           R"("status":{"code":2,"message":"<img src=x>"},"events":[{"timeUnixNano":"1",)"
           R"("name":"exception","attributes":[)" +
               text_attribute("exception.type", "<img src=x>") + "," +
               text_attribute("exception.message", "<img src=x>") + "," +
               text_attribute("exception.stacktrace", "<img src=x>") + "]}]")));
  CHECK(occurrences(in_name, "<img") == 0);
  CHECK(occurrences(in_name, "&lt;img src=x&gt;") >= 7);
}

TEST_CASE("the page loads nothing from anywhere") {
  const std::string page =
      render_trace_page(request(span("eee19b7ec3c1b174", "", "chat", call_attributes)));
  CHECK(contains(page, "default-src 'none'"));
  for (const char* loader : {"http://", "https://", "src=", "<link", "@import", "url("}) {
    CAPTURE(loader);
    CHECK(!contains(page, loader));
  }
}

TEST_CASE("the content policy allows the page's own script") {
  static constexpr char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::array<unsigned char, 32> hash = orcast::sha256(examples::trace_page_script);
  std::string base64;
  for (std::size_t i = 0; i < hash.size(); i += 3) {
    const auto byte = [&hash](std::size_t at) { return at < hash.size() ? hash[at] : 0u; };
    const unsigned bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (const unsigned shift : {18u, 12u, 6u, 0u}) base64 += alphabet[bits >> shift & 63u];
  }
  base64.back() = '=';  // 32 bytes leave one byte of padding
  CHECK(base64 == examples::trace_page_script_sha256);
  CHECK(contains(render_trace_page(""), "sha256-" + base64 + "'"));
}

TEST_CASE("errors and cancelled calls are told apart, and have no price") {
  const std::string kind = text_attribute("openinference.span.kind", "LLM");
  const std::string page = render_trace_page(
      request(span("aaaaaaaaaaaaaaaa", "", "chat failed", kind,
                   R"("status":{"code":2,"message":"rate_limit_exceeded: slow down"})") +
              "," +
              span("bbbbbbbbbbbbbbbb", "", "chat cancelled",
                   kind + R"(,{"key":"openrouter.cancelled","value":{"boolValue":true}})",
                   R"("status":{})")));
  CHECK(contains(page, "rate_limit_exceeded: slow down"));
  CHECK(contains(page, "<span class=\"outcome cancelled\">cancelled</span>"));
  CHECK(contains(page, "<dd>1</dd><dd class=\"note\">1 cancelled</dd>"));
  CHECK(contains(page, "<dt>Cost</dt><dd>-</dd>"));
}

TEST_CASE("every span is shown once, whatever its parents") {
  const auto tree = [](const std::string& spans) {
    const auto file = examples::read_trace_file(request(spans));
    std::string out;
    for (const auto& trace : examples::build_traces(file)) {
      for (const auto& row : trace.rows) out += row.span->name + std::to_string(row.depth) + " ";
    }
    return out;
  };
  CHECK(tree(span("a1", "", "root", "") + "," + span("a2", "a1", "child", "") + "," +
             span("a3", "a2", "grandchild", "")) == "root0 child1 grandchild2 ");
  CHECK(tree(span("a2", "gone", "orphan", "")) == "orphan0 ");
  CHECK(tree(span("a1", "a2", "one", "") + "," + span("a2", "a1", "two", "")) == "one0 two1 ");
  CHECK(tree(span("a1", "a1", "self", "")) == "self0 ");
  CHECK(tree(span("a1", "", "twice", "") + "," + span("a1", "", "twice", "")) == "twice0 twice0 ");
}

TEST_CASE("what cannot be read is counted, and the rest is shown") {
  const std::string page = render_trace_page(
      "{\"resourceSpans\":[\n\n" + request(span("eee19b7ec3c1b174", "", "chat", "")) + "[]\n" +
      R"({"resourceSpans":[1,{"scopeSpans":[{"spans":[2,{"attributes":[3,{}]}]}]}]})" + "\n");
  CHECK(contains(page, "Lines that were not OTLP JSON and are left out: 2"));
  CHECK(contains(page, "2 spans in"));
  CHECK(contains(render_trace_page(""), "no spans arrived"));
}
