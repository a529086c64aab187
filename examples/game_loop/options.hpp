// SPDX-License-Identifier: MIT
//
// The command line of game_loop. A mistake is one line, as main() prints it before it exits with 2.

#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace game_loop {

struct options {
  enum class transport_kind { httplib, curl };

  std::string script;  ///< empty: the dialogue that comes with the example
  double seconds = 10;
  std::string traces;  ///< empty: beside the program
  std::string html;    ///< empty: beside the program
  transport_kind transport = transport_kind::curl;
  bool tracing = true;
  bool help = false;

  std::string mistake;  ///< one line; when not empty, the rest does not count
};

inline constexpr std::string_view usage =
    R"(usage: game_loop [options]

Runs a 60 Hz game loop in which several characters talk through OpenRouter, streamed, with tools,
and every call becomes a span at Arize. Without keys it talks to stand-ins on this machine.

  --script FILE         who talks about what (default: dialogue.json of this example)
  --seconds N           how long the conversation lasts, from 1 to 3600 (default 10), and then until
                        the last answer; it is played again without tracing, to compare frame times
  --traces FILE         where the spans that arrived go, one OTLP JSON request a line
                        (default: traces.jsonl beside the program)
  --html FILE           where the same goes as a page to look at (default: traces.html there)
  --transport KIND      curl (default) or httplib
  --no-tracing          only the conversation, without spans
  --help                this text

environment
  OPENROUTER_API_KEY    call the real OpenRouter (this costs money, fractions of a cent a run)
  ARIZE_API_KEY, ARIZE_SPACE_ID, ARIZE_PROJECT_NAME
                        send the spans to the real Arize
  PHOENIX_COLLECTOR_ENDPOINT, PHOENIX_PROJECT_NAME, PHOENIX_API_KEY
                        or to a Phoenix, for example http://127.0.0.1:6006

)";

namespace detail {

inline bool read_seconds(std::string_view text, double& seconds) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc() && end == text.data() + text.size() && seconds >= 1 &&
         seconds <= 3600;
}

/// The options that take a value; what is wrong with it, or nothing.
inline std::string set_value(std::string_view name, std::string_view value, options& out) {
  if (value.empty()) return std::string(name) + " needs a value";
  if (name == "--script") out.script = value;
  if (name == "--traces") out.traces = value;
  if (name == "--html") out.html = value;
  if (name == "--seconds" && !read_seconds(value, out.seconds)) {
    return "--seconds must be a number from 1 to 3600, not \"" + std::string(value) + '"';
  }
  if (name == "--transport") {
    if (value != "curl" && value != "httplib") {
      return "--transport must be curl or httplib, not \"" + std::string(value) + '"';
    }
    out.transport =
        value == "curl" ? options::transport_kind::curl : options::transport_kind::httplib;
  }
  return {};
}

}  // namespace detail

/// `arguments` without the program's name. Values stand after a space or an equals sign; of an
/// option given twice the last one counts.
inline options parse_options(const std::vector<std::string_view>& arguments) {
  options out;
  for (std::size_t i = 0; i < arguments.size() && out.mistake.empty(); ++i) {
    const std::size_t equals = arguments[i].find('=');
    const std::string_view name = arguments[i].substr(0, equals);
    const bool takes_value = name == "--script" || name == "--traces" || name == "--html" ||
                             name == "--seconds" || name == "--transport";
    if (takes_value) {
      std::string_view value;
      if (equals != std::string_view::npos) {
        value = arguments[i].substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        value = arguments[++i];
      }
      out.mistake = detail::set_value(name, value, out);
    } else if (arguments[i] == "--no-tracing") {
      out.tracing = false;
    } else if (arguments[i] == "--help" || arguments[i] == "-h") {
      out.help = true;
    } else {
      out.mistake = "there is no option " + std::string(arguments[i]) + "; --help lists them";
    }
  }
  return out;
}

}  // namespace game_loop
