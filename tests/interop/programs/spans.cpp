// SPDX-License-Identifier: MIT
//
// Makes spans as a game would and sends them to a real receiver, or writes them to files:
//
//   spans encode COUNT JSON_FILE PROTOBUF_FILE       the same spans in both formats
//   spans send COUNT URL FORMAT KEPT_FILE [gzip] [per_second=N] [project=NAME]
//
// `send` keeps each body that was accepted as it went out, one line of hexadecimal digits a body;
// its last line of output says what became of the spans.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "orcast/otlp/flush_thread.hpp"
#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/protobuf_encoder.hpp"
#include "orcast/otlp/span_exporter.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/gzip.hpp"

namespace keys = orcast::keys;
namespace http = orcast::http;
namespace otlp = orcast::otlp;

namespace {

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "spans: %s\n", why.c_str());
  std::exit(2);
}

/// Text that differs from span to span, with all that needs care in it.
std::string prose(int number, int words) {
  static constexpr const char* const each[] = {
      "quay",        "\"rope\"",         "tide\n", "caf\xc3\xa9", "\xe6\xb8\xaf",
      "back\\slash", "\xf0\x9f\x90\x89", "tab\t",  "</script>",   "\x01",
      "gull"};
  std::string out;
  for (int i = 0; i < words; ++i) {
    out += each[(number * 7 + i * i) % 11];
    out += ' ';
  }
  return out + std::to_string(number);
}

/// A turn of an NPC: an agent, its call of a model, and every third time a tool. Returns how many.
int record_turn(orcast::tracer& traces, int number) {
  const std::string session = "session-" + std::to_string(number % 50);
  const std::string said = prose(number, 12);
  const std::string answer = prose(number + 1, 30);
  orcast::span agent = traces.start("npc turn");
  agent.set(keys::openinference_span_kind, "AGENT")
      .set(keys::agent_name, "harbour master")
      .set(keys::session_id, session)
      .set(keys::user_id, "player-1")
      .set(keys::input_value, said)
      .set(keys::output_value, answer)
      .status(orcast::span_status::ok);

  orcast::span_options below;
  below.parent = agent.context();
  below.kind = orcast::span_kind::client;
  orcast::span call = traces.start("chat openai/gpt-4o-mini", below);
  call.set(keys::openinference_span_kind, "LLM")
      .set(keys::llm_system, "openai")
      .set(keys::llm_provider, "azure")
      .set(keys::llm_model_name, "openai/gpt-4o-mini")
      .set(keys::llm_invocation_parameters, R"({"temperature":0.2,"stream":true})")
      .set(keys::llm_input_message_role(0), "system")
      .set(keys::llm_input_message_content(0), "You keep the harbour.")
      .set(keys::llm_input_message_role(1), "user")
      .set(keys::llm_input_message_content(1), said)
      .set(keys::llm_tool_json_schema(0), R"({"type":"function","function":{"name":"tide_table"}})")
      .set(keys::llm_output_message_role(0), "assistant")
      .set(keys::llm_output_message_content(0), answer)
      .set(keys::input_value, R"({"messages":[]})")
      .set(keys::input_mime_type, "application/json")
      .set(keys::output_value, answer)
      .set(keys::llm_token_count_prompt, 80 + number % 100)
      .set(keys::llm_token_count_completion, 20 + number % 7)
      .set(keys::llm_token_count_total, 100 + number % 100 + number % 7)
      .set(keys::llm_cost_total, orcast::decimal{"0.0000225"})
      .set(keys::session_id, session)
      .set(keys::user_id, "player-1")
      .set(keys::metadata, R"({"level":"harbour","number":)" + std::to_string(number) + "}")
      .set_list(keys::tag_tags, {"npc", "quest \xe2\x9a\x93"})
      .set("game.frame", number * 17LL)
      .set("game.streaming", number % 2 == 0)
      .set("game.load", 0.5 + number)
      .set("own \"key\" \xc3\xa9", "x");
  if (number % 5 == 4) {
    call.set(keys::exception_type, "orcast.rate_limited");
    call.event("exception", {{"exception.type", "orcast.rate_limited"},
                             {"exception.message", "slow \"down\""},
                             {"exception.escaped", false}});
    call.status(orcast::span_status::error, "HTTP 429: slow \"down\"");
  } else {
    call.event("First Token Stream Event");
    call.set(keys::llm_output_tool_call_id(0, 0), "call_" + std::to_string(number))
        .set(keys::llm_output_tool_call_function_name(0, 0), "tide_table")
        .set(keys::llm_output_tool_call_function_arguments(0, 0), R"({"port":"north"})");
    call.status(orcast::span_status::ok);
  }
  const orcast::span_context of_call = call.context();
  call.end();
  if (number % 3 != 0) return 2;
  orcast::span_options inside;
  inside.parent = agent.context();
  static_cast<void>(of_call);
  orcast::span tool = traces.start("tide_table", inside);
  tool.set(keys::openinference_span_kind, "TOOL")
      .set(keys::tool_name, "tide_table")
      .set(keys::tool_parameters, R"({"port":"north"})")
      .set(keys::input_value, R"({"port":"north"})")
      .set(keys::output_value, R"({"high":"06:12"})")
      .set(keys::session_id, session);
  return 3;
}

std::unique_ptr<orcast::tracer> fresh_tracer() {
  orcast::tracer_options options;
  options.memory_bytes = std::size_t{48} << 20;
  auto made = orcast::make_tracer(options);
  if (!made) fail(made.error().message);
  return std::move(*made);
}

