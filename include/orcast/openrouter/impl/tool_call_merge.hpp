// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/merge_state.hpp"
#include "orcast/openrouter/impl/message_fields.hpp"
#include "orcast/openrouter/message.hpp"

// Puts the tool calls of one answer together from their fragments. OpenRouter passes on what its
// providers send, and that varies: an index may be missing or used twice, an id may be absent,
// repeated or late, a whole call may come at once or its name after its arguments.

namespace orcast {
inline namespace v0 {
namespace detail {

inline void write_function(const tool_call& call, object_writer& whole) {
  object_writer function(whole.key("function"));
  function.text("name", call.name);
  function.text("arguments", call.arguments);
  function.close();
}

inline void write_tool_calls(const std::vector<tool_call>& calls, std::string& out) {
  char before = '[';
  for (const tool_call& call : calls) {
    out += before;
    before = ',';
    if (!call.json.empty()) {
      out += call.json;
      continue;
    }
    object_writer whole(out);
    whole.text("id", call.id);
    whole.text("type", "function");
    write_function(call, whole);
    whole.close();
  }
  out += ']';
}

class tool_call_merge {
 public:
  /// Adds a fragment to the call that it belongs to, or begins another.
  void add(json_view fragment, merge_state& state, std::vector<tool_call>& calls) {
    state.token();
    const std::size_t at = state.whole ? calls.size() : place_of(fragment, calls);
    if (at == state.limits.tool_calls) {
      state.too_large = true;
      return;
    }
    if (at == calls.size()) {
      calls.emplace_back();
      drafts_.emplace_back();
      if (fragment["index"].is_number()) drafts_.back().index = fragment["index"].integer();
    }
    tool_call& call = calls[at];
    draft& rest = drafts_[at];
    for (const json_view member : fragment) {
      const std::string_view key = member.key();
      if (is(key, "id")) {
        if (call.id.empty()) call.id = member.text();
      } else if (is(key, "type")) {
        if (rest.type.empty()) rest.type = member.text();
      } else if (is(key, "function")) {
        add_function(member, call, state);
      } else if (!is(key, "index")) {
        state.spend(rest.more.set(member));
      }
    }
    if (call.arguments.size() > state.limits.tool_argument_bytes) state.too_large = true;
  }

  static void repair(std::vector<tool_call>& calls) {
    for (tool_call& call : calls) {
      repair_text(call.id);
      repair_text(call.name);
      repair_text(call.arguments);
    }
  }

  /// The answer is over and repaired: every call gets arguments and an id of its own. Returns the
  /// problem with the calls, or null.
  const char* complete(std::string_view generation_id, std::vector<tool_call>& calls) {
    const char* problem = nullptr;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      tool_call& call = calls[i];
      const draft& rest = drafts_[i];
      const bool function = rest.type.empty() || rest.type == "function";
      if (function && call.name.empty()) problem = "a tool call came without a function's name";
      if (function && is_blank(call.arguments)) call.arguments = "{}";
      if (call.id.empty() || is_taken(call.id, calls, i))
        call.id = made_up_id(generation_id, calls);
      if (!function || !rest.more.empty()) write(call, rest, function);
    }
    return problem;
  }

 private:
  static constexpr std::int64_t no_index = INT64_MIN;

  struct draft {
    std::int64_t index = no_index;
    std::string type;
    loose_members more;
  };

  static void add_function(json_view function, tool_call& call, merge_state& state) {
    const std::size_t before = call.name.size() + call.arguments.size();
    const std::string_view name = function["name"].text();
    if (name != call.name) call.name += name;  // the name again is no news
    const json_view arguments = function["arguments"];
    if (arguments.is_string()) {
      call.arguments += arguments.text();
    } else if (arguments.is_object()) {
      append_json(call.arguments, arguments);
    }
    state.spend(call.name.size() + call.arguments.size() - before);
  }

  std::size_t place_of(json_view fragment, const std::vector<tool_call>& calls) {
    const std::string_view id = fragment["id"].text();
    const std::string_view name = fragment["function"]["name"].text();
    if (fragment["index"].is_number()) {
      const std::int64_t index = fragment["index"].integer();
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (drafts_[i].index != index) continue;
        const bool another = !id.empty() && !calls[i].id.empty() && id != calls[i].id &&
                             !name.empty() && is_json(calls[i].arguments);
        if (!another) return i;
        drafts_[i].index = no_index;  // the provider counts all calls as the same one
      }
      return calls.size();
    }
    if (calls.empty()) return 0;
    const std::size_t last = calls.size() - 1;
    if (!id.empty()) {
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i].id == id) return i;
      }
      return name.empty() || (calls[last].id.empty() && calls[last].name.empty()) ? last
                                                                                  : calls.size();
    }
    const bool another =
        !name.empty() && !calls[last].name.empty() && is_json(calls[last].arguments);
    return another ? calls.size() : last;
  }

  /// Bounded, because arguments are long and fragments are many.
  bool is_json(std::string_view arguments) {
    return checks_++ < 256 && json_reader(json_manners::tolerant).parse(arguments);
  }

  static bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  }

  static bool is_taken(std::string_view id, const std::vector<tool_call>& calls,
                       std::size_t before) noexcept {
    for (std::size_t i = 0; i < before; ++i) {
      if (calls[i].id == id) return true;
    }
    return false;
  }

  /// Unique within the conversation: the end of the generation's id is in it. Short, because
  /// providers take ids of 40 bytes at most.
  static std::string made_up_id(std::string_view generation_id,
                                const std::vector<tool_call>& calls) {
    std::string id;
    for (std::int64_t number = 0; id.empty() || is_taken(id, calls, calls.size()); ++number) {
      id = "call_";
      append_number(id, number);
      id += '_';
      id += generation_id.substr(generation_id.size() > 20 ? generation_id.size() - 20 : 0);
    }
    return id;
  }

  /// The call with what orcast has no place for.
  static void write(tool_call& call, const draft& rest, bool function) {
    call.json.clear();
    object_writer whole(call.json);
    whole.text("id", call.id);
    append_repaired_string(whole.key("type"), function ? "function" : rest.type);
    if (function) write_function(call, whole);
    rest.more.write(whole);
    whole.close();
  }

  std::vector<draft> drafts_;  // one for each call
  int checks_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
