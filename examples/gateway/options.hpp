// SPDX-License-Identifier: MIT
//
// The command line of the gateway.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

struct options {
  std::string host = "127.0.0.1";  ///< a name or an address, IPv6 without brackets
  std::string port = "8787";       ///< "0": one that the system chooses
  std::string upstream = "https://openrouter.ai";
  std::string settings;            ///< a file; empty: the environment's ARIZE_* variables
  std::int64_t drain_ms = 10'000;  ///< how long calls under way may go on after a signal
  std::size_t most_connections = 512;
  std::size_t most_body_bytes = std::size_t{64} << 20;
  bool help = false;
  std::string mistake;  ///< what is wrong with the arguments; empty when nothing is
};

inline constexpr std::string_view usage =
    R"(gateway: every OpenRouter call of a program that can't be changed, seen in Arize.

  gateway [--listen ADDR] [--upstream URL] [--settings FILE]

  --listen ADDR     where to listen: PORT or HOST:PORT; port 0 lets the system choose
                    (127.0.0.1:8787)
  --upstream URL    where calls go (https://openrouter.ai)
  --settings FILE   JSON: "openrouter_api_key", and "destinations" with the keys of Arize;
                    without it ARIZE_API_KEY, ARIZE_SPACE_ID and ARIZE_PROJECT_NAME count
  --drain SECONDS   how long calls under way may go on after SIGTERM or SIGINT (10)
  --connections N   connections at once; further ones wait (512)
  --body-mib N      the largest request body, in MiB (64)
  --help            this text

Programs use http://ADDR/api/v1 in the place of https://openrouter.ai/api/v1. With an OpenRouter
key in OPENROUTER_API_KEY or in the file they need none of their own. Spans that orcast's clients
post to http://ADDR/v1/traces go on to Arize with the keys added. The first line that is printed
says where it listens. Exit status: 0 after a signal, 2 when something is wrong.
)";

namespace detail {

inline bool read_number(std::string_view text, std::uint64_t most, std::uint64_t& to) {
  if (text.empty() || text.size() > 10) return false;
  std::uint64_t value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  to = value;
  return value <= most;
}

/// PORT, HOST:PORT or [IPv6]:PORT.
inline bool read_address(std::string_view text, options& to) {
  constexpr std::string_view scheme = "http://";
  if (text.substr(0, scheme.size()) == scheme) text.remove_prefix(scheme.size());
  const std::size_t colon = text.rfind(':');
  std::string_view host = colon == std::string_view::npos ? "" : text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  std::uint64_t number = 0;
  if (!read_number(port, 65535, number)) return false;
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;
  }
  if (!host.empty()) to.host = host;
  to.port = port;
  return true;
}

inline std::string set_value(std::string_view name, std::string_view value, options& to) {
  if (value.empty()) return std::string(name) + " needs a value";
  std::uint64_t number = 0;
  const auto wrong = [&](const char* what) {
    return std::string(name) + " must be " + what + ", not \"" + std::string(value) + '"';
  };
  if (name == "--upstream") to.upstream = value;
  if (name == "--settings") to.settings = value;
  if (name == "--listen" && !read_address(value, to)) return wrong("PORT or HOST:PORT");
  if (name == "--drain") {
    if (!read_number(value, 3600, number)) return wrong("a number of seconds up to 3600");
    to.drain_ms = static_cast<std::int64_t>(number) * 1000;
  }
  if (name == "--connections") {
    if (!read_number(value, 10'000, number) || number == 0) return wrong("from 1 to 10000");
    to.most_connections = number;
  }
  if (name == "--body-mib") {
    if (!read_number(value, 1024, number) || number == 0) return wrong("from 1 to 1024");
    to.most_body_bytes = number << 20;
  }
  return {};
}

}  // namespace detail

/// `arguments` without the program's name. Values stand after a space or an equals sign.
inline options parse_options(const std::vector<std::string_view>& arguments) {
  options out;
  for (std::size_t i = 0; i < arguments.size() && out.mistake.empty(); ++i) {
    const std::size_t equals = arguments[i].find('=');
    const std::string_view name = arguments[i].substr(0, equals);
    if (name == "--listen" || name == "--upstream" || name == "--settings" || name == "--drain" ||
        name == "--connections" || name == "--body-mib") {
      std::string_view value;
      if (equals != std::string_view::npos) {
        value = arguments[i].substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        value = arguments[++i];
      }
      out.mistake = detail::set_value(name, value, out);
    } else if (arguments[i] == "--help" || arguments[i] == "-h") {
      out.help = true;
    } else {
      out.mistake =
          "there is no option " + std::string(arguments[i]) + "; gateway --help lists them";
    }
  }
  return out;
}

}  // namespace gateway
