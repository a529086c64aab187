// SPDX-License-Identifier: MIT
//
// The request that each turn begins with: the request file, with the command line put over it.
// What can't be used is refused here, in one line that names the option, before anything is sent.

#pragma once

#include <boost/json.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "chat/options.hpp"
#include "orcast/openrouter/chat_request.hpp"

namespace chat {

/// What a file or standard input may hold at most.
inline constexpr std::size_t most_bytes = std::size_t{64} << 20;

/// All there is to read. The words of a failure go after the name of what was read.
inline orcast::result<std::string> read_all(std::FILE* file) {
  std::string text;
  char piece[16384];
  for (std::size_t size; (size = std::fread(piece, 1, sizeof piece, file)) > 0;) {
    text.append(piece, size);
    if (text.size() > most_bytes) {
      return orcast::failure(orcast::errc::too_large, "is larger than 64 MiB");
    }
  }
  if (std::ferror(file) != 0) {
    return orcast::failure(orcast::errc::io, std::string("can't be read: ") + std::strerror(errno));
  }
  return text;
}

inline orcast::result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) {
    return orcast::failure(orcast::errc::io, std::string("can't be read: ") + std::strerror(errno));
  }
  return read_all(file.get());
}

/// A JSON object; the words of a failure say in which line it stops being one.
inline orcast::result<boost::json::object> parse_object(std::string_view text) {
  boost::json::stream_parser parser;
  boost::json::error_code failed;
  const std::size_t read = parser.write_some(text.data(), text.size(), failed);
  if (!failed) parser.finish(failed);
  const bool ended = failed == boost::json::error::incomplete;
  if (!failed && text.find_first_not_of(" \t\r\n", read) != text.npos) {
    failed = boost::json::error::extra_data;
  }
  if (failed) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(read), '\n');
    return orcast::failure(
        orcast::errc::invalid_argument,
        ended ? "is not JSON: it ends too early"
              : "is not JSON: " + failed.message() + " in line " + std::to_string(line));
  }
  boost::json::value whole = parser.release();
  if (!whole.is_object()) {
    return orcast::failure(orcast::errc::invalid_argument, "is not a JSON object");
  }
  return std::move(whole.get_object());
}

/// A request without its question, and how it is to be answered.
struct pattern {
  orcast::chat_request request;
  bool stream = true;
};

namespace detail {

inline orcast::failure about(std::string_view option, const orcast::failure& why) {
  return orcast::failure(orcast::errc::invalid_argument, std::string(option) + " " + why.message);
}

/// The first message when it is a system prompt, made where there is none.
inline void set_system(std::vector<orcast::message>& messages, const std::string& text) {
  if (messages.empty() || messages.front().role != "system") messages.emplace(messages.begin());
  messages.front() = orcast::message::system(text);
}

inline orcast::result<void> set_trace(orcast::chat_request& request, const std::string& json) {
  const orcast::result<boost::json::object> object = parse_object(json);
  if (!object) return about("--trace", object.error());
  orcast::result<orcast::chat_request> read =
      orcast::parse_chat_request("{\"trace\":" + json + "}");
  if (!read) return about("--trace", read.error());
  request.trace = std::move(read->trace);
  return {};
}

}  // namespace detail

inline orcast::result<pattern> make_pattern(const options& chosen) {
  pattern made;
  orcast::chat_request& request = made.request;
  bool has_model = false;
  const std::string option = "--request " + chosen.request_file;
  if (!chosen.request_file.empty()) {
    const orcast::result<std::string> text = read_file(chosen.request_file);
    if (!text) return detail::about(option, text.error());
    const orcast::result<boost::json::object> object = parse_object(*text);
    if (!object) return detail::about(option, object.error());
    orcast::result<orcast::chat_request> read = orcast::parse_chat_request(*text);
    if (!read) return detail::about(option, read.error());
    request = std::move(*read);
    std::string body;
    const orcast::result<void> writable = orcast::append_json(request, body);
    if (!writable) return detail::about(option + ":", writable.error());
    const boost::json::value* const stream = object->if_contains("stream");
    made.stream = stream == nullptr || !stream->is_bool() || stream->get_bool();
    has_model =
        object->contains("model") || object->contains("models") || object->contains("preset");
  }
  if (!chosen.model.empty()) {
    request.model = chosen.model;
  } else if (!has_model) {
    request.model = default_model;
  }
  if (!chosen.system.empty()) detail::set_system(request.messages, chosen.system);
  if (!chosen.session.empty()) request.session_id = chosen.session;
  if (!chosen.user.empty()) request.user = chosen.user;
  if (!chosen.trace.empty()) {
    const orcast::result<void> set = detail::set_trace(request, chosen.trace);
    if (!set) return set.error();
  }
  made.stream = chosen.stream.value_or(made.stream);
  std::string body;
  const orcast::result<void> writable = orcast::append_json(request, body);
  if (!writable) return detail::about("the command line can't be sent:", writable.error());
  return made;
}

/// Whether the messages of a request file are a whole question, so that no PROMPT is needed.
inline bool asks(const orcast::chat_request& request) {
  return !request.messages.empty() && request.messages.back().role != "assistant" &&
         request.messages.back().role != "system" && request.messages.back().role != "developer";
}

}  // namespace chat
