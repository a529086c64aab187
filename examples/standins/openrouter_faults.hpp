// SPDX-License-Identifier: MIT
//
// How the stand-in for OpenRouter is told to misbehave. A test fills in a `fault` or writes it as
// text; a client that is a black box sends the text itself, in the header `x-standin-fault` or as
// the model `standin/<text>`, optionally followed by a real slug: `standin/cut=80/openai/gpt-4o`.
//
// The text is a list of words, some with a value, joined by `+`: "split=1+crlf+bom". `fault_words`
// in openrouter_faults.cpp is the dictionary.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace standins {

struct fault {
  using milliseconds = std::chrono::milliseconds;
  enum class place { none, head, body, finish, usage, done, bytes };
  /// Before the head, before the body, before the chunk with finish_reason, before the usage
  /// chunk, before [DONE], or after that many bytes of the body.
  struct point {
    place at = place::none;
    std::size_t bytes = 0;
  };

  // Another answer.
  std::string error;     ///< of error_answer(), for example "429-provider"
  int retry_after = 1;   ///< seconds, in the errors that carry a hint; -1: no hint
  std::string redirect;  ///< answer 302 with this Location
  // When the answer comes, and whether it comes to its end.
  milliseconds delay_head{0};                ///< before the status line
  milliseconds delay_body{0};                ///< between head and first byte
  std::optional<milliseconds> delay_chunks;  ///< between chunks, instead of the server's pace
  point stall;                               ///< from there on nothing, but the connection stays
  point cut;                                 ///< the connection is closed there
  point end;                                 ///< a proper end of the body, but too early
  bool reset = false;                        ///< what is cut ends with a reset
  bool short_body = false;                   ///< Content-Length promises more than comes
  bool until_close = false;                  ///< the body's end is the connection's end
  // How the bytes are laid out.
  std::size_t write_size = 0;  ///< bytes a write, each a chunk of its own; 0: an event a write
  std::string line_end = "\n";
  bool no_space = false;         ///< "data:{" instead of "data: {"
  bool bom = false;              ///< a byte order mark in front
  std::size_t comments = 0;      ///< as many keep-alive comments before the first event
  std::size_t header_bytes = 0;  ///< of an extra response header
  bool unicode = false;          ///< the text has characters of two, three and four bytes
  bool after_done = false;       ///< more bytes after [DONE]
  // What the JSON says.
  std::string stream_error;  ///< in the middle of the text; of stream_error()
  bool malformed = false;    ///< one event, or the body, is half a JSON text
  bool no_usage = false, null_usage = false;
  bool no_finish_reason = false;
  bool no_tool_id = false, no_tool_arguments = false, no_tool_index = false;

  /// Throws std::invalid_argument, with a word to the user, when the text is not understood.
  static fault parse(std::string_view text);
};

/// Takes `standin/<fault>[/<slug>]` apart; the model becomes the slug, or a plain one. Throws as
/// fault::parse() does.
std::optional<fault> fault_of_model(std::string& model);

}  // namespace standins
