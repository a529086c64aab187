// SPDX-License-Identifier: MIT
//
// A model with tools: the harbour master looks up ships and tides, and one thing it may only do
// when you agree. run_tools() asks the model, runs what it wants, and asks again until it answers.
//
//   tools "When can the Meridian leave?"

#include <cstdio>
#include <string>
#include <string_view>

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"

namespace {

struct harbour final : orcast::tool_handler {
  orcast::tool_answer run(const orcast::tool_call& asked) noexcept override {
    std::printf("[%s %s]\n", asked.name.c_str(), asked.arguments.c_str());
    orcast::tool_arguments given(asked);
    if (asked.name == "next_tide") {
      const std::int64_t hours = given.integer("within_hours", 12);
      if (hours < 1 || hours > 48) given.wrong("within_hours", "must be from 1 to 48");
      if (!given) return given.error();  // the model reads what is wrong, and tries again
      return "High water at 16:40, low water at 22:55.";
    }
    const std::string ship = given.text("ship");
    if (!given) return given.error();
    if (asked.name == "let_go") return "The lines of the " + ship + " are cast off.";
    if (ship.find("Meridian") == ship.npos) return R"({"error":"no such ship in the harbour"})";
    return R"({"berth":4,"draught_m":3.2,"leaves_only_at":"high water"})";
  }

  orcast::tool_approval approve(const orcast::tool_call& asked) noexcept override {
    if (asked.name != "let_go") return orcast::tool_approval::allow;
    std::printf("[%s %s: may it? y/n] ", asked.name.c_str(), asked.arguments.c_str());
    const int key = std::getchar();
    return key == 'y' ? orcast::tool_approval::allow : orcast::tool_approval::refuse;
  }

  void on_text(std::string_view piece) noexcept override {
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    std::fflush(stdout);
  }
};

}  // namespace

int main(int argc, char** argv) {
  auto client =
      orcast::client::make({}, orcast::http::any_transport::make<orcast::curl_transport>());
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;

  orcast::chat_request request;
  request.model = "openai/gpt-4o-mini";
  request.messages = {
      orcast::message::system("You are the harbour master. Look things up, then answer briefly."),
      orcast::message::user(argc > 1 ? argv[1] : "When can the ship Meridian leave?")};
  request.tools = {
      orcast::tool_description("look_up_ship", "Where a ship lies, and what she needs to leave.")
          .text("ship", "The ship's name")
          .done(),
      orcast::tool_description("next_tide", "The next high water and low water of the tide.")
          .integer("within_hours", "How far to look, 12 where nothing is said")
          .optional()
          .done(),
      orcast::tool_description("let_go", "Casts off a ship's lines. Can't be undone.")
          .text("ship", "The ship's name")
          .done()};

  harbour here;
  orcast::tool_options limits;
  limits.steps = 6;
  limits.cost = 0.05;  // US dollars
  const orcast::tool_run got = orcast::run_tools(*client, std::move(request), here, limits);
  if (!got.outcome) return std::fprintf(stderr, "%s\n", got.outcome.error().message.c_str()), 1;
  std::printf("\n[%d steps, %d tools, $%.6f]\n", got.steps, got.tool_calls, got.cost);
}
