// SPDX-License-Identifier: MIT

// A program of a user of orcast, built with and without exceptions and RTTI: a streamed call from a
// frame loop, an agent around it, and the export of both, over transports that need no network.

#include <cstdio>
#include <string>

#include "orcast/http/fake_transport.hpp"
#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"

#if !defined(__cpp_exceptions)
#include <cstdlib>
#include <exception>

// Boost asks a program without exceptions what to do instead of throwing.
namespace boost {
struct source_location;
void throw_exception(const std::exception&) { std::abort(); }
void throw_exception(const std::exception&, const boost::source_location&) { std::abort(); }
}  // namespace boost
#endif

namespace {

const char answer[] =
    ": OPENROUTER PROCESSING\n\n"
    "data: {\"id\":\"gen-1\",\"model\":\"openai/gpt-4o-mini\",\"provider\":\"OpenAI\",\"choices\":"
    "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"She lies \"}}]}\n\n"
    "data: {\"id\":\"gen-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"at the pier.\"},"
    "\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"id\":\"gen-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
    "\"total_tokens\":13,\"cost\":0.0000225}}\n\ndata: [DONE]\n\n";

int wrong(const char* what) {
  std::fprintf(stderr, "consumer: %s\n", what);
  return 1;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

int main() {
  orcast::http::fake_transport openrouter;
  openrouter.reply(orcast::http::fake_reply()
                       .head(200, {{"content-type", "text/event-stream"}})
                       .pieces(answer, 7));
  orcast::http::fake_transport arize;
  arize.otherwise(orcast::http::fake_reply::whole(200, "{}"));

  orcast::broadcast_options options;
  options.settings.api_key = orcast::secret("ak-consumer");
  options.settings.space_key = "U3BhY2U6MTpjb25zdW1lcg==";
  options.settings.model_id = "consumer";
  options.own_thread = false;
  auto traces = orcast::broadcast::start(std::move(options), orcast::http::any_transport(arize));
  if (!traces) return wrong(traces.error().message.c_str());
  orcast::broadcast& cast = **traces;

  orcast::client_options calling;
  calling.api_key = orcast::secret("sk-or-v1-consumer");
  calling.record = cast.recording();
  auto made = orcast::client::make(std::move(calling), orcast::http::any_transport(openrouter));
  if (!made) return wrong(made.error().message.c_str());
  orcast::client& client = *made;

  {
    auto turn = orcast::work::agent(cast.recording(), "npc turn");
    turn.input("Where is the Meridian?");
    orcast::chat_request request;
    request.model = "openai/gpt-4o-mini";
    request.messages = {orcast::message::user("Where is the Meridian?")};
    orcast::call_context context;
    context.parent = turn.context();
    orcast::call talk = client.start(std::move(request), nullptr, context);
    for (int frame = 0; talk.state() != orcast::call_state::done; ++frame) {
      if (frame == 1'000) return wrong("the call does not end");
      client.tick();
      cast.pump();
    }
    if (!talk.outcome()) return wrong(talk.outcome().error().message.c_str());
    if (talk.text() != "She lies at the pier.") return wrong("not the answer");
    turn.output(talk.text());
  }
  if (!cast.flush(1'000)) return wrong(cast.status().last_error.c_str());

  std::string sent;
  for (const auto& request : arize.requests()) sent += request.body;
  if (!contains(sent, "npc turn") || !contains(sent, "chat openai/gpt-4o-mini") ||
      !contains(sent, "She lies at the pier.") || !contains(sent, "{\"doubleValue\":0.0000225}")) {
    return wrong("not the spans");
  }
  if (contains(sent, "sk-or-v1-consumer") || contains(sent, "ak-consumer")) {
    return wrong("a key is in a span");
  }
  const orcast::trace_stats stats = cast.stats();
  if (stats.started != 2 || stats.exported != 2) return wrong("the accounts do not balance");
  std::printf("consumer: 2 spans exported\n");
  return 0;
}
