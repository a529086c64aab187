// SPDX-License-Identifier: MIT
//
// Reads a dialogue from its JSON file. Every mistake is one line that names the place in the words
// of the file; a key that the format does not know is a mistake too, since it would be a silent
// one.

#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "game_loop/dialogue.hpp"
#include "support/format.hpp"

namespace game_loop {

/// what() is one line, such as: dialogue.json: turns[3].npc: no NPC is called "Brun"
class script_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

namespace json = boost::json;

inline std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

/// A JSON value and where it stands, so that every complaint can name the place.
class place {
 public:
  place(const json::value& value, std::string where) : value_(&value), where_(std::move(where)) {}

  [[noreturn]] void complain(const std::string& what) const {
    throw script_error(where_ + ": " + what);
  }

  const json::object& object() const {
    if (!value_->is_object()) complain("must be an object");
    return value_->get_object();
  }

  std::string text() const {
    if (!value_->is_string()) complain("must be a text");
    const std::string out(value_->get_string().c_str(), value_->get_string().size());
    if (out.find_first_not_of(" \t\r\n") == std::string::npos) complain("must not be empty");
    return out;
  }

  double number(double lowest, double highest) const {
    if (!value_->is_number()) complain("must be a number");
    const double out = value_->to_number<double>();
    if (out < lowest || out > highest) {
      complain("must be from " + examples::format_fixed(lowest, 0) + " to " +
               examples::format_fixed(highest, 0));
    }
    return out;
  }

  std::vector<place> elements() const {
    if (!value_->is_array()) complain("must be an array");
    std::vector<place> out;
    for (const json::value& element : value_->get_array()) {
      out.emplace_back(element, where_ + '[' + std::to_string(out.size()) + ']');
    }
    return out;
  }

  place member(std::string_view key) const {
    if (const std::optional<place> found = find(key)) return *found;
    throw script_error(inner(key) + ": is missing");
  }

  std::optional<place> find(std::string_view key) const {
    const json::value* found = object().if_contains(json::string_view(key.data(), key.size()));
    if (found == nullptr) return std::nullopt;
    return place(*found, inner(key));
  }

  /// A misspelt key would be ignored and its author would wonder.
  void allow(std::initializer_list<std::string_view> keys) const {
    for (const auto& entry : object()) {
      const std::string_view key(entry.key().data(), entry.key().size());
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        throw script_error(inner(key) + ": is not a key of the format");
      }
    }
  }

  const json::value& value() const { return *value_; }

 private:
  /// "script.json: turns[3]" and "npc" make "script.json: turns[3].npc".
  std::string inner(std::string_view key) const {
    const bool top = where_.back() == ' ';
    return where_ + (top ? "" : ".") + std::string(key);
  }

  const json::value* value_;
  std::string where_;
};

inline json::value parse_json(std::string_view text, const std::string& name) {
  json::parser parser;
  json::error_code error;
  const std::size_t read = parser.write_some(text.data(), text.size(), error);
  const bool rest = text.find_first_not_of(" \t\r\n", read) != std::string_view::npos;
  if (!error && rest) error = json::error::extra_data;
  if (error) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(read);
    throw script_error(name + ": line " + std::to_string(1 + std::count(text.begin(), end, '\n')) +
                       ": not JSON: " + error.message());
  }
  return parser.release();
}

inline tool read_tool(std::string name, const place& from) {
  from.allow({"description", "parameters", "by", "result"});
  tool out;
  out.name = std::move(name);
  out.description = from.member("description").text();
  out.parameters = json::serialize(json::value(from.member("parameters").object()));
  out.result = from.member("result").value();
  if (const auto by = from.find("by")) {
    out.by = by->text();
    from.member("result").object();
  }
  return out;
}

inline const tool& find_tool(const dialogue& in, const place& at) {
  const std::string name = at.text();
  for (const tool& each : in.tools) {
    if (each.name == name) return each;
  }
  at.complain("no tool is called " + quoted(name));
}

