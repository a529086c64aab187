// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "orcast/openrouter/reply_reader.hpp"

// Runs a response through a reply_reader, in one piece or cut into many, and keeps what came out.

namespace reading {

struct listener final : orcast::delta_listener {
  void on_text(std::string_view piece) noexcept override { text += piece; }
  void on_reasoning(std::string_view piece) noexcept override { reasoning += piece; }
  void on_tool_call(const orcast::tool_call& call) noexcept override { calls.push_back(call); }
  void on_first_token() noexcept override { ++first_tokens; }
  void on_first_chunk() noexcept override { ++first_chunks; }

  std::string text;
  std::string reasoning;
  std::vector<orcast::tool_call> calls;
  int first_tokens = 0;
  int first_chunks = 0;
};

struct response {
  std::string body;
  int status = 200;
  std::string type = "text/event-stream";
  std::string retry_after;
  orcast::result<void> end;  // as the transport reports it
};

struct outcome {
  orcast::result<void> end;
  orcast::chat_reply reply;
  listener heard;
  bool stopped = false;  // the reader asked for no more before the body was over

  std::string name() const {
    return end.ok() ? "ok" : std::string(orcast::to_string(end.error().code));
  }
};

/// One event; its lines become data lines.
inline std::string event(std::string_view data) {
  std::string made = "data: ";
  for (const char c : data) {
    made += c;
    if (c == '\n') made += "data: ";
  }
  return made + "\n\n";
}

/// A stream of these chunks.
inline std::string events(std::initializer_list<std::string_view> chunks) {
  std::string stream;
  for (const std::string_view chunk : chunks) stream += event(chunk);
  return stream;
}

inline response stream(std::initializer_list<std::string_view> chunks) {
  response made;
  made.body = events(chunks);
  return made;
}

inline response document(std::string body, int status = 200,
                         std::string type = "application/json") {
  response made;
  made.body = std::move(body);
  made.status = status;
  made.type = std::move(type);
  return made;
}

/// Feeds `from` to `reader` in pieces of `step` bytes.
inline outcome read_with(orcast::reply_reader& reader, const response& from, std::size_t step) {
  outcome made;
  reader.listen(&made.heard);
  const orcast::http::header_view headers[] = {{"content-type", from.type},
                                               {"X-Generation-Id", "gen-head"},
                                               {"Retry-After", from.retry_after}};
  reader.head({from.status, headers, from.retry_after.empty() ? std::size_t{2} : std::size_t{3}});
  std::string_view rest = from.body;
  while (!rest.empty() && !made.stopped) {
    // A copy of its own size, so that a sanitizer sees a read beyond it.
    const std::string piece(rest.substr(0, step));
    rest.remove_prefix(piece.size());
    made.stopped = !reader.data(piece);
  }
  made.end = reader.finish(from.end);
  made.reply = reader.reply();
  reader.listen(nullptr);
  return made;
}

inline outcome read(const response& from, std::size_t step = std::string::npos,
                    const orcast::reply_limits& limits = {}) {
  orcast::reply_reader reader(limits);
  return read_with(reader, from, step);
}

/// JSON as a value that compares without regard to order and white space.
inline boost::json::value value_of(std::string_view json) {
  boost::system::error_code failed;
  boost::json::value value = boost::json::parse(boost::json::string_view(json), failed);
  return failed ? boost::json::value("not JSON: " + std::string(json)) : value;
}

}  // namespace reading
