// SPDX-License-Identifier: MIT
//
// The dialogue that the game loop plays: who is on the quay, what the player says to whom and when,
// and what the tools answer. It is read from a JSON file, dialogue.json unless --script names
// another; dialogue_format below is its documentation and part of --help. A file with a mistake is
// refused in one line that names the place (dialogue_reader.hpp).

#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace game_loop {

inline constexpr std::string_view dialogue_format =
    R"(The script is a JSON object:
  user     who plays: becomes user.id
  npcs     [{name, model, system, session?, tools?, temperature?, max_tokens?}]
           model is an OpenRouter slug; session becomes session.id (default: the name);
           tools lists names out of the script's tools
  tools    {name: {description, parameters, result}}
           parameters is a JSON schema; result is what every call of the tool returns, or with
           "by": "argument" an object in which that argument's text finds it ("*": any other)
  turns    [{at, npc, say, leave_after?, stand_in?}]
           at: seconds from the start; leave_after: the player walks off that many seconds
           later and the call is cancelled; stand_in: {text, reasoning?, tool?, arguments?,
           first_token?, duration?} is what the stand-in for OpenRouter answers, times in
           seconds; the real one ignores it
)";

struct tool {
  std::string name, description;
  std::string parameters;     ///< JSON schema, as text
  std::string by;             ///< the argument that chooses the result; empty: always the same
  boost::json::value result;  ///< the result, or with `by` an object of results

  /// What the tool returns for a call, as JSON text. Names match in any case, since models write
  /// them as they like.
  std::string answer(std::string_view arguments) const;
};

struct npc {
  std::string name, model, system, session;
  std::vector<const tool*> tools;
  std::optional<double> temperature;
  std::optional<int> max_tokens;
};

/// What the stand-in for OpenRouter says in a turn.
struct stand_in_answer {
  std::string text, reasoning;
  std::string tool;       ///< called first, when not empty
  std::string arguments;  ///< of that call, JSON
  double first_token_s = 0.35;
  double duration_s = 1.2;  ///< of the whole stream
};

struct turn {
  double at_s = 0;
  const npc* with = nullptr;
  std::string say;
  std::optional<double> leave_after_s;
  stand_in_answer stand_in;
};

/// Holds pointers between its own members: made once, moved, not copied.
struct dialogue {
  dialogue() = default;
  dialogue(dialogue&&) = default;
  dialogue& operator=(dialogue&&) = default;

  std::string name;  ///< of the file, for people
  std::string user;
  std::vector<tool> tools;
  std::vector<npc> npcs;
  std::vector<turn> turns;  ///< by time
};

namespace detail {

inline std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace detail

inline std::string tool::answer(std::string_view arguments) const {
  if (by.empty()) return boost::json::serialize(result);
  boost::json::error_code error;
  const boost::json::value parsed =
      boost::json::parse(boost::json::string_view(arguments.data(), arguments.size()), error);
  std::string wanted;
  if (!error && parsed.is_object()) {
    const boost::json::value* argument = parsed.get_object().if_contains(by);
    if (argument != nullptr && argument->is_string()) {
      wanted = detail::lower(
          std::string_view(argument->get_string().data(), argument->get_string().size()));
    }
  }
  const boost::json::value* otherwise = nullptr;
  for (const auto& entry : result.get_object()) {
    const std::string key = detail::lower(std::string_view(entry.key().data(), entry.key().size()));
    if (key == "*") {
      otherwise = &entry.value();
    } else if (!wanted.empty() && wanted.find(key) != std::string::npos) {
      return boost::json::serialize(entry.value());
    }
  }
  return otherwise != nullptr ? boost::json::serialize(*otherwise) : R"({"error":"not found"})";
}

}  // namespace game_loop
