// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/observation.hpp"
#include "support/catch.hpp"
#include "support/spans.hpp"

// One call, fed to an observation on a clock that moves only when told to.

namespace test {

constexpr char chat_url[] = "https://openrouter.ai/api/v1/chat/completions";

struct exchange {
  int status = 200;  ///< 0: nothing was sent
  std::string type = "application/json";
  std::string body;
  orcast::result<void> outcome;
};

inline std::string stream_of(const std::vector<std::string>& chunks) {
  std::string out = ": OPENROUTER PROCESSING\n\n";
  for (const std::string& chunk : chunks) out += "data: " + chunk + "\n\n";
  return out;
}

/// A chat completion in one piece with this message, an object.
inline std::string reply_with(const std::string& message, const std::string& rest = "") {
  return R"({"id":"gen-1","model":"openai/gpt-4o-mini","provider":"OpenAI",)"
         R"("choices":[{"index":0,"finish_reason":"stop","message":)" +
         message + "}]" + rest + "}";
}

/// A tracer on a fake clock, and observations that end up in it.
class observed {
 public:
  explicit observed(orcast::recording how = {}) : where(how) {
    orcast::tracer_options options;
    options.host = clock.host();
    traces = a_tracer(options);
    where.traces = traces.get();
  }

  /// Half a second passes between a request and its answer.
  plain_span record(const orcast::chat_request& request, const exchange& with,
                    const orcast::call_context& context = {}) {
    {
      orcast::observation seen(where);
      std::string body;
      REQUIRE(append_json(request, body).ok());
      seen.begin(request, body, chat_url, context);
      clock.pass(500'000'000);
      finish(seen, with);
    }
    return only();
  }

  /// The same for a body that other code wrote.
  plain_span record_raw(std::string_view url, std::string_view body, const exchange& with) {
    {
      orcast::observation seen(where);
      REQUIRE(seen.begin_raw("POST", url, {body}, {}));
      clock.pass(500'000'000);
      finish(seen, with);
    }
    return only();
  }

  static void feed(orcast::observation& seen, const exchange& with) {
    const orcast::http::header_view headers[] = {{"content-type", with.type},
                                                 {"x-generation-id", "gen-1"}};
    seen.head({with.status, headers, 2});
    seen.data(with.body);
  }
  static void finish(orcast::observation& seen, const exchange& with) {
    if (with.status != 0) feed(seen, with);
    static_cast<void>(seen.done(with.outcome));
  }

  plain_span only() {
    auto spans = drain(*traces);
    REQUIRE(spans.size() == 1);
    return spans[0];
  }

  fake_clock clock;
  std::unique_ptr<orcast::tracer> traces;
  orcast::recording where;
};

inline orcast::chat_request ask(std::string text) {
  orcast::chat_request made;
  made.model = "openai/gpt-4o-mini";
  made.messages = {orcast::message::user(std::move(text))};
  return made;
}

}  // namespace test