otlp::encoder_options encoding(otlp::format format, const std::string& project) {
  otlp::encoder_options made;
  made.format = format;
  made.resource = {{"service.name", "interop"}, {"openinference.project.name", project}};
  made.span_attributes = {{"arize.project.name", project}};
  return made;
}

void write_file(const char* path, std::string_view text) {
  std::FILE* const file = std::fopen(path, "wb");
  if (file == nullptr || std::fwrite(text.data(), 1, text.size(), file) != text.size() ||
      std::fclose(file) != 0) {
    fail(std::string(path) + " can't be written");
  }
}

int encode(int count, const char* json_file, const char* protobuf_file) {
  const std::unique_ptr<orcast::tracer> traces = fresh_tracer();
  constexpr std::size_t size = std::size_t{64} << 20;
  const std::unique_ptr<char[]> memory(new char[2 * size]);
  otlp::json_encoder json(encoding(otlp::format::json, "interop"), memory.get(), size);
  otlp::protobuf_encoder protobuf(encoding(otlp::format::protobuf, "interop"), memory.get() + size,
                                  size);
  int made = 0;
  for (int i = 0; made < count; ++i) {
    made += record_turn(*traces, i);
    for (auto at = traces->take(); at != orcast::detail::no_block; at = traces->take()) {
      if (!json.add(traces->ring(), at) || !protobuf.add(traces->ring(), at)) fail("no room");
      traces->give_back(at);
      traces->exported(1);
    }
  }
  write_file(json_file, json.finish());
  write_file(protobuf_file, protobuf.finish());
  std::printf("{\"started\":%d}\n", made);
  return 0;
}

/// Keeps each body that was accepted. Used by the exporter's one thread.
class keeping_transport {
 public:
  keeping_transport(http::any_transport to, std::FILE* kept) : to_(std::move(to)), kept_(kept) {}

  void perform(const http::request& what, http::response_sink& sink,
               http::exchange_control& control) {
    std::string hex;
    for (const std::string_view part : what.body) {
      for (const char c : part) {
        hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
        hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
      }
    }
    watching watched(sink);
    to_.perform(what, watched, control);
    if (watched.status < 200 || watched.status > 299) return;
    std::fprintf(kept_, "%s\n", hex.c_str());
    std::fflush(kept_);
  }

 private:
  struct watching final : http::response_sink {
    explicit watching(http::response_sink& sink) : to(sink) {}
    void head(const http::response_head& head) noexcept override {
      status = head.status;
      to.head(head);
    }
    http::flow data(std::string_view bytes) noexcept override { return to.data(bytes); }
    void done(orcast::result<void> outcome) noexcept override { to.done(std::move(outcome)); }
    http::response_sink& to;
    int status = 0;
  };

  http::any_transport to_;
  std::FILE* kept_;
};

int send(int count, const std::vector<std::string>& arguments) {
  otlp::destination to;
  to.url = arguments[0];
  const auto format = arguments[1] == "protobuf" ? otlp::format::protobuf : otlp::format::json;
  std::string project = "interop";
  int per_second = 1'000'000;
  for (std::size_t i = 3; i < arguments.size(); ++i) {
    const std::string& each = arguments[i];
    if (each == "gzip") {
      to.compression = {"gzip", orcast::gzip};
    } else if (each.compare(0, 11, "per_second=") == 0) {
      per_second = std::atoi(each.c_str() + 11);
    } else if (each.compare(0, 8, "project=") == 0) {
      project = each.substr(8);
    } else {
      fail("unknown argument " + each);
    }
  }
  to.encoding = encoding(format, project);
  to.exporting.delay_ms = 100;
  to.exporting.initial_ms = 200;
  to.exporting.max_ms = 1000;
  to.exporting.max_attempts = 100;
  to.timeout_ms = 5000;
  std::FILE* const kept = std::fopen(arguments[2].c_str(), "wb");
  if (kept == nullptr) fail(arguments[2] + " can't be written");

  const std::unique_ptr<orcast::tracer> traces = fresh_tracer();
  auto transport = http::any_transport::own(std::make_unique<keeping_transport>(
      http::any_transport::make<orcast::curl_transport>(), kept));
  auto exporter = otlp::span_exporter::make(*traces, std::move(transport), std::move(to));
  if (!exporter) fail(exporter.error().message);
  auto thread = otlp::flush_thread::start(std::move(*exporter));
  if (!thread) fail(thread.error().message);

  const auto begin = std::chrono::steady_clock::now();
  int made = 0;
  for (int i = 0; made < count; ++i) {
    made += record_turn(*traces, i);
    std::this_thread::sleep_until(begin +
                                  std::chrono::microseconds(1'000'000LL * made / per_second));
  }
  thread->shutdown(30'000);
  const orcast::trace_stats all = traces->stats();
  std::printf(
      "{\"started\":%llu,\"exported\":%llu,\"dropped\":%llu,\"held\":%llu,\"retries\":%llu}\n",
      static_cast<unsigned long long>(all.started), static_cast<unsigned long long>(all.exported),
      static_cast<unsigned long long>(all.dropped_in_all()),
      static_cast<unsigned long long>(all.held()),
      static_cast<unsigned long long>(thread->status().counts.retries));
  std::fclose(kept);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (argc == 5 && arguments[0] == "encode") {
    return encode(std::atoi(argv[2]), argv[3], argv[4]);
  }
  if (argc >= 6 && arguments[0] == "send") {
    return send(std::atoi(argv[2]), {arguments.begin() + 2, arguments.end()});
  }
  fail("usage: encode COUNT JSON PROTOBUF | send COUNT URL FORMAT KEPT [gzip] [per_second=N]");
}
