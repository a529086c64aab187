// SPDX-License-Identifier: MIT
//
// The command line of chat. A mistake is one line, as main() prints it before it exits with 2.

#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "orcast/http/request.hpp"

namespace chat {

struct options {
  enum class transport_kind { httplib, curl };

  std::optional<std::string> prompt;  ///< none: a conversation; "-": from standard input
  std::string base_url;               ///< empty: OPENROUTER_BASE_URL, or OpenRouter's own
  std::string model;
  std::string system;
  std::string request_file;
  std::string session;
  std::string user;
  std::string trace;           ///< a JSON object
  std::optional<bool> stream;  ///< none: what the request file says, else true
  transport_kind transport = transport_kind::curl;
  std::optional<int> retries;
  orcast::http::timeouts timeouts;
  bool privacy = false;
  bool test_connection = false;
  bool json = false;
  bool help = false;
  bool version = false;

  std::string mistake;  ///< one line; when not empty, the rest does not count
};

inline constexpr std::string_view default_model = "openai/gpt-4o-mini";

inline constexpr std::string_view help_text =
    R"(usage: chat [options] [PROMPT | -]

Asks a model through OpenRouter. With PROMPT (or - for standard input) it asks once, without it
holds a conversation; /help lists its commands, and Ctrl-C cancels the answer under way.

  --model M                 an OpenRouter slug (default: the request file's, else
                            openai/gpt-4o-mini)
  --system TEXT             the system prompt
  --request FILE            a JSON object that is merged into the request body; the options and
                            PROMPT are put over it. A file whose messages end with a question
                            needs no PROMPT; one that /save wrote is gone on with
  --session ID, --user ID   whose conversation it is, for OpenRouter and for the trace
  --trace JSON              OpenRouter's trace object: trace_id, trace_name, ...
  --stream, --no-stream     print the answer as it arrives (default), or ask for it in one piece
  --json                    print nothing but one JSON object a turn, when the turn is over:
                            ok, text, reasoning, tool_calls, finish_reason, model, provider, id,
                            usage, attempts, error {code, status, message} or null

  --base-url URL            another service of the same kind
  --transport KIND          curl (default) or httplib
  --retries N               how often a call that failed early is tried again (default 2)
  --connect-timeout S       seconds, decimals allowed, 0 for no limit (default 10)
  --first-byte-timeout S    from the request to the answer's first byte (default 300)
  --idle-timeout S          between two pieces of the answer (default 60)
  --total-timeout S         the call with all its attempts (default none)

  --privacy                 no prompts and no answers in the trace
  --test-connection         see whether Arize takes a trace; then ask PROMPT, if there is one
  --help, --version

exit status: 0 answered, 1 failed (one line on stderr says why), 2 wrong usage. A conversation ends
with 0 at a terminal; when its lines come from elsewhere, with 1 if one of them was not answered.

environment
  OPENROUTER_API_KEY        the key
  OPENROUTER_BASE_URL       as --base-url
  ARIZE_API_KEY, ARIZE_SPACE_ID
                            with both, every call becomes a trace in Arize, sent before chat exits;
                            trouble with that is a line on stderr and leaves the exit status alone
  ARIZE_PROJECT_NAME        the project there (default: chat)
  ARIZE_COLLECTOR_ENDPOINT  another address for the traces
)";

namespace detail {

/// Whole milliseconds, rounded up so that a little is not "no limit"; at most ten days.
inline bool read_seconds(std::string_view text, std::int64_t& ms) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !(seconds >= 0 && seconds <= 864'000)) return false;
  ms = static_cast<std::int64_t>(std::ceil(seconds * 1000));
  return true;
}

inline bool read_count(std::string_view text, std::optional<int>& count) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > 100) {
    return false;
  }
  count = value;
  return true;
}