inline npc read_npc(const dialogue& in, const place& from) {
  from.allow({"name", "model", "system", "session", "tools", "temperature", "max_tokens"});
  npc out;
  out.name = from.member("name").text();
  out.model = from.member("model").text();
  if (out.model.find('/') == std::string::npos) {
    from.member("model").complain("is not a model slug such as \"openai/gpt-4o-mini\"");
  }
  out.system = from.member("system").text();
  const auto session = from.find("session");
  out.session = session ? session->text() : out.name;
  if (const auto tools = from.find("tools")) {
    for (const place& name : tools->elements()) out.tools.push_back(&find_tool(in, name));
  }
  if (const auto value = from.find("temperature")) out.temperature = value->number(0, 2);
  if (const auto value = from.find("max_tokens")) {
    out.max_tokens = static_cast<int>(value->number(1, 100'000));
  }
  for (const npc& other : in.npcs) {
    if (other.name == out.name) from.member("name").complain("there are two " + quoted(out.name));
  }
  return out;
}

inline stand_in_answer read_stand_in(const dialogue& in, const npc& with, const place& from) {
  from.allow({"text", "reasoning", "tool", "arguments", "first_token", "duration"});
  stand_in_answer out;
  out.text = from.member("text").text();
  if (const auto value = from.find("reasoning")) out.reasoning = value->text();
  if (const auto value = from.find("tool")) {
    const tool& called = find_tool(in, *value);
    if (std::find(with.tools.begin(), with.tools.end(), &called) == with.tools.end()) {
      value->complain(with.name + " has no tool " + quoted(called.name));
    }
    out.tool = called.name;
    const auto arguments = from.find("arguments");
    out.arguments = arguments ? json::serialize(json::value(arguments->object())) : "{}";
  } else if (const auto arguments = from.find("arguments")) {
    arguments->complain("without a tool");
  }
  if (const auto value = from.find("first_token")) out.first_token_s = value->number(0, 60);
  if (const auto value = from.find("duration")) out.duration_s = value->number(0, 60);
  return out;
}

inline turn read_turn(const dialogue& in, const place& from) {
  from.allow({"at", "npc", "say", "leave_after", "stand_in"});
  turn out;
  out.at_s = from.member("at").number(0, 3600);
  const std::string name = from.member("npc").text();
  const auto with = std::find_if(in.npcs.begin(), in.npcs.end(),
                                 [&name](const npc& each) { return each.name == name; });
  if (with == in.npcs.end()) from.member("npc").complain("no NPC is called " + quoted(name));
  out.with = &*with;
  out.say = from.member("say").text();
  if (const auto value = from.find("leave_after")) out.leave_after_s = value->number(0, 60);
  out.stand_in.text = "I heard you say: " + out.say;
  if (const auto value = from.find("stand_in")) out.stand_in = read_stand_in(in, *with, *value);
  return out;
}

}  // namespace detail

/// `name` stands in front of every error. Throws script_error.
inline dialogue parse_dialogue(std::string_view text, const std::string& name) {
  const boost::json::value whole = detail::parse_json(text, name);
  if (!whole.is_object()) throw script_error(name + ": must be an object");
  const detail::place top(whole, name + ": ");
  top.allow({"user", "npcs", "tools", "turns"});

  dialogue out;
  out.name = name;
  out.user = top.member("user").text();
  if (const auto tools = top.find("tools")) {
    for (const auto& entry : tools->object()) {
      const std::string key(entry.key().data(), entry.key().size());
      out.tools.push_back(detail::read_tool(key, tools->member(key)));
    }
  }
  // Reserved or complete before anyone points into it.
  const std::vector<detail::place> npcs = top.member("npcs").elements();
  out.npcs.reserve(npcs.size());
  for (const detail::place& each : npcs) out.npcs.push_back(detail::read_npc(out, each));
  for (const detail::place& each : top.member("turns").elements()) {
    out.turns.push_back(detail::read_turn(out, each));
  }
  if (out.turns.empty()) top.member("turns").complain("must not be empty");
  std::stable_sort(out.turns.begin(), out.turns.end(),
                   [](const turn& a, const turn& b) { return a.at_s < b.at_s; });
  return out;
}

/// Throws script_error, also when the file cannot be read.
inline dialogue load_dialogue(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) throw script_error(path + ": cannot be read");
  return parse_dialogue(text.str(), path);
}

}  // namespace game_loop
