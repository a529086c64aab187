// SPDX-License-Identifier: MIT
//
// A very small language model: what a character in a game might say, or which tool it would call,
// by rule. The same request always gets the same answer, so that runs can be compared.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "standins/json_text.hpp"
#include "standins/openrouter_reply.hpp"
#include "standins/schema_filler.hpp"
#include "standins/text.hpp"

namespace standins {

/// The tool's name and all its descriptions.
inline std::string tool_words(const json::value& function) {
  std::string out = text_member(function, "name") + " " + text_member(function, "description");
  const json::value* parameters = member(function, "parameters");
  const json::value* properties = parameters ? member(*parameters, "properties") : nullptr;
  if (properties == nullptr || !properties->is_object()) return out;
  for (const auto& property : properties->get_object()) {
    out += " " + text_member(property.value(), "description");
  }
  return out;
}

/// The tool that the player's words call for; null when there is none.
inline const json::value* wanted_tool(const json::value& request, const std::string& text) {
  const json::value* tools = member(request, "tools");
  if (tools == nullptr || !tools->is_array()) return nullptr;
  std::string demanded;
  bool must = false;
  if (const json::value* choice = member(request, "tool_choice")) {
    if (choice->is_string() && view(choice->get_string()) == "none") return nullptr;
    must = choice->is_object() || view(choice->get_string()) == "required";
    if (const json::value* function = member(*choice, "function"))
      demanded = text_member(*function, "name");
  }
  const std::vector<std::string> said = stems(text);
  const json::value* best = nullptr;
  std::size_t most = 0;
  for (const json::value& tool : tools->get_array()) {
    const json::value* function = member(tool, "function");
    if (function == nullptr) continue;  // a server tool: OpenRouter's own business
    const std::string name = text_member(*function, "name");
    if (!demanded.empty() && name == demanded) return function;
    const std::vector<std::string> own = stems(tool_words(*function));
    std::size_t shared = 0;
    for (const std::string& word : said) shared += contains(own, word) ? 1 : 0;
    if (shared > most || (must && best == nullptr)) best = function;
    if (shared > most) most = shared;
  }
  return best;
}

/// "You are Mira, a smith. ..." is Mira; empty when the prompt names nobody.
inline std::string persona_name(std::string_view system) {
  for (const std::string_view opening : {"ou are ", "our name is ", "named "}) {
    const std::size_t at = system.find(opening);
    if (at == system.npos) continue;
    std::size_t end = at + opening.size();
    const std::size_t begin = end;
    while (end < system.size() && is_upper(system[end])) {
      while (end < system.size() && is_word(system[end])) ++end;
      if (end + 1 < system.size() && system[end] == ' ' && is_upper(system[end + 1])) ++end;
    }
    if (end > begin) return std::string(system.substr(begin, end - begin));
  }
  return "";
}

/// "smith of Eastvale" in "You are Mira, a smith of Eastvale. ..."; empty when nothing fits.
inline std::string persona_role(std::string_view system, const std::string& name) {
  const std::size_t at = name.empty() ? system.npos : system.find(name + ", ");
  if (at == system.npos) return "";
  std::string_view rest = system.substr(at + name.size() + 2);
  rest = rest.substr(0, rest.find_first_of(".,;:\n"));
  for (const std::string_view article : {"a ", "an ", "the "}) {
    if (rest.substr(0, article.size()) == article) rest.remove_prefix(article.size());
  }
  const bool sentence = rest.substr(0, 4) == "who " || rest.find(" old") != rest.npos;
  return sentence || rest.size() > 60 ? "" : std::string(rest);
}

/// `[n]`ame, `[t]`opic, `[T]` with a capital, `[r]`ole.
inline std::string in_character(std::string_view system, const std::string& text) {
  using patterns = std::vector<std::string_view>;
  static const patterns greetings = {
      "Well met, traveller. [n] is listening.",
      "Ah, a new face. Warm yourself, and tell [n] what brings you here.",
      "Good to see you on your feet. What shall it be?",
  };
  static const patterns answers = {
      "[T]? I have heard things, friend, but not all of them come free.",
      "You ask about [t]. Look by the water first, and not before dark.",
      "If anyone knows about [t], it is [n]. Come closer, and keep your voice down.",
      "[T]? The last one who asked left without an answer. You, I like better.",
  };
  static const patterns replies = {
      "[T], you say. I will remember that, as sure as my name is [n].",
      "Hm, [t]. You tell it as if it were nothing.",
      "Say no more of [t]. These walls have ears, and [n] has only two.",
  };
  static const patterns in_office = {
      "You come to the [r] with [t]? Then [n] shall see what can be done.",
      "[T] again. A [r] hears of little else these days, but go on.",
  };
  const std::string name = persona_name(system);
  const std::string role = persona_role(system, name);
  const std::vector<std::string> about = subjects(text);
  const std::uint32_t number = hash(std::string(system) + text);
  const bool question = text.find('?') != text.npos;
  const patterns& table = about.empty()                      ? greetings
                          : !role.empty() && number % 4 == 0 ? in_office
                          : question                         ? answers
                                                             : replies;
  std::string topic = about.empty() ? "" : about.front();
  const std::string phrase = noun_phrase(text);
  if (!topic.empty() && mentions(text, "the " + topic)) topic = "the " + topic;
  if (!phrase.empty() && !is_upper(topic[0])) topic = phrase;
  std::string capital = topic;
  if (!capital.empty() && capital[0] >= 'a' && capital[0] <= 'z') {
    capital[0] = static_cast<char>(capital[0] - 32);
  }
  std::string out;
  const std::string_view pattern = table[number / 4 % table.size()];
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '[') {
      out += pattern[i];
      continue;
    }
    const char what = pattern[i + 1];
    out += what == 'n'   ? (name.empty() ? "your friend" : name)
           : what == 'r' ? role
           : what == 't' ? topic
                         : capital;
    i += 2;
  }
  return out;
}

