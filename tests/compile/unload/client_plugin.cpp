// SPDX-License-Identifier: MIT
#include <utility>

#include "orcast/http/fake_transport.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/trace/make_tracer.hpp"

// A plugin that calls and traces: main.cpp loads it, lets it work, and unloads it. It is linked so
// that it exports nothing but its entry point.

/// Makes 300 calls, and returns how many spans there were.
extern "C" unsigned plugin_work() {
  auto made = orcast::make_tracer({});
  if (!made) return 0;
  orcast::tracer& traces = *made.value();
  orcast::http::fake_transport transport;
  orcast::client_options options;
  options.api_key = orcast::secret("sk-or-v1-plugin");
  options.record.traces = &traces;
  auto client = orcast::client::make(std::move(options), orcast::http::any_transport(transport));
  if (!client) return 0;
  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {orcast::message::user("What news from the north?")};
  for (int i = 0; i < 300; ++i) {
    transport.reply(orcast::http::fake_reply().head(200).data(
        R"({"id":"gen-1","choices":[{"message":{"content":"Little that is good."}}]})"));
    if (!client.value().chat(request)) return 0;
    for (auto span = traces.take(); span != orcast::detail::no_block; span = traces.take()) {
      traces.give_back(span);
      traces.exported(1);
    }
  }
  return static_cast<unsigned>(traces.stats().exported);
}
