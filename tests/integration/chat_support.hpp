// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json.hpp>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "integration/program.hpp"
#include "standins/arize.hpp"
#include "standins/openrouter.hpp"

// The program chat, between a stand-in for OpenRouter and one for Arize. Whatever a test does, no
// key may be seen anywhere.

namespace test {

class chat_bench {
 public:
  chat_bench()
      : openrouter([] {
          standins::openrouter::options chosen;
          chosen.pace = standins::pace::none();
          chosen.keys = {router_key};
          return chosen;
        }()),
        arize([] {
          standins::arize::options chosen;
          chosen.api_key = arize_key;
          return chosen;
        }()) {
    options.environment = {std::string("OPENROUTER_API_KEY=") + router_key,
                           "OPENROUTER_BASE_URL=" + openrouter.base_url()};
  }

  /// With Arize's keys in the environment.
  chat_bench& broadcast(const std::string& key = arize_key,
                        const std::string& space = standins::arize::space_id) {
    for (const std::string& each :
         {"ARIZE_API_KEY=" + key, "ARIZE_SPACE_ID=" + space, std::string("ARIZE_PROJECT_NAME=quay"),
          "ARIZE_COLLECTOR_ENDPOINT=" + arize.origin()}) {
      options.environment.push_back(each);
    }
    return *this;
  }

  finished run(const std::vector<std::string>& arguments, std::string_view input = {}) const {
    finished made = test::run(program, arguments, options, input);
    INFO(made.out << made.err);
    CHECK_FALSE(contains(made.out + made.err, router_key));
    CHECK_FALSE(contains(made.out + made.err, arize_key));
    return made;
  }

  /// The body of the last chat request.
  boost::json::value sent() const {
    const std::vector<standins::request> all = openrouter.requests();
    REQUIRE_FALSE(all.empty());
    return boost::json::parse(all.back().body);
  }
  std::size_t requests() const { return openrouter.requests().size(); }

  void say(const std::string& text) {
    standins::scripted_reply reply;
    reply.text = text;
    openrouter.enqueue(reply);
  }
  void misbehave(const std::string& fault) { openrouter.enqueue(standins::fault::parse(fault)); }

  static constexpr const char* router_key = "sk-or-v1-canary-4c0b11d9";
  static constexpr const char* arize_key = "ak-canary-7712aa05";

  standins::openrouter openrouter;
  standins::arize arize;
  process::options options;
  const std::string program = example("chat");
};

inline void write_text(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}
inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace test