/// A tool's result as somebody reads it out: {"berth":4,"cargo":"sealed"} is "berth 4, cargo
/// sealed"; what is not an object of plain values is read out as it is.
inline std::string read_out(const std::string& result) {
  json::error_code failed;
  const json::value parsed = json::parse(result, failed);
  if (failed || !parsed.is_object()) return result;
  std::string out;
  for (const auto& entry : parsed.get_object()) {
    const json::value& value = entry.value();
    if (value.is_structured()) return result;
    const std::string text = value.is_string() ? std::string(view(value.get_string()))
                             : value.is_null() ? "unknown"
                                               : print(value);
    out += (out.empty() ? "" : ", ") + std::string(entry.key()) + " " + text;
  }
  return out;
}

/// The answer to a request that nobody scripted.
inline scripted_reply reply_by_rule(const json::value& request) {
  scripted_reply reply;
  const json::array& messages = request.at("messages").get_array();
  const json::value* system = last_message(request, "system");
  if (system == nullptr) system = last_message(request, "developer");
  const std::string prompt = system != nullptr ? message_text(*system) : "";
  const std::string text = last_user_text(request);
  const std::string last_role = text_member(messages.back(), "role");

  if (last_role == "user") {
    if (const json::value* tool = wanted_tool(request, text)) {
      const std::string name = text_member(*tool, "name");
      const json::value* schema = member(*tool, "parameters");
      schema_filler filler(text, stems(name + " " + text_member(*tool, "description")));
      const json::value arguments =
          schema != nullptr ? filler.fill(*schema, name) : json::value(json::object());
      reply.tool_calls.push_back({name, print(arguments), ""});
    }
  }
  if (reply.tool_calls.empty()) {
    reply.text = last_role == "tool" ? "Let me see: " + read_out(message_text(messages.back())) +
                                           ". That is all I have."
                                     : in_character(prompt, text);
    const json::value* format = member(request, "response_format");
    const std::string kind = format != nullptr ? text_member(*format, "type") : "";
    if (kind == "json_object") reply.text = print({{"reply", reply.text}});
    if (kind == "json_schema") {
      const json::value* schema = member(*member(*format, "json_schema"), "schema");
      if (schema != nullptr) reply.text = print(schema_filler(text, {}).fill(*schema, "reply"));
    }
  }
  if (reasoning_wanted(request)) {
    const std::vector<std::string> about = subjects(text);
    const std::string name = persona_name(prompt);
    reply.reasoning = "The player speaks of " + (about.empty() ? "nothing yet" : about.front()) +
                      ". " + (name.empty() ? "I" : name) +
                      (reply.tool_calls.empty() ? " should answer briefly and stay in character."
                                                : " should look that up before answering.");
  }
  return reply;
}

}  // namespace standins