struct text_option {
  std::string_view name;
  std::string options::*to;
};
inline constexpr text_option texts[] = {
    {"--base-url", &options::base_url},    {"--model", &options::model},
    {"--system", &options::system},        {"--session", &options::session},
    {"--request", &options::request_file}, {"--user", &options::user},
    {"--trace", &options::trace},
};

struct time_option {
  std::string_view name;
  std::int64_t orcast::http::timeouts::*to;
};
inline constexpr time_option times[] = {
    {"--connect-timeout", &orcast::http::timeouts::connect_ms},
    {"--first-byte-timeout", &orcast::http::timeouts::first_byte_ms},
    {"--idle-timeout", &orcast::http::timeouts::idle_ms},
    {"--total-timeout", &orcast::http::timeouts::total_ms},
};

inline bool takes_value(std::string_view name) {
  for (const text_option& each : texts) {
    if (each.name == name) return true;
  }
  for (const time_option& each : times) {
    if (each.name == name) return true;
  }
  return name == "--transport" || name == "--retries";
}

/// What is wrong with the value, or nothing.
inline std::string set_value(std::string_view name, std::string_view value, options& out) {
  const auto wrong = [&](std::string_view wanted) {
    return std::string(name).append(" must be ").append(wanted).append(", not \"") +
           std::string(value) + '"';
  };
  for (const text_option& each : texts) {
    if (each.name == name) out.*each.to = value;
  }
  for (const time_option& each : times) {
    if (each.name == name && !read_seconds(value, out.timeouts.*each.to)) {
      return wrong("a number of seconds from 0 to 864000");
    }
  }
  if (name == "--retries" && !read_count(value, out.retries)) {
    return wrong("a whole number from 0 to 100");
  }
  if (name == "--transport") {
    if (value != "curl" && value != "httplib") return wrong("curl or httplib");
    out.transport =
        value == "curl" ? options::transport_kind::curl : options::transport_kind::httplib;
  }
  return {};
}

inline bool set_flag(std::string_view name, options& out) {
  if (name == "--stream") return out.stream = true, true;
  if (name == "--no-stream") return out.stream = false, true;
  if (name == "--privacy") return out.privacy = true;
  if (name == "--test-connection") return out.test_connection = true;
  if (name == "--json") return out.json = true;
  if (name == "--version") return out.version = true;
  if (name == "--help" || name == "-h") return out.help = true;
  return false;
}

}  // namespace detail

/// `arguments` without the program's name. Values stand after a space or an equals sign, one that
/// begins with "--" after an equals sign only; of an option given twice the last one counts.
inline options parse_options(const std::vector<std::string_view>& arguments) {
  options out;
  const auto complain = [&out](std::string_view name, std::string_view about) {
    if (out.mistake.empty()) out.mistake.append(name).append(about);
  };
  bool only_prompt = false;  // after "--"
  for (std::size_t i = 0; i < arguments.size() && out.mistake.empty(); ++i) {
    const std::string_view argument = arguments[i];
    if (only_prompt || argument.empty() || argument == "-" || argument[0] != '-') {
      if (out.prompt) complain("", "more than one PROMPT: put it in quotes");
      out.prompt = argument;
      if (argument.empty()) complain("", "the prompt is empty");
      continue;
    }
    if (argument == "--") {
      only_prompt = true;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    if (detail::takes_value(name)) {
      std::string_view value;
      if (equals != std::string_view::npos) {
        value = argument.substr(equals + 1);
      } else if (i + 1 < arguments.size() && arguments[i + 1].substr(0, 2) != "--") {
        value = arguments[++i];
      }
      if (value.empty()) {
        complain(name, " needs a value");
      } else {
        out.mistake = detail::set_value(name, value, out);
      }
    } else if (!detail::set_flag(name, out)) {
      complain("there is no option ", std::string(name) + "; --help lists them");
    } else if (equals != std::string_view::npos) {
      complain(name, " takes no value");
    }
  }
  return out;
}

}  // namespace chat
